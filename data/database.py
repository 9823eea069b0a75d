"""The SQLite database: its connections, its write transactions, and a lock against a second process."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiosqlite

Connection = aiosqlite.Connection

_PRAGMAS = (
    "PRAGMA busy_timeout = 1500",  # In ms. Discord gives a command three seconds in all.
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -2000",  # 2 MB for each connection, so that the use of memory stays small.
    "PRAGMA secure_delete = ON",  # Overwrites deleted data, so that it cannot be read from the file any more.
)


class DatabaseError(Exception):
    """Raised when the database file cannot be used. The text says why, and what to do about it."""


class InUse(DatabaseError):
    """Raised when another process of the bot uses the database file."""


class FileLock:
    """A lock on a database file, so that only one process at a time uses the file.

    It is a flock on a second file, which stands beside the database. The operating system releases the lock when the
    process ends. The lock file is never deleted. Otherwise two processes could hold locks on two different files of the
    same name.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(path.name + ".lock")
        self._handle: int | None = None

    def acquire(self) -> None:
        """Take the lock without waiting. Raise InUse if another process has it."""
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            raise InUse(
                f"Another Attaché is running on {self._path.name.removesuffix('.lock')}. Stop it first, "
                "or give this one another file in ATTACHE_DATABASE."
            ) from None
        self._handle = handle

    def release(self) -> None:
        """Release the lock. Do nothing if this process does not have it."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def to_text(at: datetime) -> str:
    """Return an instant as the text that is stored for it, such as "2023-11-10T06:30:00.000Z".

    The alphabetical order of these texts is the order of time. Raise ValueError for a naive datetime.
    """
    if at.tzinfo is None:
        raise ValueError("a naive datetime has no place in the database")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


@asynccontextmanager
async def rolled_back(conn: Connection) -> AsyncIterator[None]:
    """Roll back what is written inside the block, and keep the rest of the transaction.

    Services use it for previews: they write a change, read what it does, and take it back.
    """
    await conn.execute("SAVEPOINT preview")
    try:
        yield
    finally:
        await conn.execute("ROLLBACK TO preview")
        await conn.execute("RELEASE preview")


def _look_into(path: Path) -> None:
    """Create the file if it is missing. Raise sqlite3.Error if it is not a database.

    This check uses sqlite3, not aiosqlite. The thread of an aiosqlite connection would go on running after the error.
    """
    path.touch(mode=0o600)  # Private, since it has Discord ids. SQLite gives the WAL file the same mode.
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA schema_version").fetchone()


class Database:
    """The database in WAL mode, with one connection for writing and two for reading.

    - `write(guild_id)` opens a transaction on the writing connection. Only one transaction is open at a time.
    - `read` is the connection for quick queries. Its queries do not wait for writes.
    - `aside` is the connection for slow queries, so that a slow query does not delay the queries on `read`.
    - `after_write` is a function that is called after each commit.
    """

    def __init__(self, writer: Connection, reader: Connection, aside: Connection, path: Path) -> None:
        self._writer = writer
        self.read = reader
        self.aside = aside
        self.path = path
        self._write_lock = asyncio.Lock()
        self.after_write: Callable[[], None] = lambda: None

    @classmethod
    async def open(cls, path: Path) -> Database:
        """Open a database file, or create it. Raise DatabaseError if the file is no database or cannot be written."""
        if sqlite3.sqlite_version_info < (3, 39):
            raise DatabaseError(f"SQLite 3.39 or newer is needed; this Python has {sqlite3.sqlite_version}.")
        opened: list[Connection] = []
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            await asyncio.to_thread(_look_into, path)
            for _ in range(3):
                connection = await aiosqlite.connect(path, isolation_level=None)
                connection.row_factory = sqlite3.Row
                opened.append(connection)
                for pragma in _PRAGMAS:
                    await connection.execute(pragma)
            writer, read, aside = opened
            await writer.execute("PRAGMA journal_mode = WAL")
            # A settled delivery must survive a power cut, or it would be sent again.
            await writer.execute("PRAGMA synchronous = FULL")
            for reader in (read, aside):
                await reader.execute("PRAGMA query_only = ON")
        except (sqlite3.Error, OSError) as error:
            for connection in opened:
                await connection.close()
            raise DatabaseError(
                f"The database {path.name} cannot be opened: {error}. Check ATTACHE_DATABASE."
            ) from error
        return cls(writer, read, aside, path)

    @asynccontextmanager
    async def write(self, guild_id: int | None) -> AsyncIterator[Connection]:
        """Run the block in a write transaction: commit at its end, roll back on an exception or a cancellation.

        Other writes wait for the end of the block, so do not send anything to Discord inside it. `guild_id` is the
        guild whose rows are written. It is None if the rows do not belong to a single guild. If the block fails, the
        traceback names the guild.
        """
        async with self._write_lock:
            connection = self._writer
            try:
                await connection.execute("BEGIN IMMEDIATE")
                yield connection
                await asyncio.shield(connection.execute("COMMIT"))
            except BaseException as error:
                # A cancelled statement still runs in its thread, so the rollback must not be cancelled with it.
                await asyncio.shield(self._roll_back())
                if guild_id is not None:
                    error.add_note(f"while writing for guild {guild_id}")
                raise
        self.after_write()

    async def _roll_back(self) -> None:
        await self._writer.execute("SELECT 1")  # Waits until a cancelled statement has ended in the thread.
        if self._writer.in_transaction:
            await self._writer.execute("ROLLBACK")

    async def vacuum(self) -> bool:
        """Rewrite the database file without deleted data, and empty its write-ahead log. Return whether both succeeded.

        A long read, such as a backup, can prevent the log from being emptied. In this case the result is False, and the
        log is emptied when the database is closed.
        """
        async with self._write_lock:
            await self._writer.execute("INSERT INTO search_index (search_index) VALUES ('optimize')")
            await self._writer.execute("VACUUM")
            for _ in range(4):  # Each try waits up to the busy timeout.
                ((busy, *_),) = await self._writer.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
                if not busy:
                    return True
        return False

    async def close(self) -> None:
        """Close all connections. A connection that stays open would keep the process from ending."""
        async with self._write_lock:
            for connection in (self.aside, self.read, self._writer):
                await connection.close()
