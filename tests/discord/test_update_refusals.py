"""Tests of wrong input to /update: every refusal names the mistake, and nothing is changed."""

from __future__ import annotations

import re
from typing import Any

import aiohttp
import discord
import pytest
import simcord

from bot.interactions.components import ComponentRouter
from bot.services import drafts, guilds, people, records, updates
from bot.ui.ids import custom_id
from bot.ui.layout import button, plain
from tests.discord.conftest import World, answer, id_of, labels_of, posted, reply
from tests.discord.test_update import FORM, update, value


async def ledger(world: World) -> int:
    return await updates.newest_id(world.db.read, world.guild.id)


async def press(world: World, who: Any, id_: str) -> simcord.InteractionResult:
    """Press a button with this custom id on a new message, to imitate an old or a forged button."""
    return await who.click(await posted(world, button("Press", id_)), label="Press")


REFUSED_AT_ONCE = [
    ("deal", {"deal": "Atlantis", "field": "value"}, "not in the record as a deal"),
    ("deal", {"deal": "x" * 6000, "field": "value"}, "not in the record as a deal"),
    ("deal", {"deal": "**@everyone** <@1> </x:1>", "field": "value"}, "not in the record as a deal"),
    ("stage", {"deal": "russia", "stage": "signed"}, "not in the record as a deal"),
    ("close", {"item": "nothing of the kind", "outcome": "given"}, "not in the record as a pending item"),
    ("checked", {"what": "everything else"}, "not in the record"),
    ("pending", {"item": "x" * 6000}, "6,000 characters; 100 fit"),
    ("pending", {"item": "!?"}, "no letter or digit"),
    ("pending", {"item": "Signature", "who": "Atlantis"}, "not in the record as a participant"),
    ("pending", {"item": "Signature", "who": "w" * 6000}, "not in the record as a participant"),
    ("pending", {"item": "Signature", "about": "Atlantis"}, "not in the record"),
]


async def test_what_cannot_be_used_is_told_before_any_form(world: World):
    for command, options, told in REFUSED_AT_ONCE:
        before = await ledger(world)
        result = await world.editor.slash(world.channel, f"update {command}", **options)
        assert result.modal is None
        assert told in answer(result)
        assert "Nothing was changed" in answer(result)
        assert "@everyone" not in answer(result)
        assert len(answer(result)) < 500
        assert await ledger(world) == before


REFUSED_IN_THE_FORM = [
    ("value", {"value": "three billion dollars"}, "Value: .*not an amount"),
    ("value", {"value": "3 billion"}, "Value: .*names no currency"),
    ("value", {"value": "9" * 1000}, "Value: .*digits"),
    ("model", {"value": "M", "date": "1 January 2027"}, "Fact date: .*not begun"),
    ("model", {"value": "M", "date": "31.31.2023"}, "Fact date: "),
    ("model", {"value": "M", "date": "10 November"}, "Fact date: .*no year"),
    ("model", {"value": "M", "source": "javascript:alert(1)"}, "Source: .*https://"),
    ("model", {"value": "M", "source": "https://me:pw@example.org/"}, "Source: .*user name"),
    ("model", {"value": "M", "published": "next week"}, "own date: .* For a source without a date write undated"),
    ("model", {"value": "m" * 101}, "Model: .*101 characters"),
    ("party", {"value": "Atlantis as buyer"}, "Party: .*not in the record as a participant"),
    ("party", {"value": "India as " + "b" * 100}, "Party: .*80 characters"),
    ("approval", {"value": "India: budget, perhaps"}, "Approval: .*not an approval"),
    ("topic", {"value": "31 armed drones for India"}, "Topic: .*not in the record as a topic"),
    ("party", {"value": "no longer China as buyer"}, "Party: .*ends nothing"),
]


async def test_a_mistake_in_the_form_names_its_field_and_keeps_the_form(world: World):
    for field, typed, told in REFUSED_IN_THE_FORM:
        before = await ledger(world)
        refused = await update(world, "deal", FORM | typed, deal="armed-drones", field=field)
        assert re.search(told, answer(refused).replace("\\", ""))
        assert labels_of(reply(refused))[-2:] == ["Change", "Discard"]
        assert "Nothing was changed" in answer(refused)
        assert await ledger(world) == before


NO_DUE_DATES = ["31 October 2027", "31 October 2027, certain", "soon, announced", "since 2020, fixed", ""]


