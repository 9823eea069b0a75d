"""The send road against a real HTTP server: what Discord answers to a message, and what becomes of it."""

from __future__ import annotations

from datetime import time, timedelta

import discord
import pytest

from bot.services import deliveries, destinations
from data.records import Confirmation
from tests.wire import world
from tests.wire.desk import SENT, Desk, desk

__all__ = ["desk"]  # The fixture.


@pytest.mark.parametrize("fault", [503, "reset", "drop_after"])
async def test_after_a_lost_answer_the_history_decides_whether_to_send_again(desk: Desk, fault: int | str):
    await desk.owe()
    desk.server.fault("POST", "/channels/*/messages", fault)
    await desk.tick()
    ((_, state, _),) = await desk.states()
    assert state == "planned"
    assert desk.looks() == 0
    await desk.tick(seconds=6)
    (look,) = [r for r in desk.server.requests if r.method == "GET" and r.path.endswith("/messages")]
    tried = desk.clock.now() - timedelta(seconds=6)
    assert discord.utils.snowflake_time(int(look.query["after"])) == tried - timedelta(hours=1)
    assert await desk.states() == [SENT]
    assert len(desk.sent()) == 1
    assert len(desk.server.accepted) == 1
    assert desk.posts() == (1 if fault == "drop_after" else 2)


async def test_a_resend_after_the_history_was_empty_keeps_its_nonce(desk: Desk):
    await desk.owe()
    desk.server.fault("POST", "/channels/*/messages", 503, count=3)
    for _ in range(5):
        await desk.tick(minutes=5)
    sent = [r.body["nonce"] for r in desk.server.requests if r.method == "POST" and r.path.endswith("/messages")]
    assert len(sent) == 4
    assert len(set(sent)) == 1
    assert len(desk.sent()) == 1


async def test_it_never_gives_up_on_a_channel_that_answers_with_faults(desk: Desk):
    await desk.owe()
    fault = desk.server.fault("POST", "/channels/*/messages", 503, count=None)
    for _ in range(12):
        await desk.tick(minutes=16)
    assert fault.hits == 12
    fault.cancel()
    await desk.tick(days=3)
    assert await desk.states() == [SENT]
    assert "late" in desk.sent()[0]["content"]


async def test_while_a_message_is_in_doubt_the_next_one_waits_its_turn(desk: Desk):
    await desk.owe(2)
    desk.server.fault("POST", "/channels/*/messages", 503)
    await desk.tick()
    assert desk.sent() == []
    await desk.tick(seconds=6)
    assert [m["content"].split(".")[0] for m in desk.sent()] == [
        "**31 armed drones: the deal has been proposed",
        "**31 armed drones: the deal has been formally requested",
    ]


async def test_a_rate_limit_is_waited_out_for_as_long_as_it_says(desk: Desk):
    await desk.owe(2)
    desk.server.fault("POST", "/channels/*/messages", 429, retry_after=300)
    await desk.tick()
    await desk.tick(seconds=290)
    assert desk.posts() == 1
    await desk.tick(seconds=11)
    assert len(desk.sent()) == 2
    assert desk.looks() == 0  # It was known that nothing had arrived.


async def test_a_channel_without_permission_pauses_and_its_setter_is_told(desk: Desk):
    desk.server.overwrite(desk.channel, desk.server.application_id, deny=world.SEND_MESSAGES)
    await desk.owe(2)
    await desk.tick()
    assert await desk.reason() == "not permitted: the bot lacks Send Messages there"
    assert desk.posts() == 1
    await desk.tick(days=1)
    assert desk.posts() == 1
    (told,) = desk.server.dm(desk.owner)
    assert "have stopped" in told["content"]
    assert "Send Messages" in told["content"]
    assert [state for kind, state, _ in await desk.states() if kind == "alert"] == ["planned", "planned"]

    desk.server.overwrite(desk.channel, desk.server.application_id)
    async with desk.db.write(desk.guild) as conn:
        await destinations.resume(conn, desk.place, desk.clock.now())
    await desk.tick()
    assert len(desk.sent()) == 2


