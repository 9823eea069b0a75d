"""Finds out which updates of a ledger a line of text states, by words, dates, source titles and locators in it.

It is independent of the program's rendering: it reads only the tables of updates and sources.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from urllib.parse import urlsplit

import msgspec

from bot import dates
from bot.ledger.fold import fold, live_updates
from bot.ledger.kinds import find_field
from bot.ledger.values import ChoiceType, expect
from bot.services import updates
from data.database import Connection
from data.records import (
    Approval,
    Due,
    FactDate,
    Kind,
    ListedText,
    Money,
    Party,
    Quantity,
    Source,
    Title,
    Unreadable,
    Update,
)

_NAMES = ("name", "alias", "formerly", "topic", "zone", "checked")
_KINDS = ("deal_type", "type", "org_type", "place_type", "doc_type", "item_kind", "basis", "form", "closes_when")
NO_NEWS = frozenset(_NAMES + _KINDS)
"""Fields that describe the record itself, such as names, kinds and topics. Their values are shown without a date."""

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
DAY = re.compile(rf"(?<!\d)\d{{1,2}} (?:{_MONTHS}) \d{{4}}\b")
_MONTH = re.compile(rf"(?<!\d )(?<!\w)(?:{_MONTHS}) \d{{4}}\b")

_BEFORE = r"(?<!\w)"  # The start of every pattern for a phrase.

_OPEN = r"(?<!left )(?<!still )\bopen\b(?! items:)|\bopened\b|waiting for|window running|outstanding|tions? under way"
# Patterns of the wordings of a choice, in lower case. Choices that are not listed are recognised by their labels.
_CHOICES: dict[tuple[str, str], str] = {
    ("stage", "unspecified"): r"(?<!tions )(?<!tion )\bunder way\b",
    ("stage", "requested"): r"formally requested",
    ("stage", "negotiating"): r"negotiat",
    ("stage", "approved"): r"last approval given|\bapproved\b(?! by:)",
    ("stage", "signed"): r"(?<!yet )\bsigned\b",
    ("stage", "in_execution"): r"carried out|in production",
    ("side_state", "none"): (
        r"no longer (?:on hold|stalled|past|lapsed|cancelled|rejected|superseded)"
        r"|resumed|nothing holds it up|not held up"
    ),
    ("side_state", "slipped"): r"target date",
    ("state", "open"): _OPEN,
    ("state", "closed"): r"\bclosed\b",
    ("outcome", "given"): r"(?<!date )\bgiven\b",
    ("checked", "nothing new"): r"nothing new|checked|looked",
}
# Patterns of the labels of relations. The card of either record states them with the name of the other one.
_RELATIONS = {
    ("deal", "part_of"): r"\bparts?\b",
    ("deal", "follows_from"): r"\bfollow(?:s from|ed by)\b",
    ("deal", "replaces"): r"\breplace(?:s|d by)\b",
    ("deal", "option_of"): r"\boptions?\b",
    ("event", "about"): r"\bevents?\b|\babout\b",
}
_APPROVALS = {
    "not started": r"not started",
    "requested": r"requested|asked|waiting|no outcome reported|, for\b",
    "open": r"\bopen\b|waiting|no outcome reported|, for\b",
    "granted": r"granted|given|approved",
    "expired": r"expired|ended|ran out",
}


@dataclass(frozen=True)
class Told:
    """An update, and the patterns by which a line in lower case is recognised to state it.

    A line states the update when all `parts` match. `own` means that no other record has an update with the same
    words; updates without it count only in lines about their record. `current` means that the update is in force.
    `day` is its fact date and `value_day` a date that is its value, both as messages print them, or "".
    """

    update: Update
    kind: Kind
    current: bool
    day: str
    value_day: str
    parts: tuple[re.Pattern[str], ...]
    own: bool

    @cached_property
    def needle(self) -> str:
        """Return a word that every line stating the update contains, or "" when the wording varies.

        Lines without this word need not be searched for the update.
        """
        match = re.fullmatch(re.escape(_BEFORE) + r"(\w+)\b.*", self.parts[0].pattern)
        return match[1] if match else ""

    @property
    def news(self) -> bool:
        return self.update.field not in NO_NEWS

    @property
    def says(self) -> tuple[str, str, str]:
        """Return the record, the field and the words of the update. Updates with the same ones look alike in a line."""
        return self.update.record, self.update.field, "|".join(part.pattern for part in self.parts)

    def __str__(self) -> str:
        value = msgspec.json.encode(self.update.value).decode()[:60]
        return f"{self.update.record}.{self.update.field}={value} of {self.day or 'no day'}"


def plain(text: str) -> str:
    """Return a line as Discord displays it: without Markdown marks, zero-width characters and escapes."""
    text = re.sub(r"^(?:-# |#{1,3} |- |\s+)+", "", text)
    text = re.sub(r"(?<!\\)(?:\*\*|__|~~|`|\*)", "", text)
    text = text.replace("\u200b", "").replace("\u00a0", " ")
    return re.sub(r"\\(?=[^A-Za-z0-9\s])", "", text)


class Book:
    """All updates of a server, indexed so that the updates, records, dates and sources in a line can be found.

    `words` are the invented words of the ledger, each of which occurs in one update only.
    """

    def __init__(
        self, told: list[Told], sources: Mapping[int, Source], names: Mapping[str, str], words: frozenset[str]
    ):
        self.told, self.sources, self.names = told, sources, names
        self._words = {word.casefold() for word in words}
        self._invented = re.compile(r"[^\W\d_]+")

    @cached_property
    def _by_word(self) -> dict[str, list[int]]:
        """Return the indexes in `told` of all updates, grouped by their `needle`."""
        by_word: dict[str, list[int]] = defaultdict(list)
        for place, update in enumerate(self.told):
            by_word[update.needle].append(place)
        return by_word

    def standing(self, line: str) -> list[tuple[Told, int]]:
        """Return the updates whose words occur in a line in lower case, each with the index at which its words end."""
        words = {"", *re.findall(r"\w+", line)}
        stated: list[tuple[Told, int]] = []
        for place in sorted(place for word in words for place in self._by_word.get(word, ())):
            update = self.told[place]
            ends = [match.end() - 1 if (match := part.search(line)) else -1 for part in update.parts]
            if min(ends) >= 0:
                stated.append((update, max(ends)))
        return stated

    # Records

    @cached_property
    def _name_patterns(self) -> dict[str, re.Pattern[str]]:
        return {slug: _phrase(self._mark(name) or name) for slug, name in self.names.items() if name}

    def _mark(self, text: str) -> str:
        """Return the first word of a text that is one of the ledger's invented words, or ""."""
        return next((word for word in self._invented.findall(text.casefold()) if word in self._words), "")

    def named(self, line: str) -> dict[str, tuple[int, int]]:
        """Return the slugs of the records that a line in lower case names, each with the span of the name."""
        found = {slug: pattern.search(line) for slug, pattern in self._name_patterns.items()} if line else {}
        return {slug: match.span() for slug, match in found.items() if match}

    @cached_property
    def neighbours(self) -> dict[str, set[str]]:
        """Return the slugs of the records that each record has ever been linked with, in either direction."""
        found: dict[str, set[str]] = defaultdict(set)
        for one in self.told:
            field = find_field(one.kind, one.update.field)
            for slug, _ in field.type.records(one.update.fact.value) if field else []:
                found[one.update.record].add(slug)
                found[slug].add(one.update.record)
        return found

    # Marks: the days, source titles, hosts and locators that a line can show

    @cached_property
    def days(self) -> dict[str, list[Told]]:
        """Return the updates by fact date."""
        return _grouped((one.day, one) for one in self.told)

    @cached_property
    def value_days(self) -> dict[str, list[Told]]:
        """Return the updates whose value is a date, by that date."""
        return _grouped((one.value_day, one) for one in self.told)

    @cached_property
    def published(self) -> dict[str, list[Told]]:
        """Return the updates by the publication date of their source."""
        return _grouped((_day(self.sources[one.update.source_id].published_on), one) for one in self.told)

    @cached_property
    def titles(self) -> dict[str, list[Told]]:
        """Return the updates by the title and by the host of their source.

        A title with an invented word is represented by that word.
        """
        pairs: list[tuple[str, Told]] = []
        for one in self.told:
            source = self.sources[one.update.source_id]
            host = urlsplit(source.url).hostname or ""
            marks = {self._mark(source.title) or source.title.casefold()[:60], host.casefold()}
            pairs += [(mark, one) for mark in marks if mark]
        return _grouped(pairs)

    @cached_property
    def locators(self) -> dict[str, list[Told]]:
        """Return the updates by the invented word in their locator. Locators without one are left out."""
        return _grouped((self._mark(one.update.locator), one) for one in self.told)

    def dates_in(self, line: str) -> list[str]:
        """Return the dates in a line that are a fact date, a value or a publication date of some update."""
        known = (self.days, self.value_days, self.published)
        found = [*DAY.findall(line), *_MONTH.findall(line)]
        return [day for day in dict.fromkeys(found) if any(day in by_day for by_day in known)]

    def titles_in(self, line: str) -> list[str]:
        """Return the keys of `titles` that occur in a line in lower case."""
        return [mark for mark in self.titles if mark in line and _phrase(mark).search(line)] if line else []

    def locators_in(self, line: str) -> list[str]:
        return [mark for mark in self.locators if mark in line and _phrase(mark).search(line)] if line else []


