"""Helpers for tests of dossiers: load the starter dossier into a server, and read its records and their links."""

from __future__ import annotations

import pytest

from bot import dossier as files
from bot.services import dossiers, records
from bot.services.dossiers import Loaded
from data.database import Database
from data.records import Opened

STARTER = "india-us-2plus2-2023"


async def load(db: Database, guild_id: int, now, name: str | files.Dossier = STARTER) -> Loaded:
    dossier = dossiers.read_shipped(name, now=now) if isinstance(name, str) else name
    async with db.write(guild_id) as conn:
        return await dossiers.load(conn, guild_id, dossier, now=now, person_id=1)


@pytest.fixture
async def loaded(db, guild, now) -> int:
    await load(db, guild, now)
    return guild


async def every(db: Database, guild: int) -> dict[str, Opened]:
    rows = await db.read.execute_fetchall("SELECT slug FROM record WHERE guild_id = ? AND live = 1", (guild,))
    return {o.record.slug: o for o in await records.get_many(db.read, guild, [slug for (slug,) in rows])}


def linked(opened: Opened, field: str) -> set[str]:
    return {link.slug for link in opened.links if link.outward and link.field == field}


def roles(opened: Opened, field: str) -> set[tuple[str, str]]:
    return {(link.slug, link.role) for link in opened.links if link.outward and link.field == field}
