"""Tests of reminders on a real database: when each is sent, and its text, with snoozes, moved dates and downtime."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from bot.delivery.kinds import NothingToSend
from bot.errors import BadInput, UserError
from bot.ledger.due_dates import Offset
from bot.services import deliveries, destinations, people, records, reminders, sources, updates, why
from bot.services.updates import Change
from data.records import Due, FactDate, Outcome, Party
from tests.builders import on_day
from tests.services.outbound import GUILD, OTHER_CHANNEL, Outbound, at, day, due, lead_of

START = at("2027-03-01 12:00")  # A Monday.


@pytest.fixture
async def there(db, guild, source) -> Outbound:
    return Outbound(db, source, START)


def told(deliveries_sent) -> list[tuple[str, Offset | None]]:
    """Return the local date and the offset of each reminder in a list of sent deliveries with their dates."""
    return [(day.isoformat(), lead_of(sent)) for day, sent in deliveries_sent if sent.kind == "reminder"]


# Dated items


async def test_a_person_is_reminded_before_on_and_after_the_day(there: Outbound):
    await there.item("loa", due=due("2027-03-20"))
    await there.join(await there.person(), "loa")
    assert told(await there.live_to("2027-03-27 12:00")) == [
        ("2027-03-06", 14),
        ("2027-03-13", 7),
        ("2027-03-18", 2),
        ("2027-03-20", 0),
        ("2027-03-21", Offset.OVERDUE),
    ]


async def test_the_channel_of_the_server_is_reminded_without_asking_and_others_are_not(there: Outbound):
    await there.channel()
    await there.channel(OTHER_CHANNEL)
    await there.item("loa", due=due("2027-03-10", "announced"))
    found = await there.live_to("2027-03-12 12:00")
    assert told(found) == [("2027-03-03", 7), ("2027-03-08", 2), ("2027-03-10", 0), ("2027-03-11", Offset.OVERDUE)]
    assert {(await destinations.get(there.db.read, sent.destination_id)).channel_id for _, sent in found} == {1001}


async def test_a_channel_with_a_digest_has_the_early_leads_in_it(there: Outbound):
    await there.digest(await there.channel())
    await there.item("loa", due=due("2027-03-10", "announced"))
    assert told(await there.live_to("2027-03-12 12:00")) == [("2027-03-10", 0), ("2027-03-11", Offset.OVERDUE)]


@pytest.mark.parametrize(("sureness", "days"), [("reported", [("2027-03-10", 0)]), ("usual", [])])
async def test_less_sure_dates_are_told_less(there: Outbound, sureness, days):
    await there.channel()
    await there.item("loa", due=due("2027-03-10", sureness))
    assert told(await there.live_to("2027-03-14 12:00")) == days


async def test_of_a_vague_date_the_last_day_counts(there: Outbound):
    vague = Due(FactDate("month", first=date(2027, 3, 1), last=date(2027, 3, 31)), "announced")
    await there.join(await there.person(), (await there.item("talks", due=vague)).record.slug)
    await there.go_to("2027-03-24 09:00")
    assert "**Due in 7 days: Talks.**\nDue by the end of March 2027, announced by an official;" in there.last


async def test_the_day_ends_in_the_zone_of_the_authority(there: Outbound):
    await there.channel()
    await there.item("loa", due=due("2027-03-10"), zone="America/New_York")
    # In New York 10 March ends at 10:30 Delhi time on the 11th, after that day's delivery time of 09:00.
    assert told(await there.live_to("2027-03-13 12:00"))[-1] == ("2027-03-12", Offset.OVERDUE)


async def test_days_of_silence_become_one_message_with_the_nearest_lead(there: Outbound):
    await there.join(await there.person(), (await there.item("loa", due=due("2027-03-20"))).record.slug)
    (sent,) = await there.go_to("2027-03-14 15:00")
    assert lead_of(sent) == 7
    assert there.last.startswith("**Due in 6 days: Loa.**")
    assert sent.due_at == at("2027-03-14 09:00")
    (sent,) = await there.go_to("2027-05-14 15:00")
    assert lead_of(sent) == Offset.OVERDUE
    assert await there.go_to("2027-05-15 15:00") == []


async def test_reminders_move_with_the_date(there: Outbound):
    await there.join(await there.person(), (await there.item("loa", due=due("2027-03-08"))).record.slug)
    await there.live_to("2027-03-06 12:00")
    await there.enter("loa", "pending", due=due("2027-03-15"))
    assert told(await there.live_to("2027-03-17 12:00")) == [
        ("2027-03-08", 7),
        ("2027-03-13", 2),
        ("2027-03-15", 0),
        ("2027-03-16", Offset.OVERDUE),
    ]


async def test_a_closed_item_is_silent(there: Outbound):
    await there.join(await there.person(), (await there.item("loa", due=due("2027-03-10"))).record.slug)
    await there.live_to("2027-03-09 12:00")
    await there.enter("loa", "pending", state="closed")
    assert await there.live_to("2027-03-13 12:00") == []


@pytest.mark.parametrize(
    ("between", "reason"),
    [
        ({"state": "closed"}, "closed"),
        ({"due": due("2027-04-01")}, "the date has moved"),
        ({"due": None}, "the date has moved"),
        ({"due": due("2027-03-08", "reported")}, "the date is less sure now"),
    ],
)
async def test_what_changed_between_planning_and_sending_is_no_longer_due(there: Outbound, between, reason):
    await there.join(await there.person(), (await there.item("loa", due=due("2027-03-08"))).record.slug)
    there.now = at("2027-03-06 09:00")
    await there.plan()
    (planned,) = await there.waiting()
    await there.enter("loa", "pending", **between)
    assert await there.send() == []
    ended = await deliveries.get(there.db.read, planned.id)
    assert (ended.outcome, ended.detail) == (Outcome.NO_LONGER_DUE, reason)


async def test_a_reminder_of_a_record_that_was_taken_back_is_not_sent(there: Outbound):
    batch = await there.enter("loa", "pending", name="Loa", state="open", due=due("2027-03-08"))
    place = await there.person()
    await there.join(place, "loa")
    there.now = at("2027-03-06 09:00")
    await there.plan()
    rows = await there.db.read.execute_fetchall("SELECT id FROM ledger WHERE batch = ?", (batch,))
    async with there.db.write(GUILD) as conn:
        await updates.withdraw(conn, GUILD, [id_ for (id_,) in rows], now=there.now, person_id=1, reason="wrong")
    assert await there.send() == []


async def test_a_paused_channel_catches_up_with_one_message(there: Outbound):
    place = await there.channel()
    await there.item("loa", due=due("2027-03-10"))
    there.now = at("2027-03-03 09:00")
    await there.plan()
    async with there.db.write(GUILD) as conn:
        await destinations.pause(conn, place.id, Outcome.NOT_PERMITTED, "the bot lacks Send Messages there")
    assert await there.live_to("2027-03-08 12:00") == []
    async with there.db.write(GUILD) as conn:
        await destinations.resume(conn, place.id, there.now)
    sent = await there.go_to("2027-03-08 12:01")
    assert [lead_of(one) for one in sent if one.kind == "reminder"] == [2]
    assert Outcome.REPLACED in dict(await there.settled("reminder")).values()


async def test_a_window_that_ended_asks_what_happened(there: Outbound):
    await there.channel()
    await there.item("notice", item_kind="notification_window", due=due("2027-03-10"))
    await there.go_to("2027-03-10 09:00")
    assert there.last.startswith("**Notification window ends today: Notice.**")
    await there.go_to("2027-03-11 09:00")
    assert there.last.startswith("**Window ended, what happened? Notice.**")
    assert "no source here reports what happened" in there.last


async def test_one_hour_that_cannot_be_planned_stops_no_other(there: Outbound):
    await there.item("loa", due=due("2027-03-10"))
    bad, good = await there.person(500), await there.person(501)
    for place in (bad, good):
        await there.join(place, "loa")
    async with there.db.write(GUILD) as conn:
        await conn.execute("UPDATE destination SET zone = 'Nowhere/At_All' WHERE id = ?", (bad.id,))
    (sent,) = await there.go_to("2027-03-03 09:00")
    assert sent.destination_id == good.id


async def test_the_hour_is_local_wall_time_over_a_change_of_clocks(there: Outbound):
    place = await there.person()
    async with there.db.write(None) as conn:
        await people.set_zone(conn, 500, "America/New_York")
    await there.item("loa", due=due("2027-03-14"), zone="America/New_York")  # The day the clocks go forward.
    await there.join(place, "loa")
    found = await there.live_to("2027-03-15 23:00")
    assert [sent.due_at for _, sent in found] == [
        at("2027-03-07 09:00", "America/New_York"),
        at("2027-03-12 09:00", "America/New_York"),
        at("2027-03-14 09:00", "America/New_York"),
        at("2027-03-15 09:00", "America/New_York"),
    ]
    assert found[1][1].due_at.hour - found[2][1].due_at.hour == 1


async def test_nothing_is_told_twice_when_the_process_starts_anew_each_hour(there: Outbound):
    await there.join(await there.person(), (await there.item("loa", due=due("2027-03-03"))).record.slug)
    there.now = at("2027-03-03 09:00")
    await there.plan()
    await there.plan()
    assert len(await there.waiting()) == 1
    assert len(await there.send()) == 1
    await there.plan()
    assert await there.waiting() == []


# What a message says


async def dated_item(there: Outbound, item_kind: str = "signature", **more: Any) -> None:
    """Enter a pending item about a deal. Its actor and its due date have different sources and fact dates."""
    await there.enter("drones", "deal", name="31 armed drones")
    await there.enter("us", "participant", name="U.S. government")
    await there.item("loa", name="Signature of the LOA", about=Party("drones"), basis="stated", item_kind=item_kind)
    for field, value, title, on in (
        ("who", Party("us"), "Joint statement", "2024-02-01"),
        ("due", more.get("due", due("2027-03-10", "announced")), "Briefing", "2024-03-01"),
    ):
        async with there.db.write(GUILD) as conn:
            source = await sources.ensure(conn, GUILD, title=title)
            change = Change("loa", "pending", field, value, on_day(on), source, "page 2")
            await updates.append(conn, GUILD, [change], now=there.now, person_id=1, origin="editor")


WHO = "U.S. government must act (Joint statement, page 2, 1 February 2024)"
CAN = WHO.replace("must act", "can object")  # For items that are open for objections, nobody has to act.
MESSAGES = [
    (
        "2027-03-03 09:00",
        "signature",
        "**Due in 7 days: Signature of the LOA, about 31 armed drones.**",
        f"{WHO}; due by Wednesday 10 March 2027, announced by an official (Briefing, page 2, 1 March 2024).",
    ),
    (
        "2027-03-10 09:00",
        "signature",
        "**Due today: Signature of the LOA, about 31 armed drones.**",
        f"{WHO}; due by Wednesday 10 March 2027, announced by an official (Briefing, page 2, 1 March 2024).",
    ),
    (
        "2027-03-11 09:00",
        "signature",
        "**Overdue: Signature of the LOA, about 31 armed drones.**",
        f"{WHO}; it was due by Wednesday 10 March 2027, announced by an official (Briefing, page 2, 1 March 2024); "
        "no source here reports what happened.",
    ),
    (
        "2027-03-08 09:00",
        "notification_window",
        "**Notification window ends in 2 days: Signature of the LOA, about 31 armed drones.**",
        f"{CAN}; the window ends on Wednesday 10 March 2027, announced by an official "
        "(Briefing, page 2, 1 March 2024).",
    ),
    (
        "2027-03-11 09:00",
        "notification_window",
        "**Window ended, what happened? Signature of the LOA, about 31 armed drones.**",
        f"{CAN}; the window ended on Wednesday 10 March 2027, announced by an official "
        "(Briefing, page 2, 1 March 2024); no source here reports what happened.",
    ),
]


@pytest.mark.parametrize(("moment", "item_kind", "first", "second"), MESSAGES)
async def test_a_reminder_names_the_deal_and_each_part_has_its_own_day_and_source(
    there: Outbound, moment: str, item_kind: str, first: str, second: str
):
    await there.channel()
    await dated_item(there, item_kind)
    await there.go_to(moment)
    assert there.last.splitlines() == [first, second]


async def test_a_reminder_says_when_somebody_last_looked_but_nothing_new_only_where_that_is_so(there: Outbound):
    await there.channel()
    await dated_item(there)
    early, late = (on_day(on) for on in ("2024-02-15", "2024-04-01"))
    await there.enter("loa", "pending", on=early, checked="nothing new")
    await there.go_to("2027-03-03 09:00")
    assert there.last.splitlines()[-1] == "-# Last looked at on 15 February 2024"
    await there.enter("loa", "pending", on=late, checked="nothing new")
    await there.go_to("2027-03-08 09:00")
    assert there.last.splitlines()[-1] == "-# Last looked at on 1 April 2024: nothing new"


async def test_a_reported_date_is_a_target_and_a_usual_one_is_no_due_date(there: Outbound):
    await there.channel()
    await dated_item(there, due=due("2027-03-09", "reported"))
    await there.go_to("2027-03-09 09:00")
    assert there.last.splitlines()[0] == "**Reported target is today: Signature of the LOA, about 31 armed drones.**"
    assert "target date reported by the press: by Tuesday 9 March 2027 (Briefing" in there.last
    later = on_day("2024-04-01")
    await there.enter("loa", "pending", on=later, due=due("2027-03-20", "usual"))
    await there.go_to("2027-03-15 09:00")
    assert "usually by Saturday 20 March 2027; not a due date" in there.last
    assert "due 20" not in there.last
    assert "(usual)" not in there.last


# Still open


async def test_undated_items_share_one_message_each_monday(there: Outbound):
    await there.channel()
    for name in ("clearances", "answer"):
        await there.item(name)
    found = await there.live_to("2027-03-23 12:00")
    assert [(day.isoformat(), sent.kind) for day, sent in found] == [
        (monday, "open") for monday in ("2027-03-08", "2027-03-15", "2027-03-22")
    ]


async def test_still_open_tells_who_must_act_since_when_and_how_new_it_is(there: Outbound):
    await there.channel()
    await there.enter("us", "participant", name="U.S. government")
    await there.item("clearances", who=Party("us"), basis="stated", item_kind="clearance")
    await there.go_to("2027-03-08 09:00")
    assert there.last.splitlines() == [
        "**Still open: Clearances.**",
        "U.S. government must act; no due date given.",
        "Reported 10 November 2023: A news article",
    ]
    await there.enter("clearances", "pending", checked="nothing new")
    await there.go_to("2027-03-15 09:00")
    assert "U.S. government must act; no due date given; last looked at on 10 November 2023: nothing new." in there.last


async def test_an_item_without_news_is_told_in_short_and_each_fourth_monday_in_full(there: Outbound):
    await there.channel()
    await there.item("clearances")
    in_full = []
    for week in range(5):
        await there.go_to(at("2027-03-08 09:00") + timedelta(weeks=week))
        in_full.append("no due date given" in there.last)
    assert in_full == [True, False, False, False, True]


async def test_still_open_ends_when_the_item_closes(there: Outbound):
    await there.channel()
    await there.item("clearances")
    await there.go_to("2027-03-08 09:00")
    await there.enter("clearances", "pending", state="closed")
    assert await there.live_to("2027-03-17 12:00") == []


async def test_a_missed_monday_is_told_on_the_next_day_that_the_bot_is_up(there: Outbound):
    await there.channel()
    await there.item("clearances")
    (sent,) = await there.go_to("2027-03-10 15:00")
    assert (sent.kind, sent.day) == ("open", day("2027-03-08"))
    assert await there.live_to("2027-03-14 12:00") == []


async def test_what_nobody_has_to_act_on_is_told_only_to_who_asked(there: Outbound):
    await there.channel()
    await there.item("aims", item_kind="commitment_watch")
    await there.item("gap", item_kind="research_gap", due=due("2027-03-10"))
    assert await there.live_to("2027-03-16 12:00") == []
    person = await there.person()
    await there.join(person, "aims")
    (sent,) = await there.go_to("2027-03-22 09:00")
    assert sent.destination_id == person.id


async def test_an_overdue_item_stays_on_the_list_of_mondays(there: Outbound):
    await there.channel()
    await there.item("loa", due=due("2027-03-10"))
    await there.live_to("2027-03-14 12:00")
    (sent,) = await there.go_to("2027-03-15 09:00")
    assert sent.kind == "open"
    assert "It was due by Wednesday 10 March 2027" in there.last


async def test_a_person_without_a_digest_gets_only_what_they_joined(there: Outbound):
    await there.item("clearances")
    await there.item("answer")
    await there.join(await there.person(), "answer")
    await there.go_to("2027-03-08 09:00")
    assert "Answer" in there.last
    assert "Clearances" not in there.last


# One's own words and snoozes


async def remind(there: Outbound, words: str, moment: str):
    place = await there.person()
    async with there.db.write(GUILD) as conn:
        return await reminders.set_words(conn, place, words, at(moment), now=there.now, person_id=place.person_id or 0)


async def test_own_words_come_at_their_instant_and_once(there: Outbound):
    await remind(there, "Call the *ministry*", "2027-03-02 15:30")
    assert await reminders.next_due(there.db.read) == at("2027-03-02 15:30")
    assert await there.go_to("2027-03-02 15:29") == []
    (sent,) = await there.go_to("2027-03-02 15:30")
    assert there.last.startswith(r"**Reminder:** Call the \*ministry\*")
    assert await there.go_to("2027-03-02 15:31") == []
    assert sent.due_at == at("2027-03-02 15:30")


async def test_own_words_that_fell_due_while_the_bot_was_down_still_come(there: Outbound):
    await remind(there, "Call", "2027-03-02 15:30")
    assert len(await there.go_to("2027-06-02 15:30")) == 1


@pytest.mark.parametrize(
    ("words", "moment"), [("", "2027-03-02 15:30"), ("x" * 6000, "2027-03-02 15:30"), ("x", "2027-03-01 12:00")]
)
async def test_own_words_are_refused(there: Outbound, words, moment):
    with pytest.raises(BadInput, match="Nothing was changed"):
        await remind(there, words, moment)


async def test_a_cancelled_reminder_that_waits_is_not_sent(there: Outbound):
    reminder = await remind(there, "Call", "2027-03-02 15:30")
    there.now = at("2027-03-02 15:30")
    await there.plan()
    async with there.db.write(GUILD) as conn:
        await reminders.cancel(conn, reminder, now=there.now)
    assert await there.send() == []
    assert [outcome for _, outcome in await there.settled("reminder")] == [Outcome.NO_LONGER_DUE]


async def test_own_words_can_be_snoozed_after_they_came(there: Outbound):
    reminder = await remind(there, "Call", "2027-03-02 15:30")
    await there.go_to("2027-03-02 15:30")
    async with there.db.write(GUILD) as conn:
        await reminders.snooze(conn, reminder, at("2027-03-02 16:30"), now=there.now)
    assert len(await there.go_to("2027-03-02 16:30")) == 1


async def test_a_snooze_is_silent_until_then_and_leads_go_on_after_it(there: Outbound):
    place = await there.person()
    opened = await there.item("loa", due=due("2027-03-15"))
    await there.join(place, "loa")
    async with there.db.write(GUILD) as conn:
        await reminders.snooze_item(conn, place, opened, at("2027-03-09 18:00"), now=there.now, person_id=1)
    found = await there.live_to("2027-03-16 12:00")
    assert [(day.isoformat(), sent.occasion, sent.days_before) for day, sent in found] == [
        ("2027-03-09", "snooze", None),
        ("2027-03-13", "before", 2),
        ("2027-03-15", "before", 0),
        ("2027-03-16", "overdue", None),
    ]


async def test_a_snooze_past_the_day_says_overdue_once(there: Outbound):
    place = await there.person()
    opened = await there.item("loa", due=due("2027-03-05"))
    await there.join(place, "loa")
    async with there.db.write(GUILD) as conn:
        await reminders.snooze_item(conn, place, opened, at("2027-03-06 15:00"), now=there.now, person_id=1)
    (only,) = await there.live_to("2027-03-07 23:00")
    assert only[1].occasion == "snooze"
    assert there.last.startswith("**Overdue: Loa.**")


async def test_a_snooze_in_the_past_is_refused(there: Outbound):
    reminder = await remind(there, "Call", "2027-03-02 15:30")
    with pytest.raises(BadInput, match="has passed"):
        async with there.db.write(GUILD) as conn:
            await reminders.snooze(conn, reminder, there.now, now=there.now)


async def test_a_muted_item_is_silent_until_somebody_asks_again(there: Outbound):
    place = await there.person()
    opened = await there.item("loa", due=due("2027-03-08"))
    await there.join(place, "loa")
    async with there.db.write(GUILD) as conn:
        await why.mute_item(conn, place, opened.record.id, now=there.now, person_id=1)
    assert await there.live_to("2027-03-07 12:00") == []
    assert await there.join(place, "loa")
    assert len(await there.live_to("2027-03-08 12:00")) == 1


async def test_joining_twice_says_so_and_a_closed_item_cannot_be_joined(there: Outbound):
    place = await there.person()
    await there.item("loa")
    assert await there.join(place, "loa")
    assert not await there.join(place, "loa")
    await there.enter("loa", "pending", state="closed")
    with pytest.raises(UserError, match="is closed"):
        await there.join(place, "loa")


async def test_other_peoples_reminders_and_other_servers_open_nothing(there: Outbound):
    reminder = await remind(there, "Call", "2027-03-02 15:30")
    async with there.db.write(GUILD) as conn:
        stranger = await people.ensure(conn, 999)
    with pytest.raises(UserError, match="none of your reminders"):
        reminders.pick(await reminders.list_of_person(there.db.read, stranger.id), str(reminder.id))
    assert await reminders.find(there.db.read, 2000, reminder.id) is None


async def test_a_reminder_is_found_by_the_beginning_of_its_name(there: Outbound):
    reminder = await remind(there, "Call the ministry", "2027-03-02 15:30")
    person = await people.find(there.db.read, 500)
    assert person is not None
    found = reminders.pick(await reminders.list_of_person(there.db.read, person.id), "call the")
    assert found.reminder.id == reminder.id
    assert found.server == "Newsroom"


async def test_there_is_a_most_to_the_reminders_of_one_person(there: Outbound, monkeypatch):
    monkeypatch.setattr(reminders, "MOST", 2)
    for _ in range(2):
        await remind(there, "Call", "2027-03-02 15:30")
    with pytest.raises(UserError, match="which is the most"):
        await remind(there, "Call", "2027-03-02 15:30")


async def test_what_is_drawn_has_a_first_line_and_its_buttons(there: Outbound):
    await there.channel()
    await there.item("loa", due=due("2027-03-10"))
    there.now = at("2027-03-10 09:00")
    await there.plan()
    (planned,) = await there.waiting()
    drawn = await there.draw(planned)
    assert not isinstance(drawn, NothingToSend)
    assert drawn.content
    buttons: list[Any] = list(drawn.view.children)
    assert [one.label for one in buttons] == [
        "Open",
        "Snooze",
        "It happened ...",
        "New date ...",
        "Nothing new",
        "Why this?",
    ]
    assert all(len(one.custom_id) <= 100 and not one.disabled for one in buttons)
    assert (await records.get(there.db.read, GUILD, "loa")).record.open


async def test_a_snooze_that_ends_at_the_hour_is_the_only_message_of_its_item(there: Outbound):
    place = await there.person()
    for slug, on in (("loa", "2027-03-08"), ("gap", None)):
        opened = await there.item(slug, due=due(on) if on else None)
        await there.join(place, slug)
        async with there.db.write(GUILD) as conn:
            await reminders.snooze_item(conn, place, opened, at("2027-03-08 09:00"), now=there.now, person_id=1)
    found = await there.live_to("2027-03-08 12:00")
    assert [sent.occasion for _, sent in found] == ["snooze", "snooze"]
