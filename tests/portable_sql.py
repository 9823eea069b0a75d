"""Records the SQL that the program runs during tests, and finds statements that only SQLite understands.

Such statements are allowed only in the search index and in the modules that open, migrate, read and copy the file. All
other SQL is written so that another database engine could run it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import aiosqlite

HOMES = ("bot.services.index", "data.database", "data.rows", "bot.backup", "data.migrate")
"""Modules and packages that may run SQLite-specific SQL. Migrations are always written for one engine."""

EXCEPTIONS = {
    "bot.services.asking": "it is rebuilt with the next round of /ask",
}
"""Other packages that still run SQLite-specific SQL, each with the reason. No package may be added."""

TOKENS = (
    r"\bjson\w*\(",
    r"->>?",
    r"\browid\b",
    r"\bMATCH\b",
    r"\bGLOB\b",
    r"\bifnull\(",
    r"\biif\(",
    r"\binstr\(",
    r"\bIS (NOT )?\?",
    r"\bCOLLATE\b",
    r"\bINSERT OR\b",
    r"\bREPLACE INTO\b",
    r"\brandomblob\(",
    r"\blast_insert_rowid\(",
    r"\bstrftime\(",
    r"\b(date|datetime|julianday|unixepoch)\(",
    r"\bgroup_concat\(",
    r"\btotal\(",
    r"\b(max|min)\([^()]*,",
    r"\bON CONFLICT DO\b",
)
"""Patterns of SQL that other engines reject or understand differently.

ON CONFLICT without a target is among them, because other engines require the target.
"""

_FOREIGN = re.compile("|".join(TOKENS), re.IGNORECASE)
_IN_LIST = re.compile(r"\(SELECT value FROM json_each\(\?\d*\)\)")

offences: dict[str, str] = {}
"""SQLite-specific statements that were run where they are not allowed, each with the module that ran it."""


def foreign(sql: str) -> str | None:
    """Return the first part of a statement that only SQLite understands, or None for a portable statement."""
    match = _FOREIGN.search(_IN_LIST.sub("(?)", sql))
    return match[0] if match else None


def _runner(frame: FrameType | None) -> str:
    """Return the module that runs a statement, or "": the innermost caller in this repository except `data.rows`."""
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] in ("bot", "cogs", "data", "tests") and module not in ("data.rows", __name__):
            return module
        frame = frame.f_back
    return ""


def _within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def note(sql: str, frame: FrameType | None) -> None:
    """Add a statement to `offences` unless it is portable, or run by a test or a module in HOMES or EXCEPTIONS."""
    if foreign(sql) is None:
        return
    module = _runner(frame)
    if _within(module, "tests") or any(_within(module, home) for home in (*HOMES, *EXCEPTIONS)):
        return
    offences[sql] = module


def listen() -> None:
    """Patch aiosqlite so that every statement given to a connection is passed to `note` first."""
    for name in ("execute", "executemany", "execute_fetchall", "execute_insert"):
        setattr(aiosqlite.Connection, name, _noting(getattr(aiosqlite.Connection, name)))


def _noting(run: Callable[..., Any]) -> Callable[..., Any]:
    def noting(connection: aiosqlite.Connection, sql: str, *arguments: Any, **named: Any) -> Any:
        note(sql, sys._getframe(1))
        return run(connection, sql, *arguments, **named)

    return noting
