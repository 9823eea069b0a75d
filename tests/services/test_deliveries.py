"""Tests of the table of deliveries: each is planned once, claimed by one worker and settled with an outcome."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from bot.services import deliveries, destinations, guilds, housekeeping
from data.database import Database
from data.records import Confirmation, Delivery, NewDelivery, Outcome

GUILD = 1000


class Owing:
    """A server on a real database, with helpers that plan, claim and settle deliveries."""

    def __init__(self, db: Database, now: datetime) -> None:
        self.db, self.now = db, now

    async def place(self, channel_id: int = 1001) -> int:
        async with self.db.write(GUILD) as conn:
            destination = await destinations.ensure_channel(conn, GUILD, channel_id, now=self.now, person_id=1)
            return destination.id

    async def plan(self, place: int, new: str | NewDelivery, due_at: datetime | None = None) -> int | None:
        """Plan a delivery for a destination. When `new` is the id of a batch, plan the alert about that batch."""
        new = deliveries.alert_of(new) if isinstance(new, str) else new
        async with self.db.write(GUILD) as conn:
            return await deliveries.plan(conn, GUILD, place, new, due_at=due_at or self.now)

    async def claim(self, place: int, after: timedelta = timedelta()) -> Delivery | None:
        async with self.db.write(GUILD) as conn:
            return await deliveries.claim(conn, place, self.now + after)

    async def settle(self, delivery: Delivery, outcome: Outcome = Outcome.DELIVERED) -> None:
        async with self.db.write(GUILD) as conn:
            await deliveries.settle(conn, delivery.id, outcome, now=self.now, channel_id=1001, message_id=5)

    async def get(self, delivery_id: int) -> Delivery:
        return await deliveries.get(self.db.read, delivery_id)


@pytest.fixture
def owing(db: Database, guild: int, now: datetime) -> Owing:
    return Owing(db, now)


async def test_what_is_planned_twice_is_owed_once(owing: Owing):
    place = await owing.place()
    first = await owing.plan(place, "b1")
    assert first
    assert await owing.plan(place, "b1") is None
    assert await owing.plan(place, deliveries.confirmation_of("b1", Confirmation("follow")))
    row = await owing.get(first)
    assert len(row.nonce) == 24  # Discord takes at most 25.
    assert row.batch == "b1"


async def test_one_message_at_a_time_and_the_oldest_first(owing: Owing):
    place = await owing.place()
    await owing.plan(place, "later", due_at=owing.now + timedelta(seconds=9))
    await owing.plan(place, "second", due_at=owing.now)
    await owing.plan(place, "first", due_at=owing.now - timedelta(seconds=1))
    first = await owing.claim(place)
    assert first
    assert first.batch == "first"
    assert await owing.claim(place) is None
    await owing.settle(first)
    second = await owing.claim(place)
    assert second
    assert second.batch == "second"
    await owing.settle(second)
    assert await owing.claim(place) is None


async def test_a_claim_is_in_doubt_until_it_is_settled(owing: Owing):
    place = await owing.place()
    await owing.plan(place, deliveries.confirmation_of("first", Confirmation("follow")))
    claimed = await owing.claim(place)
    assert claimed
    assert claimed.payload == Confirmation("follow")
    assert not claimed.unknown
    row = await owing.get(claimed.id)
    assert (row.state, row.unknown, row.tries, row.first_tried_at) == ("claimed", True, 1, owing.now)
    await owing.settle(claimed)
    row = await owing.get(claimed.id)
    assert (row.state, row.unknown, row.outcome, row.payload) == ("settled", False, "delivered", None)


async def test_what_a_dead_process_claimed_is_planned_again_and_in_doubt(owing: Owing):
    place, other = await owing.place(), await owing.place(1002)
    await owing.plan(place, "b1")
    await owing.plan(other, "b1")
    first, second = await owing.claim(place), await owing.claim(other)
    assert first
    assert second
    assert await deliveries.has_abandoned(owing.db.read, [])
    async with owing.db.write(None) as conn:
        assert await deliveries.requeue_abandoned(conn, [other]) == 1
    assert (await owing.get(first.id)).state == "planned"
    assert (await owing.get(second.id)).state == "claimed"
    again = await owing.claim(place, timedelta(minutes=3))
    assert again
    assert again.unknown
    assert again.nonce == first.nonce
    assert again.first_tried_at == owing.now


async def test_a_doubtful_one_holds_up_those_after_it_and_nobody_else(owing: Owing):
    place, other = await owing.place(), await owing.place(1002)
    await owing.plan(place, "b1")
    await owing.plan(place, "b2")
    await owing.plan(other, "b1")
    doubtful = await owing.claim(place)
    assert doubtful
    async with owing.db.write(GUILD) as conn:
        await deliveries.retry_later(conn, doubtful.id, owing.now + timedelta(minutes=1), unknown=True)
    assert await deliveries.due_destinations(owing.db.read, owing.now) == [other]
    assert await owing.claim(place) is None
    again = await owing.claim(place, timedelta(minutes=1))
    assert again
    assert again.batch == "b1"


async def test_a_newer_digest_replaces_one_that_waits_but_none_that_is_held_after_a_restore(owing: Owing):
    place = await owing.place()
    held, waiting = [await owing.plan(place, deliveries.digest_of(date(2026, 11, day))) for day in (20, 23)]
    assert held is not None
    assert waiting is not None
    claimed = await owing.claim(place)
    assert claimed is not None
    assert claimed.id == held
    async with owing.db.write(GUILD) as conn:
        await deliveries.hold(conn, held)
        await deliveries.replace_waiting(conn, place, deliveries.digest_of(date(2026, 11, 24)), now=owing.now)
    assert (await owing.get(waiting)).outcome == Outcome.REPLACED
    assert (await owing.get(held)).state == "planned"
    assert [one.count for one in await deliveries.list_held(owing.db.read, GUILD)] == [1]


async def test_a_settled_delivery_stays_settled(owing: Owing):
    place = await owing.place()
    await owing.plan(place, "b1")
    claimed = await owing.claim(place)
    assert claimed
    await owing.settle(claimed)
    await owing.settle(claimed, Outcome.REFUSED)
    async with owing.db.write(GUILD) as conn:
        await deliveries.retry_later(conn, claimed.id, owing.now, unknown=True)
    assert (await owing.get(claimed.id)).outcome == "delivered"


async def test_nothing_is_sent_to_a_paused_place_or_a_server_left_and_nothing_is_lost(owing: Owing):
    place = await owing.place()
    await owing.plan(place, "b1")
    async with owing.db.write(GUILD) as conn:
        await destinations.pause(conn, place, Outcome.NOT_PERMITTED, "x")
    assert await owing.claim(place) is None
    assert await deliveries.next_due(owing.db.read, owing.now) is None
    async with owing.db.write(GUILD) as conn:
        await destinations.resume(conn, place, owing.now)
        await guilds.leave(conn, GUILD, now=owing.now)
    assert await owing.claim(place) is None
    async with owing.db.write(GUILD) as conn:
        await guilds.configure(conn, GUILD, now=owing.now, person_id=1)
    assert await deliveries.next_due(owing.db.read, owing.now) == owing.now
    assert await owing.claim(place)


async def test_a_wait_for_one_channel_moves_all_that_is_due_there(owing: Owing):
    place, other = await owing.place(), await owing.place(1002)
    for key in ("b1", "b2"):
        await owing.plan(place, key)
    await owing.plan(other, "b1")
    async with owing.db.write(GUILD) as conn:
        await deliveries.postpone_destination(conn, place, owing.now + timedelta(seconds=300))
    assert await deliveries.due_destinations(owing.db.read, owing.now + timedelta(seconds=299)) == [other]


async def test_the_oldest_that_waits_is_known(owing: Owing):
    place = await owing.place()
    assert await deliveries.oldest_due(owing.db.read, GUILD, owing.now) is None
    await owing.plan(place, "b1", due_at=owing.now - timedelta(minutes=4))
    await owing.plan(place, "b2", due_at=owing.now + timedelta(minutes=4))
    assert await deliveries.oldest_due(owing.db.read, GUILD, owing.now) == owing.now - timedelta(minutes=4)
    assert await deliveries.oldest_due(owing.db.read, 2000, owing.now) is None


async def test_the_log_tells_the_newest_first_also_what_was_not_owed(owing: Owing):
    place = await owing.place()
    async with owing.db.write(GUILD) as conn:
        new = deliveries.digest_of(date(2026, 11, 24))
        await deliveries.note(conn, GUILD, place, new, Outcome.NOTHING_NEW, now=owing.now)
    await owing.plan(place, "b1", due_at=owing.now + timedelta(hours=1))
    logged = await deliveries.log(owing.db.read, GUILD, place)
    assert [(one.delivery.kind, one.delivery.outcome) for one in logged] == [("alert", ""), ("digest", "nothing new")]
    assert await deliveries.log(owing.db.read, 2000, place) == []


async def test_a_first_message_is_planned_until_one_arrived(owing: Owing):
    place = await owing.place()

    async def confirm(key: str) -> int | None:
        async with owing.db.write(GUILD) as conn:
            return await deliveries.confirm(conn, GUILD, place, key, Confirmation("follow"), now=owing.now)

    assert await confirm("first:1")
    claimed = await owing.claim(place)
    assert claimed
    async with owing.db.write(GUILD) as conn:
        await deliveries.settle(conn, claimed.id, Outcome.DMS_CLOSED, now=owing.now)
    assert await confirm("first:2")
    claimed = await owing.claim(place)
    assert claimed
    await owing.settle(claimed)
    assert await confirm("first:3") is None


async def test_ones_own_direct_messages_are_confirmed_anew_where_they_had_stopped(owing: Owing):
    async def ask(key: str) -> tuple[bool, int | None]:
        async with owing.db.write(GUILD) as conn:
            own = await destinations.ensure_own(conn, GUILD, 78, now=owing.now)
            assert own.place.person_id == own.person_id
            assert own.place.state == "active"
            planned = await deliveries.confirm_own(conn, own, key, Confirmation("follow"), now=owing.now)
            return own.was_paused, planned

    was_paused, planned = await ask("first:1")
    assert not was_paused
    assert planned
    place = (await owing.get(planned)).destination_id
    claimed = await owing.claim(place)
    assert claimed
    await owing.settle(claimed)
    assert await ask("first:2") == (False, None)
    async with owing.db.write(GUILD) as conn:
        await destinations.pause(conn, place, Outcome.DMS_CLOSED)
    was_paused, planned = await ask("first:3")
    assert was_paused
    assert planned


async def test_a_held_digest_that_nobody_decided_about_counts_as_read_like_one_that_was_dropped(owing: Owing):
    read_to: list[int] = []
    for channel, dropped in ((1001, True), (1002, False)):
        place = await owing.place(channel)
        id_ = await owing.plan(place, deliveries.digest_of(date(2026, 11, 24), read_to=7))
        assert id_ is not None
        assert await owing.claim(place) is not None
        async with owing.db.write(GUILD) as conn:
            await deliveries.hold(conn, id_)
            if dropped:
                await deliveries.drop(conn, GUILD, [place], now=owing.now)
            else:
                await deliveries.clean_up(conn, owing.now + timedelta(days=91))
        row = await owing.get(id_)
        assert (row.state, row.outcome, row.held) == ("settled", Outcome.DROPPED, "")
        read_to.append((await destinations.get(owing.db.read, place)).digested_to)
    assert read_to == [7, 7]


async def test_what_was_told_at_once_is_known_to_the_digest(owing: Owing):
    place = await owing.place()
    await owing.plan(place, "sent")
    claimed = await owing.claim(place)
    assert claimed
    await owing.settle(claimed)
    await owing.plan(place, "gone")
    claimed = await owing.claim(place)
    assert claimed
    async with owing.db.write(GUILD) as conn:
        await deliveries.settle(conn, claimed.id, Outcome.NO_LONGER_DUE, now=owing.now)
    await owing.plan(place, "waiting")
    await owing.plan(place, "dropped")
    async with owing.db.write(GUILD) as conn:
        await conn.execute("UPDATE delivery SET held = 'held' WHERE key = 'dropped'")
        assert await deliveries.drop(conn, GUILD, [place], now=owing.now) == 1
    assert await deliveries.alerted_batches(owing.db.read, place) == {"sent", "waiting", "dropped"}


async def test_after_ninety_days_settled_rows_go_except_alerts_that_arrived_and_held_ones_end(owing: Owing):
    place, broken = await owing.place(), await owing.place(1002)
    await owing.plan(place, "arrived")
    claimed = await owing.claim(place)
    assert claimed
    await owing.settle(claimed)
    await owing.plan(place, "not sent")
    claimed = await owing.claim(place)
    assert claimed
    async with owing.db.write(GUILD) as conn:
        await deliveries.settle(conn, claimed.id, Outcome.NO_LONGER_DUE, now=owing.now)
    await owing.plan(place, "still due")
    held = await owing.plan(broken, "held")
    assert held
    later = owing.now + timedelta(days=90, seconds=1)
    async with owing.db.write(None) as conn:
        await destinations.pause(conn, broken, Outcome.TARGET_GONE, "the channel no longer exists")
        await housekeeping.clean_up(conn, later - timedelta(seconds=2))
    assert (await owing.get(held)).state == "planned"
    async with owing.db.write(None) as conn:
        await housekeeping.clean_up(conn, later)
    rows = await owing.db.read.execute_fetchall("SELECT batch, state, outcome, detail FROM delivery ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("arrived", "settled", "delivered", ""),
        ("still due", "planned", "", ""),
        ("held", "settled", "target gone", "the channel no longer exists"),
    ]


async def test_drafts_and_questions_go_with_time(owing: Owing):
    async with owing.db.write(None) as conn:
        for table, column, sql in (
            ("draft", "task, created_at", "'{}', '2026-08-01T00:00:00.000Z'"),
            ("draft", "task, created_at", "'{}', '2026-11-20T00:00:00.000Z'"),
            ("question", "asked, asked_at", "'Who?', '2026-11-23T11:00:00.000Z'"),
            ("question", "asked, asked_at", "'Who?', '2026-11-24T11:00:00.000Z'"),
        ):
            await conn.execute(f"INSERT INTO {table} (guild_id, person_id, {column}) VALUES (1000, 1, {sql})")
        await housekeeping.clean_up(conn, owing.now)
    for table in ("draft", "question"):
        ((count,),) = await owing.db.read.execute_fetchall(f"SELECT count(*) FROM {table}")
        assert count == 1
