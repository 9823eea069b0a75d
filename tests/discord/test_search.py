"""Tests of /search in a simulated server: bold matches, corrected typos, filters, sort orders, pages and refusals."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.builders import count_of
from tests.discord.conftest import World, answer, id_of, labels_of, reply
from tests.discord.looking import add_deals, ask, enter, menu


async def test_what_was_found_is_bold_in_name_headline_and_the_fact_that_holds_it(world: World):
    told = answer(await ask(world, "search", text="drones clearances"))
    assert (
        "- 31 armed **drones** for India (deal)\n"
        "  Under review; waiting for U.S. government **clearances**, 10 November 2023\n" in told
    )
    assert "- **Clearances** for the 31 **drones** (pending item)" in told
    fact = answer(await ask(world, "search", text="3 billion"))
    assert "  Value: more than $**3 billion**, 10 November 2023\n" in fact
    assert fact.endswith("-# 1 found.")


async def test_a_slip_is_told_and_a_place_where_the_words_are_only_in_part_is_not_found(world: World):
    told = answer(await ask(world, "search", text="hindustan aeronotics"))
    assert "- **Hindustan Aeronautics** (participant)" in told
    assert "found, read as “hindustan aeronautics”" in told
    none = answer(await ask(world, "search", text="drones zeppelin"))
    assert "No record holds all of these words." in none
    assert "Try fewer; </search:" in none


async def test_filters_stand_alone_and_narrow_down(world: World):
    told = answer(await ask(world, "search", kind="deal"))
    assert told.startswith("## Found\n\n- ")
    assert told.endswith("-# 3 found, kind deal, newest first.")
    narrowed = await ask(
        world,
        "search",
        text="drones",
        kind="deal",
        participant="India",
        topic="Defence",
        stage="under_review",
        date="November 2023",
        order="newest",
    )
    assert menu(reply(narrowed)) == ["armed-drones"]
    assert answer(narrowed).endswith(
        "-# 1 found, kind deal, participant India, topic Defence cooperation, stage under review, date November 2023."
    )
    none = answer(await ask(world, "search", text="drones", kind="place"))
    assert "No record holds all of these words with kind place." in none
    assert "No record is there with stage signed. Leave a filter out; " in answer(
        await ask(world, "search", stage="signed")
    )


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("10 November 2023", True),
        ("2023", True),
        ("2020 to 2024", True),
        ("since October 2023", True),
        ("since 2024", False),
        ("9 November 2023", False),
        ("today", False),
    ],
)
async def test_a_date_is_when_a_record_was_last_reported(world: World, typed: str, found: bool):
    told = answer(await ask(world, "search", text="armed drones", kind="deal", date=typed))
    assert ("1 found" in told) is found
    assert "date " in told


async def test_what_no_search_can_be_made_of_is_told_kindly(world: World):
    for options, told in [
        ({}, "There is nothing to look for yet. Nothing was changed. Write a few words, or choose a filter"),
        ({"order": "newest"}, "There is nothing to look for yet."),
        ({"text": "   "}, "There is nothing to look for yet."),
        ({"text": "?!", "kind": "deal"}, '"?!" has no word to look for.'),
        ({"text": "drones", "date": "unknown"}, '"unknown" is no date to search by. Nothing was changed.'),
        ({"text": "drones", "date": "someday"}, '"someday" is not a date that can be used'),
        ({"text": "drones", "date": "05/06/2024"}, '"05/06/2024"'),
        ({"text": "drones", "kind": "topic", "stage": "signed"}, "Only deals have a stage. Nothing was changed."),
        ({"text": "drones", "participant": "Zeppelins"}, '"Zeppelins" is not in the record as a participant.'),
        ({"text": "drones", "topic": "x" * 6000}, "is not in the record as a topic."),
    ]:
        assert told in answer(await ask(world, "search", **options))


async def test_a_chosen_record_opens_and_with_a_filter_is_looked_for(world: World):
    assert answer(await ask(world, "search", text="india")).startswith("## India\n**Country**")
    told = answer(await ask(world, "search", text="india", kind="deal"))
    assert told.startswith("## Found for “india”")
    assert "for **India** (deal)" in told


async def test_pages_of_a_search_keep_words_filters_and_order(world: World):
    await add_deals(world, 18)
    result = await ask(world, "search", text="made deal", kind="deal", participant="India")
    assert "18 found, kind deal, participant India, best first. Page 1 of 3" in answer(result)
    seen = menu(reply(result))
    await world.restart()
    while "More records" in labels_of(reply(result)):
        result = await world.member.click(reply(result), label="More records")
        seen += menu(reply(result))
    assert len(seen) == len(set(seen)) == 18
    assert "Page 3 of 3" in answer(result)
    assert "- **Made**-up **deal** 0" in answer(result)
    assert len(id_of(reply(result), "Previous records")) <= 100


async def test_short_words_are_carried_by_the_button_and_others_are_kept_for_a_day(world: World):
    await add_deals(world, 18)
    short = reply(await ask(world, "search", text="Made-up deal"))
    assert id_of(short, "More records") == "list.page:v1::~Made-up deal:1"
    for words in ("made: deal", "made up deal " + "made " * 12):
        long = reply(await ask(world, "search", text=words))
        assert id_of(long, "More records").split(":")[3].isdecimal()
    await world.env.advance_time(timedelta(hours=24).total_seconds())
    assert "Page 2 of 3" in answer(await world.member.click(short, label="More records"))
    told = answer(await world.member.click(long, label="More records"))
    assert told.startswith("This list is more than a day old")


async def test_a_search_that_was_made_before_shows_what_was_entered_since(world: World):
    for _ in range(2):
        assert menu(reply(await ask(world, "search", text="31 drones", kind="deal"))) == ["armed-drones"]
    await enter(world, ("more", "deal", "name", "31 other drones"))
    assert set(menu(reply(await ask(world, "search", text="31 drones", kind="deal")))) == {"more", "armed-drones"}
    await enter(world, ("more", "deal", "name", "Something else"))
    assert menu(reply(await ask(world, "search", text="31 drones", kind="deal"))) == ["armed-drones"]


async def test_newest_first_and_best_first_differ(world: World):
    await enter(world, ("late", "deal", "name", "Something else"), ("late", "deal", "quantity", count_of("7 drones")))
    best = menu(reply(await ask(world, "search", text="drones", kind="deal")))
    newest = menu(reply(await ask(world, "search", text="drones", kind="deal", order="newest")))
    assert (best, newest) == (["armed-drones", "late"], ["late", "armed-drones"])


async def test_found_texts_are_shown_letter_by_letter_also_beside_bold_words(world: World):
    nasty = "**drone** __drone__ <@1> @everyone `drone` [drone](https://example.org) ~~drone~~ ||drone||"
    await enter(world, ("nasty", "deal", "name", nasty), ("nasty", "deal", "summary", "# drone\n- drone " + nasty))
    told = answer(await ask(world, "search", text="drone everyone"))
    assert "- \\*\\***drone**\\*\\* \\_\\_**drone**\\_\\_ \\<@1\\> @**everyone** \\`**drone**\\`" in told
    for mark in ("<@1>", "@everyone", "[drone]", "~~", "||"):
        assert mark not in told
    long = {f"long-{i}": "Drone " * 16 for i in range(8)}
    await enter(world, *[(slug, "deal", "name", name.strip()) for slug, name in long.items()])
    assert len(answer(await ask(world, "search", text="drone"))) < 4000


async def test_another_server_finds_nothing_of_this_one(world: World):
    other = world.env.create_guild("Elsewhere", owner=world.env.create_user("olga"))
    channel = other.create_text_channel("talk")
    member = other.add_member(world.env.create_user("otto"))
    await world.env.settle()
    assert "not set up in this server yet" in answer(await member.slash(channel, "search", text="drones"))
    assert "not set up in this server yet" in answer(await member.slash(channel, "search", kind="deal"))
    assert await member.autocomplete(channel, "search", "text", "dro") == []
