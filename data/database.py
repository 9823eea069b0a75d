"""The SQLite file: one connection that writes, two that read, and the lock that keeps other processes out."""

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
    "PRAGMA busy_timeout = 1500",  # A command has three seconds in all.
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -2000",  # Memory is a promise: 2 MB a connection.
    "PRAGMA secure_delete = ON",  # What is deleted is gone from the file too.
)


class DatabaseError(Exception):
    """Raised when the file cannot be used as it is; the text says why and what to do."""


class InUse(DatabaseError):
    """Raised when another process uses the file."""


class FileLock:
    """Lets one process at a time run on a database file, by flock on a file beside it.

    The lock goes with the process, however it ends. The file stays: removing it would let two processes lock two files.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(path.name + ".lock")
        self._handle: int | None = None

    def acquire(self) -> None:
        """Take the lock. Raise InUse at once when another process has it."""
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
        """Give the lock back, if it was taken."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def to_text(at: datetime) -> str:
    """Return an instant as it is stored: in UTC, to the millisecond, of one fixed width, so that texts sort by time.

    Raise ValueError for a naive datetime, which would be a local time of an unknown zone.
    """
    if at.tzinfo is None:
        raise ValueError("a naive datetime has no place in the database")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _look_into(path: Path) -> None:
    """Raise sqlite3.Error when a file is no database: an aiosqlite connection would leave its thread running."""
    path.touch(mode=0o600)  # It holds people's Discord ids; the log beside it takes the same rights.
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA schema_version").fetchone()


class Database:
    """One writer and two readers over one file in WAL mode.

    `write(guild_id)` is a whole transaction, one at a time; an exception or a cancellation rolls it back. `read` is a
    connection of its own, so that answers do not wait for long writes. Reads that may take long, such as a list as of a
    past day, use `aside`, so that other answers do not wait for them either.
    """

    def __init__(self, writer: Connection, reader: Connection, aside: Connection, path: Path) -> None:
        self._writer = writer
        self.read = reader
        self.aside = aside
        self.path = path
        self._turn = asyncio.Lock()
        self.after_write: Callable[[], None] = lambda: None

    @classmethod
    async def open(cls, path: Path) -> Database:
        """Open or create the file. Raise DatabaseError when it is not a database or cannot be written."""
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
        """Hold the only write transaction for the length of the block; an exception rolls it back.

        `guild_id` is the guild whose rows are written, None for what belongs to no single guild. It stands in the
        traceback of a write that failed. Nothing is sent to Discord inside the block.
        """
        async with self._turn:
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
        await self._writer.execute("SELECT 1")  # Waits for whatever was cancelled on the way; only then ask.
        if self._writer.in_transaction:
            await self._writer.execute("ROLLBACK")

    async def vacuum(self) -> bool:
        """Write the file anew without what was deleted, and empty the log beside it.

        Return False when a long read, such as a backup, still needs the log; it is emptied when the database is closed.
        """
        async with self._turn:
            await self._writer.execute("INSERT INTO search_index (search_index) VALUES ('optimize')")
            await self._writer.execute("VACUUM")
            for _ in range(4):  # Each waits as long as the busy timeout.
                ((busy, *_),) = await self._writer.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
                if not busy:
                    return True
        return False

    async def close(self) -> None:
        """Close all connections; an open one would keep the process alive."""
        async with self._turn:
            for connection in (self.aside, self.read, self._writer):
                await connection.close()
