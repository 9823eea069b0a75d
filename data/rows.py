"""Rows of statements as typed values, each column by its name; and lists as one parameter of a statement.

A row becomes a struct whose fields are named as the columns are. What SQLite has no type for is decoded by the type of
the field: a bool from 0 or 1, an instant or a date from its text, and any struct, list, tuple or dict from JSON.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache
from types import NoneType, UnionType
from typing import Literal, TypeVar, Union, cast, get_args, get_origin

import msgspec
from aiosqlite import Connection
from msgspec import Struct

R = TypeVar("R", bound=Struct)
V = TypeVar("V")

Convert = Callable[[object], object]


async def fetch_all(conn: Connection, shape: type[R], sql: str, values: Sequence[object] = ()) -> list[R]:
    """Return all rows of a statement. Raise TypeError where its columns are not the fields of `shape`."""
    rows = cast("list[sqlite3.Row]", await conn.execute_fetchall(sql, values))
    if not rows:
        return []
    read = _reader(shape, tuple(rows[0].keys()))
    return [read(row) for row in rows]


async def fetch_one(conn: Connection, shape: type[R], sql: str, values: Sequence[object] = ()) -> R | None:
    """Return the first row of a statement, or None without one."""
    return next(iter(await fetch_all(conn, shape, sql, values)), None)


async def fetch_values(conn: Connection, shape: type[V], sql: str, values: Sequence[object] = ()) -> list[V]:
    """Return the only column of all rows, without those that are NULL."""
    convert = _converter(shape)
    rows = cast("list[sqlite3.Row]", await conn.execute_fetchall(sql, values))
    return [cast("V", convert(value) if convert else value) for (value,) in rows if value is not None]


async def fetch_value(conn: Connection, shape: type[V], sql: str, values: Sequence[object] = ()) -> V | None:
    """Return the only column of the first row, or None where there is no row or the value is NULL."""
    return next(iter(await fetch_values(conn, shape, sql, values)), None)


def in_list(mark: str = "?") -> str:
    """Return a sub-select of the values that `as_list` packs into the parameter at `mark`, in a column `value`.

    As in `WHERE id IN {in_list()}` or `FROM {in_list("?2")} AS wanted`: one statement serves any number of values.
    """
    return f"(SELECT value FROM json_each({mark}))"


def as_list(values: Iterable[int | str]) -> str:
    """Return values as the one parameter that `in_list` reads."""
    return msgspec.json.encode(list(values)).decode()


@lru_cache(512)
def _reader(shape: type[R], columns: tuple[str, ...]) -> Callable[[sqlite3.Row], R]:
    """Return a function that makes a struct of a row with these columns. Raise TypeError when they do not fit."""
    fields = {field.name: field for field in msgspec.structs.fields(shape)}
    missing = {name for name, field in fields.items() if field.required}.difference(columns)
    if missing or not fields.keys() >= set(columns):
        raise TypeError(f"{shape.__name__} has the fields {', '.join(fields)}, the row {', '.join(columns)}")
    converters = [_converter(fields[name].type) for name in columns]

    def values(row: sqlite3.Row) -> list[object]:
        return [
            value if convert is None or value is None else convert(value)
            for convert, value in zip(converters, row, strict=True)
        ]

    if columns == shape.__match_args__[: len(columns)]:  # A call with names takes twice as long.
        return lambda row: shape(*values(row))
    return lambda row: shape(**dict(zip(columns, values(row), strict=True)))


@lru_cache(512)
def _converter(type_: object) -> Convert | None:
    """Return a function that makes a value of this type of what SQLite holds; None where SQLite holds it as it is."""
    if get_origin(type_) in (Union, UnionType):
        inner = [part for part in get_args(type_) if part is not NoneType]
        if len(inner) == 1:
            return _converter(inner[0])
    if type_ in (int, str, float, bytes, object) or get_origin(type_) is Literal:
        return None
    if type_ is bool:
        return bool
    if type_ is datetime:
        return cast("Convert", datetime.fromisoformat)
    if type_ is date:
        return cast("Convert", date.fromisoformat)
    return cast("Convert", msgspec.json.Decoder(type_).decode)
