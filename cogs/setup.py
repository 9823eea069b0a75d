"""`/setup`: the settings of a server, and what happens when the bot joins or leaves a server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

import discord
from discord import app_commands
from discord.ext import commands

from bot import channel_permissions, dates
from bot.app import Attache
from bot.dossier import Dossier
from bot.errors import BadInput, UserError
from bot.interactions.permissions import require_manager
from bot.ledger.due_dates import DEFAULT_DELIVERY_TIME
from bot.ledger.words import normal
from bot.services import destinations, digests, dossiers, guilds, loaded_dossiers, people
from bot.ui import dossiers as dossier_views
from bot.ui import setup as views
from bot.ui.choices import Offered, choices
from bot.ui.text import joined
from cogs.shared.answers import Interaction
from cogs.shared.zones import complete_zone
from data.database import Connection
from data.records import Destination, Guild

log = logging.getLogger(__name__)

WEEKDAYS = "12345"
"""Monday to Friday as ISO weekdays."""


@dataclass(frozen=True)
class SetupOptions:
    """The options of `/setup`, parsed. If an option is None, its setting stays as it is.

    `dossiers` are loaded in this order. `no_dossier` is True if the user chose to load none.
    """

    zone: str | None
    channel_id: int | None
    role_id: int | None
    digest: time | None
    dossiers: Sequence[Dossier] = ()
    no_dossier: bool = False


class SetupCog(commands.Cog):
    """The command `/setup`, and the handlers of events that say which servers the bot is in."""

    def __init__(self, bot: Attache) -> None:
        self.bot = bot

    # Commands

    @app_commands.command(name="setup")
    @app_commands.guild_only()
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.describe(
        zone="The zone in which dates and hours are meant here, such as Asia/Kolkata",
        channel="Where the digest and the reminders go",
        role="Who may change the record, besides those with Manage Server",
        digest="When the digest comes on weekdays, such as 09:00",
        dossier="What the record begins with: the first dossier, that and what followed, or none",
    )
    @app_commands.autocomplete(zone=complete_zone)
    async def set_up(
        self,
        interaction: Interaction,
        zone: str | None = None,
        channel: discord.TextChannel | discord.Thread | None = None,
        role: discord.Role | None = None,
        digest: str | None = None,
        dossier: str | None = None,
    ) -> None:
        """Set Attaché up in this server; once it is, change only what you name."""
        now = self.bot.clock.now()
        actor = await self.bot.permissions.actor(interaction, now)
        require_manager(actor)
        await interaction.response.defer(ephemeral=True)
        guild = self.bot.get_guild(actor.guild_id)
        if guild is None:
            raise UserError(
                "Attaché's commands are here, but Attaché itself is not. Nothing was changed. "
                "Whoever runs it can send an invitation with the scope bot."
            )
        before = await guilds.find(self.bot.db.read, guild.id)
        first = before is None or before.set_up_at is None
        key = _chosen_dossier(dossier, now) if dossier is not None else dossiers.STARTER if first else dossiers.NONE
        with_base = [] if key == dossiers.NONE else await asyncio.to_thread(dossiers.read_with_base, key, now=now)
        options = SetupOptions(
            zone=dates.parse_zone(zone) if zone is not None else None,
            channel_id=_chosen_channel(interaction, channel, first=first),
            role_id=_chosen_role(role),
            digest=dates.parse_time_of_day(digest) if digest is not None else None,
            dossiers=with_base,
            no_dossier=dossier is not None and key == dossiers.NONE,
        )
        async with self.bot.db.write(guild.id) as conn:
            result = await self._set_up(conn, guild, actor.user_id, options, now)
        await interaction.followup.send(view=views.set_up(result, now=now, mention=self.bot.mention), ephemeral=True)

    @set_up.autocomplete("dossier")
    async def complete_dossier(self, _: Interaction, current: str) -> list[app_commands.Choice[str]]:
        typed = normal(current)
        return choices(
            offered for offered in _offers(self.bot.clock.now()) if typed in normal(f"{offered.name} {offered.value}")
        )

    # Events

    @commands.Cog.listener()
    async def on_shard_ready(self, shard_id: int) -> None:
        """Store what has changed in the servers of a shard while the shard was offline.

        The bot may have joined or left servers, and servers may have new names or owners. This is not done in
        `on_ready`, which discord.py calls only once, when all shards are connected at the start.
        """
        now = self.bot.clock.now()
        joined_guilds = {guild.id: guild for guild in self.bot.guilds if guild.shard_id == shard_id}
        stored_guilds = {
            stored.guild_id: stored
            for stored in await guilds.list_all(self.bot.db.read)
            if _shard_of(stored.guild_id, self.bot.shard_count) == shard_id
        }
        for stored in stored_guilds.values():
            guild = joined_guilds.get(stored.guild_id)
            if guild is None and stored.left_at is None:
                async with self.bot.db.write(stored.guild_id) as conn:
                    await guilds.leave(conn, stored.guild_id, now=now)
            elif guild is not None and not guild.unavailable:
                await self._refresh(stored, guild)
        for guild in joined_guilds.values():
            if not guild.unavailable and (guild.id not in stored_guilds or stored_guilds[guild.id].greeted_at is None):
                await self._greet(guild)

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        await self._greet(guild)

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        async with self.bot.db.write(guild.id) as conn:
            await guilds.leave(conn, guild.id, now=self.bot.clock.now())
        log.info("removed from server %d", guild.id)

    @commands.Cog.listener()
    async def on_guild_update(self, _: discord.Guild, guild: discord.Guild) -> None:
        stored = await guilds.find(self.bot.db.read, guild.id)
        if stored is not None:
            await self._refresh(stored, guild)

    # Shared steps

    async def _set_up(
        self,
        conn: Connection,
        guild: discord.Guild,
        user_id: int,
        options: SetupOptions,
        now: datetime,
    ) -> views.SetUp:
        """Change the settings for which options were given, and load the dossiers.

        At the first setup, also set a digest. Return all settings, and which of them have changed. The caller commits.
        """
        person = await people.ensure(conn, user_id)
        before = await guilds.ensure(conn, guild.id, name=guild.name, owner_id=guild.owner_id or 0)
        old = await digests.of_guild(conn, before)
        after = await guilds.configure(
            conn,
            guild.id,
            now=now,
            person_id=person.id,
            zone=options.zone,
            channel_id=options.channel_id,
            editor_role_id=options.role_id,
        )
        first = before.set_up_at is None
        loads = [
            await dossiers.load(conn, guild.id, dossier, now=now, person_id=person.id) for dossier in options.dossiers
        ]
        digest = options.digest or (DEFAULT_DELIVERY_TIME if first else None)
        notes: list[str] = []
        if options.channel_id is not None or digest is not None or before.left_at is not None:
            notes = await self._set_channel(conn, guild, after, old, digest, person.id, now)
        if options.zone is not None or options.channel_id is not None or before.left_at is not None:
            await destinations.schedule_guild(conn, guild.id, now)
        new = await digests.of_guild(conn, after)
        pairs = {
            "channel": (before.channel_id, after.channel_id),
            "zone": (before.zone, options.zone or before.zone),
            "role": (before.editor_role_id, after.editor_role_id),
            "digest": (_visible(old), _visible(new)),
        }
        changed = {name for name, (was, is_) in pairs.items() if was != is_}
        if first and options.zone is not None:
            changed.add("zone")
        if any(load.added or load.changed or load.withdrawn for load in loads):
            changed.add("record")
        holdings = await guilds.holdings(conn, guild.id)
        if options.no_dossier and holdings.dossiers:
            notes.append(
                f"The dossiers stay that were loaded before; {self.bot.mention('settings dossiers')} unloads them."
            )
        elif loads and not first and "record" not in changed:
            notes.append("The dossier was loaded already, and nothing in it is new.")
        if first or "record" in changed:
            notes += dossier_views.ages(await dossiers.list_old(conn, guild.id, now=now))
        return views.SetUp(
            after,
            new,
            holdings,
            await loaded_dossiers.names(conn, guild.id),
            first,
            before.left_at is not None,
            frozenset(changed),
            notes + _warnings(guild, after, self.bot.mention),
        )

    async def _set_channel(
        self,
        conn: Connection,
        guild: discord.Guild,
        settings: Guild,
        old: Destination | None,
        digest: time | None,
        person_id: int,
        now: datetime,
    ) -> list[str]:
        """Make the server's channel an active destination. Then move the server's digest to it, or set a digest there.

        `old` is the destination that had the server's digest before. `digest` is the new time of the digest; if it is
        None, the time stays. Return notes for the answer.
        """
        if settings.channel_id is None:
            return []
        notes = []
        destination = await destinations.find_channel(conn, guild.id, settings.channel_id)
        if destination is not None and destination.state == "paused":
            await destinations.resume(conn, destination.id, now)
            notes.append(f"What waited for <#{settings.channel_id}> is sent now.")
        destination = await destinations.ensure_channel(
            conn, guild.id, settings.channel_id, now=now, person_id=person_id
        )
        moves = (
            old is not None and old.id != destination.id and old.digest_at is not None and destination.digest_at is None
        )
        if moves and old is not None:
            await destinations.move_digest(conn, old, destination, now=now)
            notes.append(
                f"The digest moved here from <#{old.channel_id}>. What <#{old.channel_id}> follows stays there."
            )
        if digest is not None:
            is_new = destination.digest_at is None and not moves
            await destinations.set_digest(conn, destination.id, now=now, at=digest, days=WEEKDAYS if is_new else None)
        return notes

    async def _refresh(self, stored: Guild, guild: discord.Guild) -> None:
        """Store the name and the owner of a server if they have changed. The owner gets notices of failures."""
        owner_id = guild.owner_id or stored.owner_id
        if (stored.name, stored.owner_id) != (guild.name, owner_id):
            async with self.bot.db.write(guild.id) as conn:
                await guilds.refresh(conn, guild.id, name=guild.name, owner_id=owner_id)

    async def _greet(self, guild: discord.Guild) -> None:
        """Send one greeting to a server after the bot joined, in a channel in which the bot may write.

        A server that is set up and in use gets no greeting. The greeting is stored as sent before it is sent, so that a
        crash in between cannot cause a second greeting.
        """
        channel = _greeting_channel(guild)
        async with self.bot.db.write(guild.id) as conn:
            stored = await guilds.ensure(conn, guild.id, name=guild.name, owner_id=guild.owner_id or 0)
            in_use = stored.set_up_at is not None and stored.left_at is None
            if channel is None or in_use or not await guilds.mark_greeted(conn, guild.id, now=self.bot.clock.now()):
                return
        text = views.greeting(self.bot.mention, returned=stored.set_up_at is not None)
        try:
            await channel.send(text, suppress_embeds=True)
        except discord.HTTPException as error:
            log.warning("server %d could not be greeted: %s", guild.id, error)


def _shard_of(guild_id: int, shard_count: int | None) -> int:
    """Return the id of the shard that receives the events of a server, by the formula of Discord's documentation."""
    return (guild_id >> 22) % (shard_count or 1)


