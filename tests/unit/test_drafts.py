"""Tests of parsing what an editor types into a form of /update: sources, dates and values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput, UserError
from bot.ledger.drafts import Draft, Entry, Given, Mistakes, Task, fixed_day, instead, read
from bot.ledger.kinds import KINDS, Field, fields_of
from data.records import Kind, Party
from tests.builders import on_day

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)

T = TypeVar("T")


def outcome(act: Callable[[], T]) -> T | UserError:
    """Call a function and return its result, or the UserError that it raises."""
    try:
        return act()
    except UserError as refusal:
        return refusal


@pytest.mark.parametrize("field", [field for kind in KINDS for field in fields_of(kind)], ids=lambda f: f.name)
def test_every_field_that_names_records_says_which_kinds_these_are(field: Field):
    assert bool(field.type.mentions(field.type.example)) == bool(field.type.kinds)
    assert set(field.type.kinds) <= set(KINDS)


def test_only_some_fields_take_words_in_quotation_marks_for_a_record():
    quoting = {(kind, field.name) for kind in KINDS for field in fields_of(kind) if field.type.quotes}
    assert quoting == {("deal", "approved_by"), ("statement", "whose"), ("pending", "who")}


def test_a_day_said_from_today_is_kept_as_the_day_it_was():
    assert fixed_day(" Today", date(2026, 11, 24)) == "2026-11-24"
    assert fixed_day("yesterday", date(2026, 3, 1)) == "2026-02-28"
    assert fixed_day("10 November 2023", date(2026, 3, 1)) == "10 November 2023"


def draft(field: str = "", kind: Kind = "deal", **typed: str) -> Draft:
    words = {"date": "10 November 2023", "source": "Article", "published": "undated"} | typed
    return Draft(1, 1, 1, Task("x", kind, "X", field), words, 0, "open", "")


def nobody(name: str, kinds) -> str:
    raise BadInput(f"{name} is not there.")


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ({"date": "tomorrow"}, ["Fact date"]),
        ({"date": "26 November 2026"}, ["Fact date"]),
        ({"date": ""}, ["Fact date"]),
        ({"source": "javascript:x"}, ["Source"]),
        ({"published": "2027"}, ["The source's own date"]),
        ({"value": "3 billion"}, ["Value"]),
        ({"value": "-5 USD"}, ["Value"]),
        ({"reason": "r" * 501}, ["Reason"]),
        (
            {"value": "much", "date": "soon", "source": "", "published": "x"},
            ["Value", "Fact date", "Source", "The source"],
        ),
    ],
)
def test_every_mistake_of_a_form_names_its_field(typed, named):
    with pytest.raises(Mistakes) as caught:
        read(draft("value", **{"value": "3 billion USD"} | typed), nobody, None, now=NOW)
    assert len(caught.value.texts) == len(named)
    assert all(text.startswith(name) for text, name in zip(caught.value.texts, named, strict=True))


@pytest.mark.parametrize(
    "day", ["November 2023", "2018 to 2020", "since 2020", "unknown: Cold War", "early 2024", "2023"]
)
def test_vague_and_open_days_are_fact_dates(day):
    entry = read(draft(date=day), nobody, None, now=NOW)
    assert entry.date.precision != "day"


def test_a_source_may_be_undated():
    assert read(draft(published="Undated"), nobody, None, now=NOW).published_on is None
    dated = read(draft(published="11 November 2023"), nobody, None, now=NOW)
    assert dated.published_on == on_day("2023-11-11")


@given(st.sampled_from([(kind, field.name) for kind in KINDS for field in fields_of(kind)]), st.text(max_size=300))
def test_any_text_in_any_field_is_a_value_or_a_mistake(where, text):
    kind, name = where
    read_or_told = outcome(lambda: read(draft(name, kind, value=text), nobody, None, now=NOW))
    assert isinstance(read_or_told, Entry) or (isinstance(read_or_told, Mistakes) and len(read_or_told.texts) == 1)


def test_a_new_list_of_one_starts_from_nothing():
    assert instead(None, "who", [Party("india")]) == [Given("who", Party("india"))]
