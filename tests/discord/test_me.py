"""Tests of /me in a server and in direct messages: setting one's time zone, exporting and deleting one's data."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
import simcord

from bot.ledger.due_dates import DEFAULT_DELIVERY_TIME
from bot.services import deliveries, destinations, follows, people, sources, updates
from bot.services.updates import Change
from data.records import Confirmation
from tests.builders import on_day
from tests.discord.conftest import World, answer, labels_of


@pytest.fixture
async def world(empty_world: World) -> World:
    """Return a world whose server is set up without any records."""
    await empty_world.set_up(dossier=None)
    return empty_world


def files_of(result: simcord.InteractionResult) -> list[Any]:
    assert result.response is not None
    return list(result.response.attachments)


async def exported(world: World, result: simcord.InteractionResult) -> tuple[str, bytes]:
    """Return the name and the content of the only file that an answer carries."""
    (attachment,) = files_of(result)
    return attachment.filename, await attachment.read()


async def follow_something(world: World, user_id: int) -> int:
    """Let a person follow everything by direct message, with a digest and a first message due.

    Return the id of the destination.
    """
    async with world.db.write(world.guild.id) as conn:
        person = await people.ensure(conn, user_id)
        place = await destinations.ensure_person(conn, world.guild.id, person.id, now=world.now)
        await follows.add(conn, place, None, now=world.now)
        await destinations.set_digest(conn, place.id, now=world.now, at=DEFAULT_DELIVERY_TIME)
        new = deliveries.confirmation_of("first", Confirmation("follow"))
        await deliveries.plan(conn, world.guild.id, place.id, new, due_at=world.now)
    return place.id


# zone


async def test_a_zone_holds_everywhere_and_moves_ones_hour(world: World):
    place = await follow_something(world, world.member.id)
    before = (await destinations.get(world.db.read, place)).next_delivery_at
    result = await world.member.slash(world.channel, "me zone", zone="new york")
    assert result.ephemeral
    assert "Your zone is America/New_York" in answer(result)
    after = await destinations.get(world.db.read, place)
    assert after.zone == "America/New_York"
    assert after.next_delivery_at != before


async def test_a_zone_can_be_set_in_the_dm(world: World):
    user = world.member.user
    assert "Asia/Kolkata" in [c["value"] for c in await user.autocomplete("me zone", "zone", "kol")]
    assert "Your zone is Asia/Kolkata" in answer(await user.slash("me zone", zone="Asia/Kolkata"))
    person = await people.find(world.db.read, world.member.id)
    assert person is not None
    assert person.zone == "Asia/Kolkata"


@pytest.mark.parametrize("zone", ["Atlantis", "IST", "z" * 6000, "@everyone <#1> **x**", "UTC; DROP TABLE person"])
async def test_a_wrong_zone_changes_nothing(world: World, zone: str):
    text = answer(await world.member.slash(world.channel, "me zone", zone=zone))
    assert "Nothing was changed" in text
    assert len(text) < 400
    assert "@everyone" not in text
    assert "<#1>" not in text
    assert await people.find(world.db.read, world.member.id) is None


# export


async def test_an_export_is_a_file_for_oneself_alone(world: World):
    await follow_something(world, world.member.id)
    for result in (
        await world.member.slash(world.channel, "me export"),
        await world.member.user.slash("me export"),
    ):
        assert "everything that Attaché stores about you" in answer(result)
        name, content = await exported(world, result)
        assert name == "attache-my-data.json"
        held = json.loads(content)
        assert held["user_id"] == str(world.member.id)
        assert [follow["what"] for follow in held["follows"]] == ["everything"]
        assert held["direct_messages"][0]["server"] == "Newsroom"


async def test_nothing_stored_is_said_so(world: World):
    for command in ("me export", "me delete"):
        text = answer(await world.member.slash(world.channel, command))
        assert "Nothing is stored about you" in text


async def test_a_file_too_large_for_discord_is_packed(world: World, monkeypatch: pytest.MonkeyPatch):
    await follow_something(world, world.member.id)
    monkeypatch.setattr(world.bot.extensions["cogs.me"], "LARGEST_FILE", 100)
    name, content = await exported(world, await world.member.slash(world.channel, "me export"))
    assert name == "attache-my-data.json.gz"
    assert json.loads(gzip.decompress(content))["user_id"] == str(world.member.id)


# delete


async def test_deletion_asks_first_and_then_nothing_is_left(world: World):
    place = await follow_something(world, world.member.id)
    day = on_day("2023-11-10")
    async with world.db.write(None) as conn:
        person = await people.ensure(conn, world.member.id)
        await people.set_zone(conn, world.member.id, "Pacific/Chatham")
        source = await sources.ensure(conn, world.guild.id, title="A paper about tea")
        await updates.append(
            conn,
            world.guild.id,
            [Change("tea", "deal", "name", "Tea", day, source)],
            now=world.now,
            person_id=person.id,
            origin="editor",
        )
    asked = await world.member.slash(world.channel, "me delete")
    assert "for good" in answer(asked)
    assert asked.ephemeral
    assert labels_of(asked.response) == ["Delete my data"]
    assert await people.find(world.db.read, world.member.id) is not None

    assert asked.response is not None
    pressed = await world.member.click(asked.response, label="Delete my data")
    assert pressed.acknowledged
    text = answer(asked)
    assert "Your data was deleted" in text
    assert "1 follow, 0 reminders" in text
    assert "1 update of yours stays without your name" in text
    assert labels_of(asked.response) == []
    assert await people.find(world.db.read, world.member.id) is None
    assert await destinations.find(world.db.read, world.guild.id, place) is None
    history = await updates.history(world.db.read, world.guild.id, "tea")
    assert [update.person_id for update in history] == [person.id]
    for path in world.db.path.parent.iterdir():
        assert b"Pacific/Chatham" not in path.read_bytes()


async def test_deletion_in_the_dm_works_after_a_restart_and_once(world: World):
    await follow_something(world, world.member.id)
    user = world.member.user
    first, second = await user.slash("me delete"), await user.slash("me delete")
    await world.restart()
    assert first.response is not None
    assert second.response is not None
    assert (await user.click(first.response, label="Delete my data")).acknowledged
    assert "Your data was deleted" in answer(first)
    again = await user.click(second.response, label="Delete my data")
    assert again.acknowledged
    assert "Nothing is stored about you" in again.followups[0].content


async def test_what_one_person_deletes_is_not_anothers(world: World):
    await follow_something(world, world.member.id)
    place = await follow_something(world, world.editor.id)
    asked = await world.member.slash(world.channel, "me delete")
    assert asked.response is not None
    await world.member.click(asked.response, label="Delete my data")
    assert await destinations.find(world.db.read, world.guild.id, place) is not None
    assert len(await follows.list_of(world.db.read, place)) == 1
