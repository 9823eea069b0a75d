"""Tests of rendering a record's history: order, dates and sources of each line, former values, pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bot import dates
from bot.ledger.fold import fold, live_updates
from bot.ledger.kinds import KINDS, fields_of
from bot.ledger.values import TextType
from bot.ui import history
from bot.ui.layout import COMPONENT_LIMIT, TEXT_LIMIT
from data.records import Approval, Bound, FactDate, Kind, ListedText, Money, Party, Source, Timeline, Update
from tests import builders
from tests.builders import count_of, due_value, on_day
from tests.unit.views import labels_of, parts, text_of

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
NAMES = {"india": "India", "atomics": "General Atomics", "gone": "Old maker"}
PEOPLE = {1: 77}


def on(text: str) -> FactDate:
    return dates.parse_fact_date(text)


def update(id_: int, field: str, value: Any, day: FactDate, source: int = 1, **more: Any) -> Update:
    """Return an update of the record "d". All updates have the same batch and time of entry."""
    together: dict[str, Any] = {"source_id": source, "batch": "b", "entered_at": NOW}
    return builders.update(id_, field, value, day, **(together | more))


def course(kind: Kind, updates: Sequence[Update], sources: Sequence[Source] = (Source(1, "A report"),)) -> Timeline:
    found = builders.opened(kind, fold(kind, updates), name="Engines", said=(), waits=False, sources=sources)
    return Timeline(found, list(updates), NAMES, PEOPLE)


def pages_of(timeline: Timeline) -> list[str]:
    """Return the text of every page of a history."""
    texts = [text_of(history.page(timeline, 0))]
    while "More history" in labels_of(history.page(timeline, len(texts) - 1)):
        texts.append(text_of(history.page(timeline, len(texts))))
    return texts


def lines_of(timeline: Timeline) -> list[str]:
    """Return the lines about changes on all pages of a history, without headings and small print."""
    return [line for text in pages_of(timeline) for line in text.splitlines() if line.startswith(("**", "~~**"))]


async def test_the_newest_change_stands_first_with_what_was_before_and_its_day():
    sources = [Source(1, "A report"), Source(2, "Ministry", url="https://orissapost.com/x")]
    found = course(
        "deal",
        [
            update(1, "stage", "approved", on("9 October 2024")),
            update(2, "stage", "signed", on("15 October 2024"), 2, locator="paragraph 1"),
        ],
        sources,
    )
    assert lines_of(found) == [
        "**15 October 2024: Signed** (was: last approval given, awaiting signature, 9 October 2024); "
        "[orissapost.com](<https://orissapost.com/x>), paragraph 1",
        "**9 October 2024: Last approval given, awaiting signature**; A report",
    ]


MONEY = Money(Decimal(3000000000), "USD", bound=Bound.ABOUT)
GRANTED = Approval(side="india", what="export licence", state="granted")
MAKER = Party("atomics", "maker")


@pytest.mark.parametrize(
    ("kind", "field", "first", "second", "line"),
    [
        ("deal", "value", None, MONEY, "**2 May 2024. Value: about $3 billion**; A report"),
        (
            "deal",
            "value",
            MONEY,
            replace(MONEY, amount=Decimal(4000000000)),
            "**2 May 2024. Value: about $4 billion** (was: about $3 billion, 1 May 2024); A report",
        ),
        ("deal", "stage", "signed", "signed", "**2 May 2024: Signed** (as reported before, 1 May 2024); A report"),
        ("deal", "party", None, MAKER, "**2 May 2024. Party: General Atomics \\(maker\\)**; A report"),
        (
            "deal",
            "party",
            MAKER,
            replace(MAKER, gone=True),
            "**2 May 2024. No longer: General Atomics \\(maker\\)** (reported 1 May 2024); A report",
        ),
        (
            "deal",
            "party",
            replace(MAKER, gone=True),
            MAKER,
            "**2 May 2024. Party: General Atomics \\(maker\\)**; A report",
        ),
        (
            "deal",
            "approval",
            replace(GRANTED, state="open"),
            GRANTED,
            "**2 May 2024. Approval: export licence by India: granted** (was: open, 1 May 2024); A report",
        ),
        (
            "deal",
            "side_state",
            "on_hold",
            "none",
            "**2 May 2024: No longer on hold** (reported 1 May 2024); A report",
        ),
        ("deal", "side_state", None, "none", "**2 May 2024: Nothing holds it up**; A report"),
        ("deal", "side_state", "none", "stalled", "**2 May 2024: Stalled** (was: not held up, 1 May 2024); A report"),
        (
            "deal",
            "side_state",
            "slipped",
            "none",
            "**2 May 2024: No longer past its target date** (reported 1 May 2024); A report",
        ),
        ("deal", "summary", None, "Raised in New Delhi.", "**2 May 2024. In short: Raised in New Delhi**; A report"),
        ("deal", "made_in", None, "the U.S.", "**2 May 2024. Made in: the U.S.**; A report"),
        (
            "pending",
            "due",
            due_value("2024-10-31"),
            due_value("2024-11-28"),
            "**2 May 2024. Due: Thursday 28 November 2024 \\(announced by an official\\)** "
            "(was: Thursday 31 October 2024 \\(announced by an official\\), 1 May 2024); A report",
        ),
        ("pending", "state", "open", "closed", "**2 May 2024: Closed** (was: open, 1 May 2024); A report"),
        ("deal", "checked", None, "nothing new", "**2 May 2024: Looked at, nothing new**; A report"),
        ("deal", "checked", "nothing new", "nothing new", "**2 May 2024: Looked at, nothing new**; A report"),
    ],
)
async def test_each_kind_of_change_is_said_in_its_own_words(kind: Kind, field: str, first: Any, second: Any, line: str):
    before = [] if first is None else [update(1, field, first, on("1 May 2024"))]
    assert lines_of(course(kind, [*before, update(2, field, second, on("2 May 2024"))]))[0] == line


async def test_what_was_withdrawn_or_corrected_says_by_whom_when_and_why():
    at = dates.timestamp(NOW)
    found = course(
        "deal",
        [
            update(1, "stage", "signed", on("1 May 2024")),
            update(2, "stage", "negotiating", on("1 May 2024"), replaces=1, reason="A slip."),
            update(3, "quantity", count_of("9"), on("2 May 2024"), person_id=2),
            update(
                4, "quantity", count_of("9"), on("2 May 2024"), action="withdrawn", replaces=3, reason="Another deal"
            ),
            update(5, "checked", "nothing new", on("3 May 2024")),
            update(6, "checked", "nothing new", on("3 May 2024"), action="withdrawn", replaces=5, origin="dossier"),
        ],
    )
    assert lines_of(found) == [
        f"~~**3 May 2024: Looked at, nothing new**~~ (withdrawn by the dossier {at}); A report",
        f"~~**2 May 2024. Number: 9**~~ (withdrawn by <@77> {at}: Another deal); A report",
        "**1 May 2024: In negotiation** (reason: A slip); A report",
        f"~~**1 May 2024: Signed**~~ (corrected by <@77> {at}: A slip); A report",
    ]
    assert "\n-# Entered by someone whose name was deleted " in pages_of(found)[0]
    assert "-# These 2 were entered by <@77>" in pages_of(found)[0]


@pytest.mark.parametrize(
    ("later", "ended"),
    [
        ([], False),
        ([("withdrawn", 1)], True),
        ([("withdrawn", 1), ("withdrawn", 2)], False),
        ([("withdrawn", 1), ("withdrawn", 2), ("withdrawn", 1)], True),
        ([("set", 1)], True),
        ([("set", 1), ("withdrawn", 2)], False),
        ([("set", 1), ("withdrawn", 1), ("withdrawn", 3)], True),
    ],
)
async def test_a_step_has_ended_exactly_when_the_record_no_longer_counts_it(later: list[tuple[str, int]], ended: bool):
    updates = [update(1, "quantity", count_of("1"), on("1 May 2024"))]
    updates += [
        update(n, "quantity", count_of(str(n)), on("1 May 2024"), action=action, replaces=replaces)
        for n, (action, replaces) in enumerate(later, 2)
    ]
    found = course("deal", updates)
    step = next(step for step in history.steps(found.opened, updates) if step.update.id == 1)
    assert (step.ended_by is not None) is ended
    assert (1 not in {one.id for one in live_updates(updates)}) is ended
    assert step.ended_by is None or step.ended_by.replaces == 1


async def test_names_topics_and_kinds_are_counted_and_not_told():
    day = on("10 November 2023")
    entered = [
        update(1, "name", "Engines", day),
        update(2, "alias", ListedText("Jet engines"), FactDate("unknown")),
        update(3, "topic", Party("india"), day),
        update(4, "quantity", count_of("99"), day),
    ]
    (text,) = pages_of(course("deal", entered))
    assert "-# 3 entries of names, aliases and topics are left out; *All facts* has them" in text
    assert "Jet engines" not in text
    assert "All facts" in labels_of(history.page(course("deal", entered), 0))
    (again,) = pages_of(course("deal", [*entered, update(5, "name", "Jet engines", on("2024"))]))
    assert "-# 4 entries of names, aliases and topics are left out; *All facts* has those that stand" in again
    (alone,) = pages_of(course("topic", entered[:1]))
    assert "No change is on the record yet.\n" in alone
    assert alone.endswith("-# 1 entry of names is left out; *All facts* has it")


async def test_what_one_act_entered_is_one_line_with_its_main_news_first_and_its_source_once():
    signed = on("2024-10-15")
    entered = [
        update(1, "stage", "approved", on("2024-10-09"), batch="earlier"),
        update(2, "stage", "signed", signed),
        update(3, "value", Money(Decimal(4 * 10**9), "USD", kind="contract"), signed),
        update(4, "quantity", count_of("31"), signed),
    ]
    lines = lines_of(course("deal", entered))
    assert len(lines) == 2
    assert lines[0].startswith(
        "**15 October 2024. Signed** (was: last approval given, awaiting signature, 9 October 2024); "
    )
    assert "; Value: $4 billion" in lines[0]
    assert "; Number: 31; " in lines[0]
    assert lines[0].count("Article") <= 1


async def test_an_undone_part_of_an_act_and_another_source_have_lines_of_their_own():
    signed = on("2024-10-15")
    entered = [
        update(1, "stage", "signed", signed),
        update(2, "quantity", count_of("31"), signed),
        update(3, "model", "B", signed, source=2),
        update(
            4, "quantity", count_of("31"), signed, action="withdrawn", replaces=2, batch="later", reason="A mistake"
        ),
    ]
    lines = lines_of(course("deal", entered))
    assert len(lines) == 3
    assert any(line.startswith("~~") for line in lines)


async def test_a_day_that_is_not_known_comes_last_and_an_inferred_year_is_said_once():
    inferred = on_day("2023-11-10", worked_out=True)
    found = course(
        "deal",
        [
            update(1, "quantity", count_of("99"), inferred),
            update(2, "model", "A", inferred, batch="another"),
            update(3, "delivery", "soon", FactDate("unknown")),
            update(4, "made_in", "India", FactDate("unknown", printed="the Cold War")),
        ],
    )
    (text,) = pages_of(found)
    assert [line.partition(".")[0] for line in lines_of(found)] == [
        "**10 November 2023",
        "**10 November 2023",
        "**The Cold War",
        "**Date not known",
    ]
    assert text.count("inferred") == 1
    assert "-# The year is inferred: 10 November 2023" in text


values = {
    "stage": st.sampled_from(["proposed", "under_review", "approved", "signed", "completed"]),
    "side_state": st.sampled_from(["none", "on_hold", "cancelled"]),
    "quantity": st.sampled_from(["31", "99", "the U.S."]).map(count_of),
    "summary": st.sampled_from(["It was raised.", "It was signed"]),
    "checked": st.just("nothing new"),
    "name": st.sampled_from(["Engines", "Jet engines"]),
    "value": st.builds(lambda n: Money(Decimal(n), "USD"), st.integers(1, 10**10)),
    "party": st.builds(
        lambda who, gone: Party(who, "maker", gone),
        st.sampled_from(["india", "atomics", "gone"]),
        st.booleans(),
    ),
    "approval": st.builds(
        lambda what, state: Approval(side="india", what=what, state=state),
        st.sampled_from(["licence", "budget"]),
        st.sampled_from(["open", "granted"]),
    ),
}
changes = st.lists(
    st.sampled_from(list(values)).flatmap(lambda name: st.tuples(st.just(name), values[name])), max_size=40
)


async def test_each_line_has_its_own_day_and_source_and_that_of_what_it_took_over_from():
    @given(changes, st.randoms(use_true_random=False))
    def check(entered: list[tuple[str, Any]], random: Any):
        days = [date(2020, 1, 1) + timedelta(days=17 * n) for n in range(len(entered))]
        random.shuffle(days)
        updates = [
            update(n, name, value, on_day(day), n, locator=f"page {n}")
            for n, ((name, value), day) in enumerate(zip(entered, days, strict=True), 1)
        ]
        found = course("deal", updates, [Source(one.id, f"Source <{one.id}>") for one in updates])
        told = sorted((one for one in updates if one.field != "name"), key=lambda one: one.date.day or date.min)[::-1]
        lines = lines_of(found)
        assert len(lines) == len(told)
        for one, line in zip(told, lines, strict=True):
            said, _, source = line.rpartition("; ")
            assert line.startswith(f"**{dates.format_fact_date(one.date, weekday=False)}")
            assert source == f"Source \\<{one.id}\\>, page {one.id}"
            assert line.count("Source ") == 1
            assert ".." not in line
            assert ".**" not in line.replace("U.S.**", "")
            was = re.findall(r"\d+ \w+ 20\d\d", said)[1:]
            before = [
                other
                for other in updates
                if other.field == one.field and (other.date.day or date.min) < (one.date.day or date.min)
            ]
            assert set(was) <= {dates.format_fact_date(other.date, weekday=False) for other in before}
            if one.field in ("stage", "summary", "side_state") and before:
                newest = max(before, key=lambda other: other.date.day or date.min)
                assert was == [dates.format_fact_date(newest.date, weekday=False)]

    check()


words = st.text(st.characters(codec="utf-8"), max_size=700).filter(lambda text: text.strip())
days = st.builds(lambda text: FactDate("unknown", printed=text), words) | st.just(on("10 November 2023"))


async def test_no_course_makes_a_page_too_long_or_breaks_it():
    texts = {kind: [f.name for f in fields_of(kind) if type(f.type) is TextType] for kind in KINDS}

    @given(
        st.sampled_from(KINDS),
        st.lists(st.tuples(words, days, words, words), max_size=30),
        st.integers(0, 40),
        st.sampled_from([None, 2**63]),
    )
    def check(kind: Kind, entered: list[tuple[str, FactDate, str, str]], page: int, guild_id: int | None):
        updates = [
            update(n, texts[kind][n % len(texts[kind])], value, day, n % 3, locator=place[:200], reason=reason[:500])
            for n, (value, day, place, reason) in enumerate(entered, 1)
        ]
        updates += [
            update(1000 + u.id, u.field, u.value, u.date, action="withdrawn", replaces=u.id, reason=u.reason)
            for u in updates[::3]
        ]
        sources = [Source(n, "*" * 200, "_" * 200, url="https://e.org/" + "x" * 280) for n in range(2)]
        view = history.page(course(kind, updates, sources), page, guild_id=guild_id)
        found = parts(view)
        assert len(text_of(view)) <= TEXT_LIMIT
        assert len(found) <= COMPONENT_LIMIT
        ids = [part["custom_id"] for part in found if "custom_id" in part]
        assert len(ids) == len(set(ids))
        assert all(len(id_) <= 100 for id_ in ids)
        assert len(labels_of(view)) == len(set(labels_of(view)))

    check()
