"""Digests: the message that is sent, its preview, and the answers of `/digest`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

import discord
from discord import ui

from bot import dates
from bot.ledger.changes import RecordChange
from bot.ledger.cited import cited, one_day
from bot.ledger.due_dates import Digest, OpenItem
from bot.ledger.kinds import KIND_WORDS, get_field
from bot.ledger.stage import leading_first
from bot.ui import facts, news, theme
from bot.ui.cited import some
from bot.ui.ids import custom_id
from bot.ui.layout import Button, Select, button, card, finished, plain
from bot.ui.messages import (
    CONTENT_LIMIT,
    Message,
    arrived,
    channel_or_dms_of,
    channel_or_your_dms,
    digest_times,
    reported,
    why_button,
    why_paused,
)
from bot.ui.news import News
from bot.ui.reminders import ahead, due, item_parts, title, who
from bot.ui.text import UNANSWERED, clip, escaped, joined, plural, sentence
from data.records import CitedText, Delivery, Destination, Kind, Opened, Row, Source

_ROOM = 3500  # Below Discord's 4,000: delivery adds lines when a message is late or may be a repeat.
_LONGEST_LINE = 700
_SHORTEST = 100
_MENU = 25  # Discord: options of a select.
_MOST = 8  # Lines of a section; the rest is counted, so that a digest can be read on a phone.
_LEAST = 2  # Lines that a section shows before one above it shows more.
_OF_ONE = 4  # Lines about one record.
_DEALS = 10  # Deals that get a button to follow them.


class _Line(NamedTuple):
    """One line: its beginning in Markdown, the texts that follow, and its end in Markdown."""

    head: str
    parts: Sequence[CitedText] = ()
    after: str = ""
    sources: Mapping[int, Source] = {}


class _Section(NamedTuple):
    """A heading with its lines. A source that all lines share stands once below them, unless `apart` is set."""

    heading: str
    lines: Sequence[_Line]
    rest: str  # The command that shows what does not fit.
    apart: bool = False


def digest(found: Digest, guild_id: int, nonce: str) -> Message:
    """Render the digest that is sent, as a message without a notification sound."""
    texts = _texts(found)
    buttons = [*_buttons(guild_id), why_button(guild_id, nonce)]
    view = card(texts, buttons=buttons, selects=_histories(found, guild_id), accent=theme.PLAIN)
    return Message(None, view, text="\n\n".join(texts), silent=True)


def preview(found: Digest, note: str, guild_id: int | None) -> ui.LayoutView:
    """Render a digest for the user who asked for a preview, with `note` below it."""
    texts = [*_texts(found), note]
    return card(texts, buttons=_buttons(guild_id), selects=_histories(found, guild_id), accent=theme.PLAIN)


def _histories(found: Digest, guild_id: int | None) -> list[Select]:
    """Return the menu that opens the history of a record in the digest, as a list that is empty without records."""
    items = [*found.due, *found.overdue, *(found.still_open.items if found.still_open else [])]
    opened = [*(item.opened for item in items), *found.deals, *found.statements]
    named: dict[str, tuple[str, Kind]] = {change.slug: (change.name, change.kind) for change in found.changes}
    named |= {one.record.slug: (one.record.name, one.record.kind) for one in opened if one.record.slug not in named}
    options = [
        discord.SelectOption(label=clip(name, 100), value=slug, description=sentence(KIND_WORDS[kind][0]))
        for slug, (name, kind) in list(named.items())[:_MENU]
    ]
    menu: Select = ui.Select(
        custom_id=custom_id("record.history", guild_id=guild_id), placeholder="Open a history", options=options
    )
    return [menu] if options else []


def _buttons(guild_id: int | None) -> list[Button]:
    return [
        button("What is open", custom_id("list.page", "pending", 0, guild_id=guild_id)),
        button("Follow a deal", custom_id("digest.follow", guild_id=guild_id)),
    ]


_NEXT = "-# The next one comes when something changes or a date comes near, and on Mondays while something is open."


def _texts(found: Digest) -> list[str]:
    head = f"## Digest, {dates.format_day(found.day)}\n-# {escaped(found.server, 100)}"
    sections = _sections(found)
    written = _fitted(sections, _ROOM - len(head) - len(_NEXT) - 150)
    if found.first:
        shown = sum(count for section, (_, count) in zip(sections, written, strict=True) if section.heading in _OPEN)
        head += _first(shown, found.open_total)
    return [head, *(text for text, _ in written), _NEXT]


def _first(shown: int, total: int) -> str:
    """Return the line of a first digest that says how many of the open items it lists."""
    if not total:
        return "\n-# The first digest here; nothing is open."
    if shown >= total:
        return "\n-# The first digest here: it lists everything that is open."
    listed = f"{shown:,} of {plural(total, 'open item')}"
    return f"\n-# The first digest here: it lists {listed}; *What is open* leads to the rest."


_OPEN = ("Due soon", "Overdue", "Still open")
"""The headings of the sections that list open items. An item stands in one of them."""


def _sections(found: Digest) -> list[_Section]:
    sections: list[_Section] = []
    changed = [line for change in found.changes for line in _changed(change)]
    loads = [
        _Line(f"The dossier **{escaped(load.dossier, 100)}** was loaded: {plural(load.records, 'record')}")
        for load in found.loads
    ]
    if changed or loads:
        sections.append(_Section("What changed", [*changed, *loads], "`/search` and `/deal history`", apart=True))
    if found.due:
        sections.append(_Section("Due soon", [_due(one, found) for one in found.due], "`/pending list`"))
    if found.overdue:
        sections.append(_Section("Overdue", [_overdue(one) for one in found.overdue], "`/pending list`"))
    if found.still_open:
        full = found.still_open.full
        lines = [
            _Line(f"**{title(one)}**", item_parts(one, full=full, day=found.day), sources=one.opened.sources)
            for one in found.still_open.items
        ]
        sections.append(_Section("Still open", lines, "`/pending list`"))
    if found.deals:
        sections.append(_Section("Deals", [_deal(opened) for opened in found.deals], "`/deal list`"))
    if found.statements:
        sections.append(_Section("Who said what", _said(found.statements), "`/search`"))
    if not sections:
        nothing = _Line("Nothing changed and nothing is due")
        sections.append(_Section("Nothing new", [nothing], "`/search`"))
    return sections


def _fitted(sections: Sequence[_Section], room: int) -> list[tuple[str, int]]:
    """Render each section in `room` characters for all, and return it with how many of its lines it shows.

    No section is left out. Lines that do not fit are counted, with the command that shows them.
    """
    written: list[tuple[str, int]] = []
    # The sections below keep room for their first lines, so that a long one leaves something to each.
    least = [len(_section(section, room, most=_LEAST)[0]) for section in sections]
    for index, section in enumerate(sections):
        below = 0
        for size in least[index + 1 :]:
            if least[index] + below + size > room:
                break  # What stands above comes first.
            below += size
        text, count = _section(section, room - below)
        written.append((text, count))
        room -= len(text)
    return written


def _section(section: _Section, room: int, most: int = _MOST) -> tuple[str, int]:
    parts = [part for line in section.lines for part in line.parts]
    sources = {id_: source for line in section.lines for id_, source in line.sources.items()}
    stated = news.keys_of(parts)
    shares = len(stated) == 1 and not section.apart and len(section.lines) > 1
    below = f"-# {clip(reported([fact for part in parts for fact in part.facts], sources), 400)}" if shares else ""
    heading = f"### {section.heading}"
    left = room - len(heading) - len(below) - len(section.rest) - 30
    shown: list[str] = []
    for line in section.lines[:most]:
        text = _written(line, stated if below else frozenset(), _LONGEST_LINE)
        if not shown and len(text) + 1 > left > _SHORTEST:
            text = _written(line, stated if below else frozenset(), left - 1)  # The first line is always there.
        if len(text) + 1 > left:
            break
        shown.append(text)
        left -= len(text) + 1
    more = len(section.lines) - len(shown)
    rest = f"-# and {more:,} more: {section.rest}" if more else ""
    return "\n".join(filter(None, [heading, *shown, below if shown else "", rest])), len(shown)


def _written(line: _Line, stated: frozenset[news.Key], limit: int) -> str:
    """Render a line in `limit` characters. Texts are left out whole from its end, so each keeps its day and source."""
    parts, rest = list(line.parts), list[CitedText]()
    while True:
        words = news.sourced([*parts, *rest], line.sources, stated)
        text = f"{line.head}{': ' if words else ''}{words}{line.after}"
        if len(text) <= limit or len(parts) <= 1:
            return clip(text, limit)
        parts, rest = parts[:-1], [CitedText("and more")]


def _overdue(one: OpenItem) -> _Line:
    return _Line(f"**{title(one)}**", [*due(one, True), *who(one)], sources=one.opened.sources)


def _due(one: OpenItem, found: Digest) -> _Line:
    assert one.item.due_on is not None  # Only dated items are due.
    days = max((one.item.due_on - found.day).days, 0)
    return _Line(f"**{title(one)}**, {ahead(days)}", [*due(one, False), *who(one)], sources=one.opened.sources)


def _changed(change: RecordChange) -> list[_Line]:
    """Return the lines of one record's changes: neighbours of one day and source share a line, see `_grouped`."""
    found = news.news_of(change)
    new = change.new and change.kind != "pending"
    name = f"**{escaped(news.subject(change), 250)}**{f' (new {KIND_WORDS[change.kind][0]})' if new else ''}"
    lines: list[_Line] = []
    for (alone, _), together in groupby(enumerate(found), key=lambda pair: _grouped(*pair)):
        some_ = [one for _, one in together]
        parts = [part for one in some_ for part in (one.said, *one.more)]
        head = f"{name}, corrected" if some_[0].corrected else name
        lines.append(_Line(head, parts, _aside(some_[0]) if alone >= 0 else "", change.sources))
    if len(lines) <= _OF_ONE:
        return lines
    more = plural(len(lines) - _OF_ONE, "more change")
    return [*lines[:_OF_ONE], _Line(f"{name}: {more} in its history")]


