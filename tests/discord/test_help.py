"""Tests of /help: the three steps suit the person and the server, and every command can be clicked."""

from __future__ import annotations

import re
from typing import Any

import simcord
from discord import app_commands

from bot.services import guilds
from tests.discord.conftest import World, answer, parts, reply, text_of


async def help_of(world: World, actor: simcord.MemberActor) -> str:
    result = await actor.slash(world.channel, "help")
    assert result.ephemeral
    return answer(result)


def steps(text: str) -> str:
    assert re.findall(r"^(\d)\. ", text, re.MULTILINE) == ["1", "2", "3"]
    assert len(text) < 700
    return text


def menu(message: Any) -> dict[str, Any]:
    (found,) = [part for part in parts(message.components) if part.get("type") == 3]
    return found


def values(message: Any) -> list[str]:
    return [option["value"] for option in menu(message)["options"]]


async def groups_of(actor: Any, shown: Any) -> dict[str, str]:
    """Choose each value of the menu in turn. Return the text of each answer by value."""
    return {value: answer(await actor.select(shown, [value])) for value in values(shown)}


def clickable(text: str) -> set[str]:
    return set(re.findall(r"</([a-z ]+):\d+>", text))


def all_names(world: World) -> set[str]:
    return {
        command.qualified_name
        for command in world.bot.tree.walk_commands()
        if not isinstance(command, app_commands.Group)
    }


async def test_before_setup_a_manager_is_led_to_it_and_a_member_told_whom_to_ask(empty_world: World):
    assert "1. </setup:" in steps(await help_of(empty_world, empty_world.manager))
    text = steps(await help_of(empty_world, empty_world.member))
    assert "Ask someone with Manage Server" in text


async def test_each_reads_their_own_steps(world: World):
    manager = steps(await help_of(world, world.manager))
    editor = steps(await help_of(world, world.editor))
    member = steps(await help_of(world, world.member))
    assert "</settings show:" in manager
    assert "</update event:" in editor
    assert "</follow add:" in member
    assert all("\n1. </ask:" in text for text in (manager, editor, member))
    assert len({manager, editor, member}) == 3


async def test_after_a_return_the_pause_is_said(world: World):
    async with world.db.write(world.guild.id) as conn:
        await guilds.leave(conn, world.guild.id, now=world.now)
    assert "</setup:" in steps(await help_of(world, world.manager))
    assert "nothing is sent" in steps(await help_of(world, world.member))


async def test_every_command_is_in_one_group_of_who_may_use_it_and_can_be_clicked(world: World):
    everything = all_names(world)
    for_managers = {name for name in everything if name.split()[0] in ("setup", "settings")}
    for_editors = {name for name in everything if name.split()[0] == "update"}
    for actor, may in (
        (world.manager, everything),
        (world.editor, everything - for_managers),
        (world.member, everything - for_managers - for_editors),
    ):
        result = await actor.slash(world.channel, "help")
        texts = await groups_of(actor, reply(result))
        listed = [name for text in texts.values() for name in re.findall(r"</([a-z ]+):\d+>", text)]
        assert sorted(listed) == sorted(may)
        assert ("update" in texts) is (may >= for_editors)
        for text in texts.values():
            heading, *lines = text.splitlines()
            assert heading.startswith("## ")
            assert all(re.fullmatch(r"- </[a-z ]+:\d+>: .+[^.]", line) for line in lines)


async def test_the_menu_names_its_groups_and_each_choice_says_what_it_is_for(world: World):
    shown = reply(await world.manager.slash(world.channel, "help"))
    assert menu(shown)["placeholder"] == "Commands: choose a subject"
    assert all(option["description"] for option in menu(shown)["options"])


async def test_one_group_takes_the_place_of_another_also_after_a_restart(world: World):
    shown = reply(await world.member.slash(world.channel, "help"))
    await world.restart()
    asking = await world.member.select(shown, ["ask"])
    assert asking.ephemeral
    assert "</deal show:" in answer(asking)
    assert "First steps" in text_of(shown)
    following = await world.member.select(reply(asking), ["follow"])
    assert answer(following).startswith("## Following\n- </follow add:")
    private = [message for message in world.channel.history(viewer=world.member) if message.flags.ephemeral]
    assert [text_of(message).splitlines()[0] for message in private] == ["## First steps", "## Following"]


async def test_a_choice_that_one_may_no_longer_make_shows_what_is_there_now(world: World):
    shown = reply(await world.editor.slash(world.channel, "help"))
    world.env.backend.remove_member_role(world.guild.id, world.editor.user.id, world.editors.id)
    await world.env.settle()
    again = await world.editor.select(shown, ["update"])
    assert steps(answer(again))
    assert "update" not in values(reply(again))


async def test_in_the_dm_it_lists_what_works_there(world: World):
    result = await world.member.user.slash("help")
    steps(answer(result))
    await world.restart()
    texts = await groups_of(world.member.user, reply(result))
    assert list(texts) == ["follow", "remind", "server"]
    listed = {name.split()[0] for text in texts.values() for name in clickable(text)}
    assert listed == {"digest", "follow", "help", "me", "remind"}
