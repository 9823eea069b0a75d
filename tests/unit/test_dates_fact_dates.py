"""Tests of parsing and formatting fact dates, by tables: precision, wording and refused input."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest

from bot import dates
from data.records import FactDate
from tests.unit.moments import refusal


def d(text: str) -> date:
    return date.fromisoformat(text)


def span(precision, first: str, last: str | None, **more) -> FactDate:
    return FactDate(precision, d(first), d(last) if last else None, **more)


DAY = span("day", "2023-11-10", "2023-11-10")
FACTS = [
    ("2023-11-10", DAY, "Friday 10 November 2023"),
    ("10 November 2023", DAY, "Friday 10 November 2023"),
    ("10th of November, 2023", DAY, "Friday 10 November 2023"),
    ("Nov 10, 2023", DAY, "Friday 10 November 2023"),
    ("Friday, 10 November 2023", DAY, "Friday 10 November 2023"),
    ("2023-11-10 to 2023-11-10", DAY, "Friday 10 November 2023"),
    ("today", DAY, "Friday 10 November 2023"),
    ("Yesterday", span("day", "2023-11-09", "2023-11-09"), "Thursday 9 November 2023"),
    (
        "10 November 2023 (year worked out)",
        span("day", "2023-11-10", "2023-11-10", worked_out=True),
        "Friday 10 November 2023",
    ),
    ("2020 (worked out)", span("year", "2020-01-01", "2020-12-31", worked_out=True), "2020"),
    ("November 2023", span("month", "2023-11-01", "2023-11-30"), "November 2023"),
    ("Feb. 2024", span("month", "2024-02-01", "2024-02-29"), "February 2024"),
    ("2023-11", span("month", "2023-11-01", "2023-11-30"), "November 2023"),
    ("2023", span("year", "2023-01-01", "2023-12-31"), "2023"),
    ("2018 to 2020", span("range", "2018-01-01", "2020-12-31"), "between 2018 and 2020"),
    ("2018-2020", span("range", "2018-01-01", "2020-12-31"), "between 2018 and 2020"),
    ("2018–2020", span("range", "2018-01-01", "2020-12-31"), "between 2018 and 2020"),
    ("from 2018 to 2020", span("range", "2018-01-01", "2020-12-31"), "between 2018 and 2020"),
    ("2024-01-01 to 2024-04-30", span("range", "2024-01-01", "2024-04-30"), "between 1 January and 30 April 2024"),
    ("January to April 2024", span("range", "2024-01-01", "2024-04-30"), "between 1 January and 30 April 2024"),
    (
        "between 1 January and 30 April 2024",
        span("range", "2024-01-01", "2024-04-30"),
        "between 1 January and 30 April 2024",
    ),
    (
        "10 December 2023 until 2024-01-09",
        span("range", "2023-12-10", "2024-01-09"),
        "between 10 December 2023 and 9 January 2024",
    ),
    ("Early 2024", span("range", "2024-01-01", "2024-04-30", printed="early 2024"), "early 2024"),
    ("mid-2024", span("range", "2024-05-01", "2024-08-31", printed="mid 2024"), "mid 2024"),
    ("late 2024", span("range", "2024-09-01", "2024-12-31", printed="late 2024"), "late 2024"),
    (
        "the first half of 2024",
        span("range", "2024-01-01", "2024-06-30", printed="first half of 2024"),
        "first half of 2024",
    ),
    ("h2 2024", span("range", "2024-07-01", "2024-12-31", printed="H2 2024"), "H2 2024"),
    ("Q2 2024", span("range", "2024-04-01", "2024-06-30", printed="Q2 2024"), "Q2 2024"),
    (
        "second quarter of 2024",
        span("range", "2024-04-01", "2024-06-30", printed="second quarter of 2024"),
        "second quarter of 2024",
    ),
    ("since 2018", span("open", "2018-01-01", None, printed="since 2018"), "since 2018"),
    ("Since 10 Nov 2023", span("open", "2023-11-10", None), "since 10 November 2023"),
    ("from January 2029", span("open", "2029-01-01", None, printed="from January 2029"), "from January 2029"),
    ("from Jan 2029 onwards", span("open", "2029-01-01", None, printed="from January 2029"), "from January 2029"),
    ("unknown", FactDate("unknown"), "on an unknown date"),
    ("Unknown: Cold War", FactDate("unknown", printed="Cold War"), "Cold War"),
    ("unknown: Cold War, early (worked out)", FactDate("unknown", printed="Cold War, early", worked_out=True), None),
    ("unknown: शीत युद्ध", FactDate("unknown", printed="शीत युद्ध"), "शीत युद्ध"),
    ("10–12 November 2023", span("range", "2023-11-10", "2023-11-12"), "between 10 November and 12 November 2023"),
    ("10 to 12 Nov 2023", span("range", "2023-11-10", "2023-11-12"), None),
    ("November 10-12, 2023", span("range", "2023-11-10", "2023-11-12"), None),
    ("10 and 11 November 2023", span("range", "2023-11-10", "2023-11-11"), None),
    ("November-December 2023", span("range", "2023-11-01", "2023-12-31"), None),
    ("mid-November 2023", span("range", "2023-11-11", "2023-11-20", printed="mid-November 2023"), "mid-November 2023"),
    (
        "Early Nov. 2023",
        span("range", "2023-11-01", "2023-11-10", printed="early November 2023"),
        "early November 2023",
    ),
    ("the end of Feb 2024", span("range", "2024-02-21", "2024-02-29", printed="end of February 2024"), None),
    ("end of 2027", span("range", "2027-10-01", "2027-12-31", printed="end of 2027"), "end of 2027"),
    ("start of 2024", span("range", "2024-01-01", "2024-03-31", printed="beginning of 2024"), "beginning of 2024"),
    ("third quarter 2024", span("range", "2024-07-01", "2024-09-30", printed="third quarter of 2024"), None),
    ("2024 Q3", span("range", "2024-07-01", "2024-09-30", printed="Q3 2024"), "Q3 2024"),
    ("1990s", span("range", "1990-01-01", "1999-12-31", printed="the 1990s"), "the 1990s"),
    ("on 10 November 2023", DAY, None),
    ("in November 2023", span("month", "2023-11-01", "2023-11-30"), None),
    ("10-Nov-2023", DAY, None),
    ("Nov-2023", span("month", "2023-11-01", "2023-11-30"), None),
    ("11/2023", span("month", "2023-11-01", "2023-11-30"), None),
    ("December 2011", span("month", "2011-12-01", "2011-12-31"), "December 2011"),
    ("2018-12", span("month", "2018-12-01", "2018-12-31"), "December 2018"),
    ("1000", span("year", "1000-01-01", "1000-12-31"), "1000"),
    ("2200", span("year", "2200-01-01", "2200-12-31"), "2200"),
]


@pytest.mark.parametrize(("text", "expected", "shown"), FACTS)
def test_a_fact_date_is_as_precise_as_its_words(text: str, expected: FactDate, shown: str | None) -> None:
    found = dates.parse_fact_date(text, today=d("2023-11-10"))
    assert found == expected
    assert dates.parse_fact_date(dates.typed_fact_date(found)) == found
    if shown:
        assert dates.format_fact_date(found) == shown


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("10 November", "has no year. Nothing was changed. Add the year, like 10 November 2023."),
        ("Friday, November 10th", "has no year. Nothing was changed. Add the year"),
        ("November", "has no year. Nothing was changed. Add the year"),
        ("3/4/2026", "is not the same date everywhere. Nothing was changed. Write 2026-03-04 or 2026-04-03."),
        ("spring 2024", "is not the same months everywhere"),
        ("31 November 2023", "is not in the calendar"),
        ("29 February 2023", "is not in the calendar"),
        ("2023-13", "is not in the calendar"),
        ("2023-02-30 to 2024", "is not in the calendar"),
        ("Thursday 10 November 2023", "does not fit together: it is a Friday. Nothing was changed. Write 2023-11-10."),
        ("2020 to 2018", "ends before it begins"),
        ("0999", "is too far away. Nothing was changed. Years from 1000 to 2200 can be used."),
        ("2201", "is too far away"),
        ("late 2201", "is too far away"),
        ("unknown: " + "x" * 201, "is too long. Nothing was changed. Write at most 200 characters"),
        ("", "is not a date that can be used"),
        ("today", "is not a date that can be used"),
        ("soon", "is not a date that can be used"),
        ("(worked out)", "is not a date that can be used"),
        ("2018 and 2020", "is not a date that can be used"),
        ("since early 2024", "is not a date that can be used"),
        ("2011-12", "can be December 2011, 2011 to 2012 or a fiscal year"),
        ("2009/10", "can be October 2009, 2009 to 2010 or a fiscal year"),
        ("1999-00", "can be 1999 to 2000 or a fiscal year"),
        ("FY2012", "does not begin on the same day everywhere"),
        ("financial year 2011-12", "does not begin on the same day everywhere"),
        ("2018-20", "has a year of two digits"),
        ("23 Oct 23", "has a year of two digits"),
        ("Oct '23", "has a year of two digits"),
        ("Oct-23", "can be October 2023 or 23 October"),
        ("mid-November", "has no year"),
        ("10-12 November", "has no year"),
        ("10 and 12 November 2023", "are two days"),
        ("12-10 November 2023", "ends before it begins"),
        ("first half of November 2023", "is not a date that can be used"),
        ("Q5 2024", "is not a date that can be used"),
        ("unknown: " + "x" * 500, "is not a date that can be used"),
    ],
)
def test_a_fact_date_that_cannot_be_used_is_refused_with_the_remedy(text: str, what: str) -> None:
    assert what in refusal(dates.parse_fact_date, text)


def test_a_day_is_shown_with_or_without_its_weekday() -> None:
    assert dates.format_day(d("2023-11-10")) == "Friday 10 November 2023"
    assert dates.format_day(d("2023-11-10"), weekday=False) == "10 November 2023"
    assert dates.format_fact_date(DAY, weekday=False) == "10 November 2023"


def test_a_date_begins_first_at_utc_plus_14() -> None:
    begins = datetime(2023, 11, 10, tzinfo=timezone(timedelta(hours=14)))
    assert dates.has_begun(DAY, begins)
    assert not dates.has_begun(DAY, begins - timedelta(microseconds=1))
    assert dates.has_begun(dates.parse_fact_date("November 2023"), begins)
    assert not dates.has_begun(dates.parse_fact_date("from January 2029"), begins)
    assert dates.has_begun(FactDate("unknown", printed="Cold War"), begins)
    with pytest.raises(TypeError):
        dates.has_begun(DAY, begins.replace(tzinfo=None))
