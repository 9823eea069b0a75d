"""The kinds of records, one module each. The only place that knows what a kind of record can hold.

Forms, before and after lines, history, cards, search and dossier keys all read these descriptions. A new field is one
row in its kind's module; a new kind is a module of its own and its name in `_REGISTERED`.
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
"""How people read the name of a kind: one, several."""


def kind_of(name: Kind) -> RecordKind:
    """Return the description of a kind of record."""
    return _BY_NAME[name]


def fields_of(kind: Kind) -> tuple[Field, ...]:
    """Return the fields that a kind of record has: those of every kind first, then its own."""
    return _FIELDS[kind]


def find_field(kind: Kind, name: str) -> Field | None:
    """Return one field of a kind, or None when it has none of that name."""
    return _FIELD_BY_NAME.get((kind, name))


def get_field(kind: Kind, name: str) -> Field:
    """Return one field of a kind; BadInput names those that exist."""
    field = find_field(kind, name)
    if field is None:
        known = ", ".join(row.name for row in fields_of(kind))
        raise BadInput(f'A {KIND_WORDS[kind][0]} has no field "{name[:60]}". Its fields: {known}.')
    return field
