"""Tests of record cards in a simulated server, and of their buttons: *All facts*, *History*, *Share* and others."""

from __future__ import annotations

from decimal import Decimal

import discord
import pytest
import simcord

from bot import dates
from bot.services import updates
from data.records import Bound, Money
from tests.builders import count_of, due_value
from tests.discord.conftest import World, answer, id_of, labels_of, reply
from tests.discord.looking import ask, drawn, enter, menu

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
    assert labels_of(reply(result)) == ["Follow", "Remind me", "All facts", "History", "Cite", "Share"]
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
    money = Money(Decimal(4000000000), "USD", bound=Bound.ABOUT)
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
    assert "**Given on 5 March 2024**\n" in answer(result)
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
    await enter(world, ("fighter-jet-engines", "deal", "quantity", count_of("99")), url="https://example.org/a_b")
    card = reply(await ask(world, "deal show", deal="fighter-jet-engines"))
    by_field = await world.member.click(card, label="All facts")
    by_source = await world.member.click(reply(by_field), label="By source")
    second = answer(by_source).partition("A second report")[2]
    assert "**Number:** 99\n-# 5 March 2024; page 3" in second
    assert "source 1" not in answer(by_source)
    assert answer(await world.member.click(reply(by_source), label="By field")) == answer(by_field)


async def test_a_source_with_a_link_shows_where_it_leads(world: World):
    await enter(world, ("fighter-jet-engines", "deal", "quantity", count_of("99")), url="https://example.org/a_b")
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
    entered = dates.timestamp(world.now)
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
    assert labels == ["Follow", "Remind me", "All facts", "History", "Cite"]
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
