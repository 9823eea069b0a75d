"""Drafts: what an editor is about to enter, what its form asks, and what the typed text means. Pure."""

# pyright: standard
# Not strict until the next issues rebuild it.

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Generic, Literal

import msgspec
from msgspec import Struct

from bot import dates
from bot.errors import BadInput, UserError
from bot.ledger.changes import FieldChange
from bot.ledger.closing import DealQuestion, LeftOpen
from bot.ledger.kinds import Field, get_field
from bot.ledger.source_lines import SourceLine, read_source_line
from bot.ledger.values import ApprovalType, Find, Names, ends, quoted
from data.records import Fact, FactDate, Kind, Opened, Party, Source, V_co, Value


class Given(Struct, Generic[V_co], frozen=True, array_like=True):
    """A value that was chosen before the form opened."""

    field: str
    value: V_co


class Task(Struct, Generic[V_co], frozen=True, omit_defaults=True):
    """What a draft changes: the field that its form asks for ("" when none), and what was chosen before.

    `name` is the record's name when the draft began, a new record's its name to be. `closes` marks the closing of a
    pending item. Where something about deals closes, `stage_after` holds the stage that was chosen for a deal, `also`
    the updates of its approvals that were chosen, both by the deal's id; a deal for which nobody chose is not in it.
    With `asks_record` the form asks for the record too; `record` is "" until it is saved.
    """

    record: str
    kind: Kind
    name: str
    field: str = ""
    given: list[Given[V_co]] = []
    closes: bool = False
    stage_after: dict[int, str] = {}
    also: dict[int, list[int]] = {}
    new: bool = False
    asks_record: bool = False


class Draft(Struct, frozen=True):
    """A task with what was typed into its form, word for word. `base` is the newest update that its preview knew."""

    id: int
    guild_id: int
    person_id: int
    task: Task[Value]
    typed: dict[str, str]
    base: int
    state: Literal["open", "saved", "dropped"]
    batch: str


class Entry(Struct, frozen=True):
    """What a form says once it is read. `value` is None too where the form asked for none."""

    value: Value
    date: FactDate
    cited: SourceLine
    published_on: FactDate | None
    reason: str


class Note(Struct, frozen=True):
    """What the preview says about a value that does not simply replace another.

    "same": it is reported again, after `others`; "older": something newer stands, `others`; "beside": `others` stay
    next to it.
    """

    how: Literal["same", "older", "beside"]
    kind: Kind
    field: str
    value: Value
    others: list[Fact[Value]]
    names: dict[str, str]


class Edited(Struct, frozen=True):
    """One record as a draft changes it: its fields before and after, and the names that their words need."""

    kind: Kind
    slug: str
    name: str
    new: bool
    changes: list[FieldChange]
    names: dict[str, str]


class Preview(Struct, frozen=True):
    """What a draft would change, or did: before and after per record. `moved_on` when a record changed meanwhile.

    `source` is that of the draft, `sources` are those of what stood before. `asked` is what may be added about the
    deals behind what closes, `left` what deals leave open that become signed or completed.
    """

    draft: Draft
    changes: list[Edited]
    notes: list[Note]
    entry: Entry
    source: Source
    sources: dict[int, Source]
    asked: list[DealQuestion] = []
    left: list[LeftOpen] = []
    moved_on: bool = False


class Mistakes(BadInput):
    """What in a form cannot be used: one text per field, each with the field's name."""

    def __init__(self, texts: Sequence[str]) -> None:
        super().__init__(" ".join(texts))
        self.texts = list(texts)


# What the form asks. Its parts are called value, date, source, published and reason; record where it asks for one.

DATE, SOURCE, PUBLISHED, REASON = "Fact date", "Source", "The source's own date", "Reason"
RECORD = "Record"


def form_field(task: Task[Value]) -> Field | None:
    """The field that the form asks for, None when it asks for none."""
    return get_field(task.kind, task.field) if task.field else None


def prefilled(opened: Opened, field: Field) -> str:
    """What stands in the form at first: the current value. Of a list there are several, so nothing; but where one
    approval is on the record, it is usually that one which changes.
    """
    facts = opened.record.state.facts(field.name)
    if not facts:
        return "none" if field.name == "due" else ""
    if field.rule == "list" and not (isinstance(field.type, ApprovalType) and len(facts) == 1):
        return ""
    return field.type.typed(facts[-1].value, opened.names)


def field_task(opened: Opened, field: Field) -> Task[Value]:
    return Task(opened.record.slug, opened.record.kind, opened.record.name, field.name)


