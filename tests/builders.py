"""Days, updates and values as tests make them: each in one line, without a file."""

from __future__ import annotations

from datetime import date
from typing import Any

from data.records import FactDate


def on_day(day: str | date, *, worked_out: bool = False) -> FactDate:
    """Return the fact date of one day, given as a date or as "2023-11-10"."""
    found = date.fromisoformat(day) if isinstance(day, str) else day
    return FactDate("day", found, found, worked_out=worked_out)


def due_value(day: str | date, sureness: str = "announced") -> dict[str, Any]:
    """Return the value of a due date that is one day."""
    return {"date": {"precision": "day", "first": str(day), "last": str(day)}, "sureness": sureness}
