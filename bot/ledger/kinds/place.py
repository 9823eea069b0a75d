"""Describes places: their fields and the layout of their card."""

from bot.ledger.kinds.kind import Field, FieldLine, ItemsLine, LinkedLine, RecordKind, StatementLine
from bot.ledger.values import TextType

PLACE = RecordKind(
    name="place",
    one="place",
    several="places",
    fields=(Field("place_type", "Kind", TextType("city", 80), reports=False, noun="kinds"),),
    form=("place_type", "summary"),
    card=(
        "lead",
        "summary",
        LinkedLine("Talks", ("session",)),
        LinkedLine("Events", ("event",)),
        StatementLine("What was said"),
        ItemsLine("Pending items"),
        FieldLine("topic", "Topics"),
    ),
    status=("place_type",),
    unstated="Place",
    hub=True,
)
