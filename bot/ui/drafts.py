"""Updates as editors see them: what can be updated, the form, the preview, and what was saved."""

# pyright: standard
# Not strict until the next issues rebuild it.

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import discord
from discord import ui

from bot import dates
from bot.ledger.changes import FieldChange
from bot.ledger.cited import cited, day_words, plain, shortened
from bot.ledger.closing import DealQuestion, consent
from bot.ledger.drafts import DATE, PUBLISHED, REASON, RECORD, SOURCE, Draft, Edited, Note, Preview, form_field
from bot.ledger.kinds import KIND_WORDS, STAGES, Field, fields_of, get_field
from bot.ledger.values import ChoiceType, Names, TextType, ends, words_inside
from bot.ui import facts
from bot.ui.cited import line, source_words
from bot.ui.ids import custom_id
from bot.ui.layout import TEXT_LIMIT, button, card, finished
from bot.ui.text import clip, escaped, joined, plural, sentence
from data.records import Fact, Kind, Opened

CLOSE, CHECKED = "close", "checked"
"""What the list of what can be updated holds besides fields."""

_LABEL, _TITLE, _HINT, _PLACEHOLDER = 45, 45, 100, 100  # Discord: parts of a form.
_LINES = 12
_MORE_ROOM = 30  # "And 12 more changes."
_LEFT_NAMED = 3
_OPTIONS = 25  # Discord: options of a select.

STAYS = "stays"
"""What the list of stages holds besides stages."""


# What can be updated


def offered(opened: Opened) -> list[tuple[str, str]]:
    """What an editor can choose to update about a record, each with its words. An open item can be closed."""
    item = opened.record.kind == "pending"
    found = [(CLOSE, "It happened: close this item")] if opened.record.open else []
    left_out = {"checked"} | ({"state", "outcome"} if item and opened.record.open else set())
    found += [(field.name, field.label) for field in fields_of(opened.record.kind) if field.name not in left_out]
    return [*found, (CHECKED, "Nothing new: checked again")]


def choose(opened: Opened, guild_id: int | None) -> ui.LayoutView:
    """Ask what is to be updated about a record. Each field is offered with its present value and day."""
    options = []
    for name, label in offered(opened):
        # The newest value comes first: it is what an update changes, and the others may not fit.
        known = sorted(opened.record.state.facts(name), key=lambda fact: fact.date.day or date.min, reverse=True)
        parts = [
            cited(words_inside(get_field(opened.record.kind, name).type, fact.value, opened.names), fact)
            for fact in known
        ]
        now = shortened(parts, 100) if parts else "Not in the record" if name not in (CLOSE, CHECKED) else ""
        options.append(discord.SelectOption(label=label, value=name, description=now or None))
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
        (
            "date",
            DATE,
            "When it happened, as exactly as the source says",
            "10 November 2023, or November 2023",
            200,
        ),
        ("source", SOURCE, "A link or title, then a comma and where in it", "https://example.org/x, paragraph 3", 900),
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
    if isinstance(field.type, ChoiceType):
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
    long = isinstance(field.type, TextType) and field.type.limit > 200
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
    return card(["\n\n".join(texts)], buttons=buttons)


def preview(found: Preview, guild_id: int | None) -> ui.LayoutView:
    """Return what saving would change, before and after; below it what else may be said of the deal behind it."""
    draft = found.draft
    moved = (
        "**Somebody changed this meanwhile.** Before and after are shown as they are now; save again if they are right."
    )
    buttons = [
        button("Save", custom_id("update.save", draft.id, guild_id=guild_id), discord.ButtonStyle.primary),
        _to("Change", "update.change", draft, guild_id),
        _to("Discard", "update.drop", draft, guild_id),
    ]
    heading = "\n\n".join(
        filter(None, [f"## Save this? {escaped(draft.task.name, 100)}", moved if found.moved_on else ""])
    )
    rest = ["\n".join(_left_lines(found)), _question(found.asked), "-# Nothing is saved yet."]
    return _card(heading, found, rest, buttons, _selects(found, guild_id))


