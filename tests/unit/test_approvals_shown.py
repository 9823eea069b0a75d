"""Tests of how the card of a deal shows its approvals: counted by side, with votes and due days, and once ended."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.ledger.changes import RecordChange, changed_fields
from bot.ledger.fold import fold
from bot.ui import cards, history, news
from data.records import Approval, Link, Source, Timeline, Update
from tests import builders
from tests.builders import on_day, update
from tests.unit.views import text_of

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
NAMES = {"brazil": "Brazil", "paraguay": "Paraguay", "uruguay": "Uruguay", "members": "EU members"}
DUE = on_day("2024-03-02")


def approval(side: str, state: Any = "granted", what: str = "ratification", **more: Any) -> Approval:
    return Approval(side, what, state, **more)


def deal(*approvals: tuple[Approval, str]) -> list[Update]:
    updates = [update(n, "approval", value, on_day(day)) for n, (value, day) in enumerate(approvals, 2)]
    first = on_day("2023-11-10")
    return [update(1, "stage", "under_review", first), *updates, update(90, "name", "The deal", first)]


def card_of(updates: list[Update], links: list[Link] | None = None) -> str:
    opened = builders.opened("deal", fold("deal", updates), names=NAMES, links=[*(links or []), *_links()])
    return cards.render(opened, now=NOW).text


def _links() -> list[Link]:
    fact = update(900, "party", "x", on_day("2023-11-10")).fact
    return [Link("party", "", True, "participant", slug, name, (), False, fact) for slug, name in NAMES.items()]


def line(text: str, label: str) -> str:
    return next((line for line in text.splitlines() if line.startswith(f"**{label}:**")), "")


def test_what_three_sides_approve_is_counted_by_side():
    text = card_of(
        deal(
            (approval("brazil", authority="Senate"), "2026-03-01"),
            (approval("brazil", authority="Chamber"), "2026-02-01"),
            (approval("paraguay"), "2026-03-05"),
            (approval("uruguay", "open", authority="Senate"), "2026-01-01"),
            (approval("uruguay", authority="Chamber"), "2026-02-20"),
        )
    )
    assert line(text, "Approvals") == (
        "**Approvals:** ratification: 2 of 3 granted; newest: ratification by Paraguay: granted, 5 March 2026"
    )


def test_a_refusal_is_counted_and_other_approvals_stand_beside_the_count():
    text = card_of(
        deal(
            (approval("brazil"), "2026-03-01"),
            (approval("paraguay", "refused"), "2026-03-05"),
            (approval("uruguay", "open"), "2026-01-01"),
            (approval("members", what="consent"), "2026-01-17"),
        )
    )
    assert line(text, "Approvals") == (
        "**Approvals:** ratification: 1 of 3 granted, 1 refused; "
        "newest: ratification by Paraguay: refused, 5 March 2026; "
        "consent by EU members: granted, 17 January 2026"
    )


def test_two_sides_are_not_counted():
    text = card_of(deal((approval("brazil"), "2026-03-01"), (approval("uruguay"), "2026-02-20")))
    assert line(text, "Approvals") == (
        "**Approvals:** ratification by Brazil: granted, 1 March 2026; "
        "ratification by Uruguay: granted, 20 February 2026"
    )


def test_a_printed_count_a_vote_and_a_due_day_are_said_where_somebody_has_to_act():
    text = card_of(deal((approval("members", "open", given=12, total=27, due=DUE), "2024-02-01")))
    assert line(text, "Who must act") == (
        "**Who must act:** EU members, for ratification, 12 of 27, due 2 March 2024, 1 February 2024"
    )
    assert "no due date" not in text
    text = card_of(deal((approval("brazil", vote="for"), "2024-02-01")))
    assert line(text, "Approval") == "**Approval:** ratification by Brazil: granted, voted for, 1 February 2024"


def test_a_due_day_is_said_beside_the_open_item_of_the_deal():
    item = Link("about", "", False, "pending", "window", "Window", (), True, update(9, "x", "", DUE).fact, "clearance")
    text = card_of(deal((approval("brazil", "open", due=DUE), "2024-02-01")), [item])
    assert line(text, "Approval") == ("**Approval:** ratification by Brazil: open, due 2 March 2024, 1 February 2024")


async def test_an_ended_approval_leaves_the_card_and_is_in_the_history_as_ended():
    before = deal((approval("brazil", "open"), "2024-02-01"))
    after = [*before, update(3, "approval", approval("brazil", "open", gone=True), on_day("2024-05-03"))]
    assert "ratification" not in card_of(after)
    opened = builders.opened("deal", fold("deal", after), sources=[Source(3, "Gazette")])
    text = text_of(history.page(Timeline(opened, after, NAMES, {}), 0))
    assert "**3 May 2024. No longer: ratification by Brazil: open** (reported 1 February 2024); Gazette" in text
    changes = changed_fields("deal", fold("deal", before), fold("deal", after), after[-1:])
    change = RecordChange("deal", "d", "Deal", False, changes, NAMES, {}, fold("deal", after))
    assert [one.said.text for one in news.news_of(change)] == ["no longer approval: ratification by Brazil: open"]


def test_an_alert_says_the_due_day_and_the_count():
    before = deal()
    value = approval("members", "open", given=12, total=27, due=DUE)
    after = [*before, update(2, "approval", value, on_day("2024-02-01"))]
    changes = changed_fields("deal", fold("deal", before), fold("deal", after), after[-1:])
    change = RecordChange("deal", "d", "Deal", False, changes, NAMES, {}, fold("deal", after))
    assert [one.said.text for one in news.news_of(change)] == [
        "EU members has yet to decide on the ratification, 12 of 27, due 2 March 2024"
    ]
