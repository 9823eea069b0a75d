"""Local wall times and days of the week, and the instants that they mean in a zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.dates._words import WEEKDAY, WEEKDAYS, clean, index_of, listed, pattern, refusal

DAYS = "1234567"

_CLOCK = pattern(r"(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))? ?(?P<half>am|pm|a\.m\.|p\.m\.)?")


def parse_time_of_day(text: str) -> time:
    """Return the time of day that a text means ("09:00", "9:30 pm", "9am", "21.30", "noon"), or raise BadInput."""
    words = clean(text).lower()
    if words in ("noon", "midnight"):
        return time(12) if words == "noon" else time(0)
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
    """Return ISO weekdays as sorted digits: "weekdays", "mon-fri" and "12345" all give "12345".

    Raise BadInput for a text that names no days of the week.
    """
    words = re.sub(r"\s*[–—]\s*", "-", clean(text)).lower()
    words = words if words in _DAY_SETS else words.removeprefix("on ").removeprefix("every ")
    if words in _DAY_SETS:
        return _DAY_SETS[words]
    days: set[str] = set(words) if re.fullmatch("[1-7]{1,7}", words) else set()
    for part in [] if days else re.split(r" ?, ?and | ?[,&+] ?| and ", words):
        # "mon wed fri": days may also stand side by side, a range keeps its "to".
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
    """Return ISO weekdays, given as digits, in words: "weekdays", "Mondays", "Monday, Wednesday and Friday"."""
    for name in ("every day", "weekdays", "weekends"):
        if days == _DAY_SETS[name]:
            return name
    names = [WEEKDAYS[int(digit) - 1] for digit in days]
    return f"{names[0]}s" if len(names) == 1 else listed(names, "and")


def local_instant(day: date, at: time, zone: str) -> datetime:
    """Return the instant, in UTC, of a local wall time.

    Where a change of the clock skips the time, the instant moves forward; where it comes twice, the first counts.
    """
    return datetime.combine(day, at.replace(fold=0), ZoneInfo(zone)).astimezone(UTC)


def next_local(after: datetime, zone: str, at: time, days: str = DAYS) -> tuple[date, datetime]:
    """Return the first time `at` after `after` on one of the ISO weekdays `days`: its nominal local date, its instant.

    What happens once a day is known by its nominal date: where the clock skips midnight, the instant can fall on the
    day after it. Raise ValueError when `days` holds no weekday.
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
    """Return the calendar date in the zone at an instant."""
    return at.astimezone(ZoneInfo(zone)).date()


def end_of_day(day: date, zone: str) -> datetime:
    """Return the instant at which the day has ended in the zone."""
    return local_instant(day + timedelta(days=1), time(0), zone)


def timestamp(at: datetime, style: str = "f") -> str:
    """Return the markup of a Discord timestamp, which every reader sees in their own zone."""
    return f"<t:{(at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)}:{style}>"
