"""Tests of /follow and of alerts in a simulated server: commands, *Follow* on cards, messages and *Why this?*."""

from __future__ import annotations

import discord
import pytest
import simcord
from simcord.backend.models import Overwrite
from simcord.enums import OverwriteType

from bot.services import destinations
from tests.discord.conftest import World, answer, dms, labels_of, me, move, reply, text_of


async def deal(world: World) -> tuple[str, str]:
    """Return the slug and the name of the first deal in the starter dossier."""
    ((slug, name),) = await world.db.read.execute_fetchall(
        "SELECT slug, name FROM record WHERE guild_id = ? AND kind = 'deal' AND live = 1 ORDER BY id LIMIT 1",
        (world.guild.id,),
    )
    return slug, name


async def test_a_follow_is_confirmed_by_a_first_dm_and_says_what_it_brings(world: World):
    slug, name = await deal(world)
    result = await world.member.slash(world.channel, "follow add", what=slug)
    text = answer(result)
    assert f"You now follow **{name}**" in text
    assert "first message has just arrived" in text
    assert labels_of(reply(result)) == ["Also a daily digest", "Digest only"]
    (first,) = dms(world)
    assert first.content.startswith(f"You follow **{name}** in Newsroom.")
    again = answer(await world.member.slash(world.channel, "follow add", what=slug))
    assert "already follow" in again
    assert len(dms(world)) == 1


async def test_closed_dms_show_at_once_and_another_try_mends_it(world: World):
    slug, _ = await deal(world)
    path = f"/channels/{world.member.user.dm_channel.id}/messages"
    world.env.inject_error("POST", path, status=403, code=50007, times=None)
    text = answer(await world.member.slash(world.channel, "follow add", what=slug))
    assert "closed to this server" in text
    world.env.backend.faults.clear()
    other = answer(await world.member.slash(world.channel, "follow add", what="everything"))
    assert "first message has just arrived" in other


async def test_a_follower_is_told_what_changed_before_and_after_with_the_source(world: World):
    slug, name = await deal(world)
    await world.member.slash(world.channel, "follow add", what=slug)
    await world.tick(5)
    await move(world, "signed", slug)
    await world.tick(74)
    assert len(dms(world)) == 1
    await world.tick(2)
    _, alert = dms(world)
    assert alert.content.splitlines()[0].startswith(f"**{name}: the deal has been signed.** Was: ")
    assert "Example news" in alert.content
    assert "paragraph 3" in alert.content
    assert labels_of(alert) == ["Open", "History", "Why this?"]


async def test_why_this_names_the_follow_and_stops_it_after_a_restart(world: World):
    slug, name = await deal(world)
    await world.member.slash(world.channel, "follow add", what=slug)
    await world.tick(5)
    await move(world, "signed", slug)
    await world.tick(80)
    await world.restart()
    alert = dms(world)[-1]
    explained = await world.member.user.click(alert, label="Why this?")
    assert f"You follow **{name}**" in answer(explained)
    stop = next(label for label in labels_of(reply(explained)) if label.startswith("Stop following"))
    assert "no longer followed" in answer(await world.member.user.click(reply(explained), label=stop))
    assert "already ended" in answer(await world.member.user.click(reply(explained), label=stop))
    await move(world, "completed", slug)
    await world.tick(80)
    assert len(dms(world)) == 2


async def test_a_muted_follow_is_silent_until_it_is_followed_again(world: World):
    slug, _ = await deal(world)
    await world.member.slash(world.channel, "follow add", what=slug)
    await world.tick(5)
    await move(world, "signed", slug)
    await world.tick(80)
    explained = await world.member.user.click(dms(world)[-1], label="Why this?")
    mute = next(label for label in labels_of(reply(explained)) if label.startswith("Mute"))
    assert "muted" in answer(await world.member.user.click(reply(explained), label=mute))
    await move(world, "in_execution", slug)
    await world.tick(80)
    assert len(dms(world)) == 2
    await world.member.slash(world.channel, "follow add", what=slug)
    await world.tick(1)
    await move(world, "completed", slug)
    await world.tick(80)
    assert len(dms(world)) == 3


