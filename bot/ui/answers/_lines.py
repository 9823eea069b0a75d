"""The lines of an answer: what is missing, what is told, statements, changes, a list."""

# pyright: standard
# Not strict until the next issues rebuild it.

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from bot import dates
from bot.ask.finding import Finding, Listed, Missing, Told
from bot.ledger.cited import cited, day_key, one_day, plain
from bot.ledger.kinds import KIND_WORDS, STAGES, get_field
from bot.ledger.values import Names, ends
from bot.ui import cards, facts
from bot.ui.answers._texts import BREAK, LONG, fact_words, names_of, small, texts_of
from bot.ui.cited import line, shared_day, source_words
from bot.ui.text import a, clip, escaped, joined, plural, sentence
from data.records import CitedText, FactDate, Opened, Row, Source, Update

LINES = 7  # Lines of an answer below its heading, so that it fits a phone's screen.
_TOGETHER = 160  # So many characters of one day and source stand on one line.
_FEW = 3  # Lines beside which *In short* has room.
OPTIONS = 5  # So many buttons stand in a row.


class Line(NamedTuple):
    """One line of an answer: our own markup before it, and the texts that it says.

    `bold` sets its first text apart. A `row` belongs to a list: it has its days, its source is one press away. A
    `change` was reported on a day; the oldest come first and are left out first.
    """

    parts: tuple[CitedText, ...]
    before: str = ""
    bold: bool = False
    row: bool = False
    change: bool = False


def records_of(found: Finding) -> list[Opened]:
    """Return every record that a finding holds as it is told, each once."""
    about = [one for miss in found.missing for one in (miss.opened, miss.about) if one is not None]
    all_ = [
        *(told.opened for told in found.told),
        *found.statements,
        *(changed.opened for changed in found.changed),
        *found.opened,
        *filter(None, (found.card, found.sources_of, found.later.opened if found.later else None)),
        *about,
        *found.around,
    ]
    return list({one.record.slug: one for one in reversed(all_)}.values())[::-1]


def sources_behind(found: Finding) -> dict[int, Source]:
    return {id_: source for one in records_of(found) for id_, source in one.sources.items()}


def lines_of(found: Finding, now: datetime) -> list[Line]:
    """Return the lines of an answer in order: what is missing, what is told, statements, changes, a list."""
    if found.day is not None:
        # How things stood on a past day is judged by that day: its last second, where the server is.
        zone = next((one.zone for one in records_of(found)), "UTC")
        now = dates.end_of_day(found.day, zone) - timedelta(seconds=1)
    lines = [_ours(text) for text in _missing(found.missing)]
    lines += _told(found, now)
    lines += [_statement(one) for one in found.statements]
    lines += _changes(found)
    if found.listed is not None:
        lines += _listed(found.listed)
    elif found.options:
        lines += [_ours("**Which one is meant?**"), *(_row(row, 120) for row in found.options[:OPTIONS])]
    elif found.sources_of is not None:
        lines += [_ours(text) for text in _places(found.sources_of)]
    if found.missing and not any(one.parts for one in lines) and (main := main_record(found)) is not None:
        lines += _of_record(main, [Told(main, [], "identity")], now, several=False)  # What is known instead.
    return lines


def _ours(text: str) -> Line:
    """Return a line of our own words, which states no fact."""
    return Line((), text)


def _row(row: Row, limit: int) -> Line:
    parts = [CitedText(clip(part.text, limit), part.facts) for part in row.status]
    return Line(tuple(parts), f"- **{escaped(row.name, 100)}**{': ' if parts else ''}", row=True)


def cut(lines: Sequence[Line], most: int) -> list[Line]:
    """Return so many lines: the first ones, but of changes the newest."""
    first = next((index for index, one in enumerate(lines) if one.change), most)
    kept = min(first, most)
    return [*lines[:kept], *lines[max(len(lines) - (most - kept), kept) :]]


