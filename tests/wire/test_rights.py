"""Tests of asking Discord, over HTTP, whether a user is still a member: in time, concurrently and before deliveries."""

from __future__ import annotations

import asyncio

import pytest

from bot.memberships import ABSENCE_KEPT, MEMBERSHIP_KEPT, Memberships
from bot.rate_limit import RateLimits
from tests.wire.live_server import LiveServer, live

__all__ = ["live"]  # The fixture.


def asked(live: LiveServer, guild: int) -> int:
    return len([r for r in live.server.requests if r.path == f"/guilds/{guild}/members/{live.member}"])


async def second(live: LiveServer, *, joined: bool = True) -> int:
    guild = live.server.add_guild("Elsewhere", live.owner)
    if joined:
        live.server.join(guild, live.member)
    live.server.invite(guild)
    async with asyncio.timeout(5):
        while live.bot.get_guild(guild) is None:
            await asyncio.sleep(0)
    return guild


async def test_a_server_that_does_not_answer_in_time_is_unknown_and_known_the_next_time(live: LiveServer):
    slow, now = await second(live), live.clock.now()
    fault = live.server.fault("GET", f"/guilds/{slow}/members/*", "delay", seconds=0.2)
    found = await live.bot.memberships.still_in([live.guild, slow], live.member, now, within=0.1)
    assert found.joined == {live.guild}
    assert found.unknown == {slow}
    again = await live.bot.memberships.still_in([live.guild, slow], live.member, now, within=5)
    assert again.joined == {live.guild, slow}
    assert not again.unknown
    assert fault.hits == 1
    assert asked(live, slow) == 1  # The second call waited for the first request.


async def test_all_servers_are_asked_at_once(live: LiveServer):
    servers = [live.guild, *[await second(live) for _ in range(3)]]
    faults = [live.server.fault("GET", f"/guilds/{guild}/members/*", "hang") for guild in servers]
    looking = asyncio.create_task(live.bot.memberships.still_in(servers, live.member, live.clock.now(), within=5))
    await live.server.until(lambda: all(fault.hits for fault in faults))
    assert not looking.done()
    for fault in faults:
        fault.cancel()
    assert (await looking).joined == set(servers)  # The client repeats requests that were cut off.


async def test_membership_is_kept_for_an_hour_and_absence_for_a_minute(live: LiveServer):
    other, memberships, now = await second(live, joined=False), live.bot.memberships, live.clock.now()
    for _ in range(2):
        assert (await memberships.still_in([live.guild, other], live.member, now)).joined == {live.guild}
    assert (asked(live, live.guild), asked(live, other)) == (1, 1)
    live.server.join(other, live.member)
    assert await memberships.is_member(other, live.member, now)  # Deliveries ask again about an absent user.
    live.server.leave(other, live.member)
    await memberships.still_in([live.guild, other], live.member, now + MEMBERSHIP_KEPT)
    assert (asked(live, live.guild), asked(live, other)) == (2, 3)
    await memberships.still_in([other], live.member, now + MEMBERSHIP_KEPT + ABSENCE_KEPT)
    assert asked(live, other) == 4


async def test_an_answer_does_not_wait_behind_deliveries_and_counts_all_the_same(live: LiveServer):
    limits = RateLimits(requests=0.001)
    memberships = Memberships(live.bot, limits)
    for _ in range(5):
        await limits.requests.wait()
    waiting = asyncio.create_task(limits.requests.wait())
    found = await memberships.still_in([live.guild], live.member, live.clock.now(), within=5)
    assert found.joined == {live.guild}
    assert not waiting.done()
    waiting.cancel()
    fresh = RateLimits(requests=0.001)
    for _ in range(5):
        fresh.requests.count()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await fresh.requests.wait()
