"""Tests of backup and restore: a copy taken during writes is whole, and restoring keeps the old file."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.backup import backup, restore
from bot.ledger.fold import fold
from bot.services import deliveries, destinations, dossiers, housekeeping, index, records, restores, updates
from bot.services.updates import Change
from data.database import Database, DatabaseError, FileLock, InUse
from data.migrate import migrate
from data.records import Confirmation, Outcome
from tests.builders import on_day
from tests.conftest import GUILD, NOW

DAY = on_day("2023-11-10")


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Database]:
    database = await Database.open(path)
    try:
        await migrate(database)
        yield database
    finally:
        await database.close()


async def enter(db: Database, number: int, source: int) -> None:
    """Enter a deal in one transaction, together with a channel that follows it and an alert about it."""
    slug = f"deal-{number}"
    async with db.write(GUILD) as conn:
        batch = await updates.append(
            conn,
            GUILD,
            [
                Change(slug, "deal", "name", f"Deal number {number}", DAY, source),
                Change(slug, "deal", "stage", "proposed", DAY, source),
            ],
            now=NOW,
            person_id=1,
            origin="editor",
        )
        there = await destinations.ensure_channel(conn, GUILD, 7000 + number, now=NOW, person_id=1)
        await conn.execute(
            "INSERT INTO follow (destination_id, record_id, since, created_at) "
            "SELECT ?, id, 0, ? FROM record WHERE slug = ?",
            (there.id, NOW.isoformat(), slug),
        )
        await deliveries.plan(conn, GUILD, there.id, deliveries.alert_of(batch), due_at=NOW)


async def keep_writing(db: Database, source: int, first: asyncio.Event) -> None:
    """Enter one deal after the other until cancelled. Set `first` after the fifth."""
    number = 0
    while True:
        await enter(db, number, source)
        number += 1
        if number == 5:
            first.set()


def rows_of(path: Path) -> dict[str, list[tuple]]:
    """Return all rows of a database file by table, without the search index and the note that it was restored."""
    with closing(sqlite3.connect(path)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        tables = [name for (name,) in names if not name.startswith(("sqlite", "search_index"))]
        rows = {name: sorted(connection.execute(f"SELECT * FROM {name}"), key=repr) for name in tables}
        return rows | {"meta": [row for row in rows["meta"] if row[0] != restores.KEY]}


async def test_a_server_with_a_dossier_comes_back_row_by_row(db: Database, guild: int, tmp_path: Path):
    async with db.write(guild) as conn:
        dossier = dossiers.read_shipped("india-us-2plus2-2023", now=NOW)
        await dossiers.load(conn, guild, dossier, now=NOW, person_id=1)
    copy, place = tmp_path / "copy.db", tmp_path / "elsewhere" / "attache.db"
    await asyncio.to_thread(backup, db.path, copy)
    restore(copy, place, now=NOW)
    held = rows_of(place)
    assert all(held[table] for table in ("record", "ledger", "link", "name", "spelling", "state_history"))
    assert held == rows_of(db.path)


async def test_a_copy_taken_amid_writes_is_whole(db: Database, guild: int, source: int, tmp_path: Path):
    begun = asyncio.Event()
    writing = asyncio.create_task(keep_writing(db, source, begun))
    while not begun.is_set() and not writing.done():
        await asyncio.sleep(0)
    copies = [tmp_path / f"copy-{number}.db" for number in range(3)]
    for copy in copies:
        await asyncio.to_thread(backup, db.path, copy)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    ((written,),) = await db.read.execute_fetchall("SELECT count(*) FROM ledger")

    place = tmp_path / "elsewhere" / "attache.db"
    for copy in copies:
        restore(copy, place, now=NOW)
        async with opened(place) as restored:
            slugs = [s for (s,) in await restored.read.execute_fetchall("SELECT slug FROM record ORDER BY id")]
            assert 5 <= len(slugs) < written
            for slug in slugs:
                history = await updates.history(restored.read, GUILD, slug)
                record = (await records.get(restored.read, GUILD, slug)).record
                assert [update.field for update in history] == ["name", "stage"]
                assert fold("deal", history) == record.state
            for table in ("follow", "destination", "delivery"):
                ((count,),) = await restored.read.execute_fetchall(f"SELECT count(*) FROM {table}")
                assert count == len(slugs), table
            assert [row.slug for row, _ in await index.complete(restored.read, GUILD, "deal number 4")] == ["deal-4"]
            await enter(restored, 100_000, source)
        place.unlink()


async def test_restoring_puts_every_row_back_and_keeps_the_old_file(db, guild, source, tmp_path: Path):
    await enter(db, 1, source)
    async with db.write(guild) as conn:
        await conn.execute("UPDATE delivery SET state = 'settled'")
    copy = tmp_path / "copy.db"
    backup(db.path, copy)
    before = rows_of(copy)
    await enter(db, 2, source)
    await db.close()
    after = rows_of(db.path)

    kept = restore(copy, db.path, now=NOW)
    assert kept is not None
    assert kept.name == "attache.db.before-20261124T120000Z"
    assert rows_of(db.path) == before
    assert rows_of(kept) == after
    assert before != after
    assert rows_of(copy) == before


async def test_what_was_due_by_the_first_look_after_a_restore_may_have_come(db, guild, source, tmp_path: Path):
    await enter(db, 1, source)
    async with db.write(GUILD) as conn:
        there = await destinations.ensure_channel(conn, GUILD, 7001, now=NOW, person_id=1)
        new = deliveries.confirmation_of("later", Confirmation("follow"))
        await deliveries.plan(conn, GUILD, there.id, new, due_at=NOW + timedelta(hours=2))
    backup(db.path, tmp_path / "copy.db")
    place = tmp_path / "new.db"
    assert restore(tmp_path / "copy.db", place, now=NOW + timedelta(hours=1)) is None
    for look in (NOW + timedelta(minutes=90), NOW + timedelta(hours=3)):  # Only the first one counts.
        async with opened(place) as restored:
            begun = await restores.begin(restored, look)
            assert begun is not None
            assert (begun.known_to, begun.newest, begun.until) == (NOW, 2, NOW + timedelta(minutes=90))
            owed = [await deliveries.get(restored.read, id_) for id_ in (1, 2)]
            assert [restores.may_have_come(begun, delivery) for delivery in owed] == [True, False]


async def test_a_copy_knows_what_was_sent_up_to_its_last_look_or_settled_delivery(db, guild, source, tmp_path: Path):
    async def known_to(name: str) -> datetime:
        backup(db.path, tmp_path / f"{name}.db")
        restore(tmp_path / f"{name}.db", tmp_path / f"{name}-restored.db", now=NOW + timedelta(days=9))
        async with opened(tmp_path / f"{name}-restored.db") as restored:
            begun = await restores.begin(restored, NOW + timedelta(days=9))
            assert begun is not None
            return begun.known_to

    assert await known_to("empty") == NOW + timedelta(days=9)
    await enter(db, 1, source)
    assert await known_to("never looked") == NOW  # The oldest destination.
    async with db.write(None) as conn:
        await housekeeping.mark_tick(conn, NOW + timedelta(days=2))
    assert await known_to("looked") == NOW + timedelta(days=2)
    async with db.write(guild) as conn:
        await deliveries.settle(conn, 1, Outcome.DELIVERED, now=NOW + timedelta(days=2, seconds=30))
    assert await known_to("settled") == NOW + timedelta(days=2, seconds=30)
    async with db.write(None) as conn:
        await housekeeping.mark_tick(conn, NOW + timedelta(days=400))
    assert await known_to("written by a clock that was ahead") == NOW + timedelta(days=9)


async def test_a_copy_of_a_restored_file_keeps_what_was_not_looked_for_yet(db, guild, source, tmp_path: Path):
    await enter(db, 1, source)
    first, second = tmp_path / "first.db", tmp_path / "second.db"
    backup(db.path, first)
    restore(first, second, now=NOW + timedelta(hours=1))
    async with opened(second) as restored:
        await restores.begin(restored, NOW + timedelta(hours=1))
        await enter(restored, 2, source)
        async with restored.write(None) as conn:
            await housekeeping.mark_tick(conn, NOW + timedelta(hours=2))
    backup(second, tmp_path / "copy.db")
    place = tmp_path / "third.db"
    restore(tmp_path / "copy.db", place, now=NOW + timedelta(hours=3))
    async with opened(place) as restored:
        begun = await restores.begin(restored, NOW + timedelta(hours=3))
    assert begun == restores.Restored(NOW, 1, NOW + timedelta(hours=3))


async def test_a_restore_is_forgotten_after_ninety_days(db, guild, tmp_path: Path):
    backup(db.path, tmp_path / "copy.db")
    place = tmp_path / "new.db"
    restore(tmp_path / "copy.db", place, now=NOW)
    async with opened(place) as restored:
        for days in (0, 90, 91):
            assert await restores.begin(restored, NOW) is not None
            async with restored.write(None) as conn:
                await housekeeping.clean_up(conn, NOW + timedelta(days=days))
        assert await restores.begin(restored, NOW) is None


async def test_what_stands_only_in_the_old_log_is_kept_and_never_applied_to_the_copy(db, guild, source, tmp_path: Path):
    copy = tmp_path / "copy.db"
    backup(db.path, copy)
    await enter(db, 1, source)
    # A killed process leaves the database file, and its last writes only in the log (-wal).
    place = tmp_path / "killed" / "attache.db"
    place.parent.mkdir()
    for suffix in ("", "-wal"):
        (place.parent / f"attache.db{suffix}").write_bytes((db.path.parent / f"attache.db{suffix}").read_bytes())
    assert place.with_name("attache.db-wal").stat().st_size > 0

    kept = restore(copy, place, now=NOW)
    assert kept is not None
    assert rows_of(kept)["record"] != []
    assert rows_of(place)["record"] == []


async def test_a_damaged_old_file_is_kept_with_its_log(db, guild, source, tmp_path: Path):
    copy = tmp_path / "copy.db"
    backup(db.path, copy)
    place = tmp_path / "broken" / "attache.db"
    place.parent.mkdir()
    place.write_bytes(b"no database at all" * 1000)
    place.with_name("attache.db-wal").write_bytes(b"a log")
    kept = restore(copy, place, now=NOW)
    assert kept is not None
    assert kept.read_bytes().startswith(b"no database at all")
    assert kept.with_name(f"{kept.name}-wal").read_bytes() == b"a log"
    assert len(rows_of(place)["guild"]) == 2


async def test_a_copy_holds_nothing_of_what_was_deleted(db, guild, tmp_path: Path):
    async with db.write(None) as conn:
        await conn.execute("INSERT INTO meta VALUES ('secret', 'quetzalcoatl')")
    async with db.write(None) as conn:
        await conn.execute("DELETE FROM meta")
    backup(db.path, tmp_path / "copy.db")
    assert b"quetzalcoatl" not in (tmp_path / "copy.db").read_bytes()


async def test_nothing_is_overwritten_by_a_backup(db, guild, tmp_path: Path):
    target = tmp_path / "precious.txt"
    target.write_text("mine")
    with pytest.raises(DatabaseError, match="exists already"):
        backup(db.path, target)
    assert target.read_text() == "mine"
    with pytest.raises(DatabaseError, match="exists already"):
        backup(db.path, db.path)


def other_file(path: Path) -> None:
    path.write_text("Dear diary, " * 1000)


def other_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE diary (text)")


def empty_file(path: Path) -> None:
    path.touch()


@pytest.mark.parametrize("make", [other_file, other_database, empty_file])
def test_what_is_not_ours_is_neither_copied_nor_put_in_place(make, tmp_path: Path):
    source, target, place = tmp_path / "source", tmp_path / "target", tmp_path / "attache.db"
    make(source)
    with pytest.raises(DatabaseError, match=r"not a database|cannot be copied"):
        backup(source, target)
    with pytest.raises(DatabaseError, match=r"not a database|cannot be copied"):
        restore(source, place, now=NOW)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["attache.db.lock", "source"]


def test_a_missing_source_or_folder_is_named(tmp_path: Path):
    with pytest.raises(DatabaseError, match=r"no database .*nowhere"):
        backup(tmp_path / "nowhere.db", tmp_path / "copy.db")
    with pytest.raises(DatabaseError, match=r"no file .*nowhere"):
        restore(tmp_path / "nowhere.db", tmp_path / "attache.db", now=NOW)


async def test_a_missing_folder_is_named(db, guild, tmp_path: Path):
    with pytest.raises(DatabaseError, match=r"no folder .*usb"):
        backup(db.path, tmp_path / "usb" / "copy.db")


async def test_nothing_is_restored_while_the_bot_runs(db, guild, tmp_path: Path):
    copy = tmp_path / "copy.db"
    backup(db.path, copy)
    lock = FileLock(db.path)
    lock.acquire()
    try:
        with pytest.raises(InUse, match="Stop it first"):
            restore(copy, db.path, now=NOW)
    finally:
        lock.release()
    await db.close()
    assert restore(copy, db.path, now=NOW) is not None


async def test_the_database_itself_is_no_copy(db, guild):
    with pytest.raises(DatabaseError, match="the database itself"):
        restore(db.path, db.path, now=NOW)


async def test_a_copy_from_a_newer_version_or_with_missing_pages_is_refused(db, guild, source, tmp_path: Path):
    newer, torn, dangling = (tmp_path / name for name in ("newer.db", "torn.db", "dangling.db"))
    for number in range(20):
        await enter(db, number, source)
    for path in (newer, torn, dangling):
        backup(db.path, path)
    with closing(sqlite3.connect(newer)) as connection:
        connection.execute("PRAGMA user_version = 999")
    with closing(sqlite3.connect(dangling)) as connection:
        connection.execute("DELETE FROM record WHERE id = 1")
        connection.commit()
    whole = torn.read_bytes()
    torn.write_bytes(whole[: len(whole) // 2])
    before = rows_of(db.path)
    await db.close()
    for path, reason in ((newer, "newer Attaché"), (torn, "damaged|malformed"), (dangling, "points nowhere")):
        with pytest.raises(DatabaseError, match=reason):
            restore(path, db.path, now=NOW + timedelta(days=1))
    assert rows_of(db.path) == before
    assert not list(db.path.parent.glob("*.before-*"))
    assert not list(db.path.parent.glob(".*.part"))
