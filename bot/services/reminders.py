"""Reminders: of pending items, by their due dates, and of a user's own words at an instant."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from bot import dates
from bot.errors import BadInput, NotInRecord, UserError
from bot.ledger import due_dates
from bot.ledger.due_dates import CatchUp, DueReminder, Item, Offset, OpenItem, PersonalReminder, StillOpen
from bot.ledger.kinds import ON_REQUEST_KINDS
from bot.ledger.stored import decode_state
from bot.ledger.values import due_day, quoted
from bot.services import deliveries, destinations, guilds, records, scope, updates
from data.database import Connection, to_text
from data.records import Delivery, Destination, Due, Guild, Opened, Outcome, Reminder, Sureness
from data.rows import as_list, fetch_all, fetch_one, fetch_value, fetch_values, in_list

MOST = 100
"""How many reminders one destination can have."""

LONGEST_WORDS = 1000

_CHUNK = 500  # Rows planned in one transaction.

_COLUMNS = (
    "m.id, m.destination_id, r.slug, r.name, m.words, m.at, m.done_at, m.muted, m.snoozed_until, m.created_by, "
    "m.created_at"
)
_SELECT = (
    f"SELECT {_COLUMNS} FROM reminder m JOIN destination d ON d.id = m.destination_id "
    "LEFT JOIN record r ON r.id = m.record_id"
)


# Setting, listing, snoozing, cancelling


async def find(conn: Connection, guild_id: int, reminder_id: int) -> Reminder | None:
    """Return a reminder of this server, or None: an id of another server opens nothing."""
    return await fetch_one(conn, Reminder, f"{_SELECT} WHERE d.guild_id = ? AND m.id = ?", (guild_id, reminder_id))


async def find_item(conn: Connection, destination_id: int, slug: str) -> Reminder | None:
    """Return what a destination has set for a pending item, if anything."""
    return await fetch_one(
        conn, Reminder, f"{_SELECT} WHERE m.destination_id = ? AND r.slug = ?", (destination_id, slug)
    )


def check_open(opened: Opened) -> None:
    """Raise UserError when there is nothing to be reminded of."""
    record = opened.record
    if record.kind != "pending":
        raise BadInput(f"{quoted(record.name)} is not a pending item. Nothing was changed. /pending list shows them.")
    if not record.open:
        raise UserError(
            f"{quoted(record.name)} is closed, so there is nothing to be reminded of. Nothing was changed. "
            "/pending list shows what is open."
        )


async def join(conn: Connection, destination: Destination, opened: Opened, *, now: datetime, person_id: int) -> bool:
    """Remind a destination of a pending item from now on; False when it was so already."""
    check_open(opened)
    known = await find_item(conn, destination.id, opened.record.slug)
    if known is not None and not known.muted:
        return False
    if known is None:
        await _make_room(conn, destination)
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
    """Set a reminder in one's own words at an instant, which has to lie ahead."""
    check_words(words)
    _check_ahead(at, now)
    await _make_room(conn, destination)
    id_ = await fetch_value(
        conn,
        int,
        "INSERT INTO reminder (destination_id, words, at, created_by, created_at) VALUES (?, ?, ?, ?, ?) RETURNING id",
        (destination.id, words.strip(), to_text(at), person_id, to_text(now)),
    )
    made = await find(conn, destination.guild_id, id_) if id_ is not None else None
    assert made is not None  # Just made.
    return made


def check_words(words: str) -> None:
    """Raise BadInput when these words cannot be kept."""
    if not words.strip():
        raise BadInput("There are no words to remind you of. Nothing was changed. Write them in text.")
    if len(words) > LONGEST_WORDS:
        raise BadInput(
            f"The text has {len(words):,} characters; {LONGEST_WORDS:,} fit. Nothing was changed. Shorten it."
        )


def _check_ahead(at: datetime, now: datetime) -> None:
    if at <= now:
        raise BadInput("That time has passed. Nothing was changed. Write a later one, like in 3 days.")


async def _make_room(conn: Connection, destination: Destination) -> None:
    count = await fetch_value(
        conn, int, "SELECT count(*) FROM reminder WHERE destination_id = ? AND done_at IS NULL", (destination.id,)
    )
    if count is not None and count >= MOST:
        raise UserError(
            f"There are already {MOST} reminders here, which is the most. Nothing was changed. "
            "Cancel one with /remind cancel."
        )


