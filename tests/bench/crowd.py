"""Makes the database for the search benchmark: several servers with invented deals, one of which has half of them.

Only the ledger is invented. The program itself writes the derived tables, as it does after an update.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import random
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from bot.ledger.kinds import PENDING_KINDS, STAGES, STATEMENT_FORMS
from bot.services import derived, guilds, people
from data.database import Database, to_text

BIG = 9000
"""The id of the server that has half of all deals."""

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
_SHARES = {BIG: 50, 9001: 30, 9002: 14, 9003: 5, 9004: 1}  # Percent of the deals.
_UPDATES = 10  # Updates per deal, on average. Those of the records around the deals are counted in.
_FIRST_DAY = date(2012, 1, 1)
_DAYS = 5400


def _words(text: str) -> list[str]:
    return text.split()


_THINGS = _words("""
    drones helicopters frigates submarines radars howitzers tractors turbines reactors satellites engines
    sensors missiles torpedoes trainers tankers transports carriers batteries launchers simulators rifles
    uniforms bridges locomotives wagons ferries cranes pipelines refineries grids transformers panels ports
    terminals airports roads schools hospitals vaccines fertilisers seeds grain wheat rice sugar cotton steel
    copper lithium uranium gas oil coal licences patents software servers cables antennas beacons vehicles
    trucks ambulances boats patrols spares
""")
_KINDS = _words("""
    armed light heavy naval coastal airborne medium tactical strategic civil military medical offshore solar
    nuclear mobile fixed secure joint common spare second third new refurbished leased surplus advanced basic
""")
_ACTS = _words("""
    supply purchase lease sale upgrade maintenance repair production transfer exchange grant loan order
""")
_FORMS = _words("""
    agreement contract programme memorandum arrangement framework package option tender
""")
_ENDS = _words("""
    Aerospace Industries Limited Systems Dynamics Group Shipyards Works Energy Holdings Company Motors
""")
_SAID = _words("""
    talks on delivery are going on both sides want more production at home the price is not settled a committee
    looks at the offer officials say that training is part of it the first batch is due next year parliament has
    to approve the ministry asked for another bid the company opened an office engineers visited the plant
""")
_SYLLABLES = _words("""
    ka ra ti mo ne lo vi sa du pe ro gi ba to ma li za shi en al or us an ber tal gor min dre sul pak
""")
_COUNTRIES = _words("""
    India France Germany Japan Brazil Kenya Egypt Norway Poland Chile Vietnam Canada Spain Italy Turkey Greece
    Oman Qatar Jordan Ghana Peru Nepal Finland Sweden Denmark Austria Hungary Romania Serbia Morocco Senegal
    Nigeria
""")
_PEOPLE = _words("""
    minister secretary envoy chair president director
