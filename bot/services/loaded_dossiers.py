"""Lists the dossiers that are loaded in a guild, and unloads them: withdraws the facts that a dossier entered."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from bot.errors import UserError
from bot.ledger.fold import live_updates
from bot.ledger.kinds import find_field
from bot.ledger.values import quoted
from bot.message_contents import DossierEntry, Melted, Unloading
from bot.services import updates
from bot.services.updates import Change
from data.database import Connection, to_text
from data.records import FactDate, Kind, Unreadable, Update
from data.rows import as_list, fetch_all, fetch_one, fetch_values, in_list


class KnownDossier(Struct, frozen=True):
    """A dossier that is or was loaded in a guild. `unloaded_at` is None while it is loaded.

    `newest` is the newest date of its facts.
    """

    slug: str
    name: str
    newest: FactDate | None
    unloaded_at: datetime | None


async def list_known(conn: Connection, guild_id: int) -> list[KnownDossier]:
    """Return all dossiers that are or were loaded in a guild, sorted by name."""
    return await fetch_all(
        conn,
        KnownDossier,
        "SELECT slug, name, newest, unloaded_at FROM dossier WHERE guild_id = ? ORDER BY lower(name), slug",
        (guild_id,),
    )


async def names(conn: Connection, guild_id: int) -> list[str]:
    """Return the names of the dossiers that are loaded in a guild."""
    return [dossier.name for dossier in await list_known(conn, guild_id) if dossier.unloaded_at is None]


async def list_loaded(conn: Connection, guild_id: int) -> list[DossierEntry]:
    """Return the dossiers that are loaded in a guild, sorted by name, each with the number of its facts that count."""
    return await fetch_all(
        conn,
        DossierEntry,
        "SELECT d.slug, d.name, d.loaded_at, p.user_id AS loaded_by, d.newest, (SELECT count(*) FROM ledger u "
        "WHERE u.guild_id = d.guild_id AND u.dossier = d.slug AND u.origin = 'dossier' AND u.action = 'set' "
        "AND NOT EXISTS (SELECT 1 FROM ledger w WHERE w.replaces = u.id AND NOT EXISTS "
        "(SELECT 1 FROM ledger b WHERE b.replaces = w.id AND b.action = 'withdrawn'))) AS facts "
        "FROM dossier d LEFT JOIN person p ON p.id = d.loaded_by "
        "WHERE d.guild_id = ? AND d.unloaded_at IS NULL ORDER BY lower(d.name), d.slug",
        (guild_id,),
    )


class _MeltedRow(Struct, frozen=True):
    """A record, and the name of one of the dossiers that made it."""

    id: int
    name: str
    kind: Kind
    dossier: str


async def list_melted(conn: Connection, guild_id: int) -> list[Melted]:
    """Return the records that were made for more than one loaded dossier, each with the names of these dossiers.

    Places, countries and organisations are left out, because dossiers may share them.
    """
    rows = await fetch_all(
        conn,
        _MeltedRow,
        "SELECT r.id, r.name, r.kind, d.name AS dossier FROM dossier_record k "
        "JOIN dossier d ON d.guild_id = k.guild_id AND d.slug = k.dossier JOIN record r ON r.id = k.record_id "
        "WHERE k.guild_id = ? AND k.chosen = 'new' AND d.unloaded_at IS NULL AND r.live = 1 AND r.kind <> 'place' "
        "AND NOT EXISTS (SELECT 1 FROM ledger t WHERE t.record_id = r.id AND r.kind = 'participant' "
        "AND t.field = 'type' AND t.value IN ('\"country\"', '\"organisation\"')) "
        "AND (SELECT count(*) FROM dossier_record o JOIN dossier e ON e.guild_id = o.guild_id AND e.slug = o.dossier "
        "WHERE o.record_id = r.id AND o.chosen = 'new' AND e.unloaded_at IS NULL) > 1 "
        "ORDER BY r.sort_name, r.id, lower(d.name)",
        (guild_id,),
    )
    by_record: dict[int, Melted] = {}
    for row in rows:
        by_record.setdefault(row.id, Melted(row.name, row.kind, [])).dossiers.append(row.dossier)
    return list(by_record.values())


async def slugs_of(conn: Connection, guild_id: int, dossier: str, *, live: bool = False) -> list[str]:
    """Return the slugs of the records that have updates of a dossier, even if these updates were withdrawn.

    If `live` is true, records without a name are left out.
    """
    return await fetch_values(
        conn,
        str,
        "SELECT DISTINCT r.slug FROM ledger u JOIN record r ON r.id = u.record_id "
        "WHERE u.guild_id = ? AND u.dossier = ? AND u.dossier <> '' AND r.live >= ?",
        (guild_id, dossier, live),
    )


async def preview(conn: Connection, guild_id: int, slug: str) -> Unloading:
    """Return what unloading a dossier would change. Raise UserError when it is not loaded."""
    return (await _plan(conn, guild_id, slug))[0]


async def unload(conn: Connection, guild_id: int, slug: str, *, now: datetime, person_id: int) -> Unloading:
    """Withdraw all facts of a dossier that count, and return what has changed. Raise UserError when it is not loaded.

    A record keeps its name if other facts about it remain. Follows and reminders of the other records stay stored
    without effect. When the dossier is loaded again, they have effect again.
    """
    done, ending = await _plan(conn, guild_id, slug)
    if ending:
        await updates.withdraw(
            conn,
            guild_id,
            sorted(ending),
            now=now,
            person_id=person_id,
            reason="The dossier was unloaded",
            origin="dossier",
        )
    await conn.execute(
        "UPDATE dossier SET unloaded_at = ? WHERE guild_id = ? AND slug = ?", (to_text(now), guild_id, slug)
    )
    # The first release used one record for several dossiers. At its next load this dossier gets its own records.
    await conn.execute(
        "DELETE FROM dossier_record WHERE guild_id = ?1 AND dossier = ?2 AND chosen = 'new' AND record_id IN "
        "(SELECT o.record_id FROM dossier_record o JOIN record r ON r.id = o.record_id WHERE o.guild_id = ?1 "
        "AND o.dossier <> ?2 AND o.chosen = 'new' AND r.kind <> 'place')",
        (guild_id, slug),
    )
    return done


async def _plan(conn: Connection, guild_id: int, slug: str) -> tuple[Unloading, dict[int, Update]]:
    """Return (a) what unloading a dossier changes, as people read it, and (b) the updates to withdraw, by id.

    Raise UserError when the dossier is not loaded.
    """
    entry = await fetch_one(
        conn,
        _Name,
        "SELECT name FROM dossier WHERE guild_id = ? AND slug = ? AND unloaded_at IS NULL",
        (guild_id, slug),
    )
    if entry is None:
        raise UserError(
            f"The dossier {quoted(slug)} is not loaded here any more. Nothing was changed. /settings dossiers shows "
            "those that are."
        )
    unloaded = [dossier.slug for dossier in await list_known(conn, guild_id) if dossier.unloaded_at is not None]
    kept_before = [record for dossier in unloaded for record in await slugs_of(conn, guild_id, dossier, live=True)]
    slugs = {*await slugs_of(conn, guild_id, slug), *kept_before}
    histories = await updates.histories(conn, guild_id, slugs)
    # When other dossiers were unloaded, some names had to stay. Perhaps only this dossier needed these names.
    ending = _all_of(slug, histories.values())
    for dossier in unloaded:
        ending |= {
            id_: update for id_, update in _all_of(dossier, histories.values()).items() if update.field == "name"
        }
    stays = await names_to_keep(conn, guild_id, histories, ending, ())
    ending = {id_: update for id_, update in ending.items() if id_ not in stays}
    live_before = {record for record, history in histories.items() if _names(live_updates(history))}
    stay = {
        str(name.value)
        for record in live_before
        if any(update.id in stays for update in histories[record])
        for name in _names(live_updates(histories[record]))[-1:]
    }
    gone = [
        record
        for record in live_before
        if not _names([update for update in live_updates(histories[record]) if update.id not in ending])
    ]
    no_longer_open = [update.record for update in ending.values() if update.field == "state"]
    lost = await fetch_one(
        conn,
        _Lost,
        "SELECT (SELECT count(*) FROM follow f JOIN record r ON r.id = f.record_id "
        f"WHERE r.guild_id = ?1 AND r.slug IN {in_list('?2')}) AS follows, "
        "(SELECT count(*) FROM reminder m JOIN record r ON r.id = m.record_id "
        f"WHERE r.guild_id = ?1 AND r.open = 1 AND r.slug IN {in_list('?3')} AND m.muted = 0) AS reminders",
        (guild_id, as_list(gone), as_list([*gone, *no_longer_open])),
    )
    facts = len({update.origin_key for update in ending.values() if update.dossier == slug})
    follows, reminders = (lost.follows, lost.reminders) if lost else (0, 0)
    return Unloading(slug, entry.name, facts, len(gone), tuple(sorted(stay)), follows, reminders), ending


class _Name(Struct, frozen=True):
    """The name of a dossier."""

    name: str


class _Lost(Struct, frozen=True):
    """The numbers of follows and of reminders whose record disappears when a dossier is unloaded."""

    follows: int
    reminders: int


def _all_of(dossier: str, histories: Iterable[Sequence[Update]]) -> dict[int, Update]:
    """Return all updates that have to be withdrawn so that no fact of a dossier counts any more, by id.

    A fact that an editor corrected or withdrew does not count, so it is left out. If the dossier itself corrected a
    fact, all updates of the fact are returned. If only the newest were withdrawn, the one before it would count again.
    """
    ending: dict[int, Update] = {}
    for history in histories:
        withdrawn = {update.replaces for update in history if update.action == "withdrawn"}
        counting = {update.origin_key for update in live_updates(history) if _is_of(update, dossier)}
        ending |= {
            update.id: update
            for update in history
            if _is_of(update, dossier)
            and update.action == "set"
            and update.origin_key in counting
            and update.id not in withdrawn
        }
    return ending


def _is_of(update: Update, dossier: str) -> bool:
    return update.origin == "dossier" and update.dossier == dossier


def _names(live: Iterable[Update]) -> list[Update]:
    return [update for update in live if update.field == "name"]


async def names_to_keep(
    conn: Connection,
    guild_id: int,
    histories: Mapping[str, Sequence[Update]],
    ending: Collection[int],
    changes: Sequence[Change],
) -> set[int]:
    """Return the ids of the updates in `ending` that must not be withdrawn, because a record needs the name they give.

    `ending` are the ids of updates that are about to be withdrawn, all of them of records in `histories`. `changes` are
    facts that are about to be entered. A record needs a name if other facts about it remain or are entered, or if
    remaining or entered facts of other records point to it. If it would have no other name, its newest name in `ending`
    is kept.
    """
    touched = {record for record, history in histories.items() if any(update.id in ending for update in history)}
    pointing = await fetch_values(
        conn,
        str,
        "SELECT DISTINCT f.slug FROM link l JOIN record f ON f.id = l.from_id JOIN record t ON t.id = l.to_id "
        f"WHERE t.guild_id = ? AND t.slug IN {in_list()}",
        (guild_id, as_list(touched)),
    )
    others = await updates.histories(conn, guild_id, set(pointing) - histories.keys())
    needed = {change.record for change in changes}
    for change in changes:
        field = find_field(change.kind, change.field)
        needed |= {slug for slug, _ in field.type.records(change.value)} if field else set()
    kinds = await _kinds(conn, guild_id, [*histories, *others])
    named: set[str] = {change.record for change in changes if change.field == "name"}
    for record, history in [*histories.items(), *others.items()]:
        for update in live_updates(history):
            if update.id in ending:
                continue
            needed.add(record)
            if update.field == "name":
                named.add(record)
            field = find_field(kinds[record], update.field)
            if field is not None and not isinstance(update.value, Unreadable):
                needed |= {slug for slug, _ in field.type.records(update.value)}
    return {
        update.id
        for record in (needed & touched) - named
        for update in _names(live_updates(histories[record]))[-1:]
        if update.id in ending
    }


class _Kind(Struct, frozen=True):
    """The slug and the kind of a record."""

    slug: str
    kind: Kind


async def _kinds(conn: Connection, guild_id: int, slugs: Iterable[str]) -> dict[str, Kind]:
    """Return the kinds of records by slug."""
    rows = await fetch_all(
        conn,
        _Kind,
        f"SELECT slug, kind FROM record WHERE guild_id = ? AND slug IN {in_list()}",
        (guild_id, as_list(slugs)),
    )
    return {row.slug: row.kind for row in rows}
