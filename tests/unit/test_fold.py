"""Tests of the fold, which adds the updates of a record up to its state: tables and properties."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ledger.fold import DatedState, fold, live_updates, stage_goes_back, stage_in, state_history, waits
from bot.ledger.kinds import STAGES
from bot.ledger.stored import decode_state, decode_value, encode
from data.records import Approval, ApprovalState, FactDate, Kind, Money, Party, State, Unreadable, Update
from tests import builders
from tests.builders import count_of, on_day

START = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: int) -> FactDate:
    on = date(2023, 1, 1) + timedelta(days=number)
    return on_day(on)


def update(id_: int, field: str, value: Any, on: FactDate, **more: Any) -> Update:
    """Return an update of the record "d" from source 1, entered `id_` minutes after START."""
    known: dict[str, Any] = {"source_id": 1, "reason": "r", "entered_at": START + timedelta(minutes=id_)}
    return builders.update(id_, field, value, on, **(known | more))


def values(state: State, field: str) -> list[Any]:
    return [fact.value for fact in state.facts(field)]


def test_an_older_fact_entered_late_does_not_undo_a_newer_one():
    state = fold("deal", [update(1, "stage", "signed", day(9)), update(2, "stage", "proposed", day(1))])
    assert values(state, "stage") == ["signed"]


def test_of_two_facts_of_one_day_the_later_entered_wins():
    state = fold("deal", [update(1, "model", "A", day(1)), update(2, "model", "B", day(1))])
    assert values(state, "model") == ["B"]


def test_a_fact_without_a_date_never_undoes_a_dated_one():
    state = fold("deal", [update(1, "model", "A", day(1)), update(2, "model", "B", FactDate("unknown"))])
    assert values(state, "model") == ["A"]


def test_a_correction_takes_the_place_of_what_was_never_true():
    state = fold("deal", [update(1, "model", "A", day(5)), update(2, "model", "B", day(1), replaces=1)])
    assert values(state, "model") == ["B"]


def test_a_correction_of_a_correction_leaves_the_first_mistake_dead():
    first = update(1, "model", "A", day(9))
    second = update(2, "model", "B", day(1), replaces=1)
    third = update(3, "model", "C", day(1), replaces=2)
    assert values(fold("deal", [first, second, third]), "model") == ["C"]
    taken_back = update(4, "model", "C", day(1), action="withdrawn", replaces=3)
    assert values(fold("deal", [first, second, third, taken_back]), "model") == ["B"]


def test_withdrawing_a_withdrawal_brings_the_fact_back():
    first = update(1, "model", "A", day(1))
    gone = update(2, "model", "A", day(1), action="withdrawn", replaces=1)
    back = update(3, "model", "A", day(1), action="withdrawn", replaces=2)
    assert values(fold("deal", [first, gone]), "model") == []
    assert values(fold("deal", [first, gone, back]), "model") == ["A"]


def test_values_of_two_sources_stand_side_by_side_and_each_source_replaces_its_own():
    money = Money(Decimal(3), "USD")
    more = Money(Decimal(4), "USD")
    state = fold(
        "deal",
        [
            update(1, "value", money, day(1), source_id=1),
            update(2, "value", money, day(2), source_id=2),
            update(3, "value", more, day(3), source_id=1),
        ],
    )
    assert values(state, "value") == [money, more]


def test_a_party_that_is_gone_leaves_the_list():
    party = Party("x", "maker")
    updates = [update(1, "party", party, day(1)), update(2, "party", Party("x", "maker", gone=True), day(2))]
    assert values(fold("deal", updates), "party") == []
    assert values(fold("deal", updates, as_of=day(1).last), "party") == [party]


@pytest.mark.parametrize(
    ("on", "as_of", "there"),
    [
        (FactDate("month", date(2023, 11, 1), date(2023, 11, 30)), date(2023, 11, 29), False),
        (FactDate("month", date(2023, 11, 1), date(2023, 11, 30)), date(2023, 11, 30), True),
        (FactDate("open", date(2023, 11, 1)), date(2023, 11, 1), True),
        (FactDate("open", date(2023, 11, 1)), date(2023, 10, 31), False),
        (FactDate("unknown", printed="Cold War"), date(1900, 1, 1), True),
    ],
)
def test_a_view_of_the_past_counts_a_vague_date_from_its_last_day(on, as_of, there):
    assert bool(values(fold("deal", [update(1, "model", "A", on)], as_of=as_of), "model")) is there


def test_a_known_on_view_leaves_out_what_was_entered_later():
    updates = [update(1, "model", "A", day(1)), update(2, "model", "B", day(1))]
    assert values(fold("deal", updates, known_on=START + timedelta(minutes=1)), "model") == ["A"]


def test_checking_a_record_moves_neither_its_first_nor_its_newest_date():
    state = fold("deal", [update(1, "model", "A", day(3)), update(2, "checked", "nothing new", day(9))])
    assert (state.opened, state.newest) == (day(3), day(3))


@pytest.mark.parametrize(
    ("stage", "on", "back"),
    [
        ("signed", 5, False),
        ("proposed", 5, True),
        ("completed", 1, True),
        ("unspecified", 0, False),
        ("completed", 9, False),
    ],
)
def test_a_stage_is_compared_with_the_one_before_and_the_next_one(stage, on, back):
    timeline = [update(1, "stage", "requested", day(2)), update(2, "stage", "signed", day(7))]
    assert stage_goes_back(timeline, stage, day(on)) is back


# Property: the order of entering matters only among facts of one field and one day, where the later one wins.


@dataclass(frozen=True)
class Act:
    """An update before it is entered. `target` is the index of an earlier act that it corrects or withdraws."""

    action: str
    field: str
    value: Any
    on: FactDate
    source: int
    target: int | None


DATES = st.one_of(
    st.integers(0, 4).map(day),
    st.just(FactDate("unknown")),
    st.just(FactDate("month", date(2023, 1, 1), date(2023, 1, 31))),
    st.just(FactDate("open", date(2023, 1, 3))),
)
FIELDS = st.one_of(
    st.tuples(st.just("stage"), st.sampled_from(list(STAGES))),
    st.tuples(st.just("model"), st.sampled_from(["A", "B"])),
    st.tuples(
        st.just("party"),
        st.builds(Party, st.sampled_from(["x", "y"]), st.just("maker"), st.booleans()),
    ),
    st.tuples(st.just("value"), st.sampled_from([Money(Decimal(3), "USD"), Money(Decimal(4), "USD")])),
)


@st.composite
def courses(draw: st.DrawFn) -> list[Act]:
    acts: list[Act] = []
    for place in range(draw(st.integers(0, 9))):
        target = draw(st.one_of(st.none(), st.integers(0, place - 1))) if place else None
        if target is not None and draw(st.booleans()):
            aim = acts[target]
            acts.append(Act("withdrawn", aim.field, aim.value, aim.on, aim.source, target))
            continue
        field, value = draw(FIELDS)
        if target is not None and (acts[target].action == "withdrawn" or acts[target].field != field):
            target = None
        acts.append(Act("set", field, value, draw(DATES), draw(st.integers(1, 2)), target))
    return acts


@st.composite
def orders(draw: st.DrawFn, acts: list[Act]) -> list[int]:
    """Draw an order in which to enter acts, as a list of their indexes.

    An act comes after its `target`. Acts with the same field and day keep their relative order, because it matters.
    """
    left, order = list(range(len(acts))), []
    while left:
        ready = [
            place
            for place in left
            if acts[place].target not in left
            and not any(
                other < place and acts[other].field == acts[place].field and acts[other].on.day == acts[place].on.day
                for other in left
            )
        ]
        chosen = draw(st.sampled_from(ready))
        left.remove(chosen)
        order.append(chosen)
    return order


def entered(acts: list[Act], order: list[int]) -> list[Update]:
    ids = {place: number for number, place in enumerate(order, start=1)}
    return [
        update(
            ids[place],
            act.field,
            act.value,
            act.on,
            action=act.action,
            source_id=act.source,
            replaces=None if act.target is None else ids[act.target],
        )
        for place, act in enumerate(acts)
    ]


def without_ids(state: State) -> Any:
    facts = {name: [(fact.value, fact.date, fact.source) for fact in found] for name, found in state.fields.items()}
    return facts, state.opened, state.newest


@given(st.data())
def test_the_order_of_entering_does_not_change_the_state(data):
    acts = data.draw(courses())
    first = fold("deal", entered(acts, list(range(len(acts)))))
    again = fold("deal", entered(acts, data.draw(orders(acts))))
    assert without_ids(first) == without_ids(again)


@given(st.data())
def test_no_fact_without_a_live_update(data):
    acts = data.draw(courses())
    updates = entered(acts, list(range(len(acts))))
    live = {update_.id for update_ in live_updates(updates)}
    state = fold("deal", updates)
    assert all(fact.update in live for facts in state.fields.values() for fact in facts)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.sampled_from(["deal", "participant", "pending", "session", "statement"]),
    st.lists(
        st.tuples(
            st.sampled_from(["stage", "value", "party", "alias", "due", "who", "approval", "nonsense", "name"]),
            JSON.map(lambda value: msgspec.json.encode(value).decode()),
            DATES,
            st.none() | st.integers(0, 12),
            st.sampled_from(["set", "withdrawn"]),
        ),
        max_size=8,
    ),
)
def test_the_fold_never_raises_and_its_state_can_be_stored(kind: Kind, rows):
    updates = [
        update(number, field, decode_value(kind, field, stored), on, replaces=replaces, action=action)
        for number, (field, stored, on, replaces, action) in enumerate(rows)
    ]
    state = fold(kind, updates)
    assert decode_state(kind, encode(state)) == state


@pytest.mark.parametrize(
    ("kind", "field", "stored"),
    [
        ("deal", "nonsense", '"x"'),
        ("deal", "stage", '"half signed"'),
        ("deal", "stage", "null"),
        ("deal", "model", "31"),
        ("deal", "alias", '"Reaper"'),
        ("deal", "party", '{"role": "maker"}'),
        ("deal", "party", '{"record": ["india"], "role": "maker"}'),
        ("deal", "value", '{"amount": "much", "currency": "USD"}'),
        ("deal", "value", '{"amount": "-3", "currency": "USD"}'),
        ("deal", "value", '{"amount": "NaN", "currency": "USD"}'),
        ("deal", "approval", '{"side": "india", "what": "licence", "state": "perhaps"}'),
        ("deal", "model", '{"text"'),
        ("pending", "due", '"2024-10-31"'),
        ("pending", "due", '{"date": {"precision": "open", "first": "2024-10-31"}, "sureness": "fixed"}'),
        ("dialogue", "began", '{"precision": "day", "first": "soon", "last": "soon"}'),
        ("pending", "zone", '"Mars/Olympus"'),
    ],
)
def test_what_is_not_of_the_type_of_its_field_counts_for_nothing(kind: Kind, field: str, stored: str):
    value = decode_value(kind, field, stored)
    assert value == Unreadable(stored)
    state = fold(kind, [update(1, "summary", "It is there.", day(1)), update(2, field, value, day(2))])
    assert (list(state.fields), state.newest) == (["summary"], day(1))


UNDATED = FactDate("unknown")


def approval(state: ApprovalState, what: str = "clearances") -> Approval:
    return Approval(side="us", what=what, state=state)


def test_a_course_has_an_entry_for_each_change_and_for_nothing_else():
    updates = [
        update(1, "name", "31 drones", day(5)),
        update(2, "stage", "requested", day(1)),
        update(3, "model", "A", day(2)),
        update(4, "approval", approval("open"), day(3)),
        update(5, "stage", "approved", day(7)),
        update(6, "approval", approval("granted"), day(7)),
        update(7, "quantity", count_of("31"), day(9)),
    ]
    assert state_history("deal", updates) == [
        DatedState(day(1).day, live=True, stage="requested", open=False),
        DatedState(day(3).day, live=True, stage="requested", open=True),
        DatedState(day(7).day, live=True, stage="approved", open=False),
    ]


def test_a_record_was_not_there_before_something_is_reported_of_it():
    updates = [update(1, "name", "Answer", UNDATED), update(2, "state", "open", day(4))]
    assert state_history("pending", updates) == [
        DatedState(None, live=False, stage=None, open=False),
        DatedState(day(4).day, live=True, stage=None, open=True),
    ]
    assert state_history("deal", [update(1, "name", "Engines", day(1))]) == [
        DatedState(day(1).day, live=True, stage="unspecified", open=False)
    ]


def test_what_has_no_name_or_is_withdrawn_never_was():
    assert state_history("deal", [update(1, "stage", "signed", day(1))]) == []
    taken_back = [
        update(1, "name", "Engines", day(1)),
        update(2, "stage", "signed", day(2)),
        update(3, "stage", "signed", day(2), action="withdrawn", replaces=2),
    ]
    assert state_history("deal", taken_back) == [DatedState(day(1).day, live=True, stage="unspecified", open=False)]


def test_vague_dates_count_from_their_last_day_and_open_ones_from_their_first():
    may = FactDate("month", date(2023, 5, 1), date(2023, 5, 31))
    since = FactDate("open", date(2023, 3, 1))
    updates = [update(1, "name", "D", since), update(2, "stage", "requested", since), update(3, "stage", "signed", may)]
    assert [stood.day for stood in state_history("deal", updates)] == [date(2023, 3, 1), date(2023, 5, 31)]


stood_facts = st.one_of(
    st.tuples(st.just("stage"), st.sampled_from(list(STAGES))),
    st.tuples(st.just("approval"), st.builds(approval, st.sampled_from(["open", "granted"]), st.sampled_from("ab"))),
    st.tuples(st.just("state"), st.sampled_from(["open", "closed"])),
    st.tuples(st.just("quantity"), st.just(count_of("31"))),
)
stood_dates = (
    st.integers(0, 6).map(day) | st.just(UNDATED) | st.integers(0, 6).map(lambda n: FactDate("open", day(n).day))
)


@given(st.sampled_from(["deal", "pending"]), st.lists(st.tuples(stood_facts, stood_dates), max_size=12), st.data())
def test_a_course_says_of_each_day_what_the_fold_as_of_that_day_says(kind, entered, data):
    updates = [update(1, "name", "N", UNDATED)]
    for number, ((field, value), on) in enumerate(entered, 2):
        withdraws = data.draw(st.none() | st.integers(2, number - 1)) if number > 2 else None
        more = {} if withdraws is None else {"action": "withdrawn", "replaces": withdraws}
        updates.append(update(number, field, value, on, **more))
    found = state_history(kind, updates)
    assert found == sorted(found, key=lambda stood: stood.day or date.min)
    for number in range(-1, 8):
        as_of = day(number).last
        assert as_of is not None
        state = fold(kind, updates, as_of=as_of)
        stood = [one for one in found if one.day is None or one.day <= as_of][-1]
        assert (stood.stage, stood.open) == (stage_in(kind, state), waits(kind, state))
        if state.newest is not None:
            assert stood.live


def test_two_amounts_of_one_source_and_day_stand_side_by_side_until_one_is_ended():
    three, four = Money(Decimal(3), "USD"), Money(Decimal(4), "USD")
    updates = [
        update(1, "value", three, day(2), source_id=1),
        update(2, "value", four, day(2), source_id=1),
        update(3, "value", three, day(2), source_id=2),
    ]
    assert values(fold("deal", updates), "value") == [three, four, three]
    no_longer_three = update(4, "value", Money(Decimal(3), "USD", gone=True), day(3), source_id=3)
    assert values(fold("deal", [*updates, no_longer_three]), "value") == [four]


def test_amounts_in_two_currencies_never_replace_each_other():
    dollars, euros = Money(Decimal(3), "USD"), Money(Decimal(3), "EUR")
    updates = [update(1, "value", dollars, day(1), source_id=1), update(2, "value", euros, day(2), source_id=1)]
    assert values(fold("deal", updates), "value") == [dollars, euros]
