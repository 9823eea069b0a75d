"""The contents of digests and reminders: collected by the services, rendered by `bot/ui`. Pure."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from bot.ledger.changes import RecordChange
from data.records import Due, Opened, Reminder


class StillOpen(Struct, frozen=True):
    """The list *Still open* of a Monday: pending items without a due date, or whose due date has passed.

    `with_news` holds the ids of items that were updated since the destination's last digest or list. Unless the list is
    `full`, "no due date" is said only of those.
    """

    items: list[Opened]
    with_news: frozenset[int]
    full: bool
    day: date


class Load(Struct, frozen=True):
    """The line of a digest about a dossier that was loaded or loaded anew. `records` counts the records it changed."""

    dossier: str
    records: int


class Digest(Struct, frozen=True):
    """The contents of one digest, or of its preview."""

    day: date
    server: str
    first: bool  # The destination's first digest: it also lists all deals and statements.
    still_open: StillOpen | None
    overdue: list[Opened]
    due: list[Opened]
    changes: list[RecordChange]
    loads: list[Load]
    deals: list[Opened]
    statements: list[Opened]
    open_total: int  # How many open items the destination reads of, listed here or not; only counted for a first one.
    offset_reached: bool  # A reminder offset of a due date was reached since the last digest.
    read_to: int  # The id of the newest update that this digest has read.

    @property
    def worth_sending(self) -> bool:
        """Return whether the digest is sent rather than skipped, because it has something new.

        New is a change, a dossier, a reminder offset, an overdue item, and on Mondays an open item; in a first digest
        anything at all.
        """
        new = self.still_open or self.overdue or self.changes or self.loads or self.offset_reached
        return bool(new or (self.first and (self.due or self.deals or self.statements)))


class DueReminder(Struct, frozen=True):
    """The contents of a reminder: of a pending item (`item`), or with the words that a user set (`reminder`)."""

    reminder: Reminder | None
    item: Opened | None
    today: date  # In the zone of the destination.
    overdue: bool
    person: bool  # It goes to a user's direct messages, not to a channel.


class PersonalReminder(Struct, frozen=True):
    """One line of `/remind list`: a reminder of a user, with its server and what decides when it is sent next."""

    reminder: Reminder
    guild_id: int
    server: str
    zone: str
    delivery_time: str  # Local, such as "09:00".
    open: bool  # The pending item is open.
    due: Due | None  # The due date of the pending item.

    @property
    def title(self) -> str:
        """Return the name of the pending item, or the words of the reminder on one line."""
        return self.reminder.name or " ".join(self.reminder.words.split()) or "a record that was taken back"
