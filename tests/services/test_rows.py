"""Tests of data/rows.py, which turns database rows into structs by the names of their columns."""

from datetime import UTC, date, datetime

import pytest
from msgspec import Struct

from data.database import Database
from data.records import FactDate, Outcome
from data.rows import as_list, fetch_all, fetch_one, fetch_value, fetch_values, in_list


class Sample(Struct, frozen=True):
    """A row with a field of each type that is decoded, and of some types that are not."""

    name: str
    count: int
    done: bool
    on: date | None = None
    at: datetime | None = None
    dated: FactDate | None = None
    tags: tuple[str, ...] = ()


class Named(Struct, frozen=True):
    """A row with one column."""

    name: str


ROW = (
    """SELECT '["a","b"]' AS tags, 'null' AS name, 3 AS count, 1 AS done, '2024-02-29' AS "on", """
    """'2024-02-29T10:00:00.000Z' AS at, '{"precision":"year","printed":"2024"}' AS dated"""
)


async def test_columns_come_in_any_order_and_are_decoded_by_the_type_of_their_field(db: Database):
    assert await fetch_one(db.read, Sample, ROW) == Sample(
        "null",
        3,
        True,
        date(2024, 2, 29),
        datetime(2024, 2, 29, 10, tzinfo=UTC),
        FactDate("year", printed="2024"),
        ("a", "b"),
    )


async def test_null_is_none_and_what_is_not_selected_keeps_its_default(db: Database):
    found = await fetch_one(db.read, Sample, """SELECT 'x' AS name, 0 AS count, 0 AS done, NULL AS "on" """)
    assert found == Sample("x", 0, False)


@pytest.mark.parametrize("sql", ["SELECT 'x' AS name, 1 AS other", "SELECT 'x' AS nome", "SELECT 1"])
async def test_columns_that_are_not_the_fields_are_refused(db: Database, sql: str):
    with pytest.raises(TypeError, match="Named has the fields name"):
        await fetch_all(db.read, Named, sql)


async def test_no_row_is_none_or_nothing(db: Database):
    assert await fetch_all(db.read, Named, "SELECT 'x' AS name WHERE 0") == []
    assert await fetch_one(db.read, Named, "SELECT 'x' AS name WHERE 0") is None
    assert await fetch_value(db.read, str, "SELECT 'x' AS name WHERE 0") is None


async def test_single_columns_are_values(db: Database):
    assert await fetch_value(db.read, int, "SELECT 7 AS n") == 7
    assert await fetch_value(db.read, date, "SELECT '2024-01-01' AS d") == date(2024, 1, 1)
    assert await fetch_value(db.read, date, "SELECT max(d) AS d FROM (SELECT '' AS d WHERE 0) AS none") is None
    union = "SELECT 1 AS done UNION ALL SELECT NULL UNION ALL SELECT 0"
    assert await fetch_values(db.read, bool, union) == [True, False]
    assert await fetch_value(db.read, Outcome, "SELECT 'refused' AS outcome") is Outcome.REFUSED


@pytest.mark.parametrize("values", [[], [3, 1], ["it's", 'a "b"', "भारत", "null"]])
async def test_a_list_is_one_parameter(db: Database, values: list[int | str]):
    found = await fetch_values(db.read, str, f"SELECT value FROM {in_list()} AS given", (as_list(values),))
    assert found == values


async def test_a_list_can_be_looked_in(db: Database):
    assert await fetch_value(db.read, bool, f"SELECT 2 IN {in_list()} AS found", (as_list([1, 2]),)) is True
