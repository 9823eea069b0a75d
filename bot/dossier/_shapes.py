"""The structs that represent the content of a dossier file."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from bot.ledger.kinds import get_field
from data.records import FactDate, Kind, ListedText, Value

_LONG_AGO = date.min


class DossierSource(Struct, frozen=True):
    """A source of facts, as a dossier file describes it."""

    title: str
    publisher: str = ""
    published_on: FactDate | None = None
    url: str = ""
    note: str = ""
    archived_url: str = ""
    language: str = ""


class DossierFact(Struct, frozen=True):
    """A fact about a record in a dossier file.

    `key` identifies the fact in later versions of the file. `item` is the key of the value within a list (see
    `FieldType.key`), or "" for a field with a single value. `source` is the key of a source in the same file.
    """

    key: str
    field: str
    value: Value
    item: str
    date: FactDate
    source: str
    locator: str
    reason: str


class DossierRecord(Struct, frozen=True):
    """A record in a dossier file with all its facts, which include its name.

    `slug` is its key in the file. It becomes its slug in the server, unless another record has this slug there. With
    `existing` the facts are about a record that the server has already,
    under this name or alias; `name` is "" then. `line` and `path` are its place in the file.
    """

    slug: str
    kind: Kind
    name: str
    facts: tuple[DossierFact, ...]
    existing: str = ""
    line: int = 0
    path: str = ""

    @property
    def title(self) -> str:
        """Return the name by which people know the record."""
        return self.name or self.existing

    def texts(self, field: str) -> list[str]:
        """Return the values of a field of texts, such as its aliases, in the order of the file."""
        values = [fact.value for fact in self.facts if fact.field == field]
        return [value.text if isinstance(value, ListedText) else str(value) for value in values]


class Reference(Struct, frozen=True):
    """A name in a value that no record in the file has, so that the server's record of this name is meant.

    `kinds` are the kinds that the record may have. `line` and `path` are the place of the first such value in the file,
    and `hint` is a sentence about similar names in the file, or "".
    """

    name: str
    kinds: tuple[Kind, ...]
    line: int
    path: str
    hint: str


class Dossier(Struct, frozen=True):
    """The content of a dossier file.

    Values point to records by their keys in the file, or by the keys of `references` to records of the server.
    `builds_on` is the slug of a dossier that has to be loaded before this one, or "".
    """

    slug: str
    name: str
    summary: str
    sources: dict[str, DossierSource]
    records: tuple[DossierRecord, ...]
    references: dict[str, Reference]
    builds_on: str = ""

    @property
    def newest(self) -> FactDate | None:
        """Return the newest date of the facts that report something. Names and the like have no news value."""
        dates = [
            fact.date for record in self.records for fact in record.facts if get_field(record.kind, fact.field).reports
        ]
        return max((date for date in dates if date.day), key=lambda date: date.day or _LONG_AGO, default=None)
