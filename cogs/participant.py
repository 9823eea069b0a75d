"""/participant: people, organisations and countries, their roles, deals and statements."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from bot.app import Attache
from bot.services.questions import Listing
from cogs.shared.records import Interaction, Participant, answer_card, answer_list


@app_commands.guild_only()
class Participants(
    commands.GroupCog, group_name="participant", group_description="People, organisations and countries"
):
    """The commands about participants."""

    @app_commands.command()
    @app_commands.describe(participant="The person, organisation or country: choose while typing, or write the name")
    async def show(self, interaction: Interaction, participant: Participant) -> None:
        """Show who it is, in which deals and talks, and what it said"""
        await answer_card(interaction, participant, ("participant",))

    @app_commands.command()
    async def list(self, interaction: Interaction) -> None:
        """List the participants; those only mentioned stand apart"""
        await answer_list(interaction, Listing("participant"))


async def setup(bot: Attache) -> None:
    await bot.add_cog(Participants(bot))
