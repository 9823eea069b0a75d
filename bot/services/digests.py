"""Digests: what one says, as a value; planning it at its delivery time; and its settings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from msgspec import Struct
from msgspec.structs import replace

from bot import dates
from bot.ledger import due_dates, fold
from bot.ledger.changes import SETTLED_AFTER, RecordChange, changed_fields, with_news, without_undone
from bot.ledger.due_dates import CatchUp, Digest, Item, Load
from bot.services import deliveries, destinations, records, reminders, scope, updates
from bot.services.changes import record_change
from bot.services.scope import Scope
from data.database import Connection, to_text
from data.records import Destination, Guild, Kind, Opened, Outcome, Update
from data.rows import fetch_all, fetch_one, fetch_value

_ONE_HOUR = timedelta(hours=1)
_LISTED = 60  # Deals and statements that a first digest looks at; it shows what fits.


# Settings


async def set_up(
    conn: Connection,
    destination: Destination,
    *,
    now: datetime,
    person_id: int,
    at: time | None = None,
    zone: str | None = None,
    days: str | None = None,
) -> Destination:
    """Set a destination's digest, or the part of it that is given. A new one tells what is entered from now on."""
    await conn.execute(
        "UPDATE destination SET zone = coalesce(?, zone), set_up_by = ? WHERE id = ?", (zone, person_id, destination.id)
    )
    at = at or destinations.delivery_time_of(await destinations.get(conn, destination.id))
    return await destinations.set_digest(conn, destination.id, now=now, at=at, days=days)


async def of_guild(conn: Connection, guild: Guild) -> Destination | None:
    """Return the destination of the server's channel, whose digest is the server's; None without one."""
    return await destinations.find_channel(conn, guild.guild_id, guild.channel_id) if guild.channel_id else None


async def list_of_guild(conn: Connection, guild_id: int) -> list[Destination]:
    """Return the channels of a server that have a digest."""
    found = await destinations.list_of_guild(conn, guild_id)
    return [one for one in found if one.channel_id is not None and one.digest_at is not None]


async def not_set_yet(
    conn: Connection, guild: Guild, place: Destination | None, channel_id: int | None, *, now: datetime
) -> Destination:
    """Return a destination as it would be with its first digest, without setting one.

    `place` is a person's destination with follows; without one the result reads everything, as a channel does.
    """
    if place is None or place.person_id is None:
        place = Destination(
            id=place.id if place else 0,
            guild_id=guild.guild_id,
            channel_id=channel_id or 0,
            person_id=None,
            user_id=None,
            dm_channel_id=None,
            zone=place.zone if place else guild.zone,
            digest_at=None,
            digest_days="",
            digested_to=0,
            digests_sent=0,
            mondays=0,
            planned_on=None,
            next_delivery_at=None,
            state="active",
            outcome=Outcome.NONE,
            reason="",
            set_up_by=None,
            created_at=now,
        )
    newest = await updates.newest_id(conn, guild.guild_id)
    delivery_time = f"{destinations.DEFAULT_DELIVERY_TIME:%H:%M}"
    return replace(place, digest_at=delivery_time, digests_sent=0, digested_to=newest)


# Planning


async def plan_delivery_time(
    conn: Connection, destination: Destination, guild: Guild, day: date, catch_up: CatchUp, *, now: datetime
) -> None:
    """Plan the digest of one nominal date, which replaces waiting older ones, or note that nothing was new."""
    at = catch_up.at
    if day < catch_up.until:
        at = dates.local_instant(day, destinations.delivery_time_of(destination), destination.zone)
    digest = await plan_digest(conn, destination, guild, now=now, day=day, at=at)
    new = deliveries.digest_of(day, read_to=digest.read_to, with_open=digest.still_open is not None)
    if not digest.worth_sending:
        await deliveries.note(conn, destination.guild_id, destination.id, new, Outcome.NOTHING_NEW, now=at)
        await conn.execute(
            "UPDATE destination SET digested_to = ?1 WHERE id = ?2 AND digested_to < ?1",
            (digest.read_to, destination.id),
        )
        return
    await deliveries.replace_waiting(conn, destination.id, new, now=now)
    await deliveries.plan(conn, destination.guild_id, destination.id, new, due_at=at)


