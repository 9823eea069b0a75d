"""Digests: the message that is sent, its preview, and the answers of `/digest`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import NamedTuple

import discord
from discord import ui

from bot import dates
from bot.ledger.changes import RecordChange
from bot.ledger.cited import cited, one_day
from bot.ledger.due_dates import item_of
from bot.ledger.kinds import KIND_WORDS, get_field
from bot.ledger.stage import leading_first
from bot.message_contents import Digest
from bot.ui import dossiers, facts, news, theme
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

_ROOM = 3500  # Characters. Discord allows 4,000, but notes may be added, such as that the digest is late.
_LONGEST_LINE = 700  # Characters.
_SHORTEST_LINE = 100  # Characters. The first line of a section is not cut below this.
_MENU = 25  # Discord: the most options of a select.
_MOST_LINES = 8  # Lines of a section. More are only counted, so that a digest can be read on a phone.
_RESERVED_LINES = 2  # Lines. A section leaves room for so many of each later section.
_LINES_OF_RECORD = 4  # Lines about the changes of one record.
_DEALS = 10  # Deals that get a button to follow them.


class _Line(NamedTuple):
    """A line of a section: its beginning in Markdown, then cited texts with their sources, then its end in Markdown."""

    head: str
    parts: Sequence[CitedText] = ()
    after: str = ""
    sources: Mapping[int, Source] = {}  # The sources of the facts in `parts` (and perhaps others), by id.


class _Section(NamedTuple):
    """A heading with its lines. If all lines have the same day and source, these are shown once, below the lines."""

    heading: str
    lines: Sequence[_Line]
    rest: str  # The command that shows the lines that do not fit.
    apart: bool = False  # Each line shows its own day and source, even if all are the same.
    lists_items: bool = False  # Each line is about an open item. No item is in two sections.


def digest(contents: Digest, guild_id: int, nonce: str) -> Message:
    """Render a digest as the message that is sent. It makes no notification sound."""
    texts = _texts(contents)
    buttons = [*_buttons(guild_id), why_button(guild_id, nonce)]
    view = card(texts, buttons=buttons, selects=_histories(contents, guild_id), accent=theme.PLAIN)
    return Message(None, view, text="\n\n".join(texts), silent=True)


def preview(contents: Digest, note: str, guild_id: int | None) -> ui.LayoutView:
    """Render a digest as a preview, for the user who asked for it. `note` is shown below the digest."""
    texts = [*_texts(contents), note]
    return card(texts, buttons=_buttons(guild_id), selects=_histories(contents, guild_id), accent=theme.PLAIN)


def _histories(contents: Digest, guild_id: int | None) -> list[Select]:
    """Return a list with one menu, which opens the history of a record in the digest.

    If the digest has no record, the list is empty.
    """
    items = [*contents.due, *contents.overdue, *(contents.still_open.items if contents.still_open else [])]
    named: dict[str, tuple[str, Kind]] = {change.slug: (change.name, change.kind) for change in contents.changes}
    for opened in [*items, *contents.deals, *contents.statements]:
        named.setdefault(opened.record.slug, (opened.record.name, opened.record.kind))
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


def _texts(contents: Digest) -> list[str]:
    """Render the digest as texts: the head, then one text for each section, then a last line."""
    head = f"## Digest, {dates.format_day(contents.day)}\n-# {escaped(contents.server, 100)}"
    old = "".join(f"\n-# {line}" for line in dossiers.ages(contents.old_dossiers))
    sections = _sections(contents)
    fitted = _fitted(sections, _ROOM - len(head) - len(old) - len(_NEXT) - 150)
    if contents.first:
        shown = sum(count for section, (_, count) in zip(sections, fitted, strict=True) if section.lists_items)
        head += _first_digest(shown, contents.open_total)
    head += old
    return [head, *(text for text, _ in fitted), _NEXT]


def _first_digest(shown: int, total: int) -> str:
    """Return the line that says how many of the open items a first digest shows. `total` counts all open items."""
    if not total:
        return "\n-# The first digest here; nothing is open."
    if shown >= total:
        return "\n-# The first digest here: it lists everything that is open."
    listed = f"{shown:,} of {plural(total, 'open item')}"
    return f"\n-# The first digest here: it lists {listed}; *What is open* leads to the rest."


def _sections(contents: Digest) -> list[_Section]:
    """Return the sections of a digest in their order. A digest without any gets the section *Nothing new*."""
    sections: list[_Section] = []
    changes = [line for change in contents.changes for line in _change_lines(change)]
    loads = [
        _Line(
            f"The dossier **{escaped(load.dossier, 100)}** was {'unloaded' if load.unloaded else 'loaded'}: "
            f"{plural(load.records, 'record')}"
        )
        for load in contents.loads
    ]
    if changes or loads:
        sections.append(_Section("What changed", [*changes, *loads], "`/search` and `/deal history`", apart=True))
    if contents.due:
        lines = [_due_line(opened, contents.day) for opened in contents.due]
        sections.append(_Section("Due soon", lines, "`/pending list`", lists_items=True))
    if contents.overdue:
        lines = [_overdue_line(opened) for opened in contents.overdue]
        sections.append(_Section("Overdue", lines, "`/pending list`", lists_items=True))
    if contents.still_open:
        lines = [
            _Line(f"**{title(opened)}**", item_parts(opened, contents.still_open), sources=opened.sources)
            for opened in contents.still_open.items
        ]
        sections.append(_Section("Still open", lines, "`/pending list`", lists_items=True))
    if contents.deals:
        sections.append(_Section("Deals", [_deal_line(opened) for opened in contents.deals], "`/deal list`"))
    if contents.statements:
        sections.append(_Section("Who said what", _statement_lines(contents.statements), "`/search`"))
    if not sections:
        nothing = _Line("Nothing changed and nothing is due")
        sections.append(_Section("Nothing new", [nothing], "`/search`"))
    return sections


def _fitted(sections: Sequence[_Section], room: int) -> list[tuple[str, int]]:
    """Render all sections in `room` characters together. Return each section's text and the number of lines in it.

    No section is left out. Lines without room are not shown but counted, with the command that shows them.
    """
    fitted: list[tuple[str, int]] = []
    # Each section leaves room for the first lines of all later sections, so that a long section crowds out none.
    reserved = [len(_section(section, room, most=_RESERVED_LINES)[0]) for section in sections]
    for index, section in enumerate(sections):
        below = 0
        for size in reserved[index + 1 :]:
            if reserved[index] + below + size > room:
                break  # There is not even room for all first lines: the sections above come first.
            below += size
        text, count = _section(section, room - below)
        fitted.append((text, count))
        room -= len(text)
    return fitted


def _section(section: _Section, room: int, most: int = _MOST_LINES) -> tuple[str, int]:
    """Render a section with up to `most` lines in `room` characters. Return its text and the number of lines in it.

    The first line is always shown, if necessary cut.
    """
    parts = [part for line in section.lines for part in line.parts]
    sources = {id_: source for line in section.lines for id_, source in line.sources.items()}
    keys = news.keys_of(parts)
    shares = len(keys) == 1 and not section.apart and len(section.lines) > 1
    below = f"-# {clip(reported([fact for part in parts for fact in part.facts], sources), 400)}" if shares else ""
    shared = keys if below else frozenset[news.Key]()
    heading = f"### {section.heading}"
    room -= len(heading) + len(below) + len(section.rest) + 30
    shown: list[str] = []
    for line in section.lines[:most]:
        text = _written(line, shared, _LONGEST_LINE)
        if not shown and len(text) + 1 > room > _SHORTEST_LINE:
            text = _written(line, shared, room - 1)
        if len(text) + 1 > room:
            break
        shown.append(text)
        room -= len(text) + 1
    more = len(section.lines) - len(shown)
    rest = f"-# and {more:,} more: {section.rest}" if more else ""
    return "\n".join(filter(None, [heading, *shown, below if shown else "", rest])), len(shown)


def _written(line: _Line, shared: frozenset[news.Key], limit: int) -> str:
    """Render a line in at most `limit` characters. If it is too long, leave out whole texts at its end.

    Each remaining text keeps its day and source. But a day and source in `shared` is not repeated, because it is shown
    below the section.
    """
    parts, rest = list(line.parts), list[CitedText]()
    while True:
        words = news.sourced([*parts, *rest], line.sources, shared)
        text = f"{line.head}{': ' if words else ''}{words}{line.after}"
        if len(text) <= limit or len(parts) <= 1:
            return clip(text, limit)
        parts, rest = parts[:-1], [CitedText("and more")]


def _overdue_line(opened: Opened) -> _Line:
    return _Line(f"**{title(opened)}**", [*due(opened, True), *who(opened)], sources=opened.sources)


def _due_line(opened: Opened, day: date) -> _Line:
    """Return the line of an item that is due soon. `day` is the day of the digest."""
    due_on = item_of(opened.record, opened.zone).due_on
    assert due_on is not None  # Only dated items are due.
    days = max((due_on - day).days, 0)
    return _Line(f"**{title(opened)}**, {ahead(days)}", [*due(opened, False), *who(opened)], sources=opened.sources)


def _change_lines(change: RecordChange) -> list[_Line]:
    """Return the lines about the changes of one record.

    Neighbouring pieces of news with the same `_line_key` share a line.
    """
    new = change.new and change.kind != "pending"
    name = f"**{escaped(news.subject(change), 250)}**{f' (new {KIND_WORDS[change.kind][0]})' if new else ''}"
    lines: list[_Line] = []
    for (alone, _), group in groupby(enumerate(news.news_of(change)), key=lambda pair: _line_key(*pair)):
        pieces = [piece for _, piece in group]
        parts = [part for piece in pieces for part in (piece.said, *piece.more)]
        head = f"{name}, corrected" if pieces[0].corrected else name
        lines.append(_Line(head, parts, _aside(pieces[0]) if alone >= 0 else "", change.sources))
    if len(lines) <= _LINES_OF_RECORD:
        return lines
    more = plural(len(lines) - _LINES_OF_RECORD, "more change")
    return [*lines[:_LINES_OF_RECORD], _Line(f"{name}: {more} in its history")]


def _line_key(index: int, piece: News) -> tuple[int, frozenset[news.Key]]:
    """Return the key of a piece of news. Neighbouring pieces with the same key share a line.

    The key is -1 with the day and source. Some news gets a line of its own: a correction, and news with a former value,
    a reason or further clauses. Its key has the unique `index` in place of -1.
    """
    alone = bool(piece.was or piece.reason or piece.more or piece.corrected)
    return (index if alone else -1, news.keys_of([piece.said]))


def _aside(piece: News) -> str:
    """Render the end of a line: the former value and the reason of a change. Return "" if the change has neither."""
    was = f"; was {news.dated(piece.was)}" if piece.was is not None else ""
    return was + (f"; reason: {escaped(piece.reason.rstrip('.'), 150)}" if piece.reason else "")


def _deal_line(opened: Opened) -> _Line:
    """Return the line of a deal: its status line, its leading value, and the number of further values reported."""
    record = opened.record
    type_ = get_field("deal", "value").type
    values = [cited(f"value {type_.words(fact.value, opened.names)}", fact) for fact in leading_first(record)]
    parts = [*record.status, *some(values, 1, "value", "values")]
    return _Line(f"**{escaped(record.name, 120)}**", parts, "", opened.sources)


def _statement_lines(statements: Iterable[Opened]) -> list[_Line]:
    """Return the lines of statements. The statements of one side, or of sides that spoke together, share a line.

    If the facts about a statement's side and words have different days, the statement gets a line of its own. Such
    lines come last and show the statement's status line.
    """
    by_side: dict[str, list[Opened]] = {}
    apart: list[_Line] = []
    for opened in statements:
        state = opened.record.state
        if not one_day([*state.facts("whose"), state.fact("said")]):
            head = f"**{escaped(opened.record.name, 120)}**"
            apart.append(_Line(head, list(opened.record.status), "", opened.sources))
            continue
        sides = [facts.value("statement", "whose", fact, opened.names, 100) for fact in state.facts("whose")]
        by_side.setdefault(joined(sides) or "Whose it is, is not in the record", []).append(opened)
    lines: list[_Line] = []
    for side, group in by_side.items():
        parts = [_statement(opened) for opened in group]
        sources = {id_: source for opened in group for id_, source in opened.sources.items()}
        lines.append(_Line(f"**{sentence(side)}**", some(parts, 3, "statement", "statements"), "", sources))
    return [*lines, *apart]


def _statement(opened: Opened) -> CitedText:
    """Return the words of a statement. If the words are not in the record, return the statement's name."""
    record = opened.record
    said = record.state.fact("said")
    words = get_field("statement", "said").type.words(said.value, opened.names) if said else record.name
    return cited(clip(words.rstrip("."), 200), said, *record.state.facts("whose"))


