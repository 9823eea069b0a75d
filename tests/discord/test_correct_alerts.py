"""Tests of the reply by which a destination is told that an alert was wrong, in a simulated server."""

from __future__ import annotations

import discord
import pytest

from bot.services import housekeeping
from tests.discord.conftest import World, dms, reply
from tests.discord.test_correct import DAY, FORM, filled, opened, saved, sign


@pytest.fixture
async def alerted(world: World) -> discord.Message:
    """Return the alert that a member got about the signature of the drone deal, which they follow."""
    await world.member.slash(world.channel, "follow add", what="armed-drones")
    await world.tick()
    await sign(world)
    await world.tick(80)
    alert = dms(world)[-1]
    assert "the deal has been signed" in alert.content
    return alert


async def withdraw(world: World, label: str, reason: str) -> None:
    form = await world.editor.click(await opened(world, label), label="Withdraw")
    preview = await world.editor.submit_modal(form, {"reason": reason})
    await world.editor.click(reply(preview), label="Withdraw")


async def bring_back(world: World, label: str, reason: str) -> None:
    form = await world.editor.click(await opened(world, label), label="Bring back")
    preview = await world.editor.submit_modal(form, {"reason": reason})
    await world.editor.click(reply(preview), label="Bring back")


def replied_to(message: discord.Message) -> int | None:
    return message.reference.message_id if message.reference else None


async def test_a_withdrawal_is_one_reply_to_the_alert_with_the_reason_and_what_stands(world: World, alerted):
    count = len(dms(world))
    await world.env.advance_time(DAY)
    await withdraw(world, "Stage: Signed", "The ministry denied it")
    await world.tick(80)
    assert len(dms(world)) == count + 1
    told = dms(world)[-1]
    assert replied_to(told) == alerted.id
    assert told.content.startswith(
        "**Corrected: 31 armed drones for India. The report that the deal has been signed has been withdrawn.** "
        "Reason: The ministry denied it."
    )
    assert "What stands is the report that the deal is under review" in told.content
    await world.tick(DAY)
    assert len(dms(world)) == count + 1


async def test_a_correction_and_a_withdrawal_brought_back_reply_to_the_newest_message(world: World, alerted):
    await world.env.advance_time(DAY)
    await withdraw(world, "Stage: Signed", "The ministry denied it")
    await world.tick(80)
    withdrawn = dms(world)[-1]
    await world.env.advance_time(DAY)
    await bring_back(world, "Stage: Signed", "The denial was false")
    await world.tick(80)
    back = dms(world)[-1]
    assert replied_to(back) == withdrawn.id
    assert back.content.startswith(
        "**Corrected: 31 armed drones for India. The deal has been signed after all: the withdrawal of this report is "
        "withdrawn.** Reason: The denial was false."
    )
    form = await world.editor.click(await opened(world, "Stage: Signed"), label="Correct")
    typed = {"value": ["signed"], "date": "4 March 2024", "reason": "The day was wrong"}
    preview = await world.editor.submit_modal(form, filled(form) | typed)
    await world.editor.click(reply(preview), label="Save")
    await world.tick(80)
    corrected = dms(world)[-1]
    assert replied_to(corrected) == alerted.id
    assert corrected.content.startswith("**Corrected: 31 armed drones for India. The deal has been signed.**")
    assert "Reason: The day was wrong." in corrected.content
    assert "Reported 4 March 2024" in corrected.content or "4 March 2024, reported" in corrected.content


async def test_what_was_undone_within_a_minute_tells_nobody(world: World, alerted):
    count = len(dms(world))
    form = await world.editor.click(await opened(world, "Stage: Signed"), label="Withdraw")
    preview = await world.editor.submit_modal(form, {"reason": "Wrong"})
    done = await world.editor.click(reply(preview), label="Withdraw")
    await world.env.advance_time(50)
    await world.editor.click(reply(done), label="Undo")
    await world.tick(200)
    assert len(dms(world)) == count


async def test_who_no_longer_follows_is_told_too_even_when_something_newer_stands(world: World, alerted):
    form = FORM | {"value": ["in_execution"], "date": "20 March 2024"}
    await saved(world, "stage", form, deal="armed-drones", stage="in_execution")
    await world.tick(80)
    await world.member.slash(world.channel, "follow remove", what="armed-drones")
    count = len(dms(world))
    await withdraw(world, "Stage: Signed", "Never happened")
    await world.tick(80)
    assert len(dms(world)) == count + 1
    told = dms(world)[-1]
    assert replied_to(told) == alerted.id
    assert "The report that the deal has been signed has been withdrawn.** Reason: Never happened." in told.content
    assert "what stands is the report that the deal is being carried out" in told.content.lower()


async def test_a_deleted_alert_is_followed_by_an_ordinary_message(world: World, alerted):
    await alerted.delete()
    await withdraw(world, "Stage: Signed", "Wrong")
    await world.tick(80)
    assert "has been withdrawn" in dms(world)[-1].content


async def test_the_alert_is_still_replied_to_after_a_year_and_a_restart(world: World, alerted):
    await world.env.advance_time(400 * DAY)
    async with world.db.write(None) as conn:
        await housekeeping.clean_up(conn, world.now)
    await world.restart()
    await withdraw(world, "Stage: Signed", "Wrong")
    await world.restart()
    await world.tick(80)
    assert replied_to(dms(world)[-1]) == alerted.id


async def test_who_was_never_alerted_gets_nothing_about_an_old_update(world: World):
    await sign(world)
    await world.tick(80)
    await saved(
        world,
        "stage",
        FORM | {"value": ["in_execution"], "date": "20 March 2024"},
        deal="armed-drones",
        stage="in_execution",
    )
    await world.tick(80)
    await world.member.slash(world.channel, "follow add", what="armed-drones")
    await world.tick()
    count = len(dms(world))
    await withdraw(world, "Stage: Signed", "Wrong")
    await world.tick(80)
    assert len(dms(world)) == count
