"""`/deal`: shows a deal, the list of deals, or the history of a deal."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from bot.app import Attache
from bot.ledger.kinds import STAGES
from bot.services import timelines
from bot.services.lists import KindListing
from bot.ui import history
from bot.ui.text import escaped
from cogs.shared.answers import Interaction
from cogs.shared.fixed_choices import ChoiceArgument
from cogs.shared.lists import answer_list
from cogs.shared.records import Deal, Participant, Topic, answer_card, get_record
from data.records import Kind

Stage = app_commands.Transform[str, ChoiceArgument(STAGES)]


@app_commands.guild_only()
class DealCog(commands.GroupCog, group_name="deal", group_description="Deals: how far they are and who must act"):
    """The commands of `/deal`."""

    def __init__(self, bot: Attache) -> None:
        self.bot = bot

    # Commands

    @app_commands.command(name="show")
    @app_commands.describe(deal="The deal: choose while typing, or write its name")
    async def show(self, interaction: Interaction, deal: Deal) -> None:
        """Show a deal: its stage, who must act, parties, value and sources"""
        await answer_card(interaction, deal, ("deal",))

    @app_commands.command(name="list")
    @app_commands.describe(
        stage="Only deals at this stage",
        participant="Only deals in which this person, organisation or country takes part",
        topic="Only deals about this topic",
    )
    async def list_(
        self,
        interaction: Interaction,
        stage: Stage | None = None,
        participant: Participant | None = None,
        topic: Topic | None = None,
    ) -> None:
        """List the deals, by stage, participant or topic"""
        actor = await self.bot.permissions.actor(interaction, self.bot.clock.now())
        await answer_list(interaction, await self._filtered(actor.guild_id, stage, participant, topic))

    @app_commands.command(name="history")
    @app_commands.describe(deal="The deal: choose while typing, or write its name")
    async def history(self, interaction: Interaction, deal: Deal) -> None:
        """Show the dated course of a deal: each update, before and after, with its source"""
        actor = await self.bot.permissions.actor(interaction, self.bot.clock.now())
        opened = await get_record(self.bot, actor.guild_id, deal, ("deal",))
        timeline = await timelines.get(self.bot.db.read, actor.guild_id, opened.record.slug)
        await interaction.response.send_message(
            view=history.page(timeline, 0, editor=actor.may_edit(opened)), ephemeral=True
        )

    # Shared steps

    async def _filtered(
        self, guild_id: int, stage: str | None, participant: str | None, topic: str | None
    ) -> KindListing:
        """Return the list of the deals that pass the filters. Raise a UserError if a filter names an unknown record."""
        filters = [f"stage {STAGES[stage].lower()}"] if stage else []
        linked: list[str] = []
        names: tuple[tuple[Kind, str | None], ...] = (("participant", participant), ("topic", topic))
        for kind, name in names:
            if name:
                record = (await get_record(self.bot, guild_id, name, (kind,))).record
                linked.append(record.slug)
                filters.append(f"{kind} {escaped(record.name, 100)}")
        return KindListing("deal", stage, tuple(linked), ", ".join(filters))


async def setup(bot: Attache) -> None:
    await bot.add_cog(DealCog(bot))