def when_sent(contents: Digest, at: datetime | None) -> str:
    """Return the line of a preview that says when the digest is next checked, and whether it would be sent now."""
    comes = f"-# Preview. The next check is {dates.timestamp(at)} ({dates.timestamp(at, 'R')})" if at else "-# Preview"
    if not contents.worth_sending:
        return f"{comes}; as nothing is new, it would be skipped."
    return f"{comes}; this is what would be sent now."


def not_set(channel_id: int | None, *, follows_some: bool) -> str:
    """Return the line below a preview if no digest is set yet: what the preview shows, and how to set a digest.

    `channel_id` is None for a user's own digest. `follows_some` says that the user follows something.
    """
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
    destination: Destination,
    next_at: datetime | None,
    confirmed: Delivery | None,
    *,
    follows_nothing: bool,
    may_repeat: bool,
) -> str:
    """Render the answer to `/digest set`: where and when the digest comes, and warnings.

    `next_at` is when the next digest may come. `confirmed` is the first direct message to a user, or None if no such
    message was sent. `follows_nothing` adds a warning. `may_repeat` adds a warning that a message may come twice: the
    bot cannot read the channel's history.
    """
    where, when = channel_or_your_dms(destination), digest_times(destination)
    lines = [f"A digest comes to {where}: {when}. It is skipped when nothing is new."]
    if next_at is not None:
        lines.append(f"The next check is {dates.timestamp(next_at)} ({dates.timestamp(next_at, 'R')}).")
    if follows_nothing:
        lines.append("It tells of what you follow, and you follow nothing yet: `/follow add` begins that.")
    elif not destination.channel_id:
        lines.append("It tells of what you follow.")
    if may_repeat:
        lines.append(
            "-# Attaché lacks Read Message History there. Without it a message whose fate is unknown may come twice."
        )
    lines.append(arrived(confirmed))
    return "\n".join(filter(None, lines))


