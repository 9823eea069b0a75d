"""The scripted tour: prints in the terminal what people type, what the bot answers and which messages it sends."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import simcord

from bot import dates
from bot.demo.world import QUESTIONS, ZONE, DemoWorld, demo_world

ITEM = "drone-clearances"


class StepFailed(Exception):
    """Raised when a step of the tour fails. The text says what was wrong."""


def _parts(components: Any) -> Iterator[dict[str, Any]]:
    for part in components or []:
        yield part
        yield from _parts(part.get("components"))


def _text(message: Any) -> str:
    """Return the text of a message as a person reads it: its content and its text components, without markup."""
    texts = [part["content"] for part in _parts(_raw(message)) if part.get("type") == 10]  # 10: text display
    return _readable("\n".join(filter(None, [message.content, *texts])))


_ZONE = ZoneInfo(ZONE)


def _instant(match: re.Match[str]) -> str:
    at = datetime.fromtimestamp(int(match[1]), _ZONE)
    return f"{dates.format_day(at.date(), weekday=False)}, {at:%H:%M}"


def _readable(text: str) -> str:
    """Return a text without Discord's markup, for the terminal."""
    text = re.sub(r"</([^:>]+):\d+>", r"/\1", text)
    text = re.sub(r" ?\(<t:\d+:R>\)", "", text)
    text = re.sub(r"<t:(\d+)(?::\w)?>", _instant, text)
    text = re.sub(r"^(?:-# |#{1,3} )", "", text, flags=re.MULTILINE)
    text = re.sub(r"(?<!\\)(?:\*\*|`)", "", text)
    text = re.sub(r"(?<![\\\w])\*(?=\S)(.+?)(?<=\S)\*", r"\1", text)
    return re.sub(r"\\(?=[^A-Za-z0-9\s])", "", text)


def _raw(message: Any) -> list[dict[str, Any]]:
    return [c if isinstance(c, dict) else c.to_dict() for c in message.components]


@dataclass
class Tour:
    """The scripted tour. Each public coroutine does one thing as a person would, checks the outcome and prints it.

    `steps` is the number of steps printed so far.
    """

    world: DemoWorld
    steps: int = 0

    def _say(self, heading: str, text: str) -> None:
        self.steps += 1
        print(f"\n── {self.steps}. {heading}\n\n{text}", flush=True)

    def _answer(self, result: simcord.InteractionResult, *expected: str) -> str:
        if not result.acknowledged or result.response is None:
            raise StepFailed("the bot did not answer")
        text = _text(result.response)
        for expect in expected:
            if expect.casefold() not in text.casefold():
                raise StepFailed(f"the answer holds no {expect!r}:\n{text}")
        return text

    async def types(self, who: simcord.MemberActor, command: str, *expected: str, **options: Any) -> Any:
        """Type a command as a member, check that the answer contains the expected texts, and return the answer."""
        shown = " ".join(f"{name}: {getattr(value, 'name', value)}" for name, value in options.items())
        result = await who.slash(self.world.channel, command, **options)
        self._say(f"{who.name} types /{command} {shown}".rstrip(), self._answer(result, *expected))
        return result.response

    async def asks(self, who: simcord.MemberActor, question: str, *expected: str) -> Any:
        """Ask a question as a member, check that the answer contains the expected texts, and return the answer.

        The first line of an answer quotes the question, so the texts are expected below it.
        """
        result = await who.slash(self.world.channel, "ask", question=question)
        heading, _, answer = self._answer(result).partition("\n")
        for expect in expected:
            if expect.casefold() not in answer.casefold():
                raise StepFailed(f"the answer to {question!r} holds no {expect!r}:\n{answer}")
        self._say(f"{who.name} types /ask question: {question}", f"{heading}\n{answer}")
        return result.response

    async def clicks(self, who: simcord.MemberActor, message: Any, label: str, expect: str) -> Any:
        """Click the button with this label in a message as a member, and return the answer."""
        result = await who.click(message, label=label)
        self._say(f"{who.name} presses {label}", self._answer(result, expect))
        return result.response

    async def fills_in(
        self, who: simcord.MemberActor, command: str, typed: dict[str, str], expect: str, **options: Any
    ) -> Any:
        """Type a command that opens a form, fill the form in, and return the answer."""
        shown = " ".join(f"{name}: {value}" for name, value in options.items())
        form = await who.slash(self.world.channel, command, **options)
        if form.modal is None:
            raise StepFailed(f"/{command} opened no form")
        result = await who.submit_modal(form, typed)
        lines = "\n".join(f"    {name}: {value}" for name, value in typed.items())
        self._say(
            f"{who.name} types /{command} {shown} and fills in the form", f"{lines}\n\n{self._answer(result, expect)}"
        )
        return result.response

    async def waits(self, span: timedelta, heading: str, arrived: Callable[[], str | None]) -> None:
        """Let the time `span` pass, then print the message that `arrived` returns.

        Raise StepFailed if it returns None.
        """
        await self.world.advance(self.world.env.now() + span)
        text = arrived()
        if text is None:
            raise StepFailed(f"it did not arrive: {heading}")
        self._say(heading, text)

    def channel(self, expect: str) -> Callable[[], str | None]:
        """Return a function for `waits`. It returns the newest message with the text `expect` in the channel."""
        return lambda: _newest([_text(message) for message in self.world.channel.history()], expect)

    def dm(self, who: simcord.MemberActor, expect: str) -> Callable[[], str | None]:
        """Return a function for `waits`. It returns the newest direct message to `who` with the text `expect`."""
        return lambda: _newest([_text(message) for message in who.user.dm_channel.history()], expect)


