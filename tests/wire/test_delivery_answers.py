"""Tests of how a delivery is settled after each kind of answer from Discord: refusals, errors and lost answers."""

from __future__ import annotations

from datetime import time, timedelta

import discord
import pytest

from bot.services import deliveries, destinations
from data.records import Confirmation
from tests.builders import count_of
from tests.wire import world
from tests.wire.live_server import SENT, LiveServer, live

__all__ = ["live"]  # The fixture.


@pytest.mark.parametrize("fault", [503, "reset", "drop_after"])
async def test_after_a_lost_answer_the_history_decides_whether_to_send_again(live: LiveServer, fault: int | str):
    await live.owe()
    live.server.fault("POST", "/channels/*/messages", fault)
    await live.tick()
    ((_, state, _),) = await live.states()
    assert state == "planned"
    assert live.looks() == 0
    await live.tick(seconds=6)
    (look,) = [r for r in live.server.requests if r.method == "GET" and r.path.endswith("/messages")]
    tried = live.clock.now() - timedelta(seconds=6)
    assert discord.utils.snowflake_time(int(look.query["after"])) == tried - timedelta(hours=1)
    assert await live.states() == [SENT]
    assert len(live.sent()) == 1
    assert len(live.server.accepted) == 1
    assert live.posts() == (1 if fault == "drop_after" else 2)


async def test_a_resend_after_the_history_was_empty_keeps_its_nonce(live: LiveServer):
    await live.owe()
    live.server.fault("POST", "/channels/*/messages", 503, count=3)
    for _ in range(5):
        await live.tick(minutes=5)
    sent = [r.body["nonce"] for r in live.server.requests if r.method == "POST" and r.path.endswith("/messages")]
    assert len(sent) == 4
    assert len(set(sent)) == 1
    assert len(live.sent()) == 1


async def test_it_never_gives_up_on_a_channel_that_answers_with_faults(live: LiveServer):
    await live.owe()
    fault = live.server.fault("POST", "/channels/*/messages", 503, count=None)
    for _ in range(12):
        await live.tick(minutes=16)
    assert fault.hits == 12
    fault.cancel()
    await live.tick(days=3)
    assert await live.states() == [SENT]
    assert "late" in live.sent()[0]["content"]


async def test_while_a_message_is_in_doubt_the_next_one_waits_its_turn(live: LiveServer):
    await live.owe(2)
    live.server.fault("POST", "/channels/*/messages", 503)
    await live.tick()
    assert live.sent() == []
    await live.tick(seconds=6)
    assert [m["content"].split(".")[0] for m in live.sent()] == [
        "**31 armed drones: the deal has been proposed",
        "**31 armed drones: the deal has been formally requested",
    ]


async def test_a_rate_limit_is_waited_out_for_as_long_as_it_says(live: LiveServer):
    await live.owe(2)
    live.server.fault("POST", "/channels/*/messages", 429, retry_after=300)
    await live.tick()
    await live.tick(seconds=290)
    assert live.posts() == 1
    await live.tick(seconds=11)
    assert len(live.sent()) == 2
    assert live.looks() == 0  # After a 429 it is certain that nothing was sent.


async def test_a_channel_without_permission_pauses_and_its_setter_is_told(live: LiveServer):
    live.server.overwrite(live.channel, live.server.application_id, deny=world.SEND_MESSAGES)
    await live.owe(2)
    await live.tick()
    assert await live.reason() == "not permitted: the bot lacks Send Messages there"
    assert live.posts() == 1
    await live.tick(days=1)
    assert live.posts() == 1
    (told,) = live.server.dm(live.owner)
    assert "have stopped" in told["content"]
    assert "Send Messages" in told["content"]
    assert [state for kind, state, _ in await live.states() if kind == "alert"] == ["planned", "planned"]

    live.server.overwrite(live.channel, live.server.application_id)
    async with live.db.write(live.guild) as conn:
        await destinations.resume(conn, live.place, live.clock.now())
    await live.tick()
    assert len(live.sent()) == 2


