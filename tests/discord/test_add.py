"""Tests of /update add and of names of new records: in completions, in refused forms and as displayed choices."""

from __future__ import annotations

from typing import Any

import pytest
import simcord

from bot.services import record_drafts, records, updates
from bot.services.updates import Change
from data.records import ListedText, Party
from tests.builders import on_day
from tests.discord.conftest import World, answer, labels_of, reply

SOURCE = "Example news, page 2"


async def add(world: World, inputs: dict[str, Any], **options: str) -> simcord.InteractionResult:
    """Run /update add as an editor with a day and a source, and send its form."""
    opened = await world.editor.slash(
        world.channel, "update add", **({"day": "5 March 2024", "source": SOURCE} | options)
    )
    assert opened.modal is not None, answer(opened)
    return await world.editor.submit_modal(opened, inputs)


async def save(world: World, preview: simcord.InteractionResult) -> None:
    saved = await world.editor.click(reply(preview), label="Save")
    assert answer(saved).startswith("## Saved"), answer(saved)


FORMS: dict[str, dict[str, str]] = {
    "participant": {"type": "Person", "title": "Assistant Secretary", "country": "United States"},
    "deal": {"stage": "Proposed", "party": "India as buyer; General Atomics as maker", "value": "2 billion USD"},
    "document": {"doc_type": "fact sheet", "issuer": "India; United States", "dated": "4 March 2024"},
    "session": {"state": "Held", "held_on": "4 March 2024", "place": "New Delhi", "attended": "Lloyd Austin"},
    "dialogue": {"party": "India; United States", "frequency": "every year", "began": "2018"},
    "topic": {"summary": "What is said about the seas."},
    "statement": {"whose": "India", "said": "support for free shipping", "form": "Position"},
    "event": {"happened": "4 March 2024", "place": "Ladakh", "involved": "India"},
    "place": {"place_type": "city"},
}


@pytest.mark.parametrize("kind", [kind for kind in record_drafts.ADDED if kind != record_drafts.NOTE])
async def test_a_record_of_every_kind_is_added_by_one_form(world: World, kind: str):
    preview = await add(world, FORMS[kind] | {"locator": "paragraph 4"}, kind=kind, name="Something new")
    assert "Something new" in answer(preview)
    assert "**Source:** Example news, paragraph 4; undated" in answer(preview)
    await save(world, preview)
    record = (await records.get(world.db.read, world.guild.id, "something-new")).record
    assert (record.kind, record.name) == (kind, "Something new")
    for field in FORMS[kind]:
        assert record.state.facts(field), field
        assert all(fact.date == on_day("2024-03-05") for fact in record.state.facts(field))


async def test_a_note_is_a_text_about_a_record(world: World):
    preview = await add(world, {"note": "Both sides were content."}, kind="note", about="drones")
    assert "Added: **Both sides were content.**" in answer(preview)
    await save(world, preview)
    state = (await records.get(world.db.read, world.guild.id, "armed-drones")).record.state
    assert state.value("note") == ListedText("Both sides were content.")


async def test_what_cannot_be_added_is_told_before_any_form(world: World):
    before = await updates.newest_id(world.db.read, world.guild.id)
    whole = {"day": "5 March 2024", "source": SOURCE}
    for options, told in (
        ({"kind": "note"} | whole, "A note is about a record"),
        ({"kind": "place"} | whole, "A place needs a name"),
        ({"kind": "place", "name": "!?"} | whole, "needs a name"),
        ({"kind": "place", "name": "x" * 101} | whole, "101 characters"),
        ({"kind": "place", "name": "Agra", "about": "drones"} | whole, "about no other record"),
        ({"kind": "session", "name": "Talks", "about": "drones"} | whole, "takes a dialogue"),
        ({"kind": "session", "name": "Talks", "about": "Atlantis"} | whole, "not in the record"),
        ({"kind": "place", "name": "Agra", "day": "5 March 2024"}, "No source is given"),
        ({"kind": "place", "name": "Agra", "source": SOURCE}, "No day is given"),
        ({"kind": "place", "name": "Agra", "day": "soon", "source": SOURCE}, "not a date"),
        ({"kind": "place", "name": "Agra", "day": "2030-01-01", "source": SOURCE}, "not begun"),
        ({"kind": "place", "name": "Agra", "day": "2024-03-05", "source": "javascript:x"}, "not a link"),
    ):
        result = await world.editor.slash(world.channel, "update add", **options)
        assert result.modal is None, options
        assert told in answer(result)
        assert "Nothing was changed" in answer(result)
    assert await updates.newest_id(world.db.read, world.guild.id) == before


async def test_a_name_that_is_on_the_record_is_named_before_saving(world: World):
    preview = await add(world, {}, kind="participant", name="Russia")
    assert "**Before you save:** Russia is the name of a participant on the record already \\(russia\\)" in answer(
        preview
    )


