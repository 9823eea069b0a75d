"""Adds the lead of a statement's card: whose the statement is and what it says."""

from __future__ import annotations

from bot.ledger.cited import cited, one_day
from bot.ledger.kinds import get_field
from bot.ledger.values import record_of
from bot.ui import facts
from bot.ui.cards._draft import CardDraft, Worded
from bot.ui.text import clip
from data.records import CitedText


def _lead(draft: CardDraft) -> None:
    """Add the side that made the statement and the words. One text has both if both were reported on one date."""
    state = draft.record.state
    owners = draft.value_texts("whose", 100)
    said = state.fact("said")
    words = clip(get_field("statement", "said").type.words(said.value, draft.names), 600) if said else ""
    if not (one_day([*state.facts("whose"), said]) and words and owners):
        draft.add_lead([*(owners[:4] or [CitedText("Whose it is, is not in the record")]), cited(words, said)])
        return
    sides = {link.slug for link in draft.opened.links if link.field == "whose" and link.kind == "participant"}
    together = len(owners) > 1 and all(record_of(fact.value) in sides for fact in state.facts("whose"))
    names = f"{facts.some([owner.text for owner in owners], 4)}{', together' if together else ''}"
    draft.add_lead([cited(f"{names}: {words}", *state.facts("whose"), said)])


WORDED: Worded = {"lead": _lead}
