"""`/topic`: shows a topic, or the list of topics."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from bot.app import Attache
from bot.services.lists import KindListing
from cogs.shared.answers import Interaction
from cogs.shared.lists import answer_list
from cogs.shared.records import Topic, answer_card


@app_commands.guild_only()
class TopicCog(commands.GroupCog, group_name="topic", group_description="Subjects of the talks and deals"):
    """The commands of `/topic`."""

    # Commands

    @app_commands.command(name="show")
    @app_commands.describe(topic="The topic: choose while typing, or write the name")
    async def show(self, interaction: Interaction, topic: Topic) -> None:
        """Show a topic: what was said about it, by whom, and the deals"""
        await answer_card(interaction, topic, ("topic",))

    @app_commands.command(name="list")
    async def list_(self, interaction: Interaction) -> None:
        """List the topics"""
        await answer_list(interaction, KindListing("topic"))


async def setup(bot: Attache) -> None:
    await bot.add_cog(TopicCog(bot))