def listing(digests: Sequence[tuple[Destination, str, datetime | None]], *, incomplete: bool) -> str:
    """Render digests as lines. Each line shows the channel or server, the days, and when the digest comes next.

    The tuples consist of the destination, the name of its server (or "" to leave it out) and the next instant. If
    `incomplete` is True, a line says that some servers may be missing because Discord did not answer in time.
    """
    lines = [UNANSWERED] if incomplete else []
    for destination, server, next_at in digests:
        yours = f"You{f', from {escaped(server, 60)}' if server else ''}"
        line = f"**{channel_or_dms_of(destination) if destination.channel_id else yours}**: {digest_times(destination)}"
        if destination.state == "paused":
            line += f"; paused: {escaped(why_paused(destination), 150)}"
        elif next_at is not None:
            line += f"; next {dates.timestamp(next_at)}"
        lines.append(line)
    return clip("\n".join(lines), CONTENT_LIMIT)


def is_off(destination: Destination) -> str:
    """Render the answer to `/digest off`."""
    return (
        f"There are no more digests in {channel_or_your_dms(destination)}. Follows and reminders stay. "
        "`/digest set` begins them again."
    )


def which_server(servers: Sequence[tuple[int, str]], verb: str, options: Sequence[str]) -> ui.View:
    """Render a menu of servers (id and name). Its custom id contains the command (`verb`) and the typed `options`."""
    menu: Select = ui.Select(
        custom_id=custom_id("digest.server", verb, *options),
        placeholder="Choose a server",
        options=[
            discord.SelectOption(label=clip(name, 100), value=str(guild_id)) for guild_id, name in servers[:_MENU]
        ],
    )
    view = ui.View(timeout=None)
    view.add_item(menu)
    return finished(view)


def deals_to_follow(deals: Sequence[Row], total: int, guild_id: int | None) -> ui.View:
    """Render a *Follow* button for each of the first ten deals. If there are more deals, add a button that lists all.

    `total` counts all deals of the server.
    """
    buttons = [
        button(f"Follow {row.name}", custom_id("follow.add", row.slug, guild_id=guild_id)) for row in deals[:_DEALS]
    ]
    if total > len(buttons):
        more = plural(total - len(buttons), "more deal")
        buttons.append(button(f"List {more}", custom_id("list.page", "deal", 0, guild_id=guild_id)))
    return plain(buttons)
