"""Sends one delivery: looks whether an earlier try arrived, renders the message, sends it and stores the outcome.

A worker claims a delivery before it sends it. A delivery is settled when it has its final outcome, such as "delivered".
A claimed delivery that could not be sent is planned again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

import discord

from bot import channel_permissions, failures
from bot.channel_permissions import Postable
from bot.clock import Clock
from bot.delivery.kinds import RENDERERS, DueDelivery, NothingToSend
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

SEND_TIMEOUT = 60.0  # Seconds; discord.py's own retries inside one send take up to 25.
NONCE_LIFETIME = timedelta(minutes=2)  # How long Discord ignores a repeated nonce; it says "a few minutes".
CLOCK_MARGIN = timedelta(hours=1)  # How much Discord's clock may be behind the clock of this machine.
KEEPS_ORDER_FOR = timedelta(days=1)  # How long a delivery that may have arrived holds up the later ones.
LATE = timedelta(seconds=60)
LONGEST_WAIT = timedelta(minutes=15)
UNREACHABLE_FOR = timedelta(seconds=10)  # The wait after `Later`. It is short, because it costs no request.
RENDERED_AGAIN_AFTER = (timedelta(minutes=1), timedelta(minutes=5))

_PAGE = 100  # Messages; Discord's limit for one request of a history.
UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, CANNOT_DM, ARCHIVED = 10003, 10008, 50007, 50083  # Discord's error codes.
NO_JSON = 0  # discord.py's code for an answer without JSON. A firewall or proxy sent it, not Discord.


class Later(Exception):
    """Raised when the bot cannot tell at present whether a destination can be reached. It tries again soon."""


def _custom_ids(components: Iterable[object]) -> Iterator[str]:
    """Yield every custom id in the components of a message, nested ones too."""
    for part in components:
        if custom_id := getattr(part, "custom_id", None):
            yield custom_id
        yield from _custom_ids(getattr(part, "children", ()))


def wait_after(tries: int) -> timedelta:
    """Return how long a delivery waits after `tries` failed tries: 5 s, 15 s, 45 s and so on, at most 15 minutes."""
    return min(timedelta(seconds=5 * 3 ** min(tries - 1, 8)), LONGEST_WAIT)


@dataclass(frozen=True)
class DeliveryContext:
    """The objects that all attempts of the process share."""

    client: discord.Client
    db: Database
    clock: Clock
    memberships: Memberships
    limits: RateLimits
    failed_renders: dict[int, int] = field(default_factory=dict[int, int])  # By delivery id: the number of failures.


@dataclass(frozen=True)
class RestoreSearch:
    """A restore of the database, and the messages that the bot sent since the restored copy was made.

    `messages` has these messages by channel id. A worker reads them once for each channel, for all its deliveries.
    """

    restored: Restored
    messages: dict[int, list[FoundMessage]] = field(default_factory=dict[int, list[FoundMessage]])


class Attempt:
    """An attempt to send a claimed delivery. It settles the delivery or plans it again.

    An attempt that is cancelled leaves the delivery claimed. `search` is None unless the database was restored.
    """

    def __init__(
        self, context: DeliveryContext, delivery: Delivery, destination: Destination, search: RestoreSearch | None
    ) -> None:
        self._client, self._db, self._clock = context.client, context.db, context.clock
        self._memberships, self._limits = context.memberships, context.limits
        self._failed_renders = context.failed_renders
        self._delivery, self._destination = delivery, destination
        # None also for a delivery that fell due after the restore.
        self._search = search if search and restores.may_have_come(search.restored, delivery) else None
        self._unknown = delivery.unknown  # Whether an earlier try may have arrived.
        self._notes: list[str] = []  # Lines of small print for the message.

    async def make(self) -> None:
        """Send the delivery.

        If that fails, the error decides what happens: the delivery is settled, it is planned again, or its destination
        is paused.
        """
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
        if not await self._is_reachable():
            return
        channel_id = await self._channel_id()
        if (self._unknown or self._search is not None) and await self._is_done(channel_id):
            return
        message = await self._render()
        if message is not None:
            await self._send(channel_id, message)

    # The destination

    async def _is_reachable(self) -> bool:
        """Return whether the destination can be sent to. Raise Later while the server cannot be reached.

        If the destination belongs to a user who left the server, pause it, settle all its deliveries and return False.
        For a channel, return True: only the attempt to send shows whether the bot may post there.
        """
        destination = self._destination
        guild = self._client.get_guild(destination.guild_id)
        if guild is None or guild.unavailable:
            # An outage, or the start of the bot. Servers that removed the bot are marked so, and nothing is sent there.
            raise Later("the server is not reachable")
        if destination.person_id is None:
            return True
        if destination.user_id is not None:
            try:
                is_member = await self._memberships.is_member(
                    destination.guild_id, destination.user_id, self._clock.now()
                )
            except discord.Forbidden:
                raise Later("Discord does not tell who is in the server") from None
            if is_member:
                return True
        now = self._clock.now()
        async with self._db.write(self._delivery.guild_id) as conn:
            await destinations.pause(conn, destination.id, Outcome.LEFT_SERVER)
            await deliveries.settle(conn, self._delivery.id, Outcome.LEFT_SERVER, now=now)
            await deliveries.settle_waiting(conn, destination.id, Outcome.LEFT_SERVER, now=now)
        return False

    async def _channel_id(self) -> int:
        """Return the id of the channel to send to. A user's DM channel is opened once, and its id is stored."""
        destination = self._destination
        stored = destination.channel_id or destination.dm_channel_id
        if stored is not None:
            return stored
        assert destination.person_id is not None  # A destination is a channel or a person,
        assert destination.user_id is not None  # and this person is a member.
        await self._limits.requests.wait()
        # Client.create_dm answers from its own list of channels and cannot be told to forget one: a channel that was
        # gone (10003) was never opened anew (discord.py 2.7.1, measured).
        opened = await self._client.http.start_private_message(destination.user_id)
        async with self._db.write(self._delivery.guild_id) as conn:
            await people.set_dm_channel(conn, destination.person_id, int(opened["id"]))
        return int(opened["id"])

    # A look whether the delivery was sent before: by an earlier try, or before a restore

    async def _is_done(self, channel_id: int) -> bool:
        """Return whether the delivery must not be sent, because it was sent before or may have been.

        Search the channel's history for its message. If the message is found, settle the delivery. After a restore, the
        history may not show whether the message was sent. Then hold the delivery until somebody decides.

        If the bot may not read the history, return False. Where necessary, add a note to the message that it may be a
        repeat. The permission is checked first, because without it Discord answers with an empty history, not an error.
        """
        first_tried_at = self._delivery.first_tried_at or self._clock.now()
        released = self._delivery.held == "released"
        if self._search and released:
            self._notes.append(messages.MAY_HAVE_COME)
        if not await self._can_read_history(channel_id):
            if self._search and not released:
                self._notes.append(messages.MAY_HAVE_COME)
            elif self._unknown and self._clock.now() - first_tried_at > NONCE_LIFETIME:
                self._notes.append(messages.MAY_REPEAT)
            return False
        if self._unknown:
            since = first_tried_at - CLOCK_MARGIN
            sent = [message async for message in self._sent_messages(channel_id, since)]
            self._unknown = False
            if await self._settle_if_among(sent, channel_id):
                return True
        return self._search is not None and not released and await self._came_before_restore(self._search, channel_id)

    async def _came_before_restore(self, search: RestoreSearch, channel_id: int) -> bool:
        """Return whether the delivery was sent before the restore, or may have been sent then.

        If its message is in the channel's history, settle the delivery. If the history does not show whether the
        message was sent, hold the delivery. If neither is so and it is a digest, settle the earlier digests that are in
        the history.
        """
        if channel_id not in search.messages:
            since = search.restored.known_to - CLOCK_MARGIN
            search.messages[channel_id] = [message async for message in self._sent_messages(channel_id, since)]
        sent = search.messages[channel_id]
        if await self._settle_if_among(sent, channel_id):
            return True
        delivery = self._delivery
        if await restores.is_in_doubt(self._db.read, search.restored, delivery, sent, CLOCK_MARGIN):
            log.info("delivery %d may have come before the restore; it is held", delivery.id)
            async with self._db.write(self._delivery.guild_id) as conn:
                await deliveries.hold(conn, delivery.id)
            return True
        if delivery.kind == "digest":
            async with self._db.write(self._delivery.guild_id) as conn:
                await restores.settle_earlier_digests(
                    conn, search.restored, delivery, self._destination, sent, channel_id, now=self._clock.now()
                )
                self._destination = await destinations.get(conn, self._destination.id)
        return False

    async def _settle_if_among(self, sent: list[FoundMessage], channel_id: int) -> bool:
        """Settle the delivery if its message is in `sent`. Return whether it is. `sent` are messages in its channel."""
        delivery = self._delivery
        message = await restores.find_sent(self._db.read, delivery, self._destination, sent)
        if message is None:
            return False
        log.info("delivery %d had arrived: found in the history", delivery.id)
        async with self._db.write(self._delivery.guild_id) as conn:
            await restores.settle_found(conn, delivery, message, channel_id=channel_id, now=self._clock.now())
        return True

    async def _can_read_history(self, channel_id: int) -> bool:
        if self._destination.person_id is not None:
            return True
        guild = self._client.get_guild(self._destination.guild_id)
        channel = cast("Postable | None", guild and guild.get_channel_or_thread(channel_id))
        if channel is None:  # The cache of discord.py may lack a channel that exists.
            await self._limits.requests.wait()
            channel = cast("Postable", await self._client.fetch_channel(channel_id))
        return channel_permissions.can_read_history(channel)

    async def _sent_messages(self, channel_id: int, since: datetime) -> AsyncIterator[FoundMessage]:
        """Yield the deliveries that the bot sent to a channel after `since`, as the channel's history shows them.

        A message is a delivery if it has a *Why this?* button of the bot.
        """
        channel = self._client.get_partial_messageable(channel_id)
        after: datetime | discord.Message = since
        while True:
            await self._limits.requests.wait()
            # This is one request. Its messages come oldest first.
            page = [message async for message in channel.history(limit=_PAGE, after=after)]
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
        """Return the message of the delivery, or None if no message can be sent now.

        If there is nothing to send any more, settle the delivery. If the rendering fails, call `_rendering_failed`.
        """
        delivery, now = self._delivery, self._clock.now()
        try:
            rendered = await RENDERERS[delivery.kind](self._db.read, DueDelivery(delivery, self._destination, now))
        except Exception as error:  # noqa: BLE001  # A bug in one message must not stop the others.
            await self._rendering_failed(error)
            return None
        self._failed_renders.pop(delivery.id, None)
        if isinstance(rendered, NothingToSend):
            await self._settle(rendered.outcome, detail=rendered.detail)
            return None
        if delivery.plain:
            rendered = messages.as_plain(rendered, delivery.guild_id, delivery.nonce)
        rendered = messages.with_marker(rendered, await markers.of(self._db.read, delivery, self._destination))
        if now - delivery.due_at > LATE:
            self._notes.insert(0, messages.late(delivery.due_at))
        return messages.with_notes(rendered, self._notes)

    async def _rendering_failed(self, error: Exception) -> None:
        """Log a bug in the rendering of the delivery and plan it again. At the third failure, settle it instead."""
        delivery, now = self._delivery, self._clock.now()
        count = self._failed_renders[delivery.id] = self._failed_renders.get(delivery.id, 0) + 1
        reference = failures.report(log, error, "delivery %d (%s) could not be rendered", delivery.id, delivery.kind)
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
        if message.reply_to is not None and await self._can_read_history(channel_id):
            # Without that permission Discord refuses a reply. One to a deleted message is sent as no reply.
            options["reference"] = discord.MessageReference(
                message_id=message.reply_to, channel_id=channel_id, fail_if_not_exists=False
            )
        if message.content is not None:
            options |= {"content": message.content, "suppress_embeds": True}
        await self._limits.requests.wait()
        before, self._unknown = self._unknown, True
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                # The overloads of `send` take one kind of view each, and content that is no None.
                send = cast("Callable[..., Awaitable[discord.Message]]", channel.send)
                sent = await send(**options)
        except (discord.RateLimited, discord.HTTPException) as error:
            if isinstance(error, discord.RateLimited) or error.status < 500:
                self._unknown = before  # Discord answered that nothing was sent.
            raise
        await self._settle(Outcome.DELIVERED, channel_id=channel_id, message_id=sent.id)

    # What becomes of the delivery

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
        """Plan the delivery again after `wait`. If `wait` is None, the wait grows with the number of tries.

        If the delivery may have arrived and its first try was a day ago, let later deliveries to its destination pass
        it.
        """
        now = self._clock.now()
        at = now + (wait or wait_after(self._delivery.tries + 1))
        passed = self._unknown and now - (self._delivery.first_tried_at or now) >= KEEPS_ORDER_FOR
        log.warning("delivery %d waits until %s: %s", self._delivery.id, at, detail)
        async with self._db.write(self._delivery.guild_id) as conn:
            await deliveries.retry_later(
                conn, self._delivery.id, at, unknown=self._unknown, detail=detail, passed=passed
            )

    async def _wait(self, seconds: float) -> None:
        """Plan all deliveries to the destination again after some seconds, because Discord limits the rate."""
        at = self._clock.now() + timedelta(seconds=seconds)
        async with self._db.write(self._delivery.guild_id) as conn:
            await deliveries.retry_later(conn, self._delivery.id, at, unknown=self._unknown, detail="rate limited")
            await deliveries.postpone_destination(conn, self._destination.id, at)

    async def _not_found(self, error: discord.NotFound) -> None:
        """Handle an answer 404 by its error code: try again, settle the delivery or pause its destination."""
        if error.code == NO_JSON:
            await self._later("Discord was not reached (404)")
        elif error.code == UNKNOWN_MESSAGE:
            # Discord remembers the nonce, but the message was deleted.
            await self._settle(Outcome.DELETED)
        elif error.code == UNKNOWN_CHANNEL and self._destination.dm_channel_id is not None:
            # The stored DM channel no longer exists; the next try opens a new one.
            assert self._destination.person_id is not None  # Only a person has a DM channel.
            async with self._db.write(self._delivery.guild_id) as conn:
                await people.set_dm_channel(conn, self._destination.person_id, None)
            await self._later("the DM channel is gone")
        elif error.code == UNKNOWN_CHANNEL:
            await self._pause(Outcome.TARGET_GONE, "the channel no longer exists")
        else:
            await self._pause(Outcome.TARGET_GONE, f"Discord knows nothing there any more (404, {error.code})")

    async def _forbidden(self, error: discord.Forbidden) -> None:
        """Handle an answer 403: pause the destination. If a firewall or proxy sent the answer, try again instead."""
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
        """Return the names of the permissions that the bot lacks in the channel, as a list in words.

        Return "" if it lacks none.
        """
        guild = self._client.get_guild(self._destination.guild_id)
        channel = cast("Postable | None", guild and guild.get_channel_or_thread(self._destination.channel_id or 0))
        return joined(channel_permissions.missing(channel)) if channel is not None else "View Channel"

    async def _pause(self, outcome: Outcome, words: str) -> None:
        """Pause the destination and plan a notice about it.

        The delivery is sent after the pause. A confirmation or a notice is settled instead.
        """
        delivery, destination, now = self._delivery, self._destination, self._clock.now()
        log.warning("destination %d is paused: %s: %s", destination.id, outcome, words)
        async with self._db.write(self._delivery.guild_id) as conn:
            await destinations.pause(conn, destination.id, outcome, words)
            if delivery.kind in ("confirmation", "notice"):
                # Whoever asked for it learns of the failure at once. Sent after the pause, it would be out of date.
                await deliveries.settle(conn, delivery.id, outcome, now=now, detail=words)
            else:
                await deliveries.retry_later(conn, delivery.id, now, unknown=self._unknown, detail=words)
            await notices.plan(conn, delivery, destination, outcome, words, now=now)

    async def _refused(self, error: discord.HTTPException) -> None:
        """Handle a refused message: plan it again as plain text. If it was plain text, settle it and plan a notice.

        If Discord refused it because the thread is archived, pause the destination instead.
        """
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
