"""Test that an alert which is longer than Discord allows is clipped and still mentions its role."""

from __future__ import annotations

from datetime import date

from msgspec.structs import replace

from bot.ledger.changes import Alert, FieldChange, RecordChange
from bot.ui import messages
from data.records import Approval, Fact, FactDate, Source, State
from tests.builders import on_day


def on(day: int) -> FactDate:
    return on_day(date(2026, 2, day))


async def test_a_role_is_mentioned_below_an_alert_of_any_length():
    sources = {n: Source(n, f"Source {n}", url=f"https://news{n}.example/{'a' * 250}") for n in range(1, 8)}
    opened = Approval(side="india", what="w" * 90, state="open", authority="a" * 60)
    granted = replace(opened, state="granted")
    changes = [
        FieldChange(
            "approval",
            True,
            Fact(opened, on(1), 20, 1),
            Fact(granted, on(n + 1), n, n),
        )
        for n in range(1, 8)
    ]
    state = State({"name": [Fact("Tanks", on(1), 30, 1)]})
    change = RecordChange("deal", "tanks", "Tanks", False, changes, {"india": "India"}, sources, state)
    drawn = messages.alert(Alert([change], [55, 56]), 1000, "ab" * 12)
    assert drawn.content is not None
    assert drawn.content.endswith("\n<@&55> <@&56>")
    assert len(drawn.content) <= messages.CONTENT_LIMIT - 200
    assert drawn.roles == (55, 56)
