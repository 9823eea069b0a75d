"""Rules for when users and channels are told of pending items: reminder offsets, *Still open*, digests. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from enum import IntEnum

from msgspec import Struct

from bot import dates
from bot.ledger.values import due_day
from data.records import Destination, Due, NewDelivery, Record, Sureness


class Offset(IntEnum):
    """A reminder offset: how many days before a due date its reminder is sent, or OVERDUE, once the due day has ended.

    A smaller offset is reached later. Rows of deliveries refer to these numbers, so no member is ever removed.
    """

    TWO_WEEKS = 14
    ONE_WEEK = 7
    TWO_DAYS = 2
    SAME_DAY = 0
    OVERDUE = -1


OFFSETS = (Offset.TWO_WEEKS, Offset.ONE_WEEK, Offset.TWO_DAYS, Offset.SAME_DAY)
"""The reminder offsets up to the due day."""

DAYS_AHEAD = 14
"""How many days ahead a digest lists due dates."""

FULL_EVERY = 4
"""Every how many lists *Still open* shows each item in full."""

DEFAULT_DELIVERY_TIME = time(9)
"""The delivery time of a destination that has no digest, and of a digest for which no other time is chosen."""

_OFFSETS_OF: dict[Sureness | None, tuple[Offset, ...]] = {
    "fixed": OFFSETS,
    "announced": OFFSETS,
    "reported": (Offset.SAME_DAY,),  # It is only a "reported target".
    "usual": (),  # A guideline is no due date.
    None: (),
}
_CAN_BE_OVERDUE: tuple[Sureness | None, ...] = ("fixed", "announced")


class CatchUp(Struct, frozen=True):
    """The local dates of a destination whose delivery times are planned together: those after `since`, up to `until`.

    They are several when the bot was down on some of them. `at` is the instant of the latest delivery time, `zone` the
    zone of the destination.
    """

    since: date
    until: date
    at: datetime
    zone: str

    def has(self, day: date) -> bool:
        """Return whether a local date is one of these."""
        return self.since < day <= self.until

    def last_on(self, weekdays: str) -> date | None:
        """Return the latest of these dates that is on one of some ISO weekdays ("15": Monday, Friday), or None."""
        day = self.until
        while day > self.since and self.until - day < timedelta(days=7):
            if str(day.isoweekday()) in weekdays:
                return day
            day -= timedelta(days=1)
        return None


class Item(Struct, frozen=True):
    """An open pending item and its due date.

    `due_on` is the due day. It is the last day of a vague date ("March 2027"), and None without a date. `zone` is the
    zone in which the due day ends.
    """

    record_id: int
    slug: str
    item_kind: str
    due_on: date | None
    sureness: Sureness | None
    zone: str


def item_of(record: Record, zone: str) -> Item:
    """Return the `Item` of a pending item's record. `zone` is used where the record names no zone."""
    due = record.state.value("due", Due)
    return Item(
        record.id,
        record.slug,
        record.state.text("item_kind"),
        due_day(due),
        due.sureness if due else None,
        record.state.text("zone") or zone,
    )


def offsets_of(sureness: Sureness | None) -> tuple[Offset, ...]:
    """Return the reminder offsets of a due date up to its day, by how sure the date is."""
    return _OFFSETS_OF[sureness]


def offset_of(delivery: NewDelivery) -> Offset | None:
    """Return the reminder offset at which a delivery is due; None for deliveries that are no reminder of a due date."""
    if delivery.occasion == "overdue":
        return Offset.OVERDUE
    return Offset(delivery.days_before) if delivery.days_before is not None else None


def is_overdue(item: Item, at: datetime) -> bool:
    """Return whether the due day of an item has ended by an instant, in the item's zone.

    Only fixed and announced dates can be overdue.
    """
    return (
        item.due_on is not None and item.sureness in _CAN_BE_OVERDUE and dates.end_of_day(item.due_on, item.zone) <= at
    )


