"""The blocks of a deal's card that have a function of their own."""

from __future__ import annotations

from datetime import date

from bot.ledger import stage
from bot.ledger.cited import cited
from bot.ledger.closing import SETTLED
from bot.ledger.fold import is_open
from bot.ledger.kinds import get_field
from bot.ledger.stage import AwaitedItem, leading_first
from bot.ledger.status import WINDOW
from bot.ledger.values import approver_words
from bot.ui.cards._draft import SHOWN, CardDraft, CardLine, Worded
from bot.ui.cited import some
from data.records import Approval, CitedText, Fact, Link


def _open_items(d: CardDraft) -> list[Link]:
    return [link for link in d.linked("pending") if link.open]


def _open(d: CardDraft) -> list[CitedText]:
    about = [AwaitedItem(link.name, link.item_kind, link.opened_by) for link in _open_items(d)]
    return stage.waiting(d.record.state, about, d.names)


def _leads_with_open(d: CardDraft) -> bool:
    """Return whether the card begins with what is open; the stage then has a line of its own."""
    state = d.record.state
    return bool(_open(d)) and stage.side_state(state) is None and not stage.is_signed(state)


def _lead(d: CardDraft) -> None:
    state = d.record.state
    d.waiting = bool(_open_items(d)) or bool(stage.open_approvals(state))
    parts = some(_open(d), 1, "open")
    if not _leads_with_open(d):
        beside = stage.side_state(state)
        parts = [stage.stage(state, d.names), *([beside] if beside else []), *parts]
    d.lead.append(CardLine("", parts))


def _stage(d: CardDraft) -> None:
    if _leads_with_open(d):
        d.add("Stage", [stage.stage(d.record.state, d.names)])


def _who_must_act(d: CardDraft) -> None:
    """Add who has to act on the open items or, without these, on the open approvals."""
    items = _open_items(d)
    if len(items) == 1 and items[0].item_kind == WINDOW:
        d.add("Open", list(items[0].status), listed=False, reported=True)
    elif len(items) == 1:
        acts, *rest = items[0].status or (CitedText(""),)
        who = acts.text.removesuffix(" must act").removesuffix(" to act") if acts.facts else "not in the record"
        # An open item's status line ends with its due date, which is never left out.
        parts = [*some([CitedText(who, acts.facts), *rest[:-1]], SHOWN), *rest[-1:]]
        # Only what a source states as pending obliges somebody.
        label = "Left to act" if acts.text.endswith(" to act") else "Who must act"
        d.add(label, parts, most=len(parts), listed=False, reported=True)
    elif items:
        d.waits("Open items", items)
    elif approvals := stage.open_approvals(d.record.state):
        who = [cited(f"{approver_words(fact.value, d.names)}, for {fact.value.what}", fact) for fact in approvals]
        d.add("Who must act", [*some(who, 2), CitedText("no due date given")], listed=False)


def _value(d: CardDraft) -> None:
    """Add the reported values, the contract's first, then the newest."""
    field = get_field("deal", "value")
    values = [cited(field.type.words(fact.value, d.names), fact) for fact in leading_first(d.record)]
    d.add("Value", values, most=2, listed=False)


def _also(d: CardDraft) -> None:
    """Add quantity, model, delivery and place of manufacture in one line."""
    also = [
        CitedText(
            f"{get_field('deal', name).label.lower()} {part.text}" if name != "made_in" else f"made in {part.text}",
            part.facts,
        )
        for name in ("quantity", "model", "delivery", "made_in")
        for part in d.fact_parts(name, 60)[:1]
    ]
    d.add("Also", also, most=4, listed=False)


def _approvals(d: CardDraft) -> None:
    """Add up to two approvals by name; of more, their counts by state and the newest decision."""
    state = d.record.state
    facts_ = sorted(
        d.record.state.facts("approval", Approval), key=lambda fact: fact.date.day or date.min, reverse=True
    )
    open_ = stage.open_approvals(state)
    if all(fact in open_ for fact in facts_):
        return  # The lead and *Who must act* say it.
    label = "Approvals" if len(facts_) > 1 else "Approval"

    def outcome(fact: Fact[Approval]) -> str:
        return "no outcome reported" if is_open(fact.value) and fact not in open_ else fact.value.state

    def told(fact: Fact[Approval]) -> CitedText:
        approval = fact.value
        return cited(f"{approval.what} by {approver_words(approval, d.names)}: {outcome(fact)}", fact)

    if len(facts_) <= 2:
        d.add(label, [told(fact) for fact in facts_], listed=False)
        return
    counts: dict[str, int] = {}
    for fact in facts_:
        counts[outcome(fact)] = counts.get(outcome(fact), 0) + 1
    counted = CitedText(", ".join(f"{count} {state_}" for state_, count in counts.items()))
    decided = [fact for fact in facts_ if fact.value.state in SETTLED]
    newest = [CitedText(f"newest: {part.text}", part.facts) for part in map(told, decided[:1])]
    d.add(label, [counted, *newest], listed=False)


WORDED: Worded = {
    "lead": _lead,
    "who_must_act": _who_must_act,
    "value": _value,
    "stage": _stage,
    "approvals": _approvals,
    "also": _also,
}
