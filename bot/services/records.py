"""Records of one server: opening them by slug or name, and lists of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Literal

from msgspec import Struct

from bot.errors import BadInput, NotInRecord
from bot.ledger.kinds import KIND_WORDS, KINDS, STAGES
from bot.ledger.stored import decode_state
from bot.ledger.values import quoted
from bot.services import index, sources
from data.database import Connection
from data.records import CitedText, Kind, Link, Opened, Record, Row, Waiting
from data.rows import as_list, fetch_all, fetch_value, in_list

_LINKS_SHOWN = 300
"""How many records that point to one are read with it, the newest first: a country can be linked with thousands."""

_TOGETHER = 40  # Records whose links are read by one statement.


class _Row(Struct, frozen=True):
    """A record with what its server is set to."""

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


async def find(conn: Connection, guild_id: int, slug: str) -> Opened | None:
    """Return a record by its slug, or None when this server has none or all its updates were taken back."""
    rows = await fetch_all(conn, _Row, f"{_SELECT} AND r.slug = ?", (guild_id, slug))
    return next(iter(await _opened(conn, rows)), None)


async def get(conn: Connection, guild_id: int, slug: str) -> Opened:
    """Return a record by its slug. Raise NotInRecord when it is gone."""
    opened = await find(conn, guild_id, slug)
    if opened is None:
        raise NotInRecord(
            "This is no longer in the record: the updates that made it were taken back.", "Nothing was changed."
        )
    return opened


async def get_many(conn: Connection, guild_id: int, slugs: Sequence[str]) -> list[Opened]:
    """Return several records in the order asked; those that are gone are left out."""
    if not slugs:
        return []
    rows = await fetch_all(conn, _Row, f"{_SELECT} AND r.slug IN {in_list()}", (guild_id, as_list(slugs)))
    found = {opened.record.slug: opened for opened in await _opened(conn, rows)}
    return [found[slug] for slug in slugs if slug in found]


async def _opened(conn: Connection, rows: Sequence[_Row]) -> list[Opened]:
    """Return records with their links and sources.

    These are read after the records, so no source of a fact can be missing: sources only grow. An update in between may
    take a link away that the record still states; until the next look its slug stands for the name.
    """
    ids = [row.id for row in rows]
    links = await _links(conn, ids)
    found = await sources.of_records(conn, ids)
    return [
        Opened(
            Record(row.id, row.kind, row.slug, row.name, row.status, row.open, decode_state(row.kind, row.state)),
            links[row.id],
            found[row.id],
            row.editor_role_id,
            row.zone,
        )
        for row in rows
    ]


class _LinkOf(Link, frozen=True, kw_only=True):
    """A link of the record `record_id` with another one."""

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
    """Return the links of records by their id: what each points to, then what points to it, the newest first."""
    found: dict[int, list[Link]] = {id_: [] for id_ in ids}
    rows = await fetch_all(conn, _LinkOf, _OUTWARD, (as_list(ids),)) if ids else []
    for first in range(0, len(ids), _TOGETHER):
        part = ids[first : first + _TOGETHER]
        rows += await fetch_all(conn, _LinkOf, " UNION ALL ".join([_INWARD] * len(part)), part)
    for row in rows:
        found[row.record_id].append(row)
    return found


class RecordStanding(Struct, frozen=True):
    """The state that all cards of a server depend on: its newest update (0: none yet), its editor role and its zone."""

    newest: int
    editor_role_id: int | None
    zone: str


class _Followed(RecordStanding, frozen=True):
    """A server's standing, once for each record that somebody follows there."""

    record_id: int | None


async def standing(conn: Connection, guild_id: int) -> RecordStanding | None:
    """Return what all cards of a server depend on; None when the server is not on file.

    Updates are only appended, so as long as this is the same, every record opens as it did.
    """
    return (await standing_for(conn, guild_id, None))[0]


async def standing_for(
    conn: Connection, guild_id: int, user_id: int | None
) -> tuple[RecordStanding | None, frozenset[int]]:
    """Return what all cards of a server depend on, and the ids of the records that a user follows there, unmuted.

    In one statement, so that a card which is kept needs no other.
    """
    rows = await fetch_all(
        conn,
        _Followed,
        "SELECT coalesce((SELECT max(id) FROM ledger WHERE guild_id = ?1), 0) AS newest, k.editor_role_id, k.zone, "
        "f.record_id FROM guild k LEFT JOIN person p ON p.user_id = ?2 "
        "LEFT JOIN destination d ON d.person_id = p.id AND d.guild_id = k.guild_id "
        "LEFT JOIN follow f ON f.destination_id = d.id AND f.muted = 0 WHERE k.guild_id = ?1",
        (guild_id, user_id),
    )
    if not rows:
        return None, frozenset()
    first = rows[0]
    followed = frozenset(row.record_id for row in rows if row.record_id is not None)
    return RecordStanding(first.newest, first.editor_role_id, first.zone), followed


