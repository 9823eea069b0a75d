"""Tests of escaping and clipping: whatever people type is displayed as typed and never becomes Markdown."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ui.text import clip, escape, escaped, joined, plural, sentence

UNESCAPED = re.compile(r"(?<!\\)(?:\\\\)*[*_~`|<>\[\]()#]")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("**bold** _it_", r"\*\*bold\*\* \_it\_"),
        ("<@1> <@&2> <#3> </x:4> <t:5:R> <id:guide>", r"\<@1\> \<@&2\> \<\#3\> \</x:4\> \<t:5:R\> \<id:guide\>"),
        ("@everyone and @here", "@\u200beveryone and @\u200bhere"),
        ("# big", r"\# big"),
        ("- item", r"\- item"),
        ("1. first", r"1\. first"),
        ("-# small", r"-\# small"),
        ("> quote\n> more", r"\> quote \> more"),
        ("[words](https://x.example)", r"\[words\]\(https://x.example\)"),
        ("a\u202eb\x00c", "a b c"),
        ("क्\u200dष", "क्\u200dष"),
        ("back\\slash", r"back\\slash"),
        ("3 - 4", "3 - 4"),
    ],
)
def test_markup_is_shown_as_it_was_typed(typed, shown):
    assert escape(typed) == shown


@given(st.text(max_size=80), st.integers(2, 60))
def test_nothing_typed_becomes_markup_and_a_cut_leaves_no_half_escape(typed, limit):
    shown = escaped(typed, limit)
    assert len(shown) <= limit
    assert not UNESCAPED.search(shown)
    assert "\n" not in shown
    assert not re.search(r"(?<!\\)(?:\\\\)*\\(?:…|$)", shown)


def test_a_short_text_is_not_clipped_and_a_long_one_says_so():
    assert clip("abc", 3) == "abc"
    assert clip("abcd", 3) == "ab…"


def test_counts_and_lists_read_like_sentences():
    assert [plural(n, "deal") for n in (0, 1, 1000)] == ["0 deals", "1 deal", "1,000 deals"]
    assert plural(2, "country", "countries") == "2 countries"
    assert [joined(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]


def test_a_large_first_letter_takes_no_more_room_than_the_small_one():
    assert sentence("signed") == "Signed"
    for text in ("", "ﬁnal assembly", "ßa", "İs"):
        assert len(sentence(text)) == len(text)
