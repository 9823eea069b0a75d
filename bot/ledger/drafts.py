"""Drafts: what an editor is about to enter, what its form asks, and what the typed text means. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Generic, Literal, TypeVar

import msgspec
from msgspec import Struct

from bot import dates
from bot.errors import BadInput, NotInRecord, UserError
from bot.ledger.changes import FieldChange
from bot.ledger.cited import plain
from bot.ledger.closing import DealQuestion, LeftOpen
from bot.ledger.kinds import Field, get_field
from bot.ledger.source_lines import SourceLine, read_source_line
from bot.ledger.values import Find, Names, ends, quoted
from data.records import (
    Approval,
    Fact,
    FactDate,
    Kind,
    ListedText,
    Money,
    Opened,
    Party,
    Source,
    Update,
    V_co,
    Value,
)

T = TypeVar("T")


class Given(Struct, Generic[V_co], frozen=True, array_like=True):
    """A value that was chosen before the form opened."""

    field: str
    value: V_co


class NewRecord(Struct, frozen=True):
    """A record that a draft creates beside the one that it is about, because its form names it."""

    kind: Kind
    slug: str
    name: str


class EventChoices(Struct, frozen=True, omit_defaults=True):
    """What the editor chose below the preview of an event. An attribute is None until something was chosen.

    `stage` is the stage of the deal after the event, "" to keep the present one. `changes` are the values of the chosen
    `event_forms.EventOption`s. `item` is the slug of the pending item whose due date was typed.
    """

    stage: str | None = None
    changes: list[str] | None = None
    item: str | None = None


class Task(Struct, Generic[V_co], frozen=True, omit_defaults=True):
    """What a draft changes: the field that its form asks for ("" for none), and what was chosen before.

    `name` is the record's name when the draft began; for a new record it is the name that it will have. `closes` marks
    the closing of a pending item. `stage_after` has the stages that were chosen for deals, and `also` the updates of
    the chosen approvals, both by the id of the deal. A deal for which nobody chose is in neither. With `asks_record`
    the form asks for the record too; `record` is "" until the draft is saved.

    `happening` is the kind of event that the draft enters, "" for a draft of another sort. `part_of` is the slug of the
    deal that a second contract belongs to; its form asks for its name. With `asks_source` the form of an event asks for
    the day and the source too. `adds` marks a new record that is entered by the form of its kind. `others` are records
    that are created along. `started_from` is the update whose value the form was filled in with.
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
    happening: str = ""
    part_of: str = ""
    asks_source: bool = False
    adds: bool = False
    others: list[NewRecord] = []
    chosen: EventChoices = EventChoices()
    started_from: int | None = None


class Draft(Struct, frozen=True):
    """A task with the words that were typed into its form. `base` is the newest update that its preview knew."""

    id: int
    guild_id: int
    person_id: int
    task: Task[Value]
    typed: dict[str, str]
    base: int
    state: Literal["open", "saved", "dropped"]
    batch: str


class Entry(Struct, frozen=True):
    """A parsed form: a value, and the date, source and reason of all its facts.

    `value` is None where the form asked for no single value, and for the value "no due date".
    """

    value: Value
    date: FactDate
    cited: SourceLine
    published_on: FactDate | None
    reason: str


class Planned(Struct, frozen=True):
    """A value that a draft enters: the slug and the kind of its record, and its field."""

    record: str
    kind: Kind
    field: str
    value: Value


class Note(Struct, frozen=True):
    """What the preview says about a value that does not simply replace another.

    "same": `others` reported the value before; "older": `others` are newer and remain the present ones; "beside":
    `others` remain present beside the value.
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


class EventOption(Struct, frozen=True):
    """One more change that the preview of an event offers: its value in the select, its words, and those below them."""

    value: str
    label: str
    beside: str
    chosen: bool


class EventQuestion(Struct, frozen=True):
    """What the preview of an event asks: the stage after it, what else it changes, and whose due date was typed.

    `stages` are the stages that can be chosen, and `stage` is the chosen one, "" to keep the present one. `now` is the
    present stage in words. `items` are the pending items that may get the typed date, as options of a select.
    """

    deal: str
    now: str
    stages: list[str]
    stage: str
    options: list[EventOption]
    items: list[EventOption]


class Preview(Struct, frozen=True):
    """The changes of a draft, made or to be made: before and after per record.

    `moved_on` says that a record has changed since the last preview. `source` is that of the draft, `sources` are those
    of the former values. `asked` is what may be added about the deals of a closing item or approval, `event` what may
    be chosen about an event, `left` what deals leave open that become signed or completed. `warnings` are sentences to
    be read before saving.
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
    event: EventQuestion | None = None
    warnings: list[str] = []


class DraftPlan(Struct, frozen=True):
    """What a draft enters, before it is entered.

    `source_id` is the id of a source of the server, None for a source that is typed for the first time. `before` are
    the records that change, by slug; None for a new one. `asked` and `event` are as in `Preview`, the
    former by the slug of the deal.
    """

    draft: Draft
    entry: Entry
    values: list[Planned]
    before: dict[str, Opened | None]
    source_id: int | None = None
    asked: dict[str, DealQuestion] = {}
    event: EventQuestion | None = None
    warnings: list[str] = []


