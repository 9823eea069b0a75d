"""Tests of expected failures such as a full disk: the user gets a calm sentence and the log one line, no traceback."""

from __future__ import annotations

import asyncio
import errno
import logging
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, time

import pytest

from bot.delivery.kinds import plan_alerts
from bot.delivery.scheduler import Scheduler
from bot.services import destinations
from cogs import follow, sent
from data.database import Connection, Database
from data.records import Outcome
from tests.wire import world
from tests.wire.live_server import SENT, LiveServer, live
from tests.wire.people import walk
from tests.wire.test_scheduler import ConnectedNewsroom, newsroom

__all__ = ["live", "newsroom"]  # The fixtures.
FULL = sqlite3.OperationalError("database or disk is full")
BROKEN = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
async def used(live: LiveServer) -> LiveServer:
    """Return the live server after publishing /follow and adding the buttons of sent messages."""
    for cog in (follow.FollowCog(live.bot), sent.SentCog(live.bot)):
        await live.bot.add_cog(cog)
        live.bot.components.add(cog)
    await live.bot.tree.sync()
    return live


@contextmanager
def failing(db: Database, error: Exception, *, after: int = 0) -> Iterator[None]:
    """Let every write transaction after the first `after` fail at its end, as on a full disk."""
    write, left = db.write, after

    @asynccontextmanager
    async def failing_write(guild_id: int | None) -> AsyncIterator[Connection]:
        nonlocal left
        async with write(guild_id) as conn:
            yield conn
            left -= 1
            if left < 0:
                raise error

    db.write = failing_write
    try:
        yield
    finally:
        db.write = write


async def complaint(caplog: pytest.LogCaptureFixture) -> str:
    """Wait for a warning in the log and return it. Fail if there is more than one, or a traceback."""
    async with asyncio.timeout(5):
        while not (found := complaints(caplog)):
            await asyncio.sleep(0.01)
    (line,) = found
    return line


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    assert not [record for record in caplog.records if record.exc_info]
    found = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    return [line for line in found if "waits until" not in line and "cut off on their way" not in line]


# A full disk


@pytest.mark.parametrize("error", [FULL, BROKEN, sqlite3.OperationalError("database or disk is full (13)")])
async def test_a_full_disk_at_a_command_is_told_calmly(
    used: LiveServer, caplog: pytest.LogCaptureFixture, error: Exception
):
    with failing(used.db, error):
        found = await used.server.slash(used.member, used.guild, used.channel, "follow add", what="everything")
    assert "The disk of this bot is full" in str([found.text, found.followups, found.edits])
    assert "nothing was changed" in str([found.text, found.followups, found.edits])
    line = await complaint(caplog)
    assert line.startswith("/follow add: the disk is full")
    again = await used.server.slash(used.member, used.guild, used.channel, "follow add", what="everything")
    assert "You now follow everything" in str([again.text, again.edits])


@pytest.mark.parametrize("error", [FULL, BROKEN])
@pytest.mark.parametrize("writes", [0, 1, 2, 5])
async def test_a_full_disk_amid_sending_is_told_once_and_each_message_comes_once(
    live: LiveServer, caplog: pytest.LogCaptureFixture, error: Exception, writes: int
):
    """Let writes fail at a claim or at a settlement. Messages sent but not settled are searched for later."""
    channels = [live.channel, *[live.server.add_channel(live.guild, f"other-{i}") for i in range(5)]]
    for channel in channels[1:]:
        await live.follow(live.clock.now(), channel)
    await live.owe(3)
    await plan_alerts(live.db, live.clock.now())
    with failing(live.db, error, after=writes):
        await live.tick()
        await live.tick(seconds=20)
        posts = sum(map(live.posts, channels))
        await live.tick(seconds=20)
        assert sum(map(live.posts, channels)) == posts
    assert len(complaints(caplog)) == 1
    live.server.forget_nonces()
    for _ in range(3):
        await live.tick(minutes=2)
    assert [len(live.sent(channel)) for channel in channels] == [3] * 6
    assert await live.states() == [SENT] * 18


@pytest.mark.parametrize("error", [FULL, BROKEN])
async def test_a_full_disk_amid_planning_fails_one_tick_with_one_line(
    newsroom: ConnectedNewsroom, caplog: pytest.LogCaptureFixture, error: Exception
):
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    places = [newsroom.place, await newsroom.follow(long_ago, user=newsroom.owner)]
    async with newsroom.db.write(newsroom.guild) as conn:
        for place in places:
            await destinations.set_digest(conn, place, now=long_ago, at=time(9))
    with failing(newsroom.db, error):
        await newsroom.scheduler.tick()
    line = await complaint(caplog)
    assert "a tick of the scheduler failed; the next one comes: the disk is full" in line


async def test_a_full_disk_when_discord_tells_of_a_change_is_one_line(
    used: LiveServer, caplog: pytest.LogCaptureFixture
):
    async with used.db.write(used.guild) as conn:
        await destinations.pause(conn, used.place, Outcome.NOT_PERMITTED, "the bot lacks Send Messages there")
    heard = asyncio.ensure_future(used.bot.wait_for("guild_channel_update", timeout=5))
    await asyncio.sleep(0)  # The waiting has to begin first.
    with failing(used.db, FULL):
        used.server.overwrite(used.channel, used.server.application_id, allow=world.SEND_MESSAGES)
        await heard
        line = await complaint(caplog)
    assert "on_guild_channel_update was not dealt with: the disk is full" in line


