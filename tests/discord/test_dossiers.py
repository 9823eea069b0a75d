"""Tests of dossiers in a simulated server: chosen in /setup, loaded, listed and unloaded in /settings, followed."""

from __future__ import annotations

import pytest
import simcord

from bot import dates
from bot.services import guilds, records
from bot.ui.ids import custom_id
from bot.ui.layout import button
from tests.discord.conftest import World, answer, dms, go_to, labels_of, posted, reply, text_of

STARTER, SEQUEL = "india-us-2plus2-2023", "india-us-after-2plus2"
STARTER_NAME = "India–U.S. 2+2 talks, 10 November 2023"
SEQUEL_NAME = "What followed the India–U.S. 2+2 talks, to December 2025"

OWN = """\
dossier: {slug}
name: {name}
sources: {{paper: {{title: A paper}}}}
defaults: {{source: paper, date: 10 November 2023, names: paper}}
records:
"""


async def set_up(world: World, **options) -> str:
    return answer(await world.manager.slash(world.channel, "setup", **options))


async def load(world: World, records_of: str, slug: str = "tea", name: str = "A tea file") -> str:
    content = (OWN.format(slug=slug, name=name) + records_of).encode()
    return answer(await world.manager.slash(world.channel, "settings load", file=(f"{slug}.yaml", content)))


async def loaded(world: World) -> tuple[str, ...]:
    return (await guilds.holdings(world.db.read, world.guild.id)).dossiers


async def offered(world: World, typed: str = "") -> dict[str, str]:
    choices = await world.manager.autocomplete(world.channel, "setup", "dossier", typed)
    return {choice["value"]: choice["name"] for choice in choices}


async def dossiers(world: World) -> simcord.ResponseMessage:
    result = await world.manager.slash(world.channel, "settings dossiers")
    assert result.ephemeral
    return reply(result)


def refusal(result: simcord.InteractionResult) -> str:
    """Return the text of the message that refuses a button."""
    return text_of(result.followups[-1])


async def unload(world: World, name: str = STARTER_NAME) -> str:
    """Unload a dossier as a manager does: list, button, confirmation. Return the answer to the confirmation."""
    asked = reply(await world.manager.click(await dossiers(world), label=f"Unload {name}"))
    return answer(await world.manager.click(asked, label="Unload this dossier"))


# /setup dossier:


async def test_setup_offers_the_starter_first_then_with_what_followed_then_none(empty_world: World):
    choices = await offered(empty_world)
    assert list(choices) == [STARTER, SEQUEL, "none"]
    assert choices == {
        STARTER: f"{STARTER_NAME} (the default; its newest fact is of 10 November 2023)",
        SEQUEL: "With what followed the India–U.S. 2+2 talks, to December 2025",
        "none": "None: the record begins empty",
    }
    assert list(await offered(empty_world, "followed")) == [SEQUEL]
    assert list(await offered(empty_world, "none")) == ["none"]
    await empty_world.env.advance_time(200 * 24 * 3600)
    assert (await offered(empty_world))[SEQUEL].endswith("(its newest fact is of December 2025)")
    assert all(len(name) <= 100 for name in (await offered(empty_world)).values())


async def test_setup_loads_the_starter_by_itself_and_says_how_old_it_is(empty_world: World):
    text = await set_up(empty_world)
    assert await loaded(empty_world) == (STARTER,)
    assert f"The newest fact of the dossier {STARTER_NAME} is of 10 November 2023." in text.replace("\\", "")


@pytest.mark.parametrize(
    "typed", [SEQUEL, SEQUEL_NAME, "With what followed the India–U.S. 2+2 talks, to December 2025"]
)
async def test_setup_loads_what_followed_on_top_of_the_starter(empty_world: World, typed: str):
    text = await set_up(empty_world, dossier=typed)
    assert await loaded(empty_world) == (STARTER, SEQUEL)
    assert f"with the dossiers {STARTER_NAME} and {SEQUEL_NAME}" in text.replace("\\", "")
    assert "newest fact" not in text, "what followed is recent"
    drones = await records.get(empty_world.db.read, empty_world.guild.id, "armed-drones")
    assert drones.record.state.value("stage") == "signed"