def _grouped(pairs: Iterable[tuple[str, Told]]) -> dict[str, list[Told]]:
    grouped: dict[str, list[Told]] = defaultdict(list)
    for key, update in pairs:
        if key:
            grouped[key].append(update)
    return dict(grouped)


_patterns: dict[str, re.Pattern[str]] = {}


def _phrase(text: str) -> re.Pattern[str]:
    """Return a pattern that matches the words of a text in order, as whole words, with any punctuation in between."""
    if text not in _patterns:
        words = re.findall(r"\w+", text.casefold())
        _patterns[text] = re.compile(_BEFORE + r"\W+".join(map(re.escape, words)) + r"(?!\w)")
    return _patterns[text]


def _day(found: FactDate | None) -> str:
    """Return a fact date as messages print it ("3 March 2025", "March 2025"), or "" when it is vaguer than a month."""
    words = dates.format_fact_date(found, weekday=False) if found else ""
    match = DAY.search(words) or _MONTH.search(words)
    return match[0] if match else ""


async def read(conn: Connection, guild_id: int, words: frozenset[str] = frozenset()) -> Book:
    """Read a server's ledger into a Book. `words` are the ledger's invented words; each identifies an update."""
    rows = await conn.execute_fetchall("SELECT slug, kind, name FROM record WHERE guild_id = ?", (guild_id,))
    kinds: dict[str, Kind] = {slug: kind for slug, kind, _ in rows}
    names = {slug: name for slug, _, name in rows}
    found = await conn.execute_fetchall(
        "SELECT id, title, publisher, published_on, url FROM source WHERE guild_id = ?", (guild_id,)
    )
    sources = {
        id_: Source(id_, title, publisher, msgspec.json.decode(day, type=FactDate) if day else None, url)
        for id_, title, publisher, day, url in found
    }
    histories = await updates.histories(conn, guild_id, kinds)
    return make(kinds, names, sources, histories, words)


