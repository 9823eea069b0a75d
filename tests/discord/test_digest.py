"""Tests of /digest and of sent digests in a simulated server: set, show, preview and off, also in direct messages."""

from __future__ import annotations

import discord
from simcord.backend.models import Overwrite
from simcord.enums import OverwriteType

from bot import dates
from bot.services import destinations, guilds, people
from tests.discord.conftest import World, answer, dms, go_to, labels_of, me, move, reply, text_of

ZONE = "Asia/Kolkata"


def last(world: World) -> discord.Message:
    found = world.channel.last_message
    assert found is not None
    return found


async def next_hour(world: World, at: str = "09:00", zone: str = ZONE, days: str = "12345") -> None:
    await go_to(world, dates.next_local(world.now, zone, dates.parse_time_of_day(at), days)[1])


async def set_channel(world: World, **options: str) -> str:
    return answer(await world.manager.slash(world.channel, "digest set", channel=world.channel, **options))


async def test_a_channels_digest_is_set_sent_silently_and_explained(world: World):
    text = await set_channel(world)
    assert f"A digest comes to <#{world.channel.id}>: weekdays at 09:00 (Asia/Kolkata)." in text
    assert "The next check is <t:" in text
    await next_hour(world)
    digest = last(world)
    assert text_of(digest).startswith("## Digest, Thursday 1 January 2026")
    assert "### Still open" in text_of(digest)
    assert digest.content == ""
    assert digest.flags.suppress_notifications
    assert labels_of(digest) == ["What is open", "Follow a deal", "Why this?"]
    await world.restart()
    explained = await world.manager.click(digest, label="Why this?")
    assert "weekdays at 09:00" in answer(explained)
    assert "no more digests" in answer(await world.manager.click(reply(explained), label="Stop this digest"))
    await move(world, "signed")
    await next_hour(world)
    assert last(world).id == digest.id


async def test_what_changed_is_told_before_and_after_and_a_day_without_news_is_skipped(world: World):
    await set_channel(world)
    await next_hour(world)
    first = last(world)
    await next_hour(world)
    assert last(world).id == first.id
    await move(world, "signed")
    await world.restart()
    await next_hour(world)  # A Monday.
    text = text_of(last(world))
    assert "### Still open" in text
    assert (
        "**31 armed drones for India**: the deal has been signed (Example news, paragraph 3, 20 November 2023); "
        "was under review, 10 November 2023"
    ) in text
    log = answer(await world.manager.slash(world.channel, "follow log"))
    assert "nothing new" in log


async def test_its_buttons_list_what_is_open_and_offer_deals_to_follow(world: World):
    await set_channel(world)
    await next_hour(world)
    opened = await world.member.click(last(world), label="What is open")
    assert "Clearances for the 31 drones" in answer(opened)
    offered = await world.member.click(last(world), label="Follow a deal")
    assert "Follow 31 armed drones for India" in labels_of(reply(offered))
    followed = await world.member.click(reply(offered), label="Follow 31 armed drones for India")
    assert "You now follow" in answer(followed)


async def test_a_preview_is_the_message_of_this_instant_and_says_when_it_would_be_sent(world: World):
    await set_channel(world, at="9am")
    moment = dates.next_local(world.now, ZONE, dates.parse_time_of_day("09:00"))[1]
    await world.env.advance_time((moment - world.now).total_seconds())
    previewed = await world.manager.slash(world.channel, "digest preview", channel=world.channel)
    text, _, note = answer(previewed).rpartition("\n-# Preview")
    assert note.endswith("this is what would be sent now.")
    assert "<t:" in note
    await world.tick()
    assert text_of(last(world)).strip() == text.strip()
    assert labels_of(reply(previewed)) == labels_of(last(world))[:-1]
    await world.tick(3600)
    again = answer(await world.manager.slash(world.channel, "digest preview", channel=world.channel))
    assert "it would be skipped" in again


