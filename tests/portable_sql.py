"""Every statement that the program runs while it is tested, and those that only SQLite would understand.

What only SQLite knows has four homes: the index, and what opens, reads and copies the file. All else is written so that
another engine could read it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import aiosqlite

HOMES = ("bot.services.index", "data.database", "data.rows", "bot.backup", "data.migrate")
"""Modules whose statements may be SQLite's own; a migration is written for one engine by its nature."""

EXCEPTIONS = {
    "bot.services.asking": "it is rebuilt with the next round of /ask",
}
"""Packages that still run such statements, and why. The list only gets shorter."""

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
"""What other engines do not know or read otherwise. A conflict names its target, which others need."""

_FOREIGN = re.compile("|".join(TOKENS), re.IGNORECASE)
_IN_LIST = re.compile(r"\(SELECT value FROM json_each\(\?\d*\)\)")

offences: dict[str, str] = {}
"""Each statement that other engines would not understand, with the module that runs it."""


def foreign(sql: str) -> str | None:
    """Return what in a statement only SQLite understands, None when nothing does."""
    found = _FOREIGN.search(_IN_LIST.sub("(?)", sql))
    return found[0] if found else None


def _runner(frame: FrameType | None) -> str:
    """Return the module that runs a statement: the first of ours that is not the one that reads rows."""
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] in ("bot", "cogs", "data", "tests") and module not in ("data.rows", __name__):
            return module
        frame = frame.f_back
    return ""


def _within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def note(sql: str, frame: FrameType | None) -> None:
    """Keep a statement as an offence unless other engines understand it or its module is a home of such statements."""
    if foreign(sql) is None:
        return
    module = _runner(frame)
    if _within(module, "tests") or any(_within(module, home) for home in (*HOMES, *EXCEPTIONS)):
        return
    offences[sql] = module


def listen() -> None:
    """From now on note every statement that is given to a connection."""
    for name in ("execute", "executemany", "execute_fetchall", "execute_insert"):
        setattr(aiosqlite.Connection, name, _noting(getattr(aiosqlite.Connection, name)))


def _noting(run: Callable[..., Any]) -> Callable[..., Any]:
    def noting(connection: aiosqlite.Connection, sql: str, *arguments: Any, **named: Any) -> Any:
        note(sql, sys._getframe(1))
        return run(connection, sql, *arguments, **named)

    return noting
