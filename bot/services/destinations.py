"""Destinations: a channel of a server, or a person's DM about one server; with zone, hour and whether it works."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from bot import when
from bot.agenda import was_told
from bot.services import people, updates
from data.database import Connection, from_text, to_text
from data.records import Destination

DEFAULT_HOUR = time(9)
LEFT = "left the server"
"""Why a person's destination pauses once they are no longer a member; nothing more is planned for them."""

_SELECT = (
    "SELECT d.id, d.guild_id, d.channel_id, d.person_id, p.user_id, p.dm_channel_id, coalesce(d.zone, p.zone, k.zone), "
    "d.digest_at, d.digest_days, d.digested_to, d.digests_sent, d.mondays, d.hour_on, d.next_hour_at, d.state, "
    "d.outcome, d.reason, d.set_up_by, d.created_at "
    "FROM destination d JOIN desk k ON k.guild_id = d.guild_id LEFT JOIN person p ON p.id = d.person_id"
)


def _destination(row: Any) -> Destination:
    values = list(row)
    values[12] = date.fromisoformat(values[12]) if values[12] else None
    values[13] = from_text(values[13]) if values[13] else None
    values[18] = from_text(values[18])
    return Destination(*values)


async def ensure_channel(
    conn: Connection, guild_id: int, channel_id: int, *, now: datetime, person_id: int
) -> Destination:
    """The destination that is a channel, made on first use; a paused one tries again. It starts at now."""
    return await _ensure(conn, guild_id, "channel_id", channel_id, now, person_id)


async def ensure_person(conn: Connection, guild_id: int, person_id: int, *, now: datetime) -> Destination:
    """The destination that is a person's DM about one server, made on first use; a paused one tries again."""
    return await _ensure(conn, guild_id, "person_id", person_id, now, person_id)


@dataclass(frozen=True)
class Own:
    """Somebody's direct messages about one server, and whether they were paused until now."""

    place: Destination
    person_id: int
    was_paused: bool


async def ensure_own(conn: Connection, guild_id: int, user_id: int, *, now: datetime) -> Own:
    """The direct messages of who asks, made on first use; paused ones try again."""
    person = await people.ensure(conn, user_id)
    before = await find_person(conn, guild_id, person.id)
    place = await ensure_person(conn, guild_id, person.id, now=now)
    return Own(place, person.id, was_paused=before is not None and before.state == "paused")


async def _ensure(
    conn: Connection, guild_id: int, column: str, target_id: int, now: datetime, person_id: int
) -> Destination:
    newest = await updates.newest_id(conn, guild_id)
    rows = await conn.execute_fetchall(
        f"INSERT INTO destination (guild_id, {column}, digested_to, set_up_by, created_at) VALUES (?, ?, ?, ?, ?) "
        f"ON CONFLICT (guild_id, {column}) DO UPDATE SET state = 'active', outcome = '', reason = '' RETURNING id",
        (guild_id, target_id, newest, person_id, to_text(now)),
    )
    ((id_,),) = rows
    await schedule(conn, id_, now)
    return await get(conn, id_)


async def get(conn: Connection, destination_id: int) -> Destination:
    ((*row,),) = await conn.execute_fetchall(f"{_SELECT} WHERE d.id = ?", (destination_id,))
    return _destination(row)


async def find(conn: Connection, guild_id: int, destination_id: int) -> Destination | None:
    """A destination of this server, or None: an id of another server opens nothing."""
    return await _find(conn, "d.guild_id = ? AND d.id = ?", guild_id, destination_id)


async def find_channel(conn: Connection, guild_id: int, channel_id: int) -> Destination | None:
    return await _find(conn, "d.guild_id = ? AND d.channel_id = ?", guild_id, channel_id)


async def find_person(conn: Connection, guild_id: int, person_id: int) -> Destination | None:
    return await _find(conn, "d.guild_id = ? AND d.person_id = ?", guild_id, person_id)


async def _find(conn: Connection, where: str, *values: int) -> Destination | None:
    rows = list(await conn.execute_fetchall(f"{_SELECT} WHERE {where}", values))
    return _destination(rows[0]) if rows else None


