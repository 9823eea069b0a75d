"""Property tests of parsing and formatting times, zones and days, with random zones, dates and texts."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import example, given
from hypothesis import strategies as st

from bot import dates
from bot.errors import BadInput
from tests.builders import on_day

# Sorted, so that a failing example is the same zone everywhere.
zones = st.sampled_from(sorted(available_timezones() - {"Factory"}))
instants = st.datetimes(datetime(1995, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
walls = st.times().map(lambda at: at.replace(second=0, microsecond=0))
weekdays = st.sets(st.sampled_from(dates.DAYS), min_size=1).map(lambda days: "".join(sorted(days)))
days = st.dates(date(1000, 1, 1), date(2200, 12, 31))

WORDS = [
    "in", "at", "on", "the", "of", "and", "to", "from", "since", "between", "next", "this", "end", "month",
    "year", "week",
    "today", "tomorrow", "yesterday", "noon", "midnight", "a", "an", "half", "hour", "days", "d", "h", "2w",
    "3", "31", "0",
    "99999999999999999999", "9am", "13pm", "25:00", "9.10", "9:30", "IST", "Z", "mon", "friday", "fri-mon",
    "feb", "December",
    "2026", "0000", "9999", "2026-02-30", "2026-12-01", "2026-12-01T14:00", "+05:30", "3/4/2026", "early",
    "Q2", "first",
    "half of", "quarter", "unknown", ":", "(worked out)", "(year worked out)", "–", "-", ",", "now", "İ",
    "ſun", "٣",
]  # fmt: skip
phrases = st.lists(st.sampled_from(WORDS), max_size=8).flatmap(
    lambda words: st.sampled_from(["", " "]).map(lambda between: between.join(words))
)
texts = st.one_of(st.text(st.characters(), max_size=400), phrases)


@given(instants, zones, walls, weekdays)
@example(datetime(2011, 12, 29, 19, tzinfo=UTC), "Pacific/Apia", time(9), "56")
@example(datetime(2026, 3, 28, 12, tzinfo=UTC), "America/Nuuk", time(23, 45), dates.DAYS)
def test_repeats_are_always_later_on_a_wanted_weekday_and_never_twice_on_one_date(
    after: datetime, zone: str, at: time, days: str
) -> None:
    seen: list[date] = []
    for _ in range(10):
        nominal, instant = dates.next_local(after, zone, at, days)
        assert instant > after
        assert instant.tzinfo is UTC
        assert str(nominal.isoweekday()) in days
        assert instant == dates.local_instant(nominal, at, zone)
        assert not seen or nominal > seen[-1]
        seen.append(nominal)
        after = instant


@given(instants, zones, walls)
def test_nothing_is_left_out_between_two_repeats(after: datetime, zone: str, at: time) -> None:
    nominal, instant = dates.next_local(after, zone, at)
    day_before = dates.local_instant(nominal - timedelta(days=1), at, zone)
    assert day_before <= after or day_before == instant


@given(days.filter(lambda day: day.year >= 1900), zones)
def test_the_end_of_a_day_is_after_all_of_it_and_is_the_start_of_the_next(day: date, zone: str) -> None:
    ended = dates.end_of_day(day, zone)
    assert ended.astimezone(ZoneInfo(zone)).date() > day
    assert dates.local_instant(day, time(12), zone) <= ended


@given(weekdays)
def test_weekdays_in_words_are_read_back(days: str) -> None:
    assert dates.parse_weekdays(dates.format_weekdays(days)) == days


@given(walls)
def test_a_time_of_day_is_read_back(at: time) -> None:
    assert dates.parse_time_of_day(at.isoformat("minutes")) == at
    half = "am" if at.hour < 12 else "pm"
    assert dates.parse_time_of_day(f"{at.hour % 12 or 12}:{at.minute:02} {half}") == at


@given(zones)
def test_every_zone_can_be_typed_and_what_is_kept_is_read_back(name: str) -> None:
    try:
        kept = dates.parse_zone(name)
    except BadInput as error:
        # EST, CET and their like are refused although the database has them.
        assert "is an abbreviation" in str(error)  # noqa: PT017
        return
    assert dates.parse_zone(kept.swapcase().replace("_", " ")) == kept
    now = datetime(2026, 11, 24, tzinfo=UTC)
    assert now.astimezone(ZoneInfo(kept)).utcoffset() == now.astimezone(ZoneInfo(name)).utcoffset()


@given(texts, instants, zones)
def test_any_text_is_an_instant_ahead_or_refused_in_words(text: str, now: datetime, zone: str) -> None:
    try:
        instant = dates.parse_instant(text, now=now, zone=zone)
    except BadInput as error:
        assert "Nothing was changed." in str(error)  # noqa: PT017
        return
    assert now < instant <= now + timedelta(days=3653)


@given(texts)
def test_any_text_is_read_or_refused_and_nothing_else_is_raised(text: str) -> None:
    for parse in (dates.parse_time_of_day, dates.parse_zone, dates.parse_weekdays):
        with suppress(BadInput):
            parse(text)
    assert len(dates.zone_choices(text)) <= 25


@given(texts, days)
@example("unknown:x(worked out)", date(2026, 1, 1))
@example("unknown: (worked out) (worked out)", date(2026, 1, 1))
def test_any_fact_date_that_is_read_can_be_typed_again(text: str, today: date) -> None:
    try:
        found = dates.parse_fact_date(text, today=today)
    except BadInput:
        return
    assert dates.parse_fact_date(dates.typed_fact_date(found)) == found
    assert found.precision == "unknown" or found.first is not None
    assert found.first is None or found.last is None or found.first <= found.last


@st.composite
def fact_texts(draw: st.DrawFn) -> str:
    day, other = sorted((draw(days), draw(days)))
    month = dates.MONTHS[day.month - 1]
    points = [
        day.isoformat(), dates.format_day(day), dates.format_day(day, weekday=False), f"{month} {day.year}",
        f"{month[:3]} {day.day}, {day.year}", str(day.year), f"{day.year}-{day.month:02}",
    ]  # fmt: skip
    point = draw(st.sampled_from(points))
    part = draw(st.sampled_from(["early", "mid", "late", "first half of", "H2", "Q3", "fourth quarter of"]))
    printed = draw(st.text(st.characters(), max_size=200))
    forms = [
        point, f"since {point}", f"from {point} on", f"{point} to {other.isoformat()}", f"{day.year}–{other.year}",
        f"between {day.isoformat()} and {dates.format_day(other)}", f"{part} {day.year}", "unknown",
        f"unknown: {printed}",
    ]  # fmt: skip
    return draw(st.sampled_from(forms)) + draw(st.sampled_from(["", " (worked out)", " (year worked out)"]))


@given(fact_texts())
def test_every_form_of_fact_date_is_read_and_read_back(text: str) -> None:
    found = dates.parse_fact_date(text)
    assert dates.parse_fact_date(dates.typed_fact_date(found)) == found
    assert dates.format_fact_date(found)


@given(fact_texts())
def test_a_fact_date_as_it_is_shown_can_be_typed(text: str) -> None:
    found = dates.parse_fact_date(text)
    if found.precision != "unknown":
        shown = dates.parse_fact_date(dates.format_fact_date(found))
        assert (shown.precision, shown.first, shown.last) == (found.precision, found.first, found.last)


@given(days, instants)
def test_a_day_that_has_begun_somewhere_stays_begun(day: date, now: datetime) -> None:
    fact = on_day(day)
    begun = dates.has_begun(fact, now)
    assert begun == (now >= datetime.combine(day, time(0), UTC) - timedelta(hours=14))
    assert not begun or dates.has_begun(fact, now + timedelta(days=1))
