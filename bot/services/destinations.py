"""Destinations: a channel of a server, or a user's DM about one server, with zone, delivery time and state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bot import dates
from bot.ledger.due_dates import was_told
from bot.services import people, updates
from data.database import Connection, to_text
from data.records import Destination, Outcome
from data.rows import fetch_all, fetch_one, fetch_value, fetch_values

DEFAULT_DELIVERY_TIME = time(9)

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
    """Return the destination of a channel, made on first use; resume a paused one. A new one starts at now."""
    return await _ensure(conn, guild_id, "channel_id", channel_id, now, person_id)


async def ensure_person(conn: Connection, guild_id: int, person_id: int, *, now: datetime) -> Destination:
    """Return the destination of a person's DM about one server, made on first use; resume a paused one."""
    return await _ensure(conn, guild_id, "person_id", person_id, now, person_id)


@dataclass(frozen=True)
class PersonalDestination:
    """Somebody's direct messages about one server, and whether they were paused until now."""

    place: Destination
    person_id: int
    was_paused: bool


async def ensure_own(conn: Connection, guild_id: int, user_id: int, *, now: datetime) -> PersonalDestination:
    """Return a user's direct messages about a guild, made or resumed as needed, and whether they were paused before."""
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
    """Return the destination with an id from a foreign key, so it exists. Use `find` for an id from outside."""
    found = await _find(conn, "d.id = ?", destination_id)
    assert found is not None  # A foreign key sees to it.
    return found


async def find(conn: Connection, guild_id: int, destination_id: int) -> Destination | None:
    """Return a destination of this server, or None: an id of another server opens nothing."""
    return await _find(conn, "d.guild_id = ? AND d.id = ?", guild_id, destination_id)


async def find_channel(conn: Connection, guild_id: int, channel_id: int) -> Destination | None:
    """Return the destination of this channel, or None without one."""
    return await _find(conn, "d.guild_id = ? AND d.channel_id = ?", guild_id, channel_id)


