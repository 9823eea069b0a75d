"""Cited text in a message: escaped, each piece followed by the day of its own facts unless all share one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.ledger.cited import by_day, day_key, day_words, days_of, says_day
from bot.ui import facts
from bot.ui.text import clip, escaped, joined, sentence
from data.records import CitedText, Fact, FactDate, Source

_SOURCES_NAMED = 2


def shared_day(parts: Iterable[CitedText]) -> FactDate | None:
    """Return the day that all facts of some texts have, or None where they differ or there are none."""
    days = days_of(fact for part in parts for fact in part.facts)
    return days[0] if len(days) == 1 else None


def shared_source(parts: Iterable[CitedText]) -> int | None:
    """Return the source that all facts of some texts have, or None where they differ or there are none."""
    found = {fact.source for part in parts for fact in part.facts}
    return found.pop() if len(found) == 1 else None


def line(
    parts: Iterable[CitedText],
    *,
    stated: FactDate | None = None,
    listed: bool = False,
    reported: bool = False,
    bold: bool = False,
    limit: int = 200,
) -> str:
    """Render texts as one line, each run of one day followed by that day.

    `stated` is a day that stands elsewhere for the whole block and is not repeated. A day that the last text contains
    is not repeated either. `listed` joins the texts of one day as "a, b and c", otherwise they are separated by
    semicolons. `reported` puts that word before each day, for texts that contain a date of their own. `bold` prints the
    first text bold. Each text is clipped to `limit` characters.
    """
    said: list[str] = []
    for days, together in by_day(part for part in parts if part.text):
        words = [escaped(part.text, limit) for part in together]
        if bold and not said:
            words[0] = f"**{sentence(words[0])}**"
        # Names that hold an "and" or a comma themselves would run into one another.
        apart = listed and not any(" and " in word or "," in word for word in words)
        text = joined(words) if apart or len(words) == 1 else "; ".join(words)
        day = escaped(day_words(days), 120)
        known = stated is not None and len(days) == 1 and day_key(days[0]) == day_key(stated)
        if not known and not says_day(words[-1], day):
            text += f", {'reported ' if reported else ''}{day}"
        said.append(text)
    return "; ".join(said)


def some(parts: Sequence[CitedText], most: int, one: str = "", many: str = "") -> list[CitedText]:
    """Return the first `most` texts and a text without facts that counts the others: "2 more values"."""
    more = len(parts) - most
    if more <= 0:
        return list(parts)
    return [*parts[:most], CitedText(f"{more:,} more {one if more == 1 else many or one}".rstrip())]


def source_words(shown: Iterable[Fact[object]], sources: Mapping[int, Source]) -> str:
    """Render the sources of some facts for the end of a line: each by its linked host or its title, with the place.

    Examples: "[reuters.com](https://…), sentence 5" and "News article, sentence 5". Two are named, the rest is counted.
    """
    places: dict[int, dict[str, None]] = {}
    for fact in shown:
        if fact.source in sources:
            places.setdefault(fact.source, {})[fact.locator] = None
    named = [_named(sources[id_], facts.locators(found)) for id_, found in list(places.items())[:_SOURCES_NAMED]]
    more = len(places) - len(named)
    return ", ".join([*named, *([f"{more} more"] if more else [])])


def _named(source: Source, place: str) -> str:
    linked = facts.masked_link(source.url)
    title = linked or escaped(source.title, 80)
    return f"{title}, {clip(place, 80)}" if place else title


def source_line(parts: Iterable[CitedText], sources: Mapping[int, Source]) -> str:
    """Render the one source of some texts as a line of small print; "" where they have several or it is not on file."""
    shown = [fact for part in parts for fact in part.facts]
    if len({fact.source for fact in shown}) != 1 or shown[0].source not in sources:
        return ""
    source = sources[shown[0].source]
    title = ", ".join(filter(None, [*facts.titled(source), clip(facts.locators(f.locator for f in shown), 120)]))
    about = f"{facts.source_date(source)}, {facts.masked_link(source.url) or 'no link'}"
    inferred = "; the year is inferred" if any(fact.date.worked_out for fact in shown) else ""
    return f"-# {title} ({about}{inferred})"
