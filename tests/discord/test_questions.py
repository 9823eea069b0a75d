"""Questions as people ask them: cards, lists, search, sources, history, Share, and everything typed wrongly."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import discord
import pytest
import simcord

from bot import when
from bot.services import records, sources, updates
from bot.services.updates import Change
from bot.ui.ids import custom_id
from bot.ui.layout import button, plain
from data.records import Due, FactDate, Money, Party
from tests.builders import due_value
from tests.discord.conftest import World, answer, id_of, labels_of, parts, posted, reply, text_of

DAY = when.parse_fact_date("5 March 2024")
NASTY = "**x** <@1> @everyone </a:1> `y` [z](https://example.org)"


def menu(message: Any) -> list[str]:
    """The values of a message's select."""
    return [option["value"] for part in parts(message.components) for option in part.get("options", [])]


def drawn(message: discord.Message) -> str:
    """All that a posted message says."""
    return text_of(SimpleNamespace(components=[part.to_dict() for part in message.components]))


async def ask(world: World, command: str, **options: Any) -> simcord.InteractionResult:
    return await world.member.slash(world.channel, command, **options)


async def enter(world: World, *changes: tuple[str, str, str, Any], url: str = "") -> None:
    """Editors' updates: record, kind, field, value."""
    async with world.db.write(world.guild.id) as conn:
        source = await sources.ensure(conn, world.guild.id, title="A second report", url=url)
        entered = [Change(slug, kind, field, value, DAY, source, "page 3") for slug, kind, field, value in changes]
        await updates.append(conn, world.guild.id, entered, now=world.now, person_id=1, origin="editor")


async def add_deals(world: World, count: int) -> None:
    await enter(
        world,
        *[(f"deal-{n}", "deal", "name", f"Made-up deal {n:02}") for n in range(count)],
        *[(f"deal-{n}", "deal", "party", Party("india", "buyer")) for n in range(count)],
    )


# Cards


async def test_a_deal_is_shown_with_what_is_known_and_what_is_not(world: World):
    result = await ask(world, "deal show", deal="armed-drones")
    text = answer(result)
    assert text.startswith(
        "## 31 armed drones for India\n**Waiting for U.S. government clearances**, reported 10 November 2023\n"
    )
    for line in (
        "**Who must act:** U.S. government; no due date given",
        "**Value:** more than $3 billion",
        "**Between:** India \\(buyer\\), General Atomics \\(maker\\) and U.S. government \\(clearing authority\\)",
        "**Stage:** Under review",
        "-# Not stated: model, delivery dates, place of manufacture",
        "-# News article without a title, sentence 5 (undated, no link; the year is inferred)",
    ):
        assert line in text.splitlines()
    assert reply(result).flags.ephemeral
    assert labels_of(reply(result)) == ["Follow", "Remind me", "All facts", "History", "Share"]
    assert id_of(reply(result), "Remind me") == "remind.me:v1::armed-drones"


async def test_a_deal_is_found_by_name_and_alias_as_typed(world: World):
    for name in ("31 armed drones for India", "drone deal", "Drones", "  ARMED   drones "):
        assert answer(await ask(world, "deal show", deal=name)).startswith("## 31 armed drones for India")


async def test_editors_see_update_and_others_do_not(world: World):
    by_editor = await world.editor.slash(world.channel, "deal show", deal="armed-drones")
    assert "Update" in labels_of(reply(by_editor))
    by_manager = await world.manager.slash(world.channel, "deal show", deal="armed-drones")
    assert "Update" in labels_of(reply(by_manager))


async def test_a_deal_without_anything_open_offers_no_reminder(world: World):
    result = await ask(world, "deal show", deal="fighter-jet-engines")
    assert "**Under way**, reported 10 November 2023" in answer(result)
    assert "Remind me" not in labels_of(reply(result))


async def test_what_two_sources_say_of_a_value_stands_side_by_side(world: World):
    money = Money(Decimal(4000000000), "USD", bound="about")
    await enter(world, ("armed-drones", "deal", "value", money))
    text = answer(await ask(world, "deal show", deal="armed-drones"))
    assert "**Value:** about $4 billion, 5 March 2024; more than $3 billion, 10 November 2023\n" in text


