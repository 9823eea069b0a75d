"""Maps the records of a dossier file, and the records of the server that the file names, to records of the guild."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from bot.dossier import BadDossier, Dossier, DossierFact, DossierRecord, Mistake
from bot.ledger.kinds import KIND_WORDS, get_field
from bot.ledger.stored import decode_state
from bot.ledger.values import quoted, record_of
from bot.ledger.words import normal
from data.database import Connection
from data.records import Kind, ListedText
from data.rows import as_list, fetch_all, fetch_values, in_list

SHARED_TYPES = ("country", "organisation")
"""The types of participants that several dossiers can share. Places can be shared too, and no other records."""

_LONGEST_SLUG = 50

Chosen = Literal["new", "shared", "existing"]
"""How the record of the guild was chosen: made for the dossier, found by name, or named by the file as existing."""


class Placing(Struct, frozen=True):
    """A record of a dossier, with slugs of the guild in place of keys of the file.

    `key` is the key that the record has in the file. `chosen` says how its record of the guild was chosen.
    """

    key: str
    record: DossierRecord
    chosen: Chosen


class _Known(Struct, frozen=True):
    """A key of a dossier, and the record of the guild that an earlier load stored for this key."""

    key: str
    record_id: int
    slug: str
    kind: Kind
    live: bool
    chosen: Chosen


class _Named(Struct, frozen=True):
    """A record of the guild, and one of its names, normalised (`norm`). `state` is JSON."""

    norm: str
    id: int
    slug: str
    kind: Kind
    name: str
    state: str


async def place(conn: Connection, guild_id: int, dossier: Dossier) -> list[Placing]:
    """Return the records of a dossier as they are to be entered, in the order of the file.

    Each of them gets a slug of the guild. It is the slug of (a) the existing record that the file names, (b) the record
    that an earlier load stored for its key, or (c) a country, organisation or place that has the same kind and a name
    in common. If there is no such record, it is a new slug. Raise BadDossier when the file gives the name of an
    existing record, but no record of the guild has this name, or several have it.
    """
    known = {row.key: row for row in await list_known(conn, guild_id, dossier.slug)}
    named = await _by_name(conn, guild_id, dossier)
    mistakes: list[Mistake] = []
    slugs: dict[str, str] = {}  # The key of a record or reference -> its slug in the guild.
    chosen: dict[str, Chosen] = {}
    for key, reference in dossier.references.items():
        matches = _distinct(row for row in named[normal(reference.name)] if row.kind in reference.kinds)
        if len(matches) == 1:
            slugs[key] = matches[0].slug
            continue
        wanted = " or ".join(KIND_WORDS[kind][0] for kind in reference.kinds)
        mistakes.append(
            Mistake(reference.line, reference.path, _not_one(reference.name, wanted, matches, reference.hint))
        )
    for record in dossier.records:
        before = known.get(record.slug)
        if not record.existing:
            if before is not None and before.chosen != "existing":
                slugs[record.slug], chosen[record.slug] = before.slug, before.chosen
            continue
        chosen[record.slug] = "existing"
        matches = _distinct(row for row in named[normal(record.existing)] if row.kind == record.kind)
        if before is not None and before.live and (not matches or before.slug in [row.slug for row in matches]):
            slugs[record.slug] = before.slug
        elif len(matches) == 1:
            slugs[record.slug] = matches[0].slug
        else:
            wanted = KIND_WORDS[record.kind][0]
            mistakes.append(Mistake(record.line, record.path, _not_one(record.existing, wanted, matches, "")))
    if mistakes:
        raise BadDossier(mistakes)

    unplaced = [record for record in dossier.records if record.slug not in slugs]
    used = set(slugs.values())
    # Countries come first, since organisations are told apart by their country.
    for record in sorted(unplaced, key=lambda record: "country" not in record.texts("type")):
        candidates = [row for name in _names_of(record) for row in named[normal(name)] if row.slug not in used]
        shared = _shared(record, candidates, slugs)
        if shared is not None:
            slugs[record.slug], chosen[record.slug] = shared.slug, "shared"
            used.add(shared.slug)
    fresh = [record.slug for record in unplaced if record.slug not in slugs]
    slugs |= await _free_slugs(conn, guild_id, fresh, used)
    return [Placing(record.slug, _moved(record, slugs), chosen.get(record.slug, "new")) for record in dossier.records]


async def list_known(conn: Connection, guild_id: int, dossier: str) -> list[_Known]:
    """Return the records of the guild that earlier loads stored for the keys of a dossier; [] for a new dossier."""
    return await fetch_all(
        conn,
        _Known,
        "SELECT d.key, r.id AS record_id, r.slug, r.kind, r.live, d.chosen FROM dossier_record d "
        "JOIN record r ON r.id = d.record_id WHERE d.guild_id = ? AND d.dossier = ?",
        (guild_id, dossier),
    )


async def remember(conn: Connection, guild_id: int, dossier: str, placed: Sequence[Placing]) -> None:
    """Store, for each key of a dossier, which record of the guild it means. Call this after its facts were entered."""
    await conn.executemany(
        "INSERT INTO dossier_record (guild_id, dossier, key, record_id, chosen) "
        "SELECT ?, ?, ?, id, ? FROM record WHERE guild_id = ? AND slug = ? "
        "ON CONFLICT (guild_id, dossier, key) DO UPDATE SET record_id = excluded.record_id, chosen = excluded.chosen",
        [(guild_id, dossier, placing.key, placing.chosen, guild_id, placing.record.slug) for placing in placed],
    )


async def _by_name(conn: Connection, guild_id: int, dossier: Dossier) -> dict[str, list[_Named]]:
    """Return the live records of a guild with a name that also occurs in a dossier, by this name, normalised."""
    names = [name for record in dossier.records for name in _names_of(record)]
    names += [reference.name for reference in dossier.references.values()]
    rows = await fetch_all(
        conn,
        _Named,
        "SELECT n.norm, r.id, r.slug, r.kind, r.name, r.state FROM name n JOIN record r ON r.id = n.record_id "
        f"WHERE n.guild_id = ? AND n.match_kind = 0 AND n.norm IN {in_list()} AND r.live = 1 ORDER BY r.id",
        (guild_id, as_list({normal(name) for name in names})),
    )
    by_name: dict[str, list[_Named]] = defaultdict(list)
    for row in rows:
        by_name[row.norm].append(row)
    return by_name


def _names_of(record: DossierRecord) -> list[str]:
    return [record.title, *record.texts("alias")]


def _distinct(rows: Iterable[_Named]) -> list[_Named]:
    """Return rows so that each record occurs only once."""
    return list({row.id: row for row in rows}.values())


def _not_one(name: str, wanted: str, matches: Sequence[_Named], hint: str) -> str:
    """Return the reason why a name cannot stand for a record of the server: none has it, or all `matches` have it."""
    if not matches:
        return (
            f"{quoted(name)} is no record of this file, and not in the record of this server as a {wanted}.{hint} "
            "Correct the name, or load the dossier that has it first."
        )
    names = ", ".join(f"{row.name} ({KIND_WORDS[row.kind][0]})" for row in matches[:5])
    return (
        f"{quoted(name)} is the name of several records of this server: {names}. Write a name or alias that only one "
        "of them has."
    )


def _shared(record: DossierRecord, candidates: Sequence[_Named], slugs: dict[str, str]) -> _Named | None:
    """Return the record of the guild that a record of a dossier is to share, or None for none.

    `candidates` are records of the guild that have one of its names. Only places and participants are shared.
    Participants must have the same type (country or organisation) and the same country. At least one of the two must
    state the type. A missing type or country does not count as a difference. If several candidates fit, only one with
    the same main name is returned.
    """
    if record.kind not in ("participant", "place"):
        return None
    agreeing = [row for row in _distinct(candidates) if row.kind == record.kind and _agrees(record, row, slugs)]
    if len(agreeing) > 1:
        agreeing = [row for row in agreeing if normal(row.name) == normal(record.name)]
    return agreeing[0] if len(agreeing) == 1 else None


def _agrees(record: DossierRecord, row: _Named, slugs: dict[str, str]) -> bool:
    """Return whether a record of a dossier agrees with a candidate of the guild in type and country (see `_shared`)."""
    if record.kind == "place":
        return True
    state = decode_state(row.kind, row.state)
    types = {state.text("type"), *record.texts("type")[-1:]} - {""}
    if len(types) != 1 or not types <= set(SHARED_TYPES):
        return False
    known = record_of(state.value("country"))
    countries = [record_of(fact.value) for fact in record.facts if fact.field == "country"]
    return not known or not countries or slugs.get(countries[-1]) == known


async def _free_slugs(conn: Connection, guild_id: int, keys: Sequence[str], used: set[str]) -> dict[str, str]:
    """Return, for each key, a slug that no record of the guild has and that is not in `used`.

    It is the key itself or, if the key is taken already, a slug like "signature-2".
    """
    taken = used | set(
        await fetch_values(
            conn,
            str,
            f"SELECT slug FROM record WHERE guild_id = ? AND slug IN {in_list()}",
            (guild_id, as_list(keys)),
        )
    )
    slugs = {key: key for key in keys if key not in taken}
    clashing = [key for key in keys if key in taken]
    taken |= set(slugs)
    if clashing:
        taken |= set(await fetch_values(conn, str, "SELECT slug FROM record WHERE guild_id = ?", (guild_id,)))
    for key in clashing:
        number, slug = 2, key
        while slug in taken:
            ending = f"-{number}"
            slug, number = key[: _LONGEST_SLUG - len(ending)].rstrip("-") + ending, number + 1
        slugs[key] = slug
        taken.add(slug)
    return slugs


def _moved(record: DossierRecord, slugs: dict[str, str]) -> DossierRecord:
    """Return a record of a dossier with the slugs of the guild in place of the keys of the file."""
    facts: list[DossierFact] = []
    for fact in record.facts:
        field = get_field(record.kind, fact.field)
        value = field.type.repointed(fact.value, slugs)
        item = "" if field.rule == "replace" else field.type.key(value)
        facts.append(replace(fact, value=value, item=item))
    return replace(record, slug=slugs[record.slug], facts=tuple(facts))


def as_alias(record: DossierRecord) -> DossierRecord:
    """Return a record of a dossier with its name turned into an alias, so that it does not rename a shared record."""
    field = get_field(record.kind, "alias")
    known = {normal(alias) for alias in record.texts("alias")}
    facts: list[DossierFact] = []
    for fact in record.facts:
        if fact.field != "name":
            facts.append(fact)
        elif normal(str(fact.value)) not in known:
            value = ListedText(str(fact.value))
            facts.append(replace(fact, field="alias", value=value, item=field.type.key(value)))
    return replace(record, facts=tuple(facts))
