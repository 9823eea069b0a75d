"""Tests of sources: better descriptions, finding one by what is typed, all facts of one, and sources that are false."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.errors import UserError
from bot.ledger.source_lines import Description
from bot.services import erasure, people, portability, records, source_facts, sources, timelines, updates
from bot.services.updates import Change
from data.database import Database
from data.records import FactDate, Party, Source, Value
from tests.builders import on_day
from tests.conftest import OTHER_GUILD

LINK = "https://news.example/a"


async def cite(
    db: Database, guild: int, now: datetime, source: int, *facts: tuple[str, str, str, Value], day: str = "2024-03-05"
) -> str:
    """Enter facts from a source as the person 1. Return the batch."""
    changes = [Change(slug, kind, field, value, on_day(day), source, reason="r") for slug, kind, field, value in facts]
    async with db.write(guild) as conn:
        return await updates.append(conn, guild, changes, now=now, person_id=1, origin="editor")


async def add(db: Database, guild: int, title: str, url: str = "", day: FactDate | None = None) -> int:
    async with db.write(guild) as conn:
        return await sources.ensure(conn, guild, title=title, url=url, published_on=day)


async def described(db: Database, guild: int, now: datetime, source: int, better: Description) -> Source:
    async with db.write(guild) as conn:
        present = await sources.get(conn, guild, source)
        return await sources.describe(conn, guild, present, better, now=now, person_id=1)


async def false(db: Database, guild: int, now: datetime, source: int, *, withdrawing: bool = True) -> int:
    """Mark a source as false and return how many updates were withdrawn."""
    async with db.write(guild) as conn:
        plan = await source_facts.withdrawal(conn, guild, await sources.get(conn, guild, source))
        done = await source_facts.mark_false(
            conn, guild, source, "It was made up", mark=plan.mark, withdrawing=withdrawing, now=now, person_id=1
        )
    assert done is not None
    return done[1]


async def value(db: Database, guild: int, slug: str, field: str) -> Value:
    return (await records.get(db.read, guild, slug)).record.state.value(field)


BETTER = Description(
    "Deal is signed", "Example Times", on_day("2024-03-06"), "https://web.archive.org/web/1/" + LINK, "English"
)


async def test_a_better_description_is_shown_and_the_ledger_stays(db: Database, guild: int, now: datetime):
    source = await add(db, guild, "news.example", LINK)
    await cite(db, guild, now, source, ("d", "deal", "name", "Drones"))
    ledger = await db.read.execute_fetchall("SELECT id, source_id FROM ledger")
    first = await db.read.execute_fetchall("SELECT * FROM source WHERE id = ?", (source,))
    standing = await records.standing(db.read, guild)
    now_described = await described(db, guild, now, source, BETTER)
    opened = await records.get(db.read, guild, "d")
    for shown in (now_described, opened.sources[source], (await sources.get_many(db.read, guild, [source]))[source]):
        assert (shown.id, shown.title, shown.publisher) == (source, "Deal is signed", "Example Times")
        assert (shown.url, shown.language, shown.published_on) == (LINK, "English", on_day("2024-03-06"))
        assert shown.archived_url.startswith("https://web.archive.org/")
    assert (await timelines.get(db.read, guild, "d")).opened.sources[source].title == "Deal is signed"
    assert await db.read.execute_fetchall("SELECT id, source_id FROM ledger") == ledger
    assert await db.read.execute_fetchall("SELECT * FROM source WHERE id = ?", (source,)) == first
    assert await records.standing(db.read, guild) != standing  # So that no cached card shows the old description.


async def test_the_newest_description_counts_and_the_same_one_adds_nothing(db: Database, guild: int, now: datetime):
    source = await add(db, guild, "news.example", LINK)
    await described(db, guild, now, source, BETTER)
    third = await described(db, guild, now, source, Description("Third"))
    assert (third.title, third.publisher, third.url) == ("Third", "", LINK)
    assert await described(db, guild, now, source, Description("Third")) == third


async def test_two_editors_do_not_overwrite_each_other(db: Database, guild: int, now: datetime):
    source = await add(db, guild, "news.example", LINK)
    stale = await sources.get(db.read, guild, source)
    await described(db, guild, now, source, BETTER)
    with pytest.raises(UserError, match="Somebody else described this source meanwhile"):
        async with db.write(guild) as conn:
            await sources.describe(conn, guild, stale, Description("Mine"), now=now, person_id=1)
    assert (await sources.get(db.read, guild, source)).title == "Deal is signed"


async def test_a_described_source_is_cited_again_by_its_first_and_its_present_description(
    db: Database, guild: int, now: datetime
):
    source = await add(db, guild, "news.example", LINK)
    await described(db, guild, now, source, Description("Second"))
    await described(db, guild, now, source, Description("Third"))
    async with db.write(guild) as conn:
        assert await sources.ensure(conn, guild, title="news.example", url=LINK) == source
        assert await sources.ensure(conn, guild, title="Third", url=LINK) == source
        assert await sources.ensure(conn, guild, title="Second", url=LINK) != source
        assert await sources.ensure(conn, guild, title="Third", url=LINK, language="Hindi") != source


async def test_a_source_of_another_server_cannot_be_read_described_or_marked(db: Database, guild: int, now: datetime):
    theirs = await add(db, OTHER_GUILD, "Theirs", LINK)
    await cite(db, OTHER_GUILD, now, theirs, ("d", "deal", "name", "Secret"))
    assert await sources.find(db.read, guild, theirs) is None
    for text in ("Theirs", LINK, "news.example", f"#{theirs}"):
        assert await sources.matching(db.read, guild, text) == []
    source = await sources.get(db.read, OTHER_GUILD, theirs)
    assert (await source_facts.load(db.read, guild, [source])).facts == []
    async with db.write(guild) as conn:
        with pytest.raises(UserError, match="not on file in this server"):
            await sources.describe(conn, guild, source, BETTER, now=now, person_id=1)
        with pytest.raises(UserError, match="not on file in this server"):
            await source_facts.mark_false(conn, guild, theirs, "no", mark="", withdrawing=True, now=now, person_id=1)


async def test_a_source_is_found_by_id_choice_link_title_host_and_words(db: Database, guild: int, now: datetime):
    day = on_day("2023-11-10")
    article = await add(db, guild, "India, US sign pact", "https://www.news.example/a/", day)
    other = await add(db, guild, "Budget, page by page", "https://news.example/b")
    note = await add(db, guild, "Ministry note")
    await add(db, guild, "Never cited", "https://news.example/c")
    for source in (article, note, other):
        await cite(db, guild, now, source, ("d", "deal", "name", "Drones"))

    async def found(text: str) -> list[int]:
        return [source.id for source in await sources.matching(db.read, guild, text)]

    for text, ids in {
        f"#{article}": [article],
        "India, US sign pact (www.news.example, 10 November 2023)": [article],
        "https://www.news.example/a": [article],
        "http://news.example/a/": [article],
        "News.example/a": [article],
        "india us SIGN pact": [article],
        "news.example": [other, article],
        "www.news.example": [other, article],
        "ministry": [note],
        "minist": [note],
        "pact sign": [article],
        "zeppelin": [],
        "": [],
        "#999": [],
        "\ud800": [],
        "  ": [],
    }.items():
        assert await found(text) == ids, text
    assert [source.id for source in await sources.recent(db.read, guild)] == [other, note, article]
    assert [source.id for source in await sources.complete(db.read, guild, "", 2)] == [other, note]
    assert [source.id for source in await sources.complete(db.read, guild, "news.example/", 25)] == [other, article]


async def test_all_facts_of_a_source_are_those_that_rest_on_it_now(db: Database, guild: int, now: datetime):
    person = 1
    first, second = await add(db, guild, "First"), await add(db, guild, "Second")
    await cite(
        db,
        guild,
        now,
        first,
        ("d", "deal", "name", "Drones"),
        ("d", "deal", "stage", "proposed"),
        ("i", "participant", "name", "India"),
        ("d", "deal", "party", Party("i", "buyer")),
    )
    await cite(db, guild, now, second, ("d", "deal", "stage", "signed"), day="2024-03-09")
    shown = await source_facts.load(db.read, guild, [await sources.get(db.read, guild, first)])
    assert [(fact.slug, fact.field) for fact in shown.facts] == [("d", "party"), ("d", "name"), ("i", "name")]
    assert shown.names == {"i": "India"}
    entered = shown.entered[shown.facts[0].fact.update]
    assert (entered.origin, entered.user_id, entered.entered_at) == ("editor", 77, now)
    assert person == 1
    both = [await sources.get(db.read, guild, id_) for id_ in (first, second)]
    assert ("d", "stage") in [(fact.slug, fact.field) for fact in (await source_facts.load(db.read, guild, both)).facts]


# A source that is false


@pytest.fixture
async def story(db: Database, guild: int, now: datetime) -> dict[str, int]:
    """Enter a deal from a ministry's note, and five facts from a blog, one of which the ministry reports too."""
    ids = {name: await add(db, guild, name, f"https://{name}.example/x") for name in ("ministry", "blog")}
    await cite(
        db,
        guild,
        now,
        ids["ministry"],
        ("d", "deal", "name", "Drones"),
        ("d", "deal", "stage", "negotiating"),
        ("i", "participant", "name", "India"),
        ("d", "deal", "party", Party("i", "buyer")),
        day="2024-01-05",
    )
    await cite(
        db,
        guild,
        now,
        ids["blog"],
        ("d", "deal", "stage", "signed"),
        ("d", "deal", "party", Party("i", "buyer")),
        ("d", "deal", "made_in", "Hosur"),
        ("p", "pending", "name", "Delivery"),
        ("p", "pending", "state", "open"),
        ("p", "pending", "about", Party("d")),
        ("g", "participant", "name", "General Atomics"),
    )
    await cite(db, guild, now, ids["ministry"], ("d", "deal", "party", Party("g", "maker")), day="2024-01-06")
    return ids