def make(
    kinds: Mapping[str, Kind],
    names: Mapping[str, str],
    sources: Mapping[int, Source],
    histories: Mapping[str, Sequence[Update]],
    words: frozenset[str] = frozenset(),
) -> Book:
    """Make a Book from the updates of each record. The keys of `kinds`, `names` and `histories` are slugs."""
    told: list[Told] = []
    low = {word.casefold() for word in words}
    for slug, history in histories.items():
        live = {update.id for update in live_updates(history)}
        state = fold(kinds[slug], history)
        current = {fact.update for facts in state.fields.values() for fact in facts} & live
        for update in history:
            unknown = isinstance(update.value, Unreadable) or find_field(kinds[slug], update.field) is None
            if update.action != "set" or unknown:
                continue
            parts, value_day, own = _recognised(kinds[slug], update, names, low)
            day = _day(update.date)
            told.append(Told(update, kinds[slug], update.id in current, day, value_day, parts, own))
    return Book(_apart(told), sources, names, words)


def _apart(told: list[Told]) -> list[Told]:
    """Return the updates, with `own` set to False where updates of several records have the same words."""
    records: dict[str, set[str]] = defaultdict(set)
    for update in told:
        records[update.says[2]].add(update.update.record)
    return [
        Told(o.update, o.kind, o.current, o.day, o.value_day, o.parts, o.own and len(records[o.says[2]]) == 1)
        for o in told
    ]


