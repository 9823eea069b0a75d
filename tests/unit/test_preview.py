"""Test that the preview of an update fits a message, however many deals its warnings are about."""

from __future__ import annotations

from datetime import date

import pytest

from bot.ledger.changes import FieldChange
from bot.ledger.closing import LeftOpen
from bot.ledger.drafts import Draft, Edited, Entry, Given, Preview, Task
from bot.ledger.source_lines import SourceLine
from bot.ui import drafts
from data.records import Fact, FactDate, Kind, Source
from tests.builders import on_day


def on(day: int) -> FactDate:
    return on_day(date(2026, 2, day))


def edited(kind: Kind, slug: str, field: str, before: str, after: str) -> Edited:
    return Edited(
        kind, slug, slug, False, [FieldChange(field, True, Fact(before, on(1), 1, 1), Fact(after, on(2), 2, 1))], {}
    )


@pytest.mark.parametrize("deals", [1, 2, 3])
async def test_a_preview_that_completes_deals_with_much_left_open_fits_a_message(deals: int):
    slugs = [f"deal-{n}-{'x' * 40}" for n in range(deals)]
    left = [LeftOpen("n" * 60, ["u" * 120] * 4, ["a" * 120] * 4, ["i" * 100] * 4) for _ in slugs]
    source = Source(1, "T" * 150, published_on=on(1), url=f"https://news.example/{'a' * 270}")
    found = Preview(
        Draft(
            1,
            1000,
            1,
            Task("item", "pending", "n" * 80, "outcome", [Given("state", "closed")], True),
            {},
            0,
            "open",
            "",
        ),
        [edited("pending", "item", "state", "open", "closed")]
        + [edited("deal", slug, "stage", "approved", "completed") for slug in slugs],
        [],
        Entry("done", on(2), SourceLine("T", locator="l" * 100), on(1), "r" * 300),
        source,
        {1: source},
        [],
        left,
    )
    text = str(drafts.preview(found, 1000).to_components())  # ValueError when it does not fit.
    assert text.count("Before you save:") == 3 * deals
    assert "more" in text
