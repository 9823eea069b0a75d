"""Tests of the checks in checks.py, with lines that have a fault and lines that have none."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from bot.dates import parse_fact_date
from data.records import Approval, Due, FactDate, Kind, ListedText, Party, Source, Update
from tests.builders import count_of
from tests.surfaces import book
from tests.surfaces.checks import Page, check

SOURCES = {
    1: Source(1, "News article", url="https://news.example/a"),
    2: Source(2, "Ministry note", published_on=parse_fact_date("21 November 2025")),
    3: Source(3, "Fan blog"),
    4: Source(4, "Harbour Herald", url="https://herald.example/b"),
}
KINDS: dict[str, Kind] = {"drones": "deal", "clearances": "pending"}
NAMES = {"drones": "31 armed drones", "clearances": "Drone clearances"}
_DUE = FactDate("day", first=date(2024, 10, 31), last=date(2024, 10, 31))
LEDGER: list[tuple[str, str, Any, str, int]] = [
    ("drones", "name", "31 armed drones", "10 November 2023", 1),
    ("drones", "alias", ListedText("Sea Guardian fleet"), "12 December 2024", 4),
    ("drones", "stage", "negotiating", "1 June 2024", 1),
    ("drones", "stage", "signed", "20 November 2025", 2),
    ("drones", "quantity", count_of("Thirty-one of them"), "3 March 2025", 3),
    ("drones", "summary", "Raised at the talks in Lisbon.", "5 May 2022", 1),
    ("drones", "model", "Kestrel Mark Four", "20 November 2025", 2),
    ("drones", "approval", Approval(side="", what="export consent", state="open"), "2 February 2023", 1),
    ("drones", "approval", Approval(side="", what="export consent", state="granted"), "9 October 2025", 4),
    ("clearances", "name", "Drone clearances", "10 November 2023", 1),
    ("clearances", "state", "open", "1 February 2024", 1),
    ("clearances", "state", "closed", "2 March 2024", 4),
    ("clearances", "due", Due(_DUE, "fixed"), "4 April 2023", 3),
    ("clearances", "who", Party("", "The harbour board office"), "6 June 2023", 4),
]


def made() -> book.Book:
    histories: dict[str, list[Update]] = {slug: [] for slug in KINDS}
    entered = datetime(2026, 1, 1, tzinfo=UTC)
    for id_, (slug, field, value, day, source) in enumerate(LEDGER, 1):
        on = parse_fact_date(day, today=date(2026, 1, 1))
        histories[slug].append(
            Update(id_, slug, "set", field, value, on, entered, 1, source, "", "", None, str(id_), "editor", "")
        )
    return book.make(KINDS, NAMES, SOURCES, histories)


BOOK = made()


def wrong(text: str, *, surface: str = "card", presses: tuple[str, ...] = ("Sources",), subject: str = "") -> set[str]:
    page = Page(surface, "made up", (text,), (), presses, subject)
    return {found.check for found in check(page, BOOK).violations}


@pytest.mark.parametrize(
    "text",
    [
        "## 31 armed drones\n**Signed on 20 November 2025**",
        "**31 armed drones: Signed.** Was: in negotiation (1 June 2024).\nReported 20 November 2025: Ministry note.",
        "## 31 armed drones\n**Signed**, 20 November 2025 · **Number:** thirty-one of them (3 March 2025)",
        "## 31 armed drones\n**Signed**\n**Model:** Kestrel Mark Four\n-# 20 November 2025 · Ministry note",
        "## 31 armed drones\n**Signed**\n\n**Model:** Kestrel Mark Four\n\n-# Source: Ministry note, 20 November 2025",
        "## 31 armed drones\n### Thursday 20 November 2025\n**Stage:** Signed\n### 3 March 2025\nThirty-one of them.",
        "**Drone clearances:** the harbour board office (6 June 2023), due 31 October 2024 (said on 4 April 2023)",
        "## 31 armed drones\n**Signed on 20 November 2025**\n\n-# Newest fact: 20 November 2025.",
        "## 31 armed drones\nExport consent: granted, 9 October 2025; before: open, 2 February 2023",
        "## Digest, Monday 30 November 2026\n**31 armed drones:** Signed ([Ministry note](<x>), 20 November 2025)",
        "**31 armed drones**\n**Drone clearances**",
    ],
)
def test_lines_that_keep_the_promise_pass(text: str):
    assert wrong(text) == set()


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        # The day of the name instead of the stage's.
        ("**Signed.** 31 armed drones, as reported on Friday 10 November 2023.", {"foreign", "undated"}),
        # The day of the quantity below the stage.
        ("## 31 armed drones\n**Signed**\nas last reported on 3 March 2025", {"foreign", "undated"}),
        # One source and day for changes with two sources.
        (
            "**31 armed drones:** Signed. Number: thirty-one of them.\n-# Reported 20 November 2025: Ministry note.",
            {"foreign", "undated"},
        ),
        # The summary is older than the day below it.
        ("**31 armed drones:** raised at the talks in Lisbon.\n-# Reported 3 March 2025", {"foreign", "undated"}),
        # A closed item, with the day on which it was opened.
        ("**Drone clearances:** closed. As reported on 1 February 2024.", {"foreign", "undated"}),
        # A granted approval, with the day on which it was open.
        ("## 31 armed drones\nExport consent: granted, 2 February 2023", {"foreign", "undated"}),
        # A former value without its day.
        ("**31 armed drones: Signed.** Was: in negotiation.\nReported 20 November 2025: Ministry note.", {"undated"}),
        # An alias with its day, on a surface where aliases have none.
        ("## 31 armed drones\nAlso known as Sea Guardian fleet, 12 December 2024", {"foreign"}),
        # A source below several lines that is the source of only one.
        (
            "## 31 armed drones\n**Signed on 20 November 2025**\nThirty-one of them (3 March 2025)\n-# Ministry note",
            {"foreign"},
        ),
        # The publication date of another source.
        ("## 31 armed drones\nThirty-one of them (3 March 2025), 21 November 2025", {"foreign"}),
        # The host of another source, which identifies it as its title does.
        ("## 31 armed drones\n**Signed on 20 November 2025** · herald.example", {"foreign"}),
        # The days of two facts in one line, exchanged.
        ("## 31 armed drones\nSigned (3 March 2025) · thirty-one of them (20 November 2025)", {"foreign"}),
        # A "newest fact" that is not the newest.
        ("## 31 armed drones\n**Signed on 20 November 2025**\n\n-# Newest fact: 3 March 2025.", {"foreign"}),
        # A day in a heading applies to all lines below it.
        ("### Thursday 20 November 2025\n**31 armed drones:** thirty-one of them", {"foreign", "undated"}),
        ("**Drone clearances:** due 31 October 2024", {"undated"}),
    ],
)
def test_lines_that_break_the_promise_are_seen(text: str, broken: set[str]):
    assert wrong(text) == broken


def test_a_fact_without_a_button_to_its_source_has_it_in_sight():
    line = "## 31 armed drones\n**Signed on 20 November 2025**"
    assert wrong(line, presses=("Why this?",)) == {"unsourced"}
    assert wrong(f"{line} · Ministry note", presses=("Why this?",)) == set()
    assert wrong(line, presses=("Open",)) == set()


def test_the_source_that_a_button_names_is_that_of_something_shown():
    line = "## 31 armed drones\n**Thirty-one of them**, 3 March 2025"
    assert wrong(line, presses=("Sources", "Read herald.example")) == {"foreign"}
    granted = "## 31 armed drones\nExport consent: granted, 9 October 2025"
    assert wrong(granted, presses=("Read herald.example",)) == set()


def test_names_have_days_and_sources_where_all_facts_are_listed():
    text = (
        "**Also known as:** Sea Guardian fleet\n-# 12 December 2024 · source 1\n\n**Source 1:** Harbour Herald; no link"
    )
    assert wrong(text, surface="all facts", subject="drones") == set()
    assert wrong(text.replace("12 December 2024", "3 March 2025"), surface="all facts", subject="drones") == {"foreign"}


def test_choices_of_a_menu_are_read_too():
    page = Page("deal list", "made up", ("## Deals",), ("31 armed drones · Signed",), ("Open a deal",))
    assert [found.check for found in check(page, BOOK).violations] == ["undated"]


def test_a_violation_names_the_place_the_line_and_what_the_date_belongs_to():
    page = Page("card", "drones", ("## 31 armed drones\n**Signed on 3 March 2025**",), (), ("Sources",), "drones")
    first = str(check(page, BOOK).violations[0])
    assert first.startswith("card:drones:2: '3 March 2025' does not belong to these words but to drones.quantity=")
    assert first.endswith("**Signed on 3 March 2025**")


def test_the_option_of_a_numbered_source_is_fine_and_any_other_option_is_checked():
    def wrong_option(option: str) -> set[str]:
        page = Page("all facts", "made up", ("## 31 armed drones",), (option,), ("All facts",), "drones")
        return {violation.check for violation in check(page, BOOK).violations}

    assert wrong_option("Source 2: Ministry note · no link, 21 November 2025") == set()
    assert wrong_option("Ministry note · no link, 21 November 2025") == {"foreign"}
