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
    """A reminder offset: how many days before the due day a reminder is sent. OVERDUE: after the due day has ended.

    A smaller offset is reached later. Rows of deliveries contain these numbers, so no member is ever removed.
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
"""Every fourth list *Still open* is full (`StillOpen.full`)."""

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
    """A catch-up period: the local dates after `since`, up to `until`, whose deliveries are planned together.

    Usually it is a single date. There are several if the bot was down on some of them. `at` is the instant of the
    latest delivery time in the period, and `zone` is the zone of the destination.
    """

    since: date
    until: date
    at: datetime
    zone: str

    def has(self, day: date) -> bool:
        """Return whether a local date is in the period."""
        return self.since < day <= self.until

    def last_on(self, weekdays: str) -> date | None:
        """Return the latest date in the period that is on one of the ISO weekdays ("15": Monday, Friday), or None."""
        day = self.until
        while day > self.since and self.until - day < timedelta(days=7):
            if str(day.isoweekday()) in weekdays:
                return day
            day -= timedelta(days=1)
        return None


class Item(Struct, frozen=True):
    """An open pending item and its due date.

    `due_on` is the due day. For a vague due date ("March 2027") it is the last day, and without a due date it is None.
    `zone` is the zone in which the due day ends.
    """

    record_id: int
    slug: str
    item_kind: str
    due_on: date | None
    sureness: Sureness | None
    zone: str


def item_of(record: Record, zone: str) -> Item:
    """Return the `Item` for the record of a pending item. `zone` is used if the record names no zone."""
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
    """Return the reminder offsets of a due date, without OVERDUE. They depend on how sure the date is."""
    return _OFFSETS_OF[sureness]


def offset_of(delivery: NewDelivery) -> Offset | None:
    """Return the reminder offset of a delivery that reminds of a due date. Return None for any other delivery."""
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
    """Return the offset of the reminder that is sent of an item in a catch-up period, or None if none is sent.

    If several offsets lie in the period, only the smallest counts. `reminded` has the offsets at which the destination
    was reminded of this due date before. No offset is repeated, and no larger offset follows a smaller one.

    The reminder on the due day is left out if the due day has ended by `now`, because the overdue reminder comes at the
    next delivery time.
    """
    if item.due_on is None or Offset.OVERDUE in reminded:
        return None
    if is_overdue(item, catch_up.at):
        ended_on = dates.local_date(dates.end_of_day(item.due_on, item.zone), catch_up.zone)
        # If the due day ended on the date `since`, it may have ended after the delivery time of that date. If it ended
        # before that time, OVERDUE is in `reminded`.
        return Offset.OVERDUE if ended_on >= catch_up.since else None
    reached = [offset for offset in offsets_of(item.sureness) if catch_up.has(item.due_on - timedelta(days=offset))]
    if not reached or any(offset <= min(reached) for offset in reminded):
        return None
    if min(reached) == Offset.SAME_DAY and now is not None and is_overdue(item, now):
        return None
    return min(reached)


def is_own_message(offset: Offset, *, person: bool, digest: bool) -> bool:
    """Return whether the reminder at an offset is sent as a separate message. If not, only the digest shows the item.

    Reminders of a `person`, and reminders in a channel without a `digest`, are always separate messages. In a channel
    with a digest, only the reminder on the due day and the overdue reminder are separate messages.
    """
    return person or not digest or offset in (Offset.SAME_DAY, Offset.OVERDUE)


def is_still_open(item: Item, day: date, at: datetime) -> bool:
    """Return whether the list *Still open* of `day` contains an item.

    It contains (a) items without a due date, (b) items with a usual due date, (c) items with a reported due date before
    `day`, (d) items that are overdue at `at`, the instant of the list.
    """
    if item.due_on is None or item.sureness == "usual":
        return True
    return is_overdue(item, at) if item.sureness in _CAN_BE_OVERDUE else item.due_on < day


def is_ahead(item: Item, day: date, at: datetime) -> bool:
    """Return whether the digest of `day` lists an item as due soon. `at` is the instant of the digest.

    An item with a fixed or announced due date is listed if it is due within 14 days and not overdue yet. An item with a
    reported due date is listed on the due day only, and one with a usual due date never.
    """
    if item.due_on is None or item.sureness == "usual" or is_overdue(item, at):
        return False
    if item.sureness == "reported":
        return item.due_on == day
    return item.due_on <= day + timedelta(days=DAYS_AHEAD)


def offset_reached(item: Item, since: date, day: date, *, own_message: bool) -> bool:
    """Return whether a reminder offset of an item falls on a date after `since`, up to `day`.

    If so, the digest of `day` is sent even without other news. If `own_message` is True, the due day does not count,
    because the reminder on that day is a separate message.
    """
    if item.due_on is None:
        return False
    return any(
        since < item.due_on - timedelta(days=offset) <= day
        for offset in offsets_of(item.sureness)
        if offset != Offset.SAME_DAY or not own_message
    )


def delivery_time_of(destination: Destination) -> time:
    """Return the local time at which a destination gets its messages: the time of its digest, or else 09:00."""
    return time.fromisoformat(destination.digest_at) if destination.digest_at else DEFAULT_DELIVERY_TIME


def was_planned(destination: Destination, day: date) -> bool:
    """Return whether the messages to a destination for a local date were planned before.

    Such a date is not planned again, even if the zone or the delivery time changes. A stored `planned_on` that is more
    than two days after `day` does not count, because it was written when the clock was wrong.
    """
    planned_on = destination.planned_on
    return planned_on is not None and day <= planned_on <= day + timedelta(days=2)


def next_digest(destination: Destination, now: datetime) -> datetime | None:
    """Return the instant of a destination's next digest that is not planned yet, or None if it has no digest."""
    if destination.digest_at is None:
        return None
    at = delivery_time_of(destination)
    day, instant = dates.next_local(now, destination.zone, at, destination.digest_days)
    while was_planned(destination, day):
        day, instant = dates.next_local(instant, destination.zone, at, destination.digest_days)
    return instant
