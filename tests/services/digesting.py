"""Fixtures for tests of digests: a server with one deal, and a channel that has received its first digest."""

from __future__ import annotations

import pytest

from bot import dates
from bot.message_contents import Digest
from bot.services import destinations, digests, guilds
from data.records import Destination
from tests.services.outbound import GUILD, Outbound, at

START = at("2027-03-01 12:00")  # A Monday.


@pytest.fixture
async def there(db, guild, source) -> Outbound:
    """Return the server on Monday 1 March 2027, with one deal under negotiation."""
    server = Outbound(db, source, START)
    await server.enter("drones", "deal", name="31 armed drones", stage="negotiating")
    return server


@pytest.fixture
async def channel(there: Outbound) -> Destination:
    """Return a channel that has a digest on weekdays, and received the first one on Tuesday 2 March 2027 at 09:00."""
    await there.digest(await there.channel())
    assert [sent.kind for sent in await there.go_to("2027-03-02 09:00")] == ["digest"]
    return await destinations.get(there.db.read, (await there.channel()).id)


async def value(there: Outbound, place: Destination) -> Digest:
    """Return the digest that a destination would receive at the server's present time, not yet rendered."""
    guild = await guilds.get(there.db.read, GUILD)
    place = await destinations.get(there.db.read, place.id)
    day = dates.local_date(there.now, place.zone)
    return await digests.collect(there.db.read, place, guild, now=there.now, day=day, at=there.now)


async def value_at(there: Outbound, place: Destination, moment: str) -> Digest:
    there.now = at(moment)
    return await value(there, place)
