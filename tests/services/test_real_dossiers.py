"""Tests of the cards of two large dossiers: each fits on a phone and is read aloud well by a screen reader."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import dossier as files
from bot.services import dossiers, guilds, records
from bot.ui import cards
from data.database import Database
from data.records import Opened
from tests.heard import heard, mistakes

DOSSIERS = sorted((Path(__file__).parent.parent / "dossiers").glob("*.yaml"))
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
GUILD = 1000

MOST_LINES = 8  # Lines of a card, with its heading and without small print.
PHONE, SCREEN = 36, 31  # Characters per line at 390 px, and lines of text that fit above the buttons of a card.


@pytest.fixture(params=DOSSIERS, ids=lambda path: path.stem)
async def loaded(db: Database, request: pytest.FixtureRequest) -> Database:
    found = files.read(request.param.read_bytes(), now=NOW)
    assert isinstance(found, files.Dossier)
    async with db.write(GUILD) as conn:
        await guilds.ensure(conn, GUILD, name="Newsroom", owner_id=7)
        await dossiers.load(conn, GUILD, found, now=NOW, person_id=None)
    return db


async def every(db: Database) -> list[Opened]:
    rows = await db.read.execute_fetchall("SELECT slug FROM record WHERE live = 1 ORDER BY id")
    return [await records.get(db.read, GUILD, slug) for (slug,) in rows]


async def latest_session(db: Database, opened: Opened) -> Opened | None:
    sessions = [link.slug for link in opened.links if link.kind == "session" and not link.outward]
    return await records.find(db.read, GUILD, sessions[0]) if sessions else None


async def test_every_card_fits_a_phone_and_is_heard_as_it_is_read(loaded: Database):
    found = await every(loaded)
    assert len(found) > 100
    for opened in found:
        session = await latest_session(loaded, opened) if opened.record.kind == "dialogue" else None
        view = cards.record(opened, now=NOW, editor=True, session=session)
        text = cards.render(opened, now=NOW, session=session).text
        lines = [line for line in text.splitlines() if line.strip()]
        assert len([line for line in lines if not line.startswith("-#")]) <= MOST_LINES, text
        shown = [line.replace("\\", "") for line in lines]
        assert sum(math.ceil(len(line) / PHONE) for line in shown) <= SCREEN, text
        assert mistakes(heard(None, view.to_components())) == [], text


async def test_no_signed_deal_waits_for_what_is_older_than_its_signature(loaded: Database):
    for opened in await every(loaded):
        if opened.record.kind == "deal" and opened.record.state.signed:
            text = cards.render(opened, now=NOW).text
            stage = opened.record.state.value("stage")
            if stage in ("signed", "in_execution", "completed"):
                assert not text.splitlines()[1].startswith("**Waiting"), text


async def test_all_facts_hold_every_fact_of_a_record_in_both_orders(loaded: Database):
    for opened in (await every(loaded))[::7]:
        held = sum(len(facts) for facts in opened.record.state.fields.values())
        for by_source in (False, True):
            page, shown, seen = 0, 0, set()
            while True:
                view = cards.all_facts(opened, page, by_source=by_source)
                text = "\n".join(heard(None, view.to_components()))
                if text in seen:
                    break
                seen.add(text)
                shown += sum(
                    entry.startswith("**") for part in view.to_components() for entry in _texts(part) if ":** " in entry
                )
                page += 1
            assert shown >= held


def _texts(part: dict) -> list[str]:
    if part.get("type") == 10:
        return part["content"].splitlines()
    return [line for child in part.get("components", []) for line in _texts(child)]
