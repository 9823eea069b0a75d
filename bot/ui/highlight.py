"""Found words in bold, inside texts of people: escaped letter by letter, clipped around what was found. Pure."""

# pyright: standard
# Not strict until the next issues rebuild it.

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Protocol

from bot.ledger.words import one_line, words_of
from bot.ui.text import escape_inside, escape_start, escaped

# A word of letters with dots is one ("U.S."); letters and digits part, as they do in `words_of`.
_TOKEN = re.compile(r"(?<![A-Za-z0-9])(?:[A-Za-z]\.)+[A-Za-z](?![A-Za-z0-9])\.?|[A-Za-z]+|[0-9]+")
_ATOM = re.compile(r"\\.|.", re.DOTALL)
_LONGEST = 60  # Longer words are not shown bold: mostly nonsense, and they could not be clipped.
_BEFORE = 30  # So much stays in front of what was found where a text has to be clipped.


class Looked(Protocol):
    """What was looked for: words in a row, the last one perhaps unfinished, or one of some words or phrases instead."""

    @property
    def words(self) -> tuple[str, ...]: ...
    @property
    def begins(self) -> bool: ...
    @property
    def others(self) -> tuple[str, ...]: ...


def marked(text: str, looked_for: Sequence[Looked], limit: int) -> str:
    """A text on one line, escaped, with the words that were looked for in bold, in at most `limit` characters."""
    return _drawn(one_line(text), looked_for, limit)


def around(text: str, looked_for: Sequence[Looked], limit: int) -> str:
    """The same; where the text is too long, it begins shortly before the first of these words."""
    line = one_line(text)
    spans = _spans(line, looked_for) if len(line) > limit else []
    begin = line.rfind(" ", 0, max(spans[0][0] - _BEFORE, 0)) + 1 if spans else 0
    return f"…{_drawn(line[begin:], looked_for, limit - 1)}" if begin else _drawn(line, looked_for, limit)


def _drawn(line: str, looked_for: Sequence[Looked], limit: int) -> str:
    spans = _spans(line, looked_for)
    if not spans:
        return escaped(line, limit)
    parts: list[str] = []
    at = 0
    for first, last in spans:
        parts += [escape_inside(line[at:first]), f"**{escape_inside(line[first:last])}**"]
        at = last
    parts.append(escape_inside(line[at:]))
    return escape_start(_fitted(parts, limit - 1))  # The beginning may need one more character.


def _fitted(parts: Sequence[str], limit: int) -> str:
    """Parts by turns plain and bold, clipped where none of the bold ones and no escape is cut in two."""
    whole = "".join(parts)
    if len(whole) <= limit:
        return whole
    kept, left = "", limit - 1
    for index, part in enumerate(parts):
        for atom in [part] if index % 2 else _ATOM.findall(part):
            left -= len(atom)
            if left < 0:
                return kept.rstrip() + "…"
            kept += atom
    return kept


def _spans(line: str, looked_for: Sequence[Looked]) -> list[tuple[int, int]]:
    """Where the words that were looked for stand in a line, those side by side as one."""
    words = words_of(line)
    if not any(
        any(word.startswith(phrase[-1]) for word in words) if begins else phrase[-1] in words
        for phrase, begins in _phrases(looked_for)
    ):
        return []
    places = _tokens(line)
    if len(places) != len(words):  # Some sign is more than one word.
        in_each = [words_of(line[first:last]) for first, last in places]
        words = [word for some in in_each for word in some]
        places = [place for place, some in zip(places, in_each, strict=True) for _ in some]
    found: list[tuple[int, int]] = []
    for phrase, begins in _phrases(looked_for):
        count = len(phrase)
        *before, end = phrase
        for i in range(len(words) - count + 1):
            here = words[i + count - 1]
            ended = here.startswith(end) if begins else here == end
            if ended and words[i : i + count - 1] == before:
                found.append((places[i][0], places[i + count - 1][1]))
    joined: list[tuple[int, int]] = []
    for first, last in sorted(found):
        if joined and not line[joined[-1][1] : first].strip() and last - joined[-1][0] <= _LONGEST:
            joined[-1] = joined[-1][0], max(last, joined[-1][1])
        elif last - first <= _LONGEST and (not joined or first >= joined[-1][1]):
            joined.append((first, last))
    return joined


def _phrases(looked_for: Sequence[Looked]) -> Iterator[tuple[Sequence[str], bool]]:
    """Return all that may stand for what was looked for, and whether its last word may be unfinished."""
    for one in looked_for:
        yield one.words, one.begins
        yield from ((other.split(), False) for other in one.others)


def _tokens(line: str) -> list[tuple[int, int]]:
    """Where the words of a line stand."""
    if line.isascii():
        return [found.span() for found in _TOKEN.finditer(line)]
    found = [token.span() for token in _TOKEN.finditer(line) if "." in token[0]]
    inside = {i for first, last in found for i in range(first, last)}
    places = (i for i in range(len(line)) if i not in inside)
    # Neighbours of one sort have the same distance from their place in the row.
    for (sort, _), run in groupby(enumerate(places), key=lambda at: (_sort(line[at[1]]), at[1] - at[0])):
        if sort:
            here = [i for _, i in run]
            found.append((here[0], here[-1] + 1))
    return sorted(found)


def _sort(character: str) -> str:
    """What a character is part of: a number, a word, or neither."""
    if character.isdecimal():
        return "number"
    return "word" if character.isalnum() or unicodedata.category(character)[0] == "M" else ""
