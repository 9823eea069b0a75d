"""Writes the status line of a record: the texts that a list shows beside its name, each with the facts it states. Pure.

A status line is stored with its record, so that a list can say whose a statement is, or who must act, without opening
the record.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from bot import dates
from bot.ledger import quantities, stage
from bot.ledger.cited import bare, cited, of_each_day, one_day
from bot.ledger.kinds import OUTCOMES, get_field, kind_of
from bot.ledger.stage import AwaitedItem
from bot.ledger.titles import titles
from bot.ledger.values import NO_DUE_DATE, Names
from data.records import CitedText, Due, Fact, FactDate, Kind, State

WINDOW = "notification_window"
"""The kind of a pending item during which somebody can object, but nobody has to act."""

_AWAITED_NAMED = 1  # A deal's status line names this much of what the deal waits for, and counts the rest.


def status(kind: Kind, state: State, names: Names, items: Sequence[AwaitedItem] = ()) -> tuple[CitedText, ...]:
    """Return the status line of a record, or () if there is nothing to say beside its name.

    `names` are the names of the records that the record points to. If the record is a deal, `items` are the open
    pending items about the deal.
    """
    words = _Words(kind, state, names)
    match kind:
        case "deal":
            parts = _deal(state, items, names)
        case "pending":
            parts = _pending(words)
        case "statement":
            parts = _statement(words)
        case "session":
            parts = _session(words)
        case "participant":
            parts = _participant(words)
        case "dialogue":
            parts = [words.text("frequency"), cited(_since(words.date("began")), words.fact("began"))]
        case "document":
            doc_type, dated = words.newest("doc_type") or "document", words.date_words("dated")
            parts = [cited(f"{doc_type} of {dated}", words.fact("dated")) if dated else CitedText(doc_type)]
        case _:
            parts = [words.reported_text(field) for field in kind_of(kind).status]
    return tuple(part for part in parts if part.text)


def act(basis: str, item_kind: str) -> str:
    """Return the verb that follows the names of those who have to act on an open item: "must act" or "to act".

    It is "must act" only if a source states that the item is pending (`basis` is "stated"). In a notification window
    the verb is "can object".
    """
    if item_kind == WINDOW:
        return "can object"
    return "must act" if basis == "stated" else "to act"


class _Words:
    """Puts the facts of one record into words. Its methods take the name of a field."""

    def __init__(self, kind: Kind, state: State, names: Names) -> None:
        self.state = state
        self._kind: Kind = kind
        self._names = names

    def facts(self, field: str) -> list[Fact[object]]:
        """Return the facts of a field without their values, the oldest first."""
        return [bare(fact) for fact in self.state.facts(field)]

    def fact(self, field: str) -> Fact[object] | None:
        """Return the newest fact of a field without its value, or None if the field has no fact."""
        return (self.facts(field) or [None])[-1]

    def values(self, field: str) -> list[CitedText]:
        """Return a text for each value of a field, the oldest first."""
        type_ = get_field(self._kind, field).type
        return [
            cited(type_.words(fact.value, self._names), bare(fact), field=field) for fact in self.state.facts(field)
        ]

    def text(self, field: str) -> CitedText:
        """Return the newest value of a field as a text. If the field has no value, the words of the text are ""."""
        return (self.values(field) or [CitedText("")])[-1]

    def newest(self, field: str) -> str:
        """Return the words of the newest value of a field, or "" if the field has no value."""
        return self.text(field).text

    def reported_text(self, field: str) -> CitedText:
        """Return the newest value of a field as a text. If it is a date, the text leaves out the weekday.

        The text states a fact only if the field has news value (`Field.reports`). The kind of a place has none.
        """
        words = self.date_words(field) or self.newest(field)
        return cited(words, self.fact(field) if get_field(self._kind, field).reports else None)

    def each_day(self, field: str, end: str) -> list[CitedText]:
        """Return one text for each date on which values of a list field were reported, the newest date first.

        A text names all values of its date and ends with `end`: "India and Poland must act". It also has `field`, and
        the `values` that it names.
        """
        values = {fact.update: value for value in self.values(field) for fact in value.facts}

        def together(facts: Sequence[Fact[object]]) -> list[CitedText]:
            return [values[fact.update] for fact in facts]

        texts = of_each_day(self.facts(field), lambda facts: f"{_and(together(facts))} {end}".strip())
        return [replace(text, field=field, values=tuple(together(text.facts))) for text in texts]

    def date(self, field: str) -> FactDate | None:
        """Return the date that is the value of a field, or None if the field has no value."""
        return self.state.value(field, FactDate)

    def date_words(self, field: str) -> str:
        """Return the date that is the value of a field in words, without its weekday, or "" if there is none."""
        day = self.date(field)
        return dates.format_fact_date(day, weekday=False) if day is not None else ""


def _deal(state: State, items: Sequence[AwaitedItem], names: Names) -> list[CitedText]:
    """Return the texts about a deal: its stage, its side state, how much was delivered, and what it waits for."""
    side_state = stage.side_state(state)
    delivered = quantities.progress_clause(state)
    awaited = stage.waiting(state, items, names)
    more = len(awaited) - _AWAITED_NAMED
    return [
        stage.stage(state, names),
        *([side_state] if side_state else []),
        *([replace(delivered, facts=tuple(map(bare, delivered.facts)))] if delivered else []),
        *awaited[:_AWAITED_NAMED],
        *([CitedText(f"{more} more open")] if more > 0 else []),
    ]


def _pending(words: _Words) -> list[CitedText]:
    """Return the texts about a pending item: who has to act and by when if it is open, or its outcome if it is closed.

    Texts about who has to act have the `field` "who". The text about the due date has the `field` "due", also if it
    says that there is no due date.
    """
    state, opened = words.state, words.fact("state")
    if state.text("state") == "closed":
        outcome = OUTCOMES.get(state.text("outcome"), "").lower()
        if one_day([opened, words.fact("outcome")]):
            return [cited(f"closed: {outcome}" if outcome else "closed", opened, words.fact("outcome"))]
        return [cited("closed", opened), cited(f"outcome {outcome}" if outcome else "", words.fact("outcome"))]
    item_kind = state.text("item_kind")
    who = words.each_day("who", act(state.text("basis"), item_kind))
    if not who:
        parts = [cited("who must act is not in the record", field="who")]
    elif len(who) == 1 and one_day([*who[0].facts, opened]):
        parts = [cited(who[0].text, *who[0].facts, opened, field="who", values=who[0].values)]
    else:
        parts = [*who, cited("open", opened)]
    due = state.value("due", Due)
    if due is None:
        return [*parts, cited(NO_DUE_DATE, words.fact("due"), field="due")]
    date = words.text("due")
    preposition = "" if due.sureness == "usual" else "until " if item_kind == WINDOW else "due "
    return [*parts, cited(f"{preposition}{date.text}", *date.facts, field="due", values=[date])]


def _statement(words: _Words) -> list[CitedText]:
    """Return whose a statement is, its form and what it says: "India (call): a ceasefire".

    This is one text if the owners and the words were reported on the same date. Otherwise the words are in a text of
    their own, whose `field` is "said". Texts that name the owners have the `field` "whose".
    """
    owners, said, form = words.values("whose"), words.text("said"), words.newest("form").lower()
    whose = _and(owners) or "whose it is, is not in the record"
    of_form = f" ({form})" if form else ""
    facts = [*words.facts("whose"), *said.facts]
    if said.text and one_day(facts):
        values = [*owners, *([cited(form, field="form")] if form else []), said]
        return [cited(f"{whose}{of_form}: {said.text}", *facts, field="whose", values=values)]
    return [*(words.each_day("whose", of_form.strip()) or [cited(f"{whose}{of_form}", field="whose")]), said]


def _session(words: _Words) -> list[CitedText]:
    """Return the state, the date and the place of a session, as one text if all were reported on the same date.

    Otherwise they are separate texts. They are always separate if the session was postponed, cancelled or followed up,
    because "Postponed on 5 May 2024" would say that it was postponed on the day that is set for the session.
    """
    state, place = words.newest("state") or "State not in the record", words.newest("place")
    date = words.date("held_on")
    facts = [words.fact(name) for name in ("state", "held_on", "place")]
    if one_day(facts) and words.state.text("state") not in ("postponed", "cancelled", "followed_up"):
        to_come = words.state.text("state") in ("proposed", "scheduled")
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


def _participant(words: _Words) -> list[CitedText]:
    """Return what a participant is, and their country.

    What they are is their title, or the first one in the order of `titles`. The title and the country are one text if
    both were reported on the same date. Without a title, what they are is `org_type` or, if this is empty, `type`. That
    text has no facts, because neither field has news value.
    """
    leading, country = titles(words.state)[:1], words.text("country")
    if not leading:
        return [CitedText(words.newest("org_type") or words.newest("type")), country]
    type_ = get_field("participant", "title").type
    title = cited(type_.words(leading[0].value, {}), bare(leading[0]))
    if not country.text or not one_day([*title.facts, *country.facts]):
        return [title, country]
    return [cited(f"{title.text}, {country.text}", *title.facts, *country.facts)]


def _since(began: FactDate | None) -> str:
    """Return "since 2018" for the year 2018, the words of an open date ("from 2018") unchanged, and "" for None."""
    if began is None:
        return ""
    words = dates.format_fact_date(began, weekday=False)
    return words if began.precision == "open" or began.printed.startswith("since ") else f"since {words}"


def _and(values: Sequence[CitedText]) -> str:
    words = [value.text for value in values]
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)
