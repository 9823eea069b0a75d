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
    """A fact about a record, as a dossier file states it.

    `key` identifies the fact: a later version of the file states the same fact with the same key. `item` is the key of
    the value in a field with several values (see `FieldType.key`). It is "" in a field with one value. `source` is the
    key of a source in the same file.
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
    """A record in a dossier file with all its facts. Its name is one of the facts.

    `slug` is the key of the record in the file. In the server, the record gets the same slug if it is free there.
    `line` and `path` are the place of the record in the file.

    A file can also add facts to a record that the server has already. Then `existing` is a name or alias of that
    record, and `name` is "".
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
        """Return the values of a field whose values are texts, such as the aliases, in the order of the file."""
        values = [fact.value for fact in self.facts if fact.field == field]
        return [value.text if isinstance(value, ListedText) else str(value) for value in values]


class Reference(Struct, frozen=True):
    """A name in a value of a dossier file, if no record in the file has the name. It refers to a record of the server.

    `kinds` are the kinds that the record may have. `line` and `path` are the place in the file where the name occurs
    first. `hint` is a sentence with a similar name in the file, or "".
    """

    name: str
    kinds: tuple[Kind, ...]
    line: int
    path: str
    hint: str


class Dossier(Struct, frozen=True):
    """The content of a dossier file.

    A value names a record by the record's key in the file. For a record of the server, it has a key of `references`
    instead. `builds_on` is the slug of a dossier that has to be loaded before this one, or "".
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
        """Return the newest date of a fact that reports something, or None. A name, for example, reports nothing."""
        dates = [
            fact.date for record in self.records for fact in record.facts if get_field(record.kind, fact.field).reports
        ]
        return max((date for date in dates if date.day), key=lambda date: date.day or _LONG_AGO, default=None)
