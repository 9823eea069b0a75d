"""The vocabulary of a server's record, and typos corrected by it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from bot.ledger.words import distance, spelling_variants
from data.database import Connection
from data.rows import as_list, fetch_all, fetch_values, in_list

_ALIKE = 60  # Words looked at for one that is mistyped.

AFTER = "\U0010ffff"
"""After every text that begins as one does, comes that text and this."""


class Vocabulary(Struct, frozen=True):
    """Some words as a server's record holds them, and the newest update of its ledger when they were looked up.

    `known`: those of the words that the record holds. `begun`: words of it that begin as an unfinished one does, of
    very many only the first.
    """

    known: frozenset[str]
    begun: tuple[str, ...]
    newest: int


class _Word(Struct, frozen=True):
    found: Literal["known", "begun", "newest"]
    word: str = ""
    newest: int = 0


async def look_up(
    conn: Connection, guild_id: int, words: Iterable[str], *, unfinished: str = "", limit: int = 0
) -> Vocabulary:
    """Return which words a server's record holds, and up to `limit` that begin as an unfinished one. One read."""
    rows = await fetch_all(
        conn,
        _Word,
        "SELECT 'known' AS found, word, 0 AS newest FROM spelling "
        f"WHERE guild_id = ?1 AND variant IN {in_list('?2')} AND word = variant "
        "UNION ALL SELECT 'begun', word, 0 FROM (SELECT word FROM spelling WHERE guild_id = ?1 "
        "AND variant >= ?3 AND variant < ?3 || ?4 AND word = variant LIMIT ?5) "
        "UNION ALL SELECT 'newest', '', coalesce(max(id), 0) FROM ledger WHERE guild_id = ?1",
        (guild_id, as_list(words), unfinished or AFTER, AFTER, limit),
    )
    return Vocabulary(
        frozenset(row.word for row in rows if row.found == "known"),
        tuple(row.word for row in rows if row.found == "begun"),
        rows[-1].newest,
    )


async def words_like(conn: Connection, guild_id: int, word: str, *, limit: int) -> list[str]:
    """Return the words of this server that a mistyped one may mean, the nearest first."""
    if len(word) < 4 or word[0].isdigit():
        return []
    typos = 1 if len(word) < 5 else 2 if len(word) < 9 else 3
    candidates = await fetch_values(
        conn,
        str,
        f"SELECT DISTINCT word FROM spelling WHERE guild_id = ? AND variant IN {in_list()} "
        "AND length(word) BETWEEN ? AND ? LIMIT ?",
        (guild_id, as_list(sorted(spelling_variants(word))), len(word) - typos, len(word) + typos, _ALIKE),
    )
    near = [(distance(word, other), other[0] != word[0], other) for other in candidates]
    return [other for _, _, other in sorted(one for one in near if one[0] <= typos)[:limit]]
