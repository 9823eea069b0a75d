"""An answer as people read it: a short sentence of facts, and the card or list that it came from. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from itertools import groupby
from typing import NamedTuple

from discord import ui

from bot import when
from bot.ask.finding import Finding, Listed, Missing, Told
from bot.ask.reading import Reading
from bot.ledger.brief import FIELDS
from bot.ledger.fields import KIND_WORDS, STAGES, get_field
from bot.ledger.values import named
from bot.ui import cards, facts, theme
from bot.ui.ids import custom_id
from bot.ui.layout import TEXT_LIMIT, button, finished, rows
from bot.ui.text import clip, escaped, joined, plural, sentence
from data.records import Fact, Opened, Source, Update

_QUESTION = 250  # Characters of a question that its heading quotes.
_SENTENCES = 1500
_CHANGES = 8
_OPTIONS = 5  # So many buttons stand in a row.
_NOTE = 120  # Room for our own last line.


class Drawn(NamedTuple):
    """The words of an answer, and the card below it where there is one."""

    said: str
    below: cards.Drawn | None


def draw(question: str, found: Finding, *, now: datetime) -> Drawn:
    """Writes the words of an answer."""
    said = _said(question, found)
    return Drawn(said, _below(found, said, now))


def answer(
    found: Finding,
    drawn: Drawn,
    *,
    key: str,
    chosen: str = "",
    guild_id: int | None = None,
    shared: bool = False,
    sharable: bool = True,
    note: str = "",
) -> ui.LayoutView:
    """The answer to a question. `key` and `chosen` are what its buttons carry, `note` is our own last line.

    A shared answer stands in a channel for everyone; nor is one `sharable` twice.
    """
    view = ui.LayoutView(timeout=None)
    said = f"{drawn.said}\n{note}" if note else drawn.said
    view.add_item(ui.Container(ui.TextDisplay(said), accent_colour=theme.PLAIN))
    if drawn.below is not None:
        accent = theme.OPEN if drawn.below.waiting else theme.PLAIN
        view.add_item(ui.Container(ui.TextDisplay(drawn.below.text), accent_colour=accent))
    for select in _selects(found, guild_id):
        view.add_item(ui.ActionRow(select))
    for row in rows(_buttons(found, key, chosen, guild_id, shared=shared, sharable=sharable)):
        view.add_item(row)
    return finished(view)


def cited(found: Finding, *, now: datetime) -> tuple[list[tuple[Opened, str, Fact]], list[str]]:
    """The facts that an answer tells, each with its record and field, and the slugs of the records it names beside."""
    facts_: dict[tuple[str, int], tuple[Opened, str, Fact]] = {}

    def cite(opened: Opened, name: str, fact: Fact) -> None:
        facts_.setdefault((name, fact.update), (opened, name, fact))

    for line in [*found.lines, *([found.later] if found.later else [])]:
        about = line.about if isinstance(line, Missing) else None
        for one in filter(None, (line.opened, about)):
            for fact in one.record.facts("name"):
                cite(one, "name", fact)
        if isinstance(line, Told):
            for name, fact in line.facts:
                cite(line.opened, name, fact)
    for one in found.statements:
        for name in ("name", *FIELDS["statement"]):
            for fact in one.record.facts(name):
                cite(one, name, fact)
    for one in found.changed:
        for fact in one.opened.record.facts("name"):
            cite(one.opened, "name", fact)
        for update in one.updates:
            cite(one.opened, update.field, update.fact)
    beside: dict[str, None] = {}
    for one in filter(None, (_card(found), found.sources_of)):
        for name, fact in cards.cited(one, now=now):
            cite(one, name, fact)
        beside |= {link.slug: None for link in one.links[:60]}
    rows_ = [*(found.listed.rows if found.listed else ()), *found.options, *found.close]
    beside |= {row.slug: None for row in rows_}
    beside |= {slug: None for slug, _ in ((*found.listed.linked, *found.listed.without) if found.listed else ())}
    if found.sources_of is not None:
        for name, of_field in found.sources_of.record.state.facts.items():
            for fact in of_field:
                cite(found.sources_of, name, fact)
    return list(facts_.values()), list(beside)


def sources(
    found: Finding,
    beside: Sequence[Opened],
    page: int,
    *,
    key: str,
    chosen: str,
    now: datetime,
    guild_id: int | None = None,
) -> ui.LayoutView:
    """Every fact behind an answer and the card or list below it. `beside` are the records that it only names."""
    shown, _ = cited(found, now=now)
    told = {fact.update for _, _, fact in shown}
    for one in beside:
        for name in ("name", *FIELDS[one.record.kind]):
            shown += [(one, name, fact) for fact in one.record.facts(name) if fact.update not in told]
    return cards.sources_page(
        "Sources of the answer",
        shown,
        page,
        id_for=lambda n: custom_id("ask.sources", key, chosen, n, guild_id=guild_id),
    )


def heading(question: str, reading: Reading, unknown: Sequence[int]) -> str:
    """The question as it was typed, escaped; the words that the record does not know are underlined."""
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


def _said(question: str, found: Finding) -> str:
    lines = [heading(question, found.reading, found.unknown)]
    body: list[str] = []
    shown: list[tuple[Opened, Fact]] = []
    body += _missing(found.missing)
    for opened, group in groupby(found.told, key=lambda line: line.opened):
        of_one = list(group)
        body.append(_sentence(opened, of_one, brief=opened is found.card))
        shown += [(opened, fact) for line in of_one for _, fact in line.facts]
    body += _statements(found.statements, "What is in the record" if found.missing else "")
    for one in found.statements:
        shown += [(one, fact) for name in ("whose", "form", "said") for fact in one.record.facts(name)]
    if found.statements_total > len(found.statements):
        body.append(f"-# and {found.statements_total - len(found.statements):,} more, counted in this record")
    changes = [(one.opened, update) for one in found.changed for update in one.updates]
    changes.sort(key=lambda pair: (pair[1].date.day or date.min, pair[1].id))
    for (_, day), group in groupby(
        changes[-_CHANGES:], key=lambda pair: (pair[0].record.slug, facts.dated(pair[1].date))
    ):
        of_day = list(group)
        body.append(f"### {day} · {escaped(of_day[0][0].record.name, 80)}")
        body += [_change(opened, update) for opened, update in of_day]
    if len(changes) > _CHANGES:
        body.append(f"-# and {len(changes) - _CHANGES:,} earlier, counted in this record")
    if found.listed is not None:
        days = {one.record.state.newest for one in found.opened}
        body += _listed(found.listed, f" {cards.reported(days.pop(), 'As reported')}." if len(days) == 1 else "")
        shown += [
            (one, fact) for one in found.opened for name in FIELDS[one.record.kind] for fact in one.record.facts(name)
        ]
    if found.options:
        body.append("**Which one is meant?**")
        body += [
            f"- {escaped(row.name, 100)}{f': {escaped(row.headline, 120)}' if row.headline else ''}"
            for row in found.options[:_OPTIONS]
        ]
        if len(found.options) > _OPTIONS:
            body.append("-# and more; write more of the name")
    elif found.sources_of is not None:
        body += _sources(found.sources_of)
    elif not found.answered and found.card is None:
        nothing = not found.missing and found.listed is None
        asked = bool(found.reading.left or found.reading.names)
        if nothing and not asked:
            body.append(
                "**Ask about what is in the record:** a deal, who must act, what is open, who said what, since when."
            )
        elif nothing:
            body.append("**The answer is not in the record.** Nothing in it holds these words.")
        if found.close and not asked:
            body.append(f"For example: {joined([escaped(row.name, 100) for row in found.close])}.")
        elif found.close:
            body.append(f"Closest in the record: {joined([escaped(row.name, 100) for row in found.close])}.")
    body = [line for line in body if line]
    source = _source_line(shown, changes)
    if source and found.reading.has("aspects", "source"):
        body.insert(0, f"**{source.removeprefix('-# ')}**")  # It is what was asked for.
        source = ""
    text = clip("\n".join(body), _SENTENCES)
    quiet = [*_time(found), *_partly(found), source]
    # After a list a blank line: some clients take the next one for a part of its last point.
    apart = [""] if re.search(r"^- ", text, re.MULTILINE) else []
    return "\n".join([*lines, text, *apart, *filter(None, quiet)]).rstrip()


_OPENING = ("A", "An", "The", "That", "Who", "How", "Such", "What", "Part", "Another")
"""Words of ours that begin what is missing; amid a sentence they are small."""


def _missing(lines: Sequence[Missing]) -> list[str]:
    """What is not in the record, in one sentence."""
    first, *rest = [escaped(what, 200) for what in dict.fromkeys(line.what for line in lines)] or [""]
    rest = [f"{what[0].lower()}{what[1:]}" if what.split(" ")[0] in _OPENING else what for what in rest]
    return [f"**{joined([first, *rest])} {'are' if rest else 'is'} not in the record.**"] if first else []


def _sentence(opened: Opened, told: Sequence[Told], *, brief: bool) -> str:
    """What is told of one record, and as of when it was reported: once, or after each fact where these differ."""
    name = escaped(opened.record.name, 100)
    if len(told) == 1 and told[0].how == "identity":
        return f"**{_told(told[0])}.** {'' if brief else _summary(opened)}{_full(_reported(told[0]))}".rstrip()
    told = [apart for line in told for apart in _by_day(line)]
    dates = {_reported(line) for line in told}
    if len(told) > 2:
        same = dates.pop() if len(dates) == 1 else ""
        lines = [f"- {_told(line)}{'' if same else _after(_reported(line))}" for line in told]
        return "\n".join(filter(None, [f"### {name}", f"-# {_full(same)}" if same else "", *lines]))
    lines = []
    for reported, group in groupby(told, key=_reported):
        words = " ".join(f"**{_told(line)}.**" for line in group)
        lines.append(f"{words} {_full(reported) if lines else f'{name}{_after(reported)}.'}".rstrip())
    return "\n".join(lines)


def _full(reported: str) -> str:
    return f"{sentence(reported)}." if reported else ""


def _after(reported: str) -> str:
    return f", {reported}" if reported else ""


def _by_day(line: Told) -> list[Told]:
    """A line for each day on which its facts were reported, the newest first; a stage is one phrase of several."""
    if line.how == "stage":
        return [line]
    days: dict[str, list[tuple[str, Fact]]] = {}
    for name, fact in sorted(line.facts, key=lambda pair: pair[1].date.day or date.min, reverse=True):
        days.setdefault(facts.dated(fact.date), []).append((name, fact))
    return [Told(line.opened, of_day, line.how) for of_day in days.values()]


def _summary(opened: Opened) -> str:
    fact = opened.record.fact("summary")
    return f"{facts.value(opened.record.kind, 'summary', fact, opened.names, 400).rstrip('.')}. " if fact else ""


def _reported(line: Told) -> str:
    """When the newest fact of a line was reported, as a phrase; of an event its day is known, not that of a report."""
    if line.opened.record.kind == "event":
        return ""
    dated = [fact.date for _, fact in line.facts if fact.date.day is not None]
    newest = max(dated, key=lambda found: found.day or date.min, default=None)
    return cards.reported(newest, "as reported") if newest else "undated"


def _told(line: Told) -> str:
    opened, record = line.opened, line.opened.record
    fields = {field for field, _ in line.facts}
    if line.how == "stage":
        return escaped(record.headline, 250)
    if line.how == "identity":
        words = escaped(record.headline, 250)
        return f"{escaped(record.name, 100)}{f': {words}' if words else ''}".rstrip(".")
    if line.how == "roles" or fields == {"party"}:
        roles: dict[str, list[str]] = {}
        for _, fact in line.facts:
            who = named(fact.value["record"], opened.names)
            roles.setdefault(fact.value.get("role", ""), []).append(escaped(who, 100))
        words = "; ".join(f"{escaped(role or 'party', 60)}: {facts.some(who, 6)}" for role, who in roles.items())
        return sentence(words)
    if line.how == "since":
        return f"On the record since {facts.dated(line.facts[0][1].date)}"
    words = [facts.value(record.kind, field, fact, opened.names, 300) for field, fact in line.facts]
    if fields == {"who"} and record.open:
        return f"{sentence(facts.some(words, 8))} {facts.act(record.value('basis'))}"
    label = "Stage reached" if line.how == "reached" else get_field(record.kind, line.facts[0][0]).label
    if fields == {"who"}:
        label = "Who was to act"
    if len(words) > 1:
        label = _SEVERAL.get(label, label)
    return f"{label}: {facts.some(words, 8)}".rstrip(".")


_SEVERAL = {"Principal": "Principals", "Topic": "Topics", "Approval": "Approvals"}


def _statements(found: Sequence[Opened], intro: str) -> list[str]:
    """Whose each statement is, its form and what it says; once what is the same of all: whose they are, their date."""
    if not found:
        return []
    whose = {_whose(one) for one in found}
    dates = [cards.reported(one.record.state.newest, "as reported") for one in found]
    same = dates[0] if len(set(dates)) == 1 else ""
    told = [_statement(one, owned=len(whose) > 1 or len(found) == 1) for one in found]
    if len(found) == 1:
        return [*([f"{intro}:"] if intro else []), f"{told[0].rstrip('.')}, {same}."]
    if len(whose) == 1:
        first = [*([f"{intro}:"] if intro else []), f"**{whose.pop()}**{_after(same)}:"]
    else:
        first = [f"{sentence(', '.join(filter(None, [intro, same])))}:"] if intro or same else []
    return [*first, *(f"- {words}{'' if same else f' ({day})'}" for words, day in zip(told, dates, strict=True))]


def _statement(one: Opened, *, owned: bool) -> str:
    """The form of a statement and what it says, with whose it is where it is `owned`."""
    form, said = (one.record.fact(name) for name in ("form", "said"))
    kind = facts.value("statement", "form", form, one.names) if form else ""
    words = facts.value("statement", "said", said, one.names, 400) if said else escaped(one.record.name, 100)
    if owned:
        return f"**{_whose(one)}{f' ({kind.lower()})' if kind else ''}:** {words}"
    return sentence(f"{kind}: {words}" if kind else words)


def _whose(one: Opened) -> str:
    whose = [facts.value("statement", "whose", fact, one.names, 100) for fact in one.record.facts("whose")]
    return sentence(facts.some(whose, 4)) if whose else "Whose it is, is not in the record"


def _change(opened: Opened, update: Update) -> str:
    field = get_field(opened.record.kind, update.field)
    words = escaped(field.type.words(update.value, opened.names), 200)
    return f"- {field.label}: {words}"


def _listed(found: Listed, reported: str) -> list[str]:
    noun = KIND_WORDS[found.kind]
    about = f" linked with {joined([escaped(name, 100) for _, name in found.linked])}" if found.linked else ""
    about += f" without {joined([escaped(name, 100) for _, name in found.without])}" if found.without else ""
    about += f" without a {found.lacking}" if found.lacking else ""
    about += " waiting for an approval" if found.waiting else ""
    turned = " not" if found.negated else ""
    stage = f"{turned} at the stage “{STAGES[found.stage].lower()}”" if found.stage else ""
    if not found.rows:
        article = "An" if noun[0][0] in "aeiou" else "A"
        return [f"**{article} {noun[0]}{about}{stage} is not in the record.**"]
    least = "at least " if found.least else ""
    counted = f"{sentence(least)}{plural(found.total, *noun)}{about}{stage}"
    lines = [f"**{counted}**, counted in this record.{reported}"]
    lines += [
        f"- **{escaped(row.name, 100)}**{f': {escaped(row.headline, 160)}' if row.headline else ''}"
        for row in found.rows
    ]
    if found.total > len(found.rows):
        lines.append(f"-# and {least}{found.total - len(found.rows):,} more, counted in this record")
    return lines


def _sources(opened: Opened) -> list[str]:
    """Every source of a record, with its date and where it can be read."""
    places: dict[int, list[str]] = {}
    for name, of_field in opened.record.state.facts.items():
        if get_field(opened.record.kind, name).reports or name == "name":
            for fact in of_field:
                places.setdefault(fact.source, []).append(fact.locator)
    lines = []
    for id_, found in places.items():
        source = opened.sources.get(id_)
        if source is not None:
            words = facts.source_words(source, facts.locators(found))
            lines.append(f"- **{words}**{f': {facts.link(source.url)}' if source.url else ''}")
    return [f"**Where {escaped(opened.record.name, 100)} is written:**", *lines[:8]]


def _time(found: Finding) -> list[str]:
    asked = found.reading.asked
    lines = []
    if found.day is not None:
        if found.changed and asked is not None and asked.mode in ("at", "between"):
            lines.append(f"-# Asked about: {_span(asked.first, found.day)}. What came later is left out.")
        else:
            lines.append(f"-# Asked about: as of {when.format_day(found.day)}. What came later is left out.")
        if found.later is not None:
            lines[-1] += f" The newest fact since is dated {facts.dated(found.later.facts[0][1].date)}."
    elif asked is not None and not asked.of:
        first = when.format_day(asked.first, weekday=False)
        lines.append(
            f"-# Asked about: {f'since {first}' if asked.mode == 'since' else _span(asked.first, asked.last)}."
        )
    if asked is not None and asked.latest and lines:
        lines[-1] += " No year was given, so the latest."
    return lines


def _span(first: date, last: date) -> str:
    words = when.format_day(first, weekday=False)
    return words if first == last else f"{words} to {when.format_day(last, weekday=False)}"


def _partly(found: Finding) -> list[str]:
    lines = []
    if found.unknown and (found.answered or found.card is not None):
        lines.append("-# Underlined in the question: not in the record.")
    listed = found.listed
    turned = listed is not None and (listed.negated or listed.without or listed.lacking)
    if found.reading.negated and not turned and not found.missing and not found.options:
        lines.append("-# The question has a “not” that was not read; this is what the record says.")
    if found.reading.clipped:
        lines.append("-# The question is long; only its beginning was read.")
    return lines


def _source_line(shown: Sequence[tuple[Opened, Fact]], changes: Sequence[tuple[Opened, Update]]) -> str:
    sources: dict[int, Source] = {}
    of_facts: list[Fact] = []
    for opened, fact in shown:
        sources |= opened.sources
        of_facts.append(fact)
    for opened, update in changes[-_CHANGES:]:
        sources |= opened.sources
        of_facts.append(update.fact)
    return clip(facts.source_line(sources, of_facts), 500)


def _card(found: Finding) -> Opened | None:
    """The record whose card stands below; several that are listed or compared need none."""
    compared = found.reading.has("aspects", "compare") and len({line.opened.record.slug for line in found.told}) > 1
    several = compared or len(found.statements) > 1 or found.listed is not None or found.options
    return None if several else found.card


def _below(found: Finding, said: str, now: datetime) -> cards.Drawn | None:
    """The card below. It does not repeat the answer's last line, the source, where its own would be the same."""
    room = TEXT_LIMIT - len(said) - _NOTE
    card = _card(found)
    if card is None or room < 900:
        return None
    text, waiting = cards.draw(card, now=now, room=room)
    return cards.Drawn(text.removesuffix(said.rpartition("\n")[2]).rstrip(), waiting)


def _selects(found: Finding, guild_id: int | None) -> list[ui.Select]:
    if found.listed is not None and found.listed.rows:
        return [cards.open_select("Open one of them", found.listed.rows, guild_id)]
    if len(found.statements) > 1:
        return [cards.open_select("Open a statement", [one.record for one in found.statements], guild_id)]
    if found.close:
        return [cards.open_select("Open a close one", found.close, guild_id)]
    return []


def _buttons(
    found: Finding, key: str, chosen: str, guild_id: int | None, *, shared: bool, sharable: bool
) -> list[ui.Button]:
    def to(label: str, name: str, *arguments: str) -> ui.Button:
        return button(label, custom_id(name, key, *arguments, guild_id=guild_id))

    buttons = []
    if found.options:
        buttons += [to(cards.short(row.name), "ask.which", row.slug) for row in found.options[:_OPTIONS]]
    elif found.answered or found.card is not None:
        buttons.append(to("Sources", "ask.sources", chosen))
        if sharable and not shared and guild_id is None:
            buttons.append(to("Share", "ask.share", chosen))
    if not shared:
        buttons.append(to("Not what I asked", "ask.missed"))
    return buttons
