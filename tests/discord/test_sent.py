"""Tests of the *Why this?* button on messages that the bot sent to a channel, and of muting and stopping them there."""

from __future__ import annotations

import re
from datetime import timedelta

import discord
from simcord.backend.models import Overwrite
from simcord.enums import OverwriteType

from bot.ledger.due_dates import DEFAULT_DELIVERY_TIME
from bot.services import destinations, follows, people, sources, updates
from bot.services.updates import Change
from bot.ui.layout import button, plain
from data.records import Destination, Outcome
from tests.builders import due_value, on_day
from tests.discord.conftest import World, answer, id_of, labels_of, me, move, reply

DAY = on_day("2025-12-01")


async def channel_of(world: World) -> Destination:
    async with world.db.write(world.guild.id) as conn:
        person = await people.ensure(conn, world.owner.id)
        return await destinations.ensure_channel(
            conn, world.guild.id, world.channel.id, now=world.now, person_id=person.id
        )


async def dated_item(world: World, name: str, days: int) -> None:
    """Enter a pending item that is due `days` days from now."""
    due_on = (world.now + timedelta(days=days)).date().isoformat()
    due = due_value(due_on)
    slug = name.lower().replace(" ", "-")
    async with world.db.write(world.guild.id) as conn:
        source = await sources.ensure(conn, world.guild.id, title="Example news")
        fields = [("name", name), ("state", "open"), ("item_kind", "report_due"), ("basis", "stated"), ("due", due)]
        changes = [Change(slug, "pending", field, value, DAY, source) for field, value in fields]
        await updates.append(conn, world.guild.id, changes, now=world.now, person_id=1, origin="editor")


async def newest(world: World, words: str) -> discord.Message:
    """Return the newest message in the channel that contains these words."""
    return next(m for m in reversed(world.channel.history()) if words in m.content)


async def to_hour(world: World) -> None:
    """Let simulated time pass until just after the channel's next delivery time."""
    place = await channel_of(world)
    assert place.next_delivery_at is not None
    await world.tick((place.next_delivery_at - world.now).total_seconds() + 1)


async def test_an_editor_mutes_an_items_reminders_and_a_member_is_told_who_can(world: World):
    await channel_of(world)
    await dated_item(world, "Yearly report", 3)
    for _ in range(2):
        await to_hour(world)
    reminder = await newest(world, "Yearly report")
    seen = await world.member.click(reminder, label="Why this?")
    assert "Dated items are told in this channel: **Yearly report**, 2 days before." in answer(seen)
    assert "An editor can mute or stop it" in answer(seen)
    assert labels_of(reply(seen)) == []
    offered = await world.editor.click(reminder, label="Why this?")
    mute = "Mute reminders of Yearly report"
    assert labels_of(reply(offered)) == [mute]
    assert "No more reminders" in answer(await world.editor.click(reply(offered), label=mute))
    count = len(world.channel.history())
    for _ in range(3):
        await to_hour(world)
    # Monday's list is never skipped; it names the item among all that is open.
    since = [m.content for m in world.channel.history()[count:] if not m.content.startswith("**Still open")]
    assert [text for text in since if "Yearly report" in text] == []
    again = await world.editor.click(reminder, label="Why this?")
    assert "muted here now" in answer(again)


async def test_still_open_says_that_it_is_never_skipped(world: World):
    await channel_of(world)
    while world.now.isoweekday() != 1:
        await to_hour(world)
    listed = next(m for m in reversed(world.channel.history()) if "Why this?" in labels_of(m))
    explained = answer(await world.member.click(listed, label="Why this?"))
    assert "listed each Monday" in explained
    assert "never skipped" in explained


async def test_a_digest_is_stopped_by_a_manager_and_only_once(world: World):
    place = await channel_of(world)
    async with world.db.write(world.guild.id) as conn:
        await destinations.set_digest(conn, place.id, now=world.now, at=DEFAULT_DELIVERY_TIME, days="1234567")
    await dated_item(world, "Yearly report", 9)
    await to_hour(world)
    digest = world.channel.last_message
    assert digest is not None
    assert "Why this?" in labels_of(digest)
    seen = await world.editor.click(digest, label="Why this?")
    assert "It is the digest of" in answer(seen)
    assert labels_of(reply(seen)) == []
    offered = await world.manager.click(digest, label="Why this?")
    assert "no more digests" in answer(await world.manager.click(reply(offered), label="Stop this digest"))
    assert "already ended" in answer(await world.manager.click(reply(offered), label="Stop this digest"))
    assert (await destinations.get(world.db.read, place.id)).digest_at is None
    assert "none here any more" in answer(await world.manager.click(digest, label="Why this?"))


