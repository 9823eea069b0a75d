"""Tests of a deal's status line: the newest stage and what is still open, each with the day of its own fact."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.ledger import stage
from bot.ledger.cited import day_words, plain
from bot.ledger.fold import fold
from bot.ledger.kinds import PENDING_KINDS, SIDE_STATES, STAGES, stage_rank
from bot.ledger.stage import AwaitedItem
from bot.ledger.status import status
from data.records import Approval, ApprovalState, Fact, FactDate, Party, State
from tests.builders import count_of, on_day, update

NAMES = {"us": "U.S. government", "brazil": "Brazil", "eu": "European Union", "india": "India"}


def deal(*entered: tuple[str, Any, str]) -> State:
    """Return the state of a deal from updates, given as field, value and day. Each has a source of its own."""
    updates = [
        update(n, field, value, on_day(on), locator=f"paragraph {n}") for n, (field, value, on) in enumerate(entered, 1)
    ]
    return fold("deal", updates)


def approval(side: str, what: str, state: ApprovalState, authority: str = "") -> Approval:
    return Approval(side=side, what=what, state=state, authority=authority)


def item(name: str, kind: str, opened_on: str) -> AwaitedItem:
    return AwaitedItem(name, kind, Fact(None, on_day(opened_on), 900, 900))


def line(state: State, *items: AwaitedItem) -> str:
    return plain(status("deal", state, NAMES, items))


def test_the_stage_has_the_day_of_its_own_fact_and_no_other_field_dates_it():
    state = deal(
        ("stage", "signed", "2024-10-15"), ("quantity", count_of("99"), "2026-11-20"), ("name", "X", "2026-11-21")
    )
    assert line(state) == "Signed on 15 October 2024"


def test_without_a_stage_nothing_dates_what_is_said():
    state = deal(("quantity", count_of("99"), "2026-11-20"), ("name", "Engines", "2023-11-10"))
    assert line(state) == "No stage reported"
    assert status("deal", state, NAMES)[0].facts == ()


def test_under_way_is_a_stage_that_a_source_reports():
    assert line(deal(("stage", "unspecified", "2023-11-10"))) == "Under way, 10 November 2023"


@pytest.mark.parametrize(
    ("entered", "items", "words"),
    [
        (  # An open delivery does not hide that the deal is signed.
            [("stage", "signed", "2024-10-15")],
            [item("Deliveries of the drones", "delivery", "2024-10-20")],
            "Signed on 15 October 2024; deliveries outstanding, 20 October 2024",
        ),
        (  # An approval asked for before the signature is not waited for afterwards, even if no source closed it.
            [
                ("approval", approval("us", "review", "open", "U.S. Congress"), "2024-02-01"),
                ("stage", "signed", "2024-10-15"),
                ("stage", "in_execution", "2025-06-01"),
            ],
            [],
            "Being carried out, 1 June 2025",
        ),
        (  # An approval asked for after the signature is waited for.
            [
                ("stage", "signed", "2026-01-17"),
                ("approval", approval("eu", "consent", "open", "European Parliament"), "2026-01-21"),
            ],
            [],
            "Signed on 17 January 2026; waiting for consent by European Parliament (European Union), 21 January 2026",
        ),
        (  # The newest open approval is named, and the others are counted.
            [
                ("stage", "under_review", "2023-11-10"),
                ("approval", approval("us", "clearances", "open"), "2023-11-10"),
                ("approval", approval("brazil", "ratification", "requested", "Congress"), "2024-03-03"),
                ("approval", approval("india", "approval", "open", "Cabinet"), "2024-01-01"),
                ("approval", approval("eu", "consent", "granted"), "2024-06-01"),
            ],
            [],
            "Under review, 10 November 2023; waiting for ratification by Congress (Brazil), 3 March 2024; 2 more open",
        ),
        (  # A side state follows the stage.
            [("stage", "signed", "2022-09-16"), ("side_state", "slipped", "2024-10-09")],
            [],
            "Signed on 16 September 2022; target date has passed, 9 October 2024",
        ),
        (  # A side state before the newest stage is left out.
            [("side_state", "on_hold", "2024-01-05"), ("stage", "signed", "2024-10-15")],
            [],
            "Signed on 15 October 2024",
        ),
        (
            [("stage", "negotiating", "2024-01-05"), ("side_state", "none", "2024-10-15")],
            [],
            "In negotiation, 5 January 2024",
        ),
        (
            [("stage", "approved", "2024-10-09"), ("approved_by", Party("india"), "2024-10-09")],
            [],
            "Approved by India, awaiting signature, 9 October 2024",
        ),
        (  # The party of an earlier approval is not named as that of the last one.
            [("stage", "approved", "2024-10-09"), ("approved_by", Party("us"), "2024-02-01")],
            [],
            "Last approval given, awaiting signature, 9 October 2024",
        ),
        (  # Once a deal is signed, items that come before a signature are left out; a payment is not.
            [("stage", "signed", "2024-10-15")],
            [
                item("Clearances", "clearance", "2023-11-10"),
                item("Signature", "signature", "2024-09-01"),
                item("First payment", "payment", "2024-09-01"),
            ],
            "Signed on 15 October 2024; waiting for payment, 1 September 2024",
        ),
        (
            [("stage", "proposed", "2023-11-10")],
            [item("Answer to the offer", "offer_response", "2023-11-12"), item("A gap", "research_gap", "2024-01-01")],
            "Proposed, 10 November 2023; waiting for an answer to the offer, 12 November 2023",
        ),
    ],
)
def test_what_is_open_stands_beside_the_stage(
    entered: list[tuple[str, Any, str]], items: list[AwaitedItem], words: str
):
    assert line(deal(*entered), *items) == words


def test_closing_the_item_leaves_no_waiting_line_of_its_day():
    """Pass no open item, as if it had been closed. The newest fact must not date what the deal still waits for."""
    state = deal(
        ("stage", "under_review", "2023-11-10"),
        ("approval", approval("us", "clearances", "open"), "2023-11-10"),
        ("approval", approval("us", "review", "open", "U.S. Congress"), "2024-02-01"),
        ("quantity", count_of("31"), "2024-03-02"),
    )
    assert "2 March 2024" not in line(state)


@pytest.mark.parametrize(
    ("given_by", "words"),
    [
        (approval("brazil", "ratification", "granted", "Congress"), "Congress (Brazil)"),
        (approval("us", "clearances", "open"), "U.S. government"),
        (approval("india", "approval", "open", "Government of India"), "Government of India"),
        (approval("gone", "approval", "open", "Senate"), "Senate (gone)"),
    ],
)
def test_an_approval_names_the_country_of_its_authority(given_by: Approval, words: str):
    given_by = replace(given_by, state="open", what="x y z")
    assert f"by {words}" in line(deal(("approval", given_by, "2024-01-01")))


days = st.dates(date(2020, 1, 1), date(2026, 12, 31)).map(date.isoformat)
stages = st.tuples(st.just("stage"), st.sampled_from(list(STAGES)), days)
sides = st.tuples(st.just("side_state"), st.sampled_from(list(SIDE_STATES)), days)
approvals = st.tuples(
    st.just("approval"),
    st.builds(
        approval,
        st.sampled_from(list(NAMES)),
        st.sampled_from(["consent", "licence"]),
        st.sampled_from(["not started", "requested", "open", "granted", "refused", "waived", "expired"]),
        st.sampled_from(["", "Congress", "Cabinet"]),
    ),
    days,
)
others = st.tuples(st.sampled_from(["deal_type", "model", "name"]), st.just("x"), days)
items_ = st.builds(item, st.sampled_from(["Alpha", "Beta"]), st.sampled_from(list(PENDING_KINDS)), days)


@given(st.lists(st.one_of(stages, sides, approvals, others), max_size=12), st.lists(items_, max_size=4))
def test_each_part_has_only_days_of_its_own_facts_and_the_stage_is_always_there(
    entered: list[tuple[str, Any, str]], items: list[AwaitedItem]
):
    state = deal(*entered)
    parts = status("deal", state, NAMES, items)
    newest = state.fact("stage", str)
    assert parts[0].facts[:1] == (
        (Fact(None, newest.date, newest.update, newest.source, newest.locator),) if newest else ()
    )
    allowed = {fact.update for name in ("stage", "side_state", "approved_by", "approval") for fact in state.facts(name)}
    assert all(fact.update in allowed | {900} for part in parts for fact in part.facts)
    for part in parts[1:]:
        assert part.facts or part.text.endswith(" more open")
    if newest and stage_rank(newest.value) >= stage_rank("signed") and state.signed:
        waiting = stage.open_approvals(state)
        assert all(fact.date.day and fact.date.day > state.signed for fact in waiting)


@pytest.mark.parametrize(
    ("days_", "words"),
    [
        ([], ""),
        ([on_day("2023-11-10")], "10 November 2023"),
        ([FactDate("unknown")], "date not known"),
        ([FactDate("unknown", printed="Cold War")], "Cold War"),
        ([on_day("2024-01-01"), on_day("2023-11-10")], "1 January 2024 and 10 November 2023"),
    ],
)
def test_days_are_told_in_words(days_: list[FactDate], words: str):
    assert day_words(days_) == words


def test_a_deal_signed_anew_waits_for_nothing_older_than_its_newest_signature():
    entered = [
        ("stage", "signed", "2019-05-01"),
        ("stage", "negotiating", "2020-05-01"),
        ("approval", approval("india", "budget", "open"), "2021-05-01"),
        ("stage", "signed", "2024-05-01"),
    ]
    state, items = deal(*entered), [item("Offer", "offer_response", "2021-05-01")]
    assert plain(status("deal", state, NAMES, items)) == "Signed on 1 May 2024"
    executed = deal(*entered, ("stage", "in_execution", "2025-05-01"))
    assert executed.signed == date(2024, 5, 1)
