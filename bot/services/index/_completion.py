"""Finding records by their names: completing a half-typed one, or looking one up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice, product

from msgspec import Struct

from bot.ledger.kinds import KINDS
from bot.ledger.words import normal
from bot.services.index._words import AFTER, corrected, look_up
from data.database import Connection
from data.records import Kind, Row
from data.rows import as_list, fetch_all, fetch_values

_NAMES_OF_KIND = """
SELECT match_kind, norm, record_id FROM (
  SELECT match_kind, norm, record_id FROM name
  WHERE guild_id = ? AND kind = ? AND match_kind = ? AND norm >= ? AND norm < ? ORDER BY norm LIMIT ?)
"""
_ROW = "r.kind, r.slug, r.name, r.status, r.newest_on"

_LOOKED_AT = 300  # Names looked at for words in another order, whatever the server holds.
_COMPLETED = 5  # Words of a typed name that are looked for.
_MEANT = 2  # Words that are tried for one that is not known.
_IN_OTHER_FORMS = 4  # Names that are tried with the words in other forms.


async def named(conn: Connection, guild_id: int, kinds: Sequence[Kind], text: str) -> list[Row]:
    """Return up to five records with exactly this name or alias."""
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
    """Return what a half-typed name may mean: names that begin so, then words inside names and initials, then typos.

    Without a text the newest records come first. Each row comes with how it was found: "name", "word" or "spelling".
    No step takes longer when there are more records.
    """
    asked = normal(text[:100])
    words = list(dict.fromkeys(asked.split()))[:_COMPLETED]
    found: dict[str, tuple[Row, str]] = {}

    def add(how: str, rows: Sequence[Row]) -> bool:
        for row in rows:
            found.setdefault(row.slug, (row, how))
        return len(found) < limit

    if not words:
        add("name", await _newest(conn, guild_id, kinds, limit))
    more = add("name", await _starting(conn, guild_id, kinds, (0,), asked, limit))
    if more and words:
        more = add("word", await _starting(conn, guild_id, kinds, (1, 2, 3), asked, limit))
    if more and len(words) > 1:
        add("word", await _in_any_order(conn, guild_id, kinds, words, limit))
    if not found and words:
        for meant in await _meant(conn, guild_id, words):
            for name in meant:
                if " " in name:
                    add("spelling", await _in_any_order(conn, guild_id, kinds, name.split(), limit))
                else:
                    add("spelling", await _starting(conn, guild_id, kinds, (0, 1), name, limit))
            if found:
                break
    return list(found.values())[:limit]


async def beginning(conn: Connection, guild_id: int, kinds: Sequence[Kind], asked: str, limit: int) -> list[int]:
    """Return the ids of records whose name or alias begins so, by name."""
    return await fetch_values(
        conn,
        int,
        f"SELECT record_id FROM ({' UNION ALL '.join([_NAMES_OF_KIND] * len(kinds))}) ORDER BY norm LIMIT ?",
        (*(value for kind in kinds for value in (guild_id, kind, 0, asked, asked + AFTER, limit)), limit),
    )


async def _starting(
    conn: Connection, guild_id: int, kinds: Sequence[Kind], hows: Sequence[int], asked: str, limit: int
) -> list[Row]:
    """Return the records with a name that begins so, by name.

    Each kind is read by itself, so that the names of one do not use up the limit of another.
    """
    parts = [(kind, how) for kind in kinds for how in hows]
    rows = await fetch_all(
        conn,
        Row,
        f"SELECT {_ROW} FROM ({' UNION ALL '.join([_NAMES_OF_KIND] * len(parts))}) n "
        "JOIN record r ON r.id = n.record_id "
        "WHERE r.guild_id = ? AND r.live = 1 ORDER BY n.norm <> ?, n.match_kind = 1, n.norm, n.record_id LIMIT ?",
        (
            *(value for kind, how in parts for value in (guild_id, kind, how, asked, asked + AFTER, 2 * limit)),
            guild_id,
            asked,
            2 * limit,  # Some records begin so by several names.
        ),
    )
    return list({row.slug: row for row in rows}.values())[:limit]


class _Count(Struct, frozen=True):
    word: str
    names: int


async def _in_any_order(
    conn: Connection, guild_id: int, kinds: Sequence[Kind], words: Sequence[str], limit: int
) -> list[Row]:
    """Return the records with a name in which each of some words is begun.

    The rarest word is looked up, and the others are looked for in what it finds. Where all are very common, only the
    first names of one are looked at; more typed words find the others.
    """
    names = "SELECT record_id, kind FROM name WHERE guild_id = ? AND norm >= ? AND norm < ? AND match_kind <= 1 LIMIT ?"
    counts = await fetch_all(
        conn,
        _Count,
        " UNION ALL ".join([f"SELECT ? AS word, (SELECT count(*) FROM ({names})) AS names"] * len(words)),
        tuple(value for word in words for value in (word, guild_id, word, word + AFTER, _LOOKED_AT)),
    )
    rarest = min(counts, key=lambda count: (count.names, -len(count.word))).word
    others = [word for word in words if word != rarest]
    # The plus sign keeps SQLite from looking the other word up in the whole server.
    held = "EXISTS (SELECT 1 FROM name o WHERE o.record_id = n.record_id AND +o.norm >= ? AND +o.norm < ?)"
    return await fetch_all(
        conn,
        Row,
        f"SELECT DISTINCT {_ROW} FROM ({names}) n JOIN record r ON r.id = n.record_id "
        f"WHERE n.kind IN ({', '.join('?' * len(kinds))}) {''.join(f' AND {held}' for _ in others)} "
        "AND r.guild_id = ? AND r.live = 1 ORDER BY r.sort_name LIMIT ?",
        (
            *(guild_id, rarest, rarest + AFTER, _LOOKED_AT),
            *kinds,
            *(value for word in others for value in (word, word + AFTER)),
            *(guild_id, limit),
        ),
    )


async def _newest(conn: Connection, guild_id: int, kinds: Sequence[Kind], limit: int) -> list[Row]:
    """Return the records with the newest facts, those of one day in the order of `kinds`; closed items come last.

    Only the newest records of the server are looked at, so there may be none of a kind without recent facts.
    """
    return await fetch_all(
        conn,
        Row,
        f"SELECT {_ROW} FROM (SELECT * FROM record WHERE guild_id = ? AND live = 1 ORDER BY newest_on DESC LIMIT ?) r "
        "JOIN (SELECT value AS kind, key AS rank FROM json_each(?)) wanted ON wanted.kind = r.kind "
        "ORDER BY r.kind = 'pending' AND NOT r.open, r.newest_on DESC, wanted.rank, r.sort_name LIMIT ?",
        (guild_id, _LOOKED_AT, as_list(kinds), limit),
    )


async def _meant(conn: Connection, guild_id: int, words: Sequence[str]) -> list[list[str]]:
    """Return groups of texts that words which find nothing may mean, the likeliest group first.

    First the words in other forms, or written as one or two words; then all of them with typos corrected; then each
    longer word alone, the last first.
    """
    vocabulary = await look_up(conn, guild_id, words)
    alike = await corrected(conn, guild_id, vocabulary, words)
    in_other_forms = [
        _shortest(
            {one for one in alike[word] if one == word or " " in one}
            | {*vocabulary.forms(word), *vocabulary.as_two(word)}
        )
        for word in words
    ]
    same = [
        " ".join([*words[:i], one, *words[i + 2 :]])
        for i in range(len(words) - 1)
        for one in vocabulary.as_one(words[i], words[i + 1])
    ]
    same += [" ".join(one) for one in islice(product(*in_other_forms), _IN_OTHER_FORMS)]
    together = " ".join((alike[word] or [word])[0] for word in words)
    # One or two letters, or a number, are a part of very many names: "K-Sure" is not meant by "K9".
    alone = [one for word in words[::-1] if len(word) > 2 and not word[0].isdigit() for one in alike[word][:_MEANT]]
    tried = " ".join(words)
    groups = [same, [together], *([one] for one in alone)]
    return [fresh for group in groups if (fresh := [one for one in group if one != tried])]


def _shortest(words: Iterable[str]) -> list[str]:
    """Return words without those that begin with another of them, which finds them as well."""
    kept: list[str] = []
    for word in sorted(words):
        if not kept or not word.startswith(kept[-1]):
            kept.append(word)
    return kept
