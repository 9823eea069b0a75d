"""The one normaliser of names and text, for what is stored and for what is asked."""

from __future__ import annotations

import unicodedata

# Stripping every mark would destroy Hindi and Arabic; accents are only dropped where readers leave them out.
_ACCENTS_DROPPED_FROM = ("LATIN", "GREEK", "CYRILLIC")


def _plain(letter: str) -> str:
    decomposed = unicodedata.normalize("NFD", letter)
    if len(decomposed) > 1 and unicodedata.name(decomposed[0], "").startswith(_ACCENTS_DROPPED_FROM):
        return decomposed[0]
    return letter


def one_line(text: str) -> str:
    """A text on one line, without control characters or those that turn its direction around.

    The two joiners stay: words of Hindi, Persian and others are written with them.
    """
    if not text.isprintable():
        text = "".join(c if c.isprintable() or c in "\u200c\u200d" else " " for c in text)
    return " ".join(text.split())


def words_of(text: str) -> list[str]:
    """The words of a text: NFKC, case-folded, split on whatever is neither letter, mark nor digit."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text).casefold())
    if not folded.isascii():
        folded = "".join(map(_plain, folded))
    return "".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in folded).split()


def normal(text: str) -> str:
    """A name as it is compared: its words, joined by single spaces."""
    return " ".join(words_of(text))


def slug_of(name: str) -> str:
    """A short address for a record, made from its name. Letters of every script stay; at most 50 characters,
    so that the id of a button (100) can carry it with a server and a page."""
    return "-".join(words_of(name))[:50].strip("-") or "record"


def spelling_variants(word: str) -> set[str]:
    """A word and the word with each one of its letters left out; two words that share one differ by a slip."""
    return {word} | {word[:i] + word[i + 1 :] for i in range(len(word))} if len(word) >= 4 else {word}
