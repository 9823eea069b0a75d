"""Rules of when something is told: reminder offsets, the list of Mondays, the parts of a digest. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from typing import Literal

from msgspec import Struct

from bot import dates
from bot.ledger.changes import RecordChange
from bot.ledger.values import due_day
from data.records import Destination, Due, Opened, Record, Reminder, Sureness

OFFSETS = (14, 7, 2, 0)
"""How many days before a due date it is told."""

Offset = int | Literal["overdue"]
"""When a due date is told: so many days before it, or once it has passed."""

DAYS_AHEAD = 14
"""How far ahead a digest lists dates."""

FULL_EVERY = 4
"""Of so many *Still open*, one shows every item in full."""

_OFFSETS_OF: dict[Sureness | None, tuple[int, ...]] = {
    "fixed": OFFSETS,
    "announced": OFFSETS,
    "reported": (0,),  # Its day only, as a "reported target".
    "usual": (),  # A guideline is no due date.
    None: (),
}
_CAN_BE_OVERDUE: tuple[Sureness | None, ...] = ("fixed", "announced")


class CatchUp(Struct, frozen=True):
    """The delivery times of a destination that are told as one: those of its local dates after `since`, up to `until`.

    `at` is the instant of the last of them, `zone` the destination's.
    """

    since: date
    until: date
    at: datetime
    zone: str

    def has(self, day: date) -> bool:
        """Return whether a local date lies in this period."""
        return self.since < day <= self.until

    def last_on(self, weekdays: str) -> date | None:
        """Return the latest date of this period that falls on one of these ISO weekdays; None without one."""
        day = self.until
        while day > self.since and self.until - day < timedelta(days=7):
            if str(day.isoweekday()) in weekdays:
                return day
            day -= timedelta(days=1)
        return None


class Item(Struct, frozen=True):
    """An open pending item and its date. Of a vague date `due_on` is the last day; `zone` is the authority's."""

    record_id: int
    slug: str
    item_kind: str
    due_on: date | None
    sureness: Sureness | None
    zone: str


def item_of(record: Record, zone: str) -> Item:
    """Return an open item as reminders, digests and cards need it; `zone` is for an item that names none."""
    due = record.state.value("due", Due)
    return Item(
        record.id,
        record.slug,
        record.state.text("item_kind"),
        due_day(due),
        due.sureness if due else None,
        record.state.text("zone") or zone,
    )


def offsets_of(sureness: Sureness | None) -> tuple[int, ...]:
    """Return on which days before a due date it is told, by how sure the date is."""
    return _OFFSETS_OF[sureness]


def is_overdue(item: Item, at: datetime) -> bool:
    """Return whether a fixed or announced due day has ended in the authority's own zone; False for other dates."""
    return (
        item.due_on is not None and item.sureness in _CAN_BE_OVERDUE and dates.end_of_day(item.due_on, item.zone) <= at
    )


def offset_due(item: Item, catch_up: CatchUp, told: Collection[Offset], now: datetime | None = None) -> Offset | None:
    """Return the reminder offset at which an item is told in this period; None for none.

    Of several that were missed only the nearest to the date counts. `told` are those of this date that were told
    before: each is told once, and none after a nearer one. `now` is given where the period is told late: a day that
    has ended by then is left to the overdue notice at the next delivery time, which would say the same.
    """
    if item.due_on is None or "overdue" in told:
        return None
    if is_overdue(item, catch_up.at):
        ended_on = dates.local_date(dates.end_of_day(item.due_on, item.zone), catch_up.zone)
        # On the date of `since` itself the day may have ended after the hour; what was told then is in `told`.
        return "overdue" if ended_on >= catch_up.since else None
    fallen = [offset for offset in offsets_of(item.sureness) if catch_up.has(item.due_on - timedelta(days=offset))]
    if not fallen or any(offset != "overdue" and offset <= min(fallen) for offset in told):
        return None
    if min(fallen) == 0 and now is not None and is_overdue(item, now):
        return None
    return min(fallen)


