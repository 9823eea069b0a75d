"""Tests of the list of dossiers in a server, and of unloading one and loading it again."""

from __future__ import annotations

from random import Random

import pytest

from bot import dossier as files
from bot.errors import UserError
from bot.services import (
    alerts,
    destinations,
    follows,
    guilds,
    loaded_dossiers,
    people,
    records,
    reminders,
    search,
    updates,
)
from bot.ui import dossiers as views
from data.database import Database
from data.records import FactDate, Kind, Party, Value
from tests.builders import count_of, on_day
from tests.conftest import OTHER_GUILD, enter
from tests.services.starter import STARTER, every, load, loaded

__all__ = ["loaded"]  # The fixture.

SEQUEL = "india-us-after-2plus2"

HEAD = """\
dossier: {slug}
name: The {slug} file
sources: {{article: {{title: An article of {slug}}}}}
defaults: {{source: article, date: 2 March 2024, names: article}}
records:
"""


def file(now, slug: str, records: str) -> files.Dossier:
    return files.read((HEAD.format(slug=slug) + records).encode(), now=now)


async def unload(db: Database, guild: int, now, slug: str):
    async with db.write(guild) as conn:
        person = await people.ensure(conn, 77)
        return await loaded_dossiers.unload(conn, guild, slug, now=now, person_id=person.id)


async def states(db: Database, guild: int) -> dict[str, tuple[str, list[str], dict[str, list[Value]], bool]]:
    """Return, by slug, the values and status line of each live record, without the ids of updates."""
    return {
        slug: (
            opened.record.name,
            [text.text for text in opened.record.status],
            {field: [fact.value for fact in facts] for field, facts in opened.record.state.fields.items()},
            opened.record.open,
        )
        for slug, opened in (await every(db, guild)).items()
    }


@pytest.fixture
def edit(db: Database, source: int, now):
    """Return a function that enters the fields of one record as an editor."""

    async def enter_fields(guild: int, slug: str, kind: Kind, **fields: Value) -> None:
        await enter(db, guild, source, now, *((slug, kind, field, value) for field, value in fields.items()))

    return enter_fields


# The list


async def test_the_list_says_what_is_loaded_when_by_whom_and_how_recent_it_is(db, loaded, now):
    (entry,) = await loaded_dossiers.list_loaded(db.read, loaded)
    assert (entry.slug, entry.name, entry.loaded_at) == (STARTER, "India–U.S. 2+2 talks, 10 November 2023", now)
    assert entry.loaded_by == 77
    assert entry.newest is not None
    assert entry.newest.first == on_day("2023-11-10").first
    assert entry.facts == await updates.newest_id(db.read, loaded)
    assert await loaded_dossiers.list_loaded(db.read, OTHER_GUILD) == []


async def test_facts_are_counted_as_they_count_now(db, guild, now, source):
    await load(db, guild, now, file(now, "tea", "  tea: {kind: topic, name: Tea, aliases: [Chai, Cha]}\n"))
    await load(db, guild, now, file(now, "tea", "  tea: {kind: topic, name: Green tea, aliases: [Chai]}\n"))
    (entry,) = await loaded_dossiers.list_loaded(db.read, guild)
    assert entry.facts == 2
    (mine,) = [u for u in await updates.history(db.read, guild, "tea") if u.field == "alias" and u.action == "set"][:1]
    async with db.write(guild) as conn:
        await updates.withdraw(conn, guild, [mine.id], now=now, person_id=1, reason="no")
        last = (await updates.history(conn, guild, "tea"))[-1]
        await updates.withdraw(conn, guild, [last.id], now=now, person_id=1, reason="yes")
    assert (await loaded_dossiers.list_loaded(db.read, guild))[0].facts == 2


async def test_loading_again_without_a_change_leaves_when_and_by_whom(db, loaded, now):
    before = await loaded_dossiers.list_loaded(db.read, loaded)
    later = now.replace(year=2027)
    await load(db, loaded, later)
    assert await loaded_dossiers.list_loaded(db.read, loaded) == before


# Unloading


async def test_unloading_takes_all_of_it_back_and_loading_again_brings_it_back(db, loaded, now):
    before = await states(db, loaded)
    facts = (await loaded_dossiers.list_loaded(db.read, loaded))[0].facts
    planned = await loaded_dossiers.preview(db.read, loaded, STARTER)
    assert await states(db, loaded) == before
    done = await unload(db, loaded, now, STARTER)
    assert done == planned
    assert (done.facts, done.gone, done.stay) == (facts, len(before), ())
    assert await states(db, loaded) == {}
    assert (await search.search(db.read, loaded, search.Wanted("drones"))).total == 0
    assert await loaded_dossiers.list_loaded(db.read, loaded) == []
    assert (await guilds.holdings(db.read, loaded)).dossiers == ()
    again = await load(db, loaded, now)
    assert again.added == facts
    assert await states(db, loaded) == before


