"""Full-text search of one server's records: with all words and filters, and with typos corrected."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from bot.ledger.cited import bare, cited, undated
from bot.ledger.kinds import KINDS, fields_of
from bot.ledger.stored import decode_state
from bot.ledger.values import words_inside
from bot.ledger.words import words_of
from bot.services import index
from bot.services.index import Query, Term, Vocabulary
from data.database import Connection
from data.records import CitedText, Kind, Row, State
from data.rows import as_list, fetch_all, in_list

COUNTED = 1000
"""Matches are counted and paged up to here; of more it is only said that there are."""

_CITING = 100_000  # So many matches are looked through for those that cite a source.
_RANKED = 200  # So many are looked at by name; of more matches only those with the words in their name.
_BEGINNING = 10  # So many names that begin as asked come first, however old they are.
_INDEXED = 3  # Beginnings of so many letters have an index of their own: 0002_ask.sql.
_ENDS = 60  # So many words are named for one that is begun.
_LONGEST = 400
_TERMS = 12


class Wanted(Struct, frozen=True, omit_defaults=True):
    """A search as it was asked for: words, filters or both. `participant` and `topic` are slugs of records.

    `first` and `last` bound the day of a record's newest fact. `sources` are ids: only records count of which a present
    fact rests on one of these sources.
    """

    text: str = ""
    kind: Kind | None = None
    participant: str | None = None
    topic: str | None = None
    stage: str | None = None
    first: date | None = None
    last: date | None = None
    sources: tuple[int, ...] = ()
    order: Literal["best", "newest"] = "best"

    @property
    def filtered(self) -> bool:
        return bool(self.sources) or any(
            one is not None for one in (self.kind, self.participant, self.topic, self.stage, self.first, self.last)
        )


class Hit(Struct, frozen=True):
    """A record that was found, and the fact that holds the words which its name and status do not hold."""

    row: Row
    fact: CitedText | None = None


class ParsedSearch(Struct, frozen=True):
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


class SearchPage(Struct, frozen=True):
    """One page of what was found. With `more` there are more than `total`."""

    hits: list[Hit]
    total: int
    more: bool
    understood: ParsedSearch


async def understand(conn: Connection, guild_id: int, wanted: Wanted) -> ParsedSearch:
    """Return the words of a search with their other forms; those that the server's record does not hold, corrected."""
    asked, left_out = _terms(wanted.text)
    unfinished = next((term.words[-1] for term in asked if term.begins), "")
    words = [word for term in asked for word in term.words]
    vocabulary = await index.look_up(conn, guild_id, words, unfinished=unfinished, limit=_ENDS + 1)
    others = _others(vocabulary, asked)
    terms: list[Term] = []
    possible = bool(asked) or wanted.filtered
    for term in asked:
        held = vocabulary.held
        begun = vocabulary.begun if term.begins else ()
        if others[term] or held.issuperset(term.words) or (begun and held.issuperset(term.words[:-1])):
            few = len(begun) <= _ENDS and len(term.words[-1]) > _INDEXED
            terms.append(Term(term.words, term.begins, others[term], begun if few else ()))
            continue
        meant = await index.corrected(conn, guild_id, vocabulary, term.words)
        possible = possible and all(meant.values())
        if len(term.words) == 1 and all(" " in one for one in meant[term.words[0]]):
            # It is only written as two words, which changes nothing about it.
            terms.append(Term(term.words, others=tuple(meant[term.words[0]])))
            continue
        # A word that had to be corrected was meant as a whole.
        terms.append(Term(tuple((meant[word] or [word])[0] for word in term.words)))
    corrected = [term.words for term in terms] != [term.words for term in asked]
    return ParsedSearch(terms, possible, corrected, left_out, vocabulary.newest)


