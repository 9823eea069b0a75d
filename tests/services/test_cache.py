"""Tests of the cache of cards: a card is served from it while nothing changed, and is rendered anew after a change."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.errors import NotInRecord
from bot.interactions.cache import CACHED, CachedRecord, RecordCache
from bot.services import destinations, follows, guilds, updates
from bot.services.updates import Change
from data.database import Connection
from tests.builders import count_of, due_value
from tests.conftest import REPORTED, enter


async def opened(cache: RecordCache, conn: Connection, guild: int, text: str, kinds: list[str]) -> CachedRecord:
    return (await cache.open_for(conn, guild, text, kinds, None))[0]


async def test_a_card_is_drawn_anew_when_its_ledger_moved_and_only_then(db, guild, source, now):
    cache = RecordCache()
    await enter(db, guild, source, now, ("drones", "deal", "name", "The drones"))
    first = await opened(cache, db.read, guild, "drones", ["deal"])
    assert await opened(cache, db.read, guild, "drones", ["deal"]) is first
    assert first.rendered(now) is first.rendered(now)
    batch = await enter(db, guild, source, now, ("drones", "deal", "quantity", count_of("31")))
    second = await opened(cache, db.read, guild, "drones", ["deal"])
    assert "31" in second.rendered(now).text
    async with db.write(guild) as conn:
        await updates.undo(conn, guild, batch, now=now, person_id=1)
    third = await opened(cache, db.read, guild, "drones", ["deal"])
    assert "31" not in third.rendered(now).text


async def test_a_kept_card_and_whether_its_reader_follows_cost_one_statement(db, guild, source, now):
    cache = RecordCache()
    await enter(db, guild, source, now, ("drones", "deal", "name", "The drones"))
    await enter(db, guild, source, now, ("drones", "deal", "quantity", count_of("31")))
    async with db.write(guild) as conn:
        places = {user: (await destinations.ensure_own(conn, guild, user, now=now)).place for user in (1, 2, 3)}
        await follows.add(conn, places[1], "drones", now=now)
        await follows.add(conn, places[2], None, now=now)
        muted = await follows.add(conn, places[3], "drones", now=now)
        await follows.mute(conn, guild, muted.id)
    kept, _ = await cache.open_for(db.read, guild, "drones", ["deal"], 1)
    said: list[str] = []
    await db.read.set_trace_callback(said.append)
    told = {user: await cache.open_for(db.read, guild, "drones", ["deal"], user) for user in (1, 2, 3, 4, None)}
    await db.read.set_trace_callback(lambda _: None)
    assert {user: follows_it for user, (_, follows_it) in told.items()} == {
        1: True,
        2: False,
        3: False,
        4: False,
        None: False,
    }
    assert all(recent is kept for recent, _ in told.values())
    assert len([one for one in said if one.lstrip().startswith("SELECT")]) == len(told)


async def test_a_new_editor_role_counts_at_once(db, guild, source, now):
    cache = RecordCache()
    await enter(db, guild, source, now, ("drones", "deal", "name", "The drones"))
    assert (await opened(cache, db.read, guild, "drones", ["deal"])).opened.editor_role_id is None
    async with db.write(guild) as conn:
        await guilds.configure(conn, guild, now=now, person_id=1, editor_role_id=7)
    assert (await opened(cache, db.read, guild, "drones", ["deal"])).opened.editor_role_id == 7


async def test_a_due_date_that_ends_is_told_without_any_update(db, guild, source, now):
    cache = RecordCache()
    item = {
        "name": "Clearances",
        "state": "open",
        "due": due_value("2026-11-24", "fixed"),
    }
    async with db.write(guild) as conn:
        changes = [Change("item", "pending", field, value, REPORTED, source) for field, value in item.items()]
        await updates.append(conn, guild, changes, now=now, person_id=1, origin="editor")
    recent = await opened(cache, db.read, guild, "item", ["pending"])
    midnight_in_delhi = now.replace(hour=18, minute=30)  # An item without a zone has the server's.
    assert "this day has passed" not in recent.rendered(midnight_in_delhi - timedelta(seconds=1)).text
    assert "this day has passed" in recent.rendered(midnight_in_delhi).text


async def test_servers_do_not_share_and_what_is_not_there_is_not_kept(db, guild, source, now):
    cache = RecordCache()
    await enter(db, guild, source, now, ("drones", "deal", "name", "The drones"))
    await opened(cache, db.read, guild, "drones", ["deal"])
    with pytest.raises(NotInRecord):
        await opened(cache, db.read, 2000, "drones", ["deal"])
    with pytest.raises(NotInRecord):
        await opened(cache, db.read, guild, "drones", ["topic"])


async def test_only_so_many_are_kept(db, guild, source, now):
    cache = RecordCache()
    await enter(db, guild, source, now, ("drones", "deal", "name", "The drones"))
    first = await opened(cache, db.read, guild, "drones", ["deal"])
    for n in range(CACHED):
        await opened(cache, db.read, guild, "the drones" + " " * n, ["deal"])
    assert await opened(cache, db.read, guild, "drones", ["deal"]) is not first
