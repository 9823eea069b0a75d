"""Drafts: what an editor is about to enter, stored from the first form until it is saved, also across restarts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Literal

import msgspec
from msgspec.structs import replace

from bot import dates
from bot.errors import UserError
from bot.ledger.changes import changed_fields
from bot.ledger.closing import LeftOpen, left_open
from bot.ledger.draft_warnings import amount_warnings, closing_warnings, date_warnings, item_warnings
from bot.ledger.drafts import (
    Draft,
    DraftPlan,
    Edited,
    EventChoices,
    Mistakes,
    NewRecord,
    Note,
    Planned,
    Preview,
    Task,
    fixed_day,
)
from bot.ledger.kinds import get_field
from bot.ledger.stage import open_approvals
from bot.ledger.values import record_of
from bot.ledger.words import normal
from bot.services import event_drafts, field_drafts, recent_sources, record_drafts, records, sources, updates
from bot.services.draft_names import new_slug
from bot.services.draft_rows import DRAFT_COLUMNS, DraftRow, last_saved, to_draft
from bot.services.updates import Change
from data.database import Connection, rolled_back, to_text
from data.records import Opened, Source, State, Value
from data.rows import fetch_one, fetch_value

TYPED_LIMIT = 4000  # Discord: the most that one input of a form can hold.


def _json(value: Task[Value] | dict[str, str]) -> str:
    return msgspec.json.encode(value).decode()


async def start(
    conn: Connection,
    guild_id: int,
    person_id: int,
    task: Task[Value],
    *,
    value: str = "",
    day: str = "",
    typed: Mapping[str, str] | None = None,
    now: datetime,
) -> Draft:
    """Store a new draft and return it. Its form is filled in with a value, a day and a source.

    The source is that of the last draft that this person saved, if that was in the past hour. `typed` has texts by the
    names of inputs. They replace the texts that the inputs would have otherwise.
    """
    last = await last_saved(conn, guild_id, person_id, now)
    source, published = await _typed_source(conn, last) if last is not None else ("", "")
    given = {"value": value, "date": day, "source": source, "published": published} | dict(typed or {})
    id_ = await fetch_value(
        conn,
        int,
        "INSERT INTO draft (guild_id, person_id, task, typed, created_at) VALUES (?, ?, ?, ?, ?) RETURNING id",
        (guild_id, person_id, _json(task), _json(given), to_text(now)),
    )
    assert id_ is not None  # One row was inserted.
    return Draft(id_, guild_id, person_id, task, given, 0, "open", "")


async def _typed_source(conn: Connection, last: Draft) -> tuple[str, str]:
    """Return the source of a saved draft, and the date of this source, as texts to fill into a form."""
    source = await recent_sources.match(conn, last.guild_id, last.typed.get("source", ""))
    if not (last.task.happening or last.task.adds) or source is None:
        return last.typed.get("source", ""), last.typed.get("published", "")
    published = dates.typed_fact_date(source.published_on) if source.published_on else "undated"
    titled = source.title if source.title != source.publisher else ""
    return " ".join(part for part in (titled, source.url) if part), published


async def get(conn: Connection, guild_id: int, draft_id: str, person_id: int) -> Draft:
    """Return an open draft of a person in a server. Raise UserError, which says why, when there is no such draft."""
    row = None
    if draft_id.isdecimal() and len(draft_id) < 19:
        row = await fetch_one(
            conn,
            DraftRow,
            f"SELECT {DRAFT_COLUMNS} FROM draft WHERE guild_id = ? AND id = ?",
            (guild_id, int(draft_id)),
        )
    if row is None:
        raise UserError("This draft is not here any more. Nothing was changed. Begin a new one with /update.")
    draft = to_draft(row)
    if draft.person_id != person_id:
        raise UserError("This draft is somebody else's. Nothing was changed. Begin your own with /update.")
    if draft.state == "saved":
        raise UserError("This was saved already, once. Nothing more was changed.")
    if draft.state == "dropped":
        raise UserError("This draft was discarded. Nothing was changed. Begin a new one with /update.")
    return draft


async def get_saved(conn: Connection, guild_id: int, batch: str) -> Draft:
    """Return the draft that entered a batch of updates. Raise UserError when no draft of the server did."""
    row = await fetch_one(
        conn,
        DraftRow,
        f"SELECT {DRAFT_COLUMNS} FROM draft WHERE guild_id = ? AND batch = ? AND state = 'saved'",
        (guild_id, batch),
    )
    if row is None:
        raise UserError("What this belongs to is not here any more. Nothing was changed. Begin anew with /update.")
    return to_draft(row)


async def keep_typed(conn: Connection, draft: Draft, typed: Mapping[str, str], *, today: date) -> Draft:
    """Store the texts that were sent from a form, before anything is parsed. Inputs that were not sent keep their text.

    If the value has changed, the choices made below the preview are reset, because they were made for another value.
    For an event they are always reset.
    """
    kept = draft.typed | {name: text[:TYPED_LIMIT] for name, text in typed.items()}
    kept |= {name: fixed_day(kept.get(name, ""), today) for name in ("date", "published")}
    await conn.execute("UPDATE draft SET typed = ? WHERE id = ?", (_json(kept), draft.id))
    if kept.get("value") != draft.typed.get("value") or draft.task.happening:
        draft = await _keep_task(conn, draft, replace(draft.task, stage_after={}, also={}, chosen=EventChoices()))
    return replace(draft, typed=kept)


async def choose_stage(conn: Connection, draft: Draft, deal_id: int, stage: str) -> Draft:
    """Store the stage that a person chose for a deal below the preview. A stage that is not offered has no effect."""
    return await _keep_task(conn, draft, replace(draft.task, stage_after=draft.task.stage_after | {deal_id: stage}))


async def choose_approvals(conn: Connection, draft: Draft, deal_id: int, chosen: Sequence[int]) -> Draft:
    """Store which other approvals of a deal the same source settles. `chosen` are the ids of their updates."""
    return await _keep_task(conn, draft, replace(draft.task, also=draft.task.also | {deal_id: list(chosen)}))


async def choose_in_event(
    conn: Connection,
    draft: Draft,
    *,
    stage: str | None = None,
    changes: Sequence[str] | None = None,
    item: str | None = None,
) -> Draft:
    """Store what was chosen below the preview of an event. A choice that is None stays as it was."""
    chosen = draft.task.chosen
    chosen = EventChoices(
        chosen.stage if stage is None else stage,
        chosen.changes if changes is None else list(changes),
        chosen.item if item is None else item,
    )
    return await _keep_task(conn, draft, replace(draft.task, chosen=chosen))


async def add_missing(conn: Connection, draft: Draft, *, now: datetime) -> Draft:
    """Let a draft create the records that its form names and the server does not have. Return the changed draft."""
    try:
        await preview(conn, draft, now=now)
    except Mistakes as error:
        others = list(draft.task.others)
        for missing in error.missing:
            if normal(missing.name) in [normal(other.name) for other in others]:
                continue
            slug = await new_slug(conn, draft.guild_id, missing.name)
            while slug in [other.slug for other in others]:
                slug = f"{slug[:46]}-{len(others) + 2}"
            others.append(NewRecord(missing.kind, slug, missing.name))
        return await _keep_task(conn, draft, replace(draft.task, others=others))
    return draft


async def _keep_task(conn: Connection, draft: Draft, task: Task[Value]) -> Draft:
    await conn.execute("UPDATE draft SET task = ? WHERE id = ?", (_json(task), draft.id))
    return replace(draft, task=task)


async def drop(conn: Connection, draft: Draft) -> None:
    """Mark a draft as discarded."""
    await conn.execute("UPDATE draft SET state = 'dropped' WHERE id = ?", (draft.id,))


async def preview(conn: Connection, draft: Draft, *, now: datetime, moved_on: bool = False) -> Preview:
    """Return what a draft would change. Raise UserError when the draft cannot be entered.

    The draft is entered and rolled back, so if there is a preview, saving is possible too. The id of the newest update
    of the shown records is stored as `base`. By this id `save` notices if a record has changed since. `moved_on` is
    copied into the preview.
    """
    async with rolled_back(conn):
        seen, _ = await _enter(conn, draft, now)
    # The preview is out of date once a record that it changes or asks about has a newer update.
    slugs = {change.slug for change in seen.changes} | {asked.deal for asked in seen.asked} | {seen.draft.task.record}
    base = await updates.newest_of(conn, draft.guild_id, slugs)
    await conn.execute("UPDATE draft SET base = ? WHERE id = ?", (base, draft.id))
    return replace(seen, draft=replace(seen.draft, base=base), moved_on=moved_on)


async def save(conn: Connection, draft: Draft, *, now: datetime) -> Preview:
    """Enter a draft, and return what it changed.

    When one of its records has changed since the preview, save nothing. Return a new preview instead, with `moved_on`
    true.
    """
    seen = await preview(conn, draft, now=now)
    if seen.draft.base != draft.base:
        return replace(seen, moved_on=True)
    entered, batch = await _enter(conn, draft, now)
    await conn.execute(
        "UPDATE draft SET state = 'saved', task = ?, batch = ?, saved_at = ? WHERE id = ?",
        (_json(entered.draft.task), batch, to_text(now), draft.id),
    )
    return replace(entered, draft=replace(entered.draft, state="saved", batch=batch))


async def undo(conn: Connection, guild_id: int, batch: str, *, now: datetime, person_id: int) -> tuple[str, str]:
    """Withdraw what a draft saved at most 60 seconds ago. Return the slug and the name of its record.

    Raise UserError when more than 60 seconds have passed, or when the draft was undone already. Any editor may undo the
    draft of another, because each of them could enter the opposite at once.
    """
    row = await fetch_one(
        conn,
        DraftRow,
        f"SELECT {DRAFT_COLUMNS} FROM draft WHERE guild_id = ? AND batch = ? AND state = 'saved'",
        (guild_id, batch),
    )
    if row is None:
        raise UserError("There is nothing to undo here. Nothing was changed.")
    await updates.undo(conn, guild_id, batch, now=now, person_id=person_id)
    return row.task.record, row.task.name


async def _enter(conn: Connection, draft: Draft, now: datetime) -> tuple[Preview, str]:
    """Append the updates of a draft. Return (a) the preview with what has changed, and (b) the id of the batch."""
    guild_id = draft.guild_id
    planner = event_drafts if draft.task.happening else record_drafts if draft.task.adds else field_drafts
    plan = await planner.plan(conn, draft, now)
    entry = plan.entry
    source_id = plan.source_id
    if source_id is None:
        source_id = await sources.ensure(
            conn,
            guild_id,
            title=entry.cited.title,
            publisher=entry.cited.publisher,
            published_on=entry.published_on,
            url=entry.cited.url,
            archived_url=entry.cited.archived_url,
        )
    cited = (entry.date, source_id, entry.cited.locator, entry.reason)
    task = draft.task

    def change(planned: Planned) -> Change:
        of_form = planned.field == task.field and planned.record == task.record
        from_update = task.started_from if of_form else None
        return Change(planned.record, planned.kind, planned.field, planned.value, *cited, started_from=from_update)

    changes = [change(planned) for planned in plan.values]
    batch = await updates.append(conn, guild_id, changes, now=now, person_id=draft.person_id, origin="editor")
    edited: list[Edited] = []
    notes: list[Note] = []
    known: dict[int, Source] = {}
    left_behind: list[LeftOpen] = []
    asked = dict(plan.asked)
    for slug in dict.fromkeys(change.record for change in changes):
        old, new = plan.before[slug], await records.get(conn, guild_id, slug)
        names = (old.names if old else {}) | new.names
        known |= new.sources
        changed = changed_fields(new.record.kind, old.record.state if old else State(), new.record.state)
        edited.append(Edited(new.record.kind, slug, new.record.name, old is None, changed, names))
        of_record = [_note(change, edited[-1], old, new) for change in changes if change.record == slug]
        # Of several values that one draft adds to a field, one note says what stays beside them.
        by_key = {
            (note.how, note.field, "" if note.how == "beside" else number): note
            for number, note in enumerate(of_record)
            if note is not None
        }
        notes += by_key.values()
        if new.record.kind == "deal":
            left_behind += filter(None, [left_open(old, new)])
            if slug in asked and old is not None:
                last = bool(open_approvals(old.record.state)) and not open_approvals(new.record.state)
                asked[slug] = replace(asked[slug], last=last)
    source = await sources.get_to_cite(conn, guild_id, source_id)
    warnings = [*plan.warnings, *date_warnings(entry, source), *await _warnings(conn, plan)]
    seen = Preview(
        plan.draft,
        edited,
        notes,
        entry,
        source,
        known,
        list(asked.values()),
        left_behind,
        event=plan.event,
        warnings=warnings,
    )
    return seen, batch


async def _warnings(conn: Connection, plan: DraftPlan) -> list[str]:
    """Return the warnings about the records of a plan. Call this after the plan was entered."""
    guild_id = plan.draft.guild_id
    warnings: list[str] = []
    for slug, old in plan.before.items():
        planned = [change for change in plan.values if change.record == slug]
        kinds = {change.kind for change in planned}
        if "deal" in kinds:
            warnings += amount_warnings(planned, old)
        if "pending" not in kinds:
            continue
        new = await records.get(conn, guild_id, slug)
        if old is None:
            warnings += item_warnings(new)
        elif old.record.open and not new.record.open and new.record.state.text("outcome") != "dropped":
            about = [record_of(fact.value) for fact in new.record.state.facts("about")]
            deals = [deal for deal in await records.get_many(conn, guild_id, about) if deal.record.kind == "deal"]
            warnings += closing_warnings(new, deals)
    return warnings


def _note(change: Change, edited: Edited, old: Opened | None, new: Opened) -> Note | None:
    """Return a note about an entered value (see `Note`). Return None if the value simply replaced another one."""
    former = old.record.state.facts(change.field) if old else []
    field = get_field(change.kind, change.field)
    facts, key = new.record.state.facts(field.name), field.type.key(change.value)
    others = [fact for fact in facts if fact.source != change.source_id]
    moved = [changed.after or changed.before for changed in edited.changes if changed.field == field.name]
    if any(fact is not None and field.type.key(fact.value) == key for fact in moved):
        how: Literal["same", "older", "beside"] = "beside"
        if field.rule != "variants" or not others:
            return None
    elif before := [fact for fact in former if fact.value == change.value]:
        how, others = "same", before
    else:
        how, others = "older", [fact for fact in facts if field.rule == "replace" or field.type.key(fact.value) == key]
    return Note(how, change.kind, field.name, change.value, others, edited.names)
