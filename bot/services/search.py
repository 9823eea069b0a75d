"""Full-text search of one server's records: by all words of a text, by filters, and with typos corrected."""

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
from bot.ledger.words import normal, words_of
from bot.services import index
from bot.services.index import Query, Term, Vocabulary
from data.database import Connection
from data.records import CitedText, Kind, Row
from data.rows import as_list, fetch_all, in_list

COUNTED = 1000
"""At most this many matches are counted and paged. If there are more, people only read that there are more."""

_CITING = 100_000  # At most so many matches of the text are compared with the records that cite a source.
_RANKED = 200  # All matches are ranked, if there are at most so many. Otherwise see `_best_first`.
_BEGINNING = 10  # If there are more matches, so many whose name begins with the text come first.
_INDEXED = 3  # FTS5 has an index of word beginnings up to this length: 0002_ask.sql.
_ENDS = 60  # An unfinished word with more endings than this is searched for by its beginning.
_LONGEST = 400  # Characters of a text that are read.
_TERMS = 12  # Terms that are searched for.


class Wanted(Struct, frozen=True, omit_defaults=True):
    """A search as somebody asked for it: a text, filters, or both.

    `participant` and `topic` are slugs of records. A match must be linked with them. `first` and `last` limit the day
    of the newest fact of a match. `sources` are ids of sources. A match must have a present fact that rests on one of
    them.
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
            value is not None for value in (self.kind, self.participant, self.topic, self.stage, self.first, self.last)
        )


class Hit(Struct, frozen=True):
    """A record that matches. Some words of the search may be neither in its name nor in its status line.

    Then `fact` is the fact of the record that contains the most of these words. `fact` is None if there are no such
    words, or if no fact contains any of them.
    """

    row: Row
    fact: CitedText | None = None


class ParsedSearch(Struct, frozen=True):
    """The text of a search, in words of the server's records.

    `possible` is false if some word is in no record, even after correction. `corrected` is true if the words differ
    from the typed ones. `left_out` is true if the text was too long to search for all of its words. `newest` is the id
    of the server's newest update when the text was parsed. After another update the text has to be parsed again.
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
    """One page of the matches. `total` is the number of all matches, up to `COUNTED`. `more`: there are even more."""

    hits: list[Hit]
    total: int
    more: bool
    understood: ParsedSearch


async def understand(conn: Connection, guild_id: int, wanted: Wanted) -> ParsedSearch:
    """Parse the text of a search into terms. Words of no record are corrected, and each word gets its other forms."""
    asked, left_out = _terms(wanted.text)
    unfinished = next((term.words[-1] for term in asked if term.begins), "")
    words = [word for term in asked for word in term.words]
    vocabulary = await index.look_up(conn, guild_id, words, unfinished=unfinished, limit=_ENDS + 1)
    others = _others(vocabulary, asked)
    known = [_known(vocabulary, *pair) for pair in zip(asked, others, strict=True)]
    terms = [term for term in known if term is not None]
    possible = bool(asked) or wanted.filtered
    if len(terms) < len(asked):
        unknown = [word for term, same in zip(asked, known, strict=True) if same is None for word in term.words]
        meanings = await index.corrected(conn, guild_id, vocabulary, unknown)
        possible = all(meanings.values())
        terms = [same or _corrected(term, meanings) for term, same in zip(asked, known, strict=True)]
    corrected = [term.words for term in terms] != [term.words for term in asked]
    return ParsedSearch(terms, possible, corrected, left_out, vocabulary.newest)


def _known(vocabulary: Vocabulary, term: Term, others: tuple[str, ...]) -> Term | None:
    """Return a term completed with `others` and, if it is unfinished, with the words of the records that begin with it.

    Return None if no record contains the words of the term or one of `others`.
    """
    known = vocabulary.known
    begun = vocabulary.begun if term.begins else ()
    if not (others or known.issuperset(term.words) or (begun and known.issuperset(term.words[:-1]))):
        return None
    few = len(begun) <= _ENDS and len(term.words[-1]) > _INDEXED
    return Term(term.words, term.begins, others, begun if few else ())


def _corrected(term: Term, meanings: dict[str, list[str]]) -> Term:
    """Return a term with each word replaced by its likeliest meaning. No word of the result counts as unfinished."""
    word, *more = term.words
    if not more and all(" " in meaning for meaning in meanings[word]):
        # The records only have the word as two words, so people still read it as they typed it.
        return Term(term.words, others=tuple(meanings[word]))
    return Term(tuple((meanings[word] or [word])[0] for word in term.words))