def _greeting_channel(guild: discord.Guild) -> discord.TextChannel | None:
    """Return the channel for a greeting, or None if the bot can write in no channel.

    It is the channel for system messages if the bot can write there, or else the first text channel in which it can.
    """
    first = [guild.system_channel] if guild.system_channel else []
    for channel in [*first, *guild.text_channels]:
        if not channel_permissions.missing(channel):
            return channel
    return None


def _chosen_channel(
    interaction: Interaction, channel: discord.TextChannel | discord.Thread | None, *, first: bool
) -> int | None:
    """Return the id of the channel to set, or None if the channel stays as it is.

    If `channel` is None and this is the `first` setup, the channel in which the command was typed is set. Raise a
    UserError if the bot cannot post in the channel.
    """
    if channel is None and first:
        current = interaction.channel
        if not isinstance(current, discord.TextChannel | discord.Thread):
            raise BadInput(
                "Attaché posts in text channels and threads, and this is neither. Nothing was changed. "
                "Choose one with channel:, or run /setup in one."
            )
        channel = current
    if channel is None:
        return None
    channel_permissions.require_postable(channel)
    return channel.id


def _offers(now: datetime) -> list[Offered]:
    """Return the choices for the option `dossier` of `/setup`.

    The default is the first choice, and "None" is the last.
    """
    listed = sorted(dossiers.shipped(), key=lambda dossier: (dossier.key != dossiers.STARTER, bool(dossier.builds_on)))
    offers: list[Offered] = []
    for dossier in listed:
        name = f"With {dossier.name[:1].lower()}{dossier.name[1:]}" if dossier.builds_on else dossier.name
        beside = ["the default"] if dossier.key == dossiers.STARTER else []
        if dossier.newest is not None and dossiers.is_old(dossier.newest, now):
            beside.append(dossier_views.age(dossier.newest))
        offers.append(Offered(name, "; ".join(beside), dossier.key))
    return [*offers, Offered("None: the record begins empty", "", dossiers.NONE)]


