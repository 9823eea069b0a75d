"""What stands beside the facts of an answer: what to ask instead, how much is left out, which time was asked about."""

# pyright: standard
# Not strict until the next issues rebuild it.

from __future__ import annotations

from datetime import date

from bot import dates
from bot.ask.finding import Finding
from bot.ui import facts
from bot.ui.answers._lines import OPTIONS
from bot.ui.text import escaped, joined


def asked_back(found: Finding) -> list[str]:
    """Return what is said where nothing was found: what one can ask, or the closest names."""
    if found.options or found.answered or found.card is not None:
        return []
    nothing = not found.missing and found.listed is None
    asked = bool(found.reading.left or found.reading.names)
    lines = []
    if nothing and not asked:
        lines.append(
            "**Ask about what is in the record:** a deal, who must act, what is open, who said what, since when."
        )
    elif nothing:
        lines.append("**The answer is not in the record.** Nothing in it holds these words.")
    if found.close:
        names = joined([escaped(row.name, 100) for row in found.close])
        lines.append(f"Closest in the record: {names}." if asked else f"For example: {names}.")
    return lines


def beyond(found: Finding) -> list[str]:
    """Return how much there is that an answer does not show."""
    lines = []
    more = found.statements_total - len(found.statements)
    if more > 0:
        lines.append(f"-# and {more:,} more, counted in this record")
    if found.listed is not None and found.listed.total > len(found.listed.rows) > 0:
        least = "at least " if found.listed.least else ""
        lines.append(f"-# and {least}{found.listed.total - len(found.listed.rows):,} more, counted in this record")
    if len(found.options) > OPTIONS:
        lines.append("-# and more; write more of the name")
    return lines


def about_whom(found: Finding) -> list[str]:
    """Return which record an answer is about, where its sentences do not name it."""
    told = {one.opened.record.slug: one for one in found.told}
    if len(told) != 1 or any(one.how == "identity" for one in found.told[:1]):
        return []
    (one,) = told.values()
    return [f"-# About {escaped(one.opened.record.name, 100)}"]


def asked_time(found: Finding) -> list[str]:
    asked = found.reading.asked
    lines = []
    if found.day is not None:
        if found.changed and asked is not None and asked.mode in ("at", "between"):
            lines.append(f"-# Asked about: {_span(asked.first, found.day)}. What came later is left out.")
        else:
            lines.append(f"-# Asked about: as of {dates.format_day(found.day)}. What came later is left out.")
        if found.later is not None:
            lines[-1] += f" The newest fact since is dated {facts.dated(found.later.facts[0][1].date)}."
    elif asked is not None and not asked.of:
        first = dates.format_day(asked.first, weekday=False)
        lines.append(
            f"-# Asked about: {f'since {first}' if asked.mode == 'since' else _span(asked.first, asked.last)}."
        )
    if asked is not None and asked.latest and lines:
        lines[-1] += " No year was given, so the latest."
    return lines


def _span(first: date, last: date) -> str:
    words = dates.format_day(first, weekday=False)
    return words if first == last else f"{words} to {dates.format_day(last, weekday=False)}"


def partly(found: Finding) -> list[str]:
    lines = []
    if found.unknown and (found.answered or found.card is not None):
        lines.append("-# Underlined in the question: not in the record.")
    listed = found.listed
    turned = listed is not None and (listed.negated or listed.without or listed.lacking)
    if found.reading.negated and not turned and not found.missing and not found.options:
        lines.append("-# The question has a “not” that was not read; this is what the record says.")
    if found.reading.clipped:
        lines.append("-# The question is long; only its beginning was read.")
    return lines
