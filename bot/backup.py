"""Backup of the database, also while the bot runs, and restore of a backup while the bot is stopped."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bot.services.restores import KEY, Restored
from data.database import DatabaseError, FileLock, to_text
from data.migrate import migrations

_OURS = {"ledger", "record", "follow", "delivery"}  # Tables that a database of any version of the program has.
_BESIDE = ("-wal", "-journal", "-shm")  # Suffixes of the files that SQLite keeps beside a database.


def backup(database_path: Path, target: Path) -> None:
    """Write a consistent, verified copy of the database to the new file `target`.

    The copy is made in one read transaction, so the bot can go on writing. Nothing of deleted data remains in the copy.
    Raise DatabaseError, and leave no file, if the copy fails or `target` exists.
    """
    if not database_path.is_file():
        raise DatabaseError(f"There is no database {database_path} to copy. Check ATTACHE_DATABASE.")
    if not target.parent.is_dir():
        raise DatabaseError(f"There is no folder {target.parent}. Make it, or name another.")
    try:
        # Reserves the name, so that a file that somebody else creates meanwhile is not overwritten.
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        raise DatabaseError(f"{target} exists already and stays as it is. Name a file that does not.") from None
    except OSError as error:
        raise DatabaseError(f"{target} cannot be written: {error.strerror}.") from None
    try:
        with _copied(database_path, target) as copy:
            copy.replace(target)
    except BaseException:
        target.unlink()
        raise
    _sync(target.parent)


def restore(source: Path, database_path: Path, *, now: datetime) -> Path | None:
    """Replace the database by a backup. Return the path to which the old database was saved; None if there was none.

    Raise InUse while the bot runs. Raise DatabaseError if the backup is damaged or a newer version of the program made
    it. With either error, nothing is changed. A backup with an older schema is migrated at the next start of the bot.
    """
    if not source.is_file():
        raise DatabaseError(f"There is no file {source} to restore.")
    if database_path.exists() and source.samefile(database_path):
        raise DatabaseError(f"{source} is the database itself. Name the copy that is to take its place.")
    lock = FileLock(database_path)
    try:
        database_path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise DatabaseError(f"{error.filename} cannot be written: {error.strerror}. Nothing was changed.") from None
    try:
        with _copied(source, database_path) as copy:
            old_database = _keep(database_path, now) if database_path.exists() else None
            _note_restore(copy, now)
            for suffix in _BESIDE:  # SQLite would apply such files of the old database to the new one.
                _beside(database_path, suffix).unlink(missing_ok=True)
            copy.replace(database_path)
            _sync(database_path.parent)
    finally:
        lock.release()
    return old_database


def _connect(path: Path) -> sqlite3.Connection:
    """Open an existing database file; never create one."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)


def _require_ours(connection: sqlite3.Connection, path: Path) -> None:
    """Raise DatabaseError if a database does not belong to Attaché or was written by a newer version of it."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    ((version,),) = connection.execute("PRAGMA user_version")
    known = len(migrations())
    if not tables >= _OURS or version < 1:
        raise DatabaseError(f"{path} is not a database of Attaché. Nothing was changed.")
    if version > known:
        raise DatabaseError(
            f"{path} was written by a newer Attaché (schema {version}; this one knows {known}). "
            "Nothing was changed. Install the newer version first."
        )


def _require_whole(connection: sqlite3.Connection, path: Path) -> None:
    """Raise DatabaseError if a database is damaged: its pages are inconsistent, or a row refers to a missing row."""
    mistakes = [text for (text,) in connection.execute("PRAGMA integrity_check(3)") if text != "ok"]
    dangling = connection.execute("PRAGMA foreign_key_check").fetchmany(3)
    mistakes += [f"a row of {table} points nowhere" for table, *_ in dangling]
    if mistakes:
        raise DatabaseError(f"{path} is damaged ({'; '.join(mistakes)}). Nothing was changed. Use another copy.")


@contextmanager
def _copied(source: Path, target: Path) -> Iterator[Path]:
    """Yield the path of a verified copy of `source`. The copy is in the folder of `target`; the caller renames it.

    A copy that was not renamed is deleted when the block ends.
    """
    copy: Path | None = None
    try:
        with closing(_connect(source)) as connection:
            _require_ours(connection, source)
            handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
            os.close(handle)
            copy = Path(name)
            connection.execute("VACUUM INTO ?", (name,))
        with closing(_connect(copy)) as connection:
            _require_whole(connection, source)
        _sync(copy)
        yield copy
    except sqlite3.Error as error:
        raise DatabaseError(f"{source} cannot be copied: {error}. Nothing was changed.") from error
    except OSError as error:
        raise DatabaseError(f"{error.filename} cannot be written: {error.strerror}. Nothing was changed.") from error
    finally:
        if copy is not None:
            copy.unlink(missing_ok=True)


def _note_restore(copy: Path, now: datetime) -> None:
    """Store a `Restored` note in the copy. It says up to which time the copy is known to be complete (`known_to`).

    Later messages may have been sent that the copy does not contain. The time is that of the last tick in the copy, or
    of the last settled delivery if that is later. If the copy has neither, it is the time at which the first
    destination was created. If the copy already has a note, the earlier time is kept.
    """
    with closing(_connect(copy)) as connection:
        ((known_to, newest_delivery),) = connection.execute(
            "SELECT coalesce((SELECT max(at) FROM (SELECT max(settled_at) AS at FROM delivery "
            "UNION ALL SELECT value FROM meta WHERE key = 'last_tick')), "
            "(SELECT min(created_at) FROM destination), ?1), (SELECT ifnull(max(id), 0) FROM delivery)",
            (to_text(now),),
        )
        restored = Restored(min(datetime.fromisoformat(known_to), now), newest_delivery)
        for (note,) in connection.execute("SELECT value FROM meta WHERE key = ?", (KEY,)).fetchall():
            earlier = msgspec.json.decode(note, type=Restored)
            restored = Restored(min(earlier.known_to, restored.known_to), min(earlier.newest, newest_delivery))
        value = msgspec.json.encode(restored).decode()
        connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (KEY, value))
    _sync(copy)


def _keep(database_path: Path, now: datetime) -> Path:
    """Save the old database as "attache.db.before-20240501T093000Z", and return this path.

    The database also keeps its own name until the restored copy replaces it, but its log files are moved. Raise
    DatabaseError if the new path exists.
    """
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    old_database = database_path.with_name(f"{database_path.name}.before-{stamp}")
    if old_database.exists():
        raise DatabaseError(f"{old_database} exists already. Nothing was changed. Try again.")
    try:
        os.link(database_path, old_database)
    except OSError:  # A file system without hard links.
        shutil.copy2(database_path, old_database)
    for suffix in _BESIDE:
        if _beside(database_path, suffix).exists():
            _beside(database_path, suffix).rename(_beside(old_database, suffix))
    return old_database


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _sync(path: Path) -> None:
    """Wait until the content of a file, or the list of files in a folder, is written to the disk (fsync)."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
