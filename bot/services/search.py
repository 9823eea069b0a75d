"""Full text over one server's records: every word has to be there, slips of spelling are corrected first."""

from __future__ import annotations

from collections.abc import Sequence

from bot.ledger.words import spelling_variants, words_of
from data.database import Connection
from data.records import Row

RANKED = 300  # The newest matches of a common word are enough.
_WORDS = 12


async def search(
    conn: Connection, guild_id: int, text: str, *, offset: int = 0, limit: int = 10
) -> tuple[list[Row], int, list[str]]:
    """One page of the records that hold every word of a text, how many there are, and the words as they were read.

    A word that no record of this server holds is replaced by one that differs by a single slip, when there is one.
    The last word may be unfinished. No word to look for finds nothing.
    """
    words = words_of(text[:400])[:_WORDS]
    if not words:
        return [], 0, []
    found, total = await _page(conn, guild_id, words, offset, limit)
    if not total:
        corrected = [await _corrected(conn, guild_id, word) for word in words]
        if corrected != words:
            words = corrected
            found, total = await _page(conn, guild_id, words, offset, limit)
    return found, total, words


async def _corrected(conn: Connection, guild_id: int, word: str) -> str:
    variants = spelling_variants(word)
    marks = ", ".join("?" * len(variants))
    rows = list(
        await conn.execute_fetchall(
            f"SELECT word FROM spelling WHERE guild_id = ? AND variant IN ({marks}) "  # only marks
            "GROUP BY word ORDER BY word = ? DESC, count(*) DESC, word LIMIT 1",
            (guild_id, *variants, word),
        )
    )
    return rows[0][0] if rows else word


async def _page(
    conn: Connection, guild_id: int, words: Sequence[str], offset: int, limit: int
) -> tuple[list[Row], int]:
    # Each word is quoted, so no operator of the query language can come from a person; words hold no quotes.
    query = f"tags:g{guild_id} AND {{name body}}:({' AND '.join(f'{chr(34)}{word}{chr(34)}' for word in words)} *)"
    # FTS5's own rank counts each word over all servers: slower with each of them, and theirs would change the order.
    # Here a name that holds the words, or their beginning, comes first, then what is newest.
    name = " ".join(words)
    rows = await conn.execute_fetchall(
        "WITH hit AS (SELECT rowid FROM text WHERE text MATCH ? ORDER BY rowid DESC LIMIT ?) "
        "SELECT r.kind, r.slug, r.name, r.headline, r.newest_on, count(*) OVER () "
        "FROM hit JOIN record r ON r.id = hit.rowid & 0xFFFFFFFFFF WHERE r.guild_id = ? AND r.live = 1 "
        "ORDER BY EXISTS (SELECT 1 FROM name n WHERE n.record_id = r.id AND n.norm >= ? AND n.norm < ?) DESC, "
        "r.newest_on DESC, r.id LIMIT ? OFFSET ?",
        (query, RANKED, guild_id, name, name + "\U0010ffff", limit, offset),
    )
    page = list(rows)
    return [Row(*row[:5]) for row in page], page[0][5] if page else 0