async def find_person(conn: Connection, guild_id: int, person_id: int) -> Destination | None:
    """Return the destination of a person's DM about this server, or None without one."""
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
    """Return the paused destinations of a server that somebody can mend: not those of people who left."""
    return await fetch_all(
        conn,
        Destination,
        f"{_SELECT} WHERE d.guild_id = ? AND d.state = 'paused' AND d.outcome <> ? ORDER BY d.id",
        (guild_id, Outcome.LEFT_SERVER),
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


async def pause(conn: Connection, destination_id: int, outcome: Outcome, reason: str = "") -> None:
    """Pause a destination: nothing is sent there until it is resumed, and nothing that waits for it is lost.

    `outcome` is that of the delivery that could not be made, `reason` says in words what stands in its way.
    """
    await conn.execute(
        "UPDATE destination SET state = 'paused', outcome = ?, reason = ? WHERE id = ?",
        (outcome, reason, destination_id),
    )


async def resume(conn: Connection, destination_id: int, now: datetime) -> None:
    """End the pause of a destination: what waited for it is due at once."""
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
    """Set a digest at this time on these ISO weekdays (None: as before), or end it with no time.

    A new one tells what is entered from now on.
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
    """Move the digest of one destination to another, which goes on from where it stands; no day of it comes twice."""
    await conn.execute(
        "UPDATE destination SET (digest_at, digest_days, digested_to, digests_sent, mondays, planned_on) = "
        "(SELECT digest_at, digest_days, digested_to, digests_sent, mondays, planned_on FROM destination WHERE id = ?) "
        "WHERE id = ?",
        (old.id, new.id),
    )
    await conn.execute("UPDATE destination SET digest_at = NULL WHERE id = ?", (old.id,))
    for moved in (old, new):
        await schedule(conn, moved.id, now)


def delivery_time_of(destination: Destination) -> time:
    """Return the delivery time of a destination, as a local wall time: its digest's, else 09:00."""
    return time.fromisoformat(destination.digest_at) if destination.digest_at else DEFAULT_DELIVERY_TIME


async def schedule(conn: Connection, destination_id: int, now: datetime) -> None:
    """Set the next delivery time of a destination, None when nothing can fall due there.

    Call it when its zone, digest, channel or reminders change. A delivery time that has come and is not yet planned
    stays, so that a change at that moment does not lose it. A local date that was told is not planned again when the
    zone or the time changes.
    """
    destination = await get(conn, destination_id)
    if destination.next_delivery_at is not None and destination.next_delivery_at <= now:
        return
    await _set_next_delivery(conn, destination, now)


async def mark_planned(conn: Connection, destination_id: int, planned_on: date, now: datetime) -> None:
    """Store the local date that was planned last, and set the next delivery to the first time after `now`."""
    await conn.execute("UPDATE destination SET planned_on = ? WHERE id = ?", (planned_on.isoformat(), destination_id))
    await _set_next_delivery(conn, await get(conn, destination_id), now)


async def _set_next_delivery(conn: Connection, destination: Destination, now: datetime) -> None:
    falls = await fetch_value(
        conn,
        int,
        "SELECT d.id FROM destination d JOIN guild k ON k.guild_id = d.guild_id WHERE d.id = ? "
        "AND (d.digest_at IS NOT NULL OR d.channel_id = k.channel_id OR EXISTS (SELECT 1 FROM reminder r "
        "WHERE r.destination_id = d.id AND r.record_id IS NOT NULL AND r.muted = 0))",
        (destination.id,),
    )
    next_delivery_at = None
    if falls is not None:
        day, next_delivery_at = dates.next_local(now, destination.zone, delivery_time_of(destination))
        while was_told(destination, day):
            day, next_delivery_at = dates.next_local(next_delivery_at, destination.zone, delivery_time_of(destination))
    await conn.execute(
        "UPDATE destination SET next_delivery_at = ? WHERE id = ?",
        (next_delivery_at and to_text(next_delivery_at), destination.id),
    )


async def schedule_guild(conn: Connection, guild_id: int, now: datetime) -> None:
    """Set every next delivery time of a server anew, as its zone or channel changed."""
    for destination in await list_of_guild(conn, guild_id):
        await schedule(conn, destination.id, now)


async def schedule_person(conn: Connection, person_id: int, now: datetime) -> None:
    """Set a person's next delivery time in each server anew, as their zone changed."""
    for destination in await list_of_person(conn, person_id):
        await schedule(conn, destination.id, now)


async def list_due(conn: Connection, now: datetime, limit: int = 200) -> list[Destination]:
    """Return the active destinations whose delivery time has come, in servers that are set up and have the bot."""
    return await fetch_all(
        conn,
        Destination,
        f"{_SELECT} WHERE d.next_delivery_at <= ? AND d.state = 'active' AND k.left_at IS NULL "
        "AND k.set_up_at IS NOT NULL ORDER BY d.next_delivery_at LIMIT ?",
        (to_text(now), limit),
    )


async def list_misscheduled(conn: Connection, now: datetime) -> list[int]:
    """Return the destinations whose next delivery is more than three days ahead: a wrong clock has set it."""
    return await fetch_values(
        conn,
        int,
        "SELECT id FROM destination WHERE next_delivery_at > ? AND state = 'active'",
        (to_text(now + timedelta(days=3)),),
    )


async def next_delivery_at(conn: Connection) -> datetime | None:
    """Return the earliest next delivery time of all destinations, or None without one."""
    return await fetch_value(
        conn,
        datetime,
        "SELECT min(d.next_delivery_at) FROM destination d JOIN guild k ON k.guild_id = d.guild_id "
        "WHERE d.state = 'active' AND d.next_delivery_at IS NOT NULL AND k.left_at IS NULL AND k.set_up_at IS NOT NULL",
    )


def latest_delivery_time(destination: Destination, now: datetime) -> tuple[date, datetime]:
    """Return the latest delivery time of a destination up to now; of several missed ones this one is told."""
    day, instant = dates.next_local(now - timedelta(days=3), destination.zone, delivery_time_of(destination))
    while True:
        later_day, later = dates.next_local(instant, destination.zone, delivery_time_of(destination))
        if later > now:
            return day, instant
        day, instant = later_day, later
