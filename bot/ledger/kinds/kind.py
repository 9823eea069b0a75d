"""The description of a kind of record: its fields, its names, its card and what a follow of it reaches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.ledger.values import FieldType
from data.records import Kind


@dataclass(frozen=True)
class Field:
    """One field of a kind of record.

    `rule` says how its facts add up: "replace" keeps the newest, "list" keeps one per key, "variants" keeps one per
    source and key, side by side. A `milestone` is told at once to those who follow. `absent` is how an empty field
    is named among what is not stated; fields without it are not missed. A field that `reports` nothing (a name, a
    kind, a topic) says how the record is kept, not what happened: it dates nothing and stands in no history or digest,
    which count its entries as `noun`.
    """

    name: str
    label: str
    type: FieldType
    rule: Literal["replace", "list", "variants"] = "replace"
    milestone: bool = False
    absent: str = ""
    reports: bool = True
    noun: str = "notes"


@dataclass(frozen=True)
class FieldLine:
    """A line of a card with the values of a field, the newest first. Without a label it has the field's own."""

    name: str
    label: str = ""
    most: int = 3


@dataclass(frozen=True)
class LinkedLine:
    """A line of a card with the records of some kinds that point to this one, by any field or the one named.

    With `roles` each is named with this record's roles in it.
    """

    label: str
    kinds: tuple[Kind, ...]
    field: str = ""
    roles: bool = False


@dataclass(frozen=True)
class StatementLine:
    """A line of a card with the newest statement that points to this record, by any field or the one named."""

    label: str
    field: str = ""


@dataclass(frozen=True)
class ItemsLine:
    """A line of a card with the open pending items that point to this record, each with who has to act."""

    label: str


Block = str | FieldLine | LinkedLine | StatementLine | ItemsLine
"""A part of a card. A text names one that is worded for this kind in bot/ui/cards, or "lead" and "summary"."""


@dataclass(frozen=True)
class RecordKind:
    """One kind of record. `one` and `several` are what people call it.

    `card` is its layout, the most important block first; what does not fit is behind *All facts*. A list states the
    fields of `status` beside the name; `unstated` is said instead where they are empty. With `dated_status` that line
    holds dates of its own ("Held on 10 November"), so the days of its facts are said to be those of reports. Fields
    `beside` are told by a worded block. Every other field that has no line in `card` gets one below the others.

    A follow of a record tells of the records linked with it that are `reached`. People come to a `hub` for what hangs
    on it, so its card opens linked records; a card `with_history` has a button for it.
    """

    name: Kind
    one: str
    several: str
    fields: tuple[Field, ...]
    card: tuple[Block, ...]
    status: tuple[str, ...] = ()
    unstated: str = ""
    beside: tuple[str, ...] = ()
    dated_status: bool = False
    reached: bool = False
    hub: bool = False
    with_history: bool = False
