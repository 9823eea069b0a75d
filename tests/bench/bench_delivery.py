"""Benchmark of a thousand deliveries that are due at once, also with a hanging channel and with a SIGKILL.

Run it with `python -m tests.bench.bench_delivery`.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.delivery.kinds import plan_alerts
from data.database import Database
from data.migrate import migrate
from tests.wire.loopback import Loopback
from tests.wire.process import BotProcess
from tests.wire.sending import SETTLED, Newsroom, nonces

CHANNELS, UPDATES = 25, 40
ROOT = Path(__file__).parent.parent.parent


async def prepare(server: Loopback, path: Path) -> tuple[list[int], float]:
    """Plan 1,000 alerts for 25 channels that follow a deal. Return the channel ids and the seconds of planning."""
    now = datetime.now(UTC)
    db = await Database.open(path)
    try:
        await migrate(db)
        newsroom = Newsroom(server, db)
        await newsroom.set_up(now - timedelta(minutes=5))
        channels = [server.add_channel(newsroom.guild, f"channel-{i}") for i in range(CHANNELS)]
        for channel in channels:
            await newsroom.follow(now - timedelta(minutes=4), channel)
        await newsroom.move(now - SETTLED - timedelta(seconds=1), UPDATES)
        began = time.perf_counter()
        await plan_alerts(db, now)
        return channels, time.perf_counter() - began
    finally:
        await db.close()


async def run(title: str, *, hang: bool = False, kill_after: int = 0) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "attache.db"
        async with Loopback(global_limit=50) as server:
            channels, planning = await prepare(server, path)
            fault = server.fault("POST", f"/channels/{channels[0]}/messages", "hang") if hang else None
            expected = CHANNELS * UPDATES - (UPDATES if hang else 0)
            times: list[float] = []
            bot = BotProcess(
                server, sys.executable, "-m", "bot", "run", env={"ATTACHE_DATABASE": str(path)}, cwd=str(ROOT)
            )

            async def on_message(_: object) -> None:
                times.append(time.perf_counter())
                if len(times) == kill_after:
                    bot.kill()
                    await bot.wait()
                    await bot.launch()

            server.on_message = on_message
            began = time.perf_counter()
            await bot.launch()
            await server.until(lambda: len(times) >= expected, timeout=180)
            took = times[-1] - times[0]
            if fault:
                fault.cancel()
            await asyncio.sleep(2)
            bot.terminate()
            stopping = time.perf_counter()
            await bot.wait()
            seen = [nonce for channel in channels for nonce in nonces(server.messages(channel))]
            print(
                f"{title}: planned in {planning * 1000:.0f} ms; first after {times[0] - began:.1f} s (with the start), "
                f"{len(times)} in {took:.1f} s ({len(times) / took:.0f}/s), {len(seen) - len(set(seen))} doubled, "
                f"{sum(server.limited.values())} times 429, closed in {time.perf_counter() - stopping:.1f} s"
            )


async def main() -> None:
    await run("1,000 due at once in 25 channels")
    await run("the same with one channel that hangs", hang=True)
    await run("the same with a SIGKILL in the middle", kill_after=500)


if __name__ == "__main__":
    asyncio.run(main())
