"""Begins drafts that create a pending item or change one."""

from __future__ import annotations

from msgspec.structs import replace

from bot.errors import BadInput
from bot.ledger.drafts import Given, NewRecord, Task, instead, started_from
from bot.ledger.kinds import get_field
from bot.ledger.values import expect, quoted
from bot.ledger.words import normal
from bot.services import records
from bot.services.draft_names import find_nothing, finder, mentions, new_name, new_slug
from data.database import Connection
from data.records import Opened, Party, Value
from data.rows import fetch_values


async def pending_task(
    conn: Connection,
    guild_id: int,
    item: str,
    *,
    about: str | None = None,
    item_kind: str | None = None,
    who: str | None = None,
) -> tuple[Task[Value], Opened | None]:
    """Return (a) the task that creates or changes a pending item, and (b) the item, or None for a new one.

    `item` is the slug or the whole name of the item. Any other text is the name of a new item, even if the name of
    another item begins with it. `about`, `item_kind` and `who` (who must act) replace what the item has. A closed item
    is opened again.
    """
    opened = await _find_item(conn, guild_id, item)
    given: list[Given[Value]] = []
    if opened is None:
        name = expect(get_field("pending", "name").type.parse(item, find_nothing), str)
        task: Task[Value] = Task(await new_slug(conn, guild_id, name), "pending", name, "due", new=True)
        given += [Given("name", name), Given("state", "open"), Given("basis", "stated")]
    else:
        due_from = started_from(opened, get_field("pending", "due"))
        task = Task(opened.record.slug, "pending", opened.record.name, "due", started_from=due_from)
        if not opened.record.open:
            given.append(Given("state", "open"))
    if item_kind is not None and (opened is None or opened.record.state.text("item_kind") != item_kind):
        given.append(Given("item_kind", item_kind))
    others: list[NewRecord] = []
    if who is not None and (new := new_name("participant", who)):
        participant = NewRecord("participant", await new_slug(conn, guild_id, new), new)
        others, who = [participant], participant.name
    for name, text in (("who", who), ("about", about)):
        if text is not None:
            type_ = get_field("pending", name).type
            find = await finder(conn, guild_id, mentions(type_, text), others=others, quotes=type_.quotes)
            party = expect(type_.parse(text, find), Party)
            ended: list[Given[Value]] = [Given(name, party)] if party.gone else []
            given += ended or instead(opened, name, [party])
    return replace(task, given=given, others=others), opened


async def _find_item(conn: Connection, guild_id: int, text: str) -> Opened | None:
    """Return the pending item with this slug or whole name, or None. Raise BadInput when several have the name."""
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
