"""Planning of what falls due at the delivery times of destinations, one destination at a time."""

from __future__ import annotations

import logging
from datetime import datetime

from bot import failures
from bot.ledger.due_dates import was_told
from bot.services import destinations, digests, guilds, reminders
from data.database import Connection, Database

log = logging.getLogger(__name__)


async def plan_instants(db: Database, now: datetime) -> None:
    """Plan the reminders in own words and the ended snoozes whose instant has come."""
    due_at = await reminders.next_due(db.read)
    if due_at is None or due_at > now:
        return
    more = True
    while more:
        async with db.write(None) as conn:  # One batch holds reminders of several servers.
            more = await reminders.plan_instants(conn, now)


async def plan_delivery_times(db: Database, now: datetime) -> None:
    """Plan what is told at each delivery time that has come.

    An error at one destination is reported and stops no other; one of the disk is raised.
    """
    for destination_id in await destinations.list_misscheduled(db.read, now):
        destination = await destinations.get(db.read, destination_id)
        async with db.write(destination.guild_id) as conn:
            await destinations.schedule(conn, destination_id, now)
    failed: set[int] = set()
    while True:
        due = await destinations.list_due(db.read, now, limit=200 + len(failed))
        fresh = [destination for destination in due if destination.id not in failed]
        if not fresh:
            return
        for destination in fresh:
            try:
                async with db.write(destination.guild_id) as conn:
                    await plan_delivery_time(conn, destination.id, now)
            except Exception as error:
                if failures.is_disk_failure(error):
                    raise  # It is everybody's.
                failed.add(destination.id)
                failures.report(log, error, "the hour of destination %d could not be planned", destination.id)


async def plan_delivery_time(conn: Connection, destination_id: int, now: datetime) -> None:
    """Plan what one destination is told at its delivery time: dated items, then a digest, or *Still open* by itself.

    Several missed delivery times, the catch-up period, are told as one.
    """
    destination = await destinations.get(conn, destination_id)
    catch_up = reminders.catch_up_of(destination, now)
    if catch_up is None:
        return
    guild = await guilds.get(conn, destination.guild_id)
    told = await reminders.plan_delivery_time(conn, destination, guild, catch_up, now=now)
    digest_on = catch_up.last_on(destination.digest_days) if destination.digest_at else None
    monday = catch_up.last_on("1")
    if digest_on is not None:
        await digests.plan_delivery_time(conn, destination, guild, digest_on, catch_up, now=now)
    if monday is not None and (digest_on is None or digest_on < monday):
        await reminders.plan_open(conn, destination, guild, monday, catch_up, now=now, without=told)
    told = destination.planned_on if was_told(destination, catch_up.until) else None
    await destinations.mark_planned(conn, destination_id, told or catch_up.until, now)
