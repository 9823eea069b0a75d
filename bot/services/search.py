"""Full text over one server's records: every word has to be there, filters narrow it down, slips are corrected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from bot.ledger.cited import bare, cited, undated
from bot.ledger.fields import KINDS, fields_of
from bot.ledger.values import words_inside
from bot.ledger.words import words_of
from bot.services import records
from bot.services.records import row_of
from data.database import Connection
from data.records import CitedText, Kind, Row, State

COUNTED = 1000
"""Matches are counted and paged up to here; of more it is only said that there are."""

_RANKED = 200  # So many are looked at by name; of more matches only those with the words in their name.
_BEGINNING = 10  # So many names that begin as asked come first, however old they are.
_INDEXED = 3  # Beginnings of so many letters have an index of their own: 0002_ask.sql.
_ENDS = 60  # So many words are named for one that is begun.
_LONGEST = 400
_TERMS = 12
_ID = (1 << 40) - 1  # The part of a text's rowid that is the record; above it is its newest day.

_state = msgspec.json.Decoder(State)
_names = msgspec.json.Decoder(list[str])
_by_slug = msgspec.json.Decoder(dict[str, str])


class Wanted(Struct, frozen=True, omit_defaults=True):
    """What is looked for: words, filters or both. `participant` and `topic` are slugs of records.

    `first` and `last` bound the day of a record's newest fact.
    """

    text: str = ""
    kind: Kind | None = None
    participant: str | None = None
    topic: str | None = None
    stage: str | None = None
    first: date | None = None
    last: date | None = None
    order: Literal["best", "newest"] = "best"

    @property
    def filtered(self) -> bool:
        return any(
            one is not None for one in (self.kind, self.participant, self.topic, self.stage, self.first, self.last)
        )


class Term(Struct, frozen=True):
    """A word to look for, or words in a row. `others` are as good as a word.

    With `begins` the last one may be unfinished; `ends` are the words that it may become, where these are few.
    """

    words: tuple[str, ...]
    begins: bool = False
    others: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()


class Hit(Struct, frozen=True):
    """A record that was found, and the fact that holds the words which its name and status do not hold."""

    row: Row
    fact: CitedText | None = None


class Understood(Struct, frozen=True):
    """A search in words that the server knows, and the newest update of its ledger when they were looked up.

    Not `possible`: some word is nowhere in it. `corrected`: the words are not as typed. `left_out`: there were more of
    them than are looked for.
    """

    terms: list[Term]
    possible: bool
    corrected: bool
    left_out: bool
    newest: int

    @property
    def read_as(self) -> str:
        return _asked(self.terms)


class Found(Struct, frozen=True):
    """One page of what was found. With `more` there are more than `total`."""

    hits: list[Hit]
    total: int
    more: bool
    understood: Understood


async def understand(conn: Connection, guild_id: int, wanted: Wanted) -> Understood:
    """The words of a search with their other forms, and those that nobody knows corrected."""
    asked, left_out = _terms(wanted.text)
    there, ends, newest = await _vocabulary(conn, guild_id, asked)
    terms: list[Term] = []
    possible = bool(asked) or wanted.filtered
    for term in asked:
        others = tuple(form for form in _forms(term.words[0]) if form in there) if len(term.words) == 1 else ()
        begun = ends if term.begins else []
        if others or there.issuperset(term.words) or (begun and there.issuperset(term.words[:-1])):
            few = len(begun) <= _ENDS and len(term.words[-1]) > _INDEXED
            terms.append(Term(term.words, term.begins, others, tuple(begun) if few else ()))
            continue
        words = [word if word in there else await _corrected(conn, guild_id, word) for word in term.words]
        possible = possible and None not in words
        # A word that had to be corrected was meant as a whole.
        terms.append(Term(tuple(new or old for new, old in zip(words, term.words, strict=True))))
    corrected = [term.words for term in terms] != [term.words for term in asked]
    return Understood(terms, possible, corrected, left_out, newest)


async def search(
    conn: Connection,
    guild_id: int,
    wanted: Wanted,
    *,
    understood: Understood | None = None,
    offset: int = 0,
    limit: int = 10,
) -> Found:
    """One page of the records that hold every word and fit every filter.

    A word may stand in the plural or the singular, the last word may be unfinished, and a piece with a digit in it is
    looked for as it stands ("MQ-9B"). A word that no record of this server holds is replaced by the one nearest to it.
    Best first: the name that was asked for, names that begin so, names that hold all words, then the newest.
    """
    understood = understood or await understand(conn, guild_id, wanted)
    terms = understood.terms
    tags = await _tags(conn, guild_id, wanted)
    if not understood.possible or tags is None:
        return Found([], 0, False, understood)
    ids = await _matches(conn, _query(tags, terms), _span(wanted), COUNTED + 1)
    total, more = min(len(ids), COUNTED), len(ids) > COUNTED
    best = bool(terms) and wanted.order == "best"
    if len(ids) <= _RANKED:
        rows = await _rows(conn, guild_id, ids)
        page = (sorted(rows, key=lambda row: _rank(row.names, terms)) if best else rows)[offset : offset + limit]
    else:
        ids = await _best_first(conn, guild_id, wanted, tags, terms, ids) if best else ids
        page = await _rows(conn, guild_id, ids[:COUNTED][offset : offset + limit])
    return Found(await _hits(conn, page, terms), total, more, understood)


# From what was typed to words that this server knows


def _terms(text: str) -> tuple[list[Term], bool]:
    """The words of a text, a piece with a digit in it as one; and whether some had to be left out."""
    found: list[Term] = []
    for piece in text[:_LONGEST].split():
        words = words_of(piece)
        if len(words) > 1 and any(word[0].isdigit() for word in words):
            found.append(Term(tuple(words)))
        else:
            found += [Term((word,)) for word in words]
    kept = list(dict.fromkeys(found))[:_TERMS]
    left_out = len(text.strip()) > _LONGEST or len(set(found)) > _TERMS
    if kept and not left_out:
        kept[-1] = Term(kept[-1].words, begins=True)
    return kept, left_out


def _forms(word: str) -> list[str]:
    """The plural of a word and its singular, as far as endings tell; what is no word is sorted out later."""
    if len(word) < 3 or not (word.isascii() and word.isalpha()) or word == "news":
        return []
    if not word.endswith("s"):
        ends = [word + "s"]
        ends += [word + "es"] if word.endswith(("x", "z", "ch", "sh", "o")) else []
        ends += [word[:-1] + "ies"] if word.endswith("y") else []
        return ends
    if word.endswith("ss"):
        return [word + "es"]
    ends = [word[:-1]]
    ends += [word[:-2]] if word.endswith("es") else []
    ends += [word[:-3] + "y"] if word.endswith("ies") else []
    return [end for end in ends if len(end) > 2]


async def _vocabulary(conn: Connection, guild_id: int, terms: Sequence[Term]) -> tuple[set[str], list[str], int]:
    """Those of the words and their other forms that a record of this server holds; those that begin as the last word
    does, of very many only the first; and the newest update. One read."""
    words = {form for term in terms for word in term.words for form in (word, *_forms(word))}
    begun = next((term.words[-1] for term in terms if term.begins), "\U0010ffff")
    rows = await conn.execute_fetchall(
        "SELECT word, 'there' FROM spelling WHERE guild_id = ?1 AND variant IN (SELECT value FROM json_each(?2)) "
        "AND word = variant UNION ALL SELECT word, 'begins' FROM (SELECT word FROM spelling WHERE guild_id = ?1 "
        "AND variant >= ?3 AND variant < ?3 || ?4 AND word = variant LIMIT ?5) "
        "UNION ALL SELECT ifnull(max(id), 0), 'newest' FROM ledger WHERE guild_id = ?1",
        (guild_id, _json(words), begun, "\U0010ffff", _ENDS + 1),
    )
    found = list(rows)
    there, ends = ([word for word, how in found if how == wanted] for wanted in ("there", "begins"))
    return set(there), ends, found[-1][0]


async def _corrected(conn: Connection, guild_id: int, word: str) -> str | None:
    return next(iter(await records.words_like(conn, guild_id, word, limit=1)), None)


# From words and filters to matches


async def _tags(conn: Connection, guild_id: int, wanted: Wanted) -> list[str] | None:
    """What the filters ask of a record's tags; None when a record they name is gone."""
    tags = [f"g{guild_id}"]
    if wanted.kind is not None:
        tags.append(f"g{guild_id}k{wanted.kind}")
    if wanted.stage is not None:
        tags.append(f"g{guild_id}s{wanted.stage.replace('_', '')}")
    for slug in filter(None, (wanted.participant, wanted.topic)):
        rows = list(
            await conn.execute_fetchall(
                "SELECT id FROM record WHERE guild_id = ? AND slug = ? AND live = 1", (guild_id, slug)
            )
        )
        if not rows:
            return None
        tags.append(f"g{guild_id}r{rows[0][0]}")
    return tags


