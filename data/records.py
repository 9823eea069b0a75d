"""The frozen structs that database rows are read into: records, updates, facts, destinations, deliveries and others."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Generic, Literal, TypeVar, overload

from msgspec import Struct

Kind = str
"""The name of a kind of record, such as "deal". The package bot/ledger/kinds has a module for each kind."""

Precision = Literal["day", "month", "year", "range", "open", "unknown"]
Sureness = Literal["fixed", "announced", "reported", "usual"]
ApprovalState = Literal["not started", "requested", "open", "granted", "refused", "waived", "expired"]
Vote = Literal["for", "against", "abstained"]

T = TypeVar("T")
V_co = TypeVar("V_co", covariant=True)


class FactDate(Struct, frozen=True, omit_defaults=True):
    """The date on which a fact was true, as precise as its source gave it: a day, a month, a year or a range.

    `first` and `last` are the first and the last possible day. In an open range, such as "since 2018", `last` is None.
    In an unknown date both are None, and `printed` has the words of the source ("Cold War"). `worked_out` means that
    the source does not print the date, but that the date can be inferred.
    """

    precision: Precision
    first: date | None = None
    last: date | None = None
    worked_out: bool = False
    printed: str = ""

    @property
    def day(self) -> date | None:
        """Return one day that represents the date: its last day. In an open range, return the first day.

        Return None for an unknown date.
        """
        return self.first if self.precision == "open" else self.last


class Due(Struct, frozen=True):
    """A date by which something has to happen, and how sure that date is.

    If the date is a month, a year or a range, its last day is the due day.
    """

    date: FactDate
    sureness: Sureness


class Bound(StrEnum):
    """The relation of a stated amount to the true one: exact, a limit or an estimate.

    The values are those of the stored JSON.
    """

    EXACT = "exact"
    MORE_THAN = "at least"
    """The first release stored "at least" for what it showed as "more than"."""
    AT_LEAST = "no less than"
    LESS_THAN = "less than"
    AT_MOST = "at most"
    ABOUT = "about"
    NEARLY = "nearly"


class Money(Struct, frozen=True, omit_defaults=True):
    """An amount of money as a source gives it.

    `amount` is in units of the currency, so 3 billion dollars are 3000000000. `currency` is the ISO 4217 code, such as
    "USD". `bound` says whether the amount is exact, a limit or an estimate. `kind` describes the amount, such as
    "notified". In a range, `amount` is the lower end and `most` the upper end. `unit` is the unit that the source
    prints, such as "crore", if this is not the usual unit for such an amount. `gone` means that the update ends this
    amount: it was on the record, and is no longer true.
    """

    amount: Decimal
    currency: str
    bound: Bound = Bound.EXACT
    kind: str = ""
    most: Decimal | None = None
    unit: str = ""
    gone: bool = False


class ListedText(Struct, frozen=True, omit_defaults=True):
    """One text of a field that has several texts, such as an alias. `gone` means that the text is no longer true."""

    text: str
    gone: bool = False


class Party(Struct, frozen=True, omit_defaults=True):
    """One participant or other record that a field names, with its role, such as India as the "buyer" of a deal.

    `record` is the slug of the named record. If the source gives only words that fit no record, `record` is "" and
    `role` has these words. `gone` means that the named record no longer takes part.

    The named record may act for a participant, such as a minister who signs for a state. Then `acts_for` is the slug of
    this participant. Otherwise it is "".
    """

    record: str
    role: str = ""
    gone: bool = False
    acts_for: str = ""


class Approval(Struct, frozen=True, omit_defaults=True):
    """An approval that a deal needs.

    `side` is the slug of the participant on whose side the approval is needed, such as the United States. `authority`
    is the name of the authority that decides, or "" if the source does not name it. `what` says what has to be
    approved.

    `vote` is how the side or authority voted, or "" if no vote is reported. `due` is the day by which the authority has
    to decide. `given` and `total` count the members of a group as the source prints them ("12 of 27"). `gone` means
    that the deal no longer needs the approval.
    """

    side: str
    what: str
    state: ApprovalState
    authority: str = ""
    vote: Vote | Literal[""] = ""
    due: FactDate | None = None
    given: int | None = None
    total: int | None = None
    gone: bool = False


class Quantity(Struct, frozen=True, omit_defaults=True):
    """A number of things as a source gives it.

    `unit` is what is counted ("drones"), or "" if this is plain. If the source prints a part of a whole ("46 of 180"),
    `number` is the part and `total` the whole. In a range, `number` is the lower end and `most` the upper end. If the
    source gives no number, `number` is None and `printed` has the words ("two squadrons").
    """

    number: Decimal | None = None
    unit: str = ""
    bound: Bound = Bound.EXACT
    most: Decimal | None = None
    total: Decimal | None = None
    printed: str = ""


class Title(Struct, frozen=True, omit_defaults=True):
    """A title or an office of a person.

    The person holds it from `since` to `until`. Each of them is None if no source gives it.
    """

    text: str
    since: FactDate | None = None
    until: FactDate | None = None


Value = str | ListedText | Party | Money | Quantity | Approval | Title | FactDate | Due | None
"""The value of a field. The type of the field (see bot/ledger/values) says which of these a field has.

