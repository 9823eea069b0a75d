"""Builders for tests: fact dates, due dates, updates and opened records, each made in one line without a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from bot.ledger.status import status
from bot.ledger.values import read_quantity
from data.records import CitedText, Due, FactDate, Kind, Link, Opened, Quantity, Record, Source, State, Sureness, Update

ENTERED_AT = datetime(2026, 1, 1, tzinfo=UTC)


def on_day(day: str | date, *, worked_out: bool = False) -> FactDate:
    """Return the fact date for a single day, given as a date or as text: "2023-11-10"."""
    calendar_date = date.fromisoformat(day) if isinstance(day, str) else day
    return FactDate("day", calendar_date, calendar_date, worked_out=worked_out)


def due_value(day: str | date, sureness: Sureness = "announced") -> Due:
    """Return a due date on a single day, as a value of the field "due"."""
    return Due(on_day(day), sureness)


def count_of(text: str) -> Quantity:
    """Return a number of things as it is typed, such as "31 drones", as a value of the field "quantity"."""
    return read_quantity(text)


def update(id_: int, field: str, value: Any, day: FactDate, **more: Any) -> Update:
    """Return an update by which an editor sets a field of the record "d". `more` overrides any other attribute.

    Unless overridden, the ids of the source and of the batch are those of the update, so no two updates share them.
    """
    given: dict[str, Any] = {
        "record": "d",
        "action": "set",
        "entered_at": ENTERED_AT,
        "person_id": 1,
        "source_id": id_,
        "locator": "",
        "reason": "",
        "replaces": None,
        "batch": str(id_),
        "origin": "editor",
        "origin_key": "",
    }
    return Update(id=id_, field=field, value=value, date=day, **(given | more))


def opened(
    kind: Kind,
    state: State,
    *,
    id_: int = 1,
    slug: str = "d",
    name: str | None = None,
    names: Mapping[str, str] | None = None,
    said: Sequence[CitedText] | None = None,
    waits: bool | None = None,
    links: Sequence[Link] = (),
    sources: Sequence[Source] = (),
) -> Opened:
    """Return an opened record with this state. Its name and status line (`said`) follow from the state unless given.

    `waits` overrides whether the record is an open pending item. `names` maps slugs to names of the records that the
    state refers to; the names in `links` are known without it.
    """
    known = {link.slug: link.name for link in links} | dict(names or {})
    is_open = kind == "pending" and state.value("state") == "open" if waits is None else waits
    line = status(kind, state, known) if said is None else tuple(said)
    record = Record(id_, kind, slug, name or state.text("name") or "Something", line, is_open, state)
    return Opened(record, list(links), {source.id: source for source in sources})
