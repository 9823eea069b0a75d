"""Parsing of YAML into a tree of nodes that have their line and path. Types, aliases and tags are not supported."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from bot.dossier import _causes
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
    """A node of a YAML file, with its path ("records.india") and its line. An empty value is a Scalar with text ""."""

    path: str
    line: int


@dataclass(frozen=True)
class Scalar(Node):
    """A single value in a YAML file, as text. `plain` means that it has no quotation marks and is no block of text."""

    text: str
    plain: bool = False


@dataclass(frozen=True)
class Sequence(Node):
    """A list in a YAML file."""

    items: list[Node] = field(default_factory=list)


@dataclass(frozen=True)
class Mapping(Node):
    """A mapping in a YAML file.

    `keys` has the line of each key. `twice` has each key that occurs again, with the line in which it does.
    """

    entries: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)
    twice: list[tuple[str, int]] = field(default_factory=list)

    def below(self, key: str) -> str:
        """Return the path of the entry with this key: "records.india" for the key "india" in the mapping "records"."""
        shown = quoted(key).strip('"')
        return f"{self.path}.{shown}" if self.path else shown


def parse(content: bytes) -> Node:
    """Parse the bytes of a YAML file into a tree of nodes.

    All values stay strings, so that `NO` is a country, and nothing in a file can be executed. These are reasons to
    raise BadDossier:

    - The file is not a single YAML document in UTF-8.
    - It uses aliases, anchors or tags.
    - A part of a value would be read as a comment.
    - A line is indented with other characters than spaces.
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
    lines = _causes.lines_of(text)
    if bad := [Mistake(number, "", reason) for number, reason in _causes.bad_indentation(lines)]:
        raise BadDossier(bad)
    tree = _Tree(text, lines)
    try:
        root = tree.root()
    except yaml.YAMLError as error:
        mark, context = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
        line = mark.line + 1 if mark else 1
        raise _fatal(*_causes.of_parser_error(lines, problem, line, context.line + 1 if context else line)) from None
    if root is None:
        raise _fatal(1, "The file is empty. It begins with a line like: dossier: india-us-2plus2-2023")
    if tree.mistakes:
        raise BadDossier(tree.mistakes)
    return root


def _fatal(line: int, reason: str, path: str = "") -> BadDossier:
    return BadDossier([Mistake(line, path, reason)])


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1


class _Tree:
    """Builds the tree of nodes of a YAML file, and collects the mistakes that the YAML parser does not report."""

    def __init__(self, text: str, lines: list[str]) -> None:
        self.events: Iterator[yaml.Event] = iter(yaml.parse(text, Loader=_Loader))
        self.lines = lines
        self.mistakes: list[Mistake] = []

    def root(self) -> Node | None:
        """Return the root of the tree, or None if the file is empty. Raise BadDossier if a second document begins."""
        root: Node | None = None
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise _fatal(_line(event), "A second document begins here. Remove the line ---.")
                root = self.node(next(self.events), "", 1)
        return root

    def node(self, event: yaml.Event, path: str, depth: int) -> Node:
        """Return the node that begins with an event, and all nodes below it. Raise BadDossier for unsupported YAML."""
        line = _line(event)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _fatal(line, "Anchors and aliases (& and *) are not used in dossiers. Write the value out.", path)
        if tag := getattr(event, "tag", None):
            raise _fatal(line, f"Tags like {quoted(str(tag))} are not used in dossiers. Write the value alone.", path)
        if depth > DEEPEST:
            raise _fatal(line, f"This is nested more than {DEEPEST} levels deep. A dossier needs five.", path[:80])
        if isinstance(event, yaml.ScalarEvent):
            plain = not event.style
            if plain and (reason := _causes.swallowed(self._rest(event), event.value)):
                self.mistakes.append(Mistake(event.end_mark.line + 1, path, reason))
            return Scalar(path, line, event.value, plain)
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Node] = []
            while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
                items.append(self.node(event, f"{path}[{len(items)}]", depth + 1))
            return Sequence(path, line, items)
        mapping = Mapping(path, line)
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.node(event, path, depth + 1)
            if not isinstance(key, Scalar):
                raise _fatal(
                    key.line, "A name has to stand before the colon here, not a list. Write it like kind: deal", path
                )
            value = self.node(next(self.events), mapping.below(key.text), depth + 1)
            if key.text in mapping.entries:
                mapping.twice.append((key.text, key.line))
            else:
                mapping.entries[key.text] = value
                mapping.keys[key.text] = key.line
        return mapping

    def _rest(self, event: yaml.ScalarEvent) -> str:
        """Return the text that follows a value in the last line of the value."""
        end = event.end_mark
        return self.lines[end.line][end.column :] if end.line < len(self.lines) else ""
