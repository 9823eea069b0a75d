"""The starter dossier as a server holds it, and loading again."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

from bot import dossier as files
from bot.errors import BadInput
from bot.ledger.cited import plain
from bot.ledger.kinds import get_field
from bot.services import dossiers, index, records, search, updates
from bot.services.dossiers import Loaded
from bot.services.updates import Change
from data.database import Database
from data.records import Approval, FactDate, ListedText, Money, Opened, Party
from tests.builders import on_day

STARTER = "india-us-2plus2-2023"
OTHER = 2000
SESSION_DAY = on_day("2023-11-10", worked_out=True)
SESSION = "2plus2-new-delhi-2023"

# Well-known names that the article does not hold. Whatever has one of them was invented.
INVENTED = "MQ-9B|Predator|SeaGuardian|F414|Tejas|Stryker|Javelin|INDUS-X|Modi|Biden|Congress|DSCA"


async def load(db: Database, guild_id: int, now, name: str | files.Dossier = STARTER) -> Loaded:
    dossier = dossiers.read_shipped(name, now=now) if isinstance(name, str) else name
    async with db.write(guild_id) as conn:
        return await dossiers.load(conn, guild_id, dossier, now=now, person_id=1)


@pytest.fixture
async def loaded(db, desk, now) -> int:
    await load(db, desk, now)
    return desk


async def every(db: Database, desk: int) -> dict[str, Opened]:
    rows = await db.read.execute_fetchall("SELECT slug FROM record WHERE guild_id = ? AND live = 1", (desk,))
    return {o.record.slug: o for o in await records.get_many(db.read, desk, [slug for (slug,) in rows])}


def linked(opened: Opened, field: str) -> set[str]:
    return {link.slug for link in opened.links if link.outward and link.field == field}


def roles(opened: Opened, field: str) -> set[tuple[str, str]]:
    return {(link.slug, link.role) for link in opened.links if link.outward and link.field == field}


# What the article says, record by record


async def test_every_kind_of_record_is_there_in_its_number(db, loaded):
    there = await every(db, loaded)
    assert Counter(o.record.kind for o in there.values()) == {
        "participant": 16,
        "place": 6,
        "dialogue": 1,
        "session": 1,
        "document": 2,
        "deal": 3,
        "topic": 12,
        "statement": 16,
        "event": 7,
        "pending": 5,
    }
    types = Counter(o.record.state.value("type") for o in there.values() if o.record.kind == "participant")
    assert types == {"country": 6, "person": 4, "organisation": 6}


# Sentence of the article -> records that it feeds.
SENTENCES = {
    1: f"{SESSION} 2plus2-talks-10-november progress-on-defence-deals wider-partnership india united-states "
    "global-challenges",
    2: f"{SESSION} india-us-2plus2 new-delhi regional-security india-china-relations war-in-ukraine middle-east-crisis "
    "china ukraine gaza",
    3: f"antony-blinken lloyd-austin subrahmanyam-jaishankar rajnath-singh {SESSION} india-us-relationship",
    4: "fighter-jet-engines general-electric-aerospace-unit hindustan-aeronautics cold-war",
    5: "armed-drones general-atomics us-government drone-clearances",
    6: "infantry-combat-vehicles pentagon combat-vehicle-answer",
    7: "blinken-on-cooperation emerging-technologies defence-cooperation people-to-people-ties indo-pacific-strategy "
    "indo-pacific",
    8: "india-condemns-attack india-on-palestine hamas-attack-7-october hamas israel palestine middle-east "
    "middle-east-crisis",
    9: "india-us-joint-statement-2023 joint-statement-hostages joint-statement-pauses joint-statement-calls gaza",
    10: "india-us-joint-statement-2023 joint-statement-no-spread joint-statement-stability joint-statement-peace "
    "middle-east",
    11: "india-china-relations ladakh-clash-2020 china ladakh china-details",
    12: "us-expects-of-india working-together-on-crises russias-war-against-ukraine middle-east-conflict "
    "war-in-ukraine russia ukraine indo-pacific middle-east",
    13: "india-us-2plus2 2plus2-talks-begin talks-strengthened-ties",
    14: "india-us-defence-roadmap roadmap-fast-track roadmap-capabilities roadmap-supply-chains "
    "defence-industrial-cooperation supply-chain-resilience roadmap-aims",
}  # fmt: skip


async def test_every_sentence_leads_to_its_records_and_every_record_to_a_sentence(db, loaded):
    cited: dict[int, set[str]] = {number: set() for number in SENTENCES}
    for slug, opened in (await every(db, loaded)).items():
        for facts in opened.record.state.fields.values():
            for fact in facts:
                numbers = [int(number) for number in re.findall(r"\d+", fact.locator)]
                from_article = opened.sources[fact.source].title == "News article without a title"
                assert bool(numbers) == from_article, (slug, fact)
                for number in numbers:
                    cited[number].add(slug)
    for number, slugs in SENTENCES.items():
        assert set(slugs.split()) <= cited[number], number
    assert set().union(*cited.values()) == set(await every(db, loaded))


async def test_the_session_is_linked_with_all_that_it_had(db, loaded):
    opened = await records.get(db.read, loaded, SESSION)
    assert opened.record.state.value("state") == "held"
    held_on = opened.record.state.value("held_on", FactDate)
    assert held_on is not None
    assert get_field("session", "held_on").type.words(held_on, {}) == "Friday 10 November 2023"
    assert held_on.worked_out
    assert linked(opened, "series") == {"india-us-2plus2"}
    assert linked(opened, "place") == {"new-delhi"}
    assert linked(opened, "party") == {"india", "united-states"}
    assert linked(opened, "produced") == {"india-us-joint-statement-2023"}
    assert linked(opened, "agenda") == {
        "regional-security",
        "india-china-relations",
        "war-in-ukraine",
        "middle-east-crisis",
    }
    assert linked(opened, "discussed") == {
        "india-us-defence-roadmap",
        "fighter-jet-engines",
        "armed-drones",
        "infantry-combat-vehicles",
    }
    # Titles as printed: Defense and Defence, Secretary and Minister differ by side.
    assert roles(opened, "attended") == {
        ("antony-blinken", "U.S. Secretary of State"),
        ("lloyd-austin", "Defense Secretary"),
        ("subrahmanyam-jaishankar", "Foreign Minister"),
        ("rajnath-singh", "Defence Minister"),
    }


async def test_people_have_the_titles_and_countries_of_the_article(db, loaded):
    there = await every(db, loaded)
    assert {
        s: (o.record.state.value("title"), linked(o, "country"))
        for s, o in there.items()
        if o.record.state.fact("title")
    } == {
        "antony-blinken": ("U.S. Secretary of State", {"united-states"}),
        "lloyd-austin": ("Defense Secretary", {"united-states"}),
        "subrahmanyam-jaishankar": ("Foreign Minister", {"india"}),
        "rajnath-singh": ("Defence Minister", {"india"}),
    }


async def test_organisations_have_a_country_only_where_it_is_printed(db, loaded):
    there = await every(db, loaded)
    found = {s: linked(o, "country") for s, o in there.items() if o.record.state.value("type") == "organisation"}
    assert found == {
        "general-electric-aerospace-unit": set(),
        "hindustan-aeronautics": {"india"},
        "general-atomics": set(),
        "pentagon": set(),
        "us-government": {"united-states"},
        "hamas": set(),
    }


async def test_the_deals_stand_as_the_article_leaves_them(db, loaded):
    engines, drones, vehicles = await records.get_many(
        db.read, loaded, ["fighter-jet-engines", "armed-drones", "infantry-combat-vehicles"]
    )
    assert [(o.record.state.value("stage"), plain(o.record.status)) for o in (engines, drones, vehicles)] == [
        ("unspecified", "Under way, 10 November 2023"),
        ("under_review", "Under review; waiting for U.S. government clearances, 10 November 2023"),
        ("proposed", "Proposed; waiting for an answer to the offer, 10 November 2023"),
    ]
    assert roles(engines, "party") == {
        ("general-electric-aerospace-unit", "maker and supplier"),
        ("hindustan-aeronautics", "maker"),
        ("india", "country"),
        ("united-states", "country"),
    }
    assert roles(drones, "party") == {
        ("india", "buyer"),
        ("general-atomics", "maker"),
        ("us-government", "clearing authority"),
    }
    assert roles(vehicles, "party") == {("pentagon", "offering"), ("india", "interested")}
    assert drones.record.state.value("quantity") == "31"
    assert [fact.value for fact in drones.record.state.facts("approval")] == [
        Approval(side="us-government", what="clearances", state="open")
    ]
    assert all(o.record.state.newest == o.record.state.opened == SESSION_DAY for o in (engines, drones, vehicles))


@pytest.mark.parametrize(
    ("deal", "fields"),
    [
        ("fighter-jet-engines", {"quantity", "value", "model", "delivery", "made_in", "approval", "under"}),
        ("armed-drones", {"model", "delivery", "made_in", "under"}),
        ("infantry-combat-vehicles", {"quantity", "value", "model", "delivery", "approval", "under"}),
    ],
)
async def test_what_the_article_does_not_say_of_a_deal_is_absent(db, loaded, deal, fields):
    facts = (await records.get(db.read, loaded, deal)).record.state.fields
    assert not fields & set(facts)
    assert not {"side_state", "approved_by"} & set(facts)


async def test_what_the_article_does_not_say_elsewhere_is_absent(db, loaded):
    there = await every(db, loaded)
    assert there[SESSION].record.state.fact("edition") is None
    for document in ("india-us-joint-statement-2023", "india-us-defence-roadmap"):
        assert not {"title", "dated"} & set(there[document].record.state.fields)
    assert linked(there["india-us-defence-roadmap"], "issuer") == set()
    assert not any(o.record.state.fact("due") or o.record.state.fact("checked") for o in there.values())
    spoken_by = {slug for o in there.values() if o.record.kind == "statement" for slug in linked(o, "whose")}
    assert not spoken_by & {
        "lloyd-austin",
        "subrahmanyam-jaishankar",
        "rajnath-singh",
        "china",
        "russia",
        "israel",
        "hamas",
    }


WHOSE = {
    "progress-on-defence-deals": ("announcement", {"india", "united-states"}),
    "wider-partnership": ("commitment", {"india", "united-states"}),
    "blinken-on-cooperation": ("emphasis", {"antony-blinken"}),
    "india-condemns-attack": ("position", {"india"}),
    "india-on-palestine": ("position", {"india"}),
    "joint-statement-hostages": ("call", {"india-us-joint-statement-2023"}),
    "joint-statement-pauses": ("support", {"india-us-joint-statement-2023"}),
    "joint-statement-no-spread": ("commitment", {"india-us-joint-statement-2023"}),
    "joint-statement-stability": ("commitment", {"india-us-joint-statement-2023"}),
    "joint-statement-peace": ("commitment", {"india-us-joint-statement-2023"}),
    "us-expects-of-india": ("expectation", {"united-states"}),
    "working-together-on-crises": ("description", {"india", "united-states"}),
    "talks-strengthened-ties": ("assessment", set()),
    "roadmap-fast-track": ("aim", {"india-us-defence-roadmap"}),
    "roadmap-capabilities": ("aim", {"india-us-defence-roadmap"}),
    "roadmap-supply-chains": ("aim", {"india-us-defence-roadmap"}),
}


async def test_every_statement_says_whose_it_is(db, loaded):
    statements = {s: o for s, o in (await every(db, loaded)).items() if o.record.kind == "statement"}
    assert {s: (o.record.state.value("form"), linked(o, "whose")) for s, o in statements.items()} == WHOSE
    assert [f.value for f in statements["talks-strengthened-ties"].record.state.facts("whose")] == [
        Party("", "the article itself")
    ]
    assert all(o.record.state.fact("said") and o.record.state.fact("about") for o in statements.values())


async def test_documents_say_who_issued_them_and_what_they_are_about(db, loaded):
    joint, roadmap = await records.get_many(
        db.read, loaded, ["india-us-joint-statement-2023", "india-us-defence-roadmap"]
    )
    assert linked(joint, "issuer") == {"india", "united-states"}
    assert linked(roadmap, "topic") == {"defence-industrial-cooperation", "supply-chain-resilience"}


async def test_events_carry_their_own_dates(db, loaded):
    attack_day = date(2023, 10, 7)
    ongoing = FactDate("open", SESSION_DAY.first, worked_out=True, printed="ongoing on 10 November 2023")
    expected = {
        "cold-war": FactDate("unknown", printed="Cold War"),
        "2plus2-talks-begin": FactDate("year", date(2018, 1, 1), date(2018, 12, 31)),
        "ladakh-clash-2020": FactDate("year", date(2020, 1, 1), date(2020, 12, 31)),
        "hamas-attack-7-october": on_day(attack_day, worked_out=True),
        "2plus2-talks-10-november": SESSION_DAY,
        "russias-war-against-ukraine": ongoing,
        "middle-east-conflict": ongoing,
    }
    events = {s: o for s, o in (await every(db, loaded)).items() if o.record.kind == "event"}
    for slug, opened in events.items():
        dates = {fact.date for facts in opened.record.state.fields.values() for fact in facts}
        dates -= {FactDate("unknown")}  # other names
        assert dates == {expected.pop(slug)}
        (happened,) = opened.record.state.facts("happened")
        words = get_field("event", "happened").type.words(happened.value, {})
        assert {"cold-war": "Cold War", "middle-east-conflict": "ongoing on 10 November 2023"}.get(slug, words) == words
    assert not expected
    assert roles(events["hamas-attack-7-october"], "involved") == {
        ("hamas", "attacker"),
        ("israel", "place of the attack"),
    }
    assert linked(events["ladakh-clash-2020"], "place") == {"ladakh"}
    assert linked(events["ladakh-clash-2020"], "involved") == {"india", "china"}
    assert roles(events["russias-war-against-ukraine"], "involved") >= {("russia", "waging the war")}


async def test_what_is_not_an_event_carries_the_day_of_the_session(db, loaded):
    for opened in (await every(db, loaded)).values():
        if opened.record.kind != "event":
            dates = {f.date for facts in opened.record.state.fields.values() for f in facts}
            assert dates - {FactDate("unknown")} == {SESSION_DAY}


async def test_pending_items_say_who_must_act_and_how_they_are_known(db, loaded):
    items = {s: o.record for s, o in (await every(db, loaded)).items() if o.record.kind == "pending"}
    found = {
        slug: (
            item.state.value("item_kind"),
            item.state.value("basis"),
            [fact.value.record or fact.value.role for fact in item.state.facts("who", Party)],
        )
        for slug, item in items.items()
    }
    assert found == {
        "drone-clearances": ("clearance", "stated", ["us-government"]),
        "combat-vehicle-answer": ("offer_response", "left open", ["india"]),
        "roadmap-aims": ("commitment_watch", None, ["india", "united-states"]),
        "joint-statement-calls": ("commitment_watch", None, ["parties to the conflict"]),
        "china-details": ("research_gap", None, ["the editors of this server"]),
    }
    assert all(item.open and item.state.fact("closes_when") for item in items.values())
    waiting = await records.list_waiting(db.read, loaded)
    assert [one.slug for one in waiting if one.item_kind in ("clearance", "offer_response")] == [
        "drone-clearances",
        "combat-vehicle-answer",
    ]
    assert await records.list_waiting(db.read, loaded, about="fighter-jet-engines") == []


async def test_pending_items_are_about_their_records(db, loaded):
    there = await every(db, loaded)
    assert linked(there["drone-clearances"], "about") == {"armed-drones"}
    assert linked(there["combat-vehicle-answer"], "about") == {"infantry-combat-vehicles"}
    assert linked(there["roadmap-aims"], "about") == {
        "india-us-defence-roadmap",
        "roadmap-fast-track",
        "roadmap-capabilities",
        "roadmap-supply-chains",
    }
    assert linked(there["joint-statement-calls"], "about") >= {s for s in WHOSE if s.startswith("joint-statement-")}
    assert linked(there["china-details"], "about") == {"india-china-relations"}


async def test_who_is_only_mentioned_has_no_deal_and_no_session(db, loaded):
    there = await every(db, loaded)
    for slug in ("china", "ukraine", "russia", "israel", "hamas"):
        assert not {link.kind for link in there[slug].links} & {"deal", "session", "dialogue"}


# The traps of extraction


async def test_a_floor_stays_a_floor(db, loaded):
    (value,) = (await records.get(db.read, loaded, "armed-drones")).record.state.facts("value")
    assert value.value == Money(Decimal(3000000000), "USD", bound="at least")
    assert get_field("deal", "value").type.words(value.value, {}) == "more than $3 billion"


async def test_several_systems_are_no_number_of_vehicles(db, loaded):
    vehicles = (await records.get(db.read, loaded, "infantry-combat-vehicles")).record
    assert vehicles.state.fact("quantity") is None
    assert "several systems" in vehicles.state.text("summary")


async def test_new_delhi_is_the_venue_and_as_a_participant_the_indian_government(db, loaded):
    assert (await records.get_by_name(db.read, loaded, "New Delhi")).record.kind == "place"
    assert (await records.get_by_name(db.read, loaded, "New Delhi", ["participant"])).record.slug == "india"


async def test_the_joint_statement_holds_neither_the_condemnation_nor_palestine(db, loaded):
    joint = await records.get(db.read, loaded, "india-us-joint-statement-2023")
    said = {link.slug for link in joint.links if link.field == "whose"}
    assert said == {slug for slug in WHOSE if slug.startswith("joint-statement-")}


async def test_an_expectation_of_one_side_is_no_pledge_of_the_other(db, loaded):
    opened = await records.get(db.read, loaded, "us-expects-of-india")
    assert (opened.record.state.value("form"), linked(opened, "whose")) == ("expectation", {"united-states"})
    assert "india" in linked(opened, "about")


@pytest.mark.parametrize(
    ("typed", "slug"),
    [
        ("Conflict in Gaza", "middle-east-crisis"),
        ("Crisis in the Middle East", "middle-east-crisis"),
        ("Conflict in the Middle East", "middle-east-crisis"),
        ("2+2 Dialogue", "india-us-2plus2"),
        ("two-plus-two talks", "india-us-2plus2"),
        ("भारत", "india"),
        ("अमेरिका", "united-states"),
        ("रूस", "russia"),
        ("चीन", "china"),
        ("US", "united-states"),
        ("U.S.", "united-states"),
        ("usa", "united-states"),
        ("Washington", "united-states"),
        ("HAL", "hindustan-aeronautics"),
        ("drone deal", "armed-drones"),
    ],
)
async def test_names_as_printed_and_as_people_say_them_lead_to_one_record(db, loaded, typed, slug):
    assert slug in [row.slug for row, _ in await index.complete(db.read, loaded, typed)]
    assert slug in [hit.row.slug for hit in (await search.search(db.read, loaded, search.Wanted(typed))).hits]


@pytest.mark.parametrize(("typed", "slug"), [("भारत", "india"), ("अमेरिका", "united-states")])
async def test_a_name_in_another_script_opens_the_record_and_says_where_it_comes_from(db, loaded, typed, slug):
    opened = await records.get_by_name(db.read, loaded, typed, ["participant"])
    assert opened.record.slug == slug
    (alias,) = [fact for fact in opened.record.state.facts("alias") if fact.value == ListedText(typed)]
    assert opened.sources[alias.source].title == "Attaché's own list of names"


async def test_the_cold_war_is_history_and_no_status(db, loaded):
    war = await records.get(db.read, loaded, "cold-war")
    assert war.record.state.newest is None
    assert not any(link.kind == "deal" for link in war.links)


async def test_progress_is_not_attached_to_any_deal(db, loaded):
    assert not any(
        link.kind == "deal" for link in (await records.get(db.read, loaded, "progress-on-defence-deals")).links
    )


async def test_nothing_invented_is_anywhere(db, loaded):
    file = (dossiers._SHIPPED / f"{STARTER}.yaml").read_text(encoding="utf-8")
    drawn = [file]
    for opened in (await every(db, loaded)).values():
        record = opened.record
        drawn += [record.name, plain(record.status), *opened.names.values()]
        for name, facts in record.state.fields.items():
            field = get_field(record.kind, name)
            drawn += [field.type.words(fact.value, opened.names) for fact in facts]
            drawn += [field.type.typed(fact.value, opened.names) for fact in facts]
    drawn += [body for (body,) in await db.read.execute_fetchall("SELECT body FROM text")]
    text = "\n".join(drawn).casefold()
    assert re.findall(rf"\b(?:{INVENTED}|mq 9b|indus x)\b", text, re.IGNORECASE) == []
    assert re.search(r"\bgeneral atomics\b", text)


async def test_the_source_says_that_it_has_no_date_and_no_title(db, loaded):
    opened = await records.get(db.read, loaded, "armed-drones")
    (article,) = [s for s in opened.sources.values() if "article" in s.title]
    assert article.title == "News article without a title"
    assert (article.published_on, article.url, article.publisher) == (None, "", "")
    assert "no date" in article.note
    assert "follows from the weekday" in article.note


# Loading, and loading again


def changed_file(now, *replacements: tuple[str, str]) -> files.Dossier:
    text = (dossiers._SHIPPED / f"{STARTER}.yaml").read_text(encoding="utf-8")
    for old, new in replacements:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return files.read(text.encode(), now=now)


async def enter(
    db: Database, desk: int, now, source: int, record: str, field: str, value, on=SESSION_DAY, **more
) -> None:
    kind = (await records.get(db.read, desk, record)).record.kind
    async with db.write(desk) as conn:
        change = Change(record, kind, field, value, on, source, **more)
        await updates.append(conn, desk, [change], now=now, person_id=1, origin="editor")


async def value_of(db: Database, desk: int, record: str, field: str):
    return (await records.get(db.read, desk, record)).record.state.value(field)


async def test_loading_twice_changes_nothing(db, desk, now):
    first = await load(db, desk, now)
    newest = await updates.newest_id(db.read, desk)
    assert first.added == newest
    again = await load(db, desk, now)
    assert (again.added, again.changed, again.withdrawn, again.kept) == (0, 0, 0, 0)
    assert again.unchanged == first.added
    assert await updates.newest_id(db.read, desk) == newest


async def test_what_is_loaded_is_marked_as_from_a_dossier(db, loaded):
    rows = await db.read.execute_fetchall("SELECT DISTINCT origin, person_id FROM ledger WHERE guild_id = ?", (loaded,))
    assert [tuple(row) for row in rows] == [("dossier", 1)]


async def test_a_corrected_file_appends_only_what_changed(db, loaded, now):
    corrected = changed_file(
        now, ("quantity: 31", "quantity: 32"), ("General Atomics as maker", "General Atomics as seller")
    )
    result = await load(db, loaded, now, corrected)
    # The role is what makes one party of a list, so another role is another fact.
    assert (result.added, result.changed, result.withdrawn, result.kept) == (1, 1, 1, 0)
    history = await updates.history(db.read, loaded, "armed-drones")
    (first, second) = [u for u in history if u.field == "quantity"]
    assert (second.value, second.replaces, second.reason) == ("32", first.id, "Corrected in the dossier")
    assert await value_of(db, loaded, "armed-drones", "quantity") == "32"
    assert ("general-atomics", "maker") not in roles(await records.get(db.read, loaded, "armed-drones"), "party")
    assert (await load(db, loaded, now, corrected)).unchanged == result.unchanged + 2


async def test_a_file_corrected_twice_and_back_leaves_what_it_says(db, loaded, now):
    for quantity in ("32", "33", "31"):
        await load(db, loaded, now, changed_file(now, ("quantity: 31", f"quantity: {quantity}")))
        assert await value_of(db, loaded, "armed-drones", "quantity") == quantity


async def test_what_is_gone_from_the_file_is_withdrawn_and_comes_back_with_it(db, loaded, now):
    await load(db, loaded, now, changed_file(now, ("quantity: 31", "quantity: 32")))
    without = changed_file(now, ("      - quantity: 31\n", ""))
    assert (await load(db, loaded, now, without)).withdrawn == 1
    assert await value_of(db, loaded, "armed-drones", "quantity") is None
    history = await updates.history(db.read, loaded, "armed-drones")
    assert history[-1].reason == "No longer in the dossier"
    assert {update.dossier for update in history} == {STARTER}
    assert (await load(db, loaded, now, without)).withdrawn == 0
    assert (await load(db, loaded, now)).added == 1
    assert await value_of(db, loaded, "armed-drones", "quantity") == "31"


async def test_a_record_that_is_gone_from_the_file_is_gone(db, loaded, now):
    text = (dossiers._SHIPPED / f"{STARTER}.yaml").read_text(encoding="utf-8")
    start, end = text.index("  china-details:"), len(text)
    result = await load(db, loaded, now, files.read((text[:start] + text[end:]).encode(), now=now))
    assert (result.added, result.changed) == (0, 0)
    assert await records.find(db.read, loaded, "china-details") is None
    assert (await load(db, loaded, now)).added == result.withdrawn
    assert await records.find(db.read, loaded, "china-details") is not None


async def test_a_newer_fact_of_an_editor_stands(db, loaded, now, source):
    later = on_day("2024-02-01")
    await enter(db, loaded, now, source, "armed-drones", "stage", "approved", on=later)
    assert (await load(db, loaded, now)).unchanged
    assert await value_of(db, loaded, "armed-drones", "stage") == "approved"
    corrected = changed_file(now, ("- stage: under_review", "- stage: requested"))
    assert (await load(db, loaded, now, corrected)).changed == 1
    assert await value_of(db, loaded, "armed-drones", "stage") == "approved"


@pytest.mark.parametrize("as_correction", [True, False])
async def test_an_editors_fact_of_the_same_day_stands(db, loaded, now, source, as_correction):
    (mine,) = [u for u in await updates.history(db.read, loaded, "armed-drones") if u.field == "quantity"]
    await enter(db, loaded, now, source, "armed-drones", "quantity", "30", replaces=mine.id if as_correction else None)
    result = await load(db, loaded, now, changed_file(now, ("quantity: 31", "quantity: 32")))
    assert (result.changed, result.kept) == (0, 1)
    assert await value_of(db, loaded, "armed-drones", "quantity") == "30"


async def test_what_an_editor_took_back_stays_away(db, loaded, now):
    (mine,) = [u for u in await updates.history(db.read, loaded, "armed-drones") if u.field == "quantity"]
    async with db.write(loaded) as conn:
        await updates.withdraw(conn, loaded, [mine.id], now=now, person_id=1, reason="Not so")
    assert (await load(db, loaded, now)).added == 0
    assert (await load(db, loaded, now, changed_file(now, ("quantity: 31", "quantity: 32")))).kept == 1
    assert (await load(db, loaded, now, changed_file(now, ("      - quantity: 31\n", "")))).withdrawn == 0
    assert await value_of(db, loaded, "armed-drones", "quantity") is None


async def test_a_stage_behind_what_editors_know_is_refused_with_the_name_of_the_deal(db, loaded, now, source):
    later = on_day("2024-02-01")
    await enter(db, loaded, now, source, "armed-drones", "stage", "approved", on=later)
    newer = ("- stage: under_review", "- stage: requested\n        date: 3 March 2024")
    newest = await updates.newest_id(db.read, loaded)
    with pytest.raises(BadInput, match=r'"31 armed drones for India".*needs a reason'):
        await load(db, loaded, now, changed_file(now, newer))
    assert await updates.newest_id(db.read, loaded) == newest
    await load(db, loaded, now, changed_file(now, (newer[0], newer[1] + "\n        reason: begun anew")))
    assert await value_of(db, loaded, "armed-drones", "stage") == "requested"


async def test_a_record_of_another_kind_under_the_same_key_refuses_the_whole_file(db, desk, now, source):
    async with db.write(desk) as conn:
        change = Change("china-details", "topic", "name", "Details", SESSION_DAY, source)
        await updates.append(conn, desk, [change], now=now, person_id=1, origin="editor")
    with pytest.raises(BadInput, match="is a topic here, not a pending item"):
        await load(db, desk, now)
    assert list(await every(db, desk)) == ["china-details"]
    ((count,),) = await db.read.execute_fetchall("SELECT count(*) FROM source WHERE guild_id = ?", (desk,))
    assert count == 1


async def test_two_servers_hold_it_apart(db, loaded, now):
    assert await every(db, OTHER) == {}
    assert (await search.search(db.read, OTHER, search.Wanted("भारत"))).total == 0
    first = await load(db, OTHER, now)
    assert first.added == (await load(db, loaded, now)).unchanged
    await load(db, OTHER, now, changed_file(now, ("quantity: 31", "quantity: 32")))
    assert await value_of(db, loaded, "armed-drones", "quantity") == "31"
    ids = [{o.record.id for o in (await every(db, guild)).values()} for guild in (loaded, OTHER)]
    assert not ids[0] & ids[1]


async def test_two_dossiers_share_a_record_and_leave_each_others_facts_alone(db, loaded, now):
    other = """
