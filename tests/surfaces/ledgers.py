"""Random ledgers for the tests of all surfaces. Whatever a message says can be traced to one update.

Each update has a fact date, a source and a locator that no other update has. Most values contain an invented word.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import msgspec
from hypothesis import strategies as st

from bot.ledger.kinds import OUTCOMES, STAGES
from bot.ledger.values import expect
from bot.services import sources, updates
from bot.services.updates import Change
from data.database import Connection, Database
from data.records import (
    Approval,
    ApprovalState,
    Bound,
    Due,
    FactDate,
    Kind,
    ListedText,
    Money,
    Party,
    Quantity,
    Sureness,
    Title,
    Value,
)
from tests.builders import on_day


@dataclass(frozen=True)
class Act:
    """An update to be entered. `title`, `host` and `published` describe its source.

    `number` identifies the update within its plan. `corrects` is the number of an update in the same batch that it
    corrects. `withdrawn` updates are withdrawn after they were entered.
    """

    number: int
    record: str
    kind: Kind
    field: str
    value: Value
    day: date
    title: str
    host: str
    published: date | None
    locator: str
    corrects: int | None = None
    withdrawn: bool = False


@dataclass(frozen=True)
class Plan:
    """A ledger to be entered, as batches of updates.

    The batches in `before` are entered before anybody follows the records; those in `news` are told to followers.
    `words` are invented words, each of which occurs in one update only.
    """

    before: list[list[Act]]
    news: list[list[Act]]
    words: frozenset[str]


_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"
_FIRST, _NAMES_FROM, _LAST = date(2014, 1, 1), date(2021, 6, 1), date(2025, 12, 15)


@dataclass
class _Inventor:
    """A source of invented words, dates, amounts and updates that never repeats one."""

    rng: random.Random
    used: set[str] = field(default_factory=set)
    days: set[date] = field(default_factory=set)
    acts: int = 0

    def word(self) -> str:
        while True:
            # Long invented words are neither real words nor typos of one another.
            word = "".join(self.rng.choice(_CONSONANTS) + self.rng.choice(_VOWELS) for _ in range(4)).capitalize()
            word += self.rng.choice("xqw")
            if word not in self.used:
                self.used.add(word)
                return word

    def day(self, first: date = _FIRST, last: date = _LAST) -> date:
        while True:
            day = first + timedelta(days=self.rng.randrange((last - first).days + 1))
            if day not in self.days:
                self.days.add(day)
                return day

    def amount(self) -> str:
        while True:
            amount = f"{self.rng.randrange(101, 999)}{self.rng.randrange(1, 9)}"
            if amount not in self.used:
                self.used.add(amount)
                return f"{amount}0000000"

    def act(self, record: str, kind: Kind, field_: str, value: Value, first: date = _FIRST) -> Act:
        """Return an update with a fact date, a source and a locator of its own.

        Most names, aliases and topics get a late date, so that a page that mistakes it for its newest date is noticed.
        """
        first = (
            max(first, _NAMES_FROM)
            if field_ in ("name", "alias", "formerly", "topic") and self.rng.random() < 0.8
            else first
        )
        word = self.word()
        self.acts += 1
        return Act(
            self.acts,
            record,
            kind,
            field_,
            value,
            self.day(first),
            f"{word} {self.rng.choice(['Gazette', 'Herald', 'Ministry note'])}",
            f"{self.word().lower()}.example" if self.rng.random() < 0.5 else "",
            self.day() if self.rng.random() < 0.4 else None,
            f"{self.rng.choice(['folio', 'annex'])} {self.word()}",
        )


def fact_day(day: date) -> FactDate:
    return on_day(day)


def random_plan(rng: random.Random, today: date) -> Plan:
    """Return a random plan with records of all kinds and changes to them. Due dates of items start at `today`."""
    make = _Inventor(rng)
    word, chance = make.word, rng.random
    kinds: dict[str, Kind] = {}
    counts: dict[Kind, int] = {
        "participant": 4, "place": 1, "topic": 2, "dialogue": 1, "session": 2, "document": 1, "deal": 3,
        "statement": 3, "event": 1, "pending": 5,
    }  # fmt: skip
    for kind, count in counts.items():
        kinds |= {f"{kind}-{n}": kind for n in range(1, count + 1)}

    def of(kind: Kind) -> str:
        return f"{kind}-{rng.randrange(1, counts[kind] + 1)}"

    def ref(kind: Kind, *, role: bool = False) -> Party:
        return Party(of(kind), f"{word()} side" if role else "")

    def quoted() -> Party:
        return Party("", f"{word()} office")

    def text() -> str:
        return f"{word()} {rng.choice(['lines', 'frames', 'parts', 'works'])}"

    def quantity() -> Quantity:
        """Return a number of things of an invented unit, mostly the same for all numbers of a ledger."""
        return Quantity(Decimal(make.amount()), unit if chance() < 0.7 else f"{word()} craft")

    unit = f"{word()} boats"
    bounds: list[Bound] = [Bound.EXACT, Bound.ABOUT, Bound.AT_MOST]
    sureness: list[Sureness] = ["fixed", "announced", "announced", "reported"]
    waiting: list[ApprovalState] = ["open", "requested"]
    settled: list[ApprovalState] = ["granted", "granted", "refused", "expired"]
    before: list[list[Act]] = []
    news: list[list[Act]] = []

    def enter(where: list[list[Act]], record: str, *fields: tuple[str, Value], first: date = _FIRST) -> list[Act]:
        batch = [make.act(record, kinds[record], name, value, first) for name, value in fields]
        if batch:
            where.append(batch)
        return batch

    def some(*fields: tuple[str, Value]) -> list[tuple[str, Value]]:
        return [one for one in fields if chance() < 0.75]

    for slug, kind in kinds.items():
        noun = {"pending": "item"}.get(kind, kind)
        enter(before, slug, ("name", f"{word()} {noun}"))
    for slug, kind in kinds.items():
        own: list[tuple[str, Value]] = some(
            ("alias", ListedText(text())), ("topic", ref("topic")), ("summary", f"{text()}.")
        )
        if chance() < 0.3:
            own += [("note", ListedText(f"{text()}.")), ("formerly", ListedText(text()))]
        if kind == "topic":
            own = [one for one in own if one[0] != "topic"]
        if kind == "deal":
            own += some(
                ("stage", rng.choice(list(STAGES)[:5])),
                ("deal_type", text()),
                ("quantity", quantity()),
                ("delivered", quantity()),
                ("options", quantity()),
                ("model", text()),
                ("delivery", text()),
                ("made_in", text()),
                ("under", ref("document")),
                ("approved_by", quoted()),
                ("side_state", "stalled"),
            )
            if (whole := of("deal")) != slug:
                own += some((rng.choice(["part_of", "follows_from", "replaces", "option_of"]), Party(whole)))
            own += [("party", ref("participant", role=True)) for _ in range(rng.randrange(3))]
            for _ in range(rng.randrange(4)):
                amount, bound = Decimal(make.amount()), rng.choice(bounds)
                own.append(("value", Money(amount, "USD", bound, f"{word()} sum" if chance() < 0.5 else "")))
            for _ in range(rng.randrange(3)):
                side, what, state = of("participant"), f"{word()} consent", rng.choice(waiting)
                authority = f"{word()} board" if chance() < 0.6 else ""
                own.append(("approval", Approval(side, what, state, authority)))
        elif kind == "participant":
            own += some(
                ("type", "organisation"),
                ("title", Title(text())),
                ("org_type", text()),
                ("country", ref("participant")),
            )
        elif kind == "place":
            own += some(("place_type", text()))
        elif kind == "dialogue":
            own += some(("frequency", text()), ("began", fact_day(make.day())))
            own += [("party", ref("participant", role=True))]
        elif kind == "session":
            own += some(
                ("series", ref("dialogue")),
                ("held_on", fact_day(make.day())),
                ("place", ref("place")),
                ("state", rng.choice(["scheduled", "held"])),
                ("edition", text()),
                ("agenda", ref("topic")),
                ("discussed", ref("deal")),
                ("produced", ref("document")),
                ("party", ref("participant", role=True)),
                ("attended", ref("participant", role=True)),
            )
        elif kind == "document":
            own += some(
                ("doc_type", text()),
                ("title", text()),
                ("issuer", ref("participant")),
                ("dated", fact_day(make.day())),
            )
        elif kind == "statement":
            own += [
                ("whose", ref("participant") if chance() < 0.5 else quoted()),
                ("said", f"{text()} and {word()} talks"),
            ]
            own += some(
                ("form", rng.choice(["commitment", "position", "call"])),
                ("about", ref("deal")),
                ("made_at", ref("session")),
            )
        elif kind == "event":
            own += some(
                ("happened", fact_day(make.day())),
                ("place", ref("place")),
                ("involved", ref("participant", role=True)),
                ("of", ref("dialogue")),
                ("about", ref("deal")),
            )
        elif kind == "pending":
            n = int(slug.rpartition("-")[2])
            due_on = today + timedelta(days=[16, 9, 3, 0, 0][n - 1] + rng.randrange(2))
            due = Due(fact_day(due_on), rng.choice(sureness))
            own += [
                ("state", "open"),
                ("item_kind", rng.choice(["signature", "delivery", "clearance", "notification_window"])),
                ("who", quoted()),
                ("about", ref("deal")),
            ]
            own += some(("basis", rng.choice(["stated", "left open"])), ("closes_when", text()))
            # The last two items have no due date, so *Still open* lists them.
            own += [("due", due)] if n <= 3 else some(("due", None))
        rng.shuffle(own)
        enter(before, slug, *own)

    def moved(where: list[list[Act]], first: date) -> None:
        for slug, kind in kinds.items():
            if kind == "deal":
                enter(where, slug, *some(("stage", rng.choice(list(STAGES)[2:]))), first=first)
                enter(
                    where,
                    slug,
                    *some(("quantity", quantity()), ("side_state", rng.choice(["none", "on_hold"]))),
                    first=first,
                )
                for act in [act for batch in before for act in batch if act.record == slug and act.field == "approval"]:
                    if chance() < 0.6:
                        changed = msgspec.structs.replace(expect(act.value, Approval), state=rng.choice(settled))
                        enter(where, slug, ("approval", changed), first=first)
                for act in [act for batch in before for act in batch if act.record == slug and act.field == "party"]:
                    if chance() < 0.3:
                        ended = msgspec.structs.replace(expect(act.value, Party), gone=True)
                        enter(where, slug, ("party", ended), first=first)
                if chance() < 0.6:
                    money = Money(Decimal(make.amount()), "USD")
                    enter(where, slug, ("value", money), first=first)
            elif kind == "participant":
                enter(where, slug, *some(("title", Title(text()))), first=first)
            elif kind == "session" and chance() < 0.6:
                enter(where, slug, ("state", rng.choice(["postponed", "cancelled", "followed_up"])), first=first)
            if chance() < 0.25:
                enter(where, slug, ("summary", f"{text()}."), first=first)
            if chance() < 0.2:
                enter(where, slug, ("checked", "nothing new"), first=first)
            if chance() < 0.25:
                enter(where, slug, ("alias", ListedText(text())), first=first)

    late = date(2024, 1, 1)
    moved(before, _FIRST)
    moved(news, late)
    for slug in (slug for slug, kind in kinds.items() if kind == "pending"):
        n = int(slug.rpartition("-")[2])
        if chance() < 0.4:
            enter(before, slug, ("who", quoted()))
        if n == 2:
            later = Due(fact_day(today + timedelta(days=20 + rng.randrange(5))), "announced")
            enter(news, slug, ("due", later), first=late)
        if n == 5:
            enter(news, slug, ("state", "closed"), ("outcome", rng.choice(list(OUTCOMES))), first=late)
    fresh = "pending-6"
    kinds[fresh] = "pending"
    news.append(
        [
            make.act(fresh, "pending", name, value, late)
            for name, value in (
                ("name", f"{word()} item"),
                ("state", "open"),
                ("item_kind", "evaluation"),
                ("who", quoted()),
                ("about", ref("deal")),
                ("basis", "stated"),
            )
        ]
    )
    rng.shuffle(news)
    before = [_changed_later(rng, make, batch, text) for batch in before]
    return Plan(before, news, frozenset(word for word in make.used if not word.isdecimal()))


def _changed_later(rng: random.Random, make: _Inventor, batch: list[Act], text: Callable[[], str]) -> list[Act]:
    """Return a batch with some of its texts marked as withdrawn, and with corrections of some others added."""
    changed: list[Act] = []
    for act in batch:
        plain = isinstance(act.value, str) and act.field in (
            "quantity",
            "model",
            "delivery",
            "made_in",
            "title",
            "edition",
        )
        if plain and rng.random() < 0.12:
            changed.append(replace(act, withdrawn=True))
        elif plain and rng.random() < 0.15:
            changed += [act, replace(make.act(act.record, act.kind, act.field, text()), corrects=act.number)]
        else:
            changed.append(act)
    return changed


seeds = st.integers(0, 2**16)
dropped = st.sets(st.integers(-40, 90), max_size=60)
"""Random sets of batch numbers for `thinned`.

