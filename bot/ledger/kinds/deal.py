"""Describes deals: their fields, stages and side states, and the layout of their card."""

from bot.ledger.kinds.kind import Field, FieldLine, LinkedLine, RecordKind, StatementLine
from bot.ledger.values import ApprovalType, ChoiceType, MoneyType, PartyType, QuantityType, TextType

STAGES = {
    "unspecified": "Under way",
    "proposed": "Proposed",
    "requested": "Formally requested",
    "under_review": "Under review",
    "negotiating": "In negotiation",
    "approved": "Last approval given, awaiting signature",
    "signed": "Signed",
    "in_execution": "Being carried out",
    "completed": "Completed",
}
"""The stages of a deal in their order, each with the words that people read."""

SIDE_STATES = {
    "none": "Nothing holds it up",
    "on_hold": "On hold",
    "stalled": "Stalled",
    "slipped": "Target date has passed",
    "lapsed": "Lapsed",
    "cancelled": "Cancelled",
    "rejected": "Rejected",
    "superseded": "Superseded",
}
"""The side states of a deal, which hold it up or end it at any stage, each with the words that people read."""


def stage_rank(stage: str) -> int:
    """Return the position of a stage in `STAGES`: 0 for "unspecified" to 8 for "completed"."""
    return list(STAGES).index(stage)


DEAL = RecordKind(
    name="deal",
    one="deal",
    several="deals",
    fields=(
        Field("stage", "Stage", ChoiceType("Signed", STAGES), milestone=True),
        Field("side_state", "Beside the stage", ChoiceType("On hold", SIDE_STATES), milestone=True),
        Field("approved_by", "Approved by", PartyType("India", ("participant",), quotes=True)),
        Field("deal_type", "Kind", TextType("purchase", 80), reports=False, noun="kinds"),
        Field("quantity", "Number", QuantityType("31 drones"), "variants", absent="number"),
        Field("delivered", "Delivered", QuantityType("16 drones"), "variants"),
        Field("options", "Option for", QuantityType("10 drones"), "variants"),
        Field("value", "Value", MoneyType("more than 3 billion USD"), "variants", absent="value"),
        Field("model", "Model", TextType("the model as the source prints it", 100), absent="model"),
        Field("delivery", "Delivery", TextType("from January 2029", 100), absent="delivery dates"),
        Field("made_in", "Made in", TextType("India", 100), absent="place of manufacture"),
        Field("party", "Party", PartyType("General Atomics as maker", ("participant",), role=True), "list"),
        Field("approval", "Approval", ApprovalType("U.S. government: clearances, open"), "list", milestone=True),
        Field("under", "Under", PartyType("Roadmap for defence cooperation", ("document", "deal")), "list"),
        Field("part_of", "Part of", PartyType("Armed drones for three services", ("deal",)), "list"),
        Field("follows_from", "Follows from", PartyType("Lease of two drones", ("deal",)), "list"),
        Field("replaces", "Replaces", PartyType("Lease of four drones", ("deal",)), "list"),
        Field("option_of", "Option of", PartyType("Framework for 40 drones", ("deal",)), "list"),
    ),
    form=("stage", "party", "value", "summary"),
    belongs_in="part_of",
    card=(
        "lead",
        "who_must_act",
        "value",
        "delivered",
        FieldLine("party", "Between"),
        "stage",
        FieldLine("part_of"),
        LinkedLine("Parts", ("deal",), "part_of", dated=True),
        FieldLine("replaces"),
        LinkedLine("Replaced by", ("deal",), "replaces", dated=True),
        FieldLine("follows_from"),
        LinkedLine("Followed by", ("deal",), "follows_from", dated=True),
        FieldLine("option_of"),
        LinkedLine("Options", ("deal",), "option_of", dated=True),
        LinkedLine("Deals under it", ("deal",), "under", dated=True),
        "approvals",
        LinkedLine("Events", ("event",), "about", dated=True),
        "summary",
        "also",
        FieldLine("deal_type"),
        FieldLine("under"),
        LinkedLine("Discussed at", ("session",)),
        StatementLine("What was said"),
        FieldLine("topic", "Topics"),
    ),
    status=("stage", "side_state", "approved_by", "approval"),
    beside=("value", "quantity", "delivered", "options", "model", "delivery", "made_in"),
    reached=True,
    with_history=True,
)
