"""The contents of digests and reminders: collected by the services, rendered by `bot/ui`. Pure."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from bot.ledger.changes import RecordChange
from data.records import Due, Opened, Reminder


class StillOpen(Struct, frozen=True):
    """The list *Still open* of a Monday: pending items that have no due date, or whose due date has passed.

    `with_news` has the ids of the items that were updated since the destination's last digest or list. If `full` is
    False, the list says "no due date" only about these items.
    """

    items: list[Opened]
    with_news: frozenset[int]
    full: bool
    day: date


class Load(Struct, frozen=True):
    """A line of a digest about a dossier that was loaded or reloaded. `records` counts the records that it changed."""

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
    open_total: int  # The number of open items in the destination's scope; 0 unless `first` is True.
    offset_reached: bool  # Since the last digest, a due date came so near that it is time for a reminder.
    read_to: int  # The id of the newest update that this digest has read.

    @property
    def worth_sending(self) -> bool:
        """Return whether the digest has something new. If it has nothing new, it is skipped.

        These count as new: changes, loaded dossiers, overdue items, the list *Still open*, and a due date for which it
        is time for a reminder. In a first digest, items that are due soon, deals and statements count too.
        """
        new = self.still_open or self.overdue or self.changes or self.loads or self.offset_reached
        return bool(new or (self.first and (self.due or self.deals or self.statements)))


class DueReminder(Struct, frozen=True):
    """The contents of a reminder. It is about a pending item (`item`), or has a user's own words (`reminder`)."""

    reminder: Reminder | None
    item: Opened | None
    today: date  # In the zone of the destination.
    overdue: bool
    person: bool  # The destination is a user's direct messages, not a channel.


class PersonalReminder(Struct, frozen=True):
    """One line of `/remind list`: a reminder of a user, its server, and what is needed to say when it comes next."""

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
