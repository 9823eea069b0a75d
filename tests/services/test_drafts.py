"""Tests of drafts on a real database: stored as typed, previewed without side effects and saved once."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from bot.errors import BadInput, NotInRecord, UserError
from bot.ledger.drafts import Draft, Mistakes, Preview, Task, alias_task, checked_task, closing_task, field_task
from bot.ledger.kinds import get_field
from bot.services import drafts, pending_drafts, people, records, updates
from bot.services.updates import Change
from data.database import Database
from data.records import Approval, Bound, Kind, ListedText, Money, Party, Value
from tests.builders import due_value, on_day

GUILD, ELSEWHERE = 1000, 2000
DAY = on_day("2023-11-10")
FORM = {
    "date": "5 March 2024",
    "source": "https://example.org/x, paragraph 3",
    "published": "6 March 2024",
    "reason": "",
}


class Editing:
    """A server with two editors, Edda and Otto, and helpers that draft, preview and save updates.

    Edda drafts unless a test says otherwise.
    """

    def __init__(self, db: Database, now: datetime, source: int, edda: int, otto: int) -> None:
        self.db, self.now, self.source, self.edda, self.otto = db, now, source, edda, otto

    async def enter(self, *facts: tuple[str, Kind, str, Value]) -> None:
        changes = [Change(record, kind, field, value, DAY, self.source) for record, kind, field, value in facts]
        async with self.db.write(GUILD) as conn:
            await updates.append(conn, GUILD, changes, now=self.now, person_id=self.edda, origin="dossier")

    async def draft(self, task: Task, by: int | None = None, value: str = "", **typed: str) -> Draft:
        """Return a new draft whose form has been submitted. `typed` overrides what is typed into its inputs."""
        async with self.db.write(GUILD) as conn:
            draft = await drafts.start(conn, GUILD, by or self.edda, task, value=value, now=self.now)
            return await drafts.keep_typed(conn, draft, FORM | typed, today=self.now.date())

    async def field(self, slug: str, field: str, by: int | None = None, **typed: str) -> Draft:
        opened = await records.get(self.db.read, GUILD, slug)
        return await self.draft(field_task(opened, get_field(opened.record.kind, field)), by, **typed)

    async def preview(self, draft: Draft) -> Preview:
        async with self.db.write(GUILD) as conn:
            return await drafts.preview(conn, draft, now=self.now)

    async def save(self, draft: Draft) -> Preview:
        async with self.db.write(GUILD) as conn:
            again = await drafts.get(conn, GUILD, str(draft.id), draft.person_id)
            return await drafts.save(conn, again, now=self.now)

    async def saved(self, draft: Draft) -> Preview:
        return await self.save((await self.preview(draft)).draft)

    async def value(self, slug: str, field: str):
        return (await records.get(self.db.read, GUILD, slug)).record.state.value(field)

    async def counts(self) -> list[int]:
        """Return the number of rows in the ledger, in each table derived from it, and in the table of sources."""
        counts = []
        for table in ("ledger", "record", "source", "link", "name", "spelling", "state_history", "search_index"):
            ((count,),) = await self.db.read.execute_fetchall(f"SELECT count(*) FROM {table}")
            counts.append(count)
        return counts


@pytest.fixture
async def editing(db: Database, guild: int, source: int, now: datetime) -> Editing:
    async with db.write(guild) as conn:
        edda, otto = [(await people.ensure(conn, user_id)).id for user_id in (501, 502)]
    there = Editing(db, now, source, edda, otto)
    await there.enter(
        ("us", "participant", "name", "U.S. government"),
        ("india", "participant", "name", "India"),
        ("drones", "deal", "name", "31 armed drones"),
        ("drones", "deal", "stage", "under_review"),
        ("drones", "deal", "approval", Approval(side="us", what="clearances", state="open")),
        ("drones", "deal", "value", Money(Decimal(3000000000), "USD", bound=Bound.MORE_THAN)),
        ("clearances", "pending", "name", "Clearances for the drones"),
        ("clearances", "pending", "state", "open"),
        ("clearances", "pending", "item_kind", "clearance"),
        ("clearances", "pending", "who", Party("us")),
        ("clearances", "pending", "about", Party("drones")),
    )
    return there


async def test_a_preview_says_before_and_after_and_leaves_no_trace(editing: Editing):
    before = await editing.counts()
    found = await editing.preview(await editing.field("drones", "stage", value="signed"))
    (change,) = found.changes
    assert [(one.field, one.before and one.before.value, one.after and one.after.value) for one in change.changes] == [
        ("stage", "under_review", "signed")
    ]
    assert (found.source.title, found.source.url, found.entry.cited.locator) == (
        "example.org",
        "https://example.org/x",
        "paragraph 3",
    )
    assert await editing.counts() == before
    assert await editing.value("drones", "stage") == "under_review"


async def test_saving_enters_what_the_preview_said_and_only_once(editing: Editing):
    draft = await editing.field("drones", "stage", value="signed")
    found = await editing.saved(draft)
    assert (found.draft.state, found.moved_on) == ("saved", False)
    newest = (await updates.history(editing.db.read, GUILD, "drones"))[-1]
    assert (newest.field, newest.value, newest.person_id, newest.batch, newest.origin) == (
        "stage", "signed", editing.edda, found.draft.batch, "editor",
    )  # fmt: skip
    with pytest.raises(UserError, match="saved already, once"):
        await editing.save(draft)


async def test_a_draft_is_kept_word_for_word_even_when_nothing_of_it_can_be_read(editing: Editing):
    draft = await editing.field("drones", "value", value="much", date="soon", source="", reason="word " * 100)
    with pytest.raises(Mistakes):
        await editing.preview(draft)
    kept = await drafts.get(editing.db.read, GUILD, str(draft.id), editing.edda)
    assert kept.typed == FORM | {"value": "much", "date": "soon", "source": "", "reason": "word " * 100}


async def test_what_somebody_else_saved_meanwhile_is_shown_before_saving(editing: Editing):
    mine = await editing.preview(await editing.field("drones", "stage", value="signed"))
    await editing.saved(
        await editing.field("drones", "stage", by=editing.otto, value="negotiating", date="4 March 2024")
    )
    again = await editing.save(mine.draft)
    assert again.moved_on
    assert [one.before and one.before.value for one in again.changes[0].changes] == ["negotiating"]
    assert await editing.value("drones", "stage") == "negotiating"
    assert not (await editing.save(mine.draft)).moved_on
    assert await editing.value("drones", "stage") == "signed"


async def test_what_others_change_elsewhere_holds_up_nobody(editing: Editing):
    mine = await editing.preview(await editing.field("drones", "stage", value="signed"))
    await editing.enter(("india", "participant", "alias", ListedText("Bharat")))
    assert not (await editing.save(mine.draft)).moved_on


async def test_a_draft_opens_for_nobody_else_and_nowhere_else(editing: Editing):
    draft = await editing.field("drones", "stage", value="signed")
    with pytest.raises(UserError, match="somebody else"):
        await drafts.get(editing.db.read, GUILD, str(draft.id), editing.otto)
    for guild_id, id_ in ((ELSEWHERE, str(draft.id)), (GUILD, "999"), (GUILD, "x"), (GUILD, "9" * 40), (GUILD, "-1")):
        with pytest.raises(UserError, match="not here any more"):
            await drafts.get(editing.db.read, guild_id, id_, editing.edda)


async def test_a_discarded_draft_saves_nothing(editing: Editing):
    draft = await editing.field("drones", "stage", value="signed")
    async with editing.db.write(GUILD) as conn:
        await drafts.drop(conn, draft)
    with pytest.raises(UserError, match="discarded"):
        await editing.save(draft)


async def test_the_last_source_is_offered_for_an_hour_to_the_same_editor(editing: Editing):
    await editing.saved(await editing.field("drones", "stage", value="signed"))
    task = checked_task(await records.get(editing.db.read, GUILD, "drones"))

    async def offered(by: int, minutes: int) -> str:
        async with editing.db.write(GUILD) as conn:
            draft = await drafts.start(conn, GUILD, by, task, now=editing.now + timedelta(minutes=minutes))
        return draft.typed["source"]

    assert await offered(editing.edda, 60) == FORM["source"]
    assert await offered(editing.edda, 61) == ""
    assert await offered(editing.otto, 5) == ""


async def test_a_stage_that_goes_back_is_refused_in_the_preview_until_it_has_a_reason(editing: Editing):
    with pytest.raises(BadInput, match="reason"):
        await editing.preview(await editing.field("drones", "stage", value="proposed"))
    await editing.saved(await editing.field("drones", "stage", value="proposed", reason="The review ended."))
    assert await editing.value("drones", "stage") == "proposed"


async def test_an_item_is_closed_once(editing: Editing):
    opened = await records.get(editing.db.read, GUILD, "clearances")
    first, second = [await editing.draft(closing_task(opened), value="given") for _ in range(2)]
    await editing.saved(first)
    with pytest.raises(UserError, match="closed meanwhile"):
        await editing.preview(second)
    with pytest.raises(UserError, match="closed already"):
        closing_task(await records.get(editing.db.read, GUILD, "clearances"))


async def test_a_new_item_holds_what_was_chosen_and_typed(editing: Editing):
    task, opened = await pending_drafts.pending_task(
        editing.db.read, GUILD, "Signature of the deal", about="31 armed drones", item_kind="signature", who="India"
    )
    assert opened is None
    found = await editing.saved(await editing.draft(task, value="31 October 2027, announced"))
    assert found.changes[0].new
    item = (await records.get(editing.db.read, GUILD, "signature-of-the-deal")).record
    held = {name: item.state.value(name) for name in ("name", "state", "basis", "item_kind")}
    assert held == {
        "name": "Signature of the deal", "state": "open", "basis": "stated", "item_kind": "signature",
    }  # fmt: skip
    assert item.state.value("who") == Party("india")
    assert item.state.value("about") == Party("drones")
    assert item.state.value("due") == due_value("2027-10-31", "announced")
    assert item.open


async def test_an_item_may_have_no_due_date(editing: Editing):
    task, _ = await pending_drafts.pending_task(editing.db.read, GUILD, "Answer")
    await editing.saved(await editing.draft(task, value="none"))
    assert (await records.get(editing.db.read, GUILD, "answer")).record.state.fact("due") is None


async def test_a_known_name_changes_its_item_and_only_what_was_given(editing: Editing):
    task, opened = await pending_drafts.pending_task(editing.db.read, GUILD, "clearances for the DRONES", who="India")
    assert opened is not None
    found = await editing.saved(await editing.draft(task, value="none"))
    assert {one.field for one in found.changes[0].changes} == {"who"}
    facts = (await records.get(editing.db.read, GUILD, "clearances")).record.state.facts("who", Party)
    assert [fact.value.record for fact in facts] == ["india"]


async def test_a_name_that_begins_like_another_makes_a_new_item(editing: Editing):
    task, opened = await pending_drafts.pending_task(editing.db.read, GUILD, "Clearances")
    assert (opened, task.new, task.record) == (None, True, "clearances-2")


async def test_two_editors_who_make_the_same_item_make_one(editing: Editing):
    made = []
    for by in (editing.edda, editing.otto):
        task, _ = await pending_drafts.pending_task(editing.db.read, GUILD, "Signature", who="India")
        made.append((await editing.preview(await editing.draft(task, by, value="2027, reported"))).draft)
    assert not (await editing.save(made[0])).moved_on
    again = await editing.save(made[1])
    assert (again.moved_on, again.changes[0].new) == (True, False)
    ((count,),) = await editing.db.read.execute_fetchall(
        "SELECT count(*) FROM record WHERE name = 'Signature' AND guild_id = ?", (GUILD,)
    )
    assert count == 1


async def test_a_closed_item_that_is_named_again_is_open_again(editing: Editing):
    closing = closing_task(await records.get(editing.db.read, GUILD, "clearances"))
    await editing.saved(await editing.draft(closing, value="dropped"))
    task, _ = await pending_drafts.pending_task(editing.db.read, GUILD, "clearances")
    await editing.saved(await editing.draft(task, value="2027, reported", date="6 March 2024"))
    assert (await records.get(editing.db.read, GUILD, "clearances")).record.open


async def test_an_item_taken_back_can_be_made_again_under_its_name(editing: Editing):
    task, _ = await pending_drafts.pending_task(editing.db.read, GUILD, "Signature")
    found = await editing.saved(await editing.draft(task, value="none"))
    async with editing.db.write(GUILD) as conn:
        assert await drafts.undo(conn, GUILD, found.draft.batch, now=editing.now, person_id=editing.otto) == (
            "signature", "Signature",
        )  # fmt: skip
    assert await records.find(editing.db.read, GUILD, "signature") is None
    again, _ = await pending_drafts.pending_task(editing.db.read, GUILD, "Signature")
    assert again.record == "signature"
    assert (await editing.saved(await editing.draft(again, value="none"))).changes[0].new


async def test_undo_of_another_server_finds_nothing(editing: Editing):
    found = await editing.saved(await editing.field("drones", "stage", value="signed"))
    for guild_id, batch in ((ELSEWHERE, found.draft.batch), (GUILD, ""), (GUILD, "made-up")):
        with pytest.raises(UserError, match="nothing to undo"):
            async with editing.db.write(guild_id) as conn:
                await drafts.undo(conn, guild_id, batch, now=editing.now, person_id=editing.edda)


async def test_names_in_a_value_are_looked_up_in_this_server(editing: Editing):
    found = await editing.saved(await editing.field("drones", "party", value="India as buyer"))
    assert [one.after and one.after.value for one in found.changes[0].changes] == [Party("india", "buyer")]
    with pytest.raises(Mistakes, match=r"Party: .*not in the record"):
        await editing.preview(await editing.field("drones", "party", value="Atlantis as buyer"))
    with pytest.raises(Mistakes, match="quotation marks"):
        await editing.preview(await editing.field("clearances", "who", value="the lawyers"))
    with pytest.raises(Mistakes, match="on the record stands India as buyer"):
        await editing.preview(await editing.field("drones", "party", value="no longer India"))
    await editing.saved(await editing.field("drones", "party", value="no longer India as buyer", date="6 March 2024"))
    assert await editing.value("drones", "party") is None


async def test_the_preview_says_when_a_value_moves_nothing(editing: Editing):
    same = await editing.preview(await editing.field("drones", "stage", value="under_review"))
    assert ([note.how for note in same.notes], same.changes[0].changes) == (["same"], [])
    older = await editing.preview(await editing.field("drones", "stage", value="proposed", date="1 May 2022"))
    assert [(note.how, [fact.value for fact in note.others]) for note in older.notes] == [("older", ["under_review"])]
    beside = await editing.preview(await editing.field("drones", "value", value="about 4 billion USD"))
    assert [(note.how, len(note.others)) for note in beside.notes] == [("beside", 1)]


async def test_a_record_taken_back_meanwhile_is_refused(editing: Editing):
    draft = await editing.field("drones", "stage", value="signed")
    ids = [update.id for update in await updates.history(editing.db.read, GUILD, "drones") if update.field == "name"]
    async with editing.db.write(GUILD) as conn:
        await updates.withdraw(conn, GUILD, ids, now=editing.now, person_id=editing.otto, reason="A mistake")
    with pytest.raises(NotInRecord, match="no longer in the record"):
        await editing.preview(draft)


async def test_a_part_that_was_not_sent_stays_as_it_was(editing: Editing):
    draft = await editing.field("drones", "stage", value="signed")
    async with editing.db.write(GUILD) as conn:
        again = await drafts.keep_typed(conn, draft, {"date": "today"}, today=date(2024, 3, 7))
    assert again.typed == FORM | {"value": "signed", "date": "2024-03-07"}


async def test_a_record_that_the_form_names_is_looked_up_again_when_it_is_saved(editing: Editing):
    draft = await editing.draft(alias_task(), value="the drones", record="31 Armed Drones")
    found = await editing.preview(draft)
    assert (found.draft.task.record, found.draft.task.name) == ("drones", "31 armed drones")
    await editing.enter(("other", "deal", "name", "31 armed drones"))
    with pytest.raises(Mistakes, match=r"Record: .*several records"):
        await editing.save(found.draft)
    draft = await editing.draft(alias_task(), value="the drones", record="drones")
    saved = await editing.saved(draft)
    assert await records.slug_by_name(editing.db.read, GUILD, "the drones") == "drones"
    async with editing.db.write(GUILD) as conn:
        undone = await drafts.undo(conn, GUILD, saved.draft.batch, now=editing.now, person_id=editing.otto)
    assert undone == ("drones", "31 armed drones")
