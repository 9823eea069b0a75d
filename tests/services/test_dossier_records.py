"""Tests of which records the keys and names in dossiers mean: new ones, shared ones and existing ones of the server."""

from __future__ import annotations

import pytest

from bot import dossier as files
from bot.dossier import BadDossier
from bot.ledger.kinds import KINDS, fields_of
from bot.services import loaded_dossiers, records, updates
from data.database import Database
from data.records import Kind, ListedText, Party, Value
from tests.builders import on_day
from tests.conftest import OTHER_GUILD, enter
from tests.services.starter import every, load, loaded, roles

__all__ = ["loaded"]  # The fixture.

HEAD = """\
dossier: {slug}
name: {slug} file
sources: {{article: {{title: An article of {slug}}}}}
defaults: {{source: article, date: 2 March 2024, names: article}}
records:
"""


def file(now, slug: str, records: str) -> files.Dossier:
    return files.read((HEAD.format(slug=slug) + records).encode(), now=now)


@pytest.fixture
def edit(db: Database, source: int, now):
    """Return a function that enters the fields of one record as an editor."""

    async def enter_fields(guild: int, slug: str, kind: Kind, **fields: Value) -> None:
        await enter(db, guild, source, now, *((slug, kind, field, value) for field, value in fields.items()))

    return enter_fields


async def mistakes(db: Database, guild: int, now, dossier: files.Dossier) -> list[str]:
    """Load a dossier that is refused. Return its mistakes, after checking that nothing was changed."""
    newest = await updates.newest_id(db.read, guild)
    with pytest.raises(BadDossier) as caught:
        await load(db, guild, now, dossier)
    assert await updates.newest_id(db.read, guild) == newest
    return [str(mistake) for mistake in caught.value.mistakes]


# Keys


ITEM = """\
  signature: {{kind: pending, name: {name}, facts: [{{state: {state}}}]}}
"""


async def test_two_dossiers_with_one_key_have_two_records(db, guild, now):
    await load(db, guild, now, file(now, "poland", ITEM.format(name="Signature of the tank deal", state="closed")))
    second = file(now, "peru", ITEM.format(name="Signature of the ship deal", state="open"))
    assert (await load(db, guild, now, second)).added == 2
    items = await every(db, guild)
    assert {slug: opened.record.name for slug, opened in items.items()} == {
        "signature": "Signature of the tank deal",
        "signature-2": "Signature of the ship deal",
    }
    assert [items[slug].record.open for slug in ("signature", "signature-2")] == [False, True]
    assert (await load(db, guild, now, second)).unchanged == 2
    third = file(now, "iran", ITEM.format(name="Signature of the gas deal", state="open"))
    await load(db, guild, now, third)
    assert "signature-3" in await every(db, guild)


@pytest.mark.parametrize(
    "record",
    [
        "  x: {kind: deal, name: Tanks}\n",
        "  x: {kind: event, name: Tanks}\n",
        "  x: {kind: statement, name: Tanks}\n",
        "  x: {kind: session, name: Tanks}\n",
        "  x: {kind: document, name: Tanks}\n",
        "  x: {kind: topic, name: Tanks}\n",
        "  x: {kind: dialogue, name: Tanks}\n",
        "  x: {kind: pending, name: Tanks}\n",
        "  x: {kind: participant, name: Tanks, facts: [type: person]}\n",
        "  x: {kind: participant, name: Tanks}\n",
    ],
)
async def test_nothing_but_countries_organisations_and_places_is_ever_shared(db, guild, now, record):
    await load(db, guild, now, file(now, "one", record))
    result = await load(db, guild, now, file(now, "two", record))
    assert (result.added > 0, result.shared) == (True, ())
    assert list(await every(db, guild)) == ["x", "x-2"]
    assert await loaded_dossiers.list_melted(db.read, guild) == []


async def test_a_key_goes_on_to_mean_its_record_when_it_is_renamed_in_the_file(db, guild, now):
    await load(db, guild, now, file(now, "one", ITEM.format(name="Signature", state="open")))
    two = [file(now, "two", ITEM.format(name=name, state="open")) for name in ("Signature", "Signing of the deal")]
    for dossier in two:
        await load(db, guild, now, dossier)
    assert {slug: opened.record.name for slug, opened in (await every(db, guild)).items()} == {
        "signature": "Signature",
        "signature-2": "Signing of the deal",
    }