def _query(tags: Sequence[str], terms: Sequence[Term], column: str = "") -> str:
    # Each word is quoted, so no operator of the query language can come from a person; words hold no quotes. Tags mix
    # letters and digits, which no word does, so words can be looked for in all columns.
    query = f"tags : ({' AND '.join(tags)})"
    if terms:
        query += f" AND {column}({' AND '.join(map(_expression, terms))})"
    return query


def _expression(term: Term) -> str:
    # Where FTS5 has no index of beginnings it would read all that any of the words has, so they are named.
    *before, last = term.words
    wholes = [" ".join([*before, end]) for end in term.ends or (last,)]
    begun = " *" if term.begins and not term.ends else ""
    found = [f'"{whole}"{begun}' for whole in wholes] + [f'"{other}"' for other in term.others]
    return f"({' OR '.join(found)})"


def _span(wanted: Wanted) -> tuple[int, int]:
    """The rowids of a period. What has no dated fact lies in none."""
    first = wanted.first or (date.min if wanted.last else None)
    last = wanted.last or date.max
    return (first.toordinal() << 40 if first else 0), (last.toordinal() + 1 << 40) - 1


async def _matches(conn: Connection, query: str, span: tuple[int, int], limit: int) -> list[int]:
    """The rowids that match, the newest first: they come so without being sorted."""
    rows = await conn.execute_fetchall(
        "SELECT rowid FROM text WHERE text MATCH ? AND rowid >= ? AND rowid <= ? ORDER BY rowid DESC LIMIT ?",
        (query, *span, limit),
    )
    return [rowid for (rowid,) in rows]


