"""Drafts: what an editor is about to enter, kept from the first form to the saving, over restarts too."""

# pyright: standard
# Not strict until the next issues rebuild it.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from typing import Literal, cast

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from bot.errors import BadInput, NotInRecord, UserError
from bot.ledger.changes import changed_fields
from bot.ledger.closing import APPROVAL_AFTER, SETTLED, DealQuestion, LeftOpen, ask, left_open
from bot.ledger.drafts import (
    RECORD,
    Draft,
    Edited,
    Entry,
    Given,
    Note,
    Preview,
    Task,
    fixed_day,
    form_field,
    instead,
    read,
    values_of,
)
from bot.ledger.kinds import get_field
from bot.ledger.stage import open_approvals
from bot.ledger.values import FieldType, Find, expect, quoted, record_of
from bot.ledger.words import normal, slug_of
from bot.services import records, sources, updates
from bot.services.updates import Change
from data.database import Connection, to_text
from data.records import Approval, Kind, Opened, Party, Source, State, Value
from data.rows import as_list, fetch_one, fetch_value, fetch_values, in_list

SOURCE_OFFERED_FOR = timedelta(hours=1)
DEALS_ASKED = 3  # Of a closing item that is about more deals the preview asks about the first ones.
TYPED_LIMIT = 4000  # Discord: the most that one part of a form can hold.

_COLUMNS = "id, guild_id, person_id, task, typed, base, state, batch"


class _Row(Struct, frozen=True):
    id: int
    guild_id: int
    person_id: int
    task: Task[Raw]
    typed: dict[str, str]
    base: int
    state: Literal["open", "saved", "dropped"]
    batch: str


def _draft(row: _Row) -> Draft:
    kind = row.task.kind
    given = [Given(one.field, get_field(kind, one.field).type.stored.decode(one.value)) for one in row.task.given]
    task = cast("Task[Value]", replace(row.task, given=given))
    return Draft(row.id, row.guild_id, row.person_id, task, row.typed, row.base, row.state, row.batch)


def _json(value: Task[Value] | dict[str, str]) -> str:
    return msgspec.json.encode(value).decode()


async def start(
    conn: Connection, guild_id: int, person_id: int, task: Task, *, value: str = "", day: str = "", now: datetime
) -> Draft:
    """A new draft whose form is filled in with a value, a day, and this editor's source of the last hour."""
    last = await fetch_value(
        conn,
        dict[str, str],
        "SELECT typed FROM draft WHERE guild_id = ? AND person_id = ? AND state = 'saved' AND saved_at >= ? "
        "ORDER BY saved_at DESC, id DESC LIMIT 1",
        (guild_id, person_id, to_text(now - SOURCE_OFFERED_FOR)),
    )
    last = last or {}
    typed = {"value": value, "date": day, "source": last.get("source", ""), "published": last.get("published", "")}
    id_ = await fetch_value(
        conn,
        int,
        "INSERT INTO draft (guild_id, person_id, task, typed, created_at) VALUES (?, ?, ?, ?, ?) RETURNING id",
        (guild_id, person_id, _json(task), _json(typed), to_text(now)),
    )
    assert id_ is not None  # One row was inserted.
    return Draft(id_, guild_id, person_id, task, typed, 0, "open", "")


async def get(conn: Connection, guild_id: int, draft_id: str, person_id: int) -> Draft:
    """An open draft of this person in this server; UserError says why there is none to go on with."""
    row = None
    if draft_id.isdecimal() and len(draft_id) < 19:
        row = await fetch_one(
            conn, _Row, f"SELECT {_COLUMNS} FROM draft WHERE guild_id = ? AND id = ?", (guild_id, int(draft_id))
        )
    if row is None:
        raise UserError("This draft is not here any more. Nothing was changed. Begin a new one with /update.")
    draft = _draft(row)
    if draft.person_id != person_id:
        raise UserError("This draft is somebody else's. Nothing was changed. Begin your own with /update.")
    if draft.state == "saved":
        raise UserError("This was saved already, once. Nothing more was changed.")
    if draft.state == "dropped":
        raise UserError("This draft was discarded. Nothing was changed. Begin a new one with /update.")
    return draft


async def keep_typed(conn: Connection, draft: Draft, typed: Mapping[str, str], *, today: date) -> Draft:
    """Keep what a form was sent with, before anything is read from it. Parts that were not sent stay as they were.

    With another value what was chosen below the preview holds no more: it was chosen for something else.
    """
    kept = draft.typed | {name: text[:TYPED_LIMIT] for name, text in typed.items()}
    kept |= {name: fixed_day(kept.get(name, ""), today) for name in ("date", "published")}
    await conn.execute("UPDATE draft SET typed = ? WHERE id = ?", (_json(kept), draft.id))
    if kept.get("value") != draft.typed.get("value"):
        draft = await _keep_task(conn, draft, replace(draft.task, stage_after={}, also={}))
    return replace(draft, typed=kept)