async def test_a_due_date_says_how_sure_it_is(world: World):
    for due in NO_DUE_DATES:
        form = await world.editor.slash(world.channel, "update pending", item="Signature")
        refused = await world.editor.submit_modal(form, FORM | {"value": due or " "})
        assert "- Due: " in answer(refused)
        assert await records.find(world.db.read, world.guild.id, "signature") is None


VAGUE_DAYS = ["November 2023", "early 2024", "2018 to 2020", "since 5 March 2024", "unknown: Cold War"]


async def test_vague_and_open_fact_dates_are_kept_as_they_were_given(world: World):
    for day in VAGUE_DAYS:
        preview = await update(world, "deal", FORM | {"value": "M", "date": day}, deal="armed-drones", field="model")
        assert f"**Date:** {day.removeprefix('unknown: ')}" in answer(preview).replace("between 2018 and", "2018 to")


async def test_markup_and_mentions_are_shown_letter_by_letter(world: World):
    nasty = "**b** <@1> @everyone <#2> </x:3> <t:4> [a](https://b.c) `d`"
    typed = {"value": nasty, "source": f"{nasty}, page {nasty}".replace("https://b.c", "x", 1), "reason": nasty}
    preview = await update(world, "deal", FORM | typed, deal="armed-drones", field="model")
    saved = await world.editor.click(reply(preview), label="Save")
    for told in (answer(preview), answer(saved)):
        assert "**b**" not in told
        assert "@everyone" not in told
        for opening in ("<@1", "<#2", "</x", "<t:4", "[a]", "`d`"):
            assert opening not in told.replace("\\" + opening[0], "·")
    assert await value(world, "armed-drones", "model") == nasty


async def test_the_longest_words_still_fit_into_the_answers(world: World):
    typed = {
        "value": "*" + "_x" * 299,
        "source": "https://example.org/" + "_" * 480 + ", " + "_*" * 99,
        "reason": "~" * 499 + "x",
    }
    preview = await update(world, "deal", FORM | typed, deal="armed-drones", field="summary")
    assert len(answer(preview)) <= 4000
    assert "Saved" in answer(await world.editor.click(reply(preview), label="Save"))


async def test_a_stage_that_goes_back_asks_for_a_reason(world: World):
    refused = await update(world, "stage", FORM | {"value": ["proposed"]}, deal="armed-drones", stage="proposed")
    assert "needs a reason" in answer(refused)
    form = await world.editor.click(reply(refused), label="Change")
    preview = await world.editor.submit_modal(form, FORM | {"value": ["proposed"], "reason": "The review ended."})
    assert "After: **Proposed**" in answer(preview)
    assert "**Reason:** The review ended." in answer(preview)


EVERY_COMMAND = [
    ("event", {"deal": "armed-drones", "kind": "signed"}),
    ("deal", {"deal": "armed-drones", "field": "value"}),
    ("stage", {"deal": "armed-drones", "stage": "signed"}),
    ("pending", {"item": "Signature"}),
    ("close", {"item": "drone-clearances", "outcome": "given"}),
    ("checked", {"what": "armed-drones"}),
]


async def test_who_is_not_an_editor_is_told_who_is(world: World):
    for command, options in EVERY_COMMAND:
        result = await world.member.slash(world.channel, f"update {command}", **options)
        assert result.modal is None
        assert f"the people with the role <@&{world.editors.id}> or with Manage Server" in answer(result)


async def test_before_setup_every_command_says_what_is_missing(empty_world: World):
    result = await empty_world.manager.slash(empty_world.channel, "update checked", what="x")
    assert "/setup" in answer(result)


async def test_every_press_asks_for_the_rights_anew(world: World):
    names = [name for name in handlers(world.bot.components) if name.startswith("update.")]
    assert len(names) == 27
    for name in names:
        result = await press(world, world.member, custom_id(name, "1", "1"))
        assert "Only editors change the record" in answer(result), name


async def test_every_press_answers_arguments_that_nobody_gave_it(world: World, caplog: pytest.LogCaptureFixture):
    huge = "9" * 30
    before = await ledger(world)
    for name in handlers(world.bot.components):
        if name in ("me.delete", "settings.delete"):  # Handlers without arguments.
            assert "another version" in answer(await press(world, world.manager, custom_id(name, "1")))
            continue
        for given in (
            [],
            ["abc"],
            ["-1"],
            [huge],
            ["follow", "abc"],
            ["undated", huge],
            ["digest", "abc"],
            ["item", f"1-{huge}"],
            ["item", f"{huge}-1"],
            ["pw", huge],
            ["pw", "x", huge],
            ["1", "2", "3", "4", "5"],
        ):
            result = await press(world, world.manager, custom_id(name, *given))
            assert "Something went wrong" not in answer(result), (name, given)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    assert await ledger(world) == before


