"""Questions against the words of a server's record: names, initials, places that stand for governments, slips."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from bot.ask.reading import Reading
from bot.services import asking as answers
from tests.ask import servers
from tests.ask.conftest import Asking
from tests.ask.servers import SERVERS, ZONE

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)


def understood(asking: Asking, question: str, server: str = "starter") -> Reading:
    work = answers.understand(asking.db.read, SERVERS[server], question, now=NOW, zone=ZONE)
    return asking.run(work).reading


def named(reading: Reading) -> Sequence[set[str]]:
    return [{one.name for one in name.candidates} for name in reading.names]


@pytest.mark.parametrize(
    ("question", "server", "name"),
    [
        ("who owns General Atomics", "starter", "General Atomics"),
        ("what about HAL?", "starter", "Hindustan Aeronautics"),
        ("what about hal?", "starter", "Hindustan Aeronautics"),
        ("hindustan aeronotics", "starter", "Hindustan Aeronautics"),
        ("hindustan aeronautics'", "starter", "Hindustan Aeronautics"),
        ("General Atomcis", "starter", "General Atomics"),
        ("genral atomics", "starter", "General Atomics"),
        ("भारत", "starter", "India"),
        ("the dronedeal", "starter", "31 armed drones for India"),
        ("31 ARMED DRONES for india!", "starter", "31 armed drones for India"),
        ("Blinken", "starter", "Antony Blinken"),
        ("who is Blnkn", "starter", "Antony Blinken"),
        ("jaishankar's plan", "starter", "Subrahmanyam Jaishankar"),
        ("the SCU", "second", "Sarvian Customs Union"),
        ("Karslnd", "second", "Karsland"),
        ("the Kingdom of Karsland", "second", "Karsland"),
    ],
)
def test_a_record_is_recognised_by_name_alias_initials_and_misspelling(
    asking: Asking, question: str, server: str, name: str
):
    assert named(understood(asking, question, server)) == [{name}]


@pytest.mark.parametrize(("question", "stands_for"), [("New Delhi", "Indian government"), ("the Pentagon", "Pentagon")])
def test_a_place_stands_for_a_government_where_the_record_says_so(asking: Asking, question: str, stands_for: str):
    (found,) = named(understood(asking, f"What does {question} want?"))
    assert any(stands_for in name or name == "India" for name in found), found


def test_what_another_server_calls_so_is_no_name_here(asking: Asking):
    assert not understood(asking, "What does Karsland want?").names
    assert not understood(asking, "What does Blinken want?", "second").names


def test_a_slip_is_mended_towards_the_words_of_the_record_and_its_place_is_kept(asking: Asking):
    reading = understood(asking, "who bulids the dornes of india")
    assert [token.word for token in reading.tokens][:4] == ["who", "builds", "the", "drones"]
    assert [token.raw for token in reading.tokens][3] == "dornes"
    assert [token.chunk for token in reading.tokens][3] == 3


def test_two_words_written_as_one_are_parted(asking: Asking):
    assert [token.word for token in understood(asking, "the fighterjet engines").tokens] == [
        "the",
        "fighter",
        "jet",
        "engines",
    ]


def test_a_word_that_is_near_to_nothing_stays_as_it_was_typed(asking: Asking):
    reading = understood(asking, "zqxwv plumbus")
    assert [token.word for token in reading.tokens] == ["zqxwv", "plumbus"]
    assert reading.left == (0, 1)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Which deals were signed?", "A deal at the stage “signed” is not in the record."),
        ("Which deals are cancelled?", "A cancellation is not in the record."),
        ("How many deals have been cancelled?", "A cancellation is not in the record."),
        ("Which sessions were postponed?", "A postponement is not in the record."),
    ],
)
def test_a_list_of_what_is_in_a_state_never_lists_what_is_not(asking: Asking, question: str, said: str):
    answered = asking.ask(servers.Question(question, [], [], False, "plain", "starter"))
    assert said in answered.text
    assert answered.found.listed is None or not answered.found.listed.rows


def test_a_list_of_what_is_in_a_state_lists_what_is(asking: Asking):
    held = asking.ask(servers.Question("Which sessions were held?", [], [], True, "plain", "starter"))
    assert "**1 session**, counted in this record." in held.text
    signed = asking.ask(servers.Question("Which deals were signed?", [], [], True, "plain", "dated"))
    told = "**1 deal at the stage “signed”**, counted in this record. As reported on 15 October 2024."
    assert f"{told}\n- **31 armed drones for India**" in signed.text


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("Which deals does France buy?", "Part of what was asked"),
        ("Which deals are above 5 billion dollars?", "Part of what was asked"),
        ("Which documents were signed?", "A signature"),
        ("Which deals are delayed?", "A postponement"),
    ],
)
def test_a_list_that_was_not_found_by_all_that_was_asked_says_so_first(asking: Asking, question: str, missing: str):
    answered = asking.ask(servers.Question(question, [], [], False, "plain", "starter"))
    assert answered.text.splitlines()[1] == f"**{missing} is not in the record.**"
    assert "at the stage" not in answered.text


def test_a_list_is_of_those_that_hold_the_words_asked_for(asking: Asking):
    answered = asking.ask(servers.Question("Which deals mention boats?", [], [], True, "plain", "second"))
    listed = answered.found.listed
    assert listed is not None
    assert [row.name for row in listed.rows] == ["Grey Bank fisheries licence"]
    assert "__" not in answered.text


@pytest.mark.parametrize(
    ("question", "word"), [("What did Boeing say?", "boeing"), ("Who is General Atomcis?", "atomics")]
)
def test_what_is_typed_as_a_name_is_a_slip_of_a_name_only(asking: Asking, question: str, word: str):
    assert word in [token.word for token in understood(asking, question).tokens]


@pytest.mark.parametrize("question", ["is it raining?", "What did Elon Musk say about submarines?"])
def test_what_is_nowhere_in_the_record_gets_names_that_are(asking: Asking, question: str):
    answered = asking.ask(servers.Question(question, [], [], False, "plain", "starter"))
    assert "Closest in the record: " in answered.text
    assert "31 armed drones for India" in answered.text


def test_a_question_for_the_source_is_answered_with_it_first(asking: Asking):
    answered = asking.ask(servers.Question("What is the source for the drone deal?", [], [], True, "plain", "starter"))
    assert answered.text.splitlines()[1:3] == [
        "**Where 31 armed drones for India is written:**",
        "- **News article without a title, sentence 5; undated, no link**",
    ]