async def choose_stage(conn: Connection, draft: Draft, deal_id: int, stage: str) -> Draft:
    """Keep the stage that a deal has after this. One that is not offered leaves it as it is."""
    return await _keep_task(conn, draft, replace(draft.task, stage_after=draft.task.stage_after | {deal_id: stage}))


async def choose_approvals(conn: Connection, draft: Draft, deal_id: int, chosen: Sequence[int]) -> Draft:
    """Keep which other approvals of a deal the source settles too, by the updates that hold them."""
    return await _keep_task(conn, draft, replace(draft.task, also=draft.task.also | {deal_id: list(chosen)}))


async def _keep_task(conn: Connection, draft: Draft, task: Task) -> Draft:
    await conn.execute("UPDATE draft SET task = ? WHERE id = ?", (_json(task), draft.id))
    return replace(draft, task=task)


async def drop(conn: Connection, draft: Draft) -> None:
    await conn.execute("UPDATE draft SET state = 'dropped' WHERE id = ?", (draft.id,))


async def preview(conn: Connection, draft: Draft, *, now: datetime, moved_on: bool = False) -> Preview:
    """What a draft would change: it is entered for real, looked at, and taken back. UserError says what is wrong.

    So nothing is promised that saving would refuse.
    """
    async with _taken_back(conn):
        found, _ = await _enter(conn, draft, now)
    base = await _newest(conn, draft.guild_id, found)
    await conn.execute("UPDATE draft SET base = ? WHERE id = ?", (base, draft.id))
    return replace(found, draft=replace(found.draft, base=base), moved_on=moved_on)


async def save(conn: Connection, draft: Draft, *, now: datetime) -> Preview:
    """Enters a draft, and returns it as saved. When one of its records changed since the preview, nothing is saved and
    a new preview comes back, marked so.
    """
    seen = await preview(conn, draft, now=now)
    if seen.draft.base != draft.base:
        return replace(seen, moved_on=True)
    found, batch = await _enter(conn, draft, now)
    await conn.execute(
        "UPDATE draft SET state = 'saved', task = ?, batch = ?, saved_at = ? WHERE id = ?",
        (_json(found.draft.task), batch, to_text(now), draft.id),
    )
    return replace(found, draft=replace(found.draft, state="saved", batch=batch))


async def undo(conn: Connection, guild_id: int, batch: str, *, now: datetime, person_id: int) -> tuple[str, str]:
    """Takes back what a draft saved: the slug and the name of its record. UserError when it is too late.

    Any editor may: each of them could enter the opposite at once, and a wrong update is better gone in time.
    """
    row = await fetch_one(
        conn,
        _Row,
        f"SELECT {_COLUMNS} FROM draft WHERE guild_id = ? AND batch = ? AND state = 'saved'",
        (guild_id, batch),
    )
    if row is None:
        raise UserError("There is nothing to undo here. Nothing was changed.")
    await updates.undo(conn, guild_id, batch, now=now, person_id=person_id)
    return row.task.record, row.task.name


@asynccontextmanager
async def _taken_back(conn: Connection):
    await conn.execute("SAVEPOINT rehearsal")
    try:
        yield
    finally:
        await conn.execute("ROLLBACK TO rehearsal")
        await conn.execute("RELEASE rehearsal")


async def _newest(conn: Connection, guild_id: int, found: Preview) -> int:
    """Return the newest update of what a preview shows: the records that change, and the deals that it asks about."""
    slugs = {change.slug for change in found.changes} | {asked.deal for asked in found.asked}
    newest = await fetch_value(
        conn,
        int,
        "SELECT max(u.id) FROM ledger u JOIN record r ON r.id = u.record_id "
        f"WHERE r.guild_id = ? AND r.slug IN {in_list()}",
        (guild_id, as_list(slugs)),
    )
    return newest or 0


