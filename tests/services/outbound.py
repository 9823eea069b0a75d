"""A server in which items fall due, people are reminded and digests come, at whatever moment a test says."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from bot import dates
from bot.delivery.kinds import RENDERERS, Gone, Owed, plan_alerts
from bot.delivery.planning import plan_delivery_times, plan_instants
from bot.ledger.due_dates import Offset
from bot.services import deliveries, destinations, digests, follows, people, records, reminders, updates
from bot.services.updates import Change
from bot.ui.messages import Message
from data.database import Database
from data.records import Delivery, Destination, Due, FactDate, Opened, Sureness
from tests.builders import due_value, on_day

GUILD, CHANNEL, OTHER_CHANNEL = 1000, 1001, 1002
ZONE = "Asia/Kolkata"
REPORTED = on_day("2023-11-10")


def day(text: str) -> date:
    return date.fromisoformat(text)


def at(text: str, zone: str = ZONE) -> datetime:
    """Return the instant of a wall time such as "2027-03-01 09:00"."""
    on, _, clock = text.partition(" ")
    return dates.local_instant(day(on), time.fromisoformat(clock or "09:00"), zone)


def due(text: str, sureness: Sureness = "fixed") -> Due:
    return due_value(text, sureness)


def all_texts(view: Any) -> str:
    return "\n".join(child.content for child in view.walk_children() if hasattr(child, "content"))


def lead_of(sent: Delivery) -> Offset | None:
    """Return when a reminder of an item came: so many days before its due date, or after it."""
    return "overdue" if sent.occasion == "overdue" else sent.days_before


class Outbound:
    """The server, its clock and its outbox. `start` is the instant at which it began."""

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
        """Enter a new open item, dated long enough ago for digests to include it."""
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
        """Start the bot at this moment, after it was down until then, and send what is due. Return it in order."""
        self.now = at(moment) if isinstance(moment, str) else moment
        await self.plan()
        return await self.send()

    async def plan(self) -> None:
        for planner in (plan_alerts, plan_instants, plan_delivery_times):
            await planner(self.db, self.now)

    async def live_to(self, moment: str) -> list[tuple[date, Delivery]]:
        """Let the bot run from now to then with a tick each hour. Return what was sent, with the local date."""
        found = []
        while self.now < at(moment):
            step = min(self.now + timedelta(hours=1), at(moment))
            found += [(dates.local_date(step, ZONE), sent) for sent in await self.go_to(step)]
        return found

    async def send(self) -> list[Delivery]:
        """Render and settle what is due, as the delivery worker does."""
        rows = await self.db.read.execute_fetchall(
            "SELECT v.id FROM delivery v JOIN destination d ON d.id = v.destination_id "
            "WHERE v.state = 'planned' AND d.state = 'active' ORDER BY v.due_at, v.id"
        )
        sent = []
        for (id_,) in list(rows):
            drawn = await self.draw(await deliveries.get(self.db.read, id_))
            async with self.db.write(GUILD) as conn:
                if isinstance(drawn, Gone):
                    await deliveries.settle(conn, id_, drawn.outcome, now=self.now, detail=drawn.detail)
                else:
                    outcome = deliveries.DELIVERED
                    await deliveries.settle(conn, id_, outcome, now=self.now, channel_id=1, message_id=id_)
                    sent.append(await deliveries.get(conn, id_))
        return sent

    async def draw(self, delivery: Delivery) -> Message | Gone:
        place = await destinations.get(self.db.read, delivery.destination_id)
        drawn = await RENDERERS[delivery.kind](self.db.read, Owed(delivery, place, self.now))
        if isinstance(drawn, Message):
            self.last = drawn.content or all_texts(drawn.view)
        return drawn

    async def waiting(self) -> list[Delivery]:
        rows = await self.db.read.execute_fetchall("SELECT id FROM delivery WHERE state = 'planned' ORDER BY id")
        return [await deliveries.get(self.db.read, id_) for (id_,) in rows]

    async def settled(self, kind: str) -> list[tuple[str, str]]:
        """Return key and outcome of each delivery that is settled."""
        rows = await self.db.read.execute_fetchall(
            "SELECT key, outcome FROM delivery WHERE state = 'settled' AND kind = ? ORDER BY due_at, id", (kind,)
        )
        return [(key, outcome) for key, outcome in rows]