class _OwnRow(Reminder, frozen=True, kw_only=True):
    """A reminder of a person with its server and its item as they stand."""

    guild_id: int
    server: str
    zone: str
    digest_at: str | None
    open: bool
    state: str | None


async def list_of_person(conn: Connection, person_id: int, guild_id: int | None = None) -> list[PersonalReminder]:
    """Return a person's own reminders, in one server or in all: what comes next first, then items by their due date."""
    rows = await fetch_all(
        conn,
        _OwnRow,
        f"SELECT {_COLUMNS}, d.guild_id, k.name AS server, coalesce(d.zone, p.zone, k.zone) AS zone, d.digest_at, "
        "coalesce(r.open, 0) AS open, r.state "
        "FROM reminder m JOIN destination d ON d.id = m.destination_id JOIN guild k ON k.guild_id = d.guild_id "
        "JOIN person p ON p.id = d.person_id LEFT JOIN record r ON r.id = m.record_id "
        "WHERE d.person_id = ? AND d.guild_id = coalesce(?, d.guild_id) AND k.left_at IS NULL AND m.done_at IS NULL "
        "ORDER BY coalesce(m.snoozed_until, m.at) NULLS LAST, r.due_on NULLS LAST, m.id",
        (person_id, guild_id),
    )
    return [
        PersonalReminder(
            row,
            row.guild_id,
            row.server,
            row.zone,
            row.digest_at or f"{destinations.DEFAULT_DELIVERY_TIME:%H:%M}",
            row.open,
            decode_state("pending", row.state).value("due", Due) if row.state is not None else None,
        )
        for row in rows
    ]


def pick(own: Sequence[PersonalReminder], text: str) -> PersonalReminder:
    """Return one of these reminders by its id or the beginning of its name; NotInRecord when there is none such."""
    typed = text.strip()
    by_id = [one for one in own if str(one.reminder.id) == typed]
    by_name = [one for one in own if typed and one.title.casefold().startswith(typed.casefold())]
    found = by_id or by_name
    if not found:
        raise NotInRecord(
            f"{quoted(text)} is none of your reminders here. Nothing was changed. /remind list shows them."
        )
    if len(found) > 1:
        raise BadInput(f"{quoted(text)} fits several of your reminders. Nothing was changed. Choose one from the list.")
    return found[0]


async def snooze(conn: Connection, reminder: Reminder, until: datetime, *, now: datetime) -> None:
    """Keep a reminder silent until an instant. Own words are told then; an item's reminder offsets go on after it."""
    _check_ahead(until, now)
    if reminder.at is not None:
        await conn.execute("UPDATE reminder SET at = ?, done_at = NULL WHERE id = ?", (to_text(until), reminder.id))
        return
    await conn.execute("UPDATE reminder SET snoozed_until = ?, muted = 0 WHERE id = ?", (to_text(until), reminder.id))


async def snooze_item(
    conn: Connection, destination: Destination, opened: Opened, until: datetime, *, now: datetime, person_id: int
) -> None:
    """Keep an item silent at a destination until an instant, also where no reminder of the item was set yet."""
    _check_ahead(until, now)
    check_open(opened)
    if await find_item(conn, destination.id, opened.record.slug) is None:
        await _make_room(conn, destination)
    await conn.execute(
        "INSERT INTO reminder (destination_id, record_id, snoozed_until, created_by, created_at) "
        "VALUES (?, ?, ?, ?, ?) ON CONFLICT (destination_id, record_id) WHERE record_id IS NOT NULL "
        "DO UPDATE SET snoozed_until = excluded.snoozed_until, muted = 0",
        (destination.id, opened.record.id, to_text(until), person_id, to_text(now)),
    )
    await destinations.schedule(conn, destination.id, now)


async def cancel(conn: Connection, reminder: Reminder, *, now: datetime) -> None:
    """End a reminder. A message of it that still waits is not sent."""
    await conn.execute("DELETE FROM reminder WHERE id = ?", (reminder.id,))
    await destinations.schedule(conn, reminder.destination_id, now)


# What is open


