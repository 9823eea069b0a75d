"""Starts and stops the bot: locks and opens the database, connects to Discord, and closes everything on a signal."""

from __future__ import annotations

import asyncio
import logging
import signal
import sqlite3
from contextlib import suppress
from itertools import chain, repeat
from typing import Any, Self

import discord
import yarl
from discord.ext import commands
from discord.gateway import DiscordWebSocket, ReconnectWebSocket
from discord.http import Route

from bot.app import Attache
from bot.clock import SystemClock
from bot.delivery.scheduler import Scheduler
from bot.errors import EX_SOFTWARE, EX_UNAVAILABLE, Stopped
from bot.failures import NETWORK
from bot.services import derived
from bot.settings import Settings, is_loopback
from data.database import Database, FileLock

CLOSE_WITHIN = 5.0  # Seconds. A delivery that is still being sent stays claimed; the next start checks if it arrived.
PAUSES = (5.0, 15.0, 45.0, 135.0, 300.0)  # Seconds between attempts to connect at the start. The last one repeats.
FIRST_CONNECTION = 50.0  # Seconds. discord.py gives up after 60, with an exception that cannot be told from a bug.

log = logging.getLogger("bot")


class _Unreachable(Exception):
    """Raised when Discord cannot be reached at the start but a later attempt may succeed. The text says why."""


async def run(settings: Settings) -> None:
    """Run the bot until SIGTERM or SIGINT.

    Raise Stopped when it cannot run because of the settings, the database or Discord.
    """
    lock = FileLock(settings.database)
    try:
        settings.database.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise Stopped(f"{error.filename} cannot be written: {error.strerror}. Check ATTACHE_DATABASE.") from None
    try:
        db = await Database.open(settings.database)
        try:
            try:
                await derived.bring_up_to_date(db)
            except sqlite3.Error as error:
                raise Stopped(
                    f"{settings.database} could not be brought up to date: {error}. Nothing that was entered is lost; "
                    "the next start tries again.",
                    EX_SOFTWARE,
                ) from error
            await _run_until_stopped(settings, db)
        finally:
            await db.close()
    finally:
        lock.release()


async def _run_until_stopped(settings: Settings, db: Database) -> None:
    """Run a bot until a signal. If Discord cannot be reached at the start, wait and try again with a new bot."""
    # The bot uses no voice, so discord.py need not warn at each start that its voice packages are missing.
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_ in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_, stop.set)
    for pause in chain(PAUSES, repeat(PAUSES[-1])):
        try:
            await _run_bot(settings, db, stop)
            break
        except _Unreachable as reason:
            log.warning("Discord cannot be reached (%s); the next try is in %g seconds.", reason, pause)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)
            break
    log.info("closed")


async def _run_bot(settings: Settings, db: Database, stop: asyncio.Event) -> None:
    """Run one bot until `stop` is set or the bot ends, then close it within `CLOSE_WITHIN` seconds."""
    clock = SystemClock()
    bot = Attache(db, clock)
    scheduler = Scheduler(bot.deliverer, db, clock)
    running = asyncio.create_task(_connect(bot, scheduler, settings))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_WITHIN - 1):
                await scheduler.close()
                await bot.deliverer.close()
                await bot.close()
        if not running.done():
            running.cancel()
        with suppress(asyncio.CancelledError):
            await running


class _FirstConnectionFailed(BaseException):
    """Raised when the first gateway connection fails. It is a BaseException, so that discord.py does not catch it.

    discord.py 2.7.1 catches every Exception of a shard's first connection, logs a traceback, and tries again after 5 s,
    forever. Each attempt is a nested call, so that the program ends at Python's recursion limit.
    """

    def __init__(self, reason: Exception) -> None:
        super().__init__(reason)
        self.reason = reason


class _Socket(DiscordWebSocket):
    """A gateway connection. If the program's first connection fails, it raises _FirstConnectionFailed.

    discord.py itself retries all later connections: those of other shards, and those after an interruption.
    """

    @classmethod
    async def from_client(
        cls, client: discord.Client, *, initial: bool = False, gateway: yarl.URL | None = None, **options: Any
    ) -> Self:
        if not initial:
            return await super().from_client(client, gateway=gateway, **options)
        gateway = gateway or cls.DEFAULT_GATEWAY
        if gateway.scheme != "wss" and not (gateway.scheme == "ws" and is_loopback(gateway.host or "")):
            raise _FirstConnectionFailed(
                Stopped(
                    "DISCORD_API_URL names a gateway that is neither wss nor on this machine; the token stays here."
                )
            )
        # discord.py uses this default, not `gateway`, when a shard has to identify again.
        DiscordWebSocket.DEFAULT_GATEWAY = gateway
        try:
            async with asyncio.timeout(FIRST_CONNECTION):
                return await super().from_client(client, initial=True, gateway=gateway, **options)
        except (*NETWORK, ReconnectWebSocket) as error:
            raise _FirstConnectionFailed(_Unreachable(f"the gateway: {type(error).__name__}")) from None
        except discord.ConnectionClosed as closed:
            reason = _Unreachable("the gateway: closed at once") if closed.code == 1000 else closed
            raise _FirstConnectionFailed(reason) from None


async def _connect(bot: Attache, scheduler: Scheduler, settings: Settings) -> None:
    """Log in and stay connected. Raise _Unreachable if a later attempt may succeed, and Stopped if none can."""
    if settings.api_url:
        Route.BASE = settings.api_url  # discord.py has no public setting for it. It is read at the login.
    discord.shard.DiscordWebSocket = _Socket  # pyright: ignore[reportPrivateImportUsage]  # discord.py has no option for it
    try:
        await bot.login(settings.token)
        ready = asyncio.create_task(_start_when_ready(bot, scheduler))
        try:
            await bot.connect()
        except _FirstConnectionFailed as failed:
            raise failed.reason from None
        except discord.GatewayNotFound as error:  # Discord did not tell the gateway's address. The cause says why.
            raise error.__cause__ or error from None
        finally:
            ready.cancel()
    except commands.ExtensionError as error:
        log.error("a part of the bot did not load", exc_info=error)
        raise Stopped(f"{error.name} could not be loaded; the log tells why.", EX_SOFTWARE) from None
    except discord.LoginFailure:
        raise Stopped(_REFUSED) from None
    except discord.ConnectionClosed as closed:
        if closed.code == 4004:  # Discord: authentication failed.
            raise Stopped(_REFUSED) from None
        raise Stopped(f"Discord closed the connection for good (code {closed.code}).", EX_UNAVAILABLE) from None
    except NETWORK as error:
        raise _Unreachable(type(error).__name__) from None
    except discord.RateLimited:
        raise _Unreachable("too many requests from here") from None
    except discord.HTTPException as error:
        if error.status >= 500 or error.status == 429:
            raise _Unreachable(f"status {error.status}") from None
        log.error("Discord refused a request of the start", exc_info=error)
        raise Stopped(
            f"Discord refused to let the bot start (status {error.status}); the log tells why. Check DISCORD_API_URL.",
            EX_UNAVAILABLE,
        ) from None


_REFUSED = (
    "Discord refuses the token in DISCORD_TOKEN. Copy it anew from the Bot page of your application at "
    "discord.com/developers, or try the bot without one by `make demo`."
)


async def _start_when_ready(client: discord.Client, scheduler: Scheduler) -> None:
    """Start the scheduler once the client has received its servers."""
    await client.wait_until_ready()
    await scheduler.start()
