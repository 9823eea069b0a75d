"""The vocabulary of a server's record: the words that it holds, their other forms, and typos corrected by them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Literal

from msgspec import Struct

from bot.ledger.words import distance, spelling_variants, stem
from data.database import Connection
from data.rows import as_list, fetch_all, in_list

_ALIKE = 60  # Words looked at for one that is mistyped.
_ROWS = 3000  # Spellings looked at for all words that are mistyped.
_SHORTEST_JOINED = 4  # So many letters a word has at least that is looked for as two.
# fmt: off
_PREFIXES = (
    "anti", "bi", "co", "counter", "cyber", "inter", "intra", "macro", "micro", "mid", "mini", "multi", "non", "over",
    "post", "pre", "pro", "re", "semi", "sub", "super", "trans", "tri", "ultra", "under",
)
# fmt: on

AFTER = "\U0010ffff"
"""A character that sorts after all others: texts that begin with `x` sort before `x` and this."""


class Vocabulary(Struct, frozen=True):
    """The words of a server's record that are among some words or are forms of them, and its newest update.

    `held` are those of the words that the record holds, `by_stem` its words by their stem, `begun` its words that begin
    as an unfinished one does (of very many only the first).
    """

    held: frozenset[str]
    by_stem: Mapping[str, Collection[str]]
    begun: tuple[str, ...]
    newest: int

    def forms(self, word: str) -> list[str]:
        """Return the other words of the record that are forms of a word, as "drones" is of "drone"."""
        return self._of_stem(stem(word), word)

    def as_one(self, first: str, second: str) -> list[str]:
        """Return the words of the record that are two words written as one, as "coproductions" is "co production"."""
        joined = first + second
        return [*self.held.intersection({joined}), *self._of_stem(first + stem(second), joined)]

    def as_two(self, word: str) -> list[str]:
        """Return a word as two words of the record, in each way there is: "co production" for "coproduction"."""
        found: list[str] = []
        for first, second, stem_of_second in _halves(word):
            if first in self.held:
                seconds = [*self.held.intersection({second}), *self._of_stem(stem_of_second, second)]
                found += [f"{first} {one}" for one in seconds]
        return found

    def _of_stem(self, of: str, word: str) -> list[str]:
        """Return the words of the record with a stem, without one of them."""
        return sorted({*self.by_stem.get(of, ()), *self.held.intersection({of})} - {word})


class _Word(Struct, frozen=True):
    found: Literal["held", "begun", "newest"]
    variant: str = ""
    word: str = ""
    newest: int = 0


async def look_up(
    conn: Connection, guild_id: int, words: Sequence[str], *, parted: bool = False, unfinished: str = "", limit: int = 0
) -> Vocabulary:
    """Return what a server's record holds of some words, of their forms, and of neighbours as one word, in one read.

    Words with a usual prefix are also looked up as two; with `parted` every word in each way to split it, which takes
    longest, so it is meant for unknown words. With `unfinished` the result has up to `limit` words that begin so.
    """
    looked_for = set(words)
    stems = {stem(word) for word in words}
    for first, second in pairwise(words):
        if first.isalpha() and second.isalpha():
            looked_for.add(first + second)
            stems.add(first + stem(second))
    for word in words:
        for first, second, stem_of_second in _halves(word) if parted or word.startswith(_PREFIXES) else ():
            if not parted and first not in _PREFIXES:
                continue
            looked_for |= {first, second}
            stems.add(stem_of_second)
    variants = looked_for | stems | {"=" + of for of in stems}
    rows = await fetch_all(
        conn,
        _Word,
        "SELECT 'held' AS found, variant, word, 0 AS newest FROM spelling WHERE guild_id = ?1 "
        f"AND variant IN {in_list('?2')} AND (word = variant OR variant >= '=' AND variant < '>') "
        "UNION ALL SELECT 'begun', variant, word, 0 FROM (SELECT variant, word FROM spelling WHERE guild_id = ?1 "
        "AND variant >= ?3 AND variant < ?3 || ?4 AND word = variant LIMIT ?5) "
        "UNION ALL SELECT 'newest', '', '', coalesce(max(id), 0) FROM ledger WHERE guild_id = ?1",
        (guild_id, as_list(variants), unfinished or AFTER, AFTER, limit),
    )
    by_stem: dict[str, list[str]] = {}
    for row in rows:
        if row.variant.startswith("="):
            by_stem.setdefault(row.variant[1:], []).append(row.word)
    return Vocabulary(
        held=frozenset(row.word for row in rows if row.found == "held" and row.variant == row.word),
        by_stem=by_stem,
        begun=tuple(row.word for row in rows if row.found == "begun"),
        newest=rows[-1].newest,
    )


def _halves(word: str) -> list[tuple[str, str, str]]:
    """Return each way to split a word in two, with the stem that the second part has when the whole is stemmed."""
    if len(word) < _SHORTEST_JOINED or not word.isalpha():
        return []
    whole = stem(word)
    halves = [(word[:i], word[i:], whole[i:]) for i in range(1, len(word) - 1)]
    return [(first, second, end if len(end) > 1 else second) for first, second, end in halves]


class _Candidate(Struct, frozen=True):
    variant: str
    word: str


async def similar(conn: Connection, guild_id: int, words: Collection[str]) -> dict[str, list[str]]:
    """Return for each of some words the words of a server's record that it may be a typo of, the nearest first.

    A word of four letters may have one typo, of up to eight two, a longer one three; shorter words and numbers none.
    """
    variants = {word: spelling_variants(word) for word in words if len(word) >= 4 and not word[0].isdigit()}
    if not variants:
        return {word: [] for word in words}
    lengths = [len(word) for word in variants]
    rows = await fetch_all(
        conn,
        _Candidate,
        f"SELECT variant, word FROM spelling WHERE guild_id = ? AND variant IN {in_list()} "
        "AND length(word) BETWEEN ? AND ? LIMIT ?",
        (guild_id, as_list(set[str]().union(*variants.values())), min(lengths) - 3, max(lengths) + 3, _ROWS),
    )
    found: dict[str, list[str]] = {word: [] for word in words}
    for word, own in variants.items():
        typos = 1 if len(word) < 5 else 2 if len(word) < 9 else 3
        # Who shares more variants is more alike.
        shared = Counter(row.word for row in rows if row.variant in own and abs(len(row.word) - len(word)) <= typos)
        near = [(distance(word, other), other[0] != word[0], other) for other, _ in shared.most_common(_ALIKE)]
        found[word] = [other for far, _, other in sorted(near) if far <= typos]
    return found


async def corrected(
    conn: Connection, guild_id: int, vocabulary: Vocabulary, words: Collection[str]
) -> dict[str, list[str]]:
    """Return for each of some words what it may be in a server's record, the likeliest first; [] for nothing.

    That is the word itself where the record holds it, else its other forms, else it as two words, else the words of
    which it may be a typo.
    """
    found = {word: [word] if word in vocabulary.held else vocabulary.forms(word) for word in words}
    if unknown := [word for word, meant in found.items() if not meant]:
        halves = await look_up(conn, guild_id, unknown, parted=True)
        found |= {word: halves.as_two(word) for word in unknown}
    return found | await similar(conn, guild_id, [word for word, meant in found.items() if not meant])
