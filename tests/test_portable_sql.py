"""Tests of the check for portable SQL: it reports statements that only SQLite understands, and no others."""

import sys
from typing import Any

import pytest

from data.database import Database
from data.rows import in_list
from tests import portable_sql


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT json_extract(state, '$.a') FROM record",
        "SELECT state ->> '$.a' FROM record",
        "SELECT json_group_array(value) FROM json_each(?)",
        "SELECT rowid FROM record",
        "SELECT 1 FROM search_index WHERE search_index MATCH ?",
        "SELECT ifnull(a, 0), iif(b, 1, 2) FROM t",
        "SELECT instr(a, ':') FROM t",
        "SELECT 1 FROM t WHERE a IS ?",
        "SELECT a FROM t ORDER BY a COLLATE NOCASE",
        "INSERT OR REPLACE INTO t VALUES (1)",
        "SELECT randomblob(8)",
        "SELECT strftime('%Y', a) FROM t",
        "INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING",
        "UPDATE t SET a = max(a, ?)",
    ],
)
def test_the_rule_sees_what_only_sqlite_understands(sql: str):
    assert portable_sql.foreign(sql) is not None


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT a FROM t WHERE id IN {in_list()} AND b IS NOT DISTINCT FROM ?",
        f"SELECT value FROM {in_list('?2')} AS wanted",
        "SELECT coalesce(max(a), 0) FROM t ORDER BY b NULLS LAST",
        "INSERT INTO t (a) VALUES (?) ON CONFLICT (a) DO UPDATE SET b = excluded.b RETURNING id",
        "UPDATE t SET times = times + 1 WHERE text IS NOT NULL",
    ],
)
def test_the_rule_lets_pass_what_other_engines_understand(sql: str):
    assert portable_sql.foreign(sql) is None


async def test_every_statement_given_to_a_connection_is_noted(db: Database):
    portable_sql.note("SELECT rowid FROM record", sys._getframe())
    assert portable_sql.offences == {}  # Tests may use any SQL.
    scope: dict[str, Any] = {"__name__": "bot.services.somewhere", "conn": db.read}
    # Run a statement as if a module of the program did.
    exec("def run():\n    return conn.execute_fetchall('SELECT ifnull(max(id), 0) FROM record')", scope)  # noqa: S102
    await scope["run"]()
    assert list(portable_sql.offences.values()) == ["bot.services.somewhere"]
    portable_sql.offences.clear()
