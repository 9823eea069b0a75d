"""Tests of times of day, weekdays, zones and wall times, by tables: what can be typed, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot import dates
from tests.unit.moments import KOLKATA, NEW_YORK, NOW, refusal, wall

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
    assert dates.parse_time_of_day(text) == expected


@pytest.mark.parametrize(
    "text", ["25:00", "24:00", "9", "09:60", "13pm", "0am", "9:5", "half past nine", "", "9:00 IST", "٠٩:٠٠"]
)
def test_what_is_not_a_time_of_day_is_refused(text: str) -> None:
    assert refusal(dates.parse_time_of_day, text) == (
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
    assert dates.parse_weekdays(text) == expected


@pytest.mark.parametrize(
    "text", ["", "8", "0", "someday", "mon-", "monfri", "every", "mon,,fri", "weekdays and sat", "12345678"]
)
def test_what_names_no_weekdays_is_refused(text: str) -> None:
    assert "does not name days of the week" in refusal(dates.parse_weekdays, text)


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
    assert dates.format_weekdays(days) == expected


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
    assert dates.parse_zone(text) == expected
    assert dates.parse_zone(expected) == expected


def test_an_abbreviation_is_refused_with_the_zones_it_can_mean() -> None:
    assert refusal(dates.parse_zone, "IST") == (
        '"IST" is an abbreviation, not the name of a zone. Nothing was changed. '
        "Write Asia/Kolkata, Europe/Dublin or Asia/Jerusalem."
    )
    assert "Write America/New_York, America/Toronto or America/Panama." in refusal(dates.parse_zone, "est")
    assert "Write Pacific/Honolulu." in refusal(dates.parse_zone, "HST")


@pytest.mark.parametrize("text", ["ist", "est", "cst", "mst", "pst", "bst", "cet", "eet", "wet", "met", "jst", "aedt"])
def test_every_candidate_of_an_abbreviation_is_a_zone(text: str) -> None:
    candidates = dates.zone_choices(text)
    assert [dates.parse_zone(zone) for zone in candidates] == candidates
    assert candidates[0] in refusal(dates.parse_zone, text)


def test_a_city_of_two_zones_is_refused_with_both() -> None:
    assert "America/Chicago or America/Winnipeg" in refusal(dates.parse_zone, "central")


def test_a_misspelt_zone_is_answered_with_close_ones() -> None:
    assert refusal(dates.parse_zone, "Kolkatta").endswith("Did you mean Asia/Kolkata?")
    message = refusal(dates.parse_zone, "Europe/Londn")
    assert "Europe/London" in message
    assert message.count("/") <= 4


@pytest.mark.parametrize(
    "text", ["", "GMT+5", "UTC+5:30", "+05:30", "Factory", "localtime", "../etc/passwd", "x" * 6000]
)
def test_what_is_no_zone_is_refused(text: str) -> None:
    message = refusal(dates.parse_zone, text)
    assert "is not a zone" in message
    assert len(message) < 250


def test_zone_choices_begin_with_the_likeliest() -> None:
    assert dates.zone_choices("kol")[0] == KOLKATA
    assert dates.zone_choices("new y") == [NEW_YORK]
    assert dates.zone_choices("asia/ko") == [KOLKATA]
    assert dates.zone_choices("ist")[:3] == [KOLKATA, "Europe/Dublin", "Asia/Jerusalem"]
    assert dates.zone_choices("kolkatta") == [KOLKATA]
    assert dates.zone_choices("zzzz") == []


@pytest.mark.parametrize("text", ["", "a", "america", "e", "utc", "etc", "/"])
def test_zone_choices_are_at_most_25_usable_names(text: str) -> None:
    choices = dates.zone_choices(text)
    assert len(choices) == len(set(choices)) <= 25
    assert [dates.parse_zone(choice) for choice in choices] == choices
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
    before = dates.local_instant(day - timedelta(days=1), at, zone)
    nominal, instant = dates.next_local(before, zone, at)
    assert (nominal, instant) == (day, expected_at)
    assert instant.astimezone(ZoneInfo(zone)).isoformat() == expected
    assert dates.next_local(instant, zone, at)[1] - instant >= timedelta(hours=22)


def test_a_time_of_today_is_next_until_it_has_come() -> None:
    nine = dates.local_instant(date(2026, 11, 24), time(9), KOLKATA)
    assert dates.next_local(nine - timedelta(microseconds=1), KOLKATA, time(9)) == (date(2026, 11, 24), nine)
    assert dates.next_local(nine, KOLKATA, time(9)) == (date(2026, 11, 25), nine + timedelta(days=1))


def test_one_weekday_a_week_is_found_and_no_weekday_is_an_error() -> None:
    monday_nine = dates.local_instant(date(2026, 11, 23), time(9), KOLKATA)
    assert dates.next_local(monday_nine, KOLKATA, time(9), "1")[0] == date(2026, 11, 30)
    with pytest.raises(ValueError, match="no ISO weekday"):
        dates.next_local(NOW, KOLKATA, time(9), "")


def test_a_digest_in_the_gap_before_midnight_keeps_its_nominal_date() -> None:
    nominal, instant = dates.next_local(datetime(2026, 3, 28, 12, tzinfo=UTC), "America/Nuuk", time(23, 45))
    assert nominal == date(2026, 3, 28)
    assert instant.astimezone(ZoneInfo("America/Nuuk")).date() == date(2026, 3, 29)
    assert dates.next_local(instant, "America/Nuuk", time(23, 45))[0] == date(2026, 3, 29)


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
    assert dates.end_of_day(day, zone) == datetime.fromisoformat(expected)


def test_a_timestamp_is_whole_seconds_and_needs_an_aware_instant() -> None:
    assert dates.timestamp(datetime(2023, 11, 10, 12, 0, 0, 999_999, tzinfo=UTC)) == "<t:1699617600:f>"
    assert dates.timestamp(wall("2023-11-10T17:30"), "R") == "<t:1699617600:R>"
    with pytest.raises(TypeError):
        dates.timestamp(NOW.replace(tzinfo=None))


def test_the_zone_data_is_the_packages_own() -> None:
    import zoneinfo

    assert zoneinfo.TZPATH == ()
