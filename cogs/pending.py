"""/pending: what is still open, who must act, and by when."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from bot.app import Attache
from bot.services.questions import Listing
from bot.ui.text import escaped
from cogs.shared.records import AnyRecord, Interaction, Item, answer_card, answer_list, find


@app_commands.guild_only()
class Pending(commands.GroupCog, group_name="pending", group_description="What is still open and who must act"):
    """The commands about pending items."""

    def __init__(self, bot: Attache) -> None:
        self.bot = bot

    @app_commands.command()
    @app_commands.describe(
        about="Only what is linked with this record",
        all="Also commitments to watch and gaps, on which nobody in particular has to act",
    )
    async def list(self, interaction: Interaction, about: AnyRecord | None = None, all: bool = False) -> None:
        """List what is still open, who must act, and due when"""
        if about is None:
            await answer_list(interaction, Listing("pending", everything=all))
            return
        actor = await self.bot.permissions.actor(interaction, self.bot.clock.now())
        opened = await find(self.bot.db.read, self.bot.record_cache, actor.guild_id, about)
        name = escaped(opened.record.name, 100)
        await answer_list(interaction, Listing("pending", linked=(opened.record.slug,), words=name, everything=all))

    @app_commands.command()
    @app_commands.describe(item="The pending item: choose while typing, or write its name")
    async def show(self, interaction: Interaction, item: Item) -> None:
        """Show a pending item: who must act, due when and how sure, and what closes it"""
        await answer_card(interaction, item, ("pending",))


async def setup(bot: Attache) -> None:
    await bot.add_cog(Pending(bot))
