"""Tests of merging a duplicate into another record, and of separating the two again, in a simulated server."""

from __future__ import annotations

from bot.ledger.values import record_of
from bot.services import destinations, digests, index, records, updates
from bot.ui.ids import custom_id
from bot.ui.layout import button
from data.records import Party
from tests.discord.conftest import World, answer, dms, posted, reply, text_of
from tests.discord.test_correct import DAY, FORM, options_of, saved

ITEM = {"item": "Drone signing", "about": "armed-drones", "kind": "signature", "who": "india"}
OTHER = {"item": "Signature of drones", "about": "armed-drones", "kind": "signature", "who": "united-states"}


async def duplicates(world: World) -> None:
    await saved(world, "pending", FORM | {"value": "31 October 2027, announced"}, **ITEM)
    await saved(world, "pending", FORM | {"value": "none"}, **OTHER)
    await world.env.advance_time(DAY)


async def merge(world: World, duplicate: str = "drone-signing", into: str = "signature-of-drones"):
    preview = await world.editor.slash(
        world.channel, "update merge", duplicate=duplicate, into=into, reason="The same signature"
    )
    return answer(preview), await world.editor.click(reply(preview), label="Merge")


async def open_items(world: World) -> str:
    return answer(await world.member.slash(world.channel, "pending list"))


async def test_a_duplicate_is_merged_its_names_keep_working_and_it_is_separated_again(world: World):
    await duplicates(world)
    told, done = await merge(world)
    assert told.startswith("## Merge this? Drone signing into Signature of drones")
    assert "**Reason:** The same signature" in told
    assert "31 October 2027" in told
    assert "India" in told
    assert answer(done).startswith("## Merged: Drone signing into Signature of drones")

    await world.restart()
    listed = await open_items(world)
    assert "Signature of drones" in listed
    assert "Drone signing" not in listed
    merged = (await records.get(world.db.read, world.guild.id, "drone-signing")).record
    assert (merged.slug, merged.name, merged.open) == ("signature-of-drones", "Signature of drones", True)
    assert {record_of(fact.value) for fact in merged.state.facts("who")} == {"india", "united-states"}
    found = await index.complete(world.db.read, world.guild.id, "drone signing")
    assert [row.slug for row, _ in found][:1] == ["signature-of-drones"]
    for typed in ("Drone signing", "drone-signing"):
        shown = answer(await world.member.slash(world.channel, "pending show", item=typed))
        assert "Signature of drones" in shown
    message = await posted(world, button("Open", custom_id("record.open", "drone-signing")))
    assert "Signature of drones" in answer(await world.member.click(message, label="Open"))
    message = await posted(world, button("History", custom_id("record.history", "drone-signing")))
    assert "History of Signature of drones" in answer(await world.member.click(message, label="History"))

    removed = await world.editor.slash(world.channel, "update removed")
    assert "- `drone-signing` (pending item), merged into Signature of drones" in answer(removed)
    apart = await world.editor.select(reply(removed), ["drone-signing"])
    assert "Drone signing is a record of its own again" in answer(apart)
    assert "Drone signing" in await open_items(world)
    first = (await records.get(world.db.read, world.guild.id, "drone-signing")).record
    assert [record_of(fact.value) for fact in first.state.facts("who")] == ["india"]
    second = (await records.get(world.db.read, world.guild.id, "signature-of-drones")).record
    assert [record_of(fact.value) for fact in second.state.facts("who")] == ["united-states"]
    assert second.state.value("due") is None


async def test_nobody_is_told_of_a_merge_and_follows_move(world: World):
    await duplicates(world)
    await world.member.slash(world.channel, "follow add", what="drone-signing")
    await world.tick(80)
    count = len(dms(world))
    await merge(world)
    await world.tick(80)
    await world.tick(DAY)
    assert len(dms(world)) == count
    assert "Signature of drones" in answer(await world.member.slash(world.channel, "follow list"))
    await saved(world, "close", FORM | {"value": ["done"]}, item="Drone signing", outcome="done")
    await world.tick(80)
    assert "Signature of drones" in dms(world)[-1].content
    assert "the item is closed" in dms(world)[-1].content


async def test_links_to_a_merged_participant_go_to_the_other_one(world: World):
    before = (await records.get(world.db.read, world.guild.id, "armed-drones")).record.state.facts("party")
    assert "india" in [record_of(fact.value) for fact in before]
    _, done = await merge(world, "india", "russia")
    parties = (await records.get(world.db.read, world.guild.id, "armed-drones")).record.state.facts("party")
    assert "india" not in [record_of(fact.value) for fact in parties]
    assert "russia" in [record_of(fact.value) for fact in parties]
    assert "Russia" in answer(await world.member.slash(world.channel, "deal show", deal="armed-drones"))
    await world.editor.click(reply(done), label="Undo")
    parties = (await records.get(world.db.read, world.guild.id, "armed-drones")).record.state.facts("party", Party)
    assert [fact.value for fact in parties] == [fact.value for fact in before]


async def test_an_update_of_a_merged_record_is_corrected_and_withdrawn(world: World):
    await duplicates(world)
    await merge(world)
    message = await posted(world, button("History", custom_id("record.history", "signature-of-drones")))
    page = reply(await world.editor.click(message, label="History"))
    due = next(value for label, value in options_of(page).items() if "31 October 2027" in label)
    shown = await world.editor.select(page, [due])
    form = await world.editor.click(reply(shown), label="Withdraw")
    preview = await world.editor.submit_modal(form, {"reason": "No date was given"})
    await world.editor.click(reply(preview), label="Withdraw")
    merged = (await records.get(world.db.read, world.guild.id, "drone-signing")).record
    assert merged.state.value("due") is None


async def test_only_records_of_one_kind_are_merged_and_not_with_themselves(world: World):
    for duplicate, into, refusal in (
        ("india", "armed-drones", "Only records of the same kind can be merged"),
        ("india", "india", "Both are"),
    ):
        refused = await world.editor.slash(
            world.channel, "update merge", duplicate=duplicate, into=into, reason="The same"
        )
        assert refusal in answer(refused)
        assert "Nothing was changed" in answer(refused)
    refused = await world.member.slash(
        world.channel, "update merge", duplicate="india", into="russia", reason="The same"
    )
    assert "Only editors change the record" in answer(refused)


async def test_a_digest_after_a_merge_tells_nothing_of_it(world: World):
    await duplicates(world)
    async with world.db.write(world.guild.id) as conn:
        place = await destinations.ensure_channel(conn, world.guild.id, world.channel.id, now=world.now, person_id=1)
        await digests.set_up(conn, place, now=world.now, person_id=1)
    newest = await updates.newest_id(world.db.read, world.guild.id)
    async with world.db.write(world.guild.id) as conn:
        await conn.execute("UPDATE destination SET digested_to = ?, digests_sent = 1", (newest,))
    await merge(world)
    sent = len(world.channel.history())
    for _ in range(8):
        await world.tick(DAY)
    texts = [text_of(message) for message in world.channel.history()[sent:]]
    assert texts
    assert not [text for text in texts if "What changed" in text]
    assert not [text for text in texts if "removed from the record" in text]
