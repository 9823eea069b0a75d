"""Corrections: the updates that an editor is about to correct, withdraw, bring back or remove. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Literal, TypeVar

from msgspec import Struct

from bot import dates
from bot.errors import BadInput, UserError
from bot.ledger.changes import FieldChange
from bot.ledger.drafts import Mistakes
from bot.ledger.kinds import get_field
from bot.ledger.source_lines import SourceLine, read_source_line
from bot.ledger.values import Find, Names
from data.records import Fact, FactDate, Kind, Source, Update, Value

T = TypeVar("T")

Act = Literal["correct", "withdraw", "bring back", "remove", "merge"]
"""What is done with updates. A record is removed by withdrawing its names; other updates of it stay in the ledger."""

REASON_LIMIT = 500


class CorrectionTask(Struct, frozen=True, omit_defaults=True):
    """The content of a correction: which updates it corrects, withdraws or brings back.

    `offered` are the ids of related updates that the editor can withdraw too. An update is related if it is of the same
    batch, or if its form was filled in with the value of an update that the correction is about.
    """

    act: Act
    record: str  # The slug of the record.
    name: str  # The name of the record, "" if the updates are about several records.
    corrects: int | None = None  # The id of the update that a new one replaces. None unless `act` is "correct".
    withdraws: list[int] = []  # The ids of the updates and withdrawals that are withdrawn.
    offered: list[int] = []
    filled_in: dict[str, str] = {}  # The texts in the form when it opened, if `act` is "correct".
    into: str = ""  # The slug of the record that this one is merged into, if `act` is "merge".


class Correction(Struct, frozen=True):
    """A correction that an editor has begun: a row of the table `correction`.

    `typed` is what was typed into its form, word for word. `base` is the id of the newest update of its records when
    the preview was made.
    """

    id: int
    guild_id: int
    person_id: int
    task: CorrectionTask
    typed: dict[str, str]
    base: int
    state: Literal["open", "saved", "dropped"]
    batch: str


class EnteredUpdate(Struct, frozen=True):
    """An update or a withdrawal, with all that a text about it needs.

    A Discord id is None if a dossier made the entry, and if the person asked to be forgotten.
    """

    update: Update
    kind: Kind
    name: str  # The name of the record. If all its names were withdrawn: the last of them.
    names: Names
    source: Source
    user_id: int | None  # The Discord id of the person who entered the update.
    ended_by: Update | None  # The update that withdrew or corrected this one. None while this one counts.
    ended_by_user_id: int | None = None  # The Discord id of the person who entered `ended_by`.


class CorrectedRecord(Struct, frozen=True):
    """The changes of one record by a correction.

    `removed` says that the record loses its only name, `returns` that it gets one again. `stays` has the facts, by
    field, of each field that says the same as before although one of its updates is corrected or withdrawn.
    """

    kind: Kind
    slug: str
    name: str
    changes: list[FieldChange]
    names: Names
    removed: bool
    returns: bool
    stays: dict[str, list[Fact[Value]]] = {}


class CorrectedFact(Struct, frozen=True):
    """The parsed form of a correction. `source_id` is None if the source in the form is not that of the update."""

    value: Value
    date: FactDate
    source_id: int | None
    cited: SourceLine
    published_on: FactDate | None


class CorrectionPreview(Struct, frozen=True):
    """The changes that a correction would make, or has made."""

    correction: Correction
    corrected: EnteredUpdate | None  # The update that is replaced by a new one, if there is one.
    withdrawn: list[EnteredUpdate]  # The updates that are withdrawn.
    offered: list[EnteredUpdate]  # The updates that the editor can withdraw too.
    changes: list[CorrectedRecord]
    sources: dict[int, Source]
    links: int = 0  # How many records point to the record that is removed or merged.
    moved_on: bool = False  # Whether a record has changed since the last preview.


def filled_in(entered: EnteredUpdate) -> dict[str, str]:
    """Return the texts in the form of a correction when it opens, by input.

    They say what the update says, as a person would type it.
    """
    update, source = entered.update, entered.source
    published = dates.typed_fact_date(source.published_on) if source.published_on else "undated"
    field = get_field(entered.kind, update.field)
    return {
        "value": field.type.typed(update.fact.value, entered.names),
        "date": dates.typed_fact_date(update.date),
        "source": ", ".join(filter(None, [source.url or source.title, update.locator])),
        "published": published,
        "reason": "",
    }


def read_reason(typed: Mapping[str, str]) -> str:
    """Return the reason that was typed into a form. Raise Mistakes if there is none or if it is too long."""
    reason = " ".join(typed.get("reason", "").split())
    if not reason:
        raise Mistakes(["Reason: Nothing is written there. Say in a few words why, for those who read the history."])
    if len(reason) > REASON_LIMIT:
        raise Mistakes([f"Reason: It has {len(reason):,} characters; {REASON_LIMIT} fit. Shorten it."])
    return reason


def read_fact(correction: Correction, entered: EnteredUpdate, find: Find, now: datetime) -> CorrectedFact:
    """Return the parsed form of a correction. `entered` is the update that is corrected.

    An input that was not changed is not parsed: its part stays exactly as the update has it. Raise Mistakes with a text
    for each input that cannot be used, and if the form says the same as the update.
    """
    typed, before = correction.typed, correction.task.filled_in
    update, source = entered.update, entered.source
    field = get_field(entered.kind, update.field)
    mistakes: list[str] = []

    def part(name: str, label: str, kept: T, reader: Callable[[str], T]) -> T:
        text = typed.get(name, "")
        if text.strip() == before.get(name, "").strip():
            return kept
        try:
            return reader(text)
        except UserError as error:
            mistakes.append(f"{label}: {error}")
            return kept

    def day(text: str) -> FactDate:
        return _begun(dates.parse_fact_date(text), now)

    def published(text: str) -> FactDate | None:
        return None if text.strip().casefold() in ("", "undated") else day(text)

    value = part("value", field.label, update.fact.value, lambda text: field.type.parse(text, find))
    date = part("date", "Fact date", update.date, day)
    same_line = SourceLine(source.title, source.publisher, source.url, locator=update.locator)
    cited = part("source", "Source", same_line, read_source_line)
    published_on = part("published", "The source's own date", source.published_on, published)
    reason: Sequence[str] = []
    try:
        read_reason(typed)
    except Mistakes as error:
        reason = error.texts
    if mistakes or reason:
        raise Mistakes([*mistakes, *reason])
    same_source = published_on == source.published_on and cited.url == source.url and cited.title == source.title
    fact = CorrectedFact(value, date, source.id if same_source else None, cited, published_on)
    if same_source and (value, date, cited.locator) == (update.value, update.date, update.locator):
        raise Mistakes(["The form says what the update says already. Change what is wrong, or withdraw the update."])
    return fact


def _begun(day: FactDate, now: datetime) -> FactDate:
    """Return `day`. Raise BadInput if this date has not begun anywhere on earth."""
    if not dates.has_begun(day, now):
        raise BadInput(f"{dates.format_fact_date(day)} has not begun anywhere yet. Write the day as the source has it.")
    return day
