"""An answer as people read it: a few lines of facts, each with its own day and source. Pure."""

# pyright: standard
# Not strict until the next issues rebuild it.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from discord import ui

from bot.ask.finding import Finding
from bot.ask.reading import Reading
from bot.ledger.kinds import kind_of
from bot.ui import cards, theme
from bot.ui.answers._beside import about_whom, asked_back, asked_time, beyond, partly
from bot.ui.answers._lines import LINES, OPTIONS, Line, cut, lines_of, main_record, records_of, sources_behind, written
from bot.ui.answers._texts import people_of
from bot.ui.cited import shared_day, shared_source, source_line
from bot.ui.ids import custom_id
from bot.ui.layout import TEXT_LIMIT, button, card
from bot.ui.text import clip, escaped
from data.records import Fact, Kind, Opened

__all__ = ["answer", "beside", "draw", "heading", "sources"]

_QUESTION = 250  # Characters of a question that its heading quotes.
_ROOM = TEXT_LIMIT - 100  # Our own last line.


def draw(question: str, found: Finding, *, now: datetime) -> str:
    """Write the words of an answer: the question, at most seven lines, and quiet ones below them."""
    lines = lines_of(found, now)
    said = ""
    for most in range(min(len(lines), LINES), -1, -1):
        said = _drawn(question, found, cut(lines, most), len(lines) - most)
        if len(said) <= _ROOM:
            break  # Long texts with long addresses do not fit a message seven times.
    return clip(said, _ROOM)


def _drawn(question: str, found: Finding, body: Sequence[Line], more: int) -> str:
    sources_ = sources_behind(found)
    parts = [part for one in body for part in one.parts]
    one_source = shared_day(parts) is not None and shared_source(parts) is not None
    told = [*written(body, sources_, one_source=one_source), *asked_back(found)]
    source = clip(source_line(parts, sources_), 500) if one_source else ""
    if source and found.reading.has("aspects", "source") and found.sources_of is None:
        told.insert(0, f"**{source.removeprefix('-# ')}**")  # It is what was asked for.
        source = ""
    rows = any(one.row and one.parts for one in body) and not one_source and any(part.facts for part in parts)
    quiet = [
        f"-# and {more:,} more; *Sources* has them" if more else "",
        *beyond(found),
        *about_whom(found),
        *asked_time(found),
        *partly(found),
        source or ("-# *Sources* has the source of each" if rows else ""),
    ]
    # After a list a blank line: some clients take the next one for a part of its last point.
    apart = [""] if any(text.startswith("- ") for text in told) and any(quiet) else []
    return "\n".join([heading(question, found.reading, found.unknown), *told, *apart, *filter(None, quiet)])


def answer(
    found: Finding,
    said: str,
    *,
    key: str,
    chosen: str = "",
    guild_id: int | None = None,
    shared: bool = False,
    sharable: bool = True,
    note: str = "",
) -> ui.LayoutView:
    """Lay out the answer to a question. `key` and `chosen` are what its buttons carry, `note` is our own last line.

    A shared answer stands in a channel for everyone; nor is one `sharable` twice.
    """
    main = main_record(found)
    waits = main is not None and (main.record.open or any(link.open and not link.outward for link in main.links))
    return card(
        [f"{said}\n{note}" if note else said],
        buttons=_buttons(found, key, chosen, guild_id, shared=shared, sharable=sharable),
        selects=_selects(found, guild_id),
        accent=theme.OPEN if waits else theme.PLAIN,
    )


def beside(found: Finding) -> list[str]:
    """Return the slugs of the records that an answer only names, so that its sources can show whose names they are."""
    listed = found.listed
    slugs = [row.slug for row in [*(listed.rows if listed else ()), *found.options, *found.close]]
    slugs += [slug for slug, _ in ((*listed.linked, *listed.without) if listed else ())]
    slugs += [link.slug for one in records_of(found) if one.record.kind == "participant" for link in people_of(one)]
    known = {one.record.slug for one in records_of(found) if one not in found.around}
    return [slug for slug in dict.fromkeys(slugs) if slug not in known]