None is the value "no due date".
"""


class Unreadable(Struct, frozen=True):
    """A value in the ledger that could not be decoded as the type of its field. Such values are ignored.

    `json` is the value as it is stored.
    """

    json: str


class Source(Struct, frozen=True, omit_defaults=True):
    """A source of updates, such as an article, with its newest description.

    Rows of sources are never changed. An editor who describes a source better adds another row. `id` is the id of the
    first row, which updates cite. `version` is the id of the row with the newest description. `archived_url` is the
    link of an archived copy. If the source was marked as false, `false_because` says why. Otherwise it is "".
    """

    id: int
    title: str
    publisher: str = ""
    published_on: FactDate | None = None
    url: str = ""
    note: str = ""
    archived_url: str = ""
    language: str = ""
    false_because: str = ""
    version: int = 0


class Update(Struct, frozen=True):
    """One dated, sourced change to a record: a row of the ledger.

    An update with the action "set" gives a value. One with the action "withdrawn" takes back another update.
    """

    id: int
    record: str  # The slug of the record.
    action: Literal["set", "withdrawn"]
    field: str
    value: Value | Unreadable
    date: FactDate
    entered_at: datetime
    person_id: int | None
    source_id: int
    locator: str  # The page, paragraph or sentence in the source.
    reason: str
    replaces: int | None  # The id of the update that this one corrects or withdraws.
    batch: str  # Shared by all updates that were entered at once.
    origin: Literal["editor", "dossier"]
    origin_key: str  # Identifies a fact in a dossier. "" for a fact that no dossier stated.
    dossier: str = ""  # The slug of the dossier. "" for a fact that no dossier stated.
    started_from: int | None = None  # An update's id. The form of this update was filled in with that update's value.

    @property
    def fact(self) -> Fact[Value]:
        """Return the value of the update as a fact. Raise TypeError if the value is unreadable."""
        if isinstance(self.value, Unreadable):
            raise TypeError(f"update {self.id} is unreadable")
        return Fact(self.value, self.date, self.id, self.source_id, self.locator)


class Fact(Struct, Generic[V_co], frozen=True, omit_defaults=True):
    """The value of one field of a record, with its date, its source and the place in the source (`locator`).

    `update` and `source` are ids. A function that does not use the value takes a Fact[object].
    """

    value: V_co
    date: FactDate
    update: int
    source: int
    locator: str = ""


class CitedText(Struct, frozen=True, array_like=True):
    """A piece of text that people read, and the facts that it states.

    The dates and sources of these facts are shown with the text. A text that states no fact, such as "no due date
    given", is shown without them. `text` is not escaped.
    """

    text: str
    facts: tuple[Fact[object], ...] = ()
    # Only in a status line: `field` is the field that the text is about, such as "who". `values` are the parts of the
    # text that are values of a record; each has its own `field`.
    field: str = ""
    values: tuple[CitedText, ...] = ()


class State(Struct, frozen=True, omit_defaults=True):
    """The present facts of a record by field, computed from all its updates. A field's oldest fact is first.

    - `opened` and `newest` are the oldest and the newest date of a fact that reports something. A name, for example,
      reports nothing.
    - `signed` is the day since which a deal has been signed. It is None for a deal that is not signed, and for other
      kinds.
    - `first_due` is the first due date of a pending item whose due date has changed. Otherwise it is None.
    - `moved` is the number of times that the due date has changed.
    """

    fields: dict[str, list[Fact[Value]]] = {}
    opened: FactDate | None = None
    newest: FactDate | None = None
    signed: date | None = None
    first_due: Fact[Due] | None = None
    moved: int = 0

    @overload
    def facts(self, field: str) -> list[Fact[Value]]: ...
    @overload
    def facts(self, field: str, shape: type[T]) -> list[Fact[T]]: ...
    def facts(self, field: str, shape: type[T] | None = None) -> list[Fact[Value]] | list[Fact[T]]:
        """Return the facts of a field, the oldest first.

        If `shape` is given, return only the facts whose value has this type.
        """
        facts = self.fields.get(field, [])
        return facts if shape is None else [fact for fact in facts if isinstance(fact.value, shape)]

    @overload
    def fact(self, field: str) -> Fact[Value] | None: ...
    @overload
    def fact(self, field: str, shape: type[T]) -> Fact[T] | None: ...
    def fact(self, field: str, shape: type[T] | None = None) -> Fact[Value] | Fact[T] | None:
        """Return the newest fact of a field, or None if the field has no fact.

        If `shape` is given, also return None if the value of the newest fact is not of this type.
        """
        facts = self.fields.get(field)
        if not facts or (shape is not None and not isinstance(facts[-1].value, shape)):
            return None
        return facts[-1]

    @overload
    def value(self, field: str) -> Value: ...
    @overload
    def value(self, field: str, shape: type[T]) -> T | None: ...
    def value(self, field: str, shape: type[T] | None = None) -> Value | T:
        """Return the newest value of a field, or None if the field has no fact.

        If `shape` is given, also return None if the newest value is not of this type.
        """
        facts = self.fields.get(field)
        if not facts or (shape is not None and not isinstance(facts[-1].value, shape)):
            return None
        return facts[-1].value

    def text(self, field: str) -> str:
        """Return the newest value of a field of texts or choices, or "" if the field has no value."""
        value = self.value(field)
        return value if isinstance(value, str) else ""


class Record(Struct, frozen=True):
    """A record of any kind, with its state.

    `status` is the line that lists show below the name of the record, such as the stage of a deal. `open` is True only
    for a pending item that is not closed.
    """

    id: int
    kind: Kind
    slug: str
    name: str
    status: tuple[CitedText, ...]
    open: bool
    state: State


class Link(Struct, frozen=True, array_like=True):
    """A link between two records, as one of them ("this record") sees the other.

    If `outward` is True, a field of this record names the other record. If it is False, a field of the other record
    names this record. `field` is the name of that field, `role` is the role in which the record is named there, and
    `fact` is the fact with the value None, of which only the date and the source are used.

    All other attributes describe the other record. `item_kind`, `opened_by` and `basis` are only set if it is an open
    pending item. `opened_by` is the fact that opened the item.
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
    item_kind: str = ""
    opened_by: Fact[object] | None = None
    basis: str = ""  # Of an open pending item: "stated", "left open", or "" if no source says.


