"""Deliveries: each message to a destination is a row that is planned, claimed, sent and settled with its outcome."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from bot.ledger.due_dates import Offset
from bot.services.destinations import PersonalDestination
from data.database import Connection, to_text
from data.records import Confirmation, Delivery, Held, Logged, NewDelivery, Notice, OpenList, Outcome
from data.rows import as_list, fetch_all, fetch_one, fetch_value, fetch_values, in_list

KEPT_FOR = timedelta(days=90)
"""How long a settled delivery stays in the log, and how long a paused or held one waits before it is settled."""

_SUBJECT = "kind, key, batch, day, occasion, record_id, due_on, days_before, reminder_id, read_to, with_open, payload"
_COLUMNS = (
    f"id, guild_id, destination_id, {_SUBJECT}, due_at, state, tries, unknown, plain, first_tried_at, next_try_at, "
    "nonce, outcome, detail, channel_id, message_id, settled_at, held"
)
_INSERT = (
    f"INSERT INTO delivery (guild_id, destination_id, {_SUBJECT}, due_at, next_try_at, nonce, state, outcome, "
    "settled_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def new_nonce() -> str:
    """Return a new random nonce of 24 characters; Discord allows 25.

    It is not made from the id of a row, because after a restore the same ids are used again.
    """
    return secrets.token_hex(12)


# Planning. No two deliveries of one kind to one destination have the same key. Keys are compared, never parsed.


def alert_of(batch: str) -> NewDelivery:
    """Return a new alert about a batch of updates."""
    return NewDelivery(kind="alert", key=batch, batch=batch)


def digest_of(day: date, *, read_to: int | None = None, with_open: bool = False) -> NewDelivery:
    """Return a new digest of a local date, which covers the updates up to the id `read_to`.

    `with_open` says whether the digest includes the list *Still open*.
    """
    return NewDelivery(kind="digest", key=day.isoformat(), day=day, read_to=read_to, with_open=with_open)


def open_list_of(monday: date, *, read_to: int | None = None, without: Collection[int] = ()) -> NewDelivery:
    """Return a new list *Still open* of a Monday, without the items whose record ids are in `without`."""
    payload = OpenList(list(without))
    return NewDelivery(
        kind="open", key=monday.isoformat(), day=monday, read_to=read_to, with_open=True, payload=payload
    )


def reminder_of_item(record_id: int, due_on: date, offset: Offset) -> NewDelivery:
    """Return a new reminder of a pending item at an offset from its due date."""
    overdue = offset == Offset.OVERDUE
    return NewDelivery(
        kind="reminder",
        key=f"item:{record_id}:{due_on}:{'overdue' if overdue else int(offset)}",
        occasion="overdue" if overdue else "before",
        record_id=record_id,
        due_on=due_on,
        days_before=None if overdue else int(offset),
    )


def reminder_at(occasion: Literal["snooze", "words"], reminder_id: int, at: datetime) -> NewDelivery:
    """Return a new reminder at an instant: of an item when its snooze ends, or of a user's own words."""
    key = f"{occasion}:{reminder_id}:{to_text(at)}"
    return NewDelivery(kind="reminder", key=key, occasion=occasion, reminder_id=reminder_id)


def confirmation_of(key: str, confirms: Confirmation) -> NewDelivery:
    """Return a new confirmation, the first message to a destination."""
    return NewDelivery(kind="confirmation", key=key, payload=confirms)


def notice_of(key: str, notice: Notice) -> NewDelivery:
    """Return a new notice that deliveries to another destination fail."""
    return NewDelivery(kind="notice", key=key, payload=notice)


async def plan(
    conn: Connection, guild_id: int, destination_id: int, new: NewDelivery, *, due_at: datetime
) -> int | None:
    """Plan a delivery and return its id. Return None when the destination has one of this kind and key already."""
    at = to_text(due_at)
    return await fetch_value(
        conn,
        int,
        f"{_INSERT} ON CONFLICT (destination_id, kind, key) DO NOTHING RETURNING id",
        (guild_id, destination_id, *_subject(new), at, at, new_nonce(), "planned", "", None),
    )


