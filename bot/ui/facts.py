"""Facts in words: dates, sources, locators and what is not stated. One function each, so that all messages agree."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from urllib.parse import urlsplit

from bot import dates
from bot.ledger.kinds import fields_of, get_field
from bot.ledger.values import Names
from bot.ui.text import clip, escape, escaped, joined
from data.records import Fact, FactDate, Kind, Record, Source, Value

WORKED_OUT = "year inferred"
_COUNTED = re.compile(r"(sentence|page|paragraph|article|section)s? (\d+(?:(?:, | and )\d+)*)")


def dated(d: FactDate) -> str:
    """Return a fact date by itself: "10 November 2023 (year inferred)"."""
    words = dates.format_fact_date(d, weekday=False)
    words = escaped(words, 200) if d.printed else words
    return f"{words} ({WORKED_OUT})" if d.worked_out else words


def value(kind: Kind, name: str, fact: Fact[Value], names: Names, limit: int = 400) -> str:
    """The value of a fact, escaped and clipped."""
    return escaped(get_field(kind, name).type.in_full(fact.value, names), limit)


def host(url: str) -> str:
    """Where a link leads, as readers recognise it; "" when it is no web address."""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "") if parts.scheme in ("http", "https") else ""
    except ValueError:
        return ""


def link(url: str) -> str:
    """A web address that can be followed, shown in full; one that Discord could misread is shown as text."""
    if not url:
        return "no link"
    if not host(url) or len(url) > 300 or re.search(r"[\s<>\\`]", url):
        return escaped(url, 200)
    return f"<{url}>"


def masked_link(url: str) -> str:
    """Render a web address as its host, which opens it: "[reuters.com](<https://...>)"; "" where that is not safe."""
    where = host(url)
    if not where or len(url) > 300 or re.search(r"[\s<>()\[\]\\`]", url):
        return ""
    return f"[{escaped(where, 60)}](<{url}>)"


def source_date(source: Source) -> str:
    return dated(source.published_on) if source.published_on else "undated"


def locators(found: Iterable[str]) -> str:
    """Several locators as one: "sentences 2, 4 and 5, page 3"."""
    counted: dict[str, set[int]] = {}
    others: dict[str, None] = {}
    for text in dict.fromkeys(found):
        if matched := _COUNTED.fullmatch(text):
            counted.setdefault(matched[1], set()).update(int(n) for n in re.findall(r"\d+", matched[2]))
        elif text:
            others[text] = None
    parts = [
        f"{noun}{'s' if len(ns) > 1 else ''} {joined([str(n) for n in sorted(ns)])}" for noun, ns in counted.items()
    ]
    return ", ".join([*parts, *(escape(text) for text in others)])


def titled(source: Source) -> list[str]:
    """A source's title and publisher; one of them where both are the same, as for a link without a title."""
    return list(dict.fromkeys(filter(None, [escaped(source.title, 120), escaped(source.publisher, 60)])))


def source_words(source: Source, place: str = "") -> str:
    """A source in one phrase: its title, publisher, the place in it, its own date and where its link leads.

    A host that is the title is not said twice.
    """
    named, leads = titled(source), escaped(host(source.url), 60) or "no link"
    title = ", ".join(filter(None, [*named, clip(place, 120)]))
    about = ", ".join([source_date(source), *([] if leads in named else [leads])])
    return f"{title}; {about}"


def looked(record: Record) -> str:
    """Return when somebody last looked, and that there was nothing new where nothing newer is on the record."""
    fact = record.state.fact("checked")
    if fact is None:
        return ""
    newest = record.state.newest
    nothing = newest is None or (newest.day or date.min) <= (fact.date.day or date.min)
    return f"last looked at {dates.on_date(fact.date, weekday=False)}{': nothing new' if nothing else ''}"


def not_stated(record: Record) -> str:
    """What readers would look for and the record does not hold, in one line; "" when there is nothing."""
    missing = [field.absent for field in fields_of(record.kind) if field.absent and not record.state.facts(field.name)]
    return f"-# Not stated: {', '.join(missing)}" if missing else ""


def some(words: Sequence[str], limit: int) -> str:
    """Words as a list, with how many more there are."""
    if len(words) <= limit:
        return joined(words)
    return f"{', '.join(words[:limit])} and {len(words) - limit:,} more"
