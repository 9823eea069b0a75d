"""Deliveries: each message owed to a destination, written down before it is sent, with what became of it."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from bot.services.destinations import Own
from data.database import Connection, as_json, from_text, to_text
from data.records import Delivery, Held, Logged

Kind = Literal["alert", "reminder", "open", "digest", "confirmation", "notice"]
KEPT_FOR = timedelta(days=90)

DELIVERED = "delivered"
DELETED = "delivered, then deleted"
NOTHING_NEW = "nothing new"
NO_LONGER_DUE = "no longer due"
REPLACED = "replaced by a newer one"
REFUSED = "refused"
UNDRAWN = "could not be drawn"
TARGET_GONE = "target gone"
NOT_PERMITTED = "not permitted"
DMS_CLOSED = "DMs closed"
LEFT_SERVER = "left the server"
DROPPED = "taken as delivered before a restore"

_COLUMNS = (
    "id, guild_id, destination_id, kind, key, due_at, state, tries, unknown, plain, first_tried_at, next_try_at, "
    "nonce, payload, outcome, detail, channel_id, message_id, settled_at, held"
)


def _delivery(row: Any) -> Delivery:
    values = list(row)
    for at in (5, 10, 11, 18):
        values[at] = from_text(values[at]) if values[at] else None
    values[8], values[9] = bool(values[8]), bool(values[9])
    values[13] = msgspec.json.decode(values[13]) if values[13] else None
    return Delivery(*values)


def new_nonce() -> str:
    """Random, because row ids come again after a restored backup; Discord takes 25 characters."""
    return secrets.token_hex(12)


async def plan(
    conn: Connection, guild_id: int, destination_id: int, kind: Kind, key: str, *, due_at: datetime, payload: Any = None
) -> int | None:
    """Writes down that a message is owed, and returns its id; None when it already was (kind and key)."""
    rows = list(
        await conn.execute_fetchall(
            "INSERT INTO delivery (guild_id, destination_id, kind, key, due_at, next_try_at, nonce, payload) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (destination_id, kind, key) DO NOTHING RETURNING id",
            (
                guild_id,
                destination_id,
                kind,
                key,
                to_text(due_at),
                to_text(due_at),
                new_nonce(),
                msgspec.json.encode(payload or {}).decode(),
            ),
        )
    )
    return rows[0][0] if rows else None


async def note(
    conn: Connection, guild_id: int, destination_id: int, kind: Kind, key: str, outcome: str, *, now: datetime
) -> None:
    """Writes down that a message was looked at and not owed ("nothing new"), so that the log can say so."""
    await conn.execute(
        "INSERT INTO delivery (guild_id, destination_id, kind, key, due_at, next_try_at, nonce, state, outcome, "
        "settled_at) VALUES (?, ?, ?, ?, ?, ?, ?, 'settled', ?, ?) ON CONFLICT (destination_id, kind, key) DO NOTHING",
        (guild_id, destination_id, kind, key, to_text(now), to_text(now), new_nonce(), outcome, to_text(now)),
    )


async def confirm(
    conn: Connection, guild_id: int, destination_id: int, key: str, *, now: datetime, payload: Any, again: bool = False
) -> int | None:
    """Plans the first message to a destination, which shows whether messages arrive there.

    None when one has arrived there before, so that nobody is told twice; `again` asks anew, as after a pause.
    """
    arrived = await conn.execute_fetchall(
        "SELECT 1 FROM delivery WHERE destination_id = ? AND state = 'settled' AND message_id IS NOT NULL LIMIT 1",
        (destination_id,),
    )
    if list(arrived) and not again:
        return None
    return await plan(conn, guild_id, destination_id, "confirmation", key, due_at=now, payload=payload)


async def confirm_own(conn: Connection, own: Own, key: str, *, now: datetime, payload: Any) -> int | None:
    """Plans the first direct message of who asked, and one anew where they had stopped."""
    place = own.place
    return await confirm(conn, place.guild_id, place.id, key, now=now, payload=payload, again=own.was_paused)


async def get(conn: Connection, delivery_id: int) -> Delivery:
    ((*row,),) = await conn.execute_fetchall(f"SELECT {_COLUMNS} FROM delivery WHERE id = ?", (delivery_id,))
    return _delivery(row)


async def find_by_nonce(conn: Connection, guild_id: int, nonce: str) -> Delivery | None:
    """A delivery of this server by what its button carries."""
    rows = list(
        await conn.execute_fetchall(
            f"SELECT {_COLUMNS} FROM delivery WHERE guild_id = ? AND nonce = ?", (guild_id, nonce)
        )
    )
    return _delivery(rows[0]) if rows else None


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
FROM destination d JOIN desk k ON k.guild_id = d.guild_id JOIN delivery v ON v.id = {_FIRST}
WHERE {_WORKING} AND v.state = 'planned' AND v.next_try_at <= ?1
AND NOT EXISTS (SELECT 1 FROM delivery c WHERE c.state = 'claimed' AND +c.destination_id = d.id)
"""


