"""Drafts: changes that an editor is about to enter, what their forms ask, and how the typed text is parsed. Pure."""

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
    """A value that was decided before the form opened, and its field. The form does not ask for this value."""

    field: str
    value: V_co


class NewRecord(Struct, frozen=True):
    """A record that a draft creates because its form names it. The draft is about another record."""

    kind: Kind
    slug: str
    name: str


class EventChoices(Struct, frozen=True, omit_defaults=True):
    """The choices of the editor below the preview of an event. An attribute is None until something was chosen.

    `stage` is the stage of the deal after the event, "" to keep the present one. `changes` has `EventOption.value` of
    each chosen option. `item` is the slug of the pending item that gets the typed date as its due date.
    """

    stage: str | None = None
    changes: list[str] | None = None
    item: str | None = None


class Task(Struct, Generic[V_co], frozen=True, omit_defaults=True):
    """The content of a draft: its record, the field that its form asks for, and the values decided before.

    A task is (a) about one field or about values in `given`; (b) about an event in the life of a deal, if `happening`
    is set; or (c) about a new record or a note, if `adds` is true.
    """

    record: str  # The slug of the record. "" until the draft is saved, if the form asks for the record.
    kind: Kind
    name: str  # The name of the record when the draft began. For a new record: the name that it will get.
    field: str = ""  # The field that the form asks for, "" if it asks for no single field.
    given: list[Given[V_co]] = []
    closes: bool = False  # Whether the draft closes a pending item.
    stage_after: dict[int, str] = {}  # Deal id -> the chosen stage. Deals for which nobody chose are left out.
    also: dict[int, list[int]] = {}  # Deal id -> update ids of the chosen approvals. Left out as in `stage_after`.
    new: bool = False  # Whether the draft creates the record.
    asks_record: bool = False  # Whether the form asks for the record too.
    happening: str = ""  # The kind of event that the draft enters, "" for none.
    part_of: str = ""  # For a second contract: the slug of the deal that it belongs to. Its form asks for a name.
    asks_source: bool = False  # Whether the form of (b) or (c) asks for the day and the source too.
    adds: bool = False  # Whether the draft adds a record by the form of its kind, or a note.
    others: list[NewRecord] = []
    chosen: EventChoices = EventChoices()
    started_from: int | None = None  # The id of the update whose value the form was filled in with, if any.


class Draft(Struct, frozen=True):
    """A task with the words that were typed into its form.

    `base` is the id of the newest update of its records when the preview was made. `batch` is the batch of updates that
    it was saved as, "" for a draft that is not saved.
    """

    id: int
    guild_id: int
    person_id: int
    task: Task[Value]
    typed: dict[str, str]
    base: int
    state: Literal["open", "saved", "dropped"]
    batch: str


class Entry(Struct, frozen=True):
    """A parsed form: a value, and the date, source and reason of every fact that the draft enters.

    `value` is None if the form asked for no single value. It is also None for the value "no due date".
    """

    value: Value
    date: FactDate
    cited: SourceLine
    published_on: FactDate | None
    reason: str


class Planned(Struct, frozen=True):
    """A value that a draft enters into a field of a record. `record` is the slug of the record."""

    record: str
    kind: Kind
    field: str
    value: Value


class Note(Struct, frozen=True):
    """A remark of the preview about a value that does not simply replace another value.

    `how` says how the value relates to the facts `others`. "same": these facts have the same value. "older": these
    facts are newer than the value, and stay the present ones. "beside": these facts and the value are both present.
    """

    how: Literal["same", "older", "beside"]
    kind: Kind
    field: str
    value: Value
    others: list[Fact[Value]]
    names: dict[str, str]


class Edited(Struct, frozen=True):
    """The changes of a draft to one record. `names` are the names, by slug, that the words of the changes need."""

    kind: Kind
    slug: str
    name: str
    new: bool
    changes: list[FieldChange]
    names: dict[str, str]


class EventOption(Struct, frozen=True):
    """A further change that the preview of an event offers, as an option of a select.

    `value` identifies the option, such as "close 17". `label` is its text, and `beside` is the smaller text below it.
    """

    value: str
    label: str
    beside: str
    chosen: bool


