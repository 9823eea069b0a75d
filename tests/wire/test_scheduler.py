"""The heartbeat over real time and real sockets: nobody calls the tick here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.app import Attache
from bot.clock import SystemClock
from bot.delivery.scheduler import Heartbeat
from bot.services import deliveries, housekeeping
from data.database import Database
from data.migrate import migrate
from data.records import Confirmation
from tests.wire.loopback import Loopback
from tests.wire.sending import Newsroom


class Beating(Newsroom):
    """A newsroom whose bot is connected; its heart has not begun to beat."""

    bot: Attache
    heartbeat: Heartbeat
    channel: int
    place: int

    async def owe(self, key: str, after: timedelta = timedelta()) -> None:
        """A message that is due by itself: a first message."""
        async with self.db.write(self.guild) as conn:
            new = deliveries.confirmation_of(key, Confirmation("follow", slug="drones"))
            await deliveries.plan(conn, self.guild, self.place, new, due_at=datetime.now(UTC) + after)

    async def arrived(self, count: int) -> None:
        await self.server.until(lambda: len(self.server.messages(self.channel)) == count)


@pytest.fixture
async def beating(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Beating]:
    clock = SystemClock()
    async with Loopback() as server:
        monkeypatch.setattr(Route, "BASE", server.api_url)
        monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.gateway_url))
        db = await Database.open(tmp_path / "attache.db")
        await migrate(db)
        found = Beating(server, db)
        found.channel = server.add_channel(found.guild, "deals")
        await found.set_up(clock.now())
        found.place = await found.follow(clock.now(), found.channel)
        found.bot = Attache(db, clock, cogs=())
        found.heartbeat = Heartbeat(found.bot.deliverer, db, clock)
        await found.bot.login(server.token)
        connection = asyncio.create_task(found.bot.connect())
        await server.ready()
        try:
            yield found
        finally:
            await found.heartbeat.close()
            await found.bot.deliverer.close()
            await found.bot.close()
            await connection
            await db.close()


async def test_what_is_due_at_the_start_what_is_written_later_and_what_falls_due_are_all_sent(beating: Beating):
    await beating.owe("at the start")
    await beating.heartbeat.start()
    await beating.arrived(1)
    await beating.owe("later")
    await beating.arrived(2)
    await beating.owe("ahead", timedelta(seconds=1.5))
    await beating.arrived(3)
    assert await housekeeping.last_tick(beating.db.read) is not None


async def test_a_beat_that_fails_is_logged_and_the_next_one_comes(
    beating: Beating, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    begin, failed = beating.bot.deliverer.begin, asyncio.Event()

    async def fails_once(now: datetime) -> None:
        if not failed.is_set():
            failed.set()
            raise OSError("the disk is away")
        await begin(now)

    monkeypatch.setattr(beating.bot.deliverer, "begin", fails_once)
    with caplog.at_level(logging.ERROR, "bot.delivery.scheduler"):
        await beating.heartbeat.start()
        await failed.wait()
        await beating.owe("after the failure")
        await beating.arrived(1)
    assert "the next one comes" in caplog.text


async def test_no_job_is_dropped_for_being_late_or_for_ringing(beating: Beating):
    await beating.heartbeat.start()
    for count in range(1, 4):
        await beating.owe(f"message {count}")
        await beating.arrived(count)
    jobs = {job.id: job for job in beating.heartbeat._scheduler.get_jobs()}
    assert set(jobs) >= {"sweep", "clean up"}
    assert all(job.misfire_grace_time is None and job.coalesce and job.max_instances == 1 for job in jobs.values())
    await beating.owe("ahead", timedelta(seconds=1.2))
    await beating.arrived(4)


async def test_a_closed_heart_beats_no_more(beating: Beating):
    await beating.heartbeat.start()
    await beating.heartbeat.close()
    await beating.owe("too late")
    assert not beating.heartbeat._scheduler.running
    assert beating.server.messages(beating.channel) == []
