"""Messages for editors about corrections: one update with its buttons, the forms, the preview, and what was saved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import discord
from discord import ui
from msgspec import Struct

from bot import dates
from bot.ledger.changes import FieldChange
from bot.ledger.cited import cited, day_words
from bot.ledger.corrections import Act, CorrectedRecord, Correction, CorrectionPreview, EnteredUpdate
from bot.ledger.kinds import KIND_WORDS, Field, get_field
from bot.ledger.values import ChoiceType, Names, TextType, ends, words_inside
from bot.ui.cited import line, source_words
from bot.ui.ids import custom_id
from bot.ui.layout import TEXT_LIMIT, Button, Select, button, card, finished
from bot.ui.text import clip, escaped, plural
from data.records import Fact, Kind, Source, Update, Value

_LABEL, _TITLE, _HINT, _PLACEHOLDER = 45, 45, 100, 100  # Discord: parts of a form.
_OPTIONS = 25  # Discord: options of a select.
_LISTED = 12  # Updates or changes that a message lists. More are counted.

_ASKS: Mapping[Act, str] = {
    "correct": "Correct this?",
    "withdraw": "Withdraw this?",
    "bring back": "Bring this back?",
    "remove": "Remove this from the record?",
    "merge": "Merge this?",
}
_DONE: Mapping[Act, str] = {
    "correct": "Corrected",
    "withdraw": "Withdrawn",
    "bring back": "Brought back",
    "remove": "Removed",
    "merge": "Merged",
}
_BUTTONS: Mapping[Act, str] = {
    "correct": "Save",
    "withdraw": "Withdraw",
    "bring back": "Bring back",
    "remove": "Remove",
    "merge": "Merge",
}
_TITLES: Mapping[Act, str] = {
    "correct": "Correct",
    "withdraw": "Withdraw",
    "bring back": "Bring back",
    "remove": "Remove",
    "merge": "Merge",
}


class Choosable(Struct, frozen=True):
    """An update as a menu offers it.

    `names` has the names, by slug, of the records that its value names. `ending` is "withdrawn" or "corrected"; it is
    "" for an update that still counts.
    """

    kind: Kind
    field: str
    fact: Fact[Value]
    names: Names
    ending: str = ""
    of: str = ""  # The name of its record if the menu has updates of several records, else "".


def menu(choosable: Sequence[Choosable], guild_id: int | None) -> list[Select]:
    """Return a list with a menu to choose updates that are to be corrected or withdrawn. Return [] without updates."""
    if not choosable:
        return []
    options = [_option(each) for each in choosable[:_OPTIONS]]
    return [
        ui.Select(
            custom_id=custom_id("correct.open", guild_id=guild_id),
            placeholder="Wrong? Choose one to correct it, or several to withdraw",
            options=options,
            max_values=len(options),
        )
    ]


def _option(each: Choosable, *, chosen: bool = False) -> discord.SelectOption:
    field = get_field(each.kind, each.field)
    words = f"{field.label}: {_words(field, each.fact.value, each.names)}"
    about = "; ".join(filter(None, [day_words([each.fact.date]), each.ending, each.of]))
    return discord.SelectOption(
        label=clip(words, 100), value=str(each.fact.update), description=clip(about, 100), default=chosen
    )


def choosable(entered: EnteredUpdate, *, several_records: bool = False) -> Choosable:
    """Return an update as a menu offers it. With `several_records`, the option also shows the name of its record."""
    ending = ""
    if entered.ended_by is not None:
        ending = "withdrawn" if entered.ended_by.action == "withdrawn" else "corrected"
    name = entered.name if several_records else ""
    return Choosable(entered.kind, entered.update.field, entered.update.fact, entered.names, ending, name)


# One update


def details(
    entered: EnteredUpdate,
    resting: Sequence[EnteredUpdate],
    together: Sequence[EnteredUpdate],
    guild_id: int | None,
) -> ui.LayoutView:
    """Render one update, the buttons to correct or withdraw it, and other updates that may be wrong as well.

    `resting` are updates whose forms were filled in with the value of this update. `together` are updates that were
    saved at the same time as this update.
    """
    update, ender = entered.update, entered.ended_by
    texts = [
        f"## {escaped(get_field(entered.kind, update.field).label, 60)} of {escaped(entered.name, 100)}",
        "\n".join(
            filter(
                None,
                [
                    f"{_stated(entered)}",
                    f"-# Entered {_by(entered.update, entered.user_id)}{_because(update.reason)}",
                    _ended(entered),
                ],
            )
        ),
        _listed("Entered from a form that started with this value:", resting),
        _listed("Saved together with it:", together),
    ]
    buttons: list[Button] = []
    if ender is None:
        texts.append(
            "*Correct* if it was never true: the form starts with what it says. *Withdraw* takes it back. What is no "
            "longer true is a new update instead."
        )
        buttons = [_to("Correct", "correct.correct", update.id, guild_id)]
        buttons.append(_to("Withdraw", "correct.withdraw", update.id, guild_id))
    elif ender.action == "withdrawn":
        buttons.append(_to("Bring back", "correct.back", update.id, guild_id))
    else:
        texts.append("An update corrected it. To get this one back, withdraw that one.")
        buttons.append(_to("Open the correction", "correct.show", ender.id, guild_id))
    if update.person_id is not None and update.origin == "editor":
        buttons.append(_to("All by this editor", "correct.by", update.person_id, guild_id))
    buttons.append(_to("History", "record.history", update.record, guild_id))
    others = [choosable(each, several_records=True) for each in [*resting, *together]]
    return card(["\n\n".join(filter(None, texts))], selects=menu(others, guild_id), buttons=buttons)


def by_editor(entered: Sequence[EnteredUpdate], user_id: int | None, guild_id: int | None) -> ui.LayoutView:
    """Render the newest updates of one editor, with a menu to choose several and withdraw them together."""
    who = f"<@{user_id}>" if user_id else "someone whose name was deleted"
    lines = [f"- {_stated(each, of=True)}" for each in entered]
    heading = f"## Entered by {who}"
    if not entered:
        return card([f"{heading}\nNothing of it counts any more."])
    text = _fitted([heading, "The newest first. Choose below what is to be withdrawn."], lines, 3800)
    selects = menu([choosable(each, several_records=True) for each in entered], guild_id)
    return card([text], selects=selects)


def removed(
    records: Sequence[tuple[Kind, str, str]], merged: Sequence[tuple[Kind, str, str]], guild_id: int | None
) -> ui.LayoutView:
    """Render the records that were removed and the duplicates that were merged. Two menus bring such a record back.

    A removed record is given as (kind, slug, its last name). A duplicate is given as (kind, its slug, the name of the
    record that it was merged into).
    """
    if not records and not merged:
        return card(["## Removed records\nNone. What an editor removes is listed here and can be brought back."])
    lines = [f"- {escaped(name, 100)} ({KIND_WORDS[kind][0]}), `{slug}`" for kind, slug, name in records]
    lines += [f"- `{slug}` ({KIND_WORDS[kind][0]}), merged into {escaped(name, 100)}" for kind, slug, name in merged]
    selects: list[Select] = []
    for name, placeholder, entries in (
        ("correct.return", "Bring one back", [(name, slug, kind) for kind, slug, name in records]),
        ("correct.separate", "Separate one again", [(slug, slug, kind) for kind, slug, _ in merged]),
    ):
        if entries:
            options = [
                discord.SelectOption(label=clip(label, 100), value=slug, description=KIND_WORDS[kind][0])
                for label, slug, kind in entries
            ]
            select: Select = ui.Select(
                custom_id=custom_id(name, guild_id=guild_id), placeholder=placeholder, options=options
            )
            selects.append(select)
    text = _fitted(["## Removed records", "Their updates are still in the ledger."], lines, 3800)
    return card([text], selects=selects)


def separated(name: str, slug: str, other: str, guild_id: int | None) -> ui.LayoutView:
    """Render that a duplicate is a record of its own again. `other` names the record that it had been merged into."""
    text = f"## Separated\n{escaped(name, 100)} is a record of its own again, apart from {escaped(other, 100)}."
    note = "-# Follows and reminders stay where they are. Who follows is not told."
    return card([f"{text}\n{note}"], buttons=[_to("Open", "record.open", slug, guild_id)])


# The forms


def form(correction: Correction, field: Field | None, *, guild_id: int | None, here: bool) -> ui.Modal:
    """Return the form of a correction, filled in with what was typed before.

    If `field` is None, the form asks only for the reason. If `here` is True, the answer to the form replaces the
    message with the button that opened the form.
    """
    task, arguments = correction.task, (correction.id, "here") if here else (correction.id,)
    what = task.name or plural(len(task.withdraws), "update")
    modal = ui.Modal(
        title=clip(f"{_TITLES[task.act]}: {what}", _TITLE),
        custom_id=custom_id("correct.form", *arguments, guild_id=guild_id),
    )
    typed = correction.typed
    if field is not None:
        modal.add_item(_value_input(field, typed.get("value", "")))
        modal.add_item(_text("date", "Fact date", "When it was true, as the source says", typed, 200))
        modal.add_item(_text("source", "Source", "A link or title, then a comma and where in it", typed, 900))
        modal.add_item(_text("published", "The source's own date", "When it appeared, or undated", typed, 200))
    why = "Why it was wrong" if task.act == "correct" else "Why; everyone can read it in the history"
    modal.add_item(_text("reason", "Reason", why, typed, 500))
    return finished(modal)


def _text(name: str, label: str, hint: str, typed: Mapping[str, str], limit: int) -> ui.Label[ui.LayoutView]:
    text: ui.TextInput[ui.LayoutView] = ui.TextInput(
        custom_id=name, default=typed.get(name, "")[:limit] or None, max_length=limit
    )
    return ui.Label(text=label, description=hint, component=text)


def _value_input(field: Field, typed: str) -> ui.Label[ui.LayoutView]:
    """Return the input for the value: a menu if the field has fixed choices, else a text input with an example."""
    if isinstance(field.type, ChoiceType):
        options = [
            discord.SelectOption(label=words, value=value, default=value == typed)
            for value, words in field.type.options.items()
        ]
        select: Select = ui.Select(custom_id="value", options=options, required=True)
        return ui.Label(text=clip(field.label, _LABEL), component=select)
    long = isinstance(field.type, TextType) and field.type.limit > 200
    text: ui.TextInput[ui.LayoutView] = ui.TextInput(
        custom_id="value",
        placeholder=clip(field.type.example, _PLACEHOLDER),
        default=typed[:1000] or None,
        style=discord.TextStyle.paragraph if long else discord.TextStyle.short,
        max_length=1000,
    )
    hint = clip(f"Write it like {field.type.example}", _HINT)
    return ui.Label(text=clip(field.label, _LABEL), description=hint, component=text)


# The preview and what was saved


def mistaken(correction: Correction, texts: Iterable[str], guild_id: int | None) -> ui.LayoutView:
    """Render what is wrong in the form of a correction (`texts`), with a button that opens the form again."""
    lines = [f"- {escaped(text.replace(' Nothing was changed.', ''), 600)}" for text in texts]
    return card(
        [
            f"## Not saved yet: {escaped(_subject(correction), 100)}",
            "\n".join(lines),
            "-# Nothing was changed. *Change* opens the form again with all that you typed.",
        ],
        buttons=[
            _to("Change", "correct.change", correction.id, guild_id),
            _to("Discard", "correct.drop", correction.id, guild_id),
        ],
    )


def preview(seen: CorrectionPreview, guild_id: int | None) -> ui.LayoutView:
    """Render what a correction would change, with a menu of further updates that an editor may withdraw with it."""
    correction = seen.correction
    moved = "**Somebody changed this meanwhile.** It is shown as it is now; save again if it is right."
    above = [
        f"## {_ASKS[correction.task.act]} {escaped(_subject(correction), 100)}",
        moved if seen.moved_on else "",
        f"**Reason:** {escaped(' '.join(correction.typed.get('reason', '').split()), 300)}",
    ]
    below = ["-# Nothing is saved yet."]
    buttons = [
        button(
            _button_label(seen),
            custom_id("correct.save", correction.id, guild_id=guild_id),
            discord.ButtonStyle.primary,
        ),
        _to("Change", "correct.change", correction.id, guild_id),
        _to("Discard", "correct.drop", correction.id, guild_id),
    ]
    return card([_body(seen, above, below)], selects=_offer(seen, guild_id), buttons=buttons)


def saved(seen: CorrectionPreview, now: datetime, undo_until: datetime, guild_id: int | None) -> ui.LayoutView:
    """Render what a correction changed, and for how long it can be undone.

    After a correction or withdrawal, a menu offers other updates that may be wrong as well.
    """
    correction, act = seen.correction, seen.correction.task.act
    until = f"{dates.timestamp(undo_until, 'T')} ({dates.timestamp(undo_until, 'R')})"
    who = "nobody is told of it." if act == "merge" else "whoever got it at once is told then."
    note = f"-# Saved {dates.timestamp(now)}. *Undo* works until {until}; {who}"
    buttons = [_to("Undo", "correct.undo", correction.batch, guild_id)]
    if act == "remove":
        buttons.append(_to("Bring back", "correct.return", correction.task.record, guild_id))
    elif not seen.changes[0].removed:
        buttons.append(_to("Open", "record.open", seen.changes[0].slug, guild_id))
    done = {each.update.id for each in seen.withdrawn}
    others = [choosable(each, several_records=True) for each in seen.offered if each.update.id not in done]
    above = [f"## {_DONE[act]}: {escaped(_subject(correction), 100)}"]
    selects = menu(others, guild_id) if act in ("correct", "withdraw") else []
    return card([_body(seen, above, [note])], selects=selects, buttons=buttons)


def undone(name: str, guild_id: int | None, slug: str) -> ui.LayoutView:
    """Render that a correction was undone.

    `name` and `slug` identify the corrected record. If the correction changed several records, `name` is "".
    """
    what = f"{escaped(name, 100)} is" if name else "The records are"
    buttons = [_to("History", "record.history", slug, guild_id)] if name else []
    return card([f"## Undone\n{what} as before. The history keeps both steps."], buttons=buttons)


def discarded() -> ui.LayoutView:
    """Render that a correction was discarded."""
    return card(["## Discarded\nNothing was changed."])


def _subject(correction: Correction) -> str:
    return correction.task.name or plural(len(correction.task.withdraws), "update")


def _button_label(seen: CorrectionPreview) -> str:
    count = len(seen.withdrawn)
    label = _BUTTONS[seen.correction.task.act]
    if seen.corrected is not None:
        return f"{label} and withdraw {count}" if count else label
    return f"{label} {count}" if count > 1 and seen.correction.task.act != "remove" else label


def _offer(seen: CorrectionPreview, guild_id: int | None) -> list[Select]:
    """Return a list with the menu of further updates to withdraw in the same step, or [] if there are none.

    If the correction brings an update back, the menu offers further updates to bring back.
    """
    if not seen.offered:
        return []
    back = seen.correction.task.act == "bring back"
    chosen = {each.update.id for each in seen.withdrawn}
    options = [
        _option(choosable(each, several_records=True), chosen=each.update.id in chosen)
        for each in seen.offered[:_OPTIONS]
    ]
    return [
        ui.Select(
            custom_id=custom_id("correct.also", seen.correction.id, guild_id=guild_id),
            placeholder="Bring back too" if back else "Withdraw too: these may be wrong with it",
            options=options,
            min_values=0,
            max_values=len(options),
        )
    ]


def _body(seen: CorrectionPreview, above: Sequence[str], below: Sequence[str]) -> str:
    """Return the text of a correction, for the preview and for the message after saving.

    The texts `above` come first, then the withdrawn updates and the changed records, then the texts `below`. The lists
    in the middle get the room that the other texts leave.
    """
    act = seen.correction.task.act
    named = len({change.slug for change in seen.changes}) > 1
    above = list(filter(None, above))
    if seen.links:
        number = plural(seen.links, "other record points", "other records point")
        then = (
            "They point to the other one then." if act == "merge" else "They stay, and no longer show it as a record."
        )
        above.append(f"**Before you save:** {number} to it. {then}")
    if act == "merge":
        above.append("All that is on record about the first is then about the second; its name and slug keep working.")
    room = TEXT_LIMIT - 200 - sum(len(text) + 2 for text in [*above, *below])
    verb = "Brought back:" if act == "bring back" else "Withdrawn:"
    entries: list[str] = []
    if seen.withdrawn and act != "remove":
        lines = [f"- {_stated(each, of=named)}" for each in seen.withdrawn]
        entries.append(_fitted([f"**{verb}**"], lines, room // 2))
    entries.append(_fitted([], _change_lines(seen), room - sum(len(text) + 2 for text in entries)))
    return "\n\n".join(filter(None, [*above, *entries, *below]))


def _change_lines(seen: CorrectionPreview) -> list[str]:
    """Return lines for each record that a correction changes: each changed field before and after, or its removal."""
    lines: list[str] = []
    for change in seen.changes:
        if len(seen.changes) > 1:
            lines.append(f"### {escaped(change.name, 100)}")
        if change.removed:
            lines.append(
                f"{escaped(change.name, 100)} leaves lists, search, completion and counts. Its updates stay in the "
                "ledger, and it can be brought back."
            )
        elif change.returns:
            lines.append(f"{escaped(change.name, 100)} is in the record again, with all its updates.")
        else:
            lines += [
                _stays_line(change, field, facts[-1], seen.sources) for field, facts in change.stays.items() if facts
            ]
        lines += [_field_lines(change, each, seen.sources) for each in change.changes]
    return lines


def _stays_line(change: CorrectedRecord, name: str, fact: Fact[Value], sources: Mapping[int, Source]) -> str:
    """Render the value that a field keeps after a correction, because the value comes from another update."""
    field = get_field(change.kind, name)
    return f"**{field.label}**\nStays: {_fact_words(field, fact, change.names, sources)}"


def _field_lines(change: CorrectedRecord, each: FieldChange, sources: Mapping[int, Source]) -> str:
    field = get_field(change.kind, each.field)
    before = _fact_words(field, each.before, change.names, sources) if each.before is not None else "not in the record"
    after = _fact_words(field, each.after, change.names, sources) if each.after is not None else "not in the record"
    return f"**{field.label}**\nBefore: {before}\nAfter: {after}"


def _fact_words(field: Field, fact: Fact[Value], names: Names, sources: Mapping[int, Source]) -> str:
    """Render the value of a fact with its day and source. Leave both out if the field has no news value."""
    words = _words(field, fact.value, names)
    if not field.reports:
        return escaped(words, 300)
    return f"{line([cited(words, fact)], limit=300)} ({source_words([fact], sources)})"


def _words(field: Field, value: Value, names: Names) -> str:
    words = words_inside(field.type, value, names)
    return f"no longer {words}" if ends(value) else words


def _stated(entered: EnteredUpdate, *, of: bool = False) -> str:
    """Render what an update says: its field, value, day and source. With `of`, its record's name comes first."""
    field = get_field(entered.kind, entered.update.field)
    sources = {entered.source.id: entered.source}
    fact = entered.update.fact
    words = line([cited(_words(field, fact.value, entered.names), fact)], limit=300)
    name = f"{escaped(entered.name, 80)}: " if of else ""
    return f"{name}{field.label}: {words} ({source_words([fact], sources)})"


