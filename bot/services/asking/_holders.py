"""The records in which a field is looked up, and which of its facts were meant."""

# pyright: standard
# Not strict until the next issues rebuild it.

from __future__ import annotations

from collections.abc import Sequence

from bot.ask.finding import Missing
from bot.ask.lexicon import Group, same
from bot.ledger.values import record_of
from bot.ledger.words import words_of
from bot.services import records
from bot.services.asking._scene import DEFINITE, MOST, Scene
from bot.services.asking._words import ALIKE
from data.records import Fact, Kind, Opened, Party


def is_of(one: Opened, group: Group) -> bool:
    """Whether a participant is of the type, and is one of the things, that a noun means."""
    if one.record.state.value("type") != group.type:
        return False
    words = words_of(str(one.record.state.value("org_type") or ""))
    return not group.holds or any(same(word, held) for word in words for held in group.holds)


async def only_named(scene: Scene, subject: Opened, facts: list[tuple[str, Fact]]) -> list[tuple[str, Fact]]:
    """Of the parties those that the question names; who is named and takes no part is told to be missing."""
    named = {one.record.slug: one for one in scene.subjects if one.record.kind == "participant"}
    if not named or subject.record.kind == "participant":
        return facts
    there = {record_of(fact.value) for _, fact in facts}
    people = await records.get_many(scene.conn, scene.guild_id, [slug for slug in there if slug])
    # Of the companies or people that are asked for, those of the country; else who is named is looked for itself.
    countries = named.keys() if scene.reading.of("groups") else named.keys() - there
    sent = {
        one.record.slug
        for one in people
        if (country := one.record.state.value("country", Party)) and country.record in countries
    }
    if sent:
        return [(f, fact) for f, fact in facts if record_of(fact.value) in sent]
    for slug, one in named.items():
        if slug not in there:
            scene.found.lines.append(Missing(f"That {one.record.name} takes part", subject, one))
    own = [(field, fact) for field, fact in facts if record_of(fact.value) in named]
    return own or facts


async def only_group(scene: Scene, facts: list[tuple[str, Fact]]) -> list[tuple[str, Fact]]:
    """Of the parties those that are countries, people or companies, where one of these is asked for."""
    groups = [scene.lex.groups[name] for name in scene.reading.of("groups")]
    if not groups or not facts:
        return facts
    slugs = [slug for _, fact in facts if (slug := record_of(fact.value))]
    found = await records.get_many(scene.conn, scene.guild_id, slugs)
    own = {one.record.slug for one in found if any(is_of(one, group) for group in groups)}
    return [(field, fact) for field, fact in facts if record_of(fact.value) in own]


async def holders(
    scene: Scene, fields: dict[str, list[str]], *, talks: bool = False, close: bool = False
) -> list[Opened]:
    """The records in which these fields are looked up: those named, else those linked with them or found by words.

    With `talks` a deal or document also leads to the session at which it was raised; with `close` only a session leads
    to its series and back.
    """
    if "any" in fields:
        return scene.subjects
    own = [one for one in scene.subjects if one.record.kind in fields]
    if own:
        return own
    wanted: list[Kind] = list(fields)
    for subject in scene.subjects:
        linked = [link.slug for link in subject.links if link.kind in wanted]
        if subject.record.kind == "dialogue" and "session" in wanted:
            return await scene.open([link.slug for link in subject.links if link.kind == "session"][:1])
        if talks and subject.record.kind in ("deal", "document") and "session" in wanted and linked:
            return await scene.open(linked[:1])
        if subject.record.kind in ("event", "session") and linked:
            return await scene.open(linked[:1])
    if close and scene.subjects and not scene.held(scene.left):
        return []
    if not scene.subjects and not scene.left:
        return await _only_ones(scene, wanted)
    held = scene.held(scene.left)
    texts = await scene.texts(kinds=wanted, linked=scene.subjects, words=scene.left) if held or scene.subjects else []
    if not texts and held:
        texts = await scene.texts(kinds=wanted, words=scene.left)
    if not texts:
        return []
    if held:
        best = texts[0].rank(scene.left)
        texts = [text for text in texts if text.rank(scene.left) == best]
    found = await scene.open([text.slug for text in texts[:MOST]])
    if len(found) > 1:
        with_facts = [one for one in found if any(one.record.state.facts(f) for f in fields.get(one.record.kind, ()))]
        found = with_facts[:3] or found[:1]
    return found


async def by_cue(scene: Scene, name: str, fields: dict[str, list[str]]) -> list[Opened]:
    """Where no record is named that has such fields: those that hold the very word by which they were asked for."""
    if any(one.record.kind in fields for one in scene.subjects) or scene.lex.aspects[name].weak:
        return []
    cues = [scene.reading.word(place) for place in scene.reading.meanings["aspects", name]]
    wanted: list[Kind] = [kind for kind in fields if kind != "any"]
    words = [word for word in cues if word not in scene.lex.small]
    texts = await scene.texts(kinds=wanted, words=[*words, *scene.left]) if words else []
    texts = [text for text in texts if text.rank(words)[0]]
    found = await scene.open([text.slug for text in texts[:MOST]])
    return [one for one in found if any(one.record.state.facts(field) for field in fields.get(one.record.kind, ()))][:2]


async def _only_ones(scene: Scene, kinds: Sequence[Kind]) -> list[Opened]:
    """The record that is meant where none is named: the only one of its kind; of several it asks which."""
    for kind in kinds:
        if kind not in DEFINITE:
            continue
        rows, _ = await records.list_kind(scene.conn, scene.guild_id, kind, limit=ALIKE)
        rows = [row for row in rows if row.slug == scene.chosen] or rows
        if len(rows) == 1:
            return await scene.open([rows[0].slug])
        if rows:
            scene.ask_which(rows)
            return []
    return []
