"""Tests of /setup, and of the bot joining a server, being removed and being invited again."""

from __future__ import annotations

import discord
import pytest
import simcord

from bot.app import Attache
from bot.services import destinations, guilds
from cogs.setup import SetupCog
from data.records import Destination, Guild, Outcome
from tests.discord.conftest import World, answer

EPHEMERAL = 1 << 6


async def guild_of(world: World) -> Guild:
    guild = await guilds.find(world.db.read, world.guild.id)
    assert guild is not None
    return guild


async def place_of(world: World, channel_id: int) -> Destination:
    place = await destinations.find_channel(world.db.read, world.guild.id, channel_id)
    assert place is not None
    return place


def without(world: World, **permissions: bool) -> dict:
    """Return overwrites for a new channel that grant (True) or deny (False) the bot these permissions."""
    assert world.bot.user is not None
    return {world.bot.user: discord.PermissionOverwrite(**permissions)}


async def set_up(world: World, typed_in: simcord.ChannelHandle | None = None, **options) -> str:
    """Run /setup as a manager and return the text of the answer. `typed_in` is the channel it is typed in."""
    return answer(await world.manager.slash(typed_in or world.channel, "setup", **options))


# /setup


async def test_setup_without_options_does_everything_and_says_so(empty_world: World):
    result = await empty_world.manager.slash(empty_world.channel, "setup")
    text = answer(result)
    assert result.ephemeral
    assert "Attaché is set up" in text
    assert f"**Channel:** <#{empty_world.channel.id}>" in text
    assert "**Zone:** UTC. None was chosen" in text
    assert "whoever has Manage Server" in text
    assert "09:00 on weekdays" in text
    assert "India–U.S. 2+2 talks" in text
    assert "\n1. </ask:" in text
    assert "</pending list:" in text
    assert text.count("\n1. ") == text.count("\n2. ") == text.count("\n3. ") == 1
    guild = await guild_of(empty_world)
    place = await place_of(empty_world, empty_world.channel.id)
    assert (guild.channel_id, guild.zone, guild.editor_role_id) == (empty_world.channel.id, "UTC", None)
    assert (place.digest_at, place.digest_days, place.state) == ("09:00", "12345", "active")
    assert place.next_delivery_at is not None
    assert (await guilds.holdings(empty_world.db.read, empty_world.guild.id)).dossiers == ("india-us-2plus2-2023",)


async def test_setup_with_all_options_takes_each(empty_world: World):
    other = empty_world.guild.create_text_channel("news")
    text = await set_up(empty_world, zone="kolkata", channel=other, role=empty_world.editors, digest="7:30 pm")
    assert f"<@&{empty_world.editors.id}>" in text
    assert "19:30 on weekdays" in text
    assert "**Zone:** Asia/Kolkata\n" in text
    guild = await guild_of(empty_world)
    assert (guild.channel_id, guild.zone, guild.editor_role_id) == (other.id, "Asia/Kolkata", empty_world.editors.id)


async def test_setup_again_changes_only_what_was_asked(empty_world: World):
    await set_up(empty_world, role=empty_world.editors)
    before, place = await guild_of(empty_world), await place_of(empty_world, empty_world.channel.id)
    held = await guilds.holdings(empty_world.db.read, empty_world.guild.id)

    text = await set_up(empty_world, empty_world.guild.create_text_channel("elsewhere"), zone="Europe/Paris")
    assert "Setup changed" in text
    assert "**Zone:** Europe/Paris" in text
    assert "**Channel:**" not in text
    after, moved = await guild_of(empty_world), await place_of(empty_world, empty_world.channel.id)
    assert after.zone == "Europe/Paris"
    assert (after.channel_id, after.editor_role_id) == (before.channel_id, before.editor_role_id)
    assert (moved.digest_at, moved.digest_days) == ("09:00", "12345")
    assert place.next_delivery_at is not None
    assert moved.next_delivery_at is not None
    assert place.next_delivery_at != moved.next_delivery_at, "nine in Paris is not nine in UTC"
    assert await guilds.holdings(empty_world.db.read, empty_world.guild.id) == held

    text = await set_up(empty_world)
    assert "Nothing was changed" in text
    assert await guild_of(empty_world) == after


