"""The digest as one message: what is still open, what became overdue, what is due, what changed, where it is from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from discord import ui

from bot import when
from bot.agenda import Digest, OpenItem
from bot.ledger.changes import Changed, RecordChange
from bot.ledger.fields import KIND_WORDS, get_field
from bot.ui import facts, theme
from bot.ui.ids import custom_id
from bot.ui.layout import button, card
from bot.ui.messages import Message, source_line, why_button
from bot.ui.reminders import ahead, due, item_lines, who
from bot.ui.text import clip, escaped, joined, plural, sentence
from data.records import Fact, Opened, Source

_ROOM = 3500  # Below Discord's 4,000: the road adds lines when a message is late or may be a repeat.
_LONGEST_LINE = 700


@dataclass(frozen=True)
class _Section:
    heading: str
    lines: Sequence[str]
    rest: str  # Where to read what does not fit.


def digest(found: Digest, guild_id: int, nonce: str) -> Message:
    """The digest that is sent. It comes silently."""
    texts = _texts(found)
    buttons = [*_buttons(guild_id), why_button(guild_id, nonce)]
    view = card(texts, buttons=buttons, accent=theme.PLAIN)
    return Message(None, view, text="\n\n".join(texts), silent=True)


def preview(found: Digest, note: str, guild_id: int | None) -> ui.LayoutView:
    """The same message for who asked, with a line that says when it would be sent."""
    return card([*_texts(found), note], buttons=_buttons(guild_id), accent=theme.PLAIN)


def _buttons(guild_id: int | None) -> list[ui.Button]:
    return [
        button("See what is open", custom_id("list.page", "pending", 0, guild_id=guild_id)),
        button("Follow a deal", custom_id("digest.follow", guild_id=guild_id)),
    ]


def _texts(found: Digest) -> list[str]:
    head = f"## Digest, {when.format_day(found.day)}\n-# {escaped(found.server, 100)}"
    if found.first:
        head += " · the first one, so it lists everything open"
    foot = _foot(found)
    return [head, *_fitted(_sections(found), _ROOM - len(head) - len(foot)), foot]


def _sections(found: Digest) -> list[_Section]:
    sections = []
    if found.still_open:
        lines = [item_lines(one, full=found.still_open.full, day=found.day) for one in found.still_open.items]
        sections.append(_Section("Still open", lines, "`/pending list`"))
    if found.overdue:
        sections.append(_Section("Overdue", [_overdue(one) for one in found.overdue], "`/pending list`"))
    if found.due:
        sections.append(_Section("Due soon", [_due(one, found) for one in found.due], "`/pending list`"))
    if found.changes or found.loads:
        loads = [
            f"The dossier **{escaped(load.dossier, 100)}** was loaded: {plural(load.records, 'record')}."
            for load in found.loads
        ]
        lines = [*(_change(change) for change in found.changes), *loads]
        sections.append(_Section("What changed", lines, "`/search` and `/deal history`"))
    if found.deals:
        sections.append(_Section("Deals", [_deal(opened) for opened in found.deals], "`/deal list`"))
    if found.statements:
        sections.append(_Section("Who said what", _said(found.statements), "`/search`"))
    if not sections:
        sections.append(_Section("Nothing new", ["Nothing changed, nothing is due and nothing is open."], "`/search`"))
    return sections


def _fitted(sections: Sequence[_Section], room: int) -> list[str]:
    """Each section as one text. What does not fit is counted, with where to read it; no section is left out."""
    texts = []
    for index, section in enumerate(sections):
        heading = f"### {section.heading}"
        # The sections below keep room for their heading and for how many lines they hold.
        kept_free = sum(len(later.heading) + len(later.rest) + 40 for later in sections[index + 1 :])
        left = room - kept_free - len(heading) - len(section.rest) - 30
        shown: list[str] = []
        for line in (clip(line, _LONGEST_LINE) for line in section.lines):
            if len(line) + 1 > left:
                break
            shown.append(line)
            left -= len(line) + 1
        more = len(section.lines) - len(shown)
        if more:
            shown.append(f"-# and {more:,} more: {section.rest}")
        texts.append("\n".join([heading, *shown]))
        room -= len(texts[-1])
    return texts


def _overdue(one: OpenItem) -> str:
    return f"**{escaped(one.opened.record.name, 120)}:** {due(one, True)}. {who(one)}."


def _due(one: OpenItem, found: Digest) -> str:
    assert one.item.due_on is not None  # Only dated items are due.
    days = max((one.item.due_on - found.day).days, 0)
    return f"**{escaped(one.opened.record.name, 120)}, {ahead(days)}:** {due(one, False)}. {who(one)}."


def _change(change: RecordChange) -> str:
    """One record's changes, each with what was before, and the source of the first."""
    name = escaped(change.name, 120)
    if change.new:
        lines = [f"**New {KIND_WORDS[change.kind][0]}: {name}.** {_first_words(change)}".rstrip()]
    else:
        told = [_changed(change, changed) for changed in change.changes[:4]]
        more = len(change.changes) - len(told)
        also = f" And {plural(more, 'more change')}." if more else ""
        lines = [f"**{name}:** {' '.join(told)}{also}"]
    lines.append(f"-# {clip(source_line(change.source, change.locator, change.date), 300)}")
    return "\n".join(lines)