def _newest(texts: list[str], expect: str) -> str | None:
    return next((text for text in reversed(texts) if expect.casefold() in text.casefold()), None)


async def _visit(tour: Tour) -> None:
    world = tour.world
    member, editor = world.member, world.editor
    await tour.types(member, "help", "/deal show")
    for question, expected in QUESTIONS.items():
        await tour.asks(member, question, *expected)
    answer = await tour.asks(member, "how much is teh drone deel worth?", "more than $3 billion", "sentence 5")
    await tour.clicks(member, answer, "Sources", "more than $3 billion")
    await tour.types(member, "deal show", "Waiting for U.S. government clearances", deal="armed-drones")
    await tour.types(member, "pending list", "What is still open")
    await tour.types(member, "participant show", "India", participant="भारत")
    await tour.types(member, "search", "Humanitarian pauses", text="humanitarian pauses")

    await tour.types(member, "follow add", "31 armed drones for India", what="armed-drones")
    await tour.waits(timedelta(), "A first direct message shows that messages reach max", tour.dm(member, "31 armed"))
    await tour.types(member, "remind me", "Clearances", item=ITEM)

    today = world.env.now().date()
    due = dates.format_day(today + timedelta(days=2), weekday=False)
    form = {
        "value": f"{due}, announced",
        "date": dates.format_day(today, weekday=False),
        "source": "https://example.org/briefing, paragraph 3",
        "published": dates.format_day(today, weekday=False),
        "reason": "",
    }
    preview = await tour.fills_in(editor, "update pending", form, due, item=ITEM)
    await tour.clicks(editor, preview, "Save", "Saved")
    a_moment = timedelta(seconds=90)
    await tour.waits(a_moment, "The change reaches the channel, which follows the deal", tour.channel(due))
    await tour.waits(timedelta(), "and max, who follows it too", tour.dm(member, due))
    await tour.asks(member, "When are the drone clearances due?", due, "announced", "paragraph 3")

    two_days = timedelta(days=2, hours=4)  # Reminders come at 9:00 in India, which is 03:30 in UTC.
    await tour.waits(two_days, "Two days later the day has come: the channel is reminded", tour.channel("due today"))
    await tour.waits(timedelta(), "and so is max", tour.dm(member, "due today"))
    await tour.waits(timedelta(days=7), "Within a week the channel's digest arrives", tour.channel("Digest,"))


async def run_tour() -> int:
    """Run the tour. Return the exit status: 0, or 1 with an error printed if a step failed."""
    async with demo_world() as world:
        tour = Tour(world)
        try:
            await _visit(tour)
        except (StepFailed, simcord.SetupError, simcord.OptionError) as failed:
            print(f"\nStep {tour.steps + 1} failed: {failed}", file=sys.stderr)
            return 1
        for error in world.env.errors:
            logging.getLogger(__name__).error("the bot raised", exc_info=error)
            return 1
    print(f"\nAll {tour.steps} steps went well.", flush=True)
    return 0
