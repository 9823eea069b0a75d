"""Memberships: whether a user is in a server. The answers of Discord are cached for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import discord

from bot.failures import NETWORK
from bot.rate_limit import RateLimits

MEMBERSHIP_KEPT = timedelta(hours=1)
ABSENCE_KEPT = timedelta(minutes=1)  # Short, so that a member who comes back is noticed soon.
ANSWER_WITHIN = 1.5  # Seconds; Discord shows an interaction as failed after 3 without an answer.


@dataclass(frozen=True)
class Servers:
    """The answer to the question which of some servers a user is in. Both attributes have ids of servers.

    `joined` are the servers that the user is in. For the servers in `unknown`, Discord did not answer in time.
    """

    joined: frozenset[int]
    unknown: frozenset[int]


class Memberships:
    """Finds out whether users are in servers.

    If a user is in a server, this is cached for an hour. If they are not, it is cached for a minute.
    """

    def __init__(self, client: discord.Client, limits: RateLimits) -> None:
        self._client, self._limits = client, limits
        # By guild and user: when Discord was asked, and whether the user is a member.
        self._cached: dict[tuple[int, int], tuple[datetime, bool]] = {}
        self._running: dict[tuple[int, int], asyncio.Task[bool | None]] = {}  # Requests, by guild and user.

    async def is_member(self, guild_id: int, user_id: int, now: datetime) -> bool:
        """Return whether both the user and the bot are in a server.

        This is for deliveries, so a request to Discord waits for the rate limiter. A cached "yes" may be up to an hour
        old. A cached "no" is not used, so that a user who comes back gets messages at once.
        """
        if self.recall(guild_id, user_id, now):
            return True
        await self._limits.requests.wait()
        return await self.fetch_member(guild_id, user_id, now) is not None

    async def still_in(
        self, guild_ids: Iterable[int], user_id: int, now: datetime, within: float = ANSWER_WITHIN
    ) -> Servers:
        """Return which of these servers the user is in.

        This is for interactions, so it does not wait for the rate limiter. Discord is asked about all servers that are
        not cached, at the same time. A server for which there is no answer within `within` seconds is `unknown`.
        """
        joined, unknown, requests = set[int](), set[int](), dict[int, asyncio.Task[bool | None]]()
        for guild_id in set(guild_ids):
            is_member = self.recall(guild_id, user_id, now)
            if is_member:
                joined.add(guild_id)
            elif is_member is None:
                requests[guild_id] = self._request(guild_id, user_id, now)
        if requests:
            await asyncio.wait(requests.values(), timeout=within)
        for guild_id, task in requests.items():
            is_member = task.result() if task.done() else None
            if is_member:
                joined.add(guild_id)
            elif is_member is None:
                unknown.add(guild_id)
        return Servers(frozenset(joined), frozenset(unknown))

    def recall(self, guild_id: int, user_id: int, now: datetime) -> bool | None:
        """Return what the cache says: whether the user is in a server, or None if it does not know."""
        asked_at, is_member = self._cached.get((guild_id, user_id), (None, False))
        if asked_at is None or now - asked_at >= (MEMBERSHIP_KEPT if is_member else ABSENCE_KEPT):
            return None
        return is_member

    async def fetch_member(self, guild_id: int, user_id: int, now: datetime) -> discord.Member | None:
        """Ask Discord for a member and cache the answer. Return None if the user or the bot is not in the server."""
        guild = self._client.get_guild(guild_id)
        if guild is None:
            return None
        try:
            member = await guild.fetch_member(user_id)
        except discord.NotFound:
            member = None
        if len(self._cached) > 10_000:
            self._cached.clear()
        self._cached[guild_id, user_id] = (now, member is not None)
        return member

    def _request(self, guild_id: int, user_id: int, now: datetime) -> asyncio.Task[bool | None]:
        """Return the task that asks Discord whether a user is in a server. If none is running, start one.

        If the caller stops waiting, the task goes on. The next caller then finds the answer in the cache.
        """
        key = (guild_id, user_id)
        task = self._running.get(key)
        if task is None:
            task = self._running[key] = asyncio.create_task(self._try_fetch(guild_id, user_id, now))
            task.add_done_callback(lambda _: self._running.pop(key))
        return task

    async def _try_fetch(self, guild_id: int, user_id: int, now: datetime) -> bool | None:
        """Return whether the user is in the server. Return None if Discord does not answer."""
        self._limits.requests.count()
        try:
            return await self.fetch_member(guild_id, user_id, now) is not None
        except (discord.DiscordException, *NETWORK):
            return None
