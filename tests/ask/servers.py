"""The servers that questions are asked in, and the tables of questions with what an honest answer shows."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import yaml
from msgspec import Struct

from bot import dates
from bot import dossier as files
from bot.ask.finding import Finding
from bot.ledger.kinds import get_field
from bot.services import asking, dossiers, guilds, sources, updates
from bot.services.updates import Change
from bot.ui import answers
from data.database import Database

HERE = Path(__file__).parent
STARTER, SECOND, DATED = 1001, 1002, 1003
SERVERS = {"starter": STARTER, "second": SECOND, "dated": DATED}
ZONE = "Asia/Kolkata"
ASKED_ON = date(2026, 11, 24)


class Question(Struct, frozen=True):
    """One row of a table: what is asked, and what must and must not be in the answer below its heading."""

    ask: str
    must: list[str]
    must_not: list[str]
    answerable: bool
    manner: str
    server: str
    asked_on: str = ASKED_ON.isoformat()


def table(name: str) -> list[Question]:
    return msgspec.convert(_read(f"{name}.yaml"), list[Question], strict=False)


def _read(name: str) -> Any:
    """Read a YAML file with every scalar as text: YAML would read a bare `on` as a boolean and a date as a date."""
    return yaml.load((HERE / name).read_text("utf-8"), Loader=yaml.BaseLoader)  # noqa: S506  # Plain data only.


async def fill(db: Database) -> None:
    """Make three servers: with the starter dossier, with the second one, with the starter and its dated updates."""
    now = datetime(2026, 11, 20, 9, tzinfo=ZoneInfo(ZONE))
    starter = dossiers.read_shipped("india-us-2plus2-2023", now=now)
    second = files.read((HERE / "second.dossier.yaml").read_bytes(), now=now)
    for guild_id, found in ((STARTER, starter), (SECOND, second), (DATED, starter)):
        async with db.write(guild_id) as conn:
            await guilds.ensure(conn, guild_id, name=f"Server {guild_id}", owner_id=1)
            await dossiers.load(conn, guild_id, found, now=now, person_id=None)
    for row in _read("updates.yaml"):
        day = dates.parse_fact_date(str(row["on"]))
        async with db.write(DATED) as conn:
            source = await sources.ensure(conn, DATED, title=row["source"])
            changes = []
            for change in row["changes"]:
                field = get_field(change["kind"], change["field"])
                value = field.type.parse(str(change["value"]), lambda name, _: _SLUGS[name])
                changes.append(
                    Change(change["record"], change["kind"], change["field"], value, day, source, row["locator"])
                )
            await updates.append(conn, DATED, changes, now=now, person_id=None, origin="editor")


_SLUGS = {"U.S. government": "us-government", "India": "india"}


async def ask(db: Database, question: Question, chosen: str = "") -> tuple[Finding, str]:
    """Ask as a member would. Return what was found and the text of the answer."""
    now = datetime.combine(date.fromisoformat(question.asked_on), time(12), ZoneInfo(ZONE))
    guild_id = SERVERS[question.server]
    understood = await asking.understand(db.read, guild_id, question.ask, now=now, zone=ZONE)
    found = await asking.find(db.read, guild_id, understood, chosen=chosen)
    drawn = answers.draw(question.ask, found, now=now)
    return found, text_of(answers.answer(found, drawn, key="1"))


def text_of(view: Any) -> str:
    texts = [item.content for item in view.walk_children() if hasattr(item, "content")]
    return "\n".join(texts)


def below_heading(text: str) -> str:
    return text.partition("\n")[2]


def plain(text: str) -> str:
    """Return a text without its markup, as a client shows it."""
    text = re.sub(r"^(?:-# |#{1,3} |- )", "", text, flags=re.MULTILINE)
    text = re.sub(r"(?<!\\)(?:\*\*|__|`)", "", text)
    return re.sub(r"\\(?=[^A-Za-z0-9\s])", "", text)


def faults(question: Question, text: str) -> list[str]:
    """Return what an answer lacks, or holds and must not hold."""
    said = plain(below_heading(text)).casefold()
    found = [f"lacks {one!r}" for one in question.must if not _in(one, said)]
    return found + [f"holds {one!r}" for one in question.must_not if _in(one, said)]


def _in(words: str, text: str) -> bool:
    pattern = re.escape(words.casefold())
    before = r"(?<!\w)" if words[:1].isalnum() else ""
    after = r"(?!\d)" if words[-1:].isdigit() else ""
    return re.search(f"{before}{pattern}{after}", text) is not None
