"""Finding records by the words of their texts and by filters, in the full-text index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from msgspec import Struct, structs

from bot.services.index._completion import beginning
from bot.services.index._words import AFTER
from bot.services.index._writing import RECORD_ID
from data.database import Connection
from data.records import Kind
from data.rows import as_list, fetch_all, fetch_value, fetch_values, in_list


class Term(Struct, frozen=True):
    """A word to look for, or several words in a row. `others` are words and phrases that match it as well.

    With `begins` the last word may be unfinished; `ends` are the words that it may become, where these are few.
    """

    words: tuple[str, ...]
    begins: bool = False
    others: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()

    def held_by(self, words: Sequence[str]) -> bool:
        """Return whether this term stands in a text, given as its words."""
        if any(_stands_in(other.split(), words) if " " in other else other in words for other in self.others):
            return True
        return _stands_in(self.words, words, begins=self.begins)


def _stands_in(phrase: Sequence[str], words: Sequence[str], *, begins: bool = False) -> bool:
    """Return whether a phrase stands in a text, given as its words; with `begins` its last word may be unfinished."""
    *before, last = phrase
    if not before:
        return any(word.startswith(last) for word in words) if begins else last in words
    count = len(before)
    return any(
        list(words[i : i + count]) == before
        and (words[i + count].startswith(last) if begins else words[i + count] == last)
        for i in range(len(words) - count)
    )


class Query(Struct, frozen=True):
    """A search of the texts: FTS5's expression for their tags and words, and the ids between which they lie."""

    tags: str
    words: str
    first: int
    last: int

    @property
    def match(self) -> str:
        """Return FTS5's expression for the whole search."""
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
    """Return the search for records that hold all terms and fit all filters; None when a record in `linked` is gone.

    `linked` are slugs of records that a match names. `first` and `last` bound the day of its newest fact: a
    record without dated facts matches no period.
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
    # Each word is quoted, so no operator of the query language can come from a person; words hold no quotes.
    return f"({' AND '.join(map(_alternatives, terms))})" if terms else ""


def _alternatives(term: Term) -> str:
    # Where FTS5 has no index of beginnings it would read all that any of the words has, so they are named.
    *before, last = term.words
    wholes = [" ".join([*before, end]) for end in term.ends or (last,)]
    begun = " *" if term.begins and not term.ends else ""
    found = [f'"{whole}"{begun}' for whole in wholes] + [f'"{other}"' for other in term.others]
    return f"({' OR '.join(found)})"


async def matches(conn: Connection, query: Query, limit: int) -> list[int]:
    """Return the ids of the texts that match, the newest first, which is the order of their ids."""
    return await fetch_values(
        conn,
        int,
        "SELECT rowid FROM search_index WHERE search_index MATCH ? AND rowid >= ? AND rowid <= ? "
        "ORDER BY rowid DESC LIMIT ?",
        (query.match, query.first, query.last, limit),
    )


async def matches_by_name(
    conn: Connection, guild_id: int, query: Query, terms: Sequence[Term], limit: int
) -> list[int]:
    """Return the matches that hold all terms in their names, the newest first."""
    if not await _are_in_names(conn, guild_id, terms):
        return []
    return await matches(conn, structs.replace(query, words=f"name : {query.words}"), limit)


async def _are_in_names(conn: Connection, guild_id: int, terms: Sequence[Term]) -> bool:
    """Return whether each term begins a word of some name: a quick look-up, which most common words do not pass."""
    begun = [{term.words[0], *term.others} for term in terms]
    found = await fetch_values(
        conn,
        str,
        f"SELECT w.value FROM {in_list('?1')} w "
        "WHERE EXISTS (SELECT 1 FROM name WHERE guild_id = ?2 AND norm >= w.value AND norm < w.value || ?3)",
        (as_list(set[str]().union(*begun)), guild_id, AFTER),
    )
    return all(not words.isdisjoint(found) for words in begun)


async def matches_that_begin(
    conn: Connection, guild_id: int, query: Query, asked: str, kinds: Sequence[Kind], limit: int, *, filtered: bool
) -> list[int]:
    """Return the matches whose name begins as asked, by name: they may be older than the newest of all matches.

    Without filters (not `filtered`) a record of one of the kinds whose name begins so always matches.
    """
    found = await beginning(conn, guild_id, kinds, asked, limit)
    fits = (
        "SELECT 1 FROM search_index t WHERE t.rowid = r.search_id AND search_index MATCH ?3 "
        "AND t.rowid >= ?4 AND t.rowid <= ?5"
    )
    return await fetch_values(
        conn,
        int,
        f"SELECT r.search_id FROM {in_list('?1')} w CROSS JOIN record r ON r.id = w.value "
        f"WHERE r.guild_id = ?2 AND r.live = 1 AND (?6 OR EXISTS ({fits}))",
        (as_list(found), guild_id, query.match, query.first, query.last, not filtered),
    )


class _Name(Struct, frozen=True):
    record_id: int
    norm: str


async def names_of(conn: Connection, search_ids: Iterable[int]) -> dict[int, list[str]]:
    """Return all normalised names of records, by the ids of their texts."""
    texts = {search_id & RECORD_ID: search_id for search_id in search_ids}
    rows = await fetch_all(
        conn,
        _Name,
        f"SELECT record_id, norm FROM name WHERE record_id IN {in_list()} AND match_kind = 0",
        (as_list(texts),),
    )
    names: dict[int, list[str]] = {}
    for row in rows:
        names.setdefault(texts[row.record_id], []).append(row.norm)
    return names
