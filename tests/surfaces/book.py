"""The ledger of a server as a reader could know it: by which words, dates and source titles each update is recognised.

It is read from the tables of updates and sources alone, so it knows nothing of how messages are written.
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
from data.records import Approval, Due, FactDate, Kind, ListedText, Money, Party, Source, Unreadable, Update

_NAMES = ("name", "alias", "topic", "zone", "checked")
_KINDS = ("deal_type", "type", "org_type", "place_type", "doc_type", "item_kind", "basis", "form", "closes_when")
NO_NEWS = frozenset(_NAMES + _KINDS)
"""Fields that say how the record is kept: names, kinds and topics. What they say needs no day."""

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
DAY = re.compile(rf"(?<!\d)\d{{1,2}} (?:{_MONTHS}) \d{{4}}\b")
_MONTH = re.compile(rf"(?<!\d )(?<!\w)(?:{_MONTHS}) \d{{4}}\b")

_BEFORE = r"(?<!\w)"  # What a pattern for a phrase begins with.

_OPEN = r"(?<!left )(?<!still )\bopen\b(?! items:)|\bopened\b|waiting for|window running|outstanding|tions? under way"
# How each choice may be worded: a pattern of the words that say it, in small letters. Others go by their label.
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
_APPROVALS = {
    "not started": r"not started",
    "requested": r"requested|asked|waiting|no outcome reported",
    "open": r"\bopen\b|waiting|no outcome reported",
    "granted": r"granted|given|approved",
    "expired": r"expired|ended|ran out",
}


@dataclass(frozen=True)
class Told:
    """One update: what it says, its day, its source. `current` when it counts today.

    `parts` are the patterns that all stand where its words stand, in a line in small letters. `own` when no other
    update of another record has the same: such words are recognised wherever they stand, others only beside the record.
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
        """Return a word that stands wherever the update's words stand; "" where they can be said in several ways."""
        found = re.fullmatch(re.escape(_BEFORE) + r"(\w+)\b.*", self.parts[0].pattern)
        return found[1] if found else ""

    @property
    def news(self) -> bool:
        return self.update.field not in NO_NEWS

    @property
    def says(self) -> tuple[str, str, str]:
        """Return what makes two updates the same to a reader: the record, the field and the words."""
        return self.update.record, self.update.field, "|".join(part.pattern for part in self.parts)

    def __str__(self) -> str:
        value = msgspec.json.encode(self.update.value).decode()[:60]
        return f"{self.update.record}.{self.update.field}={value} of {self.day or 'no day'}"


def plain(text: str) -> str:
    """Return a line as a reader sees it: without marks of markdown, hidden characters and escapes."""
    text = re.sub(r"^(?:-# |#{1,3} |- |\s+)+", "", text)
    text = re.sub(r"(?<!\\)(?:\*\*|__|~~|`|\*)", "", text)
    text = text.replace("\u200b", "").replace("\u00a0", " ")
    return re.sub(r"\\(?=[^A-Za-z0-9\s])", "", text)


class Book:
    """All updates of a server, with what recognises them."""

    def __init__(
        self, told: list[Told], sources: Mapping[int, Source], names: Mapping[str, str], words: frozenset[str]
    ):
        self.told, self.sources, self.names = told, sources, names
        self._words = {word.casefold() for word in words}
        self._invented = re.compile(r"[^\W\d_]+")

    @cached_property
    def _by_word(self) -> dict[str, list[int]]:
        """Map each word to the places in `told` of updates that hold it; updates without such a word are under ""."""
        found: dict[str, list[int]] = defaultdict(list)
        for place, one in enumerate(self.told):
            found[one.needle].append(place)
        return found

    def standing(self, line: str) -> list[tuple[Told, int]]:
        """Return the updates whose words stand in a line in small letters, and where their last letters are."""
        words = {"", *re.findall(r"\w+", line)}
        found: list[tuple[Told, int]] = []
        for place in sorted(place for word in words for place in self._by_word.get(word, ())):
            one = self.told[place]
            ends = [match.end() - 1 if (match := part.search(line)) else -1 for part in one.parts]
            if min(ends) >= 0:
                found.append((one, max(ends)))
        return found

    # Records

    @cached_property
    def _name_patterns(self) -> dict[str, re.Pattern[str]]:
        return {slug: _phrase(self._mark(name) or name) for slug, name in self.names.items() if name}

    def _mark(self, text: str) -> str:
        """Return the invented word in a text; "" when there is none."""
        return next((word for word in self._invented.findall(text.casefold()) if word in self._words), "")

    def named(self, line: str) -> dict[str, tuple[int, int]]:
        """Return the records whose names stand in a line in small letters, each with where its name first stands."""
        found = {slug: pattern.search(line) for slug, pattern in self._name_patterns.items()} if line else {}
        return {slug: match.span() for slug, match in found.items() if match}

    @cached_property
    def neighbours(self) -> dict[str, set[str]]:
        """Return the records that each record is linked with, in either direction, now or before."""
        found: dict[str, set[str]] = defaultdict(set)
        for one in self.told:
            field = find_field(one.kind, one.update.field)
            for slug, _ in field.type.records(one.update.fact.value) if field else []:
                found[one.update.record].add(slug)
                found[slug].add(one.update.record)
        return found

    # Marks: days, titles, hosts and places in sources

    @cached_property
    def days(self) -> dict[str, list[Told]]:
        """Return the updates of each fact day."""
        return _grouped((one.day, one) for one in self.told)

    @cached_property
    def value_days(self) -> dict[str, list[Told]]:
        """Return the updates by the day that is their value."""
        return _grouped((one.value_day, one) for one in self.told)

    @cached_property
    def published(self) -> dict[str, list[Told]]:
        """Return the updates by the day of their source."""
        return _grouped((_day(self.sources[one.update.source_id].published_on), one) for one in self.told)

    @cached_property
    def titles(self) -> dict[str, list[Told]]:
        """Return the updates of each source, by what the source is recognised by: title, publisher or host."""
        pairs: list[tuple[str, Told]] = []
        for one in self.told:
            source = self.sources[one.update.source_id]
            host = urlsplit(source.url).hostname or ""
            marks = {self._mark(source.title) or source.title.casefold()[:60], host.casefold()}
            pairs += [(mark, one) for mark in marks if mark]
        return _grouped(pairs)

    @cached_property
    def locators(self) -> dict[str, list[Told]]:
        """Return the updates of each locator that has a word of its own."""
        return _grouped((self._mark(one.update.locator), one) for one in self.told)

    def dates_in(self, line: str) -> list[str]:
        """Return the days and months in a line that are of some update: of a fact, a value or a source."""
        known = (self.days, self.value_days, self.published)
        found = [*DAY.findall(line), *_MONTH.findall(line)]
        return [day for day in dict.fromkeys(found) if any(day in by_day for by_day in known)]

    def titles_in(self, line: str) -> list[str]:
        """Return the sources in a line in small letters."""
        return [mark for mark in self.titles if mark in line and _phrase(mark).search(line)] if line else []

    def locators_in(self, line: str) -> list[str]:
        return [mark for mark in self.locators if mark in line and _phrase(mark).search(line)] if line else []


