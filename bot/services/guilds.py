"""Reads and writes the rows of guilds (Discord servers): settings, and whether the bot greeted them or left them."""

from __future__ import annotations

from datetime import datetime

from bot.errors import UserError
from data.database import Connection, to_text
from data.records import Guild, Holdings
from data.rows import fetch_all, fetch_one, fetch_value, fetch_values

_COLUMNS = (
    "guild_id, name, zone, channel_id, editor_role_id, owner_id, set_up_at, set_up_by, greeted_at, left_at, alerted_to"
)


async def find(conn: Connection, guild_id: int) -> Guild | None:
    """Return the row of a guild, or None without one. A guild with a row may still not be set up."""
    return await fetch_one(conn, Guild, f"SELECT {_COLUMNS} FROM guild WHERE guild_id = ?", (guild_id,))


async def get(conn: Connection, guild_id: int) -> Guild:
    """Return the row of a guild. Raise UserError, whose text points to /setup, when the guild was never set up."""
    guild = await find(conn, guild_id)
    if guild is None or guild.set_up_at is None:
        raise UserError(
            "Attaché is not set up in this server yet, so there is no record to read. "
            "Someone with Manage Server can start with /setup."
        )
    return guild


async def ensure(conn: Connection, guild_id: int, *, name: str, owner_id: int) -> Guild:
    """Insert a row for a guild or, when there is one, update its name and owner. Return the row."""
    await conn.execute(
        "INSERT INTO guild (guild_id, name, owner_id) VALUES (?, ?, ?) "
        "ON CONFLICT (guild_id) DO UPDATE SET name = excluded.name, owner_id = excluded.owner_id",
        (guild_id, name, owner_id),
    )
    guild = await find(conn, guild_id)
    assert guild is not None  # Just made.
    return guild


async def refresh(conn: Connection, guild_id: int, *, name: str, owner_id: int) -> None:
    """Update the name and the owner of a guild. Do nothing when the guild is not set up."""
    await conn.execute(
        "UPDATE guild SET name = ?, owner_id = ? WHERE guild_id = ? AND set_up_at IS NOT NULL",
        (name, owner_id, guild_id),
    )


async def mark_greeted(conn: Connection, guild_id: int, *, now: datetime) -> bool:
    """Mark a guild as greeted. Return True if it was not marked before: then the caller sends the greeting."""
    cursor = await conn.execute(
        "UPDATE guild SET greeted_at = ? WHERE guild_id = ? AND greeted_at IS NULL", (to_text(now), guild_id)
    )
    return cursor.rowcount > 0


async def forget_all_but_the_greeting(conn: Connection, guild_id: int, *, now: datetime) -> None:
    """Insert a row that says only that the guild was greeted, so that the bot does not greet it again.

    It is called right after `erasure.delete_guild`. The guild must have no row.
    """
    await conn.execute(
        "INSERT INTO guild (guild_id, name, owner_id, greeted_at) VALUES (?, '', 0, ?)", (guild_id, to_text(now))
    )


async def configure(
    conn: Connection,
    guild_id: int,
    *,
    now: datetime,
    person_id: int,
    zone: str | None = None,
    channel_id: int | None = None,
    editor_role_id: int | None = None,
) -> Guild:
    """Store the settings that are not None, mark the guild as set up and as not left, and return its row.

    The row must exist already: call `ensure` first.
    """
    await conn.execute(
        "UPDATE guild SET zone = coalesce(?, zone), channel_id = coalesce(?, channel_id), "
        "editor_role_id = coalesce(?, editor_role_id), set_up_at = coalesce(set_up_at, ?), "
        "set_up_by = ?, left_at = NULL WHERE guild_id = ?",
        (zone, channel_id, editor_role_id, to_text(now), person_id, guild_id),
    )
    guild = await find(conn, guild_id)
    assert guild is not None  # Configured only after ensure().
    return guild


async def leave(conn: Connection, guild_id: int, *, now: datetime) -> None:
    """Mark a guild as left by the bot. Its data stays, but nothing is sent until somebody uses /setup again.

    The mark that the guild was greeted is removed, so the bot greets it again after coming back. A guild that was never
    set up loses its row.
    """
    await conn.execute("DELETE FROM guild WHERE guild_id = ? AND set_up_at IS NULL", (guild_id,))
    await conn.execute(
        "UPDATE guild SET left_at = ?, greeted_at = NULL WHERE guild_id = ? AND left_at IS NULL",
        (to_text(now), guild_id),
    )


async def list_all(conn: Connection) -> list[Guild]:
    """Return every guild with a row, including guilds that removed the bot."""
    return await fetch_all(conn, Guild, f"SELECT {_COLUMNS} FROM guild ORDER BY guild_id")


async def holdings(conn: Connection, guild_id: int) -> Holdings:
    """Return how many records and updates a guild has, and the slugs of the dossiers loaded there.

    Withdrawn updates are counted. Records whose updates were all withdrawn are not counted.
    """
    records = await fetch_value(conn, int, "SELECT count(*) FROM record WHERE guild_id = ? AND live = 1", (guild_id,))
    updates = await fetch_value(conn, int, "SELECT count(*) FROM ledger WHERE guild_id = ?", (guild_id,))
    dossiers = await fetch_values(
        conn,
        str,
        "SELECT slug FROM dossier WHERE guild_id = ? AND unloaded_at IS NULL ORDER BY slug",
        (guild_id,),
    )
    return Holdings(records or 0, updates or 0, tuple(dossiers))
