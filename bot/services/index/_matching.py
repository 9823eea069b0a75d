"""Finds records by all their words and by filters, in the full-text table `search_index`.

A search id is the rowid of a record's row in `search_index`. Greater search ids have newer facts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date

from msgspec import Struct, structs

from bot.services.index._completion import names_that_begin
from bot.services.index._words import AFTER
from bot.services.index._writing import RECORD_ID
from data.database import Connection
from data.records import Kind
from data.rows import as_list, fetch_one, fetch_value, fetch_values, in_list


class Term(Struct, frozen=True):
    """A word of a search, or several words that must follow one another.

    `others` are words and phrases that match as well. If `begins` is true, the last word may be unfinished. `ends` are
    all words of the records that begin with this unfinished word, or empty if there are too many of them.
    """

    words: tuple[str, ...]
    begins: bool = False
    others: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()

    def matches(self, text: str) -> bool:
        """Return whether a normalised text contains this term. Such a text has single spaces between its words."""
        padded = f" {text} "
        phrase = " ".join(self.words)
        if (f" {phrase}" if self.begins else f" {phrase} ") in padded:
            return True
        return any(f" {other} " in padded for other in self.others)


class Query(Struct, frozen=True):
    """A search of the full-text table.

    `tags` is the FTS5 expression for the filters. `words` is the one for the terms, or "" without terms. The search ids
    of the matches lie between `first` and `last`.
    """

    tags: str
    words: str
    first: int
    last: int

    @property
    def match(self) -> str:
        """Return the FTS5 expression for filters and terms together."""
        return " AND ".join(filter(None, (self.tags, self.words)))


async def query(
    conn: Connection,
    guild_id: int,
    terms: Sequence[Term],
    *,
    kind: Kind | None = None,
    stage: str | None = None,
    linked: Iterable[str] = (),
    first: date | None = None,
    last: date | None = None,
) -> Query | None:
    """Return a query for records that contain all terms and fit all filters.

    A match is linked with each record in `linked` (slugs). The day of its newest fact lies between `first` and `last`.
    If either is given, records without dated facts do not match. Return None if a record in `linked` does not exist.
    """
    tags = [f"g{guild_id}"]
    tags += [f"g{guild_id}k{kind}"] if kind is not None else []
    tags += [f"g{guild_id}s{stage.replace('_', '')}"] if stage is not None else []
    for slug in linked:
        id_ = await fetch_value(
            conn, int, "SELECT id FROM record WHERE guild_id = ? AND slug = ? AND live = 1", (guild_id, slug)
        )
        if id_ is None:
            return None
        tags.append(f"g{guild_id}r{id_}")
    if first is None and last is not None:
        first = date.min
    return Query(
        # Tags mix letters and digits, which no word does, so words can be looked for in all columns.
        f"tags : ({' AND '.join(tags)})",
        _expression(terms),
        first.toordinal() << 40 if first else 0,
        ((last or date.max).toordinal() + 1 << 40) - 1,
    )


def _expression(terms: Sequence[Term]) -> str:
    # Each word is quoted, so that no operator of FTS5 can come from a person. Words contain no quotes.
    return f"({' AND '.join(map(_alternatives, terms))})" if terms else ""


def _alternatives(term: Term) -> str:
    # FTS5 has an index for short beginnings of words only. For a longer beginning it would read the rows of all words
    # of all servers that begin with it. The words in `ends` are fewer.
    *before, last = term.words
    phrases = [" ".join([*before, end]) for end in term.ends or (last,)]
    star = " *" if term.begins and not term.ends else ""
    alternatives = [f'"{phrase}"{star}' for phrase in phrases] + [f'"{other}"' for other in term.others]
    return f"({' OR '.join(alternatives)})"


_MATCHES = """
SELECT rowid FROM search_index WHERE search_index MATCH ? AND rowid >= ? AND rowid <= ? ORDER BY rowid DESC LIMIT ?
"""


async def matches(conn: Connection, query: Query, limit: int) -> list[int]:
    """Return the search ids of up to `limit` matches, the newest first."""
    # One row with a list of a thousand numbers is read faster than a thousand rows.
    ids = await fetch_value(
        conn, list[int], f"SELECT json_group_array(rowid) FROM ({_MATCHES})", (*_values(query), limit)
    )
    return sorted(ids or [], reverse=True)


class _Matches(Struct, frozen=True):
    """The matches of a query in one row: their search ids, and pairs of a record id and a name. `names` can be None."""

    ids: list[int]
    names: list[tuple[int, str]] | None


async def matches_with_names(
    conn: Connection, query: Query, limit: int, *, most: int
) -> tuple[list[int], dict[int, list[str]]]:
    """Return (a) the search ids of up to `limit` matches, the newest first, and (b) their names, by search id.

    The names are normalised. They are needed only to rank matches, so (b) is empty if only one record matches, or if
    more than `most` records do.
    """
    row = await fetch_one(
        conn,
        _Matches,
        "SELECT ids, CASE WHEN total BETWEEN 2 AND ? THEN (SELECT json_group_array(json_array(record_id, norm)) "
        "FROM name WHERE record_id IN (SELECT value & ? FROM json_each(ids)) AND match_kind = 0) END AS names "
        f"FROM (SELECT json_group_array(rowid) AS ids, count(*) AS total FROM ({_MATCHES}))",
        (most, RECORD_ID, *_values(query), limit),
    )
    assert row is not None
    return sorted(row.ids, reverse=True), _by_search_id(row.ids, row.names) if row.names else {}


def _values(query: Query) -> tuple[str, int, int]:
    return query.match, query.first, query.last


async def matches_by_name(
    conn: Connection, guild_id: int, query: Query, terms: Sequence[Term], limit: int
) -> list[int]:
    """Return the search ids of up to `limit` matches whose names contain all terms, the newest first."""
    if not await _are_in_names(conn, guild_id, terms):
        return []
    return await matches(conn, structs.replace(query, words=f"name : {query.words}"), limit)


async def _are_in_names(conn: Connection, guild_id: int, terms: Sequence[Term]) -> bool:
    """Return whether, for each term, the guild has a name with a word that begins like the term.

    A word begins like a term if it begins with the first word of the term or with one of its `others`. Most common
    words are in no name, so this fast check often saves a search.
    """
    begins = [{term.words[0], *term.others} for term in terms]
    in_names = await fetch_values(
        conn,
        str,
        f"SELECT w.value FROM {in_list('?1')} w "
        "WHERE EXISTS (SELECT 1 FROM name WHERE guild_id = ?2 AND norm >= w.value AND norm < w.value || ?3)",
        (as_list(set[str]().union(*begins)), guild_id, AFTER),
    )
    return all(not words.isdisjoint(in_names) for words in begins)


async def matches_that_begin(
    conn: Connection, guild_id: int, query: Query, text: str, kinds: Sequence[Kind], limit: int, *, filtered: bool
) -> list[int]:
    """Return the search ids of matches with a name that begins with a normalised text, in the order of the names.

    `filtered` is true if the query has other filters than the kind. If it is false, every record with such a name
    matches, so the full-text table is not read.
    """
    names = names_that_begin(len(kinds), (0,))
    fits = (
        "SELECT 1 FROM search_index t WHERE t.rowid = r.search_id AND search_index MATCH ? "
        "AND t.rowid >= ? AND t.rowid <= ?"
    )
    return await fetch_values(
        conn,
        int,
        f"SELECT r.search_id FROM (SELECT record_id FROM ({names}) ORDER BY norm LIMIT ?4) n "
        "CROSS JOIN record r ON r.id = n.record_id "
        f"WHERE r.guild_id = ?1 AND r.live = 1 AND (? OR EXISTS ({fits}))",
        (guild_id, text, text + AFTER, limit, *kinds, not filtered, *_values(query)),
    )


async def names_of(conn: Connection, search_ids: Collection[int]) -> dict[int, list[str]]:
    """Return the normalised names and aliases of records by their search id."""
    names = await fetch_value(
        conn,
        list[tuple[int, str]],
        f"SELECT json_group_array(json_array(record_id, norm)) FROM name WHERE record_id IN {in_list()} "
        "AND match_kind = 0",
        (as_list(search_id & RECORD_ID for search_id in search_ids),),
    )
    return _by_search_id(search_ids, names or [])


def _by_search_id(search_ids: Iterable[int], names: Iterable[tuple[int, str]]) -> dict[int, list[str]]:
    """Return names by search id. `names` are pairs of a record id and a name.

    `search_ids` are the search ids of all records in `names`.
    """
    search_id_of = {search_id & RECORD_ID: search_id for search_id in search_ids}
    by_search_id: dict[int, list[str]] = {}
    for record_id, name in names:
        by_search_id.setdefault(search_id_of[record_id], []).append(name)
    return by_search_id
