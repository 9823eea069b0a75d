"""Changes that a batch of updates made: fields before and after, without what was undone in time. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from msgspec import Struct

from bot.ledger import fold
from bot.ledger.kinds import Field, find_field, get_field
from data.records import Fact, Kind, Source, State, Update, Value

SETTLED_AFTER = timedelta(seconds=75)
"""An update can be undone for 60 s; alerts and digests take only older ones."""


class FieldChange(Struct, frozen=True):
    """One field of a record, before and after; None where it held nothing.

    `ended_by` is the update that ended `before`, as a fact: what replaced it, said "no longer", or withdrew it.
    `corrected` when `before` was replaced by `after` or `withdrawn`. The `reason` is what was given for the change.
    """

    field: str
    milestone: bool
    before: Fact[Value] | None
    after: Fact[Value] | None
    ended_by: Fact[Value] | None = None
    corrected: bool = False
    withdrawn: bool = False
    reason: str = ""

    @property
    def facts(self) -> list[Fact[Value]]:
        """Return all facts of the change."""
        return [fact for fact in (self.before, self.after, self.ended_by) if fact is not None]


class RecordChange(Struct, frozen=True):
    """The changes of one record, each field with facts of its own.

    `state` is the record after them, `names` those of the records that its words need by slug, `sources` those of the
    facts by id.
    """

    kind: Kind
    slug: str
    name: str
    new: bool
    changes: list[FieldChange]
    names: dict[str, str]
    sources: dict[int, Source]
    state: State


class Alert(Struct, frozen=True):
    """The changes of one batch that a destination is told, and the roles that are mentioned with it."""

    changes: list[RecordChange]
    role_ids: list[int]


def changed_fields(kind: Kind, before: State, after: State, updates: Sequence[Update] = ()) -> list[FieldChange]:
    """Return the fields whose values differ between two states, milestones first.

    A value reported again is no change. `updates` are those that lie between the states: they tell what ended a value,
    and what a field held meanwhile that held nothing before.
    """
    by_id = {update.id: update for update in updates}
    found: list[FieldChange] = []
    for name in dict.fromkeys([*after.fields, *before.fields]):
        field = find_field(kind, name)
        if field is None:
            continue
        old, new = _by_key(field, before.facts(name)), _by_key(field, after.facts(name))
        ended = {fact.update: fact for key, fact in old.items() if key not in new}
        for key, now in new.items():
            then, corrects = old.get(key), _corrects(by_id, now)
            if then is None:
                # A value that replaces one of another key stands instead of it, not beside it.
                then = next((ended.pop(id_) for id_ in corrects if id_ in ended), None)
            if then is None and field.rule == "replace":
                then = _meanwhile(name, now, updates)
            if then is None and now.update not in by_id and (taken_back := _taken_back(field, now, updates)):
                reason = taken_back.reason
                found.append(FieldChange(name, field.milestone, None, now, taken_back.fact, True, True, reason))
            elif then is None or then.value != now.value:
                found.append(_changed(field, then, now, updates, corrected=bool(then and then.update in corrects)))
        found += [_changed(field, then, None, updates) for then in ended.values()]
    return sorted(found, key=lambda change: not change.milestone)


def with_news(kind: Kind, changes: Iterable[FieldChange]) -> list[FieldChange]:
    """Return the changes that people are told: those of fields with news value, and that tell something."""
    return [change for change in changes if get_field(kind, change.field).reports and not _was_so(change)]


_NOTHING = {"side_state": "none", "due": None}
"""The value by which a field reports that there is none: no side state, no due date."""


def _was_so(change: FieldChange) -> bool:
    """Return whether a change only reports the absence of what the record did not hold before."""
    if change.field not in _NOTHING or change.after is None or change.after.value != _NOTHING[change.field]:
        return False
    return change.before is None


def _corrects(by_id: Mapping[int, Update], fact: Fact[object]) -> list[int]:
    """Return the ids of the updates that a fact's update replaces, directly or through others, the newest first.

    There are none when that update is not in `by_id`.
    """
    found: list[int] = []
    update = by_id.get(fact.update)
    while update is not None and update.replaces is not None:
        found.append(update.replaces)
        update = by_id.get(update.replaces)
    return found


def _changed(
    field: Field,
    then: Fact[Value] | None,
    now: Fact[Value] | None,
    updates: Sequence[Update],
    *,
    corrected: bool = False,
) -> FieldChange:
    """Return the change of one item from a fact to another, or to none, with what ended the former."""
    ended = _ended(field, then, now, updates)
    taken_back = ended is not None and ended.action == "withdrawn"
    told = ended if taken_back else next((u for u in updates if now is not None and u.id == now.update), None)
    return FieldChange(
        field.name,
        field.milestone,
        then,
        now,
        ended.fact if ended is not None else None,
        corrected or taken_back,
        taken_back,
        told.reason if told is not None else "",
    )


def _taken_back(field: Field, now: Fact[Value], updates: Sequence[Update]) -> Update | None:
    """Return the withdrawal of what had ended a value, which so stands again; None where there is none."""
    key = fold.key_of(field, now.value)
    return next(
        (
            u
            for u in updates
            if u.action == "withdrawn" and u.field == field.name and fold.key_of(field, u.value) == key
        ),
        None,
    )


def _meanwhile(name: str, now: Fact[Value], updates: Sequence[Update]) -> Fact[Value] | None:
    """Return the last value before the present one that a field was given by these updates; None without one."""
    live = filter(fold.is_readable, fold.live_updates(updates))
    passed = [u for u in live if u.field == name and u.value != now.value]
    return passed[-1].fact if passed else None


def _ended(field: Field, then: Fact[Value] | None, now: Fact[Value] | None, updates: Sequence[Update]) -> Update | None:
    """Return the update that took a value back or said that it holds no longer; None where a newer one followed it."""
    if then is None:
        return None
    withdrawn: set[int | None] = set()
    for update in reversed(updates):
        if update.id in withdrawn:
            continue
        if update.action == "withdrawn":
            withdrawn.add(update.replaces)
        if update.replaces == then.update:
            return update
    if now is not None:
        return None
    key = fold.key_of(field, then.value)
    return next((u for u in reversed(updates) if u.field == field.name and fold.key_of(field, u.value) == key), None)


def _by_key(field: Field, facts: Sequence[Fact[Value]]) -> dict[object, Fact[Value]]:
    """Return the facts of a field by what makes two of them the same item."""
    if field.rule == "list":
        return {fold.key_of(field, fact.value): fact for fact in facts}
    if field.rule == "variants":
        return {(fold.key_of(field, fact.value), fact.source): fact for fact in facts}
    return {"": facts[-1]} if facts else {}


def without_undone(history: Iterable[Update]) -> list[Update]:
    """Return the updates of a record without those that were undone before anybody was told, and what undid them."""
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
    """Return a record before and after a batch, and the updates of the batch that stand; None when none does."""
    kept = without_undone(history)
    own = [update for update in kept if update.batch == batch]
    if not own:
        return None
    first, last = own[0].id, own[-1].id
    before = fold.fold(kind, [u for u in kept if u.id < first])
    return before, fold.fold(kind, [u for u in kept if u.id <= last]), own
