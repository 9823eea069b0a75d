"""Explains why a message was sent (which follow, reminder or digest caused it), and mutes reminders."""

from __future__ import annotations

from datetime import datetime

from bot.errors import UserError
from bot.services import alerts, deliveries, destinations, follows, people
from data.database import Connection, to_text
from data.records import Delivery, Destination, Follow, Why
from data.rows import fetch_value


async def explain(conn: Connection, guild_id: int, nonce: str) -> Why:
    """Return the delivery with a nonce, and what caused the delivery. The *Why this?* button shows the result.

    Raise UserError when the guild has no such delivery, for example because it was deleted after 90 days.
    """
    delivery = await deliveries.find_by_nonce(conn, guild_id, nonce)
    if delivery is None:
        raise UserError(
            "What this message was about is no longer on file; such notes are kept for 90 days. Nothing was changed. "
            "/follow list and /remind list show what you are told of."
        )
    destination = await destinations.get(conn, delivery.destination_id)
    setter = await people.get(conn, destination.set_up_by) if destination.set_up_by is not None else None
    through: list[Follow] = []
    if delivery.kind == "alert":
        ids = await alerts.follows_through(conn, delivery)
        through = [await follows.get(conn, follow_id) for follow_id in ids]
    item = await _item(conn, delivery)
    muted = await fetch_value(
        conn, bool, "SELECT muted FROM reminder WHERE destination_id = ? AND record_id = ?", (destination.id, item)
    )
    return Why(
        delivery,
        destination,
        await deliveries.about(conn, delivery),
        setter and setter.user_id,
        through,
        item,
        bool(muted),
    )


async def _item(conn: Connection, delivery: Delivery) -> int | None:
    """Return the record id of the pending item that a reminder is about.

    Return None for other deliveries, for reminders in somebody's own words and for reminders that were deleted.
    """
    if delivery.kind != "reminder":
        return None
    if delivery.record_id is not None:
        return delivery.record_id
    return await fetch_value(
        conn,
        int,
        "SELECT record_id FROM reminder WHERE id = ? AND destination_id = ?",
        (delivery.reminder_id, delivery.destination_id),
    )


async def mute_item(
    conn: Connection, destination: Destination, record_id: int, *, now: datetime, person_id: int
) -> None:
    """Mute a destination's reminders of a pending item, and end the snooze if there is one.

    The reminders stay muted until somebody sets or snoozes them again at this destination. Raise UserError when the
    destination's guild has no record with this id.
    """
    known_id = await fetch_value(
        conn, int, "SELECT id FROM record WHERE id = ? AND guild_id = ?", (record_id, destination.guild_id)
    )
    if known_id is None:
        raise UserError("That item is not on file in this server. Nothing was changed.")
    await conn.execute(
        "INSERT INTO reminder (destination_id, record_id, muted, created_by, created_at) VALUES (?, ?, 1, ?, ?) "
        "ON CONFLICT (destination_id, record_id) WHERE record_id IS NOT NULL "
        "DO UPDATE SET muted = 1, snoozed_until = NULL",
        (destination.id, record_id, person_id, to_text(now)),
    )
    await destinations.schedule(conn, destination.id, now)


async def mute_undated(conn: Connection, destination: Destination, *, now: datetime) -> int:
    """Mute a destination's reminders of items without a due date. Return how many reminders this muted."""
    cursor = await conn.execute(
        "UPDATE reminder SET muted = 1 WHERE destination_id = ? AND muted = 0 "
        "AND record_id IN (SELECT id FROM record WHERE guild_id = ? AND due_on IS NULL)",
        (destination.id, destination.guild_id),
    )
    await destinations.schedule(conn, destination.id, now)
    return cursor.rowcount