@pytest.mark.parametrize("typed", ["none", "None", "None: the record begins empty"])
async def test_setup_without_a_dossier_begins_with_an_empty_record(empty_world: World, typed: str):
    text = await set_up(empty_world, dossier=typed)
    assert await loaded(empty_world) == ()
    assert "**Record:** 0 records, 0 updates; </settings load:" in text
    assert "Attaché is set up" in text


async def test_a_dossier_can_be_chosen_later_and_none_unloads_nothing(empty_world: World):
    await set_up(empty_world, dossier="none")
    text = await set_up(empty_world, dossier=STARTER)
    assert "Setup changed" in text
    assert f"with the dossier {STARTER_NAME}" in text.replace("\\", "")
    text = await set_up(empty_world, dossier=STARTER)
    assert "The dossier was loaded already, and nothing in it is new." in text
    text = await set_up(empty_world, dossier="none")
    assert "The dossiers stay that were loaded before; </settings dossiers:" in text
    assert await loaded(empty_world) == (STARTER,)


@pytest.mark.parametrize("typed", ["../../etc/passwd", "no such thing", "@everyone", "x" * 6000])
async def test_a_dossier_that_is_none_of_the_choices_changes_nothing(empty_world: World, typed: str):
    text = await set_up(empty_world, dossier=typed)
    assert "is not one of the dossiers here. Nothing was changed." in text
    assert f"Write one of: {STARTER}, {SEQUEL}, or none." in text.replace("\\", "")
    assert "@everyone" not in text
    assert len(text) < 500
    assert await guilds.find(empty_world.db.read, empty_world.guild.id) is None


# /settings load


async def test_an_old_dossier_is_offered_with_the_date_of_its_newest_fact(world: World):
    choices = await world.manager.autocomplete(world.channel, "settings load", "dossier", "")
    assert [choice["name"] for choice in choices] == [
        f"{STARTER_NAME} (its newest fact is of 10 November 2023)",
        SEQUEL_NAME,
    ]


async def test_what_followed_needs_the_starter(empty_world: World):
    await empty_world.set_up(dossier=None)
    text = answer(await empty_world.manager.slash(empty_world.channel, "settings load", dossier=SEQUEL))
    assert "builds on the dossier" in text
    assert "Nothing was changed" in text
    assert await loaded(empty_world) == ()


async def test_a_load_says_which_records_it_shares(world: World):
    text = await load(
        world,
        """\
  in: {kind: participant, name: India, facts: [type: country]}
  us: {kind: participant, name: United States, facts: [type: country]}
  cn: {kind: participant, name: China, facts: [type: country]}
  ga: {kind: participant, name: General Atomics, facts: [type: organisation]}
  fr: {kind: participant, name: France, facts: [type: country]}
""",
    )
    assert "China, General Atomics, India and 1 other were on the record already" in text


async def test_a_file_that_names_what_the_server_lacks_is_told_with_its_line(world: World):
    text = await load(
        world, "  tea:\n    kind: deal\n    name: Tea\n    facts:\n      - party: Sweden **x** @everyone\n"
    )
    assert "tea.yaml was not loaded" in text
    assert "line 10, records.tea.facts" in text
    assert "not in the record of this server as a participant" in text
    assert "Nothing was changed" in text
    assert "@everyone" not in text
    assert await loaded(world) == (STARTER,)


async def test_a_file_gives_facts_to_a_record_of_the_server(world: World):
    text = await load(
        world, "  x: {kind: deal, existing: 31 armed drones for India, facts: [delivery: from January 2029]}\n"
    )
    assert "1 fact added" in text
    card = answer(await world.member.slash(world.channel, "deal show", deal="armed-drones"))
    assert "from January 2029" in card