A number from 0 up is an index in `Plan.before`. -1 is the first batch in `Plan.news`, -2 the second, and so on.
"""


def thinned(plan: Plan, without: Set[int]) -> Plan:
    """Return a plan without some batches, so that Hypothesis can shrink a failing one. Batches with names stay."""
    kept = [batch for n, batch in enumerate(plan.before) if batch[0].field == "name" or n not in without]
    return replace(plan, before=kept, news=[batch for n, batch in enumerate(plan.news, 1) if -n not in without])


async def enter(
    db: Database, guild_id: int, batches: Sequence[Sequence[Act]], *, now: datetime, person_id: int
) -> datetime:
    """Enter batches a minute apart, and withdraw the updates that are marked so. Return the time for the next batch."""
    async with db.write(guild_id) as conn:
        ids: dict[int, int] = {}
        for batch in batches:
            for part in _parts(batch):
                changes = [await _change(conn, guild_id, act, ids) for act in part]
                saved = await updates.append(conn, guild_id, changes, now=now, person_id=person_id, origin="editor")
                rows = await conn.execute_fetchall("SELECT id FROM ledger WHERE batch = ? ORDER BY id", (saved,))
                ids |= {act.number: id_ for act, (id_,) in zip(part, rows, strict=True)}
            now += timedelta(minutes=1)
            gone = [ids[act.number] for act in batch if act.withdrawn]
            if gone:
                later = now + timedelta(minutes=2)
                await updates.withdraw(conn, guild_id, gone, now=later, person_id=person_id, reason="Retracted")
    return now


def _parts(batch: Sequence[Act]) -> list[list[Act]]:
    """Return a batch in parts: first the updates, then their corrections, which need the ledger ids of the updates."""
    first, then = [act for act in batch if act.corrects is None], [act for act in batch if act.corrects is not None]
    return [part for part in (first, then) if part]


async def _change(conn: Connection, guild_id: int, act: Act, ids: dict[int, int]) -> Change:
    source_id = await sources.ensure(
        conn,
        guild_id,
        title=act.title,
        published_on=fact_day(act.published) if act.published else None,
        url=f"https://{act.host}/a" if act.host else "",
    )
    return Change(
        act.record,
        act.kind,
        act.field,
        act.value,
        fact_day(act.day),
        source_id,
        act.locator,
        reason="As the source says." if act.field == "stage" else "",
        replaces=ids[act.corrects] if act.corrects is not None else None,
    )
