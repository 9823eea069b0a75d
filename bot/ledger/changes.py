"""Comparison of two states of a record: what a batch of updates changed, as alerts and digests report it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import timedelta

from msgspec import Struct

from bot.ledger import fold
from bot.ledger.kinds import Field, find_field, get_field
from bot.ledger.values import ends
from data.records import Fact, Kind, Source, State, Update, Value

SETTLED_AFTER = timedelta(seconds=75)
"""Alerts and digests leave out updates younger than this. An editor can undo an update for 60 s."""


class FieldChange(Struct, frozen=True):
    """One value of a field that differs between two states of a record.

    `ended_by` is the fact of the update that corrected, withdrew or ended ("no longer") the value `before`. If a
    withdrawal made the value `after` count again, it is the fact of this withdrawal.
    """

    field: str
    milestone: bool
    before: Fact[Value] | None  # None for a value that was added.
    after: Fact[Value] | None  # None for a value that was removed.
    ended_by: Fact[Value] | None = None
    corrected: bool = False  # Whether a correction or a withdrawal made the change.
    withdrawn: bool = False  # Whether a withdrawal made the change.
    reason: str = ""  # The reason that the editor gave for the change.
    brought_back: bool = False  # Whether `after` had been withdrawn, and this withdrawal was then withdrawn.

    @property
    def facts(self) -> list[Fact[Value]]:
        """Return `before`, `after` and `ended_by`, without those that are None."""
        return [fact for fact in (self.before, self.after, self.ended_by) if fact is not None]


class RecordChange(Struct, frozen=True):
    """The changes of one record between two states, with all that is needed to put them in words.

    `new` says that the record had no name before the changes. `state` is its state after the changes. `names` are the
    names, by slug, of the records that the changed values point to. `sources` are the sources of the facts, by id.
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
    """The content of one alert: the changes that a batch made to the followed records, and the roles to mention.

    If the batch corrects or withdraws what an earlier message reported, `reply_to` is the id of this message.
    """

    changes: list[RecordChange]
    role_ids: list[int]
    reply_to: int | None = None


def changed_fields(kind: Kind, before: State, after: State, updates: Sequence[Update] = ()) -> list[FieldChange]:
    """Return the values that differ between two states of a record, milestones first.

    A value that was only reported again is no change. `updates` are the updates between the two states, oldest first.
    They show how a value ended. If a field had no value in the state `before`, and `updates` gave it several values one
    after another, `FieldChange.before` is an earlier one of these values.
    """
    by_id = {update.id: update for update in updates}
    changes: list[FieldChange] = []
    for name in dict.fromkeys([*after.fields, *before.fields]):
        field = find_field(kind, name)
        if field is None:
            continue
        old_facts, new_facts = _by_key(field, before.facts(name), after.facts(name))
        ended = {fact.update: fact for key, fact in old_facts.items() if key not in new_facts}
        for key, new in new_facts.items():
            old, replaced = old_facts.get(key), _replaced_ids(by_id, new)
            if old is None:
                # A correction with another key replaces the old value; it does not add a second one.
                old = next((ended.pop(id_) for id_ in replaced if id_ in ended), None)
            if old is None and field.rule == "replace":
                old = _interim_value(name, new, updates)
            if old != new and (back := _brought_back_by(name, old, new, updates)):
                change = FieldChange(name, field.milestone, old, new, back.fact, True, True, back.reason, True)
                changes.append(change)
            elif old is None and new.update not in by_id and (restored_by := _restored_by(field, new, updates)):
                reason = restored_by.reason
                changes.append(FieldChange(name, field.milestone, None, new, restored_by.fact, True, True, reason))
            elif old is None or old.value != new.value:
                changes.append(_changed(field, old, new, updates, corrected=bool(old and old.update in replaced)))
        changes += [_changed(field, old, None, updates) for old in ended.values()]
    return sorted(changes, key=lambda change: not change.milestone)


def with_news(kind: Kind, changes: Iterable[FieldChange]) -> list[FieldChange]:
    """Return the changes of fields with news value (`Field.reports`). Only these are worth reporting.

    A change is left out if the field was empty before and now only says that there is nothing, as in "no due date".
    """
    return [change for change in changes if get_field(kind, change.field).reports and not _states_absence(change)]


