"""Reads and writes the rows of people who used the bot: Discord id, time zone and DM channel, nothing else."""

from __future__ import annotations

from collections.abc import Collection

from data.database import Connection
from data.records import Person
from data.rows import as_list, fetch_all, fetch_one, in_list

_COLUMNS = "id, user_id, zone, dm_channel_id"


async def ensure(conn: Connection, user_id: int) -> Person:
    """Return the person with a Discord user id. Insert a row when there is none."""
    await conn.execute("INSERT INTO person (user_id) VALUES (?) ON CONFLICT (user_id) DO NOTHING", (user_id,))
    person = await find(conn, user_id)
    assert person is not None  # Just made.
    return person


async def find(conn: Connection, user_id: int) -> Person | None:
    """Return the person with a Discord user id, or None when there is no row with this id."""
    return await fetch_one(conn, Person, f"SELECT {_COLUMNS} FROM person WHERE user_id = ?", (user_id,))


async def get(conn: Connection, person_id: int) -> Person:
    """Return the person with a row id. The id must come from a foreign key, so that the row exists."""
    person = await fetch_one(conn, Person, f"SELECT {_COLUMNS} FROM person WHERE id = ?", (person_id,))
    assert person is not None  # A foreign key sees to it.
    return person


async def get_many(conn: Connection, person_ids: Collection[int]) -> list[Person]:
    """Return the people with these row ids, in any order."""
    sql = f"SELECT {_COLUMNS} FROM person WHERE id IN {in_list()}"
    return await fetch_all(conn, Person, sql, (as_list(sorted(person_ids)),))


async def set_zone(conn: Connection, user_id: int, zone: str) -> None:
    """Store a user's time zone (an IANA name), which is used in all guilds. Insert a row when there is none."""
    person = await ensure(conn, user_id)
    await conn.execute("UPDATE person SET zone = ? WHERE id = ?", (zone, person.id))


async def set_dm_channel(conn: Connection, person_id: int, channel_id: int | None) -> None:
    """Store the id of a person's DM channel. None clears the id of a channel that no longer exists."""
    await conn.execute("UPDATE person SET dm_channel_id = ? WHERE id = ?", (channel_id, person_id))
