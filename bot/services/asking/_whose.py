"""Whose a statement is, and how two records are linked."""

# pyright: standard
# Not strict until the next issues rebuild it.

from __future__ import annotations

from collections.abc import Sequence

from bot.ask.finding import Missing, Told
from bot.ledger.kinds import KIND_WORDS
from bot.ledger.values import record_of
from bot.services import records
from bot.services.asking._scene import Scene, identity
from data.records import Approval, Kind, Opened, Value


async def is_by(scene: Scene, statement: Opened, by: set[str]) -> bool:
    """Whether a statement is by all of these, or a document's that all of these have issued."""
    whose = {record_of(fact.value) for fact in statement.record.state.facts("whose")}
    if by <= whose:
        return True
    documents = await _documents(scene, statement)
    issuers = {record_of(fact.value) for one in documents for fact in one.record.state.facts("issuer")}
    # One of the issuers alone did not say it: what a joint document says is told as the document's.
    return len(by) > 1 and by <= whose | issuers


async def is_joint(scene: Scene, statement: Opened) -> bool:
    """Whether several said it, or issued the document that says it."""
    if len(statement.record.state.facts("whose")) > 1:
        return True
    return any(len(one.record.state.facts("issuer")) > 1 for one in await _documents(scene, statement))


async def _documents(scene: Scene, statement: Opened) -> list[Opened]:
    """The documents whose statement it is."""
    slugs = [link.slug for link in statement.links if link.field == "whose" and link.kind == "document"]
    return await records.get_many(scene.conn, scene.guild_id, slugs)


def sides(scene: Scene) -> tuple[list[Opened], list[Opened]]:
    """Who speaks and what is spoken about. Who comes first and not after a word such as "about" speaks."""
    speakers: list[Opened] = []
    abouts: list[Opened] = []
    ends = -1
    for one in scene.subjects:
        name = scene.names.get(one.record.slug)
        before, and_ = "", False
        if name is not None:
            first = name.start - (2 if scene.reading.word(name.start - 1) in scene.lex.grammar["articles"] else 1)
            before = scene.reading.word(first)
            and_ = before in scene.lex.grammar["and"] and first == ends
        may = one.record.kind in ("participant", "document") and before not in scene.lex.about
        if one.record.kind == "statement":
            continue
        if may and (not speakers or before in scene.lex.grammar["by"] or (and_ and not abouts)):
            speakers.append(one)
            ends = name.end if name is not None else -1
        else:
            abouts.append(one)
    return speakers, abouts


async def said(scene: Scene, linked: Sequence[Opened], words: Sequence[str], by: set[str]) -> list[Opened]:
    """Statements that are linked with all of these, hold the most of the words, and are by all of the speakers."""
    speakers = [one for one in scene.subjects if one.record.slug in by]
    tagged = [*linked, *speakers] if len(by) == 1 else list(linked)
    if not tagged and not words:
        tagged = speakers[:1]
    texts = await scene.texts(kinds=("statement",), linked=tagged, words=words)
    if words and texts:
        best = texts[0].rank(words)[0]
        texts = [text for text in texts if text.rank(words)[0] == best] if best else []
    found = await scene.open([text.slug for text in texts[:20]])
    if not words:
        found.sort(key=_newest_first)
    return [one for one in found if not by or await is_by(scene, one, by)]


def _newest_first(one: Opened) -> tuple[int, int]:
    """The newest day first; of one day as they were entered, which is the order of their source."""
    newest = one.record.state.newest
    return -(newest.day.toordinal() if newest and newest.day else 0), one.record.id


async def tell_relation(scene: Scene) -> bool:
    """How two records are linked: directly, or by others that name both."""
    one, other = scene.subjects[:2]
    for a, b in ((one, other), (other, one)):
        fields = [link.field for link in a.links if link.outward and link.slug == b.record.slug]
        for field in dict.fromkeys(fields):
            facts = [(field, fact) for fact in a.record.state.facts(field) if b.record.slug in _pointed_to(fact.value)]
            if facts:
                scene.found.lines.append(Told(a, facts))
    if scene.found.told:
        return True
    texts = await scene.texts(linked=[one, other])
    said = [text.slug for text in texts if text.kind == "statement"]
    if said:
        found = await scene.open(said[:20])
        speakers, _ = sides(scene)
        by = {subject.record.slug for subject in speakers}
        own = [s for s in found if by <= {record_of(fact.value) for fact in s.record.state.facts("whose")}]
        scene.show(own or found)
        if not own and not scene.found.lines:
            scene.found.lines.append(Missing("Such a statement", speakers[0] if speakers else None))
        return True
    if texts:
        asked: list[Kind] = [kind for kind in KIND_WORDS if scene.reading.has("kinds", kind)]
        if asked and not {text.kind for text in texts} & set(asked):
            scene.found.lines.append(Missing(f"A {KIND_WORDS[asked[0]][0]} that names both", one))
        found = await scene.open([text.slug for text in texts[:3]])
        scene.found.lines += [identity(both) for both in found]
        return True
    scene.found.lines.append(Missing("A link between the two", one))
    scene.found.lines += [identity(subject) for subject in scene.subjects[:2]]
    return True


def _pointed_to(value: Value) -> tuple[str, ...]:
    """Return the slugs of the records that a value points to."""
    return (value.side,) if isinstance(value, Approval) else (record_of(value),)
