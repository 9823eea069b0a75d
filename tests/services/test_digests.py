"""Digests on a real file: what they tell, when they are skipped, and that a day has one."""

from __future__ import annotations

from datetime import time, timedelta
from decimal import Decimal

import pytest

from bot import when
from bot.agenda import Digest, next_digest
from bot.kinds import Gone
from bot.services import deliveries, desks, destinations, digests, dossiers, people, sources, updates
from bot.services.updates import Change
from bot.ui import digest as drawn
from bot.ui.layout import TEXT_LIMIT
from bot.ui.messages import Message
from data.records import Destination, ListedText, Money, Party
from tests.builders import on_day
from tests.services.outbound import CHANNEL, GUILD, OTHER_CHANNEL, Outbound, all_texts, at, day, due

START = at("2027-03-01 12:00")  # A Monday.


@pytest.fixture
async def there(db, desk, source) -> Outbound:
    found = Outbound(db, source, START)
    await found.enter("drones", "deal", name="31 armed drones", stage="negotiating")
    return found


@pytest.fixture
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
    async with db.write(GUILD) as conn:
        starter = dossiers.read_shipped("india-us-2plus2-2023", now=START)
        await dossiers.load(conn, GUILD, starter, now=START, person_id=1)
    await there.digest(await there.channel())
    (sent,) = await there.go_to("2027-03-02 09:00")
    assert sent.kind == "digest"
    assert there.last.startswith(
        "## Digest, Tuesday 2 March 2027\n-# Newsroom\n"
        "-# The first digest here: it lists 2 of 5 open items; *What is open* leads to the rest.\n"
    )
    assert [line for line in there.last.splitlines() if line.startswith("###")] == [
        "### Still open",
        "### Deals",
        "### Who said what",
    ]
    lines = there.last.splitlines()
    assert (
        "**Clearances for the 31 drones, about 31 armed drones for India**: U.S. government must act; no due date given"
    ) in lines
    assert (
        "**Answer to the combat vehicle offer, about Infantry combat vehicles**: India to act; no due date given"
    ) in lines
    assert (
        "**31 armed drones for India**: Under review; waiting for U.S. government clearances; "
        "value more than $3 billion"
    ) in lines
    assert "**India–U.S. joint statement**: to free all remaining hostages in Gaza at once;" in there.last
    # All of a section is of one day and source, so these stand once below it.
    assert "-# Reported 10 November 2023 (year inferred): News article without a title, sentences 5 and 6" in lines
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
    assert "The first digest here; nothing is open." in there.last


# What changed


async def test_a_change_is_told_before_and_after_with_its_source_and_once(there: Outbound, channel: Destination):
    await there.enter("drones", "deal", stage="signed")
    await there.go_to("2027-03-03 09:00")
    assert (
        "**31 armed drones**: the deal has been signed (A news article, 10 November 2023); "
        "was in negotiation, 10 November 2023"
    ) in there.last.splitlines()
    assert await there.go_to("2027-03-04 09:00") == []


async def test_an_update_that_can_still_be_undone_waits_for_the_next_digest(there: Outbound, channel: Destination):
    there.now = at("2027-03-03 08:59")
    await there.enter("drones", "deal", stage="signed")
    assert await there.go_to("2027-03-03 09:00") == []
    assert len(await there.go_to("2027-03-04 09:00")) == 1
    assert "the deal has been signed" in there.last


async def test_what_was_undone_or_withdrawn_is_left_out(there: Outbound, channel: Destination):
    undone = await there.enter("drones", "deal", stage="signed")
    async with there.db.write(GUILD) as conn:
        later = there.now + timedelta(seconds=59)
        await updates.undo(conn, GUILD, undone, now=later, person_id=1)
    batch = await there.enter("drones", "deal", quantity="31")
    rows = await there.db.read.execute_fetchall("SELECT id FROM ledger WHERE batch = ?", (batch,))
    async with there.db.write(GUILD) as conn:
        later = there.now + timedelta(hours=1)
        await updates.withdraw(conn, GUILD, [id_ for (id_,) in rows], now=later, person_id=1, reason="wrong")
    assert await there.go_to("2027-03-03 09:00") == []


