"""Checks that each fact on a page has its date and source beside it, and that no other date or source is there.

The checks know only the lines of the page and the ledger. They assume that a page is laid out like this:

- A line that states facts contains their dates and sources itself.
- A line that contains dates or sources but states no fact (small print) is about the lines above it, up to a heading or
  the previous such line. After a blank line it is about all of the text above.
- A heading with a date is about the lines below it, up to the next heading.
- In lists of sources, "source 3" refers to the line "Source 3: ...". An option of a menu can be such a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from bot.ledger.kinds import find_field
from bot.ledger.values import PartyType
from tests.surfaces.book import Book, Told, plain

Kind = Literal["foreign", "undated", "unsourced"]
"""The kinds of violations: a date or source of another fact, a fact without its date, a fact without its source."""
KINDS: tuple[Kind, ...] = get_args(Kind)

WITH_NAMES = ("all facts", "answer sources", "update")
"""Surfaces that show names, kinds and topics with their dates and sources. Others show them without."""

_PRESS = re.compile(r"(all facts|sources|history|open(?! items)\b|read )", re.IGNORECASE)
_WAS = re.compile(r"\b(was|were|before|no longer|earlier|until|instead of)\b")
_NEWEST = re.compile(r"newest|nothing newer")
_SINCE = re.compile(r"on the record since|first reported")
_LEGEND = re.compile(r"source (\d+):")
_NUMBERED = re.compile(r"source (\d+)\b")


@dataclass(frozen=True)
class Page:
    """The texts of one message, as the checks take them.

    `surface` is the kind of message and `title` tells it from others of that kind. `texts` are the content and the text
    components, `options` the options of selects, and `presses` the labels of buttons and selects. `subject` is the slug
    of the record that the message is about, or "". `stumbles` are faults that a listener would notice.
    """

    surface: str
    title: str
    texts: tuple[str, ...]
    options: tuple[str, ...] = ()
    presses: tuple[str, ...] = ()
    subject: str = ""
    stumbles: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        return "\n\n".join(self.texts).split("\n")


@dataclass(frozen=True)
class Violation:
    """A fault in a line of a page.

    `mark` is the date or source that does not belong there, or "" when one is missing. `belongs` names the updates that
    the fault is about.
    """

    check: Kind
    surface: str
    title: str
    number: int
    line: str
    mark: str
    belongs: str

    def __str__(self) -> str:
        said = {
            "foreign": f"{self.mark!r} does not belong to these words but to {self.belongs}",
            "undated": f"{self.belongs} stands without its day",
            "unsourced": f"{self.belongs} stands without its source, and no button leads there",
        }[self.check]
        return f"{self.surface}:{self.title}:{self.number}: {said}\n    {self.line.strip()[:300]}"


@dataclass
class _Line:
    """A line of a page, with the updates, records, dates and sources that were found in it."""

    number: int
    raw: str
    with_names: bool = False
    legend: bool = False
    """Whether the line is part of an entry "Source 3: ..." in a list of sources."""
    text: str = ""
    named: dict[str, tuple[int, int]] = field(default_factory=dict)
    here: set[str] = field(default_factory=set)
    """The records that the line may be about: named in it, in an earlier line of its paragraph, or in the title."""
    near: set[str] = field(default_factory=set)
    """The records in `here` and all records that these have been linked with."""
    dates: list[str] = field(default_factory=list)
    of_facts: list[str] = field(default_factory=list)
    """Those of `dates` that are the fact date of some update."""
    titles: list[str] = field(default_factory=list)
    locators: list[str] = field(default_factory=list)
    stands: list[Told] = field(default_factory=list)
    """The updates whose words occur in the line."""
    shown: dict[tuple[str, str, str], list[Told]] = field(default_factory=dict)
    """The updates that the line states and has to date, grouped by `Told.says`."""
    at: dict[tuple[str, str, str], int] = field(default_factory=dict)
    """For each group in `shown`, the index of the last letter of its words."""
    former: set[tuple[str, str, str]] = field(default_factory=set)
    """The groups in `shown` that are stated as former values."""
    over: list[_Line] = field(default_factory=list)
    """The lines whose dates and sources apply to this one: a heading with a date, small print below."""

    @property
    def heading(self) -> bool:
        return self.raw.startswith("#")

    @property
    def marked(self) -> bool:
        return bool(self.dates or self.titles or self.locators)

    @property
    def words(self) -> bool:
        """Return whether the line states facts that have a date."""
        return any((self.with_names or _may_be_dated(one)) and not self._is_only_a_day(one) for one in self.stands)

    def _is_only_a_day(self, one: Told) -> bool:
        """Return whether an update's value is a date in small print that may be meant as the date of other facts."""
        return bool(one.value_day) and self.raw.startswith("-# ") and one.value_day in self.of_facts

    @property
    def about_others(self) -> bool:
        """Return whether the line has dates or sources but states no fact, so that they apply to other lines."""
        return self.marked and not self.heading and not self.words and (self.with_names or not self.named)


