"""Markers, by which a message is recognised after a restore: made of what is the same in every copy of the file.

The ids of rows are not: what was planned after a copy was made gets other ids when it is planned anew.
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
    """Return the marker of a delivery that is not settled, as 16 hexadecimal digits.

    Return "" where what it is about is no longer on file; such a message is not sent either.
    """
    about = await _about(conn, delivery)
    return _mark(delivery, destination, about) if about is not None else ""


def of_digest(delivery: Delivery, destination: Destination, day: date) -> str:
    """Return the marker of the same destination's digest of another nominal day."""
    return _mark(delivery, destination, [day])


def _mark(delivery: Delivery, destination: Destination, about: list[object]) -> str:
    made_of = [*_place(destination), delivery.kind, *about]
    return hashlib.blake2b(msgspec.json.encode(made_of), digest_size=8).hexdigest()


def _place(destination: Destination) -> list[object]:
    if destination.channel_id is not None:
        return [destination.guild_id, "channel", destination.channel_id]
    return [destination.guild_id, "person", destination.user_id]


async def _about(conn: Connection, delivery: Delivery) -> list[object] | None:
    """Return the values that identify a delivery among those of its kind and destination.

    None when what it is about was deleted.
    """
    if delivery.kind == "reminder":
        return await _about_reminder(conn, delivery)
    if delivery.kind in ("digest", "open"):
        return [delivery.day]  # The instant may be another one when it is planned anew.
    due_at, payload = to_text(delivery.due_at), delivery.payload
    if isinstance(payload, Confirmation):
        return [payload.verb, payload.slug, payload.name, due_at]
    if isinstance(payload, Notice):
        broken = await destinations.find(conn, delivery.guild_id, payload.destination)
        return None if broken is None else [*_place(broken), payload.kind, payload.outcome, due_at]
    return [delivery.batch, due_at]  # An alert.


class _OwnWords(Struct, frozen=True):
    """Own words as their reminder holds them, with the instant as text: it is what the marker is made of."""

    words: str
    created_at: str


async def _about_reminder(conn: Connection, delivery: Delivery) -> list[object] | None:
    """Return what a reminder is about. The words here are part of the markers of sent messages: never change them."""
    at = to_text(delivery.due_at)
    if delivery.occasion in ("before", "overdue"):
        offset = "overdue" if delivery.days_before is None else delivery.days_before
        slug = await fetch_value(
            conn, str, "SELECT slug FROM record WHERE guild_id = ? AND id = ?", (delivery.guild_id, delivery.record_id)
        )
        return None if slug is None else ["item", slug, f"{delivery.due_on}:{offset}"]
    if delivery.occasion == "words":
        # Two reminders may have the same words and instant; they were not set in the same millisecond.
        own = await fetch_one(
            conn,
            _OwnWords,
            "SELECT words, created_at FROM reminder WHERE id = ? AND destination_id = ?",
            (delivery.reminder_id, delivery.destination_id),
        )
        return None if own is None else ["words", own.words, own.created_at, at]
    slug = await fetch_value(
        conn,
        str,
        "SELECT r.slug FROM reminder m JOIN record r ON r.id = m.record_id WHERE m.id = ? AND m.destination_id = ?",
        (delivery.reminder_id, delivery.destination_id),
    )
    return None if slug is None else ["snooze", slug, at]