async def plan_many(
    conn: Connection, guild_id: int, destination_ids: Iterable[int], new: NewDelivery, *, due_at: datetime
) -> None:
    """Plan the same delivery to many destinations, except those that have one of this kind and key already."""
    at, subject = to_text(due_at), _subject(new)
    await conn.executemany(
        f"{_INSERT} ON CONFLICT (destination_id, kind, key) DO NOTHING",
        [(guild_id, id_, *subject, at, at, new_nonce(), "planned", "", None) for id_ in destination_ids],
    )


async def note(
    conn: Connection, guild_id: int, destination_id: int, new: NewDelivery, outcome: Outcome, *, now: datetime
) -> None:
    """Store a delivery as settled although it was never sent. The log shows it, and it cannot be planned any more."""
    at = to_text(now)
    await conn.execute(
        f"{_INSERT} ON CONFLICT (destination_id, kind, key) DO NOTHING",
        (guild_id, destination_id, *_subject(new), at, at, new_nonce(), "settled", outcome, at),
    )


def _subject(new: NewDelivery) -> tuple[object, ...]:
    """Return the values for the columns in `_SUBJECT`, which say what a delivery is about."""
    return (
        new.kind,
        new.key,
        new.batch,
        new.day and new.day.isoformat(),
        new.occasion,
        new.record_id,
        new.due_on and new.due_on.isoformat(),
        new.days_before,
        new.reminder_id,
        new.read_to,
        new.with_open,
        msgspec.json.encode(new.payload).decode() if new.payload is not None else None,
    )


async def confirm(
    conn: Connection,
    guild_id: int,
    destination_id: int,
    key: str,
    confirms: Confirmation,
    *,
    now: datetime,
    again: bool = False,
) -> int | None:
    """Plan a confirmation: a message that shows whether messages arrive at a destination. Return the delivery's id.

    If a message has arrived there before, plan nothing and return None, unless `again` is True. Also return None if a
    confirmation with this key is planned already.
    """
    arrived = await fetch_value(
        conn,
        bool,
        "SELECT EXISTS (SELECT 1 FROM delivery WHERE destination_id = ? AND state = 'settled' "
        "AND message_id IS NOT NULL)",
        (destination_id,),
    )
    if arrived and not again:
        return None
    return await plan(conn, guild_id, destination_id, confirmation_of(key, confirms), due_at=now)


async def confirm_own(
    conn: Connection, personal: PersonalDestination, key: str, confirms: Confirmation, *, now: datetime
) -> int | None:
    """Plan a confirmation to a user's direct messages, as `confirm` does.

    If the direct messages were paused until now, plan it even if messages have arrived there before.
    """
    destination = personal.place
    return await confirm(conn, destination.guild_id, destination.id, key, confirms, now=now, again=personal.was_paused)


async def get(conn: Connection, delivery_id: int) -> Delivery:
    """Return the delivery with an id that is known to exist."""
    delivery = await fetch_one(conn, Delivery, f"SELECT {_COLUMNS} FROM delivery WHERE id = ?", (delivery_id,))
    assert delivery is not None  # Rows are deleted only with their server or person, or 90 days after they are settled.
    return delivery


async def find_by_nonce(conn: Connection, guild_id: int, nonce: str) -> Delivery | None:
    """Return the delivery of a server with this nonce, or None. Each button of a delivered message has the nonce."""
    return await fetch_one(
        conn, Delivery, f"SELECT {_COLUMNS} FROM delivery WHERE guild_id = ? AND nonce = ?", (guild_id, nonce)
    )


# Sending. The deliveries to a destination are a queue in the order in which they are due. Only the head of the queue
# may be sent, so a head that waits for its next try delays the rest of its queue, but no other destination. Not part of
# the queue are (a) deliveries that are held until an editor decides; (b) deliveries that wait for their next try, if
# others may be sent before them (`passed` of `retry_later`).

