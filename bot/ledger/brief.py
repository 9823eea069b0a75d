"""What a list says about a record beside its name, in one phrase. Pure.

It is kept with the record, so that a card can say whose a statement is, or who must act, without opening it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from bot import when
from bot.ledger.fields import OUTCOMES, get_field
from bot.ledger.stage import headline
from bot.ledger.values import Names
from data.records import FactDate, Kind, State


def brief(kind: Kind, state: State, names: Names, pending: Sequence[tuple[str, str]] = ()) -> str:
    """The phrase of one record; "" where its name says all there is. `pending` is what is open about a deal."""
    said = _Said(kind, state, names)
    match kind:
        case "deal":
            return headline(state, pending, names)
        case "pending":
            return _pending(said)
        case "statement":
            whose = said.all("whose") or "whose it is, is not in the record"
            form = said.one("form")
            return f"{whose}{f' ({form.lower()})' if form else ''}{_after(': ', said.one('said'))}"
        case "session":
            held = said.date("held_on")
            stands = said.one("state") or "State not in the record"
            return stands + _after(" ", held) + _after(" in ", said.one("place"))
        case "participant":
            first = said.one("title") or said.one("org_type") or said.one("type").lower()
            return f"{first}{_after(', ', said.one('country'))}"
        case "place":
            return said.one("place_type")
        case "dialogue":
            began = said.date("began", preposition=False)
            return ", ".join(filter(None, [said.one("frequency"), began and f"since {began.removeprefix('since ')}"]))
        case "document":
            return f"{said.one('doc_type') or 'document'}{_after(' of ', said.date('dated', preposition=False))}"
        case "event":
            return said.date("happened", preposition=False)
        case "topic":
            return ""


FIELDS: dict[Kind, tuple[str, ...]] = {
    "deal": ("stage", "side_state", "approved_by", "approval"),
    "pending": ("state", "outcome", "who", "due"),
    "statement": ("whose", "form", "said"),
    "session": ("state", "held_on", "place"),
    "participant": ("title", "org_type", "type", "country"),
    "place": ("place_type",),
    "dialogue": ("frequency", "began"),
    "document": ("doc_type", "dated"),
    "event": ("happened",),
    "topic": (),
}
"""The fields whose facts stand in the phrase of each kind."""


def on_date(d: FactDate) -> str:
    """A fact date as part of a sentence: "on Friday 10 November 2023", "in November 2023", "since 2022"."""
    words = when.format_fact_date(d)
    if d.precision == "day":
        return f"on {words}"
    if d.precision in ("open", "unknown") or words.startswith("between "):
        return words
    return f"in the {words}" if " of " in words else f"in {words}"


def _after(mark: str, words: str) -> str:
    return f"{mark}{words}" if words else ""


def _pending(said: _Said) -> str:
    if said.value("state") == "closed":
        outcome = said.value("outcome")
        return f"closed: {OUTCOMES[outcome].lower()}" if outcome in OUTCOMES else "closed"
    who = said.all("who") or "who must act is not in the record"
    due = said.one("due") or "no due date given"
    return f"{who}; {due if due.startswith('no ') else 'due ' + due}"


class _Said:
    """The facts of a state as words."""

    def __init__(self, kind: Kind, state: State, names: Names) -> None:
        self._kind: Kind = kind
        self._state = state
        self._names = names

    def value(self, field: str) -> Any:
        return self._state.value(field)

    def _words(self, field: str) -> list[str]:
        type_ = get_field(self._kind, field).type
        return [type_.words(fact.value, self._names) for fact in self._state.facts.get(field, [])]

    def one(self, field: str) -> str:
        return (self._words(field) or [""])[-1]

    def all(self, field: str) -> str:
        words = self._words(field)
        return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)

    def date(self, field: str, *, preposition: bool = True) -> str:
        value = self.value(field)
        if value is None:
            return ""
        date = msgspec.convert(value, FactDate)
        return on_date(date) if preposition else when.format_fact_date(date, weekday=False)
