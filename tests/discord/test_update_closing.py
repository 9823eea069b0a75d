"""Tests of previews that close an item or end a value: the selects for stage and approvals, and the former values."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bot.ledger.kinds import STAGES
from bot.services import people, records, sources, updates
from bot.ui.ids import custom_id
from bot.ui.layout import button, plain
from data.records import Approval, ApprovalState, Kind, Money, Party, Value
from tests.builders import on_day
from tests.discord.conftest import World, answer, parts, posted, reply
from tests.discord.test_update import FORM, update, value
from tests.discord.test_update_refusals import press

AFTER, ALSO = "The deal's stage after this", "Also granted, says this source"


def selects(message: Any) -> dict[str, dict[str, Any]]:
    """Return the payloads of a message's selects by placeholder."""
    return {part["placeholder"]: part for part in parts(message.components) if part.get("type") == 3}


def options(message: Any, asks: str) -> dict[str, str]:
    """Return the values of a select's options by label. `asks` is the placeholder of the select."""
    return {option["label"]: option["value"] for option in selects(message)[asks]["options"]}


def picked(message: Any, asks: str) -> list[str]:
    """Return the labels of the options that are chosen in a select. `asks` is the placeholder of the select."""
    return [option["label"] for option in selects(message)[asks]["options"] if option.get("default")]


async def pick(world: World, preview: Any, asks: str, *labels: str) -> Any:
    """Choose options by label in a select of a preview, as an editor. Return the answer, which is a preview too."""
    message = reply(preview)
    values = [options(message, asks)[label] for label in labels]
    return await world.editor.select(message, values, custom_id=selects(message)[asks]["custom_id"])


async def put(world: World, day: str, title: str, *facts: tuple[str, Kind, str, Value]) -> None:
    """Enter facts with one fact date and one source, as another person than the editor of the test."""
    on = on_day(day)
    async with world.db.write(world.guild.id) as conn:
        person = await people.ensure(conn, world.owner.id)
        source = await sources.ensure(conn, world.guild.id, title=title, publisher="", published_on=on, url="")
        changes = [updates.Change(slug, kind, field, held, on, source, "page 2") for slug, kind, field, held in facts]
        await updates.append(conn, world.guild.id, changes, now=world.now, person_id=person.id, origin="editor")


async def approval(
    world: World, day: str, side: str, what: str, authority: str = "", state: ApprovalState = "open"
) -> None:
    held = Approval(side=side, what=what, state=state, authority=authority)
    await put(world, day, f"{what} note", ("armed-drones", "deal", "approval", held))


async def states(world: World) -> list[str]:
    facts = (await records.get(world.db.read, world.guild.id, "armed-drones")).record.state.facts("approval", Approval)
    return sorted(f"{fact.value.what}: {fact.value.state}" for fact in facts)


async def close(world: World, outcome: str = "given", item: str = "drone-clearances") -> Any:
    return await update(world, "close", FORM | {"value": [outcome]}, item=item, outcome=outcome)


