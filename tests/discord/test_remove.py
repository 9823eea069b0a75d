"""Tests of removing a record that should never have been one, and of bringing it back, in a simulated server."""

from __future__ import annotations

from bot.services import index, records
from bot.ui.ids import custom_id
from bot.ui.layout import button
from tests.discord.conftest import World, answer, dms, labels_of, posted, reply
from tests.discord.test_correct import DAY, FORM, saved

NONSENSE = {"item": "Alien treaty", "about": "armed-drones", "kind": "signature", "who": "india"}


async def remove(world: World, slug: str = "alien-treaty"):
    """Remove a record through *Update* on its card, and return the last answer."""
    message = await posted(world, button("Update", custom_id("update.open", slug)))
    menu = await world.editor.click(message, label="Update")
    form = await world.editor.click(reply(menu), label="Remove")
    preview = await world.editor.submit_modal(form, {"reason": "Nobody knows of it"})
    assert "## Remove this from the record? " in answer(preview)
    return preview, await world.editor.click(reply(preview), label="Remove")


async def completes(world: World, text: str) -> list[str]:
    return [row.slug for row, _ in await index.complete(world.db.read, world.guild.id, text)]


async def test_a_nonsense_record_leaves_everything_and_comes_back(world: World):
    await saved(world, "pending", FORM | {"value": "31 October 2027, announced"}, **NONSENSE)
    assert "alien-treaty" in await completes(world, "alien")
    await world.env.advance_time(DAY)
    preview, done = await remove(world)
    assert "Alien treaty leaves lists, search, completion and counts." in answer(preview)
    assert answer(done).startswith("## Removed: Alien treaty")
    assert labels_of(reply(done)) == ["Undo", "Bring back"]

    assert "alien-treaty" not in await completes(world, "alien")
    assert "Alien" not in answer(await world.member.slash(world.channel, "pending list"))
    assert (
        "Alien" not in answer(await world.member.slash(world.channel, "search", text="alien treaty")).partition("\n")[2]
    )
    assert "Alien" not in answer(await world.member.slash(world.channel, "deal show", deal="armed-drones"))
    assert "not in the record" in answer(await world.member.slash(world.channel, "pending show", item="Alien treaty"))

    await world.restart()
    listed = await world.editor.slash(world.channel, "update removed")
    assert "- Alien treaty (pending item), `alien-treaty`" in answer(listed)
    form = await world.editor.select(reply(listed), ["alien-treaty"])
    preview = await world.editor.submit_modal(form, {"reason": "It exists"})
    assert "Alien treaty is in the record again, with all its updates." in answer(preview)
    await world.editor.click(reply(preview), label="Bring back")
    item = (await records.get(world.db.read, world.guild.id, "alien-treaty")).record
    assert item.open
    assert item.state.value("due") is not None
    assert "alien-treaty" in await completes(world, "alien")
    assert "None." in answer(await world.editor.slash(world.channel, "update removed"))
    again = await world.editor.click(reply(done), label="Bring back")
    assert "is in the record. Nothing was changed." in answer(again)


async def test_what_points_to_a_record_is_counted_before_it_is_removed(world: World):
    await saved(world, "pending", FORM | {"value": "31 October 2027, announced"}, **NONSENSE)
    preview, done = await remove(world, "armed-drones")
    assert "other records point to it" in answer(preview)
    shown = answer(await world.member.slash(world.channel, "pending show", item="alien-treaty"))
    assert "31 armed drones" not in shown
    await world.editor.click(reply(done), label="Undo")
    shown = answer(await world.member.slash(world.channel, "pending show", item="alien-treaty"))
    assert "31 armed drones" in shown


async def test_who_follows_a_removed_record_is_told_once_with_the_reason(world: World):
    await world.member.slash(world.channel, "follow add", what="armed-drones")
    await world.tick()
    await world.env.advance_time(DAY)
    count = len(dms(world))
    await remove(world, "armed-drones")
    await world.tick(80)
    await world.tick(DAY)
    told = [message.content for message in dms(world)[count:] if "removed" in message.content]
    assert len(told) == 1
    assert told[0].startswith(
        "**Corrected: 31 armed drones for India. This has been removed from the record.** Reason: Nobody knows of it."
    )


async def test_a_removal_undone_within_a_minute_tells_nobody(world: World):
    await world.member.slash(world.channel, "follow add", what="armed-drones")
    await world.tick()
    await world.env.advance_time(DAY)
    count = len(dms(world))
    _, done = await remove(world, "armed-drones")
    await world.editor.click(reply(done), label="Undo")
    await world.tick(80)
    assert len(dms(world)) == count


async def test_only_editors_remove_and_bring_back(world: World):
    for name in ("correct.remove", "correct.return"):
        message = await posted(world, button("Press", custom_id(name, "armed-drones")))
        assert "Only editors change the record" in answer(await world.member.click(message, label="Press"))
    assert "Only editors change the record" in answer(await world.member.slash(world.channel, "update removed"))
    message = await posted(world, button("Press", custom_id("correct.return", "nothing-here")))
    assert "was never in the record here" in answer(await world.editor.click(message, label="Press"))
