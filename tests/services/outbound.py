"""A server with a clock of its own, for tests of deliveries: it plans, renders and settles them at any moment."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from bot import dates
from bot.delivery.kinds import PLANNERS, RENDERERS, DueDelivery, NothingToSend
from bot.ledger.due_dates import Offset, offset_of
from bot.services import deliveries, destinations, digests, follows, people, records, reminders, updates
from bot.services.updates import Change
from bot.ui.messages import Message
from data.database import Database
from data.records import Delivery, Destination, Due, FactDate, Opened, Outcome, Sureness
from tests.builders import due_value, on_day

GUILD, CHANNEL, OTHER_CHANNEL = 1000, 1001, 1002
ZONE = "Asia/Kolkata"
REPORTED = on_day("2023-11-10")


def day(text: str) -> date:
    return date.fromisoformat(text)


def at(text: str, zone: str = ZONE) -> datetime:
    """Return the instant of a wall time in a zone, such as "2027-03-01 09:00". Without a time, 09:00 is meant."""
    on, _, clock = text.partition(" ")
    return dates.local_instant(day(on), time.fromisoformat(clock or "09:00"), zone)


def due(text: str, sureness: Sureness = "fixed") -> Due:
    return due_value(text, sureness)


def all_texts(view: Any) -> str:
    return "\n".join(child.content for child in view.walk_children() if hasattr(child, "content"))


def lead_of(sent: Delivery) -> Offset | None:
    """Return the offset from the due date at which a reminder of an item was sent, or None for any other delivery."""
    return offset_of(sent)


class Outbound:
    """A server on a real database, whose clock (`now`) a test moves and whose deliveries are settled without Discord.

    `last` is the text of the message that was rendered last.
    """

    def __init__(self, db: Database, source: int, start: datetime) -> None:
        self.db, self.source, self.now = db, source, start

    # The record

    async def enter(
        self, record: str, kind: str, origin: str = "editor", on: FactDate = REPORTED, **fields: Any
    ) -> str:
        changes = [Change(record, kind, field, value, on, self.source) for field, value in fields.items()]
        async with self.db.write(GUILD) as conn:
            return await updates.append(
                conn,
                GUILD,
                changes,
                now=self.now,
                person_id=1,
                origin=origin,  # type: ignore[arg-type]  # one of the two
            )

    async def item(self, slug: str, **fields: Any) -> Opened:
        """Enter an open pending item with a fact date in 2023, and return it. `fields` override its defaults."""
        fields = {"name": slug.capitalize(), "state": "open", "item_kind": "signature"} | fields
        await self.enter(slug, "pending", **fields)
        return await records.get(self.db.read, GUILD, slug)

    # Who is told

    async def channel(self, channel_id: int = CHANNEL) -> Destination:
        async with self.db.write(GUILD) as conn:
            return await destinations.ensure_channel(conn, GUILD, channel_id, now=self.now, person_id=1)

    async def person(self, user_id: int = 500) -> Destination:
        async with self.db.write(GUILD) as conn:
            person = await people.ensure(conn, user_id)
            return await destinations.ensure_person(conn, GUILD, person.id, now=self.now)

    async def join(self, place: Destination, slug: str) -> bool:
        async with self.db.write(GUILD) as conn:
            opened = await records.get(conn, GUILD, slug)
            return await reminders.join(conn, place, opened, now=self.now, person_id=1)

    async def follow(self, place: Destination, slug: str | None, **more: Any) -> None:
        async with self.db.write(GUILD) as conn:
            await follows.add(conn, place, slug, now=self.now, **more)

    async def digest(self, place: Destination, **more: Any) -> Destination:
        async with self.db.write(GUILD) as conn:
            return await digests.set_up(conn, place, now=self.now, person_id=1, **more)

    # Time

    async def go_to(self, moment: str | datetime) -> list[Delivery]:
        """Move the clock to a moment, as if the bot had been down until then. Return the deliveries sent, in order."""
        self.now = at(moment) if isinstance(moment, str) else moment
        await self.plan()
        return await self.send()

    async def plan(self) -> None:
        for planner in PLANNERS:
            await planner(self.db, self.now)

    async def live_to(self, moment: str) -> list[tuple[date, Delivery]]:
        """Run the bot from now to a moment, with a tick each hour. Return each delivery sent, with its local date."""
        deliveries_sent = []
        while self.now < at(moment):
            step = min(self.now + timedelta(hours=1), at(moment))
            deliveries_sent += [(dates.local_date(step, ZONE), sent) for sent in await self.go_to(step)]
        return deliveries_sent

    async def send(self) -> list[Delivery]:
        """Render and settle all planned deliveries of active destinations, as the delivery worker does, in order.

        Return those that became a message.
        """
        rows = await self.db.read.execute_fetchall(
            "SELECT v.id FROM delivery v JOIN destination d ON d.id = v.destination_id "
            "WHERE v.state = 'planned' AND d.state = 'active' ORDER BY v.due_at, v.id"
        )
        sent = []
        for (id_,) in list(rows):
            drawn = await self.draw(await deliveries.get(self.db.read, id_))
            async with self.db.write(GUILD) as conn:
                if isinstance(drawn, NothingToSend):
                    await deliveries.settle(conn, id_, drawn.outcome, now=self.now, detail=drawn.detail)
                else:
                    outcome = Outcome.DELIVERED
                    await deliveries.settle(conn, id_, outcome, now=self.now, channel_id=1, message_id=id_)
                    sent.append(await deliveries.get(conn, id_))
        return sent

    async def draw(self, delivery: Delivery) -> Message | NothingToSend:
        place = await destinations.get(self.db.read, delivery.destination_id)
        drawn = await RENDERERS[delivery.kind](self.db.read, DueDelivery(delivery, place, self.now))
        if isinstance(drawn, Message):
            self.last = drawn.content or all_texts(drawn.view)
        return drawn

    async def waiting(self) -> list[Delivery]:
        rows = await self.db.read.execute_fetchall("SELECT id FROM delivery WHERE state = 'planned' ORDER BY id")
        return [await deliveries.get(self.db.read, id_) for (id_,) in rows]

    async def settled(self, kind: str) -> list[tuple[str, str]]:
        """Return the key and the outcome of each settled delivery of a kind, in the order of their due times."""
        rows = await self.db.read.execute_fetchall(
            "SELECT key, outcome FROM delivery WHERE state = 'settled' AND kind = ? ORDER BY due_at, id", (kind,)
        )
        return [(key, outcome) for key, outcome in rows]
