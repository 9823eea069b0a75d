"""Describes dialogues, which are series of talks: their fields and the layout of their card."""

from bot.ledger.kinds.kind import Field, FieldLine, ItemsLine, LinkedLine, RecordKind, StatementLine
from bot.ledger.values import DateType, PartyType, TextType

DIALOGUE = RecordKind(
    name="dialogue",
    one="dialogue",
    several="dialogues",
    fields=(
        Field("frequency", "How often", TextType("every year", 80)),
        Field("began", "Began", DateType("2018")),
        Field("party", "Party", PartyType("India", ("participant",), role=True), "list"),
    ),
    form=("party", "frequency", "began", "summary"),
    card=(
        "lead",
        FieldLine("party", "Parties"),
        "latest_session",
        "summary",
        "earlier_sessions",
        StatementLine("What was said"),
        ItemsLine("Pending items"),
        LinkedLine("Events", ("event",)),
        FieldLine("topic", "Topics"),
    ),
    status=("frequency", "began"),
    unstated="A series of talks",
    hub=True,
)
