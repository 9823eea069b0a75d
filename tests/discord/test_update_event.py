"""Tests of /update event and *What happened*: their options, forms, selects and refusals, as an editor meets them."""

from __future__ import annotations

from typing import Any

import pytest
import simcord
from msgspec.structs import replace

from bot.ledger.drafts import Draft, Task
from bot.ledger.happenings import HAPPENINGS
from bot.services import records, updates
from bot.ui import draft_forms
from bot.ui.ids import custom_id
from bot.ui.layout import button, plain
from data.records import Value
from tests.discord.conftest import World, answer, dms, id_of, labels_of, reply
from tests.discord.test_update_refusals import press

SOURCE = "https://example.org/x"


async def event(world: World, kind: str, inputs: dict[str, str], **options: str) -> simcord.InteractionResult:
    """Run /update event about the drone deal as an editor, and send its form."""
    given = {"deal": "drones", "kind": kind, "day": "5 March 2024", "source": SOURCE} | options
    opened = await world.editor.slash(world.channel, "update event", **given)
    assert opened.modal is not None, answer(opened)
    return await world.editor.submit_modal(opened, inputs)


def selects(message: Any) -> dict[str, dict[str, Any]]:
    """Return the payloads of the selects of a message by placeholder."""
    return {
        part["placeholder"]: part
        for row in message.components
        for part in row.get("components", [])
        if part["type"] == 3
    }


async def names_offered(world: World, option: str, text: str = "") -> list[str]:
    return [choice["name"] for choice in await world.editor.autocomplete(world.channel, "update event", option, text)]


async def test_every_form_of_an_event_fits(world: World):
    for name in HAPPENINGS:
        plain_task: Task[Value] = Task("s" * 50, "deal", "N" * 100, happening=name)
        for task in (plain_task, replace(plain_task, asks_source=True), replace(plain_task, part_of="d" * 50)):
            form = draft_forms.form(
                Draft(10**15, 1, 1, task, {"who": "w" * 4000}, 0, "open", ""), guild_id=10**19, here=True
            ).to_dict()
            assert len(form["title"]) <= 45
            assert len(form["custom_id"]) <= 100
            assert 1 <= len(form["components"]) <= 5, name
            for part in form["components"]:
                assert len(part["label"]) <= 45, part
                assert len(part.get("description") or "") <= 100, part
                assert len(part["component"]["placeholder"]) <= 100, part


async def test_what_happened_on_a_card_asks_what_then_for_day_and_source_too(world: World):
    card = await world.editor.slash(world.channel, "deal show", deal="drones")
    menu = await world.editor.click(reply(card), label="What happened")
    assert "## What happened to 31 armed drones for India?" in answer(menu)
    form = await world.editor.select(reply(menu), ["signed"])
    assert form.modal is not None
    asked = [part["component"]["custom_id"] for part in form.modal["components"]]
    assert asked == ["counted", "who", "due", "date", "source"]
    preview = await world.editor.submit_modal(
        form, {"date": "5 March 2024", "source": f"{SOURCE}, page 2; published 6 March 2024"}
    )
    assert "After: **Signed**, 5 March 2024" in answer(preview)
    assert "**Source:** example.org, page 2; 6 March 2024" in answer(preview)
    assert reply(preview).id == reply(menu).id
    saved = await world.editor.click(reply(preview), label="Save")
    assert answer(saved).startswith("## Saved: 31 armed drones for India")


async def test_two_values_of_one_event_are_not_said_to_be_of_other_sources(world: World):
    preview = await event(world, "signed", {"counted": "4 billion USD (contract); Rs 32,000 crore (contract)"})
    assert answer(preview).count("What other sources say stays: more than $3 billion") == 1
    beside = answer(preview).partition("What other sources say stays")[2].partition("\n")[0]
    assert "crore" not in beside
    assert "contract" not in beside


@pytest.mark.parametrize(("due", "basis"), [("", "left open"), ("June 2029, announced", "stated")])
async def test_an_item_that_an_event_begins_obliges_somebody_only_if_its_date_is_given(
    world: World, due: str, basis: str
):
    preview = await event(world, "signed", {"due": due})
    await world.editor.click(reply(preview), label="Save")
    item = await records.get_by_name(world.db.read, world.guild.id, "Delivery: 31 armed drones for India")
    assert item.record.state.value("basis") == basis


