"""Tests of sources in a simulated server: all facts of one, better descriptions, false ones, and citations."""

from __future__ import annotations

from typing import Any

import pytest
import simcord

from bot.services import guilds, records, sources, updates
from bot.services.updates import Change
from bot.ui.ids import custom_id
from bot.ui.layout import button
from data.records import Party
from tests.builders import on_day
from tests.discord.conftest import World, answer, labels_of, parts, posted, reply
from tests.discord.looking import NASTY, ask, menu

LINK = "https://news.example/a_(b)"
DAY = on_day("2024-03-05")


async def add(world: World, title: str, *facts: tuple[str, str, str, Any], url: str = "", guild_id: int = 0) -> int:
    """Enter facts from a source as the manager, and return the id of the source."""
    guild_id = guild_id or world.guild.id
    async with world.db.write(guild_id) as conn:
        source = await sources.ensure(conn, guild_id, title=title, url=url)
        entered = [Change(slug, kind, field, value, DAY, source, "page 3", "r") for slug, kind, field, value in facts]
        await updates.append(conn, guild_id, entered, now=world.now, person_id=1, origin="editor")
    return source


async def blog(world: World) -> int:
    """Enter five facts from a blog; that India buys is reported by the article too."""
    return await add(
        world,
        "Blog",
        ("armed-drones", "deal", "stage", "signed"),
        ("armed-drones", "deal", "made_in", "Hosur"),
        ("armed-drones", "deal", "party", Party("india", "buyer")),
        ("fighter-jet-engines", "deal", "stage", "signed"),
        ("fighter-jet-engines", "deal", "delivery", "in 2027"),
        url="https://blog.example/x",
    )


async def open_source(world: World, who: simcord.MemberActor, source: str) -> simcord.ResponseMessage:
    return reply(await who.slash(world.channel, "search", source=source))


def texts(message: Any) -> str:
    return "\n".join(part["content"] for part in parts(message.components) if part.get("type") == 10)


async def stage(world: World, slug: str = "armed-drones") -> str:
    return (await records.get(world.db.read, world.guild.id, slug)).record.state.text("stage")


# All facts of a source


async def test_all_facts_of_a_source_are_found_by_title_link_and_host(world: World):
    await add(world, "Deal is signed", ("armed-drones", "deal", "stage", "signed"), url=LINK)
    for typed in ("Deal is signed", "news.example", LINK, "www.news.example", "deal is SIGNED"):
        result = await ask(world, "search", source=typed)
        text = answer(result)
        assert text.startswith(f"## Deal is signed\n\nUndated; <{LINK}>\n\n### 31 armed drones for India\n")
        assert "**Stage:** Signed\n-# 5 March 2024; page 3\n" in text
        assert text.endswith("-# 1 fact of 1 record")
        assert "entered by" not in text
        assert reply(result).flags.ephemeral
        assert labels_of(reply(result)) == []


async def test_editors_read_who_entered_each_fact_and_can_describe_the_source(world: World):
    await add(world, "Deal is signed", ("armed-drones", "deal", "stage", "signed"), url=LINK)
    page = await open_source(world, world.editor, "Deal is signed")
    assert f"-# 5 March 2024; page 3; entered by <@{world.owner.id}> <t:" in texts(page)
    assert labels_of(page) == ["Describe this source", "This source is false"]
    article = await open_source(world, world.editor, "News article without a title")
    assert "entered by the dossier <t:" in texts(article)


async def test_completion_offers_the_last_used_source_first_and_takes_what_it_shows(world: World):
    await add(world, "Deal is signed", ("armed-drones", "deal", "stage", "signed"), url=LINK)
    await add(world, "Long link", ("armed-drones", "deal", "made_in", "Hosur"), url="https://e.example/" + "x" * 200)
    offered = await world.member.autocomplete(world.channel, "search", "source", "")
    assert [choice["name"] for choice in offered[:2]] == ["Long link (e.example)", "Deal is signed (news.example)"]
    assert offered[1]["value"] == LINK
    for choice in offered:
        title = choice["name"].partition(" (")[0]
        for sent in (choice["name"], choice["value"]):
            assert answer(await ask(world, "search", source=sent)).startswith(f"## {title}")
    typed = await world.member.autocomplete(world.channel, "search", "source", "signed")
    assert [choice["value"] for choice in typed] == [LINK]


