"""Tests of permissions in direct messages, where Discord sends no roles and the bot has to ask for them."""

from __future__ import annotations

import discord
import simcord

from bot.services import guilds, people
from bot.ui.ids import custom_id
from bot.ui.layout import button, plain
from tests.discord.conftest import World, answer, labels_of, reply


async def sent_to(world: World, who: simcord.MemberActor, name: str, *arguments: str) -> discord.Message:
    """Send a direct message with one button to a member. `name` and `arguments` make the button's custom id."""
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


async def second_server(world: World) -> simcord.GuildHandle:
    """Make a second server. In both servers, the member follows everything and has a digest and a reminder."""
    other = world.env.create_guild("Elsewhere", owner=world.owner)
    other.add_member(world.member.user)
    channel = other.create_text_channel("news")
    await world.env.settle()
    async with world.db.write(other.id) as conn:
        person = await people.ensure(conn, world.owner.id)
        await guilds.ensure(conn, other.id, name="Elsewhere", owner_id=world.owner.id)
        await guilds.configure(conn, other.id, now=world.now, person_id=person.id, zone="UTC")
    there = simcord.MemberActor(world.env, other, world.member.user)
    for who, where, name in ((world.member, world.channel, "here"), (there, channel, "there")):
        await who.slash(where, "follow add", what="everything")
        await who.slash(where, "digest set")
        await who.slash(where, "remind me", text=f"Call {name}", when="tomorrow")
    await world.env.advance_time(3700)
    return other


async def test_a_server_that_cannot_be_asked_is_left_out_of_lists_with_a_word(world: World):
    other = await second_server(world)
    world.env.inject_error("GET", f"/guilds/{other.id}/members/*", status=403, code=50001, times=None)
    user = world.member.user
    for command in ("follow list", "follow log", "remind list", "digest show"):
        told = answer(await user.slash(command))
        assert "Newsroom" in told, command
        assert "Elsewhere" not in told, command
        assert "did not say in time" in told, command
    asked = await user.slash("digest off")
    assert "Of which server?" in answer(asked)
    assert "did not say in time" in answer(asked)
    choices = await user.autocomplete("remind cancel", "reminder", "Call")
    assert [choice["name"] for choice in choices] == ["Call here (Newsroom)"]
    assert "Try again in a minute" in answer(await user.slash("remind cancel", reminder="Call there"))
    world.env.backend.faults.clear()
    told = answer(await user.slash("follow list"))
    assert "Elsewhere" in told
    assert "did not say in time" not in told
    assert "no longer" in answer(await user.slash("remind cancel", reminder="Call there"))


async def test_who_cannot_be_asked_about_is_not_told_to_have_nothing(world: World):
    await world.member.slash(world.channel, "follow add", what="everything")
    await world.member.slash(world.channel, "digest set")
    await world.member.slash(world.channel, "remind me", text="Call", when="tomorrow")
    await world.env.advance_time(3700)
    world.env.inject_error("GET", "/guilds/*/members/*", status=403, code=50001, times=None)
    opens = await sent_to(world, world.member, "record.open", "armed-drones")
    assert "Try again in a minute" in answer(await world.member.user.click(opens, label="Press"))
    for command, options in {
        "follow list": {},
        "follow log": {},
        "follow remove": {"what": "everything"},
        "remind list": {},
        "remind cancel": {"reminder": "Call"},
        "digest show": {},
        "digest off": {},
    }.items():
        assert "Try again in a minute" in answer(await world.member.user.slash(command, **options)), command


async def test_a_command_in_a_dm_answers_before_any_server_is_asked(world: World):
    await second_server(world)
    for command, options in {
        "follow list": {},
        "follow log": {},
        "follow remove": {"what": "nothing"},
        "remind list": {},
        "remind cancel": {"reminder": "nothing"},
        "digest show": {},
        "digest off": {},
    }.items():
        await world.env.advance_time(3700)
        before = len(world.env.http_requests)
        await world.member.user.slash(command, **options)
        paths = [request.path for request in world.env.http_requests[before:]]
        first = next(i for i, path in enumerate(paths) if "/members/" in path)
        assert any(path.endswith("/callback") for path in paths[:first]), command
