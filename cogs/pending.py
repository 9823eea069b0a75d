"""`/pending`: shows a pending item, or the list of open pending items."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from bot.app import Attache
from bot.services.lists import PendingListing
from bot.ui.text import escaped
from cogs.shared.answers import Interaction
from cogs.shared.lists import answer_list
from cogs.shared.records import AnyRecord, Item, answer_card, get_record


@app_commands.guild_only()
class PendingCog(commands.GroupCog, group_name="pending", group_description="What is still open and who must act"):
    """The commands of `/pending`."""

    def __init__(self, bot: Attache) -> None:
        self.bot = bot

    # Commands

    @app_commands.command(name="list")
    @app_commands.describe(
        about="Only what is linked with this record",
        all="Also commitments to watch and gaps, on which nobody in particular has to act",
    )
    async def list_(self, interaction: Interaction, about: AnyRecord | None = None, all: bool = False) -> None:
        """List what is still open, who must act, and due when"""
        if about is None:
            await answer_list(interaction, PendingListing(everything=all))
            return
        actor = await self.bot.permissions.actor(interaction, self.bot.clock.now())
        record = (await get_record(self.bot, actor.guild_id, about)).record
        await answer_list(interaction, PendingListing(record.slug, escaped(record.name, 100), everything=all))

    @app_commands.command(name="show")
    @app_commands.describe(item="The pending item: choose while typing, or write its name")
    async def show(self, interaction: Interaction, item: Item) -> None:
        """Show a pending item: who must act, due when and how sure, and what closes it"""
        await answer_card(interaction, item, ("pending",))


async def setup(bot: Attache) -> None:
    await bot.add_cog(PendingCog(bot))
