"""Tests of /update questions: how editors list and handle filed questions, and add an alias to answer one."""

from __future__ import annotations

from typing import Any

import discord
import pytest
import simcord

from bot.ledger.drafts import Draft, alias_task
from bot.services import questions, records, updates
from bot.ui import draft_forms as forms
from bot.ui.ids import custom_id
from bot.ui.layout import button, card
from data.records import Filed, ListedText
from tests.discord.conftest import World, answer, labels_of, parts, posted, reply
from tests.discord.test_update import controls, filled
from tests.discord.test_update_refusals import elsewhere

NASTY = "**who** is <@1> @everyone </a:1> `y` [z](https://example.org)\n# big?"
DAY = 24 * 3600


@pytest.fixture
async def bare(empty_world: World) -> World:
    """Return a world whose server is set up without any records."""
    await empty_world.set_up(dossier=None)
    return empty_world


async def file(world: World, *asked: str, guild_id: int = 0) -> list[int]:
    async with world.db.write(guild_id or world.guild.id) as conn:
        for text in asked:
            await questions.file(conn, guild_id or world.guild.id, text, now=world.now, user_id=world.member.id)
    return [filed.id for filed in await waiting(world, guild_id)]


async def waiting(world: World, guild_id: int = 0) -> list[Filed]:
    id_ = guild_id or world.guild.id
    filed, _ = await questions.list_filed(world.db.read, id_, now=world.now, offset=0, limit=500)
    return filed


async def listed(world: World, who: simcord.MemberActor | None = None) -> simcord.InteractionResult:
    result = await (who or world.editor).slash(world.channel, "update questions")
    assert result.ephemeral
    return result


def options(result: simcord.InteractionResult) -> list[dict[str, Any]]:
    return [option for part in parts(reply(result).components) for option in part.get("options", [])]


async def choose(world: World, asked: str) -> simcord.InteractionResult:
    """Open the list of filed questions as an editor, and choose the question whose label contains `asked`."""
    result = await listed(world)
    (value,) = [option["value"] for option in options(result) if asked in option["label"]]
    return await world.editor.select(reply(result), [value])


# The list


async def test_an_editor_reads_what_waits_when_it_was_filed_and_how_often(bare: World):
    await file(bare, "Who makes the drones?", "What about tea?", "who makes the drones")
    result = await listed(bare)
    filed = f"-# Filed <t:{int(bare.now.timestamp())}:f>"
    assert f"**1. Who makes the drones?**\n{filed}, 2 times\n**2. What about tea?**\n{filed}" in answer(result)
    assert "2 questions." in answer(result)
    assert [option["label"] for option in options(result)] == ["1. Who makes the drones?", "2. What about tea?"]
    assert labels_of(reply(result)) == []


async def test_an_empty_list_says_how_a_question_comes_here(bare: World):
    assert "None waits. *Not what I asked* under an answer" in answer(await listed(bare))
    assert "None waits" in answer(await listed(bare, bare.manager))


async def test_a_long_list_has_pages_and_one_keeps_its_place(bare: World):
    await file(bare, *(f"Question {number}?" for number in range(17)))
    first = await listed(bare)
    assert "Page 1 of 3" in answer(first)
    assert labels_of(reply(first)) == ["More questions"]
    second = await bare.editor.click(reply(first), label="More questions")
    assert "**9. Question 8?**" in answer(second)
    assert labels_of(reply(second)) == ["Previous questions", "More questions"]
    third = await bare.editor.click(reply(second), label="More questions")
    assert "**17. Question 16?**" in answer(third)
    one = await bare.editor.select(reply(third), [options(third)[0]["value"]])
    assert labels_of(reply(one)) == ["Handled", "Add an alias", "All questions"]
    assert "Page 3 of 3" in answer(await bare.editor.click(reply(one), label="All questions"))
    one = await choose(bare, "Question 3?")
    assert "Page 1 of 3" in answer(await bare.editor.click(reply(one), label="All questions"))


async def test_the_last_question_of_a_page_leaves_one_on_the_page_before(bare: World):
    await file(bare, *(f"Question {number}?" for number in range(9)))
    second = await bare.editor.click(reply(await listed(bare)), label="More questions")
    one = await bare.editor.select(reply(second), [options(second)[0]["value"]])
    after = await bare.editor.click(reply(one), label="Handled")
    assert "**1. Question 0?**" in answer(after)
    assert "Handled: the question is off the list." in answer(after)


