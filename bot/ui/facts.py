"""Facts in words: dates, sources, locators and what is not stated. All messages use these, so that they agree."""

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
    """Render a fact date: "10 November 2023 (year inferred)"."""
    words = dates.format_fact_date(d, weekday=False)
    words = escaped(words, 200) if d.printed else words
    return f"{words} ({WORKED_OUT})" if d.worked_out else words


def value(kind: Kind, name: str, fact: Fact[Value], names: Names, limit: int = 400) -> str:
    """Render the value of a fact, escaped and clipped to `limit` characters."""
    return escaped(get_field(kind, name).type.in_full(fact.value, names), limit)


def host(url: str) -> str:
    """Return the host of a web address: "reuters.com"; "" for any other text."""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "") if parts.scheme in ("http", "https") else ""
    except ValueError:
        return ""


def link(url: str) -> str:
    """Render a web address in full as a link. One that Discord could misread is rendered as plain text."""
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
    """Render the day on which a source was published, or "undated"."""
    return dated(source.published_on) if source.published_on else "undated"


def locators(found: Iterable[str]) -> str:
    """Render several locators as one: "sentences 2, 4 and 5, page 3"."""
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
    """Return a source's title and publisher, escaped; one of them where both are the same."""
    return list(dict.fromkeys(filter(None, [escaped(source.title, 120), escaped(source.publisher, 60)])))


def source_words(source: Source, place: str = "") -> str:
    """Render a source in one phrase: its title, its publisher, the place in it, its own date and the host of its link.

    A host that is the title is not repeated.
    """
    named, leads = titled(source), escaped(host(source.url), 60) or "no link"
    title = ", ".join(filter(None, [*named, clip(place, 120)]))
    about = ", ".join([source_date(source), *([] if leads in named else [leads])])
    return f"{title}; {about}"


def looked(record: Record) -> str:
    """Return when somebody last looked, with "nothing new" where the record has no newer fact; "" when nobody did."""
    fact = record.state.fact("checked")
    if fact is None:
        return ""
    newest = record.state.newest
    nothing = newest is None or (newest.day or date.min) <= (fact.date.day or date.min)
    return f"last looked at {dates.on_date(fact.date, weekday=False)}{': nothing new' if nothing else ''}"


def not_stated(record: Record) -> str:
    """Render which facts that readers expect are missing from a record, as one line; "" when none is."""
    missing = [field.absent for field in fields_of(record.kind) if field.absent and not record.state.facts(field.name)]
    return f"-# Not stated: {', '.join(missing)}" if missing else ""


def some(words: Sequence[str], limit: int) -> str:
    """Join the first `limit` words as a list, and count the rest: "a, b and 3 more"."""
    if len(words) <= limit:
        return joined(words)
    return f"{', '.join(words[:limit])} and {len(words) - limit:,} more"
