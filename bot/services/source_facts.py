"""Finds the facts that rest on given sources, and withdraws the facts that rest on a source marked as false."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from bot.errors import UserError
from bot.ledger.fold import fold, is_readable
from bot.ledger.kinds import fields_of
from bot.ledger.source_lines import link_key
from bot.ledger.sourced import (
    EntryDetails,
    FactsOfSources,
    SourcedFact,
    Withdrawal,
    ending_updates,
    facts_in,
    same_fact,
)
from bot.ledger.stored import decode_state
from bot.services import records, sources, updates
from data.database import Connection
from data.records import Fact, Kind, Source
from data.rows import as_list, fetch_all, fetch_values, in_list


class _Folded(Struct, frozen=True):
    """A record with its state as JSON."""

    id: int
    kind: Kind
    slug: str
    name: str
    state: str


async def load(conn: Connection, guild_id: int, cited: Sequence[Source]) -> FactsOfSources:
    """Return the present facts of a guild that rest on the sources `cited`. Facts of the newest records come first.

    Sources with the same link are one publication. It has the description of the first of these sources in `cited`.
    """
    shown: dict[str, Source] = {}
    publications: dict[int, int] = {}
    for source in cited:
        publication = shown.setdefault(link_key(source.url) or f"#{source.id}", source)
        publications[source.id] = publication.id
    ids = publications.keys()
    folded = await fetch_all(
        conn,
        _Folded,
        "SELECT id, kind, slug, name, state FROM record WHERE guild_id = ? AND live = 1 AND id IN "
        f"(SELECT record_id FROM ledger WHERE source_id IN {in_list()}) "
        "ORDER BY newest_on DESC NULLS LAST, sort_name, id",
        (guild_id, as_list(sorted(ids))),
    )
    facts = [
        fact
        for record in folded
        for fact in facts_in(record.kind, record.slug, record.name, decode_state(record.kind, record.state), ids)
    ]
    entered = await fetch_all(
        conn,
        EntryDetails,
        "SELECT u.id, u.origin, u.entered_at, p.user_id FROM ledger u LEFT JOIN person p ON p.id = u.person_id "
        f"WHERE u.guild_id = ? AND u.id IN {in_list()}",
        (guild_id, as_list(sourced.fact.update for sourced in facts)),
    )
    described = await fetch_all(
        conn,
        EntryDetails,
        "SELECT s.id, 'editor' AS origin, s.described_at AS entered_at, p.user_id FROM source s "
        "LEFT JOIN person p ON p.id = s.person_id "
        f"WHERE s.guild_id = ? AND s.describes IS NOT NULL AND s.id IN {in_list()}",
        (guild_id, as_list(source.version for source in cited)),
    )
    return FactsOfSources(
        list(shown.values()),
        publications,
        facts,
        await _names(conn, guild_id, facts),
        {update.id: update for update in entered},
        {description.id: description for description in described},
    )


async def _names(conn: Connection, guild_id: int, facts: Sequence[SourcedFact]) -> dict[str, str]:
    """Return the names, by slug, of all records to which the values of some facts point."""
    types = {
        kind: {field.name: field.type for field in fields_of(kind)} for kind in {sourced.kind for sourced in facts}
    }
    slugs = {slug for sourced in facts for slug, _ in types[sourced.kind][sourced.field].records(sourced.fact.value)}
    return await records.names(conn, guild_id, slugs)


async def _records_of(conn: Connection, guild_id: int, source_ids: Iterable[int]) -> list[int]:
    """Return the ids of the guild's records that have at least one update from the given sources."""
    return await fetch_values(
        conn,
        int,
        f"SELECT DISTINCT record_id FROM ledger WHERE guild_id = ? AND source_id IN {in_list()}",
        (guild_id, as_list(source_ids)),
    )


class _Kind(Struct, frozen=True):
    """A record: its id, kind, slug and name."""

    id: int
    kind: Kind
    slug: str
    name: str


class _Mention(Struct, frozen=True):
    """A fact of another record that points to the record `slug`."""

    slug: str
    fact: Fact[object]


