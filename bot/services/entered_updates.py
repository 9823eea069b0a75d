"""Reads updates of a server with all that a text about them shows: names of records, the source and the people."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot.errors import UserError
from bot.ledger import fold
from bot.ledger.corrections import EnteredUpdate
from bot.ledger.kinds import find_field, get_field
from bot.services import ledger_rows, people, sources, timelines, updates
from data.database import Connection
from data.records import Update
from data.rows import as_list, fetch_values, in_list

MOST = 25
"""How many updates are withdrawn together at most. Discord: options of a select."""

GONE = "That update is not on file in this server. Nothing was changed. Open the history again."


async def describe(conn: Connection, guild_id: int, update_ids: Collection[int]) -> list[EnteredUpdate]:
    """Return the updates and withdrawals with these ids, in the order of `update_ids`, with names, source and people.

    Ids that the server lacks are left out. Updates whose value cannot be read are left out as well.
    """
    rows = await ledger_rows.fetch(
        conn, f"r.guild_id = ? AND u.id IN {in_list()}", (guild_id, as_list(sorted(update_ids)))
    )
    rows = [row for row in rows if fold.is_readable(row.update) and find_field(row.kind, row.update.field)]
    slugs = {row.update.record for row in rows}
    ended_by: dict[int, Update] = {}
    for history in (await updates.histories(conn, guild_id, slugs)).values():
        ended_by |= fold.ended_by(history)
    linked = {
        slug for row in rows for slug, _ in get_field(row.kind, row.update.field).type.records(row.update.fact.value)
    }
    names = await timelines.names_of(conn, guild_id, slugs | linked)
    known = await sources.get_many(conn, guild_id, {row.update.source_id for row in rows})
    enders = [ended_by[row.update.id] for row in rows if row.update.id in ended_by]
    by_person = {update.person_id for update in [*(row.update for row in rows), *enders] if update.person_id}
    user_ids = {person.id: person.user_id for person in await people.get_many(conn, by_person)}
    described: dict[int, EnteredUpdate] = {}
    for row in rows:
        update, ender = row.update, ended_by.get(row.update.id)
        described[update.id] = EnteredUpdate(
            update,
            row.kind,
            names[update.record],
            names,
            known[update.source_id],
            user_ids.get(update.person_id or 0) if update.origin == "editor" else None,
            ender,
            user_ids.get(ender.person_id or 0) if ender is not None and ender.origin == "editor" else None,
        )
    return [described[id_] for id_ in dict.fromkeys(update_ids) if id_ in described]


async def get_update(conn: Connection, guild_id: int, update_id: int) -> EnteredUpdate:
    """Return an update of a server. Raise UserError when the server has no such update."""
    entered = await describe(conn, guild_id, [update_id])
    if not entered:
        raise UserError(GONE)
    return entered[0]


async def related(conn: Connection, guild_id: int, update_ids: Collection[int]) -> tuple[list[int], list[int]]:
    """Return the ids of other updates that may be wrong too, if the given updates are wrong. All of them count.

    Return (a) the updates whose form was filled in with the value of a given update or of another update in (a), and
    (b) the other updates of the same batches as the given updates. Batches that came with a dossier are not searched
    for (b).
    """
    resting: list[int] = []
    newest = list(update_ids)
    while newest and len(resting) < 4 * MOST:
        newest = await fetch_values(
            conn,
            int,
            f"SELECT id FROM ledger WHERE guild_id = ? AND action = 'set' AND started_from IN {in_list()} ORDER BY id",
            (guild_id, as_list(newest)),
        )
        newest = [id_ for id_ in newest if id_ not in resting and id_ not in update_ids]
        resting += newest
    together = await fetch_values(
        conn,
        int,
        "SELECT id FROM ledger WHERE guild_id = ? AND action = 'set' AND origin = 'editor' AND batch IN "
        f"(SELECT batch FROM ledger WHERE id IN {in_list()}) ORDER BY id",
        (guild_id, as_list(sorted(update_ids))),
    )
    known = {entered.update.id for entered in await describe(conn, guild_id, [*resting, *together]) if counts(entered)}
    known -= set(update_ids)
    return [id_ for id_ in resting if id_ in known], [id_ for id_ in together if id_ in known - set(resting)]


async def withdrawn_together(conn: Connection, guild_id: int, withdrawals: Sequence[Update]) -> list[int]:
    """Return the ids of the other withdrawals in the batches of the given withdrawals.

    Withdrawals that were withdrawn themselves are left out, and so are withdrawals that came with a dossier.
    """
    rows = await ledger_rows.fetch(
        conn,
        f"u.guild_id = ? AND u.action = 'withdrawn' AND u.origin = 'editor' AND u.batch IN {in_list()}",
        (guild_id, as_list(sorted({withdrawal.batch for withdrawal in withdrawals}))),
    )
    chosen = {withdrawal.id for withdrawal in withdrawals}
    others = [row.update.id for row in rows if row.update.id not in chosen]
    return [entry.update.id for entry in await describe(conn, guild_id, others) if counts(entry)]


async def entered_by(conn: Connection, guild_id: int, person_id: int) -> list[EnteredUpdate]:
    """Return up to 25 updates that a person entered in a server and that count now, the newest first."""
    newest = await fetch_values(
        conn,
        int,
        "SELECT id FROM ledger WHERE guild_id = ? AND person_id = ? AND action = 'set' AND origin = 'editor' "
        "ORDER BY id DESC LIMIT ?",
        (guild_id, person_id, 4 * MOST),
    )
    return [entered for entered in await describe(conn, guild_id, newest) if counts(entered)][:MOST]


def counts(entered: EnteredUpdate) -> bool:
    """Return whether an update counts: it was neither withdrawn nor corrected."""
    return entered.ended_by is None
