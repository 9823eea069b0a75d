"""Queries that return their rows as typed structs, and lists as a single parameter of a statement.

A row becomes a struct whose fields have the names of the columns. SQLite lacks some types, so the type of the field
says how a value is decoded: a bool from 0 or 1, an enum from its value, an instant or a date from its text. A struct, a
list, a tuple or a dict is decoded from JSON.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from enum import EnumType
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
    """Return all rows of a query as structs of type `shape`. Raise TypeError if the columns do not fit its fields."""
    rows = cast("list[sqlite3.Row]", await conn.execute_fetchall(sql, values))
    if not rows:
        return []
    read = _reader(shape, tuple(rows[0].keys()))
    return [read(row) for row in rows]


async def fetch_one(conn: Connection, shape: type[R], sql: str, values: Sequence[object] = ()) -> R | None:
    """Return the first row of a query as a struct of type `shape`, or None if there is no row."""
    return next(iter(await fetch_all(conn, shape, sql, values)), None)


async def fetch_values(conn: Connection, shape: type[V], sql: str, values: Sequence[object] = ()) -> list[V]:
    """Return the values of a query with one column, each decoded as the type `shape`. Leave out NULL values."""
    convert = _converter(shape)
    rows = cast("list[sqlite3.Row]", await conn.execute_fetchall(sql, values))
    return [cast("V", convert(value) if convert else value) for (value,) in rows if value is not None]


async def fetch_value(conn: Connection, shape: type[V], sql: str, values: Sequence[object] = ()) -> V | None:
    """Return the first value of a query with one column that is not NULL. Return None if there is none."""
    return next(iter(await fetch_values(conn, shape, sql, values)), None)


def in_list(mark: str = "?") -> str:
    """Return a sub-select, as SQL text, whose rows are the items of a list. The list is one parameter of the statement.

    `as_list` makes this parameter, and `mark` is its placeholder. The column is called `value`. Examples of use are
    `WHERE id IN {in_list()}` and `FROM {in_list("?2")} AS wanted`. They work for a list of any length.
    """
    return f"(SELECT value FROM json_each({mark}))"


def as_list(values: Iterable[int | str]) -> str:
    """Return a list as the text that is passed as the parameter of an `in_list` sub-select."""
    return msgspec.json.encode(list(values)).decode()


@lru_cache(512)
def _reader(shape: type[R], columns: tuple[str, ...]) -> Callable[[sqlite3.Row], R]:
    """Return a function that converts a row with these columns to a struct of type `shape`.

    Raise TypeError if the columns do not fit the fields of the struct.
    """
    fields = {field.name: field for field in msgspec.structs.fields(shape)}
    missing = {name for name, field in fields.items() if field.required}.difference(columns)
    if missing or not fields.keys() >= set(columns):
        raise TypeError(f"{shape.__name__} has the fields {', '.join(fields)}, the row {', '.join(columns)}")
    converters = [
        (i, convert) for i, name in enumerate(columns) if (convert := _converter(fields[name].type)) is not None
    ]

    def values(row: sqlite3.Row) -> list[object]:
        converted = list(row)
        for i, convert in converters:
            if converted[i] is not None:
                converted[i] = convert(converted[i])
        return converted

    if columns != shape.__match_args__[: len(columns)]:  # A call with keyword arguments takes twice as long.
        return lambda row: shape(**dict(zip(columns, values(row), strict=True)))
    return (lambda row: shape(*values(row))) if converters else (lambda row: shape(*row))


@lru_cache(512)
def _converter(type_: object) -> Convert | None:
    """Return a function that converts a value from SQLite to the given type. Return None if no conversion is needed."""
    if get_origin(type_) in (Union, UnionType):
        inner = [part for part in get_args(type_) if part is not NoneType]
        if len(inner) == 1:
            return _converter(inner[0])
    if type_ in (int, str, float, bytes, object) or get_origin(type_) is Literal:
        return None
    if type_ is bool:
        return bool
    if isinstance(type_, EnumType):
        return cast("Convert", type_)
    if type_ is datetime:
        return cast("Convert", datetime.fromisoformat)
    if type_ is date:
        return cast("Convert", date.fromisoformat)
    return cast("Convert", msgspec.json.Decoder(type_).decode)
