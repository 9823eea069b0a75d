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

    `before` is None for a value that was added, `after` for one that was removed. `ended_by` is the fact of the update
    that corrected, ended ("no longer") or withdrew `before`, or of the withdrawal that brought `after` back.
    `withdrawn` says that a withdrawal made the change, `corrected` that a correction or a withdrawal did.
    `brought_back` says that a withdrawal of `after` was itself withdrawn. `reason` is what the editor gave for the
    change.
    """

    field: str
    milestone: bool
    before: Fact[Value] | None
    after: Fact[Value] | None
    ended_by: Fact[Value] | None = None
    corrected: bool = False
    withdrawn: bool = False
    reason: str = ""
    brought_back: bool = False

    @property
    def facts(self) -> list[Fact[Value]]:
        """Return `before`, `after` and `ended_by`, without those that are None."""
        return [fact for fact in (self.before, self.after, self.ended_by) if fact is not None]


class RecordChange(Struct, frozen=True):
    """The changes of one record between two states, with all that is needed to put them in words.

    `new` says that the record had no name before. `state` is the record after the changes. `names` are the names of the
    records that the changed values point to, by slug. `sources` are the sources of the facts, by id.
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

    `reply_to` is the id of the earlier message whose news the batch corrects or withdraws, None without one.
    """

    changes: list[RecordChange]
    role_ids: list[int]
    reply_to: int | None = None


def changed_fields(kind: Kind, before: State, after: State, updates: Sequence[Update] = ()) -> list[FieldChange]:
    """Return the values that differ between two states of a record, milestones first.

    A value that was reported again is no change. `updates` are the updates between the two states, oldest first. They
    show how a value ended, and which value a field had in between when it had none before.
    """
    by_id = {update.id: update for update in updates}
    changes: list[FieldChange] = []
    for name in dict.fromkeys([*after.fields, *before.fields]):
        field = find_field(kind, name)
        if field is None:
            continue
        old, new = _by_key(field, before.facts(name), after.facts(name))
        ended = {fact.update: fact for key, fact in old.items() if key not in new}
        for key, now in new.items():
            then, replaced = old.get(key), _replaced_ids(by_id, now)
            if then is None:
                # A correction with another key replaces the old value; it does not add a second one.
                then = next((ended.pop(id_) for id_ in replaced if id_ in ended), None)
            if then is None and field.rule == "replace":
                then = _interim_value(name, now, updates)
            if then != now and (back := _brought_back_by(name, then, now, updates)):
                change = FieldChange(name, field.milestone, then, now, back.fact, True, True, back.reason, True)
                changes.append(change)
            elif then is None and now.update not in by_id and (restored_by := _restored_by(field, now, updates)):
                reason = restored_by.reason
                changes.append(FieldChange(name, field.milestone, None, now, restored_by.fact, True, True, reason))
            elif then is None or then.value != now.value:
                changes.append(_changed(field, then, now, updates, corrected=bool(then and then.update in replaced)))
        changes += [_changed(field, then, None, updates) for then in ended.values()]
    return sorted(changes, key=lambda change: not change.milestone)


def with_news(kind: Kind, changes: Iterable[FieldChange]) -> list[FieldChange]:
    """Return the changes that are worth reporting, which are those of fields with news value (`Field.reports`).

    Left out is a value such as "no due date" where the field was empty before.
    """
    return [change for change in changes if get_field(kind, change.field).reports and not _states_absence(change)]


_ABSENT = {"side_state": "none", "due": None}
"""The value by which a field says that there is none: no side state, no due date."""


def _states_absence(change: FieldChange) -> bool:
    """Return whether a field had no value before and was only given a "none", such as "no due date"."""
    if change.field not in _ABSENT or change.after is None or change.after.value != _ABSENT[change.field]:
        return False
    return change.before is None


def _replaced_ids(by_id: Mapping[int, Update], fact: Fact[object]) -> list[int]:
    """Return the ids of the updates that a fact's update replaces, directly or through others, the newest first.

    Return [] when the fact's own update is not in `by_id`.
    """
    replaced: list[int] = []
    update = by_id.get(fact.update)
    while update is not None and update.replaces is not None:
        replaced.append(update.replaces)
        update = by_id.get(update.replaces)
    return replaced


def _changed(
    field: Field,
    then: Fact[Value] | None,
    now: Fact[Value] | None,
    updates: Sequence[Update],
    *,
    corrected: bool = False,
) -> FieldChange:
    """Return the change of one value from the fact `then` to the fact `now`, either of which may be None."""
    ended_by = _ended_by(field, then, now, updates)
    withdrawn = ended_by is not None and ended_by.action == "withdrawn"
    cause = ended_by if withdrawn else next((u for u in updates if now is not None and u.id == now.update), None)
    return FieldChange(
        field.name,
        field.milestone,
        then,
        now,
        ended_by.fact if ended_by is not None else None,
        corrected or withdrawn,
        withdrawn,
        cause.reason if cause is not None else "",
    )


def _restored_by(field: Field, now: Fact[Value], updates: Sequence[Update]) -> Update | None:
    """Return the withdrawal of an update that had ended or replaced the value of `now`; None if there is none."""
    return next(
        (u for u in updates if u.action == "withdrawn" and u.field == field.name and _concerns(field, u, now)), None
    )


def _brought_back_by(name: str, then: Fact[Value] | None, now: Fact[Value], updates: Sequence[Update]) -> Update | None:
    """Return the withdrawal of a withdrawal by which the value of `now` counts again; None if there is none.

    A withdrawal repeats the value of what it withdraws, so the second one has the value of the update itself.
    """
    ended = {then.update} if then is not None else set[int]()
    return next(
        (
            u
            for u in updates
            if u.action == "withdrawn" and u.field == name and u.value == now.value and u.replaces not in ended
        ),
        None,
    )


def _interim_value(name: str, now: Fact[Value], updates: Sequence[Update]) -> Fact[Value] | None:
    """Return the newest value other than that of `now` that the updates gave to a field; None when there is none."""
    live = filter(fold.is_readable, fold.live_updates(updates))
    others = [u for u in live if u.field == name and u.value != now.value]
    return others[-1].fact if others else None


def _ended_by(
    field: Field, then: Fact[Value] | None, now: Fact[Value] | None, updates: Sequence[Update]
) -> Update | None:
    """Return the update that corrected, withdrew or ended ("no longer") the value `then`.

    Return None when there was no such value, or when the newer value `now` followed it without correcting it.
    """
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
    return next((u for u in reversed(updates) if u.field == field.name and _concerns(field, u, then)), None)


def _concerns(field: Field, update: Update, fact: Fact[Value]) -> bool:
    """Return whether an update is about the same item as a fact, or a report that can have replaced it."""
    if fold.key_of(field, update.value) != fold.key_of(field, fact.value):
        return False
    if field.rule != "variants" or update.source_id == fact.source:
        return True
    return fold.is_readable(update) and ends(update.fact.value)


_ByKey = dict[object, Fact[Value]]
"""The facts of a field by a key that is equal for the facts of two states that are compared with each other."""


def _by_key(field: Field, before: Sequence[Fact[Value]], after: Sequence[Fact[Value]]) -> tuple[_ByKey, _ByKey]:
    """Return the facts of a field in two states by key.

    A field with variants can have several amounts of one source. An amount that is in both states is compared with
    itself, and the others with each other, in order.
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
    """Return what identifies an amount of a field with variants: its key, its source and the amount itself."""
    return fold.key_of(field, fact.value), fact.source, fact.value


def _of_reports(field: Field, facts: Sequence[Fact[Value]], in_both: Container[object]) -> _ByKey:
    """Return the facts of a field with variants by key. The amounts in `in_both` have keys of their own."""
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
    """Return the updates of a record without those that were undone, and without the withdrawals that undid them.

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
    """Return each update of a batch that corrects or withdraws others, with these others, the newest first.

    The others are the update that it replaces, the one that this replaces in turn, and so on. Updates that were undone
    are left out. `history` has all updates of the record.
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
    """Return the states of a record before and after a batch, and those updates of the batch that were not undone.

    Return None when all of them were undone. `history` has all updates of the record, oldest first.
    """
    remaining = without_undone(history)
    of_batch = [update for update in remaining if update.batch == batch]
    if not of_batch:
        return None
    first, last = of_batch[0].id, of_batch[-1].id
    before = fold.fold(kind, [u for u in remaining if u.id < first])
    return before, fold.fold(kind, [u for u in remaining if u.id <= last]), of_batch
