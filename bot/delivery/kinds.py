"""The kinds of deliveries: how each is planned, and how its message is rendered from the row."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from bot import failures
from bot.delivery.planning import plan_delivery_times, plan_instants
from bot.services import alerts, deliveries, destinations, digests, follows, guilds, records, reminders
from bot.ui import digests as rendered_digests
from bot.ui import messages
from bot.ui import reminders as rendered_reminders
from bot.ui.messages import Message
from data.database import Connection, Database
from data.records import Confirmation, Delivery, Destination, Notice, OpenList, Outcome

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Gone:
    """The rendering of a delivery that has nothing to send any more: it is settled with this outcome and detail."""

    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True)
class Owed:
    """The material of one message: its row, where it goes, and the moment."""

    delivery: Delivery
    destination: Destination
    now: datetime


Planner = Callable[[Database, datetime], Awaitable[None]]
Renderer = Callable[[Connection, Owed], Awaitable[Message | Gone]]


async def plan_alerts(db: Database, now: datetime) -> None:
    """Plan the alerts of all servers, from where each ledger was read to, one batch in a transaction.

    An error in one server is reported and stops no other; one of the disk is raised.
    """
    for guild_id in await alerts.guilds_to_read(db.read):
        try:
            more = await alerts.is_due(db.read, guild_id, now)
            while more:
                async with db.write(guild_id) as conn:
                    more = await alerts.plan_next(conn, guild_id, now)
        except Exception as error:
            if failures.is_disk_failure(error):
                raise  # It is everybody's.
            failures.report(log, error, "the alerts of server %d were not planned", guild_id)


async def render_alert(conn: Connection, owed: Owed) -> Message | Gone:
    """Render the changes of one batch, as far as they still stand and are still followed."""
    delivery = owed.delivery
    told = await alerts.load(conn, delivery)
    if told is None:
        return Gone(Outcome.NO_LONGER_DUE, "taken back, or no longer followed")
    return messages.alert(told, delivery.guild_id, delivery.nonce)


async def render_confirmation(conn: Connection, owed: Owed) -> Message | Gone:
    """Render the first message to a destination."""
    delivery, confirms = owed.delivery, owed.delivery.payload
    assert isinstance(confirms, Confirmation)
    guild = await guilds.get(conn, delivery.guild_id)
    opened = await records.find(conn, delivery.guild_id, confirms.slug) if confirms.slug else None
    name = opened.record.name if opened else confirms.name or follows.EVERYTHING
    return messages.confirmation(confirms.verb, name, guild.name, delivery.guild_id, delivery.nonce)


async def render_notice(conn: Connection, owed: Owed) -> Message | Gone:
    """Render the notice of a broken destination or a refused message; Gone when it works again."""
    delivery, tells = owed.delivery, owed.delivery.payload
    assert isinstance(tells, Notice)
    guild = await guilds.get(conn, delivery.guild_id)
    broken = await destinations.find(conn, delivery.guild_id, tells.destination)
    if broken is None:
        return Gone(Outcome.NO_LONGER_DUE, "what broke was removed")
    if broken.state == "active" and tells.outcome != Outcome.REFUSED:
        return Gone(Outcome.NO_LONGER_DUE, "it works again")
    return messages.notice(tells, messages.channel_or_dms_of(broken), guild.name, delivery.guild_id, delivery.nonce)


async def render_reminder(conn: Connection, owed: Owed) -> Message | Gone:
    """Render a reminder of an item or in own words; Gone when it is no longer due."""
    told = await reminders.load(conn, owed.delivery, owed.destination, owed.now)
    if isinstance(told, str):
        return Gone(Outcome.NO_LONGER_DUE, told)
    return rendered_reminders.reminder(told, owed.delivery.guild_id, owed.delivery.nonce)


async def render_open(conn: Connection, owed: Owed) -> Message | Gone:
    """Render *Still open* as a message of its own; Gone when nothing is open."""
    delivery, destination, listed = owed.delivery, owed.destination, owed.delivery.payload
    assert isinstance(listed, OpenList)
    assert delivery.day is not None
    guild = await guilds.get(conn, delivery.guild_id)
    found = await reminders.still_open(
        conn, destination, guild, day=delivery.day, at=delivery.due_at, without=listed.without
    )
    if found is None:
        return Gone(Outcome.NO_LONGER_DUE, "nothing is open any more")
    person = destination.person_id is not None
    return rendered_reminders.still_open(found, delivery.guild_id, delivery.nonce, person=person)


async def render_digest(conn: Connection, owed: Owed) -> Message | Gone:
    """Render a digest of what it was planned to tell, as far as that still stands; newer updates are for the next."""
    delivery, destination = owed.delivery, owed.destination
    if destination.digest_at is None:
        return Gone(Outcome.NO_LONGER_DUE, "there is no digest here any more")
    assert delivery.day is not None
    guild = await guilds.get(conn, delivery.guild_id)
    found = await digests.plan_digest(
        conn,
        destination,
        guild,
        now=owed.now,
        day=delivery.day,
        at=delivery.due_at,
        read_to=delivery.read_to,
    )
    if not found.worth_sending:
        return Gone(Outcome.NOTHING_NEW, "what was new was taken back")
    return rendered_digests.digest(found, delivery.guild_id, delivery.nonce)


PLANNERS: list[Planner] = [plan_alerts, plan_instants, plan_delivery_times]
"""In order: what was sent at once is not repeated in a digest, so alerts come first."""

RENDERERS: dict[str, Renderer] = {
    "alert": render_alert,
    "confirmation": render_confirmation,
    "notice": render_notice,
    "reminder": render_reminder,
    "open": render_open,
    "digest": render_digest,
}

_NEXT_DUE: list[Callable[[Connection], Awaitable[datetime | None]]] = [
    alerts.next_due,
    destinations.next_delivery_at,
    reminders.next_due,
]


async def next_due(conn: Connection, now: datetime) -> datetime | None:
    """Return when there is something to plan or to send next; None when nothing is in sight."""
    found = [await deliveries.next_due(conn, now), *[await next_of(conn) for next_of in _NEXT_DUE]]
    return min([at for at in found if at is not None], default=None)
