"""The fold: computes the state of a record, and the history of its state, from its updates. Pure; it never raises."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import groupby, pairwise

from msgspec import Struct
from msgspec.structs import replace

from bot.ledger.kinds import STAGES, Field, find_field, stage_rank
from bot.ledger.values import ends
from data.records import Approval, Due, Fact, FactDate, Kind, Money, State, Unreadable, Update, Value

_LONG_AGO = date.min


def _order(update: Update) -> tuple[date, int]:
    """Return the key that sorts updates by fact day, undated ones first.

    Updates of the same day stay in the order in which they were entered.
    """
    return update.date.day or _LONG_AGO, update.id


def live_updates(updates: Iterable[Update]) -> list[Update]:
    """Return the updates that set a value and were neither replaced nor withdrawn, in order of entering.

    A withdrawn update has no effect: if a withdrawal is withdrawn, the update that it withdrew counts again. But a
    replaced update keeps its effect on older ones: if a correction is corrected, the first mistake stays replaced.
    """
    withdrawn: set[int] = set()
    replaced: set[int] = set()
    live: list[Update] = []
    # Newest first, because a withdrawal has to be known before the update that it withdraws is read.
    for update in sorted(updates, key=lambda u: u.id, reverse=True):
        if update.id in withdrawn:
            continue
        if update.replaces is not None:
            (replaced if update.action == "set" else withdrawn).add(update.replaces)
        if update.action == "set" and update.id not in replaced:
            live.append(update)
    return live[::-1]


def ended_by(updates: Iterable[Update]) -> dict[int, Update]:
    """Return the updates that withdrew or corrected other updates. The keys are the ids of these other updates.

    A withdrawal that was itself withdrawn has no effect, so the update that it withdrew is not among the keys.
    """
    by_id: dict[int, Update] = {}
    withdrawn: set[int] = set()
    for update in sorted(updates, key=lambda u: u.id, reverse=True):
        if update.replaces is not None and update.id not in withdrawn:
            by_id.setdefault(update.replaces, update)
            if update.action == "withdrawn":
                withdrawn.add(update.replaces)
    return by_id


def fold(
    kind: Kind, updates: Iterable[Update], *, as_of: date | None = None, known_on: datetime | None = None
) -> State:
    """Return the state of one record, computed from its updates.

    By default every update that was neither replaced nor withdrawn counts, whatever its fact date. `known_on` leaves
    out updates entered after that instant. `as_of` leaves out updates with a fact date after that day: "May 2024"
    counts from its last day, "since 2018" from its first. Unreadable values are ignored, so that one bad row does not
    make a record unreadable.
    """
    if known_on is not None:
        updates = [u for u in updates if u.entered_at <= known_on]
    live = [u for u in live_updates(updates) if is_readable(u)]
    if as_of is not None:
        live = [u for u in live if u.date.day is None or u.date.day <= as_of]

    current: Current = {}
    for update in sorted(live, key=_order):
        apply(kind, current, update)

    dated = [u.date for u in live if u.date.day is not None and _reports(kind, u)]
    due_dates = _due_dates(kind, live)
    return State(
        fields=_fields(current),
        opened=min(dated, key=_by_day, default=None),
        newest=max(dated, key=_by_day, default=None),
        signed=_signed_on(kind, live),
        first_due=due_dates[0] if len(due_dates) > 1 else None,
        moved=max(len(due_dates) - 1, 0),
    )


def _due_dates(kind: Kind, live: Iterable[Update]) -> list[Fact[Due]]:
    """Return the due dates that a pending item has had, in the order of their fact dates. Return [] for other kinds.

    A due date on the same day as the one before it is left out, and so is a usual time. `live` has no corrected
    updates, so a due date that was a mistake is left out too.
    """
    due_dates: list[Fact[Due]] = []
    if kind != "pending":
        return due_dates
    for update in sorted((u for u in live if u.field == "due"), key=_order):
        value = update.value
        if not isinstance(value, Due) or value.sureness == "usual" or value.date.day is None:
            continue
        if not due_dates or due_dates[-1].value.date.day != value.date.day:
            due_dates.append(Fact(value, update.date, update.id, update.source_id, update.locator))
    return due_dates


def _signed_on(kind: Kind, live: Iterable[Update]) -> date | None:
    """Return the day since which the stage of a deal has been "signed" or later, without interruption.

    Return None for other kinds of records, and when the newest dated stage is before "signed".
    """
    if kind != "deal":
        return None
    signed, since = list(STAGES)[stage_rank("signed") :], None
    for update in sorted((u for u in live if u.field == "stage" and u.date.day is not None), key=_order):
        since = (since or update.date.day) if update.value in signed else None
    return since


def is_readable(update: Update) -> bool:
    """Return whether the value of an update could be decoded.

    New updates are checked before they are stored, but a database edited by other means may contain bad values.
    """
    return not isinstance(update.value, Unreadable)


Current = dict[str, dict[object, Update]]
"""The updates from which the current values of a record come: field name -> key of the value -> update."""


def apply(kind: Kind, current: Current, update: Update) -> list[Update]:
    """Apply one update to the current values of a record, by the rule of its field (`Field.rule`).

    Return the updates whose values this update replaces or ends, the oldest first. Updates have to be applied by fact
    date, then by the order in which they were entered.
    """
    field = find_field(kind, update.field)
    if field is None or isinstance(update.value, Unreadable):
        return []
    by_key = current.setdefault(field.name, {})
    if field.rule == "replace":
        key: object = ""
        replaced = list(by_key)
    elif field.rule == "list":
        key = key_of(field, update.value)
        replaced = [key] if key in by_key else []
    else:
        key = (key_of(field, update.value), update.source_id, update.id)
        replaced = _replaced_reports(field, by_key, update)
    former = [by_key.pop(replaced_key) for replaced_key in replaced]
    if not ends(update.value):
        by_key[key] = update
    return former


def _replaced_reports(field: Field, by_key: dict[object, Update], update: Update) -> list[object]:
    """Return the keys of the reports that an update replaces or ends.

    `by_key` has the present reports of a field with variants. A report is replaced if the update has the same source
    and another day, or the same source and the same amount. So two amounts that a source reports for the same day both
    stay. A "no longer" ends an equal amount from any source.
    """
    value = update.value
    ended = isinstance(value, Money) and value.gone
    keys: list[object] = []
    for earlier_key, earlier in by_key.items():
        same_amount = earlier.value == (replace(value, gone=False) if isinstance(value, Money) else value)
        replaced = earlier.source_id == update.source_id and (same_amount or earlier.date.day != update.date.day)
        same_key = key_of(field, earlier.value) == key_of(field, value)
        if same_key and (same_amount if ended else replaced):
            keys.append(earlier_key)
    return keys


def _fields(current: Current) -> dict[str, list[Fact[Value]]]:
    return {name: [update.fact for update in by_key.values()] for name, by_key in current.items() if by_key}


class DatedState(Struct, frozen=True):
    """An entry of a state history: the state of a deal or a pending item from one fact day until the next entry.

    `day` is this fact day. It is None in an entry that was made from undated facts only.
    `live` is False until the record has a fact with news value (`Field.reports`), and True from then on. Lists of a
    past day leave out records that are not live on it. If a record never has such a fact, all its entries are live.
    `stage` is the stage of a deal. It is None for a pending item.
    `open` says whether a pending item is open, or whether a deal waits for an approval.
    """

    day: date | None
    live: bool
    stage: str | None
    open: bool


def state_history(kind: Kind, updates: Iterable[Update]) -> list[DatedState]:
    """Return the state history of a deal or a pending item: an entry for each fact day on which its state changed.

    Return [] for a record without a name.
    """
    live = sorted(filter(is_readable, live_updates(updates)), key=_order)
    if not any(update.field == "name" for update in live):
        return []
    reported = not any(_reports(kind, update) for update in live)
    current: Current = {}
    history: list[DatedState] = []
    for day, updates_of_day in groupby(live, key=lambda update: update.date.day):
        for update in updates_of_day:
            apply(kind, current, update)
            reported = reported or _reports(kind, update)
        state = State(_fields(current))
        entry = DatedState(day, reported, stage_in(kind, state), waits(kind, state))
        last = history[-1] if history else None
        if last is None or (entry.live, entry.stage, entry.open) != (last.live, last.stage, last.open):
            history.append(entry)
    return history


def stage_in(kind: Kind, state: State) -> str | None:
    """Return the stage of a deal, or "unspecified" if it has none. Return None for other kinds of records."""
    return (state.text("stage") or "unspecified") if kind == "deal" else None


def waits(kind: Kind, state: State) -> bool:
    """Return whether a pending item is open or a deal waits for an approval; False for other kinds of records."""
    if kind == "pending":
        return state.text("state") == "open"
    return kind == "deal" and any(is_open(fact.value) for fact in state.facts("approval", Approval))


def is_open(approval: Approval) -> bool:
    """Return whether an approval has been asked for and has no outcome yet."""
    return approval.state in ("open", "requested")


def key_of(field: Field, value: Value | Unreadable) -> str:
    """Return the key by which a field compares its values: a list keeps only one of the values with equal keys.

    The key of an unreadable value is made from its JSON.
    """
    return f"unreadable {value.json}" if isinstance(value, Unreadable) else field.type.key(value)


def _reports(kind: Kind, update: Update) -> bool:
    """Return whether the field of an update has news value (`Field.reports`). Only such updates date a record."""
    field = find_field(kind, update.field)
    return field is not None and field.reports


def _by_day(fact_date: FactDate) -> tuple[date, str, bool, date, str]:
    """Return the key that sorts fact dates by day.

    The key begins with the day. The rest puts dates of the same day in a fixed order, whatever order they come in.
    """
    first = fact_date.first or _LONG_AGO
    return fact_date.day or _LONG_AGO, fact_date.precision, fact_date.worked_out, first, fact_date.printed


def stage_goes_back(updates: Sequence[Update], stage: str, on: FactDate) -> bool:
    """Return whether a new stage of a deal is a step back. A step back needs a reason.

    `updates` are the deal's updates, and `on` is the fact date of the new `stage`. There is a step back in two cases:
    the deal's last stage up to that date is later in `STAGES` than the new stage, or its next stage after that date is
    earlier than the new stage. Only the fact dates count, not the order in which the stages were entered.
    """
    stages = [u for u in sorted(filter(is_readable, live_updates(updates)), key=_order) if u.field == "stage"]
    day = on.day or _LONG_AGO
    before = [u for u in stages if (u.date.day or _LONG_AGO) <= day]
    after = [u for u in stages if (u.date.day or _LONG_AGO) > day]
    steps = [*(before[-1:]), None, *(after[:1])]
    ranks = [stage_rank(stage if u is None else str(u.value)) for u in steps]
    return any(later < earlier for earlier, later in pairwise(ranks))
