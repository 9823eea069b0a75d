"""Updates as editors see them: what can be updated, the form, the preview, and what was saved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import discord
from discord import ui

from bot import when
from bot.ledger.changes import Changed, RecordChange
from bot.ledger.drafts import DATE, PUBLISHED, REASON, RECORD, SOURCE, Draft, Note, Preview, form_field
from bot.ledger.fields import KIND_WORDS, Field, fields_of, get_field
from bot.ledger.values import Choice, Text
from bot.ui import facts
from bot.ui.ids import custom_id
from bot.ui.layout import button, card, finished
from bot.ui.text import clip, escaped, joined, plural
from data.records import Fact, Opened

CLOSE, CHECKED = "close", "checked"
"""What the list of what can be updated holds besides fields."""

_LABEL, _TITLE, _HINT, _PLACEHOLDER = 45, 45, 100, 100  # Discord: parts of a form.
_LINES = 12


# What can be updated


def offered(opened: Opened) -> list[tuple[str, str]]:
    """What an editor can choose to update about a record, each with its words. An open item can be closed."""
    item = opened.record.kind == "pending"
    found = [(CLOSE, "It happened: close this item")] if opened.record.open else []
    left_out = {"checked"} | ({"state", "outcome"} if item and opened.record.open else set())
    found += [(field.name, field.label) for field in fields_of(opened.record.kind) if field.name not in left_out]
    return [*found, (CHECKED, "Nothing new: checked again")]


def choose(opened: Opened, guild_id: int | None) -> ui.LayoutView:
    """Asks what is to be updated about a record."""
    options = []
    for name, label in offered(opened):
        known = opened.record.facts(name)
        now = "; ".join(get_field(opened.record.kind, name).type.words(f.value, opened.names) for f in known[-3:])
        options.append(discord.SelectOption(label=label, value=name, description=clip(now, 100) or None))
    select = ui.Select(
        custom_id=custom_id("update.field", opened.record.slug, guild_id=guild_id),
        placeholder="Choose what changed",
        options=options,
    )
    name = escaped(opened.record.name, 200)
    return card([f"## Update {name}", "What does a source say? Choose a field; a form opens."], selects=[select])


# The form


def form(draft: Draft, *, guild_id: int | None, here: bool) -> ui.Modal:
    """The form of a draft, filled in with what it holds. With `here`, what answers it replaces the message below it."""
    task, field = draft.task, form_field(draft.task)
    heading = "Nothing new" if field is None else "Close" if task.closes else field.label
    arguments = (draft.id, "here") if here else (draft.id,)
    modal = ui.Modal(
        title=clip(f"{heading}: {task.name}", _TITLE),
        custom_id=custom_id("update.form", *arguments, guild_id=guild_id),
    )
    if task.asks_record:
        hint = "What has the other name, as it is called in the record"
        modal.add_item(_text(draft, "record", RECORD, hint, "31 armed drones for India", 200))
    if field is not None:
        modal.add_item(_value(field, draft))
    # A stage that goes back is not saved without a reason; everything else may be.
    why = "Needed when a stage goes back" if field is not None and field.name == "stage" else "If you want to say why"
    parts = [
        ("date", DATE, "When it was true, as exactly as the source says", "10 November 2023, or November 2023", 200),
        ("source", SOURCE, "A link or a title, a comma, the place in it", "https://example.org/x, paragraph 3", 900),
        ("published", PUBLISHED, "When the source appeared, or undated", "11 November 2023, or undated", 200),
        ("reason", REASON, why, "The ministry withdrew its approval", 500),
    ]
    for name, label, hint, example, limit in parts:
        if name == "reason" and (field is None or task.asks_record):
            continue  # Five parts fit into a form.
        modal.add_item(_text(draft, name, label, hint, example, limit))
    return finished(modal)


def _text(draft: Draft, name: str, label: str, hint: str, example: str, limit: int) -> ui.Label:
    """A part of the form that asks for a text."""
    text = ui.TextInput(
        custom_id=name,
        placeholder=example,
        default=draft.typed.get(name, "")[:limit] or None,
        required=name != "reason",
        max_length=limit,
    )
    return ui.Label(text=label, description=hint, component=text)


def _value(field: Field, draft: Draft) -> ui.Label:
    """The part of the form that asks for the value: a choice where there are a few, else a text with an example."""
    typed = draft.typed.get("value", "")
    if isinstance(field.type, Choice):
        options = [
            discord.SelectOption(label=words, value=value, default=value == typed)
            for value, words in field.type.options.items()
        ]
        part = ui.Select(custom_id="value", options=options, required=True)
        return ui.Label(text=clip(field.label, _LABEL), component=part)
    hint = f"Write it like {field.type.example}"
    if field.name == "due":
        hint += ", or none"
    if field.rule == "list":
        hint = f'One at a time. To end one, begin with "no longer": no longer {field.type.example}'
    long = isinstance(field.type, Text) and field.type.limit > 200
    text = ui.TextInput(
        custom_id="value",
        placeholder=clip(field.type.example, _PLACEHOLDER),
        default=typed[:1000] or None,
        style=discord.TextStyle.paragraph if long else discord.TextStyle.short,
        max_length=1000,
    )
    return ui.Label(text=clip(field.label, _LABEL), description=clip(hint, _HINT), component=text)


# What answers it


def mistaken(draft: Draft, texts: Sequence[str], guild_id: int | None) -> ui.LayoutView:
    """What in the form cannot be used, with the way back to it."""
    lines = [f"- {escaped(text.replace(' Nothing was changed.', ''), 600)}" for text in texts]
    buttons = [_to("Change", "update.change", draft, guild_id), _to("Discard", "update.drop", draft, guild_id)]
    texts = [
        f"## Not saved yet: {escaped(draft.task.name, 100)}",
        "\n".join(lines),
        "-# Nothing was changed. *Change* opens the form again with all that you typed.",
    ]
    return _card(texts, buttons)


def preview(found: Preview, guild_id: int | None) -> ui.LayoutView:
    """What saving would change, before and after."""
    draft = found.draft
    moved = (
        "**Somebody changed this meanwhile.** Before and after are shown as they are now; save again if they are right."
    )
    buttons = [
        button("Save", custom_id("update.save", draft.id, guild_id=guild_id), discord.ButtonStyle.primary),
        _to("Change", "update.change", draft, guild_id),
    ]
    if found.approval:
        too = draft.task.approval_too
        label = "Leave the approval as it is" if too else "Change the approval too"
        buttons.append(button(label, custom_id("update.approval", draft.id, int(not too), guild_id=guild_id)))
    buttons.append(_to("Discard", "update.drop", draft, guild_id))
    texts = [
        f"## Save this? {escaped(draft.task.name, 100)}",
        moved if found.moved_on else "",
        *_body(found),
        "-# Nothing is saved yet.",
    ]
    return _card(texts, buttons)


def saved(found: Preview, now: datetime, undo_until: datetime, guild_id: int | None) -> ui.LayoutView:
    """What was saved, and for how long it can be taken back."""
    draft = found.draft
    buttons = [
        button("Undo", custom_id("update.undo", draft.batch, guild_id=guild_id)),
        button("Open", custom_id("record.open", draft.task.record, guild_id=guild_id)),
    ]
    until = f"{when.timestamp(undo_until, 'T')} ({when.timestamp(undo_until, 'R')})"
    note = f"-# Saved {when.timestamp(now)}. *Undo* works until {until}; followers are told after that."
    return _card([f"## Saved: {escaped(found.changes[0].name, 100)}", *_body(found), note], buttons)


def undone(name: str, opened: Opened | None, guild_id: int | None) -> ui.LayoutView:
    """That an update was taken back. `opened` is its record, None when the update had made it."""
    if opened is None:
        return card([f"## Taken back\n{escaped(name, 100)} is no longer in the record. The history keeps both steps."])
    to_record = button("Open", custom_id("record.open", opened.record.slug, guild_id=guild_id))
    return card(
        [f"## Taken back\n{escaped(name, 100)} is as it was before. The history keeps both steps."], buttons=[to_record]
    )


def discarded(draft: Draft) -> ui.LayoutView:
    return card([f"## Discarded\nNothing was changed about {escaped(draft.task.name, 100)}."])


def _card(texts: Sequence[str], buttons: Sequence[ui.Button]) -> ui.LayoutView:
    """One text with blank lines between its parts, which reads the same everywhere."""
    return card(["\n\n".join(filter(None, texts))], buttons=buttons)


def _to(label: str, name: str, draft: Draft, guild_id: int | None) -> ui.Button:
    return button(label, custom_id(name, draft.id, guild_id=guild_id))


def _body(found: Preview) -> list[str]:
    """Each record's changes, then where they come from."""
    texts = []
    for change in found.changes:
        notes = [note for note in found.notes if note.names is change.names]
        lines = _new_lines(change) if change.new else _change_lines(change, notes)
        lines += [_note_line(note) for note in notes if note.how != "beside"]
        if len(lines) > _LINES:
            lines = [*lines[:_LINES], f"-# And {plural(len(lines) - _LINES, 'more change')}."]
        other = change.slug != found.draft.task.record
        heading = f"**A new {KIND_WORDS[change.kind][0]}**" if change.new else ""
        if other:
            heading = f"### With it: {escaped(change.name, 100)}"
        texts.append(clip("\n".join(filter(None, [heading, *lines])), 1700 if not other else 400))
    entry, source = found.entry, found.changes[0].source
    title = ", ".join(filter(None, [escaped(source.title, 150), escaped(entry.cited.locator, 100)]))
    about = [
        f"**Fact date:** {facts.dated(entry.date)}",
        f"**Source:** {title}; {facts.source_date(source)}" + (f", {facts.link(source.url)}" if source.url else ""),
    ]
    if entry.reason:
        about.append(f"**Reason:** {escaped(entry.reason, 300)}")
    return [*texts, "\n".join(about)]


