"""Makes cited texts, and writes them as plain text with the dates of their facts after them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import TypeVar

from bot import dates
from data.records import CitedText, Fact, FactDate

T = TypeVar("T")

Day = tuple[object, ...]
"""A key of a fact date, as `day_key` returns it: equal for two dates that readers see as the same."""


def day_key(fact_date: FactDate) -> Day:
    """Return a key that is equal for fact dates that are written alike. `FactDate.worked_out` makes no difference."""
    return (fact_date.precision, fact_date.first, fact_date.last, fact_date.printed)


def days_of(facts: Iterable[Fact[object]]) -> tuple[FactDate, ...]:
    """Return the different dates of some facts, the latest first."""
    by_key = {day_key(fact.date): fact.date for fact in facts}
    return tuple(sorted(by_key.values(), key=lambda day: str(day.day or ""), reverse=True))


def day_words(days: Sequence[FactDate]) -> str:
    """Return dates in words: "10 November 2023", or "3 May 2024 and 10 November 2023"; "" for no dates."""
    words = [_day(day) for day in days]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def _day(day: FactDate) -> str:
    if day.first is None and not day.printed:
        return "date not known"
    return dates.format_fact_date(day, weekday=False)


def says_day(text: str, day: str) -> bool:
    """Return whether a text contains a date in words; "31 October 2024" does not contain "1 October 2024"."""
    return not day or re.search(rf"(?<!\d){re.escape(day)}(?!\d)", text) is not None


def by_day(parts: Iterable[CitedText]) -> Iterator[tuple[tuple[FactDate, ...], list[CitedText]]]:
    """Group neighbouring texts whose facts have the same dates; yield the dates and the texts of each group.

    Texts without facts form groups of their own, without dates.
    """
    for _, run in groupby(parts, key=lambda part: tuple(map(day_key, days_of(part.facts)))):
        together = list(run)
        yield days_of(together[0].facts), together


def plain(parts: Iterable[CitedText]) -> str:
    """Return a status line without markup: "Signed on 15 October 2024; deliveries outstanding, 20 October 2024".

    A date that neighbouring texts have in common is written once, after the last of these texts. It is not written if
    this last text contains it already.
    """
    groups: list[str] = []
    for days, together in by_day(part for part in parts if part.text):
        words = "; ".join(part.text for part in together)
        day = day_words(days)
        groups.append(words if says_day(together[-1].text, day) else f"{words}, {day}")
    return "; ".join(groups)


def one_day(facts: Iterable[Fact[object] | None]) -> bool:
    """Return whether all facts have the same date, so that one text may state them together. A None is ignored."""
    return len(days_of(fact for fact in facts if fact is not None)) <= 1


def shortened(parts: Iterable[CitedText], limit: int) -> str:
    """Return a status line of at most `limit` characters, made of the first texts that fit, each with its date.

    A text that does not fit is left out together with its date. If even the first text is too long, its words are cut
    and its date is kept.
    """
    fitting = [part for part in parts if part.text]
    words, rest = plain(fitting), []
    while len(words) > limit and len(fitting) > 1:
        fitting, rest = fitting[:-1], [CitedText("and more")]
        words = plain([*fitting, *rest])
    if len(words) > limit:
        first = fitting[0]
        text = first.text[: max(len(first.text) - (len(words) - limit) - 1, 0)].rstrip() + "…"
        words = plain([CitedText(text, first.facts), *rest])
    return words if len(words) <= limit else words[: limit - 1] + "…"


def undated(parts: Iterable[CitedText]) -> str:
    """Return the words of a status line without the dates of its facts, for search and for counting characters."""
    return "; ".join(part.text for part in parts if part.text)


def bare(fact: Fact[object]) -> Fact[object]:
    """Return a copy of a fact without its value. Cited texts store their facts in this form."""
    return Fact(None, fact.date, fact.update, fact.source, fact.locator)


def cited(text: str, *facts: Fact[object] | None, field: str = "", values: Sequence[CitedText] = ()) -> CitedText:
    """Return a cited text. Facts that are None are left out. Only texts of a status line have `field` and `values`."""
    return CitedText(text, tuple(fact for fact in facts if fact is not None), field, tuple(values))


def of_each_day(facts: Iterable[Fact[T]], words: Callable[[list[Fact[T]]], str]) -> list[CitedText]:
    """Return one text for each date, the newest date first. `words` makes a text from the facts of one date."""
    by_key: dict[Day, list[Fact[T]]] = {}
    for fact in sorted(facts, key=lambda fact: str(fact.date.day or ""), reverse=True):
        by_key.setdefault(day_key(fact.date), []).append(fact)
    return [cited(words(together), *together) for together in by_key.values()]
