"""Migrations of the database schema: numbered SQL files, applied in order, each in a transaction of its own."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from data.database import Connection, Database, DatabaseError

FOLDER = Path(__file__).parent / "migrations"


def _statements(script: str) -> list[str]:
    """Split an SQL script into its statements. Raise ValueError if the last statement is incomplete.

    A trigger is one statement, although it has semicolons inside.
    """
    statements, pending = [], ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            statements.append(pending)
            pending = ""
    if pending.strip():
        raise ValueError(f"unfinished statement: {pending.strip()[:80]}")
    return statements


def migrations(folder: Path = FOLDER) -> list[tuple[int, Path]]:
    """Return the number and file of each migration, in order. Raise ValueError if a number is missing or repeated."""
    numbered = sorted((int(path.name[:4]), path) for path in folder.glob("[0-9][0-9][0-9][0-9]_*.sql"))
    if [number for number, _ in numbered] != list(range(1, len(numbered) + 1)):
        raise ValueError("migrations must be numbered from 0001 without a gap")
    return numbered


async def schema_version(connection: Connection) -> int:
    """Return the schema version of a database: the number of the last migration that was applied to it."""
    ((version,),) = await connection.execute_fetchall("PRAGMA user_version")
    return version


async def migrate(database: Database, folder: Path = FOLDER) -> int:
    """Apply the migrations that a database lacks, and return its schema version.

    If a newer version of the program has written the file, change nothing and raise DatabaseError.
    """
    available = migrations(folder)
    version = await schema_version(database.read)
    if version > len(available):
        raise DatabaseError(
            f"{database.path.name} was written by a newer Attaché (schema {version}; this one knows {len(available)}). "
            "Install the newer version again."
        )
    for number, path in available[version:]:
        async with database.write(None) as connection:
            for statement in _statements(path.read_text("utf-8")):
                await connection.execute(statement)
            await connection.execute(f"PRAGMA user_version = {number:d}")
    return len(available)
