"""Tests of when reminders and digests are due, by tables: offsets, the end of a day in its zone, skipped digests."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from bot import dates
from bot.ledger import due_dates
from bot.ledger.due_dates import CatchUp, Item, Offset

ZONE = "Asia/Kolkata"
DUE = date(2026, 3, 20)  # A Friday.


def item(due_on: date | None = DUE, sureness: Any = "fixed", zone: str = ZONE, kind: str = "signature") -> Item:
    return Item(1, "loa", kind, due_on, sureness if due_on else None, zone)


def window(until: date, days: int = 1, hour: time = time(9), zone: str = ZONE) -> CatchUp:
    return CatchUp(until - timedelta(days=days), until, dates.local_instant(until, hour, zone), zone)


def before(days: int) -> date:
    return DUE - timedelta(days=days)


@pytest.mark.parametrize(
    ("sureness", "told_on"),
    [
        ("fixed", {14: 14, 7: 7, 2: 2, 0: 0, -1: Offset.OVERDUE}),
        ("announced", {14: 14, 7: 7, 2: 2, 0: 0, -1: Offset.OVERDUE}),
        ("reported", {0: 0}),
        ("usual", {}),
    ],
)
def test_a_date_is_told_by_how_sure_it_is(sureness, told_on):
    found = {
        days: due_dates.offset_due(item(sureness=sureness), window(before(days)), ()) for days in range(20, -5, -1)
    }
    assert {days: lead for days, lead in found.items() if lead is not None and days > -2} == told_on


def test_an_item_without_a_date_has_no_leads():
    assert all(due_dates.offset_due(item(None), window(before(days)), ()) is None for days in range(20, -20, -1))


@pytest.mark.parametrize(
    ("until", "days", "told"),
    [
        (before(5), 12, 7),  # 14 and 7 were missed.
        (before(1), 30, 2),
        (before(0), 30, 0),
        (before(-1), 30, Offset.OVERDUE),
        (before(-40), 60, Offset.OVERDUE),
        (before(8), 30, 14),
    ],
)
def test_of_several_missed_leads_the_nearest_is_told(until, days, told):
    assert due_dates.offset_due(item(), window(until, days), ()) == told


@pytest.mark.parametrize("told", [{2}, {7, 2}, {0}, {Offset.OVERDUE}])
def test_no_lead_is_told_after_a_nearer_one_or_twice(told):
    assert due_dates.offset_due(item(), window(before(2)), told) is None
    assert due_dates.offset_due(item(), window(before(1), 10), told) is None


def test_a_day_that_ended_before_its_hour_is_told_is_left_to_the_overdue_notice():
    hour, late = window(DUE), dates.end_of_day(DUE, ZONE)
    assert due_dates.offset_due(item(), hour, (), hour.at) == 0
    assert due_dates.offset_due(item(), hour, (), late) is None
    assert due_dates.offset_due(item(), window(before(-1)), (), late + timedelta(hours=9)) == Offset.OVERDUE
    assert due_dates.offset_due(item(sureness="reported"), hour, (), late) == 0


def test_overdue_is_told_at_the_first_hour_after_the_day_has_ended_where_it_counts():
    washington = item(zone="America/New_York")
    # 20 March ends in Washington at 04:00 UTC on the 21st, which is 09:30 in Delhi.
    assert due_dates.offset_due(washington, window(date(2026, 3, 21)), {Offset.SAME_DAY}) is None
    assert due_dates.offset_due(washington, window(date(2026, 3, 22)), {Offset.SAME_DAY}) == Offset.OVERDUE
    assert (
        due_dates.offset_due(washington, window(date(2026, 3, 21), hour=time(10)), {Offset.SAME_DAY}) == Offset.OVERDUE
    )
    kiribati = item(zone="Pacific/Kiritimati")
    assert due_dates.offset_due(kiribati, window(DUE, hour=time(16)), {Offset.SAME_DAY}) == Offset.OVERDUE


def test_the_day_itself_is_told_late_while_it_has_not_ended_where_it_counts():
    missed = window(date(2026, 3, 21), 5)
    assert due_dates.offset_due(item(zone="America/New_York"), missed, {Offset.TWO_WEEKS, Offset.ONE_WEEK}) == 0


def test_what_was_overdue_long_before_the_hours_began_is_not_told():
    assert due_dates.offset_due(item(), window(before(-30)), ()) is None


@pytest.mark.parametrize(
    ("lead", "person", "digest", "own"),
    [
        (14, True, False, True),
        (14, True, True, True),
        (7, False, True, False),
        (2, False, True, False),
        (2, False, False, True),
        (0, False, True, True),
        (Offset.OVERDUE, False, True, True),
    ],
)
def test_a_channel_with_a_digest_is_told_the_early_leads_by_it(lead, person, digest, own):
    assert due_dates.is_own_message(lead, person=person, digest=digest) is own


@pytest.mark.parametrize(
    ("sureness", "due_on", "listed"),
    [
        (None, None, True),
        ("usual", before(-30), True),
        ("usual", before(30), True),
        ("fixed", before(-1), False),
        ("fixed", before(1), True),
        ("reported", before(1), True),
        ("reported", before(0), False),
    ],
)
def test_mondays_list_what_has_no_date_that_lies_ahead(sureness, due_on, listed):
    at = dates.local_instant(DUE, time(9), ZONE)
    assert due_dates.is_still_open(item(due_on, sureness), DUE, at) is listed


@pytest.mark.parametrize(
    ("sureness", "days", "listed"),
    [
        ("fixed", 14, True),
        ("fixed", 15, False),
        ("announced", 0, True),
        ("announced", -1, False),
        ("reported", 0, True),
        ("reported", 1, False),
        ("usual", 1, False),
    ],
)
def test_a_digest_lists_fourteen_days_and_a_reported_date_on_its_day(sureness, days, listed):
    day = before(days)
    at = dates.local_instant(day, time(9), ZONE)
    assert due_dates.is_ahead(item(sureness=sureness), day, at) is listed


@pytest.mark.parametrize(
    ("sureness", "since", "day", "own_message", "fell"),
    [
        ("fixed", before(8), before(7), True, True),
        ("fixed", before(7), before(6), True, False),
        ("fixed", before(8), before(5), True, True),  # Over a weekend.
        ("fixed", before(1), before(0), True, False),
        ("fixed", before(1), before(0), False, True),
        ("reported", before(8), before(7), False, False),
        ("reported", before(1), before(0), False, True),
        ("usual", before(30), before(-5), False, False),
    ],
)
def test_a_lead_keeps_a_digest_from_being_skipped(sureness, since, day, own_message, fell):
    assert due_dates.offset_reached(item(sureness=sureness), since, day, own_message=own_message) is fell


def test_the_last_monday_of_some_hours_is_found():
    monday = date(2026, 3, 16)
    assert window(monday).last_on("1") == monday
    assert window(date(2026, 3, 17)).last_on("1") is None
    assert window(date(2026, 3, 19), 10).last_on("1") == monday
    assert window(date(2026, 3, 19), 40).last_on("45") == date(2026, 3, 19)


def test_an_hour_at_a_change_of_clocks_is_told_like_any_other():
    # On 8 March 2026 the clocks of New York go forward at two.
    due = item(date(2026, 3, 22), zone="America/New_York")
    at = datetime(2026, 3, 8, 7, 30, tzinfo=UTC)
    hours = CatchUp(date(2026, 3, 7), date(2026, 3, 8), at, "America/New_York")
    assert dates.local_instant(date(2026, 3, 8), time(2, 30), "America/New_York") == at
    assert due_dates.offset_due(due, hours, ()) == 14
