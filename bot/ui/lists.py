"""Renders pages of lists: the records of a kind, the results of a search, and the open pending items."""

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
from bot.ledger.values import NO_DUE_DATE, Names
from bot.ui import cards, facts, pages, theme
from bot.ui.cited import line as cited_line
from bot.ui.cited import shared_day, shared_source, source_line, source_words
from bot.ui.highlight import Looked, around, marked
from bot.ui.ids import custom_id
from bot.ui.layout import button, card
from bot.ui.text import a, clip, escaped, joined, plural, sentence
from data.records import CitedText, Due, Fact, FactDate, Opened, Row, Source, Value, Waiting

ROWS = 8  # Records on a page of a kind or of search results.
ITEMS = 5  # Pending items on a page.
_ROW = 150  # Characters of a record's status line.
_PART = 170  # Characters of each text about a pending item.
_UNSOURCED = 380  # Characters of a pending item on a page that has no room for sources.
_ROOM = 2600  # Characters of all pending items on a page; the title and the small print need the rest.


def kind_page(
    title: str,
    rows: Sequence[Row],
    total: int,
    page: int,
    *,
    key: str,
    noun: tuple[str, str],
    line: str = "",
    guild_id: int | None = None,
    mentioned: frozenset[str] = frozenset(),
) -> ui.LayoutView:
    """Render one page of the records of a kind. `rows` are the records of the page, `total` counts those of all pages.

    `key` identifies the list in the custom ids of the page buttons. It may be "" if there is only one page. `noun` is
    the singular and plural of the kind. `line`, if not "", replaces the count below the list. `mentioned` are slugs:
    these participants are listed below the heading *Mentioned, not a party*.
    """
    count = -(-total // ROWS)
    lines: list[str] = []
    for index, row in enumerate(rows):
        if row.slug in mentioned and (index == 0 or rows[index - 1].slug not in mentioned):
            lines.append("### Mentioned, not a party")
        lines.append(f"**{escaped(row.name, 100)}**")
        if status := shortened(row.status, _ROW):
            lines.append(sentence(escaped(status, _ROW + 50)))
    below = ". ".join(filter(None, [line or plural(total, *noun), pages.page_label(page, count)]))
    turn = pages.turn_buttons(page, count, noun[1], lambda n: custom_id("list.page", key, n, guild_id=guild_id))
    select = cards.record_menu(f"Open {a(noun[0])}", rows, guild_id)
    text = "\n\n".join([f"## {title}", "\n".join(lines), f"-# {below}."])
    return card([text], buttons=turn, selects=[select], accent=theme.PLAIN)


class RenderedPage(NamedTuple):
    """The rendered content of one page of a list, without buttons. It can be cached and sent to several users.

    `choices` are the menu options for the records on the page. `page` counts from 0. `total` counts the records on all
    pages. `hidden` counts the pending items that are only listed if a user asks for them.
    """

    text: str
    choices: list[discord.SelectOption]
    page: int
    total: int
    hidden: int = 0


def render_search(
    query: str,
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
    """Render one page of search results, with the search terms in bold.

    A hit is a record with None or, if neither its name nor its status line matched, with the fact that did. `filters`
    are the filters in words.

    If `more` is True, there may be more results than `total`. If `left_out` is True, only the first words of `query`
    were searched for. If `newest` is True, the newest result comes first. `read_as` is the query with its typos
    corrected, or "" if it has none.
    """
    lines: list[str] = []
    for row, fact in hits:
        lines.append(f"- {marked(row.name, terms, 120)} ({KIND_WORDS[row.kind][0]})")
        status = sentence(shortened(row.status, 118))  # Bold marks and escapes make it longer.
        lines += [f"  {marked(status, terms, 140)}"] if status else []
        lines += [f"  {_excerpt(fact, terms)}"] if fact else []
    counted = [f"{total:,} found, or more" if more else f"{total:,} found"]
    counted += [f"read as “{escaped(read_as, 80)}”"] if read_as else []
    counted += [filters] if filters else []
    order = ("newest first" if newest else "best first") if total > 1 else ""
    below = [
        ", ".join(filter(None, [*counted, order])),
        "Only the first words were looked for" if left_out else "",
        pages.page_label(page, -(-total // ROWS)),
    ]
    text = "\n\n".join([f"## {_search_title(query)}", "\n".join(lines), f"-# {'. '.join(filter(None, below))}."])
    return RenderedPage(text, cards.choices([row for row, _ in hits]), page, total)


def search_page(rendered: RenderedPage, *, key: str, guild_id: int | None = None) -> ui.LayoutView:
    """Return a page of search results as a message, with a menu of its records and page buttons.

    `key` identifies the list in the custom ids of the page buttons. It may be "" if there is only one page.
    """
    count = -(-rendered.total // ROWS)
    turn = pages.turn_buttons(
        rendered.page, count, "records", lambda n: custom_id("list.page", key, n, guild_id=guild_id)
    )
    select = cards.menu("Open a record", rendered.choices, guild_id)
    return card([rendered.text], buttons=turn, selects=[select], accent=theme.PLAIN)


def _excerpt(part: CitedText, terms: Sequence[Looked]) -> str:
    """Return the words around the first search term in the text of a fact, followed by the day of the fact."""
    words, day = around(part.text, terms, 100), escaped(day_words(days_of(part.facts)), 40)
    return f"{words}, {day}" if day and day not in words else words


def no_results(query: str, filters: str, close: Sequence[str], command: str, read_as: str = "") -> ui.LayoutView:
    """Render the answer to a search without results, with advice on what to try instead.

    `close` are names of records that are similar to `query`. `command` is the mention of `/search`. `read_as` is the
    query with its typos corrected, or "" if it has none.
    """
    missing = "No record holds all of these words" if read_as else "No record is there"
    fits = f" with {filters}" if filters else ""
    names = f" Close to it: {joined([escaped(name, 100) for name in close])}." if close else ""
    fewer = "Try fewer" if read_as else "Leave a filter out"
    return empty_list(_search_title(query), f"{missing}{fits}.{names} {fewer}; {command} also completes names.")


def _search_title(query: str) -> str:
    return f"Found for “{escaped(query, 80)}”" if query else "Found"


def empty_list(title: str, text: str) -> ui.LayoutView:
    """Render a list without records. `text` says why the list is empty, and how somebody can add a record."""
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
    """Render one page of the open pending items.

    `waiting` are the open items of all pages. `items` are the records of this page, in the same order. `about` is the
    escaped name of a record if the list has only items about that record, else "".

    Items on which nobody in particular has to act are only listed if `everything` is True. Otherwise the small print
    names them.
    """
    listed = [row for row in waiting if everything or row.item_kind not in ON_REQUEST_KINDS]
    unlisted = [row for row in waiting if row.item_kind in ON_REQUEST_KINDS] if not everything else []
    count = -(-len(listed) // ITEMS)
    numbers = {row.slug: index for index, row in enumerate(listed, 1)}
    by_slug = {row.slug: row for row in listed}
    dates = any(row.due_on for row in listed)
    texts = [_parts(item, now, about=about, dates=dates) for item in items]
    shown = [part for parts in texts for part in parts]
    sources = {id_: source for item in items for id_, source in item.sources.items()}
    # When all texts have the same day and source, these are stated once, below the items.
    day = shared_day(shown) if shared_source(shown) is not None else None
    sections = [_section(by_slug[item.record.slug]) for item in items]
    unlinked = {id_: msgspec.structs.replace(source, url="") for id_, source in sources.items()}
    for named_sources in (sources, unlinked, {}):
        lines: list[str] = []
        for index, (item, parts) in enumerate(zip(items, texts, strict=True)):
            lines += [f"### {sections[index]}"] if index == 0 or sections[index] != sections[index - 1] else []
            lines += _item(item, numbers[item.record.slug], parts, named_sources, day)
        if sum(map(len, lines)) <= _ROOM:
            break  # A page that is too long is rendered again without links, then without sources: cards have both.
    small_print = [f"-# All reported {escaped(day_words([day]), 120)}", source_line(shown, sources)] if day else []
    if unlisted:
        names = facts.some([escaped(row.name, 80) for row in unlisted], 4)
        small_print.append(f"-# Not listed, because nobody in particular has to act: {names}.")
    if count > 1:
        small_print.append(f"-# {pages.page_label(page, count)}.")
    title = "## What is still open" + (f" about {about}" if about else "")
    rows = [Row("pending", item.record.slug, item.record.name, item.record.status, None) for item in items]
    blocks = [title + "\n" + _counts(listed), "\n".join(lines), "\n".join(filter(None, small_print))]
    text = "\n\n".join(filter(None, blocks))
    return RenderedPage(text, cards.choices(rows), page, len(listed), len(unlisted))


def pending_page(
    rendered: RenderedPage, *, key: str, everything_key: str = "", guild_id: int | None = None
) -> ui.LayoutView:
    """Return a page of open pending items as a message, with a menu of its items and page buttons.

    `key` identifies the list in the custom ids of the page buttons. It may be "" if there is only one page.
    `everything_key` identifies the list that includes the hidden items. If it is not "" and there are hidden items, a
    button opens that list.
    """
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


def _section(item: Waiting) -> str:
    """Return the heading of the section that lists an item."""
    if item.item_kind in ON_REQUEST_KINDS:
        return "To watch"
    if item.due_on:
        return "With a due date"
    return BASIS.get(item.basis, "Without a due date")


def _counts(items: Sequence[Waiting]) -> str:
    """Render the number of items by sort, and of due dates: "**2 stated as pending and 1 left open.** 1 due date."."""
    counts: dict[str, int] = {}
    for item in items:
        words = "to watch" if item.item_kind in ON_REQUEST_KINDS else BASIS.get(item.basis, "open").lower()
        counts[words] = counts.get(words, 0) + 1
    dates = sum(item.due_on is not None for item in items)
    dated = f"{plural(dates, 'due date')}." if dates else "No due dates are given."
    counted = joined([f"{count:,} {words}" for words, count in counts.items()])
    return f"**{counted}.** {dated}" if counted else "Nothing that somebody in particular has to act on."


def _parts(item: Opened, now: datetime, *, about: str, dates: bool) -> list[CitedText]:
    """Return the texts of an open item, each with its facts: what it is about, who has to act, and by when.

    `about` is the escaped name of the record in the title of the list. The texts do not repeat it. If `dates` is True,
    another item of the list has a due date, and an item without a due date says that it has none.
    """
    record, names = item.record, item.names
    concerns = [
        fact for fact in record.state.facts("about") if escaped(_words("about", fact.value, names), 100) != about
    ]
    act = acts(record.state.text("basis"), record.state.text("item_kind"))

    def of(name: str, facts_: Sequence[Fact[Value]]) -> str:
        return _some([_words(name, fact.value, names) for fact in facts_])

    parts = of_each_day(concerns, lambda of_day: f"about {of('about', of_day)}")
    parts += of_each_day(record.state.facts("who"), lambda of_day: f"{of('who', of_day)} {act}") or [
        cited("who must act is not in the record", record.state.fact("state"))
    ]
    due = record.state.fact("due")
    if due is not None and due.value is not None:
        parts.append(cited(f"due {_words('due', due.value, names)}", due))
        if cards.is_overdue(item, now):
            parts.append(CitedText("this day has passed, and no source here reports what happened"))
    elif due is not None or dates:
        parts.append(cited(NO_DUE_DATE, due))
    return parts


def _words(name: str, value: Value, names: Names) -> str:
    """Return the value of a pending item's field `name` in words. `names` are the names of records by slug."""
    return get_field("pending", name).type.in_full(value, names)


def _some(words: Sequence[str]) -> str:
    """Join the first two words, and count the others: "India, Japan and 3 more"."""
    return joined(words) if len(words) <= 2 else f"{', '.join(words[:2])} and {len(words) - 2:,} more"


def _item(
    item: Opened, number: int, parts: Sequence[CitedText], sources: Mapping[int, Source], stated: FactDate | None
) -> list[str]:
    """Return the lines of one item: its numbered name, its texts (`parts`), and small print.

    `stated` is the day if all items of the page have one day and source. The last line of the page states both, and the
    item states neither. If `stated` is None, the item shows its source in small print or, if its texts have several
    sources, each source in brackets behind its text. If `sources` is empty, no source is shown and the item is clipped.
    """
    if stated is not None:
        words, source = cited_line(parts, stated=stated, limit=_PART), ""
    elif shared_source(parts) is not None:
        words = cited_line(parts, reported=_has_due_date(parts), limit=_PART)
        source = source_words([fact for part in parts for fact in part.facts], sources)
    else:
        runs = [(run, source_words([f for part in run for f in part.facts], sources)) for run in _by_source(parts)]
        clauses = [(cited_line(run, reported=_has_due_date(run), limit=_PART), named) for run, named in runs]
        words, source = "; ".join(f"{clause} ({named})" if named else clause for clause, named in clauses), ""
    looked = escaped(facts.looked(item.record), 160)
    small_print = "; ".join(filter(None, [source, looked]))
    heading = f"**{number:,}. {escaped(item.record.name, 100)}**"
    words = words if sources else clip(words, _UNSOURCED)
    return [heading, sentence(words), *([f"-# {sentence(small_print)}"] if small_print else [])]


def _has_due_date(parts: Sequence[CitedText]) -> bool:
    """Return whether one of the texts states a due date. The day of the report is then marked as "reported"."""
    return any(isinstance(fact.value, Due) for part in parts for fact in part.facts)


def _by_source(parts: Iterable[CitedText]) -> Iterator[list[CitedText]]:
    """Yield groups of neighbouring texts with the same day and the same sources."""
    for _, together in by_day(parts):
        for _, run in groupby(together, key=lambda part: {fact.source for fact in part.facts}):
            yield list(run)
