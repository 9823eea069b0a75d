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
    """What a correction does.

    `corrects` is the id of the update that a new one replaces, None unless the act is "correct". `withdraws` are the
    ids of the updates and withdrawals that are withdrawn. `offered` are those that may be withdrawn with them: of the
    same batch, or entered from a form that was filled in with the value of one of them. `name` is the name of the
    record, "" for updates of several records. `into` is the slug of the record that it is merged into. `filled_in` is
    what the form of a correction was filled in with.
    """

    act: Act
    record: str
    name: str
    corrects: int | None = None
    withdraws: list[int] = []
    offered: list[int] = []
    filled_in: dict[str, str] = {}
    into: str = ""


class Correction(Struct, frozen=True):
    """A correction that an editor has begun: a row of the table.

    `typed` is what was typed into its form, word for word. `base` is the newest update that its preview knew.
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

    `name` is the name of its record, or the last one where all names were withdrawn. `ended_by` is the update that
    withdrew or corrected it, None while it counts. `user_id` is the Discord id of the person who entered it, None for
    a dossier and for a person who asked to be forgotten; `ended_by_user_id` is that of the person who ended it.
    """

    update: Update
    kind: Kind
    name: str
    names: Names
    source: Source
    user_id: int | None
    ended_by: Update | None
    ended_by_user_id: int | None = None


class CorrectedRecord(Struct, frozen=True):
    """What a correction changes about one record. `removed` and `returns` say that it loses or gets its only name.

    `stays` are the facts of the fields that the correction touches without a change of what they say, by field.
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
    """What the form of a correction says once it is read. `source_id` is None when the source was typed anew."""

    value: Value
    date: FactDate
    source_id: int | None
    cited: SourceLine
    published_on: FactDate | None


class CorrectionPreview(Struct, frozen=True):
    """What a correction would change, or has changed.

    `corrected` is the update that is replaced, `withdrawn` are those that are withdrawn, and `offered` are those that
    may be withdrawn too. `links` is the number of records that point to a record that is removed. `moved_on` says that
    one of the records changed after the preview before.
    """

    correction: Correction
    corrected: EnteredUpdate | None
    withdrawn: list[EnteredUpdate]
    offered: list[EnteredUpdate]
    changes: list[CorrectedRecord]
    sources: dict[int, Source]
    links: int = 0
    moved_on: bool = False


def filled_in(entered: EnteredUpdate) -> dict[str, str]:
    """Return the texts with which the form of a correction starts: what the update says, as a person would type it."""
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
    """Return the reason in a form. Raise Mistakes when there is none or when it is too long."""
    reason = " ".join(typed.get("reason", "").split())
    if not reason:
        raise Mistakes(["Reason: Nothing is written there. Say in a few words why, for those who read the history."])
    if len(reason) > REASON_LIMIT:
        raise Mistakes([f"Reason: It has {len(reason):,} characters; {REASON_LIMIT} fit. Shorten it."])
    return reason


def read_fact(correction: Correction, entered: EnteredUpdate, find: Find, now: datetime) -> CorrectedFact:
    """Return what the form of a correction says. Raise Mistakes, which names every part that cannot be used.

    What was not changed in the form stays exactly as the update has it, even where the text would be read otherwise.
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
    """Return a fact date that has begun somewhere. Raise BadInput for a later one."""
    if not dates.has_begun(day, now):
        raise BadInput(f"{dates.format_fact_date(day)} has not begun anywhere yet. Write the day as the source has it.")
    return day
