"""Appends updates to the ledger, withdraws them, and reads the history of records.

Each write also brings the derived tables of its records up to date, in the same transaction (see `derived.refold`).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from bot import dates
from bot.errors import BadInput, NotInRecord, UserError
from bot.ledger import fold, stored
from bot.ledger.kinds import KIND_WORDS, get_field
from bot.ledger.values import ends, quoted
from bot.services import ledger_rows
from bot.services.derived import refold
from data.database import Connection, to_text
from data.records import FactDate, Kind, Update, Value
from data.rows import as_list, fetch_all, fetch_one, fetch_value, in_list

UNDO_FOR = timedelta(seconds=60)
"""How long after it was saved a batch can be undone."""


class Change(Struct, frozen=True):
    """A fact that `append` is to enter. `record` is the slug of its record, which is created with `kind` if it is new.

    `replaces` is the id of the update that the fact corrects. `started_from` is the id of the update with whose value
    the form was filled in. For a fact of a dossier, `dossier` is the slug of the dossier and `origin_key` the key of
    the fact.
    """

    record: str
    kind: Kind
    field: str
    value: Value
    date: FactDate
    source_id: int
    locator: str = ""
    reason: str = ""
    replaces: int | None = None
    origin_key: str = ""
    dossier: str = ""
    started_from: int | None = None


async def append(
    conn: Connection,
    guild_id: int,
    changes: Sequence[Change],
    *,
    now: datetime,
    person_id: int | None,
    origin: Literal["editor", "dossier"],
) -> str:
    """Enter changes as one batch of updates and return the id of the batch.

    New records are created first, so that the changes may point to each other's records. Raise BadInput, NotInRecord or
    another UserError when a change is refused; the caller must then roll back its transaction.
    """
    kinds: dict[str, Kind] = {change.record: change.kind for change in changes}
    ids = {slug: await _ensure_record(conn, guild_id, slug, kind) for slug, kind in kinds.items()}
    batch = uuid.uuid4().hex
    for change in changes:
        await _check(conn, guild_id, ids[change.record], change, now)
        await _insert(conn, guild_id, ids[change.record], change, now, person_id, origin, batch)
    await refold(conn, guild_id, ids.values())
    return batch


async def _ensure_record(conn: Connection, guild_id: int, slug: str, kind: Kind) -> int:
    """Return the id of the record with this slug. Insert it when there is none. Raise BadInput if its kind differs."""
    await conn.execute(
        "INSERT INTO record (guild_id, kind, slug) VALUES (?, ?, ?) ON CONFLICT (guild_id, slug) DO NOTHING",
        (guild_id, kind, slug),
    )
    known = await _find_record(conn, guild_id, slug)
    assert known is not None  # Just inserted, if it was missing.
    if known.kind != kind:
        raise BadInput(
            f"{quoted(slug)} is a {KIND_WORDS[known.kind][0]} here, not a {KIND_WORDS[kind][0]}. Nothing was changed. "
            "Use another name."
        )
    return known.id


class _Record(Struct, frozen=True):
    """The row id and the kind of a record."""

    id: int
    kind: Kind


async def _find_record(conn: Connection, guild_id: int, slug: str) -> _Record | None:
    """Return the record with this slug, or None. A record whose updates were all withdrawn is returned too."""
    return await fetch_one(
        conn, _Record, "SELECT id, kind FROM record WHERE guild_id = ? AND slug = ?", (guild_id, slug)
    )


async def _check(conn: Connection, guild_id: int, record_id: int, change: Change, now: datetime) -> None:
    """Raise BadInput, NotInRecord or another UserError when a change cannot be entered.

    The function checks the value, the fact date, the lengths of the texts, the source, the records that the value
    points to, and the update that the change replaces. A change that moves the stage of a deal back must have a reason.
    """
    field = get_field(change.kind, change.field)
    field.type.check(change.value)
    if not dates.has_begun(change.date, now):
        raise BadInput(
            f"{dates.format_fact_date(change.date)} has not begun anywhere yet, so nothing can have happened on it. "
            "Nothing was changed. Write the day on which it was true; a date to come belongs into a due date."
        )
    for what, text, limit in (("locator", change.locator, 200), ("reason", change.reason, 500)):
        if len(text) > limit:
            raise BadInput(f"The {what} has {len(text):,} characters; {limit} fit. Nothing was changed. Shorten it.")
    known_id = await fetch_value(
        conn, int, "SELECT id FROM source WHERE id = ? AND guild_id = ?", (change.source_id, guild_id)
    )
    if known_id is None:
        raise UserError("That source is not on file in this server. Nothing was changed.")
    for slug, _role in field.type.records(change.value):
        # The `country` of a country may be the record itself.
        if slug == change.record and change.kind != "participant" and not ends(change.value):
            raise BadInput(f"{field.label}: no record can point to itself. Nothing was changed. Name another record.")
        known = await _find_record(conn, guild_id, slug)
        kinds = field.type.kinds
        if known is None or known.kind not in kinds:
            wanted = " or ".join(KIND_WORDS[kind][0] for kind in kinds)
            raise NotInRecord(f"{quoted(slug)} is not in the record as a {wanted}. Nothing was changed.")
    if change.replaces is not None:
        target = await fetch_value(
            conn,
            int,
            "SELECT u.id FROM ledger u JOIN record r ON r.id = u.record_id WHERE u.id = ? "
            "AND ? IN (r.id, r.merged_into)",
            (change.replaces, record_id),
        )
        if target is None:
            raise UserError("The update to be corrected does not belong to this record. Nothing was changed.")
    if change.field == "stage" and not change.reason:
        before = [u for u in await history(conn, guild_id, change.record) if u.id != change.replaces]
        if fold.stage_goes_back(before, str(change.value), change.date):
            raise BadInput(
                "This stage is a step back from what is on the record around that date, so it needs a reason. "
                "Nothing was changed. Fill in the reason."
            )


async def _insert(
    conn: Connection,
    guild_id: int,
    record_id: int,
    change: Change,
    now: datetime,
    person_id: int | None,
    origin: str,
    batch: str,
) -> None:
    """Insert a change into the ledger as one update, without checking it."""
    date = change.date
    await conn.execute(
        "INSERT INTO ledger (guild_id, record_id, action, field, value, fact_from, fact_to, precision, worked_out, "
        "printed, entered_at, person_id, source_id, locator, reason, replaces, batch, origin, origin_key, dossier, "
        "started_from) VALUES (?, ?, 'set', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            guild_id,
            record_id,
            change.field,
            stored.encode(change.value),
            date.first and date.first.isoformat(),
            date.last and date.last.isoformat(),
            date.precision,
            date.worked_out,
            date.printed,
            to_text(now),
            person_id,
            change.source_id,
            change.locator,
            change.reason,
            change.replaces,
            batch,
            origin,
            change.origin_key,
            change.dossier,
            change.started_from,
        ),
    )


async def withdraw(
    conn: Connection,
    guild_id: int,
    update_ids: Sequence[int],
    *,
    now: datetime,
    person_id: int | None,
    reason: str,
    origin: Literal["editor", "dossier"] = "editor",
    batch: str | None = None,
) -> str:
    """Withdraw updates by appending one withdrawal for each. Return the id of the batch of withdrawals.

    When a withdrawal is withdrawn, the original update counts again. If `batch` is given, the withdrawals are added to
    this batch. Otherwise they are a new batch. Raise UserError for an id that the guild lacks.
    """
    batch = batch or uuid.uuid4().hex
    touched: list[int] = []
    for update_id in update_ids:
        record_id = await fetch_value(
            conn,
            int,
            "INSERT INTO ledger (guild_id, record_id, action, field, value, fact_from, fact_to, precision, worked_out, "
            "printed, entered_at, person_id, source_id, locator, reason, replaces, batch, origin, origin_key, dossier) "
            "SELECT guild_id, record_id, 'withdrawn', field, value, fact_from, fact_to, precision, worked_out, "
            "printed, ?, ?, source_id, locator, ?, id, ?, ?, origin_key, dossier FROM ledger "
            "WHERE guild_id = ? AND id = ? RETURNING record_id",
            (to_text(now), person_id, reason, batch, origin, guild_id, update_id),
        )
        if record_id is None:
            raise UserError("That update is not on file in this server. Nothing was changed.")
        touched.append(record_id)
    await refold(conn, guild_id, touched)
    return batch


class _Undoable(Struct, frozen=True):
    """An update or a withdrawal in the batch that is to be undone. `withdrawn` says that it was undone already."""

    id: int
    entered_at: datetime
    withdrawn: bool


async def undo(conn: Connection, guild_id: int, batch: str, *, now: datetime, person_id: int) -> None:
    """Withdraw all updates and withdrawals of a batch that was saved at most 60 seconds ago.

    Raise UserError when the batch is older, was undone already or does not exist in this guild.
    """
    rows = await fetch_all(
        conn,
        _Undoable,
        "SELECT id, entered_at, "
        "EXISTS (SELECT 1 FROM ledger w WHERE w.replaces = u.id AND w.action = 'withdrawn') AS withdrawn "
        "FROM ledger u WHERE guild_id = ? AND batch = ? ORDER BY id",
        (guild_id, batch),
    )
    if not rows:
        raise UserError("There is nothing to undo here. Nothing was changed.")
    if any(row.withdrawn for row in rows):
        raise UserError("This was already undone. Nothing more was changed.")
    if now - rows[0].entered_at > UNDO_FOR:
        raise UserError(
            "More than 60 seconds have passed, so this stays as it is. Nothing was changed. "
            "Enter what is right with /update; the history keeps both."
        )
    await withdraw(
        conn, guild_id, [row.id for row in rows], now=now, person_id=person_id, reason="Undone within 60 seconds"
    )


# Ids of the records with the slugs ?2 in the guild ?1. A duplicate stands for the record that it was merged into. All
# duplicates of each record are included.
_WITH_DUPLICATES = f"""
(SELECT coalesce(merged_into, id) FROM record WHERE guild_id = ?1 AND slug IN {in_list("?2")}
 UNION SELECT d.id FROM record r JOIN record d ON d.merged_into = coalesce(r.merged_into, r.id)
 WHERE r.guild_id = ?1 AND r.slug IN {in_list("?2")})