async def test_facts_point_to_the_records_of_their_own_dossier(db, guild, now):
    records_of = """\
  ministry: {{kind: participant, name: {name}, facts: [type: person]}}
  deal: {{kind: deal, name: Deal of {name}, facts: [party: ministry as buyer, approval: "ministry: licence, open"]}}
"""
    for slug in ("one", "two"):
        await load(db, guild, now, file(now, slug, records_of.format(name=slug.title())))
    both = await every(db, guild)
    assert roles(both["deal"], "party") == {("ministry", "buyer")}
    assert roles(both["deal-2"], "party") == {("ministry-2", "buyer")}
    assert roles(both["deal-2"], "approval") == {("ministry-2", "gives licence")}
    again = file(now, "two", records_of.format(name="Two").replace("as buyer", "as seller"))
    result = await load(db, guild, now, again)
    assert (result.added, result.withdrawn, result.changed) == (1, 1, 0)
    assert roles((await every(db, guild))["deal-2"], "party") == {("ministry-2", "seller")}


async def test_a_long_key_gets_a_slug_that_fits(db, guild, now):
    record = f"  {'k' * 50}: {{kind: topic, name: Tea}}\n"
    for slug in ("one", "two"):
        await load(db, guild, now, file(now, slug, record))
    assert list(await every(db, guild)) == ["k" * 50, "k" * 48 + "-2"]


async def test_a_slug_that_an_editor_has_is_not_taken_over(db, guild, now, edit):
    await edit(guild, "tea", "topic", name="Tea")
    await load(db, guild, now, file(now, "one", "  tea: {kind: deal, name: Tea for two}\n"))
    assert {slug: opened.record.kind for slug, opened in (await every(db, guild)).items()} == {
        "tea": "topic",
        "tea-2": "deal",
    }


def test_every_value_that_points_to_records_can_point_to_others():
    moved = {"a": "b"}
    for kind in KINDS:
        for field in fields_of(kind):
            if field.type.kinds:
                value = field.type.parse(field.type.example, lambda _text, _kinds: "a")
                assert {slug for slug, _ in field.type.records(value)} == {"a"}, (kind, field.name)
                value = field.type.repointed(value, moved)
                assert {slug for slug, _ in field.type.records(value)} == {"b"}, (kind, field.name)


# Shared records


async def test_countries_organisations_and_places_are_shared_and_the_load_says_so(db, loaded, now):
    other = file(
        now,
        "trade",
        """\
  bharat: {kind: participant, name: Republic of India, aliases: [भारत], facts: [type: country]}
  ga: {kind: participant, name: General Atomics, facts: [type: organisation, topic: tea]}
  delhi: {kind: place, name: new delhi}
  tea: {kind: topic, name: Tea}
""",
    )
    result = await load(db, loaded, now, other)
    assert result.shared == ("General Atomics", "Republic of India", "new delhi")
    india, general_atomics = await records.get_many(db.read, loaded, ["india", "general-atomics"])
    assert india.record.name == "India", "sharing a record does not rename it"
    aliases = {fact.value.text for fact in india.record.state.facts("alias", ListedText)}
    assert "Republic of India" in aliases
    assert general_atomics.record.state.value("topic") == Party("tea")
    again = await load(db, loaded, now, other)
    assert (again.added, again.changed, again.withdrawn, again.shared) == (0, 0, 0, ())
    assert await loaded_dossiers.list_melted(db.read, loaded) == []
    assert "bharat" not in await every(db, loaded)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("name: Georgia, facts: [type: country]", "name: Georgia, facts: [type: organisation]"),
        ("name: Georgia, facts: [type: person]", "name: Georgia, facts: [type: country]"),
        (
            "name: Congress of India, aliases: [Congress], facts: [type: organisation, country: in]",
            "name: Congress of America, aliases: [Congress], facts: [type: organisation, country: us]",
        ),
    ],
)
async def test_one_name_alone_does_not_make_two_participants_one(db, guild, now, first, second):
    countries = """\
  in: {kind: participant, name: India, facts: [type: country]}
  us: {kind: participant, name: United States, facts: [type: country]}
"""
    for slug, record in (("one", first), ("two", second)):
        text = f"{countries}  it: {{kind: participant, {record}}}\n".replace("in:", f"in-{slug}:", 1)
        text = text.replace("us:", f"us-{slug}:", 1).replace(": in]", f": in-{slug}]").replace(": us]", f": us-{slug}]")
        result = await load(db, guild, now, file(now, slug, text))
    assert result.shared == ("India", "United States")
    assert {"it", "it-2"} <= set(await every(db, guild))


