"""The status line: what a list says about a record beside its name, each part with the facts it states. Pure.

It is kept with the record, so that a list can say whose a statement is, or who must act, without opening it.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot import dates
from bot.ledger import stage
from bot.ledger.cited import bare, cited, of_each_day, one_day
from bot.ledger.kinds import OUTCOMES, get_field, kind_of
from bot.ledger.stage import AwaitedItem
from bot.ledger.values import Names
from data.records import CitedText, Due, Fact, FactDate, Kind, State

_NAMED = 1  # What a deal waits for that its status line names; it counts the rest.


def status(kind: Kind, state: State, names: Names, items: Sequence[AwaitedItem] = ()) -> tuple[CitedText, ...]:
    """Return the status line of one record, empty where its name says all. `items` is what is open about a deal."""
    said = _Said(kind, state, names)
    match kind:
        case "deal":
            parts = deal_parts(state, items, names)
        case "pending":
            parts = _pending(said)
        case "statement":
            parts = said.statement()
        case "session":
            parts = said.session()
        case "participant":
            parts = said.person() if said.has("title") else [said.kind("org_type", "type"), said.part("country")]
        case "dialogue":
            began = said.date("began")
            since = f"since {began.removeprefix('since ')}" if began else ""
            parts = [said.part("frequency"), cited(since, said.fact("began"))]
        case "document":
            dated = said.date("dated")
            words = said.one("doc_type") or "document"
            parts = [cited(f"{words} of {dated}", said.fact("dated")) if dated else CitedText(words)]
        case _:
            parts = [said.plain(field) for field in kind_of(kind).status]
    return tuple(part for part in parts if part.text)


def deal_parts(state: State, items: Sequence[AwaitedItem], names: Names) -> list[CitedText]:
    """Return how a deal stands: its stage, its side state, what it waits for."""
    beside = [part for part in (stage.side_state(state),) if part]
    open_ = stage.waiting(state, items, names)
    more = len(open_) - _NAMED
    rest = [CitedText(f"{more} more open")] if more > 0 else []
    return [stage.stage(state, names), *beside, *open_[:_NAMED], *rest]


def _pending(said: _Said) -> list[CitedText]:
    opened, outcome = said.fact("state"), said.text("outcome")
    if said.text("state") == "closed":
        how = OUTCOMES[outcome].lower() if outcome in OUTCOMES else ""
        if one_day([opened, said.fact("outcome")]):
            return [cited(f"closed: {how}" if how else "closed", opened, said.fact("outcome"))]
        return [cited("closed", opened), cited(f"outcome {how}" if how else "", said.fact("outcome"))]
    window = said.text("item_kind") == WINDOW
    verb = act(said.text("basis"), said.text("item_kind"))
    acts = said.of_each_day("who", verb) or [CitedText("who must act is not in the record")]
    if not acts[0].facts:
        parts = acts
    elif len(acts) == 1 and one_day([*acts[0].facts, opened]):
        parts = [cited(acts[0].text, *acts[0].facts, opened)]
    else:
        parts = [*acts, cited("open", opened)]
    due = said.due()
    if due is None:
        return [*parts, cited(NO_DUE_DATE, said.fact("due"))]
    by = said.one("due")
    usual = due.sureness == "usual"
    return [*parts, cited(by if usual else f"{'until' if window else 'due'} {by}", said.fact("due"))]


WINDOW = "notification_window"


def act(basis: str, item_kind: str) -> str:
    """Return the verb for those whom an open item waits for: "must act" only where a source states it as pending."""
    if item_kind == WINDOW:
        return "can object"
    return "must act" if basis == "stated" else "to act"


NO_DUE_DATE = "no due date given"


class _Said:
    """The facts of a state as words."""

    def __init__(self, kind: Kind, state: State, names: Names) -> None:
        self._kind: Kind = kind
        self._state = state
        self._names = names

    def text(self, field: str) -> str:
        return self._state.text(field)

    def has(self, field: str) -> bool:
        return bool(self._state.facts(field))

    def facts(self, field: str) -> list[Fact[object]]:
        return [bare(fact) for fact in self._state.facts(field)]

    def fact(self, field: str) -> Fact[object] | None:
        return (self.facts(field) or [None])[-1]

    def _words(self, field: str) -> list[str]:
        type_ = get_field(self._kind, field).type
        return [type_.words(fact.value, self._names) for fact in self._state.facts(field)]

    def one(self, field: str) -> str:
        return (self._words(field) or [""])[-1]

    def all(self, field: str) -> str:
        return _and(self._words(field))

    def of_each_day(self, field: str, end: str = "") -> list[CitedText]:
        """Return the values of a list, one text for those of each day, such as "India and Poland must act"."""
        type_ = get_field(self._kind, field).type
        values = {fact.update: type_.words(fact.value, self._names) for fact in self._state.facts(field)}
        return of_each_day(
            self.facts(field), lambda facts: f"{_and([values[fact.update] for fact in facts])} {end}".strip()
        )

    def part(self, field: str) -> CitedText:
        """Return the value of one field as a text of its own."""
        return cited(self.one(field), self.fact(field))

    def plain(self, field: str) -> CitedText:
        """Return the value of one field as a text, a date without its weekday. What reports nothing has no day."""
        words = self.date(field) or self.one(field)
        return cited(words, self.fact(field) if get_field(self._kind, field).reports else None)

    def kind(self, *fields: str) -> CitedText:
        """Return what kind of thing it is, by the first of some fields that is known. A kind dates nothing."""
        return CitedText(next((words for field in fields if (words := self.one(field))), ""))

    def person(self) -> list[CitedText]:
        """Return title and country, in one text where they were reported on one day."""
        title, country = self.part("title"), self.part("country")
        if not country.text or not one_day([*title.facts, *country.facts]):
            return [title, country]
        return [cited(f"{title.text}, {country.text}", *title.facts, *country.facts)]

    def date(self, field: str) -> str:
        """Return the day that a field holds as a value, in words."""
        held = self.day(field)
        return dates.format_fact_date(held, weekday=False) if held is not None else ""

    def day(self, field: str) -> FactDate | None:
        """Return the day that a field holds as a value."""
        return self._state.value(field, FactDate)

    def due(self) -> Due | None:
        """Return the due date of a pending item."""
        return self._state.value("due", Due)

    def statement(self) -> list[CitedText]:
        """Return whose a statement is, its form and what it says: in one text where these are of one day."""
        whose = self.all("whose") or "whose it is, is not in the record"
        form, said = self.one("form"), self.part("said")
        of_form = f" ({form.lower()})" if form else ""
        if said.text and one_day([*self.facts("whose"), *said.facts]):
            return [cited(f"{whose}{of_form}: {said.text}", *self.facts("whose"), *said.facts)]
        return [*(self.of_each_day("whose", of_form.strip()) or [CitedText(f"{whose}{of_form}")]), said]

    def session(self) -> list[CitedText]:
        """Return how a session stands, when and where it is held: in one text where these are of one day.

        What happened to a session (postponed, cancelled, followed up) did not happen on the date it is held.
        """
        state, place = self.one("state") or "State not in the record", self.one("place")
        date = self.day("held_on")
        facts = [self.fact(name) for name in ("state", "held_on", "place")]
        if one_day(facts) and self.text("state") not in ("postponed", "cancelled", "followed_up"):
            to_come = self.text("state") in ("proposed", "scheduled")
            on = ""
            if date:
                on = (
                    f" for {dates.format_fact_date(date, weekday=False)}"
                    if to_come
                    else f" {dates.on_date(date, weekday=False)}"
                )
            return [cited(f"{state}{on}{f' in {place}' if place else ''}", *facts)]
        parts = [cited(state, facts[0])]
        parts += [cited(f"date given: {dates.format_fact_date(date, weekday=False)}", facts[1])] if date else []
        return [*parts, *([cited(f"place: {place}", facts[2])] if place else [])]


def _and(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)