async def test_a_source_narrows_a_search_down(world: World):
    await blog(world)
    result = await ask(world, "search", kind="deal", source="blog.example")
    assert menu(reply(result)) == ["armed-drones", "fighter-jet-engines"]
    assert answer(result).endswith("-# 2 found, kind deal, source Blog, newest first.")
    assert menu(reply(await ask(world, "search", text="engines", source="Blog"))) == ["fighter-jet-engines"]
    assert "No record" in answer(await ask(world, "search", text="roadmap", source="Blog"))


async def test_many_facts_are_paged_and_several_sources_are_told_apart(world: World):
    facts = [(f"deal-{n}", "deal", "name", f"Made-up deal {n:02}") for n in range(30)]
    await add(world, "One", *facts[:15], url="https://press.example/1")
    await add(world, "Two", *facts[15:], url="https://press.example/2")
    first = reply(await ask(world, "search", source="press.example"))
    assert texts(first).startswith("## Facts from press.example\n")
    assert "-# 5 March 2024; source 2, page 3" in texts(first)
    assert "**Source 2:** One; undated; <https://press.example/1>" in texts(first)
    assert labels_of(first) == ["More facts"]
    assert len(menu(first)) >= 1
    seen = texts(first)
    page = first
    while "More facts" in labels_of(page):
        page = reply(await world.member.click(page, label="More facts"))
        seen += texts(page)
    assert all(f"Made-up deal {n:02}" in seen for n in range(30))
    assert labels_of(page) == ["Previous facts"]
    link = reply(await ask(world, "search", source="https://press.example/1"))
    assert "More facts" in labels_of(link)  # A link does not fit into the button: the id of the source does.
    assert texts(reply(await world.member.click(link, label="More facts"))).startswith("## One\n")


async def test_a_source_is_opened_from_all_facts(world: World):
    await blog(world)
    card = reply(await ask(world, "deal show", deal="armed-drones"))
    facts = reply(await world.member.click(card, label="All facts"))
    select = next(part for part in parts(facts.components) if part.get("placeholder") == "All facts of a source")
    option = next(option for option in select["options"] if option["label"].endswith(": Blog"))
    assert option["description"] == "blog.example, undated"
    opened = reply(await world.member.select(facts, [option["value"]], custom_id=select["custom_id"]))
    assert "### Production of fighter" in texts(opened) or "### Fighter" in texts(opened)
    assert texts(opened).startswith("## Blog\n")


async def test_a_page_that_was_entered_with_two_titles_is_one_source(world: World):
    await add(world, "First title", ("armed-drones", "deal", "made_in", "Hosur"), url="https://news.example/a")
    await add(world, "Second title", ("armed-drones", "deal", "delivery", "in 2027"), url="https://news.example/a/")
    for text in ("First title", "Second title", "news.example/a"):
        page = await open_source(world, world.editor, text)
        assert "**Made in:** Hosur" in texts(page)
        assert "**Delivery:** in 2027" in texts(page)
        assert labels_of(page) == ["Describe this source", "This source is false"]
    found = await ask(world, "search", kind="deal", source="First title")
    assert menu(reply(found)) == ["armed-drones"]


async def test_a_better_description_is_in_the_digest_too(world: World):
    await world.manager.slash(world.channel, "digest set", channel=world.channel)
    source = await add(world, "A paper", ("armed-drones", "deal", "stage", "signed"))
    page = await open_source(world, world.editor, f"#{source}")
    form = await world.editor.click(page, label="Describe this source")
    empty = {"publisher": "", "published": "", "archived": "", "language": ""}
    await world.editor.submit_modal(form, empty | {"title": "Note of the ministry"})
    digest = answer(await world.manager.slash(world.channel, "digest preview", channel=world.channel))
    assert "Note of the ministry" in digest
    assert "A paper" not in digest


async def test_what_is_no_source_here_is_refused_kindly(world: World):
    for text in ("zeppelin", "#999999", "#0", NASTY[:80], "*"):
        told = answer(await ask(world, "search", source=text))
        assert "is not the title, link or host of a source of this server." in told
        assert "Nothing was changed." in told


