"""Tests of wrong input to record commands and of stale or forged buttons, also before /setup and without records."""

from __future__ import annotations

import discord

from bot.services import updates
from bot.ui.ids import custom_id
from bot.ui.layout import button, plain
from data.records import Party
from tests.discord.conftest import World, answer, id_of, labels_of, posted, reply
from tests.discord.looking import NASTY, add_deals, ask, enter

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
