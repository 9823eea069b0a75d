"""Tests of deleting a server or a person: nothing of them stays in any table or file, and all other rows stay."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.services import deliveries, destinations, erasure, people, portability, search, sources, updates
from bot.services.updates import Change
from data.database import Database
from data.records import Confirmation, Party
from tests.builders import on_day
from tests.conftest import GUILD, NOW, OTHER_GUILD

DAY = on_day("2023-11-10")
PERSON = 4242
SECRETS = ("Quetzalcoatl", "xylographer", "syzygyfund", "abracadabrize", "zugzwangle")


def held(path: Path, word: str) -> list[str]:
    """Return the names of the files in the database's folder (its log is one) that contain a word in any case."""
    return [p.name for p in path.parent.iterdir() if p.is_file() and word.lower().encode() in p.read_bytes().lower()]


async def tables(db: Database) -> list[str]:
    rows = await db.read.execute_fetchall(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite%'"
    )
    return [name for (name,) in rows]


async def everything(db: Database) -> dict[str, list[tuple]]:
    return {
        name: [tuple(row) for row in await db.read.execute_fetchall(f"SELECT * FROM {name}")]
        for name in await tables(db)
    }


async def references_to(db: Database, parent: str) -> set[tuple[str, str]]:
    """Return every foreign key column that refers to the table `parent`, as pairs of table and column."""
    columns = set()
    for table in await tables(db):
        for row in await db.read.execute_fetchall(f'SELECT "table", "from" FROM pragma_foreign_key_list(\'{table}\')'):
            if row[0] == parent:
                columns.add((table, row[1]))
    return columns


async def fill(db: Database, guild_id: int, person_id: int, words: tuple[str, ...]) -> None:
    """Add records, follows, reminders, deliveries, a draft, a correction and a question to one server, of one person.

    The five `words` go into the deal, its source, the pending item, the reminders and the question.
    """
    deal, source_title, about, reminder, question = words
    async with db.write(guild_id) as conn:
        source = await sources.ensure(conn, guild_id, title=source_title)
        await updates.append(
            conn,
            guild_id,
            [
                Change("deal", "deal", "name", f"The {deal} deal", DAY, source),
                Change("item", "pending", "name", f"What {about} has to do", DAY, source),
                Change("item", "pending", "state", "open", DAY, source),
                Change("item", "pending", "about", Party("deal"), DAY, source),
            ],
            now=NOW,
            person_id=person_id,
            origin="editor",
        )
        dm = await destinations.ensure_person(conn, guild_id, person_id, now=NOW)
        channel = await destinations.ensure_channel(conn, guild_id, guild_id + 1, now=NOW, person_id=person_id)
        for place in (dm, channel):
            await conn.execute(
                "INSERT INTO follow (destination_id, record_id, since, created_at) "
                "SELECT ?, id, 0, 'now' FROM record WHERE guild_id = ? AND slug = 'deal'",
                (place.id, guild_id),
            )
            await conn.execute(
                "INSERT INTO reminder (destination_id, words, at, created_by, created_at) VALUES (?, ?, ?, ?, 'now')",
                (place.id, f"{reminder} for {place.id}", "2027-01-01T00:00:00.000Z", person_id),
            )
            new = deliveries.confirmation_of("first", Confirmation("remind", name=about))
            await deliveries.plan(conn, guild_id, place.id, new, due_at=NOW)
        await conn.execute(
            "INSERT INTO draft (guild_id, person_id, task, typed, created_at) VALUES (?, ?, '{}', ?, 'now')",
            (guild_id, person_id, json.dumps({"value": reminder})),
        )
        await conn.execute(
            "INSERT INTO correction (guild_id, person_id, task, typed, created_at) VALUES (?, ?, '{}', '{}', 'now')",
            (guild_id, person_id),
        )
        await conn.execute(
            "INSERT INTO question (guild_id, person_id, asked, asked_at) VALUES (?, ?, ?, 'now')",
            (guild_id, person_id, question),
        )
        await conn.execute(
            "INSERT INTO dossier (guild_id, slug, name, loaded_at, loaded_by) VALUES (?, 'tea', ?, 'now', ?)",
            (guild_id, f"The {deal} file", person_id),
        )
        await conn.execute(
            "INSERT INTO dossier_record (guild_id, dossier, key, record_id, chosen) "
            "SELECT guild_id, 'tea', slug, id, 'new' FROM record WHERE guild_id = ? AND slug = 'deal'",
            (guild_id,),
        )


