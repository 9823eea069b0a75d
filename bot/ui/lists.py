"""Lists of records: rows of a kind, what a search found, what is still open. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from discord import ui

from bot.ledger.fields import BASIS, KIND_WORDS, ON_REQUEST_KINDS
from bot.ui import cards, facts, pages, theme
from bot.ui.highlight import Looked, around, marked
from bot.ui.ids import custom_id
from bot.ui.layout import button, card
from bot.ui.text import clip, escaped, joined, plural, sentence
from data.records import Fact, Opened, Row, Source, Waiting

ROWS = 8
ITEMS = 5
_FIRST = BASIS["stated"]  # The list begins with these, so they need no heading of their own.


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
    """One page of records. `key` is what the page buttons carry, `line` says in our words what was asked for.

    Participants in `mentioned` stand apart.
    """
    count = -(-total // ROWS)
    lines: list[str] = []
    for index, row in enumerate(found):
        if row.slug in mentioned and (index == 0 or found[index - 1].slug not in mentioned):
            lines.append("### Mentioned, not a party")
        lines.append(f"**{escaped(row.name, 100)}**")
        if row.headline:
            lines.append(escaped(row.headline, 160))
    below = ". ".join(filter(None, [line or plural(total, *noun), pages.place(page, count)]))
    turn = pages.turn_buttons(page, count, noun[1], lambda n: custom_id("list.page", key, n, guild_id=guild_id))
    select = cards.open_select(f"Open a {noun[0]}", found, guild_id)
    text = "\n\n".join([f"## {title}", "\n".join(lines), f"-# {below}."])
    return card([text], buttons=turn, selects=[select], accent=theme.PLAIN)


class Drawn(NamedTuple):
    """A page of a list in words: what it says, the records on it, which page it is, and of how many records.

    So many more are `hidden`, until everything is asked for.
    """

    text: str
    rows: list[Row]
    page: int
    total: int
    hidden: int = 0


def found_drawn(
    asked: str,
    filters: str,
    hits: Sequence[tuple[Row, str]],
    terms: Sequence[Looked],
    total: int,
    page: int,
    *,
    more: bool = False,
    read_as: str = "",
    left_out: bool = False,
    newest: bool = False,
) -> Drawn:
    """One page of what a search found, what it found in bold. Each row comes with the fact that holds what its name
    does not. `more`: there are more than `total`; `read_as` is what slips were corrected to; `left_out`: some words
    were not looked for."""
    lines: list[str] = []
    for row, fact in hits:
        lines.append(f"- {marked(row.name, terms, 120)} ({KIND_WORDS[row.kind][0]})")
        lines += [f"  {marked(row.headline, terms, 140)}"] if row.headline else []
        lines += [f"  {around(fact, terms, 140)}"] if fact else []
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
    return Drawn(text, [row for row, _ in hits], page, total)


def found(drawn: Drawn, *, key: str, guild_id: int | None = None) -> ui.LayoutView:
    """What `found_drawn` drew, with what opens its records and turns its pages."""
    count = -(-drawn.total // ROWS)
    turn = pages.turn_buttons(drawn.page, count, "records", lambda n: custom_id("list.page", key, n, guild_id=guild_id))
    select = cards.open_select("Open a record", drawn.rows, guild_id)
    return card([drawn.text], buttons=turn, selects=[select], accent=theme.PLAIN)


def nothing_found(asked: str, filters: str, close: Sequence[str], command: str, read_as: str = "") -> ui.LayoutView:
    """What a search says that found nothing: with what filters, and which names are close."""
    held = "No record holds all of these words" if read_as else "No record is there"
    fits = f" with {filters}" if filters else ""
    names = f" Close to it: {joined([escaped(name, 100) for name in close])}." if close else ""
    fewer = "Try fewer" if read_as else "Leave a filter out"
    return empty(_found_title(asked), f"{held}{fits}.{names} {fewer}; {command} also completes names.")


def _found_title(asked: str) -> str:
    return f"Found for “{escaped(asked, 80)}”" if asked else "Found"


def empty(title: str, text: str) -> ui.LayoutView:
    """A list with nothing in it: what is missing, and who can do what about it."""
    return card([f"## {title}\n{text}"], accent=theme.PLAIN)


def pending_drawn(
    waiting: Sequence[Waiting],
    items: Sequence[Opened],
    page: int,
    *,
    now: datetime,
    about: str = "",
    everything: bool = False,
) -> Drawn:
    """One page of what is still open. `waiting` is all of it, `items` the records of this page in the same order."""
    asked = [one for one in waiting if everything or one.item_kind not in ON_REQUEST_KINDS]
    others = [one for one in waiting if one.item_kind in ON_REQUEST_KINDS] if not everything else []
    count = -(-len(asked) // ITEMS)
    place = {one.slug: index for index, one in enumerate(asked, 1)}
    by_slug = {one.slug: one for one in asked}
    newest = {item.record.state.newest for item in items}
    shown: list[Fact] = []
    sources: dict[int, Source] = {}
    lines: list[str] = []
    section = ""
    for item in items:
        here = _section(by_slug[item.record.slug])
        if here != section and not (here == _FIRST and not section):
            lines.append(f"### {here}")
        lines += _item(item, place[item.record.slug], now, alone=len(newest) > 1, titled=here != _FIRST)
        section = here
        shown += [fact for name in ("name", "who", "due", "basis", "summary") for fact in item.record.facts(name)]
        sources |= item.sources
    below = []
    if len(newest) == 1:
        words = cards.reported(newest.pop())
        below.append(words[0].upper() + words[1:] + ".")
    below.append(facts.source_line(sources, shown).removeprefix("-# "))
    quiet = [f"-# {' '.join(filter(None, below))}"] if any(below) else []
    if others:
        named = facts.some([escaped(one.name, 80) for one in others], 4)
        quiet.append(f"-# Not listed, because nobody in particular has to act: {named}.")
    if count > 1:
        quiet.append(f"-# {pages.place(page, count)}.")
    title = "## What is still open" + (f" about {escaped(about, 100)}" if about else "")
    rows_ = [Row("pending", item.record.slug, item.record.name, item.record.headline, None) for item in items]
    parts = [title + "\n" + _counts(asked), "\n".join(lines), "\n".join(quiet)]
    return Drawn("\n\n".join(filter(None, parts)), rows_, page, len(asked), len(others))


def pending(drawn: Drawn, *, key: str, everything_key: str = "", guild_id: int | None = None) -> ui.LayoutView:
    """What `pending_drawn` drew, with what opens its items, turns its pages and shows what it leaves out."""
    count = -(-drawn.total // ITEMS)
    turn = pages.turn_buttons(
        drawn.page, count, "open items", lambda n: custom_id("list.page", key, n, guild_id=guild_id)
    )
    if drawn.hidden and everything_key:
        label = f"Show the other {drawn.hidden:,}" if drawn.hidden > 1 else "Show the other one"
        turn.append(button(label, custom_id("list.page", everything_key, 0, guild_id=guild_id)))
    return card(
        [drawn.text],
        buttons=turn,
        selects=[cards.open_select("Open an item", drawn.rows, guild_id)] if drawn.rows else [],
        accent=theme.OPEN,
    )


def _section(one: Waiting) -> str:
    if one.item_kind in ON_REQUEST_KINDS:
        return "To watch"
    if one.due_on:
        return "With a due date"
    return BASIS.get(one.basis, "Without a due date")


def _counts(asked: Sequence[Waiting]) -> str:
    """ "1 stated as pending, 1 left open", and whether there are due dates."""
    named: dict[str, int] = {}
    for one in asked:
        words = "to watch" if one.item_kind in ON_REQUEST_KINDS else BASIS.get(one.basis, "open").lower()
        named[words] = named.get(words, 0) + 1
    dates = sum(one.due_on is not None for one in asked)
    told = f"{plural(dates, 'due date')}." if dates else "No due dates are given."
    counts = joined([f"{count:,} {words}" for words, count in named.items()])
    return f"**{counts}.** {told}" if counts else "Nothing that somebody in particular has to act on."


def _item(item: Opened, number: int, now: datetime, *, alone: bool, titled: bool) -> list[str]:
    record = item.record
    lines = [f"**{number:,}. {escaped(record.name, 100)}**"]
    who = [f"**{facts.value('pending', 'who', fact, item.names, 70)}**" for fact in record.facts("who")]
    act = f"{facts.some(who, 2)} {facts.act(record.value('basis'))}" if who else "Who must act is not in the record"
    lines.append(f"{act}; due {cards.due_words(item, now)}." if record.value("due") else f"{act}.")
    summary = record.fact("summary")
    if summary:
        lines.append(facts.value("pending", "summary", summary, item.names, 200))
    basis = "" if titled else BASIS.get(record.value("basis") or "", "")
    place = facts.locators(dict.fromkeys(fact.locator for fact in record.facts("state")))
    when_ = cards.reported(record.state.newest, "last reported") if alone else ""
    foot = " · ".join(filter(None, [basis, when_, clip(place, 80), cards.checked(item)]))
    if foot:
        lines.append(f"-# {sentence(foot)}")
    return lines
