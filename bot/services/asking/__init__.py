"""Answers: a question is read, the records it names are found, and the facts that answer it are gathered."""

# pyright: standard
# Not strict until the next issues rebuild it.

from __future__ import annotations

from datetime import datetime

from bot import dates
from bot.ask.finding import Finding
from bot.ask.reading import read, tokens
from bot.errors import BadInput
from bot.services.asking import _changes, _fields, _lists, _rest, _statements, _subjects, _time, _words
from bot.services.asking._scene import Scene, Understood
from data.database import Connection

__all__ = ["Understood", "find", "understand"]


async def understand(conn: Connection, guild_id: int, text: str, *, now: datetime, zone: str) -> Understood:
    """Reads a question with the names and words of a server's record. BadInput when there is no word in it."""
    found, clipped = tokens(text)
    if not found:
        raise BadInput("There is no word in this question. Nothing was changed. Ask in a few words, or use /search.")
    named, known = await _words.look_up(conn, guild_id, found)
    corrected = await _words.corrected(conn, guild_id, found, known)
    if corrected is not None:
        found = corrected
        named, known = await _words.look_up(conn, guild_id, found)
    today = dates.local_date(now, zone)
    return Understood(read(found, named, today=today, clipped=clipped), known, today)


async def find(conn: Connection, guild_id: int, understood: Understood, *, chosen: str = "") -> Finding:
    """What the record of a server says to a question. `chosen` is the record that was picked among several."""
    scene = Scene(conn, guild_id, understood, chosen)
    await _subjects.choose(scene)
    if not scene.found.options:
        await _time.take(scene)
        await _answer(scene)
    _rest.mark_unknown(scene)
    return scene.found


async def _answer(scene: Scene) -> None:
    """Lets the part answer that the question is for."""
    has = scene.reading.has
    found = scene.found
    if has("aspects", "source") and scene.subjects and _asks_nothing_else(scene):
        found.sources_of = found.card = scene.main()
        return
    if _time.of_period(scene) or (has("aspects", "changed") and not has("aspects", "compare")):
        await _changes.tell(scene)
    elif has("aspects", "happened") and await _changes.tell_events(scene):
        pass
    elif has("aspects", "bystanders"):
        await _lists.tell_bystanders(scene)
    elif has("aspects", "compare") and await _lists.find_other(scene):
        await _lists.compare(scene)
    elif _lists.asks(scene):
        await _lists.tell(scene)
    elif _statements.asks(scene):
        await _statements.tell(scene)
    else:
        await _fields.tell(scene)
    if not found.answered and found.card is None and not found.lines:
        await _rest.tell(scene)
    if has("aspects", "source") and scene.subjects and not found.told:
        found.sources_of = None if found.statements else scene.subjects[0]
    if found.told and found.options:
        found.options = []  # What could be told answers the rest as well.
    if found.card is None and (scene.subjects or found.told):
        found.card = scene.main()
    if not found.answered and found.card is None:
        await _rest.offer_closest(scene)
    if found.listed is not None:
        found.opened = await scene.open([row.slug for row in found.listed.rows])
    await _open_around(scene)


_AROUND = 25
"""So many records are opened because their facts stand beside those of what is told."""


async def _open_around(scene: Scene) -> None:
    """Open what the lines of an answer state beside the records told: open items, roles in others, statements."""
    found = scene.found
    told = [*(line.opened for line in found.told), *([found.card] if found.card else [])]
    links = [link for one in found.opened for link in one.links if one.record.kind == "deal" and link.open]
    for one in told:
        inward = [link for link in one.links if not link.outward]
        said = [link for link in inward if link.kind == "statement"]
        links += [link for link in inward if link.open or link.role or link.field == "country"]
        links += said[:_SAID]
    known = {one.record.slug for one in (*told, *found.opened)}
    slugs = dict.fromkeys(link.slug for link in links if link.slug not in known)
    found.around = await scene.open(list(slugs)[:_AROUND])


_SAID = 3


def _asks_nothing_else(scene: Scene) -> bool:
    """Whether a question names a record and no field, role or state of it."""
    strong = {name for name in scene.aspects if not scene.lex.aspects[name].weak}
    cued = any(scene.reading.of(category) for category in ("roles", "stages", "side_states", "outcomes"))
    return not strong - {"source", "list", "summary", "said"} and not cued and not scene.left
