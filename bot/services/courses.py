"""The dated course of a record: its updates with everything that a page of history needs."""

from __future__ import annotations

from collections.abc import Collection

from bot.ledger.fields import find_field
from bot.ledger.fold import is_readable
from bot.services import records, updates
from data.database import Connection, as_json
from data.records import Course


async def get(conn: Connection, guild_id: int, slug: str) -> Course:
    """Return the course of a record; NotInRecord when it is gone."""
    opened = await records.get(conn, guild_id, slug)
    found = [u for u in await updates.history(conn, guild_id, slug) if is_readable(opened.record.kind, u)]
    pointed: set[str] = set()
    for update in found:
        field = find_field(opened.record.kind, update.field)
        if field is not None:
            pointed.update(other for other, _ in field.type.records(update.value))
    names = opened.names | await records.names(conn, guild_id, pointed)
    if unnamed := pointed - names.keys():
        names |= dict.fromkeys(unnamed, "a record without a name") | await _last_names(conn, guild_id, unnamed)
    people = await conn.execute_fetchall(
        "SELECT id, user_id FROM person WHERE user_id IS NOT NULL AND id IN (SELECT value FROM json_each(?))",
        (as_json({u.person_id for u in found if u.person_id is not None}),),
    )
    return Course(opened, found, names, {id_: user_id for id_, user_id in people})  # noqa: C416  # a Row is no pair to dict()


async def _last_names(conn: Connection, guild_id: int, slugs: Collection[str]) -> dict[str, str]:
    """Return what records were called of which every name was withdrawn: a history still says who took part."""
    rows = await conn.execute_fetchall(
        "SELECT r.slug, json_extract(u.value, '$'), max(u.id) FROM record r JOIN ledger u ON u.record_id = r.id "
        "WHERE r.guild_id = ? AND r.slug IN (SELECT value FROM json_each(?)) AND u.field = 'name' GROUP BY r.id",
        (guild_id, as_json(sorted(slugs))),
    )
    return {slug: str(name) for slug, name, _ in rows}
