"""Parsing of YAML into a tree of strings with their lines and paths, without types, aliases and tags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from bot.dossier._mistakes import BadDossier, Mistake
from bot.ledger.values import quoted

LARGEST_FILE = 1_000_000
DEEPEST = 20

# The same grammar in C where PyYAML was built with it, ten times faster.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# What YAML does not allow in a text; told here because the readers do not agree on the place.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")


@dataclass(frozen=True)
class Node:
    """Something in the file. Where nothing was written there is an empty Scalar."""

    path: str
    line: int


@dataclass(frozen=True)
class Scalar(Node):
    """A single value, as text."""

    text: str


@dataclass(frozen=True)
class Sequence(Node):
    """A list."""

    items: list[Node] = field(default_factory=list)


@dataclass(frozen=True)
class Mapping(Node):
    """Names and values, in the order of the file; `keys` has the line of each key, `twice` those of repeated ones."""

    entries: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)
    twice: list[tuple[str, int]] = field(default_factory=list)

    def below(self, key: str) -> str:
        """Return the path of an entry."""
        shown = quoted(key).strip('"')
        return f"{self.path}.{shown}" if self.path else shown


def parse(content: bytes) -> Node:
    """Return the tree of one YAML document. Raise BadDossier when it is none or uses what dossiers do not need.

    Only events are read, never objects made of them, so `NO` stays a country and nothing in a file can run.
    """
    if len(content) > LARGEST_FILE:
        raise _fatal(1, f"The file is larger than {LARGEST_FILE:,} bytes. Split it into several dossiers.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _fatal(line, "This is not text in UTF-8. Save the file as UTF-8 text.") from None
    if found := _CONTROL.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise _fatal(line, "There is a control character here, as in files that are not text. Remove it.")
    try:
        events = iter(yaml.parse(text, Loader=_Loader))
        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise _fatal(_line(event), "A second document begins here. Remove the line ---.")
                root = _node(events, next(events), "", 1)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
        raise _fatal(mark.line + 1 if mark else 1, f"This is not YAML: {problem}. {_hint(problem)}") from None
    if root is None:
        raise _fatal(1, "The file is empty. It begins with a line like: dossier: india-us-2plus2-2023")
    return root


def _hint(problem: str) -> str:
    """Return what to do about a problem that the YAML parser names."""
    if "'\\t'" in problem or "tab" in problem:
        return "Indent with spaces, not with tabs."
    return 'Check the indentation, and put a value with ": " or # in it in quotation marks.'


def _fatal(line: int, reason: str, path: str = "") -> BadDossier:
    return BadDossier([Mistake(line, path, reason)])


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1


def _node(events: Iterator[yaml.Event], event: yaml.Event, path: str, depth: int) -> Node:
    """Return the tree that begins with an event. Raise BadDossier for anchors, tags and what is nested too deep."""
    line = _line(event)
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        raise _fatal(line, "Anchors and aliases (& and *) are not used in dossiers. Write the value out.", path)
    if getattr(event, "tag", None):
        raise _fatal(line, f"Tags like {quoted(str(event.tag))} are not used in dossiers. Write the value alone.", path)  # pyright: ignore[reportAttributeAccessIssue]  # getattr found it
    if depth > DEEPEST:
        raise _fatal(line, f"This is nested more than {DEEPEST} levels deep. A dossier needs five.", path[:80])
    if isinstance(event, yaml.ScalarEvent):
        return Scalar(path, line, event.value)
    if isinstance(event, yaml.SequenceStartEvent):
        items: list[Node] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(_node(events, event, f"{path}[{len(items)}]", depth + 1))
        return Sequence(path, line, items)
    mapping = Mapping(path, line)
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        key = _node(events, event, path, depth + 1)
        if not isinstance(key, Scalar):
            raise _fatal(
                key.line, "A name has to stand before the colon here, not a list. Write it like kind: deal", path
            )
        value = _node(events, next(events), mapping.below(key.text), depth + 1)
        if key.text in mapping.entries:
            mapping.twice.append((key.text, key.line))
        else:
            mapping.entries[key.text] = value
            mapping.keys[key.text] = key.line
    return mapping
