"""The fold: what a record's updates add up to. Pure; it never raises."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import groupby, pairwise

from msgspec import Struct

from bot.ledger.kinds import STAGES, Field, find_field, stage_rank
from bot.ledger.values import ends
from data.records import Approval, Fact, FactDate, Kind, State, Unreadable, Update, Value

_LONG_AGO = date.min


def _order(update: Update) -> tuple[date, int]:
    """Return the key by which updates are sorted: the fact day, unknown ones first, then the order of entering."""
    return update.date.day or _LONG_AGO, update.id


def live_updates(updates: Iterable[Update]) -> list[Update]:
    """Return the updates that set a value and are neither replaced nor withdrawn, in order of entering.

    Withdrawing a withdrawal brings its target back, so updates are read newest first. An update that was replaced still
    replaces the one before it, so that correcting a correction does not bring the first mistake back. One that was
    withdrawn replaces nothing.
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
    """Return what the updates of one record add up to.

    Without `as_of` and `known_on` every accepted update counts, whatever its fact date, so the result does not change
    from day to day. `known_on` leaves out what was entered after an instant; `as_of` what was true after a day, where a
    vague date counts from its last day and an open range from its first. Unreadable values are left out without an
    error: one bad row of a file must not keep all others from being read.
    """
    if known_on is not None:
        updates = [u for u in updates if u.entered_at <= known_on]
    live = [u for u in live_updates(updates) if is_readable(u)]
    if as_of is not None:
        live = [u for u in live if u.date.day is None or u.date.day <= as_of]

    kept: _Kept = {}
    for update in sorted(live, key=_order):
        _apply(kind, kept, update)

    dated = [u.date for u in live if u.date.day is not None and _reports(kind, u)]
    return State(
        fields=_fields(kept),
        opened=min(dated, key=_by_day, default=None),
        newest=max(dated, key=_by_day, default=None),
        signed=_signed_on(kind, live),
    )


def _signed_on(kind: Kind, live: Iterable[Update]) -> date | None:
    """Return the first day of the latest unbroken run of stages from "signed" on.

    None when the newest dated stage is before "signed", and for other kinds than deals.
    """
    if kind != "deal":
        return None
    signed, since = list(STAGES)[stage_rank("signed") :], None
    for update in sorted((u for u in live if u.field == "stage" and u.date.day is not None), key=_order):
        since = (since or update.date.day) if update.value in signed else None
    return since


def is_readable(update: Update) -> bool:
    """Return whether the value of an update could be decoded.

    `append` refuses values of the wrong type, but a file that was edited by other means may hold some.
    """
    return not isinstance(update.value, Unreadable)


_Kept = dict[str, dict[object, Update]]
"""What counts of a record, per field and key."""


def _apply(kind: Kind, kept: _Kept, update: Update) -> None:
    """Add one update to what counts of a record, by the rule of its field."""
    field = find_field(kind, update.field)
    if field is None or isinstance(update.value, Unreadable):
        return
    facts = kept.setdefault(field.name, {})
    if field.rule == "replace":
        facts.clear()
        key: object = ""
    elif field.rule == "list":
        key = key_of(field, update.value)
    else:
        key = (key_of(field, update.value), update.source_id)
    facts.pop(key, None)
    if not ends(update.value):
        facts[key] = update


def _fields(kept: _Kept) -> dict[str, list[Fact[Value]]]:
    return {name: [update.fact for update in found.values()] for name, found in kept.items() if found}


class Stood(Struct, frozen=True):
    """The state of a deal or a pending item from a fact day on; without a day from its undated facts on.

    It is `live` from the first day on which a fact of it is reported; the date of its name may be later. A deal is
    `open` while it waits for an approval.
    """

    day: date | None
    live: bool
    stage: str | None
    open: bool


def timeline(kind: Kind, updates: Iterable[Update]) -> list[Stood]:
    """Return how a deal or pending item stood, one entry for each change by fact date; [] when it has no name."""
    live = sorted(filter(is_readable, live_updates(updates)), key=_order)
    if not any(update.field == "name" for update in live):
        return []
    reported = not any(_reports(kind, update) for update in live)
    kept: _Kept = {}
    found: list[Stood] = []
    for day, together in groupby(live, key=lambda update: update.date.day):
        for update in together:
            _apply(kind, kept, update)
            reported = reported or _reports(kind, update)
        state = State(_fields(kept))
        stood = Stood(day, reported, stage_in(kind, state), waits(kind, state))
        if not found or (stood.live, stood.stage, stood.open) != (found[-1].live, found[-1].stage, found[-1].open):
            found.append(stood)
    return found


def stage_in(kind: Kind, state: State) -> str | None:
    """Return the stage of a record; only deals have one."""
    return (state.text("stage") or "unspecified") if kind == "deal" else None


def waits(kind: Kind, state: State) -> bool:
    """Return whether a record waits: a pending item that is open, a deal without some approval."""
    if kind == "pending":
        return state.text("state") == "open"
    return kind == "deal" and any(is_open(fact.value) for fact in state.facts("approval", Approval))


def is_open(approval: Approval) -> bool:
    """Return whether an approval has no outcome yet, and somebody was asked for it."""
    return approval.state in ("open", "requested")


def key_of(field: Field, value: Value | Unreadable) -> str:
    """Return what makes two values of a list the same item. What is unreadable stands by itself."""
    return f"unreadable {value.json}" if isinstance(value, Unreadable) else field.type.key(value)


def _reports(kind: Kind, update: Update) -> bool:
    """Return whether an update is of a field with news value, whose dates count as those of the record."""
    field = find_field(kind, update.field)
    return field is not None and field.reports


def _by_day(found: FactDate) -> tuple[date, str, bool, date, str]:
    """Return the key by which fact dates are ordered: the day; the rest makes the order of one day's dates stable."""
    return found.day or _LONG_AGO, found.precision, found.worked_out, found.first or _LONG_AGO, found.printed


def stage_goes_back(updates: Sequence[Update], stage: str, on: FactDate) -> bool:
    """Return whether a deal's stage on a date is a step back from the stage before it, or the next stage from it.

    Such a stage needs a reason. Both neighbours are compared, so that the order of entering makes no difference.
    """
    timeline = [u for u in sorted(filter(is_readable, live_updates(updates)), key=_order) if u.field == "stage"]
    day = on.day or _LONG_AGO
    before = [u for u in timeline if (u.date.day or _LONG_AGO) <= day]
    after = [u for u in timeline if (u.date.day or _LONG_AGO) > day]
    steps = [*(before[-1:]), None, *(after[:1])]
    ranks = [stage_rank(stage if u is None else str(u.value)) for u in steps]
    return any(later < earlier for earlier, later in pairwise(ranks))
