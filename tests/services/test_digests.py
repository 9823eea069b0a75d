"""Tests of the contents of digests: the first digest, changes with their sources, settings and long digests."""

from __future__ import annotations

from datetime import time, timedelta
from decimal import Decimal

import pytest

from bot.delivery.kinds import NothingToSend
from bot.ledger.due_dates import next_digest
from bot.services import destinations, digests, dossiers, guilds, people, sources, updates
from bot.services.updates import Change
from bot.ui import digests as rendered
from bot.ui.layout import TEXT_LIMIT
from bot.ui.messages import Message
from data.records import Bound, Destination, ListedText, Money, Outcome, Party
from tests.builders import count_of, on_day
from tests.services.digesting import START, channel, there, value
from tests.services.outbound import CHANNEL, GUILD, Outbound, all_texts, at, day, due

__all__ = ["channel", "there"]  # The fixtures.


# The first one


async def test_the_first_digest_lists_everything_open_then_deals_and_who_said_what(db, guild):
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
    # A section whose facts all have one day and source states both once, at its end.
    assert "-# Reported 10 November 2023 (year inferred): News article without a title, sentences 5 and 6" in lines
    assert "Aims of the defence roadmap" not in there.last
    assert len(there.last) < TEXT_LIMIT


async def test_a_second_digest_is_skipped_when_nothing_is_new(there: Outbound, channel: Destination):
    assert await there.go_to("2027-03-03 09:00") == []
    assert (await there.settled("digest"))[-1] == ("2027-03-03", Outcome.NOTHING_NEW)


async def test_a_first_digest_of_an_empty_record_waits_until_there_is_something(db, guild, source):
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
    batch = await there.enter("drones", "deal", quantity=count_of("31"))
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
    await there.enter("drones", "deal", quantity=count_of("31"))
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
    assert line.startswith("The dossier **India–U.S. 2+2 talks, 10 November 2023** was loaded: ")


async def test_a_person_reads_of_what_they_follow_and_from_then_on(there: Outbound):
    await there.enter("engines", "deal", name="Fighter-jet engines")
    await there.enter("drones", "deal", quantity=count_of("30"))
    place = await there.person()
    await there.follow(place, "drones", at_once=False)
    await there.digest(place)
    await there.go_to("2027-03-02 09:00")
    assert "31 armed drones" in there.last
    assert "engines" not in there.last
    assert "What changed" not in there.last
    await there.enter("engines", "deal", quantity=count_of("99"))
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
    """Enter fields of a deal from a source with this title and address, with a fact date of `on`."""
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
    await report(there, "engines", "A fan blog", "2025-03-04", "https://fan.blog/b", quantity=count_of("99"))
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
    await report(there, "drones", "First note", "2024-05-01", delivery="late")
    await there.go_to("2027-03-03 09:00")
    await report(there, "drones", "Second note", "2024-06-01", model="MQ-9B", made_in="India", delivery="soon")
    await there.go_to("2027-03-04 09:00")
    section = there.last.split("### What changed\n")[1].split("\n\n")[0]
    assert section.splitlines() == [
        "**31 armed drones**: delivery soon (Second note, 1 June 2024); was late, 1 May 2024",
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
    await there.enter("drones", "deal", quantity=count_of("31"), **fields)
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
    assert (await digests.list_of_guild(there.db.read, GUILD))[0].channel_id == CHANNEL
    assert await digests.list_of_guild(there.db.read, 2000) == []


# Drawing


async def test_a_preview_is_the_message_that_is_sent_at_that_instant(there: Outbound, channel: Destination):
    await there.item("clearances")
    await there.item("loa", due=due("2027-03-10"))
    await there.enter("drones", "deal", stage="signed")
    there.now = at("2027-03-08 09:00")
    shown = rendered.preview(await value(there, channel), "-# A note", None)
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
        await there.enter(
            f"deal-{number}", "deal", name=f"Deal {number} " + "x" * 80, quantity=count_of("9" + "*" * 99)
        )
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
    assert drawn_ == NothingToSend(Outcome.NO_LONGER_DUE, "there is no digest here any more")


async def test_a_clock_that_ran_far_ahead_holds_up_no_digest_once_it_is_right(there: Outbound, channel: Destination):
    await there.item("clearances")
    await there.go_to("2030-03-01 10:00")
    told = await there.go_to("2027-03-15 08:00")  # Back to the right time, a Monday before 09:00.
    assert told == []
    told = await there.go_to("2027-03-15 10:00")
    assert [one.kind for one in told] == ["digest"]
    assert told[0].day == day("2027-03-15")


async def test_a_servers_digest_is_that_of_its_channel(db, guild, now):
    assert await digests.of_guild(db.read, await guilds.get(db.read, guild)) is None
    async with db.write(guild) as conn:
        person = await people.ensure(conn, 77)
        await destinations.ensure_channel(conn, guild, 4321, now=now, person_id=person.id)
        own = await destinations.ensure_channel(conn, guild, guild + 1, now=now, person_id=person.id)
    assert await digests.of_guild(db.read, await guilds.get(db.read, guild)) == own


async def test_a_line_that_is_too_long_leaves_texts_out_and_cuts_none_off_from_its_day_or_link(db, guild):
    there = Outbound(db, 0, START)
    for number in range(6):
        async with db.write(GUILD) as conn:
            url = f"https://www.example.org/{number}" + "a" * 250
            there.source = await sources.ensure(conn, GUILD, title=f"Report {number}", url=url)
        on = on_day(f"2024-05-{number + 1:02}")
        fields = {"name": "Frigates", "stage": "signed"} if not number else {}
        value_ = Money(Decimal((number + 1) * 10**9), "USD", bound=Bound.ABOUT, kind=f"sum {number}")
        await there.enter("frigates", "deal", on=on, **fields, value=value_, side_state="stalled")
    await there.digest(await there.channel())
    await there.go_to("2027-03-02 09:00")
    (line,) = [line for line in there.last.splitlines() if line.startswith("**Frigates**: ")]
    assert line.endswith("; and more")
    assert line.count("[") == line.count("](<https://") == line.count(">)")
