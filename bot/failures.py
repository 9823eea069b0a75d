"""Failures that are no bug of ours: Discord refuses or is away, the disk is full. They are logged in one line."""

from __future__ import annotations

import errno
import logging
import secrets
import sqlite3

import aiohttp
import discord

from bot.errors import UserError

NETWORK = (aiohttp.ClientError, OSError, TimeoutError)
"""What a request raises when it does not reach Discord. Around other code an OSError says more: see `describe`."""

_AWAY = (aiohttp.ClientError, ConnectionError, TimeoutError)
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS)
_ANSWERED_ALREADY = 40060  # An answer arrived although its receipt was lost.


def is_disk_failure(error: BaseException) -> bool:
    """Return whether a write failed because the disk is full or broken."""
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF  # The higher bits say where.
        return code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR) or "disk is full" in str(error)
    return isinstance(error, OSError) and error.errno in _DISK


def describe(error: BaseException) -> str | None:
    """Return what happened as words for a line of the log, or None for a bug, which needs a traceback.

    A request that Discord finds malformed (400) is a bug; a request that it refuses or fails to handle is not.
    """
    if is_disk_failure(error):
        return f"the disk is full or cannot be written ({error})"
    if isinstance(error, discord.RateLimited):
        return f"Discord asks for patience ({error.retry_after:.0f} s)"
    if isinstance(error, discord.HTTPException) and (error.status != 400 or error.code == _ANSWERED_ALREADY):
        return f"Discord answered {error.status}, {error.code} ({error.text or 'no reason given'})"
    if isinstance(error, _AWAY):
        return f"Discord was not reached ({type(error).__name__})"
    return None


def report(log: logging.Logger, error: BaseException, words: str, *values: object) -> str:
    """Log an error, an expected failure in one line and a bug with its traceback. Return the reference in that line."""
    reference = secrets.token_hex(3)
    what = describe(error)
    if what is not None:
        log.error("reference %s: %s: %s", reference, words % values, what)
    else:
        log.error("reference %s: %s", reference, words % values, exc_info=error)
    return reference


class OneLine(logging.Filter):
    """Replaces the traceback of an expected failure or a UserError by a few words, in records of other loggers."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        what = describe(error) if error is not None else None
        if isinstance(error, UserError):
            what = "it was refused in words for the person"
        if what is not None:
            record.msg, record.args = f"{record.getMessage()}: {what}", ()
            record.exc_info = record.exc_text = None
        return True
