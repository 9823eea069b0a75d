"""Digests on a real file: what they tell, when they are skipped, and that a day has one."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
import pytest_asyncio

from bot import when
from bot.agenda import Digest, next_digest
from bot.kinds import Gone
from bot.services import deliveries, desks, destinations, digests, dossiers, people, updates
from bot.ui import digest as drawn
from bot.ui.layout import TEXT_LIMIT
from bot.ui.messages import Message
from data.records import Destination
from tests.services.outbound import CHANNEL, GUILD, Outbound, all_texts, at, due

pytestmark = pytest.mark.asyncio
START = at("2027-03-01 12:00")  # A Monday.


@pytest_asyncio.fixture
async def there(db, desk, source) -> Outbound:
    found = Outbound(db, source, START)
    await found.enter("drones", "deal", name="31 armed drones", stage="negotiating")
    return found


@pytest_asyncio.fixture
async def channel(there: Outbound) -> Destination:
    """A channel whose weekday digest was sent once already, on Tuesday 2 March."""
    await there.digest(await there.channel())
    assert [sent.kind for sent in await there.go_to("2027-03-02 09:00")] == ["digest"]
    return await destinations.get(there.db.read, (await there.channel()).id)


async def value(there: Outbound, place: Destination) -> Digest:
    """What the digest would be at this instant."""
    desk = await desks.get(there.db.read, GUILD)
    place = await destinations.get(there.db.read, place.id)
    day = when.local_date(there.now, place.zone)
    return await digests.plan_digest(there.db.read, place, desk, now=there.now, day=day, at=there.now)


# The first one


async def test_the_first_digest_lists_everything_open_then_deals_and_who_said_what(db, desk):
    there = Outbound(db, 0, START)
    async with db.write() as conn:
        starter = dossiers.read_shipped("india-us-2plus2-2023", now=START)
        await dossiers.load(conn, GUILD, starter, now=START, person_id=1)
    await there.digest(await there.channel())
    (sent,) = await there.go_to("2027-03-02 09:00")
    assert sent.kind == "digest"
    assert there.last.startswith("## Digest, Tuesday 2 March 2027\n-# Newsroom · the first one, so it lists everything")
    assert [line for line in there.last.splitlines() if line.startswith("###")] == [
        "### Still open",
        "### Deals",
        "### Who said what",
    ]
    assert "**Clearances for the 31 drones:** U.S. government must act; no due date." in there.last
    assert "**Answer to the combat vehicle offer:** India to act; no due date." in there.last
    assert "More than $3 billion" in there.last
    assert "*Waiting for U.S. government clearances.*" in there.last
    assert "**India–U.S. joint statement:** free all remaining hostages in Gaza at once;" in there.last
    assert "The year is worked out." in there.last
    assert "Aims of the defence roadmap" not in there.last
    assert len(there.last) < TEXT_LIMIT


async def test_a_second_digest_is_skipped_when_nothing_is_new(there: Outbound, channel: Destination):
    assert await there.go_to("2027-03-03 09:00") == []
    assert (await there.settled("digest"))[-1] == ("2027-03-03", deliveries.NOTHING_NEW)


async def test_a_first_digest_of_an_empty_record_waits_until_there_is_something(db, desk, source):
    there = Outbound(db, source, START)
    await there.digest(await there.channel())
    assert await there.go_to("2027-03-02 09:00") == []
    await there.enter("drones", "deal", name="31 armed drones")
    await there.go_to("2027-03-03 09:00")
    assert "the first one" in there.last


# What changed


async def test_a_change_is_told_before_and_after_with_its_source_and_once(there: Outbound, channel: Destination):
    await there.enter("drones", "deal", stage="signed")
    await there.go_to("2027-03-03 09:00")
    assert "**31 armed drones:** Stage: Signed (was In negotiation)." in there.last
    assert "10 November 2023: A news article; undated, no link" in there.last
    assert await there.go_to("2027-03-04 09:00") == []


async def test_an_update_that_can_still_be_undone_waits_for_the_next_digest(there: Outbound, channel: Destination):
    there.now = at("2027-03-03 08:59")
    await there.enter("drones", "deal", stage="signed")
    assert await there.go_to("2027-03-03 09:00") == []
    assert len(await there.go_to("2027-03-04 09:00")) == 1
    assert "Signed" in there.last


async def test_what_was_undone_or_withdrawn_is_left_out(there: Outbound, channel: Destination):
    undone = await there.enter("drones", "deal", stage="signed")
    async with there.db.write() as conn:
        later = there.now + timedelta(seconds=59)
        await updates.undo(conn, GUILD, undone, now=later, person_id=1)
    batch = await there.enter("drones", "deal", quantity="31")
    rows = await there.db.read.execute_fetchall("SELECT id FROM ledger WHERE batch = ?", (batch,))
    async with there.db.write() as conn:
        later = there.now + timedelta(hours=1)
        await updates.withdraw(conn, GUILD, [id_ for (id_,) in rows], now=later, person_id=1, reason="wrong")
    assert await there.go_to("2027-03-03 09:00") == []


async def test_an_undo_amid_the_hour_is_not_told_as_a_change_later(there: Outbound, channel: Destination):
    there.now = at("2027-03-03 08:58") + timedelta(seconds=44)
    batch = await there.enter("drones", "deal", stage="signed")
    async with there.db.write() as conn:
        await updates.undo(conn, GUILD, batch, now=there.now + timedelta(seconds=30), person_id=1)
    assert await there.go_to("2027-03-03 09:00") == []
    assert await there.go_to("2027-03-04 09:00") == []


async def test_what_was_told_at_once_is_not_repeated(there: Outbound, channel: Destination):
    await there.follow(channel, "drones")
    await there.enter("drones", "deal", stage="signed")
    (alert,) = await there.go_to(there.now + timedelta(seconds=80))
    assert alert.kind == "alert"
    await there.enter("drones", "deal", quantity="31")
    await there.go_to("2027-03-03 09:00")
    assert "Number: 31." in there.last
    assert "Signed" not in there.last


async def test_a_loaded_dossier_is_one_line(there: Outbound, channel: Destination):
    async with there.db.write() as conn:
        starter = dossiers.read_shipped("india-us-2plus2-2023", now=there.now)
        await dossiers.load(conn, GUILD, starter, now=there.now, person_id=1)
    await there.go_to("2027-03-03 09:00")
    lines = there.last.splitlines()
    assert "### What changed" in lines
    (line,) = (line for line in lines if "was loaded" in line)
    assert line.startswith("The dossier **india-us-2plus2-2023** was loaded: ")


async def test_a_person_reads_of_what_they_follow_and_from_then_on(there: Outbound):
    await there.enter("engines", "deal", name="Fighter-jet engines")
    await there.enter("drones", "deal", quantity="30")
    place = await there.person()
    await there.follow(place, "drones", at_once=False)
    await there.digest(place)
    await there.go_to("2027-03-02 09:00")
    assert "31 armed drones" in there.last
    assert "engines" not in there.last
    assert "What changed" not in there.last
    await there.enter("engines", "deal", quantity="99")
    await there.enter("clearances", "pending", name="Clearances", state="open", about={"record": "drones"})
    await there.go_to("2027-03-03 09:00")
    assert "**New pending item: Clearances.**" in there.last
    assert "engines" not in there.last


async def test_a_follow_of_everything_is_digest_only(there: Outbound):
    place = await there.person()
    await there.follow(place, None)
    await there.digest(place)
    await there.go_to("2027-03-02 09:00")
    await there.enter("drones", "deal", stage="signed")
    assert await there.go_to(there.now + timedelta(seconds=80)) == []
    (sent,) = await there.go_to("2027-03-03 09:00")
    assert sent.kind == "digest"


# Dates


async def test_an_item_due_soon_is_listed_with_how_sure_that_is(there: Outbound, channel: Destination):
    await there.item("loa", due=due("2027-03-10", "announced"))
    await there.go_to("2027-03-03 09:00")
    assert "### Due soon" in there.last
    assert "**Loa, in 7 days:** due on Wednesday 10 March 2027 (announced by an official)." in there.last


async def test_a_lead_that_fell_on_a_weekend_keeps_the_next_digest(there: Outbound, channel: Destination):
    await there.item("loa", due=due("2027-03-20"))
    await there.go_to("2027-03-03 09:00")  # It is new.
    assert await there.live_to("2027-03-07 12:00") == []  # 14 days before is Saturday the 6th.
    (found,) = await there.live_to("2027-03-08 12:00")
    assert found[1].kind == "digest"
    assert "in 12 days" in there.last
    assert await there.live_to("2027-03-12 12:00") == []


async def test_what_became_overdue_is_told_once_and_stays_on_mondays(there: Outbound, channel: Destination):
    await there.item("loa", due=due("2027-03-03"))
    await there.go_to("2027-03-03 09:00")
    digest = next(sent for sent in await there.go_to("2027-03-04 09:00") if sent.kind == "digest")
    assert digest.key == "2027-03-04"
    assert "### Overdue\n**Loa:** it was due on Wednesday 3 March 2027" in there.last
    assert await there.go_to("2027-03-05 09:00") == []
    await there.go_to("2027-03-08 09:00")
    assert "### Still open" in there.last
    assert "### Overdue" not in there.last


# Mondays


async def test_mondays_digest_begins_with_what_is_still_open_and_there_is_no_second_message(
    there: Outbound, channel: Destination
):
    await there.item("clearances")
    await there.go_to("2027-03-03 09:00")
    found = await there.live_to("2027-03-16 12:00")
    assert [(day.isoformat(), sent.kind) for day, sent in found] == [("2027-03-08", "digest"), ("2027-03-15", "digest")]
    assert there.last.split("### ")[1].startswith("Still open\n**Clearances:**")


async def test_without_mondays_still_open_is_a_message_of_its_own(there: Outbound, channel: Destination):
    await there.digest(channel, days="2345")
    await there.item("clearances")
    await there.go_to("2027-03-03 09:00")
    found = await there.live_to("2027-03-10 12:00")
    assert [(day.isoformat(), sent.kind) for day, sent in found] == [("2027-03-08", "open")]


async def test_the_digest_still_tells_what_changed_before_a_monday_of_its_own(there: Outbound, channel: Destination):
    await there.digest(channel, days="2345")
    await there.item("clearances")
    await there.go_to("2027-03-03 09:00")
    assert await there.live_to("2027-03-06 12:00") == []
    await there.enter("drones", "deal", stage="signed")
    found = await there.live_to("2027-03-09 12:00")
    assert [sent.kind for _, sent in found] == ["open", "digest"]
    assert "Signed (was In negotiation)" in there.last


async def test_a_person_with_a_digest_has_their_undated_items_in_it(there: Outbound):
    place = await there.person()
    await there.item("aims", item_kind="commitment_watch")
    await there.join(place, "aims")
    await there.digest(place)
    found = await there.live_to("2027-03-08 12:00")
    assert [sent.kind for _, sent in found] == ["digest", "digest"]
    assert "**Aims:**" in there.last


# Once a day, whatever happens


async def test_days_of_silence_become_one_digest(there: Outbound, channel: Destination):
    await there.enter("drones", "deal", stage="signed")
    (sent,) = await there.go_to("2027-03-12 08:00")
    assert sent.key == "2027-03-11"
    assert await there.go_to("2027-03-12 09:00") == []


async def test_a_weekly_digest_missed_is_told_on_the_next_day(there: Outbound, channel: Destination):
    await there.digest(channel, days="4")
    await there.enter("drones", "deal", stage="signed")
    (sent,) = await there.go_to("2027-03-06 15:00")
    assert (sent.key, sent.due_at) == ("2027-03-04", at("2027-03-04 09:00"))
    assert await there.live_to("2027-03-11 12:00") == []


async def test_a_digest_that_waited_is_replaced_and_loses_nothing(there: Outbound, channel: Destination):
    await there.enter("drones", "deal", stage="signed")
    there.now = at("2027-03-03 09:00")
    await there.plan()
    async with there.db.write() as conn:
        await destinations.pause(conn, channel.id, "not permitted: the bot lacks Send Messages there")
    await there.enter("drones", "deal", quantity="31")
    there.now = at("2027-03-04 12:00")
    async with there.db.write() as conn:
        await destinations.resume(conn, channel.id, there.now)
    (sent,) = await there.go_to("2027-03-04 12:01")
    assert sent.key == "2027-03-04"
    assert "Signed (was In negotiation)" in there.last
    assert "Number: 31" in there.last
    assert ("2027-03-03", deliveries.REPLACED) in await there.settled("digest")


async def test_what_is_read_moves_only_when_the_digest_has_arrived(there: Outbound, channel: Destination):
    await there.enter("drones", "deal", stage="signed")
    there.now = at("2027-03-03 09:00")
    await there.plan()
    before = await destinations.get(there.db.read, channel.id)
    assert before.digested_to == channel.digested_to
    await there.send()
    after = await destinations.get(there.db.read, channel.id)
    assert after.digested_to == await updates.newest_id(there.db.read, GUILD)
    assert after.digests_sent == before.digests_sent + 1


async def test_a_digest_drawn_later_tells_what_it_was_planned_to_tell(there: Outbound, channel: Destination):
    await there.enter("drones", "deal", stage="signed")
    there.now = at("2027-03-03 09:00")
    await there.plan()
    await there.enter("drones", "deal", quantity="31")
    await there.go_to("2027-03-03 12:00")
    assert "Signed" in there.last
    assert "Number" not in there.last
    await there.go_to("2027-03-04 09:00")
    assert "Number: 31" in there.last
    assert "Signed" not in there.last


async def test_a_digest_whose_news_was_taken_back_before_it_was_sent_is_not_sent(there: Outbound, channel: Destination):
    batch = await there.enter("drones", "deal", stage="signed")
    there.now = at("2027-03-03 09:00")
    await there.plan()
    rows = await there.db.read.execute_fetchall("SELECT id FROM ledger WHERE batch = ?", (batch,))
    async with there.db.write() as conn:
        await updates.withdraw(conn, GUILD, [id_ for (id_,) in rows], now=there.now, person_id=1, reason="wrong")
    assert await there.send() == []
    assert (await there.settled("digest"))[-1] == ("2027-03-03", deliveries.NOTHING_NEW)


async def test_the_hour_keeps_its_wall_time_over_a_change_of_clocks(there: Outbound):
    place = await there.person()
    async with there.db.write() as conn:
        await people.set_zone(conn, 500, "America/New_York")
    await there.follow(place, None)
    await there.digest(place, at=time(2, 30), days=when.DAYS)
    found = []
    there.now = at("2027-03-10 12:00", "America/New_York")
    for number in range(6):
        await there.enter("drones", "deal", quantity=str(number))
        found += await there.go_to(there.now + timedelta(hours=24))
    keys = [sent.key for sent in found]
    assert keys == sorted(set(keys))
    walls = {sent.key: sent.due_at for sent in found}
    # The wall time 02:30 does not exist on the 14th; it is told at 03:30.
    assert walls["2027-03-14"] == at("2027-03-14 03:30", "America/New_York")
    assert walls["2027-03-15"] == at("2027-03-15 02:30", "America/New_York")


async def test_a_day_has_one_digest_when_the_hour_comes_twice(there: Outbound):
    place = await there.person()
    async with there.db.write() as conn:
        await people.set_zone(conn, 500, "America/New_York")
    await there.follow(place, None)
    await there.digest(place, at=time(1, 30), days=when.DAYS)
    there.now = at("2027-11-06 12:00", "America/New_York")
    await there.plan()
    await there.send()
    for hour in range(30):
        await there.enter("drones", "deal", quantity=str(hour))
        there.now += timedelta(hours=1)
        await there.plan()
        await there.send()
    assert [key for key, _ in await there.settled("digest")].count("2027-11-07") == 1


@pytest.mark.parametrize(
    ("zone", "hour", "start"),
    [
        ("Africa/Cairo", time(0), "2027-04-26 12:00"),  # Midnight is skipped on 30 April.
        ("America/Santiago", time(0), "2027-09-02 12:00"),
        ("America/Nuuk", time(23, 30), "2027-03-24 12:00"),
        ("Australia/Lord_Howe", time(2, 15), "2027-09-30 12:00"),
        ("America/Nuuk", time(23, 30), "2027-10-27 12:00"),
        ("Europe/London", time(1, 30), "2027-10-27 12:00"),
    ],
)
async def test_every_day_has_one_digest_wherever_the_clocks_change(there: Outbound, zone, hour, start):
    place = await there.person()
    await there.follow(place, None)
    there.now = at(start, zone)
    place = await there.digest(place, at=hour, zone=zone, days=when.DAYS)
    sent = []
    for number in range(8 * 24):
        there.now += timedelta(hours=1)
        if number % 12 == 0:
            await there.enter("drones", "deal", quantity=str(number))
        await there.plan()
        sent += await there.send()
    first = when.local_date(at(start, zone), zone)
    days = [(first + timedelta(days=number)).isoformat() for number in range(10)]
    keys = [one.key for one in sent]
    assert keys == days[days.index(keys[0]) :][: len(keys)]
    assert len(keys) == 8


async def test_a_changed_hour_does_not_bring_a_second_digest_that_day(there: Outbound, channel: Destination):
    await there.enter("drones", "deal", stage="signed")
    await there.go_to("2027-03-03 09:00")
    await there.enter("drones", "deal", quantity="31")
    await there.digest(channel, at=time(18))
    assert await there.go_to("2027-03-03 18:00") == []
    assert len(await there.go_to("2027-03-04 18:00")) == 1


# Settings


async def test_a_digest_that_begins_anew_starts_at_now(there: Outbound, channel: Destination):
    async with there.db.write() as conn:
        await destinations.set_digest(conn, channel.id, now=there.now, at=None)
    await there.enter("drones", "deal", stage="signed")
    assert await there.live_to("2027-03-09 12:00") == []
    place = await there.digest(channel)
    assert next_digest(place, there.now) == at("2027-03-10 09:00")
    assert await there.go_to("2027-03-10 09:00") == []


async def test_what_is_set_is_kept_when_only_part_is_set_anew(there: Outbound, channel: Destination):
    await there.digest(channel, at=time(18), days="135")
    place = await there.digest(channel, zone="Europe/Berlin")
    assert (place.digest_at, place.digest_days, place.zone) == ("18:00", "135", "Europe/Berlin")
    assert (await digests.list_of_desk(there.db.read, GUILD))[0].channel_id == CHANNEL
    assert await digests.list_of_desk(there.db.read, 2000) == []


# Drawing


async def test_a_preview_is_the_message_that_is_sent_at_that_instant(there: Outbound, channel: Destination):
    await there.item("clearances")
    await there.item("loa", due=due("2027-03-10"))
    await there.enter("drones", "deal", stage="signed")
    there.now = at("2027-03-08 09:00")
    shown = drawn.preview(await value(there, channel), "-# A note", None)
    await there.plan()
    (planned,) = [one for one in await there.waiting() if one.kind == "digest"]
    sent = await there.draw(planned)
    assert isinstance(sent, Message)
    assert all_texts(shown).replace("\n\n-# A note", "") == all_texts(sent.view)
    assert sent.silent
    assert sent.content is None
    assert sent.text == all_texts(sent.view)


async def test_a_long_digest_is_cut_and_says_where_the_rest_is(there: Outbound, channel: Destination):
    for number in range(60):
        name = f"Item {number} " + "with a very long name " * 4
        await there.item(f"item-{number}", name=name[:100], due=due("2027-03-10"))
        await there.enter(f"deal-{number}", "deal", name=f"Deal {number} " + "x" * 80, quantity="9" + "*" * 99)
    await there.go_to("2027-03-03 09:00")
    assert len(there.last) <= TEXT_LIMIT - 300
    for heading, rest in (("Due soon", "`/pending list`"), ("What changed", "`/search` and `/deal history`")):
        section = there.last.split(f"### {heading}\n")[1].split("\n### ")[0]
        assert section.splitlines()[-1].startswith("-# and ") or rest in section
        assert " more: " in section


async def test_a_long_list_of_what_is_open_is_cut_and_counted(there: Outbound):
    await there.channel()
    for number in range(60):
        await there.item(f"item-{number}", name=f"Item {number} " + "*" * 80)
    await there.go_to("2027-03-08 09:00")
    assert len(there.last) <= 1700
    assert "more: `/pending list` shows them." in there.last


async def test_a_digest_that_was_turned_off_before_it_was_sent_is_no_longer_due(there: Outbound, channel: Destination):
    await there.enter("drones", "deal", stage="signed")
    there.now = at("2027-03-03 09:00")
    await there.plan()
    async with there.db.write() as conn:
        await destinations.set_digest(conn, channel.id, now=there.now, at=None)
    (planned,) = await there.waiting()
    drawn_ = await there.draw(planned)
    assert drawn_ == Gone(deliveries.NO_LONGER_DUE, "there is no digest here any more")


async def test_a_clock_that_ran_far_ahead_holds_up_no_digest_once_it_is_right(there: Outbound, channel: Destination):
    await there.item("clearances")
    await there.go_to("2030-03-01 10:00")
    told = await there.go_to("2027-03-15 08:00")  # The clock is right again, on a Monday before nine.
    assert told == []
    told = await there.go_to("2027-03-15 10:00")
    assert [one.kind for one in told] == ["digest"]
    assert told[0].key == "2027-03-15"


async def test_a_servers_digest_is_that_of_its_channel(db, desk, now):
    assert await digests.of_desk(db.read, await desks.get(db.read, desk)) is None
    async with db.write() as conn:
        person = await people.ensure(conn, 77)
        await destinations.ensure_channel(conn, desk, 4321, now=now, person_id=person.id)
        own = await destinations.ensure_channel(conn, desk, desk + 1, now=now, person_id=person.id)
    assert await digests.of_desk(db.read, await desks.get(db.read, desk)) == own
