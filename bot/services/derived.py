"""Writes the derived tables, which commands read. They are computed from the ledger whenever updates were entered."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

import msgspec
from msgspec import Struct

from bot.ledger import fold, stored
from bot.ledger.cited import bare
from bot.ledger.kinds import find_field
from bot.ledger.stage import AwaitedItem
from bot.ledger.status import status
from bot.ledger.values import due_day
from bot.services import duplicates, index, ledger_rows
from data.database import Connection, Database
from data.migrate import migrate
from data.records import Due, Fact, Kind, State, Update
from data.rows import as_list, fetch_all, fetch_value, fetch_values, in_list

VERSION = "11"
"""The version of the derived tables. Raise it when they are to be written differently; the next start rewrites them."""

_TOGETHER = 500  # So many records are written by the same statements. More would take more memory.
_AT_ONCE = 2000  # So many records are rewritten by one transaction.

log = logging.getLogger(__name__)


class _Record(Struct, frozen=True):
    """The ids of a record and of its server."""

    id: int
    guild_id: int


async def bring_up_to_date(db: Database) -> None:
    """Migrate the database to the newest schema. If the derived tables have another `VERSION`, rewrite them.

    Call this at the start, before any other service. It commits transactions of its own. If it is interrupted, the next
    start begins anew.
    """
    await migrate(db)
    if await fetch_value(db.read, str, "SELECT value FROM meta WHERE key = 'derived'") == VERSION:
        return
    began, written = time.monotonic(), 0
    async with db.write(None) as conn:
        await conn.execute("DELETE FROM meta WHERE key = 'derived'")
        await conn.execute("DELETE FROM state_history")
        await index.clear(conn)
    done = 0
    while records := await fetch_all(
        db.read, _Record, "SELECT id, guild_id FROM record WHERE id > ? ORDER BY id LIMIT ?", (done, _AT_ONCE)
    ):
        of_guild: dict[int, list[int]] = defaultdict(list)
        for record in records:
            of_guild[record.guild_id].append(record.id)
        async with db.write(None) as conn:  # Nobody else writes at the start, so no single server is named.
            for guild_id, ids in of_guild.items():
                await refold(conn, guild_id, ids)
        done, written = records[-1].id, written + len(records)
    async with db.write(None) as conn:
        await conn.execute("INSERT INTO meta (key, value) VALUES ('derived', ?)", (VERSION,))
    if written:
        log.info(
            "what is derived was written anew",
            extra={"records": written, "seconds": round(time.monotonic() - began, 1)},
        )


def _text_of(value: object) -> str:
    """Return a value as JSON."""
    return msgspec.json.encode(value).decode()


def _parts(ids: Collection[int]) -> Iterator[list[int]]:
    """Yield ids in ascending order, in lists of at most `_TOGETHER`."""
    in_order = sorted(ids)
    return (in_order[i : i + _TOGETHER] for i in range(0, len(in_order), _TOGETHER))


async def refold(conn: Connection, guild_id: int, record_ids: Iterable[int]) -> None:
    """Rewrite the derived tables for some records, and the texts of other records that depend on these records.

    The other records are (a) the records to which a pending item in `record_ids` points, because a deal shows its open
    items, and (b) the records that point to a record whose name changed. The caller commits.
    """
    touched = set(record_ids) | await duplicates.write(conn, guild_id)
    touched |= set(
        await fetch_values(
            conn,
            int,
            f"SELECT merged_into FROM record WHERE id IN {in_list()} AND merged_into IS NOT NULL",
            (as_list(touched),),
        )
    )
    around = await _pointed_to_by_items(conn, touched)
    renamed: list[int] = []
    for part in _parts(touched):
        renamed += await _write_folds(conn, guild_id, part)
    around |= await _pointed_to_by_items(conn, touched)
    around.update(
        await fetch_values(conn, int, f"SELECT from_id FROM link WHERE to_id IN {in_list()}", (as_list(renamed),))
    )
    for part in _parts(touched | around):
        await _write_words(conn, guild_id, part, touched)


async def _pointed_to_by_items(conn: Connection, record_ids: set[int]) -> set[int]:
    """Return the ids of the records to which the pending items in `record_ids` point, as the table `link` says now.

    Records in `record_ids` that are of other kinds are ignored.
    """
    linked = await fetch_values(
        conn,
        int,
        "SELECT l.to_id FROM link l JOIN record r ON r.id = l.from_id "
        f"WHERE l.from_id IN {in_list()} AND r.kind = 'pending'",
        (as_list(record_ids),),
    )
    return set(linked)


class _Named(Struct, frozen=True):
    """A record with its stored name, as it was before it is written anew."""

    id: int
    kind: Kind
    name: str


async def _write_folds(conn: Connection, guild_id: int, ids: Sequence[int]) -> list[int]:
    """Write the rows, the links and the state history of some records. All of them are computed from their updates.

    Return the ids of the records whose name changed.
    """
    chosen = as_list(ids)
    updates: dict[int, list[Update]] = defaultdict(list)
    with_duplicates = (
        f"u.record_id IN (SELECT id FROM record WHERE id IN {in_list('?1')} "
        f"UNION SELECT id FROM record WHERE merged_into IN {in_list('?1')})"
    )
    for entered in await ledger_rows.fetch(conn, with_duplicates, (chosen,)):
        updates[entered.record_id].append(entered.update)
    stored_records = await fetch_all(
        conn, _Named, f"SELECT id, kind, name FROM record WHERE id IN {in_list()}", (chosen,)
    )
    folds: list[tuple[object, ...]] = []
    links: list[tuple[int, str, str, str, str, int, str]] = []
    history: list[tuple[int, str, bool, str | None, bool]] = []
    renamed: list[int] = []
    for record in stored_records:
        id_, kind, of_record = record.id, record.kind, updates.get(record.id, [])
        state = fold.fold(kind, of_record)
        name = state.text("name")
        due = state.value("due", Due) if kind == "pending" else None
        day = due_day(due)
        newest_on = state.newest.day.isoformat() if state.newest and state.newest.day else None
        open_ = kind == "pending" and bool(name) and fold.waits(kind, state)
        folds.append(
            (
                bool(name),
                name,
                name.casefold(),
                fold.stage_in(kind, state),
                open_,
                day and day.isoformat(),
                due.sureness if due else None,
                newest_on,
                *_of_item(kind, state, open_),
                stored.encode(state),
                id_,
            )
        )
        if name != record.name:
            renamed.append(id_)
        for field_name, facts in state.fields.items():
            field = find_field(kind, field_name)
            if field is not None:
                links += [
                    (id_, field_name, role, _text_of(bare(fact)), newest_on or "", guild_id, slug)
                    for fact in facts
                    for slug, role in field.type.records(fact.value)
                ]
        if kind in ("deal", "pending"):
            history += [
                (id_, entry.day.isoformat() if entry.day else "", entry.live, entry.stage, entry.open)
                for entry in fold.state_history(kind, of_record)
            ]
    await conn.executemany(
        "UPDATE record SET live = ?, name = ?, sort_name = ?, stage = ?, open = ?, due_on = ?, due_sureness = ?, "
        "newest_on = ?, item_kind = ?, basis = ?, zone = ?, opened_by = ?, state = ? WHERE id = ?",
        folds,
    )
    await conn.execute(f"DELETE FROM link WHERE from_id IN {in_list()}", (chosen,))
    await conn.executemany(
        "INSERT INTO link (from_id, field, role, to_id, fact, newest_on) "
        "SELECT ?, ?, ?, id, ?, ? FROM record WHERE guild_id = ? AND slug = ? "
        "ON CONFLICT (from_id, field, to_id, role) DO NOTHING",
        links,
    )
    await conn.execute(f"DELETE FROM state_history WHERE record_id IN {in_list()}", (chosen,))
    await conn.executemany(
        "INSERT INTO state_history (record_id, from_on, live, stage, open) VALUES (?, ?, ?, ?, ?)", history
    )
    return renamed


def _of_item(kind: Kind, state: State, open_: bool) -> tuple[str, str, str | None, str | None]:
    """Return the values of the columns `item_kind`, `basis`, `zone` and `opened_by` of a record.

    Only pending items have such values. `opened_by` is None for an item that is not open.
    """
    if kind != "pending":
        return "", "", None, None
    opened = state.fact("state") if open_ else None
    zone = state.text("zone") or None
    return state.text("item_kind"), state.text("basis"), zone, _text_of(bare(opened)) if opened else None


class _Link(Struct, frozen=True):
    """A link from one record to another, with the slug and the name of the other."""

    from_id: int
    to_id: int
    slug: str
    name: str


class _PendingItem(Struct, frozen=True):
    """An open pending item, and the id of the deal that the item is about."""

    deal_id: int
    name: str
    item_kind: str
    opened_by: Fact[object]


class _Folded(Struct, frozen=True):
    """A row of the table of records, after `_write_folds` wrote it. `state` is JSON."""

    id: int
    kind: Kind
    name: str
    live: bool
    newest_on: str | None
    state: str


async def _write_words(conn: Connection, guild_id: int, ids: Sequence[int], touched: set[int]) -> None:
    """Write the status lines and the search index of records. Both contain the names of linked records.

    The names by which a record is found are written only if the record is in `touched`.
    """
    chosen = as_list(ids)
    neighbours: dict[int, dict[str, str]] = defaultdict(dict)
    linked: dict[int, set[int]] = defaultdict(set)
    for link in await fetch_all(
        conn,
        _Link,
        "SELECT l.from_id, o.id AS to_id, o.slug, o.name FROM link l JOIN record o ON o.id = l.to_id "
        f"WHERE l.from_id IN {in_list()}",
        (chosen,),
    ):
        neighbours[link.from_id][link.slug] = link.name
        linked[link.from_id].add(link.to_id)
    pending: dict[int, list[AwaitedItem]] = defaultdict(list)
    for item in await fetch_all(
        conn,
        _PendingItem,
        "SELECT l.to_id AS deal_id, p.name, p.item_kind, p.opened_by FROM link l JOIN record p ON p.id = l.from_id "
        f"WHERE l.to_id IN (SELECT id FROM record WHERE id IN {in_list()} AND kind = 'deal') "
        "AND p.kind = 'pending' AND p.open = 1 ORDER BY p.due_on NULLS LAST, p.id",
        (chosen,),
    ):
        pending[item.deal_id].append(AwaitedItem(item.name, item.item_kind, item.opened_by))
    folded = await fetch_all(
        conn,
        _Folded,
        f"SELECT id, kind, name, live, newest_on, state FROM record WHERE id IN {in_list()}",
        (chosen,),
    )
    states = {record.id: stored.decode_state(record.kind, record.state) for record in folded}
    entries = [
        index.IndexedRecord(
            id=record.id,
            kind=record.kind,
            name=record.name,
            live=record.live,
            newest_on=record.newest_on,
            state=states[record.id],
            linked=linked[record.id],
            neighbours=neighbours[record.id],
        )
        for record in folded
    ]
    search_ids = await index.write(conn, guild_id, entries, touched)
    await conn.executemany(
        "UPDATE record SET status = ?, search_id = ? WHERE id = ?",
        [
            (
                _text_of(status(record.kind, states[record.id], neighbours[record.id], pending[record.id])),
                search_ids[record.id],
                record.id,
            )
            for record in folded
        ],
    )
