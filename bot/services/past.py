"""Rebuilds records as they were on a past day, in memory, from the updates that are dated up to that day or undated."""

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
"""For each record, at most this many linked records are rebuilt: its pending items first, then the others."""


async def get_many(conn: Connection, guild_id: int, today: Sequence[Opened], day: date) -> dict[str, Opened]:
    """Return records as they were at the end of `day`, by slug. Records that had no name at that time are left out.

    `today` are the same records as they are now. Links are looked for among these records, and among the first 80
    records to which each of them is linked now, pending items first.
    """
    linked: dict[str, Kind] = {}
    for opened in today:
        links = sorted(opened.links, key=lambda link: link.kind != "pending")
        linked |= {link.slug: link.kind for link in links[:_AROUND]}
    kinds = linked | {opened.record.slug: opened.record.kind for opened in today}
    histories = await updates.histories(conn, guild_id, kinds)
    names_today = {opened.record.slug: opened.record.name for opened in today}
    names_today |= {link.slug: link.name for opened in today for link in opened.links}
    states = {slug: fold.fold(kind, histories.get(slug, []), as_of=day) for slug, kind in kinds.items()}
    names = names_today | {slug: name for slug, state in states.items() if (name := state.text("name"))}
    pointed_to = {to for slug, state in states.items() for to, *_ in _links(kinds[slug], state)}
    if missing := pointed_to - names.keys():  # Linked on that day, but not today.
        names |= await records.names(conn, guild_id, missing)
    then = [_opened(opened, kinds, states, names) for opened in today]
    return {opened.record.slug: opened for opened in then if opened is not None}


def _opened(
    today: Opened,
    kinds: dict[str, Kind],
    states: dict[str, State],
    names: dict[str, str],
) -> Opened | None:
    """Return one record with its links as they were on the past day. Return None when it had no name at that time.

    `today` is the record as it is now. The keys of `kinds`, `states` and `names` are slugs. `states` are the states of
    records on the past day.
    """
    record_today = today.record
    state = states[record_today.slug]
    name = state.text("name")
    if not name:
        return None
    outward = _links(record_today.kind, state)
    inward = [
        (slug, field, role, fact)
        for slug in kinds
        if slug != record_today.slug and states[slug].text("name")
        for to, field, role, fact in _links(kinds[slug], states[slug])
        if to == record_today.slug
    ]
    about = {slug for slug, field, *_ in inward if field == "about"}
    waiting = sorted(slug for slug in about if _is_open(kinds[slug], states[slug]))
    items = [AwaitedItem(names[slug], states[slug].text("item_kind"), states[slug].fact("state")) for slug in waiting]
    links_today = {link.slug: link for link in today.links}

    def link(slug: str, field: str, role: str, fact: Fact[object], *, out: bool) -> Link:
        link_today = links_today.get(slug)
        kind = kinds.get(slug) or (link_today.kind if link_today else "participant")
        state = states.get(slug)
        if state is None:
            return Link(field, role, out, kind, slug, names.get(slug, slug), (), False, fact)
        # The status line of a deal depends on its open pending items, whose states on that day are not known here.
        status_line = status(kind, state, names) if kind != "deal" else ()
        opened_by = state.fact("state") if _is_open(kind, state) else None
        item_kind = state.text("item_kind") if opened_by else ""
        return Link(
            field,
            role,
            out,
            kind,
            slug,
            names.get(slug, slug),
            status_line,
            opened_by is not None,
            fact,
            item_kind,
            opened_by,
        )

    links = [link(slug, field, role, fact, out=True) for slug, field, role, fact in outward]
    links += [link(slug, field, role, fact, out=False) for slug, field, role, fact in inward]
    record = Record(
        id=record_today.id,
        kind=record_today.kind,
        slug=record_today.slug,
        name=name,
        status=status(record_today.kind, state, names, items),
        open=_is_open(record_today.kind, state),
        state=state,
    )
    return Opened(record, links, today.sources, today.editor_role_id, today.zone)


def _links(kind: Kind, state: State) -> list[tuple[str, str, str, Fact[object]]]:
    """Return the links from a record to others, as (other slug, field name, role, fact without its value)."""
    facts_by_link: dict[tuple[str, str, str], Fact[object]] = {}
    for name, facts in state.fields.items():
        field = find_field(kind, name)
        if field is not None:
            facts_by_link |= {
                (slug, name, role): bare(fact) for fact in facts for slug, role in field.type.records(fact.value)
            }
    return [(*key, fact) for key, fact in facts_by_link.items()]


def _is_open(kind: Kind, state: State) -> bool:
    """Return whether a record is a pending item that has a name and is open. `state` is the record's state."""
    return kind == "pending" and bool(state.text("name")) and state.text("state") == "open"
