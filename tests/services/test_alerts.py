"""Tests of alerts on a real database: which updates are sent at once and to whom, and the text of the message."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from discord import ui
from msgspec.structs import replace

from bot.delivery.kinds import DueDelivery, NothingToSend, plan_alerts, render_alert
from bot.errors import NotInRecord
from bot.services import alerts, deliveries, destinations, follows, guilds, people, sources, updates
from bot.services.updates import Change
from bot.ui.messages import Message
from data.database import Database
from data.records import (
    Approval,
    ApprovalState,
    Delivery,
    Destination,
    Due,
    FactDate,
    Follow,
    ListedText,
    Money,
    Outcome,
    Party,
    Precision,
    Sureness,
)
from tests.builders import count_of, on_day

GUILD, CHANNEL = 1000, 1001
DAY = on_day("2023-11-10")
LATER = on_day("2023-11-20")
BETWEEN = on_day("2023-11-15")
EARLIER = on_day("2023-10-01")
SETTLED = timedelta(seconds=75)


class Guild:
    """A server on a real database, with helpers that enter updates, follow records, and plan and render alerts."""

    def __init__(self, db: Database, source: int, now: datetime) -> None:
        self.db, self.source, self.now = db, source, now

    def change(self, record: str, kind: str, field: str, value, on: FactDate = DAY, **more) -> Change:
        return Change(record, kind, field, value, on, self.source, **more)

    async def enter(self, *changes: Change, origin: str = "editor", at: datetime | None = None) -> str:
        async with self.db.write(GUILD) as conn:
            return await updates.append(
                conn,
                GUILD,
                changes,
                now=at or self.now,
                person_id=1,
                origin=origin,  # type: ignore[arg-type]  # one of the two
            )

    async def channel(self, channel_id: int = CHANNEL) -> Destination:
        async with self.db.write(GUILD) as conn:
            return await destinations.ensure_channel(conn, GUILD, channel_id, now=self.now, person_id=1)

    async def follow(self, slug: str | None, channel_id: int = CHANNEL, **more) -> Follow:
        place = await self.channel(channel_id)
        async with self.db.write(GUILD) as conn:
            return await follows.add(conn, place, slug, now=self.now, **more)

    async def plan(self, after: timedelta = SETTLED) -> list[Delivery]:
        await plan_alerts(self.db, self.now + after)
        rows = await self.db.read.execute_fetchall("SELECT id FROM delivery WHERE kind = 'alert' ORDER BY id")
        return [await deliveries.get(self.db.read, id_) for (id_,) in rows]

    async def draw(self, delivery: Delivery) -> Message | NothingToSend:
        place = await destinations.get(self.db.read, delivery.destination_id)
        return await render_alert(self.db.read, DueDelivery(delivery, place, self.now))

    async def text(self, delivery: Delivery) -> str:
        drawn = await self.draw(delivery)
        assert isinstance(drawn, Message)
        assert drawn.content
        return drawn.content

    def signed(self, **more) -> Change:
        return self.change("drones", "deal", "stage", "signed", LATER, **more)


@pytest.fixture
async def there(db: Database, guild: int, source: int, now: datetime) -> Guild:
    found = Guild(db, source, now)
    await found.enter(
        found.change("general-atomics", "participant", "name", "General Atomics"),
        found.change("us", "participant", "name", "United States"),
        found.change("drones", "deal", "name", "31 armed drones for India"),
        found.change("drones", "deal", "stage", "negotiating"),
        found.change("drones", "deal", "party", Party("general-atomics", "maker")),
        found.change("clearances", "pending", "name", "Clearances for the 31 drones"),
        found.change("clearances", "pending", "state", "open"),
        found.change("clearances", "pending", "about", Party("drones")),
        origin="dossier",
    )
    return found


async def test_nothing_is_told_before_the_time_for_an_undo_has_passed(there: Guild):
    await there.follow("drones")
    await there.enter(there.signed())
    assert await there.plan(timedelta(seconds=74)) == []
    (delivery,) = await there.plan(timedelta(seconds=75))
    assert delivery.due_at == there.now + SETTLED
    assert await there.plan(timedelta(minutes=5)) == [delivery]


async def test_the_first_line_tells_the_news_and_the_last_its_source(there: Guild):
    await there.follow("drones")
    await there.enter(there.signed(locator="paragraph 3"))
    (delivery,) = await there.plan()
    text = await there.text(delivery)
    assert text.splitlines() == [
        "**31 armed drones for India: the deal has been signed.** Was: in negotiation, 10 November 2023.",
        "Reported 20 November 2023: A news article, paragraph 3",
    ]


async def test_an_undone_update_is_not_told_nor_is_its_undoing(there: Guild):
    await there.follow("drones")
    batch = await there.enter(there.signed())
    async with there.db.write(GUILD) as conn:
        await updates.undo(conn, GUILD, batch, now=there.now + timedelta(seconds=59), person_id=1)
    assert await there.plan() == []
    assert await there.plan(timedelta(hours=1)) == []
    assert await alerts.next_due(there.db.read) is None


async def test_an_update_taken_back_after_it_was_planned_is_not_sent(there: Guild):
    await there.follow("drones")
    batch = await there.enter(there.signed())
    (delivery,) = await there.plan()
    ((update_id,),) = await there.db.read.execute_fetchall("SELECT id FROM ledger WHERE batch = ?", (batch,))
    async with there.db.write(GUILD) as conn:
        await updates.withdraw(
            conn, GUILD, [update_id], now=there.now + timedelta(hours=1), person_id=1, reason="It was denied"
        )
    drawn = await there.draw(delivery)
    assert isinstance(drawn, NothingToSend)
    assert drawn.outcome == Outcome.NO_LONGER_DUE
    (_, back) = await there.plan(timedelta(hours=2))
    assert (await there.text(back)).splitlines() == [
        "**Corrected: 31 armed drones for India. The report that the deal has been signed has been withdrawn.** "
        "Reason: It was denied.",
        "Reported 20 November 2023: A news article",
        "What stands is the report that the deal is in negotiation (A news article, 10 November 2023)",
    ]


async def test_a_dossier_never_alerts(there: Guild):
    await there.follow("drones")
    await there.enter(there.signed(), origin="dossier")
    assert await there.plan(timedelta(days=1)) == []
    assert await alerts.guilds_to_read(there.db.read) == []


async def test_an_old_fact_entered_late_never_alerts(there: Guild):
    await there.follow("drones")
    await there.enter(there.change("drones", "deal", "stage", "requested", EARLIER, reason="found late"))
    assert await there.plan(timedelta(days=1)) == []


async def test_the_same_value_reported_again_never_alerts(there: Guild):
    await there.follow("drones")
    await there.enter(there.change("drones", "deal", "stage", "negotiating", LATER))
    assert await there.plan(timedelta(days=1)) == []


async def test_what_is_no_milestone_waits_for_the_digest(there: Guild):
    await there.follow("drones")
    await there.enter(there.change("drones", "deal", "quantity", count_of("31"), LATER))
    assert await there.plan(timedelta(days=1)) == []


async def test_a_follow_begins_at_now(there: Guild):
    await there.enter(there.signed())
    await there.follow("drones")
    assert await there.plan() == []


async def test_a_younger_update_is_told_later_and_not_passed_over(there: Guild):
    await there.follow("drones")
    await there.enter(there.signed())
    await there.enter(
        there.change("clearances", "pending", "state", "closed", LATER), at=there.now + timedelta(seconds=50)
    )
    assert len(await there.plan()) == 1
    assert await alerts.next_due(there.db.read) == there.now + timedelta(seconds=125)
    assert len(await there.plan(timedelta(seconds=125))) == 2


async def test_a_follow_reaches_the_deals_and_items_linked_directly(there: Guild):
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


async def test_a_participant_is_not_reached_through_its_deal(there: Guild):
    await there.follow("drones")
    await there.enter(there.change("us", "participant", "type", "country", LATER))
    assert await there.plan() == []


async def test_two_follows_that_reach_one_update_send_one_message(there: Guild):
    await there.follow("drones")
    await there.follow("general-atomics", role_id=55)
    await there.enter(there.signed())
    (delivery,) = await there.plan()
    drawn = await there.draw(delivery)
    assert isinstance(drawn, Message)
    assert drawn.roles == (55,)
    assert (drawn.content or "").endswith("<@&55>")
    assert len(await alerts.follows_through(there.db.read, delivery)) == 2


async def test_a_muted_or_removed_follow_is_not_told(there: Guild):
    follow = await there.follow("drones")
    await there.enter(there.signed())
    (delivery,) = await there.plan()
    async with there.db.write(GUILD) as conn:
        await follows.mute(conn, GUILD, follow.id)
    drawn = await there.draw(delivery)
    assert isinstance(drawn, NothingToSend)
    await there.enter(there.change("drones", "deal", "stage", "completed", LATER))
    assert len(await there.plan()) == 1


async def test_everything_is_told_in_the_digest_only(there: Guild):
    await there.follow(None)
    await there.enter(there.signed())
    assert await there.plan() == []


async def test_what_a_paused_channel_is_owed_is_planned_and_waits(there: Guild):
    follow = await there.follow("drones")
    async with there.db.write(GUILD) as conn:
        await destinations.pause(
            conn, follow.destination_id, Outcome.NOT_PERMITTED, "the bot lacks Send Messages there"
        )
    await there.enter(there.signed())
    (delivery,) = await there.plan()
    late = there.now + timedelta(days=2)
    assert await deliveries.due_destinations(there.db.read, late) == []
    async with there.db.write(GUILD) as conn:
        await destinations.resume(conn, follow.destination_id, late)
    assert await deliveries.due_destinations(there.db.read, late) == [delivery.destination_id]


async def test_nothing_is_planned_for_who_left_the_server(there: Guild):
    async with there.db.write(GUILD) as conn:
        person = await people.ensure(conn, 88)
        place = await destinations.ensure_person(conn, GUILD, person.id, now=there.now)
        await follows.add(conn, place, "drones", now=there.now)
        await destinations.pause(conn, place.id, Outcome.LEFT_SERVER)
    await there.enter(there.signed())
    assert await there.plan() == []


async def test_a_thousand_and_some_followers_are_planned_in_portions(there: Guild, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(alerts, "_CHUNK", 3)
    for channel_id in range(3000, 3007):
        await there.follow("drones", channel_id)
    await there.enter(there.signed())
    async with there.db.write(GUILD) as conn:
        assert await alerts.plan_next(conn, GUILD, there.now + SETTLED)
    assert len(await there.db.read.execute_fetchall("SELECT 1 FROM delivery")) == 3  # type: ignore[arg-type]  # a list
    assert len(await there.plan()) == 7
    nonces = await there.db.read.execute_fetchall("SELECT DISTINCT nonce FROM delivery")
    assert {len(nonce) for (nonce,) in nonces} == {24}
    assert len(list(nonces)) == 7


async def test_another_server_is_never_told(there: Guild):
    async with there.db.write(2000) as conn:
        elsewhere = await destinations.ensure_channel(conn, 2000, 2001, now=there.now, person_id=1)
    await there.enter(there.signed())
    assert await there.plan() == []
    with pytest.raises(NotInRecord):
        async with there.db.write(2000) as conn:
            await follows.add(conn, elsewhere, "drones", now=there.now)


async def test_nothing_is_planned_while_the_bot_is_away(there: Guild):
    await there.follow("drones")
    await there.enter(there.signed())
    async with there.db.write(GUILD) as conn:
        await guilds.leave(conn, GUILD, now=there.now)
    assert await there.plan() == []
    assert await alerts.next_due(there.db.read) is None


DEAL, ITEM, TALKS = ("drones", "deal"), ("clearances", "pending"), ("talks", "session")
NAMED = "Clearances for the 31 drones, about 31 armed drones for India"
ANSWER = [
    ("answer", "pending", "name", "Answer to the offer"),
    ("answer", "pending", "state", "open"),
    ("answer", "pending", "basis", "stated"),
    ("answer", "pending", "who", Party("us")),
    ("answer", "pending", "about", Party("drones")),
]


def due(day: str, sureness: Sureness, precision: Precision = "day", first: str = "") -> Due:
    return Due(FactDate(precision, date.fromisoformat(first or day), date.fromisoformat(day)), sureness)


def approval(state: ApprovalState, what: str = "clearances", authority: str = "") -> tuple[str, str, str, Approval]:
    return (*DEAL, "approval", Approval(side="us", what=what, state=state, authority=authority))


# Updates of 15 November 2023, the updates entered after them, and the first line of the alert about these.
NEWS = [
    (
        [],
        [(*DEAL, "stage", "approved")],
        "the deal has been approved, but is not signed yet.** Was: in negotiation, 10 N",
    ),
    ([], [(*DEAL, "stage", "signed")], "the deal has been signed.** Was: in negotiation, 10 November 2023."),
    ([], [(*DEAL, "stage", "in_execution")], "the deal is being carried out.** Was: in negotiation, 10 November 2023."),
    ([], [(*DEAL, "stage", "completed")], "the deal has been completed.** Was: in negotiation, 10 November 2023."),
    (
        [],
        [(*DEAL, "stage", "under_review")],
        "the deal has gone back to an earlier stage: under review.** Was: in negotiation, 10 November 2023. "
        "Reason: the talks ended.",
    ),
    ([], [(*DEAL, "side_state", "on_hold")], "the deal is on hold.**"),
    ([], [(*DEAL, "side_state", "cancelled")], "the deal has been cancelled.**"),
    ([], [(*DEAL, "side_state", "slipped")], "the target date has passed.**"),
    (
        [(*DEAL, "side_state", "on_hold")],
        [(*DEAL, "side_state", "none")],
        "the deal is no longer on hold.** Was: on hold, 15 November 2023.",
    ),
    (
        [(*DEAL, "side_state", "slipped")],
        [(*DEAL, "side_state", "none")],
        "the deal is no longer past its target date.** Was: target date has passed, 15 November 2023.",
    ),
    ([], [approval("open")], "the United States has yet to decide on the clearances.**"),
    (
        [],
        [approval("requested", "export licence", authority="State Department")],
        r"the State Department \(United States\) has been asked for the export licence.**",
    ),
    (
        [approval("open")],
        [approval("granted")],
        "the United States has granted the clearances.** Was: waiting for them, 15 November 2023.",
    ),
    (
        [approval("requested", "export licence")],
        [approval("refused", "export licence")],
        "the United States has refused the export licence.** Was: asked for it, 15 November 2023.",
    ),
    ([], [approval("waived", "review")], "the United States has waived the review.**"),
    (
        [],
        [approval("expired", "review", authority="Congress")],
        r"the review of Congress \(United States\) has expired.**",
    ),
    (
        [],
        ANSWER,
        "Answer to the offer, about 31 armed drones for India: a new item is open.** "
        "United States must act; no due date given.",
    ),
    (
        [],
        [
            *ANSWER,
            ("answer", "pending", "basis", "left open"),
            ("answer", "pending", "due", due("2024-10-31", "fixed")),
        ],
        "Answer to the offer, about 31 armed drones for India: a new item is open.** United States to act; "
        "due by Thursday 31 October 2024, fixed by law or in the document.",
    ),
    (
        [],
        [(*ITEM, "state", "closed"), (*ITEM, "outcome", "given")],
        f"{NAMED}: the item is closed; outcome: given.** Was: open, 10 November 2023.",
    ),
    ([], [(*ITEM, "state", "closed")], f"{NAMED}: the item is closed.** Was: open, 10 November 2023."),
    (
        [(*ITEM, "state", "closed")],
        [(*ITEM, "state", "open")],
        f"{NAMED}: the item is open again.** Who must act is not in the record; no due date given. "
        "Was: closed, 15 November 2023.",
    ),
    (
        [],
        [(*ITEM, "due", due("2024-10-31", "announced"))],
        f"{NAMED}: due by Thursday 31 October 2024, announced by an official.**",
    ),
    (
        [(*ITEM, "due", due("2024-10-31", "announced"))],
        [(*ITEM, "due", due("2024-11-30", "fixed", "month", "2024-11-01"))],
        f"{NAMED}: the date has moved: due by the end of November 2024, fixed by law or in the document.** "
        "Was: due by Thursday 31 October 2024, announced by an official (reported 15 November 2023).",
    ),
    (
        [(*ITEM, "due", due("2024-10-31", "reported"))],
        [(*ITEM, "due", due("2024-10-31", "announced"))],
        f"{NAMED}: the date is the same, and now due by Thursday 31 October 2024, announced by an official.**",
    ),
    (
        [],
        [(*ITEM, "due", due("2024-10-31", "usual"))],
        f"{NAMED}: usually by Thursday 31 October 2024; not a due date.**",
    ),
    (
        [(*ITEM, "due", due("2024-10-31", "reported"))],
        [(*ITEM, "due", None)],
        f"{NAMED}: there is no due date any more.** Was: target date reported by the press: by Thursday 31 October "
        "2024 (reported 15 November 2023).",
    ),
    ([], [(*TALKS, "state", "postponed")], "the session has been postponed.** Was: scheduled, 10 November 2023."),
    ([], [(*TALKS, "state", "held")], "the session has been held.** Was: scheduled, 10 November 2023."),
]


@pytest.mark.parametrize(("before", "entered", "told"), NEWS, ids=[told for *_, told in NEWS])
async def test_each_kind_of_change_has_a_sentence_of_its_own(there: Guild, before, entered, told: str):
    await there.enter(
        there.change(*TALKS, "name", "Ministers' talks"),
        there.change(*TALKS, "state", "scheduled"),
        there.change(*TALKS, "discussed", Party("drones")),
        *[there.change(*parts, on=BETWEEN) for parts in before],
        origin="dossier",
    )
    await there.follow("drones")
    reason = "the talks ended" if entered[0][2] == "stage" and entered[0][3] == "under_review" else ""
    await there.enter(*[there.change(*parts, on=LATER, reason=reason) for parts in entered])
    (delivery,) = await there.plan()
    first, *others = (await there.text(delivery)).splitlines()
    assert told in first
    assert first.startswith("**Ministers' talks: ") or "31 armed drones for India" in first
    assert "(usual)" not in first
    assert others == ["Reported 20 November 2023: A news article"]


async def test_that_nothing_holds_a_deal_up_is_no_news_where_nothing_did(there: Guild):
    await there.follow("drones")
    await there.enter(there.change(*DEAL, "side_state", "none", LATER))
    await there.enter(there.change(*ITEM, "due", None, LATER))
    assert await there.plan() == []


async def test_names_topics_and_aliases_stand_in_no_alert(there: Guild):
    await there.follow("drones")
    await there.enter(
        there.change(*DEAL, "name", "31 drones", LATER),
        there.change(*DEAL, "alias", ListedText("the Predator deal"), LATER),
        there.change(*DEAL, "deal_type", "purchase", LATER),
        there.signed(),
    )
    (delivery,) = await there.plan()
    assert (await there.text(delivery)).splitlines() == [
        "**31 drones: the deal has been signed.** Was: in negotiation, 10 November 2023.",
        "Reported 20 November 2023: A news article",
    ]


async def test_a_source_that_appeared_on_a_later_day_is_not_said_to_have_reported_on_the_day_of_the_fact(there: Guild):
    appeared = on_day("2023-11-27")
    await there.follow("drones")
    async with there.db.write(GUILD) as conn:
        there.source = await sources.ensure(conn, GUILD, title="Foreign desk memo", published_on=appeared)
    await there.enter(there.signed())
    (delivery,) = await there.plan()
    lines = (await there.text(delivery)).splitlines()
    assert "20 November 2023, reported 27 November 2023: Foreign desk memo" in lines


async def test_several_changes_take_a_line_each_with_the_main_news_first_and_the_rest_counted(there: Guild):
    await there.follow("drones")
    texts = {"quantity": count_of("31"), "model": "MQ-9B", "delivery": "from 2029", "made_in": "the United States"}
    party = there.change(*DEAL, "party", Party("us", "seller"), LATER)
    closed = there.change(*ITEM, "state", "closed", LATER)
    changes = [there.change(*DEAL, field, value, LATER) for field, value in texts.items()]
    await there.enter(closed, *changes, party, there.change(*approval("granted"), on=LATER))
    (delivery,) = await there.plan()
    assert (await there.text(delivery)).splitlines() == [
        "**31 armed drones for India: the United States has granted the clearances.**",
        r"United States \(seller\) takes part",
        "Number 31",
        "Model MQ-9B",
        "Delivery from 2029",
        "Made in the United States",
        "Reported 20 November 2023: A news article",
        "-# And 1 more change: *History*",
    ]


async def test_what_another_source_says_stands_below_with_its_own_day_and_source(there: Guild):
    await there.follow("drones")
    async with there.db.write(GUILD) as conn:
        notice = await sources.ensure(conn, GUILD, title="Notice 24-07", url="https://www.dsca.mil/press/24-07")
    value = Money(Decimal(3990000000), "USD", kind="notified")
    await there.enter(
        there.signed(),
        replace(there.change(*DEAL, "value", value, BETWEEN), source_id=notice, locator="paragraph 2"),
        there.change(*DEAL, "quantity", count_of("31"), LATER),
    )
    (delivery,) = await there.plan()
    assert (await there.text(delivery)).splitlines() == [
        "**31 armed drones for India: the deal has been signed.** Was: in negotiation, 10 November 2023.",
        "Number 31",
        "Reported 20 November 2023: A news article",
        r"Value $3.99 billion \(notified\) ([www.dsca.mil](<https://www.dsca.mil/press/24-07>), paragraph 2, "
        "15 November 2023)",
    ]


async def test_the_closing_of_an_item_with_its_approval_is_told_of_the_deal_first(there: Guild):
    await there.enter(there.change(*approval("open")), origin="dossier")
    await there.follow("drones")
    await there.enter(
        there.change(*ITEM, "state", "closed", LATER),
        there.change(*ITEM, "outcome", "given", LATER),
        there.change(*approval("granted"), on=LATER),
    )
    (delivery,) = await there.plan()
    assert (await there.text(delivery)).splitlines() == [
        "**31 armed drones for India: the United States has granted the clearances.** "
        "Was: waiting for them, 10 November 2023.",
        "Clearances for the 31 drones: the item is closed; outcome: given; was open, 10 November 2023",
        "Reported 20 November 2023: A news article",
    ]


async def test_an_update_that_replaces_what_was_told_is_called_a_correction(there: Guild):
    await there.follow("drones")
    await there.enter(there.signed())
    await there.plan()
    ((wrong,),) = await there.db.read.execute_fetchall("SELECT max(id) FROM ledger")
    await there.enter(there.change(*DEAL, "stage", "approved", LATER, replaces=wrong, reason="read wrongly"))
    (_, delivery) = await there.plan(timedelta(minutes=5))
    assert (await there.text(delivery)).splitlines()[0] == (
        "**Corrected: 31 armed drones for India. The deal has been approved, but is not signed yet.** "
        "Was: signed, 20 November 2023. Reason: read wrongly."
    )


LINKS = [
    ("https://www.dsca.mil/press/24-07", ["Read www.dsca.mil", "Open", "History", "Why this?"]),
    ("http://example.org/a?b=c", ["Read example.org", "Open", "History", "Why this?"]),
    ("", ["Open", "History", "Why this?"]),
    ("javascript:alert(1)", ["Open", "History", "Why this?"]),
    ("https://example.org/a) b", ["Open", "History", "Why this?"]),
]


@pytest.mark.parametrize(("url", "labels"), LINKS)
async def test_the_first_button_opens_the_source_where_its_link_is_safe(there: Guild, url: str, labels: list[str]):
    await there.follow("drones")
    async with there.db.write(GUILD) as conn:
        source = await sources.ensure(conn, GUILD, title="A notice", url=url)
    await there.enter(replace(there.signed(), source_id=source))
    (delivery,) = await there.plan()
    drawn = await there.draw(delivery)
    assert isinstance(drawn, Message)
    buttons = [item for item in drawn.view.walk_children() if isinstance(item, ui.Button)]
    assert [button.label for button in buttons] == labels
    assert [button.url for button in buttons if button.url] == ([url] if labels[0].startswith("Read") else [])


async def test_a_hostile_name_neither_pings_nor_formats(there: Guild):
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


async def test_the_longest_values_fit_into_one_message(there: Guild):
    await there.follow("drones")
    longest = "*" * 99 + "x"
    changes = [there.change("drones", "deal", field, longest, LATER) for field in ("model", "delivery", "made_in")]
    changes.append(there.change("drones", "deal", "quantity", count_of(longest), LATER))
    await there.enter(there.change("drones", "deal", "summary", "*" * 599 + "x", LATER), there.signed(), *changes)
    (delivery,) = await there.plan()
    assert len(await there.text(delivery)) <= 1900