async def test_whoever_has_no_digest_sees_what_a_first_one_would_say_and_nothing_is_set(world: World):
    everything = answer(await world.member.slash(world.channel, "digest preview"))
    assert "31 armed drones for India" in everything
    assert "Fighter-jet engines" in everything
    assert "Preview of everything, because you follow nothing yet." in everything
    assert "`/digest set` starts one" in everything
    await world.member.slash(world.channel, "follow add", what="fighter-jet-engines")
    own = answer(await world.member.slash(world.channel, "digest preview"))
    assert "**Fighter-jet engines**" in own
    assert "31 armed drones" not in own
    assert own.splitlines()[-1] == ("-# Preview of what you follow. You have no digest yet; `/digest set` begins it.")
    managed = answer(await world.manager.slash(world.channel, "digest preview"))
    assert "31 armed drones for India" in managed
    assert managed.splitlines()[-1] == (
        f"-# Preview. <#{world.channel.id}> has no digest yet; `/digest set` with *channel* begins it."
    )
    assert "no digest here yet" in answer(await world.manager.slash(world.channel, "digest show"))
    await set_channel(world)
    assert "The next check is <t:" in answer(await world.manager.slash(world.channel, "digest preview"))
    assert "Preview of what you follow." in answer(await world.member.slash(world.channel, "digest preview"))


async def test_ones_own_digest_is_confirmed_and_tells_of_what_one_follows(world: World):
    text = answer(
        await world.member.slash(world.channel, "digest set", at="7:30 pm", zone="new york", weekdays="daily")
    )
    assert "your direct messages: every day at 19:30 (America/New_York)" in text
    assert "you follow nothing yet" in text
    assert "first message has just arrived" in text
    await world.member.slash(world.channel, "follow add", what="armed-drones")
    again = answer(await world.member.slash(world.channel, "digest set", at="20:00"))
    assert "every day at 20:00 (America/New_York)" in again
    assert "It tells of what you follow." in again
    await next_hour(world, "20:00", "America/New_York", dates.DAYS)
    digest = dms(world)[-1]
    assert "31 armed drones for India" in text_of(digest)
    assert "Fighter-jet engines" not in text_of(digest)
    offered = await world.member.user.click(digest, label="Follow a deal")
    assert "Follow Fighter-jet engines" in labels_of(reply(offered))
    assert "still open" in answer(await world.member.user.click(digest, label="What is open"))


async def test_weekdays_without_monday_have_still_open_by_itself(world: World):
    await set_channel(world, weekdays="Tue-Fri")
    await next_hour(world, days="1")
    assert [text_of(one).splitlines()[0][:12] for one in world.channel.history()] == ["## Digest, F", "**Still open"]


UNUSABLE = [
    ({"at": "25:00"}, '"25:00" is not a time of day. Nothing was changed. Write it like 09:00 or 9:30 pm.'),
    ({"at": "x" * 6000}, "is not a time of day. Nothing was changed."),
    ({"zone": "IST"}, "is an abbreviation"),
    ({"zone": "Atlantis"}, '"Atlantis" is not a zone. Nothing was changed.'),
    ({"zone": "**@everyone**"}, "is not a zone. Nothing was changed."),
    ({"weekdays": "someday"}, "does not name days of the week. Nothing was changed."),
    ({"weekdays": "8"}, "does not name days of the week. Nothing was changed."),
]


async def test_what_cannot_be_used_is_told_and_nothing_is_set(world: World):
    for options, told in UNUSABLE:
        text = answer(await world.member.slash(world.channel, "digest set", **options))
        assert told in text
        assert "@everyone" not in text
    assert "no digest here yet" in answer(await world.member.slash(world.channel, "digest show"))
    assert dms(world) == []


async def test_zones_are_completed(world: World):
    offered = await world.member.autocomplete(world.channel, "digest set", "zone", "kolk")
    assert offered[0]["value"] == "Asia/Kolkata"


async def test_a_channel_needs_manage_server(world: World):
    await set_channel(world)
    for command in ("digest set", "digest preview", "digest off"):
        told = answer(await world.member.slash(world.channel, command, channel=world.channel))
        assert "Manage Server" in told
        assert "Nothing was changed" in told


async def test_missing_permissions_of_the_bot_are_named_at_once(world: World):
    closed = world.guild.create_text_channel(
        "closed", overwrites={me(world): discord.PermissionOverwrite(view_channel=False, send_messages=False)}
    )
    told = answer(await world.manager.slash(world.channel, "digest set", channel=closed))
    assert "lacks View Channel and Send Messages" in told
    assert await destinations.find_channel(world.db.read, world.guild.id, closed.id) is None
    blind = world.guild.create_text_channel(
        "blind", overwrites={me(world): discord.PermissionOverwrite(read_message_history=False)}
    )
    told = answer(await world.manager.slash(world.channel, "digest set", channel=blind))
    assert "lacks Read Message History" in told
    assert "A digest comes to" in told


async def test_a_deleted_channel_pauses_and_show_tells_why(world: World):
    other = world.guild.create_text_channel("other")
    await world.manager.slash(world.channel, "digest set", channel=other)
    world.env.backend.delete_channel(other.id)
    await world.env.settle()
    await next_hour(world)
    assert "paused: target gone" in answer(await world.manager.slash(world.channel, "digest show"))


