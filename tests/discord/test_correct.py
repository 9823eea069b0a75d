"""Tests of correcting, withdrawing and bringing back updates in a simulated server, from the menu of a history."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

import simcord

from bot.ledger import fold
from bot.ledger.kinds import KINDS
from bot.services import guilds, index, records, sources, updates
from bot.services.updates import Change
from bot.ui.ids import custom_id
from bot.ui.layout import button
from data.records import Value
from tests.builders import count_of, due_value, on_day
from tests.discord.conftest import World, answer, id_of, labels_of, parts, posted, reply
from tests.discord.test_update import FORM, filled, update

DAY = 24 * 3600


async def value(world: World, slug: str, field: str) -> Value:
    return (await records.get(world.db.read, world.guild.id, slug)).record.state.value(field)


async def saved(world: World, command: str, form: dict[str, Any], **options: Any) -> simcord.InteractionResult:
    """Enter an update as the editor and save it."""
    preview = await update(world, command, form, **options)
    return await world.editor.click(reply(preview), label="Save")


async def history(world: World, slug: str = "armed-drones") -> simcord.ResponseMessage:
    return reply(await world.editor.slash(world.channel, "deal history", deal=slug))


def options_of(message: simcord.ResponseMessage) -> dict[str, str]:
    """Return the values of the options of a message's menu, by label."""
    menus = [part for part in parts(message.components) if part.get("type") == 3]
    return {option["label"]: option["value"] for menu in menus for option in menu["options"]}


def chosen_in(message: simcord.ResponseMessage) -> list[str]:
    """Return the labels of the options that a message's menu has selected."""
    menus = [part for part in parts(message.components) if part.get("type") == 3]
    return [option["label"] for menu in menus for option in menu["options"] if option.get("default")]


async def opened(world: World, label: str, slug: str = "armed-drones") -> simcord.ResponseMessage:
    """Choose an update in the menu of a record's history, and return the message that shows it."""
    page = await history(world, slug)
    return reply(await world.editor.select(page, [options_of(page)[label]]))


async def sign(world: World) -> None:
    await saved(world, "stage", FORM | {"value": ["signed"]}, deal="armed-drones", stage="signed")


async def test_a_wrong_update_seen_a_day_later_is_corrected(world: World):
    await saved(world, "deal", FORM | {"value": "13"}, deal="armed-drones", field="model")
    await world.env.advance_time(DAY)
    shown = await opened(world, "Model: 13")
    assert "## Model of 31 armed drones for India" in answer_of(shown)
    assert "Model: 13, 5 March 2024" in answer_of(shown)
    assert labels_of(shown) == ["Correct", "Withdraw", "All by this editor", "History"]
    form = await world.editor.click(shown, label="Correct")
    assert filled(form) == {
        "value": "13",
        "date": "2024-03-05",
        "source": "https://example.org/x, paragraph 3",
        "published": "2024-03-06",
        "reason": "",
    }
    refused = await world.editor.submit_modal(form, filled(form) | {"value": "31", "reason": " "})
    assert "Say in a few words why" in answer(refused)
    form = await world.editor.click(reply(refused), label="Change")
    assert filled(form)["value"] == "31"
    preview = await world.editor.submit_modal(form, filled(form) | {"reason": "Digits swapped"})
    assert "**Model**\nBefore: 13, 5 March 2024" in answer(preview)
    assert "After: 31, 5 March 2024" in answer(preview)
    assert labels_of(reply(preview)) == ["Save", "Change", "Discard"]
    assert await value(world, "armed-drones", "model") == "13"
    done = await world.editor.click(reply(preview), label="Save")
    assert answer(done).startswith("## Corrected: 31 armed drones for India")
    assert await value(world, "armed-drones", "model") == "31"
    newest = (await updates.history(world.db.read, world.guild.id, "armed-drones"))[-1]
    assert (newest.reason, newest.locator, newest.date) == ("Digits swapped", "paragraph 3", on_day("2024-03-05"))
    assert "~~**5 March 2024. Model: 13**~~ (corrected by" in answer_of(await history(world))


def answer_of(message: simcord.ResponseMessage) -> str:
    return "\n".join(p["content"] for p in parts(message.components) if p.get("type") == 10)


