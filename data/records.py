"""What rows become: frozen typed structs, without behaviour beyond reading themselves."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from msgspec import Struct

Kind = Literal[
    "deal", "participant", "place", "dialogue", "session", "document", "topic", "statement", "event", "pending"
]
Precision = Literal["day", "month", "year", "range", "open", "unknown"]
Sureness = Literal["fixed", "announced", "reported", "usual"]


class FactDate(Struct, frozen=True, omit_defaults=True):
    """When something was true: a calendar date as precise as the source gave it.

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
        """The day it counts from: the last of a vague date, the first of an open range, none when unknown."""
        return self.first if self.precision == "open" else self.last


class Due(Struct, frozen=True):
    """By when something has to happen, and how sure that is. Of a vague date its last day counts."""

    date: FactDate
    sureness: Sureness


class Money(Struct, frozen=True, omit_defaults=True):
    """An amount as a source gives it. `amount` is a decimal number as text; `kind` says what is counted."""

    amount: str
    currency: str
    bound: Literal["exact", "at least", "at most", "about"] = "exact"
    kind: str = ""


class Party(Struct, frozen=True, omit_defaults=True):
    """One record taking part in another, in a role. `gone` ends it."""

    record: str
    role: str = ""
    gone: bool = False


class Approval(Struct, frozen=True, omit_defaults=True):
    """One consent that a deal needs: whose side, which authority ("" when not named), what, and its state."""

    side: str
    what: str
    state: Literal["not started", "requested", "open", "granted", "refused", "waived", "expired"]
    authority: str = ""


class Source(Struct, frozen=True, omit_defaults=True):
    """Where an update comes from. Sources never change; a better description is another source."""

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
    value: Any
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
    def fact(self) -> Fact:
        return Fact(self.value, self.date, self.id, self.source_id, self.locator)


class Fact(Struct, frozen=True, omit_defaults=True):
    """The value of one field of a record on a date, as an update gave it."""

    value: Any
    date: FactDate
    update: int
    source: int
    locator: str = ""


class CitedText(Struct, frozen=True, array_like=True):
    """A piece of text that people read, with the facts it states. Its dates and sources are made from these alone.

    `text` is plain: whoever renders it escapes it. A text without facts (a label, "no due date given") has no date.
    """

    text: str
    facts: tuple[Fact, ...] = ()


class State(Struct, frozen=True, omit_defaults=True):
    """What a record's updates add up to: the facts per field, oldest first, and the dates they span.

    `signed` is the day from which on the stages of a deal say signed or further.
    """

    facts: dict[str, list[Fact]] = {}
    opened: FactDate | None = None
    newest: FactDate | None = None
    signed: date | None = None

    def value(self, field: str) -> Any:
        """The value of a field that holds one, or None when it is not in the record."""
        found = self.facts.get(field)
        return found[-1].value if found else None


class Record(Struct, frozen=True):
    """Anything that can be opened, as the tables hold it. `state` is the fold of its updates.

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

    def facts(self, field: str) -> list[Fact]:
        return self.state.facts.get(field, [])

    def fact(self, field: str) -> Fact | None:
        """The fact of a field that holds one value, or None when it is not in the record."""
        found = self.state.facts.get(field)
        return found[-1] if found else None

    def value(self, field: str) -> Any:
        return self.state.value(field)


class Link(Struct, frozen=True, array_like=True):
    """One step from a record to another. `outward` when the record itself says so, else the other does.

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
    fact: Fact
    item_kind: str = ""  # Of a pending item that is open, and the fact that opened it.
    opened_by: Fact | None = None


class Opened(Struct, frozen=True):
    """A record with all that its card needs: the records it is linked with, the sources of its facts, its editors."""

    record: Record
    links: list[Link]
    sources: dict[int, Source]
    editor_role_id: int | None = None
    zone: str = "UTC"

    @property
    def names(self) -> dict[str, str]:
        """The names of the linked records by slug, its own among them."""
        return {self.record.slug: self.record.name} | {link.slug: link.name for link in self.links}


class Course(Struct, frozen=True):
    """A record with all its updates. `names` holds every record that they point to, linked with it today or not.

    `user_ids` tells who entered what, by the person; someone who asked to be forgotten is not in it.
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
    """An open pending item, as much of it as decides where it is listed."""

    slug: str
    name: str
    item_kind: str
    basis: str
    due_on: str | None


class Desk(Struct, frozen=True):
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
    """How much a server's record holds. `dossiers` are the slugs of those that were loaded."""

    records: int
    updates: int
    dossiers: tuple[str, ...]


class Person(Struct, frozen=True):
    """Someone who used the bot. `user_id` is None once they asked to be forgotten."""

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
    """Where messages go: a channel of a server, or a person's DM about one server.

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
    hour_on: date | None
    next_hour_at: datetime | None
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
    """Someone's wish to be reminded: of a pending item (`slug`), or in their own words at `at`."""

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
    """What a first message confirms, and the record (`slug`) or the words (`name`) it is about where there are any."""

    verb: Literal["follow", "remind", "digest"]
    slug: str | None = None
    name: str | None = None


class Notice(Struct, frozen=True, tag="notice"):
    """What a notice tells: which destination broke at which kind of delivery, with what outcome, and why in words."""

    destination: int
    kind: DeliveryKind
    outcome: str
    words: str


class OpenList(Struct, frozen=True, tag="open"):
    """The records that a *Still open* leaves out, as they are told in messages of their own."""

    without: list[int] = []


class NewDelivery(Struct, frozen=True, kw_only=True):
    """What a message is to be about, in the columns of its kind. `key` tells it from all others of its destination.

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
    """One message owed to one destination. Its `nonce` is what Discord sees and what its buttons carry.

    `held`: after a restore it waits for somebody's word, or they released it.
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
    """What is held for one destination after a restore: how many messages, due from when to when."""

    destination_id: int
    channel_id: int | None
    count: int
    first: datetime
    last: datetime


class Why(Struct, frozen=True):
    """One delivery, explained."""

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
