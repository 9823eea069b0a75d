"""The kinds of deliveries: how each is planned, and how its message is rendered from the stored delivery."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from bot import failures
from bot.ledger.due_dates import was_planned
from bot.services import alerts, deliveries, destinations, digests, follows, guilds, records, reminders
from bot.ui import digests as rendered_digests
from bot.ui import messages
from bot.ui import reminders as rendered_reminders
from bot.ui.messages import Message
from data.database import Connection, Database
from data.records import Confirmation, Delivery, DeliveryKind, Destination, Notice, OpenList, Outcome

log = logging.getLogger(__name__)

# Planning


Planner = Callable[[Database, datetime], Awaitable[None]]
"""A function that plans all deliveries that are due at an instant. It opens its own transactions."""


async def plan_alerts(db: Database, now: datetime) -> None:
    """Plan the alerts about all updates that were entered since the last alerts, in every server.

    Each batch of updates is planned in a transaction of its own. If one server fails, log the error and go on with the
    others. Raise the error only if the disk is at fault.
    """
    for guild_id in await alerts.guilds_to_read(db.read):
        try:
            more = await alerts.is_due(db.read, guild_id, now)
            while more:
                async with db.write(guild_id) as conn:
                    more = await alerts.plan_next(conn, guild_id, now)
        except Exception as error:
            if failures.is_disk_failure(error):
                raise  # It would stop all other servers too.
            failures.report(log, error, "the alerts of server %d were not planned", guild_id)


async def plan_instants(db: Database, now: datetime) -> None:
    """Plan the due reminders with users' own words, and the snoozed reminders whose time has come."""
    due_at = await reminders.next_due(db.read)
    if due_at is None or due_at > now:
        return
    more = True
    while more:
        async with db.write(None) as conn:  # One transaction has reminders of several servers.
            more = await reminders.plan_instants(conn, now)


async def plan_delivery_times(db: Database, now: datetime) -> None:
    """Plan the reminders, digests and lists of all destinations whose delivery time has come.

    If one destination fails, log the error and go on with the others. Raise the error only if the disk is at fault.
    """
    for destination_id in await destinations.list_misscheduled(db.read, now):
        destination = await destinations.get(db.read, destination_id)
        async with db.write(destination.guild_id) as conn:
            await destinations.schedule(conn, destination_id, now)
    failed: set[int] = set()
    while True:
        due = await destinations.list_due(db.read, now, limit=200 + len(failed))
        untried = [destination for destination in due if destination.id not in failed]
        if not untried:
            return
        for destination in untried:
            try:
                async with db.write(destination.guild_id) as conn:
                    await plan_destination(conn, destination.id, now)
            except Exception as error:
                if failures.is_disk_failure(error):
                    raise  # It would stop all other destinations too.
                failed.add(destination.id)
                failures.report(log, error, "the delivery time of destination %d was not planned", destination.id)


async def plan_destination(conn: Connection, destination_id: int, now: datetime) -> None:
    """Plan what a destination gets at its delivery time: reminders, its digest and, on Mondays, *Still open*.

    *Still open* is a message of its own only if there is no digest to contain it. Delivery times that were missed are
    planned together, as one.
    """
    destination = await destinations.get(conn, destination_id)
    catch_up = reminders.catch_up_of(destination, now)
    if catch_up is None:
        return
    guild = await guilds.get(conn, destination.guild_id)
    reminded = await reminders.plan_reminders(conn, destination, guild, catch_up, now=now)
    digest_on = catch_up.last_on(destination.digest_days) if destination.digest_at else None
    monday = catch_up.last_on("1")
    if digest_on is not None:
        await digests.plan_digest(conn, destination, guild, digest_on, catch_up, now=now)
    if monday is not None and (digest_on is None or digest_on < monday):
        await reminders.plan_open(conn, destination, guild, monday, catch_up, now=now, without=reminded)
    planned_on = destination.planned_on if was_planned(destination, catch_up.until) else None
    await destinations.mark_planned(conn, destination_id, planned_on or catch_up.until, now)


PLANNERS: list[Planner] = [plan_alerts, plan_instants, plan_delivery_times]
"""All planners in their order. Alerts come first, because a digest leaves out updates that have an alert."""

_NEXT_DUE: list[Callable[[Connection], Awaitable[datetime | None]]] = [
    alerts.next_due,
    destinations.next_delivery_at,
    reminders.next_due,
]


async def next_due(conn: Connection, now: datetime) -> datetime | None:
    """Return the next instant at which there is something to plan or to send, or None when there is nothing."""
    instants = [await deliveries.next_due(conn, now), *[await next_of(conn) for next_of in _NEXT_DUE]]
    return min([at for at in instants if at is not None], default=None)


# Rendering


@dataclass(frozen=True)
class DueDelivery:
    """A delivery that is about to be sent: its row, its destination and the current time."""

    delivery: Delivery
    destination: Destination
    now: datetime


