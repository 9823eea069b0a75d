"""Rights in a direct message, where Discord says nothing of roles: they are asked for when an answer depends on it."""

from __future__ import annotations

import discord
import pytest
import simcord

from bot.ui.ids import custom_id
from bot.ui.layout import button, plain
from tests.discord.conftest import World, answer, labels_of
from tests.discord.test_follow import reply

pytestmark = pytest.mark.asyncio


async def sent_to(world: World, who: simcord.MemberActor, name: str, *arguments: str) -> discord.Message:
    """A message of the bot in somebody's direct messages with one button."""
    channel = await world.bot.create_dm(discord.Object(who.id))
    view = plain([button("Press", custom_id(name, *arguments, guild_id=world.guild.id))])
    return await channel.send("A message", view=view)


async def test_who_lost_the_editor_role_edits_nothing_more_from_a_dm(world: World):
    editor, opens = world.editor.user, await sent_to(world, world.editor, "record.open", "armed-drones")
    update = await sent_to(world, world.editor, "update.open", "armed-drones")
    assert "Update" in labels_of(reply(await editor.click(opens, label="Press")))
    assert "armed drones" in answer(await editor.click(update, label="Press"))
    world.env.backend.remove_member_role(world.guild.id, world.editor.id, world.editors.id)
    await world.env.settle()
    assert "Only editors change the record" in answer(await editor.click(update, label="Press"))
    assert "Update" not in labels_of(reply(await editor.click(opens, label="Press")))


async def test_who_lost_manage_server_resumes_nothing_more_from_a_dm(world: World):
    managers = world.guild.create_role("Managers", permissions=discord.Permissions(manage_guild=True))
    helper = world.guild.add_member(world.env.create_user("hana"), roles=[managers])
    resume = await sent_to(world, helper, "settings.resume", "0")
    assert "permission Manage Server" not in answer(await helper.user.click(resume, label="Press"))
    world.env.backend.remove_member_role(world.guild.id, helper.id, managers.id)
    await world.env.settle()
    assert "permission Manage Server" in answer(await helper.user.click(resume, label="Press"))


async def test_who_gets_the_editor_role_edits_from_a_dm_at_once(world: World):
    update = await sent_to(world, world.member, "update.open", "armed-drones")
    assert "Only editors change the record" in answer(await world.member.user.click(update, label="Press"))
    world.env.backend.add_member_role(world.guild.id, world.member.id, world.editors.id)
    await world.env.settle()
    assert "Only editors" not in answer(await world.member.user.click(update, label="Press"))
