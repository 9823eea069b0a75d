"""Renders pages with the facts of a source, and the forms in which editors describe a source or mark it as false."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

import discord
from discord import ui

from bot import dates
from bot.ledger.kinds import get_field
from bot.ledger.source_lines import (
    DAY_LIMIT,
    LANGUAGE_LIMIT,
    PUBLISHER_LIMIT,
    TITLE_LIMIT,
    URL_LIMIT,
    host_and_day,
    label,
    site,
)
from bot.ledger.sourced import EntryDetails, FactsOfSources, SourcedFact, Withdrawal
from bot.ledger.values import Names
from bot.ledger.words import one_line
from bot.ui import facts, pages, theme
from bot.ui.choices import LIMIT, Offered
from bot.ui.ids import custom_id
from bot.ui.layout import Button, Select, button, card, finished
from bot.ui.text import clip, escaped, plural, sentence
from data.records import Source

REASON_LIMIT = 500
_MENU = 25  # Discord: options of a select.
_LISTED = 900  # Characters of each of the two lists of a preview.


# Choosing a source


def choice(source: Source) -> Offered:
    """Return a source as a choice for autocompletion.

    The value of the choice is the link of the source. If there is no link, or it is too long, the value is "#" with the
    id of the source.
    """
    id_ = f"#{source.id}"
    return Offered(label(source), "", source.url if source.url and len(source.url) <= LIMIT else id_, id_)


def menu(numbered: Mapping[int, Source], guild_id: int | None) -> list[Select]:
    """Return a list with a menu of sources. A choice opens all facts of that source. Return [] without sources.

    The keys of `numbered` are the numbers that the sources have on the page.
    """
    options = [
        discord.SelectOption(
            label=clip(f"Source {number}: {one_line(source.title)}", 100),
            value=str(source.id),
            description=clip(host_and_day(source), 100),
        )
        for number, source in list(numbered.items())[:_MENU]
    ]
    if not options:
        return []
    return [
        ui.Select(
            custom_id=custom_id("source.open", guild_id=guild_id), placeholder="All facts of a source", options=options
        )
    ]


# All facts of sources


def render(
    shown: FactsOfSources,
    title: str,
    page: int,
    *,
    key: str,
    editor: bool,
    guild_id: int | None,
    note: str = "",
) -> ui.LayoutView:
    """Render one page of the facts of one source, or of several sources, grouped by record. `page` counts from 0.

    One source is described in the heading. Several sources are described below the facts, and the heading has `title`,
    the text that the user searched for. `note` is Markdown below the heading. `key` identifies the list in the custom
    ids of the page buttons.

    If `editor` is True, each fact also says who entered it. For one source there are then buttons to describe it and to
    mark it as false.
    """
    single = shown.sources[0] if len(shown.sources) == 1 else None
    numbers = {source.id: n for n, source in enumerate(shown.sources, 1)}
    legends = {source.id: f"**Source {numbers[source.id]}:** {facts.described(source)}" for source in shown.sources}
    cited = [shown.publications[sourced.fact.source] for sourced in shown.facts]
    headings = [f"### {escaped(sourced.record, 80)}" for sourced in shown.facts]
    entries = [
        _entry(shown, sourced, None if single else numbers[id_], editor)
        for sourced, id_ in zip(shown.facts, cited, strict=True)
    ]
    layout = pages.pack(
        [
            len(heading) + len(entry) + (0 if single else len(legends[id_]))
            for heading, entry, id_ in zip(headings, entries, cited, strict=True)
        ],
        limit=pages.PAGE_TEXT - 1200 if single else pages.PAGE_TEXT,
    )
    page = pages.clamped(page, len(layout))
    here = layout[page]
    of_page = list(dict.fromkeys(cited[i] for i in here))
    records = len({sourced.slug for sourced in shown.facts})
    count = f"{plural(len(shown.facts), 'fact')} of {plural(records, 'record')}" if shown.facts else ""
    texts = [
        f"## {escaped(single.title, 150) if single else f'Facts from {escaped(title, 100)}'}",
        note,
        facts.described(single, title=False) if single else "",
        _described_by(shown, single) if single and editor else "",
        "\n".join(
            "\n".join([heading, *(entries[i] for i in indexes)])
            for heading, indexes in groupby(here, key=headings.__getitem__)
        )
        or "No fact on the record rests on it now.",
        "" if single else "\n".join(legends[id_] for id_ in of_page),
        f"-# {', '.join(filter(None, [count, pages.page_label(page, len(layout)).lower()]))}" if count else "",
    ]
    buttons = pages.turn_buttons(
        page, len(layout), "facts", lambda n: custom_id("list.page", key, n, guild_id=guild_id)
    )
    buttons += _editing(single, guild_id) if single and editor else []
    several = {} if single else {numbers[source.id]: source for source in shown.sources if source.id in of_page}
    return card(
        ["\n\n".join(filter(None, texts))],
        buttons=buttons,
        selects=menu(several, guild_id),
        accent=theme.PLAIN,
    )


def _entry(shown: FactsOfSources, sourced: SourcedFact, number: int | None, editor: bool) -> str:
    """Render one fact with its day, the `number` of its source and its locator, and for an `editor` who entered it."""
    entered = shown.entered.get(sourced.fact.update) if editor else None
    place = clip(facts.locators([sourced.fact.locator]), 150)
    where = ", ".join(filter(None, [f"source {number}" if number else "", place]))
    small = [sentence(facts.dated(sourced.fact.date)), where, _by(entered) if entered else ""]
    return f"{_stated(sourced, shown.names)}\n-# {'; '.join(filter(None, small))}"


def _stated(sourced: SourcedFact, names: Names) -> str:
    field = get_field(sourced.kind, sourced.field)
    return f"**{field.label}:** {facts.value(sourced.kind, sourced.field, sourced.fact, names, 300)}"


def _by(entered: EntryDetails) -> str:
    """Render who entered an update, and when: "entered by <@7> <t:1700000000:f>"."""
    if entered.origin == "dossier":
        who = "the dossier"
    else:
        who = f"<@{entered.user_id}>" if entered.user_id else "someone whose name was deleted"
    return f"entered by {who} {dates.timestamp(entered.entered_at)}"


def _described_by(shown: FactsOfSources, source: Source) -> str:
    """Render who last described a source, and when. Return "" if nobody has described it since it was entered."""
    described = shown.described.get(source.version)
    if described is None:
        return ""
    who = f"<@{described.user_id}>" if described.user_id else "someone whose name was deleted"
    return f"-# Described by {who} {dates.timestamp(described.entered_at)}"


def _editing(source: Source, guild_id: int | None) -> list[Button]:
    """Return two buttons for editors: one to describe a source, and one to mark it as false (or to end that mark)."""
    falsehood = (
        button("Not false after all", custom_id("source.why", source.id, "true", guild_id=guild_id))
        if source.false_because
        else button("This source is false", custom_id("source.false", source.id, guild_id=guild_id))
    )
    return [describe_button(source, guild_id), falsehood]


def describe_button(source: Source, guild_id: int | None) -> Button:
    """Return the button that opens the form in which an editor describes a source."""
    return button("Describe this source", custom_id("source.describe", source.id, guild_id=guild_id))


def warning(source: Source) -> str:
    """Render a warning that the source of a draft was marked as false. Return "" if it was not."""
    if not source.false_because:
        return ""
    return f"**Before you save:** this source was marked as false: {escaped(source.false_because, 200)}"


# Describing a source


def description_form(source: Source, guild_id: int | None) -> ui.Modal:
    """Return the form in which an editor describes a source, filled in with the present description."""
    modal = ui.Modal(
        title="Describe this source",
        custom_id=custom_id("source.described", source.id, source.version, guild_id=guild_id),
    )
    day = dates.typed_fact_date(source.published_on) if source.published_on else ""
    host = site(source.url) or "no link"
    for name, title, hint, example, value, limit in (
        ("title", "Title", f"Of the page or document ({host})", "Joint statement", source.title, TITLE_LIMIT),
        ("publisher", "Publisher", "Who published it", "Ministry of Defence", source.publisher, PUBLISHER_LIMIT),
        ("published", "Published on", "Empty if it has no date", "10 November 2023", day, DAY_LIMIT),
        (
            "archived",
            "Archived copy",
            "The link of a copy in an archive",
            "https://web.archive.org/web/2023/https://example.org/x",
            source.archived_url,
            URL_LIMIT,
        ),
        ("language", "Language", "The language it is written in", "English", source.language, LANGUAGE_LIMIT),
    ):
        text = ui.TextInput[ui.LayoutView](
            custom_id=name,
            placeholder=example,
            default=value[:limit] or None,
            required=name == "title",
            max_length=limit,
        )
        modal.add_item(ui.Label(text=title, description=clip(hint, 100), component=text))
    return finished(modal)


def refused(texts: Sequence[str], typed: Mapping[str, str], source_id: int, guild_id: int | None) -> ui.LayoutView:
    """Render what is wrong in a form about a source (`texts`). Repeat what was typed, so that nothing is lost."""
    mistakes = [f"- {escaped(text.replace(' Nothing was changed.', ''), 500)}" for text in texts]
    kept = [f"**{sentence(name)}:** {escaped(text, 500)}" for name, text in typed.items() if text.strip()]
    again = [button("Describe this source", custom_id("source.describe", source_id, guild_id=guild_id))]
    return card(
        ["## Not saved", "\n".join(mistakes), "Nothing was changed. You typed:\n" + "\n".join(kept)], buttons=again
    )


# Marking a source as false


def false_preview(plan: Withdrawal, guild_id: int | None, note: str = "") -> ui.LayoutView:
    """Render which facts would end and which would stay if a source were marked as false. `note` is in Markdown."""
    source = plan.source
    ending = [f"- {escaped(sourced.record, 60)}: {_with_day(sourced, plan.names)}" for sourced in plan.alone]
    earlier = len(plan.updates) - len(plan.alone) - len(plan.shared)
    if earlier > 0:
        ending.append(f"- {plural(earlier, 'earlier report')} in the history")
    staying = [
        f"- {escaped(sourced.record, 60)}: {_with_day(sourced, plan.names)}; also reported by "
        f"{', '.join(facts.titled(plan.others[other])) if other in plan.others else 'another source'}"
        for sourced, other in plan.shared
    ]
    staying += [f"- {escaped(sourced.record, 60)}: its name; other sources report on it" for sourced in plan.kept]
    count = plural(len(plan.updates), "update")
    withdrawn = f"All {count} from it would be withdrawn." if len(plan.updates) > 1 else ""
    texts = [
        "## Is this source false?",
        note,
        facts.described(source),
        f"**What rests on it alone and would be withdrawn:**\n{_fitting(ending)}" if ending else "",
        f"**What stays, because another source reports it too:**\n{_fitting(staying)}" if staying else "",
        f"-# Nothing is changed yet. {withdrawn} The source is then shown as false wherever it is cited; the history "
        "keeps everything.",
    ]

    def marking(text: str, how: str) -> Button:
        return button(text, custom_id("source.why", source.id, how, plan.mark, guild_id=guild_id))

    buttons = [marking(f"Mark as false and withdraw {len(plan.updates):,}", "withdraw")] if plan.updates else []
    buttons.append(marking("Mark as false only" if plan.updates else "Mark as false", "keep"))
    return card(["\n\n".join(filter(None, texts))], buttons=buttons, accent=theme.PLAIN)


def _with_day(sourced: SourcedFact, names: Names) -> str:
    return f"{clip(_stated(sourced, names), 200)}, {facts.dated(sourced.fact.date)}"


def _fitting(lines: Sequence[str]) -> str:
    """Join the first lines that fit into _LISTED characters, and count the other lines."""
    kept: list[str] = []
    used = 0
    for line in lines:
        used += len(line) + 1
        if used > _LISTED:
            kept.append(f"- and {len(lines) - len(kept):,} more")
            break
        kept.append(line)
    return "\n".join(kept)


def typed_reason(reason: str) -> str:
    """Render the reason that an editor typed, for a preview that is shown again because something changed meanwhile."""
    return f"Your reason: {escaped(reason, 300)}"


def reason_form(source: Source, how: str, mark: str, guild_id: int | None) -> ui.Modal:
    """Return the form in which an editor gives the reason for marking a source as false, or for ending that mark.

    `how` is "withdraw" to withdraw the updates from the source too, "keep" to keep them, or "true" to end the mark.
    `mark` is `Withdrawal.mark` of the preview, which shows later whether the preview is still up to date.
    """
    true = how == "true"
    modal = ui.Modal(
        title="Not false after all" if true else "Why is this source false?",
        custom_id=custom_id("source.mark", source.id, how, mark, guild_id=guild_id),
    )
    text = ui.TextInput[ui.LayoutView](
        custom_id="reason",
        placeholder="The ministry confirmed it" if true else "The ministry denied it on 7 March 2024",
        style=discord.TextStyle.paragraph,
        max_length=REASON_LIMIT,
    )
    modal.add_item(ui.Label(text="Reason", description="Shown beside it and in the history", component=text))
    return finished(modal)
