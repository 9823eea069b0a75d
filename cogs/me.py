"""`/me`: a user sets their time zone, and exports or deletes their data, for all servers at once."""

from __future__ import annotations

import asyncio
import gzip
import io
import logging
import sqlite3

import discord
from discord import app_commands
from discord.ext import commands

from bot import dates, failures
from bot.app import Attache
from bot.errors import UserError
from bot.interactions.components import component
from bot.interactions.permissions import Actor
from bot.services import destinations, erasure, people, portability
from bot.ui import me as views
from cogs.shared.answers import Interaction
from cogs.shared.zones import complete_zone

log = logging.getLogger(__name__)

LARGEST_FILE = 9_000_000  # Bytes; a larger export is compressed. Discord accepts 10 MiB from a bot.
NOTHING = "Nothing is stored about you. Nothing was changed."


@app_commands.allowed_contexts(guilds=True, dms=True)
class MeCog(commands.GroupCog, group_name="me", group_description="Your zone and your data, in all servers"):
    """The commands of `/me`, and the button that confirms a deletion."""

    def __init__(self, bot: Attache) -> None:
        self.bot = bot

    # Commands

    @app_commands.command(name="zone")
    @app_commands.describe(zone="Where you live, such as Asia/Kolkata or New York")
    @app_commands.autocomplete(zone=complete_zone)
    async def zone(self, interaction: Interaction, zone: str) -> None:
        """Set your time zone; it holds in all servers."""
        now = self.bot.clock.now()
        name = dates.parse_zone(zone)
        await interaction.response.defer(ephemeral=True)
        async with self.bot.db.write(None) as conn:
            await people.set_zone(conn, interaction.user.id, name)
            person = await people.ensure(conn, interaction.user.id)
            await destinations.schedule_person(conn, person.id, now)
        await interaction.followup.send(view=views.zone_set(name, now), ephemeral=True)

    @app_commands.command(name="export")
    async def export(self, interaction: Interaction) -> None:
        """Everything that Attaché stores about you, as a file."""
        await interaction.response.defer(ephemeral=True)
        data = await portability.export_person(self.bot.db.read, interaction.user.id, now=self.bot.clock.now())
        if data is None:
            raise UserError(NOTHING)
        name = "attache-my-data.json"
        if len(data) > LARGEST_FILE:
            data, name = await asyncio.to_thread(gzip.compress, data), f"{name}.gz"
        await interaction.followup.send(
            "This is everything that Attaché stores about you, from all servers. Only you see this message.",
            file=discord.File(io.BytesIO(data), name),
            ephemeral=True,
        )

    @app_commands.command(name="delete")
    async def delete(self, interaction: Interaction) -> None:
        """Delete everything that Attaché stores about you, in all servers."""
        if await people.find(self.bot.db.read, interaction.user.id) is None:
            raise UserError(NOTHING)
        await interaction.response.send_message(view=views.delete_question(), ephemeral=True)

    # Components

    @component("me.delete", anywhere=True)
    async def delete_person(self, interaction: Interaction, actor: Actor | None) -> None:
        """Delete the data of the user who pressed the button. Everybody may delete their own data."""
        await interaction.response.defer()
        async with self.bot.db.write(None) as conn:
            deleted = await erasure.delete_person(conn, interaction.user.id)
        if deleted is None:
            raise UserError(NOTHING)
        try:
            emptied = await self.bot.db.vacuum()
        except sqlite3.OperationalError as error:
            failures.report(log, error, "the file could not be written anew after somebody's data was deleted")
            emptied = False
        view = views.deleted(
            follows=deleted.follows,
            reminders=deleted.reminders,
            drafts=deleted.drafts,
            updates_kept=deleted.updates_kept,
            emptied=emptied,
        )
        await interaction.edit_original_response(view=view)


async def setup(bot: Attache) -> None:
    await bot.add_cog(MeCog(bot))
