"""Adds the lines of a deal's card that need words of their own, such as who must act."""

from __future__ import annotations

from datetime import date

from bot.ledger import stage
from bot.ledger.cited import cited
from bot.ledger.closing import SETTLED
from bot.ledger.fold import is_open
from bot.ledger.kinds import get_field
from bot.ledger.stage import AwaitedItem, leading_first
from bot.ledger.status import WINDOW
from bot.ledger.values import NO_DUE_DATE, approver_words
from bot.ui.cards._draft import SHOWN, CardDraft, Worded
from bot.ui.cited import some
from bot.ui.text import joined
from data.records import Approval, CitedText, Fact, Link


def _open_items(draft: CardDraft) -> list[Link]:
    return [link for link in draft.linked("pending") if link.open]


def _awaited(draft: CardDraft) -> list[CitedText]:
    """Return what the deal waits for: its open approvals and pending items."""
    items = [AwaitedItem(link.name, link.item_kind, link.opened_by) for link in _open_items(draft)]
    return stage.waiting(draft.record.state, items, draft.names)


def _leads_with_awaited(draft: CardDraft) -> bool:
    """Return whether the card begins with what the deal waits for. The stage then has a line of its own."""
    state = draft.record.state
    return bool(_awaited(draft)) and stage.side_state(state) is None and not stage.is_signed(state)


def _lead(draft: CardDraft) -> None:
    state = draft.record.state
    draft.waiting = bool(_open_items(draft)) or bool(stage.open_approvals(state))
    parts = some(_awaited(draft), 1, "open")
    if not _leads_with_awaited(draft):
        side_state = stage.side_state(state)
        parts = [stage.stage(state, draft.names), *([side_state] if side_state else []), *parts]
    draft.add_lead(parts)


def _stage(draft: CardDraft) -> None:
    if _leads_with_awaited(draft):
        draft.add_line("Stage", [stage.stage(draft.record.state, draft.names)])


def _who_must_act(draft: CardDraft) -> None:
    """Add who has to act on the open pending items or, if there are none, on the open approvals."""
    items = _open_items(draft)
    if len(items) == 1 and items[0].item_kind == WINDOW:
        draft.add_line("Open", items[0].status, listed=False, reported=True)
    elif len(items) == 1:
        _add_actors(draft, items[0])
    elif items:
        draft.add_items("Open items", items)
    elif approvals := stage.open_approvals(draft.record.state):
        who = [cited(f"{approver_words(fact.value, draft.names)}, for {fact.value.what}", fact) for fact in approvals]
        draft.add_line("Who must act", [*some(who, 2), CitedText(NO_DUE_DATE)], listed=False)


def _add_actors(draft: CardDraft, item: Link) -> None:
    """Add who has to act on the only open item, and its due date, which is never left out.

    The label is "Left to act" when no source states the item as pending.
    """
    first, *others = [part for part in item.status if part.field != "due"] or [CitedText("")]
    due = [part for part in item.status if part.field == "due"]
    actors = joined([value.text for value in first.values])
    parts = some([CitedText(actors or "not in the record", first.facts), *others], SHOWN)
    label = "Left to act" if actors and item.basis != "stated" else "Who must act"
    draft.add_line(label, [*parts, *due], most=len(parts) + len(due), listed=False, reported=True)


def _value(draft: CardDraft) -> None:
    """Add the reported values, those of the contract first, then the newest."""
    type_ = get_field("deal", "value").type
    values = [cited(type_.words(fact.value, draft.names), fact) for fact in leading_first(draft.record)]
    draft.add_line("Value", values, most=2, listed=False)


def _also(draft: CardDraft) -> None:
    """Add the newest quantity, model, delivery and place of manufacture in one line."""
    parts = [
        CitedText(
            f"made in {part.text}" if name == "made_in" else f"{get_field('deal', name).label.lower()} {part.text}",
            part.facts,
        )
        for name in ("quantity", "model", "delivery", "made_in")
        for part in draft.value_texts(name, 60)[:1]
    ]
    draft.add_line("Also", parts, most=4, listed=False)


def _approvals(draft: CardDraft) -> None:
    """Add one or two approvals in words. For three or more, add how many have each outcome, and the newest decision."""
    state = draft.record.state
    approvals = sorted(state.facts("approval", Approval), key=lambda fact: fact.date.day or date.min, reverse=True)
    awaited = stage.open_approvals(state)
    if all(fact in awaited for fact in approvals):
        return  # The lead and *Who must act* name them already.
    label = "Approvals" if len(approvals) > 1 else "Approval"

    def outcome(fact: Fact[Approval]) -> str:
        return "no outcome reported" if is_open(fact.value) and fact not in awaited else fact.value.state

    def words(fact: Fact[Approval]) -> str:
        return f"{fact.value.what} by {approver_words(fact.value, draft.names)}: {outcome(fact)}"

    if len(approvals) <= 2:
        draft.add_line(label, [cited(words(fact), fact) for fact in approvals], listed=False)
        return
    counts: dict[str, int] = {}
    for fact in approvals:
        counts[outcome(fact)] = counts.get(outcome(fact), 0) + 1
    counted = CitedText(", ".join(f"{count} {name}" for name, count in counts.items()))
    decided = [fact for fact in approvals if fact.value.state in SETTLED]
    newest = [cited(f"newest: {words(fact)}", fact) for fact in decided[:1]]
    draft.add_line(label, [counted, *newest], listed=False)


WORDED: Worded = {
    "lead": _lead,
    "who_must_act": _who_must_act,
    "value": _value,
    "stage": _stage,
    "approvals": _approvals,
    "also": _also,
}