def sources(
    found: Finding,
    named_: Sequence[Opened],
    page: int,
    *,
    key: str,
    chosen: str,
    now: datetime,
    guild_id: int | None = None,
) -> ui.LayoutView:
    """Render a page of the facts that an answer states, each with its day and source, then of the names in it.

    `named_` are the records that it only names.
    """
    records = [*records_of(found), *named_]
    index: dict[int, tuple[Opened, str, Fact]] = {}
    for one in records:
        for name, fact in cards.facts_of(one):
            index.setdefault(fact.update, (one, name, fact))
    for told in [*found.told, *([found.later] if found.later else [])]:
        for name, fact in told.facts:  # A stage that was left behind is in the record's history alone.
            index.setdefault(fact.update, (told.opened, name, fact))
    for changed in found.changed:
        index |= {update.id: (changed.opened, update.field, update.fact) for update in changed.updates}
    updates = [fact.update for one in lines_of(found, now) for part in one.parts for fact in part.facts]
    updates += [fact.update for _, fact in found.later.facts] if found.later else []
    if found.sources_of is not None:
        updates += [fact.update for _, fact in cards.facts_of(found.sources_of)]
    stated = [index[id_] for id_ in dict.fromkeys(updates) if id_ in index]
    order = {one.record.slug: place for place, (one, _, _) in reversed(list(enumerate(stated)))}
    stated.sort(key=lambda entry: order[entry[0].record.slug])
    of_names = [*(one for one in records_of(found) if one not in found.around), *named_]
    names = [
        (one, field, fact)
        for one in {one.record.slug: one for one in [*of_names, *(one for one, _, _ in stated)]}.values()
        for field in (
            "name",
            *_KINDS.get(one.record.kind, ()),
            *(kind_of(one.record.kind).status if one in named_ else ()),
        )
        for fact in one.record.state.facts(field)
        if fact.update not in updates
    ]
    return cards.sources_page(
        "Sources of the answer",
        [*stated, *names],
        page,
        id_for=lambda n: custom_id("ask.sources", key, chosen, n, guild_id=guild_id),
        named=True,
        guild_id=guild_id,
    )


_KINDS: Mapping[Kind, tuple[str, ...]] = {
    "participant": ("type", "org_type"),
    "place": ("place_type",),
    "document": ("doc_type",),
    "statement": ("form",),
}
"""Fields without news value whose words stand beside a name."""


def heading(question: str, reading: Reading, unknown: Sequence[int]) -> str:
    """Return the question as it was typed, escaped; the words that the record does not know are underlined."""
    chunks = {reading.tokens[place].chunk for place in unknown}
    words = [
        f"__{escaped(raw, 60)}__" if i in chunks else escaped(raw, 60) for i, raw in enumerate(question.split()[:80])
    ]
    text = ""
    for word in words:
        if len(text) + len(word) + 1 > _QUESTION:
            return f"## “{text} …”"
        text = f"{text} {word}".lstrip()
    return f"## “{text}”"


def _selects(found: Finding, guild_id: int | None) -> list[ui.Select]:
    told = list({one.opened.record.slug: one.opened.record for one in found.told}.values())
    chosen: list[tuple[str, Sequence[Any]]] = [
        ("Open one of them", found.listed.rows if found.listed is not None else ()),
        ("Open a statement", [one.record for one in found.statements] if len(found.statements) > 1 else ()),
        ("Open a similar record", () if found.options else found.close),
        ("Open one of them", told if len(told) > 1 else ()),
    ]
    return [cards.record_menu(label, rows[:25], guild_id) for label, rows in chosen if rows][:1]


def _buttons(
    found: Finding, key: str, chosen: str, guild_id: int | None, *, shared: bool, sharable: bool
) -> list[ui.Button]:
    def to(label: str, name: str, *arguments: str) -> ui.Button:
        return button(label, custom_id(name, *arguments, guild_id=guild_id))

    buttons = []
    main = main_record(found)
    if found.options:
        buttons += [to(cards.short(row.name), "ask.which", key, row.slug) for row in found.options[:OPTIONS]]
    elif found.answered or main is not None:
        sources_ = to("Sources", "ask.sources", key, chosen)
        if main is None:
            buttons.append(sources_)
        else:
            name, slug = cards.short(main.record.name), main.record.slug
            buttons += [to(f"Open {name}", "record.open", slug), sources_, to(f"Follow {name}", "follow.add", slug)]
        if sharable and not shared and guild_id is None:
            buttons.append(to("Share", "ask.share", key, chosen))
    if not shared:
        buttons.append(to("Not what I asked", "ask.missed", key))
    return buttons