async def test_a_channel_follows_with_manage_server_and_mentions_only_its_role(world: World):
    slug, name = await deal(world)
    refused = await world.member.slash(world.channel, "follow add", what=slug, channel=world.channel)
    assert "Manage Server" in answer(refused)
    role = world.guild.create_role("Watchers")
    unable = discord.PermissionOverwrite(mention_everyone=False)
    quiet = world.guild.create_text_channel("quiet", overwrites={me(world): unable})
    silent = await world.manager.slash(world.channel, "follow add", what=slug, channel=quiet, role=role)
    assert "would ping nobody" in answer(silent)
    world.env.backend.edit_role(world.guild.id, role.id, {"mentionable": True})
    await world.env.settle()
    made = answer(await world.manager.slash(world.channel, "follow add", what=slug, channel=quiet, role=role))
    assert f"<#{quiet.id}> now follows **{name}**" in made
    await world.tick(5)
    await move(world, "signed", slug)
    await world.tick(80)
    assert quiet.last_message is not None
    assert quiet.last_message.content.endswith(f"<@&{role.id}>")
    sent = world.env.http_requests[-1].json
    assert sent
    assert sent["allowed_mentions"]["parse"] == []
    assert [int(found) for found in sent["allowed_mentions"]["roles"]] == [role.id]


async def test_everyone_is_never_a_role_to_mention(world: World):
    slug, _ = await deal(world)
    everyone = world.guild.default_role
    text = answer(
        await world.manager.slash(world.channel, "follow add", what=slug, channel=world.channel, role=everyone)
    )
    assert "never mentioned" in text


async def test_a_role_without_a_channel_is_refused(world: World):
    slug, _ = await deal(world)
    text = answer(await world.manager.slash(world.channel, "follow add", what=slug, role=world.editors))
    assert "Choose a channel" in text


async def test_a_channel_the_bot_cannot_post_in_is_named_at_once(world: World):
    closed = world.guild.create_text_channel(
        "closed", overwrites={me(world): discord.PermissionOverwrite(send_messages=False)}
    )
    slug, _ = await deal(world)
    text = answer(await world.manager.slash(world.channel, "follow add", what=slug, channel=closed))
    assert "lacks Send Messages" in text
    assert await destinations.find_channel(world.db.read, world.guild.id, closed.id) is None


@pytest.mark.parametrize(
    "what", ["no such thing", "x" * 6000, "**bold** @everyone <@1>", "'; DROP TABLE follow; --"], ids=lambda w: w[:12]
)
async def test_an_unknown_name_is_refused_and_shown_as_it_was_typed(world: World, what: str):
    result = await world.member.slash(world.channel, "follow add", what=what)
    text = answer(result)
    assert "not in the record" in text
    assert "Nothing was changed" in text
    assert "@everyone" not in text
    assert dms(world) == []


async def test_before_setup_it_is_said_what_is_missing(empty_world: World):
    text = answer(await empty_world.member.slash(empty_world.channel, "follow add", what="everything"))
    assert "/setup" in text


async def test_a_card_begins_a_follow(world: World):
    slug, name = await deal(world)
    card = await world.member.slash(world.channel, "deal show", deal=slug)
    pressed = await world.member.click(reply(card), label="Follow")
    assert f"You now follow **{name}**" in answer(pressed)
    again = await world.member.click(reply(card), label="Follow")
    assert answer(again) == f"You follow **{name}**. Its milestones arrive by direct message when they happen."
    assert labels_of(reply(again)) == [f"Stop following {name}"]
    assert len(dms(world)) == 1


@pytest.mark.parametrize("opened_by", ["command", "button", "search"])
async def test_a_private_card_knows_whether_its_reader_follows(world: World, opened_by: str):
    slug, name = await deal(world)

    async def card(who: simcord.MemberActor) -> simcord.ResponseMessage:
        if opened_by == "search":
            return reply(await who.slash(world.channel, "search", text=slug))
        if opened_by == "command":
            return reply(await who.slash(world.channel, "deal show", deal=slug))
        listed = reply(await who.slash(world.channel, "deal list"))
        return reply(await who.select(listed, [slug]))

    assert labels_of(await card(world.member))[0] == "Follow"
    await world.member.slash(world.channel, "follow add", what="everything")
    assert labels_of(await card(world.member))[0] == "Follow"
    await world.member.slash(world.channel, "follow add", what=slug)
    mine = await card(world.member)
    assert labels_of(mine)[0] == "Following"
    assert labels_of(await card(world.editor))[0] == "Follow"
    await world.restart()
    told = await world.member.click(mine, label="Following")
    assert answer(told).startswith(f"You follow **{name}**.")
    stop = await world.member.click(reply(told), label=f"Stop following {name}")
    assert f"You no longer follow **{name}**." in answer(stop)
    ended = await world.member.click(mine, label="Following")
    assert answer(ended) == f"You do not follow **{name}** any more."
    begun = await world.member.click(reply(ended), label=f"Follow {name}")
    assert f"You now follow **{name}**" in answer(begun)
    assert labels_of(await card(world.member))[0] == "Following"


