"""Tests of /remind and of sent reminders in a simulated server: commands, buttons on cards, snoozing and messages."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import discord

from bot import dates
from bot.services import destinations, records, reminders, sources, updates
from bot.services.updates import Change
from tests.builders import due_value, on_day
from tests.discord.conftest import World, answer, dms, go_to, id_of, labels_of, reply

ITEM = "drone-clearances"
NAME = "Clearances for the 31 drones"
TITLE = f"{NAME}, about 31 armed drones for India"
ZONE = "Asia/Kolkata"
WEEK = 7 * 86400


async def enter(world: World, slug: str, **fields: Any) -> None:
    """Enter fields of a pending item as an editor, with a fact date of 20 November 2023."""
    day = on_day("2023-11-20")
    async with world.db.write(world.guild.id) as conn:
        source = await sources.ensure(conn, world.guild.id, title="Example news")
        changes = [Change(slug, "pending", field, value, day, source, "page 2") for field, value in fields.items()]
        await updates.append(conn, world.guild.id, changes, now=world.now, person_id=1, origin="editor")


async def dated(world: World, days: int, **fields: Any) -> None:
    """Give the pending item ITEM a due date `days` days from today."""
    on = (dates.local_date(world.now, ZONE) + timedelta(days=days)).isoformat()
    value = due_value(on)
    await enter(world, ITEM, due=value, **fields)


async def next_hour(world: World) -> None:
    """Let simulated time pass until the next delivery time, 09:00 in Asia/Kolkata."""
    await go_to(world, dates.next_local(world.now, ZONE, dates.parse_time_of_day("09:00"))[1])


async def next_monday(world: World) -> None:
    await go_to(world, dates.next_local(world.now, ZONE, dates.parse_time_of_day("09:00"), "1")[1])


async def remind_me(world: World, words: str = "in 1 hour", text: str = "Call the ministry") -> str:
    return answer(await world.member.slash(world.channel, "remind me", text=text, when=words))


# An item


async def test_an_undated_item_is_joined_by_name_and_listed_each_monday_until_it_closes(world: World):
    text = answer(await world.member.slash(world.channel, "remind me", item="drone clearances"))
    assert f"You will be reminded of **{NAME}** by direct message." in text
    assert "each Monday at 09:00 (Asia/Kolkata) until an update closes it" in text
    assert "A first message has just arrived" in text
    assert "already" in answer(await world.member.slash(world.channel, "remind me", item=ITEM))
    await next_monday(world)
    _, listed = dms(world)
    assert listed.content.splitlines()[0] == f"**Still open: {TITLE}.**"
    assert "U.S. government must act" in listed.content
    assert "Reported 10 November 2023 (year inferred): News article without a title, sentence 5" in listed.content
    assert labels_of(listed) == ["Open", "Snooze", "It happened ...", "New date ...", "Nothing new", "Why this?"]
    await enter(world, ITEM, state="closed", outcome="given")
    await world.tick(WEEK)
    assert len(dms(world)) == 2


async def test_a_dated_item_is_told_before_on_and_after_its_day_over_restarts(world: World):
    await dated(world, 8)
    text = answer(await world.member.slash(world.channel, "remind me", item=ITEM))
    assert "14, 7 and 2 days before" in text
    for _ in range(10):
        await world.restart()
        await next_hour(world)
    own = [message.content.splitlines()[0] for message in dms(world)[1:]]
    assert [line for line in own if "Still open" not in line] == [
        f"**Due in 7 days: {TITLE}.**",
        f"**Due in 2 days: {TITLE}.**",
        f"**Due today: {TITLE}.**",
        f"**Overdue: {TITLE}.**",
    ]


async def test_a_card_offers_it_for_the_item_and_for_all_that_is_open_about_a_deal(world: World):
    card = await world.member.slash(world.channel, "deal show", deal="armed-drones")
    assert f"reminded of **{NAME}**" in answer(await world.member.click(reply(card), label="Remind me"))
    pressed, again = [await world.member.click(reply(card), label="Remind me") for _ in range(2)]
    assert "already reminded" in answer(pressed)
    assert "no longer reminded" in answer(await world.member.click(reply(pressed), label="Do not remind me"))
    assert "cancelled already" in answer(await world.member.click(reply(again), label="Do not remind me"))


async def test_a_card_of_an_item_that_was_closed_since_says_so(world: World):
    card = await world.member.slash(world.channel, "pending show", item=ITEM)
    await enter(world, ITEM, state="closed")
    assert "is closed" in answer(await world.member.click(reply(card), label="Remind me"))


async def test_closed_dms_show_at_once(world: World):
    path = f"/channels/{world.member.user.dm_channel.id}/messages"
    world.env.inject_error("POST", path, status=403, code=50007, times=None)
    assert "closed to this server" in answer(await world.member.slash(world.channel, "remind me", item=ITEM))
    world.env.backend.faults.clear()
    other = answer(await world.member.slash(world.channel, "remind me", item="combat-vehicle-answer"))
    assert "first message has just arrived" in other


async def test_autocomplete_offers_pending_items_only(world: World):
    offered = await world.member.autocomplete(world.channel, "remind me", "item", "dro")
    assert [choice["value"] for choice in offered] == [ITEM]


UNUSABLE = [
    ({"item": "no such thing"}, "is not in the record as a pending item"),
    ({"item": "armed-drones"}, "is not in the record as a pending item"),
    ({"item": "**x** @everyone"}, "is not in the record"),
    ({"item": "x" * 6000}, "is not in the record"),
    ({"item": ITEM, "text": "x"}, "told at its own dates"),
    ({"item": ITEM, "when": "tomorrow"}, "told at its own dates"),
    ({"text": "Call"}, "When?"),
    ({"when": "tomorrow"}, "nothing to remind you of yet"),
    ({}, "nothing to remind you of yet"),
    ({"text": "Call", "when": "25:00"}, '"25:00" is not a time'),
    ({"text": "Call", "when": "3/4/2027"}, "is not the same date everywhere"),
    ({"text": "Call", "when": "2020-01-01 09:00"}, "has passed"),
    ({"text": "Call", "when": "soon"}, "is not a time"),
    ({"text": "Call", "when": "x" * 6000}, "is not a time"),
    ({"text": "x" * 6000, "when": "tomorrow"}, "6,000 characters; 1,000 fit"),
    ({"text": "  ", "when": "tomorrow"}, "no words"),
]


async def test_what_cannot_be_used_is_told_and_nothing_is_set(world: World):
    for options, told in UNUSABLE:
        text = answer(await world.member.slash(world.channel, "remind me", **options))
        assert told in text
        assert "Nothing was changed" in text
        assert "@everyone" not in text
    assert "no reminders" in answer(await world.member.slash(world.channel, "remind list"))
    assert dms(world) == []


async def test_before_setup_it_is_said_what_is_missing(empty_world: World):
    world = empty_world
    for command, options in (
        ("remind me", {"item": ITEM}),
        ("remind me", {"text": "x", "when": "tomorrow"}),
        ("remind list", {}),
        ("remind cancel", {"reminder": "x"}),
    ):
        assert "/setup" in answer(await world.member.slash(world.channel, command, **options))
    assert await world.member.autocomplete(world.channel, "remind cancel", "reminder", "x") == []


# One's own words


async def test_own_words_come_at_their_time_escaped_and_silent_to_others(world: World):
    text = await remind_me(world, text="Call **the** ministry @everyone <@1>")
    assert "You will be reminded <t:" in text
    await world.tick(3599)
    assert len(dms(world)) == 1
    await world.tick(2)
    _, came = dms(world)
    assert came.content.startswith(r"**Reminder:** Call \*\*the\*\* ministry")
    assert "@everyone" not in came.content
    assert labels_of(came) == ["Snooze", "Why this?"]
    sent = world.env.http_requests[-1].json
    assert sent
    assert sent["allowed_mentions"]["parse"] == []
    await world.tick(WEEK)
    assert len(dms(world)) == 2


async def test_a_reminder_that_fell_due_while_the_bot_was_down_comes_late_and_says_so(world: World):
    await remind_me(world)
    await world.env.advance_time(86400)
    await world.restart()
    await world.tick()
    assert "it comes late" in dms(world)[-1].content


async def test_a_time_is_meant_in_ones_own_zone(world: World):
    await world.member.slash(world.channel, "me zone", zone="America/New_York")
    await remind_me(world, "2026-01-03 09:00")
    await go_to(world, dates.local_instant(date(2026, 1, 3), dates.parse_time_of_day("08:59"), "America/New_York"))
    assert len(dms(world)) == 1
    await world.tick(60)
    assert len(dms(world)) == 2


async def test_the_message_itself_snoozes_from_now(world: World):
    await remind_me(world)
    await world.tick(3 * 3600)
    came = dms(world)[-1]
    await world.restart()
    choices = await world.member.user.click(came, label="Snooze")
    assert labels_of(reply(choices)) == ["1 hour", "Tomorrow", "In 3 days", "Next week", "Another time ..."]
    assert "is silent until" in answer(await world.member.user.click(reply(choices), label="1 hour"))
    await world.tick(3599)
    assert len(dms(world)) == 2
    await world.tick(2)
    assert len(dms(world)) == 3


async def test_another_time_is_typed_and_a_form_sent_after_a_restart_counts(world: World):
    await remind_me(world)
    await world.tick(3601)
    choices = await world.member.user.click(dms(world)[-1], label="Snooze")
    form = await world.member.user.click(reply(choices), label="Another time ...")
    await world.restart()
    assert "is silent until" in answer(await world.member.user.submit_modal(form, {"until": "in 2 hours"}))
    await world.tick(7200)
    assert len(dms(world)) == 3


async def test_a_snooze_that_cannot_be_used_is_told_in_the_form_and_the_command(world: World):
    await remind_me(world)
    await world.tick(3601)
    await remind_me(world, text="Another")
    choices = await world.member.user.click(dms(world)[-1], label="Snooze")
    for until in ("yesterday", "2020-01-01 09:00", "25:00", "@everyone"):
        form = await world.member.user.click(reply(choices), label="Another time ...")
        refused = answer(await world.member.user.submit_modal(form, {"until": until}))
        assert "Nothing was changed" in refused
        assert "@everyone" not in refused
        told = answer(await world.member.slash(world.channel, "remind snooze", reminder="another", until=until))
        assert "Nothing was changed" in told


# The list, and ending


async def test_the_list_tells_what_comes_next_and_its_menu_snoozes_and_cancels(world: World):
    await remind_me(world, "in 2 days")
    await world.member.slash(world.channel, "remind me", item=ITEM)
    listed = await world.member.slash(world.channel, "remind list")
    lines = list(filter(None, answer(listed).splitlines()))
    assert lines[0] == "## Your reminders"
    assert lines[1].startswith("**Call the ministry**: <t:")
    assert lines[2] == f"**{NAME}**: no due date; Mondays at 09:00 (Asia/Kolkata)"
    (menu,) = [part for row in reply(listed).components for part in row.get("components", []) if part["type"] == 3]
    for option, name in zip(menu["options"], ("Call the ministry", NAME), strict=True):
        picked = await world.member.select(reply(listed), [option["value"]], custom_id=menu["custom_id"])
        assert f"Silent about **{name}** until when?" in answer(picked)
        cancelled = await world.member.click(reply(picked), label="Cancel this reminder")
        assert f"no longer reminded of **{name}**" in answer(cancelled)
        again = await world.member.select(reply(listed), [option["value"]], custom_id=menu["custom_id"])
        assert "none of your reminders" in answer(again)
    assert "no reminders" in answer(await world.member.slash(world.channel, "remind list"))
    await world.tick(2 * WEEK)
    assert len(dms(world)) == 1


async def test_list_snooze_and_cancel_work_in_the_dm(world: World):
    await remind_me(world)
    assert "begins in the server" in answer(await world.member.user.slash("remind me", text="x", when="tomorrow"))
    listed = answer(await world.member.user.slash("remind list"))
    assert "**Call the ministry**" in listed
    assert "Newsroom" in listed
    snoozed = answer(await world.member.user.slash("remind snooze", reminder="Call", until="in 3 hours"))
    assert "is silent until" in snoozed
    await world.tick(3700)
    assert len(dms(world)) == 1
    (choice,) = await world.member.user.autocomplete("remind cancel", "reminder", "mini")
    assert choice["name"] == "Call the ministry (Newsroom)"
    assert "no longer" in answer(await world.member.user.slash("remind cancel", reminder=choice["value"]))
    assert "none of your" in answer(await world.member.user.slash("remind cancel", reminder=choice["value"]))
    await world.tick(WEEK)
    assert len(dms(world)) == 1


async def test_a_snooze_by_command_silences_an_item_until_then(world: World):
    await dated(world, 5)
    await world.member.slash(world.channel, "remind me", item=ITEM)
    await world.member.slash(world.channel, "remind snooze", reminder=NAME, until="in 4 days")
    for _ in range(3):
        await next_hour(world)
    assert len(dms(world)) == 1
    for _ in range(3):
        await next_hour(world)
    assert dms(world)[-2].content.splitlines()[0] == f"**Due tomorrow: {TITLE}.**"
    assert dms(world)[-1].content.splitlines()[0] == f"**Due today: {TITLE}.**"


async def test_a_name_that_fits_several_is_asked_about(world: World):
    await remind_me(world, text="Call the ministry")
    await remind_me(world, text="Call the embassy")
    told = answer(await world.member.slash(world.channel, "remind cancel", reminder="Call"))
    assert "fits several" in told


async def test_an_unknown_reminder_is_refused(world: World):
    await remind_me(world)
    for text in ("x" * 6000, "**x** @everyone", "99999999999999999999999", "ministry"):
        told = answer(await world.member.slash(world.channel, "remind cancel", reminder=text))
        assert "none of your reminders" in told
        assert "@everyone" not in told


async def test_buttons_of_a_cancelled_reminder_say_so(world: World):
    await remind_me(world)
    await world.tick(3601)
    came = dms(world)[-1]
    choices = await world.member.user.click(came, label="Snooze")
    async with world.db.write(world.guild.id) as conn:
        await conn.execute("DELETE FROM reminder")
    assert "cancelled already" in answer(await world.member.user.click(came, label="Snooze"))
    assert "cancelled already" in answer(await world.member.user.click(reply(choices), label="1 hour"))
    assert "cancelled already" in answer(await world.member.user.click(reply(choices), label="Another time ..."))


async def test_a_button_of_a_record_taken_back_says_so(world: World):
    await dated(world, 0)
    await world.manager.slash(world.channel, "digest off", channel=world.channel)
    await world.member.slash(world.channel, "remind me", item=ITEM)
    await next_monday(world)
    came = dms(world)[-1]
    history = await updates.history(world.db.read, world.guild.id, ITEM)
    async with world.db.write(world.guild.id) as conn:
        ids = [update.id for update in history]
        await updates.withdraw(conn, world.guild.id, ids, now=world.now, person_id=1, reason="not so")
    assert "taken back" in answer(await world.member.user.click(came, label="Snooze"))
    assert await records.find(world.db.read, world.guild.id, ITEM) is None


# In a channel


async def channel_reminder(world: World) -> discord.Message:
    """Return a reminder of a due date in the server's channel. A channel destination gets it without subscribing."""
    async with world.db.write(world.guild.id) as conn:
        await destinations.ensure_channel(conn, world.guild.id, world.channel.id, now=world.now, person_id=1)
    await dated(world, 1)
    for _ in range(2):
        await next_hour(world)
    came = world.channel.last_message
    assert came is not None
    return came