async def plan_digest(
    conn: Connection,
    destination: Destination,
    guild: Guild,
    *,
    now: datetime,
    day: date,
    at: datetime,
    read_to: int | None = None,
) -> Digest:
    """Return what a destination's digest of the nominal date `day` says at the instant `at`.

    It reads the ledger from where the last one stopped, up to `read_to`, else to the newest update that can no longer
    be undone.
    """
    if read_to is None:
        read_to = await _settled_to(conn, destination, now)
    reach = await scope.of(conn, destination)
    last = await _last(conn, destination.id, day)
    first = destination.digests_sent == 0
    since = last.day if last else day - timedelta(days=1)

    items = await reminders.in_reach(conn, destination, guild)
    own = {item.record_id for item in await reminders.told_here(conn, destination, guild)}
    new = [item for item in items if due_dates.is_overdue(item, at) and not _was_overdue(item, last, at)]
    # Where it is a message of its own, with the buttons that answer it, the digest does not say it too.
    overdue = [item for item in new if item.record_id not in own]
    listed = None
    if first or await _monday_is_due(conn, destination, since, day):
        told = {item.record_id for item in overdue}
        told |= await _told_by_itself(conn, destination, [item for item in new if item.record_id in own], at)
        listed = await reminders.still_open(conn, destination, guild, day=day, at=at, full=first, without=told)
    deals, statements = await _deals_and_statements(conn, guild.guild_id, reach) if first else ([], [])
    return Digest(
        day=day,
        server=guild.name,
        first=first,
        still_open=listed,
        overdue=await reminders.load_items(conn, destination, overdue),
        due=await reminders.load_items(conn, destination, [i for i in items if due_dates.is_ahead(i, day, at)]),
        changes=await _changes(conn, destination, reach, read_to),
        # The first one lists everything, so what was loaded before it needs no line.
        loads=[] if first else await _loads(conn, destination, reach, read_to),
        deals=deals,
        statements=statements,
        open_total=await _open_total(conn, guild, reach, items) if first else 0,
        offset_fell=any(
            due_dates.offset_fell(item, since, day, own_message=item.record_id in own)
            for item in items
            if not due_dates.is_overdue(item, at)
        ),
        read_to=read_to,
    )


class _Last(Struct, frozen=True):
    day: date
    due_at: datetime


async def _last(conn: Connection, destination_id: int, day: date) -> _Last | None:
    """Return the last digest up to this day that was sent, or skipped as nothing was new."""
    return await fetch_one(
        conn,
        _Last,
        "SELECT day, due_at FROM delivery WHERE destination_id = ? AND kind = 'digest' AND state = 'settled' "
        "AND outcome IN (?, ?, ?) AND day <= ? ORDER BY day DESC LIMIT 1",
        (destination_id, Outcome.DELIVERED, Outcome.DELETED, Outcome.NOTHING_NEW, day.isoformat()),
    )


def _was_overdue(item: Item, last: _Last | None, at: datetime) -> bool:
    """Return whether an item was overdue at the last digest, or a day ago without one: then *Still open* lists it."""
    return due_dates.is_overdue(item, last.due_at if last else at - timedelta(days=1))


class _Overdue(Struct, frozen=True):
    """An item that is told to be overdue in a message of its own, and its date."""

    record_id: int
    due_on: date


async def _told_by_itself(
    conn: Connection, destination: Destination, overdue: Sequence[Item], at: datetime
) -> set[int]:
    """Return the records of overdue items that are told in messages of their own at this delivery time."""
    rows = await fetch_all(
        conn,
        _Overdue,
        "SELECT record_id, due_on FROM delivery WHERE destination_id = ? AND occasion = 'overdue' "
        "AND due_at >= ? AND due_at <= ?",
        (destination.id, to_text(at - _ONE_HOUR), to_text(at + _ONE_HOUR)),
    )
    planned = {(row.record_id, row.due_on) for row in rows}
    yesterday = at - timedelta(days=1)
    return {
        item.record_id
        for item in overdue
        # What became overdue since the hour of yesterday is about to be planned, where a preview asks before that.
        if (item.record_id, item.due_on) in planned or not due_dates.is_overdue(item, yesterday)
    }


async def _open_total(conn: Connection, guild: Guild, reach: Scope, listed: Sequence[Item]) -> int:
    """Return how many items are open among what a destination reads of, also those of kinds told on request only."""
    mine = {item.record_id for item in listed}
    everything = await reminders.list_items(conn, guild)
    return sum(item.record_id in mine or reach.since(item.record_id) is not None for item in everything)


async def _monday_is_due(conn: Connection, destination: Destination, since: date, day: date) -> bool:
    """Return whether a Monday has come since the last digest whose *Still open* was not a message of its own."""
    monday = day - timedelta(days=day.weekday())
    if monday <= since:
        return False
    told = await fetch_value(
        conn,
        int,
        "SELECT id FROM delivery WHERE destination_id = ? AND kind = 'open' AND day = ?",
        (destination.id, monday.isoformat()),
    )
    return told is None


