"""Plans alerts and loads their content. An alert tells those who follow a record at once that a milestone changed.

Alerts are planned for one batch of updates at a time, when the batch can no longer be undone (`SETTLED_AFTER`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from bot.ledger import fold
from bot.ledger.changes import (
    SETTLED_AFTER,
    Alert,
    FieldChange,
    RecordChange,
    change_of,
    changed_fields,
    corrected_updates,
    with_news,
)
from bot.ledger.kinds import KINDS, find_field, kind_of
from bot.services import deliveries, updates
from bot.services.changes import record_change
from data.database import Connection
from data.records import Delivery, Kind, Outcome, State, Update
from data.rows import as_list, fetch_all, fetch_one, fetch_value, fetch_values, in_list

REACHED_KINDS = tuple(kind for kind in KINDS if kind_of(kind).reached)
"""Kinds of records that a follow covers besides the followed record, if they are linked directly with it."""

_CHUNK = 1000  # Deliveries planned in one transaction, so that commands do not wait long for their turn to write.


async def guilds_to_read(conn: Connection) -> list[int]:
    """Return the ids of guilds that have updates not yet processed for alerts.

    Guilds in which the bot is not set up, and guilds that the bot left, are not returned.
    """
    return await fetch_values(
        conn,
        int,
        "SELECT k.guild_id FROM guild k WHERE k.left_at IS NULL AND k.set_up_at IS NOT NULL "
        "AND EXISTS (SELECT 1 FROM ledger u WHERE u.guild_id = k.guild_id AND u.id > k.alerted_to)",
    )


async def next_due(conn: Connection) -> datetime | None:
    """Return the instant at which `plan_next` can plan alerts in some guild, or None when no update of an editor waits.

    At this instant the oldest unprocessed update of an editor can no longer be undone.
    """
    # CROSS JOIN keeps the order of the tables. Otherwise SQLite would read the whole ledger first, because of min().
    entered_at = await fetch_value(
        conn,
        datetime,
        "SELECT min(u.entered_at) FROM guild k CROSS JOIN ledger u "
        "WHERE u.guild_id = k.guild_id AND u.id > k.alerted_to AND u.origin = 'editor' AND k.left_at IS NULL "
        "AND k.set_up_at IS NOT NULL",
    )
    return entered_at + SETTLED_AFTER if entered_at is not None else None


class _Entered(Struct, frozen=True):
    """The columns of an update that decide when its alerts are planned."""

    id: int
    batch: str
    origin: str
    entered_at: datetime


async def is_due(conn: Connection, guild_id: int, now: datetime) -> bool:
    """Return whether `plan_next` has something to do in a guild.

    This is so if the oldest unprocessed update can no longer be undone, or if it came with a dossier. Updates from
    dossiers cause no alerts, so `plan_next` passes over them at once.
    """
    first = await fetch_one(
        conn,
        _Entered,
        "SELECT u.id, u.batch, u.origin, u.entered_at FROM guild k JOIN ledger u ON u.guild_id = k.guild_id "
        "AND u.id > k.alerted_to WHERE k.guild_id = ? ORDER BY u.id LIMIT 1",
        (guild_id,),
    )
    return first is not None and (first.origin != "editor" or first.entered_at + SETTLED_AFTER <= now)


async def plan_next(conn: Connection, guild_id: int, now: datetime) -> bool:
    """Plan up to 1,000 alerts about the next batch of updates in a guild. Return whether to call this again.

    The column `guild.alerted_to` has the id of the last update that was processed. It moves past a batch only when all
    alerts about the batch are planned. It never moves past an update that can still be undone.
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
        # Only updates of editors cause alerts. All others are passed over.
        return await _move(conn, guild_id, alerted_to, await updates.newest_id(conn, guild_id))
    due_at = first.entered_at + SETTLED_AFTER
    if due_at > now:
        return await _move(conn, guild_id, alerted_to, first.id - 1)
    touched = await _touched_records(conn, guild_id, first.batch)
    histories = await updates.histories(conn, guild_id, [record.slug for record in touched])
    milestones = _records_with_milestones(touched, histories, first.batch)
    corrected = sorted({batch for history in histories.values() for batch in _corrected_batches(history, first.batch)})
    if (milestones or corrected) and await _plan_rows(conn, guild_id, first, milestones, corrected, due_at):
        return True
    last = await fetch_value(conn, int, "SELECT max(id) FROM ledger WHERE batch = ?", (first.batch,))
    return await _move(conn, guild_id, alerted_to, last or first.id)


async def _move(conn: Connection, guild_id: int, alerted_to: int, to: int) -> bool:
    """Store the update id `to` as a guild's last processed update, if it is higher than `alerted_to`, the stored id.

    Return whether it is higher.
    """
    if to <= alerted_to:
        return False
    await conn.execute("UPDATE guild SET alerted_to = ? WHERE guild_id = ?", (to, guild_id))
    return True


