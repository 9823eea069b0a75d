"""The heartbeat: wakes the deliverer when something is due, each minute all the same, and cleans up once a day.

The database is the schedule; the scheduler holds three jobs in memory and only rings.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot import trouble
from bot.clock import Clock
from bot.delivery.kinds import next_due
from bot.delivery.worker import Deliverer
from bot.services import housekeeping
from data.database import Database

log = logging.getLogger(__name__)

SWEEP = timedelta(seconds=60)  # Covers jumps of the clock, lost alarms and rows written by others.
SOON = timedelta(seconds=1)


class Heartbeat:
    """Rings at the next due instant, at most a minute ahead. One failed beat is logged and the next one comes."""

    def __init__(self, deliverer: Deliverer, db: Database, clock: Clock) -> None:
        self._deliverer, self._db, self._clock = deliverer, db, clock
        # A job that is late must run all the same: the default drops one that is a second late.
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        self._beating = False
        self._again = False  # Something was written amid a beat.
        self._marked: datetime | None = None

    async def start(self) -> None:
        """Begins to beat, at once. Call it when the bot is ready."""
        self._schedule(self.beat, "interval", seconds=SWEEP.total_seconds(), id="sweep")
        self._schedule(self._clean_up, "interval", days=1, id="clean up")
        self._scheduler.start()
        self._db.after_write = self.soon
        self._ring(self._clock.now())
        self._schedule(self._clean_up, "date", run_date=self._clock.now(), id="clean up at start")

    def _schedule(self, work: Callable[[], Awaitable[None]], trigger: str, **options: Any) -> None:
        """Add a job. Closing cancels one that runs, which the scheduler would log as an error of the job."""

        async def job() -> None:
            with suppress(asyncio.CancelledError):
                await work()

        self._scheduler.add_job(job, trigger, **options)

    def soon(self) -> None:
        """Something was written: looks again a moment later."""
        if self._beating:
            self._again = True
            return
        at = self._clock.now() + SOON
        alarm = self._scheduler.get_job("alarm")
        if alarm is None or alarm.next_run_time is None or alarm.next_run_time > at:
            self._ring(at)

    async def close(self) -> None:
        """Rings no more. What is in flight is the deliverer's to close."""
        self._db.after_write = lambda: None
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    async def beat(self) -> None:
        """Looks once at what is due, and sets the alarm to what comes next."""
        if self._beating:
            self._again = True
            return
        self._beating, self._again = True, False
        now = self._clock.now()
        next_at = now + SWEEP
        try:
            await self._deliverer.begin(now)
            await self._mark(now)
            next_at = min(next_at, await next_due(self._db.read, now) or next_at)
        except Exception as error:  # noqa: BLE001  # The next beat has to come.
            trouble.report(log, error, "a beat failed; the next one comes")
        finally:
            self._beating = False
        # Set only now, and never for at once: an alarm that rings anew while it still runs is lost with its job.
        soonest = self._clock.now() + SOON
        self._ring(soonest if self._again else max(next_at, soonest))

    async def _mark(self, now: datetime) -> None:
        """Writes once a minute that the heart beats: more often would wake itself."""
        if self._marked is None or now - self._marked >= SWEEP or now < self._marked:
            self._marked = now
            async with self._db.write(None) as conn:
                await housekeeping.mark_tick(conn, now)

    def _ring(self, at: datetime) -> None:
        if self._scheduler.running:
            self._schedule(self.beat, "date", run_date=at, id="alarm", replace_existing=True)

    async def _clean_up(self) -> None:
        try:
            async with self._db.write(None) as conn:
                await housekeeping.clean_up(conn, self._clock.now())
        except Exception as error:  # noqa: BLE001  # Tomorrow's has to come.
            trouble.report(log, error, "the daily cleaning failed")