async def test_the_channel_is_reminded_and_an_editor_snoozes_it_there(world: World):
    came = await channel_reminder(world)
    assert came.content.splitlines()[0] == f"**Due today: {TITLE}.**"
    choices = await world.editor.click(came, label="Snooze")
    assert "For this channel" in answer(choices)
    assert "is silent in this channel until" in answer(await world.editor.click(reply(choices), label="In 3 days"))
    before = len(world.channel.history())
    for _ in range(2):
        await next_hour(world)
    assert len(world.channel.history()) == before
    await next_hour(world)
    overdue, monday = world.channel.history()[before:]
    assert overdue.content.splitlines()[0] == f"**Overdue: {TITLE}.**"
    assert NAME not in monday.content


async def test_anyone_else_is_offered_a_copy_of_their_own(world: World):
    came = await channel_reminder(world)
    choices = await world.member.click(came, label="Snooze")
    assert "Only editors snooze it for the channel" in answer(choices)
    assert "is silent until" in answer(await world.member.click(reply(choices), label="1 hour"))
    await world.tick(3600)
    assert dms(world)[-1].content.splitlines()[0] == f"**Due today: {TITLE}.**"
    before = len(world.channel.history())
    for _ in range(2):
        await next_hour(world)
    assert (
        len(world.channel.history()) == before + 1
    )  # The snooze was the member's own: the channel still gets "overdue".


