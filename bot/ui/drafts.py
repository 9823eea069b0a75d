"""Messages for editors about updates: mistakes in the form, the preview, what was saved, and what was undone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import discord
from discord import ui

from bot import dates
from bot.errors import UserError
from bot.ledger.drafts import Draft, MissingRecord, Mistakes, Preview
from bot.ledger.kinds import KIND_WORDS
from bot.ledger.words import normal
from bot.ui.cited import line
from bot.ui.draft_changes import about, body
from bot.ui.draft_questions import event_question, event_selects, left_lines, question, selects
from bot.ui.ids import custom_id
from bot.ui.layout import TEXT_LIMIT, Button, Select, button, card
from bot.ui.sources import describe_button, warning
from bot.ui.text import escaped, sentence
from data.records import Opened


def mistaken(draft: Draft, error: UserError, guild_id: int | None) -> ui.LayoutView:
    """Render what is wrong in a form (`error`), with a button that opens the form again."""
    texts = error.texts if isinstance(error, Mistakes) else [str(error)]
    missing = error.missing if isinstance(error, Mistakes) else []
    lines = [f"- {escaped(text.replace(' Nothing was changed.', ''), 600)}" for text in texts]
    buttons = [_to("Change", "update.change", draft, guild_id), _to("Discard", "update.drop", draft, guild_id)]
    if missing:
        buttons.insert(0, _to(_adding(missing), "update.create", draft, guild_id))
    texts = [
        f"## Not saved yet: {escaped(draft.task.name, 100)}",
        "\n".join(lines),
        "-# Nothing was changed. *Change* opens the form again with all that you typed.",
    ]
    return card(["\n\n".join(texts)], buttons=buttons)


def _adding(missing: Sequence[MissingRecord]) -> str:
    """Return the label of the button that adds the records which a form names and the server does not have.

    It is "New participant: Donald Lu" for one record, and "Add 2 new participants" for several.
    """
    names = {normal(record.name): record for record in missing}
    kinds = {record.kind for record in missing}
    if len(names) == 1:
        return f"New {KIND_WORDS[missing[0].kind][0]}: {missing[0].name}"
    return f"Add {len(names)} new {KIND_WORDS[kinds.pop()][1] if len(kinds) == 1 else 'records'}"


def preview(seen: Preview, guild_id: int | None) -> ui.LayoutView:
    """Render the preview of a draft: what saving would change, warnings, and selects of further changes of deals."""
    draft = seen.draft
    moved = (
        "**Somebody changed this meanwhile.** Before and after are shown as they are now; save again if they are right."
    )
    buttons = [
        button("Save", custom_id("update.save", draft.id, guild_id=guild_id), discord.ButtonStyle.primary),
        _to("Change", "update.change", draft, guild_id),
        _to("Discard", "update.drop", draft, guild_id),
    ]
    heading = "\n\n".join(
        filter(None, [f"## Save this? {escaped(draft.task.name, 100)}", moved if seen.moved_on else ""])
    )
    asked = [question(seen.asked), event_question(seen)]
    rest = [warning(seen.source), "\n".join(left_lines(seen)), *asked, "-# Nothing is saved yet."]
    return _card(heading, seen, rest, buttons, [*selects(seen, guild_id), *event_selects(seen, guild_id)])


def saved(seen: Preview, now: datetime, undo_until: datetime, guild_id: int | None) -> ui.LayoutView:
    """Render what was saved, and for how long it can be undone."""
    draft = seen.draft
    buttons = [
        button("Undo", custom_id("update.undo", draft.batch, guild_id=guild_id)),
        button("Open", custom_id("record.open", draft.task.record, guild_id=guild_id)),
        button("Cite", custom_id("source.cite", draft.task.record, "", seen.source.id, guild_id=guild_id)),
        describe_button(seen.source, guild_id),
    ]
    if draft.task.happening == "signed" and not draft.task.part_of:
        buttons.append(button("Second contract", custom_id("update.second", draft.batch, guild_id=guild_id)))
    until = f"{dates.timestamp(undo_until, 'T')} ({dates.timestamp(undo_until, 'R')})"
    works = "*Undo* undoes all of it and works" if len(seen.changes) > 1 else "*Undo* works"
    note = f"-# Saved {dates.timestamp(now)}. {works} until {until}; followers are told after that."
    return _card(f"## Saved: {escaped(seen.changes[0].name, 100)}", seen, [note], buttons)


def undone(name: str, opened: Opened | None, guild_id: int | None) -> ui.LayoutView:
    """Render that an update was undone. `name` is the name of its record, and `opened` the record itself.

    `opened` is None if the update had created the record, because the record is then gone.
    """
    if opened is None:
        return card([f"## Undone\n{escaped(name, 100)} is no longer in the record. The history keeps both steps."])
    to_record = button("Open", custom_id("record.open", opened.record.slug, guild_id=guild_id))
    return card(
        [f"## Undone\n{escaped(name, 100)} is as it was before. The history keeps both steps."], buttons=[to_record]
    )


def closed(opened: Opened, guild_id: int | None) -> ui.LayoutView:
    """Render the answer when somebody uses a button that closes a pending item, but the item is closed already.

    It shows how the item ended, and a button that opens the item again.
    """
    slug = opened.record.slug
    buttons = [
        button("Open it again", custom_id("update.reopen", slug, guild_id=guild_id)),
        button("Show it", custom_id("record.open", slug, guild_id=guild_id)),
    ]
    text = f"## {escaped(opened.record.name, 100)} is closed already\n{sentence(line(opened.record.status, limit=300))}"
    return card([f"{text}\n-# Nothing was changed."], buttons=buttons)


def discarded(draft: Draft) -> ui.LayoutView:
    """Render that a draft was discarded."""
    return card([f"## Discarded\nNothing was changed about {escaped(draft.task.name, 100)}."])


def _card(
    heading: str,
    seen: Preview,
    rest: Sequence[str],
    buttons: Sequence[Button],
    selects: Sequence[Select] = (),
) -> ui.LayoutView:
    """Return a message about a draft: the heading, the changes, their day and source, then `rest`.

    The changes get the room that the other texts leave. All is one text, because only some clients leave space between
    several texts.
    """
    after = [part for part in (about(seen), *rest) if part]
    room = TEXT_LIMIT - sum(len(text) + 2 for text in [heading, *after])
    return card(["\n\n".join([heading, *body(seen, room), *after])], buttons=buttons, selects=selects)


def _to(label: str, name: str, draft: Draft, guild_id: int | None) -> Button:
    return button(label, custom_id(name, draft.id, guild_id=guild_id))
