"""Text helpers: escaping, clipping, plurals and joined lists. Texts that people typed are shown through `escaped`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from bot.errors import UserError
from bot.ledger.words import one_line

# Markdown, mentions, timestamps (<t:>), channels (<#1>), commands (</x:1>) and guides (<id:>) start with one of these.
_SPECIAL = re.compile(r"([\\*_~`|<>\[\]()#])")
_LINE_START = re.compile(r"^(\s*)([-+]|\d+\.)(?=\s)")
# Most texts contain nothing to escape. If a text matches this, the three substitutions are skipped.
_HARMLESS = re.compile(r"[^\\*_~`|<>\[\]()#@+\d-][^\\*_~`|<>\[\]()#@]*")
_PING = re.compile(r"@(?=everyone|here)")

UNANSWERED = "-# Discord did not say in time whether you are still in every server; ask again to see all of them."


@lru_cache(2048)  # Names of a record are written in every list and card.
def escape(text: str) -> str:
    """Return a typed text as a single line, escaped so that Discord shows every character as it is."""
    line = one_line(text)
    return line if _HARMLESS.fullmatch(line) else escape_start(escape_inside(line))


def escape_inside(part: str) -> str:
    """Escape Markdown and mentions in a part of a line. Call `escape_start` for a list mark at its beginning."""
    return _PING.sub("@\u200b", _SPECIAL.sub(r"\\\1", part))


def escape_start(line: str) -> str:
    """Escape a list mark ("-", "+" or "1.") at the beginning of a line. `escape_inside` has escaped the line before."""
    return _LINE_START.sub(lambda m: m[1] + (f"\\{m[2]}" if len(m[2]) == 1 else m[2].replace(".", "\\.")), line)


def clip(text: str, limit: int) -> str:
    """Return a text of at most `limit` characters. A longer one is cut and ends in "…"; no escape is cut in two."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    backslashes = len(cut) - len(cut.rstrip("\\"))
    return (cut[:-1] if backslashes % 2 else cut).rstrip() + "…"


def escaped(text: str, limit: int = 400) -> str:
    """Return a text that somebody typed, escaped for Discord and then clipped to `limit` characters."""
    return clip(escape(text), limit)


def error_text(error: UserError) -> str:
    """Return the message of an error. It is escaped, unless the error says that it is Markdown (`marked_up`)."""
    return str(error) if error.marked_up else escape(str(error))


def plural(count: int, noun: str, many: str | None = None) -> str:
    """Return a count with its noun: "1 deal", "1,000 deals". `many` is the plural of an irregular noun."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def a(noun: str) -> str:
    """Return a noun with its article: "a deal", "an event"."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def joined(words: Sequence[str], last: str = "and") -> str:
    """Join words as a list: "a", "a and b", "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else ""


def sentence(text: str) -> str:
    """Return a phrase with its first letter in upper case. A letter like ß stays: in upper case it has two letters."""
    first = text[:1].upper()
    return first + text[1:] if len(first) == 1 else text
