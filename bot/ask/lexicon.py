"""What the words of questions mean: read from the lexicon file beside this module, and looked up by phrase."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import msgspec
import yaml
from msgspec import Struct

from bot import dates
from bot.ledger.words import distance, normal, spelling_variants, words_of

_FILE = Path(__file__).with_name("lexicon.yaml")
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # Every scalar is text: `no` and `on` are words here.


class Aspect(Struct, frozen=True):
    """Something that a question can be after: the fields that answer it, and how it is named when they are empty.

    A `weak` one gives way to any other. A `close` one is only told of what is named, not of what is linked with it.
    """

    words: list[str] = []
    pairs: list[tuple[str, str]] = []
    fields: dict[str, list[str]] = {}
    absent: str = ""
    weak: bool = False
    close: bool = False


class Role(Struct, frozen=True):
    """Something that one does in a deal; `roles` are words by which the record's own roles are known."""

    words: list[str]
    roles: list[str]
    absent: str


class Group(Struct, frozen=True):
    """A noun for some participants: of one `type`, and with one of these words in what they are."""

    words: list[str]
    type: str
    absent: str
    holds: list[str] = []


class State(Struct, frozen=True):
    """A stage, side state or state by the words that ask for it; `absent` names it when it is not in the record."""

    words: list[str]
    absent: str


class _File(Struct, forbid_unknown_fields=True):
    small: str
    read_as: dict[str, str]
    also: dict[str, str]
    aspects: dict[str, Aspect]
    roles: dict[str, Role]
    kinds: dict[str, list[str]]
    groups: dict[str, Group]
    stages: dict[str, State]
    side_states: dict[str, State]
    session_states: dict[str, State]
    outcomes: dict[str, State]
    about: list[str]
    at: list[str]
    addressed: list[str]
    without: list[str]
    negations: list[str]
    grammar: dict[str, list[str]]
    yes_no: list[str]
    future: list[str]


Meaning = tuple[str, str]
"""A category of the file and the name in it: ("aspects", "value"), ("kinds", "deal")."""

Phrase = tuple[str, ...]


class Lexicon(Struct, frozen=True):
    """The file, and its words by phrase."""

    small: frozenset[str]
    read_as: Mapping[str, Phrase]
    also: Mapping[str, str]
    aspects: Mapping[str, Aspect]
    roles: Mapping[str, Role]
    groups: Mapping[str, Group]
    states: Mapping[str, Mapping[str, State]]
    about: frozenset[str]
    at: frozenset[str]
    addressed: frozenset[str]
    without: frozenset[str]
    negations: frozenset[str]
    grammar: Mapping[str, frozenset[str]]
    yes_no: frozenset[str]
    cues: Mapping[Phrase, frozenset[Meaning]]
    longest: int
    pairs: Mapping[tuple[str, str], str]
    known: frozenset[str]
    near: Mapping[str, tuple[str, ...]]

    def near_to(self, word: str) -> list[tuple[int, str]]:
        """Return the words of the file that a word may be a typo of, the nearest first, each with how far it is."""
        found = {known for key in spelling_variants(word) for known in self.near.get(key, ())}
        return sorted((distance(word, known), known) for known in found)


@lru_cache(4096)
def inflections(word: str) -> Sequence[str]:
    """A word and the forms in which English bends it; some of them do not exist, which does no harm."""
    if len(word) < 3 or not word.isascii() or not word.isalpha():
        return [word]
    forms = [word, word + "s", word + "ed", word + "ing"]
    if word.endswith("e"):
        forms += [word + "d", word[:-1] + "ing"]
    if word.endswith("y"):
        forms += [word[:-1] + "ies", word[:-1] + "ied"]
    if word.endswith(("s", "x", "ch", "sh")):
        forms.append(word + "es")
    return forms


@lru_cache(4096)
def stems(word: str) -> frozenset[str]:
    """What a word may be a form of, itself among it. Two words that share one are taken for the same."""
    found = {word}
    if word.isascii() and len(word) >= 4:
        for ending, instead in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= 3:
                found.add(word[: -len(ending)] + instead)
    return frozenset(found)


_ENDINGS = (
    ("ies", "y"),
    ("es", ""),
    ("es", "e"),
    ("s", ""),
    ("ied", "y"),
    ("ed", ""),
    ("ed", "e"),
    ("ing", ""),
    ("ing", "e"),
)


def same(one: str, other: str) -> bool:
    """Whether two words are forms of one word."""
    return one == other or not stems(one).isdisjoint(stems(other))


def _phrases(texts: Iterable[str]) -> Iterable[Phrase]:
    for text in texts:
        *head, last = words_of(text)
        for form in [last] if text.endswith("=") else inflections(last):
            yield (*head, form)


@cache
def lexicon() -> Lexicon:
    """The lexicon, read when it is first needed. ValueError when the file is not of this shape."""
    raw: Any = yaml.load(_FILE.read_text("utf-8"), Loader=_LOADER)  # noqa: S506  # It makes plain data only.
    file = msgspec.convert(raw, _File, strict=False)
    cues: dict[Phrase, set[Meaning]] = {}

    def add(category: str, name: str, texts: Iterable[str]) -> None:
        for phrase in _phrases(texts):
            cues.setdefault(phrase, set()).add((category, name))

    for category in ("aspects", "roles", "groups", "stages", "side_states", "session_states", "outcomes"):
        for name, entry in getattr(file, category).items():
            add(category, name, entry.words)
    for kind, nouns in file.kinds.items():
        add("kinds", kind, nouns)
    add("future", "", file.future)
    small = frozenset(word for text in file.small.split() for word in words_of(text))
    read_as = {" ".join(words_of(typed)): tuple(words_of(meant)) for typed, meant in file.read_as.items()}
    known = (
        small
        | {word for phrase in cues for word in phrase}
        | {normal(word) for word in file.also}
        | set(read_as)
        | {month.lower() for month in dates.MONTHS}
    )
    near: dict[str, set[str]] = {}
    for word in known:
        if len(word) >= 4 and word.isascii():
            for key in spelling_variants(word):
                near.setdefault(key, set()).add(word)
    return Lexicon(
        small=small,
        read_as=read_as,
        also={form: normal(same_as) for word, same_as in file.also.items() for form in inflections(normal(word))},
        aspects=file.aspects,
        roles=file.roles,
        groups=file.groups,
        states={
            "stages": file.stages,
            "side_states": file.side_states,
            "session_states": file.session_states,
            "outcomes": file.outcomes,
        },
        about=frozenset(file.about),
        at=frozenset(file.at),
        addressed=frozenset(file.addressed),
        without=frozenset(file.without),
        negations=frozenset(file.negations),
        grammar={name: frozenset(words) for name, words in file.grammar.items()},
        yes_no=frozenset(file.yes_no),
        cues={phrase: frozenset(meanings) for phrase, meanings in cues.items()},
        longest=max(map(len, cues)),
        pairs={
            (" ".join(words_of(a)), " ".join(words_of(b))): name
            for name, aspect in file.aspects.items()
            for a, b in aspect.pairs
        },
        known=frozenset(known),
        near={key: tuple(sorted(words)) for key, words in near.items()},
    )