async def test_what_others_see_does_not_tell_who_follows_but_the_answer_to_a_press_does(world: World):
    slug, name = await deal(world)
    await world.member.slash(world.channel, "follow add", what=slug)
    card = reply(await world.member.slash(world.channel, "deal show", deal=slug))
    await world.member.click(card, label="Share")
    (public,) = [message for message in world.channel.history(viewer=world.editor) if not message.flags.ephemeral]
    assert [label for label in labels_of(public) if label.startswith("Follow")] == ["Follow"]
    assert answer(await world.member.click(public, label="Follow")).startswith(f"You follow **{name}**.")
    assert f"You now follow **{name}**" in answer(await world.editor.click(public, label="Follow"))


async def test_a_follow_that_is_told_in_the_digest_only_or_muted_is_said_as_it_is(world: World):
    slug, name = await deal(world)
    made = reply(await world.member.slash(world.channel, "follow add", what=slug))
    await world.member.click(made, label="Digest only")
    card = reply(await world.member.slash(world.channel, "deal show", deal=slug))
    told = answer(await world.member.click(card, label="Following"))
    assert told == f"You follow **{name}**. What changes is in your digest: weekdays at 09:00 (Asia/Kolkata)."
    async with world.db.write(world.guild.id) as conn:
        await conn.execute("UPDATE follow SET muted = 1")
    muted = reply(await world.member.slash(world.channel, "deal show", deal=slug))
    assert f"You now follow **{name}**" in answer(await world.member.click(muted, label="Follow"))


async def test_a_card_in_a_direct_message_knows_whether_its_reader_follows(world: World):
    slug, name = await deal(world)
    await world.member.slash(world.channel, "follow add", what=slug)
    await world.tick(5)
    await move(world, "signed", slug)
    await world.tick(80)
    card = reply(await world.member.user.click(dms(world)[-1], label="Open"))
    told = reply(await world.member.user.click(card, label="Following"))
    stopped = await world.member.user.click(told, label=f"Stop following {name}")
    assert f"You no longer follow **{name}**." in answer(stopped)


async def test_a_digest_is_offered_once_and_digest_only_silences_alerts(world: World):
    slug, _ = await deal(world)
    made = await world.member.slash(world.channel, "follow add", what=slug)
    assert "weekdays at 09:00" in answer(await world.member.click(reply(made), label="Also a daily digest"))
    assert "all in the digest" in answer(await world.member.click(reply(made), label="Digest only"))
    await world.tick(5)
    await move(world, "signed", slug)
    await world.tick(80)
    assert len(dms(world)) == 1
    listed = answer(await world.member.slash(world.channel, "follow list"))
    assert "in the digest only" in listed
    assert "Digest: weekdays at 09:00" in listed


async def test_a_channels_follow_is_ended_only_with_manage_server(world: World):
    slug, _ = await deal(world)
    await world.manager.slash(world.channel, "follow add", what=slug, channel=world.channel)
    await world.tick(5)
    await move(world, "signed", slug)
    await world.tick(80)
    alert = world.channel.last_message
    assert alert is not None
    seen = await world.member.click(alert, label="Why this?")
    assert "Someone with Manage Server can mute or stop it" in answer(seen)
    assert labels_of(reply(seen)) == []
    offered = await world.manager.click(alert, label="Why this?")
    assert len(labels_of(reply(offered))) == 2


async def test_list_and_log_tell_what_is_followed_and_what_became_of_it(world: World):
    slug, name = await deal(world)
    assert "You follow nothing yet" in answer(await world.member.slash(world.channel, "follow list"))
    assert "Nothing is set up" in answer(await world.member.slash(world.channel, "follow log"))
    await world.member.slash(world.channel, "follow add", what=slug)
    await world.manager.slash(world.channel, "follow add", what="everything", channel=world.channel)
    await world.tick(5)
    await move(world, "signed", slug)
    await world.tick(80)
    listed = answer(await world.member.slash(world.channel, "follow list"))
    assert f"{name} · at once" in listed
    assert f"<#{world.channel.id}>" not in listed
    assert f"<#{world.channel.id}>" in answer(await world.manager.slash(world.channel, "follow list"))
    logged = answer(await world.member.slash(world.channel, "follow log"))
    assert f"Alert, {name}: **delivered**" in logged
    assert "First message: **delivered**" in logged


async def test_a_follow_is_removed_by_its_name_here_and_in_the_dm(world: World):
    slug, name = await deal(world)
    await world.member.slash(world.channel, "follow add", what=slug)
    await world.member.slash(world.channel, "follow add", what="everything")
    offered = await world.member.autocomplete(world.channel, "follow remove", "what", name[:4])
    assert [choice["value"] for choice in offered] == [slug]
    assert "not among" in answer(await world.member.slash(world.channel, "follow remove", what="nonsense"))
    assert "no longer follow" in answer(await world.member.slash(world.channel, "follow remove", what=slug))
    assert "everything" in answer(await world.member.user.slash("follow list"))
    assert "no longer follow everything" in answer(await world.member.user.slash("follow remove", what="everything"))
    assert "You follow nothing yet" in answer(await world.member.user.slash("follow list"))


