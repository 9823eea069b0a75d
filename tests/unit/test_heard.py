"""Tests that a card keeps its content when a screen reader reads it aloud, and tests of tests/heard.py itself."""

from __future__ import annotations

import pytest

from bot.ui import cards
from tests.heard import heard, mistakes
from tests.unit.test_cards import NOW, starter


async def test_a_card_is_heard_with_its_headings_texts_and_controls_in_order():
    found = starter()["armed-drones"]
    said = heard(None, cards.record(found, now=NOW, editor=True).to_components())
    assert said[0] == "heading 2: 31 armed drones for India"
    assert said[1].startswith("Waiting for U.S. government clearances, reported 10 November 2023")
    assert "Value: more than $3 billion" in said
    assert said[-1] == "button: Update"
    assert not any(entry.startswith("menu: ") for entry in said)  # A deal's parties are opened from their own cards.
    india = heard(None, cards.record(starter()["india"], now=NOW, editor=False).to_components())
    assert any(entry.startswith("menu: Open a linked record (") for entry in india)


async def test_no_card_leans_on_what_is_only_seen():
    session = starter()["2plus2-new-delhi-2023"]
    for slug, found in starter().items():
        for view in (
            cards.record(found, now=NOW, editor=True, session=session if found.record.kind == "dialogue" else None),
            cards.all_facts(found, 0),
            cards.all_facts(found, 0, by_source=True),
        ):
            assert mistakes(heard(None, view.to_components())) == [], slug


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (["heading 2: A", "x"], []),
        (["heading 3: A", "x"], ["skips a level: heading 3: A"]),
        (["heading 2: A", "button: B"], ["nothing under it: heading 2: A"]),
        (["heading 2: A"], ["nothing under it: heading 2: A"]),
        (["heading 2: A", "Signed · waiting"], ["leans on a middle dot: Signed · waiting"]),
        (["x", "button: Follow", "link: Follow"], ["two controls of one label: Follow"]),
        (["x", "menu: Open (a; b)", "button: Open"], ["two controls of one label: Open"]),
    ],
)
def test_what_a_listener_would_stumble_over_is_found(said: list[str], found: list[str]):
    assert mistakes(said) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("## A **b** c", ["heading 2: A b c"]),
        ("-# quiet *words*", ["quiet words"]),
        ("- [dsca.mil](<https://dsca.mil/x>), page 3", ["dsca.mil (link), page 3"]),
        ("**Who:** Poland \\(buyer\\)\n\n~~old~~", ["Who: Poland (buyer)", "old"]),
    ],
)
def test_marks_are_not_heard(text: str, said: list[str]):
    assert heard(text) == said
