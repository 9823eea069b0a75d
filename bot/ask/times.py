"""The time that a question asks about: a day, a month, a year or a span before or since one."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Literal, NamedTuple

from msgspec import Struct

from bot import dates

Mode = Literal["at", "before", "since", "between"]


class Asked(Struct, frozen=True):
    """A time in a question: its first and last day, how it stands to them, and the words that it was read from.

    `latest` tells that no year was given, so that it is the latest such date that is not in the future. `of` marks a
    date that belongs to the words before it ("the attack of ..."), so that it rather names than dates.
    """

    first: date
    last: date
    mode: Mode
    start: int
    end: int
    latest: bool = False
    of: bool = False

    def day(self, today: date) -> date:
        """The day whose picture is asked for: the last that counts, never one to come."""
        if self.mode == "before":
            return min(self.first - timedelta(days=1), today)
        return today if self.mode == "since" else min(self.last, today)


_MONTHS = {name.lower(): number for number, name in enumerate(dates.MONTHS, 1)}
_MONTHS |= {name[:3]: number for name, number in _MONTHS.items()} | {"sept": 9}
_DAYS = {name.lower(): number for number, name in enumerate(dates.WEEKDAYS)}
_ORDINALS = ("st", "nd", "rd", "th")
_UNITS = {"day": 1, "days": 1, "week": 7, "weeks": 7, "fortnight": 14}
_NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10}
_BEFORE = ("before", "prior", "preceding")
_SINCE = ("since", "after", "from", "following")
_VERBS_TOO = ("may", "march", "mar", "sat", "sun", "mon", "wed")
_THROUGH = ("to", "and", "until", "till", "through")
_PLACED = (
    "in",
    "between",
    "from",
    "on",
    "of",
    "last",
    "since",
    "before",
    "after",
    "until",
    "till",
    "by",
    "during",
    "mid",
    "early",
    "late",
)


class _Words:
    """The words of a question, read from a place on."""

    def __init__(self, words: Sequence[str], today: date) -> None:
        self.words = words
        self.today = today

    def at(self, index: int) -> str:
        return self.words[index] if 0 <= index < len(self.words) else ""

    def number(self, index: int, least: int, most: int) -> int | None:
        word = self.at(index)
        return int(word) if word.isdecimal() and len(word) <= 4 and least <= int(word) <= most else None

    def year(self, index: int) -> int | None:
        return self.number(index, 1900, 2199)

    def month(self, index: int) -> int | None:
        return _MONTHS.get(self.at(index))

    def ordinal(self, index: int) -> int:
        """How many words an ending such as "th", and an "of" after it, take up."""
        taken = int(self.at(index) in _ORDINALS)
        return taken + int(self.at(index + taken) == "of" and self.month(index + taken + 1) is not None)


class _Span(NamedTuple):
    """First and last day, how many words say them, and whether the year was left out."""

    first: date
    last: date
    length: int
    latest: bool = False


def find(words: Sequence[str], today: date, taken: frozenset[int] = frozenset()) -> Asked | None:
    """The time in a question's words, or None. `taken` are the places of words that belong to names."""
    found = _Words(words, today)
    for start in range(len(words)):
        span = None if start in taken else _span(found, start)
        if span is None:
            continue
        first, last, latest = span.first, span.last, span.latest
        end = start + span.length
        before = found.at(start - 1)
        then = found.at(end)
        if then in _THROUGH and (second := _span(found, end + 1)):
            if latest:
                # The year is said once, or not at all; from a December to a February it is the one before.
                first = _in_year(first, second.last.year)
                first = first if first <= second.last else _in_year(first, second.last.year - 1)
            if before in ("between", "from") and first <= second.last:
                return Asked(first, second.last, "between", start - 1, end + 1 + second.length, second.latest)
        mode: Mode = "at"
        if before in _BEFORE or found.at(start - 2) in _BEFORE:
            mode = "before"
        elif before in _SINCE:
            mode = "since"
        of = before in ("of", "about") and found.at(start - 2) != "as"
        return Asked(first, last, mode, start, end, latest, of)
    return None


def _in_year(day: date, year: int) -> date:
    return _day(year, day.month, day.day) or date(year, day.month, 28)


def _span(found: _Words, at: int) -> _Span | None:
    return _calendar(found, at) or _relative(found, at)


def _day(year: int, month: int, day: int) -> date | None:
    return date(year, month, day) if 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1] else None


def _month(year: int, month: int, length: int, *, latest: bool = False) -> _Span:
    return _Span(date(year, month, 1), date(year, month, monthrange(year, month)[1]), length, latest)


