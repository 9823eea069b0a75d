"""Tests of relations between records: what a card says of both directions, in history, and whom a follow tells."""

from __future__ import annotations

import pytest

from bot.errors import BadInput
from bot.ledger.kinds import KINDS
from bot.services import index, past, records, search, sources, timelines
from bot.services.search import Wanted
from bot.ui import cards, history
from data.records import ListedText, Party
from tests.builders import on_day
from tests.conftest import OTHER_GUILD, enter
from tests.services.outbound import Outbound
from tests.unit.views import text_of

RELATIONS = [
    ("part_of", "Part of", "Parts"),
    ("follows_from", "Follows from", "Followed by"),
    ("replaces", "Replaces", "Replaced by"),
    ("option_of", "Option of", "Options"),
    ("under", "Under", "Deals under it"),
]


async def card_of(db, guild, now, slug: str) -> str:
    return cards.render(await records.get(db.read, guild, slug), now=now).text


async def names(db, guild, source, now, *slugs: str, kind: str = "deal") -> None:
    await enter(db, guild, source, now, *((slug, kind, "name", f"The {slug}") for slug in slugs))


@pytest.mark.parametrize(("field", "label", "back"), RELATIONS)
async def test_a_relation_is_on_both_cards_with_its_own_day(db, guild, source, now, field, label, back):
    await names(db, guild, source, now, "framework", "tanks")
    await enter(db, guild, source, now, ("tanks", "deal", "stage", "signed"), day=on_day("2022-08-26"))
    await enter(db, guild, source, now, ("framework", "deal", "stage", "signed"), day=on_day("2022-07-27"))
    await enter(db, guild, source, now, ("tanks", "deal", field, Party("framework")), day=on_day("2022-09-01"))
    assert f"**{label}:** The framework, 1 September 2022" in await card_of(db, guild, now, "tanks")
    assert f"**{back}:** The tanks, 1 September 2022" in await card_of(db, guild, now, "framework")
    await enter(db, guild, source, now, ("tanks", "deal", field, Party("framework", gone=True)))
    assert "The framework" not in await card_of(db, guild, now, "tanks")
    assert "The tanks" not in await card_of(db, guild, now, "framework")


async def test_parts_are_listed_newest_first_each_with_its_day_and_those_too_many_are_counted(db, guild, source, now):
    await names(db, guild, source, now, "framework", "tanks", "guns", "jets", "rockets")
    for slug, day in (("guns", "2022-08-26"), ("tanks", "2022-08-27"), ("jets", "2022-09-16"), ("rockets", "2022-10")):
        given = on_day(day if len(day) > 7 else f"{day}-19")
        await enter(db, guild, source, now, (slug, "deal", "part_of", Party("framework")), day=given)
    text = await card_of(db, guild, now, "framework")
    line = next(line for line in text.splitlines() if line.startswith("**Parts:**"))
    assert line == (
        "**Parts:** The rockets, 19 October 2022; The jets, 16 September 2022; The tanks, 27 August 2022; 1 more"
    )


async def test_the_relations_of_a_past_day_are_those_of_that_day(db, guild, source, now):
    await names(db, guild, source, now, "framework", "tanks")
    await enter(db, guild, source, now, ("tanks", "deal", "part_of", Party("framework")), day=on_day("2024-01-01"))
    today = await records.get(db.read, guild, "framework")
    for day, shown in ((on_day("2023-12-31"), False), (on_day("2024-01-01"), True)):
        assert day.day is not None
        then = await past.get_many(db.read, guild, [today], day.day)
        assert ("The tanks" in cards.render(then["framework"], now=now).text) is shown


@pytest.mark.parametrize("field", [field for field, *_ in RELATIONS])
async def test_no_deal_is_related_to_itself(db, guild, source, now, field):
    await names(db, guild, source, now, "tanks")
    with pytest.raises(BadInput, match=r"no record can point to itself\. Nothing was changed\."):
        await enter(db, guild, source, now, ("tanks", "deal", field, Party("tanks")))


async def test_no_relation_reaches_a_deal_of_another_server(db, guild, source, now):
    async with db.write(OTHER_GUILD) as conn:
        theirs = await sources.ensure(conn, OTHER_GUILD, title="Theirs")
    await names(db, OTHER_GUILD, theirs, now, "secret")
    await names(db, guild, source, now, "tanks")
    with pytest.raises(Exception, match="not in the record as a document or deal"):
        await enter(db, guild, source, now, ("tanks", "deal", "under", Party("secret")))


