"""`python -m bot`: the command line and the only place where the parts are put together."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sqlite3
import sys
from contextlib import suppress
from pathlib import Path

import aiohttp
import discord
import yarl
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot import logs
from bot.app import Attache
from bot.clock import SystemClock
from bot.heartbeat import Heartbeat
from bot.services import derived
from bot.settings import EX_CONFIG, Settings, SettingsError, is_loopback
from data.database import Database, DatabaseError, FileLock

EX_SOFTWARE = 70  # sysexits.h: an internal error.
EX_UNAVAILABLE = 69  # sysexits.h: a service is unavailable.
CLOSE_WITHIN = 5.0  # Seconds; whatever is being sent then stays claimed and is looked up at the next start.

log = logging.getLogger("bot")


class Stopped(Exception):
    """The program ends here, with one sentence for the person at the terminal and an exit status."""

    def __init__(self, sentence: str, status: int = EX_CONFIG) -> None:
        super().__init__(sentence)
        self.status = status


async def run(settings: Settings) -> None:
    """Runs the bot until a signal. Stopped when a setting, the file or Discord refuses."""
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
            await _run_bot(settings, db)
        finally:
            await db.close()
    finally:
        lock.release()


async def _run_bot(settings: Settings, db: Database) -> None:
    clock = SystemClock()
    # The bot never speaks; what it lacks for that is nothing to warn of at each start.
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    bot = Attache(db, clock)
    heartbeat = Heartbeat(bot.deliverer, db, clock)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_ in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_, stop.set)
    running = asyncio.create_task(_connect(bot, heartbeat, settings))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_WITHIN - 1):
                await heartbeat.close()
                await bot.deliverer.close()
                await bot.close()
        if not running.done():
            running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    log.info("closed")


async def _connect(bot: Attache, heartbeat: Heartbeat, settings: Settings) -> None:
    """Logs in and stays connected; turns what cannot be mended by waiting into a sentence."""
    if settings.api_url:
        Route.BASE = settings.api_url
    try:
        await bot.login(settings.token)
        if settings.api_url:
            DiscordWebSocket.DEFAULT_GATEWAY = await _gateway(bot)
        ready = asyncio.create_task(_beat_when_ready(bot, heartbeat))
        try:
            await bot.connect()
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
    except (aiohttp.ClientError, OSError, discord.DiscordServerError) as error:
        raise Stopped(
            f"Discord cannot be reached ({type(error).__name__}). Check the network and DISCORD_API_URL, "
            "then start again.",
            EX_UNAVAILABLE,
        ) from None


_REFUSED = (
    "Discord refuses the token in DISCORD_TOKEN. Copy it anew from the Bot page of your application at "
    "discord.com/developers, or try the bot without one by `make demo`."
)


async def _gateway(bot: Attache) -> yarl.URL:
    """The gateway of the REST base in the settings. The token travels there, so it is held to the same rule."""
    found = yarl.URL((await bot.http.request(Route("GET", "/gateway/bot")))["url"])
    if found.scheme != "wss" and not (found.scheme == "ws" and is_loopback(found.host or "")):
        raise Stopped("DISCORD_API_URL names a gateway that is neither wss nor on this machine; the token stays here.")
    return found


async def _beat_when_ready(bot: Attache, heartbeat: Heartbeat) -> None:
    await bot.wait_until_ready()
    await heartbeat.start()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot", description="Follow international deals inside Discord.")
    actions = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    actions.add_parser("run", help="run the bot (settings come from the environment and .env)")
    demo = actions.add_parser("demo", help="the bot in a browser page on this machine, no token needed")
    demo.add_argument("--tour", action="store_true", help="a scripted visit in the terminal instead")
    demo.add_argument("--port", type=int, default=8765, help="the page's port (default 8765)")
    dossier = actions.add_parser("dossier", help="work with dossier files")
    check = dossier.add_subparsers(dest="action", required=True, metavar="ACTION").add_parser(
        "check", help="name every mistake of a dossier file"
    )
    check.add_argument("file", type=Path)
    for name, help_ in (
        ("backup", "a consistent, verified copy of the database, also while the bot runs"),
        ("restore", "put a backup in place; the bot must not run, the old file is kept"),
    ):
        actions.add_parser(name, help=help_).add_argument("file", type=Path)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns its exit status; every failure is a sentence, not a traceback."""
    options = _parser().parse_args(arguments)
    try:
        return _dispatch(options)
    except SettingsError as error:
        for mistake in error.mistakes:
            print(mistake, file=sys.stderr)
        return EX_CONFIG
    except DatabaseError as error:
        print(error, file=sys.stderr)
        return EX_CONFIG
    except Stopped as stopped:
        print(stopped, file=sys.stderr)
        return stopped.status


def _dispatch(options: argparse.Namespace) -> int:
    if options.command == "dossier":
        return _check_dossier(options.file)
    if options.command == "demo":
        from bot import demo

        return demo.main(tour=options.tour, port=options.port)
    settings = Settings.load(os.environ, Path(".env"), needs_token=options.command == "run")
    logs.configure(settings.log_level, settings.log_format, token=settings.token)
    if options.command == "run":
        asyncio.run(run(settings))
    elif options.command == "backup":
        from bot import backup

        backup.backup(settings.database, options.file)
        print(f"Copied and verified: {options.file}")
    else:
        from bot import backup

        kept = backup.restore(options.file, settings.database, now=SystemClock().now())
        print(f"Restored {settings.database}." + (f" The old file is kept as {kept}." if kept else ""))
    return 0


def _check_dossier(file: Path) -> int:
    from bot import dossier

    mistakes = dossier.check(file, now=SystemClock().now())
    for mistake in mistakes:
        print(mistake, file=sys.stderr)
    if not mistakes:
        print(f"{file}: no mistakes.")
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