_QUEUE_HEAD = """
(SELECT queued.id FROM delivery queued WHERE queued.destination_id = destination.id AND queued.state <> 'settled'
 AND queued.held <> 'held' AND NOT (queued.passed = 1 AND queued.state = 'planned' AND queued.next_try_at > ?1)
 ORDER BY queued.due_at, queued.id LIMIT 1)
"""
_QUEUES = f"""
FROM destination JOIN guild ON guild.guild_id = destination.guild_id
JOIN delivery head ON head.id = {_QUEUE_HEAD}
WHERE destination.state = 'active' AND guild.left_at IS NULL AND guild.set_up_at IS NOT NULL AND head.state = 'planned'
"""
# The `+` makes SQLite use the index of claimed deliveries, which are few, not that of the destination.
_READY = f"""
{_QUEUES} AND head.next_try_at <= ?1
AND NOT EXISTS (SELECT 1 FROM delivery claimed WHERE claimed.state = 'claimed'
AND +claimed.destination_id = destination.id)
"""


async def due_destinations(conn: Connection, now: datetime) -> list[int]:
    """Return the ids of the destinations to which a delivery can be sent now, the longest overdue first."""
    return await fetch_values(
        conn,
        int,
        f"SELECT destination.id {_READY} AND destination.id IN (SELECT destination_id FROM delivery "
        "WHERE state = 'planned' AND next_try_at <= ?1) ORDER BY head.next_try_at",
        (to_text(now),),
    )


async def is_due(conn: Connection, destination_id: int, now: datetime) -> bool:
    """Return whether a delivery can be sent to a destination now."""
    ready = await fetch_value(
        conn, int, f"SELECT head.id {_READY} AND destination.id = ?2", (to_text(now), destination_id)
    )
    return ready is not None


async def claim(conn: Connection, destination_id: int, now: datetime) -> Delivery | None:
    """Claim the delivery that can be sent to a destination now, and return it. Return None when there is none.

    No other worker sends a claimed delivery. In the database it is marked `unknown` (it may have arrived) from now on.
    The returned delivery is as it was before the claim.
    """
    delivery = await fetch_one(
        conn,
        Delivery,
        f"SELECT {_COLUMNS} FROM delivery WHERE id = (SELECT head.id {_READY} AND destination.id = ?2)",
        (to_text(now), destination_id),
    )
    if delivery is None:
        return None
    await conn.execute(
        "UPDATE delivery SET state = 'claimed', unknown = 1, tries = tries + 1, "
        "first_tried_at = coalesce(first_tried_at, ?) WHERE id = ?",
        (to_text(now), delivery.id),
    )
    return delivery


async def settle(
    conn: Connection,
    delivery_id: int,
    outcome: Outcome,
    *,
    now: datetime,
    detail: str = "",
    channel_id: int | None = None,
    message_id: int | None = None,
) -> None:
    """Settle a delivery with its outcome, and empty its payload.

    If a digest or a list *Still open* was delivered, or if a digest had nothing new, also store in the destination the
    newest update that the message covered. Delivered digests and lists are counted there, too.
    """
    if outcome in (Outcome.DELIVERED, Outcome.DELETED, Outcome.NOTHING_NEW, Outcome.DROPPED):
        await conn.execute(
            "UPDATE destination SET "
            "digested_to = CASE WHEN delivery.read_to > digested_to THEN delivery.read_to ELSE digested_to END, "
            "digests_sent = digests_sent + CASE WHEN delivery.kind = 'digest' THEN ?2 ELSE 0 END, "
            "mondays = mondays + CASE WHEN delivery.with_open = 1 THEN ?2 ELSE 0 END "
            "FROM delivery WHERE delivery.id = ?1 AND delivery.state <> 'settled' "
            "AND delivery.kind IN ('digest', 'open') AND destination.id = delivery.destination_id",
            (delivery_id, int(outcome != Outcome.NOTHING_NEW)),
        )
    await conn.execute(
        "UPDATE delivery SET state = 'settled', unknown = 0, held = '', payload = NULL, outcome = ?, detail = ?, "
        "channel_id = ?, message_id = ?, settled_at = ? WHERE id = ? AND state <> 'settled'",
        (outcome, detail, channel_id, message_id, to_text(now), delivery_id),
    )