async def test_a_follow_of_what_was_taken_back_is_removed_in_words(world: World):
    change = {"source": "Example news", "date": "5 March 2024", "published": "undated", "value": "none"}
    form = await world.editor.slash(world.channel, "update pending", item="Signing", about="armed-drones")
    preview = await world.editor.submit_modal(form, change)
    saved = await world.editor.click(reply(preview), label="Save")
    await world.member.slash(world.channel, "follow add", what="signing")
    await world.editor.click(reply(saved), label="Undo")
    assert "a record that was taken back" in answer(await world.member.slash(world.channel, "follow list"))
    told = answer(await world.member.slash(world.channel, "follow remove", what="signing"))
    assert told == "You no longer follow **a record that was taken back**. 0 follows are left there."


async def test_a_channels_follow_is_removed_by_a_manager(world: World):
    slug, name = await deal(world)
    await world.manager.slash(world.channel, "follow add", what=slug, channel=world.channel)
    offered = await world.manager.autocomplete(world.channel, "follow remove", "what", name[:4], channel=world.channel)
    assert [choice["value"] for choice in offered] == [slug]
    here = {"what": slug, "channel": world.channel}
    assert "not among" in answer(await world.member.slash(world.channel, "follow remove", **here))
    removed = answer(await world.manager.slash(world.channel, "follow remove", **here))
    assert removed == f"<#{world.channel.id}> no longer follows **{name}**. 0 follows are left there."
    assert "not among" in answer(await world.manager.slash(world.channel, "follow remove", **here))


async def test_in_a_dm_a_follow_is_begun_nowhere(world: World):
    assert "begins in the server" in answer(await world.member.user.slash("follow add", what="everything"))


async def test_who_left_sees_and_gets_nothing_more(world: World):
    slug, _ = await deal(world)
    await world.member.slash(world.channel, "follow add", what=slug)
    world.guild.remove_member(world.member)
    await world.env.settle()
    await world.env.advance_time(3700)
    await move(world, "signed", slug)
    await world.tick(80)
    assert len(dms(world)) == 1
    assert "You follow nothing yet" in answer(await world.member.user.slash("follow list"))


async def test_a_channel_that_is_opened_again_is_tried_again_by_itself(world: World):
    slug, _ = await deal(world)
    await world.manager.slash(world.channel, "follow add", what=slug, channel=world.channel)
    world.env.backend.set_overwrite(world.channel.id, Overwrite(me(world).id, OverwriteType.MEMBER, deny=1 << 11))
    await world.env.settle()
    await world.tick(5)
    await move(world, "signed", slug)
    await world.tick(80)
    place = await destinations.find_channel(world.db.read, world.guild.id, world.channel.id)
    assert place is not None
    assert (place.outcome, place.reason) == ("not permitted", "the bot lacks Send Messages there")
    notice = world.owner.dm_channel.history()[-1]
    assert "have stopped" in text_of(notice)
    world.env.backend.delete_overwrite(world.channel.id, me(world).id)
    await world.env.settle()
    await world.tick(1)
    assert world.channel.last_message is not None
    assert "the deal has been signed" in world.channel.last_message.content


async def test_a_deleted_channel_is_told_and_its_button_still_explains(world: World):
    slug, _ = await deal(world)
    other = world.guild.create_text_channel("other")
    await world.manager.slash(world.channel, "follow add", what=slug, channel=other)
    world.env.backend.delete_channel(other.id)
    await world.env.settle()
    await world.tick(5)
    await move(world, "signed", slug)
    await world.tick(80)
    notice = world.owner.dm_channel.history()[-1]
    assert "the channel no longer exists" in text_of(notice)
    explained = answer(await world.owner.click(notice, label="Why this?"))
    assert "no longer works" in explained


async def test_what_is_followed_elsewhere_is_not_ended_here(world: World):
    slug, name = await deal(world)
    await world.member.slash(world.channel, "follow add", what=slug)
    elsewhere = world.env.create_guild("Elsewhere", owner=world.member.user)
    there = elsewhere.create_text_channel("general")
    await world.env.settle()
    stranger = simcord.MemberActor(world.env, elsewhere, world.member.user)
    assert "/setup" in answer(await stranger.slash(there, "follow remove", what=slug))
    assert await stranger.autocomplete(there, "follow remove", "what", "") == []
    assert name in answer(await world.member.slash(world.channel, "follow list"))