class _TouchedRecord(Struct, frozen=True):
    """A record with an update in a given batch."""

    id: int
    slug: str
    kind: Kind


async def _touched_records(conn: Connection, guild_id: int, batch: str) -> list[_TouchedRecord]:
    """Return the records that have updates in a batch, ordered by id."""
    return await fetch_all(
        conn,
        _TouchedRecord,
        "SELECT DISTINCT r.id, r.slug, r.kind FROM ledger u JOIN record own ON own.id = u.record_id "
        "JOIN record r ON r.id = coalesce(own.merged_into, own.id) "
        "WHERE u.guild_id = ? AND u.batch = ? ORDER BY r.id",
        (guild_id, batch),
    )


def _corrected_batches(history: Sequence[Update], batch: str) -> list[str]:
    """Return the ids of the batches in which updates were entered that the batch `batch` corrects or withdraws.

    `history` are the updates of one record.
    """
    return list({target.batch: None for _, targets in corrected_updates(history, batch) for target in targets})


def _records_with_milestones(
    touched: Sequence[_TouchedRecord], histories: Mapping[str, Sequence[Update]], batch: str
) -> list[int]:
    """Return the ids of the records in which a batch changed a milestone (a field whose changes are sent at once).

    A record that the batch removed is returned as well.
    """
    record_ids: list[int] = []
    for record in touched:
        states = change_of(record.kind, histories[record.slug], batch)
        if states is not None and _has_name(*states[:2]):
            changes = with_news(record.kind, changed_fields(record.kind, *states))
            if any(changed.milestone for changed in changes) or not states[1].facts("name"):
                record_ids.append(record.id)
    return record_ids


# The follows that cover any of the records ?1 (ids as JSON): one row for each follow and record (`reached`). A follow
# covers the followed record, and the records of `REACHED_KINDS` that are linked with it in either direction.
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


async def _plan_rows(
    conn: Connection, guild_id: int, first: _Entered, record_ids: list[int], corrected: list[str], due_at: datetime
) -> bool:
    """Plan up to `_CHUNK` alerts about the batch of the update `first`. Return whether there may be more to plan.

    The alerts go (a) to destinations with a follow that covers one of `record_ids`, and (b) to destinations that got an
    alert about one of the batches `corrected`, even if they follow nothing any more. A destination for which an alert
    about this batch is planned already is left out.
    """
    destination_ids = await fetch_values(
        conn,
        int,
        f"SELECT d.id FROM destination d WHERE d.guild_id = ?2 AND d.outcome <> ?4 AND (d.id IN "
        f"(SELECT f.destination_id FROM ({_REACHING}) AS f WHERE f.at_once = 1 AND f.muted = 0 AND f.since < ?3) "
        f"OR d.id IN (SELECT destination_id FROM delivery WHERE guild_id = ?2 AND kind = 'alert' "
        f"AND message_id IS NOT NULL AND batch IN {in_list('?7')})) "
        "AND NOT EXISTS (SELECT 1 FROM delivery o WHERE o.destination_id = d.id AND o.kind = 'alert' AND o.key = ?5) "
        "ORDER BY d.id LIMIT ?6",
        (
            as_list(record_ids),
            guild_id,
            first.id,
            Outcome.LEFT_SERVER,
            deliveries.alert_of(first.batch).key,
            _CHUNK,
            as_list(corrected),
        ),
    )
    await deliveries.plan_many(conn, guild_id, destination_ids, deliveries.alert_of(first.batch), due_at=due_at)
    return len(destination_ids) >= _CHUNK


class _Coverage(Struct, frozen=True):
    """A follow, the role that its alerts mention (None: no role), and a record for which it causes alerts."""

    follow_id: int
    role_id: int | None
    record_id: int


