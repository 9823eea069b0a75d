"""Destinations: a channel of a server, or a person's DM about one server; with zone, hour and whether it works."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bot import dates
from bot.ledger.due_dates import was_told
from bot.services import people, updates
from data.database import Connection, to_text
from data.records import Destination
from data.rows import fetch_all, fetch_one, fetch_value, fetch_values

DEFAULT_HOUR = time(9)
LEFT = "left the server"
"""Why a person's destination pauses once they are no longer a member; nothing more is planned for them."""

_SELECT = (
    "SELECT d.id, d.guild_id, d.channel_id, d.person_id, p.user_id, p.dm_channel_id, "
    "coalesce(d.zone, p.zone, k.zone) AS zone, "
    "d.digest_at, d.digest_days, d.digested_to, d.digests_sent, d.mondays, d.planned_on, d.next_delivery_at, d.state, "
    "d.outcome, d.reason, d.set_up_by, d.created_at "
    "FROM destination d JOIN guild k ON k.guild_id = d.guild_id LEFT JOIN person p ON p.id = d.person_id"
)


async def ensure_channel(
    conn: Connection, guild_id: int, channel_id: int, *, now: datetime, person_id: int
) -> Destination:
    """Return the destination that is a channel, made on first use; a paused one tries again. It starts at now."""
    return await _ensure(conn, guild_id, "channel_id", channel_id, now, person_id)


async def ensure_person(conn: Connection, guild_id: int, person_id: int, *, now: datetime) -> Destination:
    """Return the destination that is a person's DM about one server, made on first use; a paused one tries again."""
    return await _ensure(conn, guild_id, "person_id", person_id, now, person_id)


@dataclass(frozen=True)
class PersonalDestination:
    """Somebody's direct messages about one server, and whether they were paused until now."""

    place: Destination
    person_id: int
    was_paused: bool


async def ensure_own(conn: Connection, guild_id: int, user_id: int, *, now: datetime) -> PersonalDestination:
    """Return the direct messages of who asks, made on first use; paused ones try again."""
    person = await people.ensure(conn, user_id)
    before = await find_person(conn, guild_id, person.id)
    place = await ensure_person(conn, guild_id, person.id, now=now)
    return PersonalDestination(place, person.id, was_paused=before is not None and before.state == "paused")


async def _ensure(
    conn: Connection, guild_id: int, column: str, target_id: int, now: datetime, person_id: int
) -> Destination:
    newest = await updates.newest_id(conn, guild_id)
    id_ = await fetch_value(
        conn,
        int,
        f"INSERT INTO destination (guild_id, {column}, digested_to, set_up_by, created_at) VALUES (?, ?, ?, ?, ?) "
        f"ON CONFLICT (guild_id, {column}) DO UPDATE SET state = 'active', outcome = '', reason = '' RETURNING id",
        (guild_id, target_id, newest, person_id, to_text(now)),
    )
    assert id_ is not None  # Made, or there.
    await schedule(conn, id_, now)
    return await get(conn, id_)


async def get(conn: Connection, destination_id: int) -> Destination:
    """Return a destination by the id of its row, which some other row holds."""
    found = await _find(conn, "d.id = ?", destination_id)
    assert found is not None  # A foreign key sees to it.
    return found


async def find(conn: Connection, guild_id: int, destination_id: int) -> Destination | None:
    """Return a destination of this server, or None: an id of another server opens nothing."""
    return await _find(conn, "d.guild_id = ? AND d.id = ?", guild_id, destination_id)


async def find_channel(conn: Connection, guild_id: int, channel_id: int) -> Destination | None:
    """Return the destination that is this channel, or None without one."""
    return await _find(conn, "d.guild_id = ? AND d.channel_id = ?", guild_id, channel_id)


async def find_person(conn: Connection, guild_id: int, person_id: int) -> Destination | None:
    """Return the destination that is a person's DM about this server, or None without one."""
    return await _find(conn, "d.guild_id = ? AND d.person_id = ?", guild_id, person_id)


async def _find(conn: Connection, where: str, *values: int) -> Destination | None:
    return await fetch_one(conn, Destination, f"{_SELECT} WHERE {where}", values)


async def list_of_guild(conn: Connection, guild_id: int) -> list[Destination]:
    """Return all destinations of a server: its channels first, then people."""
    return await fetch_all(
        conn,
        Destination,
        f"{_SELECT} WHERE d.guild_id = ? ORDER BY CASE WHEN d.channel_id IS NULL THEN 1 ELSE 0 END, d.id",
        (guild_id,),
    )


async def list_of_person(conn: Connection, person_id: int) -> list[Destination]:
    """Return a person's destinations, one per server."""
    return await fetch_all(conn, Destination, f"{_SELECT} WHERE d.person_id = ? ORDER BY d.id", (person_id,))


async def list_paused(conn: Connection, guild_id: int) -> list[Destination]:
    """Return the destinations of a server that wait for somebody: paused, but not because a person left."""
    return await fetch_all(
        conn,
        Destination,
        f"{_SELECT} WHERE d.guild_id = ? AND d.state = 'paused' AND d.outcome <> ? ORDER BY d.id",
        (guild_id, LEFT),
    )


async def needs_dm_channel(conn: Connection, destination_id: int) -> bool:
    """Return whether a DM channel has to be opened first; new ones are opened at a slow rate."""
    person_id = await fetch_value(
        conn,
        int,
        "SELECT p.id FROM destination d JOIN person p ON p.id = d.person_id "
        "WHERE d.id = ? AND p.user_id IS NOT NULL AND p.dm_channel_id IS NULL",
        (destination_id,),
    )
    return person_id is not None


