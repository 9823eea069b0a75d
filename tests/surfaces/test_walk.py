"""Tests that every field of every kind works everywhere: in dossiers, forms, cards, *All facts*, history and search.

The records are made from the examples in the definitions of the fields, so a new field is tested without any change.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import yaml

from bot import dossier as files
from bot.ledger.drafts import field_task
from bot.ledger.kinds import KINDS, Field, fields_of, find_field, get_field, kind_of
from bot.ledger.stored import encode
from bot.ledger.values import FieldType, PartyType
from bot.ledger.words import normal, slug_of
from bot.services import dossiers, drafts, guilds, people, records, search, timelines
from bot.services.search import Wanted
from bot.ui import cards, history
from bot.ui import draft_forms as forms
from bot.ui.cards import _blocks as blocks
from data.database import Database
from data.records import Kind, Opened
from tests.unit.views import text_of

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
GUILD = 1000
OWN = "walked"

NOT_ON_CARDS = {
    ("*", "alias"): "names for finding",
    ("*", "checked"): "a quiet line says when somebody last looked",
    ("deal", "quantity"): "said with what was delivered: 16 of 31 drones",
    ("deal", "delivered"): "said with what was ordered: 16 of 31 drones",
    ("deal", "approved_by"): "named with the stage that it belongs to, approved",
    ("deal", "approval"): "of a signed deal it is said to have no outcome",
    ("deal", "side_state"): "left out once a newer stage overtook it",
    ("participant", "type"): "of somebody with a title the title says more",
    ("participant", "org_type"): "of somebody with a title the title says more",
    ("pending", "state"): "an open item has somebody who must act",
    ("pending", "basis"): 'it is heard in "must act" and "to act"',
    ("pending", "zone"): "it decides when a due date has passed",
    ("pending", "outcome"): "said of an item that is closed",
}
"""Fields that the cards of the test records do not show, each with the reason. "*" stands for any kind."""


def _every_field() -> list[tuple[Kind, str]]:
    return [(kind, field.name) for kind in KINDS for field in fields_of(kind)]


def _mentioned(type_: FieldType) -> Iterator[tuple[str, Kind]]:
    for name in type_.mentions(type_.example):
        yield name, type_.kinds[0]


def _dossier_of(kind: Kind) -> bytes:
    """Return a dossier file with a record that has every field of its kind, and the records that it refers to."""
    own_facts = []
    named: dict[str, Kind] = {}
    for field in fields_of(kind):
        named |= dict(_mentioned(field.type))
        if field.name not in ("name", "alias"):
            own_facts.append({field.name: field.type.example})
    own = {
        "kind": kind,
        "name": get_field(kind, "name").type.example if kind == "deal" else f"The walked {kind_of(kind).one}",
        "aliases": [get_field(kind, "alias").type.example],
        "facts": own_facts,
    }
    others = {slug_of(name): {"kind": its, "name": name} for name, its in named.items() if name != own["name"]}
    written = {
        "dossier": "walk",
        "name": "A walk",
        "summary": "Every field once.",
        "sources": {
            "paper": {"title": "The walking paper", "publisher": "Walkers", "published_on": "11 November 2023"}
        },
        "defaults": {"source": "paper", "date": "10 November 2023", "names": "paper"},
        "records": {OWN: own, **others},
    }
    return yaml.safe_dump(written, allow_unicode=True, sort_keys=False).encode()


@pytest.fixture(params=KINDS)
async def walked(db: Database, request: pytest.FixtureRequest) -> Opened:
    """Return a record with every field of its kind, loaded from a dossier. Tests run once for each kind."""
    dossier = files.read(_dossier_of(request.param), now=NOW)
    async with db.write(GUILD) as conn:
        await guilds.ensure(conn, GUILD, name="Newsroom", owner_id=7)
        await dossiers.load(conn, GUILD, dossier, now=NOW, person_id=None)
    return await records.get(db.read, GUILD, OWN)


def _words(opened: Opened, field: Field) -> str:
    """Return the normalised words of a field's value that each surface has to contain, without a role in brackets."""
    words = field.type.words(opened.record.state.facts(field.name)[-1].value, opened.names)
    return normal(words.partition(" (")[0] if isinstance(field.type, PartyType) else words)


def without_weekday(words: str) -> str:
    return " ".join(word for word in words.split() if not word.endswith("day"))


async def test_a_dossier_keeps_every_field(walked: Opened):
    fields = [field for field in fields_of(walked.record.kind) if field.name != "name"]
    assert [field.name for field in fields if not walked.record.state.facts(field.name)] == []
    for field in fields:
        [fact] = walked.record.state.facts(field.name)
        assert field.type.words(fact.value, walked.names)


async def test_every_field_stands_on_the_card_or_behind_all_facts(walked: Opened):
    title, _, below = cards.render(walked, now=NOW, room=4000).text.partition("\n")
    drafted = blocks.drafted(walked, NOW, None)
    card = normal(" ".join([title, below, *(part.text for part in drafted.texts())]))
    facts = normal(" ".join(text_of(cards.all_facts(walked, page)) for page in range(5)))
    sources = text_of(cards.all_facts(walked, 0, by_source=True))
    assert "The walking paper" in sources
    for field in fields_of(walked.record.kind):
        words = _words(walked, field)
        assert words in facts, field.name
        assert normal(field.label) in facts, field.name
        if not {(walked.record.kind, field.name), ("*", field.name)} & NOT_ON_CARDS.keys():
            assert without_weekday(words) in card, f"{field.name} is on no card"


async def test_history_tells_every_field_or_counts_it(db: Database, walked: Opened):
    found = await timelines.get(db.read, GUILD, OWN)
    pages = normal(" ".join(text_of(history.page(found, page)) for page in range(4)))
    for field in fields_of(walked.record.kind):
        assert _words(walked, field) in pages or (not field.reports and field.noun in pages), field.name


async def test_search_finds_a_record_by_every_field(db: Database, walked: Opened):
    for field in fields_of(walked.record.kind):
        found = await search.search(db.read, GUILD, Wanted(text=_words(walked, field)), limit=20)
        assert OWN in [hit.row.slug for hit in found.hits], field.name


async def test_every_field_has_a_form_that_shows_its_example(db: Database, walked: Opened):
    offered = dict(forms.offered(walked))
    for field in fields_of(walked.record.kind):
        if field.name in ("checked", "state", "outcome"):
            continue  # *Nothing new* and closing an item set these fields.
        assert offered[field.name] == field.label
        async with db.write(GUILD) as conn:
            person = await people.ensure(conn, 7)
            draft = await drafts.start(conn, GUILD, person.id, field_task(walked, field), now=NOW)
        shown = forms.form(draft, guild_id=None, here=False).to_dict()
        assert field.label[:45] in str(shown)


@pytest.mark.parametrize(("kind", "name"), _every_field())
def test_a_field_parses_its_own_example(kind: Kind, name: str):
    field = find_field(kind, name)
    assert field is not None
    value = field.type.parse(field.type.example, lambda text, _: slug_of(text))
    field.type.check(value)
    names = {slug_of(text): text for text in field.type.mentions(field.type.example)}
    assert field.type.parse(field.type.typed(value, names), lambda text, _: slug_of(text)) == value
    assert field.type.stored.decode(encode(value)) == value