async def test_an_undo_amid_the_hour_is_not_told_as_a_change_later(there: Outbound, channel: Destination):
    there.now = at("2027-03-03 08:58") + timedelta(seconds=44)
    batch = await there.enter("drones", "deal", stage="signed")
    async with there.db.write(GUILD) as conn:
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
    assert "**31 armed drones**: number 31 (" in there.last
    assert "signed" not in there.last


async def test_a_loaded_dossier_is_one_line(there: Outbound, channel: Destination):
    async with there.db.write(GUILD) as conn:
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
    await there.enter("clearances", "pending", name="Clearances", state="open", about=Party("drones"))
    await there.go_to("2027-03-03 09:00")
    assert "**Clearances, about 31 armed drones**: a new item is open (" in there.last
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


async def report(there: Outbound, record: str, title: str, on: str, url: str = "", **fields) -> None:
    """Enters some fields of a deal from a source of their own."""
    async with there.db.write(GUILD) as conn:
        source = await sources.ensure(conn, GUILD, title=title, url=url)
        day_ = on_day(on)
        changes = [Change(record, "deal", field, value, day_, source) for field, value in fields.items()]
        await updates.append(conn, GUILD, changes, now=there.now, person_id=1, origin="editor")


def money(amount: str, kind: str = "") -> Money:
    return Money(Decimal(amount), "USD", kind=kind)


async def test_each_change_has_the_source_and_the_day_of_its_own_report(there: Outbound, channel: Destination):
    await there.enter("engines", "deal", name="Fighter-jet engines")
    await report(there, "engines", "Reuters", "2025-03-03", "https://www.reuters.com/a", value=money("1000000000"))
    await report(there, "engines", "A fan blog", "2025-03-04", "https://fan.blog/b", quantity="99")
    await report(there, "engines", "Ministry note 2", "2025-03-05", stage="signed", model="F414")
    await report(there, "engines", "Ministry note 3", "2025-03-06", stage="in_execution")
    await there.go_to("2027-03-03 09:00")
    section = there.last.split("### What changed\n")[1].split("\n\n")[0]
    name = "**Fighter-jet engines** (new deal): "
    assert sorted(section.splitlines()) == sorted(
        [
            f"{name}the deal is being carried out (Ministry note 3, 6 March 2025); was signed, 5 March 2025",
            f"{name}value $1 billion ([www.reuters.com](<https://www.reuters.com/a>), 3 March 2025)",
            f"{name}number 99 ([fan.blog](<https://fan.blog/b>), 4 March 2025)",
            f"{name}model F414 (Ministry note 2, 5 March 2025)",
        ]
    )


async def test_changes_of_one_day_and_source_share_a_line_and_a_former_value_has_its_own_day(
    there: Outbound, channel: Destination
):
    await report(there, "drones", "First note", "2024-05-01", quantity="30")
    await there.go_to("2027-03-03 09:00")
    await report(there, "drones", "Second note", "2024-06-01", model="MQ-9B", made_in="India", quantity="31")
    await there.go_to("2027-03-04 09:00")
    section = there.last.split("### What changed\n")[1].split("\n\n")[0]
    assert section.splitlines() == [
        "**31 armed drones**: number 31 (Second note, 1 June 2024); was 30, 1 May 2024",
        "**31 armed drones**: model MQ-9B; made in India (Second note, 1 June 2024)",
    ]


