"""What was reported in a time, and what happened."""

# pyright: standard
# Not strict until the next issues rebuild it.

from __future__ import annotations

from datetime import date

from bot.ask.finding import Changed, Missing, Told
from bot.ledger.fold import live_updates
from bot.ledger.kinds import find_field
from bot.services import records, updates
from bot.services.asking import _time
from bot.services.asking._scene import MOST, Scene, facts_of, identity
from data.records import Opened, Row, Update
from data.rows import fetch_all


async def tell(scene: Scene) -> None:
    """What was reported in the time that is asked about: of what is named and of its open items, else of the newest."""
    first, last = await _period(scene)
    subjects = scene.subjects
    if not subjects:
        subjects = await scene.open([row.slug for row in await _newest(scene, first, last)])
    items: list[str] = []
    for subject in subjects:
        if subject.record.kind == "deal":
            items += [link.slug for link in subject.links if link.kind == "pending"][:MOST]
    around = {one.record.slug: one for one in subjects}
    for item in await records.get_many(scene.conn, scene.guild_id, items):
        around.setdefault(item.record.slug, item)
    histories = await updates.histories(scene.conn, scene.guild_id, around)
    for slug, one in around.items():
        kept = [
            update
            for update in live_updates(histories.get(slug, []))
            if update.date.first is not None
            and first <= update.date.first
            and (update.date.day or update.date.first) <= last
            and (field := find_field(one.record.kind, update.field)) is not None
            and (field.milestone or (bool(scene.subjects) and field.reports and one.record.kind != "pending"))
        ]
        if kept:
            pointed_to = {to for u in kept for to in _records_of(one, u)} - one.names.keys()
            names = await records.names(scene.conn, scene.guild_id, pointed_to) if pointed_to else {}
            scene.found.changed.append(Changed(one, kept, names))
    if last < scene.today and scene.subjects:
        scene.found.day = last
        await _time.go_back(scene)
        if scene.found.changed:
            scene.found.lines = []  # What was not there yet is no answer beside what changed.
    if not scene.subjects and scene.reading.has("aspects", "happened"):
        await _tell_events_of(scene, first, last)
    if not scene.found.changed and not scene.found.told:
        scene.found.lines.append(Missing("A report from that time", subjects[0] if subjects else None))
        asked = scene.reading.asked
        if asked is not None and asked.latest and first == last and not subjects:
            await _tell_events_of(scene, first, last, any_year=True)


def _records_of(one: Opened, update: Update) -> list[str]:
    """Return the slugs that an update points to; an ended party is no longer linked and has its name all the same."""
    field = find_field(one.record.kind, update.field)
    return [slug for slug, _ in field.type.records(update.fact.value)] if field else []


async def _period(scene: Scene) -> tuple[date, date]:
    """The first and the last day of the time that is asked about."""
    asked = scene.reading.asked
    since = await _time.since_stage(scene)
    if since is not None:
        return since, scene.today
    if asked is None or (asked.of and asked.mode == "at"):
        return date.min, scene.today
    if asked.mode == "before":
        return date.min, asked.day(scene.today)
    return asked.first, scene.today if asked.mode == "since" else asked.last


async def _tell_events_of(scene: Scene, first: date, last: date, *, any_year: bool = False) -> None:
    """The events of a time, or of one day in whatever year."""
    days, on = (f"{first:%m-%d}", f"{last:%m-%d}"), "substr(newest_on, 6)"
    if not any_year:
        days, on = (first.isoformat(), last.isoformat()), "newest_on"
    rows = await scene.conn.execute_fetchall(
        "SELECT slug FROM record WHERE guild_id = ? AND kind IN ('event', 'session') AND live = 1 "
        f"AND {on} BETWEEN ? AND ? ORDER BY newest_on DESC, id LIMIT ?",
        (scene.guild_id, *days, MOST),
    )
    scene.found.lines += [identity(one) for one in await scene.open([slug for (slug,) in rows])]


async def _newest(scene: Scene, first: date, last: date) -> list[Row]:
    """The records of which something was reported in a time, the newest first."""
    return await fetch_all(
        scene.conn,
        Row,
        "SELECT kind, slug, name, status, newest_on FROM record WHERE guild_id = ? AND live = 1 "
        "AND newest_on >= ? AND newest_on <= ? AND kind IN ('deal', 'session', 'pending') "
        "ORDER BY newest_on DESC, kind, id LIMIT ?",
        (scene.guild_id, first.isoformat(), last.isoformat(), MOST),
    )


async def tell_events(scene: Scene) -> bool:
    """The events that are linked with the records named."""
    if not scene.subjects or any(one.record.kind in ("event", "session", "dialogue", "deal") for one in scene.subjects):
        return False
    texts = await scene.texts(kinds=("event",), linked=scene.subjects, words=scene.held(scene.left))
    for one in await scene.open([text.slug for text in texts[:3]]):
        involved = facts_of(one, "involved")
        scene.found.lines.append(identity(one))
        if involved:
            scene.found.lines.append(Told(one, involved))
    return bool(texts)
