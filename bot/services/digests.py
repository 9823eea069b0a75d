"""Digests: their settings, their planning at delivery times, and the collection of their contents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from msgspec import Struct
from msgspec.structs import replace

from bot import dates
from bot.ledger import due_dates, fold
from bot.ledger.changes import SETTLED_AFTER, RecordChange, changed_fields, with_news, without_undone
from bot.ledger.due_dates import CatchUp, Item
from bot.message_contents import Digest, Load
from bot.services import deliveries, destinations, dossiers, loaded_dossiers, records, reminders, scope, updates
from bot.services.changes import record_change
from bot.services.scope import Scope
from data.database import Connection, to_text
from data.records import Destination, Guild, Kind, Opened, Outcome, Update
from data.rows import fetch_all, fetch_one, fetch_value, fetch_values

_ONE_HOUR = timedelta(hours=1)
_MOST_AT_FIRST = 60  # The most deals, and the most statements, that are read for a first digest.


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
    """Set the local time (`at`), the zone and the ISO weekdays of a destination's digest.

    A setting that is None stays as it was. If the destination had no digest before, the setting gets its default. A new
    digest covers the updates that are entered from now on. `person_id` is the person who sets up the digest.
    """
    await conn.execute(
        "UPDATE destination SET zone = coalesce(?, zone), set_up_by = ? WHERE id = ?", (zone, person_id, destination.id)
    )
    at = at or due_dates.delivery_time_of(await destinations.get(conn, destination.id))
    return await destinations.set_digest(conn, destination.id, now=now, at=at, days=days)


async def of_guild(conn: Connection, guild: Guild) -> Destination | None:
    """Return the destination of the channel that was chosen in `/setup` for the server's digest.

    Return None when no channel was chosen, or when the channel is not a destination yet.
    """
    return await destinations.find_channel(conn, guild.guild_id, guild.channel_id) if guild.channel_id else None


async def list_of_guild(conn: Connection, guild_id: int) -> list[Destination]:
    """Return the destinations of a server that are channels with a digest."""
    return [
        destination
        for destination in await destinations.list_of_guild(conn, guild_id)
        if destination.channel_id is not None and destination.digest_at is not None
    ]


async def not_set_yet(
    conn: Connection, guild: Guild, destination: Destination | None, channel_id: int | None, *, now: datetime
) -> Destination:
    """Return a destination as it would be with a first digest. This is for the preview of a digest not set up yet.

    If `destination` is a person's, the digest is about the records that the person follows. If it is a channel's or
    None, the digest is about all records of the server. Nothing is stored.
    """
    if destination is None or destination.person_id is None:
        destination = Destination(
            id=destination.id if destination else 0,
            guild_id=guild.guild_id,
            channel_id=channel_id or 0,
            person_id=None,
            user_id=None,
            dm_channel_id=None,
            zone=destination.zone if destination else guild.zone,
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
    delivery_time = f"{due_dates.DEFAULT_DELIVERY_TIME:%H:%M}"
    return replace(destination, digest_at=delivery_time, digests_sent=0, digested_to=newest)


# Planning


async def plan_digest(
    conn: Connection, destination: Destination, guild: Guild, day: date, catch_up: CatchUp, *, now: datetime
) -> None:
    """Plan a destination's digest of the local date `day`. It replaces older digests that were not sent yet.

    If nothing is new, plan no digest: store it as settled with the outcome "nothing new". Its updates count as covered.
    """
    at = catch_up.at
    if day < catch_up.until:
        at = dates.local_instant(day, due_dates.delivery_time_of(destination), destination.zone)
    digest = await collect(conn, destination, guild, now=now, day=day, at=at)
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


async def collect(
    conn: Connection,
    destination: Destination,
    guild: Guild,
    *,
    now: datetime,
    day: date,
    at: datetime,
    read_to: int | None = None,
) -> Digest:
    """Collect the contents of a destination's digest of the local date `day`, which is due at the instant `at`.

    The digest covers the updates after the last digest, up to the one with the id `read_to`. If `read_to` is None, the
    digest ends before the first update that can still be undone.
    """
    if read_to is None:
        read_to = await _settled_to(conn, destination, now)
    reach = await scope.of(conn, destination)
    last = await _last_digest(conn, destination.id, day)
    first = destination.digests_sent == 0
    since = last.day if last else day - timedelta(days=1)

    items = await reminders.list_in_scope(conn, destination, guild)
    # The destination gets separate reminder messages about these items. Those messages have buttons for an answer, so
    # the digest does not report the same items as overdue.
    reminded = {item.record_id for item in await reminders.list_reminded(conn, destination, guild)}
    # An item that was overdue at the last digest is listed under *Still open* instead.
    last_at = last.due_at if last else at - timedelta(days=1)
    overdue = [item for item in items if due_dates.is_overdue(item, at) and not due_dates.is_overdue(item, last_at)]
    in_digest = [item for item in overdue if item.record_id not in reminded]
    still_open = None
    if first or await _monday_is_due(conn, destination, since, day):
        by_reminder = [item for item in overdue if item.record_id in reminded]
        without = {item.record_id for item in in_digest}
        without |= await _overdue_reminders(conn, destination, by_reminder, at)
        still_open = await reminders.still_open(conn, destination, guild, day=day, at=at, full=first, without=without)
    due = [item for item in items if due_dates.is_ahead(item, day, at)]
    deals, statements = await _deals_and_statements(conn, guild.guild_id, reach) if first else ([], [])
    return Digest(
        day=day,
        server=guild.name,
        first=first,
        still_open=still_open,
        overdue=await records.get_many(conn, guild.guild_id, [item.slug for item in in_digest]),
        due=await records.get_many(conn, guild.guild_id, [item.slug for item in due]),
        changes=await _changes(conn, destination, reach, read_to),
        # A first digest lists all records, so it needs no line about dossiers that were loaded before it.
        loads=[] if first else await _loads(conn, destination, reach, read_to),
        deals=deals,
        statements=statements,
        open_total=await _open_total(conn, guild, reach, items) if first else 0,
        offset_reached=any(
            due_dates.offset_reached(item, since, day, own_message=item.record_id in reminded)
            for item in items
            if not due_dates.is_overdue(item, at)
        ),
        old_dossiers=await dossiers.list_old(conn, guild.guild_id, now=now) if first else [],
        read_to=read_to,
    )


class _LastDigest(Struct, frozen=True):
    day: date
    due_at: datetime


async def _last_digest(conn: Connection, destination_id: int, day: date) -> _LastDigest | None:
    """Return the latest digest of a destination that was sent, or that was skipped because nothing was new.

    Digests of dates after `day` do not count. Return None when there is no such digest.
    """
    return await fetch_one(
        conn,
        _LastDigest,
        "SELECT day, due_at FROM delivery WHERE destination_id = ? AND kind = 'digest' AND state = 'settled' "
        "AND outcome IN (?, ?, ?) AND day <= ? ORDER BY day DESC LIMIT 1",
        (destination_id, Outcome.DELIVERED, Outcome.DELETED, Outcome.NOTHING_NEW, day.isoformat()),
    )


class _OverdueReminder(Struct, frozen=True):
    """A reminder that a pending item is overdue. `due_on` is the due date that the item had at the time of planning."""

    record_id: int
    due_on: date


async def _overdue_reminders(
    conn: Connection, destination: Destination, overdue: Sequence[Item], at: datetime
) -> set[int]:
    """Return the record ids of the items in `overdue` about which a destination gets an overdue reminder around `at`.

    Such a reminder is due at most an hour before or after `at`. It may not be planned yet if the item became overdue
    within the day before `at`.
    """
    rows = await fetch_all(
        conn,
        _OverdueReminder,
        "SELECT record_id, due_on FROM delivery WHERE destination_id = ? AND occasion = 'overdue' "
        "AND due_at >= ? AND due_at <= ?",
        (destination.id, to_text(at - _ONE_HOUR), to_text(at + _ONE_HOUR)),
    )
    planned = {(row.record_id, row.due_on) for row in rows}
    yesterday = at - timedelta(days=1)
    return {
        item.record_id
        for item in overdue
        # A preview is shown before reminders are planned. An item that became overdue within the last day will get its
        # reminder.
        if (item.record_id, item.due_on) in planned or not due_dates.is_overdue(item, yesterday)
    }


async def _open_total(conn: Connection, guild: Guild, reach: Scope, listable: Sequence[Item]) -> int:
    """Return how many open items of a server are in `listable`, in the scope `reach`, or in both.

    `listable` has the items that a digest may list. The scope can also have items that a digest never lists.
    """
    listable_ids = {item.record_id for item in listable}
    items = await reminders.list_items(conn, guild)
    return sum(item.record_id in listable_ids or reach.since(item.record_id) is not None for item in items)


async def _monday_is_due(conn: Connection, destination: Destination, since: date, day: date) -> bool:
    """Return whether the digest of `day` has to include the list *Still open* of this week's Monday.

    This is so if the last digest (of the date `since`) came before that Monday, and if that Monday's list was not
    planned as a separate message.
    """
    monday = day - timedelta(days=day.weekday())
    if monday <= since:
        return False
    own_message = await fetch_value(
        conn,
        int,
        "SELECT id FROM delivery WHERE destination_id = ? AND kind = 'open' AND day = ?",
        (destination.id, monday.isoformat()),
    )
    return own_message is None


async def _settled_to(conn: Connection, destination: Destination, now: datetime) -> int:
    """Return the id of the last update before the first one that can still be undone, in a destination's server.

    Return the newest id when no update can be undone any more.
    """
    undoable = await fetch_value(
        conn,
        int,
        "SELECT min(id) FROM ledger WHERE guild_id = ? AND id > ? AND origin = 'editor' AND entered_at > ?",
        (destination.guild_id, destination.digested_to, to_text(now - SETTLED_AFTER)),
    )
    newest = await updates.newest_id(conn, destination.guild_id)
    return newest if undoable is None else undoable - 1


class _Loaded(Struct, frozen=True):
    """A record that a dossier changed. `newest` is the id of the newest update of the record from that dossier."""

    dossier: str
    record_id: int
    newest: int


async def _loads(conn: Connection, destination: Destination, reach: Scope, read_to: int) -> list[Load]:
    """Return the dossiers that were loaded or unloaded since the last digest, and how many records in scope changed.

    Two sorts of dossiers are left out: those that changed no record in scope, and those that were loaded and then
    unloaded since the last digest. Updates with an id above `read_to` do not count.
    """
    rows = await fetch_all(
        conn,
        _Loaded,
        "SELECT dossier, record_id, max(id) AS newest FROM ledger WHERE guild_id = ? AND id > ? AND id <= ? "
        "AND origin = 'dossier' GROUP BY dossier, record_id ORDER BY dossier, record_id",
        (destination.guild_id, destination.digested_to, read_to),
    )
    counts: dict[str, int] = {}
    for row in rows:
        since = reach.since(row.record_id)
        if since is not None and since < row.newest:
            counts[row.dossier] = counts.get(row.dossier, 0) + 1
    before = await fetch_values(
        conn,
        str,
        "SELECT DISTINCT dossier FROM ledger WHERE guild_id = ? AND id <= ? AND origin = 'dossier'",
        (destination.guild_id, destination.digested_to),
    )
    known = await loaded_dossiers.list_known(conn, destination.guild_id)
    return [
        Load(dossier.name, counts[dossier.slug], unloaded=dossier.unloaded_at is not None)
        for dossier in known
        if dossier.slug in counts and (dossier.unloaded_at is None or dossier.slug in before)
    ]


class _RecordRow(Struct, frozen=True):
    """The id, the slug and the kind of a record."""

    id: int
    slug: str
    kind: Kind


async def _changes(conn: Connection, destination: Destination, reach: Scope, read_to: int) -> list[RecordChange]:
    """Return what changed since the last digest, as one `RecordChange` for each changed record in the scope `reach`.

    The records are in the order of their first new updates. Left out are (a) updates with an id above `read_to`,
    (b) updates from dossiers, (c) updates about which the destination got or will get an alert.
    """
    guild_id = destination.guild_id
    rows = await fetch_all(
        conn,
        _RecordRow,
        "SELECT record.id, record.slug, record.kind FROM ledger JOIN record own ON own.id = ledger.record_id "
        "JOIN record ON record.id = coalesce(own.merged_into, own.id) "
        "WHERE ledger.guild_id = ? AND ledger.id > ? AND ledger.id <= ? AND ledger.origin = 'editor' "
        "GROUP BY record.id, record.slug, record.kind ORDER BY min(ledger.id)",
        (guild_id, destination.digested_to, read_to),
    )
    changed = [row for row in rows if reach.since(row.id) is not None]
    histories = await updates.histories(conn, guild_id, [row.slug for row in changed])
    alerted = await deliveries.alerted_batches(conn, destination.id)
    changes: list[RecordChange] = []
    for row in changed:
        read_from = max(destination.digested_to, reach.since(row.id) or 0)
        history = without_undone(histories[row.slug])
        change = await _change(conn, guild_id, row.slug, row.kind, history, read_from, read_to, alerted)
        if change is not None:
            changes.append(change)
    return changes


async def _change(
    conn: Connection,
    guild_id: int,
    slug: str,
    kind: Kind,
    history: Sequence[Update],
    read_from: int,
    read_to: int,
    alerted: set[str],
) -> RecordChange | None:
    """Return how a record changed by its updates with ids above `read_from` and up to `read_to`.

    Updates from dossiers and updates of the batches in `alerted` count as reported before. Return None when there is
    nothing to report.
    """
    # An update that was withdrawn is left out, even if the withdrawal is newer than `read_to`.
    ids = {update.id for update in history if update.id <= read_to}
    known = [u for u in history if u.id in ids or (u.action == "withdrawn" and u.replaces in ids)]
    read = [u for u in known if u.id <= read_from or u.origin == "dossier" or u.batch in alerted]
    before, after = fold.fold(kind, read), fold.fold(kind, known)
    if not (after.facts("name") or before.facts("name")):
        return None
    read_ids = {update.id for update in read}
    changes = changed_fields(kind, before, after, [u for u in known if u.id not in read_ids])
    if after.facts("name"):
        changes = with_news(kind, changes)
    return await record_change(conn, guild_id, slug, kind, (before, after), changes) if changes else None


async def _deals_and_statements(conn: Connection, guild_id: int, reach: Scope) -> tuple[list[Opened], list[Opened]]:
    """Return the deals and the statements in the scope `reach`, at most 60 of each, in the order of their ids."""
    rows = await fetch_all(
        conn,
        _RecordRow,
        "SELECT id, slug, kind FROM record WHERE guild_id = ? AND live = 1 AND kind IN ('deal', 'statement') "
        "ORDER BY id",
        (guild_id,),
    )
    in_scope = [row for row in rows if reach.since(row.id) is not None]
    deals, statements = (
        [row.slug for row in in_scope if row.kind == kind][:_MOST_AT_FIRST] for kind in ("deal", "statement")
    )
    return await records.get_many(conn, guild_id, deals), await records.get_many(conn, guild_id, statements)
