"""Tests of the table of servers: setup, greeting, removal of the bot and its return."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.errors import UserError
from bot.services import dossiers, guilds, people
from data.records import Holdings
from tests.conftest import GUILD


async def test_configuring_again_changes_only_what_is_given(db, guild, now):
    before = await guilds.get(db.read, GUILD)
    async with db.write(GUILD) as conn:
        other = await people.ensure(conn, 78)
        await guilds.configure(conn, GUILD, now=now + timedelta(days=1), person_id=other.id, editor_role_id=5)
    after = await guilds.get(db.read, GUILD)
    assert (after.zone, after.channel_id, after.set_up_at) == (before.zone, before.channel_id, before.set_up_at)
    assert (after.editor_role_id, after.set_up_by) == (5, other.id)


async def test_each_joining_is_greeted_once(db, guild, now):
    async with db.write(guild) as conn:
        assert await guilds.mark_greeted(conn, guild, now=now)
        assert not await guilds.mark_greeted(conn, guild, now=now)
        await guilds.leave(conn, guild, now=now)
        assert await guilds.mark_greeted(conn, guild, now=now)
        await guilds.leave(conn, guild, now=now)
        assert not await guilds.mark_greeted(conn, guild, now=now), "a second notice of one removal is no new removal"


async def test_a_server_that_removes_the_bot_before_setup_leaves_nothing_behind(db, now):
    async with db.write(5) as conn:
        await guilds.ensure(conn, 5, name="Curious", owner_id=1)
        await guilds.leave(conn, 5, now=now)
    assert await guilds.find(db.read, 5) is None


async def test_a_return_ends_only_with_setup(db, guild, now):
    async with db.write(GUILD) as conn:
        await guilds.leave(conn, GUILD, now=now)
        await guilds.ensure(conn, GUILD, name="Newsroom", owner_id=77)
        await guilds.refresh(conn, GUILD, name="The Newsroom", owner_id=78)
    left = await guilds.get(db.read, GUILD)
    assert (left.left_at, left.name, left.owner_id) == (now, "The Newsroom", 78)
    async with db.write(GUILD) as conn:
        await guilds.configure(conn, GUILD, now=now, person_id=1)
    back = await guilds.get(db.read, GUILD)
    assert (back.left_at, back.zone, back.channel_id) == (None, "Asia/Kolkata", GUILD + 1)


async def test_a_server_never_set_up_is_named_as_such_and_learns_nothing_more(db, now):
    async with db.write(5) as conn:
        await guilds.forget_all_but_the_greeting(conn, 5, now=now)
        await guilds.refresh(conn, 5, name="Secret society", owner_id=9)
        assert not await guilds.mark_greeted(conn, 5, now=now)
    with pytest.raises(UserError, match="not set up"):
        await guilds.get(db.read, 5)
    bare = await guilds.find(db.read, 5)
    assert bare is not None
    assert (bare.name, bare.owner_id) == ("", 0)
    assert [one.guild_id for one in await guilds.list_all(db.read)] == [5]


async def test_holdings_count_records_updates_and_dossiers(db, guild, now):
    assert await guilds.holdings(db.read, GUILD) == Holdings(0, 0, ())
    (shipped, *_) = dossiers.shipped()
    dossier = dossiers.read_shipped(shipped.key, now=now)
    async with db.write(GUILD) as conn:
        loaded = await dossiers.load(conn, GUILD, dossier, now=now, person_id=None)
    held = await guilds.holdings(db.read, GUILD)
    assert (held.records, held.updates, held.dossiers) == (len(dossier.records), loaded.added, (dossier.slug,))
    assert await guilds.holdings(db.read, GUILD + 1000) == Holdings(0, 0, ())
