"""Escaping, clipping, plurals and lists of words. Every text that people typed goes through `escaped`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from bot.errors import UserError
from bot.ledger.words import one_line

# Markdown, mentions, timestamps (<t:>), channels (<#1>), commands (</x:1>), guides (<id:>) all begin with one of these.
_SPECIAL = re.compile(r"([\\*_~`|<>\[\]()#])")
_LINE_START = re.compile(r"^(\s*)([-+]|\d+\.)(?=\s)")
# Most texts hold none of these and begin with no list mark: one look instead of three.
_HARMLESS = re.compile(r"[^\\*_~`|<>\[\]()#@+\d-][^\\*_~`|<>\[\]()#@]*")
_PING = re.compile(r"@(?=everyone|here)")

UNANSWERED = "-# Discord did not say in time whether you are still in every server; ask again to see all of them."


@lru_cache(2048)  # Names of a record are written in every list and card.
def escape(text: str) -> str:
    """Return a typed text on one line, escaped so that Discord shows it letter by letter."""
    line = one_line(text)
    return line if _HARMLESS.fullmatch(line) else escape_start(escape_inside(line))


def escape_inside(part: str) -> str:
    """Escape the Markdown and the mentions in a part of a line."""
    return _PING.sub("@\u200b", _SPECIAL.sub(r"\\\1", part))


def escape_start(line: str) -> str:
    """Escape a list mark at the beginning of an escaped line."""
    return _LINE_START.sub(lambda m: m[1] + (f"\\{m[2]}" if len(m[2]) == 1 else m[2].replace(".", "\\.")), line)


def clip(text: str, limit: int) -> str:
    """Clip a text to `limit` characters, with an ellipsis where it was cut; an escape is not cut in two."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    backslashes = len(cut) - len(cut.rstrip("\\"))
    return (cut[:-1] if backslashes % 2 else cut).rstrip() + "…"


def escaped(text: str, limit: int = 400) -> str:
    """Return a typed text, escaped and then clipped to `limit` characters."""
    return clip(escape(text), limit)


def error_text(error: UserError) -> str:
    """Return an error's sentence, escaped unless it has marks of its own."""
    return str(error) if error.marked_up else escape(str(error))


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun: "1 deal", "2 deals", "1,000 deals"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def a(noun: str) -> str:
    """Return a noun with its article: "a deal", "an event"."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def joined(words: Sequence[str], last: str = "and") -> str:
    """Join words as a list: "a", "a and b", "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else ""


def sentence(text: str) -> str:
    """Return a phrase with its first letter in upper case, unless that is several letters (ß, ﬁ in a PDF)."""
    first = text[:1].upper()
    return first + text[1:] if len(first) == 1 else text