async def test_why_this_names_the_item_and_mutes_it(world: World):
    await dated(world, 2)
    await world.member.slash(world.channel, "remind me", item=ITEM)
    await next_hour(world)
    came = dms(world)[-1]
    assert came.content.startswith("**Due in 2 days")
    explained = await world.member.user.click(came, label="Why this?")
    assert f"**{NAME}**, 2 days before" in answer(explained)
    mute = next(label for label in labels_of(reply(explained)) if label.startswith("Mute"))
    assert "No more reminders" in answer(await world.member.user.click(reply(explained), label=mute))
    for _ in range(5):
        await next_hour(world)
    assert dms(world)[-1].id == came.id
    assert "muted" in answer(await world.member.slash(world.channel, "remind list"))


async def test_an_id_of_another_server_opens_nothing(world: World):
    await remind_me(world)
    await world.tick(3601)
    number = int(id_of(dms(world)[-1], "Snooze").rpartition(":")[2])
    assert await reminders.find(world.db.read, world.guild.id, number) is not None
    assert await reminders.find(world.db.read, world.guild.id + 1, number) is None


async def test_somebody_elses_reminder_stays_as_it_is(world: World):
    made = await world.member.slash(world.channel, "remind me", text="Mine", when="in 1 hour")
    number = id_of(reply(made), "Cancel this reminder").rpartition(":")[2]
    told = answer(await world.editor.slash(world.channel, "remind cancel", reminder=number))
    assert "none of your reminders" in told
    await world.tick(3601)
    assert dms(world)[-1].content.startswith("**Reminder:** Mine")