async def _settled_to(conn: Connection, destination: Destination, now: datetime) -> int:
    """Return the newest update before the first one that can still be undone."""
    young = await fetch_value(
        conn,
        int,
        "SELECT min(id) FROM ledger WHERE guild_id = ? AND id > ? AND origin = 'editor' AND entered_at > ?",
        (destination.guild_id, destination.digested_to, to_text(now - SETTLED_AFTER)),
    )
    newest = await updates.newest_id(conn, destination.guild_id)
    return newest if young is None else young - 1


class _Loaded(Struct, frozen=True):
    """A record that a dossier touched, and the newest of those updates."""

    dossier: str
    record_id: int
    newest: int


async def _loads(conn: Connection, destination: Destination, reach: Scope, read_to: int) -> list[Load]:
    """Return the dossiers that were loaded or corrected since, with how many of the records read here they changed."""
    rows = await fetch_all(
        conn,
        _Loaded,
        "SELECT dossier, record_id, max(id) AS newest FROM ledger WHERE guild_id = ? AND id > ? AND id <= ? "
        "AND origin = 'dossier' GROUP BY dossier, record_id ORDER BY dossier, record_id",
        (destination.guild_id, destination.digested_to, read_to),
    )
    found: dict[str, int] = {}
    for row in rows:
        since = reach.since(row.record_id)
        if since is not None and since < row.newest:
            found[row.dossier] = found.get(row.dossier, 0) + 1
    return [Load(dossier, count) for dossier, count in found.items()]


class _Known(Struct, frozen=True):
    """A record by what reads its history."""

    id: int
    slug: str
    kind: Kind


async def _changes(conn: Connection, destination: Destination, reach: Scope, read_to: int) -> list[RecordChange]:
    """Return what changed per record since the last digest, in order of entering.

    What was told at once or came with a dossier is left out.
    """
    guild_id = destination.guild_id
    rows = await fetch_all(
        conn,
        _Known,
        "SELECT r.id, r.slug, r.kind FROM ledger u JOIN record r ON r.id = u.record_id "
        "WHERE u.guild_id = ? AND u.id > ? AND u.id <= ? AND u.origin = 'editor' "
        "GROUP BY r.id, r.slug, r.kind ORDER BY min(u.id)",
        (guild_id, destination.digested_to, read_to),
    )
    touched = [one for one in rows if reach.since(one.id) is not None]
    histories = await updates.histories(conn, guild_id, [one.slug for one in touched])
    told = await deliveries.told_at_once(conn, destination.id)
    found: list[RecordChange] = []
    for one in touched:
        read_from = max(destination.digested_to, reach.since(one.id) or 0)
        history = without_undone(histories[one.slug])
        change = await _change(conn, guild_id, one.slug, one.kind, history, read_from, read_to, told)
        if change is not None:
            found.append(change)
    return found


async def _change(
    conn: Connection,
    guild_id: int,
    slug: str,
    kind: Kind,
    history: Sequence[Update],
    read_from: int,
    read_to: int,
    told: set[str],
) -> RecordChange | None:
    # A withdrawal of what would be told counts at once, however new it is: what was withdrawn is left out.
    own = {update.id for update in history if update.id <= read_to}
    known = [u for u in history if u.id in own or (u.action == "withdrawn" and u.replaces in own)]
    read = [u for u in known if u.id <= read_from or u.origin == "dossier" or u.batch in told]
    before, after = fold.fold(kind, read), fold.fold(kind, known)
    if not (after.facts("name") or before.facts("name")):
        return None
    seen = {update.id for update in read}
    changes = with_news(kind, changed_fields(kind, before, after, [u for u in known if u.id not in seen]))
    return await record_change(conn, guild_id, slug, kind, (before, after), changes) if changes else None


async def _deals_and_statements(conn: Connection, guild_id: int, reach: Scope) -> tuple[list[Opened], list[Opened]]:
    rows = await fetch_all(
        conn,
        _Known,
        "SELECT id, slug, kind FROM record WHERE guild_id = ? AND live = 1 AND kind IN ('deal', 'statement') "
        "ORDER BY id",
        (guild_id,),
    )
    chosen = [one for one in rows if reach.since(one.id) is not None]
    deals, statements = ([one.slug for one in chosen if one.kind == kind][:_LISTED] for kind in ("deal", "statement"))
    return await records.get_many(conn, guild_id, deals), await records.get_many(conn, guild_id, statements)
