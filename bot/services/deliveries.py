"""Deliveries: each message owed to a destination, written down before it is sent, with what became of it."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from bot.services.destinations import PersonalDestination
from data.database import Connection, to_text
from data.records import Confirmation, Delivery, Held, Logged, NewDelivery, Notice, OpenList, Outcome
from data.rows import as_list, fetch_all, fetch_one, fetch_value, fetch_values, in_list

KEPT_FOR = timedelta(days=90)

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
    """Return a new nonce of 24 characters, of the 25 that Discord allows.

    It is random because the ids of rows come again after a restored backup.
    """
    return secrets.token_hex(12)


# What deliveries are about. A key is made here and compared, never read.


def alert_of(batch: str) -> NewDelivery:
    """Return the alert that tells a batch of updates."""
    return NewDelivery(kind="alert", key=batch, batch=batch)


def digest_of(day: date, *, read_to: int | None = None, with_open: bool = False) -> NewDelivery:
    """Return the digest of a nominal local date, which reads the ledger up to `read_to`."""
    return NewDelivery(kind="digest", key=day.isoformat(), day=day, read_to=read_to, with_open=with_open)


def open_list_of(monday: date, *, read_to: int | None = None, without: Collection[int] = ()) -> NewDelivery:
    """Return *Still open* as a message of its own, without some records."""
    payload = OpenList(list(without))
    return NewDelivery(
        kind="open", key=monday.isoformat(), day=monday, read_to=read_to, with_open=True, payload=payload
    )


def reminder_of_item(record_id: int, due_on: date, days_before: int | None) -> NewDelivery:
    """Return the reminder of an item so many days before its due date, or with None once that has passed."""
    overdue = days_before is None
    return NewDelivery(
        kind="reminder",
        key=f"item:{record_id}:{due_on}:{'overdue' if overdue else days_before}",
        occasion="overdue" if overdue else "before",
        record_id=record_id,
        due_on=due_on,
        days_before=days_before,
    )


def reminder_at(occasion: Literal["snooze", "words"], reminder_id: int, at: datetime) -> NewDelivery:
    """Return the reminder at the end of a snooze, or in one's own words at their instant."""
    key = f"{occasion}:{reminder_id}:{to_text(at)}"
    return NewDelivery(kind="reminder", key=key, occasion=occasion, reminder_id=reminder_id)


def confirmation_of(key: str, confirms: Confirmation) -> NewDelivery:
    """Return the first message to a destination."""
    return NewDelivery(kind="confirmation", key=key, payload=confirms)


def notice_of(key: str, tells: Notice) -> NewDelivery:
    """Return the message to whoever set something up that broke."""
    return NewDelivery(kind="notice", key=key, payload=tells)


async def plan(
    conn: Connection, guild_id: int, destination_id: int, new: NewDelivery, *, due_at: datetime
) -> int | None:
    """Write down that a message is owed, and return its id; None when it already was (kind and key)."""
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
    """Write down that the same message is owed to many destinations; where it already is, nothing changes."""
    at, subject = to_text(due_at), _subject(new)
    await conn.executemany(
        f"{_INSERT} ON CONFLICT (destination_id, kind, key) DO NOTHING",
        [(guild_id, id_, *subject, at, at, new_nonce(), "planned", "", None) for id_ in destination_ids],
    )


async def note(
    conn: Connection, guild_id: int, destination_id: int, new: NewDelivery, outcome: Outcome, *, now: datetime
) -> None:
    """Write down that a message turned out not to be owed ("nothing new"), so that the log can say so."""
    at = to_text(now)
    await conn.execute(
        f"{_INSERT} ON CONFLICT (destination_id, kind, key) DO NOTHING",
        (guild_id, destination_id, *_subject(new), at, at, new_nonce(), "settled", outcome, at),
    )


