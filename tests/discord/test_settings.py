"""Tests of /settings in a simulated server: the status, resuming channels, loading dossiers, deleting everything."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import discord
import pytest
import simcord

from bot.dossier import LARGEST_FILE
from bot.services import deliveries, destinations, guilds, housekeeping, people, records, updates
from bot.services import dossiers as shipped_dossiers
from bot.services.dossiers import shipped
from data.database import Database
from data.records import Holdings, Outcome
from tests.discord.conftest import World, answer, labels_of

STARTER = "india-us-2plus2-2023"

OWN = """
dossier: tea-deal
name: A tea deal

sources:
  paper:
    title: A paper about tea

defaults:
  source: paper
  date: 10 November 2023

records:
  tea:
    kind: deal
    name: {name}
    facts:
      - stage: Proposed
"""


@pytest.fixture
async def world(empty_world: World) -> World:
    """Return a world whose server is set up without any records."""
    await empty_world.set_up(dossier=None)
    return empty_world


@pytest.fixture
async def full_world(world: World) -> World:
    """Return a world whose server is set up and has loaded the starter dossier."""
    await load(world, dossier=STARTER)
    return world


async def press(actor: simcord.MemberActor, shown: simcord.InteractionResult, label: str):
    """Press the button with this label below an answer, and return what that answers."""
    assert shown.response is not None
    return await actor.click(shown.response, label=label)


async def show(world: World) -> tuple[str, list[str]]:
    result = await world.manager.slash(world.channel, "settings show")
    assert result.ephemeral
    return answer(result), labels_of(result.response)


async def load(world: World, **options) -> str:
    return answer(await world.manager.slash(world.channel, "settings load", **options))


async def paused_channel(
    world: World,
    channel_id: int,
    outcome: Outcome = Outcome.NOT_PERMITTED,
    reason: str = "the bot lacks Send Messages there",
):
    async with world.db.write(world.guild.id) as conn:
        person = await people.ensure(conn, world.owner.id)
        place = await destinations.ensure_channel(conn, world.guild.id, channel_id, now=world.now, person_id=person.id)
        await destinations.pause(conn, place.id, outcome, reason)
    return place


async def held(world: World) -> Holdings:
    return await guilds.holdings(world.db.read, world.guild.id)


# show


async def test_show_tells_how_everything_stands(full_world: World):
    async with full_world.db.write(None) as conn:
        await housekeeping.mark_tick(conn, full_world.now)
    text, labels = await show(full_world)
    counts = await held(full_world)
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
    for words in (
        f"**Channel:** <#{full_world.channel.id}>",
        "**Zone:** Asia/Kolkata",
        f"<@&{full_world.editors.id}>",
        f"{counts.records} records, {counts.updates} updates",
        "India–U.S. 2+2 talks",
        f"<@{full_world.owner.id}>",
        "last checked <t:",
        "nothing is waiting",
        f"Attaché {project['project']['version']}",
    ):
        assert words in text
    assert "### Paused" not in text
    assert labels == []


async def test_show_before_setup_says_what_to_do(empty_world: World):
    text, labels = await show(empty_world)
    assert "not set up" in text
    assert "/setup" in text
    assert labels == []


async def test_show_tells_since_when_a_message_waits(world: World):
    async with world.db.write(world.guild.id) as conn:
        person = await people.ensure(conn, world.owner.id)
        place = await destinations.ensure_channel(conn, world.guild.id, 123, now=world.now, person_id=person.id)
        new = deliveries.digest_of(date(2026, 1, 1))
        await deliveries.plan(conn, world.guild.id, place.id, new, due_at=world.now)
    assert f"waits since <t:{int(world.now.timestamp())}:f>" in (await show(world))[0]


async def test_a_paused_channel_is_named_with_its_reason_and_resumed(world: World):
    place = await paused_channel(world, world.channel.id)
    result = await world.manager.slash(world.channel, "settings show")
    assert f"<#{world.channel.id}>: not permitted: the bot lacks Send Messages there" in answer(result)
    assert labels_of(result.response) == ["Resume #news"]
    resumed = await press(world.manager, result, "Resume #news")
    assert resumed.acknowledged
    after = await destinations.get(world.db.read, place.id)
    assert (after.state, after.outcome, after.reason) == ("active", "", "")
    assert "### Paused" not in answer(result)
    assert labels_of(result.response) == []


async def test_resume_works_after_a_restart_and_pressed_twice_only_shows_how_it_stands(world: World):
    place = await paused_channel(world, world.channel.id)
    result = await world.manager.slash(world.channel, "settings show")
    other = await world.manager.slash(world.channel, "settings show")
    custom_id = f"settings.resume:v1::{place.id}"
    await world.restart()
    assert result.response is not None
    stored = result.response
    assert (await world.manager.click(stored, custom_id=custom_id)).acknowledged
    assert (await destinations.get(world.db.read, place.id)).state == "active"
    again = await press(world.manager, other, "Resume #news")
    assert again.followups == []
    assert labels_of(other.response) == []


async def test_resume_checks_the_permission_again(world: World):
    assert world.bot.user is not None
    mute = world.guild.create_text_channel(
        "mute", overwrites={world.bot.user: discord.PermissionOverwrite(send_messages=False)}
    )
    place = await paused_channel(world, mute.id)
    result = await world.manager.slash(world.channel, "settings show")
    pressed = await press(world.manager, result, "Resume #mute")
    assert "lacks Send Messages there" in pressed.followups[0].content
    assert (await destinations.get(world.db.read, place.id)).state == "paused"


async def test_a_deleted_channel_is_not_resumed(world: World):
    gone = world.guild.create_text_channel("gone")
    place = await paused_channel(world, gone.id, Outcome.TARGET_GONE, "the channel no longer exists")
    result = await world.manager.slash(world.channel, "settings show")
    world.env.backend.delete_channel(gone.id)
    await world.env.settle()
    pressed = await press(world.manager, result, "Resume #gone")
    assert "was deleted" in pressed.followups[0].content
    assert (await destinations.get(world.db.read, place.id)).state == "paused"
    assert f"channel {gone.id}" in (await show(world))[1][0]


async def test_a_channel_of_another_server_is_not_resumed(world: World):
    mine = await paused_channel(world, world.channel.id)
    result = await world.manager.slash(world.channel, "settings show")
    async with world.db.write(5) as conn:
        await guilds.ensure(conn, 5, name="Elsewhere", owner_id=1)
        await conn.execute("UPDATE destination SET guild_id = 5 WHERE id = ?", (mine.id,))
    pressed = await press(world.manager, result, "Resume #news")
    assert "no longer on file" in pressed.followups[0].content
    assert (await destinations.get(world.db.read, mine.id)).state == "paused"


async def test_a_manager_no_more_cannot_resume(world: World):
    managers = world.guild.create_role("Managers", permissions=discord.Permissions(manage_guild=True))
    helper = world.guild.add_member(world.env.create_user("hana"), roles=[managers])
    await world.env.settle()  # A new role makes paused channels try again.
    place = await paused_channel(world, world.channel.id)
    result = await helper.slash(world.channel, "settings show")
    world.env.backend.remove_member_role(world.guild.id, helper.id, managers.id)
    await world.env.settle()
    pressed = await press(helper, result, "Resume #news")
    assert "Only someone with the permission Manage Server" in answer(pressed)
    assert (await destinations.get(world.db.read, place.id)).state == "paused"


async def test_closed_direct_messages_are_counted_and_nobody_is_named(world: World):
    async with world.db.write(world.guild.id) as conn:
        person = await people.ensure(conn, world.member.id)
        place = await destinations.ensure_person(conn, world.guild.id, person.id, now=world.now)
        await destinations.pause(
            conn, place.id, Outcome.DMS_CLOSED, "direct messages from this server are not accepted"
        )
    text, labels = await show(world)
    assert "1 person accepts no direct messages" in text
    assert str(world.member.id) not in text
    assert labels == []


async def test_many_paused_channels_fit(world: World):
    for number in range(40):
        await paused_channel(world, 10_000 + number, Outcome.NOT_PERMITTED, "x" * 300)
    text, labels = await show(world)
    assert "and 30 more channels" in text
    assert len(labels) == 10


@pytest.mark.parametrize("command", ["settings show", "settings load", "settings delete"])
async def test_members_see_none_of_it_and_are_refused(world: World, command: str):
    assert command not in world.member.available_commands(world.channel)
    world.guild.set_command_permissions(world.bot.command_ids["settings"], {world.editors: True})
    before = await held(world)
    assert "Manage Server" in answer(await world.editor.slash(world.channel, command))
    assert await held(world) == before


# load


async def test_a_shipped_dossier_loads_by_name_and_twice_changes_nothing(world: World):
    offered = await world.manager.autocomplete(world.channel, "settings load", "dossier", "india")
    assert [choice["value"] for choice in offered] == [STARTER, "india-us-after-2plus2"]
    text = await load(world, dossier=STARTER)
    assert "facts added" in text
    counts = await held(world)
    assert counts.dossiers == (STARTER,)
    assert "Nothing was changed" in await load(world, dossier=shipped()[0].name)
    assert await held(world) == counts


async def test_a_file_loads_and_a_corrected_one_corrects(full_world: World):
    counts = await held(full_world)
    text = await load(full_world, file=("tea.yaml", OWN.format(name="Tea").encode()))
    assert "A tea deal" in text
    assert "2 facts added" in text
    text = await load(full_world, file=("tea.yaml", OWN.format(name="Green tea").encode()))
    assert "1 fact corrected" in text
    assert "1 fact was there already" in text
    assert (await records.get(full_world.db.read, full_world.guild.id, "tea")).record.name == "Green tea"
    after = await held(full_world)
    assert (after.updates, after.dossiers) == (counts.updates + 3, (STARTER, "tea-deal"))


BOMB = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"\n".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]".encode() for n in range(8)
)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (BOMB, "line 1"),
        (b"[" * 600, "mistake"),
        (b"\xff\xfe\x00\x01", "mistake"),
        (b"", "mistake"),
        (b"!!python/object/apply:os.system ['true']", "mistake"),
        (OWN.format(name="Tea").replace("Proposed", "Cleared").encode(), "records.tea"),
        (OWN.format(name="Tea").replace("kind: deal", "kind: treaty").encode(), "records.tea"),
        (b"dossier: **x** <@1> @everyone", "mistake"),
    ],
    ids=["bomb", "brackets", "binary", "empty", "code", "stage", "kind", "markup"],
)
async def test_a_bad_file_is_told_by_place_and_reason_and_nothing_is_loaded(world: World, content: bytes, words: str):
    counts = await held(world)
    text = await load(world, file=("bad.yaml", content))
    assert "bad.yaml was not loaded" in text.replace("\\", "")
    assert words in text.replace("\\", "")
    assert "Nothing was changed" in text
    assert "@everyone" not in text
    assert "<@1>" not in text
    assert await held(world) == counts


async def test_a_file_with_very_many_mistakes_fits_into_a_message(world: World):
    lines = "\n".join(f"      - stage: {'wrong ' * 20}{n}" for n in range(300))
    text = await load(world, file=("bad.yaml", (OWN.format(name="Tea") + lines).encode()))
    assert "more" in text
    assert len(text) < 4000


async def test_a_file_that_is_too_big_is_refused_before_it_is_read(world: World):
    text = await load(world, file=("big.yaml", b"#" * (LARGEST_FILE + 1)))
    assert "Nothing was changed" in text
    assert f"{LARGEST_FILE:,} fit" in text
    downloads = [request for request in world.env.http_requests if "big.yaml" in request.path]
    assert downloads == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "one of the two"),
        ({"dossier": STARTER, "file": ("tea.yaml", b"x")}, "one of the two"),
        ({"dossier": "../../etc/passwd"}, "is not one of the dossiers"),
        ({"dossier": "z" * 6000}, "is not one of the dossiers"),
    ],
)
async def test_what_cannot_be_meant_is_refused(world: World, options, words):
    text = await load(world, **options)
    assert words in text
    assert "Nothing was changed" in text
    assert len(text) < 500


async def test_nothing_loads_before_setup(empty_world: World):
    assert "not set up" in await load(empty_world, dossier=STARTER)


# delete


async def type_name(world: World, name: str) -> str:
    shown = await world.manager.slash(world.channel, "settings delete")
    assert shown.modal is not None
    assert len(shown.modal["title"]) <= 45
    return answer(await world.manager.submit_modal(shown, {"name": name}))


async def all_rows(db: Database, table: str) -> int:
    ((count,),) = await db.read.execute_fetchall(f"SELECT count(*) FROM {table}")
    return count


@pytest.mark.parametrize("name", ["newsroom", "News room", "Newsroom!", "x" * 100, "@everyone <@1>"])
async def test_a_name_typed_wrong_deletes_nothing(world: World, name: str):
    counts = await held(world)
    text = await type_name(world, name)
    assert "is not the name of this server" in text
    assert "Nothing was deleted" in text
    assert "<@1>" not in text
    assert await held(world) == counts


async def test_the_name_typed_right_deletes_everything_from_the_file_too(full_world: World):
    await load(full_world, file=("tea.yaml", OWN.format(name="Zugzwangle tea").encode()))
    await paused_channel(full_world, full_world.channel.id)
    folder = full_world.db.path.parent

    def holds(word: str) -> bool:
        return any(word.lower().encode() in path.read_bytes().lower() for path in folder.iterdir() if path.is_file())

    assert holds("zugzwangle")
    text = await type_name(full_world, "  Newsroom ")
    assert "Everything of this server was deleted" in text
    assert "gone from the database's file too" in text
    recorded = ("ledger", "record", "source", "destination", "delivery")
    for table in (*recorded, "link", "name", "spelling", "state_history", "search_index"):
        assert await all_rows(full_world.db, table) == 0, table
    for word in ("zugzwangle", "Newsroom", "Atomics", "Asia/Kolkata"):
        assert not holds(word), word
    bare = await guilds.find(full_world.db.read, full_world.guild.id)
    assert bare is not None
    assert (bare.name, bare.owner_id, bare.set_up_at, bare.channel_id) == ("", 0, None, None)


async def test_after_a_deletion_the_server_is_new_but_not_greeted_and_can_start_anew(world: World):
    await type_name(world, "Newsroom")
    before = len([r for r in world.env.http_requests if r.method == "POST" and r.path.endswith("/messages")])
    await world.restart()
    await world.env.settle()
    after = len([r for r in world.env.http_requests if r.method == "POST" and r.path.endswith("/messages")])
    assert after == before
    bare = await guilds.find(world.db.read, world.guild.id)
    assert bare is not None
    assert bare.name == ""
    assert "not set up" in (await show(world))[0]
    assert "Attaché is set up" in answer(await world.manager.slash(world.channel, "setup"))
    assert (await held(world)).dossiers == (STARTER,)


async def test_a_form_sent_after_a_restart_counts_and_a_second_one_finds_nothing(world: World):
    shown = await world.manager.slash(world.channel, "settings delete")
    await world.restart()
    assert "was deleted" in answer(await world.manager.submit_modal(shown, {"name": "Newsroom"}))
    assert await all_rows(world.db, "ledger") == 0
    assert "0 records" in await type_name(world, "Newsroom")


async def test_other_servers_keep_everything(world: World):
    async with world.db.write(5) as conn:
        await guilds.ensure(conn, 5, name="Elsewhere", owner_id=1)
        await guilds.configure(conn, 5, now=world.now, person_id=1)
        await shipped_dossiers.load(
            conn, 5, shipped_dossiers.read_shipped(STARTER, now=world.now), now=world.now, person_id=None
        )
    counts = await guilds.holdings(world.db.read, 5)
    newest = await updates.newest_id(world.db.read, 5)
    await type_name(world, "Newsroom")
    assert await guilds.holdings(world.db.read, 5) == counts
    assert await updates.newest_id(world.db.read, 5) == newest