async def test_closing_a_clearance_asks_for_the_stage_and_the_other_approvals(world: World):
    await approval(world, "2024-01-08", "india", "budget", "Cabinet Committee", "requested")
    await approval(world, "2024-02-09", "united-states", "notification", "Congress")
    preview = await close(world)
    message = reply(preview)
    assert list(selects(message)) == [AFTER, ALSO]
    assert picked(message, AFTER) == ["The stage stays as it is"]
    assert list(options(message, AFTER)) == [
        "The stage stays as it is",
        *(STAGES[stage] for stage in ("negotiating", "approved", "signed", "in_execution", "completed")),
    ]
    assert picked(message, ALSO) == []
    assert list(options(message, ALSO)) == [
        "Clearances by U.S. government",
        "Budget by Cabinet Committee (India)",
        "Notification by Congress (United States)",
    ]
    assert (
        "If the source also says how far the deal is now or that other approvals were granted, choose it below"
        in answer(preview)
    )

    preview = await pick(world, preview, ALSO, "Clearances by U.S. government", "Budget by Cabinet Committee (India)")
    preview = await pick(world, preview, AFTER, "In negotiation")
    assert reply(preview).id == message.id
    told = answer(preview)
    assert "### With it: 31 armed drones for India\n**Stage**\nBefore: Under review, 10 November 2023 (" in told
    assert "After: **In negotiation**, 5 March 2024\n" in told
    assert (
        "Before: budget by Cabinet Committee \\(India\\): requested, 8 January 2024 (budget note, page 2)\n"
        "After: **budget by Cabinet Committee \\(India\\): granted**, 5 March 2024"
    ) in told
    assert picked(reply(preview), AFTER) == ["In negotiation"]
    saved = await world.editor.click(reply(preview), label="Save")
    assert "*Undo* undoes all of it" in answer(saved)
    assert await states(world) == ["budget: granted", "clearances: granted", "notification: open"]
    assert await value(world, "armed-drones", "stage") == "negotiating"

    await world.editor.click(reply(saved), label="Undo")
    assert await states(world) == ["budget: requested", "clearances: open", "notification: open"]
    assert await value(world, "armed-drones", "stage") == "under_review"
    assert await value(world, "drone-clearances", "state") == "open"


async def test_nothing_has_to_be_chosen_and_a_choice_can_be_taken_out_again(world: World):
    await approval(world, "2024-01-08", "india", "budget")
    preview = await pick(world, await close(world), ALSO, "Budget by India")
    preview = await pick(world, preview, AFTER, "Signed")
    assert "With it" in answer(preview)
    preview = await pick(world, preview, ALSO)
    preview = await pick(world, preview, AFTER, "The stage stays as it is")
    assert "With it" not in answer(preview)
    await world.editor.click(reply(preview), label="Save")
    assert await states(world) == ["budget: open", "clearances: open"]
    assert await value(world, "armed-drones", "stage") == "under_review"


async def test_the_one_approval_behind_a_clearance_stands_chosen_and_asks_for_the_stage(world: World):
    preview = await close(world)
    assert picked(reply(preview), ALSO) == ["Clearances by U.S. government"]
    assert "After: **clearances by U.S. government: granted**, 5 March 2024" in answer(preview)
    assert "No approval of 31 armed drones for India is open any more. How far is the deal now?" in answer(preview)
    approved = next(o for o in selects(reply(preview))[AFTER]["options"] if o["value"] == "approved")
    assert approved["description"] == "No approval is open any more"
    without = await pick(world, preview, ALSO)
    assert "With it" not in answer(without)
    assert "No approval of" not in answer(without)
    again = await pick(world, without, ALSO, "Clearances by U.S. government")
    await world.editor.click(reply(again), label="Save")
    assert await states(world) == ["clearances: granted"]
    assert await value(world, "drone-clearances", "state") == "closed"


async def test_what_was_chosen_survives_restarts_up_to_undo(world: World):
    await approval(world, "2024-01-08", "india", "budget")
    preview = await close(world)
    await world.restart()
    preview = await pick(world, preview, ALSO, "Budget by India")
    await world.restart()
    preview = await pick(world, preview, AFTER, STAGES["approved"])
    await world.restart()
    saved = await world.editor.click(reply(preview), label="Save")
    assert await states(world) == ["budget: granted", "clearances: open"]
    assert await value(world, "armed-drones", "stage") == "approved"
    await world.restart()
    await world.editor.click(reply(saved), label="Undo")
    assert await states(world) == ["budget: open", "clearances: open"]
    assert await value(world, "armed-drones", "stage") == "under_review"


async def test_the_selects_work_in_a_direct_message_too(world: World):
    user = world.bot.get_user(world.editor.id) or await world.bot.fetch_user(world.editor.id)
    id_ = custom_id("update.close", "drone-clearances", guild_id=world.guild.id)
    message = await user.send("A reminder", view=plain([button("It happened", id_)]))
    person = world.editor.user
    opened = await person.click(message, label="It happened")
    preview = await person.submit_modal(opened, FORM | {"value": ["given"]})
    for asks, chosen in ((ALSO, []), (AFTER, ["negotiating"])):
        select = selects(reply(preview))[asks]
        preview = await person.select(reply(preview), chosen, custom_id=select["custom_id"])
    await person.click(reply(preview), label="Save")
    assert await states(world) == ["clearances: open"]
    assert await value(world, "armed-drones", "stage") == "negotiating"


