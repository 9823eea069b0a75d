"""Prints figures about every surface: `python -m tests.surfaces.measure [dossier.yaml ...]`.

There is a table for the random ledgers and for each dossier, with a row for each surface: pages, facts, the share of
facts with their date, violations of the checks, and the height of pages in lines, as sent and on a phone of 390 px.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from textwrap import wrap

from tests.surfaces.checks import Page, check, plain
from tests.surfaces.surfaces import SURFACES, Filled, Seen, of_seed, render

PHONE = 44
"""How many characters fit on a line of a phone that is 390 px wide."""

STARTER = Path(__file__).resolve().parents[2] / "data" / "dossiers" / "india-us-2plus2-2023.yaml"


def heights(page: Page) -> tuple[int, int]:
    """Return the number of lines of a page as sent, and as a phone wraps them."""
    return len(page.lines), sum(max(1, len(wrap(plain(line), PHONE))) for line in page.lines)


def table(name: str, found: Mapping[str, Sequence[Seen]], examples: int) -> list[str]:
    """Return the lines of a table about one ledger: a row for each surface, then examples of violations."""
    lines = [
        f"\n== {name}",
        f"{'surface':18}{'pages':>6}{'facts':>7}{'dated':>7}{'foreign':>9}{'undated':>9}{'unsourced':>10}"
        f"{'lines':>12}{'on phone':>12}",
    ]
    shown: list[str] = []
    for surface, pages in found.items():
        results = [check(one.page, one.book) for one in pages]
        wrong = [violation for result in results for violation in result.violations]
        count = Counter(violation.check for violation in wrong)
        facts, dated = sum(result.shown for result in results), sum(result.dated for result in results)
        tall = [heights(one.page) for one in pages] or [(0, 0)]
        sent, phone = (f"{median(of):.0f} / {max(of)}" for of in zip(*tall, strict=True))
        share = f"{dated / facts:.0%}" if facts else "-"
        lines.append(
            f"{surface:18}{len(pages):6}{facts:7}{share:>7}{count['foreign']:9}{count['undated']:9}"
            f"{count['unsourced']:10}{sent:>12}{phone:>12}"
        )
        for kind in ("foreign", "undated", "unsourced"):
            shown += [str(violation) for violation in wrong if violation.check == kind][:examples]
    return [*lines, "(lines and lines on a phone: median / most)", *shown]


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description="Measure dates and sources on everything that people read.")
    parser.add_argument("dossiers", nargs="*", type=Path, help="dossier files to measure besides the starter dossier")
    parser.add_argument("--seeds", type=int, default=3, help="how many random ledgers")
    parser.add_argument("--examples", type=int, default=0, help="how many examples of each fault of each surface")
    parser.add_argument("--surface", action="append", help="only this surface; can be given several times")
    asked = parser.parse_args(arguments)

    surfaces = [surface for surface in SURFACES if not asked.surface or surface in asked.surface]
    if asked.seeds:
        together = {surface: [s for n in range(asked.seeds) for s in of_seed(n, surface)] for surface in surfaces}
        print("\n".join(table(f"{asked.seeds} random ledgers", together, asked.examples)))
    for path in [STARTER, *asked.dossiers]:
        print("\n".join(table(path.stem, render(Filled(dossier=path), surfaces), asked.examples)))


if __name__ == "__main__":
    main(sys.argv[1:])
