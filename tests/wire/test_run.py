"""Tests of starting and stopping the program: bad settings and a second process are refused, and it ends in time."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import lifecycle
from bot.delivery.kinds import plan_alerts
from data.database import Database
from data.migrate import migrate
from tests.wire.loopback import Loopback
from tests.wire.process import BotProcess
from tests.wire.sending import SETTLED, Newsroom

ROOT = Path(__file__).parent.parent.parent


def program(server: Loopback, tmp_path: Path, *arguments: str, **env: str) -> BotProcess:
    """Return the program, not launched yet, in an empty folder, so that it does not read the .env of this checkout."""
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


async def test_every_wrong_setting_is_told_at_once_without_a_traceback(tmp_path: Path):
    async with Loopback() as server:
        wrong = {"DISCORD_TOKEN": "", "DISCORD_API_URL": "http://discord.example/api/v10", "ATTACHE_LOG_FORMAT": "xml"}
        status, told = await ended(program(server, tmp_path, **wrong))
    assert status == 78
    assert "Traceback" not in told
    assert "make demo" in told
    for name in wrong:
        assert name in told


async def test_a_token_that_discord_refuses_ends_with_a_sentence_that_does_not_hold_it(tmp_path: Path):
    async with Loopback() as server:
        status, told = await ended(program(server, tmp_path, DISCORD_TOKEN="wrong.token.of-nobody"))
    assert status == 78
    assert "refuses the token" in told
    assert "Traceback" not in told
    assert "wrong.token" not in told


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


UNREACHABLE = "Discord cannot be reached"
IMPATIENT = """
import runpy, sys
from bot import lifecycle
lifecycle.PAUSES = (0.05, 0.1)
sys.argv = ["bot", "run"]
runpy.run_module("bot", run_name="__main__")
"""


def impatient(server: Loopback, tmp_path: Path, **env: str) -> BotProcess:
    """Return the program with pauses of under a second between its attempts to connect."""
    bot = program(server, tmp_path, **env)
    bot.command = (sys.executable, "-c", IMPATIENT)
    return bot


async def ends_at_once(bot: BotProcess) -> None:
    bot.terminate()
    assert await bot.wait(timeout=5) == 0
    assert "Traceback" not in bot.output, bot.output


async def test_a_discord_that_refuses_connections_is_waited_for_with_a_line_for_each_try(tmp_path: Path):
    async with Loopback(away=True) as server:
        server.invite(server.add_guild("Newsroom", server.add_user("asha")))
        bot = impatient(server, tmp_path)
        await bot.launch()
        await bot.said(UNREACHABLE, times=3)
        lines = [line for line in bot.output.splitlines() if "bring" not in line]
        assert [UNREACHABLE in line and "WARNING" in line for line in lines] == [True] * len(lines), bot.output
        assert [line.partition("the next try is in ")[2] for line in lines][:3] == [
            "0.05 seconds.", "0.1 seconds.", "0.1 seconds.",
        ]  # fmt: skip
        assert server.session is None
        await server.arrive()
        await server.ready(timeout=30)
        await ends_at_once(bot)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/users/@me"),
        ("GET", "/oauth2/applications/@me"),
        ("GET", "/applications/*/commands"),
        ("PUT", "/applications/*/commands"),
        ("GET", "/gateway/bot"),
    ],
)
@pytest.mark.parametrize("action", [503, "reset"])
async def test_a_start_that_fails_midway_is_tried_anew(tmp_path: Path, method: str, path: str, action: int | str):
    async with Loopback() as server:
        server.invite(server.add_guild("Newsroom", server.add_user("asha")))
        failing = server.fault(method, path, action, count=2)
        bot = await impatient(server, tmp_path).start()
        assert failing.hits == 2
        assert bot.output.count(UNREACHABLE) == (
            2 if action == 503 else 1
        )  # aiohttp repeats a request that was cut off by itself.
        assert len(server.commands) > 10
        await ends_at_once(bot)


async def test_a_gateway_that_refuses_the_first_connections_is_waited_for(tmp_path: Path):
    async with Loopback() as server, Loopback(away=True) as elsewhere:
        server.invite(server.add_guild("Newsroom", server.add_user("asha")))
        there, server.gateway_url = server.gateway_url, elsewhere.gateway_url
        bot = impatient(server, tmp_path)
        await bot.launch()
        await bot.said(f"{UNREACHABLE} (the gateway", times=3)
        server.gateway_url = f"{there}closed"  # A page that is no websocket.
        await bot.said(f"{UNREACHABLE} (the gateway: WSServerHandshakeError", times=2)
        server.gateway_url = there
        await server.ready(timeout=30)
        await ends_at_once(bot)


async def test_the_token_goes_to_no_gateway_that_is_neither_encrypted_nor_on_this_machine(tmp_path: Path):
    async with Loopback() as server:
        server.gateway_url = "ws://discord.example/"
        status, told = await ended(program(server, tmp_path))
    assert status == 78
    assert "neither wss nor on this machine" in told.splitlines()[-1]
    assert "Traceback" not in told


async def test_a_rate_limit_at_the_login_is_waited_for_and_not_run_against(tmp_path: Path):
    async with Loopback() as server:
        server.invite(server.add_guild("Newsroom", server.add_user("asha")))
        server.fault("GET", "/users/@me", 429, count=1, retry_after=3600.0)
        bot = await impatient(server, tmp_path).start()
        assert f"{UNREACHABLE} (too many requests from here)" in bot.output
        await ends_at_once(bot)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/api/v10", "https://discord.invalid/api/v10"])
async def test_sigterm_ends_the_wait_for_discord_at_once(tmp_path: Path, address: str):
    async with Loopback() as server:
        bot = program(server, tmp_path, DISCORD_API_URL=address)
        await bot.launch()
        await bot.said(UNREACHABLE)
        assert "the next try is in 5 seconds." in bot.output
        bot.terminate()
        assert await bot.wait(timeout=3) == 0
        assert "Traceback" not in bot.output
        assert bot.output.count(UNREACHABLE) == 1


async def test_sigterm_ends_a_try_that_hangs_at_once(tmp_path: Path):
    async with Loopback() as server:
        hanging = server.fault("GET", "/users/@me", "hang")
        bot = program(server, tmp_path)
        await bot.launch()
        await server.until(lambda: hanging.hits == 1, timeout=20)
        await ends_at_once(bot)


async def test_the_pauses_grow_to_five_minutes_at_most():
    assert list(lifecycle.PAUSES) == sorted(set(lifecycle.PAUSES))
    assert (lifecycle.PAUSES[0], lifecycle.PAUSES[-1]) == (5, 300)


@pytest.mark.parametrize(
    ("status", "path"), [(403, "/users/@me"), (404, "/gateway/bot"), (400, "/applications/*/commands")]
)
async def test_a_refusal_that_no_waiting_mends_ends_with_a_sentence(tmp_path: Path, status: int, path: str):
    async with Loopback() as server:
        server.fault("GET", path, status, count=None)
        ended_with, told = await ended(program(server, tmp_path))
    assert ended_with == 69
    assert f"Discord refused to let the bot start (status {status})" in told.splitlines()[-1]
    assert "DISCORD_API_URL" in told


async def test_a_token_that_is_refused_after_a_wait_still_ends_with_78(tmp_path: Path):
    async with Loopback() as server:
        server.fault("GET", "/users/@me", 503, count=1)
        status, told = await ended(impatient(server, tmp_path, DISCORD_TOKEN="wrong.token.of-nobody"))
    assert status == 78
    assert told.count(UNREACHABLE) == 1
    assert "refuses the token" in told


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