async def test_an_item_about_two_deals_asks_about_each_by_its_name(world: World):
    await put(
        world,
        "2024-01-08",
        "Ministry note",
        ("second", "deal", "name", "Second batch"),
        ("drone-clearances", "pending", "about", Party("second")),
    )
    preview = await close(world)
    assert list(selects(reply(preview))) == [
        "The stage of 31 armed drones for India after this",
        "Also granted, says this source, of 31 armed drones for India",
        "The stage of Second batch after this",
    ]
    assert picked(reply(preview), "The stage of Second batch after this") == [
        "The stage of Second batch stays as it is"
    ]
    preview = await pick(world, preview, "The stage of Second batch after this", "Signed")
    assert "### With it: Second batch\n**Stage**\nBefore: not in the record\nAfter: **Signed**" in answer(preview)
    await world.editor.click(reply(preview), label="Save")
    assert await value(world, "second", "stage") == "signed"
    assert await value(world, "armed-drones", "stage") == "under_review"
    assert await states(world) == ["clearances: granted"]


async def test_a_refused_approval_asks_for_the_stage_and_the_others_that_were_refused(world: World):
    await approval(world, "2024-01-08", "india", "budget")
    typed = FORM | {"value": "U.S. government: clearances, refused"}
    preview = await update(world, "deal", typed, deal="armed-drones", field="approval")
    assert list(selects(reply(preview))) == [AFTER, "Also refused, says this source"]
    assert list(options(reply(preview), "Also refused, says this source")) == ["Budget by India"]
    assert "that other approvals were refused" in answer(preview)
    preview = await pick(world, preview, "Also refused, says this source", "Budget by India")
    await world.editor.click(reply(preview), label="Save")
    assert await states(world) == ["budget: refused", "clearances: refused"]


@pytest.mark.parametrize(
    ("kind", "stage", "why"),
    [("signature", "Signed", "The signature is done"), ("delivery", "Completed", "The delivery is done")],
)
async def test_an_item_that_implies_a_stage_says_so_and_leaves_it_to_the_editor(world: World, kind, stage, why):
    await put(
        world,
        "2024-01-08",
        "Ministry note",
        ("wait", "pending", "name", "What is waited for"),
        ("wait", "pending", "state", "open"),
        ("wait", "pending", "item_kind", kind),
        ("wait", "pending", "about", Party("armed-drones")),
    )
    preview = await close(world, "done", "wait")
    assert picked(reply(preview), AFTER) == ["The stage stays as it is"]
    found = {o["label"]: o.get("description") for o in selects(reply(preview))[AFTER]["options"]}
    assert found[stage] == why
    assert [label for label, words in found.items() if words] == ["The stage stays as it is", stage]
    assert found["The stage stays as it is"] == "Under review, 10 November 2023"
    chosen = await pick(world, preview, AFTER, stage)
    assert (
        "**Before you save:** 1 approval is still open; it will be listed as having no outcome reported: "
        "clearances by U.S. government"
    ) in answer(chosen)
    saved = await world.editor.click(reply(chosen), label="Save")
    assert "Before you save" not in answer(saved)
    assert f"After: **{stage}**, 5 March 2024" in answer(saved)


async def test_signing_and_completing_with_something_open_is_told_and_saved_all_the_same(world: World):
    await approval(world, "2024-01-08", "india", "budget", "Cabinet Committee")
    preview = await update(world, "stage", FORM | {"value": ["completed"]}, deal="armed-drones", stage="completed")
    assert (
        "**Before you save:** 2 approvals are still open; they will be listed as having no outcome reported: "
        "clearances by U.S. government; budget by Cabinet Committee \\(India\\)\n"
        "**Before you save:** 1 pending item is still open; it will stay open: Clearances for the 31 drones\n"
    ) in answer(preview)
    assert selects(reply(preview)) == {}
    await world.editor.click(reply(preview), label="Save")
    assert await value(world, "armed-drones", "stage") == "completed"


