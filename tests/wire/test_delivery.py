"""The send road against a real HTTP server: order, restarts, and that each message arrives once."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import pytest

from bot.delivery.kinds import PLANNERS
from bot.delivery.rate_limit import RateLimits
from bot.services import deliveries, destinations, follows
from data.database import Database
from data.records import Confirmation, NewDelivery
from tests.wire.desk import SENT, Desk, desk
from tests.wire.sending import nonces

__all__ = ["desk"]  # The fixture.

# The way it should go


async def test_messages_arrive_in_order_with_text_a_button_and_no_ping(desk: Desk):
    await desk.owe(3)
    await desk.tick()
    assert [m["content"].splitlines()[0].split(".")[0] for m in desk.sent()] == [
        "**31 armed drones: the deal has been proposed",
        "**31 armed drones: the deal has been formally requested",
        "**31 armed drones: the deal is under review",
    ]
    assert await desk.states() == [SENT] * 3
    bodies = [r.body for r in desk.server.requests if r.method == "POST" and r.path.endswith("/messages")]
    assert [body["nonce"] for body in bodies] == nonces(desk.sent())
    assert all(body["enforce_nonce"] and body["allowed_mentions"]["parse"] == [] for body in bodies)
    assert all(not body["allowed_mentions"].get("roles") for body in bodies)
    await desk.tick(hours=1)
    assert len(desk.sent()) == 3


async def test_what_comes_on_time_says_nothing_and_what_comes_late_says_so(desk: Desk):
    await desk.owe()
    await desk.tick()
    await desk.owe()
    await desk.tick(seconds=61)
    on_time, late = desk.sent()
    assert "late" not in on_time["content"]
    assert late["content"].splitlines()[-1].startswith("-# Due <t:")


async def test_only_the_role_of_the_follow_may_ping(desk: Desk):
    role = desk.server.add_role(desk.guild, "drones")
    async with desk.db.write(desk.guild) as conn:
        await follows.add(conn, await destinations.get(conn, desk.place), "drones", now=desk.clock.now(), role_id=role)
    await desk.owe()
    await desk.tick()
    (body,) = [r.body for r in desk.server.requests if r.method == "POST" and r.path.endswith("/messages")]
    assert body["allowed_mentions"]["roles"] == [str(role)] or body["allowed_mentions"]["roles"] == [role]
    assert f"<@&{role}>" in body["content"]


async def test_a_person_is_told_by_dm_whose_channel_is_opened_once(desk: Desk):
    place = await desk.follow(desk.clock.now(), user=desk.member)
    await desk.owe(2)
    await desk.tick()
    await desk.owe()
    await desk.tick()
    assert len(desk.server.dm(desk.member)) == 3
    assert len([r for r in desk.server.requests if r.path == "/users/@me/channels"]) == 1
    members = [r for r in desk.server.requests if r.path == f"/guilds/{desk.guild}/members/{desk.member}"]
    assert len(members) == 1  # kept for an hour
    await desk.owe()
    await desk.tick(hours=1)
    members = [r for r in desk.server.requests if r.path == f"/guilds/{desk.guild}/members/{desk.member}"]
    assert len(members) == 2
    assert await desk.reason(place) == ""


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
async def test_nothing_overtakes_a_message_that_is_tried_again(desk: Desk, method: str, path: str, action: int | str):
    person = await desk.follow(desk.clock.now(), user=desk.member)
    await desk.owe(3)
    fault = desk.server.fault(method, path, action, count=4)
    for _ in range(8):
        await desk.tick(seconds=70)
        await desk.owe()
    assert fault.hits == 4
    for _ in range(4):
        await desk.tick(minutes=20)
    for destination, sent in ((desk.place, desk.sent()), (person, desk.server.dm(desk.member))):
        assert nonces(sent) == await in_order(desk, destination)
        assert len(sent) == 11


async def in_order(desk: Desk, place: int) -> list[str]:
    """Return what a destination was owed, the oldest first."""
    rows = await desk.db.read.execute_fetchall(
        "SELECT nonce FROM delivery WHERE destination_id = ? ORDER BY due_at, id", (place,)
    )
    return [nonce for (nonce,) in rows]


async def test_among_many_faults_every_channel_keeps_its_order(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    """240 messages over channels and people, with answers lost, connections reset and faults of every request."""
    monkeypatch.setattr(desk.bot.deliverer, "_limits", RateLimits(requests=10_000, dms=10_000))
    monkeypatch.setattr(desk.bot.permissions, "_limits", RateLimits(requests=10_000, dms=10_000))
    channels = [desk.channel, *[desk.server.add_channel(desk.guild, f"other-{i}") for i in range(4)]]
    places = [desk.place, *[await desk.follow(desk.clock.now(), channel) for channel in channels[1:]]]
    people = [desk.member]
    for i in range(2):
        people.append(desk.server.add_user(f"reader-{i}"))
        desk.server.join(desk.guild, people[-1])
    places += [await desk.follow(desk.clock.now(), user=user) for user in people]
    await desk.owe(30)
    for skip, action in ((3, 503), (20, "reset"), (41, "drop_after"), (60, 503), (90, "reset"), (130, "drop_after")):
        desk.server.fault("POST", "/channels/*/messages", action, skip=skip, count=3)
    for skip, action in ((0, 503), (4, "reset")):
        desk.server.fault("GET", "/guilds/*/members/*", action, skip=skip, count=2)
        desk.server.fault("POST", "/users/@me/channels", action, skip=skip, count=1)
        desk.server.fault("GET", "/channels/*/messages", action, skip=skip, count=2)
    for _ in range(40):
        await desk.tick(seconds=47)
    for place, sent in zip(places, [*map(desk.sent, channels), *map(desk.server.dm, people)], strict=True):
        assert nonces(sent) == await in_order(desk, place)
        assert len(sent) == 30
    assert await desk.states() == [SENT] * 240


async def test_a_channel_whose_message_waits_holds_up_no_other(desk: Desk):
    other = desk.server.add_channel(desk.guild, "other")
    await desk.follow(desk.clock.now(), other)
    fault = desk.server.fault("POST", f"/channels/{desk.channel}/messages", 503, count=None)
    for _ in range(5):
        await desk.owe()
        await desk.tick()
    assert len(desk.sent(other)) == 5
    assert desk.sent() == []
    fault.cancel()
    await desk.tick(hours=1)
    assert len(desk.sent()) == 5


async def test_a_message_that_discord_fails_on_for_a_day_is_passed_and_tried_on(desk: Desk):
    def tried() -> set[str]:
        return {r.body["nonce"] for r in desk.server.requests if r.method == "POST" and r.path.endswith("/messages")}

    await desk.owe()
    failing = desk.server.fault("POST", "/channels/*/messages", 503, count=None)
    await desk.tick()
    await desk.owe(2)
    for _ in range(23):
        await desk.tick(hours=1)
    assert len(tried()) == 1
    for _ in range(2):
        await desk.tick(hours=1)
    assert len(tried()) == 2
    failing.cancel()
    await desk.tick(hours=1)
    assert nonces(desk.sent()) == await in_order(desk, desk.place)
    assert len(desk.sent()) == 3


# One bad thing stops nobody else


async def test_a_row_that_cannot_be_drawn_stops_nobody_and_ends(desk: Desk, caplog: pytest.LogCaptureFixture):
    async with desk.db.write(desk.guild) as conn:
        nonsense = NewDelivery(kind="reminder", key="of nothing")
        await deliveries.plan(conn, desk.guild, desk.place, nonsense, due_at=desk.clock.now())
    await desk.owe(1)
    with caplog.at_level(logging.CRITICAL, "bot"):
        for _ in range(4):
            await desk.tick(minutes=6)
    states = await desk.states()
    assert states == [("reminder", "settled", "could not be drawn"), ("alert", "settled", "delivered")]
    await desk.enter(desk.clock.now(), ("side_state", "on_hold"))
    await desk.tick(seconds=80)
    assert any("on hold" in m["content"] for m in desk.sent())


async def test_a_slow_channel_holds_up_nobody(desk: Desk):
    others = [desk.server.add_channel(desk.guild, f"other-{i}") for i in range(10)]
    for channel in others:
        await desk.follow(desk.clock.now(), channel)
    await desk.owe()
    hang = desk.server.fault("POST", f"/channels/{desk.channel}/messages", "hang")
    await desk.bot.deliverer.begin(desk.clock.now())
    await desk.server.until(lambda: all(desk.sent(channel) for channel in others))
    assert desk.sent() == []
    hang.cancel()
    await desk.tick()
    await desk.tick(seconds=6)
    assert len(desk.sent()) == 1


async def test_many_first_dms_are_opened_slowly_and_hold_up_no_channel(desk: Desk):
    for i in range(70):
        user = desk.server.add_user(f"reader-{i}")
        desk.server.join(desk.guild, user)
        await desk.follow(desk.clock.now(), user=user)
    other = desk.server.add_channel(desk.guild, "other")
    await desk.follow(desk.clock.now(), other)
    await desk.owe()
    await desk.bot.deliverer.begin(desk.clock.now())
    await desk.server.until(lambda: desk.sent(other))
    opened = [r for r in desk.server.requests if r.path == "/users/@me/channels"]
    assert len(opened) <= 4  # Three at once, then one every two seconds.


async def test_a_planner_that_fails_does_not_stop_what_is_due(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    await desk.owe()

    async def failing(db: Database, now: object) -> None:
        raise RuntimeError("no plan")

    monkeypatch.setattr("bot.delivery.worker.PLANNERS", [failing, *PLANNERS])
    with caplog.at_level(logging.CRITICAL, "bot"):
        await desk.tick()
    assert await desk.states() == [SENT]


# Restarts


async def test_closing_amid_a_send_leaves_it_claimed_and_the_next_start_sends_it_once(desk: Desk):
    await desk.owe()
    hang = desk.server.fault("POST", "/channels/*/messages", "hang")
    await desk.bot.deliverer.begin(desk.clock.now())
    await desk.server.until(lambda: hang.hits)
    async with asyncio.timeout(5):
        await desk.bot.deliverer.close()
    assert [state for _, state, _ in await desk.states()] == ["claimed"]
    hang.cancel()
    await desk.restart()
    await desk.tick(seconds=10)
    assert await desk.states() == [SENT]
    assert len(desk.sent()) == 1


async def test_what_fell_due_while_the_bot_was_down_is_sent_after_the_start(desk: Desk):
    await desk.bot.deliverer.close()
    await desk.bot.close()
    await desk.owe(2)
    desk.clock.pass_(hours=2)
    await desk.restart()
    await desk.tick()
    assert len(desk.sent()) == 2
    assert all("late" in m["content"] for m in desk.sent())


async def test_an_outage_of_the_server_is_not_taken_for_leaving_it(desk: Desk):
    place = await desk.follow(desk.clock.now(), user=desk.member)
    gone = asyncio.ensure_future(desk.bot.wait_for("guild_unavailable", timeout=5))
    await asyncio.sleep(0)  # The waiting has to begin first.
    desk.server.dispatch("GUILD_DELETE", {"id": str(desk.guild), "unavailable": True})
    await gone
    await desk.owe()
    await desk.tick()
    assert {state for _, state, _ in await desk.states()} == {"planned"}
    assert await desk.reason(place) == ""
    back = asyncio.ensure_future(desk.bot.wait_for("guild_available", timeout=5))
    await asyncio.sleep(0)
    desk.server.invite(desk.guild)
    await back
    await desk.tick(seconds=11)
    assert [row[1:] for row in await desk.states()] == [SENT[1:]] * 2


# Confirmations


async def confirm(desk: Desk, user: int) -> int:
    place = await desk.follow(desk.clock.now(), user=user)
    async with desk.db.write(desk.guild) as conn:
        planned = await deliveries.confirm(
            conn, desk.guild, place, "first", Confirmation("follow", slug="drones"), now=desk.clock.now()
        )
    assert planned
    return planned


async def test_a_first_dm_tells_at_once_that_it_arrived(desk: Desk):
    delivery = await desk.bot.deliverer.send(await confirm(desk, desk.member))
    assert delivery.outcome == "delivered"
    (message,) = desk.server.dm(desk.member)
    assert message["content"].startswith("You follow **31 armed drones** in Newsroom.")
    async with desk.db.write(desk.guild) as conn:
        again = await deliveries.confirm(
            conn, desk.guild, delivery.destination_id, "second", Confirmation("follow"), now=desk.clock.now()
        )
    assert again is None


async def test_a_dm_channel_that_is_gone_is_opened_anew(desk: Desk):
    place = await desk.follow(desk.clock.now(), user=desk.member)
    await desk.owe()
    await desk.tick()
    assert len(desk.server.dm(desk.member)) == 1
    desk.server.remove_channel((await destinations.get(desk.db.read, place)).dm_channel_id or 0, tell=False)
    await desk.owe()
    await desk.tick()
    await desk.tick(minutes=1)
    assert len(desk.server.dm(desk.member)) == 1, "in the new channel"
    assert await desk.reason(place) == ""


async def test_a_first_dm_tells_at_once_that_dms_are_closed(desk: Desk):
    desk.server.dm_closed.add(desk.member)
    delivery = await desk.bot.deliverer.send(await confirm(desk, desk.member))
    assert (delivery.state, delivery.outcome) == ("settled", "DMs closed")


async def test_a_first_dm_that_takes_longer_is_queued(desk: Desk):
    planned = await confirm(desk, desk.member)
    hang = desk.server.fault("POST", "/channels/*/messages", "hang")
    delivery = await desk.bot.deliverer.send(planned, within=0.2)
    assert delivery.state == "claimed"
    hang.cancel()
    await desk.tick()
    await desk.tick(seconds=10)
    assert len(desk.server.dm(desk.member)) == 1


async def test_the_doubt_of_one_try_is_gone_after_a_clear_refusal(desk: Desk):
    await desk.owe()
    desk.server.fault("POST", "/channels/*/messages", 429, retry_after=40)
    await desk.tick()
    ((unknown,),) = await desk.db.read.execute_fetchall("SELECT unknown FROM delivery")
    assert unknown == 0
    assert (await deliveries.next_due(desk.db.read, desk.clock.now())) == desk.clock.now() + timedelta(seconds=40)
