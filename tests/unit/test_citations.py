"""Tests of citations: each form is read back by a small reader, and has everything that is known of a source."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ledger.words import one_line
from bot.ui.citations import FORMS, Citation, file_name, fits, of_facts, of_record, page, written
from data.records import Fact, FactDate, Party, Record, Source, State
from tests import builders
from tests.builders import on_day

ACCESSED = date(2026, 11, 24)
MARCH = FactDate("month", date(2024, 3, 1), date(2024, 3, 31))
SOURCE = Source(
    7,
    "India & US sign {pact}: 100% of $3bn",
    "Ministry_of #Defence",
    on_day("2023-11-10"),
    "https://www.news.example/a_(b)?x=1&y=%20",
    "",
    "https://web.archive.org/web/2023/https://www.news.example/a",
    "English",
)
CITED = Citation("31 armed drones", on_day("2023-11-09"), SOURCE, ("sentence 5", "page 3"), ACCESSED)


# Readers


def read_bibtex(text: str) -> list[dict[str, str]]:
    """Read entries of BibTeX as BibTeX does: a value in braces ends at the brace that closes it, escaped or not."""
    entries: list[dict[str, str]] = []
    place = 0
    while (start := text.find("@", place)) >= 0:
        match = re.compile(r"@(\w+)\{([^,\s{}\"#%'()=~\\]+),\s*").match(text, start)
        assert match, text[start : start + 40]
        entry, place = {"type": match[1], "key": match[2]}, match.end()
        while text[place] != "}":
            field = re.compile(r"(\w+) = ").match(text, place)
            assert field, text[place : place + 40]
            place = field.end()
            if text[place] == "{":
                depth, first = 0, place + 1
                while True:
                    depth += {"{": 1, "}": -1}.get(text[place], 0)
                    place += 1
                    if depth == 0:
                        break
                value = text[first : place - 1]
            else:
                word = re.compile(r"\w+").match(text, place)
                assert word
                value, place = word[0], word.end()
            assert field[1] not in entry
            entry[field[1]] = value
            rest = re.compile(r",\s*").match(text, place)
            assert rest
            place = rest.end()
        entries.append(entry)
        place += 1
    return entries


_TEX = {
    "textbackslash": "\\",
    "textbraceleft": "{",
    "textbraceright": "}",
    "textasciitilde": "~",
    "textasciicircum": "^",
}


def from_tex(text: str) -> str:
    """Return the text that TeX would print. Fail on a special character that is not escaped."""
    printed, place = "", 0
    while place < len(text):
        if macro := re.compile(r"\{\\(\w+)\}").match(text, place):
            printed, place = printed + _TEX[macro[1]], macro.end()
        elif text[place] == "\\":
            assert text[place + 1] in "&%$#_", text
            printed, place = printed + text[place + 1], place + 2
        else:
            assert text[place] not in "&%$#_{}~^", text
            printed, place = printed + text[place], place + 1
    return printed


def read_ris(text: str) -> list[dict[str, list[str]]]:
    """Read records in RIS: lines that end in CR LF, each with a tag, from TY to ER."""
    records: list[dict[str, list[str]]] = []
    current: dict[str, list[str]] | None = None
    for line in filter(None, text.splitlines()):  # splitlines also breaks at rare separators, as some readers do.
        match = re.fullmatch(r"([A-Z][A-Z0-9])  - (.*)", line)
        assert match, line
        tag, value = match.groups()
        if tag == "TY":
            assert current is None
            current = {}
        assert current is not None
        if tag == "ER":
            records.append(current)
            current = None
        else:
            current.setdefault(tag, []).append(value)
    assert current is None
    return records


# Examples


def test_a_plain_citation_has_everything_in_one_line():
    assert written([CITED], "plain") == (
        "India & US sign {pact}: 100% of $3bn. Ministry_of #Defence, 10 November 2023. In English. "
        "https://www.news.example/a_(b)?x=1&y=%20 . "
        "Archived: https://web.archive.org/web/2023/https://www.news.example/a . "
        "Cited for 31 armed drones, as of 9 November 2023. Sentence 5; page 3. Accessed 24 November 2026.\n"
    )


def test_a_bibtex_entry_has_everything_and_its_special_characters_are_escaped():
    assert written([CITED], "bibtex").splitlines() == [
        "@misc{newsexample2023-7,",
        r"  title = {{India \& US sign {\textbraceleft}pact{\textbraceright}: 100\% of \$3bn}},",
        r"  publisher = {{Ministry\_of \#Defence}},",
        "  date = {2023-11-10},",
        "  year = {2023},",
        "  language = {English},",
        "  url = {https://www.news.example/a_(b)?x=1&y=%20},",
        "  urldate = {2026-11-24},",
        "  note = {Cited for 31 armed drones, as of 9 November 2023. Sentence 5; page 3},",
        r"  addendum = {Archived: \url{https://web.archive.org/web/2023/https://www.news.example/a}},",
        "  month = nov,",
        "}",
    ]


def test_a_ris_record_has_everything_and_ends_its_lines_with_cr_lf():
    assert written([CITED], "ris") == (
        "TY  - ELEC\r\n"
        "TI  - India & US sign {pact}: 100% of $3bn\r\n"
        "PB  - Ministry_of #Defence\r\n"
        "PY  - 2023\r\n"
        "DA  - 2023/11/10/\r\n"
        "LA  - English\r\n"
        "UR  - https://www.news.example/a_(b)?x=1&y=%20\r\n"
        "L2  - https://web.archive.org/web/2023/https://www.news.example/a\r\n"
        "Y2  - 2026/11/24/\r\n"
        "N1  - Cited for 31 armed drones, as of 9 November 2023\r\n"
        "N1  - Sentence 5; page 3\r\n"
        "ID  - newsexample2023-7\r\n"
        "ER  - \r\n"
    )


@pytest.mark.parametrize(
    ("day", "iso", "slashed", "words"),
    [
        (None, None, None, "Undated"),
        (on_day("2024-02-29"), "2024-02-29", "2024/02/29/", "29 February 2024"),
        (MARCH, "2024-03", "2024/03//", "March 2024"),
        (FactDate("year", date(2024, 1, 1), date(2024, 12, 31)), "2024", "2024///", "2024"),
        (
            FactDate("range", date(2024, 1, 1), date(2024, 4, 30)),
            "2024-01-01/2024-04-30",
            "2024///between 1 January and 30 April 2024",
            "between 1 January and 30 April 2024",
        ),
        (FactDate("open", date(2018, 1, 1)), "2018-01-01/", "2018///since 1 January 2018", "since 1 January 2018"),
        (FactDate("unknown", printed="Cold War"), None, "///Cold War", "Cold War"),
    ],
)
def test_a_day_is_as_precise_as_the_source_gives_it(day: FactDate | None, iso: str, slashed: str, words: str):
    cited = Citation("Drones", MARCH, Source(1, "Title", published_on=day), (), ACCESSED)
    (entry,), (record,) = read_bibtex(written([cited], "bibtex")), read_ris(written([cited], "ris"))
    assert entry.get("date") == iso
    assert record.get("DA") == (None if slashed is None else [slashed])
    assert f"Title. {words}. " in written([cited], "plain")


def test_a_false_source_is_cited_as_false_in_every_form():
    source = Source(1, "Blog", false_because="The ministry denied it")
    for form in FORMS:
        assert "Marked as false: The ministry denied it" in written(
            [Citation("Drones", MARCH, source, (), ACCESSED)], form
        )


def test_each_source_of_a_record_is_cited_with_its_own_newest_day_and_places():
    facts = {
        "name": [Fact[object]("Drones", MARCH, 1, 1)],
        "stage": [Fact[object]("signed", on_day("2024-03-05"), 2, 2, "page 1")],
        "made_in": [Fact[object]("Hosur", on_day("2024-03-01"), 3, 2, "page 2")],
        "party": [Fact[object](Party("i", "buyer"), on_day("2024-05-01"), 4, 3)],
    }
    opened = builders.opened("deal", State(facts), sources=[Source(n, f"S{n}") for n in (1, 2, 3)])  # pyright: ignore[reportArgumentType]  # values of any type
    cited = of_record(opened, ACCESSED)
    assert [(one.source.title, one.as_of, one.locators) for one in cited] == [
        ("S3", on_day("2024-05-01"), ()),
        ("S2", on_day("2024-03-05"), ("page 1", "page 2")),
    ]
    assert [one.source.id for one in of_facts(opened, facts["name"], ACCESSED)] == [1]  # pyright: ignore[reportArgumentType]  # values of any type
    only_named = builders.opened("deal", State({"name": facts["name"]}), sources=[Source(1, "S1")])  # pyright: ignore[reportArgumentType]  # values of any type
    assert [one.source.id for one in of_record(only_named, ACCESSED)] == [1]
    assert of_record(builders.opened("deal", State()), ACCESSED) == []


# Properties

hard = st.text(st.sampled_from(r"""{}\%&$#_~^"'`@=,-<>|*é भ""" + "\n\r\x85\u2028\x1e\t") | st.characters(codec="utf-8"))
texts = hard.filter(lambda text: bool(one_line(text)))
days = st.none() | st.dates().map(on_day) | st.just(MARCH) | texts.map(lambda text: FactDate("unknown", printed=text))
links = st.just("") | st.text(st.sampled_from("ab/%#&?_~{}\\^é ()"), max_size=30).map("https://e.example/".__add__)
described = st.builds(
    Source,
    st.integers(1, 10**9),
    texts,
    hard,
    days,
    links,
    st.just(""),
    links,
    hard.map(lambda text: text[:40]),
    hard,
)
citations = st.lists(
    st.builds(Citation, texts, days.filter(bool), described, st.lists(texts).map(tuple), st.dates()), max_size=4
)


