"""Property test of alerts and digests: each date and source in them is beside the words of its own update."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.ledger import fold
from bot.ledger.changes import Alert, RecordChange, changed_fields, with_news
from bot.ledger.kinds import STAGES, get_field
from bot.ledger.values import expect
from bot.message_contents import Digest
from bot.ui import digests as rendered
from bot.ui import messages, news
from data.records import Due, FactDate, Kind, Money, Party, Source, Update, Value
from tests.builders import due_value, on_day, update

START = datetime(2026, 1, 1, tzinfo=UTC)
TEXTS = ("model", "delivery", "made_in", "summary")
NAMES: dict[Kind, str] = {"deal": "The drones", "pending": "The licence"}


def on(number: int) -> FactDate:
    """Return the fact date for the update with this number. Every number has a different one."""
    day = date(2020, 1, 1) + timedelta(days=number)
    return on_day(day)


def due(number: int) -> Due:
    return due_value(date(2031, 1, 1) + timedelta(days=number))


def value_of(field: str, number: int, choice: str) -> Value:
    if field == "stage":
        return choice
    if field == "value":
        return Money(Decimal(number + 101), "USD", kind=f"kind {number}")
    if field == "who":
        return Party("", f"tok{number:02}")
    return due(number) if field == "due" else choice if field == "state" else f"tok{number:02}"


@st.composite
def courses(draw: st.DrawFn) -> tuple[Kind, list[Update], int]:
    """Draw the kind of a record, its updates, and how many of these were reported before the alert or digest.

    Each update that sets a value has a fact date and a source of its own.
    """
    kind: Kind = draw(st.sampled_from(["deal", "pending"]))
    fields = ["stage", "value", *TEXTS] if kind == "deal" else ["state", "who", "due", "summary"]
    chosen = draw(st.lists(st.sampled_from(fields), min_size=1, max_size=7))
    days = draw(st.permutations(range(1, len(chosen) + 1)))
    # No stage or state occurs twice, so its words identify the update.
    choices = {"stage": iter(draw(st.permutations(list(STAGES)))), "state": iter(["open", "closed"])}
    updates = [_update(0, kind, "name", NAMES[kind], 0)]
    for number, field in zip(days, chosen, strict=True):
        choice = next(choices[field], "") if field in choices else ""
        if field in choices and not choice:
            continue
        target = next((u for u in reversed(updates) if u.field == field and u.action == "set"), None)
        how = draw(st.sampled_from(["set", "set", "set", "replaces", "withdraws"])) if target else "set"
        if how == "withdraws" and target is not None:
            updates.append(_update(len(updates), kind, field, target.value, target.source_id, target.id, "withdrawn"))
            continue
        replaced = target.id if how == "replaces" and target is not None else None
        updates.append(_update(len(updates), kind, field, value_of(field, number, choice), number, replaced))
    return kind, updates, draw(st.integers(1, len(updates) - 1)) if len(updates) > 1 else 1


def _update(
    id_: int, kind: Kind, field: str, value: Any, number: int, replaces: int | None = None, action: Any = "set"
) -> Update:
    cited = {"source_id": number, "locator": f"page {number}", "reason": "as it says"}
    acted = {"action": action, "replaces": replaces, "entered_at": START + timedelta(hours=id_)}
    return update(id_, field, value, on(number), record=kind, **cited, **acted)


def change_of(kind: Kind, updates: list[Update], told: int) -> RecordChange | None:
    before, after = fold.fold(kind, updates[:told]), fold.fold(kind, updates)
    changes = with_news(kind, changed_fields(kind, before, after, updates[told:]))
    sources = {u.source_id: Source(u.source_id, f"Report {u.source_id:02}") for u in updates}
    return RecordChange(kind, kind, NAMES[kind], False, changes, {}, sources, after) if changes else None


def words_of(kind: Kind, updates: list[Update]) -> dict[str, int]:
    """Return all wordings of the updates in lower case, each with the source id of its update."""
    wordings: dict[str, int] = {}
    for update_ in updates:
        if update_.action != "set" or update_.field == "name":
            continue
        value = update_.fact.value
        if update_.field == "stage":
            stage = expect(value, str)
            words = STAGES[stage]
            phrases = [news._STAGES[stage], words[:1].lower() + words[1:]]
        elif update_.field == "state":
            phrases = ["a new item is open", "the item is open", "as: open", "was open"]
            phrases = ["the item is closed", "as: closed", "was closed"] if value == "closed" else phrases
        elif update_.field == "due":
            phrases = [get_field("pending", "due").type.words(value, {}).split(" (")[0]]
        elif update_.field == "value":
            phrases = [get_field("deal", "value").type.words(value, {}).split(" (")[0]]
        else:
            phrases = [value.role if isinstance(value, Party) else expect(value, str)]
        wordings |= dict.fromkeys(phrases, update_.source_id)
    return {words.casefold(): number for words, number in wordings.items()}


def check(text: str, kind: Kind, updates: list[Update]) -> None:
    """Assert that each date and source in a text follows the words of its own update, and that none is missing."""
    words = words_of(kind, updates)
    days = {f"{on(u.source_id).first:%-d %B %Y}".casefold(): u.source_id for u in updates}
    tokens = "|".join(re.escape(wording) for wording in sorted(words, key=len, reverse=True))
    pattern = re.compile(rf"(?P<said>{tokens})|(?P<day>\b\d+ \w+ 2020\b)|report (?P<source>\d\d)")
    reported: set[tuple[int, int]] = set()
    unsaid: set[int] = set()
    for line in text.casefold().splitlines():
        found = [(m.lastgroup, m[m.lastgroup or 0]) for m in pattern.finditer(line)]
        if line.removeprefix("-# ").startswith("reported "):
            numbers = [days[what] if how == "day" else int(what) for how, what in found]
            assert len(set(numbers)) == 1, line
            reported |= {(numbers[0], len(numbers))}
            continue
        last, stated = None, True
        for how, what in found:
            if how == "said":
                unsaid |= set() if stated or last is None else {last}
                last, stated = words[what], False
            else:
                stated = True
                assert (days[what] if how == "day" else int(what)) == last, line
        unsaid |= set() if stated or last is None else {last}
    assert {(number, 2) for number in unsaid} <= reported, text


@settings(max_examples=400, deadline=None)
@given(courses())
def test_no_day_or_source_stands_beside_the_words_of_another_update(course):
    kind, updates, told = course
    change = change_of(kind, updates, told)
    if change is None:
        return

    async def texts() -> tuple[str, str]:  # Views can only be made inside an event loop.
        alert = messages.alert(Alert([change], []), 1, "nonce").content or ""
        found = Digest(
            day=date(2026, 2, 2), server="Newsroom", first=False, still_open=None, overdue=[], due=[], changes=[change],
            loads=[], deals=[], statements=[], open_total=0, offset_reached=False, read_to=9,
        )  # fmt: skip
        return alert, rendered.digest(found, 1, "nonce").text.split("### What changed\n")[1].split("\n\n")[0]

    alert, digest = asyncio.run(texts())
    check(alert, kind, updates)
    check(digest, kind, updates)