async def retry_later(
    conn: Connection,
    delivery_id: int,
    at: datetime,
    *,
    unknown: bool,
    detail: str = "",
    plain: bool | None = None,
    passed: bool = False,
) -> None:
    """Put a claimed delivery back, to be tried again at an instant with the same nonce.

    `unknown`: the message may have arrived.
    `plain`: it is sent as plain text from now on. None means: as before.
    `passed`: until then, later deliveries to the same destination may be sent before it.
    """
    await conn.execute(
        "UPDATE delivery SET state = 'planned', next_try_at = ?, unknown = ?, detail = ?, plain = coalesce(?, plain), "
        "passed = ? WHERE id = ? AND state = 'claimed'",
        (to_text(at), unknown, detail, plain, passed, delivery_id),
    )


async def postpone_destination(conn: Connection, destination_id: int, until: datetime) -> None:
    """Send nothing to a destination before an instant, because Discord asked the bot to wait."""
    await conn.execute(
        "UPDATE delivery SET next_try_at = ?1 WHERE destination_id = ?2 AND state = 'planned' AND next_try_at < ?1",
        (to_text(until), destination_id),
    )


async def has_abandoned(conn: Connection, working: Collection[int]) -> bool:
    """Return whether some claimed delivery has no worker. `working` has the ids of destinations that have a worker."""
    claimed = await fetch_values(conn, int, "SELECT DISTINCT destination_id FROM delivery WHERE state = 'claimed'")
    return any(id_ not in working for id_ in claimed)


async def requeue_abandoned(conn: Connection, working: Collection[int]) -> int:
    """Plan again the claimed deliveries that have no worker, and return how many there were.

    `working` has the ids of destinations that have a worker. A claimed delivery without a worker was left by a process
    that was killed. Its message may have arrived, so it stays `unknown`.
    """
    cursor = await conn.execute(
        f"UPDATE delivery SET state = 'planned' WHERE state = 'claimed' AND destination_id NOT IN {in_list()}",
        (as_list(working),),
    )
    return cursor.rowcount


async def next_due(conn: Connection, now: datetime) -> datetime | None:
    """Return the next instant at which a planned delivery may be sent. Return None when nothing is planned."""
    return await fetch_value(
        conn,
        datetime,
        f"SELECT min(head.next_try_at) {_QUEUES} "
        "AND destination.id IN (SELECT destination_id FROM delivery WHERE state = 'planned')",
        (to_text(now),),
    )


async def oldest_due(conn: Connection, guild_id: int, now: datetime) -> datetime | None:
    """Return when the oldest unsent delivery of a server fell due, or None when none is late.

    Held deliveries, and deliveries to paused destinations, do not count.
    """
    return await fetch_value(
        conn,
        datetime,
        "SELECT min(delivery.due_at) FROM delivery JOIN destination ON destination.id = delivery.destination_id "
        "WHERE delivery.guild_id = ? AND delivery.state <> 'settled' AND delivery.due_at <= ? "
        "AND destination.state = 'active' AND delivery.held <> 'held'",
        (guild_id, to_text(now)),
    )


async def settle_waiting(conn: Connection, destination_id: int, outcome: Outcome, *, now: datetime) -> None:
    """Settle all planned deliveries to a destination with the same outcome."""
    waiting = await fetch_values(
        conn, int, "SELECT id FROM delivery WHERE destination_id = ? AND state = 'planned'", (destination_id,)
    )
    for id_ in waiting:
        await settle(conn, id_, outcome, now=now)


async def replace_waiting(conn: Connection, destination_id: int, new: NewDelivery, *, now: datetime) -> None:
    """Settle as replaced the planned deliveries to a destination that have the kind of the new delivery.

    If the new delivery is a reminder of a due date, only reminders of the same item are replaced. Deliveries that may
    have arrived, and deliveries that are held after a restore, stay planned.
    """
    waiting = await fetch_values(
        conn,
        int,
        "SELECT id FROM delivery WHERE destination_id = ? AND kind = ? AND record_id IS NOT DISTINCT FROM ? "
        "AND state = 'planned' AND unknown = 0 AND held <> 'held'",
        (destination_id, new.kind, new.record_id),
    )
    for id_ in waiting:
        await settle(conn, id_, Outcome.REPLACED, now=now)