@dataclass(frozen=True)
class Checked:
    """The result of checking one page: how many facts it states, how many with their date, and the violations."""

    shown: int
    dated: int
    violations: list[Violation]


def check(page: Page, book: Book) -> Checked:
    """Return all violations on a page, with the number of facts it states and of those that have their date."""
    lines = [*_read(page, book)]
    legends = _legends(lines)
    violations: list[Violation] = []

    def wrong(check: Kind, line: _Line, mark: str, belongs: Iterable[object]) -> None:
        owners = "; ".join(str(owner) for owner in list(belongs)[:3])
        violations.append(Violation(check, page.surface, page.title, line.number, line.raw, mark, owners))

    with_names = page.surface in WITH_NAMES
    for line in lines:
        if line.legend:
            continue
        below = [other for other in lines if any(line is one for one in other.over)]
        reported: set[tuple[bool, frozenset[int]]] = set()
        for mark, owners in _marks(line, book):
            fine = (
                _belongs_to_all(owners, below, page)
                if line.about_others or (line.heading and not line.words)
                else any(one in line.stands and (with_names or _may_be_dated(one)) for one in owners)
            )
            # The title, the host and the locator of one source count as one violation.
            once = (mark in line.dates, frozenset(one.update.id for one in owners))
            if not fine and once not in reported and not _is_computed(mark, line, lines, page, book):
                reported.add(once)
                mine = sorted(owners, key=lambda one: (one.update.record not in line.here, not one.news))
                wrong("foreign", line, mark, mine)
        crossed = _crossed(line)
        if crossed is not None and not reported:
            wrong("foreign", line, *crossed)
    for label in page.presses:
        for title in book.titles_in(label.casefold()):
            if not any(one in line.stands and _may_be_dated(one) for line in lines for one in book.titles[title]):
                wrong("foreign", _Line(0, label), title, book.titles[title])
    shown = dated = 0
    reachable = any(_PRESS.match(label) for label in page.presses)
    for line in lines:
        dates = {day for one in [line, *line.over] for day in one.dates}
        sources = {mark for one in [line, *line.over] for mark in [*one.titles, *_numbered(one, legends)]}
        for group in line.shown.values():
            if not any(one.day for one in group):
                continue  # The ledger has no date for it.
            shown += 1
            if any(one.day in dates for one in group):
                dated += 1
            else:
                wrong("undated", line, "", group)
            if not reachable and not any(one in book.titles[mark] for mark in sources for one in group):
                wrong("unsourced", line, "", group)
    return Checked(shown, dated, violations)


def _marks(line: _Line, book: Book) -> Iterator[tuple[str, list[Told]]]:
    """Yield each date, source and locator in a line, with the updates that it belongs to.

    A date that is the value of an update in the line, or part of the value, is left out.
    """
    for day in line.dates:
        if not any(day in one.value_day or day in str(one.update.value) for one in line.stands):
            yield day, [*book.days.get(day, []), *book.published.get(day, []), *book.value_days.get(day, [])]
    for title in line.titles:
        yield title, book.titles[title]
    for locator in line.locators:
        yield locator, book.locators[locator]


def _crossed(line: _Line) -> tuple[str, list[Told]] | None:
    """Return a date that follows the wrong fact of a line, with the updates it belongs to, or None.

    Dates have to come in the same order as the facts that they belong to.
    """
    text = plain(line.raw)
    located: list[tuple[int, list[int], list[Told]]] = []
    for says, group in line.shown.items():
        days = {one.day for one in group if one.day in line.dates}
        places = [match.start() for day in days for match in re.finditer(re.escape(day), text)]
        if places:
            located.append((line.at[says], places, group))
    last = -1
    # Facts whose words end at the same letter ("no longer on hold" and "on hold") are ordered by their dates.
    for _, places, group in sorted(located, key=lambda fact: (fact[0], min(fact[1]))):
        if max(places) < last:
            return next(one.day for one in group if one.day in line.dates), group
        last = max(last, min(places))
    return None


def _may_be_dated(one: Told) -> bool:
    return one.news or one.update.field == "checked"


def _belongs_to_all(owners: Sequence[Told], below: Sequence[_Line], page: Page) -> bool:
    """Return whether a date or source that applies to the lines `below` belongs to every fact that they state.

    Former values do not count. On previews of updates, facts with a date in their own line do not count either.
    """
    groups = [
        group
        for line in below
        for says, group in line.shown.items()
        if says not in line.former and not (page.surface == "update" and any(one.day in line.dates for one in group))
    ]
    may = page.surface in WITH_NAMES
    if not groups or (may and page.surface != "update"):
        return any(one in line.stands and (may or _may_be_dated(one)) for line in below for one in owners)
    return all(any(one in owners for one in group) for group in groups)


