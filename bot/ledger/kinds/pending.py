"""Describes pending items, which tell what is open, who must act and by when: their fields, card and outcomes."""

from bot.ledger.kinds import common
from bot.ledger.kinds.kind import Field, FieldLine, ItemsLine, LinkedLine, RecordKind, StatementLine
from bot.ledger.values import ChoiceType, DueType, PartyType, TextType, ZoneType

PENDING_KINDS = {
    "clearance": "Clearance",
    "notification_window": "Notification window",
    "offer_response": "Answer to an offer",
    "evaluation": "Evaluation",
    "negotiation": "Negotiation",
    "signature": "Signature",
    "payment": "Payment",
    "delivery": "Delivery",
    "validity_expiry": "End of validity",
    "report_due": "Report",
    "meeting_follow_up": "Follow-up of a meeting",
    "commitment_watch": "Commitment to watch",
    "research_gap": "Gap in the record",
}
ON_REQUEST_KINDS = ("commitment_watch", "research_gap")
"""Kinds of pending items on which nobody in particular has to act. Lists show them only on request."""

BASIS = {"stated": "Stated as pending", "left open": "Left open"}
OUTCOMES = {
    "given": "Given",
    "refused": "Refused",
    "done": "Done",
    "answered": "Answered",
    "dropped": "Dropped",
    "published": "Published",
}

PENDING = RecordKind(
    name="pending",
    one="pending item",
    several="pending items",
    fields=(
        Field("state", "State", ChoiceType("Open", {"open": "Open", "closed": "Closed"}), milestone=True),
        Field("item_kind", "Kind", ChoiceType("Clearance", PENDING_KINDS), reports=False, noun="kinds"),
        Field("basis", "Basis", ChoiceType("Stated as pending", BASIS), reports=False, noun="kinds"),
        Field("who", "Who must act", PartyType("U.S. government", ("participant",), quotes=True), "list"),
        Field("due", "Due", DueType("31 October 2024, announced"), milestone=True),
        Field("zone", "Zone of the due date", ZoneType("America/New_York"), reports=False),
        Field("about", "About", PartyType("31 armed drones", common.ANY_KIND), "list"),
        Field(
            "closes_when",
            "Closes when",
            TextType("an official source says the clearances are given", 200),
            reports=False,
        ),
        Field("outcome", "Outcome", ChoiceType("Given", OUTCOMES)),
    ),
    card=(
        "lead",
        FieldLine("about"),
        "who_had_to_act",
        FieldLine("closes_when"),
        "summary",
        StatementLine("What was said"),
        ItemsLine("Pending items", "about"),
        LinkedLine("Events", ("event",), "about", dated=True),
        FieldLine("item_kind"),
        FieldLine("topic", "Topics"),
    ),
    status=("state", "outcome", "who", "due"),
    beside=("basis", "zone"),
    reached=True,
    with_history=True,
)
