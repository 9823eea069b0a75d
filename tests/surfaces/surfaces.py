"""Renders every surface from a ledger as people get to see it: by commands, by buttons and by deliveries."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import simcord

from bot import dossier as files
from bot.app import Attache
from bot.delivery.kinds import NothingToSend
from bot.services import derived, dossiers, guilds, people, records
from bot.ui.messages import Message
from data.database import Database
from data.migrate import migrate
from data.records import Delivery
from tests.discord.conftest import EnvClock, World, labels_of, parts, reply
from tests.heard import heard, mistakes
from tests.services.outbound import GUILD, ZONE, Outbound, at
from tests.surfaces import book as books
from tests.surfaces import ledgers
from tests.surfaces.book import Book
from tests.surfaces.checks import Page
from tests.surfaces.ledgers import Plan

TODAY = date(2026, 1, 1)
"""The date at which the clock of the simulated Discord starts."""

START = at(f"{TODAY} 12:00")
T = TypeVar("T")


@dataclass(frozen=True)
class Seen:
    """A page, with the ledger as it was when the page was rendered."""

    page: Page
    book: Book


class Filled:
    """A ledger that can be entered into a server: either a random plan or a dossier file.

    `ahead` is how far the bot's clock runs ahead of the simulated Discord's.
    """

    def __init__(self, plan: Plan | None = None, dossier: Path | None = None):
        self.plan, self.dossier = plan, dossier
        self.words = plan.words if plan else frozenset()
        # Dossiers have fact dates after the start of the simulated Discord, and facts of the future are refused.
        self.ahead = timedelta(days=330 if dossier else 0)

    async def enter(
        self, db: Database, guild_id: int, person_id: int, now: datetime, *, news: bool | None = None
    ) -> None:
        """Enter the ledger into a server: its start if `news` is False, its later changes if True, both if None."""
        if self.dossier is not None:
            if not news:
                found = files.read(self.dossier.read_bytes(), now=now)
                async with db.write(guild_id) as conn:
                    await dossiers.load(conn, guild_id, found, now=now, person_id=person_id)
            return
        assert self.plan is not None  # There is always a plan or a dossier.
        batches = [*(self.plan.before if not news else []), *(self.plan.news if news is not False else [])]
        began = now if news else now - timedelta(days=2)
        await ledgers.enter(db, guild_id, batches, now=began, person_id=person_id)

    async def book(self, db: Database, guild_id: int, words: Iterable[str] = ()) -> Book:
        return await books.read(db.read, guild_id, self.words | frozenset(words))


# What is asked for: commands and buttons in a simulated Discord


def _page(surface: str, title: str, message: Any, subject: str = "") -> Page:
    """Return the page that a message in simcord shows: its texts, options and labels."""
    all_parts = list(parts(message.components))
    content = getattr(message, "content", "") or ""
    texts = [content, *(part["content"] for part in all_parts if part.get("type") == 10)]
    menus = [part for part in all_parts if part.get("type") == 3]
    options = [
        " · ".join(filter(None, [option.get("label"), option.get("description")]))
        for menu in menus
        for option in menu["options"]
    ]
    presses = [*labels_of(message), *(menu.get("placeholder", "") for menu in menus)]
    top = [part if isinstance(part, dict) else part.to_dict() for part in message.components or []]
    stumbles = tuple(mistakes(heard(content, top)))
    return Page(surface, title, tuple(filter(None, texts)), tuple(options), tuple(presses), subject, stumbles)


def _shown(result: simcord.InteractionResult) -> Any:
    assert result.acknowledged, "the interaction was never answered"
    assert result.response is not None
    return result.response


class Reader:
    """A member who runs commands and presses buttons to open pages. `book` is the ledger that the pages are about."""

    def __init__(self, world: World, filled: Filled, book: Book):
        self.world, self.filled, self.book = world, filled, book
        self._cards: dict[str, Any] = {}

    async def slash(self, command: str, **options: Any) -> Any:
        return _shown(await self.world.member.slash(self.world.channel, command, **options))

    async def card(self, slug: str) -> Any:
        """Return the card of a record. It is opened once and reused, because the ledger does not change meanwhile."""
        if slug not in self._cards:
            self._cards[slug] = await self.slash("search", text=slug)
        return self._cards[slug]

    async def pages(self, surface: str, title: str, first: Any, subject: str = "", most: int = 20) -> list[Page]:
        """Return the page of a message and those behind its *More ...* button, at most `most` pages."""
        read = [_page(surface, title, first, subject)]
        message = first
        while len(read) < most and (more := [label for label in labels_of(message) if label.startswith("More ")]):
            message = _shown(await self.world.member.click(message, label=more[0]))
            read.append(_page(surface, f"{title} page {len(read) + 1}", message, subject))
        return read

    async def behind(self, surface: str, title: str, message: Any, label: str, subject: str = "") -> list[Page]:
        """Press a button of a message and return all pages of the answer, or [] when there is no such button."""
        if label not in labels_of(message):
            return []
        opened = _shown(await self.world.member.click(message, label=label))
        return await self.pages(surface, title, opened, subject)


Pages = Callable[[Reader], Awaitable[list[Page]]]


def _behind_cards(surface: str, label: str) -> Pages:
    async def found(reader: Reader) -> list[Page]:
        pages: list[Page] = []
        for slug in reader.book.names:
            pages += await reader.behind(surface, slug, await reader.card(slug), label, slug)
        return pages

    return found


async def _cards(reader: Reader) -> list[Page]:
    return [_page("card", slug, await reader.card(slug), slug) for slug in reader.book.names]


def _list(surface: str, command: str, **options: Any) -> Pages:
    async def found(reader: Reader) -> list[Page]:
        return await reader.pages(surface, command, await reader.slash(command, **options))

    return found


async def _search(reader: Reader) -> list[Page]:
    """Return result pages of searches for names, for texts, and for all records of a kind."""
    texts = [one.update.value for one in reader.book.told if one.update.field in ("quantity", "said", "model", "title")]
    words = [*list(reader.book.names.values())[::4], *(text for text in texts[:6] if isinstance(text, str))]
    pages: list[Page] = []
    for text in words:
        pages += await reader.pages("search", text[:40], await reader.slash("search", text=text), most=3)
    for kind in ("deal", "pending"):
        pages += await reader.pages("search", f"all of kind {kind}", await reader.slash("search", kind=kind), most=3)
    return pages


def _questions(reader: Reader) -> list[str]:
    asked = ["What changed?", "What is still open?"]
    kinds = {one.update.record: one.kind for one in reader.book.told}
    for kind, forms in {
        "deal": ["What is {}?", "What is the value of {}?", "When was {} signed?", "Who must act on {}?"],
        "participant": ["Who is {}?"],
        "pending": ["What is {}?", "Who must act on {}?", "When is {} due?"],
        "session": ["What is {}?", "When was {}?"],
        "statement": ["What is {}?"],
        "document": ["What is {}?"],
    }.items():
        slugs = [slug for slug, of in kinds.items() if of == kind and reader.book.names.get(slug)]
        asked += [form.format(reader.book.names[slug]) for slug in slugs[:3] for form in forms]
    return asked


async def _ask(reader: Reader) -> list[Page]:
    return [_page("ask", asked, await reader.slash("ask", question=asked)) for asked in _questions(reader)]


async def _digest_preview(reader: Reader) -> list[Page]:
    world = reader.world
    _shown(await world.manager.slash(world.channel, "digest set", channel=world.channel))
    preview = await world.manager.slash(world.channel, "digest preview", channel=world.channel)
    return [_page("digest preview", "channel", _shown(preview))]


async def _answer_sources(reader: Reader) -> list[Page]:
    pages: list[Page] = []
    for asked in _questions(reader)[:8]:
        answer = await reader.slash("ask", question=asked)
        pages += await reader.behind("answer sources", asked, answer, "Sources")
    return pages


COMMANDS: dict[str, Pages] = {
    "card": _cards,
    "all facts": _behind_cards("all facts", "All facts"),
    "history": _behind_cards("history", "History"),
    "deal list": _list("deal list", "deal list"),
    "participant list": _list("participant list", "participant list"),
    "topic list": _list("topic list", "topic list"),
    "dialogue list": _list("dialogue list", "dialogue list"),
    "pending list": _list("pending list", "pending list", all=True),
    "search": _search,
    "ask": _ask,
    "answer sources": _answer_sources,
    "digest preview": _digest_preview,
}
"""The surfaces that a member can open, each with the function that opens its pages. A new button needs one row here."""

_FORM = {"published": "undated"}
_ENTERED: list[tuple[str, str, dict[str, str], dict[str, str]]] = [
    ("stage", "deal", {"stage": "signed"}, {"value": "signed", "reason": "As the note says."}),
    ("deal", "deal", {"field": "quantity"}, {"value": "Quombiltar hulls"}),
    ("deal", "deal", {"field": "value"}, {"value": "about 7.77 billion USD"}),
    ("deal", "deal", {"field": "summary"}, {"value": "Wobbeldrun works."}),
    ("deal", "deal", {"field": "alias"}, {"value": "Kwastermil ships"}),
    ("pending", "item", {}, {"value": "5 July 2027, announced"}),
    ("close", "item", {"outcome": "done"}, {"value": "done"}),
]
_ENTERED_WORDS = ("Quombiltar", "Wobbeldrun", "Kwastermil", *(f"Brandelquo{c}" for c in "abcdefgh"))


async def _updates(reader: Reader) -> list[Seen]:
    """Enter some updates as an editor. Return the preview and the confirmation of each."""
    world = reader.world
    seen: list[Seen] = []
    kinds = {one.update.record: one.kind for one in reader.book.told}
    for number, (command, option, chosen, form) in enumerate(_ENTERED):
        kind = "pending" if option == "item" else "deal"
        slugs = [slug for slug, of in kinds.items() if of == kind]
        slugs = [slug for slug in slugs if kind == "deal" or await _is_open(reader, slug)]
        if not slugs:
            continue
        typed = (
            _FORM
            | form
            | {
                "date": f"{number + 3} February 2013",
                "source": f"Brandelquo{'abcdefgh'[number]} Courier, folio {number + 70}",
            }
        )
        if command in ("pending", "close", "stage"):
            # Newer than all other fact dates, so that the new value is the current one.
            typed["date"] = f"{number + 20} December 2025"
        opened = await world.editor.slash(world.channel, f"update {command}", **{option: slugs[0]}, **chosen)
        if opened.modal is None and "Another one" in str(reply(opened).components):  # The field has several values.
            opened = await world.editor.select(reply(opened), ["another"])
        assert opened.modal is not None, f"no form was opened for {command}"
        asked = {part["component"]["custom_id"] for part in opened.modal["components"] if "component" in part}
        typed = {
            name: [text] if name == "value" and command in ("stage", "close") else text for name, text in typed.items()
        }
        preview = _shown(
            await world.editor.submit_modal(opened, {name: text for name, text in typed.items() if name in asked})
        )
        saved = _shown(await world.editor.click(preview, label="Save"))
        book = await reader.filled.book(world.db, world.guild.id, _ENTERED_WORDS)
        title = f"{command} {chosen.get('field', '')}".strip()
        seen.append(Seen(_page("update", f"preview of {title}", preview, slugs[0]), book))
        seen.append(Seen(_page("update", f"saved {title}", saved, slugs[0]), book))
    return seen


async def _is_open(reader: Reader, slug: str) -> bool:
    return (await records.get(reader.world.db.read, reader.world.guild.id, slug)).record.open


class _Ahead(EnvClock):
    """A clock for the bot that runs ahead of the simulated Discord by a fixed time."""

    def __init__(self, ahead: timedelta):
        self.ahead = ahead

    def now(self) -> datetime:
        return self.env.now() + self.ahead


@asynccontextmanager
async def _world(path: Path, ahead: timedelta) -> AsyncIterator[World]:
    db = await Database.open(path)
    await derived.bring_up_to_date(db)
    clock = _Ahead(ahead)
    bot = Attache(db, clock, shard_count=1)
    env = simcord.Env(bot, settle_timeout=8)
    clock.env = env
    await env.start()
    world = World(env, bot, db, clock)
    await env.settle()
    try:
        await world.set_up(None)
        yield world
    finally:
        await world.bot.deliverer.close()
        await env.shutdown()
        await world.db.close()


async def asked_for(filled: Filled, folder: Path, surfaces: Iterable[str]) -> dict[str, list[Seen]]:
    """Return the pages of those surfaces that are opened by commands and buttons, by surface."""
    by_surface: dict[str, list[Seen]] = {}
    async with _world(folder / "asked.db", filled.ahead) as world:
        async with world.db.write(None) as conn:
            person = await people.ensure(conn, world.owner.id)
        await filled.enter(world.db, world.guild.id, person.id, world.clock.now())
        book = await filled.book(world.db, world.guild.id)
        reader = Reader(world, filled, book)
        for surface in surfaces:
            if surface in COMMANDS:
                by_surface[surface] = [Seen(page, book) for page in await COMMANDS[surface](reader)]
        if "update" in surfaces:
            by_surface["update"] = await _updates(reader)
    return by_surface


# Messages that the bot sends unprompted, planned and rendered as for Discord


class Post(Outbound):
    """A server that keeps every message it renders until `seen` is called."""

    def __init__(self, db: Database, filled: Filled, start: datetime):
        super().__init__(db, 0, start)
        self.filled = filled
        self.drawn: list[tuple[Delivery, Message]] = []

    async def draw(self, delivery: Delivery) -> Message | NothingToSend:
        drawn = await super().draw(delivery)
        if isinstance(drawn, Message):
            self.drawn.append((delivery, drawn))
        return drawn

    async def seen(self) -> list[tuple[Delivery, Seen]]:
        """Return the deliveries rendered since the last call, as pages with the present ledger."""
        if not self.drawn:
            return []
        book = await self.filled.book(self.db, GUILD)
        seen = [(delivery, Seen(self._page(delivery, message), book)) for delivery, message in self.drawn]
        self.drawn = []
        return seen

    def _page(self, delivery: Delivery, message: Message) -> Page:
        items = list(message.view.walk_children())
        texts = [message.content or "", *(item.content for item in items if hasattr(item, "content"))]  # pyright: ignore[reportAttributeAccessIssue]  # checked
        labels = [getattr(item, "label", None) or getattr(item, "placeholder", None) or "" for item in items]
        stumbles = tuple(mistakes(heard(message.content, message.view.to_components())))
        presses = tuple(filter(None, labels))
        return Page(delivery.kind, delivery.key, tuple(filter(None, texts)), (), presses, stumbles=stumbles)


DELIVERED = ("first digest", "digest", "Monday digest", "alert", "reminder", "still open")


async def delivered(filled: Filled, folder: Path) -> dict[str, list[Seen]]:
    """Return the messages that a server sends in three weeks, by surface.

    They go to a channel with a digest, to a channel that follows all records, and to a person with reminders.
    """
    db = await Database.open(folder / "delivered.db")
    try:
        await migrate(db)
        start = START + filled.ahead
        async with db.write(GUILD) as conn:
            person = await people.ensure(conn, 77)
            await guilds.ensure(conn, GUILD, name="Newsroom", owner_id=77)
            await guilds.configure(conn, GUILD, now=start, person_id=person.id, zone=ZONE, channel_id=GUILD + 1)
        post = Post(db, filled, start)
        await filled.enter(db, GUILD, person.id, start, news=False)
        book = await filled.book(db, GUILD)
        kinds = {one.update.record: one.kind for one in book.told}
        await post.digest(await post.channel(GUILD + 1))
        following, reader = await post.channel(GUILD + 2), await post.person()
        for slug in [slug for slug in kinds if book.names[slug]][:100]:  # A destination can have 100 follows.
            await post.follow(following, slug)
        found: dict[str, list[Seen]] = {surface: [] for surface in DELIVERED}
        await post.go_to(start + timedelta(days=1))
        _sort(found, await post.seen())
        await filled.enter(db, GUILD, person.id, post.now, news=True)
        for (slug,) in await db.read.execute_fetchall(
            "SELECT slug FROM record WHERE guild_id = ? AND open = 1", (GUILD,)
        ):
            await post.join(reader, slug)
        for day in range(2, 26):
            await post.go_to(start + timedelta(days=day))
            _sort(found, await post.seen())
        return found
    finally:
        await db.close()


def _sort(found: dict[str, list[Seen]], seen: Sequence[tuple[Delivery, Seen]]) -> None:
    for delivery, one in seen:
        if delivery.kind == "digest":
            monday = delivery.day is not None and delivery.day.weekday() == 0
            surface = "first digest" if not found["first digest"] else "Monday digest" if monday else "digest"
        else:
            surface = {"open": "still open"}.get(delivery.kind, delivery.kind)
        page = one.page
        named = Page(surface, page.title, page.texts, page.options, page.presses, page.subject)
        found[surface].append(Seen(named, one.book))


# All of them


SURFACES = (*COMMANDS, "update", *DELIVERED)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on a new event loop and return its result."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(work)


def render(filled: Filled, surfaces: Iterable[str] = SURFACES) -> dict[str, list[Seen]]:
    """Render some surfaces from one ledger. Return their pages by surface."""
    wanted = list(surfaces)

    async def found() -> dict[str, list[Seen]]:
        with tempfile.TemporaryDirectory() as folder:
            pages = await asked_for(filled, Path(folder), wanted) if {*COMMANDS, "update"} & {*wanted} else {}
            if {*DELIVERED} & {*wanted}:
                pages |= await delivered(filled, Path(folder))
        return pages

    return run(found())


@lru_cache(8)
def _of_seed(seed: int, surfaces: tuple[str, ...]) -> dict[str, list[Seen]]:
    return render(Filled(ledgers.random_plan(random.Random(seed), TODAY)), surfaces)


def of_seed(seed: int, surface: str) -> list[Seen]:
    """Return the pages of a surface for the random ledger with this seed.

    All surfaces that commands open are rendered together and cached; so are all deliveries.
    """
    return _of_seed(seed, DELIVERED if surface in DELIVERED else (*COMMANDS, "update"))[surface]
