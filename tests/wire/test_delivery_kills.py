"""Test that 200 due deliveries arrive exactly once although the bot's process is killed ten times meanwhile."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.delivery.kinds import plan_alerts
from data.database import Database
from data.migrate import migrate
from tests.wire import world
from tests.wire.loopback import Loopback
from tests.wire.process import BotProcess
from tests.wire.sending import SETTLED, Newsroom, nonces

ROOT = Path(__file__).parent.parent.parent
CHANNELS, UPDATES = 20, 10
DUE = CHANNELS * UPDATES
# The bot is killed after so many messages were accepted: right then, before it gets the answer, or some time later.
AT_ONCE = (6, 24, 43, 62, 84, 103, 141)
A_MOMENT_LATER = {15: 0.004, 120: 0.011, 160: 0.03}


def unsettled(path: Path) -> set[str]:
    """Return the nonces of the deliveries in a database file that are not settled."""
    with sqlite3.connect(path) as conn:
        unsettled_nonces = {nonce for (nonce,) in conn.execute("SELECT nonce FROM delivery WHERE state <> 'settled'")}
    conn.close()
    return unsettled_nonces


@pytest.mark.parametrize("nonce_window", [True, False], ids=["with the nonce window", "without it"])
async def test_ten_kills_lose_nothing_and_double_nothing(tmp_path: Path, nonce_window: bool):
    path = tmp_path / "attache.db"
    now = datetime.now(UTC)
    async with Loopback(nonce_ttl=300.0 if nonce_window else 0.0) as server:
        db = await Database.open(path)
        try:
            await migrate(db)
            newsroom = Newsroom(server, db)
            await newsroom.set_up(now - timedelta(minutes=5))
            channels = [server.add_channel(newsroom.guild, f"channel-{i}") for i in range(CHANNELS)]
            for i, channel in enumerate(channels):
                await newsroom.follow(now - timedelta(minutes=4), channel)
                if nonce_window and i % 2:
                    server.overwrite(channel, server.application_id, deny=world.READ_MESSAGE_HISTORY)
            await newsroom.move(now - SETTLED - timedelta(seconds=1), UPDATES)
            await plan_alerts(db, now)
            assert len(await newsroom.states()) == DUE
        finally:
            await db.close()

        bot = BotProcess(server, sys.executable, "-m", "bot", "run", env={"ATTACHE_DATABASE": str(path)}, cwd=str(ROOT))
        doubtful: list[set[str]] = []  # For each kill, the nonces accepted by Discord but not settled.
        kills = asyncio.Event()
        arrived = 0

        async def on_message(_: world.Payload) -> None:
            nonlocal arrived
            arrived += 1
            if arrived in AT_ONCE or arrived in A_MOMENT_LATER:
                await asyncio.sleep(A_MOMENT_LATER.get(arrived, 0))
                bot.kill()
                await bot.wait()
                kills.set()

        server.on_message = on_message
        for _ in range(len(AT_ONCE) + len(A_MOMENT_LATER)):
            kills.clear()
            await bot.launch()
            status = await bot.wait(60)
            assert status == -signal.SIGKILL, f"{arrived} messages arrived, then it ended by itself:\n{bot.output}"
            await kills.wait()
            await asyncio.sleep(0.05)  # Requests in flight arrive after the process has died.
            doubtful.append(unsettled(path) & set(server.accepted))
        await bot.launch()
        await server.until(lambda: sum(map(len, map(server.messages, channels))) >= DUE, timeout=60)
        for _ in range(200):
            if not unsettled(path):
                break
            await asyncio.sleep(0.1)
        bot.terminate()
        assert await bot.wait() == 0

        posted = Counter(
            json.dumps(r.body["nonce"]).strip('"')
            for r in server.requests
            if r.method == "POST" and r.path.endswith("/messages") and r.status == 200
        )
        in_doubt = set().union(*doubtful)
        by_nonce = {nonce for nonce in in_doubt if posted[nonce] > 1}
        by_history = in_doubt - by_nonce
        hit = [len(found) for found in doubtful]
        print(
            f"\n{'with' if nonce_window else 'without'} the nonce window: {len(hit)} kills, "
            f"{sum(map(bool, hit))} between acceptance and settle ({hit} deliveries); "
            f"saved by the history {len(by_history)}, by the nonce {len(by_nonce)}"
        )
        assert len([found for found in hit if found]) >= 5
        assert by_history
        assert bool(by_nonce) == nonce_window
        for channel in channels:
            seen = nonces(server.messages(channel))
            assert len(seen) == len(set(seen)) == UPDATES
        lines = {tuple(m["content"].splitlines()[0] for m in server.messages(channel)) for channel in channels}
        assert len(lines) == 1  # each channel read the same news in the same order
        with sqlite3.connect(path) as conn:
            outcomes = Counter(outcome for (outcome,) in conn.execute("SELECT outcome FROM delivery"))
        conn.close()
        assert outcomes == {"delivered": DUE}
        assert server.unhandled == []