async def test_names_that_are_missing_are_added_by_one_button(world: World):
    refused = await add(world, {"attended": "Donald Lu; Jedidiah Royal"}, kind="session", name="Talks")
    assert labels_of(reply(refused)) == ["Add 2 new participants", "Change", "Discard"]
    assert "so does /update add" in answer(refused)
    preview = await world.editor.click(reply(refused), label="Add 2 new participants")
    assert "### With it: Donald Lu" in answer(preview)
    await save(world, preview)
    lu = await records.get(world.db.read, world.guild.id, "donald-lu")
    assert lu.record.kind == "participant"


async def names_offered(world: World, who: Any, command: str, option: str, text: str) -> list[str]:
    return [choice["name"] for choice in await who.autocomplete(world.channel, command, option, text)]


async def test_completion_offers_editors_a_new_record_of_the_kind_that_fits(world: World):
    for command, option, shown in (
        ("participant show", "participant", "New participant: Donald Lu"),
        ("deal show", "deal", "New deal: Donald Lu"),
        ("update event", "deal", "New deal: Donald Lu"),
        ("topic show", "topic", "New topic: Donald Lu"),
        ("dialogue show", "dialogue", "New dialogue: Donald Lu"),
        ("update pending", "who", "New participant: Donald Lu"),
    ):
        assert (await names_offered(world, world.editor, command, option, "Donald Lu"))[-1] == shown
        assert shown not in await names_offered(world, world.member, command, option, "Donald Lu")
    assert "New participant: Russia" not in await names_offered(
        world, world.editor, "participant show", "participant", "Russia"
    )


async def test_choosing_a_new_record_begins_its_form_which_asks_for_day_and_source(world: World):
    choice = "New participant: Donald Lu"
    refused = await world.member.slash(world.channel, "participant show", participant=choice)
    assert "Only editors change the record" in answer(refused)
    form = await world.editor.slash(world.channel, "participant show", participant=choice)
    preview = await world.editor.submit_modal(
        form, {"type": "person", "date": "5 March 2024", "source": "https://example.org/x, page 2; published May 2024"}
    )
    assert "**Source:** example.org, page 2; May 2024" in answer(preview)
    await save(world, preview)
    assert (await records.get(world.db.read, world.guild.id, "donald-lu")).record.state.text("type") == "person"


async def test_somebody_new_who_must_act_is_created_with_the_item(world: World):
    form = await world.editor.slash(
        world.channel, "update pending", item="Answer", who="New participant: Donald Lu", about="drones"
    )
    preview = await world.editor.submit_modal(
        form, {"value": "none", "date": "5 March 2024", "source": SOURCE, "published": "undated"}
    )
    await save(world, preview)
    item = (await records.get(world.db.read, world.guild.id, "answer")).record
    assert item.state.value("who") == Party("donald-lu")
    assert (await records.get(world.db.read, world.guild.id, "donald-lu")).record.name == "Donald Lu"


async def test_every_option_with_completion_accepts_what_it_displays(world: World):
    for command, option, typed in (
        ("participant show", "participant", "general at"),
        ("deal show", "deal", "armed"),
        ("topic show", "topic", "defence"),
        ("dialogue show", "dialogue", "2+2"),
        ("pending show", "item", "clear"),
    ):
        choice = (await world.editor.autocomplete(world.channel, command, option, typed))[0]
        by_value = answer(await world.editor.slash(world.channel, command, **{option: choice["value"]}))
        assert answer(await world.editor.slash(world.channel, command, **{option: choice["name"]})) == by_value
    shown = answer(await world.editor.slash(world.channel, "participant show", participant="General Atomics · company"))
    assert shown.startswith("## General Atomics")
    form = await world.editor.slash(world.channel, "update pending", item="New item: Offset talks")
    assert form.modal is not None
    assert form.modal["title"].endswith("Offset talks")


async def test_an_ambiguous_name_in_a_form_lists_what_tells_the_records_apart(world: World):
    async with world.db.write(world.guild.id) as conn:
        source = (await records.get(conn, world.guild.id, "russia")).record.state.facts("name")[0].source
        twins = [
            Change(slug, "participant", "name", "Ministry of Defence", on_day("2024-01-01"), source)
            for slug in ("ministry-of-defence", "ministry-of-defence-2")
        ]
        await updates.append(conn, world.guild.id, twins, now=world.now, person_id=None, origin="editor")
    inputs = {"party": "Ministry of Defence as buyer"}
    refused = await add(world, inputs, kind="deal", name="Patrol boats")
    assert "Ministry of Defence (participant, ministry-of-defence)" in answer(refused).replace("\\", "")
    assert "ministry-of-defence-2" in answer(refused)
    for party in ("ministry-of-defence-2", "Ministry of Defence (participant, ministry-of-defence-2)"):
        preview = await add(world, {"party": f"{party} as buyer"}, kind="deal", name="Patrol boats")
        assert "Party: **Ministry of Defence" in answer(preview)
