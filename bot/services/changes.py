"""What changed about a record, with all that a message about it needs: names, and the source that tells it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.ledger.changes import Changed, RecordChange
from bot.ledger.fields import get_field
from bot.services import records, sources
from data.database import Connection
from data.records import Kind, State, Update


async def record_change(
    conn: Connection,
    guild_id: int,
    slug: str,
    kind: Kind,
    states: tuple[State, State],
    changes: Sequence[Changed],
    told: Update,
) -> RecordChange:
    """One record's changes between two states of it, before and after; `told` is the update whose source is named.

    The names are those of all records that the values point to, also of those no longer linked.
    """
    before, after = states
    slugs: set[str] = set()
    for changed in changes:
        type_ = get_field(kind, changed.field).type
        for fact in (changed.before, changed.after):
            if fact is not None:
                slugs.update(other for other, _ in type_.records(fact.value))
    return RecordChange(
        kind=kind,
        slug=slug,
        name=after.facts["name"][-1].value,
        new="name" not in before.facts,
        opened=before.opened,
        changes=list(changes),
        names=await records.names(conn, guild_id, slugs),
        source=await sources.get(conn, guild_id, told.source_id),
        locator=told.locator,
        date=told.date,
    )
