"""Writes the search index: the tables `search_index`, `name` and `spelling`, for records that changed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from msgspec import Struct

from bot.ledger import fold
from bot.ledger.kinds import fields_of
from bot.ledger.words import normal, spelling_variants, words_of
from data.database import Connection
from data.records import Kind, ListedText, State
from data.rows import as_list, fetch_all, fetch_values, in_list

RECORD_ID = (1 << 40) - 1
"""The bits of a search id (a rowid of `search_index`) that are the record's id.

The bits above them are the ordinal of the day of its newest fact, or 0.
"""

_STOP_WORDS = {"of", "the", "and", "for", "in", "on", "a", "an", "to"}
_NAMES = ("alias", "formerly")
"""The fields whose values are names of a record too, beside the field `name`."""
_NOTE = re.compile(r"\s*\([^()]*\)\s*")


class IndexedRecord(Struct, frozen=True):
    """A record as it is given to the index.

    `linked` are the ids of the records that it is linked with. `neighbours` are the names of these records, by slug.
    """

    id: int
    kind: Kind
    name: str
    live: bool
    newest_on: str | None
    state: State
    linked: Collection[int]
    neighbours: Mapping[str, str]


class _Text(Struct, frozen=True):
    """A row of `search_index`: tags for filters, the names of a record, and the words of its other facts."""

    id: int
    tags: str
    name: str
    body: str

    @property
    def words(self) -> set[str]:
        return {*self.name.split(), *self.body.split()}


async def clear(conn: Connection) -> None:
    """Delete the index of all servers."""
    for table in ("search_index", "name", "spelling"):
        await conn.execute(f"DELETE FROM {table}")
    await conn.execute("UPDATE record SET search_id = NULL WHERE search_id IS NOT NULL")


async def erase(conn: Connection, guild_id: int) -> None:
    """Delete the index of one server. This has to come before its records are deleted."""
    await conn.execute(
        "DELETE FROM search_index WHERE rowid IN (SELECT search_id FROM record WHERE guild_id = ?)", (guild_id,)
    )
    await conn.execute("DELETE FROM name WHERE guild_id = ?", (guild_id,))
    await conn.execute("DELETE FROM spelling WHERE guild_id = ?", (guild_id,))


async def write(
    conn: Connection, guild_id: int, entries: Sequence[IndexedRecord], renamed: Collection[int]
) -> dict[int, int | None]:
    """Write the words of records into the index. The names are written only for the record ids in `renamed`.

    Return the new search id of each record, by record id. The caller has to store it in the record. A record that is
    not live is not in the index, and its search id is None.
    """
    before = await fetch_all(
        conn,
        _Text,
        "SELECT t.rowid AS id, t.tags, t.name, t.body FROM record r JOIN search_index t ON t.rowid = r.search_id "
        f"WHERE r.id IN {in_list()}",
        (as_list(entry.id for entry in entries),),
    )
    after = [_text_of(guild_id, entry) for entry in entries if entry.live]
    await _write_names(conn, guild_id, [entry for entry in entries if entry.id in renamed])
    unchanged = set(before).intersection(after)
    await _write_texts(
        conn,
        guild_id,
        [text for text in before if text not in unchanged],
        [text for text in after if text not in unchanged],
    )
    ids: dict[int, int | None] = dict.fromkeys(entry.id for entry in entries)
    return ids | {text.id & RECORD_ID: text.id for text in after}


def _text_of(guild_id: int, entry: IndexedRecord) -> _Text:
    # Rows of newer records have greater ids, so that matches are read in that order.
    day = date.fromisoformat(entry.newest_on).toordinal() if entry.newest_on else 0
    names = " ".join(normal(name) for name in _all_names(entry))
    return _Text(day << 40 | entry.id, _tags(guild_id, entry), names, _body(entry))


def _tags(guild_id: int, entry: IndexedRecord) -> str:
    """Return the tags by which filters find a record: "g7 g7kdeal g7r12 g7ssigned" for a deal of guild 7.

    "k" is the kind, "r" a linked record, "s" the stage. "o" marks an open pending item or a deal without an approval.
    """
    stage = fold.stage_in(entry.kind, entry.state)
    tags = ["", f"k{entry.kind}", *(f"r{to_id}" for to_id in sorted(entry.linked))]
    tags += [f"s{stage.replace('_', '')}"] if stage else []
    tags += ["o"] if fold.waits(entry.kind, entry.state) else []
    return " ".join(f"g{guild_id}{tag}" for tag in tags)


def _body(entry: IndexedRecord) -> str:
    """Return the normalised words of all facts of a record, except its names."""
    words = [
        field.type.words(fact.value, entry.neighbours)
        for field in fields_of(entry.kind)
        if field.name not in ("name", *_NAMES)
        for fact in entry.state.facts(field.name)
    ]
    return normal(" ".join(words))


def _all_names(entry: IndexedRecord) -> list[str]:
    return [entry.name, *(fact.value.text for field in _NAMES for fact in entry.state.facts(field, ListedText))]


async def _write_names(conn: Connection, guild_id: int, entries: Sequence[IndexedRecord]) -> None:
    rows = [
        (guild_id, text, match_kind, entry.id, entry.kind)
        for entry in entries
        if entry.live
        for text, match_kind in _ways_to_name(entry)
    ]
    await conn.execute(f"DELETE FROM name WHERE record_id IN {in_list()}", (as_list(entry.id for entry in entries),))
    await conn.executemany(
        "INSERT INTO name (guild_id, norm, match_kind, record_id, kind) VALUES (?, ?, ?, ?, ?)", sorted(rows)
    )


def _ways_to_name(entry: IndexedRecord) -> set[tuple[str, int]]:
    """Return each normalised text by which a record can be named, with its match_kind.

    The match_kind is 0 for a whole name or alias, 1 for a name without its first words, 2 for initials, and 3 for an
    alias without its note in brackets: "New Delhi" of "New Delhi (for the Indian government)".
    """
    texts: set[tuple[str, int]] = set()
    for name in _all_names(entry):
        words = words_of(name)
        texts |= {(" ".join(words[i:]), min(i, 1)) for i in range(len(words))}
        if 2 <= len(words) <= 8:
            for some in (words, [word for word in words if word not in _STOP_WORDS]):
                # Nobody finds initials with a digit in them: a typed text is split in words at digits.
                if len(some) >= 2 and not any(word[0].isdigit() for word in some):
                    texts.add(("".join(word[0] for word in some), 2))
    for name in _all_names(entry)[1:]:
        without = normal(_NOTE.sub(" ", name))
        if without and without != normal(name):
            texts.add((without, 3))
    return texts


async def _write_texts(conn: Connection, guild_id: int, old: Sequence[_Text], new: Sequence[_Text]) -> None:
    """Replace rows of `search_index`, and bring the vocabulary of the server up to date with them."""
    # FTS5 begins a new segment whenever a rowid is smaller than the one before.
    await conn.executemany("DELETE FROM search_index WHERE rowid = ?", sorted((text.id,) for text in old))
    await conn.executemany(
        "INSERT INTO search_index (rowid, tags, name, body) VALUES (?, ?, ?, ?)",
        [(text.id, text.tags, text.name, text.body) for text in sorted(new, key=lambda text: text.id)],
    )
    before = set[str]().union(*(text.words for text in old))
    after = set[str]().union(*(text.words for text in new))
    await _learn(conn, guild_id, after)
    await _forget(conn, guild_id, before - after)


async def _learn(conn: Connection, guild_id: int, words: set[str]) -> None:
    """Add words to the vocabulary of a server, except those that it has already."""
    known = await fetch_values(
        conn,
        str,
        f"SELECT w.value FROM {in_list('?1')} w WHERE EXISTS (SELECT 1 FROM spelling s "
        "WHERE s.guild_id = ?2 AND s.variant = w.value AND s.word = w.value)",
        (as_list(words), guild_id),
    )
    await conn.executemany(
        "INSERT INTO spelling (guild_id, variant, word) VALUES (?, ?, ?)", _spellings(guild_id, words.difference(known))
    )


async def _forget(conn: Connection, guild_id: int, words: set[str]) -> None:
    """Delete words from the vocabulary of a server, except those that some record still contains."""
    # Words contain no quotes, so each is one phrase of the FTS5 expression.
    lost = await fetch_values(
        conn,
        str,
        f"SELECT w.value FROM {in_list('?1')} w WHERE NOT EXISTS (SELECT 1 FROM search_index "
        "WHERE search_index MATCH 'tags:g' || ?2 || ' AND {name body}:\"' || w.value || '\"')",
        (as_list(words), guild_id),
    )
    await conn.executemany(
        "DELETE FROM spelling WHERE guild_id = ? AND variant = ? AND word = ?", _spellings(guild_id, lost)
    )


def _spellings(guild_id: int, words: Iterable[str]) -> list[tuple[int, str, str]]:
    return [(guild_id, variant, word) for word in words for variant in spelling_variants(word)]
