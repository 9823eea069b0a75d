"""Finds deliveries that were sent before the database was replaced by an older copy, so that none is sent twice.

The copy does not know what was sent after it was made. `bot/backup.py` stores in the table `meta` up to which instant
the copy knows everything. Deliveries that may have been sent later are searched for in the history of their channel.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import msgspec
from msgspec import Struct

from bot.ledger.changes import SETTLED_AFTER
from bot.services import deliveries, markers, updates
from data.database import Connection, Database, to_text
from data.records import Delivery, Destination, Outcome
from data.rows import fetch_value

KEY = "restored"
"""The key of the row in the table `meta` that holds a `Restored` as JSON."""


class Restored(Struct, frozen=True):
    """A restore: a copy took the place of the database.

    `known_to`: the copy knows everything that was sent up to this instant. It may also know of later messages.
    `newest`: the highest delivery id in the copy.
    `until`: the instant at which the bot first ran on the copy, None before. A delivery that is due after this instant
    was not sent before the restore.
    """

    known_to: datetime
    newest: int
    until: datetime | None = None


class FoundMessage(Struct, frozen=True):
    """A message that the bot sent as a delivery, found in the history of a channel.

    Its buttons carry `nonce` and `marker`. Messages of the first release have no marker ("").
    """

    message_id: int
    sent_at: datetime
    nonce: str
    marker: str


async def begin(db: Database, now: datetime) -> Restored | None:
    """Return the latest restore of this database, or None when none is stored.

    The first call after a restore opens a transaction and stores `now` in the `until` of that restore.
    """
    restored = await _stored(db.read)
    if restored is not None and restored.until is None:
        restored = msgspec.structs.replace(restored, until=now)
        async with db.write(None) as conn:
            value = msgspec.json.encode(restored).decode()
            await conn.execute("UPDATE meta SET value = ? WHERE key = ?", (value, KEY))
    return restored


async def clean_up(conn: Connection, now: datetime) -> None:
    """Delete the stored restore after 90 days, because no delivery waits longer than that."""
    restored = await _stored(conn)
    if restored is not None and restored.until is not None and restored.until < now - deliveries.KEPT_FOR:
        await conn.execute("DELETE FROM meta WHERE key = ?", (KEY,))


async def _stored(conn: Connection) -> Restored | None:
    """Return the latest restore, or None when none is stored."""
    return await fetch_value(conn, Restored, "SELECT value FROM meta WHERE key = ?", (KEY,))


def may_have_come(restored: Restored, delivery: Delivery) -> bool:
    """Return whether a delivery may have been due, and therefore sent, before the restore."""
    return restored.until is not None and earliest(delivery) <= restored.until


def earliest(delivery: Delivery) -> datetime:
    """Return the earliest instant at which a delivery can have been due before the restore.

    A delivery with a local date (a digest, a list *Still open*, a reminder of a due date) may have been due at another
    time of this date in the replaced file. The result for such a delivery is at the latest 00:00 UTC on the day before
    the date, which is early enough in every zone. For any other delivery the result is `due_at`.
    """
    day: date | None = None
    if delivery.day is not None:
        day = delivery.day
    elif delivery.due_on is not None:
        day = delivery.due_on - timedelta(days=delivery.days_before or 0)
    if day is None:
        return delivery.due_at
    return min(delivery.due_at, datetime.combine(day - timedelta(days=1), time(), UTC))


async def find_sent(
    conn: Connection, delivery: Delivery, destination: Destination, history: list[FoundMessage]
) -> FoundMessage | None:
    """Return the message in a channel's history that was sent for a delivery, or None when there is none.

    It is the message with the delivery's nonce. If there is none, it is the message with the delivery's marker, unless
    the nonce of that message belongs to another delivery.
    """
    for message in history:
        if message.nonce == delivery.nonce:
            return message
    marker = await markers.of(conn, delivery, destination)
    marked = [message for message in history if marker and message.marker == marker]
    taken = await deliveries.known_nonces(conn, [message.nonce for message in marked])
    return next((message for message in marked if message.nonce not in taken), None)


async def is_in_doubt(
    conn: Connection, restored: Restored, delivery: Delivery, history: list[FoundMessage], margin: timedelta
) -> bool:
    """Return whether a channel's history has a message that may be the delivery, although `find_sent` found none.

    Such a message has no marker, its nonce belongs to no known delivery, and it was not sent earlier than `margin`
    before the delivery can have been due. A delivery that the restored backup contains is never in doubt, because
    `find_sent` finds its message by the nonce.
    """
    if delivery.id <= restored.newest:
        return False
    since = earliest(delivery) - margin
    unmarked = [message.nonce for message in history if not message.marker and message.sent_at >= since]
    return len(await deliveries.known_nonces(conn, unmarked)) < len(set(unmarked))


async def settle_found(
    conn: Connection, delivery: Delivery, message: FoundMessage, *, channel_id: int, now: datetime
) -> None:
    """Settle a delivery whose message was sent before the restore. It takes the nonce that the message's buttons carry.

    A digest that was planned after the restore may cover more updates than the digest that was sent. Its `read_to` is
    lowered to what was sent, so that the next digest reports the other updates.
    """
    read_to = await _reported_to(conn, delivery, message.sent_at)
    await conn.execute(
        "UPDATE delivery SET nonce = ?1, read_to = CASE WHEN read_to > ?2 THEN ?2 ELSE read_to END WHERE id = ?3",
        (message.nonce, read_to, delivery.id),
    )
    await deliveries.settle(
        conn, delivery.id, Outcome.DELIVERED, now=now, channel_id=channel_id, message_id=message.message_id
    )


async def settle_earlier_digests(
    conn: Connection,
    restored: Restored,
    delivery: Delivery,
    destination: Destination,
    history: list[FoundMessage],
    channel_id: int,
    *,
    now: datetime,
) -> None:
    """Store a delivered digest for each earlier day whose digest message is in the channel's history.

    After a restore only one digest is planned: `delivery`, for the latest day missed. If the digests of earlier days
    were not stored, it would repeat the updates that they reported.
    """
    by_marker = {message.marker: message for message in history if message.marker}
    digest_day = delivery.day
    assert digest_day is not None  # Every digest has one.
    day = restored.known_to.date() - timedelta(days=1)
    while day < digest_day:
        earlier = by_marker.get(markers.of_digest(delivery, destination, day))
        if earlier is not None:
            read_to = await _reported_to(conn, delivery, earlier.sent_at)
            await deliveries.note_digest(
                conn,
                delivery,
                day,
                read_to,
                at=earlier.sent_at,
                now=now,
                nonce=earlier.nonce,
                channel_id=channel_id,
                message_id=earlier.message_id,
            )
        day += timedelta(days=1)


async def _reported_to(conn: Connection, delivery: Delivery, at: datetime) -> int:
    """Return the id of the newest update that a digest sent at the instant `at` can have reported.

    Updates that could still be undone at that instant were not reported.
    """
    first_unreported = await fetch_value(
        conn,
        int,
        "SELECT min(id) FROM ledger WHERE guild_id = ?1 "
        "AND (entered_at > ?2 OR (origin = 'editor' AND entered_at > ?3))",
        (delivery.guild_id, to_text(at), to_text(at - SETTLED_AFTER)),
    )
    return await updates.newest_id(conn, delivery.guild_id) if first_unreported is None else first_unreported - 1
