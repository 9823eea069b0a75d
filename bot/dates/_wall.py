"""Local times of day, days of the week, and their conversion to instants in a time zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.dates._words import FOUR_DIGITS, WEEKDAY, WEEKDAYS, clean, index_of, listed, pattern, refusal

DAYS = "1234567"

_FOUR_DIGITS = pattern(FOUR_DIGITS)
_CLOCK = pattern(r"(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))? ?(?P<half>am|pm|a\.m\.|p\.m\.)?")


def parse_time_of_day(text: str) -> time:
    """Return the time of day that a text means ("09:00", "9:30 pm", "9am", "21.30", "0930 hrs"), or raise BadInput."""
    words = clean(text).lower()
    if words in ("noon", "midnight"):
        return time(12) if words == "noon" else time(0)
    if _FOUR_DIGITS.fullmatch(words):
        words = f"{words[:2]}:{words[2:4]}"
    if (m := _CLOCK.fullmatch(words)) and (m["half"] or m["minute"]):
        hour, minute = int(m["hour"]), int(m["minute"] or 0)
        if m["half"]:
            hour = hour % 12 + 12 * m["half"].startswith("p") if 1 <= hour <= 12 else 24
        if hour < 24 and minute < 60:
            return time(hour, minute)
    raise refusal(text, "is not a time of day", "Write it like 09:00 or 9:30 pm.")


_DAY_SETS = {
    **dict.fromkeys(("weekdays", "weekday", "workdays"), "12345"),
    **dict.fromkeys(("weekends", "weekend"), "67"),
    **dict.fromkeys(("every day", "everyday", "daily", "all"), DAYS),
}
_SOME_DAYS = pattern(rf"(?P<first>{WEEKDAY})s?(?: ?(?:-|to) ?(?P<last>{WEEKDAY})s?)?")


def parse_weekdays(text: str) -> str:
    """Return typed weekdays as sorted ISO digits (Monday is 1): "weekdays", "mon-fri" and "12345" give "12345".

    Raise BadInput for a text that names no days of the week.
    """
    words = re.sub(r"\s*[–—]\s*", "-", clean(text)).lower()
    words = words if words in _DAY_SETS else words.removeprefix("on ").removeprefix("every ")
    if words in _DAY_SETS:
        return _DAY_SETS[words]
    days: set[str] = set(words) if re.fullmatch("[1-7]{1,7}", words) else set()
    for part in [] if days else re.split(r" ?, ?and | ?[,&+] ?| and ", words):
        # "mon wed fri": days may be separated by spaces alone, but "mon to fri" is one range.
        pieces = [part] if _SOME_DAYS.fullmatch(part) else part.split(" ")
        for piece in pieces:
            m = _SOME_DAYS.fullmatch(piece)
            if m is None:
                raise refusal(
                    text, "does not name days of the week", "Write it like weekdays, every day or Mon, Wed, Fri."
                )
            first = index_of(WEEKDAYS, m["first"])
            last = index_of(WEEKDAYS, m["last"] or m["first"])
            days.update(str((first + k) % 7 + 1) for k in range((last - first) % 7 + 1))
    return "".join(sorted(days))


def format_weekdays(days: str) -> str:
    """Return ISO weekday digits (Monday is 1) in words: "weekdays", "Mondays", "Monday, Wednesday and Friday"."""
    for name in ("every day", "weekdays", "weekends"):
        if days == _DAY_SETS[name]:
            return name
    names = [WEEKDAYS[int(digit) - 1] for digit in days]
    return f"{names[0]}s" if len(names) == 1 else listed(names, "and")


def local_instant(day: date, at: time, zone: str) -> datetime:
    """Return the instant, in UTC, of a local date and time of day in a zone.

    A clock change can skip the time: then it moves forward, so 2:30 becomes 3:30. A clock change can also repeat the
    time: then the first instant is returned.
    """
    return datetime.combine(day, at.replace(fold=0), ZoneInfo(zone)).astimezone(UTC)


def next_local(after: datetime, zone: str, at: time, days: str = DAYS) -> tuple[date, datetime]:
    """Return when the clock in a zone next shows `at`, later than `after`: as a local date, and as an instant.

    Only the ISO weekdays in `days` count. Raise ValueError if `days` has none. If a clock change skips midnight, the
    instant can fall on the day after the returned date.
    """
    today = after.astimezone(ZoneInfo(zone)).date()
    for offset in range(-1, 10):
        day = today + timedelta(days=offset)
        if str(day.isoweekday()) in days:
            instant = local_instant(day, at, zone)
            if instant > after:
                return day, instant
    raise ValueError(f"no ISO weekday in {days!r}")


def local_date(at: datetime, zone: str) -> date:
    """Return the calendar date of an instant in a zone."""
    return at.astimezone(ZoneInfo(zone)).date()


def end_of_day(day: date, zone: str) -> datetime:
    """Return the instant at which a day ends in a zone. It is also the beginning of the next day."""
    return local_instant(day + timedelta(days=1), time(0), zone)


def timestamp(at: datetime, style: str = "f") -> str:
    """Return the markup of a Discord timestamp, such as "<t:1700000000:f>". Each reader sees it in their own zone."""
    return f"<t:{(at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)}:{style}>"
