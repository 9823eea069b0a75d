"""Tests of titles of people: how they are typed, from when until when they were held, and which one leads."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.ledger import stored
from bot.ledger.cited import plain
from bot.ledger.fold import fold
from bot.ledger.kinds import get_field
from bot.ledger.titles import titles
from bot.ledger.values import TitleType
from bot.ui import cards
from data.records import FactDate, Title
from tests import builders
from tests.builders import on_day

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TYPE = get_field("participant", "title").type
SINCE, UNTIL = on_day("2019-05-31"), on_day("2024-06-09")
SENTENCE = "Defence Minister, from 31 May 2019 until 9 June 2024"


def parse(text: str) -> Title:
    value = TYPE.parse(text, lambda name, _: name)
    assert isinstance(value, Title)
    return value


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("Defence Minister", Title("Defence Minister")),
        (SENTENCE, Title("Defence Minister", SINCE, UNTIL)),
        ("Defence Minister from 31 May 2019 until 9 June 2024", Title("Defence Minister", SINCE, UNTIL)),
        ("Defence Minister from 31 May 2019 to 9 June 2024", Title("Defence Minister", SINCE, UNTIL)),
        ("Defence Minister, since 31 May 2019", Title("Defence Minister", SINCE)),
        ("Defence Minister, FROM 31 May 2019", Title("Defence Minister", SINCE)),
        ("Defence Minister, until 9 June 2024", Title("Defence Minister", None, UNTIL)),
        ("Chair, Armed Services Committee, from 31 May 2019", Title("Chair, Armed Services Committee", SINCE)),
        ("Envoy from Kerala", Title("Envoy from Kerala")),
        ("Envoy from Kerala, from 31 May 2019", Title("Envoy from Kerala", SINCE)),
        ("Minister for 2019 to 2024", Title("Minister for 2019 to 2024")),
    ],
)
def test_a_title_is_read_with_its_days(typed: str, title: Title):
    assert parse(typed) == title
    assert parse(TYPE.typed(title, {})) == title
    assert parse(TYPE.words(title, {})) == title


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("Defence Minister, from 31 Mya 2019", "31 Mya 2019"),
        ("Defence Minister, until soon", "soon"),
        ("Defence Minister, from 9 June 2024 until 31 May 2019", "ends before it begins"),
        ("no longer Defence Minister", "Write it like Defence Minister, until 9 June 2024"),
        ("x" * 101, "101 characters"),
        ("!!", "no letter or digit"),
        ("", "no letter or digit"),
    ],
)
def test_a_title_that_cannot_be_read_is_refused_by_its_cause(typed: str, says: str):
    with pytest.raises(BadInput, match="Nothing was changed") as refused:
        parse(typed)
    assert says in str(refused.value)


days = st.dates(date(1950, 1, 1), date(2100, 1, 1)).map(on_day)


@given(st.from_regex(r"[A-Z][a-z]{2,8} (Minister|Envoy)", fullmatch=True), st.none() | days, st.none() | days)
def test_what_is_shown_and_what_is_typed_are_read_as_the_same_title(
    text: str, since: FactDate | None, until: FactDate | None
):
    title = Title(text, since, until)
    try:
        TYPE.check(title)
    except BadInput:
        assert since is not None
        return
    assert parse(TYPE.typed(title, {})) == parse(TYPE.words(title, {})) == title


def test_a_title_that_an_earlier_release_stored_as_text_is_still_read():
    assert stored.decode_value("participant", "title", '"Envoy, from Kerala"') == Title("Envoy, from Kerala")
    assert stored.decode_value("participant", "title", stored.encode(Title("Envoy", SINCE))) == Title("Envoy", SINCE)


def person(*given_: tuple[str, str]):
    updates = [builders.update(n, "title", parse(text), on_day(day)) for n, (text, day) in enumerate(given_, 1)]
    return fold("participant", updates)


@pytest.mark.parametrize(
    ("entered", "in_order"),
    [
        ([("Envoy", "2023-11-10"), ("Minister", "2024-06-11")], ["Minister"]),
        ([("Minister", "2024-06-11"), ("Envoy", "2023-11-10")], ["Minister"]),
        (
            [(SENTENCE, "2024-06-09"), ("Agriculture Minister, from 10 June 2024", "2024-06-10")],
            ["Agriculture Minister", "Defence Minister"],
        ),
        ([("Defence Minister", "2023-11-10"), (SENTENCE, "2024-06-09")], ["Defence Minister"]),
        (
            [("Envoy", "2023-11-10"), ("Senator, until 2012", "2020-01-01"), ("Judge, until 2016", "2019-01-01")],
            ["Envoy", "Judge", "Senator"],
        ),
        (
            [("President, from 2017 until 2021", "2021-01-20"), ("President, from 2025", "2025-01-20")],
            ["President", "President"],
        ),
        ([(SENTENCE, "2024-06-09"), ("Defence Minister", "2026-01-01")], ["Defence Minister", "Defence Minister"]),
    ],
)
def test_the_present_title_leads_and_past_ones_follow_by_their_end(entered: list[tuple[str, str]], in_order: list[str]):
    assert [fact.value.text for fact in titles(person(*entered))] == in_order


def test_a_card_leads_with_the_present_title_and_says_the_past_ones_as_such():
    state = person((SENTENCE, "2024-06-09"), ("Agriculture Minister, from 10 June 2024", "2024-06-11"))
    opened = builders.opened("participant", state)
    assert plain(opened.record.status) == "Agriculture Minister since 10 June 2024, 11 June 2024"
    text = cards.render(opened, now=NOW).text
    assert "**Agriculture Minister since 10 June 2024**" in text
    assert "**Other titles:** Defence Minister from 31 May 2019 until 9 June 2024" in text
    gone = builders.opened("participant", person((SENTENCE, "2024-06-09")))
    assert plain(gone.record.status) == "Defence Minister from 31 May 2019 until 9 June 2024"


def test_the_example_of_the_form_is_a_title_with_both_days():
    assert isinstance(TYPE, TitleType)
    assert parse(TYPE.example) == Title("Defence Minister", SINCE, UNTIL)
