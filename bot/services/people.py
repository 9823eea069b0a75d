"""People who use the bot, known by nothing but their Discord id, zone and DM channel."""

from __future__ import annotations

from data.database import Connection
from data.records import Person

_COLUMNS = "id, user_id, zone, dm_channel_id"


async def ensure(conn: Connection, user_id: int) -> Person:
    """The person behind a Discord id, made on first use."""
    await conn.execute("INSERT INTO person (user_id) VALUES (?) ON CONFLICT DO NOTHING", (user_id,))
    person = await find(conn, user_id)
    assert person is not None  # Just made.
    return person


async def find(conn: Connection, user_id: int) -> Person | None:
    rows = list(await conn.execute_fetchall(f"SELECT {_COLUMNS} FROM person WHERE user_id = ?", (user_id,)))
    return Person(*rows[0]) if rows else None


async def get(conn: Connection, person_id: int) -> Person:
    ((*row,),) = await conn.execute_fetchall(f"SELECT {_COLUMNS} FROM person WHERE id = ?", (person_id,))
    return Person(*row)


async def set_zone(conn: Connection, user_id: int, zone: str) -> None:
    """Sets the zone in which this person's times are meant, in all servers."""
    person = await ensure(conn, user_id)
    await conn.execute("UPDATE person SET zone = ? WHERE id = ?", (zone, person.id))


async def set_dm_channel(conn: Connection, person_id: int, channel_id: int | None) -> None:
    await conn.execute("UPDATE person SET dm_channel_id = ? WHERE id = ?", (channel_id, person_id))
