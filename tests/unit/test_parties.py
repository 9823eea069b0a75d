"""Tests of parties who act for another: how they are typed, when "for" belongs to the role, and what people read."""

from __future__ import annotations

import pytest

from bot.errors import BadInput, NotInRecord
from bot.ledger.kinds import get_field
from bot.ledger.stored import decode_value, encode
from bot.ledger.values import PartyType
from data.records import Kind, Party

NAMES = {"austin": "Lloyd Austin", "us": "United States", "ga": "General Atomics", "smith": "Smith for Senate"}
SLUGS = {name: slug for slug, name in NAMES.items()}
TYPE = get_field("deal", "party").type


def find(name: str, kinds: tuple[Kind, ...]) -> str:
    if name not in SLUGS or "participant" not in kinds:
        raise NotInRecord(f'"{name}" is not in the record.', "Nothing was changed.")
    return SLUGS[name]


@pytest.mark.parametrize(
    ("typed", "party"),
    [
        ("Lloyd Austin as signatory for United States", Party("austin", "signatory", acts_for="us")),
        ("no longer Lloyd Austin as signatory for United States", Party("austin", "signatory", True, "us")),
        ("General Atomics as maker", Party("ga", "maker")),
        ("General Atomics as agent for spare parts", Party("ga", "agent for spare parts")),
        ("General Atomics as agent for Unknown Land", Party("ga", "agent for Unknown Land")),
        ("General Atomics as agent for parts for United States", Party("ga", "agent for parts", acts_for="us")),
        ("Smith for Senate as donor", Party("smith", "donor")),
        ("Lloyd Austin", Party("austin")),
        ("Lloyd Austin as for United States", Party("austin", "for United States")),
    ],
)
def test_who_acts_for_another_is_read_with_that_other(typed: str, party: Party):
    assert TYPE.parse(typed, find) == party
    assert TYPE.parse(TYPE.typed(party, NAMES), find) == party
    assert decode_value("deal", "party", encode(party)) == party


def test_words_for_something_belong_to_the_role_even_where_a_record_has_such_a_name():
    assert TYPE.parse("General Atomics as adviser for defence", lambda name, _: name.casefold()) == Party(
        "general atomics", "adviser for defence"
    )


def test_nobody_acts_for_themselves():
    with pytest.raises(BadInput, match="nobody acts for themselves"):
        TYPE.parse("United States as signatory for United States", find)


def test_people_read_for_whom_somebody_acts_and_both_are_linked():
    party = Party("austin", "signatory", acts_for="us")
    assert TYPE.words(party, NAMES) == "Lloyd Austin (signatory for United States)"
    assert TYPE.records(party) == [("austin", "signatory"), ("us", "represented as signatory")]
    assert TYPE.mentions("Lloyd Austin as signatory for United States") == ["Lloyd Austin", "United States"]


def test_the_same_person_may_sign_for_two():
    keys = {TYPE.key(Party("austin", "signatory", acts_for=slug)) for slug in ("", "us", "ga")}
    assert len(keys) == 3


def test_a_field_without_roles_keeps_the_whole_name():
    plain = PartyType("Smith for Senate", ("participant",))
    assert plain.parse("Smith for Senate", find) == Party("smith")
