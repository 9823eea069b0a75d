"""Dossiers: files of records and sources that a server can load, read and validated. Pure.

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
    """A dossier from the bytes of its file. BadDossier holds every mistake in it."""
    return read_tree(parse(content), now)


def title(content: bytes) -> str:
    """What a dossier is called, without reading the rest of it; "" where its file does not say."""
    root = parse(content)
    name = root.entries.get("name") if isinstance(root, Mapping) else None
    return " ".join(name.text.split()) if isinstance(name, Scalar) else ""


def check(path: Path, *, now: datetime) -> list[str]:
    """Every mistake in a file, each with line, path in the file, reason and an example; none when it can be loaded."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        read(content, now=now)
    except OSError as error:
        return [f"{path.name} cannot be read: {(error.strerror or str(error)).lower()}."]
    except BadDossier as error:
        return [str(mistake) for mistake in error.mistakes]
    return []
