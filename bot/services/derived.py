"""What commands read: tables written from the ledger, for the records that changed and for those that show them."""

from __future__ import annotations

import logging
import re
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec
from msgspec import Struct

from bot.ledger import fold
from bot.ledger.cited import bare
from bot.ledger.fields import fields_of, find_field
from bot.ledger.stage import OpenItem
from bot.ledger.status import status
from bot.ledger.values import due_day
from bot.ledger.words import normal, spelling_variants, words_of
from bot.services.rows import COLUMNS, update_of
from data.database import Connection, Database, as_json
from data.migrate import migrate
from data.records import Fact, Kind, State

VERSION = "5"
"""Counts up whenever these tables are written differently, or hold other words: then all are written anew."""

_TOGETHER = 500  # Records written by the same statements: few of them, and little memory.
_AT_ONCE = 2000  # Records written anew in one transaction.

_state = msgspec.json.Decoder(State)
_fact = msgspec.json.Decoder(Fact)
log = logging.getLogger(__name__)


async def bring_up_to_date(db: Database) -> None:
    """Brings the file to the newest schema, and what is derived to what this program writes. Call it before any other.

    Cut short, it begins again at the next start.
    """
    await migrate(db)
    rows = list(await db.read.execute_fetchall("SELECT value FROM meta WHERE key = 'derived'"))
    if rows and rows[0][0] == VERSION:
        return
    began, written = time.monotonic(), 0
    async with db.write(None) as conn:
        await conn.execute("DELETE FROM meta WHERE key = 'derived'")
        for table in ("text", "name", "spelling", "was"):
            await conn.execute(f"DELETE FROM {table}")  # Tables of ours.
        await conn.execute("UPDATE record SET text_id = NULL WHERE text_id IS NOT NULL")
    done = 0
    while ids := list(
        await db.read.execute_fetchall(
            "SELECT id, guild_id FROM record WHERE id > ? ORDER BY id LIMIT ?", (done, _AT_ONCE)
        )
    ):
        async with db.write(None) as conn:  # At the start, before any other write.
            for guild_id, own in groupby(sorted(ids, key=itemgetter(1)), key=itemgetter(1)):
                await refold(conn, guild_id, [id_ for id_, _ in own])
        done, written = ids[-1][0], written + len(ids)
    async with db.write(None) as conn:
        await conn.execute("INSERT INTO meta (key, value) VALUES ('derived', ?)", (VERSION,))
    if written:
        log.info(
            "what is derived was written anew",
            extra={"records": written, "seconds": round(time.monotonic() - began, 1)},
        )