class Opened(Struct, frozen=True):
    """A record with all that its card shows: its links, and the sources of its facts by id.

    `editor_role_id` and `zone` are settings of the record's server.
    """

    record: Record
    links: list[Link]
    sources: dict[int, Source]
    editor_role_id: int | None = None
    zone: str = "UTC"

    @property
    def names(self) -> dict[str, str]:
        """Return the names of the record and of its linked records, by slug."""
        return {self.record.slug: self.record.name} | {link.slug: link.name for link in self.links}


class LinkedEvent(Struct, frozen=True):
    """An event that names a record, as the history of this record lists the event.

    `update` is the update of the event that names the record. `happened` is the fact that says when the event happened.
    `sources` are the sources of the event by id.
    """

    name: str
    update: Update
    happened: Fact[FactDate] | None
    sources: dict[int, Source]


class Timeline(Struct, frozen=True):
    """A record with all its updates, and with the events that name the record.

    `names` has the name of each record that an update names, by slug. `user_ids` has the Discord id of each person who
    entered an update, by `person_id`. People who asked to be forgotten are missing in it.
    """

    opened: Opened
    updates: list[Update]
    names: dict[str, str]
    user_ids: dict[int, int]
    events: list[LinkedEvent] = []


class Row(Struct, frozen=True):
    """A record in a list. `newest_on` is the ISO date of its newest fact, or None if no fact has a date."""

    kind: Kind
    slug: str
    name: str
    status: tuple[CitedText, ...]
    newest_on: str | None


