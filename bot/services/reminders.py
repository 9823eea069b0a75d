"""Reminders of pending items at their due dates, and reminders with a user's own words at an instant."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from bot import dates
from bot.errors import BadInput, NotInRecord, UserError
from bot.ledger import due_dates
from bot.ledger.due_dates import CatchUp, Item, Offset
from bot.ledger.kinds import ON_REQUEST_KINDS
from bot.ledger.stored import decode_state
from bot.ledger.values import due_day, quoted
from bot.message_contents import DueReminder, PersonalReminder, StillOpen
from bot.services import deliveries, destinations, guilds, records, scope, updates
from data.database import Connection, to_text
from data.records import Delivery, Destination, Due, Guild, NewDelivery, Opened, Outcome, Reminder
from data.rows import as_list, fetch_all, fetch_one, fetch_value, fetch_values, in_list

MOST = 100
"""How many reminders one destination can have."""

LONGEST_WORDS = 1000
"""How many characters a user's own words can have."""

_CHUNK = 500  # Rows planned in one transaction.

_COLUMNS = (
    "reminder.id, reminder.destination_id, record.slug, record.name, reminder.words, reminder.at, reminder.done_at, "
    "reminder.muted, reminder.snoozed_until, reminder.created_by, reminder.created_at"
)
_SELECT = (
    f"SELECT {_COLUMNS} FROM reminder JOIN destination ON destination.id = reminder.destination_id "
    "LEFT JOIN record ON record.id = reminder.record_id"
)


# Setting, listing, snoozing, cancelling


async def find(conn: Connection, guild_id: int, reminder_id: int) -> Reminder | None:
    """Return the reminder with an id, or None when this server has no such reminder."""
    return await fetch_one(
        conn, Reminder, f"{_SELECT} WHERE destination.guild_id = ? AND reminder.id = ?", (guild_id, reminder_id)
    )


async def find_item(conn: Connection, destination_id: int, slug: str) -> Reminder | None:
    """Return a destination's reminder of a pending item, even if it is muted or snoozed. Return None without one."""
    return await fetch_one(
        conn, Reminder, f"{_SELECT} WHERE reminder.destination_id = ? AND record.slug = ?", (destination_id, slug)
    )


def check_open(opened: Opened) -> None:
    """Raise UserError unless a record is an open pending item. There are no reminders of any other records."""
    record = opened.record
    if record.kind != "pending":
        raise BadInput(f"{quoted(record.name)} is not a pending item. Nothing was changed. /pending list shows them.")
    if not record.open:
        raise UserError(
            f"{quoted(record.name)} is closed, so there is nothing to be reminded of. Nothing was changed. "
            "/pending list shows what is open."
        )


async def join(conn: Connection, destination: Destination, opened: Opened, *, now: datetime, person_id: int) -> bool:
    """Set a reminder of a pending item for a destination. Return False when there is one already that is not muted."""
    check_open(opened)
    before = await find_item(conn, destination.id, opened.record.slug)
    if before is not None and not before.muted:
        return False
    if before is None:
        await _check_room(conn, destination)
    await conn.execute(
        "INSERT INTO reminder (destination_id, record_id, created_by, created_at) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (destination_id, record_id) WHERE record_id IS NOT NULL DO UPDATE SET muted = 0",
        (destination.id, opened.record.id, person_id, to_text(now)),
    )
    await destinations.schedule(conn, destination.id, now)
    return True


async def set_words(
    conn: Connection, destination: Destination, words: str, at: datetime, *, now: datetime, person_id: int
) -> Reminder:
    """Set a reminder with a user's own words at an instant. Raise BadInput unless the instant lies ahead."""
    check_words(words)
    _check_ahead(at, now)
    await _check_room(conn, destination)
    id_ = await fetch_value(
        conn,
        int,
        "INSERT INTO reminder (destination_id, words, at, created_by, created_at) VALUES (?, ?, ?, ?, ?) RETURNING id",
        (destination.id, words.strip(), to_text(at), person_id, to_text(now)),
    )
    reminder = await find(conn, destination.guild_id, id_) if id_ is not None else None
    assert reminder is not None  # Just inserted.
    return reminder


