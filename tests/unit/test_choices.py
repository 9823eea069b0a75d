"""Tests of autocomplete choices: names and values are distinct and within Discord's limits, whatever is offered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.ledger.kinds import STAGES
from bot.ledger.words import normal
from bot.ui.choices import LIMIT, MOST, Offered, choice_of, choices

France = Offered("France", "participant", "france")


@pytest.mark.parametrize(
    ("offered", "names"),
    [
        ([], []),
        ([France], ["France (participant)"]),
        ([France, France._replace(value="france-2")], ["France (participant)", "France (participant), france-2"]),
        (
            [Offered("Call", "Newsroom", "7", "3 May 2026 09:00 UTC"), Offered("Call", "Newsroom", "8", "at noon")],
            ["Call (Newsroom)", "Call (Newsroom), at noon"],
        ),
        (
            [Offered("Call", "", str(n), "at noon") for n in range(3)],
            ["Call", "Call, at noon", "Call, 2"],
        ),
        ([France, France], ["France (participant)"]),
        ([Offered("", "", "x"), Offered(" ", "\n", "y")], ["x", "y"]),
        ([Offered("No value", "", " "), Offered("Long", "", "x" * 101), Offered("Half", "", "\ud83d")], []),
        ([Offered("a\ud83db", "", "x")], ["a b"]),
        ([Offered("a" * 200, "", "x"), Offered("a" * 200, "", "y")], ["a" * 99 + "…", "a" * 96 + "…, y"]),
    ],
)
def test_choices_are_told_apart(offered: list[Offered], names: list[str]):
    assert [choice.name for choice in choices(offered)] == names


texts = st.text(st.characters(), max_size=120) | st.sampled_from(["France", " France ", "france", "\ud800", "x" * 100])


@given(st.lists(st.builds(Offered, texts, texts, texts, texts), max_size=60))
def test_whatever_is_offered_discord_takes_it(offered: list[Offered]):
    found = choices(offered)
    assert len(found) <= MOST
    assert len({one.name for one in found}) == len({one.value for one in found}) == len(found)
    for one in found:
        assert 1 <= len(one.name.strip()) <= LIMIT
        assert 1 <= len(one.value.strip()) <= LIMIT
        assert one.name.encode()
        assert one.value in {other.value for other in offered}


def test_a_fixed_choice_is_read_from_its_value_and_from_the_words_that_discord_shows():
    for value, words in STAGES.items():
        assert choice_of(STAGES, value) == choice_of(STAGES, words) == choice_of(STAGES, f" {words.upper()} ") == value


@given(st.text(max_size=200))
def test_any_other_text_is_refused_with_the_choices(text: str):
    if normal(text) not in {normal(words) for pair in STAGES.items() for words in pair}:
        with pytest.raises(BadInput, match="Choose one: Under way, Proposed"):
            choice_of(STAGES, text)
