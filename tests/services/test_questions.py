"""Tests of stored questions on a real database: kept for a day, or filed for a server's editors for 90 days."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from bot.errors import UserError
from bot.services import erasure, housekeeping, people, portability, questions
from bot.services.lists import KindListing
from bot.services.questions import MOST_FILED, MOST_FILED_BY_ONE, Counts
from data.database import Database
from data.rows import fetch_values
from tests.conftest import GUILD, NOW, OTHER_GUILD

pytestmark = pytest.mark.usefixtures("guild")

MEMO, ANNA = 600, 601
DAY, LONG = timedelta(hours=24), timedelta(days=90)
A_SECOND = timedelta(seconds=1)


async def file(db: Database, asked: str, *, guild_id: int = GUILD, user_id: int = MEMO, now=NOW) -> None:
    async with db.write(guild_id) as conn:
        await questions.file(conn, guild_id, asked, now=now, user_id=user_id)


async def filed(db: Database, guild_id: int = GUILD, *, now=NOW, offset: int = 0, limit: int = 10) -> list[str]:
    found, _ = await questions.list_filed(db.read, guild_id, now=now, offset=offset, limit=limit)
    return [one.asked for one in found]


async def ids(db: Database) -> list[int]:
    found, _ = await questions.list_filed(db.read, GUILD, now=NOW, offset=0, limit=500)
    return [one.id for one in found]


async def rows(db: Database) -> int:
    ((count,),) = await db.read.execute_fetchall("SELECT count(*) FROM question")
    return count


# For a day


async def test_a_question_is_kept_word_for_word_for_a_day(db: Database):
    asked = "Who *makes*\nthe “drones”? " + "x" * 6000
    async with db.write(GUILD) as conn:
        id_ = await questions.keep_asked(conn, GUILD, asked, now=NOW, user_id=MEMO)
    assert await questions.get_asked(db.read, GUILD, id_, now=NOW + DAY - A_SECOND) == asked
    with pytest.raises(UserError, match="not kept any more"):
        await questions.get_asked(db.read, GUILD, id_, now=NOW + DAY)


async def test_a_question_is_only_known_in_its_own_server(db: Database):
    async with db.write(GUILD) as conn:
        id_ = await questions.keep_asked(conn, GUILD, "Who?", now=NOW, user_id=MEMO)
    with pytest.raises(UserError, match="Nothing was changed"):
        await questions.get_asked(db.read, OTHER_GUILD, id_, now=NOW)


async def test_a_list_is_not_read_as_a_question_nor_a_question_as_a_list(db: Database):
    listing = KindListing("deal", stage="signed")
    async with db.write(GUILD) as conn:
        a_list = await questions.keep(conn, GUILD, listing, now=NOW, user_id=MEMO)
        a_question = await questions.keep_asked(conn, GUILD, "Who?", now=NOW, user_id=MEMO)
    assert await questions.get(db.read, GUILD, a_list, now=NOW) == listing
    with pytest.raises(UserError, match="question is not kept any more"):
        await questions.get_asked(db.read, GUILD, a_list, now=NOW)
    with pytest.raises(UserError, match="list is more than a day old"):
        await questions.get(db.read, GUILD, a_question, now=NOW)


async def test_keeping_another_one_clears_those_of_the_day_before_and_no_filed_one(db: Database):
    await file(db, "Filed?")
    async with db.write(None) as conn:
        await questions.keep_asked(conn, GUILD, "Old?", now=NOW, user_id=MEMO)
        await questions.keep_asked(conn, OTHER_GUILD, "Elsewhere?", now=NOW, user_id=MEMO)
        await questions.keep_asked(conn, GUILD, "New?", now=NOW + DAY, user_id=MEMO)
    kept = await fetch_values(db.read, str, "SELECT asked FROM question ORDER BY id")
    assert kept == ["Filed?", "Elsewhere?", "New?"]


# For the editors


async def test_the_editors_see_what_was_filed_in_their_server_oldest_first_in_pages(db: Database):
    for number in range(5):
        await file(db, f"Question {number}?", now=NOW - timedelta(minutes=number))
    await file(db, "Elsewhere?", guild_id=OTHER_GUILD)
    assert await filed(db, limit=2) == ["Question 4?", "Question 3?"]
    assert await filed(db, offset=4, limit=2) == ["Question 0?"]
    assert (await questions.list_filed(db.read, GUILD, now=NOW, offset=0, limit=2))[1] == 5
    assert await filed(db, OTHER_GUILD) == ["Elsewhere?"]


async def test_the_same_question_is_one_entry_whoever_files_it(db: Database):
    await file(db, "Who makes the drones?", now=NOW - A_SECOND)
    await file(db, "who  makes the DRONES", user_id=ANNA)
    await file(db, "Who makes the drones?")
    await file(db, "Who buys the drones?", user_id=ANNA)
    await file(db, "Who makes the drones?", guild_id=OTHER_GUILD)
    found, total = await questions.list_filed(db.read, GUILD, now=NOW, offset=0, limit=10)
    assert [(one.asked, one.times, one.filed_at) for one in found] == [
        ("Who makes the drones?", 3, NOW - A_SECOND),
        ("Who buys the drones?", 1, NOW),
    ]
    assert total == 2
    assert [one.times for one in (await questions.list_filed(db.read, OTHER_GUILD, now=NOW, offset=0, limit=9))[0]] == [
        1
    ]


async def test_one_person_cannot_fill_the_list_and_is_told_so(db: Database):
    for number in range(MOST_FILED_BY_ONE):
        await file(db, f"Question {number}?")
    with pytest.raises(UserError, match=r"20 questions of yours already wait.*Nothing was changed"):
        await file(db, "One more?")
    await file(db, "Question 3?")  # It waits already.
    await file(db, "One more?", user_id=ANNA)
    await file(db, "One more?", guild_id=OTHER_GUILD)
    assert await rows(db) == MOST_FILED_BY_ONE + 2
    async with db.write(GUILD) as conn:
        assert await questions.handle(conn, GUILD, (await ids(db))[0])
    await file(db, "Yet another?")
    assert len(await ids(db)) == MOST_FILED_BY_ONE + 1


async def test_a_full_list_refuses_kindly_and_loses_nothing(db: Database):
    for number in range(MOST_FILED):
        await file(db, f"Question {number}?", user_id=MEMO + number // MOST_FILED_BY_ONE)
    with pytest.raises(UserError, match=r"200 questions already wait.*not filed.*Nothing was changed"):
        await file(db, "One more?", user_id=5)
    assert len(await ids(db)) == MOST_FILED
    assert await people.find(db.read, 5) is None
    await file(db, "One more?", user_id=5, now=NOW + LONG)  # The questions filed before have expired.
    assert await filed(db, now=NOW + LONG) == ["One more?"]


async def test_a_question_is_handled_once_and_only_in_its_server(db: Database):
    await file(db, "Who?")
    (id_,) = await ids(db)
    async with db.write(None) as conn:
        assert not await questions.handle(conn, OTHER_GUILD, id_)
        assert await questions.find_filed(conn, OTHER_GUILD, id_, now=NOW) is None
        found = await questions.find_filed(conn, GUILD, id_, now=NOW)
        assert found is not None
        assert found.asked == "Who?"
        assert await questions.handle(conn, GUILD, id_)
        assert not await questions.handle(conn, GUILD, id_)
        assert await questions.find_filed(conn, GUILD, id_, now=NOW) is None
    assert await rows(db) == 0


async def test_handling_removes_nothing_that_was_not_filed(db: Database):
    async with db.write(GUILD) as conn:
        id_ = await questions.keep_asked(conn, GUILD, "Who?", now=NOW, user_id=MEMO)
        assert not await questions.handle(conn, GUILD, id_)
    assert await questions.get_asked(db.read, GUILD, id_, now=NOW) == "Who?"


async def test_a_filed_question_stays_for_90_days_and_no_longer(db: Database):
    await file(db, "Who?")
    (id_,) = await ids(db)
    last, after = NOW + LONG - A_SECOND, NOW + LONG
    async with db.write(None) as conn:
        await housekeeping.clean_up(conn, last)
    assert await filed(db, now=last) == ["Who?"]
    # An expired question is not shown, even before the daily clean-up deletes it.
    assert await filed(db, now=after) == []
    assert await questions.find_filed(db.read, GUILD, id_, now=after) is None
    assert (await questions.counts(db.read, GUILD, now=after)).filed == 0
    async with db.write(None) as conn:
        await housekeeping.clean_up(conn, after)
    assert await rows(db) == 0


async def test_counts_tell_what_waits_and_what_was_not_answered_in_the_last_day(db: Database):
    await file(db, "Filed?")
    await file(db, "Elsewhere?", guild_id=OTHER_GUILD)
    async with db.write(None) as conn:
        await questions.keep_asked(conn, GUILD, "Answered?", now=NOW, user_id=MEMO)
        await questions.keep_asked(conn, GUILD, "Not answered?", now=NOW, user_id=MEMO, unanswered=True)
        await questions.keep_asked(conn, OTHER_GUILD, "Not there?", now=NOW, user_id=MEMO, unanswered=True)
    assert await questions.counts(db.read, GUILD, now=NOW) == Counts(filed=1, unanswered=1)
    assert await questions.counts(db.read, GUILD, now=NOW + DAY) == Counts(filed=1, unanswered=0)


# Deletion and export


async def test_deleting_a_person_or_a_server_deletes_their_questions_alone(db: Database):
    await file(db, "Of memo?")
    await file(db, "Of anna?", user_id=ANNA)
    await file(db, "Of memo elsewhere?", guild_id=OTHER_GUILD)
    await file(db, "Of anna elsewhere?", guild_id=OTHER_GUILD, user_id=ANNA)
    async with db.write(None) as conn:
        await erasure.delete_person(conn, MEMO)
    assert await filed(db) == ["Of anna?"]
    assert await filed(db, OTHER_GUILD) == ["Of anna elsewhere?"]
    async with db.write(GUILD) as conn:
        await erasure.delete_guild(conn, GUILD)
    assert await filed(db) == []
    assert await filed(db, OTHER_GUILD) == ["Of anna elsewhere?"]


async def test_an_export_tells_which_questions_were_filed_and_which_found_no_answer(db: Database):
    await file(db, "Filed?")
    await file(db, "Somebody else's?", user_id=ANNA)
    async with db.write(GUILD) as conn:
        await questions.keep_asked(conn, GUILD, "Not answered?", now=NOW, user_id=MEMO, unanswered=True)
    raw = await portability.export_person(db.read, MEMO, now=NOW)
    told = [(q["asked"], q["filed_at"] is not None, q["unanswered"]) for q in json.loads(raw or b"")["questions"]]
    assert told == [("Filed?", True, 0), ("Not answered?", False, 1)]