async def test_a_withdrawal_and_a_withdrawal_of_it_change_state_history_and_as_of(world: World):
    before = await value(world, "armed-drones", "stage")
    await sign(world)
    await world.env.advance_time(DAY)
    signed_at = world.now - timedelta(seconds=1)

    shown = await opened(world, "Stage: Signed")
    form = await world.editor.click(shown, label="Withdraw")
    preview = await world.editor.submit_modal(form, {"reason": "The ministry denied it"})
    assert "## Withdraw this? 31 armed drones for India" in answer(preview)
    assert "**Withdrawn:**\n- Stage: Signed, 5 March 2024 ([example.org](<https://example.org/x>), paragraph 3)" in (
        answer(preview)
    )
    assert "**Stage**\nBefore: Signed, 5 March 2024" in answer(preview)
    assert "After: Under review, 10 November 2023" in answer(preview)
    assert await value(world, "armed-drones", "stage") == "signed"
    await world.editor.click(reply(preview), label="Withdraw")
    assert await value(world, "armed-drones", "stage") == before
    page = answer_of(await history(world))
    assert re.search(
        r"~~\*\*5 March 2024: Signed\*\*~~ \(withdrawn by <@\d+> <t:\d+:f>: The ministry denied it\)", page
    )
    assert await stage_as_of(world) == before
    assert await stage_as_of(world, known_on=signed_at) == "signed"

    await world.env.advance_time(DAY)
    shown = await opened(world, "Stage: Signed")
    assert "-# Withdrawn by" in answer_of(shown)
    assert labels_of(shown) == ["Bring back", "All by this editor", "History"]
    form = await world.editor.click(shown, label="Bring back")
    preview = await world.editor.submit_modal(form, {"reason": "The denial was false"})
    assert "After: Signed, 5 March 2024" in answer(preview)
    done = await world.editor.click(reply(preview), label="Bring back")
    assert answer(done).startswith("## Brought back: 31 armed drones for India")
    assert await value(world, "armed-drones", "stage") == "signed"
    page = answer_of(await history(world))
    assert re.search(
        r"\*\*5 March 2024: Signed\*\* \(was: under review, 10 November 2023; withdrawn by <@\d+> <t:\d+:f>: "
        r"The ministry denied it; brought back by <@\d+> <t:\d+:f>: The denial was false\)",
        page,
    )
    assert await stage_as_of(world) == "signed"
    assert labels_of(await opened(world, "Stage: Signed"))[:2] == ["Correct", "Withdraw"]


async def stage_as_of(world: World, known_on: datetime | None = None) -> Value:
    """Return the stage of the drone deal on 1 April 2024, as known at an instant (None: now)."""
    entered = await updates.history(world.db.read, world.guild.id, "armed-drones")
    state = fold.fold("deal", entered, as_of=date(2024, 4, 1), known_on=known_on)
    return state.value("stage")


async def test_a_false_value_with_five_dependents_is_withdrawn_with_them(world: World):
    first = FORM | {"value": "31", "date": "10 November 2023"}
    await saved(world, "deal", first, deal="armed-drones", field="model")
    for n in range(6):
        form = FORM | {"value": str(40 + n), "date": f"{n + 1} March 2024"}
        await saved(world, "deal", form, deal="armed-drones", field="model")
    await world.env.advance_time(DAY)
    shown = await opened(world, "Model: 40")
    told = answer_of(shown)
    assert "Entered from a form that started with this value:" in told
    assert [f"Model: {n}" in told for n in range(41, 46)] == [True] * 5
    form = await world.editor.click(shown, label="Withdraw")
    preview = await world.editor.submit_modal(form, {"reason": "A hoax"})
    assert chosen_in(reply(preview)) == [f"Model: {n}" for n in range(41, 46)]
    assert "After: 31, 10 November 2023" in answer(preview)
    assert labels_of(reply(preview))[0] == "Withdraw 6"
    ids = options_of(reply(preview))
    preview = await world.editor.select(reply(preview), [ids[f"Model: {n}"] for n in range(41, 45)])
    assert labels_of(reply(preview))[0] == "Withdraw 5"
    assert "**Model**\nStays: 45, 6 March 2024" in answer(preview)
    preview = await world.editor.select(reply(preview), list(ids.values()))
    done = await world.editor.click(reply(preview), label="Withdraw 6")
    assert await value(world, "armed-drones", "model") == "31"
    await world.editor.click(reply(done), label="Undo")
    assert await value(world, "armed-drones", "model") == "45"


