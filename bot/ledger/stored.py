"""Values and states of records as JSON for the database, and back, decoded by the type of each field."""

from __future__ import annotations

from datetime import date

import msgspec
from msgspec import Raw, Struct

from bot.errors import BadInput
from bot.ledger.kinds import find_field
from data.records import Due, Fact, FactDate, Kind, State, Unreadable, Value


class _StoredState(Struct, frozen=True):
    fields: dict[str, list[Fact[Raw]]] = {}
    opened: FactDate | None = None
    newest: FactDate | None = None
    signed: date | None = None
    first_due: Fact[Due] | None = None
    moved: int = 0


_decoder = msgspec.json.Decoder(_StoredState)


def decode_value(kind: Kind, field: str, stored: str) -> Value | Unreadable:
    """Decode the value of a field from its JSON.

    Return Unreadable when the kind has no such field or the field cannot hold the value. New updates are checked before
    they are stored, so this concerns databases that were edited by other means.
    """
    row = find_field(kind, field)
    if row is None:
        return Unreadable(stored)
    try:
        value = row.type.stored.decode(stored)
        row.type.check(value)
    except (BadInput, msgspec.MsgspecError, ValueError, ArithmeticError):
        return Unreadable(stored)
    return value


def decode_state(kind: Kind, stored: str) -> State:
    """Decode the state of a record from the JSON that `encode` made. Fields unknown to the kind are left out."""
    raw = _decoder.decode(stored)
    fields: dict[str, list[Fact[Value]]] = {}
    for name, facts in raw.fields.items():
        row = find_field(kind, name)
        if row is not None:
            decode = row.type.stored.decode
            fields[name] = [
                Fact(decode(fact.value), fact.date, fact.update, fact.source, fact.locator) for fact in facts
            ]
    return State(fields, raw.opened, raw.newest, raw.signed, raw.first_due, raw.moved)


def encode(value: Value | State) -> str:
    """Return a value or a state as JSON for the database."""
    return msgspec.json.encode(value).decode()
