"""Tests of appending and undoing updates, and of the records, links and names that change with them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.errors import BadInput, NotInRecord, UserError
from bot.ledger.cited import plain
from bot.services import index, records, search, updates
from bot.services.search import SearchPage, Wanted
from bot.services.updates import Change
from data.database import Database
from data.records import Approval, FactDate, Kind, Opened, Party
from tests.builders import count_of, on_day

DAY = on_day("2023-11-10")


def set_(record: str, kind: Kind, field: str, value, source: int, on: FactDate = DAY, reason: str = "") -> Change:
    return Change(record, kind, field, value, on, source, reason=reason)


def drones(source: int) -> list[Change]:
    return [
        set_("us-government", "participant", "name", "U.S. government", source),
        set_("drones", "deal", "name", "31 armed drones for India", source),
        set_("drones", "deal", "stage", "under_review", source),
        set_("drones", "deal", "quantity", count_of("31"), source),
    ]


def slugs(found: SearchPage) -> list[str]:
    return [hit.row.slug for hit in found.hits]


def stands(opened: Opened) -> str:
    return plain(opened.record.status)


async def enter(db: Database, guild: int, now: datetime, changes: list[Change]) -> str:
    async with db.write(guild) as conn:
        return await updates.append(conn, guild, changes, now=now, person_id=1, origin="editor")


async def test_an_open_approval_stands_beside_the_stage_of_its_deal(db, guild, source, now):
    approval = Approval(side="us-government", what="clearances", state="open")
    await enter(db, guild, now, [*drones(source), set_("drones", "deal", "approval", approval, source)])
    opened = await records.get(db.read, guild, "drones")
    assert stands(opened) == "Under review; waiting for U.S. government clearances, 10 November 2023"
    assert opened.names["us-government"] == "U.S. government"
    assert opened.record.state.newest == DAY


async def test_a_closed_item_no_longer_speaks_for_its_deal(db, guild, source, now):
    item = [
        set_("answer", "pending", "name", "Answer to the offer", source),
        set_("answer", "pending", "state", "open", source),
        set_("answer", "pending", "item_kind", "offer_response", source),
        set_("answer", "pending", "about", Party("drones"), source),
    ]
    await enter(db, guild, now, [*drones(source), *item])
    assert stands(await records.get(db.read, guild, "drones")) == (
        "Under review; waiting for an answer to the offer, 10 November 2023"
    )
    await enter(db, guild, now, [set_("answer", "pending", "state", "closed", source)])
    assert stands(await records.get(db.read, guild, "drones")) == "Under review, 10 November 2023"


async def test_undo_takes_everything_back_and_only_once(db, guild, source, now):
    batch = await enter(db, guild, now, drones(source))
    async with db.write(guild) as conn:
        await updates.undo(conn, guild, batch, now=now + timedelta(seconds=59), person_id=1)
    assert await records.find(db.read, guild, "drones") is None
    assert await index.complete(db.read, guild, "dro") == []
    with pytest.raises(UserError, match="already undone"):
        async with db.write(guild) as conn:
            await updates.undo(conn, guild, batch, now=now, person_id=1)


async def test_undo_ends_after_a_minute(db, guild, source, now):
    batch = await enter(db, guild, now, drones(source))
    with pytest.raises(UserError, match="60 seconds"):
        async with db.write(guild) as conn:
            await updates.undo(conn, guild, batch, now=now + timedelta(seconds=61), person_id=1)
    assert await records.find(db.read, guild, "drones") is not None


async def test_a_stage_that_goes_back_needs_a_reason(db, guild, source, now):
    await enter(db, guild, now, drones(source))
    later = on_day("2024-03-01")
    back = set_("drones", "deal", "stage", "proposed", source, on=later)
    with pytest.raises(BadInput, match="reason"):
        await enter(db, guild, now, [back])
    await enter(
        db, guild, now, [set_("drones", "deal", "stage", "proposed", source, on=later, reason="The review ended.")]
    )
    assert (await records.get(db.read, guild, "drones")).record.state.value("stage") == "proposed"


async def test_a_fact_of_the_future_is_refused_and_nothing_is_kept(db, guild, source, now):
    tomorrow = FactDate("day", now.date() + timedelta(days=2), now.date() + timedelta(days=2))
    with pytest.raises(BadInput, match="has not begun"):
        await enter(db, guild, now, [*drones(source), set_("drones", "deal", "model", "X", source, on=tomorrow)])
    assert await records.find(db.read, guild, "drones") is None


async def test_another_server_reads_and_links_nothing(db, guild, source, now):
    await enter(db, guild, now, drones(source))
    assert await records.find(db.read, 2000, "drones") is None
    assert (await search.search(db.read, 2000, Wanted("drones"))).total == 0
    assert await index.complete(db.read, 2000, "31") == []
    with pytest.raises(UserError):
        async with db.write(guild) as conn:
            change = set_("copy", "deal", "name", "A copy", source)
            await updates.append(conn, 2000, [change], now=now, person_id=1, origin="editor")
    with pytest.raises(NotInRecord):
        await records.get_by_name(db.read, 2000, "drones", ["deal"])


@pytest.mark.parametrize(
    "typed", ["drones", "31 ARMED drones for india", "armed dro", "amred", "drnes india", "india drones"]
)
async def test_a_record_is_found_by_what_people_type(db, guild, source, now, typed):
    await enter(db, guild, now, drones(source))
    found = await index.complete(db.read, guild, typed)
    assert [row.slug for row, _ in found] == ["drones"]


@pytest.mark.parametrize(
    "typed", ["mq-9b", "AND", "(", "-x", 'a"b', "*", "NEAR(", "भारत", "x" * 6000, "tags:g2000", "g1000kdeal"]
)
async def test_any_text_can_be_searched(db, guild, source, now, typed):
    await enter(db, guild, now, drones(source))
    found = await search.search(db.read, guild, Wanted(typed))
    assert (found.hits, found.total) == ([], 0)


async def test_search_corrects_a_slip_and_completes_the_last_word(db, guild, source, now):
    await enter(db, guild, now, drones(source))
    assert slugs(await search.search(db.read, guild, Wanted("arned drones"))) == ["drones"]
    assert slugs(await search.search(db.read, guild, Wanted("india dron"))) == ["drones"]


async def test_a_new_name_reaches_the_records_that_show_it(db, guild, source, now):
    approval = Approval(side="us-government", what="clearances", state="open")
    await enter(db, guild, now, [*drones(source), set_("drones", "deal", "approval", approval, source)])
    await enter(db, guild, now, [set_("us-government", "participant", "name", "The U.S. side", source)])
    assert stands(await records.get(db.read, guild, "drones")) == (
        "Under review; waiting for The U.S. side clearances, 10 November 2023"
    )
    assert slugs(await search.search(db.read, guild, Wanted("the side clearances"))) == ["drones"]


async def test_the_only_name_with_a_word_is_meant_whatever_is_spelt_like_it(db, guild, source, now):
    topics = {"china": "India–China relations", "chain": "Supply chain resilience"}
    await enter(db, guild, now, [set_(slug, "topic", "name", name, source) for slug, name in topics.items()])
    opened = await records.get_by_name(db.read, guild, "China", ["topic"])
    assert opened.record.slug == "china"


async def test_a_new_name_rewrites_only_the_words_of_those_that_are_linked_with_it(db, guild, source, now):
    buyer = Party("us-government", "buyer")
    await enter(db, guild, now, [*drones(source), set_("drones", "deal", "party", buyer, source)])
    ran: list[str] = []
    async with db.write(guild) as conn:
        await conn.set_trace_callback(ran.append)
        renamed = set_("us-government", "participant", "name", "Washington", source)
        await updates.append(conn, guild, [renamed], now=now, person_id=1, origin="editor")
        await conn.set_trace_callback(lambda _: None)
    assert len([statement for statement in ran if statement.startswith("DELETE FROM search_index")]) == 2
    assert len([statement for statement in ran if statement.startswith("INSERT INTO name")]) == 1
    found = await search.search(db.read, guild, Wanted("washington drones"))
    assert slugs(found) == ["drones"]
    assert (await records.get_by_name(db.read, guild, "31 armed drones")).record.slug == "drones"


async def test_what_is_linked_with_a_record_of_thousands_is_listed_at_once(db, guild, source, now):
    await enter(db, guild, now, drones(source))
    hub = (await records.get(db.read, guild, "us-government")).record.id
    async with db.write(guild) as conn:
        await conn.executemany(
            "INSERT INTO record (guild_id, kind, slug, live, name) VALUES (?, 'deal', ?, 1, ?)",
            [(guild, f"deal-{i}", f"Deal {i}") for i in range(3000)],
        )
        await conn.execute(
            "INSERT INTO link (from_id, field, to_id) SELECT id, 'party', ? FROM record WHERE slug GLOB 'deal-*'",
            (hub,),
        )
    thousand_steps = 0

    def count() -> int:
        nonlocal thousand_steps
        thousand_steps += 1
        return 0

    await db.read.set_progress_handler(count, 1000)
    found, total = await records.list_kind(db.read, guild, "deal", linked=["us-government"])
    # About 80 steps of SQLite for each of the 3,000 links. Going through all deals for each link would take 9,000 times
    # as many.
    assert 0 < thousand_steps < 1000
    assert (len(found), total) == (10, 3000)


async def test_a_name_that_holds_the_words_is_found_first_whatever_other_servers_hold(db, guild, source, now):
    said = {"said": "support for the drones, for the drones"}
    statement = [
        set_("support", "statement", field, value, source) for field, value in (said | {"name": "Support"}).items()
    ]
    await enter(db, guild, now, [*statement, *drones(source)])
    found = await search.search(db.read, guild, Wanted("drones"))
    assert slugs(found) == ["drones", "support"]
