"""Numbers of things: how many were ordered, delivered or may be bought later."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

import msgspec

from bot.errors import BadInput
from bot.ledger.values.bounds import BOUND_WORDS, read_number, split_bound
from bot.ledger.values.field_type import FieldType, Find, Names, quoted
from bot.ledger.words import one_line
from data.records import Quantity, Value

_LIMIT = 100
_NUMBER = r"[0-9](?:[0-9.,]*[0-9])?"
_QUANTITY = re.compile(
    rf"(?P<number>{_NUMBER})(?:\s*(?:-|–|to)\s*(?P<most>{_NUMBER}))?(?:\s+of\s+(?P<total>{_NUMBER}))?"
    r"(?:\s+(?P<unit>[^\W\d][^,;:()]*))?"
)


class _Stored:
    """Reads a quantity from JSON. Earlier releases stored only the printed words."""

    def __init__(self) -> None:
        self._decoder = msgspec.json.Decoder(Quantity | str)

    def decode(self, buf: bytes | str | msgspec.Raw, /) -> Value:
        """Return the quantity of a stored value. Words that `read_quantity` cannot use are kept as they are printed."""
        value = self._decoder.decode(buf)
        if not isinstance(value, str):
            return value
        try:
            quantity = read_quantity(value)
            _check(quantity)
        except BadInput:
            return Quantity(printed=value)
        return quantity


@dataclass(frozen=True)
class QuantityType(FieldType):
    """A number of things: `31 drones`, `about 120`, `46 of 180`; other words are kept as they are printed."""

    stored: ClassVar[_Stored] = _Stored()

    def parse(self, text: str, find: Find) -> Value:
        line = one_line(text)
        value = read_quantity(line)
        self.check(value)
        return value

    def check(self, value: Value) -> None:
        quantity = self.require(value, Quantity)
        if quantity.number is None and not quantity.printed:
            raise BadInput(f"Nothing is written there. Nothing was changed. Write it like {self.example}.")
        _check(quantity)

    def typed(self, value: Value, names: Names) -> str:
        quantity = self.require(value, Quantity)
        return quantity_words(quantity)

    def words(self, value: Value, names: Names) -> str:
        return quantity_words(self.require(value, Quantity))

    def key(self, value: Value) -> str:
        return self.require(value, Quantity).unit.casefold()


def _check(quantity: Quantity) -> None:
    """Raise BadInput for a quantity that is too long or cannot be a number of things."""
    words = quantity_words(quantity)
    if len(words) > _LIMIT:
        raise BadInput(f"{quoted(words)} has {len(words):,} characters; {_LIMIT} fit. Nothing was changed. Shorten it.")
    numbers = [number for number in (quantity.number, quantity.most, quantity.total) if number is not None]
    if any(not number.is_finite() or number < 0 for number in numbers):
        raise BadInput(f"{quoted(words)} is not a number of things. Nothing was changed.")
    if quantity.number is not None and quantity.total is not None and quantity.number > quantity.total:
        raise BadInput(
            f"{quoted(words)} is more than all of them. Nothing was changed. Write the part first, like 46 of 180."
        )


def read_quantity(text: str) -> Quantity:
    """Return the quantity that a text means.

    If the text is not a number with or without a unit, the quantity has only the printed text. Raise BadInput for a
    comma that can be a decimal comma ("1,5").
    """
    bound, words = split_bound(text)
    match = _QUANTITY.fullmatch(words)
    if match is None:
        return Quantity(printed=text)
    number = read_number(text, match["number"])
    most = read_number(text, match["most"]) if match["most"] else None
    if most is not None and most < number:
        return Quantity(printed=text)
    return Quantity(
        number=number,
        unit=(match["unit"] or "").strip(),
        bound=bound,
        most=most if most != number else None,
        total=read_number(text, match["total"]) if match["total"] else None,
    )


def quantity_words(quantity: Quantity) -> str:
    """Return a quantity in words: "about 120 tanks", "46 of 180"."""
    if quantity.number is None:
        return quantity.printed
    number = f"{quantity.number:,f}"
    if quantity.most is not None:
        number = f"{number} to {quantity.most:,f}"
    total = f"of {quantity.total:,f}" if quantity.total is not None else ""
    return " ".join(part for part in (BOUND_WORDS[quantity.bound], number, total, quantity.unit) if part)
