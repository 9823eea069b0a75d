"""Servers (Discord's guilds): their settings, and whether the bot is still in them."""

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
    """Return a server's row, or None without one. A row does not mean that the server was set up."""
    return await fetch_one(conn, Guild, f"SELECT {_COLUMNS} FROM guild WHERE guild_id = ?", (guild_id,))


async def get(conn: Connection, guild_id: int) -> Guild:
    """Return the server's settings. Raise UserError, which says what to do, when it was never set up."""
    guild = await find(conn, guild_id)
    if guild is None or guild.set_up_at is None:
        raise UserError(
            "Attaché is not set up in this server yet, so there is no record to read. "
            "Someone with Manage Server can start with /setup."
        )
    return guild


async def ensure(conn: Connection, guild_id: int, *, name: str, owner_id: int) -> Guild:
    """Return the server's row, made on first sight, with its name and owner as Discord last told them."""
    await conn.execute(
        "INSERT INTO guild (guild_id, name, owner_id) VALUES (?, ?, ?) "
        "ON CONFLICT (guild_id) DO UPDATE SET name = excluded.name, owner_id = excluded.owner_id",
        (guild_id, name, owner_id),
    )
    guild = await find(conn, guild_id)
    assert guild is not None  # Just made.
    return guild


async def refresh(conn: Connection, guild_id: int, *, name: str, owner_id: int) -> None:
    """Update name and owner of a server that is set up; change nothing of any other."""
    await conn.execute(
        "UPDATE guild SET name = ?, owner_id = ? WHERE guild_id = ? AND set_up_at IS NOT NULL",
        (name, owner_id, guild_id),
    )


async def mark_greeted(conn: Connection, guild_id: int, *, now: datetime) -> bool:
    """Return whether the server is to be greeted, and note that it was: True once each time the bot joins."""
    cursor = await conn.execute(
        "UPDATE guild SET greeted_at = ? WHERE guild_id = ? AND greeted_at IS NULL", (to_text(now), guild_id)
    )
    return cursor.rowcount > 0


async def forget_all_but_the_greeting(conn: Connection, guild_id: int, *, now: datetime) -> None:
    """Keep a bare row of a server that had everything deleted while the bot stays, so that it is not greeted anew."""
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
    """Set the given settings, leave the others, and mark the server as set up, also after the bot was removed."""
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
    """Note that a server removed the bot: its data stays, and nothing is sent until it is set up again.

    When the bot returns, it is greeted again. The row of a server that was never set up is deleted.
    """
    await conn.execute("DELETE FROM guild WHERE guild_id = ? AND set_up_at IS NULL", (guild_id,))
    await conn.execute(
        "UPDATE guild SET left_at = ?, greeted_at = NULL WHERE guild_id = ? AND left_at IS NULL",
        (to_text(now), guild_id),
    )


async def list_all(conn: Connection) -> list[Guild]:
    """Return every server on file, those that the bot was removed from too."""
    return await fetch_all(conn, Guild, f"SELECT {_COLUMNS} FROM guild ORDER BY guild_id")


async def holdings(conn: Connection, guild_id: int) -> Holdings:
    """Return how much a server's record holds."""
    records = await fetch_value(conn, int, "SELECT count(*) FROM record WHERE guild_id = ? AND live = 1", (guild_id,))
    updates = await fetch_value(conn, int, "SELECT count(*) FROM ledger WHERE guild_id = ?", (guild_id,))
    dossiers = await fetch_values(
        conn,
        str,
        "SELECT DISTINCT dossier FROM ledger WHERE guild_id = ? AND dossier <> '' AND origin = 'dossier' "
        "ORDER BY dossier",
        (guild_id,),
    )
    return Holdings(records or 0, updates or 0, tuple(dossiers))