async def test_a_deleted_channel_is_decided_by_what_discord_answers(desk: Desk):
    unknown = desk.server.add_channel(desk.guild, "unseen")
    place = await desk.follow(desk.clock.now(), unknown)
    desk.server.remove_channel(unknown, tell=False)
    await desk.owe()
    await desk.tick()
    assert await desk.reason(place) == "target gone: the channel no longer exists"
    assert len(desk.sent()) == 1
    assert [state for kind, state, _ in await desk.states() if kind == "alert"].count("planned") == 1


async def test_a_channel_that_the_cache_lacks_is_sent_to_all_the_same(desk: Desk):
    guild = desk.bot.get_guild(desk.guild)
    assert guild
    guild._channels.clear()
    await desk.owe()
    desk.server.fault("POST", "/channels/*/messages", "drop_after")
    await desk.tick()
    await desk.tick(seconds=6)
    assert await desk.states() == [SENT]
    assert len(desk.sent()) == 1


async def test_closed_dms_pause_and_the_owner_is_told(desk: Desk):
    place = await desk.follow(desk.clock.now(), user=desk.member)
    desk.server.dm_closed.add(desk.member)
    await desk.owe()
    await desk.tick()
    await desk.tick(seconds=1)
    assert await desk.reason(place) == "DMs closed: direct messages from this server are not accepted"
    assert len(desk.server.dm(desk.owner)) == 1
    assert desk.server.dm(desk.member) == []


@pytest.mark.parametrize("status", [403, 404])
async def test_an_answer_that_is_not_discords_own_pauses_nothing(desk: Desk, status: int):
    await desk.owe()
    desk.server.fault("POST", "/channels/*/messages", status, code=0)
    await desk.tick()
    assert await desk.reason() == ""
    await desk.tick(seconds=6)
    assert len(desk.sent()) == 1


async def test_an_archived_thread_pauses_its_destination(desk: Desk):
    await desk.owe()
    desk.server.fault("POST", "/channels/*/messages", 400, code=50083)
    await desk.tick()
    assert await desk.reason() == "not permitted: the thread is archived and locked"


async def test_a_first_dm_behind_a_doubtful_message_is_queued_and_not_waited_for(desk: Desk):
    place = await desk.follow(desk.clock.now(), user=desk.member)
    await desk.owe()
    desk.server.fault("POST", f"/channels/{desk.server._dm_channel(desk.member).id}/messages", 503)
    await desk.tick()
    async with desk.db.write(desk.guild) as conn:
        planned = await deliveries.confirm(
            conn, desk.guild, place, "first", Confirmation("follow"), now=desk.clock.now()
        )
    assert planned
    assert (await desk.bot.deliverer.send(planned)).state == "planned"
    await desk.tick(seconds=6)
    assert len(desk.server.dm(desk.member)) == 2


async def test_a_notice_nobody_can_receive_ends(desk: Desk):
    desk.server.dm_closed.add(desk.owner)
    desk.server.remove_channel(desk.channel)
    await desk.owe()
    for _ in range(3):
        await desk.tick(minutes=1)
    assert [row for row in await desk.states() if row[0] == "notice"] == [("notice", "settled", "DMs closed")]


async def test_who_left_the_server_gets_nothing_more(desk: Desk):
    place = await desk.follow(desk.clock.now(), user=desk.member)
    desk.server.leave(desk.guild, desk.member)
    await desk.owe(2)
    await desk.tick()
    assert desk.server.dm(desk.member) == []
    assert await desk.reason(place) == "left the server"
    assert [outcome for _, _, outcome in await desk.states()].count("left the server") == 2
    await desk.owe()
    await desk.tick()
    assert [outcome for _, _, outcome in await desk.states()].count("left the server") == 2


async def test_a_refused_message_goes_as_plain_text_once(desk: Desk):
    await desk.owe()
    desk.server.fault("POST", "/channels/*/messages", 400, code=50035)
    await desk.tick()
    assert await desk.states() == [SENT]
    (message,) = desk.sent()
    assert "31 armed drones: the deal has been proposed" in message["content"]
    assert [b["label"] for row in message["components"] for b in row["components"]] == ["Why this?"]


async def test_a_message_refused_twice_ends_and_stops_nobody_else(desk: Desk):
    await desk.owe(2)
    desk.server.fault("POST", f"/channels/{desk.channel}/messages", 400, count=2, code=50035)
    await desk.tick()
    await desk.tick(seconds=1)
    alerts = [row for row in await desk.states() if row[0] == "alert"]
    assert alerts == [("alert", "settled", "refused"), SENT]
    (told,) = desk.server.dm(desk.owner)
    assert "refused an alert" in told["content"]
    assert await desk.reason() == ""


