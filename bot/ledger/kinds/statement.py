"""Describes statements, by which somebody says, promises or calls for something: their fields, forms and card."""

from bot.ledger.kinds import common
from bot.ledger.kinds.kind import Field, FieldLine, ItemsLine, LinkedLine, RecordKind, StatementLine
from bot.ledger.values import ChoiceType, PartyType, TextType

STATEMENT_FORMS = {
    form: form.capitalize()
    for form in (
        "announcement",
        "commitment",
        "position",
        "call",
        "support",
        "expectation",
        "emphasis",
        "description",
        "assessment",
        "aim",
    )
}

STATEMENT = RecordKind(
    name="statement",
    one="statement",
    several="statements",
    fields=(
        Field("form", "Form", ChoiceType("Commitment", STATEMENT_FORMS), reports=False, noun="kinds"),
        Field("whose", "Whose", PartyType("India", ("participant", "document"), quotes=True), "list"),
        Field("said", "What", TextType("support for humanitarian pauses", 600)),
        Field("about", "About", PartyType("Gaza", common.ANY_KIND), "list"),
        Field("made_at", "Made at", PartyType("2+2 session", ("session",))),
    ),
    form=("whose", "said", "form", "made_at"),
    belongs_in="about",
    card=(
        "lead",
        FieldLine("form"),
        FieldLine("made_at"),
        FieldLine("about"),
        "summary",
        ItemsLine("Pending items"),
        StatementLine("Said about it", "about"),
        LinkedLine("Events", ("event",), "about", dated=True),
        FieldLine("topic", "Topics"),
    ),
    status=("whose", "form", "said"),
    reached=True,
)