async def test_two_editors_at_once_see_that_an_approval_was_settled_meanwhile(world: World):
    await approval(world, "2024-01-08", "india", "budget")
    mine = await pick(world, await close(world), ALSO, "Budget by India")
    menu = await world.manager.slash(world.channel, "update deal", deal="armed-drones", field="approval")
    form = await world.manager.select(reply(menu), ["another"])
    theirs = await world.manager.submit_modal(form, FORM | {"value": "India: budget, refused"})
    await world.manager.click(reply(theirs), label="Save")
    again = await world.editor.click(reply(mine), label="Save")
    assert "Somebody changed this meanwhile" in answer(again)
    assert list(options(reply(again), ALSO)) == ["Clearances by U.S. government"]
    await world.editor.click(reply(again), label="Save")
    assert "budget: refused" in await states(world)


async def test_the_selects_of_a_draft_answer_only_who_began_it_and_only_until_it_is_saved(world: World):
    preview = await close(world)
    ids = [part["custom_id"] for part in selects(reply(preview)).values()]
    for id_ in ids:
        assert "somebody else's" in answer(await press(world, world.manager, id_))
    await world.editor.click(reply(preview), label="Save")
    for id_ in ids:
        assert "saved already, once" in answer(await press(world, world.editor, id_))


async def test_more_approvals_than_a_select_holds_are_counted(world: World):
    for n in range(27):
        await approval(world, "2024-01-08", "india", f"ratification {n}", "_" * 150)
    preview = await close(world)
    assert len(options(reply(preview), ALSO)) == 25
    assert "3 more open approvals of 31 armed drones for India can be entered with /update deal." in answer(preview)
    everyone = list(options(reply(preview), ALSO).values())
    preview = await world.editor.select(reply(preview), everyone, custom_id=selects(reply(preview))[ALSO]["custom_id"])
    assert len(answer(preview)) <= 4000
    await world.editor.click(reply(preview), label="Save")
    assert sum("granted" in state for state in await states(world)) == 25


# Former values, each with its own day and source


async def test_an_ended_party_is_named_with_its_own_day_and_source(world: World):
    await put(world, "2024-01-08", "Ministry note", ("armed-drones", "deal", "party", Party("russia", "x")))
    typed = FORM | {"value": "no longer General Atomics as maker"}
    preview = await update(world, "deal", typed, deal="armed-drones", field="party")
    assert "No longer: General Atomics \\(maker\\), reported 10 November 2023 (News article without a title" in answer(
        preview
    )
    saved = await world.editor.click(reply(preview), label="Save")
    assert "No longer: General Atomics \\(maker\\), reported 10 November 2023" in answer(saved)
    typed = FORM | {"value": "no longer Russia as x", "date": "5 January 2024"}
    preview = await update(world, "deal", typed, deal="armed-drones", field="party")
    assert (
        "Party: the end of Russia \\(x\\), 5 January 2024, goes into the history only\n-# Newer, and unchanged: "
        "Russia \\(x\\), 8 January 2024 (Ministry note, page 2)"
    ) in answer(preview)


@pytest.mark.parametrize(
    ("held", "typed", "before", "after"),
    [
        (
            "on_hold",
            "none",
            "Before: On hold, 8 January 2024 (Ministry note, page 2)",
            "After: **No longer on hold**, ",
        ),
        ("slipped", "none", "Before: Target date has passed, ", "After: **Nothing holds it up**, 5 March 2024"),
        ("none", "stalled", "Before: not held up, 8 January 2024 (", "After: **Stalled**, 5 March 2024"),
        ("", "none", "Before: not in the record", "After: **Nothing holds it up**"),
    ],
)
async def test_the_end_of_a_side_state_is_said_in_words(world: World, held, typed, before, after):
    if held:
        await put(world, "2024-01-08", "Ministry note", ("armed-drones", "deal", "side_state", held))
    form = FORM | {"value": [typed]}
    preview = await update(world, "deal", form, deal="armed-drones", field="side_state")
    assert before in answer(preview)
    assert f"\n{after}" in answer(preview)
    assert "None" not in answer(preview)