def check_words(words: str) -> None:
    """Raise BadInput when the words of a reminder are missing or too long."""
    if not words.strip():
        raise BadInput("There are no words to remind you of. Nothing was changed. Write them in text.")
    if len(words) > LONGEST_WORDS:
        raise BadInput(
            f"The text has {len(words):,} characters; {LONGEST_WORDS:,} fit. Nothing was changed. Shorten it."
        )


def _check_ahead(at: datetime, now: datetime) -> None:
    if at <= now:
        raise BadInput("That time has passed. Nothing was changed. Write a later one, like in 3 days.")


async def _check_room(conn: Connection, destination: Destination) -> None:
    """Raise UserError when a destination already has `MOST` reminders, so that no other can be set."""
    count = await fetch_value(
        conn, int, "SELECT count(*) FROM reminder WHERE destination_id = ? AND done_at IS NULL", (destination.id,)
    )
    if count is not None and count >= MOST:
        raise UserError(
            f"There are already {MOST} reminders here, which is the most. Nothing was changed. "
            "Cancel one with /remind cancel."
        )


class _PersonalRow(Reminder, frozen=True, kw_only=True):
    """A reminder of a person, with columns of its server and of its pending item."""

    guild_id: int
    server: str
    zone: str
    digest_at: str | None
    open: bool
    state: str | None


async def list_of_person(conn: Connection, person_id: int, guild_id: int | None = None) -> list[PersonalReminder]:
    """Return the reminders of a person that are not done, in one server or in all of them.

    Reminders with an instant (own words, snoozed items) come first. Reminders of other items follow by their due date.
    """
    rows = await fetch_all(
        conn,
        _PersonalRow,
        f"SELECT {_COLUMNS}, destination.guild_id, guild.name AS server, "
        "coalesce(destination.zone, person.zone, guild.zone) AS zone, destination.digest_at, "
        "coalesce(record.open, 0) AS open, record.state "
        "FROM reminder JOIN destination ON destination.id = reminder.destination_id "
        "JOIN guild ON guild.guild_id = destination.guild_id JOIN person ON person.id = destination.person_id "
        "LEFT JOIN record ON record.id = reminder.record_id "
        "WHERE destination.person_id = ? AND destination.guild_id = coalesce(?, destination.guild_id) "
        "AND guild.left_at IS NULL AND reminder.done_at IS NULL "
        "ORDER BY coalesce(reminder.snoozed_until, reminder.at) NULLS LAST, record.due_on NULLS LAST, reminder.id",
        (person_id, guild_id),
    )
    return [
        PersonalReminder(
            row,
            row.guild_id,
            row.server,
            row.zone,
            row.digest_at or f"{due_dates.DEFAULT_DELIVERY_TIME:%H:%M}",
            row.open,
            decode_state("pending", row.state).value("due", Due) if row.state is not None else None,
        )
        for row in rows
    ]


def pick(reminders: Sequence[PersonalReminder], text: str) -> PersonalReminder:
    """Return the reminder that a text names by its id or by the beginning of its title.

    Raise NotInRecord when no reminder fits, and BadInput when several do.
    """
    typed = text.strip()
    by_id = [personal for personal in reminders if str(personal.reminder.id) == typed]
    by_title = [personal for personal in reminders if typed and personal.title.casefold().startswith(typed.casefold())]
    matches = by_id or by_title
    if not matches:
        raise NotInRecord(
            f"{quoted(text)} is none of your reminders here. Nothing was changed. /remind list shows them."
        )
    if len(matches) > 1:
        raise BadInput(f"{quoted(text)} fits several of your reminders. Nothing was changed. Choose one from the list.")
    return matches[0]


async def snooze(conn: Connection, reminder: Reminder, until: datetime, *, now: datetime) -> None:
    """Snooze a reminder until an instant, at which it is sent. Raise BadInput unless the instant lies ahead.

    After the snooze, reminders of a pending item come at its reminder offsets as before.
    """
    _check_ahead(until, now)
    if reminder.at is not None:
        await conn.execute("UPDATE reminder SET at = ?, done_at = NULL WHERE id = ?", (to_text(until), reminder.id))
        return
    await conn.execute("UPDATE reminder SET snoozed_until = ?, muted = 0 WHERE id = ?", (to_text(until), reminder.id))