def _others(vocabulary: Vocabulary, asked: Sequence[Term]) -> dict[Term, tuple[str, ...]]:
    """Return what may stand for each single word: its other forms, it as two words, or it and its neighbour as one."""
    found: dict[Term, tuple[str, ...]] = dict.fromkeys(asked, ())
    for term in asked:
        if len(term.words) == 1:
            (word,) = term.words
            found[term] = (*vocabulary.forms(word), *vocabulary.as_two(word))
    for one, other in pairwise(asked):
        if len(one.words) == len(other.words) == 1:
            joined = vocabulary.as_one(*one.words, *other.words)
            found[one] += tuple(joined)
            found[other] += tuple(joined)
    return found


async def search(
    conn: Connection,
    guild_id: int,
    wanted: Wanted,
    *,
    understood: ParsedSearch | None = None,
    offset: int = 0,
    limit: int = 10,
) -> SearchPage:
    """Return one page of the records that hold every word and fit every filter.

    A word may stand in another form ("drone", "negotiating" and "negotiations") or as two words ("co-production"), the
    last word may be unfinished, and a piece with a digit in it is looked for as it stands ("MQ-9B"). A word that no
    record of this server holds is replaced by the one nearest to it.
    Best first: the name that was asked for, names that begin so, names that hold all words, then the newest.
    """
    understood = understood or await understand(conn, guild_id, wanted)
    terms = understood.terms
    query = await index.query(
        conn,
        guild_id,
        terms,
        kind=wanted.kind,
        stage=wanted.stage,
        linked=[slug for slug in (wanted.participant, wanted.topic) if slug],
        first=wanted.first,
        last=wanted.last,
    )
    if not understood.possible or query is None:
        return SearchPage([], 0, False, understood)
    ids = await index.matches(conn, query, _CITING if wanted.sources else COUNTED + 1)
    if wanted.sources:
        citing = await _citing(conn, guild_id, wanted.sources)
        ids = [id_ for id_ in ids if id_ & index.RECORD_ID in citing][: COUNTED + 1]
    total, more = min(len(ids), COUNTED), len(ids) > COUNTED
    if terms and wanted.order == "best":
        ids = await _best_first(conn, guild_id, wanted, query, terms, ids)
    page = await _rows(conn, ids[:COUNTED][offset : offset + limit])
    return SearchPage(await _hits(conn, page, terms), total, more, understood)


class _Cited(Struct, frozen=True):
    """A record with its state as JSON."""

    id: int
    kind: Kind
    state: str


async def _citing(conn: Connection, guild_id: int, source_ids: Sequence[int]) -> frozenset[int]:
    """Return the ids of the records whose present facts rest on one of some sources."""
    cited = await fetch_all(
        conn,
        _Cited,
        "SELECT id, kind, state FROM record WHERE guild_id = ? AND live = 1 AND id IN "
        f"(SELECT record_id FROM ledger WHERE source_id IN {in_list()})",
        (guild_id, as_list(source_ids)),
    )
    states = {record.id: decode_state(record.kind, record.state) for record in cited}
    return frozenset(
        id_
        for id_, state in states.items()
        if any(fact.source in source_ids for facts in state.fields.values() for fact in facts)
    )


# From what was typed to words that this server knows


def _terms(text: str) -> tuple[list[Term], bool]:
    """Return the words of a text, a piece with a digit in it as one term; and whether some had to be left out."""
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


# The best first


async def _best_first(
    conn: Connection, guild_id: int, wanted: Wanted, query: Query, terms: Sequence[Term], ids: list[int]
) -> list[int]:
    """Return matches with those first whose name fits; of very many matches only some names are looked at.

    FTS5's own rank is not used: it counts each word over all servers, so it is slower the more there are, and the
    records of others would change the order.
    """
    looked_at = ids
    if len(ids) > _RANKED:
        by_name = await index.matches_by_name(conn, guild_id, query, terms, _RANKED)
        looked_at = [*await _beginning(conn, guild_id, wanted, query, terms), *by_name]
    names = await index.names_of(conn, looked_at)
    front = sorted(names, key=lambda id_: (_rank(names[id_], terms), -id_))
    return list(dict.fromkeys([*front, *ids]))