_ABSENT = {"side_state": "none", "due": None}
"""The values that mean "there is none", by field: no side state, no due date."""


def _states_absence(change: FieldChange) -> bool:
    """Return whether a field had no value before and was only given a "none", such as "no due date"."""
    if change.field not in _ABSENT or change.after is None or change.after.value != _ABSENT[change.field]:
        return False
    return change.before is None


def _replaced_ids(by_id: Mapping[int, Update], fact: Fact[object]) -> list[int]:
    """Return the ids of the updates that a correction replaces, the newest first.

    The correction is the update that set `fact`. The first id is of the update that it replaces, the second id of the
    update that this one replaced, and so on. Return [] if `by_id` does not have the update that set `fact`.
    """
    replaced: list[int] = []
    update = by_id.get(fact.update)
    while update is not None and update.replaces is not None:
        replaced.append(update.replaces)
        update = by_id.get(update.replaces)
    return replaced


def _changed(
    field: Field,
    old: Fact[Value] | None,
    new: Fact[Value] | None,
    updates: Sequence[Update],
    *,
    corrected: bool = False,
) -> FieldChange:
    """Return the change of a value from the fact `old` to the fact `new`. One of the two facts can be None."""
    ended_by = _ended_by(field, old, new, updates)
    withdrawn = ended_by is not None and ended_by.action == "withdrawn"
    cause = ended_by if withdrawn else next((u for u in updates if new is not None and u.id == new.update), None)
    return FieldChange(
        field.name,
        field.milestone,
        old,
        new,
        ended_by.fact if ended_by is not None else None,
        corrected or withdrawn,
        withdrawn,
        cause.reason if cause is not None else "",
    )


def _restored_by(field: Field, new: Fact[Value], updates: Sequence[Update]) -> Update | None:
    """Return the withdrawal that made the value of the fact `new` count again, or None if there is none.

    It withdrew an update that had ended or replaced this value.
    """
    return next(
        (u for u in updates if u.action == "withdrawn" and u.field == field.name and _concerns(field, u, new)), None
    )


def _brought_back_by(name: str, old: Fact[Value] | None, new: Fact[Value], updates: Sequence[Update]) -> Update | None:
    """Return the update that made the value of the fact `new` count again by withdrawing an earlier withdrawal.

    Return None if there is none. Every withdrawal repeats the value of the update that it withdraws. So the withdrawal
    of a withdrawal has the same value as the fact that counts again.
    """
    ended = {old.update} if old is not None else set[int]()
    return next(
        (
            u
            for u in updates
            if u.action == "withdrawn" and u.field == name and u.value == new.value and u.replaces not in ended
        ),
        None,
    )


def _interim_value(name: str, new: Fact[Value], updates: Sequence[Update]) -> Fact[Value] | None:
    """Return the fact that a field had before the fact `new`, if both facts come from `updates`.

    It comes from the last update of the field `name` that has another value than `new`. Updates that were corrected or
    withdrawn do not count. Return None if there is no such update.
    """
    live = filter(fold.is_readable, fold.live_updates(updates))
    others = [u for u in live if u.field == name and u.value != new.value]
    return others[-1].fact if others else None


def _ended_by(
    field: Field, old: Fact[Value] | None, new: Fact[Value] | None, updates: Sequence[Update]
) -> Update | None:
    """Return the update that corrected, withdrew or ended ("no longer") the value of the fact `old`.

    Return None if `old` is None, and if `new` is only a newer value that does not correct the old one.
    """
    if old is None:
        return None
    withdrawn: set[int | None] = set()
    for update in reversed(updates):
        if update.id in withdrawn:
            continue
        if update.action == "withdrawn":
            withdrawn.add(update.replaces)
        if update.replaces == old.update:
            return update
    if new is not None:
        return None
    return next((u for u in reversed(updates) if u.field == field.name and _concerns(field, u, old)), None)


def _concerns(field: Field, update: Update, fact: Fact[Value]) -> bool:
    """Return whether an update can have replaced or ended a fact of a field.

    Both have to have the same key. In a field with variants, the update also has to be from the same source as the
    fact, or it has to be a "no longer".
    """
    if fold.key_of(field, update.value) != fold.key_of(field, fact.value):
        return False
    if field.rule != "variants" or update.source_id == fact.source:
        return True
    return fold.is_readable(update) and ends(update.fact.value)


