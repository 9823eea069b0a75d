"""A question, read: its words, the records it names, the time it asks about and what it is after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache

from msgspec import Struct

from bot.ask import times
from bot.ask.lexicon import Lexicon, Meaning, lexicon, stems
from bot.ledger.words import words_of
from data.records import Kind

LONGEST = 40
"""So many words are read; what comes after them is told as not read."""
_NAME = 7  # The longest name that is looked for, in words.
_APOSTROPHES = str.maketrans("'’", "  ")  # "What's" is not the genitive that `words_of` takes it for.
_NAMES = 5  # So many names are what a question can be about; the rest are words.


class Token(Struct, frozen=True):
    """One word: as it is compared, and the place of what was typed between two spaces that it came from."""

    word: str
    chunk: int
    raw: str

    @property
    def shouted(self) -> bool:
        """Typed in capitals, as short forms of names are."""
        return len(self.raw) > 1 and self.raw.isupper()

    @property
    def capital(self) -> bool:
        return self.raw[:1].isupper()


WHOLE, LATER, INITIALS, STANDS_FOR, FIRST = range(5)
"""How words name a record, as in the table of names: all of a name, from a later word on, its initials, what stands for
it; and, not in the table, the first word of a participant's name."""
_SUREST_FIRST = (WHOLE, INITIALS, STANDS_FOR, LATER, FIRST)


class Named(Struct, frozen=True):
    """A record that some words may name, and how they do."""

    how: int
    kind: Kind
    slug: str
    name: str


class Name(Struct, frozen=True):
    """Words of the question that name a record, and the records that they can mean."""

    start: int
    end: int
    candidates: tuple[Named, ...]


class Reading(Struct, frozen=True):
    """What was understood. The places are those of the tokens.

    `meanings` holds each cue that was found with its places; `left` the places of words that nothing explains.
    `negated` tells that it asks who or what is *not*.
    """

    tokens: tuple[Token, ...]
    names: tuple[Name, ...]
    asked: times.Asked | None
    meanings: Mapping[Meaning, tuple[int, ...]]
    left: tuple[int, ...]
    yes_no: bool
    negated: bool
    clipped: bool

    def has(self, category: str, *names: str) -> bool:
        return any((category, name) in self.meanings for name in names)

    def of(self, category: str) -> list[str]:
        """The names of a category that were found, in the order of the question."""
        found = [(places[0], name) for (one, name), places in self.meanings.items() if one == category]
        return list(dict.fromkeys(name for _, name in sorted(found)))

    def word(self, place: int) -> str:
        return self.tokens[place].word if 0 <= place < len(self.tokens) else ""


def tokens(text: str) -> tuple[list[Token], bool]:
    """The words of a question in order, at most so many, and whether some were left out."""
    lex = lexicon()
    found: list[Token] = []
    for chunk, raw in enumerate(text.split()):
        if len(found) >= LONGEST:
            return found[:LONGEST], True
        words = words_of(raw[:200].translate(_APOSTROPHES))
        stripped = raw.strip("\"'“”‘’()[]{}.,;:!?…«»")
        # What people say as one ("what's") is read as what it means; a genitive ending carries nothing.
        joined = "".join(words)
        meant = lex.read_as.get(joined)
        if meant is None and len(words) > 1 and words[-1] in lex.grammar["endings"]:
            meant = lex.read_as.get(words[0] + words[-1])
            if meant is None:
                negated = words[0] + "t"  # "isn't" is one word; an ending such as "'s" carries nothing.
                words = [negated] if words[-1] == "t" and negated in lex.small | lex.yes_no else words[:-1]
        if meant is None and len(words) == 1:
            meant = lex.read_as.get(words[0])
        found += [Token(word, chunk, stripped or raw) for word in (meant or words)]
    return found[:LONGEST], len(found) > LONGEST


def grams(found: Sequence[Token]) -> Mapping[str, Sequence[tuple[int, int]]]:
    """Every run of words that can be a name, with the places where it stands; plurals also as one."""
    return _runs(tuple(token.word for token in found))


@lru_cache(64)  # They are asked for twice: to look names up, and to place those that were found.
def _runs(words: tuple[str, ...]) -> Mapping[str, Sequence[tuple[int, int]]]:
    runs: dict[str, list[tuple[int, int]]] = {}
    joining = lexicon().grammar["joining"]
    for start, first in enumerate(words):
        opens = first in joining
        head = ""
        for end in range(start + 1, min(start + _NAME, len(words)) + 1):
            last = words[end - 1]
            if last not in joining and not (opens and end - start < _WITH_ARTICLE):
                for form in plurals(last):
                    runs.setdefault(head + form, []).append((start, end))
            head += last + " "
    return runs


_WITH_ARTICLE = 3
"""A name can begin with an article ("A stable region") when it has so many words."""


@lru_cache(4096)
def plurals(word: str) -> Sequence[str]:
    """A word as it is, and as one or as several."""
    if len(word) < 3 or not word.isascii() or not word.isalpha():
        return [word]
    if word.endswith("ies") and len(word) > 4:
        return [word, word[:-3] + "y"]
    if word.endswith("s"):
        return [word, word[:-1]]
    return [word, word + "s"]