async def snooze_item(
    conn: Connection, destination: Destination, opened: Opened, until: datetime, *, now: datetime, person_id: int
) -> None:
    """Snooze a destination's reminder of a pending item until an instant. Set the reminder if there is none yet.

    Raise BadInput unless the instant lies ahead, and UserError if the item is closed.
    """
    _check_ahead(until, now)
    check_open(opened)
    if await find_item(conn, destination.id, opened.record.slug) is None:
        await _check_room(conn, destination)
    await conn.execute(
        "INSERT INTO reminder (destination_id, record_id, snoozed_until, created_by, created_at) "
        "VALUES (?, ?, ?, ?, ?) ON CONFLICT (destination_id, record_id) WHERE record_id IS NOT NULL "
        "DO UPDATE SET snoozed_until = excluded.snoozed_until, muted = 0",
        (destination.id, opened.record.id, to_text(until), person_id, to_text(now)),
    )
    await destinations.schedule(conn, destination.id, now)


async def cancel(conn: Connection, reminder: Reminder, *, now: datetime) -> None:
    """Delete a reminder. Deliveries planned for it are settled without being sent."""
    await conn.execute("DELETE FROM reminder WHERE id = ?", (reminder.id,))
    await destinations.schedule(conn, reminder.destination_id, now)


# Open pending items


async def list_items(conn: Connection, guild: Guild, record_ids: Iterable[int] | None = None) -> list[Item]:
    """Return the open pending items of a server, the earliest due first.

    If `record_ids` is not None, return only the items whose record id is in it.
    """
    condition, values = "", [guild.zone, guild.guild_id]
    if record_ids is not None:
        condition, values = f"AND id IN {in_list()} ", [*values, as_list(record_ids)]
    return await fetch_all(
        conn,
        Item,
        "SELECT id AS record_id, slug, item_kind, due_on, due_sureness AS sureness, coalesce(zone, ?) AS zone "
        f"FROM record WHERE guild_id = ? AND open = 1 {condition}ORDER BY due_on NULLS LAST, id",
        values,
    )


class _ItemReminders(Struct, frozen=True):
    """The record ids of the pending items for which a destination has reminders, sorted by the state of the reminder.

    Each item is either in `joined` (the reminder is not muted) or in `muted`. A snoozed item is in `snoozed` as well.
    """

    joined: frozenset[int]
    muted: frozenset[int]
    snoozed: frozenset[int]

    @property
    def silent(self) -> frozenset[int]:
        return self.muted | self.snoozed


class _ItemReminder(Struct, frozen=True):
    """A reminder of a pending item."""

    record_id: int
    muted: bool
    snoozed_until: datetime | None


async def _item_reminders(conn: Connection, destination: Destination) -> _ItemReminders:
    rows = await fetch_all(
        conn,
        _ItemReminder,
        "SELECT record_id, muted, snoozed_until FROM reminder WHERE destination_id = ? AND record_id IS NOT NULL",
        (destination.id,),
    )
    return _ItemReminders(
        frozenset(row.record_id for row in rows if not row.muted),
        frozenset(row.record_id for row in rows if row.muted),
        frozenset(row.record_id for row in rows if row.snoozed_until is not None),
    )


async def list_reminded(conn: Connection, destination: Destination, guild: Guild) -> list[Item]:
    """Return the open items for which a destination gets separate reminder messages.

    The channel chosen in `/setup` gets them for all items, except for items of the kinds in `ON_REQUEST_KINDS`. Another
    channel gets none. A person gets them for the items of which they have a reminder. Muted and snoozed items are left
    out.
    """
    reminders = await _item_reminders(conn, destination)
    if destination.person_id is not None:
        return await list_items(conn, guild, reminders.joined - reminders.silent)
    if destination.channel_id != guild.channel_id:
        return []
    return [
        item
        for item in await list_items(conn, guild)
        if item.item_kind not in ON_REQUEST_KINDS and item.record_id not in reminders.silent
    ]


