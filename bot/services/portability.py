"""Exports everything that is stored about one person as a JSON file."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import cast

import msgspec

from bot.services import people
from data.database import Connection, to_text

_OF_A_PERSON = {
    "direct_messages": """
        SELECT k.name AS server, d.guild_id, d.zone, d.digest_at, d.digest_days, d.state, d.outcome, d.reason,
               d.created_at
        FROM destination d JOIN guild k ON k.guild_id = d.guild_id WHERE d.person_id = ? ORDER BY d.id""",
    "follows": """
        SELECT k.name AS server, coalesce(r.name, 'everything') AS what, f.at_once, f.muted, f.created_at
        FROM follow f JOIN destination d ON d.id = f.destination_id JOIN guild k ON k.guild_id = d.guild_id
        LEFT JOIN record r ON r.id = f.record_id WHERE d.person_id = ? ORDER BY f.id""",
    "reminders": """
        SELECT k.name AS server, d.channel_id, r.name AS item, m.words, m.at, m.done_at, m.muted, m.snoozed_until,
               m.created_at
        FROM reminder m JOIN destination d ON d.id = m.destination_id JOIN guild k ON k.guild_id = d.guild_id
        LEFT JOIN record r ON r.id = m.record_id WHERE ? IN (d.person_id, m.created_by) ORDER BY m.id""",
    "messages": """
        SELECT k.name AS server, v.kind, v.key, v.batch, v.day, v.occasion, r.name AS item, v.due_on, v.days_before,
               v.reminder_id, v.read_to, v.with_open, v.due_at, v.state, v.outcome, v.detail, v.settled_at,
               v.channel_id, v.message_id, v.payload
        FROM delivery v JOIN destination d ON d.id = v.destination_id JOIN guild k ON k.guild_id = v.guild_id
        LEFT JOIN record r ON r.id = v.record_id WHERE d.person_id = ? ORDER BY v.id""",
    "channels_set_up": """
        SELECT k.name AS server, d.guild_id, d.channel_id, d.created_at
        FROM destination d JOIN guild k ON k.guild_id = d.guild_id
        WHERE d.channel_id IS NOT NULL AND d.set_up_by = ? ORDER BY d.id""",
    "servers_set_up": "SELECT name AS server, guild_id, set_up_at FROM guild WHERE set_up_by = ? ORDER BY guild_id",
    "dossiers_loaded": """
        SELECT k.name AS server, d.guild_id, d.slug, d.name, d.loaded_at, d.unloaded_at
        FROM dossier d JOIN guild k ON k.guild_id = d.guild_id WHERE d.loaded_by = ? ORDER BY d.guild_id, d.slug""",
    "drafts": """
        SELECT k.name AS server, t.task, t.typed, t.state, t.created_at, t.saved_at
        FROM draft t JOIN guild k ON k.guild_id = t.guild_id WHERE t.person_id = ? ORDER BY t.id""",
    "corrections": """
        SELECT k.name AS server, c.task, c.typed, c.state, c.created_at, c.saved_at
        FROM correction c JOIN guild k ON k.guild_id = c.guild_id WHERE c.person_id = ? ORDER BY c.id""",
    "questions": """
        SELECT k.name AS server, q.asked, q.listing, q.asked_at, q.filed_at, q.unanswered
        FROM question q JOIN guild k ON k.guild_id = q.guild_id WHERE q.person_id = ? ORDER BY q.id""",
    "sources_described": """
        SELECT k.name AS server, s.title, s.publisher, s.published_on, s.url, s.archived_url, s.language,
               s.false_because, s.described_at
        FROM source s JOIN guild k ON k.guild_id = s.guild_id WHERE s.person_id = ? ORDER BY s.id""",
    "updates": """
        SELECT k.name AS server, r.name AS record, u.action, u.field, u.value, u.fact_from, u.fact_to, u.precision,
               u.entered_at, s.title AS source, s.url, u.locator, u.reason, u.origin
        FROM ledger u JOIN guild k ON k.guild_id = u.guild_id JOIN record r ON r.id = u.record_id
        JOIN source s ON s.id = u.source_id WHERE u.person_id = ? ORDER BY u.id""",
}
"""The sections of the export with their queries. The only parameter of each query is the id of a row of `person`."""

_JSON = {"payload", "task", "typed", "listing", "value", "published_on"}  # Columns that hold JSON already.


async def export_person(conn: Connection, user_id: int, *, now: datetime) -> bytes | None:
    """Return everything stored about a user in all guilds, as indented JSON, or None when nothing is stored."""
    person = await people.find(conn, user_id)
    owned = await _rows(
        conn, "SELECT name AS server, guild_id FROM guild WHERE owner_id = ? ORDER BY guild_id", user_id
    )
    if person is None and not owned:
        return None
    exported: dict[str, object] = {
        "exported_at": to_text(now),
        "user_id": str(user_id),
        "zone": person and person.zone,
        "direct_message_channel": person and person.dm_channel_id and str(person.dm_channel_id),
        "servers_owned": owned,
    }
    for name, query in _OF_A_PERSON.items():
        exported[name] = await _rows(conn, query, person.id) if person else []
    return msgspec.json.format(msgspec.json.encode(exported), indent=2)


async def _rows(conn: Connection, query: str, value: int) -> list[dict[str, object]]:
    """Return the rows of a query as dicts by column name, ready for export. `value` is the query's only parameter."""
    rows = cast("list[sqlite3.Row]", await conn.execute_fetchall(query, (value,)))
    return [{name: _shown(name, row[name]) for name in row.keys()} for row in rows]  # noqa: SIM118  # a Row has no items


def _shown(name: str, cell: object) -> object:
    """Return a cell in the form in which it is exported: stored JSON is embedded, ids become text.

    Discord's ids are so large that many JSON readers would round them as numbers.
    """
    if name in _JSON and isinstance(cell, str):
        return msgspec.Raw(cell.encode())
    return str(cell) if name.endswith("_id") and cell is not None else cell
