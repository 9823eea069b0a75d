"""Lists the dossiers that come with the program, and loads a dossier into a guild or updates it to a newer version."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from itertools import chain
from pathlib import Path

from msgspec import Struct

from bot import dossier as files
from bot.dossier import Dossier, DossierFact, DossierRecord
from bot.errors import BadInput
from bot.ledger.fold import key_of, live_updates, stage_goes_back
from bot.ledger.kinds import get_field
from bot.ledger.values import quoted
from bot.ledger.words import normal
from bot.services import sources, updates
from bot.services.updates import Change
from data.database import Connection
from data.records import Update
from data.rows import fetch_values

_SHIPPED = Path(__file__).resolve().parents[2] / "data" / "dossiers"


class Shipped(Struct, frozen=True):
    """A dossier that comes with the program. `key` is the name of its file without the suffix, `name` its title."""

    key: str
    name: str


class Loaded(Struct, frozen=True):
    """The result of loading a dossier. All numbers count facts.

    `added`, `changed` and `unchanged` compare the file with what was loaded before. `withdrawn` facts are no longer in
    the file. `kept` facts changed in the file, but were left as an editor had changed them.
    """

    name: str
    added: int
    changed: int
    withdrawn: int
    unchanged: int
    kept: int


@cache
def shipped() -> tuple[Shipped, ...]:
    """Return the dossiers that come with the program, sorted by name. The files are read once and cached."""
    listed = [Shipped(path.stem, files.title(path.read_bytes())) for path in _SHIPPED.glob("*.yaml")]
    return tuple(sorted(listed, key=lambda dossier: dossier.name))


def names(slugs: Sequence[str]) -> list[str]:
    """Return the names of dossiers in the order of their slugs. For one that is not shipped, its slug is returned."""
    known = {dossier.key: dossier.name for dossier in shipped()}
    return [known.get(slug, slug) for slug in slugs]


def read_shipped(name: str, *, now: datetime) -> Dossier:
    """Return the content of the shipped dossier with this key or name. A path is not accepted. Blocks on file I/O.

    Raise BadInput, which lists the keys, when there is no such dossier.
    """
    for dossier in shipped():
        if name == dossier.key or normal(name) == normal(dossier.name):
            return files.read((_SHIPPED / f"{dossier.key}.yaml").read_bytes(), now=now)
    known = ", ".join(dossier.key for dossier in shipped())
    raise BadInput(f"{quoted(name)} is not one of the dossiers here. Nothing was changed. Write one of: {known}.")


async def load(conn: Connection, guild_id: int, dossier: Dossier, *, now: datetime, person_id: int | None) -> Loaded:
    """Enter the new facts of a dossier, correct those that changed and withdraw those that are no longer in it.

    A fact stays as it is when an editor corrected or withdrew it, or later entered another value for the same day.
    Raise BadInput or UserError when a fact is refused; the caller's transaction must then be rolled back.
    """
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
    known = await fetch_values(
        conn,
        str,
        "SELECT DISTINCT r.slug FROM ledger u JOIN record r ON r.id = u.record_id "
        "WHERE u.guild_id = ? AND u.dossier = ? AND u.dossier <> ''",
        (guild_id, dossier.slug),
    )
    slugs = {*known, *(record.slug for record in dossier.records)}
    histories = await updates.histories(conn, guild_id, slugs)
    live = {slug: live_updates(history) for slug, history in histories.items()}
    live_ids = {update.id for live_of_record in live.values() for update in live_of_record}
    by_key: dict[str, list[Update]] = defaultdict(list)  # The updates of this dossier, by the key of their fact.
    for update in chain.from_iterable(histories.values()):
        if update.origin == "dossier" and update.dossier == dossier.slug:
            by_key[update.origin_key].append(update)

    changes: list[Change] = []
    to_withdraw: list[int] = []
    added = changed = withdrawn = unchanged = kept = 0
    for record in dossier.records:
        history = histories.get(record.slug, [])
        for fact in record.facts:
            source_id = source_ids[fact.source]
            earlier = by_key.pop(fact.key, [])
            last = earlier[-1] if earlier and earlier[-1].action == "set" else None
            if last is None:
                added += 1
            elif _same(last, fact, source_id):
                unchanged += 1
                continue
            elif last.id not in live_ids or _editors_came_later(record, fact, source_id, last, live[record.slug]):
                kept += 1
                continue
            else:
                changed += 1
            changes.append(_change(dossier.slug, record, fact, source_id, last, history))
    for earlier in by_key.values():
        if earlier[-1].id in live_ids:
            withdrawn += 1
            to_withdraw += _not_withdrawn(earlier, histories[earlier[-1].record])
    if changes:
        await updates.append(conn, guild_id, changes, now=now, person_id=person_id, origin="dossier")
    if to_withdraw:
        await updates.withdraw(
            conn,
            guild_id,
            to_withdraw,
            now=now,
            person_id=person_id,
            reason="No longer in the dossier",
            origin="dossier",
        )
    return Loaded(dossier.name, added, changed, withdrawn, unchanged, kept)


def _same(last: Update, fact: DossierFact, source_id: int) -> bool:
    """Return whether a dossier fact and its last update have the same value, date, source and locator."""
    in_ledger = (last.value, last.date, last.source_id, last.locator)
    return in_ledger == (fact.value, fact.date, source_id, fact.locator)


def _editors_came_later(
    record: DossierRecord, fact: DossierFact, source_id: int, last: Update, live: Sequence[Update]
) -> bool:
    """Return whether an editor entered, after the update `last`, a value that loading `fact` would override.

    That is a value of the same field and fact date. In a list the item must be the same too. In a field with variants
    different amounts stand side by side, so the editor must have entered the same amount of the same source.
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
    """Return the change that enters a dossier fact, as a correction of its update `last` if there is one.

    Raise BadInput when the fact is the stage of a deal, is a step back in the deal's history and has no reason.
    """
    if fact.field == "stage" and not fact.reason:
        others = [update for update in history if last is None or update.id != last.id]
        if stage_goes_back(others, str(fact.value), fact.date):
            raise BadInput(
                f"The stage of {quoted(record.name)} in the dossier is a step back from what is on the record here, so "
                "it needs a reason. Nothing was changed. Write reason: below it in the file."
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


def _not_withdrawn(fact_updates: Sequence[Update], history: Sequence[Update]) -> list[int]:
    """Return the ids of those updates of one dossier fact that set a value and are not withdrawn yet.

    All of them have to be withdrawn to end the fact. Withdrawing only the newest would bring back the one it replaced.
    """
    withdrawn = {update.replaces for update in history if update.action == "withdrawn"}
    return [update.id for update in fact_updates if update.action == "set" and update.id not in withdrawn]
