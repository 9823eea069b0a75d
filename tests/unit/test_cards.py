"""Tests of rendering cards, *All facts* and *Sources* without a database: their texts, and that every record fits."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec
import pytest
from discord import ui
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import dates
from bot import dossier as files
from bot.ledger.cited import bare, cited, plain
from bot.ledger.fold import fold
from bot.ledger.kinds import KINDS, fields_of, get_field
from bot.ledger.stage import AwaitedItem
from bot.ledger.status import status
from bot.ledger.values import (
    ApprovalType,
    ChoiceType,
    DateType,
    DueType,
    ListedTextType,
    MoneyType,
    PartyType,
    QuantityType,
    TextType,
    TitleType,
    ZoneType,
)
from bot.services import dossiers
from bot.ui import cards, facts, pages
from bot.ui.layout import COMPONENT_LIMIT, TEXT_LIMIT
from data.records import (
    Approval,
    Bound,
    CitedText,
    Due,
    Fact,
    FactDate,
    Kind,
    Link,
    ListedText,
    Money,
    Opened,
    Party,
    Quantity,
    Source,
    State,
    Sureness,
    Title,
    Value,
)
from tests import builders
from tests.builders import due_value, on_day
from tests.unit.views import labels_of, parts, text_of

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DAY = on_day("2023-11-10", worked_out=True)
LATER = on_day("2023-11-12")
ARTICLE = Source(1, "News article without a title")

NOT_IN_THE_ARTICLE = re.compile(
    r"MQ-?9B|Predator|SeaGuardian|F-?414|Tejas|Stryker|Javelin|INDUS-?X|Modi|Biden|Congress|DSCA", re.IGNORECASE
)


def fits(view: ui.LayoutView) -> None:
    """Assert that a message keeps Discord's limits and that its view is finished."""
    all_parts = parts(view)
    assert sum(len(part["content"]) for part in all_parts if part["type"] == 10) <= TEXT_LIMIT
    assert len(all_parts) <= COMPONENT_LIMIT
    ids = [part["custom_id"] for part in all_parts if "custom_id" in part]
    assert len(ids) == len(set(ids))
    assert all(len(id_) <= 100 for id_ in ids)
    for part in all_parts:
        if part["type"] == 2:
            assert 1 <= len(part["label"]) <= 80
            assert not part.get("disabled")
        if part["type"] == 3:
            assert 1 <= len(part["options"]) <= 25
            assert len({option["value"] for option in part["options"]}) == len(part["options"])
            assert all(1 <= len(option["label"]) <= 100 for option in part["options"])
            assert all(1 <= len(option["description"]) <= 100 for option in part["options"])
    assert view.is_finished()


def opened(kind: Kind, links: list[Link] | None = None, sources: list[Source] | None = None, **values: Any) -> Opened:
    """Return a record with a fact for each value, all with the same day and source. A list of values makes several."""
    facts = {
        name: [
            Fact(value, DAY, n, 1, "sentence 5")
            for n, value in enumerate(given if isinstance(given, list) else [given], 1)
        ]
        for name, given in values.items()
    }
    return builders.opened(
        kind, State(facts, DAY, DAY), slug="something", links=links or [], sources=sources or [ARTICLE]
    )


ON_DAY = Fact(None, DAY, 1, 1, "sentence 5")


def facts_of(*values: Value) -> list[Fact[Value]]:
    """Return a fact of DAY for each value."""
    return [Fact(value, DAY, n, 1) for n, value in enumerate(values, 1)]


def link(field: str, kind: Kind, name: str, *, inward: bool = True, **values: Any) -> Link:
    """Return a link to a record with a fact of DAY for each value. `inward`: the other record states the link."""
    record = opened(kind, name=name, **values).record
    slug, opened_by = name.casefold().replace(" ", "-"), ON_DAY if record.open else None
    basis = values.get("basis", "")
    return Link(
        field, "", not inward, kind, slug, name, record.status, record.open, ON_DAY, opened_by=opened_by, basis=basis
    )


