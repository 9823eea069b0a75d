"""The fixture `live`: a server on the loopback Discord (a local imitation), with a bot in the test's process."""

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
    """A server on the loopback Discord with a bot in this process and a channel that follows the deal.

    Time passes only when a test moves `clock`.
    """

    clock: MovedClock
    bot: Attache
    channel: int  # The Discord id of the channel.
    place: int  # The id of its destination.

    async def tick(self, **later: float) -> None:
        self.clock.pass_(**later)
        async with asyncio.timeout(20):
            await self.bot.deliverer.tick(self.clock.now())

    async def owe(self, count: int = 1) -> None:
        """Enter `count` updates and move the clock until alerts about them are due. Send nothing yet."""
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
        """Replace the bot by a new one on the same database, as when its process ends and is started again."""
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
            live_server = LiveServer(server, db)
            live_server.clock = clock
            live_server.channel = server.add_channel(live_server.guild, "deals")
            await live_server.set_up(clock.now())
            live_server.place = await live_server.follow(clock.now(), live_server.channel)
            live_server.bot = await connect(live_server)
            yield live_server
            await live_server.bot.deliverer.close()
            await server.cleanup.aclose()
        finally:
            await db.close()
