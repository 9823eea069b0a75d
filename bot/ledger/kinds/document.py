"""Describes documents, such as joint statements: their fields and the layout of their card."""

from bot.ledger.kinds.common import DAY
from bot.ledger.kinds.kind import Field, FieldLine, ItemsLine, LinkedLine, RecordKind, StatementLine
from bot.ledger.values import DateType, PartyType, TextType

DOCUMENT = RecordKind(
    name="document",
    one="document",
    several="documents",
    fields=(
        Field("doc_type", "Kind", TextType("joint statement", 80), reports=False, noun="kinds"),
        Field("title", "Title", TextType("the title as printed", 200), absent="title"),
        Field("issuer", "Issued by", PartyType("India", ("participant",)), "list"),
        Field("dated", "Date", DateType(DAY), absent="date"),
    ),
    form=("doc_type", "issuer", "dated", "summary"),
    card=(
        "lead",
        FieldLine("title"),
        FieldLine("issuer"),
        "summary",
        StatementLine("What it says", "whose"),
        LinkedLine("Outcome of", ("session",), "produced"),
        LinkedLine("Discussed at", ("session",), "discussed"),
        StatementLine("Said about it", "about"),
        LinkedLine("Deals under it", ("deal",)),
        ItemsLine("Pending items"),
        LinkedLine("Events", ("event",), "about", dated=True),
        FieldLine("topic", "Topics"),
    ),
    status=("doc_type", "dated"),
    dated_status=True,
    hub=True,
)
