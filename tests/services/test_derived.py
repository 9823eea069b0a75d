"""Tests of the derived tables: they are written with each update, and rebuilt when their version changes."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bot.ledger.cited import bare
from bot.services import derived, records, sources, updates
from bot.services.updates import Change
from data.database import Database
from data.migrate import FOLDER, migrate
from data.records import Approval, Fact, Kind, ListedText, Party
from tests.builders import on_day
from tests.conftest import GUILD, OTHER_GUILD, REPORTED, enter
from tests.services.starter import load

DERIVED = ("record", "link", "search_index", "name", "spelling", "state_history")


async def rows(db: Database, query: str, *values: Any) -> list[tuple]:
    return [tuple(row) for row in await db.read.execute_fetchall(query, values)]


async def everything(db: Database) -> dict[str, list[tuple]]:
    return {
        table: sorted(await rows(db, f"SELECT {'rowid, ' * (table == 'search_index')}* FROM {table}"), key=repr)
        for table in DERIVED
    }


async def vocabulary(db: Database, guild_id: int) -> set[str]:
    return {word for (word,) in await rows(db, "SELECT word FROM spelling WHERE guild_id = ?", guild_id)}


# Bringing a file up to date


async def test_a_file_of_the_first_version_is_upgraded_and_everything_is_found_again(
    db: Database, guild: int, now: datetime, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    await load(db, GUILD, now)
    folder, path = tmp_path / "migrations", tmp_path / "old.db"
    folder.mkdir()
    shutil.copy(FOLDER / "0001_first.sql", folder)
    old = await Database.open(path)
    await migrate(old, folder)
    await old.close()
    with closing(sqlite3.connect(path)) as file:
        file.execute("ATTACH ? AS new", (str(db.path),))
        copied = [("desk", "guild"), *((table, table) for table in ("person", "source", "record", "ledger", "link"))]
        for table, new in copied:
            there = {row[1] for row in file.execute(f"PRAGMA new.table_info({new})")}
            columns = ", ".join(row[1] for row in file.execute(f"PRAGMA main.table_info({table})") if row[1] in there)
            file.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{new}")
        file.execute("UPDATE record SET headline = 'Waiting for clearances' WHERE kind = 'deal'")
        file.execute("INSERT INTO text (rowid, desk, body) VALUES (1, 'g1000', 'a text of the first version')")
        file.execute("INSERT INTO name (guild_id, norm, record_id, start) VALUES (1000, 'mq9b', 1, 0)")
        file.execute("INSERT INTO spelling VALUES (1000, 'q9b', 'mq9b', 1)")
        file.execute("INSERT INTO question (guild_id, person_id, text, asked_at) VALUES (1000, 1, '{}', '2026')")
        file.commit()

    upgraded = await Database.open(path)
    try:
        with caplog.at_level(logging.INFO, "bot.services.derived"):
            await derived.bring_up_to_date(upgraded)
        assert await everything(upgraded) == await everything(db)
        assert await rows(upgraded, "SELECT filed_at, unanswered FROM question") == [(None, 0)]
        assert [line.message for line in caplog.records] == ["what is derived was written anew"]
        assert (await records.get_by_name(upgraded.read, GUILD, "31 armed drones")).record.slug == "armed-drones"

        caplog.clear()
        await derived.bring_up_to_date(upgraded)
        assert caplog.records == []
    finally:
        await upgraded.close()


async def test_what_was_cut_short_or_written_by_another_version_is_written_anew(db, guild, source, now):
    await load(db, GUILD, now)
    await enter(db, OTHER_GUILD, await a_source(db), now, ("x", "topic", "name", "Grain exports"))
    await derived.bring_up_to_date(db)
    held = await everything(db)
    for version in (None, "1"):
        async with db.write(None) as conn:
            await conn.execute("DELETE FROM search_index WHERE rowid IN (SELECT search_id FROM record WHERE id % 2)")
            await conn.execute("DELETE FROM spelling WHERE variant <> word")
            await conn.execute("INSERT INTO spelling VALUES (?, 'leftover', 'leftover')", (guild,))
            await conn.execute("DELETE FROM meta WHERE key = 'derived'")
            if version:
                await conn.execute("INSERT INTO meta VALUES ('derived', ?)", (version,))
        await derived.bring_up_to_date(db)
        assert await everything(db) == held


async def test_a_file_that_is_up_to_date_is_left_alone(db, guild, source, now):
    await derived.bring_up_to_date(db)
    await load(db, GUILD, now)
    async with db.write(guild) as conn:
        await conn.execute("UPDATE record SET status = json('[[\"as it was\",[]]]') WHERE slug = 'armed-drones'")
    await derived.bring_up_to_date(db)
    assert await rows(db, "SELECT status FROM record WHERE slug = 'armed-drones'") == [('[["as it was",[]]]',)]


async def a_source(db: Database) -> int:
    async with db.write(OTHER_GUILD) as conn:
        return await sources.ensure(conn, OTHER_GUILD, title="Another article")


# Columns of pending items


async def test_an_open_item_has_what_statements_ask_for_in_columns_until_it_is_closed(db, guild, source, now):
    query = "SELECT item_kind, basis, zone, opened_by IS NOT NULL FROM record WHERE slug = 'loa'"
    await enter(
        db,
        guild,
        source,
        now,
        ("loa", "pending", "name", "Letter"),
        ("loa", "pending", "state", "open"),
        ("loa", "pending", "item_kind", "signature"),
        ("loa", "pending", "basis", "stated"),
        ("loa", "pending", "zone", "Asia/Kolkata"),
    )
    assert await rows(db, query) == [("signature", "stated", "Asia/Kolkata", 1)]
    await enter(db, guild, source, now, ("loa", "pending", "state", "closed"), day=on_day("2023-11-11"))
    assert await rows(db, query) == [("signature", "stated", "Asia/Kolkata", 0)]


async def test_the_fact_that_opened_an_item_is_kept_without_its_value(db, guild, source, now):
    await enter(db, guild, source, now, ("loa", "pending", "name", "Letter"), ("loa", "pending", "state", "open"))
    ((opened_by,),) = await rows(db, "SELECT opened_by FROM record WHERE slug = 'loa'")
    fact = (await records.get(db.read, guild, "loa")).record.state.fact("state")
    assert fact is not None
    assert msgspec.json.decode(opened_by, type=Fact[object]) == bare(fact)


# Names and texts


async def test_names_are_kept_in_all_ways_in_which_they_are_asked_for(db, guild, source, now):
    await enter(
        db,
        guild,
        source,
        now,
        ("india", "participant", "name", "India"),
        ("india", "participant", "alias", ListedText("New Delhi (for the Indian government)")),
        ("mod", "participant", "name", "The Ministry of Defence"),
    )
    found = await rows(
        db,
        "SELECT n.norm, n.match_kind FROM name n JOIN record r ON r.id = n.record_id "
        "WHERE r.slug = 'mod' ORDER BY 2, 1",
    )
    assert found == [
        ("the ministry of defense", 0),
        ("defense", 1),
        ("ministry of defense", 1),
        ("of defense", 1),
        ("md", 2),
        ("tmod", 2),
    ]
    stands = await rows(db, "SELECT norm, match_kind, kind FROM name WHERE norm IN ('india', 'new delhi')")
    assert stands == [("india", 0, "participant"), ("new delhi", 3, "participant")]
    async with db.write(guild) as conn:
        ids = [id_ for (id_,) in await rows(db, "SELECT id FROM ledger")]
        await updates.withdraw(conn, guild, ids, now=now, person_id=1, reason="Wrong.")
    for table in ("name", "spelling", "search_index"):
        assert await rows(db, f"SELECT * FROM {table}") == [], table


async def test_a_text_says_by_tags_what_it_can_be_filtered_by(db, guild, source, now):
    await enter(
        db,
        guild,
        source,
        now,
        ("us", "participant", "name", "U.S. government"),
        ("drones", "deal", "name", "31 MQ-9B drones"),
        ("drones", "deal", "stage", "under_review"),
        ("drones", "deal", "party", Party("us", "seller")),
        ("drones", "deal", "approval", Approval(side="us", what="licence", state="requested")),
        ("answer", "pending", "name", "Answer"),
        ("answer", "pending", "state", "open"),
        ("answer", "pending", "about", Party("drones")),
    )
    ids = dict(await rows(db, "SELECT slug, id FROM record"))
    found = await rows(
        db, "SELECT r.slug, t.tags, t.name, t.body FROM search_index t JOIN record r ON r.search_id = t.rowid"
    )
    texts = {slug: (set(tags.split()), name, set(body.split())) for slug, tags, name, body in found}
    tags, name, body = texts["drones"]
    assert tags == {"g1000", "g1000kdeal", "g1000sunderreview", f"g1000r{ids['us']}", "g1000o"}
    assert name == "31 mq 9 b drones"
    assert {"us", "government", "seller", "license", "under", "review"} <= body
    assert "drones" not in body
    assert texts["answer"][0] == {"g1000", "g1000kpending", f"g1000r{ids['drones']}", "g1000o"}
    assert texts["us"][0] == {"g1000", "g1000kparticipant"}

    await enter(db, guild, source, now, ("answer", "pending", "state", "closed"))
    await enter(
        db, guild, source, now, ("drones", "deal", "approval", Approval(side="us", what="licence", state="granted"))
    )
    assert await rows(db, "SELECT rowid FROM search_index WHERE search_index MATCH 'tags:g1000o'") == []


async def test_texts_lie_newest_first_and_move_with_their_record(db, guild, source, now):
    await enter(db, guild, source, now, ("undated", "topic", "name", "Grain"))
    await enter(db, guild, source, now, ("late", "deal", "name", "Grain"), ("late", "deal", "stage", "signed"))
    await enter(
        db,
        guild,
        source,
        now,
        ("early", "deal", "name", "Grain"),
        ("early", "deal", "stage", "signed"),
        day=on_day("2020-01-01"),
    )
    query = (
        "SELECT r.slug, t.rowid FROM search_index t JOIN record r ON r.id = t.rowid & 0xFFFFFFFFFF "
        "WHERE search_index MATCH 'name:grain' ORDER BY t.rowid DESC"
    )
    found = await rows(db, query)
    assert [slug for slug, _ in found] == ["late", "early", "undated"]
    assert [rowid >> 40 for _, rowid in found] == [date(2023, 11, 10).toordinal(), date(2020, 1, 1).toordinal(), 0]
    await enter(db, guild, source, now, ("early", "deal", "model", "B"), day=on_day("2024-01-01"))
    assert [slug for slug, _ in await rows(db, query)] == ["early", "late", "undated"]


# The vocabulary


async def test_a_word_is_known_while_some_live_record_of_the_server_holds_it(db, guild, source, now):
    elsewhere = await a_source(db)
    await enter(db, OTHER_GUILD, elsewhere, now, ("x", "topic", "name", "Grain exports"))
    first = await enter(db, guild, source, now, ("grain", "topic", "name", "Grain imports"))
    second = await enter(
        db, guild, source, now, ("said", "statement", "name", "Support"), ("said", "statement", "said", "more grain")
    )
    assert await vocabulary(db, guild) == {"grain", "imports", "support", "more"}
    async with db.write(guild) as conn:
        await updates.undo(conn, guild, first, now=now, person_id=1)
    assert await vocabulary(db, guild) == {"grain", "support", "more"}
    async with db.write(guild) as conn:
        await updates.undo(conn, guild, second, now=now, person_id=1)
    assert await vocabulary(db, guild) == set()
    assert await vocabulary(db, OTHER_GUILD) == {"grain", "exports"}


async def test_a_new_name_is_known_by_those_who_show_it_and_the_old_one_forgotten(db, guild, source, now):
    await enter(
        db,
        guild,
        source,
        now,
        ("us", "participant", "name", "Columbia"),
        ("drones", "deal", "name", "Drones"),
        ("drones", "deal", "party", Party("us", "seller")),
    )
    assert "columbia" in await vocabulary(db, guild)
    await enter(db, guild, source, now, ("us", "participant", "name", "Washington"))
    assert {"washington", "seller", "drones"} == await vocabulary(db, guild) - {
        "under",
        "way",
        "no",
        "stage",
        "reported",
    }
    assert await rows(db, "SELECT count(*) FROM spelling WHERE variant = 'olumbia'") == [(0,)]


# The past


async def test_deals_and_pending_items_are_kept_as_they_stood(db, guild, source, now):
    consent = Approval(side="us", what="clearances", state="open")
    await enter(
        db,
        guild,
        source,
        now,
        ("us", "participant", "name", "U.S. government"),
        ("drones", "deal", "name", "Drones"),
        ("drones", "deal", "stage", "requested"),
        ("answer", "pending", "name", "Answer"),
        ("answer", "pending", "state", "open"),
        day=on_day("2020-01-01"),
    )
    await enter(db, guild, source, now, ("drones", "deal", "approval", consent), day=on_day("2022-01-01"))
    await enter(db, guild, source, now, ("drones", "deal", "stage", "under_review"), day=on_day("2021-01-01"))
    await enter(db, guild, source, now, ("answer", "pending", "state", "closed"), day=on_day("2023-01-01"))
    batch = await enter(db, guild, source, now, ("drones", "deal", "stage", "signed"), day=on_day("2024-01-01"))
    history = (
        "SELECT h.from_on, h.live, h.stage, h.open FROM state_history h JOIN record r ON r.id = h.record_id "
        "WHERE r.slug = ? ORDER BY h.from_on"
    )
    assert await rows(db, history, "drones") == [
        ("2020-01-01", 1, "requested", 0),
        ("2021-01-01", 1, "under_review", 0),
        ("2022-01-01", 1, "under_review", 1),
        ("2024-01-01", 1, "signed", 1),
    ]
    assert await rows(db, history, "answer") == [("2020-01-01", 1, None, 1), ("2023-01-01", 1, None, 0)]
    assert await rows(db, history, "us") == []
    async with db.write(guild) as conn:
        await updates.undo(conn, guild, batch, now=now, person_id=1)
    assert [from_on for from_on, *_ in await rows(db, history, "drones")] == ["2020-01-01", "2021-01-01", "2022-01-01"]


async def test_a_change_of_one_record_among_thousands_stays_quick(db, guild, source, now):
    """Count SQLite's steps instead of seconds: writing one update must not scan all records of the server."""
    matters: list[tuple[str, Kind, str, Any]] = [
        (f"topic-{i}", "topic", "name", f"Matter {chr(97 + i % 26)}{chr(97 + i // 26 % 26)}x") for i in range(1500)
    ]
    await enter(db, guild, source, now, ("drones", "deal", "name", "Drones"), *matters)
    hundred_steps = 0

    def count() -> int:
        nonlocal hundred_steps
        hundred_steps += 1
        return 0

    async with db.write(guild) as conn:
        await conn.set_progress_handler(count, 100)
        change = Change("drones", "deal", "name", "Aircraft", REPORTED, source)
        await updates.append(conn, guild, [change], now=now, person_id=1, origin="editor")
        await conn.set_progress_handler(lambda: 0, 0)
    assert hundred_steps < 30, hundred_steps
