"""/deal: one deal, the list of deals, and the dated history of one."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from bot.app import Attache
from bot.ledger.kinds import STAGES
from bot.services import timelines
from bot.ui import history
from cogs.shared.records import Deal, Interaction, Participant, Topic, answer_card, answer_list, filters, find

_STAGES = [app_commands.Choice(name=words, value=stage) for stage, words in STAGES.items()]


@app_commands.guild_only()
class Deals(commands.GroupCog, group_name="deal", group_description="Deals: how far they are and who must act"):
    """The commands about deals."""

    def __init__(self, bot: Attache) -> None:
        self.bot = bot

    @app_commands.command()
    @app_commands.describe(deal="The deal: choose while typing, or write its name")
    async def show(self, interaction: Interaction, deal: Deal) -> None:
        """Show a deal: its stage, who must act, parties, value and sources"""
        await answer_card(interaction, deal, ("deal",))

    @app_commands.command()
    @app_commands.describe(
        stage="Only deals at this stage",
        participant="Only deals in which this person, organisation or country takes part",
        topic="Only deals about this topic",
    )
    @app_commands.choices(stage=_STAGES)
    async def list(
        self,
        interaction: Interaction,
        stage: str | None = None,
        participant: Participant | None = None,
        topic: Topic | None = None,
    ) -> None:
        """List the deals, by stage, participant or topic"""
        actor = await self.bot.permissions.actor(interaction, self.bot.clock.now())
        listing = await filters(
            self.bot.db.read, self.bot.record_cache, actor.guild_id, stage=stage, participant=participant, topic=topic
        )
        await answer_list(interaction, listing)

    @app_commands.command()
    @app_commands.describe(deal="The deal: choose while typing, or write its name")
    async def history(self, interaction: Interaction, deal: Deal) -> None:
        """Show the dated course of a deal: each update, before and after, with its source"""
        actor = await self.bot.permissions.actor(interaction, self.bot.clock.now())
        opened = await find(self.bot.db.read, self.bot.record_cache, actor.guild_id, deal, ("deal",))
        timeline = await timelines.get(self.bot.db.read, actor.guild_id, opened.record.slug)
        await interaction.response.send_message(view=history.page(timeline, 0), ephemeral=True)


async def setup(bot: Attache) -> None:
    await bot.add_cog(Deals(bot))
