"""Tests of finding the date or period in a question: which phrases count, and which year is assumed without one."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ask.times import Asked, find
from bot.ledger.words import words_of

TODAY = date(2026, 11, 24)  # A Tuesday.


def read(text: str, today: date = TODAY) -> Asked | None:
    return find(words_of(text), today)


def span(text: str, today: date = TODAY) -> tuple[str, str, str] | None:
    """Return the mode ("at", ...), the first and the last day of the period in a question, or None without one."""
    asked = read(text, today)
    return (asked.mode, asked.first.isoformat(), asked.last.isoformat()) if asked else None


@pytest.mark.parametrize(
    ("text", "mode", "first", "last"),
    [
        ("on 5 March 2024", "at", "2024-03-05", "2024-03-05"),
        ("on March 5, 2024", "at", "2024-03-05", "2024-03-05"),
        ("the 5th of March 2024", "at", "2024-03-05", "2024-03-05"),
        ("March 5th, 2024", "at", "2024-03-05", "2024-03-05"),
        ("on 1st Feb 2024", "at", "2024-02-01", "2024-02-01"),
        ("the 22nd of Sept 2025", "at", "2025-09-22", "2025-09-22"),
        ("2024-03-05", "at", "2024-03-05", "2024-03-05"),
        ("as of 31 December 2023", "at", "2023-12-31", "2023-12-31"),
        ("29 February 2024", "at", "2024-02-29", "2024-02-29"),
        ("in March 2024", "at", "2024-03-01", "2024-03-31"),
        ("February 2024", "at", "2024-02-01", "2024-02-29"),
        ("in 2024", "at", "2024-01-01", "2024-12-31"),
        ("last year", "at", "2025-01-01", "2025-12-31"),
        ("this year", "at", "2026-01-01", "2026-12-31"),
        ("yesterday", "at", "2026-11-23", "2026-11-23"),
        ("last week", "at", "2026-11-16", "2026-11-22"),
        ("this week", "at", "2026-11-23", "2026-11-29"),
        ("last month", "at", "2026-10-01", "2026-10-31"),
        ("this month", "at", "2026-11-01", "2026-11-30"),
        ("last quarter", "at", "2026-07-01", "2026-09-30"),
        ("last Tuesday", "at", "2026-11-17", "2026-11-17"),
        ("last Monday", "at", "2026-11-23", "2026-11-23"),
        ("last October", "at", "2026-10-01", "2026-10-31"),
        ("last November", "at", "2025-11-01", "2025-11-30"),
        ("3 weeks ago", "at", "2026-11-03", "2026-11-03"),
        ("two weeks ago", "at", "2026-11-10", "2026-11-10"),
        ("a fortnight ago", "at", "2026-11-10", "2026-11-10"),
        ("ten days back", "at", "2026-11-14", "2026-11-14"),
        ("6 months ago", "at", "2026-05-24", "2026-05-24"),
        ("two years ago", "at", "2024-11-24", "2024-11-24"),
        ("in the last 3 months", "at", "2026-08-24", "2026-11-24"),
        ("over the past two weeks", "at", "2026-11-10", "2026-11-24"),
        ("before 1 Feb 2024", "before", "2024-02-01", "2024-02-01"),
        ("prior to March 2024", "before", "2024-03-01", "2024-03-31"),
        ("since 1 February 2024", "since", "2024-02-01", "2024-02-01"),
        ("after October 2024", "since", "2024-10-01", "2024-10-31"),
        ("between August and October 2024", "between", "2024-08-01", "2024-10-31"),
        ("from 1 March 2024 to 15 October 2024", "between", "2024-03-01", "2024-10-15"),
        ("between 1 March and 15 April 2024", "between", "2024-03-01", "2024-04-15"),
        ("between 29 February and 3 March 2024", "between", "2024-02-29", "2024-03-03"),
        ("between 2023 and 2024", "between", "2023-01-01", "2024-12-31"),
        ("from 2023 to 2024", "between", "2023-01-01", "2024-12-31"),
        ("between December and February 2024", "between", "2023-12-01", "2024-02-29"),
        ("from November to February", "between", "2025-11-01", "2026-02-28"),
        ("30 February 2024", "at", "2024-02-01", "2024-02-29"),  # There is no such day, so the month counts.
        ("5/5/2024", "at", "2024-05-05", "2024-05-05"),
        ("25/12/2025", "at", "2025-12-25", "2025-12-25"),
        ("12/25/2025", "at", "2025-12-25", "2025-12-25"),
    ],
)
def test_a_time_is_read_as_people_write_it(text: str, mode: str, first: str, last: str):
    assert span(f"What was the status {text}?") == (mode, first, last)


@pytest.mark.parametrize(
    "text",
    [
        "What may happen to the deal?",
        "May they march on?",
        "Who sat at the table?",
        "How many of the 31 drones?",
        "What is the 2+2 Dialogue?",
        "Who built 2024 of them?",
        "What about 3/4/2026?",
        "On 31.4.2024?",
        "since the signature",
        "a week of talks",
        "99999 years ago",
        "999 fortnights of talks",
        "",
    ],
)
def test_what_is_no_date_or_could_be_two_is_not_read(text: str):
    assert read(text) is None


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("in May", "2026-05-01"),
        ("since march", "2026-03-01"),
        ("of May", "2026-05-01"),
        ("last May", "2026-05-01"),
        ("5 may", "2026-05-05"),
        ("May 2024", "2024-05-01"),
        ("march 5", "2026-03-05"),
    ],
)
def test_a_month_that_is_also_a_verb_is_read_where_a_month_can_stand(text: str, first: str):
    asked = read(f"What happened {text}?")
    assert asked is not None
    assert asked.first.isoformat() == first


@pytest.mark.parametrize(
    ("text", "today", "first"),
    [
        ("5 march", "2026-11-24", "2026-03-05"),
        ("5th of march", "2026-03-05", "2026-03-05"),
        ("5 march", "2026-03-04", "2025-03-05"),
        ("december 24", "2026-11-24", "2025-12-24"),
        ("24 november", "2026-11-24", "2026-11-24"),
        ("25 november", "2026-11-24", "2025-11-25"),
        ("29 february", "2026-11-24", "2024-02-29"),
        ("29 february", "2104-02-28", "2096-02-29"),
        ("in november", "2026-11-24", "2026-11-01"),
        ("in december", "2026-11-24", "2025-12-01"),
    ],
)
def test_without_a_year_the_latest_such_date_that_is_not_in_the_future_is_meant(text: str, today: str, first: str):
    asked = read(f"What changed {text}?", date.fromisoformat(today))
    assert asked is not None
    assert asked.first.isoformat() == first
    assert asked.latest


def test_a_year_that_was_given_is_not_said_to_be_guessed():
    for text in ("5 March 2024", "between August and October 2024", "last week", "in 2024"):
        asked = read(f"What changed {text}?")
        assert asked is not None
        assert not asked.latest


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("What changed on the 5th of March 2024 then", "5 th of march 2024"),
        ("What changed between August and October 2024 then", "between august and october 2024"),
        ("What changed 3 weeks ago then", "3 weeks ago"),
        ("What changed in 2024 then", "2024"),
        ("What changed on 2024-03-05 then", "2024 3 5"),
    ],
)
def test_the_words_of_the_time_are_marked_and_no_other(text: str, words: str):
    found = words_of(text)
    asked = find(found, TODAY)
    assert asked is not None
    assert [word.lstrip("0") for word in found[asked.start : asked.end]] == words.split()


def test_a_date_that_names_what_happened_then_is_told_from_one_that_dates():
    naming, dating = read("the attack of 7 October 2023"), read("the status as of 7 October 2023")
    assert naming is not None
    assert dating is not None
    assert naming.of
    assert not dating.of


def test_the_words_of_a_name_are_no_date():
    words = words_of("Follow-up of the session of 10 November 2023")
    assert find(words, TODAY, frozenset(range(len(words)))) is None
    assert find(words, TODAY) is not None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("on 5 March 2024", "2024-03-05"),
        ("in March 2024", "2024-03-31"),
        ("before 1 February 2024", "2024-01-31"),
        ("since 1 February 2024", "2026-11-24"),
        ("on 5 March 2030", "2026-11-24"),
        ("before 1 January 2030", "2026-11-24"),
        ("in November 2026", "2026-11-24"),
    ],
)
def test_the_picture_of_a_time_is_that_at_its_end_and_never_one_to_come(text: str, day: str):
    asked = read(f"How did it stand {text}?")
    assert asked is not None
    assert asked.day(TODAY).isoformat() == day


WORDS = (
    "on in the of as before after since between and to last this past may march feb 29 31 5 th 3 4 2024 2026 0000 "
    "9999 999 weeks years quarter ago yesterday monday ten a"
)
MANY = st.lists(st.sampled_from(sorted(WORDS.split())), max_size=12)


@given(MANY, st.dates())
def test_whatever_the_words_the_time_is_well_formed(words: list[str], today: date):
    asked = find(words, today)
    if asked is not None:
        assert asked.first <= asked.last
        assert asked.first <= today or not asked.latest
        assert 0 <= asked.start < asked.end <= len(words)
        assert asked.day(today) <= today
        assert asked == find(words, today)


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(0, 3000))
def test_a_day_without_its_year_is_never_in_the_future(day: date, days: int):
    today = day + timedelta(days=days)
    asked = read(f"What changed on {day.day} {day:%B}?", today)
    assert asked is not None
    assert day <= asked.first <= today
    assert (asked.first.month, asked.first.day) == (day.month, day.day)
