"""`/participant`: shows a person, organisation or country, or a list of all of them."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from bot.app import Attache
from bot.services.lists import KindListing
from cogs.shared.answers import Interaction
from cogs.shared.lists import answer_list
from cogs.shared.records import Participant, answer_card


@app_commands.guild_only()
class ParticipantCog(
    commands.GroupCog, group_name="participant", group_description="People, organisations and countries"
):
    """The commands of `/participant`."""

    # Commands

    @app_commands.command(name="show")
    @app_commands.describe(participant="The person, organisation or country: choose while typing, or write the name")
    async def show(self, interaction: Interaction, participant: Participant) -> None:
        """Show who it is, in which deals and talks, and what it said"""
        await answer_card(interaction, participant, ("participant",))

    @app_commands.command(name="list")
    async def list_(self, interaction: Interaction) -> None:
        """List the participants; those only mentioned stand apart"""
        await answer_list(interaction, KindListing("participant"))


async def setup(bot: Attache) -> None:
    await bot.add_cog(ParticipantCog(bot))
