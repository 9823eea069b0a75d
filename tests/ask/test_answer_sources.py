"""Every name, number and date that an answer says is opened by *Sources* under it, for every question of the tables."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from bot.ask.lexicon import lexicon
from bot.dates import MONTHS, WEEKDAYS, parse_fact_date
from bot.ledger.kinds import KIND_WORDS, KINDS, fields_of
from bot.ledger.values import SURENESS, ChoiceType
from tests.ask.conftest import Asking
from tests.ask.servers import below_heading, plain, table

BOT = Path(__file__).parents[2] / "bot"

_NAME = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]?(?!\w)|[^\W\d_]\w+|[^\W\d_]")
_WEEKDAY = "|".join(WEEKDAYS)
_MONTH = "|".join(MONTHS)
_DATE = re.compile(rf"\b(?:(?P<weekday>{_WEEKDAY}) )?(?P<day>\d{{1,2}} (?:{_MONTH}) \d{{4}})\b")
_MONTH_OF_YEAR = re.compile(rf"\b(?:{_MONTH}) \d{{4}}\b")
_PLACE = re.compile(r"\b(?P<noun>sentence|paragraph|page)s? (?P<numbers>\d+(?:(?:, | and )\d+)*)")
_COUNTED = re.compile(r"^.*counted in this record", re.MULTILINE)
_COUNTABLE = rf"(?:{'|'.join(noun for pair in KIND_WORDS.values() for noun in pair)}|more|earlier)\b"
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def words_in(path: Path) -> set[str]:
    """Return the words of the texts in a module's code, without its docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    explained = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in explained
    ]
    return {word for text in texts for word in _NAME.findall(text)}


def phrases_in(path: Path) -> set[str]:
    """Return the words of the phrases by which a module says what it found and what is missing."""
    calls = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
    made = [node for node in calls if isinstance(node.func, ast.Name) and node.func.id in ("Missing", "Told")]
    texts = [node.value for call in made for node in ast.walk(call) if isinstance(node, ast.Constant)]
    return {word for text in texts if isinstance(text, str) for word in _NAME.findall(text)}


def own_words() -> set[str]:
    """Return the words that the code itself writes, in lower case: labels, choices and phrases, but no examples."""
    found: set[str] = set()
    packages = [*BOT.glob("ui/answers/*.py"), *BOT.glob("ui/cards/*.py")]
    for path in [*packages, *(BOT / name for name in ("ui/facts.py", "ledger/stage.py", "ledger/status.py"))]:
        found |= words_in(path)
    for path in BOT.glob("services/asking/*.py"):
        found |= phrases_in(path)
    texts = [text for pair in KIND_WORDS.values() for text in pair]
    for field in (field for kind in KINDS for field in fields_of(kind)):
        texts += [field.label, field.absent]
        texts += field.type.options.values() if isinstance(field.type, ChoiceType) else ()
    texts += SURENESS.values()
    lex = lexicon()
    for entries in (lex.aspects, lex.roles, lex.groups, *lex.states.values()):
        texts += [entry.absent for entry in entries.values()]
    found |= {word for text in texts for word in _NAME.findall(text)}
    return {word.casefold() for word in found if len(word) > 1 or word.casefold() == "a"}


OWN = own_words()


def without_our_own(text: str) -> str:
    """Return an answer without what the bot adds itself: the time that was asked about, and counts."""
    text = re.sub(r"^Asked about: (?:as of )?[^.]*\.", "", text, flags=re.MULTILINE)
    text = _COUNTED.sub(lambda line: re.sub(rf"\b\d[\d,]* (?={_COUNTABLE})", "", line[0]), text)
    # What is not shown: of a list, and of the sources of a card.
    return re.sub(r"^(?:And|and) \d[\d,]* more\b|; and \d+ more sources?(?=\.)", "", text, flags=re.MULTILINE)


def tokens(text: str) -> list[str]:
    """Return every date, number and name in a text once; for a date also whether its weekday is right."""
    found: list[str] = []
    for matched in _DATE.finditer(text):
        day = parse_fact_date(matched["day"]).day
        assert day is not None
        if matched["weekday"]:
            assert WEEKDAYS[day.weekday()] == matched["weekday"], matched[0]
        found.append(matched["day"])
    text = _DATE.sub(" ", text)
    for matched in _PLACE.finditer(text):
        found += [f"{matched['noun']} {number}" for number in _NUMBER.findall(matched["numbers"])]
    text = _PLACE.sub(" ", text)
    found += _MONTH_OF_YEAR.findall(text)
    text = _MONTH_OF_YEAR.sub(" ", text)
    found += _NUMBER.findall(text)
    found += [word for word in _NAME.findall(text) if word[0].isupper() and word.casefold() not in OWN]
    return list(dict.fromkeys(found))


def without_source(text: str, sources: str) -> list[str]:
    """Return the tokens of an answer that no page of *Sources* holds."""
    opened = re.sub(r"\bPage \d+ of \d+\.|\b[Ss]ource \d+", " ", plain(sources))
    told = {one.casefold() for one in [*tokens(opened), *_NAME.findall(opened)]}
    said = without_our_own(plain(below_heading(text)))
    return [one for one in tokens(said) if one.casefold() not in told]


@pytest.mark.parametrize("name", ["first", "dated", "second"])
def test_sources_open_every_name_number_and_date_of_every_answer(asking: Asking, name: str):
    holes = []
    for question in table(name):
        found, _, text = asking.ask(question)
        if missing := without_source(text, asking.sources(question, found)):
            holes.append(f"{question.server}: {question.ask} {missing}")
    assert not holes, "\n".join(holes)


def test_our_own_words_are_no_names_numbers_or_dates():
    names = {"india", "general", "atomics", "us", "u.s.", "blinken", "velmora", "union", "halden", "hindustan", "delhi"}
    dates = {word.casefold() for word in (*MONTHS, *WEEKDAYS)}
    assert not OWN & (names | dates)
    assert not [word for word in OWN if any(letter.isdigit() for letter in word)]


def test_what_has_no_source_is_found():
    sources = (
        "## Sources of the answer\n**Party:** India \\(buyer\\)\n"
        "-# 10 November 2023 · source 1, sentence 5\n**Source 1:** News; undated\nPage 2 of 3."
    )
    said = (
        "## “Boeing in 2031?”\n**Buyer:** India and Boeing, Friday 10 November 2023, 11 November 2023, "
        "5 and 3 U.S. items\n-# Source: News, sentences 4 and 5; undated."
    )
    assert without_source(said, sources) == ["11 November 2023", "sentence 4", "5", "3", "Boeing", "U.S."]
    counted = (
        "## “?”\n**9 deals linked with 4 from Velmora**, counted in this record.\n"
        "-# Asked about: as of 1 May 2024. Or 7."
    )
    assert without_source(counted, sources) == ["4", "7", "Velmora"]