async def test_a_source_of_another_server_opens_nothing_here(world: World):
    other = world.env.create_guild("Elsewhere", owner=world.owner)
    await world.env.settle()
    async with world.db.write(other.id) as conn:
        await guilds.ensure(conn, other.id, name="Elsewhere", owner_id=world.owner.id)
    theirs = await add(world, "Theirs", ("d", "deal", "name", "Secret"), guild_id=other.id)
    for name in ("source.open", "source.describe", "source.false"):
        message = await posted(world, button("Press", custom_id(name, theirs)))
        assert "not on file in this server" in answer(await world.manager.click(message, label="Press"))
    assert "is not the title" in answer(await ask(world, "search", source=f"#{theirs}"))


# Describing


async def test_an_editor_describes_a_source_and_everything_shows_it(world: World):
    await add(world, "news.example", ("armed-drones", "deal", "made_in", "Hosur"), url="https://news.example/a")
    await ask(world, "deal show", deal="armed-drones")  # The card is in the cache now.
    page = await open_source(world, world.editor, "news.example")
    form = await world.editor.click(page, label="Describe this source")
    assert form.modal is not None
    typed = {
        "title": "Drones *come* from Hosur",
        "publisher": "Example Times",
        "published": "6 March 2024",
        "archived": "web.archive.org/web/2024/https://news.example/a",
        "language": "English",
    }
    described = answer(await world.editor.submit_modal(form, typed))
    assert described.startswith("## Drones \\*come\\* from Hosur\n\n**Described.**")
    assert (
        "Example Times; 6 March 2024; in English; <https://news.example/a>; "
        "archived: <https://web.archive.org/web/2024/https://news.example/a>" in described
    )
    assert f"-# Described by <@{world.editor.user.id}> <t:" in described
    card = reply(await ask(world, "deal show", deal="armed-drones"))
    assert "Example Times" in answer(await world.member.click(card, label="All facts"))
    again = await world.editor.click(await open_source(world, world.editor, "Drones"), label="Describe this source")
    assert again.modal is not None
    filled = {part["component"]["custom_id"]: part["component"].get("value") for part in again.modal["components"]}
    assert filled == typed | {
        "published": "2024-03-06",
        "archived": "https://web.archive.org/web/2024/https://news.example/a",
    }


@pytest.mark.parametrize(
    ("name", "text", "refusal"),
    [
        ("published", "someday", "Published:"),
        ("published", "5 March 2099", "has not begun anywhere yet"),
        ("archived", "ftp://x.example/a", "is not a link to a page"),
        ("archived", "archive", "is not a link that works"),
        ("archived", "https://me:secret@x.example/", "no user name or password"),
        ("title", "   ", "A title needs 1 to 200 characters"),
    ],
)
async def test_a_description_that_cannot_be_used_says_why_and_repeats_what_was_typed(
    world: World, name: str, text: str, refusal: str
):
    await add(world, "news.example", ("armed-drones", "deal", "made_in", "Hosur"), url=LINK)
    form = await world.editor.click(await open_source(world, world.editor, LINK), label="Describe this source")
    good = {"title": "A title", "publisher": "A publisher", "published": "", "archived": "", "language": ""}
    told = answer(await world.editor.submit_modal(form, good | {name: text}))
    assert refusal in told
    assert "Nothing was changed. You typed:" in told
    assert "**Publisher:** A publisher" in told
    assert (await sources.matching(world.db.read, world.guild.id, LINK))[0].title == "news.example"


async def test_the_second_of_two_editors_is_told_and_nothing_is_lost(world: World):
    await add(world, "news.example", ("armed-drones", "deal", "made_in", "Hosur"), url=LINK)
    page = await open_source(world, world.editor, LINK)
    first = await world.editor.click(page, label="Describe this source")
    second = await world.manager.slash(world.channel, "search", source=LINK)
    second = await world.manager.click(reply(second), label="Describe this source")
    empty = {"publisher": "", "published": "", "archived": "", "language": ""}
    await world.editor.submit_modal(first, empty | {"title": "First"})
    told = answer(await world.manager.submit_modal(second, empty | {"title": "Second"}))
    assert "Somebody else described this source meanwhile" in told
    assert "**Title:** Second" in told
    assert (await sources.matching(world.db.read, world.guild.id, LINK))[0].title == "First"


async def test_members_can_neither_describe_a_source_nor_mark_it_as_false(world: World):
    source = await blog(world)
    for name, more in (("source.describe", ()), ("source.false", ()), ("source.why", ("withdraw", "x"))):
        message = await posted(world, button("Press", custom_id(name, source, *more)))
        assert "Only editors change the record" in answer(await world.member.click(message, label="Press"))


