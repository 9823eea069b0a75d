"""Times, zones and dates by table: what can be typed, what it means, and every form that is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from bot import when
from bot.errors import BadInput
from data.records import FactDate

KOLKATA = "Asia/Kolkata"
NEW_YORK = "America/New_York"
# A Tuesday, 10:00 in Delhi.
NOW = datetime(2026, 11, 24, 4, 30, tzinfo=UTC)


def wall(text: str, zone: str = KOLKATA) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def refusal(parse, *args, **kwargs) -> str:
    with pytest.raises(BadInput) as caught:
        parse(*args, **kwargs)
    message = str(caught.value)
    assert "Nothing was changed." in message
    return message


# ---------------------------------------------------------------- times of day and weekdays


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("09:00", time(9)),
        ("9:00", time(9)),
        ("00:00", time(0)),
        ("23:59", time(23, 59)),
        ("21.30", time(21, 30)),
        ("9am", time(9)),
        ("9 AM", time(9)),
        ("9:30 pm", time(21, 30)),
        ("9.30pm", time(21, 30)),
        ("9 p.m.", time(21)),
        ("12am", time(0)),
        ("12 pm", time(12)),
        ("12:15 am", time(0, 15)),
        ("noon", time(12)),
        ("Midnight", time(0)),
        ("  09:00  ", time(9)),
    ],
)
def test_a_time_of_day_is_read_in_its_usual_forms(text: str, expected: time) -> None:
    assert when.parse_time_of_day(text) == expected


@pytest.mark.parametrize(
    "text", ["25:00", "24:00", "9", "09:60", "13pm", "0am", "9:5", "half past nine", "", "0900", "9:00 IST", "٠٩:٠٠"]
)
def test_what_is_not_a_time_of_day_is_refused(text: str) -> None:
    assert refusal(when.parse_time_of_day, text) == (
        f'"{text}" is not a time of day. Nothing was changed. Write it like 09:00 or 9:30 pm.'
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("weekdays", "12345"),
        ("every weekday", "12345"),
        ("mon-fri", "12345"),
        ("Monday to Friday", "12345"),
        ("Mon – Fri", "12345"),
        ("12345", "12345"),
        ("54321", "12345"),
        ("daily", "1234567"),
        ("Every day", "1234567"),
        ("weekends", "67"),
        ("mondays", "1"),
        ("on Mondays", "1"),
        ("every tue", "2"),
        ("Mon, Wed, Fri", "135"),
        ("mon wed fri", "135"),
        ("Monday, Wednesday and Friday", "135"),
        ("saturday & sunday", "67"),
        ("fri-mon", "1567"),
        ("mon-wed, sat", "1236"),
        ("thurs", "4"),
    ],
)
def test_weekdays_are_read_as_sorted_iso_digits(text: str, expected: str) -> None:
    assert when.parse_weekdays(text) == expected


@pytest.mark.parametrize(
    "text", ["", "8", "0", "someday", "mon-", "monfri", "every", "mon,,fri", "weekdays and sat", "12345678"]
)
def test_what_names_no_weekdays_is_refused(text: str) -> None:
    assert "does not name days of the week" in refusal(when.parse_weekdays, text)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ("12345", "weekdays"),
        ("67", "weekends"),
        ("1234567", "every day"),
        ("1", "Mondays"),
        ("16", "Monday and Saturday"),
        ("135", "Monday, Wednesday and Friday"),
    ],
)
def test_weekdays_are_shown_in_words(days: str, expected: str) -> None:
    assert when.format_weekdays(days) == expected


# ---------------------------------------------------------------- zones


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Asia/Kolkata", KOLKATA),
        ("asia/kolkata", KOLKATA),
        ("kolkata", KOLKATA),
        ("Asia/Calcutta", KOLKATA),
        ("calcutta", KOLKATA),
        ("New Delhi", KOLKATA),
        ("america/new york", NEW_YORK),
        ("New York", NEW_YORK),
        ("US/Eastern", NEW_YORK),
        ("buenos aires", "America/Argentina/Buenos_Aires"),
        ("São Paulo", "America/Sao_Paulo"),
        ("oslo", "Europe/Oslo"),
        ("Kiev", "Europe/Kyiv"),
        ("singapore", "Asia/Singapore"),
        ("utc", "UTC"),
        ("Etc/UTC", "UTC"),
        ("GMT", "UTC"),
        ("port-au-prince", "America/Port-au-Prince"),
    ],
)
def test_a_zone_is_found_by_name_or_city(text: str, expected: str) -> None:
    assert when.parse_zone(text) == expected
    assert when.parse_zone(expected) == expected


def test_an_abbreviation_is_refused_with_the_zones_it_can_mean() -> None:
    assert refusal(when.parse_zone, "IST") == (
        '"IST" is an abbreviation, not the name of a zone. Nothing was changed. '
        "Write Asia/Kolkata, Europe/Dublin or Asia/Jerusalem."
    )
    assert "Write America/New_York, America/Toronto or America/Panama." in refusal(when.parse_zone, "est")
    assert "Write Pacific/Honolulu." in refusal(when.parse_zone, "HST")


@pytest.mark.parametrize("text", ["ist", "est", "cst", "mst", "pst", "bst", "cet", "eet", "wet", "met", "jst", "aedt"])
def test_every_candidate_of_an_abbreviation_is_a_zone(text: str) -> None:
    candidates = when.zone_choices(text)
    assert [when.parse_zone(zone) for zone in candidates] == candidates
    assert candidates[0] in refusal(when.parse_zone, text)


def test_a_city_of_two_zones_is_refused_with_both() -> None:
    assert "America/Chicago or America/Winnipeg" in refusal(when.parse_zone, "central")


def test_a_misspelt_zone_is_answered_with_close_ones() -> None:
    assert refusal(when.parse_zone, "Kolkatta").endswith("Did you mean Asia/Kolkata?")
    message = refusal(when.parse_zone, "Europe/Londn")
    assert "Europe/London" in message
    assert message.count("/") <= 4


@pytest.mark.parametrize(
    "text", ["", "GMT+5", "UTC+5:30", "+05:30", "Factory", "localtime", "../etc/passwd", "x" * 6000]
)
def test_what_is_no_zone_is_refused(text: str) -> None:
    message = refusal(when.parse_zone, text)
    assert "is not a zone" in message
    assert len(message) < 250


def test_zone_choices_begin_with_the_likeliest() -> None:
    assert when.zone_choices("kol")[0] == KOLKATA
    assert when.zone_choices("new y") == [NEW_YORK]
    assert when.zone_choices("asia/ko") == [KOLKATA]
    assert when.zone_choices("ist")[:3] == [KOLKATA, "Europe/Dublin", "Asia/Jerusalem"]
    assert when.zone_choices("kolkatta") == [KOLKATA]
    assert when.zone_choices("zzzz") == []


@pytest.mark.parametrize("text", ["", "a", "america", "e", "utc", "etc", "/"])
def test_zone_choices_are_at_most_25_usable_names(text: str) -> None:
    choices = when.zone_choices(text)
    assert len(choices) == len(set(choices)) <= 25
    assert [when.parse_zone(choice) for choice in choices] == choices
    assert not any(choice.startswith("Etc/") for choice in choices)


# ---------------------------------------------------------------- wall time and instants


@pytest.mark.parametrize(
    ("zone", "at", "day", "expected"),
    [
        (NEW_YORK, time(2, 30), date(2026, 3, 8), "2026-03-08T03:30:00-04:00"),
        (NEW_YORK, time(1, 30), date(2026, 11, 1), "2026-11-01T01:30:00-04:00"),
        ("Europe/London", time(1, 30), date(2026, 3, 29), "2026-03-29T02:30:00+01:00"),
        ("Europe/London", time(1, 30), date(2026, 10, 25), "2026-10-25T01:30:00+01:00"),
        ("Australia/Lord_Howe", time(2, 15), date(2026, 10, 4), "2026-10-04T02:45:00+11:00"),
        ("Australia/Lord_Howe", time(1, 45), date(2026, 4, 5), "2026-04-05T01:45:00+11:00"),
        ("America/Santiago", time(0), date(2026, 9, 6), "2026-09-06T01:00:00-03:00"),
        ("Africa/Cairo", time(0), date(2026, 4, 24), "2026-04-24T01:00:00+03:00"),
        (KOLKATA, time(9), date(2026, 11, 24), "2026-11-24T09:00:00+05:30"),
        ("Pacific/Apia", time(9), date(2011, 12, 30), "2011-12-31T09:00:00+14:00"),
    ],
)
def test_a_daily_time_fires_once_on_the_days_of_daylight_saving(zone: str, at: time, day: date, expected: str) -> None:
    expected_at = datetime.fromisoformat(expected)
    before = when.local_instant(day - timedelta(days=1), at, zone)
    nominal, instant = when.next_local(before, zone, at)
    assert (nominal, instant) == (day, expected_at)
    assert instant.astimezone(ZoneInfo(zone)).isoformat() == expected
    assert when.next_local(instant, zone, at)[1] - instant >= timedelta(hours=22)


def test_a_time_of_today_is_next_until_it_has_come() -> None:
    nine = when.local_instant(date(2026, 11, 24), time(9), KOLKATA)
    assert when.next_local(nine - timedelta(microseconds=1), KOLKATA, time(9)) == (date(2026, 11, 24), nine)
    assert when.next_local(nine, KOLKATA, time(9)) == (date(2026, 11, 25), nine + timedelta(days=1))


def test_one_weekday_a_week_is_found_and_no_weekday_is_an_error() -> None:
    monday_nine = when.local_instant(date(2026, 11, 23), time(9), KOLKATA)
    assert when.next_local(monday_nine, KOLKATA, time(9), "1")[0] == date(2026, 11, 30)
    with pytest.raises(ValueError, match="no ISO weekday"):
        when.next_local(NOW, KOLKATA, time(9), "")


def test_a_digest_in_the_gap_before_midnight_keeps_its_nominal_date() -> None:
    nominal, instant = when.next_local(datetime(2026, 3, 28, 12, tzinfo=UTC), "America/Nuuk", time(23, 45))
    assert nominal == date(2026, 3, 28)
    assert instant.astimezone(ZoneInfo("America/Nuuk")).date() == date(2026, 3, 29)
    assert when.next_local(instant, "America/Nuuk", time(23, 45))[0] == date(2026, 3, 29)


@pytest.mark.parametrize(
    ("day", "zone", "expected"),
    [
        (date(2026, 11, 24), KOLKATA, "2026-11-24T18:30:00+00:00"),
        (date(2024, 2, 29), "UTC", "2024-03-01T00:00:00+00:00"),
        (date(2026, 9, 5), "America/Santiago", "2026-09-06T04:00:00+00:00"),
        (date(2026, 10, 31), "America/Havana", "2026-11-01T04:00:00+00:00"),
    ],
)
def test_a_day_ends_at_midnight_of_its_own_zone(day: date, zone: str, expected: str) -> None:
    assert when.end_of_day(day, zone) == datetime.fromisoformat(expected)


def test_a_timestamp_is_whole_seconds_and_needs_an_aware_instant() -> None:
    assert when.timestamp(datetime(2023, 11, 10, 12, 0, 0, 999_999, tzinfo=UTC)) == "<t:1699617600:f>"
    assert when.timestamp(wall("2023-11-10T17:30"), "R") == "<t:1699617600:R>"
    with pytest.raises(TypeError):
        when.timestamp(NOW.replace(tzinfo=None))


def test_the_zone_data_is_the_packages_own() -> None:
    import zoneinfo

    assert zoneinfo.TZPATH == ()


# ---------------------------------------------------------------- instants in people's words

PHRASES = [
    # spans: days keep the wall time, hours and minutes are counted
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
    instant = when.parse_instant(text, now=NOW, zone=KOLKATA)
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
    assert when.parse_instant(text, now=NOW, zone=NEW_YORK) == datetime.fromisoformat(expected)


def test_days_keep_the_wall_time_over_daylight_saving_and_hours_do_not() -> None:
    saturday_noon = wall("2026-10-31T12:00", NEW_YORK)
    assert when.parse_instant("in 1 day", now=saturday_noon, zone=NEW_YORK) == wall("2026-11-01T12:00", NEW_YORK)
    assert when.parse_instant("in 24 hours", now=saturday_noon, zone=NEW_YORK) == wall("2026-11-01T11:00", NEW_YORK)


def test_a_month_from_the_31st_is_the_last_day_of_a_shorter_month() -> None:
    assert when.parse_instant("in 1 month", now=wall("2027-01-31T12:00"), zone=KOLKATA) == wall("2027-02-28T12:00")


def test_an_abbreviation_chooses_between_the_two_hours_of_an_overlap() -> None:
    def at(text: str) -> datetime:
        return when.parse_instant(text, now=wall("2026-10-31T12:00", NEW_YORK), zone=NEW_YORK)

    assert at("tomorrow 01:30") == at("tomorrow 01:30 EDT") == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert at("tomorrow 01:30 EST") == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "zone"),
    [("14:00 IST", "Europe/London"), ("14:00 EDT", NEW_YORK), ("friday 9am UTC", KOLKATA), ("9am x fri", KOLKATA)],
)
def test_an_abbreviation_that_the_zone_does_not_use_then_is_refused(text: str, zone: str) -> None:
    message = refusal(when.parse_instant, text, now=NOW, zone=zone)
    assert f"is not what the time in {zone} is called then" in message
    assert "or write the distance from UTC, like 2026-11-2" in message


@pytest.mark.parametrize("text", ["9am", "09:59", "10:00", "today", "today at 9am", "24 nov", "midnight", "9am IST"])
def test_a_time_of_today_that_has_passed_is_refused_with_a_hint_at_tomorrow(text: str) -> None:
    message = refusal(when.parse_instant, text, now=NOW, zone=KOLKATA)
    assert message.startswith(f'"{text}" has passed. Nothing was changed. For tomorrow write: tomorrow ')
    hint = message.rpartition(": ")[2]
    assert when.parse_instant(hint, now=NOW, zone=KOLKATA).astimezone(ZoneInfo(KOLKATA)).date() == date(2026, 11, 25)


@pytest.mark.parametrize(
    "text", ["2026-11-23", "2023-11-10 14:00", "10 November 2023", "2026-11-24T04:30Z", "in 0 minutes"]
)
def test_an_instant_that_has_passed_is_refused(text: str) -> None:
    assert refusal(when.parse_instant, text, now=NOW, zone=KOLKATA).startswith(
        f'"{text}" has passed. Nothing was changed.'
    )


@pytest.mark.parametrize(
    "text",
    ["in 11 years", "2037-01-01", "in 99999999999999 weeks", "in 9999999999 minutes", "9999 years", "in 7999 years"],
)
def test_an_instant_beyond_ten_years_is_refused(text: str) -> None:
    assert "is more than 10 years away" in refusal(when.parse_instant, text, now=NOW, zone=KOLKATA)


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
    message = refusal(when.parse_instant, text, now=NOW, zone=KOLKATA)
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
    assert what in refusal(when.parse_instant, text, now=NOW, zone=KOLKATA)


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
    message = refusal(when.parse_instant, text, now=NOW, zone=KOLKATA)
    assert "is not a time that can be used. Nothing was changed." in message
    assert message.endswith('Write it like "in 3 days", "next Friday 9am" or "2026-12-01 14:00".')


@pytest.mark.parametrize("parse", [when.parse_time_of_day, when.parse_zone, when.parse_weekdays, when.parse_fact_date])
@pytest.mark.parametrize("text", ["x" * 6000, "\u202e\x00\n" * 2000, "1d " * 2000])
def test_overlong_text_is_quoted_short_and_without_control_characters(parse, text: str) -> None:
    quote = refusal(parse, text).rpartition('"')[0].removeprefix('"')
    assert len(quote) <= 60
    assert quote.isprintable()
    assert "\u202e" not in quote


def test_overlong_words_of_a_reminder_are_refused_with_a_clipped_quote() -> None:
    message = refusal(when.parse_instant, "tomorrow " * 700, now=NOW, zone=KOLKATA)
    assert message.startswith('"tomorrow tomorrow')
    assert message.index("…") == 60


# ---------------------------------------------------------------- fact dates


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
    ("1000", span("year", "1000-01-01", "1000-12-31"), "1000"),
    ("2200", span("year", "2200-01-01", "2200-12-31"), "2200"),
]


@pytest.mark.parametrize(("text", "expected", "shown"), FACTS)
def test_a_fact_date_is_as_precise_as_its_words(text: str, expected: FactDate, shown: str | None) -> None:
    found = when.parse_fact_date(text, today=d("2023-11-10"))
    assert found == expected
    assert when.parse_fact_date(when.typed_fact_date(found)) == found
    if shown:
        assert when.format_fact_date(found) == shown


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
        ("early November 2023", "is not a date that can be used"),
        ("Q5 2024", "is not a date that can be used"),
        ("unknown: " + "x" * 500, "is not a date that can be used"),
    ],
)
def test_a_fact_date_that_cannot_be_used_is_refused_with_the_remedy(text: str, what: str) -> None:
    assert what in refusal(when.parse_fact_date, text)


def test_a_day_is_shown_with_or_without_its_weekday() -> None:
    assert when.format_day(d("2023-11-10")) == "Friday 10 November 2023"
    assert when.format_day(d("2023-11-10"), weekday=False) == "10 November 2023"
    assert when.format_fact_date(DAY, weekday=False) == "10 November 2023"


def test_a_date_begins_first_at_utc_plus_14() -> None:
    begins = datetime(2023, 11, 10, tzinfo=timezone(timedelta(hours=14)))
    assert when.has_begun(DAY, begins)
    assert not when.has_begun(DAY, begins - timedelta(microseconds=1))
    assert when.has_begun(when.parse_fact_date("November 2023"), begins)
    assert not when.has_begun(when.parse_fact_date("from January 2029"), begins)
    assert when.has_begun(FactDate("unknown", printed="Cold War"), begins)
    with pytest.raises(TypeError):
        when.has_begun(DAY, begins.replace(tzinfo=None))
