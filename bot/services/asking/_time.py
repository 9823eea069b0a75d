"""The time that a question asks about, and the records as they stood then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.ask.finding import Missing, Told
from bot.ledger.fields import get_field
from bot.services import past
from bot.services.asking._scene import Scene
from data.records import Opened


async def take(scene: Scene) -> None:
    asked = scene.reading.asked
    relative = await _stage_day(scene)
    if relative is not None:
        scene.found.day = relative
    elif asked is not None and not asked.of and asked.mode in ("at", "before") and not of_period(scene):
        day = asked.day(scene.today)
        scene.found.day = day if day < scene.today else None
    if scene.found.day is None or not scene.subjects:
        return
    await go_back(scene)


async def go_back(scene: Scene) -> None:
    """The records named as they stood on the day."""
    assert scene.found.day is not None  # A past day is asked about.
    scene.found.later = _newest_after(scene.found.day, scene.subjects)
    stood = await past.get_many(scene.conn, scene.guild_id, scene.subjects, scene.found.day)
    for one in scene.subjects:
        if one.record.slug not in stood:
            scene.found.lines.append(Missing("A fact dated by then", one))
    scene.subjects = [stood[one.record.slug] for one in scene.subjects if one.record.slug in stood]


def _newest_after(day: date, subjects: Sequence[Opened]) -> Told | None:
    """What was reported last of some records, where that is after a day."""
    later = [
        (fact.date.day, Told(one, get_field(one.record.kind, field).label, [(field, fact)]))
        for one in subjects
        for field, of_field in one.record.state.facts.items()
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


async def _stage_day(scene: Scene) -> date | None:
    """The day before a stage was reached, where the question says "before the signature" without a date."""
    before = next((i for i, token in enumerate(scene.reading.tokens) if token.word in ("before", "until")), None)
    deals = [one for one in scene.subjects if one.record.kind == "deal"]
    if before is None or scene.reading.asked is not None or not deals:
        return None
    after = [
        stage
        for (category, stage), places in scene.reading.meanings.items()
        if category == "stages" and any(before < place <= before + 4 for place in places)
    ]
    for stage in after:
        reached = await scene.reached(deals[0], stage)
        if reached is not None and reached.date.day is not None:
            return min(reached.date.day, scene.today).fromordinal(reached.date.day.toordinal() - 1)
    return None


async def since_stage(scene: Scene) -> date | None:
    """The day after a stage was reached, where the question says "since the signature"."""
    deals = [one for one in scene.subjects if one.record.kind == "deal"]
    since = next((i for i, token in enumerate(scene.reading.tokens) if token.word in ("since", "after")), None)
    if since is None or scene.reading.asked is not None or not deals:
        return None
    for (category, stage), places in scene.reading.meanings.items():
        if category == "stages" and any(since < place <= since + 3 for place in places):
            reached = await scene.reached(deals[0], stage)
            if reached is not None and reached.date.day is not None:
                return reached.date.day.fromordinal(reached.date.day.toordinal() + 1)
    return None
