"""The names of months and weekdays, the cleaning of typed text, and errors that quote typed text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from bot.errors import BadInput

LONGEST_TEXT, LONGEST_QUOTE = 300, 60

# The names are fixed here because those of strftime depend on the locale of the machine.
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
FOUR_DIGITS = r"(?:\d{4} ?(?:hours|hour|hrs|hr|h)|0\d{3})"
"""A time of day as armies and railways write it: "0930 hrs"; without a word only where it cannot be a year."""
TIME = rf"(?:noon|midnight|\d{{1,2}}(?:[:.]\d{{2}})? ?(?:am|pm|a\.m\.|p\.m\.)|\d{{1,2}}[:.]\d{{2}}|{FOUR_DIGITS})"


def pattern(text: str) -> re.Pattern[str]:
    """Compile a regular expression that ignores case and whose classes, such as \\d, match only ASCII."""
    return re.compile(text, re.ASCII | re.IGNORECASE)


def clean(text: str) -> str:
    """Return the first 1,000 characters of a text on one line.

    Control characters, unpaired surrogates and marks that change the reading direction are removed.
    """
    chars = (
        " " if c.isspace() else c
        for c in text[:1000]
        if c.isspace()
        or not (unicodedata.category(c) in ("Cc", "Cs") or "\u202a" <= c <= "\u202e" or "\u2066" <= c <= "\u2069")
    )
    return " ".join("".join(chars).split())


def quoted(text: str) -> str:
    """Return a typed text in quotation marks, cut to 60 characters, for an error message."""
    words = clean(text)
    return f'"{words}"' if len(words) <= LONGEST_QUOTE else f'"{words[: LONGEST_QUOTE - 1]}…"'


def refusal(text: str, problem: str, remedy: str) -> BadInput:
    """Return a BadInput for a typed text. It quotes the text and names the problem and the remedy."""
    return BadInput(f"{quoted(text)} {problem}. Nothing was changed. {remedy}")


def listed(names: Iterable[str], last: str) -> str:
    """Return names as a list in words: "a, b and c". `last` is the word before the final name, here "and"."""
    *most, final = names
    return f"{', '.join(most)} {last} {final}" if most else final


def index_of(names: tuple[str, ...], word: str) -> int:
    """Return the index of the month or weekday that begins with the same three letters as `word`.

    Raise ValueError if there is none.
    """
    return [name[:3].lower() for name in names].index(word[:3].lower())