def written(lines: Sequence[Line], sources_: Mapping[int, Source], *, one_source: bool) -> list[str]:
    """Write lines, each with its own days and, where several stand behind them, its own source in brackets."""
    stated = _common_day(lines)
    said = False
    texts: list[str] = []
    for one in lines:
        cites = [fact for part in one.parts for fact in part.facts]
        if one.row:
            shown = stated is not None
            texts.append(one.before + (line(one.parts, stated=stated) if shown else escaped(plain(one.parts), 600)))
            continue
        dated = any(re.search(r"\b(?:1[6-9]|2[01])\d\d\b", part.text) for part in one.parts)
        text = line(one.parts, stated=stated if said else None, reported=dated, bold=one.bold, limit=2 * LONG)
        said = said or bool(cites)
        place = "" if one_source or not cites else source_words(cites, sources_)
        texts.append(f"{one.before}{sentence(text) if not one.before else text}{f' ({place})' if place else ''}")
    return texts


def _common_day(lines: Sequence[Line]) -> FactDate | None:
    """Return the day that all lines share and that is said once for them."""
    return shared_day(part for one in lines for part in one.parts)


_OPENING = ("A", "An", "The", "That", "Who", "How", "Such", "What", "Part", "Another")
"""Words of ours that begin what is missing; amid a sentence they are small."""


def _missing(lines: Sequence[Missing]) -> list[str]:
    """Return what is not in the record, in one sentence."""
    first, *rest = [escaped(what, 200) for what in dict.fromkeys(line.what for line in lines)] or [""]
    rest = [f"{what[0].lower()}{what[1:]}" if what.split(" ")[0] in _OPENING else what for what in rest]
    return [f"**{joined([first, *rest])} {'are' if rest else 'is'} not in the record.**"] if first else []


