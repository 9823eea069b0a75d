"""Tests that names in the program use common terms, as the glossary in docs/architecture.md lists them.

Some words are banned because a common term exists for them, others because they say nothing about what they name.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

INSTEAD = {
    "press": "component handler",
    "presses": "components",
    "rights": "permissions",
    "caller": "actor",
    "pace": "rate limit",
    "pacing": "rate limit",
    "aspect": "part",
    "cue": "part",
    "slot": "part",
    "brief": "status line",
    "headline": "status line",
    "draw": "render",
    "drawn": "rendered",
    "slip": "typo",
    "slips": "typos",
    "mended": "corrected",
    "course": "history, timeline",
    "desk": "guild",
    "heartbeat": "scheduler",
}

NAMING_NOTHING = ("found", "one", "own", "told", "there", "left")
"""Names that say nothing of the value they stand for."""

REBUILT = (
    "bot/ask",
    "bot/services/asking",
    "bot/ui/answers",
    "bot/ui/highlight.py",
    "cogs/ask.py",
)
"""Modules that the next issues rewrite. They are exempt until then."""

STILL_NAMING_NOTHING: dict[str, int] = {}
"""How many names of NAMING_NOTHING each module still has, counted once per function. The numbers only get smaller."""


def names_of(tree: ast.AST) -> Iterator[str]:
    """Yield every name that code defines: of functions, classes, parameters, variables and attributes."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name) | ast.AsyncFunctionDef(name) | ast.ClassDef(name):
                yield name
            case ast.arg(arg):
                yield arg
            case ast.Name(id_, ast.Store()) | ast.Attribute(_, id_, ast.Store()):
                yield id_
            case _:
                pass


def words_of(name: str) -> set[str]:
    """Return the words of a snake_case or CamelCase name, in lower case."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)}


def modules() -> dict[str, ast.Module]:
    """Return the syntax trees of all modules of the program except REBUILT, by path."""
    paths = [path for folder in ("bot", "cogs", "data") for path in sorted((ROOT / folder).rglob("*.py"))]
    named = {path.relative_to(ROOT).as_posix(): path for path in paths}
    return {
        name: ast.parse(path.read_text("utf-8"), name) for name, path in named.items() if not name.startswith(REBUILT)
    }


def dialect(tree: ast.AST) -> list[str]:
    """Return the names in a module that contain a word banned by INSTEAD."""
    return sorted({name for name in names_of(tree) if words_of(name) & INSTEAD.keys()})


def naming_nothing(tree: ast.AST) -> int:
    """Return how many names of NAMING_NOTHING a module defines, each counted once per function."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return sum(len({name for name in names_of(function) if name in NAMING_NOTHING}) for function in functions)


def test_names_use_the_words_of_the_trade():
    assert {path: names for path, tree in modules().items() if (names := dialect(tree))} == {}


def test_names_say_what_they_hold_and_those_that_do_not_get_fewer():
    counted = Counter({path: naming_nothing(tree) for path, tree in modules().items()})
    assert +counted == Counter(STILL_NAMING_NOTHING)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("def draw_card(): ...", ["draw_card"]),
        ("class DeskRow: ...", ["DeskRow"]),
        ("def f(caller): ...", ["caller"]),
        ("slips = 1\nx.drawn = 2", ["drawn", "slips"]),
        ("async def press(): ...", ["press"]),
        ("def express(compression, withdrawn): courses = 1", []),
    ],
)
def test_the_rule_sees_words_of_the_dialect(text: str, names: list[str]):
    assert dialect(ast.parse(text)) == names


def test_the_rule_counts_names_that_say_nothing():
    assert naming_nothing(ast.parse("def f(one):\n    found = one\n    found = 2\ndef g(): there = 1")) == 3