def _is_computed(mark: str, line: _Line, lines: Sequence[_Line], page: Page, book: Book) -> bool:
    """Return whether a date is a correct summary of several facts.

    Such summaries are the newest fact date on a page, and the date since which a record is known.
    """
    owners = [one for one in book.days.get(mark, []) if one.news and one.current]
    if not owners:
        return False
    of = {page.subject, *line.named} if page.subject or line.named else {s for other in lines for s in other.named}
    mine = [one for one in book.told if one.news and one.current and one.update.record in of and one.update.date.day]
    days = [one.update.date.day for one in mine if one.update.date.day]
    seen = [one.update.date.day for o in lines for g in o.shown.values() for one in g if one.current]
    newest = max([*days, *(day for day in seen if day)], default=None)
    if line.raw.startswith("-# ") and _NEWEST.search(line.text) and not any(one.news for one in line.stands):
        return any(one.update.date.day == newest for one in owners)
    return bool(_SINCE.search(line.text)) and any(one.update.date.day == min(days, default=None) for one in owners)


def _read(page: Page, book: Book) -> Iterator[_Line]:
    """Return the lines of a page and the options of its selects, with everything that was found in each."""
    lines = [_Line(number, raw, page.surface in WITH_NAMES) for number, raw in enumerate(page.lines, 1)]
    last: set[str] = set()
    about = {page.subject} if page.subject else set()
    for line, before in zip(lines, [None, *lines[:-1]], strict=True):
        line.text = plain(line.raw).casefold()
        line.legend = bool(_LEGEND.match(line.text)) or (before is not None and before.legend and line.raw[:3] == "-# ")
        line.named = book.named(line.text)
        # Each line of a history is about the record of the history, whomever the line before names.
        carried = last if line.raw.strip() and page.surface != "history" else set()
        last = set(line.named) or carried
        if line.raw.startswith("## ") and not page.subject:
            about = set(line.named)
        line.here = {*line.named, *about, *last}
    lines += [_option(len(lines) + n, raw, book) for n, raw in enumerate(page.options, 1)]
    for line in lines:
        text = plain(line.raw)
        line.dates = book.dates_in(text)
        line.of_facts = [day for day in line.dates if day in book.days]
        line.titles, line.locators = book.titles_in(line.text), book.locators_in(line.text)
        line.near = line.here | {slug for one in line.here for slug in book.neighbours.get(one, ())}
        was = _WAS.search(line.text)
        for one, at in book.standing(line.text):
            if one.own or one.update.record in line.near:
                line.stands.append(one)
            former = was is not None and at > was.start()
            expected = one.current or former or page.surface in ("history", "update")
            if one.value_day in line.of_facts and (one.update.record not in line.here or line.raw.startswith("-# ")):
                continue  # The date may as well be a fact date.
            if any(first <= at < last_ for first, last_ in line.named.values()):
                continue  # The word is part of a record's name.
            if one.news and _is_traced(one) and (one.own or (one.update.record in line.here and expected)):
                line.shown.setdefault(one.says, []).append(one)
                line.at.setdefault(one.says, at)
                if former:
                    line.former.add(one.says)
        for says, group in line.shown.items():
            # Updates with the same words are indistinguishable, so the date of any of them will do.
            group[:] = [one for one in line.stands if one.says == says]
        if line.heading or line.legend:
            line.shown = {}
    _govern(lines[: len(page.lines)])
    return iter(lines)


def _option(number: int, raw: str, book: Book) -> _Line:
    line = _Line(number, raw, text=plain(raw).casefold())
    line.legend = bool(_LEGEND.match(line.text))
    line.named = book.named(line.text)
    line.here = set(line.named)
    return line


def _is_traced(one: Told) -> bool:
    """Return whether the words of an update prove that a line states it.

    The name of another record proves nothing, because lines mention records for many reasons.
    """
    field_ = find_field(one.kind, one.update.field)
    return not (field_ is not None and isinstance(field_.type, PartyType) and not one.own)


def _govern(lines: Sequence[_Line]) -> None:
    """Fill in `over` for each line: the lines whose dates and sources apply to it."""
    heading: _Line | None = None
    for index, line in enumerate(lines):
        if line.heading:
            heading = line if line.dates and not line.words else None
        elif heading is not None and not line.about_others:
            line.over.append(heading)
        if line.about_others and not line.legend:
            for above in _above(lines[:index]):
                above.over.append(line)


def _above(before: Sequence[_Line]) -> Iterator[_Line]:
    """Yield the lines that small print is about, given all lines before it.

    These are the lines of its paragraph, or all text above when the paragraph states no fact.
    """
    paragraph: list[_Line] = []
    for line in reversed(before):
        if not line.raw.strip() or line.heading or line.about_others:
            break
        paragraph.append(line)
    if any(line.words for line in paragraph) or (len(paragraph) < len(before) and before[-1 - len(paragraph)].heading):
        yield from paragraph
        return
    for line in reversed(before):
        if line.raw.startswith("## "):
            break
        if not line.heading and not line.about_others:
            yield line


def _legends(lines: Sequence[_Line]) -> dict[str, list[str]]:
    """Return the source titles in the lines "Source 3: ...", keyed by the number in the line ("3")."""
    return {match[1]: line.titles for line in lines if (match := _LEGEND.match(line.text))}


def _numbered(line: _Line, legends: dict[str, list[str]]) -> Iterator[str]:
    for number in _NUMBERED.findall(line.text):
        yield from legends.get(number, [])
