"""Tests of status lines in plain words: each text keeps the day of its own facts, also when the line is shortened."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import dates
from bot.ledger.cited import cited, plain, says_day, shortened
from bot.ui.cited import line
from data.records import CitedText, Fact
from tests.builders import on_day


def fact(text: str) -> Fact:
    return Fact(None, dates.parse_fact_date(text), 1, 1)


SIGNED = cited("Signed on 15 October 2024", fact("15 October 2024"))
OPEN = cited("deliveries outstanding", fact("20 October 2024"))


@pytest.mark.parametrize(
    ("parts", "limit", "words"),
    [
        ([], 40, ""),
        ([SIGNED, OPEN], 100, "Signed on 15 October 2024; deliveries outstanding, 20 October 2024"),
        ([SIGNED, OPEN], 65, "Signed on 15 October 2024; and more"),
        ([OPEN, SIGNED], 60, "deliveries outstanding, 20 October 2024; and more"),
        ([cited("x" * 90, fact("3 May 2024"))], 40, "x" * 27 + "…, 3 May 2024"),
        ([CitedText("x" * 90)], 40, "x" * 39 + "…"),
    ],
)
def test_what_does_not_fit_is_left_out_with_its_day(parts: list[CitedText], limit: int, words: str):
    assert shortened(parts, limit) == words


@given(st.lists(st.text("ab ", min_size=1, max_size=80), max_size=5), st.integers(30, 160))
def test_a_shortened_line_fits_and_each_text_keeps_its_own_day(texts: list[str], limit: int):
    days = [date(2024, 1, 1) + timedelta(days=40 * n) for n in range(len(texts))]
    parts = [cited(text, Fact(None, on_day(day), 1, 1)) for text, day in zip(texts, days, strict=True)]
    words = shortened(parts, limit)
    assert len(words) <= limit
    if len(plain(parts)) <= limit:
        assert words == plain(parts)
    for part, said in zip(parts, words.split("; "), strict=False):
        if said != "and more":
            assert said.endswith(dates.format_fact_date(part.facts[0].date, weekday=False))


@pytest.mark.parametrize(
    ("text", "day", "says"),
    [
        ("Due: 31 October 2024", "1 October 2024", False),
        ("Signed on 1 October 2024", "1 October 2024", True),
        ("between 11 and 21 May 2023", "1 May 2023", False),
        ("anything", "", True),
    ],
)
def test_a_day_is_not_taken_for_another_that_ends_alike(text: str, day: str, says: bool):
    assert says_day(text, day) == says


def test_a_report_of_the_1st_about_the_31st_says_both_days():
    due = cited("due 31 October 2024", fact("1 October 2024"))
    assert plain([due]) == line([due]) == "due 31 October 2024, 1 October 2024"
    signed = cited("Signed on 1 October 2024", fact("1 October 2024"))
    assert plain([signed]) == line([signed]) == "Signed on 1 October 2024"
