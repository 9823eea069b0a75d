"""Adds the lines of a deal's card that are more than the values of a field, such as who must act."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.ledger import stage
from bot.ledger.cited import cited
from bot.ledger.closing import SETTLED
from bot.ledger.fold import is_open
from bot.ledger.kinds import get_field
from bot.ledger.quantities import progress
from bot.ledger.stage import AwaitedItem, leading_first
from bot.ledger.status import WINDOW
from bot.ledger.values import NO_DUE_DATE, approval_details, approver_words
from bot.ledger.words import as_written
from bot.ui.cards._draft import SHOWN, CardDraft, Worded
from bot.ui.cited import some
from bot.ui.text import joined
from data.records import Approval, CitedText, Fact, Link


def _open_items(draft: CardDraft) -> list[Link]:
    return [link for link in draft.linked("pending") if link.open]


def _awaited(draft: CardDraft) -> list[CitedText]:
    """Return a text for each thing that the deal waits for: an open approval or a pending item."""
    items = [AwaitedItem(link.name, link.item_kind, link.opened_by) for link in _open_items(draft)]
    return stage.waiting(draft.record.state, items, draft.names)


def _leads_with_awaited(draft: CardDraft) -> bool:
    """Return whether the card begins with what the deal waits for. If so, the stage gets a line further below."""
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
        who = [
            cited(
                f"{approver_words(fact.value, draft.names)}, for {fact.value.what}{approval_details(fact.value)}", fact
            )
            for fact in approvals
        ]
        no_due_date = [] if any(fact.value.due for fact in approvals) else [CitedText(NO_DUE_DATE)]
        draft.add_line("Who must act", [*some(who, 2), *no_due_date], listed=False)


def _add_actors(draft: CardDraft, item: Link) -> None:
    """Add a line with who has to act on the only open item, and with its due date.

    The label is "Who must act" if a source states the item as pending, or if nobody is known who has to act. Otherwise
    it is "Left to act".
    """
    first, *others = [part for part in item.status if part.field != "due"] or [CitedText("")]
    due = [part for part in item.status if part.field == "due"]
    actors = joined([value.text for value in first.values])
    parts = some([CitedText(actors or "not in the record", first.facts), *others], SHOWN)
    label = "Left to act" if actors and item.basis != "stated" else "Who must act"
    draft.add_line(label, [*parts, *due], most=len(parts) + len(due), listed=False, reported=True)


def _value(draft: CardDraft) -> None:
    """Add a line with the reported values of the deal: first those of the contract, then the others, newest first."""
    type_ = get_field("deal", "value").type
    values = [cited(type_.words(fact.value, draft.names), fact) for fact in leading_first(draft.record)]
    draft.add_line("Value", values, most=2, listed=False)


def _delivered(draft: CardDraft) -> None:
    """Add how much was delivered: "46 of 180 tanks"."""
    if (part := progress(draft.record.state)) is not None:
        draft.add_line("Delivered", [part], listed=False)


def _also(draft: CardDraft) -> None:
    """Add a line with the newest quantity, option, model, delivery and place of manufacture.

    The quantity is left out if the line *Delivered* shows it.
    """
    delivered = progress(draft.record.state)
    named = {fact.update for fact in delivered.facts} if delivered is not None else set[int]()
    parts = [
        CitedText(
            f"made in {part.text}" if name == "made_in" else f"{get_field('deal', name).label.lower()} {part.text}",
            part.facts,
        )
        for name in ("quantity", "options", "model", "delivery", "made_in")
        for part in draft.value_texts(name, 60)[:1]
        if not any(fact.update in named for fact in part.facts)
    ]
    draft.add_line("Also", parts, most=5, listed=False)


def _approvals(draft: CardDraft) -> None:
    """Add a line with the approvals. Add none if the lead or *Who must act* names all of them already.

    - Approvals that three or more sides give are counted by side: "ratification: 12 of 27 granted".
    - One or two other approvals are put in words.
    - If there are more than two others, they are counted by outcome: "3 granted, 1 refused".
    - If some approvals are counted, the newest decision among them is named.
    """
    state = draft.record.state
    approvals = sorted(state.facts("approval", Approval), key=lambda fact: fact.date.day or date.min, reverse=True)
    awaited = stage.open_approvals(state)
    by_many = _given_by_many(approvals)
    detailed = bool(_open_items(draft)) and any(approval_details(fact.value) for fact in approvals)
    if not by_many and not detailed and all(fact in awaited for fact in approvals):
        return

    def outcome(fact: Fact[Approval]) -> str:
        return "no outcome reported" if is_open(fact.value) and fact not in awaited else fact.value.state

    def words(fact: Fact[Approval]) -> str:
        by = approver_words(fact.value, draft.names)
        return f"{fact.value.what} by {by}: {outcome(fact)}{approval_details(fact.value)}"

    parts = [CitedText(f"{together[0].value.what}: {_granted(together)}") for together in by_many]
    counted = [fact for together in by_many for fact in together]
    others = [fact for fact in approvals if fact not in counted]
    if counted:  # The lead names the open approval already.
        others = [fact for fact in others if fact not in awaited or approval_details(fact.value)]
    if len(others) > 2:
        counts: dict[str, int] = {}
        for fact in others:
            counts[outcome(fact)] = counts.get(outcome(fact), 0) + 1
        parts.append(CitedText(", ".join(f"{count} {name}" for name, count in counts.items())))
        counted, others = approvals, []
    decided = [fact for fact in approvals if fact in counted and fact.value.state in SETTLED]
    parts += [cited(f"newest: {words(fact)}", fact) for fact in decided[:1]]
    parts += [cited(words(fact), fact) for fact in others]
    draft.add_line("Approvals" if len(approvals) > 1 else "Approval", parts, most=len(parts), listed=False)


_MANY = 3  # If an approval needs this many sides or more, it is counted by side.


def _given_by_many(approvals: Sequence[Fact[Approval]]) -> list[list[Fact[Approval]]]:
    """Return lists of approvals that three or more sides give. Each list has the approvals of one sort.

    For example, one list has the ratifications by all parliaments.
    """
    by_what: dict[str, list[Fact[Approval]]] = {}
    for fact in approvals:
        by_what.setdefault(as_written(fact.value.what), []).append(fact)
    return [facts for facts in by_what.values() if len({fact.value.side for fact in facts}) >= _MANY]


def _granted(approvals: Sequence[Fact[Approval]]) -> str:
    """Return how many sides have given an approval: "12 of 27 granted, 1 refused".

    A side may have several authorities. It has given the approval if all of them have, and refused it if one has.
    """
    by_side: dict[str, set[str]] = {}
    for fact in approvals:
        by_side.setdefault(fact.value.side, set()).add(fact.value.state)
    granted = sum(states == {"granted"} for states in by_side.values())
    refused = sum("refused" in states for states in by_side.values())
    return f"{granted} of {len(by_side)} granted{f', {refused} refused' if refused else ''}"


WORDED: Worded = {
    "lead": _lead,
    "who_must_act": _who_must_act,
    "value": _value,
    "delivered": _delivered,
    "stage": _stage,
    "approvals": _approvals,
    "also": _also,
}