def _chosen_dossier(text: str, now: datetime) -> str:
    """Return the key of the dossier that a text names. Return "none" if the text says that no dossier is wanted.

    The text may be a key, the name of a dossier, or the words of a choice. Raise BadInput for any other text.
    """
    for choice in choices(_offers(now)):
        if normal(text) in (normal(choice.value), normal(choice.name)):
            return str(choice.value)
    try:
        return dossiers.find_shipped(text).key
    except BadInput as error:
        raise BadInput(f"{str(error).removesuffix('.')}, or none.") from None


def _chosen_role(role: discord.Role | None) -> int | None:
    """Return the id of the role that becomes the editor role, or None if no role was chosen.

    Raise BadInput for a role that a server cannot give to people.
    """
    if role is None:
        return None
    if role.is_default():
        raise BadInput(
            "@everyone cannot be the editor role: the record would be open to anyone who joins. Nothing was changed. "
            "Choose a role that you give to editors."
        )
    if role.managed:
        raise BadInput(
            f'"{role.name}" is managed by Discord or a bot, so you cannot give it to people. Nothing was changed. '
            "Choose a role that you give to editors."
        )
    return role.id


def _visible(digest: Destination | None) -> tuple[int | None, str, str] | None:
    """Return the channel id, the time and the days of a digest. Return None if the destination has no digest."""
    if digest is None or digest.digest_at is None:
        return None
    return digest.channel_id, digest.digest_at, digest.digest_days


def _warnings(guild: discord.Guild, settings: Guild, mention: views.Mention) -> list[str]:
    """Return a warning if the bot cannot post in the server's channel or cannot read its history. Else return [].

    The list has at most one warning.
    """
    channel = guild.get_channel_or_thread(settings.channel_id or 0)
    if not isinstance(channel, discord.TextChannel | discord.Thread):
        return [
            f"<#{settings.channel_id}> cannot be seen any more; {mention('setup')} with `channel:` chooses another."
        ]
    lacking = channel_permissions.missing(channel)
    if lacking:
        return [f"Attaché cannot post in <#{channel.id}> any more: it lacks {joined(lacking)} there."]
    if not channel_permissions.can_read_history(channel):
        return [
            f"Attaché lacks Read Message History in <#{channel.id}>. It works without, but when Discord does not say "
            "whether a message arrived, it cannot look, and the message may come twice."
        ]
    return []


async def setup(bot: Attache) -> None:
    await bot.add_cog(SetupCog(bot))
