"""Lists the dossiers that come with the program, and loads a dossier into a guild or updates it to a newer version."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import chain
from pathlib import Path

import msgspec
from msgspec import Struct

from bot import dossier as files
from bot.dossier import Dossier, DossierFact, DossierRecord
from bot.errors import BadInput
from bot.ledger.fold import key_of, live_updates, stage_goes_back
from bot.ledger.kinds import get_field
from bot.ledger.values import quoted
from bot.ledger.words import normal
from bot.message_contents import DossierAge, Loaded
from bot.services import dossier_records, loaded_dossiers, sources, updates
from bot.services.updates import Change
from data.database import Connection, to_text
from data.records import FactDate, Update
from data.rows import fetch_value

STARTER = "india-us-2plus2-2023"
"""The key of the dossier that the first setup of a server loads, unless another is chosen."""

OLD_AFTER = timedelta(days=180)
"""When the newest fact of a dossier is older than this, people are told."""

_SHIPPED = Path(__file__).resolve().parents[2] / "data" / "dossiers"
_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)  # Shipped files are read once, whatever the time is.


NONE = "none"
"""What people write for no dossier at all."""


class Shipped(Struct, frozen=True):
    """A dossier that comes with the program.

    `key` is the name of its file without the suffix. `name` is its title. `newest` is the newest date of its facts.
    `builds_on` is the key of the dossier that has to be loaded before it, or "" for none.
    """

    key: str
    name: str
    newest: FactDate | None
    builds_on: str


@cache
def shipped() -> tuple[Shipped, ...]:
    """Return the dossiers that come with the program, sorted by name. The files are read once and cached."""
    listed: list[Shipped] = []
    for path in _SHIPPED.glob("*.yaml"):
        dossier = files.read(path.read_bytes(), now=_END_OF_TIME)
        listed.append(Shipped(path.stem, dossier.name, dossier.newest, dossier.builds_on))
    return tuple(sorted(listed, key=lambda dossier: dossier.name))


def find_shipped(text: str) -> Shipped:
    """Return the shipped dossier with this key or name. Raise BadInput, which lists the keys, if there is none."""
    for dossier in shipped():
        if text == dossier.key or normal(text) == normal(dossier.name):
            return dossier
    known = ", ".join(dossier.key for dossier in shipped())
    raise BadInput(f"{quoted(text)} is not one of the dossiers here. Nothing was changed. Write one of: {known}.")


def read_shipped(name: str, *, now: datetime) -> Dossier:
    """Return the content of the shipped dossier with this key or name. A path is not accepted. Blocks on file I/O.

    Raise BadInput, which lists the keys, when there is no such dossier.
    """
    return files.read((_SHIPPED / f"{find_shipped(name).key}.yaml").read_bytes(), now=now)


def read_with_base(name: str, *, now: datetime) -> list[Dossier]:
    """Return a shipped dossier, preceded by the dossiers that it builds on. Blocks on file I/O.

    `name` is the key or the name of the dossier. Raise BadInput, which lists the keys, when there is no such dossier.
    """
    dossier = read_shipped(name, now=now)
    return [*(read_with_base(dossier.builds_on, now=now) if dossier.builds_on else []), dossier]


def is_old(newest: FactDate | None, now: datetime) -> bool:
    """Return whether the newest fact of a dossier is older than `OLD_AFTER`. People are told of such a dossier."""
    return newest is not None and newest.day is not None and now.date() - newest.day > OLD_AFTER


async def list_old(conn: Connection, guild_id: int, *, now: datetime) -> list[DossierAge]:
    """Return the loaded dossiers of a guild whose newest fact is old (see `is_old`).

    A dossier is left out if another loaded dossier builds on it.
    """
    loaded = [dossier for dossier in await loaded_dossiers.list_known(conn, guild_id) if dossier.unloaded_at is None]
    continued = {known.builds_on for known in shipped() if known.key in [dossier.slug for dossier in loaded]}
    return [
        DossierAge(dossier.name, dossier.newest)
        for dossier in loaded
        if dossier.newest is not None and is_old(dossier.newest, now) and dossier.slug not in continued
    ]


async def load(conn: Connection, guild_id: int, dossier: Dossier, *, now: datetime, person_id: int | None) -> Loaded:
    """Enter the new facts of a dossier, correct those that changed and withdraw those that are no longer in it.

    A fact stays as it is if an editor corrected or withdrew it, or later entered another value for the same day. Raise
    BadDossier when the file names a record of the server by a name that cannot be used. Raise BadInput or another
    UserError when a fact is refused. After an exception the caller must roll back its transaction.
    """
    if dossier.builds_on:
        await _require_loaded(conn, guild_id, dossier)
    source_ids = {
        key: await sources.ensure(
            conn,
            guild_id,
            title=source.title,
            publisher=source.publisher,
            published_on=source.published_on,
            url=source.url,
            note=source.note,
            archived_url=source.archived_url,
            language=source.language,
        )
        for key, source in dossier.sources.items()
    }
    known = await dossier_records.list_known(conn, guild_id, dossier.slug)
    placed = await dossier_records.place(conn, guild_id, dossier)
    old_slugs = await loaded_dossiers.slugs_of(conn, guild_id, dossier.slug)
    slugs = {*old_slugs, *(placing.record.slug for placing in placed)}
    histories = await updates.histories(conn, guild_id, slugs, merged=False)
    live = {slug: live_updates(history) for slug, history in histories.items()}
    live_ids = {update.id for live_of_record in live.values() for update in live_of_record}
    by_key: dict[tuple[str, str, str], list[Update]] = defaultdict(list)  # Of this dossier: record, field, key of fact.
    for update in chain.from_iterable(histories.values()):
        if update.origin == "dossier" and update.dossier == dossier.slug:
            by_key[update.record, update.field, update.origin_key].append(update)

    changes: list[Change] = []
    added = changed = withdrawn = unchanged = kept = 0
    for placing in placed:
        record = placing.record
        history, live_here = histories.get(record.slug, []), live.get(record.slug, [])
        if placing.chosen == "shared" and not _names_it_so(record, dossier.slug, live_here):
            record = dossier_records.as_alias(record)
        for fact in record.facts:
            source_id = source_ids[fact.source]
            # At the previous load the field may have had a single value. The key of a single value is shorter.
            shorter = f"{dossier.slug}/{record.slug}/{fact.field}"
            earlier = by_key.pop((record.slug, fact.field, fact.key), [])
            earlier = earlier or by_key.pop((record.slug, fact.field, shorter), [])
            last = earlier[-1] if earlier and earlier[-1].action == "set" else None
            before = next((update for update in reversed(earlier) if update.action == "set"), None)
            if last is not None and _same(last, fact, source_id):
                unchanged += 1
                continue
            if before is not None and (
                (last is not None and last.id not in live_ids)
                or _editors_came_later(record, fact, source_id, before, live_here)
            ):
                kept += 1
                continue
            added, changed = added + (last is None), changed + (last is not None)
            changes.append(_change(dossier.slug, record, fact, source_id, last, history))
    gone = {
        update.id: update
        for earlier in by_key.values()
        if earlier[-1].id in live_ids
        for update in _not_withdrawn(earlier, histories[earlier[-1].record])
    }
    if gone:
        stays = await loaded_dossiers.names_to_keep(conn, guild_id, histories, gone, changes)
        gone = {id_: update for id_, update in gone.items() if id_ not in stays}
        withdrawn = len({(update.record, update.origin_key) for update in gone.values()})
    if changes:
        await updates.append(conn, guild_id, changes, now=now, person_id=person_id, origin="dossier")
    if gone:
        await updates.withdraw(
            conn,
            guild_id,
            list(gone),
            now=now,
            person_id=person_id,
            reason="No longer in the dossier",
            origin="dossier",
        )
    await _remember(conn, guild_id, dossier, now, person_id, changed=bool(changes or gone))
    await dossier_records.remember(conn, guild_id, dossier.slug, placed)
    known_keys = {row.key for row in known}
    shared = tuple(
        sorted(
            placing.record.name for placing in placed if placing.chosen == "shared" and placing.key not in known_keys
        )
    )
    return Loaded(dossier.name, added, changed, withdrawn, unchanged, kept, shared)


async def _require_loaded(conn: Connection, guild_id: int, dossier: Dossier) -> None:
    """Raise BadInput unless the dossier with the slug `dossier.builds_on` is loaded in a guild."""
    base = await fetch_value(
        conn,
        str,
        "SELECT slug FROM dossier WHERE guild_id = ? AND slug = ? AND unloaded_at IS NULL",
        (guild_id, dossier.builds_on),
    )
    if base is None:
        names = {known.key: known.name for known in shipped()}
        title = quoted(names.get(dossier.builds_on, dossier.builds_on))
        raise BadInput(
            f"{quoted(dossier.name)} builds on the dossier {title}, which is not loaded here. Nothing was changed. "
            "Load that one first with /settings load."
        )


async def _remember(
    conn: Connection, guild_id: int, dossier: Dossier, now: datetime, person_id: int | None, *, changed: bool
) -> None:
    """Store that a dossier is loaded. If `changed` is false, the time and the person of the previous load are kept."""
    newest = msgspec.json.encode(dossier.newest).decode() if dossier.newest else None
    await conn.execute(
        "INSERT INTO dossier (guild_id, slug, name, newest, loaded_at, loaded_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
        "ON CONFLICT (guild_id, slug) DO UPDATE SET name = excluded.name, newest = excluded.newest, "
        "loaded_at = CASE WHEN ?7 THEN excluded.loaded_at ELSE dossier.loaded_at END, "
        "loaded_by = CASE WHEN ?7 THEN excluded.loaded_by ELSE dossier.loaded_by END, unloaded_at = NULL",
        (guild_id, dossier.slug, dossier.name, newest, to_text(now), person_id, changed),
    )


def _names_it_so(record: DossierRecord, dossier: str, live: Sequence[Update]) -> bool:
    """Return whether an update that is not of the dossier gives a record the same name as the dossier."""
    names = [update.value for update in live if update.field == "name" and update.dossier != dossier]
    return any(normal(str(name)) == normal(record.name) for name in names)


def _same(last: Update, fact: DossierFact, source_id: int) -> bool:
    """Return whether a fact of a dossier has the same value, date, source and locator as `last`, its last update."""
    in_ledger = (last.value, last.date, last.source_id, last.locator)
    return in_ledger == (fact.value, fact.date, source_id, fact.locator)


def _editors_came_later(
    record: DossierRecord, fact: DossierFact, source_id: int, last: Update, live: Sequence[Update]
) -> bool:
    """Return whether an editor entered, after the update `last`, a value that loading `fact` would override.

    Such a value has the same field and the same fact date. In a list it also has the same item. A field with variants
    keeps different amounts side by side, so there the value and the source must be the same too.
    """
    field = get_field(record.kind, fact.field)
    return any(
        update.origin == "editor"
        and update.id > last.id
        and update.field == fact.field
        and update.date.day == fact.date.day
        and (field.rule == "replace" or key_of(field, update.value) == fact.item)
        and (field.rule != "variants" or (update.source_id, update.value) == (source_id, fact.value))
        for update in live
    )


def _change(
    dossier: str,
    record: DossierRecord,
    fact: DossierFact,
    source_id: int,
    last: Update | None,
    history: Sequence[Update],
) -> Change:
    """Return the change that enters a fact of a dossier. If `last` is given, the change corrects this update.

    Raise BadInput when the fact moves the stage of a deal back and gives no reason.
    """
    if fact.field == "stage" and not fact.reason:
        others = [update for update in history if last is None or update.id != last.id]
        if stage_goes_back(others, str(fact.value), fact.date):
            raise BadInput(
                f"The stage of {quoted(record.title)} in the dossier is a step back from what is on the record here, "
                "so it needs a reason. Nothing was changed. Write reason: below it in the file, or first withdraw what "
                "is wrong in the record."
            )
    return Change(
        record=record.slug,
        kind=record.kind,
        field=fact.field,
        value=fact.value,
        date=fact.date,
        source_id=source_id,
        locator=fact.locator,
        reason=fact.reason or ("Corrected in the dossier" if last else ""),
        replaces=last.id if last else None,
        origin_key=fact.key,
        dossier=dossier,
    )


def _not_withdrawn(fact_updates: Sequence[Update], history: Sequence[Update]) -> list[Update]:
    """Return the updates of one fact of a dossier that set a value and are not withdrawn yet.

    All of them have to be withdrawn to end the fact. If only the newest were withdrawn, the one that it replaced would
    count again.
    """
    withdrawn = {update.replaces for update in history if update.action == "withdrawn"}
    return [update for update in fact_updates if update.action == "set" and update.id not in withdrawn]