def alias_task() -> Task[Value]:
    """One more name of a record that the form asks for. Every kind has aliases, so any kind will do until then."""
    return Task("", "deal", "a record of your choice", "alias", asks_record=True)


def checked_task(opened: Opened) -> Task[Value]:
    given: list[Given[Value]] = [Given("checked", "nothing new")]
    return Task(opened.record.slug, opened.record.kind, opened.record.name, given=given)


def closing_task(opened: Opened) -> Task[Value]:
    """The closing of a pending item; UserError when it is closed already."""
    record = opened.record
    if record.kind != "pending":
        raise BadInput(f"{quoted(record.name)} is not a pending item. Nothing was changed.")
    if not record.open:
        raise UserError(
            f"{quoted(record.name)} is closed already. Nothing was changed. "
            "To say how it ended, press Update on its card."
        )
    return Task(record.slug, "pending", record.name, "outcome", [Given("state", "closed")], closes=True)


# Reading what was typed.


def fixed_day(text: str, today: date) -> str:
    """A typed date in which "today" and "yesterday" became the day they mean: a draft may be saved tomorrow."""
    if text.strip().casefold() in ("today", "yesterday"):
        return dates.typed_fact_date(dates.parse_fact_date(text, today=today))
    return text


def _read_day(text: str, now: datetime) -> FactDate:
    day = dates.parse_fact_date(text)
    if not dates.has_begun(day, now):
        raise BadInput(
            f"{dates.format_fact_date(day)} has not begun anywhere yet. Nothing was changed. "
            "Write the day on which it was true; a date to come belongs into a due date."
        )
    return day


def _read_published(text: str, now: datetime) -> FactDate | None:
    if text.strip().casefold() in ("", "undated"):
        return None
    try:
        return _read_day(text, now)
    except BadInput as error:
        raise BadInput(f"{error} For a source without a date write undated.") from None


def _read_value(field: Field, text: str, find: Find, opened: Opened | None) -> Value:
    value = field.type.parse(text, find)
    if ends(value) and field.rule == "list":
        facts = opened.record.state.facts(field.name) if opened else []
        if field.type.key(value) not in [field.type.key(fact.value) for fact in facts]:
            names: Names = opened.names if opened else {}
            there = "; ".join(field.type.typed(fact.value, names) for fact in facts) or "nothing"
            raise BadInput(f"{quoted(text)} ends nothing: on the record stands {there}. Nothing was changed.")
    return value


def read(draft: Draft, find: Find, opened: Opened | None, *, now: datetime, found_wrong: Sequence[str] = ()) -> Entry:
    """Reads a form; Mistakes names every field that cannot be used, after what was `found_wrong` before."""
    typed, field = draft.typed, form_field(draft.task)
    mistakes = list(found_wrong)

    def part(label: str, reader: Any) -> Any:
        try:
            return reader()
        except UserError as error:
            mistakes.append(f"{label}: {error}")
            return None

    def text(name: str) -> str:
        return typed.get(name, "")

    value = part(field.label, lambda: _read_value(field, text("value"), find, opened)) if field else None
    day = part(DATE, lambda: _read_day(text("date"), now))
    cited = part(SOURCE, lambda: read_source_line(text("source")))
    published_on = part(PUBLISHED, lambda: _read_published(text("published"), now))
    reason = " ".join(text("reason").split())
    if len(reason) > 500:
        mistakes.append(f"{REASON}: It has {len(reason):,} characters; 500 fit. Nothing was changed. Shorten it.")
    if mistakes:
        raise Mistakes(mistakes)
    return Entry(value, day, cited, published_on, reason)


def values_of(task: Task[Value], value: Value, opened: Opened | None) -> list[Given[Value]]:
    """The fields that a draft sets, in order.

    A due date that is unchanged is left out where something else changes; so is none of a new item.
    """
    values = list(task.given)
    if task.field:
        due_alone = task.field != "due" or not values
        before = opened.record.state.value("due") if opened else None
        if due_alone or value != before:
            values.append(Given(task.field, value))
    return values


def instead(opened: Opened | None, field: str, values: Sequence[Party]) -> list[Given[Value]]:
    """What makes a list of records hold just these: those that are new, and the end of the others."""
    there = [fact.value for fact in opened.record.state.facts(field, Party)] if opened else []
    gone = [msgspec.structs.replace(party, gone=True) for party in there if party not in values]
    return [Given(field, party) for party in [*values, *gone] if party not in there]
