"""The history of a record in pages: what changed when, what stood before, by which source, and who entered it.

Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby

from discord import ui
from msgspec import Struct

from bot import dates
from bot.ledger.cited import day_words
from bot.ledger.fold import key_of
from bot.ledger.kinds import SIDE_STATES, Field, find_field, get_field
from bot.ledger.values import ApprovalType, ChoiceType, DueType, Names, ends, expect, words_inside
from bot.ui import pages, theme
from bot.ui.cited import source_words
from bot.ui.ids import custom_id
from bot.ui.layout import button, card
from bot.ui.text import escaped, joined, plural, sentence
from data.records import Approval, FactDate, Opened, Timeline, Update, Value

_MOST = 8  # Changes on a page, which then fits a phone.
_NOUNS = ("names", "aliases", "topics", "kinds", "notes")
"""The nouns for entries of fields without news value, in the order in which they are listed."""
_CLAUSES = ("stage", "state", "side_state")
"""Fields whose values are clauses of their own: "Signed", not "Stage: Signed"."""


class Step(Struct, frozen=True):
    """One update, with the one that stood before it and the one that withdrew or corrected it."""

    update: Update
    before: Update | None
    ended_by: Update | None


def steps(opened: Opened, updates: Sequence[Update]) -> list[Step]:
    """Return a step for each update that set a value, by fact date.

    It has the update, the update of the same item that counted before it, and what replaced or withdrew it.
    """
    ended_by: dict[int, Update] = {}
    withdrawn: set[int] = set()
    for update in sorted(updates, key=lambda u: u.id, reverse=True):
        # A withdrawal that was itself withdrawn ends nothing, as when updates are added up.
        if update.replaces is not None and update.id not in withdrawn:
            ended_by.setdefault(update.replaces, update)
            if update.action == "withdrawn":
                withdrawn.add(update.replaces)
    standing: dict[object, Update] = {}
    found: list[Step] = []
    for update in sorted(updates, key=lambda u: (u.date.day or date.min, u.id)):
        field = find_field(opened.record.kind, update.field)
        if update.action != "set" or field is None:
            continue
        if update.id in ended_by:
            found.append(Step(update, None, ended_by[update.id]))
            continue
        key: object = update.field
        if field.rule != "replace":
            key = (update.field, key_of(field, update.value), update.source_id if field.rule == "variants" else 0)
        before = standing.get(key)
        found.append(Step(update, None if before is None or ends(before.fact.value) else before, None))
        standing[key] = update
    return found


def page(found: Timeline, page: int, *, guild_id: int | None = None) -> ui.LayoutView:
    """Render one page of a timeline, the newest change first: a line each, with who entered it below.

    Names, topics and other fields without news value are counted in one line.
    """
    record = found.opened.record
    all_steps = steps(found.opened, found.updates)
    told = [step for step in reversed(all_steps) if _is_told(found.opened, step.update)]
    rendered = [(_line(found, step), _entered(found, step.update)) for step in told]
    layout = pages.pack([sum(map(len, parts)) + 26 for parts in rendered], most=_MOST)
    page = pages.clamped(page, len(layout))
    lines: list[str] = []
    for entered, together in groupby((rendered[index] for index in layout[page]), key=lambda parts: parts[1]):
        said = [line for line, _ in together]
        # What one act entered is told once, after the last of its lines.
        lines += [*said, f"-# {sentence(entered)}" if len(said) == 1 else f"-# These {len(said)} were {entered}"]
    inferred = [told[index].update.date for index in layout[page] if told[index].update.date.worked_out]
    quiet = [
        ", ".join(filter(None, [_counted(len(told)), pages.place(page, len(layout)).lower()])),
        _inferred(inferred),
        _left_out(found, [step.update for step in all_steps if not _is_told(found.opened, step.update)]),
    ]
    buttons = pages.turn_buttons(
        page, len(layout), "history", lambda n: custom_id("record.history", record.slug, n, guild_id=guild_id)
    )
    buttons.append(button("All facts", custom_id("record.sources", record.slug, guild_id=guild_id)))
    text = "\n\n".join(
        [
            f"## History of {escaped(record.name, 100)}",
            "\n".join(lines) or "No change is on the record yet.",
            "\n".join(f"-# {one}" for one in quiet if one),
        ]
    )
    return card([text], buttons=buttons, accent=theme.PLAIN)


def _is_told(opened: Opened, update: Update) -> bool:
    """Return whether an update has news value. A check that found nothing new counts as news."""
    field = find_field(opened.record.kind, update.field)
    return field is not None and (field.reports or field.name == "checked")


def _line(found: Timeline, step: Step) -> str:
    """Render one step: its day, its value, the former value with its own day, the reason, and the source."""
    update = step.update
    field = find_field(found.opened.record.kind, update.field)
    assert field is not None  # `steps` leaves out what the table of fields does not know.
    said = f"**{_day(update.date)}{_said(field, step, found.names)}**"
    aside = [_before(field, step, found.names), _reason(update)]
    if step.ended_by is not None:
        said, aside = f"~~{said}~~", [_ended(found, step.ended_by)]
    told = "; ".join(filter(None, aside))
    source = source_words([update.fact], found.opened.sources) or "a source that is no longer on file"
    return f"{said}{f' ({told})' if told else ''}; {source}"


def _day(day: FactDate) -> str:
    return sentence(escaped(day_words([day]), 120))


_LIFTED = {"slipped": "past its target date"}


def _said(field: Field, step: Step, names: Names) -> str:
    """Return the value of an update in words, led by the punctuation that separates it from its day."""
    value = step.update.fact.value
    if field.name == "checked":
        return ": Looked at, nothing new"
    if field.name == "side_state" and value == "none":
        before = str(step.before.value) if step.before else "none"
        words = _LIFTED.get(before, SIDE_STATES.get(before, "").lower())
        return f": No longer {words}" if words and before != "none" else f": {SIDE_STATES['none']}"
    words = escaped(_words(field, value, names), 250)
    if ends(value):
        return f". No longer: {words}"
    return f": {words}" if field.name in _CLAUSES else f". {field.label}: {words}"


def _words(field: Field, value: Value, names: Names) -> str:
    in_full = isinstance(field.type, DueType)
    return field.type.in_full(value, names) if in_full else words_inside(field.type, value, names)


def _before(field: Field, step: Step, names: Names) -> str:
    """Return the former value with its own day, or that the same value was reported before; "" without one."""
    before = step.before
    if before is None or field.name == "checked":
        return ""
    day = escaped(day_words([before.date]), 120)
    if before.value == step.update.value:
        return f"as reported before, {day}"
    if ends(step.update.fact.value) or (field.name == "side_state" and step.update.value == "none"):
        return f"reported {day}"  # What has ended is named already.
    if isinstance(field.type, ApprovalType):
        words = expect(before.fact.value, Approval).state
    elif field.name == "side_state" and before.value == "none":
        words = "not held up"
    else:
        words = _words(field, before.fact.value, names)
        if isinstance(field.type, ChoiceType):
            words = words[:1].lower() + words[1:]  # The words of a choice are ours and begin with no name.
    return f"was: {escaped(words, 200)}, {day}"


def _reason(update: Update) -> str:
    return f"reason: {escaped(update.reason, 200).removesuffix('.')}" if update.reason else ""


def _ended(found: Timeline, by: Update) -> str:
    """Return that an update was withdrawn or corrected: by whom, when and why."""
    how = "withdrawn" if by.action == "withdrawn" else "corrected"
    why = f": {escaped(by.reason, 200).removesuffix('.')}" if by.reason else ""
    return f"{how} by {_who(found, by)} {dates.timestamp(by.entered_at)}{why}"


def _who(found: Timeline, update: Update) -> str:
    if update.origin == "dossier":
        return "the dossier"
    user_id = found.user_ids.get(update.person_id or 0)
    return f"<@{user_id}>" if user_id else "someone whose name was deleted"


def _entered(found: Timeline, update: Update) -> str:
    return f"entered by {_who(found, update)} {dates.timestamp(update.entered_at)}"


def _counted(count: int) -> str:
    return f"{plural(count, 'change')}, the newest first" if count > 1 else plural(count, "change") if count else ""


def _inferred(days: Sequence[FactDate]) -> str:
    """Return for which days the year was inferred because the source does not print it; "" for none."""
    named = list(dict.fromkeys(escaped(day_words([day]), 60) for day in days))
    more = len(named) - 3
    return f"The year is inferred: {joined([*named[:3], *([f'{more} more'] if more > 0 else [])])}" if named else ""


def _left_out(found: Timeline, updates: Sequence[Update]) -> str:
    """Return how many entries of fields without news value are left out, and where to read them; "" for none."""
    if not updates:
        return ""
    nouns = {get_field(found.opened.record.kind, update.field).noun for update in updates}
    order = [noun for noun in _NOUNS if noun in nouns]
    are = "is" if len(updates) == 1 else "are"
    stand = {fact.update for facts in found.opened.record.state.fields.values() for fact in facts}
    has = "has those that stand" if any(u.id not in stand for u in updates) else "has them"
    has = "has it" if len(updates) == 1 and has == "has them" else has
    return f"{plural(len(updates), 'entry', 'entries')} of {joined(order)} {are} left out; *All facts* {has}"
