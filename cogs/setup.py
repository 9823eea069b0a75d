"""Joining and leaving servers, and /setup: zone, channel, editor role, digest, starter dossier."""

from __future__ import annotations

import asyncio
import logging
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
from bot.services import destinations, digests, dossiers, guilds, people
from bot.ui import setup as cards
from bot.ui.text import joined
from cogs.shared.zones import complete_zone
from data.database import Connection
from data.records import Destination, Guild

log = logging.getLogger(__name__)

STARTER = "india-us-2plus2-2023"
WEEKDAYS = "12345"


@dataclass(frozen=True)
class SetupOptions:
    """The options of one /setup; None leaves a setting as it is."""

    zone: str | None
    channel_id: int | None
    role_id: int | None
    digest: time | None


class Setup(commands.Cog):
    def __init__(self, bot: Attache) -> None:
        self.bot = bot

    # Joining and leaving

    @commands.Cog.listener()
    async def on_shard_ready(self, shard_id: int) -> None:
        """Find what happened while a shard was offline: servers joined and left, new names, new owners.

        Each shard only knows its own servers, and `on_ready` comes once for all shards, at the start.
        """
        now = self.bot.clock.now()
        here = {guild.id: guild for guild in self.bot.guilds if guild.shard_id == shard_id}
        known = {
            known_guild.guild_id: known_guild
            for known_guild in await guilds.list_all(self.bot.db.read)
            if _shard_of(known_guild.guild_id, self.bot.shard_count) == shard_id
        }
        for known_guild in known.values():
            guild = here.get(known_guild.guild_id)
            if guild is None and known_guild.left_at is None:
                async with self.bot.db.write(known_guild.guild_id) as conn:
                    await guilds.leave(conn, known_guild.guild_id, now=now)
            elif guild is not None and not guild.unavailable:
                await self._refresh(known_guild, guild)
        for guild in here.values():
            if not guild.unavailable and (guild.id not in known or known[guild.id].greeted_at is None):
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
        known_guild = await guilds.find(self.bot.db.read, guild.id)
        if known_guild is not None:
            await self._refresh(known_guild, guild)

    async def _refresh(self, known_guild: Guild, guild: discord.Guild) -> None:
        """Store a server's new name and owner. The owner is told when something breaks."""
        owner_id = guild.owner_id or known_guild.owner_id
        if (known_guild.name, known_guild.owner_id) != (guild.name, owner_id):
            async with self.bot.db.write(guild.id) as conn:
                await guilds.refresh(conn, guild.id, name=guild.name, owner_id=owner_id)

    async def _greet(self, guild: discord.Guild) -> None:
        """Greet a server once after joining, where the bot may write.

        That it was greeted is stored first. When the process dies in between, the greeting is lost, but /help says the
        same; a second greeting would be noise in somebody's channel.
        """
        place = _place_to_greet(guild)
        async with self.bot.db.write(guild.id) as conn:
            known_guild = await guilds.ensure(conn, guild.id, name=guild.name, owner_id=guild.owner_id or 0)
            at_work = known_guild.set_up_at is not None and known_guild.left_at is None
            if place is None or at_work or not await guilds.mark_greeted(conn, guild.id, now=self.bot.clock.now()):
                return
        text = cards.greeting(self.bot.mention, returned=known_guild.set_up_at is not None)
        try:
            await place.send(text, suppress_embeds=True)
        except discord.HTTPException as error:
            log.warning("server %d could not be greeted: %s", guild.id, error)

    # /setup

    @app_commands.command(name="setup")
    @app_commands.guild_only()
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.describe(
        zone="The zone in which dates and hours are meant here, such as Asia/Kolkata",
        channel="Where the digest and the reminders go",
        role="Who may change the record, besides those with Manage Server",
        digest="When the digest comes on weekdays, such as 09:00",
    )
    @app_commands.autocomplete(zone=complete_zone)
    async def set_up(
        self,
        interaction: discord.Interaction[Attache],
        zone: str | None = None,
        channel: discord.TextChannel | discord.Thread | None = None,
        role: discord.Role | None = None,
        digest: str | None = None,
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
        asked = SetupOptions(
            zone=dates.parse_zone(zone) if zone is not None else None,
            channel_id=_chosen_channel(interaction, channel, first=first),
            role_id=_chosen_role(role),
            digest=dates.parse_time_of_day(digest) if digest is not None else None,
        )
        starter = await asyncio.to_thread(dossiers.read_shipped, STARTER, now=now) if first else None
        async with self.bot.db.write(guild.id) as conn:
            done = await self._set_up(conn, guild, actor.user_id, asked, starter, now)
        await interaction.followup.send(view=cards.set_up(done, now=now, mention=self.bot.mention), ephemeral=True)

    async def _set_up(
        self,
        conn: Connection,
        guild: discord.Guild,
        user_id: int,
        asked: SetupOptions,
        starter: Dossier | None,
        now: datetime,
    ) -> cards.SetUp:
        """Change what is asked, all or nothing, and return the settings after it with what changed."""
        person = await people.ensure(conn, user_id)
        before = await guilds.ensure(conn, guild.id, name=guild.name, owner_id=guild.owner_id or 0)
        old = await digests.of_guild(conn, before)
        known_guild = await guilds.configure(
            conn,
            guild.id,
            now=now,
            person_id=person.id,
            zone=asked.zone,
            channel_id=asked.channel_id,
            editor_role_id=asked.role_id,
        )
        first = before.set_up_at is None
        if first and starter is not None:
            await dossiers.load(conn, guild.id, starter, now=now, person_id=person.id)
        digest = asked.digest or (destinations.DEFAULT_DELIVERY_TIME if first else None)
        notes = []
        if asked.channel_id is not None or digest is not None or before.left_at is not None:
            notes = await self._set_channel(conn, guild, known_guild, old, digest, person.id, now)
        if asked.zone is not None or asked.channel_id is not None or before.left_at is not None:
            await destinations.schedule_guild(conn, guild.id, now)
        new = await digests.of_guild(conn, known_guild)
        pairs = {
            "channel": (before.channel_id, known_guild.channel_id),
            "zone": (before.zone, asked.zone or before.zone),
            "role": (before.editor_role_id, known_guild.editor_role_id),
            "digest": (_told(old), _told(new)),
        }
        changed = {name for name, (was, is_) in pairs.items() if was != is_}
        if first and asked.zone is not None:
            changed.add("zone")
        held = await guilds.holdings(conn, guild.id)
        return cards.SetUp(
            known_guild,
            new,
            held,
            dossiers.names(held.dossiers),
            first,
            before.left_at is not None,
            frozenset(changed),
            notes + _warnings(guild, known_guild, self.bot.mention),
        )

    async def _set_channel(
        self,
        conn: Connection,
        guild: discord.Guild,
        known_guild: Guild,
        old: Destination | None,
        digest: time | None,
        person_id: int,
        now: datetime,
    ) -> list[str]:
        """Make the server's channel an active destination and move or set the digest. Return notes for the answer."""
        if known_guild.channel_id is None:
            return []
        notes = []
        place = await destinations.find_channel(conn, guild.id, known_guild.channel_id)
        if place is not None and place.state == "paused":
            await destinations.resume(conn, place.id, now)
            notes.append(f"What waited for <#{known_guild.channel_id}> is sent now.")
        place = await destinations.ensure_channel(conn, guild.id, known_guild.channel_id, now=now, person_id=person_id)
        moves = old is not None and old.id != place.id and old.digest_at is not None and place.digest_at is None
        if moves and old is not None:
            await destinations.move_digest(conn, old, place, now=now)
            notes.append(
                f"The digest moved here from <#{old.channel_id}>. What <#{old.channel_id}> follows stays there."
            )
        if digest is not None:
            fresh = place.digest_at is None and not moves
            await destinations.set_digest(conn, place.id, now=now, at=digest, days=WEEKDAYS if fresh else None)
        return notes


def _shard_of(guild_id: int, shard_count: int | None) -> int:
    """Return the shard that a server belongs to, by Discord's own formula."""
    return (guild_id >> 22) % (shard_count or 1)


def _place_to_greet(guild: discord.Guild) -> discord.TextChannel | None:
    """Return the channel for system messages, else the first one in which the bot may write."""
    first = [guild.system_channel] if guild.system_channel else []
    for channel in [*first, *guild.text_channels]:
        if not channel_permissions.missing(channel):
            return channel
    return None


def _chosen_channel(
    interaction: discord.Interaction[Attache], channel: discord.TextChannel | discord.Thread | None, *, first: bool
) -> int | None:
    """Return the channel to set: the named one, or at the first setup the one in which the command was typed."""
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


def _chosen_role(role: discord.Role | None) -> int | None:
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


def _told(digest: Destination | None) -> tuple[int | None, str, str] | None:
    """Return what people see of a digest: its channel, time and days. None when there is no digest."""
    if digest is None or digest.digest_at is None:
        return None
    return digest.channel_id, digest.digest_at, digest.digest_days


def _warnings(guild: discord.Guild, known_guild: Guild, mention: cards.Mention) -> list[str]:
    """Return warnings about a channel in which the bot cannot post or cannot look for its messages."""
    channel = guild.get_channel_or_thread(known_guild.channel_id or 0)
    if not isinstance(channel, discord.TextChannel | discord.Thread):
        return [
            f"<#{known_guild.channel_id}> cannot be seen any more; {mention('setup')} with `channel:` chooses another."
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
    await bot.add_cog(Setup(bot))
