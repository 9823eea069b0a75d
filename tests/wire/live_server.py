"""A newsroom with a bot in this process that is connected to it over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.app import Attache
from bot.services import destinations
from bot.ui.messages import why_paused
from data.database import Database
from data.migrate import migrate
from tests.wire import world
from tests.wire.loopback import Loopback
from tests.wire.sending import SETTLED, MovedClock, Newsroom

SENT = ("alert", "settled", "delivered")


class LiveServer(Newsroom):
    """The newsroom with a bot in this process, connected over real sockets."""

    clock: MovedClock
    bot: Attache
    channel: int
    place: int

    async def tick(self, **later: float) -> None:
        self.clock.pass_(**later)
        async with asyncio.timeout(20):
            await self.bot.deliverer.tick(self.clock.now())

    async def owe(self, count: int = 1) -> None:
        """Let some alerts fall due, without sending them yet."""
        await self.move(self.clock.now(), count)
        self.clock.pass_(seconds=SETTLED.total_seconds())

    def sent(self, channel: int | None = None) -> list[world.Payload]:
        return self.server.messages(channel or self.channel)

    def posts(self, channel: int | None = None) -> int:
        path = f"/channels/{channel or self.channel}/messages"
        return len([r for r in self.server.requests if (r.method, r.path) == ("POST", path)])

    def looks(self) -> int:
        return len([r for r in self.server.requests if r.method == "GET" and r.path.endswith("/messages")])

    async def reason(self, place: int | None = None) -> str:
        found = await destinations.get(self.db.read, place or self.place)
        return why_paused(found) if found.state == "paused" else ""

    async def restart(self) -> None:
        """End the process and begin a new one on the same file."""
        await self.bot.deliverer.close()
        await self.bot.close()
        self.bot = await connect(self)


async def connect(live: LiveServer) -> Attache:
    before = live.server.session
    bot = Attache(live.db, live.clock, cogs=())
    await bot.login(live.server.token)
    connection = asyncio.create_task(bot.connect())
    live.server.cleanup.push_async_callback(asyncio.wait, [connection])
    live.server.cleanup.push_async_callback(bot.close)
    await live.server.ready(after=before)
    return bot


@pytest.fixture
async def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LiveServer]:
    clock = MovedClock()
    async with Loopback(clock=clock.seconds) as server:
        monkeypatch.setattr(Route, "BASE", server.api_url)
        monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.gateway_url))
        db = await Database.open(tmp_path / "attache.db")
        try:
            await migrate(db)
            found = LiveServer(server, db)
            found.clock = clock
            found.channel = server.add_channel(found.guild, "deals")
            await found.set_up(clock.now())
            found.place = await found.follow(clock.now(), found.channel)
            found.bot = await connect(found)
            yield found
            await found.bot.deliverer.close()
            await server.cleanup.aclose()
        finally:
            await db.close()