@cache
def starter() -> dict[str, Opened]:
    """Return all records of the starter dossier by slug, with their links, folded without a database."""
    dossier: files.Dossier = dossiers.read_shipped("india-us-2plus2-2023", now=NOW)
    numbers = {key: n for n, key in enumerate(dossier.sources, 1)}
    sources = {
        numbers[key]: Source(numbers[key], s.title, s.publisher, s.published_on, s.url, s.note)
        for key, s in dossier.sources.items()
    }
    states: dict[str, State] = {}
    for record in dossier.records:
        entered = [
            builders.update(n, fact.field, fact.value, fact.date, source_id=numbers[fact.source], locator=fact.locator)
            for n, fact in enumerate(record.facts, 1)
        ]
        states[record.slug] = fold(record.kind, entered)
    kinds: dict[str, Kind] = {record.slug: record.kind for record in dossier.records}
    names = {record.slug: record.name for record in dossier.records}
    found: dict[str, list[Link]] = {slug: [] for slug in kinds}
    heads = {slug: status(kinds[slug], state, names) for slug, state in states.items()}
    waits = {slug: kinds[slug] == "pending" for slug in kinds}
    for slug, state in states.items():
        for name, facts_ in state.fields.items():
            for fact in facts_:
                for other, role in get_field(kinds[slug], name).type.records(fact.value):
                    for here, there, outward in ((slug, other, True), (other, slug, False)):
                        waiting = waits[there]
                        found[here].append(
                            Link(
                                name,
                                role,
                                outward,
                                kinds[there],
                                there,
                                names[there],
                                heads[there],
                                waiting,
                                bare(fact),
                                states[there].text("item_kind") if waiting else "",
                                bare(states[there].facts("state")[0]) if waiting else None,
                                states[there].text("basis") if waiting else "",
                            )
                        )
    return {
        slug: builders.opened(
            kinds[slug], state, id_=n, slug=slug, said=heads[slug], links=found[slug], sources=list(sources.values())
        )
        for n, (slug, state) in enumerate(states.items(), 1)
    }


# The starter dossier


async def test_every_card_of_the_starter_dossier_is_short_and_says_nothing_that_the_article_does_not():
    session = starter()["2plus2-new-delhi-2023"]
    for slug, found in starter().items():
        view = cards.record(found, now=NOW, editor=True, session=session if found.record.kind == "dialogue" else None)
        fits(view)
        text = text_of(view)
        assert len(content_lines(text)) <= 8, slug
        assert text.count("-# Not stated") <= 1
        assert not NOT_IN_THE_ARTICLE.search(text), slug
        assert not re.search(r"pending since|\bcleared\b|finali[sz]ed|deal done", text, re.IGNORECASE), slug
        assert not NOT_IN_THE_ARTICLE.search(text_of(cards.all_facts(found, 0)))
        if found.record.kind in ("deal", "pending"):
            assert ", reported 10 November 2023" in text
            # The day that all lines share is printed once. The name of the session contains the same date.
            assert text.replace("2+2 session in New Delhi, 10 November 2023", "").count("10 November 2023") == 1, slug
            one_source = slug != "china-details"  # One fact of that item has another source.
            last = "-# News article without a title, sentence" if one_source else "-# *All facts* has each source"
            assert text.splitlines()[-1].startswith(last), slug


def content_lines(text: str) -> list[str]:
    """Return the lines of a text without empty lines and small print ("-# ...")."""
    return [line for line in text.splitlines() if line.strip() and not line.startswith("-#")]


async def test_a_word_from_outside_the_article_would_be_seen():
    assert NOT_IN_THE_ARTICLE.search(text_of(cards.record(opened("deal", name="MQ-9B"), now=NOW, editor=False)))


