"""Plans what the draft of an event enters, from its form and from the records as they are now."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from bot.errors import BadInput, NotInRecord
from bot.ledger.drafts import Draft, DraftPlan, Planned, Task, read_day, read_published
from bot.ledger.event_forms import EventEntry, mentioned, read_event, split_published
from bot.ledger.event_plans import Subject, plan_event
from bot.ledger.happenings import HAPPENINGS
from bot.ledger.kinds import get_field
from bot.ledger.source_lines import read_source_line, shown_source
from bot.ledger.words import one_line
from bot.services import draft_names, recent_sources, records, updates
from bot.services.draft_rows import last_saved
from bot.services.record_drafts import namesakes
from data.database import Connection
from data.records import Opened, Value

_ITEMS = 12  # The preview offers to close at most so many open pending items about a deal.
_NAME_LIMIT = 100


async def event_task(conn: Connection, guild_id: int, deal: str, happening: str) -> Task[Value]:
    """Return the task that enters an event of a deal. `happening` is the kind of the event.

    `deal` is the slug or the name of a deal. A text like "New deal: Patrol boats" stands for a deal that the event
    creates. Raise UserError when there is no such deal, or when the name of a new deal cannot be used.
    """
    if name := draft_names.new_name("deal", deal):
        new = get_field("deal", "name").type.parse(name, draft_names.find_nothing)
        assert isinstance(new, str)
        return Task(await draft_names.new_slug(conn, guild_id, new), "deal", new, new=True, happening=happening)
    try:
        opened = await records.get_by_name(conn, guild_id, deal, ("deal",))
    except NotInRecord as error:
        raise NotInRecord(error.refusal, f"Nothing was changed. To make it, write New deal: {one_line(deal)}") from None
    return Task(opened.record.slug, "deal", opened.record.name, happening=happening)


async def day_and_source(
    conn: Connection, guild_id: int, person_id: int, day: str, source: str, *, now: datetime
) -> dict[str, str]:
    """Return the day and the source of an event as its draft stores them: the typed texts of its inputs.

    If `day` or `source` is "", the text comes from the last draft that the person saved, if that was in the past hour.
    Raise BadInput when there is no such draft, or when the day or the source cannot be read. The form of the event has
    no inputs for the two, so they cannot be corrected there.
    """
    last = await last_saved(conn, guild_id, person_id, now) if not (day and source) else None
    before = last.typed if last is not None else {}
    day = day or before.get("date", "")
    if not source and last is not None:
        known = await recent_sources.match(conn, guild_id, before.get("source", ""))
        source = shown_source(known) if known is not None else ""
    if not day or not source:
        what = "a day" if not day else "a source"
        raise BadInput(
            f"No {what[2:]} is given, and you saved nothing in the past hour. Nothing was changed. "
            f"Choose {what} with the command, like day: 15 October 2024 source: https://example.org/x"
        )
    read_day(day, now)
    line, published = split_published(source)
    if await recent_sources.match(conn, guild_id, line) is None:
        read_source_line(line)
    read_published(published, now)
    return {"date": day, "source": source, "published": ""}


async def plan(conn: Connection, draft: Draft, now: datetime) -> DraftPlan:
    """Return what the draft of an event enters. Raise UserError when its form or its deal cannot be used."""
    guild_id, task = draft.guild_id, draft.task
    source = await recent_sources.match(conn, guild_id, split_published(draft.typed.get("source", ""))[0])
    find, others = await draft_names.form_finder(conn, draft, mentioned(task, draft.typed))
    entry = read_event(draft, find, source, now=now)
    if task.part_of:
        name = entry.name
        task = replace(task, record=await draft_names.new_slug(conn, guild_id, name), name=name, new=True)
    subject = await _subject(conn, draft, task.record, task.name, entry, new=task.new)
    event = plan_event(task.happening, task.part_of, entry, subject, task.chosen)
    values: list[Planned] = []
    if task.new and subject.opened is None:
        values.append(Planned(task.record, "deal", "name", task.name))
    values += event.values
    if not values:
        raise BadInput(
            "This event changes nothing. Nothing was changed. Write in the form what the source says, or a note."
        )
    values += [Planned(other.slug, other.kind, "name", other.name) for other in others]
    opened_by_slug = {opened.record.slug: opened for opened in [*subject.items, *subject.also]}
    if subject.opened is not None:
        opened_by_slug[subject.slug] = subject.opened
    before = {planned.record: opened_by_slug.get(planned.record) for planned in values}
    return DraftPlan(
        replace(draft, task=task),
        entry.entry,
        values,
        before,
        recent_sources.same(source, entry.entry),
        event=event.question,
        warnings=[*event.warnings, *(await namesakes(conn, guild_id, task) if subject.opened is None else [])],
    )


async def _subject(conn: Connection, draft: Draft, slug: str, name: str, entry: EventEntry, *, new: bool) -> Subject:
    """Return the deal of an event, with its updates, its open pending items and the other records of the note.

    `slug` and `name` are those of the deal. If `new` is true, the event creates the deal.
    """
    guild_id = draft.guild_id
    opened = await (records.find if new else records.get)(conn, guild_id, slug)
    history = await updates.history(conn, guild_id, slug) if opened is not None else []
    items: list[Opened] = []
    if opened is not None:
        name = opened.record.name
        open_items = [
            link.slug
            for link in opened.links
            if link.kind == "pending" and link.open and not link.outward and link.field == "about"
        ]
        items = await records.get_many(conn, guild_id, list(dict.fromkeys(open_items))[:_ITEMS])
    opens_name = HAPPENINGS[draft.task.happening].opens_name
    item_name = one_line(f"{opens_name}: {name}")[:_NAME_LIMIT].rstrip() if opens_name else ""
    item_slug = await draft_names.new_slug(conn, guild_id, item_name) if item_name else ""
    about = [about for about in dict.fromkeys(entry.about) if about != slug]
    also = await records.get_many(conn, guild_id, about)
    return Subject(slug, name, opened, history, items, item_slug, item_name, also)