async def test_members_see_no_button_and_may_not_use_it(world: World):
    card = await world.member.slash(world.channel, "deal show", deal="drones")
    assert "What happened" not in labels_of(reply(card))
    for name in ("update.happened", "update.happening", "update.second", "update.create", "update.eventstage"):
        assert "Only editors" in answer(await press(world, world.member, custom_id(name, "armed-drones")))


async def test_day_and_source_are_completed_from_the_last_ones(world: World):
    days = await names_offered(world, "day")
    assert days[:2] == ["1 January 2026 (today)", "31 December 2025 (yesterday)"]
    saved = await event(world, "signed", {"locator": "page 2; published 6 March 2024"})
    await world.editor.click(reply(saved), label="Save")
    assert (await names_offered(world, "source"))[0] == "example.org · 6 March 2024"
    assert (await names_offered(world, "source", "EXAMPLE")) == ["example.org · 6 March 2024"]
    assert "6 March 2024 (a source)" in await names_offered(world, "day")
    preview = await event(world, "started", {}, day="6 March 2024 (a source)", source="example.org · 6 March 2024")
    assert "**Date:** 6 March 2024" in answer(preview)
    assert "<https://example.org/x>" in answer(preview)


async def test_what_is_left_out_is_that_of_the_last_update_for_an_hour(world: World):
    refused = await world.editor.slash(world.channel, "update event", deal="drones", kind="signed")
    assert "No day is given" in answer(refused)
    saved = await event(world, "talks", {"note": "They talked."})
    await world.editor.click(reply(saved), label="Save")
    form = await world.editor.slash(world.channel, "update event", deal="drones", kind="signed")
    preview = await world.editor.submit_modal(form, {})
    assert "**Date:** 5 March 2024" in answer(preview)
    assert "<https://example.org/x>" in answer(preview)
    await world.env.advance_time(3700)
    late = await world.editor.slash(world.channel, "update event", deal="drones", kind="signed")
    assert "Nothing was changed" in answer(late)


REFUSED = [
    ({"deal": "Atlantis"}, "To make it, write New deal: Atlantis"),
    ({"deal": "russia"}, "not in the record as a deal"),
    ({"deal": "New deal: !?"}, "no letter or digit"),
    ({"day": "soon"}, "not a date"),
    ({"day": "2030"}, "not begun"),
    ({"source": "javascript:x"}, "not a link"),
    ({"source": f"{SOURCE}; published soon"}, "not a date"),
]


@pytest.mark.parametrize(("options", "told"), REFUSED)
async def test_an_option_that_cannot_be_used_is_refused_before_the_form(
    world: World, options: dict[str, str], told: str
):
    given = {"deal": "drones", "kind": "signed", "day": "5 March 2024", "source": SOURCE} | options
    result = await world.editor.slash(world.channel, "update event", **given)
    assert result.modal is None
    assert told in answer(result)
    assert "Nothing was changed" in answer(result)


async def test_all_mistakes_of_a_form_are_told_at_once_and_nothing_is_lost(world: World):
    typed = {"counted": "1,2 billion USD", "who": "India as buyer; Atlantis", "due": "someday", "note": "n" * 600}
    refused = await event(world, "signed", typed)
    text = answer(refused).replace("\\", "")
    for label in ("- Value of the contract: ", "- Who signed, or takes part: ", "- When it has to be delivered: "):
        assert label in text
    form = await world.editor.click(reply(refused), label="Change")
    assert form.modal is not None
    parts = [part["component"] for part in form.modal["components"]]
    assert {part["custom_id"]: part.get("value") for part in parts if part.get("value")} == typed


async def test_an_event_that_says_nothing_is_refused(world: World):
    assert "changes nothing" in answer(await event(world, "other", {}))
    assert "The new date" in answer(await event(world, "new_date", {}))


