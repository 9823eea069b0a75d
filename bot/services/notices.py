"""Notices: direct messages to those who set up what breaks or is refused."""

from __future__ import annotations

from datetime import datetime

from bot.services import deliveries, destinations, guilds, people
from data.database import Connection
from data.records import Delivery, Destination, Notice


async def plan(
    conn: Connection, delivery: Delivery, broken: Destination, outcome: str, words: str, *, now: datetime
) -> int | None:
    """Plan a DM to the user who set a destination up, or to the server's owner where that user's own DM broke.

    A notice that cannot be delivered goes on to the owner, and no further. Return the id of the delivery, or None when
    nobody is left to tell.
    """
    guild = await guilds.find(conn, broken.guild_id)
    if guild is None or guild.set_up_at is None:
        return None  # The server was deleted while the message was on its way.
    owner = await people.ensure(conn, guild.owner_id)
    if isinstance(delivery.payload, Notice):
        new = deliveries.notice_of(delivery.key, delivery.payload)
        candidates = [owner.id]
    else:
        tells = Notice(broken.id, delivery.kind, outcome, words)
        new = deliveries.notice_of(f"{broken.id}:{delivery.id}", tells)
        candidates = [broken.set_up_by, owner.id]
    for person_id in candidates:
        if person_id is None or person_id == broken.person_id:
            continue
        place = await destinations.find_person(conn, broken.guild_id, person_id)
        if place is None:
            place = await destinations.ensure_person(conn, broken.guild_id, person_id, now=now)
        if place.state == "active" and place.user_id is not None:
            return await deliveries.plan(conn, broken.guild_id, place.id, new, due_at=now)
    return None