async def test_what_rests_on_a_false_source_alone_ends_and_what_others_report_stays(
    db: Database, guild: int, now: datetime, story: dict[str, int]
):
    plan = await source_facts.withdrawal(db.read, guild, await sources.get(db.read, guild, story["blog"]))
    assert {(fact.slug, fact.field) for fact in plan.alone} == {
        ("d", "stage"),
        ("d", "made_in"),
        ("p", "name"),
        ("p", "state"),
        ("p", "about"),
    }
    assert [(fact.field, other) for fact, other in plan.shared] == [("party", story["ministry"])]
    assert [fact.slug for fact in plan.kept] == ["g"]  # The ministry names it, so that it keeps its name.
    assert await false(db, guild, now, story["blog"]) == 6
    opened = await records.get(db.read, guild, "d")
    state = opened.record.state
    assert (state.text("stage"), state.facts("made_in")) == ("negotiating", [])
    parties = state.facts("party", Party)
    assert {party.value.record for party in parties} == {"i", "g"}
    assert {party.source for party in parties} == {story["ministry"]}
    assert await records.find(db.read, guild, "p") is None
    assert (await records.get(db.read, guild, "g")).record.name == "General Atomics"
    blog = (await sources.get_many(db.read, guild, [story["blog"]]))[story["blog"]]
    assert (blog.false_because, blog.title) == ("It was made up", "blog")
    withdrawals = await db.read.execute_fetchall("SELECT DISTINCT batch, reason FROM ledger WHERE action = 'withdrawn'")
    assert [reason for _, reason in withdrawals] == ["It was made up"]


