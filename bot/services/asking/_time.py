"""The time that a question asks about, and the records as they stood then."""

# pyright: standard
# Not strict until the next issues rebuild it.

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from bot.ask.finding import Missing, Told
from bot.ledger.kinds import get_field
from bot.services import past
from bot.services.asking._scene import Scene
from data.records import Opened


async def take(scene: Scene) -> None:
    """Goes back to the past day that is asked about, where one is."""
    asked = scene.reading.asked
    day: date | None = None
    if (reached := await _reached_after(scene, "before")) is not None:
        day = reached - timedelta(days=1)
    elif asked is not None and not asked.of and asked.mode in ("at", "before") and not of_period(scene):
        day = asked.day(scene.today)
    scene.found.day = day if day is not None and day < scene.today else None
    if scene.found.day is None or not scene.subjects:
        return
    await go_back(scene)


async def go_back(scene: Scene) -> None:
    """The records named as they stood on the day."""
    assert scene.found.day is not None  # A past day is asked about.
    scene.found.later = _newest_after(scene.found.day, scene.subjects)
    stood = await past.get_many(scene.conn, scene.guild_id, scene.subjects, scene.found.day)
    if not stood:
        scene.found.lines += [Missing("A fact dated by then", one) for one in scene.subjects]
    scene.subjects = [stood[one.record.slug] for one in scene.subjects if one.record.slug in stood]


def _newest_after(day: date, subjects: Sequence[Opened]) -> Told | None:
    """What was reported last of some records, where that is after a day."""
    later = [
        (fact.date.day, Told(one, [(field, fact)]))
        for one in subjects
        for field, of_field in one.record.state.fields.items()
        for fact in of_field
        if fact.date.day is not None and fact.date.day > day and get_field(one.record.kind, field).reports
    ]
    return max(later, key=lambda pair: pair[0], default=(day, None))[1]


def of_period(scene: Scene) -> bool:
    """Whether what was reported in a time is asked for, rather than how things stood at its end."""
    asked = scene.reading.asked
    if asked is None or asked.of:
        return False
    strong = [n for n in scene.aspects if not scene.lex.aspects[n].weak and n not in ("summary", "list")]
    event = any(one.record.kind in ("event", "session") for one in scene.subjects)
    return (
        scene.reading.has("aspects", "changed")
        or (scene.reading.has("aspects", "happened") and not event)
        or (not strong and (asked.mode in ("since", "between") or (asked.last - asked.first).days > 0))
    )


async def since_stage(scene: Scene) -> date | None:
    """The day after a stage was reached, where the question says "since the signature"."""
    reached = await _reached_after(scene, "since")
    return None if reached is None else reached + timedelta(days=1)


async def _reached_after(scene: Scene, word: str) -> date | None:
    """The day on which a deal came to the stage that stands soon after such a word, instead of a date."""
    words = scene.lex.grammar[word]
    deals = [one for one in scene.subjects if one.record.kind == "deal"]
    place = next((i for i, token in enumerate(scene.reading.tokens) if token.word in words), None)
    if place is None or scene.reading.asked is not None or not deals:
        return None
    for (category, stage), places in scene.reading.meanings.items():
        if category == "stages" and any(place < one <= place + _SOON for one in places):
            reached = await scene.reached(deals[0], stage)
            if reached is not None:
                return reached.date.day
    return None


_SOON = 4  # "before the deal was signed"
