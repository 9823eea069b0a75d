"""The contents of digests, reminders and answers about dossiers: collected by services, rendered by `bot/ui`. Pure."""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct

from bot.ledger.changes import RecordChange
from data.records import Due, FactDate, Kind, Opened, Reminder


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
    """The line of a digest about a dossier that was loaded, loaded anew or unloaded.

    `dossier` is its name, and `records` counts the records that it changed.
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
    open_total: int  # The number of open items in the destination's scope; 0 unless `first` is True.
    offset_reached: bool  # Since the last digest, a due date came so near that it is time for a reminder.
    read_to: int  # The id of the newest update that this digest has read.
    old_dossiers: list[DossierAge] = []  # Only in a first digest: the loaded dossiers without recent facts.

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


class Loaded(Struct, frozen=True):
    """The result of loading a dossier. All numbers count facts.

    `added`, `changed` and `unchanged` compare the file with what was loaded before. `withdrawn` facts are no longer in
    the file. `kept` facts changed in the file, but were left as an editor had changed them. `shared` has the names of
    countries, organisations and places that the server had already, and that got facts of this dossier for the first
    time.
    """

    name: str
    added: int
    changed: int
    withdrawn: int
    unchanged: int
    kept: int
    shared: tuple[str, ...] = ()


class DossierEntry(Struct, frozen=True):
    """A dossier that is loaded in a guild. `facts` counts those that count now; `loaded_by` is a Discord user id."""

    slug: str
    name: str
    loaded_at: datetime
    loaded_by: int | None
    newest: FactDate | None
    facts: int


class Melted(Struct, frozen=True):
    """A record that two dossiers share though they should not, as the first release let them. `dossiers` are names."""

    name: str
    kind: Kind
    dossiers: list[str]


class Unloading(Struct, frozen=True):
    """What unloading a dossier changes, or has changed.

    `facts` are withdrawn. `gone` records came from the dossier alone; `stay` has the names of those that keep their
    names, because other facts are about them. `follows` and `reminders` count those that lose their record.
    """

    slug: str
    name: str
    facts: int
    gone: int
    stay: tuple[str, ...]
    follows: int
    reminders: int


class LostFacts(Struct, frozen=True):
    """What a followed record lost when a dossier was unloaded.

    `name` is the name of the record, `facts` counts its facts that were withdrawn with the `dossier`. A record that is
    `gone` came from that dossier alone.
    """

    name: str
    dossier: str
    facts: int
    gone: bool
