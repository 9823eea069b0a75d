"""Parsing of the times that people type for reminders: "in 3 days", "next Friday 9am"."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.dates._calendar import calendar_day, calendar_parts, existing_day, month_end, plus_months, refuse_numeric
from bot.dates._wall import local_instant, parse_time_of_day
from bot.dates._words import (
    FOUR_DIGITS,
    LONGEST_TEXT,
    MONTHS,
    TIME,
    WEEKDAY,
    WEEKDAYS,
    clean,
    index_of,
    pattern,
    refusal,
)

MORNING = time(9)
FURTHEST = timedelta(days=3653)

_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip
_UNIT = r"(?:minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w|months?|mo|years?|y)"
_NUMBER = "|".join(_NUMBERS)
_TERM = rf"(?:\d+ ?{_UNIT}|(?:{_NUMBER}) {_UNIT})"
_MORE_TERMS = rf"(?:(?: and)? ?\d+ ?{_UNIT}|(?: and)? (?:{_NUMBER}) {_UNIT})*"
# "0930 hrs" is a time of day; "in 1000 hours" is a span.
_SPAN = pattern(rf"(?:in |(?!{FOUR_DIGITS}\Z))(?P<terms>{_TERM}{_MORE_TERMS})(?: from (?:now|today))?")
_ONE_TERM = pattern(rf"(?P<number>\d+|\b(?:{_NUMBER})\b) ?(?P<unit>{_UNIT})(?![a-z])")
_ISO = pattern(
    r"(?P<day>\d{4}-\d{2}-\d{2})[t ](?P<time>\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?) ?(?P<offset>z|utc|[+-]\d{2}:?\d{2})?"
)
_TIME_LAST = pattern(rf"(?:(?P<day>.+?) )??(?:at )?(?P<time>{TIME})(?: (?P<abbreviation>[a-z]{{2,5}}))?")
_TIME_FIRST = pattern(rf"(?:at )?(?P<time>{TIME}) (?:on )?(?P<day>.+)")
_NEXT_WEEKDAY = pattern(rf"(?P<which>this |next )?(?P<weekday>{WEEKDAY})")
_WEEKDAY_NEXT_WEEK = pattern(rf"(?P<weekday>{WEEKDAY}) (?:of )?next week|next week(?: on)? (?P<later>{WEEKDAY})")
_END_OF = pattern(r"(?:(?:the )?end of (?:the |this )?(?P<next>next )?(?P<unit>month|year)|eo(?P<letter>m|y))")


def parse_instant(text: str, *, now: datetime, zone: str) -> datetime:
    """Return the instant, in UTC, of a typed text such as "in 3 days" or "next Friday 9am" in a time zone.

    A day without a time means 09:00. Raise BadInput if the text cannot be parsed as a whole or can mean two instants.
    Raise it also if the instant has passed or is more than 10 years away.
    """
    words = " ".join(clean(text).replace(",", " ").split())
    instant = None
    try:
        if len(text) <= LONGEST_TEXT:
            instant = _read_instant(words, now, zone)
        too_far = instant is not None and instant - now > FURTHEST
    except OverflowError:
        too_far = True
    if too_far:
        raise refusal(text, "is more than 10 years away", "Write a date within the next 10 years.")
    if instant is None:
        raise refusal(
            text,
            "is not a time that can be used",
            'Write it like "in 3 days", "next Friday 9am" or "2026-12-01 14:00".',
        )
    if instant <= now:
        wall = instant.astimezone(ZoneInfo(zone))
        today = now.astimezone(ZoneInfo(zone)).date()
        hint = f"For tomorrow write: tomorrow {wall:%H:%M}" if wall.date() == today else "Write a later date."
        raise refusal(text, "has passed", hint)
    return instant


def _read_instant(words: str, now: datetime, zone: str) -> datetime | None:
    if not words:
        return None
    refuse_numeric(words)
    if m := _ISO.fullmatch(words):
        return _read_iso(words, m, zone)
    local = now.astimezone(ZoneInfo(zone))
    if (span := _read_span(words, local.date())) is not None:
        day, extra = span
        # "In 2 days" keeps the local time of day when the clocks change; "in 48 hours" counts elapsed hours.
        start = now.astimezone(UTC) if day == local.date() else local_instant(day, local.time(), zone)
        return start + extra
    for day_words, at_words, abbreviation in _readings(words):
        day = _read_day(day_words, local.date()) if day_words else local.date()
        if day is not None:
            if at_words.lower() == "midnight" and day_words:
                raise refusal(words, "can be the start or the end of that day", "Write 00:00 or 23:59.")
            at = parse_time_of_day(at_words) if at_words else MORNING
            return _abbreviated(day, at, zone, abbreviation) if abbreviation else local_instant(day, at, zone)
    return None


def _readings(words: str) -> Iterator[tuple[str, str, str]]:
    """Yield each way to split words into three parts: a day, a time and the abbreviation of a zone.

    A missing part is "".
    """
    yield words, "", ""
    first = _TIME_FIRST.fullmatch(words)
    if first:
        yield first["day"], first["time"], ""
    if m := _TIME_LAST.fullmatch(words):
        yield m["day"] or "", m["time"], m["abbreviation"] or ""
    if first and " " in first["day"]:
        abbreviation, _, day_words = first["day"].partition(" ")
        yield day_words, first["time"], abbreviation


def _read_iso(words: str, m: re.Match[str], zone: str) -> datetime:
    day = existing_day(words, *(int(part) for part in m["day"].split("-")))
    try:
        at = time.fromisoformat(m["time"])
        offset = time.fromisoformat(m["time"] + m["offset"].upper().replace("UTC", "Z")).tzinfo if m["offset"] else None
    except ValueError:
        raise refusal(
            words, "is not a time of day", "Write it like 2026-12-01 14:00 or 2026-12-01 14:00+05:30."
        ) from None
    return datetime.combine(day, at, offset).astimezone(UTC) if offset else local_instant(day, at, zone)


def _read_span(words: str, today: date) -> tuple[date, timedelta] | None:
    """Return the parsed span: "in 2 weeks and 3 hours" gives the day 2 weeks after `today`, and 3 hours.

    Return None for other words.
    """
    if words.lower() in ("half an hour", "in half an hour"):
        return today, timedelta(minutes=30)
    m = _SPAN.fullmatch(words)
    if m is None:
        return None
    day, extra = today, timedelta()
    for term in _ONE_TERM.finditer(m["terms"].replace(" and ", " ")):
        number = int(term["number"]) if term["number"].isdecimal() else _NUMBERS[term["number"].lower()]
        unit = term["unit"].lower()
        if unit.startswith(("mo", "y")):
            day = plus_months(day, number * (12 if unit.startswith("y") else 1))
        elif unit.startswith(("d", "w")):
            day += timedelta(days=number * (7 if unit.startswith("w") else 1))
        else:
            extra += timedelta(hours=number) if unit.startswith("h") else timedelta(minutes=number)
    return day, extra


def _read_day(words: str, today: date) -> date | None:
    """Return the day meant by words such as "next Friday" or "end of the month". Return None for other words."""
    refuse_numeric(words)
    words = words.lower().removeprefix("on ").removeprefix("the ")
    monday = today + timedelta(days=7 - today.weekday())
    by_name = {
        "today": today,
        "tomorrow": today + timedelta(days=1),
        "day after tomorrow": today + timedelta(days=2),
        "next week": monday,
        "next month": plus_months(today.replace(day=1), 1),
        "next year": date(today.year + 1, 1, 1),
    }
    if words in by_name:
        return by_name[words]
    if m := _END_OF.fullmatch(words):
        months = (12 if m["unit"] == "year" else 1) if m["next"] else 0
        then = plus_months(today.replace(day=1), months)
        return date(then.year, 12, 31) if "y" in (m["unit"] or m["letter"]) else month_end(then.year, then.month)
    if m := _WEEKDAY_NEXT_WEEK.fullmatch(words):
        return monday + timedelta(days=index_of(WEEKDAYS, m["weekday"] or m["later"]))
    if m := _NEXT_WEEKDAY.fullmatch(words):
        ahead = (index_of(WEEKDAYS, m["weekday"]) - today.weekday()) % 7
        if ahead == 0 and m["which"] != "next ":
            name = WEEKDAYS[today.weekday()]
            raise refusal(words, "is today, and can also mean in a week", f'Write "today" or "next {name}".')
        return today + timedelta(days=ahead or 7)
    if (span := _read_span(words, today)) is not None:
        return None if span[1] else span[0]
    if parts := calendar_parts(words):
        return calendar_day(words, parts, int(parts["year"]) if parts["year"] else _coming_year(parts, today))
    return None


def _coming_year(parts: dict[str, str | None], today: date) -> int:
    """Return the year in which a typed day and month without a year come next. A date that is today counts as next."""
    month, day = index_of(MONTHS, parts["month"] or "") + 1, int(parts["day"] or 0)
    passed = (month, day) < (today.month, today.day)
    years = range(today.year + passed, today.year + 9)
    return next((year for year in years if 1 <= day <= monthrange(year, month)[1]), today.year)


def _abbreviated(day: date, at: time, zone: str, abbreviation: str) -> datetime:
    """Return the instant of a local time that was typed with a zone abbreviation, such as "9:00 CEST".

    Raise BadInput if `zone` does not have this abbreviation at that time of the year.
    """
    for fold in (0, 1):
        local = datetime.combine(day, at.replace(fold=fold), ZoneInfo(zone))
        if (local.tzname() or "").lower() == abbreviation.lower():
            return local.astimezone(UTC)
    example = f"{day.isoformat()} {at:%H:%M}"
    raise refusal(
        abbreviation,
        f"is not what the time in {zone} is called then",
        f"Leave it out for the time in {zone}, or write the distance from UTC, like {example}+05:30.",
    )
