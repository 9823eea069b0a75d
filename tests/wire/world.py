"""The state of the loopback Discord, a local imitation: users, servers, channels, messages and permissions."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Payload = dict[str, Any]

# Permissions.
ADMINISTRATOR, VIEW_CHANNEL, SEND_MESSAGES = 1 << 3, 1 << 10, 1 << 11
EMBED_LINKS, ATTACH_FILES, READ_MESSAGE_HISTORY, USE_COMMANDS = 1 << 14, 1 << 15, 1 << 16, 1 << 31
EVERYONE = VIEW_CHANNEL | SEND_MESSAGES | EMBED_LINKS | ATTACH_FILES | READ_MESSAGE_HISTORY | USE_COMMANDS
ALL_PERMISSIONS = (1 << 53) - 1

DISCORD_EPOCH_MS = 1_420_070_400_000
GUILD_DEFAULTS: Payload = {
    **dict.fromkeys(("verification_level", "default_message_notifications", "explicit_content_filter"), 0),
    **dict.fromkeys(("mfa_level", "nsfw_level", "premium_tier", "system_channel_flags"), 0),
    **dict.fromkeys(("icon", "system_channel_id"), None),
    **{name: [] for name in ("emojis", "stickers", "features")},
}
EMPTY_LISTS = ("threads", "voice_states", "presences", "stage_instances", "guild_scheduled_events", "soundboard_sounds")
GUILD_CREATE_DEFAULTS: Payload = {name: [] for name in EMPTY_LISTS}


@dataclass(eq=False)
class Guild:
    id: int
    name: str
    owner: int
    roles: dict[int, Payload] = field(default_factory=dict)
    members: dict[int, Payload] = field(default_factory=dict)


@dataclass(eq=False)
class Channel:
    id: int
    name: str = ""
    guild: Guild | None = None  # None in a DM with `recipient`.
    recipient: int = 0
    overwrites: dict[int, tuple[int, int]] = field(default_factory=dict)  # Role or user id -> (allow, deny).
    messages: dict[int, Payload] = field(default_factory=dict)


class World:
    """The state of the loopback Discord. Its methods take and return ids, and report changes through `dispatch`."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.timeout = 10.0  # How many seconds until() waits.
        self.users: dict[int, Payload] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self._last_id = 0
        self._activity = asyncio.Event()
        self.application_id = self.add_user("attache", bot=True)

    def dispatch(self, event: str, data: Payload) -> None:
        """Send a gateway event to the bot. This class has no gateway and drops the event; a subclass overrides this."""

    def _tell(self, guild: Guild | None, event: str, data: Payload) -> None:
        """Send the bot an event about a server, if the bot is a member of it."""
        if guild and self.application_id in guild.members:
            self.dispatch(event, data)

    def wake(self) -> None:
        """Make every pending until() check its condition again."""
        activity, self._activity = self._activity, asyncio.Event()
        activity.set()

    async def until(self, condition: Callable[[], object], timeout: float | None = None) -> None:
        """Wait until a condition is true. It is checked after each request and each frame from the bot.

        Raise TimeoutError after `timeout` seconds, or after `self.timeout`.
        """
        async with asyncio.timeout(self.timeout if timeout is None else timeout):
            while not condition():
                await self._activity.wait()

    def snowflake(self) -> int:
        self._last_id = max(self._last_id + 1, (int(self.clock() * 1000) - DISCORD_EPOCH_MS) << 22)
        return self._last_id

    def timestamp(self) -> str:
        return datetime.fromtimestamp(self.clock(), UTC).isoformat()

    def add_user(self, name: str, *, bot: bool = False) -> int:
        user = self.snowflake()
        about = {"username": name, "global_name": None if bot else name.title(), "discriminator": "0", "avatar": None}
        self.users[user] = {"id": str(user), "bot": bot, **about}
        return user

    def add_guild(self, name: str, owner: int, permissions: int = EVERYONE) -> int:
        """Add a server with its owner, whose role @everyone has these permissions. The bot joins it by invite()."""
        guild = Guild(self.snowflake(), name, owner)
        self.guilds[guild.id] = guild
        guild.roles[guild.id] = self._role(guild.id, "@everyone", permissions)
        self.join(guild.id, owner)
        return guild.id

    def add_role(self, guild: int, name: str, permissions: int = 0) -> int:
        role = self._role(self.snowflake(), name, permissions)
        self.guilds[guild].roles[int(role["id"])] = role
        self._tell(self.guilds[guild], "GUILD_ROLE_CREATE", {"guild_id": str(guild), "role": role})
        return int(role["id"])

    @staticmethod
    def _role(role: int, name: str, permissions: int) -> Payload:
        return {"id": str(role), "name": name, "permissions": str(permissions), "position": 0, "flags": 0}

    def add_channel(self, guild: int, name: str) -> int:
        channel = Channel(self.snowflake(), name, self.guilds[guild])
        self.channels[channel.id] = channel
        self._tell(channel.guild, "CHANNEL_CREATE", self._channel(channel))
        return channel.id

    def remove_channel(self, channel: int, *, tell: bool = True) -> None:
        gone = self.channels.pop(channel)
        if tell:
            self._tell(gone.guild, "CHANNEL_DELETE", self._channel(gone))

    def join(self, guild: int, user: int, *roles: int) -> None:
        """Make a user a member of a server with these roles, or replace the roles of a member."""
        member = {"user": self.users[user], "roles": [str(role) for role in roles], "joined_at": self.timestamp()}
        self.guilds[guild].members[user] = member | {"deaf": False, "mute": False, "flags": 0}

    def leave(self, guild: int, user: int) -> None:
        del self.guilds[guild].members[user]

    def invite(self, guild: int, *roles: int) -> None:
        """Make the bot a member of a server with these roles, and tell it so."""
        self.join(guild, self.application_id, *roles)
        self.dispatch("GUILD_CREATE", self._guild_create(self.guilds[guild]))

    def remove_bot(self, guild: int) -> None:
        """Remove the bot from a server and tell it so. The server and its channels stay."""
        self.leave(guild, self.application_id)
        self.dispatch("GUILD_DELETE", {"id": str(guild)})

    def overwrite(self, channel: int, target: int, *, allow: int = 0, deny: int = 0) -> None:
        """Set the permission overwrite of a role or a user in a channel."""
        place = self.channels[channel]
        place.overwrites[target] = (allow, deny)
        self._tell(place.guild, "CHANNEL_UPDATE", self._channel(place))

    def permissions(self, user: int, channel: Channel) -> int:
        """Return the permissions of a user in a channel, as Discord computes them.

        They are all permissions in a DM, and 0 in a server that the user is not a member of.
        """
        guild = channel.guild
        if guild is None or user == guild.owner:
            return ALL_PERMISSIONS
        if user not in guild.members:
            return 0
        roles = [int(role) for role in guild.members[user]["roles"]]
        allowed = 0
        for role in (guild.id, *roles):
            allowed |= int(guild.roles[role]["permissions"])
        if allowed & ADMINISTRATOR:
            return ALL_PERMISSIONS
        for targets in ([guild.id], roles, [user]):  # Later targets win. Among roles, allow wins over deny.
            found = [channel.overwrites[target] for target in targets if target in channel.overwrites]
            for _, deny in found:
                allowed &= ~deny
            for allow, _ in found:
                allowed |= allow
        return allowed if allowed & VIEW_CHANNEL else 0

    def messages(self, channel: int) -> list[Payload]:
        """Return the messages of a channel, oldest first, without ephemeral ones."""
        return list(self.channels[channel].messages.values())

    def dm(self, user: int) -> list[Payload]:
        """Return the direct messages between the bot and a user, oldest first."""
        return list(self._dm_channel(user).messages.values())

    def _dm_channel(self, user: int) -> Channel:
        for channel in self.channels.values():
            if channel.recipient == user:
                return channel
        channel = Channel(self.snowflake(), recipient=user)
        self.channels[channel.id] = channel
        return channel

    # Payloads in which Discord describes its objects

    def _channel(self, channel: Channel) -> Payload:
        if channel.guild is None:
            return {"id": str(channel.id), "type": 1, "recipients": [self.users[channel.recipient]]}
        overwrites = [
            {"id": str(target), "type": int(target in self.users), "allow": str(allow), "deny": str(deny)}
            for target, (allow, deny) in channel.overwrites.items()
        ]
        place = {"guild_id": str(channel.guild.id), "name": channel.name, "position": 0, "parent_id": None}
        return {"id": str(channel.id), "type": 0, "permission_overwrites": overwrites, **place}

    def _guild(self, guild: Guild) -> Payload:
        about = {"id": str(guild.id), "name": guild.name, "owner_id": str(guild.owner), "preferred_locale": "en-US"}
        return about | {"roles": list(guild.roles.values()), **GUILD_DEFAULTS}

    def _guild_create(self, guild: Guild) -> Payload:
        channels = [self._channel(channel) for channel in self.channels.values() if channel.guild is guild]
        me = guild.members[self.application_id]
        start = {"members": [me], "member_count": len(guild.members), "channels": channels, "large": False}
        return self._guild(guild) | start | GUILD_CREATE_DEFAULTS | {"joined_at": me["joined_at"]}
