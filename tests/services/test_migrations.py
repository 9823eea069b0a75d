"""A file of an earlier version with rows in every table that a migration touches, brought to the newest one."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.services import deliveries, destinations, guilds, markers, reminders, restores, updates, why
from bot.services.derived import bring_up_to_date
from bot.services.restores import Restored
from data.database import Database
from data.migrate import FOLDER, migrate
from data.records import Confirmation, Notice, OpenList
from tests.conftest import GUILD

NOW = datetime.fromisoformat("2027-03-01T08:00:00Z")
CHANNEL, PERSON = 1, 2  # Destinations.
TREATY, CALL, GONE = 1, 2, 40  # Reminders: of the item, in own words, and one that was cancelled.

_OF_0004 = f"""
INSERT INTO person (id, user_id) VALUES (1, 77);
INSERT INTO desk (guild_id, name, owner_id, set_up_at) VALUES ({GUILD}, 'Newsroom', 77, '2027-02-01T08:00:00.000Z');
INSERT INTO source (id, guild_id, title) VALUES (1, {GUILD}, 'A news article');
INSERT INTO record (id, guild_id, kind, slug) VALUES (3, {GUILD}, 'pending', 'treaty'), (4, {GUILD}, 'deal', 'drones');
INSERT INTO ledger (guild_id, record_id, action, field, value, precision, entered_at, source_id, batch, origin,
                    origin_key) VALUES
    ({GUILD}, 3, 'set', 'name', '"Treaty"', 'unknown', '2027-02-01T08:00:00.000Z', 1, 'b1', 'dossier',
     'talks/treaty/name'),
    ({GUILD}, 3, 'set', 'state', '"open"', 'unknown', '2027-02-01T08:00:00.000Z', 1, 'b1', 'dossier',
     'talks/treaty/state'),
    ({GUILD}, 3, 'set', 'item_kind', '"signature"', 'unknown', '2027-02-01T08:00:00.000Z', 1, 'b2', 'editor', ''),
    ({GUILD}, 3, 'set', 'basis', '"left open"', 'unknown', '2027-02-01T08:00:00.000Z', 1, 'b2', 'editor', ''),
    ({GUILD}, 3, 'set', 'zone', '"America/New_York"', 'unknown', '2027-02-01T08:00:00.000Z', 1, 'b2', 'editor', ''),
    ({GUILD}, 3, 'set', 'due', '{{"date":{{"precision":"day","first":"2027-03-15","last":"2027-03-15"}},
      "sureness":"fixed"}}', 'unknown', '2027-02-01T08:00:00.000Z', 1, 'b2', 'editor', ''),
    ({GUILD}, 4, 'set', 'name', '"Drones"', 'unknown', '2027-02-01T08:00:00.000Z', 1, 'b3', 'editor', '');
INSERT INTO destination (id, guild_id, channel_id, person_id, state, reason, created_at) VALUES
    (1, {GUILD}, 1001, NULL, 'paused', 'not permitted: the bot lacks View Channel: really', '2027-02-01T08:00:00.000Z'),
    (2, {GUILD}, NULL, 1, 'active', '', '2027-02-01T08:00:00.000Z'),
    (3, {GUILD}, 1002, NULL, 'paused', 'left the server', '2027-02-01T08:00:00.000Z');
INSERT INTO follow (destination_id, record_id, since, created_at) VALUES (2, 4, 0, '2027-02-01T08:00:00.000Z');
INSERT INTO reminder (id, destination_id, record_id, words, at, created_at) VALUES
    (1, 2, 3, '', NULL, '2027-02-01T08:00:00.000Z'),
    (2, 2, NULL, 'Call', '2027-03-01T09:00:00.000Z', '2027-02-01T08:00:00.000Z');