_UNITS = {"trillion": 12, "lakh crore": 12, "billion": 9, "bn": 9, "crore": 7, "million": 6, "lakh": 5, "": 0}


def _amounts(amount: Decimal) -> str:
    """Return a pattern that matches an amount in any unit: "3 billion", "3,000 million" and so on."""
    patterns: list[str] = []
    for unit, power in _UNITS.items():
        number = amount.scaleb(-power).normalize()
        patterns += [f"{re.escape(text)} ?{unit}" for text in {f"{number:f}", f"{number:,f}"}]
    return rf"(?<![\d.,])(?:{'|'.join(sorted(patterns))})(?![\d.,]*\d)"


def _recognised_day(value: FactDate) -> tuple[tuple[re.Pattern[str], ...], str, bool]:
    words = dates.format_fact_date(value, weekday=False)
    if re.fullmatch(r"\d{4}", words):  # A year, unless it is the end of a month or a day.
        return (
            (re.compile("".join(f"(?<!{month} )" for month in _MONTHS.casefold().split("|")) + rf"\b{words}\b"),),
            "",
            False,
        )
    day = _day(value)
    phrase = _phrase(words)
    if _MONTH.fullmatch(words):  # A month, unless it is the end of a day.
        phrase = re.compile(r"(?<!\d )" + phrase.pattern)
    return (phrase,), day, bool(day)


def _recognised(
    kind: Kind, update: Update, names: Mapping[str, str], words: set[str]
) -> tuple[tuple[re.Pattern[str], ...], str, bool]:
    """Return the values of `parts`, `value_day` and `own` for the `Told` of an update.

    `own` is correct only after `_apart`. `words` are the invented words of the ledger.
    """
    field = find_field(kind, update.field)
    assert field is not None  # The caller leaves out updates of unknown fields.
    value = update.fact.value

    def mark(text: str) -> re.Pattern[str]:
        invented = next((w for w in re.findall(r"[^\W\d_]+", text.casefold()) if w in words), "")
        return _phrase(invented or " ".join(re.findall(r"\w+", text)[:5]))

    if isinstance(field.type, ChoiceType):
        choice = expect(value, str)
        said = _CHOICES.get((update.field, choice), "")
        return (re.compile(said) if said else _phrase(field.type.options[choice]),), "", False
    match value:
        case Approval(what=about, state=state):
            said = _APPROVALS.get(state) or re.escape(state)
            # The state has to be in the same clause, because a line can name several approvals with different states.
            what = mark(about).pattern
            between = r"(?:[^;]|; (?:before|was))*?"
            return (re.compile(rf"{what}{between}(?:{said})|(?:{said}){between}{what}"),), "", True
        case Money(amount=amount):
            return (re.compile(_amounts(amount)),), "", True
        case FactDate():
            return _recognised_day(value)
        case Due(date=day):
            return _recognised_day(day)
        case None:
            return (re.compile(r"no due date"),), "", False
        case Party(record=target, role=role):
            if role and (not target or mark(role).pattern != _phrase(role).pattern):
                return (mark(role),), "", True
            name = [mark(names.get(target) or target)]
            if relation := _RELATIONS.get((kind, update.field)):
                either = f"{name[0].pattern}|{mark(names.get(update.record) or update.record).pattern}"
                return (re.compile(relation), re.compile(either)), "", False
            return tuple(name + ([mark(role)] if role else [])), "", False
        case Quantity() as quantity:
            if quantity.number is None:
                return (mark(quantity.printed),), "", True
            return (re.compile(_amounts(quantity.number)),), "", True
        case ListedText(text=text) | Title(text=text) | text:
            return (mark(text),), "", mark(text) != _phrase(text) or len(text.split()) > 2
