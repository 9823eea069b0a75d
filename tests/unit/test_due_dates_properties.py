"""Property tests of reminder offsets: none is repeated, early or lost, whatever the zones and the bot's downtimes."""

from __future__ import annotations

from datetime import date, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot import dates
from bot.ledger import due_dates
from bot.ledger.due_dates import CatchUp, Item, Offset

ZONES = st.sampled_from(
    ["UTC", "Asia/Kolkata", "America/New_York", "Pacific/Kiritimati", "Pacific/Niue", "Australia/Lord_Howe"]
)
START = date(2026, 2, 20)
HOURS = st.times().map(lambda at: at.replace(second=0, microsecond=0))
DUES = st.integers(0, 60).map(lambda days: START + timedelta(days=days))
DOWN = st.lists(st.integers(1, 25), min_size=3, max_size=60)
SURE = st.sampled_from(["fixed", "announced", "reported", "usual"])


def told_over(item: Item, gaps: list[int], hour: time, zone: str) -> list[tuple[date, Offset]]:
    """Return the reminders of an item, as pairs of date and offset, when the bot runs only now and then.

    It runs at `hour` in `zone`, after gaps of so many days each.
    """
    reminded: list[tuple[date, Offset]] = []
    since = START - timedelta(days=1)
    for gap in gaps:
        until = since + timedelta(days=gap)
        window = CatchUp(since, until, dates.local_instant(until, hour, zone), zone)
        lead = due_dates.offset_due(item, window, {lead for _, lead in reminded})
        if lead is not None:
            reminded.append((until, lead))
        since = until
    return reminded


def up_to(gaps: list[int]) -> date:
    return START - timedelta(days=1) + timedelta(days=sum(gaps))


@given(DUES, SURE, DOWN, HOURS, ZONES, ZONES)
def test_no_lead_is_told_twice_and_each_is_nearer_than_the_one_before(due_on, sureness, gaps, hour, zone, authority):
    told = [lead for _, lead in told_over(Item(1, "x", "", due_on, sureness, authority), gaps, hour, zone)]
    assert told == sorted(set(told), reverse=True)


@given(DUES, SURE, DOWN, HOURS, ZONES, ZONES)
def test_nothing_is_told_before_its_time(due_on, sureness, gaps, hour, zone, authority):
    for day, lead in told_over(Item(1, "x", "", due_on, sureness, authority), gaps, hour, zone):
        if lead == Offset.OVERDUE:
            assert dates.end_of_day(due_on, authority) <= dates.local_instant(day, hour, zone)
        else:
            assert (due_on - day).days <= lead


@given(DUES, st.sampled_from(["fixed", "announced"]), DOWN, HOURS, ZONES, ZONES)
def test_a_date_that_passed_is_told_as_overdue_however_long_the_bot_was_down(
    due_on, sureness, gaps, hour, zone, authority
):
    item = Item(1, "x", "", due_on, sureness, authority)
    told = [lead for _, lead in told_over(item, gaps, hour, zone)]
    passed = due_dates.is_overdue(item, dates.local_instant(up_to(gaps), hour, zone))
    assert told.count(Offset.OVERDUE) == passed


@given(DUES, st.sampled_from(["fixed", "announced", "reported"]), DOWN, HOURS, ZONES, ZONES)
def test_a_day_that_came_is_told_however_long_the_bot_was_down(due_on, sureness, gaps, hour, zone, authority):
    told = [lead for _, lead in told_over(Item(1, "x", "", due_on, sureness, authority), gaps, hour, zone)]
    assert bool({0, Offset.OVERDUE} & set(told)) == (due_on <= up_to(gaps)) or (
        # The due day ended in the authority's zone before the bot ran on that date.
        Offset.OVERDUE in told
    )


@given(DUES, DUES, st.integers(0, 40), HOURS, ZONES)
def test_leads_move_when_the_date_moves(due_on, moved_to, moved_after, hour, zone):
    days = [1] * 75
    first = told_over(Item(1, "x", "", due_on, "fixed", zone), days[:moved_after], hour, zone)
    assert all((due_on - day).days == lead for day, lead in first if lead != Offset.OVERDUE)
    since = START - timedelta(days=1) + timedelta(days=moved_after)
    later: list[tuple[date, Offset]] = []
    for _ in days[moved_after:]:
        window = CatchUp(since, since + timedelta(days=1), dates.local_instant(since + timedelta(1), hour, zone), zone)
        lead = due_dates.offset_due(Item(1, "x", "", moved_to, "fixed", zone), window, {lead for _, lead in later})
        if lead is not None:
            later.append((window.until, lead))
        since = window.until
    assert all((moved_to - day).days == lead for day, lead in later if lead != Offset.OVERDUE)
    expected = [lead for lead in due_dates.OFFSETS if (moved_to - START).days - lead >= moved_after]
    assert [lead for _, lead in later if lead != Offset.OVERDUE] == expected


@given(st.dates(START, START + timedelta(days=60)), st.integers(1, 40), st.sets(st.sampled_from("1234567"), min_size=1))
def test_a_digest_day_in_some_hours_is_always_found(until, days, weekdays):
    window = CatchUp(until - timedelta(days=days), until, dates.local_instant(until, time(9), "UTC"), "UTC")
    found = window.last_on("".join(weekdays))
    inside = [until - timedelta(days=back) for back in range(days)]
    assert found == max((day for day in inside if str(day.isoweekday()) in weekdays), default=None)