def saved(found: Preview, now: datetime, undo_until: datetime, guild_id: int | None) -> ui.LayoutView:
    """Return what was saved, and for how long it can be undone."""
    draft = found.draft
    buttons = [
        button("Undo", custom_id("update.undo", draft.batch, guild_id=guild_id)),
        button("Open", custom_id("record.open", draft.task.record, guild_id=guild_id)),
    ]
    until = f"{dates.timestamp(undo_until, 'T')} ({dates.timestamp(undo_until, 'R')})"
    works = "*Undo* undoes all of it and works" if len(found.changes) > 1 else "*Undo* works"
    note = f"-# Saved {dates.timestamp(now)}. {works} until {until}; followers are told after that."
    return _card(f"## Saved: {escaped(found.changes[0].name, 100)}", found, [note], buttons)


def undone(name: str, opened: Opened | None, guild_id: int | None) -> ui.LayoutView:
    """Say that an update was undone. `opened` is its record, None when the update had made it."""
    if opened is None:
        return card([f"## Undone\n{escaped(name, 100)} is no longer in the record. The history keeps both steps."])
    to_record = button("Open", custom_id("record.open", opened.record.slug, guild_id=guild_id))
    return card(
        [f"## Undone\n{escaped(name, 100)} is as it was before. The history keeps both steps."], buttons=[to_record]
    )


def discarded(draft: Draft) -> ui.LayoutView:
    return card([f"## Discarded\nNothing was changed about {escaped(draft.task.name, 100)}."])


def _card(
    heading: str,
    found: Preview,
    rest: Sequence[str],
    buttons: Sequence[ui.Button],
    selects: Sequence[ui.Select] = (),
) -> ui.LayoutView:
    """One text with blank lines between its parts, which reads the same everywhere. The changes get the room left."""
    after = [_about(found), *filter(None, rest)]
    room = TEXT_LIMIT - sum(len(text) + 2 for text in [heading, *after])
    return card(["\n\n".join([heading, *_body(found, room), *after])], buttons=buttons, selects=selects)


def _to(label: str, name: str, draft: Draft, guild_id: int | None) -> ui.Button:
    return button(label, custom_id(name, draft.id, guild_id=guild_id))


# What is asked and said beside the changes


