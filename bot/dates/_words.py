"""The words of dates and times, and how what was typed is cleaned, quoted and refused."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from bot.errors import BadInput

LONGEST_TEXT, LONGEST_QUOTE = 300, 60

# English names from our own tables: strftime speaks the language of the machine.
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

WEEKDAY = (
    r"mon(?:day)?|tue(?:s(?:day)?)?|wed(?:s|nesday)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?"
)
MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?"
    r"|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
TIME = r"(?:noon|midnight|\d{1,2}(?:[:.]\d{2})? ?(?:am|pm|a\.m\.|p\.m\.)|\d{1,2}[:.]\d{2})"


def pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.ASCII | re.IGNORECASE)


def clean(text: str) -> str:
    """The text on one line, without control characters, lone surrogates and marks that turn the reading direction."""
    kept = (
        " " if c.isspace() else c
        for c in text[:1000]
        if c.isspace()
        or not (unicodedata.category(c) in ("Cc", "Cs") or "\u202a" <= c <= "\u202e" or "\u2066" <= c <= "\u2069")
    )
    return " ".join("".join(kept).split())


def quoted(text: str) -> str:
    words = clean(text)
    return f'"{words}"' if len(words) <= LONGEST_QUOTE else f'"{words[: LONGEST_QUOTE - 1]}…"'


def refusal(text: str, what: str, remedy: str) -> BadInput:
    """What to raise: what was typed, what is wrong with it, that nothing was changed, and what works instead."""
    return BadInput(f"{quoted(text)} {what}. Nothing was changed. {remedy}")


def listed(names: Iterable[str], last: str) -> str:
    *most, final = names
    return f"{', '.join(most)} {last} {final}" if most else final


def index_of(names: tuple[str, ...], word: str) -> int:
    """Which month or weekday a word names that its pattern has already accepted: three letters tell them apart."""
    return [name[:3].lower() for name in names].index(word[:3].lower())
