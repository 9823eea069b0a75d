"""Parses the form that enters a new record with its main fields, or a note about a record. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.errors import BadInput
from bot.ledger.drafts import DATE, PUBLISHED, SOURCE, Draft, Entry, FormReader, Planned, Task, read_day
from bot.ledger.event_forms import (
    LOCATOR,
    LOCATOR_INPUT,
    NOTE,
    NOTE_INPUT,
    SOURCE_INPUTS,
    Input,
    cited_line,
    published_day,
    split,
    split_published,
)
from bot.ledger.kinds import Field, get_field, kind_of
from bot.ledger.values import ChoiceType, Find, TextType
from bot.ledger.words import one_line
from data.records import Kind, ListedText, Source, Value

_MOST = 5  # Discord: inputs of a form.


def fields(task: Task[Value]) -> list[Field]:
    """Return the fields that the form of a new record asks for. A field whose value was chosen already is left out.

    Return [] for a task about a record that exists, because the form of such a task asks for a note.
    """
    if not task.new:
        return []
    chosen = {given.field for given in task.given}
    room = _MOST - len(SOURCE_INPUTS) if task.asks_source else _MOST - 1
    names = [name for name in kind_of(task.kind).form if name not in chosen]
    return [get_field(task.kind, name) for name in names[:room]]


def inputs(task: Task[Value]) -> list[Input]:
    """Return the inputs of the form of a new record or a note, at most five.

    First come the fields or the note. Then comes the place in the source or, if `Task.asks_source` is true, the day and
    the source.
    """
    asked = [_input(field) for field in fields(task)] if task.new else [NOTE_INPUT._replace(required=True)]
    return [*asked, *(SOURCE_INPUTS if task.asks_source else [LOCATOR_INPUT])]


def _input(field: Field) -> Input:
    several = field.rule != "replace"
    hint = "Several with a semicolon between them" if several else ""
    if isinstance(field.type, ChoiceType):
        hint = f"One of: {', '.join(field.type.options.values())}"
    long = isinstance(field.type, TextType) and field.type.limit > 200
    return Input(field.name, field.label, hint, field.type.example, 1000, long=long)


def mentioned(task: Task[Value], typed: Mapping[str, str]) -> list[tuple[str, tuple[Kind, ...]]]:
    """Return (typed name, kinds of records that it can mean) for each record that the form of a new record names."""
    return [
        (name, field.type.kinds)
        for field in fields(task)
        for part in _parts(field, typed.get(field.name, ""))
        for name in field.type.mentions(part)
    ]


def read_record(draft: Draft, find: Find, source: Source | None, *, now: datetime) -> tuple[Entry, list[Planned]]:
    """Return what the form of a new record or a note says: an entry with the date and the source, and the values.

    `source` is the source of the server that the editor chose, or None if the typed source is a new one. Raise Mistakes
    with a text for each input that cannot be used.
    """
    task, typed = draft.task, draft.typed
    reader = FormReader()
    day = reader.part(DATE, lambda: read_day(typed.get("date", ""), now))
    locator, published = split_published(typed.get(LOCATOR, ""))
    published = published or split_published(typed.get("source", ""))[1]
    cited = reader.part(SOURCE, lambda: cited_line(typed.get("source", ""), locator, source))
    published_on = reader.part(PUBLISHED, lambda: published_day(published, source, now))
    planned: list[Planned] = []
    if not task.new:
        note = reader.part(NOTE_INPUT.label, lambda: _note(typed.get(NOTE, "")))
        planned += [Planned(task.record, task.kind, "note", note)] if note is not None else []
    for field in fields(task):
        for part in _parts(field, typed.get(field.name, "")):
            value = reader.part(field.label, lambda f=field, p=part: f.type.parse(p, find))
            planned.append(Planned(task.record, task.kind, field.name, value))
    reader.finish()
    assert day is not None  # Otherwise something was wrong, here and below.
    assert cited is not None
    return Entry(None, day, cited, published_on, ""), planned


def _parts(field: Field, text: str) -> Sequence[str]:
    """Return the values that were typed for a field, as texts.

    The text is split at semicolons if the field can have several values. Otherwise it is one value.
    """
    if field.rule != "replace":
        return split(text)
    line = one_line(text)
    return [line] if line else []


def _note(text: str) -> ListedText:
    line = one_line(text)
    if not line:
        raise BadInput("Nothing is written there. Nothing was changed. Write what the source says.")
    note = ListedText(line)
    get_field("deal", "note").type.check(note)
    return note


def first_texts(task: Task[Value], day: str) -> dict[str, str]:
    """Return the texts in the form of a new record when it opens, by input.

    Only the form of a session has such texts: its state is "Held", and its date is `day`, the typed fact date.
    """
    return {"state": "Held", "held_on": day} if task.kind == "session" and day else {}