def is_own_message(offset: Offset, *, person: bool, digest: bool) -> bool:
    """Return whether a reminder offset is told in a message of its own.

    In a channel with a digest, the digest tells of the dates 14, 7 and 2 days ahead.
    """
    return person or not digest or offset in (0, "overdue")


def is_still_open(item: Item, day: date, at: datetime) -> bool:
    """Return whether *Still open* lists an item: it has no due date, only a usual one, or one that has passed."""
    if item.due_on is None or item.sureness == "usual":
        return True
    return is_overdue(item, at) if item.sureness in _CAN_BE_OVERDUE else item.due_on < day


def is_ahead(item: Item, day: date, at: datetime) -> bool:
    """Return whether a digest of this day lists an item's date: up to 14 days ahead, a reported one on its day."""
    if item.due_on is None or item.sureness == "usual" or is_overdue(item, at):
        return False
    if item.sureness == "reported":
        return item.due_on == day
    return item.due_on <= day + timedelta(days=DAYS_AHEAD)


def offset_fell(item: Item, since: date, day: date, *, own_message: bool) -> bool:
    """Return whether a reminder offset of an item fell after `since`, up to `day`: then that digest is not skipped.

    The due day itself does not count with `own_message`, as it is told in a message of its own then.
    """
    if item.due_on is None:
        return False
    return any(
        since < item.due_on - timedelta(days=offset) <= day
        for offset in offsets_of(item.sureness)
        if offset or not own_message
    )


def was_told(destination: Destination, day: date) -> bool:
    """Return whether a nominal local date was planned before.

    It is not planned again when the zone or the delivery time changes.

    A planned date more than two days ahead of it was written by a clock that was wrong, and does not count.
    """
    told = destination.planned_on
    return told is not None and day <= told <= day + timedelta(days=2)


def next_digest(destination: Destination, now: datetime) -> datetime | None:
    """Return when a destination's digest is planned next, after the dates that were told; None when it has none."""
    if destination.digest_at is None:
        return None
    at = time.fromisoformat(destination.digest_at)
    day, instant = dates.next_local(now, destination.zone, at, destination.digest_days)
    while was_told(destination, day):
        day, instant = dates.next_local(instant, destination.zone, at, destination.digest_days)
    return instant


class OpenItem(Struct, frozen=True):
    """An open item with all that its lines need. `news`: an update came since it was last told."""

    item: Item
    opened: Opened
    news: bool


class StillOpen(Struct, frozen=True):
    """The items that are still open on a Monday. `full` shows each of them in full, otherwise only those with news."""

    items: list[OpenItem]
    full: bool
    day: date


class Load(Struct, frozen=True):
    """A dossier that was loaded or corrected, told in one line."""

    dossier: str
    records: int


class Digest(Struct, frozen=True):
    """One digest as a value: what would be sent, and whether it is worth sending."""

    day: date
    server: str
    first: bool
    still_open: StillOpen | None
    overdue: list[OpenItem]
    due: list[OpenItem]
    changes: list[RecordChange]
    loads: list[Load]
    deals: list[Opened]
    statements: list[Opened]
    open_total: int  # How many items are open of what the destination reads of, listed here or not.
    offset_fell: bool
    read_to: int  # The newest update that it has read.

    @property
    def worth_sending(self) -> bool:
        """Return whether anything is new: a change, a reminder offset, an overdue item, on Mondays an open item."""
        told = self.still_open or self.overdue or self.changes or self.loads or self.offset_fell
        return bool(told or (self.first and (self.due or self.deals or self.statements)))


class DueReminder(Struct, frozen=True):
    """The material of a reminder's message: a user's own words, or an item with its date as it stands now."""

    reminder: Reminder | None
    item: OpenItem | None
    today: date  # at the destination
    overdue: bool
    person: bool  # It goes to a person's DM, not to a channel.


class PersonalReminder(Struct, frozen=True):
    """One reminder of a person, with what its line says."""

    reminder: Reminder
    guild_id: int
    server: str
    zone: str
    hour: str
    open: bool
    due: Due | None  # The item's; None when it has no date.

    @property
    def title(self) -> str:
        """Return the record's name, or the reminder's own words on one line."""
        return self.reminder.name or " ".join(self.reminder.words.split()) or "a record that was taken back"
