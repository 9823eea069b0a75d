"""The demo as a web page: shows the simulated server in a browser and updates it while time passes."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import socket
import sys
from typing import Any

import simcord
from simcord.preview import _actions, _server

from bot.clock import SystemClock
from bot.demo.world import QUESTIONS, ZONE, DemoWorld, demo_world
from bot.errors import EX_UNAVAILABLE

BEAT = 1.0  # Seconds between two updates of the simulated clock and of the page.


def _let_the_page_live() -> asyncio.Lock:
    """Patch simcord so that clicks in its page work although the server changes by itself. Return a lock.

    simcord refuses a click ("Action was not completed") if the page has changed since the browser polled it. The patch
    removes this check. Every click holds the lock, and code that advances the clock has to hold it too. The patch uses
    private parts of simcord.
    """
    lock = asyncio.Lock()
    _actions.ACTION_SPECS = {
        name: dataclasses.replace(spec, revision_bound=False) for name, spec in _actions.ACTION_SPECS.items()
    }
    original = _server.PreviewServer._action

    async def one_at_a_time(self: Any, request: Any) -> Any:
        async with lock:
            return await original(self, request)

    _server.PreviewServer._action = one_at_a_time
    return lock


# Replacements in simcord's page, by path: its name becomes Attaché, tools for testers are hidden, and autocompletion
# begins as soon as an option is selected, as in Discord, and not only at the first letter.
_OURS = {
    "/": {
        "<title>SimCord Preview</title>": "<title>Attaché</title>",
        'aria-label="SimCord preview"': 'aria-label="Attaché"',
        'aria-hidden="true">S</span>': 'aria-hidden="true">A</span>',
        "<span><strong>SimCord</strong><small>Preview</small></span>": "<strong>Attaché</strong>",
        'id="refresh" ': 'id="refresh" hidden ',
        'id="capture-open" ': 'id="capture-open" hidden ',
        'id="inspector-toggle" ': 'id="inspector-toggle" hidden ',
        '<details class="session-menu">': '<details class="session-menu" hidden>',
    },
    "/commands.js": {
        'const current = String(field.value || "");': 'const current = String(field.value || "");'
        "if (!current) queryAutocomplete(option, current);",
    },
}


def _make_the_page_ours() -> None:
    """Patch simcord to apply the replacements in `_OURS` to its page. The patch uses private parts of simcord."""
    original = _server.PreviewServer._static

    async def ours(self: Any, request: Any) -> Any:
        served = await original(self, request)
        for old, new in _OURS.get(request.path, {}).items():
            served.text = served.text.replace(old, new)
        return served

    _server.PreviewServer._static = ours


class _Pages:
    """Several pages that look like one page to `simcord.Env`, which supports only one."""

    def __init__(self, *pages: Any) -> None:
        self._pages = pages

    @property
    def _closed(self) -> bool:
        return all(page._closed for page in self._pages)

    def _mark_action_dispatched(self) -> None:
        for page in self._pages:
            page._mark_action_dispatched()


def _free(port: int) -> int:
    """Return the first free port, from `port` on, that is followed by a free port. Return `port` if there is none."""
    for candidate in range(port, port + 40, 2):
        with contextlib.suppress(OSError), socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", candidate))
            second.bind(("127.0.0.1", candidate + 1))
            return candidate
    return port


async def run_page(port: int) -> int:
    """Serve the demo's pages until interrupted, then return 0.

    If the port is taken, print a sentence and return another exit status.
    """
    lock = _let_the_page_live()
    _make_the_page_ours()
    port = _free(port)
    async with demo_world() as world:
        viewers = [world.member, world.editor, world.manager]
        server = world.env.preview(
            world.channel, viewers=viewers, layout="channel", port=port, timezone=ZONE, assets=world.pictures
        )
        # The link is fixed. It needs no secret: only this machine can reach the page, and its people are invented.
        server.capability = "demo"
        try:
            async with server:
                world.env._preview = None  # simcord allows one preview. The second one is for direct messages.
                direct = world.env.preview(
                    world.member.user.dm_channel,
                    viewers=[world.member.user],
                    layout="channel",
                    port=port + 1,
                    timezone=ZONE,
                    assets=world.pictures,
                )
                direct.capability = "demo"
                async with direct:
                    world.env._preview = _Pages(server, direct)  # pyright: ignore[reportAttributeAccessIssue]  # as above
                    _tell(server.url, direct.url)
                    await _live(world, [server, direct], lock)
        except simcord.SetupError as error:
            print(
                f"The page cannot be served: {error}. Stop what uses the port, or choose another: "
                ".venv-demo/bin/python -m bot demo --port 9000",
                file=sys.stderr,
            )
            return EX_UNAVAILABLE
    return 0


def _tell(server: str, direct: str) -> None:
    questions = "\n".join(f"    {question}" for question in QUESTIONS)
    print(
        f"\nAttaché's demo is ready. Open it in a browser on this machine:\n\n    {server}\n\n"
        f"Max's direct messages are at {direct}\n\n"
        f"Type /ask, press Enter, then a question:\n\n{questions}\n\n"
        "Then try /deal show, /pending list, /follow add; choose at the top who you are.\n"
        "/demo skip lets an hour, a day or a week pass. Stop with Ctrl+C.\n",
        flush=True,
    )


async def _live(world: DemoWorld, pages: list[Any], lock: asyncio.Lock) -> None:
    """Let the simulated clock run at the speed of the real one, and refresh the pages when something changes.

    When somebody uses `/demo skip`, advance the simulated clock by the time to skip.
    """
    clock = SystemClock()
    ahead = world.env.now() - clock.now()
    shown = -1
    newest: dict[str, int | None] = {}
    while True:
        await asyncio.sleep(BEAT)
        with contextlib.suppress(asyncio.QueueEmpty):
            ahead += world.skip.asked.get_nowait()
        async with lock:
            await world.advance(clock.now() + ahead)
            # Every change makes a request. Refreshing both pages each second would take half a core.
            if shown != (shown := len(world.env.http_requests)):
                for page in pages:
                    _show_newest(page, newest)
                    with contextlib.suppress(simcord.SetupError):
                        await page.refresh()


def _show_newest(page: Any, newest: dict[str, int | None]) -> None:
    """Scroll a page to the beginning of its newest message. simcord itself only announces a new message."""
    for view in page._pages.values():
        target = page._initial_target(view.viewer, view.channel_id)
        if newest.get(view.id) != target:
            newest[view.id] = view.target_id = target
