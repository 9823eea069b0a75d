"""Tests of changing and ending approvals, parties and values that are chosen from those on the record."""

from __future__ import annotations

from typing import Any

import pytest
import simcord

from bot.services import records, updates
from data.records import Approval, ListedText, Money, Party
from tests.discord.conftest import World, answer, labels_of, reply
from tests.discord.test_update import FORM, filled


async def menu(world: World, field: str) -> simcord.InteractionResult:
    return await world.editor.slash(world.channel, "update deal", deal="armed-drones", field=field)


def offered(message: simcord.InteractionResult) -> dict[str, str]:
    """Return the values of the menu below a message by their labels."""
    (select,) = [part for row in reply(message).components for part in row.get("components", []) if part["type"] == 3]
    return {option["label"]: option["value"] for option in select["options"]}


async def choose(world: World, field: str, label: str) -> simcord.InteractionResult:
    shown = await menu(world, field)
    return await world.editor.select(reply(shown), [offered(shown)[label]])


async def facts(world: World, field: str, shape: type[Any]) -> list[Any]:
    opened = await records.get(world.db.read, world.guild.id, "armed-drones")
    return [fact.value for fact in opened.record.state.facts(field, shape)]


async def save(world: World, preview: simcord.InteractionResult) -> None:
    saved = await world.editor.click(reply(preview), label="Save")
    assert answer(saved).startswith("## Saved"), answer(preview)


async def test_what_there_is_is_offered_with_its_day(world: World):
    assert list(offered(await menu(world, "party"))) == [
        "Another one",
        "India (buyer)",
        "General Atomics (maker)",
        "U.S. government (clearing authority)",
    ]
    assert list(offered(await menu(world, "approval"))) == ["Another one", "clearances by U.S. government: open"]


async def test_an_approval_is_changed_without_typing_its_name(world: World):
    chosen = await choose(world, "approval", "clearances by U.S. government: open")
    assert labels_of(reply(chosen)) == ["Change it", "No longer so"]
    form = await world.editor.click(reply(chosen), label="Change it")
    assert filled(form)["value"] == "U.S. government: clearances, open"
    preview = await world.editor.submit_modal(form, FORM | {"value": "U.S. government: clearances, granted"})
    await save(world, preview)
    assert [approval.state for approval in await facts(world, "approval", Approval)] == ["granted"]


async def test_an_approval_in_other_words_takes_the_place_of_the_chosen_one(world: World):
    chosen = await choose(world, "approval", "clearances by U.S. government: open")
    form = await world.editor.click(reply(chosen), label="Change it")
    await save(world, await world.editor.submit_modal(form, FORM | {"value": "U.S. government: export licence, open"}))
    assert [approval.what for approval in await facts(world, "approval", Approval)] == ["export licence"]


@pytest.mark.parametrize(
    ("field", "label", "shape", "remaining"),
    [
        ("approval", "clearances by U.S. government: open", Approval, 0),
        ("party", "General Atomics (maker)", Party, 2),
        ("value", "more than $3 billion", Money, 0),
    ],
)
async def test_a_value_is_ended_by_a_button_and_a_form_of_day_and_source(
    world: World, field: str, label: str, shape: type[Any], remaining: int
):
    chosen = await choose(world, field, label)
    form = await world.editor.click(reply(chosen), label="No longer so")
    assert list(filled(form)) == ["date", "source", "published"]
    assert form.modal is not None
    assert form.modal["title"].startswith("No longer so")
    preview = await world.editor.submit_modal(
        form, {"date": "5 March 2024", "source": "Example news", "published": "undated"}
    )
    assert "No longer: " in answer(preview)
    await save(world, preview)
    assert len(await facts(world, field, shape)) == remaining


async def test_a_value_is_changed_to_another_amount_and_the_old_one_ends(world: World):
    chosen = await choose(world, "value", "more than $3 billion")
    form = await world.editor.click(reply(chosen), label="Change it")
    assert filled(form)["value"] == "more than 3 billion USD"
    await save(world, await world.editor.submit_modal(form, FORM | {"value": "3.5 billion USD"}))
    assert [money.amount for money in await facts(world, "value", Money)] == [3_500_000_000]


async def test_a_value_that_went_meanwhile_is_said_to_be_gone(world: World):
    shown = await menu(world, "party")
    number = offered(shown)["General Atomics (maker)"]
    chosen = await world.editor.select(reply(shown), [number])
    async with world.db.write(world.guild.id) as conn:
        await updates.withdraw(conn, world.guild.id, [int(number)], now=world.now, person_id=None, reason="wrong")
    for label in labels_of(reply(chosen)):
        assert "no longer on the record" in answer(await world.editor.click(reply(chosen), label=label))


async def test_an_alias_needs_no_date_and_no_source_and_is_no_news(world: World):
    shown = await menu(world, "alias")
    form = await world.editor.select(reply(shown), ["another"])
    assert list(filled(form)) == ["value"]
    preview = await world.editor.submit_modal(form, {"value": "MQ-9B"})
    assert "**Date:**" not in answer(preview)
    assert "**Source:**" not in answer(preview)
    await save(world, preview)
    assert ListedText("MQ-9B") in await facts(world, "alias", ListedText)
    assert await records.slug_by_name(world.db.read, world.guild.id, "MQ-9B") == "armed-drones"
    history = answer(await world.editor.slash(world.channel, "deal history", deal="armed-drones"))
    assert "MQ-9B" not in history
