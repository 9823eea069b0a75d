"""Alerts: which milestones are told at once, and to whom; planned once an update can no longer be undone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from bot.ledger import fold
from bot.ledger.changes import SETTLED_AFTER, Alert, RecordChange, change_of, changed_fields, with_news
from bot.ledger.kinds import KINDS, kind_of
from bot.services import deliveries, destinations, updates
from bot.services.changes import record_change
from data.database import Connection
from data.records import Delivery, Kind, State, Update
from data.rows import as_list, fetch_all, fetch_one, fetch_value, fetch_values, in_list

REACHED_KINDS = tuple(kind for kind in KINDS if kind_of(kind).reached)
"""A follow of a record also reaches these when they are linked directly to it."""

_CHUNK = 1000  # Rows written in one transaction, so that nobody's command waits long.


async def guilds_to_read(conn: Connection) -> list[int]:
    """Return the servers whose ledger has updates that alerts have not read."""
    return await fetch_values(
        conn,
        int,
        "SELECT k.guild_id FROM guild k WHERE k.left_at IS NULL AND k.set_up_at IS NOT NULL "
        "AND EXISTS (SELECT 1 FROM ledger u WHERE u.guild_id = k.guild_id AND u.id > k.alerted_to)",
    )


async def next_due(conn: Connection) -> datetime | None:
    """Return when the next update is old enough to be told, or None without one."""
    # CROSS JOIN keeps the order: for the sake of min() SQLite would read the whole ledger first.
    entered_at = await fetch_value(
        conn,
        datetime,
        "SELECT min(u.entered_at) FROM guild k CROSS JOIN ledger u "
        "WHERE u.guild_id = k.guild_id AND u.id > k.alerted_to AND u.origin = 'editor' AND k.left_at IS NULL "
        "AND k.set_up_at IS NOT NULL",
    )
    return entered_at + SETTLED_AFTER if entered_at is not None else None


class _Entered(Struct, frozen=True):
    """An update as far as it decides when it is told."""

    id: int
    batch: str
    origin: str
    entered_at: datetime


async def is_due(conn: Connection, guild_id: int, now: datetime) -> bool:
    """Return whether a server's ledger has an update that alerts have not read and that can no longer be undone."""
    first = await fetch_one(
        conn,
        _Entered,
        "SELECT u.id, u.batch, u.origin, u.entered_at FROM guild k JOIN ledger u ON u.guild_id = k.guild_id "
        "AND u.id > k.alerted_to WHERE k.guild_id = ? ORDER BY u.id LIMIT 1",
        (guild_id,),
    )
    return first is not None and (first.origin != "editor" or first.entered_at + SETTLED_AFTER <= now)


async def plan_next(conn: Connection, guild_id: int, now: datetime) -> bool:
    """Plan the alerts of the next batch of a server, at most a thousand rows; False when there is nothing to do yet.

    The batch counts as read only when all of it is planned. An update that can still be undone is never passed over.
    """
    alerted_to = await fetch_value(conn, int, "SELECT alerted_to FROM guild WHERE guild_id = ?", (guild_id,)) or 0
    first = await fetch_one(
        conn,
        _Entered,
        "SELECT id, batch, origin, entered_at FROM ledger WHERE guild_id = ? AND id > ? AND origin = 'editor' "
        "ORDER BY id LIMIT 1",
        (guild_id, alerted_to),
    )
    if first is None:
        # Dossiers and imports never alert.
        return await _move(conn, guild_id, alerted_to, await updates.newest_id(conn, guild_id))
    due_at = first.entered_at + SETTLED_AFTER
    if due_at > now:
        return await _move(conn, guild_id, alerted_to, first.id - 1)
    milestones = await _records_with_milestones(conn, guild_id, first.batch)
    if milestones and await _plan_rows(conn, guild_id, first, milestones, due_at):
        return True
    last = await fetch_value(conn, int, "SELECT max(id) FROM ledger WHERE batch = ?", (first.batch,))
    return await _move(conn, guild_id, alerted_to, last or first.id)


async def _move(conn: Connection, guild_id: int, alerted_to: int, to: int) -> bool:
    if to <= alerted_to:
        return False
    await conn.execute("UPDATE guild SET alerted_to = ? WHERE guild_id = ?", (to, guild_id))
    return True


class _Touched(Struct, frozen=True):
    """A record that a batch has updates of."""

    id: int
    slug: str
    kind: Kind


async def _touched(conn: Connection, guild_id: int, batch: str) -> list[_Touched]:
    return await fetch_all(
        conn,
        _Touched,
        "SELECT DISTINCT r.id, r.slug, r.kind FROM ledger u JOIN record r ON r.id = u.record_id "
        "WHERE u.guild_id = ? AND u.batch = ? ORDER BY r.id",
        (guild_id, batch),
    )


async def _records_with_milestones(conn: Connection, guild_id: int, batch: str) -> list[int]:
    """Return the records of a batch of which a milestone differs after it."""
    touched = await _touched(conn, guild_id, batch)
    histories = await updates.histories(conn, guild_id, [one.slug for one in touched])
    found: list[int] = []
    for one in touched:
        states = change_of(one.kind, histories[one.slug], batch)
        if states is not None and _named(*states[:2]):
            changes = with_news(one.kind, changed_fields(one.kind, *states))
            if any(changed.milestone for changed in changes):
                found.append(one.id)
    return found