async def due_destinations(conn: Connection, now: datetime) -> list[int]:
    """The destinations that something can be sent to now, the one that waits longest first."""
    rows = await conn.execute_fetchall(
        f"SELECT d.id {_READY} AND d.id IN (SELECT destination_id FROM delivery WHERE state = 'planned' "
        "AND next_try_at <= ?1) ORDER BY v.next_try_at",
        (to_text(now),),
    )
    return [id_ for (id_,) in rows]


async def is_due(conn: Connection, destination_id: int, now: datetime) -> bool:
    """Whether something can be sent to a destination now."""
    rows = await conn.execute_fetchall(f"SELECT 1 {_READY} AND d.id = ?2", (to_text(now), destination_id))
    return bool(list(rows))


async def claim(conn: Connection, destination_id: int, now: datetime) -> Delivery | None:
    """Takes the oldest delivery that can be sent to a destination, so that nobody else sends it; None without one.

    From now on the file says that its fate is unknown, until it is settled; what is returned says whether it was so
    before.
    """
    rows = list(
        await conn.execute_fetchall(
            f"SELECT {_COLUMNS} FROM delivery WHERE id = (SELECT v.id {_READY} AND d.id = ?2)",
            (to_text(now), destination_id),
        )
    )
    if not rows:
        return None
    delivery = _delivery(rows[0])
    await conn.execute(
        "UPDATE delivery SET state = 'claimed', unknown = 1, tries = tries + 1, "
        "first_tried_at = coalesce(first_tried_at, ?) WHERE id = ?",
        (to_text(now), delivery.id),
    )
    return delivery


