"""Tests of two large dossiers: their cards fit on a phone and are read aloud well, and say what is computed."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot import dossier as files
from bot.services import dossiers, guilds, past, records
from bot.ui import cards
from data.database import Database
from data.records import Money, Opened
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


def lines_of(opened: Opened, *labels: str) -> dict[str, str]:
    """Return the lines of a card with these labels, by label."""
    text = cards.render(opened, now=NOW).text
    lines = dict(re.findall(r"^\*\*([^*]+):\*\* (.*)$", text, re.MULTILINE))
    return {label: lines.get(label, "") for label in labels}


@pytest.mark.parametrize("loaded", [path for path in DOSSIERS if path.stem == "poland-arms"], indirect=True)
@pytest.mark.parametrize(
    ("slug", "said"),
    [
        ("k2-first", "180 of 180 tanks, 13 November 2025 and 26 August 2022"),
        ("k9-first", "66 of 212 howitzers, 18 December 2023 and 26 August 2022"),
        ("fa50gf", "12 of 12 aircraft, December 2023 and 16 September 2022"),
        ("fa50pl", "0 of 36 aircraft, 20 June 2025 and 16 September 2022"),
        ("chunmoo-first", "126 of 218 launchers, June 2025 and November 2022"),
        ("himars-2019", "20 of 20 launchers, 22 November 2024 and 15 May 2023"),
        ("abrams-new", "85 of 250 tanks, 13 November 2025 and 5 April 2022"),
        ("patriot-first", "16 of 16 launchers, 18 December 2025 and 28 March 2018"),
        ("apache-lease", "7 of 8 helicopters, 20 January 2026 and 27 February 2025"),
        ("apache", ""),
    ],
)
async def test_what_was_delivered_is_computed(loaded: Database, slug: str, said: str):
    assert lines_of(await records.get(loaded.read, GUILD, slug), "Delivered")["Delivered"] == said


@pytest.mark.parametrize("loaded", [path for path in DOSSIERS if path.stem == "poland-arms"], indirect=True)
async def test_on_a_past_day_what_had_been_delivered_by_then_is_computed(loaded: Database):
    today = await records.get(loaded.read, GUILD, "k2-first")
    then = (await past.get_many(loaded.read, GUILD, [today], date(2024, 4, 1)))["k2-first"]
    assert lines_of(then, "Delivered")["Delivered"] == "46 of 180 tanks, 20 March 2024 and 26 August 2022"


@pytest.mark.parametrize("loaded", [path for path in DOSSIERS if path.stem == "poland-arms"], indirect=True)
async def test_contracts_name_those_they_follow_from_and_are_named_by_them(loaded: Database):
    second = lines_of(await records.get(loaded.read, GUILD, "k2-second"), "Follows from")
    assert second["Follows from"].startswith("K2 tanks, first contract \\(180\\)")
    first = lines_of(await records.get(loaded.read, GUILD, "k2-first"), "Followed by")
    assert first["Followed by"] == "K2 tanks, second contract \\(180\\), 1 August 2025"
    phase = lines_of(await records.get(loaded.read, GUILD, "patriot-second"), "Parts")
    assert phase["Parts"] == "Patriot M903 launchers made in Poland \\(48\\), 12 August 2024"


@pytest.mark.parametrize("loaded", [path for path in DOSSIERS if path.stem == "poland-arms"], indirect=True)
async def test_no_currency_or_count_is_told_in_a_kind_or_a_delivery(loaded: Database):
    for opened in await every(loaded):
        kinds = [money.kind for money in (fact.value for fact in opened.record.state.facts("value", Money))]
        assert not [kind for kind in kinds if "zloty" in kind or "won" in kind]
        assert "delivered" not in " ".join(str(fact.value) for fact in opened.record.state.facts("delivery"))


@pytest.mark.parametrize("loaded", [path for path in DOSSIERS if path.stem == "eu-mercosur"], indirect=True)
async def test_ratifications_are_counted_and_the_trade_agreement_is_a_part(loaded: Database):
    whole = lines_of(await records.get(loaded.read, GUILD, "empa"), "Parts", "Approvals")
    assert whole["Parts"] == "EU–Mercosur Interim Trade Agreement, 9 January 2026"
    assert whole["Approvals"].startswith("ratification: 4 of 5 granted; newest: ratification by Congress")
    part = lines_of(await records.get(loaded.read, GUILD, "ita"), "Part of")
    assert part["Part of"] == "EU–Mercosur Partnership Agreement, 9 January 2026"


def _texts(part: dict) -> list[str]:
    if part.get("type") == 10:
        return part["content"].splitlines()
    return [line for child in part.get("components", []) for line in _texts(child)]
