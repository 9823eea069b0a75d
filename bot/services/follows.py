"""Stores and reads follows: a follow subscribes a destination (a channel or a user) to one record, or to everything."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from bot.errors import NotInRecord, UserError
from bot.ledger.values import quoted
from bot.message_contents import LostFacts
from bot.services import updates
from data.database import Connection, to_text
from data.records import Destination, Follow
from data.rows import fetch_all, fetch_one, fetch_value

MOST = 100
"""The largest number of follows that a destination can have."""

EVERYTHING = "everything"
"""The name of a follow without a record, which reaches all records of the server. Users type it, too."""

_SELECT = (
    "SELECT f.id, f.destination_id, r.slug, "
    "CASE WHEN r.name = '' THEN 'a record that was taken back' ELSE r.name END AS name, f.at_once, f.muted, "
    " f.role_id, f.since, f.created_at "
    "FROM follow f JOIN destination d ON d.id = f.destination_id LEFT JOIN record r ON r.id = f.record_id"
)


def name_of(follow: Follow) -> str:
    """Return the name of the followed record, or "everything"."""
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
    """Let a destination follow a record, or everything when `slug` is None, and return the follow.

    `at_once` says that the follow causes alerts. A follow of everything never does: it only adds to the digest.
    `role_id` is the role that the alerts mention. If the destination follows the record already, change and unmute that
    follow instead. Raise UserError if this would change nothing or if the destination has too many follows, and
    NotInRecord if the record does not exist.
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
    existing = await _find(
        conn, "f.destination_id = ? AND f.record_id IS NOT DISTINCT FROM ?", destination.id, record_id
    )
    if existing is not None:
        if not existing.muted and existing.role_id == role_id and existing.at_once == at_once:
            who = "You already follow" if destination.person_id else "This channel already follows"
            raise UserError(f"{who} {quoted(name_of(existing))}. Nothing was changed. /follow list shows all.")
        await conn.execute(
            "UPDATE follow SET muted = 0, at_once = ?, role_id = ?, since = CASE WHEN muted = 1 THEN ? ELSE since END "
            "WHERE id = ?",
            (at_once, role_id, await updates.newest_id(conn, destination.guild_id), existing.id),
        )
        return await get(conn, existing.id)
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
    assert follow_id is not None  # The statement inserts one row.
    return await get(conn, follow_id)


async def get(conn: Connection, follow_id: int) -> Follow:
    """Return the follow with an id that is known to exist."""
    follow = await _find(conn, "f.id = ?", follow_id)
    assert follow is not None  # Callers have just inserted or read the row.
    return follow


async def find(conn: Connection, guild_id: int, follow_id: int) -> Follow | None:
    """Return the follow with an id, or None when this server has no such follow."""
    return await _find(conn, "d.guild_id = ? AND f.id = ?", guild_id, follow_id)


async def find_by_user(conn: Connection, guild_id: int, user_id: int, slug: str) -> Follow | None:
    """Return the follow by which a user gets direct messages about a record, or None if it is missing or muted."""
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
    """Return the follows of a destination, sorted by name. The follow of everything comes first."""
    return await fetch_all(
        conn,
        Follow,
        f"{_SELECT} WHERE f.destination_id = ? "
        "ORDER BY CASE WHEN f.record_id IS NULL THEN 0 ELSE 1 END, lower(r.name), f.id",
        (destination_id,),
    )


class _LostRow(Struct, frozen=True):
    """A follow, its record, and how many facts of the record were withdrawn when the dossier `dossier` was unloaded."""

    follow_id: int
    guild_id: int
    slug: str
    name: str
    live: bool
    dossier: str
    facts: int


async def lost_by(conn: Connection, destination_id: int) -> dict[int, list[LostFacts]]:
    """Return, for each follow of a destination, the facts that its record lost when dossiers were unloaded.

    The keys are the ids of the follows. A follow whose record lost nothing has no entry.
    """
    rows = await fetch_all(
        conn,
        _LostRow,
        "SELECT f.id AS follow_id, r.guild_id, r.slug, r.name, r.live, d.name AS dossier, count(*) AS facts "
        "FROM follow f JOIN record r ON r.id = f.record_id "
        "JOIN dossier d ON d.guild_id = r.guild_id AND d.unloaded_at IS NOT NULL "
        "JOIN ledger w ON w.record_id = r.id AND w.dossier = d.slug AND w.origin = 'dossier' "
        "AND w.action = 'withdrawn' AND w.entered_at = d.unloaded_at WHERE f.destination_id = ? "
        "GROUP BY f.id, r.guild_id, r.slug, r.name, r.live, d.name ORDER BY f.id, d.name",
        (destination_id,),
    )
    lost: dict[int, list[LostFacts]] = {}
    for row in rows:
        name = row.name
        if not row.live:
            history = await updates.history(conn, row.guild_id, row.slug)
            name = next((str(u.value) for u in reversed(history) if u.field == "name" and u.action == "set"), "")
        lost.setdefault(row.follow_id, []).append(LostFacts(name, row.dossier, row.facts, not row.live))
    return lost


async def remove(conn: Connection, guild_id: int, follow_id: int) -> Follow | None:
    """Delete a follow and return it. Return None when this server has no such follow."""
    follow = await find(conn, guild_id, follow_id)
    if follow is not None:
        await conn.execute("DELETE FROM follow WHERE id = ?", (follow_id,))
    return follow


async def mute(conn: Connection, guild_id: int, follow_id: int) -> Follow | None:
    """Stop the alerts of a follow until `add` unmutes it, and return the follow as it was before.

    Return None when this server has no such follow.
    """
    follow = await find(conn, guild_id, follow_id)
    if follow is not None:
        await conn.execute("UPDATE follow SET muted = 1 WHERE id = ?", (follow_id,))
    return follow


async def use_digest_only(conn: Connection, guild_id: int, follow_id: int) -> Follow | None:
    """Stop the alerts of a follow, so that only the digest reports the changes. Return the follow as it was before.

    Return None when this server has no such follow.
    """
    follow = await find(conn, guild_id, follow_id)
    if follow is not None:
        await conn.execute("UPDATE follow SET at_once = 0 WHERE id = ?", (follow_id,))
    return follow


class ServerChoice(Struct, frozen=True):
    """A server about which a user gets direct messages. A menu in direct messages offers such servers as choices."""

    guild_id: int
    name: str


async def list_servers_of(conn: Connection, person_id: int) -> list[ServerChoice]:
    """Return the servers about which a person gets direct messages, sorted by name.

    Servers that the bot has left are not among them.
    """
    return await fetch_all(
        conn,
        ServerChoice,
        "SELECT k.guild_id, k.name FROM destination d JOIN guild k ON k.guild_id = d.guild_id "
        "WHERE d.person_id = ? AND k.left_at IS NULL ORDER BY lower(k.name), k.guild_id",
        (person_id,),
    )
