"""Loads timelines: the updates of a record, with all else that the pages of its history show."""

from __future__ import annotations

from collections.abc import Collection

from bot.ledger.fold import is_readable
from bot.ledger.kinds import find_field
from bot.ledger.values import record_of
from bot.services import ledger_rows, people, records, updates
from data.database import Connection
from data.records import FactDate, LinkedEvent, Opened, Timeline
from data.rows import as_list, in_list


async def get(conn: Connection, guild_id: int, slug: str) -> Timeline:
    """Return the timeline of a record. Updates that cannot be read are left out.

    Raise NotInRecord if there is no such record.
    """
    opened = await records.get(conn, guild_id, slug)
    readable = [update for update in await updates.history(conn, guild_id, slug) if is_readable(update)]
    linked: set[str] = set()
    for update in readable:
        field = find_field(opened.record.kind, update.field)
        if field is not None:
            linked.update(other_slug for other_slug, _ in field.type.records(update.fact.value))
    names = opened.names | await names_of(conn, guild_id, linked)
    events = await _events(conn, guild_id, opened)
    by = [*readable, *(event.update for event in events)]
    editors = await people.get_many(conn, {update.person_id for update in by if update.person_id is not None})
    user_ids = {person.id: person.user_id for person in editors if person.user_id is not None}
    return Timeline(opened, readable, names, user_ids, events)


async def _events(conn: Connection, guild_id: int, opened: Opened) -> list[LinkedEvent]:
    """Return the events that are about a record, each with the update that says so."""
    slugs = [link.slug for link in opened.links if link.kind == "event" and link.field == "about" and not link.outward]
    events = await records.get_many(conn, guild_id, slugs)
    naming = {
        fact.update: event
        for event in events
        for fact in event.record.state.facts("about")
        if record_of(fact.value) == opened.record.slug
    }
    entered = await ledger_rows.fetch(
        conn, f"u.guild_id = ? AND u.id IN {in_list()}", (guild_id, as_list(sorted(naming)))
    )
    return [
        LinkedEvent(event.record.name, row.update, event.record.state.fact("happened", FactDate), event.sources)
        for row in entered
        if (event := naming.get(row.update.id)) is not None
    ]


async def names_of(conn: Connection, guild_id: int, slugs: Collection[str]) -> dict[str, str]:
    """Return the name of each record, by slug. If all names of a record were withdrawn, return its last name."""
    names = await records.names(conn, guild_id, slugs)
    if unnamed := set(slugs) - names.keys():
        names |= dict.fromkeys(unnamed, "a record without a name") | await _last_names(conn, guild_id, unnamed)
    return names


async def _last_names(conn: Connection, guild_id: int, slugs: Collection[str]) -> dict[str, str]:
    """Return, by slug, the last name that was entered for each record, even if this name was withdrawn."""
    where = f"r.guild_id = ? AND r.slug IN {in_list()} AND u.field = 'name'"
    entered = await ledger_rows.fetch(conn, where, (guild_id, as_list(sorted(slugs))))
    updates_of_names = [row.update for row in entered]
    return {update.record: update.value for update in updates_of_names if isinstance(update.value, str)}