async def test_other_updates_of_the_same_act_are_offered_but_not_chosen(world: World):
    options = {"item": "Offset talks", "about": "armed-drones", "kind": "signature", "who": "india"}
    await saved(world, "pending", FORM | {"value": "31 October 2027, announced"}, **options)
    await world.env.advance_time(DAY)
    page = await world.editor.slash(world.channel, "pending show", item="Offset talks")
    page = await world.editor.click(reply(page), label="History")
    due = next(label for label in options_of(reply(page)) if label.startswith("Due"))
    shown = await world.editor.select(reply(page), [options_of(reply(page))[due]])
    assert "Saved together with it:" in answer(shown)
    form = await world.editor.click(reply(shown), label="Correct")
    preview = await world.editor.submit_modal(
        form, filled(form) | {"value": "30 November 2027, announced", "reason": "Misread"}
    )
    assert chosen_in(reply(preview)) == []
    assert "Who must act: India" in options_of(reply(preview))
    await world.editor.select(reply(preview), [options_of(reply(preview))["Who must act: India"]])
    done = await world.editor.click(reply(preview), label="Save and withdraw 1")
    assert "30 November 2027" in answer(done)
    item = (await records.get(world.db.read, world.guild.id, "offset-talks")).record.state
    assert not item.facts("who")
    await world.editor.click(reply(done), label="Undo")
    item = (await records.get(world.db.read, world.guild.id, "offset-talks")).record.state
    assert item.facts("who")
    assert item.value("due") == due_value("2027-10-31", "announced")


async def test_an_alias_is_withdrawn_from_all_facts(world: World):
    await saved(world, "deal", FORM | {"value": "Predator deal"}, deal="armed-drones", field="alias")
    message = await posted(world, button("All facts", custom_id("record.sources", "armed-drones")))
    pages = [reply(await world.editor.click(message, label="All facts"))]
    while "Also known as: Predator deal" not in options_of(pages[-1]):
        pages.append(reply(await world.editor.click(pages[-1], label="More facts")))
    shown = await world.editor.select(
        pages[-1], [options_of(pages[-1])["Also known as: Predator deal"]], custom_id=custom_id("correct.open")
    )
    form = await world.editor.click(reply(shown), label="Withdraw")
    preview = await world.editor.submit_modal(form, {"reason": "Nobody calls it so"})
    await world.editor.click(reply(preview), label="Withdraw")
    assert await index.named(world.db.read, world.guild.id, KINDS, "Predator deal") == []


async def test_only_editors_get_the_menu_and_may_use_it(world: World):
    await sign(world)
    page = reply(await world.member.slash(world.channel, "deal history", deal="armed-drones"))
    assert options_of(page) == {}
    newest = (await updates.history(world.db.read, world.guild.id, "armed-drones"))[-1].id
    for name in ("correct.show", "correct.withdraw", "correct.correct"):
        message = await posted(world, button("Press", custom_id(name, newest)))
        assert "Only editors change the record" in answer(await world.member.click(message, label="Press"))


async def test_an_update_of_another_server_cannot_be_reached(world: World):
    async with world.db.write(None) as conn:
        await guilds.ensure(conn, 4242, name="Elsewhere", owner_id=77)
        source = await sources.ensure(conn, 4242, title="Elsewhere")
        change = Change("secret", "deal", "name", "Secret deal", on_day("2023-11-20"), source)
        await updates.append(conn, 4242, [change], now=world.now, person_id=1, origin="editor")
    newest = (await updates.history(world.db.read, 4242, "secret"))[-1].id
    for name in ("correct.show", "correct.withdraw", "correct.correct", "correct.back"):
        message = await posted(world, button("Press", custom_id(name, newest)))
        assert "not on file in this server" in answer(await world.editor.click(message, label="Press"))
    message = await posted(world, button("Press", custom_id("correct.by", 1)))
    assert "Secret" not in answer(await world.editor.click(message, label="Press"))


