"""Normalising of names and texts, the same for what is stored and for what is asked; and typos between words."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from snowballstemmer import stemmer

# Stripping every mark would destroy Hindi and Arabic; accents are only dropped where readers leave them out.
_ACCENTS_DROPPED_FROM = ("LATIN", "GREEK", "CYRILLIC")

# What parts words in texts that are otherwise ASCII: with these gone most texts take the fast way.
_TYPOGRAPHY = dict.fromkeys(
    map(ord, "\u00a0\u2009\u2010\u2011\u2012\u2013\u2014\u2018\u2019\u201c\u201d\u20ac\u20b9"), " "
)

# What some type within a word and some do not: soft hyphens, the joiners of Hindi and Persian, and the modifier letters
# that stand for an apostrophe or a hamza ("Hawaiʻi", "Qurʼan").
_UNSEEN: dict[int, str] = dict.fromkeys((0xAD, 0x200C, 0x200D, *range(0x2B9, 0x2C2)), "") | {ord("ŉ"): "n"}

_GENITIVE = re.compile(r"(?<=[^\W_]|\.)['\u2019\u02bc]s(?![^\W_])", re.IGNORECASE)  # "India's", "the U.S.’s"

# fmt: off
# Letters that have no accent to drop, as readers without them on their keyboard write them.
_LETTERS = {
    "đ": "d", "ð": "d", "ɖ": "d", "ɗ": "d", "ħ": "h", "ı": "i", "ȷ": "j", "ĸ": "k", "ƙ": "k", "ł": "l", "ŧ": "t",
    "ø": "o", "ɓ": "b", "ŋ": "ng", "æ": "ae", "œ": "oe", "ß": "ss", "þ": "th", "ə": "a", "ɛ": "e", "ɔ": "o",
}
# Hindi is written with and without the dot of borrowed sounds, with either sign of a nasal, and often with the short
# vowel for the long one.
_DEVANAGARI = {
    "\u093c": "", "ऩ": "न", "ऱ": "र", "ऴ": "ळ", "ँ": "ं", "ई": "इ", "ऊ": "उ", "ी": "ि", "ू": "ु",
}
# fmt: on
_ONE_WAY = str.maketrans(_LETTERS | _DEVANAGARI)
_IN_DEVANAGARI = "[\u0900-\u0963\u0971-\u097f]"
_HALF_NASAL = re.compile(f"(?<={_IN_DEVANAGARI})[ङञणनम]्(?=[क-ह])")  # "ब्लिन्कन" is "ब्लिंकन"
_VIRAMA_AT_END = re.compile(f"(?<={_IN_DEVANAGARI})्+(?!{_IN_DEVANAGARI})")  # "श्रीमान्" is "श्रीमान"
_OTHER_DIGIT = re.compile(r"(?![0-9])\d")

_ASCII_PARTS = re.compile(r"[a-z]+|[0-9]+")
_PARTS = re.compile(r"\d+|[^\d\s]+")
_NOT_ASCII_WORD = re.compile(r"[^a-z0-9]+")
_DOTTED = re.compile(r"(?<![^\W_])(?:[a-z]\.)+[a-z](?![^\W_])")  # "u.s", whether or not a dot follows

_BRITISH_NOUNS = {
    "acknowledgement": "acknowledgment",
    "aeroplane": "airplane",
    "artefact": "artifact",
    "calibre": "caliber",
    "centre": "center",
    "defence": "defense",
    "fibre": "fiber",
    "instalment": "installment",
    "judgement": "judgment",
    "kilometre": "kilometer",
    "licence": "license",
    "litre": "liter",
    "manoeuvre": "maneuver",
    "metre": "meter",
    "offence": "offense",
    "pretence": "pretense",
    "programme": "program",
    "sabre": "saber",
    "sceptic": "skeptic",
    "theatre": "theater",
}
# fmt: off
_BRITISH_ISE = (
    "author", "capital", "central", "character", "civil", "critic", "custom", "demilitar", "denuclear", "digit",
    "emphas", "equal", "final", "formal", "galvan", "general", "harmon", "industrial", "institutional",
    "international", "legal", "liberal", "local", "material", "maxim", "memor", "militar", "minim", "mobil",
    "modern", "monet", "national", "neutral", "normal", "optim", "organ", "penal", "polar", "popular", "priorit",
    "privat", "real", "recogn", "reorgan", "scrutin", "special", "stabil", "standard", "subsid", "summar", "symbol",
    "synchron", "util", "visual", "weapon",
)
# fmt: on
_BRITISH_OUR = (
    "arm",
    "behavi",
    "col",
    "endeav",
    "fav",
    "harb",
    "hon",
    "hum",
    "lab",
    "neighb",
    "rig",
    "rum",
    "vap",
    "vig",
)
_BRITISH_LL = ("cancel", "channel", "fuel", "label", "level", "model", "signal", "travel")

# Both spellings are met in one record, and nobody who asks should have to know which one its source used.
_AMERICAN = (
    {british + s: american + s for british, american in _BRITISH_NOUNS.items() for s in ("", "s")}
    | {f"{stem}is{end}": f"{stem}iz{end}" for stem in _BRITISH_ISE for end in ("e", "es", "ed", "er", "ers", "ing")}
    | {f"{stem}isation{s}": f"{stem}ization{s}" for stem in _BRITISH_ISE for s in ("", "s")}
    | {f"{stem}ys{end}": f"{stem}yz{end}" for stem in ("anal", "paral") for end in ("e", "ed", "ing")}
    | {
        f"{stem}our{end}": f"{stem}or{end}"
        for stem in _BRITISH_OUR
        for end in ("", "s", "ed", "er", "ers", "ing", "able", "hood", "ite", "al")
    }
    | {f"{stem}l{end}": f"{stem}{end}" for stem in _BRITISH_LL for end in ("ed", "er", "ers", "ing")}
)

LONGEST_MISTYPED = 24
"""Words longer than this are no typos of one another: mostly scripts that set no spaces, and nonsense."""

_VOWELS = re.compile("[aeiouy]")
_DOUBLED = re.compile(r"(.)\1+")


def one_line(text: str) -> str:
    """Return a text on one line, without control characters or those that turn its direction around.

    The two joiners stay: words of Hindi, Persian and others are written with them.
    """
    if not text.isprintable():
        text = "".join(c if c.isprintable() or c in "\u200c\u200d" else " " for c in text)
    return " ".join(text.split())


def _without_accents(text: str) -> str:
    kept: list[str] = []
    dropping = False
    for c in unicodedata.normalize("NFD", text):
        if unicodedata.category(c) != "Mn":
            dropping = unicodedata.name(c, "").startswith(_ACCENTS_DROPPED_FROM)
        elif dropping:
            continue
        kept.append(c)
    return unicodedata.normalize("NFC", "".join(kept))


def _folded(text: str) -> str:
    """Return a text in lower case and without accents, its punctuation still there."""
    if not text.isascii():
        text = text.translate(_TYPOGRAPHY)
    if text.isascii():
        return text.lower()
    # One name in another script does not make a long text slow: only its own pieces are looked at letter by letter.
    return " ".join(piece.lower() if piece.isascii() else _folded_slowly(piece) for piece in text.split())


@lru_cache(2048)
def _folded_slowly(piece: str) -> str:
    # Folding case may leave what is not composed or compatible, so that comes again.
    return _without_accents(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", piece).casefold()))


def _one_way(folded: str) -> str:
    """Return a folded text with the variants of a letter or digit written as one of them."""
    if folded.isascii():
        return folded
    return " ".join(piece if piece.isascii() else _one_way_slowly(piece) for piece in folded.split())


@lru_cache(2048)
def _one_way_slowly(piece: str) -> str:
    piece = _OTHER_DIGIT.sub(lambda found: str(unicodedata.decimal(found[0])), piece.translate(_ONE_WAY))
    return _VIRAMA_AT_END.sub("", _HALF_NASAL.sub("ं", piece))


def _split(folded: str) -> str:
    """Return a folded text with a space for whatever is neither letter, mark nor digit."""
    if folded.isascii():
        return _NOT_ASCII_WORD.sub(" ", folded)
    return "".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in folded)


def words_of(text: str) -> list[str]:
    """Return the words of a text as they are compared: without case, their spelling variants written as one.

    Letters and digits are words of their own ("MQ-9B", "mq9b" and "MQ 9B" are the same), letters with dots are one word
    ("U.S." is "us"), a genitive is its noun ("India's" is "india"), British spellings are American ones, letters that
    few keyboards have are those that others type ("Đà Nẵng" is "da nang"), and digits of every script are ASCII's.
    """
    if "'" in text or not text.isascii():
        text = _GENITIVE.sub("", text)
    if not text.isascii():
        # Before marks are looked at: a joiner between a letter and its mark would hide that they belong together.
        text = text.translate(_UNSEEN)
    folded = _one_way(_folded(text))
    if "." in folded:
        folded = _DOTTED.sub(lambda found: found[0].replace(".", ""), folded)
    words: list[str]
    if folded.isascii():
        words = _ASCII_PARTS.findall(folded)
    else:  # A mark alone is no word.
        parts = _PARTS.findall(_split(folded))
        words = [word for word in parts if any(map(str.isalnum, word))]
    return [_AMERICAN.get(word) or word for word in words]


def normal(text: str) -> str:
    """Return a name as it is compared: its words, joined by single spaces."""
    return " ".join(words_of(text))


def as_written(text: str) -> str:
    """Return a text without case and punctuation, its spelling kept. Two entries of a record with the same one are one.

    Changes of `words_of` do not change it, so that no record changes by them.
    """
    return " ".join(_split(_folded(text)).split())


def slug_of(name: str) -> str:
    """Return a short address for a record, made from its name. Letters of every script stay; at most 50 characters,
    so that the id of a button (100) can carry it with a server and a page."""
    return as_written(name).replace(" ", "-")[:50].strip("-") or "record"


_english = stemmer("english")
_PLURALS = {"buses": "bus", "gases": "gas"}  # What the stemmer leaves apart.


@lru_cache(8192)
def stem(word: str) -> str:
    """Return what the forms of an English word have in common: "negoti" of "negotiating" and "negotiations".

    A word with other than ASCII letters is its own stem. A name may lose its end as well ("netherland"), so a stem is
    only compared with stems.
    """
    if len(word) < 3 or len(word) > LONGEST_MISTYPED or not (word.isascii() and word.isalpha()):
        return word
    found = _PLURALS.get(word) or _english.stemWord(word)
    # Short forms have no vowel by which the stemmer knows a plural ("SMRs"), or one that ends a root ("GPUs").
    plural = word[-1] == found[-1] == "s" and len(found) > 3 and found[-2] != "s" and found != "news"
    return found[:-1] if plural else found


def skeleton(word: str) -> str:
    """Return a word as it sounds: without vowels after its first letter, doubled letters once."""
    return _DOUBLED.sub(r"\1", word[:1] + _VOWELS.sub("", word[1:]))


def spelling_variants(word: str) -> set[str]:
    """Return the forms of a word that it shares with its typos: words that share a form may be meant for one another.

    The word, "=" with its stem where that is another, the word with each one of its letters left out (from four
    letters on), and "~" with its skeleton (from five on). Numbers are never typos of one another, nor are words too
    long to be any.
    """
    variants = {word, "=" + stem(word)} - {"=" + word}
    if len(word) < 4 or len(word) > LONGEST_MISTYPED or word[0].isdigit():
        return variants
    variants |= {word[:i] + word[i + 1 :] for i in range(len(word))}
    if len(word) >= 5:
        variants.add("~" + skeleton(word))
    return variants


def distance(a: str, b: str) -> int:
    """Return how many typos lie between two words: a letter added, left out or replaced, or two neighbours swapped."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        before, last, row = row, before, [i]
        for j, other in enumerate(b, 1):
            steps = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and other == a[i - 2]:
                steps = min(steps, last[j - 2] + 1)
            row.append(steps)
    return row[-1]
