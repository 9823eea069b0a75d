"""Tests of reading dossier files: what a valid file yields, and the message about each mistake in an invalid one."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import dossier
from bot.dossier import BadDossier, Checked, Dossier
from bot.dossier._reader import FACT_KEYS, MOST_FACTS
from bot.ledger.kinds import KINDS, fields_of
from data.records import FactDate, ListedText, Party
from tests.builders import count_of, on_day

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FOLDER = Path(__file__).parents[2] / "data" / "dossiers"
STARTER = FOLDER / "india-us-2plus2-2023.yaml"

HEAD = """\
dossier: talks
name: Talks
sources:
  article:
    title: An article
  names:
    title: Names
defaults:
  source: article
  date: 2 March 2024 (worked out)
  names: names
"""
RECORDS = """\
records:
  norway:
    kind: participant
    name: NO
    at: sentence 1
    aliases: [नॉर्वे]
    facts:
      - type: country
  grain:
    kind: deal
    name: Grain deal
    facts:
      - stage: negotiating
"""
FACTS_BEGIN = (HEAD + RECORDS).count("\n") + 1
"""The line number at which a text appended to HEAD and RECORDS begins; it continues the facts of the deal."""


def read(text: str | bytes) -> Dossier:
    return dossier.read(text.encode() if isinstance(text, str) else text, now=NOW)


def mistakes(text: str | bytes) -> list[str]:
    with pytest.raises(BadDossier) as caught:
        read(text)
    return [str(mistake) for mistake in caught.value.mistakes]


def fact(text: str, field: str):
    (found,) = [f for record in read(text).records for f in record.facts if f.field == field]
    return found


def test_a_file_is_read_with_what_its_facts_inherit():
    read_one = read(HEAD + RECORDS)
    assert [(r.slug, r.kind, r.name) for r in read_one.records] == [
        ("norway", "participant", "NO"),
        ("grain", "deal", "Grain deal"),
    ]
    name, alias, type_ = read_one.records[0].facts
    day = date(2024, 3, 2)
    assert (name.key, name.value, name.source, name.locator) == ("talks/norway/name", "NO", "article", "sentence 1")
    assert type_.date == on_day(day, worked_out=True)
    assert (alias.value, alias.source, alias.locator) == (ListedText("नॉर्वे"), "names", "")
    assert alias.date == FactDate("unknown")


def test_a_source_has_an_archived_copy_and_a_language():
    links = "url: https://example.org/a\n    archived: https://web.archive.org/web/1/x"
    described = f"title: An article\n    {links}\n    language: हिन्दी"
    article = read((HEAD + RECORDS).replace("title: An article", described)).sources["article"]
    assert (article.url, article.archived_url) == ("https://example.org/a", "https://web.archive.org/web/1/x")
    assert article.language == "हिन्दी"


def test_an_archived_copy_that_is_no_link_is_a_mistake():
    (mistake,) = mistakes((HEAD + RECORDS).replace("title: An article", "title: An article\n    archived: archive.org"))
    assert '"archive.org" is not a link. Write it like https://web.archive.org/' in mistake


def test_a_fact_with_a_source_of_its_own_does_not_inherit_the_locator():
    text = HEAD + RECORDS.replace("    facts:\n      - stage", "    at: page 3\n    facts:\n      - stage")
    quantity = fact(text + "      - quantity: 31\n        source: names\n", "quantity")
    assert (quantity.source, quantity.locator) == ("names", "")
    assert fact(text, "stage").locator == "page 3"


@pytest.mark.parametrize("named", ["NO", "no", "norway", "नॉर्वे"])
def test_records_are_pointed_to_by_name_alias_or_key(named):
    assert fact(f"{HEAD}{RECORDS}      - party: {named} as buyer\n", "party").value == Party("norway", "buyer")


def test_everything_is_text():
    assert fact(f"{HEAD}{RECORDS}      - quantity: 031\n", "quantity").value == count_of("031")
    assert fact(f"{HEAD}{RECORDS}      - model: yes\n", "model").value == "yes"
    assert fact(f"{HEAD}{RECORDS}      - model: null\n", "model").value == "null"


def test_a_byte_order_mark_is_no_part_of_the_text():
    assert read(b"\xef\xbb\xbf" + (HEAD + RECORDS).encode()).slug == "talks"


def test_lines_may_end_as_on_windows():
    assert len(read((HEAD + RECORDS).replace("\n", "\r\n")).records) == 2


@pytest.mark.parametrize(
    ("facts", "line", "path", "reason"),
    [
        ("- value: three billion", 0, "records.grain.facts[1].value", "Write it like more than 3 billion USD"),
        ("- valeu: 3 USD", 0, "records.grain.facts[1].valeu", "Close to it: value. Its fields: name,"),
        ("- model: A\n        colour: red", 0, "records.grain.facts[1]", "2 fields here"),
        ("- at: page 1", 0, "records.grain.facts[1]", "No field is here"),
        ("- just words", 0, "records.grain.facts[1]", "Write them like quantity: 31"),
        ("- model: [a, b]", 0, "records.grain.facts[1].model", "One value is expected here"),
        ("- model:", 0, "records.grain.facts[1].model", "Nothing is written there"),
        ("- party: Grain deal", 0, "records.grain.facts[1].party", "is a deal in this file; a participant"),
        ("- approval: NO licence, open", 0, "records.grain.facts[1].approval", "clearances, open"),
        ("- stage: finalised", 0, "records.grain.facts[1].stage", "Write one of: Under way"),
        ("- model: A\n        date: 2027", 1, "records.grain.facts[1].date", "has not begun anywhere yet"),
        ("- model: A\n        date: 31 February 2024", 1, "records.grain.facts[1].date", "not in the calendar"),
        ("- model: A\n        source: letter", 1, "records.grain.facts[1].source", "article, names"),
        ("- model: A\n        model: B", 1, "records.grain.facts[1].model", "is here twice"),
        (f"- model: {'x' * 101}", 0, "records.grain.facts[1].model", "100 fit"),
        (f"- model: {'x' * 1001}", 0, "records.grain.facts[1].model", "1,001 characters"),
        (f"- model: A\n        at: {'x' * 201}", 1, "records.grain.facts[1].at", "200 fit"),
        ("- stage: signed", 0, "records.grain.facts[1].stage", "The same is at records.grain.facts[0].stage, line"),
        ("- party: NO as buyer\n      - party: norway as Buyer", 1, "records.grain.facts[2].party", "The same is at"),
        ("- stage: proposed\n        key: back", 0, "records.grain.facts[1].stage", "a step back"),
        ("- name: Another", 0, "records.grain.facts[1].name", "The same is at records.grain.name"),
    ],
)
def test_a_wrong_fact_is_told_with_its_line_path_and_remedy(facts, line, path, reason):
    (told,) = mistakes(f"{HEAD}{RECORDS}      {facts}\n")
    assert told.startswith(f"line {FACTS_BEGIN + line}, {path}: ")
    assert reason in told
    assert "Nothing was changed" not in told


@pytest.mark.parametrize(
    ("old", "new", "path", "reason"),
    [
        ("dossier: talks\n", "", "dossier", "This is missing. Write it like dossier: india-us-2plus2-2023"),
        ("dossier: talks", "dossier: Big Talks", "dossier", "Write it like big-talks."),
        ("name: Talks", "name:", "name", "Nothing is written here"),
        ("name: Talks", "nmae: Talks\nname: Talks", "nmae", "Close to it: name."),
        ("    title: Names", "    note: x", "sources.names.title", "This is missing"),
        (
            "    title: Names",
            "    title: Names\n    url: example.org",
            "sources.names.url",
            "https://example.org/article",
        ),
        (
            "    title: Names",
            "    title: Names\n    published_on: 3/4/2024",
            "sources.names.published_on",
            "2024-03-04",
        ),
        ("  names: names", "  names: nemas", "defaults.names", "not one of this file's sources: article, names"),
        ("    kind: deal", "    kind: contract", "records.grain.kind", "is not a kind of record"),
        ("    kind: deal\n", "", "records.grain.kind", "This is missing. Write it like kind: participant"),
        ("    name: Grain deal\n", "", "records.grain.name", "This is missing"),
        ("  grain:", "  Grain Deal:", "records.Grain Deal", "Write it like grain-deal."),
        ("    name: Grain deal", "    name: Grain deal\n    status: x", "records.grain.status", "has no meaning here"),
        ("    aliases: [नॉर्वे]", "    aliases: नॉर्वे", "records.norway.aliases", "Write it like [भारत, Bharat]"),
        ("    facts:\n      - stage: negotiating", "    facts: x", "records.grain.facts", "A list is expected here"),
        ("  grain:\n", "  norway:\n", "records.norway", "is here twice; the first is in line 13"),
    ],
)
def test_a_wrong_part_of_the_file_is_told_with_its_path_and_remedy(old, new, path, reason):
    text = HEAD + RECORDS
    assert old in text
    assert any(f", {path}: " in told and reason in told for told in mistakes(text.replace(old, new, 1)))


def test_names_that_collide_are_told():
    other = "  sweden:\n    kind: participant\n    name: Sweden\n    aliases: [Nō]\n"
    (told,) = mistakes(HEAD + RECORDS + other)
    assert told.startswith(f"line {FACTS_BEGIN + 3}, records.sweden.aliases[0]: ")
    assert "a name of records.norway too, and both are participants" in told


def test_a_name_of_two_kinds_is_ambiguous_only_where_both_fit():
    place = "  no-place:\n    kind: place\n    name: NO\n"
    view = "  view:\n    kind: statement\n    name: View\n    facts:\n      - whose: NO\n      - about: {}\n"
    assert len(read(HEAD + RECORDS + place + view.format("norway")).records) == 4
    (told,) = mistakes(HEAD + RECORDS + place + view.format("NO"))
    assert "is the name of several records. Write one of: no-place, norway." in told


@pytest.mark.parametrize(("line", "reason"), [("  source: article\n", "No source"), ("  date: 2 March", "No date")])
def test_every_fact_needs_a_source_and_a_date(line, reason):
    (start,) = [found for found in HEAD.splitlines(keepends=True) if found.startswith(line.rstrip("\n"))]
    told = mistakes(HEAD.replace(start, "") + RECORDS)
    assert len(told) == 4
    assert all(reason in one for one in told)


def test_aliases_need_a_source():
    (told,) = mistakes(HEAD.replace("  names: names\n", "") + RECORDS)
    assert "records.norway.aliases[0]: These names have no source" in told


def test_a_stage_that_goes_back_is_fine_with_a_reason_and_a_key():
    later = "      - stage: proposed\n        key: back\n        date: 5 May 2024\n        reason: talks began anew\n"
    stages = [f for f in read(HEAD + RECORDS + later).records[1].facts if f.field == "stage"]
    assert [(f.key, f.reason) for f in stages] == [
        ("talks/grain/stage", ""),
        ("talks/grain/stage/back", "talks began anew"),
    ]


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file():
    text = HEAD.replace("name: Talks", "name:") + RECORDS.replace("country", "planet") + "      - value: much\n"
    told = mistakes(text)
    assert [one.partition(",")[0] for one in told] == ["line 2", "line 19", f"line {FACTS_BEGIN}"]


def test_the_error_shows_the_first_five_and_counts_the_rest():
    with pytest.raises(BadDossier) as caught:
        read(HEAD + RECORDS + "".join(f"      - bad{i}: x\n" for i in range(8)))
    text = str(caught.value)
    assert text.startswith("The dossier cannot be used, so nothing was changed.\n")
    assert text.count("has no field") == 5
    assert "and 3 more" in text


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (BOMB.encode(), 1, "Anchors and aliases"),
        (b"a: *b\n", 1, "Anchors and aliases"),
        (b"[" * 500, 1, "more than 20 levels"),
        (b"dossier: " + b"[" * 500 + b"]" * 500, 1, "more than 20 levels"),
        (b"{a: " * 500, 1, "more than 20 levels"),
        (b"- " * 500, 1, "more than 20 levels"),
        (b"name: !!python/object/apply:os.system [ls]\n", 1, "Tags like"),
        (b"name: !x y\n", 1, "Tags like"),
        (b"dossier: a\n\tname: b\n", 2, "Indent with spaces"),
        (b"dossier: a\nname: b: c\n", 2, "quotation marks"),
        (b"dossier: a\n---\nname: b\n", 2, "A second document"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", 1, "not text in UTF-8"),
        ("name: é".encode("latin-1"), 1, "not text in UTF-8"),
        ("name: é".encode("utf-16"), 1, "not text in UTF-8"),
        (b"a: b\nc: \x00\x01\n", 2, "control character"),
        (b"", 1, "The file is empty"),
        (b"# nothing\n", 1, "The file is empty"),
        (b"just words", 1, "Names and values are expected here"),
        (b"- a\n- b\n", 1, "Names and values are expected here"),
        (b"? [a, b]\n: c\n", 1, "A name has to stand before the colon"),
        (b"x" * (dossier.LARGEST_FILE + 1), 1, "larger than 1,000,000 bytes"),
    ],
    ids=lambda value: value[:20].decode("latin-1") if isinstance(value, bytes) else None,
)
def test_what_is_no_dossier_at_all_is_refused_with_the_reason(content, line, reason):
    told = mistakes(content)
    assert reason in told[0]
    assert told[0].startswith(f"line {line}")
    assert len(told) == 1 or b"words" in content or content.startswith(b"- a")


def test_a_file_of_more_facts_than_fit_is_refused():
    facts = "".join(f"      - topic: t{i}\n" for i in range(MOST_FACTS + 1))
    (told,) = mistakes(HEAD + RECORDS + facts)
    assert f"{MOST_FACTS:,} fit" in told


def test_no_field_has_the_name_of_what_stands_beside_it():
    assert not {row.name for kind in KINDS for row in fields_of(kind)} & set(FACT_KEYS)


def test_checking_a_file_gives_its_mistakes_as_lines(tmp_path):
    file = tmp_path / "talks.yaml"
    file.write_text(HEAD + RECORDS, encoding="utf-8")
    assert dossier.check(file, now=NOW) == Checked([], [])
    file.write_text(HEAD + RECORDS + "      - value: much\n", encoding="utf-8")
    (told,) = dossier.check(file, now=NOW).mistakes
    assert told.startswith(f"line {FACTS_BEGIN}, records.grain.facts[1].value: ")
    missing = dossier.check(tmp_path / "none.yaml", now=NOW)
    assert missing.mistakes == ["none.yaml cannot be read: no such file or directory."]
    (told,) = dossier.check(tmp_path, now=NOW).mistakes
    assert "cannot be read" in told


def test_checking_a_file_lists_the_names_that_a_server_has_to_have(tmp_path):
    file = tmp_path / "talks.yaml"
    more = "      - party: Norwya\n  drones:\n    kind: deal\n    existing: The drones\n"
    file.write_text(HEAD + RECORDS + more, encoding="utf-8")
    assert dossier.check(file, now=NOW) == Checked(
        [], [f"line {FACTS_BEGIN}: Norwya. Close to it: norway.", f"line {FACTS_BEGIN + 3}: The drones"]
    )


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.yaml")), ids=lambda file: file.stem)
def test_shipped_dossiers_have_no_mistake_and_are_named_after_their_file(file):
    assert dossier.check(file, now=NOW).mistakes == []
    assert dossier.read(file.read_bytes(), now=NOW).slug == file.stem


def test_the_example_in_the_readme_can_be_loaded():
    found = re.search(r"```yaml\n(.*?)```", (FOLDER / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert found
    assert [record.slug for record in read(found[1]).records] == ["example-land", "grain-deal"]


PIECES = [
    *(
        "\n",
        ":",
        "- ",
        "  ",
        "\t",
        '"',
        "'",
        "[",
        "]",
        "{",
        "}",
        "&a ",
        "*a",
        "!x ",
        "#",
        "|",
        ">",
        "?",
        "\x00",
        "\u2028",
    ),
    *(" #4", "\u00a0", "\u200b", "“", "”", "name:x", "existing: ", "builds_on: "),
    *("", "no longer ", " as ", "9" * 30, "unknown: ", "since ", "٣", "K"),
]


@settings(deadline=None)
@given(st.data())
def test_whatever_is_done_to_a_file_only_its_own_error_is_raised(data):
    text = STARTER.read_text(encoding="utf-8")[-9000:] if data.draw(st.booleans()) else HEAD + RECORDS
    if not text.startswith("dossier"):
        text = HEAD + "records:\n" + text[text.index("\n  ") + 1 :]
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        end = min(len(text), at + data.draw(st.integers(0, 40)))
        piece = data.draw(st.one_of(st.sampled_from(PIECES), st.text(max_size=12)))
        text = text[:at] + piece + text[end:]
    assert is_read_or_refused(text.encode("utf-8", "surrogatepass"))


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content):
    assert is_read_or_refused(content)


def is_read_or_refused(content: bytes) -> bool:
    try:
        return bool(dossier.read(content, now=NOW).records)
    except BadDossier as error:
        return bool(error.mistakes and str(error))
