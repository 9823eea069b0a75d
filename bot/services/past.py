"""Records as they stood on a past day, folded in memory from the facts that count by then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from bot.ledger import fold
from bot.ledger.brief import brief
from bot.ledger.fields import find_field
from bot.services import updates
from data.database import Connection
from data.records import Kind, Link, Opened, Record, State

_AROUND = 80
"""So many linked records are folded with one; of those with more, the newest and all that is pending."""


async def get_many(conn: Connection, guild_id: int, found: Sequence[Opened], day: date) -> dict[str, Opened]:
    """Records as they stood at the end of a day, by slug. What had no dated or undated fact by then is left out."""
    around: dict[str, Kind] = {}
    for one in found:
        links = sorted(one.links, key=lambda link: link.kind != "pending")
        around |= {link.slug: link.kind for link in links[:_AROUND]}
    own: dict[str, Kind] = {one.record.slug: one.record.kind for one in found}
    kinds = around | own
    histories = await updates.histories(conn, guild_id, kinds)
    # A record can have pointed to one with which it is not linked today.
    known = {slug: one for one in found for slug, one in [(one.record.slug, one.record.name)]}
    known |= {link.slug: link.name for one in found for link in one.links}
    states = {slug: fold.fold(kind, histories.get(slug, []), as_of=day) for slug, kind in kinds.items()}
    names = known | {slug: _one(state, "name") for slug, state in states.items() if _one(state, "name")}
    missing = {slug for state in states.values() for slug in _pointed_to(state)} - set(names)
    if missing:
        rows = await conn.execute_fetchall(
            "SELECT slug, name FROM record WHERE guild_id = ? AND slug IN (SELECT value FROM json_each(?))",
            (guild_id, msgspec.json.encode(sorted(missing)).decode()),
        )
        names |= {slug: name for slug, name in rows if name}  # a Row is no pair
    return {one.record.slug: opened for one in found if (opened := _opened(one, kinds, states, names)) is not None}


def _opened(
    today: Opened,
    kinds: dict[str, Kind],
    states: dict[str, State],
    names: dict[str, str],
) -> Opened | None:
    found = today.record
    state = states[found.slug]
    if not _one(state, "name"):
        return None
    outward = _links(found.kind, state)
    inward = [
        (slug, field, role)
        for slug in kinds
        if slug != found.slug and _one(states[slug], "name")
        for to, field, role in _links(kinds[slug], states[slug])
        if to == found.slug
    ]
    about = {slug for slug, field, _ in inward if kinds[slug] == "pending" and field == "about"}
    waiting = sorted(slug for slug in about if _is_open(states[slug]))
    items = [(names[slug], _one(states[slug], "item_kind")) for slug in waiting]
    known = {link.slug: link for link in today.links}

    def link(slug: str, field: str, role: str, *, out: bool) -> Link:
        there = known.get(slug)
        kind = kinds.get(slug) or (there.kind if there else "participant")
        state = states.get(slug)
        is_open = kind == "pending" and state is not None and _is_open(state)
        headline = brief(kind, state, names) if state is not None and kind != "deal" else ""
        item_kind = _one(state, "item_kind") if is_open and state is not None else ""
        return Link(field, role, out, kind, slug, names.get(slug, slug), headline, is_open, item_kind)

    links = [link(slug, field, role, out=True) for slug, field, role in outward]
    links += [link(slug, field, role, out=False) for slug, field, role in inward]
    record = Record(
        id=found.id,
        kind=found.kind,
        slug=found.slug,
        name=_one(state, "name"),
        headline=brief(found.kind, state, names, items),
        open=found.kind == "pending" and _is_open(state),
        state=state,
    )
    return Opened(record, links, today.sources, today.editor_role_id, today.zone)


def _links(kind: Kind, state: State) -> list[tuple[str, str, str]]:
    """The slugs that a state points to, each with the field and the role."""
    found: dict[tuple[str, str, str], None] = {}
    for name, facts in state.facts.items():
        field = find_field(kind, name)
        if field is not None:
            found |= {(slug, name, role): None for fact in facts for slug, role in field.type.records(fact.value)}
    return list(found)


def _pointed_to(state: State) -> set[str]:
    return {
        fact.value["record"]
        for facts in state.facts.values()
        for fact in facts
        if isinstance(fact.value, dict) and fact.value.get("record")
    }


def _one(state: State, field: str) -> str:
    facts = state.facts.get(field)
    return facts[-1].value if facts else ""


def _is_open(state: State) -> bool:
    return bool(_one(state, "name")) and _one(state, "state") == "open"
