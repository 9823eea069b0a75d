"""Changes of a record, with all that a message about them needs: names, and the source of each fact."""

from __future__ import annotations

from collections.abc import Sequence

from bot.ledger.changes import FieldChange, RecordChange
from bot.ledger.kinds import get_field
from bot.services import records, sources
from data.database import Connection
from data.records import Kind, State

_BESIDE = ("about", "who", "due")
"""Fields of a pending item that a message tells beside what changed."""


async def record_change(
    conn: Connection, guild_id: int, slug: str, kind: Kind, states: tuple[State, State], changes: Sequence[FieldChange]
) -> RecordChange:
    """Return one record's changes between two states of it, before and after.

    The names are those of all records that the values point to, also of those no longer linked.
    """
    before, after = states
    told = [(changed.field, fact) for changed in changes for fact in changed.facts]
    if kind == "pending":
        told += [(field, fact) for field in _BESIDE for fact in after.facts(field)]
    slugs = {other for field, fact in told for other, _ in get_field(kind, field).type.records(fact.value)}
    named = after.facts("name", str) or before.facts("name", str)
    return RecordChange(
        kind=kind,
        slug=slug,
        name=named[-1].value,
        new=not before.facts("name"),
        changes=list(changes),
        names=await records.names(conn, guild_id, slugs),
        sources=await sources.get_many(conn, guild_id, {fact.source for _, fact in told}),
        state=after,
    )
