"""Tests of the timeline of a record: other records in it keep their names after they are unlinked or withdrawn."""

from __future__ import annotations

from bot.services import timelines, updates
from data.records import Party, Title
from tests.conftest import enter


async def test_a_party_keeps_its_name_when_it_ended_and_when_its_record_was_withdrawn(db, guild, source, now):
    made = await enter(
        db,
        guild,
        source,
        now,
        ("atomics", "participant", "name", "General Atomics"),
        ("atomics", "participant", "name", "General Atomics Aeronautical"),
    )
    await enter(
        db,
        guild,
        source,
        now,
        ("drones", "deal", "name", "The drones"),
        ("drones", "deal", "party", Party("atomics", "maker")),
    )
    assert (await timelines.get(db.read, guild, "drones")).names["atomics"] == "General Atomics Aeronautical"
    await enter(db, guild, source, now, ("drones", "deal", "party", Party("atomics", "maker", gone=True)))
    assert (await timelines.get(db.read, guild, "drones")).names["atomics"] == "General Atomics Aeronautical"
    async with db.write(guild) as conn:
        await updates.undo(conn, guild, made, now=now, person_id=1)
    assert (await timelines.get(db.read, guild, "drones")).names["atomics"] == "General Atomics Aeronautical"


async def test_a_record_that_never_had_a_name_is_not_shown_by_its_slug(db, guild, source, now):
    await enter(
        db,
        guild,
        source,
        now,
        ("drones", "deal", "name", "The drones"),
        ("nameless", "participant", "title", Title("Minister")),
        ("drones", "deal", "party", Party("nameless", "maker")),
    )
    assert (await timelines.get(db.read, guild, "drones")).names["nameless"] == "a record without a name"
