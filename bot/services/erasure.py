"""Deletes everything that is stored about a guild or a person.

The caller runs `Database.vacuum` after the commit, so that the file no longer contains the deleted rows.
"""

from __future__ import annotations

from msgspec import Struct

from bot.services import index, people
from data.database import Connection
from data.rows import fetch_one, fetch_value

# Children come before their parents. Otherwise SQLite would search for the children of each deleted row, one by one.
_OF_A_GUILD = (
    "DELETE FROM delivery WHERE guild_id = ?",
    "DELETE FROM reminder WHERE destination_id IN (SELECT id FROM destination WHERE guild_id = ?)",
    "DELETE FROM follow WHERE destination_id IN (SELECT id FROM destination WHERE guild_id = ?)",
    "DELETE FROM destination WHERE guild_id = ?",
    "DELETE FROM draft WHERE guild_id = ?",
    "DELETE FROM correction WHERE guild_id = ?",
    "DELETE FROM question WHERE guild_id = ?",
    "DELETE FROM dossier_record WHERE guild_id = ?",
    "DELETE FROM dossier WHERE guild_id = ?",
    "DELETE FROM ledger WHERE guild_id = ?",
    "DELETE FROM state_history WHERE record_id IN (SELECT id FROM record WHERE guild_id = ?)",
    "DELETE FROM link WHERE from_id IN (SELECT id FROM record WHERE guild_id = ?)",
    "DELETE FROM record WHERE guild_id = ?",
    "DELETE FROM source WHERE guild_id = ?",
    "DELETE FROM guild WHERE guild_id = ?",
)

# Deletes the Discord id and the DM channel of each person who has set no time zone and to whom no other row refers.
_FORGET_STRANGERS = """
UPDATE person SET user_id = NULL, dm_channel_id = NULL
WHERE user_id IS NOT NULL AND zone IS NULL AND id NOT IN (
    SELECT person_id FROM ledger WHERE person_id IS NOT NULL
    UNION SELECT person_id FROM destination WHERE person_id IS NOT NULL
    UNION SELECT set_up_by FROM destination WHERE set_up_by IS NOT NULL
    UNION SELECT created_by FROM reminder WHERE created_by IS NOT NULL
    UNION SELECT set_up_by FROM guild WHERE set_up_by IS NOT NULL
    UNION SELECT person_id FROM source WHERE person_id IS NOT NULL
    UNION SELECT loaded_by FROM dossier WHERE loaded_by IS NOT NULL
    UNION SELECT person_id FROM draft
    UNION SELECT person_id FROM correction
    UNION SELECT person_id FROM question)
"""


class Forgotten(Struct, frozen=True):
    """Counts of the rows that `delete_person` deleted. `drafts` counts both drafts and corrections.

    `updates_kept` counts the updates of the person, which stay without a name.
    """

    follows: int
    reminders: int
    drafts: int
    updates_kept: int


async def delete_guild(conn: Connection, guild_id: int) -> bool:
    """Delete all rows of a guild. Return False when there was no row of the guild in the table `guild`.

    Also make people anonymous who have set no time zone and to whom no remaining row refers. Rows of other guilds stay.
    """
    known_id = await fetch_value(conn, int, "SELECT guild_id FROM guild WHERE guild_id = ?", (guild_id,))
    await index.erase(conn, guild_id)
    for statement in _OF_A_GUILD:
        await conn.execute(statement, (guild_id,))
    await conn.execute(_FORGET_STRANGERS)
    return known_id is not None


async def delete_person(conn: Connection, user_id: int) -> Forgotten | None:
    """Delete a user's own data in all guilds and make their row anonymous. Return None when they have no row.

    The updates that they entered and what they set up for channels stay, but no longer lead to a Discord user.
    """
    person = await people.find(conn, user_id)
    if person is None:
        return None
    theirs = "destination_id IN (SELECT id FROM destination WHERE person_id = ?)"
    forgotten = await fetch_one(
        conn,
        Forgotten,
        f"SELECT (SELECT count(*) FROM follow WHERE {theirs}) AS follows, "
        f"(SELECT count(*) FROM reminder WHERE {theirs}) AS reminders, "
        "(SELECT count(*) FROM draft WHERE person_id = ?) + "
        "(SELECT count(*) FROM correction WHERE person_id = ?) AS drafts, "
        "(SELECT count(*) FROM ledger WHERE person_id = ?) AS updates_kept",
        (person.id,) * 5,
    )
    for statement in (
        f"DELETE FROM delivery WHERE {theirs}",
        f"DELETE FROM reminder WHERE {theirs}",
        f"DELETE FROM follow WHERE {theirs}",
        "DELETE FROM destination WHERE person_id = ?",
        "DELETE FROM draft WHERE person_id = ?",
        "DELETE FROM correction WHERE person_id = ?",
        "DELETE FROM question WHERE person_id = ?",
        "UPDATE person SET user_id = NULL, zone = NULL, dm_channel_id = NULL WHERE id = ?",
    ):
        await conn.execute(statement, (person.id,))
    return forgotten
