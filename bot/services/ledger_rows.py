"""Reads rows of the ledger as updates with decoded values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from bot.ledger.stored import decode_value
from data.database import Connection
from data.records import Approval, FactDate, Kind, ListedText, Party, Precision, Unreadable, Update, Value
from data.rows import fetch_all

_COLUMNS = (
    "u.id, u.guild_id, r.id AS record_id, r.slug, r.kind, CASE WHEN r.id = own.id THEN 0 ELSE 1 END AS merged,"
    " u.action, u.field, u.value, u.fact_from, u.fact_to, u.precision, u.worked_out, "
    "u.printed, u.entered_at, u.person_id, u.source_id, u.locator, u.reason, u.replaces, u.batch, u.origin, "
    "u.origin_key, u.dossier, u.started_from"
)


class Entered(Struct, frozen=True):
    """An update with the row id and the kind of the record that it belongs to.

    An update of a duplicate belongs to the record that the duplicate was merged into.
    """

    record_id: int
    kind: Kind
    update: Update


class _Row(Struct, frozen=True):
    """A row of the ledger with the slug and the kind of its record. `value` is still JSON text.

    `merged` says that the row was entered for a duplicate that was merged into this record.
    """

    id: int
    guild_id: int
    record_id: int
    slug: str
    kind: Kind
    merged: bool
    action: Literal["set", "withdrawn"]
    field: str
    value: str
    fact_from: date | None
    fact_to: date | None
    precision: Precision
    worked_out: bool
    printed: str
    entered_at: datetime
    person_id: int | None
    source_id: int
    locator: str
    reason: str
    replaces: int | None
    batch: str
    origin: Literal["editor", "dossier"]
    origin_key: str
    dossier: str
    started_from: int | None


async def fetch(conn: Connection, where: str, values: Sequence[object], *, merged: bool = True) -> list[Entered]:
    """Return the updates that fulfil an SQL condition, in the order in which they were entered.

    In the condition `where`, `u` is a row of the ledger and `own` is the record that it was entered for. `r` is the
    record that `own` was merged into or, if `own` is no duplicate, `own` itself. The condition becomes part of the
    query, so it must never contain user input. `values` are its parameters. If `merged` is false, each duplicate is
    read as a record of its own, so `r` is always `own`.
    """
    joined = "coalesce(own.merged_into, own.id)" if merged else "own.id"
    rows = await fetch_all(
        conn,
        _Row,
        f"SELECT {_COLUMNS} FROM ledger u JOIN record own ON own.id = u.record_id JOIN record r ON r.id = {joined} "
        f"WHERE {where} ORDER BY u.id",
        values,
    )
    duplicates = await _duplicates(conn) if merged else {}
    return [
        Entered(
            row.record_id,
            row.kind,
            Update(
                id=row.id,
                record=row.slug,
                action=row.action,
                field="alias" if row.merged and row.field == "name" else row.field,
                value=_value(row, duplicates),
                date=FactDate(row.precision, row.fact_from, row.fact_to, row.worked_out, row.printed),
                entered_at=row.entered_at,
                person_id=row.person_id,
                source_id=row.source_id,
                locator=row.locator,
                reason=row.reason,
                replaces=row.replaces,
                batch=row.batch,
                origin=row.origin,
                origin_key=row.origin_key,
                dossier=row.dossier,
                started_from=row.started_from,
            ),
        )
        for row in rows
    ]


class _Duplicate(Struct, frozen=True):
    """The slug of a duplicate, and the slug of the record that it was merged into (`into_slug`)."""

    guild_id: int
    slug: str
    into_slug: str


async def _duplicates(conn: Connection) -> dict[tuple[int, str], str]:
    """Return the duplicates of all guilds, each with the slug of the record that it was merged into.

    The keys are pairs: the guild id and the slug of the duplicate.
    """
    rows = await fetch_all(
        conn,
        _Duplicate,
        "SELECT d.guild_id, d.slug, t.slug AS into_slug FROM record d JOIN record t ON t.id = d.merged_into "
        "WHERE d.merged_into IS NOT NULL",
        (),
    )
    return {(row.guild_id, row.slug): row.into_slug for row in rows}


def _value(row: _Row, duplicates: Mapping[tuple[int, str], str]) -> Value | Unreadable:
    """Return the decoded value of a row. If it points to a duplicate, it points to the merged record instead.

    The name of a duplicate is returned as an alias, because it is an alias of the record that it was merged into.
    """
    value = decode_value(row.kind, row.field, row.value)
    if row.merged and row.field == "name" and isinstance(value, str):
        return ListedText(value)
    if isinstance(value, Party):
        return replace(value, record=duplicates.get((row.guild_id, value.record), value.record))
    if isinstance(value, Approval):
        return replace(value, side=duplicates.get((row.guild_id, value.side), value.side))
    return value