class EventQuestion(Struct, frozen=True):
    """The questions of the preview of an event.

    It asks for the stage of the deal after the event, for further changes, and which pending item gets the typed date.
    """

    deal: str  # The name of the deal.
    now: str  # The present stage in words.
    stages: list[str]  # The stages that can be chosen.
    stage: str  # The chosen stage, "" to keep the present one.
    options: list[EventOption]  # The further changes.
    items: list[EventOption]  # The pending items that can get the typed date as their due date.


class Preview(Struct, frozen=True):
    """The changes of a draft before they are saved, or after it. Each record is shown before and after the change."""

    draft: Draft
    changes: list[Edited]
    notes: list[Note]
    entry: Entry
    source: Source  # The source of the draft.
    sources: dict[int, Source]  # The sources of the former values, by id.
    asked: list[DealQuestion] = []  # Questions about deals, if the draft closes a pending item or an approval.
    left: list[LeftOpen] = []  # What stays open about deals that the draft marks as signed or completed.
    moved_on: bool = False  # Whether a record has changed since the last preview.
    event: EventQuestion | None = None  # What is asked about an event, None for a draft of no event.
    warnings: list[str] = []  # Sentences that the editor reads before saving.


class DraftPlan(Struct, frozen=True):
    """The values that a draft will enter, with the records that they change.

    `source_id` is the id of a source of the server, or None if the typed source is new. `before` has the records that
    change, by slug, as they are before the draft. For a record that the draft creates it has None. `asked` has the
    questions about deals, by the slug of the deal. `event` and `warnings` are as in `Preview`.
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
    """A form names a record that the server does not have.

    `name` is the typed name. `kind` is the kind of a new record that would get this name.
    """

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
"""The source of all aliases. An alias is not news, so its form asks for no date and no source."""


def form_field(task: Task[Value]) -> Field | None:
    """Return the field that the form of a task asks for, or None when the form asks for no single field."""
    return get_field(task.kind, task.field) if task.field else None


def prefilled(opened: Opened, field: Field) -> str:
    """Return the text that stands in the input of a field when its form opens: the present value.

    Return "" for a field that can have several values, and for a field without a value. Return "none" if a pending item
    has no due date yet.
    """
    facts = opened.record.state.facts(field.name)
    if not facts:
        return "none" if field.name == "due" else ""
    if field.rule != "replace":
        return ""
    return field.type.typed(facts[-1].value, opened.names)


def started_from(opened: Opened, field: Field) -> int | None:
    """Return the id of the update whose value `prefilled` returns. Return None if its text is not from an update."""
    fact = opened.record.state.fact(field.name)
    return fact.update if fact is not None and prefilled(opened, field) else None


def field_task(opened: Opened, field: Field) -> Task[Value]:
    """Return the task that enters one field of a record."""
    return Task(opened.record.slug, opened.record.kind, opened.record.name, field.name)


def ended_value(value: Value) -> Value:
    """Return the value that ends a value of a list, such as "no longer General Atomics" for "General Atomics".

    Return None for values of a type that has no such form, such as dates.
    """
    if isinstance(value, Party | ListedText | Money | Approval):
        return msgspec.structs.replace(value, gone=True)
    return None


def changing_task(opened: Opened, update: Update) -> Task[Value]:
    """Return the task that replaces one of several values of a field.

    `update` set the old value. The task also ends the old value, if values of its type can be ended.
    """
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
    """Return the task that ends the value which `update` set. Its form asks since when the value is no longer true."""
    ended = ended_value(update.fact.value)
    return Task(opened.record.slug, opened.record.kind, opened.record.name, given=[Given(update.field, ended)])


def alias_task() -> Task[Value]:
    """Return the task that adds an alias. Its form asks for the record too, which can be of any kind."""
    return Task("", "deal", "a record of your choice", "alias", asks_record=True)


def checked_task(opened: Opened) -> Task[Value]:
    """Return the task that enters a check: somebody looked for news of a record and there was none."""
    given: list[Given[Value]] = [Given("checked", "nothing new")]
    return Task(opened.record.slug, opened.record.kind, opened.record.name, given=given)


def reopening_task(opened: Opened) -> Task[Value]:
    """Return the task that opens a closed pending item again; its form asks for the due date."""
    given: list[Given[Value]] = [Given("state", "open")]
    return Task(opened.record.slug, "pending", opened.record.name, "due", given)


def check_open(task: Task[Value], opened: Opened | None) -> None:
    """Raise UserError if a task enters a due date or a check for a closed pending item and does not reopen it."""
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
    """Return the task that closes a pending item. Raise UserError if the record is not a pending item that is open."""
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
    """Return a typed date; for "today" and "yesterday", return the date that they mean on the day `today`.

    A draft may be saved on a later day, when these words would mean another date.
    """
    if text.strip().casefold() in ("today", "yesterday"):
        return dates.typed_fact_date(dates.parse_fact_date(text, today=today))
    return text


def read_day(text: str, now: datetime) -> FactDate:
    """Return the fact date that a text means.

    Raise BadInput if the text is no date, or if the date has not begun anywhere on earth.
    """
    day = dates.parse_fact_date(text)
    if not dates.has_begun(day, now):
        raise BadInput(
            f"{dates.format_fact_date(day)} has not begun anywhere yet. Nothing was changed. "
            "Write the day on which it was true; a date to come belongs into a due date."
        )
    return day


def read_published(text: str, now: datetime) -> FactDate | None:
    """Return the date of a source, or None for "undated" and for an empty text.

    Raise BadInput if the text is no date, or if the date has not begun anywhere on earth.
    """
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
    """Parses the inputs of a form one after the other and collects what is wrong with them.

    `wrong` are texts about mistakes that were noticed before.
    """

    def __init__(self, wrong: Sequence[str] = ()) -> None:
        self.texts = list(wrong)
        self.missing: list[MissingRecord] = []

    def part(self, label: str, parse: Callable[[], T]) -> T | None:
        """Return what `parse` returns. If `parse` raises a UserError, note its text under `label` and return None."""
        try:
            return parse()
        except UserError as error:
            if isinstance(error, MissingRecord):
                self.missing.append(error)
            self.texts.append(f"{label}: {error}")
            return None

    def finish(self) -> None:
        """Raise Mistakes if anything was wrong."""
        if self.texts:
            raise Mistakes(self.texts, self.missing)


def read_reason(text: str) -> str:
    """Return a reason on one line. Raise BadInput when it is longer than 500 characters."""
    reason = " ".join(text.split())
    if len(reason) > 500:
        raise BadInput(f"It has {len(reason):,} characters; 500 fit. Nothing was changed. Shorten it.")
    return reason


def read(draft: Draft, find: Find, opened: Opened | None, *, now: datetime, wrong: Sequence[str] = ()) -> Entry:
    """Return the parsed form of a draft.

    `wrong` are texts about mistakes that were noticed before. Raise Mistakes with these texts and one text for each
    input that cannot be used.
    """
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
    """Return the values that a draft sets, each with its field, in the order of entering.

    `value` is the parsed value of the field that the form asked for. If it is a due date and the draft sets other
    values too, it is left out when it is the same as before. For a new item this means that "no due date" is left out.
    """
    values = [given for given in task.given if not _follows(task, given, value)]
    if task.field:
        due_alone = task.field != "due" or not values
        before = opened.record.state.value("due") if opened else None
        if due_alone or value != before:
            values.append(Given(task.field, value))
    return values


def _follows(task: Task[Value], given: Given[Value], value: Value) -> bool:
    """Return whether `value` replaces the value that `given` ends, so that the end need not be entered too.

    It does if both have the same key in the field. An amount of money never does.
    """
    if given.field != task.field or not ends(given.value):
        return False
    type_ = get_field(task.kind, task.field).type
    return type_.key(given.value) == type_.key(value) and not isinstance(value, Money)


def instead(opened: Opened | None, field: str, values: Sequence[Party]) -> list[Given[Value]]:
    """Return the changes after which a list field has exactly these `values`.

    They add the values that the field lacks, and end the present values that are not among `values`.
    """
    present = [fact.value for fact in opened.record.state.facts(field, Party)] if opened else []
    ended = [msgspec.structs.replace(party, gone=True) for party in present if party not in values]
    return [Given(field, party) for party in [*values, *ended] if party not in present]
