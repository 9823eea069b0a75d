"""Tests of corrections on a real database: every update of a dossier, and every text that a form can be sent with."""

from __future__ import annotations

import contextlib
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import UserError
from bot.ledger.corrections import CorrectionPreview
from bot.services import corrections, entered_updates, records, updates
from data.database import Database
from data.records import Money
from tests.conftest import GUILD, NOW, OTHER_GUILD, enter
from tests.services import starter

PERSON = 1


async def live_ids(db: Database) -> list[int]:
    rows = await db.read.execute_fetchall("SELECT id FROM ledger WHERE guild_id = ? ORDER BY id", (GUILD,))
    return [id_ for (id_,) in rows]


async def test_every_update_of_a_dossier_can_be_corrected_withdrawn_and_brought_back(db: Database, guild: int):
    await starter.load(db, guild, NOW)
    for id_ in (await live_ids(db))[::5]:
        entered = await entered_updates.get_update(db.read, guild, id_)
        slug = entered.update.record
        before = await records.find(db.read, guild, slug)
        async with db.write(guild) as conn:
            unchanged = await corrections.begin(conn, guild, PERSON, "correct", [id_], now=NOW)
            unchanged = await corrections.keep_typed(conn, unchanged, {"reason": "No reason"})
            with pytest.raises(UserError, match="says what the update says already"):
                await corrections.preview(conn, unchanged, now=NOW)
            for act in ("withdraw", "bring back"):
                correction = await corrections.begin(conn, guild, PERSON, act, [id_], now=NOW)
                correction = await corrections.keep_typed(conn, correction, {"reason": "Not so"})
                seen = await corrections.preview(conn, correction, now=NOW)
                seen = await corrections.save(conn, seen.correction, now=NOW)
                assert seen.correction.state == "saved", (act, slug, entered.update.field)
        after = await records.find(db.read, guild, slug)
        assert before is not None
        assert after is not None
        assert after.record.state == before.record.state


TEXTS = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["", "none", "today", "5 March 2024", "31 February 2024", "2099", "since 2018", "USD 3 bn", "1,2 billion EUR"]
    ),
    st.sampled_from(["https://example.org/x, page 2", "<https://example.org>", "javascript:alert(1)", "a" * 5000]),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["value", "party", "stage", "summary", "quantity", "name"]),
    st.fixed_dictionaries(dict.fromkeys(("value", "date", "source", "published", "reason"), TEXTS)),
)
async def test_any_text_is_either_previewed_or_refused_and_changes_nothing(
    db: Database, guild: int, field: str, typed: dict[str, str]
):
    if await records.find(db.read, guild, "armed-drones") is None:
        await starter.load(db, guild, NOW)
    before = await live_ids(db)
    update = next(u for u in await updates.history(db.read, guild, "armed-drones") if u.field == field)
    async with db.write(guild) as conn:
        correction = await corrections.begin(conn, guild, PERSON, "correct", [update.id], now=NOW)
        correction = await corrections.keep_typed(conn, correction, typed)
    seen: CorrectionPreview | None = None
    with contextlib.suppress(UserError):
        async with db.write(guild) as conn:
            seen = await corrections.preview(conn, correction, now=NOW)
    assert seen is None or typed["reason"].split()
    assert await live_ids(db) == before
    kept = await corrections.get(db.read, guild, correction.id, PERSON)
    assert kept.typed == {name: text[:4000] for name, text in typed.items()}


async def test_a_correction_in_one_server_reaches_no_update_of_another(db: Database, guild: int, source: int):
    await enter(
        db, guild, source, NOW, ("deal", "deal", "name", "Deal"), ("deal", "deal", "value", Money(Decimal(3), "USD"))
    )
    async with db.write(OTHER_GUILD) as conn:
        for act in ("correct", "withdraw", "bring back"):
            with pytest.raises(UserError, match="not on file in this server"):
                await corrections.begin(conn, OTHER_GUILD, PERSON, act, await live_ids(db), now=NOW)
