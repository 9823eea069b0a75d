"""Tests of sending deliveries over HTTP: each message arrives once and in order, despite faults and restarts."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.delivery.kinds import PLANNERS
from bot.rate_limit import RateLimits
from bot.services import deliveries, destinations, follows
from data.database import Database
from data.records import Confirmation, NewDelivery
from tests.wire.live_server import SENT, LiveServer, live
from tests.wire.sending import nonces

__all__ = ["live"]  # The fixture.

# The way it should go


async def test_messages_arrive_in_order_with_text_a_button_and_no_ping(live: LiveServer):
    await live.owe(3)
    await live.tick()
    assert [m["content"].splitlines()[0].split(".")[0] for m in live.sent()] == [
        "**31 armed drones: the deal has been proposed",
        "**31 armed drones: the deal has been formally requested",
        "**31 armed drones: the deal is under review",
    ]
    assert await live.states() == [SENT] * 3
    bodies = [r.body for r in live.server.requests if r.method == "POST" and r.path.endswith("/messages")]
    assert [body["nonce"] for body in bodies] == nonces(live.sent())
    assert all(body["enforce_nonce"] and body["allowed_mentions"]["parse"] == [] for body in bodies)
    assert all(not body["allowed_mentions"].get("roles") for body in bodies)
    await live.tick(hours=1)
    assert len(live.sent()) == 3


async def test_what_comes_on_time_says_nothing_and_what_comes_late_says_so(live: LiveServer):
    await live.owe()
    await live.tick()
    await live.owe()
    await live.tick(seconds=61)
    on_time, late = live.sent()
    assert "late" not in on_time["content"]
    assert late["content"].splitlines()[-1].startswith("-# Due <t:")


async def test_only_the_role_of_the_follow_may_ping(live: LiveServer):
    role = live.server.add_role(live.guild, "drones")
    async with live.db.write(live.guild) as conn:
        await follows.add(conn, await destinations.get(conn, live.place), "drones", now=live.clock.now(), role_id=role)
    await live.owe()
    await live.tick()
    (body,) = [r.body for r in live.server.requests if r.method == "POST" and r.path.endswith("/messages")]
    assert body["allowed_mentions"]["roles"] == [str(role)] or body["allowed_mentions"]["roles"] == [role]
    assert f"<@&{role}>" in body["content"]


async def test_a_person_is_told_by_dm_whose_channel_is_opened_once(live: LiveServer):
    place = await live.follow(live.clock.now(), user=live.member)
    await live.owe(2)
    await live.tick()
    await live.owe()
    await live.tick()
    assert len(live.server.dm(live.member)) == 3
    assert len([r for r in live.server.requests if r.path == "/users/@me/channels"]) == 1
    members = [r for r in live.server.requests if r.path == f"/guilds/{live.guild}/members/{live.member}"]
    assert len(members) == 1  # kept for an hour
    await live.owe()
    await live.tick(hours=1)
    members = [r for r in live.server.requests if r.path == f"/guilds/{live.guild}/members/{live.member}"]
    assert len(members) == 2
    assert await live.reason(place) == ""


# The order of one destination


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("POST", "/channels/*/messages", 503),
        ("POST", "/channels/*/messages", "reset"),
        ("POST", "/channels/*/messages", "drop_after"),
        ("POST", "/channels/*/messages", 429),
        ("POST", "/users/@me/channels", 503),
        ("POST", "/users/@me/channels", "reset"),
        ("GET", "/guilds/*/members/*", 503),
        ("GET", "/guilds/*/members/*", "reset"),
    ],
)
async def test_nothing_overtakes_a_message_that_is_tried_again(
    live: LiveServer, method: str, path: str, action: int | str
):
    person = await live.follow(live.clock.now(), user=live.member)
    await live.owe(3)
    fault = live.server.fault(method, path, action, count=4)
    for _ in range(8):
        await live.tick(seconds=70)
        await live.owe()
    assert fault.hits == 4
    for _ in range(4):
        await live.tick(minutes=20)
    for destination, sent in ((live.place, live.sent()), (person, live.server.dm(live.member))):
        assert nonces(sent) == await in_order(live, destination)
        assert len(sent) == 11


async def in_order(live: LiveServer, place: int) -> list[str]:
    """Return the nonces of all deliveries to a destination, in the order in which they were due."""
    rows = await live.db.read.execute_fetchall(
        "SELECT nonce FROM delivery WHERE destination_id = ? ORDER BY due_at, id", (place,)
    )
    return [nonce for (nonce,) in rows]


async def test_among_many_faults_every_channel_keeps_its_order(live: LiveServer, monkeypatch: pytest.MonkeyPatch):
    """Send 240 messages to channels and users, while answers are lost, connections break and requests fail."""
    unlimited = RateLimits(requests=10_000, dms=10_000)
    monkeypatch.setattr(live.bot.deliverer, "_context", replace(live.bot.deliverer._context, limits=unlimited))
    monkeypatch.setattr(live.bot.memberships, "_limits", unlimited)
    channels = [live.channel, *[live.server.add_channel(live.guild, f"other-{i}") for i in range(4)]]
    places = [live.place, *[await live.follow(live.clock.now(), channel) for channel in channels[1:]]]
    people = [live.member]
    for i in range(2):
        people.append(live.server.add_user(f"reader-{i}"))
        live.server.join(live.guild, people[-1])
    places += [await live.follow(live.clock.now(), user=user) for user in people]
    await live.owe(30)
    for skip, action in ((3, 503), (20, "reset"), (41, "drop_after"), (60, 503), (90, "reset"), (130, "drop_after")):
        live.server.fault("POST", "/channels/*/messages", action, skip=skip, count=3)
    for skip, action in ((0, 503), (4, "reset")):
        live.server.fault("GET", "/guilds/*/members/*", action, skip=skip, count=2)
        live.server.fault("POST", "/users/@me/channels", action, skip=skip, count=1)
        live.server.fault("GET", "/channels/*/messages", action, skip=skip, count=2)
    for _ in range(40):
        await live.tick(seconds=47)
    for place, sent in zip(places, [*map(live.sent, channels), *map(live.server.dm, people)], strict=True):
        assert nonces(sent) == await in_order(live, place)
        assert len(sent) == 30
    assert await live.states() == [SENT] * 240


async def test_a_channel_whose_message_waits_holds_up_no_other(live: LiveServer):
    other = live.server.add_channel(live.guild, "other")
    await live.follow(live.clock.now(), other)
    fault = live.server.fault("POST", f"/channels/{live.channel}/messages", 503, count=None)
    for _ in range(5):
        await live.owe()
        await live.tick()
    assert len(live.sent(other)) == 5
    assert live.sent() == []
    fault.cancel()
    await live.tick(hours=1)
    assert len(live.sent()) == 5


async def test_a_message_that_discord_fails_on_for_a_day_is_passed_and_tried_on(live: LiveServer):
    def tried() -> set[str]:
        return {r.body["nonce"] for r in live.server.requests if r.method == "POST" and r.path.endswith("/messages")}

    await live.owe()
    failing = live.server.fault("POST", "/channels/*/messages", 503, count=None)
    await live.tick()
    await live.owe(2)
    for _ in range(23):
        await live.tick(hours=1)
    assert len(tried()) == 1
    for _ in range(2):
        await live.tick(hours=1)
    assert len(tried()) == 2
    failing.cancel()
    await live.tick(hours=1)
    assert nonces(live.sent()) == await in_order(live, live.place)
    assert len(live.sent()) == 3


# One bad thing stops nobody else


async def test_a_row_that_cannot_be_drawn_stops_nobody_and_ends(live: LiveServer, caplog: pytest.LogCaptureFixture):
    async with live.db.write(live.guild) as conn:
        nonsense = NewDelivery(kind="reminder", key="of nothing")
        await deliveries.plan(conn, live.guild, live.place, nonsense, due_at=live.clock.now())
    await live.owe(1)
    with caplog.at_level(logging.CRITICAL, "bot"):
        for _ in range(4):
            await live.tick(minutes=6)
    states = await live.states()
    assert states == [("reminder", "settled", "could not be drawn"), ("alert", "settled", "delivered")]
    await live.enter(live.clock.now(), ("side_state", "on_hold"))
    await live.tick(seconds=80)
    assert any("on hold" in m["content"] for m in live.sent())


async def test_a_slow_channel_holds_up_nobody(live: LiveServer):
    others = [live.server.add_channel(live.guild, f"other-{i}") for i in range(10)]
    for channel in others:
        await live.follow(live.clock.now(), channel)
    await live.owe()
    hang = live.server.fault("POST", f"/channels/{live.channel}/messages", "hang")
    await live.bot.deliverer.begin(live.clock.now())
    await live.server.until(lambda: all(live.sent(channel) for channel in others))
    assert live.sent() == []
    hang.cancel()
    await live.tick()
    await live.tick(seconds=6)
    assert len(live.sent()) == 1


async def test_many_first_dms_are_opened_slowly_and_hold_up_no_channel(live: LiveServer):
    for i in range(70):
        user = live.server.add_user(f"reader-{i}")
        live.server.join(live.guild, user)
        await live.follow(live.clock.now(), user=user)
    other = live.server.add_channel(live.guild, "other")
    await live.follow(live.clock.now(), other)
    await live.owe()
    await live.bot.deliverer.begin(live.clock.now())
    await live.server.until(lambda: live.sent(other))
    opened = [r for r in live.server.requests if r.path == "/users/@me/channels"]
    assert len(opened) <= 4  # Three at once, then one every two seconds.


async def test_a_planner_that_fails_does_not_stop_what_is_due(
    live: LiveServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    await live.owe()

    async def failing(db: Database, now: object) -> None:
        raise RuntimeError("no plan")

    monkeypatch.setattr("bot.delivery.worker.PLANNERS", [failing, *PLANNERS])
    with caplog.at_level(logging.CRITICAL, "bot"):
        await live.tick()
    assert await live.states() == [SENT]


# Restarts


async def test_closing_amid_a_send_leaves_it_claimed_and_the_next_start_sends_it_once(live: LiveServer):
    await live.owe()
    hang = live.server.fault("POST", "/channels/*/messages", "hang")
    await live.bot.deliverer.begin(live.clock.now())
    await live.server.until(lambda: hang.hits)
    async with asyncio.timeout(5):
        await live.bot.deliverer.close()
    assert [state for _, state, _ in await live.states()] == ["claimed"]
    hang.cancel()
    await live.restart()
    await live.tick(seconds=10)
    assert await live.states() == [SENT]
    assert len(live.sent()) == 1


async def test_what_fell_due_while_the_bot_was_down_is_sent_after_the_start(live: LiveServer):
    await live.bot.deliverer.close()
    await live.bot.close()
    await live.owe(2)
    live.clock.pass_(hours=2)
    await live.restart()
    await live.tick()
    assert len(live.sent()) == 2
    assert all("late" in m["content"] for m in live.sent())


async def test_an_outage_of_the_server_is_not_taken_for_leaving_it(live: LiveServer):
    place = await live.follow(live.clock.now(), user=live.member)
    gone = asyncio.ensure_future(live.bot.wait_for("guild_unavailable", timeout=5))
    await asyncio.sleep(0)  # The waiting has to begin first.
    live.server.dispatch("GUILD_DELETE", {"id": str(live.guild), "unavailable": True})
    await gone
    await live.owe()
    await live.tick()
    assert {state for _, state, _ in await live.states()} == {"planned"}
    assert await live.reason(place) == ""
    back = asyncio.ensure_future(live.bot.wait_for("guild_available", timeout=5))
    await asyncio.sleep(0)
    live.server.invite(live.guild)
    await back
    await live.tick(seconds=11)
    assert [row[1:] for row in await live.states()] == [SENT[1:]] * 2


# Confirmations


async def confirm(live: LiveServer, user: int) -> int:
    place = await live.follow(live.clock.now(), user=user)
    async with live.db.write(live.guild) as conn:
        planned = await deliveries.confirm(
            conn, live.guild, place, "first", Confirmation("follow", slug="drones"), now=live.clock.now()
        )
    assert planned
    return planned


async def test_a_first_dm_tells_at_once_that_it_arrived(live: LiveServer):
    delivery = await live.bot.deliverer.send(await confirm(live, live.member))
    assert delivery.outcome == "delivered"
    (message,) = live.server.dm(live.member)
    assert message["content"].startswith("You follow **31 armed drones** in Newsroom.")
    async with live.db.write(live.guild) as conn:
        again = await deliveries.confirm(
            conn, live.guild, delivery.destination_id, "second", Confirmation("follow"), now=live.clock.now()
        )
    assert again is None


async def test_a_dm_channel_that_is_gone_is_opened_anew(live: LiveServer):
    place = await live.follow(live.clock.now(), user=live.member)
    await live.owe()
    await live.tick()
    assert len(live.server.dm(live.member)) == 1
    live.server.remove_channel((await destinations.get(live.db.read, place)).dm_channel_id or 0, tell=False)
    await live.owe()
    await live.tick()
    await live.tick(minutes=1)
    assert len(live.server.dm(live.member)) == 1, "in the new channel"
    assert await live.reason(place) == ""


async def test_a_first_dm_tells_at_once_that_dms_are_closed(live: LiveServer):
    live.server.dm_closed.add(live.member)
    delivery = await live.bot.deliverer.send(await confirm(live, live.member))
    assert (delivery.state, delivery.outcome) == ("settled", "DMs closed")


async def test_a_first_dm_that_takes_longer_is_queued(live: LiveServer):
    planned = await confirm(live, live.member)
    hang = live.server.fault("POST", "/channels/*/messages", "hang")
    delivery = await live.bot.deliverer.send(planned, within=0.2)
    assert delivery.state == "claimed"
    hang.cancel()
    await live.tick()
    await live.tick(seconds=10)
    assert len(live.server.dm(live.member)) == 1


async def test_the_doubt_of_one_try_is_gone_after_a_clear_refusal(live: LiveServer):
    await live.owe()
    live.server.fault("POST", "/channels/*/messages", 429, retry_after=40)
    await live.tick()
    ((unknown,),) = await live.db.read.execute_fetchall("SELECT unknown FROM delivery")
    assert unknown == 0
    assert (await deliveries.next_due(live.db.read, live.clock.now())) == live.clock.now() + timedelta(seconds=40)