def _subject(new: NewDelivery) -> tuple[object, ...]:
    """Return the values of the columns that say what a message is about."""
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
    """Plan the first message to a destination, which shows whether messages arrive there.

    Return its id; None when one has arrived there before. With `again`, as after a pause, another one is planned all
    the same.
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
    conn: Connection, own: PersonalDestination, key: str, confirms: Confirmation, *, now: datetime
) -> int | None:
    """Plan the first direct message to a user who asked for it, or another one where theirs were paused."""
    place = own.place
    return await confirm(conn, place.guild_id, place.id, key, confirms, now=now, again=own.was_paused)


async def get(conn: Connection, delivery_id: int) -> Delivery:
    """Return a delivery by its id."""
    delivery = await fetch_one(conn, Delivery, f"SELECT {_COLUMNS} FROM delivery WHERE id = ?", (delivery_id,))
    assert delivery is not None  # It is deleted with its server or person only, or long after it was settled.
    return delivery


async def find_by_nonce(conn: Connection, guild_id: int, nonce: str) -> Delivery | None:
    """Return a delivery of this server by what its button carries, or None where it is not on file."""
    return await fetch_one(
        conn, Delivery, f"SELECT {_COLUMNS} FROM delivery WHERE guild_id = ? AND nonce = ?", (guild_id, nonce)
    )


# Messages keep their order: only the oldest that a destination still waits for may be sent, when it is due or its next
# try is. So one that is tried again holds up those after it, and no other destination; it ends delivered, refused or
# settled, or its destination pauses. One that might never end may be passed. What somebody has to decide about holds up
# nothing.
_FIRST = """
(SELECT o.id FROM delivery o WHERE o.destination_id = d.id AND o.state <> 'settled' AND o.held <> 'held'
 AND NOT (o.passed = 1 AND o.state = 'planned' AND o.next_try_at > ?1) ORDER BY o.due_at, o.id LIMIT 1)
