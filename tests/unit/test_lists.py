"""Tests of rendering lists: each row has its record's status, with the day and the source of that status."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from discord import ui
from hypothesis import given
from hypothesis import strategies as st

from bot import dates
from bot.ledger.cited import cited
from bot.ledger.kinds import KIND_WORDS
from bot.services.search import Term
from bot.ui import draft_forms, lists
from bot.ui.layout import COMPONENT_LIMIT, TEXT_LIMIT
from data.records import CitedText, Fact, FactDate, Kind, Link, Money, Opened, Party, Row, Source, State, Waiting
from tests import builders
from tests.builders import count_of, due_value, on_day
from tests.unit.views import parts

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DAY = on_day("2023-11-10", worked_out=True)
NAMES = {"usa": "U.S. government", "drones": "31 armed drones for India"}


def fact(value: Any, day: FactDate = DAY, source: int = 1, locator: str = "") -> Fact:
    return Fact(value, day, source, source, locator)


def on(text: str) -> FactDate:
    return dates.parse_fact_date(text)


def item(n: int, sources: dict[int, Source], **facts: Fact) -> Opened:
    """Return the open pending item number `n` with one fact per field."""
    state = State({name: [given_fact] for name, given_fact in facts.items()})
    links = [Link("who", "", True, "participant", slug, name, (), False, fact(None)) for slug, name in NAMES.items()]
    given = {"slug": f"item-{n}", "name": f"Item {n}", "links": links, "sources": list(sources.values())}
    return builders.opened("pending", state, id_=n, waits=True, **given)


def waiting(items: list[Opened], basis: str = "stated") -> list[Waiting]:
    return [
        Waiting(
            one.record.slug,
            one.record.name,
            "clearance",
            basis,
            "2027-01-01" if one.record.state.facts("due") else None,
        )
        for one in items
    ]


def options(view: ui.LayoutView) -> list[dict[str, Any]]:
    return [option for part in parts(view) for option in part.get("options", [])]


def test_what_one_source_says_on_one_day_is_dated_and_cited_once():
    said = {"about": fact(Party("drones")), "who": fact(Party("usa"), locator="sentence 5")}
    items = [item(n, {1: Source(1, "News article")}, state=fact("open"), **said) for n in (1, 2)]
    assert lists.render_pending(waiting(items), items, 0, now=NOW).text == (
        "## What is still open\n**2 stated as pending.** No due dates are given.\n\n"
        "### Stated as pending\n"
        "**1. Item 1**\nAbout 31 armed drones for India; U.S. government to act\n"
        "**2. Item 2**\nAbout 31 armed drones for India; U.S. government to act\n\n"
        "-# All reported 10 November 2023\n"
        "-# News article, sentence 5 (undated, no link; the year is inferred)"
    )


def test_an_item_of_several_sources_names_each_beside_what_it_says():
    sources = {1: Source(1, "News article"), 2: Source(2, "Ministry", url="https://example.org/x")}
    one = item(
        1,
        sources,
        who=fact(Party("usa")),
        due=fact(due_value(date(2026, 11, 2)), on("1 October 2026"), 2, "page 3"),
        checked=fact("nothing new", on("20 November 2026"), 2),
        basis=fact("stated"),
    )
    text = lists.render_pending(waiting([one]), [one], 0, now=NOW).text
    assert (
        "### With a due date\n**1. Item 1**\n"
        "U.S. government must act, 10 November 2023 (News article); due Monday 2 November 2026 \\(announced by an "
        "official\\), reported 1 October 2026 ([example.org](<https://example.org/x>), page 3); this day has passed, "
        "and no source here reports what happened\n"
        "-# Last looked at on 20 November 2026: nothing new"
    ) in text


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"state": fact("open")}, "Who must act is not in the record"),
        ({"who": fact(Party("", "those who signed"))}, "Those who signed to act"),
        ({"who": fact(Party("usa")), "due": fact(None)}, "U.S. government to act; no due date given"),
        ({"who": fact(Party("usa")), "about": fact(Party("drones"))}, "U.S. government to act"),
    ],
)
def test_an_item_says_what_is_known_of_it(facts: dict[str, Fact], said: str):
    one = item(1, {1: Source(1, "News article")}, **facts)
    text = lists.render_pending(
        [Waiting("item-1", "Item 1", "clearance", "stated", None)], [one], 0, now=NOW, about=NAMES["drones"]
    ).text
    assert f"**1. Item 1**\n{said}\n" in text
    assert text.startswith("## What is still open about 31 armed drones for India\n")


def test_each_fact_of_an_item_has_its_own_day_and_source_in_its_clause():
    @given(st.lists(st.sets(st.sampled_from(["about", "who", "due", "checked"]), min_size=1), min_size=1, max_size=5))
    def check(held: list[set[str]]):
        sources: dict[int, Source] = {}
        items: list[Opened] = []
        values = {
            "about": Party("drones"),
            "who": Party("usa"),
            "due": due_value(date(2027, 1, 1)),
            "checked": "nothing new",
            "state": "open",
        }
        for n, names in enumerate(held):
            facts: dict[str, Fact] = {}
            for name in sorted({*names, "state"}):
                id_ = len(sources) + 1
                day = date(2020, 1, 1) + timedelta(days=11 * id_)
                sources[id_] = Source(id_, f"Source {id_}.")
                facts[name] = fact(values[name], on_day(day), id_)
            items.append(item(n, sources, **facts))
        text = lists.render_pending(waiting(items), items, 0, now=NOW).text
        begin = {"about": "about", "who": "U.S.", "due": "due", "state": "who must act is not"}
        for one in items:
            found = one.record
            told = text.partition(f"{found.name}**\n")[2].partition("\n**")[0]
            stated = {name for name in ("about", "who", "due") if found.state.facts(name)}
            stated |= {"state"} if "who" not in stated else set()
            clauses = [clause for clause in told.partition("\n")[0].split("; ") if "no due date" not in clause]
            assert len(clauses) == len(stated)
            for name in stated:
                clause = next(c for c in clauses if c.casefold().startswith(begin[name].casefold()))
                (own,) = found.state.facts(name)
                cited_days = re.findall(r"\d+ \w+ 202[0-6]", told if len(stated) == 1 else clause)
                assert dates.format_fact_date(own.date, weekday=False) in cited_days
                named = re.findall(r"[Ss]ource \d+\.", told if len(stated) == 1 else clause)
                assert [one.casefold() for one in named] == [f"source {own.source}."]

    check()


def test_rows_keep_whole_clauses_with_their_days():
    signed = cited("Signed", fact(None, on("15 October 2024")))
    waits = [cited(f"waiting for {n} {'word ' * 5}", fact(None, on(f"{n} May 2024"))) for n in (1, 2, 3)]
    drawn = lists.render_search("", "", [(Row("deal", "d", "Deal", (signed, *waits), None), None)], [], 1, 0)
    assert "\n  Signed, 15 October 2024; waiting for 1" in drawn.text
    assert ", 1 May 2024; and more\n" in drawn.text
    long = cited("Value: " + "word " * 60 + "billion", fact(None, on("3 May 2024")))
    found = lists.render_search("billion", "", [(Row("deal", "d", "Deal", (), None), long)], [Term(("billion",))], 1, 0)
    assert re.search(r"\n  ….*\*\*billion\*\*, 3 May 2024\n", found.text)


async def test_rows_begin_with_a_capital_and_menus_say_how_records_stand():
    since = cited("since 1999", fact(None, on("2020")))
    rows = [Row("dialogue", "d", "Talks", (since,), None), Row("event", "e", "Attack", (), None)]
    view = lists.kind_page("Dialogues", rows, 2, 0, key="dialogue", noun=("dialogue", "dialogues"))
    assert "**Talks**\nSince 1999, 2020\n**Attack**\n" in parts(view)[1]["content"]
    assert [option["description"] for option in options(view)] == ["Since 1999, 2020", "Event"]


@pytest.mark.parametrize("kind", list(KIND_WORDS))
async def test_every_kind_is_listed_with_the_right_article(kind: Kind):
    view = lists.kind_page("x", [Row(kind, "x", "X", (), None)], 1, 0, key=kind, noun=KIND_WORDS[kind])
    (menu,) = [part for part in parts(view) if part["type"] == 3]
    assert menu["placeholder"] == ("Open an event" if kind == "event" else f"Open a {KIND_WORDS[kind][0]}")
    assert "\n-# 1 " in parts(view)[1]["content"]


async def test_what_can_be_updated_shows_each_present_value_with_its_day():
    money = [Money(Decimal(n * 10**9), "USD") for n in (3, 4)]
    state = State(
        {
            "value": [fact(money[0]), fact(money[1], on("5 March 2024"), 2)],
            "quantity": [fact(count_of("word " * 30))],
        }
    )
    opened = builders.opened("deal", state, said=())
    described = {option["label"]: option.get("description") for option in options(draft_forms.choose(opened, None))}
    assert described["Value"] == "$4 billion, 5 March 2024; $3 billion, 10 November 2023"
    assert str(described["Number"]).endswith("…, 10 November 2023")
    assert described["Stage"] == "Not in the record"
    assert all(len(words) <= 100 for words in described.values() if words)


words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=300)


async def test_no_records_make_a_list_too_long():
    @given(st.lists(words, min_size=1, max_size=6), st.sampled_from([None, 2**63]), st.integers(0, 9))
    def check(texts: list[str], guild_id: int | None, hidden: int):
        sources = {
            n: Source(n, text, text, url="https://e.org/" + "x" * 280 if n % 2 else "")
            for n, text in enumerate(texts, 1)
        }

        def said(n: int, value: Any) -> Fact:
            text = texts[n % len(texts)]
            return fact(value, FactDate("unknown", printed=text), n % len(texts) + 1, text)

        items = [
            item(
                n,
                sources,
                about=said(n, Party("drones", texts[0])),
                who=said(n + 1, Party("", texts[-1])),
                due=said(n + 2, due_value(date(2026, 1, 1))),
                checked=said(n + 3, "nothing new"),
            )
            for n in range(lists.ITEMS)
        ]
        others = [Waiting(f"more-{n}", "m" * 100, "research_gap", "", None) for n in range(hidden)]
        drawn = lists.render_pending([*waiting(items), *others], items, 0, now=NOW, about="a" * 100)
        views = [lists.pending_page(drawn, key="pending", everything_key="all", guild_id=guild_id)]
        rows = [
            Row(
                "deal",
                f"row-{n}",
                (texts[n % len(texts)].strip() or "x")[:100],
                tuple(CitedText(t) for t in texts),
                None,
            )
            for n in range(lists.ROWS)
        ]
        views.append(lists.kind_page("Deals", rows, 1000, 1, key="q1", noun=("deal", "deals"), line="l" * 300))
        terms = [Term(("a",), begins=True), Term(("b", "9")), Term(("m",), others=("e",))]
        hits = [(row, cited(texts[-1], said(1, None))) for row in rows]
        found = lists.render_search("*" * 400, "f" * 300, hits, terms, 1000, 124, more=True, read_as="_" * 400)
        views.append(lists.search_page(found, key="~" + "x" * 60, guild_id=guild_id))
        for view in views:
            assert sum(len(part["content"]) for part in parts(view) if part["type"] == 10) <= TEXT_LIMIT
            assert len(parts(view)) <= COMPONENT_LIMIT
            assert all(1 <= len(option["description"]) <= 100 for option in options(view))

    check()
