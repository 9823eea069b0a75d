"""Destinations of messages, their delivery times and states.

A destination is a channel, or a user's direct messages about one server.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bot import dates
from bot.ledger.due_dates import delivery_time_of, was_planned
from bot.services import people, updates
from data.database import Connection, to_text
from data.records import Destination, Outcome
from data.rows import fetch_all, fetch_one, fetch_value, fetch_values

_SELECT = (
    "SELECT destination.id, destination.guild_id, destination.channel_id, destination.person_id, person.user_id, "
    "person.dm_channel_id, coalesce(destination.zone, person.zone, guild.zone) AS zone, destination.digest_at, "
    "destination.digest_days, destination.digested_to, destination.digests_sent, destination.mondays, "
    "destination.planned_on, destination.next_delivery_at, destination.state, destination.outcome, "
    "destination.reason, destination.set_up_by, destination.created_at "
    "FROM destination JOIN guild ON guild.guild_id = destination.guild_id "
    "LEFT JOIN person ON person.id = destination.person_id"
)
_IN_USE = "destination.state = 'active' AND guild.left_at IS NULL AND guild.set_up_at IS NOT NULL"
"""The SQL condition for destinations that are not paused, in servers that are set up and that the bot has not left."""


async def ensure_channel(
    conn: Connection, guild_id: int, channel_id: int, *, now: datetime, person_id: int
) -> Destination:
    """Return the destination of a channel. Create it if there is none, and resume it if it is paused.

    Digests to a new destination cover the updates that are entered from now on. `person_id` is who sets it up.
    """
    return await _ensure(conn, guild_id, "channel_id", channel_id, now, person_id)


async def ensure_person(conn: Connection, guild_id: int, person_id: int, *, now: datetime) -> Destination:
    """Return the destination of a person's direct messages about a server. Create it, or resume it if it is paused."""
    return await _ensure(conn, guild_id, "person_id", person_id, now, person_id)


@dataclass(frozen=True)
class PersonalDestination:
    """The destination (`place`) of a user's direct messages about a server. `was_paused`: it was resumed just now."""

    place: Destination
    person_id: int
    was_paused: bool


async def ensure_own(conn: Connection, guild_id: int, user_id: int, *, now: datetime) -> PersonalDestination:
    """Return the destination of a Discord user's direct messages about a server.

    Create it if there is none, and resume it if it is paused.
    """
    person = await people.ensure(conn, user_id)
    before = await find_person(conn, guild_id, person.id)
    destination = await ensure_person(conn, guild_id, person.id, now=now)
    return PersonalDestination(destination, person.id, was_paused=before is not None and before.state == "paused")


async def _ensure(
    conn: Connection, guild_id: int, column: str, target_id: int, now: datetime, person_id: int
) -> Destination:
    """Return the destination of a server that has `target_id` in `column` ("channel_id" or "person_id").

    Create it if there is none, and resume it if it is paused.
    """
    newest = await updates.newest_id(conn, guild_id)
    id_ = await fetch_value(
        conn,
        int,
        f"INSERT INTO destination (guild_id, {column}, digested_to, set_up_by, created_at) VALUES (?, ?, ?, ?, ?) "
        f"ON CONFLICT (guild_id, {column}) DO UPDATE SET state = 'active', outcome = '', reason = '' RETURNING id",
        (guild_id, target_id, newest, person_id, to_text(now)),
    )
    assert id_ is not None  # The row was inserted or updated.
    await schedule(conn, id_, now)
    return await get(conn, id_)


async def get(conn: Connection, destination_id: int) -> Destination:
    """Return the destination with an id that comes from a foreign key. For an id from a button, use `find`."""
    destination = await _find(conn, "destination.id = ?", destination_id)
    assert destination is not None  # The foreign key of that row ensures it.
    return destination


async def find(conn: Connection, guild_id: int, destination_id: int) -> Destination | None:
    """Return the destination with an id, or None when this server has no such destination."""
    return await _find(conn, "destination.guild_id = ? AND destination.id = ?", guild_id, destination_id)


async def find_channel(conn: Connection, guild_id: int, channel_id: int) -> Destination | None:
    """Return the destination of a channel, or None when there is none yet."""
    return await _find(conn, "destination.guild_id = ? AND destination.channel_id = ?", guild_id, channel_id)