async def test_a_source_can_be_marked_as_false_without_withdrawing(
    db: Database, guild: int, now: datetime, story: dict[str, int]
):
    assert await false(db, guild, now, story["blog"], withdrawing=False) == 0
    opened = await records.get(db.read, guild, "d")
    assert opened.record.state.text("stage") == "signed"
    assert opened.sources[story["blog"]].false_because == "It was made up"
    with pytest.raises(UserError, match="marked as false already"):
        await false(db, guild, now, story["blog"])


async def test_a_source_that_is_true_after_all_brings_everything_back(
    db: Database, guild: int, now: datetime, story: dict[str, int]
):
    before = {slug: (await records.get(db.read, guild, slug)).record.state for slug in ("d", "p", "g", "i")}
    await false(db, guild, now, story["blog"])
    await described(db, guild, now, story["blog"], BETTER)  # A description keeps the mark and what was withdrawn.
    assert (await sources.get(db.read, guild, story["blog"])).false_because
    async with db.write(guild) as conn:
        source, count = await source_facts.restore(
            conn, guild, story["blog"], "The ministry confirmed it", now=now, person_id=1
        )
    assert (count, source.false_because, source.title) == (6, "", "Deal is signed")
    assert {slug: (await records.get(db.read, guild, slug)).record.state for slug in before} == before
    async with db.write(guild) as conn:
        with pytest.raises(UserError, match="not marked as false any more"):
            await source_facts.restore(conn, guild, story["blog"], "again", now=now, person_id=1)
    assert await false(db, guild, now, story["blog"]) == 6  # It can be marked again, and lifted again.
    async with db.write(guild) as conn:
        assert (await source_facts.restore(conn, guild, story["blog"], "so", now=now, person_id=1))[1] == 6


async def test_marking_is_refused_when_what_rests_on_the_source_has_changed(
    db: Database, guild: int, now: datetime, story: dict[str, int]
):
    source = await sources.get(db.read, guild, story["blog"])
    mark = (await source_facts.withdrawal(db.read, guild, source)).mark
    await cite(db, guild, now, story["blog"], ("d", "deal", "delivery", "in 2027"))
    async with db.write(guild) as conn:
        assert (
            await source_facts.mark_false(
                conn, guild, story["blog"], "no", mark=mark, withdrawing=True, now=now, person_id=1
            )
            is None
        )
    assert (await sources.get(db.read, guild, story["blog"])).false_because == ""
    assert await value(db, guild, "d", "stage") == "signed"


