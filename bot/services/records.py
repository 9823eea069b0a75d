"""Records: opened, by their slug or name, and listed. Everything is bound to one server."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from datetime import date
from typing import Literal, NamedTuple

import msgspec
from msgspec import Struct

from bot.errors import BadInput, NotInRecord
from bot.ledger.kinds import KIND_WORDS, KINDS, STAGES
from bot.ledger.stored import decode_state
from bot.ledger.values import quoted
from bot.services import index
from data.database import Connection, as_json
from data.records import CitedText, Kind, Link, Opened, Record, Row, Source, Waiting
from data.rows import as_list, fetch_all, in_list

_LINKS_SHOWN = 300  # A country can be linked with thousands; the newest are enough for a card.

_OPEN = f"""
SELECT r.id, r.kind, r.slug, r.name, r.status, r.open, r.state, r.live,
  (SELECT json_group_array(json_array(l.field, l.role, json(iif(l.outward, 'true', 'false')), o.kind, o.slug, o.name,
                                      json(o.status), json(iif(o.open, 'true', 'false')), json(l.fact),
                                      ifnull(iif(o.open, json_extract(o.state, '$.fields.item_kind[0].value'), ''), ''),
                                      json(iif(o.open, json_extract(o.state, '$.fields.state[0]'), 'null'))))
   FROM (SELECT field, role, 1 AS outward, to_id AS other, fact FROM link WHERE from_id = r.id
         UNION ALL
         SELECT * FROM (SELECT l.field, l.role, 0, l.from_id, l.fact
                        FROM (SELECT rowid >> 40 AS day, rowid & {index.RECORD_ID} AS id FROM text
                              WHERE text MATCH 'tags:g' || r.guild_id || 'r' || r.id
                              ORDER BY rowid DESC LIMIT {_LINKS_SHOWN}) hit
                        JOIN link l ON l.from_id = hit.id AND +l.to_id = r.id ORDER BY hit.day DESC, hit.id)) l
   JOIN record o ON o.id = l.other AND o.live = 1),
  (SELECT json_group_array(json_object('id', s.id, 'title', s.title, 'publisher', s.publisher,
                                       'published_on', json(s.published_on), 'url', s.url, 'note', s.note))
   FROM source s WHERE s.guild_id = r.guild_id AND s.id IN (SELECT source_id FROM ledger WHERE record_id = r.id)),
  (SELECT json_array(editor_role_id, zone) FROM desk WHERE guild_id = r.guild_id)
FROM record r WHERE r.guild_id = ?
"""  # the numbers are ours

_links = msgspec.json.Decoder(list[Link])
_sources = msgspec.json.Decoder(list[Source])
_of_desk = msgspec.json.Decoder(tuple[int | None, str])
_status = msgspec.json.Decoder(tuple[CitedText, ...])


def row_of(row: Sequence) -> Row:
    """Return a list's row from its columns: kind, slug, name, status, newest_on."""
    kind, slug, name, status, newest_on, *_ = row
    return Row(kind, slug, name, _status.decode(status), newest_on)


def _opened(row: sqlite3.Row | Sequence) -> Opened:
    id_, kind, slug, name, status, open_, state, _live, links, sources, desk = row
    record = Record(id_, kind, slug, name, _status.decode(status), bool(open_), decode_state(kind, state))
    found = {source.id: source for source in _sources.decode(sources)}
    editor_role_id, zone = _of_desk.decode(desk)
    return Opened(record, _links.decode(links), found, editor_role_id, zone)


async def find(conn: Connection, guild_id: int, slug: str) -> Opened | None:
    """A record by its slug, or None when this server has none or all its updates were taken back."""
    rows = list(await conn.execute_fetchall(f"{_OPEN} AND r.slug = ?", (guild_id, slug)))
    return _opened(rows[0]) if rows and rows[0][7] else None


async def get(conn: Connection, guild_id: int, slug: str) -> Opened:
    """A record by its slug; NotInRecord says so when it is gone."""
    opened = await find(conn, guild_id, slug)
    if opened is None:
        raise NotInRecord(
            "This is no longer in the record: the updates that made it were taken back. Nothing was changed."
        )
    return opened


class Standing(NamedTuple):
    """What all cards of a server depend on: its newest update (0: none yet), its editor role and its zone."""

    newest: int
    editor_role_id: int | None
    zone: str


async def standing(conn: Connection, guild_id: int) -> Standing | None:
    """How a server's record stands. None before it was ever seen.

    The ledger is append-only, so while these stay, every record opens as it did.
    """
    return (await standing_for(conn, guild_id, None))[0]