async def _best_first(
    conn: Connection, guild_id: int, wanted: Wanted, tags: Sequence[str], terms: Sequence[Term], ids: list[int]
) -> list[int]:
    """Very many matches, with those in front whose name fits.

    FTS5's own rank counts each word over all servers: slower with each of them, and theirs would change the order.
    """
    in_name = []
    if await _are_in_names(conn, guild_id, terms):
        in_name = await _matches(conn, _query(tags, terms, "name : "), _span(wanted), _RANKED)
    beginning = await _beginning(conn, guild_id, wanted, _query(tags, terms), _asked(terms))
    rows = await conn.execute_fetchall(
        "SELECT j.value, n.norm FROM json_each(?) j JOIN name n ON n.record_id = j.value & ? WHERE n.how = 0",
        (_json(dict.fromkeys([*beginning, *in_name])), _ID),
    )
    names: dict[int, list[str]] = {}
    for rowid, norm in rows:
        names.setdefault(rowid, []).append(norm)
    front = sorted(names, key=lambda rowid: (_rank(names[rowid], terms), -rowid))
    return list(dict.fromkeys([*front, *ids]))


def _asked(terms: Sequence[Term]) -> str:
    return " ".join(word for term in terms for word in term.words)


async def _are_in_names(conn: Connection, guild_id: int, terms: Sequence[Term]) -> bool:
    """Whether each word begins a word of some name, which is soon said. Most common words are in no name."""
    begun = [{term.words[0], *term.others} for term in terms]
    rows = await conn.execute_fetchall(
        "SELECT j.value FROM json_each(?1) j "
        "WHERE EXISTS (SELECT 1 FROM name WHERE guild_id = ?2 AND norm >= j.value AND norm < j.value || ?3)",
        (_json(set().union(*begun)), guild_id, "\U0010ffff"),
    )
    there = {word for (word,) in rows}
    return all(not there.isdisjoint(words) for words in begun)