def _grouped(pairs: Iterable[tuple[str, Told]]) -> dict[str, list[Told]]:
    found: dict[str, list[Told]] = defaultdict(list)
    for key, one in pairs:
        if key:
            found[key].append(one)
    return dict(found)


_patterns: dict[str, re.Pattern[str]] = {}


def _phrase(text: str) -> re.Pattern[str]:
    """Return a pattern for words that stand by themselves, whatever stands between them."""
    if text not in _patterns:
        words = re.findall(r"\w+", text.casefold())
        _patterns[text] = re.compile(_BEFORE + r"\W+".join(map(re.escape, words)) + r"(?!\w)")
    return _patterns[text]


def _day(found: FactDate | None) -> str:
    """Return a date as it is looked for in lines: its day, else its month, as it is written; "" for vaguer ones."""
    words = dates.format_fact_date(found, weekday=False) if found else ""
    match = DAY.search(words) or _MONTH.search(words)
    return match[0] if match else ""


async def read(conn: Connection, guild_id: int, words: frozenset[str] = frozenset()) -> Book:
    """Read the ledger of a server. `words` are the invented ones in it, by which updates are recognised."""
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
    """Make a book of the updates of each record; kinds and names are by slug."""
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
    """Mark what several records say in the same words: it is recognised beside its record only."""
    records: dict[str, set[str]] = defaultdict(set)
    for one in told:
        records[one.says[2]].add(one.update.record)
    return [
        Told(o.update, o.kind, o.current, o.day, o.value_day, o.parts, o.own and len(records[o.says[2]]) == 1)
        for o in told
    ]


_UNITS = {"trillion": 12, "lakh crore": 12, "billion": 9, "bn": 9, "crore": 7, "million": 6, "lakh": 5, "": 0}


def _amounts(amount: Decimal) -> str:
    """Return a pattern of an amount in any of the units in which it may be written."""
    found: list[str] = []
    for unit, power in _UNITS.items():
        number = amount.scaleb(-power).normalize()
        found += [f"{re.escape(text)} ?{unit}" for text in {f"{number:f}", f"{number:,f}"}]
    return rf"(?<![\d.,])(?:{'|'.join(sorted(found))})(?![\d.,]*\d)"


def _recognised_day(value: FactDate) -> tuple[tuple[re.Pattern[str], ...], str, bool]:
    words = dates.format_fact_date(value, weekday=False)
    if re.fullmatch(r"\d{4}", words):  # A year that stands in no longer date.
        return (
            (re.compile("".join(f"(?<!{month} )" for month in _MONTHS.casefold().split("|")) + rf"\b{words}\b"),),
            "",
            False,
        )
    day = _day(value)
    phrase = _phrase(words)
    if _MONTH.fullmatch(words):  # A month that is no part of a day.
        phrase = re.compile(r"(?<!\d )" + phrase.pattern)
    return (phrase,), day, bool(day)


def _recognised(
    kind: Kind, update: Update, names: Mapping[str, str], words: set[str]
) -> tuple[tuple[re.Pattern[str], ...], str, bool]:
    """Return the patterns of an update's words, the day that is its value, and whether the words are its own."""
    field = find_field(kind, update.field)
    assert field is not None  # The caller has left out what the table of fields does not know.
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
            # In one clause: a line can name several approvals, each with a state of its own.
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
            return tuple(name + ([mark(role)] if role else [])), "", False
        case ListedText(text=text) | text:
            return (mark(text),), "", mark(text) != _phrase(text) or len(text.split()) > 2