async def test_a_deleted_channel_is_decided_by_what_discord_answers(live: LiveServer):
    unknown = live.server.add_channel(live.guild, "unseen")
    place = await live.follow(live.clock.now(), unknown)
    live.server.remove_channel(unknown, tell=False)
    await live.owe()
    await live.tick()
    assert await live.reason(place) == "target gone: the channel no longer exists"
    assert len(live.sent()) == 1
    assert [state for kind, state, _ in await live.states() if kind == "alert"].count("planned") == 1


async def test_a_channel_that_the_cache_lacks_is_sent_to_all_the_same(live: LiveServer):
    guild = live.bot.get_guild(live.guild)
    assert guild
    guild._channels.clear()
    await live.owe()
    live.server.fault("POST", "/channels/*/messages", "drop_after")
    await live.tick()
    await live.tick(seconds=6)
    assert await live.states() == [SENT]
    assert len(live.sent()) == 1


async def test_closed_dms_pause_and_the_owner_is_told(live: LiveServer):
    place = await live.follow(live.clock.now(), user=live.member)
    live.server.dm_closed.add(live.member)
    await live.owe()
    await live.tick()
    await live.tick(seconds=1)
    assert await live.reason(place) == "DMs closed: direct messages from this server are not accepted"
    assert len(live.server.dm(live.owner)) == 1
    assert live.server.dm(live.member) == []


@pytest.mark.parametrize("status", [403, 404])
async def test_an_answer_that_is_not_discords_own_pauses_nothing(live: LiveServer, status: int):
    await live.owe()
    live.server.fault("POST", "/channels/*/messages", status, code=0)
    await live.tick()
    assert await live.reason() == ""
    await live.tick(seconds=6)
    assert len(live.sent()) == 1


async def test_an_archived_thread_pauses_its_destination(live: LiveServer):
    await live.owe()
    live.server.fault("POST", "/channels/*/messages", 400, code=50083)
    await live.tick()
    assert await live.reason() == "not permitted: the thread is archived and locked"


async def test_a_first_dm_behind_a_doubtful_message_is_queued_and_not_waited_for(live: LiveServer):
    place = await live.follow(live.clock.now(), user=live.member)
    await live.owe()
    live.server.fault("POST", f"/channels/{live.server._dm_channel(live.member).id}/messages", 503)
    await live.tick()
    async with live.db.write(live.guild) as conn:
        planned = await deliveries.confirm(
            conn, live.guild, place, "first", Confirmation("follow"), now=live.clock.now()
        )
    assert planned
    assert (await live.bot.deliverer.send(planned)).state == "planned"
    await live.tick(seconds=6)
    assert len(live.server.dm(live.member)) == 2


async def test_a_notice_nobody_can_receive_ends(live: LiveServer):
    live.server.dm_closed.add(live.owner)
    live.server.remove_channel(live.channel)
    await live.owe()
    for _ in range(3):
        await live.tick(minutes=1)
    assert [row for row in await live.states() if row[0] == "notice"] == [("notice", "settled", "DMs closed")]


async def test_who_left_the_server_gets_nothing_more(live: LiveServer):
    place = await live.follow(live.clock.now(), user=live.member)
    live.server.leave(live.guild, live.member)
    await live.owe(2)
    await live.tick()
    assert live.server.dm(live.member) == []
    assert await live.reason(place) == "left the server"
    assert [outcome for _, _, outcome in await live.states()].count("left the server") == 2
    await live.owe()
    await live.tick()
    assert [outcome for _, _, outcome in await live.states()].count("left the server") == 2


async def test_a_refused_message_goes_as_plain_text_once(live: LiveServer):
    await live.owe()
    live.server.fault("POST", "/channels/*/messages", 400, code=50035)
    await live.tick()
    assert await live.states() == [SENT]
    (message,) = live.sent()
    assert "31 armed drones: the deal has been proposed" in message["content"]
    assert [b["label"] for row in message["components"] for b in row["components"]] == ["Why this?"]


async def test_a_message_refused_twice_ends_and_stops_nobody_else(live: LiveServer):
    await live.owe(2)
    live.server.fault("POST", f"/channels/{live.channel}/messages", 400, count=2, code=50035)
    await live.tick()
    await live.tick(seconds=1)
    alerts = [row for row in await live.states() if row[0] == "alert"]
    assert alerts == [("alert", "settled", "refused"), SENT]
    (told,) = live.server.dm(live.owner)
    assert "refused an alert" in told["content"]
    assert await live.reason() == ""