def _ended(entered: EnteredUpdate) -> str:
    """Render who withdrew or corrected an update, when and why. Return "" for an update that counts."""
    ender = entered.ended_by
    if ender is None:
        return ""
    how = "Withdrawn" if ender.action == "withdrawn" else "Corrected"
    return f"-# {how} {_by(ender, entered.ended_by_user_id)}{_because(ender.reason)}"


def _by(update: Update, user_id: int | None) -> str:
    if update.origin == "dossier":
        who = "the dossier"
    else:
        who = f"<@{user_id}>" if user_id else "someone whose name was deleted"
    return f"by {who} {dates.timestamp(update.entered_at)}"


def _because(reason: str) -> str:
    return f": {escaped(reason, 200).removesuffix('.')}" if reason else ""


def _listed(heading: str, entered: Sequence[EnteredUpdate]) -> str:
    """Render a heading with a list of updates below it. Return "" if there are no updates."""
    if not entered:
        return ""
    return _fitted([heading], [f"- {_stated(each, of=True)}" for each in entered], 1200)


def _fitted(heading: Sequence[str], lines: Sequence[str], room: int) -> str:
    """Return a heading with the first lines that fit into `room` characters, and a count of the other lines."""
    kept = list(heading)
    for n, text in enumerate(lines):
        if n == _OPTIONS or len("\n".join([*kept, text])) > room - 30:
            return clip("\n".join([*kept, f"-# And {len(lines) - n:,} more."]), room)
        kept.append(text)
    return "\n".join(kept)


def _to(label: str, name: str, argument: object, guild_id: int | None) -> Button:
    return button(label, custom_id(name, argument, guild_id=guild_id))