async def settle(
    conn: Connection,
    delivery_id: int,
    outcome: str,
    *,
    now: datetime,
    detail: str = "",
    channel_id: int | None = None,
    message_id: int | None = None,
) -> None:
    """Crosses a delivery off with its outcome and empties what it held. A digest that is told has been read so far."""
    if outcome in (DELIVERED, DELETED, NOTHING_NEW, DROPPED):
        await conn.execute(
            "UPDATE destination SET digested_to = max(digested_to, ifnull(json_extract(v.payload, '$.to'), 0)), "
            "digests_sent = digests_sent + (v.kind = 'digest' AND ?2), "
            "mondays = mondays + (ifnull(json_extract(v.payload, '$.open'), 0) AND ?2) "
            "FROM delivery v WHERE v.id = ?1 AND v.state <> 'settled' AND v.kind IN ('digest', 'open') "
            "AND destination.id = v.destination_id",
            (delivery_id, outcome != NOTHING_NEW),
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
    """Discord asked for patience with one channel: nothing there is tried earlier."""
    await conn.execute(
        "UPDATE delivery SET next_try_at = max(next_try_at, ?) WHERE destination_id = ? AND state = 'planned'",
        (to_text(until), destination_id),
    )


async def has_stale(conn: Connection, working: Collection[int]) -> bool:
    """Whether anything is claimed for a destination that nobody works on."""
    rows = await conn.execute_fetchall("SELECT DISTINCT destination_id FROM delivery WHERE state = 'claimed'")
    return any(id_ not in working for (id_,) in rows)


async def release_stale(conn: Connection, working: Collection[int]) -> int:
    """What a killed process had claimed is planned again, its fate unknown. Returns how many there were."""
    cursor = await conn.execute(
        "UPDATE delivery SET state = 'planned' WHERE state = 'claimed' "
        "AND destination_id NOT IN (SELECT value FROM json_each(?))",
        (as_json(working),),
    )
    return cursor.rowcount


async def next_due(conn: Connection, now: datetime) -> datetime | None:
    """When the next planned delivery may be tried."""
    ((text,),) = await conn.execute_fetchall(
        f"SELECT min(v.next_try_at) FROM destination d JOIN desk k ON k.guild_id = d.guild_id "
        f"JOIN delivery v ON v.id = {_FIRST} WHERE {_WORKING} AND v.state = 'planned' "
        "AND d.id IN (SELECT destination_id FROM delivery WHERE state = 'planned')",
        (to_text(now),),
    )
    return from_text(text) if text else None


async def oldest_due(conn: Connection, guild_id: int, now: datetime) -> datetime | None:
    """Since when the oldest message of this server waits that should be out by now."""
    ((text,),) = await conn.execute_fetchall(
        "SELECT min(v.due_at) FROM delivery v JOIN destination d ON d.id = v.destination_id "
        "WHERE v.guild_id = ? AND v.state <> 'settled' AND v.due_at <= ? AND d.state = 'active' AND v.held <> 'held'",
        (guild_id, to_text(now)),
    )
    return from_text(text) if text else None


async def settle_waiting(conn: Connection, destination_id: int, outcome: str, *, now: datetime) -> None:
    """Ends everything that still waits for a destination, each with this outcome."""
    rows = await conn.execute_fetchall(
        "SELECT id FROM delivery WHERE destination_id = ? AND state = 'planned'", (destination_id,)
    )
    for (id_,) in rows:
        await settle(conn, id_, outcome, now=now)


async def replace_waiting(
    conn: Connection, destination_id: int, kind: Kind, prefix: str = "", *, now: datetime
) -> None:
    """End the older deliveries of a kind that a newer one says better; not one that may have arrived already.

    One that is held after a restore stays for those who decide about it.
    """
    rows = await conn.execute_fetchall(
        "SELECT id FROM delivery WHERE destination_id = ? AND kind = ? AND key >= ? AND key < ? "
        "AND state = 'planned' AND unknown = 0 AND held <> 'held'",
        (destination_id, kind, prefix, prefix + "\U0010ffff"),
    )
    for (id_,) in rows:
        await settle(conn, id_, REPLACED, now=now)


# After a restore


async def known_nonces(conn: Connection, nonces: Collection[str]) -> set[str]:
    """Those of these nonces that belong to deliveries of this file."""
    rows = await conn.execute_fetchall(
        "SELECT nonce FROM delivery WHERE nonce IN (SELECT value FROM json_each(?))", (as_json(nonces),)
    )
    return {nonce for (nonce,) in rows}


async def keep_back(conn: Connection, delivery_id: int) -> None:
    """Hold a claimed delivery until somebody says whether it is sent or had come before the restore."""
    await conn.execute(
        "UPDATE delivery SET state = 'planned', held = 'held', unknown = 0, tries = 0 "
        "WHERE id = ? AND state = 'claimed'",
        (delivery_id,),
    )


async def list_held(conn: Connection, guild_id: int) -> list[Held]:
    """Return what is held in a server, per destination: its channels first, then people."""
    rows = await conn.execute_fetchall(
        "SELECT v.destination_id, d.channel_id, count(*), min(v.due_at), max(v.due_at) FROM delivery v "
        "JOIN destination d ON d.id = v.destination_id WHERE v.guild_id = ? AND v.held = 'held' "
        "GROUP BY v.destination_id ORDER BY d.channel_id IS NULL, v.destination_id",
        (guild_id,),
    )
    return [Held(id_, channel, count, from_text(first), from_text(last)) for id_, channel, count, first, last in rows]


async def release(conn: Connection, guild_id: int, destination_ids: Collection[int], *, now: datetime) -> int:
    """Lets what is held for these destinations be sent after all, in its order; how many there were."""
    cursor = await conn.execute(
        "UPDATE delivery SET held = 'released', next_try_at = ? WHERE guild_id = ? AND held = 'held' "
        "AND destination_id IN (SELECT value FROM json_each(?))",
        (to_text(now), guild_id, as_json(destination_ids)),
    )
    return cursor.rowcount


async def drop(conn: Connection, guild_id: int, destination_ids: Collection[int], *, now: datetime) -> int:
    """Take what is held for these destinations as delivered before the restore; return how many there were."""
    rows = list(
        await conn.execute_fetchall(
            "SELECT id FROM delivery WHERE guild_id = ? AND held = 'held' "
            "AND destination_id IN (SELECT value FROM json_each(?))",
            (guild_id, as_json(destination_ids)),
        )
    )
    for (id_,) in rows:
        await settle(conn, id_, DROPPED, now=now)
    return len(rows)


async def note_digest(
    conn: Connection,
    delivery: Delivery,
    day: str,
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
        "INSERT INTO delivery (guild_id, destination_id, kind, key, due_at, next_try_at, nonce, state, outcome, "
        "channel_id, message_id, settled_at) VALUES (?1, ?2, 'digest', ?3, ?4, ?4, ?5, 'settled', ?6, ?7, ?8, ?9) "
        "ON CONFLICT (destination_id, kind, key) DO UPDATE SET outcome = ?6, channel_id = ?7, message_id = ?8, "
        "nonce = ?5 WHERE state = 'settled' AND message_id IS NULL",
        (
            delivery.guild_id,
            delivery.destination_id,
            day,
            to_text(at),
            nonce,
            DELIVERED,
            channel_id,
            message_id,
            to_text(now),
        ),
    )
    if cursor.rowcount > 0:
        await conn.execute(
            "UPDATE destination SET digested_to = max(digested_to, ?), digests_sent = digests_sent + 1 WHERE id = ?",
            (read_to, delivery.destination_id),
        )


async def told_at_once(conn: Connection, destination_id: int) -> set[str]:
    """The batches of updates that a destination was (or is about to be) told of at once; a digest leaves them out."""
    rows = await conn.execute_fetchall(
        "SELECT key FROM delivery WHERE destination_id = ? AND kind = 'alert' "
        "AND (state <> 'settled' OR message_id IS NOT NULL OR outcome = ?)",
        (destination_id, DROPPED),
    )
    return {key for (key,) in rows}


async def log(conn: Connection, guild_id: int, destination_id: int, limit: int = 20) -> list[Logged]:
    """The newest deliveries of a destination of this server, the newest first."""
    rows = await conn.execute_fetchall(
        f"SELECT {_COLUMNS} FROM delivery WHERE guild_id = ? AND destination_id = ? "
        "ORDER BY due_at DESC, id DESC LIMIT ?",
        (guild_id, destination_id, limit),
    )
    found = [_delivery(row) for row in rows]
    return [Logged(delivery, await about(conn, delivery)) for delivery in found]


async def about(conn: Connection, delivery: Delivery) -> str:
    """The name of the record that a delivery is about, or "" when it is about none or several."""
    if delivery.kind == "alert":
        rows = await conn.execute_fetchall(
            "SELECT DISTINCT r.name FROM ledger u JOIN record r ON r.id = u.record_id "
            "WHERE u.guild_id = ? AND u.batch = ?",
            (delivery.guild_id, delivery.key),
        )
    elif delivery.kind == "reminder" and delivery.key.startswith("item:"):
        rows = await conn.execute_fetchall(
            "SELECT name FROM record WHERE guild_id = ? AND id = ?", (delivery.guild_id, delivery.key.split(":")[1])
        )
    elif delivery.kind == "reminder":
        rows = await conn.execute_fetchall(
            "SELECT ifnull(o.name, r.words) FROM reminder r JOIN destination d ON d.id = r.destination_id "
            "LEFT JOIN record o ON o.id = r.record_id WHERE d.guild_id = ? AND r.id = ?",
            (delivery.guild_id, delivery.key.split(":")[1]),
        )
    else:
        rows = []
    names = [name for (name,) in rows]
    return names[0] if len(names) == 1 else ""


async def clean_up(conn: Connection, now: datetime) -> None:
    """Ends what waited 90 days for a destination that stayed paused, and deletes what was settled 90 days ago."""
    before = to_text(now - KEPT_FOR)
    await conn.execute(
        "UPDATE delivery SET state = 'settled', unknown = 0, held = '', payload = NULL, settled_at = ?, "
        "detail = d.reason, "
        "outcome = iif(instr(d.reason, ':') > 0, substr(d.reason, 1, instr(d.reason, ':') - 1), d.reason) "
        "FROM destination d WHERE d.id = delivery.destination_id AND d.state = 'paused' "
        "AND delivery.state = 'planned' AND delivery.due_at < ?",
        (to_text(now), before),
    )
    await conn.execute(
        "UPDATE delivery SET state = 'settled', held = '', payload = NULL, settled_at = ?, outcome = ?, "
        "detail = 'nobody decided for 90 days' WHERE held = 'held' AND due_at < ?",
        (to_text(now), DROPPED, before),
    )
    await conn.execute("DELETE FROM delivery WHERE state = 'settled' AND settled_at < ?", (before,))
