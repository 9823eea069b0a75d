"""The forms in which editors enter updates, and the menu of what can be updated about a record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import discord
from discord import ui

from bot.ledger import record_forms
from bot.ledger.cited import cited, day_words, shortened
from bot.ledger.drafts import DATE, PUBLISHED, REASON, RECORD, SOURCE, Draft, ended_value, form_field
from bot.ledger.event_forms import Input, inputs
from bot.ledger.happenings import HAPPENINGS
from bot.ledger.kinds import KIND_WORDS, Field, fields_of, get_field
from bot.ledger.values import ChoiceType, TextType, words_inside
from bot.ui.ids import custom_id
from bot.ui.layout import Select, button, card, finished
from bot.ui.text import clip, escaped, plural
from data.records import Fact, Opened, Update, Value

CLOSE, CHECKED = "close", "checked"
"""Two choices of the menu of `choose` that are no fields: to close an item, and to say that nothing is new."""

_LABEL, _TITLE, _HINT, _PLACEHOLDER = 45, 45, 100, 100  # Discord: parts of a form.

_Label = ui.Label[ui.Modal]


def offered(opened: Opened) -> list[tuple[str, str]]:
    """Return what an editor can choose to update about a record, as (value, label): its fields and two other choices.

    The last choice is that nothing is new. For an open pending item, the first choice is to close it.
    """
    item = opened.record.kind == "pending"
    choices = [(CLOSE, "It happened: close this item")] if opened.record.open else []
    left_out = {"checked", "state", "outcome"} if item and opened.record.open else {"checked"}
    choices += [(field.name, field.label) for field in fields_of(opened.record.kind) if field.name not in left_out]
    return [*choices, (CHECKED, "Nothing new: checked again")]


def choose(opened: Opened, guild_id: int | None) -> ui.LayoutView:
    """Render a menu from which an editor chooses what to update about a record. It shows each field's present value."""
    options: list[discord.SelectOption] = []
    for name, label in offered(opened):
        # The newest value comes first: it is what an update changes, and the others may not fit.
        known = sorted(opened.record.state.facts(name), key=lambda fact: fact.date.day or date.min, reverse=True)
        parts = [
            cited(words_inside(get_field(opened.record.kind, name).type, fact.value, opened.names), fact)
            for fact in known
        ]
        now = shortened(parts, 100) if parts else "Not in the record" if name not in (CLOSE, CHECKED) else ""
        options.append(discord.SelectOption(label=label, value=name, description=now or None))
    select: Select = ui.Select(
        custom_id=custom_id("update.field", opened.record.slug, guild_id=guild_id),
        placeholder="Choose what changed",
        options=options,
    )
    name = escaped(opened.record.name, 200)
    remove = button("Remove", custom_id("correct.remove", opened.record.slug, guild_id=guild_id))
    what = "What does a source say? Choose a field; a form opens. *Remove* is for what should never have been a record."
    return card([f"## Update {name}", what], selects=[select], buttons=[remove])


ANOTHER = "another"
"""The choice in the menu of `choose_value` that opens an empty form, to add a value."""
_VALUES = 24  # Values in a menu. Discord allows 25 options, and one of them is ANOTHER.


def choose_value(opened: Opened, field: Field, guild_id: int | None) -> ui.LayoutView:
    """Render a menu of the present values of a field. An editor chooses one to change or end, or adds another value."""
    known = sorted(opened.record.state.facts(field.name), key=lambda fact: fact.date.day or date.min, reverse=True)
    options = [discord.SelectOption(label="Another one", value=ANOTHER, description="An empty form opens")]
    for fact in known[:_VALUES]:
        words = clip(field.type.words(fact.value, opened.names), 100)
        options.append(discord.SelectOption(label=words, value=str(fact.update), description=_reported(fact)))
    select: Select = ui.Select(
        custom_id=custom_id("update.value", opened.record.slug, field.name, guild_id=guild_id),
        placeholder="Choose one of these, or another",
        options=options,
    )
    text = f"## {field.label}: {escaped(opened.record.name, 200)}\nWhat does the source report on?"
    more = len(known) - _VALUES
    note = f"-# {plural(more, 'older value')} can be written again under *Another one*." if more > 0 else ""
    return card(["\n".join(filter(None, [text, note]))], selects=[select])


def _reported(fact: Fact[Value]) -> str | None:
    return clip(day_words([fact.date]), 100) or None


def chosen_value(opened: Opened, field: Field, update: Update, guild_id: int | None) -> ui.LayoutView:
    """Render a chosen value with buttons: one to change it and, if such a value can end, one to say that it has."""
    words = escaped(field.type.in_full(update.fact.value, opened.names), 400)
    buttons = [button("Change it", custom_id("update.revise", update.id, guild_id=guild_id))]
    if ended_value(update.fact.value) is not None:
        buttons.append(button("No longer so", custom_id("update.end", update.id, guild_id=guild_id)))
    day = escaped(day_words([update.date]), 120)
    text = f"## {field.label}: {escaped(opened.record.name, 200)}\n**{words}**, {day}"
    return card([f"{text}\nWhat does the source say of it?"], buttons=buttons)


