"""Reading and checking of dossiers: YAML files of records and sources that a server can load.

data/dossiers/README.md explains the format.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from msgspec import Struct

from bot.dossier._mistakes import BadDossier, Mistake
from bot.dossier._reader import read_tree
from bot.dossier._shapes import Dossier, DossierFact, DossierRecord, DossierSource, Reference
from bot.dossier._yaml import LARGEST_FILE, parse

__all__ = [
    "LARGEST_FILE",
    "BadDossier",
    "Checked",
    "Dossier",
    "DossierFact",
    "DossierRecord",
    "DossierSource",
    "Mistake",
    "Reference",
    "check",
    "read",
]


def read(content: bytes, *, now: datetime) -> Dossier:
    """Parse and check the bytes of a dossier file. If it has mistakes, raise BadDossier with all of them."""
    return read_tree(parse(content), now)


class Checked(Struct, frozen=True):
    """The result of checking a dossier file.

    `mistakes` are sentences. `names` are the names of records that the file mentions but does not contain, each with
    its line. The file can be loaded into a server that has a record of each of these names.
    """

    mistakes: list[str]
    names: list[str]


def check(path: Path, *, now: datetime) -> Checked:
    """Check a dossier file and return its mistakes, each with its line and path."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        dossier = read(content, now=now)
    except OSError as error:
        return Checked([f"{path.name} cannot be read: {(error.strerror or str(error)).lower()}."], [])
    except BadDossier as error:
        return Checked([str(mistake) for mistake in error.mistakes], [])
    existing = [(record.line, record.existing, "") for record in dossier.records if record.existing]
    named = [(reference.line, reference.name, reference.hint) for reference in dossier.references.values()]
    return Checked([], [f"line {line}: {name}{hint and f'.{hint}'}" for line, name, hint in sorted(existing + named)])