async def test_what_ended_names_the_report_that_ended_it_and_the_day_of_the_former_one(
    there: Outbound, channel: Destination
):
    await there.enter("ga", "participant", name="General Atomics")
    maker = Party("ga", "maker")
    await report(there, "drones", "First note", "2024-05-01", party=maker)
    await there.go_to("2027-03-03 09:00")
    await report(there, "drones", "Second note", "2024-06-01", party=Party("ga", "maker", gone=True))
    await there.go_to("2027-03-04 09:00")
    assert (
        r"**31 armed drones**: General Atomics \(maker\) no longer takes part (Second note, 1 June 2024); "
        "was a party, 1 May 2024"
    ) in there.last.splitlines()


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "31 drones"},
        {"alias": ListedText("the Predator deal")},
        {"deal_type": "purchase"},
        {"name": "Drones", "alias": ListedText("Reapers"), "deal_type": "lease"},
        {"side_state": "none"},
    ],
)
async def test_no_digest_is_sent_for_how_the_record_is_kept(there: Outbound, channel: Destination, fields):
    await there.enter("drones", "deal", **fields)
    assert await there.go_to("2027-03-03 09:00") == []
    await there.enter("drones", "deal", quantity="31", **fields)
    await there.go_to("2027-03-04 09:00")
    section = there.last.split("### What changed\n")[1].split("\n\n")[0]
    assert section.endswith("**: number 31 (A news article, 10 November 2023)")


@pytest.mark.parametrize(
    ("outcome", "told"),
    [({}, "the item is closed ("), ({"outcome": "refused"}, "the item is closed; outcome: refused (")],
)
async def test_an_item_opened_and_closed_between_two_digests_is_told_as_closed(
    there: Outbound, channel: Destination, outcome, told: str
):
    await there.enter("us", "participant", name="U.S. government")
    await there.item("licence", who=Party("us"), about=Party("drones"), basis="stated", due=due("2027-03-09"))
    await there.enter("licence", "pending", state="closed", **outcome)
    await there.go_to("2027-03-03 09:00")
    (line,) = (line for line in there.last.splitlines() if "Licence" in line)
    assert line.startswith(f"**Licence, about 31 armed drones**: {told}")
    assert line.endswith("; was open, 10 November 2023")
    assert "must act" not in there.last
    assert "new item" not in there.last


async def test_the_value_of_the_contract_leads_whenever_it_was_reported_and_the_others_are_counted(there: Outbound):
    await report(there, "drones", "First note", "2024-05-01", value=money("3990000000", "notified"))
    await report(there, "drones", "Second note", "2024-10-15", value=money("3500000000", "contract"))
    await there.digest(await there.channel())
    await there.go_to("2027-03-02 09:00")
    (line,) = (line for line in there.last.splitlines() if line.startswith("**31 armed drones**"))
    assert line == (
        "**31 armed drones**: In negotiation (A news article, 10 November 2023); "
        r"value $3.5 billion \(contract\) (Second note, 15 October 2024); 1 more value"
    )


@pytest.mark.parametrize(
    ("dates", "kinds", "told"),
    [
        ([], [], "The first digest here; nothing is open."),
        (["", "2027-03-05"], [], "The first digest here: it lists everything that is open."),
        (["", "2027-06-01"], [], "it lists 1 of 2 open items; *What is open* leads to the rest."),
        ([""], ["research_gap", "commitment_watch"], "it lists 1 of 3 open items;"),
        ([""] * 30, [], "it lists 8 of 30 open items;"),
    ],
)
async def test_the_first_digest_says_how_much_of_what_is_open_it_lists(there: Outbound, dates, kinds, told: str):
    for number, on in enumerate(dates):
        await there.item(f"item-{number}", **({"due": due(on)} if on else {}))
    for kind in kinds:
        await there.item(kind, item_kind=kind)
    await there.digest(await there.channel())
    await there.go_to("2027-03-02 09:00")
    assert told in there.last


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
    place = await there.channel(OTHER_CHANNEL)  # Not the server's, so items have no messages of their own there.
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
    await there.enter("drones", "deal", quantity="31")
    sent = await there.go_to("2027-03-04 09:00")
    assert [one.kind for one in sent] == ["reminder", "digest"]
    assert "Loa" not in there.last
    # On Mondays too: what became overdue on the Sunday is told by itself, the other stays on the list.
    shown = drawn.preview(await value_at(there, channel, "2027-03-08 09:00"), "-# A note", None)
    sent = await there.go_to("2027-03-08 09:00")
    assert [one.kind for one in sent] == ["reminder", "digest"]
    still_open = there.last.split("### Still open\n")[1]
    assert "**Loa**: it was due by Wednesday 3 March 2027" in still_open
    assert "**Clearances**" in still_open
    assert "Payment" not in there.last
    assert "Payment" not in all_texts(shown)
    # A week later nothing else tells it, so the list does.
    await there.go_to("2027-03-15 09:00")
    assert "**Payment**: it was due by Sunday 7 March 2027" in there.last