@pytest.fixture
async def person(db: Database, guild: int) -> int:
    """Return the row id of a person who has data of every sort in two servers."""
    async with db.write(None) as conn:
        known = await people.ensure(conn, PERSON)
        await people.set_zone(conn, PERSON, "Pacific/Chatham")
        await people.set_dm_channel(conn, known.id, 999)
    await fill(db, GUILD, known.id, SECRETS)
    await fill(db, OTHER_GUILD, known.id, ("plain", "An article", "somebody", "tea", "why"))
    return known.id


async def test_nothing_of_a_deleted_server_is_left_in_any_table_or_file(db, person):
    before = await everything(db)
    for word in SECRETS:
        assert held(db.path, word), word
    async with db.write(GUILD) as conn:
        assert await erasure.delete_guild(conn, GUILD)
    await db.vacuum()

    after = await everything(db)
    for name in (
        "guild",
        "source",
        "record",
        "ledger",
        "name",
        "spelling",
        "draft",
        "correction",
        "question",
        "destination",
        "delivery",
    ):
        columns = [row[1] for row in await db.read.execute_fetchall(f"SELECT * FROM pragma_table_info('{name}')")]
        at = columns.index("guild_id")
        assert not [row for row in after[name] if row[at] == GUILD], name
        assert after[name] == [row for row in before[name] if row[at] == OTHER_GUILD], name
        assert after[name], name
    assert (len(before["follow"]), len(after["follow"])) == (4, 2)
    assert (len(before["reminder"]), len(after["reminder"])) == (4, 2)
    assert (len(before["state_history"]), len(after["state_history"])) == (4, 2)
    texts = await db.read.execute_fetchall("SELECT tags FROM search_index")
    assert {tags.split()[0] for (tags,) in texts} == {f"g{OTHER_GUILD}"}
    assert list(await db.read.execute_fetchall("PRAGMA foreign_key_check")) == []
    for word in (*SECRETS, "Newsroom"):
        assert held(db.path, word) == [], word
    assert (await search.search(db.read, OTHER_GUILD, search.Wanted("plain deal"))).hits[0].row.slug == "deal"


async def test_deleting_a_server_twice_says_so(db, person):
    async with db.write(GUILD) as conn:
        assert await erasure.delete_guild(conn, GUILD)
        assert not await erasure.delete_guild(conn, GUILD)


async def test_people_known_only_from_a_deleted_server_are_forgotten(db, guild):
    async with db.write(None) as conn:
        only_here = await people.ensure(conn, 1)
        with_a_zone = await people.ensure(conn, 2)
        await people.set_zone(conn, 2, "UTC")
        elsewhere = await people.ensure(conn, 3)
        for someone in (only_here, with_a_zone, elsewhere):
            await destinations.ensure_person(conn, GUILD, someone.id, now=NOW)
        await destinations.ensure_person(conn, OTHER_GUILD, elsewhere.id, now=NOW)
    async with db.write(GUILD) as conn:
        await erasure.delete_guild(conn, GUILD)
    assert await people.find(db.read, 1) is None
    assert await people.find(db.read, 2) is not None
    assert await people.find(db.read, 3) is not None


async def test_a_forgotten_person_leaves_only_updates_and_what_channels_have(db, person):
    async with db.write(None) as conn:
        gone = await erasure.delete_person(conn, PERSON)
    await db.vacuum()
    assert gone == erasure.Forgotten(follows=2, reminders=2, drafts=4, updates_kept=8)

    after = await everything(db)
    assert (person, None, None, None) in after["person"]
    assert {row[3] for row in after["destination"]} == {None}
    assert (len(after["destination"]), len(after["follow"]), len(after["reminder"]), len(after["delivery"])) == (
        2,
        2,
        2,
        2,
    )
    assert after["draft"] == after["correction"] == after["question"] == []
    assert len(after["ledger"]) == 8
    assert {row[12] for row in after["ledger"]} == {person}
    assert held(db.path, "Pacific/Chatham") == held(db.path, SECRETS[4]) == held(db.path, f"{SECRETS[3]} for 1") == []
    assert held(db.path, SECRETS[0]) == ["attache.db"]
    assert await people.find(db.read, PERSON) is None


