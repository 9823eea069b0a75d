"""Finds the usual causes of mistakes in YAML that people typed, and says in plain words what to change.

A YAML parser reports the place where it noticed a mistake. This is often a line below the mistake. Some mistakes it
does not report at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.ledger.values import quoted

_BREAKS = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""The line breaks of YAML 1.1. With them, lines get the same numbers as in the YAML parser."""

_TAB = re.compile(r" *\t\s*\S")
_ODD_SPACE = re.compile("[ \t]*(?:- *)?([\u00a0\u1680\u2000-\u200b\u202f\u205f\u2060\u3000\ufeff])")
_SPACE_NAMES = {"\u00a0": "a no-break space", "\u200b": "an invisible space", "\ufeff": "an invisible byte-order mark"}

_SWALLOWED = re.compile(r"[ \t]+#[^\s#]|[ \t]#[ \t]\d")
_HASH_INSIDE = re.compile(r"[^\s#][ \t]+#(?:\S|[ \t])")
_NO_SPACE = re.compile("[ \t]*(?:- +)?([\\w-]+):(?![ \t/])(\\S.*|[\u00a0\u2000-\u200b\u202f\u3000].*)")
_CURLY = re.compile(r"[“”„‘‚«»]")
_CURLY_AROUND = re.compile(r"(?s)([“„«‘‚”]).*([”“»’])$")
_APOSTROPHE = re.compile(r"(?::|-|\[|,)[ \t]+'[^']*'[^\s,\]}#']")
_TWO_COLONS = re.compile(r"[ \t]*(?:- +)?[\w-]+:[ \t]+([^\s\"'|>\[{].*:(?:[ \t].*|))$")
_STARTS_BADLY = re.compile(r"[ \t]*(?:- +)?(?:[\w-]+:[ \t]+)?([@`%])")

_LOOKED_ABOVE = 2  # Lines above the one that the parser reports.


def lines_of(text: str) -> list[str]:
    """Return the lines of a YAML file without their line breaks."""
    return _BREAKS.split(text)


def bad_indentation(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the number of each line that is indented with other characters than spaces, and what to change in it."""
    for number, line in enumerate(lines, 1):
        if _TAB.match(line):
            yield number, "This line begins with a tab. Indent with spaces, not with tabs."
        elif match := _ODD_SPACE.match(line):
            name = _SPACE_NAMES.get(match[1], "a special space")
            yield number, f"This line begins with {name}, which only looks like a space. Replace it with a normal one."


def swallowed(rest: str, value: str) -> str:
    """Return what is wrong if a # makes a comment of text that seems to belong to a value: "Deal #4", "Deal # 4".

    `value` is the unquoted value as YAML reads it ("Deal"), and `rest` is the rest of its line (" #4"). Return "" for
    an ordinary comment: a # with a space after it, and no number after the space.
    """
    match = _SWALLOWED.match(rest)
    if match is None:
        return ""
    whole = " ".join(f"{value}{rest}".split())
    read = f"only {quoted(value)} is read" if value else "nothing is read"
    return (
        f"From the # on this is a comment, so {read}. If the # belongs to the value, put all of it in quotation marks: "
        f'"{whole[:60].replace(chr(34), chr(39))}". If it begins a comment, write a space after it.'
    )


def curly(text: str) -> str:
    """Return what is wrong if an unquoted value stands in curly quotation marks. Otherwise return ""."""
    match = _CURLY_AROUND.fullmatch(text.strip())
    if match is None:
        return ""
    return (
        f"The quotation marks {match[1]} and {match[2]} are curly, so they would be part of the value. "
        f'Write straight ones ("), or none.'
    )


def no_space(text: str) -> str:
    """Return what is wrong if there is no space after the colon between a name and its value. Otherwise return ""."""
    match = _NO_SPACE.match(text)
    if match is None:
        return ""
    value = match[2]
    odd = not value[0].isprintable() or value[0].isspace() or value[0] == "\u200b"
    value = value.lstrip("\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u202f\u3000")
    missing = "The space after the colon is no normal space" if odd else "A space is missing after the colon"
    return f"{missing}. Write it like {match[1]}: {quoted(value.strip()).strip(chr(34))}"


def of_parser_error(lines: Sequence[str], problem: str, line: int, began: int) -> tuple[int, str]:
    """Return (a) the line that probably caused an error of the YAML parser and (b) what to change in it.

    `problem` is the parser's message, and `line` is the line in which the parser noticed the problem. `began` is the
    line in which the value, list or mapping begins that the parser was reading. Lines count from 1.
    """
    if "end of stream" in problem and 1 <= began <= len(lines) and re.search("[\"']", lines[began - 1]):
        return began, "The quotation mark that opens here is not closed. Close it at the end of the value."
    first = max(1, line - _LOOKED_ABOVE)
    for number in range(min(line, len(lines)), first - 1, -1):
        if reason := _cause(lines[number - 1], problem):
            return number, reason
    if "',' or" in problem:
        return began, "The bracket that opens here is not closed, or a comma is missing after it. Write it like [A, B]."
    if "expected key" in problem or "expected '-'" in problem:
        return line, (
            "The indentation of this line fits none of the lines above it. Indent it like the line that it belongs "
            'beside, and put a value with ": " or # in it in quotation marks.'
        )
    if "mapping values" in problem:
        return line, (
            "This line is indented further than the value above it, so it would go on with that value. Check the "
            'indentation, and put a value with ": " in it in quotation marks.'
        )
    return line, (
        f'This is not YAML: {problem}. Check the indentation, and put a value with ": " or # in it in quotation marks.'
    )


def _cause(line: str, problem: str) -> str:
    """Return what is probably wrong in a line. Return "" if nothing seems wrong."""
    if line.lstrip().startswith("#"):
        return ""
    if reason := no_space(line):
        return reason
    if _APOSTROPHE.search(line):
        return "An apostrophe ends a value in single quotation marks. Write the value in double quotation marks."
    if _TWO_COLONS.match(line):
        marks = " Curly quotation marks do not count; write straight ones." if _CURLY.search(line) else ""
        return f'This value has a colon with a space behind it. Put the value in straight quotation marks (").{marks}'
    if _HASH_INSIDE.search(line):
        return "From the # on this line is a comment. If the # belongs to a value, put that value in quotation marks."
    if "start any token" in problem and (match := _STARTS_BADLY.match(line)):
        return f'A value cannot begin with {match[1]}. Put it in quotation marks (").'
    if _CURLY.search(line):
        return 'The quotation marks in this line are curly. Write straight ones (").'
    return ""
