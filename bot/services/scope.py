"""Computes the scope of a destination: which records its digest reports, and from which update on."""

from __future__ import annotations

from msgspec import Struct

from bot.services.alerts import REACHED_KINDS
from data.database import Connection
from data.records import Destination
from data.rows import fetch_all


class Scope(Struct, frozen=True):
    """The records that a destination's digest reports, each with the id of the update after which it reports them.

    `all_since` is that id for every record of the guild, or None when only the records in `since_by_id` are reported.
    The keys of `since_by_id` are record ids.
    """

    all_since: int | None
    since_by_id: dict[int, int]

    def since(self, record_id: int) -> int | None:
        """Return the id of the update after which a record is reported on, or None when it is out of scope."""
        starts = [since for since in (self.all_since, self.since_by_id.get(record_id)) if since is not None]
        return min(starts, default=None)


class _Covered(Struct, frozen=True):
    """A record in the scope of a person (None: all records), and the newest update when the earliest follow began."""

    record_id: int | None
    since: int


async def of(conn: Connection, destination: Destination) -> Scope:
    """Return the scope of a destination.

    For a channel it is the whole guild. For direct messages it is what the person follows, muted or not, since the
    follow began: the followed records and, of the kinds in `REACHED_KINDS`, the records linked directly with them.
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
