"""Tests of messages about sources: they fit Discord's limits whatever a source holds, and show typed text as typed."""

from __future__ import annotations

from datetime import UTC, date, datetime

from discord import ui
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.ledger.source_lines import Description, host_and_day, label, link_key, read_description
from bot.ledger.sourced import EntryDetails, FactsOfSources, SourcedFact, Withdrawal
from bot.ui import facts, sources
from bot.ui.choices import choices
from data.records import Fact, FactDate, ListedText, Source
from tests.builders import on_day
from tests.unit.views import labels_of, parts, text_of

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DAY = on_day("2023-11-10")

long = st.sampled_from(["*" * 600, "x", "@everyone ", "`" * 90, "\n- a", "भारत " * 60]).map(lambda text: text[:500])
links = st.sampled_from(["", "https://e.org/" + "x" * 480, "https://e.org/(a)", "javascript:x", "https://e.org/<>"])
days = st.none() | st.just(DAY) | long.map(lambda text: FactDate("unknown", printed=text[:300]))


@st.composite
def some_sources(draw: st.DrawFn) -> list[Source]:
    count = draw(st.integers(1, 50))
    return [
        Source(
            number,
            draw(long)[:200],
            draw(long)[:100],
            draw(days),
            draw(links),
            draw(long),
            draw(links),
            draw(long)[:40],
            draw(st.sampled_from(["", "*" * 500])),
            number,
        )
        for number in range(1, count + 1)
    ]


@st.composite
def some_facts(draw: st.DrawFn, of: list[Source]) -> list[SourcedFact]:
    return [
        SourcedFact(
            "deal",
            f"deal-{number % 7}",
            draw(long)[:100],
            "alias",
            Fact(
                ListedText(draw(long)[:100]), draw(days) or DAY, number, draw(st.sampled_from(of)).id, draw(long)[:200]
            ),
        )
        for number in range(draw(st.integers(0, 40)))
    ]


def fits(view: ui.LayoutView) -> None:
    """Fail if a message exceeds a limit of Discord."""
    assert 1 <= len(text_of(view)) <= 4000
    assert len(list(parts(view))) <= 40
    for part in parts(view):
        assert len(part.get("custom_id", "")) <= 100
        assert len(part.get("label") or "") <= 80
        for option in part.get("options", []):
            assert 1 <= len(option["label"]) <= 100
            assert 1 <= len(option["description"]) <= 100


async def test_no_source_makes_a_message_too_long():
    @settings(max_examples=60, deadline=None)
    @given(st.data(), some_sources(), st.booleans(), st.sampled_from([None, 2**63]), st.integers(0, 30))
    def check(data: st.DataObject, cited: list[Source], editor: bool, guild_id: int | None, page: int):
        for of in (cited, cited[:1]):
            listed = data.draw(some_facts(of))
            entered = {fact.fact.update: EntryDetails(fact.fact.update, "editor", NOW, 2**63) for fact in listed}
            described = {of[0].version: EntryDetails(1, "editor", NOW, 2**63)}
            publications = {source.id: source.id for source in of}
            shown = FactsOfSources(of, publications, listed, {}, entered, described)
            view = sources.render(
                shown, "x" * 400, page, key="*" + "k" * 60, editor=editor, guild_id=guild_id, note="n" * 200
            )
            fits(view)
            assert ("Describe this source" in labels_of(view)) is (editor and len(of) == 1)
        listed = data.draw(some_facts(cited))
        plan = Withdrawal(
            cited[0],
            list(range(2000)),
            listed,
            [(fact, fact.fact.source) for fact in listed],
            listed,
            {},
            {source.id: source for source in cited},
        )
        fits(
            sources.false_preview(
                plan, guild_id, f"**Somebody changed this meanwhile.** {sources.typed_reason('*' * 500)}"
            )
        )
        typed: dict[str, str] = dict.fromkeys(("title", "publisher", "published", "archived", "language"), "*" * 500)
        fits(sources.refused(read_description(typed, now=NOW, today=date(2026, 11, 24))[1], typed, 2**40, guild_id))

    check()


@given(some_sources())
def test_a_source_has_a_valid_choice_and_each_is_offered(cited: list[Source]):
    offered = choices(sources.choice(source) for source in cited)
    assert len(offered) == min(len({choice.value for choice in map(sources.choice, cited)}), 25)
    for source in cited:
        assert len(label(source)) <= 100
        assert len(host_and_day(source)) >= 1


def test_all_that_is_known_of_a_source_is_described_once():
    source = Source(
        1,
        "A_title",
        "reuters.com",
        DAY,
        "https://r.example/a",
        "A note",
        "https://archive.ph/x",
        "Hindi",
        "It was *fake*",
    )
    assert facts.described(source) == (
        "A\\_title, reuters.com, marked as false; 10 November 2023; in Hindi; <https://r.example/a>; "
        "archived: <https://archive.ph/x>\n-# A note\n-# False: It was \\*fake\\*"
    )
    assert facts.described(source, title=False).startswith("reuters.com, marked as false; 10 November 2023; ")
    assert facts.described(Source(1, "Title"), title=False) == "Undated; no link"


def test_a_link_with_parentheses_is_shown_by_its_host():
    assert facts.masked_link("https://e.org/a_(b)") == "[e.org](<https://e.org/a_%28b%29>)"


def test_links_to_one_page_have_one_key():
    keys = {link_key(link) for link in ("https://www.E.org/a/", "http://e.org/a", "e.org/a", "<https://e.org/a>")}
    assert keys == {"e.org/a"}
    assert link_key("https://e.org/A") != link_key("https://e.org/a")


def test_a_typed_description_is_read_as_typed():
    typed = {
        "title": " A  title ",
        "publisher": "Times",
        "published": "yesterday",
        "archived": "<web.archive.org/web/1/https://e.org/a>",
        "language": "हिन्दी",
    }
    described, mistakes = read_description(typed, now=NOW, today=date(2026, 11, 24))
    assert mistakes == []
    assert described == Description(
        "A title", "Times", on_day("2026-11-23"), "https://web.archive.org/web/1/https://e.org/a", "हिन्दी"
    )
    assert read_description({"title": "T", "published": "Undated"}, now=NOW, today=date(2026, 11, 24)) == (
        Description("T"),
        [],
    )


@given(st.dictionaries(st.sampled_from(["title", "publisher", "published", "archived", "language"]), st.text()))
def test_any_typed_description_is_read_or_refused(typed: dict[str, str]):
    described, mistakes = read_description(typed, now=NOW, today=date(2026, 11, 24))
    assert (described is None) is bool(mistakes)
