"""Reading and checking of dossiers, the files of records and sources that a server can load. Pure.

data/dossiers/README.md explains how one is written.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from bot.dossier._mistakes import BadDossier, Mistake
from bot.dossier._reader import read_tree
from bot.dossier._shapes import Dossier, DossierFact, DossierRecord, DossierSource
from bot.dossier._yaml import LARGEST_FILE, Mapping, Scalar, parse

__all__ = [
    "LARGEST_FILE",
    "BadDossier",
    "Dossier",
    "DossierFact",
    "DossierRecord",
    "DossierSource",
    "Mistake",
    "check",
    "read",
    "title",
]


def read(content: bytes, *, now: datetime) -> Dossier:
    """Return the dossier in the bytes of a file. Raise BadDossier with every mistake in it."""
    return read_tree(parse(content), now)


def title(content: bytes) -> str:
    """Return the name of a dossier, "" where it has none, without checking the rest of the file."""
    root = parse(content)
    name = root.entries.get("name") if isinstance(root, Mapping) else None
    return " ".join(name.text.split()) if isinstance(name, Scalar) else ""


def check(path: Path, *, now: datetime) -> list[str]:
    """Return every mistake in a file, with line, path in the file, reason and an example; [] when it can be loaded."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        read(content, now=now)
    except OSError as error:
        return [f"{path.name} cannot be read: {(error.strerror or str(error)).lower()}."]
    except BadDossier as error:
        return [str(mistake) for mistake in error.mistakes]
    return []