def _grouped(index: int, one: News) -> tuple[int, frozenset[news.Key]]:
    """Return the key by which neighbouring news share a line.

    A correction, and news with a former value, a reason or further clauses, have keys of their own.
    """
    alone = bool(one.was or one.reason or one.more or one.corrected)
    return (index if alone else -1, news.keys_of([one.said]))


def _aside(one: News) -> str:
    was = f"; was {news.dated(one.was)}" if one.was is not None else ""
    return was + (f"; reason: {escaped(one.reason.rstrip('.'), 150)}" if one.reason else "")


def _deal(opened: Opened) -> _Line:
    """Return the line of a deal: its status line, its leading value and how many more values are reported."""
    record = opened.record
    type_ = get_field("deal", "value").type
    values = [cited(f"value {type_.words(fact.value, opened.names)}", fact) for fact in leading_first(record)]
    parts = [*record.status, *some(values, 1, "value", "values")]
    return _Line(f"**{escaped(record.name, 120)}**", parts, "", opened.sources)


def _said(statements: Iterable[Opened]) -> list[_Line]:
    """Return the lines of statements: one for each side, and one for each group of sides that spoke together."""
    by_whom: dict[str, list[Opened]] = {}
    apart: list[_Line] = []
    for opened in statements:
        if not one_day([*opened.record.state.facts("whose"), opened.record.state.fact("said")]):
            apart.append(
                _Line(f"**{escaped(opened.record.name, 120)}**", list(opened.record.status), "", opened.sources)
            )
            continue
        whose = [
            facts.value("statement", "whose", fact, opened.names, 100) for fact in opened.record.state.facts("whose")
        ]
        by_whom.setdefault(joined(whose) or "Whose it is, is not in the record", []).append(opened)
    lines: list[_Line] = []
    for whose, found in by_whom.items():
        parts = [_statement(opened) for opened in found]
        sources = {id_: source for opened in found for id_, source in opened.sources.items()}
        lines.append(_Line(f"**{sentence(whose)}**", some(parts, 3, "statement", "statements"), "", sources))
    return [*lines, *apart]