def _latest(found: _Words, month: int, day: int) -> date | None:
    """The latest such day that is not in the future; a 29 February may be some years back."""
    years = range(found.today.year, found.today.year - 9, -1)
    days = (_day(year, month, day) for year in years)
    return next((one for one in days if one is not None and one <= found.today), None)


def _calendar(found: _Words, at: int) -> _Span | None:
    year, number, month = found.year(at), found.number(at, 1, 31), found.month(at)
    if year and (named := found.number(at + 1, 1, 12)) and (number := found.number(at + 2, 1, 31)):
        exact = _day(year, named, number)
        return _Span(exact, exact, 3) if exact else None
    if number:
        after = at + 1 + found.ordinal(at + 1)
        if month := found.month(after):
            return _of_month(found, number, month, after + 1, at)
        named, year = found.number(at + 1, 1, 31), found.year(at + 2)
        if named and year:
            # 3/4/2026 is one date in Delhi and another in Washington: only what is the same in both is read.
            either = {_day(year, named, number), _day(year, number, named)} - {None}
            if len(either) == 1 and (exact := either.pop()):
                return _Span(exact, exact, 3)
        return None
    if month:
        number = found.number(at + 1, 1, 31)
        if number:
            after = at + 2 + int(found.at(at + 2) in _ORDINALS)
            return _of_month(found, number, month, after, at)
        if year := found.year(at + 1):
            return _month(year, month, 2)
        if found.at(at) in _VERBS_TOO and found.at(at - 1) not in _PLACED:
            return None
        year = found.today.year - int(month > found.today.month)
        return _month(year, month, 1, latest=True)
    if year and (found.at(at - 1) in _PLACED or (found.at(at - 1) in _THROUGH and found.year(at - 2))):
        return _Span(date(year, 1, 1), date(year, 12, 31), 1)
    return None


def _of_month(found: _Words, number: int, month: int, after: int, at: int) -> _Span | None:
    if year := found.year(after):
        exact = _day(year, month, number)
        return _Span(exact, exact, after + 1 - at) if exact else None
    exact = _latest(found, month, number)
    return _Span(exact, exact, after - at, latest=True) if exact else None


def _relative(found: _Words, at: int) -> _Span | None:
    word, then, today = found.at(at), found.at(at + 1), found.today
    if word == "yesterday":
        day = today - timedelta(days=1)
        return _Span(day, day, 1)
    if word in ("last", "past", "previous", "this"):
        back = 0 if word == "this" else 1
        if then == "week":
            monday = today - timedelta(days=today.weekday() + 7 * back)
            return _Span(monday, monday + timedelta(days=6), 2)
        if then == "month":
            first = _months_back(today.replace(day=1), back)
            return _month(first.year, first.month, 2)
        if then == "year":
            return _Span(date(today.year - back, 1, 1), date(today.year - back, 12, 31), 2)
        if then == "quarter":
            first = _months_back(today.replace(day=1, month=(today.month - 1) // 3 * 3 + 1), 3 * back)
            return _Span(first, _months_back(first, -3) - timedelta(days=1), 2)
        if then in _DAYS and back:
            day = today - timedelta(days=(today.weekday() - _DAYS[then] - 1) % 7 + 1)
            return _Span(day, day, 2)
        if back and (month := found.month(at + 1)) and not found.number(at + 2, 1, 31) and not found.year(at + 2):
            year = today.year - int(month >= today.month)
            return _month(year, month, 2)
        many = found.number(at + 1, 1, 999) or _NUMBERS.get(then)
        if back and many and (start := _back(today, many, found.at(at + 2))):
            return _Span(start, today, 3)
        return None
    many = found.number(at, 1, 999) or _NUMBERS.get(word)
    if many and found.at(at + 2) in ("ago", "back", "earlier") and (day := _back(today, many, then)):
        return _Span(day, day, 3)
    return None


def _back(today: date, many: int, unit: str) -> date | None:
    """The day so many days, weeks, months or years ago; None when the unit is none or it is before all calendars."""
    try:
        if unit in _UNITS:
            return today - timedelta(days=many * _UNITS[unit])
        months = {"month": 1, "months": 1, "quarter": 3, "quarters": 3, "year": 12, "years": 12}.get(unit)
        return _months_back(today, many * months) if months else None
    except (OverflowError, ValueError):
        return None


def _months_back(day: date, months: int) -> date:
    year, index = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, index + 1, min(day.day, monthrange(year, index + 1)[1]))
