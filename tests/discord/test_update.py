"""Tests of /update in a simulated server: the form, the preview, *Save* and *Undo*, from commands and from buttons."""

from __future__ import annotations

from typing import Any

import pytest
import simcord

from bot.ledger.drafts import Draft, Task
from bot.ledger.kinds import KINDS, fields_of, get_field
from bot.services import index, records, updates
from bot.ui import draft_forms as ui
from bot.ui.ids import custom_id
from bot.ui.layout import button, plain
from data.records import State, Value
from tests import builders
from tests.builders import due_value, on_day
from tests.discord.conftest import World, answer, id_of, labels_of, parts, posted, reply

FORM: dict[str, Any] = {
    "date": "5 March 2024",
    "source": "https://example.org/x, paragraph 3",
    "published": "6 March 2024",
}


async def value(world: World, slug: str, field: str) -> Value:
    return (await records.get(world.db.read, world.guild.id, slug)).record.state.value(field)


def controls(form: simcord.InteractionResult) -> dict[str, dict[str, Any]]:
    """Return the labelled inputs of a form by custom id: the payload of each input merged with that of its label."""
    assert form.modal is not None, "no form was opened"
    return {part["component"]["custom_id"]: part["component"] | part for part in form.modal["components"]}


def filled(form: simcord.InteractionResult) -> dict[str, str]:
    """Return the texts that a form's inputs are prefilled with, by custom id."""
    return {name: part["component"].get("value") or "" for name, part in controls(form).items()}


async def update(world: World, command: str, form: dict[str, Any] = FORM, **options: Any) -> simcord.InteractionResult:
    """Run an /update command as an editor and send its form. Return the preview or the refusal."""
    opened = await open_form(world, command, **options)
    assert opened.modal is not None, answer(opened)
    inputs = {part["component"]["custom_id"] for part in opened.modal["components"]}
    return await world.editor.submit_modal(opened, {name: text for name, text in form.items() if name in inputs})


async def open_form(world: World, command: str, **options: Any) -> simcord.InteractionResult:
    """Run an /update command as an editor. Where a field has several values, choose to add another one."""
    opened = await world.editor.slash(world.channel, f"update {command}", **options)
    if opened.modal is None and "Another one" in str(reply(opened).components):
        opened = await world.editor.select(reply(opened), ["another"])
    return opened


async def test_a_stage_is_entered_previewed_saved_and_undone(world: World):
    preview = await update(world, "stage", FORM | {"value": ["signed"]}, deal="Drone deal", stage="signed")
    told = answer(preview)
    assert (
        "Before: Under review, 10 November 2023 (News article without a title, sentence 5; year inferred)\n"
        "After: **Signed**, 5 March 2024\n"
    ) in told
    assert "**Date:** 5 March 2024\n" in told
    assert "**Source:** example.org, paragraph 3; 6 March 2024, <https://example.org/x>" in told
    assert labels_of(reply(preview)) == ["Save", "Change", "Discard"]
    assert reply(preview).flags.ephemeral
    assert id_of(reply(preview), "Save").startswith("update.save:v1::")
    assert await value(world, "armed-drones", "stage") == "under_review"

    saved = await world.editor.click(reply(preview), label="Save")
    assert answer(saved).startswith("## Saved: 31 armed drones for India")
    assert labels_of(reply(saved)) == ["Undo", "Open", "Cite", "Describe this source"]
    assert await value(world, "armed-drones", "stage") == "signed"

    await world.env.advance_time(59)
    undone = await world.editor.click(reply(saved), label="Undo")
    assert answer(undone).startswith("## Undone\n31 armed drones for India is as it was before.")
    assert await value(world, "armed-drones", "stage") == "under_review"


async def test_another_value_of_a_deal_is_entered_beside_the_present_one(world: World):
    form = await open_form(world, "deal", deal="armed-drones", field="value")
    parts = controls(form)
    assert list(parts) == ["value", "date", "source", "published", "reason"]
    assert parts["value"]["label"] == "Value"
    assert parts["value"]["placeholder"] == "more than 3 billion USD"
    assert "value" not in parts["value"]["component"]
    preview = await world.editor.submit_modal(form, FORM | {"value": "about 4 billion USD"})
    assert (
        "Added: **about $4 billion**\n-# What other sources say stays: "
        "more than $3 billion, 10 November 2023 (News article without a title, sentence 5; year inferred)\n"
    ) in answer(preview)
    await world.editor.click(reply(preview), label="Save")
    opened = await records.get(world.db.read, world.guild.id, "armed-drones")
    assert len(opened.record.state.facts("value")) == 2


