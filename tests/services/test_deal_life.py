"""A walk through one deal's life: after every step its stage, values, approvals, history and past days are right.

The steps follow the public record of the sale of drones to India, with a correction, a withdrawal, and a withdrawal of
that withdrawal. See docs/architecture.md for how updates add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from msgspec.structs import replace

from bot.ledger import fold
from bot.ledger.values import MoneyType
from bot.services import updates
from bot.services.updates import Change
from data.database import Database
from data.records import Approval, Bound, Money, Quantity, State, Value
from tests.builders import on_day

DEAL = "drones"
MONEY = MoneyType("more than 3 billion USD")
REVIEW = Approval("us", "review of the sale", "open", "Congress")
RELEASE = Approval("us", "release", "granted", "State Department")
CABINET = Approval("india", "purchase", "granted", "Cabinet Committee on Security")
THREE_BILLION = Money(Decimal(3000000000), "USD", Bound.MORE_THAN)
CEILING = Money(Decimal(3990000000), "USD", kind="notified ceiling")
CONTRACT = Money(Decimal(320000000000), "INR", kind="contract", unit="crore")


@dataclass(frozen=True)
class Step:
    """One step of the walk: facts that are entered on a fact day, or a withdrawal, and what the deal is afterwards.

    `corrects` and `withdraws` name earlier steps. `stage`, `values` and `open` are the deal's after the step, and
    `on` says what its stage was at the end of some days, as the ledger then knows.
    """

    name: str
    day: str
    facts: Sequence[tuple[str, Value]] = ()
    corrects: str = ""
    withdraws: str = ""
    stage: str = ""
    values: Sequence[str] = ()
    open: Sequence[str] = ()
    on: dict[str, str] = field(default_factory=dict)


FIRST = ("more than $3 billion",)
BOTH = (*FIRST, "$3.99 billion (notified ceiling)")
ALL = (*BOTH, "₹32,000 crore (₹320 billion, contract)")
STEPS = (
    Step(
        "reported",
        "2023-11-10",
        [("stage", "under_review"), ("value", THREE_BILLION)],
        stage="under_review",
        values=FIRST,
    ),
    Step("counted", "2023-11-10", [("quantity", Quantity(Decimal(31)))], stage="under_review", values=FIRST),
    Step("bought by", "2023-11-10", [("side_state", "none")], stage="under_review", values=FIRST),
    Step(
        "notified",
        "2024-02-01",
        [("value", CEILING), ("approval", REVIEW), ("approval", RELEASE)],
        stage="under_review",
        values=BOTH,
        open=["review of the sale"],
        on={"2024-01-31": "under_review"},
    ),
    Step(
        "review over",
        "2024-03-02",
        [("approval", replace(REVIEW, state="expired"))],
        stage="under_review",
        values=BOTH,
    ),
    Step(
        "offered",
        "2024-03-11",
        [("stage", "negotiating")],
        stage="negotiating",
        values=BOTH,
        on={"2024-03-10": "under_review"},
    ),
    Step("held up", "2024-05-02", [("side_state", "on_hold")], stage="negotiating", values=BOTH),
    Step("goes on", "2024-05-20", [("side_state", "none")], stage="negotiating", values=BOTH),
    Step("welcomed", "2024-06-17", [("summary", "Talks welcomed progress.")], stage="negotiating", values=BOTH),
    # A mistake: nothing was signed in September.
    Step(
        "false signature",
        "2024-09-21",
        [("stage", "signed")],
        stage="signed",
        values=BOTH,
        on={"2024-09-20": "negotiating"},
    ),
    Step(
        "withdrawn",
        "2024-09-21",
        withdraws="false signature",
        stage="negotiating",
        values=BOTH,
        on={"2024-09-21": "negotiating"},
    ),
    Step(
        "withdrawal withdrawn",
        "2024-09-21",
        withdraws="withdrawn",
        stage="signed",
        values=BOTH,
        on={"2024-09-22": "signed"},
    ),
    Step("withdrawn again", "2024-09-21", withdraws="false signature", stage="negotiating", values=BOTH),
    Step("cabinet", "2024-10-09", [("approval", CABINET), ("stage", "approved")], stage="approved", values=BOTH),
    Step(
        "signed",
        "2024-10-16",
        [("stage", "signed"), ("value", CONTRACT)],
        stage="signed",
        values=ALL,
        on={"2024-10-15": "approved", "2024-10-16": "signed"},
    ),
    # The contract was signed a day earlier than first entered.
    Step(
        "signature corrected",
        "2024-10-15",
        [("stage", "signed")],
        corrects="signed",
        stage="signed",
        values=ALL,
        on={"2024-10-14": "approved", "2024-10-15": "signed"},
    ),
    # An older fact that is entered late changes the past only.
    Step(
        "late fact",
        "2023-06-15",
        [("stage", "requested")],
        stage="signed",
        values=ALL,
        on={"2023-06-14": "", "2023-07-01": "requested", "2023-11-10": "under_review"},
    ),
    Step(
        "first value ended",
        "2024-10-16",
        [("value", replace(THREE_BILLION, gone=True))],
        stage="signed",
        values=ALL[1:],
    ),
    Step("started", "2025-01-20", [("stage", "in_execution")], stage="in_execution", values=ALL[1:]),
    Step(
        "completed",
        "2029-06-30",
        [("stage", "completed")],
        stage="completed",
        values=ALL[1:],
        on={"2029-06-29": "in_execution", "2024-10-15": "signed", "2024-02-15": "under_review"},
    ),
)


def described(state: State) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Return the stage, the values in words and the open approvals of a deal."""
    values = [MONEY.words(fact.value, {}) for fact in state.facts("value", Money)]
    awaited = [fact.value.what for fact in state.facts("approval", Approval) if fold.is_open(fact.value)]
    return state.text("stage"), tuple(values), tuple(awaited)


