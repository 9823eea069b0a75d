"""Values and folded records as they are stored: JSON, decoded by the type of each field."""

from __future__ import annotations

from datetime import date

import msgspec
from msgspec import Raw, Struct

from bot.errors import BadInput
from bot.ledger.kinds import find_field
from data.records import Fact, FactDate, Kind, State, Unreadable, Value


class _StoredState(Struct, frozen=True):
    fields: dict[str, list[Fact[Raw]]] = {}
    opened: FactDate | None = None
    newest: FactDate | None = None
    signed: date | None = None


_decoder = msgspec.json.Decoder(_StoredState)


def decode_value(kind: Kind, field: str, stored: str) -> Value | Unreadable:
    """Return the value of a field from its JSON; Unreadable where the field is unknown or cannot hold it.

    Appending refuses such values. One that is in a file all the same does not keep others from being read.
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
    """Return what a record's updates add up to from its JSON, which the fold wrote."""
    raw = _decoder.decode(stored)
    fields: dict[str, list[Fact[Value]]] = {}
    for name, facts in raw.fields.items():
        row = find_field(kind, name)
        if row is not None:
            decode = row.type.stored.decode
            fields[name] = [
                Fact(decode(fact.value), fact.date, fact.update, fact.source, fact.locator) for fact in facts
            ]
    return State(fields, raw.opened, raw.newest, raw.signed)


def encode(value: Value | State) -> str:
    """Return a value or a folded record as JSON."""
    return msgspec.json.encode(value).decode()
