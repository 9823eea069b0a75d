"""Sources: where updates come from. They are never changed."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from data.database import Connection, as_json
from data.records import FactDate, Source

_COLUMNS = "id, title, publisher, published_on, url, note"


def source_of(row) -> Source:
    id_, title, publisher, published_on, url, note = row
    date = msgspec.json.decode(published_on, type=FactDate) if published_on else None
    return Source(id_, title, publisher, date, url, note)


async def ensure(
    conn: Connection,
    guild_id: int,
    *,
    title: str,
    publisher: str = "",
    published_on: FactDate | None = None,
    url: str = "",
    note: str = "",
) -> int:
    """The id of the source with exactly this description, made when there is none."""
    published = msgspec.json.encode(published_on).decode() if published_on else None
    described = (guild_id, title, publisher, published, url, note)
    rows = list(
        await conn.execute_fetchall(
            "SELECT id FROM source WHERE guild_id = ? AND title = ? AND publisher = ? AND published_on IS ? "
            "AND url = ? AND note = ?",
            described,
        )
    )
    if rows:
        return rows[0][0]
    cursor = await conn.execute(
        "INSERT INTO source (guild_id, title, publisher, published_on, url, note) VALUES (?, ?, ?, ?, ?, ?)", described
    )
    assert cursor.lastrowid is not None  # One row was inserted.
    return cursor.lastrowid


async def get(conn: Connection, guild_id: int, source_id: int) -> Source:
    ((*row,),) = await conn.execute_fetchall(
        f"SELECT {_COLUMNS} FROM source WHERE guild_id = ? AND id = ?", (guild_id, source_id)
    )
    return source_of(row)


async def get_many(conn: Connection, guild_id: int, source_ids: Collection[int]) -> dict[int, Source]:
    """Return some sources of a server by their id."""
    rows = await conn.execute_fetchall(
        f"SELECT {_COLUMNS} FROM source WHERE guild_id = ? AND id IN (SELECT value FROM json_each(?))",
        (guild_id, as_json(sorted(source_ids))),
    )
    return {row[0]: source_of(row) for row in rows}
