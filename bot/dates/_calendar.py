"""Parsing of calendar dates as people write them, and arithmetic with months."""

from __future__ import annotations

from calendar import monthrange
from datetime import MAXYEAR, date

from bot.dates._words import MONTH, MONTHS, WEEKDAY, WEEKDAYS, index_of, listed, pattern, refusal

FIRST_YEAR, LAST_YEAR = 1000, 2200

_YEAR_FIRST = r"(?P<year>\d{4})[-/](?P<number>\d{1,2})[-/](?P<day>\d{1,2})"
_DAY_FIRST = rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<month>{MONTH})(?: (?P<year>\d{{4}}))?"
_MONTH_FIRST = rf"(?P<month>{MONTH}) (?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: (?P<year>\d{{4}}))?"
_CALENDAR = [
    pattern(rf"(?:(?P<weekday>{WEEKDAY}) )?(?:the )?{form}") for form in (_YEAR_FIRST, _DAY_FIRST, _MONTH_FIRST)
]
_NUMERIC = pattern(r"(?P<first>\d{1,2})(?P<mark>[-/.])(?P<second>\d{1,2})(?:(?P=mark)(?P<year>\d{2}|\d{4}))?")


def calendar_parts(words: str) -> dict[str, str | None] | None:
    """Return the parts of a typed calendar date such as "Friday 10 November 2023". Return None for other words.

    The keys are "weekday", "day", "year", and either "month" (a name) or "number". A part that was left out is None.
    """
    return next((m.groupdict() for form in _CALENDAR if (m := form.fullmatch(words))), None)


def calendar_day(words: str, parts: dict[str, str | None], year: int) -> date:
    """Return the date in `year` that the parts of a typed date name. The parts come from `calendar_parts`.

    Raise BadInput, quoting `words`, if the date does not exist or does not fall on the typed weekday.
    """
    month = int(number) if (number := parts.get("number")) else index_of(MONTHS, parts.get("month") or "") + 1
    day = existing_day(words, year, month, int(parts["day"] or 0))
    if (weekday := parts["weekday"]) and index_of(WEEKDAYS, weekday) != day.weekday():
        raise refusal(words, f"does not fit together: it is a {WEEKDAYS[day.weekday()]}", f"Write {day.isoformat()}.")
    return day


def existing_day(words: str, year: int, month: int, day: int) -> date:
    """Return the date of a year, month and day that somebody typed.

    Raise BadInput, quoting `words`, if there is no such day or the year is not between 1000 and 2200.
    """
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise refusal(words, "is too far away", f"Years from {FIRST_YEAR} to {LAST_YEAR} can be used.")
    try:
        return date(year, month, day)
    except ValueError:
        raise refusal(words, "is not in the calendar", "Check the day and the month.") from None


def refuse_numeric(words: str) -> None:
    """Raise BadInput for a date of digits alone, since 3/4/2026 is one day in Delhi and another in Washington.

    "9.30" is accepted, since it can only be a time. "9.10" can be a time or a date, so it is refused.
    """
    m = _NUMERIC.fullmatch(words)
    if m is None or (m["mark"] == "." and not m["year"] and not 1 <= int(m["second"]) <= 12):
        return
    first, second = int(m["first"]), int(m["second"])
    dates: set[str] = set()
    for month, day in ((first, second), (second, first)):
        if len(m["year"] or "") == 4 and 1 <= month <= 12 and 1 <= day <= monthrange(int(m["year"]), month)[1]:
            dates.add(f"{m['year']}-{month:02}-{day:02}")
    problem = "is not the same date everywhere" if m["year"] or m["mark"] != "." else "can be a date or a time"
    remedy = listed(sorted(dates), "or") if dates else "a date like 2026-12-01 and a time like 09:10"
    raise refusal(words, problem, f"Write {remedy}.")


def month_end(year: int, month: int) -> date:
    """Return the last day of a month."""
    return date(year, month, monthrange(year, month)[1])


def plus_months(day: date, months: int) -> date:
    """Return the same day of the month some months later. If that month is too short, return its last day.

    Raise OverflowError for a date after the year 9999.
    """
    year, index = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > MAXYEAR:
        raise OverflowError
    return date(year, index + 1, min(day.day, monthrange(year, index + 1)[1]))
