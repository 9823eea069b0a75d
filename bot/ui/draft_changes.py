"""The changes of a draft in words: each former value with its day and source, and each new value."""

from __future__ import annotations

from collections.abc import Sequence

from bot.ledger.changes import FieldChange
from bot.ledger.cited import cited, day_words
from bot.ledger.drafts import Edited, Note, Preview
from bot.ledger.kinds import KIND_WORDS, get_field
from bot.ledger.values import Names, TextType, ends
from bot.ui import facts
from bot.ui.cited import line, source_words
from bot.ui.text import clip, escaped, plural
from data.records import Fact, Kind, Value

_LINES = 12  # Changes of one record that are shown.
_MORE_ROOM = 30  # "And 12 more changes."


def body(seen: Preview, room: int) -> list[str]:
    """Return a text for each record that a draft changes. The texts have at most `room` characters together.

    The first text is about the record that the draft is for. All other records together get at most 3/5 of `room`.
    """
    texts: list[str] = []
    share = room * 3 // 5 // max(1, len(seen.changes) - 1)
    for change in reversed(seen.changes):
        notes = [note for note in seen.notes if note.names is change.names]
        lines = _new_lines(change) if change.new else _change_lines(seen, change, notes)
        lines += [_note_line(seen, note) for note in notes if note.how != "beside"]
        other = change.slug != seen.draft.task.record
        heading = f"**A new {KIND_WORDS[change.kind][0]}**" if change.new else ""
        if other:
            heading = f"### With it: {escaped(change.name, 100)}"
        text = _fitted(heading, lines, share if other else room)
        room -= len(text) + 2
        texts.append(text)
    return [text for text in reversed(texts) if text]


def _fitted(heading: str, lines: Sequence[str], room: int) -> str:
    """Return a heading with the first lines that fit into `room` characters, and a count of the other lines."""
    kept = [heading] if heading else []
    for n, text in enumerate(lines):
        last = n == len(lines) - 1
        if n == _LINES or len("\n".join([*kept, text])) > room - (0 if last else _MORE_ROOM):
            more = f"-# And {plural(len(lines) - n, 'more change')}."
            return clip("\n".join([*kept, more if n else text]), room)
        kept.append(text)
    return "\n".join(kept)


def about(seen: Preview) -> str:
    """Return the typed day, source and reason of a draft. Return "" if the draft is about aliases."""
    if seen.draft.task.field == "alias":
        return ""
    entry, source = seen.entry, seen.source
    title = ", ".join(filter(None, [escaped(source.title, 150), escaped(entry.cited.locator, 100)]))
    lines = [
        f"**Date:** {facts.dated(entry.date)}",
        f"**Source:** {title}; {facts.source_date(source)}" + (f", {facts.link(source.url)}" if source.url else ""),
    ]
    if entry.reason:
        lines.append(f"**Reason:** {escaped(entry.reason, 300)}")
    return "\n".join(lines)


def _words(kind: Kind, name: str, value: Value, names: Names) -> str:
    """Return a value in full words, not yet escaped."""
    return get_field(kind, name).type.in_full(value, names)


def _stem(kind: Kind, name: str, value: Value, names: Names) -> str:
    """Return a value in words for the middle of a line: the full stop at the end of a sentence is removed."""
    words, type_ = _words(kind, name, value, names), get_field(kind, name).type
    sentences = isinstance(type_, TextType) and type_.limit > 200
    last = words.rpartition(" ")[2]
    return words[:-1] if sentences and last.endswith(".") and "." not in last[:-1] else words


def _former(seen: Preview, change: Edited | Note, name: str, fact: Fact[Value], *, reported: bool = False) -> str:
    """Return a former value in words, with the day and the source of its fact.

    Day and source are left out if the field reports no news. With `reported`, that word stands before the day.
    """
    words = _stem(change.kind, name, fact.value, change.names)
    if name == "side_state" and fact.value == "none":
        words = "not held up"
    if not get_field(change.kind, name).reports:
        return escaped(words, 300)
    origin = source_words([fact], seen.sources)
    inferred = f"; {facts.WORKED_OUT}" if origin and fact.date.worked_out else ""
    return line([cited(words, fact)], reported=reported, limit=300) + (f" ({origin}{inferred})" if origin else "")


def _now(change: Edited, name: str, fact: Fact[Value], before: Fact[Value] | None) -> str:
    """Return the new value of a field in bold. The day is added if the field has a former value (`before`)."""
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
    """Return a line for each value of a new record, except its name: the heading shows the name."""
    return [
        f"{get_field(change.kind, moved.field).label}: {_now(change, moved.field, moved.after, None)}"
        for moved in change.changes
        if moved.after is not None and moved.field != "name"
    ]


def _change_lines(seen: Preview, change: Edited, notes: Sequence[Note]) -> list[str]:
    """Return a text for each changed field of a record: the value before, and the value after.

    The text for a field with a list of values shows which values were added and which have ended.
    """
    fields: dict[str, list[FieldChange]] = {}
    for moved in change.changes:
        fields.setdefault(moved.field, []).append(moved)
    return [_field_lines(seen, change, name, of_field, notes) for name, of_field in fields.items()]


def _field_lines(
    seen: Preview, change: Edited, name: str, changed: Sequence[FieldChange], notes: Sequence[Note]
) -> str:
    field = get_field(change.kind, name)
    lines = [f"**{field.label}**"]
    added = [moved.after for moved in changed if moved.before is None and moved.after is not None]
    ended = [moved.before for moved in changed if moved.after is None and moved.before is not None]
    for moved in changed:
        if moved.before is not None and moved.after is not None:
            lines.append(f"Before: {_former(seen, change, name, moved.before)}")
            lines.append(f"After: {_now(change, name, moved.after, moved.before)}")
    if added and not ended and field.rule == "replace":
        lines += ["Before: not in the record", f"After: {_now(change, name, added[0], None)}"]
    elif added:
        lines.append("Added: " + "; ".join(_now(change, name, fact, None) for fact in added))
    if ended:
        lines.append("No longer: " + "; ".join(_former(seen, change, name, fact, reported=True) for fact in ended))
    lines += [_note_line(seen, note) for note in notes if note.how == "beside" and note.field == name]
    return "\n".join(lines)


def _note_line(seen: Preview, note: Note) -> str:
    """Return what the draft does with a value that does not simply replace another value.

    The value was reported before, or it goes into the history only, or other sources report other values beside it.
    The other values are shown with their own days.
    """
    field = get_field(note.kind, note.field)
    words = escaped(_stem(note.kind, note.field, note.value, note.names), 200)
    gone = ends(note.value)
    hidden = len(note.others) - 3
    others = "; ".join(
        [
            *(_former(seen, note, note.field, fact) for fact in note.others[-3:]),
            *([f"{hidden} more"] if hidden > 0 else []),
        ]
    )
    if note.how == "beside":
        return f"-# What other sources say stays: {others}"
    day = escaped(day_words([seen.entry.date]), 120) if field.reports else ""
    if note.how == "same":
        again = f"**{words}**{f', {day}' if day else ''}"
        return f"**{field.label}**\nBefore: {others}\nReported again: {again}"
    words_then = f"{'the end of ' if gone else ''}{words}{f', {day},' if day else ''}"
    stays = f"\n-# Newer, and unchanged: {others}" if others else ""
    return f"{field.label}: {words_then} goes into the history only{stays}"
