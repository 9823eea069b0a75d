"""What an answer says carries its own day and source, whatever was reported of the same record on other days."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import dates
from bot import dossier as files
from bot.ask.finding import Changed, Finding, Listed, Told
from bot.ask.reading import read, tokens
from bot.ledger.fold import fold
from bot.ledger.kinds import get_field
from bot.ledger.stage import AwaitedItem
from bot.ledger.status import status
from bot.services import dossiers, guilds, sources, updates
from bot.services.updates import Change
from bot.ui import answers
from data.database import Database
from data.records import (
    Approval,
    Bound,
    Due,
    Fact,
    FactDate,
    Kind,
    Link,
    Money,
    Opened,
    Party,
    Record,
    Row,
    Source,
    Title,
    Update,
)
from tests.ask.conftest import Answered, Asking
from tests.ask.servers import HERE, SERVERS, Question, plain
from tests.builders import count_of, on_day

LATER = 1005
_NAMES = {
    "India": "india",
    "General Atomics": "general-atomics",
    "31 armed drones for India": "armed-drones",
    "Wheat quota": "wheat-quota",
    "Velmora": "velmora",
    "Sarvian Customs Union": "sarvian-union",
}
_TOLD: tuple[tuple[str, str, tuple[tuple[str, Kind, str, str], ...]], ...] = (
    ("20 November 2026", "Ministry note 2", (("fighter-jet-engines", "deal", "stage", "signed"),)),
    ("5 June 2025", "Ministry note 1", (("fighter-jet-engines", "deal", "summary", "Talks on the price go on."),)),
    (
        "3 March 2025",
        "Roll of the Senate",
        (("lloyd-austin", "participant", "title", "former Defense Secretary"),),
    ),
    ("1 October 2024", "Gazette 9", (("drone-clearances", "pending", "due", "31 October 2024, announced"),)),
    ("15 October 2024", "Contract report", (("armed-drones", "deal", "stage", "signed"),)),
    (
        "20 October 2024",
        "Shipping list",
        (
            ("drone-delivery", "pending", "name", "Delivery of the drones"),
            ("drone-delivery", "pending", "state", "open"),
            ("drone-delivery", "pending", "item_kind", "delivery"),
            ("drone-delivery", "pending", "who", "General Atomics"),
            ("drone-delivery", "pending", "about", "31 armed drones for India"),
        ),
    ),
    ("1 December 2024", "Court paper", (("armed-drones", "deal", "party", "no longer General Atomics as maker"),)),
    ("16 October 2024", "Price sheet", (("armed-drones", "deal", "value", "about 3.5 billion USD (contract)"),)),
    ("7 May 2026", "Trade blog", (("armed-drones", "deal", "value", "5 billion USD (estimate)"),)),
    (
        "9 October 2024",
        "Cabinet note",
        (("armed-drones", "deal", "approval", "India (Cabinet Committee): purchase, granted"),),
    ),
    ("5 January 2024", "Calendar 3", (("combat-vehicle-answer", "pending", "due", "28 February 2024, announced"),)),
    ("2 March 2024", "Letter 7", (("combat-vehicle-answer", "pending", "state", "closed"),)),
    ("2 March 2024", "Letter 7", (("combat-vehicle-answer", "pending", "outcome", "answered"),)),
)


async def _fill(db: Database) -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    async with db.write(LATER) as conn:
        await guilds.ensure(conn, LATER, name="Later", owner_id=1)
        for found in (
            dossiers.read_shipped("india-us-2plus2-2023", now=now),
            files.read((HERE / "second.dossier.yaml").read_bytes(), now=now),
        ):
            await dossiers.load(conn, LATER, found, now=now, person_id=None)
        for day, title, changes in _TOLD:
            source = await sources.ensure(conn, LATER, title=title, url=f"https://{title.split()[0].lower()}.example/a")
            entered = [
                Change(
                    slug, kind, field, get_field(kind, field).type.parse(text, lambda name, _: _NAMES[name]),
                    dates.parse_fact_date(day), source, "page 1",
                )
                for slug, kind, field, text in changes
            ]  # fmt: skip
            await updates.append(conn, LATER, entered, now=now, person_id=None, origin="editor")


@pytest.fixture(scope="module")
def later(asking: Asking) -> Iterator[Asking]:
    """Yield one more server, in which every report has a day and a source of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SERVERS, "later", LATER)
        asking.run(_fill(asking.db))
        yield asking


