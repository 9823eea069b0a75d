"""The type of fields whose value is one of a few fixed options, such as the stage of a deal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import msgspec

from bot.errors import BadInput
from bot.ledger.values.field_type import FieldType, Find, Names, expect, quoted
from bot.ledger.words import normal
from data.records import Value


@dataclass(frozen=True)
class ChoiceType(FieldType):
    """One of a few fixed options. `options` maps the stored codes to the words that people read; both can be typed."""

    options: Mapping[str, str] = field(default_factory=dict[str, str])

    stored: ClassVar[msgspec.json.Decoder[Value]] = msgspec.json.Decoder(str)

    def parse(self, text: str, find: Find) -> Value:
        asked = normal(text)
        for value, words in self.options.items():
            if asked in (normal(value), normal(words)):
                return value
        choices = ", ".join(self.options.values())
        raise BadInput(f"{quoted(text)} is not one of the choices. Nothing was changed. Write one of: {choices}.")

    def check(self, value: Value) -> None:
        if value not in self.options:
            raise BadInput(f"{quoted(str(value))} is not one of: {', '.join(self.options)}.")

    def typed(self, value: Value, names: Names) -> str:
        return self.options[expect(value, str)]

    def words(self, value: Value, names: Names) -> str:
        return self.options[expect(value, str)]
