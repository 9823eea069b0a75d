"""Frozen typed structs that rows of the database become, with a few properties that read them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Generic, Literal, TypeVar, overload

from msgspec import Struct

Kind = str
"""The name of a kind of record; bot/ledger/kinds describes them."""

Precision = Literal["day", "month", "year", "range", "open", "unknown"]
Sureness = Literal["fixed", "announced", "reported", "usual"]
Bound = Literal["exact", "at least", "at most", "about"]
ApprovalState = Literal["not started", "requested", "open", "granted", "refused", "waived", "expired"]

T = TypeVar("T")
V_co = TypeVar("V_co", covariant=True)


class FactDate(Struct, frozen=True, omit_defaults=True):
    """A calendar date as precise as the source gave it, on which something was true.

    `first` and `last` are the first and last day it can mean; an open range has no `last`, an unknown date has
    neither and keeps its `printed` words ("Cold War"). `worked_out` marks what follows from the source without
    being printed there (a year, for example).
    """

    precision: Precision
    first: date | None = None
    last: date | None = None
    worked_out: bool = False
    printed: str = ""

    @property
    def day(self) -> date | None:
        """Return the day from which on it counts: the last of a vague date, the first of an open one; None: unknown."""
        return self.first if self.precision == "open" else self.last


class Due(Struct, frozen=True):
    """A date by which something has to happen, and how sure it is. Of a vague date its last day counts."""

    date: FactDate
    sureness: Sureness


class Money(Struct, frozen=True, omit_defaults=True):
    """An amount as a source gives it, in units of its currency (an ISO 4217 code). `kind` says what is counted."""

    amount: Decimal
    currency: str
    bound: Bound = "exact"
    kind: str = ""


class ListedText(Struct, frozen=True, omit_defaults=True):
    """One short text among several, such as an alias. `gone` ends it."""

    text: str
    gone: bool = False


class Party(Struct, frozen=True, omit_defaults=True):
    """One record taking part in another, in a role. `gone` ends it."""

    record: str
    role: str = ""
    gone: bool = False


class Approval(Struct, frozen=True, omit_defaults=True):
    """One consent that a deal needs: whose side, which authority ("" when not named), what, and its state."""

    side: str
    what: str
    state: ApprovalState
    authority: str = ""


Value = str | ListedText | Party | Money | Approval | FactDate | Due | None
"""What a field can hold, by its type in bot/ledger/values. None is a due date that was taken away."""


class Unreadable(Struct, frozen=True):
    """A value in the ledger that is not of its field's type, as JSON. It is ignored."""

    json: str


class Source(Struct, frozen=True, omit_defaults=True):
    """A source of updates. Sources never change; a better description is another source."""

    id: int
    title: str
    publisher: str = ""
    published_on: FactDate | None = None
    url: str = ""
    note: str = ""


class Update(Struct, frozen=True):
    """One dated, sourced change to a record: a row of the ledger."""

    id: int
    record: str
    action: Literal["set", "withdrawn"]
    field: str
    value: Value | Unreadable
    date: FactDate
    entered_at: datetime
    person_id: int | None
    source_id: int
    locator: str
    reason: str
    replaces: int | None
    batch: str
    origin: Literal["editor", "dossier"]
    origin_key: str
    dossier: str = ""  # Its slug; "" for what did not come with one.

    @property
    def fact(self) -> Fact[Value]:
        """Return the update as a fact. Raise TypeError when its value is unreadable."""
        if isinstance(self.value, Unreadable):
            raise TypeError(f"update {self.id} is unreadable")
        return Fact(self.value, self.date, self.id, self.source_id, self.locator)


class Fact(Struct, Generic[V_co], frozen=True, omit_defaults=True):
    """The value of one field of a record on a date, as an update gave it.

    Whoever needs only its day and its source takes a Fact[object]; texts hold their facts without the value.
    """

    value: V_co
    date: FactDate
    update: int
    source: int
    locator: str = ""


class CitedText(Struct, frozen=True, array_like=True):
    """A piece of text that people read, with the facts it states. Its dates and sources are made from these alone.

    `text` is plain: whoever renders it escapes it. A text without facts (a label, "no due date given") has no date.
    """

    text: str
    facts: tuple[Fact[object], ...] = ()
    # In a status line: the field that the text is about ("who"), and the values in the text, each with its own field.
    field: str = ""
    values: tuple[CitedText, ...] = ()


