"""The servers of the question tables in one file, filled once, and fixtures that ask them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from datetime import date, datetime, time
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import pytest

from bot.ask.finding import Finding
from bot.services import records
from bot.ui import answers
from data.database import Database
from data.migrate import migrate
from tests.ask import servers
from tests.ask.servers import Question

T = TypeVar("T")


class Answered(NamedTuple):
    """An answer: what was found, its message, and all its text."""

    found: Finding
    view: Any
    text: str


class Asking:
    """The filled file. Questions are asked one after the other, as members do."""

    def __init__(self, runner: asyncio.Runner, db: Database) -> None:
        self.runner, self.db = runner, db

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def ask(self, question: Question, chosen: str = "") -> Answered:
        return self.run(self._ask(question, chosen))

    async def _ask(self, question: Question, chosen: str) -> Answered:
        found, _ = await servers.ask(self.db, question, chosen)
        drawn = answers.draw(question.ask, found, now=noon(question))
        view = answers.answer(found, drawn, key="1", chosen=chosen)
        return Answered(found, view, servers.text_of(view))

    def sources(self, question: Question, found: Finding) -> str:
        """Return the text of all pages that *Sources* opens under an answer."""
        return self.run(self._sources(question, found))

    async def _sources(self, question: Question, found: Finding) -> str:
        now = noon(question)
        named = await records.get_many(self.db.read, servers.SERVERS[question.server], answers.beside(found))
        pages: list[str] = []
        while True:
            view = answers.sources(found, named, len(pages), key="1", chosen="", now=now)
            pages.append(servers.text_of(view))
            if not any(getattr(item, "label", "") == "More sources" for item in view.walk_children()):
                return "\n".join(pages)


def noon(question: Question) -> datetime:
    return datetime.combine(date.fromisoformat(question.asked_on), time(12), ZoneInfo(servers.ZONE))


async def _filled(path: Any) -> Database:
    db = await Database.open(path)
    await migrate(db)
    await servers.fill(db)
    return db


@pytest.fixture(scope="session")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        db = runner.run(_filled(tmp_path_factory.mktemp("ask") / "attache.db"))
        try:
            yield Asking(runner, db)
        finally:
            runner.run(db.close())
