"""Sources as people type them: nothing of a link or a headline is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.ledger.source_lines import SourceLine, read_source_line

X = "https://example.org/x"


def _host(url: str) -> str:
    return url.partition("//")[2].partition("/")[0].lower()


@pytest.mark.parametrize(
    ("typed", "title", "url", "locator"),
    [
        (f"{X}, paragraph 3", "example.org", X, "paragraph 3"),
        (f"<{X}>, page 3", "example.org", X, "page 3"),
        (f"see {X}", "example.org", X, ""),
        (f"Source: {X}.", "example.org", X, ""),
        ("example.org/x, page 2", "example.org", X, "page 2"),
        ("www.example.org/x", "www.example.org", "https://www.example.org/x", ""),
        (f"{X} page 3", "example.org", X, "page 3"),
        (f"{X} - third paragraph", "example.org", X, "third paragraph"),
        (f"Ministry seals deal {X}.", "Ministry seals deal", X, ""),
        ("Seals deal (https://example.org/a_(b)), p. 4", "Seals deal", "https://example.org/a_(b)", "p. 4"),
        (f"India, US sign pact: {X}, page 2", "India, US sign pact", X, "page 2"),
        (f"Statement, page 3: {X}", "Statement", X, "page 3"),
        (
            "https://example.org/a,b?c=1,2, page 4, note 2",
            "example.org",
            "https://example.org/a,b?c=1,2",
            "page 4, note 2",
        ),
        ("http://example.org", "example.org", "http://example.org", ""),
        ("HTTPS://Example.ORG/x,", "example.org", "HTTPS://Example.ORG/x", ""),
        ("Joint statement, paragraph 3", "Joint statement", "", "paragraph 3"),
        ("Joint statement, page 4, note 2", "Joint statement", "", "page 4, note 2"),
        ("Joint statement", "Joint statement", "", ""),
        ("Ministry note, opening", "Ministry note", "", "opening"),
        ("Recording, 12:40", "Recording", "", "12:40"),
        ("India, US sign reciprocal defence agreement", "India, US sign reciprocal defence agreement", "", ""),
        ("The Hindu, 2 November 2023", "The Hindu, 2 November 2023", "", ""),
        ("India, U.S. sign, page 2", "India, U.S. sign", "", "page 2"),
        ("Order on page 2,", "Order on page 2", "", ""),
        ("Reuters: a deal", "Reuters: a deal", "", ""),
        ("T.C. Energy/KKR deal", "T.C. Energy/KKR deal", "", ""),
        ("  Spread\nover lines , p. 1 ", "Spread over lines", "", "p. 1"),
        ("संयुक्त वक्तव्य, पृष्ठ 2", "संयुक्त वक्तव्य", "", "पृष्ठ 2"),
        ("क्\u200dषेत्रीय वक्तव्य, पृष्ठ २", "क्\u200dषेत्रीय वक्तव्य", "", "पृष्ठ २"),
        ("Joint\u202estatement, p. 1", "Joint statement", "", "p. 1"),
    ],
)
def test_reads_a_title_a_link_and_a_locator(typed: str, title: str, url: str, locator: str) -> None:
    assert read_source_line(typed) == SourceLine(title, _host(url), url, "", locator)


def test_keeps_the_link_of_an_archived_copy_beside_the_link() -> None:
    both = f"{X} https://archive.ph/abc, paragraph 2"
    assert read_source_line(both) == SourceLine(
        "example.org", "example.org", X, "https://archive.ph/abc", "paragraph 2"
    )
    alone = "https://web.archive.org/web/2024/https://example.org/x"
    assert read_source_line(alone) == SourceLine("web.archive.org", "web.archive.org", alone)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "Nothing is written"),
        (" , page 3", "title"),
        ("x" * 201, "201"),
        (f"{X}, " + "y" * 201, "201"),
        ("javascript:alert(1)", "https://"),
        ("JavaScript:alert(1), paragraph 3", "https://"),
        ("data:text/html,<script>", "https://"),
        ("file:///etc/passwd", "https://"),
        ("ftp:example", "https://"),
        ("https://me:secret@example.org/x", "user name"),
        ("https://example.org@evil.example/", "user name"),
        ("https://", "link"),
        ("https:///x", "link"),
        ("https://example.org:99999/", "link"),
        ("https://[::1/", "link"),
        ("https://example.org/<@1>", "link"),
        ("https://example.org/" + "x" * 500, "5[0-9][0-9]"),
        (f"{X} and https://example.net/y", "several links"),
    ],
)
def test_refuses_a_source_that_nobody_could_follow(typed: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        read_source_line(typed)


PATHS = st.from_regex(r"[a-z0-9]{1,8}(/[a-z0-9_=?&]{0,8}[a-z0-9]){0,3}", fullmatch=True)
WORDS = st.from_regex(r"[A-Za-z]{2,9}(,? [A-Za-z]{2,9}){0,5}", fullmatch=True)


@given(WORDS, PATHS, st.sampled_from(["", ", ", " ", ": ", " ("]), st.sampled_from(["", ".", ", page 3", ">"]))
def test_a_line_with_a_link_keeps_it_wherever_it_stands(words: str, path: str, before: str, after: str) -> None:
    line = read_source_line(f"{words + before if before else ''}https://example.org/{path}{after}")
    assert line.url == f"https://example.org/{path}"
    assert line.locator == ("page 3" if after == ", page 3" else "")


@given(st.text(max_size=900))
def test_any_text_is_a_source_or_a_refusal(typed: str) -> None:
    line, refused = None, ""
    try:
        line = read_source_line(typed)
    except BadInput as error:
        refused = str(error)
    if line is None:
        assert "Nothing was changed" in refused
    else:
        assert 1 <= len(line.title) <= 500
        assert len(line.locator) <= 200