def _told(found: Finding, now: datetime) -> list[Line]:
    """Return what is told of each record; a name stands before it where there are several."""
    of_record: dict[str, list[Told]] = {}
    for told in found.told:
        of_record.setdefault(told.opened.record.slug, []).append(told)
    several = len(of_record) > 1
    each = [_of_record(group[0].opened, group, now, several=several) for group in of_record.values()]
    if not several:
        return [one for of_one in each for one in of_one]
    # Each record has its share of the lines, in the order in which they were found.
    share = max(LINES // len(each), 1)
    return [one for of_one in each for one in of_one[:share]]


def _of_record(opened: Opened, told: Sequence[Told], now: datetime, *, several: bool) -> list[Line]:
    texts: dict[str, CitedText] = {}
    for one in told:
        for n, part in enumerate(texts_of(one, now, named_=several)):
            texts.setdefault(part.text.casefold() or f"\n{n}", part)
    if opened.record.kind == "statement" and {"whose", "said"} & {field for one in told for field, _ in one.facts}:
        return [_statement(opened)]
    runs = list(_together(texts.values(), LONG if several else _TOGETHER))
    if several:
        return [Line(run, f"- **{escaped(opened.record.name, 100)}:** ") for run in runs]
    lines = [Line(run, bold=index == 0) for index, run in enumerate(runs)]
    whole = any(one.how == "identity" for one in told)
    short = _in_short(opened, texts.values()) if len(lines) <= _FEW and not whole else None
    return [*lines, *([Line((short,))] if short else [])]


def _in_short(opened: Opened, beside_: Iterable[CitedText]) -> CitedText | None:
    """Return *In short*, which often holds the rest of what is asked; not one that is older than what stands beside."""
    summary = opened.record.state.fact("summary")
    newest = max((fact.date.day or date.min for part in beside_ for fact in part.facts), default=date.min)
    if summary is None or (summary.date.day or date.min) < newest:
        return None
    return cited(f"in short: {clip(str(summary.value), LONG).rstrip('.')}", summary)


def _key(part: CitedText) -> object:
    """Return what texts share that may stand on one line: their days and sources."""
    return {day_key(fact.date) for fact in part.facts}, {fact.source for fact in part.facts}


def _together(parts: Iterable[CitedText], most: int = _TOGETHER) -> Iterator[tuple[CitedText, ...]]:
    """Yield the texts of each line: neighbours of one day and source, at most so many characters of them."""
    run: list[CitedText] = []
    for part in parts:
        cites = next((one for one in reversed(run) if one.facts), None)
        fits = sum(len(one.text) for one in run) + len(part.text) <= most
        if run and (part is BREAK or not (fits and (cites is None or not part.facts or _key(cites) == _key(part)))):
            yield tuple(run)
            run = []
        if part is not BREAK:
            run.append(part)
    if run:
        yield tuple(run)


def _statement(one: Opened) -> Line:
    """Return a statement: whose it is, its form and what it says."""
    record = one.record
    whose, said, form = record.state.facts("whose"), record.state.fact("said"), record.state.fact("form")
    if not one_day([*whose, said]):
        return Line(record.status, "- ")
    owner = names_of([fact_words(one, "whose", fact) for fact in whose]) or "Whose it is, is not in the record"
    kind = f" ({fact_words(one, 'form', form).lower()})" if form else ""
    words = fact_words(one, "said", said) if said else record.name
    return Line((cited(words, *whose, said),), f"- **{escaped(sentence(owner) + kind, 300)}:** ")


def _changes(found: Finding) -> list[Line]:
    """Return what was reported of each record on each day, oldest first."""
    changes = [(one, update) for one in found.changed for update in one.updates]
    changes.sort(key=lambda pair: (pair[1].date.day or date.min, pair[1].id))
    lines = []
    for _, group in groupby(
        changes, key=lambda pair: (pair[0].opened.record.slug, day_key(pair[1].date), pair[1].source_id)
    ):
        of_day = list(group)
        one = of_day[0][0]
        parts = [_change(one.opened, update, one.opened.names | one.names) for _, update in of_day]
        name = f"- **{escaped(one.opened.record.name, 80)}:** "
        lines += [Line(run, name, change=True) for run in _together(parts)]
    return lines


def _change(opened: Opened, update: Update, names: Names) -> CitedText:
    field = get_field(opened.record.kind, update.field)
    fact = update.fact
    words = clip(field.type.words(fact.value, names), 200).rstrip(".")
    return cited(f"{small(field.label)}: {'no longer ' if ends(fact.value) else ''}{words}", fact)


def _listed(found: Listed) -> list[Line]:
    noun = KIND_WORDS[found.kind]
    about = f" linked with {joined([escaped(name, 100) for _, name in found.linked])}" if found.linked else ""
    about += f" without {joined([escaped(name, 100) for _, name in found.without])}" if found.without else ""
    about += f" without {a(found.lacking)}" if found.lacking else ""
    about += " waiting for an approval" if found.waiting else ""
    turned = " not" if found.negated else ""
    about += f"{turned} at the stage “{STAGES[found.stage].lower()}”" if found.stage else ""
    if not found.rows:
        return [_ours(f"**{sentence(a(noun[0]))}{about} is not in the record.**")]
    least = "at least " if found.least else ""
    rows = [_row(row, 120) for row in found.rows]
    day = _common_day(rows)
    reported = f" As reported {escaped(dates.on_date(day, weekday=False), 120)}." if day is not None else ""
    counted = f"**{sentence(least)}{plural(found.total, *noun)}{about}**, counted in this record.{reported}"
    return [_ours(counted), *rows]


def _places(opened: Opened) -> list[str]:
    """Return every source of a record, with its date and where it can be read; of its name where it holds no more."""
    found = [(name, fact) for name, fact in cards.facts_of(opened) if get_field(opened.record.kind, name).reports]
    places: dict[int, list[str]] = {}
    for _, fact in found or [("name", fact) for fact in opened.record.state.facts("name")]:
        places.setdefault(fact.source, []).append(fact.locator)
    lines = []
    for id_, of_source in places.items():
        source = opened.sources.get(id_)
        if source is not None:
            words = facts.source_words(source, facts.locators(of_source))
            lines.append(f"- **{words}**{f': {facts.link(source.url)}' if source.url else ''}")
    return [f"**Where {escaped(opened.record.name, 100)} is written:**", *lines]


def main_record(found: Finding) -> Opened | None:
    """Return the record that an answer is about; several that are listed or compared are chosen from a menu."""
    compared = found.reading.has("aspects", "compare") and len({one.opened.record.slug for one in found.told}) > 1
    several = compared or len(found.statements) > 1 or found.listed is not None or found.options
    return None if several else found.card
