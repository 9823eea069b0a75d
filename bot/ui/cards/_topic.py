"""The blocks of a topic's card that have a function of their own."""

from __future__ import annotations

from bot.ledger.kinds import KIND_WORDS
from bot.ui.cards._draft import CardDraft, CardLine, Worded
from bot.ui.text import joined, plural
from data.records import CitedText


def _lead(d: CardDraft) -> None:
    counts = [
        plural(len(links), *KIND_WORDS[kind])
        for kind in ("deal", "statement", "document", "session", "event")
        if (links := d.linked(kind))
    ]
    words = f"{joined(counts)} in this record" if counts else "Nothing in the record is linked with it yet"
    d.lead.append(CardLine("", [CitedText(words)]))


WORDED: Worded = {"lead": _lead}
