"""What a question found: the facts, statements, changes or records that answer it, and what is missing."""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import Struct

from bot.ask.reading import Reading
from data.records import Fact, Kind, Opened, Row, Update

How = Literal["values", "identity", "stage", "reached", "roles", "since"]
"""How facts are told: by their values; as the phrase that lists give of a record, or of how far a deal is; as a stage
that a deal has left behind; by who has which role; or as the first that was reported."""


class Told(Struct, frozen=True):
    """Facts that answer: of which record, the facts with their fields, and how they are told."""

    opened: Opened
    facts: list[tuple[str, Fact]]
    how: How = "values"


class Missing(Struct, frozen=True):
    """What was asked for and is not in the record, as a phrase, and the record where one would look for it.

    `about` is who the phrase names.
    """

    what: str
    opened: Opened | None = None
    about: Opened | None = None


class Listed(Struct, frozen=True):
    """Records that answer: the first ones, and how many there are, or are at `least`.

    They are linked with some and at a stage; or `without` some, and, `negated`, at any other stage; or `lacking` a
    field; or `waiting`, with an approval that is open.
    """

    kind: Kind
    rows: list[Row]
    total: int
    linked: tuple[tuple[str, str], ...] = ()
    stage: str | None = None
    least: bool = False
    without: tuple[tuple[str, str], ...] = ()
    negated: bool = False
    lacking: str = ""
    waiting: bool = False


class Changed(Struct, frozen=True):
    """What was reported of a record in the time that was asked about, oldest first.

    `names` holds those of the records that the updates point to and that are not linked with it any more.
    """

    opened: Opened
    updates: list[Update]
    names: dict[str, str] = {}


class Finding(Struct):
    """What a question found. Only one of its parts is set, beside the `card` of the record that it is about.

    `options` are those of which one is meant, `close` those with names that are near where there is no answer, `opened`
    the records of a list, `around` those whose facts stand beside what is told: the open items of a deal, for example.
    `day` is the past day whose picture this is, `later` the newest fact after it. `unknown` holds the places of words
    that the record does not know.
    """

    reading: Reading
    lines: list[Told | Missing] = []
    statements: list[Opened] = []
    statements_total: int = 0
    changed: list[Changed] = []
    listed: Listed | None = None
    options: list[Row] = []
    close: list[Row] = []
    card: Opened | None = None
    sources_of: Opened | None = None
    day: date | None = None
    unknown: tuple[int, ...] = ()
    opened: list[Opened] = []
    around: list[Opened] = []
    later: Told | None = None

    @property
    def told(self) -> list[Told]:
        return [line for line in self.lines if isinstance(line, Told)]

    @property
    def missing(self) -> list[Missing]:
        return [line for line in self.lines if isinstance(line, Missing)]

    @property
    def answered(self) -> bool:
        """Whether the record held an answer."""
        listed = self.listed is not None and self.listed.total > 0
        return bool(self.told or self.statements or self.changed or listed or self.options or self.sources_of)
