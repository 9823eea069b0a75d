"""Finds records by their names: completes a half-typed name, and looks up an exact name.

The rows of the table `name` have a `match_kind`. 0: a whole name or alias. 1: a name without its first words. 2:
initials. 3: an alias without its note in brackets.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import islice, product

from msgspec import Struct

from bot.ledger.kinds import KINDS
from bot.ledger.words import normal
from bot.services.index._words import AFTER, corrected, look_up, look_up_unknown
from data.database import Connection
from data.records import CitedText, Kind, Row
from data.rows import fetch_all

_ROW = "r.kind, r.slug, r.name, r.status, r.newest_on"

_SHORT = 3  # A text of at most so many letters is short: very many names begin with it, and it is no typo.
_MOST_READ = 300  # Rows that one statement reads to choose from.
_MOST_WORDS = 5  # Words of a typed text that are looked for.
_MEANINGS_EACH = 2  # Meanings that are tried for an unknown word.
_MOST_NAMES = 4  # Names that are tried with the typed words in other forms.


async def named(conn: Connection, guild_id: int, kinds: Sequence[Kind], text: str) -> list[Row]:
    """Return up to five records with exactly this name or alias, apart from case, accents and punctuation."""
    marks = ", ".join("?" * len(kinds))
    return await fetch_all(
        conn,
        Row,
        f"SELECT DISTINCT {_ROW} FROM name n JOIN record r ON r.id = n.record_id "
        f"WHERE n.guild_id = ? AND n.norm = ? AND n.match_kind = 0 AND r.live = 1 AND n.kind IN ({marks}) LIMIT 5",
        (guild_id, normal(text), *kinds),
    )


async def complete(
    conn: Connection, guild_id: int, text: str, kinds: Sequence[Kind] = KINDS, limit: int = 25
) -> list[tuple[Row, str]]:
    """Return up to `limit` records that a half-typed name may mean, each with how it matches, the best first.

    "name": a name or alias begins with the text. "word": the text begins words inside a name, or initials. "spelling":
    a name has other forms of the words, or the words without typos. "spelling" is tried only if nothing else matches.
    Without a text the newest records are returned. No step takes longer when a server has more records.
    """
    typed = normal(text[:100])
    words = list(dict.fromkeys(typed.split()))[:_MOST_WORDS]
    completed: dict[str, tuple[Row, str]] = {}

    def add(how: str, rows: Iterable[Row]) -> None:
        for row in rows:
            completed.setdefault(row.slug, (row, how))

    if not words:
        add("name", await _newest(conn, guild_id, kinds, limit))
        steps: list[tuple[int, ...]] = [(0,)]
    elif len(typed) <= _SHORT:
        steps = [(0,), (1, 2, 3)]  # Whole names are mostly enough.
    else:
        steps = [(0, 1, 2, 3)]
    for match_kinds in steps:
        if len(completed) < limit:
            for match in await _beginning(conn, guild_id, kinds, match_kinds, typed, limit):
                add("word" if match.match_kind else "name", [match.row])
    if len(words) > 1 and len(completed) < limit:
        add("word", await _in_any_order(conn, guild_id, kinds, words, limit))
    if not completed and len(typed) > 2:
        for names in await _meanings(conn, guild_id, words):
            for name in names:
                if " " in name:
                    add("spelling", await _in_any_order(conn, guild_id, kinds, name.split(), limit))
                else:
                    matches = await _beginning(conn, guild_id, kinds, (0, 1), name, limit, exact_first=True)
                    add("spelling", [match.row for match in matches])
            if completed:
                break
    return list(completed.values())[:limit]


@lru_cache
def names_that_begin(kinds: int, match_kinds: tuple[int, ...]) -> str:
    """Return an SQL statement that reads the names that begin with a text. `kinds` is the number of kinds of records.

    Its parameters are: ?1 the guild, ?2 the normalised text, ?3 the text followed by AFTER, ?4 a limit, and from ?5 on
    the kinds. The limit applies to each kind and match_kind alone, so that many names of one kind do not hide those of
    another.
    """
    return " UNION ALL ".join(
        "SELECT match_kind, norm, record_id FROM (SELECT match_kind, norm, record_id FROM name WHERE guild_id = ?1 "
        f"AND kind = ?{i} AND match_kind = {match_kind} AND norm >= ?2 AND norm < ?3 ORDER BY norm LIMIT ?4)"
        for i in range(5, 5 + kinds)
        for match_kind in match_kinds
    )


class _NameMatch(Struct, frozen=True):
    """A record, and the match_kind of the name by which it matches."""

    match_kind: int
    kind: Kind
    slug: str
    name: str
    status: tuple[CitedText, ...]
    newest_on: str | None

    @property
    def row(self) -> Row:
        return Row(self.kind, self.slug, self.name, self.status, self.newest_on)


async def _beginning(
    conn: Connection,
    guild_id: int,
    kinds: Sequence[Kind],
    match_kinds: tuple[int, ...],
    text: str,
    limit: int,
    *,
    exact_first: bool = False,
) -> list[_NameMatch]:
    """Return up to `limit` records with a name that begins with a normalised text, in the order of these names.

    Whole names come first, then parts of names. If `exact_first` is true, the names and parts that equal the text come
    before all others.
    """
    rows = await fetch_all(
        conn,
        _NameMatch,
        _records_that_begin(len(kinds), match_kinds, exact_first),
        (guild_id, text, text + AFTER, 2 * limit, *kinds),  # Some records have several such names.
    )
    best: dict[str, _NameMatch] = {}
    for row in rows:
        best.setdefault(row.slug, row)
    return list(best.values())[:limit]


@lru_cache
def _records_that_begin(kinds: int, match_kinds: tuple[int, ...], exact_first: bool) -> str:
    """Return an SQL statement that reads the records whose names begin with a text.

    `kinds` and the parameters of the statement are as in `names_that_begin`.
    """
    order = "norm <> ?2, match_kind = 1, norm, record_id"
    if not exact_first:
        order = f"match_kind > 0, {order}"
    most = "2 * ?4" if {0, 1} <= {*match_kinds} else "?4"  # Of whole names and of parts as many as of either alone.
    # The names are sorted before their records are read, and a CROSS JOIN keeps their order.
    return (
        f"SELECT n.match_kind, {_ROW} FROM (SELECT * FROM ({names_that_begin(kinds, match_kinds)}) ORDER BY {order} "
        f"LIMIT {most}) n CROSS JOIN record r ON r.id = n.record_id WHERE r.guild_id = ?1 AND r.live = 1"
    )


class _Count(Struct, frozen=True):
    """The number of names, up to a limit, that have a word which begins with `word`."""

    word: str
    names: int


async def _in_any_order(
    conn: Connection, guild_id: int, kinds: Sequence[Kind], words: Sequence[str], limit: int
) -> list[Row]:
    """Return the records that match all of `words`, sorted by name. A word matches if it begins a word of a name.

    Only the names with the rarest word are read. If too many names have even this word, only some of them are read. A
    longer text then finds the others.
    """
    counts = await fetch_all(conn, _Count, _counts(len(words)), (guild_id, AFTER, _MOST_READ, *words))
    rarest = min(counts, key=lambda count: (count.names, -len(count.word)))
    if not rarest.names:
        return []
    others = [word for word in words if word != rarest.word]
    return await fetch_all(
        conn,
        Row,
        _records_with_words(len(others), len(kinds)),
        (guild_id, AFTER, _MOST_READ, rarest.word, *others, *kinds, limit),
    )


def _names_with(parameter: int) -> str:
    """Return an SQL statement that reads the names in which some word begins with the text of a parameter.

    `parameter` is the number of this parameter. ?1 is the guild, ?2 is AFTER, and ?3 is the limit.
    """
    return (
        "SELECT record_id, kind FROM name "
        f"WHERE guild_id = ?1 AND norm >= ?{parameter} AND norm < ?{parameter} || ?2 AND match_kind <= 1 LIMIT ?3"
    )


@lru_cache
def _counts(words: int) -> str:
    """Return an SQL statement that counts, for each word, the names that `_names_with` reads for this word.

    `words` is the number of words. They are the parameters from ?4 on.
    """
    return " UNION ALL ".join(
        f"SELECT ?{i} AS word, (SELECT count(*) FROM ({_names_with(i)})) AS names" for i in range(4, 4 + words)
    )


@lru_cache
def _records_with_words(others: int, kinds: int) -> str:
    """Return an SQL statement that reads the records whose names have the word ?4 and all the other words.

    `others` is the number of other words, and `kinds` the number of kinds. The parameters from ?5 on are the other
    words, then the kinds, then the limit.
    """
    # The plus sign keeps SQLite from looking up the other word in the whole server.
    also = "".join(
        " AND EXISTS (SELECT 1 FROM name o WHERE o.record_id = n.record_id "
        f"AND +o.norm >= ?{i} AND +o.norm < ?{i} || ?2)"
        for i in range(5, 5 + others)
    )
    marks = ", ".join("?" * kinds)
    return (
        f"SELECT DISTINCT {_ROW} FROM ({_names_with(4)}) n JOIN record r ON r.id = n.record_id "
        f"WHERE r.guild_id = ?1 AND r.live = 1{also} AND n.kind IN ({marks}) ORDER BY r.sort_name LIMIT ?"
    )


async def _newest(conn: Connection, guild_id: int, kinds: Sequence[Kind], limit: int) -> list[Row]:
    """Return up to `limit` records, those with the newest facts first, but closed pending items last.

    Records of the same day come in the order of `kinds`. Only the newest records of the server are read, so a kind
    without recent facts is missing.
    """
    return await fetch_all(conn, Row, _newest_records(len(kinds)), (guild_id, _MOST_READ, limit, *kinds))


@lru_cache
def _newest_records(kinds: int) -> str:
    """Return an SQL statement that reads the newest records. `kinds` is the number of kinds.

    Its parameters are: ?1 the guild, ?2 the number of rows to read, ?3 the limit, and from ?4 on the kinds.
    """
    # CASE takes a third of the time of a join with a list of the kinds.
    ranks = " ".join(f"WHEN ?{i} THEN {i}" for i in range(4, 4 + kinds))
    return (
        f"SELECT {_ROW} FROM ("
        f"SELECT kind, slug, name, status, newest_on, open, sort_name, CASE kind {ranks} END AS rank "
        "FROM record WHERE guild_id = ?1 AND live = 1 ORDER BY newest_on DESC LIMIT ?2) r WHERE r.rank IS NOT NULL "
        "ORDER BY r.kind = 'pending' AND NOT r.open, r.newest_on DESC, r.rank, r.sort_name LIMIT ?3"
    )


async def _meanings(conn: Connection, guild_id: int, words: Sequence[str]) -> list[list[str]]:
    """Return texts to look for instead, when no name matches the typed words. They are in groups, the likeliest first.

    The first group has the words in other forms, two words written as one, and a word written as two. The second group
    has the words without typos. Each further group has one meaning of a single word; the last typed word comes first.
    """
    only_word = len(words) == 1 and len(words[0]) > _SHORT
    if only_word:
        # A single word without a match is mostly a typo, so this look-up is made at once.
        vocabulary, similar = await look_up_unknown(conn, guild_id, words)
        meanings = {word: vocabulary.meanings(word) or similar[word] for word in words}
    else:
        vocabulary = await look_up(conn, guild_id, words)
        meanings = await corrected(conn, guild_id, vocabulary, words)
    forms = [
        _shortest(
            {meaning for meaning in meanings[word] if meaning == word or " " in meaning}
            | {*vocabulary.forms(word), *vocabulary.as_two(word, usual=only_word)}
        )
        for word in words
    ]
    in_other_forms = [
        " ".join([*words[:i], joined, *words[i + 2 :]])
        for i in range(len(words) - 1)
        for joined in vocabulary.as_one(words[i], words[i + 1])
    ]
    in_other_forms += [" ".join(name) for name in islice(product(*forms), _MOST_NAMES)]
    without_typos = " ".join((meanings[word] or [word])[0] for word in words)
    # One or two letters, or a number, are a part of very many names: "K-Sure" is not meant by "K9".
    single_words = [
        meaning
        for word in reversed(words)
        if len(word) > 2 and not word[0].isdigit()
        for meaning in meanings[word][:_MEANINGS_EACH]
    ]
    tried = {" ".join(words)}
    groups: list[list[str]] = []
    for group in (in_other_forms, [without_typos], *([meaning] for meaning in single_words)):
        if names := [name for name in group if name not in tried]:
            groups.append(names)
            tried.update(names)
    return groups


def _shortest(words: Iterable[str]) -> list[str]:
    """Return words without each word that begins with another one: "drones" is left out beside "drone".

    A search for "drone" also finds the names with "drones".
    """
    shortest: list[str] = []
    for word in sorted(words):
        if not shortest or not word.startswith(shortest[-1]):
            shortest.append(word)
    return shortest
