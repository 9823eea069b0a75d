"""`/settings`: shows the bot's state in a server, resumes channels, loads and unloads dossiers, deletes data."""

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
from bot.services import (
    deliveries,
    destinations,
    digests,
    dossiers,
    erasure,
    guilds,
    housekeeping,
    loaded_dossiers,
    people,
    questions,
)
from bot.ui import dossiers as dossier_views
from bot.ui import standing as views
from bot.ui.choices import Offered, choices
from bot.ui.ids import number
from cogs.shared.answers import Interaction, show_page

log = logging.getLogger(__name__)


@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
class SettingsCog(
    commands.GroupCog, group_name="settings", group_description="How Attaché stands in this server; dossiers; deletion"
):
    """The commands of `/settings`, and their buttons and forms."""

    def __init__(self, bot: Attache) -> None:
        self.bot = bot

    # Commands

    @app_commands.command(name="show")
    async def show(self, interaction: Interaction) -> None:
        """How Attaché stands here: settings, what waits, what is paused and why."""
        actor, now = await self._require_manager(interaction)
        view = await self._status(actor.guild_id, now)
        await interaction.response.send_message(view=view, ephemeral=True)

    @app_commands.command(name="load")
    @app_commands.describe(dossier="A dossier that comes with Attaché", file="A dossier file of your own (YAML, 1 MB)")
    async def load(
        self,
        interaction: Interaction,
        dossier: str | None = None,
        file: discord.Attachment | None = None,
    ) -> None:
        """Load a dossier into the record: all of it or nothing; again adds only what is new."""
        actor, now = await self._require_manager(interaction)
        await interaction.response.defer(ephemeral=True)
        await guilds.get(self.bot.db.read, actor.guild_id)
        if (dossier is None) == (file is None):
            raise BadInput("Choose either dossier: or file:, one of the two. Nothing was changed.")
        try:
            if file is not None:
                parsed = await _read_file(file, now)
            else:
                parsed = await asyncio.to_thread(dossiers.read_shipped, dossier or "", now=now)
            async with self.bot.db.write(actor.guild_id) as conn:
                person = await people.ensure(conn, actor.user_id)
                changes = await dossiers.load(conn, actor.guild_id, parsed, now=now, person_id=person.id)
        except BadDossier as bad:
            name = file.filename if file is not None else dossier or ""
            await interaction.followup.send(view=dossier_views.mistakes(bad.mistakes, name), ephemeral=True)
            return
        view = dossier_views.loaded(changes, mention=self.bot.mention)
        await interaction.followup.send(view=view, ephemeral=True)

    @load.autocomplete("dossier")
    async def complete_dossier(self, _: Interaction, current: str) -> list[app_commands.Choice[str]]:
        typed_name = current.casefold()
        matches = [
            dossier
            for dossier in dossiers.shipped()
            if typed_name in dossier.name.casefold() or typed_name in dossier.key
        ]
        now = self.bot.clock.now()
        return choices(Offered(dossier.name, _age(dossier, now), dossier.key) for dossier in matches)

    @app_commands.command(name="dossiers")
    async def list_dossiers(self, interaction: Interaction) -> None:
        """List the dossiers that are loaded here; each can be unloaded."""
        actor, _ = await self._require_manager(interaction)
        await guilds.get(self.bot.db.read, actor.guild_id)
        await interaction.response.send_message(view=await self._dossiers(actor.guild_id), ephemeral=True)

    @app_commands.command(name="delete")
    async def delete(self, interaction: Interaction) -> None:
        """Delete everything that Attaché keeps about this server; its name has to be typed first."""
        actor, _ = await self._require_manager(interaction)
        if await guilds.find(self.bot.db.read, actor.guild_id) is None:
            raise UserError("Nothing of this server is stored. Nothing was changed.")
        assert interaction.guild is not None  # The command exists in servers only.
        await interaction.response.send_modal(views.delete_form(interaction.guild.name))

    # Components

    @component("settings.resume", requires="manager")
    async def resume_channel(self, interaction: Interaction, actor: Actor, destination_id: str) -> None:
        """Resume a paused channel. Then show the state of the bot again. Raise a UserError if it cannot post there."""
        await interaction.response.defer()
        now = self.bot.clock.now()
        destination = await destinations.find(self.bot.db.read, actor.guild_id, number(destination_id))
        if destination is None or destination.channel_id is None:
            raise UserError("That channel is no longer on file here. Nothing was changed.")
        if destination.state == "paused":
            channel_permissions.require_postable(await self._fetch_channel(destination.channel_id))
            async with self.bot.db.write(actor.guild_id) as conn:
                await destinations.resume(conn, destination.id, now)
        await interaction.edit_original_response(view=await self._status(actor.guild_id, now))

    @component("settings.dossiers", requires="manager")
    async def turn_dossiers(self, interaction: Interaction, actor: Actor, page: str) -> None:
        """Show another page of the list of loaded dossiers."""
        await show_page(interaction, await self._dossiers(actor.guild_id, number(page)))

    @component("settings.unload", requires="manager")
    async def preview_unloading(self, interaction: Interaction, actor: Actor, slug: str) -> None:
        """Show what unloading a dossier would change, and ask whether to do it."""
        await interaction.response.defer()
        unloading = await loaded_dossiers.preview(self.bot.db.read, actor.guild_id, slug)
        await interaction.edit_original_response(view=dossier_views.unload_preview(unloading))

    @component("settings.unload_confirmed", requires="manager")
    async def unload(self, interaction: Interaction, actor: Actor, slug: str) -> None:
        """Unload a dossier. Raise UserError if it is not loaded any more."""
        await interaction.response.defer()
        async with self.bot.db.write(actor.guild_id) as conn:
            person = await people.ensure(conn, actor.user_id)
            unloading = await loaded_dossiers.unload(
                conn, actor.guild_id, slug, now=self.bot.clock.now(), person_id=person.id
            )
        view = dossier_views.unloaded(unloading, mention=self.bot.mention)
        await interaction.edit_original_response(view=view)

    @component("settings.delete", requires="manager")
    async def delete_guild(self, interaction: Interaction, actor: Actor) -> None:
        """Delete the data of the server. Raise BadInput unless the user typed the server's name into the form."""
        assert interaction.guild is not None  # The form is opened by a command of a server.
        name = str(typed(interaction).get("name", ""))
        if name.strip() != interaction.guild.name.strip():
            raise BadInput(
                f'"{name}" is not the name of this server, which is "{interaction.guild.name}". Nothing was deleted. '
                "Use /settings delete again and type it letter by letter."
            )
        await interaction.response.defer(ephemeral=True, thinking=True)
        now = self.bot.clock.now()
        async with self.bot.db.write(actor.guild_id) as conn:
            holdings = await guilds.holdings(conn, actor.guild_id)
            await erasure.delete_guild(conn, actor.guild_id)
            await guilds.forget_all_but_the_greeting(conn, actor.guild_id, now=now)
        try:
            emptied = await self.bot.db.vacuum()
        except sqlite3.OperationalError as error:
            failures.report(log, error, "the file could not be written anew after a server was deleted")
            emptied = False
        log.info("everything of server %d was deleted", actor.guild_id)
        view = views.deleted(holdings, emptied=emptied, mention=self.bot.mention)
        await interaction.followup.send(view=view, ephemeral=True)

    # Shared steps

    async def _require_manager(self, interaction: Interaction) -> tuple[Actor, datetime]:
        """Return the actor and the present instant. Raise NotAllowed if the actor lacks Manage Server."""
        now = self.bot.clock.now()
        actor = await self.bot.permissions.actor(interaction, now)
        require_manager(actor)
        return actor, now

    async def _dossiers(self, guild_id: int, page: int = 0) -> ui.LayoutView:
        """Render one page of the list of dossiers that are loaded in a server."""
        conn = self.bot.db.read
        entries = await loaded_dossiers.list_loaded(conn, guild_id)
        melted = await loaded_dossiers.list_melted(conn, guild_id)
        return dossier_views.listing(entries, melted, page, mention=self.bot.mention)

    async def _status(self, guild_id: int, now: datetime) -> ui.LayoutView:
        """Render the state of the bot in a server. Raise UserError if the server is not set up."""
        conn = self.bot.db.read
        settings = await guilds.get(conn, guild_id)
        digest = await digests.of_guild(conn, settings)
        holdings = await guilds.holdings(conn, guild_id)
        paused = await destinations.list_paused(conn, guild_id)
        held = await deliveries.list_held(conn, guild_id)
        counts = await questions.counts(conn, guild_id, now=now)
        setter = await people.get(conn, settings.set_up_by) if settings.set_up_by is not None else None
        guild = self.bot.get_guild(guild_id)
        channel_ids = {row.channel_id for row in (*paused, *held) if row.channel_id}
        channels = [guild.get_channel_or_thread(channel_id) for channel_id in channel_ids] if guild else []
        status = views.ServerStatus(
            version=__version__,
            last_tick=await housekeeping.last_tick(conn),
            oldest_due=await deliveries.oldest_due(conn, guild_id, now),
            guild=settings,
            digest=digest,
            holdings=holdings,
            dossiers=await loaded_dossiers.names(conn, guild_id),
            questions_filed=counts.filed,
            questions_unanswered=counts.unanswered,
            paused=paused,
            held=held,
            channel_names={channel.id: channel.name for channel in channels if channel is not None},
            set_up_by=setter and setter.user_id,
        )
        return views.standing(status, now=now, mention=self.bot.mention)

    async def _fetch_channel(self, channel_id: int) -> channel_permissions.Postable:
        """Return the channel with an id. If it is not cached, ask Discord for it.

        Raise a UserError if the channel was deleted, if the bot cannot see it, or if it takes no messages.
        """
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


def _age(dossier: dossiers.Shipped, now: datetime) -> str:
    """Return how old the newest fact of a dossier is, in words. Return "" if the dossier has recent facts."""
    return dossier_views.age(dossier.newest) if dossier.newest and dossiers.is_old(dossier.newest, now) else ""


async def _read_file(file: discord.Attachment, now: datetime) -> Dossier:
    """Download and parse a dossier file.

    Raise BadInput if the file is too large, UserError if the download fails, and BadDossier if the file has mistakes.
    """
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
