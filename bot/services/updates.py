"""Updates: appended to the ledger, taken back, read as history.

Each append refolds its records in the same transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from msgspec import Struct

from bot import when
from bot.errors import BadInput, NotInRecord, UserError
from bot.ledger import fold
from bot.ledger.brief import brief
from bot.ledger.fields import KIND_WORDS, fields_of, find_field, get_field
from bot.ledger.values import due_day, quoted
from bot.ledger.words import spelling_variants, words_of
from data.database import Connection, from_text, to_text
from data.records import FactDate, Kind, State, Update

UNDO_FOR = timedelta(seconds=60)

_UPDATE = (
    "u.id, r.slug, u.action, u.field, u.value, u.fact_from, u.fact_to, u.precision, u.worked_out, u.printed, "
    "u.entered_at, u.person_id, u.source_id, u.locator, u.reason, u.replaces, u.batch, u.origin, u.origin_key"
)


class Change(Struct, frozen=True):
    """One fact to be entered: what `append` takes. `record` is a slug; a new one makes a record of `kind`."""

    record: str
    kind: Kind
    field: str
    value: Any
    date: FactDate
    source_id: int
    locator: str = ""
    reason: str = ""
    replaces: int | None = None
    origin_key: str = ""


def update_of(row: Sequence) -> Update:
    """A ledger row, as `_UPDATE` selects it."""
    id_, slug, action, field, value, first, last, precision, worked_out, printed, entered_at, *rest = row
    date = msgspec.convert(
        {"precision": precision, "first": first, "last": last, "worked_out": bool(worked_out), "printed": printed},
        FactDate,
    )
    return Update(id_, slug, action, field, msgspec.json.decode(value), date, from_text(entered_at), *rest)


async def append(
    conn: Connection,
    guild_id: int,
    changes: Sequence[Change],
    *,
    now: datetime,
    person_id: int | None,
    origin: Literal["editor", "dossier"],
) -> str:
    """Enters changes as one batch and returns the batch. BadInput or UserError refuses all of them.

    Records that do not exist yet are made first, so changes may point to one another.
    """
    kinds: dict[str, Kind] = {change.record: change.kind for change in changes}
    ids = {slug: await _ensure_record(conn, guild_id, slug, kind) for slug, kind in kinds.items()}
    batch = uuid.uuid4().hex
    for change in changes:
        await _check(conn, guild_id, ids[change.record], change, now)
        await _insert(conn, guild_id, ids[change.record], change, now, person_id, origin, batch)
    await refold(conn, guild_id, ids.values())
    return batch


async def _ensure_record(conn: Connection, guild_id: int, slug: str, kind: Kind) -> int:
    await conn.execute(
        "INSERT INTO record (guild_id, kind, slug) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (guild_id, kind, slug)
    )
    ((id_, there),) = await conn.execute_fetchall(
        "SELECT id, kind FROM record WHERE guild_id = ? AND slug = ?", (guild_id, slug)
    )
    if there != kind:
        raise BadInput(
            f"{quoted(slug)} is a {KIND_WORDS[there][0]} here, not a {KIND_WORDS[kind][0]}. Nothing was changed. "
            "Use another name."
        )
    return id_


async def _check(conn: Connection, guild_id: int, record_id: int, change: Change, now: datetime) -> None:
    field = get_field(change.kind, change.field)
    field.type.check(change.value)
    if not when.has_begun(change.date, now):
        raise BadInput(
            f"{when.format_fact_date(change.date)} has not begun anywhere yet, so nothing can have happened on it. "
            "Nothing was changed. Write the day on which it was true; a date to come belongs into a due date."
        )
    for what, text, limit in (("locator", change.locator, 200), ("reason", change.reason, 500)):
        if len(text) > limit:
            raise BadInput(f"The {what} has {len(text):,} characters; {limit} fit. Nothing was changed. Shorten it.")
    own = await conn.execute_fetchall(
        "SELECT 1 FROM source WHERE id = ? AND guild_id = ?", (change.source_id, guild_id)
    )
    if not list(own):
        raise UserError("That source is not on file in this server. Nothing was changed.")
    for slug, _role in field.type.records(change.value):
        there = list(
            await conn.execute_fetchall("SELECT kind FROM record WHERE guild_id = ? AND slug = ?", (guild_id, slug))
        )
        kinds = field.type.kinds
        if not there or there[0][0] not in kinds:
            wanted = " or ".join(KIND_WORDS[kind][0] for kind in kinds)
            raise NotInRecord(f"{quoted(slug)} is not in the record as a {wanted}. Nothing was changed.")
    if change.replaces is not None:
        target = await conn.execute_fetchall(
            "SELECT 1 FROM ledger WHERE id = ? AND record_id = ?", (change.replaces, record_id)
        )
        if not list(target):
            raise UserError("The update to be corrected does not belong to this record. Nothing was changed.")
    if change.field == "stage" and not change.reason:
        before = [u for u in await history(conn, guild_id, change.record) if u.id != change.replaces]
        if fold.stage_goes_back(before, change.value, change.date):
            raise BadInput(
                "This stage is a step back from what is on the record around that date, so it needs a reason. "
                "Nothing was changed. Fill in the reason."
            )


async def _insert(
    conn: Connection,
    guild_id: int,
    record_id: int,
    change: Change,
    now: datetime,
    person_id: int | None,
    origin: str,
    batch: str,
    action: str = "set",
) -> None:
    date = change.date
    await conn.execute(
        "INSERT INTO ledger (guild_id, record_id, action, field, value, fact_from, fact_to, precision, worked_out, "
        "printed, entered_at, person_id, source_id, locator, reason, replaces, batch, origin, origin_key) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            guild_id,
            record_id,
            action,
            change.field,
            msgspec.json.encode(change.value).decode(),
            date.first and date.first.isoformat(),
            date.last and date.last.isoformat(),
            date.precision,
            date.worked_out,
            date.printed,
            to_text(now),
            person_id,
            change.source_id,
            change.locator,
            change.reason,
            change.replaces,
            batch,
            origin,
            change.origin_key,
        ),
    )


async def withdraw(
    conn: Connection,
    guild_id: int,
    update_ids: Sequence[int],
    *,
    now: datetime,
    person_id: int | None,
    reason: str,
    origin: Literal["editor", "dossier"] = "editor",
) -> str:
    """Takes updates back by one more update each, and returns the batch. Withdrawing a withdrawal brings back."""
    batch = uuid.uuid4().hex
    touched: list[int] = []
    for update_id in update_ids:
        rows = list(
            await conn.execute_fetchall(
                f"SELECT {_UPDATE}, r.id, r.kind FROM ledger u JOIN record r ON r.id = u.record_id "
                "WHERE u.guild_id = ? AND u.id = ?",
                (guild_id, update_id),
            )
        )
        if not rows:
            raise UserError("That update is not on file in this server. Nothing was changed.")
        target = update_of(rows[0][:-2])
        record_id, kind = rows[0][-2:]
        change = Change(
            target.record,
            kind,
            target.field,
            target.value,
            target.date,
            target.source_id,
            target.locator,
            reason,
            target.id,
            target.origin_key,
        )
        await _insert(conn, guild_id, record_id, change, now, person_id, origin, batch, "withdrawn")
        touched.append(record_id)
    await refold(conn, guild_id, touched)
    return batch


async def undo(conn: Connection, guild_id: int, batch: str, *, now: datetime, person_id: int) -> None:
    """Takes back a batch within 60 seconds of saving it; UserError when it is too late or already done."""
    rows = list(
        await conn.execute_fetchall(
            "SELECT id, entered_at, EXISTS (SELECT 1 FROM ledger w WHERE w.replaces = u.id AND w.action = 'withdrawn') "
            "FROM ledger u WHERE guild_id = ? AND batch = ? AND action = 'set' ORDER BY id",
            (guild_id, batch),
        )
    )
    if not rows:
        raise UserError("There is nothing to undo here. Nothing was changed.")
    if any(gone for _, _, gone in rows):
        raise UserError("This was already undone. Nothing more was changed.")
    if now - from_text(rows[0][1]) > UNDO_FOR:
        raise UserError(
            "More than 60 seconds have passed, so this stays as it is. Nothing was changed. "
            "Enter what is right with /update; the history keeps both."
        )
    await withdraw(
        conn, guild_id, [id_ for id_, _, _ in rows], now=now, person_id=person_id, reason="Undone within 60 seconds"
    )


async def history(conn: Connection, guild_id: int, slug: str) -> list[Update]:
    """All updates of a record in the order of entering, withdrawn ones too."""
    rows = await conn.execute_fetchall(
        f"SELECT {_UPDATE} FROM record r JOIN ledger u ON u.record_id = r.id "
        "WHERE r.guild_id = ? AND r.slug = ? ORDER BY u.id",
        (guild_id, slug),
    )
    return [update_of(row) for row in rows]


async def histories(conn: Connection, guild_id: int, slugs: Iterable[str]) -> dict[str, list[Update]]:
    """The history of several records in one read. Records that do not exist are left out."""
    rows = await conn.execute_fetchall(
        f"SELECT {_UPDATE} FROM record r JOIN ledger u ON u.record_id = r.id "
        "WHERE r.guild_id = ? AND r.slug IN (SELECT value FROM json_each(?)) ORDER BY u.id",
        (guild_id, msgspec.json.encode(list(slugs)).decode()),
    )
    found: dict[str, list[Update]] = {}
    for row in rows:
        update = update_of(row)
        found.setdefault(update.record, []).append(update)
    return found


async def newest_id(conn: Connection, guild_id: int) -> int:
    """The newest update of a server, 0 when its ledger is empty."""
    ((newest,),) = await conn.execute_fetchall("SELECT ifnull(max(id), 0) FROM ledger WHERE guild_id = ?", (guild_id,))
    return newest


async def refold(conn: Connection, guild_id: int, record_ids: Iterable[int]) -> None:
    """Writes the tables that commands read anew for these records, and for those whose words depend on them.

    A deal shows its open pending items, and every record the names of those it is linked with, so both go along.
    """
    touched = set(record_ids)
    around = await _deals_of_items(conn, touched)
    renamed = [record_id for record_id in touched if await _write_fold(conn, guild_id, record_id)]
    around |= await _deals_of_items(conn, touched)
    for record_id in renamed:
        rows = await conn.execute_fetchall("SELECT from_id FROM link WHERE to_id = ?", (record_id,))
        around.update(id_ for (id_,) in rows)
    for record_id in touched | around:
        await _write_words(conn, guild_id, record_id, names_too=record_id in touched)


async def _deals_of_items(conn: Connection, record_ids: set[int]) -> set[int]:
    """What the pending items among these records are about, as the links stand now."""
    rows = await conn.execute_fetchall(
        "SELECT l.to_id FROM link l JOIN record r ON r.id = l.from_id "
        "WHERE l.from_id IN (SELECT value FROM json_each(?)) AND r.kind = 'pending'",
        (msgspec.json.encode(sorted(record_ids)).decode(),),
    )
    return {id_ for (id_,) in rows}


async def _write_fold(conn: Connection, guild_id: int, record_id: int) -> bool:
    """Folds one record into its row and links; True when its name changed."""
    rows = await conn.execute_fetchall(
        f"SELECT {_UPDATE} FROM ledger u JOIN record r ON r.id = u.record_id WHERE u.record_id = ? ORDER BY u.id",
        (record_id,),
    )
    ((kind, old_name),) = await conn.execute_fetchall("SELECT kind, name FROM record WHERE id = ?", (record_id,))
    state = fold.fold(kind, [update_of(row) for row in rows])

    def value(field: str) -> Any:
        facts = state.facts.get(field)
        return facts[-1].value if facts else None

    name = value("name") or ""
    due = value("due") if kind == "pending" else None
    day = due_day(due)
    await conn.execute(
        "UPDATE record SET live = ?, name = ?, stage = ?, open = ?, due_on = ?, due_sureness = ?, newest_on = ?, "
        "state = ? WHERE id = ?",
        (
            bool(name),
            name,
            (value("stage") or "unspecified") if kind == "deal" else None,
            kind == "pending" and bool(name) and value("state") == "open",
            day and day.isoformat(),
            due["sureness"] if due else None,
            state.newest and state.newest.day and state.newest.day.isoformat(),
            msgspec.json.encode(state).decode(),
            record_id,
        ),
    )
    await conn.execute("DELETE FROM link WHERE from_id = ?", (record_id,))
    for name_, facts in state.facts.items():
        field = find_field(kind, name_)
        if field is None:
            continue
        for fact in facts:
            for slug, role in field.type.records(fact.value):
                await conn.execute(
                    "INSERT INTO link (from_id, field, role, to_id) "
                    "SELECT ?, ?, ?, id FROM record WHERE guild_id = ? AND slug = ? ON CONFLICT DO NOTHING",
                    (record_id, name_, role, guild_id, slug),
                )
    return name != old_name


async def _write_words(conn: Connection, guild_id: int, record_id: int, *, names_too: bool) -> None:
    """Writes a record's headline and full text, which hold words of its neighbours, and its own names and spelling."""
    ((kind, name, live, raw),) = await conn.execute_fetchall(
        "SELECT kind, name, live, state FROM record WHERE id = ?", (record_id,)
    )
    state = msgspec.json.decode(raw, type=State)
    neighbours = await conn.execute_fetchall(
        "SELECT o.slug, o.name FROM link l JOIN record o ON o.id = l.to_id WHERE l.from_id = ?", (record_id,)
    )
    names: dict[str, str] = {slug: other for slug, other in neighbours}  # noqa: C416  # a Row is no pair to dict()
    pending = []
    if kind == "deal":
        pending = await conn.execute_fetchall(
            "SELECT p.name, json_extract(p.state, '$.facts.item_kind[0].value') "
            "FROM link l JOIN record p ON p.id = l.from_id "
            "WHERE l.to_id = ? AND p.kind = 'pending' AND p.open = 1 ORDER BY p.due_on IS NULL, p.due_on, p.id",
            (record_id,),
        )
    phrase = brief(kind, state, names, [(item, kind_ or "") for item, kind_ in pending])
    await conn.execute("UPDATE record SET headline = ? WHERE id = ?", (phrase, record_id))

    await conn.execute("DELETE FROM text WHERE rowid = ?", (record_id,))
    if names_too:
        await _write_names(conn, guild_id, record_id, name, state)
    if not live:
        return
    body = [
        field.type.words(fact.value, names) for field in fields_of(kind) for fact in state.facts.get(field.name, [])
    ]
    await conn.execute(
        "INSERT INTO text (rowid, desk, body) VALUES (?, ?, ?)",
        (record_id, f"g{guild_id}", " ".join(words_of(" ".join(body)))),
    )


async def _write_names(conn: Connection, guild_id: int, record_id: int, name: str, state: State) -> None:
    """Writes what finds a record by its name and aliases; nothing when it has no name."""
    for table in ("name", "spelling"):
        await conn.execute(f"DELETE FROM {table} WHERE record_id = ?", (record_id,))  # two tables of ours
    if not name:
        return
    all_names = [name, *(fact.value["text"] for fact in state.facts.get("alias", []))]
    starts = set()
    for one in all_names:
        words = words_of(one)
        starts |= {(" ".join(words[i:]), min(i, 1)) for i in range(len(words))}
        variants = {(variant, word) for word in words for variant in spelling_variants(word)}
        await conn.executemany(
            "INSERT INTO spelling (guild_id, variant, word, record_id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [(guild_id, variant, word, record_id) for variant, word in variants],
        )
    await conn.executemany(
        "INSERT INTO name (guild_id, norm, record_id, start) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [(guild_id, norm, record_id, start) for norm, start in starts],
    )
