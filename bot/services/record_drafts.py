"""Begins and plans drafts of new records, and of notes about records."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from bot.errors import BadInput, NotInRecord
from bot.ledger.drafts import Draft, DraftPlan, Given, Planned, Task
from bot.ledger.event_forms import split_published
from bot.ledger.kinds import KIND_WORDS, KINDS, get_field, kind_of
from bot.ledger.record_forms import mentioned, read_record
from bot.ledger.values import quoted
from bot.ledger.words import normal
from bot.services import draft_names, index, recent_sources, records
from data.database import Connection
from data.records import Kind, Party, Value

NOTE = "note"
"""What `/update add` calls a text about a record, which is no record itself."""

ADDED: dict[str, str] = {
    kind: KIND_WORDS[kind][0].capitalize()
    for kind in ("participant", "deal", "document", "session", "dialogue", "topic", "statement", "event", "place")
} | {NOTE: "Note about a record"}
"""What can be added, with the words that people choose. Pending items have a command of their own."""


async def add_task(
    conn: Connection, guild_id: int, kind: str, name: str, about: str, *, asks_source: bool = False
) -> Task[Value]:
    """Return the task that adds a record of a kind, or a note about a record.

    `about` is the slug or name of the record that the note or the new record is about, or "" for none. Raise UserError
    when the server has no such record, when a note has no `about`, when a record of this kind is about no other record,
    or when `name` cannot be used. If `asks_source` is true, the form asks for the source too.
    """
    if kind == NOTE:
        if not about:
            raise BadInput("A note is about a record. Nothing was changed. Choose the record with about:")
        opened = await records.get_by_name(conn, guild_id, about)
        return Task(opened.record.slug, opened.record.kind, opened.record.name, adds=True, asks_source=asks_source)
    if not normal(name):
        raise BadInput(f"A {KIND_WORDS[kind][0]} needs a name. Nothing was changed. Write it with name:")
    new = get_field(kind, "name").type.parse(name, draft_names.find_nothing)
    assert isinstance(new, str)
    given: list[Given[Value]] = []
    if about:
        field_name = kind_of(kind).belongs_in
        if not field_name:
            raise BadInput(
                f"A {KIND_WORDS[kind][0]} is about no other record. Nothing was changed. Leave about: empty."
            )
        field = get_field(kind, field_name)
        slug = await _about(conn, guild_id, about, field.type.kinds, field.label)
        given.append(Given(field_name, Party(slug)))
    slug = await draft_names.new_slug(conn, guild_id, new)
    return Task(slug, kind, new, given=given, new=True, adds=True, asks_source=asks_source)


async def _about(conn: Connection, guild_id: int, about: str, kinds: tuple[Kind, ...], label: str) -> str:
    """Return the slug of the record that `about` names. A new record points to it in the field with the label `label`.

    Raise UserError when the server has no such record, or when its kind is not one of `kinds`.
    """
    try:
        return (await records.get_by_name(conn, guild_id, about, kinds)).record.slug
    except NotInRecord:
        opened = await records.get_by_name(conn, guild_id, about, KINDS)
        wanted = " or ".join(KIND_WORDS[kind][0] for kind in kinds)
        raise BadInput(
            f"{quoted(opened.record.name)} is a {KIND_WORDS[opened.record.kind][0]}. Nothing was changed. "
            f'"{label}" takes a {wanted}.'
        ) from None


async def plan(conn: Connection, draft: Draft, now: datetime) -> DraftPlan:
    """Return what the draft of a new record or of a note enters. Raise UserError when its form cannot be used."""
    guild_id, task = draft.guild_id, draft.task
    source = await recent_sources.match(conn, guild_id, split_published(draft.typed.get("source", ""))[0])
    find, others = await draft_names.form_finder(conn, draft, mentioned(task, draft.typed))
    entry, stated = read_record(draft, find, source, now=now)
    opened = await (records.find if task.new else records.get)(conn, guild_id, task.record)
    values: list[Planned] = []
    if task.new:
        values.append(Planned(task.record, task.kind, "name", task.name))
        values += [Planned(task.record, task.kind, given.field, given.value) for given in task.given]
    values += stated
    values += [Planned(other.slug, other.kind, "name", other.name) for other in others]
    before = {planned.record: opened if planned.record == task.record else None for planned in values}
    return DraftPlan(
        replace(draft, task=task),
        entry,
        values,
        before,
        recent_sources.same(source, entry),
        warnings=await namesakes(conn, guild_id, task) if task.new and opened is None else [],
    )


async def namesakes(conn: Connection, guild_id: int, task: Task[Value]) -> list[str]:
    """Return a warning for each other record that has the same kind and the same name as the record of a task."""
    rows = await index.named(conn, guild_id, (task.kind,), task.name)
    return [
        f"{row.name} is the name of a {KIND_WORDS[row.kind][0]} on the record already ({row.slug}). Discard this "
        "and use Update on its card, unless they are two"
        for row in rows
        if row.slug != task.record
    ]