async def test_a_participant_is_shown_with_roles_and_whose_each_statement_is(world: World):
    text = answer(await ask(world, "participant show", participant="भारत"))
    assert text.startswith("## India\n**Country**")
    assert "31 armed drones for India \\(buyer\\)" in text
    assert "India and United States \\(announcement\\): progress on important defence deals" in text
    assert "Mentioned, not a party" not in text
    assert "Mentioned, not a party" in answer(await ask(world, "participant show", participant="Hamas"))


async def test_a_series_of_talks_shows_its_session_principals_agenda_and_outcome(world: World):
    result = await ask(world, "dialogue show", dialogue="2+2")
    text = answer(result)
    assert "**Every year**; since 2018, reported 10 November 2023" in text
    assert "**Principals:** Antony Blinken \\(U.S. Secretary of State\\)" in text
    assert "**Agenda:** Regional security" in text
    assert "**Outcome:** India–U.S. joint statement" in text
    assert (
        "**Latest session:** 2+2 session in New Delhi, 10 November 2023: held on 10 November 2023 in New Delhi" in text
    )
    opened = await world.member.select(reply(result), ["2plus2-new-delhi-2023"])
    assert answer(opened).startswith(
        "## 2+2 session in New Delhi, 10 November 2023\n**Held on 10 November 2023 in New Delhi**"
    )


async def test_a_topic_says_what_was_said_and_by_whom(world: World):
    text = answer(await ask(world, "topic show", topic="Conflict in Gaza"))
    assert text.startswith("## Middle East crisis\n**")
    assert "**What was said:** India \\(position\\): condemned the attack of 7 October" in text
    assert "; 7 more\n" in text


async def test_a_country_has_to_act_only_on_what_asks_somebody_to_act(world: World):
    card = answer(await ask(world, "participant show", participant="India"))
    (to_act,) = [line for line in card.splitlines() if line.startswith("**To act on:**")]
    assert to_act.startswith("**To act on:** Answer to the combat vehicle offer")
    assert "roadmap" not in to_act


async def test_a_statement_of_one_side_says_that_it_is_not_a_joint_one(world: World):
    one = answer(await ask(world, "search", text="india-on-palestine"))
    assert "**India: restated that it stands for an independent Palestine**, reported 10 November 2023" in one
    assert "**Form:** Position" in one
    assert "together" not in one
    assert "Newest fact" not in one
    both = answer(await ask(world, "search", text="wider-partnership"))
    assert "**India and United States, together: to widen the partnership" in both


async def test_a_pending_item_says_who_must_act_and_never_since_when_it_is_pending(world: World):
    result = await ask(world, "pending show", item="Drone clearances")
    text = answer(result)
    assert "**U.S. government must act**, reported 10 November 2023\n" in text
    assert "**Due:** no due date given" in text
    assert "pending since" not in text.casefold()
    assert "Remind me" in labels_of(reply(result))


async def test_a_closed_item_says_how_it_ended_and_offers_no_reminder(world: World):
    await enter(
        world,
        ("drone-clearances", "pending", "state", "closed"),
        ("drone-clearances", "pending", "outcome", "given"),
    )
    result = await ask(world, "pending show", item="drone-clearances")
    assert "**Closed: given**, reported 5 March 2024\n" in answer(result)
    assert "Remind me" not in labels_of(reply(result))
    assert "drone-clearances" not in menu(reply(await ask(world, "pending list")))


async def test_an_announced_date_that_passed_is_said_and_no_stage_moves(world: World):
    due = due_value("2024-10-31")
    await enter(world, ("drone-clearances", "pending", "due", due))
    text = answer(await ask(world, "pending show", item="drone-clearances"))
    assert (
        "**Due:** Thursday 31 October 2024 \\(announced by an official\\), reported 5 March 2024; "
        "this day has passed, and no source here reports what happened\n" in text
    )
    assert "**U.S. government must act**" in text


# Sources, history, Share