async def test_setup_keeps_a_digest_that_was_ended_ended(empty_world: World):
    await set_up(empty_world)
    place = await place_of(empty_world, empty_world.channel.id)
    async with empty_world.db.write(empty_world.guild.id) as conn:
        await destinations.set_digest(conn, place.id, now=empty_world.now, at=None)
    text = await set_up(empty_world, role=empty_world.editors)
    assert "Setup changed" in text
    assert (await place_of(empty_world, empty_world.channel.id)).digest_at is None


async def test_another_channel_takes_the_digest_along_once(empty_world: World):
    await set_up(empty_world, digest="08:15")
    old = await place_of(empty_world, empty_world.channel.id)
    async with empty_world.db.write(empty_world.guild.id) as conn:
        await conn.execute("UPDATE destination SET digests_sent = 4, planned_on = '2026-01-01' WHERE id = ?", (old.id,))
    other = empty_world.guild.create_text_channel("news")
    text = await set_up(empty_world, channel=other)
    assert f"The digest moved here from <#{empty_world.channel.id}>" in text
    assert f"08:15 on weekdays in <#{other.id}>" in text
    left, new = await place_of(empty_world, empty_world.channel.id), await place_of(empty_world, other.id)
    assert (left.digest_at, left.next_delivery_at) == (None, None)
    assert (new.digest_at, new.digests_sent, new.digested_to) == ("08:15", 4, old.digested_to)
    assert new.planned_on is not None
    assert (await guild_of(empty_world)).channel_id == other.id


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"digest": "25:00"}, '"25:00" is not a time of day'),
        ({"digest": "x" * 6000}, "is not a time of day"),
        ({"zone": "Atlantis"}, '"Atlantis" is not a zone'),
        ({"zone": "IST"}, "is an abbreviation"),
        ({"zone": "**bold** <@1> @everyone"}, "is not a zone"),
        ({"zone": "y" * 6000}, "is not a zone"),
    ],
)
async def test_a_mistake_changes_nothing(empty_world: World, options, words):
    text = await set_up(empty_world, role=empty_world.editors, **options)
    assert words in text
    assert "Nothing was changed" in text
    assert len(text) < 400
    assert "<@1>" not in text
    assert "@everyone" not in text
    assert (
        await guilds.find(empty_world.db.read, empty_world.guild.id) is None
        or not (await guild_of(empty_world)).set_up_at
    )


async def test_a_channel_that_the_bot_cannot_post_in_is_refused_by_the_names_of_what_is_missing(empty_world: World):
    mute = empty_world.guild.create_text_channel("mute", overwrites=without(empty_world, send_messages=False))
    dark = empty_world.guild.create_text_channel("dark", overwrites=without(empty_world, view_channel=False))
    text = await set_up(empty_world, channel=mute, zone="Asia/Kolkata")
    assert "lacks Send Messages there" in text
    assert "Nothing was changed" in text
    assert "View Channel" in await set_up(empty_world, channel=dark)
    assert "lacks Send Messages there" in await set_up(empty_world, mute)
    assert not (guild := await guilds.find(empty_world.db.read, empty_world.guild.id)) or guild.set_up_at is None


async def test_a_channel_without_history_works_and_is_said_to_be_second_best(empty_world: World):
    blind = empty_world.guild.create_text_channel("blind", overwrites=without(empty_world, read_message_history=False))
    text = await set_up(empty_world, blind)
    assert "lacks Read Message History" in text
    assert (await guild_of(empty_world)).channel_id == blind.id


async def test_a_deleted_channel_is_said_the_next_time(empty_world: World):
    await set_up(empty_world)
    other = empty_world.guild.create_text_channel("other")
    empty_world.env.backend.delete_channel(empty_world.channel.id)
    await empty_world.env.settle()
    assert "cannot be seen any more" in await set_up(empty_world, other, zone="Asia/Kolkata")
    text = await set_up(empty_world, other, channel=other)
    assert "cannot be seen" not in text
    assert f"in <#{other.id}>" in text


async def test_everyone_and_managed_roles_are_no_editors(empty_world: World):
    everyone = empty_world.guild.default_role
    assert "cannot be the editor role" in await set_up(empty_world, role=everyone)
    stored = empty_world.env.backend.guilds[empty_world.guild.id].roles[empty_world.editors.id]
    stored.managed = True
    empty_world.env.backend.edit_role(empty_world.guild.id, empty_world.editors.id, {"name": "Some bot"})
    await empty_world.env.settle()
    assert "is managed by Discord or a bot" in await set_up(empty_world, role=empty_world.editors)
    guild = await guilds.find(empty_world.db.read, empty_world.guild.id)
    assert guild is None or guild.set_up_at is None


