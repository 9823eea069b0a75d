"""What was reported in a time, and what happened."""

from __future__ import annotations

from datetime import date

from bot.ask.finding import Changed, Missing, Told
from bot.ledger.fields import find_field
from bot.ledger.fold import live_updates
from bot.services import records, updates
from bot.services.asking import _time
from bot.services.asking._scene import MOST, Scene, facts_of, identity
from data.records import Row


async def tell(scene: Scene) -> None:
    asked = scene.reading.asked
    first, last = (asked.first, asked.last) if asked is not None and not asked.of else (date.min, scene.today)
    if asked is not None and asked.mode == "since":
        first, last = asked.first, scene.today
    if asked is not None and asked.mode == "before":
        first, last = date.min, asked.day(scene.today)
    since = await _time.since_stage(scene)
    if since is not None:
        first = since
    subjects = scene.subjects
    if not subjects:
        subjects = await scene.open([row.slug for row in await _newest(scene, first, last)])
    seen: set[str] = set()
    for subject in subjects:
        around = [link.slug for link in subject.links if link.kind == "pending" and subject.record.kind == "deal"]
        for one in [subject, *await records.get_many(scene.conn, scene.guild_id, around[:MOST])]:
            if one.record.slug in seen:
                continue
            seen.add(one.record.slug)
            history = await updates.history(scene.conn, scene.guild_id, one.record.slug)
            kept = [
                update
                for update in live_updates(history)
                if update.date.first is not None
                and first <= update.date.first
                and (update.date.day or update.date.first) <= last
                and (field := find_field(one.record.kind, update.field)) is not None
                and (field.reports if scene.subjects else field.milestone)
            ]
            if kept:
                scene.found.changed.append(Changed(one, kept))
    if last < scene.today and scene.subjects:
        scene.found.day = last
        await _time.go_back(scene)
        scene.found.lines = [line for line in scene.found.lines if not scene.found.changed]
    if not scene.subjects and scene.reading.has("aspects", "happened"):
        await _tell_events_of(scene, first, last)
    if not scene.found.changed and not any(isinstance(line, Told) for line in scene.found.lines):
        scene.found.lines.append(Missing("A report from that time", subjects[0] if subjects else None))
        if asked is not None and asked.latest and first == last and not subjects:
            await _tell_events_of(scene, first, last, any_year=True)


async def _tell_events_of(scene: Scene, first: date, last: date, *, any_year: bool = False) -> None:
    """The events of a time, or of one day in whatever year."""
    when_ = "substr(newest_on, 6) = ? AND ? <> ''" if any_year else "newest_on >= ? AND newest_on <= ?"
    values = (f"{first:%m-%d}", "any") if any_year else (first.isoformat(), last.isoformat())
    rows = await scene.conn.execute_fetchall(
        f"SELECT slug FROM record WHERE guild_id = ? AND kind = 'event' AND live = 1 AND {when_} "
        "ORDER BY newest_on DESC, id LIMIT ?",
        (scene.guild_id, *values, MOST),
    )
    scene.found.lines += [identity(one) for one in await scene.open([slug for (slug,) in rows])]


async def _newest(scene: Scene, first: date, last: date) -> list[Row]:
    """The records of which something was reported in a time, the newest first."""
    rows = await scene.conn.execute_fetchall(
        "SELECT kind, slug, name, headline, newest_on FROM record WHERE guild_id = ? AND live = 1 "
        "AND newest_on >= ? AND newest_on <= ? AND kind IN ('deal', 'session', 'pending') "
        "ORDER BY newest_on DESC, kind, id LIMIT ?",
        (scene.guild_id, first.isoformat(), last.isoformat(), MOST),
    )
    return [Row(*row) for row in rows]


async def tell_events(scene: Scene) -> bool:
    """The events that are linked with the records named."""
    if not scene.subjects or any(one.record.kind in ("event", "session", "deal") for one in scene.subjects):
        return False
    texts = await scene.texts(kinds=("event",), linked=scene.subjects, words=scene.held(scene.left))
    for one in await scene.open([text.slug for text in texts[:3]]):
        involved = facts_of(one, "involved")
        scene.found.lines.append(identity(one))
        if involved:
            scene.found.lines.append(Told(one, involved))
    return bool(texts)