async def test_a_channel_closed_meanwhile_loses_no_digest(world: World):
    await set_channel(world)
    world.env.backend.set_overwrite(world.channel.id, Overwrite(me(world).id, OverwriteType.MEMBER, deny=1 << 11))
    await world.env.settle()
    await next_hour(world)
    assert world.channel.history() == []
    world.env.backend.delete_overwrite(world.channel.id, me(world).id)
    await world.env.settle()
    await world.tick(60)
    assert "### Deals" in text_of(last(world))


async def test_show_lists_the_channels_and_ones_own(world: World):
    await set_channel(world, at="08:00", weekdays="Mon, Thu")
    await world.member.slash(world.channel, "digest set")
    lines = answer(await world.member.slash(world.channel, "digest show")).splitlines()
    assert lines[0].startswith(f"**<#{world.channel.id}>**: Monday and Thursday at 08:00 (Asia/Kolkata); next <t:")
    assert lines[1].startswith("**You**: weekdays at 09:00 (Asia/Kolkata); next <t:")
    assert len(lines) == 2
    assert len(answer(await world.editor.slash(world.channel, "digest show")).splitlines()) == 1


async def test_off_ends_it_and_off_again_says_so(world: World):
    await set_channel(world)
    told = answer(await world.manager.slash(world.channel, "digest off", channel=world.channel))
    assert f"no more digests in <#{world.channel.id}>" in told
    again = answer(await world.manager.slash(world.channel, "digest off", channel=world.channel))
    assert f"<#{world.channel.id}> has no digest here. Nothing was changed." in again
    assert "You have no digest here" in answer(await world.member.slash(world.channel, "digest off"))


async def test_closed_dms_show_at_once(world: World):
    path = f"/channels/{world.member.user.dm_channel.id}/messages"
    world.env.inject_error("POST", path, status=403, code=50007, times=None)
    assert "closed to this server" in answer(await world.member.slash(world.channel, "digest set"))


async def test_before_setup_it_is_said_what_is_missing(empty_world: World):
    world = empty_world
    for command in ("digest set", "digest show", "digest preview"):
        assert "/setup" in answer(await world.member.slash(world.channel, command))


# In the DM


async def test_in_the_dm_it_is_about_the_one_server(world: World):
    user = world.member.user
    for command in ("digest set", "digest preview", "digest off"):
        assert "begins in the server" in answer(await user.slash(command))
    assert "no digest here yet" in answer(await user.slash("digest show"))
    await world.member.slash(world.channel, "digest set")
    assert "weekdays at 18:00" in answer(await user.slash("digest set", at="18:00"))
    assert "You, from Newsroom" in answer(await user.slash("digest show"))
    assert "## Digest" in answer(await user.slash("digest preview"))
    assert "no more digests in your direct messages" in answer(await user.slash("digest off"))


async def test_in_the_dm_it_asks_of_which_of_several_servers_and_keeps_what_was_typed(world: World):
    other = world.env.create_guild("Elsewhere", owner=world.owner)
    other.add_member(world.member.user)
    await world.env.settle()
    await world.member.slash(world.channel, "digest set")
    async with world.db.write(other.id) as conn:
        person = await people.ensure(conn, world.member.id)
        await guilds.ensure(conn, other.id, name="Elsewhere", owner_id=world.owner.id)
        await guilds.configure(conn, other.id, now=world.now, person_id=person.id, zone="UTC")
        await destinations.ensure_person(conn, other.id, person.id, now=world.now)
    user = world.member.user
    asked = await user.slash("digest set", at="07:15", weekdays="Mon", zone="London")
    assert "Of which server?" in answer(asked)
    await world.restart()
    told = answer(await user.select(reply(asked), [str(other.id)]))
    assert "Mondays at 07:15 (Europe/London)" in told
    shown = answer(await user.slash("digest show"))
    assert "You, from Newsroom**: weekdays at 09:00" in shown
    assert "You, from Elsewhere**: Mondays at 07:15" in shown
    ended = await user.slash("digest off")
    assert "no more digests" in answer(await user.select(reply(ended), [str(other.id)]))
    previewed = await user.slash("digest preview")
    assert "## Digest" in answer(await user.select(reply(previewed), [str(other.id)]))
    other.remove_member(user)
    await world.env.settle()
    await world.env.advance_time(3700)
    assert "no longer in the server" in answer(await user.select(reply(previewed), [str(other.id)]))
