"""Tests of news clauses: the wording for each field and value, and how names and dates fit into it."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from bot.ledger.changes import FieldChange, RecordChange, changed_fields
from bot.ledger.cited import plain
from bot.ledger.fold import fold
from bot.ledger.kinds import KINDS, Field, fields_of
from bot.ledger.status import status
from bot.ledger.values import ChoiceType, due_clause
from bot.ui import news
from data.records import Approval, Due, Fact, FactDate, Kind, Party, Precision, Source, State, Sureness, Update, Value
from tests.builders import on_day, update

DAY = on_day("2023-11-10")


def fact(value: Any) -> Fact:
    return Fact(value, DAY, 1, 1)


def change(kind: Kind, field: str, before: Any, after: Any, names: dict[str, str] | None = None) -> RecordChange:
    then, now = (None if value is None else fact(value) for value in (before, after))
    state = State({"name": [fact("The record")], field: [now] if now else []})
    source = {1: Source(1, "A source")}
    return RecordChange(
        kind, "record", "The record", False, [FieldChange(field, False, then, now)], names or {}, source, state
    )


def values_of(field: Field) -> list[Value]:
    """Return the options of a choice field without "none", or the parsed example of any other field."""
    if isinstance(field.type, ChoiceType):
        return [value for value in field.type.options if value != "none"]
    return [field.type.parse(field.type.example, lambda name, _: name)]


REPORTING = [(kind, field) for kind in KINDS for field in fields_of(kind) if field.reports]


@pytest.mark.parametrize(("kind", "field"), REPORTING, ids=[f"{kind} {field.name}" for kind, field in REPORTING])
def test_every_field_with_news_value_makes_a_clause_of_its_own_fact(kind: Kind, field: Field):
    for value in values_of(field):
        (one,) = news.news_of(change(kind, field.name, None, value))
        assert one.said.text.rstrip(".") == one.said.text
        assert one.said.text[0].islower() or one.said.text.startswith(field.type.words(value, {})[:5])
        assert [said.update for said in one.said.facts] == [1]
        assert "{" not in one.said.text
        assert one.was is None


@pytest.mark.parametrize(
    ("side", "authority", "by"),
    [
        ("U.S. government", "", "the U.S. government"),
        ("India", "", "India"),
        ("United Kingdom", "", "the United Kingdom"),
        ("Brazil", "Congress", "Congress (Brazil)"),
        ("Argentina", "National Congress", "National Congress (Argentina)"),
        ("India", "Cabinet Committee on Security", "the Cabinet Committee on Security (India)"),
        ("European Union", "European Parliament", "the European Parliament (European Union)"),
        ("India", "India's Ministry of Defence", "India's Ministry of Defence"),
        ("France", "the Senate", "the Senate (France)"),
        ("Parliament", "", "Parliament"),
    ],
)
def test_who_gives_an_approval_is_named_with_its_country_and_article(side: str, authority: str, by: str):
    approval = Approval(side="side", what="ratification", state="granted", authority=authority)
    (one,) = news.news_of(change("deal", "approval", None, approval, {"side": side}))
    assert one.said.text == f"{by} has granted the ratification"


def due(sureness: Sureness, first: str, last: str, precision: Precision = "day", printed: str = "") -> Due:
    return Due(FactDate(precision, date.fromisoformat(first), date.fromisoformat(last), printed=printed), sureness)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "no due date given"),
        (due("fixed", "2024-10-31", "2024-10-31"), "due by Thursday 31 October 2024, fixed by law or in the document"),
        (
            due("announced", "2024-10-01", "2024-10-31", "month"),
            "due by the end of October 2024, announced by an official",
        ),
        (due("reported", "2024-01-01", "2024-12-31", "year"), "target date reported by the press: by the end of 2024"),
        (
            due("announced", "2024-01-01", "2024-04-30", "range"),
            "due between 1 January and 30 April 2024, announced by an official",
        ),
        (
            due("reported", "2026-10-01", "2026-12-31", "range", "fourth quarter of 2026"),
            "target date reported by the press: by the fourth quarter of 2026",
        ),
        (due("usual", "2024-10-31", "2024-10-31"), "usually by Thursday 31 October 2024; not a due date"),
        (due("usual", "2024-10-01", "2024-10-31", "month"), "usually by the end of October 2024; not a due date"),
    ],
)
def test_a_due_date_says_how_sure_it_is_and_a_usual_one_that_it_is_none(value: Due | None, words: str):
    assert due_clause(value) == words


def test_a_usual_date_is_never_called_due_in_a_status_line():
    usual = due("usual", "2024-10-31", "2024-10-31")
    parts = status("pending", State({"state": [fact("open")], "due": [fact(usual)]}), {})
    assert plain(parts).startswith("who must act is not in the record; usually by Thursday 31 October 2024; not a due")
    assert "due usually" not in plain(parts)
    assert "(usual)" not in plain(parts)


@pytest.mark.parametrize(
    ("about", "title"),
    [
        ([], "Clearances"),
        (["drones"], "Clearances, about 31 armed drones"),
        (["drones", "engines"], "Clearances, about 31 armed drones and Engines"),
        (["drones", "engines", "talks", "unnamed"], "Clearances, about 31 armed drones, Engines and 2 more"),
    ],
)
def test_an_item_is_named_with_what_it_is_about(about: list[str], title: str):
    names = {"drones": "31 armed drones", "engines": "Engines", "talks": "Talks"}
    assert news.titled("Clearances", [fact(Party(slug)) for slug in about], names) == title


def test_what_the_name_of_an_item_says_is_not_said_again():
    about = [fact(Party("drones"))]
    assert news.titled("Signature of the 31 ARMED drones", about, {"drones": "31 armed drones"}) == (
        "Signature of the 31 ARMED drones"
    )


def test_a_party_whose_end_was_reported_in_error_takes_part_after_all():
    india, ended = Party("india", "buyer"), Party("india", "buyer", gone=True)

    def party(id_: int, value: Party, on: int, **more: Any) -> Update:
        return update(id_, "party", value, on_day(date(2026, 12, on)), **more)

    name = msgspec.structs.replace(party(0, india, 1), field="name", value="Drones")
    there, gone = party(1, india, 1), party(2, ended, 4)
    back = party(3, ended, 4, action="withdrawn", replaces=2, reason="Reported in error")
    changes = changed_fields("deal", fold("deal", [name, there, gone]), fold("deal", [name, there, gone, back]), [back])
    sources = {n: Source(n, f"Report {n}") for n in (1, 2, 3)}
    told = RecordChange("deal", "d", "Drones", False, changes, {"india": "India"}, sources, fold("deal", [name, there]))
    (one,) = news.news_of(told)
    assert one.corrected
    assert one.said.text == "India (buyer) takes part after all: the report of its end has been withdrawn"
    assert one.reason == "Reported in error"