# False


async def test_a_false_source_loses_what_rests_on_it_alone_and_says_so_from_then_on(world: World):
    await blog(world)
    page = await open_source(world, world.editor, "Blog")
    preview = reply(await world.editor.click(page, label="This source is false"))
    text = texts(preview)
    alone, stays = text.split("**What stays, because another source reports it too:**")
    assert "**What rests on it alone and would be withdrawn:**" in alone
    assert alone.count("\n- ") == 4
    assert "also reported by News article without a title" in stays
    assert await stage(world) == "signed"
    assert labels_of(preview) == ["Mark as false and withdraw 5", "Mark as false only"]
    form = await world.editor.click(preview, label="Mark as false and withdraw 5")
    marked = answer(await world.editor.submit_modal(form, {"reason": "The *ministry* denied it"}))
    assert "**Marked as false.** 5 updates withdrawn." in marked
    assert "\n\nMarked as false; undated; <https://blog.example/x>\n-# False: The \\*ministry\\* denied it" in marked
    assert "No fact on the record rests on it now." in marked
    assert (await stage(world), await stage(world, "fighter-jet-engines")) == ("under_review", "unspecified")
    card = reply(await ask(world, "deal show", deal="armed-drones"))
    assert "India \\(buyer\\)" in texts(card)
    history = answer(await world.member.click(card, label="History"))
    assert "[blog.example](<https://blog.example/x>) (marked as false), page 3" in history
    assert "withdrawn by" in history


async def test_a_marked_source_still_warns_whoever_enters_with_it_again(world: World):
    await blog(world)
    page = await open_source(world, world.editor, "Blog")
    preview = reply(await world.editor.click(page, label="This source is false"))
    form = await world.editor.click(preview, label="Mark as false only")
    page = reply(await world.editor.submit_modal(form, {"reason": "It was made up"}))
    assert "**Marked as false.** 0 updates withdrawn." in texts(page)
    assert labels_of(page) == ["Describe this source", "Not false after all"]
    card = answer(await ask(world, "deal show", deal="fighter-jet-engines"))
    assert "**Signed on 5 March 2024**" in card
    for line, warned in (
        ("Blog https://blog.example/x, page 4", True),
        ("http://www.blog.example/x/", True),
        ("https://blog.example/y", False),
        ("Blog", False),
    ):
        form = await world.editor.slash(world.channel, "update stage", deal="Drone deal", stage="completed")
        typed = {"date": "7 March 2024", "source": line, "published": "8 March 2024", "value": ["completed"]}
        preview = answer(await world.editor.submit_modal(form, typed))
        assert ("**Before you save:** this source was marked as false: It was made up" in preview) is warned, line


async def test_a_source_that_is_true_after_all_is_restored_with_its_facts(world: World):
    await blog(world)
    page = await open_source(world, world.editor, "Blog")
    preview = reply(await world.editor.click(page, label="This source is false"))
    form = await world.editor.click(preview, label="Mark as false and withdraw 5")
    page = reply(await world.editor.submit_modal(form, {"reason": "It was made up"}))
    form = await world.editor.click(page, label="Not false after all")
    told = answer(await world.editor.submit_modal(form, {"reason": "The ministry confirmed it"}))
    assert "**Not marked as false any more.** 5 updates brought back." in told
    assert "Marked as false;" not in told
    assert (await stage(world), await stage(world, "fighter-jet-engines")) == ("signed", "signed")


async def test_a_preview_that_is_out_of_date_withdraws_nothing_and_keeps_the_reason(world: World):
    await blog(world)
    page = await open_source(world, world.editor, "Blog")
    preview = reply(await world.editor.click(page, label="This source is false"))
    form = await world.editor.click(preview, label="Mark as false and withdraw 5")
    await add(world, "Blog", ("armed-drones", "deal", "delivery", "in 2028"), url="https://blog.example/x")
    again = reply(await world.editor.submit_modal(form, {"reason": "It was made up"}))
    assert "**Somebody changed this meanwhile.**" in texts(again)
    assert "Your reason: It was made up" in texts(again)
    assert await stage(world) == "signed"
    assert labels_of(again)[0] == "Mark as false and withdraw 6"