async def find_person(conn: Connection, guild_id: int, person_id: int) -> Destination | None:
    """Return the destination of a person's direct messages about a server, or None when there is none yet."""
    return await _find(conn, "destination.guild_id = ? AND destination.person_id = ?", guild_id, person_id)


async def _find(conn: Connection, where: str, *values: int) -> Destination | None:
    return await fetch_one(conn, Destination, f"{_SELECT} WHERE {where}", values)


async def list_of_guild(conn: Connection, guild_id: int) -> list[Destination]:
    """Return all destinations of a server: its channels first, then people."""
    return await fetch_all(
        conn,
        Destination,
        f"{_SELECT} WHERE destination.guild_id = ? "
        "ORDER BY CASE WHEN destination.channel_id IS NULL THEN 1 ELSE 0 END, destination.id",
        (guild_id,),
    )


async def list_of_person(conn: Connection, person_id: int) -> list[Destination]:
    """Return a person's destinations, one for each server."""
    return await fetch_all(
        conn, Destination, f"{_SELECT} WHERE destination.person_id = ? ORDER BY destination.id", (person_id,)
    )


async def list_paused(conn: Connection, guild_id: int) -> list[Destination]:
    """Return the paused destinations of a server, except those of people who left the server."""
    return await fetch_all(
        conn,
        Destination,
        f"{_SELECT} WHERE destination.guild_id = ? AND destination.state = 'paused' AND destination.outcome <> ? "
        "ORDER BY destination.id",
        (guild_id, Outcome.LEFT_SERVER),
    )


async def needs_dm_channel(conn: Connection, destination_id: int) -> bool:
    """Return whether a DM channel has to be opened before anything can be sent to a destination."""
    person_id = await fetch_value(
        conn,
        int,
        "SELECT person.id FROM destination JOIN person ON person.id = destination.person_id "
        "WHERE destination.id = ? AND person.user_id IS NOT NULL AND person.dm_channel_id IS NULL",
        (destination_id,),
    )
    return person_id is not None


async def pause(conn: Connection, destination_id: int, outcome: Outcome, reason: str = "") -> None:
    """Pause a destination. Until it is resumed, nothing is sent there, and its planned deliveries wait.

    `outcome` is the outcome of the delivery that failed. `reason` says in words why it failed.
    """
    await conn.execute(
        "UPDATE destination SET state = 'paused', outcome = ?, reason = ? WHERE id = ?",
        (outcome, reason, destination_id),
    )


async def resume(conn: Connection, destination_id: int, now: datetime) -> None:
    """End the pause of a destination. Deliveries that are due are tried at once."""
    await conn.execute(
        "UPDATE destination SET state = 'active', outcome = '', reason = '' WHERE id = ?", (destination_id,)
    )
    await conn.execute(
        "UPDATE delivery SET next_try_at = ?1 WHERE destination_id = ?2 AND state = 'planned' AND due_at <= ?1 "
        "AND next_try_at > ?1",
        (to_text(now), destination_id),
    )
    await schedule(conn, destination_id, now)


async def set_digest(
    conn: Connection, destination_id: int, *, now: datetime, at: time | None, days: str | None = None
) -> Destination:
    """Set the digest of a destination to a local time on some ISO weekdays ("15": Monday, Friday).

    If `at` is None, the digest ends. If `days` is None, the weekdays stay as they are. A new digest covers the updates
    that are entered from now on.
    """
    before = await get(conn, destination_id)
    newest = await updates.newest_id(conn, before.guild_id)
    await conn.execute(
        "UPDATE destination SET digest_at = ?, digest_days = coalesce(?, digest_days), "
        "digested_to = CASE WHEN digest_at IS NULL THEN ? ELSE digested_to END WHERE id = ?",
        (at and f"{at:%H:%M}", days, newest, destination_id),
    )
    await schedule(conn, destination_id, now)
    return await get(conn, destination_id)


async def move_digest(conn: Connection, old: Destination, new: Destination, *, now: datetime) -> None:
    """Move the digest of one destination to another. The digest continues after the last update that it covered."""
    await conn.execute(
        "UPDATE destination SET (digest_at, digest_days, digested_to, digests_sent, mondays, planned_on) = "
        "(SELECT digest_at, digest_days, digested_to, digests_sent, mondays, planned_on FROM destination WHERE id = ?) "
        "WHERE id = ?",
        (old.id, new.id),
    )
    await conn.execute("UPDATE destination SET digest_at = NULL WHERE id = ?", (old.id,))
    for moved in (old, new):
        await schedule(conn, moved.id, now)


