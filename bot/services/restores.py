"""Restores: which deliveries may have been sent before a copy took the place of the file, and after the copy was made.

`bot/backup.py` notes beside the restored rows up to when the copy knows what was sent (the newest instant at which it
looked at what is due or settled a delivery; an earlier one is as good, it only means more history to read) and which
delivery was its newest. The first look after the restore ends the span: until then nothing was sent from this file.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import msgspec
from msgspec import Struct

from bot.ledger.changes import SETTLED_AFTER
from bot.services import deliveries, markers, updates
from data.database import Connection, Database, to_text
from data.records import Delivery, Destination
from data.rows import fetch_value

KEY = "restored"  # Of the row in meta.


class Restored(Struct, frozen=True):
    """A copy that took the database's place. `until` is None before the first look after that."""

    known_to: datetime
    newest: int
    until: datetime | None = None


class FoundMessage(Struct, frozen=True):
    """A delivery's message as the history shows it. `marker` is "" where the first release sent it."""

    message_id: int
    sent_at: datetime
    nonce: str
    marker: str


async def begin(db: Database, now: datetime) -> Restored | None:
    """Return the newest restore of this file, whose span ends at the first call; None without one."""
    restored = await _newest(db.read)
    if restored is not None and restored.until is None:
        restored = msgspec.structs.replace(restored, until=now)
        async with db.write(None) as conn:
            value = msgspec.json.encode(restored).decode()
            await conn.execute("UPDATE meta SET value = ? WHERE key = ?", (value, KEY))
    return restored


async def clean_up(conn: Connection, now: datetime) -> None:
    """Forget a restore after as long as a delivery can wait."""
    restored = await _newest(conn)
    if restored is not None and restored.until is not None and restored.until < now - deliveries.KEPT_FOR:
        await conn.execute("DELETE FROM meta WHERE key = ?", (KEY,))


async def _newest(conn: Connection) -> Restored | None:
    return await fetch_value(conn, Restored, "SELECT value FROM meta WHERE key = ?", (KEY,))


def may_have_come(restored: Restored, delivery: Delivery) -> bool:
    """Return whether a delivery may have been sent before the restore: it can have been due before that."""
    return restored.until is not None and earliest(delivery) <= restored.until


def earliest(delivery: Delivery) -> datetime:
    """Return the earliest instant at which a delivery can have fallen due.

    What belongs to a local date may have been planned anew for a later hour; its date stays.
    """
    day: date | None = None
    if delivery.day is not None:
        day = delivery.day
    elif delivery.due_on is not None:
        day = delivery.due_on - timedelta(days=delivery.days_before or 0)
    if day is None:
        return delivery.due_at
    return min(delivery.due_at, datetime.combine(day - timedelta(days=1), time(), UTC))  # Zones differ by a day.


async def find_sent(
    conn: Connection, delivery: Delivery, destination: Destination, found: list[FoundMessage]
) -> FoundMessage | None:
    """Return the message among `found` that is this delivery, by its nonce, else by its marker; None without one."""
    for one in found:
        if one.nonce == delivery.nonce:
            return one
    marker = await markers.of(conn, delivery, destination)
    marked = [one for one in found if marker and one.marker == marker]
    others = await deliveries.known_nonces(conn, [one.nonce for one in marked])  # They are other deliveries already.
    return next((one for one in marked if one.nonce not in others), None)


async def is_in_doubt(
    conn: Connection, restored: Restored, delivery: Delivery, found: list[FoundMessage], margin: timedelta
) -> bool:
    """Return whether one of these messages may be the delivery, which none of them is by its nonce or marker.

    What the copy held planned has the nonce that it was sent with. What was planned anew has another one, so any
    message without a marker may be it, unless that message is a delivery of this file.
    """
    if delivery.id <= restored.newest:
        return False
    since = earliest(delivery) - margin
    unmarked = [one.nonce for one in found if not one.marker and one.sent_at >= since]
    return len(await deliveries.known_nonces(conn, unmarked)) < len(set(unmarked))


async def settle_found(
    conn: Connection, delivery: Delivery, found: FoundMessage, *, channel_id: int, now: datetime
) -> None:
    """Settle a delivery that was sent before the restore; the buttons of its message belong to it from now on.

    A digest that was planned anew may have read further than the one that was sent.
    """
    read_to = await _settled_to(conn, delivery, found.sent_at)
    await conn.execute(
        "UPDATE delivery SET nonce = ?1, read_to = CASE WHEN read_to > ?2 THEN ?2 ELSE read_to END WHERE id = ?3",
        (found.nonce, read_to, delivery.id),
    )
    await deliveries.settle(
        conn, delivery.id, deliveries.DELIVERED, now=now, channel_id=channel_id, message_id=found.message_id
    )


async def settle_earlier_digests(
    conn: Connection,
    restored: Restored,
    delivery: Delivery,
    destination: Destination,
    found: list[FoundMessage],
    channel_id: int,
    *,
    now: datetime,
) -> None:
    """Note the digests of earlier days that were sent before the restore.

    Several missed delivery times are told as one, so only the latest day's digest is planned anew. What an earlier one
    told is not told again.
    """
    by_marker = {one.marker: one for one in found if one.marker}
    last = delivery.day
    assert last is not None  # Every digest has one.
    day = restored.known_to.date() - timedelta(days=1)
    while day < last:
        earlier = by_marker.get(markers.of_digest(delivery, destination, day))
        if earlier is not None:
            read_to = await _settled_to(conn, delivery, earlier.sent_at)
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


async def _settled_to(conn: Connection, delivery: Delivery, at: datetime) -> int:
    """Return the newest update that a digest sent at that instant can have told: none that could still be undone."""
    young = await fetch_value(
        conn,
        int,
        "SELECT min(id) FROM ledger WHERE guild_id = ?1 "
        "AND (entered_at > ?2 OR (origin = 'editor' AND entered_at > ?3))",
        (delivery.guild_id, to_text(at), to_text(at - SETTLED_AFTER)),
    )
    return await updates.newest_id(conn, delivery.guild_id) if young is None else young - 1