async def test_setup_is_hidden_from_members_and_refused_to_them(empty_world: World):
    for member in (empty_world.member, empty_world.editor):
        assert "setup" not in member.available_commands(empty_world.channel)
        assert "settings show" not in member.available_commands(empty_world.channel)
    # A server's settings can show the command to a role. The bot checks the permission itself.
    empty_world.guild.set_command_permissions(empty_world.bot.command_ids["setup"], {empty_world.editors: True})
    text = answer(await empty_world.editor.slash(empty_world.channel, "setup"))
    assert "Manage Server" in text
    assert "Nothing was changed" in text
    assert await guilds.find(empty_world.db.read, empty_world.guild.id) is None


async def test_a_paused_channel_works_again_when_it_is_set_anew(empty_world: World):
    await set_up(empty_world)
    place = await place_of(empty_world, empty_world.channel.id)
    async with empty_world.db.write(empty_world.guild.id) as conn:
        await destinations.pause(conn, place.id, Outcome.NOT_PERMITTED, "the bot lacks Send Messages there")
    text = await set_up(empty_world, channel=empty_world.channel)
    assert "is sent now" in text
    assert (await place_of(empty_world, empty_world.channel.id)).state == "active"


async def test_zones_are_offered_while_typing(empty_world: World):
    offered = await empty_world.manager.autocomplete(empty_world.channel, "setup", "zone", "kolk")
    assert [choice["value"] for choice in offered] == ["Asia/Kolkata"]
    assert len(await empty_world.manager.autocomplete(empty_world.channel, "setup", "zone", "")) > 5


# Joining and leaving


async def join(world: World, name: str = "New", *, online: bool = True, **channels) -> simcord.GuildHandle:
    """Create a server that has the bot as a member. If `online`, the bot is told now, else at its next start.

    `channels` are the overwrites of each text channel by name.
    """
    backend = world.env.backend
    feed = world.env._gateway_feed
    backend.subscribers.remove(feed)
    guild = world.env.create_guild(name, owner=world.owner)
    for channel, overwrites in (channels or {"general": {}}).items():
        guild.create_text_channel(channel, overwrites=overwrites)
    backend.subscribers.append(feed)
    if online:
        await announce(world, guild.id)
    return guild


async def announce(world: World, guild_id: int) -> None:
    payload = dict(
        simcord.backend.serializers.guild_create_payload(world.env.backend, world.env.backend.guilds[guild_id])
    )
    payload.pop("unavailable", None)
    world.env.backend.emit("GUILD_CREATE", payload)
    await world.env.settle()


def written(world: World, guild: simcord.GuildHandle) -> list[tuple[str | None, str]]:
    """Return the channel name and the text of each message that the bot posted in a server."""
    backend = world.env.backend
    assert world.bot.user is not None
    bot_id = world.bot.user.id
    return [
        (backend.channels[channel_id].name, message.content)
        for channel_id in backend.guilds[guild.id].channel_ids
        for message in backend.messages[channel_id].values()
        if message.author_id == bot_id and not message.flags & EPHEMERAL
    ]


async def test_joining_is_greeted_once_with_three_steps_to_click(empty_world: World):
    guild = await join(empty_world)
    ((channel, text),) = written(empty_world, guild)
    assert channel == "general"
    assert text.startswith("**Attaché follows international deals here")
    assert "1. Someone with Manage Server runs `/setup`" in text
    assert "\n3. </follow add:" in text
    await empty_world.restart()
    assert len(written(empty_world, guild)) == 1


async def test_a_server_joined_while_offline_is_greeted_at_the_next_start(empty_world: World):
    guild = await join(empty_world, online=False)
    assert written(empty_world, guild) == []
    await empty_world.restart()
    await empty_world.env.settle()
    assert len(written(empty_world, guild)) == 1
    await empty_world.restart()
    await empty_world.env.settle()
    assert len(written(empty_world, guild)) == 1


async def test_the_greeting_goes_where_the_bot_may_write_and_else_nowhere(empty_world: World):
    closed = without(empty_world, send_messages=False)
    guild = await join(empty_world, "Half open", rules=closed, chat={})
    assert [channel for channel, _ in written(empty_world, guild)] == ["chat"]
    guild = await join(empty_world, "Closed", rules=closed)
    assert written(empty_world, guild) == []
    known_guild = await guilds.find(empty_world.db.read, guild.id)
    assert known_guild is not None
    assert known_guild.greeted_at is None


