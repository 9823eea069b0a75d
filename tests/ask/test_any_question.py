"""Any text as a question gives an answer within Discord's limits or a kind refusal, and none of its markup lives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot import dates
from bot.ask.lexicon import lexicon
from bot.ask.reading import read, tokens
from bot.errors import UserError
from bot.ledger.words import one_line
from bot.services import guilds, sources, updates
from bot.services.updates import Change
from bot.ui import answers
from bot.ui.ids import LIMIT
from bot.ui.layout import COMPONENT_LIMIT, TEXT_LIMIT
from data.database import Database
from data.records import Kind, ListedText, Party, Title
from tests.ask.conftest import Answered, Asking
from tests.ask.servers import SERVERS, Question

LONGEST = 6000

NAMES = (
    "India", "the U.S.", "31 armed drones", "drone deal", "General Atomics", "2+2", "New Delhi", "Pentagon", "Blinken",
    "Gaza", "Hamas", "Grey Bank fisheries licence", "Velmora", "Karsland", "Halden Grain", "fifth round", "भारत",
    "joint statement", "Middle East crisis", "combat vehicles", "hindustan aeronotics", "dronedeal",
)  # fmt: skip
TIMES = (
    "on 5 March 2024", "last week", "in 2023", "since 1 February 2024", "before the signature", "as of 31/12/2023",
    "between August and October 2024", "29 february", "0000-00-00", "999 years ago", "9999-12-31", "1 January 2199",
)  # fmt: skip
HOSTILE = (
    "@everyone", "@here", "<@1>", "<@!1>", "<@&1>", "<#1>", "</x:1>", "<t:1>", "<t:1:R>", "<id:home>", "<:a:1>",
    "<a:b:2>", "[x](https://example.org)", "https://example.org", "<https://example.org>", "# big", "\n# big",
    "-# small",
    "> said", ">>> said", "- item", "1. item", "**b**", "__u__", "_i_", "~~s~~", "`c`", "```\nc\n```",
    "||hidden||", "\\",
    "\\@everyone", "\u202e", "\u200f", "\u2066", "\ud800", "\udfff", "\x00", '"', "'", "“", "’", "NEAR(a, b)", "a OR b",
    "NOT", "AND", "*", "name:", "tags : g1", "{name body} :", "^", "(", ")", '"; DROP TABLE record; --', "%", "_",
    "\u0301", "\u200b", "ß", "İ", "ſ", "ﬁ", "½", "٣", "१२", "𝟛", "🙂", "\U0010ffff", ":", "=", "{}", "{0}", "%s",
)  # fmt: skip

_WORDS = sorted({word for phrase in lexicon().cues for word in phrase} | lexicon().small)
_PARTS = st.sampled_from(NAMES) | st.sampled_from(TIMES) | st.sampled_from(HOSTILE) | st.sampled_from(_WORDS)
_ANY = st.text(st.characters(), max_size=60)
QUESTIONS = (
    st.lists(_PARTS, min_size=1, max_size=12).map(" ".join)
    | st.lists(_PARTS | _ANY, min_size=1, max_size=8).map("".join)
    | st.text(st.characters(), min_size=1, max_size=300)
    | st.tuples(_PARTS | _ANY, st.integers(1, LONGEST)).map(lambda pair: (pair[0] * pair[1])[:LONGEST] or "?")
    | st.lists(st.sampled_from(_WORDS), min_size=100, max_size=400).map(lambda words: " ".join(words)[:LONGEST])
)

_LIVE = re.compile(
    r"(?<!\\)<(?:@[!&]?\d|#\d|/|t:|id:|a?:\w)"  # Mentions, timestamps, guides, emoji.
    r"|@(?:everyone|here)"
    r"|(?<!\\)\](?<!\\)\("  # A link behind words.
)
_OURS = re.compile(r"\[example\.org\]\(<https://example\.org[^>]*>\)|<https://example\.org[^>]*>")


def ids(view: Any) -> list[str]:
    return [item.custom_id for item in view.walk_children() if getattr(item, "custom_id", None)]


def check(answered: Answered, asked: str) -> None:
    """Check that Discord accepts the message and that markup in the question is shown as plain letters."""
    view, text = answered.view, answered.text
    assert 0 < len(text) <= TEXT_LIMIT
    assert view.total_children_count <= COMPONENT_LIMIT
    assert all(0 < len(one) <= LIMIT for one in ids(view))
    for item in view.walk_children():
        for option in getattr(item, "options", ()):
            assert 0 < len(option.label) <= 100
            assert 0 < len(option.value) <= 100
            assert 0 < len(option.description or "-") <= 100
    text.encode("utf-8")  # A half of a pair cannot be sent.
    assert not _LIVE.search(_OURS.sub("", text)), text
    heading, *below = text.split("\n")
    assert heading.startswith("## “")
    assert heading.endswith("”")
    # Its own markup are its two marks and the lines under unknown words, which come in pairs.
    quoted = re.sub(r"\\.", "", heading.removeprefix("## "))
    assert not re.search(r"[*`~|\[\]#<>]", quoted), heading
    assert len(re.findall("_", quoted)) == 2 * len(re.findall("__", quoted)), heading
    assert len(re.findall("__", quoted)) % 2 == 0, heading
    assert not any(character in text for character in "\x00\r\u202e\u2066\u200f")
    assert all(line.startswith(("## ", "### ")) or not line.lstrip().startswith("#") for line in below)


def asked_or_refused(asking: Asking, question: Question) -> Answered | str:
    try:
        return asking.ask(question)
    except UserError as refusal:
        return str(refusal)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.sampled_from(sorted(SERVERS)), QUESTIONS)
@example("starter", "@everyone <@1> </a:1> [drones](https://example.org) **who** makes # them")
@example("starter", "\ud800 drones")
@example("dated", "What was pending on 5 March 2024? " * 170)
@example("second", "List all deals, statements, sessions, documents and events of Velmora and Karsland since 2020")
def test_any_question_gives_an_answer_that_discord_takes_or_a_kind_refusal(asking: Asking, server: str, asked: str):
    question = Question(one_line(asked), [], [], True, "plain", server)
    answered = asked_or_refused(asking, question)
    if isinstance(answered, str):
        assert "Nothing was changed" in answered
        return
    check(answered, question.ask)
    again = asking.ask(question)
    assert again.text == answered.text
    assert ids(again.view) == ids(answered.view)
    found = answered.found
    if found.answered or found.card is not None:
        asking.sources(question, found)  # Every page of it can be made.


@settings(max_examples=60, deadline=None)
@given(st.lists(_PARTS, min_size=1, max_size=60).map(" ".join), st.sets(st.integers(0, 60)))
def test_the_heading_quotes_any_question_letter_by_letter(asked: str, unknown: set[int]):

    found, clipped = tokens(asked)

    reading = read(found, {}, today=date(2026, 11, 24), clipped=clipped)
    heading = answers.heading(asked, reading, [place for place in sorted(unknown) if place < len(found)])
    assert len(heading) < 400
    assert not _LIVE.search(heading)
    assert "\n" not in heading


def test_the_same_words_are_asked_for_in_each_server_alone(asking: Asking):
    for name, foreign in (("starter", "Karsland"), ("second", "Blinken")):
        _, _, text = asking.ask(Question(f"Who is {foreign}?", [], [], False, "plain", name))
        assert foreign not in text.partition("\n")[2]


HARD_SERVER = 1004
HARD = "<@1> @everyone [z](https://example.org) `y` **x**"
"""What an editor of a malicious server may call a record."""


async def fill_with_hard_names(db: Database) -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    slugs: dict[str, Kind] = {"maker": "participant", "deal": "deal", "other": "deal", "topic": "topic"}
    slugs |= {"item": "pending", "said": "statement"}
    async with db.write(HARD_SERVER) as conn:
        await guilds.ensure(conn, HARD_SERVER, name="Hard", owner_id=1)
        source = await sources.ensure(conn, HARD_SERVER, title=f"Title {HARD}", url="https://example.org/a")
        day = dates.parse_fact_date("5 March 2024")

        def set_(slug: str, field: str, value: Any) -> Change:
            return Change(slug, slugs[slug], field, value, day, source, f"page {HARD}"[:60])

        party = Party("maker", f"maker {HARD}")
        changes = [set_(slug, "name", f"{slug} {HARD}") for slug in slugs]
        aliases = (
            ("maker", "Zorblax"),
            ("deal", "Quindor"),
            ("other", "Prantel"),
            ("topic", "Vell"),
            ("item", "Ombrix"),
        )
        changes += [set_(slug, "alias", ListedText(text)) for slug, text in aliases]
        changes += [
            set_("maker", "type", "organisation"),
            set_("maker", "title", Title(HARD)),
            set_("deal", "party", party),
            set_("deal", "summary", HARD),
            set_("deal", "stage", "approved"),
            set_("deal", "approved_by", Party("", HARD)),
            set_("deal", "topic", Party("topic")),
            set_("item", "state", "open"),
            set_("item", "item_kind", "clearance"),
            set_("item", "who", Party("", HARD)),
            set_("item", "about", Party("deal")),
            set_("said", "whose", Party("maker")),
            set_("said", "said", HARD),
            set_("said", "about", Party("topic")),
        ]
        await updates.append(conn, HARD_SERVER, changes, now=now, person_id=None, origin="editor")


@pytest.fixture(scope="module")
def hard(asking: Asking) -> Iterator[str]:
    """Yield one more server, whose records consist of markup."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SERVERS, "hard", HARD_SERVER)
        asking.run(fill_with_hard_names(asking.db))
        yield "hard"


@pytest.mark.parametrize(
    "asked",
    [
        "List all deals",
        "Is Zorblax a buyer in Quindor?",
        "Does Zorblax take part in Prantel?",
        "Who makes Quindor?",
        "What is pending?",
        "Who must act on Quindor?",
        "What was said about Vell?",
        "What did Zorblax say about Quindor?",
        "What changed about Quindor?",
        "What changed about Quindor in March 2024?",
        "Where did Quindor stand on 5 February 2024?",
        "Where did Quindor stand on 5 May 2024?",
        "Was Quindor signed?",
        "Compare Quindor and Prantel",
        "Who is Zorblax?",
        "What is the source of Quindor?",
        "tell me about Ombrix",
        "zebras",
    ],
)
def test_names_and_words_of_the_record_are_letters_too(asking: Asking, hard: str, asked: str):
    question = Question(asked, [], [], True, "plain", hard)
    answered = asking.ask(question)
    check(answered, asked)
    assert asked == "zebras" or "everyone" in answered.text
    for text in (answered.text, asking.sources(question, answered.found)):
        assert not _LIVE.search(_OURS.sub("", text)), text
        assert not re.search(r"(?<!\\)`", text), text
