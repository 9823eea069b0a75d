"""Migrations: numbered SQL files, applied in order, each in one transaction with its number."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from data.database import Connection, Database, DatabaseError

FOLDER = Path(__file__).parent / "migrations"


def _statements(script: str) -> list[str]:
    """Split a script into statements, triggers among them. Raise ValueError when the last one is unfinished."""
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
    """Return the migrations by number. Raise ValueError when a number is missing or exists twice."""
    found = sorted((int(path.name[:4]), path) for path in folder.glob("[0-9][0-9][0-9][0-9]_*.sql"))
    if [number for number, _ in found] != list(range(1, len(found) + 1)):
        raise ValueError("migrations must be numbered from 0001 without a gap")
    return found


async def schema_version(connection: Connection) -> int:
    """Return the number of the last migration that was applied to the file."""
    ((version,),) = await connection.execute_fetchall("PRAGMA user_version")
    return version


async def migrate(database: Database, folder: Path = FOLDER) -> int:
    """Bring the file to the newest schema and return its number. Raise DatabaseError for a file of a newer program."""
    found = migrations(folder)
    version = await schema_version(database.read)
    if version > len(found):
        raise DatabaseError(
            f"{database.path.name} was written by a newer Attaché (schema {version}; this one knows {len(found)}). "
            "Install the newer version again."
        )
    for number, path in found[version:]:
        async with database.write(None) as connection:
            for statement in _statements(path.read_text("utf-8")):
                await connection.execute(statement)
            await connection.execute(f"PRAGMA user_version = {number:d}")
    return len(found)
