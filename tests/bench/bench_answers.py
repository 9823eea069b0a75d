"""Benchmark of answers, compared with a minimal bot: `python -m tests.bench.bench_answers`.

Our bot and tests/bench/bare_bot.py take turns, each on a loopback Discord of its own. A steady load with random
arrivals measures processor time and the 99th percentile (p99); several people asking at once measure throughput. The
benchmark never fails for slow answers, but a missing or wrong answer ends it.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import random
import re
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiosqlite
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.app import Attache
from bot.clock import SystemClock
from bot.ledger.values import expect
from bot.ledger.words import words_of
from bot.services import dossiers
from bot.services.dossiers import STARTER
from data.database import Database
from data.migrate import migrate
from tests.wire.loopback import Loopback
from tests.wire.process import BotProcess

ROOT = Path(__file__).parent.parent.parent
SATURATED = 0.9  # of one core

# Inputs, each with a text that the answer has to contain outside of the repeated question.
DEALS = [
    ("fighter-jet-engines", "Fighter-jet engines"),
    ("armed-drones", "31 armed drones for India"),
    ("infantry-combat-vehicles", "Infantry combat vehicles"),
]
SEARCHES = [
    ("general atomics", "General Atomics"),
    ("hindustan aeronautics", "Hindustan Aeronautics"),
    ("jet engines", "Fighter-jet engines"),
    ("armed drones india", "31 armed drones for India"),
    ("combat vehicles pentagon", "Infantry combat vehicles"),
    ("defence", "Defence cooperation"),
    ("joint statement gaza", "Calls of the joint statement on Gaza"),
    ("clearances", "Clearances for the 31 drones"),
    ("roadmap aims", "Aims of the defence roadmap"),
    ("china details", "What was said about China"),
    ("ukraine war", "War in Ukraine"),
    ("new delhi", "India"),
    ("hostages", "Calls of the joint statement on Gaza"),
    ("general electrc", "General Electric"),
    ("united states", "United States"),
]
QUESTIONS = [
    ("who builds the drones?", "General Atomics"),
    ("how far is the engine deal?", "Fighter-jet engines"),
    ("what has to happen before the drones can be signed for?", "clearances"),
    ("how many drones are there?", "31"),
    ("which company of India works on the engines?", "Hindustan Aeronautics"),
    ("have any combat vehicles been bought?", "Infantry combat vehicles"),
    ("when were the talks?", "10 November 2023"),
    ("who came from Washington?", "Blinken"),
    ("what did both sides say on Gaza?", "Gaza"),
    ("what is still open?", "Clearances for the 31 drones"),
    ("list the deals", "Infantry combat vehicles"),
    ("has china been talked about?", "China"),
    ("what is the roadmap for?", "roadmap"),
    ("status of infantry combat vehicles", "Infantry combat vehicles"),
    ("who is general electrc", "General Electric"),
]
OPENINGS = ("", "hello, ", "please, ", "quick one: ", "tell me, ", "one more, ", "so, ", "hi, ", "again, ", "well, ")
FORMS = ("what about {}?", "{}?", "what do we know of {}?", "anything on {}", "show me {}", "summary of {}", "{} now")
ENDINGS = ("", " please", ", thanks", " ...")

Asked = Iterator[tuple[dict[str, Any], str]]


@dataclass(frozen=True)
class Case:
    """A command to measure, with its inputs, and target ratios to the figures of the minimal bot."""

    title: str
    command: str
    asked: Asked  # Options of the command, and a text that the answer has to contain.
    aims: tuple[float, float, float]  # Highest ratio of processor time, highest of p99, lowest of throughput.


CARD, FOUND = (1.3, 1.5, 0.7), (2.0, 2.0, 0.4)


def cases() -> list[Case]:
    """Return the cases for our bot. In those called "all new", no input comes twice, so that the cache cannot help."""
    return [
        Case("/deal show", "deal show", in_turn("deal", DEALS), CARD),
        Case("/pending list", "pending list", itertools.repeat(({}, "Clearances for the 31 drones")), CARD),
        Case("/search", "search", in_turn("text", SEARCHES), FOUND),
        Case("/search, all new", "search", new_searches(), FOUND),
        Case("/ask", "ask", in_turn("question", QUESTIONS), FOUND),
        Case("/ask, all new", "ask", new_questions(), FOUND),
    ]


def in_turn(option: str, inputs: list[tuple[str, str]]) -> Asked:
    return itertools.cycle([({option: text}, held) for text, held in inputs])


def new_searches() -> Asked:
    """Yield searches, never the same twice, each with the name of the record that it has to find.

    A search consists of four words from the record's name and summary.
    """
    dossier = dossiers.read_shipped(STARTER, now=SystemClock().now())
    sources: list[tuple[str, Iterator[tuple[str, ...]]]] = []
    for record in dossier.records:
        text = " ".join([record.name, *(expect(fact.value, str) for fact in record.facts if fact.field == "summary")])
        words = sorted({word for word in words_of(text) if len(word) > 3})
        if len(words) > 7:
            random.Random(record.slug).shuffle(words)
            sources.append((record.name, itertools.permutations(words, 4)))
    for name, permutations in itertools.cycle(sources):
        yield {"text": " ".join(next(permutations))}, name


def new_questions() -> Asked:
    """Yield every combination of opening, form, record name and ending as a question, in random order.

    Statements and events are left out, because their names are sentences and may be parsed as such.
    """
    dossier = dossiers.read_shipped(STARTER, now=SystemClock().now())
    names = [record.name for record in dossier.records if record.kind not in ("statement", "event")]
    names.remove("New Delhi")
    combinations = list(itertools.product(OPENINGS, FORMS, names, ENDINGS))
    random.Random(1).shuffle(combinations)
    for opening, form, name, ending in combinations:
        yield {"question": opening + form.format(name) + ending}, name


class Wrong(Exception):
    """Raised for an interaction that got no answer or a wrong one. It ends the benchmark."""


class Asking:
    """A server on the loopback Discord with one bot and a member who sends commands to it."""

    def __init__(self, server: Loopback) -> None:
        self.server = server
        self.owner, self.member = server.add_user("asha"), server.add_user("ben")
        self.guild = server.add_guild("Newsroom", self.owner)
        self.channel = server.add_channel(self.guild, "deals")
        server.join(self.guild, self.member)
        server.invite(self.guild)

    async def set_up(self) -> None:
        """Run /setup as the owner, which loads the starter dossier. Raise Wrong unless it is answered."""
        answer = await self.server.slash(self.owner, self.guild, self.channel, "setup")
        if not answer.followups and not answer.edits:
            raise Wrong(f"/setup was answered by {answer.text!r}")

    async def ask(self, case: Case) -> float:
        """Send the next input of a case and return the seconds until the answer. Raise Wrong for a wrong answer."""
        options, held = next(case.asked)
        began = time.perf_counter()
        try:
            answer = await self.server.slash(self.member, self.guild, self.channel, case.command, **options)
        except TimeoutError as late:
            raise Wrong(f"/{case.command} {options}: {late}") from None
        took = time.perf_counter() - began
        text = re.sub(r"[*_\\]", "", answer.text)  # Remove Markdown: matches of a search are bold.
        for asked in options.values():
            text = text.replace(asked, "", 1)
        # The bot answers errors in plain text, and everything else in components.
        if not answer.ephemeral or not (answer.message and answer.message["components"]) or held not in text:
            raise Wrong(f"/{case.command} {options} was not answered by {held!r} but by:\n{answer.text}")
        return took


class Bot(Asking):
    """A server on the loopback Discord whose bot runs as a process of its own and is put under load."""

    def __init__(self, server: Loopback, folder: Path, *module: str) -> None:
        super().__init__(server)
        env = {"ATTACHE_DATABASE": str(folder / "attache.db"), "ATTACHE_LOG_LEVEL": "WARNING"}
        self.process = BotProcess(server, sys.executable, "-m", *module, env=env, cwd=str(ROOT))

    async def steady(self, case: Case, rate: float, seconds: float) -> dict[str, float]:
        """Ask at random moments, on average `rate` times a second, without waiting for earlier answers.

        Return processor time and p99, both in milliseconds.
        """
        chance, asking = random.Random(1), list[asyncio.Task[float]]()
        began, load = time.perf_counter(), Load(self.process)
        due = began
        async with asyncio.TaskGroup() as group:
            while due < began + seconds:
                await asyncio.sleep(due - time.perf_counter())
                asking.append(group.create_task(self.ask(case)))
                due += chance.expovariate(rate)
        took = sorted(task.result() for task in asking)
        return load.over(len(took), "steady") | {"p99": took[int(len(took) * 0.99)] * 1000}

    async def flat_out(self, case: Case, people: int, seconds: float) -> dict[str, float]:
        """Let `people` askers send inputs at once, each the next one when the answer arrives.

        Return the processor time per answer and the answers per second.
        """
        began, load = time.perf_counter(), Load(self.process)
        count = 0

        async def person() -> None:
            nonlocal count
            while time.perf_counter() < began + seconds:
                await self.ask(case)
                count += 1

        async with asyncio.TaskGroup() as group:
            for _ in range(people):
                group.create_task(person())
        return load.over(count, "flat") | {"throughput": count / (time.perf_counter() - began)}


class Load:
    """The processor time that is used from the creation of the instance until `over` is called.

    The bot, this process (with the loopback) and all other programs on the machine are counted apart.
    """

    def __init__(self, bot: BotProcess) -> None:
        self._bot = bot
        self._before = self._read()

    def _read(self) -> tuple[float, float, float, float]:
        return time.perf_counter(), self._bot.processor_time(), time.process_time(), busy()

    def over(self, count: int, how: str) -> dict[str, float]:
        took, bot, here, all_ = (after - before for after, before in zip(self._read(), self._before, strict=True))
        return {
            f"{how} processor": bot / count * 1000,
            f"{how} loopback": here / took,
            "others": max(0.0, all_ - bot - here) / took,
        }


def busy() -> float:
    """Return the processor time that all programs on this machine have used since it started, in seconds."""
    user, nice, system, _idle, _iowait, irq, softirq = Path("/proc/stat").read_text().split()[1:8]
    return sum(map(int, (user, nice, system, irq, softirq))) / os.sysconf("SC_CLK_TCK")


async def thread_hops(folder: Path, cases: list[Case], each: int = 15) -> dict[str, float]:
    """Return for each case how often a command waits for the database's thread, on average.

    The bot runs in this process, without load. `each` is the number of commands per case.
    """
    count, execute = Counter[str](), aiosqlite.Connection._execute

    async def counted(self: aiosqlite.Connection, *args: Any, **kwargs: Any) -> Any:
        count["hops"] += 1
        return await execute(self, *args, **kwargs)

    found: dict[str, float] = {}
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(Loopback())
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = server.api_url, yarl.URL(server.gateway_url)
        db = await Database.open(folder / "hops.db")
        stack.push_async_callback(db.close)
        await migrate(db)
        asking, bot = Asking(server), Attache(db, SystemClock())
        stack.push_async_callback(bot.close)
        await bot.login(server.token)
        connection = asyncio.create_task(bot.connect())
        await bot.wait_until_ready()
        await asking.set_up()
        aiosqlite.Connection._execute = counted
        stack.callback(setattr, aiosqlite.Connection, "_execute", execute)
        for case in cases:
            for _ in range(2):  # The first pass fills the caches. The second is the one that counts.
                count.clear()
                for _ in range(each):
                    await asking.ask(case)
            found[case.title] = count["hops"] / each
        await bot.close()
        await connection
    return found


async def run(options: argparse.Namespace) -> None:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        asked = cases()
        hops = await thread_hops(folder, asked)
        bare = Bot(await stack.enter_async_context(Loopback()), folder, "tests.bench.bare_bot")
        ours = Bot(await stack.enter_async_context(Loopback()), folder, "bot", "run")
        card = Case("barest card", "card", itertools.repeat(({}, "The name of a deal")), (1.0, 1.0, 1.0))
        await bare.process.start()
        await ours.process.start()
        await ours.set_up()
        pairs = [(bare, card), *((ours, case) for case in asked)]
        for bot, case in pairs:
            await bot.flat_out(case, options.people, 0.5)  # Warm-up.
        rounds: dict[str, list[dict[str, float]]] = defaultdict(list)
        for number in range(options.rounds):
            for bot, case in pairs if number % 2 == 0 else pairs[::-1]:
                steady = await bot.steady(case, options.rate, options.seconds)
                flat = await bot.flat_out(case, options.people, options.seconds / 2)
                rounds[case.title].append(steady | flat)
        ours.process.terminate()
        await ours.process.wait()
        if "Traceback" in ours.process.output:
            raise Wrong(f"The bot logged an error:\n{ours.process.output}")
    report(options, [card, *asked], rounds, hops | {card.title: 1})


def report(
    options: argparse.Namespace, cases: list[Case], rounds: dict[str, list[dict[str, float]]], hops: dict[str, float]
) -> None:
    medians = {
        title: {name: statistics.median(one[name] for one in found) for name in found[0]}
        for title, found in rounds.items()
    }
    base = medians[cases[0].title]
    print(
        f"Medians of {options.rounds} rounds of {options.seconds:g} s at {options.rate:g}/s (processor time, p99) "
        f"and of {options.people} people at once (throughput).\n"
        "In parentheses the ratio to the barest card and its aim.\n"
    )
    print(
        f"{'':16} {'processor time':>24} {'p99':>24} {'throughput':>24} {'processor, flat out':>20} {'thread hops':>12}"
    )
    for case in cases:
        found, (processor, p99, throughput) = medians[case.title], case.aims
        columns = [
            told(found, base, "steady processor", "ms", f"<= {processor:g}"),
            told(found, base, "p99", "ms", f"<= {p99:g}"),
            told(found, base, "throughput", "/s", f">= {throughput:g}"),
        ]
        flat = told(found, base, "flat processor", "ms", "")
        print(f"{case.title:16} {' '.join(f'{one:>24}' for one in columns)} {flat:>20} {hops[case.title]:>12.1f}")
    busiest = max(max(found["flat loopback"], found["steady loopback"]) for found in medians.values())
    verdict = "it held the bots up, so the ratios flatter" if busiest > SATURATED else "it held nothing up"
    others = statistics.median(one["others"] for found in rounds.values() for one in found)
    print(
        f"\nThe loopback used {busiest:.2f} of a core at most: {verdict}. Other programs used {others:.2f} of a core."
    )


def told(found: dict[str, float], base: dict[str, float], name: str, unit: str, aim: str) -> str:
    if found is base:
        return f"{found[name]:.3g} {unit}"
    return f"{found[name]:.3g} {unit} ({' '.join(filter(None, [f'{found[name] / base[name]:.2f}', aim]))})"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.bench_answers", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--seconds", type=float, default=2, help="of the steady load in each round; half of it flat out"
    )
    parser.add_argument("--rate", type=float, default=100, help="questions a second of the steady load")
    parser.add_argument("--people", type=int, default=16, help="who ask at once when flat out")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
