"""/search: full text over the record; its completion opens any record."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from bot.app import Attache
from bot.errors import BadInput
from bot.ledger.values import quoted
from bot.ledger.words import words_of
from bot.services import desks, records
from bot.services.questions import Listing
from cogs.records import AnyRecord, Interaction, answer_list, card_of


class Search(commands.Cog):
    """The command that finds records by their words."""

    def __init__(self, bot: Attache) -> None:
        self.bot = bot

    @app_commands.command()
    @app_commands.guild_only()
    @app_commands.describe(text="Words to look for; or choose a record from the list while typing")
    async def search(self, interaction: Interaction, text: AnyRecord) -> None:
        """Search the whole record, or open any of its records"""
        now = self.bot.clock.now()
        caller = await self.bot.rights.caller(interaction, now)
        opened = await records.find(self.bot.db.read, caller.guild_id, text)
        if opened is not None:
            await interaction.response.send_message(
                view=await card_of(interaction, caller, opened, now), ephemeral=True
            )
            return
        await desks.get(self.bot.db.read, caller.guild_id)
        if not words_of(text):
            raise BadInput(f"{quoted(text)} has no word to look for. Nothing was changed. Write a name or a few words.")
        await answer_list(interaction, Listing(search=text[:200]))


async def setup(bot: Attache) -> None:
    await bot.add_cog(Search(bot))
