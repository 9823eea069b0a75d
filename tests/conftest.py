"""What tests share: a migrated database file, a server with a person in it, and a moment."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings

from bot.services import desks, people, sources
from data.database import Database
from data.migrate import migrate

# How long an example takes says nothing on a machine that does other things as well.
settings.register_profile("attache", deadline=None)
settings.load_profile("attache")

GUILD = 1000
OTHER_GUILD = 2000
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    """A new file with the newest schema."""
    database = await Database.open(tmp_path / "attache.db")
    try:
        await migrate(database)
        yield database
    finally:
        await database.close()


@pytest.fixture
async def desk(db: Database, now: datetime) -> int:
    """A server that is set up, by a person with the Discord id 77 who owns it."""
    async with db.write(None) as conn:
        person = await people.ensure(conn, 77)
        for guild_id, name in ((GUILD, "Newsroom"), (OTHER_GUILD, "Elsewhere")):
            await desks.ensure(conn, guild_id, name=name, owner_id=77)
            await desks.configure(
                conn, guild_id, now=now, person_id=person.id, zone="Asia/Kolkata", channel_id=guild_id + 1
            )
    return GUILD


@pytest.fixture
async def source(db: Database, desk: int) -> int:
    """The id of a source in that server."""
    async with db.write(desk) as conn:
        return await sources.ensure(conn, desk, title="A news article")
