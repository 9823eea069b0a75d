"""The type of fields that hold a calendar date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import msgspec

from bot import dates
from bot.ledger.values.field_type import FieldType, Find, Names, expect
from data.records import FactDate, Value


@dataclass(frozen=True)
class DateType(FieldType):
    """A calendar date with the precision of its source, such as `10 November 2023` or `May 2024`."""

    stored: ClassVar[msgspec.json.Decoder[Value]] = msgspec.json.Decoder(FactDate)

    def parse(self, text: str, find: Find) -> Value:
        return dates.parse_fact_date(text)

    def check(self, value: Value) -> None:
        self.require(value, FactDate)

    def typed(self, value: Value, names: Names) -> str:
        return dates.typed_fact_date(expect(value, FactDate))

    def words(self, value: Value, names: Names) -> str:
        return dates.format_fact_date(expect(value, FactDate))