async def test_what_a_deal_does_not_state_is_one_line_and_a_lower_bound_stays_one():
    text = text_of(cards.record(starter()["armed-drones"], now=NOW, editor=False))
    assert "**Value:** more than $3 billion\n" in text
    assert text.splitlines().count("-# Not stated: model, delivery dates, place of manufacture") == 1
    engines = text_of(cards.record(starter()["fighter-jet-engines"], now=NOW, editor=False))
    assert "-# Not stated: number, value, model, delivery dates, place of manufacture" in engines


async def test_one_side_is_never_shown_as_both():
    for slug, found in starter().items():
        if found.record.kind != "statement":
            continue
        whose = [link_.name for link_ in found.links if link_.field == "whose" and link_.outward]
        text = text_of(cards.record(found, now=NOW, editor=False))
        assert ("India and United States, together:" in text) == (whose == ["India", "United States"]), slug
        for name in whose:
            assert name in text


# What a card says


async def test_several_open_items_of_a_deal_are_listed_with_who_must_act():
    items = [
        link("about", "pending", f"Item {n}", state="open", basis="stated", who=Party("", f"Side {n}"))
        for n in range(5)
    ]
    text = text_of(cards.record(opened("deal", items, name="Engines"), now=NOW, editor=False))
    assert "**Open items:** Item 0: Side 0 must act; Item 1: Side 1 must act, 10 November 2023; 3 more\n" in text


async def test_an_open_approval_alone_says_who_must_act():
    approval = Approval(side="india", what="approval of the cabinet", state="requested", authority="Cabinet")
    found = opened("deal", [link("approval", "participant", "India", inward=False)], name="Engines", approval=approval)
    view = cards.record(found, now=NOW, editor=False)
    assert "**Waiting for approval of the cabinet by Cabinet (India)**, reported 10 November 2023" in unescaped(view)
    assert "**Who must act:** Cabinet (India), for approval of the cabinet; no due date given" in unescaped(view)
    assert "**Stage:** No stage reported" in unescaped(view)


def unescaped(view: ui.LayoutView) -> str:
    return text_of(view).replace("\\", "")


async def test_the_buttons_fit_who_asks_and_where():
    found = starter()["armed-drones"]
    own = ["Follow", "Remind me", "All facts", "History", "Cite"]
    assert labels_of(cards.record(found, now=NOW, editor=True)) == [*own, "Share", "What happened", "Update"]
    for view in (
        cards.record(found, now=NOW, editor=True, shared=True),
        cards.record(found, now=NOW, editor=False, guild_id=5),
    ):
        assert labels_of(view) == own
    ids = [
        part["custom_id"] for part in parts(cards.record(found, now=NOW, editor=False, guild_id=5)) if part["type"] == 2
    ]
    assert ids[0] == "follow.add:v1:5:armed-drones"


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("Drones", "Drones"),
        ("India", "India"),
        ("31 armed drones for India", "31 armed drones…"),
        ("Roadmap for defence industrial cooperation", "Roadmap for defence…"),
        ("x" * 90, "x" * 24 + "…"),
        ("The of the in the for the and of", "The…"),
    ],
)
def test_a_label_has_the_first_words_of_a_name(name: str, label: str):
    assert cards.short(name) == label


@pytest.mark.parametrize(
    ("sureness", "now", "passed"),
    [
        ("announced", datetime(2026, 11, 24, 18, 29, tzinfo=UTC), False),
        ("announced", datetime(2026, 11, 24, 18, 30, tzinfo=UTC), True),
        ("fixed", datetime(2026, 11, 25, tzinfo=UTC), True),
        ("reported", datetime(2026, 12, 25, tzinfo=UTC), False),
        ("usual", datetime(2026, 12, 25, tzinfo=UTC), False),
    ],
)
def test_a_day_has_passed_when_it_ended_where_it_counts_and_only_for_sure_dates(
    sureness: Sureness, now: datetime, passed: bool
):
    due = due_value("2026-11-24", sureness)
    found = opened("pending", name="Report", state="open", due=due, zone="Asia/Kolkata")
    assert cards.is_overdue(found, now) is passed


