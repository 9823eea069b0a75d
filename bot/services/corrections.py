"""Begins, previews, saves and undoes corrections.

A correction corrects, withdraws or brings back updates, removes a record, or merges a duplicate into another record. It
is stored from its first form until it is saved, so that it outlives a restart.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec.structs import replace

from bot.errors import NotInRecord, UserError
from bot.ledger.changes import changed_fields
from bot.ledger.corrections import (
    Act,
    CorrectedRecord,
    Correction,
    CorrectionPreview,
    CorrectionTask,
    EnteredUpdate,
    filled_in,
    read_fact,
    read_reason,
)
from bot.ledger.kinds import get_field
from bot.ledger.values import FieldType, Find, quoted
from bot.services import entered_updates, merging, records, sources, updates
from bot.services.updates import Change
from data.database import Connection, rolled_back, to_text
from data.records import Kind, Opened, State, Update
from data.rows import fetch_one, fetch_value

_TYPED_LIMIT = 4000  # Discord: the most that one part of a form can have.
_COLUMNS = "id, guild_id, person_id, task, typed, base, state, batch"


async def begin(
    conn: Connection, guild_id: int, person_id: int, act: Act, update_ids: Sequence[int], *, now: datetime
) -> Correction:
    """Begin to correct, withdraw or bring back updates, as `act` says. Return the stored correction.

    Raise UserError when an update is unknown, or when `act` is not possible for it.

    To bring an update back is to withdraw its withdrawal. Some other updates are selected in advance to be withdrawn
    too, and the editor can deselect them. When updates are brought back, these are the other withdrawals of the same
    batch. Otherwise these are the updates from forms that were filled in with the value of a given update.
    """
    entered = await entered_updates.describe(conn, guild_id, update_ids)
    if not entered or len(entered) < len(set(update_ids)):
        raise UserError(entered_updates.GONE)
    task = CorrectionTask(act, entered[0].update.record, _common_name(entered))
    if act == "bring back":
        withdrawals = [_withdrawal_of(entry) for entry in entered]
        together = await entered_updates.withdrawn_together(conn, guild_id, withdrawals)
        chosen = [withdrawal.id for withdrawal in withdrawals]
        task = replace(
            task,
            withdraws=[*chosen, *together][: entered_updates.MOST],
            offered=together[: entered_updates.MOST - len(chosen)],
        )
    else:
        for entry in entered:
            _require_counting(entry)
        resting, together = await entered_updates.related(conn, guild_id, update_ids)
        room = entered_updates.MOST - (0 if act == "correct" else len(entered))
        offered = [*resting, *together][:room]
        chosen = [] if act == "correct" else [entry.update.id for entry in entered]
        task = replace(task, withdraws=[*chosen, *(id_ for id_ in resting if id_ in offered)], offered=offered)
    typed: dict[str, str] = {}
    if act == "correct":
        typed = filled_in(entered[0])
        task = replace(task, corrects=entered[0].update.id, filled_in=typed)
    return await insert(conn, guild_id, person_id, task, typed, now)


async def insert(
    conn: Connection, guild_id: int, person_id: int, task: CorrectionTask, typed: dict[str, str], now: datetime
) -> Correction:
    """Insert a new correction and return it. `typed` are the texts with which its form is filled in at first."""
    id_ = await fetch_value(
        conn,
        int,
        "INSERT INTO correction (guild_id, person_id, task, typed, created_at) VALUES (?, ?, ?, ?, ?) RETURNING id",
        (guild_id, person_id, _json(task), _json(typed), to_text(now)),
    )
    assert id_ is not None  # One row was inserted.
    return Correction(id_, guild_id, person_id, task, typed, 0, "open", "")


def _json(value: CorrectionTask | Mapping[str, str]) -> str:
    return msgspec.json.encode(value).decode()


def _common_name(entered: Sequence[EnteredUpdate]) -> str:
    """Return the name of the record that all given updates belong to, or "" when they belong to several records."""
    return entered[0].name if len({entry.update.record for entry in entered}) == 1 else ""


def _require_counting(entered: EnteredUpdate) -> None:
    """Raise UserError when an update was withdrawn or corrected, or when it is a withdrawal itself."""
    if entered.ended_by is not None:
        how = "withdrawn" if entered.ended_by.action == "withdrawn" else "corrected"
        raise UserError(f"This was {how} already. Nothing was changed. Open the history again to see how it is now.")
    if entered.update.action != "set":
        raise UserError(entered_updates.GONE)


def _withdrawal_of(entered: EnteredUpdate) -> Update:
    """Return the withdrawal of an update. Raise UserError when the update is not withdrawn."""
    if entered.ended_by is None or entered.ended_by.action != "withdrawn":
        raise UserError("This is not withdrawn. Nothing was changed. Open the history again to see how it is now.")
    return entered.ended_by


async def get(conn: Connection, guild_id: int, correction_id: int, person_id: int) -> Correction:
    """Return an open correction that a person began in a server.

    Raise UserError when it is unknown, when somebody else began it, or when it was already saved or discarded.
    """
    correction = await fetch_one(
        conn,
        Correction,
        f"SELECT {_COLUMNS} FROM correction WHERE guild_id = ? AND id = ?",
        (guild_id, correction_id),
    )
    again = "Begin again from the history."
    if correction is None:
        raise UserError(f"This correction is not here any more. Nothing was changed. {again}")
    if correction.person_id != person_id:
        raise UserError(f"This correction is somebody else's. Nothing was changed. {again}")
    if correction.state == "saved":
        raise UserError("This was saved already, once. Nothing more was changed.")
    if correction.state == "dropped":
        raise UserError(f"This correction was discarded. Nothing was changed. {again}")
    return correction


async def keep_typed(conn: Connection, correction: Correction, typed: Mapping[str, str]) -> Correction:
    """Store the texts that were sent from the form of a correction, before they are parsed. Return the correction.

    Inputs that were not sent keep their texts.
    """
    kept = correction.typed | {name: text[:_TYPED_LIMIT] for name, text in typed.items()}
    await conn.execute("UPDATE correction SET typed = ? WHERE id = ?", (_json(kept), correction.id))
    return replace(correction, typed=kept)


async def choose(conn: Connection, correction: Correction, chosen: Collection[int]) -> Correction:
    """Store which of the offered updates are to be withdrawn too. Return the correction.

    Ids in `chosen` that were not offered are ignored.
    """
    task = correction.task
    withdraws = [id_ for id_ in task.withdraws if id_ not in task.offered]
    withdraws += [id_ for id_ in task.offered if id_ in chosen]
    task = replace(task, withdraws=withdraws)
    await conn.execute("UPDATE correction SET task = ? WHERE id = ?", (_json(task), correction.id))
    return replace(correction, task=task)


async def drop(conn: Connection, correction: Correction) -> None:
    """Mark a correction as discarded."""
    await conn.execute("UPDATE correction SET state = 'dropped' WHERE id = ?", (correction.id,))


async def preview(conn: Connection, correction: Correction, *, now: datetime) -> CorrectionPreview:
    """Return what a correction would change. Raise UserError when it cannot be saved.

    The correction is entered and rolled back, so if there is a preview, saving is possible too. The id of the newest
    update of the changed records is stored as `base`. By this id `save` notices if a record has changed since.
    """
    async with rolled_back(conn):
        seen, _ = await _enter(conn, correction, now)
    base = await updates.newest_of(conn, correction.guild_id, [change.slug for change in seen.changes])
    await conn.execute("UPDATE correction SET base = ? WHERE id = ?", (base, correction.id))
    return replace(seen, correction=replace(seen.correction, base=base))


async def save(conn: Connection, correction: Correction, *, now: datetime) -> CorrectionPreview:
    """Save a correction as one batch, and return what it changed.

    When one of its records changed since the preview, save nothing. Return a new preview instead, with `moved_on` true.
    """
    seen = await preview(conn, correction, now=now)
    if seen.correction.base != correction.base:
        return replace(seen, moved_on=True)
    seen, batch = await _enter(conn, correction, now)
    await conn.execute(
        "UPDATE correction SET state = 'saved', batch = ?, saved_at = ? WHERE id = ?",
        (batch, to_text(now), correction.id),
    )
    return replace(seen, correction=replace(seen.correction, state="saved", batch=batch))


async def undo(conn: Connection, guild_id: int, batch: str, *, now: datetime, person_id: int) -> CorrectionTask:
    """Undo a correction that was saved at most 60 seconds ago. Return the task of the correction.

    Raise UserError when it was saved earlier, when it was undone already, or when the server has no such correction.
    """
    correction = await fetch_one(
        conn,
        Correction,
        f"SELECT {_COLUMNS} FROM correction WHERE guild_id = ? AND batch = ? AND state = 'saved'",
        (guild_id, batch),
    )
    if correction is None:
        raise UserError("There is nothing to undo here. Nothing was changed.")
    await updates.undo(conn, guild_id, batch, now=now, person_id=person_id)
    return correction.task


async def _enter(conn: Connection, correction: Correction, now: datetime) -> tuple[CorrectionPreview, str]:
    """Append the updates and withdrawals of a correction.

    Return (a) the preview, which says what they changed, and (b) the id of their batch.
    """
    guild_id, task = correction.guild_id, correction.task
    if task.act == "merge":
        return await _enter_merge(conn, correction, now)
    ids = [*([task.corrects] if task.corrects is not None else []), *task.withdraws]
    entered = {
        entry.update.id: entry for entry in await entered_updates.describe(conn, guild_id, [*ids, *task.offered])
    }
    if not ids or not entered.keys() >= set(ids):
        raise UserError(entered_updates.GONE)
    for id_ in ids:
        if entered[id_].ended_by is not None:
            raise UserError(
                f"Somebody changed {quoted(entered[id_].name)} meanwhile: an update that this corrects or withdraws "
                "does not count any more. Nothing was changed. Begin again from the history."
            )
    slugs = list(dict.fromkeys(entered[id_].update.record for id_ in ids))
    before = {slug: await records.find(conn, guild_id, slug) for slug in slugs}
    corrected = entered[task.corrects] if task.corrects is not None else None
    batch: str | None = None
    if corrected is not None:
        change = await _change(conn, correction, corrected, now)
        batch = await updates.append(conn, guild_id, [change], now=now, person_id=correction.person_id, origin="editor")
    reason = read_reason(correction.typed)
    # The updates are withdrawn in the order of `task.withdraws`. Any other order has the same effect.
    batch = await updates.withdraw(
        conn, guild_id, task.withdraws, now=now, person_id=correction.person_id, reason=reason, batch=batch
    )
    changes: list[CorrectedRecord] = []
    known = {entry.source.id: entry.source for entry in entered.values()}
    for slug in slugs:
        old, new = before[slug], await records.find(conn, guild_id, slug)
        for opened in (old, new):
            known |= opened.sources if opened is not None else {}
        changes.append(await _record_change(conn, guild_id, slug, old, new, entered, batch))
    first = before[slugs[0]]
    return (
        CorrectionPreview(
            correction,
            corrected,
            [entered[id_] for id_ in task.withdraws],
            [entered[id_] for id_ in task.offered if id_ in entered and entered[id_].ended_by is None],
            changes,
            known,
            sum(not link.outward for link in first.links) if first is not None and task.act == "remove" else 0,
        ),
        batch,
    )


async def _enter_merge(conn: Connection, correction: Correction, now: datetime) -> tuple[CorrectionPreview, str]:
    """Merge a duplicate into another record, as a correction says.

    Return (a) the preview, which says what changed about the other record, and (b) the id of the batch.
    """
    guild_id, task = correction.guild_id, correction.task
    duplicate, old = await records.find(conn, guild_id, task.record), await records.find(conn, guild_id, task.into)
    if duplicate is None or old is None or duplicate.record.slug != task.record or old.record.slug != task.into:
        raise UserError("One of these is no longer in the record. Nothing was changed. Begin again with /update merge.")
    batch = await merging.merge(
        conn,
        guild_id,
        task.record,
        task.into,
        now=now,
        person_id=correction.person_id,
        reason=read_reason(correction.typed),
    )
    new = await records.get(conn, guild_id, task.into)
    record, names = new.record, dict(duplicate.names) | old.names | new.names
    changes = changed_fields(record.kind, old.record.state, record.state)
    change = CorrectedRecord(record.kind, record.slug, record.name, changes, names, removed=False, returns=False)
    links = sum(not link.outward for link in duplicate.links)
    return CorrectionPreview(correction, None, [], [], [change], new.sources, links), batch


async def _change(conn: Connection, correction: Correction, corrected: EnteredUpdate, now: datetime) -> Change:
    """Return the change that replaces the update `corrected`, with the values typed into the form of a correction."""
    guild_id, update = correction.guild_id, corrected.update
    field = get_field(corrected.kind, update.field)
    find = await _finder(conn, guild_id, field.type, correction.typed.get("value", ""))
    fact = read_fact(correction, corrected, find, now)
    source_id = fact.source_id or await sources.ensure(
        conn,
        guild_id,
        title=fact.cited.title,
        publisher=fact.cited.publisher,
        published_on=fact.published_on,
        url=fact.cited.url,
    )
    return Change(
        update.record,
        corrected.kind,
        update.field,
        fact.value,
        fact.date,
        source_id,
        fact.cited.locator,
        read_reason(correction.typed),
        replaces=update.id,
    )


async def _record_change(
    conn: Connection,
    guild_id: int,
    slug: str,
    old: Opened | None,
    new: Opened | None,
    entered: Mapping[int, EnteredUpdate],
    batch: str,
) -> CorrectedRecord:
    """Return what the batch `batch` changed about a record, which was `old` before the batch and is `new` after it.

    `entered` has at least one update of this record. It gives the kind of the record, and its name if both are None.
    """
    some = next(entry for entry in entered.values() if entry.update.record == slug)
    of_batch = [u for u in await updates.history(conn, guild_id, slug) if u.batch == batch]
    states = [opened.record.state if opened is not None else State() for opened in (old, new)]
    named = new or old
    names = dict(some.names) | (old.names if old else {}) | (new.names if new else {})
    changes = changed_fields(some.kind, states[0], states[1], of_batch) if old is not None and new is not None else []
    unchanged = {update.field for update in of_batch} - {change.field for change in changes}
    return CorrectedRecord(
        some.kind,
        slug,
        named.record.name if named is not None else some.name,
        changes,
        names,
        removed=old is not None and new is None,
        returns=old is None and new is not None,
        stays={field: states[1].facts(field) for field in sorted(unchanged)},
    )


async def _finder(conn: Connection, guild_id: int, type_: FieldType, text: str) -> Find:
    """Look up the records that a typed text names. Return a function that gives the slug for each of these names."""
    slugs: dict[str, str | UserError] = {}
    for name in type_.mentions(text):
        try:
            slugs[name] = await records.slug_by_name(conn, guild_id, name[:200], type_.kinds)
        except UserError as error:
            slugs[name] = error

    def find(name: str, _kinds: Sequence[Kind]) -> str:
        slug = slugs.get(name)
        if isinstance(slug, UserError):
            raise slug
        if slug is None:
            raise NotInRecord(f"{quoted(name)} is not in the record.", "Nothing was changed.")
        return slug

    return find