async def test_what_is_not_loaded_cannot_be_unloaded(db, loaded, now):
    for guild, slug in ((loaded, SEQUEL), (OTHER_GUILD, STARTER), (loaded, ""), (loaded, "'; --")):
        with pytest.raises(UserError, match="is not loaded here any more"):
            await unload(db, guild, now, slug)
    await unload(db, loaded, now, STARTER)
    with pytest.raises(UserError, match="is not loaded here any more"):
        await unload(db, loaded, now, STARTER)


async def test_another_server_keeps_its_dossier(db, loaded, now):
    await load(db, OTHER_GUILD, now)
    before = await states(db, OTHER_GUILD)
    await unload(db, loaded, now, STARTER)
    assert await states(db, OTHER_GUILD) == before


async def test_what_editors_entered_stays_with_the_name_of_its_record(db, loaded, now, edit):
    await edit(loaded, "armed-drones", "deal", stage="signed")
    await edit(loaded, "visit", "event", name="A visit", involved=Party("india", "host"))
    await edit(loaded, "tea", "deal", name="Tea deal")
    done = await unload(db, loaded, now, STARTER)
    assert done.stay == ("31 armed drones for India", "India")
    after = await every(db, loaded)
    assert set(after) == {"armed-drones", "visit", "tea", "india"}
    drones = after["armed-drones"].record
    assert (drones.name, set(drones.state.fields)) == ("31 armed drones for India", {"name", "stage"})
    assert after["visit"].names["india"] == "India"
    await load(db, loaded, now)
    assert (await records.get(db.read, loaded, "armed-drones")).record.state.value("stage") == "signed"


async def test_an_editors_corrections_survive_unloading_and_loading_again(db, loaded, now, source):
    history = await updates.history(db.read, loaded, "armed-drones")
    (quantity,) = [u for u in history if u.field == "quantity"]
    (summary,) = [u for u in history if u.field == "summary"]
    same_day = on_day("2023-11-10", worked_out=True)
    async with db.write(loaded) as conn:
        await updates.append(
            conn,
            loaded,
            [
                updates.Change(
                    "armed-drones", "deal", "quantity", count_of("30"), same_day, source, replaces=quantity.id
                ),
                updates.Change("armed-drones", "deal", "deal_type", "gift", same_day, source),
            ],
            now=now,
            person_id=1,
            origin="editor",
        )
        await updates.withdraw(conn, loaded, [summary.id], now=now, person_id=1, reason="Not so")
    before = await states(db, loaded)
    await unload(db, loaded, now, STARTER)
    await load(db, loaded, now)
    assert await states(db, loaded) == before


async def test_a_dossier_corrected_by_itself_is_unloaded_to_its_first_version(db, guild, now):
    for name in ("Tea", "Green tea", "Black tea"):
        await load(db, guild, now, file(now, "tea", f"  tea: {{kind: topic, name: {name}}}\n"))
    done = await unload(db, guild, now, "tea")
    assert (done.facts, done.gone) == (1, 1)
    assert await every(db, guild) == {}


@pytest.mark.parametrize("order", [(STARTER, SEQUEL), (SEQUEL, STARTER)])
async def test_two_dossiers_are_unloaded_in_any_order_and_nothing_remains(db, loaded, now, order):
    alone = await states(db, loaded)
    await load(db, loaded, now, SEQUEL)
    both = await states(db, loaded)
    first = await unload(db, loaded, now, order[0])
    if order[0] == SEQUEL:
        assert await states(db, loaded) == alone
        assert first.stay == ()
    else:
        assert {"Gaza", "Clearances for the 31 drones"} <= set(first.stay)
        assert (await records.get(db.read, loaded, "armed-drones")).record.state.value("stage") == "signed"
    await unload(db, loaded, now, order[1])
    assert await states(db, loaded) == {}
    for name in (STARTER, SEQUEL):
        await load(db, loaded, now, name)
    assert await states(db, loaded) == both


