"""Tests of /ask when Discord refuses the answer or the connection breaks: the question is stored exactly once."""

from __future__ import annotations

import asyncio

import pytest

from cogs import ask as asking
from tests.wire.live_server import LiveServer, live
from tests.wire.people import Answer, walk

__all__ = ["live"]  # The fixture.
LONG = "Who flies to the moon, please, and why would anybody in the whole wide world ever want to go there at all?"


@pytest.fixture
async def asked(live: LiveServer) -> LiveServer:
    """Return the live server after publishing /ask to it."""
    cog = asking.Ask(live.bot)
    await live.bot.add_cog(cog)
    live.bot.components.add(cog)
    await live.bot.tree.sync()
    return live


async def written(live: LiveServer) -> list[tuple[str, int]]:
    """Wait until a question is stored, which happens after the answer. Return all stored questions.

    Each is a tuple of the text and a flag: 1 if the record had no answer, else 0.
    """
    async with asyncio.timeout(5):
        while True:
            rows = await live.db.read.execute_fetchall("SELECT asked, unanswered FROM question")
            if found := [tuple(row) for row in rows]:
                return found


async def ask(live: LiveServer, question: str) -> Answer:
    return await live.server.slash(live.member, live.guild, live.channel, "ask", question=question)


async def test_a_question_whose_answer_arrived_unknown_to_the_bot_has_working_buttons(asked: LiveServer):
    asked.server.fault("POST", "/interactions/*/*/callback", "drop_after")
    found = await ask(asked, LONG)
    await asked.server.until(lambda: found.complete)
    assert found.message is not None
    missed = next(p["custom_id"] for p in walk(found.message["components"]) if p.get("label") == "Not what I asked")
    assert await written(asked) == [(LONG, 1)]
    pressed = await asked.server.click(asked.member, found.message, missed)
    await asked.server.until(lambda: pressed.complete)
    assert pressed.text.startswith("Filed for the editors")


@pytest.mark.parametrize("status", [400, 404])
async def test_a_question_whose_answer_was_refused_is_counted_once(asked: LiveServer, status: int):
    asked.server.fault("POST", "/interactions/*/*/callback", status, code=10062 if status == 404 else 50035)
    await ask(asked, "Who flies to the moon?")
    assert await written(asked) == [("Who flies to the moon?", 1)]
    again = await ask(asked, "Who makes the drones?")
    await asked.server.until(lambda: again.complete)