async def test_a_deleted_message_counts_as_delivered(desk: Desk):
    """Where the history cannot be read, only Discord's answer to the nonce tells."""
    desk.server.overwrite(desk.channel, desk.server.application_id, deny=world.READ_MESSAGE_HISTORY)
    await desk.owe()
    desk.server.fault("POST", "/channels/*/messages", "drop_after")
    await desk.tick()
    desk.server.delete(desk.sent()[0])
    await desk.tick(seconds=6)
    assert await desk.states() == [("alert", "settled", "delivered, then deleted")]
    assert desk.sent() == []


async def test_without_history_the_nonce_alone_serves_for_two_minutes(desk: Desk):
    desk.server.overwrite(desk.channel, desk.server.application_id, deny=world.READ_MESSAGE_HISTORY)
    await desk.owe()
    desk.server.fault("POST", "/channels/*/messages", "drop_after")
    await desk.tick()
    await desk.tick(seconds=119)
    assert await desk.states() == [SENT]
    assert desk.posts() == 2
    assert len(desk.sent()) == 1
    assert desk.looks() == 0


async def test_without_history_a_later_try_says_that_it_may_be_a_repeat(desk: Desk):
    desk.server.overwrite(desk.channel, desk.server.application_id, deny=world.READ_MESSAGE_HISTORY)
    await desk.owe()
    desk.server.fault("POST", "/channels/*/messages", "drop_after")
    await desk.tick()
    desk.server.forget_nonces()
    await desk.tick(minutes=3)
    first, second = desk.sent()
    assert "may be a repeat" not in first["content"]
    assert "may be a repeat" in second["content"]


async def test_a_digest_is_silent_and_found_by_the_button_inside_its_layout(desk: Desk):
    async with desk.db.write(desk.guild) as conn:
        await destinations.set_digest(conn, desk.place, now=desk.clock.now(), at=time(12, 30), days="1234567")
    await desk.enter(desk.clock.now(), ("quantity", "31"))
    fault = desk.server.fault("POST", "/channels/*/messages", "drop_after")
    await desk.tick(minutes=30)
    assert fault.hits == 1
    desk.server.forget_nonces()
    await desk.tick(minutes=5)
    assert desk.posts() == 1
    (digest,) = desk.sent()
    assert digest["flags"] & (1 << 15)  # Components V2
    assert digest["flags"] & (1 << 12)  # no notification
    assert digest["content"] == ""
    assert [row for row in await desk.states() if row[0] == "digest"] == [("digest", "settled", "delivered")]


async def test_a_layout_that_is_refused_goes_as_plain_text(desk: Desk):
    async with desk.db.write(desk.guild) as conn:
        await destinations.set_digest(conn, desk.place, now=desk.clock.now(), at=time(12, 30), days="1234567")
    await desk.enter(desk.clock.now(), ("quantity", "31"))
    desk.server.fault("POST", "/channels/*/messages", 400, code=50035)
    await desk.tick(minutes=30)
    (digest,) = desk.sent()
    assert not digest["flags"] & (1 << 15)
    assert "Digest" in digest["content"]
    assert "31 armed drones" in digest["content"]


async def test_the_history_is_looked_through_to_its_end(desk: Desk):
    await desk.owe()
    desk.server.fault("POST", "/channels/*/messages", "drop_after")
    await desk.tick()
    channel = desk.server.channels[desk.channel]
    for _ in range(230):
        talk = desk.server.snowflake()
        (found,) = desk.sent()[:1]
        channel.messages[talk] = found | {"id": str(talk), "components": [], "author": desk.server.users[desk.member]}
    desk.server.forget_nonces()
    await desk.tick(minutes=5)
    assert await desk.states() == [SENT]
    assert desk.posts() == 1


async def test_somebody_elses_copy_of_the_button_is_not_taken_for_the_delivery(desk: Desk):
    await desk.owe()
    desk.server.fault("POST", "/channels/*/messages", "drop_after")
    await desk.tick()
    (found,) = desk.sent()
    found["author"] = desk.server.users[desk.member]
    desk.server.forget_nonces()
    await desk.tick(minutes=5)
    assert desk.posts() == 2
