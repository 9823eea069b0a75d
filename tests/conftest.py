"""Fixtures that all tests share: a migrated database, two servers that are set up, a source, and a fixed `now`."""

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

# Hypothesis fails slow examples by default. On a busy machine, slowness is no sign of a fault.
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
    """Enter facts as an editor in one batch, all with one fact date and one source. Return the id of the batch.

    A fact is a tuple of slug, kind, field and value.
    """
    changes = [Change(slug, kind, field, value, day, source, reason=reason) for slug, kind, field, value in facts]
    async with db.write(guild_id) as conn:
        return await updates.append(conn, guild_id, changes, now=now, person_id=1, origin="editor")


@pytest.fixture(autouse=True)
def statements_are_portable() -> Iterator[None]:
    """Fail the test if the program ran SQL that only SQLite understands, outside the modules that are allowed to."""
    portable_sql.offences.clear()
    yield
    offences = [f"{module}: {portable_sql.foreign(sql)} in {sql}" for sql, module in portable_sql.offences.items()]
    assert not offences, "\n".join(offences)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    """Yield an empty database with the newest schema, and close it after the test."""
    database = await Database.open(tmp_path / "attache.db")
    try:
        await migrate(database)
        yield database
    finally:
        await database.close()


@pytest.fixture
async def guild(db: Database, now: datetime) -> int:
    """Return the id of a server whose owner (Discord id 77) has set it up; OTHER_GUILD is set up in the same way."""
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
    """Return the id of a source in the server of the fixture `guild`."""
    async with db.write(guild) as conn:
        return await sources.ensure(conn, guild, title="A news article")
