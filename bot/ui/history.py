"""The dated course of a record as people read it: what was said when, before and after, and who entered it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from discord import ui
from msgspec import Struct

from bot import when
from bot.ledger.brief import on_date
from bot.ledger.fields import KIND_WORDS, Field, find_field
from bot.ledger.fold import live_updates
from bot.ui import facts, pages, theme
from bot.ui.ids import custom_id
from bot.ui.layout import card
from bot.ui.text import clip, escaped, plural, sentence
from data.records import Course, FactDate, Opened, Update


class Step(Struct, frozen=True):
    """One update in its place: the value that it took over from, and the update that took it back or corrected it."""

    update: Update
    before: Any
    ended_by: Update | None


def steps(opened: Opened, updates: Sequence[Update]) -> list[Step]:
    """The updates that said something, by fact date and then as entered, each with what stood before it."""
    live = {update.id for update in live_updates(updates)}
    ended_by = {update.replaces: update for update in updates if update.replaces is not None}
    standing: dict[object, Any] = {}
    found: list[Step] = []
    for update in sorted(updates, key=lambda u: (u.date.day or date.min, u.id)):
        field = find_field(opened.record.kind, update.field)
        if update.action != "set" or field is None:
            continue
        if update.id not in live:
            found.append(Step(update, None, ended_by.get(update.id)))
            continue
        key: object = update.field
        if field.rule != "replace":
            key = (update.field, field.type.key(update.value), update.source_id if field.rule == "variants" else 0)
        found.append(Step(update, standing.get(key), None))
        standing[key] = update.value
    return found


def course(found: Course, page: int, *, guild_id: int | None = None) -> ui.LayoutView:
    """One page of the course: under each date what was said, with its source, who entered it and when."""
    record = found.opened.record
    # Names and other scripts have no date; they follow what happened.
    course_ = sorted(steps(found.opened, found.updates), key=lambda step: step.update.date.day is None)
    drawn = [
        (
            _heading(step.update.date),
            _said(found, step),
            _entered(found, step.update),
        )
        for step in course_
    ]
    layout = pages.pack([sum(map(len, parts)) + 3 for parts in drawn], most=12)
    page = pages.clamped(page, len(layout))
    lines: list[str] = []
    shown_heading = ""
    for index in layout[page]:
        heading, said, entered = drawn[index]
        if heading != shown_heading:
            lines.append(heading)
            shown_heading = heading
        lines.append(said)
        # Updates of one act and one source share their last line.
        if index + 1 not in layout[page] or drawn[index + 1][0] != heading or drawn[index + 1][2] != entered:
            lines.append(entered)
    total = plural(len(course_), "update")
    place = pages.place(page, len(layout))
    turn = pages.turn_buttons(
        page, len(layout), "history", lambda n: custom_id("record.history", record.slug, n, guild_id=guild_id)
    )
    return card(
        [
            f"## History of {escaped(record.name, 100)}\n"
            + "\n".join(lines)
            + f"\n\n-# {total} to this {KIND_WORDS[record.kind][0]}, by the date on which they were true."
            + (f" {place}." if place else "")
        ],
        buttons=turn,
        accent=theme.PLAIN,
    )


def _heading(d: FactDate) -> str:
    if d.precision == "unknown" and not d.printed:
        return "### Without a date"
    words = escaped(sentence(on_date(d).removeprefix("on ")), 200)
    return f"### {words} ({facts.WORKED_OUT})" if d.worked_out else f"### {words}"


def _words(field: Field, value: Any, names: dict[str, str]) -> str:
    gone = isinstance(value, dict) and value.get("gone")
    return ("no longer " if gone else "") + escaped(field.type.words(value, names), 250)


def _said(found: Course, step: Step) -> str:
    update, names = step.update, found.names
    field = find_field(found.opened.record.kind, update.field)
    assert field is not None  # `steps` leaves out what the table of fields does not know.
    line = f"**{field.label}:** {_words(field, update.value, names)}"
    if step.before is not None and step.before != update.value:
        line += f" (before: {_words(field, step.before, names)})"
    place = clip(facts.locators([update.locator]), 150)
    if place:
        line += f" · {place}"
    if update.reason:
        line += f"\n-# Reason: {escaped(update.reason, 200)}"
    ended = step.ended_by
    if ended is not None:
        how = "Withdrawn" if ended.action == "withdrawn" else "Corrected"
        why = f": {escaped(ended.reason, 200)}" if ended.reason else ""
        line = f"~~{line}~~" if "\n" not in line else line
        line += f"\n-# {how} by {_who(found, ended)} {when.timestamp(ended.entered_at)}{why}"
    return line


def _who(found: Course, update: Update) -> str:
    if update.origin == "dossier":
        return "the dossier"
    user_id = found.user_ids.get(update.person_id or 0)
    return f"<@{user_id}>" if user_id else "someone whose name was deleted"


def _entered(found: Course, update: Update) -> str:
    source = found.opened.sources.get(update.source_id)
    where = facts.source_words(source, told=update.date) if source else "a source that is no longer on file"
    return f"-# {where}. Entered by {_who(found, update)} {when.timestamp(update.entered_at)}"
