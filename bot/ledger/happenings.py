"""The kinds of events in the life of a deal, and the changes that each of them suggests. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from data.records import ApprovalState


@dataclass(frozen=True)
class Happening:
    """One kind of event in the life of a deal: what its form asks for, and what its preview suggests.

    The form can have an input for numbers (`counted`), for names (`who`) and for a due date. If the attribute for an
    input is "", the form does not have the input.
    """

    name: str
    label: str  # What people choose.
    counted: str = ""  # The field of the deal that the input for numbers sets.
    counted_label: str = ""
    counted_example: str = ""
    who: Literal["party", "approval", "record", ""] = ""  # What is named. "record": other records that get the note.
    who_label: str = ""
    who_example: str = ""
    role: str = ""  # The role of a party that was typed without a role.
    due_label: str = ""  # The input for the due date of the pending item that begins, or of an open item.
    due_example: str = ""
    stage: str = ""  # The stage that the preview suggests. The next two are suggested in the same way.
    side_state: str = ""
    approval: ApprovalState | None = None
    closes: tuple[str, ...] = ()  # The preview suggests to close open pending items of these kinds.
    opens: str = ""  # The kind of the pending item that can begin. It begins by default if its due date was typed.
    opens_name: str = ""  # The first part of the name of this item. The name of the deal is the second part.
    begins: bool = (
        False  # Whether this item also begins by default if no due date was typed but it is known who must act.
    )


_APPROVAL = "United States (Congress): review of the sale"
_PARTIES = "India as buyer; General Atomics as maker"
_ALSO_ABOUT = "Fighter-jet engines; Infantry combat vehicles"

HAPPENINGS: dict[str, Happening] = {
    happening.name: happening
    for happening in (
        Happening(
            "talks",
            "Talks, or a statement about it",
            who="record",
            who_label="Other records that it is about",
            who_example=_ALSO_ABOUT,
        ),
        Happening(
            "requested",
            "Formally requested",
            counted="quantity",
            counted_label="How many",
            counted_example="31 drones",
            who="party",
            who_label="Who asked, and whom",
            who_example=_PARTIES,
            stage="requested",
        ),
        Happening(
            "notified",
            "A parliament was notified",
            counted="value",
            counted_label="Value in the notice",
            counted_example="3.99 billion USD (notified)",
            who="approval",
            who_label="Approvals, with who gives them",
            who_example=_APPROVAL,
            due_label="End of the review",
            due_example="2 March 2024, fixed",
            stage="under_review",
            approval="open",
            opens="notification_window",
            opens_name="Review",
            begins=True,
        ),
        Happening(
            "approved",
            "An approval was given",
            counted="value",
            counted_label="Value that was approved",
            counted_example="3.1 billion USD (approved)",
            who="approval",
            who_label="Who approved what, if not on the list",
            who_example="India (Cabinet Committee on Security): purchase",
            due_label="The next date, such as the end of the offer",
            due_example="31 October 2024, fixed",
            stage="approved",
            approval="granted",
            closes=("clearance",),
            opens="signature",
            opens_name="Signature",
        ),
        Happening(
            "refused",
            "An approval was refused",
            who="approval",
            who_label="Who refused what, if not on the list",
            who_example=_APPROVAL,
            approval="refused",
            closes=("clearance", "notification_window"),
        ),
        Happening(
            "window_ended",
            "A review ended without a decision",
            who="approval",
            who_label="Which review, if not on the list",
            who_example=_APPROVAL,
            approval="expired",
            closes=("notification_window",),
        ),
        Happening(
            "offered",
            "An offer was made",
            counted="value",
            counted_label="Value of the offer",
            counted_example="nearly 4 billion USD (offer)",
            who="party",
            who_label="Who offered it, and to whom",
            who_example="India as buyer; United States as offering",
            due_label="Until when the offer is valid",
            due_example="31 October 2024, fixed",
            stage="negotiating",
            closes=("offer_response",),
            opens="signature",
            opens_name="Signature",
            begins=True,
        ),
        Happening(
            "signed",
            "It was signed",
            counted="value",
            counted_label="Value of the contract",
            counted_example="nearly 4 billion USD (contract); Rs 32,000 crore (contract)",
            who="party",
            who_label="Who signed, or takes part",
            who_example="Lloyd Austin; General Atomics as maker",
            role="signatory",
            due_label="When it has to be delivered",
            due_example="January 2029, reported",
            stage="signed",
            closes=("signature", "negotiation", "offer_response"),
            opens="delivery",
            opens_name="Delivery",
            begins=True,
        ),
        Happening(
            "started",
            "Work, payment or production began",
            counted="value",
            counted_label="Amount that was paid or agreed",
            counted_example="700 million USD (paid)",
            who="party",
            who_label="Who began",
            who_example=_PARTIES,
            stage="in_execution",
            closes=("payment",),
        ),
        Happening(
            "delivered",
            "Something was delivered",
            counted="delivered",
            counted_label="How many so far",
            counted_example="46 of 180",
            who="party",
            who_label="Who delivered, and to whom",
            who_example=_PARTIES,
            due_label="When the next delivery is due",
            due_example="2027, announced",
            stage="in_execution",
        ),
        Happening("new_date", "A date moved", due_label="The new date", due_example="31 March 2026, announced"),
        Happening(
            "held_up",
            "It was held up",
            who="party",
            who_label="Who holds it up",
            who_example="United States as blocker",
            role="blocker",
            side_state="on_hold",
        ),
        Happening("resumed", "It goes on again", side_state="none"),
        Happening(
            "cancelled",
            "It was cancelled",
            who="party",
            who_label="Who cancelled it",
            who_example="India as buyer",
            side_state="cancelled",
            closes=("signature", "negotiation", "delivery", "payment", "clearance", "offer_response", "evaluation"),
        ),
        Happening(
            "completed",
            "It was completed",
            counted="delivered",
            counted_label="How many in all",
            counted_example="180 of 180",
            stage="completed",
            closes=("delivery", "payment"),
        ),
        Happening(
            "other",
            "Something else",
            who="record",
            who_label="Other records that it is about",
            who_example=_ALSO_ABOUT,
        ),
    )
}
"""All kinds of events by name, in the order in which they are offered."""

_OUTCOMES = {"clearance": "given", "offer_response": "answered", "report_due": "published"}


def outcome_of(happening: Happening, item_kind: str) -> str:
    """Return the outcome that a pending item of a kind gets when an event closes it: a key of `kinds.OUTCOMES`."""
    if happening.side_state == "cancelled":
        return "dropped"
    if happening.approval == "refused" and item_kind in ("clearance", "notification_window"):
        return "refused"
    return _OUTCOMES.get(item_kind, "done")