async def test_a_deleted_message_counts_as_delivered(live: LiveServer):
    """Rely on Discord's answer to a repeated nonce, because the bot cannot read the channel's history here."""
    live.server.overwrite(live.channel, live.server.application_id, deny=world.READ_MESSAGE_HISTORY)
    await live.owe()
    live.server.fault("POST", "/channels/*/messages", "drop_after")
    await live.tick()
    live.server.delete(live.sent()[0])
    await live.tick(seconds=6)
    assert await live.states() == [("alert", "settled", "delivered, then deleted")]
    assert live.sent() == []


async def test_without_history_the_nonce_alone_serves_for_two_minutes(live: LiveServer):
    live.server.overwrite(live.channel, live.server.application_id, deny=world.READ_MESSAGE_HISTORY)
    await live.owe()
    live.server.fault("POST", "/channels/*/messages", "drop_after")
    await live.tick()
    await live.tick(seconds=119)
    assert await live.states() == [SENT]
    assert live.posts() == 2
    assert len(live.sent()) == 1
    assert live.looks() == 0


async def test_without_history_a_later_try_says_that_it_may_be_a_repeat(live: LiveServer):
    live.server.overwrite(live.channel, live.server.application_id, deny=world.READ_MESSAGE_HISTORY)
    await live.owe()
    live.server.fault("POST", "/channels/*/messages", "drop_after")
    await live.tick()
    live.server.forget_nonces()
    await live.tick(minutes=3)
    first, second = live.sent()
    assert "may be a repeat" not in first["content"]
    assert "may be a repeat" in second["content"]


async def test_a_digest_is_silent_and_found_by_the_button_inside_its_layout(live: LiveServer):
    async with live.db.write(live.guild) as conn:
        await destinations.set_digest(conn, live.place, now=live.clock.now(), at=time(12, 30), days="1234567")
    await live.enter(live.clock.now(), ("quantity", count_of("31")))
    fault = live.server.fault("POST", "/channels/*/messages", "drop_after")
    await live.tick(minutes=30)
    assert fault.hits == 1
    live.server.forget_nonces()
    await live.tick(minutes=5)
    assert live.posts() == 1
    (digest,) = live.sent()
    assert digest["flags"] & (1 << 15)  # Components V2
    assert digest["flags"] & (1 << 12)  # no notification
    assert digest["content"] == ""
    assert [row for row in await live.states() if row[0] == "digest"] == [("digest", "settled", "delivered")]


async def test_a_layout_that_is_refused_goes_as_plain_text(live: LiveServer):
    async with live.db.write(live.guild) as conn:
        await destinations.set_digest(conn, live.place, now=live.clock.now(), at=time(12, 30), days="1234567")
    await live.enter(live.clock.now(), ("quantity", count_of("31")))
    live.server.fault("POST", "/channels/*/messages", 400, code=50035)
    await live.tick(minutes=30)
    (digest,) = live.sent()
    assert not digest["flags"] & (1 << 15)
    assert "Digest" in digest["content"]
    assert "31 armed drones" in digest["content"]


async def test_the_history_is_looked_through_to_its_end(live: LiveServer):
    await live.owe()
    live.server.fault("POST", "/channels/*/messages", "drop_after")
    await live.tick()
    channel = live.server.channels[live.channel]
    for _ in range(230):
        talk = live.server.snowflake()
        (found,) = live.sent()[:1]
        channel.messages[talk] = found | {"id": str(talk), "components": [], "author": live.server.users[live.member]}
    live.server.forget_nonces()
    await live.tick(minutes=5)
    assert await live.states() == [SENT]
    assert live.posts() == 1


async def test_somebody_elses_copy_of_the_button_is_not_taken_for_the_delivery(live: LiveServer):
    await live.owe()
    live.server.fault("POST", "/channels/*/messages", "drop_after")
    await live.tick()
    (found,) = live.sent()
    found["author"] = live.server.users[live.member]
    live.server.forget_nonces()
    await live.tick(minutes=5)
    assert live.posts() == 2
