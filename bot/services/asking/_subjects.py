"""The records that a question is about: by their names, by the words in them, or as the only one of its kind."""

# pyright: standard
# Not strict until the next issues rebuild it.

from __future__ import annotations

from bot.ask.reading import SAID_OF, Name, Named
from bot.ledger.cited import undated
from bot.ledger.titles import titles
from bot.ledger.words import words_of
from bot.services import records
from bot.services.asking._scene import DEFINITE, Scene
from bot.services.asking._words import ALIKE, held_by
from data.records import Kind, Party


async def choose(scene: Scene) -> None:
    slugs: dict[str, None] = {}
    for name in scene.reading.names:
        meant = _meant(scene, name)
        if len(meant) == 1:
            slugs[meant[0].slug] = None
            scene.names[meant[0].slug] = name
        else:
            scene.ambiguous.append(name)
    scene.subjects = await records.get_many(scene.conn, scene.guild_id, list(slugs))
    await _find_governments(scene)
    if scene.ambiguous:
        await _narrow(scene)
    if not scene.subjects and not scene.found.options:
        await _take_by_name(scene)
    if not scene.subjects and not scene.found.options:
        await _take_definite(scene)
    elif scene.subjects:
        await _take_linked(scene)
    if scene.reading.has("groups", "person"):
        await _take_titled(scene)


async def _find_governments(scene: Scene) -> None:
    """The government of each country that is named: for what it has to do, it is the country."""
    of_country = {
        link.slug: one.record.slug
        for one in scene.subjects
        for link in one.links
        if link.field == "country" and not link.outward and undated(link.status).startswith("government")
    }
    for one in await records.get_many(scene.conn, scene.guild_id, list(of_country)):
        scene.governments.setdefault(of_country[one.record.slug], []).append(one)


async def _take_titled(scene: Scene) -> None:
    """The person whose title holds the words of the question: "the defence secretary"."""
    nouns = [places for (category, _), places in scene.reading.meanings.items() if category == "groups"]
    places = {*scene.reading.left, *(place for of_one in nouns for place in of_one)}
    topics = [one for one in scene.subjects if one.record.kind == "topic"]
    names = [scene.names[one.record.slug] for one in topics if one.record.slug in scene.names]
    places |= {place for name in names for place in range(name.start, name.end)}
    words = [scene.reading.word(place) for place in sorted(places)]
    if len(words) < 2 or len(scene.held(words)) < len(words):
        return
    others = [one for one in scene.subjects if one.record.kind == "participant"]
    texts = await scene.texts(kinds=("participant",), words=words)
    found = await records.get_many(
        scene.conn, scene.guild_id, [t.slug for t in texts if t.rank(words)[0] == len(words)]
    )
    holders = [
        (one, title.value)
        for one in found
        for title in titles(one.record.state)
        if held_by(words, words_of(title.value.text)) == len(words)
    ]
    titled = [one for one, title in holders if title.until is None] or [one for one, _ in holders]
    own = {other.record.slug for other in others}
    of_country = [
        one for one in titled if (country := one.record.state.value("country", Party)) and country.record in own
    ]
    if chosen := of_country or titled:
        scene.subjects = [*chosen, *(one for one in scene.subjects if one not in topics and one not in others)]
        scene.left = [word for word in scene.left if word not in words]


def _meant(scene: Scene, name: Name) -> list[Named]:
    """The records that a name means here: what was picked, else by the words around it."""
    found = list(name.candidates)
    if len(found) == 1:
        return found
    picked = [one for one in found if one.slug == scene.chosen]
    if picked:
        return picked
    asked = set(scene.reading.of("kinds"))
    if fitting := [one for one in found if one.kind in asked]:
        found = fitting
    if len(found) > 1 and {one.kind for one in found} == {"place", "participant"}:
        before = scene.reading.word(name.start - 1)
        wanted: Kind = "place" if before in scene.lex.at or scene.reading.has("aspects", "place") else "participant"
        found = [one for one in found if one.kind == wanted]
    if len(found) > 1:
        found = [one for one in found if one.kind not in SAID_OF] or found
    return found


async def _narrow(scene: Scene) -> None:
    """Several records have the name: what is linked with the others that are named, or the question back."""
    for name in scene.ambiguous:
        meant = _meant(scene, name)
        around = {link.slug for one in scene.subjects for link in one.links}
        linked = [one.slug for one in meant if one.slug in around]
        if len(linked) == 1:
            scene.names[linked[0]] = name
            scene.subjects += await records.get_many(scene.conn, scene.guild_id, linked)
        elif not scene.subjects:
            scene.ask_which(await scene.rows([one.slug for one in meant]))
            return


async def _take_definite(scene: Scene) -> None:
    """A noun alone: the only record of that kind, or of those that hold the words beside it; else which one."""
    if scene.lists():
        return
    for kind in scene.reading.of("kinds"):
        if kind not in DEFINITE:
            continue
        words = scene.left
        held = await scene.texts(kinds=(kind,), words=words) if words else []
        if held:
            rows = await scene.rows([one.slug for one in held[:ALIKE]])
        elif words and kind != "deal":
            continue
        else:
            rows, _ = await records.list_kind(scene.conn, scene.guild_id, kind, limit=ALIKE)
        nouns = [scene.reading.word(place) for place in scene.reading.meanings["kinds", kind]]
        rows = [row for row in rows if held_by(nouns, words_of(row.name))] or rows
        if scene.chosen and scene.chosen in {row.slug for row in rows}:
            rows = [row for row in rows if row.slug == scene.chosen]
        if len(rows) == 1:
            scene.subjects = await records.get_many(scene.conn, scene.guild_id, [rows[0].slug])
            return
        if rows and not (words and not held):
            scene.ask_which(rows)
            return


async def _take_by_name(scene: Scene) -> None:
    """The one record whose name holds two words of the question or more, in any order, and no other as many."""
    cued = {place for places in scene.reading.meanings.values() for place in places}
    words = [scene.reading.word(place) for place in sorted({*scene.reading.left, *cued})]
    words = [word for word in dict.fromkeys(words) if word not in scene.lex.small]
    if len(scene.held(words)) < 2 or not scene.held(scene.left):
        return
    ranked = [(text.rank(words)[1], text) for text in await scene.texts(words=words)]
    most = max((count for count, _ in ranked), default=0)
    best = [text for count, text in ranked if count == most]
    if most >= 2 and len(best) == 1 and not best[0].rank(scene.left)[0] < len(scene.held(scene.left)):
        scene.subjects = await records.get_many(scene.conn, scene.guild_id, [best[0].slug])


async def _take_linked(scene: Scene) -> None:
    """A noun beside a name ("the deal with", "the clash in"): the one record of that kind linked with it."""
    there = {one.record.kind for one in scene.subjects}
    if scene.lists() or there & {"deal", "event"}:
        return
    for kind in scene.reading.of("kinds"):
        if kind not in ("deal", "event", "session") or kind in there:
            continue
        nouns = [scene.reading.word(place) for place in scene.reading.meanings["kinds", kind]]
        words = [*scene.left, *(nouns if kind == "event" else [])]
        texts = await scene.texts(kinds=(kind,), linked=scene.subjects, words=scene.held(words))
        texts = [text for text in texts if text.rank(words) == texts[0].rank(words)]
        if len(texts) == 1:
            scene.subjects = [*await records.get_many(scene.conn, scene.guild_id, [texts[0].slug]), *scene.subjects]
            return