async def names(conn: Connection, guild_id: int, slugs: Collection[str]) -> dict[str, str]:
    """Return the names of records by slug. A record whose name was withdrawn has none."""
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
    """Return a record by its typed slug, name or alias, or the beginning of these that fits no other record.

    Raise NotInRecord, which names records with similar names, and BadInput for a name of several records.
    """
    clipped = text[:200]
    opened = await find(conn, guild_id, clipped)
    if opened is not None and opened.record.kind in kinds:
        return opened
    return await get(conn, guild_id, await slug_by_name(conn, guild_id, clipped, kinds))


async def slug_by_name(conn: Connection, guild_id: int, text: str, kinds: Sequence[Kind] = KINDS) -> str:
    """Return the slug behind a typed slug, name or alias. Raise NotInRecord or BadInput, as `get_by_name` does."""
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
    raise NotInRecord(f"{quoted(text)} is not in the record as a {noun}.{hint}", "Nothing was changed.")


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
    """Return one page of a kind's records by name, and how many there are; only those linked with all in `linked`."""
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
    found = await fetch_all(
        conn,
        Row,
        f"SELECT r.kind, r.slug, r.name, r.status, r.newest_on FROM record r WHERE {where} "
        "ORDER BY r.sort_name, r.id LIMIT ? OFFSET ?",
        (*values, limit, offset),
    )
    if 0 < len(found) < limit:
        return found, offset + len(found)
    # Counted by itself: with the page, every row of the list would be read for its name.
    total = await fetch_value(conn, int, f"SELECT count(*) FROM record r WHERE {where}", values)
    return found, (total or 0) if found else 0


class _Stood(Struct, frozen=True):
    """A record of a page as it stood on a past day, and how many records the list has."""

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
    """Return one page of the deals or pending items as they stood at the end of a day, by name, and how many there are.

    A row has today's name, the state of that day (a deal's stage, "Open" or "Closed") and, as its newest day, the day
    since when it was in that state. This reads the history of all records of the server: use `Database.aside`.
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
    rows = await fetch_all(
        conn,
        _Stood,
        "SELECT o.slug, o.name, s.stage, s.open, s.from_on, s.total FROM ("
        "SELECT r.id, w.stage, w.open, w.from_on, count(*) OVER () AS total FROM record r JOIN state_history w "
        "ON w.record_id = r.id "
        "AND w.from_on = (SELECT max(b.from_on) FROM state_history b WHERE b.record_id = r.id AND b.from_on <= ?) "
        f"WHERE r.guild_id = ? AND r.kind = ? AND r.live = 1 AND {stood} "
        "ORDER BY r.sort_name, r.id LIMIT ? OFFSET ?) AS s JOIN record o ON o.id = s.id ORDER BY o.sort_name, o.id",
        (day.isoformat(), guild_id, kind, *values, limit, offset),
    )

    def words(row: _Stood) -> str:
        if kind == "deal":
            return STAGES[row.stage or "unspecified"]
        return "Open" if row.open else "Closed"

    found = [Row(kind, row.slug, row.name, (CitedText(words(row)),), row.from_on or None) for row in rows]
    return found, rows[0].total if rows else 0


class _Participant(Row, frozen=True):
    """A participant of a page: whether they take part in a deal or in talks, and how many the list has."""

    party: bool
    total: int


async def list_participants(
    conn: Connection, guild_id: int, *, party: bool | None = None, offset: int = 0, limit: int = 10
) -> tuple[list[tuple[Row, bool]], int]:
    """Return one page of the participants, and how many there are.

    First come those with a role in a deal or in talks (True), then those that are only mentioned (False). `party` asks
    for one of the two groups alone.
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
    found = [(Row(row.kind, row.slug, row.name, row.status, row.newest_on), row.party) for row in rows]
    return found, rows[0].total if rows else 0


async def list_waiting(conn: Connection, guild_id: int, *, about: str | None = None) -> list[Waiting]:
    """Return all open pending items: the next due first, then those stated as pending, then those left open.

    With `about`, the slug of a record, only those that are linked with it.
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
