"""What no cue explains: records by their words, the closest names, and the words that the record does not know."""

# pyright: standard
# Not strict until the next issues rebuild it.

from __future__ import annotations

from bot.ask.finding import Listed, Missing, Told
from bot.ledger.cited import undated
from bot.ledger.words import words_of
from bot.services import index, records
from bot.services.asking import _whose
from bot.services.asking._scene import MOST, Scene, facts_of, identity, words_held
from bot.services.asking._words import held_by
from data.records import Row


async def tell(scene: Scene) -> None:
    """No cue told what is asked for: how the named are linked, what holds the other words, or who somebody is."""
    held = scene.held(scene.left)
    if scene.subjects and (not held or held_by(held, words_held(scene.subjects[0])) == len(held)):
        if len(scene.subjects) > 1 and await _whose.tell_relation(scene):
            return
        lost = len(held) < len(scene.left) or any(
            scene.reading.word(place - 1) in scene.lex.grammar["asking"] for place in scene.reading.left
        )
        if lost:
            scene.found.lines.append(Missing("The answer", scene.subjects[0]))
        else:
            scene.found.lines += [identity(one) for one in scene.subjects[:2]]
        return
    if held:
        texts = await scene.texts(linked=scene.subjects, words=scene.left) if scene.subjects else []
        apart = not texts and bool(scene.subjects)
        texts = texts or await scene.texts(words=scene.left)
        most = held_by(scene.left, texts[0].words) if texts else 0
        # What is not linked with the named has to hold all of the words, and several: else it is about something else.
        enough = most == len(scene.left) > 1 if apart else most * 2 >= len(scene.left)
        best = [text for text in texts if enough and text.rank(scene.left) == texts[0].rank(scene.left)]
        found = await scene.open([text.slug for text in best[:MOST]])
        said = [one for one in found if one.record.kind == "statement"]
        if most < len(scene.left) or (apart and found):
            scene.found.lines.append(Missing("Part of what was asked", scene.subjects[0] if scene.subjects else None))
        if said and len(said) == len(found):
            scene.show(said)
        elif found:
            first = next((one for one in found if one.record.kind != "statement"), found[0])
            weak = [name for name in scene.aspects if scene.lex.aspects[name].fields]
            for name in weak:
                for field in scene.lex.aspects[name].fields.get(first.record.kind, ()):
                    if facts := facts_of(first, field):
                        scene.found.lines.append(Told(first, facts))
            if not scene.found.told:
                if first.record.state.value("item_kind") == "research_gap" and most == len(scene.left):
                    scene.found.lines.append(Missing("The answer", first))
                scene.found.lines.append(identity(first))
            scene.found.card = first
        elif scene.subjects:
            scene.found.lines += (
                [identity(scene.main())] if scene.found.lines else [Missing("The answer", scene.subjects[0])]
            )
        if found or scene.subjects:
            return
    if scene.subjects and not scene.found.lines:
        scene.found.lines.append(Missing("The answer", scene.subjects[0]))
    explained = not (scene.subjects or scene.reading.left or scene.reading.names or scene.found.listed)
    if explained and (scene.aspects or scene.reading.of("kinds")):
        scene.found.listed = Listed("deal", *await _deals(scene))


async def _deals(scene: Scene) -> tuple[list[Row], int]:
    """The deals as they stand, or stood on the day that is asked about."""
    if scene.found.day is None:
        return await records.list_kind(scene.conn, scene.guild_id, "deal", limit=MOST)
    return await records.list_kind_as_of(scene.conn, scene.guild_id, "deal", day=scene.found.day, limit=MOST)


async def offer_closest(scene: Scene) -> None:
    close: dict[str, Row] = {}
    for word in scene.left[:3]:
        for row, _ in await index.complete(scene.conn, scene.guild_id, word, limit=3):
            close.setdefault(row.slug, row)
    if not close:
        newest = await scene.texts(kinds=("deal",), limit=3)
        close = {row.slug: row for row in await scene.rows([text.slug for text in newest])}
    scene.found.close = list(close.values())[:MOST]


def mark_unknown(scene: Scene) -> None:
    """The words that neither the answer nor the lexicon explains, so that the answer can say so."""
    found = scene.found
    if not scene.reading.left:
        return
    shown = [
        *(line.opened for line in found.lines if line.opened is not None),
        *found.statements,
        *(one.opened for one in found.changed),
        *([found.card] if found.card else []),
        *scene.subjects,
    ]
    words = {word for one in shown for word in words_held(one)}
    words |= {
        word
        for row in [*(found.listed.rows if found.listed else []), *found.options, *found.close]
        for word in words_of(f"{row.name} {undated(row.status)}")
    }
    if found.listed is not None:
        words |= set(scene.held(scene.left))  # Those that are listed hold them, or the answer says that none does.
    found.unknown = tuple(place for place in scene.reading.left if not held_by([scene.reading.word(place)], words))
