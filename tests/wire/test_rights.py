"""Asking Discord who is still there, against a real HTTP server: in time, all at once, and not behind deliveries."""

from __future__ import annotations

import asyncio

import pytest

from bot.delivery.rate_limit import RateLimits
from bot.interactions.permissions import ABSENCE_KEPT, MEMBERSHIP_KEPT, Permissions
from tests.wire.desk import Desk, desk

__all__ = ["desk"]  # The fixture.


def asked(desk: Desk, guild: int) -> int:
    return len([r for r in desk.server.requests if r.path == f"/guilds/{guild}/members/{desk.member}"])


async def second(desk: Desk, *, joined: bool = True) -> int:
    guild = desk.server.add_guild("Elsewhere", desk.owner)
    if joined:
        desk.server.join(guild, desk.member)
    desk.server.invite(guild)
    async with asyncio.timeout(5):
        while desk.bot.get_guild(guild) is None:
            await asyncio.sleep(0)
    return guild


async def test_a_server_that_does_not_answer_in_time_is_unknown_and_known_the_next_time(desk: Desk):
    slow, now = await second(desk), desk.clock.now()
    fault = desk.server.fault("GET", f"/guilds/{slow}/members/*", "delay", seconds=0.2)
    found = await desk.bot.permissions.still_in([desk.guild, slow], desk.member, now, within=0.1)
    assert found.there == {desk.guild}
    assert found.unknown == {slow}
    again = await desk.bot.permissions.still_in([desk.guild, slow], desk.member, now, within=5)
    assert again.there == {desk.guild, slow}
    assert not again.unknown
    assert fault.hits == 1
    assert asked(desk, slow) == 1  # The second time waited for the first question.


async def test_all_servers_are_asked_at_once(desk: Desk):
    servers = [desk.guild, *[await second(desk) for _ in range(3)]]
    faults = [desk.server.fault("GET", f"/guilds/{guild}/members/*", "hang") for guild in servers]
    looking = asyncio.create_task(desk.bot.permissions.still_in(servers, desk.member, desk.clock.now(), within=5))
    await desk.server.until(lambda: all(fault.hits for fault in faults))
    assert not looking.done()
    for fault in faults:
        fault.cancel()
    assert (await looking).there == set(servers)  # The client asks again what was cut off.


async def test_membership_is_kept_for_an_hour_and_absence_for_a_minute(desk: Desk):
    other, permissions, now = await second(desk, joined=False), desk.bot.permissions, desk.clock.now()
    for _ in range(2):
        assert (await permissions.still_in([desk.guild, other], desk.member, now)).there == {desk.guild}
    assert (asked(desk, desk.guild), asked(desk, other)) == (1, 1)
    desk.server.join(other, desk.member)
    assert await permissions.is_member(other, desk.member, now)  # What is sent by itself asks anew.
    desk.server.leave(other, desk.member)
    await permissions.still_in([desk.guild, other], desk.member, now + MEMBERSHIP_KEPT)
    assert (asked(desk, desk.guild), asked(desk, other)) == (2, 3)
    await permissions.still_in([other], desk.member, now + MEMBERSHIP_KEPT + ABSENCE_KEPT)
    assert asked(desk, other) == 4


async def test_an_answer_does_not_wait_behind_deliveries_and_counts_all_the_same(desk: Desk):
    limits = RateLimits(requests=0.001)
    permissions = Permissions(desk.bot, limits)
    for _ in range(5):
        await limits.requests.wait()
    waiting = asyncio.create_task(limits.requests.wait())
    found = await permissions.still_in([desk.guild], desk.member, desk.clock.now(), within=5)
    assert found.there == {desk.guild}
    assert not waiting.done()
    waiting.cancel()
    fresh = RateLimits(requests=0.001)
    for _ in range(5):
        fresh.requests.count()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await fresh.requests.wait()