async def withdrawal(conn: Connection, guild_id: int, source: Source) -> Withdrawal:
    """Return what would be withdrawn if a source and its copies were marked as false. Nothing is changed."""
    source_ids = {copy.id for copy in await sources.copies(conn, guild_id, source)}
    touched = await fetch_all(
        conn,
        _Kind,
        f"SELECT id, kind, slug, name FROM record WHERE guild_id = ? AND id IN {in_list()} ORDER BY sort_name, id",
        (guild_id, as_list(await _records_of(conn, guild_id, source_ids))),
    )
    histories = await updates.histories(conn, guild_id, [record.slug for record in touched])
    mentions: dict[str, list[Fact[object]]] = defaultdict(list)
    for mention in await fetch_all(
        conn,
        _Mention,
        "SELECT r.slug, l.fact FROM link l JOIN record r ON r.id = l.to_id JOIN record o ON o.id = l.from_id "
        f"WHERE r.guild_id = ? AND o.live = 1 AND l.to_id IN {in_list()}",
        (guild_id, as_list(record.id for record in touched)),
    ):
        mentions[mention.slug].append(mention.fact)
    ids: list[int] = []
    alone: list[SourcedFact] = []
    shared: list[tuple[SourcedFact, int]] = []
    kept: list[SourcedFact] = []
    for record in touched:
        history = [update for update in histories.get(record.slug, []) if is_readable(update)]
        named_by_others = any(fact.source not in source_ids for fact in mentions[record.slug])
        ending = ending_updates(record.kind, history, source_ids, named_by_others=named_by_others)
        ids += ending
        after = fold(record.kind, [update for update in history if update.id not in ending])
        before = fold(record.kind, history)
        for sourced in facts_in(record.kind, record.slug, record.name, before, source_ids):
            if sourced.fact.update not in ending:
                kept.append(sourced)
            elif other := same_fact(record.kind, sourced, after):
                shared.append((sourced, other.source))
            else:
                alone.append(sourced)
    stated = [*alone, *(sourced for sourced, _ in shared)]
    others = await sources.get_many(conn, guild_id, {id_ for _, id_ in shared})
    names = await _names(conn, guild_id, stated)
    return Withdrawal(source, sorted(ids), alone, shared, kept, names, others)


async def mark_false(
    conn: Connection,
    guild_id: int,
    source_id: int,
    because: str,
    *,
    mark: str,
    withdrawing: bool,
    now: datetime,
    person_id: int,
) -> tuple[Source, int] | None:
    """Mark a source as false. If `withdrawing` is true, withdraw all updates from the source too, in one batch.

    `mark` is the `Withdrawal.mark` that the editor saw. If the mark is a different one now, change nothing and return
    None. Otherwise return (a) the source as it is now, and (b) the number of updates that were withdrawn. Raise
    UserError when the source is marked as false already.
    """
    plan = await withdrawal(conn, guild_id, await sources.get(conn, guild_id, source_id))
    if plan.source.false_because:
        raise UserError("This source was marked as false already. Nothing more was changed.")
    if plan.mark != mark:
        return None
    ids = plan.updates if withdrawing else []
    batch = ""
    if ids:
        batch = await updates.withdraw(conn, guild_id, ids, now=now, person_id=person_id, reason=because)
    source = await sources.mark(conn, guild_id, plan.source, because, batch=batch, now=now, person_id=person_id)
    return source, len(ids)


async def restore(
    conn: Connection, guild_id: int, source_id: int, because: str, *, now: datetime, person_id: int
) -> tuple[Source, int]:
    """Mark a source as not false after all, and bring back the updates that were withdrawn when it was marked as false.

    Return (a) the source as it is now, and (b) the number of updates that count again. `because` is the reason that is
    entered for bringing them back. Raise UserError when the source is not marked as false.
    """
    source = await sources.get(conn, guild_id, source_id)
    if not source.false_because:
        raise UserError("This source is not marked as false any more. Nothing was changed.")
    copies = [copy.id for copy in await sources.copies(conn, guild_id, source)]
    ids = await fetch_values(
        conn,
        int,
        "SELECT u.id FROM ledger u WHERE u.guild_id = ? AND u.action = 'withdrawn' AND u.batch IN "
        f"(SELECT batch FROM source WHERE batch <> '' AND describes IN {in_list()}) AND NOT EXISTS "
        "(SELECT 1 FROM ledger w WHERE w.replaces = u.id AND w.action = 'withdrawn') ORDER BY u.id",
        (guild_id, as_list(copies)),
    )
    if ids:
        await updates.withdraw(conn, guild_id, ids, now=now, person_id=person_id, reason=because)
    source = await sources.mark(conn, guild_id, source, "", batch="", now=now, person_id=person_id)
    return source, len(ids)