async def _enter(conn: Connection, draft: Draft, now: datetime) -> tuple[Preview, str]:
    """Reads a draft's form and appends what it says: what changed, and the batch."""
    guild_id = draft.guild_id
    opened, wrong = await _record_of(conn, draft)
    if draft.task.asks_record and opened is not None:
        record = opened.record
        named = replace(draft.task, record=record.slug, kind=record.kind, name=record.name)
        draft = replace(draft, task=named)
    task = draft.task
    if task.closes and opened is not None and not opened.record.open:
        raise UserError(f"{quoted(opened.record.name)} was closed meanwhile. Nothing was changed.")
    entry = read(draft, await _finder(conn, draft), opened, now=now, found_wrong=wrong)
    source_id = await sources.ensure(
        conn,
        guild_id,
        title=entry.cited.title,
        publisher=entry.cited.publisher,
        published_on=entry.published_on,
        url=entry.cited.url,
    )

    def change(slug: str, kind: Kind, given: Given) -> Change:
        cited = (entry.date, source_id, entry.cited.locator, entry.reason)
        return Change(slug, kind, given.field, given.value, *cited)

    changes = [change(task.record, task.kind, given) for given in values_of(task, entry.value, opened)]
    before: dict[str, Opened | None] = {task.record: opened}
    asked: dict[str, DealQuestion] = {}
    for deal in await _deals_behind(conn, guild_id, task, entry, opened):
        slug, asks = deal.record.slug, await _asked(conn, guild_id, task, entry, opened, deal)
        if asks is not None:
            asked[slug], before[slug] = asks, deal
            changes += [change(slug, "deal", Given(*given)) for given in asks.values]
    batch = await updates.append(conn, guild_id, changes, now=now, person_id=draft.person_id, origin="editor")
    told: list[Edited] = []
    notes: list[Note] = []
    known: dict[int, Source] = {}
    left: list[LeftOpen] = []
    for slug in dict.fromkeys(one.record for one in changes):
        old, new = before[slug], await records.get(conn, guild_id, slug)
        names = (old.names if old else {}) | new.names
        known |= new.sources
        changed = changed_fields(new.record.kind, old.record.state if old else State(), new.record.state)
        told.append(Edited(new.record.kind, slug, new.record.name, old is None, changed, names))
        found = [_note(one, told[-1], old, new) for one in changes if one.record == slug]
        notes += [note for note in found if note is not None]
        if new.record.kind == "deal":
            left += filter(None, [left_open(old, new)])
            if slug in asked and old is not None:
                last = bool(open_approvals(old.record.state)) and not open_approvals(new.record.state)
                asked[slug] = replace(asked[slug], last=last)
    source = await sources.get(conn, guild_id, source_id)
    return Preview(draft, told, notes, entry, source, known, list(asked.values()), left), batch


async def _deals_behind(
    conn: Connection, guild_id: int, task: Task, entry: Entry, opened: Opened | None
) -> list[Opened]:
    """Return the deals that a closing item is about, or the one whose approval is settled; none when nothing closes."""
    if opened is None:
        return []
    if not task.closes:
        settled = task.kind == "deal" and isinstance(entry.value, Approval) and entry.value.state in SETTLED
        return [opened] if settled else []
    deals = {link.slug for link in opened.links if link.outward and link.kind == "deal" and link.field == "about"}
    about = [slug for fact in opened.record.state.facts("about") if (slug := record_of(fact.value)) in deals]
    return await records.get_many(conn, guild_id, about[:DEALS_ASKED])


async def _asked(
    conn: Connection, guild_id: int, task: Task, entry: Entry, opened: Opened | None, deal: Opened
) -> DealQuestion | None:
    """Return what the preview asks about a deal, with what was chosen so far."""
    course = await updates.history(conn, guild_id, deal.record.slug)
    chosen, also = task.stage_after.get(deal.record.id, ""), task.also.get(deal.record.id)
    if task.closes:
        outcome = expect(entry.value, str)
        state = APPROVAL_AFTER.get(outcome)
        return ask(deal, course, entry.date, state=state, chosen=chosen, also=also, item=opened, outcome=outcome)
    approval = expect(entry.value, Approval)
    own = get_field("deal", "approval").type.key(approval)
    return ask(deal, course, entry.date, state=approval.state, chosen=chosen, also=also, changed_key=own)


async def _record_of(conn: Connection, draft: Draft) -> tuple[Opened | None, list[str]]:
    """The record that a draft changes, none when it makes one; and what is wrong with the name that its form gives."""
    task = draft.task
    if task.asks_record:
        try:
            return await records.get_by_name(conn, draft.guild_id, draft.typed.get("record", "")), []
        except UserError as error:
            return None, [f"{RECORD}: {error}"]
    return await (records.find if task.new else records.get)(conn, draft.guild_id, task.record), []