class _ItemRow(Struct, frozen=True):
    """An open item as its record holds it; `zone` is None where that of the server counts."""

    record_id: int
    slug: str
    item_kind: str
    due_on: date | None
    sureness: Sureness | None
    zone: str | None


async def list_items(conn: Connection, guild: Guild, record_ids: Iterable[int] | None = None) -> list[Item]:
    """Return the open items of a server, all or some: the next due first, then those without a date."""
    chosen, values = "", [guild.guild_id]
    if record_ids is not None:
        chosen, values = f"AND id IN {in_list()} ", [guild.guild_id, as_list(record_ids)]
    rows = await fetch_all(
        conn,
        _ItemRow,
        "SELECT id AS record_id, slug, item_kind, due_on, due_sureness AS sureness, zone FROM record "
        f"WHERE guild_id = ? AND open = 1 {chosen}ORDER BY due_on NULLS LAST, id",
        values,
    )
    return [
        Item(row.record_id, row.slug, row.item_kind, row.due_on, row.sureness, row.zone or guild.zone) for row in rows
    ]


class _Set(Struct, frozen=True):
    """The items for which a destination has set something: joined, muted, silent for now."""

    joined: frozenset[int]
    muted: frozenset[int]
    snoozed: frozenset[int]

    @property
    def silent(self) -> frozenset[int]:
        return self.muted | self.snoozed


class _SetForItem(Struct, frozen=True):
    """One reminder of an item."""

    record_id: int
    muted: bool
    snoozed_until: datetime | None


async def _set_for(conn: Connection, destination: Destination) -> _Set:
    rows = await fetch_all(
        conn,
        _SetForItem,
        "SELECT record_id, muted, snoozed_until FROM reminder WHERE destination_id = ? AND record_id IS NOT NULL",
        (destination.id,),
    )
    return _Set(
        frozenset(row.record_id for row in rows if not row.muted),
        frozenset(row.record_id for row in rows if row.muted),
        frozenset(row.record_id for row in rows if row.snoozed_until is not None),
    )


async def told_here(conn: Connection, destination: Destination, guild: Guild) -> list[Item]:
    """Return the items whose dates are told at a destination in messages of their own.

    The server's channel has all of them without asking; a person those that were joined.
    """
    found = await _set_for(conn, destination)
    if destination.person_id is not None:
        return await list_items(conn, guild, found.joined - found.silent)
    if destination.channel_id != guild.channel_id:
        return []
    return [
        item
        for item in await list_items(conn, guild)
        if item.item_kind not in ON_REQUEST_KINDS and item.record_id not in found.silent
    ]


async def in_reach(conn: Connection, destination: Destination, guild: Guild) -> list[Item]:
    """Return the open items that a destination's digest and its *Still open* list.

    For a channel these are all of the server, for a person those they joined or follow. Kinds of items on which nobody
    has to act are listed only where somebody asked for them.
    """
    found = await _set_for(conn, destination)
    if (
        destination.channel_id is not None
        and destination.digest_at is None
        and destination.channel_id != guild.channel_id
    ):
        return []
    if destination.person_id is not None and destination.digest_at is None:
        return await list_items(conn, guild, found.joined - found.silent)
    reach = await scope.of(conn, destination)
    return [
        item
        for item in await list_items(conn, guild)
        if item.record_id not in found.snoozed
        and not (destination.person_id is not None and item.record_id in found.muted)
        and (
            item.record_id in found.joined
            or (item.item_kind not in ON_REQUEST_KINDS and reach.since(item.record_id) is not None)
        )
    ]


async def load_items(conn: Connection, destination: Destination, items: Collection[Item]) -> list[OpenItem]:
    """Return the items with what their lines say, and whether anything came in since the destination was last told."""
    touched = await fetch_values(
        conn,
        int,
        f"SELECT DISTINCT record_id FROM ledger WHERE record_id IN {in_list()} AND id > ?",
        (as_list(item.record_id for item in items), destination.digested_to),
    )
    with_news = set(touched)
    by_slug = {item.slug: item for item in items}
    opened = await records.get_many(conn, destination.guild_id, list(by_slug))
    return [OpenItem(by_slug[one.record.slug], one, one.record.id in with_news) for one in opened]


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
    """Return what *Still open* lists for a destination, without the records in `without`; None when that is nothing."""
    items = [
        item
        for item in await in_reach(conn, destination, guild)
        if item.record_id not in without and due_dates.is_still_open(item, day, at)
    ]
    if not items:
        return None
    every_fourth = destination.mondays % due_dates.FULL_EVERY == 0
    return StillOpen(await load_items(conn, destination, items), full or every_fourth, day)