async def _beginning(conn: Connection, guild_id: int, wanted: Wanted, query: Query, terms: Sequence[Term]) -> list[int]:
    kinds = (wanted.kind,) if wanted.kind else KINDS
    filtered = replace(wanted, kind=None).filtered
    return await index.matches_that_begin(conn, guild_id, query, _asked(terms), kinds, _BEGINNING, filtered=filtered)


def _asked(terms: Sequence[Term]) -> str:
    return " ".join(word for term in terms for word in term.words)


def _rank(names: Sequence[str], terms: Sequence[Term]) -> int:
    """Return how well names fit: 0 one is what was asked, 1 and 2 one begins so, 3 and 4 they hold all words, 5 none.

    Of each two the first is for whole words, the other for a last one that is only begun.
    """
    asked = _asked(terms)
    if asked in names:
        return 0
    if any(name.startswith(asked) for name in names):
        return 1 if any(name.startswith(asked + " ") for name in names) else 2
    words = [name.split() for name in names]
    if not all(any(term.held_by(one) for one in words) for term in terms):
        return 5
    whole = Term(terms[-1].words, False, terms[-1].others)
    return 3 if any(whole.held_by(one) for one in words) else 4


# From matches to rows


class _Matched(Struct, frozen=True):
    """A record that matches, as a list shows it."""

    id: int
    kind: Kind
    slug: str
    name: str
    status: tuple[CitedText, ...]
    newest_on: str | None

    @property
    def row(self) -> Row:
        return Row(self.kind, self.slug, self.name, self.status, self.newest_on)


async def _rows(conn: Connection, search_ids: Sequence[int]) -> list[_Matched]:
    ids = [search_id & index.RECORD_ID for search_id in search_ids]
    rows = await fetch_all(
        conn,
        _Matched,
        f"SELECT id, kind, slug, name, status, newest_on FROM record WHERE id IN {in_list()}",
        (as_list(ids),),
    )
    return sorted(rows, key=lambda row: ids.index(row.id))


class _Stated(Struct, frozen=True):
    """A record with all it states."""

    id: int
    kind: Kind
    state: str


class _Link(Struct, frozen=True):
    from_id: int
    slug: str
    name: str


async def _hits(conn: Connection, page: Sequence[_Matched], terms: Sequence[Term]) -> list[Hit]:
    missing: dict[int, list[Term]] = {}
    for one in page:
        words = words_of(f"{one.name} {undated(one.status)}")
        if wanting := [term for term in terms if not term.held_by(words)]:
            missing[one.id] = wanting
    facts: dict[int, CitedText | None] = {}
    if missing:
        names: dict[int, dict[str, str]] = {id_: {} for id_ in missing}
        for link in await fetch_all(
            conn,
            _Link,
            "SELECT l.from_id, o.slug, o.name FROM link l JOIN record o ON o.id = l.to_id "
            f"WHERE l.from_id IN {in_list()}",
            (as_list(missing),),
        ):
            names[link.from_id][link.slug] = link.name
        stated = await fetch_all(
            conn, _Stated, f"SELECT id, kind, state FROM record WHERE id IN {in_list()}", (as_list(missing),)
        )
        facts = {
            one.id: _fact_with(one.kind, decode_state(one.kind, one.state), names[one.id], missing[one.id])
            for one in stated
        }
    return [Hit(one.row, facts.get(one.id)) for one in page]


def _fact_with(kind: Kind, state: State, names: dict[str, str], terms: Sequence[Term]) -> CitedText | None:
    """Return the fact that holds the most of some words, with the label of its field: "Value: more than $3 billion"."""
    best, most = None, 0
    for field in fields_of(kind):
        for fact in state.facts(field.name):
            said = words_inside(field.type, fact.value, names)
            words = words_of(said)
            held = sum(term.held_by(words) for term in terms)
            if held > most:
                best, most = cited(f"{field.label}: {said}", bare(fact) if field.reports else None), held
    return best
