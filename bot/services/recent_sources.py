"""Finds the sources that a server used last, and the one that a typed text names."""

from __future__ import annotations

from bot.errors import UserError
from bot.ledger.drafts import Entry
from bot.ledger.source_lines import read_source_line, shown_source
from bot.ledger.words import one_line
from data.database import Connection
from data.records import Source
from data.rows import fetch_all

_COLUMNS = "s.id, s.title, s.publisher, s.published_on, s.url, s.note"
_UPDATES_READ = 1000  # `last` returns the sources of so many newest updates.


async def last(conn: Connection, guild_id: int, limit: int = 200) -> list[Source]:
    """Return up to `limit` sources of the newest updates of a server, the last used first."""
    return await fetch_all(
        conn,
        Source,
        f"SELECT {_COLUMNS} FROM (SELECT source_id, max(id) AS newest FROM (SELECT source_id, id FROM ledger "
        "WHERE guild_id = ? ORDER BY id DESC LIMIT ?) AS read GROUP BY source_id) AS used "
        "JOIN source s ON s.id = used.source_id ORDER BY used.newest DESC LIMIT ?",
        (guild_id, _UPDATES_READ, limit),
    )


async def complete(conn: Connection, guild_id: int, text: str, limit: int = 25) -> list[Source]:
    """Return up to `limit` sources of a server whose title, publisher or link contains a text, the last used first."""
    asked = one_line(text).casefold()
    sources = await last(conn, guild_id)
    matching = [
        source
        for source in sources
        if any(asked in part.casefold() for part in (source.title, source.publisher, source.url, shown_source(source)))
    ]
    return matching[:limit]


async def match(conn: Connection, guild_id: int, text: str) -> Source | None:
    """Return the source of a server that a text names by its link, by its title or as completion shows it.

    Return None when there is no such source; then the text describes a new one. If several have the link or the title,
    the newest is returned.
    """
    line = one_line(text)
    for source in await last(conn, guild_id):
        if line and line == shown_source(source):
            return source
    try:
        read = read_source_line(line)
    except UserError:
        return None
    where = "s.url = ?" if read.url else "s.title = ? AND s.url = ''"
    by_title = await _one(conn, "s.title = ?", guild_id, line)
    return by_title or await _one(conn, where, guild_id, read.url or read.title)


def same(source: Source | None, entry: Entry) -> int | None:
    """Return the id of `source` if the form has the same date for the source. Otherwise return None.

    With another date the form describes a new source.
    """
    return source.id if source is not None and source.published_on == entry.published_on else None


async def _one(conn: Connection, where: str, guild_id: int, value: str) -> Source | None:
    rows = await fetch_all(
        conn,
        Source,
        f"SELECT {_COLUMNS} FROM source s WHERE s.guild_id = ? AND {where} ORDER BY s.id DESC LIMIT 1",
        (guild_id, value),
    )
    return rows[0] if rows else None
