"""What is told at once, to whom: planned from the ledger, drawn from the row."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
import pytest_asyncio

from bot.errors import NotInRecord
from bot.kinds import Gone, Owed, draw_alert, plan_alerts
from bot.services import alerts, deliveries, desks, destinations, follows, people, updates
from bot.services.updates import Change
from bot.ui.messages import Message
from data.database import Database
from data.records import Delivery, Destination, FactDate, Follow

GUILD, CHANNEL = 1000, 1001
DAY = FactDate("day", date(2023, 11, 10), date(2023, 11, 10))
LATER = FactDate("day", date(2023, 11, 20), date(2023, 11, 20))
EARLIER = FactDate("day", date(2023, 10, 1), date(2023, 10, 1))
SETTLED = timedelta(seconds=75)


class Desk:
    """A server with a deal, its maker and an open item about it, and a channel that can follow them."""

    def __init__(self, db: Database, source: int, now: datetime) -> None:
        self.db, self.source, self.now = db, source, now

    def change(self, record: str, kind: str, field: str, value, on: FactDate = DAY, **more) -> Change:
        return Change(record, kind, field, value, on, self.source, **more)  # type: ignore[arg-type]  # a kind in a test

    async def enter(self, *changes: Change, origin: str = "editor", at: datetime | None = None) -> str:
        async with self.db.write() as conn:
            return await updates.append(
                conn,
                GUILD,
                changes,
                now=at or self.now,
                person_id=1,
                origin=origin,  # type: ignore[arg-type]  # one of the two
            )

    async def channel(self, channel_id: int = CHANNEL) -> Destination:
        async with self.db.write() as conn:
            return await destinations.ensure_channel(conn, GUILD, channel_id, now=self.now, person_id=1)

    async def follow(self, slug: str | None, channel_id: int = CHANNEL, **more) -> Follow:
        place = await self.channel(channel_id)
        async with self.db.write() as conn:
            return await follows.add(conn, place, slug, now=self.now, **more)

    async def plan(self, after: timedelta = SETTLED) -> list[Delivery]:
        await plan_alerts(self.db, self.now + after)
        rows = await self.db.read.execute_fetchall("SELECT id FROM delivery WHERE kind = 'alert' ORDER BY id")
        return [await deliveries.get(self.db.read, id_) for (id_,) in rows]

    async def draw(self, delivery: Delivery) -> Message | Gone:
        place = await destinations.get(self.db.read, delivery.destination_id)
        return await draw_alert(self.db.read, Owed(delivery, place, self.now))

    async def text(self, delivery: Delivery) -> str:
        drawn = await self.draw(delivery)
        assert isinstance(drawn, Message)
        assert drawn.content
        return drawn.content

    def signed(self, **more) -> Change:
        return self.change("drones", "deal", "stage", "signed", LATER, **more)


@pytest_asyncio.fixture
async def there(db: Database, desk: int, source: int, now: datetime) -> Desk:
    found = Desk(db, source, now)
    await found.enter(
        found.change("general-atomics", "participant", "name", "General Atomics"),
        found.change("us", "participant", "name", "United States"),
        found.change("drones", "deal", "name", "31 armed drones for India"),
        found.change("drones", "deal", "stage", "negotiating"),
        found.change("drones", "deal", "party", {"record": "general-atomics", "role": "maker"}),
        found.change("clearances", "pending", "name", "Clearances for the 31 drones"),
        found.change("clearances", "pending", "state", "open"),
        found.change("clearances", "pending", "about", {"record": "drones"}),
        origin="dossier",
    )
    return found


@pytest.mark.asyncio
async def test_nothing_is_told_before_the_time_for_an_undo_has_passed(there: Desk):
    await there.follow("drones")
    await there.enter(there.signed())
    assert await there.plan(timedelta(seconds=74)) == []
    (delivery,) = await there.plan(timedelta(seconds=75))
    assert delivery.due_at == there.now + SETTLED
    assert await there.plan(timedelta(minutes=5)) == [delivery]


@pytest.mark.asyncio
async def test_the_first_line_tells_the_news_and_the_last_its_source(there: Desk):
    await there.follow("drones")
    await there.enter(there.signed(locator="paragraph 3"))
    (delivery,) = await there.plan()
    text = await there.text(delivery)
    assert text.splitlines() == [
        "**31 armed drones for India: Signed.** Was: in negotiation (10 November 2023).",
        "Reported 20 November 2023: A news article, paragraph 3; undated, no link.",
    ]


@pytest.mark.asyncio
async def test_an_undone_update_is_not_told_nor_is_its_undoing(there: Desk):
    await there.follow("drones")
    batch = await there.enter(there.signed())
    async with there.db.write() as conn:
        await updates.undo(conn, GUILD, batch, now=there.now + timedelta(seconds=59), person_id=1)
    assert await there.plan() == []
    assert await there.plan(timedelta(hours=1)) == []
    assert await alerts.next_due(there.db.read) is None


@pytest.mark.asyncio
async def test_an_update_taken_back_after_it_was_planned_is_not_sent(there: Desk):
    await there.follow("drones")
    batch = await there.enter(there.signed())
    (delivery,) = await there.plan()
    ((update_id,),) = await there.db.read.execute_fetchall("SELECT id FROM ledger WHERE batch = ?", (batch,))
    async with there.db.write() as conn:
        await updates.withdraw(
            conn, GUILD, [update_id], now=there.now + timedelta(hours=1), person_id=1, reason="It was denied"
        )
    drawn = await there.draw(delivery)
    assert isinstance(drawn, Gone)
    assert drawn.outcome == deliveries.NO_LONGER_DUE
    (_, back) = await there.plan(timedelta(hours=2))
    assert "31 armed drones for India: In negotiation.** Was: signed" in await there.text(back)


@pytest.mark.asyncio
async def test_a_dossier_never_alerts(there: Desk):
    await there.follow("drones")
    await there.enter(there.signed(), origin="dossier")
    assert await there.plan(timedelta(days=1)) == []
    assert await alerts.desks_to_read(there.db.read) == []


@pytest.mark.asyncio
async def test_an_old_fact_entered_late_never_alerts(there: Desk):
    await there.follow("drones")
    await there.enter(there.change("drones", "deal", "stage", "requested", EARLIER, reason="found late"))
    assert await there.plan(timedelta(days=1)) == []


@pytest.mark.asyncio
async def test_the_same_value_reported_again_never_alerts(there: Desk):
    await there.follow("drones")
    await there.enter(there.change("drones", "deal", "stage", "negotiating", LATER))
    assert await there.plan(timedelta(days=1)) == []


@pytest.mark.asyncio
async def test_what_is_no_milestone_waits_for_the_digest(there: Desk):
    await there.follow("drones")
    await there.enter(there.change("drones", "deal", "quantity", "31", LATER))
    assert await there.plan(timedelta(days=1)) == []


@pytest.mark.asyncio
async def test_a_follow_begins_at_now(there: Desk):
    await there.enter(there.signed())
    await there.follow("drones")
    assert await there.plan() == []


@pytest.mark.asyncio
async def test_a_younger_update_is_told_later_and_not_passed_over(there: Desk):
    await there.follow("drones")
    await there.enter(there.signed())
    await there.enter(
        there.change("clearances", "pending", "state", "closed", LATER), at=there.now + timedelta(seconds=50)
    )
    assert len(await there.plan()) == 1
    assert await alerts.next_due(there.db.read) == there.now + timedelta(seconds=125)
    assert len(await there.plan(timedelta(seconds=125))) == 2


@pytest.mark.asyncio
async def test_a_follow_reaches_the_deals_and_items_linked_directly(there: Desk):
    await there.follow("general-atomics", 2001)
    await there.follow("drones", 2002)
    await there.follow("us", 2003)
    await there.enter(there.signed())
    deal = await there.plan()
    assert {(await destinations.get(there.db.read, d.destination_id)).channel_id for d in deal} == {2001, 2002}
    await there.enter(there.change("clearances", "pending", "state", "closed", LATER))
    item = (await there.plan())[2:]
    places = [(await destinations.get(there.db.read, d.destination_id)).channel_id for d in item]
    assert places == [2002]


@pytest.mark.asyncio
async def test_a_participant_is_not_reached_through_its_deal(there: Desk):
    await there.follow("drones")
    await there.enter(there.change("us", "participant", "type", "country", LATER))
    assert await there.plan() == []


@pytest.mark.asyncio
async def test_two_follows_that_reach_one_update_send_one_message(there: Desk):
    await there.follow("drones")
    await there.follow("general-atomics", role_id=55)
    await there.enter(there.signed())
    (delivery,) = await there.plan()
    drawn = await there.draw(delivery)
    assert isinstance(drawn, Message)
    assert drawn.roles == (55,)
    assert (drawn.content or "").endswith("<@&55>")
    assert len(await alerts.follows_through(there.db.read, delivery)) == 2


@pytest.mark.asyncio
async def test_a_muted_or_removed_follow_is_not_told(there: Desk):
    follow = await there.follow("drones")
    await there.enter(there.signed())
    (delivery,) = await there.plan()
    async with there.db.write() as conn:
        await follows.mute(conn, GUILD, follow.id)
    drawn = await there.draw(delivery)
    assert isinstance(drawn, Gone)
    await there.enter(there.change("drones", "deal", "stage", "completed", LATER))
    assert len(await there.plan()) == 1


@pytest.mark.asyncio
async def test_everything_is_told_in_the_digest_only(there: Desk):
    await there.follow(None)
    await there.enter(there.signed())
    assert await there.plan() == []


@pytest.mark.asyncio
async def test_what_a_paused_channel_is_owed_is_planned_and_waits(there: Desk):
    follow = await there.follow("drones")
    async with there.db.write() as conn:
        await destinations.pause(conn, follow.destination_id, "not permitted: the bot lacks Send Messages there")
    await there.enter(there.signed())
    (delivery,) = await there.plan()
    late = there.now + timedelta(days=2)
    assert await deliveries.due_destinations(there.db.read, late) == []
    async with there.db.write() as conn:
        await destinations.resume(conn, follow.destination_id, late)
    assert await deliveries.due_destinations(there.db.read, late) == [delivery.destination_id]


@pytest.mark.asyncio
async def test_nothing_is_planned_for_who_left_the_server(there: Desk):
    async with there.db.write() as conn:
        person = await people.ensure(conn, 88)
        place = await destinations.ensure_person(conn, GUILD, person.id, now=there.now)
        await follows.add(conn, place, "drones", now=there.now)
        await destinations.pause(conn, place.id, destinations.LEFT)
    await there.enter(there.signed())
    assert await there.plan() == []


@pytest.mark.asyncio
async def test_a_thousand_and_some_followers_are_planned_in_portions(there: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(alerts, "_CHUNK", 3)
    for channel_id in range(3000, 3007):
        await there.follow("drones", channel_id)
    await there.enter(there.signed())
    async with there.db.write() as conn:
        assert await alerts.plan_next(conn, GUILD, there.now + SETTLED)
    assert len(await there.db.read.execute_fetchall("SELECT 1 FROM delivery")) == 3  # type: ignore[arg-type]  # a list
    assert len(await there.plan()) == 7
    nonces = await there.db.read.execute_fetchall("SELECT DISTINCT nonce FROM delivery")
    assert {len(nonce) for (nonce,) in nonces} == {24}
    assert len(list(nonces)) == 7


@pytest.mark.asyncio
async def test_another_server_is_never_told(there: Desk):
    async with there.db.write() as conn:
        elsewhere = await destinations.ensure_channel(conn, 2000, 2001, now=there.now, person_id=1)
    await there.enter(there.signed())
    assert await there.plan() == []
    with pytest.raises(NotInRecord):
        async with there.db.write() as conn:
            await follows.add(conn, elsewhere, "drones", now=there.now)


@pytest.mark.asyncio
async def test_nothing_is_planned_while_the_bot_is_away(there: Desk):
    await there.follow("drones")
    await there.enter(there.signed())
    async with there.db.write() as conn:
        await desks.leave(conn, GUILD, now=there.now)
    assert await there.plan() == []
    assert await alerts.next_due(there.db.read) is None


ITEM = ("clearances", "pending")
NEWS = [
    (
        [(*ITEM, "state", "closed"), (*ITEM, "outcome", "given")],
        "**Closed (given): Clearances for the 31 drones.** Was: open since 10 November 2023.",
    ),
    (
        [
            (
                *ITEM,
                "due",
                {"date": {"precision": "day", "first": "2024-10-31", "last": "2024-10-31"}, "sureness": "announced"},
            )
        ],
        "**Clearances for the 31 drones: due Thursday 31 October 2024 (announced).** Was: no due date given.",
    ),
    (
        [
            ("answer", "pending", "name", "Answer to the offer"),
            ("answer", "pending", "state", "open"),
            ("answer", "pending", "basis", "stated"),
            ("answer", "pending", "who", {"record": "us"}),
            ("answer", "pending", "about", {"record": "drones"}),
        ],
        "**New open item: Answer to the offer.** United States must act.",
    ),
    (
        [
            ("answer", "pending", "name", "Answer to the offer"),
            ("answer", "pending", "state", "open"),
            ("answer", "pending", "basis", "left open"),
            ("answer", "pending", "who", {"record": "us"}),
            ("answer", "pending", "about", {"record": "drones"}),
        ],
        "**New open item: Answer to the offer.** United States to act.",
    ),
    (
        [("drones", "deal", "approval", {"side": "us", "what": "clearances", "state": "open"})],
        "**31 armed drones for India: clearances by United States: open.** Not in the record before.",
    ),
    (
        [("drones", "deal", "side_state", "on_hold")],
        "**31 armed drones for India: On hold.**",
    ),
]


@pytest.mark.asyncio
@pytest.mark.parametrize(("entered", "first_line"), NEWS, ids=[line for _, line in NEWS])
async def test_each_milestone_has_its_first_line(there: Desk, entered, first_line: str):
    await there.follow("drones")
    await there.enter(*[there.change(*parts, on=LATER) for parts in entered])
    (delivery,) = await there.plan()
    assert (await there.text(delivery)).splitlines()[0] == first_line


@pytest.mark.asyncio
async def test_a_hostile_name_neither_pings_nor_formats(there: Desk):
    await there.follow("drones")
    await there.enter(
        there.change("drones", "deal", "name", "**@everyone** <@&1> [x](http://y) {0}", LATER), there.signed()
    )
    (delivery,) = await there.plan()
    drawn = await there.draw(delivery)
    assert isinstance(drawn, Message)
    assert "@everyone" not in (drawn.content or "")
    assert "<@&1>" not in (drawn.content or "")
    assert drawn.roles == ()


@pytest.mark.asyncio
async def test_the_longest_values_fit_into_one_message(there: Desk):
    await there.follow("drones")
    changes = [
        there.change("drones", "deal", field, "*" * 99 + "x", LATER)
        for field in ("quantity", "model", "delivery", "made_in")
    ]
    await there.enter(there.change("drones", "deal", "summary", "*" * 599 + "x", LATER), there.signed(), *changes)
    (delivery,) = await there.plan()
    assert len(await there.text(delivery)) <= 1900
