"""The permissions of a user: read from the interaction in a server, asked of Discord for a button in a DM."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

import discord

from bot.delivery.rate_limit import RateLimits
from bot.errors import NotAllowed, UserError
from bot.failures import NETWORK
from data.records import Guild

MEMBERSHIP_KEPT = timedelta(hours=1)
ABSENCE_KEPT = timedelta(minutes=1)  # Short, so that who comes back is found again soon.
ANSWER_WITHIN = 1.5  # Seconds; Discord shows an interaction as failed after 3 without an answer.
TYPING_WITHIN = 0.5  # Seconds that the choices of an option wait; what comes later is there for the next letter.
Requirement = Literal["everyone", "editor", "manager"]


class HasEditors(Protocol):
    """Anything that has the id of its editors' role: a server's settings, or an opened record."""

    @property
    def editor_role_id(self) -> int | None: ...


@dataclass(frozen=True)
class Actor:
    """The user behind an interaction, the server that it is about, and their permissions there."""

    guild_id: int
    user_id: int
    manager: bool
    role_ids: frozenset[int]

    def may_edit(self, guild: HasEditors) -> bool:
        """Return whether the actor is an editor: has the role chosen in /setup, or Manage Server."""
        return self.manager or (guild.editor_role_id is not None and guild.editor_role_id in self.role_ids)


def require_manager(actor: Actor) -> None:
    if not actor.manager:
        raise NotAllowed(
            "Only someone with the permission Manage Server can do this. Nothing was changed. Ask one of them."
        )


def require_editor(actor: Actor, guild: Guild) -> None:
    if not actor.may_edit(guild):
        raise NotAllowed(f"Only editors change the record. {editors_are(guild)} Nothing was changed.", marked_up=True)


def editors_are(guild: Guild) -> str:
    """Return a sentence that says who the editors of a server are."""
    if guild.editor_role_id is None:
        return "Here these are the people with Manage Server; they can choose an editor role in /setup."
    return f"Here these are the people with the role <@&{guild.editor_role_id}> or with Manage Server."


def unanswered() -> UserError:
    """Return the error for when Discord did not say in time in which servers a person is; a later try may succeed."""
    return UserError(
        "Discord did not say in time whether you are still in the server. Nothing was changed. Try again in a minute."
    )


@dataclass(frozen=True)
class Servers:
    """The servers in which a person still is, and those for which Discord did not say so in time."""

    joined: frozenset[int]
    unknown: frozenset[int]


class Permissions:
    """Looks up memberships and permissions. Memberships are cached for an hour, permissions are not."""

    def __init__(self, bot: discord.Client, limits: RateLimits) -> None:
        self._bot, self._limits = bot, limits
        self._known: dict[tuple[int, int], tuple[datetime, bool]] = {}
        self._asking: dict[tuple[int, int], asyncio.Task[bool | None]] = {}

    async def actor(
        self, interaction: discord.Interaction, now: datetime, guild_id: int | None = None, *, permissions: bool = False
    ) -> Actor:
        """Return the actor of an interaction. `guild_id` is the server that a button in a DM names.

        Raise NotAllowed when the person is not in that server, UserError when Discord does not answer in time.

        A DM carries no roles, so there the actor has no permissions unless `permissions` is set; Discord is then asked.
        """
        if interaction.guild_id is not None:
            if guild_id is not None and guild_id != interaction.guild_id:
                raise NotAllowed("This belongs to another server, so it cannot be opened here. Nothing was changed.")
            user = interaction.user
            roles = frozenset(role.id for role in user.roles) if isinstance(user, discord.Member) else frozenset()
            return Actor(interaction.guild_id, user.id, interaction.permissions.manage_guild, roles)
        if guild_id is None:
            raise NotAllowed("This works in a server, not in a direct message. Nothing was changed. Open it there.")
        user_id = interaction.user.id
        if not permissions and self._recall(guild_id, user_id, now):
            return Actor(guild_id, user_id, manager=False, role_ids=frozenset())
        self._limits.requests.count()
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                member = await self._fetch(guild_id, user_id, now)
        except (discord.DiscordException, *NETWORK):
            raise unanswered() from None
        if member is None:
            raise NotAllowed("You are no longer in the server that this belongs to. Nothing was changed.")
        if not permissions:
            return Actor(guild_id, user_id, manager=False, role_ids=frozenset())
        return Actor(guild_id, user_id, member.guild_permissions.manage_guild, frozenset(r.id for r in member.roles))

    async def is_member(self, guild_id: int, user_id: int, now: datetime) -> bool:
        """Return whether the person and the bot are in that server, as Discord said within the last hour.

        This is for messages that are sent by themselves. It waits for the rate limiter, and asks Discord again about
        somebody who was not there, so that a return is noticed at once.
        """
        if self._recall(guild_id, user_id, now):
            return True
        await self._limits.requests.wait()
        return await self._fetch(guild_id, user_id, now) is not None

    async def still_in(
        self, guild_ids: Iterable[int], user_id: int, now: datetime, within: float = ANSWER_WITHIN
    ) -> Servers:
        """Return in which of these servers the person is.

        Ask Discord for all unknown ones at the same time, and wait for `within` seconds at most.
        """
        joined, unknown, asking = set[int](), set[int](), dict[int, asyncio.Task[bool | None]]()
        for guild_id in set(guild_ids):
            known = self._recall(guild_id, user_id, now)
            if known:
                joined.add(guild_id)
            elif known is None:
                asking[guild_id] = self._ask(guild_id, user_id, now)
        if asking:
            await asyncio.wait(asking.values(), timeout=within)
        for guild_id, task in asking.items():
            is_member = task.result() if task.done() else None
            if is_member:
                joined.add(guild_id)
            elif is_member is None:
                unknown.add(guild_id)
        return Servers(frozenset(joined), frozenset(unknown))

    def _ask(self, guild_id: int, user_id: int, now: datetime) -> asyncio.Task[bool | None]:
        """Return the running request for a membership, or start one.

        The request goes on when nobody waits for it any more, so that its answer is in the cache for the next time.
        """
        key = (guild_id, user_id)
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.create_task(self._try_to_tell(guild_id, user_id, now))
            task.add_done_callback(lambda _: self._asking.pop(key))
        return task

    async def _try_to_tell(self, guild_id: int, user_id: int, now: datetime) -> bool | None:
        """Return whether the person is in the server, or None when Discord does not say."""
        self._limits.requests.count()
        try:
            return await self._fetch(guild_id, user_id, now) is not None
        except (discord.DiscordException, *NETWORK):
            return None

    def _recall(self, guild_id: int, user_id: int, now: datetime) -> bool | None:
        """Return the membership that Discord told not long ago, or None when it has to be asked."""
        asked_at, is_member = self._known.get((guild_id, user_id), (None, False))
        if asked_at is None or now - asked_at >= (MEMBERSHIP_KEPT if is_member else ABSENCE_KEPT):
            return None
        return is_member

    async def _fetch(self, guild_id: int, user_id: int, now: datetime) -> discord.Member | None:
        """Fetch the member from Discord. Return None when the person or the bot is not in that server."""
        guild = self._bot.get_guild(guild_id)
        if guild is None:
            return None
        try:
            member = await guild.fetch_member(user_id)
        except discord.NotFound:
            member = None
        if len(self._known) > 10_000:
            self._known.clear()
        self._known[guild_id, user_id] = (now, member is not None)
        return member