async def test_a_usual_time_is_said_once_on_the_card_of_its_item():
    due = due_value("2026-12-24", "usual")
    found = opened("pending", name="Report", state="open", due=due)
    assert text_of(cards.record(found, now=NOW, editor=False)).count("usually by") == 1


def _waiting_deal(basis: str, status_line: tuple[CitedText, ...]) -> str:
    """Return the card of a deal that waits for one item with this status line."""
    item = Link(
        "about", "", False, "pending", "item", "Signature", status_line, True, ON_DAY, "signature", ON_DAY, basis
    )
    found = opened("deal", [item], name="Tanks", stage="negotiating")
    return text_of(cards.record(found, now=NOW, editor=False))


async def test_the_due_date_of_the_one_open_item_is_never_left_out_of_its_deal():
    who: list[Fact[Value]] = [Fact(Party("", f"Side {n}"), on_day(f"2024-01-1{9 - n}"), n, 1) for n in range(5)]
    due = Fact(due_value("2027-01-01"), DAY, 9, 1)
    text = _waiting_deal(
        "stated", status("pending", State({"basis": facts_of("stated"), "who": who, "due": [due]}), {})
    )
    sides = "Side 0, reported 19 January 2024; Side 1 must act, reported 18 January 2024; Side 2 must act, reported 17"
    assert f"**Who must act:** {sides} January 2024; 3 more; due Friday 1 January 2027" in text


@pytest.mark.parametrize(
    ("basis", "who", "shown"),
    [
        ("stated", [Party("", "India")], "**Who must act:** India; no due date given"),
        ("left open", [Party("", "India")], "**Left to act:** India; no due date given"),
        (
            "left open",
            [Party("", "The right to act"), Party("", "Brazil")],
            "**Left to act:** The right to act and Brazil; no due date given",
        ),
        ("left open", [], "**Who must act:** not in the record; no due date given"),
    ],
)
async def test_a_deal_says_who_must_act_on_its_one_item_or_is_only_left_to(basis: str, who: list[Party], shown: str):
    assert shown in _waiting_deal(basis, opened("pending", basis=basis, who=who).record.status)


def test_a_closed_item_is_never_overdue():
    due = due_value("2020-11-24", "fixed")
    assert not cards.is_overdue(opened("pending", name="Report", state="closed", due=due), NOW)


# Words of facts


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (["sentence 5"], "sentence 5"),
        (["sentence 5", "sentence 5"], "sentence 5"),
        (["sentence 5", "sentences 2 and 8", "page 3", "sentence 14"], "sentences 2, 5, 8 and 14, page 3"),
        (["sentences 2, 8 and 12", ""], "sentences 2, 8 and 12"),
        (["Annex B", "paragraph 4"], "paragraph 4, Annex B"),
        ([""], ""),
        (["sentence *5*"], "sentence \\*5\\*"),
    ],
)
def test_locators_are_told_together(found: list[str], words: str):
    assert facts.locators(found) == words


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("", "no link"),
        ("https://example.org/a_b", "<https://example.org/a_b>"),
        ("javascript:alert(1)", "javascript:alert\\(1\\)"),
        ("https://example.org/a> **b**", "https://example.org/a\\> \\*\\*b\\*\\*"),
        ("http://[broken", "http://\\[broken"),
        ("https://" + "x" * 400, "https://" + "x" * 191 + "…"),
    ],
)
def test_a_link_shows_where_it_leads_or_is_text(url: str, shown: str):
    assert facts.link(url) == shown


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (on_day("2024-03-05"), "on Tuesday 5 March 2024"),
        (FactDate("month", date(2024, 3, 1), date(2024, 3, 31)), "in March 2024"),
        (FactDate("year", date(2024, 1, 1), date(2024, 12, 31)), "in 2024"),
        (FactDate("range", date(2024, 1, 1), date(2024, 4, 30)), "between 1 January and 30 April 2024"),
        (
            FactDate("range", date(2024, 1, 1), date(2024, 6, 30), printed="first half of 2024"),
            "in the first half of 2024",
        ),
        (FactDate("open", date(2022, 2, 24)), "since 24 February 2022"),
        (FactDate("unknown", printed="Cold War"), "Cold War"),
    ],
)
def test_a_date_is_part_of_a_sentence(found: FactDate, words: str):
    assert dates.on_date(found) == words


