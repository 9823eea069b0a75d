"""Questions to an editor about a deal when something about it closes, and what a new stage leaves open. Pure."""

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
"""What a source that closes an item may say of approvals, by the outcome; of one that was dropped it says nothing."""

_HAPPENED = ("given", "done")
_IMPLIED = {"signature": ("signed", "The signature is done"), "delivery": ("completed", "The delivery is done")}


class DealQuestion(Struct, frozen=True):
    """A question to an editor about a deal when something about it closes. Nothing has to be chosen.

    `id` is the deal's. `stage` is how far it is before, `stages` how far it may be after, each with what speaks for it
    ("" mostly). `approvals` are the others that are open; those whose updates are in `also` become `state`. `chosen` is
    the stage that was chosen, "" for none. `last` says that no approval is open any more.
    """

    id: int
    deal: str
    name: str
    stage: CitedText
    stages: dict[str, str]
    approvals: list[Fact[Approval]]
    names: dict[str, str]
    state: ApprovalState | None
    chosen: str
    also: list[int]
    last: bool = False

    @property
    def values(self) -> list[tuple[str, Value]]:
        """The fields of the deal that the choices set, each with its value."""
        found: list[tuple[str, Value]] = []
        if self.state is not None:
            settled = [fact.value for fact in self.approvals if fact.update in self.also]
            found += [("approval", replace(approval, state=self.state)) for approval in settled]
        return [*found, *([("stage", self.chosen)] if self.chosen else [])]


def ask(
    deal: Opened,
    updates: Sequence[Update],
    on: FactDate,
    *,
    state: ApprovalState | None,
    chosen: str,
    also: Sequence[int] | None,
    own: str = "",
    item: Opened | None = None,
    outcome: str = "",
) -> DealQuestion | None:
    """Return what to ask about a deal, or None when there is nothing to choose.

    `state` is what a source of the day `on` says of approvals, None for nothing. `own` is the key of the approval that
    is changed by itself; `item` the item that closes, with its `outcome`. What was `chosen` counts as far as it is
    still there to be chosen; `also` is None before anybody chose.
    """
    stages = _stages(deal, updates, on)
    if item is not None and outcome in _HAPPENED:
        implied, why = _IMPLIED.get(item.record.state.text("item_kind"), ("", ""))
        stages |= {implied: why} if implied in stages else {}
    open_ = _open(deal, own) if state else []
    if item is not None:
        open_.sort(key=lambda fact: not _acts(item, fact.value))
    if not stages and not open_:
        return None
    if also is None:
        also = [fact.update for fact in open_] if item is not None and _is_its_own(item, open_) else []
    return DealQuestion(
        id=deal.record.id,
        deal=deal.record.slug,
        name=deal.record.name,
        stage=stage.stage(deal.record.state, deal.names),
        stages=stages,
        approvals=open_,
        names=deal.names,
        state=state,
        chosen=chosen if chosen in stages else "",
        also=[fact.update for fact in open_ if fact.update in also],
    )


def _stages(deal: Opened, updates: Sequence[Update], on: FactDate) -> dict[str, str]:
    """Return the stages that a deal may have reached on a day: after the one before that day, before the next one."""
    then = fold.fold("deal", updates, as_of=on.day).text("stage")
    known = {then, deal.record.state.text("stage"), *(["unspecified"] if then else [])}
    return {step: "" for step in STAGES if step not in known and not fold.stage_goes_back(updates, step, on)}


def _open(deal: Opened, own: str) -> list[Fact[Approval]]:
    """Return the approvals without an outcome, also those older than the signature: a source may report them late."""
    key = get_field("deal", "approval").type.key
    return [
        fact
        for fact in deal.record.state.facts("approval", Approval)
        if fold.is_open(fact.value) and key(fact.value) != own
    ]


def _acts(item: Opened, approval: Approval) -> bool:
    """Return whether the side or the authority that gives an approval is among those who must act on an item."""
    who = {fact.value.record for fact in item.record.state.facts("who", Party)}
    named = {as_written(item.names.get(slug, "")) for slug in who if slug}
    return approval.side in who or as_written(approval.authority) in named


def _is_its_own(item: Opened, open_: Sequence[Fact[Approval]]) -> bool:
    """Return whether an item is a clearance of the only open approval: nobody but its side or authority has to act."""
    own = len(open_) == 1 and (not item.record.state.facts("who") or _acts(item, open_[0].value))
    return item.record.state.text("item_kind") == "clearance" and own


class LeftOpen(Struct, frozen=True):
    """What stays open, in words, about a deal that was just said to be signed or completed; `name` is the deal's.

    `unheard` are approvals from before the signature, which are listed as having no outcome; the deal still waits for
    the others in `approvals`. `items` are looked at once it is completed.
    """

    name: str
    unheard: list[str]
    approvals: list[str]
    items: list[str]


def left_open(before: Opened | None, after: Opened) -> LeftOpen | None:
    """Return what a deal leaves open that became signed or completed between two states; None when nothing."""
    state = after.record.state
    old, new = before.record.state.text("stage") if before else "", state.text("stage")
    completed = new == "completed"
    signed_before = before is not None and stage.is_signed(before.record.state)
    if old == new or not stage.is_signed(state) or (signed_before and not completed):
        return None
    waits = stage.open_approvals(state)
    found = _open(after, "")
    left = LeftOpen(
        after.record.name,
        [consent(fact.value, after.names) for fact in found if fact not in waits],
        [consent(fact.value, after.names) for fact in found if fact in waits],
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
    return left if left.unheard or left.approvals or left.items else None


def consent(approval: Approval, names: Names) -> str:
    """Return an approval without its state: "ratification by Congress (Brazil)"."""
    return f"{approval.what} by {approver_words(approval, names)}"