async def test_a_correction_by_a_false_source_gives_way_to_what_it_corrected(db: Database, guild: int, now: datetime):
    good, bad = await add(db, guild, "good"), await add(db, guild, "bad")
    await cite(db, guild, now, good, ("d", "deal", "name", "Drones"), ("d", "deal", "made_in", "Hosur"))
    await cite(db, guild, now, bad, ("d", "deal", "made_in", "Pune"))
    history = await updates.history(db.read, guild, "d")
    async with db.write(guild) as conn:
        for target, place in ((history[1].id, "Delhi"), (history[2].id, "Agra")):
            change = Change("d", "deal", "made_in", place, on_day("2024-03-05"), bad, replaces=target)
            await updates.append(conn, guild, [change], now=now, person_id=1, origin="editor")
    await false(db, guild, now, bad)
    assert await value(db, guild, "d", "made_in") == "Hosur"


async def test_a_record_that_only_a_false_source_knows_leaves_the_record(db: Database, guild: int, now: datetime):
    bad = await add(db, guild, "bad")
    await cite(
        db,
        guild,
        now,
        bad,
        ("x", "participant", "name", "Nobody"),
        ("d", "deal", "name", "No deal"),
        ("d", "deal", "party", Party("x", "buyer")),
    )
    assert await false(db, guild, now, bad) == 3
    assert [await records.find(db.read, guild, slug) for slug in ("x", "d")] == [None, None]


async def test_who_described_a_source_is_exported_and_forgotten(db: Database, guild: int, now: datetime):
    async with db.write(guild) as conn:
        editor = await people.ensure(conn, 4242)
        source = await sources.ensure(conn, guild, title="news.example", url=LINK)
        present = await sources.get(conn, guild, source)
        await sources.describe(conn, guild, present, BETTER, now=now, person_id=editor.id)
        await erasure.delete_guild(conn, OTHER_GUILD)  # Forgets everybody to whom no row refers.
    exported = await portability.export_person(db.read, 4242, now=now + timedelta(days=1))
    assert exported is not None
    assert b'"Deal is signed"' in exported
    assert b"4242" in exported
    async with db.write(guild) as conn:
        await erasure.delete_person(conn, 4242)
    assert await people.find(db.read, 4242) is None
    assert (await sources.get(db.read, guild, source)).title == "Deal is signed"
    async with db.write(guild) as conn:
        assert await erasure.delete_guild(conn, guild)
    assert await db.read.execute_fetchall("SELECT id FROM source WHERE guild_id = ?", (guild,)) == []


# One publication that was entered with several titles or days


async def test_copies_of_a_source_are_described_marked_and_restored_together(db: Database, guild: int, now: datetime):
    first = await add(db, guild, "news.example", "https://news.example/a")
    second = await add(db, guild, "A deal", "http://www.news.example/a/", on_day("2024-03-01"))
    other = await add(db, guild, "Another page", "https://news.example/b")
    await cite(db, guild, now, first, ("d", "deal", "name", "Drones"), ("d", "deal", "made_in", "Hosur"))
    await cite(db, guild, now, second, ("d", "deal", "delivery", "in 2027"))
    await cite(db, guild, now, other, ("o", "deal", "name", "Other"))
    better = Description("Deal is signed", "Example Times")
    await described(db, guild, now, second, better)
    known = await sources.get_many(db.read, guild, [first, second, other])
    assert [known[id_].title for id_ in (first, second, other)] == ["Deal is signed", "Deal is signed", "Another page"]
    assert known[first].url == "https://news.example/a"
    shown = await source_facts.load(db.read, guild, await sources.matching(db.read, guild, "news.example/a"))
    assert len(shown.sources) == 1
    assert set(shown.publications) == {first, second}
    assert {fact.field for fact in shown.facts} == {"name", "made_in", "delivery"}
    assert await false(db, guild, now, first) == 3
    assert await records.find(db.read, guild, "d") is None
    assert (await records.get(db.read, guild, "o")).record.name == "Other"
    third = await add(db, guild, "A later title", "https://news.example/a")
    async with db.write(guild) as conn:
        assert (await sources.get_to_cite(conn, guild, third)).false_because == "It was made up"
        assert (await sources.get_to_cite(conn, guild, other)).false_because == ""
    await cite(db, guild, now, third, ("o", "deal", "made_in", "Pune"))
    assert await false(db, guild, now, third) == 1
    async with db.write(guild) as conn:
        source, count = await source_facts.restore(conn, guild, second, "It is true", now=now, person_id=1)
    assert (count, source.false_because) == (4, "")
    assert await value(db, guild, "o", "made_in") == "Pune"
    assert (await records.get(db.read, guild, "d")).record.state.text("delivery") == "in 2027"
    assert all(
        not one.false_because for one in (await sources.get_many(db.read, guild, [first, second, third])).values()
    )
