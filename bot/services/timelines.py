"""Timelines: the updates of a record with everything that a page of its history needs."""

from __future__ import annotations

from collections.abc import Collection

from bot.ledger.fold import is_readable
from bot.ledger.kinds import find_field
from bot.services import ledger_rows, people, records, updates
from data.database import Connection
from data.records import Timeline
from data.rows import as_list, in_list


async def get(conn: Connection, guild_id: int, slug: str) -> Timeline:
    """Return the timeline of a record. Raise NotInRecord when it is gone."""
    opened = await records.get(conn, guild_id, slug)
    found = [update for update in await updates.history(conn, guild_id, slug) if is_readable(update)]
    pointed: set[str] = set()
    for update in found:
        field = find_field(opened.record.kind, update.field)
        if field is not None:
            pointed.update(other for other, _ in field.type.records(update.fact.value))
    names = opened.names | await records.names(conn, guild_id, pointed)
    if unnamed := pointed - names.keys():
        names |= dict.fromkeys(unnamed, "a record without a name") | await _last_names(conn, guild_id, unnamed)
    editors = await people.get_many(conn, {u.person_id for u in found if u.person_id is not None})
    user_ids = {person.id: person.user_id for person in editors if person.user_id is not None}
    return Timeline(opened, found, names, user_ids)


async def _last_names(conn: Connection, guild_id: int, slugs: Collection[str]) -> dict[str, str]:
    """Return the last names of records of which every name was withdrawn: a timeline still says who took part."""
    where = f"r.guild_id = ? AND r.slug IN {in_list()} AND u.field = 'name'"
    named = await ledger_rows.fetch(conn, where, (guild_id, as_list(sorted(slugs))))
    return {one.update.record: one.update.value for one in named if isinstance(one.update.value, str)}
