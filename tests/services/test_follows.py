"""Tests of follows (subscriptions to records) and of their destinations: limits, zones and delivery times."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.errors import NotInRecord, UserError
from bot.services import deliveries, destinations, follows, guilds, people, why
from data.database import Database
from data.records import Destination, Outcome
from tests.services.test_alerts import GUILD, Guild, there

__all__ = ["there"]  # The fixture: a server with a deal in it.

ELSEWHERE = 2000


async def person(db: Database, now: datetime, user_id: int = 88) -> Destination:
    async with db.write(GUILD) as conn:
        found = await people.ensure(conn, user_id)
        return await destinations.ensure_person(conn, GUILD, found.id, now=now)


async def test_a_second_follow_of_the_same_says_that_it_is_there(there: Guild):
    await there.follow("drones")
    with pytest.raises(UserError, match='already follows "31 armed drones'):
        await there.follow("drones")
    assert len(await follows.list_of(there.db.read, 1)) == 1


async def test_following_again_lets_a_muted_follow_speak_from_now_on(there: Guild):
    follow = await there.follow("drones")
    async with there.db.write(GUILD) as conn:
        await follows.mute(conn, GUILD, follow.id)
    await there.enter(there.signed())
    again = await there.follow("drones")
    assert (again.id, again.muted) == (follow.id, False)
    assert again.since > follow.since


async def test_another_role_takes_the_place_of_the_old_one(there: Guild):
    first = await there.follow("drones", role_id=5)
    second = await there.follow("drones", role_id=6)
    assert (second.id, second.role_id) == (first.id, 6)
    assert second.since == first.since


async def test_everything_is_listed_first_and_is_digest_only(there: Guild):
    await there.follow("drones")
    everything = await there.follow(None)
    assert not everything.at_once
    assert [follows.name_of(found) for found in await follows.list_of(there.db.read, everything.destination_id)] == [
        "everything",
        "31 armed drones for India",
    ]


async def test_there_is_a_most(there: Guild, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(follows, "MOST", 2)
    await there.follow("drones")
    await there.follow("us")
    with pytest.raises(UserError, match="already 2 follows"):
        await there.follow(None)


async def test_what_is_not_in_the_record_cannot_be_followed(there: Guild):
    with pytest.raises(NotInRecord):
        await there.follow("nothing-of-the-kind")


async def test_an_id_of_another_server_opens_nothing(there: Guild):
    follow = await there.follow("drones")
    assert await follows.find(there.db.read, ELSEWHERE, follow.id) is None
    assert await destinations.find(there.db.read, ELSEWHERE, follow.destination_id) is None
    async with there.db.write(GUILD) as conn:
        assert await follows.remove(conn, ELSEWHERE, follow.id) is None
        assert await follows.mute(conn, ELSEWHERE, follow.id) is None
        planned = await deliveries.plan(conn, GUILD, follow.destination_id, deliveries.alert_of("x"), due_at=there.now)
    assert planned
    nonce = (await deliveries.get(there.db.read, planned)).nonce
    assert (await why.explain(there.db.read, GUILD, nonce)).delivery.id == planned
    with pytest.raises(UserError, match="no longer on file"):
        await why.explain(there.db.read, ELSEWHERE, nonce)
    assert await follows.find(there.db.read, GUILD, follow.id) == follow


async def test_ending_a_follow_twice_ends_it_once(there: Guild):
    follow = await there.follow("drones")
    async with there.db.write(GUILD) as conn:
        assert await follows.remove(conn, GUILD, follow.id) == follow
        assert await follows.remove(conn, GUILD, follow.id) is None


# Destinations


async def test_the_zone_is_the_destinations_else_the_persons_else_the_servers(there: Guild):
    place = await person(there.db, there.now)
    assert place.zone == "Asia/Kolkata"
    async with there.db.write(None) as conn:
        await people.set_zone(conn, 88, "Europe/London")
    assert (await destinations.get(there.db.read, place.id)).zone == "Europe/London"
    async with there.db.write(GUILD) as conn:
        await conn.execute("UPDATE destination SET zone = 'Asia/Tokyo' WHERE id = ?", (place.id,))
    assert (await destinations.get(there.db.read, place.id)).zone == "Asia/Tokyo"


async def test_a_destination_starts_at_now_and_has_no_hour_where_nothing_falls(there: Guild):
    place = await there.channel(7777)
    ((newest,),) = await there.db.read.execute_fetchall("SELECT max(id) FROM ledger")
    assert place.digested_to == newest
    assert place.next_delivery_at is None
    assert await destinations.list_due(there.db.read, there.now + timedelta(days=9)) == []


async def test_an_hour_follows_the_zone_and_a_date_comes_once(there: Guild):
    """Plan a local date at 09:00 in Kolkata, and do not plan it again after the server's zone becomes London."""
    place = await there.channel()
    first = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)
    assert place.next_delivery_at == first
    assert [found.id for found in await destinations.list_due(there.db.read, first)] == [place.id]
    async with there.db.write(GUILD) as conn:
        await destinations.mark_planned(conn, place.id, date(2026, 11, 25), first)
        await guilds.configure(conn, GUILD, now=first, person_id=1, zone="Europe/London")
        await destinations.schedule_guild(conn, GUILD, first)
    moved = await destinations.get(there.db.read, place.id)
    assert moved.next_delivery_at == datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


async def test_an_hour_that_is_due_is_not_lost_by_a_change_just_then(there: Guild):
    place = await there.channel()
    assert place.next_delivery_at is not None
    after = place.next_delivery_at + timedelta(seconds=1)
    async with there.db.write(GUILD) as conn:
        await destinations.set_digest(conn, place.id, now=after, at=time(18))
    assert (await destinations.get(there.db.read, place.id)).next_delivery_at == place.next_delivery_at


async def test_of_several_missed_hours_the_latest_is_told(there: Guild):
    place = await there.channel()
    now = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
    assert destinations.latest_delivery_time(place, now) == (
        date(2026, 12, 1),
        datetime(2026, 12, 1, 3, 30, tzinfo=UTC),
    )


async def test_setting_something_up_again_resumes_and_keeps_where_it_stood(there: Guild):
    place = await there.channel()
    async with there.db.write(GUILD) as conn:
        await destinations.pause(conn, place.id, Outcome.TARGET_GONE, "the channel no longer exists")
    assert [found.id for found in await destinations.list_paused(there.db.read, GUILD)] == [place.id]
    await there.enter(there.signed())
    again = await there.channel()
    assert (again.id, again.state, again.digested_to) == (place.id, "active", place.digested_to)


async def test_a_pause_deletes_nothing(there: Guild):
    follow = await there.follow("drones")
    async with there.db.write(GUILD) as conn:
        await destinations.pause(conn, follow.destination_id, Outcome.NOT_PERMITTED, "x")
        await destinations.resume(conn, follow.destination_id, there.now)
    assert await follows.list_of(there.db.read, follow.destination_id) == [follow]
