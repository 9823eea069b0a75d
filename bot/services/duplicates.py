"""Stores which record each duplicate was merged into, as the ledger says (see `bot/services/merging.py`)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from data.database import Connection
from data.rows import as_list, fetch_all, fetch_values, in_list


class _MergeUpdate(Struct, frozen=True):
    """An update that merged a record into another one, or the withdrawal of such an update.

    `value` is the slug of the other record, as JSON.
    """

    id: int
    record_id: int
    action: str
    replaces: int | None
    value: str


class _MergedRecord(Struct, frozen=True):
    """The id of a duplicate (`id`), and the id of the record that it was merged into (`into_id`)."""

    id: int
    into_id: int


async def write(conn: Connection, guild_id: int) -> set[int]:
    """Store, for each duplicate of a guild, which record it was merged into. Return the ids of the records to refold.

    To refold are the duplicates for which this changed, the records that they are or were merged into, and all records
    that point to one of these. If a duplicate was merged into another duplicate, the last record of the chain is
    stored.
    """
    merges = await fetch_all(
        conn,
        _MergeUpdate,
        "SELECT id, record_id, action, replaces, value FROM ledger WHERE guild_id = ? AND field = 'merged_into' "
        "ORDER BY id DESC",
        (guild_id,),
    )
    if not merges:
        return set()
    withdrawn: set[int | None] = set()
    slugs: dict[int, str] = {}
    for update in merges:
        if update.id in withdrawn:
            continue
        if update.action == "withdrawn":
            withdrawn.add(update.replaces)
        else:
            slugs.setdefault(update.record_id, msgspec.json.decode(update.value, type=str))
    of_slugs = f"SELECT id, slug FROM record WHERE guild_id = ? AND slug IN {in_list()}"
    rows = await fetch_all(conn, _Slug, of_slugs, (guild_id, as_list(slugs.values())))
    ids = {row.slug: row.id for row in rows}
    into = {record_id: ids[slug] for record_id, slug in slugs.items() if slug in ids}
    into = {record_id: _last(record_id, into) for record_id in into}
    stored_merges = await fetch_all(
        conn,
        _MergedRecord,
        "SELECT id, merged_into AS into_id FROM record WHERE guild_id = ? AND merged_into IS NOT NULL",
        (guild_id,),
    )
    before = {row.id: row.into_id for row in stored_merges}
    changed = {id_ for id_ in into.keys() | before.keys() if into.get(id_) != before.get(id_)}
    await conn.executemany("UPDATE record SET merged_into = ? WHERE id = ?", [(into.get(id_), id_) for id_ in changed])
    touched = changed | {target for id_ in changed for target in (into.get(id_), before.get(id_)) if target is not None}
    linking = f"SELECT from_id FROM link WHERE to_id IN {in_list()}"
    return touched | set(await fetch_values(conn, int, linking, (as_list(touched),)))


class _Slug(Struct, frozen=True):
    """The id and the slug of a record."""

    id: int
    slug: str


def _last(record_id: int, into: Mapping[int, int]) -> int:
    """Return the last record of the chain of merges that begins with `record_id`.

    `into` has, for the id of each duplicate, the id of the record that it was merged into.
    """
    passed = {record_id}
    target = into[record_id]
    while target in into and target not in passed:
        passed.add(target)
        target = into[target]
    return target
