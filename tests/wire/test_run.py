"""The program as its operator starts and ends it: what is refused at the door, and closing in time."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.kinds import plan_alerts
from data.database import Database
from data.migrate import migrate
from tests.wire.loopback import Loopback
from tests.wire.process import BotProcess
from tests.wire.sending import SETTLED, Newsroom

ROOT = Path(__file__).parent.parent.parent


def program(server: Loopback, tmp_path: Path, *arguments: str, **env: str) -> BotProcess:
    """The command line, run in an empty folder so that no .env of this checkout is read."""
    return BotProcess(
        server,
        sys.executable,
        "-m",
        "bot",
        *(arguments or ("run",)),
        env={"ATTACHE_DATABASE": str(tmp_path / "attache.db"), "PYTHONPATH": str(ROOT), **env},
        cwd=str(tmp_path),
    )


async def ended(bot: BotProcess) -> tuple[int, str]:
    await bot.launch()
    status = await bot.wait(timeout=30)
    return status, bot.output


@pytest.mark.asyncio
async def test_every_wrong_setting_is_told_at_once_without_a_traceback(tmp_path: Path):
    async with Loopback() as server:
        wrong = {"DISCORD_TOKEN": "", "DISCORD_API_URL": "http://discord.example/api/v10", "ATTACHE_LOG_FORMAT": "xml"}
        status, told = await ended(program(server, tmp_path, **wrong))
    assert status == 78
    assert "Traceback" not in told
    assert "make demo" in told
    for name in wrong:
        assert name in told


@pytest.mark.asyncio
async def test_a_token_that_discord_refuses_ends_with_a_sentence_that_does_not_hold_it(tmp_path: Path):
    async with Loopback() as server:
        status, told = await ended(program(server, tmp_path, DISCORD_TOKEN="wrong.token.of-nobody"))
    assert status == 78
    assert "refuses the token" in told
    assert "Traceback" not in told
    assert "wrong.token" not in told


@pytest.mark.asyncio
async def test_a_place_that_cannot_be_written_ends_with_a_sentence(tmp_path: Path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "attache.db.lock").symlink_to(tmp_path / "folder")
    for place in ("/proc/nowhere/attache.db", "attache.db"):
        async with Loopback() as server:
            status, told = await ended(program(server, tmp_path, ATTACHE_DATABASE=place))
        assert status == 78
        assert "cannot be written" in told
        assert "ATTACHE_DATABASE" in told
        assert "Traceback" not in told


@pytest.mark.asyncio
async def test_a_second_process_on_the_same_file_is_refused(tmp_path: Path):
    async with Loopback() as server:
        newsroom_owner = server.add_user("asha")
        server.invite(server.add_guild("Newsroom", newsroom_owner))
        first = await program(server, tmp_path).start()
        status, told = await ended(program(server, tmp_path))
        assert status == 78
        assert "Another Attaché is running" in told
        status, told = await ended(program(server, tmp_path, "restore", str(tmp_path / "copy.db")))
        assert status == 78
        assert "Traceback" not in told
        first.terminate()
        assert await first.wait(timeout=5) == 0


@pytest.mark.asyncio
async def test_an_unreachable_discord_is_told(tmp_path: Path):
    async with Loopback() as server:
        status, told = await ended(program(server, tmp_path, DISCORD_API_URL="http://127.0.0.1:9/api/v10"))
    assert status == 69
    assert "cannot be reached" in told
    assert "Traceback" not in told


@pytest.mark.asyncio
async def test_a_backup_is_made_while_the_bot_runs(tmp_path: Path):
    async with Loopback() as server:
        server.invite(server.add_guild("Newsroom", server.add_user("asha")))
        running = await program(server, tmp_path).start()
        status, told = await ended(program(server, tmp_path, "backup", str(tmp_path / "copy.db")))
        assert status == 0, told
        assert (tmp_path / "copy.db").stat().st_size > 0
        running.terminate()
        assert await running.wait(timeout=5) == 0
        status, told = await ended(program(server, tmp_path, "restore", str(tmp_path / "copy.db")))
        assert status == 0, told


@pytest.mark.asyncio
async def test_sigterm_amid_sends_closes_in_time_and_the_next_start_sends_each_once(tmp_path: Path):
    path = tmp_path / "attache.db"
    now = datetime.now(UTC)
    async with Loopback(nonce_ttl=300.0) as server:
        db = await Database.open(path)
        try:
            await migrate(db)
            newsroom = Newsroom(server, db)
            await newsroom.set_up(now - timedelta(minutes=5))
            channels = [server.add_channel(newsroom.guild, f"channel-{i}") for i in range(5)]
            for channel in channels:
                await newsroom.follow(now - timedelta(minutes=4), channel)
            await newsroom.move(now - SETTLED - timedelta(seconds=1), 4)
            await plan_alerts(db, now)
        finally:
            await db.close()
        hanging = server.fault("POST", "/channels/*/messages", "hang", count=3, skip=4)
        bot = await program(server, tmp_path).start()
        await server.until(lambda: hanging.hits == 3, timeout=20)
        bot.terminate()
        assert await bot.wait(timeout=5) == 0
        assert "Traceback" not in bot.output, bot.output
        hanging.cancel()
        await bot.start()
        await server.until(lambda: sum(len(server.messages(channel)) for channel in channels) >= 20, timeout=30)
        bot.terminate()
        assert await bot.wait(timeout=5) == 0
        assert [len(server.messages(channel)) for channel in channels] == [4] * 5
