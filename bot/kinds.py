"""What each kind of delivery is: how it is planned, and how its message is made from the row."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from bot.services import alerts, deliveries, desks, destinations, follows, records
from bot.ui import messages
from bot.ui.messages import Message
from data.database import Connection, Database
from data.records import Delivery, Destination


@dataclass(frozen=True)
class Gone:
    """There is nothing to send any more; `outcome` is one of those in bot/services/deliveries.py."""

    outcome: str
    detail: str = ""


@dataclass(frozen=True)
class Owed:
    """What a message is made from: the row, where it goes, and the moment."""

    delivery: Delivery
    destination: Destination
    now: datetime


Planner = Callable[[Database, datetime], Awaitable[None]]
Renderer = Callable[[Connection, Owed], Awaitable[Message | Gone]]


async def plan_alerts(db: Database, now: datetime) -> None:
    """Reads the ledgers on from where alerts stopped, one batch in a transaction."""
    for guild_id in await alerts.desks_to_read(db.read):
        if not await alerts.is_due(db.read, guild_id, now):
            continue
        more = True
        while more:
            async with db.write() as conn:
                more = await alerts.plan_next(conn, guild_id, now)


async def draw_alert(conn: Connection, owed: Owed) -> Message | Gone:
    delivery = owed.delivery
    told = await alerts.load(conn, delivery)
    if told is None:
        return Gone(deliveries.NO_LONGER_DUE, "taken back, or no longer followed")
    return messages.alert(told, delivery.guild_id, delivery.nonce)


async def draw_confirmation(conn: Connection, owed: Owed) -> Message | Gone:
    """The payload has a `verb` ("follow", "remind", "digest") and, where it is about a record, its `slug`."""
    delivery = owed.delivery
    desk = await desks.get(conn, delivery.guild_id)
    slug = delivery.payload.get("slug")
    opened = await records.find(conn, delivery.guild_id, slug) if slug else None
    name = opened.record.name if opened else delivery.payload.get("name", follows.EVERYTHING)
    return messages.confirmation(delivery.payload["verb"], name, desk.name, delivery.guild_id, delivery.nonce)


async def draw_notice(conn: Connection, owed: Owed) -> Message | Gone:
    delivery = owed.delivery
    desk = await desks.get(conn, delivery.guild_id)
    broken = await destinations.find(conn, delivery.guild_id, delivery.payload["destination"])
    if broken is None:
        return Gone(deliveries.NO_LONGER_DUE, "what broke was removed")
    if broken.state == "active" and delivery.payload["outcome"] != deliveries.REFUSED:
        return Gone(deliveries.NO_LONGER_DUE, "it works again")
    return messages.notice(delivery.payload, messages.place_of(broken), desk.name, delivery.guild_id, delivery.nonce)


PLANNERS: list[Planner] = [plan_alerts]
"""In order: what was sent at once is not repeated in a digest, so alerts come first."""

RENDERERS: dict[str, Renderer] = {
    "alert": draw_alert,
    "confirmation": draw_confirmation,
    "notice": draw_notice,
}

NEXT_DUE: list[Callable[[Connection], Awaitable[datetime | None]]] = [
    deliveries.next_due,
    alerts.next_due,
    destinations.next_hour,
]
"""Each tells when it has something to do next, for the alarm."""
