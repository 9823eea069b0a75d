"""Amounts of money, as a source prints them: bound, unit, currency and what is counted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

import msgspec
from msgspec import Struct

from bot.errors import BadInput
from bot.ledger.values.bounds import BOUND_WORDS, any_of, read_number, refusal, split_bound
from bot.ledger.values.currencies import SIGNS, code_of, codes_shared_by
from bot.ledger.values.field_type import FieldType, Find, Names, expect, quoted, split_no_longer
from data.records import Bound, Money, Value

_UNITS: Mapping[str, int] = {
    "": 0, "thousand": 3, "million": 6, "billion": 9, "trillion": 12,
    "lakh": 5, "crore": 7, "thousand crore": 10, "lakh crore": 12,
}  # fmt: skip
"""The units of amounts, each with its power of ten."""
_SHORT_UNITS: Mapping[str, str] = {
    "k": "thousand", "thousands": "thousand",
    "m": "million", "mn": "million", "mln": "million", "mio": "million", "millions": "million",
    "b": "billion", "bn": "billion", "bln": "billion", "billions": "billion",
    "t": "trillion", "tn": "trillion", "trn": "trillion", "trillions": "trillion",
    "lac": "lakh", "lakhs": "lakh", "lacs": "lakh", "cr": "crore", "cr.": "crore", "crores": "crore",
    "lakh crores": "lakh crore", "thousand crores": "thousand crore",
}  # fmt: skip
_INDIAN_UNITS = ("lakh", "crore", "thousand crore", "lakh crore")


_KIND = re.compile(r"\s*\((?P<kind>[^()]{1,80})\)")
_NUMBER = r"[0-9](?:[0-9.,'’\u00a0\u202f]|\s(?=[0-9]{3}(?![0-9])))*"
_AMOUNT = re.compile(
    rf"(?P<before>[^\d\s]{{0,4}}\$|[^\w\s.,]|[^\W\d_]{{2,6}}\.?)?\s*(?P<number>{_NUMBER})"
    rf"[\s-]*(?P<unit>{any_of({**dict.fromkeys(_UNITS.keys() - {''}), **_SHORT_UNITS})})?(?P<after>.*)",
    re.IGNORECASE,
)
_RANGE = re.compile(
    r"(?:between\s+(?P<low>.*\d.*?)\s+and\s+(?P<high>.*\d.*)"
    r"|(?:from\s+)?(?P<first>.*\d.*?)(?:\s+to\s+|\s*[-–—]\s*)(?P<last>.*\d.*))",
    re.IGNORECASE,
)
_LONGEST = 24


class _Amount(Struct, frozen=True):
    """One number with its unit and its currency. The unit or the currency is "" if the text does not name it."""

    number: Decimal
    unit: str
    currency: str


@dataclass(frozen=True)
class MoneyType(FieldType):
    """An amount with its bound and currency: `more than 3 billion USD (notified ceiling)`."""

    stored: ClassVar[msgspec.json.Decoder[Value]] = msgspec.json.Decoder(Money)

    def parse(self, text: str, find: Find) -> Value:
        gone, words = split_no_longer(" ".join(text.split()))
        words, kind = self._split_kind(words)
        bound, words = split_bound(words)
        if range_ := _RANGE.fullmatch(words):
            low_words, high_words = (part for part in range_.groups() if part is not None)
            high = self._amount(text, high_words)
            low = self._amount(text, low_words)
        else:
            low = high = self._amount(text, words)
        currency = high.currency or low.currency
        if not currency:
            raise refusal(text, "names no currency", "Add its code, like 3 billion USD.")
        if low.currency not in ("", currency):
            raise refusal(text, "names two currencies", "Enter one value for each.")
        unit = high.unit
        first, last = _in_full(low.number, low.unit or unit), _in_full(high.number, unit)
        if last < first:
            raise refusal(text, "begins with the higher amount", "Write the lower one first.")
        if first != last and bound not in (Bound.EXACT, Bound.ABOUT):
            raise refusal(text, f'is a range and "{BOUND_WORDS[bound]}" at once', "Write one of them.")
        return Money(
            amount=first,
            currency=currency,
            bound=bound,
            kind=self._without_amount(kind, currency),
            most=None if first == last else last,
            unit="" if unit == _common_unit(last)[0] else unit,
            gone=gone,
        )

    def _split_kind(self, words: str) -> tuple[str, str]:
        """Return the words without the kind in brackets, and the kind.

        "3 billion USD (a year)" gives "3 billion USD" and "a year". The kind is "" if there are no brackets.
        """
        kinds = list(_KIND.finditer(words))
        if not kinds:
            return words, ""
        rest = (words[: kinds[-1].start()] + words[kinds[-1].end() :]).strip()
        return rest, kinds[-1]["kind"].strip()

    def _without_amount(self, kind: str, currency: str) -> str:
        """Return a kind without the amount that `words` writes before it: "ceiling" for "₹320 billion, ceiling"."""
        sign = SIGNS.get(currency, "")
        shown, comma, rest = kind.partition(", ")
        if not re.fullmatch(
            rf"(?:{re.escape(sign)})?[\d.,–-]+(?: (?:million|billion|trillion))?(?: {currency})?", shown
        ):
            return kind
        return rest if comma else ""

    def _amount(self, text: str, words: str) -> _Amount:
        """Return one number with its unit and currency. Raise BadInput that names what was not understood."""
        match = _AMOUNT.fullmatch(words.strip())
        if match is None:
            raise refusal(text, "is not an amount", f"Write it like {self.example}.")
        number = match["number"].rstrip(" ,.'’\u00a0\u202f")
        before, after = (match["before"] or "").strip(), match["after"].strip(" ,")
        unit = (match["unit"] or "").casefold()
        unit = _SHORT_UNITS.get(unit, unit)
        if len(number) > _LONGEST:
            raise refusal(text, f"has more than {_LONGEST} digits", "Use million, billion or crore.")
        names = [name for name in (before, after) if name]
        codes = [self._currency(text, name) for name in names]
        if len(set(codes)) > 1:
            raise refusal(text, "names two currencies", "Enter one value for each.")
        return _Amount(read_number(text, number), unit, codes[0] if codes else "")

    def _currency(self, text: str, name: str) -> str:
        if codes := codes_shared_by(name):
            raise refusal(text, f"names no single currency: {quoted(name)} is {' or '.join(codes)}", "Write the code.")
        code = code_of(name)
        if code is None:
            raise refusal(
                text,
                f"holds something that is no currency or unit: {quoted(name)}",
                f"Write it like {self.example}; what is counted goes into brackets, like 3 billion USD (a year).",
            )
        return code

    def check(self, value: Value) -> None:
        money = self.require(value, Money)
        amounts = [money.amount] if money.most is None else [money.amount, money.most]
        if any(not amount.is_finite() or amount < 0 for amount in amounts) or not re.fullmatch(
            "[A-Z]{3}", money.currency
        ):
            raise BadInput(f"{quoted(str(money.amount))} {quoted(money.currency)} is not an amount of money.")

    def typed(self, value: Value, names: Names) -> str:
        money = expect(value, Money)
        unit = _unit_of(money)
        amounts = [money.amount] if money.most is None else [money.amount, money.most]
        parts = (
            "no longer" if money.gone else "",
            BOUND_WORDS[money.bound],
            " to ".join(_digits(amount, unit) for amount in amounts),
            unit,
            money.currency,
            f"({money.kind})" if money.kind else "",
        )
        return " ".join(part for part in parts if part)

    def words(self, value: Value, names: Names) -> str:
        money = expect(value, Money)
        unit = _unit_of(money)
        common = _amount_words(money, _common_unit(money.most or money.amount)[0]) if unit in _INDIAN_UNITS else ""
        beside = ", ".join(part for part in (common, money.kind) if part)
        parts = (BOUND_WORDS[money.bound], _amount_words(money, unit), f"({beside})" if beside else "")
        return " ".join(part for part in parts if part)

    def key(self, value: Value) -> str:
        money = expect(value, Money)
        return f"{money.kind.casefold()}|{money.currency}"


def _in_full(number: Decimal, unit: str) -> Decimal:
    """Return the amount that a number with a unit means, without an exponent: 3990000000 for 3.99 and "billion"."""
    return Decimal(f"{number.scaleb(_UNITS[unit]).normalize():f}")


def _common_unit(amount: Decimal) -> tuple[str, int]:
    """Return the largest of million, billion and trillion that an amount reaches, with its power of ten."""
    for unit in ("trillion", "billion", "million"):
        if amount >= Decimal(10) ** _UNITS[unit]:
            return unit, _UNITS[unit]
    return "", 0


def _unit_of(money: Money) -> str:
    return money.unit or _common_unit(money.most or money.amount)[0]


def _digits(amount: Decimal, unit: str) -> str:
    """Return an amount in a unit: "3.99", "32,000"."""
    return f"{amount.scaleb(-_UNITS[unit]).normalize():,f}"


def _amount_words(money: Money, unit: str) -> str:
    sign = SIGNS.get(money.currency, "")
    digits = _digits(money.amount, unit)
    if money.most is not None:
        digits = f"{digits}–{_digits(money.most, unit)}"
    parts = (f"{sign}{digits}", unit, "" if sign else money.currency)
    return " ".join(part for part in parts if part)