def _statement(opened: Opened) -> CitedText:
    record = opened.record
    said = record.state.fact("said")
    words = get_field("statement", "said").type.words(said.value, opened.names) if said else record.name
    return cited(clip(words.rstrip("."), 200), said, *record.state.facts("whose"))


def when_sent(found: Digest, at: datetime | None) -> str:
    """Return the line of a preview that says when the digest is checked next, and whether it would be sent now."""
    comes = f"-# Preview. The next check is {dates.timestamp(at)} ({dates.timestamp(at, 'R')})" if at else "-# Preview"
    if not found.worth_sending:
        return f"{comes}; as nothing is new, it would be skipped."
    return f"{comes}; this is what would be sent now."


def not_set(channel_id: int | None, *, follows_some: bool) -> str:
    """Return the line of a preview where no digest is set: what the preview shows, and how to set a digest."""
    if channel_id is not None:
        return f"-# Preview. <#{channel_id}> has no digest yet; `/digest set` with *channel* begins it."
    if follows_some:
        return "-# Preview of what you follow. You have no digest yet; `/digest set` begins it."
    return (
        "-# Preview of everything, because you follow nothing yet. You have no digest; `/digest set` starts one of "
        "what you follow, and `/follow add` follows something."
    )


# Answers of `/digest`


