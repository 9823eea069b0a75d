"""What a batch of updates changed: fields before and after, without what was undone in time. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from msgspec import Struct

from bot.ledger import fold
from bot.ledger.fields import Field, find_field
from data.records import Fact, FactDate, Kind, Source, State, Update

SETTLED_AFTER = timedelta(seconds=75)
"""An update can be undone for 60 s; alerts and digests take only older ones."""


class Changed(Struct, frozen=True):
    """One field of a record, before and after; None where it held nothing."""

    field: str
    milestone: bool
    before: Fact | None
    after: Fact | None


class RecordChange(Struct, frozen=True):
    """What one batch of updates changed in one record, with the names and the source that its words need."""

    kind: Kind
    slug: str
    name: str
    new: bool
    opened: FactDate | None
    changes: list[Changed]
    names: dict[str, str]
    source: Source
    locator: str
    date: FactDate


class Alert(Struct, frozen=True):
    """What one destination is told of one batch, and the roles that are mentioned with it."""

    changes: list[RecordChange]
    role_ids: list[int]


def changed_fields(kind: Kind, before: State, after: State) -> list[Changed]:
    """The fields whose values differ between two states, milestones first. A value reported again is no change."""
    found: list[Changed] = []
    for name in dict.fromkeys([*after.facts, *before.facts]):
        field = find_field(kind, name)
        if field is None:
            continue
        old, new = _by_key(field, before.facts.get(name, [])), _by_key(field, after.facts.get(name, []))
        for key in dict.fromkeys([*new, *old]):
            then, now = old.get(key), new.get(key)
            if (then and then.value) != (now and now.value) or (then is None) != (now is None):
                found.append(Changed(name, field.milestone, then, now))
    return sorted(found, key=lambda change: not change.milestone)


def _by_key(field: Field, facts: Sequence[Fact]) -> dict[object, Fact]:
    if field.rule == "list":
        return {fold.key_of(field, fact.value): fact for fact in facts}
    if field.rule == "variants":
        return {(fold.key_of(field, fact.value), fact.source): fact for fact in facts}
    return {"": facts[-1]} if facts else {}


def without_undone(history: Iterable[Update]) -> list[Update]:
    """The updates of a record, without those that were taken back in time and what took them back."""
    kept = {update.id: update for update in history}
    for update in sorted(kept.values(), key=lambda u: u.id, reverse=True):
        target = kept.get(update.replaces) if update.replaces is not None else None
        if (
            update.id in kept
            and update.action == "withdrawn"
            and target is not None
            and update.entered_at - target.entered_at <= SETTLED_AFTER
        ):
            del kept[update.id], kept[target.id]
    return list(kept.values())


def change_of(kind: Kind, history: Sequence[Update], batch: str) -> tuple[State, State, list[Update]] | None:
    """A record before and after a batch, and the updates of the batch that stand; None when none of them does."""
    kept = without_undone(history)
    own = [update for update in kept if update.batch == batch]
    if not own:
        return None
    first, last = own[0].id, own[-1].id
    before = fold.fold(kind, [u for u in kept if u.id < first])
    return before, fold.fold(kind, [u for u in kept if u.id <= last]), own