def ask(asking: Asking, question: str) -> Answered:
    return asking.ask(Question(question, [], [], True, "plain", "later"))


def lines(answered: Answered) -> list[str]:
    """Return the lines of an answer as they read."""
    return [plain(line) for line in answered.text.splitlines()[1:] if line]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What is the engine deal?", "Fighter-jet engines: signed on 20 November 2026 ([ministry.example]"),
        ("What is the engine deal?", "Talks on the price go on, 5 June 2025 ([ministry.example]"),
        ("Was the engine deal signed?", "Signed on 20 November 2026"),
        ("Was the engine deal signed?", "Ministry note 2, page 1 (undated, [ministry.example]"),
        ("Who is Lloyd Austin?", "Lloyd Austin: former Defense Secretary, 3 March 2025 ([roll.example]"),
        ("Who is Lloyd Austin?", "United States, 10 November 2023 (News article without a title, sentence 3)"),
        ("What are the drone clearances?", "Due: Thursday 31 October 2024 (announced by an official), reported 1"),
        ("What is the answer to the combat vehicle offer?", "closed, answered, 2 March 2024 ([letter.example]"),
        (
            "When was the answer to the combat vehicle offer due?",
            "Wednesday 28 February 2024 (announced by an official)",
        ),
        ("Was the drone deal signed?", "Signed on 15 October 2024 ([contract.example]"),
        ("Was the drone deal signed?", "Deliveries outstanding, 20 October 2024 ([shipping.example]"),
        ("What stage is the drone deal at?", "Signed on 15 October 2024 ([contract.example]"),
        ("Who approved the drone deal?", "Purchase by Cabinet Committee (India): granted, 9 October 2024 ([cabinet.ex"),
        ("How much are the drones worth?", "Value: about $3.5 billion (contract), 16 October 2024 ([price.example]"),
        ("How much are the drones worth?", "Also reported: $5 billion (estimate), 7 May 2026 ([trade.example]"),
        ("How much are the drones worth?", "Also reported: more than $3 billion; number: 31, 10 November 2023 (News"),
        ("What changed about the drones since November 2024?", "party: no longer General Atomics (maker), 1 December"),
    ],
)
def test_each_fact_stands_beside_its_own_day_and_source(later: Asking, question: str, said: str):
    found = lines(ask(later, question))
    assert any(said in line for line in found), "\n".join(found)


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("Was the drone deal signed?", "Signed on 15 October 2024"),
        ("Has the drone deal been signed?", "Signed on 15 October 2024"),
        ("What stage is the drone deal at?", "Signed on 15 October 2024"),
        ("How much are the drones worth?", "Value: about $3.5 billion (contract)"),
        ("Has the engine deal been signed?", "Signed on 20 November 2026"),
        ("Has the wheat quota been signed?", "Signed on 8 October 2026"),
    ],
)
def test_the_newest_stage_and_the_contract_s_value_come_first(later: Asking, question: str, first: str):
    assert lines(ask(later, question))[0].startswith(first)


@pytest.mark.parametrize(
    ("question", "wrong"),
    [
        ("What is the engine deal?", "As reported"),
        ("How much are the drones worth?", " or "),
        ("Which deals have no approval?", "a approval"),
        ("What is the engine deal?", ".."),
        ("What changed about the drones since November 2024?", "general-atomics"),
        ("Was the drone deal signed?", "waiting for"),
        ("Was the drone deal signed?", "not in the record"),
        ("Tell me about the drones", "Side state: None"),
    ],
)
def test_nothing_is_said_that_the_record_contradicts(later: Asking, question: str, wrong: str):
    assert wrong not in "\n".join(lines(ask(later, question)))


def test_a_past_day_is_judged_by_itself(later: Asking):
    asked = "When were the drone clearances due as of 12 October 2024?"
    text = ask(later, asked).text
    assert "Due: Thursday 31 October 2024" in text
    assert "passed" not in text
    assert "passed" not in ask(later, asked.replace("12", "31")).text
    assert "this day has passed, and the item is still open here" in ask(later, asked.replace("12 Oct", "2 Nov")).text
    assert "this day has passed" in ask(later, "When are the drone clearances due?").text
    assert "Under review; waiting for U.S. government clearances, 10 November 2023" in plain(
        ask(later, "Was the drone deal signed on 1 March 2024?").text
    )


