"""Mistakes in a dossier file, and the error that reports them."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from bot.errors import BadInput

_SHOWN = 5


class Mistake(Struct, frozen=True):
    """One mistake in a dossier file: its line (from 1), its path ("records.india.facts[3].value") and the reason."""

    line: int
    path: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.path}: {self.reason}" if self.path else f"line {self.line}: {self.reason}"


class BadDossier(BadInput):
    """Raised for a dossier file with mistakes.

    `mistakes` has all of them, sorted by line. The text of the error has only the first few.
    """

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = sorted(mistakes, key=lambda mistake: mistake.line)
        shown = "\n".join(str(mistake) for mistake in self.mistakes[:_SHOWN])
        more = len(self.mistakes) - _SHOWN
        rest = f"\nand {more} more; `python -m bot dossier check FILE` lists all." if more > 0 else ""
        super().__init__(f"The dossier cannot be used, so nothing was changed.\n{shown}{rest}")
