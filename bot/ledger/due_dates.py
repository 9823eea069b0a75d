"""What is told when: leads of due dates, what a Monday lists, what a digest holds and when it is skipped. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from typing import Literal

from msgspec import Struct

from bot import dates
from bot.ledger.changes import RecordChange
from bot.ledger.values import due_day
from data.records import Destination, Due, Opened, Record, Reminder, Sureness

LEADS = (14, 7, 2, 0)
"""How many days before a due date it is told."""

Lead = int | Literal["overdue"]
"""When a due date is told: so many days before it, or once it has passed."""

DAYS_AHEAD = 14
"""How far ahead a digest lists dates."""

FULL_EVERY = 4
"""Of so many *Still open*, one shows every item in full."""

_LEADS_OF: dict[Sureness | None, tuple[int, ...]] = {
    "fixed": LEADS,
    "announced": LEADS,
    "reported": (0,),  # Its day only, as a "reported target".
    "usual": (),  # A guideline is no due date.
    None: (),
}
_CAN_BE_OVERDUE: tuple[Sureness | None, ...] = ("fixed", "announced")


class Window(Struct, frozen=True):
    """The hours of a destination that are told as one: its local dates after `since`, up to `until`.

    `at` is the instant of the last of them, `zone` the destination's.
    """

    since: date
    until: date
    at: datetime
    zone: str

    def has(self, day: date) -> bool:
        return self.since < day <= self.until

    def last_on(self, weekdays: str) -> date | None:
        """The latest of the dates that falls on one of these ISO weekdays."""
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
    """An open item as reminders, digests and cards see it; `zone` is the server's, where the item names none."""
    due = record.state.value("due", Due)
    return Item(
        record.id,
        record.slug,
        record.state.text("item_kind"),
        due_day(due),
        due.sureness if due else None,
        record.state.text("zone") or zone,
    )


def leads_of(sureness: Sureness | None) -> tuple[int, ...]:
    """The days before a date on which it is told, by how sure it is."""
    return _LEADS_OF[sureness]


def is_overdue(item: Item, at: datetime) -> bool:
    """Whether a fixed or announced day has ended in the authority's own zone. Other dates are never overdue."""
    return (
        item.due_on is not None and item.sureness in _CAN_BE_OVERDUE and dates.end_of_day(item.due_on, item.zone) <= at
    )


def lead_due(item: Item, window: Window, told: Collection[Lead], now: datetime | None = None) -> Lead | None:
    """Which lead of an item is told in these hours: of several that were missed only the nearest to the date.

    `told` are the leads of this very date that were told before. Each is told once, and none after a nearer one.
    `now` is given where the hours are told late: a day that has ended by then is left to the overdue notice of the next
    hour, or both would say the same.
    """
    if item.due_on is None or "overdue" in told:
        return None
    if is_overdue(item, window.at):
        ended_on = dates.local_date(dates.end_of_day(item.due_on, item.zone), window.zone)
        # On the date of `since` itself the day may have ended after the hour; what was told then is in `told`.
        return "overdue" if ended_on >= window.since else None
    fallen = [lead for lead in leads_of(item.sureness) if window.has(item.due_on - timedelta(days=lead))]
    if not fallen or any(lead != "overdue" and lead <= min(fallen) for lead in told):
        return None
    if min(fallen) == 0 and now is not None and is_overdue(item, now):
        return None
    return min(fallen)


def is_own_message(lead: Lead, *, person: bool, digest: bool) -> bool:
    """Whether a lead is a message of its own. In a channel with a digest, 14, 7 and 2 days before are told by that."""
    return person or not digest or lead in (0, "overdue")


def is_still_open(item: Item, day: date, at: datetime) -> bool:
    """Whether a Monday lists an item: it has no due date, only a usual one, or one that has passed."""
    if item.due_on is None or item.sureness == "usual":
        return True
    return is_overdue(item, at) if item.sureness in _CAN_BE_OVERDUE else item.due_on < day


def is_ahead(item: Item, day: date, at: datetime) -> bool:
    """Whether a digest of this day lists an item's date: 14 days ahead, a reported one on the day itself."""
    if item.due_on is None or item.sureness == "usual" or is_overdue(item, at):
        return False
    if item.sureness == "reported":
        return item.due_on == day
    return item.due_on <= day + timedelta(days=DAYS_AHEAD)


def lead_fell(item: Item, since: date, day: date, *, own_message: bool) -> bool:
    """Whether a lead of an item's date fell after `since`, up to `day`, so that the digest of this day is not skipped.

    The day itself does not count where it is a message of its own.
    """
    if item.due_on is None:
        return False
    return any(
        since < item.due_on - timedelta(days=lead) <= day for lead in leads_of(item.sureness) if lead or not own_message
    )


def was_told(destination: Destination, day: date) -> bool:
    """Whether a nominal local date was planned before: it does not come again when the zone or the hour moves.

    A date far ahead of it was written by a clock that was wrong, and holds nothing up.
    """
    told = destination.planned_on
    return told is not None and day <= told <= day + timedelta(days=2)


def next_digest(destination: Destination, now: datetime) -> datetime | None:
    """When a destination's digest is looked at next; None when it has none. A date that was told never comes again."""
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
    """What is still open on a Monday. `full` shows every item in full, otherwise only those with news."""

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
    lead_fell: bool
    read_to: int  # The newest update that it has read.

    @property
    def worth_sending(self) -> bool:
        """Whether anything is new: a change, a lead of a date, something overdue, on Mondays something open."""
        told = self.still_open or self.overdue or self.changes or self.loads or self.lead_fell
        return bool(told or (self.first and (self.due or self.deals or self.statements)))


class DueReminder(Struct, frozen=True):
    """What one reminder's message is made from: one's own words, or an item with its date as it stands now."""

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
        return self.reminder.name or " ".join(self.reminder.words.split()) or "a record that was taken back"
