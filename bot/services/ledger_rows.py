"""Reads rows of the ledger as updates with decoded values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from bot.ledger.stored import decode_value
from data.database import Connection
from data.records import FactDate, Kind, Precision, Update
from data.rows import fetch_all

_COLUMNS = (
    "u.id, u.record_id, r.slug, r.kind, u.action, u.field, u.value, u.fact_from, u.fact_to, u.precision, u.worked_out, "
    "u.printed, u.entered_at, u.person_id, u.source_id, u.locator, u.reason, u.replaces, u.batch, u.origin, "
    "u.origin_key, u.dossier, u.started_from"
)


class Entered(Struct, frozen=True):
    """An update with the row id and the kind of the record that it belongs to."""

    record_id: int
    kind: Kind
    update: Update


class _Row(Struct, frozen=True):
    """A row of the ledger with the slug and the kind of its record. `value` is still JSON text."""

    id: int
    record_id: int
    slug: str
    kind: Kind
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


async def fetch(conn: Connection, where: str, values: Sequence[object]) -> list[Entered]:
    """Return the updates for which the SQL condition `where` is true, in the order in which they were entered.

    In `where`, `u` is a row of the ledger and `r` is its record. `where` becomes part of the query, so it must never
    contain user input. `values` are the parameters of `where`.
    """
    rows = await fetch_all(
        conn,
        _Row,
        f"SELECT {_COLUMNS} FROM ledger u JOIN record r ON r.id = u.record_id WHERE {where} ORDER BY u.id",
        values,
    )
    return [
        Entered(
            row.record_id,
            row.kind,
            Update(
                id=row.id,
                record=row.slug,
                action=row.action,
                field=row.field,
                value=decode_value(row.kind, row.field, row.value),
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
