"""Finds, creates, describes and reads sources: the publications that updates cite.

A row of the table is never changed. When an editor describes a source anew, another row is inserted. Its column
`describes` has the id of the first row. Updates cite the id of the first row, and people read the newest row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import datetime
from functools import lru_cache

import msgspec
from msgspec.structs import replace

from bot.errors import UserError
from bot.ledger.source_lines import Description, label, link_key, site
from bot.ledger.words import normal, one_line
from data.database import Connection, to_text
from data.records import FactDate, Source
from data.rows import as_list, fetch_all, fetch_one, fetch_value, in_list

_DESCRIBED = (
    "d.title, d.publisher, d.published_on, d.url, d.note, d.archived_url, d.language, d.false_because, d.id AS version"
)
_DESCRIPTION = "JOIN source d ON d.id = coalesce((SELECT max(b.id) FROM source b WHERE b.describes = s.id), s.id)"
"""Joins to a source `s` the row `d` with its newest description. Without a newer one, `d` is the row `s` itself."""


async def ensure(
    conn: Connection,
    guild_id: int,
    *,
    title: str,
    publisher: str = "",
    published_on: FactDate | None = None,
    url: str = "",
    note: str = "",
    archived_url: str = "",
    language: str = "",
) -> int:
    """Return the id of the guild's source with exactly this description. Insert the source when there is none.

    If a source was described anew, both its first and its newest description are compared.
    """
    described = (guild_id, title, publisher, _day(published_on), url, note, archived_url, language)
    known = await fetch_value(
        conn,
        int,
        "SELECT coalesce(s.describes, s.id) FROM source s WHERE guild_id = ? AND title = ? AND publisher = ? "
        "AND published_on IS NOT DISTINCT FROM ? AND url = ? AND note = ? AND archived_url = ? AND language = ? "
        "AND (s.describes IS NULL OR s.id = (SELECT max(b.id) FROM source b WHERE b.describes = s.describes)) "
        "ORDER BY CASE WHEN s.describes IS NULL THEN 0 ELSE 1 END, s.id LIMIT 1",
        described,
    )
    if known is not None:
        return known
    new_id = await fetch_value(
        conn,
        int,
        "INSERT INTO source (guild_id, title, publisher, published_on, url, note, archived_url, language) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        described,
    )
    assert new_id is not None  # One row was inserted.
    return new_id


def _day(published_on: FactDate | None) -> str | None:
    """Return the day of a source as JSON for its column, or None for a source without a day."""
    return msgspec.json.encode(published_on).decode() if published_on else None


async def describe(
    conn: Connection, guild_id: int, source: Source, better: Description, *, now: datetime, person_id: int
) -> Source:
    """Enter a better description of a source and its copies. Return the source with this description.

    The link, the note and the mark that says whether the source is false stay as they are. Raise UserError when
    somebody else described the source since `source` was read.
    """
    await _require_unchanged(conn, guild_id, source)
    for copy in await copies(conn, guild_id, source):
        if _description_of(copy) != better:
            await _enter(conn, guild_id, copy, better, copy.false_because, "", now, person_id)
    return await get(conn, guild_id, source.id)


async def mark(
    conn: Connection, guild_id: int, source: Source, because: str, *, batch: str, now: datetime, person_id: int
) -> Source:
    """Mark a source and its copies as false for the reason `because`. If `because` is "", mark them as not false.

    Return the source. `batch` is the id of the batch in which updates from the source were withdrawn, or "" if none
    were. Raise UserError when somebody else described the source since `source` was read.
    """
    await _require_unchanged(conn, guild_id, source)
    for copy in await copies(conn, guild_id, source):
        if copy.false_because != because:
            await _enter(conn, guild_id, copy, _description_of(copy), because, batch, now, person_id)
    return await get(conn, guild_id, source.id)


def _description_of(source: Source) -> Description:
    return Description(source.title, source.publisher, source.published_on, source.archived_url, source.language)


async def _require_unchanged(conn: Connection, guild_id: int, source: Source) -> None:
    """Raise UserError when somebody described a source anew since `source` was read."""
    if (await get(conn, guild_id, source.id)).version != source.version:
        raise UserError(
            "Somebody else described this source meanwhile. Nothing was changed. Open the source again to see how."
        )


async def _enter(
    conn: Connection,
    guild_id: int,
    source: Source,
    described: Description,
    false_because: str,
    batch: str,
    now: datetime,
    person_id: int,
) -> None:
    """Insert a row with a new description of a source."""
    await conn.execute(
        "INSERT INTO source (guild_id, title, publisher, published_on, url, note, archived_url, language, describes, "
        "false_because, batch, person_id, described_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            guild_id,
            described.title,
            described.publisher,
            _day(described.published_on),
            source.url,
            source.note,
            described.archived_url,
            described.language,
            source.id,
            false_because,
            batch,
            person_id,
            to_text(now),
        ),
    )


async def copies(conn: Connection, guild_id: int, source: Source) -> list[Source]:
    """Return a source and the other sources of the guild with the same link, the given one first.

    They are one publication, which was entered with several titles or days. A source without a link has no copies.
    """
    if not source.url:
        return [source]
    linked = await fetch_all(
        conn,
        Source,
        f"SELECT s.id, {_DESCRIBED} FROM source s {_DESCRIPTION} "
        "WHERE s.guild_id = ? AND s.describes IS NULL AND s.url <> '' AND s.id <> ? ORDER BY s.id",
        (guild_id, source.id),
    )
    return [source, *(other for other in linked if link_key(other.url) == link_key(source.url))]


async def find(conn: Connection, guild_id: int, source_id: int) -> Source | None:
    """Return a source of a guild as it is described now, or None when the guild has no source with this id."""
    return await fetch_one(
        conn,
        Source,
        f"SELECT s.id, {_DESCRIBED} FROM source s {_DESCRIPTION} "
        "WHERE s.guild_id = ? AND s.id = ? AND s.describes IS NULL",
        (guild_id, source_id),
    )


async def get(conn: Connection, guild_id: int, source_id: int) -> Source:
    """Return a source of a guild as it is described now. Raise UserError when the guild has no source with this id."""
    source = await find(conn, guild_id, source_id)
    if source is None:
        raise UserError("That source is not on file in this server. Nothing was changed.")
    return source


async def get_to_cite(conn: Connection, guild_id: int, source_id: int) -> Source:
    """Return a source that is about to be cited, like `get`. If its publication is false, `false_because` says why.

    The reason may be that of another source with the same link. Sources without a link are compared by their titles.
    """
    source = await get(conn, guild_id, source_id)
    if source.false_because:
        return source
    false = await fetch_all(
        conn,
        Source,
        f"SELECT s.id, {_DESCRIBED} FROM source s {_DESCRIPTION} "
        "WHERE s.guild_id = ? AND s.describes IS NULL AND d.false_because <> '' ORDER BY d.id DESC",
        (guild_id,),
    )
    key = _identity(source)
    return next(
        (replace(source, false_because=other.false_because) for other in false if _identity(other) == key), source
    )


def _identity(source: Source) -> tuple[str, str]:
    """Return a key that is equal for two descriptions of one publication: its link or, without a link, its title."""
    return ("", link_key(source.url)) if source.url else ("title", normal(source.title))


async def get_many(conn: Connection, guild_id: int, source_ids: Collection[int]) -> dict[int, Source]:
    """Return the sources of a guild with these ids, by id. Unknown ids are left out."""
    rows = await fetch_all(
        conn,
        Source,
        f"SELECT s.id, {_DESCRIBED} FROM source s {_DESCRIPTION} WHERE s.guild_id = ? AND s.id IN {in_list()}",
        (guild_id, as_list(sorted(source_ids))),
    )
    return {source.id: source for source in rows}


class _SourceOfRecord(Source, frozen=True, kw_only=True):
    """A source, and the id of a record with an update from this source."""

    record_id: int


async def of_records(conn: Connection, record_ids: Collection[int]) -> dict[int, dict[int, Source]]:
    """Return the sources of all updates of each record: by record id, and then by source id.

    Withdrawn updates are included, and so are updates of merged duplicates. A record without updates has an empty
    entry.
    """
    by_record: dict[int, dict[int, Source]] = {id_: {} for id_ in record_ids}
    rows = await fetch_all(
        conn,
        _SourceOfRecord,
        f"SELECT DISTINCT o.into_id AS record_id, s.id, {_DESCRIBED} "
        f"FROM (SELECT id, id AS into_id FROM record WHERE id IN {in_list('?1')} "
        f"UNION ALL SELECT id, merged_into FROM record WHERE merged_into IN {in_list('?1')}) AS o "
        f"JOIN ledger u ON u.record_id = o.id JOIN source s ON s.id = u.source_id {_DESCRIPTION} ORDER BY s.id",
        (as_list(record_ids),),
    )
    for row in rows:
        by_record[row.record_id][row.id] = Source(
            row.id,
            row.title,
            row.publisher,
            row.published_on,
            row.url,
            row.note,
            row.archived_url,
            row.language,
            row.false_because,
            row.version,
        )
    return by_record


# Finding a source by what is typed


async def recent(conn: Connection, guild_id: int, limit: int | None = None) -> list[Source]:
    """Return the sources that updates of a guild cite, the last used first: all, or at most `limit` if it is given."""
    return await fetch_all(
        conn,
        Source,
        f"SELECT s.id, {_DESCRIBED} FROM source s {_DESCRIPTION} "
        "JOIN (SELECT o.id, (SELECT max(u.id) FROM ledger u WHERE u.source_id = o.id) AS used FROM source o "
        "WHERE o.guild_id = ? AND o.describes IS NULL) l ON l.id = s.id WHERE l.used IS NOT NULL "
        f"ORDER BY l.used DESC, s.id DESC{' LIMIT ?' if limit else ''}",
        (guild_id, limit) if limit else (guild_id,),
    )


_COMPLETED = 2000  # So many sources are looked at for a half-typed text, those that were used last.
_normal = lru_cache(20_000)(normal)  # Each key pressed asks for the words of all sources again.
_NUMBERED = re.compile(r"(?:.*, )?#(\d{1,18})", re.DOTALL)


async def matching(conn: Connection, guild_id: int, text: str) -> list[Source]:
    """Return the sources that a typed text means, the last used first. The list is empty when there are none.

    The text is tried as an id ("#12"), as a choice that completion shows, as a link, as a title, as a host, and last as
    words of a title, publisher and link. The first of these that finds sources counts.
    """
    typed = one_line(text)
    if (numbered := _NUMBERED.fullmatch(typed)) and (by_id := await find(conn, guild_id, int(numbered[1]))):
        return [by_id]
    link, name = link_key(typed), normal(typed)
    if not name:
        return []
    cited = await recent(conn, guild_id)
    steps: tuple[Callable[[Source], bool], ...] = (
        lambda source: label(source) == typed,
        lambda source: link in (link_key(source.url), link_key(source.archived_url)),
        lambda source: _normal(source.title) == name,
        lambda source: link_key(site(source.url)) == link,
    )
    for fits in steps:
        if matches := [source for source in cited if fits(source)]:
            return matches
    return [source for source in cited if _has_words(source, name)]


async def complete(conn: Connection, guild_id: int, text: str, limit: int) -> list[Source]:
    """Return up to `limit` sources that match a half-typed text, the last used first.

    A source matches if each typed word begins a word of its title, publisher or link, or if its link contains the text.
    Without a text every source matches.
    """
    typed = one_line(text)
    if not typed:
        return await recent(conn, guild_id, limit)
    link = link_key(typed)
    return [
        source
        for source in await recent(conn, guild_id, _COMPLETED)
        if (len(link) > 3 and link in link_key(source.url)) or _has_words(source, normal(typed))
    ][:limit]


def _has_words(source: Source, words: str) -> bool:
    """Return whether each of `words` begins a word of a source's title, publisher or link. `words` are normalised."""
    described = _normal(f"{source.title} {source.publisher} {source.url}").split()
    return bool(words) and all(any(word.startswith(part) for word in described) for part in words.split())
