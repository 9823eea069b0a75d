"""Tests that a database written by the first release is upgraded and used without loss; see tests/files/README.md."""

from __future__ import annotations

import asyncio
import gzip
import json
import sqlite3
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from bot.backup import backup, restore
from bot.errors import BadInput, UserError
from bot.ledger.due_dates import offset_of
from bot.ledger.kinds import KINDS, fields_of, get_field
from bot.ledger.stored import decode_value
from bot.services import (
    deliveries,
    derived,
    destinations,
    digests,
    dossiers,
    drafts,
    follows,
    guilds,
    housekeeping,
    loaded_dossiers,
    portability,
    questions,
    records,
    reminders,
    search,
    timelines,
)
from bot.services.lists import PendingListing
from bot.services.search import Wanted
from bot.ui import history
from bot.ui.messages import Message
from data.database import Database
from data.records import Delivery, Outcome, Quantity, Title
from tests.services.outbound import Outbound, all_texts

FILE = Path(__file__).parents[1] / "files" / "first_release.db.gz"


def rows(path: Path, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as file:
        return file.execute(query, values).fetchall()


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Return the path of the database as the first release left it."""
    path = tmp_path / "first_release.db"
    path.write_bytes(gzip.decompress(FILE.read_bytes()))
    return path


@pytest_asyncio.fixture
async def released(old: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """Yield a copy of the first release's database, upgraded by the present program."""
    path = tmp_path / "attache.db"
    path.write_bytes(old.read_bytes())
    database = await Database.open(path)
    try:
        await derived.bring_up_to_date(database)
        yield database
    finally:
        await database.close()


@pytest_asyncio.fixture
async def stopped_at(released: Database) -> datetime:
    """Return the time of the first release's last tick in the database."""
    last_tick = await housekeeping.last_tick(released.read)
    assert last_tick is not None
    return last_tick


@pytest.fixture
def newsroom(old: Path) -> int:
    """Return the id of the server "Newsroom", which has the dossier and nearly all rows."""
    ((guild_id,),) = rows(old, "SELECT guild_id FROM desk WHERE name = 'Newsroom'")
    return guild_id


# What the file holds


def test_every_table_of_the_file_has_rows(old: Path):
    tables = [name for (name,) in rows(old, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    assert rows(old, "PRAGMA user_version") == [(1,)]
    assert [table for table in tables if rows(old, f"SELECT count(*) FROM {table}") == [(0,)]] == []


def distinct(path: Path, expression: str, table: str, where: str = "1") -> set[Any]:
    return {value for (value,) in rows(path, f"SELECT DISTINCT {expression} FROM {table} WHERE {where}")}


LATER_FIELDS = {
    "delivered", "options", "part_of", "follows_from", "replaces", "option_of", "note", "formerly",
}  # fmt: skip
"""Fields that the first release did not have."""


def test_the_file_holds_every_kind_form_and_outcome(old: Path):
    assert distinct(old, "kind", "record") == set(KINDS)
    assert distinct(old, "live", "record") == {0, 1}
    assert distinct(old, "action || ' ' || origin", "ledger") == {
        f"{action} {origin}" for action in ("set", "withdrawn") for origin in ("editor", "dossier")
    }
    assert distinct(old, "precision", "ledger") == {"day", "month", "year", "range", "open", "unknown"}
    for origin in ("editor", "dossier"):
        assert distinct(old, "origin", "ledger", f"replaces IS NOT NULL AND action = 'set' AND origin = '{origin}'")
    fields = set(rows(old, "SELECT DISTINCT r.kind, u.field FROM ledger u JOIN record r ON r.id = u.record_id"))
    known = {(kind, field.name) for kind in KINDS for field in fields_of(kind)}
    assert fields <= known
    assert {name for _, name in fields} == {name for _, name in known} - LATER_FIELDS
    assert distinct(old, "state", "draft") == {"open", "saved", "dropped"}
    assert distinct(old, "state || iif(channel_id IS NULL, ' person', ' channel')", "destination") == {
        f"{state} {what}" for state in ("active", "paused") for what in ("person", "channel")
    }
    assert distinct(old, "digest_at IS NOT NULL", "destination", "channel_id IS NOT NULL") == {0, 1}
    assert distinct(old, "digest_at IS NOT NULL", "destination", "person_id IS NOT NULL") == {0, 1}
    assert distinct(old, "substr(reason, 1, instr(reason || ':', ':') - 1)", "destination", "state = 'paused'") == {
        Outcome.TARGET_GONE,
        Outcome.NOT_PERMITTED,
        Outcome.DMS_CLOSED,
        Outcome.LEFT_SERVER,
    }
    assert distinct(old, "record_id IS NULL", "follow") == {0, 1}
    for column in ("muted", "at_once", "role_id IS NULL"):
        assert distinct(old, column, "follow") == {0, 1}
    for column in ("record_id IS NULL", "done_at IS NULL", "snoozed_until IS NULL", "muted"):
        assert distinct(old, column, "reminder") == {0, 1}
    kinds = {"alert", "reminder", "open", "digest", "confirmation", "notice"}
    for state in ("planned", "settled"):
        assert distinct(old, "kind", "delivery", f"state = '{state}'") == kinds
    assert distinct(old, "state", "delivery") == {"planned", "claimed", "settled"}
    assert distinct(old, "unknown || plain", "delivery", "state = 'planned'") == {"00", "10", "11"}
    assert distinct(old, "outcome", "delivery", "state = 'settled'") == {
        Outcome.DELIVERED,
        Outcome.DELETED,
        Outcome.NOTHING_NEW,
        Outcome.NO_LONGER_DUE,
        Outcome.REPLACED,
        Outcome.REFUSED,
        Outcome.NOT_RENDERED,
        Outcome.TARGET_GONE,
        Outcome.NOT_PERMITTED,
        Outcome.DMS_CLOSED,
        Outcome.LEFT_SERVER,
    }
    forms = distinct(old, "kind || ' ' || substr(key, 1, instr(key, ':') - 1)", "delivery", "instr(key, ':') > 0")
    assert {form for form in forms if not form.startswith("notice")} == {
        "reminder item",
        "reminder words",
        "reminder snooze",
        "confirmation first",
        "confirmation remind",
        "confirmation digest",
    }


# Bringing it up to date


async def test_a_copy_of_it_is_made_and_put_back_and_then_brought_up_to_date(old: Path, tmp_path: Path, now: datetime):
    copy, place = tmp_path / "copy.db", tmp_path / "elsewhere" / "attache.db"
    await asyncio.to_thread(backup, old, copy)
    await asyncio.to_thread(restore, copy, place, now=now)
    assert rows(place, "PRAGMA user_version") == [(1,)]
    database = await Database.open(place)
    try:
        await derived.bring_up_to_date(database)
        assert [guild.name for guild in await guilds.list_all(database.read)] == [
            name for (name,) in rows(old, "SELECT name FROM desk ORDER BY guild_id")
        ]
    finally:
        await database.close()


async def test_no_update_of_the_ledger_is_changed_by_a_byte(old: Path, released: Database):
    query = "SELECT * FROM ledger ORDER BY id"
    with closing(sqlite3.connect(old)) as file:
        cursor = file.execute(query)
        columns = ", ".join(column[0] for column in cursor.description)
        before = cursor.fetchall()
    assert rows(released.path, f"SELECT {columns} FROM ledger ORDER BY id") == before


async def test_the_file_is_sound_afterwards_and_nothing_is_left_to_do(released: Database):
    assert rows(released.path, "PRAGMA foreign_key_check") == []
    assert rows(released.path, "PRAGMA integrity_check") == [("ok",)]
    before = await released.read.execute_fetchall("PRAGMA data_version")
    await derived.bring_up_to_date(released)
    assert list(await released.read.execute_fetchall("PRAGMA data_version")) == list(before)


@pytest.mark.parametrize(
    ("before", "after"),
    [("desk", "guild"), *((table, table) for table in ("person", "source", "record", "draft", "question"))],
)
async def test_no_row_is_lost(old: Path, released: Database, before: str, after: str):
    held = rows(old, f"SELECT rowid FROM {before} ORDER BY rowid")
    assert rows(released.path, f"SELECT rowid FROM {after} ORDER BY rowid") == held


async def test_every_delivery_says_in_columns_what_its_key_and_payload_said(old: Path, released: Database):
    for id_, key, payload in rows(old, "SELECT id, key, payload FROM delivery"):
        found = await deliveries.get(released.read, id_)
        assert key_of(found) == key
        said = json.loads(payload or "{}")
        assert (found.read_to, found.with_open) == (said.get("to"), said.get("open", False))
        held = msgspec.to_builtins(found.payload) or {}
        assert {name: said.get(name) for name in held if name != "type"} == {
            name: value for name, value in held.items() if name != "type"
        }


def key_of(delivery: Delivery) -> str | None:
    """Return the key that the present program would give to a delivery with these columns.

    Confirmations and notices have no columns that determine a key, so theirs is returned unchanged.
    """
    offset = offset_of(delivery)
    if delivery.due_on is not None:
        assert delivery.record_id is not None
        assert offset is not None
        return deliveries.reminder_of_item(delivery.record_id, delivery.due_on, offset).key
    if delivery.occasion in ("words", "snooze"):
        assert delivery.reminder_id is not None
        return deliveries.reminder_at(delivery.occasion, delivery.reminder_id, delivery.due_at).key
    if delivery.day is not None:
        return delivery.day.isoformat()
    assert delivery.kind in ("alert", "confirmation", "notice")
    return delivery.batch if delivery.kind == "alert" else delivery.key


# Reading it


async def test_numbers_and_titles_that_were_texts_are_read_as_they_were(
    old: Path, released: Database, newsroom: int, stopped_at: datetime
):
    told = rows(
        old,
        "SELECT r.kind, u.field, u.value FROM ledger u JOIN record r ON r.id = u.record_id "
        "WHERE (r.kind, u.field) IN (VALUES ('deal', 'quantity'), ('participant', 'title'))",
    )
    assert len(told) > 5
    for kind, field, text in told:
        value = decode_value(kind, field, text)
        assert isinstance(value, Quantity | Title)
        assert get_field(kind, field).type.words(value, {}) == json.loads(text)


async def test_every_record_opens_with_its_card_its_list_and_its_history(
    old: Path, released: Database, newsroom: int, stopped_at: datetime
):
    listed: dict[str, set[str]] = defaultdict(set)
    for kind in KINDS:
        found, total = await records.list_kind(released.read, newsroom, kind, limit=100)
        listed[kind] = {row.slug for row in found}
        assert len(found) == total
    for kind, slug, live in rows(old, "SELECT kind, slug, live FROM record WHERE guild_id = ?", newsroom):
        opened = await records.find(released.read, newsroom, slug)
        assert (opened is not None) == bool(live)
        assert (slug in listed[kind]) == bool(live)
        if opened is not None:
            course = await timelines.get(released.read, newsroom, slug)
            assert opened.record.state.facts("name")
            assert all_texts(history.page(course, 0))
    assert (await records.list_kind_as_of(released.read, newsroom, "deal", day=date(2024, 3, 5)))[1] > 0
    assert await records.list_waiting(released.read, newsroom, about="grain-deal")


async def test_what_it_says_is_found_and_stays_in_its_server(released: Database, newsroom: int):
    for text, slug in (("General Atomics", "armed-drones"), ("23 ships", "grain-deal"), ("नॉर्वे", "norway")):
        found = await search.search(released.read, newsroom, Wanted(text=text))
        assert slug in [hit.row.slug for hit in found.hits]
    elsewhere = next(guild for guild in await guilds.list_all(released.read) if guild.name == "Elsewhere")
    assert (await search.search(released.read, elsewhere.guild_id, Wanted(text="drones"))).total == 0


async def test_every_waiting_delivery_is_drawn_and_one_of_each_form_is_a_message(
    released: Database, stopped_at: datetime
):
    outbox = Outbound(released, 1, stopped_at)
    told: dict[str, int] = defaultdict(int)
    for id_, kind, key in rows(released.path, "SELECT id, kind, key FROM delivery WHERE state <> 'settled'"):
        form = f" {key.partition(':')[0]}" if kind in ("reminder", "confirmation") else ""
        told[kind + form] += isinstance(await outbox.draw(await deliveries.get(released.read, id_)), Message)
    assert set(told) == {
        "alert",
        "open",
        "digest",
        "notice",
        *(f"reminder {form}" for form in ("item", "words", "snooze")),
        *(f"confirmation {form}" for form in ("first", "remind", "digest")),
    }
    assert [form for form, messages in told.items() if not messages] == []


async def test_what_was_claimed_and_what_waited_is_sent_and_the_days_go_on(released: Database, stopped_at: datetime):
    async with released.write(None) as conn:
        assert await deliveries.requeue_abandoned(conn, ()) == 1
    outbox = Outbound(released, 1, stopped_at)
    assert {sent.kind for sent in await outbox.send()} == {
        "alert",
        "reminder",
        "open",
        "digest",
        "confirmation",
        "notice",
    }
    later = [sent.kind for days in range(1, 9) for sent in await outbox.go_to(stopped_at + timedelta(days=days))]
    assert {"digest", "reminder", "open"} <= set(later)


async def test_people_find_their_follows_reminders_digests_and_log(
    old: Path, released: Database, newsroom: int, stopped_at: datetime
):
    guild = await guilds.get(released.read, newsroom)
    for destination in await destinations.list_of_guild(released.read, newsroom):
        query = "SELECT count(*) FROM follow WHERE destination_id = ?"
        assert [(len(await follows.list_of(released.read, destination.id)),)] == rows(old, query, destination.id)
        assert all(one.delivery.key for one in await deliveries.log(released.read, newsroom, destination.id, 1000))
        digest = await digests.collect(
            released.read, destination, guild, now=stopped_at, day=stopped_at.date(), at=stopped_at
        )
        assert digest.server == "Newsroom"
    paused = await destinations.list_paused(released.read, newsroom)
    assert {one.outcome for one in paused} == {
        Outcome.TARGET_GONE,
        Outcome.NOT_PERMITTED,
        Outcome.DMS_CLOSED,
    }
    own: list[str] = []
    for person_id, user_id in rows(old, "SELECT id, user_id FROM person WHERE user_id IS NOT NULL"):
        own += [one.title for one in await reminders.list_of_person(released.read, person_id, newsroom)]
        assert await portability.export_person(released.read, user_id, now=stopped_at)
    assert "Buy grain" in own
    assert "Export licence for the grain" in own


async def test_drafts_go_on_where_they_were(old: Path, released: Database, newsroom: int, stopped_at: datetime):
    drawn: list[str] = []
    for id_, person_id, state in rows(old, "SELECT id, person_id, state FROM draft"):
        async with released.write(newsroom) as conn:
            if state != "open":
                with pytest.raises(UserError):
                    await drafts.get(conn, newsroom, str(id_), person_id)
                continue
            draft = await drafts.get(conn, newsroom, str(id_), person_id)
            try:
                drawn.append((await drafts.preview(conn, draft, now=stopped_at)).changes[0].slug)
            except BadInput as error:
                drawn.append(type(error).__name__)
    assert sorted(drawn) == ["Mistakes", "Mistakes", "armed-drones", "armed-drones"]


async def test_a_list_that_a_button_names_has_its_filters(old: Path, released: Database, newsroom: int):
    query = "SELECT id, asked_at FROM question WHERE text LIKE '%linked%'"
    ((id_, asked_at),) = rows(old, query)
    listing = await questions.get(released.read, newsroom, id_, now=datetime.fromisoformat(asked_at))
    assert listing == PendingListing("grain-deal", "Grain deal", everything=True)


# Its dossier


async def test_its_dossier_is_listed_and_loading_it_again_makes_no_second_record(
    released: Database, newsroom: int, stopped_at: datetime
):
    (entry,) = await loaded_dossiers.list_loaded(released.read, newsroom)
    assert (entry.slug, entry.name) == (dossiers.STARTER, "India–U.S. 2+2 talks, 10 November 2023")
    assert entry.newest is not None
    assert entry.newest.first == date(2023, 11, 10)
    assert await loaded_dossiers.list_melted(released.read, newsroom) == []
    async with released.write(newsroom) as conn:
        starter = dossiers.read_shipped(dossiers.STARTER, now=stopped_at)
        await dossiers.load(conn, newsroom, starter, now=stopped_at, person_id=None)
    ((count,),) = await released.read.execute_fetchall(
        "SELECT count(*) FROM dossier_record WHERE guild_id = ? AND dossier = ? AND key <> "
        "(SELECT slug FROM record WHERE id = record_id)",
        (newsroom, dossiers.STARTER),
    )
    assert count == 0
    async with released.write(newsroom) as conn:
        done = await loaded_dossiers.unload(conn, newsroom, dossiers.STARTER, now=stopped_at, person_id=1)
    assert done.gone > 0
    assert "31 armed drones for India" in done.stay, "editors have entered a new stage of it"
    assert (await guilds.holdings(released.read, newsroom)).dossiers == ()
