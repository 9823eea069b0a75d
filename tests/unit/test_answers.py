"""Tests that an answer with many long lines fits a message, and that the lines left out are counted."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from bot.ask.finding import Changed, Finding
from bot.ask.reading import read, tokens
from bot.ui import answers
from bot.ui.layout import TEXT_LIMIT
from data.records import Fact, FactDate, Opened, Party, Source, State
from tests import builders
from tests.builders import on_day

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = {"india": "India"}


def day(number: int) -> FactDate:
    on = date(2025, 1, 1) + timedelta(days=number)
    return on_day(on)


def source(number: int) -> Source:
    return Source(number, f"Source {number}", url=f"https://news{number}.example/{'a' * 240}")


def finding(**found) -> Finding:
    asked, clipped = tokens("what is it")
    return Finding(read(asked, {}, today=NOW.date(), clipped=clipped), **found)


def statement(number: int) -> Opened:
    values = {"name": f"Statement {number}", "whose": Party("india"), "said": "words_to_escape " * 37}
    facts = {name: [Fact(value, day(number), number, number, "9" * 150)] for name, value in values.items()}
    state = State(facts, day(number), day(number))
    return builders.opened("statement", state, id_=number, slug=f"s-{number}", names=NAMES, sources=[source(number)])


async def test_an_answer_of_long_statements_fits_a_message():
    found = finding(statements=[statement(n) for n in range(1, 6)], statements_total=5)
    text = answers.draw("what was said", found, now=NOW)
    assert len(text) <= TEXT_LIMIT - 100
    shown = text.count("\n- ")
    assert 1 <= shown < 5
    assert f"-# and {5 - shown} more; *Sources* has them" in text
    answers.answer(found, text, key="1", note="-# Shared in this channel.")  # ValueError when it does not fit.


async def test_of_many_changes_the_newest_are_told_and_the_others_counted():
    state = State({"name": [Fact("Tanks", day(0), 1, 1)]})
    opened = builders.opened("deal", state, slug="tanks", sources=[source(1)])
    updates = [
        builders.update(n, "quantity", builders.count_of(f"{n} tanks"), day(n), record="tanks", source_id=1)
        for n in range(2, 14)
    ]
    found = finding(changed=[Changed(opened, updates)], card=opened)
    text = answers.draw("what changed", found, now=NOW)
    assert [f": {n} tanks" in text for n in range(2, 14)] == [False] * 5 + [True] * 7
    assert "-# and 5 more; *Sources* has them" in text
    page = answers.sources(found, [], 0, key="1", chosen="", now=NOW)
    pages = str(page.to_components())
    assert all(f" {n} tanks" in pages for n in range(2, 6))
