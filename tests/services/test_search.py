"""Tests of search and autocomplete on a real database: words, typos, filters, sort orders and lists of the past."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import dates
from bot.ledger.cited import plain
from bot.ledger.kinds import KINDS
from bot.services import index, records, search, sources, updates
from bot.services.search import COUNTED, SearchPage, Wanted
from bot.services.updates import Change
from bot.ui.highlight import marked
from data.database import Database
from data.records import Kind, ListedText, Party, Title, Value
from tests.builders import count_of
from tests.conftest import GUILD, NOW, OTHER_GUILD

Facts = dict[str, tuple[Kind, dict[str, Value], str]]
"""Records to enter, by slug: the kind, the values by field, and the fact date of all of them."""

RECORDS: Facts = {
    "india": ("participant", {"name": "India", "type": "country"}, "2020"),
    "atomics": ("participant", {"name": "General Atomics", "country": Party("india")}, "2020"),
    "defence": ("topic", {"name": "Defence cooperation"}, "2020"),
    "drones": (
        "deal",
        {
            "name": "31 armed drones for India",
            "stage": "under_review",
            "model": "MQ-9B",
            "party": Party("india", "buyer"),
            "topic": Party("defence"),
            "summary": "Raised at the talks in New Delhi.",
        },
        "10 November 2023",
    ),
    "engines": (
        "deal",
        {"name": "Fighter-jet engines", "stage": "signed", "party": Party("india", "buyer")},
        "5 March 2024",
    ),
    "statement": (
        "statement",
        {"name": "Support for a drone base", "said": "the drones are welcome", "whose": Party("india")},
        "1 June 2024",
    ),
    "ferry": (
        "deal",
        {"name": "Ferries on the 9 B route", "summary": "A drone looks after each ferry.", "quantity": count_of("3")},
        "2024",
    ),
}


async def enter(db: Database, guild_id: int, entered: Facts, now: datetime = NOW) -> None:
    async with db.write(guild_id) as conn:
        source = await sources.ensure(conn, guild_id, title="A report")
        changes = [
            Change(slug, kind, field, value, dates.parse_fact_date(day), source)
            for slug, (kind, fields, day) in entered.items()
            for field, value in fields.items()
        ]
        await updates.append(conn, guild_id, changes, now=now, person_id=1, origin="editor")


@pytest.fixture
async def filled(db: Database, guild: int) -> Database:
    await enter(db, guild, RECORDS)
    return db


async def slugs(db: Database, wanted: Wanted | str, guild_id: int = GUILD) -> list[str]:
    asked = Wanted(wanted) if isinstance(wanted, str) else wanted
    return [hit.row.slug for hit in (await search.search(db.read, guild_id, asked)).hits]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("armed drones", ["drones"]),
        ("DRONES india", ["drones", "statement"]),
        ("drone", ["statement", "drones", "ferry"]),
        ("drones", ["statement", "drones", "ferry"]),
        ("ferries", ["ferry"]),
        ("ferry", ["ferry"]),
        ("jet eng", ["engines"]),
        ("eng jet", []),
        ("mq-9b", ["drones"]),
        ("mq9b", ["drones"]),
        ("MQ 9B", ["drones"]),
        ("9b", ["ferry", "drones"]),
        ("9-q", []),
        ("defense", ["defence", "drones"]),
        ("new delhi", ["drones"]),
        ("zeppelin", []),
        ("armed zeppelin", []),
        ("the", ["ferry", "statement", "drones"]),
        ("!?", []),
        ("", []),
    ],
)
async def test_every_word_has_to_be_there(filled: Database, text: str, found: list[str]):
    assert await slugs(filled, text) == found


IN_OTHER_LETTERS: Facts = {
    "port": ("topic", {"name": "Đà Nẵng port"}, "2020"),
    "works": ("participant", {"name": "Łódź Works", "summary": "Makes Malmø class ferries."}, "2020"),
    "secretary": ("participant", {"name": "एंटनी ब्लिन्कन"}, "2020"),
    "drones": ("deal", {"name": "३१ ड्रोन", "summary": "हिन्दी में बातचीत"}, "2020"),
    "engines": ("deal", {"name": "GE’s engines", "summary": "India's offer of the Netherlands' engines"}, "2020"),
}


@pytest.mark.parametrize(
    ("typed", "slug"),
    [
        ("da nang", "port"),
        ("Đà Nẵng", "port"),
        ("lodz", "works"),
        ("ŁÓDŹ", "works"),
        ("ब्लिंकन", "secretary"),
        ("ब्लिन्कन", "secretary"),
        ("एन्टनी ब्लिंकन", "secretary"),
        ("31 ड्रोन", "drones"),
        ("٣١", "drones"),
        ("ge engines", "engines"),
        ("GE's engines", "engines"),
        ("GE’s eng", "engines"),
    ],
)
async def test_a_name_is_found_and_completed_in_whatever_letters_it_is_typed(db, guild, typed: str, slug: str):
    await enter(db, guild, IN_OTHER_LETTERS)
    assert await slugs(db, typed) == [slug]
    completed = [(row.slug, how) for row, how in await index.complete(db.read, guild, typed)]
    assert [one for one, how in completed if how != "spelling"] == [slug]


@pytest.mark.parametrize(
    ("typed", "slug"),
    [
        ("malmo", "works"),
        ("Malmö", "works"),
        ("हिंदी", "drones"),
        ("हिन्दि", "drones"),
        ("india offer", "engines"),
        ("India’s", "engines"),
        ("netherlands engines", "engines"),
        ("the Netherlands’ offer", "engines"),
    ],
)
async def test_a_text_is_found_in_whatever_letters_it_is_typed(db, guild, typed: str, slug: str):
    await enter(db, guild, IN_OTHER_LETTERS)
    assert await slugs(db, typed) == [slug]


IN_OTHER_FORMS: Facts = {
    "talks": ("topic", {"name": "Talks", "summary": "They are negotiating and cleared two ferries."}, "2020"),
    "news": ("topic", {"name": "News of the gas", "summary": "Small modular reactors (SMRs)."}, "2020"),
    "joint": ("deal", {"name": "Co-production of engines", "summary": "Of multi-role jets in N’Djamena."}, "2020"),
    "plant": ("deal", {"name": "Coproduction plant", "summary": "A multirole upgrade."}, "2020"),
    "range": ("deal", {"name": "Up range", "summary": "Grade of co, not of production."}, "2020"),
}


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("negotiations", ["talks"]),
        ("negotiate", ["talks"]),
        ("ferry", ["talks"]),
        ("clearing", ["talks"]),
        ("gases", ["news"]),
        ("smr", ["news"]),
        ("new", ["news"]),
        ("new gas", []),
        ("coproduction", ["plant", "joint"]),
        ("Co-production", ["joint", "plant", "range"]),
        ("co production", ["joint", "plant", "range"]),
        ("coproductions", ["plant", "joint"]),
        ("co-productions plants", ["plant"]),
        ("multirole", ["plant", "joint"]),
        ("multi-role jet", ["joint"]),
        ("ndjamena", ["joint"]),
        ("N'Djamena", ["joint"]),
        ("up grade", ["range", "plant"]),
        ("upgrades", ["plant"]),
        ("range up", ["range"]),
    ],
)
async def test_a_word_is_found_in_its_other_forms_and_as_one_or_two(db, guild, typed: str, found: list[str]):
    await enter(db, guild, IN_OTHER_FORMS)
    assert await slugs(db, typed) == found


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("coproductions", ["joint", "plant"]),
        ("co production plant", ["plant"]),
        ("co-production plan", ["plant"]),
        ("engine coproduction", ["joint"]),
        ("plants coproduction", ["plant"]),
    ],
)
async def test_a_name_is_completed_from_other_forms_of_its_words(db, guild, typed: str, found: list[str]):
    await enter(db, guild, IN_OTHER_FORMS)
    assert [row.slug for row, _ in await index.complete(db.read, guild, typed)] == found


NAMES: Facts = {
    "blinken": ("participant", {"name": "Antony Blinken"}, "2020"),
    "netanyahu": ("participant", {"name": "Benjamin Netanyahu"}, "2020"),
    "nagorno": ("topic", {"name": "Karabakh corridor"}, "2020"),
    "frigates": ("deal", {"name": "Frigates of the Mogami class"}, "2020"),
}


@pytest.mark.parametrize(
    ("typed", "slug"),
    [
        ("Blnkn", "blinken"),
        ("blinkin", "blinken"),
        ("antoni blinkn", "blinken"),
        ("Netenyahu", "netanyahu"),
        ("natanyaho", "netanyahu"),
        ("benjamim", "netanyahu"),
        ("krabakh", "nagorno"),
        ("karabkah coridor", "nagorno"),
        ("frigats mogami", "frigates"),
        ("frgtes", "frigates"),
        ("mogmai", "frigates"),
        ("xqzwv", ""),
    ],
)
async def test_a_search_and_a_completed_name_correct_the_same_typos(db, guild, typed: str, slug: str):
    await enter(db, guild, NAMES)
    expected = [slug] if slug else []
    assert await slugs(db, typed) == expected
    assert [(row.slug, how) for row, how in await index.complete(db.read, guild, typed)] == [
        (one, "spelling") for one in expected
    ]


@pytest.mark.parametrize("typed", ["k9", "K-9", "k9 thundr", "9k", "k 777", "s9", "su-30", "ks9"])
async def test_a_short_word_of_a_name_is_not_taken_for_another_that_begins_so(db, guild, typed: str):
    await enter(db, guild, {"insurer": ("participant", {"name": "Insurer", "alias": ListedText("K-Sure")}, "2020")})
    assert await slugs(db, typed) == []
    assert await index.complete(db.read, guild, typed) == []
    assert [row.slug for row, _ in await index.complete(db.read, guild, "k")] == ["insurer"]


async def test_what_is_found_as_two_words_is_bold_and_comes_with_its_fact(db, guild):
    await enter(db, guild, IN_OTHER_FORMS)
    found = await search.search(db.read, guild, Wanted("multirole"))
    facts = {hit.row.slug: plain([hit.fact] if hit.fact else []) for hit in found.hits}
    assert facts["joint"].startswith("In short: Of multi-role jets")
    assert "**multi-role**" in marked(facts["joint"], found.understood.terms, 200)


async def test_the_name_asked_for_comes_first_then_names_that_begin_so_then_names_with_the_words(db, guild):
    entered: Facts = {
        "in-text": ("deal", {"name": "A", "summary": "the trade talks"}, "1 May 2024"),
        "inside": ("deal", {"name": "Talks on fair trade"}, "2 May 2024"),
        "begins": ("deal", {"name": "Trade talks of spring"}, "3 May 2022"),
        "alias": ("deal", {"name": "B", "alias": ListedText("Trade talks")}, "4 May 2020"),
        "newest": ("deal", {"name": "C", "summary": "talks about trade"}, "5 May 2024"),
    }
    for _, fields, _ in entered.values():
        fields["quantity"] = count_of("3")  # Names have no news value, so they give a record no date. This field does.
    await enter(db, guild, entered)
    assert await slugs(db, "trade talks") == ["alias", "begins", "inside", "newest", "in-text"]
    assert await slugs(db, Wanted("trade talks", order="newest")) == ["newest", "inside", "in-text", "begins", "alias"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted("india", kind="deal"), ["drones", "engines"]),
        (Wanted("india", kind="statement"), ["statement"]),
        (Wanted("india", kind="place"), []),
        (Wanted("drones", stage="under_review"), ["drones"]),
        (Wanted("drones", stage="signed"), []),
        (Wanted(participant="india"), ["statement", "engines", "drones", "atomics"]),
        (Wanted("drones", participant="india", kind="deal"), ["drones"]),
        (Wanted(participant="no-such-record"), []),
        (Wanted(topic="defence"), ["drones"]),
        (Wanted(topic="defence", stage="signed"), []),
        (Wanted(kind="deal"), ["ferry", "engines", "drones"]),
        (Wanted(first=date(2024, 1, 1), last=date(2024, 12, 30)), ["statement", "engines"]),
        (Wanted(first=date(2023, 11, 10), last=date(2023, 11, 10)), ["drones"]),
        (Wanted(first=date(2024, 6, 1)), ["ferry", "statement"]),
        (Wanted(last=date(2023, 12, 31), kind="deal"), ["drones"]),
        (Wanted("drone", first=date(2024, 1, 1), last=date(2024, 12, 31)), ["statement", "ferry"]),
    ],
)
async def test_filters_narrow_down_and_stand_alone(filled: Database, wanted: Wanted, found: list[str]):
    assert await slugs(filled, wanted) == found


@pytest.mark.parametrize(
    ("typed", "read_as", "found"),
    [
        ("amred drones", "armed drones", ["drones"]),
        ("genral atomiks", "general atomics", ["atomics"]),
        ("figher engines", "fighter engines", ["engines"]),
        ("colaboration", "colaboration", []),
        ("defence coperation", "defense cooperation", ["defence"]),
        ("mq-8b", "mq 8 b", []),
    ],
)
async def test_slips_are_corrected_by_what_this_server_holds_and_said(filled, typed, read_as, found):
    result = await search.search(filled.read, GUILD, Wanted(typed))
    assert [hit.row.slug for hit in result.hits][: len(found) or 1] == found
    assert result.understood.read_as == read_as
    assert result.understood.corrected == bool(found)


async def test_what_was_found_comes_with_the_fact_that_holds_what_its_name_does_not(filled: Database):
    async def facts(text: str) -> dict[str, str]:
        found = await search.search(filled.read, GUILD, Wanted(text))
        return {hit.row.slug: plain([hit.fact] if hit.fact else []) for hit in found.hits}

    assert await facts("mq-9b") == {"drones": "Model: MQ-9B, 10 November 2023"}
    assert await facts("armed drones") == {"drones": ""}
    assert await facts("defence drones delhi") == {
        "drones": "In short: Raised at the talks in New Delhi, 10 November 2023"
    }
    assert await facts("buyer engines") == {"engines": "Party: India (buyer), 5 March 2024"}


async def test_other_servers_are_not_seen(filled: Database):
    other: Facts = {"secret": ("deal", {"name": "Secret drones", "stage": "signed", "model": "Zephyrium"}, "2024")}
    await enter(filled, OTHER_GUILD, other)
    assert await slugs(filled, "secret") == []
    assert await slugs(filled, "zephyrum") == []
    assert await slugs(filled, Wanted(kind="deal", stage="signed")) == ["engines"]
    assert await slugs(filled, "drones", OTHER_GUILD) == ["secret"]
    assert await slugs(filled, Wanted(participant="india"), OTHER_GUILD) == []
    assert await index.complete(filled.read, OTHER_GUILD, "india") == []
    assert await records.list_kind_as_of(filled.read, OTHER_GUILD, "pending", day=date(2026, 1, 1)) == ([], 0)


async def test_pages_count_all_and_of_very_many_that_there_are_more(db: Database, guild: int):
    count = COUNTED + 3
    entered: Facts = {f"deal-{i}": ("deal", {"name": f"Old deal {i}", "stage": "signed"}, "2022") for i in range(count)}
    entered["old"] = ("deal", {"name": "Deal", "stage": "signed"}, "1990")
    await enter(db, guild, entered)

    async def page(wanted: Wanted, offset: int) -> SearchPage:
        return await search.search(db.read, guild, wanted, offset=offset, limit=10)

    first = await page(Wanted("deal"), 0)
    assert (first.total, first.more) == (COUNTED, True)
    assert first.hits[0].row.slug == "old"
    assert len((await page(Wanted("deal"), COUNTED - 5)).hits) == 5
    assert (await page(Wanted("deal"), COUNTED)).hits == []
    few = await page(Wanted("deal 77"), 0)
    assert ([hit.row.slug for hit in few.hits], few.total, few.more) == (
        ["deal-77", *(f"deal-{n}" for n in range(779, 769, -1))][:10],
        11,
        False,
    )
    seen = [hit.row.slug for offset in (0, 10) for hit in (await page(Wanted("deal 77"), offset)).hits]
    assert len(seen) == len(set(seen)) == 11


async def test_more_words_than_are_looked_for_are_said(filled: Database):
    many = " ".join(["drones"] + [f"word{i}" for i in range(40)])
    assert (await search.search(filled.read, GUILD, Wanted(many))).understood.left_out
    assert (await search.search(filled.read, GUILD, Wanted("drones " * 900))).understood.left_out
    assert not (await search.search(filled.read, GUILD, Wanted("drones " * 20))).understood.left_out


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(max_size=6000)
    | st.lists(
        st.sampled_from(["AND", "OR", "NOT", "NEAR(", ")", '"', "*", "^", "tags:g2000", "-", "drones", "mq-9b", "\0"])
    ).map(" ".join),
)
async def test_no_typed_text_is_an_operator_or_an_error(filled: Database, text: str):
    found = await search.search(filled.read, GUILD, Wanted(text, kind="deal"))
    assert found.total <= 3
    assert all(hit.row.kind == "deal" for hit in found.hits)
    assert all(how in ("name", "word", "spelling") for _, how in await index.complete(filled.read, GUILD, text))


@pytest.mark.parametrize(
    ("typed", "kinds", "found"),
    [
        ("31 arm", ["deal"], ["drones"]),
        ("armed dr", ["deal"], ["drones"]),
        ("india drones", ["deal"], ["drones"]),
        ("ga", ["participant"], ["atomics"]),
        ("atomics general", ["participant"], ["atomics"]),
        ("genral", ["participant"], ["atomics"]),
        ("atomiks genral", ["participant"], ["atomics"]),
        ("india", ["topic"], []),
        ("defence", ["topic"], ["defence"]),
        ("zqx", ["deal"], []),
        ("", ["participant"], ["atomics", "india"]),
    ],
)
async def test_a_name_is_completed_among_its_kinds(filled: Database, typed: str, kinds: list[Kind], found: list[str]):
    assert [row.slug for row, _ in await index.complete(filled.read, GUILD, typed, kinds)] == found


@pytest.mark.parametrize("typed", ["", "   ", "?!"])
async def test_before_a_letter_is_typed_the_newest_are_offered_first(filled: Database, typed: str):
    later: Facts = {
        "old": ("pending", {"name": "Yard lease", "state": "open"}, "1 May 2024"),
        "new": ("pending", {"name": "Export licence", "state": "open"}, "2 May 2024"),
        "over": ("pending", {"name": "Advance payment", "state": "closed"}, "3 May 2024"),
        "same-day": ("participant", {"name": "Aland", "title": Title("Minister")}, "5 March 2024"),
        "undated": ("deal", {"name": "Any deal"}, "unknown: someday"),
    }
    await enter(filled, GUILD, later)
    await enter(filled, OTHER_GUILD, {"elsewhere": ("deal", {"name": "Elsewhere"}, "1 June 2024")})

    async def offered(*kinds: Kind) -> list[str]:
        return [row.slug for row, _ in await index.complete(filled.read, GUILD, typed, kinds or KINDS)]

    assert await offered("deal") == ["ferry", "engines", "drones", "undated"]
    assert await offered("pending") == ["new", "old", "over"]
    assert (await offered())[:6] == ["ferry", "statement", "new", "old", "engines", "same-day"]
    assert (await offered())[-1] == "over"
    assert len(await offered()) == len(RECORDS) + len(later)


async def test_before_a_letter_is_typed_a_kind_that_is_not_in_the_news_is_offered_by_name(db: Database, guild: int):
    entered: Facts = {f"d{i}": ("deal", {"name": f"Aa {i:04}"}, "2022") for i in range(400)}
    entered |= {name: ("topic", {"name": name.title()}, "2020") for name in ("zinc", "copper")}
    await enter(db, guild, entered)
    assert [row.slug for row, _ in await index.complete(db.read, guild, "", ["topic"])] == ["copper", "zinc"]
    assert len(await index.complete(db.read, guild, "")) == 25


async def test_few_topics_are_completed_among_very_many_deals(db: Database, guild: int):
    entered: Facts = {f"d{i}": ("deal", {"name": f"Aa {i:04}"}, "2022") for i in range(700)}
    entered |= {"topic": ("topic", {"name": "Zinc of Aa"}, "2022"), "late": ("deal", {"name": "Aa zz"}, "2022")}
    await enter(db, guild, entered)
    assert [row.slug for row, _ in await index.complete(db.read, guild, "a", ["topic"])] == ["topic"]
    assert [row.slug for row, _ in await index.complete(db.read, guild, "aa zinc", ["topic"])] == ["topic"]
    found = await index.complete(db.read, guild, "aa")
    assert len(found) == 25
    assert [row.slug for row, _ in await index.complete(db.read, guild, "zz aa")] == ["late"]


async def test_completing_costs_no_more_with_more_records(db: Database, guild: int):
    async def steps(text: str) -> int:
        taken = 0

        def count() -> int:
            nonlocal taken
            taken += 1
            return 0

        await db.read.set_progress_handler(count, 100)
        await index.complete(db.read, guild, text)
        await db.read.set_progress_handler(lambda: 0, 0)
        return taken

    async def add(first: int, last: int) -> None:
        names = {f"d{i}": f"Limited supply {i} of India to {'north' if i % 2 else 'south'}" for i in range(first, last)}
        await enter(db, guild, {slug: ("deal", {"name": name}, "2022") for slug, name in names.items()})

    asked = ["", "l", "limited", "india limited", "south north", "of", "to of supply", "limitde", "south x"]
    await add(0, 1500)
    before = [await steps(text) for text in asked]
    await add(1500, 4500)
    after = [await steps(text) for text in asked]
    assert all(few > 0 for few in before)
    assert [many < 1.3 * few + 20 for few, many in zip(before, after, strict=True)] == [True] * len(asked)


# As of a past day


async def test_deals_are_listed_as_they_stood_at_the_end_of_a_day(db: Database, guild: int):
    await enter(db, guild, {"a": ("deal", {"name": "Alpha", "stage": "proposed"}, "1 March 2020")})
    await enter(db, guild, {"b": ("deal", {"name": "Beta", "stage": "signed"}, "1 June 2021")}, NOW - timedelta(days=1))
    await enter(db, guild, {"a": ("deal", {"stage": "signed"}, "1 May 2021")})

    async def stood(day: date, **asked) -> list[tuple[str, str, str | None]]:
        found, total = await records.list_kind_as_of(db.read, guild, "deal", day=day, **asked)
        assert total == len(found)
        return [(row.slug, plain(row.status), row.newest_on) for row in found]

    assert await stood(date(2020, 2, 29)) == []
    assert await stood(date(2020, 3, 1)) == [("a", "Proposed", "2020-03-01")]
    assert await stood(date(2021, 5, 1)) == [("a", "Signed", "2021-05-01")]
    assert await stood(date(2021, 4, 30), stage="signed") == []
    assert [slug for slug, _, _ in await stood(date(2021, 6, 1), stage="signed")] == ["a", "b"]
    found, total = await records.list_kind_as_of(db.read, guild, "deal", day=date(2022, 1, 1), offset=1, limit=1)
    assert ([row.slug for row in found], total) == (["b"], 2)


async def test_pending_items_are_listed_as_open_as_long_as_they_were(db: Database, guild: int):
    await enter(db, guild, {"i": ("pending", {"name": "Item", "state": "open"}, "1 March 2020")})
    await enter(db, guild, {"i": ("pending", {"state": "closed"}, "1 May 2021")})

    async def stood(day: date, **asked) -> list[str]:
        found, _ = await records.list_kind_as_of(db.read, guild, "pending", day=day, **asked)
        return [plain(row.status) for row in found]

    assert await stood(date(2021, 4, 30), open=True) == ["Open"]
    assert await stood(date(2021, 5, 1), open=True) == []
    assert await stood(date(2021, 5, 1)) == ["Closed"]


async def test_participants_are_told_apart_by_whether_they_have_a_role(filled: Database):
    async def names(party: bool | None, limit: int = 10) -> tuple[list[str], int]:
        found, total = await records.list_participants(filled.read, GUILD, party=party, limit=limit)
        return [row.name for row, _ in found], total

    assert await names(None) == (["India", "General Atomics"], 2)
    assert await names(True) == (["India"], 1)
    assert await names(False, limit=1) == (["General Atomics"], 1)
