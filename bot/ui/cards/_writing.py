"""Renders the text of a card: as many lines as fit the screen of a phone, and the small print below these lines."""

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
_PHONE_LINES = 17  # Rows of _PHONE_WIDTH characters. The lines below the lead may take so many together.
_LINE = 240  # Characters of one text at most. A line with a label has at most twice as many.


def written(draft: CardDraft, room: int) -> str:
    """Render a card as Markdown of at most `room` characters.

    The text has the heading, the lead, the most important other lines, and the small print.
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
    """Return how many of the lines below the lead fit the screen of a phone."""
    most = _CONTENT_LINES - 1 - len(draft.lead)
    rows = _PHONE_LINES
    for count, card_line in enumerate(draft.lines[:most]):
        rows -= math.ceil(len(_line(card_line, None)) / _PHONE_WIDTH)
        if rows < 0:
            return count
    return min(len(draft.lines), most)


def _line(card_line: CardLine, stated: FactDate | None, *, lead: bool = False) -> str:
    """Render one line of a card: "**Value:** $3 billion, 3 May 2024". A full stop ends a line that has no label.

    `stated` is a date that the lead states for all lines, so this line leaves it out. Use `lead` for the first line of
    the lead. Its first text is bold, it has no full stop, and it shows its own date.
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
    """Return the lines of small print below a card.

    They say:

    - which facts the record lacks
    - which further facts *All facts* lists
    - how recent the record is
    - which source the card rests on, if all facts of the card have one source and one date

    `parts` are the texts of the card, and `links` the facts that link the records on it. `stated` is the date that the
    lead states for all lines, or None. `left_out` are the lines that did not fit.
    """
    cited_parts = [*parts, CitedText("", links)]
    source = source_line(cited_parts, draft.opened.sources) if shared_day(cited_parts) is not None else ""
    more = joined([escaped(card_line.label or "In short", 40).lower() for card_line in left_out])
    elsewhere = f"-# More under *All facts*: {more}" if more else ""
    if not source and any(part.facts for part in parts):
        elsewhere = f"-# *All facts* has each source{f'; more: {more}' if more else ''}"
    return list(filter(None, [facts.not_stated(draft.record), elsewhere, _freshness(draft, stated), source]))


def _freshness(draft: CardDraft, stated: FactDate | None) -> str:
    """Return a line that says how recent a record is.

    If an editor checked the record on the day of its newest fact or later, the line says when. Otherwise the line
    names the newest fact. Return "" in place of the newest fact in these cases:

    - No dated fact has news value.
    - The kind of the record has no history.
    - `stated` is not None: the lead already states one date for all lines.
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
    """Return the newest dated fact with news value, as (field name, fact). Return None if there is none."""
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