def read(
    found: Sequence[Token], named: Mapping[str, Sequence[Named]], *, today: date, clipped: bool = False
) -> Reading:
    """Reads a question, given the records that each run of its words names."""
    lex = lexicon()
    words = [token.word for token in found]
    names = _names(found, named, lex)
    taken = frozenset(place for name in names for place in range(name.start, name.end))
    asked = times.find(words, today, taken)
    if asked is not None and asked.first > today:
        asked = None  # The record has no picture of a time to come: such a date is looked for as words.
    in_time = set(range(asked.start, asked.end)) if asked else set()
    meanings = _meanings(words, taken | in_time, lex)
    cued = {place for places in meanings.values() for place in places}
    left = tuple(
        place
        for place, word in enumerate(words)
        if place not in taken
        and place not in in_time
        and place not in cued
        and stems(word).isdisjoint(lex.small)
        and word not in lex.yes_no
        and not (len(word) == 1 and word.isascii() and word.isalpha())
    )
    return Reading(
        tokens=tuple(found),
        names=tuple(names),
        asked=asked,
        meanings=meanings,
        left=left,
        yes_no=bool(words) and words[0] in lex.yes_no,
        negated=words[:1] != []
        and words[0] in lex.grammar["asking"]
        and any(word in lex.negations and place not in cued for place, word in enumerate(words)),
        clipped=clipped,
    )


def _names(found: Sequence[Token], named: Mapping[str, Sequence[Named]], lex: Lexicon) -> list[Name]:
    """The runs that name records: the longest first, and of those that are equal the surest; they do not overlap."""
    runs: dict[tuple[int, int], list[Named]] = {}
    placed = grams(found)
    for text, records in named.items():
        for place in placed.get(text, ()):
            runs.setdefault(place, []).extend(records)
    offered = []
    for (start, end), all_named in runs.items():
        candidates = all_named
        least = min((one.how for one in candidates), key=_SUREST_FIRST.index, default=None)
        if least is None or not _stands_alone(found, start, end, least, lex):
            continue
        if least == LATER and end - start == 1:
            # One word at the end of a statement's name is rather looked for as a word.
            candidates = [one for one in candidates if one.kind not in SAID_OF]
            if not candidates:
                continue
        # What stands for a record is as good as a record's own name: "New Delhi" is a place and a government.
        sure = _OWN if least in _OWN else {least}
        best = {one.slug: one for one in candidates if one.how in sure}
        if least == FIRST and len(best) > 1:
            continue
        offered.append((start - end, _SUREST_FIRST.index(least), start, Name(start, end, tuple(best.values()))))
    chosen: list[Name] = []
    for *_, name in sorted(offered, key=lambda one: one[:3]):
        if _hides(name, [other for *_, other in offered], found, lex):
            continue
        if all(name.end <= other.start or other.end <= name.start for other in chosen):
            chosen.append(name)
    return sorted(chosen, key=lambda name: name.start)[:_NAMES]


def _hides(name: Name, offered: Sequence[Name], found: Sequence[Token], lex: Lexicon) -> bool:
    """Whether a name such as "Aims of the roadmap" hides the record that the question is about behind its own words."""
    if any(one.kind not in SAID_OF for one in name.candidates):
        return False
    written = name.start == 0 or found[name.start].capital
    if written and all(one.how == 0 for one in name.candidates):
        return False  # Written as a name, it is one.
    inner = [
        other
        for other in offered
        if name.start <= other.start and other.end <= name.end and other.end - other.start < name.end - name.start
    ]
    subject = [other for other in inner if any(one.kind not in SAID_OF and one.how in _OWN for one in other.candidates)]
    if subject and all(one.how == LATER for one in name.candidates):
        return True
    around = {place for other in inner for place in range(other.start, other.end)}
    asks = [lex.cues.get((found[place].word,), ()) for place in range(name.start, name.end) if place not in around]
    said = any(meaning in _SPOKEN for meanings in asks for meaning in meanings)
    return said and any(one.kind not in SAID_OF for other in inner for one in other.candidates)


SAID_OF: tuple[Kind, ...] = ("statement", "event", "pending")
"""Kinds whose names are rather sentences: a name is sooner that of another record."""
_OWN = frozenset((WHOLE, STANDS_FOR))
_SPOKEN: tuple[Meaning, ...] = (("aspects", "said"), ("aspects", "acted_in_words"))


def _stands_alone(found: Sequence[Token], start: int, end: int, how: int, lex: Lexicon) -> bool:
    """Whether a run that could be a name is meant as one, and not as the words of a question."""
    words = [token.word for token in found[start:end]]
    if words[0] in lex.grammar["joining"]:
        return how == WHOLE  # "the drones": the run without its article names the same.
    if len(words) > 1:
        return how in _OWN or not all(word in lex.known for word in words)
    word, token = words[0], found[start]
    if word in lex.grammar["pronoun"]:
        return token.shouted or "." in token.raw or found[start - 1 if start else 0].word not in lex.addressed
    if how in _OWN:
        # The first word of a question is large anyway, and a record may be called like a question word.
        return word not in lex.small or token.shouted or (token.capital and start > 0)
    if how == INITIALS:
        return token.shouted or word not in lex.known
    return word not in lex.known and not word.isdecimal()


def _meanings(words: Sequence[str], taken: Iterable[int], lex: Lexicon) -> dict[Meaning, tuple[int, ...]]:
    """The cues in the words, the longest at each place, and pairs of words that mean something together."""
    named = set(taken)
    free = ["" if place in named else word for place, word in enumerate(words)]
    found: dict[Meaning, tuple[int, ...]] = {}
    place = 0
    while place < len(free):
        step = 1
        for length in range(min(lex.longest, len(free) - place), 0, -1):
            meanings = lex.cues.get(tuple(free[place : place + length]))
            if meanings:
                for meaning in meanings:
                    found[meaning] = (*found.get(meaning, ()), *range(place, place + length))
                step = length
                break
        place += step
    there = {word: place for place, word in enumerate(free) if word}
    for (one, other), name in lex.pairs.items():
        if one in there and other in there:
            found["aspects", name] = (*found.get(("aspects", name), ()), there[one], there[other])
    return found