def choose_happening(opened: Opened, guild_id: int | None) -> ui.LayoutView:
    """Render a menu of what can happen to a deal. A choice opens the form for such an event."""
    select: Select = ui.Select(
        custom_id=custom_id("update.happening", opened.record.slug, guild_id=guild_id),
        placeholder="What happened",
        options=[
            discord.SelectOption(label=happening.label, value=happening.name) for happening in HAPPENINGS.values()
        ],
    )
    name = escaped(opened.record.name, 200)
    return card([f"## What happened to {name}?", "Choose what a source reports; a form opens."], selects=[select])


def form(draft: Draft, *, guild_id: int | None, here: bool) -> ui.Modal:
    """Return the form of a draft, filled in with what was typed before.

    If `here` is True, the answer to the form replaces the message with the button that opened the form.
    """
    task, field = draft.task, form_field(draft.task)
    if task.happening:
        return _of_inputs(draft, HAPPENINGS[task.happening].label, inputs(task), guild_id=guild_id, here=here)
    if task.adds:
        heading = f"New {KIND_WORDS[task.kind][0]}" if task.new else "Note"
        return _of_inputs(draft, heading, record_forms.inputs(task), guild_id=guild_id, here=here)
    unchanged = any(given.field == "checked" for given in task.given)
    heading = "Nothing new" if unchanged else "No longer so"
    if field is not None:
        heading = "Close" if task.closes else field.label
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
    # A change back to an earlier stage needs a reason. For all other changes the reason is optional.
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
    for name, label, hint, example, limit in parts if task.field != "alias" else ():
        if name == "reason" and (field is None or task.asks_record):
            continue  # Five parts fit into a form.
        modal.add_item(_text(draft, name, label, hint, example, limit))
    return finished(modal)


def _text(draft: Draft, name: str, label: str, hint: str, example: str, limit: int) -> _Label:
    """Return a text input of the form. `name` is its key in `draft.typed`, `hint` its description."""
    text: ui.TextInput[ui.Modal] = ui.TextInput(
        custom_id=name,
        placeholder=example,
        default=draft.typed.get(name, "")[:limit] or None,
        required=name != "reason",
        max_length=limit,
    )
    return ui.Label(text=label, description=hint, component=text)


def _value(field: Field, draft: Draft) -> _Label:
    """Return the input for the value: a menu if the field has fixed choices, else a text input with an example."""
    typed = draft.typed.get("value", "")
    if isinstance(field.type, ChoiceType):
        options = [
            discord.SelectOption(label=words, value=value, default=value == typed)
            for value, words in field.type.options.items()
        ]
        part: ui.Select[ui.Modal] = ui.Select(custom_id="value", options=options, required=True)
        return ui.Label(text=clip(field.label, _LABEL), component=part)
    hint = f"Write it like {field.type.example}"
    if field.name == "due":
        hint += ", or none"
    if field.rule == "list":
        hint = f'One at a time. To end one, begin with "no longer": no longer {field.type.example}'
    long = isinstance(field.type, TextType) and field.type.limit > 200
    text: ui.TextInput[ui.Modal] = ui.TextInput(
        custom_id="value",
        placeholder=clip(field.type.example, _PLACEHOLDER),
        default=typed[:1000] or None,
        style=discord.TextStyle.paragraph if long else discord.TextStyle.short,
        max_length=1000,
    )
    return ui.Label(text=clip(field.label, _LABEL), description=clip(hint, _HINT), component=text)


def _of_inputs(draft: Draft, heading: str, asked: Sequence[Input], *, guild_id: int | None, here: bool) -> ui.Modal:
    """Return a form with the inputs `asked`, filled in with what was typed before. For `here` see `form`."""
    arguments = (draft.id, "here") if here else (draft.id,)
    modal = ui.Modal(
        title=clip(f"{heading}: {draft.task.name}", _TITLE),
        custom_id=custom_id("update.form", *arguments, guild_id=guild_id),
    )
    for part in asked:
        text: ui.TextInput[ui.Modal] = ui.TextInput(
            custom_id=part.name,
            placeholder=clip(part.example, _PLACEHOLDER),
            default=draft.typed.get(part.name, "")[: part.limit] or None,
            style=discord.TextStyle.paragraph if part.long else discord.TextStyle.short,
            required=part.required,
            max_length=part.limit,
        )
        modal.add_item(
            ui.Label(text=clip(part.label, _LABEL), description=clip(part.hint, _HINT) or None, component=text)
        )
    return finished(modal)
