"""Tests of the database file: transactions, readers and the writer, the lock, migrations and a full disk."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
import traceback
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from data.database import Database, DatabaseError, FileLock, InUse, to_text
from data.migrate import migrate, migrations, schema_version


async def count(db: Database) -> int:
    ((number,),) = await db.read.execute_fetchall("SELECT count(*) FROM meta")
    return number


async def insert(db: Database, key: str) -> None:
    async with db.write(None) as conn:
        await conn.execute("INSERT INTO meta (key, value) VALUES (?, 'x')", (key,))


def test_instants_sort_as_text_and_come_back():
    early = datetime(2026, 1, 31, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    late = datetime(2026, 2, 1, 4, 30, 0, 1000, tzinfo=UTC)
    assert to_text(early) == "2026-02-01T04:30:00.000Z"
    assert to_text(early) < to_text(late)
    assert datetime.fromisoformat(to_text(late)) == late


def test_a_naive_instant_is_refused():
    with pytest.raises(ValueError, match="naive"):
        to_text(datetime(2026, 1, 1))  # noqa: DTZ001  # the mistake that is refused


async def test_an_exception_rolls_the_whole_write_back(db):
    with pytest.raises(RuntimeError):
        async with db.write(None) as conn:
            await conn.execute("INSERT INTO meta (key, value) VALUES ('a', 'x')")
            raise RuntimeError
    assert await count(db) == 0
    await insert(db, "b")
    assert await count(db) == 1


async def test_the_traceback_of_a_write_that_fails_names_its_guild(db):
    for guild_id, told in ((4711, True), (None, False)):
        with pytest.raises(RuntimeError) as raised:
            async with db.write(guild_id):
                raise RuntimeError
        assert ("guild 4711" in "".join(traceback.format_exception(raised.value))) is told


async def test_a_cancelled_write_leaves_no_transaction_behind(db):
    inside = asyncio.Event()

    async def write() -> None:
        async with db.write(None) as conn:
            await conn.execute("INSERT INTO meta (key, value) VALUES ('a', 'x')")
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await count(db) == 0
    await insert(db, "b")
    assert await count(db) == 1


async def test_writes_wait_for_one_another(db):
    await asyncio.gather(*(insert(db, str(n)) for n in range(50)))
    assert await count(db) == 50


async def test_readers_cannot_write(db):
    for reader in (db.read, db.aside):
        with pytest.raises(sqlite3.OperationalError):
            await reader.execute("INSERT INTO meta (key, value) VALUES ('a', 'x')")


async def test_what_takes_long_aside_holds_up_no_answer(db):
    going_on, enough = threading.Event(), threading.Event()

    def wait() -> int:
        going_on.set()
        return not enough.wait(20)

    await db.aside.set_progress_handler(wait, 100)
    long = asyncio.create_task(
        db.aside.execute_fetchall(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) SELECT count(*) FROM n"
        )
    )
    await asyncio.to_thread(going_on.wait, 20)
    await insert(db, "a")
    assert await count(db) == 1
    assert not long.done()
    enough.set()
    assert [tuple(row) for row in await long] == [(500,)]


async def test_a_closed_file_has_no_connection_left(tmp_path: Path):
    db = await Database.open(tmp_path / "attache.db")
    await db.close()
    for reader in (db.read, db.aside):
        with pytest.raises(ValueError, match="no active connection"):
            await reader.execute("SELECT 1")
    assert [path.name for path in tmp_path.iterdir()] == ["attache.db"]


async def test_a_full_disk_refuses_the_write_and_keeps_what_was_there(db):
    await insert(db, "a")
    async with db.write(None) as conn:
        ((pages,),) = await conn.execute_fetchall("PRAGMA page_count")
        await conn.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        async with db.write(None) as conn:
            await conn.execute("INSERT INTO meta (key, value) VALUES ('b', ?)", ("x" * 100_000,))
    assert await count(db) == 1


async def test_the_ledger_cannot_be_rewritten(db, guild, source):
    async with db.write(guild) as conn:
        await conn.execute("INSERT INTO record (guild_id, kind, slug) VALUES (?, 'deal', 'd')", (guild,))
        await conn.execute(
            "INSERT INTO ledger (guild_id, record_id, action, field, value, precision, entered_at, source_id, batch, "
            "origin) VALUES (?, 1, 'set', 'model', '\"A\"', 'unknown', '2026', ?, 'b', 'editor')",
            (guild, source),
        )
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        async with db.write(guild) as conn:
            await conn.execute("UPDATE ledger SET value = '\"B\"'")


def test_a_second_process_is_refused_until_the_first_ends(tmp_path: Path):
    lock = FileLock(tmp_path / "attache.db")
    lock.acquire()
    code = (
        "import sys; from pathlib import Path; from data.database import FileLock; "
        "FileLock(Path(sys.argv[1])).acquire()"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "attache.db")]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Another Attaché is running on attache.db" in refused.stderr
    with pytest.raises(InUse):
        FileLock(tmp_path / "attache.db").acquire()
    lock.release()
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


async def test_a_file_that_is_no_database_is_told_and_left_alone(tmp_path: Path):
    path = tmp_path / "notes.db"
    path.write_text("These are my notes, not a database. " * 100)
    with pytest.raises(DatabaseError, match=r"notes\.db cannot be opened"):
        await Database.open(path)
    assert path.read_text().startswith("These are my notes")


async def test_a_folder_in_place_of_the_file_is_told(tmp_path: Path):
    with pytest.raises(DatabaseError, match="cannot be opened"):
        await Database.open(tmp_path)


async def test_a_migration_that_fails_leaves_nothing_of_itself(tmp_path: Path):
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_first.sql").write_text("CREATE TABLE a (x TEXT);\nINSERT INTO a VALUES ('kept');")
    db = await Database.open(tmp_path / "attache.db")
    try:
        assert await migrate(db, folder) == 1
        (folder / "0002_second.sql").write_text("ALTER TABLE a ADD COLUMN y TEXT;\nINSERT INTO nowhere VALUES (1);")
        with pytest.raises(sqlite3.OperationalError):
            await migrate(db, folder)
        assert await schema_version(db.read) == 1
        assert [tuple(row) for row in await db.read.execute_fetchall("SELECT * FROM a")] == [("kept",)]
        (folder / "0002_second.sql").write_text("ALTER TABLE a ADD COLUMN y TEXT NOT NULL DEFAULT 'new';")
        assert await migrate(db, folder) == 2
        assert [tuple(row) for row in await db.read.execute_fetchall("SELECT * FROM a")] == [("kept", "new")]
    finally:
        await db.close()


async def test_a_file_of_a_newer_version_is_refused(db):
    async with db.write(None) as conn:
        await conn.execute("PRAGMA user_version = 99")
    with pytest.raises(DatabaseError, match="newer Attaché"):
        await migrate(db)


def test_migrations_are_numbered_without_a_gap(tmp_path: Path):
    assert migrations()
    (tmp_path / "0002_second.sql").write_text("")
    with pytest.raises(ValueError, match="without a gap"):
        migrations(tmp_path)


async def test_the_file_and_its_log_are_readable_by_their_owner_only(db):
    await insert(db, "a")
    for file in db.path.parent.glob(f"{db.path.name}*"):
        assert file.stat().st_mode & 0o077 == 0, file.name
