"""The tables of questions: what the answers hold, and that nothing in the code was written for a single question."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.ledger.words import words_of
from tests.ask.conftest import Asking
from tests.ask.servers import Question, below_heading, faults, plain, table

ROOT = Path(__file__).parents[2]
FIRST, DATED, SECOND = (table(name) for name in ("first", "dated", "second"))
ALL = [*FIRST, *DATED, *SECOND]
AT_LEAST = 0.85
"""So much of the half that was written without knowing how the first half fared has to be right."""


def wrong(asking: Asking, questions: list[Question]) -> list[str]:
    """Return the questions whose answer lacks something or holds what it should not."""
    found = []
    for question in questions:
        text = asking.ask(question).text
        if missing := faults(question, text):
            found.append(f"{question.server}: {question.ask} {missing}\n{text}")
    return found


@pytest.mark.parametrize("questions", [FIRST, DATED], ids=["first", "dated"])
def test_every_question_of_the_first_half_and_of_the_dated_ones_is_answered_rightly(
    asking: Asking, questions: list[Question]
):
    assert not wrong(asking, questions)


def test_the_second_half_never_holds_an_invented_fact(asking: Asking):
    invented = [one for one in wrong(asking, SECOND) if "holds " in one.splitlines()[0]]
    assert not invented


def test_most_of_the_second_half_is_answered_rightly(asking: Asking):
    right = len(SECOND) - len(wrong(asking, SECOND))
    print(f"\nSecond half: {right} of {len(SECOND)} all right ({right / len(SECOND):.1%}).")
    assert right >= AT_LEAST * len(SECOND)


def test_what_cannot_be_answered_is_said_to_be_missing_in_the_first_half(asking: Asking):
    for question in [one for one in [*FIRST, *DATED] if not one.answerable]:
        assert "not in the record" in plain(below_heading(asking.ask(question).text)), question.ask


def test_the_tables_are_large_and_a_third_is_unanswerable_and_a_third_worded_unlike():
    halves = [*FIRST, *SECOND]
    assert len(halves) >= 150
    for questions in (FIRST, DATED, SECOND):
        assert len({(one.server, one.ask, one.asked_on) for one in questions}) == len(questions)
    for questions in (halves, ALL):
        assert 3 * sum(not one.answerable for one in questions) >= len(questions)
        assert 3 * sum(one.manner in ("typo", "unlike") for one in questions) >= len(questions)
    assert {one.server for one in halves} == {"starter", "second"}
    assert {one.server for one in DATED} == {"dated"}
    assert all(one.must for one in ALL)
    assert {one.manner for one in ALL} == {"plain", "typo", "unlike"}


def test_a_misplaced_fact_is_found_to_be_a_fault():
    question = Question("Who?", ["India"], ["Boeing", "3 billion"], True, "plain", "starter")
    assert faults(question, "## “India?”\n**Maker:** Boeing\\, $3 billion") == [
        "lacks 'India'",
        "holds 'Boeing'",
        "holds '3 billion'",
    ]
    assert faults(question, "## “Boeing?”\n**Buyer:** __India__, 33 billion") == []


def understanding() -> dict[str, str]:
    """Return the normalised words of each file that decides what a question means."""
    paths = [*ROOT.glob("bot/ask/*.*"), *ROOT.glob("bot/services/asking*"), *ROOT.glob("bot/services/asking/*.*")]
    files = {path for path in paths if path.suffix in (".py", ".yaml")}
    return {str(path.relative_to(ROOT)): f" {' '.join(words_of(path.read_text('utf-8')))} " for path in sorted(files)}


def runs_of_four(text: str) -> list[str]:
    words = words_of(text)
    return [" ".join(words[start : start + 4]) for start in range(len(words) - 3)]


def test_no_four_words_of_a_question_stand_in_the_understanding_code_or_the_lexicon():
    files = understanding()
    assert {"bot/ask/reading.py", "bot/ask/lexicon.yaml"} <= set(files)
    assert any(name.startswith("bot/services/asking") for name in files)
    found = {
        f"{name}: {run}"
        for one in ALL
        for run in runs_of_four(one.ask)
        for name, words in files.items()
        if f" {run} " in words
    }
    assert not found


def test_the_servers_of_the_tables_are_apart(asking: Asking):
    question = Question("What is the Grey Bank fisheries licence?", [], [], True, "plain", "starter")
    assert "Northmere" not in below_heading(asking.ask(question).text)
    assert "Northmere" in below_heading(asking.ask(Question(question.ask, [], [], True, "plain", "second")).text)