async def test_a_name_of_several_records_of_the_server_shares_none(db, guild, now, edit):
    for slug in ("a", "b"):
        await edit(guild, slug, "participant", type="organisation", name=f"Agency {slug}", alias=ListedText("Agency"))
    result = await load(
        db, guild, now, file(now, "one", "  x: {kind: participant, name: Agency, facts: [type: organisation]}\n")
    )
    assert result.shared == ()
    assert set(await every(db, guild)) == {"a", "b", "x"}


async def test_what_an_editor_entered_is_shared_too_and_other_servers_share_nothing(db, guild, now, edit):
    await edit(guild, "france", "participant", type="country", name="France")
    dossier = file(now, "one", "  fr: {kind: participant, name: France, facts: [type: country]}\n")
    assert (await load(db, guild, now, dossier)).shared == ("France",)
    assert (await load(db, OTHER_GUILD, now, dossier)).shared == ()
    assert list(await every(db, OTHER_GUILD)) == ["fr"]


# Records of the server by name


async def test_a_value_may_name_a_record_of_the_server(db, loaded, now):
    dossier = file(
        now,
        "trade",
        """\
  visit: {kind: event, name: A visit, facts: [involved: "General Atomics as host", place: new delhi]}
  tea: {kind: deal, name: Tea deal, facts: ["approval": "भारत: import licence, open", party: India as buyer]}
""",
    )
    await load(db, loaded, now, dossier)
    visit, tea = await records.get_many(db.read, loaded, ["visit", "tea"])
    assert roles(visit, "involved") == {("general-atomics", "host")}
    assert visit.record.state.value("place") == Party("new-delhi")
    assert roles(tea, "party") == {("india", "buyer")}
    assert roles(tea, "approval") == {("india", "gives import licence")}
    assert (await load(db, loaded, now, dossier)).unchanged == 6


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (
            "[party: Sweden]",
            '"Sweden" is no record of this file, and not in the record of this server as a participant',
        ),
        ("[party: 31 armed drones for India]", "not in the record of this server as a participant"),
        ("[party: Tee deal]", "as a participant"),
        ("[under: Norway]", "not in the record of this server as a document"),
    ],
)
async def test_a_name_that_the_server_lacks_is_told_with_its_line(db, loaded, now, facts, reason):
    dossier = file(now, "trade", f"  tea:\n    kind: deal\n    name: Tea deal\n    facts: {facts}\n")
    (mistake,) = await mistakes(db, loaded, now, dossier)
    assert mistake.startswith("line 9, records.tea.facts[0].")
    assert reason in mistake


async def test_close_names_of_the_file_are_offered(db, guild, now):
    dossier = file(
        now, "one", "  norway: {kind: participant, name: NO}\n  x: {kind: deal, name: X, facts: [party: Norwya]}\n"
    )
    (mistake,) = await mistakes(db, guild, now, dossier)
    assert "Close to it: norway. Correct the name, or load the dossier that has it first." in mistake


async def test_a_name_of_several_records_of_the_server_is_refused(db, guild, now, edit):
    for slug in ("a", "b"):
        await edit(guild, slug, "participant", name=f"Agency {slug}", alias=ListedText("Agency"))
    for text in (
        "  x: {kind: deal, name: X, facts: [party: agency]}\n",
        "  x: {kind: participant, existing: Agency}\n",
    ):
        (mistake,) = await mistakes(db, guild, now, file(now, "one", text))
        assert (
            "is the name of several records of this server: Agency a (participant), Agency b (participant)" in mistake
        )