# Planning


def catch_up_of(destination: Destination, now: datetime) -> CatchUp | None:
    """Return the catch-up period of a destination, its delivery times up to now that are not planned; None without."""
    if destination.next_delivery_at is None or destination.next_delivery_at > now:
        return None
    until, at = destinations.latest_delivery_time(destination, now)
    first = dates.local_date(destination.next_delivery_at, destination.zone)
    since = date.fromordinal(first.toordinal() - 1)
    # Where the hour or the zone moved, the date between the last hour and the next one counts too.
    if destination.planned_on is not None and (first - destination.planned_on).days <= 2:
        since = min(since, destination.planned_on)
    return CatchUp(since, max(until, since), at, destination.zone)


async def plan_delivery_time(
    conn: Connection, destination: Destination, guild: Guild, catch_up: CatchUp, *, now: datetime
) -> list[int]:
    """Plan the dated items that are told in messages of their own in this catch-up period.

    Return their records and those of snoozes that end now: no other message is to tell them again.
    """
    told = await _snoozes_ending(conn, destination.id)
    for item in await told_here(conn, destination, guild):
        if item.record_id in told:
            continue
        offset = due_dates.offset_due(item, catch_up, await _told(conn, destination.id, item), now)
        if offset is None or not due_dates.is_own_message(
            offset, person=destination.person_id is not None, digest=destination.digest_at is not None
        ):
            continue
        assert item.due_on is not None  # Nothing is told of an item without a date.
        new = deliveries.reminder_of_item(item.record_id, item.due_on, None if offset == "overdue" else offset)
        await deliveries.replace_waiting(conn, destination.id, new, now=now)
        await deliveries.plan(conn, destination.guild_id, destination.id, new, due_at=catch_up.at)
        told.append(item.record_id)
    return told


async def _snoozes_ending(conn: Connection, destination_id: int) -> list[int]:
    """Return the items of which a message after a snooze is on its way."""
    return await fetch_values(
        conn,
        int,
        "SELECT m.record_id FROM delivery v JOIN reminder m ON m.id = v.reminder_id "
        "WHERE v.destination_id = ? AND v.occasion = 'snooze' AND v.state <> 'settled'",
        (destination_id,),
    )


class _ToldOffset(Struct, frozen=True):
    """One reminder offset of an item's date that was told; None: it was told that the item is overdue."""

    days_before: int | None


async def _told(conn: Connection, destination_id: int, item: Item) -> set[Offset]:
    """Return the reminder offsets of the item's present due date at which this destination was told of it."""
    if item.due_on is None:
        return set()
    rows = await fetch_all(
        conn,
        _ToldOffset,
        "SELECT days_before FROM delivery WHERE destination_id = ? AND record_id = ? AND due_on = ?",
        (destination_id, item.record_id, item.due_on.isoformat()),
    )
    return {"overdue" if row.days_before is None else row.days_before for row in rows}


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
    """Plan *Still open* as a message of its own, for when no digest can hold it.

    Items in `without` are left out, as they are told in messages of their own.
    """
    if await still_open(conn, destination, guild, day=monday, at=catch_up.at, without=without) is None:
        return
    # Without a digest this is what the destination reads; with one, the digest still has its changes to tell.
    read_to = await updates.newest_id(conn, destination.guild_id) if destination.digest_at is None else None
    new = deliveries.open_list_of(monday, read_to=read_to, without=without)
    await deliveries.replace_waiting(conn, destination.id, new, now=now)
    await deliveries.plan(conn, destination.guild_id, destination.id, new, due_at=catch_up.at)


class _Fallen(Struct, frozen=True):
    """A reminder whose instant has come: own words at `at`, or an item that was snoozed until then."""

    id: int
    guild_id: int
    destination_id: int
    at: datetime | None
    snoozed_until: datetime | None


