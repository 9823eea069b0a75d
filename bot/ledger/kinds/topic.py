"""Describes topics, the subjects of talks and deals: the layout of their card."""

from bot.ledger.kinds.kind import FieldLine, ItemsLine, LinkedLine, RecordKind, StatementLine

TOPIC = RecordKind(
    name="topic",
    one="topic",
    several="topics",
    fields=(),
    form=("summary", "topic"),
    belongs_in="topic",
    card=(
        "lead",
        "summary",
        StatementLine("What was said"),
        LinkedLine("Deals", ("deal",)),
        ItemsLine("Pending items"),
        LinkedLine("Documents", ("document",)),
        LinkedLine("On the agenda of", ("session",)),
        LinkedLine("Events", ("event",)),
        FieldLine("topic", "Belongs to"),
        LinkedLine("Topics below it", ("topic",)),
    ),
    hub=True,
)