async def test_who_follows_a_framework_is_told_of_its_parts(db, guild, source, now):
    await names(db, guild, source, now, "framework", "tanks", "guns")
    await enter(db, guild, source, now, ("tanks", "deal", "part_of", Party("framework")))
    outbound = Outbound(db, source, now)
    person = await outbound.person()
    await outbound.follow(person, "framework")
    await enter(db, guild, source, now, ("tanks", "deal", "stage", "signed"), ("guns", "deal", "stage", "signed"))
    [alert] = await outbound.go_to("2026-11-25 12:00")
    assert alert.kind == "alert"
    assert "The tanks" in outbound.last
    assert "The guns" not in outbound.last


@pytest.mark.parametrize("kind", KINDS)
async def test_events_statements_and_items_about_any_record_are_on_its_card(db, guild, source, now, kind):
    await names(db, guild, source, now, "subject", kind=kind)
    about = Party("subject")
    await enter(
        db,
        guild,
        source,
        now,
        ("handover", "event", "name", "Handover"),
        ("handover", "event", "about", about),
        ("words", "statement", "name", "Words"),
        ("words", "statement", "said", "it is late"),
        ("words", "statement", "about", about),
        ("report", "pending", "name", "Report"),
        ("report", "pending", "state", "open"),
        ("report", "pending", "about", about),
    )
    text = await card_of(db, guild, now, "subject")
    assert "Handover" in text
    assert "it is late" in text
    if kind != "deal":
        assert "Report" in text
    assert "subject" in [link.slug for link in (await records.get(db.read, guild, "handover")).links]


async def test_an_event_about_a_deal_is_in_its_history_on_the_day_it_happened(db, guild, source, now):
    async with db.write(guild) as conn:
        paper = await sources.ensure(conn, guild, title="The Harbour Post")
    await names(db, guild, source, now, "tanks")
    await enter(db, guild, source, now, ("tanks", "deal", "stage", "signed"), day=on_day("2022-08-26"), reason="")
    begun = on_day("2022-12-07")
    await enter(db, guild, source, now, ("tanks", "deal", "stage", "in_execution"), day=begun, reason="")
    await enter(
        db,
        guild,
        paper,
        now,
        ("arrival", "event", "name", "First tanks in *Gdynia*"),
        ("arrival", "event", "happened", on_day("2022-12-05")),
        ("arrival", "event", "about", Party("tanks")),
        day=on_day("2022-12-06"),
    )
    text = text_of(history.page(await timelines.get(db.read, guild, "tanks"), 0))
    lines = [line for line in text.splitlines() if line.startswith("**")]
    assert lines == [
        "**7 December 2022: Being carried out** (was: signed, 26 August 2022); A news article",
        "**5 December 2022. Event: First tanks in \\*Gdynia\\*** (reported 6 December 2022); The Harbour Post",
        "**26 August 2022: Signed**; A news article",
    ]
    assert "2 changes and 1 event, the newest first" in text
    assert "First tanks" in await card_of(db, guild, now, "tanks")


async def test_a_record_is_found_and_completed_by_its_former_name(db, guild, source, now):
    await enter(
        db,
        guild,
        source,
        now,
        ("collins", "participant", "name", "Collins Aerospace"),
        ("collins", "participant", "formerly", ListedText("Rockwell Collins")),
    )
    for typed in ("rockwell collins", "Rockwell C", "rockwel"):
        completed = await index.complete(db.read, guild, typed)
        assert [row.name for row, _ in completed] == ["Collins Aerospace"]
    assert (await records.get_by_name(db.read, guild, "Rockwell Collins")).record.slug == "collins"
    hits = (await search.search(db.read, guild, Wanted(text="rockwell"), limit=5)).hits
    assert [hit.row.slug for hit in hits] == ["collins"]
    text = await card_of(db, guild, now, "collins")
    assert "**Formerly:** Rockwell Collins" in text
    page = text_of(history.page(await timelines.get(db.read, guild, "collins"), 0))
    assert "2 entries of names are left out" in page