async def list_in_scope(conn: Connection, destination: Destination, guild: Guild) -> list[Item]:
    """Return the open items that the digest and the list *Still open* of a destination may contain.

    For the channel chosen in `/setup`, and for a channel with a digest, these are all items of the server. For another
    channel there are none. For a person these are the items for which they have a reminder and, if they have a digest,
    the items in its scope.

    Items of the kinds in `ON_REQUEST_KINDS` are left out, except those for which the destination has a reminder.
    Snoozed items are left out. Items that a person muted are left out for this person.
    """
    reminders = await _item_reminders(conn, destination)
    if (
        destination.channel_id is not None
        and destination.digest_at is None
        and destination.channel_id != guild.channel_id
    ):
        return []
    if destination.person_id is not None and destination.digest_at is None:
        return await list_items(conn, guild, reminders.joined - reminders.silent)
    reach = await scope.of(conn, destination)
    return [
        item
        for item in await list_items(conn, guild)
        if item.record_id not in reminders.snoozed
        and not (destination.person_id is not None and item.record_id in reminders.muted)
        and (
            item.record_id in reminders.joined
            or (item.item_kind not in ON_REQUEST_KINDS and reach.since(item.record_id) is not None)
        )
    ]


async def still_open(
    conn: Connection,
    destination: Destination,
    guild: Guild,
    *,
    day: date,
    at: datetime,
    full: bool = False,
    without: Collection[int] = (),
) -> StillOpen | None:
    """Return the list *Still open* of `day` for a destination, or None when nothing is open.

    `at` is the instant of the list. The list is full if `full` is True, and every fourth list is full in any case.
    Items whose record ids are in `without` are left out.
    """
    items = [
        item
        for item in await list_in_scope(conn, destination, guild)
        if item.record_id not in without and due_dates.is_still_open(item, day, at)
    ]
    if not items:
        return None
    with_news = await fetch_values(
        conn,
        int,
        f"SELECT DISTINCT record_id FROM ledger WHERE record_id IN {in_list()} AND id > ?",
        (as_list(item.record_id for item in items), destination.digested_to),
    )
    opened = await records.get_many(conn, destination.guild_id, [item.slug for item in items])
    every_fourth = destination.mondays % due_dates.FULL_EVERY == 0
    return StillOpen(opened, frozenset(with_news), full or every_fourth, day)


# Planning


def catch_up_of(destination: Destination, now: datetime) -> CatchUp | None:
    """Return the catch-up period of a destination: the local dates whose delivery time has come but is not planned.

    Return None when there is no such date.
    """
    if destination.next_delivery_at is None or destination.next_delivery_at > now:
        return None
    until, at = destinations.latest_delivery_time(destination, now)
    first = dates.local_date(destination.next_delivery_at, destination.zone)
    since = date.fromordinal(first.toordinal() - 1)
    # A change of the delivery time or the zone can skip a local date. Such a date is caught up here.
    if destination.planned_on is not None and (first - destination.planned_on).days <= 2:
        since = min(since, destination.planned_on)
    return CatchUp(since, max(until, since), at, destination.zone)


async def plan_reminders(
    conn: Connection, destination: Destination, guild: Guild, catch_up: CatchUp, *, now: datetime
) -> list[int]:
    """Plan the separate reminder messages about pending items that are due in a catch-up period.

    Return the record ids of (a) the items that these messages are about, (b) the items whose snooze has ended and whose
    message after the snooze is not sent yet. *Still open* leaves all of these items out.
    """
    mentioned = await _snoozes_ending(conn, destination.id)
    for item in await list_reminded(conn, destination, guild):
        if item.record_id in mentioned or item.due_on is None:
            continue
        reminded = await _offsets_reminded(conn, destination.id, item.record_id, item.due_on)
        offset = due_dates.offset_due(item, catch_up, reminded, now)
        if offset is None or not due_dates.is_own_message(
            offset, person=destination.person_id is not None, digest=destination.digest_at is not None
        ):
            continue
        new = deliveries.reminder_of_item(item.record_id, item.due_on, offset)
        await deliveries.replace_waiting(conn, destination.id, new, now=now)
        await deliveries.plan(conn, destination.guild_id, destination.id, new, due_at=catch_up.at)
        mentioned.append(item.record_id)
    return mentioned


