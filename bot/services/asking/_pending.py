"""What is open: who must act, and by when."""

# pyright: standard
# Not strict until the next issues rebuild it.

from __future__ import annotations

from collections.abc import Sequence

from bot.ask.finding import Listed, Missing, Told
from bot.ledger.kinds import ON_REQUEST_KINDS
from bot.services import records
from bot.services.asking._scene import MOST, Scene, facts_of, row_of
from bot.services.asking._words import held_by
from data.records import Link, Opened


async def tell(scene: Scene) -> None:
    """Open items: of what is named, or all of them, with who must act and by when."""
    items = [one for one in scene.subjects if one.record.kind == "pending"]
    about = [one for one in scene.subjects if one.record.kind != "pending"]
    if not items:
        if scene.found.day is None:
            slugs = await _waiting(scene, about)
            total = len(slugs)
        else:
            slugs, total = await _waited(scene, about)
        items = await scene.open(slugs[:MOST])
        items = [one for one in items if one.record.open]
        if not about and slugs and not scene.held(scene.left):
            if scene.reading.has("aspects", "due") and not any(item.record.state.facts("due") for item in items):
                scene.found.lines.append(Missing("A due date"))
            scene.found.listed = Listed("pending", [row_of(one) for one in items], total)
            return
    for item in items:
        if not item.record.open:
            scene.found.lines.append(Told(item, facts_of(item, "state", "outcome")))
        who = facts_of(item, "who")
        if who and (item.record.open or not scene.reading.has("aspects", "due")):
            scene.found.lines.append(Told(item, who))
        due = facts_of(item, "due")
        if due and (item.record.open or scene.reading.has("aspects", "due")):
            scene.found.lines.append(Told(item, due))
        elif scene.reading.has("aspects", "due"):
            scene.found.lines.append(Missing("A due date", item))
        if item.record.open:
            ended = [one for one in scene.reading.of("outcomes") if one != "given" or not about]
            scene.found.lines += [scene.no_state("outcomes", one, item) for one in ended[:1]]
        if scene.reading.has("aspects", "closes"):
            facts = facts_of(item, "closes_when")
            scene.found.lines.append(Told(item, facts) if facts else Missing("What closes it", item))
    if not items:
        scene.found.lines.append(Missing("An open item", about[0] if about else None))


async def _waiting(scene: Scene, about: Sequence[Opened]) -> list[str]:
    """The open items about the records named, or on which one of them has to act; all when none is named."""
    if about:
        of_deals = [one for one in about if one.record.kind == "deal"] or list(about)
        of_deals += [government for one in of_deals for government in scene.governments.get(one.record.slug, ())]
        items = [link for one in of_deals for link in one.links if link.kind == "pending" and link.open]
        # Nobody in particular has to act on some: they are told where there is nothing else.
        return list(dict.fromkeys(link.slug for link in _to_act_on(items) or items))
    if held := scene.held(scene.left):
        texts = await scene.texts(kinds=("pending",), words=held)
        if texts and held_by(held, texts[0].words):
            return [text.slug for text in texts]
    waiting = await records.list_waiting(scene.conn, scene.guild_id)
    # Those on which nobody in particular has to act come last, as in the list of what is open.
    return [one.slug for one in sorted(waiting, key=lambda one: one.item_kind in ON_REQUEST_KINDS)]


def _to_act_on(items: Sequence[Link]) -> list[Link]:
    return [link for link in items if link.item_kind not in ON_REQUEST_KINDS]


async def _waited(scene: Scene, about: Sequence[Opened]) -> tuple[list[str], int]:
    """The first items that were open on the day that is asked about, and how many there were."""
    if about:
        slugs = [link.slug for one in about for link in one.links if link.kind == "pending" and link.open]
        return slugs, len(slugs)
    assert scene.found.day is not None  # A past day is asked about.
    rows, total = await records.list_kind_as_of(
        scene.conn, scene.guild_id, "pending", day=scene.found.day, open=True, limit=MOST
    )
    return [row.slug for row in rows], total
