"""Facts of the fields that a question asks for."""

# pyright: standard
# Not strict until the next issues rebuild it.

from __future__ import annotations

from datetime import date

from bot.ask.finding import Listed, Missing, Told
from bot.ask.lexicon import same
from bot.ledger.kinds import get_field
from bot.ledger.values import quantity_words
from bot.ledger.words import words_of
from bot.services.asking import _holders, _pending, _roles, _states
from bot.services.asking._scene import MOST, Scene, facts_of, stage_of
from data.records import Fact, Opened, Quantity, Row


def _first(one: Opened) -> tuple[str, Fact] | None:
    """The fact with the earliest date, by which a record is on the record since then."""
    dated = [
        (field, fact)
        for field, of_field in one.record.state.fields.items()
        for fact in of_field
        if fact.date.day is not None and get_field(one.record.kind, field).reports
    ]
    return min(dated, key=lambda pair: pair[1].date.day or date.max, default=None)


async def tell(scene: Scene) -> None:
    """Facts of the fields that are asked for: of the records named, or of those that hold the other words."""
    if not scene.subjects and scene.reading.has("aspects", "approval"):
        scene.subjects = await _holders.by_cue(scene, "approval", scene.lex.aspects["approval"].fields)
    await _states.check(scene)
    if scene.reading.has("aspects", "pending", "who_acts", "due", "closes"):
        await _pending.tell(scene)
    for role in scene.reading.of("roles"):
        await _roles.tell(scene, role)
    strong = [name for name in scene.aspects if not scene.lex.aspects[name].weak]
    weak = [name for name in scene.aspects if scene.lex.aspects[name].weak]
    groups = scene.reading.of("groups")
    if groups and not {"parties", "attended"} & set(strong) and not scene.reading.of("roles"):
        strong += [
            "attended" if "person" in groups and one.record.kind == "session" else "parties"
            for one in scene.subjects
            if one.record.kind in ("deal", "session", "dialogue", "event", "document")
        ][:1]
    for name in strong:
        if name in ("pending", "who_acts", "due", "closes") or not scene.lex.aspects[name].fields:
            continue
        await _tell_aspect(scene, name)
    if scene.reading.has("aspects", "reason"):
        scene.found.lines.append(Missing(scene.lex.aspects["reason"].absent, scene.about()))
    if "date" in weak and scene.found.lines and not scene.reading.of("stages"):
        # "When was it issued" asks for a date beside the field of its verb.
        dated = scene.lex.aspects["date"].fields
        told = {field for line in scene.found.told for field, _ in line.facts}
        if any(one.record.kind in ("document", "session", "event") for one in scene.subjects) and not told & {
            *(field for of_kind in dated.values() for field in of_kind),
            "began",
        }:
            await _tell_aspect(scene, "date")
    if not scene.found.lines:
        for name in weak:
            if scene.lex.aspects[name].fields:
                await _tell_aspect(scene, name, quiet=name == "place" and "date" in weak)
        if weak and len(scene.held(scene.left)) > 1 and not scene.found.told:
            texts = await scene.texts(kinds=("statement",), words=scene.left)
            scene.show(await scene.open([t.slug for t in texts if t.rank(scene.left)[0] == len(scene.left)]))
    unique = {_told_by(line): line for line in reversed(scene.found.lines)}
    scene.found.lines = list(reversed(unique.values()))
    if scene.found.told:
        # What is missing in a place where nobody would look for it is not worth a line beside an answer.
        scene.found.lines = [line for line in scene.found.lines if isinstance(line, Told) or line.opened is not None]


def _told_by(line: Told | Missing) -> tuple[str, str, tuple[int, ...]]:
    """What a line tells, so that nothing is told twice."""
    slug = line.opened.record.slug if line.opened else ""
    if isinstance(line, Missing):
        return slug, line.what, ()
    return slug, line.how, tuple(fact.update for _, fact in line.facts)


async def _tell_aspect(scene: Scene, name: str, *, quiet: bool = False) -> None:
    aspect = scene.lex.aspects[name]
    told = False
    if name == "parties" and scene.subjects and all(one.record.kind == "participant" for one in scene.subjects):
        await _roles.tell_roles_of(scene, scene.subjects[0])
        return
    if name == "country" and scene.subjects and scene.subjects[0].record.state.value("type") == "country":
        _list_of_country(scene, scene.subjects[0])
        return
    holders = await _holders.holders(scene, aspect.fields, talks=aspect.weak, close=aspect.close)
    if not any(one.record.state.facts(field) for one in holders for field in aspect.fields.get(one.record.kind, ())):
        holders = await _holders.by_cue(scene, name, aspect.fields) or holders
    future = name == "date" and scene.reading.has("future", "")
    for subject in holders:
        kind = subject.record.kind
        fields = [*aspect.fields.get(kind, ()), *aspect.fields.get("any", ())]
        facts = facts_of(subject, *fields)
        if name in ("parties", "attended"):
            facts = await _holders.only_group(scene, await _holders.only_named(scene, subject, facts))
        if name == "began" and kind in ("deal", "pending") and (first := _first(subject)):
            scene.found.lines.append(Told(subject, [first], "since"))
        elif future and facts and kind in ("session", "event", "dialogue", "document"):
            scene.found.lines.append(Missing("A date to come", subject))
        elif facts and name == "stage" and kind == "deal":
            scene.found.lines.append(stage_of(subject))
        elif facts:
            for field in dict.fromkeys(field for field, _ in facts):
                of_field = [(one, fact) for one, fact in facts if one == field]
                scene.found.lines.append(Told(subject, of_field))
            if name == "value" and _per_unit(scene, subject):
                scene.found.lines.append(Missing("A price for one", subject))
        elif not quiet:
            groups = scene.reading.of("groups") if name in ("parties", "attended") else []
            absent = scene.lex.groups[groups[0]].absent if groups else aspect.absent
            scene.found.lines.append(Missing(absent or "That", subject))
        told = True
    if not told and not quiet and aspect.absent and not scene.found.options:
        scene.found.lines.append(Missing(aspect.absent, scene.about()))


def _list_of_country(scene: Scene, country: Opened) -> None:
    """The people and organisations of a country."""
    own = [link for link in country.links if link.field == "country" and not link.outward]
    rows = [Row(link.kind, link.slug, link.name, link.status, None) for link in own]
    linked = ((country.record.slug, country.record.name),)
    scene.found.listed = Listed("participant", rows[:MOST], len(rows), linked)


def _per_unit(scene: Scene, deal: Opened) -> bool:
    """Whether the price of one of several is asked for, as in "a tonne of"."""
    numbers = [quantity_words(fact.value) for fact in deal.record.state.facts("quantity", Quantity)]
    counted = {word for number in numbers for word in words_of(number)}
    return any(
        scene.reading.word(place - 1) in scene.lex.grammar["single"]
        and any(same(scene.reading.word(place), word) for word in counted)
        for place in scene.reading.left
    )
