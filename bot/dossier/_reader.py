"""Conversion of the YAML tree of a dossier file into a Dossier. It collects all mistakes before it refuses a file."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from bot import dates
from bot.dossier import _causes
from bot.dossier._mistakes import BadDossier, Mistake
from bot.dossier._shapes import Dossier, DossierFact, DossierRecord, DossierSource, Reference
from bot.dossier._yaml import Mapping, Node, Scalar, Sequence
from bot.errors import BadInput
from bot.ledger.fold import stage_goes_back
from bot.ledger.kinds import KIND_WORDS, Field, fields_of, find_field, get_field
from bot.ledger.values import quoted
from bot.ledger.words import normal, one_line, slug_of
from data.records import FactDate, Kind, Update

MOST_FACTS = 3_000  # All are written in one transaction, and other writes wait for it.
LONGEST_VALUE = 1_000

_FILE_KEYS = ("dossier", "name", "summary", "builds_on", "sources", "defaults", "records")
_SOURCE_KEYS = ("title", "publisher", "published_on", "url", "archived", "language", "note")
_DEFAULT_KEYS = ("source", "date", "names")
_RECORD_KEYS = ("kind", "name", "existing", "at", "source", "date", "aliases", "facts")
FACT_KEYS = ("at", "date", "source", "key", "reason")
"""The keys that an entry of `facts` may have beside the name of its field. No field has one of these names."""

_UNKNOWN = FactDate("unknown")


class _NotInFile(BadInput):
    """Raised for a name that no record in the file has."""

    def __init__(self) -> None:
        super().__init__("No record in the file has this name.")


class _Citation(Struct, frozen=True):
    """The source, date and locator of a fact.

    What the fact does not give itself, it inherits from its record. What the record does not give, it inherits from the
    defaults of the file. If none of them gives it, `source` or `locator` is "" and `date` is None.
    """

    source: str
    date: FactDate | None
    locator: str


def read_tree(root: Node, now: datetime) -> Dossier:
    """Return the dossier that the YAML tree of a file describes. Raise BadDossier with all mistakes in it."""
    return _Reader(now).dossier(root)


class _Reader:
    """Reads one dossier file: first its sources, then the kind and names of each record, then the facts."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.mistakes: list[Mistake] = []
        self.sources: dict[str, DossierSource] = {}
        self.kinds: dict[str, Kind] = {}
        self.named: dict[str, dict[str, Node]] = defaultdict(dict)  # normalised name or alias -> slug -> its node
        self.fact_nodes: dict[str, Node] = {}  # key of a fact -> the node that used it first
        self.references: dict[str, Reference] = {}
        self.written: dict[str, str] = {}  # key of a reference -> the name as it is written, normalised

    def dossier(self, root: Node) -> Dossier:
        """Return the dossier that a YAML tree describes. `root` is the root of the tree.

        If the file has mistakes, raise BadDossier with all of them.
        """
        top = self.mapping(root, _FILE_KEYS, "dossier: india-us-2plus2-2023")
        slug = self.text(top, "dossier", 60, "india-us-2plus2-2023", required=True)
        if slug:
            self.check_slug(slug, top.entries["dossier"])
        name = self.text(top, "name", 100, "India–U.S. 2+2 talks", required=True)
        summary = self.text(top, "summary", 600, "What one news article says.")
        builds_on = self.text(top, "builds_on", 60, "india-us-2plus2-2023")
        self.read_sources(self.part(top, "sources", "article:, and indented below it, title: A news article"))
        defaults = (
            self.mapping(top.entries["defaults"], _DEFAULT_KEYS, "source: article")
            if "defaults" in top.entries
            else Mapping("", 1)
        )
        citation = _Citation(self.source(defaults, "source"), self.date(defaults, "date"), "")
        names = self.source(defaults, "names")

        listed = self.part(top, "records", "india:, and indented below it, kind: participant")
        nodes = {key: self.mapping(node, _RECORD_KEYS, "kind: participant") for key, node in listed.entries.items()}
        facts = sum(
            len(node.items) for record in nodes.values() if isinstance(node := record.entries.get("facts"), Sequence)
        )
        if facts > MOST_FACTS:
            self.wrong(listed, f"There are {facts:,} facts; {MOST_FACTS:,} fit. Split the file into several dossiers.")
            raise BadDossier(self.mistakes)
        for key, node in nodes.items():
            self.check_slug(key, node)
            self.introduce(key, node)
        self.check_names()
        records = tuple(
            self.record(f"{slug}/{key}", key, node, citation, names) for key, node in nodes.items() if key in self.kinds
        )
        if self.mistakes:
            raise BadDossier(self.mistakes)
        return Dossier(slug, name, summary, self.sources, records, self.references, builds_on)

    def read_sources(self, listed: Mapping) -> None:
        """Read the sources of the file into `self.sources`."""
        for key, node in listed.entries.items():
            source = self.mapping(node, _SOURCE_KEYS, "title: A news article")
            self.sources[key] = DossierSource(
                title=self.text(source, "title", 200, "A news article", required=True),
                publisher=self.text(source, "publisher", 100, "Example Times"),
                published_on=self.date(source, "published_on"),
                url=self.link(source, "url", "https://example.org/article"),
                note=self.text(source, "note", 500, "It has no date."),
                archived_url=self.link(
                    source, "archived", "https://web.archive.org/web/2023/https://example.org/article"
                ),
                language=self.text(source, "language", 40, "English"),
            )

    def link(self, node: Mapping, key: str, example: str) -> str:
        """Return the link that a mapping has at a key. Return "" if it does not have the key.

        Add a mistake if the text is no link.
        """
        url = self.text(node, key, 500, example)
        if url and not re.fullmatch(r"https?://[^\s/?#]+\S*", url):
            self.wrong(node.entries[key], f"{quoted(url)} is not a link. Write it like {example}.")
        return url

    def introduce(self, slug: str, node: Mapping) -> None:
        """Store the kind and the names of a record, so that facts anywhere in the file can name the record."""
        kind = self.text(node, "kind", 60, "participant", required=True)
        by_word: dict[str, Kind] = {
            normal(word): kind for kind, words in KIND_WORDS.items() for word in (kind, words[0])
        }
        if normal(kind) in by_word:
            self.kinds[slug] = by_word[normal(kind)]
        elif kind:
            words = ", ".join(words[0] for words in KIND_WORDS.values())
            self.wrong(node.entries["kind"], f"{quoted(kind)} is not a kind of record. Write one of: {words}.")
        if "existing" in node.entries:
            self.text(node, "existing", 100, "India", required=True)
            if "name" in node.entries:
                self.wrong(
                    node.entries["existing"],
                    "A record has a name or is an existing one of the server, not both. Remove one of the two lines.",
                )
        else:
            self.text(node, "name", 100, "India", required=True)
        facts = [
            fact.entries.get(name)
            for fact in self.items(node, "facts")
            if isinstance(fact, Mapping)
            for name in ("alias", "formerly")
        ]
        for name in (node.entries.get("name"), node.entries.get("existing"), *self.items(node, "aliases"), *facts):
            if isinstance(name, Scalar) and normal(name.text):
                self.named[normal(name.text)].setdefault(slug, name)

    def record(self, prefix: str, slug: str, node: Mapping, citation: _Citation, names: str) -> DossierRecord:
        """Read a record with its facts.

        The key of each fact begins with `prefix`. The record inherits `citation` from the defaults of the file. `names`
        is the key of the source for aliases, or "".
        """
        kind = self.kinds[slug]
        citation = self.citation(node, citation)
        facts: list[DossierFact] = []
        name = node.entries.get("name")
        if isinstance(name, Scalar) and name.text.strip():
            facts += self.fact(prefix, get_field(kind, "name"), name, citation)
        if "aliases" in node.entries and not isinstance(node.entries["aliases"], Sequence):
            self.wrong(node.entries["aliases"], "A list is expected here. Write it like [भारत, Bharat].")
        for alias in self.items(node, "aliases"):
            if not names:
                self.wrong(alias, "These names have no source. Write names: and the key of a source under defaults.")
                break
            facts += self.fact(prefix, get_field(kind, "alias"), alias, _Citation(names, _UNKNOWN, ""))
        if "facts" in node.entries and not isinstance(node.entries["facts"], Sequence):
            self.wrong(
                node.entries["facts"], "A list is expected here. Write a line like - quantity: 31 for each fact."
            )
        for item in self.items(node, "facts"):
            facts += self.item(prefix, kind, item, citation)
        self.check_stages(node, [fact for fact in facts if fact.field == "stage"])
        existing = node.entries.get("existing")
        return DossierRecord(
            slug,
            kind,
            _one_line(name),
            tuple(facts),
            _one_line(existing),
            existing.line if existing else node.line,
            (existing or node).path,
        )

    def item(self, prefix: str, kind: Kind, node: Node, citation: _Citation) -> list[DossierFact]:
        """Read an entry of a record's `facts`. Return a list with its fact, or [] if the field or value is invalid."""
        if not isinstance(node, Mapping):
            no_space = _causes.no_space(node.text) if isinstance(node, Scalar) and node.plain else ""
            self.wrong(node, no_space or "A field and its value are expected here. Write them like quantity: 31.")
            return []
        self.check_twice(node)
        fields = [name for name in node.entries if name not in FACT_KEYS]
        if len(fields) != 1:
            problem = (
                f"There are {len(fields)} fields here ({', '.join(map(quoted, fields[:4]))})"
                if fields
                else "No field is here"
            )
            self.wrong(node, f"{problem}; a fact has one. Write it like quantity: 31, and begin the next with a dash.")
            return []
        field = find_field(kind, fields[0])
        if field is None:
            known = [row.name for row in fields_of(kind)]
            self.wrong(
                node.entries[fields[0]],
                f"A {KIND_WORDS[kind][0]} has no field {quoted(fields[0])}.{_close(fields[0], known)} "
                f"Its fields: {', '.join(known)}.",
                node.keys[fields[0]],
            )
            return []
        key = self.text(node, "key", 60, "first-stage")
        reason = self.text(node, "reason", 500, "the talks were broken off")
        return self.fact(prefix, field, node.entries[fields[0]], self.citation(node, citation), key, reason)

    def fact(
        self, prefix: str, field: Field, node: Node, citation: _Citation, key: str = "", reason: str = ""
    ) -> list[DossierFact]:
        """Read the value of a field. Return a list with its fact. Return [] if the value is invalid.

        The key of the fact consists of `prefix`, the name of the field, and `key`. If `key` is "" and the field can
        have several values, the key of the value takes its place.
        """
        if not isinstance(node, Scalar):
            self.wrong(node, f"One value is expected here. Write it like {field.type.example}.")
            return []
        if not field.type.quotes:
            self.check_quotes(node)
        if not citation.source:
            self.wrong(node, "No source is given. Write source: and the key of a source, here or under defaults.")
        if citation.date is None:
            self.wrong(node, "No date is given. Write date: 10 November 2023 or date: unknown, here or under defaults.")
        if len(node.text) > LONGEST_VALUE:
            self.wrong(node, f"{quoted(node.text)} has {len(node.text):,} characters. Shorten it.")
            return []
        try:
            try:
                value = field.type.parse(node.text, self.find)
            except _NotInFile:
                value = field.type.parse(node.text, lambda text, kinds: self.refer(node, text, kinds))
            field.type.check(value)
        except BadInput as error:
            self.wrong(node, str(error).replace(" Nothing was changed.", ""))
            return []
        # If the value names a record of the server, the key has the name as it is written in the file.
        item = "" if field.rule == "replace" else field.type.key(field.type.repointed(value, self.written))
        parts = {"replace": (), "list": (item,), "variants": (item, citation.source)}[field.rule]
        full = "/".join(filter(None, (prefix, field.name, key or "|".join(parts))))
        if first := self.fact_nodes.get(full):
            self.wrong(
                node,
                f"The same is at {first.path}, line {first.line}. Remove one of them, or give this one a key of its "
                "own like key: second-stage.",
            )
        self.fact_nodes.setdefault(full, node)
        return [
            DossierFact(
                full, field.name, value, item, citation.date or _UNKNOWN, citation.source, citation.locator, reason
            )
        ]

    def citation(self, node: Mapping, outer: _Citation) -> _Citation:
        """Return the source, date and locator of a record or a fact. `outer` has those that it may inherit.

        A record inherits from the file, and a fact from its record. A locator is a place in a source. Therefore a node
        with its own source does not inherit a locator.
        """
        source = self.source(node, "source")
        locator = self.text(node, "at", 200, "sentence 5") if "at" in node.entries else "" if source else outer.locator
        date = self.date(node, "date") if "date" in node.entries else outer.date
        return _Citation(source or outer.source, date, locator)

    def find(self, text: str, kinds: tuple[Kind, ...]) -> str:
        """Return the key of the record in the file that has `text` as its name, alias or key. Only these kinds fit.

        Raise _NotInFile if no record in the file has this name. Raise another BadInput if several records have it, or
        if only records of other kinds do.
        """
        wanted = " or ".join(KIND_WORDS[kind][0] for kind in kinds)
        slugs = (
            [text]
            if text in self.kinds
            else sorted(slug for slug in self.named.get(normal(text), ()) if slug in self.kinds)
        )
        matches = [slug for slug in slugs if self.kinds[slug] in kinds]
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise BadInput(f"{quoted(text)} is the name of several records. Write one of: {', '.join(matches)}.")
        if slugs:
            kind = KIND_WORDS[self.kinds[slugs[0]]][0]
            raise BadInput(f"{quoted(text)} is a {kind} in this file; a {wanted} is expected here.")
        if not normal(text):
            raise BadInput(f"{quoted(text)} is no name. Write the name or the key of a {wanted}.")
        raise _NotInFile

    def refer(self, node: Node, text: str, kinds: tuple[Kind, ...]) -> str:
        """Return what `find` returns. If no record in the file has the name, return the key of a reference instead.

        The reference is for a record of the server with this name. `node` is the value that contains the name.
        """
        try:
            return self.find(text, kinds)
        except _NotInFile:
            known = [slug for slug, kind in self.kinds.items() if kind in kinds]
            names = [name for name, nodes in self.named.items() if any(self.kinds.get(slug) in kinds for slug in nodes)]
            hint = _close(text, known) or _close(normal(text), names)
            # No record has a key with spaces.
            key = f"{normal(text)} ({' or '.join(KIND_WORDS[kind][0] for kind in kinds)})"
            self.written[key] = normal(text)
            self.references.setdefault(key, Reference(one_line(text), kinds, node.line, node.path, hint))
            return key

    # Checks of several nodes together

    def check_slug(self, slug: str, node: Node) -> None:
        """Add a mistake if a key in the file, such as that of a record, cannot be used as a slug."""
        if slug != slug_of(slug):
            self.wrong(node, f"{quoted(slug)} cannot be a key. Write it like {slug_of(slug)}.")

    def check_quotes(self, node: Scalar) -> None:
        """Add a mistake if a value stands in curly quotation marks. YAML would take them for a part of the value."""
        if node.plain and (reason := _causes.curly(node.text)):
            self.wrong(node, reason)

    def check_names(self) -> None:
        """Add a mistake for each name that two records of the same kind have."""
        for slugs in self.named.values():
            first: dict[Kind, str] = {}
            for slug, node in slugs.items():
                kind = self.kinds.get(slug)
                if kind is not None and first.setdefault(kind, slug) != slug:
                    assert isinstance(node, Scalar)  # introduce() stores no other nodes.
                    self.wrong(
                        node,
                        f"{quoted(node.text)} is a name of records.{first[kind]} too, and both are "
                        f"{KIND_WORDS[kind][1]}. Give one of them another name.",
                    )

    def check_stages(self, node: Mapping, facts: list[DossierFact]) -> None:
        """Add a mistake for each stage of a record that is a step back and has no reason.

        Editors have to give a reason for such a stage too.
        """
        before: list[Update] = []
        for number, fact in enumerate(facts, 1):
            if not fact.reason and stage_goes_back(before, str(fact.value), fact.date):
                self.wrong(
                    self.fact_nodes.get(fact.key, node),
                    "This stage is a step back from the one before it or from it to the next, so it needs a reason. "
                    "Write one below it, like reason: the talks were broken off.",
                )
            before.append(_as_update(number, fact, self.now))

    def check_twice(self, node: Mapping) -> None:
        """Add a mistake for each key that occurs twice in a mapping."""
        for key, line in node.twice:
            self.mistakes.append(
                Mistake(
                    line,
                    node.below(key),
                    f"{quoted(key)} is here twice; the first is in line {node.keys[key]}. Remove one of them.",
                )
            )

    # Access to nodes of the tree

    def wrong(self, node: Node, reason: str, line: int = 0) -> None:
        """Add a mistake at a node, for a reason. If `line` is given, it is used in place of the node's line."""
        self.mistakes.append(Mistake(line or node.line, node.path, reason))

    def mapping(self, node: Node, known: tuple[str, ...], example: str) -> Mapping:
        """Return the node as a mapping. If it is not a mapping, add a mistake and return an empty mapping.

        The mistake shows `example`. Also add a mistake for each key that is not in `known`. If `known` is empty, all
        keys are allowed.
        """
        if not isinstance(node, Mapping):
            no_space = _causes.no_space(node.text) if isinstance(node, Scalar) and node.plain else ""
            self.wrong(node, no_space or f"Names and values are expected here. Write them like {example}.")
            return Mapping(node.path, node.line)
        self.check_twice(node)
        for key in node.entries if known else ():
            if key not in known:
                self.mistakes.append(
                    Mistake(
                        node.keys[key],
                        node.below(key),
                        f"{quoted(key)} has no meaning here.{_close(key, known)} "
                        f"What can stand here: {', '.join(known)}.",
                    )
                )
        return node

    def part(self, top: Mapping, key: str, example: str) -> Mapping:
        """Return a mapping at the top of the file, such as `sources`. Add a mistake if it is missing or empty."""
        section = self.mapping(top.entries[key], (), example) if key in top.entries else None
        if section is None or (not section.entries and isinstance(top.entries[key], Mapping)):
            self.mistakes.append(
                Mistake(top.keys.get(key, top.line), key, f"This is missing. Write it like {example}.")
            )
        return section or Mapping(key, top.line)

    def items(self, node: Mapping, key: str) -> list[Node]:
        """Return the items of the list that a mapping has at a key. Return [] if there is no list."""
        value = node.entries.get(key)
        return value.items if isinstance(value, Sequence) else []

    def text(self, node: Mapping, key: str, limit: int, example: str, *, required: bool = False) -> str:
        """Return the text that a mapping has at a key, on one line. Return "" if there is none.

        Add a mistake if the value is not a text, is empty or has more than `limit` characters. Also add one if the key
        is missing and `required` is True. The mistake shows `example`.
        """
        value = node.entries.get(key)
        if value is None:
            # An empty mapping may stand for a node that is no mapping. There is a mistake for that node already.
            if required and (node.entries or not self.mistakes):
                self.mistakes.append(
                    Mistake(node.line, node.below(key), f"This is missing. Write it like {key}: {example}")
                )
            return ""
        if not isinstance(value, Scalar):
            self.wrong(value, f"One value is expected here. Write it like {example}.")
            return ""
        self.check_quotes(value)
        text = _one_line(value)
        if not text:
            self.wrong(value, f"Nothing is written here. Write it like {key}: {example}")
        elif len(text) > limit:
            self.wrong(value, f"{quoted(text)} has {len(text):,} characters; {limit} fit. Shorten it.")
        return text

    def source(self, node: Mapping, key: str) -> str:
        """Return the key of the source that a mapping names at a key. Return "" if it does not have the key.

        Add a mistake if the file has no such source.
        """
        name = self.text(node, key, 100, "article")
        if name and name not in self.sources:
            known = ", ".join(self.sources) or "none yet"
            self.wrong(node.entries[key], f"{quoted(name)} is not one of this file's sources: {known}.")
        return name

    def date(self, node: Mapping, key: str) -> FactDate | None:
        """Return the date that a mapping has at a key. Return None if it does not have the key.

        If the text is no date, add a mistake and return an unknown date. Also add a mistake if the date has not begun
        in any time zone.
        """
        text = self.text(node, key, 300, "10 November 2023")
        if not text:
            return _UNKNOWN if key in node.entries else None
        try:
            date = dates.parse_fact_date(text)
        except BadInput as error:
            self.wrong(node.entries[key], str(error).replace(" Nothing was changed.", ""))
            return _UNKNOWN
        if not dates.has_begun(date, self.now):
            self.wrong(
                node.entries[key],
                f"{dates.format_fact_date(date)} has not begun anywhere yet, so nothing can have happened on it. "
                "Write the day on which it was true; a date to come belongs into a due date.",
            )
        return date


def _one_line(node: Node | None) -> str:
    """Return the text of a node on one line. Return "" if the node is missing or is a list or a mapping."""
    return " ".join(node.text.split()) if isinstance(node, Scalar) else ""


def _close(text: str, known: Iterable[str]) -> str:
    """Return a sentence with the word of `known` that is most similar to a text. Return "" if no word is similar."""
    close = difflib.get_close_matches(text[:60], list(known), 1)
    return f" Close to it: {close[0]}." if close else ""


def _as_update(number: int, fact: DossierFact, now: datetime) -> Update:
    """Return a fact as the Update that `stage_goes_back` takes. Fields which that function does not read are empty."""
    return Update(
        number,
        "",
        "set",
        fact.field,
        fact.value,
        fact.date,
        now,
        None,
        0,
        "",
        fact.reason,
        None,
        "",
        "dossier",
        fact.key,
    )
