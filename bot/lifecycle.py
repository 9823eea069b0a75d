"""Runs the bot: locks and opens the file, retries until Discord is reached, and closes everything on a signal."""

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

CLOSE_WITHIN = 5.0  # Seconds; whatever is being sent then stays claimed and is looked up at the next start.
PAUSES = (5.0, 15.0, 45.0, 135.0, 300.0)  # Seconds between tries to reach Discord at the start; the last one repeats.
FIRST_CONNECTION = 50.0  # Seconds; discord.py gives up after 60, and not in a way that can be told from a fault.

log = logging.getLogger("bot")


class _Unreachable(Exception):
    """Discord could not be reached at the start, and a later try may succeed. The text says briefly what happened."""


async def run(settings: Settings) -> None:
    """Run the bot until a signal. Raise Stopped when the settings, the file or Discord make that impossible."""
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
    """Run a bot; while Discord cannot be reached, wait and run another one."""
    # The bot never speaks; what it lacks for that is nothing to warn of at each start.
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
    """Run one bot until `stop` is set, and close it in time."""
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
    """A failure of the very first gateway connection. It is a BaseException so that discord.py does not catch it.

    discord.py 2.7.1 catches each Exception of a shard's first connection and tries again after 5 s for ever: with a
    traceback in the log, and by a call within the call, so that Python's limit of recursion ends the program.
    """

    def __init__(self, reason: Exception) -> None:
        super().__init__(reason)
        self.reason = reason


class _Socket(DiscordWebSocket):
    """A gateway connection. The very first one either succeeds or raises _FirstConnectionFailed.

    Later ones, of the other shards and after an interruption, are tried again by discord.py.
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
        # A shard that has to identify anew connects to this address, not to the one that was asked for at the start.
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
    """Log in and stay connected. Raise _Unreachable when a later try may succeed, Stopped when none can."""
    if settings.api_url:
        Route.BASE = settings.api_url  # There is no public name for the address; it has to be set before the login.
    discord.shard.DiscordWebSocket = _Socket  # pyright: ignore[reportPrivateImportUsage]  # there is no other way in
    try:
        await bot.login(settings.token)
        ready = asyncio.create_task(_start_when_ready(bot, scheduler))
        try:
            await bot.connect()
        except _FirstConnectionFailed as failed:
            raise failed.reason from None
        except discord.GatewayNotFound as error:  # Discord refused to tell where the gateway is; the cause says why.
            raise error.__cause__ or error from None
        finally:
            ready.cancel()
    except commands.ExtensionError as error:
        log.error("a part of the bot did not load", exc_info=error)
        raise Stopped(f"{error.name} could not be loaded; the log tells why.", EX_SOFTWARE) from None
    except discord.LoginFailure:
        raise Stopped(_REFUSED) from None
    except discord.ConnectionClosed as closed:
        if closed.code == 4004:  # Discord's gateway: authentication failed.
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
    await client.wait_until_ready()
    await scheduler.start()