class Waiting(Struct, frozen=True):
    """An open pending item, with the values by which lists are sorted and filtered.

    `basis` is "stated", "left open" or "". `due_on` is the due day as an ISO date, or None.
    """

    slug: str
    name: str
    item_kind: str
    basis: str
    due_on: str | None


class Guild(Struct, frozen=True):
    """A Discord server and its settings.

    `channel_id` is the channel for digests and reminders. `owner_id` is the Discord id of the owner, but `set_up_by` is
    the id of a `Person`. `left_at` is set while the bot is not in the server. `alerted_to` is the id of the newest
    update that was processed for alerts.
    """

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
    """The contents of a server: the numbers of its records and updates, and the slugs of its loaded dossiers."""

    records: int
    updates: int
    dossiers: tuple[str, ...]


class Person(Struct, frozen=True):
    """A user of the bot. `user_id` is the Discord id, or None after the user asked to be forgotten."""

    id: int
    user_id: int | None
    zone: str | None
    dm_channel_id: int | None


class Filed(Struct, frozen=True):
    """A question that users filed for the editors. `asked` is the text of the question.

    `times` is how often the question was filed.
    """

    id: int
    asked: str
    filed_at: datetime
    times: int


class Outcome(StrEnum):
    """The result of a delivery, in the words that people read. It is NONE until the delivery is settled.

    A destination has an outcome too. In a paused destination, it is the outcome of the delivery that failed. In an
    active destination, it is NONE.
    """

    NONE = ""
    DELIVERED = "delivered"
    DELETED = "delivered, then deleted"
    NOTHING_NEW = "nothing new"
    NO_LONGER_DUE = "no longer due"
    REPLACED = "replaced by a newer one"
    REFUSED = "refused"
    NOT_RENDERED = "could not be drawn"
    TARGET_GONE = "target gone"
    NOT_PERMITTED = "not permitted"
    DMS_CLOSED = "DMs closed"
    LEFT_SERVER = "left the server"
    DROPPED = "taken as delivered before a restore"


class Destination(Struct, frozen=True):
    """A destination of messages: a channel of a server, or the direct messages to a person about one server.

    For a channel, `channel_id` is set and `person_id` is None. For direct messages, it is the other way round. Then
    `user_id` and `dm_channel_id` are the Discord ids of the person and of their direct messages.
    """

    id: int
    guild_id: int
    channel_id: int | None
    person_id: int | None
    user_id: int | None
    dm_channel_id: int | None
    zone: str
    digest_at: str | None  # The local time of the digest, such as "09:00". None: no digest.
    digest_days: str  # ISO weekdays, such as "12345".
    digested_to: int  # The id of the newest update that was covered by a digest or a list of open items.
    digests_sent: int
    mondays: int  # How many lists of open items were sent. Every fourth is full (`StillOpen.full`).
    planned_on: date | None  # The last local date for which messages were planned.
    next_delivery_at: datetime | None
    state: Literal["active", "paused"]
    outcome: Outcome  # When paused: the outcome of the delivery that failed, such as "not permitted". Else "".
    reason: str  # When paused: why that delivery failed, in words. Else "".
    set_up_by: int | None  # A person's id.
    created_at: datetime