def is_set(
    place: Destination, next_at: datetime | None, confirmed: Delivery | None, *, follows_nothing: bool, may_repeat: bool
) -> str:
    """Render the answer to `/digest set`: what was set, when it is checked next, and what is still missing."""
    lines = [
        f"A digest comes to {channel_or_your_dms(place)}: {digest_times(place)}. It is skipped when nothing is new."
    ]
    if next_at is not None:
        lines.append(f"The next check is {dates.timestamp(next_at)} ({dates.timestamp(next_at, 'R')}).")
    if follows_nothing:
        lines.append("It tells of what you follow, and you follow nothing yet: `/follow add` begins that.")
    elif not place.channel_id:
        lines.append("It tells of what you follow.")
    if may_repeat:
        lines.append(
            "-# Attaché lacks Read Message History there. Without it a message whose fate is unknown may come twice."
        )
    lines.append(arrived(confirmed))
    return "\n".join(filter(None, lines))


def listing(found: Sequence[tuple[Destination, str, datetime | None]], *, incomplete: bool) -> str:
    """Render digests as lines: each with its channel or server, its days, and when it comes next.

    `incomplete` adds that some servers are missing because Discord did not answer in time.
    """
    lines = [UNANSWERED] if incomplete else []
    for place, server, next_at in found:
        whose = (
            channel_or_dms_of(place) if place.channel_id else f"You{f', from {escaped(server, 60)}' if server else ''}"
        )
        line = f"**{whose}**: {digest_times(place)}"
        if place.state == "paused":
            line += f"; paused: {escaped(why_paused(place), 150)}"
        elif next_at is not None:
            line += f"; next {dates.timestamp(next_at)}"
        lines.append(line)
    return clip("\n".join(lines), CONTENT_LIMIT)


def is_off(place: Destination) -> str:
    """Render the answer to `/digest off`."""
    where = channel_or_your_dms(place)
    return f"There are no more digests in {where}. Follows and reminders stay. `/digest set` begins them again."


def which_server(places: Sequence[tuple[int, str]], verb: str, given: Sequence[str]) -> ui.View:
    """Render a menu of servers. Its custom id carries the command's `verb` and the options that were typed."""
    menu: Select = ui.Select(
        custom_id=custom_id("digest.server", verb, *given),
        placeholder="Choose a server",
        options=[discord.SelectOption(label=clip(name, 100), value=str(guild_id)) for guild_id, name in places[:_MENU]],
    )
    view = ui.View(timeout=None)
    view.add_item(menu)
    return finished(view)


def deals_to_follow(found: Sequence[Row], total: int, guild_id: int | None) -> ui.View:
    """Render a *Follow* button for each of the first deals, and one that lists all where there are more."""
    buttons = [
        button(f"Follow {row.name}", custom_id("follow.add", row.slug, guild_id=guild_id)) for row in found[:_DEALS]
    ]
    if total > len(buttons):
        more = plural(total - len(buttons), "more deal")
        buttons.append(button(f"List {more}", custom_id("list.page", "deal", 0, guild_id=guild_id)))
    return plain(buttons)