def _text_of(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _parts(ids: Collection[int]) -> Iterator[list[int]]:
    in_order = sorted(ids)
    return (in_order[i : i + _TOGETHER] for i in range(0, len(in_order), _TOGETHER))


async def refold(conn: Connection, guild_id: int, record_ids: Iterable[int]) -> None:
    """Writes the tables that commands read anew for these records, and for those whose words depend on them.

    A deal shows its open pending items, and every record the names of those it is linked with, so both go along.
    """
    touched = set(record_ids)
    around = await _deals_of_items(conn, touched)
    renamed: list[int] = []
    for part in _parts(touched):
        renamed += await _write_folds(conn, guild_id, part)
    around |= await _deals_of_items(conn, touched)
    rows = await conn.execute_fetchall(
        "SELECT from_id FROM link WHERE to_id IN (SELECT value FROM json_each(?))", (as_json(renamed),)
    )
    around.update(id_ for (id_,) in rows)
    for part in _parts(touched | around):
        await _write_words(conn, guild_id, part, touched)


async def _deals_of_items(conn: Connection, record_ids: set[int]) -> set[int]:
    """What the pending items among these records are about, as the links stand now."""
    rows = await conn.execute_fetchall(
        "SELECT l.to_id FROM link l JOIN record r ON r.id = l.from_id "
        "WHERE l.from_id IN (SELECT value FROM json_each(?)) AND r.kind = 'pending'",
        (as_json(record_ids),),
    )
    return {id_ for (id_,) in rows}


async def _write_folds(conn: Connection, guild_id: int, ids: Sequence[int]) -> list[int]:
    """Folds records into their rows, their links and how they stood; returns those whose name changed."""
    chosen = as_json(ids)
    rows = await conn.execute_fetchall(
        f"SELECT {COLUMNS}, u.record_id FROM ledger u JOIN record r ON r.id = u.record_id "
        "WHERE u.record_id IN (SELECT value FROM json_each(?)) ORDER BY u.record_id, u.id",
        (chosen,),
    )
    updates = {id_: [update_of(row[:-1]) for row in own] for id_, own in groupby(rows, key=itemgetter(-1))}
    held = await conn.execute_fetchall(
        "SELECT id, kind, name FROM record WHERE id IN (SELECT value FROM json_each(?))", (chosen,)
    )
    folds: list[tuple] = []
    links: list[tuple[int, str, str, str, str]] = []
    stood: list[tuple] = []
    renamed: list[int] = []
    for id_, kind, old_name in held:
        own = updates.get(id_, [])
        state = fold.fold(kind, own)
        name = state.value("name") or ""
        due = state.value("due") if kind == "pending" else None
        day = due_day(due)
        values = _values(state)
        open_ = kind == "pending" and bool(name) and fold.waits(kind, values)
        folds.append(
            (
                bool(name),
                name,
                fold.stage_in(kind, values),
                open_,
                day and day.isoformat(),
                due["sureness"] if due else None,
                state.newest and state.newest.day and state.newest.day.isoformat(),
                *_of_item(kind, state, open_),
                msgspec.json.encode(state).decode(),
                id_,
            )
        )
        if name != old_name:
            renamed.append(id_)
        for field_name, facts in state.facts.items():
            field = find_field(kind, field_name)
            if field is not None:
                links += [
                    (id_, field_name, role, slug, _text_of(bare(fact)))
                    for fact in facts
                    for slug, role in field.type.records(fact.value)
                ]
        if kind in ("deal", "pending"):
            stood += [
                (id_, was.day.isoformat() if was.day else "", was.live, was.stage, was.open)
                for was in fold.course(kind, own)
            ]
    await conn.executemany(
        "UPDATE record SET live = ?, name = ?, stage = ?, open = ?, due_on = ?, due_sureness = ?, newest_on = ?, "
        "item_kind = ?, basis = ?, zone = ?, opened_by = ?, state = ? WHERE id = ?",
        folds,
    )
    await conn.execute("DELETE FROM link WHERE from_id IN (SELECT value FROM json_each(?))", (chosen,))
    await conn.executemany(
        "INSERT INTO link (from_id, field, role, to_id, fact) "
        "SELECT ?, ?, ?, id, ? FROM record WHERE guild_id = ? AND slug = ? ON CONFLICT DO NOTHING",
        [(id_, field, role, fact, guild_id, slug) for id_, field, role, slug, fact in links],
    )
    await conn.execute("DELETE FROM was WHERE record_id IN (SELECT value FROM json_each(?))", (chosen,))
    await conn.executemany("INSERT INTO was (record_id, from_on, live, stage, open) VALUES (?, ?, ?, ?, ?)", stood)
    return renamed


def _values(state: State) -> dict[str, list[Any]]:
    return {name: [fact.value for fact in facts] for name, facts in state.facts.items()}


def _of_item(kind: Kind, state: State, open_: bool) -> tuple[str, str, str | None, str | None]:
    """Return what the columns of a pending item hold: its kind, its basis, the zone of its date, what opened it."""
    if kind != "pending":
        return "", "", None, None
    opened_by = _text_of(bare(state.facts["state"][0])) if open_ else None
    return state.value("item_kind") or "", state.value("basis") or "", state.value("zone"), opened_by


class _Text(Struct, frozen=True):
    """A row of the table of texts, and its words."""

    id: int
    tags: str
    name: str
    body: str

    @property
    def words(self) -> set[str]:
        return {*self.name.split(), *self.body.split()}


async def _write_words(conn: Connection, guild_id: int, ids: Sequence[int], touched: set[int]) -> None:
    """Write records' status lines and texts, which hold words of their neighbours, and the names of those touched."""
    chosen = as_json(ids)
    neighbours: dict[int, dict[str, str]] = defaultdict(dict)
    linked: dict[int, set[int]] = defaultdict(set)
    for from_id, to_id, slug, name in await conn.execute_fetchall(
        "SELECT l.from_id, o.id, o.slug, o.name FROM link l JOIN record o ON o.id = l.to_id "
        "WHERE l.from_id IN (SELECT value FROM json_each(?))",
        (chosen,),
    ):
        neighbours[from_id][slug] = name
        linked[from_id].add(to_id)
    pending: dict[int, list[OpenItem]] = defaultdict(list)
    for deal_id, name, item_kind, opened_by in await conn.execute_fetchall(
        "SELECT l.to_id, p.name, ifnull(json_extract(p.state, '$.facts.item_kind[0].value'), ''), "
        "json_extract(p.state, '$.facts.state[0]') "
        "FROM link l JOIN record p ON p.id = l.from_id "
        "WHERE l.to_id IN (SELECT id FROM record WHERE id IN (SELECT value FROM json_each(?)) AND kind = 'deal') "
        "AND p.kind = 'pending' AND p.open = 1 ORDER BY p.due_on IS NULL, p.due_on, p.id",
        (chosen,),
    ):
        pending[deal_id].append(OpenItem(name, item_kind, _fact.decode(opened_by)))

    statuses: list[tuple] = []
    names: list[tuple] = []
    old_texts: list[_Text] = []
    new_texts: list[_Text] = []
    for id_, kind, name, live, newest_on, raw, *old in await conn.execute_fetchall(
        "SELECT r.id, r.kind, r.name, r.live, r.newest_on, r.state, t.rowid, t.tags, t.name, t.body "
        "FROM record r LEFT JOIN text t ON t.rowid = r.text_id WHERE r.id IN (SELECT value FROM json_each(?))",
        (chosen,),
    ):
        state = _state.decode(raw)
        before = None if old[0] is None else _Text(*old)
        after = None
        if live:
            words = _body(kind, state, neighbours[id_])
            called = " ".join(normal(one) for one in _all_names(name, state))
            text_id = _text_id(id_, newest_on)
            after = _Text(text_id, _tags(guild_id, kind, state, linked[id_]), called, words)
        said = status(kind, state, neighbours[id_], pending[id_])
        statuses.append((_text_of(said), after and after.id, id_))
        if before != after:
            old_texts += [before] if before else []
            new_texts += [after] if after else []
        if live and id_ in touched:
            names += [(guild_id, norm, how, id_, kind) for norm, how in _ways_to_name(name, state)]
    await conn.executemany("UPDATE record SET status = ?, text_id = ? WHERE id = ?", statuses)
    await conn.execute(
        "DELETE FROM name WHERE record_id IN (SELECT value FROM json_each(?))", (as_json(touched.intersection(ids)),)
    )
    await conn.executemany(
        "INSERT INTO name (guild_id, norm, how, record_id, kind) VALUES (?, ?, ?, ?, ?)", sorted(names)
    )
    await _write_texts(conn, guild_id, old_texts, new_texts)


def _text_id(record_id: int, newest_on: str | None) -> int:
    """The rowid of a record's text: newer ones are greater, whatever the record."""
    return (date.fromisoformat(newest_on).toordinal() if newest_on else 0) << 40 | record_id


def _tags(guild_id: int, kind: Kind, state: State, linked: Iterable[int]) -> str:
    values = _values(state)
    stage = fold.stage_in(kind, values)
    tags = ["", f"k{kind}", *(f"r{to_id}" for to_id in sorted(linked))]
    tags += [f"s{stage.replace('_', '')}"] if stage else []
    tags += ["o"] if fold.waits(kind, values) else []
    return " ".join(f"g{guild_id}{tag}" for tag in tags)


def _body(kind: Kind, state: State, neighbours: dict[str, str]) -> str:
    """The words of all that a record says beside its names."""
    said = [
        field.type.words(fact.value, neighbours)
        for field in fields_of(kind)
        if field.name not in ("name", "alias")
        for fact in state.facts.get(field.name, [])
    ]
    return normal(" ".join(said))


def _all_names(name: str, state: State) -> list[str]:
    return [name, *(fact.value["text"] for fact in state.facts.get("alias", []))]


_SMALL_WORDS = {"of", "the", "and", "for", "in", "on", "a", "an", "to"}
_NOTE = re.compile(r"\s*\([^()]*\)\s*")


def _ways_to_name(name: str, state: State) -> set[tuple[str, int]]:
    """All that finds a record by its names, and how: as a whole (0), from a later word on (1), by initials (2), or
    because it stands for it (3), as "New Delhi" does in the alias "New Delhi (for the Indian government)"."""
    found: set[tuple[str, int]] = set()
    for one in _all_names(name, state):
        words = words_of(one)
        found |= {(" ".join(words[i:]), min(i, 1)) for i in range(len(words))}
        if 2 <= len(words) <= 8:
            for some in (words, [word for word in words if word not in _SMALL_WORDS]):
                if len(some) >= 2:
                    found.add(("".join(word[0] for word in some), 2))
    for alias in state.facts.get("alias", []):
        without = normal(_NOTE.sub(" ", alias.value["text"]))
        if without and without != normal(alias.value["text"]):
            found.add((without, 3))
    return found


async def _write_texts(conn: Connection, guild_id: int, old: list[_Text], new: list[_Text]) -> None:
    """Replaces texts, and the words that the server knows by them."""
    # The index begins a new part whenever a rowid is smaller than the one before.
    await conn.executemany("DELETE FROM text WHERE rowid = ?", sorted((text.id,) for text in old))
    await conn.executemany(
        "INSERT INTO text (rowid, tags, name, body) VALUES (?, ?, ?, ?)",
        [(text.id, text.tags, text.name, text.body) for text in sorted(new, key=lambda text: text.id)],
    )
    before = set().union(*(text.words for text in old))
    after = set().union(*(text.words for text in new))
    known = await conn.execute_fetchall(
        "SELECT j.value FROM json_each(?) j WHERE EXISTS (SELECT 1 FROM spelling "
        "WHERE guild_id = ? AND variant = j.value AND word = j.value)",
        (as_json(after), guild_id),
    )
    gained = after.difference(word for (word,) in known)
    await conn.executemany(
        "INSERT INTO spelling (guild_id, variant, word) VALUES (?, ?, ?)",
        [(guild_id, variant, word) for word in gained for variant in spelling_variants(word)],
    )
    # Words hold no quotes, so each of them is a phrase of the query.
    lost = await conn.execute_fetchall(
        "SELECT j.value FROM json_each(?1) j WHERE NOT EXISTS (SELECT 1 FROM text "
        "WHERE text MATCH 'tags:g' || ?2 || ' AND {name body}:\"' || j.value || '\"')",
        (as_json(before - after), guild_id),
    )
    await conn.executemany(
        "DELETE FROM spelling WHERE guild_id = ? AND variant = ? AND word = ?",
        [(guild_id, variant, word) for (word,) in lost for variant in spelling_variants(word)],
    )
