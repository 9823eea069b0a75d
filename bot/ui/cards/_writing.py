"""Renders the text of a card: as many of its lines as fit a phone's screen, and the small print below them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

from bot import dates
from bot.ledger.kinds import find_field, get_field, kind_of
from bot.ui import facts
from bot.ui.cards._draft import CardDraft, CardLine
from bot.ui.cited import line, shared_day, source_line
from bot.ui.text import clip, escaped, joined
from data.records import CitedText, Fact, FactDate, Value

_CONTENT_LINES = 8  # A card has this many lines at most: its heading, the lead and the lines below it.
_PHONE_WIDTH = 36  # Characters that fit the width of a phone's screen (390 px).
_PHONE_LINES = 17  # Rows of that width which the lines below the lead may take together.
_LINE = 240  # Characters of one text at most; a labelled line has twice as many at most.


def written(draft: CardDraft, room: int) -> str:
    """Render a card as Markdown of at most `room` characters.

    Below the heading are the lead, the most important lines and the small print.
    """
    fitting = _fitting(draft)
    shown = [*draft.lead, *draft.lines[:fitting]]
    left_out = draft.lines[fitting:]
    parts = [part for card_line in shown for part in card_line.parts]
    # When all lines share a date, only the lead states it. A lead without facts has no date to state.
    stated = shared_day(parts) if any(part.facts for part in draft.lead[0].parts) else None
    lead = [_line(card_line, stated, lead=index == 0) for index, card_line in enumerate(draft.lead)]
    body = [_line(card_line, stated) for card_line in shown[len(draft.lead) :]]
    links = tuple(fact for card_line in shown for fact in card_line.links)
    small_print = _small_print(draft, parts, links, stated, left_out)
    head = f"## {escaped(draft.record.name, 100)}"
    text = "\n\n".join(filter(None, ["\n".join([head, *lead]), "\n".join(body), "\n".join(small_print)]))
    return clip(text, room)


def _fitting(draft: CardDraft) -> int:
    """Return how many of the lines below the lead fit a phone's screen."""
    most = _CONTENT_LINES - 1 - len(draft.lead)
    rows = _PHONE_LINES
    for count, card_line in enumerate(draft.lines[:most]):
        rows -= math.ceil(len(_line(card_line, None)) / _PHONE_WIDTH)
        if rows < 0:
            return count
    return min(len(draft.lines), most)


def _line(card_line: CardLine, stated: FactDate | None, *, lead: bool = False) -> str:
    """Render a line with its label. A line without one, such as *In short*, ends like a sentence.

    `stated` is a date that the line need not repeat. `lead` is true for the first line of the lead.
    """
    words = line(
        card_line.parts,
        stated=None if lead else stated,
        listed=card_line.listed,
        reported=card_line.reported or lead,
        bold=lead,
        limit=_LINE,
    )
    if card_line.label or lead:
        return clip(f"**{card_line.label}:** {words}" if card_line.label else words, 2 * _LINE)
    return words if words.endswith(("…", "!", "?", ".")) else f"{words}."


def _small_print(
    draft: CardDraft,
    parts: Sequence[CitedText],
    links: tuple[Fact[object], ...],
    stated: FactDate | None,
    left_out: Sequence[CardLine],
) -> list[str]:
    """Return the lines of small print: what is not stated, what *All facts* adds, freshness, and the one source.

    `parts` and `links` are the texts and the linking facts of the card, `stated` the date that its lead states for all
    lines. `left_out` are the lines that did not fit.
    """
    cited_parts = [*parts, CitedText("", links)]
    source = source_line(cited_parts, draft.opened.sources) if shared_day(cited_parts) is not None else ""
    more = joined([escaped(card_line.label or "In short", 40).lower() for card_line in left_out])
    elsewhere = f"-# More under *All facts*: {more}" if more else ""
    if not source and any(part.facts for part in parts):
        elsewhere = f"-# *All facts* has each source{f'; more: {more}' if more else ''}"
    return list(filter(None, [facts.not_stated(draft.record), elsewhere, _freshness(draft, stated), source]))


def _freshness(draft: CardDraft, stated: FactDate | None) -> str:
    """Return when an editor last checked the record without finding news, or else its newest fact.

    The newest fact is named only for kinds with a history, and only when the lines have different dates (`stated` is
    None). Return "" when there is neither.
    """
    checked = draft.record.state.fact("checked")
    newest = _newest(draft)
    if checked is not None and (newest is None or (checked.date.day or date.min) >= (newest[1].date.day or date.min)):
        return f"-# Last looked at {escaped(dates.on_date(checked.date, weekday=False), 120)}: nothing new"
    if newest is None or stated is not None or not kind_of(draft.record.kind).with_history:
        return ""
    name, fact = newest
    field = get_field(draft.record.kind, name)
    words = f"{field.label.lower()}, {clip(field.type.words(fact.value, draft.names), 100)}"
    return f"-# Newest fact: {escaped(words, 160)}, {facts.dated(fact.date)}; no check recorded since"


def _newest(draft: CardDraft) -> tuple[str, Fact[Value]] | None:
    """Return the newest dated fact that reports something, with the name of its field; None without one."""
    dated = [
        (name, fact)
        for name, of_field in draft.record.state.fields.items()
        for fact in of_field
        if name not in ("checked", "summary")
        and fact.value != "none"
        and (field := find_field(draft.record.kind, name))
        and field.reports
        and fact.date.day
    ]
    return max(dated, key=lambda pair: (pair[1].date.day or date.min, pair[1].update), default=None)