# Follows of the records ?1 (JSON ids) and, where a record is of a reached kind, of those it is linked with; each with
# the record that it reaches.
_REACHING = f"""
SELECT f.*, r.id AS reached FROM record r JOIN follow f ON f.record_id = r.id
WHERE r.id IN {in_list("?1")}
UNION
SELECT f.*, r.id FROM record r JOIN link l ON l.from_id = r.id JOIN follow f ON f.record_id = l.to_id
WHERE r.id IN {in_list("?1")} AND r.kind IN {REACHED_KINDS}
UNION
SELECT f.*, r.id FROM record r JOIN link l ON l.to_id = r.id JOIN follow f ON f.record_id = l.from_id
WHERE r.id IN {in_list("?1")} AND r.kind IN {REACHED_KINDS}
"""


async def _plan_rows(conn: Connection, guild_id: int, first: _Entered, record_ids: list[int], due_at: datetime) -> bool:
    """Plan the alerts of one batch that are still missing; True when there may be more than fitted."""
    destination_ids = await fetch_values(
        conn,
        int,
        f"SELECT DISTINCT d.id FROM ({_REACHING}) AS f JOIN destination d ON d.id = f.destination_id "
        "WHERE d.guild_id = ?2 AND f.at_once = 1 AND f.muted = 0 AND f.since < ?3 AND d.outcome <> ?4 "
        "AND NOT EXISTS (SELECT 1 FROM delivery o WHERE o.destination_id = d.id AND o.kind = 'alert' AND o.key = ?5) "
        "ORDER BY d.id LIMIT ?6",
        (as_list(record_ids), guild_id, first.id, destinations.LEFT, deliveries.alert_of(first.batch).key, _CHUNK),
    )
    await deliveries.plan_many(conn, guild_id, destination_ids, deliveries.alert_of(first.batch), due_at=due_at)
    return len(destination_ids) >= _CHUNK


class _Through(Struct, frozen=True):
    """One follow by which a batch reaches a destination, and the record that it reaches."""

    follow_id: int
    role_id: int | None
    record_id: int


async def _through(conn: Connection, delivery: Delivery, record_ids: Iterable[int]) -> list[_Through]:
    return await fetch_all(
        conn,
        _Through,
        f"SELECT f.id AS follow_id, f.role_id, f.reached AS record_id FROM ({_REACHING}) AS f "
        "WHERE f.destination_id = ?2 AND f.at_once = 1 "
        "AND f.muted = 0 AND f.since < (SELECT min(id) FROM ledger WHERE guild_id = ?3 AND batch = ?4) ORDER BY f.id",
        (
            as_list(record_ids),
            delivery.destination_id,
            delivery.guild_id,
            delivery.batch,
        ),
    )


def _batch_of(delivery: Delivery) -> str:
    assert delivery.batch is not None  # Every alert has one.
    return delivery.batch


async def follows_through(conn: Connection, delivery: Delivery) -> list[int]:
    """Return the follows that an alert belongs to, as far as they still stand."""
    touched = await _touched(conn, delivery.guild_id, _batch_of(delivery))
    found = await _through(conn, delivery, [one.id for one in touched])
    return list(dict.fromkeys(one.follow_id for one in found))


async def load(conn: Connection, delivery: Delivery) -> Alert | None:
    """Return what an alert tells its destination now; None when nothing of it stands or is followed any more."""
    guild_id, batch = delivery.guild_id, _batch_of(delivery)
    touched = await _touched(conn, guild_id, batch)
    through = await _through(conn, delivery, [one.id for one in touched])
    reached = {one.record_id for one in through}
    touched = [one for one in touched if one.id in reached]
    histories = await updates.histories(conn, guild_id, [one.slug for one in touched])
    changes: list[RecordChange] = []
    for one in touched:
        change = await _record_change(conn, guild_id, one.slug, one.kind, histories[one.slug], batch)
        if change is not None:
            changes.append(change)
    if not any(changed.milestone for change in changes for changed in change.changes):
        return None
    # The main news first: a milestone of a deal, before that of an item about it.
    changes.sort(key=lambda change: (not any(one.milestone for one in change.changes), change.kind != "deal"))
    return Alert(
        changes,
        list(dict.fromkeys(one.role_id for one in through if one.role_id is not None)),
    )


async def _record_change(
    conn: Connection, guild_id: int, slug: str, kind: Kind, history: Sequence[Update], batch: str
) -> RecordChange | None:
    states = change_of(kind, history, batch)
    standing = {update.id for update in fold.live_updates(history)}
    if states is None or not _named(*states[:2]):
        return None
    before, after, own = states
    if not any(update.id in standing for update in own) and own[0].action == "set":
        return None  # Taken back since.
    changes = with_news(kind, changed_fields(kind, before, after, own))
    return await record_change(conn, guild_id, slug, kind, (before, after), changes) if changes else None


def _named(before: State, after: State) -> bool:
    """Return whether a changed record has a name; one that was withdrawn as a whole has its last one."""
    return bool(before.facts("name") or after.facts("name"))
