"""The types of fields that hold a text, or a list of texts such as aliases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import msgspec

from bot.errors import BadInput
from bot.ledger.values.field_type import FieldType, Find, Names, expect, quoted, split_no_longer
from bot.ledger.words import as_written, normal, one_line
from data.records import ListedText, Value


@dataclass(frozen=True)
class TextType(FieldType):
    """A text on one line of at most `limit` characters."""

    limit: int = 200

    stored: ClassVar[msgspec.json.Decoder[Value]] = msgspec.json.Decoder(str)

    def parse(self, text: str, find: Find) -> Value:
        value = one_line(text)
        self._check_text(value)
        return value

    def check(self, value: Value) -> None:
        self._check_text(self.require(value, str))

    def _check_text(self, text: str) -> None:
        if not text.strip():
            raise BadInput(f"Nothing is written there. Nothing was changed. Write it like {self.example}.")
        if len(text) > self.limit:
            raise BadInput(
                f"{quoted(text)} has {len(text):,} characters; {self.limit:,} fit. Nothing was changed. Shorten it."
            )
        if not normal(text) and self.limit <= 100:
            raise BadInput(f"{quoted(text)} has no letter or digit. Nothing was changed. Write it like {self.example}.")

    def typed(self, value: Value, names: Names) -> str:
        return expect(value, str)

    def words(self, value: Value, names: Names) -> str:
        return expect(value, str)


@dataclass(frozen=True)
class ListedTextType(TextType):
    """One text of a list, such as an alias. "no longer X" removes X from the list."""

    stored: ClassVar[msgspec.json.Decoder[Value]] = msgspec.json.Decoder(ListedText)

    def parse(self, text: str, find: Find) -> Value:
        gone, rest = split_no_longer(text)
        line = one_line(rest)
        self._check_text(line)
        return ListedText(line, gone)

    def check(self, value: Value) -> None:
        self._check_text(self.require(value, ListedText).text)

    def typed(self, value: Value, names: Names) -> str:
        listed = expect(value, ListedText)
        return ("no longer " if listed.gone else "") + listed.text

    def words(self, value: Value, names: Names) -> str:
        return expect(value, ListedText).text

    def key(self, value: Value) -> str:
        text = expect(value, ListedText).text
        return as_written(text) or text


def words_inside(type_: FieldType, value: Value, names: Names) -> str:
    """Return a value in words that other words can follow on the line. A sentence loses its full stop."""
    words = type_.words(value, names)
    # Fields with a limit above 200 hold sentences. A shorter text may end in an abbreviation, which keeps its stop.
    return words.removesuffix(".") if isinstance(type_, TextType) and type_.limit > 200 else words
