"""The stage of a deal, its side state and what it waits for, each from facts of its own. Pure."""

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

# What the status line of a deal says of an open pending item, by its kind. Other kinds are not mentioned there.
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
_AFTER_SIGNING = ("payment", "delivery")
"""Kinds of items that a signed deal waits for. The others belong to the time before its signature."""


_ON_A_DAY = ("requested", "signed", "completed", "cancelled", "rejected", "lapsed")
"""Stages and side states that are entered on the day of their fact: "Signed on 15 October 2024"."""


_OF_AN_APPROVAL = ("clearance", "notification_window")
"""Kinds of items that wait for an approval of their deal."""


class AwaitedItem(Struct, frozen=True):
    """A pending item about a deal that is open, and the fact that opened it."""

    name: str
    item_kind: str
    opened_by: Fact[object] | None


def stage(state: State, names: Names) -> CitedText:
    """Return the newest stage; without facts when no source reports one.

    Who approved it is named where that was reported of the same day: an approver of another day may be another step's.
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
    """Return whether the newest stage is signed or further."""
    value = state.text("stage")
    return value in STAGES and stage_rank(value) >= stage_rank("signed")


def side_state(state: State) -> CitedText | None:
    """Return the side state beside the stage, as it reads inside a sentence; None when the stage is newer."""
    fact, newest = state.fact("side_state", str), state.fact("stage")
    if fact is None or fact.value == "none" or fact.value not in SIDE_STATES:
        return None
    if newest is not None and (newest.date.day or date.min) > (fact.date.day or date.min):
        return None
    words = SIDE_STATES[fact.value].lower()
    return cited(f"{words}{_on(fact)}" if fact.value in _ON_A_DAY else words, bare(fact))


def overtaken(state: State, opened_by: Fact[object] | None) -> bool:
    """Return whether a deal is signed and what `opened_by` opened is from that day or before it."""
    if not is_signed(state) or state.signed is None or opened_by is None:
        return False
    return (opened_by.date.day or date.min) <= state.signed


def open_approvals(state: State) -> list[Fact[Approval]]:
    """Return the approvals that a deal waits for, the newest first, without those older than its signature."""
    found = [fact for fact in state.facts("approval", Approval) if is_open(fact.value) and not overtaken(state, fact)]
    return sorted(found, key=lambda fact: fact.date.day or date.min, reverse=True)


def awaited(state: State, items: Iterable[AwaitedItem]) -> list[AwaitedItem]:
    """Return the open items that a deal waits for; a signed one for payment, delivery and what opened later alone."""
    return [
        item
        for item in items
        if item.item_kind in _WAITING and (item.item_kind in _AFTER_SIGNING or not overtaken(state, item.opened_by))
    ]


def waiting(state: State, items: Sequence[AwaitedItem], names: Names) -> list[CitedText]:
    """Return what a deal waits for, each with its own fact: approvals, then items.

    A signed deal, completed or not, waits for payments, deliveries and what opened after its signature.
    """
    found: list[CitedText] = []
    for fact in open_approvals(state):
        approval = fact.value
        by = approver_words(approval, names)
        short = not approval.authority and len(approval.what.split()) <= 2
        words = f"{by} {approval.what}" if short else f"{approval.what} by {by}"
        found.append(cited(f"waiting for {words}", bare(fact)))
    for item in awaited(state, items):
        if found and item.item_kind in _OF_AN_APPROVAL:
            continue  # The approval that it waits for is named already.
        words = _WAITING[item.item_kind].format(name=_inside(item.name))
        found.append(cited(words, item.opened_by and bare(item.opened_by)))
    said: dict[str, CitedText] = {}
    for one in found:  # An approval and the item that waits for it may say the same.
        said.setdefault(one.text, one)
    return list(said.values())


def leading_first(deal: Record) -> list[Fact[Money]]:
    """Return the values of a deal, the contract's first, then the newest: a ceiling notified once does not lead."""
    found = sorted(deal.state.facts("value", Money), key=lambda fact: fact.date.day or date.min, reverse=True)
    return sorted(found, key=lambda fact: "contract" not in fact.value.kind.casefold())


def _on(fact: Fact[object]) -> str:
    return f" {dates.on_date(fact.date, weekday=False)}" if fact.date.first is not None else ""


def _inside(name: str) -> str:
    """Return a name as it stands inside a sentence: "Clearances ..." begins small, "U.S. government ..." does not."""
    return name[:1].lower() + name[1:] if name[1:2].islower() and name.split(" ", maxsplit=1)[0].isalpha() else name