dossier: trade
name: Trade
sources: {a: {title: Another article}}
defaults: {source: a, date: 5 May 2024}
records:
  india: {kind: participant, name: India, facts: [alias: Hind]}
"""
    assert (await load(db, loaded, now, files.read(other.encode(), now=now))).added == 2
    assert (await load(db, loaded, now)).withdrawn == 0
    india = (await records.get(db.read, loaded, "india")).record.state
    assert {"Hind", "भारत"} <= {fact.value.text for fact in india.facts("alias", ListedText)}


# The shipped ones


def test_shipped_dossiers_are_listed_and_read_by_key_or_name(now):
    (starter,) = [one for one in dossiers.shipped() if one.key == STARTER]
    assert starter.name == "India–U.S. 2+2 talks, 10 November 2023"
    assert dossiers.read_shipped(starter.name, now=now) == dossiers.read_shipped(STARTER, now=now)


@pytest.mark.parametrize(
    "typed", ["../../pyproject", f"../dossiers/{STARTER}", "/etc/passwd", f"{STARTER}.yaml", "", "\x00", "x" * 6000]
)
def test_no_typed_text_becomes_a_path(now, typed):
    with pytest.raises(BadInput, match=f"Write one of: {STARTER}"):
        dossiers.read_shipped(typed, now=now)
