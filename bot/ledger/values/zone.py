"""The type of fields that hold a time zone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import msgspec

from bot import dates
from bot.errors import BadInput
from bot.ledger.values.field_type import FieldType, Find, Names, expect, quoted
from data.records import Value


@dataclass(frozen=True)
class ZoneType(FieldType):
    """A time zone, stored by its IANA name, such as `Asia/Kolkata`."""

    stored: ClassVar[msgspec.json.Decoder[Value]] = msgspec.json.Decoder(str)

    def parse(self, text: str, find: Find) -> Value:
        return dates.parse_zone(text)

    def check(self, value: Value) -> None:
        zone = self.require(value, str)
        if dates.parse_zone(zone) != zone:
            raise BadInput(f"{quoted(zone)} is not a time zone. Write it like {self.example}.")

    def typed(self, value: Value, names: Names) -> str:
        return expect(value, str)

    def words(self, value: Value, names: Names) -> str:
        return expect(value, str)
