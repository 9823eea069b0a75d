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
    """When an update or a description was entered, and by whom.

    `user_id` is None for a dossier and for people who were forgotten.
    """

    id: int
    origin: Literal["editor", "dossier"]
    entered_at: datetime
    user_id: int | None


class FactsOfSources(Struct, frozen=True):
    """Some publications with the facts that rest on them.

    `sources` has one source for each publication, and `publications` the id of this one by the id of each source.
    `names` are the names, by slug, of the records that the facts name. `entered` has an entry for each update,
    `described` for each source that an editor described anew, by `Source.version`.
    """

    sources: list[Source]
    publications: dict[int, int]
    facts: list[SourcedFact]
    names: dict[str, str]
    entered: dict[int, EntryDetails]
    described: dict[int, EntryDetails]


class Withdrawal(Struct, frozen=True):
    """What is withdrawn when a source is marked as false.

    `updates` are the ids of the updates from the source. `alone` are the present facts that no other source reports:
    they end. `shared` are those that another source reports too: they stay, and each has the id of that source. `kept`
    are the names of records that other sources report on: such records keep their names.
    """

    source: Source
    updates: list[int]
    alone: list[SourcedFact]
    shared: list[tuple[SourcedFact, int]]
    kept: list[SourcedFact]
    names: dict[str, str]
    others: dict[int, Source]

    @property
    def mark(self) -> str:
        """Return eight characters that differ when the source or what would be withdrawn is not the same any more."""
        return f"{zlib.crc32(repr((self.source.version, self.updates)).encode()):08x}"


def facts_in(kind: Kind, slug: str, name: str, state: State, source_ids: Collection[int]) -> Iterator[SourcedFact]:
    """Yield the facts of a record that rest on one of some sources; fields without news value come last."""
    for field in sorted(fields_of(kind), key=lambda field: not field.reports):
        for fact in state.facts(field.name):
            if fact.source in source_ids:
                yield SourcedFact(kind, slug, name, field.name, fact)


def ending_updates(
    kind: Kind, history: Sequence[Update], source_ids: Collection[int], *, named_by_others: bool
) -> set[int]:
    """Return the ids of the updates of a record to withdraw when some sources are false.

    These are the live updates from the sources, and those that count again once these are gone. A record that other
    sources report on, or that is `named_by_others`, does not lose its only name.
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
    """Return a fact of a state that says the same as a given fact, or None when no fact does."""
    field = get_field(kind, stated.field)
    key = key_of(field, stated.fact.value)
    for fact in state.facts(field.name):
        if fact.value == stated.fact.value and key_of(field, fact.value) == key:
            return fact
    return None