async def standing_for(conn: Connection, guild_id: int, user_id: int | None) -> tuple[Standing | None, frozenset[int]]:
    """Return how a server's record stands, and the ids of the records that a person follows there, unmuted.

    In one statement, so that a card which is kept needs no other.
    """
    rows = list(
        await conn.execute_fetchall(
            "SELECT (SELECT ifnull(max(id), 0) FROM ledger WHERE guild_id = ?1), editor_role_id, zone, "
            "(SELECT group_concat(f.record_id) FROM person p "
            "JOIN destination d ON d.person_id = p.id AND d.guild_id = ?1 "
            "JOIN follow f ON f.destination_id = d.id AND f.muted = 0 WHERE p.user_id = ?2) "
            "FROM desk WHERE guild_id = ?1",
            (guild_id, user_id),
        )
    )
    if not rows:
        return None, frozenset()
    *stands, followed = rows[0]
    return Standing(*stands), frozenset(map(int, followed.split(","))) if followed else frozenset()


async def get_many(conn: Connection, guild_id: int, slugs: Sequence[str]) -> list[Opened]:
    """Several records in one read, in the order asked; those that are gone are left out."""
    if not slugs:
        return []
    rows = await conn.execute_fetchall(
        f"{_OPEN} AND r.live = 1 AND r.slug IN (SELECT value FROM json_each(?))",
        (guild_id, as_json(slugs)),
    )
    found = {row[2]: row for row in rows}
    return [_opened(found[slug]) for slug in slugs if slug in found]


async def names(conn: Connection, guild_id: int, slugs: Collection[str]) -> dict[str, str]:
    """The names of records by slug, linked or not; what was taken back has none."""
    rows = await fetch_all(
        conn,
        _Named,
        f"SELECT slug, name FROM record WHERE guild_id = ? AND name <> '' AND slug IN {in_list()}",
        (guild_id, as_list(sorted(slugs))),
    )
    return {row.slug: row.name for row in rows}


class _Named(Struct, frozen=True):
    slug: str
    name: str


async def get_by_name(conn: Connection, guild_id: int, text: str, kinds: Sequence[Kind] = KINDS) -> Opened:
    """A record by what was typed: its slug, its name or an alias, or what completing would offer as the only one.

    NotInRecord names close ones. A name of several records is refused with their names.
    """
    clipped = text[:200]
    opened = await find(conn, guild_id, clipped)
    if opened is not None and opened.record.kind in kinds:
        return opened
    return await get(conn, guild_id, await slug_by_name(conn, guild_id, clipped, kinds))


async def slug_by_name(conn: Connection, guild_id: int, text: str, kinds: Sequence[Kind] = KINDS) -> str:
    """The slug behind a typed slug, name or alias; NotInRecord or BadInput says what there is instead."""
    noun = KIND_WORDS[kinds[0]][0] if len(kinds) == 1 else "record"
    exact = await index.named(conn, guild_id, kinds, text)
    slug_match = [row for row in exact if row.slug == text]
    found = slug_match or exact
    if not found:
        rows = await fetch_all(
            conn,
            Row,
            "SELECT kind, slug, name, status, newest_on FROM record WHERE guild_id = ? AND slug = ? AND live = 1",
            (guild_id, text),
        )
        found = [row for row in rows if row.kind in kinds]
    if len(found) == 1:
        return found[0].slug
    if found:
        names = ", ".join(f"{row.name} ({KIND_WORDS[row.kind][0]})" for row in found)
        raise BadInput(
            f"{quoted(text)} is the name of several records: {names}. Choose one from the list while typing."
        )
    close = await index.complete(conn, guild_id, text, kinds, limit=3)
    sure = [row for row, how in close if how != "spelling"]
    if len(sure) == 1:
        return sure[0].slug
    hint = f" Close to it: {', '.join(row.name for row, _ in close)}." if close else ""
    raise NotInRecord(f"{quoted(text)} is not in the record as a {noun}.{hint} Nothing was changed.")


async def list_kind(
    conn: Connection,
    guild_id: int,
    kind: Kind,
    *,
    stage: str | None = None,
    linked: Sequence[str] = (),
    offset: int = 0,
    limit: int = 10,
) -> tuple[list[Row], int]:
    """One page of the records of a kind by name, and how many there are. Each slug in `linked` must be linked."""
    where = "r.guild_id = ? AND r.kind = ? AND r.live = 1"
    values: list = [guild_id, kind]
    if stage is not None:
        where += " AND r.stage = ?"
        values.append(stage)
    for slug in linked:
        where += (
            " AND r.id IN (SELECT l.from_id FROM record o JOIN link l ON l.to_id = o.id WHERE o.guild_id = ? "
            "AND o.slug = ? UNION ALL "
            "SELECT l.to_id FROM record o JOIN link l ON l.from_id = o.id WHERE o.guild_id = ? AND o.slug = ?)"
        )
        values += [guild_id, slug, guild_id, slug]
    page = await conn.execute_fetchall(
        f"SELECT r.kind, r.slug, r.name, r.status, r.newest_on FROM record r WHERE {where} "
        "ORDER BY r.name COLLATE NOCASE, r.id LIMIT ? OFFSET ?",
        (*values, limit, offset),
    )
    found = [row_of(row) for row in page]
    if 0 < len(found) < limit:
        return found, offset + len(found)
    # Counted by itself: with the page, every row of the list would be read for its name.
    ((total,),) = await conn.execute_fetchall(f"SELECT count(*) FROM record r WHERE {where}", values)
    return found, total if found else 0


