"""Measures search, completion and `/ask` among 100,000 deals and a million updates.

Run it with `python -m tests.bench.bench_search`.

It prints processor times of the whole process, one case after the other. The database is made by
`tests/bench/crowd.py` and kept in var/bench. Nothing fails for being slow.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.ledger.kinds import KINDS, STAGES
from bot.services import asking, derived, index, records, search
from bot.services.search import Wanted
from bot.ui import answers
from data.database import Connection, Database
from data.migrate import migrations
from data.records import Kind
from tests.bench import crowd

FOLDER = Path(__file__).parent.parent.parent / "var" / "bench"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CASES = 120  # In each group. With fewer cases, a 99th percentile would mean little.


@dataclass(frozen=True)
class Group:
    """Cases of one sort. `run` runs one case. `aim` is the processor time in ms that 99 of 100 should need at most."""

    title: str
    aim: float
    run: Callable[[Connection, int, Any], Awaitable[object]]
    cases: Sequence[Any]
    guild_id: int = crowd.BIG


@dataclass(frozen=True)
class Known:
    """Names of records in the file, and the words of these names."""

    names: list[str]
    words: list[str]

    @classmethod
    async def read(cls, conn: Connection) -> Known:
        rows = await conn.execute_fetchall(
            # In one order, so that the cases stay the same when indexes change.
            "SELECT name FROM record WHERE guild_id = ? AND live = 1 AND id % 7 = 0 ORDER BY id LIMIT 5000",
            (crowd.BIG,),
        )
        names = [name for (name,) in rows]
        return cls(names, sorted({word for name in names for word in name.split() if word.isalpha() and len(word) > 3}))


COMMON = [
    "the",
    "of",
    "on",
    "training",
    "india",
    "agreement",
    "limited",
    "dollars",
    "buyer",
    "is",
    "delivery",
    "command",
]


def slipped(rnd: random.Random, word: str) -> str:
    """Return a word with one random typo: a letter left out, an "x" put in, or two letters swapped."""
    at = rnd.randrange(1, len(word) - 1)
    return rnd.choice(
        (word[:at] + word[at + 1 :], word[:at] + word[at + 1] + word[at] + word[at + 2 :], word[:at] + "x" + word[at:])
    )


async def searched(conn: Connection, guild_id: int, wanted: Wanted) -> object:
    return await search.search(conn, guild_id, wanted, limit=8)


async def deep(conn: Connection, guild_id: int, asked: tuple[Wanted, int]) -> object:
    return await search.search(conn, guild_id, asked[0], offset=asked[1], limit=8)


async def completed(conn: Connection, guild_id: int, asked: tuple[str, Sequence[Kind]]) -> object:
    return await index.complete(conn, guild_id, *asked)


def searches(rnd: random.Random, known: Known) -> list[Group]:
    """Return the groups of searches with /search."""

    def wanted(make: Callable[[], Wanted | str]) -> list[Wanted]:
        made = [make() for _ in range(CASES)]
        return [search_ if isinstance(search_, Wanted) else Wanted(search_) for search_ in made]

    def word() -> str:
        return rnd.choice(known.words)

    def filtered() -> Wanted:
        first = date(rnd.randrange(2013, 2026), rnd.randrange(1, 13), 1)
        return Wanted(
            text=rnd.choice(["", word(), rnd.choice(COMMON)]),
            kind=rnd.choice([None, "deal", "statement", "pending"]),
            participant=rnd.choice([None, f"country-{rnd.randrange(20)}", f"company-{rnd.randrange(500)}"]),
            topic=rnd.choice([None, f"topic-{rnd.randrange(40)}"]),
            first=rnd.choice([None, first]),
            last=rnd.choice([None, first + timedelta(days=90)]),
            order=rnd.choice(["best", "newest"]),
        )

    nowhere = ["northern southern", "southern northern", "the northern southern", "training northern southern india"]
    groups = {
        "search: a name": wanted(lambda: rnd.choice(known.names)),
        "search: one word": wanted(word),
        "search: two words": wanted(lambda: f"{word()} {word()}"),
        "search: a very common word": wanted(lambda: rnd.choice(COMMON)),
        "search: two very common words": wanted(lambda: " ".join(rnd.sample(COMMON, 2))),
        "search: four very common words": wanted(lambda: " ".join(rnd.sample(COMMON, 4))),
        "search: common words that never meet": wanted(lambda: rnd.choice(nowhere)),
        "search: ... newest first, one kind": wanted(lambda: Wanted(rnd.choice(nowhere), "deal", order="newest")),
        "search: one or two letters": wanted(lambda: word()[: rnd.choice((1, 2))]),
        "search: common and unfinished": wanted(lambda: f"{rnd.choice(COMMON)} {word()[: rnd.choice((1, 2, 3))]}"),
        "search: a piece with digits": wanted(lambda: f"{word()}-{rnd.randrange(2, 99)} {rnd.choice(['', 'the'])}"),
        "search: slips": wanted(lambda: f"{slipped(rnd, word())} {slipped(rnd, word())}"),
        "search: nothing like it": wanted(lambda: f"zqxj{word()[::-1]}wv {word()}"),
        "search: filters, with and without a word": wanted(filtered),
        "search: a stage": wanted(lambda: Wanted(rnd.choice(["", "the"]), stage=rnd.choice(list(STAGES)))),
    }
    return [Group(title, 50, searched, cases) for title, cases in groups.items()] + [
        Group(
            "search: deep pages",
            50,
            deep,
            [(Wanted(rnd.choice(COMMON)), rnd.randrange(0, search.COUNTED, 8)) for _ in range(CASES)],
        ),
        Group(
            "search: a small server, never meeting",
            50,
            searched,
            [Wanted(rnd.choice(nowhere)) for _ in range(CASES)],
            9004,
        ),
    ]


def completions(rnd: random.Random, known: Known) -> list[Group]:
    def word() -> str:
        return rnd.choice(known.words)

    def group(title: str, make: Callable[[], str]) -> Group:
        kinds: list[Sequence[Kind]] = [KINDS, ("deal",), ("topic",), ("participant",), ("dialogue",)]
        return Group(title, 10, completed, [(make(), rnd.choice(kinds)) for _ in range(CASES)])

    return [
        group("complete: nothing typed", lambda: ""),
        group("complete: one letter", lambda: rnd.choice("abcdefghijklmnoprstuvwz0123456789")),
        group("complete: two or three letters", word()[: rnd.choice((2, 3))].lower),
        group("complete: half a name", lambda: (n := rnd.choice(known.names))[: len(n) // 2]),
        group("complete: a very common word", lambda: rnd.choice([*COMMON, "for", "with", "deal"])),
        group("complete: common words, other order", lambda: " ".join(rnd.sample([*COMMON, "for", "with"], 2))),
        group("complete: five common words", lambda: " ".join(rnd.sample([*COMMON, "for", "with"], 5))),
        group("complete: words in another order", lambda: " ".join(rnd.choice(known.names).split()[::-1])),
        group("complete: slips", lambda: slipped(rnd, word())),
        group("complete: two slips", lambda: f"{slipped(rnd, word())} {slipped(rnd, word())}"),
        group("complete: nothing like it", lambda: f"zq{word()[::-1]}xj"),
    ]


async def asked(conn: Connection, guild_id: int, question: str) -> object:
    understood = await asking.understand(conn, guild_id, question, now=NOW, zone="UTC")
    found = await asking.find(conn, guild_id, understood)
    return answers.draw(question, found, now=NOW)


def questions(rnd: random.Random, known: Known) -> list[Group]:
    """Return the groups of questions to /ask. They are measured from parsing to the rendered answer."""

    def word() -> str:
        return rnd.choice(known.words)

    def group(title: str, make: Callable[[], str]) -> Group:
        return Group(title, 50, asked, [make() for _ in range(CASES)])

    hub, asks = "india", ("who makes", "status of", "value of")
    of_hub = [
        f"what does {hub} buy",
        f"which deals involve {hub}",
        f"how many deals does {hub} have",
        f"what did {hub} say about training",
        f"who is {hub}",
        f"what is pending for {hub}",
    ]
    lists = ["list all deals", "which deals are signed", "what is pending", "who must act", "how many deals are there"]
    return [
        group(
            "ask: about a name",
            lambda: f"{rnd.choice(asks)} {rnd.choice(known.names)}",
        ),
        group("ask: two words of a deal", lambda: f"when was the {word()} {word()} deal signed"),
        group("ask: very common words", lambda: f"what about {' '.join(rnd.sample(COMMON, 4))}"),
        group("ask: about a hub of thousands", lambda: rnd.choice(of_hub)),
        group("ask: lists and counts", lambda: rnd.choice(lists)),
        group("ask: what was said", lambda: f"what was said about {word()} {word()}"),
        group("ask: slips", lambda: f"who byus {slipped(rnd, word())} {slipped(rnd, word())}"),
        group("ask: one name on a past day", lambda: f"status of {rnd.choice(known.names)} on 5 March 2021"),
        group("ask: nothing like it", lambda: f"when is {word()[::-1]}xq {word()[::-1]}zz"),
        group("ask: sixty words", lambda: " ".join(word() for _ in range(60))),
        group("ask: 6,000 characters", lambda: " ".join(word() for _ in range(900))[:6000]),
    ]


def percentile(values: Sequence[float], part: float) -> float:
    return sorted(values)[min(int(len(values) * part), len(values) - 1)]


async def measure(conn: Connection, group: Group) -> list[float]:
    """Return the processor time of each case in milliseconds. One case is run before, to fill caches."""
    await group.run(conn, group.guild_id, group.cases[0])
    took: list[float] = []
    for case in group.cases:
        began = time.process_time()
        await group.run(conn, group.guild_id, case)
        took.append((time.process_time() - began) * 1000)
    worst = group.cases[took.index(max(took))]
    mark = "" if percentile(took, 0.99) < group.aim else f"  over {group.aim:.0f} ms: {str(worst)[:100]}"
    print(f"{group.title:44}{_figures(took)}{mark}", flush=True)
    return took


def _figures(took: Sequence[float]) -> str:
    return f"p50 {statistics.median(took):7.2f}  p99 {percentile(took, 0.99):7.2f}  worst {max(took):7.2f} ms"


async def as_of(db: Database) -> None:
    """Print the time of lists as of a past day, and the time of reading cards while these lists are made."""
    opened: list[float] = []
    done = asyncio.Event()

    async def read_cards() -> None:
        rnd = random.Random(3)
        while not done.is_set():
            began = time.perf_counter()
            await records.find(db.read, crowd.BIG, f"deal-{rnd.randrange(1000)}")
            opened.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(0.002)

    for title, asked in [
        ("all deals", {"kind": "deal"}),
        ("deals at one stage", {"kind": "deal", "stage": "signed"}),
        ("open pending items", {"kind": "pending", "open": True}),
    ]:
        alone: list[float] = []
        reading = asyncio.create_task(read_cards())
        for day in (date(2015, 6, 1), date(2020, 6, 1), date(2026, 6, 1)):
            began = time.perf_counter()
            await records.list_kind_as_of(db.aside, crowd.BIG, **asked, day=day, limit=8)
            alone.append(time.perf_counter() - began)
        done.set()
        await reading
        done.clear()
        print(f"as of a past day: {title:26}worst {max(alone):.2f} s", flush=True)
    print(f"{'... reading cards meanwhile (elapsed)':44}{_figures(opened)}")


async def check(db: Database) -> None:
    """Derive 50 records again, as an update does, and print whether their derived rows stay the same."""
    tables = {
        "record": "SELECT * FROM record WHERE id = ?",
        "link": "SELECT * FROM link WHERE from_id = ?",
        "name": "SELECT * FROM name WHERE record_id = ?",
        "state_history": "SELECT * FROM state_history WHERE record_id = ?",
        "search_index": "SELECT t.rowid, t.* FROM record r JOIN search_index t ON t.rowid = r.search_id WHERE r.id = ?",
    }
    ids = random.Random(5).sample([id_ for (id_,) in await db.read.execute_fetchall("SELECT id FROM record")], 50)

    async def rows(conn: Connection) -> dict[str, list[list[tuple]]]:
        return {
            table: [list(map(tuple, await conn.execute_fetchall(query, (id_,)))) for id_ in ids]
            for table, query in tables.items()
        }

    before = await rows(db.read)
    async with db.write(None) as conn:
        for id_ in ids:
            ((guild_id,),) = await conn.execute_fetchall("SELECT guild_id FROM record WHERE id = ?", (id_,))
            await derived.refold(conn, guild_id, [id_])
        after = await rows(conn)
    differ = [table for table in tables if before[table] != after[table]]
    print(f"{len(ids)} records written anew: {f'different in {differ}' if differ else 'the same'}")


async def main(deals: int, anew: bool) -> None:
    path = FOLDER / f"crowd-{deals}-{len(migrations())}-{derived.VERSION}.db"
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob(f"crowd-{deals}-*"):
        if anew or not old.name.startswith(path.name):
            old.unlink()
    if not path.exists():
        print(f"making {deals:,} deals once, for some minutes ...", flush=True)
        print(f"{'derived from the ledger':44}{await crowd.make(path, deals):.0f} s")
    db = await Database.open(path)
    try:
        ((updates, size),) = await db.read.execute_fetchall(
            "SELECT (SELECT count(*) FROM ledger), page_count * page_size FROM pragma_page_count, pragma_page_size"
        )
        known = await Known.read(db.read)
        rnd = random.Random(1)
        print(f"{deals:,} deals, {updates:,} updates, {size / 1e6:,.0f} MB; processor time")
        for groups in (searches(rnd, known), completions(rnd, known), questions(rnd, known)):
            took = [one for group in groups for one in await measure(db.read, group)]
            print(f"{'all of these':44}{_figures(took)}\n")
        await as_of(db)
        await check(db)
    finally:
        await db.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deals", type=int, default=100_000)
    parser.add_argument("--anew", action="store_true", help="make the file again, also when it is there")
    chosen = parser.parse_args()
    asyncio.run(main(chosen.deals, chosen.anew))
