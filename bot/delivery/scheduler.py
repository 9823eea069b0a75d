"""The scheduler: wakes the deliverer when something is due and at least once a minute, and cleans up once a day.

The schedule is in the database. APScheduler has three jobs in memory, which say when to read it next.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot import failures
from bot.clock import Clock
from bot.delivery.kinds import next_due
from bot.delivery.worker import Deliverer
from bot.services import housekeeping
from data.database import Database

log = logging.getLogger(__name__)

SWEEP = timedelta(seconds=60)  # The longest time between ticks. The clock may jump, or another process write rows.
SOON = timedelta(seconds=1)


class Scheduler:
    """Makes a tick when the next delivery is due, and at least once a minute.

    A tick starts the deliveries that are due. If a tick fails, that is logged and the next one comes all the same.
    """

    def __init__(self, deliverer: Deliverer, db: Database, clock: Clock) -> None:
        self._deliverer, self._db, self._clock = deliverer, db, clock
        # By default, APScheduler drops a job that is a second late.
        self._jobs = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        self._ticking = False
        self._again = False  # The database was written to during a tick.
        self._marked: datetime | None = None  # The last tick whose time was stored.

    async def start(self) -> None:
        """Start the jobs; the first tick comes at once. Call this when the bot is ready."""
        self._add_job(self.tick, "interval", "sweep", seconds=SWEEP.total_seconds())
        self._add_job(self._clean_up, "interval", "clean up", days=1)
        self._jobs.start()
        self._db.after_write = self.soon
        self._set_alarm(self._clock.now())
        self._add_job(self._clean_up, "date", "clean up at start", run_date=self._clock.now())

    def _add_job(
        self,
        work: Callable[[], Awaitable[None]],
        trigger: str,
        job_id: str,
        *,
        replace_existing: bool = False,
        **options: object,
    ) -> None:
        """Add a job with an APScheduler trigger and the options of that trigger.

        When `close` cancels the job, the CancelledError is suppressed: APScheduler would log it as an error.
        """

        async def job() -> None:
            with suppress(asyncio.CancelledError):
                await work()

        self._jobs.add_job(job, trigger, id=job_id, replace_existing=replace_existing, **options)

    def soon(self) -> None:
        """Tick within one second, because the database was written to."""
        if self._ticking:
            self._again = True
            return
        at = self._clock.now() + SOON
        alarm = self._jobs.get_job("alarm")
        if alarm is None or alarm.next_run_time is None or alarm.next_run_time > at:
            self._set_alarm(at)

    async def close(self) -> None:
        """Stop all jobs. Messages that are being sent are not stopped; see `Deliverer.close`."""
        self._db.after_write = lambda: None
        if self._jobs.running:
            self._jobs.shutdown(wait=False)

    async def tick(self) -> None:
        """Start the deliveries that are due, and set the alarm for the next one."""
        if self._ticking:
            self._again = True
            return
        self._ticking, self._again = True, False
        now = self._clock.now()
        next_at = now + SWEEP
        try:
            await self._deliverer.begin(now)
            await self._mark(now)
            next_at = min(next_at, await next_due(self._db.read, now) or next_at)
        except Exception as error:  # noqa: BLE001  # The next tick has to come.
            failures.report(log, error, "a tick of the scheduler failed; the next one comes")
        finally:
            self._ticking = False
        # The alarm is set last and a second ahead: APScheduler drops a job that is due while it still runs.
        soonest = self._clock.now() + SOON
        self._set_alarm(soonest if self._again else max(next_at, soonest))

    async def _mark(self, now: datetime) -> None:
        """Store the time of this tick, but at most once a minute, because each write causes another tick."""
        if self._marked is None or now - self._marked >= SWEEP or now < self._marked:
            self._marked = now
            async with self._db.write(None) as conn:
                await housekeeping.mark_tick(conn, now)

    def _set_alarm(self, at: datetime) -> None:
        if self._jobs.running:
            self._add_job(self.tick, "date", "alarm", run_date=at, replace_existing=True)

    async def _clean_up(self) -> None:
        try:
            async with self._db.write(None) as conn:
                await housekeeping.clean_up(conn, self._clock.now())
        except Exception as error:  # noqa: BLE001  # The next day's run has to come.
            failures.report(log, error, "the daily cleaning failed")
