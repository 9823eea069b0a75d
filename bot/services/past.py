"""Records as they stood on a past day, folded in memory from the facts that count by then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.ledger import fold
from bot.ledger.cited import bare
from bot.ledger.kinds import find_field
from bot.ledger.stage import AwaitedItem
from bot.ledger.status import status
from bot.services import records, updates
from data.database import Connection
from data.records import Fact, Kind, Link, Opened, Record, State

_AROUND = 80
"""So many linked records are folded with one; of those with more, the newest and all that is pending."""


async def get_many(conn: Connection, guild_id: int, found: Sequence[Opened], day: date) -> dict[str, Opened]:
    """Return records as they stood at the end of a day, by slug, without those that had no name by then."""
    around: dict[str, Kind] = {}
    for one in found:
        links = sorted(one.links, key=lambda link: link.kind != "pending")
        around |= {link.slug: link.kind for link in links[:_AROUND]}
    own: dict[str, Kind] = {one.record.slug: one.record.kind for one in found}
    kinds = around | own
    histories = await updates.histories(conn, guild_id, kinds)
    # A record can have pointed to one with which it is not linked today.
    known = {one.record.slug: one.record.name for one in found}
    known |= {link.slug: link.name for one in found for link in one.links}
    states = {slug: fold.fold(kind, histories.get(slug, []), as_of=day) for slug, kind in kinds.items()}
    names = known | {slug: name for slug, state in states.items() if (name := state.text("name"))}
    pointed_to = {to for slug, state in states.items() for to, *_ in _links(kinds[slug], state)}
    if missing := pointed_to - names.keys():
        names |= await records.names(conn, guild_id, missing)
    return {one.record.slug: opened for one in found if (opened := _opened(one, kinds, states, names)) is not None}


def _opened(
    today: Opened,
    kinds: dict[str, Kind],
    states: dict[str, State],
    names: dict[str, str],
) -> Opened | None:
    found = today.record
    state = states[found.slug]
    name = state.text("name")
    if not name:
        return None
    outward = _links(found.kind, state)
    inward = [
        (slug, field, role, fact)
        for slug in kinds
        if slug != found.slug and states[slug].text("name")
        for to, field, role, fact in _links(kinds[slug], states[slug])
        if to == found.slug
    ]
    about = {slug for slug, field, *_ in inward if field == "about"}
    waiting = sorted(slug for slug in about if _is_open(kinds[slug], states[slug]))
    items = [AwaitedItem(names[slug], states[slug].text("item_kind"), states[slug].fact("state")) for slug in waiting]
    known = {link.slug: link for link in today.links}

    def link(slug: str, field: str, role: str, fact: Fact[object], *, out: bool) -> Link:
        there = known.get(slug)
        kind = kinds.get(slug) or (there.kind if there else "participant")
        state = states.get(slug)
        if state is None:
            return Link(field, role, out, kind, slug, names.get(slug, slug), (), False, fact)
        # How a deal stands depends on its own open items, which are not folded here.
        said = status(kind, state, names) if kind != "deal" else ()
        opened_by = state.fact("state") if _is_open(kind, state) else None
        item_kind = state.text("item_kind") if opened_by else ""
        return Link(
            field, role, out, kind, slug, names.get(slug, slug), said, opened_by is not None, fact, item_kind, opened_by
        )

    links = [link(slug, field, role, fact, out=True) for slug, field, role, fact in outward]
    links += [link(slug, field, role, fact, out=False) for slug, field, role, fact in inward]
    record = Record(
        id=found.id,
        kind=found.kind,
        slug=found.slug,
        name=name,
        status=status(found.kind, state, names, items),
        open=_is_open(found.kind, state),
        state=state,
    )
    return Opened(record, links, today.sources, today.editor_role_id, today.zone)


def _links(kind: Kind, state: State) -> list[tuple[str, str, str, Fact[object]]]:
    """Return the slugs that a state points to, each with the field, the role and the fact, without its value."""
    found: dict[tuple[str, str, str], Fact[object]] = {}
    for name, facts in state.fields.items():
        field = find_field(kind, name)
        if field is not None:
            found |= {(slug, name, role): bare(fact) for fact in facts for slug, role in field.type.records(fact.value)}
    return [(*key, fact) for key, fact in found.items()]


def _is_open(kind: Kind, state: State) -> bool:
    return kind == "pending" and bool(state.text("name")) and state.text("state") == "open"
