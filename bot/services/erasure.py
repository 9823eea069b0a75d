"""Deletion of a person's or a server's data for good. Call `Database.vacuum` after it, which empties the file of it."""

from __future__ import annotations

from msgspec import Struct

from bot.services import index, people
from data.database import Connection
from data.rows import fetch_one, fetch_value

# Children before their parents: nothing is left for the checks of foreign keys to look for, row by row.
_OF_A_GUILD = (
    "DELETE FROM delivery WHERE guild_id = ?",
    "DELETE FROM reminder WHERE destination_id IN (SELECT id FROM destination WHERE guild_id = ?)",
    "DELETE FROM follow WHERE destination_id IN (SELECT id FROM destination WHERE guild_id = ?)",
    "DELETE FROM destination WHERE guild_id = ?",
    "DELETE FROM draft WHERE guild_id = ?",
    "DELETE FROM question WHERE guild_id = ?",
    "DELETE FROM ledger WHERE guild_id = ?",
    "DELETE FROM state_history WHERE record_id IN (SELECT id FROM record WHERE guild_id = ?)",
    "DELETE FROM link WHERE from_id IN (SELECT id FROM record WHERE guild_id = ?)",
    "DELETE FROM record WHERE guild_id = ?",
    "DELETE FROM source WHERE guild_id = ?",
    "DELETE FROM guild WHERE guild_id = ?",
)

# Whoever is known by nothing any more, neither a zone of their own nor anything in some server, is forgotten too.
_FORGET_STRANGERS = """
UPDATE person SET user_id = NULL, dm_channel_id = NULL
WHERE user_id IS NOT NULL AND zone IS NULL AND id NOT IN (
    SELECT person_id FROM ledger WHERE person_id IS NOT NULL
    UNION SELECT person_id FROM destination WHERE person_id IS NOT NULL
    UNION SELECT set_up_by FROM destination WHERE set_up_by IS NOT NULL
    UNION SELECT created_by FROM reminder WHERE created_by IS NOT NULL
    UNION SELECT set_up_by FROM guild WHERE set_up_by IS NOT NULL
    UNION SELECT person_id FROM draft
    UNION SELECT person_id FROM question)
"""


class Forgotten(Struct, frozen=True):
    """Counts of what forgetting a person took away, and the updates that stay without their name."""

    follows: int
    reminders: int
    drafts: int
    updates_kept: int


async def delete_guild(conn: Connection, guild_id: int) -> bool:
    """Delete everything of a server; False when nothing was stored. Other servers keep every row."""
    there = await fetch_value(conn, int, "SELECT guild_id FROM guild WHERE guild_id = ?", (guild_id,))
    await index.erase(conn, guild_id)
    for statement in _OF_A_GUILD:
        await conn.execute(statement, (guild_id,))
    await conn.execute(_FORGET_STRANGERS)
    return there is not None


async def delete_person(conn: Connection, user_id: int) -> Forgotten | None:
    """Delete what is a person's own, in all servers; None when nothing was stored.

    The updates that they entered and what they set up for channels stay, without saying whose they are.
    """
    person = await people.find(conn, user_id)
    if person is None:
        return None
    own = "destination_id IN (SELECT id FROM destination WHERE person_id = ?)"
    forgotten = await fetch_one(
        conn,
        Forgotten,
        f"SELECT (SELECT count(*) FROM follow WHERE {own}) AS follows, "
        f"(SELECT count(*) FROM reminder WHERE {own}) AS reminders, "
        "(SELECT count(*) FROM draft WHERE person_id = ?) AS drafts, "
        "(SELECT count(*) FROM ledger WHERE person_id = ?) AS updates_kept",
        (person.id,) * 4,
    )
    for statement in (
        f"DELETE FROM delivery WHERE {own}",
        f"DELETE FROM reminder WHERE {own}",
        f"DELETE FROM follow WHERE {own}",
        "DELETE FROM destination WHERE person_id = ?",
        "DELETE FROM draft WHERE person_id = ?",
        "DELETE FROM question WHERE person_id = ?",
        "UPDATE person SET user_id = NULL, zone = NULL, dm_channel_id = NULL WHERE id = ?",
    ):
        await conn.execute(statement, (person.id,))
    return forgotten
