"""Tests of the starter dossier: its records state what the article behind it says, and nothing else."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

from bot.ledger.cited import plain
from bot.ledger.kinds import get_field
from bot.services import dossiers, index, records, search
from data.records import Approval, Bound, FactDate, ListedText, Money, Party, Title
from tests.builders import count_of, on_day
from tests.services.starter import STARTER, every, linked, loaded, roles

__all__ = ["loaded"]  # The fixture.

SESSION_DAY = on_day("2023-11-10", worked_out=True)
SESSION = "2plus2-new-delhi-2023"

# Well-known names that the article does not mention. A fact that contains one was invented.
INVENTED = "MQ-9B|Predator|SeaGuardian|F414|Tejas|Stryker|Javelin|INDUS-X|Modi|Biden|Congress|DSCA"


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


# The numbers of the article's sentences, each with the slugs of the records that cite it.
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
        s: (title.text, linked(o, "country"))
        for s, o in there.items()
        if (title := o.record.state.value("title", Title)) is not None
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
    assert drones.record.state.value("quantity") == count_of("31")
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
    assert value.value == Money(Decimal(3000000000), "USD", bound=Bound.MORE_THAN)
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
    drawn += [body for (body,) in await db.read.execute_fetchall("SELECT body FROM search_index")]
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