# Delivery times. A destination has a next delivery time if (a) it has a digest, (b) it is the channel chosen in /setup,
# or (c) it has a reminder of a pending item and the reminder is not muted.


async def schedule(conn: Connection, destination_id: int, now: datetime) -> None:
    """Compute and store the next delivery time of a destination, or store None when it needs none.

    Call this when the zone, the digest or the reminders of the destination change, or when another channel is chosen in
    `/setup`. If the stored delivery time has come but is not planned yet, it stays, so that it is not lost. A local
    date for which messages were planned before does not get a second delivery time.
    """
    destination = await get(conn, destination_id)
    if destination.next_delivery_at is not None and destination.next_delivery_at <= now:
        return
    await _set_next_delivery(conn, destination, now)


async def mark_planned(conn: Connection, destination_id: int, planned_on: date, now: datetime) -> None:
    """Store the last planned local date of a destination, and set its next delivery time after `now`."""
    await conn.execute("UPDATE destination SET planned_on = ? WHERE id = ?", (planned_on.isoformat(), destination_id))
    await _set_next_delivery(conn, await get(conn, destination_id), now)


async def _set_next_delivery(conn: Connection, destination: Destination, now: datetime) -> None:
    needs_one = await fetch_value(
        conn,
        int,
        "SELECT destination.id FROM destination JOIN guild ON guild.guild_id = destination.guild_id "
        "WHERE destination.id = ? AND (destination.digest_at IS NOT NULL OR destination.channel_id = guild.channel_id "
        "OR EXISTS (SELECT 1 FROM reminder WHERE reminder.destination_id = destination.id "
        "AND reminder.record_id IS NOT NULL AND reminder.muted = 0))",
        (destination.id,),
    )
    next_delivery_at = None
    if needs_one is not None:
        day, next_delivery_at = dates.next_local(now, destination.zone, delivery_time_of(destination))
        while was_planned(destination, day):
            day, next_delivery_at = dates.next_local(next_delivery_at, destination.zone, delivery_time_of(destination))
    await conn.execute(
        "UPDATE destination SET next_delivery_at = ? WHERE id = ?",
        (next_delivery_at and to_text(next_delivery_at), destination.id),
    )


async def schedule_guild(conn: Connection, guild_id: int, now: datetime) -> None:
    """Set the next delivery times of all destinations of a server after the server's zone or channel changed."""
    for destination in await list_of_guild(conn, guild_id):
        await schedule(conn, destination.id, now)


async def schedule_person(conn: Connection, person_id: int, now: datetime) -> None:
    """Set the next delivery times of all destinations of a person after the person's zone changed."""
    for destination in await list_of_person(conn, person_id):
        await schedule(conn, destination.id, now)


async def list_due(conn: Connection, now: datetime, limit: int = 200) -> list[Destination]:
    """Return up to `limit` destinations whose delivery time has come and is not planned yet, the earliest first."""
    return await fetch_all(
        conn,
        Destination,
        f"{_SELECT} WHERE destination.next_delivery_at <= ? AND {_IN_USE} "
        "ORDER BY destination.next_delivery_at LIMIT ?",
        (to_text(now), limit),
    )


async def list_misscheduled(conn: Connection, now: datetime) -> list[int]:
    """Return the ids of destinations whose next delivery time is over three days ahead, because a clock was wrong."""
    return await fetch_values(
        conn,
        int,
        "SELECT id FROM destination WHERE next_delivery_at > ? AND state = 'active'",
        (to_text(now + timedelta(days=3)),),
    )


async def next_delivery_at(conn: Connection) -> datetime | None:
    """Return the earliest next delivery time of all destinations, or None when no destination has one."""
    return await fetch_value(
        conn,
        datetime,
        "SELECT min(destination.next_delivery_at) FROM destination JOIN guild ON guild.guild_id = destination.guild_id "
        f"WHERE destination.next_delivery_at IS NOT NULL AND {_IN_USE}",
    )


def latest_delivery_time(destination: Destination, now: datetime) -> tuple[date, datetime]:
    """Return the latest delivery time of a destination that is not after `now`, as (local date, instant)."""
    day, instant = dates.next_local(now - timedelta(days=3), destination.zone, delivery_time_of(destination))
    while True:
        later_day, later = dates.next_local(instant, destination.zone, delivery_time_of(destination))
        if later > now:
            return day, instant
        day, instant = later_day, later
