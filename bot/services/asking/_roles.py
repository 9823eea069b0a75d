"""Who has which role in deals and talks."""

# pyright: standard
# Not strict until the next issues rebuild it.

from __future__ import annotations

from collections.abc import Sequence

from bot.ask.finding import Missing, Told
from bot.ask.lexicon import same
from bot.ledger.values import record_of
from bot.ledger.words import words_of
from bot.services.asking import _holders
from bot.services.asking._scene import MOST, Scene, identity
from data.records import Opened, Party


def _is_role(role: str, known: Sequence[str]) -> bool:
    words = words_of(role)
    return any(same(word, one) for word in words for one in known)


async def tell_roles_of(scene: Scene, one: Opened) -> None:
    """What somebody is in deals and talks; or who they are, where they are in none."""
    linked = [link.slug for link in one.links if link.field in ("party", "attended") and not link.outward]
    for other in await scene.open(list(dict.fromkeys(linked))[:3]):
        facts = [
            (field, fact)
            for field in ("party", "attended")
            for fact in other.record.state.facts(field)
            if record_of(fact.value) == one.record.slug
        ]
        scene.found.lines.append(Told(other, facts, "roles"))
    if not linked and not any(line.opened is one for line in scene.found.lines):
        scene.found.lines.append(identity(one))
    scene.found.card = one


async def tell(scene: Scene, role: str) -> None:
    """Who has a role in a deal, or the deals in which somebody has it."""
    meant = scene.lex.roles[role]
    deals = [one for one in scene.subjects if one.record.kind == "deal"]
    named = [one for one in scene.subjects if one.record.kind == "participant"]
    exact = not _other_answer(scene)
    if (
        scene.subjects
        and not deals
        and not named
        and any(one.record.kind in ("event", "session") for one in scene.subjects)
    ):
        return
    if not deals and named:
        linked = [link for one in named for link in one.links if link.kind == "deal"]
        own = [link.slug for link in linked if _is_role(link.role, meant.roles)]
        deals = await scene.open(list(dict.fromkeys(own or [link.slug for link in linked]))[:MOST])
    if not deals:
        deals = await _holders.holders(scene, {"deal": ["party"]}) if scene.left or not named else []
    if not deals and exact:
        scene.found.lines.append(Missing(meant.absent, scene.about()))
    asks_who = any(token.word in scene.lex.grammar["asking"] for token in scene.reading.tokens)
    for deal in deals:
        parties = [("party", fact) for fact in deal.record.state.facts("party", Party) if fact.value.role]
        holders = [(field, fact) for field, fact in parties if _is_role(fact.value.role, meant.roles)]
        of_named = {fact.value.record for _, fact in holders} & {one.record.slug for one in named}
        if holders:
            if named and not of_named and not asks_who and exact:
                scene.found.lines.append(Missing(f"{named[0].record.name} as {meant.absent.lower()}", deal, named[0]))
            scene.found.lines.append(Told(deal, holders, "roles"))
        elif exact:
            scene.found.lines.append(Missing(meant.absent, deal))
            if parties:
                scene.found.lines.append(Told(deal, parties, "roles"))


def _other_answer(scene: Scene) -> bool:
    """Whether something more exact is asked for, so that a missing role is not worth a line."""
    plain = {"identify", "people", "list", "date", "place", "summary", "said"}
    return bool(set(scene.aspects) - plain)
