"""The facts that rest on a source, and what ends when the source is false. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct

from bot.ledger.fold import fold, key_of, live_updates
from bot.ledger.kinds import fields_of, get_field
from data.records import Fact, Kind, Source, State, Update, Value


class SourcedFact(Struct, frozen=True):
    """A present fact that rests on a source, with its field and the kind, slug and name of its record."""

    kind: Kind
    slug: str
    record: str
    field: str
    fact: Fact[Value]


class EntryDetails(Struct, frozen=True):
    """The time at which an update or a description of a source was entered, and the person who entered it.

    `user_id` is the Discord id of the person. It is None for a dossier and for a person who asked to be forgotten.
    """

    id: int
    origin: Literal["editor", "dossier"]
    entered_at: datetime
    user_id: int | None


class FactsOfSources(Struct, frozen=True):
    """Some publications with the facts that rest on them. Sources with the same link are one publication."""

    sources: list[Source]  # One source for each publication.
    publications: dict[int, int]  # Id of a source -> id of the source in `sources` that has the same link.
    facts: list[SourcedFact]
    names: dict[str, str]  # The names, by slug, of the records that the facts name.
    entered: dict[int, EntryDetails]  # By the id of the update.
    described: dict[int, EntryDetails]  # By `Source.version`, for each source that an editor described anew.


class Withdrawal(Struct, frozen=True):
    """The facts that are withdrawn when a source is marked as false, and the facts that stay."""

    source: Source
    updates: list[int]  # The ids of the updates that are withdrawn.
    alone: list[SourcedFact]  # Present facts that only this source reports. They end.
    shared: list[tuple[SourcedFact, int]]  # Present facts that stay, each with the id of another source reporting it.
    kept: list[SourcedFact]  # Names that stay, because other sources report on the records that have these names.
    names: dict[str, str]
    others: dict[int, Source]

    @property
    def mark(self) -> str:
        """Return eight characters that change when the source changes or when other updates would be withdrawn."""
        return f"{zlib.crc32(repr((self.source.version, self.updates)).encode()):08x}"


def facts_in(kind: Kind, slug: str, name: str, state: State, source_ids: Collection[int]) -> Iterator[SourcedFact]:
    """Yield the facts of a record that rest on the sources `source_ids`. Fields without news value come last."""
    for field in sorted(fields_of(kind), key=lambda field: not field.reports):
        for fact in state.facts(field.name):
            if fact.source in source_ids:
                yield SourcedFact(kind, slug, name, field.name, fact)


def ending_updates(
    kind: Kind, history: Sequence[Update], source_ids: Collection[int], *, named_by_others: bool
) -> set[int]:
    """Return the ids of the updates of a record that are withdrawn when the sources `source_ids` are false.

    These are (a) the live updates from these sources, (b) older updates from these sources that would count again when
    (a) are withdrawn. A record does not lose its only name if other sources report on the record, or if
    `named_by_others` says that facts from other sources point to the record.
    """
    ending: set[int] = set()
    while more := {
        update.id
        for update in live_updates([update for update in history if update.id not in ending])
        if update.source_id in source_ids
    }:
        ending |= more
    after = fold(kind, [update for update in history if update.id not in ending])
    if (after.fields or named_by_others) and not after.text("name"):
        ending -= {update.id for update in history if update.field == "name"}
    return ending


def same_fact(kind: Kind, stated: SourcedFact, state: State) -> Fact[Value] | None:
    """Return a fact in `state` that says the same as the fact `stated`, or None if there is no such fact."""
    field = get_field(kind, stated.field)
    key = key_of(field, stated.fact.value)
    for fact in state.facts(field.name):
        if fact.value == stated.fact.value and key_of(field, fact.value) == key:
            return fact
    return None