class State(Struct, frozen=True, omit_defaults=True):
    """The sum of a record's updates: the facts of each field, oldest first, and the dates they span.

    `signed` is the day since which the stage of a deal is signed or further.
    """

    fields: dict[str, list[Fact[Value]]] = {}
    opened: FactDate | None = None
    newest: FactDate | None = None
    signed: date | None = None

    @overload
    def facts(self, field: str) -> list[Fact[Value]]: ...
    @overload
    def facts(self, field: str, shape: type[T]) -> list[Fact[T]]: ...
    def facts(self, field: str, shape: type[T] | None = None) -> list[Fact[Value]] | list[Fact[T]]:
        """Return the facts of a field, oldest first; with a `shape` those whose value is of this type."""
        found = self.fields.get(field, [])
        return found if shape is None else [fact for fact in found if isinstance(fact.value, shape)]

    @overload
    def fact(self, field: str) -> Fact[Value] | None: ...
    @overload
    def fact(self, field: str, shape: type[T]) -> Fact[T] | None: ...
    def fact(self, field: str, shape: type[T] | None = None) -> Fact[Value] | Fact[T] | None:
        """Return the fact of a field that holds one, or None when it is not in the record or not of this type."""
        found = self.fields.get(field)
        if not found or (shape is not None and not isinstance(found[-1].value, shape)):
            return None
        return found[-1]

    @overload
    def value(self, field: str) -> Value: ...
    @overload
    def value(self, field: str, shape: type[T]) -> T | None: ...
    def value(self, field: str, shape: type[T] | None = None) -> Value | T:
        """Return the value of a field that holds one, or None when it is not in the record or not of this type."""
        found = self.fields.get(field)
        if not found or (shape is not None and not isinstance(found[-1].value, shape)):
            return None
        return found[-1].value

    def text(self, field: str) -> str:
        """Return the value of a field that holds one text or choice, "" when it is not in the record."""
        value = self.value(field)
        return value if isinstance(value, str) else ""


class Record(Struct, frozen=True):
    """A record of any kind, as the tables hold it. `state` is the fold of its updates.

    `status` is what lists say about it beside its name (a deal's stage, whose a statement is); `open` tells a
    pending item that still waits.
    """

    id: int
    kind: Kind
    slug: str
    name: str
    status: tuple[CitedText, ...]
    open: bool
    state: State


class Link(Struct, frozen=True, array_like=True):
    """A link from one record to another. It is `outward` when the record itself states it, else the other one does.

    `fact` is the fact that makes the link, without its value.
    """

    field: str
    role: str
    outward: bool
    kind: Kind
    slug: str
    name: str
    status: tuple[CitedText, ...]
    open: bool
    fact: Fact[object]
    item_kind: str = ""  # Of a pending item that is open, and the fact that opened it.
    opened_by: Fact[object] | None = None
    basis: str = ""  # Of a pending item that is open: "stated", "left open" or, when no source says, "".


class Opened(Struct, frozen=True):
    """A record with all that its card needs: the records it is linked with, the sources of its facts, its editors."""

    record: Record
    links: list[Link]
    sources: dict[int, Source]
    editor_role_id: int | None = None
    zone: str = "UTC"

    @property
    def names(self) -> dict[str, str]:
        """Return the names of the linked records by slug, and the record's own."""
        return {self.record.slug: self.record.name} | {link.slug: link.name for link in self.links}


class Timeline(Struct, frozen=True):
    """A record with all its updates. `names` holds every record that they point to, linked with it today or not.

    `user_ids` are the Discord ids of those who entered them, by the id of the person, but not of those forgotten.
    """

    opened: Opened
    updates: list[Update]
    names: dict[str, str]
    user_ids: dict[int, int]


class Row(Struct, frozen=True):
    """A record as lists show it."""

    kind: Kind
    slug: str
    name: str
    status: tuple[CitedText, ...]
    newest_on: str | None


class Waiting(Struct, frozen=True):
    """An open pending item, as far as it decides where the item is listed."""

    slug: str
    name: str
    item_kind: str
    basis: str
    due_on: str | None


class Guild(Struct, frozen=True):
    """One Discord server as the bot keeps it."""

    guild_id: int
    name: str
    zone: str
    channel_id: int | None
    editor_role_id: int | None
    owner_id: int
    set_up_at: datetime | None
    set_up_by: int | None
    greeted_at: datetime | None
    left_at: datetime | None
    alerted_to: int


class Holdings(Struct, frozen=True):
    """The size of a server's record. `dossiers` are the slugs of those that were loaded."""

    records: int
    updates: int
    dossiers: tuple[str, ...]


class Person(Struct, frozen=True):
    """A user of the bot. `user_id` is None once they asked to be forgotten."""

    id: int
    user_id: int | None
    zone: str | None
    dm_channel_id: int | None