async def value_at(there: Outbound, place: Destination, moment: str) -> Digest:
    there.now = at(moment)
    return await value(there, place)


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
        await destinations.pause(conn, channel.id, "not permitted", "the bot lacks Send Messages there")
    await there.enter("drones", "deal", quantity="31")
    there.now = at("2027-03-04 12:00")
    async with there.db.write(GUILD) as conn:
        await destinations.resume(conn, channel.id, there.now)
    (sent,) = await there.go_to("2027-03-04 12:01")
    assert sent.day == day("2027-03-04")
    assert "the deal has been signed (" in there.last
    assert "number 31 (" in there.last
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
    assert (await there.settled("digest"))[-1] == ("2027-03-03", deliveries.NOTHING_NEW)


async def test_the_hour_keeps_its_wall_time_over_a_change_of_clocks(there: Outbound):
    place = await there.person()
    async with there.db.write(None) as conn:
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
    async with there.db.write(None) as conn:
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
    async with there.db.write(GUILD) as conn:
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


async def test_a_long_section_leaves_room_for_some_lines_of_each_below_it(there: Outbound):
    place = await there.channel()
    async with there.db.write(GUILD) as conn:
        url = "https://www.example.org/" + "a" * 260
        there.source = await sources.ensure(conn, GUILD, title="A long link", url=url)
    for number in range(12):
        on = on_day(f"2024-05-{number + 1:02}")
        await there.enter(f"item-{number}", "pending", on=on, name=f"Item {number} " + "x" * 80, state="open")
        await there.enter(f"deal-{number}", "deal", on=on, name=f"Deal {number}", stage="signed")
    await there.digest(place)
    await there.go_to("2027-03-02 09:00")
    assert len(there.last) <= TEXT_LIMIT - 300
    for heading, lines in (("Still open", "**Item"), ("Deals", "**Deal")):
        section = there.last.split(f"### {heading}\n")[1].split("\n\n")[0].splitlines()
        shown = [line for line in section if line.startswith(lines) or "armed drones" in line]
        assert len(shown) >= 2
        assert section[-1].startswith(f"-# and {(12 if heading == 'Still open' else 13) - len(shown)} more: ")


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
    async with there.db.write(GUILD) as conn:
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
    assert told[0].day == day("2027-03-15")


async def test_a_servers_digest_is_that_of_its_channel(db, desk, now):
    assert await digests.of_desk(db.read, await desks.get(db.read, desk)) is None
    async with db.write(desk) as conn:
        person = await people.ensure(conn, 77)
        await destinations.ensure_channel(conn, desk, 4321, now=now, person_id=person.id)
        own = await destinations.ensure_channel(conn, desk, desk + 1, now=now, person_id=person.id)
    assert await digests.of_desk(db.read, await desks.get(db.read, desk)) == own


async def test_a_line_that_is_too_long_leaves_texts_out_and_cuts_none_off_from_its_day_or_link(db, desk):
    there = Outbound(db, 0, START)
    for number in range(6):
        async with db.write(GUILD) as conn:
            url = f"https://www.example.org/{number}" + "a" * 250
            there.source = await sources.ensure(conn, GUILD, title=f"Report {number}", url=url)
        on = on_day(f"2024-05-{number + 1:02}")
        fields = {"name": "Frigates", "stage": "signed"} if not number else {}
        value_ = Money(Decimal((number + 1) * 10**9), "USD", bound="about", kind=f"sum {number}")
        await there.enter("frigates", "deal", on=on, **fields, value=value_, side_state="stalled")
    await there.digest(await there.channel())
    await there.go_to("2027-03-02 09:00")
    (line,) = [line for line in there.last.splitlines() if line.startswith("**Frigates**: ")]
    assert line.endswith("; and more")
    assert line.count("[") == line.count("](<https://") == line.count(">)")