async def test_all_facts_list_each_with_its_date_its_source_and_the_place_in_it(world: World):
    card = reply(await ask(world, "deal show", deal="armed-drones"))
    first = reply(await world.member.click(card, label="All facts"))
    text = answer(await world.member.click(card, label="All facts"))
    assert "**Value:** more than $3 billion\n-# 10 November 2023 (year inferred); source 1, sentence 5" in text
    assert "**Source 1:** News article without a title; undated; no link" in text
    assert first.flags.ephemeral
    assert "Page 1 of 2" in text
    second = await world.member.click(first, label="More facts")
    assert "**Party:** India \\(buyer\\)" in text + answer(second)
    assert "Page 2 of 2" in answer(second)
    assert labels_of(reply(second)) == ["Previous facts", "By source"]


async def test_all_facts_can_be_grouped_by_source_and_back(world: World):
    await enter(world, ("fighter-jet-engines", "deal", "quantity", "99"), url="https://example.org/a_b")
    card = reply(await ask(world, "deal show", deal="fighter-jet-engines"))
    by_field = await world.member.click(card, label="All facts")
    by_source = await world.member.click(reply(by_field), label="By source")
    second = answer(by_source).partition("A second report")[2]
    assert "**Number:** 99\n-# 5 March 2024; page 3" in second
    assert "source 1" not in answer(by_source)
    assert answer(await world.member.click(reply(by_source), label="By field")) == answer(by_field)


async def test_a_source_with_a_link_shows_where_it_leads(world: World):
    await enter(world, ("fighter-jet-engines", "deal", "quantity", "99"), url="https://example.org/a_b")
    card = await ask(world, "deal show", deal="fighter-jet-engines")
    assert "-# *All facts* has each source" in answer(card)
    assert "<https://example.org/a_b>" in answer(await world.member.click(reply(card), label="All facts"))


async def test_history_tells_before_and_after_who_and_when_and_marks_what_was_withdrawn(world: World):
    await enter(world, ("armed-drones", "deal", "stage", "approved"))
    await enter(world, ("armed-drones", "deal", "stage", "signed"))
    async with world.db.write(world.guild.id) as conn:
        stages = [u for u in await updates.history(conn, world.guild.id, "armed-drones") if u.field == "stage"]
        await updates.withdraw(
            conn, world.guild.id, [stages[1].id], now=world.now, person_id=1, reason="It was another deal"
        )
    entered = when.timestamp(world.now)
    result = await ask(world, "deal history", deal="Drones")
    texts = [answer(result)]
    while "More history" in labels_of(reply(result)):
        result = await world.member.click(reply(result), label="More history")
        texts.append(answer(result))
    text = "\n".join(texts)
    assert text.startswith(
        "## History of 31 armed drones for India\n\n"
        "**5 March 2024: Signed** (was: under review, 10 November 2023); A second report, page 3\n"
        f"~~**5 March 2024: Last approval given, awaiting signature**~~ (withdrawn by <@{world.owner.id}> {entered}: "
        f"It was another deal); A second report, page 3\n-# These 2 were entered by <@{world.owner.id}> {entered}\n"
    )
    assert "\n**10 November 2023: Under review**; News article without a title, sentence 5\n" in text
    assert "were entered by the dossier" in text
    assert "names, aliases, topics and kinds are left out; *All facts* has them" in text
    pressed = await world.member.click(reply(await ask(world, "deal show", deal="armed-drones")), label="History")
    assert answer(pressed) == texts[0]


async def test_share_posts_the_card_for_everyone_and_only_once(world: World):
    card = reply(await world.editor.slash(world.channel, "deal show", deal="armed-drones"))
    pressed = await world.editor.click(card, label="Share")
    assert pressed.acknowledged
    (public,) = [message for message in world.channel.history(viewer=world.member) if not message.flags.ephemeral]
    text = drawn(public)
    assert text.startswith("## 31 armed drones for India")
    assert f"-# Shared by <@{world.editor.user.id}>" in text
    labels = [child.label for row in public.components[1:] for child in row.children]  # pyright: ignore[reportAttributeAccessIssue]  # rows of buttons
    assert labels == ["Follow", "Remind me", "All facts", "History"]
    (private,) = [message for message in world.channel.history(viewer=world.editor) if message.flags.ephemeral]
    assert "-# Shared in this channel." in drawn(private)
    with pytest.raises(simcord.SetupError):
        await world.editor.click(private, label="Share")
    assert "## All facts of 31 armed" in answer(await world.member.click(public, label="All facts"))