"""
_WORKING = "d.state = 'active' AND k.left_at IS NULL AND k.set_up_at IS NOT NULL"

# The `+` keeps to the index of what is claimed, which is short.
_READY = f"""
FROM destination d JOIN guild k ON k.guild_id = d.guild_id JOIN delivery v ON v.id = {_FIRST}
WHERE {_WORKING} AND v.state = 'planned' AND v.next_try_at <= ?1
AND NOT EXISTS (SELECT 1 FROM delivery c WHERE c.state = 'claimed' AND +c.destination_id = d.id)
"""


async def due_destinations(conn: Connection, now: datetime) -> list[int]:
    """Return the destinations that something can be sent to now, the one that waits longest first."""
    return await fetch_values(
        conn,
        int,
        f"SELECT d.id {_READY} AND d.id IN (SELECT destination_id FROM delivery WHERE state = 'planned' "
        "AND next_try_at <= ?1) ORDER BY v.next_try_at",
        (to_text(now),),
    )


async def is_due(conn: Connection, destination_id: int, now: datetime) -> bool:
    """Return whether something can be sent to a destination now."""
    ready = await fetch_value(conn, int, f"SELECT v.id {_READY} AND d.id = ?2", (to_text(now), destination_id))
    return ready is not None


async def claim(conn: Connection, destination_id: int, now: datetime) -> Delivery | None:
    """Take the oldest delivery that can be sent to a destination, so that nobody else sends it; None without one.

    Until it is settled its row says that it may have arrived. The returned delivery says whether that was so before.
    """
    delivery = await fetch_one(
        conn,
        Delivery,
        f"SELECT {_COLUMNS} FROM delivery WHERE id = (SELECT v.id {_READY} AND d.id = ?2)",
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
    """Settle a delivery with its outcome and empty its payload; note how far a delivered digest has read the ledger."""
    if outcome in (Outcome.DELIVERED, Outcome.DELETED, Outcome.NOTHING_NEW, Outcome.DROPPED):
        await conn.execute(
            "UPDATE destination SET "
            "digested_to = CASE WHEN v.read_to > digested_to THEN v.read_to ELSE digested_to END, "
            "digests_sent = digests_sent + CASE WHEN v.kind = 'digest' THEN ?2 ELSE 0 END, "
            "mondays = mondays + CASE WHEN v.with_open = 1 THEN ?2 ELSE 0 END "
            "FROM delivery v WHERE v.id = ?1 AND v.state <> 'settled' AND v.kind IN ('digest', 'open') "
            "AND destination.id = v.destination_id",
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
    """Put a claimed delivery back for a later try with the same nonce.

    `unknown`: it may have arrived. `passed`: meanwhile later ones of its destination may go before it.
    """
    await conn.execute(
        "UPDATE delivery SET state = 'planned', next_try_at = ?, unknown = ?, detail = ?, plain = coalesce(?, plain), "
        "passed = ? WHERE id = ? AND state = 'claimed'",
        (to_text(at), unknown, detail, plain, passed, delivery_id),
    )


async def hold(conn: Connection, destination_id: int, until: datetime) -> None:
    """Try nothing at a destination before this instant, as Discord asked."""
    await conn.execute(
        "UPDATE delivery SET next_try_at = ?1 WHERE destination_id = ?2 AND state = 'planned' AND next_try_at < ?1",
        (to_text(until), destination_id),
    )


async def has_stale(conn: Connection, working: Collection[int]) -> bool:
    """Return whether anything is claimed for a destination that nobody works on."""
    claimed = await fetch_values(conn, int, "SELECT DISTINCT destination_id FROM delivery WHERE state = 'claimed'")
    return any(id_ not in working for id_ in claimed)


async def release_stale(conn: Connection, working: Collection[int]) -> int:
    """Plan again what a killed process had claimed, as what may have arrived; return how many there were."""
    cursor = await conn.execute(
        f"UPDATE delivery SET state = 'planned' WHERE state = 'claimed' AND destination_id NOT IN {in_list()}",
        (as_list(working),),
    )
    return cursor.rowcount


async def next_due(conn: Connection, now: datetime) -> datetime | None:
    """Return when the next planned delivery may be tried, or None when nothing is planned."""
    return await fetch_value(
        conn,
        datetime,
        f"SELECT min(v.next_try_at) FROM destination d JOIN guild k ON k.guild_id = d.guild_id "
        f"JOIN delivery v ON v.id = {_FIRST} WHERE {_WORKING} AND v.state = 'planned' "
        "AND d.id IN (SELECT destination_id FROM delivery WHERE state = 'planned')",
        (to_text(now),),
    )


async def oldest_due(conn: Connection, guild_id: int, now: datetime) -> datetime | None:
    """Return since when the oldest overdue message of this server waits to be sent, or None without one."""
    return await fetch_value(
        conn,
        datetime,
        "SELECT min(v.due_at) FROM delivery v JOIN destination d ON d.id = v.destination_id "
        "WHERE v.guild_id = ? AND v.state <> 'settled' AND v.due_at <= ? AND d.state = 'active' AND v.held <> 'held'",
        (guild_id, to_text(now)),
    )


async def settle_waiting(conn: Connection, destination_id: int, outcome: Outcome, *, now: datetime) -> None:
    """Settle everything that still waits for a destination with this outcome."""
    waiting = await fetch_values(
        conn, int, "SELECT id FROM delivery WHERE destination_id = ? AND state = 'planned'", (destination_id,)
    )
    for id_ in waiting:
        await settle(conn, id_, outcome, now=now)


async def replace_waiting(conn: Connection, destination_id: int, new: NewDelivery, *, now: datetime) -> None:
    """Settle the older waiting deliveries that a new one replaces: those of its kind and, where it has one, its item.

    One that may have arrived already stays, and so does one that is held after a restore.
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


# After a restore


async def known_nonces(conn: Connection, nonces: Collection[str]) -> set[str]:
    """Return those of these nonces that belong to deliveries of this file."""
    return set(
        await fetch_values(conn, str, f"SELECT nonce FROM delivery WHERE nonce IN {in_list()}", (as_list(nonces),))
    )


