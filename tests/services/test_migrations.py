"""Tests of migrations: a database of an earlier version, with rows in every table concerned, is upgraded."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, closing
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.ledger.due_dates import Offset, item_of
from bot.ledger.source_lines import Description
from bot.services import (
    deliveries,
    destinations,
    dossier_records,
    follows,
    guilds,
    loaded_dossiers,
    markers,
    people,
    questions,
    records,
    reminders,
    restores,
    search,
    sources,
    updates,
    why,
)
from bot.services.derived import bring_up_to_date
from bot.services.lists import PendingListing, SearchListing
from bot.services.questions import Counts
from bot.services.restores import Restored
from bot.services.search import Wanted
from data.database import Database
from data.migrate import FOLDER, migrate
from data.records import Confirmation, FactDate, Notice, OpenList, Outcome, Source
from tests.builders import on_day
from tests.conftest import GUILD, OTHER_GUILD

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


async def old_file(tmp_path: Path, version: int) -> Path:
    """Return the path of an empty database with the schema of an earlier version."""
    folder, path = tmp_path / "migrations", tmp_path / "old.db"
    folder.mkdir()
    for number in range(1, version + 1):
        shutil.copy(next(FOLDER.glob(f"{number:04}_*.sql")), folder)
    old = await Database.open(path)
    await migrate(old, folder)
    await old.close()
    return path


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Database]:
    """Yield an open database after upgrading its file to the newest version."""
    db = await Database.open(path)
    try:
        await bring_up_to_date(db)
        yield db
    finally:
        await db.close()


@asynccontextmanager
async def upgraded(tmp_path: Path, owed: list[tuple[int, str, str, str | None]]) -> AsyncIterator[Database]:
    """Yield an upgraded database that contained these deliveries at version 4.

    A delivery is a tuple of destination id, kind, key and payload. Without a payload it is a settled one.
    """
    path = await old_file(tmp_path, 4)
    with closing(sqlite3.connect(path)) as file:
        file.executescript(_OF_0004)
        for number, (destination, kind, key, payload) in enumerate(owed):
            due_at = key[-24:] if key.endswith("Z") else "2027-03-01T08:00:00.000Z"
            state, settled = ("settled", "2027-03-01T08:00:01.000Z") if payload is None else ("planned", None)
            file.execute(
                "INSERT INTO delivery (guild_id, destination_id, kind, key, due_at, next_try_at, nonce, payload, "
                "state, settled_at, outcome) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    GUILD,
                    destination,
                    kind,
                    key,
                    due_at,
                    due_at,
                    f"n{number}",
                    payload,
                    state,
                    settled,
                    Outcome.REPLACED,
                ),
            )
        file.commit()
        assert file.execute("PRAGMA foreign_key_check").fetchall() == []
    async with opened(path) as db:
        yield db


_ABOUT = (
    "batch", "day", "occasion", "record_id", "due_on", "days_before", "reminder_id", "read_to", "with_open", "payload",
)  # fmt: skip


async def about(db: Database, delivery_id: int = 1) -> dict[str, Any]:
    """Return those columns of a delivery that say what it is about, by name, without empty ones."""
    delivery = await deliveries.get(db.read, delivery_id)
    columns = {name: getattr(delivery, name) for name in _ABOUT}
    return {name: value for name, value in columns.items() if value is not None and value is not False and value != ""}


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
            {"payload": Notice(1, "alert", Outcome.NOT_PERMITTED, "the bot lacks View Channel")},
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
        assert (settled.key, settled.state, settled.outcome) == (key, "settled", Outcome.REPLACED)


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
                deliveries.reminder_of_item(3, date(2027, 3, 15), Offset.TWO_WEEKS),
                deliveries.reminder_of_item(3, date(2027, 3, 15), Offset.OVERDUE),
                deliveries.reminder_at("words", CALL, at),
                deliveries.reminder_at("snooze", TREATY, at),
                deliveries.confirmation_of("first:1", Confirmation("follow", slug="drones")),
            ):
                assert await deliveries.plan(conn, GUILD, PERSON, new, due_at=NOW) is None, new
            await deliveries.settle(conn, 2, Outcome.DELIVERED, now=NOW)
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
        assert item_of(told.item.record, told.item.zone).zone == "America/New_York"


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
"""Deliveries as `upgraded` takes them, each followed by the marker that version 4 put on its message."""


async def test_a_message_that_was_sent_before_is_recognised_by_the_marker_it_was_sent_with(tmp_path: Path):
    async with upgraded(tmp_path, [columns[:4] for columns in MARKED]) as db:
        sent = [await deliveries.get(db.read, number) for number in range(1, len(MARKED) + 1)]
        marked = [await markers.of(db.read, row, await destinations.get(db.read, row.destination_id)) for row in sent]
    assert marked == [columns[4] for columns in MARKED]


async def test_why_a_destination_is_paused_stands_in_columns_of_its_own(tmp_path: Path):
    async with upgraded(tmp_path, []) as db:
        found = [await destinations.get(db.read, id_) for id_ in (1, 2, 3)]
        assert [(one.state, one.outcome, one.reason) for one in found] == [
            ("paused", "not permitted", "the bot lacks View Channel: really"),
            ("active", "", ""),
            ("paused", Outcome.LEFT_SERVER, ""),
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


# Version 10: dossiers


async def test_dossiers_keep_their_records_under_their_keys(tmp_path: Path):
    async with upgraded(tmp_path, []) as db:
        (dossier,) = await loaded_dossiers.list_loaded(db.read, GUILD)
        assert (dossier.slug, dossier.name, dossier.newest, dossier.facts) == ("talks", "talks", None, 2)
        (known,) = await dossier_records.list_known(db.read, GUILD, "talks")
        assert (known.key, known.slug, known.chosen) == ("treaty", "treaty", "new")
        assert await loaded_dossiers.list_melted(db.read, GUILD) == []


async def test_records_that_dossiers_melted_together_are_known_and_the_newest_fact_of_each_dossier(tmp_path: Path):
    path = await old_file(tmp_path, 4)
    with closing(sqlite3.connect(path)) as file:
        file.executescript(_OF_0004)
        file.executescript(f"""
