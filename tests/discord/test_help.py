"""/help says the next three steps to each person where they stand, with commands that can be clicked."""

from __future__ import annotations

import re

import pytest
import simcord
from discord import app_commands

from bot.services import desks
from tests.discord.conftest import World, answer


async def help_of(world: World, actor: simcord.MemberActor) -> str:
    result = await actor.slash(world.channel, "help")
    assert result.ephemeral
    return answer(result)


def steps(text: str) -> str:
    first, _, _ = text.partition("### All commands")
    assert re.findall(r"^(\d)\. ", first, re.MULTILINE) == ["1", "2", "3"]
    return first


def clickable(text: str) -> set[str]:
    return set(re.findall(r"</([a-z ]+):\d+>", text))


def all_names(world: World) -> set[str]:
    return {
        command.qualified_name
        for command in world.bot.tree.walk_commands()
        if not isinstance(command, app_commands.Group)
    }


@pytest.mark.asyncio
async def test_before_setup_a_manager_is_led_to_it_and_a_member_told_whom_to_ask(empty_world: World):
    assert "1. </setup:" in steps(await help_of(empty_world, empty_world.manager))
    text = steps(await help_of(empty_world, empty_world.member))
    assert "Ask someone with Manage Server" in text


@pytest.mark.asyncio
async def test_each_reads_their_own_steps(world: World):
    manager = steps(await help_of(world, world.manager))
    editor = steps(await help_of(world, world.editor))
    member = steps(await help_of(world, world.member))
    assert "</settings show:" in manager
    assert "</update stage:" in editor
    assert "</follow add:" in member
    assert all("\n1. </ask:" in text for text in (manager, editor, member))
    assert len({manager, editor, member}) == 3


@pytest.mark.asyncio
async def test_after_a_return_the_pause_is_said(world: World):
    async with world.db.write() as conn:
        await desks.leave(conn, world.guild.id, now=world.now)
    assert "</setup:" in steps(await help_of(world, world.manager))
    assert "nothing is sent" in steps(await help_of(world, world.member))


@pytest.mark.asyncio
async def test_every_command_can_be_clicked_by_who_may_use_it(world: World):
    everything = all_names(world)
    for_managers = {name for name in everything if name.split()[0] in ("setup", "settings")}
    assert clickable(await help_of(world, world.manager)) == everything
    assert clickable((await help_of(world, world.member)).partition("### All commands")[2]) == everything - for_managers
    assert "</set" not in await help_of(world, world.member)


@pytest.mark.asyncio
async def test_a_member_reads_which_commands_are_for_editors(world: World):
    text = await help_of(world, world.member)
    assert [line for line in text.splitlines() if "(for editors)" in line] == [
        line for line in text.splitlines() if line.startswith("</update ")
    ]
    assert text.count("(for editors)") == 1
    assert "(for editors)" not in await help_of(world, world.manager)


@pytest.mark.asyncio
async def test_in_the_dm_it_lists_what_works_there(world: World):
    text = answer(await world.member.user.slash("help"))
    steps(text)
    listed = clickable(text.partition("### All commands")[2])
    assert {name.split()[0] for name in listed} == {"digest", "follow", "help", "me", "remind"} & {
        name.split()[0] for name in all_names(world)
    }
