"""Tests of the scheduler in real time and over real sockets: it ticks by itself when a delivery is due."""

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
from bot.delivery.scheduler import Scheduler
from bot.services import deliveries, housekeeping
from data.database import Database
from data.migrate import migrate
from data.records import Confirmation
from tests.wire.loopback import Loopback
from tests.wire.sending import Newsroom


class ConnectedNewsroom(Newsroom):
    """A server on the loopback Discord whose bot is connected and whose scheduler is not started yet."""

    bot: Attache
    scheduler: Scheduler
    channel: int
    place: int

    async def owe(self, key: str, after: timedelta = timedelta()) -> None:
        """Plan a confirmation, a delivery that needs no update of a record. It is due `after` from now."""
        async with self.db.write(self.guild) as conn:
            new = deliveries.confirmation_of(key, Confirmation("follow", slug="drones"))
            await deliveries.plan(conn, self.guild, self.place, new, due_at=datetime.now(UTC) + after)

    async def arrived(self, count: int) -> None:
        await self.server.until(lambda: len(self.server.messages(self.channel)) == count)


@pytest.fixture
async def newsroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ConnectedNewsroom]:
    clock = SystemClock()
    async with Loopback() as server:
        monkeypatch.setattr(Route, "BASE", server.api_url)
        monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.gateway_url))
        db = await Database.open(tmp_path / "attache.db")
        await migrate(db)
        room = ConnectedNewsroom(server, db)
        room.channel = server.add_channel(room.guild, "deals")
        await room.set_up(clock.now())
        room.place = await room.follow(clock.now(), room.channel)
        room.bot = Attache(db, clock, cogs=())
        room.scheduler = Scheduler(room.bot.deliverer, db, clock)
        await room.bot.login(server.token)
        connection = asyncio.create_task(room.bot.connect())
        await server.ready()
        try:
            yield room
        finally:
            await room.scheduler.close()
            await room.bot.deliverer.close()
            await room.bot.close()
            await connection
            await db.close()


async def test_what_is_due_at_the_start_what_is_written_later_and_what_falls_due_are_all_sent(
    newsroom: ConnectedNewsroom,
):
    await newsroom.owe("at the start")
    await newsroom.scheduler.start()
    await newsroom.arrived(1)
    await newsroom.owe("later")
    await newsroom.arrived(2)
    await newsroom.owe("ahead", timedelta(seconds=1.5))
    await newsroom.arrived(3)
    assert await housekeeping.last_tick(newsroom.db.read) is not None


async def test_a_tick_that_fails_is_logged_and_the_next_one_comes(
    newsroom: ConnectedNewsroom, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    begin, failed = newsroom.bot.deliverer.begin, asyncio.Event()

    async def fails_once(now: datetime) -> None:
        if not failed.is_set():
            failed.set()
            raise OSError("the disk is away")
        await begin(now)

    monkeypatch.setattr(newsroom.bot.deliverer, "begin", fails_once)
    with caplog.at_level(logging.ERROR, "bot.delivery.scheduler"):
        await newsroom.scheduler.start()
        await failed.wait()
        await newsroom.owe("after the failure")
        await newsroom.arrived(1)
    assert "the next one comes" in caplog.text


async def test_no_job_is_dropped_for_being_late_or_for_running_again(newsroom: ConnectedNewsroom):
    await newsroom.scheduler.start()
    for count in range(1, 4):
        await newsroom.owe(f"message {count}")
        await newsroom.arrived(count)
    jobs = {job.id: job for job in newsroom.scheduler._jobs.get_jobs()}
    assert set(jobs) >= {"sweep", "clean up"}
    assert all(job.misfire_grace_time is None and job.coalesce and job.max_instances == 1 for job in jobs.values())
    await newsroom.owe("ahead", timedelta(seconds=1.2))
    await newsroom.arrived(4)


async def test_a_closed_scheduler_ticks_no_more(newsroom: ConnectedNewsroom):
    await newsroom.scheduler.start()
    await newsroom.scheduler.close()
    await newsroom.owe("too late")
    assert not newsroom.scheduler._jobs.running
    assert newsroom.server.messages(newsroom.channel) == []
