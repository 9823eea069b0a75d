"""Describes sessions, which are single meetings and mostly belong to a dialogue: their fields, states and card."""

from bot.ledger.kinds.common import DAY
from bot.ledger.kinds.kind import Field, FieldLine, ItemsLine, LinkedLine, RecordKind, StatementLine
from bot.ledger.values import ChoiceType, DateType, PartyType, TextType

SESSION_STATES = {
    "proposed": "Proposed",
    "scheduled": "Scheduled",
    "held": "Held",
    "followed_up": "Followed up",
    "postponed": "Postponed",
    "cancelled": "Cancelled",
}

SESSION = RecordKind(
    name="session",
    one="session",
    several="sessions",
    fields=(
        Field("series", "Part of", PartyType("India–U.S. 2+2 Dialogue", ("dialogue",))),
        Field("held_on", "Date", DateType(DAY)),
        Field("place", "Place", PartyType("New Delhi", ("place",))),
        Field("state", "State", ChoiceType("Held", SESSION_STATES), milestone=True),
        Field("party", "Party", PartyType("India", ("participant",), role=True), "list"),
        Field(
            "attended", "Principal", PartyType("Lloyd Austin as Defense Secretary", ("participant",), role=True), "list"
        ),
        Field("agenda", "Agenda", PartyType("Regional security", ("topic",)), "list"),
        Field("discussed", "Discussed", PartyType("31 armed drones", ("deal", "document")), "list"),
        Field("produced", "Outcome", PartyType("Joint statement", ("document",)), "list"),
        Field("edition", "Edition", TextType("fifth", 40), absent="edition number"),
    ),
    form=("state", "held_on", "place", "attended"),
    belongs_in="series",
    card=(
        "lead",
        FieldLine("party", "Parties"),
        FieldLine("attended", "Principals"),
        FieldLine("agenda"),
        FieldLine("discussed"),
        FieldLine("produced"),
        "summary",
        ItemsLine("Pending items"),
        StatementLine("What was said"),
        LinkedLine("Events", ("event",), dated=True),
        FieldLine("series"),
        FieldLine("edition"),
        FieldLine("topic", "Topics"),
    ),
    status=("state", "held_on", "place"),
    dated_status=True,
    reached=True,
    hub=True,
    with_history=True,
)
