"""The command line, `python -m bot`: parses the arguments, loads the settings and starts the chosen command."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from bot import preflight
from bot.preflight import EX_CONFIG

# Imports here must work in any Python 3 without packages: `main` checks first whether this machine can run the rest.


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
    actions.add_parser("update", help="what `make update` does: a backup, the newest version from git and its packages")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status. Print an expected failure as a sentence, without a traceback."""
    if sentence := preflight.unsupported(sys.platform, sys.version_info[:3]):
        print(sentence, file=sys.stderr)
        return EX_CONFIG
    options = _parser().parse_args(arguments)
    if options.command == "run" and (sentence := preflight.outdated(Path(sys.prefix))):
        print(sentence, file=sys.stderr)
        return EX_CONFIG
    from bot.errors import Stopped
    from bot.settings import SettingsError
    from data.database import DatabaseError

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
    from bot import logs
    from bot.clock import SystemClock
    from bot.settings import Settings

    settings = Settings.load(os.environ, Path(".env"), needs_token=options.command == "run")
    logs.configure(settings.log_level, settings.log_format, token=settings.token)
    if options.command == "run":
        import asyncio

        from bot.lifecycle import run

        asyncio.run(run(settings))
    elif options.command == "backup":
        from bot import backup

        backup.backup(settings.database, options.file)
        print(f"Copied and verified: {options.file}")
    elif options.command == "update":
        from bot import update

        update.update(settings.database, now=SystemClock().now())
    else:
        from bot import backup

        old_database = backup.restore(options.file, settings.database, now=SystemClock().now())
        print(f"Restored {settings.database}." + (f" The old file is kept as {old_database}." if old_database else ""))
    return 0


def _check_dossier(file: Path) -> int:
    from bot import dossier
    from bot.clock import SystemClock

    checked = dossier.check(file, now=SystemClock().now())
    for mistake in checked.mistakes:
        print(mistake, file=sys.stderr)
    if checked.mistakes:
        return 1
    print(f"{file}: no mistakes.")
    if checked.names:
        print("A server that loads it has to have records of these names:", *checked.names, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
