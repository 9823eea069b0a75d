"""Deletes expired rows (called once a day), and stores when the scheduler last ran."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.services import deliveries, questions, restores
from data.database import Connection, to_text
from data.rows import fetch_value

DRAFTS_KEPT_FOR = timedelta(days=90)


async def mark_tick(conn: Connection, now: datetime) -> None:
    """Store `now` as the time at which the scheduler last ran."""
    await conn.execute(
        "INSERT INTO meta (key, value) VALUES ('last_tick', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (to_text(now),),
    )


async def last_tick(conn: Connection) -> datetime | None:
    """Return when the scheduler last ran, exact to the minute, or None when it never ran."""
    return await fetch_value(conn, datetime, "SELECT value FROM meta WHERE key = 'last_tick'")


async def clean_up(conn: Connection, now: datetime) -> None:
    """Delete expired rows of all guilds: deliveries, restore notes, reminders, drafts, corrections, questions."""
    await deliveries.clean_up(conn, now)
    await restores.clean_up(conn, now)
    done_before = to_text(now - deliveries.KEPT_FOR)
    await conn.execute("DELETE FROM reminder WHERE done_at < ?", (done_before,))
    for table in ("draft", "correction"):
        await conn.execute(f"DELETE FROM {table} WHERE created_at < ?", (to_text(now - DRAFTS_KEPT_FOR),))
    await questions.clean_up(conn, now)
