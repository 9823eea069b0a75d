"""Parsing of YAML into a tree of strings that know their line and path. Types, aliases and tags are not supported."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from bot.dossier._mistakes import BadDossier, Mistake
from bot.ledger.values import quoted

LARGEST_FILE = 1_000_000
DEEPEST = 20

# The C parser accepts the same grammar and is ten times faster, but not every build of PyYAML has it.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# Characters that YAML forbids. They are checked here because the two parsers report them at different positions.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")


@dataclass(frozen=True)
class Node:
    """A node of a YAML file, with its path ("records.india") and line. An empty value is a Scalar with the text ""."""

    path: str
    line: int


@dataclass(frozen=True)
class Scalar(Node):
    """A single value in a YAML file, as text."""

    text: str


@dataclass(frozen=True)
class Sequence(Node):
    """A list in a YAML file."""

    items: list[Node] = field(default_factory=list)


@dataclass(frozen=True)
class Mapping(Node):
    """A mapping in a YAML file.

    `keys` has the line of each key. `twice` has the keys that were repeated, each with the line of the repetition.
    """

    entries: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)
    twice: list[tuple[str, int]] = field(default_factory=list)

    def below(self, key: str) -> str:
        """Return the path of the entry with this key, such as "records.india"."""
        shown = quoted(key).strip('"')
        return f"{self.path}.{shown}" if self.path else shown


def parse(content: bytes) -> Node:
    """Parse the bytes of a YAML file into a tree of nodes.

    Raise BadDossier if the file is not a single YAML document in UTF-8, or uses aliases, anchors or tags. All values
    stay strings, so that `NO` is a country, and nothing in a file can be executed.
    """
    if len(content) > LARGEST_FILE:
        raise _fatal(1, f"The file is larger than {LARGEST_FILE:,} bytes. Split it into several dossiers.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _fatal(line, "This is not text in UTF-8. Save the file as UTF-8 text.") from None
    if control := _CONTROL.search(text):
        line = text.count("\n", 0, control.start()) + 1
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
    """Return a sentence that says how to solve a problem that the YAML parser reported."""
    if "'\\t'" in problem or "tab" in problem:
        return "Indent with spaces, not with tabs."
    return 'Check the indentation, and put a value with ": " or # in it in quotation marks.'


def _fatal(line: int, reason: str, path: str = "") -> BadDossier:
    return BadDossier([Mistake(line, path, reason)])


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1


def _node(events: Iterator[yaml.Event], event: yaml.Event, path: str, depth: int) -> Node:
    """Return the node that begins with an event, with all nodes below it. Raise BadDossier for unsupported YAML."""
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