async def test_a_record_of_another_server_is_not_found_by_its_name(db, loaded, now):
    dossier = file(now, "one", "  drones: {kind: deal, existing: 31 armed drones for India, facts: [quantity: 32]}\n")
    (mistake,) = await mistakes(db, OTHER_GUILD, now, dossier)
    assert "not in the record of this server as a deal" in mistake


DRONES = "  uavs:\n    kind: deal\n    existing: {name}\n    facts:\n      - delivery: from January 2029\n"


@pytest.mark.parametrize("name", ["31 armed drones for India", "31 ARMED drones for india"])
async def test_facts_of_an_existing_record_go_to_the_record_of_the_server(db, loaded, now, name):
    dossier = file(now, "more", DRONES.format(name=name))
    assert (await load(db, loaded, now, dossier)).added == 1
    drones = (await records.get(db.read, loaded, "armed-drones")).record
    assert (drones.state.value("delivery"), drones.name) == ("from January 2029", "31 armed drones for India")
    assert "uavs" not in await every(db, loaded)
    assert (await load(db, loaded, now, dossier)).unchanged == 1
    assert (await load(db, loaded, now)).withdrawn == 0
    assert await loaded_dossiers.list_melted(db.read, loaded) == []


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("kind: deal, existing: Submarines", '"Submarines" is no record of this file'),
        ("kind: topic, existing: 31 armed drones for India", "not in the record of this server as a topic"),
    ],
)
async def test_an_existing_record_that_is_none_is_told_with_its_line(db, loaded, now, entry, reason):
    (mistake,) = await mistakes(db, loaded, now, file(now, "more", f"  x: {{{entry}}}\n"))
    assert mistake.startswith("line 6, records.x.existing: ")
    assert reason in mistake


async def test_an_existing_record_is_named_by_its_key_or_name_elsewhere_in_the_file(db, loaded, now):
    text = DRONES.format(name="31 armed drones for India") + (
        "  a: {kind: pending, name: A, facts: [about: uavs]}\n"
        "  b: {kind: pending, name: B, facts: [about: 31 armed drones for India]}\n"
    )
    await load(db, loaded, now, file(now, "more", text))
    for slug in ("a", "b"):
        assert (await records.get(db.read, loaded, slug)).record.state.value("about") == Party("armed-drones")


async def test_an_existing_record_stays_known_when_it_was_renamed(db, loaded, now, edit):
    dossier = file(now, "more", DRONES.format(name="31 armed drones for India"))
    await load(db, loaded, now, dossier)
    await edit(loaded, "armed-drones", "deal", name="Thirty-one drones")
    assert (await load(db, loaded, now, dossier)).unchanged == 1


async def test_facts_move_when_the_file_names_another_existing_record(db, loaded, now):
    await load(db, loaded, now, file(now, "more", DRONES.format(name="31 armed drones for India")))
    result = await load(db, loaded, now, file(now, "more", DRONES.format(name="Fighter-jet engines")))
    assert (result.added, result.withdrawn, result.changed) == (1, 1, 0)
    drones, engines = await records.get_many(db.read, loaded, ["armed-drones", "fighter-jet-engines"])
    assert [opened.record.state.value("delivery") for opened in (drones, engines)] == [None, "from January 2029"]


async def test_all_mistakes_with_names_of_the_server_are_told_at_once(db, loaded, now):
    text = "  x: {kind: deal, existing: X}\n  y: {kind: deal, name: Y, facts: [party: Z, party: India]}\n"
    refused = await mistakes(db, loaded, now, file(now, "more", text))
    assert [line.partition(",")[0] for line in refused] == ["line 6", "line 7"]


def test_the_days_of_facts_make_the_age_of_a_dossier(now):
    assert files.read((HEAD.format(slug="a") + "  x: {kind: topic, name: X}\n").encode(), now=now).newest is None
    dossier = file(now, "a", "  x: {kind: deal, name: X, date: 5 May 2024, facts: [value: 3 USD]}\n")
    assert dossier.newest == on_day("2024-05-05")
