"""The type of fields that hold an amount of money."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

import msgspec

from bot.errors import BadInput
from bot.ledger.values.field_type import FieldType, Find, Names, expect, quoted
from data.records import Bound, Money, Value

_BOUNDS: Mapping[str, Bound] = {
    "more than": "at least",
    "over": "at least",
    "at least": "at least",
    "up to": "at most",
    "at most": "at most",
    "about": "about",
    "around": "about",
}
_BOUND_WORDS: Mapping[Bound, str] = {"at least": "more than", "at most": "at most", "about": "about", "exact": ""}
_SCALES = {
    "thousand": 3,
    "million": 6,
    "m": 6,
    "mn": 6,
    "billion": 9,
    "bn": 9,
    "b": 9,
    "trillion": 12,
    "crore": 7,
    "lakh": 5,
}
_SYMBOLS = {"$": "USD", "€": "EUR", "£": "GBP", "₹": "INR", "¥": "JPY"}
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "INR": "₹"}
_MONEY = re.compile(
    rf"(?:(?P<bound>{'|'.join(_BOUNDS)})\s+)?(?:(?P<before>[A-Z]{{3}}|[$€£₹¥])\s*)?(?P<number>\d[\d,]*(?:\.\d+)?)"
    rf"\s*(?P<scale>{'|'.join(_SCALES)})?(?:\s*(?P<after>[A-Z]{{3}}))?(?:\s*\((?P<kind>[^()]{{1,40}})\))?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class MoneyType(FieldType):
    """An amount of money with its currency, bound and kind, typed as `more than 3 billion USD (notified ceiling)`."""

    stored: ClassVar[msgspec.json.Decoder[Value]] = msgspec.json.Decoder(Money)

    def parse(self, text: str, find: Find) -> Value:
        match = _MONEY.fullmatch(" ".join(text.split()))
        currency = match and (match["after"] or match["before"] or "")
        if not match or not currency or (match["after"] and match["before"]) or len(match["number"]) > 24:
            raise BadInput(f"{quoted(text)} is not an amount. Nothing was changed. Write it like {self.example}.")
        amount = Decimal(match["number"].replace(",", "")).scaleb(_SCALES.get((match["scale"] or "").lower(), 0))
        return Money(
            amount=Decimal(f"{amount.normalize():f}"),  # Without an exponent: the stored form.
            currency=_SYMBOLS.get(currency, currency.upper()),
            bound=_BOUNDS.get((match["bound"] or "").lower(), "exact"),
            kind=(match["kind"] or "").strip(),
        )

    def check(self, value: Value) -> None:
        money = self.require(value, Money)
        if not money.amount.is_finite() or money.amount < 0 or not re.fullmatch("[A-Z]{3}", money.currency):
            raise BadInput(f"{quoted(str(money.amount))} {quoted(money.currency)} is not an amount of money.")

    def _amount(self, amount: Decimal) -> str:
        for scale, power in (("trillion", 12), ("billion", 9), ("million", 6)):
            if amount >= Decimal(10) ** power:
                return f"{amount.scaleb(-power).normalize():f} {scale}"
        return f"{amount:,}"

    def typed(self, value: Value, names: Names) -> str:
        money = expect(value, Money)
        parts = (
            _BOUND_WORDS[money.bound],
            self._amount(money.amount),
            money.currency,
            f"({money.kind})" if money.kind else "",
        )
        return " ".join(part for part in parts if part)

    def words(self, value: Value, names: Names) -> str:
        money = expect(value, Money)
        sign = _SIGNS.get(money.currency)
        amount = f"{sign}{self._amount(money.amount)}" if sign else f"{self._amount(money.amount)} {money.currency}"
        parts = (_BOUND_WORDS[money.bound], amount, f"({money.kind})" if money.kind else "")
        return " ".join(part for part in parts if part)

    def key(self, value: Value) -> str:
        return expect(value, Money).kind.casefold()
