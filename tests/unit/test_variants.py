"""Tests of fields with variants: what several sources, or one source for one day, report side by side."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bot.ledger.changes import FieldChange, changed_fields
from bot.ledger.fold import fold
from bot.ui import history
from data.records import Money, Update
from tests import builders
from tests.builders import on_day, update

THREE, FOUR, FIVE = (Money(Decimal(billions * 10**9), "USD") for billions in (3, 4, 5))
MAY, JUNE = on_day("2024-05-03"), on_day("2024-06-01")


def value(id_: int, money: Money, day: Any = MAY, source: int = 1, **more: Any) -> Update:
    return update(id_, "value", money, day, source_id=source, **more)


def changes(before: list[Update], news: list[Update]) -> list[FieldChange]:
    return changed_fields("deal", fold("deal", before), fold("deal", [*before, *news]), news)


def moves(before: list[Update], news: list[Update]) -> list[tuple[object, object]]:
    """Return the former and the new amount of each change."""
    return [
        (change.before and change.before.value, change.after and change.after.value) for change in changes(before, news)
    ]


def former(updates: list[Update]) -> list[int | None]:
    """Return the id of the former value of each step in a history."""
    opened = builders.opened("deal", fold("deal", updates))
    return [step.before and step.before.id for step in history.steps(opened, updates)]


def test_a_second_amount_of_one_source_and_day_is_added():
    assert moves([value(1, THREE)], [value(2, FOUR)]) == [(None, FOUR)]
    assert moves([], [value(1, THREE), value(2, FOUR)]) == [(None, THREE), (None, FOUR)]
    assert former([value(1, THREE), value(2, FOUR)]) == [None, None]


def test_an_amount_that_is_repeated_beside_another_is_no_change():
    assert moves([value(1, THREE), value(2, FOUR)], [value(3, THREE)]) == []
    assert former([value(1, THREE), value(2, FOUR), value(3, THREE)]) == [None, None, 1]


def test_a_newer_amount_of_a_source_follows_its_older_ones():
    old = [value(1, THREE), value(2, FOUR)]
    [replaced, ended] = changes(old, [value(3, FIVE, JUNE)])
    assert (replaced.before and replaced.before.value, replaced.after and replaced.after.value) == (THREE, FIVE)
    assert (ended.before and ended.before.value, ended.after) == (FOUR, None)
    assert ended.ended_by is not None
    assert ended.ended_by.update == 3
    assert former([*old, value(3, FIVE, JUNE)]) == [None, None, 2]


def test_one_of_two_amounts_that_stays_is_not_compared_with_the_new_one():
    old = [value(1, THREE), value(2, FOUR)]
    assert moves(old, [value(3, FIVE, replaces=2)]) == [(FOUR, FIVE)]
    assert moves(old, [value(3, FIVE, replaces=1)]) == [(THREE, FIVE)]


def test_the_amount_of_another_source_stays_and_is_no_former_value():
    assert moves([value(1, THREE)], [value(2, FOUR, JUNE, source=2)]) == [(None, FOUR)]
    assert former([value(1, THREE), value(2, FOUR, JUNE, source=2)]) == [None, None]


def test_an_amount_is_ended_whoever_reported_it_and_only_that_amount():
    old = [value(1, THREE), value(2, FOUR), value(3, FOUR, source=2)]
    gone = Money(FOUR.amount, "USD", gone=True)
    [first, second] = changes(old, [value(4, gone, JUNE, source=3)])
    assert {change.before.update for change in (first, second) if change.before} == {2, 3}
    assert {change.ended_by.update for change in (first, second) if change.ended_by} == {4}
    assert former([*old, value(4, gone, JUNE, source=3)])[-1] == 3
