"""The structs that a dossier file is read into."""

from __future__ import annotations

from msgspec import Struct

from data.records import FactDate, Kind, Value


class DossierSource(Struct, frozen=True):
    """A source as the file describes it."""

    title: str
    publisher: str = ""
    published_on: FactDate | None = None
    url: str = ""
    note: str = ""


class DossierFact(Struct, frozen=True):
    """One fact. Its `key` never changes: by it the fact is found again in a later version of the file.

    `item` is what makes the value one of a list ("" where a field holds one value).
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
    """One record with its facts, its name among them."""

    slug: str
    kind: Kind
    name: str
    facts: tuple[DossierFact, ...]


class Dossier(Struct, frozen=True):
    """A whole file. Every record that a fact points to is in it."""

    slug: str
    name: str
    summary: str
    sources: dict[str, DossierSource]
    records: tuple[DossierRecord, ...]
