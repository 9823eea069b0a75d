"""A server whose channel had its first digest, and what the next one would be."""

from __future__ import annotations

import pytest

from bot import dates
from bot.ledger.due_dates import Digest
from bot.services import destinations, digests, guilds
from data.records import Destination
from tests.services.outbound import GUILD, Outbound, at

START = at("2027-03-01 12:00")  # A Monday.


@pytest.fixture
async def there(db, guild, source) -> Outbound:
    found = Outbound(db, source, START)
    await found.enter("drones", "deal", name="31 armed drones", stage="negotiating")
    return found


@pytest.fixture
async def channel(there: Outbound) -> Destination:
    """Return a channel whose weekday digest was sent once already, on Tuesday 2 March."""
    await there.digest(await there.channel())
    assert [sent.kind for sent in await there.go_to("2027-03-02 09:00")] == ["digest"]
    return await destinations.get(there.db.read, (await there.channel()).id)


async def value(there: Outbound, place: Destination) -> Digest:
    """Return the digest as it would be at this instant."""
    guild = await guilds.get(there.db.read, GUILD)
    place = await destinations.get(there.db.read, place.id)
    day = dates.local_date(there.now, place.zone)
    return await digests.plan_digest(there.db.read, place, guild, now=there.now, day=day, at=there.now)


async def value_at(there: Outbound, place: Destination, moment: str) -> Digest:
    there.now = at(moment)
    return await value(there, place)
