"""The descriptions of all kinds of records, with one module for each kind, and functions to look them up.

Forms, previews, histories, cards, search and dossiers are made from these descriptions. So a new field is one row in
the module of its kind, and a new kind is a new module and an entry in `_REGISTERED`.
"""

from __future__ import annotations

from bot.errors import BadInput
from bot.ledger.kinds import common
from bot.ledger.kinds.deal import DEAL, SIDE_STATES, STAGES, stage_rank
from bot.ledger.kinds.dialogue import DIALOGUE
from bot.ledger.kinds.document import DOCUMENT
from bot.ledger.kinds.event import EVENT
from bot.ledger.kinds.kind import Block, Field, FieldLine, ItemsLine, LinkedLine, RecordKind, StatementLine
from bot.ledger.kinds.participant import PARTICIPANT, PARTICIPANT_TYPES
from bot.ledger.kinds.pending import BASIS, ON_REQUEST_KINDS, OUTCOMES, PENDING, PENDING_KINDS
from bot.ledger.kinds.place import PLACE
from bot.ledger.kinds.session import SESSION, SESSION_STATES
from bot.ledger.kinds.statement import STATEMENT, STATEMENT_FORMS
from bot.ledger.kinds.topic import TOPIC
from data.records import Kind

__all__ = [
    "BASIS",
    "KINDS",
    "KIND_WORDS",
    "ON_REQUEST_KINDS",
    "OUTCOMES",
    "PARTICIPANT_TYPES",
    "PENDING_KINDS",
    "SESSION_STATES",
    "SIDE_STATES",
    "STAGES",
    "STATEMENT_FORMS",
    "Block",
    "Field",
    "FieldLine",
    "ItemsLine",
    "LinkedLine",
    "RecordKind",
    "StatementLine",
    "fields_of",
    "find_field",
    "get_field",
    "kind_of",
    "stage_rank",
]

_REGISTERED = (DEAL, PARTICIPANT, PLACE, DIALOGUE, SESSION, DOCUMENT, TOPIC, STATEMENT, EVENT, PENDING)

_BY_NAME = {kind.name: kind for kind in _REGISTERED}
_FIELDS = {kind.name: (*common.FIELDS, *kind.fields) for kind in _REGISTERED}
_FIELD_BY_NAME = {(kind, field.name): field for kind, fields in _FIELDS.items() for field in fields}

KINDS: tuple[Kind, ...] = tuple(_BY_NAME)

KIND_WORDS: dict[Kind, tuple[str, str]] = {kind.name: (kind.one, kind.several) for kind in _REGISTERED}
"""What people call a record of each kind, in the singular and in the plural."""


def kind_of(name: Kind) -> RecordKind:
    """Return the description of a kind of record."""
    return _BY_NAME[name]


def fields_of(kind: Kind) -> tuple[Field, ...]:
    """Return the fields of a kind of record: first those that every kind has, then its own."""
    return _FIELDS[kind]


def find_field(kind: Kind, name: str) -> Field | None:
    """Return the field of a kind by its name, or None when the kind has no such field."""
    return _FIELD_BY_NAME.get((kind, name))


def get_field(kind: Kind, name: str) -> Field:
    """Return the field of a kind by its name. Raise BadInput, which lists the fields of the kind, if there is none."""
    field = find_field(kind, name)
    if field is None:
        known = ", ".join(row.name for row in fields_of(kind))
        raise BadInput(f'A {KIND_WORDS[kind][0]} has no field "{name[:60]}". Its fields: {known}.')
    return field