async def test_no_full_stop_is_doubled_and_none_of_an_abbreviation_is_lost(world: World):
    await put(
        world,
        "2024-01-08",
        "Ministry note",
        ("armed-drones", "deal", "summary", "It waits for the U.S. It is a purchase."),
        ("armed-drones", "deal", "made_in", "the U.S."),
    )
    for typed, told in (
        ("It is signed.", "Before: It waits for the U.S. It is a purchase, 8 January 2024 (Ministry note, page 2)\n"),
        ("It is a purchase.", "After: **It is a purchase**, 5 March 2024"),
        (
            "It waits for the U.S. It is a purchase.",
            "**In short**\nBefore: It waits for the U.S. It is a purchase, 8 January 2024 (Ministry note, page 2)\n"
            "Reported again: **It waits for the U.S. It is a purchase**, 5 March 2024\n",
        ),
    ):
        form = FORM | {"value": typed}
        preview = await update(world, "deal", form, deal="armed-drones", field="summary")
        assert told in answer(preview)
        assert ".." not in answer(preview)
    older = FORM | {"value": "It is old.", "date": "5 January 2024"}
    preview = await update(world, "deal", older, deal="armed-drones", field="summary")
    assert (
        "In short: It is old, 5 January 2024, goes into the history only\n-# Newer, and unchanged: It waits"
        in answer(preview)
    )
    preview = await update(world, "deal", FORM | {"value": "India"}, deal="armed-drones", field="made_in")
    assert "Before: the U.S., 8 January 2024 (Ministry note, page 2)\nAfter: **India**, 5 March 2024" in answer(preview)


async def test_values_beside_a_new_one_have_each_its_own_day_and_source(world: World):
    held = Money(Decimal(2900000000), "USD")
    await put(world, "2024-01-08", "Ministry note", ("armed-drones", "deal", "value", held))
    preview = await update(world, "deal", FORM | {"value": "4 billion USD"}, deal="armed-drones", field="value")
    assert ("sentence 5; year inferred); $2.9 billion, 8 January 2024 (Ministry note, page 2)\n") in answer(preview)


async def test_what_reports_nothing_has_no_day(world: World):
    preview = await update(world, "deal", FORM | {"value": "Drones"}, deal="armed-drones", field="name")
    assert "Before: 31 armed drones for India\nAfter: **Drones**\n" in answer(preview)


@pytest.mark.parametrize("name", ["update.close", "update.due", "update.checked"])
async def test_an_old_button_about_a_closed_item_says_so_and_offers_to_open_it_again(world: World, name: str):
    old = await posted(world, button("Answer", custom_id(name, "drone-clearances")))
    late = await posted(world, button("Answer", custom_id("update.due", "drone-clearances")))
    opened = await world.editor.click(late, label="Answer")
    preview = await update(world, "close", FORM | {"value": ["given"]}, item="drone-clearances", outcome="given")
    await world.editor.click(reply(preview), label="Save")
    before = await updates.newest_id(world.db.read, world.guild.id)
    answered = await world.editor.click(old, label="Answer")
    assert answered.modal is None
    assert "## Clearances for the 31 drones is closed already\nClosed: given, 5 March 2024" in answer(answered)
    assert "Nothing was changed" in answer(answered)
    # A form that was open when the item closed is refused too.
    refused = await world.editor.submit_modal(opened, FORM | {"value": "31 October 2027, fixed"})
    assert "is closed" in answer(refused)
    assert await updates.newest_id(world.db.read, world.guild.id) == before
    form = await world.editor.click(reply(answered), label="Open it again")
    preview = await world.editor.submit_modal(form, FORM | {"value": "31 October 2027, fixed", "date": "7 March 2024"})
    saved = await world.editor.click(reply(preview), label="Save")
    assert answer(saved).startswith("## Saved")
    assert (await records.get(world.db.read, world.guild.id, "drone-clearances")).record.open