def handlers(components: ComponentRouter) -> list[str]:
    return list(components.handlers)


async def test_an_editor_who_lost_the_role_saves_nothing(world: World):
    preview = await update(world, "stage", FORM | {"value": ["signed"]}, deal="armed-drones", stage="signed")
    world.env.backend.remove_member_role(world.guild.id, world.editor.id, world.editors.id)
    await world.env.settle()
    refused = await world.editor.click(reply(preview), label="Save")
    assert "Only editors" in answer(refused)
    assert await value(world, "armed-drones", "stage") == "under_review"


async def test_save_pressed_twice_saves_once(world: World):
    preview = await update(world, "deal", FORM | {"value": "M"}, deal="armed-drones", field="model")
    save = id_of(reply(preview), "Save")
    await world.editor.click(reply(preview), label="Save")
    after = await ledger(world)
    again = await press(world, world.editor, save)
    assert "saved already, once" in answer(again)
    assert await ledger(world) == after


async def test_a_connection_lost_after_saving_is_logged_and_what_was_saved_stays(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    async def lost(*_: Any, **__: Any) -> None:
        raise aiohttp.ServerDisconnectedError

    preview = await update(world, "deal", FORM | {"value": "M"}, deal="armed-drones", field="model")
    with monkeypatch.context() as patched:
        for name in ("edit_message", "send_message"):
            patched.setattr(discord.InteractionResponse, name, lost)
        await world.editor.click(reply(preview), label="Save")
    assert "could not be told" in caplog.text
    assert await value(world, "armed-drones", "model") == "M"
    assert "saved already, once" in answer(await world.editor.click(reply(preview), label="Save"))


async def test_undo_pressed_twice_or_late_says_so(world: World):
    preview = await update(world, "deal", FORM | {"value": "M"}, deal="armed-drones", field="model")
    saved = await world.editor.click(reply(preview), label="Save")
    undo = id_of(reply(saved), "Undo")
    await world.editor.click(reply(saved), label="Undo")
    assert "already undone" in answer(await press(world, world.editor, undo))

    preview = await update(world, "deal", FORM | {"value": "M"}, deal="armed-drones", field="model")
    saved = await world.editor.click(reply(preview), label="Save")
    await world.env.advance_time(61)
    assert "More than 60 seconds" in answer(await world.editor.click(reply(saved), label="Undo"))
    assert await value(world, "armed-drones", "model") == "M"


async def test_two_editors_at_once_see_what_the_other_saved(world: World):
    mine = await update(world, "deal", FORM | {"value": "32"}, deal="armed-drones", field="model")
    form = await world.manager.slash(world.channel, "update deal", deal="armed-drones", field="model")
    theirs = await world.manager.submit_modal(form, FORM | {"value": "40"})
    await world.manager.click(reply(theirs), label="Save")
    again = await world.editor.click(reply(mine), label="Save")
    assert "Somebody changed this meanwhile" in answer(again)
    before = "Before: 40, 5 March 2024 ([example.org](<https://example.org/x>), paragraph 3)"
    assert f"{before}\nAfter: **32**, 5 March 2024" in answer(again)
    assert await value(world, "armed-drones", "model") == "40"
    saved = await world.editor.click(reply(again), label="Save")
    assert "## Saved" in answer(saved)
    assert await value(world, "armed-drones", "model") == "32"


async def test_a_draft_of_somebody_else_does_not_open(world: World):
    preview = await update(world, "deal", FORM | {"value": "M"}, deal="armed-drones", field="model")
    for label in ("Save", "Change", "Discard"):
        result = await press(world, world.manager, id_of(reply(preview), label))
        assert "somebody else's" in answer(result)


async def test_ids_of_another_server_open_nothing(world: World):
    preview = await update(world, "deal", FORM | {"value": "M"}, deal="armed-drones", field="model")
    draft_id = id_of(reply(preview), "Save").rpartition(":")[2]
    saved = await world.editor.click(reply(preview), label="Save")
    batch = id_of(reply(saved), "Undo").rpartition(":")[2]
    other = await elsewhere(world)
    for id_, told in (
        (custom_id("update.save", draft_id), "not here any more"),
        (custom_id("update.change", "x"), "not here any more"),
        (custom_id("update.undo", batch), "nothing to undo"),
        (custom_id("update.undo", batch, guild_id=world.guild.id), "another server"),
        (custom_id("update.open", "armed-drones"), "no longer in the record"),
        (custom_id("update.close", "drone-clearances", guild_id=world.guild.id), "another server"),
    ):
        channel = world.bot.get_channel(other.channel.id)
        assert isinstance(channel, discord.TextChannel)
        message = await channel.send("A card", view=plain([button("Press", id_)]))
        assert told in answer(await other.owner.click(message, label="Press"))
    assert await value(world, "armed-drones", "model") == "M"


class Elsewhere:
    """A second server in the simulated Discord, with an owner and a channel of its own."""

    def __init__(self, world: World) -> None:
        user = world.env.create_user("otto")
        self.guild = world.env.create_guild("Elsewhere", owner=user)
        self.owner = simcord.MemberActor(world.env, self.guild, user)
        self.channel = self.guild.create_text_channel("news")


async def elsewhere(world: World) -> Elsewhere:
    other = Elsewhere(world)
    await world.env.settle()
    async with world.db.write(other.guild.id) as conn:
        person = await people.ensure(conn, other.owner.id)
        await guilds.ensure(conn, other.guild.id, name="Elsewhere", owner_id=other.owner.id)
        await guilds.configure(conn, other.guild.id, now=world.now, person_id=person.id)
    return other


async def test_a_record_taken_back_meanwhile_is_told(world: World):
    preview = await update(world, "deal", FORM | {"value": "M"}, deal="armed-drones", field="model")
    message = await posted(world, button("Update", custom_id("update.open", "armed-drones")))
    history = await updates.history(world.db.read, world.guild.id, "armed-drones")
    async with world.db.write(world.guild.id) as conn:
        names = [change.id for change in history if change.field == "name"]
        await updates.withdraw(conn, world.guild.id, names, now=world.now, person_id=None, reason="A mistake")
    assert "no longer in the record" in answer(await world.editor.click(message, label="Update"))
    refused = await world.editor.click(reply(preview), label="Save")
    assert "no longer in the record" in answer(refused)
    assert labels_of(reply(refused))[-2:] == ["Change", "Discard"]


async def test_an_item_closed_meanwhile_is_not_closed_again(world: World):
    message = await posted(
        world, button("It happened", custom_id("update.close", "drone-clearances", guild_id=world.guild.id))
    )
    form = await world.editor.click(message, label="It happened")
    preview = await update(world, "close", FORM | {"value": ["given"]}, item="drone-clearances", outcome="given")
    await world.editor.click(reply(preview), label="Save")
    late = await world.editor.submit_modal(form, FORM | {"value": ["refused"]})
    assert "closed meanwhile" in answer(late)
    assert "closed already" in answer(await world.editor.click(message, label="It happened"))
    assert await value(world, "drone-clearances", "outcome") == "given"


async def test_a_discarded_draft_is_gone(world: World):
    preview = await update(world, "deal", FORM | {"value": "M"}, deal="armed-drones", field="model")
    save = id_of(reply(preview), "Save")
    assert "Nothing was changed" in answer(await world.editor.click(reply(preview), label="Discard"))
    assert "discarded" in answer(await press(world, world.editor, save))
    assert await value(world, "armed-drones", "model") is None


async def test_a_second_form_of_a_saved_draft_says_that_it_was_saved(world: World):
    preview = await update(world, "deal", FORM | {"value": "M"}, deal="armed-drones", field="model")
    form = await world.editor.click(reply(preview), label="Change")
    await world.editor.click(reply(preview), label="Save")
    again = await world.editor.submit_modal(form, FORM | {"value": "N"})
    assert "saved already, once" in answer(again)
    assert await value(world, "armed-drones", "model") == "M"


async def test_words_sent_with_a_mistake_are_in_the_file_before_they_are_read(world: World):
    await update(world, "deal", FORM | {"value": "M", "date": "soon"}, deal="armed-drones", field="model")
    await world.restart()
    async with world.db.write(world.guild.id) as conn:
        person = await people.ensure(conn, world.editor.id)
        kept = await drafts.get(conn, world.guild.id, "1", person.id)
    assert kept.typed == FORM | {"value": "M", "date": "soon", "reason": ""}
