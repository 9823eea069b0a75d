"""What was said, by whom, about what."""

# pyright: standard
# Not strict until the next issues rebuild it.

from __future__ import annotations

from collections.abc import Sequence

from bot.ask.finding import Missing
from bot.ledger.words import words_of
from bot.services.asking import _rest, _whose
from bot.services.asking._scene import Scene, words_held
from bot.services.asking._words import held_by
from data.records import Opened

_BESIDE = {"said", "acted_in_words", "wishes", "list", "joint", "compare", "summary", "source"}
"""What a question about statements can ask for as well."""


def asks(scene: Scene) -> bool:
    """Whether a question is about what was said, and not about facts of a deal that have words in common with it."""
    has = scene.reading.has
    strong = {name for name in scene.aspects if not scene.lex.aspects[name].weak} - _BESIDE
    kinds = {one.record.kind for one in scene.subjects}
    if kinds and kinds <= {"deal", "pending"} and (strong or scene.reading.of("roles")):
        return has("kinds", "statement")
    if strong & {"who_acts", "due"} and not has("kinds", "statement"):
        return False
    if has("aspects", "said") or has("kinds", "statement"):
        return not ("deal" in kinds and strong & {"value", "quantity", "delivery"})
    if has("aspects", "wishes") and "deal" not in kinds:
        return True
    return has("aspects", "acted_in_words", "joint") and not strong and not scene.reading.of("roles")


async def tell(scene: Scene) -> None:
    speakers, abouts = _whose.sides(scene)
    acted = [scene.reading.word(place) for place in scene.reading.meanings.get(("aspects", "acted_in_words"), ())]
    words = [*scene.left, *acted]
    named = [one for one in scene.subjects if one.record.kind == "statement"]
    by = {one.record.slug for one in speakers}
    if named:
        own = [one for one in named if await _whose.is_by(scene, one, by)]
        if not own:
            scene.found.lines.append(Missing("Such a statement", speakers[0]))
        scene.show(own or named)
        return
    found = await _whose.said(scene, [*abouts], words, by)
    whole = len(scene.held(words)) == len(words)
    if found and (whole or not words or _covers(found, words)):
        scene.show(found)
        if scene.reading.has("aspects", "joint") and not any([await _whose.is_joint(scene, one) for one in found]):
            scene.found.lines.insert(0, Missing("That both sides say this"))
        return
    if found and held_by(words, words_held(found[0])) * 2 >= len(words):
        scene.show(found)
        return
    names = [word for one in abouts for word in words_of(one.record.name)]
    if by and names and not words:
        # What it is about may stand in its words without being linked.
        named_in = await _whose.said(scene, [], names, by)
        if named_in and _covers(named_in, names):
            scene.show(named_in)
            return
    scene.found.lines.append(Missing("Such a statement", speakers[0] if speakers else None))
    if len(scene.subjects) > 1 and any(one.record.kind == "deal" for one in scene.subjects) and not words:
        await _whose.tell_relation(scene)
        return
    both = [*speakers, *abouts]
    for linked, held in ((abouts, words), (both, []), ([], words), (abouts, []), (speakers, [])):
        if not linked and not scene.held(held):
            continue
        known = await _whose.said(scene, linked, held, set())
        if known:
            scene.show(known)
            return
    if not scene.subjects:
        await _rest.tell(scene)


def _covers(found: Sequence[Opened], words: Sequence[str]) -> bool:
    return held_by(words, words_held(found[0])) == len(words)
