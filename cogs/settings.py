"""/settings: the state of the bot in this server, loading of dossiers, deletion of the server's data."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from datetime import datetime

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot import __version__, channel_permissions, failures
from bot import dossier as files
from bot.app import Attache
from bot.dossier import BadDossier, Dossier
from bot.errors import BadInput, UserError
from bot.interactions.components import component, typed
from bot.interactions.permissions import Actor, require_manager
from bot.services import deliveries, destinations, digests, dossiers, erasure, guilds, housekeeping, people, questions
from bot.ui import standing as cards
from bot.ui.choices import Offered, choices
from bot.ui.ids import number

log = logging.getLogger(__name__)


@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
class SettingsCog(
    commands.GroupCog, group_name="settings", group_description="How Attaché stands in this server; dossiers; deletion"
):
    def __init__(self, bot: Attache) -> None:
        self.bot = bot

    async def _manager(self, interaction: discord.Interaction[Attache]) -> tuple[Actor, datetime]:
        now = self.bot.clock.now()
        actor = await self.bot.permissions.actor(interaction, now)
        require_manager(actor)
        return actor, now

    # How it stands

    @app_commands.command()
    async def show(self, interaction: discord.Interaction[Attache]) -> None:
        """How Attaché stands here: settings, what waits, what is paused and why."""
        actor, now = await self._manager(interaction)
        view = await self._standing(actor.guild_id, now)
        await interaction.response.send_message(view=view, ephemeral=True)

    async def _standing(self, guild_id: int, now: datetime) -> ui.LayoutView:
        conn = self.bot.db.read
        known_guild = await guilds.get(conn, guild_id)
        digest = await digests.of_guild(conn, known_guild)
        held = await guilds.holdings(conn, guild_id)
        paused = await destinations.list_paused(conn, guild_id)
        kept = await deliveries.list_held(conn, guild_id)
        asked = await questions.counts(conn, guild_id, now=now)
        setter = await people.get(conn, known_guild.set_up_by) if known_guild.set_up_by is not None else None
        guild = self.bot.get_guild(guild_id)
        in_need = {place.channel_id for place in (*paused, *kept) if place.channel_id}
        seen = [guild.get_channel_or_thread(channel_id) for channel_id in in_need] if guild else []
        stands = cards.ServerStatus(
            version=__version__,
            last_tick=await housekeeping.last_tick(conn),
            oldest_due=await deliveries.oldest_due(conn, guild_id, now),
            guild=known_guild,
            digest=digest,
            holdings=held,
            dossiers=dossiers.names(held.dossiers),
            questions_filed=asked.filed,
            questions_unanswered=asked.unanswered,
            paused=paused,
            held=kept,
            channel_names={channel.id: channel.name for channel in seen if channel is not None},
            set_up_by=setter and setter.user_id,
        )
        return cards.standing(stands, now=now, mention=self.bot.mention)

    @component("settings.resume", requires="manager")
    async def resume(self, interaction: discord.Interaction[Attache], actor: Actor, destination_id: str) -> None:
        await interaction.response.defer()
        now = self.bot.clock.now()
        place = await destinations.find(self.bot.db.read, actor.guild_id, number(destination_id))
        if place is None or place.channel_id is None:
            raise UserError("That channel is no longer on file here. Nothing was changed.")
        if place.state == "paused":
            channel_permissions.require_postable(await self._channel(place.channel_id))
            async with self.bot.db.write(actor.guild_id) as conn:
                await destinations.resume(conn, place.id, now)
        await interaction.edit_original_response(view=await self._standing(actor.guild_id, now))

    async def _channel(self, channel_id: int) -> channel_permissions.Postable:
        """Return the channel, fetched from Discord where it is in no cache, as archived threads are."""
        try:
            channel = self.bot.get_channel(channel_id) or await self.bot.fetch_channel(channel_id)
        except discord.NotFound:
            raise UserError(
                "That channel was deleted, so nothing can be sent there. Nothing was changed. "
                "Choose another with /setup channel: or /follow add channel:."
            ) from None
        except discord.Forbidden:
            raise UserError(
                "Attaché cannot see that channel: it lacks View Channel there. Nothing was changed. "
                "Allow it in the channel's settings under Permissions, then press again."
            ) from None
        if not isinstance(channel, channel_permissions.Postable):
            raise UserError("That channel takes no messages any more. Nothing was changed. Choose another.")
        return channel

    # Dossiers

    @app_commands.command()
    @app_commands.describe(dossier="A dossier that comes with Attaché", file="A dossier file of your own (YAML, 1 MB)")
    async def load(
        self,
        interaction: discord.Interaction[Attache],
        dossier: str | None = None,
        file: discord.Attachment | None = None,
    ) -> None:
        """Load a dossier into the record: all of it or nothing; again adds only what is new."""
        actor, now = await self._manager(interaction)
        await interaction.response.defer(ephemeral=True)
        await guilds.get(self.bot.db.read, actor.guild_id)
        if (dossier is None) == (file is None):
            raise BadInput("Choose either dossier: or file:, one of the two. Nothing was changed.")
        try:
            if file is not None:
                read = await _read(file, now)
            else:
                read = await asyncio.to_thread(dossiers.read_shipped, dossier or "", now=now)
        except BadDossier as bad:
            name = file.filename if file is not None else dossier or ""
            await interaction.followup.send(view=cards.mistakes(bad.mistakes, name), ephemeral=True)
            return
        async with self.bot.db.write(actor.guild_id) as conn:
            person = await people.ensure(conn, actor.user_id)
            did = await dossiers.load(conn, actor.guild_id, read, now=now, person_id=person.id)
        view = cards.loaded(
            did.name,
            added=did.added,
            changed=did.changed,
            withdrawn=did.withdrawn,
            kept=did.kept,
            unchanged=did.unchanged,
            mention=self.bot.mention,
        )
        await interaction.followup.send(view=view, ephemeral=True)

    @load.autocomplete("dossier")
    async def complete_dossier(self, _: discord.Interaction[Attache], current: str) -> list[app_commands.Choice[str]]:
        asked = current.casefold()
        matches = [
            dossier for dossier in dossiers.shipped() if asked in dossier.name.casefold() or asked in dossier.key
        ]
        return choices(Offered(dossier.name, "", dossier.key) for dossier in matches)

    # Everything gone

    @app_commands.command()
    async def delete(self, interaction: discord.Interaction[Attache]) -> None:
        """Delete everything that Attaché keeps about this server; its name has to be typed first."""
        actor, _ = await self._manager(interaction)
        if await guilds.find(self.bot.db.read, actor.guild_id) is None:
            raise UserError("Nothing of this server is stored. Nothing was changed.")
        assert interaction.guild is not None  # The actor came from one.
        await interaction.response.send_modal(cards.delete_form(interaction.guild.name))

    @component("settings.delete", requires="manager")
    async def really_delete(self, interaction: discord.Interaction[Attache], actor: Actor) -> None:
        assert interaction.guild is not None  # The form was opened in one.
        name = str(typed(interaction).get("name", ""))
        if name.strip() != interaction.guild.name.strip():
            raise BadInput(
                f'"{name}" is not the name of this server, which is "{interaction.guild.name}". Nothing was deleted. '
                "Use /settings delete again and type it letter by letter."
            )
        await interaction.response.defer(ephemeral=True, thinking=True)
        now = self.bot.clock.now()
        async with self.bot.db.write(actor.guild_id) as conn:
            held = await guilds.holdings(conn, actor.guild_id)
            await erasure.delete_guild(conn, actor.guild_id)
            await guilds.forget_all_but_the_greeting(conn, actor.guild_id, now=now)
        try:
            emptied = await self.bot.db.vacuum()
        except sqlite3.OperationalError as error:
            failures.report(log, error, "the file could not be written anew after a server was deleted")
            emptied = False
        log.info("everything of server %d was deleted", actor.guild_id)
        view = cards.deleted(held, emptied=emptied, mention=self.bot.mention)
        await interaction.followup.send(view=view, ephemeral=True)


async def _read(file: discord.Attachment, now: datetime) -> Dossier:
    if file.size > files.LARGEST_FILE:
        raise BadInput(
            f'"{file.filename}" has {file.size:,} bytes; {files.LARGEST_FILE:,} fit. Nothing was changed. '
            "Split it into several dossiers."
        )
    try:
        content = await file.read()
    except (discord.HTTPException, discord.NotFound):
        raise UserError("Discord did not hand the file over. Nothing was changed. Attach it again.") from None
    return await asyncio.to_thread(files.read, content, now=now)


async def setup(bot: Attache) -> None:
    await bot.add_cog(SettingsCog(bot))
