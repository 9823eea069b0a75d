"""Parses the form of an event in the life of a deal, such as its signature or a delivery. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec import Struct

from bot.errors import BadInput
from bot.ledger.drafts import (
    DATE,
    PUBLISHED,
    SOURCE,
    Draft,
    Entry,
    FormReader,
    Task,
    read_day,
    read_published,
)
from bot.ledger.happenings import HAPPENINGS, Happening
from bot.ledger.kinds import KINDS, get_field
from bot.ledger.source_lines import LOCATOR_LIMIT, SourceLine, read_source_line
from bot.ledger.values import ApprovalType, DueType, Find, PartyType, expect_due, quoted
from bot.ledger.words import one_line
from data.records import Approval, Due, FactDate, ListedText, Party, Source, Value

COUNTED, WHO, DUE, LOCATOR, NOTE, NAME = "counted", "who", "due", "locator", "note", "name"
"""The custom ids of the inputs of the form of an event."""

LOCATOR_LABEL = "Where in the source; its own date"
NOTE_LABEL = "In one sentence"
NAME_LABEL = "Name of the second contract"

_UNSURE = "reported"
"""How sure a due date is if the typed text gives only the date. It is the weakest claim."""

_PUBLISHED = re.compile(r"(?:\A|;)\s*(?:published|dated)\s+(?P<day>[^;]+)\Z", re.IGNORECASE)


class Input(NamedTuple):
    """One text input of a form. `name` is its custom id, and `limit` is how many characters fit into it."""

    name: str
    label: str
    hint: str
    example: str
    limit: int = 1000
    long: bool = False
    required: bool = False


NOTE_INPUT = Input(NOTE, NOTE_LABEL, "What the source says", "Both sides welcomed the progress.", 600, long=True)
LOCATOR_INPUT = Input(
    LOCATOR,
    LOCATOR_LABEL,
    "The paragraph or page; when the source appeared",
    "paragraph 3; published 16 October 2024",
    300,
)
SOURCE_INPUTS = (
    Input("date", DATE, "When it happened", "15 October 2024", 200, required=True),
    Input(
        "source",
        SOURCE,
        "A link or title, where in it, and its own date",
        "https://example.org/x, paragraph 3; published 16 October 2024",
        900,
        required=True,
    ),
)
"""The inputs for the day and the source. A form has them if no command option gave these (`Task.asks_source`)."""

_MOST = 5  # Discord: inputs of a form.


class EventEntry(Struct, frozen=True):
    """The parsed form of an event.

    `entry` has the date and the source of all facts that the form states. `counted` are values for the field
    `Happening.counted` of the deal. `about` are the slugs of other records that get the note, besides the deal. `name`
    is the name of a second contract, and "" for all other events.
    """

    entry: Entry
    counted: list[Value]
    parties: list[Party]
    approvals: list[Approval]
    about: list[str]
    due: Due | None
    note: str
    name: str


def inputs(task: Task[Value]) -> list[Input]:
    """Return the inputs of the form of an event, at most five.

    The form of a second contract asks for the name of the contract, but not for a due date. If `Task.asks_source` is
    true, the form also asks for the day and the source, and it asks for the note only if it has fewer than five
    inputs without it.
    """
    happening = HAPPENINGS[task.happening]
    second = [Input(NAME, NAME_LABEL, "As it is to be found", "Maintenance of the drones", 100, required=True)]
    parts = second if task.part_of else []
    several = "Several with a semicolon between them"
    if happening.counted:
        parts.append(Input(COUNTED, happening.counted_label, several, happening.counted_example))
    if happening.who:
        parts.append(Input(WHO, happening.who_label, several, happening.who_example))
    if happening.due_label and not task.part_of:
        hint = "With how sure it is: fixed, announced or reported"
        parts.append(Input(DUE, happening.due_label, hint, happening.due_example, 200))
    if task.asks_source:
        parts += SOURCE_INPUTS
        return [*parts, *([NOTE_INPUT] if len(parts) < _MOST else [])]
    return [*parts, LOCATOR_INPUT, NOTE_INPUT]


def split(text: str) -> list[str]:
    """Return the parts of a text between semicolons, without empty parts."""
    return [part for part in (one_line(part) for part in text.split(";")) if part]


def mentioned(task: Task[Value], typed: dict[str, str]) -> list[tuple[str, tuple[str, ...]]]:
    """Return (typed name, kinds of records that it can mean) for each record that the form of an event names."""
    happening = HAPPENINGS[task.happening]
    parts = split(typed.get(WHO, ""))
    if happening.who == "record":
        return [(part, KINDS) for part in parts]
    if not happening.who:
        return []
    type_ = get_field("deal", happening.who).type
    return [(name, type_.kinds) for part in parts for name in type_.mentions(part)]


def read_event(
    draft: Draft, find: Find, source: Source | None, *, now: datetime, wrong: Sequence[str] = ()
) -> EventEntry:
    """Return the parsed form of an event.

    `source` is the source of the server that the editor chose, or None if the typed source is a new one. `wrong` are
    texts about mistakes that were noticed before. Raise Mistakes with these texts and one text for each unusable input.
    It is also a mistake if the event "new_date" has no date, or if other records are named and there is no note.
    """
    task, typed = draft.task, draft.typed
    happening = HAPPENINGS[task.happening]
    reader = FormReader(wrong)
    day = reader.part(DATE, lambda: read_day(typed.get("date", ""), now))
    locator, published = split_published(typed.get(LOCATOR, ""))
    published = published or split_published(typed.get("source", ""))[1]
    cited = reader.part(SOURCE, lambda: cited_line(typed.get("source", ""), locator, source))
    published_on = reader.part(PUBLISHED, lambda: published_day(published or typed.get("published", ""), source, now))
    counted = reader.part(happening.counted_label, lambda: _counted(happening, typed.get(COUNTED, ""), find))
    parties: list[Party] = []
    approvals: list[Approval] = []
    about: list[str] = []
    for part in split(typed.get(WHO, "")):
        match happening.who:
            case "party":
                parties += filter(None, [reader.part(happening.who_label, lambda p=part: _party(happening, p, find))])
            case "approval":
                approvals += filter(
                    None, [reader.part(happening.who_label, lambda p=part: _approval(happening, p, find))]
                )
            case "record":
                about += filter(None, [reader.part(happening.who_label, lambda p=part: find(p, KINDS))])
            case _:
                pass
    due = reader.part(happening.due_label, lambda: _due(typed.get(DUE, ""))) if happening.due_label else None
    note = reader.part(NOTE_LABEL, lambda: _note(typed.get(NOTE, ""))) or ""
    name = reader.part(NAME_LABEL, lambda: _name(typed.get(NAME, ""))) if task.part_of else ""
    if about and not note:
        reader.texts.append(f"{NOTE_LABEL}: Nothing is written there. Nothing was changed. Write what the source says.")
    if happening.name == "new_date" and due is None and not reader.texts:
        reader.texts.append(
            f"{happening.due_label}: Nothing is written there. Nothing was changed. "
            f"Write it like {happening.due_example}."
        )
    reader.finish()
    assert day is not None  # Otherwise something was wrong, here and below.
    assert cited is not None
    assert counted is not None
    return EventEntry(
        Entry(None, day, cited, published_on, ""), counted, parties, approvals, about, due, note, name or ""
    )


def split_published(text: str) -> tuple[str, str]:
    """Split a typed text into the place in the source and the date of the source.

    "paragraph 3; published 16 October 2024" gives ("paragraph 3", "16 October 2024"). The date is "" if none was typed.
    """
    line = one_line(text)
    match = _PUBLISHED.search(line)
    return (line[: match.start()].strip(" ;"), match["day"].strip()) if match else (line, "")


def cited_line(text: str, locator: str, source: Source | None) -> SourceLine:
    """Return the source line of a form: the line of `source` or, if that is None, the line that `text` means.

    `locator` is the text of a separate input. If it is "", the locator in `text` counts. Raise BadInput if `locator` is
    too long, or if `source` is None and `text` names no source.
    """
    if len(locator) > LOCATOR_LIMIT:
        raise BadInput(
            f"The place in the source has {len(locator):,} characters; {LOCATOR_LIMIT} fit. Nothing was changed. "
            "Shorten it."
        )
    if source is not None:
        return SourceLine(source.title, source.publisher, source.url, locator=locator or _locator_of(text, source))
    line = read_source_line(split_published(text)[0])
    return SourceLine(line.title, line.publisher, line.url, line.archived_url, locator or line.locator)


def _locator_of(text: str, source: Source) -> str:
    """Return the locator that was typed after the link of a chosen source. Return "" if the text has no such link."""
    if not source.url or source.url not in text:
        return ""
    return read_source_line(split_published(text)[0]).locator


def published_day(typed: str, source: Source | None, now: datetime) -> FactDate | None:
    """Return the date on which a source appeared, or None if it has no date.

    `typed` is the date as it was typed. If it is "", return the date of `source`, or None for a new source.
    """
    if source is not None and not typed:
        return source.published_on
    return read_published(typed, now)


def _counted(happening: Happening, text: str, find: Find) -> list[Value]:
    if not happening.counted:
        return []
    type_ = get_field("deal", happening.counted).type
    return [type_.parse(part, find) for part in split(text)]


def _party(happening: Happening, text: str, find: Find) -> Party:
    """Return the party that a text means.

    If the text names no role and does not end a party ("no longer"), the party gets the role `Happening.role`.
    """
    type_ = get_field("deal", "party").type
    assert isinstance(type_, PartyType)
    party = type_.parse(text, find)
    return party if party.role or party.gone else Party(party.record, happening.role)


def _approval(happening: Happening, text: str, find: Find) -> Approval:
    """Return the approval that a text means. If the text has no state, the state is `Happening.approval`."""
    type_ = get_field("deal", "approval").type
    assert isinstance(type_, ApprovalType)
    return type_.parse_in(text, find, happening.approval or "")


def _due(text: str) -> Due | None:
    """Return the due date that a text means, or None for an empty text.

    If the text does not say how sure the date is, the due date is `_UNSURE`.
    """
    line = one_line(text)
    if not line:
        return None
    type_ = get_field("pending", "due").type
    assert isinstance(type_, DueType)
    try:
        value = expect_due(type_.parse(line, _find_nothing))
    except BadInput:
        try:
            value = expect_due(type_.parse(f"{line}, {_UNSURE}", _find_nothing))
        except BadInput:
            value = None
        if value is None:
            raise
    if value is None:
        raise BadInput(f"{quoted(text)} is no date. Nothing was changed. Leave it empty when no date is given.")
    return value


def _note(text: str) -> str:
    line = one_line(text)
    get_field("deal", "note").type.check(ListedText(line)) if line else None
    return line


def _name(text: str) -> str:
    name = get_field("deal", "name").type.parse(text, _find_nothing)
    assert isinstance(name, str)
    return name


def _find_nothing(name: str, _kinds: Sequence[str]) -> str:
    raise BadInput(f"{quoted(name)} is not in the record. Nothing was changed.")
