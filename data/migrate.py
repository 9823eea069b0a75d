"""Applies the numbered migrations in order, each in one transaction with its number."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from data.database import Connection, Database, DatabaseError

FOLDER = Path(__file__).parent / "migrations"


def _statements(script: str) -> list[str]:
    """Splits a script at the semicolons that end statements; triggers hold semicolons of their own."""
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
    """The migrations by number. ValueError when a number is missing or there twice."""
    found = sorted((int(path.name[:4]), path) for path in folder.glob("[0-9][0-9][0-9][0-9]_*.sql"))
    if [number for number, _ in found] != list(range(1, len(found) + 1)):
        raise ValueError("migrations must be numbered from 0001 without a gap")
    return found


async def schema_version(connection: Connection) -> int:
    ((version,),) = await connection.execute_fetchall("PRAGMA user_version")
    return version


async def migrate(database: Database, folder: Path = FOLDER) -> int:
    """Brings the file to the newest schema and returns its number. DatabaseError: the file is newer than the code."""
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
