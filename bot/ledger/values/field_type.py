"""The base class of all types of fields, and helpers that several types share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol, TypeVar

import msgspec

from bot.errors import BadInput
from bot.ledger.words import one_line
from data.records import Approval, Kind, ListedText, Money, Party, Value

T = TypeVar("T")

Find = Callable[[str, tuple[Kind, ...]], str]
"""A function that finds a record of some kinds by name or alias. It returns the slug, or raises BadInput."""

Names = Mapping[str, str]
"""The names of records by slug."""


class StoredDecoder(Protocol):
    """Reads values of one type from JSON, as `msgspec.json.Decoder` does."""

    def decode(self, buf: bytes | str | msgspec.Raw, /) -> Value:
        """Return the value. Raise msgspec.MsgspecError if the JSON is not a value of this type."""
        ...


@dataclass(frozen=True)
class FieldType(ABC):
    """The base of all types of fields. A subclass parses, checks and words the values of one type.

    `example` is a value as a person types it, for forms and errors. `kinds` are the kinds of records that a value may
    point to. If `quotes` is true, a value can also be words in quotation marks instead of a record. `parse` and `check`
    raise BadInput. The methods that put a value in words raise TypeError if the value is of another type.
    """

    example: str
    kinds: tuple[Kind, ...] = field(default=(), kw_only=True)
    quotes: bool = field(default=False, kw_only=True)

    stored: ClassVar[StoredDecoder]
    """Decodes a value from the JSON in which the database stores it."""

    def mentions(self, text: str) -> list[str]:
        """Return the names of records in a typed text, so that they can be looked up before `parse` is called."""
        return []

    @abstractmethod
    def parse(self, text: str, find: Find) -> Value:
        """Return the value of a typed text. Raise BadInput when the text is not a value of this type."""

    @abstractmethod
    def check(self, value: Value) -> None:
        """Raise BadInput when a field of this type cannot have the value."""

    @abstractmethod
    def typed(self, value: Value, names: Names) -> str:
        """Return the value as a person would type it. `parse` turns this text back into the same value."""

    @abstractmethod
    def words(self, value: Value, names: Names) -> str:
        """Return the value as people read it, without Markdown escapes."""

    def in_full(self, value: Value, names: Names) -> str:
        """Return the longest wording of the value, for places with room for it. The default is that of `words`."""
        return self.words(value, names)

    def key(self, value: Value) -> str:
        """Return the key of the value in a list: values with equal keys are the same item."""
        return ""

    def records(self, value: Value) -> list[tuple[str, str]]:
        """Return the records that the value points to, as pairs of slug and role."""
        return []

    def repointed(self, value: Value, slugs: Mapping[str, str]) -> Value:
        """Return the value after replacing slugs that it points to. `slugs` has the new slug for each old slug."""
        return value

    def require(self, value: Value, shape: type[T]) -> T:
        """Return the value, narrowed to the type `shape`. Raise BadInput when it is of another type."""
        if not isinstance(value, shape):
            raise BadInput(f"The value does not fit. Write it like {self.example}.")
        return value


def expect(value: Value, shape: type[T]) -> T:
    """Return the value, narrowed to the type `shape`. Raise TypeError when it is of another type."""
    if not isinstance(value, shape):
        raise TypeError(f"a {shape.__name__} is expected here, not a {type(value).__name__}")
    return value


def ends(value: Value) -> bool:
    """Return whether a value ends an item of a list ("no longer General Atomics") instead of adding one."""
    return isinstance(value, Party | ListedText | Money | Approval) and value.gone


def split_no_longer(text: str) -> tuple[bool, str]:
    """Return whether a typed text begins with "no longer", and the text without these words."""
    stripped = text.strip()
    if stripped[:10].casefold() == "no longer ":
        return True, stripped[10:].strip()
    return False, stripped


def quoted(text: str) -> str:
    """Return a typed text in quotation marks for an error: on one line, cut to 60 characters."""
    line = one_line(text)
    return f'"{line[:59]}…"' if len(line) > 60 else f'"{line}"'


def named(slug: str, names: Names) -> str:
    """Return the name of a record, or its slug when `names` does not have it."""
    return names.get(slug, slug)