async def test_every_step_of_a_deals_life_is_right_today_and_on_past_days(
    db: Database, guild: int, source: int, now: datetime
) -> None:
    assert len(STEPS) == 20
    async with db.write(guild) as conn:
        names = [("us", "United States"), ("india", "India")]
        made = [Change(slug, "participant", "name", name, on_day("2023-11-10"), source) for slug, name in names]
        made.append(Change(DEAL, "deal", "name", "31 armed drones", on_day("2023-11-10"), source))
        await updates.append(conn, guild, made, now=now - timedelta(days=1), person_id=1, origin="editor")

    at = now.replace(year=2030)  # Every fact day of the walk has begun.
    first_ids: dict[str, int] = {}
    for number, step in enumerate(STEPS):
        at += timedelta(days=1)
        before = await updates.history(db.read, guild, DEAL)
        async with db.write(guild) as conn:
            if step.withdraws:
                target = first_ids[step.withdraws]
                await updates.withdraw(conn, guild, [target], now=at, person_id=1, reason="It was wrong")
            else:
                replaces = first_ids.get(step.corrects)
                changes = [
                    Change(DEAL, "deal", name, value, on_day(step.day), source, reason="r", replaces=replaces)
                    for name, value in step.facts
                ]
                await updates.append(conn, guild, changes, now=at, person_id=1, origin="editor")
        history = await updates.history(db.read, guild, DEAL)
        assert history[: len(before)] == before, f"{step.name}: what was entered before has changed"
        first_ids[step.name] = history[len(before)].id

        today = fold.fold("deal", history)
        assert described(today) == (step.stage, tuple(step.values), tuple(step.open)), step.name
        for day, stage in step.on.items():
            past = fold.fold("deal", history, as_of=on_day(day).last)
            assert past.text("stage") == stage, f"{step.name}: on {day}"
        # The view "known on" the day of each earlier step is what that step showed.
        for earlier, entered in enumerate(STEPS[: number + 1]):
            known_on = at - timedelta(days=number - earlier)
            known = fold.fold("deal", history, known_on=known_on)
            assert described(known)[0] == entered.stage, f"{step.name}: known after {entered.name}"