def _others(vocabulary: Vocabulary, terms: Sequence[Term]) -> list[tuple[str, ...]]:
    """Return, for each term, the words and phrases that match in its place (see `Term.others`).

    For a term of a single word these are its other forms, the word written as two words, and the word joined with its
    neighbour into one word. For a term of several words there are none.
    """
    others = [
        (*vocabulary.forms(term.words[0]), *vocabulary.as_two(term.words[0])) if len(term.words) == 1 else ()
        for term in terms
    ]
    for i, (term, following) in enumerate(pairwise(terms)):
        if len(term.words) == len(following.words) == 1:
            joined = tuple(vocabulary.as_one(term.words[0], following.words[0]))
            others[i] += joined
            others[i + 1] += joined
    return others


async def search(
    conn: Connection,
    guild_id: int,
    wanted: Wanted,
    *,
    understood: ParsedSearch | None = None,
    offset: int = 0,
    limit: int = 10,
) -> SearchPage:
    """Return one page of the records that contain every word and fit every filter.

    A word also matches its other forms ("negotiating" matches "negotiations") and the same word written as two
    ("coproduction" matches "co-production"). The last word may be unfinished. A word with a digit in it is a phrase
    ("MQ-9B"). A word that is in no record of the server is replaced by the nearest word.

    The best matches come first: a name that equals the text, names that begin with it, names with all words, and then
    all others by their newest fact. `understood` is the result of `understand`, if the caller has it.
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
    best = bool(terms) and wanted.order == "best"
    names: dict[int, list[str]] = {}
    if wanted.sources:
        citing = await _citing(conn, guild_id, wanted.sources)
        matching = await index.matches(conn, query, _CITING)
        ids = [id_ for id_ in matching if id_ & index.RECORD_ID in citing][: COUNTED + 1]
        names = await index.names_of(conn, ids) if best and len(ids) <= _RANKED else {}
    elif best:
        ids, names = await index.matches_with_names(conn, query, COUNTED + 1, most=_RANKED)
    else:
        ids = await index.matches(conn, query, COUNTED + 1)
    if not ids:
        return SearchPage([], 0, False, understood)
    ranked = ids
    if best and not (wanted.sources and len(ids) > _RANKED):
        ranked = await _best_first(conn, guild_id, wanted, query, terms, ids, names)
    total, more = min(len(ids), COUNTED), len(ids) > COUNTED
    page = await _rows(conn, ranked[:COUNTED][offset : offset + limit])
    return SearchPage(await _hits(conn, page, terms), total, more, understood)


class _Cited(Struct, frozen=True):
    """A record with its state as JSON."""

    id: int
    kind: Kind
    state: str


async def _citing(conn: Connection, guild_id: int, source_ids: Sequence[int]) -> frozenset[int]:
    """Return the ids of the records that have at least one present fact from the given sources."""
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


# From the typed text to terms


def _terms(text: str) -> tuple[list[Term], bool]:
    """Return (a) the terms of a text, and (b) whether some were left out, because the text is too long.

    A piece with a digit ("MQ-9B") is one term.
    """
    terms: list[Term] = []
    for piece in text[:_LONGEST].split():
        words = words_of(piece)
        if len(words) > 1 and any(word[0].isdigit() for word in words):
            terms.append(Term(tuple(words)))
        else:
            terms += [Term((word,)) for word in words]
    distinct = list(dict.fromkeys(terms))
    left_out = len(text.strip()) > _LONGEST or len(distinct) > _TERMS
    first = distinct[:_TERMS]
    if first and not left_out:
        first[-1] = Term(first[-1].words, begins=True)
    return first, left_out


# The best first


async def _best_first(
    conn: Connection,
    guild_id: int,
    wanted: Wanted,
    query: Query,
    terms: Sequence[Term],
    ids: list[int],
    names: dict[int, list[str]],
) -> list[int]:
    """Return the search ids of all matches, the best first.

    `ids` are the search ids of the newest matches. If there are at most `_RANKED`, `names` has their names and all of
    them are ranked. If there are more, only matches with a name that begins with the text, or with all terms in their
    names, are ranked. The others follow in the order of `ids`.

    FTS5's own rank is not used. It counts each word over all servers, so it is slower the more servers there are, and
    the records of other servers would change the order.
    """
    if len(ids) > _RANKED:
        by_name = await index.matches_by_name(conn, guild_id, query, terms, _RANKED)
        names = await index.names_of(conn, [*await _beginning(conn, guild_id, wanted, query, terms), *by_name])
    front = sorted(names, key=lambda id_: (_rank(names[id_], terms), -id_))
    return [*front, *(id_ for id_ in ids if id_ not in names)]


async def _beginning(conn: Connection, guild_id: int, wanted: Wanted, query: Query, terms: Sequence[Term]) -> list[int]:
    kinds = (wanted.kind,) if wanted.kind else KINDS
    filtered = replace(wanted, kind=None).filtered
    return await index.matches_that_begin(conn, guild_id, query, _asked(terms), kinds, _BEGINNING, filtered=filtered)


def _asked(terms: Sequence[Term]) -> str:
    return " ".join(word for term in terms for word in term.words)


def _rank(names: Sequence[str], terms: Sequence[Term]) -> int:
    """Return how well the names of a record fit the terms. The smaller the number, the better.

    0: a name equals the text. 1: a name begins with it. 2: a name begins with it, but its last word is unfinished. 3:
    the names have all words. 4: the names have all words, but the last word is unfinished. 5: some word is in no name.
    """
    asked = _asked(terms)
    if asked in names:
        return 0
    if any(name.startswith(asked) for name in names):
        return 1 if any(name.startswith(asked + " ") for name in names) else 2
    if not all(any(map(term.matches, names)) for term in terms):
        return 5
    whole = Term(terms[-1].words, others=terms[-1].others)
    return 3 if any(map(whole.matches, names)) else 4


# From matches to rows


class _Matched(Struct, frozen=True):
    """A record that matches: the columns of a list, and its state as JSON."""

    id: int
    kind: Kind
    slug: str
    name: str
    status: tuple[CitedText, ...]
    newest_on: str | None
    state: str

    @property
    def row(self) -> Row:
        return Row(self.kind, self.slug, self.name, self.status, self.newest_on)


async def _rows(conn: Connection, search_ids: Sequence[int]) -> list[_Matched]:
    """Return the records with these search ids, in the same order."""
    ids = [search_id & index.RECORD_ID for search_id in search_ids]
    rows = await fetch_all(
        conn,
        _Matched,
        f"SELECT id, kind, slug, name, status, newest_on, state FROM record WHERE id IN {in_list()}",
        (as_list(ids),),
    )
    return sorted(rows, key=lambda row: ids.index(row.id))


class _Link(Struct, frozen=True):
    """A link from the record `from_id` to another record, with the slug and the name of the other record."""

    from_id: int
    slug: str
    name: str


async def _hits(conn: Connection, page: Sequence[_Matched], terms: Sequence[Term]) -> list[Hit]:
    """Return the records of a page as hits.

    If some terms are neither in the name of a record nor in its status line, its hit has the fact with most of these
    terms.
    """
    missing: dict[int, list[Term]] = {}
    for match in page:
        text = normal(f"{match.name} {undated(match.status)}")
        if terms_elsewhere := [term for term in terms if not term.matches(text)]:
            missing[match.id] = terms_elsewhere
    names: dict[int, dict[str, str]] = {id_: {} for id_ in missing}
    if missing:
        for link in await fetch_all(
            conn,
            _Link,
            "SELECT l.from_id, o.slug, o.name FROM link l JOIN record o ON o.id = l.to_id "
            f"WHERE l.from_id IN {in_list()}",
            (as_list(missing),),
        ):
            names[link.from_id][link.slug] = link.name
    return [
        Hit(match.row, _fact_with(match, names[match.id], missing[match.id]) if match.id in missing else None)
        for match in page
    ]


def _fact_with(match: _Matched, names: dict[str, str], terms: Sequence[Term]) -> CitedText | None:
    """Return the fact of a record that contains the most terms: "Value: more than $3 billion". Return None without any.

    `names` are the names of the linked records by slug.
    """
    best, most = None, 0
    state = decode_state(match.kind, match.state)
    for field in fields_of(match.kind):
        for fact in state.facts(field.name):
            words = words_inside(field.type, fact.value, names)
            text = normal(words)
            count = sum(term.matches(text) for term in terms)
            if count > most:
                best, most = cited(f"{field.label}: {words}", bare(fact) if field.reports else None), count
            if most == len(terms):
                return best
    return best
