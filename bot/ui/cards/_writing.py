"""Renders the text of a card: as many lines as fit a phone's screen, each with its own day."""

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

_CONTENT_LINES = 8  # Lines of a card, its heading among them, so that it fits a phone's screen.
_PHONE_WIDTH = 36  # Characters of a line of a card at 390 px.
_PHONE_LINES = 17  # So many of these for all lines below the lead.
_LINE = 240  # Characters of one text in a line.


def written(d: CardDraft, room: int) -> str:
    """Render a card in `room` characters: heading, lead, the lines of the highest ranks, and the labels of the rest."""
    fitting = _fitting(d)
    shown = [*d.lead, *d.lines[:fitting]]
    left_out = d.lines[fitting:]
    parts = [part for one in shown for part in one.parts]
    # The lead states a day that all lines share. A lead without facts has no day, so each line states its own.
    stated = shared_day(parts) if any(part.facts for part in d.lead[0].parts) else None
    lead = [_line(one, stated, lead=index == 0) for index, one in enumerate(d.lead)]
    body = [_line(one, stated) for one in shown[len(d.lead) :]]
    quiet = _quiet(d, parts, tuple(fact for one in shown for fact in one.links), stated, left_out)
    head = f"## {escaped(d.record.name, 100)}"
    text = "\n\n".join(filter(None, ["\n".join([head, *lead]), "\n".join(body), "\n".join(quiet)]))
    return clip(text, room)


def _fitting(d: CardDraft) -> int:
    """Return how many lines, by rank, fit a phone's screen below the heading and the lead."""
    room = _PHONE_LINES
    for count, one in enumerate(d.lines[: _CONTENT_LINES - 1 - len(d.lead)]):
        room -= math.ceil(len(_line(one, None)) / _PHONE_WIDTH)
        if room < 0:
            return count
    return min(len(d.lines), _CONTENT_LINES - 1 - len(d.lead))


def _line(one: CardLine, stated: FactDate | None, *, lead: bool = False) -> str:
    words = line(
        one.parts,
        stated=None if lead else stated,
        listed=one.listed,
        reported=one.reported or lead,
        bold=lead,
        limit=_LINE,
    )
    if one.label or lead:
        return clip(f"**{one.label}:** {words}" if one.label else words, 2 * _LINE)
    return words if words.endswith(("…", "!", "?", ".")) else f"{words}."


def _quiet(
    d: CardDraft,
    parts: Sequence[CitedText],
    links: tuple[Fact[object], ...],
    stated: FactDate | None,
    left_out: Sequence[CardLine],
) -> list[str]:
    """Return the lines of small print: missing facts, what *All facts* adds, the record's freshness, and the source."""
    all_of_it = [*parts, CitedText("", links)]
    source = source_line(all_of_it, d.opened.sources) if shared_day(all_of_it) is not None else ""
    more = joined([escaped(one.label or "In short", 40).lower() for one in left_out])
    elsewhere = f"-# More under *All facts*: {more}" if more else ""
    if not source and any(part.facts for part in parts):
        elsewhere = f"-# *All facts* has each source{f'; more: {more}' if more else ''}"
    return list(filter(None, [facts.not_stated(d.record), elsewhere, _freshness(d, stated), source]))


def _freshness(d: CardDraft, stated: FactDate | None) -> str:
    """Return when somebody last looked or, where the facts are of several days, the newest of them; else ""."""
    looked = d.record.state.fact("checked")
    newest = _newest(d)
    if looked is not None and (newest is None or (looked.date.day or date.min) >= (newest[1].date.day or date.min)):
        return f"-# Last looked at {escaped(dates.on_date(looked.date, weekday=False), 120)}: nothing new"
    if newest is None or stated is not None or not kind_of(d.record.kind).with_history:
        return ""
    name, fact = newest
    field = get_field(d.record.kind, name)
    words = f"{field.label.lower()}, {clip(field.type.words(fact.value, d.names), 100)}"
    return f"-# Newest fact: {escaped(words, 160)}, {facts.dated(fact.date)}; no check recorded since"


def _newest(d: CardDraft) -> tuple[str, Fact[Value]] | None:
    """Return the newest fact with news value and the name of its field; None without one."""
    found = [
        (name, fact)
        for name, of_field in d.record.state.fields.items()
        for fact in of_field
        if name not in ("checked", "summary")
        and fact.value != "none"
        and (field := find_field(d.record.kind, name))
        and field.reports
        and fact.date.day
    ]
    return max(found, key=lambda pair: (pair[1].date.day or date.min, pair[1].update), default=None)