def test_a_list_has_one_day_only_where_all_its_facts_have_it(later: Asking):
    text = ask(later, "List all deals").text
    assert "As reported" not in text
    assert "Fighter-jet engines**: Signed on 20 November 2026\n" in text
    alone = later.ask(Question("List all deals", [], [], True, "plain", "starter")).text
    assert "counted in this record. As reported on 10 November 2023.\n" in alone
    assert alone.count("10 November 2023") == 1


@pytest.mark.parametrize(
    ("question", "open_"),
    [
        ("Who makes the drones?", "31 armed drones…"),
        ("Who is Lloyd Austin?", "Lloyd Austin"),
        ("What are the drone clearances?", "Clearances for the 31…"),
        ("What is the wheat quota?", "Wheat quota"),
    ],
)
def test_the_record_is_one_press_away_and_every_label_is_unique(later: Asking, question: str, open_: str):
    labels = [item.label for item in ask(later, question).view.walk_children() if getattr(item, "label", None)]
    assert labels == [f"Open {open_}", "Sources", f"Follow {open_}", "Share", "Not what I asked"]
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize(
    "question",
    ["Tell me about the drones", "What is the 2+2 dialogue?", "Who is India?", "Compare the drones and the engines",
     "What changed since 2020?", "List all deals", "What did India say?"],
)  # fmt: skip
def test_an_answer_fits_a_phone(later: Asking, question: str):
    text = ask(later, question).text
    assert len([line for line in text.splitlines() if line and not line.startswith("-#")]) <= 8
    assert not re.search("^#{2,3} ", text.partition("\n")[2], re.MULTILINE), "a card below"


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("Was the drone deal signed?", ["**Stage:** Signed", "**Approval:** clearances", "**State:** Open"]),
        ("How much are the drones worth?", ["**Value:** about $3.5 billion", "**Value:** $5 billion"]),
    ],
)
def test_sources_begin_with_what_the_answer_states(later: Asking, question: str, first: list[str]):
    answered = ask(later, question)
    asked = Question(question, [], [], True, "plain", "later")
    opened = [line for line in later.sources(asked, answered.found).splitlines() if line.startswith("**")]
    assert all(line.startswith(begin) for line, begin in zip(opened, first, strict=False)), opened[:3]


# Records at random


_FIRST_DAY = date(2024, 1, 1)
_DAYS = re.compile(rf"\d{{1,2}} (?:{'|'.join(dates.MONTHS)}) 20\d\d")
_WORD = re.compile(r"\b[wW]\d+\b")


def _fact_date(n: int) -> FactDate:
    day = _FIRST_DAY + timedelta(days=n)
    return on_day(day)


def _values(kind: Kind, n: int) -> dict[str, Any]:
    """Return a value for each field of a kind, with a word of its own."""
    word = f"w{n}"
    due = Due(FactDate("year", first=date(2099, 1, 1), last=date(2099, 12, 31)), "announced")
    return {
        "deal": {
            "summary": f"{word}.",
            "party": Party("", word),
            "value": Money(Decimal(5), "USD", bound=Bound.EXACT, kind=word),
            "quantity": count_of(word),
            "model": word,
            "approved_by": Party("", word),
            "approval": Approval(side="x", what=word, state="granted"),
        },
        "pending": {"who": Party("", word), "summary": word, "due": due},
        "participant": {"title": Title(word), "summary": word},
        "statement": {"said": word, "whose": Party("", word)},
    }[kind]


