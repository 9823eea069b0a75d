"""Who may do what: read from the interaction in a server, from Discord itself for a button in a DM."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

import discord

from bot.delivery.rate_limit import RateLimits
from bot.errors import NotAllowed, UserError
from bot.trouble import NETWORK
from data.records import Guild

MEMBERSHIP_KEPT = timedelta(hours=1)
ABSENCE_KEPT = timedelta(minutes=1)  # Short, so that who comes back is found again soon.
ANSWER_WITHIN = 1.5  # Seconds; Discord shows an interaction as failed after 3 without an answer.
TYPING_WITHIN = 0.5  # Seconds that the choices of an option wait; what comes later is there for the next letter.
Requirement = Literal["everyone", "editor", "manager"]


class HasEditors(Protocol):
    """What knows its editors' role: a server's settings, or a record that was opened."""

    @property
    def editor_role_id(self) -> int | None: ...


@dataclass(frozen=True)
class Actor:
    """Who asks, in which server, with which permissions there."""

    guild_id: int
    user_id: int
    manager: bool
    role_ids: frozenset[int]

    def may_edit(self, guild: HasEditors) -> bool:
        """Editors have the role chosen in /setup; who has Manage Server always is one."""
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
    """Who the editors of a server are, as a sentence."""
    if guild.editor_role_id is None:
        return "Here these are the people with Manage Server; they can choose an editor role in /setup."
    return f"Here these are the people with the role <@&{guild.editor_role_id}> or with Manage Server."


def unanswered() -> UserError:
    """Discord did not say who is where; it may say so the next time."""
    return UserError(
        "Discord did not say in time whether you are still in the server. Nothing was changed. Try again in a minute."
    )


@dataclass(frozen=True)
class Servers:
    """In which servers a person still is, and of which that could not be learnt now."""

    there: frozenset[int]
    unknown: frozenset[int]


class Permissions:
    """Looks permissions up. That somebody is a member is kept for an hour, what they may do is not."""

    def __init__(self, bot: discord.Client, limits: RateLimits) -> None:
        self._bot, self._limits = bot, limits
        self._known: dict[tuple[int, int], tuple[datetime, bool]] = {}
        self._asking: dict[tuple[int, int], asyncio.Task[bool | None]] = {}

    async def actor(
        self, interaction: discord.Interaction, now: datetime, guild_id: int | None = None, *, permissions: bool = False
    ) -> Actor:
        """Who pressed or typed. `guild_id` is what a button in a DM names; NotAllowed when the person is not there,
        UserError when Discord does not tell in time.

        A DM says nothing of roles, so there the actor has none, unless `permissions` asks Discord for them as they are
        now.
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
        """Whether the person, and the bot, is in that server, as Discord told within the last hour.

        For what is sent by itself: it waits its turn, and who is not there is asked about anew, so that who comes back
        is known at once.
        """
        if self._recall(guild_id, user_id, now):
            return True
        await self._limits.requests.wait()
        return await self._fetch(guild_id, user_id, now) is not None

    async def still_in(
        self, guild_ids: Iterable[int], user_id: int, now: datetime, within: float = ANSWER_WITHIN
    ) -> Servers:
        """In which of these servers the person is. What is not known is asked for all at once, for so many seconds."""
        there, unknown, asking = set[int](), set[int](), dict[int, asyncio.Task[bool | None]]()
        for guild_id in set(guild_ids):
            known = self._recall(guild_id, user_id, now)
            if known:
                there.add(guild_id)
            elif known is None:
                asking[guild_id] = self._ask(guild_id, user_id, now)
        if asking:
            await asyncio.wait(asking.values(), timeout=within)
        for guild_id, task in asking.items():
            found = task.result() if task.done() else None
            if found:
                there.add(guild_id)
            elif found is None:
                unknown.add(guild_id)
        return Servers(frozenset(there), frozenset(unknown))

    def _ask(self, guild_id: int, user_id: int, now: datetime) -> asyncio.Task[bool | None]:
        """Asks once at a time, also when nobody waits for it any more: the next one then knows."""
        key = (guild_id, user_id)
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.create_task(self._try_to_tell(guild_id, user_id, now))
            task.add_done_callback(lambda _: self._asking.pop(key))
        return task

    async def _try_to_tell(self, guild_id: int, user_id: int, now: datetime) -> bool | None:
        """Whether the person is there; None when Discord does not say."""
        self._limits.requests.count()
        try:
            return await self._fetch(guild_id, user_id, now) is not None
        except (discord.DiscordException, *NETWORK):
            return None

    def _recall(self, guild_id: int, user_id: int, now: datetime) -> bool | None:
        """What Discord told not long ago, or None."""
        asked_at, there = self._known.get((guild_id, user_id), (None, False))
        if asked_at is None or now - asked_at >= (MEMBERSHIP_KEPT if there else ABSENCE_KEPT):
            return None
        return there

    async def _fetch(self, guild_id: int, user_id: int, now: datetime) -> discord.Member | None:
        """The member as Discord tells now, or None when the person or the bot is not in that server."""
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
