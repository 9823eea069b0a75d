"""Renders pages that list facts. Each fact has its value, date, source and locator in the source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from itertools import groupby

from discord import ui

from bot.ledger.kinds import fields_of, get_field
from bot.ui import corrections, facts, pages, sources, theme
from bot.ui.ids import custom_id
from bot.ui.layout import Button, button, card
from bot.ui.text import clip, escaped, sentence
from data.records import Fact, Opened, Value


def all_facts(
    opened: Opened, page: int, *, by_source: bool = False, guild_id: int | None = None, editor: bool = False
) -> ui.LayoutView:
    """Render one page of the list of all facts of a record. `page` counts from 0.

    The facts are in the order of their fields. If `by_source` is True, they are grouped by source instead, and the
    source with the newest fact comes first. If there are several sources, a button changes the order. If `editor` is
    True, a menu offers to correct or withdraw the facts of the page.
    """
    slug, order = opened.record.slug, (_BY_SOURCE,) if by_source else ()
    shown = [(opened, name, fact) for name, fact in facts_of(opened)]
    if by_source:
        newest: dict[int, date] = {}
        for *_, fact in shown:
            newest[fact.source] = max(newest.get(fact.source, date.min), fact.date.day or date.min)
        shown.sort(key=lambda entry: (newest[entry[2].source], entry[2].source), reverse=True)
    other_order = () if by_source else (_BY_SOURCE,)
    reorder = button(
        "By field" if by_source else "By source", custom_id("record.sources", slug, 0, *other_order, guild_id=guild_id)
    )
    return sources_page(
        f"All facts of {escaped(opened.record.name, 100)}",
        shown,
        page,
        id_for=lambda n: custom_id("record.sources", slug, n, *order, guild_id=guild_id),
        noun="facts",
        by_source=by_source,
        buttons=[reorder] if len({fact.source for *_, fact in shown}) > 1 else [],
        editor=editor,
        guild_id=guild_id,
    )


_BY_SOURCE = "s"  # The argument of the custom id for the order by source.


def facts_of(opened: Opened) -> list[tuple[str, Fact[Value]]]:
    """Return every fact of a record, each with the name of its field.

    The facts are in the order of the kind's fields, except that fields without news value come last.
    """
    fields = sorted(fields_of(opened.record.kind), key=lambda field: not field.reports)
    return [(field.name, fact) for field in fields for fact in opened.record.state.facts(field.name)]


def sources_page(
    title: str,
    shown: Sequence[tuple[Opened, str, Fact[Value]]],
    page: int,
    *,
    id_for: Callable[[int], str],
    noun: str = "sources",
    by_source: bool = False,
    named: bool = False,
    buttons: Sequence[Button] = (),
    editor: bool = False,
    guild_id: int | None = None,
) -> ui.LayoutView:
    """Render one page of a list of facts. `shown` has all facts of the list, as (record, field name, fact).

    The sources are described below the facts. If `by_source` is True, each source is a heading above its facts instead,
    and `shown` must be sorted by source. If `named` is True, each record's name is a heading above its facts. A menu
    opens one of the sources of the page. If `editor` is True, a second menu offers to correct or withdraw its facts.

    `page` counts from 0. `id_for` returns the custom id of the button to a page, and `noun` is the last word on such a
    button, as in "More facts". `buttons` are further buttons. Give `guild_id` for a direct message.
    """
    numbers = {id_: n for n, id_ in enumerate(dict.fromkeys(fact.source for _, _, fact in shown), 1)}
    legends = {fact.source: _legend(opened, fact.source, numbers[fact.source]) for opened, _, fact in shown}
    if by_source:
        titles = [f"### {legends[fact.source]}" for *_, fact in shown]
        entries = [_sourced(opened, name, fact, None) for opened, name, fact in shown]
    else:
        titles = [f"### {escaped(opened.record.name, 80)}" if named else "" for opened, _, _ in shown]
        entries = [_sourced(opened, name, fact, numbers[fact.source]) for opened, name, fact in shown]
    # The size of each entry includes its heading and the description of its source, even if entries share them.
    layout = pages.pack(
        [
            len(title) + len(entry) + len(legends[fact.source])
            for title, entry, (*_, fact) in zip(titles, entries, shown, strict=True)
        ]
    )
    page = pages.clamped(page, len(layout))
    here = layout[page]
    where = pages.page_label(page, len(layout))
    texts = [
        f"## {title}",
        "\n".join(
            "\n".join(filter(None, [heading, *(entries[i] for i in indexes)]))
            for heading, indexes in groupby(here, key=titles.__getitem__)
        ),
        "" if by_source else "\n".join(legends[id_] for id_ in dict.fromkeys(shown[i][2].source for i in here)),
        f"-# {where}" if where else "",
    ]
    turn = pages.turn_buttons(page, len(layout), noun, id_for)
    choosable = [
        corrections.Choosable(opened.record.kind, name, fact, opened.names)
        for opened, name, fact in (shown[i] for i in here)
    ]
    known = {id_: source for opened, _, _ in shown for id_, source in opened.sources.items()}
    cited = dict.fromkeys(shown[i][2].source for i in here)
    selects = [
        *sources.menu({numbers[id_]: known[id_] for id_ in cited if id_ in known}, guild_id),
        *(corrections.menu(choosable, guild_id) if editor else []),
    ]
    return card(["\n\n".join(filter(None, texts))], selects=selects, buttons=[*turn, *buttons], accent=theme.PLAIN)


def _sourced(opened: Opened, name: str, fact: Fact[Value], number: int | None) -> str:
    """Render one fact with its date, source and locator. `number` is the source's number, or None to leave it out."""
    kind = opened.record.kind
    words = facts.value(kind, name, fact, opened.names, 300)
    place = clip(facts.locators([fact.locator]), 150)
    where = ", ".join(filter(None, [f"source {number}" if number else "", place]))
    day = sentence(facts.dated(fact.date))
    return f"**{get_field(kind, name).label}:** {words}\n-# {f'{day}; {where}' if where else day}"


def _legend(opened: Opened, source_id: int, number: int) -> str:
    """Render the number of a source and its whole description."""
    source = opened.sources.get(source_id)
    if source is None:
        return f"**Source {number}:** not on file any more"
    return f"**Source {number}:** {facts.described(source)}"
