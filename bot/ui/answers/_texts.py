"""The texts of an answer that state one record's facts, each with the facts that it states."""

# pyright: standard
# Not strict until the next issues rebuild it.

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

from bot.ask.finding import Told
from bot.ledger import stage
from bot.ledger.cited import cited, day_key, day_words
from bot.ledger.fold import is_open
from bot.ledger.kinds import KIND_WORDS, SIDE_STATES, get_field
from bot.ledger.quantities import progress_clause
from bot.ledger.status import act
from bot.ledger.values import Names, approval_details, approver_words, expect, named, record_of
from bot.ui import cards
from bot.ui.text import clip, joined, sentence
from data.records import Approval, CitedText, Fact, Kind, Link, Opened, Party, State, Value

LONG = 400  # Characters of one text, such as what a statement says.
_NAMED = 8  # Names that one text lists.


def texts_of(told: Told, now: datetime, *, named_: bool) -> list[CitedText]:
    """Return what is told as texts, each with the facts that it states. `named_`: the name stands before them."""
    opened = told.opened
    if told.how == "identity":
        return _identity(opened, now, named_=named_)
    if told.how == "stage":
        return [*_status(opened), *_approvals_beside(opened)]
    if told.how == "reached":
        return [stage.stage(State({"stage": [fact]}), opened.names) for _, fact in told.facts]
    if told.how == "since":
        return [cited(f"on the record since {day_words([fact.date])}", fact) for _, fact in told.facts]
    fields = list(dict.fromkeys(field for field, _ in told.facts))
    texts: list[CitedText] = []
    for field in fields:
        of_field = [fact for name, fact in told.facts if name == field]
        texts += _of_field(opened, field, of_field, now, roles=told.how == "roles")
    return texts


def _identity(opened: Opened, now: datetime, *, named_: bool) -> list[CitedText]:
    """Return what a record is: its status line, then *In short* and what readers look for first."""
    record = opened.record
    parts = _status(opened) or [CitedText(KIND_WORDS[record.kind][0])]
    due = record.state.fact("due")
    if record.kind == "pending" and record.open and due is not None and due.value is not None:
        parts = [parts[0], *_due(opened, due, now)]
    if named_:
        return parts
    if record.kind != "statement":  # A statement says whose it is; its name would say the same again.
        first = parts[0].text.replace(": ", ", ", 1)
        first = small(first) if record.kind in ("deal", "session") else first
        parts = [CitedText(f"{record.name}: {first}", parts[0].facts), *parts[1:]]
    if summary := record.state.fact("summary"):
        parts += [BREAK, cited(clip(str(summary.value), LONG).rstrip("."), summary)]
    parts.append(BREAK)
    for field in _LOOKED_FOR.get(record.kind, ()):
        parts += _of_field(opened, field, record.state.facts(field), now)
    return [*parts, *_links(opened)]


def _status(opened: Opened) -> list[CitedText]:
    """Return a record's status line; what an open item says of a deal is not said again after its stage."""
    return list({part.text.casefold(): part for part in reversed(opened.record.status)}.values())[::-1]


BREAK = CitedText("")
"""Between two texts: the second begins a line."""


_LOOKED_FOR: Mapping[Kind, tuple[str, ...]] = {
    "deal": ("value", "party", "quantity"),
    "dialogue": ("party",),
    "session": ("attended", "agenda", "produced"),
    "document": ("issuer",),
    "event": ("place", "involved"),
    "pending": ("about",),
}
"""What stands below *In short* where a record as a whole is asked for."""


_TAKES_PART = ("party", "attended", "involved")
_SHOWN = 4  # Linked records of a sort that are named where a record as a whole is asked for.


def people_of(opened: Opened) -> list[Link]:
    """Return the people and organisations of a country."""
    return [link for link in opened.links if not link.outward and (link.kind, link.field) == ("participant", "country")]


def _links(opened: Opened) -> list[CitedText]:
    """Return what others say of a record, by the facts that link them: roles, people of a country, a statement."""
    kind = opened.record.kind
    inward = [link for link in opened.links if not link.outward]
    texts = []
    if kind == "participant":
        roles = [link for link in inward if link.field in _TAKES_PART and link.role]
        texts += [cited(f"{link.role} in {link.name}", link.fact) for link in roles[:_SHOWN]]
        people = people_of(opened)
        texts += [CitedText(f"people and organisations: {names_of([link.name for link in people])}")] if people else []
    if kind in ("participant", "document", "topic", "place"):
        field = "whose" if kind in ("participant", "document") else "about"
        said = [link for link in inward if link.kind == "statement" and link.field in (field, "topic") and link.status]
        texts += [part for link in said[:1] for part in (BREAK, link.status[0])]
    return texts