async def test_the_last_source_is_offered_again_for_an_hour(world: World):
    preview = await update(world, "deal", FORM | {"value": "MQ-9B"}, deal="armed-drones", field="model")
    await world.editor.click(reply(preview), label="Save")
    await world.env.advance_time(3590)
    form = await world.editor.slash(world.channel, "update deal", deal="armed-drones", field="delivery")
    assert (filled(form)["source"], filled(form)["published"]) == (FORM["source"], FORM["published"])
    await world.env.advance_time(20)
    form = await world.editor.slash(world.channel, "update deal", deal="armed-drones", field="delivery")
    assert filled(form)["source"] == ""


async def test_a_new_pending_item_has_all_that_was_chosen(world: World):
    options = {"item": "Signature of the drone deal", "about": "armed-drones", "kind": "signature", "who": "india"}
    preview = await update(world, "pending", FORM | {"value": "31 October 2027, announced"}, **options)
    told = answer(preview)
    for line in (
        "A new pending item",
        "Due: **Sunday 31 October 2027",
        "Kind: **Signature**",
        "Who must act: **India**",
    ):
        assert line in told
    saved = await world.editor.click(reply(preview), label="Save")
    assert "Saved: Signature of the drone deal" in answer(saved)
    item = (await records.get(world.db.read, world.guild.id, "signature-of-the-drone-deal")).record
    assert item.open
    undone = await world.editor.click(reply(saved), label="Undo")
    assert "no longer in the record" in answer(undone)
    assert labels_of(reply(undone)) == []


async def test_a_known_item_gets_a_due_date_and_loses_it(world: World):
    form = await world.editor.slash(world.channel, "update pending", item="Drone clearances")
    assert filled(form)["value"] == "none"
    preview = await world.editor.submit_modal(form, FORM | {"value": "31 October 2027, announced"})
    assert "Before: not in the record\nAfter: **Sunday 31 October 2027 \\(announced by an official\\)**" in answer(
        preview
    )
    await world.editor.click(reply(preview), label="Save")
    form = await world.editor.slash(world.channel, "update pending", item="drone-clearances")
    assert filled(form)["value"] == "2027-10-31, announced"
    preview = await world.editor.submit_modal(form, FORM | {"value": "none", "date": "7 March 2024"})
    assert "After: **no due date given**" in answer(preview)


async def test_nothing_new_is_noted_for_today_without_a_value(world: World):
    form = await world.editor.slash(world.channel, "update checked", what="Drone deal")
    assert list(controls(form)) == ["date", "source", "published"]
    assert filled(form)["date"] == "2026-01-01"  # In the zone of the server.
    preview = await world.editor.submit_modal(form, FORM | {"date": "2026-01-01"})
    await world.editor.click(reply(preview), label="Save")
    opened = await records.get(world.db.read, world.guild.id, "armed-drones")
    assert opened.record.state.value("checked") == "nothing new"
    assert opened.record.state.newest == on_day("2023-11-10", worked_out=True)


async def test_change_opens_the_form_with_all_that_was_typed_and_answers_in_place(world: World):
    typed = FORM | {"value": "much", "date": "soon", "reason": "As *told* by @everyone"}
    refused = await update(world, "deal", typed, deal="armed-drones", field="value")
    assert labels_of(reply(refused)) == ["Change", "Discard"]
    form = await world.editor.click(reply(refused), label="Change")
    assert filled(form) == typed
    preview = await world.editor.submit_modal(form, typed | {"value": "4 billion USD", "date": "5 March 2024"})
    assert "**Reason:** As \\*told\\* by @\u200beveryone" in answer(preview)
    assert reply(preview).id == reply(refused).id


async def test_a_draft_survives_a_restart_between_every_two_steps(world: World):
    form = await world.editor.slash(world.channel, "update deal", deal="armed-drones", field="model")
    await world.restart()
    refused = await world.editor.submit_modal(form, FORM | {"value": "32", "date": "soon"})
    assert "Fact date" in answer(refused)
    await world.restart()
    form = await world.editor.click(reply(refused), label="Change")
    assert filled(form)["value"] == "32"
    await world.restart()
    preview = await world.editor.submit_modal(form, FORM | {"value": "32"})
    await world.restart()
    saved = await world.editor.click(reply(preview), label="Save")
    assert "Saved" in answer(saved)
    assert await value(world, "armed-drones", "model") == "32"
    await world.restart()
    await world.editor.click(reply(saved), label="Undo")
    assert await value(world, "armed-drones", "model") is None


async def test_update_on_a_card_asks_what_and_opens_its_form(world: World):
    message = await posted(world, button("Update", custom_id("update.open", "russia")))
    asked = await world.editor.click(message, label="Update")
    assert "## Update Russia" in answer(asked)
    assert reply(asked).flags.ephemeral
    select = next(part for part in parts(reply(asked).components) if part.get("type") == 3)
    assert [option["label"] for option in select["options"]][:3] == ["Name", "Also known as", "Formerly"]
    menu = await world.editor.select(reply(asked), ["alias"])
    form = await world.editor.select(reply(menu), ["another"])
    preview = await world.editor.submit_modal(form, {"value": "Russian Federation"})
    assert "Added: **Russian Federation**" in answer(preview)
    assert reply(preview).id == reply(asked).id
    await world.editor.click(reply(preview), label="Save")
    found = await index.complete(world.db.read, world.guild.id, "russian fed")
    assert [row.slug for row, _ in found] == ["russia"]


