"""The base of all types of fields: parsing what is typed, checking it, storing it as JSON, showing it in words."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, TypeVar

import msgspec

from bot.errors import BadInput
from bot.ledger.words import one_line
from data.records import Kind, ListedText, Party, Value

T = TypeVar("T")

Find = Callable[[str, tuple[Kind, ...]], str]
"""Finds the slug of a record by its name or alias among some kinds; raises BadInput when there is none."""

Names = Mapping[str, str]
"""The name of each record by its slug."""


@dataclass(frozen=True)
class FieldType(ABC):
    """A type of field. `parse` and `check` raise BadInput, what is given a value of another type raises TypeError.

    `kinds` are those of the records that a value may point to. Where `quotes`, words in quotation marks may stand for
    a record.
    """

    example: str
    kinds: tuple[Kind, ...] = field(default=(), kw_only=True)
    quotes: bool = field(default=False, kw_only=True)

    stored: ClassVar[msgspec.json.Decoder[Value]]
    """Reads a value from the JSON in which it is stored."""

    def mentions(self, text: str) -> list[str]:
        """Return the names of records in a typed text, to be looked up before `parse`."""
        return []

    @abstractmethod
    def parse(self, text: str, find: Find) -> Value:
        """Return the value that a typed text means."""

    @abstractmethod
    def check(self, value: Value) -> None:
        """Raise BadInput for a value that a field of this type cannot hold."""

    @abstractmethod
    def typed(self, value: Value, names: Names) -> str:
        """Return the value as it would be typed, so that `parse` gives it back."""

    @abstractmethod
    def words(self, value: Value, names: Names) -> str:
        """Return the value as people read it, unescaped."""

    def in_full(self, value: Value, names: Names) -> str:
        """Return the value as people read it where there is room for all of it."""
        return self.words(value, names)

    def key(self, value: Value) -> str:
        """Return what makes two values of a list the same item."""
        return ""

    def records(self, value: Value) -> list[tuple[str, str]]:
        """Return the slugs of the records that a value points to, each with its role."""
        return []

    def own(self, value: Value, shape: type[T]) -> T:
        """Return a value that `shape` says it is; BadInput when it is of another type."""
        if not isinstance(value, shape):
            raise BadInput(f"The value does not fit. Write it like {self.example}.")
        return value


def expect(value: Value, shape: type[T]) -> T:
    """Return a value that has to be of this type; TypeError when it is not."""
    if not isinstance(value, shape):
        raise TypeError(f"a {shape.__name__} is expected here, not a {type(value).__name__}")
    return value


def ends(value: Value) -> bool:
    """Return whether a value says "no longer": it ends an item of a list instead of adding one."""
    return isinstance(value, Party | ListedText) and value.gone


def split_no_longer(text: str) -> tuple[bool, str]:
    """Return whether a typed text begins with "no longer", and the rest of it."""
    stripped = text.strip()
    if stripped[:10].casefold() == "no longer ":
        return True, stripped[10:].strip()
    return False, stripped


def quoted(text: str) -> str:
    """Return a typed text for an error: one line, at most 60 characters."""
    line = one_line(text)
    return f'"{line[:59]}…"' if len(line) > 60 else f'"{line}"'


def named(slug: str, names: Names) -> str:
    """Return the name of a record, or its slug where the name is not known."""
    return names.get(slug, slug)