async def test_share_needs_the_right_to_write_of_the_person_and_of_the_bot(world: World):
    denied = discord.PermissionOverwrite(send_messages=False)
    quiet = world.guild.create_text_channel("quiet", overwrites={world.guild.default_role: denied})
    card = reply(await world.member.slash(quiet, "deal show", deal="armed-drones"))
    assert "You may not write in this channel, so nothing was posted." in answer(
        await world.member.click(card, label="Share")
    )
    assert world.bot.user is not None
    closed = world.guild.create_text_channel("closed", overwrites={world.bot.user: denied})
    card = reply(await world.member.slash(closed, "deal show", deal="armed-drones"))
    told = answer(await world.member.click(card, label="Share"))
    assert "Attaché may not write in this channel, so nothing was posted." in told
    assert "Send Messages" in told
    for channel in (quiet, closed):
        assert all(message.flags.ephemeral for message in channel.history(viewer=world.member))


# Lists and search


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


# What can go wrong

SHOWS = [
    ("deal show", "deal"),
    ("deal history", "deal"),
    ("participant show", "participant"),
    ("dialogue show", "dialogue"),
    ("topic show", "topic"),
    ("pending show", "item"),
    ("pending list", "about"),
    ("deal list", "participant"),
    ("deal list", "topic"),
]


async def test_bad_names_are_told_shortly_and_show_nothing_of_their_markup(world: World):
    for command, option in SHOWS:
        unknown = answer(await ask(world, command, **{option: "Zeppelins"}))
        assert unknown.startswith('"Zeppelins" is not in the record as a')
        long = answer(await ask(world, command, **{option: "x" * 6000}))
        assert "is not in the record" in long
        assert len(long) < 400
        nasty = answer(await ask(world, command, **{option: NASTY}))
        for mark in ("**x**", "<@1>", "@everyone", "</a:1>", "](https"):
            assert mark not in nasty
        assert (await world.member.autocomplete(world.channel, command, option, "x" * 6000)) == []
        await world.member.autocomplete(world.channel, command, option, NASTY)


async def test_search_takes_any_text(world: World):
    for text in ["x" * 6000, "word " * 1200, NASTY, '" OR 1 --', "NEAR(a b)"]:
        told = answer(await ask(world, "search", text=text))
        assert told.startswith("## Found for “")
        assert len(told) < 900
        for mark in ("**x**", "<@1>", "@everyone", "</a:1>"):
            assert mark not in told


async def test_search_without_a_word_says_so(world: World):
    for text in ["!!!", "…", "**"]:
        assert "has no word to look for. Nothing was changed." in answer(await ask(world, "search", text=text))


async def test_a_close_name_is_offered(world: World):
    told = answer(await ask(world, "deal show", deal="drnoes of india"))
    assert told.startswith('"drnoes of india" is not in the record as a deal.')
    assert answer(await ask(world, "deal show", deal="fihgter")).endswith(
        "Close to it: Fighter-jet engines. /deal list shows the deals here."
    )


async def test_markup_in_a_record_is_shown_letter_by_letter(world: World):
    await enter(
        world,
        ("nasty", "deal", "name", NASTY),
        ("nasty", "deal", "summary", "# big\n" + NASTY),
        ("nasty", "deal", "party", Party("india", NASTY)),
    )
    card = await ask(world, "deal show", deal="nasty")
    for text in (
        answer(card),
        answer(await world.member.click(reply(card), label="All facts")),
        answer(await ask(world, "deal history", deal="nasty")),
        answer(await ask(world, "deal list")),
        answer(await ask(world, "search", text="example.org")),
    ):
        assert "\\*\\*x\\*\\*" in text
        for mark in (" **x**", "<@1>", "@everyone", "</a:1>", "`y`", "[z]("):
            assert mark not in text


async def test_a_button_of_a_withdrawn_record_says_that_it_is_gone(world: World):
    for label in ["All facts", "History", "Share"]:
        await enter(world, ("short-lived", "deal", "name", "Short-lived deal"))
        card = reply(await ask(world, "deal show", deal="short-lived"))
        async with world.db.write(world.guild.id) as conn:
            ids = [u.id for u in await updates.history(conn, world.guild.id, "short-lived")]
            await updates.withdraw(conn, world.guild.id, ids, now=world.now, person_id=1, reason="A mistake")
        told = answer(await world.member.click(card, label=label))
        assert told.startswith("This is no longer in the record: the updates that made it were taken back.")


