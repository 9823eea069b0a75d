"""Tests of lists of records, lists of pending items and autocomplete of names, in a simulated server."""

from __future__ import annotations

from datetime import date, timedelta

from bot.services import records
from data.records import Due, FactDate
from tests.builders import due_value
from tests.discord.conftest import World, answer, id_of, labels_of, reply
from tests.discord.looking import add_deals, ask, enter, menu


async def test_deals_are_listed_with_their_stage_and_opened_from_the_list(world: World):
    result = await ask(world, "deal list")
    text = answer(result)
    assert (
        "**31 armed drones for India**\nUnder review; waiting for U.S. government clearances, 10 November 2023\n"
        in text
    )
    assert text.endswith("-# 3 deals.")
    opened = await world.member.select(reply(result), ["fighter-jet-engines"])
    assert answer(opened).startswith("## Fighter-jet engines")


async def test_deals_are_listed_by_stage_participant_and_topic(world: World):
    result = await ask(world, "deal list", stage="under_review", participant="General Atomics", topic="Defence")
    assert menu(reply(result)) == ["armed-drones"]
    assert "1 deal: stage under review, participant General Atomics, topic Defence cooperation" in answer(result)
    none = answer(await ask(world, "deal list", stage="signed"))
    assert "No deal in the record fits: stage signed. 3 deals are in the record: </deal list:" in none


async def test_a_long_list_pages_and_keeps_its_filters(world: World):
    await add_deals(world, 18)
    plain_list = await ask(world, "deal list")
    assert "21 deals. Page 1 of 3" in answer(plain_list)
    assert id_of(reply(plain_list), "More deals") == "list.page:v1::deal:1"

    result = await ask(world, "deal list", participant="India")
    assert "Page 1 of 3" in answer(result)
    seen = menu(reply(result))
    while "More deals" in labels_of(reply(result)):
        result = await world.member.click(reply(result), label="More deals")
        seen += menu(reply(result))
    assert "participant India. Page 3 of 3" in answer(result)
    assert len(seen) == len(set(seen)) == 21
    assert "Previous deals" in labels_of(reply(result))


async def test_pages_turn_after_a_restart_and_end_kindly_after_a_day(world: World):
    await add_deals(world, 18)
    result = await ask(world, "deal list", participant="India")
    await world.restart()
    assert "Page 2 of 3" in answer(await world.member.click(reply(result), label="More deals"))
    await world.env.advance_time(timedelta(hours=24).total_seconds())
    told = answer(await world.member.click(reply(result), label="More deals"))
    assert told.startswith("This list is more than a day old, so its pages can no longer be turned.")


async def test_participants_that_are_only_mentioned_are_listed_apart(world: World):
    result = await ask(world, "participant list")
    texts = [answer(result)]
    while "More participants" in labels_of(reply(result)):
        result = await world.member.click(reply(result), label="More participants")
        texts.append(answer(result))
    text = "\n".join(texts)
    mentioned = text.index("### Mentioned, not a party")
    for name in ("Hamas", "China", "Russia", "Ukraine", "Israel"):
        assert text.index(f"**{name}**") > mentioned
    for name in ("India", "General Atomics", "Antony Blinken", "U.S. government"):
        assert text.index(f"**{name}**") < mentioned


async def test_talks_and_topics_are_listed(world: World):
    for command, row in [
        ("dialogue list", "**India–U.S. 2+2 Dialogue**\nEvery year; since 2018, 10 November 2023"),
        ("topic list", "**Defence cooperation**"),
    ]:
        assert row in answer(await ask(world, command))


async def test_what_is_open_names_who_must_act_and_leaves_the_rest_on_request(world: World):
    result = await ask(world, "pending list")
    text = answer(result)
    assert text.startswith(
        "## What is still open\n**1 stated as pending and 1 left open.** No due dates are given.\n\n"
        "### Stated as pending\n**1. Clearances for the 31 drones**\n"
        "About 31 armed drones for India; U.S. government must act\n"
        "### Left open\n**2. Answer to the combat vehicle offer**\nAbout Infantry combat vehicles; India to act\n\n"
        "-# All reported 10 November 2023\n"
        "-# News article without a title, sentences 5 and 6 (undated, no link; the year is inferred)\n"
    )
    assert "Aims of the defence roadmap" in text.partition("-# Not listed")[2]
    assert menu(reply(result)) == ["drone-clearances", "combat-vehicle-answer"]
    more = await world.member.click(reply(result), label="Show the other 3")
    assert "### To watch" in answer(more)
    assert len(menu(reply(more))) == 5
    assert menu(reply(await ask(world, "pending list", all=True))) == menu(reply(more))
    opened = await world.member.select(reply(more), ["china-details"])
    assert answer(opened).startswith("## What was said about China")