_SAID_BY_NAME = ("name", "alias", "topic", "state", "item_kind", "basis", "summary")


def _first_words(change: RecordChange) -> str:
    """What a new record says first, after its name and what that already says."""
    told = [c for c in change.changes if c.field not in _SAID_BY_NAME and c.after is not None]
    return " ".join(_changed(change, changed) for changed in told[:3])


def _changed(change: RecordChange, changed: Changed) -> str:
    label = get_field(change.kind, changed.field).label

    def words(fact: Fact) -> str:
        return facts.value(change.kind, changed.field, fact, change.names, 150)

    if changed.after is None:
        assert changed.before is not None  # A change has one side at least.
        return f"{label}: no longer {words(changed.before)}."
    was = f" (was {words(changed.before)})" if changed.before is not None else ""
    return f"{label}: {words(changed.after)}{was}."


def _deal(opened: Opened) -> str:
    record = opened.record
    values = [facts.value("deal", "value", fact, opened.names, 100) for fact in record.facts("value")]
    said = record.fact("summary")
    parts = [
        f"{sentence(' or '.join(values))}." if values else "",
        facts.value("deal", "summary", said, opened.names, 250) if said else "",
        f"*{escaped(record.headline, 150)}.*",
    ]
    return f"**{escaped(record.name, 120)}:** {' '.join(filter(None, parts))}"


def _said(statements: Iterable[Opened]) -> list[str]:
    """What was said, by whom: one line for each side, a joint one apart from what one side said alone."""
    by_whom: dict[str, list[str]] = {}
    for opened in statements:
        record = opened.record
        whose = [facts.value("statement", "whose", fact, opened.names, 100) for fact in record.facts("whose")]
        said = record.fact("said")
        words = facts.value("statement", "said", said, opened.names, 200) if said else escaped(record.name, 120)
        by_whom.setdefault(joined(whose) or "Whose it is, is not in the record", []).append(words)
    return [f"**{sentence(whose)}:** {'; '.join(words)}." for whose, words in by_whom.items()]


def _foot(found: Digest) -> str:
    shown: list[Fact] = []
    sources: dict[int, Source] = {}
    items = [*(found.still_open.items if found.still_open else []), *found.overdue, *found.due]
    for opened in [*(one.opened for one in items), *found.deals, *found.statements]:
        sources |= opened.sources
        names = ("state", "due", "summary", "value", "said")
        shown += [fact for name in names if (fact := opened.record.fact(name)) is not None]
    return "\n".join(
        filter(
            None,
            [
                clip(facts.source_line(sources, shown), 500),
                "-# Next: when something changes or a date comes near, and on Mondays while something is open.",
            ],
        )
    )


def when_sent(found: Digest, at: datetime | None) -> str:
    """The line of a preview that says when the digest comes, and what becomes of this one if nothing happens."""
    comes = f"-# Preview. It is looked at next {when.timestamp(at)} ({when.timestamp(at, 'R')})" if at else "-# Preview"
    if not found.worth_sending:
        return f"{comes}; as nothing is new, it would be skipped."
    return f"{comes}; this is what would be sent now."