INSERT INTO ledger (guild_id, record_id, action, field, value, precision, fact_from, fact_to, entered_at, source_id,
                    batch, origin, origin_key, person_id) VALUES
    ({GUILD}, 3, 'set', 'name', '"Treaty of tea"', 'day', '2026-05-05', '2026-05-05', '2027-02-02T08:00:00.000Z', 1,
     'b4', 'dossier', 'tea/treaty/name', 1),
    ({GUILD}, 3, 'set', 'summary', '"Short."', 'month', '2024-03-01', '2024-03-31', '2027-02-02T08:00:00.000Z', 1,
     'b4', 'dossier', 'tea/treaty/summary', 1);
""")
    async with opened(path) as db:
        talks, tea = await loaded_dossiers.list_loaded(db.read, GUILD)
        assert (tea.slug, tea.loaded_by, tea.facts) == ("tea", 77, 2)
        assert tea.newest == FactDate("month", date(2024, 3, 1), date(2024, 3, 31))
        assert talks.newest is None
        (melted,) = await loaded_dossiers.list_melted(db.read, GUILD)
        assert (melted.name, melted.dossiers) == ("Treaty of tea", ["talks", "tea"])


# Version 6: the names of tables and columns

_OF_0005 = f"""
{_OF_0004}
UPDATE desk SET alerted_to = 3, zone = 'Asia/Kolkata';
INSERT INTO desk (guild_id, name, owner_id) VALUES ({OTHER_GUILD}, 'Elsewhere', 78);
INSERT INTO record (id, guild_id, kind, slug) VALUES (5, {GUILD}, 'deal', 'accord'), (6, {GUILD}, 'deal', 'oetztal'),
    (7, {GUILD}, 'participant', 'us'), (8, {GUILD}, 'deal', 'tanks');