async def test_any_words_are_shown_letter_by_letter_and_fit(bare: World):
    await file(bare, NASTY, *(f"{number}" + "*" * 5990 for number in range(6)), "\u200b", "\n")
    result = await listed(bare)
    assert len(answer(result)) <= 4000
    for one in options(result):
        assert 3 <= len(one["label"]) <= 100
    for part in ("Filed", "who"):
        chosen = await choose(bare, "who") if part == "who" else result
        told = answer(chosen)
        assert "@everyone" not in told
        for opening in ("<@1", "</a", "[z]", "`y`"):
            assert opening not in told.replace("\\" + opening[0], "·")
        assert "\n# " not in told
    long = await choose(bare, "0**")
    assert len(answer(long)) <= 4000


# Handled


async def test_a_handled_question_is_off_the_list_for_good(bare: World):
    await file(bare, "Who?", "What?")
    one = await choose(bare, "Who?")
    assert "> Who?" in answer(one)
    after = await bare.editor.click(reply(one), label="Handled")
    assert "Who?" not in answer(after)
    assert "**1. What?**" in answer(after)
    assert [one.asked for one in await waiting(bare)] == ["What?"]


async def test_handled_twice_says_so_and_takes_no_other_one(bare: World):
    await file(bare, "Who?", "What?")
    mine, theirs = await choose(bare, "Who?"), await listed(bare, bare.manager)
    again = await choose(bare, "Who?")
    await bare.editor.click(reply(mine), label="Handled")
    assert "handled meanwhile" in answer(await bare.editor.click(reply(again), label="Add an alias"))
    twice = await bare.editor.click(reply(again), label="Handled")
    assert "That question was handled before." in answer(twice)
    stale = await bare.manager.select(reply(theirs), [options(theirs)[0]["value"]])
    assert "That question was handled meanwhile." in answer(stale)
    assert [one.asked for one in await waiting(bare)] == ["What?"]


async def test_a_question_can_be_handled_after_a_restart(bare: World):
    await file(bare, "Who?")
    one = await choose(bare, "Who?")
    await bare.restart()
    assert "None waits" in answer(await bare.editor.click(reply(one), label="Handled"))
    assert await waiting(bare) == []


async def test_after_90_days_a_question_is_gone(bare: World):
    await file(bare, "Who?")
    before = await listed(bare)
    await bare.env.advance_time(90 * DAY - 2)
    assert "Who?" in answer(await listed(bare))
    await bare.env.advance_time(4)
    assert "None waits" in answer(await listed(bare))
    assert "handled meanwhile" in answer(await bare.editor.select(reply(before), [options(before)[0]["value"]]))


# Whose it is


async def test_only_editors_see_and_handle_what_was_filed(bare: World):
    (id_,) = await file(bare, "Who?")
    refused = await bare.member.slash(bare.channel, "update questions")
    assert "Only editors change the record" in answer(refused)
    assert "Who?" not in answer(refused)
    for name, arguments in (
        ("update.questions", ["0"]),
        ("update.question", ["0"]),
        ("update.handled", [str(id_), "0"]),
        ("update.alias", [str(id_)]),
    ):
        message = await posted(bare, button("Press", custom_id(name, *arguments)))
        result = await bare.member.click(message, label="Press")
        assert result.modal is None
        assert "Only editors change the record" in answer(result), name
    assert [one.id for one in await waiting(bare)] == [id_]


async def test_an_editor_who_lost_the_role_handles_nothing(bare: World):
    await file(bare, "Who?")
    one = await choose(bare, "Who?")
    bare.env.backend.remove_member_role(bare.guild.id, bare.editor.id, bare.editors.id)
    await bare.env.settle()
    assert "Only editors" in answer(await bare.editor.click(reply(one), label="Handled"))
    assert len(await waiting(bare)) == 1


async def test_a_question_belongs_to_its_server_alone(bare: World):
    (id_,) = await file(bare, "Who?")
    other = await elsewhere(bare)
    assert "None waits" in answer(await other.owner.slash(other.channel, "update questions"))
    channel = bare.bot.get_channel(other.channel.id)
    assert isinstance(channel, discord.TextChannel)
    view = card(["A list"], buttons=[button("Press", custom_id("update.handled", id_, 0))])
    told = answer(await other.owner.click(await channel.send(view=view), label="Press"))
    assert "was handled before" in told
    assert "Who?" not in told
    assert [one.asked for one in await waiting(bare)] == ["Who?"]


async def test_whoever_deletes_their_data_takes_their_questions_along(bare: World):
    await file(bare, "Who?")
    asked = await bare.member.slash(bare.channel, "me delete")
    assert "questions" in answer(asked)
    await bare.member.click(reply(asked), label="Delete my data")
    assert "None waits" in answer(await listed(bare))


# The alias


async def add_alias(world: World, **typed: str) -> simcord.InteractionResult:
    """File a question, and fill in its *Add an alias* form as an editor. Return the preview or the refusal."""
    await file(world, "Who builds the killer robots?")
    form = await world.editor.click(reply(await choose(world, "robots")), label="Add an alias")
    return await world.editor.submit_modal(form, typed)


