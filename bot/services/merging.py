"""Merges a duplicate into another record, and separates the two again.

A merge is an update of the duplicate in the field `merged_into`, which no kind of record has. While this update counts,
all updates of the duplicate are read as updates of the other record (see `ledger_rows.fetch`). The names of the
duplicate are aliases of the other record, and the slug of the duplicate leads to the other record. Nothing is copied,
so the records are separate again when the update is withdrawn.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from msgspec import Struct

from bot.errors import BadInput, UserError
from bot.ledger import stored
from bot.ledger.kinds import KIND_WORDS
from bot.ledger.values import quoted
from bot.services import updates
from bot.services.derived import refold
from data.database import Connection, to_text
from data.records import Kind, Opened
from data.rows import fetch_all, fetch_one


def require_mergeable(duplicate: Opened, into: Opened) -> None:
    """Raise BadInput when both are the same record, or when they are of different kinds."""
    first, other = duplicate.record, into.record
    if first.id == other.id:
        raise BadInput(
            f"Both are {quoted(first.name)}. Nothing was changed. Choose the duplicate and the other record."
        )
    if first.kind != other.kind:
        raise BadInput(
            f"{quoted(first.name)} is a {KIND_WORDS[first.kind][0]}, and {quoted(other.name)} is a "
            f"{KIND_WORDS[other.kind][0]}. Nothing was changed. Only records of the same kind can be merged."
        )


class _Duplicate(Struct, frozen=True):
    """The id of a record, and the source of its first update. `source_id` is 0 for the record that is merged into."""

    id: int
    source_id: int


async def merge(
    conn: Connection, guild_id: int, slug: str, into: str, *, now: datetime, person_id: int, reason: str
) -> str:
    """Merge the record `slug` into the record `into`. Return the batch of the update that is entered for this.

    Follows and reminders of the duplicate move to the other record. One is deleted instead if its destination has one
    for the other record already.
    """
    duplicate = await fetch_one(
        conn,
        _Duplicate,
        "SELECT r.id, u.source_id FROM record r JOIN ledger u ON u.record_id = r.id "
        "WHERE r.guild_id = ? AND r.slug = ? AND r.live = 1 ORDER BY u.id LIMIT 1",
        (guild_id, slug),
    )
    target = await fetch_one(
        conn,
        _Duplicate,
        "SELECT id, 0 AS source_id FROM record WHERE guild_id = ? AND slug = ? AND live = 1",
        (guild_id, into),
    )
    if duplicate is None or target is None:
        raise UserError("One of these is no longer in the record. Nothing was changed. Begin again with /update merge.")
    batch = uuid.uuid4().hex
    await conn.execute(
        "INSERT INTO ledger (guild_id, record_id, action, field, value, precision, entered_at, person_id, source_id, "
        "reason, batch, origin) VALUES (?, ?, 'set', 'merged_into', ?, 'unknown', ?, ?, ?, ?, ?, 'editor')",
        (guild_id, duplicate.id, stored.encode(into), to_text(now), person_id, duplicate.source_id, reason, batch),
    )
    for table in ("follow", "reminder"):
        await conn.execute(
            f"UPDATE {table} SET record_id = ?1 WHERE record_id = ?2 AND NOT EXISTS (SELECT 1 FROM {table} AS other "
            f"WHERE other.record_id = ?1 AND other.destination_id = {table}.destination_id)",
            (target.id, duplicate.id),
        )
        await conn.execute(f"DELETE FROM {table} WHERE record_id = ?", (duplicate.id,))
    await refold(conn, guild_id, [duplicate.id, target.id])
    return batch


class MergedDuplicate(Struct, frozen=True):
    """A merged duplicate (`kind`, `slug`), and the record that it was merged into (`into_slug`, `name`).

    `update_id` is the id of the update that merged them.
    """

    kind: Kind
    slug: str
    into_slug: str
    name: str
    update_id: int


async def list_merged(conn: Connection, guild_id: int) -> list[MergedDuplicate]:
    """Return up to 25 duplicates of a server that are merged now, the last merged first."""
    return await fetch_all(
        conn,
        MergedDuplicate,
        "SELECT d.kind, d.slug, t.slug AS into_slug, t.name, max(u.id) AS update_id FROM record d "
        "JOIN record t ON t.id = d.merged_into JOIN ledger u ON u.record_id = d.id AND u.field = 'merged_into' "
        "AND u.action = 'set' WHERE d.guild_id = ? AND d.merged_into IS NOT NULL "
        "GROUP BY d.id, d.kind, d.slug, t.slug, t.name ORDER BY update_id DESC LIMIT 25",
        (guild_id,),
    )


async def separate(conn: Connection, guild_id: int, slug: str, *, now: datetime, person_id: int) -> str:
    """Separate the duplicate `slug` from the record that it was merged into. Return the name of that other record.

    Raise UserError when `list_merged` does not return the duplicate.
    """
    for merged in await list_merged(conn, guild_id):
        if merged.slug == slug:
            await updates.withdraw(
                conn, guild_id, [merged.update_id], now=now, person_id=person_id, reason="Separated again"
            )
            return merged.name
    raise UserError(f"{quoted(slug)} is not merged. Nothing was changed.")