async def _beginning(conn: Connection, guild_id: int, wanted: Wanted, query: str, asked: str) -> list[int]:
    """Matches whose name begins as asked, in the order of names: they may be older than the newest of all matches."""
    found = await records.beginning(conn, guild_id, (wanted.kind,) if wanted.kind else KINDS, asked, _BEGINNING)
    # What begins as asked holds the words; whether it fits the filters, the index of texts is asked for each of them.
    fits = "SELECT 1 FROM text t WHERE t.rowid = r.text_id AND t.text MATCH ?3 AND t.rowid >= ?4 AND t.rowid <= ?5"
    rows = await conn.execute_fetchall(
        "SELECT r.text_id FROM json_each(?1) j CROSS JOIN record r ON r.id = j.value "
        f"WHERE r.guild_id = ?2 AND r.live = 1 AND (?6 OR EXISTS ({fits}))",
        (_json(found), guild_id, query, *_span(wanted), not replace(wanted, kind=None).filtered),
    )
    return [rowid for (rowid,) in rows]


def _rank(names: Sequence[str], terms: Sequence[Term]) -> int:
    """How well names fit: 0 one is what was asked, 1 and 2 one begins so, 3 and 4 they hold all words, 5 they do not.

    Of each two the first is for whole words, the other for a last one that is only begun.
    """
    asked = _asked(terms)
    if asked in names:
        return 0
    if any(name.startswith(asked) for name in names):
        return 1 if any(name.startswith(asked + " ") for name in names) else 2
    words = [name.split() for name in names]
    if not all(any(_holds(one, term) for one in words) for term in terms):
        return 5
    whole = Term(terms[-1].words, False, terms[-1].others)
    return 3 if any(_holds(one, whole) for one in words) else 4


def _holds(words: Sequence[str], term: Term) -> bool:
    if any(other in words for other in term.others):
        return True
    *before, last = term.words
    if not before:
        return any(word.startswith(last) for word in words) if term.begins else last in words
    count = len(before)
    return any(
        list(words[i : i + count]) == before
        and (words[i + count].startswith(last) if term.begins else words[i + count] == last)
        for i in range(len(words) - count)
    )


# From matches to rows


class _Matched(Struct, frozen=True):
    """A record that matches, and all its names."""

    id: int
    row: Row
    names: list[str]


async def _rows(conn: Connection, guild_id: int, ids: Sequence[int]) -> list[_Matched]:
    rows = await conn.execute_fetchall(
        "SELECT r.id, (SELECT json_group_array(norm) FROM name n WHERE n.record_id = r.id AND n.how = 0), "
        "r.kind, r.slug, r.name, r.status, r.newest_on "
        "FROM json_each(?) j JOIN record r ON r.id = j.value & ? WHERE r.guild_id = ? AND r.live = 1 ORDER BY j.key",
        (_json(ids), _ID, guild_id),
    )
    return [_Matched(id_, row_of(row), _names.decode(names)) for id_, names, *row in rows]


async def _hits(conn: Connection, page: Sequence[_Matched], terms: Sequence[Term]) -> list[Hit]:
    missing = {
        one.id: wanting
        for one in page
        if (
            wanting := [
                term for term in terms if not _holds(words_of(f"{one.row.name} {undated(one.row.status)}"), term)
            ]
        )
    }
    facts: dict[int, CitedText | None] = {}
    if missing:
        rows = await conn.execute_fetchall(
            "SELECT r.id, r.kind, r.state, (SELECT json_group_object(o.slug, o.name) FROM link l "
            "JOIN record o ON o.id = l.to_id WHERE l.from_id = r.id) "
            "FROM record r WHERE r.id IN (SELECT value FROM json_each(?))",
            (_json(missing),),
        )
        facts = {id_: _fact_with(kind, state, names, missing[id_]) for id_, kind, state, names in rows}
    return [Hit(one.row, facts.get(one.id)) for one in page]


def _fact_with(kind: Kind, raw: str, raw_names: str, terms: Sequence[Term]) -> CitedText | None:
    """Return the fact of a record that holds most of some words, with what it is: "Value: more than $3 billion"."""
    best, most = None, 0
    state, names = _state.decode(raw), _by_slug.decode(raw_names)
    for field in fields_of(kind):
        for fact in state.facts.get(field.name, []):
            said = words_inside(field.type, fact.value, names)
            words = words_of(said)
            held = sum(_holds(words, term) for term in terms)
            if held > most:
                best, most = cited(f"{field.label}: {said}", bare(fact) if field.reports else None), held
    return best


def _json(values: Iterable[str | int]) -> str:
    return msgspec.json.encode(list(values)).decode()
