"""Follows: who is told of which record, where. Each belongs to a destination."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from bot.errors import NotInRecord, UserError
from bot.ledger.values import quoted
from bot.services import updates
from data.database import Connection, to_text
from data.records import Destination, Follow
from data.rows import fetch_all, fetch_one, fetch_value

MOST = 100
"""How many follows one destination can have."""

EVERYTHING = "everything"

_SELECT = (
    "SELECT f.id, f.destination_id, r.slug, "
    "CASE WHEN r.name = '' THEN 'a record that was taken back' ELSE r.name END AS name, f.at_once, f.muted, "
    " f.role_id, f.since, f.created_at "
    "FROM follow f JOIN destination d ON d.id = f.destination_id LEFT JOIN record r ON r.id = f.record_id"
)


def name_of(follow: Follow) -> str:
    """Return the name of what is followed."""
    return follow.name or EVERYTHING


async def add(
    conn: Connection,
    destination: Destination,
    slug: str | None,
    *,
    now: datetime,
    at_once: bool = True,
    role_id: int | None = None,
) -> Follow:
    """Follow a record, or everything when `slug` is None, from now on. UserError when it is followed already.

    A follow of everything is told in the digest only. A muted follow is no longer muted; a new role replaces the old.
    """
    at_once = at_once and slug is not None
    record_id: int | None = None
    if slug is not None:
        record_id = await fetch_value(
            conn,
            int,
            "SELECT id FROM record WHERE guild_id = ? AND slug = ? AND live = 1",
            (destination.guild_id, slug),
        )
        if record_id is None:
            raise NotInRecord("This is not in the record here, so it cannot be followed. Nothing was changed.")
    known = await _find(conn, "f.destination_id = ? AND f.record_id IS NOT DISTINCT FROM ?", destination.id, record_id)
    if known is not None:
        if not known.muted and known.role_id == role_id and known.at_once == at_once:
            who = "You already follow" if destination.person_id else "This channel already follows"
            raise UserError(f"{who} {quoted(name_of(known))}. Nothing was changed. /follow list shows all.")
        await conn.execute(
            "UPDATE follow SET muted = 0, at_once = ?, role_id = ?, since = CASE WHEN muted = 1 THEN ? ELSE since END "
            "WHERE id = ?",
            (at_once, role_id, await updates.newest_id(conn, destination.guild_id), known.id),
        )
        return await get(conn, known.id)
    count = await fetch_value(conn, int, "SELECT count(*) FROM follow WHERE destination_id = ?", (destination.id,))
    if count is not None and count >= MOST:
        raise UserError(
            f"There are already {MOST} follows here, which is the most. Nothing was changed. "
            "Remove one with /follow remove, or follow everything in a digest."
        )
    follow_id = await fetch_value(
        conn,
        int,
        "INSERT INTO follow (destination_id, record_id, at_once, role_id, since, created_at) VALUES (?, ?, ?, ?, ?, ?) "
        "RETURNING id",
        (
            destination.id,
            record_id,
            at_once,
            role_id,
            await updates.newest_id(conn, destination.guild_id),
            to_text(now),
        ),
    )
    assert follow_id is not None  # Just made.
    return await get(conn, follow_id)


async def get(conn: Connection, follow_id: int) -> Follow:
    """Return a follow by its id."""
    found = await _find(conn, "f.id = ?", follow_id)
    assert found is not None  # Asked for only after it was made or found.
    return found


async def find(conn: Connection, guild_id: int, follow_id: int) -> Follow | None:
    """Return a follow of this server, or None: an id of another server opens nothing."""
    return await _find(conn, "d.guild_id = ? AND f.id = ?", guild_id, follow_id)


async def find_own(conn: Connection, guild_id: int, user_id: int, slug: str) -> Follow | None:
    """Return a person's follow of a record by direct message, or None where there is none or it is muted."""
    return await _find(
        conn,
        "d.guild_id = ? AND d.person_id = (SELECT id FROM person WHERE user_id = ?) AND r.slug = ? AND f.muted = 0",
        guild_id,
        user_id,
        slug,
    )


async def _find(conn: Connection, where: str, *values: object) -> Follow | None:
    return await fetch_one(conn, Follow, f"{_SELECT} WHERE {where}", values)


async def list_of(conn: Connection, destination_id: int) -> list[Follow]:
    """Return what a destination follows, everything first, then by name."""
    return await fetch_all(
        conn,
        Follow,
        f"{_SELECT} WHERE f.destination_id = ? "
        "ORDER BY CASE WHEN f.record_id IS NULL THEN 0 ELSE 1 END, lower(r.name), f.id",
        (destination_id,),
    )


async def remove(conn: Connection, guild_id: int, follow_id: int) -> Follow | None:
    """End a follow and return what it was; None when it was over already."""
    follow = await find(conn, guild_id, follow_id)
    if follow is not None:
        await conn.execute("DELETE FROM follow WHERE id = ?", (follow_id,))
    return follow


async def mute(conn: Connection, guild_id: int, follow_id: int) -> Follow | None:
    """Mute a follow: nothing of it is told at once until the record is followed again. Return None when it is over."""
    follow = await find(conn, guild_id, follow_id)
    if follow is not None:
        await conn.execute("UPDATE follow SET muted = 1 WHERE id = ?", (follow_id,))
    return follow


async def digest_only(conn: Connection, guild_id: int, follow_id: int) -> Follow | None:
    """Tell a follow in the digest only. Return None when it is over."""
    follow = await find(conn, guild_id, follow_id)
    if follow is not None:
        await conn.execute("UPDATE follow SET at_once = 0 WHERE id = ?", (follow_id,))
    return follow


class ServerChoice(Struct, frozen=True):
    """A server in which a person has a destination, as a choice in a DM."""

    guild_id: int
    name: str


async def places_of(conn: Connection, person_id: int) -> list[ServerChoice]:
    """Return the servers in which a person is told something by DM, by name."""
    return await fetch_all(
        conn,
        ServerChoice,
        "SELECT k.guild_id, k.name FROM destination d JOIN guild k ON k.guild_id = d.guild_id "
        "WHERE d.person_id = ? AND k.left_at IS NULL ORDER BY lower(k.name), k.guild_id",
        (person_id,),
    )