async def _snoozes_ending(conn: Connection, destination_id: int) -> list[int]:
    """Return the record ids of the items whose snooze has ended and whose message after the snooze is not settled."""
    return await fetch_values(
        conn,
        int,
        "SELECT reminder.record_id FROM delivery JOIN reminder ON reminder.id = delivery.reminder_id "
        "WHERE delivery.destination_id = ? AND delivery.occasion = 'snooze' AND delivery.state <> 'settled'",
        (destination_id,),
    )


async def _offsets_reminded(conn: Connection, destination_id: int, record_id: int, due_on: date) -> set[Offset]:
    """Return the offsets of all reminders of an item's due date that were planned for a destination so far."""
    rows = await fetch_all(
        conn,
        NewDelivery,
        "SELECT kind, key, occasion, days_before FROM delivery "
        "WHERE destination_id = ? AND record_id = ? AND due_on = ?",
        (destination_id, record_id, due_on.isoformat()),
    )
    return {offset for row in rows if (offset := due_dates.offset_of(row)) is not None}


async def plan_open(
    conn: Connection,
    destination: Destination,
    guild: Guild,
    monday: date,
    catch_up: CatchUp,
    *,
    now: datetime,
    without: Collection[int],
) -> None:
    """Plan the list *Still open* of a Monday as a separate message. Plan nothing when nothing is open.

    Call this when no digest can contain the list. Items whose record ids are in `without` are left out, because there
    are separate messages about them.
    """
    if await still_open(conn, destination, guild, day=monday, at=catch_up.at, without=without) is None:
        return
    # If the destination has no digest, this list counts as covering all updates. Otherwise the digest covers them.
    read_to = await updates.newest_id(conn, destination.guild_id) if destination.digest_at is None else None
    new = deliveries.open_list_of(monday, read_to=read_to, without=without)
    await deliveries.replace_waiting(conn, destination.id, new, now=now)
    await deliveries.plan(conn, destination.guild_id, destination.id, new, due_at=catch_up.at)


class _AtInstant(Struct, frozen=True):
    """A reminder whose instant has come.

    The instant is `at` for a reminder with a user's own words, and `snoozed_until` for a snoozed reminder of an item.
    """

    id: int
    guild_id: int
    destination_id: int
    at: datetime | None
    snoozed_until: datetime | None


async def plan_instants(conn: Connection, now: datetime) -> bool:
    """Plan deliveries for up to 500 reminders whose instant has come. Return whether there may be more of them.

    Two sorts of reminders have an instant: those with a user's own words, and snoozed reminders of pending items. The
    instant of a snoozed reminder is the end of the snooze.
    """
    rows = await fetch_all(
        conn,
        _AtInstant,
        "SELECT reminder.id, destination.guild_id, reminder.destination_id, reminder.at, reminder.snoozed_until "
        "FROM reminder JOIN destination ON destination.id = reminder.destination_id "
        "WHERE (reminder.at <= ?1 AND reminder.done_at IS NULL AND reminder.at IS NOT NULL) "
        "OR (reminder.snoozed_until <= ?1 AND reminder.snoozed_until IS NOT NULL) "
        "ORDER BY reminder.at NULLS LAST, reminder.snoozed_until, reminder.id LIMIT ?2",
        (to_text(now), _CHUNK),
    )
    for row in rows:
        due_at = row.at or row.snoozed_until
        assert due_at is not None  # One of the two has come.
        occasion: Literal["words", "snooze"] = "words" if row.at is not None else "snooze"
        new = deliveries.reminder_at(occasion, row.id, due_at)
        await deliveries.plan(conn, row.guild_id, row.destination_id, new, due_at=due_at)
        await conn.execute(
            "UPDATE reminder SET snoozed_until = NULL, done_at = CASE WHEN at IS NULL THEN NULL ELSE ? END "
            "WHERE id = ?",
            (to_text(now), row.id),
        )
        if occasion == "snooze":
            await _mark_overdue_reminded(conn, row.guild_id, row.destination_id, row.id, now)
    return len(rows) == _CHUNK