async def list_of_desk(conn: Connection, guild_id: int) -> list[Destination]:
    """All destinations of a server: its channels first, then people."""
    rows = await conn.execute_fetchall(
        f"{_SELECT} WHERE d.guild_id = ? ORDER BY d.channel_id IS NULL, d.id", (guild_id,)
    )
    return [_destination(row) for row in rows]


async def list_of_person(conn: Connection, person_id: int) -> list[Destination]:
    """A person's destinations, one per server."""
    rows = await conn.execute_fetchall(f"{_SELECT} WHERE d.person_id = ? ORDER BY d.id", (person_id,))
    return [_destination(row) for row in rows]


async def list_paused(conn: Connection, guild_id: int) -> list[Destination]:
    """The destinations of a server that wait for somebody: paused, but not because a person left."""
    rows = await conn.execute_fetchall(
        f"{_SELECT} WHERE d.guild_id = ? AND d.state = 'paused' AND d.outcome <> ? ORDER BY d.id", (guild_id, LEFT)
    )
    return [_destination(row) for row in rows]


async def needs_dm_channel(conn: Connection, destination_id: int) -> bool:
    """Whether a DM channel has to be opened first; new ones are opened at a slow rate."""
    rows = await conn.execute_fetchall(
        "SELECT 1 FROM destination d JOIN person p ON p.id = d.person_id "
        "WHERE d.id = ? AND p.user_id IS NOT NULL AND p.dm_channel_id IS NULL",
        (destination_id,),
    )
    return bool(list(rows))


async def pause(conn: Connection, destination_id: int, outcome: str, reason: str = "") -> None:
    """Send nothing there until it is resumed; nothing planned for it is lost.

    `outcome` is that of the delivery that could not be made, `reason` says in words what stands in its way.
    """
    await conn.execute(
        "UPDATE destination SET state = 'paused', outcome = ?, reason = ? WHERE id = ?",
        (outcome, reason, destination_id),
    )


async def resume(conn: Connection, destination_id: int, now: datetime) -> None:
    """Tries again: what waited is due at once."""
    await conn.execute(
        "UPDATE destination SET state = 'active', outcome = '', reason = '' WHERE id = ?", (destination_id,)
    )
    await conn.execute(
        "UPDATE delivery SET next_try_at = min(next_try_at, ?) WHERE destination_id = ? AND state = 'planned' "
        "AND due_at <= ?",
        (to_text(now), destination_id, to_text(now)),
    )
    await schedule(conn, destination_id, now)


async def set_digest(
    conn: Connection, destination_id: int, *, now: datetime, at: time | None, days: str | None = None
) -> Destination:
    """A digest at this time on these ISO weekdays (none: as before); no time ends it. A new one starts at now."""
    before = await get(conn, destination_id)
    newest = await updates.newest_id(conn, before.guild_id)
    await conn.execute(
        "UPDATE destination SET digest_at = ?, digest_days = coalesce(?, digest_days), "
        "digested_to = iif(digest_at IS NULL, ?, digested_to) WHERE id = ?",
        (at and f"{at:%H:%M}", days, newest, destination_id),
    )
    await schedule(conn, destination_id, now)
    return await get(conn, destination_id)


async def move_digest(conn: Connection, old: Destination, new: Destination, *, now: datetime) -> None:
    """The digest of one destination goes on in another, from where it stands; no day of it comes twice."""
    await conn.execute(
        "UPDATE destination SET (digest_at, digest_days, digested_to, digests_sent, mondays, hour_on) = "
        "(SELECT digest_at, digest_days, digested_to, digests_sent, mondays, hour_on FROM destination WHERE id = ?) "
        "WHERE id = ?",
        (old.id, new.id),
    )
    await conn.execute("UPDATE destination SET digest_at = NULL WHERE id = ?", (old.id,))
    for moved in (old, new):
        await schedule(conn, moved.id, now)


def hour_of(destination: Destination) -> time:
    """The time on the wall at which a destination's day is told: its digest's, else nine."""
    return time.fromisoformat(destination.digest_at) if destination.digest_at else DEFAULT_HOUR


