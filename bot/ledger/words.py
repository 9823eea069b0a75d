"""Normalisation of names and texts for comparison and search, slugs, word stems, and the distance of mistyped words."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from Stemmer import Stemmer

# Only these scripts lose their accents, since readers leave them out there. Hindi and Arabic need their marks.
_ACCENTS_DROPPED_FROM = ("LATIN", "GREEK", "CYRILLIC")

# Spaces, dashes, quotes and currency signs become spaces. Most texts are pure ASCII then and take the fast path.
_TYPOGRAPHY = dict.fromkeys(
    map(ord, "\u00a0\u2009\u2010\u2011\u2012\u2013\u2014\u2018\u2019\u201c\u201d\u20ac\u20b9"), " "
)

# Characters within a word that not everybody types: soft hyphens, the joiners of Hindi and Persian, and the modifier
# letters for an apostrophe or a hamza ("Hawaiʻi", "Qurʼan").
_UNSEEN: dict[int, str] = dict.fromkeys((0xAD, 0x200C, 0x200D, *range(0x2B9, 0x2C2)), "") | {ord("ŉ"): "n"}

_GENITIVE = re.compile(r"(?<=[^\W_]|\.)['\u2019\u02bc]s(?![^\W_])", re.IGNORECASE)  # "India's", "the U.S.’s"

# fmt: off
# Letters that Unicode does not split into a base and an accent, as they are typed on keyboards without them.
_LETTERS = {
    "đ": "d", "ð": "d", "ɖ": "d", "ɗ": "d", "ħ": "h", "ı": "i", "ȷ": "j", "ĸ": "k", "ƙ": "k", "ł": "l", "ŧ": "t",
    "ø": "o", "ɓ": "b", "ŋ": "ng", "æ": "ae", "œ": "oe", "ß": "ss", "þ": "th", "ə": "a", "ɛ": "e", "ɔ": "o",
}
# Spelling variants in Hindi: with or without the dot of borrowed sounds, with either nasal sign, and with a short vowel
# for a long one.
_DEVANAGARI = {
    "\u093c": "", "ऩ": "न", "ऱ": "र", "ऴ": "ळ", "ँ": "ं", "ई": "इ", "ऊ": "उ", "ी": "ि", "ू": "ु",
}
# fmt: on
_ONE_SPELLING = str.maketrans(_LETTERS | _DEVANAGARI)
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

# The American spelling of each British one. Sources use both, and nobody should have to know which one a record has.
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
"""The length of the longest words that are compared for typos.