def _left_lines(found: Preview) -> list[str]:
    """Return what signed or completed deals leave open: to be known before saving, not a refusal."""
    lines: list[str] = []
    deals = max(len(found.left), 1)
    most, limit = max(_LEFT_NAMED // deals, 1), 120 // deals  # What is left of several deals has the room of one.
    for left in found.left:
        of = f" of {escaped(left.name, 60)}" if len(found.left) > 1 else ""
        parts = [
            (left.unheard, "approval", "{they} will be listed as having no outcome reported"),
            (left.approvals, "approval", "the deal goes on waiting for {them}"),
            (left.items, "pending item", "{they} will stay open"),
        ]
        for words, noun, then in parts:
            if words:
                one = len(words) == 1
                stays = then.format(they="it" if one else "they", them="it" if one else "them")
                named = [escaped(text, limit) for text in words[:most]]
                more = [f"{len(words) - most:,} more"] if len(words) > most else []
                told = f"{plural(len(words), noun)}{of} {'is' if one else 'are'} still open; {stays}"
                lines.append(f"**Before you save:** {told}: {'; '.join([*named, *more])}")
    return lines


def _question(asked: Sequence[DealQuestion]) -> str:
    """Return what the selects below the preview are for."""
    last = [escaped(one.name, 60) for one in asked if one.last and one.stages]
    asks = list(dict.fromkeys(ask for one in asked for ask in _asks(one, several=len(asked) > 1)))
    texts: list[str] = []
    if last:
        how_far = "How far is the deal now?" if len(last) == 1 else "How far are these deals now?"
        texts.append(f"No approval of {joined(last, 'or')} is open any more. {how_far}")
        texts.append("Choose below what the source says; nothing has to be chosen.")
    elif asks:
        texts.append(f"If the source also says {joined(asks, 'or')}, choose it below; nothing has to be chosen.")
    for one in asked:
        more = len(one.approvals) - _OPTIONS
        if more > 0:
            of = escaped(one.name, 60)
            texts.append(f"{plural(more, 'more open approval')} of {of} can be entered with /update deal.")
    return " ".join(texts)


def _asks(asked: DealQuestion, *, several: bool) -> list[str]:
    """Return what a source may say about a deal too."""
    asks = ["how far these deals are now" if several else "how far the deal is now"] if asked.stages else []
    return [*asks, *([f"that other approvals were {asked.state}"] if asked.approvals else [])]


def _selects(found: Preview, guild_id: int | None) -> list[ui.Select]:
    """For each deal the stage after this, and the other approvals that the source settles too."""
    selects: list[ui.Select] = []
    for asked in found.asked:
        of = clip(asked.name, 60) if len(found.asked) > 1 else ""
        if asked.stages:
            stays = discord.SelectOption(
                label=f"The stage of {of} stays as it is" if of else "The stage stays as it is",
                value=STAYS,
                description=clip(plain([asked.stage]), 100),
                default=not asked.chosen,
            )
            selects.append(
                ui.Select(
                    custom_id=custom_id("update.after", found.draft.id, asked.id, guild_id=guild_id),
                    placeholder=f"The stage of {of} after this" if of else "The deal's stage after this",
                    options=[stays, *(_stage_option(asked, step, why) for step, why in asked.stages.items())],
                )
            )
        if asked.approvals:
            options = [
                discord.SelectOption(
                    label=clip(sentence(consent(fact.value, asked.names)), 100),
                    value=str(fact.update),
                    description=clip(plain([cited(fact.value.state, fact)]), 100),
                    default=fact.update in asked.also,
                )
                for fact in asked.approvals[:_OPTIONS]
            ]
            also = f"Also {asked.state}, says this source"
            selects.append(
                ui.Select(
                    custom_id=custom_id("update.also", found.draft.id, asked.id, guild_id=guild_id),
                    placeholder=f"{also}, of {of}" if of else also,
                    options=options,
                    min_values=0,
                    max_values=len(options),
                )
            )
    return selects


def _stage_option(asked: DealQuestion, step: str, why: str) -> discord.SelectOption:
    if not why and asked.last and step == "approved":
        why = "No approval is open any more"
    return discord.SelectOption(label=STAGES[step], value=step, description=why or None, default=step == asked.chosen)


# The changes


def _body(found: Preview, room: int) -> list[str]:
    """Each record's changes in so many characters: what goes along first, then the record that was asked for."""
    texts: list[str] = []
    share = room * 3 // 5 // max(1, len(found.changes) - 1)
    for change in reversed(found.changes):
        notes = [note for note in found.notes if note.names is change.names]
        lines = _new_lines(change) if change.new else _change_lines(found, change, notes)
        lines += [_note_line(found, note) for note in notes if note.how != "beside"]
        other = change.slug != found.draft.task.record
        heading = f"**A new {KIND_WORDS[change.kind][0]}**" if change.new else ""
        if other:
            heading = f"### With it: {escaped(change.name, 100)}"
        text = _fitted(heading, lines, share if other else room)
        room -= len(text) + 2
        texts.append(text)
    return [text for text in reversed(texts) if text]


def _fitted(heading: str, lines: Sequence[str], room: int) -> str:
    """Return the first lines that fit below a heading, and how many more there are."""
    kept = [heading] if heading else []
    for n, text in enumerate(lines):
        last = n == len(lines) - 1
        if n == _LINES or len("\n".join([*kept, text])) > room - (0 if last else _MORE_ROOM):
            more = f"-# And {plural(len(lines) - n, 'more change')}."
            return clip("\n".join([*kept, more if n else text]), room)
        kept.append(text)
    return "\n".join(kept)


def _about(found: Preview) -> str:
    """Return the day and the source that all changes of a draft share."""
    entry, source = found.entry, found.source
    title = ", ".join(filter(None, [escaped(source.title, 150), escaped(entry.cited.locator, 100)]))
    about = [
        f"**Date:** {facts.dated(entry.date)}",
        f"**Source:** {title}; {facts.source_date(source)}" + (f", {facts.link(source.url)}" if source.url else ""),
    ]
    if entry.reason:
        about.append(f"**Reason:** {escaped(entry.reason, 300)}")
    return "\n".join(about)


def _words(kind: Kind, name: str, value: Any, names: Names) -> str:
    """Return a value in plain words."""
    return get_field(kind, name).type.in_full(value, names)


def _stem(kind: Kind, name: str, value: Any, names: Names) -> str:
    """Return a value in words that something follows in the same line: a sentence leaves its full stop out."""
    words, type_ = _words(kind, name, value, names), get_field(kind, name).type
    sentences = isinstance(type_, TextType) and type_.limit > 200
    last = words.rpartition(" ")[2]
    return words[:-1] if sentences and last.endswith(".") and "." not in last[:-1] else words


def _told(found: Preview, change: Edited | Note, name: str, fact: Fact, *, reported: bool = False) -> str:
    """Return a value that stood before: its words, its own day and its own source. What reports nothing has neither."""
    words = _stem(change.kind, name, fact.value, change.names)
    if name == "side_state" and fact.value == "none":
        words = "not held up"
    if not get_field(change.kind, name).reports:
        return escaped(words, 300)
    origin = source_words([fact], found.sources)
    inferred = f"; {facts.WORKED_OUT}" if origin and fact.date.worked_out else ""
    return line([cited(words, fact)], reported=reported, limit=300) + (f" ({origin}{inferred})" if origin else "")


def _now(change: Edited, name: str, fact: Fact, before: Fact | None) -> str:
    """Return a value as it is after, with its day where one stands before it."""
    in_words = _words if before is None else _stem
    words = in_words(change.kind, name, fact.value, change.names)
    if name == "side_state" and fact.value == "none":
        words = "Nothing holds it up"
        if before is not None and before.value not in ("none", "slipped"):  # "Target date has passed" is a sentence.
            words = f"No longer {_words(change.kind, name, before.value, {}).lower()}"
    dated = before is not None and get_field(change.kind, name).reports
    day = escaped(day_words([fact.date]), 120) if dated else ""
    return f"**{escaped(words, 300)}**{f', {day}' if day else ''}"


def _new_lines(change: Edited) -> list[str]:
    """What a new record holds. Its name stands above."""
    return [
        f"{get_field(change.kind, one.field).label}: {_now(change, one.field, one.after, None)}"
        for one in change.changes
        if one.after is not None and one.field != "name"
    ]


def _change_lines(found: Preview, change: Edited, notes: Sequence[Note]) -> list[str]:
    """Each field before and after; of a list, what was added to it and what ended."""
    fields: dict[str, list[FieldChange]] = {}
    for one in change.changes:
        fields.setdefault(one.field, []).append(one)
    return [_field_lines(found, change, name, of_field, notes) for name, of_field in fields.items()]


def _field_lines(
    found: Preview, change: Edited, name: str, changed: Sequence[FieldChange], notes: Sequence[Note]
) -> str:
    field = get_field(change.kind, name)
    lines = [f"**{field.label}**"]
    added = [one.after for one in changed if one.before is None and one.after is not None]
    ended = [one.before for one in changed if one.after is None and one.before is not None]
    for one in changed:
        if one.before is not None and one.after is not None:
            lines.append(f"Before: {_told(found, change, name, one.before)}")
            lines.append(f"After: {_now(change, name, one.after, one.before)}")
    if added and not ended and field.rule == "replace":
        lines += ["Before: not in the record", f"After: {_now(change, name, added[0], None)}"]
    elif added:
        lines.append("Added: " + "; ".join(_now(change, name, fact, None) for fact in added))
    if ended:
        lines.append("No longer: " + "; ".join(_told(found, change, name, fact, reported=True) for fact in ended))
    lines += [_note_line(found, note) for note in notes if note.how == "beside" and note.field == name]
    return "\n".join(lines)


def _note_line(found: Preview, note: Note) -> str:
    """Return what a value does that replaces no other alone, and what stands beside it, each with its own day."""
    field = get_field(note.kind, note.field)
    words = escaped(_stem(note.kind, note.field, note.value, note.names), 200)
    gone = ends(note.value)
    hidden = len(note.others) - 3
    others = "; ".join(
        [
            *(_told(found, note, note.field, fact) for fact in note.others[-3:]),
            *([f"{hidden} more"] if hidden > 0 else []),
        ]
    )
    if note.how == "beside":
        return f"-# What other sources say stays: {others}"
    day = escaped(day_words([found.entry.date]), 120) if field.reports else ""
    if note.how == "same":
        again = f"**{words}**{f', {day}' if day else ''}"
        return f"**{field.label}**\nBefore: {others}\nReported again: {again}"
    told = f"{'the end of ' if gone else ''}{words}{f', {day},' if day else ''}"
    stays = f"\n-# Newer, and unchanged: {others}" if others else ""
    return f"{field.label}: {told} goes into the history only{stays}"
