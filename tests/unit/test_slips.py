"""Tests of what the card of a pending item says of its due date: how often it moved, and whether it was met."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.dates import parse_fact_date
from bot.ledger import stored
from bot.ledger.fold import fold
from bot.ui import cards
from data.records import Due, FactDate, Sureness, Update
from tests import builders
from tests.builders import due_value, on_day, update

NOW = datetime(2024, 9, 1, 12, tzinfo=UTC)
DUE = "was due on 31 October 2024, reported 9 October 2024"


def item(*due: tuple[str, str] | tuple[str, str, Sureness], **more: Any) -> list[Update]:
    """Return the updates of an open item. Each due date is given as its day, the day of its report and its sureness."""
    opened_on = on_day("2023-11-10")
    updates = [update(1, "name", "Signature", opened_on), update(2, "state", "open", opened_on)]
    return [
        *updates,
        *(update(n, "due", due_value(day, *sure), on_day(reported)) for n, (day, reported, *sure) in enumerate(due, 3)),
    ]


def closed(
    updates: list[Update], day: FactDate, outcome: str = "done", reported: FactDate | None = None
) -> list[Update]:
    return [*updates, update(50, "state", "closed", day), update(51, "outcome", outcome, reported or day)]


def card_of(updates: list[Update]) -> str:
    return cards.render(builders.opened("pending", fold("pending", updates)), now=NOW).text


def lead(updates: list[Update]) -> str:
    return card_of(updates).splitlines()[1]


@pytest.mark.parametrize(
    ("due", "said"),
    [
        ([("2024-03-01", "2023-11-10")], ""),
        ([("2024-03-01", "2023-11-10"), ("2024-03-01", "2024-01-01")], ""),
        ([("2024-03-01", "2023-11-10"), ("2024-06-04", "2024-02-20")], "moved once; first due 1 March 2024"),
        (
            [("2024-03-01", "2023-11-10"), ("2024-06-04", "2024-02-20"), ("2024-10-31", "2024-05-01")],
            "moved twice; first due 1 March 2024",
        ),
        (  # The order of entering does not count. A date that returns has moved.
            [
                ("2024-06-04", "2024-02-20"),
                ("2024-03-01", "2023-11-10"),
                ("2024-03-01", "2024-03-30"),
                ("2024-12-31", "2024-05-01"),
            ],
            "moved three times; first due 1 March 2024",
        ),
        ([("2024-03-01", "2023-11-10", "usual"), ("2024-06-04", "2024-02-20")], ""),
    ],
)
def test_a_due_date_that_moved_says_how_often_and_the_first_one(due: list[Any], said: str):
    text = card_of(item(*due))
    assert (said in text) if said else ("moved" not in text)
    assert (", reported 10 November 2023" in text) or not said


def test_a_due_date_that_moved_often_is_counted_in_figures():
    due = [(f"2025-01-{n:02}", f"2024-01-{n:02}") for n in range(1, 10)]
    assert "moved 8 times; first due 1 January 2025" in card_of(item(*due))


def test_a_corrected_due_date_has_not_moved():
    updates = item(("2024-03-01", "2023-11-10"))
    assert "moved" not in card_of(
        [*updates, update(9, "due", due_value("2024-03-02"), on_day("2023-11-10"), replaces=3)]
    )


@pytest.mark.parametrize(
    ("closed_on", "said"),
    [
        (
            "2024-10-15",
            "**Done on 15 October 2024**; 16 days before it was due on 31 October 2024, reported 9 October 2024",
        ),
        (
            "2024-10-30",
            "**Done on 30 October 2024**; 1 day before it was due on 31 October 2024, reported 9 October 2024",
        ),
        ("2024-10-31", "**Done on 31 October 2024**; on the day when it was due, reported 9 October 2024"),
        (
            "2024-11-02",
            "**Done on 2 November 2024**; 2 days after it was due on 31 October 2024, reported 9 October 2024",
        ),
    ],
)
def test_a_closed_item_says_when_it_ended_and_how_early_or_late(closed_on: str, said: str):
    assert lead(closed(item(("2024-10-31", "2024-10-09")), on_day(closed_on))) == said


@pytest.mark.parametrize(
    ("updates", "said"),
    [
        (closed(item(), on_day("2024-10-15")), "**Done on 15 October 2024**"),
        (closed(item(("2024-10-31", "2024-10-09", "usual")), on_day("2024-10-15")), "**Done on 15 October 2024**"),
        (
            closed(item(("2024-10-31", "2024-10-09", "reported")), on_day("2024-10-15"), "given"),
            "**Given on 15 October 2024**; 16 days before the reported target, "
            "on 31 October 2024, reported 9 October 2024",
        ),
        (
            closed(item(), on_day("2024-10-15"), reported=on_day("2024-10-20")),
            "**Closed on 15 October 2024**; outcome done, reported 20 October 2024",
        ),
        (
            closed(item(("2024-10-31", "2024-10-09")), parse_fact_date("October 2024")),
            "**Done in October 2024**",
        ),
        ([*item(), update(50, "state", "closed", on_day("2024-10-15"))], "**Closed on 15 October 2024**"),
        (
            closed(item(("2024-03-01", "2023-11-10"), ("2024-10-31", "2024-10-09")), on_day("2024-10-15")),
            "**Done on 15 October 2024**; 16 days before it was due on 31 October 2024, reported 9 October 2024; "
            "moved once; first due 1 March 2024, reported 10 November 2023",
        ),
    ],
)
def test_what_is_not_known_to_the_day_is_not_compared(updates: list[Update], said: str):
    assert lead(updates) == said


def test_a_stored_state_keeps_how_often_a_due_date_moved():
    state = fold("pending", item(("2024-03-01", "2023-11-10"), ("2024-06-04", "2024-02-20")))
    assert stored.decode_state("pending", stored.encode(state)) == state
    assert (state.moved, state.first_due and state.first_due.value) == (1, Due(on_day("2024-03-01"), "announced"))
