"""The blocks of a pending item's card that have a function of their own."""

from __future__ import annotations

from bot.ledger.cited import cited
from bot.ledger.kinds import get_field
from bot.ledger.status import NO_DUE_DATE
from bot.ui.cards._draft import CardDraft, CardLine, Worded, is_overdue
from bot.ui.text import sentence
from data.records import CitedText


def _lead(d: CardDraft) -> None:
    found = d.record
    if not found.open:
        d.lead.append(CardLine("", list(found.status)))
        return
    d.waiting = True
    # An open item's status line ends with its due date, which has a line of its own.
    acts, *rest = found.status[:-1] or (CitedText("Open"),)
    d.lead.append(CardLine("", [CitedText(sentence(acts.text), acts.facts), *rest], reported=True))
    d.lines.append(CardLine("Due", _due(d), reported=True))


def _who_had_to_act(d: CardDraft) -> None:
    if not d.record.open:
        d.field("who", "Who had to act" if d.record.state.text("basis") == "stated" else "Who was to act")


def _due(d: CardDraft) -> list[CitedText]:
    """Return by when an item is due, and that the day has passed where the item is overdue."""
    fact = d.record.state.fact("due")
    type_ = get_field("pending", "due").type
    words = [cited(type_.in_full(fact.value, d.names) if fact else NO_DUE_DATE, fact)]
    passed = [CitedText("this day has passed, and no source here reports what happened")]
    return [*words, *(passed if is_overdue(d.opened, d.now) else [])]


WORDED: Worded = {"lead": _lead, "who_had_to_act": _who_had_to_act}
