"""Adds the lead of a topic's card, which counts the records that belong to the topic."""

from __future__ import annotations

from bot.ledger.kinds import KIND_WORDS
from bot.ui.cards._draft import CardDraft, Worded
from bot.ui.text import joined, plural
from data.records import CitedText


def _lead(draft: CardDraft) -> None:
    """Add how many records of each kind belong to the topic."""
    counts = [
        plural(len(links), *KIND_WORDS[kind])
        for kind in ("deal", "statement", "document", "session", "event")
        if (links := draft.linked(kind))
    ]
    words = f"{joined(counts)} in this record" if counts else "Nothing in the record is linked with it yet"
    draft.add_lead([CitedText(words)])


WORDED: Worded = {"lead": _lead}
