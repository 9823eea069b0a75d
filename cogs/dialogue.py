"""/dialogue: series of talks and their sessions."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from bot.app import Attache
from bot.services.questions import Listing
from cogs.shared.records import Dialogue, Interaction, answer_card, answer_list


@app_commands.guild_only()
class Dialogues(commands.GroupCog, group_name="dialogue", group_description="Series of talks and their sessions"):
    """The commands about dialogues."""

    @app_commands.command()
    @app_commands.describe(dialogue="The series of talks: choose while typing, or write the name")
    async def show(self, interaction: Interaction, dialogue: Dialogue) -> None:
        """Show a series of talks: sessions, principals, agenda and outcome"""
        await answer_card(interaction, dialogue, ("dialogue",))

    @app_commands.command()
    async def list(self, interaction: Interaction) -> None:
        """List the series of talks"""
        await answer_list(interaction, Listing("dialogue"))


async def setup(bot: Attache) -> None:
    await bot.add_cog(Dialogues(bot))
