"""The types of fields, one module each: how a value is parsed, checked, stored and put in words."""

from bot.ledger.values.approval import ApprovalType, approval_details, approver_words
from bot.ledger.values.choice import ChoiceType
from bot.ledger.values.date import DateType
from bot.ledger.values.due import NO_DUE_DATE, SURENESS, DueType, due_clause, due_day, expect_due
from bot.ledger.values.field_type import FieldType, Find, Names, ends, expect, named, quoted
from bot.ledger.values.money import MoneyType
from bot.ledger.values.party import PartyType, record_of
from bot.ledger.values.quantity import QuantityType, quantity_words, read_quantity
from bot.ledger.values.text import ListedTextType, TextType, words_inside
from bot.ledger.values.title import TitleType
from bot.ledger.values.zone import ZoneType

__all__ = [
    "NO_DUE_DATE",
    "SURENESS",
    "ApprovalType",
    "ChoiceType",
    "DateType",
    "DueType",
    "FieldType",
    "Find",
    "ListedTextType",
    "MoneyType",
    "Names",
    "PartyType",
    "QuantityType",
    "TextType",
    "TitleType",
    "ZoneType",
    "approval_details",
    "approver_words",
    "due_clause",
    "due_day",
    "ends",
    "expect",
    "expect_due",
    "named",
    "quantity_words",
    "quoted",
    "read_quantity",
    "record_of",
    "words_inside",
]