def _words(change: RecordChange, name: str, fact: Fact) -> str:
    return facts.value(change.kind, name, fact, change.names, 300)


def _new_lines(change: RecordChange) -> list[str]:
    """What a new record holds. Its name stands above."""
    return [
        f"{get_field(change.kind, one.field).label}: **{_words(change, one.field, one.after)}**"
        for one in change.changes
        if one.after is not None and one.field != "name"
    ]


def _change_lines(change: RecordChange, notes: Sequence[Note]) -> list[str]:
    """Each field before and after; of a list, what was added to it and what ended."""
    fields: dict[str, list[Changed]] = {}
    for one in change.changes:
        fields.setdefault(one.field, []).append(one)
    return [_field_lines(change, name, found, notes) for name, found in fields.items()]


def _field_lines(change: RecordChange, name: str, found: Sequence[Changed], notes: Sequence[Note]) -> str:
    field = get_field(change.kind, name)
    lines = [f"**{field.label}**"]
    added = [one.after for one in found if one.before is None and one.after is not None]
    ended = [one.before for one in found if one.after is None and one.before is not None]
    for one in found:
        if one.before is not None and one.after is not None:
            lines.append(f"Before: {_words(change, name, one.before)}{_dated(one.before)}")
            lines.append(f"After: **{_words(change, name, one.after)}**")
    if added and not ended and field.rule == "replace":
        lines += ["Before: not in the record", f"After: **{_words(change, name, added[0])}**"]
    elif added:
        lines.append("Added: " + ", ".join(f"**{_words(change, name, fact)}**" for fact in added))
    if ended:
        lines.append("No longer: " + ", ".join(_words(change, name, fact) for fact in ended))
    lines += [_note_line(note) for note in notes if note.how == "beside" and note.field == name]
    return "\n".join(lines)


def _dated(fact: Fact) -> str:
    if not fact.date.first:
        return ""
    worked_out = f", {facts.WORKED_OUT}" if fact.date.worked_out else ""
    return f" ({escaped(when.format_fact_date(fact.date, weekday=False), 100)}{worked_out})"


def _note_line(note: Note) -> str:
    field = get_field(note.kind, note.field)
    told = escaped(field.type.words(note.value, note.names), 200)
    others = joined([escaped(field.type.words(f.value, note.names), 100) + _dated(f) for f in note.others[-3:]])
    if note.how == "same":
        return f"{field.label}: {told}, as before; it is noted as reported again."
    if note.how == "beside":
        return f"-# Beside it stays what other sources say: {others}."
    stays = f" What is newer stays: {others}." if others else ""
    return f"{field.label}: {told} goes into the history.{stays}"