async def test_the_second_of_two_editors_is_told_that_the_first_was_quicker(world: World):
    await sign(world)
    shown = await opened(world, "Stage: Signed")
    first = await world.editor.submit_modal(await world.editor.click(shown, label="Withdraw"), {"reason": "Wrong"})
    page = reply(await world.manager.slash(world.channel, "deal history", deal="armed-drones"))
    second = reply(await world.manager.select(page, [options_of(page)["Stage: Signed"]]))
    form = await world.manager.click(second, label="Correct")
    second = await world.manager.submit_modal(
        form, filled(form) | {"value": ["signed"], "date": "6 March 2024", "reason": "Wrong day"}
    )
    await world.editor.click(reply(first), label="Withdraw")
    late = await world.manager.click(reply(second), label="Save")
    assert "Somebody changed" in answer(late)
    assert "Nothing was changed" in answer(late)
    message = await posted(world, button("Press", custom_id("correct.save", 1)))
    assert "somebody else's" in answer(await world.manager.click(message, label="Press"))
    assert "saved already, once" in answer(await world.editor.click(message, label="Press"))


async def test_a_record_that_changed_after_the_preview_is_shown_again(world: World):
    await sign(world)
    shown = await opened(world, "Stage: Signed")
    preview = await world.editor.submit_modal(await world.editor.click(shown, label="Withdraw"), {"reason": "Wrong"})
    await saved(world, "deal", FORM | {"value": "32"}, deal="armed-drones", field="model")
    again = await world.editor.click(reply(preview), label="Withdraw")
    assert "**Somebody changed this meanwhile.**" in answer(again)
    assert await value(world, "armed-drones", "stage") == "signed"
    await world.editor.click(reply(again), label="Withdraw")
    assert await value(world, "armed-drones", "stage") == "under_review"


async def test_a_correction_survives_a_restart_between_every_two_steps(world: World):
    await sign(world)
    await world.restart()
    shown = await opened(world, "Stage: Signed")
    await world.restart()
    form = await world.editor.click(shown, label="Correct")
    await world.restart()
    refused = await world.editor.submit_modal(
        form, filled(form) | {"value": ["approved"], "date": "soon", "reason": "x"}
    )
    assert "Fact date" in answer(refused)
    await world.restart()
    form = await world.editor.click(reply(refused), label="Change")
    await world.restart()
    preview = await world.editor.submit_modal(form, filled(form) | {"value": ["approved"], "date": "5 March 2024"})
    assert "After: Last approval given, awaiting signature, 5 March 2024" in answer(preview)
    await world.restart()
    done = await world.editor.click(reply(preview), label="Save")
    assert await value(world, "armed-drones", "stage") == "approved"
    await world.restart()
    again = await posted(world, button("Undo", id_of(reply(done), "Undo")))
    await world.editor.click(reply(done), label="Undo")
    assert await value(world, "armed-drones", "stage") == "signed"
    assert "already undone" in answer(await world.editor.click(again, label="Undo"))


async def test_a_reason_neither_formats_nor_pings(world: World):
    await sign(world)
    shown = await opened(world, "Stage: Signed")
    form = await world.editor.click(shown, label="Withdraw")
    preview = await world.editor.submit_modal(form, {"reason": "*so* @everyone <@&1> [x](http://y)"})
    assert "\\*so\\* @\u200beveryone" in answer(preview)
    await world.editor.click(reply(preview), label="Withdraw")
    assert "@everyone" not in answer_of(await history(world))


async def test_five_edits_of_a_prankster_are_undone_in_ten_presses(world: World):
    await sign(world)
    for field, text in (("quantity", "3000"), ("model", "Paper plane"), ("delivery", "never")):
        await saved(world, "deal", FORM | {"value": text}, deal="armed-drones", field=field)
    await saved(world, "stage", FORM | {"value": ["completed"]}, deal="fighter-jet-engines", stage="completed")
    await world.env.advance_time(DAY)
    manager = world.manager

    message = await posted(world, button("History", custom_id("record.history", "armed-drones")))
    page = reply(await manager.click(message, label="History"))  # 1
    shown = reply(await manager.select(page, [options_of(page)["Number: 3,000"]]))  # 2
    listed = reply(await manager.click(shown, label="All by this editor"))  # 3
    assert len(options_of(listed)) == 5
    form = await manager.select(listed, list(options_of(listed).values()))  # 4
    preview = await manager.submit_modal(form, {"reason": "A prank"})  # 5
    assert "## Withdraw this? 5 updates" in answer(preview)
    done = await manager.click(reply(preview), label="Withdraw 5")  # 6
    assert answer(done).startswith("## Withdrawn: 5 updates")
    assert await value(world, "armed-drones", "stage") == "under_review"
    assert await value(world, "armed-drones", "quantity") == count_of("31")
    assert await value(world, "armed-drones", "model") is None
    assert await value(world, "fighter-jet-engines", "stage") != "completed"
