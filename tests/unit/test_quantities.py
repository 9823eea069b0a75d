"""Numbers of things as people type them: computed with where they are numbers, kept in words where they are not."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.ledger.values import QuantityType
from data.records import Bound, Quantity, Value

TYPE = QuantityType("31 drones")


def parse(text: str) -> Value:
    """Return the quantity that a typed text means."""
    return TYPE.parse(text, lambda _name, _kinds: "")


@pytest.mark.parametrize(
    ("typed", "value", "words"),
    [
        ("31", Quantity(Decimal(31)), "31"),
        ("31 armed drones", Quantity(Decimal(31), "armed drones"), "31 armed drones"),
        ("46 of 180", Quantity(Decimal(46), total=Decimal(180)), "46 of 180"),
        ("46 of 180 tanks", Quantity(Decimal(46), "tanks", total=Decimal(180)), "46 of 180 tanks"),
        ("about 1,000 tanks", Quantity(Decimal(1000), "tanks", Bound.ABOUT), "about 1,000 tanks"),
        ("at least 119", Quantity(Decimal(119), bound=Bound.AT_LEAST), "at least 119"),
        ("10-12 engines", Quantity(Decimal(10), "engines", most=Decimal(12)), "10 to 12 engines"),
        ("two squadrons", Quantity(printed="two squadrons"), "two squadrons"),
        ("180, and 81 support vehicles", Quantity(printed="180, and 81 support vehicles"), None),
        ("31 (15 and 16)", Quantity(printed="31 (15 and 16)"), "31 (15 and 16)"),
    ],
)
def test_reads_a_number_with_its_unit_and_whole(typed: str, value: Quantity, words: str | None) -> None:
    assert parse(typed) == value
    assert TYPE.words(value, {}) == (words or typed)
    assert parse(TYPE.typed(value, {})) == value


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("1,5 tons", '"1,5" is 1.5 or 15'),
        ("12 of 1,00", '"1,00" is 1.00 or 100'),
        ("200 of 180", "more than all of them"),
        ("", "Nothing is written"),
        ("x" * 101, "101"),
    ],
)
def test_refuses_what_can_mean_several_numbers(typed: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        parse(typed)


@pytest.mark.parametrize(
    ("stored", "value"), [('"31"', Quantity(Decimal(31))), ('"16 for the navy"', Quantity(Decimal(16), "for the navy"))]
)
def test_reads_the_words_that_earlier_releases_stored(stored: str, value: Quantity) -> None:
    assert TYPE.stored.decode(stored) == value


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        value = parse(text)
    except BadInput:
        return
    assert parse(TYPE.typed(value, {})) == value
