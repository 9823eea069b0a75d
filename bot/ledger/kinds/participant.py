"""Describes participants (people, organisations and countries): their fields and the layout of their card."""

from bot.ledger.kinds.kind import Field, FieldLine, ItemsLine, LinkedLine, RecordKind, StatementLine
from bot.ledger.values import ChoiceType, PartyType, TextType, TitleType

PARTICIPANT_TYPES = {"person": "Person", "organisation": "Organisation", "country": "Country"}

PARTICIPANT = RecordKind(
    name="participant",
    one="participant",
    several="participants",
    fields=(
        Field("type", "Kind", ChoiceType("Organisation", PARTICIPANT_TYPES), reports=False, noun="kinds"),
        Field("title", "Title", TitleType("Defence Minister, from 31 May 2019 until 9 June 2024"), "list"),
        Field("country", "Country", PartyType("India", ("participant",))),
        Field("org_type", "What it is", TextType("company unit", 80), reports=False, noun="kinds"),
    ),
    form=("type", "title", "country", "summary"),
    belongs_in="country",
    card=(
        "lead",
        "mentioned",
        "other_titles",
        FieldLine("formerly"),
        "to_act_on",
        LinkedLine("Deals", ("deal",), roles=True),
        "summary",
        StatementLine("Said", "whose"),
        StatementLine("Said about it", "about"),
        LinkedLine("Talks", ("dialogue", "session")),
        LinkedLine("Documents", ("document",)),
        LinkedLine("People and organisations", ("participant",)),
        LinkedLine("Events", ("event",), roles=True),
        "named_in_items",
        ItemsLine("Pending items about it", "about"),
        FieldLine("topic", "Topics"),
    ),
    status=("title", "org_type", "type", "country"),
    unstated="Participant",
    hub=True,
)