async def test_unloading_alerts_nobody(db, loaded, now, edit):
    async with db.write(loaded) as conn:
        person = await people.ensure(conn, 500)
        place = await destinations.ensure_person(conn, loaded, person.id, now=now)
        await follows.add(conn, place, "armed-drones", now=now)
    await unload(db, loaded, now, STARTER)
    async with db.write(loaded) as conn:
        while await alerts.plan_next(conn, loaded, now.replace(year=2027)):
            pass
    ((count,),) = await db.read.execute_fetchall("SELECT count(*) FROM delivery")
    assert count == 0


async def test_a_follow_says_what_it_lost_until_the_dossier_is_loaded_again(db, loaded, now, edit):
    await edit(loaded, "india", "participant", org_type="union of states")
    async with db.write(loaded) as conn:
        person = await people.ensure(conn, 500)
        place = await destinations.ensure_person(conn, loaded, person.id, now=now)
        drones = await follows.add(conn, place, "armed-drones", now=now)
        india = await follows.add(conn, place, "india", now=now)
        everything = await follows.add(conn, place, None, now=now)
    assert await follows.lost_by(db.read, place.id) == {}
    assert (await unload(db, loaded, now, STARTER)).follows == 1
    lost = await follows.lost_by(db.read, place.id)
    assert set(lost) == {drones.id, india.id}
    assert everything.id not in lost
    (gone,), (less,) = lost[drones.id], lost[india.id]
    assert (gone.name, gone.dossier, gone.gone) == (
        "31 armed drones for India",
        "India–U.S. 2+2 talks, 10 November 2023",
        True,
    )
    assert (less.name, less.gone) == ("India", False)
    assert less.facts > 0
    await load(db, loaded, now)
    assert await follows.lost_by(db.read, place.id) == {}
    assert [follow.slug for follow in await follows.list_of(db.read, place.id)] == [None, "armed-drones", "india"]


async def test_reminders_of_its_items_end_and_begin_again(db, loaded, now):
    async with db.write(loaded) as conn:
        person = await people.ensure(conn, 500)
        place = await destinations.ensure_person(conn, loaded, person.id, now=now)
        item = await records.get(conn, loaded, "drone-clearances")
        await reminders.join(conn, place, item, now=now, person_id=person.id)
    guild = await guilds.get(db.read, loaded)
    assert len(await reminders.list_items(db.read, guild)) > 0
    assert (await unload(db, loaded, now, STARTER)).reminders == 1
    assert await reminders.list_items(db.read, guild) == []
    (mine,) = await reminders.list_of_person(db.read, person.id)
    assert not mine.open
    await load(db, loaded, now)
    (mine,) = await reminders.list_of_person(db.read, person.id)
    assert mine.open


async def test_an_item_that_keeps_its_name_is_no_longer_open_and_its_reminder_ends(db, loaded, now, edit):
    await edit(loaded, "drone-clearances", "pending", summary="Asked for in June.")
    async with db.write(loaded) as conn:
        person = await people.ensure(conn, 500)
        place = await destinations.ensure_person(conn, loaded, person.id, now=now)
        item = await records.get(conn, loaded, "drone-clearances")
        await reminders.join(conn, place, item, now=now, person_id=person.id)
    done = await unload(db, loaded, now, STARTER)
    assert (done.stay, done.reminders) == (("Clearances for the 31 drones",), 1)
    item = await records.get(db.read, loaded, "drone-clearances")
    assert (item.record.open, item.record.state.value("summary")) == (False, "Asked for in June.")


async def test_a_record_gone_from_the_file_keeps_its_name_when_others_speak_of_it(db, guild, now, edit):
    both = "  tea: {kind: topic, name: Tea, facts: [summary: A drink.]}\n  milk: {kind: topic, name: Milk}\n"
    await load(db, guild, now, file(now, "tea", both))
    await edit(guild, "deal", "deal", name="Tea deal", topic=Party("tea"))
    result = await load(db, guild, now, file(now, "tea", "  milk: {kind: topic, name: Milk}\n"))
    assert result.withdrawn == 1
    tea = (await records.get(db.read, guild, "tea")).record
    assert (tea.name, set(tea.state.fields)) == ("Tea", {"name"})


# Any two dossiers

NAMES = ("France", "Gaul", "Paris", "Tea", "Signature", "Île")
SORTS: tuple[tuple[Kind, str], ...] = (
    ("participant", "country"),
    ("participant", "organisation"),
    ("participant", "person"),
    ("participant", ""),
    ("place", ""),
    ("deal", ""),
    ("pending", ""),
    ("topic", ""),
)


