"""Computes the scope of a destination: the records that its digest reports, each from a certain update on."""

from __future__ import annotations

from msgspec import Struct

from bot.services.alerts import REACHED_KINDS
from data.database import Connection
from data.records import Destination
from data.rows import fetch_all


class Scope(Struct, frozen=True):
    """The records that a destination's digest reports, each with the id of the update after which it reports them.

    `all_since` is that id for every record of the guild, or None when only the records in `since_by_id` are reported.
    The keys of `since_by_id` are record ids. For a follow, the id is that of the newest update when the follow began.
    """

    all_since: int | None
    since_by_id: dict[int, int]

    def since(self, record_id: int) -> int | None:
        """Return the id of the update after which a record is reported, or None when the record is not in the scope."""
        starts = [since for since in (self.all_since, self.since_by_id.get(record_id)) if since is not None]
        return min(starts, default=None)


class _Covered(Struct, frozen=True):
    """A record that a destination follows (None: all records), and the newest update when it began to."""

    record_id: int | None
    since: int


async def of(conn: Connection, destination: Destination) -> Scope:
    """Return the scope of a destination.

    The scope of a channel is the whole guild. The scope of direct messages is what the person follows, muted or not:
    the followed records, and records of `REACHED_KINDS` (deals, for example) that are linked directly with them.
    """
    if destination.channel_id is not None:
        return Scope(0, {})
    rows = await fetch_all(
        conn,
        _Covered,
        "SELECT record_id, min(since) AS since FROM ("
        "SELECT f.record_id, f.since FROM follow f WHERE f.destination_id = ?1 "
        "UNION ALL SELECT r.id, f.since FROM follow f JOIN link l ON l.to_id = f.record_id "
        f"JOIN record r ON r.id = l.from_id AND r.kind IN {REACHED_KINDS} WHERE f.destination_id = ?1 "
        "UNION ALL SELECT r.id, f.since FROM follow f JOIN link l ON l.from_id = f.record_id "
        f"JOIN record r ON r.id = l.to_id AND r.kind IN {REACHED_KINDS} WHERE f.destination_id = ?1"
        ") AS followed GROUP BY record_id",
        (destination.id,),
    )
    all_since = next((row.since for row in rows if row.record_id is None), None)
    return Scope(all_since, {row.record_id: row.since for row in rows if row.record_id is not None})
