"""Plans notices: DMs that report a failed delivery to the user who set up its destination, or to the guild's owner."""

from __future__ import annotations

from datetime import datetime

from bot.services import deliveries, destinations, guilds, people
from data.database import Connection
from data.records import Delivery, Destination, Notice, Outcome


async def plan(
    conn: Connection, delivery: Delivery, broken: Destination, outcome: Outcome, words: str, *, now: datetime
) -> int | None:
    """Plan a notice that reports a failed delivery, and return the id of the notice's own delivery.

    `broken` is the destination of the failed delivery. `outcome` and `words` say why it failed. The notice goes to the
    user who set up `broken`. It goes to the guild's owner instead if that user cannot get DMs, or if the failed
    delivery is a notice itself. Return None when nobody can get the notice, or when it is planned already.
    """
    guild = await guilds.find(conn, broken.guild_id)
    if guild is None or guild.set_up_at is None:
        return None  # The server was deleted while the message was on its way.
    owner = await people.ensure(conn, guild.owner_id)
    if isinstance(delivery.payload, Notice):
        new = deliveries.notice_of(delivery.key, delivery.payload)
        candidates = [owner.id]
    else:
        notice = Notice(broken.id, delivery.kind, outcome, words)
        new = deliveries.notice_of(f"{broken.id}:{delivery.id}", notice)
        candidates = [broken.set_up_by, owner.id]
    for person_id in candidates:
        if person_id is None or person_id == broken.person_id:
            continue
        dm = await destinations.find_person(conn, broken.guild_id, person_id)
        if dm is None:
            dm = await destinations.ensure_person(conn, broken.guild_id, person_id, now=now)
        if dm.state == "active" and dm.user_id is not None:
            return await deliveries.plan(conn, broken.guild_id, dm.id, new, due_at=now)
    return None
