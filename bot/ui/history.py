"""The pages of a record's history: each change with its date, former value, source and the person who entered it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby

from discord import ui
from msgspec import Struct

from bot import dates
from bot.ledger import fold
from bot.ledger.cited import day_key, day_words, days_of
from bot.ledger.fold import Current, apply
from bot.ledger.kinds import SIDE_STATES, Field, find_field, get_field
from bot.ledger.values import ApprovalType, ChoiceType, DueType, Names, ends, expect, words_inside
from bot.ui import corrections, pages, theme
from bot.ui.cited import source_words
from bot.ui.ids import custom_id
from bot.ui.layout import button, card
from bot.ui.text import escaped, joined, plural, sentence
from data.records import Approval, FactDate, LinkedEvent, Opened, Timeline, Update, Value

_MOST = 8  # Changes on a page. That many fit on the screen of a phone.
_NOUNS = ("names", "aliases", "topics", "kinds", "notes")
"""The fields without news value, as nouns, in the order in which the last line of a page lists them."""
_CLAUSES = ("stage", "state", "side_state")
"""Fields whose values are shown without a label: "Signed" instead of "Stage: Signed"."""


class Step(Struct, frozen=True):
    """An update in a history, with the update that it replaced and the update that ended it.

    `ended_by` is the later update that withdrew or corrected `update`, or None if `update` still counts. `before` is
    the update with the former value. It is None in these cases:

    - The record had no value before.
    - The former value had ended ("no longer").
    - `ended_by` is set.
    """

    update: Update
    before: Update | None
    ended_by: Update | None


def steps(opened: Opened, updates: Sequence[Update]) -> list[Step]:
    """Return a step for each update that set a value of a known field. The earliest fact date comes first.

    Which former value an update replaces or ends depends on its field. In a field with a list of values, such as the
    parties, it is the value about the same item, such as the same party.
    """
    ended_by = fold.ended_by(updates)
    current: Current = {}
    history: list[Step] = []
    for update in sorted(updates, key=lambda u: (u.date.day or date.min, u.id)):
        if update.action != "set" or find_field(opened.record.kind, update.field) is None:
            continue
        if update.id in ended_by:
            history.append(Step(update, None, ended_by[update.id]))
        else:
            former = apply(opened.record.kind, current, update)
            history.append(Step(update, former[-1] if former else None, None))
    return history


def page(timeline: Timeline, page: int, *, guild_id: int | None = None, editor: bool = False) -> ui.LayoutView:
    """Render one page of a record's history, the newest change first. Below each change is who entered it.

    Events about the record are listed among its changes. Updates of fields without news value, such as names and
    topics, are only counted, in the last line. If `editor` is True, a menu offers to correct or withdraw the updates
    on the page.
    """
    record = timeline.opened.record
    all_steps = steps(timeline.opened, timeline.updates)
    listed = [step for step in reversed(all_steps) if _is_listed(timeline.opened, step.update)]
    entries = [_Entry(act[0].update.date, act[0].update, _line(timeline, act), act) for act in _together(listed)]
    entries += [_event(event) for event in timeline.events]
    entries.sort(key=lambda entry: (entry.day.day or date.min, entry.update.id), reverse=True)
    rendered = [(entry.line, _entered(timeline, entry.update)) for entry in entries]
    layout = pages.pack([sum(map(len, parts)) + 26 for parts in rendered], most=_MOST)
    page = pages.clamped(page, len(layout))
    lines: list[str] = []
    for entered, same in groupby((rendered[index] for index in layout[page]), key=lambda parts: parts[1]):
        changes = [line for line, _ in same]
        # Neighbouring changes that one person entered at one time share the line that says so.
        by_whom = f"-# {sentence(entered)}" if len(changes) == 1 else f"-# These {len(changes)} were {entered}"
        lines += [*changes, by_whom]
    inferred = [entries[index].day for index in layout[page] if entries[index].day.worked_out]
    small_print = [
        ", ".join(filter(None, [_counted(entries, timeline.events), pages.page_label(page, len(layout)).lower()])),
        _inferred(inferred),
        _left_out(timeline, [step.update for step in all_steps if not _is_listed(timeline.opened, step.update)]),
    ]
    buttons = pages.turn_buttons(
        page, len(layout), "history", lambda n: custom_id("record.history", record.slug, n, guild_id=guild_id)
    )
    buttons.append(button("All facts", custom_id("record.sources", record.slug, guild_id=guild_id)))
    text = "\n\n".join(
        [
            f"## History of {escaped(record.name, 100)}",
            "\n".join(lines) or "No change is on the record yet.",
            "\n".join(f"-# {line}" for line in small_print if line),
        ]
    )
    choosable = [_choosable(timeline, step) for index in layout[page] for step in entries[index].steps]
    selects = corrections.menu(choosable, guild_id) if editor else []
    return card([text], selects=selects, buttons=buttons, accent=theme.PLAIN)


def _choosable(timeline: Timeline, step: Step) -> corrections.Choosable:
    ending = "" if step.ended_by is None else "withdrawn" if step.ended_by.action == "withdrawn" else "corrected"
    update = step.update
    return corrections.Choosable(timeline.opened.record.kind, update.field, update.fact, timeline.names, ending)


class _Entry(Struct, frozen=True):
    """A line of a history, with the date that determines its place, and the (first) update that the line is about."""

    day: FactDate
    update: Update
    line: str
    steps: Sequence[Step] = ()


def _event(event: LinkedEvent) -> _Entry:
    """Return the line of an event about the record. Its date is when the event happened, else when it was reported."""
    about, happened = event.update.fact, event.happened
    day = happened.value if happened is not None else about.date
    facts = [about] if happened is None else [happened, about]
    reported = [fact_date for fact_date in days_of(facts) if day_key(fact_date) != day_key(day)]
    in_brackets = f" (reported {escaped(day_words(reported), 120)})" if reported else ""
    source = source_words(facts, event.sources) or "a source that is no longer on file"
    return _Entry(day, event.update, f"**{_day(day)}. Event: {escaped(event.name, 250)}**{in_brackets}; {source}")


def _is_listed(opened: Opened, update: Update) -> bool:
    """Return whether the history has a line for an update: its field has news value, or is "checked"."""
    field = find_field(opened.record.kind, update.field)
    return field is not None and (field.reports or field.name == "checked")


def _together(listed: Sequence[Step]) -> list[list[Step]]:
    """Group the steps of a history. The steps of one group share a line.

    Steps are in one group if an editor saved their updates together, with one date, source, locator and reason, and if
    none was withdrawn or corrected. Any other step is a group of its own.
    """

    def key(step: Step) -> tuple[object, ...]:
        update = step.update
        if update.origin != "editor" or step.ended_by is not None:
            return (update.id,)
        return (update.batch, day_key(update.date), update.source_id, update.locator, update.reason)

    # The steps come newest first, but what was entered first in an act is its main news.
    return [list(act)[::-1] for _, act in groupby(listed, key=key)]


def _line(timeline: Timeline, act: Sequence[Step]) -> str:
    """Render the line of one group of steps (`act`): the fact date, each value with its former value, the source."""
    if len(act) == 1:
        return _single_line(timeline, act[0])
    first = act[0].update
    parts: list[str] = []
    for step in act:
        field = find_field(timeline.opened.record.kind, step.update.field)
        assert field is not None  # `steps` leaves out updates of unknown fields.
        said = _said(field, step, timeline.names)[1:].lstrip()
        before = _before(field, step, timeline.names)
        main = f". {said}**" if not parts else said
        parts.append(f"{main}{f' ({before})' if before else ''}")
    reason = _reason(first)
    source = source_words([first.fact], timeline.opened.sources) or "a source that is no longer on file"
    return f"**{_day(first.date)}{'; '.join(parts)}{f' ({reason})' if reason else ''}; {source}"


def _single_line(timeline: Timeline, step: Step) -> str:
    """Render the line of one step: fact date, value, former value with its own date, reason and source.

    If the update was withdrawn or corrected, its value is struck through, followed by who did that.
    """
    update = step.update
    field = find_field(timeline.opened.record.kind, update.field)
    assert field is not None  # `steps` leaves out updates of unknown fields.
    main = f"**{_day(update.date)}{_said(field, step, timeline.names)}**"
    asides = [_before(field, step, timeline.names), _reason(update), *_brought_back(timeline, update)]
    if step.ended_by is not None:
        main, asides = f"~~{main}~~", [_ended(timeline, step.ended_by)]
    in_brackets = "; ".join(filter(None, asides))
    source = source_words([update.fact], timeline.opened.sources) or "a source that is no longer on file"
    return f"{main}{f' ({in_brackets})' if in_brackets else ''}; {source}"


def _day(day: FactDate) -> str:
    return sentence(escaped(day_words([day]), 120))


_LIFTED = {"slipped": "past its target date"}


def _said(field: Field, step: Step, names: Names) -> str:
    """Return the new value in words, after the punctuation that follows the date: ". Value: $3 billion"."""
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
    """Return the former value with its own date: "was: signed, 3 May 2024". Return "" without a former value.

    If both values are the same, return only when it was reported before: "as reported before, 3 May 2024".
    """
    before = step.before
    if before is None or field.name == "checked":
        return ""
    day = escaped(day_words([before.date]), 120)
    if before.value == step.update.value:
        return f"as reported before, {day}"
    if ends(step.update.fact.value) or (field.name == "side_state" and step.update.value == "none"):
        return f"reported {day}"  # The line names the value already: "No longer: ...".
    if isinstance(field.type, ApprovalType):
        words = expect(before.fact.value, Approval).state
    elif field.name == "side_state" and before.value == "none":
        words = "not held up"
    else:
        words = _words(field, before.fact.value, names)
        if isinstance(field.type, ChoiceType):
            words = words[:1].lower() + words[1:]  # Choices are words of the program. None begins with a name.
    return f"was: {escaped(words, 200)}, {day}"


def _reason(update: Update) -> str:
    return f"reason: {escaped(update.reason, 200).removesuffix('.')}" if update.reason else ""


def _ended(timeline: Timeline, by: Update, how: str = "") -> str:
    """Return who withdrew or corrected an update, when and why. `by` is the withdrawal or correction.

    `how` replaces the verb, "withdrawn" or "corrected", if it is not "".
    """
    how = how or ("withdrawn" if by.action == "withdrawn" else "corrected")
    why = f": {escaped(by.reason, 200).removesuffix('.')}" if by.reason else ""
    return f"{how} by {_who(timeline, by)} {dates.timestamp(by.entered_at)}{why}"


def _brought_back(timeline: Timeline, update: Update) -> list[str]:
    """Return a text for each time that an update was withdrawn and brought back.

    The text says by whom, when and why the update was withdrawn, and then the same for bringing it back.
    """
    ended_by = fold.ended_by(timeline.updates)
    withdrawals = [u for u in timeline.updates if u.action == "withdrawn" and u.replaces == update.id]
    return [
        f"{_ended(timeline, each)}; {_ended(timeline, ended_by[each.id], 'brought back')}"
        for each in withdrawals
        if each.id in ended_by
    ]


def _who(timeline: Timeline, update: Update) -> str:
    if update.origin == "dossier":
        return "the dossier"
    user_id = timeline.user_ids.get(update.person_id or 0)
    return f"<@{user_id}>" if user_id else "someone whose name was deleted"


def _entered(timeline: Timeline, update: Update) -> str:
    return f"entered by {_who(timeline, update)} {dates.timestamp(update.entered_at)}"


def _counted(entries: Sequence[_Entry], events: Sequence[LinkedEvent]) -> str:
    """Return how many changes and events a history lists: "5 changes and 1 event, the newest first"."""
    changes = len(entries) - len(events)
    counts = [plural(count, noun) for count, noun in ((changes, "change"), (len(events), "event")) if count]
    return f"{joined(counts)}{', the newest first' if len(entries) > 1 else ''}" if counts else ""


def _inferred(days: Sequence[FactDate]) -> str:
    """Return a note about dates whose year the source does not print: "The year is inferred: 3 May 2024".

    At most three dates are named. Return "" when there are none.
    """
    named = list(dict.fromkeys(escaped(day_words([day]), 60) for day in days))
    more = len(named) - 3
    return f"The year is inferred: {joined([*named[:3], *([f'{more} more'] if more > 0 else [])])}" if named else ""


def _left_out(timeline: Timeline, updates: Sequence[Update]) -> str:
    """Return a note about the `updates` that the history leaves out: how many, and that *All facts* shows them.

    *All facts* shows only current values. If some of the updates are not current, the note says so: "*All facts* has
    those that stand". Return "" if `updates` is empty.
    """
    if not updates:
        return ""
    nouns = {get_field(timeline.opened.record.kind, update.field).noun for update in updates}
    order = [noun for noun in _NOUNS if noun in nouns]
    are = "is" if len(updates) == 1 else "are"
    current = {fact.update for facts in timeline.opened.record.state.fields.values() for fact in facts}
    has = "has those that stand" if any(u.id not in current for u in updates) else "has them"
    has = "has it" if len(updates) == 1 and has == "has them" else has
    return f"{plural(len(updates), 'entry', 'entries')} of {joined(order)} {are} left out; *All facts* {has}"
