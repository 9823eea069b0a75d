"""Dossiers: those that are shipped, and loading one into a server. Loading it again adds only what is new."""

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
    """A dossier that comes with the program: what its file is called, and its name."""

    key: str
    name: str


class Loaded(Struct, frozen=True):
    """The result of loading a dossier, counted in facts.

    `kept` are those that changed in the file but stay as editors have them.
    """

    name: str
    added: int
    changed: int
    withdrawn: int
    unchanged: int
    kept: int


@cache
def shipped() -> tuple[Shipped, ...]:
    """Return the dossiers that come with the program, by name. Their files do not change while it runs."""
    found = [Shipped(path.stem, files.title(path.read_bytes())) for path in _SHIPPED.glob("*.yaml")]
    return tuple(sorted(found, key=lambda one: one.name))


def names(slugs: Sequence[str]) -> list[str]:
    """Return the names of dossiers by their slugs; of one that is no longer shipped only the slug is left."""
    known = {one.key: one.name for one in shipped()}
    return [known.get(slug, slug) for slug in slugs]


def read_shipped(name: str, *, now: datetime) -> Dossier:
    """Return a shipped dossier by its key or name, never by a path. Raise BadInput, which names those there are."""
    for one in shipped():
        if name == one.key or normal(name) == normal(one.name):
            return files.read((_SHIPPED / f"{one.key}.yaml").read_bytes(), now=now)
    known = ", ".join(one.key for one in shipped())
    raise BadInput(f"{quoted(name)} is not one of the dossiers here. Nothing was changed. Write one of: {known}.")


async def load(conn: Connection, guild_id: int, dossier: Dossier, *, now: datetime, person_id: int | None) -> Loaded:
    """Enter what is new in a dossier, correct what changed in it and withdraw what is gone from it.

    What editors corrected or took back stays as they have it, and so does what they entered later for the same day.
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
    there = {*known, *(record.slug for record in dossier.records)}
    histories = await updates.histories(conn, guild_id, there)
    live = {slug: live_updates(history) for slug, history in histories.items()}
    live_ids = {update.id for found in live.values() for update in found}
    own: dict[str, list[Update]] = defaultdict(list)
    for update in chain.from_iterable(histories.values()):
        if update.origin == "dossier" and update.dossier == dossier.slug:
            own[update.origin_key].append(update)

    changes: list[Change] = []
    gone: list[int] = []
    added = changed = withdrawn = unchanged = kept = 0
    for record in dossier.records:
        history = histories.get(record.slug, [])
        for fact in record.facts:
            source_id = source_ids[fact.source]
            mine = own.pop(fact.key, [])
            last = mine[-1] if mine and mine[-1].action == "set" else None
            if last is None:
                added += 1
            elif _same(last, fact, source_id):
                unchanged += 1
                continue
            elif last.id not in live_ids or _editors_stand(record, fact, source_id, last, live[record.slug]):
                kept += 1
                continue
            else:
                changed += 1
            changes.append(_change(dossier.slug, record, fact, source_id, last, history))
    for mine in own.values():
        if mine[-1].id in live_ids:
            withdrawn += 1
            gone += _chain(mine, histories[mine[-1].record])
    if changes:
        await updates.append(conn, guild_id, changes, now=now, person_id=person_id, origin="dossier")
    if gone:
        await updates.withdraw(
            conn, guild_id, gone, now=now, person_id=person_id, reason="No longer in the dossier", origin="dossier"
        )
    return Loaded(dossier.name, added, changed, withdrawn, unchanged, kept)


def _same(last: Update, fact: DossierFact, source_id: int) -> bool:
    there = (last.value, last.date, last.source_id, last.locator)
    return there == (fact.value, fact.date, source_id, fact.locator)


def _editors_stand(
    record: DossierRecord, fact: DossierFact, source_id: int, last: Update, live: Sequence[Update]
) -> bool:
    """Return whether editors entered a fact after the dossier's that a new update of the same day would override."""
    field = get_field(record.kind, fact.field)
    return any(
        update.origin == "editor"
        and update.id > last.id
        and update.field == fact.field
        and update.date.day == fact.date.day
        and (field.rule == "replace" or key_of(field, update.value) == fact.item)
        and (field.rule != "variants" or update.source_id == source_id)
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


def _chain(mine: Sequence[Update], history: Sequence[Update]) -> list[int]:
    """Return the updates of a fact that are not withdrawn: to end the fact, all of them have to be.

    Withdrawing the newest alone would bring back the one that it replaced.
    """
    withdrawn = {update.replaces for update in history if update.action == "withdrawn"}
    return [update.id for update in mine if update.action == "set" and update.id not in withdrawn]