class MissingRecord(NotInRecord):
    """A form names a record that the server does not have. `name` was typed, `kind` is the kind that fits."""

    def __init__(self, text: str, name: str, kind: Kind) -> None:
        super().__init__(text)
        self.name, self.kind = name, kind


class Mistakes(BadInput):
    """All that is wrong in a form: one text per input, each with the label of the input.

    `missing` are the records that the form names and the server does not have.
    """

    def __init__(self, texts: Sequence[str], missing: Sequence[MissingRecord] = ()) -> None:
        super().__init__(" ".join(texts))
        self.texts = list(texts)
        self.missing = list(missing)


# What the form asks. Its inputs are called value, date, source, published and reason, and record where it asks for one.

DATE, SOURCE, PUBLISHED, REASON = "Fact date", "Source", "The source's own date", "Reason"
RECORD = "Record"
NAMES_SOURCE = "Names used in this server"
"""The source of aliases. They are no news, so that their form asks for no date and no source."""


def form_field(task: Task[Value]) -> Field | None:
    """Return the field that the form of a task asks for, or None when the form asks for no single field."""
    return get_field(task.kind, task.field) if task.field else None


def prefilled(opened: Opened, field: Field) -> str:
    """Return the text with which the input of a field begins: the present value. A field of several begins empty."""
    facts = opened.record.state.facts(field.name)
    if not facts:
        return "none" if field.name == "due" else ""
    if field.rule != "replace":
        return ""
    return field.type.typed(facts[-1].value, opened.names)


def started_from(opened: Opened, field: Field) -> int | None:
    """Return the id of the update whose value `prefilled` returns, or None when it returns that of no update."""
    fact = opened.record.state.fact(field.name)
    return fact.update if fact is not None and prefilled(opened, field) else None


def field_task(opened: Opened, field: Field) -> Task[Value]:
    """Return the task that enters one field of a record."""
    return Task(opened.record.slug, opened.record.kind, opened.record.name, field.name)


def ended_value(value: Value) -> Value:
    """Return the value that ends another ("no longer General Atomics"), None for a value that nothing ends."""
    if isinstance(value, Party | ListedText | Money | Approval):
        return msgspec.structs.replace(value, gone=True)
    return None


def changing_task(opened: Opened, update: Update) -> Task[Value]:
    """Return the task that changes one of several values of a field. The old value ends where another one follows."""
    field = get_field(opened.record.kind, update.field)
    ended = ended_value(update.fact.value)
    return Task(
        opened.record.slug,
        opened.record.kind,
        opened.record.name,
        field.name,
        [Given(field.name, ended)] if ended is not None else [],
    )


def ending_task(opened: Opened, update: Update) -> Task[Value]:
    """Return the task after which one of several values of a field is no longer true. Its form asks since when."""
    ended = ended_value(update.fact.value)
    return Task(opened.record.slug, opened.record.kind, opened.record.name, given=[Given(update.field, ended)])


def alias_task() -> Task[Value]:
    """Return the task that adds an alias to the record that its form names. Every kind has aliases."""
    return Task("", "deal", "a record of your choice", "alias", asks_record=True)


def checked_task(opened: Opened) -> Task[Value]:
    """Return the task which notes that somebody looked for news of a record and found none."""
    given: list[Given[Value]] = [Given("checked", "nothing new")]
    return Task(opened.record.slug, opened.record.kind, opened.record.name, given=given)


def reopening_task(opened: Opened) -> Task[Value]:
    """Return the task that opens a closed pending item again; its form asks for the due date."""
    given: list[Given[Value]] = [Given("state", "open")]
    return Task(opened.record.slug, "pending", opened.record.name, "due", given)


def check_open(task: Task[Value], opened: Opened | None) -> None:
    """Raise UserError when a task dates or checks a pending item that is closed, without opening it again."""
    if opened is None or opened.record.kind != "pending" or opened.record.open:
        return
    checks = any(given.field == "checked" for given in task.given)
    opens = any(given.field == "state" and given.value == "open" for given in task.given)
    if (checks or task.field == "due") and not opens:
        raise UserError(
            f"{quoted(opened.record.name)} is closed: {plain(opened.record.status)}. Nothing was changed. "
            "To open it again, use /update pending."
        )


def closing_task(opened: Opened) -> Task[Value]:
    """Return the task that closes a pending item. Raise UserError when the record is no open pending item."""
    record = opened.record
    if record.kind != "pending":
        raise BadInput(f"{quoted(record.name)} is not a pending item. Nothing was changed.")
    if not record.open:
        raise UserError(
            f"{quoted(record.name)} is closed already. Nothing was changed. "
            "To say how it ended, press Update on its card."
        )
    return Task(record.slug, "pending", record.name, "outcome", [Given("state", "closed")], closes=True)


# Parsing what was typed.