@given(citations)
def test_bibtex_is_read_back_as_it_was(cited: list[Citation]):
    entries = read_bibtex(written(cited, "bibtex"))
    assert len(entries) == len(cited)
    for entry, one in zip(entries, cited, strict=True):
        assert re.fullmatch(r"[a-z0-9-]+", entry["key"])
        for field in ("title", "publisher", "language"):
            known = one_line(getattr(one.source, field))
            value = entry.get(field, "")
            if field in ("title", "publisher") and value:
                assert value.startswith("{")
                assert value.endswith("}")
                value = value[1:-1]
            assert from_tex(value) == known
        assert entry["urldate"] == one.accessed.isoformat()
        assert one_line(one.what) in from_tex(entry["note"])
        assert bool(entry.get("url")) is bool(one.source.url)
        assert not re.search(r"[{}\\\s]", entry.get("url", ""))


@given(citations)
def test_ris_is_read_back_as_it_was(cited: list[Citation]):
    text = written(cited, "ris")
    assert "\n" not in text.replace("\r\n", "")
    assert "\r" not in text.replace("\r\n", "")
    records = read_ris(text)
    assert len(records) == len(cited)
    for record, one in zip(records, cited, strict=True):
        expected = {
            "TI": one.source.title,
            "PB": one.source.publisher,
            "LA": one.source.language,
            "UR": one.source.url,
            "L2": one.source.archived_url,
        }
        assert {tag: record.get(tag, [""]) for tag in expected} == {
            tag: [one_line(value)] for tag, value in expected.items()
        }
        assert any(one_line(one.what) in note for note in record["N1"])


@given(citations)
def test_a_plain_citation_is_one_line_for_each_source(cited: list[Citation]):
    text = written(cited, "plain")
    assert len(list(filter(None, text.splitlines()))) == len(cited)
    for one in cited:
        assert one_line(one.source.title) in text


async def test_a_code_block_cannot_be_ended_by_a_title_and_fits_into_a_message():
    record = Record(1, "deal", "d/../ü", "Drones", (), False, State())
    assert not fits("```")
    assert not fits("x" * 3601)
    view = page(record, "x" * 3600, "plain", None, 2**63)
    assert view.total_children_count < 40
    assert [file_name(record, form) for form in FORMS] == ["d.txt", "d.bib", "d.ris"]