# After a restore. A delivery that may have been sent before the restore is held until an editor decides about it.


async def known_nonces(conn: Connection, nonces: Collection[str]) -> set[str]:
    """Return those of the given nonces that belong to a delivery in the database."""
    return set(
        await fetch_values(conn, str, f"SELECT nonce FROM delivery WHERE nonce IN {in_list()}", (as_list(nonces),))
    )


async def hold(conn: Connection, delivery_id: int) -> None:
    """Hold a claimed delivery until an editor decides. Then `release` sends it, or `drop` settles it as delivered."""
    await conn.execute(
        "UPDATE delivery SET state = 'planned', held = 'held', unknown = 0, tries = 0 "
        "WHERE id = ? AND state = 'claimed'",
        (delivery_id,),
    )


async def list_held(conn: Connection, guild_id: int) -> list[Held]:
    """Return one `Held` for each destination of a server that has held deliveries: channels first, then people."""
    return await fetch_all(
        conn,
        Held,
        "SELECT delivery.destination_id, destination.channel_id, count(*) AS count, min(delivery.due_at) AS first, "
        "max(delivery.due_at) AS last "
        "FROM delivery JOIN destination ON destination.id = delivery.destination_id "
        "WHERE delivery.guild_id = ? AND delivery.held = 'held' "
        "GROUP BY delivery.destination_id, destination.channel_id "
        "ORDER BY CASE WHEN destination.channel_id IS NULL THEN 1 ELSE 0 END, delivery.destination_id",
        (guild_id,),
    )


async def release(conn: Connection, guild_id: int, destination_ids: Collection[int], *, now: datetime) -> int:
    """Release the held deliveries to some destinations, to be sent in their order. Return how many there were."""
    cursor = await conn.execute(
        "UPDATE delivery SET held = 'released', next_try_at = ? WHERE guild_id = ? AND held = 'held' "
        f"AND destination_id IN {in_list()}",
        (to_text(now), guild_id, as_list(destination_ids)),
    )
    return cursor.rowcount


async def drop(conn: Connection, guild_id: int, destination_ids: Collection[int], *, now: datetime) -> int:
    """Settle the held deliveries to some destinations without sending them. Return how many there were.

    They count as delivered.
    """
    held = await fetch_values(
        conn,
        int,
        f"SELECT id FROM delivery WHERE guild_id = ? AND held = 'held' AND destination_id IN {in_list()}",
        (guild_id, as_list(destination_ids)),
    )
    for id_ in held:
        await settle(conn, id_, Outcome.DROPPED, now=now)
    return len(held)


async def note_digest(
    conn: Connection,
    delivery: Delivery,
    day: date,
    read_to: int,
    *,
    at: datetime,
    now: datetime,
    nonce: str,
    channel_id: int,
    message_id: int,
) -> None:
    """Store the digest of `day` as delivered before the restore, to the destination of `delivery`.

    `at` is the instant at which the digest was sent. `read_to` is the id of the newest update that it covered; it is
    stored in the destination, so that the next digest does not repeat these updates.
    """
    cursor = await conn.execute(
        "INSERT INTO delivery (guild_id, destination_id, kind, key, day, due_at, next_try_at, nonce, state, outcome, "
        "channel_id, message_id, settled_at) VALUES (?1, ?2, 'digest', ?3, ?3, ?4, ?4, ?5, 'settled', ?6, ?7, ?8, ?9) "
        "ON CONFLICT (destination_id, kind, key) DO UPDATE SET outcome = ?6, channel_id = ?7, message_id = ?8, "
        "nonce = ?5 WHERE delivery.state = 'settled' AND delivery.message_id IS NULL",
        (
            delivery.guild_id,
            delivery.destination_id,
            day.isoformat(),
            to_text(at),
            nonce,
            Outcome.DELIVERED,
            channel_id,
            message_id,
            to_text(now),
        ),
    )
    if cursor.rowcount > 0:
        await conn.execute(
            "UPDATE destination SET digested_to = CASE WHEN ?1 > digested_to THEN ?1 ELSE digested_to END, "
            "digests_sent = digests_sent + 1 WHERE id = ?2",
            (read_to, delivery.destination_id),
        )