async def _coverage(conn: Connection, delivery: Delivery, record_ids: Iterable[int]) -> list[_Coverage]:
    """Return the follows because of which an alert goes to its destination.

    The result has an entry for each follow and each record of `record_ids` that the follow covers. Three sorts of
    follows are left out: muted follows, follows for the digest only, and follows that began after the batch of the
    alert.
    """
    return await fetch_all(
        conn,
        _Coverage,
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
    """Return the id of the batch of updates that an alert reports."""
    assert delivery.batch is not None  # Every alert has one.
    return delivery.batch


async def follows_through(conn: Connection, delivery: Delivery) -> list[int]:
    """Return the ids of the follows because of which an alert was sent, except those that ended or were muted since."""
    touched = await _touched_records(conn, delivery.guild_id, _batch_of(delivery))
    covered = await _coverage(conn, delivery, [record.id for record in touched])
    return list(dict.fromkeys(coverage.follow_id for coverage in covered))


async def load(conn: Connection, delivery: Delivery) -> Alert | None:
    """Return the content of an alert: the changes that it reports, as of now, and the roles that it mentions.

    Changes of records that a follow of the destination covers are reported. So are corrections and withdrawals of what
    an earlier alert reported to the destination, even if no follow covers the record now. Return None when no milestone
    is left to report.
    """
    guild_id, batch = delivery.guild_id, _batch_of(delivery)
    touched = await _touched_records(conn, guild_id, batch)
    covered = await _coverage(conn, delivery, [record.id for record in touched])
    covered_ids = {coverage.record_id for coverage in covered}
    histories = await updates.histories(conn, guild_id, [record.slug for record in touched])
    batches = {each for history in histories.values() for each in _corrected_batches(history, batch)}
    earlier = await _earlier_alerts(conn, delivery, batches)
    alerted = {each.batch for each in earlier}
    changes: list[RecordChange] = []
    for record in touched:
        history = histories[record.slug]
        corrections = [
            (update, target)
            for update, targets in corrected_updates(history, batch)
            for target in [next((target for target in targets if target.batch in alerted), None)]
            if target is not None
        ]
        if record.id not in covered_ids and not corrections:
            continue
        change = await _record_change(conn, guild_id, record.slug, record.kind, history, batch, corrections)
        if change is not None:
            changes.append(change)
    if not any(_is_reported_at_once(change) for change in changes):
        return None
    # Records with a changed milestone come first, deals before the items about them.
    changes.sort(key=lambda change: (not any(field.milestone for field in change.changes), change.kind != "deal"))
    return Alert(
        changes,
        list(dict.fromkeys(coverage.role_id for coverage in covered if coverage.role_id is not None)),
        next((each.message_id for each in earlier if each.here), None),
    )


def _is_reported_at_once(change: RecordChange) -> bool:
    """Return whether a change of a record changes a milestone or removes the record."""
    return any(changed.milestone for changed in change.changes) or not change.state.facts("name")


class _EarlierAlert(Struct, frozen=True):
    """An alert that arrived: the batch that it reported, and the id of its message.

    `here` is true if the message is in the channel that its destination still uses. Only then can it be replied to.
    """

    batch: str
    message_id: int
    here: bool


async def _earlier_alerts(conn: Connection, delivery: Delivery, batches: Collection[str]) -> list[_EarlierAlert]:
    """Return the alerts about some batches that arrived at the destination of a delivery, the newest first."""
    return await fetch_all(
        conn,
        _EarlierAlert,
        "SELECT o.batch, o.message_id, "
        "CASE WHEN o.channel_id = coalesce(d.channel_id, p.dm_channel_id) THEN 1 ELSE 0 END AS here "
        "FROM delivery o JOIN destination d ON d.id = o.destination_id LEFT JOIN person p ON p.id = d.person_id "
        "WHERE o.destination_id = ? AND o.kind = 'alert' AND o.message_id IS NOT NULL "
        f"AND o.batch IN {in_list()} ORDER BY o.id DESC",
        (delivery.destination_id, as_list(sorted(batches))),
    )


async def _record_change(
    conn: Connection,
    guild_id: int,
    slug: str,
    kind: Kind,
    history: Sequence[Update],
    batch: str,
    corrections: Sequence[tuple[Update, Update]],
) -> RecordChange | None:
    """Return the changes that a batch made to a record.

    `corrections` are pairs: an update of the batch, and an earlier update that it corrects or withdraws. The
    destination has had an alert about the earlier one. Each pair counts as a milestone, even if the record has the same
    value as before. Return None when no change is worth reporting, or when all of them were replaced or withdrawn
    since.
    """
    states = change_of(kind, history, batch)
    live_ids = {update.id for update in fold.live_updates(history)}
    if states is None or not _has_name(*states[:2]):
        return None
    before, after, batch_updates = states
    if not any(update.id in live_ids for update in batch_updates) and batch_updates[0].action == "set":
        return None  # All of it was replaced or withdrawn since.
    changes = changed_fields(kind, before, after, batch_updates)
    if after.facts("name"):
        changes = _with_corrections(kind, with_news(kind, changes), corrections, after)
    return await record_change(conn, guild_id, slug, kind, (before, after), changes) if changes else None


def _with_corrections(
    kind: Kind, changes: list[FieldChange], corrections: Sequence[tuple[Update, Update]], after: State
) -> list[FieldChange]:
    """Return `changes` with `corrections` added, milestones first. Each field with a correction is a milestone.

    A correction is not added if `changes` has its field already.
    """
    corrected = {update.field for update, _ in corrections}
    changes = [replace(change, milestone=change.milestone or change.field in corrected) for change in changes]
    for update, target in corrections:
        field = find_field(kind, update.field)
        if field is None or not field.reports or any(change.field == field.name for change in changes):
            continue
        withdrawn = update.action == "withdrawn"
        now = update.fact if not withdrawn else next(iter(after.facts(field.name)[-1:]), None)
        changes.append(FieldChange(field.name, True, target.fact, now, update.fact, True, withdrawn, update.reason))
    return sorted(changes, key=lambda change: not change.milestone)


def _has_name(before: State, after: State) -> bool:
    """Return whether a record has a name before or after a change. After its removal, it has one only before."""
    return bool(before.facts("name") or after.facts("name"))
