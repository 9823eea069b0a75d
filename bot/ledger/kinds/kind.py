"""Defines how a kind of record is described: its fields, its names, and the layout of its card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.ledger.values import FieldType
from data.records import Kind


@dataclass(frozen=True)
class Field:
    """One field of a kind of record: what it can hold, which of its facts count, and how they are shown."""

    name: str
    label: str
    type: FieldType
    rule: Literal["replace", "list", "variants"] = "replace"
    """Which facts count. "replace": the newest. "list": the newest of each key, as returned by `type.key`.

    "variants": the newest from each source for each key.
    """

    milestone: bool = False
    """Whether a change of the field is sent to followers at once."""

    absent: str = ""
    """The name by which an empty field is listed under *Not stated*; "" for a field that is not listed there."""

    reports: bool = True
    """Whether the field has news value: it tells what happened. A name, a kind or a topic has none.

    A field without news value does not date its record, and digests leave it out.
    """

    noun: str = "notes"
    """What a history calls the entries of a field without news value: "3 entries of names are left out"."""


@dataclass(frozen=True)
class FieldLine:
    """A line of a card with the values of a field, the newest first."""

    name: str
    label: str = ""  # "" for the label of the field.
    most: int = 3  # How many values are shown; the others are counted.


@dataclass(frozen=True)
class LinkedLine:
    """A line of a card with the names of the records that point to the card's record."""

    label: str
    kinds: tuple[Kind, ...]  # The kinds of records that the line names.
    field: str = ""  # The field in which they point to the card's record, "" for any field.
    roles: bool = False  # Whether each name is followed by the roles of the card's record in that record.
    dated: bool = False  # Whether each name is followed by the day of the fact that links it, the newest first.


@dataclass(frozen=True)
class StatementLine:
    """A line of a card with the newest statement that points to the card's record."""

    label: str
    field: str = ""  # The field in which statements point to the card's record, "" for any field.


@dataclass(frozen=True)
class ItemsLine:
    """A line of a card with the open pending items that point to the card's record, each with who has to act."""

    label: str
    field: str = ""  # The field in which items point to the card's record, "" for any field.


Block = str | FieldLine | LinkedLine | StatementLine | ItemsLine
"""A part of a card. A string is "lead", "summary" or the name of a function in bot/ui/cards that adds the part."""


@dataclass(frozen=True)
class RecordKind:
    """The description of one kind of record, from which its forms, cards, lists and follows are made."""

    name: Kind
    one: str  # What people call one such record: "pending item".
    several: str  # What they call several: "pending items".
    fields: tuple[Field, ...]  # Its own fields. Every kind also has those of bot/ledger/kinds/common.py.
    card: tuple[Block, ...]
    """The layout of the card, the most important block first. What does not fit is shown by *All facts*.

    A field that is in none of `card`, `status` and `beside` gets a line below all others.
    """

    form: tuple[str, ...] = ("summary",)
    """The fields that the form of `/update add` asks for, at most four, the most important first."""

    belongs_in: str = ""
    """The field of a new record that the option `about` of `/update add` fills in, "" if there is no such field."""

    status: tuple[str, ...] = ()  # The fields of the status line, which lists show beside the name.
    unstated: str = ""  # The words that a card shows when the status line is empty.
    beside: tuple[str, ...] = ()  # The fields that a named block of the card shows.
    dated_status: bool = False  # Whether the status line contains dates other than those of its facts: "Held on 3 May".
    reached: bool = False  # Whether followers of a record are also told of the records of this kind linked with it.
    hub: bool = False  # Whether the card has a menu that opens linked records.
    with_history: bool = False  # Whether the card has a button *History*.
