"""Tests of drafts of events on a real database: what is suggested, what is chosen, and what can never go wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import UserError
from bot.ledger.drafts import Draft, EventQuestion, Mistakes, Preview
from bot.ledger.happenings import HAPPENINGS
from bot.ledger.kinds import OUTCOMES, PENDING_KINDS, SIDE_STATES, STAGES, find_field
from bot.services import drafts, event_drafts, people, recent_sources, records, sources, updates
from bot.services.updates import Change
from data.database import Database
from data.records import Approval, Kind, Money, Party, Value
from tests.builders import due_value, on_day

GUILD, ELSEWHERE = 1000, 2000
BEFORE, DAY = on_day("2023-11-10"), "5 March 2024"


class Newsroom:
    """A server with a deal, its approvals and items, and an editor who enters events."""

    def __init__(self, db: Database, now: datetime, source: int, person: int) -> None:
        self.db, self.now, self.source, self.person = db, now, source, person

    async def enter(self, *facts: tuple[str, Kind, str, Value]) -> None:
        changes = [Change(record, kind, field, value, BEFORE, self.source) for record, kind, field, value in facts]
        async with self.db.write(GUILD) as conn:
            await updates.append(conn, GUILD, changes, now=self.now, person_id=self.person, origin="dossier")

    async def item(self, slug: str, item_kind: str, who: str = "us") -> None:
        await self.enter(
            (slug, "pending", "name", f"The {item_kind}"),
            (slug, "pending", "state", "open"),
            (slug, "pending", "item_kind", item_kind),
            (slug, "pending", "who", Party(who)),
            (slug, "pending", "about", Party("drones")),
        )

    async def draft(self, happening: str, deal: str = "drones", **typed: str) -> Draft:
        async with self.db.write(GUILD) as conn:
            task = await event_drafts.event_task(conn, GUILD, deal, happening)
            texts = {"date": DAY, "source": "Example news"} | typed
            return await drafts.start(conn, GUILD, self.person, task, typed=texts, now=self.now)

    async def preview(self, draft: Draft) -> Preview:
        async with self.db.write(GUILD) as conn:
            return await drafts.preview(conn, draft, now=self.now)

    async def event(self, happening: str, **typed: str) -> EventQuestion:
        seen = await self.preview(await self.draft(happening, **typed))
        assert seen.event is not None
        return seen.event

    async def save(self, draft: Draft) -> Preview:
        seen = await self.preview(draft)
        async with self.db.write(GUILD) as conn:
            return await drafts.save(conn, seen.draft, now=self.now)

    async def value(self, slug: str, field: str) -> Value:
        return (await records.get(self.db.read, GUILD, slug)).record.state.value(field)


@pytest.fixture
async def newsroom(db: Database, guild: int, source: int, now: datetime) -> Newsroom:
    async with db.write(guild) as conn:
        person = (await people.ensure(conn, 501)).id
    made = Newsroom(db, now, source, person)
    await made.enter(
        ("us", "participant", "name", "United States"),
        ("india", "participant", "name", "India"),
        ("maker", "participant", "name", "General Atomics"),
        ("drones", "deal", "name", "31 armed drones"),
        ("drones", "deal", "stage", "negotiating"),
        ("drones", "deal", "party", Party("india", "buyer")),
        ("drones", "deal", "party", Party("maker", "maker")),
        ("drones", "deal", "approval", Approval(side="us", what="release", state="open")),
        ("jets", "deal", "name", "Jet engines"),
    )
    await made.item("clearance", "clearance")
    return made


def test_every_kind_of_event_names_states_fields_and_kinds_of_items_that_exist():
    for happening in HAPPENINGS.values():
        assert not happening.counted or find_field("deal", happening.counted)
        assert not happening.stage or happening.stage in STAGES
        assert not happening.side_state or happening.side_state in SIDE_STATES
        assert set(happening.closes) <= set(PENDING_KINDS)
        assert not happening.opens or happening.opens in PENDING_KINDS
        assert "done" in OUTCOMES
        for label in (happening.label, happening.counted_label, happening.who_label, happening.due_label):
            assert len(label) <= 45, label


def chosen(question: EventQuestion) -> list[str]:
    return [option.label for option in question.options if option.chosen]


@pytest.mark.parametrize(
    ("happening", "typed", "stage", "options"),
    [
        ("signed", {}, "signed", ["Begin: Delivery: 31 armed drones"]),
        ("offered", {"note": "Again."}, "", ["Begin: Signature: 31 armed drones"]),
        ("approved", {}, "approved", ["Granted: release by United States", "Close as given: The clearance"]),
        ("approved", {"who": "India: purchase"}, "", []),
        ("approved", {"due": "31 October 2027, fixed"}, "approved", ["Begin: Signature: 31 armed drones"]),
        ("refused", {}, "", ["Refused: release by United States", "Close as refused: The clearance"]),
        ("cancelled", {}, "", ["Close as dropped: The clearance"]),
        ("completed", {"counted": "31 of 31"}, "completed", []),
        ("talks", {"note": "They talked."}, "", []),
        ("started", {}, "in_execution", []),
    ],
)
async def test_the_usual_changes_are_suggested(
    newsroom: Newsroom, happening: str, typed: dict[str, str], stage: str, options: list[str]
):
    question = await newsroom.event(happening, **typed)
    assert question.stage == stage
    assert set(options) <= set(chosen(question))
    if "due" not in typed:
        assert chosen(question) == options


async def test_what_was_chosen_counts_and_what_is_not_offered_does_not(newsroom: Newsroom):
    draft = await newsroom.draft("signed")
    async with newsroom.db.write(GUILD) as conn:
        draft = await drafts.choose_in_event(conn, draft, stage="completed", changes=["close 999", "nonsense"])
    seen = await newsroom.save(draft)
    assert [change.slug for change in seen.changes] == ["drones"]
    assert await newsroom.value("drones", "stage") == "completed"
    assert await newsroom.value("clearance", "state") == "open"


async def test_the_stage_may_be_kept(newsroom: Newsroom):
    draft = await newsroom.draft("signed", counted="4 billion USD (contract)")
    async with newsroom.db.write(GUILD) as conn:
        draft = await drafts.choose_in_event(conn, draft, stage="", changes=[])
    await newsroom.save(draft)
    assert await newsroom.value("drones", "stage") == "negotiating"
    assert await newsroom.value("drones", "value") == Money(Decimal(4_000_000_000), "USD", kind="contract")


async def test_a_date_moves_the_item_that_has_one_and_another_can_be_chosen(newsroom: Newsroom):
    await newsroom.item("delivery", "delivery", "maker")
    await newsroom.enter(("delivery", "pending", "due", due_value("2026-01-01")))
    draft = await newsroom.draft("new_date", due="31 March 2027, announced")
    question = (await newsroom.preview(draft)).event
    assert question is not None
    assert {item.value: item.chosen for item in question.items} == {"clearance": False, "delivery": True}
    async with newsroom.db.write(GUILD) as conn:
        draft = await drafts.choose_in_event(conn, draft, item="clearance")
    await newsroom.save(draft)
    assert await newsroom.value("clearance", "due") == due_value("2027-03-31")
    assert await newsroom.value("delivery", "due") == due_value("2026-01-01")


async def test_a_date_without_an_item_is_said_before_saving(newsroom: Newsroom):
    draft = await newsroom.draft("offered", due="31 October 2027", note="An offer.")
    async with newsroom.db.write(GUILD) as conn:
        draft = await drafts.choose_in_event(conn, draft, changes=[])
    seen = await newsroom.preview(draft)
    assert any("date is not entered" in warning for warning in seen.warnings)


async def test_a_date_without_a_word_on_how_sure_it_is_is_a_reported_one(newsroom: Newsroom):
    await newsroom.save(await newsroom.draft("offered", due="31 October 2027"))
    assert await newsroom.value("signature-31-armed-drones", "due") == due_value("2027-10-31", "reported")


async def test_a_new_deal_is_made_by_its_first_event(newsroom: Newsroom):
    await newsroom.save(await newsroom.draft("signed", "New deal: Patrol boats", who="India as buyer"))
    assert await newsroom.value("patrol-boats", "stage") == "signed"
    assert await newsroom.value("patrol-boats", "party") == Party("india", "buyer")
    assert await records.find(newsroom.db.read, GUILD, "delivery-patrol-boats") is None  # Nobody is known to deliver.


async def test_a_source_is_used_again_by_link_title_and_displayed_words(newsroom: Newsroom):
    await newsroom.save(
        await newsroom.draft(
            "signed", source="The contract https://example.org/x, page 2", locator="published 6 March 2024"
        )
    )
    (newest, *_) = await recent_sources.last(newsroom.db.read, GUILD)
    for text in (
        "https://example.org/x",
        "https://example.org/x, page 9",
        "The contract",
        "The contract · example.org · 6 March 2024",
    ):
        assert await recent_sources.match(newsroom.db.read, GUILD, text) == newest
        seen = await newsroom.preview(await newsroom.draft("talks", source=text, note=text))
        assert seen.source.id == newest.id
    assert (
        await newsroom.preview(await newsroom.draft("talks", source="https://example.org/x, page 9", note="x"))
    ).entry.cited.locator == "page 9"
    assert await recent_sources.match(newsroom.db.read, GUILD, "The contracts") is None


async def test_no_source_of_another_server_is_offered_or_matched(newsroom: Newsroom):
    async with newsroom.db.write(None) as conn:
        await conn.execute(
            "INSERT INTO guild (guild_id, name, owner_id) VALUES (?, 'Elsewhere', 1) ON CONFLICT DO NOTHING",
            (ELSEWHERE,),
        )
        await sources.ensure(conn, ELSEWHERE, title="Their news")
    assert await recent_sources.match(newsroom.db.read, GUILD, "Their news") is None
    assert all(
        source.title != "Their news" for source in await recent_sources.complete(newsroom.db.read, GUILD, "their")
    )


async def test_missing_names_are_told_and_added(newsroom: Newsroom):
    draft = await newsroom.draft("signed", who="Donald Lu; Mr. Nobody as witness")
    with pytest.raises(Mistakes) as caught:
        await newsroom.preview(draft)
    assert [missing.name for missing in caught.value.missing] == ["Donald Lu", "Mr. Nobody"]
    async with newsroom.db.write(GUILD) as conn:
        draft = await drafts.add_missing(conn, draft, now=newsroom.now)
    await newsroom.save(draft)
    assert await newsroom.value("donald-lu", "name") == "Donald Lu"
    assert Party("mr-nobody", "witness") in [
        fact.value for fact in (await records.get(newsroom.db.read, GUILD, "drones")).record.state.facts("party")
    ]


async def counts(db: Database) -> list[int]:
    tables = ("ledger", "record", "source", "link", "name", "state_history")
    return [next(iter(await db.read.execute_fetchall(f"SELECT count(*) FROM {table}")))[0] for table in tables]


async def preview_or_refusal(newsroom: Newsroom, draft: Draft) -> Preview | UserError:
    try:
        return await newsroom.preview(draft)
    except UserError as refusal:
        return refusal


TEXTS = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "3 billion USD; 4 billion EUR (contract)",
            "1,2 billion USD",
            "India as buyer; General Atomics",
            "United States (Congress): review",
            "no longer United States: release",
            "31 October 2027, fixed",
            "31 October",
            "46 of 180",
            "180 of 46",
            "paragraph 2; published 6 March 2024",
            "; ; ;",
            "Jet engines",
            "**@everyone** <@1>",
        ]
    ),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    happening=st.sampled_from(sorted(HAPPENINGS)),
    typed=st.fixed_dictionaries({}, optional=dict.fromkeys(("counted", "who", "due", "locator", "note"), TEXTS)),
    changes=st.none() | st.lists(st.sampled_from(["begin", "close 1", "close 10", "approve 8 granted", "x", ""])),
    stage=st.none() | st.sampled_from(["", *STAGES, "nonsense"]),
    item=st.none() | st.sampled_from(["clearance", "drones", ""]),
)
async def test_any_input_gives_a_preview_of_what_is_saved_or_a_refusal_that_changes_nothing(
    newsroom: Newsroom,
    happening: str,
    typed: dict[str, str],
    changes: Sequence[str] | None,
    stage: str | None,
    item: str | None,
):
    before = await counts(newsroom.db)
    draft = await newsroom.draft(happening, **{name: text.replace("\x00", "") for name, text in typed.items()})
    async with newsroom.db.write(GUILD) as conn:
        draft = await drafts.choose_in_event(conn, draft, stage=stage, changes=changes, item=item)
    seen = await preview_or_refusal(newsroom, draft)
    assert await counts(newsroom.db) == before
    if isinstance(seen, UserError):
        assert "Nothing was changed" in str(seen)
        return
    saved = await newsroom.save(seen.draft)
    assert [(change.slug, len(change.changes)) for change in saved.changes] == [
        (change.slug, len(change.changes)) for change in seen.changes
    ]
    async with newsroom.db.write(GUILD) as conn:
        await drafts.undo(conn, GUILD, saved.draft.batch, now=newsroom.now, person_id=newsroom.person)