async def plan_instants(conn: Connection, now: datetime) -> bool:
    """Plan own words and ended snoozes whose instant has come; True when there may be more than fitted."""
    rows = await fetch_all(
        conn,
        _Fallen,
        "SELECT m.id, d.guild_id, m.destination_id, m.at, m.snoozed_until FROM reminder m "
        "JOIN destination d ON d.id = m.destination_id "
        "WHERE (m.at <= ?1 AND m.done_at IS NULL AND m.at IS NOT NULL) "
        "OR (m.snoozed_until <= ?1 AND m.snoozed_until IS NOT NULL) "
        "ORDER BY m.at NULLS LAST, m.snoozed_until, m.id LIMIT ?2",
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
            await _mark_overdue_told(conn, row.guild_id, row.destination_id, row.id, now)
    return len(rows) == _CHUNK


async def _mark_overdue_told(conn: Connection, guild_id: int, destination_id: int, reminder_id: int, now: datetime):
    """Note that the message after a snooze tells an item to be overdue, so that no other message says it again."""
    record_ids = await fetch_values(conn, int, "SELECT record_id FROM reminder WHERE id = ?", (reminder_id,))
    for item in await list_items(conn, await _guild(conn, guild_id), record_ids):
        if due_dates.is_overdue(item, now):
            assert item.due_on is not None  # Nothing else can be overdue.
            new = deliveries.reminder_of_item(item.record_id, item.due_on, None)
            await deliveries.note(conn, guild_id, destination_id, new, Outcome.REPLACED, now=now)


async def _guild(conn: Connection, guild_id: int) -> Guild:
    guild = await guilds.find(conn, guild_id)
    assert guild is not None  # A destination belongs to it.
    return guild


async def next_due(conn: Connection) -> datetime | None:
    """Return when the next own words or snooze fall due, or None without one."""
    return await fetch_value(
        conn,
        datetime,
        "SELECT min(o.at) FROM (SELECT min(at) AS at FROM reminder WHERE done_at IS NULL AND at IS NOT NULL "
        "UNION ALL SELECT min(snoozed_until) FROM reminder WHERE snoozed_until IS NOT NULL) AS o",
    )


# What a planned reminder tells now


async def load(conn: Connection, delivery: Delivery, destination: Destination, now: datetime) -> DueReminder | str:
    """Return what a reminder tells, or why it is no longer due."""
    if delivery.occasion in ("before", "overdue"):
        return await _load_item(conn, delivery, destination, now)
    assert delivery.reminder_id is not None  # After a snooze, and of own words.
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
    return await _told_of(conn, opened, destination, reminder, now)


async def _load_item(
    conn: Connection, delivery: Delivery, destination: Destination, now: datetime
) -> DueReminder | str:
    slug = await fetch_value(
        conn, str, "SELECT slug FROM record WHERE guild_id = ? AND id = ?", (delivery.guild_id, delivery.record_id)
    )
    opened = await records.find(conn, delivery.guild_id, slug) if slug is not None else None
    if opened is None or not opened.record.open:
        return "closed" if opened else "taken back"
    due = opened.record.state.value("due", Due)
    if due is None or due_day(due) != delivery.due_on:
        return "the date has moved"
    if delivery.days_before is not None and delivery.days_before not in due_dates.offsets_of(due.sureness):
        return "the date is less sure now"
    reminder = await find_item(conn, destination.id, opened.record.slug)
    if reminder is None and destination.person_id is not None:
        return "cancelled"
    if reminder is not None and (reminder.muted or reminder.snoozed_until is not None):
        return "muted" if reminder.muted else "snoozed"
    told = await _told_of(conn, opened, destination, reminder, now)
    return "the date is less sure now" if delivery.occasion == "overdue" and not told.overdue else told


async def _told_of(
    conn: Connection, opened: Opened, destination: Destination, reminder: Reminder | None, now: datetime
) -> DueReminder:
    item = due_dates.item_of(opened.record, (await _guild(conn, destination.guild_id)).zone)
    overdue = due_dates.is_overdue(item, now)
    today = dates.local_date(now, destination.zone)
    return DueReminder(
        reminder,
        OpenItem(item, opened, news=False),
        today,
        overdue,
        person=destination.person_id is not None,
    )