INSERT INTO ledger (guild_id, record_id, action, field, value, fact_from, fact_to, precision, entered_at, source_id,
                    batch, origin) VALUES
    ({GUILD}, 5, 'set', 'name', '"accord"', NULL, NULL, 'unknown', '2027-02-01T08:00:00.000Z', 1, 'b4', 'editor'),
    ({GUILD}, 5, 'set', 'party', '{{"record":"us","role":"buyer"}}', '2023-11-10', '2023-11-10', 'day',
     '2027-02-01T08:00:00.000Z', 1, 'b4', 'editor'),
    ({GUILD}, 6, 'set', 'name', '"ÖTZTAL"', NULL, NULL, 'unknown', '2027-02-01T08:00:00.000Z', 1, 'b4', 'editor'),
    ({GUILD}, 6, 'set', 'party', '{{"record":"us","role":"buyer"}}', NULL, NULL, 'unknown',
     '2027-02-01T08:00:00.000Z', 1, 'b4', 'editor'),
    ({GUILD}, 7, 'set', 'name', '"U.S. government"', NULL, NULL, 'unknown', '2027-02-01T08:00:00.000Z', 1, 'b4',
     'editor'),
    ({GUILD}, 8, 'set', 'name', '"Tanks"', '2020-01-01', '2020-01-01', 'day', '2027-02-01T08:00:00.000Z', 1, 'b4',
     'editor'),
    ({GUILD}, 8, 'set', 'stage', '"signed"', '2024-03-05', '2024-03-05', 'day', '2027-02-01T08:00:00.000Z', 1, 'b4',
     'editor'),
    ({GUILD}, 8, 'set', 'party', '{{"record":"us","role":"buyer"}}', '2020-01-01', '2020-01-01', 'day',
     '2027-02-01T08:00:00.000Z', 1, 'b4', 'editor');
-- What the version before derived, as far as the new one must not read it.
UPDATE record SET name = 'as before', live = 1, text_id = 1 WHERE id = 8;
INSERT INTO link (from_id, field, role, to_id) VALUES (8, 'party', 'seller', 7);
INSERT INTO was (record_id, from_on, live, stage, open) VALUES (8, '2019-01-01', 1, 'signed', 0);
INSERT INTO text (rowid, tags, name, body) VALUES (1, 'g{GUILD}', 'as before', 'as before');
INSERT INTO name (guild_id, norm, how, record_id, kind) VALUES ({GUILD}, 'as before', 0, 8, 'deal');
INSERT INTO meta (key, value) VALUES ('derived', '6');
INSERT INTO question (id, guild_id, person_id, text, asked_at, filed_at, unanswered) VALUES
    (1, {GUILD}, 1, '{{"asked":"Who makes the \\"drones\\"?"}}', '2027-03-01T07:00:00.000Z', NULL, 1),
    (2, {GUILD}, 1, '{{"asked":"Filed once?"}}', '2027-02-27T07:00:00.000Z', '2027-02-27T07:00:00.000Z', 0),
    (3, {GUILD}, 1, '{{"asked":"Filed often?","times":4}}', '2027-02-28T07:00:00.000Z', '2027-02-28T07:00:00.000Z', 0),
    (4, {GUILD}, 1, '{{"kind":"pending","linked":["treaty"],"words":"Treaty"}}', '2027-03-01T07:00:00.000Z', NULL, 0),
    (5, {GUILD}, 1, '{{"wanted":{{"text":"drones","kind":"deal"}}}}', '2027-03-01T07:00:00.000Z', NULL, 0),
    (6, {GUILD}, 1, '{{"search":"drones"}}', '2027-03-01T07:00:00.000Z', NULL, 0);
INSERT INTO destination (id, guild_id, channel_id, state, hour_on, next_hour_at, digest_at, created_at) VALUES
    (4, {GUILD}, 1004, 'active', '2027-02-26', '2027-03-01T07:30:00.000Z', '13:00', '2027-02-01T08:00:00.000Z'),
    (5, {GUILD}, 1005, 'active', '2027-03-01', '2027-03-02T07:30:00.000Z', '13:00', '2027-02-01T08:00:00.000Z');
