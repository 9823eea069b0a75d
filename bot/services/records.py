"""Opens the records of a server by slug or by name, and lists them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import date
from typing import Literal

from msgspec import Struct

from bot.errors import BadInput, NotInRecord
from bot.ledger.cited import plain
from bot.ledger.kinds import KIND_WORDS, KINDS, STAGES
from bot.ledger.stored import decode_state
from bot.ledger.values import quoted
from bot.ledger.words import normal
from bot.services import index, sources
from data.database import Connection
from data.records import CitedText, Kind, Link, Opened, Record, Row, Waiting
from data.rows import as_list, fetch_all, fetch_value, in_list

_LINKS_SHOWN = 300
"""At most this many links that point to a record are read with it, the newest first. A country can have thousands."""

_TOGETHER = 40  # One statement reads the links to so many records.


class _Row(Struct, frozen=True):
    """A record with the zone and the editor role of its server."""

    id: int
    kind: Kind
    slug: str
    name: str
    status: tuple[CitedText, ...]
    open: bool
    state: str
    editor_role_id: int | None
    zone: str


_SELECT = (
    "SELECT r.id, r.kind, r.slug, r.name, r.status, r.open, r.state, d.editor_role_id, d.zone "
    "FROM record r JOIN guild d ON d.guild_id = r.guild_id WHERE r.guild_id = ? AND r.live = 1"
)


_OF_SLUG = "(SELECT coalesce(merged_into, id) FROM record WHERE guild_id = ? AND slug = ?)"
"""The id of the record with a slug. The slug of a duplicate gives the record that it was merged into."""


async def find(conn: Connection, guild_id: int, slug: str) -> Opened | None:
    """Return the record of a server with this slug. Return None if there is none, or if it has no name any more.

    The slug of a merged duplicate leads to the record that it was merged into.
    """
    rows = await fetch_all(conn, _Row, f"{_SELECT} AND r.id = {_OF_SLUG}", (guild_id, guild_id, slug))
    return next(iter(await _opened(conn, rows)), None)


async def get(conn: Connection, guild_id: int, slug: str) -> Opened:
    """Return the record of a server with this slug. Raise NotInRecord when `find` would return None."""
    opened = await find(conn, guild_id, slug)
    if opened is None:
        raise NotInRecord(
            "This is no longer in the record: the updates that made it were taken back.", "Nothing was changed."
        )
    return opened


async def get_many(conn: Connection, guild_id: int, slugs: Sequence[str]) -> list[Opened]:
    """Return several records of a server in the order of `slugs`. Slugs without a record are left out."""
    if not slugs:
        return []
    rows = await fetch_all(conn, _Row, f"{_SELECT} AND r.slug IN {in_list()}", (guild_id, as_list(slugs)))
    by_slug = {opened.record.slug: opened for opened in await _opened(conn, rows)}
    return [by_slug[slug] for slug in slugs if slug in by_slug]


async def _opened(conn: Connection, rows: Sequence[_Row]) -> list[Opened]:
    """Return the records of some rows with their links and sources. Further statements read these.

    Another update can be saved between the statements. If it removes a link, the record shows the slug of the linked
    record in place of its name. No source is ever missing, because sources are never deleted.
    """
    ids = [row.id for row in rows]
    links = await _links(conn, ids)
    of_records = await sources.of_records(conn, ids)
    return [
        Opened(
            Record(row.id, row.kind, row.slug, row.name, row.status, row.open, decode_state(row.kind, row.state)),
            links[row.id],
            of_records[row.id],
            row.editor_role_id,
            row.zone,
        )
        for row in rows
    ]


class _LinkOf(Link, frozen=True, kw_only=True):
    """A link of the record `record_id`. Its slug and name are those of the other record."""

    record_id: int


_LINK_COLUMNS = (
    "l.field, l.role, o.kind, o.slug, o.name, o.status, o.open, l.fact, o.opened_by, "
    "CASE WHEN o.open = 1 THEN o.item_kind ELSE '' END AS item_kind, "
    "CASE WHEN o.open = 1 THEN o.basis ELSE '' END AS basis"
)

_OUTWARD = (
    f"SELECT l.from_id AS record_id, 1 AS outward, {_LINK_COLUMNS} FROM link l JOIN record o ON o.id = l.to_id "
    f"WHERE l.from_id IN {in_list()} AND o.live = 1 ORDER BY l.from_id, l.field, l.to_id, l.role"
)
_INWARD = (
    f"SELECT * FROM (SELECT l.to_id AS record_id, 0 AS outward, {_LINK_COLUMNS} "
    "FROM link l JOIN record o ON o.id = l.from_id WHERE l.to_id = ? AND o.live = 1 "
    f"ORDER BY l.newest_on DESC, l.from_id, l.field, l.role LIMIT {_LINKS_SHOWN}) AS newest"
)


async def _links(conn: Connection, ids: Sequence[int]) -> dict[int, list[Link]]:
    """Return the links of each record, by record id.

    The links from the record to others come first. The links from others to the record follow, the newest first.
    """
    by_record: dict[int, list[Link]] = {id_: [] for id_ in ids}
    rows = await fetch_all(conn, _LinkOf, _OUTWARD, (as_list(ids),)) if ids else []
    for first in range(0, len(ids), _TOGETHER):
        part = ids[first : first + _TOGETHER]
        rows += await fetch_all(conn, _LinkOf, " UNION ALL ".join([_INWARD] * len(part)), part)
    for row in rows:
        by_record[row.record_id].append(row)
    return by_record


class RecordStanding(Struct, frozen=True):
    """All values that the cards of a server depend on. A cached card is valid until one of them changes."""

    newest: int  # The id of the server's newest update, 0 without one. Updates are never changed.
    sources: int  # The id of the newest row of a source, 0 without one. Sources are never changed either.
    editor_role_id: int | None
    zone: str


class _Followed(RecordStanding, frozen=True):
    """A row of `standing_for`. There is a row for each followed record, or a single row with None as `record_id`."""

    record_id: int | None


async def standing(conn: Connection, guild_id: int) -> RecordStanding | None:
    """Return the newest update, the settings and the sources version of a server, or None for an unknown server.

    A cached card may be shown as long as these values are the same, because they determine all cards of the server.
    """
    return (await standing_for(conn, guild_id, None))[0]


async def standing_for(
    conn: Connection, guild_id: int, user_id: int | None
) -> tuple[RecordStanding | None, frozenset[int]]:
    """Return the `standing` of a server, and the ids of the records that a user follows there, without muted follows.

    One statement reads both. It is the only statement for a card that is in the cache.
    """
    rows = await fetch_all(
        conn,
        _Followed,
        "SELECT coalesce((SELECT max(id) FROM ledger WHERE guild_id = ?1), 0) AS newest, "
        "coalesce((SELECT max(id) FROM source WHERE guild_id = ?1), 0) AS sources, k.editor_role_id, k.zone, "
        "f.record_id FROM guild k LEFT JOIN person p ON p.user_id = ?2 "
        "LEFT JOIN destination d ON d.person_id = p.id AND d.guild_id = k.guild_id "
        "LEFT JOIN follow f ON f.destination_id = d.id AND f.muted = 0 WHERE k.guild_id = ?1",
        (guild_id, user_id),
    )
    if not rows:
        return None, frozenset()
    first = rows[0]
    followed = frozenset(row.record_id for row in rows if row.record_id is not None)
    return RecordStanding(first.newest, first.sources, first.editor_role_id, first.zone), followed


async def names(conn: Connection, guild_id: int, slugs: Collection[str]) -> dict[str, str]:
    """Return the names of records, by slug. Records without a name are left out."""
    rows = await fetch_all(
        conn,
        _Named,
        f"SELECT slug, name FROM record WHERE guild_id = ? AND name <> '' AND slug IN {in_list()}",
        (guild_id, as_list(sorted(slugs))),
    )
    return {row.slug: row.name for row in rows}


class _Named(Struct, frozen=True):
    """The slug and the name of a record."""

    slug: str
    name: str


async def get_by_name(conn: Connection, guild_id: int, text: str, kinds: Sequence[Kind] = KINDS) -> Opened:
    """Return the record that a typed text names. Its kind is one of `kinds`.

    The text is its slug, its name, an alias, or a part of its name that no other record has. Raise NotInRecord, which
    suggests records with similar names, when no record fits. Raise BadInput when several records fit.
    """
    clipped = text[:200]
    opened = await find(conn, guild_id, clipped)
    if opened is not None and opened.record.kind in kinds:
        return opened
    try:
        slug = await slug_by_name(conn, guild_id, clipped, kinds)
    except NotInRecord:
        # A choice like "Patrol boats (Proposed, 3 May 2024)" may be sent when the deal has another stage already.
        named = [await index.named(conn, guild_id, kinds, name) for name, _ in _shown_parts(clipped)]
        rows = next((rows for rows in named if rows), None)
        if rows is None or len(rows) != 1:
            raise
        slug = rows[0].slug
    return await get(conn, guild_id, slug)


async def slug_by_name(conn: Connection, guild_id: int, text: str, kinds: Sequence[Kind] = KINDS) -> str:
    """Return the slug of the record that a typed text names. Raise NotInRecord or BadInput like `get_by_name`."""
    noun = KIND_WORDS[kinds[0]][0] if len(kinds) == 1 else "record"
    exact = await index.named(conn, guild_id, kinds, text)
    slug_match = [row for row in exact if row.slug == text]
    matches = slug_match or exact
    if not matches:
        rows = await fetch_all(
            conn,
            Row,
            f"SELECT kind, slug, name, status, newest_on FROM record WHERE live = 1 AND id = {_OF_SLUG}",
            (guild_id, text),
        )
        matches = [row for row in rows if row.kind in kinds]
    for name, beside in _shown_parts(text) if not matches else ():
        matches = [row for row in await index.named(conn, guild_id, kinds, name) if _shown_beside(row, beside)]
        if matches:
            break
    if len(matches) == 1:
        return matches[0].slug
    if matches:
        names = ", ".join(f"{row.name} ({KIND_WORDS[row.kind][0]}, {row.slug})" for row in matches)
        raise BadInput(
            f"{quoted(text)} is the name of several records: {names}. Nothing was changed. "
            f"Write what comes last in the brackets, like {matches[0].slug}."
        )
    close = await index.complete(conn, guild_id, text, kinds, limit=3)
    as_typed = [row for row, how in close if how != "spelling"]
    if len(as_typed) == 1:
        return as_typed[0].slug
    hint = f" Close to it: {', '.join(row.name for row, _ in close)}." if close else ""
    raise NotInRecord(f"{quoted(text)} is not in the record as a {noun}.{hint}", "Nothing was changed.")


def _shown_parts(text: str) -> list[tuple[str, str]]:
    """Return each way to split a displayed choice into a name and the text beside the name, the longest name first.

    "General Atomics (participant)" gives "General Atomics" and "participant)".
    """
    splits = [match.span() for match in _BESIDE.finditer(text)]
    return [(text[:start].strip(), text[end:].strip()) for start, end in reversed(splits) if text[:start].strip()]


_BESIDE = re.compile(r" \(| · ")


def _shown_beside(row: Row, beside: str) -> bool:
    """Return whether a choice shows the text `beside` next to a record: as its kind, its slug or its status line."""
    words = beside.removesuffix(")")
    if words.endswith(f", {row.slug}") or words == row.slug:
        return True
    asked = normal(words.rstrip("…"))
    return asked == normal(KIND_WORDS[row.kind][0]) or (bool(asked) and asked in normal(plain(row.status)))


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
    """Return (a) one page of the records of a kind, sorted by name, and (b) the number of records on all pages.

    If `stage` is given, only deals in this stage are listed. `linked` are slugs: only records that are linked with each
    of these records are listed.
    """
    where = "r.guild_id = ? AND r.kind = ? AND r.live = 1"
    values: list[int | str] = [guild_id, kind]
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
    rows = await fetch_all(
        conn,
        Row,
        f"SELECT r.kind, r.slug, r.name, r.status, r.newest_on FROM record r WHERE {where} "
        "ORDER BY r.sort_name, r.id LIMIT ? OFFSET ?",
        (*values, limit, offset),
    )
    if 0 < len(rows) < limit:
        return rows, offset + len(rows)
    # The records are counted by another statement. Otherwise the first would read the name of every record.
    total = await fetch_value(conn, int, f"SELECT count(*) FROM record r WHERE {where}", values)
    return rows, total or 0


class _PastRow(Struct, frozen=True):
    """A record with its state on a past day. `total` is the number of records on all pages."""

    slug: str
    name: str
    stage: str | None
    open: bool
    from_on: str
    total: int


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
    """Return (a) one page of the deals or pending items at the end of a day, and (b) their number on all pages.

    If `stage` or `open` is given, only records in this state on that day are listed. A row has the name of today, but
    the state of that day: the stage of a deal, or "Open" or "Closed". Its `newest_on` is the first day of this state.
    Use a connection of `Database.aside`, because the history of all records is read.
    """
    conditions = "w.live = 1"
    values: list[str | bool] = []
    if stage is not None:
        conditions += " AND w.stage = ?"
        values.append(stage)
    if open is not None:
        conditions += " AND w.open = ?"
        values.append(open)
    # The inner statement is answered by indexes alone, so that only the rows of the page are read from the table.
    rows = await fetch_all(
        conn,
        _PastRow,
        "SELECT o.slug, o.name, s.stage, s.open, s.from_on, s.total FROM ("
        "SELECT r.id, w.stage, w.open, w.from_on, count(*) OVER () AS total FROM record r JOIN state_history w "
        "ON w.record_id = r.id "
        "AND w.from_on = (SELECT max(b.from_on) FROM state_history b WHERE b.record_id = r.id AND b.from_on <= ?) "
        f"WHERE r.guild_id = ? AND r.kind = ? AND r.live = 1 AND {conditions} "
        "ORDER BY r.sort_name, r.id LIMIT ? OFFSET ?) AS s JOIN record o ON o.id = s.id ORDER BY o.sort_name, o.id",
        (day.isoformat(), guild_id, kind, *values, limit, offset),
    )

    def words(row: _PastRow) -> str:
        if kind == "deal":
            return STAGES[row.stage or "unspecified"]
        return "Open" if row.open else "Closed"

    page = [Row(kind, row.slug, row.name, (CitedText(words(row)),), row.from_on or None) for row in rows]
    return page, rows[0].total if rows else 0


class _Participant(Row, frozen=True):
    """A participant. `party` tells whether they are a party to a deal or to talks. `total` counts them on all pages."""

    party: bool
    total: int


async def list_participants(
    conn: Connection, guild_id: int, *, party: bool | None = None, offset: int = 0, limit: int = 10
) -> tuple[list[tuple[Row, bool]], int]:
    """Return (a) one page of the participants, and (b) their number on all pages.

    Each participant comes with True for a party to a deal or to talks, and with False otherwise. The parties come
    first. If `party` is given, only participants with this value are listed.
    """
    only = "" if party is None else "WHERE party = ?"
    rows = await fetch_all(
        conn,
        _Participant,
        "SELECT kind, slug, name, status, newest_on, party, count(*) OVER () AS total FROM ("
        "SELECT r.id, r.kind, r.slug, r.name, r.status, r.newest_on, r.sort_name, EXISTS ("
        "SELECT 1 FROM link l JOIN record o ON o.id = l.from_id WHERE l.to_id = r.id "
        "AND o.live = 1 AND o.kind IN ('deal', 'session', 'dialogue')) AS party "
        f"FROM record r WHERE r.guild_id = ? AND r.kind = 'participant' AND r.live = 1) AS every {only} "
        "ORDER BY party DESC, sort_name, id LIMIT ? OFFSET ?",
        (guild_id, *([] if party is None else [party]), limit, offset),
    )
    page = [(Row(row.kind, row.slug, row.name, row.status, row.newest_on), row.party) for row in rows]
    return page, rows[0].total if rows else 0


async def list_waiting(conn: Connection, guild_id: int, *, about: str | None = None) -> list[Waiting]:
    """Return the open pending items of a server. If `about` (a slug) is given, only items that point to this record.

    Items with a due date come first, the earliest first. Items with the basis "left open" come last.
    """
    where = "r.guild_id = ? AND r.open = 1"
    values: list[int | str] = [guild_id]
    if about is not None:
        where += (
            " AND r.id IN (SELECT l.from_id FROM record o JOIN link l ON l.to_id = o.id "
            "WHERE o.guild_id = ? AND o.slug = ?)"
        )
        values += [guild_id, about]
    return await fetch_all(
        conn,
        Waiting,
        f"SELECT r.slug, r.name, r.item_kind, r.basis, r.due_on FROM record r WHERE {where} "
        "ORDER BY r.due_on NULLS LAST, CASE WHEN r.basis = 'left open' THEN 1 ELSE 0 END, r.id",
        values,
    )