@pytest.mark.parametrize(
    ("records_of", "words"),
    [
        ("  tea: {kind: deal, name: Deal #4 for India}\n", "line 6: From the # on this line is a comment"),
        ("  tea:\n    kind: deal\n    name: Deal #4 for India\n", 'only "Deal" is read'),
        ("  tea:\n\tkind: deal\n", "begins with a tab"),
        ("  tea:\n    kind: deal\n    name:Tea\n", "A space is missing after the colon"),
        ("  tea:\n    kind: deal\n    name: “Tea”\n", "are curly"),
    ],
)
async def test_the_cause_of_a_mistake_is_told(world: World, records_of: str, words: str):
    text = (await load(world, records_of)).replace("\\", "")
    assert words in text
    assert "Nothing was changed" in text


# /settings dossiers


async def test_the_list_tells_what_is_loaded_when_by_whom_and_how_recent_it_is(world: World):
    shown = await dossiers(world)
    text = text_of(shown).replace("\\", "")
    assert f"**{STARTER_NAME}**" in text
    assert f"loaded <t:{int(world.now.timestamp())}" in text
    assert f"by <@{world.owner.id}>" in text
    assert "395 facts; its newest fact is of 10 November 2023" in text
    assert labels_of(shown) == [f"Unload {STARTER_NAME}"]


async def test_a_server_without_dossiers_is_told_how_to_load_one(empty_world: World):
    await empty_world.set_up(dossier=None)
    shown = await dossiers(empty_world)
    assert "None is loaded here. </settings load:" in text_of(shown)
    assert labels_of(shown) == []


async def test_before_setup_the_list_points_to_setup(empty_world: World):
    assert "not set up" in answer(await empty_world.manager.slash(empty_world.channel, "settings dossiers"))


async def test_unloading_is_asked_for_and_can_be_left(world: World):
    asked = reply(await world.manager.click(await dossiers(world), label=f"Unload {STARTER_NAME}"))
    text = text_of(asked)
    assert text.startswith("## Unload India")
    assert "395 facts are withdrawn" in text
    assert "69 records that came from it alone leave lists" in text
    assert "Nobody is alerted. Loading it again brings all of this back" in text
    back = reply(await world.manager.click(asked, label="Keep this dossier"))
    assert labels_of(back) == [f"Unload {STARTER_NAME}"]
    assert await loaded(world) == (STARTER,)


async def test_a_dossier_is_unloaded_and_comes_back(world: World):
    text = await unload(world)
    assert "was unloaded" in text
    assert "395 facts were withdrawn" in text
    assert "69 records that came from it alone left lists" in text
    assert await loaded(world) == ()
    assert "is not in the record" in answer(
        await world.member.slash(world.channel, "deal show", deal="31 armed drones")
    )
    again = answer(await world.manager.slash(world.channel, "settings load", dossier=STARTER))
    assert "395 facts added" in again
    assert "31 armed drones" in answer(await world.member.slash(world.channel, "deal show", deal="31 armed drones"))


async def test_a_second_press_after_a_restart_finds_nothing_to_unload(world: World):
    message = await posted(world, button("Unload it", custom_id("settings.unload_confirmed", STARTER)))
    await world.restart()
    await world.manager.click(message, label="Unload it")
    assert await loaded(world) == ()
    again = await posted(world, button("Unload it", custom_id("settings.unload_confirmed", STARTER)))
    assert "is not loaded here any more. Nothing was changed" in refusal(
        await world.manager.click(again, label="Unload it")
    )


async def test_members_and_editors_can_unload_nothing(world: World):
    buttons = [
        button("Unload", custom_id("settings.unload", STARTER)),
        button("Unload it", custom_id("settings.unload_confirmed", STARTER)),
        button("Dossiers", custom_id("settings.dossiers", 0)),
    ]
    message = await posted(world, *buttons)
    for actor in (world.member, world.editor):
        for label in ("Unload", "Unload it", "Dossiers"):
            assert "Manage Server" in answer(await actor.click(message, label=label))
    assert await loaded(world) == (STARTER,)


@pytest.mark.parametrize("slug", ["no-such", "'", "x" * 60])
async def test_a_dossier_that_the_server_does_not_have_cannot_be_unloaded(world: World, slug: str):
    message = await posted(world, button("Unload it", custom_id("settings.unload_confirmed", slug)))
    assert "is not loaded here any more" in refusal(await world.manager.click(message, label="Unload it"))
    assert await loaded(world) == (STARTER,)


