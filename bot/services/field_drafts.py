"""Plans what a draft enters that changes a single field or closes a pending item."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from bot.errors import UserError
from bot.ledger.closing import APPROVAL_AFTER, SETTLED, DealQuestion, ask
from bot.ledger.drafts import (
    RECORD,
    Draft,
    DraftPlan,
    Entry,
    NewRecord,
    Planned,
    Task,
    check_open,
    form_field,
    read,
    values_of,
)
from bot.ledger.kinds import get_field
from bot.ledger.values import Find, expect, quoted, record_of
from bot.ledger.words import normal
from bot.services import records, updates
from bot.services.draft_names import find_nothing, finder, mentions
from data.database import Connection
from data.records import Approval, Opened, Value

DEALS_ASKED = 3  # The preview asks about the first deals only, when a closing item is about more.


async def plan(conn: Connection, draft: Draft, now: datetime) -> DraftPlan:
    """Return the updates that a draft enters. The draft changes a single field or closes a pending item.

    Raise UserError when the form or the record of the draft cannot be used.
    """
    guild_id = draft.guild_id
    opened, wrong = await _record_of(conn, draft)
    if draft.task.asks_record and opened is not None:
        record = opened.record
        named = replace(draft.task, record=record.slug, kind=record.kind, name=record.name)
        draft = replace(draft, task=named)
    task = draft.task
    if task.closes and opened is not None and not opened.record.open:
        raise UserError(f"{quoted(opened.record.name)} was closed meanwhile. Nothing was changed.")
    check_open(task, opened)
    find, others = await _finder(conn, draft)
    entry = read(draft, find, opened, now=now, wrong=wrong)
    values = [
        Planned(task.record, task.kind, given.field, given.value) for given in values_of(task, entry.value, opened)
    ]
    before: dict[str, Opened | None] = {task.record: opened}
    asked: dict[str, DealQuestion] = {}
    for deal in await _deals_behind(conn, guild_id, task, entry, opened):
        slug, asks = deal.record.slug, await _asked(conn, guild_id, task, entry, opened, deal)
        if asks is not None:
            asked[slug], before[slug] = asks, deal
            values += [Planned(slug, "deal", *value) for value in asks.values]
    for other in others:
        values.append(Planned(other.slug, other.kind, "name", other.name))
        before[other.slug] = None
    return DraftPlan(draft, entry, values, before, asked=asked)


async def _deals_behind(
    conn: Connection, guild_id: int, task: Task[Value], entry: Entry, opened: Opened | None
) -> list[Opened]:
    """Return the deals about which the preview may ask.

    For a closing pending item these are the first deals that it is about, at most `DEALS_ASKED`. For an approval that
    the draft settles, it is the deal of the approval. For other drafts there are none.
    """
    if opened is None:
        return []
    if not task.closes:
        settled = task.kind == "deal" and isinstance(entry.value, Approval) and entry.value.state in SETTLED
        return [opened] if settled else []
    deals = {link.slug for link in opened.links if link.outward and link.kind == "deal" and link.field == "about"}
    about = [slug for fact in opened.record.state.facts("about") if (slug := record_of(fact.value)) in deals]
    return await records.get_many(conn, guild_id, about[:DEALS_ASKED])


async def _asked(
    conn: Connection, guild_id: int, task: Task[Value], entry: Entry, opened: Opened | None, deal: Opened
) -> DealQuestion | None:
    """Return what the preview asks about a deal, with the answers chosen so far. Return None if it asks nothing."""
    history = await updates.history(conn, guild_id, deal.record.slug)
    chosen, also = task.stage_after.get(deal.record.id, ""), task.also.get(deal.record.id)
    if task.closes:
        outcome = expect(entry.value, str)
        state = APPROVAL_AFTER.get(outcome)
        return ask(deal, history, entry.date, state=state, chosen=chosen, also=also, item=opened, outcome=outcome)
    approval = expect(entry.value, Approval)
    key = get_field("deal", "approval").type.key(approval)
    return ask(deal, history, entry.date, state=approval.state, chosen=chosen, also=also, changed_key=key)


async def _record_of(conn: Connection, draft: Draft) -> tuple[Opened | None, list[str]]:
    """Return (a) the record that a draft changes, or None for a new record, and (b) what is wrong with its typed name.

    Only the forms of some drafts ask for the name of the record. For the others (b) is empty.
    """
    task = draft.task
    if task.asks_record:
        try:
            return await records.get_by_name(conn, draft.guild_id, draft.typed.get("record", "")), []
        except UserError as error:
            return None, [f"{RECORD}: {error}"]
    return await (records.find if task.new else records.get)(conn, draft.guild_id, task.record), []


async def _finder(conn: Connection, draft: Draft) -> tuple[Find, list[NewRecord]]:
    """Return a function that finds the records named in the form of a draft, and the records that the draft creates.

    The function also finds a record that the draft creates.
    """
    field = form_field(draft.task)
    if field is None:
        return find_nothing, []
    named = mentions(field.type, draft.typed.get("value", ""))
    used = {normal(name) for name, _ in named}
    used_slugs = {record_of(given.value) for given in draft.task.given}
    others = [other for other in draft.task.others if normal(other.name) in used or other.slug in used_slugs]
    quotes = field.type.quotes
    return await finder(conn, draft.guild_id, named, others=others, quotes=quotes), others