def any_file(random: Random, now, slug: str) -> files.Dossier:
    """Return a dossier of records with few different keys and names, which point to each other."""
    lines: list[str] = []
    keys = random.sample(["a", "b", "c", "d", "e", "f"], random.randint(1, 5))
    for number, key in enumerate(keys):
        kind, type_ = random.choice(SORTS)
        facts = [f"{{type: {type_}}}"] if type_ else []
        if kind == "deal" and number:
            facts.append(f"{{summary: About {slug}.}}")
        name, alias = f"{random.choice(NAMES)} {number}" if random.random() < 0.3 else NAMES[number], f"Alias {key}"
        lines.append(f"  {key}: {{kind: {kind}, name: {name}, aliases: [{alias}], facts: [{', '.join(facts)}]}}\n")
    return file(now, slug, "".join(lines))


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_two_dossiers_have_in_common_each_goes_without_a_trace(db, guild, now, seed):
    random = Random(seed)
    one, two = any_file(random, now, "one"), any_file(random, now, "two")
    await load(db, guild, now, one)
    alone = await states(db, guild)
    result = await load(db, guild, now, two)
    both = await states(db, guild)
    assert len(both) == len(alone) + len(two.records) - len(result.shared)
    assert {slug: name for slug, (name, *_) in both.items() if slug in alone} == {
        slug: name for slug, (name, *_) in alone.items()
    }, "a dossier renames no record of another"
    assert (await load(db, guild, now, one)).added == (await load(db, guild, now, two)).added == 0
    await unload(db, guild, now, "two")
    assert await states(db, guild) == alone
    await load(db, guild, now, two)
    assert await states(db, guild) == both
    await unload(db, guild, now, "one")
    assert len(await states(db, guild)) == len(two.records)
    await unload(db, guild, now, "two")
    assert await states(db, guild) == {}


# What the first release melted together


async def melt(db: Database, guild: int, now, *slugs: str, record: str) -> None:
    """Load dossiers whose one record has one key, as the first release did: into one record."""
    for slug in slugs:
        await load(db, guild, now, file(now, slug, record))
    async with db.write(guild) as conn:
        first = (await records.get(conn, guild, "signature")).record.id
        await conn.execute("DROP TRIGGER ledger_keeps_what_was_written")
        await conn.execute("UPDATE ledger SET record_id = ?", (first,))
        await conn.execute("UPDATE dossier_record SET record_id = ?, chosen = 'new'", (first,))
        await conn.execute("DELETE FROM record WHERE id <> ?", (first,))


ITEM = "  signature: {kind: pending, name: Signature, facts: [state: open]}\n"


async def test_melted_records_are_named_and_come_apart_by_loading_one_again(db, guild, now):
    await melt(db, guild, now, "one", "two", record=ITEM)
    (melted,) = await loaded_dossiers.list_melted(db.read, guild)
    assert (melted.name, melted.kind, melted.dossiers) == ("Signature", "pending", ["The one file", "The two file"])
    assert await loaded_dossiers.list_melted(db.read, OTHER_GUILD) == []
    assert (await unload(db, guild, now, "two")).gone == 0
    assert await loaded_dossiers.list_melted(db.read, guild) == []
    await load(db, guild, now, file(now, "two", ITEM))
    assert list(await every(db, guild)) == ["signature", "signature-2"]
    assert await loaded_dossiers.list_melted(db.read, guild) == []


@pytest.mark.parametrize(
    "record",
    [
        "  signature: {kind: place, name: Signature Hill}\n",
        "  signature: {kind: participant, name: Signature, facts: [type: country]}\n",
        "  signature: {kind: participant, name: Signature, facts: [type: organisation]}\n",
    ],
)
async def test_kinds_that_dossiers_share_are_not_named_as_melted(db, guild, now, record):
    await melt(db, guild, now, "one", "two", record=record)
    assert await loaded_dossiers.list_melted(db.read, guild) == []


# Words


@pytest.mark.parametrize(
    ("date", "words"),
    [
        (on_day("2023-11-10"), "its newest fact is of 10 November 2023"),
        (FactDate("month", on_day("2025-12-01").first, on_day("2025-12-31").first), "is of December 2025"),
        (FactDate("open", on_day("2018-05-05").first), "its newest fact is dated since 5 May 2018"),
    ],
)
def test_the_age_of_a_dossier_is_said_as_precisely_as_it_is_known(date, words):
    assert words in views.age(date)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["France"], "France"),
        (["France", "India"], "France and India"),
        (["France", "India", "Japan", "Peru"], "France, India, Japan and 1 other"),
        (["**b**", "@everyone"], "everyone"),
    ],
)
def test_names_are_listed_and_the_rest_counted(names, words):
    listed = views.some(names)
    assert words in listed
    assert "**b**" not in listed