def fixed_day(text: str, today: date) -> str:
    """Return a typed date with "today" and "yesterday" replaced by the day: a draft may be saved tomorrow."""
    if text.strip().casefold() in ("today", "yesterday"):
        return dates.typed_fact_date(dates.parse_fact_date(text, today=today))
    return text


def read_day(text: str, now: datetime) -> FactDate:
    """Return the fact date that a text means. Raise BadInput when it is no date, or has not begun anywhere on earth."""
    day = dates.parse_fact_date(text)
    if not dates.has_begun(day, now):
        raise BadInput(
            f"{dates.format_fact_date(day)} has not begun anywhere yet. Nothing was changed. "
            "Write the day on which it was true; a date to come belongs into a due date."
        )
    return day


def read_published(text: str, now: datetime) -> FactDate | None:
    """Return the date of a source, None for "undated". Raise BadInput as `read_day` does."""
    if text.strip().casefold() in ("", "undated"):
        return None
    try:
        return read_day(text, now)
    except BadInput as error:
        raise BadInput(f"{error} For a source without a date write undated.") from None


def _read_value(field: Field, text: str, find: Find, opened: Opened | None) -> Value:
    value = field.type.parse(text, find)
    if ends(value) and field.rule == "list":
        facts = opened.record.state.facts(field.name) if opened else []
        if field.type.key(value) not in [field.type.key(fact.value) for fact in facts]:
            names: Names = opened.names if opened else {}
            present = "; ".join(field.type.typed(fact.value, names) for fact in facts) or "nothing"
            raise BadInput(f"{quoted(text)} ends nothing: on the record stands {present}. Nothing was changed.")
    return value


class FormReader:
    """Parses the inputs of a form one after the other and collects what is wrong with them."""

    def __init__(self, wrong: Sequence[str] = ()) -> None:
        self.texts = list(wrong)
        self.missing: list[MissingRecord] = []

    def part(self, label: str, parse: Callable[[], T]) -> T | None:
        """Return what `parse` returns. When it raises a UserError, note its text under `label` and return None."""
        try:
            return parse()
        except UserError as error:
            if isinstance(error, MissingRecord):
                self.missing.append(error)
            self.texts.append(f"{label}: {error}")
            return None

    def finish(self) -> None:
        """Raise Mistakes when anything was wrong."""
        if self.texts:
            raise Mistakes(self.texts, self.missing)


def read_reason(text: str) -> str:
    """Return a reason on one line. Raise BadInput when it is longer than 500 characters."""
    reason = " ".join(text.split())
    if len(reason) > 500:
        raise BadInput(f"It has {len(reason):,} characters; 500 fit. Nothing was changed. Shorten it.")
    return reason


def read(draft: Draft, find: Find, opened: Opened | None, *, now: datetime, wrong: Sequence[str] = ()) -> Entry:
    """Return the parsed form of a draft. Raise Mistakes with the texts in `wrong` and one for each unusable input."""
    typed, field = draft.typed, form_field(draft.task)
    reader = FormReader(wrong)
    value: Value = None
    if field is not None:
        value = reader.part(field.label, lambda: _read_value(field, typed.get("value", ""), find, opened))
    if draft.task.field == "alias":
        reader.finish()
        return Entry(value, FactDate("unknown"), SourceLine(NAMES_SOURCE), None, "")
    day = reader.part(DATE, lambda: read_day(typed.get("date", ""), now))
    cited = reader.part(SOURCE, lambda: read_source_line(typed.get("source", "")))
    published_on = reader.part(PUBLISHED, lambda: read_published(typed.get("published", ""), now))
    reason = reader.part(REASON, lambda: read_reason(typed.get("reason", "")))
    reader.finish()
    assert day is not None  # Otherwise something was wrong, here and below.
    assert cited is not None
    assert reason is not None
    return Entry(value, day, cited, published_on, reason)


def values_of(task: Task[Value], value: Value, opened: Opened | None) -> list[Given[Value]]:
    """Return the fields that a draft sets, in order.

    A due date that is unchanged is left out where something else changes; so is "no due date" of a new item.
    """
    values = [given for given in task.given if not _follows(task, given, value)]
    if task.field:
        due_alone = task.field != "due" or not values
        before = opened.record.state.value("due") if opened else None
        if due_alone or value != before:
            values.append(Given(task.field, value))
    return values


def _follows(task: Task[Value], given: Given[Value], value: Value) -> bool:
    """Return whether a value takes the place of the one that ends: then the end is not entered beside it."""
    if given.field != task.field or not ends(given.value):
        return False
    type_ = get_field(task.kind, task.field).type
    return type_.key(given.value) == type_.key(value) and not isinstance(value, Money)


def instead(opened: Opened | None, field: str, values: Sequence[Party]) -> list[Given[Value]]:
    """Return the changes after which a list of records has just these: the new ones, and the end of the others."""
    present = [fact.value for fact in opened.record.state.facts(field, Party)] if opened else []
    ended = [msgspec.structs.replace(party, gone=True) for party in present if party not in values]
    return [Given(field, party) for party in [*values, *ended] if party not in present]