async def keep_back(conn: Connection, delivery_id: int) -> None:
    """Hold a claimed delivery until an editor decides whether it is sent or was delivered before the restore."""
    await conn.execute(
        "UPDATE delivery SET state = 'planned', held = 'held', unknown = 0, tries = 0 "
        "WHERE id = ? AND state = 'claimed'",
        (delivery_id,),
    )


async def list_held(conn: Connection, guild_id: int) -> list[Held]:
    """Return what is held in a server, per destination: its channels first, then people."""
    return await fetch_all(
        conn,
        Held,
        "SELECT v.destination_id, d.channel_id, count(*) AS count, min(v.due_at) AS first, max(v.due_at) AS last "
        "FROM delivery v JOIN destination d ON d.id = v.destination_id WHERE v.guild_id = ? AND v.held = 'held' "
        "GROUP BY v.destination_id, d.channel_id "
        "ORDER BY CASE WHEN d.channel_id IS NULL THEN 1 ELSE 0 END, v.destination_id",
        (guild_id,),
    )


async def release(conn: Connection, guild_id: int, destination_ids: Collection[int], *, now: datetime) -> int:
    """Release what is held for these destinations, to be sent in its order; return how many there were."""
    cursor = await conn.execute(
        "UPDATE delivery SET held = 'released', next_try_at = ? WHERE guild_id = ? AND held = 'held' "
        f"AND destination_id IN {in_list()}",
        (to_text(now), guild_id, as_list(destination_ids)),
    )
    return cursor.rowcount


async def drop(conn: Connection, guild_id: int, destination_ids: Collection[int], *, now: datetime) -> int:
    """Settle what is held for these destinations as delivered before the restore; return how many there were."""
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
    """Write down that another digest of the same destination was sent, at what moment and how far it had read."""
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


async def told_at_once(conn: Connection, destination_id: int) -> set[str]:
    """Return the batches of updates that a destination was (or is about to be) told of at once.

    A digest leaves them out.
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
    """Return the newest deliveries of a destination of this server, the newest first."""
    found = await fetch_all(
        conn,
        Delivery,
        f"SELECT {_COLUMNS} FROM delivery WHERE guild_id = ? AND destination_id = ? "
        "ORDER BY due_at DESC, id DESC LIMIT ?",
        (guild_id, destination_id, limit),
    )
    return [Logged(delivery, await about(conn, delivery)) for delivery in found]


async def about(conn: Connection, delivery: Delivery) -> str:
    """Return the name of the record that a delivery is about, or "" when it is about none or several."""
    if delivery.kind == "alert":
        names = await fetch_values(
            conn,
            str,
            "SELECT DISTINCT r.name FROM ledger u JOIN record r ON r.id = u.record_id "
            "WHERE u.guild_id = ? AND u.batch = ?",
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
            "SELECT coalesce(o.name, r.words) FROM reminder r JOIN destination d ON d.id = r.destination_id "
            "LEFT JOIN record o ON o.id = r.record_id WHERE d.guild_id = ? AND r.id = ?",
            (delivery.guild_id, delivery.reminder_id),
        )
    else:
        names = []
    return names[0] if len(names) == 1 else ""


async def clean_up(conn: Connection, now: datetime) -> None:
    """Settle what waited 90 days for a paused destination, and delete what was settled 90 days ago."""
    before = to_text(now - KEPT_FOR)
    await conn.execute(
        "UPDATE delivery SET state = 'settled', unknown = 0, held = '', payload = NULL, settled_at = ?, "
        "outcome = d.outcome, detail = d.reason "
        "FROM destination d WHERE d.id = delivery.destination_id AND d.state = 'paused' "
        "AND delivery.state = 'planned' AND delivery.due_at < ?",
        (to_text(now), before),
    )
    expired = await fetch_values(
        conn, int, "SELECT id FROM delivery WHERE held = 'held' AND due_at < ? ORDER BY id", (before,)
    )
    for delivery_id in expired:
        await settle(conn, delivery_id, Outcome.DROPPED, now=now, detail="nobody decided for 90 days")
    await conn.execute("DELETE FROM delivery WHERE state = 'settled' AND settled_at < ?", (before,))
