"""Numbers as people type them, and the words beside them that say how exact they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

from bot.errors import BadInput
from bot.ledger.values.field_type import quoted
from data.records import Bound

_PREFIXES: Mapping[str, Bound] = {
    "more than": Bound.MORE_THAN, "over": Bound.MORE_THAN, "above": Bound.MORE_THAN, "exceeding": Bound.MORE_THAN,
    "greater than": Bound.MORE_THAN, "in excess of": Bound.MORE_THAN, "upwards of": Bound.MORE_THAN,
    "upward of": Bound.MORE_THAN, ">": Bound.MORE_THAN,
    "at least": Bound.AT_LEAST, "no less than": Bound.AT_LEAST, "not less than": Bound.AT_LEAST,
    "a minimum of": Bound.AT_LEAST, "≥": Bound.AT_LEAST, ">=": Bound.AT_LEAST,
    "less than": Bound.LESS_THAN, "under": Bound.LESS_THAN, "below": Bound.LESS_THAN, "<": Bound.LESS_THAN,
    "up to": Bound.AT_MOST, "at most": Bound.AT_MOST, "no more than": Bound.AT_MOST, "not more than": Bound.AT_MOST,
    "not exceeding": Bound.AT_MOST, "a maximum of": Bound.AT_MOST, "≤": Bound.AT_MOST, "<=": Bound.AT_MOST,
    "about": Bound.ABOUT, "around": Bound.ABOUT, "approximately": Bound.ABOUT, "approx.": Bound.ABOUT,
    "approx": Bound.ABOUT, "roughly": Bound.ABOUT, "some": Bound.ABOUT, "circa": Bound.ABOUT, "c.": Bound.ABOUT,
    "ca.": Bound.ABOUT, "~": Bound.ABOUT, "an estimated": Bound.ABOUT, "estimated": Bound.ABOUT,
    "nearly": Bound.NEARLY, "almost": Bound.NEARLY, "just under": Bound.NEARLY, "close to": Bound.NEARLY,
    "exactly": Bound.EXACT,
}  # fmt: skip
_SUFFIXES: Mapping[str, Bound] = {
    "or more": Bound.AT_LEAST, "and more": Bound.AT_LEAST, "or above": Bound.AT_LEAST, "plus": Bound.AT_LEAST,
    "+": Bound.AT_LEAST, "or less": Bound.AT_MOST, "or so": Bound.ABOUT,
}  # fmt: skip
BOUND_WORDS: Mapping[Bound, str] = {
    Bound.EXACT: "",
    Bound.MORE_THAN: "more than",
    Bound.AT_LEAST: "at least",
    Bound.LESS_THAN: "less than",
    Bound.AT_MOST: "at most",
    Bound.ABOUT: "about",
    Bound.NEARLY: "nearly",
}


def any_of(words: Iterable[str]) -> str:
    """Return a pattern that matches any of some words, the longest first.

    It does not match the beginning of a longer word, such as "thousand" in "thousandth".
    """
    return "|".join(
        re.escape(word) + (r"(?![\w])" if word[-1].isalpha() else "") for word in sorted(words, key=len, reverse=True)
    )


_PREFIX = re.compile(rf"({any_of(_PREFIXES)})\s*", re.IGNORECASE)
_SUFFIX = re.compile(rf"\s*({any_of(_SUFFIXES)})\Z", re.IGNORECASE)
_WESTERN = re.compile(r"\d{1,3}(?:(?P<mark>[,'’\u00a0\u202f ])\d{3})(?:(?P=mark)\d{3})*(?:\.\d+)?", re.ASCII)
_INDIAN = re.compile(r"\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d+)?")
_PLAIN = re.compile(r"\d+(?:\.\d+)?")


def refusal(text: str, problem: str, remedy: str) -> BadInput:
    """Return the error for a typed text: what is wrong with it, that nothing was changed, and what to write."""
    return BadInput(f"{quoted(text)} {problem}. Nothing was changed. {remedy}")


def split_bound(words: str) -> tuple[Bound, str]:
    """Return the bound that a text begins or ends with ("more than", "or more"), and the rest of the text."""
    if prefix := _PREFIX.match(words):
        return _PREFIXES[prefix[1].casefold()], words[prefix.end() :]
    if suffix := _SUFFIX.search(words):
        return _SUFFIXES[suffix[1].casefold()], words[: suffix.start()]
    return Bound.EXACT, words


def read_number(text: str, digits: str) -> Decimal:
    """Return the number that `digits`, a part of a typed text, mean.

    A comma is a thousands mark if all groups of digits are complete ("1,234", "1,23,456"). For any other comma, raise
    BadInput with both numbers that it can mean.
    """
    if _PLAIN.fullmatch(digits):
        return Decimal(digits)
    if (_WESTERN.fullmatch(digits) or _INDIAN.fullmatch(digits)) and not digits.startswith("0"):
        return Decimal(re.sub(r"[^\d.]", "", digits))
    before, _, after = re.sub("[^0-9]", " ", digits).rpartition(" ")
    whole = before.replace(" ", "")
    readings = f"{int(whole):,}.{after} or {int(whole + after):,}"
    raise refusal(text, f"can mean several numbers: {quoted(digits)} is {readings}", "Write the one that is meant.")