@st.composite
def _records(draw: st.DrawFn) -> tuple[Opened, list[Update]]:
    """Return a record of several reports, each with a day, a source and a word of its own, a deal with an open item."""
    kind: Kind = draw(st.sampled_from(["deal", "pending", "participant", "statement"]))
    fields = draw(st.lists(st.sampled_from(sorted(_values(kind, 0))), min_size=1, max_size=7))
    found: list[Update] = []

    def enter(field: str, value: Any) -> None:
        n = len(found) + 1
        at = datetime(2026, 1, 1, tzinfo=UTC)
        found.append(Update(n, "it", "set", field, value, _fact_date(n), at, None, n, "", "", None, "b", "editor", ""))

    enter("name", "Thing")
    if kind == "pending":
        enter("state", "open")
    for field in fields:
        enter(field, _values(kind, len(found) + 1)[field])
    if kind == "deal":
        enter("stage", draw(st.sampled_from(["under_review", "approved", "signed", "in_execution"])))
    n = len(found) + 1
    opened_by = Fact(None, _fact_date(n), n, n)
    state = fold(kind, found)
    items = [AwaitedItem(f"w{n}", "clearance", opened_by)] if kind == "deal" else []
    said = status(kind, state, {}, items)
    sources_ = {id_: Source(id_, f"S{id_}x") for id_ in range(1, n + 1)}
    record = Record(1, kind, "it", "Thing", said, kind == "pending", state)
    links = [Link("about", "", False, "pending", "item", f"w{n}", (), True, opened_by, "clearance", opened_by)]
    return Opened(record, links if items else [], sources_), found


def _finding(opened: Opened, entered: list[Update], how: str) -> Finding:
    asked, clipped = tokens("what is it")
    reading = read(asked, {}, today=date(2026, 1, 1), clipped=clipped)
    record = opened.record
    facts = [(field, fact) for field, of_field in record.state.fields.items() for fact in of_field if field != "name"]
    if how == "changed":
        reported = [update for update in entered if get_field(record.kind, update.field).reports]
        return Finding(reading, changed=[Changed(opened, reported)], card=opened)
    if how == "listed":
        row = Row(record.kind, record.slug, record.name, record.status, None)
        return Finding(reading, listed=Listed(record.kind, [row, row], 2), opened=[opened])
    if how == "said" and record.kind == "statement":
        return Finding(reading, statements=[opened], statements_total=1, card=opened)
    if how == "stage" and record.kind == "deal":
        return Finding(reading, lines=[Told(opened, [], "stage")], card=opened)
    told = Told(opened, facts) if how == "values" else Told(opened, facts, "identity")
    return Finding(reading, lines=[told], card=opened)


@settings(max_examples=200, deadline=None)
@given(_records(), st.sampled_from(["identity", "values", "changed", "listed", "stage", "said"]))
def test_no_line_has_a_day_or_a_source_that_is_not_its_own(made: tuple[Opened, list[Update]], how: str):
    opened, entered = made
    found = _finding(opened, entered, how)
    text = plain(answers.draw("what is it", found, now=datetime(2026, 1, 1, tzinfo=UTC)))
    by_line = {line: _own(line, entered) for line in text.splitlines()[1:]}
    for line, told in by_line.items():
        counts = "counted in this record" in line  # The day of a list is that of every row.
        own = set[int]().union(*by_line.values()) if counts else told
        if counts:
            assert len(own) == 1 or not _DAYS.search(line), text
        days = {dates.format_fact_date(_fact_date(n), weekday=False) for n in own}
        assert set(_DAYS.findall(line)) <= days, text
        assert {int(n) for n in re.findall(r"\bS(\d+)x", line)} <= own or line.startswith("S"), text
        if own and how != "listed" and not _shared(text):
            assert re.search(r"\bS\d+x", line), text
            assert days == set(_DAYS.findall(line)), text


def _own(line: str, entered: list[Update]) -> set[int]:
    """Return the reports that a line tells: by the word that each has, or by what only one of them can mean."""
    own = {int(word[1:]) for word in _WORD.findall(line)}
    for update in entered:
        means = _MEANING.get(f"{update.field} {update.value}" if update.field in ("stage", "state") else update.field)
        if means is not None and means in line.casefold():
            own.add(update.id)
    if "due" in line.casefold():  # Of several due dates the newest counts; the changes of each day tell their own.
        dues = {update.id for update in entered if update.field == "due"}
        stated = {n for n in dues if dates.format_fact_date(_fact_date(n), weekday=False) in line}
        own |= stated or {max(dues, default=0)} - {0}
    return own


_MEANING = {
    "stage under_review": "under review",
    "stage approved": "awaiting signature",
    "stage signed": "signed",
    "stage in_execution": "carried out",
    "state open": "open",
}


def _shared(text: str) -> bool:
    """Return whether one quiet line holds the source of all."""
    return bool(re.search(r"^S\d+x", text, re.MULTILINE))
