"""Approvals as people type them and as they are shown: with a vote, a due day or a count, or no longer needed."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput, NotInRecord, UserError
from bot.ledger import stored
from bot.ledger.values import ApprovalType
from data.records import Approval, FactDate, Kind

TYPE = ApprovalType("U.S. government: clearances, open")
NAMES = {"us-gov": "U.S. government", "brazil": "Brazil", "us": "United States", "eu": "European Union"}
DUE = FactDate("day", date(2024, 3, 2), date(2024, 3, 2))


def find(name: str, _kinds: tuple[Kind, ...]) -> str:
    """Return the slug of a participant by its name."""
    for slug, known in NAMES.items():
        if known == name:
            return slug
    raise NotInRecord(f'"{name}" is not in the record.')


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("U.S. government: clearances, open", Approval("us-gov", "clearances", "open")),
        ("U.S. government : clearances ,  Open", Approval("us-gov", "clearances", "open")),
        ("clearances by U.S. government: open", Approval("us-gov", "clearances", "open")),
        ("ratification by Congress (Brazil): granted", Approval("brazil", "ratification", "granted", "Congress")),
        (
            "Brazil (Congress): ratification, granted, voted for",
            Approval("brazil", "ratification", "granted", "Congress", vote="for"),
        ),
        ("Brazil: consent, granted, abstained", Approval("brazil", "consent", "granted", vote="abstained")),
        ("Brazil: consent, refused, against", Approval("brazil", "consent", "refused", vote="against")),
        (
            "United States (Congress): 36(b) review, open, due 2 March 2024",
            Approval("us", "36(b) review", "open", "Congress", due=DUE),
        ),
        (
            "European Union (member states): ratification, open, 12 of 27",
            Approval("eu", "ratification", "open", "member states", given=12, total=27),
        ),
        ("United States: licence, with terms, granted", Approval("us", "licence, with terms", "granted")),
        ("no longer U.S. government: clearances, open", Approval("us-gov", "clearances", "open", gone=True)),
        ("no longer U.S. government: clearances", Approval("us-gov", "clearances", "open", gone=True)),
        ("No longer clearances by U.S. government: open", Approval("us-gov", "clearances", "open", gone=True)),
    ],
)
def test_reads_an_approval_as_it_is_typed_or_shown(typed: str, value: Approval) -> None:
    assert TYPE.parse(typed, find) == value
    assert TYPE.parse(TYPE.typed(value, NAMES), find) == value
    assert TYPE.parse(TYPE.words(value, NAMES), find) == msgspec.structs.replace(value, gone=False)


@pytest.mark.parametrize("typed", ["", "x", "United States: licence", "Peru: licence, open", "United States, open"])
def test_refuses_what_is_no_approval_of_a_known_side(typed: str) -> None:
    with pytest.raises(UserError):
        TYPE.parse(typed, find)


def test_a_count_has_no_more_than_all() -> None:
    with pytest.raises(BadInput, match="30 of 27 is not a count"):
        TYPE.check(TYPE.parse("European Union: ratification, open, 30 of 27", find))


def test_an_approval_of_the_first_release_is_read_as_before() -> None:
    old = '{"side":"us-gov","what":"clearances","state":"open"}'
    assert stored.decode_value("deal", "approval", old) == Approval("us-gov", "clearances", "open")


@given(st.text(alphabet=st.characters(exclude_characters=":()"), max_size=30), st.text(max_size=40))
def test_any_text_is_read_or_refused(side: str, rest: str) -> None:
    try:
        value = TYPE.parse(f"{side}: {rest}", lambda _name, _kinds: "us")
    except UserError:
        return
    assert TYPE.parse(TYPE.typed(value, {}), lambda _name, _kinds: "us") == value