"""


@asynccontextmanager
async def upgraded(tmp_path: Path, owed: list[tuple[int, str, str, str | None]]) -> AsyncIterator[Database]:
    """Give a file of version 4 that holds these deliveries (destination, kind, key, payload), upgraded.

    One without a payload is settled.
    """
    folder, path = tmp_path / "migrations", tmp_path / "old.db"
    folder.mkdir()
    for number in ("0001", "0002", "0003", "0004"):
        shutil.copy(next(FOLDER.glob(f"{number}_*.sql")), folder)
    old = await Database.open(path)
    await migrate(old, folder)
    await old.close()
    with closing(sqlite3.connect(path)) as file:
        file.executescript(_OF_0004)
        for number, (destination, kind, key, payload) in enumerate(owed):
            due_at = key[-24:] if key.endswith("Z") else "2027-03-01T08:00:00.000Z"
            state, settled = ("settled", "2027-03-01T08:00:01.000Z") if payload is None else ("planned", None)
            file.execute(
                "INSERT INTO delivery (guild_id, destination_id, kind, key, due_at, next_try_at, nonce, payload, "
                "state, settled_at, outcome) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (GUILD, destination, kind, key, due_at, due_at, f"n{number}", payload, state, settled, "x"),
            )
        file.commit()
        assert file.execute("PRAGMA foreign_key_check").fetchall() == []
    db = await Database.open(path)
    try:
        await bring_up_to_date(db)
        yield db
    finally:
        await db.close()


_ABOUT = (
    "batch", "day", "occasion", "record_id", "due_on", "days_before", "reminder_id", "read_to", "with_open", "payload",
)  # fmt: skip


async def about(db: Database, delivery_id: int = 1) -> dict[str, Any]:
    """Return what a delivery is about, as far as its columns say something."""
    found = await deliveries.get(db.read, delivery_id)
    held = {name: getattr(found, name) for name in _ABOUT}
    return {name: value for name, value in held.items() if value is not None and value is not False and value != ""}


ITEM, INSTANT = {"record_id": 3, "due_on": date(2027, 3, 15)}, "2027-03-01T09:00:00.000Z"


@pytest.mark.parametrize(
    ("kind", "key", "payload", "expected"),
    [
        ("alert", "b3", "{}", {"batch": "b3"}),
        (
            "digest",
            "2027-03-01",
            '{"day":"2027-03-01","to":5,"open":true}',
            {"day": date(2027, 3, 1), "read_to": 5, "with_open": True},
        ),
        (
            "digest",
            "2027-03-02",
            '{"day":"2027-03-02","to":6,"open":false}',
            {"day": date(2027, 3, 2), "read_to": 6},
        ),
        (
            "open",
            "2027-03-01",
            '{"open":true,"to":7,"without":[3,4]}',
            {"day": date(2027, 3, 1), "read_to": 7, "with_open": True, "payload": OpenList([3, 4])},
        ),
        (
            "open",
            "2027-03-08",
            '{"open":true,"to":null,"without":[]}',
            {"day": date(2027, 3, 8), "with_open": True, "payload": OpenList([])},
        ),
        (
            "reminder",
            "item:3:2027-03-15:14",
            '{"slug":"treaty","due":"2027-03-15","lead":"14"}',
            ITEM | {"occasion": "before", "days_before": 14},
        ),
        (
            "reminder",
            "item:3:2027-03-15:0",
            '{"slug":"treaty","due":"2027-03-15","lead":"0"}',
            ITEM | {"occasion": "before", "days_before": 0},
        ),
        (
            "reminder",
            "item:3:2027-03-15:overdue",
            '{"slug":"treaty","due":"2027-03-15","lead":"overdue"}',
            ITEM | {"occasion": "overdue"},
        ),
        ("reminder", f"words:{CALL}:{INSTANT}", "{}", {"occasion": "words", "reminder_id": CALL}),
        ("reminder", f"snooze:{TREATY}:{INSTANT}", "{}", {"occasion": "snooze", "reminder_id": TREATY}),
        ("reminder", f"snooze:{GONE}:{INSTANT}", "{}", {"occasion": "snooze", "reminder_id": GONE}),
        (
            "confirmation",
            "first:1",
            '{"verb":"follow","slug":null}',
            {"payload": Confirmation("follow")},
        ),
        (
            "confirmation",
            "remind:2:1772352000",
            '{"verb":"remind","name":"Call \\"them\\""}',
            {"payload": Confirmation("remind", name='Call "them"')},
        ),
        (
            "notice",
            "1:9",
            '{"destination":1,"kind":"alert","outcome":"not permitted","words":"the bot lacks View Channel"}',
            {"payload": Notice(1, "alert", "not permitted", "the bot lacks View Channel")},
        ),
    ],
)
async def test_what_a_planned_delivery_is_about_is_read_from_its_old_key_and_payload(
    tmp_path: Path, kind: str, key: str, payload: str, expected: dict[str, Any]
):
    async with upgraded(tmp_path, [(PERSON, kind, key, payload), (CHANNEL, kind, key, None)]) as db:
        assert await about(db) == expected
        kept = {name: value for name, value in expected.items() if name not in ("read_to", "with_open", "payload")}
        assert await about(db, 2) == kept
        waiting, settled = [await deliveries.get(db.read, id_) for id_ in (1, 2)]
        assert (waiting.key, waiting.state, waiting.nonce) == (key, "planned", "n0")
        assert (settled.key, settled.state, settled.outcome) == (key, "settled", "x")


async def test_what_was_planned_before_is_not_planned_again_and_goes_on(tmp_path: Path):
    owed: list[tuple[int, str, str, str | None]] = [
        (PERSON, "alert", "b3", "{}"),
        (PERSON, "digest", "2027-03-01", '{"day":"2027-03-01","to":5,"open":true}'),
        (PERSON, "open", "2027-03-01", '{"open":true,"to":7,"without":[]}'),
        (PERSON, "reminder", "item:3:2027-03-15:14", '{"slug":"treaty","due":"2027-03-15","lead":"14"}'),
        (PERSON, "reminder", "item:3:2027-03-15:overdue", None),
        (PERSON, "reminder", f"words:{CALL}:{INSTANT}", "{}"),
        (PERSON, "reminder", f"snooze:{TREATY}:{INSTANT}", "{}"),
        (PERSON, "confirmation", "first:1", '{"verb":"follow","slug":"drones"}'),
    ]
    at = datetime.fromisoformat(INSTANT)
    async with upgraded(tmp_path, owed) as db:
        async with db.write(GUILD) as conn:
            for new in (
                deliveries.alert_of("b3"),
                deliveries.digest_of(date(2027, 3, 1), read_to=5),
                deliveries.open_list_of(date(2027, 3, 1)),
                deliveries.reminder_of_item(3, date(2027, 3, 15), 14),
                deliveries.reminder_of_item(3, date(2027, 3, 15), None),
                deliveries.reminder_at("words", CALL, at),
                deliveries.reminder_at("snooze", TREATY, at),
                deliveries.confirmation_of("first:1", Confirmation("follow", slug="drones")),
            ):
                assert await deliveries.plan(conn, GUILD, PERSON, new, due_at=NOW) is None, new
            await deliveries.settle(conn, 2, deliveries.DELIVERED, now=NOW)
        place = await destinations.get(db.read, PERSON)
        assert (place.digested_to, place.digests_sent, place.mondays) == (5, 1, 1)
        found = [await deliveries.get(db.read, id_) for id_ in range(1, 9)]
        assert [await deliveries.about(db.read, one) for one in found] == [
            "Drones", "", "", "Treaty", "Treaty", "Call", "Treaty", "",
        ]  # fmt: skip
        explained = [await why.explain(db.read, GUILD, f"n{number}") for number in range(8)]
        assert [one.item for one in explained] == [None, None, None, 3, 3, None, 3, None]
        restored = Restored(NOW, 0, NOW)
        assert [restores.earliest(one).isoformat()[:10] for one in found] == [
            "2027-03-01", "2027-02-28", "2027-02-28", "2027-02-28", "2027-03-01", "2027-03-01", "2027-03-01",
            "2027-03-01",
        ]  # fmt: skip
        assert restores.may_have_come(restored, found[0])
        told = await reminders.load(db.read, found[3], place, NOW)
        assert not isinstance(told, str)
        assert told.item is not None
        assert told.item.item.zone == "America/New_York"


MARKED: list[tuple[int, str, str, str | None, str]] = [
    (CHANNEL, "alert", "b3", "{}", "f038afee65265d92"),
    (PERSON, "digest", "2027-03-01", '{"day":"2027-03-01","to":5,"open":true}', "d6362af31c88ab9c"),
    (CHANNEL, "open", "2027-03-01", '{"open":true,"to":7,"without":[]}', "c51ab725df2d72ea"),
    (
        CHANNEL,
        "reminder",
        "item:3:2027-03-15:14",
        '{"slug":"treaty","due":"2027-03-15","lead":"14"}',
        "d4b87e4ce48b81ca",
    ),
    (
        PERSON,
        "reminder",
        "item:3:2027-03-15:overdue",
        '{"slug":"treaty","due":"2027-03-15","lead":"overdue"}',
        "37e1321379834dd4",
    ),
    (PERSON, "reminder", "words:2:2027-03-01T09:00:00.000Z", "{}", "a2d556ffa94ac00f"),
    (PERSON, "reminder", "snooze:1:2027-03-01T09:00:00.000Z", "{}", "9ed783b13fe18541"),
    (PERSON, "confirmation", "first:1", '{"verb":"follow","slug":"drones"}', "6d3310576f0555bd"),
    (
        PERSON,
        "notice",
        "1:9",
        '{"destination":1,"kind":"alert","outcome":"not permitted","words":"the bot lacks View Channel"}',
        "894c66ef496390aa",
    ),
]
"""Deliveries, each with the marker that the version before gave to its message."""


async def test_a_message_that_was_sent_before_is_recognised_by_the_marker_it_was_sent_with(tmp_path: Path):
    async with upgraded(tmp_path, [one[:4] for one in MARKED]) as db:
        found = [await deliveries.get(db.read, number) for number in range(1, len(MARKED) + 1)]
        marked = [await markers.of(db.read, one, await destinations.get(db.read, one.destination_id)) for one in found]
    assert marked == [one[4] for one in MARKED]


async def test_why_a_destination_is_paused_stands_in_columns_of_its_own(tmp_path: Path):
    async with upgraded(tmp_path, []) as db:
        found = [await destinations.get(db.read, id_) for id_ in (1, 2, 3)]
        assert [(one.state, one.outcome, one.reason) for one in found] == [
            ("paused", "not permitted", "the bot lacks View Channel: really"),
            ("active", "", ""),
            ("paused", destinations.LEFT, ""),
        ]
        assert [one.id for one in await destinations.list_paused(db.read, GUILD)] == [1]


async def test_updates_know_their_dossier_and_pending_items_their_columns(tmp_path: Path):
    async with upgraded(tmp_path, []) as db:
        history = await updates.history(db.read, GUILD, "treaty")
        assert [update.dossier for update in history] == ["talks", "talks", "", "", "", ""]
        assert (await guilds.holdings(db.read, GUILD)).dossiers == ("talks",)
        rows = await db.read.execute_fetchall(
            "SELECT slug, item_kind, basis, zone, due_on, opened_by FROM record ORDER BY id"
        )
        opened_by = '{"value":null,"date":{"precision":"unknown"},"update":2,"source":1}'
        assert [tuple(row) for row in rows] == [
            ("treaty", "signature", "left open", "America/New_York", "2027-03-15", opened_by),
            ("drones", "", "", None, None, None),
        ]
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            async with db.write(GUILD) as conn:
                await conn.execute("UPDATE ledger SET dossier = 'other'")
