"""Reading and checking of dossiers: YAML files of records and sources that a server can load.

data/dossiers/README.md explains the format.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from bot.dossier._mistakes import BadDossier, Mistake
from bot.dossier._reader import read_tree
from bot.dossier._shapes import Dossier, DossierFact, DossierRecord, DossierSource, Reference
from bot.dossier._yaml import LARGEST_FILE, Mapping, Scalar, parse

__all__ = [
    "LARGEST_FILE",
    "BadDossier",
    "Dossier",
    "DossierFact",
    "DossierRecord",
    "DossierSource",
    "Mistake",
    "Reference",
    "check",
    "read",
    "title",
]


def read(content: bytes, *, now: datetime) -> Dossier:
    """Parse and check the bytes of a dossier file. Raise BadDossier with all mistakes in it."""
    return read_tree(parse(content), now)


def title(content: bytes) -> str:
    """Return the name of the dossier in a file, or "" if it has none, without checking the rest of the file.

    Raise BadDossier if the file cannot be parsed.
    """
    root = parse(content)
    name = root.entries.get("name") if isinstance(root, Mapping) else None
    return " ".join(name.text.split()) if isinstance(name, Scalar) else ""


def check(path: Path, *, now: datetime) -> list[str]:
    """Return all mistakes in a dossier file as sentences with line and path. Return [] if the file can be loaded."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        read(content, now=now)
    except OSError as error:
        return [f"{path.name} cannot be read: {(error.strerror or str(error)).lower()}."]
    except BadDossier as error:
        return [str(mistake) for mistake in error.mistakes]
    return []
