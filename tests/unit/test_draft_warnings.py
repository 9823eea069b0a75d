"""Tests of what an editor is warned of before a draft is saved."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.ledger.draft_warnings import amount_warnings, closing_warnings, date_warnings, item_warnings
from bot.ledger.drafts import Entry, Planned
from bot.ledger.source_lines import SourceLine
from data.records import Approval, Fact, FactDate, Money, Opened, Party, Source, State, Value
from tests import builders
from tests.builders import on_day

DAY = on_day("2024-03-05")


def fact(value: Value) -> Fact[Value]:
    return Fact(value, DAY, 1, 1)


def month(first: str, last: str) -> FactDate:
    return FactDate("month", on_day(first).first, on_day(last).last)


@pytest.mark.parametrize(
    ("day", "published", "warned"),
    [
        (on_day("2024-03-05"), on_day("2024-03-04"), True),
        (on_day("2024-03-05"), on_day("2024-03-05"), False),
        (on_day("2024-03-05"), on_day("2024-03-06"), False),
        (on_day("2024-03-05"), None, False),
        (on_day("2024-03-05"), FactDate("unknown"), False),
        (on_day("2024-03-05"), month("2024-03-01", "2024-03-31"), False),
        (month("2024-03-01", "2024-03-31"), on_day("2024-03-05"), False),
        (month("2024-04-01", "2024-04-30"), on_day("2024-03-05"), True),
        (FactDate("unknown"), on_day("2024-03-05"), False),
    ],
)
def test_a_date_after_the_source_appeared_is_warned_of(day: FactDate, published: FactDate | None, warned: bool):
    entry = Entry(None, day, SourceLine("News"), published, "")
    assert bool(date_warnings(entry, Source(1, "News", published_on=published))) == warned


def usd(amount: str, currency: str = "USD", kind: str = "") -> Money:
    return Money(Decimal(amount), currency, kind=kind)


@pytest.mark.parametrize(
    ("amounts", "known", "warned"),
    [
        ([usd("1e13")], [], 0),
        ([usd("10000000000001")], [], 1),
        ([usd("10000000000001", "EUR")], [], 1),
        ([usd("10000000000001", "JPY")], [], 0),
        ([usd("1000000000000001", "JPY")], [], 1),
        ([usd("300e9")], [usd("3e9")], 1),
        ([usd("299e9")], [usd("3e9")], 0),
        ([usd("300e9", "INR")], [usd("3e9")], 0),
        ([usd("3e9")], [usd("300e9")], 0),
        ([usd("4e9", kind="contract"), usd("400e9", kind="reported")], [], 1),
        ([usd("0")], [usd("0")], 0),
        ([], [usd("3e9")], 0),
    ],
)
def test_an_absurd_amount_is_warned_of(amounts: list[Money], known: list[Money], warned: int):
    deal = builders.opened("deal", State({"value": [fact(money) for money in known]})) if known else None
    planned = [Planned("d", "deal", "value", amount) for amount in amounts]
    assert len(amount_warnings(planned, deal)) == warned


def item(**fields: Value) -> Opened:
    state = State({"state": [fact("open")]} | {name: [fact(value)] for name, value in fields.items()})
    return builders.opened("pending", state, name="Clearances", said=())


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ["Clearances does not say who must act or what it is about"]),
        ({"who": Party("us")}, ["Clearances does not say what it is about"]),
        ({"about": Party("drones")}, ["Clearances does not say who must act"]),
        ({"who": Party("", "the ministry"), "about": Party("drones")}, []),
    ],
)
def test_an_item_without_who_or_about_is_warned_of(fields: dict[str, Value], expected: list[str]):
    assert item_warnings(item(**fields)) == expected


def test_closing_a_clearance_with_its_approval_open_is_warned_of():
    approvals = [
        Approval(side="us", what="release", state="open", authority="State Department"),
        Approval(side="us", what="review", state="granted", authority="Congress"),
        Approval(side="india", what="purchase", state="open"),
    ]
    state = State({"approval": [fact(approval) for approval in approvals]})
    deal = builders.opened("deal", state, name="Drones", names={"us": "United States"}, said=())
    clearance = item(item_kind="clearance", who=Party("us"))
    (warning,) = closing_warnings(clearance, [deal])
    assert warning.startswith("release by State Department")
    assert warning.endswith("stays open for Drones")
    by_words = item(item_kind="clearance", who=Party("", "state department"))
    assert len(closing_warnings(by_words, [deal])) == 1
    assert closing_warnings(item(item_kind="delivery", who=Party("us")), [deal]) == []