async def pause(conn: Connection, destination_id: int, outcome: str, reason: str = "") -> None:
    """Send nothing there until it is resumed; nothing planned for it is lost.

    `outcome` is that of the delivery that could not be made, `reason` says in words what stands in its way.
    """
    await conn.execute(
        "UPDATE destination SET state = 'paused', outcome = ?, reason = ? WHERE id = ?",
        (outcome, reason, destination_id),
    )


async def resume(conn: Connection, destination_id: int, now: datetime) -> None:
    """Try again: what waited is due at once."""
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
    """Set a digest at this time on these ISO weekdays (none: as before); no time ends it. A new one starts at now."""
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
    """Let the digest of one destination go on in another, from where it stands; no day of it comes twice."""
    await conn.execute(
        "UPDATE destination SET (digest_at, digest_days, digested_to, digests_sent, mondays, planned_on) = "
        "(SELECT digest_at, digest_days, digested_to, digests_sent, mondays, planned_on FROM destination WHERE id = ?) "
        "WHERE id = ?",
        (old.id, new.id),
    )
    await conn.execute("UPDATE destination SET digest_at = NULL WHERE id = ?", (old.id,))
    for moved in (old, new):
        await schedule(conn, moved.id, now)


def hour_of(destination: Destination) -> time:
    """Return the time on the wall at which a destination's day is told: its digest's, else nine."""
    return time.fromisoformat(destination.digest_at) if destination.digest_at else DEFAULT_HOUR


async def schedule(conn: Connection, destination_id: int, now: datetime) -> None:
    """Set when the destination's hour falls next. Call it when its zone, digest, channel or reminders change.

    An hour that is due and not yet planned stays, or a change just then would lose it. A local date that was told
    does not come again when the zone or the hour moves. None when nothing can fall there.
    """
    destination = await get(conn, destination_id)
    if destination.next_delivery_at is not None and destination.next_delivery_at <= now:
        return
    await _set_hour(conn, destination, now)


async def mark_planned(conn: Connection, destination_id: int, planned_on: date, now: datetime) -> None:
    """Note that the hour of this nominal local date is planned; the next one is the first after now."""
    await conn.execute("UPDATE destination SET planned_on = ? WHERE id = ?", (planned_on.isoformat(), destination_id))
    await _set_hour(conn, await get(conn, destination_id), now)


async def _set_hour(conn: Connection, destination: Destination, now: datetime) -> None:
    falls = await fetch_value(
        conn,
        int,
        "SELECT d.id FROM destination d JOIN guild k ON k.guild_id = d.guild_id WHERE d.id = ? "
        "AND (d.digest_at IS NOT NULL OR d.channel_id = k.channel_id OR EXISTS (SELECT 1 FROM reminder r "
        "WHERE r.destination_id = d.id AND r.record_id IS NOT NULL AND r.muted = 0))",
        (destination.id,),
    )
    next_hour = None
    if falls is not None:
        day, next_hour = dates.next_local(now, destination.zone, hour_of(destination))
        while was_told(destination, day):
            day, next_hour = dates.next_local(next_hour, destination.zone, hour_of(destination))
    await conn.execute(
        "UPDATE destination SET next_delivery_at = ? WHERE id = ?", (next_hour and to_text(next_hour), destination.id)
    )


async def schedule_guild(conn: Connection, guild_id: int, now: datetime) -> None:
    """Look at every hour of a server again, as its zone or channel changed."""
    for destination in await list_of_guild(conn, guild_id):
        await schedule(conn, destination.id, now)


async def schedule_person(conn: Connection, person_id: int, now: datetime) -> None:
    """Look at a person's hour in each server again, as their zone changed."""
    for destination in await list_of_person(conn, person_id):
        await schedule(conn, destination.id, now)


async def due_hours(conn: Connection, now: datetime, limit: int = 200) -> list[Destination]:
    """Return the destinations whose hour has come: active ones, in servers where the bot is and that are set up."""
    return await fetch_all(
        conn,
        Destination,
        f"{_SELECT} WHERE d.next_delivery_at <= ? AND d.state = 'active' AND k.left_at IS NULL AND k.set_up_at IS NOT NULL "
        "ORDER BY d.next_delivery_at LIMIT ?",
        (to_text(now), limit),
    )


async def set_by_a_wrong_clock(conn: Connection, now: datetime) -> list[int]:
    """Return the destinations whose next hour lies further ahead than an hour of every day can."""
    return await fetch_values(
        conn,
        int,
        "SELECT id FROM destination WHERE next_delivery_at > ? AND state = 'active'",
        (to_text(now + timedelta(days=3)),),
    )


async def next_hour(conn: Connection) -> datetime | None:
    """Return when the next hour of all destinations falls, or None without one."""
    return await fetch_value(
        conn,
        datetime,
        "SELECT min(d.next_delivery_at) FROM destination d JOIN guild k ON k.guild_id = d.guild_id "
        "WHERE d.state = 'active' AND d.next_delivery_at IS NOT NULL AND k.left_at IS NULL AND k.set_up_at IS NOT NULL",
    )


def latest_hour(destination: Destination, now: datetime) -> tuple[date, datetime]:
    """Return the latest hour of a destination at or before now: of several missed ones it is the one that is told."""
    day, instant = dates.next_local(now - timedelta(days=3), destination.zone, hour_of(destination))
    while True:
        later_day, later = dates.next_local(instant, destination.zone, hour_of(destination))
        if later > now:
            return day, instant
        day, instant = later_day, later
