"""The dossier of what followed the talks, loaded on the starter dossier: past days of its deals, and its cards."""

from __future__ import annotations

import math
import re
from collections import Counter
from datetime import date

import pytest

from bot.errors import BadInput
from bot.ledger.cited import plain
from bot.ledger.kinds import get_field
from bot.services import loaded_dossiers, past, records, updates
from bot.ui import cards
from data.database import Database
from data.records import Money, Opened
from tests.heard import heard, mistakes
from tests.services.starter import STARTER, every, linked, load

SEQUEL = "india-us-after-2plus2"
DRONES, ENGINES, VEHICLES = "armed-drones", "fighter-jet-engines", "infantry-combat-vehicles"

MOST_LINES = 8  # Of a card, without the quiet ones.
PHONE, SCREEN = 36, 31  # Characters of a line at 390 px, and the lines of all texts that fit above the buttons.


@pytest.fixture
async def both(db: Database, guild: int, now) -> int:
    """Return a server with both dossiers."""
    for name in (STARTER, SEQUEL):
        await load(db, guild, now, name)
    return guild


async def on(db: Database, guild: int, slug: str, day: str) -> Opened:
    """Return a record as it stood at the end of a day."""
    today = await records.get(db.read, guild, slug)
    return (await past.get_many(db.read, guild, [today], date.fromisoformat(day)))[slug]


def values(opened: Opened) -> list[str]:
    type_ = get_field("deal", "value").type
    return [type_.words(fact.value, {}) for fact in opened.record.state.facts("value", Money)]


STOOD = {
    "2024-01-31": "Under review; waiting for U.S. government clearances, 10 November 2023",
    "2024-02-15": "Under review, 10 November 2023; waiting for 30-day review under section 36(b) by Congress "
    "(United States), 1 February 2024; 1 more open",
    "2024-03-05": "Under review; waiting for U.S. government clearances, 10 November 2023",
    "2024-04-01": "In negotiation; waiting for signature, 11 March 2024",
    "2024-10-12": "Approved by Cabinet Committee on Security, awaiting signature, 9 October 2024; "
    "waiting for signature, 11 March 2024",
    "2024-10-16": "Signed on 15 October 2024; deliveries outstanding, 15 October 2024",
}


async def test_how_the_drone_deal_stood(db, both):
    assert {day: plain((await on(db, both, DRONES, day)).record.status) for day in STOOD} == STOOD


async def test_the_drone_deal_moves_by_dated_reports_alone(db, both):
    history = await updates.history(db.read, both, DRONES)
    moves = {str(u.date.first): u.value for u in history if u.field == "stage"}
    assert dict(sorted(moves.items())) == {
        "2023-06-15": "requested",
        "2023-11-10": "under_review",
        "2024-03-11": "negotiating",
        "2024-10-09": "approved",
        "2024-10-15": "signed",
    }


async def test_the_values_of_the_drones_stand_side_by_side_and_the_ceiling_is_no_price(db, both):
    before = values(await on(db, both, DRONES, "2024-10-14"))
    after = values(await on(db, both, DRONES, "2024-10-16"))
    assert "more than $3 billion" in before
    assert "$3.99 billion (notified ceiling)" in before
    assert not any("contract" in value for value in before)
    assert set(before) < set(after)
    assert "nearly $4 billion (contract, as reported)" in after
    assert not any("3.99" in value for value in after if "contract" in value)


OPEN = {
    ("drone-review", "2024-02-15"): "U.S. Congress can object; until Saturday 2 March 2024 (fixed), 1 February 2024",
    ("drone-signature", "2024-04-01"): "India must act, 11 March 2024; no due date given",
    ("drone-signature", "2024-10-12"): "India must act, 11 March 2024; due Thursday 31 October 2024 (fixed), "
    "9 October 2024",
    ("drone-signature", "2024-10-16"): "closed: done, 15 October 2024",
    ("drone-delivery", "2024-10-16"): "General Atomics to act, 15 October 2024; no due date given",
    ("next-ministerial", "2024-12-31"): "India and United States to act, 16 September 2024; no due date given",
    ("engine-negotiation", "2024-12-31"): "Hindustan Aeronautics and General Electric's aerospace unit must act; "
    "due March 2025 (reported), 3 December 2024",
}


async def test_what_was_open(db, both):
    assert {key: plain((await on(db, both, *key)).record.status) for key in OPEN} == OPEN


async def test_the_support_contract_is_part_of_the_drone_deal(db, both):
    supports = [opened for opened in (await every(db, both)).values() if linked(opened, "part_of") == {DRONES}]
    assert len(supports) == 1


async def test_neither_engines_nor_vehicles_are_signed(db, both):
    engines, vehicles = await records.get_many(db.read, both, [ENGINES, VEHICLES])
    assert (engines.record.state.value("stage"), engines.record.state.signed) == ("negotiating", None)
    assert (vehicles.record.state.value("stage"), vehicles.record.state.signed) == ("proposed", None)
    assert (await on(db, both, ENGINES, "2024-09-30")).record.state.value("stage") == "unspecified"


async def test_loading_both_again_changes_nothing(db, guild, now):
    first = [await load(db, guild, now, name) for name in (STARTER, SEQUEL)]
    again = [await load(db, guild, now, name) for name in (STARTER, SEQUEL)]
    assert [(result.added, result.changed, result.withdrawn, result.unchanged) for result in again] == [
        (0, 0, 0, result.added) for result in first
    ]
    assert await loaded_dossiers.list_melted(db.read, guild) == []


async def test_it_needs_the_starter_dossier(db, guild, now):
    with pytest.raises(
        BadInput, match=r"builds on the dossier .India–U.S. 2\+2 talks, 10 November 2023., which is not"
    ):
        await load(db, guild, now, SEQUEL)
    assert await every(db, guild) == {}


async def test_it_makes_no_second_record_of_what_the_starter_dossier_has(db, both):
    names = Counter((opened.record.kind, opened.record.name) for opened in (await every(db, both)).values())
    assert [name for name, count in names.items() if count > 1] == []


async def test_every_card_fits_a_phone_and_uses_no_word_that_promises_too_much(db, both, now):
    by_slug = await every(db, both)
    for slug, opened in by_slug.items():
        sessions = [link.slug for link in opened.links if link.kind == "session" and not link.outward]
        session = by_slug[sessions[0]] if opened.record.kind == "dialogue" and sessions else None
        view = cards.record(opened, now=now, editor=True, session=session)
        lines = [line for line in cards.render(opened, now=now, session=session).text.splitlines() if line.strip()]
        shown = [line for line in lines if not line.startswith("-#")]
        assert len(shown) <= MOST_LINES, slug
        assert sum(math.ceil(len(line.replace("\\", "")) / PHONE) for line in lines) <= SCREEN, slug
        assert mistakes(heard(None, view.to_components())) == [], slug
        assert not re.search(r"pending since|\bcleared\b|finali[sz]ed|deal done|\bsold\b", "\n".join(shown)), slug
