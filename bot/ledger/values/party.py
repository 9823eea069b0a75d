"""The type of fields that point to another record: a participant, a document, a place, a topic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import msgspec
from msgspec.structs import replace

from bot.errors import BadInput
from bot.ledger.values.field_type import FieldType, Find, Names, expect, named, quoted, split_no_longer
from data.records import Kind, Party, Value


def record_of(value: Value) -> str:
    """Return the slug of the record that a party points to; "" for words in quotation marks and for other values."""
    return value.record if isinstance(value, Party) else ""


@dataclass(frozen=True)
class PartyType(FieldType):
    """A pointer to another record, with its role if `role` is set: `General Atomics as maker`.

    With `quotes`, words in quotation marks are accepted for somebody who has no record. They are stored as the role.
    """

    kinds: tuple[Kind, ...] = ()
    role: bool = False

    stored: ClassVar[msgspec.json.Decoder[Value]] = msgspec.json.Decoder(Party)

    def _split(self, text: str) -> tuple[bool, str, str]:
        gone, rest = split_no_longer(text)
        if self.quotes and len(rest) > 2 and rest[0] in '"“' and rest[-1] in '"”':
            return gone, "", rest[1:-1].strip()
        name, _, role = rest.rpartition(" as ") if self.role and " as " in rest else (rest, "", "")
        return gone, name.strip(), role.strip()

    def mentions(self, text: str) -> list[str]:
        _, name, _ = self._split(text)
        return [name] if name else []

    def parse(self, text: str, find: Find) -> Party:
        gone, name, role = self._split(text)
        if not name and not role:
            raise BadInput(f"Nothing is written there. Nothing was changed. Write it like {self.example}.")
        if len(role) > 80:
            raise BadInput(f"{quoted(role)} is too long; 80 characters fit. Nothing was changed.")
        return Party(find(name, self.kinds) if name else "", role, gone)

    def check(self, value: Value) -> None:
        party = self.require(value, Party)
        if not party.record and not (self.quotes and party.role):
            raise BadInput(f"No record is named. Write it like {self.example}.")

    def typed(self, value: Value, names: Names) -> str:
        party = expect(value, Party)
        if not party.record:
            body = f'"{party.role}"'
        else:
            body = named(party.record, names) + (f" as {party.role}" if party.role else "")
        return f"no longer {body}" if party.gone else body

    def words(self, value: Value, names: Names) -> str:
        party = expect(value, Party)
        if not party.record:
            return party.role
        return named(party.record, names) + (f" ({party.role})" if party.role else "")

    def key(self, value: Value) -> str:
        party = expect(value, Party)
        return f"{party.record}|{party.role.casefold()}"

    def records(self, value: Value) -> list[tuple[str, str]]:
        party = expect(value, Party)
        return [(party.record, party.role)] if party.record else []

    def repointed(self, value: Value, slugs: Mapping[str, str]) -> Party:
        party = expect(value, Party)
        return replace(party, record=slugs.get(party.record, party.record))
