"""The vocabulary of a server's records: which words they contain, in which other forms, and what a typo may mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from bot.ledger.words import distance, spelling_variants, stem
from data.database import Connection
from data.rows import as_list, fetch_all, in_list

_MOST_COMPARED = 60  # Candidates for the meaning of a typo that are compared letter by letter.
_MOST_CANDIDATES = 3000  # Rows of candidates that one statement returns.
_SHORTEST_COMPOUND = 4  # Letters of the shortest word that may be two words written as one.
# fmt: off
_PREFIXES = (
    "anti", "bi", "co", "counter", "cyber", "inter", "intra", "macro", "micro", "mid", "mini", "multi", "non", "over",
    "post", "pre", "pro", "re", "semi", "sub", "super", "trans", "tri", "ultra", "under",
)
# fmt: on

AFTER = "\U0010ffff"
"""A character that sorts after all others: the texts that begin with `x` lie between `x` and `x + AFTER`."""


class Vocabulary(Struct, frozen=True):
    """The words of a server's records that a look-up found. Words that were not looked up are missing.

    `known` are the looked-up words that some record contains. `by_stem` has other words of the records, by their stem.
    A word that equals its stem is only in `known`. `begun` are the words of the records that begin with the unfinished
    word. `newest` is the id of the newest update of the server, or 0.
    """

    known: frozenset[str]
    by_stem: Mapping[str, Collection[str]]
    begun: tuple[str, ...]
    newest: int

    def forms(self, word: str) -> list[str]:
        """Return the other words of the records that have the stem of this word: "drones" for "drone"."""
        return self._with_stem(stem(word), word)

    def as_one(self, first: str, second: str) -> list[str]:
        """Return the words of the records that are two words written as one: "coproductions" for "co", "production"."""
        joined = first + second
        same = [joined] if joined in self.known else []
        return same + self._with_stem(first + stem(second), joined)

    def as_two(self, word: str, *, usual: bool = False) -> list[str]:
        """Return each way to write a word as two words of the records: "co production" for "coproduction".

        If `usual` is true, the first of the two words must be a common prefix such as "co".
        """
        firsts = self.known.difference((word,))
        if usual:
            firsts = firsts.intersection(_PREFIXES)
        if not word.startswith(tuple(firsts)):
            return []
        pairs: list[str] = []
        for first, second, shared in _splits(word):
            if first in firsts:
                same = [second] if second in self.known else []
                pairs += [f"{first} {other}" for other in same + self._with_stem(shared, second)]
        return pairs

    def meanings(self, word: str) -> list[str]:
        """Return what a word can mean among the words of the records.

        This is the word itself, if some record contains it. Otherwise it is its other forms or, if there are none, each
        way to write it as two words.
        """
        return [word] if word in self.known else self.forms(word) or self.as_two(word)

    def _with_stem(self, its_stem: str, word: str) -> list[str]:
        """Return the words of the records with the stem `its_stem`, sorted, without `word` itself."""
        words = self.by_stem.get(its_stem, ())
        if its_stem in self.known:
            words = {*words, its_stem}
        return sorted(other for other in words if other != word) if words else []


class _Entry(Struct, frozen=True):
    """A row of a look-up. `part` tells which part of the statement returned it.

    "known": a word of the records, with the variant by which it was found. "begun": a word that begins with the
    unfinished word. "near": a word that a typo may mean. "newest": a single row with the id of the newest update.
    """

    part: Literal["known", "begun", "near", "newest"]
    variant: str
    word: str
    newest: int


# The list is joined because `variant IN` is slower: SQLite sorts the list first.
_EXACT = f"""
SELECT 'known' AS part, s.variant, s.word, 0 AS newest
FROM {in_list("?2")} v CROSS JOIN spelling s ON s.guild_id = ?1 AND s.variant = v.value
WHERE s.word = s.variant OR s.variant >= '=' AND s.variant < '>'
"""
_KNOWN = f"""
{_EXACT} UNION ALL SELECT 'begun', variant, word, 0 FROM (SELECT variant, word FROM spelling WHERE guild_id = ?1
AND variant >= ?3 AND variant < ?3 || ?4 AND word = variant LIMIT ?5)
UNION ALL SELECT 'newest', '', '', coalesce(max(id), 0) FROM ledger WHERE guild_id = ?1
"""
_UNKNOWN = f"""
{_EXACT} UNION ALL SELECT 'near', variant, word, 0 FROM (SELECT s.variant, s.word
FROM {in_list("?3")} v CROSS JOIN spelling s ON s.guild_id = ?1 AND s.variant = v.value
WHERE length(s.word) BETWEEN ?4 AND ?5 LIMIT ?6)
"""


async def look_up(
    conn: Connection, guild_id: int, words: Sequence[str], *, unfinished: str = "", limit: int = 0
) -> Vocabulary:
    """Look up which words the records of a server contain. Return what was found as a `Vocabulary`.

    Besides `words` themselves, three things are looked up: their other forms; each two neighbouring words written as
    one word; and each word with a common prefix as two words. If `unfinished` is given, `begun` of the result has up to
    `limit` words that begin with it.
    """
    stems = [stem(word) for word in words]
    wanted, wanted_stems = set(words), set(stems)
    for first, second, stem_of_second in zip(words, words[1:], stems[1:], strict=False):
        if first.isalpha() and second.isalpha():
            wanted.add(first + second)
            wanted_stems.add(first + stem_of_second)
    for word in words:
        if word.startswith(_PREFIXES):
            for first, second, stem_of_second in _splits(word):
                if first in _PREFIXES:
                    wanted |= {first, second}
                    wanted_stems.add(stem_of_second)
    rows = await fetch_all(
        conn, _Entry, _KNOWN, (guild_id, _variants(wanted, wanted_stems), unfinished or AFTER, AFTER, limit)
    )
    return _vocabulary(rows)


async def look_up_unknown(
    conn: Connection, guild_id: int, words: Collection[str]
) -> tuple[Vocabulary, dict[str, list[str]]]:
    """Look up words that are probably in no record: the words, their forms, each way to split them, and their typos.

    Return (a) the vocabulary and (b) for each word, the words of the records that it may be a typo of, the nearest
    first. A word of four letters may have one typo. A word of five to eight letters may have two, and a longer one
    three. Shorter words and numbers have none.
    """
    splits = [split for word in words for split in _splits(word)]
    wanted = {*words, *(half for first, second, _ in splits for half in (first, second))}
    wanted_stems = {*map(stem, words), *(stem_of_second for _, _, stem_of_second in splits)}
    spelled = {word: spelling_variants(word) for word in words if len(word) >= 4 and not word[0].isdigit()}
    lengths = [len(word) for word in spelled] or [0]
    rows = await fetch_all(
        conn,
        _Entry,
        _UNKNOWN,
        (
            guild_id,
            _variants(wanted, wanted_stems),
            as_list(sorted(set[str]().union(*spelled.values()))),  # Sorted, so that the result is always the same.
            min(lengths) - 3,
            max(lengths) + 3,
            _MOST_CANDIDATES,
        ),
    )
    candidates = [row for row in rows if row.part == "near"]
    similar: dict[str, list[str]] = {word: [] for word in words}
    if candidates:
        similar |= {word: _nearest(word, variants, candidates) for word, variants in spelled.items()}
    return _vocabulary(rows), similar


async def corrected(
    conn: Connection, guild_id: int, vocabulary: Vocabulary, words: Collection[str]
) -> dict[str, list[str]]:
    """Return what each word may mean in the server's records, the likeliest first. A word that means nothing has [].

    The meanings of a word are the first of these that exist: (a) the word itself, if some record contains it, (b) its
    other forms, (c) the word written as two words, (d) the words that it may be a typo of.
    """
    meanings = {word: [word] if word in vocabulary.known else vocabulary.forms(word) for word in words}
    # Shorter words and numbers are not split and not taken for typos.
    unknown = [
        word for word in words if not meanings[word] and len(word) >= _SHORTEST_COMPOUND and not word[0].isdigit()
    ]
    if unknown:
        halves, similar = await look_up_unknown(conn, guild_id, unknown)
        meanings |= {word: halves.as_two(word) or similar[word] for word in unknown}
    return meanings


def _variants(words: set[str], stems: set[str]) -> str:
    """Return the variants under which `spelling` has `words`, and those under which it has all words with these stems.

    They are returned as one parameter of an SQL statement.
    """
    return as_list(words | stems | {"=" + its_stem for its_stem in stems})


def _vocabulary(rows: Sequence[_Entry]) -> Vocabulary:
    by_stem: dict[str, list[str]] = {}
    known: set[str] = set()
    for row in rows:
        if row.part == "known":
            if row.variant == row.word:
                known.add(row.word)
            else:
                by_stem.setdefault(row.variant[1:], []).append(row.word)
    begun = tuple(row.word for row in rows if row.part == "begun")
    return Vocabulary(frozenset(known), by_stem, begun, rows[-1].newest if rows else 0)


def _splits(word: str) -> Iterator[tuple[str, str, str]]:
    """Yield each way to split a word in two: the first half, the second half, and the stem of the second half.

    The stem of the second half is the end of the stem of the whole word, because a short half may be stemmed
    differently. If it would be a single letter, it is the second half itself. The second half has at least two letters.
    """
    if len(word) < _SHORTEST_COMPOUND or not word.isalpha():
        return
    whole = stem(word)
    for i in range(1, len(word) - 1):
        end = whole[i:]
        yield word[:i], word[i:], end if len(end) > 1 else word[i:]


def _nearest(word: str, variants: Collection[str], candidates: Sequence[_Entry]) -> list[str]:
    """Return the candidates that are few enough typos away from a word, the nearest first.

    `variants` are the spelling variants of the word. Only the candidates that share most variants with the word are
    compared with it.
    """
    typos = 1 if len(word) < 5 else 2 if len(word) < 9 else 3
    shared = Counter(
        row.word for row in candidates if row.variant in variants and abs(len(row.word) - len(word)) <= typos
    )
    near = [
        (_typos_between(word, other), other[0] != word[0], other) for other, _ in shared.most_common(_MOST_COMPARED)
    ]
    return [other for far, _, other in sorted(near) if far <= typos]


def _typos_between(a: str, b: str) -> int:
    """Return the edit distance between two words. Equal letters at the beginning and at the end are skipped."""
    shortest = min(len(a), len(b))
    first = next((i for i in range(shortest) if a[i] != b[i]), shortest)
    last = next((i for i in range(shortest - first) if a[-1 - i] != b[-1 - i]), shortest - first)
    return distance(a[first : len(a) - last], b[first : len(b) - last])
