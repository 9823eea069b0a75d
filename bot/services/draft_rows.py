"""Reads the rows of drafts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, cast

from msgspec import Raw, Struct
from msgspec.structs import replace

from bot.ledger.drafts import Draft, Given, Task
from bot.ledger.kinds import get_field
from data.database import Connection, to_text
from data.records import Value
from data.rows import fetch_one

SOURCE_OFFERED_FOR = timedelta(hours=1)
"""For how long after a draft was saved its source is filled in again for the same editor."""

DRAFT_COLUMNS = "id, guild_id, person_id, task, typed, base, state, batch"


class DraftRow(Struct, frozen=True):
    """A row of the table of drafts. The values in its task are not decoded yet."""

    id: int
    guild_id: int
    person_id: int
    task: Task[Raw]
    typed: dict[str, str]
    base: int
    state: Literal["open", "saved", "dropped"]
    batch: str


def to_draft(row: DraftRow) -> Draft:
    """Return the draft of a row. Each value is decoded by the type of its field."""
    task = row.task
    given: list[Given[Value]] = [
        Given(given.field, get_field(task.kind, given.field).type.stored.decode(given.value)) for given in task.given
    ]
    decoded = replace(cast("Task[Value]", task), given=given)
    return Draft(row.id, row.guild_id, row.person_id, decoded, row.typed, row.base, row.state, row.batch)


async def last_saved(conn: Connection, guild_id: int, person_id: int, now: datetime) -> Draft | None:
    """Return the draft that a person saved last in a server. Return None when that is more than an hour ago."""
    row = await fetch_one(
        conn,
        DraftRow,
        f"SELECT {DRAFT_COLUMNS} FROM draft WHERE guild_id = ? AND person_id = ? AND state = 'saved' AND saved_at >= ? "
        "ORDER BY saved_at DESC, id DESC LIMIT 1",
        (guild_id, person_id, to_text(now - SOURCE_OFFERED_FOR)),
    )
    return to_draft(row) if row is not None else None
