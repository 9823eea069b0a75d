"""Tests of which errors are logged in one line as expected failures, and which with a traceback as bugs."""

from __future__ import annotations

import errno
import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from bot import failures

OUTSIDE = [
    OSError(errno.ENOSPC, "No space left on device"),
    OSError(errno.EDQUOT, "Disk quota exceeded"),
    sqlite3.OperationalError("database or disk is full"),
    aiohttp.ServerDisconnectedError(),
    ConnectionResetError(),
    TimeoutError(),
]
OURS = [
    FileNotFoundError(errno.ENOENT, "No such file"),
    sqlite3.OperationalError("no such column: full"),
    sqlite3.IntegrityError("FOREIGN KEY constraint failed"),
    KeyError("full"),
]


def reported(error: Exception, caplog: pytest.LogCaptureFixture) -> logging.LogRecord:
    reference = failures.report(logging.getLogger("test"), error, "delivery %d stopped", 7)
    (record,) = caplog.records
    assert record.getMessage().startswith(f"reference {reference}: delivery 7 stopped")
    return record


@pytest.mark.parametrize("error", OUTSIDE, ids=repr)
def test_trouble_from_outside_is_one_line(error: Exception, caplog: pytest.LogCaptureFixture):
    record = reported(error, caplog)
    assert record.exc_info is None
    assert "\n" not in record.getMessage()


@pytest.mark.parametrize("error", OURS, ids=repr)
def test_a_bug_keeps_its_traceback(error: Exception, caplog: pytest.LogCaptureFixture):
    assert reported(error, caplog).exc_info


def test_a_file_that_may_not_grow_any_more_is_a_full_disk(tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "full.db")) as connection:
        connection.execute("CREATE TABLE kept (words TEXT)")
        connection.execute("PRAGMA max_page_count = 2")
        with pytest.raises(sqlite3.OperationalError) as raised:
            connection.execute("INSERT INTO kept VALUES (?)", ("x" * 100_000,))
    assert failures.is_disk_failure(raised.value)
