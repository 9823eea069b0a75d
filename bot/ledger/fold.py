"""The fold: what a record's updates add up to. Pure; it never raises."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import pairwise

from bot.ledger.fields import Field, find_field, stage_rank
from data.records import Fact, FactDate, Kind, State, Update

_LONG_AGO = date.min


def _order(update: Update) -> tuple[date, int]:
    """Updates apply by fact day, then in the order of entering; unknown dates come first."""
    return update.date.day or _LONG_AGO, update.id


def live_updates(updates: Iterable[Update]) -> list[Update]:
    """The updates that set something and are neither replaced nor withdrawn by a live one, in order of entering.

    Read newest first, so that taking back a withdrawal brings its target back. What was replaced still replaces
    what came before it, so correcting a correction does not bring the first mistake back; what was withdrawn does not.
    """
    withdrawn: set[int] = set()
    replaced: set[int] = set()
    live: list[Update] = []
    for update in sorted(updates, key=lambda u: u.id, reverse=True):
        if update.id in withdrawn:
            continue
        if update.replaces is not None:
            (replaced if update.action == "set" else withdrawn).add(update.replaces)
        if update.action == "set" and update.id not in replaced:
            live.append(update)
    return live[::-1]


def fold(
    kind: Kind, updates: Iterable[Update], *, as_of: date | None = None, known_on: datetime | None = None
) -> State:
    """Adds up the updates of one record.

    Without dates the answer is today's picture: every accepted update counts, whatever its fact date, so no passing
    of days changes it. `known_on` leaves out what was entered later; `as_of` what was true later, where a vague date
    counts from its last day and an open range from its first. Unknown fields are left out rather than refused.
    """
    if known_on is not None:
        updates = [u for u in updates if u.entered_at <= known_on]
    live = live_updates(updates)
    if as_of is not None:
        live = [u for u in live if u.date.day is None or u.date.day <= as_of]

    kept: dict[str, dict[object, Update]] = {}
    for update in sorted(live, key=_order):
        field = find_field(kind, update.field)
        if field is None:
            continue
        facts = kept.setdefault(field.name, {})
        if field.rule == "replace":
            facts.clear()
            key: object = ""
        elif field.rule == "list":
            key = key_of(field, update.value)
        else:
            key = (key_of(field, update.value), update.source_id)
        facts.pop(key, None)
        if not (isinstance(update.value, dict) and update.value.get("gone")):
            facts[key] = update

    facts = {
        name: [Fact(u.value, u.date, u.id, u.source_id, u.locator) for u in found.values()]
        for name, found in kept.items()
        if found
    }
    dated = [u.date for u in live if u.date.day is not None and _reports(kind, u)]
    return State(
        facts=facts,
        opened=min(dated, key=_by_day, default=None),
        newest=max(dated, key=_by_day, default=None),
    )


def key_of(field: Field, value: object) -> object:
    """What makes two values of a list the same item."""
    try:
        return field.type.key(value)
    except (AttributeError, KeyError, TypeError):
        # Appending refuses such a value; should one be in the file all the same, it stands by itself.
        return repr(value)


def _reports(kind: Kind, update: Update) -> bool:
    field = find_field(kind, update.field)
    return field is not None and field.reports


def _by_day(found: FactDate) -> tuple[date, str, bool, date, str]:
    """The order of fact dates; what follows the day only decides between dates of one day, the same way every time."""
    return found.day or _LONG_AGO, found.precision, found.worked_out, found.first or _LONG_AGO, found.printed


def stage_goes_back(updates: Sequence[Update], stage: str, on: FactDate) -> bool:
    """Whether a deal's stage on a date would step back from the stage before it, or the next one from it.

    Such a stage needs a reason. Comparing with both neighbours makes being valid independent of the order of entering.
    """
    course = [u for u in sorted(live_updates(updates), key=_order) if u.field == "stage"]
    day = on.day or _LONG_AGO
    before = [u for u in course if (u.date.day or _LONG_AGO) <= day]
    after = [u for u in course if (u.date.day or _LONG_AGO) > day]
    steps = [*(before[-1:]), None, *(after[:1])]
    ranks = [stage_rank(stage if u is None else u.value) for u in steps]
    return any(later < earlier for earlier, later in pairwise(ranks))
