"""Parsing and formatting of fact dates: calendar dates as precise as their source, such as "2018 to 2020"."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, timezone

from msgspec.structs import replace

from bot.dates._calendar import calendar_day, calendar_parts, existing_day, month_end, refuse_numeric
from bot.dates._words import LONGEST_TEXT, MONTH, MONTHS, WEEKDAYS, clean, index_of, pattern, refusal
from data.records import FactDate, Precision

LONGEST_PRINTED = 200

_PARTS_OF_YEAR = {
    "early": (1, 4), "mid": (5, 8), "late": (9, 12), "beginning of": (1, 3), "end of": (10, 12),
    "first half of": (1, 6), "second half of": (7, 12), "H1": (1, 6), "H2": (7, 12),
    "first quarter of": (1, 3), "second quarter of": (4, 6), "third quarter of": (7, 9), "fourth quarter of": (10, 12),
    "Q1": (1, 3), "Q2": (4, 6), "Q3": (7, 9), "Q4": (10, 12),
}  # fmt: skip
_PARTS_OF_MONTH = {"early": (1, 10), "mid": (11, 20), "late": (21, 31), "beginning of": (1, 10), "end of": (21, 31)}
_ALSO_CALLED = {
    "middle": "mid", "middle of": "mid", "start": "beginning of", "start of": "beginning of",
    "beginning": "beginning of", "end": "end of",
    "first half": "first half of", "second half": "second half of",
    "first quarter": "first quarter of", "second quarter": "second quarter of",
    "third quarter": "third quarter of", "fourth quarter": "fourth quarter of",
}  # fmt: skip
"""Other words for the parts of a year or month, each with the one that is kept."""
_PART_NAMES = "|".join(sorted({*_PARTS_OF_YEAR, *_ALSO_CALLED}, key=len, reverse=True))
_PART = [
    pattern(rf"(?:the )?(?P<part>{_PART_NAMES})[ -](?:of )?(?:(?P<month>{MONTH})(?: of)? )?(?P<year>\d{{4}})"),
    pattern(r"(?P<year>\d{4})(?P<month>)[ -](?P<part>[HQ]\d)"),
]
_DECADE = pattern(r"(?:the )?(?P<first>\d{3}0)['’]?s")
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_WORKED_OUT = pattern(r" ?\((?:year )?worked out\)\Z")
_UNKNOWN = pattern(r"unknown(?: ?: ?(?P<printed>.*))?")
_RANGE = [
    pattern(r"between (?P<first>.+?) and (?P<last>.+)"),
    pattern(r"(?:from )?(?P<first>.+?) (?:to|until|through|-) (?P<last>.+)"),
    pattern(r"(?P<first>\d{4}) ?- ?(?P<last>\d{4})"),
]
_OPEN = pattern(r"(?P<word>since|from|ongoing on|ongoing in) (?P<point>.+?)(?: on| onwards?)?")
_FISCAL = pattern(r"(?P<named>(?:FY|(?:fiscal|financial) year) ?)?(?P<first>\d{4})(?: ?[-/] ?(?P<last>\d{2}|\d{4}))?")
_BETWEEN = r" ?(?P<word>-|to|until|through|and) ?"
_DAYS_OF_MONTH = [
    pattern(rf"(?P<first>{_DAY}){_BETWEEN}(?P<last>{_DAY})(?: of)? (?P<month>{MONTH}) (?P<year>\d{{4}})"),
    pattern(rf"(?P<month>{MONTH}) (?P<first>{_DAY}){_BETWEEN}(?P<last>{_DAY}) (?P<year>\d{{4}})"),
]
_SHORT_YEAR = pattern(rf"(?:(?P<day>\d{{1,2}})[ -])?(?P<month>{MONTH})[ -](?P<mark>['’]?)(?P<year>\d{{2}})")
_HYPHEN = pattern(rf"(?<=\d)-(?=(?:{MONTH})\b)|(?<=[a-z.])-(?=\d{{4}}\Z)")
_TWO_MONTHS = pattern(rf"(?P<first>{MONTH}) ?- ?(?P<last>{MONTH}) (?P<year>\d{{4}})")
_LEADING = pattern(r"\A(?:in|on|during)(?: the)? (?=\S)")
_SEASON = pattern(r"(?:the )?(?:spring|summer|autumn|fall|winter)(?: of)? \d{4}")
_YEAR = pattern(r"\d{4}")
_MONTH_ALONE = pattern(MONTH)
_PART_OF_MONTH_ALONE = pattern(rf"(?:{_PART_NAMES})[ -](?:of )?{MONTH}|{_DAY} ?(?:-|to|and) ?{_DAY} {MONTH}")
_MONTH_OF_YEAR = [
    pattern(rf"(?P<month>{MONTH})(?: of)? (?P<year>\d{{4}})"),
    pattern(r"(?P<year>\d{4})-(?P<number>\d{2})"),
    pattern(r"(?P<number>\d{1,2})/(?P<year>\d{4})"),
]


def parse_fact_date(text: str, *, today: date | None = None) -> FactDate:
    """Return the fact date of a typed text such as "10 November 2023", "2018 to 2020", "early 2024" or "unknown".

    "today" and "yesterday" are accepted if `today` is given. Raise BadInput if the text is no date or can mean several
    dates.
    """
    cleaned = clean(text)
    words = _WORKED_OUT.sub("", cleaned)
    fact_date = _read_fact_date(words, today) if len(text) <= LONGEST_TEXT else None
    if fact_date is None:
        raise refusal(
            text, "is not a date that can be used", "Write it like 10 November 2023, November 2023 or 2018 to 2020."
        )
    return replace(fact_date, worked_out=True) if words != cleaned else fact_date


def _read_fact_date(words: str, today: date | None) -> FactDate | None:
    if m := _UNKNOWN.fullmatch(words):
        printed = m["printed"] or ""
        if len(printed) > LONGEST_PRINTED:
            raise refusal(words, "is too long", f"Write at most {LONGEST_PRINTED} characters after the colon.")
        return FactDate("unknown", printed=printed)
    words = " ".join(re.sub(r"[–—]", " - ", words.replace(",", " ")).split())
    if words.lower() in ("today", "yesterday") and today is not None:
        return _day_date(today - timedelta(days=words.lower() == "yesterday"))
    words = _HYPHEN.sub(" ", _LEADING.sub("", words))
    _refuse_years(words)
    vague = _read_part(words)
    if vague is not None:
        return vague
    fact_date = _read_point(words) or _read_days(words) or _read_range(words) or _read_open(words)
    if fact_date is None:
        refuse_numeric(words)
        if _SEASON.fullmatch(words):
            raise refusal(words, "is not the same months everywhere", "Write the months, like March 2024 to May 2024.")
        if calendar_parts(words) or _MONTH_ALONE.fullmatch(words) or _PART_OF_MONTH_ALONE.fullmatch(words):
            raise refusal(words, "has no year", "Add the year, like 10 November 2023.")
    return fact_date


def _refuse_years(words: str) -> None:
    """Raise BadInput for a fiscal year and for a year of two digits, which can mean several dates."""
    if m := _FISCAL.fullmatch(words):
        first, last = int(m["first"]), m["last"] or ""
        next_year = f"{first + 1}"
        if m["named"] or (last and len(last) == 2 and last == next_year[2:]):
            months = f"April {first} to March {next_year}"
            if m["named"]:
                raise refusal(words, "does not begin on the same day everywhere", f"Write the months, like {months}.")
            month = f"{MONTHS[int(last) - 1]} {first}, " if 1 <= int(last) <= 12 else ""
            either = f"can be {month}{first} to {next_year} or a fiscal year"
            raise refusal(words, either, f"Write {month}{first} to {next_year}, or {months}.")
        if len(last) == 2 and int(last) > max(12, first % 100):
            raise refusal(words, "has a year of two digits", f"Write {first} to {m['first'][:2]}{last}.")
    if m := _SHORT_YEAR.fullmatch(words):
        month = MONTHS[index_of(MONTHS, m["month"])]
        if m["day"] or m["mark"]:
            whole = " ".join(filter(None, [m["day"], month, f"20{m['year']}"]))
            raise refusal(words, "has a year of two digits", f"Write all four, like {whole}.")
        if "-" in words:
            raise refusal(
                words, f"can be {month} 20{m['year']} or {int(m['year'])} {month}", "Write the one that is meant."
            )


def _read_part(words: str) -> FactDate | None:
    """Return a part of a year or month ("mid-November 2023", "end of 2027") or a decade; None when it is neither."""
    if m := _DECADE.fullmatch(words):
        first = existing_day(words, int(m["first"]), 1, 1)
        return FactDate("range", first, date(first.year + 9, 12, 31), printed=f"the {first.year}s")
    m = next((m for form in _PART if (m := form.fullmatch(words))), None)
    if m is None:
        return None
    part = _ALSO_CALLED.get(m["part"].lower(), m["part"])
    year = existing_day(words, int(m["year"]), 1, 1).year
    if m["month"]:
        part, month = part.lower(), index_of(MONTHS, m["month"]) + 1
        if part not in _PARTS_OF_MONTH:
            return None
        first_day, last_day = _PARTS_OF_MONTH[part]
        last = month_end(year, month)
        printed = f"{part}{'-' if part == 'mid' else ' '}{MONTHS[month - 1]} {year}"
        return FactDate(
            "range", date(year, month, first_day), last.replace(day=min(last_day, last.day)), printed=printed
        )
    part = next((name for name in _PARTS_OF_YEAR if name.lower() == part.lower()), "")
    if not part:
        return None
    first_month, last_month = _PARTS_OF_YEAR[part]
    return FactDate("range", date(year, first_month, 1), month_end(year, last_month), printed=f"{part} {year}")


def _read_days(words: str) -> FactDate | None:
    """Return the range that some days or two months of one year name: "10-12 November 2023"; None for other words."""
    if m := _TWO_MONTHS.fullmatch(words):
        return _read_range(f"{m['first']} {m['year']} to {m['last']} {m['year']}")
    m = next((m for form in _DAYS_OF_MONTH if (m := form.fullmatch(words))), None)
    if m is None:
        return None
    first, last = (f"{re.sub('[a-z]', '', m[name].lower())} {m['month']} {m['year']}" for name in ("first", "last"))
    span = _read_range(f"{first} to {last}")
    days = span.last - span.first if span is not None and span.first and span.last else timedelta(days=1)
    if m["word"].lower() == "and" and days != timedelta(days=1):
        raise refusal(words, "are two days", "Enter what happened on each of them by itself.")
    return span


def _day_date(day: date) -> FactDate:
    return FactDate("day", day, day)


def _read_point(words: str) -> FactDate | None:
    """Return the fact date of "10 May 2024", "May 2024" or "2024". Return None for other words, also for "10 May"."""
    if (parts := calendar_parts(words)) and parts["year"]:
        return _day_date(calendar_day(words, parts, int(parts["year"])))
    if _YEAR.fullmatch(words):
        first = existing_day(words, int(words), 1, 1)
        return FactDate("year", first, first.replace(month=12, day=31))
    for form in _MONTH_OF_YEAR:
        if m := form.fullmatch(words):
            named = m.groupdict()
            month = int(named["number"]) if "number" in named else index_of(MONTHS, named["month"]) + 1
            first = existing_day(words, int(m["year"]), month, 1)
            return FactDate("month", first, month_end(first.year, first.month))
    return None


def _read_range(words: str) -> FactDate | None:
    m = next((m for form in _RANGE if (m := form.fullmatch(words))), None)
    last = _read_point(m["last"]) if m else None
    if m is None or last is None or last.last is None:
        return None
    # "1 January to 30 April 2024": the first date may leave out the year of the second.
    first = _read_point(m["first"]) or _read_point(f"{m['first']} {last.last.year}")
    if first is None or first.first is None:
        return None
    if first.first > last.last:
        raise refusal(words, "ends before it begins", "Write the earlier date first.")
    return _day_date(first.first) if first.first == last.last else FactDate("range", first.first, last.last)


def _read_open(words: str) -> FactDate | None:
    m = _OPEN.fullmatch(words)
    point = _read_point(m["point"]) if m else None
    if m is None or point is None:
        return None
    printed = f"{m['word'].lower()} {format_fact_date(point, weekday=False)}"
    plain = point.precision == "day" and printed.startswith("since")
    return FactDate("open", point.first, printed="" if plain else printed)


def typed_fact_date(d: FactDate) -> str:
    """Return a fact date as a person would type it. `parse_fact_date` turns the result back into the same date."""
    first, last = d.first or date.min, d.last or date.max
    forms: dict[Precision, str] = {
        "day": first.isoformat(),
        "month": f"{MONTHS[first.month - 1]} {first.year}",
        "year": first.isoformat()[:4],
        "range": d.printed or f"{first.isoformat()} to {last.isoformat()}",
        "open": d.printed or f"since {first.isoformat()}",
        "unknown": f"unknown: {d.printed}" if d.printed else "unknown",
    }
    return forms[d.precision] + (" (worked out)" if d.worked_out else "")


def format_day(day: date, weekday: bool = True) -> str:
    """Return a calendar date in words: "Friday 10 November 2023"."""
    words = f"{day.day} {MONTHS[day.month - 1]} {day.year}"
    return f"{WEEKDAYS[day.weekday()]} {words}" if weekday else words


def format_fact_date(d: FactDate, *, weekday: bool = True) -> str:
    """Return a fact date in words: "November 2023", "between 1 January and 30 April 2024", "since 5 May 2024"."""
    first, last = d.first, d.last
    if first is None:
        return d.printed or "on an unknown date"
    if last is None:
        return d.printed or f"since {format_day(first, weekday=False)}"
    if d.precision == "day":
        return format_day(first, weekday)
    if d.precision == "month":
        return f"{MONTHS[first.month - 1]} {first.year}"
    if d.precision == "year":
        return str(first.year)
    return d.printed or f"between {_format_span(first, last)}"


def on_date(d: FactDate, *, weekday: bool = True) -> str:
    """Return a fact date in words, with a preposition: "on Friday 10 November 2023", "in May 2024", "since 2022"."""
    words = format_fact_date(d, weekday=weekday)
    if d.precision == "day":
        return f"on {words}"
    if d.precision in ("open", "unknown") or words.startswith("between "):
        return words
    if words.startswith(("beginning of ", "end of ")):
        return f"at the {words}"
    return f"in the {words}" if " of " in words else f"in {words}"


def _format_span(first: date, last: date) -> str:
    if first.year == last.year:
        return f"{first.day} {MONTHS[first.month - 1]} and {format_day(last, weekday=False)}"
    if (first.month, first.day, last.month, last.day) == (1, 1, 12, 31):
        return f"{first.year} and {last.year}"
    return f"{format_day(first, weekday=False)} and {format_day(last, weekday=False)}"


def has_begun(d: FactDate, now: datetime) -> bool:
    """Return whether a fact date has begun somewhere on Earth (UTC+14 is first). An unknown date counts as begun."""
    return d.first is None or datetime.combine(d.first, time(0), timezone(timedelta(hours=14))) <= now