async def test_a_greeting_that_discord_refuses_is_not_tried_again(empty_world: World):
    empty_world.env.inject_error("POST", "/channels/*/messages", status=500, code=0, times=1)
    guild = await join(empty_world)
    assert written(empty_world, guild) == []
    await empty_world.restart()
    assert written(empty_world, guild) == []


async def test_removed_and_invited_again_everything_is_there_and_waits_for_setup(empty_world: World):
    await set_up(empty_world, zone="Asia/Kolkata", role=empty_world.editors)
    backend = empty_world.env.backend
    model = backend.guilds[empty_world.guild.id]
    channels = {channel_id: backend.channels[channel_id] for channel_id in model.channel_ids}
    held = await guilds.holdings(empty_world.db.read, empty_world.guild.id)
    backend.remove_guild(model.id)
    await empty_world.env.settle()
    left = await guild_of(empty_world)
    assert left.left_at == empty_world.now
    assert await destinations.next_delivery_at(empty_world.db.read) is None

    backend.guilds[model.id] = model
    backend.channels.update(channels)
    for channel_id in channels:
        backend.messages.setdefault(channel_id, {})
    await announce(empty_world, model.id)
    ((_, text),) = written(empty_world, empty_world.guild)
    assert "is back" in text
    assert "paused" in text
    assert (await guild_of(empty_world)).left_at is not None
    assert await destinations.next_delivery_at(empty_world.db.read) is None

    text = await set_up(empty_world)
    assert "back at work" in text
    back = await guild_of(empty_world)
    assert (back.left_at, back.zone, back.editor_role_id) == (None, "Asia/Kolkata", empty_world.editors.id)
    assert await guilds.holdings(empty_world.db.read, empty_world.guild.id) == held
    assert await destinations.next_delivery_at(empty_world.db.read) is not None


async def test_a_removal_while_offline_is_found_at_the_next_start(empty_world: World):
    await set_up(empty_world)
    feed = empty_world.env._gateway_feed
    empty_world.env.backend.subscribers.remove(feed)
    empty_world.env.backend.remove_guild(empty_world.guild.id)
    empty_world.env.backend.subscribers.append(feed)
    await empty_world.restart()
    await empty_world.env.settle()
    assert (await guild_of(empty_world)).left_at is not None


async def test_a_shard_that_begins_anew_judges_its_own_servers_only(empty_world: World):
    await empty_world.restart(shard_count=2)
    gone = [shard << 22 for shard in range(2)]  # Servers that were never set up and that the bot has left.
    for guild_id in gone:
        async with empty_world.db.write(guild_id) as conn:
            await guilds.ensure(conn, guild_id, name="Elsewhere", owner_id=1)
    for shard, kept in ((1, [True, False]), (0, [False, False])):
        await SetupCog(empty_world.bot).on_shard_ready(shard)
        assert [await guilds.find(empty_world.db.read, guild_id) is not None for guild_id in gone] == kept


async def test_an_outage_is_no_removal(empty_world: World):
    await set_up(empty_world)
    empty_world.env.backend.emit("GUILD_DELETE", {"id": str(empty_world.guild.id), "unavailable": True})
    await empty_world.env.settle()
    assert (await guild_of(empty_world)).left_at is None
    await announce(empty_world, empty_world.guild.id)
    assert written(empty_world, empty_world.guild) == []


async def test_a_new_owner_and_name_are_kept(empty_world: World):
    await set_up(empty_world)
    payload = dict(
        simcord.backend.serializers.guild_create_payload(
            empty_world.env.backend, empty_world.env.backend.guilds[empty_world.guild.id]
        )
    )
    payload |= {"owner_id": str(empty_world.editor.id), "name": "The Newsroom"}
    empty_world.env.backend.emit("GUILD_UPDATE", payload)
    await empty_world.env.settle()
    guild = await guild_of(empty_world)
    assert (guild.owner_id, guild.name) == (empty_world.editor.id, "The Newsroom")


async def test_a_restart_amid_everything_keeps_the_server_set_up(empty_world: World):
    await set_up(empty_world, zone="Asia/Kolkata")
    before = await guild_of(empty_world)
    await empty_world.restart()
    assert await guild_of(empty_world) == before
    assert isinstance(empty_world.bot, Attache)
    assert "Nothing was changed" in await set_up(empty_world)
