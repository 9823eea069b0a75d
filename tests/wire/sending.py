"""A server on the loopback Discord (a local imitation) with a deal to follow, for tests of sending alerts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import cycle

from bot.services import destinations, follows, guilds, people, sources, updates
from bot.services.updates import Change
from data.database import Database
from data.records import Value
from tests.builders import on_day
from tests.wire.loopback import Loopback, Payload

SETTLED = timedelta(seconds=76)
STAGES = ("proposed", "requested", "under_review", "negotiating", "approved", "signed", "in_execution", "completed")


class MovedClock:
    """A clock for both the bot and the loopback Discord. It stands still until a test moves it."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def seconds(self) -> float:
        return self.at.timestamp()

    def pass_(self, **time: float) -> None:
        self.at += timedelta(**time)


class Newsroom:
    """A server on the loopback Discord that is set up in the database, with one deal for destinations to follow."""

    def __init__(self, server: Loopback, db: Database) -> None:
        self.server, self.db = server, db
        self.owner, self.member = server.add_user("asha"), server.add_user("ben")
        self.guild = server.add_guild("Newsroom", self.owner)
        server.join(self.guild, self.member)
        server.invite(self.guild)
        self.stages = cycle(STAGES)

    async def set_up(self, now: datetime) -> None:
        async with self.db.write(self.guild) as conn:
            owner = await people.ensure(conn, self.owner)
            await guilds.ensure(conn, self.guild, name="Newsroom", owner_id=self.owner)
            await guilds.configure(conn, self.guild, now=now, person_id=owner.id, zone="UTC")
            self.source = await sources.ensure(conn, self.guild, title="A news article")
        await self.enter(now, ("name", "31 armed drones"), ("stage", "unspecified"))
        async with self.db.write(self.guild) as conn:
            newest = await updates.newest_id(conn, self.guild)
            await conn.execute("UPDATE guild SET alerted_to = ?", (newest,))

    async def enter(self, now: datetime, *fields: tuple[str, Value], on: date = date(2026, 11, 20)) -> str:
        day = on_day(on)
        changes = [
            Change("drones", "deal", field, value, day, self.source, reason="reported") for field, value in fields
        ]
        async with self.db.write(self.guild) as conn:
            return await updates.append(conn, self.guild, changes, now=now, person_id=1, origin="editor")

    async def move(self, now: datetime, count: int = 1) -> list[str]:
        """Change the deal's stage `count` times, each in a batch of its own that alerts all followers.

        Return the ids of the batches.
        """
        return [await self.enter(now + timedelta(milliseconds=i), ("stage", next(self.stages))) for i in range(count)]

    async def follow(self, now: datetime, channel: int | None = None, user: int | None = None) -> int:
        """Let a channel or a user (the member unless given) follow the deal. Return the id of the destination."""
        async with self.db.write(self.guild) as conn:
            owner = await people.ensure(conn, self.owner)
            if channel is not None:
                place = await destinations.ensure_channel(conn, self.guild, channel, now=now, person_id=owner.id)
            else:
                person = await people.ensure(conn, user or self.member)
                place = await destinations.ensure_person(conn, self.guild, person.id, now=now)
            await follows.add(conn, place, "drones", now=now)
            return place.id

    async def states(self) -> list[tuple[str, str, str]]:
        """Return the kind, state and outcome of each delivery, in the order in which they were planned."""
        rows = await self.db.read.execute_fetchall("SELECT kind, state, outcome FROM delivery ORDER BY id")
        return [(kind, state, outcome) for kind, state, outcome in rows]


def nonce_of(message: Payload) -> str:
    """Return the nonce of the delivery that a message came from, as its *Why this?* button carries it."""
    raw = json.dumps(message["components"])
    return raw.split("sent.why:v1:")[1].split('"')[0].split(":")[1]


def nonces(messages: Iterable[Payload]) -> list[str]:
    return [nonce_of(message) for message in messages]
