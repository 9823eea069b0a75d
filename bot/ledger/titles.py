"""Orders the titles of a person: those that they hold before those that they held. Pure."""

from __future__ import annotations

from datetime import date

from bot.ledger.words import as_written
from data.records import Fact, State, Title


def titles(state: State) -> list[Fact[Title]]:
    """Return the titles of a person: first the titles without an end, then the titles that have ended.

    Titles without an end are sorted by fact date, the newest first, and ended titles by their end, the latest first.
    A title that has neither a beginning nor an end is left out if another fact says when the same title was held, and
    this other fact is not older.
    """
    facts = state.facts("title", Title)
    dated = [fact for fact in facts if fact.value.since or fact.value.until]
    plain = [fact for fact in facts if fact not in dated and not any(_covers(other, fact) for other in dated)]
    held = [fact for fact in [*dated, *plain] if fact.value.until is None]
    ended = [fact for fact in dated if fact.value.until is not None]
    return [*sorted(held, key=_day, reverse=True), *sorted(ended, key=_end, reverse=True)]


def _covers(dated: Fact[Title], plain: Fact[Title]) -> bool:
    return as_written(dated.value.text) == as_written(plain.value.text) and _day(dated) >= _day(plain)


def _day(fact: Fact[Title]) -> date:
    return fact.date.day or date.min


def _end(fact: Fact[Title]) -> date:
    until = fact.value.until
    return (until.day if until else None) or date.min