async def _mark_overdue_reminded(
    conn: Connection, guild_id: int, destination_id: int, reminder_id: int, now: datetime
) -> None:
    """Store the overdue reminder of an item as replaced, so that it is never sent. Do nothing if it is not overdue.

    The item is that of the reminder `reminder_id`. Call this when the message after a snooze is planned, because that
    message already says that the item is overdue.
    """
    record_ids = await fetch_values(conn, int, "SELECT record_id FROM reminder WHERE id = ?", (reminder_id,))
    for item in await list_items(conn, await _guild(conn, guild_id), record_ids):
        if due_dates.is_overdue(item, now):
            assert item.due_on is not None  # Nothing else can be overdue.
            new = deliveries.reminder_of_item(item.record_id, item.due_on, Offset.OVERDUE)
            await deliveries.note(conn, guild_id, destination_id, new, Outcome.REPLACED, now=now)


async def _guild(conn: Connection, guild_id: int) -> Guild:
    guild = await guilds.find(conn, guild_id)
    assert guild is not None  # Its destinations refer to it.
    return guild


async def next_due(conn: Connection) -> datetime | None:
    """Return the earliest instant of all reminders that have one: those with own words, and snoozed ones.

    Return None when no such reminder waits.
    """
    return await fetch_value(
        conn,
        datetime,
        "SELECT min(instants.at) FROM (SELECT min(at) AS at FROM reminder WHERE done_at IS NULL AND at IS NOT NULL "
        "UNION ALL SELECT min(snoozed_until) FROM reminder WHERE snoozed_until IS NOT NULL) AS instants",
    )


# Contents of the message, collected when it is sent


async def load(conn: Connection, delivery: Delivery, destination: Destination, now: datetime) -> DueReminder | str:
    """Return the contents of a planned reminder, made from the records as they are now.

    If the reminder is no longer due, return the reason as a text instead, such as "cancelled" or "muted".
    """
    if delivery.occasion in ("before", "overdue"):
        return await _load_item(conn, delivery, destination, now)
    assert delivery.reminder_id is not None  # Reminders after a snooze and with own words have one.
    reminder = await find(conn, delivery.guild_id, delivery.reminder_id)
    if reminder is None:
        return "cancelled"
    if delivery.occasion == "words":
        if reminder.at is not None and reminder.done_at is None:
            return "moved to another time"
        today = dates.local_date(now, destination.zone)
        return DueReminder(reminder, None, today, overdue=False, person=destination.person_id is not None)
    if reminder.muted or reminder.snoozed_until is not None:
        return "muted" if reminder.muted else "snoozed again"
    opened = await records.find(conn, delivery.guild_id, reminder.slug or "")
    if opened is None or not opened.record.open:
        return "closed" if opened else "taken back"
    return _contents(opened, destination, reminder, now)


async def _load_item(
    conn: Connection, delivery: Delivery, destination: Destination, now: datetime
) -> DueReminder | str:
    """Return the contents of a reminder at an offset from a due date, or the reason why it is no longer due."""
    slug = await fetch_value(
        conn, str, "SELECT slug FROM record WHERE guild_id = ? AND id = ?", (delivery.guild_id, delivery.record_id)
    )
    opened = await records.find(conn, delivery.guild_id, slug) if slug is not None else None
    if opened is None or not opened.record.open:
        return "closed" if opened else "taken back"
    due = opened.record.state.value("due", Due)
    if due is None or due_day(due) != delivery.due_on:
        return "the date has moved"
    offset = due_dates.offset_of(delivery)
    if offset != Offset.OVERDUE and offset not in due_dates.offsets_of(due.sureness):
        return "the date is less sure now"
    reminder = await find_item(conn, destination.id, opened.record.slug)
    if reminder is None and destination.person_id is not None:
        return "cancelled"
    if reminder is not None and (reminder.muted or reminder.snoozed_until is not None):
        return "muted" if reminder.muted else "snoozed"
    contents = _contents(opened, destination, reminder, now)
    return "the date is less sure now" if offset == Offset.OVERDUE and not contents.overdue else contents


def _contents(opened: Opened, destination: Destination, reminder: Reminder | None, now: datetime) -> DueReminder:
    return DueReminder(
        reminder,
        opened,
        dates.local_date(now, destination.zone),
        due_dates.is_overdue(due_dates.item_of(opened.record, opened.zone), now),
        person=destination.person_id is not None,
    )
