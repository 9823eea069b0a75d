"""Tests of markers, by which sent messages are recognised after a restore: unique, and independent of row ids."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

from bot.ledger.due_dates import Offset
from bot.services import deliveries, destinations, guilds, markers, people, reminders, sources, updates
from bot.services.updates import Change
from bot.ui.ids import LIMIT, custom_id
from data.database import Connection, Database
from data.migrate import migrate
from data.records import Confirmation, Destination, NewDelivery, Notice, Outcome
from tests.services.outbound import REPORTED

GUILD, NOW = 9_007_199_254_740_993, datetime.fromisoformat("2027-03-01T08:00:00Z")


@asynccontextmanager
async def server(path: Path, first_id: int, words: str = "Call") -> AsyncIterator[dict[str, str]]:
    """Yield the markers of one delivery of each sort, in a database whose row ids start at `first_id`."""
    db = await Database.open(path)
    try:
        await migrate(db)
        async with db.write(GUILD) as conn:
            for table in ("person", "record", "destination", "reminder", "delivery", "ledger"):
                await conn.execute("INSERT INTO sqlite_sequence VALUES (?, ?)", (table, first_id))
            owner = await people.ensure(conn, 77)
            await guilds.ensure(conn, GUILD, name="Newsroom", owner_id=77)
            await guilds.configure(conn, GUILD, now=NOW, person_id=owner.id)
            source = await sources.ensure(conn, GUILD, title="A news article")
            fields = {"name": "Treaty", "state": "open", "item_kind": "signature"}
            changes = [Change("treaty", "pending", field, value, REPORTED, source) for field, value in fields.items()]
            await updates.append(conn, GUILD, changes, now=NOW, person_id=owner.id, origin="editor")
            yield await _marks(conn, owner.id, words)
    finally:
        await db.close()


async def _marks(conn: Connection, owner: int, words: str) -> dict[str, str]:
    channel = await destinations.ensure_channel(conn, GUILD, 1001, now=NOW, person_id=owner)
    person = await destinations.ensure_person(conn, GUILD, owner, now=NOW)
    own = await reminders.set_words(conn, person, words, NOW + timedelta(days=1), now=NOW, person_id=owner)
    twin = await reminders.set_words(
        conn, person, words, NOW + timedelta(days=1), now=NOW + timedelta(seconds=1), person_id=owner
    )
    ((item,),) = await conn.execute_fetchall("SELECT id FROM record WHERE slug = 'treaty'")
    await conn.execute(
        "INSERT INTO reminder (destination_id, record_id, created_at) VALUES (?, ?, '2027')", (person.id, item)
    )
    ((joined,),) = await conn.execute_fetchall("SELECT max(id) FROM reminder")
    notice = Notice(channel.id, "alert", Outcome.TARGET_GONE, "gone")
    follows, reminds = Confirmation("follow", slug="treaty"), Confirmation("remind", name=words)
    tomorrow, then = NOW + timedelta(days=1), NOW + timedelta(days=2)
    due_on, moved = date(2027, 3, 15), date(2027, 3, 16)
    owed: list[tuple[Destination, NewDelivery, datetime]] = [
        (channel, deliveries.alert_of("b1"), NOW),
        (channel, deliveries.alert_of("b2"), NOW),
        (person, deliveries.alert_of("b1"), NOW),
        (channel, deliveries.reminder_of_item(item, due_on, Offset.TWO_WEEKS), NOW),
        (channel, deliveries.reminder_of_item(item, due_on, Offset.ONE_WEEK), NOW),
        (channel, deliveries.reminder_of_item(item, moved, Offset.ONE_WEEK), NOW),
        (channel, deliveries.reminder_of_item(item, moved, Offset.OVERDUE), NOW),
        (person, deliveries.reminder_of_item(item, due_on, Offset.ONE_WEEK), NOW),
        (person, deliveries.reminder_at("words", own.id, tomorrow), tomorrow),
        (person, deliveries.reminder_at("words", twin.id, tomorrow), tomorrow),
        (person, deliveries.reminder_at("words", own.id, then), then),
        (person, deliveries.reminder_at("snooze", joined, then), then),
        (channel, deliveries.digest_of(date(2027, 3, 1)), NOW),
        (channel, deliveries.digest_of(date(2027, 3, 2)), NOW),
        (channel, deliveries.open_list_of(date(2027, 3, 1)), NOW),
        (person, deliveries.confirmation_of(f"first:{own.id}", follows), NOW),
        (person, deliveries.confirmation_of(f"first:{twin.id}", follows), NOW + timedelta(hours=1)),
        (person, deliveries.confirmation_of(f"remind:{own.id}", reminds), NOW),
        (person, deliveries.notice_of(f"{channel.id}:1", notice), NOW),
    ]
    found: dict[str, str] = {}
    for i, (place, new, due_at) in enumerate(owed):
        planned = await deliveries.plan(conn, GUILD, place.id, new, due_at=due_at)
        assert planned
        found[f"{i}: {new.kind}"] = await markers.of(conn, await deliveries.get(conn, planned), place)
    return found


async def test_a_marker_holds_nothing_that_another_file_counts_differently(tmp_path: Path):
    async with server(tmp_path / "a.db", 1) as ours, server(tmp_path / "b.db", 40_000) as theirs:
        assert ours == theirs
        assert len(set(ours.values())) == len(ours)
        assert all(len(marker) == 16 and int(marker, 16) >= 0 for marker in ours.values())


async def test_other_words_are_another_marker(tmp_path: Path):
    async with server(tmp_path / "a.db", 1) as ours, server(tmp_path / "b.db", 1, words="Write") as theirs:
        assert {name.split(": ")[1] for name in ours if ours[name] != theirs[name]} == {"reminder", "confirmation"}


async def test_the_day_counts_for_what_is_planned_anew_at_another_hour(tmp_path: Path):
    async with server(tmp_path / "a.db", 1) as ours:
        assert ours
    db = await Database.open(tmp_path / "a.db")
    try:
        rows = await db.read.execute_fetchall("SELECT id FROM delivery WHERE day IS NOT NULL OR due_on IS NOT NULL")
        ids = [id_ for (id_,) in rows]
        assert len(ids) == 8
        before = [await _mark(db, id_) for id_ in ids]
        async with db.write(GUILD) as conn:
            await conn.execute("UPDATE delivery SET due_at = '2027-03-09T09:00:00.000Z'")
        assert [await _mark(db, id_) for id_ in ids] == before
    finally:
        await db.close()


async def _mark(db: Database, delivery_id: int) -> str:
    delivery = await deliveries.get(db.read, delivery_id)
    return await markers.of(db.read, delivery, await destinations.get(db.read, delivery.destination_id))


def test_a_button_with_nonce_and_marker_fits_for_any_server():
    assert len(custom_id("sent.why", "0" * 24, "f" * 16, guild_id=2**64 - 1)) <= LIMIT
