"""Finds, creates and reads sources: the publications that updates cite. A stored source is never changed."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from data.database import Connection
from data.records import FactDate, Source
from data.rows import as_list, fetch_all, fetch_one, fetch_value, in_list

_COLUMNS = "id, title, publisher, published_on, url, note"


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
    """Return the id of the guild's source with exactly this description. Insert the source when there is none."""
    published = msgspec.json.encode(published_on).decode() if published_on else None
    described = (guild_id, title, publisher, published, url, note)
    known = await fetch_value(
        conn,
        int,
        "SELECT id FROM source WHERE guild_id = ? AND title = ? AND publisher = ? "
        "AND published_on IS NOT DISTINCT FROM ? AND url = ? AND note = ? ORDER BY id LIMIT 1",
        described,
    )
    if known is not None:
        return known
    new_id = await fetch_value(
        conn,
        int,
        "INSERT INTO source (guild_id, title, publisher, published_on, url, note) VALUES (?, ?, ?, ?, ?, ?) "
        "RETURNING id",
        described,
    )
    assert new_id is not None  # One row was inserted.
    return new_id


async def get(conn: Connection, guild_id: int, source_id: int) -> Source:
    """Return the source of a guild with this id. The id must come from an update, so that the source exists."""
    source = await fetch_one(
        conn, Source, f"SELECT {_COLUMNS} FROM source WHERE guild_id = ? AND id = ?", (guild_id, source_id)
    )
    assert source is not None  # A foreign key sees to it.
    return source


async def get_many(conn: Connection, guild_id: int, source_ids: Collection[int]) -> dict[int, Source]:
    """Return the sources of a guild with these ids, by id. Unknown ids are left out."""
    rows = await fetch_all(
        conn,
        Source,
        f"SELECT {_COLUMNS} FROM source WHERE guild_id = ? AND id IN {in_list()}",
        (guild_id, as_list(sorted(source_ids))),
    )
    return {source.id: source for source in rows}


class _SourceOfRecord(Source, frozen=True, kw_only=True):
    """A source, and the id of a record with an update from this source."""

    record_id: int


async def of_records(conn: Connection, record_ids: Collection[int]) -> dict[int, dict[int, Source]]:
    """Return the sources of all updates of some records, withdrawn updates included, by record id and source id.

    Every given record has an entry, which may be empty.
    """
    by_record: dict[int, dict[int, Source]] = {id_: {} for id_ in record_ids}
    rows = await fetch_all(
        conn,
        _SourceOfRecord,
        "SELECT DISTINCT u.record_id, s.id, s.title, s.publisher, s.published_on, s.url, s.note "
        f"FROM ledger u JOIN source s ON s.id = u.source_id WHERE u.record_id IN {in_list()} ORDER BY s.id",
        (as_list(record_ids),),
    )
    for row in rows:
        by_record[row.record_id][row.id] = Source(row.id, row.title, row.publisher, row.published_on, row.url, row.note)
    return by_record