# Discord refuses an answer


@pytest.mark.parametrize(("status", "code"), [(403, 50001), (404, 0), (404, 10062), (400, 40060), ("reset", 0)])
async def test_an_answer_that_discord_refuses_is_told_calmly(
    used: LiveServer, caplog: pytest.LogCaptureFixture, status: int | str, code: int
):
    await used.follow(used.clock.now(), user=used.member)
    fault = used.server.fault("POST", "/interactions/*/*/callback", status, code=code)
    found = await used.server.slash(used.member, used.guild, used.channel, "follow log")
    assert "Discord did not take that just now" in found.text
    assert fault.hits == 1
    line = await complaint(caplog)
    assert line.startswith("/follow log: Discord ")
    assert "the person was told" in line


@pytest.mark.parametrize("follows", [True, False], ids=["an answer", "a refusal in words"])
@pytest.mark.parametrize(("status", "code"), [(404, 10062), (400, 40060), (403, 50001)])
async def test_an_answer_that_nobody_can_be_given_is_one_line(
    used: LiveServer, caplog: pytest.LogCaptureFixture, status: int, code: int, follows: bool
):
    if follows:
        await used.follow(used.clock.now(), user=used.member)
    used.server.fault("POST", "/interactions/*/*/callback", status, code=code, count=None)
    waiting = asyncio.create_task(used.server.slash(used.member, used.guild, used.channel, "follow log"))
    line = await complaint(caplog)
    waiting.cancel()
    assert line.startswith("/follow log: ")
    assert "could not be told" in line


async def test_a_press_that_came_too_late_is_one_line(used: LiveServer, caplog: pytest.LogCaptureFixture):
    await used.owe()
    await used.tick()
    (message,) = used.sent()
    why = next(part["custom_id"] for part in walk(message["components"]) if part.get("label") == "Why this?")
    used.server.fault("POST", "/interactions/*/*/callback", 404, code=10062, count=None)
    waiting = asyncio.create_task(used.server.click(used.member, message, why))
    line = await complaint(caplog)
    waiting.cancel()
    assert line.startswith("sent.why: Discord answered 404, 10062")


@pytest.mark.parametrize(("status", "code"), [(404, 10062), (400, 40060), (403, 50001)])
async def test_choices_that_came_too_late_are_one_line(
    used: LiveServer, caplog: pytest.LogCaptureFixture, status: int, code: int
):
    fault = used.server.fault("POST", "/interactions/*/*/callback", status, code=code)
    option = {"name": "what", "type": 3, "value": "d", "focused": True}
    data = {"id": "1", "name": "follow", "type": 1, "options": [{"name": "add", "type": 1, "options": [option]}]}
    typing = asyncio.create_task(used.server._interact(4, data, used.member, used.server.channels[used.channel]))
    await used.server.until(lambda: fault.hits)
    line = await complaint(caplog)
    typing.cancel()
    assert "autocomplete" in line
    assert f"Discord answered {status}, {code}" in line


async def test_a_bug_keeps_its_traceback(
    used: LiveServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    async def broken(*_: object) -> None:
        raise FileNotFoundError(errno.ENOENT, "a mistake of ours")

    monkeypatch.setattr(follow.FollowCog, "_list_visible", broken)
    found = await used.server.slash(used.member, used.guild, used.channel, "follow list")
    assert "Something went wrong on this side" in found.text
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.exc_info


# The end of the program


@pytest.mark.parametrize("work", ["begin", "cleaning"])
async def test_closing_amid_a_tick_says_nothing(
    newsroom: ConnectedNewsroom, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, work: str
):
    working = asyncio.Event()

    async def long(*_: object) -> None:
        working.set()
        await asyncio.Event().wait()

    if work == "begin":
        monkeypatch.setattr(newsroom.bot.deliverer, "begin", long)
    else:
        monkeypatch.setattr("bot.delivery.scheduler.housekeeping.clean_up", long)
    with caplog.at_level(logging.WARNING):
        await newsroom.scheduler.start()
        await working.wait()
        await newsroom.scheduler.close()
        for _ in range(10):
            await asyncio.sleep(0)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_closing_amid_a_tick_leaves_the_file_to_whoever_comes_next(newsroom: ConnectedNewsroom):
    """Check that closing rolls back the open transaction of a tick."""
    begun = asyncio.Event()

    async def plan(db: Database, _: datetime) -> None:
        async with db.write(None) as conn:
            await conn.execute("INSERT INTO meta VALUES ('half', 'done')")
            begun.set()
            await asyncio.Event().wait()

    scheduler: Scheduler = newsroom.scheduler
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("bot.delivery.worker.PLANNERS", [plan])
        await scheduler.start()
        await begun.wait()
        await scheduler.close()
    async with newsroom.db.write(None) as conn:
        assert not list(await conn.execute_fetchall("SELECT 1 FROM meta WHERE key = 'half'"))
