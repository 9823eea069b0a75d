"""Tests of drafts that close a pending item or settle an approval: the questions they ask, and what is saved."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime

import discord
import pytest
from msgspec.structs import replace

from bot.errors import UserError
from bot.ledger import stage as stages
from bot.ledger.cited import plain
from bot.ledger.closing import DealQuestion, LeftOpen, consent
from bot.ledger.drafts import Draft, Preview, closing_task
from bot.ledger.kinds import PENDING_KINDS
from bot.services import drafts, people, records, updates
from bot.ui import cards
from bot.ui import drafts as ui
from bot.ui.draft_questions import STAYS
from data.database import Database
from data.records import Approval, Kind, Party, Value
from tests.builders import on_day
from tests.services.test_drafts import GUILD, Editing

Entered = tuple[str, Kind, str, Value]
"""A fact to enter: the slug of its record, the kind, the field and the value."""

BRAZIL = Approval(side="brazil", what="ratification", state="open", authority="Congress")
PARAGUAY = Approval(side="paraguay", what="ratification", state="open", authority="Congress")
EUROPE = Approval(side="eu", what="consent", state="open", authority="European Parliament")


class Treaty(Editing):
    """A server with a deal, the trade agreement "treaty", and helpers that add approvals and a pending item to it."""

    async def put(self, day: str, *facts: Entered) -> None:
        """Enter facts with a fact date of `day`, as the editor who is not drafting."""
        on = on_day(day)
        changes = [updates.Change(slug, kind, field, value, on, self.source) for slug, kind, field, value in facts]
        async with self.db.write(GUILD) as conn:
            await updates.append(conn, GUILD, changes, now=self.now, person_id=self.otto, origin="editor")

    async def approvals(self, *values: Approval) -> None:
        facts: list[Entered] = [("treaty", "deal", "approval", value) for value in values]
        await self.put("2023-11-10", *facts)

    async def item(self, kind: str, who: str = "brazil", about: Sequence[str] = ("treaty",)) -> None:
        facts: list[Entered] = [("wait", "pending", "about", Party(slug)) for slug in about]
        await self.put(
            "2023-11-10",
            ("wait", "pending", "name", "What is waited for"),
            ("wait", "pending", "state", "open"),
            ("wait", "pending", "item_kind", kind),
            ("wait", "pending", "who", Party(who)),
            *facts,
        )

    async def closing(self, outcome: str, **typed: str) -> Draft:
        task = closing_task(await records.get(self.db.read, GUILD, "wait"))
        return await self.draft(task, None, outcome, **typed)

    async def stage(self, draft: Draft, stage: str) -> Draft:
        async with self.db.write(GUILD) as conn:
            return await drafts.choose_stage(conn, draft, await self.id("treaty"), stage)

    async def also(self, draft: Draft, *values: Approval) -> Draft:
        """Choose approvals to be settled with a draft, as the select of its preview does. Return the changed draft."""
        asked = asked_in(await self.preview(draft))
        ids = [fact.update for fact in asked.approvals if replace(fact.value, state="open") in values]
        assert len(ids) == len(values)
        async with self.db.write(GUILD) as conn:
            return await drafts.choose_approvals(conn, draft, asked.id, ids)

    async def id(self, slug: str) -> int:
        return (await records.get(self.db.read, GUILD, slug)).record.id

    async def states(self) -> dict[str, str]:
        """Return the state of each approval of the treaty, by the side that has to approve."""
        facts = (await records.get(self.db.read, GUILD, "treaty")).record.state.facts("approval", Approval)
        return {fact.value.side: fact.value.state for fact in facts}

    async def status(self) -> str:
        return plain((await records.get(self.db.read, GUILD, "treaty")).record.status)

    async def card(self) -> str:
        return cards.render(await records.get(self.db.read, GUILD, "treaty"), now=self.now).text


def asked_in(preview: Preview) -> DealQuestion:
    (asked,) = preview.asked
    return asked


def offered(preview: Preview) -> list[str]:
    """Return the names of the approvals that a preview offers to settle as well."""
    asked = asked_in(preview)
    return [consent(fact.value, asked.names) for fact in asked.approvals]


@pytest.fixture
async def treaty(db: Database, guild: int, source: int, now: datetime) -> Treaty:
    async with db.write(guild) as conn:
        edda, otto = [(await people.ensure(conn, user_id)).id for user_id in (501, 502)]
    there = Treaty(db, now, source, edda, otto)
    await there.put(
        "2023-11-10",
        ("brazil", "participant", "name", "Brazil"),
        ("paraguay", "participant", "name", "Paraguay"),
        ("eu", "participant", "name", "European Union"),
        ("treaty", "deal", "name", "Trade agreement"),
        ("treaty", "deal", "stage", "under_review"),
    )
    return there


IMPLIED = {
    (kind, outcome): stage
    for kind, stage in (("signature", "signed"), ("delivery", "completed"))
    for outcome in ("given", "done")
}


@pytest.mark.parametrize("kind", PENDING_KINDS)
async def test_closing_any_kind_of_item_asks_for_the_stage_and_chooses_none(treaty: Treaty, kind):
    await treaty.item(kind)
    for outcome in ("given", "refused", "done", "dropped"):
        asked = asked_in(await treaty.preview(await treaty.closing(outcome)))
        assert list(asked.stages) == ["negotiating", "approved", "signed", "in_execution", "completed"]
        assert [stage for stage, why in asked.stages.items() if why] == [
            stage for case, stage in IMPLIED.items() if case == (kind, outcome)
        ]
        assert (asked.chosen, asked.also) == ("", [])
    found = await treaty.saved(await treaty.closing("done"))
    assert [change.slug for change in found.changes] == ["wait"]
    assert await treaty.value("treaty", "stage") == "under_review"


@pytest.mark.parametrize(
    ("now_at", "on", "stages"),
    [
        (None, "5 March 2024", ["unspecified", "proposed", "requested", "under_review", "negotiating", "approved",
                                "signed", "in_execution", "completed"]),
        ("unspecified", "5 March 2024", ["proposed", "requested", "under_review", "negotiating", "approved", "signed",
                                         "in_execution", "completed"]),
        ("signed", "5 March 2024", ["in_execution", "completed"]),
        ("in_execution", "5 March 2024", ["completed"]),
        ("signed", "2 January 2023", ["unspecified", "proposed", "requested", "under_review", "negotiating",
                                      "approved"]),
    ],
)  # fmt: skip
async def test_the_stages_offered_go_on_from_where_the_deal_stood_that_day(treaty: Treaty, now_at, on, stages):
    await treaty.put("2023-11-10", ("other", "deal", "name", "Another agreement"))
    if now_at:
        await treaty.put("2023-11-11", ("other", "deal", "stage", now_at))
    await treaty.item("payment", about=("other",))
    asked = asked_in(await treaty.preview(await treaty.closing("done", date=on)))
    assert list(asked.stages) == stages


async def test_a_completed_deal_without_open_approvals_is_asked_nothing(treaty: Treaty):
    await treaty.put("2023-11-12", ("treaty", "deal", "stage", "completed"))
    await treaty.item("delivery")
    assert (await treaty.preview(await treaty.closing("done"))).asked == []
    await treaty.approvals(BRAZIL)
    assert offered(await treaty.preview(await treaty.closing("done"))) == ["ratification by Congress (Brazil)"]


async def test_an_item_about_several_deals_asks_about_each_and_one_about_none_asks_nothing(treaty: Treaty):
    await treaty.put(
        "2023-11-10",
        ("interim", "deal", "name", "Interim agreement"),
        ("interim", "deal", "stage", "signed"),
        ("interim", "deal", "approval", EUROPE),
    )
    await treaty.approvals(EUROPE, BRAZIL)
    await treaty.item("clearance", who="eu", about=("treaty", "interim"))
    draft = await treaty.closing("given")
    found = await treaty.preview(draft)
    assert [(asked.deal, next(iter(asked.stages)), len(asked.also)) for asked in found.asked] == [
        ("treaty", "negotiating", 0), ("interim", "in_execution", 1),
    ]  # fmt: skip
    draft = await treaty.stage(draft, "approved")
    saved = await treaty.saved(draft)
    assert [change.slug for change in saved.changes] == ["wait", "treaty", "interim"]
    assert await treaty.value("treaty", "stage") == "approved"
    assert await treaty.value("interim", "stage") == "signed"
    assert await treaty.value("interim", "approval") == replace(EUROPE, state="granted")
    async with treaty.db.write(GUILD) as conn:
        await drafts.undo(conn, GUILD, saved.draft.batch, now=treaty.now, person_id=treaty.edda)
    for slug in ("treaty", "interim"):
        await treaty.put("2023-11-11", ("wait", "pending", "about", Party(slug, gone=True)))
    assert (await treaty.preview(await treaty.closing("done"))).asked == []


async def test_the_stage_and_the_approvals_are_saved_in_the_batch_of_the_closing_and_undone_with_it(treaty: Treaty):
    await treaty.approvals(BRAZIL, PARAGUAY, EUROPE)
    await treaty.item("clearance")
    draft = await treaty.also(await treaty.closing("given", reason="As announced."), PARAGUAY, EUROPE)
    draft = await treaty.stage(draft, "approved")
    seen = await treaty.preview(draft)
    assert [(one.field, one.after and one.after.value) for one in seen.changes[1].changes] == [
        ("stage", "approved"),
        ("approval", replace(PARAGUAY, state="granted")),
        ("approval", replace(EUROPE, state="granted")),
    ]
    found = await treaty.saved(draft)
    assert await treaty.states() == {"brazil": "open", "paraguay": "granted", "eu": "granted"}
    assert await treaty.value("treaty", "stage") == "approved"
    together = [
        update
        for slug in ("wait", "treaty")
        for update in await updates.history(treaty.db.read, GUILD, slug)
        if update.batch == found.draft.batch
    ]
    assert [update.field for update in together] == ["state", "outcome", "approval", "approval", "stage"]
    assert len({(update.date, update.source_id, update.locator, update.reason) for update in together}) == 1
    async with treaty.db.write(GUILD) as conn:
        await drafts.undo(conn, GUILD, found.draft.batch, now=treaty.now, person_id=treaty.otto)
    assert await treaty.states() == {"brazil": "open", "paraguay": "open", "eu": "open"}
    assert await treaty.value("treaty", "stage") == "under_review"
    assert (await records.get(treaty.db.read, GUILD, "wait")).record.open


@pytest.mark.parametrize(
    ("outcome", "state"),
    [("given", "granted"), ("done", "granted"), ("answered", "granted"), ("refused", "refused"), ("dropped", None)],
)
async def test_approvals_follow_the_outcome_of_the_item(treaty: Treaty, outcome, state):
    await treaty.approvals(BRAZIL, PARAGUAY)
    await treaty.item("evaluation")
    asked = asked_in(await treaty.preview(await treaty.closing(outcome)))
    assert (asked.state, len(asked.approvals)) == (state, 2 if state else 0)


@pytest.mark.parametrize("state", ["granted", "refused", "waived", "expired"])
async def test_settling_an_approval_asks_for_the_stage_and_the_others_that_are_open(treaty: Treaty, state):
    await treaty.approvals(BRAZIL, PARAGUAY)
    await treaty.approvals(replace(EUROPE, state="requested"))
    draft = await treaty.field("treaty", "approval", value=f"Brazil (Congress): ratification, {state}")
    found = await treaty.preview(draft)
    assert (asked_in(found).state, asked_in(found).last) == (state, False)
    assert offered(found) == [
        "ratification by Congress (Paraguay)", "consent by European Parliament (European Union)",
    ]  # fmt: skip
    await treaty.saved(await treaty.also(draft, EUROPE))
    assert await treaty.states() == {"brazil": state, "paraguay": "open", "eu": state}


@pytest.mark.parametrize("state", ["open", "requested", "not started"])
async def test_an_approval_that_still_waits_asks_nothing(treaty: Treaty, state):
    draft = await treaty.field("treaty", "approval", value=f"Brazil (Congress): ratification, {state}")
    assert (await treaty.preview(draft)).asked == []


async def test_the_last_open_approval_asks_for_the_stage_however_it_is_settled(treaty: Treaty):
    await treaty.approvals(BRAZIL, EUROPE)
    await treaty.item("commitment_watch")
    closing = await treaty.closing("done")
    assert not asked_in(await treaty.preview(await treaty.also(closing, EUROPE))).last
    assert asked_in(await treaty.preview(await treaty.also(closing, EUROPE, BRAZIL))).last
    await treaty.saved(
        await treaty.field("treaty", "approval", value="European Union (European Parliament): consent, granted")
    )
    last = await treaty.field("treaty", "approval", value="Brazil (Congress): ratification, granted")
    assert asked_in(await treaty.preview(last)).last
    older = await treaty.field(
        "treaty", "approval", value="Brazil (Congress): ratification, granted", date="1 May 2022"
    )
    assert not asked_in(await treaty.preview(older)).last


async def test_the_one_approval_of_the_side_that_must_act_is_chosen_with_its_clearance_until_it_is_unchosen(
    treaty: Treaty,
):
    await treaty.approvals(BRAZIL)
    await treaty.item("clearance", who="brazil")
    draft = await treaty.closing("given")
    found = await treaty.preview(draft)
    assert [one.after and one.after.value for one in found.changes[1].changes] == [replace(BRAZIL, state="granted")]
    without = await treaty.also(draft)
    assert [change.slug for change in (await treaty.saved(without)).changes] == ["wait"]
    assert await treaty.states() == {"brazil": "open"}


async def test_an_authority_with_a_record_of_its_own_is_known_as_the_one_that_must_act(treaty: Treaty):
    await treaty.put("2023-11-10", ("parliament", "participant", "name", "European Parliament"))
    await treaty.approvals(EUROPE)
    await treaty.item("clearance", who="parliament")
    draft = await treaty.closing("given")
    assert len(asked_in(await treaty.preview(draft)).also) == 1
    await treaty.approvals(BRAZIL, PARAGUAY)
    found = await treaty.preview(draft)
    assert (offered(found)[0], asked_in(found).also) == ("consent by European Parliament (European Union)", [])


async def test_no_approval_of_another_side_and_none_of_several_is_chosen_for_the_editor(treaty: Treaty):
    await treaty.approvals(PARAGUAY)
    await treaty.item("clearance", who="brazil")
    draft = await treaty.closing("given")
    assert asked_in(await treaty.preview(draft)).also == []
    await treaty.approvals(BRAZIL)
    found = await treaty.preview(draft)
    assert asked_in(found).also == []
    assert offered(found) == ["ratification by Congress (Brazil)", "ratification by Congress (Paraguay)"]


async def test_what_still_waits_after_a_clearance_is_dated_by_its_own_source(treaty: Treaty):
    await treaty.approvals(BRAZIL)
    await treaty.put("2023-12-01", ("treaty", "deal", "approval", EUROPE))
    await treaty.item("clearance")
    await treaty.saved(await treaty.closing("given", date="5 March 2024"))
    expected = "consent by European Parliament (European Union), 1 December 2023"
    opened = await records.get(treaty.db.read, GUILD, "treaty")
    assert plain(stages.waiting(opened.record.state, [], opened.names)) == (
        f"waiting for {expected}; waiting for ratification by Congress (Brazil), 10 November 2023"
    )
    for shown in (await treaty.status(), await treaty.card()):
        told = re.sub(r"[\\*]|reported ", "", shown)
        assert expected in told
        assert "5 March 2024" not in told
    await treaty.saved(await treaty.field("treaty", "approval", value="Brazil (Congress): ratification, granted"))
    assert await treaty.status() == f"Under review, 10 November 2023; waiting for {expected}"


async def test_another_value_in_the_form_forgets_what_was_chosen_for_the_first(treaty: Treaty):
    await treaty.approvals(BRAZIL, PARAGUAY)
    await treaty.item("evaluation")
    draft = await treaty.stage(await treaty.also(await treaty.closing("given"), BRAZIL), "approved")
    async with treaty.db.write(GUILD) as conn:
        same = await drafts.keep_typed(conn, draft, {"value": "given", "date": "6 March 2024"}, today=date(2024, 3, 7))
        other = await drafts.keep_typed(conn, draft, {"value": "refused"}, today=date(2024, 3, 7))
    assert (list(same.task.stage_after.values()), len(same.task.also)) == (["approved"], 1)
    assert (other.task.stage_after, other.task.also) == ({}, {})
    assert [change.slug for change in (await treaty.saved(other)).changes] == ["wait"]


async def test_a_choice_that_is_not_offered_changes_nothing(treaty: Treaty):
    await treaty.approvals(BRAZIL)
    await treaty.item("evaluation")
    draft = await treaty.closing("given")
    for made_up in ("proposed", "under_review", "stays", "", "made up"):
        draft = await treaty.stage(draft, made_up)
        async with treaty.db.write(GUILD) as conn:
            draft = await drafts.choose_approvals(conn, draft, await treaty.id("treaty"), [0, 999])
        assert [change.slug for change in (await treaty.preview(draft)).changes] == ["wait"]


async def test_what_another_editor_changed_about_the_deal_is_shown_before_saving(treaty: Treaty):
    await treaty.approvals(BRAZIL, PARAGUAY)
    await treaty.item("evaluation")
    chosen = await treaty.stage(await treaty.also(await treaty.closing("done"), BRAZIL), "approved")
    mine = await treaty.preview(chosen)
    await treaty.saved(
        await treaty.field("treaty", "approval", treaty.otto, value="Brazil (Congress): ratification, refused")
    )
    again = await treaty.save(mine.draft)
    assert again.moved_on
    assert offered(again) == ["ratification by Congress (Paraguay)"]
    assert await treaty.states() == {"brazil": "refused", "paraguay": "open"}
    assert not (await treaty.save(mine.draft)).moved_on
    assert await treaty.states() == {"brazil": "refused", "paraguay": "open"}
    assert await treaty.value("treaty", "stage") == "approved"


async def test_a_choice_that_another_editor_made_void_is_not_dropped_without_a_word(treaty: Treaty):
    await treaty.approvals(BRAZIL, PARAGUAY)
    await treaty.item("evaluation")  # Entered last, so its updates have the highest ids.
    mine = await treaty.preview(await treaty.also(await treaty.closing("done"), BRAZIL))
    await treaty.put("2024-03-04", ("treaty", "deal", "approval", replace(BRAZIL, state="refused")))
    assert (await treaty.save(mine.draft)).moved_on


async def test_the_longest_choices_about_as_many_deals_as_are_asked_about_fit_into_one_message(treaty: Treaty):
    deals = [f"d{n}" for n in range(5)]
    for slug in deals:
        name = f"{slug} " + "_" * 90
        facts: list[Entered] = [(slug, "deal", "name", name), (slug, "deal", "stage", "under_review")]
        for n in range(27):
            approval = Approval(side="brazil", what="*" * 120, state="open", authority=f"{n} " + "_" * 110)
            facts.append((slug, "deal", "approval", approval))
        await treaty.put("2023-11-10", *facts)
    await treaty.item("delivery", about=deals)
    draft = await treaty.closing(
        "done", reason="~" * 499 + "x", source="https://example.org/" + "_" * 270 + ", " + "_" * 200
    )
    asked = (await treaty.preview(draft)).asked
    assert [one.deal for one in asked] == deals[:3]
    for one in asked:
        async with treaty.db.write(GUILD) as conn:
            draft = await drafts.choose_stage(conn, draft, one.id, "completed")
            draft = await drafts.choose_approvals(conn, draft, one.id, [fact.update for fact in one.approvals[:25]])
    found = await treaty.preview(draft)
    assert len(found.left) == 3
    shown = ui.preview(found, 10**19)
    selects = [part for part in shown.walk_children() if isinstance(part, discord.ui.Select)]
    labels = [select.placeholder for select in selects] + [
        option.label for select in selects for option in select.options if option.value == STAYS
    ]
    assert len(labels) == len(set(labels)) == 9
    saved = await treaty.saved(draft)
    ui.saved(saved, treaty.now, treaty.now, 10**19)


SIGNED, COMPLETED = "signed", "completed"


@pytest.mark.parametrize(
    ("before", "stage", "approvals", "item", "expected"),
    [
        ("under_review", SIGNED, [BRAZIL, PARAGUAY], "delivery", LeftOpen(
            "Trade agreement", ["ratification by Congress (Brazil)", "ratification by Congress (Paraguay)"], [], []
        )),
        ("under_review", "in_execution", [BRAZIL], "", LeftOpen(
            "Trade agreement", ["ratification by Congress (Brazil)"], [], []
        )),
        ("under_review", SIGNED, [], "delivery", None),
        ("under_review", "approved", [BRAZIL], "delivery", None),
        (SIGNED, "in_execution", [BRAZIL], "delivery", None),
        (SIGNED, COMPLETED, [], "delivery", LeftOpen("Trade agreement", [], [], ["What is waited for"])),
        (SIGNED, COMPLETED, [], "research_gap", None),
        (SIGNED, COMPLETED, [BRAZIL], "", LeftOpen("Trade agreement", ["ratification by Congress (Brazil)"], [], [])),
        ("under_review", COMPLETED, [BRAZIL], "payment", LeftOpen(
            "Trade agreement", ["ratification by Congress (Brazil)"], [], ["What is waited for"]
        )),
        (COMPLETED, COMPLETED, [BRAZIL], "payment", None),
    ],
)  # fmt: skip
async def test_what_a_signed_or_completed_deal_leaves_open_is_told_before_saving(
    treaty: Treaty, before: str, stage: str, approvals: list[Approval], item: str, expected: LeftOpen | None
):
    await treaty.put("2023-11-20", ("treaty", "deal", "stage", before))
    await treaty.approvals(*approvals)
    if item:
        await treaty.item(item)
    draft = await treaty.field("treaty", "stage", value=stage)
    assert (await treaty.preview(draft)).left == ([expected] if expected else [])
    await treaty.saved(draft)
    assert await treaty.value("treaty", "stage") == stage


async def test_an_approval_from_after_the_signature_is_not_told_as_without_outcome(treaty: Treaty):
    await treaty.put("2024-04-01", ("treaty", "deal", "approval", replace(BRAZIL, state="requested")))
    left = (await treaty.preview(await treaty.field("treaty", "stage", value="signed"))).left
    assert left == [LeftOpen("Trade agreement", [], ["ratification by Congress (Brazil)"], [])]


async def test_a_stage_chosen_with_a_closing_tells_what_it_leaves_open_without_the_item_itself(treaty: Treaty):
    await treaty.put("2023-11-20", ("treaty", "deal", "stage", "signed"))
    await treaty.item("delivery")
    draft = await treaty.stage(await treaty.closing("done"), "completed")
    assert (await treaty.preview(draft)).left == []
    await treaty.put(
        "2023-11-20",
        ("pay", "pending", "name", "Payment"),
        ("pay", "pending", "state", "open"),
        ("pay", "pending", "item_kind", "payment"),
        ("pay", "pending", "about", Party("treaty")),
    )
    (left,) = (await treaty.preview(draft)).left
    assert left.items == ["Payment"]


async def test_an_older_stage_that_does_not_become_the_newest_tells_nothing(treaty: Treaty):
    await treaty.put("2024-06-01", ("treaty", "deal", "stage", "in_execution"))
    await treaty.approvals(BRAZIL)
    found = await treaty.preview(await treaty.field("treaty", "stage", value="signed"))
    assert ([note.how for note in found.notes], found.left) == (["older"], [])


async def test_an_item_closed_by_another_editor_meanwhile_is_not_closed_again(treaty: Treaty):
    await treaty.item("signature")
    mine = await treaty.preview(await treaty.stage(await treaty.closing("done"), "signed"))
    await treaty.saved(await treaty.closing("dropped"))
    with pytest.raises(UserError, match="closed meanwhile"):
        await treaty.save(mine.draft)
    assert await treaty.value("treaty", "stage") == "under_review"
