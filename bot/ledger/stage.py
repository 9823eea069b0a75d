"""Puts the stage of a deal, its side state and what the deal waits for into words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from msgspec import Struct

from bot import dates
from bot.ledger.cited import bare, cited, day_key
from bot.ledger.fold import is_open
from bot.ledger.kinds import SIDE_STATES, STAGES, stage_rank
from bot.ledger.values import Names, approver_words, named
from data.records import Approval, CitedText, Fact, Money, Party, Record, State

_WAITING = {
    "clearance": "waiting for {name}",
    "notification_window": "notification window running",
    "offer_response": "waiting for an answer to the offer",
    "evaluation": "evaluation under way",
    "negotiation": "negotiations under way",
    "signature": "waiting for signature",
    "payment": "waiting for payment",
    "delivery": "deliveries outstanding",
}
"""The words about an open pending item in the status line of its deal, by the item's kind.

The status line does not mention items of other kinds.
"""

_AFTER_SIGNING = ("payment", "delivery")
"""Kinds of pending items that a signed deal waits for even when they were opened before its signature."""

_ON_A_DAY = ("requested", "signed", "completed", "cancelled", "rejected", "lapsed")
"""Stages and side states that begin on the date of their fact: "Signed on 15 October 2024"."""

_OF_AN_APPROVAL = ("clearance", "notification_window")
"""Kinds of pending items about an approval. A status line that mentions an open approval does not mention them."""


class AwaitedItem(Struct, frozen=True):
    """An open pending item about a deal. `opened_by` is the fact that opened the item."""

    name: str
    item_kind: str
    opened_by: Fact[object] | None


def stage(state: State, names: Names) -> CitedText:
    """Return the newest stage of a deal in words: "Signed on 15 October 2024".

    The text for an approved deal names the approver, but only if the approver was reported for the same date as the
    stage. An approver of another date may have approved another step. The text for a deal without a stage has no
    facts.
    """
    fact = state.fact("stage", str)
    if fact is None:
        return CitedText("No stage reported")
    approver = state.fact("approved_by", Party)
    if fact.value == "approved" and approver is not None and day_key(approver.date) == day_key(fact.date):
        party = approver.value
        by = named(party.record, names) if party.record else party.role
        return cited(f"Approved by {by}, awaiting signature", bare(fact), bare(approver))
    words = STAGES.get(fact.value, STAGES["unspecified"])
    return cited(f"{words}{_on(fact)}" if fact.value in _ON_A_DAY else words, bare(fact))


def is_signed(state: State) -> bool:
    """Return whether the newest stage of a deal is "signed" or a later one."""
    value = state.text("stage")
    return value in STAGES and stage_rank(value) >= stage_rank("signed")


def side_state(state: State) -> CitedText | None:
    """Return the side state of a deal in words that begin in lower case: "on hold".

    Return None if the deal has no side state, or if its stage is newer than its side state.
    """
    fact, newest = state.fact("side_state", str), state.fact("stage")
    if fact is None or fact.value == "none" or fact.value not in SIDE_STATES:
        return None
    if newest is not None and (newest.date.day or date.min) > (fact.date.day or date.min):
        return None
    words = SIDE_STATES[fact.value].lower()
    return cited(f"{words}{_on(fact)}" if fact.value in _ON_A_DAY else words, bare(fact))


def overtaken(state: State, opened_by: Fact[object] | None) -> bool:
    """Return whether a deal was signed on or after the day of the fact `opened_by`.

    `opened_by` is the fact that opened an approval or a pending item. Return False if it is None, or if the deal is
    not signed.
    """
    if not is_signed(state) or state.signed is None or opened_by is None:
        return False
    return (opened_by.date.day or date.min) <= state.signed


def open_approvals(state: State) -> list[Fact[Approval]]:
    """Return the open approvals of a deal, the newest first.

    An approval that was opened before the deal was signed, or on the same day, does not count as open.
    """
    approvals = state.facts("approval", Approval)
    still_open = [fact for fact in approvals if is_open(fact.value) and not overtaken(state, fact)]
    return sorted(still_open, key=lambda fact: fact.date.day or date.min, reverse=True)


def awaited(state: State, items: Iterable[AwaitedItem]) -> list[AwaitedItem]:
    """Return the pending items that a deal waits for. `items` are all open pending items about the deal.

    Only items of the kinds in `_WAITING` count. A signed deal waits for payments, for deliveries and for items that
    were opened after its signature.
    """
    return [
        item
        for item in items
        if item.item_kind in _WAITING and (item.item_kind in _AFTER_SIGNING or not overtaken(state, item.opened_by))
    ]


def waiting(state: State, items: Sequence[AwaitedItem], names: Names) -> list[CitedText]:
    """Return a text for each thing that a deal waits for: its open approvals first, then the pending items.

    `items` are all open pending items about the deal; the deal waits for those that `awaited` returns.
    """
    texts: list[CitedText] = []
    for fact in open_approvals(state):
        approval = fact.value
        by = approver_words(approval, names)
        short = not approval.authority and len(approval.what.split()) <= 2
        words = f"{by} {approval.what}" if short else f"{approval.what} by {by}"
        texts.append(cited(f"waiting for {words}", bare(fact)))
    for item in awaited(state, items):
        if texts and item.item_kind in _OF_AN_APPROVAL:
            continue  # The approval that the item is about is named already.
        words = _WAITING[item.item_kind].format(name=_inside(item.name))
        texts.append(cited(words, item.opened_by and bare(item.opened_by)))
    by_words: dict[str, CitedText] = {}
    for text in texts:  # Two payments, for example, have the same words.
        by_words.setdefault(text.text, text)
    return list(by_words.values())


def leading_first(deal: Record) -> list[Fact[Money]]:
    """Return what a deal is worth: first the values of its contract, then its other values, such as a ceiling.

    In each of the two groups the newest value comes first.
    """
    newest_first = sorted(deal.state.facts("value", Money), key=lambda fact: fact.date.day or date.min, reverse=True)
    return sorted(newest_first, key=lambda fact: "contract" not in fact.value.kind.casefold())


def _on(fact: Fact[object]) -> str:
    return f" {dates.on_date(fact.date, weekday=False)}" if fact.date.first is not None else ""


def _inside(name: str) -> str:
    """Return a name for the middle of a sentence: "clearances" for "Clearances", but "U.S. government" unchanged."""
    return name[:1].lower() + name[1:] if name[1:2].islower() and name.split(" ", maxsplit=1)[0].isalpha() else name