async def test_an_id_of_another_server_opens_nothing(world: World):
    stranger = world.guild.id + 1
    message = await posted(
        world,
        button("Open", custom_id("record.open", "armed-drones", guild_id=stranger)),
        button("List", custom_id("list.page", "deal", 0, guild_id=stranger)),
    )
    for label in ("Open", "List"):
        told = answer(await world.member.click(message, label=label))
        assert "another server" in told
        assert "drones" not in told


async def test_a_list_kept_for_another_server_opens_nothing(world: World):
    await add_deals(world, 9)
    result = await ask(world, "deal list", participant="India")
    key = id_of(reply(result), "More deals").split(":")[3]
    other = world.env.create_guild("Elsewhere", owner=world.env.create_user("olga"))
    stranger = other.add_member(world.env.create_user("otto"))
    channel = other.create_text_channel("talk")
    await world.env.settle()
    there = world.bot.get_channel(channel.id)
    assert isinstance(there, discord.TextChannel)
    message = await there.send("x", view=plain([button("List", custom_id("list.page", key, 1))]))
    assert "more than a day old" in answer(await stranger.click(message, label="List"))


async def test_ids_that_were_never_drawn_are_answered_all_the_same(world: World):
    for id_ in [
        "list.page:v1::deal:99999",
        "list.page:v1::deal:x",
        "list.page:v1::nonsense:0",
        "list.page:v1::999999:0",
        "record.sources:v1::armed-drones:99",
        "record.history:v1::armed-drones:-1",
        "record.open:v1::",
        "record.open:v1::no-such-record",
    ]:
        message = await posted(world, button("Press", id_))
        told = answer(await world.member.click(message, label="Press"))
        assert told
        assert "reference" not in told


async def test_buttons_pressed_twice_answer_twice(world: World):
    card = reply(await ask(world, "deal show", deal="armed-drones"))
    assert answer(await world.member.click(card, label="All facts")) == answer(
        await world.member.click(card, label="All facts")
    )


async def test_an_alert_in_a_direct_message_opens_the_record_there(world: World):
    channel = await world.bot.create_dm(discord.Object(world.member.user.id))
    message = await channel.send(
        "An alert", view=plain([button("Open", custom_id("record.open", "armed-drones", guild_id=world.guild.id))])
    )
    opened = await world.member.user.click(message, label="Open")
    assert answer(opened).startswith("## 31 armed drones for India")
    assert "Share" not in labels_of(reply(opened))
    assert id_of(reply(opened), "All facts") == f"record.sources:v1:{world.guild.id}:armed-drones"
    assert "## All facts of" in answer(await world.member.user.click(reply(opened), label="All facts"))


async def test_before_setup_every_command_says_what_is_missing(empty_world: World):
    for command, options in [
        ("deal show", {"deal": "x"}),
        ("deal list", {}),
        ("deal list", {"participant": "x"}),
        ("deal history", {"deal": "x"}),
        ("participant show", {"participant": "x"}),
        ("participant list", {}),
        ("dialogue show", {"dialogue": "x"}),
        ("dialogue list", {}),
        ("topic show", {"topic": "x"}),
        ("topic list", {}),
        ("pending list", {}),
        ("pending show", {"item": "x"}),
        ("search", {"text": "x"}),
    ]:
        told = answer(await empty_world.member.slash(empty_world.channel, command, **options))
        assert "not set up in this server yet" in told
        assert "Manage Server" in told
        assert "/setup" in told


async def test_an_empty_record_says_who_can_do_what(empty_world: World):
    for command, missing in [
        ("deal list", "No deal is in the record yet."),
        ("participant list", "No participant is in the record yet."),
        ("dialogue list", "No dialogue is in the record yet."),
        ("topic list", "No topic is in the record yet."),
        ("pending list", "Nothing is on the record as open."),
    ]:
        await empty_world.set_up(dossier=None)
        told = answer(await empty_world.member.slash(empty_world.channel, command))
        assert missing in told
        assert "editor" in told or "Manage Server can load a dossier" in told