class Follow(Struct, frozen=True):
    """A subscription of a destination to one record, or, if `slug` is None, to all records of the server.

    If `at_once` is True, changes are sent as alerts and listed in the digest. If it is False, they are only listed in
    the digest. `role_id` is the role that an alert mentions. `since` is the id of the update that was the newest when
    the follow began.
    """

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
    """A reminder at a destination. It is about a pending item, or has a user's own words.

    A reminder of a pending item has the `slug` and `name` of the item. A reminder with own words has the `words` and
    the instant `at` for which it was set. When that instant has come and a delivery is planned, `done_at` is set.
    `created_by` is the id of a `Person`.
    """

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
    """The content of a message that confirms a command: `verb` is the command.

    `slug` is the slug of the record that the command was about. For a reminder with own words, `name` has the words.
    """

    verb: Literal["follow", "remind", "digest"]
    slug: str | None = None
    name: str | None = None


class Notice(Struct, frozen=True, tag="notice"):
    """The content of a notice that a delivery failed.

    All attributes describe the failed delivery: `destination` is the id of its destination, `kind` its kind, `outcome`
    its outcome, and `words` the reason in words.
    """

    destination: int
    kind: DeliveryKind
    outcome: Outcome
    words: str


class OpenList(Struct, frozen=True, tag="open"):
    """The content of a list of open items. The list leaves out the items whose record ids are in `without`.

    These are items that have a reminder on the same day.
    """

    without: list[int] = []


class NewDelivery(Struct, frozen=True, kw_only=True):
    """A message to be planned, described by what it is about.

    At a destination, no two deliveries have the same `kind` and `key`.
    """

    kind: DeliveryKind
    key: str
    batch: str | None = None  # Of an alert: the batch of updates that it reports.
    day: date | None = None  # Of a digest or a list of open items: its local date.
    # Of a reminder: why it is sent. For "before" and "overdue", `record_id` and `due_on` are set. For "snooze" and
    # "words", `reminder_id` is set.
    occasion: Literal["", "before", "overdue", "snooze", "words"] = ""
    record_id: int | None = None
    due_on: date | None = None  # The due date at the time of planning.
    days_before: int | None = None  # Of "before": the number of days until the due date.
    reminder_id: int | None = None
    read_to: int | None = None  # The id of the newest update that the message covers.
    with_open: bool = False  # Whether the message lists the open items.
    payload: Confirmation | Notice | OpenList | None = None  # Content for which there is no column.


class Delivery(NewDelivery, frozen=True, kw_only=True):
    """A message to one destination, from planning to its outcome.

    - `unknown`: it is not known whether the last try arrived.
    - `plain`: Discord refused the message in its usual form, so the next try sends it as ordinary text.
    - `nonce`: a text that identifies the message, for Discord and in the custom ids of its buttons.
    - `channel_id` and `message_id`: those of the sent message.
    - `held`: after a restore, a message that may have arrived is "held" until an editor drops or releases it.
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
    outcome: Outcome
    detail: str
    channel_id: int | None
    message_id: int | None
    settled_at: datetime | None
    held: Literal["", "held", "released"]


class Held(Struct, frozen=True):
    """The number of deliveries that are held for a destination after a restore, and their first and last due time."""

    destination_id: int
    channel_id: int | None
    count: int
    first: datetime
    last: datetime


class Why(Struct, frozen=True):
    """A delivery, with what the answer to *Why this?* says about it.

    - `about`: the name of the delivery's record or the user's own words, or "" if it is about several things.
    - `set_up_by`: the Discord id of the user who set up the destination.
    - `follows`: the follows because of which an alert was sent, if they have neither ended nor been muted since.
    - `item`: the record id of the pending item of a reminder. None for other kinds, and for a reminder with own words.
    - `muted`: whether reminders of this item are muted at the destination.
    """

    delivery: Delivery
    destination: Destination
    about: str
    set_up_by: int | None
    follows: list[Follow]
    item: int | None
    muted: bool


class Logged(Struct, frozen=True):
    """A delivery in the log. `about` is the name of its record, or "" if it is about no record or about several."""

    delivery: Delivery
    about: str
