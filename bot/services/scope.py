"""Computes the scope of a destination: which records its digest reports, and from which update on."""

from __future__ import annotations

from msgspec import Struct

from bot.services.alerts import REACHED_KINDS
from data.database import Connection
from data.records import Destination
from data.rows import fetch_all


class Scope(Struct, frozen=True):
    """The records about which a destination's digest reports, and the update after which it reports about each.

    `since_by_id` has the ids of these updates by record id. If the digest reports about all records of the guild,
    `all_since` is the id of the update after which it does so; otherwise `all_since` is None.
    """

    all_since: int | None
    since_by_id: dict[int, int]

    def since(self, record_id: int) -> int | None:
        """Return the id of the update after which the digest reports about a record; None if it never does."""
        starts = [since for since in (self.all_since, self.since_by_id.get(record_id)) if since is not None]
        return min(starts, default=None)


class _Covered(Struct, frozen=True):
    """A record in the scope of a person. `record_id` is None for a follow of everything.

    `since` is the id of the newest update at the time when the earliest follow that covers the record began.
    """

    record_id: int | None
    since: int


async def of(conn: Connection, destination: Destination) -> Scope:
    """Return the scope of a destination's digest.

    The scope of a channel has all records of the guild, from the first update on. The scope of a person's direct
    messages has (a) the records that the person follows, and (b) the records of the kinds in `REACHED_KINDS` that are
    linked directly with a followed record. For each of them it begins with the first update after the follow began.
    Muted follows count too.
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