@dataclass(frozen=True)
class NothingToSend:
    """The result of a renderer when there is nothing to send any more. The delivery is settled with `outcome`."""

    outcome: Outcome
    detail: str = ""


Renderer = Callable[[Connection, DueDelivery], Awaitable[Message | NothingToSend]]


async def render_alert(conn: Connection, due: DueDelivery) -> Message | NothingToSend:
    """Render an alert about a batch of updates.

    Updates that were undone meanwhile, and records that are no longer followed, are left out.
    """
    delivery = due.delivery
    alert = await alerts.load(conn, delivery)
    if alert is None:
        return NothingToSend(Outcome.NO_LONGER_DUE, "taken back, or no longer followed")
    return messages.alert(alert, delivery.guild_id, delivery.nonce)


async def render_confirmation(conn: Connection, due: DueDelivery) -> Message | NothingToSend:
    """Render the direct message that confirms what a user set up."""
    delivery, confirms = due.delivery, due.delivery.payload
    assert isinstance(confirms, Confirmation)
    guild = await guilds.get(conn, delivery.guild_id)
    opened = await records.find(conn, delivery.guild_id, confirms.slug) if confirms.slug else None
    name = opened.record.name if opened else confirms.name or follows.EVERYTHING
    return messages.confirmation(confirms.verb, name, guild.name, delivery.guild_id, delivery.nonce)


async def render_notice(conn: Connection, due: DueDelivery) -> Message | NothingToSend:
    """Render the notice that a destination is paused, or that Discord refused a message.

    There is nothing to send if the destination was deleted, or if the paused destination works again.
    """
    delivery, notice = due.delivery, due.delivery.payload
    assert isinstance(notice, Notice)
    guild = await guilds.get(conn, delivery.guild_id)
    broken = await destinations.find(conn, delivery.guild_id, notice.destination)
    if broken is None:
        return NothingToSend(Outcome.NO_LONGER_DUE, "what broke was removed")
    if broken.state == "active" and notice.outcome != Outcome.REFUSED:
        return NothingToSend(Outcome.NO_LONGER_DUE, "it works again")
    return messages.notice(notice, messages.channel_or_dms_of(broken), guild.name, delivery.guild_id, delivery.nonce)


async def render_reminder(conn: Connection, due: DueDelivery) -> Message | NothingToSend:
    """Render a reminder of a pending item or of a user's own words. There is nothing to send if it is no longer due."""
    contents = await reminders.load(conn, due.delivery, due.destination, due.now)
    if isinstance(contents, str):
        return NothingToSend(Outcome.NO_LONGER_DUE, contents)
    return rendered_reminders.reminder(contents, due.delivery.guild_id, due.delivery.nonce)


async def render_open(conn: Connection, due: DueDelivery) -> Message | NothingToSend:
    """Render *Still open* as a message of its own. There is nothing to send if no item is open any more."""
    delivery, destination, payload = due.delivery, due.destination, due.delivery.payload
    assert isinstance(payload, OpenList)
    assert delivery.day is not None
    guild = await guilds.get(conn, delivery.guild_id)
    still_open = await reminders.still_open(
        conn, destination, guild, day=delivery.day, at=delivery.due_at, without=payload.without
    )
    if still_open is None:
        return NothingToSend(Outcome.NO_LONGER_DUE, "nothing is open any more")
    person = destination.person_id is not None
    return rendered_reminders.still_open(still_open, delivery.guild_id, delivery.nonce, person=person)


async def render_digest(conn: Connection, due: DueDelivery) -> Message | NothingToSend:
    """Render a digest about the updates that existed when it was planned.

    Later updates wait for the next digest. Updates that were undone meanwhile are left out.
    """
    delivery, destination = due.delivery, due.destination
    if destination.digest_at is None:
        return NothingToSend(Outcome.NO_LONGER_DUE, "there is no digest here any more")
    assert delivery.day is not None
    guild = await guilds.get(conn, delivery.guild_id)
    digest = await digests.collect(
        conn,
        destination,
        guild,
        now=due.now,
        day=delivery.day,
        at=delivery.due_at,
        read_to=delivery.read_to,
    )
    if not digest.worth_sending:
        return NothingToSend(Outcome.NOTHING_NEW, "what was new was taken back")
    return rendered_digests.digest(digest, delivery.guild_id, delivery.nonce)


RENDERERS: dict[DeliveryKind, Renderer] = {
    "alert": render_alert,
    "confirmation": render_confirmation,
    "notice": render_notice,
    "reminder": render_reminder,
    "open": render_open,
    "digest": render_digest,
}
"""The renderer of each kind of delivery."""

if missing := set(get_args(DeliveryKind)) - RENDERERS.keys():
    raise LookupError(f"deliveries of these kinds have no renderer: {', '.join(sorted(missing))}")