Most longer words are nonsense, or text in a script without spaces.
"""

_VOWELS = re.compile("[aeiouy]")
_DOUBLED = re.compile(r"(.)\1+")


def one_line(text: str) -> str:
    """Return a text on one line, with spaces for control characters and for marks that change the reading direction.

    Zero-width joiners stay, because Hindi, Persian and other languages need them.
    """
    if not text.isprintable():
        text = "".join(c if c.isprintable() or c in "\u200c\u200d" else " " for c in text)
    return " ".join(text.split())


def _without_accents(text: str) -> str:
    chars: list[str] = []
    dropping = False
    for c in unicodedata.normalize("NFD", text):
        if unicodedata.category(c) != "Mn":
            dropping = unicodedata.name(c, "").startswith(_ACCENTS_DROPPED_FROM)
        elif dropping:
            continue
        chars.append(c)
    return unicodedata.normalize("NFC", "".join(chars))


def _folded(text: str) -> str:
    """Return a text in lower case and without accents. Its punctuation stays."""
    if not text.isascii():
        text = text.translate(_TYPOGRAPHY)
    if text.isascii():
        return text.lower()
    # Only the words that are not ASCII are processed letter by letter, so that one such name does not slow down a text.
    return " ".join(piece.lower() if piece.isascii() else _folded_slowly(piece) for piece in text.split())


@lru_cache(2048)
def _folded_slowly(piece: str) -> str:
    # casefold() can undo the normalisation, so it is applied before and after.
    return _without_accents(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", piece).casefold()))


def _one_spelling(folded: str) -> str:
    """Return a folded text with one spelling for the variants of a letter or digit: "đ" as "d", "५" as "5"."""
    if folded.isascii():
        return folded
    return " ".join(piece if piece.isascii() else _one_spelling_slowly(piece) for piece in folded.split())


@lru_cache(2048)
def _one_spelling_slowly(piece: str) -> str:
    piece = _OTHER_DIGIT.sub(lambda match: str(unicodedata.decimal(match[0])), piece.translate(_ONE_SPELLING))
    return _VIRAMA_AT_END.sub("", _HALF_NASAL.sub("ं", piece))


def _split(folded: str) -> str:
    """Return a folded text with spaces in place of everything but letters, marks and digits."""
    if folded.isascii():
        return _NOT_ASCII_WORD.sub(" ", folded)
    return "".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in folded)


def words_of(text: str) -> list[str]:
    """Return the words of a text, normalised for comparison: in lower case, with one spelling for all variants.

    Runs of letters and of digits are separate words ("MQ-9B" and "mq9b" both give mq, 9, b). "U.S." gives "us",
    "India's" gives "india", "defence" gives "defense" and "Đà Nẵng" gives "da", "nang". Digits of any script become
    ASCII digits.
    """
    if "'" in text or not text.isascii():
        text = _GENITIVE.sub("", text)
    if not text.isascii():
        # Done before accents are dropped: a joiner between a letter and its accent would separate them.
        text = text.translate(_UNSEEN)
    folded = _one_spelling(_folded(text))
    if "." in folded:
        folded = _DOTTED.sub(lambda match: match[0].replace(".", ""), folded)
    words: list[str]
    if folded.isascii():
        words = _ASCII_PARTS.findall(folded)
    else:  # A part without a letter or digit is no word.
        parts = _PARTS.findall(_split(folded))
        words = [word for word in parts if any(map(str.isalnum, word))]
    return [_AMERICAN.get(word) or word for word in words]


def normal(text: str) -> str:
    """Return a name normalised for comparison: the words of `words_of`, joined by single spaces."""
    return " ".join(words_of(text))


def as_written(text: str) -> str:
    """Return a text in lower case, without accents and punctuation: "u s defence" for "U.S. Defence".

    Two texts of a list field are the same item if this function returns the same for both. Unlike `words_of`, it keeps
    British and American spelling apart. It does not call `words_of`, because changes of search must not change records.
    """
    return " ".join(_split(_folded(text)).split())


def slug_of(name: str) -> str:
    """Return the slug for a new record, made from its name: "31 armed drones" gives "31-armed-drones".

    Letters of every script stay. A slug has at most 50 characters, so that a custom id (at most 100) has room for it
    beside a guild and a page.
    """
    return as_written(name).replace(" ", "-")[:50].strip("-") or "record"


_english = Stemmer("english", 0)  # Without the cache of ten thousand words that is its default.
_PLURALS = {"buses": "bus", "gases": "gas"}  # Plurals that the stemmer does not reduce to the stem of the singular.


@lru_cache(512)  # A search stems each of its words several times.
def stem(word: str) -> str:
    """Return the stem that the forms of an English word share: "negoti" for "negotiating" and "negotiations".

    Words with other characters than ASCII letters are returned unchanged. Names can lose their end too ("netherland"),
    so compare a stem only with stems.
    """
    if len(word) < 3 or len(word) > LONGEST_MISTYPED or not (word.isascii() and word.isalpha()):
        return word
    stemmed = _PLURALS.get(word) or _english.stemWord(word)
    # The stemmer overlooks plurals of abbreviations: "SMRs" has no vowel, "GPUs" has one just before the s.
    plural = word[-1] == stemmed[-1] == "s" and len(stemmed) > 3 and stemmed[-2] != "s" and stemmed != "news"
    return stemmed[:-1] if plural else stemmed


def skeleton(word: str) -> str:
    """Return a word's first letter and its consonants, doubled letters once: "attache" gives "atch"."""
    return _DOUBLED.sub(r"\1", word[:1] + _VOWELS.sub("", word[1:]))


def spelling_variants(word: str) -> set[str]:
    """Return the keys by which typos of a word are found: two words with a common key may be typos of each other.

    The keys are (a) the word itself; (b) "=" and the stem, if the stem differs from the word; (c) for a word of 4 or
    more letters, the word with one letter left out, for each of its letters; (d) for a word of 5 or more letters, "~"
    and the skeleton. Numbers and words longer than `LONGEST_MISTYPED` have only (a) and (b), so they match no typos.
    """
    variants = {word, "=" + stem(word)} - {"=" + word}
    if len(word) < 4 or len(word) > LONGEST_MISTYPED or word[0].isdigit():
        return variants
    variants |= {word[:i] + word[i + 1 :] for i in range(len(word))}
    if len(word) >= 5:
        variants.add("~" + skeleton(word))
    return variants


def distance(a: str, b: str) -> int:
    """Return the number of typos between two words: letters added, left out or replaced, or two neighbours swapped."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, a_letter in enumerate(a, 1):
        before, last, row = row, before, [i]
        for j, b_letter in enumerate(b, 1):
            steps = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a_letter != b_letter))
            if i > 1 and j > 1 and a_letter == b[j - 2] and b_letter == a[i - 2]:
                steps = min(steps, last[j - 2] + 1)
            row.append(steps)
    return row[-1]
