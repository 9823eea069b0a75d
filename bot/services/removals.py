"""Begins corrections that remove a record, merge it or bring it back, and lists the removed records."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from bot.errors import NotInRecord, UserError
from bot.ledger import fold
from bot.ledger.corrections import Correction, CorrectionTask
from bot.ledger.values import quoted
from bot.services import corrections, merging, timelines, updates
from bot.services.entered_updates import MOST
from data.database import Connection
from data.records import Kind, Opened
from data.rows import fetch_all


async def begin_removal(
    conn: Connection, guild_id: int, person_id: int, opened: Opened, *, now: datetime
) -> Correction:
    """Begin a correction that removes a record. It withdraws all updates that give the record a name."""
    slug = opened.record.slug
    history = await updates.history(conn, guild_id, slug)
    names = [update.id for update in fold.live_updates(history) if update.field == "name"]
    task = CorrectionTask("remove", slug, opened.record.name, withdraws=names)
    return await corrections.insert(conn, guild_id, person_id, task, {}, now)


async def begin_merge(
    conn: Connection, guild_id: int, person_id: int, duplicate: Opened, into: Opened, reason: str, *, now: datetime
) -> Correction:
    """Begin a correction that merges a duplicate into another record.

    Raise BadInput when both are the same record, or when they are of different kinds.
    """
    merging.require_mergeable(duplicate, into)
    name = f"{duplicate.record.name} into {into.record.name}"
    task = CorrectionTask("merge", duplicate.record.slug, name, into=into.record.slug)
    return await corrections.insert(conn, guild_id, person_id, task, {"reason": reason}, now)


async def begin_return(conn: Connection, guild_id: int, person_id: int, slug: str, *, now: datetime) -> Correction:
    """Begin a correction that brings a removed record back. Raise UserError when the record is not removed."""
    history = await updates.history(conn, guild_id, slug)
    if not history:
        raise NotInRecord(f"{quoted(slug)} was never in the record here.", "Nothing was changed.")
    names = {update.id for update in history if update.action == "set" and update.field == "name"}
    ended_by = fold.ended_by(history)
    if not names - ended_by.keys():
        last = max((ended_by[id_] for id_ in names), key=lambda update: update.id)
        if last.action == "withdrawn":
            withdrawals = [ended_by[id_].id for id_ in sorted(names) if ended_by[id_].batch == last.batch]
            name = (await timelines.names_of(conn, guild_id, [slug]))[slug]
            task = CorrectionTask("bring back", slug, name, withdraws=withdrawals)
            return await corrections.insert(conn, guild_id, person_id, task, {}, now)
    raise UserError(f"{quoted(slug)} is in the record. Nothing was changed.")


class RemovedRecord(Struct, frozen=True):
    """A record that was removed: its kind, its slug and the last name that it had."""

    kind: Kind
    slug: str
    name: str


async def list_removed(conn: Connection, guild_id: int) -> list[RemovedRecord]:
    """Return up to 25 removed records of a server, the last removed first. A removed record has no name any more."""
    rows = await fetch_all(
        conn,
        RemovedRecord,
        "SELECT r.kind, r.slug, '' AS name FROM record r JOIN ledger u ON u.record_id = r.id "
        "WHERE r.guild_id = ? AND r.live = 0 AND u.action = 'withdrawn' AND u.field = 'name' "
        "GROUP BY r.id, r.kind, r.slug ORDER BY max(u.id) DESC LIMIT ?",
        (guild_id, MOST),
    )
    names = await timelines.names_of(conn, guild_id, [row.slug for row in rows])
    return [replace(row, name=names[row.slug]) for row in rows]
