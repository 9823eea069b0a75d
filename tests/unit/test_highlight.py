"""Tests of showing search matches in bold: which words are marked, and that the text around them stays escaped."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.ledger.words import one_line, words_of
from bot.services.index import Term
from bot.ui.highlight import around, marked


def whole(*words: str) -> Term:
    return Term(words)


def begun(*words: str) -> Term:
    return Term(words, begins=True)


@pytest.mark.parametrize(
    ("text", "terms", "drawn"),
    [
        ("31 armed drones for India", [whole("drones")], "31 armed **drones** for India"),
        ("31 armed drones for India", [begun("dro")], "31 armed **drones** for India"),
        ("31 armed drones for India", [whole("drone")], "31 armed drones for India"),
        ("One drone, two Drones", [Term(("drones",), others=("drone",))], "One **drone**, two **Drones**"),
        ("General Atomics Ltd", [whole("atomics"), whole("general")], "**General Atomics** Ltd"),
        (
            "The MQ-9B, an mq9b or MQ 9B; 9 or B",
            [whole("mq", "9", "b")],
            "The **MQ-9B**, an **mq9b** or **MQ 9B**; 9 or B",
        ),
        ("U.S.–India talks of the U.S.", [whole("us")], "**U.S.**–India talks of the **U.S.**"),
        ("Defence and defense", [whole("defense")], "**Defence** and **defense**"),
        ("naïve café–bar", [whole("cafe"), whole("bar")], "naïve **café**–**bar**"),
        ("India’s port in Đà Nẵng", [whole("india"), whole("da"), whole("nang")], "**India**’s port in **Đà Nẵng**"),
        ("ब्लिन्कन, ३१ ड्रोन", [whole("ब्लिंकन"), whole("31")], "**ब्लिन्कन**, **३१** ड्रोन"),
        ("भारत सरकार, भारतीय", [whole("भारत")], "**भारत** सरकार, भारतीय"),
        ("*drones* _drones_ [drones](x)", [whole("drones")], r"\***drones**\* \_**drones**\_ \[**drones**\]\(x\)"),
        ("- drones", [whole("drones")], r"\- **drones**"),
        ("@everyone", [whole("everyone")], "@**everyone**"),
        ("nothing here", [whole("drones")], "nothing here"),
        ("", [whole("drones")], ""),
    ],
)
def test_words_that_were_looked_for_are_bold(text: str, terms: list[Term], drawn: str):
    assert marked(text, terms, 200) == drawn


def test_a_long_text_begins_shortly_before_what_was_found():
    text = "Raised at the talks in New Delhi and left as it was, for it waits for the clearances of one government."
    assert around(text, [whole("clearances")], 60) == "…as it was, for it waits for the **clearances** of one gov…"
    assert around(text, [whole("raised")], 30) == "**Raised** at the talks in N…"
    assert around(text, [whole("drones")], 30) == "Raised at the talks in New De…"


def test_a_word_too_long_to_be_one_is_not_bold():
    assert marked("x" * 100, [begun("x")], 40) == "x" * 39 + "…"


@given(
    st.text(alphabet=st.sampled_from("ab9 .-*_`[]()<>@#|~\\\n1éभि–"), max_size=80) | st.text(max_size=80),
    st.lists(st.sampled_from(["a", "b", "9", "ab", "भि", "e", "1"]), min_size=1, max_size=3),
    st.booleans(),
    st.integers(12, 120),
    st.booleans(),
)
@example("\\a1é", ["a", "e"], False, 14, False)
def test_any_text_stays_as_it_is_but_for_what_is_bold(
    text: str, looked: list[str], begins: bool, limit: int, far: bool
):
    terms = [Term((word,), begins) for word in looked]
    drawn = (around if far else marked)(text, terms, limit)
    assert len(drawn) <= limit
    plain = re.sub(r"\\(.)|\*\*|\u200b(?=everyone|here)", r"\1", drawn)
    bold = re.sub(r"\\.", "", drawn)
    assert bold.count("*") == 2 * bold.count("**")
    assert bold.count("**") % 2 == 0
    assert not set("_`[]()<>#|~") & set(bold.replace("**", ""))
    line = one_line(text)
    cut = plain.endswith("…") and not line.endswith("…")
    assert plain.strip("…").rstrip() in line if cut or plain.startswith("…") else plain == line
    # A backslash in the text is escaped, so it may come right before bold words.
    unescaped = re.sub(r"\\(.)", lambda escape: " " if escape[1] in "*\\" else escape[1], drawn)
    for part in re.findall(r"\*\*(.+?)\*\*", unescaped):
        held = words_of(part)
        assert any(word.startswith(term.words[0]) if begins else word in term.words for word in held for term in terms)