_ByKey = dict[object, Fact[Value]]
"""The facts of a field in one state, by key. A fact is compared with the fact that has its key in another state."""


def _by_key(field: Field, before: Sequence[Fact[Value]], after: Sequence[Fact[Value]]) -> tuple[_ByKey, _ByKey]:
    """Return the facts of a field in the first state and in the second state, each by a key for their comparison.

    A field with variants can have several amounts from one source. An amount that is in both states has the same key in
    both. The other amounts from the source are numbered in each state, and the number is a part of the key. So the
    first other amount before is compared with the first other amount after.
    """
    if field.rule == "list":
        return _of_items(field, before), _of_items(field, after)
    if field.rule == "variants":
        in_both = {_report(field, fact) for fact in before} & {_report(field, fact) for fact in after}
        return _of_reports(field, before, in_both), _of_reports(field, after, in_both)
    return _newest(before), _newest(after)


def _newest(facts: Sequence[Fact[Value]]) -> _ByKey:
    return {"": facts[-1]} if facts else {}


def _of_items(field: Field, facts: Sequence[Fact[Value]]) -> _ByKey:
    return {fold.key_of(field, fact.value): fact for fact in facts}


def _report(field: Field, fact: Fact[Value]) -> object:
    """Return what identifies an amount of a field with variants: the key, the source and the amount itself."""
    return fold.key_of(field, fact.value), fact.source, fact.value


def _of_reports(field: Field, facts: Sequence[Fact[Value]], in_both: Container[object]) -> _ByKey:
    """Return the facts of a field with variants, by key.

    A fact whose report is in `in_both` has the report as its key. The other facts from a source are numbered.
    """
    by_key: _ByKey = {}
    counts: Counter[object] = Counter()
    for fact in facts:
        if _report(field, fact) in in_both:
            by_key[_report(field, fact)] = fact
        else:
            of_source = (fold.key_of(field, fact.value), fact.source)
            by_key[(*of_source, counts[of_source])] = fact
            counts[of_source] += 1
    return by_key


def without_undone(history: Iterable[Update]) -> list[Update]:
    """Return the updates of a record except (a) the updates that were undone, (b) the withdrawals that undid them.

    An update counts as undone if it was withdrawn within `SETTLED_AFTER`, before any alert or digest reported it.
    """
    remaining = {update.id: update for update in history}
    for update in sorted(remaining.values(), key=lambda u: u.id, reverse=True):
        target = remaining.get(update.replaces) if update.replaces is not None else None
        if (
            update.id in remaining
            and update.action == "withdrawn"
            and target is not None
            and update.entered_at - target.entered_at <= SETTLED_AFTER
        ):
            del remaining[update.id], remaining[target.id]
    return list(remaining.values())


def corrected_updates(history: Sequence[Update], batch: str) -> list[tuple[Update, list[Update]]]:
    """Return each update of a batch that corrects or withdraws others, together with a list of these others.

    The first of the others is the update that it replaces, the second is the update that the first one replaced, and so
    on. An update of the batch that was undone is left out. `history` has all updates of the record.
    """
    by_id = {update.id: update for update in history}
    corrected: list[tuple[Update, list[Update]]] = []
    for update in without_undone(history):
        others: list[Update] = []
        before = by_id.get(update.replaces or 0)
        while before is not None:
            others.append(before)
            before = by_id.get(before.replaces or 0)
        if update.batch == batch and others:
            corrected.append((update, others))
    return corrected


def change_of(kind: Kind, history: Sequence[Update], batch: str) -> tuple[State, State, list[Update]] | None:
    """Return (state before a batch, state after it, updates of the batch) for a record.

    Updates that were undone are left out. Return None if all updates of the batch were undone, or if it has none of the
    record. `history` has all updates of the record, oldest first.
    """
    remaining = without_undone(history)
    of_batch = [update for update in remaining if update.batch == batch]
    if not of_batch:
        return None
    first, last = of_batch[0].id, of_batch[-1].id
    before = fold.fold(kind, [u for u in remaining if u.id < first])
    return before, fold.fold(kind, [u for u in remaining if u.id <= last]), of_batch