async def test_what_is_open_is_told_anew_when_it_changes_and_when_its_day_has_passed(world: World):
    day = (world.now + timedelta(days=1)).date().isoformat()
    due = due_value(day)
    await enter(world, ("drone-clearances", "pending", "due", due))
    before = answer(await ask(world, "pending list"))
    assert "### With a due date\n**1. Clearances" in before
    assert answer(await ask(world, "pending list")) == before
    await world.env.advance_time(timedelta(days=3).total_seconds())
    assert "this day has passed" in answer(await ask(world, "pending list"))
    await enter(world, ("drone-clearances", "pending", "state", "closed"))
    assert "drone-clearances" not in menu(reply(await ask(world, "pending list")))


async def test_what_is_open_about_one_record(world: World):
    result = await ask(world, "pending list", about="Infantry combat vehicles")
    assert menu(reply(result)) == ["combat-vehicle-answer"]
    none = answer(await ask(world, "pending list", about="Fighter-jet engines"))
    assert "Nothing is on the record as open about Fighter-jet engines." in none
    watched = await ask(world, "pending list", about="Roadmap for defence industrial cooperation")
    more = await world.member.click(reply(watched), label="Show the other one")
    assert menu(reply(more)) == ["roadmap-aims"]


async def test_dated_items_come_first_with_how_sure_the_date_is(world: World):
    due = Due(FactDate("month", first=date(2027, 3, 1), last=date(2027, 3, 31)), "reported")
    await enter(world, ("combat-vehicle-answer", "pending", "due", due))
    text = answer(await ask(world, "pending list"))
    assert text.index("### With a due date\n**1. Answer to the combat vehicle offer**") < text.index("2. Clearances")
    assert (
        "India to act, 10 November 2023 (News article without a title, sentence 6); due March 2027 \\(reported by the "
        "press\\), reported 5 March 2024 (A second report, page 3)\n" in text
    )


async def test_search_finds_words_corrects_slips_and_opens_what_was_found(world: World):
    result = await ask(world, "search", text="defence roadmap")
    assert "- **Roadmap** for **defence** industrial cooperation (document)" in answer(result)
    opened = await world.member.select(reply(result), ["india-us-defence-roadmap"])
    assert answer(opened).startswith("## Roadmap for defence industrial cooperation")
    slipped = answer(await ask(world, "search", text="hostagse gaza"))
    assert "Release of the **hostages** in **Gaza**" in slipped
    assert "read as “hostages gaza”" in slipped
    none = answer(await ask(world, "search", text="zeppelin airship"))
    assert "No record holds all of these words." in none


async def test_the_completion_of_search_opens_any_kind_of_record(world: World):
    for typed, slug in [
        ("joint st", "india-us-joint-statement-2023"),
        ("ladak", "ladakh"),
        ("clearan", "drone-clearances"),
    ]:
        choices = await world.member.autocomplete(world.channel, "search", "text", typed)
        assert slug in [choice["value"] for choice in choices]
        opened = await records.get(world.db.read, world.guild.id, slug)
        assert answer(await ask(world, "search", text=slug)).startswith(f"## {opened.record.name}")


async def test_record_arguments_complete_by_name_alias_and_slip(world: World):
    for command, option, typed, value in [
        ("deal show", "deal", "dro", "armed-drones"),
        ("deal show", "deal", "for india", "armed-drones"),
        ("deal history", "deal", "drnoe", "armed-drones"),
        ("participant show", "participant", "भा", "india"),
        ("dialogue show", "dialogue", "two", "india-us-2plus2"),
        ("topic show", "topic", "ukraine", "war-in-ukraine"),
        ("pending show", "item", "clear", "drone-clearances"),
        ("pending list", "about", "roadmap", "india-us-defence-roadmap"),
        ("deal list", "participant", "pent", "pentagon"),
        ("deal list", "topic", "emerg", "emerging-technologies"),
    ]:
        choices = await world.member.autocomplete(world.channel, command, option, typed)
        assert value in [choice["value"] for choice in choices]
        assert all(1 <= len(choice["name"]) <= 100 for choice in choices)
