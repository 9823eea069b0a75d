"""Describes events outside of talks: their fields and the layout of their card."""

from bot.ledger.kinds import common
from bot.ledger.kinds.kind import Field, FieldLine, ItemsLine, LinkedLine, RecordKind, StatementLine
from bot.ledger.values import DateType, PartyType

EVENT = RecordKind(
    name="event",
    one="event",
    several="events",
    fields=(
        Field("happened", "When", DateType("7 October 2023")),
        Field("place", "Place", PartyType("Ladakh", ("place",)), "list"),
        Field("involved", "Involved", PartyType("Hamas as attacker", ("participant",), role=True), "list"),
        Field("about", "About", PartyType("31 armed drones", common.ANY_KIND), "list"),
        Field("of", "Part of", PartyType("India–U.S. 2+2 Dialogue", ("dialogue", "session"))),
    ),
    form=("happened", "place", "involved", "summary"),
    belongs_in="of",
    card=(
        "lead",
        "summary",
        FieldLine("place"),
        FieldLine("involved"),
        FieldLine("about"),
        FieldLine("of"),
        StatementLine("What was said"),
        ItemsLine("Pending items"),
        LinkedLine("Events", ("event",), "about", dated=True),
        FieldLine("topic", "Topics"),
    ),
    status=("happened",),
    unstated="When it happened is not in the record",
    dated_status=True,
)