class Filed(Struct, frozen=True):
    """A question that waits for the editors, as it was asked, and how many times it was filed."""

    id: int
    asked: str
    filed_at: datetime
    times: int


class Destination(Struct, frozen=True):
    """A destination of messages: a channel of a server, or a user's DM about one server.

    A paused one has the `outcome` of the delivery that paused it, and the `reason` in words where there is one.
    """

    id: int
    guild_id: int
    channel_id: int | None
    person_id: int | None
    user_id: int | None
    dm_channel_id: int | None
    zone: str
    digest_at: str | None
    digest_days: str
    digested_to: int
    digests_sent: int
    mondays: int
    planned_on: date | None
    next_delivery_at: datetime | None
    state: Literal["active", "paused"]
    outcome: str
    reason: str
    set_up_by: int | None
    created_at: datetime


class Follow(Struct, frozen=True):
    """A subscription of a destination to one record, or to everything when `slug` is None."""

    id: int
    destination_id: int
    slug: str | None
    name: str | None
    at_once: bool
    muted: bool
    role_id: int | None
    since: int
    created_at: datetime


class Reminder(Struct, frozen=True):
    """A reminder that somebody set: of a pending item (`slug`), or in their own words at `at`."""

    id: int
    destination_id: int
    slug: str | None
    name: str | None
    words: str
    at: datetime | None
    done_at: datetime | None
    muted: bool
    snoozed_until: datetime | None
    created_by: int | None
    created_at: datetime


DeliveryKind = Literal["alert", "reminder", "open", "digest", "confirmation", "notice"]


class Confirmation(Struct, frozen=True, omit_defaults=True, tag="confirmation"):
    """The contents of a first message: what it confirms, and the record (`slug`) or words (`name`) concerned."""

    verb: Literal["follow", "remind", "digest"]
    slug: str | None = None
    name: str | None = None


class Notice(Struct, frozen=True, tag="notice"):
    """The contents of a notice: which destination broke at which kind of delivery, the outcome, and why in words."""

    destination: int
    kind: DeliveryKind
    outcome: str
    words: str


class OpenList(Struct, frozen=True, tag="open"):
    """The records that a *Still open* leaves out, since they are told in messages of their own."""

    without: list[int] = []


class NewDelivery(Struct, frozen=True, kw_only=True):
    """A message to be planned: what it is about, in the columns of its kind. `key` is unique at its destination.

    An alert is about a `batch` of updates, a digest and *Still open* about a `day`. A reminder of a due date has the
    record, `due_on` as it was when this was planned, and how many `days_before`, or the occasion "overdue"; after a
    snooze and of one's own words it has the reminder.
    """

    kind: DeliveryKind
    key: str
    batch: str | None = None
    day: date | None = None
    occasion: Literal["", "before", "overdue", "snooze", "words"] = ""
    record_id: int | None = None
    due_on: date | None = None
    days_before: int | None = None
    reminder_id: int | None = None
    read_to: int | None = None  # The newest update that its destination has read once it is told.
    with_open: bool = False  # It lists what is still open.
    payload: Confirmation | Notice | OpenList | None = None


class Delivery(NewDelivery, frozen=True, kw_only=True):
    """One message owed to one destination. Its `nonce` is sent to Discord with it, and its buttons carry it.

    It is `held` after a restore until an editor decides about it, and "released" when they had it sent.
    """

    id: int
    guild_id: int
    destination_id: int
    due_at: datetime
    state: Literal["planned", "claimed", "settled"]
    tries: int
    unknown: bool
    plain: bool
    first_tried_at: datetime | None
    next_try_at: datetime
    nonce: str
    outcome: str
    detail: str
    channel_id: int | None
    message_id: int | None
    settled_at: datetime | None
    held: Literal["", "held", "released"]


class Held(Struct, frozen=True):
    """The deliveries that are held for one destination after a restore: how many, due from when to when."""

    destination_id: int
    channel_id: int | None
    count: int
    first: datetime
    last: datetime


class Why(Struct, frozen=True):
    """One delivery and why it was sent."""

    delivery: Delivery
    destination: Destination
    about: str  # The record's name or one's own words; "" when it is about several things.
    set_up_by: int | None  # The Discord user.
    follows: list[Follow]  # Through which an alert came, as far as they still stand.
    item: int | None  # The record that a reminder belongs to.
    muted: bool  # Whether that reminder is muted here.


class Logged(Struct, frozen=True):
    """One line of a log: a delivery, and the record it was about where there is one."""

    delivery: Delivery
    about: str