@pytest.mark.parametrize(
    ("choice", "form", "told"),
    [
        ("close", {"value": ["dropped"]}, "After: **Closed**"),
        ("checked", {}, "Nothing new"),
        ("due", {"value": "2027, reported"}, "2027"),
    ],
)
async def test_update_on_an_open_item_also_closes_and_checks_it(world: World, choice, form, told):
    message = await posted(world, button("Update", custom_id("update.open", "drone-clearances")))
    asked = await world.editor.click(message, label="Update")
    opened = await world.editor.select(reply(asked), [choice])
    preview = await world.editor.submit_modal(opened, FORM | form)
    assert told in answer(preview)
    await world.editor.click(reply(preview), label="Save")


@pytest.mark.parametrize(
    ("name", "form", "field", "expected"),
    [
        ("update.close", {"value": ["refused"]}, "state", "closed"),
        (
            "update.due",
            {"value": "31 October 2027, fixed"},
            "due",
            due_value("2027-10-31", "fixed"),
        ),
        ("update.checked", {}, "checked", "nothing new"),
    ],
)
async def test_the_buttons_of_a_reminder_work_in_a_direct_message_too(world: World, name, form, field, expected):
    user = world.bot.get_user(world.editor.id) or await world.bot.fetch_user(world.editor.id)
    view = plain([button("Answer", custom_id(name, "drone-clearances", guild_id=world.guild.id))])
    message = await user.send("A reminder", view=view)
    person = world.editor.user
    opened = await person.click(message, label="Answer")
    assert str(world.guild.id) in opened.modal["custom_id"]
    preview = await person.submit_modal(opened, FORM | form)
    form_again = await person.click(reply(preview), label="Change")
    preview = await person.submit_modal(form_again, FORM | form)
    saved = await person.click(reply(preview), label="Save")
    assert "Saved" in answer(saved)
    assert await value(world, "drone-clearances", field) == expected
    undone = await person.click(reply(saved), label="Undo")
    assert answer(undone).startswith("## Undone\n")


async def test_every_field_of_the_table_has_a_form_that_discord_takes(world: World):
    for kind in KINDS:
        opened = builders.opened(kind, State(), slug="s" * 50, name="N" * 100, said=(), waits=kind == "pending")
        assert 1 <= len(ui.offered(opened)) <= 25
        ui.choose(opened, 10**19)
        for field in fields_of(kind):
            draft = Draft(10**15, 1, 1, Task("s" * 50, kind, "N" * 100, field.name), {"value": "v"}, 0, "open", "")
            form = ui.form(draft, guild_id=10**19, here=True).to_dict()
            assert len(form["title"]) <= 45
            assert len(form["custom_id"]) <= 100
            assert len(form["components"]) <= 5
            for part in form["components"]:
                assert len(part["label"]) <= 45, field
                assert len(part.get("description") or "") <= 100, field
                assert len(part["component"].get("placeholder") or "") <= 100, field
                assert len(part["component"].get("options", [])) <= 25, field


async def test_the_command_is_offered_to_everyone_and_fits(world: World):
    command = world.bot.tree.get_command("update")
    assert command is not None
    assert _size(command.to_dict(world.bot.tree)) <= 8000
    assert command.default_permissions is None
    assert {"update deal", "update stage", "update pending", "update close", "update checked"} <= set(
        world.member.available_commands(world.channel)
    )
    offered = await world.editor.autocomplete(world.channel, "update pending", "item", "Sign")
    assert [choice["name"] for choice in offered][-1] == "New item: Sign"


def _size(part: dict[str, Any]) -> int:
    """Return the size of a command by Discord's count: the characters of all names, descriptions and values in it."""
    own = sum(len(str(part.get(key) or "")) for key in ("name", "description", "value"))
    return own + sum(_size(inner) for key in ("options", "choices") for inner in part.get(key) or [])


async def test_the_history_tells_who_when_and_from_where(world: World):
    preview = await update(world, "stage", FORM | {"value": ["signed"]}, deal="armed-drones", stage="signed")
    await world.editor.click(reply(preview), label="Save")
    newest = (await updates.history(world.db.read, world.guild.id, "armed-drones"))[-1]
    assert (newest.field, newest.entered_at, newest.locator) == ("stage", world.now, "paragraph 3")
    assert get_field("deal", newest.field).milestone
