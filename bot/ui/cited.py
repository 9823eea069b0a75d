"""Renders cited texts: the escaped text with the dates of its facts, and the sources of these facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.ledger.cited import by_day, day_key, day_words, days_of, says_day
from bot.ui import facts
from bot.ui.text import clip, escaped, joined, sentence
from data.records import CitedText, Fact, FactDate, Source

_SOURCES_NAMED = 2  # A line names this many sources and counts the others.


def shared_day(parts: Iterable[CitedText]) -> FactDate | None:
    """Return the date of the facts of some texts. Return None if the dates differ or there are no facts."""
    days = days_of(fact for part in parts for fact in part.facts)
    return days[0] if len(days) == 1 else None


def shared_source(parts: Iterable[CitedText]) -> int | None:
    """Return the source id of the facts of some texts. Return None if the sources differ or there are no facts."""
    ids = {fact.source for part in parts for fact in part.facts}
    return ids.pop() if len(ids) == 1 else None


def line(
    parts: Iterable[CitedText],
    *,
    stated: FactDate | None = None,
    listed: bool = False,
    reported: bool = False,
    bold: bool = False,
    limit: int = 200,
) -> str:
    """Render texts as one line: "Signed; deliveries open, 3 May 2024; number 31, 4 May 2024".

    Texts are separated by semicolons. If `listed`, neighbouring texts with the same date are joined as "a, b and c".
    The date follows the last of these texts. It is left out (a) if that text contains the date, (b) if the date is
    `stated`, a date that the message states elsewhere. If `reported`, each date is preceded by "reported". If `bold`,
    the first text is bold. Each text is clipped to `limit` characters.
    """
    groups: list[str] = []
    for days, together in by_day(part for part in parts if part.text):
        words = [escaped(part.text, limit) for part in together]
        if bold and not groups:
            words[0] = f"**{sentence(words[0])}**"
        # If a name contains "and" or a comma, a reader could not see where the next name of a list begins.
        apart = listed and not any(" and " in word or "," in word for word in words)
        text = joined(words) if apart or len(words) == 1 else "; ".join(words)
        day = escaped(day_words(days), 120)
        known = stated is not None and len(days) == 1 and day_key(days[0]) == day_key(stated)
        if not known and not says_day(words[-1], day):
            text += f", {'reported ' if reported else ''}{day}"
        groups.append(text)
    return "; ".join(groups)


def some(parts: Sequence[CitedText], most: int, singular: str = "", plural: str = "") -> list[CitedText]:
    """Return the first `most` texts and, when there are others, a text that counts them: "2 more values".

    `singular` and `plural` are the noun after the count. If `plural` is "", the singular is used for any count.
    """
    more = len(parts) - most
    if more <= 0:
        return list(parts)
    return [*parts[:most], CitedText(f"{more:,} more {singular if more == 1 else plural or singular}".rstrip())]


def source_words(shown: Iterable[Fact[object]], sources: Mapping[int, Source]) -> str:
    """Render the sources of some facts for the end of a line: "[reuters.com](https://…), sentence 5, 1 more".

    A source without a safe link is named by its title. At most two sources are named, and the others are counted.
    """
    locators: dict[int, dict[str, None]] = {}
    for fact in shown:
        if fact.source in sources:
            locators.setdefault(fact.source, {})[fact.locator] = None
    named = [
        _named(sources[id_], facts.locators(of_source)) for id_, of_source in list(locators.items())[:_SOURCES_NAMED]
    ]
    more = len(locators) - len(named)
    return ", ".join([*named, *([f"{more} more"] if more else [])])


def _named(source: Source, locator: str) -> str:
    title = facts.masked_link(source.url) or escaped(source.title, 80)
    if source.false_because:
        title += f" ({facts.FALSE})"
    return f"{title}, {clip(locator, 80)}" if locator else title


def source_line(parts: Iterable[CitedText], sources: Mapping[int, Source]) -> str:
    """Render the source of some texts as a line of small print: title, publisher, locators, date and link.

    Return "" if the texts have no source or more than one, or if the source is not in `sources`.
    """
    shown = [fact for part in parts for fact in part.facts]
    if len({fact.source for fact in shown}) != 1 or shown[0].source not in sources:
        return ""
    source = sources[shown[0].source]
    title = ", ".join(filter(None, [*facts.titled(source), clip(facts.locators(f.locator for f in shown), 120)]))
    about = f"{facts.source_date(source)}, {facts.masked_link(source.url) or 'no link'}"
    inferred = "; the year is inferred" if any(fact.date.worked_out for fact in shown) else ""
    return f"-# {title} ({about}{inferred})"
