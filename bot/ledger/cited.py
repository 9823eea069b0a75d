"""Cited text in plain words: each piece with the day of the facts it states. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import TypeVar

from bot import dates
from data.records import CitedText, Fact, FactDate

T = TypeVar("T")

Day = tuple[object, ...]
"""What makes two fact dates the same day to a reader, whether or not a part of it was worked out."""


def day_key(found: FactDate) -> Day:
    """Return a key that is equal for dates shown with the same words."""
    return (found.precision, found.first, found.last, found.printed)


def days_of(facts: Iterable[Fact[object]]) -> tuple[FactDate, ...]:
    """Return the distinct days of some facts, the latest first."""
    found = {day_key(fact.date): fact.date for fact in facts}
    return tuple(sorted(found.values(), key=lambda day: str(day.day or ""), reverse=True))


def day_words(days: Sequence[FactDate]) -> str:
    """Return days in words: "10 November 2023", or "3 May 2024 and 10 November 2023"; "" where there are none."""
    words = [_day(day) for day in days]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def _day(day: FactDate) -> str:
    if day.first is None and not day.printed:
        return "date not known"
    return dates.format_fact_date(day, weekday=False)


def says_day(text: str, day: str) -> bool:
    """Return whether a text holds a day in words itself; "31 October 2024" does not hold "1 October 2024"."""
    return not day or re.search(rf"(?<!\d){re.escape(day)}(?!\d)", text) is not None


def by_day(parts: Iterable[CitedText]) -> Iterator[tuple[tuple[FactDate, ...], list[CitedText]]]:
    """Group neighbouring parts that have the same days; yield the days and the parts of each group.

    Parts without facts have no days.
    """
    for _, run in groupby(parts, key=lambda part: tuple(map(day_key, days_of(part.facts)))):
        together = list(run)
        yield days_of(together[0].facts), together


def plain(parts: Iterable[CitedText]) -> str:
    """Return a status line without markup: "Signed on 15 October 2024; deliveries outstanding, 20 October 2024".

    Neighbours that share a day state it once, after the last of them; a day that the last of them says itself is not
    said again.
    """
    said: list[str] = []
    for days, together in by_day(part for part in parts if part.text):
        words = "; ".join(part.text for part in together)
        day = day_words(days)
        said.append(words if says_day(together[-1].text, day) else f"{words}, {day}")
    return "; ".join(said)


def one_day(facts: Iterable[Fact[object] | None]) -> bool:
    """Return whether some facts have one day at most, so that one text may state them together."""
    return len(days_of(fact for fact in facts if fact is not None)) <= 1


def shortened(parts: Iterable[CitedText], limit: int) -> str:
    """Return a status line of at most `limit` characters: the first texts, each still with its day.

    A day is left out with its text, never cut off from it; a single text that is too long is clipped before its day.
    """
    kept = [part for part in parts if part.text]
    words, rest = plain(kept), []
    while len(words) > limit and len(kept) > 1:
        kept, rest = kept[:-1], [CitedText("and more")]
        words = plain([*kept, *rest])
    if len(words) > limit:
        first = kept[0]
        text = first.text[: max(len(first.text) - (len(words) - limit) - 1, 0)].rstrip() + "…"
        words = plain([CitedText(text, first.facts), *rest])
    return words if len(words) <= limit else words[: limit - 1] + "…"


def undated(parts: Iterable[CitedText]) -> str:
    """Return the words of a status line without days, for finding records by them."""
    return "; ".join(part.text for part in parts if part.text)


def bare(fact: Fact[object]) -> Fact[object]:
    """Return a fact without its value: what a text keeps of the facts it states."""
    return Fact(None, fact.date, fact.update, fact.source, fact.locator)


def cited(text: str, *facts: Fact[object] | None) -> CitedText:
    """Return a text with the facts it states; what is None is left out."""
    return CitedText(text, tuple(fact for fact in facts if fact is not None))


def of_each_day(facts: Iterable[Fact[T]], words: Callable[[list[Fact[T]]], str]) -> list[CitedText]:
    """Return one text for the facts of each day, the newest first, so that no day stands beside another's words."""
    found: dict[Day, list[Fact[T]]] = {}
    for fact in sorted(facts, key=lambda fact: str(fact.date.day or ""), reverse=True):
        found.setdefault(day_key(fact.date), []).append(fact)
    return [cited(words(together), *together) for together in found.values()]
