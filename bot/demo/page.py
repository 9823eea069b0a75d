"""The demo in a browser: the simulated server as a page, kept live while people click in it."""

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

BEAT = 1.0  # Seconds between two looks at the clock.


def _let_the_page_live() -> asyncio.Lock:
    """Patch simcord so that its page works while the world changes by itself. It uses private parts of simcord.

    A refresh between the page's poll and a click would refuse the click ("Action was not completed"). So actions are
    not bound to the revision of the page, and one lock keeps them and the clock apart.
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


# simcord's own name, and tools of its toolbar that are for people who test a bot with it. Its page asks what completes
# an option at the first letter; Discord asks as soon as the option is reached.
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
    """Patch simcord's page, by its private parts: show Attaché's name, and complete before a letter is typed."""
    original = _server.PreviewServer._static

    async def ours(self: Any, request: Any) -> Any:
        served = await original(self, request)
        for theirs, own in _OURS.get(request.path, {}).items():
            served.text = served.text.replace(theirs, own)
        return served

    _server.PreviewServer._static = ours


class _Pages:
    """Several pages of one world. simcord supports one page, so this object answers for all of them."""

    def __init__(self, *pages: Any) -> None:
        self._pages = pages

    @property
    def _closed(self) -> bool:
        return all(page._closed for page in self._pages)

    def _mark_action_dispatched(self) -> None:
        for page in self._pages:
            page._mark_action_dispatched()


def _free(port: int) -> int:
    """Return the first port from `port` on that is free together with the next one. Each demo takes a pair."""
    for candidate in range(port, port + 40, 2):
        with contextlib.suppress(OSError), socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", candidate))
            second.bind(("127.0.0.1", candidate + 1))
            return candidate
    return port


async def run_page(port: int) -> int:
    """Serve the pages until interrupted. Return the exit status; print a sentence when the port is taken."""
    lock = _let_the_page_live()
    _make_the_page_ours()
    port = _free(port)
    async with demo_world() as world:
        viewers = [world.member, world.editor, world.manager]
        server = world.env.preview(
            world.channel, viewers=viewers, layout="channel", port=port, timezone=ZONE, assets=world.pictures
        )
        server.capability = "demo"  # A fixed link: the page is bound to this machine and holds invented people only.
        try:
            async with server:
                world.env._preview = None  # simcord allows one preview; the second shows the member's messages.
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
    """Keep the simulated clock in step with the real one, jump when asked, and show what changed."""
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
            # Whatever changes goes through a request; drawing both pages anew each second would keep a core half busy.
            if shown != (shown := len(world.env.http_requests)):
                for page in pages:
                    _show_newest(page, newest)
                    with contextlib.suppress(simcord.SetupError):
                        await page.refresh()


def _show_newest(page: Any, newest: dict[str, int | None]) -> None:
    """Scroll to the beginning of the newest message; simcord itself only says that a message came."""
    for view in page._pages.values():
        target = page._initial_target(view.viewer, view.channel_id)
        if newest.get(view.id) != target:
            newest[view.id] = view.target_id = target
