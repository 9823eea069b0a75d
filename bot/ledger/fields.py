"""The table of fields: what each kind of record can hold. The only place that knows them.

Forms, before and after lines, history, cards and dossier keys all read this table. A new field is one row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from bot.errors import BadInput
from bot.ledger.values import (
    ApprovalType,
    ChoiceType,
    DateType,
    DueType,
    FieldType,
    ListedTextType,
    MoneyType,
    PartyType,
    TextType,
    ZoneType,
)
from data.records import Kind

KINDS: tuple[Kind, ...] = get_args(Kind)

KIND_WORDS: dict[Kind, tuple[str, str]] = {
    "deal": ("deal", "deals"),
    "participant": ("participant", "participants"),
    "place": ("place", "places"),
    "dialogue": ("dialogue", "dialogues"),
    "session": ("session", "sessions"),
    "document": ("document", "documents"),
    "topic": ("topic", "topics"),
    "statement": ("statement", "statements"),
    "event": ("event", "events"),
    "pending": ("pending item", "pending items"),
}
"""How people read the name of a kind: one, several."""

# How far a deal is, with the neutral phrase of each stage.
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
SESSION_STATES = {
    "proposed": "Proposed",
    "scheduled": "Scheduled",
    "held": "Held",
    "followed_up": "Followed up",
    "postponed": "Postponed",
    "cancelled": "Cancelled",
}
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
"""Kinds of pending items that nobody in particular has to act on: listed on request only."""

BASIS = {"stated": "Stated as pending", "left open": "Left open"}
OUTCOMES = {
    "given": "Given",
    "refused": "Refused",
    "done": "Done",
    "answered": "Answered",
    "dropped": "Dropped",
    "published": "Published",
}
PARTICIPANT_TYPES = {"person": "Person", "organisation": "Organisation", "country": "Country"}


@dataclass(frozen=True)
class Field:
    """One field of one kind of record, or of every kind when `kind` is "any".

    `rule` says how its facts add up: "replace" keeps the newest, "list" keeps one per key, "variants" keeps one per
    source and key, side by side. A `milestone` is told at once to those who follow. `absent` is how an empty field
    is named among what is not stated; fields without it are not missed. A field that `reports` nothing (a name, a
    kind, a topic) says how the record is kept, not what happened: it dates nothing and stands in no history or digest.
    """

    kind: Kind | Literal["any"]
    name: str
    label: str
    type: FieldType
    rule: Literal["replace", "list", "variants"] = "replace"
    milestone: bool = False
    absent: str = ""
    reports: bool = True


_DAY = "10 November 2023"

_TABLE = (
    Field("any", "name", "Name", TextType("31 armed drones for India", 100), reports=False),
    Field("any", "alias", "Also known as", ListedTextType("the drone deal", 100), "list", reports=False),
    Field("any", "summary", "In short", TextType("Raised at the talks in New Delhi.", 600)),
    Field("any", "topic", "Topic", PartyType("Defence cooperation", ("topic",)), "list", reports=False),
    Field("any", "checked", "Last checked", ChoiceType("nothing new", {"nothing new": "Nothing new"}), reports=False),
    Field("deal", "stage", "Stage", ChoiceType("Signed", STAGES), milestone=True),
    Field("deal", "side_state", "Beside the stage", ChoiceType("On hold", SIDE_STATES), milestone=True),
    Field("deal", "approved_by", "Approved by", PartyType("India", ("participant",), quotes=True)),
    Field("deal", "deal_type", "Kind", TextType("purchase", 80), reports=False),
    Field("deal", "quantity", "Number", TextType("31", 100), absent="number"),
    Field("deal", "value", "Value", MoneyType("more than 3 billion USD"), "variants", absent="value"),
    Field("deal", "model", "Model", TextType("the model as the source prints it", 100), absent="model"),
    Field("deal", "delivery", "Delivery", TextType("from January 2029", 100), absent="delivery dates"),
    Field("deal", "made_in", "Made in", TextType("India", 100), absent="place of manufacture"),
    Field("deal", "party", "Party", PartyType("General Atomics as maker", ("participant",), role=True), "list"),
    Field("deal", "approval", "Approval", ApprovalType("U.S. government: clearances, open"), "list", milestone=True),
    Field("deal", "under", "Under", PartyType("Roadmap for defence cooperation", ("document",)), "list"),
    Field("participant", "type", "Kind", ChoiceType("Organisation", PARTICIPANT_TYPES), reports=False),
    Field("participant", "title", "Title", TextType("Foreign Minister", 100)),
    Field("participant", "country", "Country", PartyType("India", ("participant",))),
    Field("participant", "org_type", "What it is", TextType("company unit", 80), reports=False),
    Field("place", "place_type", "Kind", TextType("city", 80), reports=False),
    Field("dialogue", "frequency", "How often", TextType("every year", 80)),
    Field("dialogue", "began", "Began", DateType("2018")),
    Field("dialogue", "party", "Party", PartyType("India", ("participant",), role=True), "list"),
    Field("session", "series", "Part of", PartyType("India–U.S. 2+2 Dialogue", ("dialogue",))),
    Field("session", "held_on", "Date", DateType(_DAY)),
    Field("session", "place", "Place", PartyType("New Delhi", ("place",))),
    Field("session", "state", "State", ChoiceType("Held", SESSION_STATES), milestone=True),
    Field("session", "party", "Party", PartyType("India", ("participant",), role=True), "list"),
    Field(
        "session",
        "attended",
        "Principal",
        PartyType("Lloyd Austin as Defense Secretary", ("participant",), role=True),
        "list",
    ),
    Field("session", "agenda", "Agenda", PartyType("Regional security", ("topic",)), "list"),
    Field("session", "discussed", "Discussed", PartyType("31 armed drones", ("deal", "document")), "list"),
    Field("session", "produced", "Outcome", PartyType("Joint statement", ("document",)), "list"),
    Field("session", "edition", "Edition", TextType("fifth", 40), absent="edition number"),
    Field("document", "doc_type", "Kind", TextType("joint statement", 80), reports=False),
    Field("document", "title", "Title", TextType("the title as printed", 200), absent="title"),
    Field("document", "issuer", "Issued by", PartyType("India", ("participant",)), "list"),
    Field("document", "dated", "Date", DateType(_DAY), absent="date"),
    Field("statement", "form", "Form", ChoiceType("Commitment", STATEMENT_FORMS), reports=False),
    Field("statement", "whose", "Whose", PartyType("India", ("participant", "document"), quotes=True), "list"),
    Field("statement", "said", "What", TextType("support for humanitarian pauses", 600)),
    Field(
        "statement",
        "about",
        "About",
        PartyType("Gaza", ("deal", "participant", "place", "topic", "document", "event", "dialogue")),
        "list",
    ),
    Field("statement", "made_at", "Made at", PartyType("2+2 session", ("session",))),
    Field("event", "happened", "When", DateType("7 October 2023")),
    Field("event", "place", "Place", PartyType("Ladakh", ("place",)), "list"),
    Field("event", "involved", "Involved", PartyType("Hamas as attacker", ("participant",), role=True), "list"),
    Field("event", "of", "Part of", PartyType("India–U.S. 2+2 Dialogue", ("dialogue", "session"))),
    Field("pending", "state", "State", ChoiceType("Open", {"open": "Open", "closed": "Closed"}), milestone=True),
    Field("pending", "item_kind", "Kind", ChoiceType("Clearance", PENDING_KINDS), reports=False),
    Field("pending", "basis", "Basis", ChoiceType("Stated as pending", BASIS), reports=False),
    Field("pending", "who", "Who must act", PartyType("U.S. government", ("participant",), quotes=True), "list"),
    Field("pending", "due", "Due", DueType("31 October 2024, announced"), milestone=True),
    Field("pending", "zone", "Zone of the due date", ZoneType("America/New_York"), reports=False),
    Field(
        "pending",
        "about",
        "About",
        PartyType("31 armed drones", ("deal", "document", "session", "statement", "topic", "participant", "dialogue")),
        "list",
    ),
    Field(
        "pending",
        "closes_when",
        "Closes when",
        TextType("an official source says the clearances are given", 200),
        reports=False,
    ),
    Field("pending", "outcome", "Outcome", ChoiceType("Given", OUTCOMES)),
)

_BY_NAME = {(row.kind, row.name): row for row in _TABLE}


def fields_of(kind: Kind) -> Iterator[Field]:
    """The fields that a kind of record has, in the order of the table."""
    return (row for row in _TABLE if row.kind in ("any", kind))


def find_field(kind: Kind, name: str) -> Field | None:
    return _BY_NAME.get((kind, name)) or _BY_NAME.get(("any", name))


def get_field(kind: Kind, name: str) -> Field:
    """One field of a kind; BadInput names those that exist."""
    field = find_field(kind, name)
    if field is None:
        known = ", ".join(row.name for row in fields_of(kind))
        raise BadInput(f'A {KIND_WORDS[kind][0]} has no field "{name[:60]}". Its fields: {known}.')
    return field


def stage_rank(stage: str) -> int:
    """How far along a stage is: 0 (no stage reported) to 8 (completed)."""
    return list(STAGES).index(stage)