async def test_why_after_ninety_days_says_that_the_note_is_gone(world: World):
    await channel_of(world)
    await dated_item(world, "Yearly report", 3)
    for _ in range(2):
        await to_hour(world)
    reminder = await newest(world, "Yearly report")
    async with world.db.write(world.guild.id) as conn:
        await conn.execute("DELETE FROM delivery")
    assert "no longer on file" in answer(await world.member.click(reminder, label="Why this?"))


async def paused_by(world: World, deny: int) -> list[str]:
    """Deny the bot permissions in the channel, and let an alert fall due so that the channel is paused.

    Return the requests by which the bot tried to send it.
    """
    place = await channel_of(world)
    async with world.db.write(world.guild.id) as conn:
        await follows.add(conn, place, "armed-drones", now=world.now)
    world.env.backend.set_overwrite(world.channel.id, Overwrite(me(world).id, OverwriteType.MEMBER, deny=deny))
    await world.env.settle()
    await move(world, "signed", "armed-drones")
    await world.tick(80)
    assert (await stored(world)).state == "paused"
    return tries(world)


async def stored(world: World) -> Destination:
    found = await destinations.find_channel(world.db.read, world.guild.id, world.channel.id)
    assert found is not None
    return found


def tries(world: World) -> list[str]:
    path = f"/channels/{world.channel.id}/messages"
    return [r.path for r in world.env.http_requests if r.method == "POST" and r.path == path]


async def test_a_change_that_gives_the_bot_nothing_costs_no_failed_message(world: World):
    before = await paused_by(world, deny=1 << 11)
    world.env.backend.edit_role(world.guild.id, world.editors.id, {"name": "Desk editors"})
    world.env.backend.edit_channel(world.channel.id, {"topic": "Deals"})
    await world.env.settle()
    await world.tick(5)
    assert tries(world) == before
    assert (await stored(world)).state == "paused"
    world.env.backend.delete_overwrite(world.channel.id, me(world).id)
    await world.env.settle()
    await world.tick(5)
    assert len(tries(world)) == len(before) + 1
    assert (await stored(world)).state == "active"


async def test_a_deleted_channel_is_not_tried_again_when_a_role_changes(world: World):
    place = await channel_of(world)
    async with world.db.write(world.guild.id) as conn:
        await follows.add(conn, place, "armed-drones", now=world.now)
    world.env.backend.delete_channel(world.channel.id)
    await world.env.settle()
    await move(world, "signed", "armed-drones")
    await world.tick(80)
    before = tries(world)
    world.env.backend.edit_role(world.guild.id, world.editors.id, {"name": "Desk editors"})
    await world.env.settle()
    await world.tick(5)
    assert (await stored(world)).outcome == Outcome.TARGET_GONE
    assert tries(world) == before


async def test_why_works_with_a_marker_and_on_messages_of_the_first_release_without_one(world: World):
    await channel_of(world)
    await dated_item(world, "Yearly report", 3)
    for _ in range(2):
        await to_hour(world)
    now = id_of(await newest(world, "Yearly report"), "Why this?")
    assert re.fullmatch(rf"sent\.why:v1:{world.guild.id}:[0-9a-f]{{24}}:[0-9a-f]{{16}}", now)
    first_release, _, _ = now.rpartition(":")
    for raw in (now, first_release):
        channel = world.bot.get_channel(world.channel.id)
        assert isinstance(channel, discord.TextChannel)
        message = await channel.send("A message", view=plain([button("Why this?", raw)]))
        assert "Dated items are told in this channel" in answer(await world.member.click(message, label="Why this?"))
    made_up = await channel.send("A message", view=plain([button("Why this?", f"{now}:1")]))
    assert "another version" in answer(await world.member.click(made_up, label="Why this?"))