def _of_field(
    opened: Opened, name: str, found: Sequence[Fact], now: datetime, *, roles: bool = False
) -> list[CitedText]:
    """Return the values of one field as texts, the newest first; of the values of a deal its contract's first."""
    kind = opened.record.kind
    field = get_field(kind, name)
    newest = sorted(found, key=lambda fact: fact.date.day or date.min, reverse=True)
    if name == "stage":
        return [stage.stage(State({"stage": newest}), opened.names)] if newest else []
    if name == "side_state":
        return [cited(SIDE_STATES[str(fact.value)], fact) for fact in newest if fact.value != "none"]
    if name == "due":
        return [part for fact in newest for part in _due(opened, fact, now)]
    if name == "approval":
        return [_approval(opened, fact) for fact in newest]
    if kind == "pending" and name in ("state", "outcome"):
        return list(opened.record.status) if not opened.record.open else [cited("Open", *newest)]
    if name == "delivered":
        part = progress_clause(State({"delivered": newest, "quantity": opened.record.state.facts("quantity")}))
        return [part] if part is not None else []
    if name == "value":
        newest.sort(key=lambda fact: "contract" not in field.type.key(fact.value))
    if field.rule == "variants":  # Each is a report of its own.
        labels = [small(field.label), *(["also reported"] * len(newest))]
        each = [
            cited(f"{label}: {fact_words(opened, name, fact)}", fact)
            for label, fact in zip(labels, newest, strict=False)
        ]
        if name != "value":
            return each
        counted = [fact for fact in opened.record.state.facts("quantity") if _at(fact) in map(_at, newest)]
        return [*each, *_of_field(opened, "quantity", counted, now)]
    texts = []
    for group in _grouped(newest):
        if roles or name == "party":
            texts += _by_role(group, opened.names)
        else:
            texts.append(_named_facts(opened, name, group))
    if name == "who" and opened.record.open and opened.record.state.fact("due") is None:
        texts.append(CitedText("no due date given"))
    return texts


def _grouped(found: Sequence[Fact]) -> Iterator[list[Fact]]:
    """Yield facts of one day and source together, in the order of their first."""
    groups: dict[object, list[Fact]] = {}
    for fact in found:
        groups.setdefault(_at(fact), []).append(fact)
    yield from groups.values()


def _at(fact: Fact) -> object:
    return day_key(fact.date), fact.source


def fact_words(opened: Opened, name: str, fact: Fact) -> str:
    type_ = get_field(opened.record.kind, name).type
    return clip(type_.words(fact.value, opened.names), LONG).rstrip(".")


def _named_facts(opened: Opened, name: str, group: Sequence[Fact]) -> CitedText:
    """Return values of a field in one text: "U.S. government must act", "Agenda: a and b"."""
    record, field = opened.record, get_field(opened.record.kind, name)
    words = names_of([fact_words(opened, name, fact) for fact in group])
    cites = group if field.reports else ()
    if record.kind == "pending" and name == "who":
        if record.open:
            verb = act(record.state.text("basis"), record.state.text("item_kind"))
            return cited(f"{sentence(words)} {verb}", *cites)
        had = "had" if record.state.text("basis") == "stated" else "was"
        return cited(f"who {had} to act: {words}", *cites)
    label = _SEVERAL.get(field.label, field.label) if len(group) > 1 else field.label
    return cited(f"{small(label)}: {words}", *cites)


def small(text: str) -> str:
    """Return a phrase of ours as it stands amid a sentence."""
    return text[:1].lower() + text[1:]


_SEVERAL = {"Principal": "Principals", "Topic": "Topics"}


def names_of(words: Sequence[str]) -> str:
    if len(words) <= _NAMED:
        return joined(words)
    return f"{', '.join(words[:_NAMED])} and {len(words) - _NAMED:,} more"


def _by_role(group: Sequence[Fact], names: Names) -> list[CitedText]:
    """Return who takes part, in a text for each role."""
    roles: dict[str, list[Fact]] = {}
    for fact in group:
        party = expect(fact.value, Party)
        acts_for = f" for {named(party.acts_for, names)}" if party.acts_for else ""
        roles.setdefault(f"{party.role}{acts_for}", []).append(fact)
    return [
        cited(f"{role or 'party'}: {names_of([named(record_of(fact.value), names) for fact in of_role])}", *of_role)
        for role, of_role in roles.items()
    ]


def _due(opened: Opened, fact: Fact, now: datetime) -> list[CitedText]:
    """Return by when an item is due, and whether that day has ended by `now` with the item still open."""
    if fact.value is None:
        return [cited("no due date given", fact)]
    words = get_field("pending", "due").type.in_full(fact.value, opened.names)
    passed = [CitedText("this day has passed, and the item is still open here")]
    return [cited(f"due: {words}", fact), *(passed if cards.is_overdue(opened, now) else [])]


def _approval(opened: Opened, fact: Fact[Value]) -> CitedText:
    """Return an approval with who gives it; one that the signature overtook has no outcome."""
    approval = expect(fact.value, Approval)
    waits = is_open(approval)
    stale = waits and stage.overtaken(opened.record.state, fact)
    how = "no outcome reported" if stale else approval.state
    return cited(
        f"{approval.what} by {approver_words(approval, opened.names)}: {how}{approval_details(approval)}", fact
    )


def _approvals_beside(opened: Opened) -> list[CitedText]:
    """Return the approvals that a deal's status line leaves out: decided since its stage, or without an outcome."""
    state = opened.record.state
    reached = opened.record.state.fact("stage")
    since = (reached.date.day if reached else None) or date.min
    waits = stage.open_approvals(state)
    found = [
        fact
        for fact in opened.record.state.facts("approval", Approval)
        if fact not in waits and (is_open(fact.value) or (fact.date.day or date.min) > since)
    ]
    return [_approval(opened, fact) for fact in sorted(found, key=lambda fact: fact.date.day or date.min, reverse=True)]
