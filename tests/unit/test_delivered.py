"""Tests of how much of a deal has been delivered, computed from what sources report as delivered and as ordered."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.ledger import stored
from bot.ledger.cited import plain
from bot.ledger.fold import fold
from bot.ledger.quantities import progress_clause
from bot.ui import cards
from data.records import Quantity
from tests import builders
from tests.builders import count_of, on_day

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
Report = tuple[str, str, str]
"""A field, the number as it is typed, and its fact date."""


def state_of(*reports: Report):
    return fold(
        "deal",
        [builders.update(n, field, count_of(text), on_day(day)) for n, (field, text, day) in enumerate(reports, 1)],
    )


@pytest.mark.parametrize(
    ("reports", "said"),
    [
        ([("quantity", "180 tanks", "2022-08-26")], ""),
        ([("delivered", "46 tanks", "2024-03-01")], "46 tanks delivered"),
        ([("delivered", "46 of 180 tanks", "2024-03-01")], "46 of 180 tanks delivered"),
        (
            [("quantity", "180 tanks", "2022-08-26"), ("delivered", "46 tanks", "2024-03-01")],
            "46 of 180 tanks delivered",
        ),
        ([("quantity", "180 tanks", "2022-08-26"), ("delivered", "46", "2024-03-01")], "46 of 180 tanks delivered"),
        ([("quantity", "180", "2022-08-26"), ("delivered", "46 Tanks", "2024-03-01")], "46 of 180 Tanks delivered"),
        (  # Neither the order of entering nor that of the sources counts, but the day.
            [
                ("delivered", "46 tanks", "2024-03-01"),
                ("delivered", "28 tanks", "2023-12-01"),
                ("quantity", "180 tanks", "2022-08-26"),
                ("quantity", "200 tanks", "2022-08-01"),
            ],
            "46 of 180 tanks delivered",
        ),
        (  # The printed whole is what the report itself counts.
            [("quantity", "180 tanks", "2022-08-26"), ("delivered", "46 of 212 tanks", "2024-03-01")],
            "46 of 212 tanks delivered",
        ),
        (  # Howitzers are not compared with tanks.
            [("quantity", "212 howitzers", "2022-08-26"), ("delivered", "46 tanks", "2024-03-01")],
            "46 tanks delivered",
        ),
        (
            [
                ("quantity", "212 howitzers", "2022-08-26"),
                ("quantity", "180 tanks", "2022-08-26"),
                ("delivered", "46", "2024-03-01"),
            ],
            "46 delivered",
        ),
        (
            [
                ("quantity", "212 howitzers", "2022-08-27"),
                ("quantity", "180 tanks", "2022-08-26"),
                ("delivered", "46 tanks", "2024-03-01"),
            ],
            "46 of 180 tanks delivered",
        ),
        ([("quantity", "12 tanks", "2022-08-26"), ("delivered", "46 tanks", "2024-03-01")], "46 tanks delivered"),
        (
            [("quantity", "about 180 to 200 tanks", "2022-08-26"), ("delivered", "more than 46 tanks", "2024-03-01")],
            "more than 46 of about 180 to 200 tanks delivered",
        ),
        ([("quantity", "two squadrons: all", "2022-08-26"), ("delivered", "46", "2024-03-01")], "46 delivered"),
        ([("delivered", "the first batch, in Gdynia", "2024-03-01")], "delivered: the first batch, in Gdynia"),
        ([("delivered", "1,180 of 1,250", "2024-03-01")], "1,180 of 1,250 delivered"),
    ],
)
def test_what_was_delivered_is_compared_with_what_was_ordered(reports: list[Report], said: str):
    part = progress_clause(state_of(*reports))
    assert (part.text if part else "") == said


def test_the_comparison_has_the_days_of_both_reports_everywhere():
    state = state_of(("quantity", "180 tanks", "2022-08-26"), ("delivered", "46 tanks", "2024-03-01"))
    opened = builders.opened("deal", state)
    both = "46 of 180 tanks delivered, 1 March 2024 and 26 August 2022"
    assert plain(opened.record.status) == f"No stage reported; {both}"
    text = cards.render(opened, now=NOW).text
    assert "**Delivered:** 46 of 180 tanks, 1 March 2024 and 26 August 2022" in text
    assert "number" not in text.partition("-#")[0]  # The line *Also* does not repeat it.


def test_numbers_that_are_not_compared_stand_beside_it():
    state = state_of(
        ("quantity", "212 howitzers", "2022-08-26"),
        ("delivered", "46 tanks", "2024-03-01"),
        ("options", "820 tanks", "2022-07-27"),
    )
    text = cards.render(builders.opened("deal", state), now=NOW).text
    assert "**Delivered:** 46 tanks, 1 March 2024" in text
    assert "**Also:** number 212 howitzers, 26 August 2022; option for 820 tanks, 27 July 2022" in text


@pytest.mark.parametrize(
    ("old", "read"),
    [
        ('"31"', count_of("31")),
        ('"46 of 180 tanks"', count_of("46 of 180 tanks")),
        ('"31: 15, 8 and 8"', Quantity(printed="31: 15, 8 and 8")),
        ('"1,5 million tonnes"', Quantity(printed="1,5 million tonnes")),
        ('"180 of 46"', Quantity(printed="180 of 46")),
        ('"' + "9" * 100 + '"', Quantity(printed="9" * 100)),
    ],
)
def test_a_number_that_an_earlier_release_stored_as_text_is_still_read(old: str, read: Quantity):
    assert stored.decode_value("deal", "quantity", old) == read
    assert stored.decode_value("deal", "quantity", stored.encode(read)) == read