INSERT INTO follow (destination_id, record_id, since, created_at) VALUES (4, NULL, 0, '2027-02-01T08:00:00.000Z');
"""


@pytest.fixture
async def renamed(tmp_path: Path) -> AsyncIterator[Database]:
    """Yield an upgraded database that was filled at version 5, before tables and columns were renamed."""
    path = await old_file(tmp_path, 5)
    with closing(sqlite3.connect(path)) as file:
        file.executescript(_OF_0005)
        assert file.execute("PRAGMA foreign_key_check").fetchall() == []
    async with opened(path) as db:
        yield db


async def rows(db: Database, query: str) -> list[tuple]:
    return [tuple(row) for row in await db.read.execute_fetchall(query)]


async def plans(db: Database, read: Awaitable[object]) -> list[str]:
    """Return the query plan of each statement that a service runs, as EXPLAIN QUERY PLAN prints it."""
    statements: list[str] = []
    await db.read.set_trace_callback(statements.append)
    await read
    await db.read.set_trace_callback(lambda _: None)
    assert statements
    explained = [[row[3] for row in await rows(db, f"EXPLAIN QUERY PLAN {statement}")] for statement in statements]
    # Newer versions of SQLite see that an index covers a statement where older ones do not.
    return ["\n".join(lines).replace("USING COVERING INDEX", "USING INDEX") for lines in explained]


async def test_no_table_column_or_index_has_an_old_name_and_the_file_is_sound(renamed: Database):
    names = {name for (name,) in await rows(renamed, "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite%'")}
    assert {"guild", "state_history", "search_index"} <= names
    assert [name for name in names if "desk" in name or name in ("was", "text", "destination_hour")] == []
    columns = {
        (table, column)
        for table in ("record", "name", "destination", "question")
        for (column,) in await rows(renamed, f"SELECT name FROM pragma_table_info('{table}')")
    }
    assert {
        ("record", "search_id"),
        ("name", "match_kind"),
        ("destination", "planned_on"),
        ("destination", "next_delivery_at"),
    } <= columns
    assert not columns & {
        ("record", "text_id"),
        ("record", "checked_kind"),
        ("name", "how"),
        ("destination", "hour_on"),
        ("destination", "next_hour_at"),
        ("question", "text"),
    }
    assert await rows(renamed, "PRAGMA foreign_key_check") == []
    assert await rows(renamed, "PRAGMA integrity_check") == [("ok",)]


async def test_a_server_keeps_its_settings_and_all_that_belongs_to_it(renamed: Database):
    guild = await guilds.get(renamed.read, GUILD)
    assert (guild.name, guild.zone, guild.owner_id) == ("Newsroom", "Asia/Kolkata", 77)
    assert await rows(renamed, f"SELECT alerted_to FROM guild WHERE guild_id = {GUILD}") == [(3,)]
    assert [one.name for one in await guilds.list_all(renamed.read)] == ["Newsroom", "Elsewhere"]
    parents = {
        table: {row[0] for row in await rows(renamed, f"SELECT \"table\" FROM pragma_foreign_key_list('{table}')")}
        for table in ("source", "record", "ledger", "draft", "question", "destination", "delivery")
    }
    assert [table for table, those in parents.items() if "guild" not in those] == []
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        async with renamed.write(GUILD) as conn:
            await conn.execute("INSERT INTO source (guild_id, title) VALUES (1, 'Of no server')")


async def test_a_question_keeps_its_words_and_how_often_it_was_filed(renamed: Database):
    assert await questions.get_asked(renamed.read, GUILD, 1, now=NOW) == 'Who makes the "drones"?'
    filed, total = await questions.list_filed(renamed.read, GUILD, now=NOW, offset=0, limit=9)
    assert [(one.id, one.asked, one.times) for one in filed] == [(2, "Filed once?", 1), (3, "Filed often?", 4)]
    assert total == 2
    assert await questions.counts(renamed.read, GUILD, now=NOW) == Counts(filed=2, unanswered=1)
    async with renamed.write(GUILD) as conn:
        await questions.file(conn, GUILD, "filed OFTEN", now=NOW, user_id=77)
    filed, _ = await questions.list_filed(renamed.read, GUILD, now=NOW, offset=0, limit=9)
    assert [one.times for one in filed] == [1, 5]
    assert await rows(renamed, "SELECT id, listing FROM question WHERE asked IS NOT NULL ORDER BY id") == [
        (1, None),
        (2, None),
        (3, None),
    ]


async def test_a_list_keeps_its_filters_also_in_the_form_of_the_first_release(renamed: Database):
    listings = [await questions.get(renamed.read, GUILD, id_, now=NOW) for id_ in (4, 5, 6)]
    assert listings == [
        PendingListing("treaty", "Treaty"),
        SearchListing(Wanted("drones", kind="deal")),
        SearchListing(Wanted()),  # A search of the first release, which stored no words that can be read today.
    ]
    assert await rows(renamed, "SELECT asked, times FROM question WHERE listing IS NOT NULL") == [(None, 1)] * 3
    with pytest.raises(sqlite3.IntegrityError, match="json_valid"):
        async with renamed.write(GUILD) as conn:
            await conn.execute("UPDATE question SET listing = 'no JSON' WHERE id = 4")


async def test_another_kind_of_record_needs_no_migration(renamed: Database):
    assert await rows(renamed, "SELECT id, kind FROM record ORDER BY id") == [
        (3, "pending"),
        (4, "deal"),
        (5, "deal"),
        (6, "deal"),
        (7, "participant"),
        (8, "deal"),
    ]
    async with renamed.write(GUILD) as conn:
        await conn.execute("INSERT INTO record (guild_id, kind, slug) VALUES (?, 'visit', 'new')", (GUILD,))
    assert await rows(renamed, "SELECT kind, sort_name, live FROM record WHERE slug = 'new'") == [("visit", "", 0)]


async def test_a_list_is_sorted_without_case_by_an_index(renamed: Database):
    found, total = await records.list_kind(renamed.read, GUILD, "deal")
    assert ([row.name for row in found], total) == (["accord", "Drones", "Tanks", "ÖTZTAL"], 4)
    assert await rows(renamed, "SELECT sort_name FROM record WHERE slug = 'oetztal'") == [("ötztal",)]
    by_name = "SEARCH r USING INDEX record_by_name (guild_id=? AND kind=?)"
    assert await plans(renamed, records.list_kind(renamed.read, GUILD, "deal", limit=2)) == [by_name, by_name]
    by_stage = "SEARCH r USING INDEX record_by_stage (guild_id=? AND stage=?)"
    at_a_stage = records.list_kind(renamed.read, GUILD, "deal", stage="signed", limit=1)
    assert await plans(renamed, at_a_stage) == [by_stage, by_stage]


async def test_what_points_to_a_record_is_read_from_its_index_the_newest_first(renamed: Database):
    links = await rows(
        renamed, "SELECT r.slug, l.role, l.newest_on FROM link l JOIN record r ON r.id = l.from_id ORDER BY r.id"
    )
    assert links == [("accord", "buyer", "2023-11-10"), ("oetztal", "buyer", ""), ("tanks", "buyer", "2024-03-05")]
    buyer = await records.get(renamed.read, GUILD, "us")
    assert [link.slug for link in buyer.links if not link.outward] == ["tanks", "accord", "oetztal"]
    inward = "SEARCH l USING INDEX link_back (to_id=?)\nSEARCH o USING INTEGER PRIMARY KEY (rowid=?)"
    assert inward in await plans(renamed, records.get(renamed.read, GUILD, "us"))
    plan = (await plans(renamed, records.get_many(renamed.read, GUILD, ["us", "drones"])))[2]
    assert (plan.count(inward), "TEMP B-TREE" in plan) == (2, False)


async def test_what_is_derived_is_written_anew_under_the_new_names(renamed: Database):
    assert await rows(renamed, "SELECT count(*) FROM record WHERE live = 1 AND search_id IS NOT NULL") == [(6,)]
    assert await rows(renamed, "SELECT count(*) FROM search_index") == [(6,)]
    history = (
        "SELECT h.from_on, h.stage FROM state_history h JOIN record r ON r.id = h.record_id WHERE r.slug = 'tanks'"
    )
    assert await rows(renamed, history) == [("2020-01-01", "unspecified"), ("2024-03-05", "signed")]
    assert await rows(renamed, "SELECT norm, match_kind FROM name WHERE kind = 'participant' ORDER BY norm") == [
        ("government", 1),
        ("ug", 2),
        ("us government", 0),
    ]
    for text, slugs in (("tanks", ["tanks"]), ("as before", [])):
        found = await search.search(renamed.read, GUILD, Wanted(text=text))
        assert [hit.row.slug for hit in found.hits] == slugs


async def test_the_delivery_time_of_a_destination_goes_on_where_it_was(renamed: Database):
    assert [one.id for one in await destinations.list_due(renamed.read, NOW)] == [4]
    assert await destinations.next_delivery_at(renamed.read) == datetime.fromisoformat("2027-03-01T07:30:00Z")
    planned = [(await destinations.get(renamed.read, id_)).planned_on for id_ in (4, 5)]
    assert planned == [date(2027, 2, 26), date(2027, 3, 1)]
    (plan,) = await plans(renamed, destinations.list_due(renamed.read, NOW))
    assert "SEARCH destination USING INDEX destination_next_delivery (next_delivery_at<?)" in plan


async def test_a_destination_still_follows_everything_only_once(renamed: Database):
    assert [one.slug for one in await follows.list_of(renamed.read, 4)] == [None]
    with pytest.raises(sqlite3.IntegrityError, match="follow_once"):
        async with renamed.write(GUILD) as conn:
            await conn.execute("INSERT INTO follow (destination_id, since, created_at) VALUES (4, 0, '2027')")


async def test_a_source_of_an_earlier_version_is_its_own_description(tmp_path: Path):
    path = await old_file(tmp_path, 6)
    with closing(sqlite3.connect(path)) as file:
        file.executescript(f"""
