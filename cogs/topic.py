"""/topic: subjects, and what was said about them by whom."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from bot.app import Attache
from bot.services.questions import Listing
from cogs.shared.records import Interaction, Topic, answer_card, answer_list


@app_commands.guild_only()
class Topics(commands.GroupCog, group_name="topic", group_description="Subjects of the talks and deals"):
    """The commands about topics."""

    @app_commands.command()
    @app_commands.describe(topic="The topic: choose while typing, or write the name")
    async def show(self, interaction: Interaction, topic: Topic) -> None:
        """Show a topic: what was said about it, by whom, and the deals"""
        await answer_card(interaction, topic, ("topic",))

    @app_commands.command()
    async def list(self, interaction: Interaction) -> None:
        """List the topics"""
        await answer_list(interaction, Listing("topic"))


async def setup(bot: Attache) -> None:
    await bot.add_cog(Topics(bot))
