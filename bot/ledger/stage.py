"""How far a deal is, in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bot.ledger.fields import SIDE_STATES, STAGES
from bot.ledger.values import Names, named
from data.records import Approval, Party, State

# What an open pending item says about its deal. Kinds that say nothing about the stage are not here.
_WAITING = {
    "clearance": "Waiting for {name}",
    "notification_window": "Notification window running",
    "offer_response": "Offered; no answer reported",
    "evaluation": "Under evaluation",
    "negotiation": "In negotiation",
    "signature": "Waiting for signature",
    "payment": "Waiting for payment",
    "delivery": "Deliveries outstanding",
}


def headline(state: State, pending: Sequence[tuple[str, str]], names: Names) -> str:
    """A deal's stage as a phrase: its open approval, else its open pending item, else its stage.

    `pending` holds the name and kind of each open item about the deal. A side state stands before all of them,
    because it says that nothing moves. Never "approved" without by whom.
    """
    side = state.value("side_state")
    if side in SIDE_STATES and side != "none":
        return SIDE_STATES[side]
    for fact in state.facts.get("approval", []):
        approval = msgspec.convert(fact.value, Approval)
        if approval.state in ("open", "requested"):
            by = approval.authority or named(approval.side, names)
            return f"Waiting for {by} {approval.what}"
    for name, kind in pending:
        if kind in _WAITING:
            return _WAITING[kind].format(name=name[:1].lower() + name[1:])
    stage = state.value("stage")
    approver = state.value("approved_by")
    if stage == "approved" and approver:
        party = msgspec.convert(approver, Party)
        return f"Approved by {named(party.record, names) if party.record else party.role}, not yet signed"
    return STAGES.get(stage or "", STAGES["unspecified"])
