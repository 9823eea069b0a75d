"""Tests of the days on which a digest is sent: due dates, Mondays, weekends, and days when the bot was down."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from bot import dates
from bot.services import destinations, people, updates
from bot.ui import digests as rendered
from data.records import Destination, Outcome
from tests.builders import count_of
from tests.services.digesting import channel, there, value_at
from tests.services.outbound import GUILD, OTHER_CHANNEL, Outbound, all_texts, at, day, due

__all__ = ["channel", "there"]  # The fixtures.


# Dates


async def test_an_item_due_soon_is_listed_with_how_sure_that_is(there: Outbound, channel: Destination):
    await there.item("loa", due=due("2027-03-10", "announced"))
    await there.go_to("2027-03-03 09:00")
    assert "### Due soon" in there.last
    assert "**Loa**, in 7 days: due by Wednesday 10 March 2027, announced by an official (" in there.last


async def test_a_lead_that_fell_on_a_weekend_keeps_the_next_digest(there: Outbound, channel: Destination):
    await there.item("loa", due=due("2027-03-20"))
    await there.go_to("2027-03-03 09:00")  # It is new.
    assert await there.live_to("2027-03-07 12:00") == []  # 14 days before is Saturday the 6th.
    (found,) = await there.live_to("2027-03-08 12:00")
    assert found[1].kind == "digest"
    assert "in 12 days" in there.last
    assert await there.live_to("2027-03-12 12:00") == []


async def test_what_became_overdue_is_told_once_and_stays_on_mondays(there: Outbound):
    place = await there.channel(OTHER_CHANNEL)  # Only the server's own channel gets reminders of items.
    await there.digest(place)
    await there.go_to("2027-03-02 09:00")
    await there.item("loa", due=due("2027-03-03"))
    await there.go_to("2027-03-03 09:00")
    (digest,) = await there.go_to("2027-03-04 09:00")
    assert digest.day == day("2027-03-04")
    assert "### Overdue\n**Loa**: it was due by Wednesday 3 March 2027" in there.last
    assert await there.go_to("2027-03-05 09:00") == []
    await there.go_to("2027-03-08 09:00")
    assert "### Still open" in there.last
    assert "### Overdue" not in there.last


async def test_an_overdue_item_with_a_message_of_its_own_is_not_in_the_digest_of_that_hour(
    there: Outbound, channel: Destination
):
    await there.item("loa", due=due("2027-03-03"))
    await there.item("payment", due=due("2027-03-07", "announced"))
    await there.item("clearances")
    await there.go_to("2027-03-03 09:00")
    await there.enter("drones", "deal", quantity=count_of("31"))
    sent = await there.go_to("2027-03-04 09:00")
    assert [one.kind for one in sent] == ["reminder", "digest"]
    assert "Loa" not in there.last
    # The same on a Monday: Payment, overdue since Sunday, has its own message, and Loa is under "Still open".
    shown = rendered.preview(await value_at(there, channel, "2027-03-08 09:00"), "-# A note", None)
    sent = await there.go_to("2027-03-08 09:00")
    assert [one.kind for one in sent] == ["reminder", "digest"]
    still_open = there.last.split("### Still open\n")[1]
    assert "**Loa**: it was due by Wednesday 3 March 2027" in still_open
    assert "**Clearances**" in still_open
    assert "Payment" not in there.last
    assert "Payment" not in all_texts(shown)
    # A week later Payment has no message of its own, so "Still open" names it.
    await there.go_to("2027-03-15 09:00")
    assert "**Payment**: it was due by Sunday 7 March 2027" in there.last


# Mondays


async def test_mondays_digest_holds_what_is_still_open_and_there_is_no_second_message(
    there: Outbound, channel: Destination
):
    await there.item("clearances")
    await there.go_to("2027-03-03 09:00")
    found = await there.live_to("2027-03-16 12:00")
    assert [(day.isoformat(), sent.kind) for day, sent in found] == [("2027-03-08", "digest"), ("2027-03-15", "digest")]
    assert there.last.split("### ")[1].startswith("Still open\n**Clearances**: ")


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
    assert "the deal has been signed (" in there.last


async def test_a_person_with_a_digest_has_their_undated_items_in_it(there: Outbound):
    place = await there.person()
    await there.item("aims", item_kind="commitment_watch")
    await there.join(place, "aims")
    await there.digest(place)
    found = await there.live_to("2027-03-08 12:00")
    assert [sent.kind for _, sent in found] == ["digest", "digest"]
    assert "**Aims**: " in there.last


# Once a day, whatever happens


async def test_days_of_silence_become_one_digest(there: Outbound, channel: Destination):
    await there.enter("drones", "deal", stage="signed")
    (sent,) = await there.go_to("2027-03-12 08:00")
    assert sent.day == day("2027-03-11")
    assert await there.go_to("2027-03-12 09:00") == []


async def test_a_weekly_digest_missed_is_told_on_the_next_day(there: Outbound, channel: Destination):
    await there.digest(channel, days="4")
    await there.enter("drones", "deal", stage="signed")
    (sent,) = await there.go_to("2027-03-06 15:00")
    assert (sent.day, sent.due_at) == (day("2027-03-04"), at("2027-03-04 09:00"))
    assert await there.live_to("2027-03-11 12:00") == []


async def test_a_digest_that_waited_is_replaced_and_loses_nothing(there: Outbound, channel: Destination):
    await there.enter("drones", "deal", stage="signed")
    there.now = at("2027-03-03 09:00")
    await there.plan()
    async with there.db.write(GUILD) as conn:
        await destinations.pause(conn, channel.id, Outcome.NOT_PERMITTED, "the bot lacks Send Messages there")
    await there.enter("drones", "deal", quantity=count_of("31"))
    there.now = at("2027-03-04 12:00")
    async with there.db.write(GUILD) as conn:
        await destinations.resume(conn, channel.id, there.now)
    (sent,) = await there.go_to("2027-03-04 12:01")
    assert sent.day == day("2027-03-04")
    assert "the deal has been signed (" in there.last
    assert "number 31 (" in there.last
    assert ("2027-03-03", Outcome.REPLACED) in await there.settled("digest")


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
    await there.enter("drones", "deal", quantity=count_of("31"))
    await there.go_to("2027-03-03 12:00")
    assert "the deal has been signed" in there.last
    assert "number" not in there.last
    await there.go_to("2027-03-04 09:00")
    assert "number 31 (" in there.last
    assert "signed" not in there.last


async def test_a_digest_whose_news_was_taken_back_before_it_was_sent_is_not_sent(there: Outbound, channel: Destination):
    batch = await there.enter("drones", "deal", stage="signed")
    there.now = at("2027-03-03 09:00")
    await there.plan()
    rows = await there.db.read.execute_fetchall("SELECT id FROM ledger WHERE batch = ?", (batch,))
    async with there.db.write(GUILD) as conn:
        await updates.withdraw(conn, GUILD, [id_ for (id_,) in rows], now=there.now, person_id=1, reason="wrong")
    assert await there.send() == []
    assert (await there.settled("digest"))[-1] == ("2027-03-03", Outcome.NOTHING_NEW)


async def test_the_hour_keeps_its_wall_time_over_a_change_of_clocks(there: Outbound):
    place = await there.person()
    async with there.db.write(None) as conn:
        await people.set_zone(conn, 500, "America/New_York")
    await there.follow(place, None)
    await there.digest(place, at=time(2, 30), days=dates.DAYS)
    found = []
    there.now = at("2027-03-10 12:00", "America/New_York")
    for number in range(6):
        await there.enter("drones", "deal", quantity=count_of(str(number)))
        found += await there.go_to(there.now + timedelta(hours=24))
    keys = [sent.key for sent in found]
    assert keys == sorted(set(keys))
    walls = {sent.key: sent.due_at for sent in found}
    # On the 14th the clocks go forward at 02:00, so a digest of 02:30 is sent at 03:30.
    assert walls["2027-03-14"] == at("2027-03-14 03:30", "America/New_York")
    assert walls["2027-03-15"] == at("2027-03-15 02:30", "America/New_York")


async def test_a_day_has_one_digest_when_the_hour_comes_twice(there: Outbound):
    place = await there.person()
    async with there.db.write(None) as conn:
        await people.set_zone(conn, 500, "America/New_York")
    await there.follow(place, None)
    await there.digest(place, at=time(1, 30), days=dates.DAYS)
    there.now = at("2027-11-06 12:00", "America/New_York")
    await there.plan()
    await there.send()
    for hour in range(30):
        await there.enter("drones", "deal", quantity=count_of(str(hour)))
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
    place = await there.digest(place, at=hour, zone=zone, days=dates.DAYS)
    sent = []
    for number in range(8 * 24):
        there.now += timedelta(hours=1)
        if number % 12 == 0:
            await there.enter("drones", "deal", quantity=count_of(str(number)))
        await there.plan()
        sent += await there.send()
    first = dates.local_date(at(start, zone), zone)
    days = [(first + timedelta(days=number)).isoformat() for number in range(10)]
    keys = [one.key for one in sent]
    assert keys == days[days.index(keys[0]) :][: len(keys)]
    assert len(keys) == 8


async def test_a_changed_hour_does_not_bring_a_second_digest_that_day(there: Outbound, channel: Destination):
    await there.enter("drones", "deal", stage="signed")
    await there.go_to("2027-03-03 09:00")
    await there.enter("drones", "deal", quantity=count_of("31"))
    await there.digest(channel, at=time(18))
    assert await there.go_to("2027-03-03 18:00") == []
    assert len(await there.go_to("2027-03-04 18:00")) == 1
