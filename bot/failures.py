"""Tells expected failures (of Discord, the network or the disk) from bugs. Logs expected failures in one line."""

from __future__ import annotations

import errno
import logging
import secrets
import sqlite3

import aiohttp
import discord

from bot.errors import UserError

NETWORK = (aiohttp.ClientError, OSError, TimeoutError)
"""The exceptions of a request that does not reach Discord. In other code, an OSError may be a bug: see `describe`."""

_AWAY = (aiohttp.ClientError, ConnectionError, TimeoutError)
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS)
_ANSWERED_ALREADY = 40060  # Discord: the interaction has been answered. Our first try arrived, but we did not learn it.


def is_disk_failure(error: BaseException) -> bool:
    """Return whether a write failed because the disk is full or broken."""
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF  # Without the bits of the extended code.
        return code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR) or "disk is full" in str(error)
    return isinstance(error, OSError) and error.errno in _DISK


def describe(error: BaseException) -> str | None:
    """Return a description of an expected failure for the log. Return None for a bug.

    If Discord finds a request malformed (status 400), that is a bug. Other error responses are expected failures.
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
    """Log an error, and return a random reference that is in the log entry. A bug is logged with its traceback.

    `words` and `values` say what failed, as for `Logger.error`.
    """
    reference = secrets.token_hex(3)
    failure = describe(error)
    if failure is not None:
        log.error("reference %s: %s: %s", reference, words % values, failure)
    else:
        log.error("reference %s: %s", reference, words % values, exc_info=error)
    return reference


class OneLine(logging.Filter):
    """A filter for the loggers of libraries. It replaces the traceback of an expected failure or UserError by words."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        failure = describe(error) if error is not None else None
        if isinstance(error, UserError):
            failure = "it was refused in words for the person"
        if failure is not None:
            record.msg, record.args = f"{record.getMessage()}: {failure}", ()
            record.exc_info = record.exc_text = None
        return True
