"""Adds the lines of a pending item's card that need words of their own: who has to act, and by when."""

from __future__ import annotations

from bot.ledger.cited import cited
from bot.ledger.kinds import get_field
from bot.ledger.values import NO_DUE_DATE
from bot.ui.cards._draft import CardDraft, CardLine, Worded, is_overdue
from bot.ui.text import sentence
from data.records import CitedText


def _lead(draft: CardDraft) -> None:
    """Add the status line of the item. If the item is open, its due date moves from there to a line *Due*."""
    record = draft.record
    if not record.open:
        draft.add_lead(record.status)
        return
    draft.waiting = True
    first, *others = [part for part in record.status if part.field != "due"] or [CitedText("Open")]
    draft.add_lead([CitedText(sentence(first.text), first.facts), *others], reported=True)
    draft.lines.append(CardLine("Due", _due(draft), reported=True))


def _who_had_to_act(draft: CardDraft) -> None:
    if not draft.record.open:
        stated = draft.record.state.text("basis") == "stated"
        draft.add_field("who", "Who had to act" if stated else "Who was to act")


def _due(draft: CardDraft) -> list[CitedText]:
    """Return the due date of an open item and, when the item is overdue, that the date has passed."""
    fact = draft.record.state.fact("due")
    type_ = get_field("pending", "due").type
    due = cited(type_.in_full(fact.value, draft.names) if fact else NO_DUE_DATE, fact)
    passed = CitedText("this day has passed, and no source here reports what happened")
    return [due, *([passed] if is_overdue(draft.opened, draft.now) else [])]


WORDED: Worded = {"lead": _lead, "who_had_to_act": _who_had_to_act}