# The log


async def alerted_batches(conn: Connection, destination_id: int) -> set[str]:
    """Return the batches of updates about which a destination got an alert or will get one.

    The digest of the destination leaves these updates out.
    """
    batches = await fetch_values(
        conn,
        str,
        "SELECT batch FROM delivery WHERE destination_id = ? AND kind = 'alert' "
        "AND (state <> 'settled' OR message_id IS NOT NULL OR outcome = ?)",
        (destination_id, Outcome.DROPPED),
    )
    return set(batches)


async def log(conn: Connection, guild_id: int, destination_id: int, limit: int = 20) -> list[Logged]:
    """Return the latest deliveries to a destination of a server, the newest first."""
    latest = await fetch_all(
        conn,
        Delivery,
        f"SELECT {_COLUMNS} FROM delivery WHERE guild_id = ? AND destination_id = ? "
        "ORDER BY due_at DESC, id DESC LIMIT ?",
        (guild_id, destination_id, limit),
    )
    return [Logged(delivery, await about(conn, delivery)) for delivery in latest]


async def about(conn: Connection, delivery: Delivery) -> str:
    """Return the name of the record that a delivery is about, or the words of a reminder without one.

    Return "" for a delivery about several records or none.
    """
    if delivery.kind == "alert":
        names = await fetch_values(
            conn,
            str,
            "SELECT DISTINCT record.name FROM ledger JOIN record own ON own.id = ledger.record_id "
            "JOIN record ON record.id = coalesce(own.merged_into, own.id) "
            "WHERE ledger.guild_id = ? AND ledger.batch = ?",
            (delivery.guild_id, delivery.batch),
        )
    elif delivery.record_id is not None:
        names = await fetch_values(
            conn,
            str,
            "SELECT name FROM record WHERE guild_id = ? AND id = ?",
            (delivery.guild_id, delivery.record_id),
        )
    elif delivery.reminder_id is not None:
        names = await fetch_values(
            conn,
            str,
            "SELECT coalesce(record.name, reminder.words) FROM reminder "
            "JOIN destination ON destination.id = reminder.destination_id "
            "LEFT JOIN record ON record.id = reminder.record_id WHERE destination.guild_id = ? AND reminder.id = ?",
            (delivery.guild_id, delivery.reminder_id),
        )
    else:
        names = []
    return names[0] if len(names) == 1 else ""


async def clean_up(conn: Connection, now: datetime) -> None:
    """Settle the deliveries that waited 90 days for a paused destination or for an editor's decision.

    Also delete the deliveries that were settled 90 days ago. Delivered alerts are not deleted, because a later alert
    about a correction replies to them.
    """
    before = to_text(now - KEPT_FOR)
    await conn.execute(
        "UPDATE delivery SET state = 'settled', unknown = 0, held = '', payload = NULL, settled_at = ?, "
        "outcome = destination.outcome, detail = destination.reason "
        "FROM destination WHERE destination.id = delivery.destination_id AND destination.state = 'paused' "
        "AND delivery.state = 'planned' AND delivery.due_at < ?",
        (to_text(now), before),
    )
    expired = await fetch_values(
        conn, int, "SELECT id FROM delivery WHERE held = 'held' AND due_at < ? ORDER BY id", (before,)
    )
    for delivery_id in expired:
        await settle(conn, delivery_id, Outcome.DROPPED, now=now, detail="nobody decided for 90 days")
    await conn.execute(
        "DELETE FROM delivery WHERE state = 'settled' AND settled_at < ? "
        "AND NOT (kind = 'alert' AND message_id IS NOT NULL)",
        (before,),
    )
