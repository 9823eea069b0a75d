"""Fixtures that all tests share: a migrated file, a server with a person in it, a moment, and facts to enter."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings

from bot.services import guilds, people, sources, updates
from bot.services.updates import Change
from data.database import Database
from data.migrate import migrate
from data.records import FactDate, Kind, Value
from tests import portable_sql
from tests.builders import on_day

portable_sql.listen()

# How long an example takes says nothing on a machine that does other things as well.
settings.register_profile("attache", deadline=None)
settings.load_profile("attache")

GUILD = 1000
OTHER_GUILD = 2000
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
REPORTED = on_day("2023-11-10")


async def enter(
    db: Database,
    guild_id: int,
    source: int,
    now: datetime,
    *facts: tuple[str, Kind, str, Value],
    day: FactDate = REPORTED,
    reason: str = "r",
) -> str:
    """Enter facts as an editor, all of one day and from one source: slug, kind, field and value. Return the batch."""
    changes = [Change(slug, kind, field, value, day, source, reason=reason) for slug, kind, field, value in facts]
    async with db.write(guild_id) as conn:
        return await updates.append(conn, guild_id, changes, now=now, person_id=1, origin="editor")


@pytest.fixture(autouse=True)
def statements_are_portable() -> Iterator[None]:
    """Fail a test whose statements only SQLite would understand, outside the modules that are there for them."""
    portable_sql.offences.clear()
    yield
    told = [f"{module}: {portable_sql.foreign(sql)} in {sql}" for sql, module in portable_sql.offences.items()]
    assert not told, "\n".join(told)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    """Yield a new file with the newest schema."""
    database = await Database.open(tmp_path / "attache.db")
    try:
        await migrate(database)
        yield database
    finally:
        await database.close()


@pytest.fixture
async def guild(db: Database, now: datetime) -> int:
    """Return the id of a server that is set up by its owner, a person with the Discord id 77."""
    async with db.write(None) as conn:
        person = await people.ensure(conn, 77)
        for guild_id, name in ((GUILD, "Newsroom"), (OTHER_GUILD, "Elsewhere")):
            await guilds.ensure(conn, guild_id, name=name, owner_id=77)
            await guilds.configure(
                conn, guild_id, now=now, person_id=person.id, zone="Asia/Kolkata", channel_id=guild_id + 1
            )
    return GUILD


@pytest.fixture
async def source(db: Database, guild: int) -> int:
    """Return the id of a source in that server."""
    async with db.write(guild) as conn:
        return await sources.ensure(conn, guild, title="A news article")