async def test_an_alias_is_an_update_like_any_other_and_found_from_then_on(world: World):
    await file(world, "Who builds the killer robots?")
    one = await choose(world, "robots")
    form = await world.editor.click(reply(one), label="Add an alias")
    assert {name: part["label"] for name, part in controls(form).items()} == {
        "record": "Record",
        "value": "Also known as",
    }
    typed = {"record": "drone deal", "value": "the killer robots"}
    preview = await world.editor.submit_modal(form, typed)
    told = answer(preview)
    assert told.startswith("## Save this? 31 armed drones for India")
    assert "Added: **the killer robots**" in told
    assert "With it" not in told
    saved = await world.editor.click(reply(preview), label="Save")
    assert answer(saved).startswith("## Saved: 31 armed drones for India")
    newest = (await updates.history(world.db.read, world.guild.id, "armed-drones"))[-1]
    assert (newest.field, newest.value, newest.date.precision, newest.origin) == (
        "alias", ListedText("the killer robots"), "unknown", "editor",
    )  # fmt: skip
    assert "Source" not in told
    assert await records.slug_by_name(world.db.read, world.guild.id, "killer robots") == "armed-drones"
    # The filed question is not handled yet: its buttons are still there.
    assert "None waits" in answer(await world.editor.click(reply(one), label="Handled"))

    undone = await world.editor.click(reply(saved), label="Undo")
    assert "31 armed drones for India is as it was before" in answer(undone)
    assert labels_of(reply(undone)) == ["Open"]
    opened = await records.get(world.db.read, world.guild.id, "armed-drones")
    assert ListedText("the killer robots") not in [fact.value for fact in opened.record.state.facts("alias")]


async def test_every_mistake_in_the_alias_form_is_told_at_once_and_the_form_comes_back_full(world: World):
    before = await updates.newest_id(world.db.read, world.guild.id)
    typed = {"record": "Atlantis", "value": "!?"}
    refused = await add_alias(world, **typed)
    told = answer(refused)
    assert "- Record: " in told
    assert "is not in the record" in told
    assert "- Also known as: " in told
    assert labels_of(reply(refused)) == ["Change", "Discard"]
    await world.restart()
    form = await world.editor.click(reply(refused), label="Change")
    assert filled(form) == typed
    typed |= {"value": "the killer robots"}
    preview = await world.editor.submit_modal(form, typed | {"record": "Russia"})
    assert answer(preview).startswith("## Save this? Russia")
    form = await world.editor.click(reply(preview), label="Change")
    preview = await world.editor.submit_modal(form, typed | {"record": "India"})
    assert answer(preview).startswith("## Save this? India")
    assert await updates.newest_id(world.db.read, world.guild.id) == before
    assert "Nothing was changed" in answer(await world.editor.click(reply(preview), label="Discard"))


async def test_a_name_of_several_records_is_refused_with_their_kinds(world: World):
    refused = await add_alias(world, record="a", value="x")
    assert "- Record: " in answer(refused)
    assert "Nothing was changed" in answer(refused)


async def test_the_alias_form_fits(world: World):
    draft = Draft(10**15, 1, 1, alias_task(), {"record": "r" * 4000, "value": "v"}, 0, "open", "")
    form = forms.form(draft, guild_id=10**19, here=True).to_dict()
    assert len(form["title"]) <= 45
    assert len(form["custom_id"]) <= 100
    assert len(form["components"]) == 2
    for part in form["components"]:
        assert len(part["label"]) <= 45
        assert len(part["description"]) <= 100
        assert len(part["component"].get("value") or "") <= part["component"]["max_length"]


# How it stands


async def test_settings_count_what_waits_and_what_found_no_answer(bare: World):
    async def told() -> str:
        result = await bare.manager.slash(bare.channel, "settings show")
        return next(line for line in answer(result).splitlines() if "**Questions:**" in line)

    command = bare.bot.mention("update questions")
    assert command.startswith("</update questions:")
    assert await told() == (
        "**Questions:** none waits for the editors; none of the last 24 hours found no answer in the record; "
        f"{command} shows what waits"
    )
    await file(bare, "Who?", "What?")
    async with bare.db.write(bare.guild.id) as conn:
        for _ in range(3):
            await questions.keep_asked(
                conn, bare.guild.id, "Where?", now=bare.now, user_id=bare.member.id, unanswered=True
            )
    assert "2 wait for the editors; 3 of the last 24 hours found no answer" in await told()
    await bare.env.advance_time(DAY)
    assert "2 wait for the editors; none of the last 24 hours" in await told()
