"""Defines the fields that every kind of record has."""

from bot.ledger.kinds.kind import Field
from bot.ledger.values import ChoiceType, ListedTextType, PartyType, TextType

DAY = "10 November 2023"
"""The example of a date in forms and error messages."""

ANY_KIND = (
    "deal", "participant", "place", "dialogue", "session", "document", "topic", "statement", "event", "pending"
)  # fmt: skip
"""All kinds of records, for fields that can point to any record. tests/unit/test_kinds.py compares it with `KINDS`."""

FIELDS = (
    Field("name", "Name", TextType("31 armed drones for India", 100), reports=False, noun="names"),
    Field("alias", "Also known as", ListedTextType("the drone deal", 100), "list", reports=False, noun="aliases"),
    Field("formerly", "Formerly", ListedTextType("Rockwell Collins", 100), "list", reports=False, noun="names"),
    Field("summary", "In short", TextType("Raised at the talks in New Delhi.", 600)),
    Field("topic", "Topic", PartyType("Defence cooperation", ("topic",)), "list", reports=False, noun="topics"),
    Field("note", "Note", ListedTextType("A report of March 2024 gave the Navy 16.", 600), "list"),
    Field("checked", "Last checked", ChoiceType("nothing new", {"nothing new": "Nothing new"}), reports=False),
)

BESIDE = ("name", "alias", "checked")
"""Fields without a line of their own on cards. The heading shows the name, and the small print the last check."""