""")
_TOPICS = ["Defence cooperation", "Trade", "Energy", "Space", "Health", "Food security", "Shipping", "Digital", "Water"]


def proper_names(rnd: random.Random, count: int) -> list[str]:
    """Return `count` distinct invented proper names."""
    names: dict[str, None] = {}
    while len(names) < count:
        names["".join(rnd.choices(_SYLLABLES, k=rnd.choice((2, 3, 3, 4)))).capitalize()] = None
    return list(names)


@dataclass
class _Made:
    """An invented record. Each of its facts is a field, a value as JSON encodes it, and a fact date."""

    kind: str
    slug: str
    facts: list[tuple[str, object, date]]


class _Server:
    """A server with a given number of deals. `records` invents and yields all of its records."""

    def __init__(self, rnd: random.Random, deals: int) -> None:
        self.rnd = rnd
        self.deals = deals
        self.names = proper_names(rnd, max(deals // 10, 300))
        # A few names occur often and most names hardly ever, as in real text.
        self._weights = list(itertools.accumulate(1 / (i + 3) for i in range(len(self.names))))
        self.start = sorted(_FIRST_DAY + timedelta(days=rnd.randrange(_DAYS)) for _ in range(deals))

    def name(self) -> str:
        return self.rnd.choices(self.names, cum_weights=self._weights)[0]

    def some(self, words: Sequence[str], count: int) -> str:
        at = self.rnd.randrange(len(words))
        return " ".join(words[(at + i) % len(words)] for i in range(count))

    def records(self) -> Iterator[_Made]:
        rnd, day = self.rnd, _FIRST_DAY
        self.countries = [f"country-{i}" for i in range(len(_COUNTRIES))]
        for slug, name in zip(self.countries, _COUNTRIES, strict=True):
            yield _Made("participant", slug, [("name", name, day), ("type", "country", day)])
        self.companies = [f"company-{i}" for i in range(max(self.deals // 40, 20))]
        for i, slug in enumerate(self.companies):
            name = f"{self.name()} {self.names[i % len(self.names)]} {rnd.choice(_ENDS)}"
            yield _Made(
                "participant",
                slug,
                [
                    ("name", name, day),
                    ("type", "organisation", day),
                    ("alias", {"text": f"{self.names[i % len(self.names)]} {i}"}, day),
                    ("country", {"record": rnd.choice(self.countries)}, day),
                ],
            )
        self.topics = [f"topic-{i}" for i in range(40)]
        for i, slug in enumerate(self.topics):
            yield _Made("topic", slug, [("name", f"{_TOPICS[i % 9]} {self.name() if i > 8 else ''}".strip(), day)])
        for i in range(self.deals):
            yield self._deal(i)
        for i in range(self.deals // 8):
            yield self._item(i)
        for i in range(self.deals // 10):
            yield self._statement(i)
        for i in range(self.deals // 20):
            yield self._document(i)

    def _title(self, i: int) -> str:
        rnd = self.rnd
        thing, kind, country = rnd.choice(_THINGS), rnd.choice(_KINDS), rnd.choice(_COUNTRIES)
        return rnd.choice(
            (
                f"{rnd.randrange(2, 200)} {kind} {thing} for {country}",
                f"{self.name()} {thing} {rnd.choice(_FORMS)} with {country}",
                f"{rnd.choice(_ACTS).capitalize()} of {kind} {thing} to {country}, {rnd.choice(_FORMS)} {i % 90 + 1}",
                f"The {self.name()}-{rnd.randrange(2, 99)} {kind} {thing} {rnd.choice(_FORMS)}",
            )
        )

    def _deal(self, i: int) -> _Made:
        rnd = self.rnd
        last = self.start[i]
        stages = sorted(rnd.sample(range(1, 9), k=rnd.choice((1, 1, 2, 3))))
        days = [*sorted(last - timedelta(days=rnd.randrange(900)) for _ in stages[1:]), last]
        first = days[0]
        # Every deal has one of these two words and none has both: a search for both is costly and finds nothing.
        side = "northern" if rnd.random() < 0.5 else "southern"
        money = {"amount": str(rnd.randrange(1, 900) * 10**7), "currency": "USD", "bound": "about"}
        facts = [
            ("name", self._title(i), first),
            ("summary", f"{self.some(_SAID, 22)}; the {side} command decides with {self.name()}", first),
            ("party", {"record": rnd.choice(self.countries), "role": "buyer"}, first),
            ("party", {"record": rnd.choice(self.companies), "role": "maker"}, first),
            ("topic", {"record": rnd.choice(self.topics)}, first),
            ("value", money, first),
            ("quantity", str(rnd.randrange(1, 400)), first),
            *(("stage", list(STAGES)[stage], day) for stage, day in zip(stages, days, strict=True)),
        ]
        if rnd.random() < 0.1:
            approval = {"side": rnd.choice(self.countries), "what": "export licence", "state": "open"}
            facts.append(("approval", approval, last))
        return _Made("deal", f"deal-{i}", facts)

    def _item(self, i: int) -> _Made:
        rnd = self.rnd
        deal = rnd.randrange(self.deals)
        day = self.start[deal]
        facts = [
            ("name", f"{rnd.choice(list(PENDING_KINDS.values()))} for the {rnd.choice(_THINGS)} of {self.name()}", day),
            ("state", "open", day),
            ("item_kind", rnd.choice(list(PENDING_KINDS)), day),
            ("basis", rnd.choice(("stated", "left open")), day),
            ("who", {"record": rnd.choice(self.countries)}, day),
            ("about", {"record": f"deal-{deal}"}, day),
        ]
        if rnd.random() < 0.9:
            facts.append(("state", "closed", day + timedelta(days=rnd.randrange(1, 90))))
        return _Made("pending", f"item-{i}", facts)

    def _statement(self, i: int) -> _Made:
        rnd = self.rnd
        deal = rnd.randrange(self.deals)
        day = self.start[deal]
        facts = [
            ("name", f"{self.name()} on the {rnd.choice(_THINGS)}", day),
            ("form", rnd.choice(list(STATEMENT_FORMS)), day),
            ("whose", {"record": rnd.choice(self.countries)}, day),
            ("said", f"the {rnd.choice(_PEOPLE)} said that {self.some(_SAID, 18)}", day),
            ("about", {"record": f"deal-{deal}"}, day),
        ]
        return _Made("statement", f"statement-{i}", facts)

    def _document(self, i: int) -> _Made:
        rnd = self.rnd
        day = self.start[rnd.randrange(self.deals)]
        facts = [
            ("name", f"{self.name()} {rnd.choice(_FORMS)} on {rnd.choice(_THINGS)}", day),
            ("doc_type", "joint statement", day),
            ("issuer", {"record": rnd.choice(self.countries)}, day),
        ]
        return _Made("document", f"document-{i}", facts)


def _write(path: Path, deals: int) -> None:
    """Write invented records and their updates into a database, about ten updates per deal. Derive nothing yet."""
    entered = to_text(NOW - timedelta(days=1))
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("PRAGMA synchronous = OFF")
        file.execute("BEGIN")
        ((record_id,),) = file.execute("SELECT ifnull(max(id), 0) FROM record")
        for guild_id, share in _SHARES.items():
            here = deals * share // 100
            source = file.execute(
                "INSERT INTO source (guild_id, title) VALUES (?, 'A news agency')", (guild_id,)
            ).lastrowid
            server = _Server(random.Random(guild_id), here)
            left = here * _UPDATES
            records: list[tuple] = []
            updates: list[tuple] = []
            of_deals: list[tuple[int, date]] = []

            def update(record: int, field: str, value: object, day: date, guild: int, source: int | None) -> tuple:
                on = day.isoformat()
                return (
                    guild,
                    record,
                    "set",
                    field,
                    json.dumps(value),
                    on,
                    on,
                    "day",
                    entered,
                    source,
                    "bench",
                    "dossier",
                )

            for made in server.records():
                record_id += 1
                records.append((record_id, guild_id, made.kind, made.slug))
                updates += [update(record_id, field, value, day, guild_id, source) for field, value, day in made.facts]
                if made.kind == "deal":
                    of_deals.append((record_id, made.facts[0][2]))
            for record, day in itertools.cycle(of_deals):  # Fill up with checks that found nothing new.
                if len(updates) >= left:
                    break
                updates.append(update(record, "checked", "nothing new", day, guild_id, source))
            file.executemany("INSERT INTO record (id, guild_id, kind, slug) VALUES (?, ?, ?, ?)", records)
            file.executemany(
                "INSERT INTO ledger (guild_id, record_id, action, field, value, fact_from, fact_to, precision, "
                "entered_at, source_id, batch, origin) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                updates,
            )
        file.execute("DELETE FROM meta WHERE key = 'derived'")
        file.execute("COMMIT")


async def make(path: Path, deals: int) -> float:
    """Make the database at `path`. Return the seconds that the program took to write the derived tables."""
    part = path.with_suffix(".part")
    for old in path.parent.glob(part.name + "*"):
        old.unlink()
    db = await Database.open(part)
    try:
        await derived.bring_up_to_date(db)
        async with db.write(None) as conn:
            person = await people.ensure(conn, 77)
            for guild_id in _SHARES:
                await guilds.ensure(conn, guild_id, name=f"Server {guild_id}", owner_id=77)
                await guilds.configure(
                    conn, guild_id, now=NOW, person_id=person.id, zone="Asia/Kolkata", channel_id=guild_id + 100
                )
    finally:
        await db.close()
    _write(part, deals)
    db = await Database.open(part)
    try:
        began = time.perf_counter()
        await derived.bring_up_to_date(db)
        took = time.perf_counter() - began
    finally:
        await db.close()
    part.rename(path)
    return took