INSERT INTO guild (guild_id, name, owner_id) VALUES ({GUILD}, 'Newsroom', 77);
INSERT INTO source (id, guild_id, title, publisher, published_on, url, note) VALUES
    (5, {GUILD}, 'A title', 'A publisher', '{{"precision":"day","first":"2024-03-05","last":"2024-03-05"}}',
     'https://news.example/a', 'A note');
""")
        file.commit()
    async with opened(path) as db:
        source = await sources.get(db.read, GUILD, 5)
        assert source == Source(
            5, "A title", "A publisher", on_day("2024-03-05"), "https://news.example/a", "A note", version=5
        )
        async with db.write(GUILD) as conn:
            known = {"published_on": source.published_on, "url": source.url, "note": source.note}
            assert await sources.ensure(conn, GUILD, title="A title", publisher="A publisher", **known) == 5
            person = await people.ensure(conn, 77)
            better = Description("Better", language="Hindi")
            await sources.describe(conn, GUILD, source, better, now=NOW, person_id=person.id)
        assert (await sources.get(db.read, GUILD, 5)).title == "Better"
        assert await rows(db, "SELECT id, title, describes FROM source ORDER BY id") == [
            (5, "A title", None),
            (6, "Better", 5),
        ]


async def test_updates_of_earlier_versions_started_from_no_form_and_no_record_is_merged(renamed: Database):
    started = await renamed.read.execute_fetchall("SELECT DISTINCT started_from FROM ledger")
    merged = await renamed.read.execute_fetchall("SELECT DISTINCT merged_into FROM record")
    assert [tuple(row) for row in started] == [tuple(row) for row in merged] == [(None,)]
    assert await renamed.read.execute_fetchall("SELECT id FROM correction") == []
