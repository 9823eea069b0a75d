"""Tests of parsing a question for /ask: its words, typos, record names and intent, and the lexicon behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ask import lexicon as lexicons
from bot.ask.lexicon import inflections, lexicon, same
from bot.ask.reading import LONGEST, Named, Reading, grams, plurals, read, tokens
from bot.ledger.kinds import KINDS, find_field
from bot.ledger.words import normal
from data.records import Kind

TODAY = date(2026, 11, 24)

INDIA = Named(0, "participant", "india", "India")
AMERICA = Named(0, "participant", "america", "United States")
DRONES = Named(0, "deal", "armed-drones", "31 armed drones for India")
ENGINES = Named(0, "deal", "engines", "Fighter-jet engines")


def understood(question: str, named: Mapping[str, Sequence[Named]] | None = None) -> Reading:
    found, clipped = tokens(question)
    return read(found, {normal(name): of for name, of in (named or {}).items()}, today=TODAY, clipped=clipped)


def names(question: str, named: Mapping[str, Sequence[Named]]) -> list[tuple[str, list[str]]]:
    """Return the names that are found in a question, each with the slugs of the records it may mean."""
    reading = understood(question, named)
    return [
        (
            " ".join(reading.word(place) for place in range(name.start, name.end)),
            [record.slug for record in name.candidates],
        )
        for name in reading.names
    ]


def words(question: str) -> str:
    return " ".join(token.word for token in tokens(question)[0])


# Words


@pytest.mark.parametrize(
    ("question", "read_as"),
    [
        ("Who makes the drones?", "who makes the drones"),
        ("What's the price?", "what the price"),
        ("whats up", "what up"),
        ("Who’s who", "who who"),
        ("India's drones", "india drones"),
        ("it isn't signed, is it?", "it isnt signed is it"),
        ("wat abot teh dela", "what about the deal"),
        ("the MQ-9B", "the mq 9 b"),
        ("U.S.-India talks", "us india talks"),
        ("कौन बनाता है?", "who बनाता है"),
        ("“Quoted”, (bracketed) …", "quoted bracketed"),
        ("?!", ""),
        ("", ""),
    ],
)
def test_words_are_read_as_people_write_in_chats(question: str, read_as: str):
    assert words(question) == read_as


def test_each_word_knows_where_it_was_typed():
    found, _ = tokens("Who makes the MQ-9B?")
    assert [(token.word, token.chunk, token.raw) for token in found][3:] == [
        ("mq", 3, "MQ-9B"),
        ("9", 3, "MQ-9B"),
        ("b", 3, "MQ-9B"),
    ]
    assert [token.shouted for token in found] == [False, False, False, True, True, True]
    assert [token.capital for token in found][:3] == [True, False, False]


def test_a_long_question_is_read_from_its_beginning():
    exactly, whole = tokens("word " * LONGEST)
    longer, clipped = tokens("word " * (LONGEST + 1))
    assert len(exactly) == len(longer) == LONGEST
    assert not whole
    assert clipped
    assert understood("word " * 3000).clipped


@given(st.text(max_size=400))
def test_any_text_is_read_and_twice_alike(text: str):
    found, _ = tokens(text)
    assert len(found) <= LONGEST
    assert all(token.word for token in found)
    reading = understood(text)
    assert reading == understood(text)
    assert set(reading.left) <= set(range(len(found)))


# Names


def test_the_longest_name_is_taken_and_names_do_not_overlap():
    named = {"India": [INDIA], "31 armed drones for India": [DRONES], "armed drones": [DRONES], "drones": [ENGINES]}
    assert names("Who builds the 31 armed drones for India?", named) == [
        ("31 armed drones for india", ["armed-drones"])
    ]
    assert names("armed drones of India", named) == [("armed drones", ["armed-drones"]), ("india", ["india"])]


def test_a_name_is_found_in_the_plural_and_in_the_singular():
    assert names("the fighter-jet engine", {"fighter-jet engines": [ENGINES]}) == [("fighter jet engine", ["engines"])]
    assert names("both treaties", {"treaty": [DRONES]}) == [("treaties", ["armed-drones"])]
    assert plurals("treaties") == ["treaties", "treaty"]
    assert plurals("भारत") == ["भारत"]


def test_of_a_name_that_several_have_all_are_candidates():
    assert names("the talks in Hald", {"hald": [INDIA, DRONES]}) == [("hald", ["india", "armed-drones"])]


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("What does HAL build?", True),
        ("what does hal build", True),
        ("What does WHO say?", True),
        ("who said so", False),
    ],
)
def test_initials_are_a_name_unless_they_are_a_word_that_was_not_shouted(question: str, found: bool):
    hindustan = Named(2, "participant", "hal", "Hindustan Aeronautics")
    assert bool(names(question, {"hal": [hindustan], "who": [hindustan]})) is found


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("What did the US promise?", True),
        ("What did the U.S. promise?", True),
        ("what did us officials say", True),
        ("did india and us sign", True),
        ("tell us about the drones", False),
        ("Give us a summary", False),
        ("let us know", False),
        ("Tell US officials what?", True),
    ],
)
def test_us_is_a_country_unless_it_is_the_pronoun(question: str, found: bool):
    assert bool(names(question, {"us": [AMERICA]})) is found


def test_a_place_that_stands_for_a_government_gives_both():
    place = Named(0, "place", "new-delhi", "New Delhi")
    government = Named(3, "participant", "indian-government", "Indian government")
    assert names("What does New Delhi want?", {"new delhi": [place, government]}) == [
        ("new delhi", ["new-delhi", "indian-government"])
    ]


def test_a_whole_name_is_surer_than_one_that_begins_later_or_is_only_initials():
    later = Named(1, "participant", "general-atomics", "General Atomics")
    whole = Named(0, "participant", "atomics", "Atomics")
    assert names("the Atomics", {"atomics": [later, whole]}) == [("atomics", ["atomics"])]
    assert names("the Atomics", {"atomics": [later]}) == [("atomics", ["general-atomics"])]


def test_a_single_word_late_in_the_name_of_a_statement_is_no_name_but_a_word():
    said = Named(1, "statement", "on-palestine", "India on Palestine")
    reading = understood("anything on Palestine", {"palestine": [said]})
    assert not reading.names
    assert [reading.word(place) for place in reading.left] == ["palestine"]


def test_the_first_word_of_one_participant_names_it_and_of_two_nobody():
    general = Named(4, "participant", "ga", "Quorl Atomics")
    assert names("does Quorl deliver", {"quorl": [general]}) == [("quorl", ["ga"])]
    electric = Named(4, "participant", "ge", "Quorl Electric")
    assert names("does Quorl deliver", {"quorl": [general, electric]}) == []


def test_no_run_ends_with_a_joining_word_nor_does_a_short_one_begin_with_one():
    joining = ("of", "for", "in", "on")
    runs = [run.split() for run in grams(tokens("price of the drones for India in May")[0])]
    assert not [run for run in runs if run[-1] in joining]
    assert not [run for run in runs if run[0] in joining and len(run) < 3]
    assert ["drones", "for", "india"] in runs


# What it is after


@pytest.mark.parametrize(
    ("question", "category", "name"),
    [
        ("Who makes them?", "roles", "maker"),
        ("manufacturing", "roles", "maker"),
        ("How much is it worth?", "aspects", "value"),
        ("What did they say?", "aspects", "said"),
        ("Has it been signed?", "stages", "signed"),
        ("Is it cancelled?", "side_states", "cancelled"),
        ("which deals", "kinds", "deal"),
        ("what is still pending", "aspects", "pending"),
        ("any companies", "groups", "company"),
        ("What will happen?", "future", ""),
        ("What changed?", "aspects", "changed"),
        ("Compare them", "aspects", "compare"),
    ],
)
def test_what_is_asked_for_is_told_by_the_lexicon(question: str, category: str, name: str):
    assert understood(question).has(category, name), understood(question).meanings


def test_words_of_names_and_times_are_no_cues_and_what_nothing_explains_is_left():
    reading = understood("Was the Value Maker signed on 5 March 2024 by xylo?", {"value maker": [DRONES]})
    assert not reading.has("aspects", "value")
    assert not reading.has("roles", "maker")
    assert reading.yes_no
    assert reading.asked is not None
    assert [reading.word(place) for place in reading.left] == ["xylo"]


# The lexicon


def test_words_are_known_in_the_forms_in_which_english_bends_them():
    assert {"build", "builds", "building"} <= set(inflections("build"))
    assert {"supply", "supplies", "supplied"} <= set(inflections("supply"))
    assert inflections("भारत") == ["भारत"]
    assert same("supplies", "supplying") or same("supplies", "supply")
    assert same("makers", "maker")
    assert not same("officer", "office")
    assert not same("drone", "drama")


def test_a_slip_is_mended_by_the_nearest_word_of_the_lexicon():
    far, nearest = lexicon().near_to("manufactuer")[0]
    assert nearest in ("manufacture", "manufacturer")
    assert far == 1
    assert lexicon().near_to("qqqqzzzz") == []


@pytest.fixture
def with_lexicon(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Return a function that loads a lexicon from a text instead of the shipped file."""

    def load(text: str) -> lexicons.Lexicon:
        path = tmp_path / "lexicon.yaml"
        path.write_text(text, "utf-8")
        monkeypatch.setattr(lexicons, "_FILE", path)
        return lexicons.lexicon.__wrapped__()

    return load


