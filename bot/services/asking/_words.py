"""The words of a question against those of a server's record: names, vocabulary, and typos corrected."""

# pyright: standard
# Not strict until the next issues rebuild it.

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec

from bot.ask.lexicon import inflections, lexicon, stems
from bot.ask.reading import FIRST, Named, Token, grams, plurals
from bot.ledger.words import distance, skeleton
from bot.services import index
from data.database import Connection
from data.rows import as_list

ALIKE = 7
"""Of a name that more records share than can be offered, so many are looked at."""


async def look_up(
    conn: Connection, guild_id: int, found: Sequence[Token]
) -> tuple[dict[str, list[Named]], frozenset[str]]:
    """Which records the runs of words name, and which words this server's record holds. One read."""
    lex = lexicon()
    words = {form for token in found if token.word not in lex.small for form in forms(token.word)}
    beginnings = {token.word for token in found if token.word not in lex.known and not token.word.isdecimal()}
    rows = await conn.execute_fetchall(
        "SELECT g.value, (SELECT json_group_array(json_array(x.match_kind, r.kind, r.slug, r.name)) FROM ("
        "SELECT match_kind, record_id FROM name WHERE guild_id = ?1 AND norm = g.value ORDER BY match_kind LIMIT ?4) x "
        "JOIN record r ON r.id = x.record_id AND r.live = 1) FROM json_each(?2) g "
        "WHERE EXISTS (SELECT 1 FROM name n WHERE n.guild_id = ?1 AND n.norm = g.value) "
        "UNION ALL SELECT w.value, NULL FROM json_each(?3) w "
        "WHERE EXISTS (SELECT 1 FROM spelling s WHERE s.guild_id = ?1 AND s.variant = w.value AND s.word = w.value) "
        f"UNION ALL SELECT b.value, (SELECT json_group_array(json_array({FIRST}, r.kind, r.slug, r.name)) FROM ("
        "SELECT DISTINCT record_id FROM name WHERE guild_id = ?1 AND kind = 'participant' AND match_kind = 0 "
        "AND norm > b.value || ' ' AND norm < b.value || '!' LIMIT 2) x "
        "JOIN record r ON r.id = x.record_id AND r.live = 1) FROM json_each(?5) b",
        (guild_id, as_list(grams(found)), as_list(words), ALIKE, as_list(beginnings)),
    )
    named: dict[str, list[Named]] = {}
    known: set[str] = set()
    for text, candidates in rows:
        if candidates is None:
            known.add(text)
        else:
            named.setdefault(text, []).extend(Named(*one) for one in msgspec.json.decode(candidates))
    return named, frozenset(known)


@lru_cache(4096)
def forms(word: str) -> frozenset[str]:
    """The forms of a word, and of one that says the same, under which the record may hold it."""
    found = {*plurals(word), *(form for stem in stems(word) for form in inflections(stem))}
    also = lexicon().also.get(word)
    return frozenset(found | set(inflections(also)) if also else found)


async def corrected(
    conn: Connection, guild_id: int, found: Sequence[Token], known: frozenset[str]
) -> list[Token] | None:
    """Return the words with typos corrected; None when there is nothing to correct.

    A typo is a word that neither the lexicon nor this server's record holds and that is near to one of either.
    """
    lex = lexicon()
    strange = {
        token.word
        for token in found
        if len(token.word) >= 4
        and token.word.isalpha()
        and token.word not in lex.known
        and not any(form in known for form in forms(token.word))
    }
    if not strange:
        return None
    vocabulary, near = await index.look_up_unknown(conn, guild_id, strange)
    held = {half for half in vocabulary.known if len(half) >= 3}
    names = _names(found)
    instead = {
        word: _nearest(word, near[word], is_name=word in names) or _parted(word, held, is_name=word in names)
        for word in strange
    }
    if not any(instead.values()):
        return None
    meant: list[Token] = []
    for token in found:
        words = instead.get(token.word) or (token.word,)
        meant += [Token(word, token.chunk, token.raw) for word in words]
    return meant


def _names(found: Sequence[Token]) -> set[str]:
    """The words that were typed as names are: with a capital letter inside a question that has small ones too."""
    capital = {token.word for token in found if token.chunk and token.raw[:1].isupper() and not token.shouted}
    small = {token.word for token in found if token.raw[:1].islower()}
    return capital - small if small else set()


def _nearest(word: str, of_record: Iterable[str], *, is_name: bool) -> tuple[str, ...] | None:
    """Return the word meant by a typo; the server's own words before those of questions, which no name is a typo of."""
    ranked = [(distance(word, one), 0, one) for one in of_record]
    # A name without its vowels is still that name: "Blnkn".
    heard_alike = {one for far, _, one in ranked if far <= 2 and len(word) >= 5 and skeleton(word) == skeleton(one)}
    ranked += [] if is_name else [(far, 1, one) for far, one in lexicon().near_to(word)]
    ranked = [(far, rank, one) for far, rank, one in ranked if one in heard_alike or _is_typo(word, one, far)]
    # A stop word is only meant where letters of it are missing or in disorder: a word of sense with one letter more
    # would be lost ("wheat" is no typo of "what").
    small = lexicon().small
    ranked = [
        (far, rank, one)
        for far, rank, one in ranked
        if one not in small or len(word) < len(one) or sorted(word) == sorted(one)
    ]
    if not ranked:
        return None
    *_, meant = min(ranked)
    return lexicon().read_as.get(meant, (meant,))


def _is_typo(word: str, meant: str, far: int) -> bool:
    """Return whether one word is likely meant by another: the shorter they are, the more alike they have to be."""
    if len(word) >= 8:
        return far <= 2 or (far == 3 and skeleton(word) == skeleton(meant))
    if far > 1:
        return False
    # A letter in the place of another makes another word of a short one more often than it is a typo.
    replaced = [(a, b) for a, b in zip(word, meant, strict=False) if a != b] if len(word) == len(meant) else []
    return not (len(replaced) == 1 and not {*replaced[0]} <= set("aeiouy"))


def _parted(word: str, of_record: set[str], *, is_name: bool) -> tuple[str, ...] | None:
    """Two words that were written as one; what was typed as a name is none of words that the record does not hold."""
    lex = lexicon()

    def held(half: str) -> bool:
        if half in of_record or is_name:
            return half in of_record
        return half in lex.known and (len(half) >= 3 or half in ("is", "to", "of", "in", "do"))

    for i in range(2, len(word) - 1):
        if held(word[:i]) and held(word[i:]):
            return word[:i], word[i:]
    return None


def held_by(words: Iterable[str], held: Iterable[str]) -> int:
    """How many of the words, in some form, are among others."""
    there = held if isinstance(held, (set, frozenset)) else set(held)
    return sum(1 for word in words if not forms(word).isdisjoint(there))
