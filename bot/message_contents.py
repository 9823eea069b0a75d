"""The contents of digests, of reminders and of answers about dossiers. Pure.

Services collect these contents, and `bot/ui` renders them.
"""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct

from bot.ledger.changes import RecordChange
from data.records import Due, FactDate, Kind, Opened, Reminder


class StillOpen(Struct, frozen=True):
    """The list *Still open* of a Monday: pending items that have no due date, or whose due date has passed.

    `with_news` has the record ids of the items that were updated since the destination's last digest or list. If `full`
    is True, the list says "no due date" about each item without one. If it is False, it says so only about the items in
    `with_news`.
    """

    items: list[Opened]
    with_news: frozenset[int]
    full: bool
    day: date


class Load(Struct, frozen=True):
    """A line of a digest, which says that a dossier was loaded, loaded anew or unloaded.

    `dossier` is the name of the dossier. `records` is the number of records that this changed.
    """

    dossier: str
    records: int
    unloaded: bool = False


class DossierAge(Struct, frozen=True):
    """The name of a dossier whose facts are old, and the date of its newest fact."""

    dossier: str
    newest: FactDate


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
    open_total: int  # Only in a first digest: the number of open items in the destination's scope. Else 0.
    offset_reached: bool  # Since the last digest, a due date has come so near that a reminder of it is due.
    read_to: int  # The id of the newest update that this digest has read.
    old_dossiers: list[DossierAge] = []  # Only in a first digest: the loaded dossiers without recent facts.

    @property
    def worth_sending(self) -> bool:
        """Return whether the digest has something new. A digest without anything new is not sent.

        These count as new: changes, loaded dossiers, overdue items, the list *Still open*, and a due date that has come
        so near that a reminder is sent. In a first digest, items that are due soon, deals and statements count too.
        """
        new = self.still_open or self.overdue or self.changes or self.loads or self.offset_reached
        return bool(new or (self.first and (self.due or self.deals or self.statements)))


class DueReminder(Struct, frozen=True):
    """The contents of a message that reminds of a pending item (`item`) or of a user's own words.

    If it is about own words, `item` is None and `reminder` has the words. If it is about an item, `reminder` is the
    stored reminder of the item, or None if the destination has none.
    """

    reminder: Reminder | None
    item: Opened | None
    today: date  # In the zone of the destination.
    overdue: bool
    person: bool  # The destination is a user's direct messages, not a channel.


class PersonalReminder(Struct, frozen=True):
    """One line of `/remind list`: a reminder of a user, its server, and what says when the next message comes."""

    reminder: Reminder
    guild_id: int
    server: str
    zone: str
    delivery_time: str  # Local, such as "09:00".
    open: bool  # The pending item is open.
    due: Due | None  # The due date of the pending item.

    @property
    def title(self) -> str:
        """Return the name of the pending item. For a reminder with own words, return the words on one line."""
        return self.reminder.name or " ".join(self.reminder.words.split()) or "a record that was taken back"


class Loaded(Struct, frozen=True):
    """The result of loading a dossier. All numbers count facts.

    - `added`, `changed` and `unchanged`: facts of the file, compared with the file that was loaded before.
    - `withdrawn`: facts that are no longer in the file.
    - `kept`: facts that have changed in the file, but that stay as an editor had changed them.
    - `shared`: the names of the countries, organisations and places that the server had already, and that now have
      facts of this dossier for the first time.
    """

    name: str
    added: int
    changed: int
    withdrawn: int
    unchanged: int
    kept: int
    shared: tuple[str, ...] = ()


class DossierEntry(Struct, frozen=True):
    """A dossier that is loaded in a guild. `facts` is the number of its facts that have not been replaced or withdrawn.

    `loaded_by` is a Discord user id.
    """

    slug: str
    name: str
    loaded_at: datetime
    loaded_by: int | None
    newest: FactDate | None
    facts: int


class Melted(Struct, frozen=True):
    """A record with facts of two dossiers that should be two records. The first release took them for one.

    `dossiers` are the names of the dossiers.
    """

    name: str
    kind: Kind
    dossiers: list[str]


class Unloading(Struct, frozen=True):
    """The changes that unloading a dossier would make, or has made.

    - `facts`: the number of facts that are withdrawn.
    - `gone`: the number of records that disappear, because all their facts came from the dossier.
    - `stay`: the names of the records that keep the dossier's name for them, because other facts are about them.
    - `follows`: the number of follows whose record disappears.
    - `reminders`: the number of reminders whose item disappears or is no longer open.
    """

    slug: str
    name: str
    facts: int
    gone: int
    stay: tuple[str, ...]
    follows: int
    reminders: int


class LostFacts(Struct, frozen=True):
    """The facts that a followed record lost when a dossier was unloaded.

    `name` is the name of the record, and `dossier` is the name of the dossier. `facts` is the number of the record's
    facts that were withdrawn. `gone` means that the record came from this dossier alone and has disappeared.
    """

    name: str
    dossier: str
    facts: int
    gone: bool
