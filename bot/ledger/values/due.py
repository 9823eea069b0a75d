"""The type of fields that hold a due date: by when something has to happen, and how sure that is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, cast

import msgspec

from bot import dates
from bot.errors import BadInput
from bot.ledger.values.field_type import FieldType, Find, Names, quoted
from bot.ledger.words import normal
from data.records import Due, FactDate, Sureness, Value

SURENESS: Mapping[Sureness, str] = {
    "fixed": "fixed by law or in the document",
    "announced": "announced by an official",
    "reported": "reported by the press",
    "usual": "the usual time, not a due date",
}

NO_DUE_DATE = "no due date given"
"""What people read of a pending item without a due date."""


@dataclass(frozen=True)
class DueType(FieldType):
    """A due date and how sure it is, typed as `31 October 2024, announced`, or as `none` for no due date."""

    stored: ClassVar[msgspec.json.Decoder[Value]] = msgspec.json.Decoder(Due | None)

    def parse(self, text: str, find: Find) -> Value:
        if normal(text) in ("none", "no due date", NO_DUE_DATE):
            return None
        day, _, sureness = text.rpartition(",")
        word = normal(sureness)
        if word not in SURENESS or not day:
            raise BadInput(
                f"{quoted(text)} does not say how sure the date is. Nothing was changed. "
                f"Write it like {self.example}, with one of: {', '.join(SURENESS)}; or write none."
            )
        value = dates.parse_fact_date(re.sub(r"\A\s*(?:due )?by (?:the )?", "", day, flags=re.IGNORECASE))
        if value.last is None:
            raise BadInput(
                f"{quoted(day)} has no last day to wait for. Nothing was changed. Write it like {self.example}."
            )
        return Due(value, cast("Sureness", word))

    def check(self, value: Value) -> None:
        if value is not None and self.require(value, Due).date.last is None:
            raise BadInput(f"A due date needs a last day. Write it like {self.example}.")

    def typed(self, value: Value, names: Names) -> str:
        due = expect_due(value)
        return "none" if due is None else f"{dates.typed_fact_date(due.date)}, {due.sureness}"

    def words(self, value: Value, names: Names) -> str:
        due = expect_due(value)
        if due is None or due.sureness == "usual":
            return due_clause(due)
        return f"{dates.format_fact_date(due.date)} ({due.sureness})"

    def in_full(self, value: Value, names: Names) -> str:
        due = expect_due(value)
        if due is None or due.sureness == "usual":
            return due_clause(due)
        return f"{dates.format_fact_date(due.date)} ({SURENESS[due.sureness]})"


def expect_due(value: Value) -> Due | None:
    """Return the value, narrowed to Due or None (no due date). Raise TypeError when it is of another type."""
    if value is not None and not isinstance(value, Due):
        raise TypeError(f"a Due or None is expected here, not a {type(value).__name__}")
    return value


def due_clause(due: Due | None) -> str:
    """Return a due date as a clause: "due by 31 October 2024, announced by an official".

    A usual time is called "not a due date"; None gives "no due date given".
    """
    if due is None:
        return NO_DUE_DATE
    by = _by(due.date)
    match due.sureness:
        case "usual":
            return f"usually {by}; not a due date"
        case "reported":
            return f"target date reported by the press: {by}"
        case sure:
            return f"due {by}, {SURENESS[sure]}"


def _by(day: FactDate) -> str:
    words = dates.format_fact_date(day)
    if day.precision in ("month", "year"):
        return f"by the end of {words}"
    if words.startswith("between "):
        return words
    return f"by the {words}" if " of " in words else f"by {words}"


def due_day(due: Due | None) -> date | None:
    """Return the last day that a due date can mean: 31 March for "March 2027". Return None if there is no due date."""
    return due.date.last if due is not None else None
