"""Lists of records: the records of a kind, the results of a search, what is still open. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

import discord
import msgspec
from discord import ui

from bot.ledger.cited import by_day, cited, day_words, days_of, of_each_day, shortened
from bot.ledger.kinds import BASIS, KIND_WORDS, ON_REQUEST_KINDS, get_field
from bot.ledger.status import act as acts
from bot.ledger.values import Names
from bot.ui import cards, facts, pages, theme
from bot.ui.cited import line as cited_line
from bot.ui.cited import shared_day, shared_source, source_line, source_words
from bot.ui.highlight import Looked, around, marked
from bot.ui.ids import custom_id
from bot.ui.layout import button, card
from bot.ui.text import a, clip, escaped, joined, plural, sentence
from data.records import CitedText, Due, Fact, FactDate, Opened, Row, Source, Value, Waiting

ROWS = 8
ITEMS = 5
_ROW = 150  # Characters of what is said beside a name.
_PART = 170  # Characters of each thing that is said of an open item.
_UNSOURCED = 380  # Characters of an item on a page that has no room for sources.
_ROOM = 2600  # Characters of the items of a page; so much stays for its title and the lines below.


def rows(
    title: str,
    found: Sequence[Row],
    total: int,
    page: int,
    *,
    key: str,
    noun: tuple[str, str],
    line: str = "",
    guild_id: int | None = None,
    mentioned: frozenset[str] = frozenset(),
) -> ui.LayoutView:
    """Render one page of records. `total` counts the records of all pages.

    `key` names the list in the custom ids of the page buttons; `line` describes what was asked for. Participants whose
    slugs are in `mentioned` stand below a heading of their own.
    """
    count = -(-total // ROWS)
    lines: list[str] = []
    for index, row in enumerate(found):
        if row.slug in mentioned and (index == 0 or found[index - 1].slug not in mentioned):
            lines.append("### Mentioned, not a party")
        lines.append(f"**{escaped(row.name, 100)}**")
        if beside := shortened(row.status, _ROW):
            lines.append(sentence(escaped(beside, _ROW + 50)))
    below = ". ".join(filter(None, [line or plural(total, *noun), pages.place(page, count)]))
    turn = pages.turn_buttons(page, count, noun[1], lambda n: custom_id("list.page", key, n, guild_id=guild_id))
    select = cards.open_select(f"Open {a(noun[0])}", found, guild_id)
    text = "\n\n".join([f"## {title}", "\n".join(lines), f"-# {below}."])
    return card([text], buttons=turn, selects=[select], accent=theme.PLAIN)


class RenderedPage(NamedTuple):
    """One page of a list before it becomes a message: its text, the choices of its records, and its page number.

    `total` counts the records of all pages; `hidden` counts those that are shown only on request.
    """

    text: str
    choices: list[discord.SelectOption]
    page: int
    total: int
    hidden: int = 0


def render_found(
    asked: str,
    filters: str,
    hits: Sequence[tuple[Row, CitedText | None]],
    terms: Sequence[Looked],
    total: int,
    page: int,
    *,
    more: bool = False,
    read_as: str = "",
    left_out: bool = False,
    newest: bool = False,
) -> RenderedPage:
    """Render one page of the results of a search, with the words that it found in bold.

    Each row comes with the fact that matched where its name did not. `more` says that there may be more than `total`,
    `read_as` is the search with its typos corrected, and `left_out` says that only the first words were searched for.
    """
    lines: list[str] = []
    for row, fact in hits:
        lines.append(f"- {marked(row.name, terms, 120)} ({KIND_WORDS[row.kind][0]})")
        beside = sentence(shortened(row.status, 118))  # Bold marks and escapes come on top.
        lines += [f"  {marked(beside, terms, 140)}"] if beside else []
        lines += [f"  {_around(fact, terms)}"] if fact else []
    said = [f"{total:,} found, or more" if more else f"{total:,} found"]
    said += [f"read as “{escaped(read_as, 80)}”"] if read_as else []
    said += [filters] if filters else []
    order = ("newest first" if newest else "best first") if total > 1 else ""
    below = [
        ", ".join(filter(None, [*said, order])),
        "Only the first words were looked for" if left_out else "",
        pages.place(page, -(-total // ROWS)),
    ]
    text = "\n\n".join([f"## {_found_title(asked)}", "\n".join(lines), f"-# {'. '.join(filter(None, below))}."])
    return RenderedPage(text, cards.choices([row for row, _ in hits]), page, total)


def found(rendered: RenderedPage, *, key: str, guild_id: int | None = None) -> ui.LayoutView:
    """Return a rendered page of search results as a message, with its menu of records and its page buttons."""
    count = -(-rendered.total // ROWS)
    turn = pages.turn_buttons(
        rendered.page, count, "records", lambda n: custom_id("list.page", key, n, guild_id=guild_id)
    )
    select = cards.menu("Open a record", rendered.choices, guild_id)
    return card([rendered.text], buttons=turn, selects=[select], accent=theme.PLAIN)


def _around(part: CitedText, terms: Sequence[Looked]) -> str:
    """Return a fact clipped around the words that were searched for, with its day."""
    words, day = around(part.text, terms, 100), escaped(day_words(days_of(part.facts)), 40)
    return f"{words}, {day}" if day and day not in words else words


def nothing_found(asked: str, filters: str, close: Sequence[str], command: str, read_as: str = "") -> ui.LayoutView:
    """Render a search without results: its filters, the names that are `close`, and what to try instead."""
    held = "No record holds all of these words" if read_as else "No record is there"
    fits = f" with {filters}" if filters else ""
    names = f" Close to it: {joined([escaped(name, 100) for name in close])}." if close else ""
    fewer = "Try fewer" if read_as else "Leave a filter out"
    return empty(_found_title(asked), f"{held}{fits}.{names} {fewer}; {command} also completes names.")


def _found_title(asked: str) -> str:
    return f"Found for “{escaped(asked, 80)}”" if asked else "Found"


def empty(title: str, text: str) -> ui.LayoutView:
    """Render a list without records; `text` says what is missing, and who can do what about it."""
    return card([f"## {title}\n{text}"], accent=theme.PLAIN)


def render_pending(
    waiting: Sequence[Waiting],
    items: Sequence[Opened],
    page: int,
    *,
    now: datetime,
    about: str = "",
    everything: bool = False,
) -> RenderedPage:
    """Render one page of what is still open.

    `waiting` are the open items of all pages, `items` the records of this page in the same order. `about` is the
    escaped name of the record that all of them concern, or "". Items that nobody in particular has to act on are only
    listed with `everything`.
    """
    asked = [one for one in waiting if everything or one.item_kind not in ON_REQUEST_KINDS]
    others = [one for one in waiting if one.item_kind in ON_REQUEST_KINDS] if not everything else []
    count = -(-len(asked) // ITEMS)
    place = {one.slug: index for index, one in enumerate(asked, 1)}
    by_slug = {one.slug: one for one in asked}
    dates = any(one.due_on for one in asked)
    said = [_parts(item, now, about=about, dates=dates) for item in items]
    shown = [part for parts in said for part in parts]
    sources = {id_: source for item in items for id_, source in item.sources.items()}
    # What one source says on one day states both once, below all items.
    day = shared_day(shown) if shared_source(shown) is not None else None
    sections = [_section(by_slug[item.record.slug]) for item in items]
    for known in (sources, {id_: msgspec.structs.replace(one, url="") for id_, one in sources.items()}, {}):
        lines: list[str] = []
        for index, (item, parts) in enumerate(zip(items, said, strict=True)):
            lines += [f"### {sections[index]}"] if index == 0 or sections[index] != sections[index - 1] else []
            lines += _item(item, place[item.record.slug], parts, known, day)
        if sum(map(len, lines)) <= _ROOM:
            break  # Else the addresses are left out, then the sources: each item's card has them.
    quiet = [f"-# All reported {escaped(day_words([day]), 120)}", source_line(shown, sources)] if day else []
    if others:
        named = facts.some([escaped(one.name, 80) for one in others], 4)
        quiet.append(f"-# Not listed, because nobody in particular has to act: {named}.")
    if count > 1:
        quiet.append(f"-# {pages.place(page, count)}.")
    title = "## What is still open" + (f" about {about}" if about else "")
    rows_ = [Row("pending", item.record.slug, item.record.name, item.record.status, None) for item in items]
    text = "\n\n".join(filter(None, [title + "\n" + _counts(asked), "\n".join(lines), "\n".join(filter(None, quiet))]))
    return RenderedPage(text, cards.choices(rows_), page, len(asked), len(others))


def pending(
    rendered: RenderedPage, *, key: str, everything_key: str = "", guild_id: int | None = None
) -> ui.LayoutView:
    """Return a rendered page of open items as a message, with its menu, its page buttons and one for hidden items."""
    count = -(-rendered.total // ITEMS)
    turn = pages.turn_buttons(
        rendered.page, count, "open items", lambda n: custom_id("list.page", key, n, guild_id=guild_id)
    )
    if rendered.hidden and everything_key:
        label = f"Show the other {rendered.hidden:,}" if rendered.hidden > 1 else "Show the other one"
        turn.append(button(label, custom_id("list.page", everything_key, 0, guild_id=guild_id)))
    return card(
        [rendered.text],
        buttons=turn,
        selects=[cards.menu("Open an item", rendered.choices, guild_id)] if rendered.choices else [],
        accent=theme.OPEN,
    )


def _section(one: Waiting) -> str:
    if one.item_kind in ON_REQUEST_KINDS:
        return "To watch"
    if one.due_on:
        return "With a due date"
    return BASIS.get(one.basis, "Without a due date")


def _counts(asked: Sequence[Waiting]) -> str:
    """Render how many items are open by their basis, and how many have a due date."""
    named: dict[str, int] = {}
    for one in asked:
        words = "to watch" if one.item_kind in ON_REQUEST_KINDS else BASIS.get(one.basis, "open").lower()
        named[words] = named.get(words, 0) + 1
    dates = sum(one.due_on is not None for one in asked)
    told = f"{plural(dates, 'due date')}." if dates else "No due dates are given."
    counts = joined([f"{count:,} {words}" for words, count in named.items()])
    return f"**{counts}.** {told}" if counts else "Nothing that somebody in particular has to act on."


def _parts(item: Opened, now: datetime, *, about: str, dates: bool) -> list[CitedText]:
    """Return the texts of an open item: what it is about, who has to act and by when, each with its own facts."""
    found, names = item.record, item.names
    concerns = [
        fact for fact in found.state.facts("about") if escaped(_words("about", fact.value, names), 100) != about
    ]
    act = acts(found.state.text("basis"), found.state.text("item_kind"))

    def of(name: str, facts_: Sequence[Fact[Value]]) -> str:
        return _some([_words(name, fact.value, names) for fact in facts_])

    parts = of_each_day(concerns, lambda of_day: f"about {of('about', of_day)}")
    parts += of_each_day(found.state.facts("who"), lambda of_day: f"{of('who', of_day)} {act}") or [
        cited("who must act is not in the record", found.state.fact("state"))
    ]
    due = found.state.fact("due")
    if due is not None and due.value is not None:
        parts.append(cited(f"due {_words('due', due.value, names)}", due))
        if cards.is_overdue(item, now):
            parts.append(CitedText("this day has passed, and no source here reports what happened"))
    elif due is not None or dates:
        parts.append(cited("no due date given", due))
    return parts


def _words(name: str, value: Value, names: Names) -> str:
    return get_field("pending", name).type.in_full(value, names)


def _some(words: Sequence[str]) -> str:
    """Return at most two names, and how many more there are."""
    return joined(words) if len(words) <= 2 else f"{', '.join(words[:2])} and {len(words) - 2:,} more"


def _item(
    item: Opened, number: int, parts: Sequence[CitedText], sources: Mapping[int, Source], stated: FactDate | None
) -> list[str]:
    """Return the lines of one item.

    With `stated`, the last line of the page states day and source for all items. Otherwise the item names its own
    source; with several sources, each run of neighbouring texts of one day names its own. Without `sources` the item is
    clipped and names none.
    """
    if stated is not None:
        said, source = cited_line(parts, stated=stated, limit=_PART), ""
    elif shared_source(parts) is not None:
        said = cited_line(parts, reported=_holds_date(parts), limit=_PART)
        source = source_words([fact for part in parts for fact in part.facts], sources)
    else:
        runs = [(run, source_words([f for part in run for f in part.facts], sources)) for run in _by_source(parts)]
        told = [(cited_line(run, reported=_holds_date(run), limit=_PART), named) for run, named in runs]
        said, source = "; ".join(f"{words} ({named})" if named else words for words, named in told), ""
    looked = escaped(facts.looked(item.record), 160)
    quiet = "; ".join(filter(None, [source, looked]))
    first = f"**{number:,}. {escaped(item.record.name, 100)}**"
    said = said if sources else clip(said, _UNSOURCED)
    return [first, sentence(said), *([f"-# {sentence(quiet)}"] if quiet else [])]


def _holds_date(parts: Sequence[CitedText]) -> bool:
    """Return whether some texts hold a due date, so that the day of their report has to be marked as such."""
    return any(isinstance(fact.value, Due) for part in parts for fact in part.facts)


def _by_source(parts: Iterable[CitedText]) -> Iterator[list[CitedText]]:
    """Yield runs of neighbouring texts that have the same day and the same sources."""
    for _, together in by_day(parts):
        for _, run in groupby(together, key=lambda part: {fact.source for fact in part.facts}):
            yield list(run)
