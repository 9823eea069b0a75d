"""Decides what an editor is asked about a deal when one of its approvals or an item about it closes. Pure.

It also decides what an editor is warned of when a deal becomes signed or completed.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from bot.ledger import fold, stage
from bot.ledger.kinds import ON_REQUEST_KINDS, STAGES, get_field
from bot.ledger.values import Names, approver_words
from bot.ledger.words import as_written
from data.records import Approval, ApprovalState, CitedText, Fact, FactDate, Opened, Party, Update, Value

SETTLED = ("granted", "refused", "waived", "expired")
"""States of an approval that nobody waits for any more."""

APPROVAL_AFTER: dict[str, ApprovalState] = {
    "given": "granted",
    "done": "granted",
    "answered": "granted",
    "published": "granted",
    "refused": "refused",
}
"""The state that an approval may have reached when a pending item closes, by the item's outcome.

An item that was dropped says nothing about approvals.
"""

_HAPPENED = ("given", "done")
"""Outcomes of a pending item after which the pending event, such as a delivery, has taken place."""

_IMPLIED = {"signature": ("signed", "The signature is done"), "delivery": ("completed", "The delivery is done")}
"""The stage of a deal that an item about the deal suggests when it closes with an outcome in `_HAPPENED`.

By kind of item: (stage, reason to show).
"""


class DealQuestion(Struct, frozen=True):
    """A question to an editor: which stage a deal has reached, and which of its open approvals have an outcome.

    The editor gets it when another approval of the deal, or a pending item about the deal, closes.
    """

    id: int  # The record id of the deal.
    deal: str  # The slug of the deal.
    name: str
    stage: CitedText  # The present stage in words.
    stages: dict[str, str]  # The stages to choose from, each with what suggests it ("The signature is done"), or "".
    approvals: list[Fact[Approval]]  # The open approvals to choose from, without an approval that closes now.
    names: dict[str, str]  # Names of the records that the deal is linked with, by slug.
    state: ApprovalState | None  # The state that the chosen approvals get.
    chosen: str  # The chosen stage, "" for none.
    also: list[int]  # The update ids of the chosen approvals.
    last: bool = False  # Whether no approval is open any more after the change.

    @property
    def values(self) -> list[tuple[str, Value]]:
        """Return the changes of the deal that the editor chose, as (field name, new value)."""
        values: list[tuple[str, Value]] = []
        if self.state is not None:
            settled = [fact.value for fact in self.approvals if fact.update in self.also]
            values += [("approval", replace(approval, state=self.state)) for approval in settled]
        return [*values, *([("stage", self.chosen)] if self.chosen else [])]


def ask(
    deal: Opened,
    updates: Sequence[Update],
    on: FactDate,
    *,
    state: ApprovalState | None,
    chosen: str,
    also: Sequence[int] | None,
    changed_key: str = "",
    item: Opened | None = None,
    outcome: str = "",
) -> DealQuestion | None:
    """Return the question that an editor gets about a deal when an approval or a pending item of the deal closes.

    If a pending item closes, `item` is the item and `outcome` is its outcome. If an approval closes, `changed_key` is
    the key of the approval. `on` is the fact date of the closing, and `updates` are the updates of the deal.

    The question offers (a) the stages that the deal may have reached on that date, (b) the other open approvals, unless
    `state` is None. Approvals that the editor chooses get this `state`. Return None if there is nothing to offer.

    `chosen` (a stage or "") and `also` (update ids of approvals) are the editor's choices so far. Choices that are no
    longer offered are dropped. `also` is None before the first choice: then an approval is chosen in advance if the
    item is clearly about this approval.
    """
    stages = dict.fromkeys(stages_after(deal, updates, on), "")
    if item is not None and outcome in _HAPPENED:
        implied, why = _IMPLIED.get(item.record.state.text("item_kind"), ("", ""))
        stages |= {implied: why} if implied in stages else {}
    approvals = _open(deal, changed_key) if state else []
    if item is not None:
        approvals.sort(key=lambda fact: not acts(item, fact.value))
    if not stages and not approvals:
        return None
    if also is None:
        also = [fact.update for fact in approvals] if item is not None and _is_clearance_of(item, approvals) else []
    return DealQuestion(
        id=deal.record.id,
        deal=deal.record.slug,
        name=deal.record.name,
        stage=stage.stage(deal.record.state, deal.names),
        stages=stages,
        approvals=approvals,
        names=deal.names,
        state=state,
        chosen=chosen if chosen in stages else "",
        also=[fact.update for fact in approvals if fact.update in also],
    )


def stages_after(deal: Opened, updates: Sequence[Update], on: FactDate) -> list[str]:
    """Return the stages that a deal may have reached on a date.

    Such a stage is further on than the deal's stage on that date, and no further than its next stage after that date.
    The present stage is left out.
    """
    stage_then = fold.fold("deal", updates, as_of=on.day).text("stage")
    known = {stage_then, deal.record.state.text("stage"), *(["unspecified"] if stage_then else [])}
    return [step for step in STAGES if step not in known and not fold.stage_goes_back(updates, step, on)]


def _open(deal: Opened, without: str) -> list[Fact[Approval]]:
    """Return the open approvals of a deal, except the one with the key `without`.

    If the deal is signed, approvals that were open before the signature are included, because a source may report their
    outcome late.
    """
    key = get_field("deal", "approval").type.key
    return [
        fact
        for fact in deal.record.state.facts("approval", Approval)
        if fold.is_open(fact.value) and key(fact.value) != without
    ]


def acts(item: Opened, approval: Approval) -> bool:
    """Return whether a pending item names the side or the authority of an approval among those who have to act."""
    who = [fact.value for fact in item.record.state.facts("who", Party)]
    if any(party.record and approval.side == party.record for party in who):
        return True
    named = {as_written(item.names.get(party.record, "") if party.record else party.role) for party in who}
    return as_written(approval.authority) in named - {""}


def _is_clearance_of(item: Opened, approvals: Sequence[Fact[Approval]]) -> bool:
    """Return whether a pending item is clearly about the only open approval of a deal.

    It is if (a) the kind of the item is "clearance", (b) `approvals` (the open approvals of the deal) has one element,
    and (c) whoever gives this approval is among those who have to act on the item, or the item names nobody to act.
    """
    if item.record.state.text("item_kind") != "clearance" or len(approvals) != 1:
        return False
    return not item.record.state.facts("who") or acts(item, approvals[0].value)


class LeftOpen(Struct, frozen=True):
    """The approvals and items that stay open when a draft marks a deal as signed or completed. A preview lists them."""

    name: str
    unheard: list[str]  # Approvals from before the signature without an outcome: "ratification by Congress (Brazil)".
    approvals: list[str]  # Open approvals that the deal goes on waiting for.
    items: list[str]  # Names of open pending items; empty unless the deal is completed.


def left_open(before: Opened | None, after: Opened) -> LeftOpen | None:
    """Return what stays open about a deal that was changed to signed or completed.

    `before` and `after` are the deal before and after the change; `before` is None for a new deal. Return None if
    nothing stays open, or if the change did not make the deal signed or completed.
    """
    state = after.record.state
    old, new = before.record.state.text("stage") if before else "", state.text("stage")
    completed = new == "completed"
    signed_before = before is not None and stage.is_signed(before.record.state)
    if old == new or not stage.is_signed(state) or (signed_before and not completed):
        return None
    awaited = stage.open_approvals(state)
    without_outcome = _open(after, "")
    still_open = LeftOpen(
        after.record.name,
        [consent(fact.value, after.names) for fact in without_outcome if fact not in awaited],
        [consent(fact.value, after.names) for fact in without_outcome if fact in awaited],
        [
            link.name
            for link in after.links
            if completed
            and link.kind == "pending"
            and link.open
            and not link.outward
            and link.item_kind not in ON_REQUEST_KINDS
        ],
    )
    return still_open if still_open.unheard or still_open.approvals or still_open.items else None


def consent(approval: Approval, names: Names) -> str:
    """Return an approval in words, without its state: "ratification by Congress (Brazil)"."""
    return f"{approval.what} by {approver_words(approval, names)}"
