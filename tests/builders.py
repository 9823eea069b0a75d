"""Days, values, updates and records as tests make them: each in one line, without a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from bot.ledger.status import status
from data.records import CitedText, Due, FactDate, Kind, Link, Opened, Record, Source, State, Sureness, Update

ENTERED_AT = datetime(2026, 1, 1, tzinfo=UTC)


def on_day(day: str | date, *, worked_out: bool = False) -> FactDate:
    """Return the fact date of one day, given as a date or as "2023-11-10"."""
    found = date.fromisoformat(day) if isinstance(day, str) else day
    return FactDate("day", found, found, worked_out=worked_out)


def due_value(day: str | date, sureness: Sureness = "announced") -> Due:
    """Return the value of a due date that is one day."""
    return Due(on_day(day), sureness)


def update(id_: int, field: str, value: Any, day: FactDate, **more: Any) -> Update:
    """Return an editor's update of the record "d", from a source and in a batch of its own; `more` says otherwise."""
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
    """Return a record with this state. Its name, its status line and whether it waits follow from that, unless given.

    `names` are those of the records that it points to, by slug; the names of its links are among them.
    """
    known = {link.slug: link.name for link in links} | dict(names or {})
    is_open = kind == "pending" and state.value("state") == "open" if waits is None else waits
    line = status(kind, state, known) if said is None else tuple(said)
    record = Record(id_, kind, slug, name or state.text("name") or "Something", line, is_open, state)
    return Opened(record, list(links), {source.id: source for source in sources})
