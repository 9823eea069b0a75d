"""The demo: the bot in a simulated Discord on this machine, as a web page or as a scripted tour in the terminal."""

from __future__ import annotations

import asyncio
import importlib.util
import sys

from bot.errors import EX_UNAVAILABLE


def main(*, tour: bool, port: int) -> int:
    """Serve the demo's web page until interrupted, or run the tour once. Return the exit status."""
    if importlib.util.find_spec("simcord") is None:
        print("The demo needs packages that `make run` leaves out. Start it with `make demo`.", file=sys.stderr)
        return EX_UNAVAILABLE
    try:
        if tour:
            from bot.demo.tour import run_tour

            return asyncio.run(run_tour())
        from bot.demo.page import run_page

        return asyncio.run(run_page(port))
    except KeyboardInterrupt:
        return 0
