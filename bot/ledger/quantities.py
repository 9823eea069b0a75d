"""Compares how many things of a deal were delivered with how many were ordered. Pure."""

from __future__ import annotations

from datetime import date

from msgspec.structs import replace

from bot.ledger.cited import cited
from bot.ledger.values import quantity_words
from data.records import CitedText, Fact, Quantity, State


def progress(state: State) -> CitedText | None:
    """Return how much of a deal has been delivered: "46 of 180 tanks". Return None if no report says it.

    Only the newest report of a delivery counts. The number after "of" is from the same report or, if the report has no
    such number, it is the newest number that was ordered. If the two numbers cannot be compared, the text
    is "46 tanks".
    """
    delivered = _newest(state.facts("delivered", Quantity))
    if delivered is None:
        return None
    quantity, ordered = delivered.value, _ordered(state, delivered.value)
    if ordered is None:
        return cited(quantity_words(quantity), delivered)
    number, whole = (quantity_words(replace(part, unit="")) for part in (quantity, ordered.value))
    unit = quantity.unit or ordered.value.unit
    return cited(" ".join(filter(None, [number, "of", whole, unit])), delivered, ordered)


def progress_clause(state: State) -> CitedText | None:
    """Return how much of a deal has been delivered as a clause: "46 of 180 tanks delivered".

    A report can give words in place of a number: "delivered: a first batch". Return None if no report says it.
    """
    part = progress(state)
    if part is None:
        return None
    newest = _newest(state.facts("delivered", Quantity))
    in_words = newest is not None and newest.value.number is None
    return replace(part, text=f"delivered: {part.text}" if in_words else f"{part.text} delivered")


def _newest(facts: list[Fact[Quantity]]) -> Fact[Quantity] | None:
    """Return the newest fact, or None if there are no facts.

    Of several facts of the same day, the one that was entered last is the newest.
    """
    return max(facts, key=lambda fact: (fact.date.day or date.min, fact.update), default=None)


def _ordered(state: State, delivered: Quantity) -> Fact[Quantity] | None:
    """Return the newest fact about how many things were ordered that `delivered` can be compared with.

    Both need the same unit. If all ordered numbers have one unit, it is enough that one of the two has no unit. Return
    None if `delivered` has no number or names its own total. Also return None if more was delivered than was ordered,
    because then the two numbers count different things.
    """
    number = delivered.number
    if number is None or delivered.total is not None:
        return None
    numbered = [fact for fact in state.facts("quantity", Quantity) if fact.value.number is not None]
    units = {fact.value.unit.casefold() for fact in numbered}
    unit = delivered.unit.casefold()
    if len(units) > 1 or (unit and "" not in units):
        numbered = [fact for fact in numbered if fact.value.unit.casefold() == unit]
    newest = _newest(numbered)
    if newest is None or newest.value.number is None or number > (newest.value.most or newest.value.number):
        return None
    return newest