def test_the_lexicon_refuses_keys_that_it_does_not_know_and_misses_none(with_lexicon):
    text = Path(lexicons.__file__).with_name("lexicon.yaml").read_text("utf-8")
    assert with_lexicon(text).cues == lexicon().cues
    with pytest.raises(msgspec.ValidationError, match="unknown field `wrods`"):
        with_lexicon(text + "\nwrods: [a]\n")
    without = "\n".join(line for line in text.splitlines() if not line.startswith("future:"))
    with pytest.raises(msgspec.ValidationError, match="missing required field `future`"):
        with_lexicon(without)


def test_no_and_on_are_words_of_the_lexicon():
    assert {"no", "on", "yes", "off"} <= lexicon().small | lexicon().yes_no | lexicon().known


def test_the_fields_of_the_lexicon_exist():

    for name, aspect in lexicon().aspects.items():
        for kind, fields in aspect.fields.items():
            kinds: Sequence[Kind] = KINDS if kind == "any" else [one for one in KINDS if one == kind]
            assert kinds, (name, kind)
            assert all(find_field(one, field) for one in kinds for field in fields), (name, kind)


def test_a_record_called_like_a_question_word_does_not_take_questions_over():
    named = {word: [Named(0, "participant", word, word.title())] for word in ("who", "what")}
    for question in ("Who makes the drones?", "What is the value?", "and who makes them"):
        found, _ = tokens(question)
        assert not read(found, named, today=date(2026, 11, 24)).names, question
    found, _ = tokens("What did the WHO say?")
    assert [name.candidates[0].slug for name in read(found, named, today=date(2026, 11, 24)).names] == ["who"]
