"""Tests of /ask in a simulated server: private answers, choices among deals, *Sources*, *Share* and filed questions."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace

import discord
import pytest
import simcord

from bot.services import people, questions, sources, updates
from bot.services.updates import Change
from bot.ui.ids import LIMIT, custom_id
from bot.ui.layout import button, plain
from cogs import ask as asking
from data.records import Party
from tests.builders import on_day
from tests.discord.conftest import World, answer, id_of, labels_of, parts, posted, reply, text_of
from tests.discord.looking import DAY, drawn, enter, menu
from tests.discord.test_update_refusals import elsewhere

MAKER = "Who makes the drones?"
WHICH = "What is the status of the deal?"
LONG = "Could you please tell me, because I have to know it before noon today, who makes the armed drones for India?"
COLON = "Drones: who makes them?"
NOTHING = "Who flies to the moon?"
DAY_LONG = timedelta(days=1).total_seconds()


async def ask(world: World, question: str, who: simcord.MemberActor | None = None) -> simcord.InteractionResult:
    return await (who or world.member).slash(world.channel, "ask", question=question)


def public(world: World) -> list[discord.Message]:
    return [message for message in world.channel.history(viewer=world.member) if not message.flags.ephemeral]


async def test_a_member_asks_and_reads_the_answer_with_its_source_privately(world: World):
    result = await ask(world, MAKER)
    text = answer(result)
    assert text.startswith(
        "## “Who makes the drones?”\n"
        "**Maker: General Atomics**, 10 November 2023\n"
        "In short: Raised at the 2+2 talks in New Delhi\n"
        "-# About 31 armed drones for India\n"
        "-# News article without a title, sentence 5 (undated, no link; the year is inferred)"
    )
    assert text.count("\n") == 4, "a card below"
    assert reply(result).flags.ephemeral
    assert not public(world)
    assert labels_of(reply(result)) == [
        "Open 31 armed drones…",
        "Sources",
        "Follow 31 armed drones…",
        "Share",
        "Not what I asked",
    ]
    opened = await world.member.click(reply(result), label="Open 31 armed drones…")
    assert answer(opened).startswith("## 31 armed drones for India\n")
    assert id_of(reply(result), "Sources") == f"ask.sources:v1::={MAKER}:"


async def test_what_the_record_does_not_hold_is_said_and_counted_for_the_editors(world: World):
    before = answer(await world.manager.slash(world.channel, "settings show"))
    assert "none of the last 24 hours found no answer in the record" in before
    result = await ask(world, NOTHING)
    assert "**The answer is not in the record.**" in answer(result)
    assert labels_of(reply(result)) == ["Not what I asked"]
    await ask(world, MAKER)
    after = answer(await world.manager.slash(world.channel, "settings show"))
    assert "1 of the last 24 hours found no answer in the record" in after
    await world.env.advance_time(DAY_LONG + 1)
    assert "none of the last 24 hours" in answer(await world.manager.slash(world.channel, "settings show"))


async def test_of_several_deals_it_asks_which_one_and_a_press_answers(world: World):
    asked = reply(await ask(world, WHICH))
    assert "**Which one is meant?**" in text_of(asked)
    assert "**Infantry combat vehicles**: Proposed; waiting for an answer to the offer" in text_of(asked)
    assert labels_of(asked) == [
        "31 armed drones…",
        "Fighter-jet engines",
        "Infantry combat vehicles",
        "Not what I asked",
    ]
    chosen = await world.member.click(asked, label="Infantry combat vehicles")
    assert answer(chosen).splitlines()[1] == "**Proposed**; waiting for an answer to the offer, 10 November 2023"
    assert "-# About Infantry combat vehicles" in answer(chosen)
    assert "31 armed drones" not in answer(chosen)
    assert len([m for m in world.channel.history(viewer=world.member) if m.flags.ephemeral]) == 1
    opened = answer(await world.member.click(reply(chosen), label="Sources"))
    assert "Infantry combat vehicles" in opened
    assert "31 armed drones" not in opened


async def test_sources_list_every_fact_of_the_answer_with_pages(world: World):
    first = await world.member.click(reply(await ask(world, MAKER)), label="Sources")
    text = answer(first)
    assert reply(first).flags.ephemeral
    assert text.startswith("## Sources of the answer\n")
    own = "**Party:** General Atomics \\(maker\\)\n-# 10 November 2023 (year inferred); source 1, sentence 5"
    assert text.partition("**")[1] + text.partition("**")[2][: len(own) - 2] == own, "what is stated comes first"
    assert "**Source 1:** News article without a title; undated; no link" in text
    first = await world.member.click(reply(await ask(world, "What is pending?")), label="Sources")
    text = answer(first)
    assert "Page 1 of" in text
    assert labels_of(reply(first)) == ["More sources"]
    second = await world.member.click(reply(first), label="More sources")
    assert "Page 2 of" in answer(second)
    assert "Previous sources" in labels_of(reply(second))
    back = await world.member.click(reply(second), label="Previous sources")
    assert answer(back) == text


async def test_share_posts_the_answer_for_everyone_pings_no_one_and_loses_its_button(world: World):
    asked = "@everyone <@1> who makes the drones?"
    card = reply(await ask(world, asked))
    await world.member.click(card, label="Share")
    (message,) = public(world)
    text = drawn(message)
    assert text.startswith("## “@\u200beveryone __\\<@1\\>__ who makes the drones?”")
    assert "**Maker: General Atomics**" in text
    assert f"-# Asked and shared by <@{world.member.id}>" in text
    sent = world.env.backend.get_message(world.channel.id, message.id)
    assert not [*sent.ping_user_ids, *sent.ping_role_ids]
    assert not sent.mention_everyone
    labels = labels_of(SimpleNamespace(components=[part.to_dict() for part in message.components]))
    assert labels == ["Open 31 armed drones…", "Sources", "Follow 31 armed drones…"]
    (private,) = [m for m in world.channel.history(viewer=world.member) if m.flags.ephemeral]
    assert "-# Shared in this channel." in drawn(private)
    with pytest.raises(simcord.SetupError):
        await world.member.click(private, label="Share")
    opened = await world.editor.click(message, label="Sources")
    assert answer(opened).startswith("## Sources of the answer")
    assert reply(opened).flags.ephemeral
    assert len(public(world)) == 1


async def test_share_needs_the_right_to_write(world: World):
    denied = discord.PermissionOverwrite(send_messages=False)
    quiet = world.guild.create_text_channel("quiet", overwrites={world.guild.default_role: denied})
    card = reply(await world.member.slash(quiet, "ask", question=MAKER))
    told = answer(await world.member.click(card, label="Share"))
    assert "You may not write in this channel, so nothing was posted." in told
    assert all(message.flags.ephemeral for message in quiet.history(viewer=world.member))


async def test_what_was_not_asked_waits_for_the_editors(world: World):
    told = await world.member.click(reply(await ask(world, COLON)), label="Not what I asked")
    assert answer(told).startswith("Filed for the editors of this server, for at most 90 days.")
    assert reply(told).flags.ephemeral
    listed = answer(await world.editor.slash(world.channel, "update questions"))
    assert f"**1. {COLON}**" in listed
    assert "memo" not in listed
    assert f"{world.member.id}" not in listed
    assert "1 waits for the editors" in answer(await world.manager.slash(world.channel, "settings show"))
    await world.member.click(reply(await ask(world, COLON)), label="Not what I asked")
    assert f"**1. {COLON}**" in answer(await world.editor.slash(world.channel, "update questions"))
    assert len((await questions.list_filed(world.db.read, world.guild.id, now=world.now, offset=0, limit=9))[0]) == 1


@pytest.mark.parametrize("asked", [LONG, f"{LONG} Drones: {LONG}", "who makes the drones " + "🙂" * 30])
async def test_a_question_that_no_button_can_carry_works_for_a_day_and_then_says_so(world: World, asked: str):
    card = reply(await ask(world, asked))
    assert "**Maker: General Atomics**" in text_of(card)
    assert id_of(card, "Sources").split(":")[3].isdecimal()
    await world.restart()
    await world.env.advance_time(DAY_LONG - 5)
    assert answer(await world.member.click(card, label="Sources")).startswith("## Sources of the answer")
    await world.env.advance_time(10)
    for label in ("Sources", "Share", "Not what I asked"):
        told = answer(await world.member.click(card, label=label))
        assert told.startswith("This question is not kept any more"), label
    assert not public(world)
    assert not (await questions.list_filed(world.db.read, world.guild.id, now=world.now, offset=0, limit=9))[0]


@pytest.mark.parametrize("asked", [MAKER, COLON, f"{MAKER} ::: {'क' * 40}"])
async def test_a_short_question_stands_in_its_buttons_and_works_for_ever(world: World, asked: str):
    card = reply(await ask(world, asked))
    assert id_of(card, "Sources").split(":")[3].startswith("=")
    await world.restart()
    await world.env.advance_time(90 * DAY_LONG)
    assert "General Atomics" in answer(await world.member.click(card, label="Sources"))
    await world.member.click(card, label="Share")
    assert len(public(world)) == 1


async def test_the_longest_ids_of_an_answer_fit():
    slug, page = "s" * 50, 99
    assert len(custom_id("ask.sources", "=" + "x" * asking._CARRIED, "", page)) <= LIMIT
    assert len(custom_id("ask.sources", "=" + "x" * asking._CARRIED_WITH_RECORD, slug, page)) <= LIMIT
    assert len(custom_id("ask.sources", questions.new_id(), slug, page)) <= LIMIT


async def test_the_question_of_another_server_opens_nothing(world: World):
    card = reply(await ask(world, LONG))
    key = id_of(card, "Sources").split(":")[3]
    other = await elsewhere(world)
    async with world.db.write(other.guild.id) as conn:
        source = await sources.ensure(conn, other.guild.id, title="Theirs")
        change = Change("tea", "deal", "name", "Tea for otters", DAY, source, "page 1")
        await updates.append(conn, other.guild.id, [change], now=world.now, person_id=None, origin="editor")
    channel = world.bot.get_channel(other.channel.id)
    assert isinstance(channel, discord.TextChannel)
    for name in ("ask.sources", "ask.share", "ask.missed"):
        arguments = (key,) if name == "ask.missed" else (key, "")
        for guild_id in (None, world.guild.id):
            message = await channel.send(view=_view(custom_id(name, *arguments, guild_id=guild_id)))
            told = answer(await other.owner.click(message, label="Press"))
            assert "Nothing was changed" in told or "another server" in told, (name, guild_id, told)
            assert "drones" not in told
    assert not (await questions.list_filed(world.db.read, other.guild.id, now=world.now, offset=0, limit=9))[0]
    theirs = await other.owner.slash(other.channel, "ask", question=MAKER)
    assert "General Atomics" not in answer(theirs).partition("\n")[2]


def _view(id_: str) -> discord.ui.View:
    return plain([button("Press", id_)])


async def test_buttons_with_words_that_mean_nothing_answer_kindly(world: World):
    for id_ in (
        custom_id("ask.sources", "=", ""),
        custom_id("ask.sources", "0", "", "x"),
        custom_id("ask.sources", "=Who makes the drones?", "no-such-record", "99999"),
        custom_id("ask.which", f"={WHICH}", "no-such-record"),
        custom_id("ask.missed", "nonsense"),
    ):
        message = await posted(world, button("Press", id_))
        assert answer(await world.member.click(message, label="Press"))


async def test_a_server_without_a_record_says_what_to_do(empty_world: World):
    told = answer(await ask(empty_world, MAKER))
    assert "/setup" in told
    await empty_world.set_up(dossier=None)
    told = answer(await ask(empty_world, MAKER))
    assert told.startswith("There is no record here yet, so there is nothing to ask about.")
    assert "/settings load" in told


async def test_a_question_without_a_word_is_refused_kindly(world: World):
    told = answer(await ask(world, "?!…"))
    assert told.startswith("There is no word in this question. Nothing was changed.")


async def test_a_list_as_of_a_past_day_is_answered_after_more_time_was_taken(world: World):
    result = await ask(world, "Which deals existed on 1 January 2024?")
    text = answer(result)
    assert "**3 deals**, counted in this record." in text
    assert "- **31 armed drones for India**: Under review" in text
    assert "-# Asked about: as of Monday 1 January 2024. What came later is left out." in text
    assert menu(reply(result)) == ["armed-drones", "fighter-jet-engines", "infantry-combat-vehicles"]
    (told,) = [m for m in world.channel.history(viewer=world.member) if m.flags.ephemeral]
    assert told.edited_at is not None, "the answer was given without a word before"
    assert answer(await ask(world, "Which deals existed on 1 January 2024?")) == text
    await ask(world, MAKER)
    assert next(m for m in world.channel.history(viewer=world.member) if "makes" in drawn(m)).edited_at is None


async def test_after_an_update_the_answer_changes(world: World):
    asked = "Has the drone deal been signed?"
    assert "A signature is not in the record." in answer(await ask(world, asked))
    assert "A signature is not in the record." in answer(await ask(world, asked))
    await enter(world, ("armed-drones", "deal", "stage", "signed"))
    text = answer(await ask(world, asked))
    assert "not in the record" not in text
    assert "**Signed on 5 March 2024** (A second report, page 3)" in text
    async with world.db.write(world.guild.id) as conn:
        history = await updates.history(conn, world.guild.id, "armed-drones")
        ids = [update.id for update in history if update.field == "stage" and update.value == "signed"]
        await updates.withdraw(conn, world.guild.id, ids, now=world.now, person_id=1, reason="It was not")
    assert "A signature is not in the record." in answer(await ask(world, asked))


async def test_an_open_list_opens_a_record_from_the_answer(world: World):
    result = await ask(world, "List all deals")
    assert "**3 deals**, counted in this record." in answer(result)
    opened = await world.member.select(reply(result), ["fighter-jet-engines"])
    assert answer(opened).startswith("## Fighter-jet engines")


async def test_a_very_long_question_is_answered_from_its_beginning(world: World):
    asked = (MAKER + " " + "and so on " * 700)[: asking.LONGEST].strip()
    result = await ask(world, asked)
    assert "**Maker: General Atomics**" in answer(result)
    assert "-# The question is long; only its beginning was read." in answer(result)
    assert sum(len(part["content"]) for part in parts(reply(result).components) if part.get("type") == 10) <= 4000


async def test_a_record_that_was_taken_back_is_no_longer_behind_the_buttons(world: World):
    asked = reply(await ask(world, MAKER))
    which = reply(await ask(world, WHICH))
    async with world.bot.db.write(world.guild.id) as conn:
        history = await updates.history(conn, world.guild.id, "armed-drones")
        await updates.withdraw(
            conn, world.guild.id, [u.id for u in history], now=world.env.now(), person_id=None, reason="Wrong."
        )
    for message, label in ((asked, "Sources"), (asked, "Share"), (which, "31 armed drones…")):
        told = answer(await world.member.click(message, label=label))
        assert "General Atomics" not in told or "not in the record" in told, label
        assert "reference" not in told, label


async def test_after_a_server_deleted_everything_the_buttons_say_so(world: World):
    asked = reply(await ask(world, MAKER))
    await erase(world)
    for label in ("Sources", "Share", "Not what I asked"):
        told = answer(await world.member.click(asked, label=label))
        assert "not set up" in told, (label, told)


async def erase(world: World) -> None:
    """Delete all data of the server with /settings delete, as its manager."""
    form = await world.manager.slash(world.channel, "settings delete")
    await world.manager.submit_modal(form, {"name": world.guild.name})


async def test_an_answer_of_long_statements_leaves_out_what_does_not_fit(world: World):
    on, noun = [on_day(date(2024, 5, n)) for n in range(1, 8)], "hypersonic " * 50
    async with world.db.write(world.guild.id) as conn:
        person = await people.ensure(conn, world.owner.id)
        for n, day in enumerate(on):
            url = f"https://example.org/{n}/{'a' * 260}"
            source = await sources.ensure(conn, world.guild.id, title=f"Speech {n}", url=url)
            told = {"name": f"Speech {n}", "whose": Party("lloyd-austin"), "said": f"{noun} *{n}* {'_' * 30}"}
            changes = [
                updates.Change(f"speech-{n}", "statement", k, v, day, source, "p" * 200) for k, v in told.items()
            ]
            await updates.append(conn, world.guild.id, changes, now=world.now, person_id=person.id, origin="editor")
    for question in ("What did Lloyd Austin say?", "Who is Lloyd Austin?", "What did Lloyd Austin say in May 2024?"):
        assert "went wrong" not in answer(await world.member.slash(world.channel, "ask", question=question))
