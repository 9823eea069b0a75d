"""Tests of messages held after a restore: who sees them, and who may send or drop them."""

from __future__ import annotations

from datetime import timedelta

from bot.services import deliveries, destinations, people
from bot.ui.ids import custom_id
from data.records import Confirmation, Outcome
from tests.discord.conftest import World, answer, labels_of, reply, text_of
from tests.discord.test_rights import sent_to


async def hold(world: World, count: int, *, user_id: int | None = None, channel_id: int | None = None) -> int:
    """Plan deliveries to a person or a channel and mark them as held. Return the id of the destination."""
    async with world.db.write(world.guild.id) as conn:
        person = await people.ensure(conn, user_id or world.owner.id)
        if user_id is not None:
            place = await destinations.ensure_person(conn, world.guild.id, person.id, now=world.now)
        else:
            where = channel_id or world.channel.id
            place = await destinations.ensure_channel(conn, world.guild.id, where, now=world.now, person_id=person.id)
        for i in range(count):
            due_at = world.now - timedelta(hours=2, minutes=-i)
            new = deliveries.confirmation_of(f"held:{i}", Confirmation("follow", slug="armed-drones"))
            await deliveries.plan(conn, world.guild.id, place.id, new, due_at=due_at)
        await conn.execute("UPDATE delivery SET held = 'held' WHERE destination_id = ?", (place.id,))
    await world.tick()
    return place.id


async def outcomes(world: World, place: int) -> set[tuple[str, str, str]]:
    rows = await world.db.read.execute_fetchall(
        "SELECT state, held, outcome FROM delivery WHERE destination_id = ?", (place,)
    )
    return {(state, held, outcome) for state, held, outcome in rows}


async def test_a_manager_sees_what_is_held_for_channels_and_people_and_decides_once(world: World):
    channel = await hold(world, 3)
    member = await hold(world, 1, user_id=world.member.id)
    editor = await hold(world, 2, user_id=world.editor.id)
    assert not [m for m in world.channel.history() if "Why this?" in labels_of(m)]
    shown = await world.manager.slash(world.channel, "settings show")
    told = answer(shown)
    assert "Held after a restore" in told
    assert f"<#{world.channel.id}>: 3 messages, due <t:" in told
    assert "direct messages to 2 people: 3 messages, due" in told
    assert labels_of(reply(shown)) == ["Send 3 to #news", "Drop 3 for #news", "Send 3 to people", "Drop 3 for people"]

    before = len(world.channel.history())
    sent = await world.manager.click(reply(shown), label="Send 3 to #news")
    assert "3 messages are sent now" in answer(sent)
    await world.tick()
    added = world.channel.history()[before:]
    assert len(added) == 3
    assert await outcomes(world, channel) == {("settled", "", "delivered")}
    dropped = await world.manager.click(reply(shown), label="Drop 3 for people")
    assert "3 messages will not be sent" in answer(dropped)
    for place in (member, editor):
        assert await outcomes(world, place) == {("settled", "", Outcome.DROPPED)}
    for label in ("Send 3 to #news", "Drop 3 for people"):
        assert "decided before" in answer(await world.manager.click(reply(shown), label=label))
    assert "Held after" not in answer(await world.manager.slash(world.channel, "settings show"))


async def test_people_decide_about_their_own_in_their_log_and_about_no_other(world: World):
    own = await hold(world, 2, user_id=world.member.id)
    channel = await hold(world, 1)
    logged = await world.member.slash(world.channel, "follow log")
    assert "Held after a restore: 2 messages" in answer(logged)
    assert "held: it may have arrived before the restore" in answer(logged)
    assert labels_of(reply(logged)) == ["Send 2 to you", "Drop 2 for you"]
    others = [custom_id("sent.release", str(what), guild_id=world.guild.id) for what in (own, channel, "people")]
    for what, raw in zip((own, channel, "people"), others, strict=True):
        button = await sent_to(world, world.editor, "sent.release", str(what))
        assert "Nothing was changed" in answer(await world.editor.user.click(button, label="Press")), raw
    assert await outcomes(world, own) == {("planned", "held", "")}
    assert await outcomes(world, channel) == {("planned", "held", "")}

    in_dm = await world.member.user.slash("follow log")
    assert labels_of(reply(in_dm)) == ["Send 2 to you from Newsroom", "Drop 2 for you from Newsroom"]
    pressed = await world.member.user.click(reply(in_dm), label="Send 2 to you from Newsroom")
    assert "2 messages are sent now" in answer(pressed)
    await world.tick()
    assert await outcomes(world, own) == {("settled", "", "delivered")}


async def test_a_manager_reads_in_the_log_where_to_decide_about_a_channel(world: World):
    await hold(world, 1)
    logged = await world.manager.slash(world.channel, "follow log")
    assert "Someone with Manage Server decides in" in answer(logged)
    assert labels_of(reply(logged)) == []


async def test_many_channels_with_held_messages_fit_the_card(world: World):
    for i in range(8):
        await hold(world, 1, channel_id=world.guild.create_text_channel(f"news-{i}").id)
    shown = await world.manager.slash(world.channel, "settings show")
    assert "and 4 more channels; decide about these first" in text_of(reply(shown))
    assert labels_of(reply(shown))[:2] == ["Send 1 to #news-0", "Drop 1 for #news-0"]
