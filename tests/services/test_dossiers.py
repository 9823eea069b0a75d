"""Tests of loading a dossier, and of loading it again after the file or the record has changed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot import dossier as files
from bot.errors import BadInput
from bot.services import dossiers, records, search, updates
from bot.services.updates import Change
from data.database import Database
from data.records import ListedText, Money
from tests.builders import count_of, on_day
from tests.services.starter import STARTER, every, load, loaded, roles

__all__ = ["loaded"]  # The fixture.

OTHER = 2000
SESSION_DAY = on_day("2023-11-10", worked_out=True)


def changed_file(now, *replacements: tuple[str, str]) -> files.Dossier:
    text = (dossiers._SHIPPED / f"{STARTER}.yaml").read_text(encoding="utf-8")
    for old, new in replacements:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return files.read(text.encode(), now=now)


async def enter(
    db: Database, guild: int, now, source: int, record: str, field: str, value, on=SESSION_DAY, **more
) -> None:
    kind = (await records.get(db.read, guild, record)).record.kind
    async with db.write(guild) as conn:
        change = Change(record, kind, field, value, on, source, **more)
        await updates.append(conn, guild, [change], now=now, person_id=1, origin="editor")


async def value_of(db: Database, guild: int, record: str, field: str):
    return (await records.get(db.read, guild, record)).record.state.value(field)


async def test_loading_twice_changes_nothing(db, guild, now):
    first = await load(db, guild, now)
    newest = await updates.newest_id(db.read, guild)
    assert first.added == newest
    again = await load(db, guild, now)
    assert (again.added, again.changed, again.withdrawn, again.kept) == (0, 0, 0, 0)
    assert again.unchanged == first.added
    assert await updates.newest_id(db.read, guild) == newest


async def test_what_is_loaded_is_marked_as_from_a_dossier(db, loaded):
    rows = await db.read.execute_fetchall("SELECT DISTINCT origin, person_id FROM ledger WHERE guild_id = ?", (loaded,))
    assert [tuple(row) for row in rows] == [("dossier", 1)]


async def test_a_corrected_file_appends_only_what_changed(db, loaded, now):
    corrected = changed_file(
        now, ("quantity: 31", "quantity: 32"), ("General Atomics as maker", "General Atomics as seller")
    )
    result = await load(db, loaded, now, corrected)
    # Parties are told apart by their roles, so a party in another role is a new fact.
    assert (result.added, result.changed, result.withdrawn, result.kept) == (1, 1, 1, 0)
    history = await updates.history(db.read, loaded, "armed-drones")
    (first, second) = [u for u in history if u.field == "quantity"]
    assert (second.value, second.replaces, second.reason) == (count_of("32"), first.id, "Corrected in the dossier")
    assert await value_of(db, loaded, "armed-drones", "quantity") == count_of("32")
    assert ("general-atomics", "maker") not in roles(await records.get(db.read, loaded, "armed-drones"), "party")
    assert (await load(db, loaded, now, corrected)).unchanged == result.unchanged + 2


async def test_a_file_corrected_twice_and_back_leaves_what_it_says(db, loaded, now):
    for quantity in ("32", "33", "31"):
        await load(db, loaded, now, changed_file(now, ("quantity: 31", f"quantity: {quantity}")))
        assert await value_of(db, loaded, "armed-drones", "quantity") == count_of(quantity)


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
    assert await value_of(db, loaded, "armed-drones", "quantity") == count_of("31")


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
    (mine,) = [u for u in await updates.history(db.read, loaded, "armed-drones") if u.field == "deal_type"]
    replaces = mine.id if as_correction else None
    await enter(db, loaded, now, source, "armed-drones", "deal_type", "lease", replaces=replaces)
    result = await load(db, loaded, now, changed_file(now, ("deal_type: purchase", "deal_type: gift")))
    assert (result.changed, result.kept) == (0, 1)
    assert await value_of(db, loaded, "armed-drones", "deal_type") == "lease"


async def test_a_number_loaded_when_a_deal_had_only_one_is_the_same_fact_still(db, loaded, now):
    [number] = [u for u in await updates.history(db.read, loaded, "armed-drones") if u.field == "quantity"]
    async with db.write(loaded) as conn:
        # The key that the releases gave it in which a deal had one number; rows of the ledger never change otherwise.
        await conn.execute("DROP TRIGGER ledger_keeps_what_was_written")
        await conn.execute(
            "UPDATE ledger SET origin_key = ? WHERE id = ?", (f"{STARTER}/armed-drones/quantity", number.id)
        )
    again = await load(db, loaded, now)
    assert (again.added, again.changed, again.withdrawn) == (0, 0, 0)
    changed = await load(db, loaded, now, changed_file(now, ("quantity: 31", "quantity: 32")))
    assert (changed.added, changed.changed, changed.withdrawn) == (0, 1, 0)


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


async def test_a_record_that_becomes_another_kind_refuses_the_whole_file(db, loaded, now):
    newest = await updates.newest_id(db.read, loaded)
    text = (dossiers._SHIPPED / f"{STARTER}.yaml").read_text(encoding="utf-8")
    start = text.index("  china-details:")
    other = f"{text[:start]}  china-details:\n    kind: topic\n    name: Details\n"
    with pytest.raises(BadInput, match="is a pending item here, not a topic"):
        await load(db, loaded, now, files.read(other.encode(), now=now))
    assert await updates.newest_id(db.read, loaded) == newest


async def test_two_servers_hold_it_apart(db, loaded, now):
    assert await every(db, OTHER) == {}
    assert (await search.search(db.read, OTHER, search.Wanted("भारत"))).total == 0
    first = await load(db, OTHER, now)
    assert first.added == (await load(db, loaded, now)).unchanged
    await load(db, OTHER, now, changed_file(now, ("quantity: 31", "quantity: 32")))
    assert await value_of(db, loaded, "armed-drones", "quantity") == count_of("31")
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


async def test_an_editors_amount_beside_that_of_the_dossier_does_not_keep_it_from_changing(db, loaded, now):
    [mine] = [u for u in await updates.history(db.read, loaded, "armed-drones") if u.field == "value"]
    beside = Money(Decimal(4_000_000_000), "USD")
    await enter(db, loaded, now, mine.source_id, "armed-drones", "value", beside, on=mine.date)
    result = await load(db, loaded, now, changed_file(now, ("more than 3 billion USD", "more than 2 billion USD")))
    assert (result.changed, result.kept) == (1, 0)
    opened = await records.get(db.read, loaded, "armed-drones")
    assert {money.amount for money in (fact.value for fact in opened.record.state.facts("value", Money))} == {
        Decimal(2_000_000_000),
        beside.amount,
    }
