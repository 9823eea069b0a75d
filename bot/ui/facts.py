"""Wording shared by all messages: how the date, value, source, locator and link of a fact are rendered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date

from bot import dates
from bot.ledger.kinds import fields_of, get_field
from bot.ledger.source_lines import site
from bot.ledger.values import Names
from bot.ui.text import clip, escape, escaped, joined, sentence
from data.records import Fact, FactDate, Kind, Record, Source, Value

WORKED_OUT = "year inferred"
FALSE = "marked as false"
"""The words beside each mention of a source that an editor marked as false."""
_COUNTED = re.compile(r"(sentence|page|paragraph|article|section)s? (\d+(?:(?:, | and )\d+)*)")


def dated(d: FactDate) -> str:
    """Render a fact date: "10 November 2023". Add "(year inferred)" if the source does not print the whole date."""
    words = dates.format_fact_date(d, weekday=False)
    words = escaped(words, 200) if d.printed else words
    return f"{words} ({WORKED_OUT})" if d.worked_out else words


def value(kind: Kind, name: str, fact: Fact[Value], names: Names, limit: int = 400) -> str:
    """Render the value of a fact in the field `name`, escaped and clipped to `limit` characters."""
    return escaped(get_field(kind, name).type.in_full(fact.value, names), limit)


def link(url: str) -> str:
    """Render a web address as a link that shows the whole address.

    An address that Discord could misread is rendered as plain text, and an empty one as "no link".
    """
    if not url:
        return "no link"
    if not site(url) or len(url) > 300 or re.search(r"[\s<>\\`]", url):
        return escaped(url, 200)
    return f"<{url}>"


def masked_link(url: str) -> str:
    """Render a link that shows only the host: "[reuters.com](<https://...>)". Return "" for an unsafe address.

    Parentheses are percent-encoded, because some of Discord's apps end the link at the first one.
    """
    url = url.replace("(", "%28").replace(")", "%29")
    if not site(url) or len(url) > 300 or re.search(r"[\s<>\[\]\\`]", url):
        return ""
    return f"[{escaped(site(url), 60)}](<{url}>)"


def source_date(source: Source) -> str:
    """Render the day on which a source was published, or "undated"."""
    return dated(source.published_on) if source.published_on else "undated"


def locators(texts: Iterable[str]) -> str:
    """Join locators in the same source to one phrase: "sentences 2, 4 and 5, page 3"."""
    counted: dict[str, set[int]] = {}
    others: dict[str, None] = {}
    for text in dict.fromkeys(texts):
        if matched := _COUNTED.fullmatch(text):
            counted.setdefault(matched[1], set()).update(int(n) for n in re.findall(r"\d+", matched[2]))
        elif text:
            others[text] = None
    parts = [
        f"{noun}{'s' if len(ns) > 1 else ''} {joined([str(n) for n in sorted(ns)])}" for noun, ns in counted.items()
    ]
    return ", ".join([*parts, *(escape(text) for text in others)])


def titled(source: Source) -> list[str]:
    """Return a list of a source's title and publisher, escaped. Add FALSE if the source was marked as false.

    The publisher is left out if it is empty or equals the title.
    """
    marked = FALSE if source.false_because else ""
    return list(dict.fromkeys(filter(None, [escaped(source.title, 120), escaped(source.publisher, 60), marked])))


def described(source: Source, *, title: bool = True) -> str:
    """Render all that is known of a source, in one paragraph: title, publisher, day, language, links, note.

    If the source was marked as false, the reason is added. If `title` is False, the title is left out.
    """
    named = titled(source)[0 if title else 1 :]
    parts = [
        ", ".join(named),
        source_date(source),
        f"in {escaped(source.language, 40)}" if source.language else "",
        link(source.url),
        f"archived: {link(source.archived_url)}" if source.archived_url else "",
    ]
    text = "; ".join(filter(None, parts))
    ours = not named or named[0] == FALSE  # A name keeps its first letter as it is: "reuters.com".
    lines = [sentence(text) if ours else text]
    lines += [f"-# {escaped(source.note, 250)}"] if source.note else []
    lines += [f"-# False: {escaped(source.false_because, 250)}"] if source.false_because else []
    return "\n".join(lines)


def source_words(source: Source, locator: str = "") -> str:
    """Render a source as one phrase: "Joint Statement, U.S. Department of State, page 3; 10 November 2023, state.gov".

    The parts are title, publisher and `locator` (already escaped), then publication date and host. The host is left out
    if it equals the title or the publisher.
    """
    named, host = titled(source), escaped(site(source.url), 60) or "no link"
    title = ", ".join(filter(None, [*named, clip(locator, 120)]))
    about = ", ".join([source_date(source), *([] if host in named else [host])])
    return f"{title}; {about}"


def looked(record: Record) -> str:
    """Render when an editor last checked a record: "last looked at on 3 March 2025". Return "" if nobody has.

    Add ": nothing new" unless a fact of the record is dated later than that check.
    """
    fact = record.state.fact("checked")
    if fact is None:
        return ""
    newest = record.state.newest
    nothing = newest is None or (newest.day or date.min) <= (fact.date.day or date.min)
    return f"last looked at {dates.on_date(fact.date, weekday=False)}{': nothing new' if nothing else ''}"


def not_stated(record: Record) -> str:
    """Render a line that names what a record should state but does not: "Not stated: value, delivery dates".

    Return "" if nothing is missing. A field should have a value if it has a text `Field.absent`.
    """
    missing = [field.absent for field in fields_of(record.kind) if field.absent and not record.state.facts(field.name)]
    return f"-# Not stated: {', '.join(missing)}" if missing else ""


def some(words: Sequence[str], limit: int) -> str:
    """Join the first `limit` words as a list, and count the others: "a, b and 3 more"."""
    if len(words) <= limit:
        return joined(words)
    return f"{', '.join(words[:limit])} and {len(words) - limit:,} more"
