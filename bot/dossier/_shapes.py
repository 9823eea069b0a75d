"""The structs that represent the content of a dossier file."""

from __future__ import annotations

from msgspec import Struct

from data.records import FactDate, Kind, Value


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
    """A record in a dossier file with all its facts, which include its name."""

    slug: str
    kind: Kind
    name: str
    facts: tuple[DossierFact, ...]


class Dossier(Struct, frozen=True):
    """The content of a dossier file. All records that its facts point to are in the same file."""

    slug: str
    name: str
    summary: str
    sources: dict[str, DossierSource]
    records: tuple[DossierRecord, ...]