async def test_many_dossiers_are_listed_on_pages(world: World):
    for number in range(11):
        record = f"  t{number}: {{kind: topic, name: Topic {number}}}\n"
        await load(world, record, f"d{number}", f"File **{number:02}**")
    first = await dossiers(world)
    assert "Page 1 of 2" in text_of(first)
    assert "**00**" not in text_of(first)
    labels = labels_of(first)
    assert labels[-1] == "More dossiers"
    second = reply(await world.manager.click(first, label="More dossiers"))
    assert {*labels, *labels_of(second)} >= {f"Unload File **{number:02}**" for number in range(11)}
    assert labels_of(second)[-1] == "Previous dossiers"


async def test_what_melted_together_is_named_with_what_to_do(world: World):
    for slug in ("tea", "milk"):
        await load(world, "  signature: {kind: pending, name: Signature}\n", slug, f"The {slug} file")
    async with world.db.write(world.guild.id) as conn:
        await conn.execute(
            "UPDATE dossier_record SET record_id = (SELECT id FROM record WHERE slug = 'signature') "
            "WHERE dossier IN ('tea', 'milk')"
        )
    text = text_of(await dossiers(world))
    assert "### Records of two dossiers" in text
    assert "- **Signature** (pending item): The milk file and The tea file" in text
    assert "Unload one of the two dossiers and load it again" in text


# Who follows


async def test_a_follow_says_what_it_lost_and_goes_on_once_it_is_loaded_again(world: World):
    for what in ("armed-drones", "everything"):
        await world.member.slash(world.channel, "follow add", what=what)
    await world.tick()
    before = len(dms(world))
    assert "1 follow lost the record." in await unload(world)
    listed = answer(await world.member.slash(world.channel, "follow list")).replace("\\", "")
    assert (
        f"- 31 armed drones for India · at once; its record went with the dossier {STARTER_NAME}, "
        "and comes back when that is loaded again"
    ) in listed
    assert "- everything · " in listed
    await world.tick(3600)
    assert len(dms(world)) == before, "nobody is alerted"
    await world.manager.slash(world.channel, "settings load", dossier=STARTER)
    listed = answer(await world.member.slash(world.channel, "follow list"))
    assert "its record went" not in listed
    assert "31 armed drones for India · at once" in listed
    await world.tick(3600)
    assert len(dms(world)) == before


async def test_a_reminder_of_its_item_is_silent_until_it_is_loaded_again(world: World):
    await world.member.slash(world.channel, "remind me", item="drone-clearances")
    assert "1 reminder ended." in await unload(world)
    assert "silent" in answer(await world.member.slash(world.channel, "remind list"))
    await world.manager.slash(world.channel, "settings load", dossier=STARTER)
    assert "silent" not in answer(await world.member.slash(world.channel, "remind list"))


async def next_digest(world: World) -> str:
    """Let time pass until the channel's next digest, and return the text of the newest message there."""
    await go_to(world, dates.next_local(world.now, "Asia/Kolkata", dates.parse_time_of_day("09:00"), "12345")[1])
    assert world.channel.last_message is not None
    return text_of(world.channel.last_message).replace("\\", "")


async def test_digests_say_how_old_a_dossier_is_at_first_and_then_what_was_unloaded(world: World):
    await world.manager.slash(world.channel, "digest set", channel=world.channel)
    first = await next_digest(world)
    assert f"The newest fact of the dossier {STARTER_NAME} is of 10 November 2023." in first
    await unload(world)
    second = await next_digest(world)
    assert f"The dossier **{STARTER_NAME}** was unloaded: 69 records" in second
    assert "newest fact" not in second
    await world.manager.slash(world.channel, "settings load", dossier=STARTER)
    assert f"The dossier **{STARTER_NAME}** was loaded: 69 records" in await next_digest(world)
    await load(world, "  tea: {kind: deal, name: Tea}\n")
    await unload(world, "A tea file")
    assert "A tea file" not in await next_digest(world)
