"""Adds to the changes of a record the record names and sources that a message about these changes needs."""

from __future__ import annotations

from collections.abc import Sequence

from bot.ledger.changes import FieldChange, RecordChange
from bot.ledger.kinds import get_field
from bot.services import records, sources
from data.database import Connection
from data.records import Kind, State

_BESIDE = ("about", "who", "due")
"""Fields that a message about a pending item shows even when they did not change."""


async def record_change(
    conn: Connection, guild_id: int, slug: str, kind: Kind, states: tuple[State, State], changes: Sequence[FieldChange]
) -> RecordChange:
    """Return the given changes of a record together with the names and sources that a message about them needs.

    `states` are the record before and after the changes. The names cover every record that a shown value points to,
    including records that are no longer linked.
    """
    before, after = states
    shown = [(changed.field, fact) for changed in changes for fact in changed.facts]
    if kind == "pending":
        shown += [(field, fact) for field in _BESIDE for fact in after.facts(field)]
    named_slugs = {linked for field, fact in shown for linked, _ in get_field(kind, field).type.records(fact.value)}
    record_names = after.facts("name", str) or before.facts("name", str)
    return RecordChange(
        kind=kind,
        slug=slug,
        name=record_names[-1].value,
        new=not before.facts("name"),
        changes=list(changes),
        names=await records.names(conn, guild_id, named_slugs),
        sources=await sources.get_many(conn, guild_id, {fact.source for _, fact in shown}),
        state=after,
    )
