"""Orders the titles of a person: those that they hold before those that they held. Pure."""

from __future__ import annotations

from datetime import date

from bot.ledger.words import as_written
from data.records import Fact, State, Title


def titles(state: State) -> list[Fact[Title]]:
    """Return the titles of a person: those without an end first, the newest report first, then the others by their end.

    A title without days is left out when another fact, which is not older, says when it was held.
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