"""


async def history(conn: Connection, guild_id: int, slug: str) -> list[Update]:
    """Return all updates of a record in the order in which they were entered, also withdrawn and replaced ones.

    Updates of duplicates that were merged into the record are included.
    """
    entered = await ledger_rows.fetch(conn, f"u.record_id IN {_WITH_DUPLICATES}", (guild_id, as_list([slug])))
    return [row.update for row in entered]


async def get_live(conn: Connection, guild_id: int, update_id: int) -> Update:
    """Return an update whose value is a present value of its record. Raise UserError when the value no longer is."""
    rows = await ledger_rows.fetch(conn, "r.guild_id = ? AND u.id = ?", (guild_id, update_id))
    if rows:
        update = rows[0].update
        live = fold.live_updates(await history(conn, guild_id, update.record))
        if any(other.id == update.id for other in live) and fold.is_readable(update):
            return update
    raise UserError("This value is no longer on the record. Nothing was changed. Open the card to see what is.")


async def histories(
    conn: Connection, guild_id: int, slugs: Iterable[str], *, merged: bool = True
) -> dict[str, list[Update]]:
    """Return all updates of several records, by slug, in the order of entering. Slugs without updates are left out.

    If `merged` is true, a duplicate and the record that it was merged into are one record: the updates of both are
    returned under the slug of the record that it was merged into. If it is false, each duplicate is a record of its
    own.
    """
    by_slug: dict[str, list[Update]] = {}
    where = f"u.record_id IN {_WITH_DUPLICATES}" if merged else f"own.guild_id = ? AND own.slug IN {in_list()}"
    for row in await ledger_rows.fetch(conn, where, (guild_id, as_list(slugs)), merged=merged):
        by_slug.setdefault(row.update.record, []).append(row.update)
    return by_slug


async def newest_of(conn: Connection, guild_id: int, slugs: Iterable[str]) -> int:
    """Return the id of the newest update of some records, or 0 when they have no updates."""
    newest = await fetch_value(
        conn,
        int,
        "SELECT max(u.id) FROM ledger u JOIN record r ON r.id = u.record_id "
        f"WHERE r.guild_id = ? AND r.slug IN {in_list()}",
        (guild_id, as_list(slugs)),
    )
    return newest or 0


async def newest_id(conn: Connection, guild_id: int) -> int:
    """Return the id of a guild's newest update, or 0 when its ledger is empty."""
    return await fetch_value(conn, int, "SELECT max(id) FROM ledger WHERE guild_id = ?", (guild_id,)) or 0
