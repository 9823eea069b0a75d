"""Property test of the derived tables: they do not depend on the order of entering, and a rebuild changes nothing."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.ledger.kinds import STAGES
from bot.ledger.stored import decode_state
from bot.services import guilds, people, sources, updates
from bot.services.derived import refold
from bot.services.updates import Change
from data.database import Connection, Database
from data.migrate import migrate
from data.records import Approval, CitedText, FactDate, Kind, ListedText, Party
from tests.builders import on_day

GUILD = 1
START = datetime(2026, 1, 1, tzinfo=UTC)
RECORDS: dict[str, Kind] = {"maker": "participant", "drones": "deal", "clearance": "pending"}

days = st.integers(0, 3).map(lambda n: date(2023, 1, 1) + timedelta(days=n)).map(on_day)
dates = days | st.just(FactDate("unknown")) | st.just(FactDate("open", date(2023, 1, 2)))
facts = st.one_of(
    st.tuples(st.just("maker"), st.just("name"), st.sampled_from(["General Atomics", "Atomics"])),
    st.tuples(st.just("maker"), st.just("alias"), st.sampled_from([ListedText("GA"), ListedText("GA", gone=True)])),
    st.tuples(st.just("drones"), st.just("name"), st.sampled_from(["31 armed drones", "The drones"])),
    st.tuples(st.just("drones"), st.just("stage"), st.sampled_from(list(STAGES))),
    st.tuples(st.just("drones"), st.just("party"), st.sampled_from([Party("maker", "maker")])),
    st.tuples(
        st.just("drones"),
        st.just("approval"),
        st.sampled_from([Approval(side="maker", what="consent", state=state) for state in ("open", "granted")]),
    ),
    st.tuples(st.just("clearance"), st.just("name"), st.just("Clearances for the drones")),
    st.tuples(st.just("clearance"), st.just("state"), st.sampled_from(["open", "closed"])),
    st.tuples(st.just("clearance"), st.just("item_kind"), st.sampled_from(["clearance", "signature"])),
    st.tuples(st.just("clearance"), st.just("about"), st.sampled_from([Party("drones")])),
)
acts = st.lists(st.tuples(facts, dates, st.integers(0, 1), st.booleans()), min_size=1, max_size=8)


async def enter(conn: Connection, source_ids: list[int], entries: list[Any], order: list[int]) -> None:
    """Enter facts one by one in an order, and afterwards withdraw those that are marked for it."""
    saved: dict[int, str] = {}
    for minute, place in enumerate(order):
        (slug, field, value), on, source, _ = entries[place]
        change = Change(slug, RECORDS[slug], field, value, on, source_ids[source], reason="As the source says.")
        now = START + timedelta(minutes=minute)
        saved[place] = await updates.append(conn, GUILD, [change], now=now, person_id=1, origin="editor")
    for place in order:
        if entries[place][3]:
            rows = await conn.execute_fetchall("SELECT id FROM ledger WHERE batch = ?", (saved[place],))
            ids = [id_ for (id_,) in rows]
            await updates.withdraw(conn, GUILD, ids, now=START + timedelta(days=1), person_id=1, reason="Wrong.")


async def derived(conn: Connection, *, ids: bool) -> Any:
    """Return the contents of the derived tables in a form that can be compared.

    Without `ids`, row ids are left out, so that two databases can be compared that were filled in different orders.
    """
    found: dict[str, Any] = {}
    for row in await conn.execute_fetchall(
        "SELECT slug, live, name, stage, status, open, due_on, newest_on, sort_name, state, kind "
        "FROM record ORDER BY slug"
    ):
        state = decode_state(row[10], row[9])
        shown = {name: [(f.value, f.date, f.source) for f in facts] for name, facts in state.fields.items()}
        said = msgspec.json.decode(row[4], type=tuple[CitedText, ...])
        status = said if ids else [(part.text, [(f.date, f.source) for f in part.facts]) for part in said]
        found[row[0]] = (*row[1:4], status, *row[5:9], state if ids else (shown, state.opened, state.newest))
    for table, columns in (
        ("link", "f.slug, t.field, t.role, o.slug, t.newest_on"),
        ("name", "f.slug, t.norm, t.match_kind, t.kind"),
        ("state_history", "f.slug, t.from_on, t.live, t.stage, t.open"),
    ):
        owner = "from_id" if table == "link" else "record_id"
        join = "JOIN record o ON o.id = t.to_id" if table == "link" else ""
        rows = await conn.execute_fetchall(f"SELECT {columns} FROM {table} t JOIN record f ON f.id = t.{owner} {join}")
        found[table] = sorted(tuple(row) for row in rows)
    rows = await conn.execute_fetchall(
        "SELECT r.slug, t.rowid >> 40, t.tags, t.name, t.body FROM search_index t "
        "JOIN record r ON r.search_id = t.rowid"
    )
    found["search_index"] = sorted(tuple(row) for row in rows)
    rows = await conn.execute_fetchall("SELECT variant, word FROM spelling")
    found["spelling"] = sorted(tuple(row) for row in rows)
    return found


async def new_guild(folder: Path, name: str) -> tuple[Database, list[int]]:
    db = await Database.open(folder / name)
    await migrate(db)
    async with db.write(GUILD) as conn:
        person = await people.ensure(conn, 7)
        await guilds.ensure(conn, GUILD, name="Newsroom", owner_id=7)
        await guilds.configure(conn, GUILD, now=START, person_id=person.id)
        source_ids = [await sources.ensure(conn, GUILD, title=title) for title in ("One article", "Another article")]
        # The records are made first, so that facts can refer to them in any order.
        for slug, kind in RECORDS.items():
            await conn.execute("INSERT INTO record (guild_id, kind, slug) VALUES (?, ?, ?)", (GUILD, kind, slug))
    return db, source_ids


def orders(entries: list[Any]) -> st.SearchStrategy[list[int]]:
    """Return a strategy of orders in which facts of the same record, field and day keep their relative order.

    Such facts apply in the order in which they were entered, so swapping them changes the outcome.
    """

    def keep(shuffled: list[int]) -> list[int]:
        places: dict[Any, list[int]] = {}
        for place in range(len(entries)):
            (slug, field, _), on, _, _ = entries[place]
            places.setdefault((slug, field, on.day), []).append(place)
        queues = {key: iter(group) for key, group in places.items()}
        return [next(queues[(entries[p][0][0], entries[p][0][1], entries[p][1].day)]) for p in shuffled]

    return st.permutations(range(len(entries))).map(keep)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_the_order_of_entering_leaves_the_same_tables_and_they_equal_the_fold_from_scratch(data):
    entries = data.draw(acts)
    order = data.draw(orders(entries))

    async def compare() -> None:
        with tempfile.TemporaryDirectory() as folder:
            first, source_ids = await new_guild(Path(folder), "first.db")
            second, other_source_ids = await new_guild(Path(folder), "second.db")
            try:
                async with first.write(GUILD) as conn:
                    await enter(conn, source_ids, entries, list(range(len(entries))))
                async with second.write(GUILD) as conn:
                    await enter(conn, other_source_ids, entries, order)
                assert await derived(first.read, ids=False) == await derived(second.read, ids=False)

                held = await derived(first.read, ids=True)
                async with first.write(GUILD) as conn:
                    for table in ("link", "name", "spelling", "state_history", "search_index"):
                        await conn.execute(f"DELETE FROM {table}")
                    told = "id IN (SELECT record_id FROM ledger)"
                    await conn.execute(
                        "UPDATE record SET search_id = NULL, live = 0, name = '', sort_name = '', status = '[]', "
                        f"state = '{{}}', open = 0 WHERE {told}"
                    )
                    rows = await conn.execute_fetchall(f"SELECT id FROM record WHERE {told}")
                    await refold(conn, GUILD, [id_ for (id_,) in rows])
                assert await derived(first.read, ids=True) == held
            finally:
                await first.close()
                await second.close()

    asyncio.run(compare())