async def test_somebody_forgotten_can_come_back_as_a_stranger(db, person):
    async with db.write(None) as conn:
        await erasure.delete_person(conn, PERSON)
        assert await erasure.delete_person(conn, PERSON) is None
        again = await people.ensure(conn, PERSON)
    assert again.id != person
    assert again.zone is None


async def test_an_export_holds_everything_and_nothing_of_others(db, person):
    async with db.write(GUILD) as conn:
        other = await people.ensure(conn, 5)
        dm = await destinations.ensure_person(conn, GUILD, other.id, now=NOW)
        await conn.execute(
            "INSERT INTO reminder (destination_id, words, at, created_at) VALUES (?, 'somebody else', 'x', 'now')",
            (dm.id,),
        )
    raw = await portability.export_person(db.read, PERSON, now=NOW)
    assert raw is not None
    file = json.loads(raw)
    assert (file["user_id"], file["zone"], file["direct_message_channel"]) == (str(PERSON), "Pacific/Chatham", "999")
    counts = {name: len(rows) for name, rows in file.items() if isinstance(rows, list)}
    assert counts == {
        "servers_owned": 0,
        "direct_messages": 2,
        "follows": 2,
        "reminders": 4,
        "messages": 2,
        "channels_set_up": 2,
        "servers_set_up": 0,
        "dossiers_loaded": 2,
        "drafts": 2,
        "corrections": 2,
        "questions": 2,
        "sources_described": 0,
        "updates": 8,
    }
    for word in SECRETS:
        assert word in raw.decode()
    assert "somebody else" not in raw.decode()
    assert file["updates"][0]["value"] == f"The {SECRETS[0]} deal"
    assert file["channels_set_up"][0]["channel_id"] == str(GUILD + 1)


async def test_an_owner_without_anything_else_is_told_which_servers(db, guild):
    raw = await portability.export_person(db.read, 77, now=NOW)
    assert [server["server"] for server in json.loads(raw or b"")["servers_owned"]] == ["Newsroom", "Elsewhere"]
    assert await portability.export_person(db.read, 123456, now=NOW) is None


async def test_every_column_that_names_a_person_or_a_server_is_known_here(db):
    """Compare the schema with lists. A new table that refers to a person or a server has to be deleted and exported."""
    assert await references_to(db, "person") == {
        ("guild", "set_up_by"),
        ("ledger", "person_id"),
        ("source", "person_id"),
        ("draft", "person_id"),
        ("correction", "person_id"),
        ("question", "person_id"),
        ("destination", "person_id"),
        ("destination", "set_up_by"),
        ("reminder", "created_by"),
        ("dossier", "loaded_by"),
    }
    guilds = set()
    for table in await tables(db):
        columns = [row[1] for row in await db.read.execute_fetchall(f"SELECT * FROM pragma_table_info('{table}')")]
        if "guild_id" in columns:
            guilds.add(table)
    deleted = {statement.split()[2] for statement in erasure._OF_A_GUILD}
    of_the_index = {"name", "spelling"}  # The index has no column for the server, only a tag.
    assert guilds - of_the_index | {"follow", "reminder", "link", "state_history"} == deleted


async def test_a_file_that_somebody_reads_for_long_is_said_to_hold_traces(db, person):
    async with db.write(None) as conn:
        await conn.execute("PRAGMA busy_timeout = 0")  # Fail at once instead of waiting for the reader.
        await erasure.delete_guild(conn, GUILD)
    with closing(sqlite3.connect(db.path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM ledger").fetchall()
        assert not await db.vacuum()
        reader.rollback()
    assert await db.vacuum()
    for word in SECRETS:
        assert held(db.path, word) == [], word