def offset_due(
    item: Item, catch_up: CatchUp, reminded: Collection[Offset], now: datetime | None = None
) -> Offset | None:
    """Return the reminder offset at which to remind of an item in a catch-up period, or None when no reminder is due.

    If several offsets lie in the period, only the smallest counts. `reminded` holds the offsets at which the
    destination was reminded of this due date already: none is repeated, and no larger one follows.

    If the due day has ended by `now`, its own reminder is left out: the overdue reminder at the next delivery time
    would say the same.
    """
    if item.due_on is None or Offset.OVERDUE in reminded:
        return None
    if is_overdue(item, catch_up.at):
        ended_on = dates.local_date(dates.end_of_day(item.due_on, item.zone), catch_up.zone)
        # The day may have ended on the date `since` after that date's delivery time. If it ended before, `reminded`
        # holds OVERDUE.
        return Offset.OVERDUE if ended_on >= catch_up.since else None
    reached = [offset for offset in offsets_of(item.sureness) if catch_up.has(item.due_on - timedelta(days=offset))]
    if not reached or any(offset <= min(reached) for offset in reminded):
        return None
    if min(reached) == Offset.SAME_DAY and now is not None and is_overdue(item, now):
        return None
    return min(reached)


def is_own_message(offset: Offset, *, person: bool, digest: bool) -> bool:
    """Return whether the reminder at an offset is a message of its own, rather than a line of the digest.

    In a channel with a digest these are only the reminders on the due day and of overdue items.
    """
    return person or not digest or offset in (Offset.SAME_DAY, Offset.OVERDUE)


def is_still_open(item: Item, day: date, at: datetime) -> bool:
    """Return whether *Still open* of a day lists an item: it has no due date, only a usual one, or one in the past.

    `at` is the instant of the list, by which a fixed or announced date has to be overdue.
    """
    if item.due_on is None or item.sureness == "usual":
        return True
    return is_overdue(item, at) if item.sureness in _CAN_BE_OVERDUE else item.due_on < day


def is_ahead(item: Item, day: date, at: datetime) -> bool:
    """Return whether the digest of a day lists an item as due soon: it is due within the next 14 days.

    A reported date is listed on its day only, a usual one never. `at` is the instant of the digest.
    """
    if item.due_on is None or item.sureness == "usual" or is_overdue(item, at):
        return False
    if item.sureness == "reported":
        return item.due_on == day
    return item.due_on <= day + timedelta(days=DAYS_AHEAD)


def offset_reached(item: Item, since: date, day: date, *, own_message: bool) -> bool:
    """Return whether a reminder offset of an item is reached after `since`, up to `day`; a digest is not skipped then.

    With `own_message` the due day itself does not count, because its reminder is a message of its own.
    """
    if item.due_on is None:
        return False
    return any(
        since < item.due_on - timedelta(days=offset) <= day
        for offset in offsets_of(item.sureness)
        if offset != Offset.SAME_DAY or not own_message
    )


def delivery_time_of(destination: Destination) -> time:
    """Return the delivery time of a destination, as a local wall time: that of its digest, else the default."""
    return time.fromisoformat(destination.digest_at) if destination.digest_at else DEFAULT_DELIVERY_TIME


def was_planned(destination: Destination, day: date) -> bool:
    """Return whether a local date of a destination was planned before.

    It is not planned again when the zone or the delivery time changes. A `planned_on` more than two days later does not
    count, because a wrong clock has written it.
    """
    planned_on = destination.planned_on
    return planned_on is not None and day <= planned_on <= day + timedelta(days=2)


def next_digest(destination: Destination, now: datetime) -> datetime | None:
    """Return the instant of the next digest of a destination that is not planned yet, or None without a digest."""
    if destination.digest_at is None:
        return None
    at = delivery_time_of(destination)
    day, instant = dates.next_local(now, destination.zone, at, destination.digest_days)
    while was_planned(destination, day):
        day, instant = dates.next_local(instant, destination.zone, at, destination.digest_days)
    return instant
