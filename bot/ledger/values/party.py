"""The type of fields that point to another record: a participant, a document, a place, a topic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import msgspec
from msgspec.structs import replace

from bot.errors import BadInput, UserError
from bot.ledger.values.field_type import FieldType, Find, Names, expect, named, quoted, split_no_longer
from data.records import Kind, Party, Value


def record_of(value: Value) -> str:
    """Return the slug of the record that a party points to; "" for words in quotation marks and for other values."""
    return value.record if isinstance(value, Party) else ""


@dataclass(frozen=True)
class PartyType(FieldType):
    """A pointer to another record, with a role if `role` is true: `General Atomics as maker`.

    A role may end in the name of the participant for whom somebody acts: `Lloyd Austin as signatory for United States`.
    Other words after "for" belong to the role.

    If `quotes` is true, words in quotation marks are accepted for somebody who has no record. They are stored as the
    role.
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
        _, name, role = self._split(text)
        _, acting, principal = role.rpartition(" for ")
        return [part for part in (name, principal if acting else "") if part]

    def parse(self, text: str, find: Find) -> Party:
        gone, name, role = self._split(text)
        if not name and not role:
            raise BadInput(f"Nothing is written there. Nothing was changed. Write it like {self.example}.")
        if len(role) > 80:
            raise BadInput(f"{quoted(role)} is too long; 80 characters fit. Nothing was changed.")
        record = find(name, self.kinds) if name else ""
        words, acting, principal = role.rpartition(" for ")
        # A name has a capital, where its script has any. "Adviser for defence" acts for nobody.
        if not (record and acting and words.strip() and "participant" in self.kinds) or principal[:1].islower():
            return Party(record, role, gone)
        try:
            acts_for = find(principal.strip(), ("participant",))
        except UserError:
            return Party(record, role, gone)
        if acts_for == record:
            raise BadInput(f"{quoted(text)}: nobody acts for themselves. Nothing was changed. Leave out the last name.")
        return Party(record, words.strip(), gone, acts_for)

    def check(self, value: Value) -> None:
        party = self.require(value, Party)
        if not party.record and not (self.quotes and party.role):
            raise BadInput(f"No record is named. Write it like {self.example}.")

    def typed(self, value: Value, names: Names) -> str:
        party = expect(value, Party)
        if not party.record:
            body = f'"{party.role}"'
        else:
            body = named(party.record, names) + (f" as {self._role(party, names)}" if party.role else "")
        return f"no longer {body}" if party.gone else body

    def words(self, value: Value, names: Names) -> str:
        party = expect(value, Party)
        if not party.record:
            return party.role
        return named(party.record, names) + (f" ({self._role(party, names)})" if party.role else "")

    def _role(self, party: Party, names: Names) -> str:
        return f"{party.role} for {named(party.acts_for, names)}" if party.acts_for else party.role

    def key(self, value: Value) -> str:
        party = expect(value, Party)
        acts_for = f"|{party.acts_for}" if party.acts_for else ""
        return f"{party.record}|{party.role.casefold()}{acts_for}"

    def records(self, value: Value) -> list[tuple[str, str]]:
        party = expect(value, Party)
        acts_for = [(party.acts_for, f"represented as {party.role}")] if party.acts_for else []
        return [(party.record, party.role), *acts_for] if party.record else []

    def repointed(self, value: Value, slugs: Mapping[str, str]) -> Party:
        party = expect(value, Party)
        acts_for = slugs.get(party.acts_for, party.acts_for)
        return replace(party, record=slugs.get(party.record, party.record), acts_for=acts_for)
