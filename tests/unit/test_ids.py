"""Tests of custom ids and button labels: numbers in ids, and clipped labels."""

from __future__ import annotations

import pytest

from bot.ui.ids import number
from bot.ui.layout import LABEL_LIMIT, button


@pytest.mark.parametrize(
    ("text", "read", "page"),
    [
        ("0", 0, 0),
        ("12", 12, 12),
        ("99999", 99_999, 99_999),
        ("100000", 100_000, 0),
        ("9" * 18, 999_999_999_999_999_999, 0),
        ("9" * 19, 0, 0),
        ("", 0, 0),
        ("-1", 0, 0),
        ("1.5", 0, 0),
        ("x", 0, 0),
    ],
)
def test_a_number_in_an_id_is_read_when_it_has_few_enough_digits(text, read, page):
    assert number(text) == read
    assert number(text, 5) == page


def test_a_long_label_ends_with_its_last_whole_letter_and_an_ellipsis():
    label = button("Follow " + "a" * 71 + " bcd", "x").label
    assert label == "Follow " + "a" * 71 + "…"
    assert button("b" * LABEL_LIMIT, "x").label == "b" * LABEL_LIMIT
