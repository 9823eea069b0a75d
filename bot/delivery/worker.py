"""The deliverer: plans, claims, sends and settles all messages that are not answers to interactions.

No message is sent twice without a note that it may be a repeat.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta

import discord

from bot import failures
from bot.clock import Clock
from bot.delivery.attempt import Attempt, DeliveryContext, RestoreSearch
from bot.delivery.kinds import PLANNERS
from bot.memberships import Memberships
from bot.rate_limit import RateLimits
from bot.services import deliveries, destinations, restores
from bot.services.restores import Restored
from data.database import Database
from data.records import Delivery

log = logging.getLogger(__name__)

DISK_AGAIN_AFTER = timedelta(minutes=1)
AT_ONCE = 64  # Destinations that are sent to at a time, so that a slow channel does not hold up the others.


class Deliverer:
    """Plans the deliveries that are due and sends them, within the rate limits.

    Each destination with deliveries to send has a worker, a task that sends them in order. Up to 64 workers send at a
    time; the others wait.
    """

    def __init__(
        self, client: discord.Client, db: Database, clock: Clock, memberships: Memberships, limits: RateLimits
    ) -> None:
        self._context = DeliveryContext(client, db, clock, memberships, limits)
        self._db, self._clock = db, clock
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._planning = asyncio.Lock()
        self._workers: dict[int, asyncio.Task[None]] = {}  # By destination.
        self._closing = False
        self._waits_until: datetime | None = None  # Set while the disk is full.
        self._restored: Restored | None = None
        self._read_restore = False  # Whether `_restored` was read from the database.

    async def begin(self, now: datetime) -> None:
        """Plan the deliveries that are due and start workers for them, without waiting until they are sent.

        If a planner fails, log the error and go on with the others. Raise the error only if the disk is at fault.
        """
        if self._is_waiting(now):
            return
        async with self._planning:
            await self._find_restore(now)
            for plan in PLANNERS:
                try:
                    await plan(self._db, now)
                except Exception as error:
                    if failures.is_disk_failure(error):
                        raise  # The others would fail as well.
                    failures.report(log, error, "%s failed; the others go on", plan.__name__)
            await self._requeue_abandoned()
        await self._start_due(now)

    async def tick(self, now: datetime) -> None:
        """Plan the deliveries that are due, and wait until they are sent. Notices about failures are sent as well."""
        await self.begin(now)
        while self._workers:
            await asyncio.wait(list(self._workers.values()))
            await self._start_due(self._clock.now())

    async def _start_due(self, now: datetime) -> None:
        if not self._closing and not self._is_waiting(now):
            for destination_id in await deliveries.due_destinations(self._db.read, now):
                self._start(destination_id)

    async def send(self, delivery_id: int, within: float = 10.0) -> Delivery:
        """Send a delivery now, after the earlier deliveries to its destination, and return its row.

        Stop waiting when the delivery is settled, when it or an earlier one has to wait for its next try, or after
        `within` seconds.
        """
        started = False
        try:
            async with asyncio.timeout(within):
                while (delivery := await deliveries.get(self._db.read, delivery_id)).state != "settled":
                    worker = self._workers.get(delivery.destination_id)
                    if worker is None:
                        if started:
                            break  # This delivery, or one before it, waits for its next try.
                        worker, started = self._start(delivery.destination_id), True
                    await asyncio.wait([worker])
        except TimeoutError:
            log.info("delivery %d did not arrive within %g s; it stays queued", delivery_id, within)
        return await deliveries.get(self._db.read, delivery_id)

    async def close(self) -> None:
        """Stop all workers, even while they send. Their deliveries stay claimed; the next start plans them again."""
        self._closing = True
        workers = list(self._workers.values())
        for worker in workers:
            worker.cancel()
        if workers:
            await asyncio.wait(workers, timeout=4)

    async def _find_restore(self, now: datetime) -> None:
        """Read from the database, once per process, whether it was restored from a copy.

        The first read after a restore stores `now`: a delivery that falls due later cannot have been sent before the
        restore.
        """
        if not self._read_restore:
            self._restored = await restores.begin(self._db, now)
            self._read_restore = True

    async def _requeue_abandoned(self) -> None:
        """Plan the claimed deliveries again that no worker has, because their process ended before it settled them."""
        if await deliveries.has_abandoned(self._db.read, self._workers):
            async with self._db.write(None) as conn:
                count = await deliveries.requeue_abandoned(conn, self._workers)
            log.warning("%d deliveries were cut off on their way; looking what became of them", count)

    def _start(self, destination_id: int) -> asyncio.Task[None]:
        """Return the worker of a destination. Start one if there is none."""
        worker = self._workers.get(destination_id)
        if worker is None:
            worker = asyncio.create_task(self._work(destination_id), name=f"deliveries to {destination_id}")
            self._workers[destination_id] = worker
            worker.add_done_callback(lambda done: self._finished(destination_id, done))
        return worker

    def _finished(self, destination_id: int, worker: asyncio.Task[None]) -> None:
        del self._workers[destination_id]
        if not worker.cancelled() and (error := worker.exception()):
            # The next tick plans the delivery that it had claimed again.
            if failures.is_disk_failure(error):
                self._wait_for_the_disk(error)
            else:
                failures.report(log, error, "sending to destination %d stopped", destination_id)

    def _wait_for_the_disk(self, error: BaseException) -> None:
        """Send nothing for a minute, because nothing can be stored while the disk is full. Log one error a minute."""
        now = self._clock.now()
        if not self._is_waiting(now):
            self._waits_until = now + DISK_AGAIN_AFTER
            failures.report(log, error, "nothing is sent until %s", self._waits_until)

    def _is_waiting(self, now: datetime) -> bool:
        return self._waits_until is not None and now < self._waits_until <= now + DISK_AGAIN_AFTER

    async def _work(self, destination_id: int) -> None:
        """Send the due deliveries to one destination, one after the other."""
        await self._find_restore(self._clock.now())
        search = RestoreSearch(self._restored) if self._restored is not None else None
        if await destinations.needs_dm_channel(self._db.read, destination_id):
            # This can take long, so it comes before one of the slots is taken.
            await self._context.limits.dms.wait()
        async with self._slots:
            while not self._closing and await deliveries.is_due(self._db.read, destination_id, self._clock.now()):
                guild_id = (await destinations.get(self._db.read, destination_id)).guild_id
                async with self._db.write(guild_id) as conn:
                    delivery = await deliveries.claim(conn, destination_id, self._clock.now())
                    destination = await destinations.get(conn, destination_id)
                if delivery is None:
                    return
                try:
                    await Attempt(self._context, delivery, destination, search).make()
                except Exception as error:
                    if failures.is_disk_failure(error):
                        raise  # The delivery stays claimed, because it may have been sent.
                    # This is a bug, as `make` deals with the errors of Discord. It must not stop the other deliveries.
                    failures.report(log, error, "delivery %d was cut off", delivery.id)
                    later = self._clock.now() + timedelta(minutes=1)
                    async with self._db.write(guild_id) as conn:
                        await deliveries.retry_later(conn, delivery.id, later, unknown=True, detail="cut off")