async def schedule(conn: Connection, destination_id: int, now: datetime) -> None:
    """Sets when the destination's hour falls next. Call it when its zone, digest, channel or reminders change.

    An hour that is due and not yet planned stays, or a change just then would lose it. A local date that was told
    does not come again when the zone or the hour moves. None when nothing can fall there.
    """
    destination = await get(conn, destination_id)
    if destination.next_hour_at is not None and destination.next_hour_at <= now:
        return
    await _set_hour(conn, destination, now)


async def mark_planned(conn: Connection, destination_id: int, hour_on: date, now: datetime) -> None:
    """The hour of this nominal local date is planned; the next one is the first after now."""
    await conn.execute("UPDATE destination SET hour_on = ? WHERE id = ?", (hour_on.isoformat(), destination_id))
    await _set_hour(conn, await get(conn, destination_id), now)


async def _set_hour(conn: Connection, destination: Destination, now: datetime) -> None:
    ((falls,),) = await conn.execute_fetchall(
        "SELECT d.digest_at IS NOT NULL OR d.channel_id = k.channel_id "
        "OR EXISTS (SELECT 1 FROM reminder r WHERE r.destination_id = d.id AND r.record_id IS NOT NULL "
        "  AND r.muted = 0) FROM destination d JOIN desk k ON k.guild_id = d.guild_id WHERE d.id = ?",
        (destination.id,),
    )
    next_hour = None
    if falls:
        day, next_hour = when.next_local(now, destination.zone, hour_of(destination))
        while was_told(destination, day):
            day, next_hour = when.next_local(next_hour, destination.zone, hour_of(destination))
    await conn.execute(
        "UPDATE destination SET next_hour_at = ? WHERE id = ?", (next_hour and to_text(next_hour), destination.id)
    )


async def schedule_desk(conn: Connection, guild_id: int, now: datetime) -> None:
    """The server's zone or channel changed: every hour there is looked at again."""
    for destination in await list_of_desk(conn, guild_id):
        await schedule(conn, destination.id, now)


async def schedule_person(conn: Connection, person_id: int, now: datetime) -> None:
    """A person's zone changed: their hour in each server is looked at again."""
    for destination in await list_of_person(conn, person_id):
        await schedule(conn, destination.id, now)


async def due_hours(conn: Connection, now: datetime, limit: int = 200) -> list[Destination]:
    """The destinations whose hour has come: active ones, in servers where the bot is and that are set up."""
    rows = await conn.execute_fetchall(
        f"{_SELECT} WHERE d.next_hour_at <= ? AND d.state = 'active' AND k.left_at IS NULL AND k.set_up_at IS NOT NULL "
        "ORDER BY d.next_hour_at LIMIT ?",
        (to_text(now), limit),
    )
    return [_destination(row) for row in rows]


async def set_by_a_wrong_clock(conn: Connection, now: datetime) -> list[int]:
    """The destinations whose next hour lies further ahead than an hour of every day can."""
    rows = await conn.execute_fetchall(
        "SELECT id FROM destination WHERE next_hour_at > ? AND state = 'active'", (to_text(now + timedelta(days=3)),)
    )
    return [id_ for (id_,) in rows]


async def next_hour(conn: Connection) -> datetime | None:
    """When the next hour of all destinations falls."""
    ((text,),) = await conn.execute_fetchall(
        "SELECT min(d.next_hour_at) FROM destination d JOIN desk k ON k.guild_id = d.guild_id "
        "WHERE d.state = 'active' AND d.next_hour_at IS NOT NULL AND k.left_at IS NULL AND k.set_up_at IS NOT NULL"
    )
    return from_text(text) if text else None


def latest_hour(destination: Destination, now: datetime) -> tuple[date, datetime]:
    """The latest hour of a destination at or before now: of several missed ones it is the one that is told."""
    day, instant = when.next_local(now - timedelta(days=3), destination.zone, hour_of(destination))
    while True:
        later_day, later = when.next_local(instant, destination.zone, hour_of(destination))
        if later > now:
            return day, instant
        day, instant = later_day, later
