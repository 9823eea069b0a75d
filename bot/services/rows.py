"""Rows of the ledger, read as updates."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from data.database import from_text
from data.records import FactDate, Update

COLUMNS = (
    "u.id, r.slug, u.action, u.field, u.value, u.fact_from, u.fact_to, u.precision, u.worked_out, u.printed, "
    "u.entered_at, u.person_id, u.source_id, u.locator, u.reason, u.replaces, u.batch, u.origin, u.origin_key, "
    "u.dossier"
)
"""What `update_of` reads of a ledger row `u` and its record `r`."""


def update_of(row: Sequence) -> Update:
    """A ledger row, as `COLUMNS` selects it."""
    id_, slug, action, field, value, first, last, precision, worked_out, printed, entered_at, *rest = row
    date = msgspec.convert(
        {"precision": precision, "first": first, "last": last, "worked_out": bool(worked_out), "printed": printed},
        FactDate,
    )
    return Update(id_, slug, action, field, msgspec.json.decode(value), date, from_text(entered_at), *rest)
