"""One attempt at one delivery.

It checks that the destination can be reached, looks what became of an earlier attempt, renders the message, sends it
and writes the outcome down.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import cast

import discord

from bot import channel_permissions, failures
from bot.channel_permissions import Postable
from bot.clock import Clock
from bot.delivery.kinds import RENDERERS, Gone, Owed
from bot.failures import NETWORK
from bot.memberships import Memberships
from bot.rate_limit import RateLimits
from bot.services import deliveries, destinations, markers, notices, people, restores
from bot.services.restores import FoundMessage, Restored
from bot.ui import messages
from bot.ui.messages import Message
from bot.ui.text import joined
from data.database import Database
from data.records import Delivery, Destination, Outcome

log = logging.getLogger(__name__)

ONE_SEND = 60.0  # Seconds; discord.py's own retries inside one send take up to 25.
NONCE_HOLDS = timedelta(minutes=2)  # Discord says "a few minutes".
CLOCKS_DIFFER = timedelta(hours=1)  # How much earlier than this machine says a message may stand in the history.
HOLDS_ITS_PLACE = timedelta(days=1)  # How long a message that Discord answers with faults alone lets none pass.
LATE = timedelta(seconds=60)
LONGEST_WAIT = timedelta(minutes=15)
UNREACHABLE_FOR = timedelta(seconds=10)  # Nothing was asked of Discord, so looking again soon costs nothing.
RENDERED_AGAIN_AFTER = (timedelta(minutes=1), timedelta(minutes=5))

_PAGE = 100  # Messages; the most that Discord tells of a history at once.
UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, CANNOT_DM, ARCHIVED = 10003, 10008, 50007, 50083
NO_JSON = 0  # The answer is not Discord's own but of something before it, such as a firewall: it says nothing.


class Later(Exception):
    """Raised when nothing can be decided now: the delivery waits, and whether it arrived is as unknown as before."""


def _custom_ids(components: Iterable[object]) -> Iterator[str]:
    """Yield every custom id among the components of a message, nested ones too."""
    for part in components:
        if custom_id := getattr(part, "custom_id", None):
            yield custom_id
        yield from _custom_ids(getattr(part, "children", ()))


def wait_after(tries: int) -> timedelta:
    """Return how long a delivery waits after so many failed tries: 5 s, 15 s, 45 s ... at most 15 minutes."""
    return min(timedelta(seconds=5 * 3 ** min(tries - 1, 8)), LONGEST_WAIT)


class Attempt:
    """One attempt. It settles the delivery or puts it back; when it is cancelled, the delivery stays claimed."""

    def __init__(
        self,
        client: discord.Client,
        db: Database,
        clock: Clock,
        memberships: Memberships,
        limits: RateLimits,
        failed_renders: dict[int, int],
        delivery: Delivery,
        destination: Destination,
        restored: Restored | None,
        history: dict[int, list[FoundMessage]],
    ) -> None:
        self._client, self._db, self._clock = client, db, clock
        self._memberships, self._limits = memberships, limits
        self._failed_renders = failed_renders  # How often each delivery could not be rendered since the start.
        self._delivery, self._destination = delivery, destination
        self._restored = restored
        # What each channel's history shows from the restored copy on: read once for all that one worker sends there.
        self._history = history
        self._unknown = delivery.unknown  # Whether an earlier try may have arrived.
        self._notes: list[str] = []

    async def make(self) -> None:
        """Send the delivery once; settle it, put it back for later or pause its destination, as Discord answers."""
        try:
            await self._make()
        except discord.RateLimited as error:
            await self._wait(error.retry_after)
        except discord.NotFound as error:
            await self._not_found(error)
        except discord.Forbidden as error:
            await self._forbidden(error)
        except discord.HTTPException as error:
            if error.status == 429:
                await self._wait(float(error.response.headers.get("Retry-After", 60)))
            elif error.status >= 500 or error.status == 401:
                await self._later(f"Discord answered {error.status}")
            else:
                await self._refused(error)
        except NETWORK as error:
            await self._later(type(error).__name__)
        except Later as reason:
            await self._later(str(reason), UNREACHABLE_FOR)

    async def _make(self) -> None:
        if not await self._is_there():
            return
        channel_id = await self._channel_id()
        if self._restored is not None and not restores.may_have_come(self._restored, self._delivery):
            self._restored = None
        if (self._unknown or self._restored is not None) and await self._arrived_before(channel_id):
            return
        message = await self._render()
        if message is not None:
            await self._send(channel_id, message)

    # Who is there

    async def _is_there(self) -> bool:
        """Return whether the destination can be sent to. A user who left the server gets nothing more: all is settled.

        Of a channel this is known only when it is sent to. Raise Later while the server cannot be reached.
        """
        destination = self._destination
        guild = self._client.get_guild(destination.guild_id)
        if guild is None or guild.unavailable:
            raise Later("the server is not reachable")  # An outage, or the start; a removal is marked on the guild.
        if destination.person_id is None:
            return True
        if destination.user_id is not None:
            try:
                there = await self._memberships.is_member(destination.guild_id, destination.user_id, self._clock.now())
            except discord.Forbidden:
                raise Later("Discord does not tell who is in the server") from None
            if there:
                return True
        now = self._clock.now()
        async with self._db.write(self._delivery.guild_id) as conn:
            await destinations.pause(conn, destination.id, Outcome.LEFT_SERVER)
            await deliveries.settle(conn, self._delivery.id, Outcome.LEFT_SERVER, now=now)
            await deliveries.settle_waiting(conn, destination.id, Outcome.LEFT_SERVER, now=now)
        return False

    async def _channel_id(self) -> int:
        """Return the id of the channel to send to; a user's DM channel is opened once and remembered."""
        destination = self._destination
        known = destination.channel_id or destination.dm_channel_id
        if known is not None:
            return known
        assert destination.person_id is not None  # A destination is a channel or a person,
        assert destination.user_id is not None  # and one who is there.
        await self._limits.requests.wait()
        # Client.create_dm answers from its own list of channels and cannot be told to forget one: a channel that was
        # gone (10003) was never opened anew (discord.py 2.7.1, measured).
        opened = await self._client.http.start_private_message(destination.user_id)
        async with self._db.write(self._delivery.guild_id) as conn:
            await people.set_dm_channel(conn, destination.person_id, int(opened["id"]))
        return int(opened["id"])

    # What became of the last try, or of a send before a restore

    async def _arrived_before(self, channel_id: int) -> bool:
        """Look for the delivery in the channel's history; return whether there is nothing more to send now.

        Discord answers with an empty history, not with an error, where the bot may not read it: so the permissions that
        discord.py computes decide whether it is read.
        """
        first = self._delivery.first_tried_at or self._clock.now()
        released = self._delivery.held == "released"
        if self._restored and released:
            self._notes.append(messages.MAY_HAVE_COME)
        if not await self._can_read_history(channel_id):
            if self._restored and not released:
                self._notes.append(messages.MAY_HAVE_COME)
            elif self._unknown and self._clock.now() - first > NONCE_HOLDS:
                self._notes.append(messages.MAY_REPEAT)
            return False
        if self._unknown:
            found = [one async for one in self._own_messages(channel_id, first - CLOCKS_DIFFER)]
            self._unknown = False
            if await self._is_among(found, channel_id):
                return True
        return self._restored is not None and not released and await self._came_before_restore(channel_id)

    async def _came_before_restore(self, channel_id: int) -> bool:
        """Return whether the delivery was sent before the restore, or may have been and is held back."""
        assert self._restored is not None  # Checked by the caller.
        if channel_id not in self._history:
            since = self._restored.known_to - CLOCKS_DIFFER
            self._history[channel_id] = [one async for one in self._own_messages(channel_id, since)]
        found = self._history[channel_id]
        if await self._is_among(found, channel_id):
            return True
        delivery = self._delivery
        if await restores.is_in_doubt(self._db.read, self._restored, delivery, found, CLOCKS_DIFFER):
            log.info("delivery %d may have come before the restore; it is held", delivery.id)
            async with self._db.write(self._delivery.guild_id) as conn:
                await deliveries.keep_back(conn, delivery.id)
            return True
        if delivery.kind == "digest":
            async with self._db.write(self._delivery.guild_id) as conn:
                await restores.settle_earlier_digests(
                    conn, self._restored, delivery, self._destination, found, channel_id, now=self._clock.now()
                )
                self._destination = await destinations.get(conn, self._destination.id)
        return False

    async def _is_among(self, found: list[FoundMessage], channel_id: int) -> bool:
        """Return whether one of these messages is the delivery; it is settled then."""
        delivery = self._delivery
        it = await restores.find_sent(self._db.read, delivery, self._destination, found)
        if it is None:
            return False
        log.info("delivery %d had arrived: found in the history", delivery.id)
        async with self._db.write(self._delivery.guild_id) as conn:
            await restores.settle_found(conn, delivery, it, channel_id=channel_id, now=self._clock.now())
        return True

    async def _can_read_history(self, channel_id: int) -> bool:
        if self._destination.person_id is not None:
            return True
        guild = self._client.get_guild(self._destination.guild_id)
        channel = cast("Postable | None", guild and guild.get_channel_or_thread(channel_id))
        if channel is None:  # What the cache lacks is not thereby gone.
            await self._limits.requests.wait()
            channel = cast("Postable", await self._client.fetch_channel(channel_id))
        return channel_permissions.can_read_history(channel)

    async def _own_messages(self, channel_id: int, since: datetime) -> AsyncIterator[FoundMessage]:
        """Yield the bot's own deliveries in a channel that were sent after `since`, known by their buttons."""
        channel = self._client.get_partial_messageable(channel_id)
        after: datetime | discord.Message = since
        while True:
            await self._limits.requests.wait()
            page = [
                message async for message in channel.history(limit=_PAGE, after=after)
            ]  # One request, oldest first.
            for message in page:
                carried = (
                    messages.nonce_in(_custom_ids(message.components)) if message.author == self._client.user else None
                )
                if carried is not None:
                    yield FoundMessage(message.id, message.created_at, *carried)
            if len(page) < _PAGE:
                return
            after = page[-1]

    # The message

    async def _render(self) -> Message | None:
        """Return the message, or None when it is settled without one or put back because rendering it failed."""
        delivery, now = self._delivery, self._clock.now()
        try:
            rendered = await RENDERERS[delivery.kind](self._db.read, Owed(delivery, self._destination, now))
        except Exception as error:  # noqa: BLE001  # A bug in one message must not stop the others.
            await self._not_rendered(error)
            return None
        self._failed_renders.pop(delivery.id, None)
        if isinstance(rendered, Gone):
            await self._settle(rendered.outcome, detail=rendered.detail)
            return None
        if delivery.plain:
            rendered = messages.as_plain(rendered, delivery.guild_id, delivery.nonce)
        rendered = messages.with_marker(rendered, await markers.of(self._db.read, delivery, self._destination))
        if now - delivery.due_at > LATE:
            self._notes.insert(0, messages.late(delivery.due_at))
        return messages.with_notes(rendered, self._notes)

    async def _not_rendered(self, error: Exception) -> None:
        delivery, now = self._delivery, self._clock.now()
        count = self._failed_renders[delivery.id] = self._failed_renders.get(delivery.id, 0) + 1
        reference = failures.report(log, error, "delivery %d (%s) could not be drawn", delivery.id, delivery.kind)
        detail = f"reference {reference}"
        if count > len(RENDERED_AGAIN_AFTER):
            self._failed_renders.pop(delivery.id)
            await self._settle(Outcome.NOT_RENDERED, detail=detail)
            return
        again = now + RENDERED_AGAIN_AFTER[count - 1]
        async with self._db.write(self._delivery.guild_id) as conn:
            await deliveries.retry_later(conn, delivery.id, again, unknown=self._unknown, detail=detail, passed=True)

    # The send

    async def _send(self, channel_id: int, message: Message) -> None:
        channel = self._client.get_partial_messageable(channel_id, guild_id=self._destination.guild_id)
        roles = [discord.Object(role) for role in message.roles]
        options: dict[str, object] = {
            "nonce": self._delivery.nonce,
            "allowed_mentions": discord.AllowedMentions(everyone=False, users=False, replied_user=False, roles=roles),
            "silent": message.silent,
            "view": message.view,
        }
        if message.content is not None:
            options |= {"content": message.content, "suppress_embeds": True}
        await self._limits.requests.wait()
        before, self._unknown = self._unknown, True
        try:
            async with asyncio.timeout(ONE_SEND):
                # Each overload of it wants one kind of view; the text is left out where there is none.
                send = cast("Callable[..., Awaitable[discord.Message]]", channel.send)
                sent = await send(**options)
        except (discord.RateLimited, discord.HTTPException) as error:
            if isinstance(error, discord.RateLimited) or error.status < 500:
                self._unknown = before  # Discord said that this try did nothing.
            raise
        await self._settle(Outcome.DELIVERED, channel_id=channel_id, message_id=sent.id)

    # The outcome

    async def _settle(
        self, outcome: Outcome, *, detail: str = "", channel_id: int | None = None, message_id: int | None = None
    ) -> None:
        now = self._clock.now()
        async with self._db.write(self._delivery.guild_id) as conn:
            await deliveries.settle(
                conn,
                self._delivery.id,
                outcome,
                now=now,
                detail=detail,
                channel_id=channel_id,
                message_id=message_id,
            )

    async def _later(self, detail: str, wait: timedelta | None = None) -> None:
        now = self._clock.now()
        at = now + (wait or wait_after(self._delivery.tries + 1))
        passed = self._unknown and now - (self._delivery.first_tried_at or now) >= HOLDS_ITS_PLACE
        log.warning("delivery %d waits until %s: %s", self._delivery.id, at, detail)
        async with self._db.write(self._delivery.guild_id) as conn:
            await deliveries.retry_later(
                conn, self._delivery.id, at, unknown=self._unknown, detail=detail, passed=passed
            )

    async def _wait(self, seconds: float) -> None:
        """Put the delivery back and try nothing at its destination for `seconds`; other destinations go on."""
        at = self._clock.now() + timedelta(seconds=seconds)
        async with self._db.write(self._delivery.guild_id) as conn:
            await deliveries.retry_later(conn, self._delivery.id, at, unknown=self._unknown, detail="rate limited")
            await deliveries.hold(conn, self._destination.id, at)

    async def _not_found(self, error: discord.NotFound) -> None:
        if error.code == NO_JSON:
            await self._later("Discord was not reached (404)")
        elif error.code == UNKNOWN_MESSAGE:
            # Discord knows the nonce and no longer the message.
            await self._settle(Outcome.DELETED)
        elif error.code == UNKNOWN_CHANNEL and self._destination.dm_channel_id is not None:
            # A remembered DM channel that is no more: it is opened anew.
            assert self._destination.person_id is not None  # Only a person has one.
            async with self._db.write(self._delivery.guild_id) as conn:
                await people.set_dm_channel(conn, self._destination.person_id, None)
            await self._later("the DM channel is gone")
        elif error.code == UNKNOWN_CHANNEL:
            await self._pause(Outcome.TARGET_GONE, "the channel no longer exists")
        else:
            await self._pause(Outcome.TARGET_GONE, f"Discord knows nothing there any more (404, {error.code})")

    async def _forbidden(self, error: discord.Forbidden) -> None:
        if error.code == NO_JSON:
            await self._later("Discord was not reached (403)")
            return
        if error.code == CANNOT_DM or self._destination.person_id is not None:
            await self._pause(Outcome.DMS_CLOSED, "direct messages from this server are not accepted")
            return
        missing = self._missing()
        words = f"the bot lacks {missing} there" if missing else f"Discord refused access (403, {error.code})"
        await self._pause(Outcome.NOT_PERMITTED, words)

    def _missing(self) -> str:
        """Return the names of the permissions that are missing in the channel, as Discord's settings call them."""
        guild = self._client.get_guild(self._destination.guild_id)
        channel = cast("Postable | None", guild and guild.get_channel_or_thread(self._destination.channel_id or 0))
        return joined(channel_permissions.missing(channel)) if channel is not None else "View Channel"

    async def _pause(self, outcome: Outcome, words: str) -> None:
        """Pause this destination, keep what waits for it, and tell the user who set it up."""
        delivery, destination, now = self._delivery, self._destination, self._clock.now()
        log.warning("destination %d is paused: %s: %s", destination.id, outcome, words)
        async with self._db.write(self._delivery.guild_id) as conn:
            await destinations.pause(conn, destination.id, outcome, words)
            if delivery.kind in ("confirmation", "notice"):
                # Its sender is told now; it would be old news when the destination works again.
                await deliveries.settle(conn, delivery.id, outcome, now=now, detail=words)
            else:
                await deliveries.retry_later(conn, delivery.id, now, unknown=self._unknown, detail=words)
            await notices.plan(conn, delivery, destination, outcome, words, now=now)

    async def _refused(self, error: discord.HTTPException) -> None:
        """Try a refused message once more, as plain text; then settle it and tell who set the destination up."""
        if error.code == ARCHIVED:
            await self._pause(Outcome.NOT_PERMITTED, "the thread is archived and locked")
            return
        delivery, now = self._delivery, self._clock.now()
        detail = f"{error.status}, {error.code}"
        log.error("delivery %d (%s) was refused: %s", delivery.id, delivery.kind, error)
        async with self._db.write(self._delivery.guild_id) as conn:
            if not delivery.plain:
                await deliveries.retry_later(conn, delivery.id, now, unknown=self._unknown, detail=detail, plain=True)
                return
            await deliveries.settle(conn, delivery.id, Outcome.REFUSED, now=now, detail=detail)
            await notices.plan(conn, delivery, self._destination, Outcome.REFUSED, detail, now=now)
