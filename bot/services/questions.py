"""What does not fit in a button, such as the filters of a list: a row that the button names, kept for a day."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from bot.errors import UserError
from bot.services import people
from data.database import Connection, from_text, to_text
from data.records import Kind

KEPT = timedelta(hours=24)


class Listing(Struct, frozen=True, omit_defaults=True):
    """What a list shows: records of a kind with a stage or links, or what a search finds.

    `words` are the filters as people read them. With `everything` a list of pending items leaves none out.
    """

    kind: Kind | None = None
    stage: str | None = None
    linked: tuple[str, ...] = ()
    words: str = ""
    search: str = ""
    everything: bool = False


async def keep(conn: Connection, guild_id: int, listing: Listing, *, now: datetime, user_id: int) -> int:
    """Writes down what was asked, so that a button can turn its pages. Older ones of this server go."""
    person = await people.ensure(conn, user_id)
    await conn.execute("DELETE FROM question WHERE guild_id = ? AND asked_at <= ?", (guild_id, to_text(now - KEPT)))
    cursor = await conn.execute(
        "INSERT INTO question (guild_id, person_id, text, asked_at) VALUES (?, ?, ?, ?)",
        (guild_id, person.id, msgspec.json.encode(listing).decode(), to_text(now)),
    )
    assert cursor.lastrowid is not None  # One row was inserted.
    return cursor.lastrowid


async def get(conn: Connection, guild_id: int, question_id: int, *, now: datetime) -> Listing:
    """What was asked; UserError when that is more than a day ago."""
    rows = list(
        await conn.execute_fetchall(
            "SELECT text, asked_at FROM question WHERE guild_id = ? AND id = ?", (guild_id, question_id)
        )
    )
    if not rows or now - from_text(rows[0][1]) >= KEPT:
        raise UserError(
            "This list is more than a day old, so its pages can no longer be turned. Nothing was changed. "
            "Use the command again for a new one."
        )
    return msgspec.json.decode(rows[0][0], type=Listing)
