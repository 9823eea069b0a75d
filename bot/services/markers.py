"""Computes markers: hashes by which a message in Discord is matched with its delivery after a backup was restored.

A marker is made only of values that are the same before and after a restore. Ids of rows are not: a delivery that was
planned after the backup gets another id when it is planned again.
"""

from __future__ import annotations

import hashlib
from datetime import date

import msgspec
from msgspec import Struct

from bot.services import destinations
from data.database import Connection, to_text
from data.records import Confirmation, Delivery, Destination, Notice
from data.rows import fetch_one, fetch_value


async def of(conn: Connection, delivery: Delivery, destination: Destination) -> str:
    """Return the marker of a delivery, 16 hexadecimal digits. The delivery must not be settled yet.

    Return "" when the record, reminder or destination that the delivery is about was deleted: it will not be sent.
    """
    about = await _about(conn, delivery)
    return _mark(delivery, destination, about) if about is not None else ""


def of_digest(delivery: Delivery, destination: Destination, day: date) -> str:
    """Return the marker of the digest for the local date `day`, where `delivery` is any digest of the destination."""
    return _mark(delivery, destination, [day])


def _mark(delivery: Delivery, destination: Destination, about: list[object]) -> str:
    """Return a hash of the destination, the kind of the delivery and `about`, the values that identify the delivery."""
    parts = [*_identity(destination), delivery.kind, *about]
    return hashlib.blake2b(msgspec.json.encode(parts), digest_size=8).hexdigest()


def _identity(destination: Destination) -> list[object]:
    """Return the values that identify a destination: its guild, its type, and a Discord channel or user id."""
    if destination.channel_id is not None:
        return [destination.guild_id, "channel", destination.channel_id]
    return [destination.guild_id, "person", destination.user_id]


async def _about(conn: Connection, delivery: Delivery) -> list[object] | None:
    """Return the values by which a delivery differs from other deliveries of its kind to the same destination.

    Return None when the record, reminder or destination that the delivery is about was deleted.
    """
    if delivery.kind == "reminder":
        return await _about_reminder(conn, delivery)
    if delivery.kind in ("digest", "open"):
        return [delivery.day]  # Not due_at: it may differ when the message is planned again.
    due_at, payload = to_text(delivery.due_at), delivery.payload
    if isinstance(payload, Confirmation):
        return [payload.verb, payload.slug, payload.name, due_at]
    if isinstance(payload, Notice):
        broken = await destinations.find(conn, delivery.guild_id, payload.destination)
        return None if broken is None else [*_identity(broken), payload.kind, payload.outcome, due_at]
    return [delivery.batch, due_at]  # An alert.


class _OwnWords(Struct, frozen=True):
    """The words of a reminder, and the instant at which it was set, as stored. A marker is made from both."""

    words: str
    created_at: str


async def _about_reminder(conn: Connection, delivery: Delivery) -> list[object] | None:
    """Return the values by which a reminder differs from others, or None when its record or its row was deleted.

    The string constants are part of the markers in messages that were sent already: never change them.
    """
    at = to_text(delivery.due_at)
    if delivery.occasion in ("before", "overdue"):
        offset = "overdue" if delivery.days_before is None else delivery.days_before
        slug = await fetch_value(
            conn, str, "SELECT slug FROM record WHERE guild_id = ? AND id = ?", (delivery.guild_id, delivery.record_id)
        )
        return None if slug is None else ["item", slug, f"{delivery.due_on}:{offset}"]
    if delivery.occasion == "words":
        # Two reminders can have the same words and instant. They still differ in the time at which they were set.
        reminder = await fetch_one(
            conn,
            _OwnWords,
            "SELECT words, created_at FROM reminder WHERE id = ? AND destination_id = ?",
            (delivery.reminder_id, delivery.destination_id),
        )
        return None if reminder is None else ["words", reminder.words, reminder.created_at, at]
    slug = await fetch_value(
        conn,
        str,
        "SELECT r.slug FROM reminder m JOIN record r ON r.id = m.record_id WHERE m.id = ? AND m.destination_id = ?",
        (delivery.reminder_id, delivery.destination_id),
    )
    return None if slug is None else ["snooze", slug, at]