async def list_kind_as_of(
    conn: Connection,
    guild_id: int,
    kind: Literal["deal", "pending"],
    *,
    day: date,
    stage: str | None = None,
    open: bool | None = None,
    offset: int = 0,
    limit: int = 10,
) -> tuple[list[Row], int]:
    """One page of the deals or pending items as they stood at the end of a day, by name, and how many there are.

    A row has today's name, what it was then (a deal's stage, "Open" or "Closed") and, as its newest day, since when.
    It reads how each of a server's records stood, so it belongs on `Database.aside`.
    """
    stood = "w.live = 1"
    values: list[str | bool] = []
    if stage is not None:
        stood += " AND w.stage = ?"
        values.append(stage)
    if open is not None:
        stood += " AND w.open = ?"
        values.append(open)
    # The list is made of an index alone; only the rows of the page are read.
    rows = await conn.execute_fetchall(
        "SELECT o.slug, o.name, s.stage, s.open, s.from_on, s.total FROM ("
        "SELECT r.id, w.stage, w.open, w.from_on, count(*) OVER () AS total FROM record r JOIN was w "
        "ON w.record_id = r.id "
        "AND w.from_on = (SELECT max(b.from_on) FROM was b WHERE b.record_id = r.id AND b.from_on <= ?) "
        f"WHERE r.guild_id = ? AND r.kind = ? AND r.live = 1 AND {stood} "
        "ORDER BY r.name COLLATE NOCASE, r.id LIMIT ? OFFSET ?) s JOIN record o ON o.id = s.id "
        "ORDER BY o.name COLLATE NOCASE, o.id",
        (day.isoformat(), guild_id, kind, *values, limit, offset),
    )
    page = list(rows)
    found = [
        Row(
            kind,
            slug,
            name,
            (CitedText(STAGES[stage_] if kind == "deal" else "Open" if open_ else "Closed"),),
            since or None,
        )
        for slug, name, stage_, open_, since, _ in page
    ]
    return found, page[0][5] if page else 0


async def list_participants(
    conn: Connection, guild_id: int, *, party: bool | None = None, offset: int = 0, limit: int = 10
) -> tuple[list[tuple[Row, bool]], int]:
    """One page of the participants and how many there are: first those with a role in a deal or in talks (True), then
    those only mentioned. `party` asks for the ones or the others alone."""
    rows = await conn.execute_fetchall(
        "SELECT kind, slug, name, status, newest_on, party, count(*) OVER () FROM ("
        "SELECT r.*, EXISTS (SELECT 1 FROM link l JOIN record o ON o.id = l.from_id WHERE l.to_id = r.id "
        "AND o.live = 1 AND o.kind IN ('deal', 'session', 'dialogue')) AS party "
        "FROM record r WHERE r.guild_id = ?1 AND r.kind = 'participant' AND r.live = 1) "
        "WHERE ?2 IS NULL OR party = ?2 ORDER BY party DESC, name COLLATE NOCASE, id LIMIT ?3 OFFSET ?4",
        (guild_id, party, limit, offset),
    )
    found = list(rows)
    return [(row_of(row), bool(row[5])) for row in found], found[0][6] if found else 0


async def list_waiting(conn: Connection, guild_id: int, *, about: str | None = None) -> list[Waiting]:
    """All open pending items: the next due first, then those stated as pending, then those left open.

    `about` is the slug of what an item has to be linked with.
    """
    where = "r.guild_id = ? AND r.open = 1"
    values: list[int | str] = [guild_id]
    if about is not None:
        where += (
            " AND r.id IN (SELECT l.from_id FROM record o JOIN link l ON l.to_id = o.id "
            "WHERE o.guild_id = ? AND o.slug = ?)"
        )
        values += [guild_id, about]
    rows = await conn.execute_fetchall(
        "SELECT r.slug, r.name, ifnull(json_extract(r.state, '$.fields.item_kind[0].value'), ''), "
        f"ifnull(json_extract(r.state, '$.fields.basis[0].value'), '') AS basis, r.due_on FROM record r WHERE {where} "
        "ORDER BY r.due_on IS NULL, r.due_on, basis = 'left open', r.id",
        values,
    )
    return [Waiting(*row) for row in rows]