async def test_selects_change_the_preview_and_what_is_saved(world: World):
    preview = await event(world, "approved", {"who": "India (Cabinet Committee on Security): purchase"})
    stage = selects(reply(preview))["The deal's stage after this"]
    preview = await world.editor.select(reply(preview), ["approved"], custom_id=stage["custom_id"])
    changes = selects(reply(preview))["What this changes too"]
    values = {option["label"]: option["value"] for option in changes["options"]}
    granted = next(value for label, value in values.items() if label.startswith("Granted: clearances"))
    closed = next(value for label, value in values.items() if label.startswith("Close as given"))
    preview = await world.editor.select(reply(preview), [granted, closed], custom_id=changes["custom_id"])
    assert "approved" in answer(preview).lower()
    saved = await world.editor.click(reply(preview), label="Save")
    assert answer(saved).startswith("## Saved")
    state = (await records.get(world.db.read, world.guild.id, "armed-drones")).record.state
    assert state.text("stage") == "approved"
    assert not (await records.get(world.db.read, world.guild.id, "drone-clearances")).record.open


async def test_a_signature_with_a_second_contract_needs_two_forms(world: World):
    saved = await event(world, "signed", {"counted": "nearly 4 billion USD (contract)"})
    saved = await world.editor.click(reply(saved), label="Save")
    form = await world.editor.click(reply(saved), label="Second contract")
    preview = await world.editor.submit_modal(form, {"name": "Maintenance", "who": "General Atomics as contractor"})
    assert "Part of: **31 armed drones for India**" in answer(preview)
    assert "<https://example.org/x>" in answer(preview)
    second = await world.editor.click(reply(preview), label="Save")
    assert labels_of(reply(second)) == ["Undo", "Open", "Cite", "Describe this source"]
    undone = await world.editor.click(reply(second), label="Undo")
    assert "Maintenance is no longer in the record" in answer(undone)
    assert (await records.get(world.db.read, world.guild.id, "armed-drones")).record.state.text("stage") == "signed"


async def test_a_change_in_between_is_shown_before_it_is_saved(world: World):
    preview = await event(world, "signed", {})
    other = await world.manager.slash(world.channel, "update stage", deal="drones", stage="negotiating")
    form = {"value": ["negotiating"], "date": "4 March 2024", "source": "News", "published": "undated"}
    theirs = await world.manager.submit_modal(other, form)
    await world.manager.click(reply(theirs), label="Save")
    again = await world.editor.click(reply(preview), label="Save")
    assert "Somebody changed this meanwhile" in answer(again)
    assert answer(await world.editor.click(reply(again), label="Save")).startswith("## Saved")


async def test_an_event_survives_a_restart_and_works_in_a_direct_message(world: World):
    user = world.bot.get_user(world.editor.id) or await world.bot.fetch_user(world.editor.id)
    view = plain([button("What happened", custom_id("update.happened", "armed-drones", guild_id=world.guild.id))])
    message = await user.send("A card", view=view)
    person = world.editor.user
    menu = await person.click(message, label="What happened")
    await world.restart()
    form = await person.select(reply(menu), ["signed"])
    await world.restart()
    preview = await person.submit_modal(form, {"date": "5 March 2024", "source": SOURCE})
    assert str(world.guild.id) in id_of(reply(preview), "Save")
    await world.restart()
    saved = await person.click(reply(preview), label="Save")
    assert answer(saved).startswith("## Saved")
    undone = await person.click(reply(saved), label="Undo")
    assert answer(undone).startswith("## Undone")


async def test_undo_in_time_sends_nothing_and_later_one_message_is_sent(world: World):
    await world.member.slash(world.channel, "follow add", what="armed-drones")
    before = len(dms(world))
    saved = await world.editor.click(reply(await event(world, "signed", {})), label="Save")
    await world.editor.click(reply(saved), label="Undo")
    await world.tick(80)
    assert len(dms(world)) == before
    await world.editor.click(reply(await event(world, "signed", {})), label="Save")
    await world.tick(80)
    assert len(dms(world)) == before + 1
    assert dms(world)[-1].content.startswith("**31 armed drones for India: the deal has been signed.**")
    assert await updates.newest_id(world.db.read, world.guild.id) > 0
