"""`/dialogue`: shows a series of talks, or a list of all series of talks."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from bot.app import Attache
from bot.services.lists import KindListing
from cogs.shared.answers import Interaction
from cogs.shared.lists import answer_list
from cogs.shared.records import Dialogue, answer_card


@app_commands.guild_only()
class DialogueCog(commands.GroupCog, group_name="dialogue", group_description="Series of talks and their sessions"):
    """The commands of `/dialogue`."""

    # Commands

    @app_commands.command(name="show")
    @app_commands.describe(dialogue="The series of talks: choose while typing, or write the name")
    async def show(self, interaction: Interaction, dialogue: Dialogue) -> None:
        """Show a series of talks: sessions, principals, agenda and outcome"""
        await answer_card(interaction, dialogue, ("dialogue",))

    @app_commands.command(name="list")
    async def list_(self, interaction: Interaction) -> None:
        """List the series of talks"""
        await answer_list(interaction, KindListing("dialogue"))


async def setup(bot: Attache) -> None:
    await bot.add_cog(DialogueCog(bot))
