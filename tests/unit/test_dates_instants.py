"""Tests of parsing instants such as "tomorrow 9am", by tables: what each phrase means, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from bot import dates
from tests.unit.moments import KOLKATA, NEW_YORK, NOW, refusal, wall

PHRASES = [
    # Spans: days keep the wall time, hours and minutes are added to the instant.
    ("in 3 days", "2026-11-27T10:00"),
    ("3 days", "2026-11-27T10:00"),
    ("3d", "2026-11-27T10:00"),
    ("In Three Days", "2026-11-27T10:00"),
    ("3 days from now", "2026-11-27T10:00"),
    ("2 weeks from today", "2026-12-08T10:00"),
    ("in a week", "2026-12-01T10:00"),
    ("2w", "2026-12-08T10:00"),
    ("in 1 month", "2026-12-24T10:00"),
    ("3 months", "2027-02-24T10:00"),
    ("3mo", "2027-02-24T10:00"),
    ("in a year", "2027-11-24T10:00"),
    ("in 10 years", "2036-11-24T10:00"),
    ("in 2 hours", "2026-11-24T12:00"),
    ("2h", "2026-11-24T12:00"),
    ("in an hour", "2026-11-24T11:00"),
    ("in half an hour", "2026-11-24T10:30"),
    ("90 minutes", "2026-11-24T11:30"),
    ("90 min", "2026-11-24T11:30"),
    ("90m", "2026-11-24T11:30"),
    ("1h30m", "2026-11-24T11:30"),
    ("1 hour and 30 minutes", "2026-11-24T11:30"),
    ("two days and three hours", "2026-11-26T13:00"),
    ("1 week, 2 days", "2026-12-03T10:00"),
    ("in 2 weeks at 9am", "2026-12-08T09:00"),
    ("9am in 2 weeks", "2026-12-08T09:00"),
    ("in 3 days 14:30", "2026-11-27T14:30"),
    ("in a month at noon", "2026-12-24T12:00"),
    # today and tomorrow
    ("11:00", "2026-11-24T11:00"),
    ("at 11am", "2026-11-24T11:00"),
    ("14:30", "2026-11-24T14:30"),
    ("21.30", "2026-11-24T21:30"),
    ("2130 hrs", "2026-11-24T21:30"),
    ("2130h", "2026-11-24T21:30"),
    ("at 1830 hours", "2026-11-24T18:30"),
    ("tomorrow 0930", "2026-11-25T09:30"),
    ("0930 hrs tomorrow", "2026-11-25T09:30"),
    ("in 1000 hours", "2027-01-05T02:00"),
    ("noon", "2026-11-24T12:00"),
    ("today 9pm", "2026-11-24T21:00"),
    ("9 pm today", "2026-11-24T21:00"),
    ("tomorrow", "2026-11-25T09:00"),
    ("tomorrow 9am", "2026-11-25T09:00"),
    ("tomorrow at 9:30 pm", "2026-11-25T21:30"),
    ("9am tomorrow", "2026-11-25T09:00"),
    ("noon tomorrow", "2026-11-25T12:00"),
    ("tomorrow, at noon", "2026-11-25T12:00"),
    ("tomorrow 9.10", "2026-11-25T09:10"),
    ("tomorrow 00:00", "2026-11-25T00:00"),
    ("day after tomorrow", "2026-11-26T09:00"),
    ("the day after tomorrow at 5pm", "2026-11-26T17:00"),
    # weekdays
    ("friday", "2026-11-27T09:00"),
    ("on Friday", "2026-11-27T09:00"),
    ("fri", "2026-11-27T09:00"),
    ("9am fri", "2026-11-27T09:00"),
    ("this friday", "2026-11-27T09:00"),
    ("next Friday 9am", "2026-11-27T09:00"),
    ("9am next friday", "2026-11-27T09:00"),
    ("next tuesday", "2026-12-01T09:00"),
    ("on monday at 14:30", "2026-11-30T14:30"),
    ("at 14:30 on monday", "2026-11-30T14:30"),
    ("friday next week", "2026-12-04T09:00"),
    ("next week friday 9am", "2026-12-04T09:00"),
    # calendar dates
    ("2026-12-01", "2026-12-01T09:00"),
    ("2026-12-1", "2026-12-01T09:00"),
    ("2026/12/01", "2026-12-01T09:00"),
    ("2026-12-01 14:00", "2026-12-01T14:00"),
    ("2026-12-01T14:00", "2026-12-01T14:00"),
    ("2026-12-01 14:00:30", "2026-12-01T14:00:30"),
    ("2026-12-01 at 2pm", "2026-12-01T14:00"),
    ("14:00 2026-12-01", "2026-12-01T14:00"),
    ("on 2026-12-01", "2026-12-01T09:00"),
    ("1 December 2026 9am", "2026-12-01T09:00"),
    ("1 December 2026", "2026-12-01T09:00"),
    ("9am on 1 December 2026", "2026-12-01T09:00"),
    ("1st of December", "2026-12-01T09:00"),
    ("the 2nd of December at noon", "2026-12-02T12:00"),
    ("1 Dec", "2026-12-01T09:00"),
    ("1 Dec. 9 am", "2026-12-01T09:00"),
    ("december 1", "2026-12-01T09:00"),
    ("Dec 1st, 2026, 9am", "2026-12-01T09:00"),
    ("december 1 9am", "2026-12-01T09:00"),
    ("1 january", "2027-01-01T09:00"),
    ("29 feb", "2028-02-29T09:00"),
    ("24 november 11am", "2026-11-24T11:00"),
    ("23 november", "2027-11-23T09:00"),
    ("Tuesday 1 December", "2026-12-01T09:00"),
    ("tue, 1 dec 2026 at 8:15", "2026-12-01T08:15"),
    # ends and beginnings
    ("end of month", "2026-11-30T09:00"),
    ("end of the month", "2026-11-30T09:00"),
    ("eom", "2026-11-30T09:00"),
    ("end of next month", "2026-12-31T09:00"),
    ("end of year", "2026-12-31T09:00"),
    ("eoy", "2026-12-31T09:00"),
    ("end of next year at 5pm", "2027-12-31T17:00"),
    ("next week", "2026-11-30T09:00"),
    ("next month", "2026-12-01T09:00"),
    ("next year", "2027-01-01T09:00"),
    # the zone's own abbreviation
    ("14:00 IST", "2026-11-24T14:00"),
    ("tomorrow 9am ist", "2026-11-25T09:00"),
    ("9am IST tomorrow", "2026-11-25T09:00"),
    ("9am IST on friday", "2026-11-27T09:00"),
    ("2026-12-01 14:00 IST", "2026-12-01T14:00"),
]


def test_the_table_of_phrases_is_long_enough_to_mean_something() -> None:
    assert len({text for text, _ in PHRASES}) >= 80


@pytest.mark.parametrize(("text", "expected"), PHRASES)
def test_a_phrase_means_its_instant(text: str, expected: str) -> None:
    instant = dates.parse_instant(text, now=NOW, zone=KOLKATA)
    assert instant == wall(expected)
    assert instant.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-12-01T14:00Z", "2026-12-01T14:00+00:00"),
        ("2026-12-01 14:00 UTC", "2026-12-01T14:00+00:00"),
        ("2026-12-01t14:00:05.5z", "2026-12-01T14:00:05.500+00:00"),
        ("2026-12-01T14:00+05:30", "2026-12-01T14:00+05:30"),
        ("2026-12-01 14:00 -0500", "2026-12-01T14:00-05:00"),
    ],
)
def test_an_iso_instant_with_an_offset_is_that_instant_in_any_zone(text: str, expected: str) -> None:
    assert dates.parse_instant(text, now=NOW, zone=NEW_YORK) == datetime.fromisoformat(expected)


def test_days_keep_the_wall_time_over_daylight_saving_and_hours_do_not() -> None:
    saturday_noon = wall("2026-10-31T12:00", NEW_YORK)
    assert dates.parse_instant("in 1 day", now=saturday_noon, zone=NEW_YORK) == wall("2026-11-01T12:00", NEW_YORK)
    assert dates.parse_instant("in 24 hours", now=saturday_noon, zone=NEW_YORK) == wall("2026-11-01T11:00", NEW_YORK)


def test_a_month_from_the_31st_is_the_last_day_of_a_shorter_month() -> None:
    assert dates.parse_instant("in 1 month", now=wall("2027-01-31T12:00"), zone=KOLKATA) == wall("2027-02-28T12:00")


def test_an_abbreviation_chooses_between_the_two_hours_of_an_overlap() -> None:
    def at(text: str) -> datetime:
        return dates.parse_instant(text, now=wall("2026-10-31T12:00", NEW_YORK), zone=NEW_YORK)

    assert at("tomorrow 01:30") == at("tomorrow 01:30 EDT") == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert at("tomorrow 01:30 EST") == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "zone"),
    [("14:00 IST", "Europe/London"), ("14:00 EDT", NEW_YORK), ("friday 9am UTC", KOLKATA), ("9am x fri", KOLKATA)],
)
def test_an_abbreviation_that_the_zone_does_not_use_then_is_refused(text: str, zone: str) -> None:
    message = refusal(dates.parse_instant, text, now=NOW, zone=zone)
    assert f"is not what the time in {zone} is called then" in message
    assert "or write the distance from UTC, like 2026-11-2" in message


@pytest.mark.parametrize("text", ["9am", "09:59", "10:00", "today", "today at 9am", "24 nov", "midnight", "9am IST"])
def test_a_time_of_today_that_has_passed_is_refused_with_a_hint_at_tomorrow(text: str) -> None:
    message = refusal(dates.parse_instant, text, now=NOW, zone=KOLKATA)
    assert message.startswith(f'"{text}" has passed. Nothing was changed. For tomorrow write: tomorrow ')
    hint = message.rpartition(": ")[2]
    assert dates.parse_instant(hint, now=NOW, zone=KOLKATA).astimezone(ZoneInfo(KOLKATA)).date() == date(2026, 11, 25)


@pytest.mark.parametrize(
    "text", ["2026-11-23", "2023-11-10 14:00", "10 November 2023", "2026-11-24T04:30Z", "in 0 minutes"]
)
def test_an_instant_that_has_passed_is_refused(text: str) -> None:
    assert refusal(dates.parse_instant, text, now=NOW, zone=KOLKATA).startswith(
        f'"{text}" has passed. Nothing was changed.'
    )


@pytest.mark.parametrize(
    "text",
    ["in 11 years", "2037-01-01", "in 99999999999999 weeks", "in 9999999999 minutes", "9999 years", "in 7999 years"],
)
def test_an_instant_beyond_ten_years_is_refused(text: str) -> None:
    assert "is more than 10 years away" in refusal(dates.parse_instant, text, now=NOW, zone=KOLKATA)


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("3/4/2027", "Write 2027-03-04 or 2027-04-03."),
        ("3.4.2027", "Write 2027-03-04 or 2027-04-03."),
        ("3-4-2027 9am", "Write 2027-03-04 or 2027-04-03."),
        ("9am 3/4/2027", "Write 2027-03-04 or 2027-04-03."),
        ("31/12/2026", "Write 2026-12-31."),
        ("3/4", "Write a date like 2026-12-01 and a time like 09:10."),
        ("3/4/27", "Write a date like 2026-12-01 and a time like 09:10."),
        ("40/40/2026", "Write a date like 2026-12-01 and a time like 09:10."),
    ],
)
def test_a_numeric_date_is_refused_with_its_iso_forms(text: str, remedy: str) -> None:
    message = refusal(dates.parse_instant, text, now=NOW, zone=KOLKATA)
    assert "is not the same date everywhere" in message
    assert message.endswith(remedy)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("11.12", "can be a date or a time"),
        ("tuesday", "is today, and can also mean in a week"),
        ("this tuesday 11am", "is today, and can also mean in a week"),
        ("tomorrow midnight", "can be the start or the end of that day"),
        ("31 november", "is not in the calendar"),
        ("2026-02-30", "is not in the calendar"),
        ("2026-13-01 14:00", "is not in the calendar"),
        ("32 Dec", "is not in the calendar"),
        ("0 December", "is not in the calendar"),
        ("2500-01-01", "is too far away"),
        ("Friday 1 December 2026", "does not fit together: it is a Tuesday"),
        ("tomorrow 25:00", "is not a time of day"),
        ("tomorrow 13pm", "is not a time of day"),
        ("2026-12-01 25:00", "is not a time of day"),
        ("2026-12-01T14:00+99:00", "is not a time of day"),
    ],
)
def test_what_could_be_guessed_is_refused_instead(text: str, what: str) -> None:
    assert what in refusal(dates.parse_instant, text, now=NOW, zone=KOLKATA)


@pytest.mark.parametrize(
    "text",
    [
        "", "soon", "now", "yesterday", "every monday", "last friday", "tonight", "december", "december 2026",
        "2026", "9",
        "end of week", "in 2 hours at 9am", "in 1,5 hours", "in 3", "3 daysa week", "tomorrow tomorrow",
        "tomorrow 9am please",
        "remind me tomorrow", "9am 10am", "in -3 days", "next 9am", "friday friday", "2026-W48-1", "1e9",
        "1d " * 150,
        "1d " * 90 + "x", "١ december",
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_three_examples(text: str) -> None:
    message = refusal(dates.parse_instant, text, now=NOW, zone=KOLKATA)
    assert "is not a time that can be used. Nothing was changed." in message
    assert message.endswith('Write it like "in 3 days", "next Friday 9am" or "2026-12-01 14:00".')


@pytest.mark.parametrize(
    "parse", [dates.parse_time_of_day, dates.parse_zone, dates.parse_weekdays, dates.parse_fact_date]
)
@pytest.mark.parametrize("text", ["x" * 6000, "\u202e\x00\n" * 2000, "1d " * 2000])
def test_overlong_text_is_quoted_short_and_without_control_characters(parse, text: str) -> None:
    quote = refusal(parse, text).rpartition('"')[0].removeprefix('"')
    assert len(quote) <= 60
    assert quote.isprintable()
    assert "\u202e" not in quote


def test_overlong_words_of_a_reminder_are_refused_with_a_clipped_quote() -> None:
    message = refusal(dates.parse_instant, "tomorrow " * 700, now=NOW, zone=KOLKATA)
    assert message.startswith('"tomorrow tomorrow')
    assert message.index("…") == 60