@pytest.mark.parametrize(
    ("kind", "values", "words"),
    [
        ("pending", {"state": "open"}, "who must act is not in the record; no due date given"),
        (
            "pending",
            {"state": "open", "who": Party("", "both sides")},
            "both sides to act, 10 November 2023; no due date given",
        ),
        ("pending", {"state": "closed", "outcome": "refused"}, "closed: refused, 10 November 2023"),
        ("statement", {"said": "x"}, "whose it is, is not in the record: x, 10 November 2023"),
        ("session", {}, "State not in the record"),
        ("session", {"state": "held"}, "Held, 10 November 2023"),
        (
            "session",
            {"state": "scheduled", "held_on": FactDate("day", first=date(2027, 5, 5), last=date(2027, 5, 5))},
            "Scheduled for 5 May 2027, 10 November 2023",
        ),
        (  # The date in `held_on` is the new one, not the day of the postponement.
            "session",
            {"state": "postponed", "held_on": FactDate("month", first=date(2027, 1, 1), last=date(2027, 1, 31))},
            "Postponed; date given: January 2027, 10 November 2023",
        ),
        ("document", {}, "document"),
        ("participant", {"type": "person"}, "Person"),
        (
            "dialogue",
            {"began": FactDate("year", first=date(2018, 1, 1), last=date(2018, 12, 31))},
            "since 2018, 10 November 2023",
        ),
        ("topic", {"summary": "x"}, ""),
        ("deal", {}, "No stage reported"),
        ("deal", {"stage": "unspecified"}, "Under way, 10 November 2023"),
        ("deal", {"stage": "signed", "side_state": "on_hold"}, "Signed on 10 November 2023; on hold, 10 November 2023"),
    ],
)
def test_a_status_line_has_the_day_of_what_it_says_and_says_what_is_missing(
    kind: Kind, values: dict[str, Any], words: str
):
    assert plain(opened(kind, name="N", **values).record.status) == words


# Pages


@given(st.lists(st.integers(1, 1500), max_size=60))
def test_pages_hold_every_entry_once_and_fit(sizes: list[int]):
    found = pages.pack(sizes)
    assert [index for page in found for index in page] == list(range(len(sizes)))
    assert all(len(page) <= 8 for page in found)
    assert all(len(page) == 1 or sum(sizes[i] for i in page) <= pages.PAGE_TEXT for page in found)


# No record is too long

words = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs"]) | st.sampled_from("*_`[]()<>@#-~|\\"),
    min_size=1,
    max_size=600,
)
days = st.one_of(
    st.dates(date(1900, 1, 1), date(2100, 1, 1)).map(lambda d: on_day(d, worked_out=d.day % 2 == 0)),
    words.map(lambda text: FactDate("unknown", printed=text[:200])),
    st.just(FactDate("range", date(2024, 1, 1), date(2024, 6, 30), printed="first half of 2024")),
)
slugs = [f"{'s' * 44}-{n}" for n in range(40)]
BUILTIN_DATE = FactDate("range", first=date(2024, 1, 1), last=date(2024, 6, 30), printed="p" * 200)


def value_for(draw: st.DrawFn, kind: Kind, name: str) -> Value:
    """Return a random value of a field, with texts up to the longest that its type allows."""
    type_ = get_field(kind, name).type
    text = draw(words)
    match type_:
        case ListedTextType():
            return ListedText(text[:100])
        case TextType(limit=limit):
            return text[:limit]
        case ChoiceType(options=options):
            return draw(st.sampled_from(list(options)))
        case MoneyType():
            return Money(Decimal("9" * 24), "USD", bound=Bound.MORE_THAN, kind=text[:40])
        case PartyType():
            return Party(draw(st.sampled_from([*slugs, ""])), text[:80])
        case TitleType():
            return Title(text[:100], draw(st.sampled_from([None, BUILTIN_DATE])))
        case QuantityType():
            return Quantity(Decimal("9" * 24), text[:40])
        case ApprovalType():
            side = draw(st.sampled_from(slugs))
            return Approval(side=side, what=text[:200], state="open", authority=text[:100])
        case DateType():
            return BUILTIN_DATE
        case DueType():
            return draw(st.sampled_from([None, Due(BUILTIN_DATE, "fixed")]))
        case ZoneType():
            return "Asia/Kolkata"
        case QuantityType():
            return Quantity(Decimal("9" * 24), unit=text[:60], total=Decimal("9" * 25))
    raise AssertionError(type_)


@st.composite
def records(draw: st.DrawFn, kinds: tuple[Kind, ...] = KINDS) -> Opened:
    kind = draw(st.sampled_from(kinds))
    sources = {
        n: Source(
            n,
            draw(words),
            draw(words),
            draw(days),
            draw(st.sampled_from(["", "https://e.org/" + "x" * 280])),
            "n" * 600,
        )
        for n in range(1, draw(st.integers(2, 6)))
    }
    found: dict[str, list[Fact]] = {}
    for field in fields_of(kind):
        count = draw(st.integers(0, 1 if field.rule == "replace" else 12))
        found[field.name] = [
            Fact(
                value_for(draw, kind, field.name),
                draw(days),
                n,
                draw(st.sampled_from(list(sources))),
                draw(words)[:200],
            )
            for n in range(count)
        ]
    found = {name: facts_ for name, facts_ in found.items() if facts_}
    long = draw(words)
    acts = (long * 3)[:800]
    linked_line = (
        cited(acts, ON_DAY, field="who", values=[cited(long, ON_DAY, field="who")]),
        cited("no due date given", field="due"),
    )
    links = [
        Link(
            draw(st.sampled_from(["about", "party", "whose", "topic", "who", "series", "part_of", "under"])),
            long[:80],
            draw(st.booleans()),
            draw(st.sampled_from(KINDS)),
            slug,
            (long * 2)[:100],
            draw(st.sampled_from([(), linked_line])),
            draw(st.booleans()),
            ON_DAY,
        )
        for slug in draw(st.lists(st.sampled_from(slugs), max_size=40))
    ]
    state = State(found, draw(st.none() | days), draw(st.none() | days))
    names = {one.slug: one.name for one in links}
    waits = kind == "pending" and draw(st.booleans())
    items = [AwaitedItem(long[:100], "clearance", ON_DAY)] * draw(st.integers(0, 1))
    said = status(kind, state, names, items)
    made = builders.opened(
        kind, state, slug="s" * 50, name=long[:100], said=said, waits=waits, links=links, sources=list(sources.values())
    )
    return msgspec.structs.replace(made, editor_role_id=7)


async def test_no_record_makes_a_card_or_its_sources_too_long():
    @settings(max_examples=60, deadline=None)
    @given(records(), records(("session",)), st.booleans(), st.sampled_from([None, 2**63]), st.booleans())
    def check(found: Opened, session: Opened, editor: bool, guild_id: int | None, shared: bool):
        view = cards.record(
            found, now=NOW, editor=editor, guild_id=guild_id, shared=shared, session=session, note="-# Shared by <@1>"
        )
        fits(view)
        for page in range(3):
            fits(cards.all_facts(found, page, guild_id=guild_id))

    check()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (
            Source(1, "Joint statement", url="https://example.org/x", published_on=DAY),
            "Joint statement, paragraph 3; 10 November 2023 (year inferred), example.org",
        ),
        (
            Source(1, "example.org", url="https://example.org/x", published_on=DAY),
            "example.org, paragraph 3; 10 November 2023 (year inferred)",
        ),
        (Source(1, "A news article"), "A news article, paragraph 3; undated, no link"),
    ],
)
def test_a_source_says_nothing_twice(source: Source, words: str):
    assert facts.source_words(source, "paragraph 3") == words


def _words_on_the_card(kind: Kind, name: str, link: Link) -> str:
    """Return the line with a statement on the card of a record."""
    text = unescaped(cards.record(opened(kind, [link], name=name), now=NOW, editor=False))
    return next(line for line in text.splitlines() if line.startswith(("**Said", "**What it says", "**What was said")))


@pytest.mark.parametrize(
    ("whose", "values", "shown"),
    [
        (["Trade"], {"form": "call", "said": "wheat is short"}, "call: wheat is short, 10 November 2023"),
        (["Trade"], {"said": "wheat is short"}, "wheat is short, 10 November 2023"),
        (["Trade"], {"form": "call"}, "Trade (call), 10 November 2023"),
        (["Trade Ministry"], {"said": "wheat: short"}, "Trade Ministry: wheat: short, 10 November 2023"),
        (["Trade", "India"], {"said": "wheat is short"}, "Trade and India: wheat is short, 10 November 2023"),
        (["Trade (north): grain"], {"said": "wheat"}, "Trade (north): grain: wheat, 10 November 2023"),
    ],
)
@pytest.mark.parametrize(("kind", "label"), [("participant", "Said"), ("document", "What it says")])
async def test_a_statement_on_the_card_of_its_only_owner_does_not_repeat_the_name(
    kind: Kind, label: str, whose: list[str], values: dict[str, Any], shown: str
):
    said = link("whose", "statement", "Words", whose=[Party("", name) for name in whose], **values)
    assert _words_on_the_card(kind, "Trade", said) == f"**{label}:** {shown}"


@pytest.mark.parametrize(
    ("whose", "form", "shown"),
    [
        ("Trade", None, "wheat is short"),
        ("Trade", "call", "wheat is short"),
        ("Trade Ministry", "call", "Trade Ministry (call)"),
    ],
)
async def test_a_statement_loses_only_its_owner_that_the_card_is_about(whose: str, form: str | None, shown: str):
    state = State(
        {
            "whose": facts_of(Party("", whose)),
            "form": facts_of(form) if form else [],
            "said": [Fact("wheat is short", LATER, 2, 1)],
        }
    )
    said = Link("about", "", False, "statement", "call", "Call", status("statement", state, {}), False, ON_DAY)
    day = "10 November 2023" if shown.startswith("Trade") else "12 November 2023"
    assert _words_on_the_card("topic", "Trade", said) == f"**What was said:** {shown}, {day}"


@pytest.mark.parametrize(
    ("who", "shown"),
    [
        (["Trade"], "Grain"),
        (["Trade Ministry"], "Grain: Trade Ministry to act"),
        (["India", "Trade"], "Grain: India and Trade to act"),
        (["Trade", "India", "Brazil"], "Grain: Trade, India and Brazil to act"),
    ],
)
async def test_an_item_on_the_card_of_who_has_to_act_does_not_repeat_the_name(who: list[str], shown: str):
    item = link("who", "pending", "Grain", state="open", who=[Party("", name) for name in who])
    text = text_of(cards.record(opened("participant", [item], name="Trade"), now=NOW, editor=False))
    assert f"**To act on:** {shown}, 10 November 2023\n" in text