def _note(change: Change, told: Edited, old: Opened | None, new: Opened) -> Note | None:
    """What has to be said about a change beyond its before and after."""
    stood = old.record.state.facts(change.field) if old else []
    field = get_field(change.kind, change.field)
    facts, key = new.record.state.facts(field.name), field.type.key(change.value)
    others = [fact for fact in facts if fact.source != change.source_id or field.type.key(fact.value) != key]
    moved = [one.after or one.before for one in told.changes if one.field == field.name]
    if any(fact is not None and field.type.key(fact.value) == key for fact in moved):
        how: Literal["same", "older", "beside"] = "beside"
        if field.rule != "variants" or not others:
            return None
    elif before := [fact for fact in stood if fact.value == change.value]:
        how, others = "same", before
    else:
        how, others = "older", [fact for fact in facts if field.rule == "replace" or field.type.key(fact.value) == key]
    return Note(how, change.kind, field.name, change.value, others, told.names)


async def _finder(conn: Connection, draft: Draft) -> Find:
    field = form_field(draft.task)
    return await _find_in(conn, draft.guild_id, field.type, draft.typed.get("value", "")) if field else _find_nothing


def _find_nothing(name: str, _kinds: Sequence[Kind]) -> str:
    raise NotInRecord(f"{quoted(name)} is not in the record. Nothing was changed.")


async def _find_in(conn: Connection, guild_id: int, type_: FieldType, text: str) -> Find:
    """Looks up the records that a typed text names, so that reading it needs no database."""
    found: dict[str, str | UserError] = {}
    for name in type_.mentions(text):
        try:
            found[name] = await records.slug_by_name(conn, guild_id, name[:200], type_.kinds)
        except NotInRecord as error:
            hint = ' For somebody without a record, write the words in "quotation marks".'
            found[name] = NotInRecord(f"{error}{hint}") if type_.quotes else error
        except UserError as error:
            found[name] = error

    def find(name: str, kinds: Sequence[Kind]) -> str:
        slug = found.get(name)
        if isinstance(slug, UserError):
            raise slug
        return slug or _find_nothing(name, kinds)

    return find


async def pending_task(
    conn: Connection,
    guild_id: int,
    item: str,
    *,
    about: str | None = None,
    item_kind: str | None = None,
    who: str | None = None,
) -> tuple[Task, Opened | None]:
    """A pending item to be made or changed, with what was chosen for it; the item when it is on the record.

    Only the whole name counts: a name that merely begins like another makes a new item. Who must act, and what it is
    about, hold from then on instead of what was there. A closed item is open again.
    """
    opened = await _find_item(conn, guild_id, item)
    given: list[Given] = []
    if opened is None:
        name = expect(get_field("pending", "name").type.parse(item, _find_nothing), str)
        task = Task(await _new_slug(conn, guild_id, name), "pending", name, "due", new=True)
        given += [Given("name", name), Given("state", "open"), Given("basis", "stated")]
    else:
        task = Task(opened.record.slug, "pending", opened.record.name, "due")
        if not opened.record.open:
            given.append(Given("state", "open"))
    if item_kind is not None and (opened is None or opened.record.state.text("item_kind") != item_kind):
        given.append(Given("item_kind", item_kind))
    for name, text in (("who", who), ("about", about)):
        if text is not None:
            type_ = get_field("pending", name).type
            party = expect(type_.parse(text, await _find_in(conn, guild_id, type_, text)), Party)
            gone = [Given(name, party)] if party.gone else []
            given += gone or instead(opened, name, [party])
    return replace(task, given=given), opened


async def _find_item(conn: Connection, guild_id: int, text: str) -> Opened | None:
    opened = await records.find(conn, guild_id, text[:200])
    if opened is not None and opened.record.kind == "pending":
        return opened
    slugs = await fetch_values(
        conn,
        str,
        "SELECT DISTINCT r.slug FROM name n JOIN record r ON r.id = n.record_id "
        "WHERE n.guild_id = ? AND n.match_kind = 0 AND n.norm = ? AND r.live = 1 AND r.kind = 'pending'",
        (guild_id, normal(text[:200])),
    )
    if len(slugs) > 1:
        raise BadInput(
            f"{quoted(text)} is the name of several pending items. Nothing was changed. Choose one from the list."
        )
    return await records.get(conn, guild_id, slugs[0]) if slugs else None


async def _new_slug(conn: Connection, guild_id: int, name: str) -> str:
    """An address that no record has; an item that was taken back makes its own free again."""
    base = slug_of(name)
    taken = await fetch_values(
        conn,
        str,
        "SELECT slug FROM record WHERE guild_id = ? AND slug >= ? AND slug < ? AND (live = 1 OR kind <> 'pending')",
        (guild_id, base[:46], base[:46] + "\U0010ffff"),
    )
    number, slug = 1, base
    while slug in taken:
        number += 1
        slug = f"{base[:46].rstrip('-')}-{number}"
    return slug
