"""The deliverer: plans, claims, sends and settles every message that the bot sends by itself, each exactly once."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta

import discord

from bot import failures
from bot.clock import Clock
from bot.delivery.attempt import Attempt
from bot.delivery.kinds import PLANNERS
from bot.memberships import Memberships
from bot.rate_limit import RateLimits
from bot.services import deliveries, destinations, restores
from bot.services.restores import FoundMessage, Restored
from data.database import Database
from data.records import Delivery

log = logging.getLogger(__name__)

DISK_AGAIN_AFTER = timedelta(minutes=1)
AT_ONCE = 64  # Destinations in flight: one slow channel must not hold up the others.


class Deliverer:
    """Plans what is due and sends it: in order per destination, to up to 64 at a time, within the rate limits."""

    def __init__(
        self, client: discord.Client, db: Database, clock: Clock, memberships: Memberships, limits: RateLimits
    ) -> None:
        self._client, self._db, self._clock = client, db, clock
        self._memberships, self._limits = memberships, limits
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._planning = asyncio.Lock()
        self._workers: dict[int, asyncio.Task[None]] = {}
        self._failed_renders: dict[int, int] = {}
        self._closing = False
        self._waits_until: datetime | None = None  # Since the disk is full.
        self._restored: Restored | None = None
        self._asked_for_restore = False

    async def begin(self, now: datetime) -> None:
        """Plan what fell due and start to send it, without waiting until it is sent."""
        if self._is_waiting(now):
            return
        async with self._planning:
            await self._ask_for_restore(now)
            for plan in PLANNERS:
                try:
                    await plan(self._db, now)
                except Exception as error:
                    if failures.is_disk_failure(error):
                        raise  # The others would fail as well.
                    failures.report(log, error, "%s failed; the others go on", plan.__name__)
            await self._release()
        await self._start_due(now)

    async def tick(self, now: datetime) -> None:
        """Plan what fell due and send all of it, and the notices of what went wrong meanwhile."""
        await self.begin(now)
        while self._workers:
            await asyncio.wait(list(self._workers.values()))
            await self._start_due(self._clock.now())

    async def _start_due(self, now: datetime) -> None:
        if not self._closing and not self._is_waiting(now):
            for destination_id in await deliveries.due_destinations(self._db.read, now):
                self._start(destination_id)

    async def send(self, delivery_id: int, within: float = 10.0) -> Delivery:
        """Send one delivery now, after those before it; return how it stands after at most `within` seconds."""
        started = False
        try:
            async with asyncio.timeout(within):
                while (delivery := await deliveries.get(self._db.read, delivery_id)).state != "settled":
                    worker = self._workers.get(delivery.destination_id)
                    if worker is None:
                        if started:
                            break  # It was tried, or something before it waits: it stays queued.
                        worker, started = self._start(delivery.destination_id), True
                    await asyncio.wait([worker])
        except TimeoutError:
            log.info("delivery %d did not arrive within %g s; it stays queued", delivery_id, within)
        return await deliveries.get(self._db.read, delivery_id)

    async def close(self) -> None:
        """Stop, also amid sends: what is in flight stays claimed, and the next start looks what became of it."""
        self._closing = True
        workers = list(self._workers.values())
        for worker in workers:
            worker.cancel()
        if workers:
            await asyncio.wait(workers, timeout=4)

    async def _ask_for_restore(self, now: datetime) -> None:
        """Read, once, whether the file was restored from a copy. The first call after a restore ends its span."""
        if not self._asked_for_restore:
            self._restored = await restores.begin(self._db, now)
            self._asked_for_restore = True

    async def _release(self) -> None:
        """Plan again what is claimed but has no worker: its process ended before it settled it."""
        if await deliveries.has_stale(self._db.read, self._workers):
            async with self._db.write(None) as conn:
                released = await deliveries.release_stale(conn, self._workers)
            log.warning("%d deliveries were cut off on their way; looking what became of them", released)

    def _start(self, destination_id: int) -> asyncio.Task[None]:
        """Return the task that sends to a destination, started when there is none."""
        worker = self._workers.get(destination_id)
        if worker is None:
            worker = asyncio.create_task(self._work(destination_id), name=f"deliveries to {destination_id}")
            self._workers[destination_id] = worker
            worker.add_done_callback(lambda done: self._finished(destination_id, done))
        return worker

    def _finished(self, destination_id: int, worker: asyncio.Task[None]) -> None:
        del self._workers[destination_id]
        if not worker.cancelled() and (error := worker.exception()):
            # What it had claimed is released by the next tick.
            if failures.is_disk_failure(error):
                self._wait_for_the_disk(error)
            else:
                failures.report(log, error, "sending to destination %d stopped", destination_id)

    def _wait_for_the_disk(self, error: BaseException) -> None:
        """Send nothing for a minute, since nothing can be claimed or settled; report it once in that time."""
        now = self._clock.now()
        if not self._is_waiting(now):
            self._waits_until = now + DISK_AGAIN_AFTER
            failures.report(log, error, "nothing is sent until %s", self._waits_until)

    def _is_waiting(self, now: datetime) -> bool:
        return self._waits_until is not None and now < self._waits_until <= now + DISK_AGAIN_AFTER

    async def _work(self, destination_id: int) -> None:
        """Send what is due for one destination, one message after the other."""
        await self._ask_for_restore(self._clock.now())
        history: dict[int, list[FoundMessage]] = {}
        if await destinations.needs_dm_channel(self._db.read, destination_id):
            # This can take long, so it is waited for before a place among those in flight is taken.
            await self._limits.dms.wait()
        async with self._slots:
            while not self._closing and await deliveries.is_due(self._db.read, destination_id, self._clock.now()):
                guild_id = (await destinations.get(self._db.read, destination_id)).guild_id
                async with self._db.write(guild_id) as conn:
                    delivery = await deliveries.claim(conn, destination_id, self._clock.now())
                    destination = await destinations.get(conn, destination_id)
                if delivery is None:
                    return
                attempt = Attempt(
                    self._client,
                    self._db,
                    self._clock,
                    self._memberships,
                    self._limits,
                    self._failed_renders,
                    delivery,
                    destination,
                    self._restored,
                    history,
                )
                try:
                    await attempt.make()
                except Exception as error:
                    if failures.is_disk_failure(error):
                        raise  # It stays claimed: it may have been sent.
                    # Not a failure of Discord, but a bug. It must not stop the others.
                    failures.report(log, error, "delivery %d was cut off", delivery.id)
                    later = self._clock.now() + timedelta(minutes=1)
                    async with self._db.write(guild_id) as conn:
                        await deliveries.retry_later(conn, delivery.id, later, unknown=True, detail="cut off")
