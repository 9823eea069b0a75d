"""Tests that mistakes which people make in typing YAML are told in plain words, each with its line and its cause."""

from __future__ import annotations

import pytest

from bot import dossier
from bot.dossier import BadDossier
from tests.unit.test_dossier import HEAD, NOW, RECORDS, mistakes, read

LINE = (HEAD + RECORDS).splitlines().index("    name: Grain deal") + 1
"""The line of the deal's name in HEAD and RECORDS."""


def with_name(line: str, end: str = "\n") -> str:
    """Return a dossier in which a line takes the place of the deal's name."""
    return (HEAD + RECORDS).replace("    name: Grain deal", line, 1).replace("\n", end)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("    name: Deal #4 for India", 'only "Deal" is read'),
        ("    name: Deal #4 for India", 'put all of it in quotation marks: "Deal #4 for India"'),
        ("    name: Lot # 4", 'only "Lot" is read'),
        ("    name: Deal  #4", 'quotation marks: "Deal #4"'),
        ("    name: #4", "nothing is read"),
        ('    name: The "big" deal #4', "quotation marks: \"The 'big' deal #4\""),
        ("\tname: Grain deal", "This line begins with a tab. Indent with spaces"),
        ("  \tname: Grain deal", "This line begins with a tab. Indent with spaces"),
        ("\u00a0\u00a0\u00a0\u00a0name: Grain deal", "begins with a no-break space"),
        ("    \u00a0name: Grain deal", "begins with a no-break space"),
        ("\u3000\u3000name: Grain deal", "begins with a special space"),
        ("\u200b    name: Grain deal", "begins with an invisible space"),
        ("\ufeff    name: Grain deal", "begins with an invisible byte-order mark"),
        ("    name:Grain deal", "A space is missing after the colon. Write it like name: Grain deal"),
        ("    name:\u00a0Grain deal", "The space after the colon is no normal space. Write it like name: Grain deal"),
        ("    name: “Grain deal”", "The quotation marks “ and ” are curly"),
        ("    name: ‘Grain deal’", "The quotation marks ‘ and ’ are curly"),
        ("    name: „Grain deal“", "are curly"),
        ("    name: «Grain deal»", "are curly"),
        ("    name: “Deal: part two”", "Curly quotation marks do not count"),
        ("    name: Deal: part two", "This value has a colon with a space behind it"),
        ("    name: 'Canada's grain deal'", "An apostrophe ends a value in single quotation marks"),
        ("    name: @grain", "A value cannot begin with @"),
        ("    name: `grain`", "A value cannot begin with `"),
        ("    name: %grain", "A value cannot begin with %"),
        ("    name: *grain", "Anchors and aliases"),
        ("    name: A\n    name: B", f"is here twice; the first is in line {LINE}"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_mistake_names_its_line_and_its_cause(line, reason, end):
    refused = mistakes(with_name(line, end))
    number = LINE + ("twice" in reason)
    assert any(mistake.startswith((f"line {number}:", f"line {number}, ")) for mistake in refused), refused
    assert any(reason in mistake for mistake in refused), refused


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("    name: Grain deal\n     kind2: x", "This line is indented further than the value above it"),
        ("    name: Grain deal\n   kind2: x", "fits none of the lines above it"),
        ("    aliases: [Deal #4, Deal 5]\n    name: Grain", "From the # on this line is a comment"),
        ("    aliases: [A, B\n    name: Grain", "The bracket that opens here is not closed"),
        ('    name: "Grain deal', "is not closed"),
    ],
)
def test_a_mistake_that_shows_later_is_told_where_it_is(line, reason):
    (refused,) = mistakes(with_name(line))
    assert refused.startswith((f"line {LINE}:", f"line {LINE + 1}:"))
    assert reason in refused


@pytest.mark.parametrize("item", ["- quantity:31", "- quantity:\u00a031"])
def test_a_space_that_is_missing_in_a_list_is_told(item):
    (refused,) = mistakes(f"{HEAD}{RECORDS}      {item}\n")
    assert "Write it like quantity: 31" in refused


def test_all_lines_with_wrong_indentation_are_told_at_once():
    refused = mistakes((HEAD + RECORDS).replace("\n    ", "\n\t"))
    assert len(refused) > 5
    assert all("begins with a tab" in mistake for mistake in refused)


@pytest.mark.parametrize(
    "line",
    [
        "    name: Grain deal # as the article has it",
        "    name: Grain deal  # 2024, as the article has it",
        "    name: Grain deal #",
        '    name: "Deal #4 for India"',
        "    name: 'Deal #4 for India'",
        "    name: Deal#4",
        "    name: C# deal",
        "    name: The “grain” deal",
        "    name: Grain\u00a0deal",
        "    name: Deal 09:00",
        "    name: >-\n      Deal #4\n      for India",
        "    #name: Grain\n    name: Grain",
    ],
)
def test_what_is_no_mistake_is_read(line):
    assert read(with_name(line)).records[1].name


def test_words_for_nobody_with_a_record_may_stand_in_curly_quotation_marks():
    text = "  view:\n    kind: statement\n    name: View\n    facts:\n      - whose: “parties to the conflict”\n"
    (whose,) = [fact for fact in read(HEAD + RECORDS + text).records[2].facts if fact.field == "whose"]
    assert getattr(whose.value, "role", "") == "parties to the conflict"


def test_a_file_saved_as_utf_16_is_told_so():
    with pytest.raises(BadDossier, match="Save the file as UTF-8 text"):
        dossier.read((HEAD + RECORDS).encode("utf-16"), now=NOW)


# Records of the server


def test_a_name_that_the_file_lacks_is_left_to_the_server():
    text = f"{HEAD}{RECORDS}      - party: Sweden as buyer\n      - party: sweden as seller\n      - topic: Sweden\n"
    references = read(text).references
    assert [(one.name, one.kinds, one.line) for one in references.values()] == [
        ("Sweden", ("participant",), text.count("\n") - 2),
        ("Sweden", ("topic",), text.count("\n")),
    ]
    keys = [fact.key for fact in read(text).records[1].facts if fact.field in ("party", "topic")]
    assert keys == ["talks/grain/party/sweden|buyer", "talks/grain/party/sweden|seller", "talks/grain/topic/sweden|"]


def test_a_record_is_existing_or_has_a_name():
    text = HEAD + RECORDS.replace("    name: Grain deal", "    existing: Grain deal")
    grain = read(text).records[1]
    assert (grain.name, grain.existing, grain.title, grain.line) == ("", "Grain deal", "Grain deal", LINE)
    assert [fact.field for fact in grain.facts] == ["stage"]
    (both,) = mistakes(text.replace("    existing:", "    name: Grain\n    existing:"))
    assert "A record has a name or is an existing one of the server, not both" in both
    (empty,) = mistakes(text.replace("existing: Grain deal", "existing:"))
    assert f"line {LINE}, records.grain.existing: Nothing is written here" in empty
