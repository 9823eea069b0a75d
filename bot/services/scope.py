"""The scope of a destination: which records its digest is about, each from which update on."""

from __future__ import annotations

from msgspec import Struct

from bot.services.alerts import REACHED_KINDS
from data.database import Connection
from data.records import Destination
from data.rows import fetch_all


class Scope(Struct, frozen=True):
    """The records that a destination reads of, each with the newest update when that began.

    `everything` is not None where it is the whole ledger.
    """

    everything: int | None
    records: dict[int, int]

    def since(self, record_id: int) -> int | None:
        """Return from which update on a record is read; None when it is not read at all."""
        found = [since for since in (self.everything, self.records.get(record_id)) if since is not None]
        return min(found, default=None)


class _Read(Struct, frozen=True):
    """A record that a destination reads of, None for everything, and the newest update when that began."""

    record_id: int | None
    since: int


async def of(conn: Connection, destination: Destination) -> Scope:
    """Return what a destination reads of.

    A channel reads the whole ledger, a person what they follow: the records and what is linked directly to them.
    """
    if destination.channel_id is not None:
        return Scope(0, {})
    rows = await fetch_all(
        conn,
        _Read,
        "SELECT record_id, min(since) AS since FROM ("
        "SELECT f.record_id, f.since FROM follow f WHERE f.destination_id = ?1 "
        "UNION ALL SELECT r.id, f.since FROM follow f JOIN link l ON l.to_id = f.record_id "
        f"JOIN record r ON r.id = l.from_id AND r.kind IN {REACHED_KINDS} WHERE f.destination_id = ?1 "
        "UNION ALL SELECT r.id, f.since FROM follow f JOIN link l ON l.from_id = f.record_id "
        f"JOIN record r ON r.id = l.to_id AND r.kind IN {REACHED_KINDS} WHERE f.destination_id = ?1"
        ") AS followed GROUP BY record_id",
        (destination.id,),
    )
    everything = next((row.since for row in rows if row.record_id is None), None)
    return Scope(everything, {row.record_id: row.since for row in rows if row.record_id is not None})
