"""Renders citations of the sources of a record, as plain text, BibTeX or RIS. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from discord import ui
from msgspec import Struct

from bot import dates
from bot.ledger.cited import day_words
from bot.ledger.kinds import get_field
from bot.ledger.source_lines import site
from bot.ledger.words import one_line
from bot.ui import theme
from bot.ui.cards import facts_of
from bot.ui.ids import custom_id
from bot.ui.layout import Button, button, card, plain
from bot.ui.text import escaped, sentence
from data.records import Fact, FactDate, Opened, Record, Source, Value

_ROOM = 3600  # Characters of a code block in a message; the rest is for the heading.


class Citation(Struct, frozen=True):
    """A citation of one source of a record.

    `what` is the name of the record. `as_of` is the date of the newest fact from the source. `locators` are the pages
    or paragraphs in the source, and `accessed` is the day on which the citation is made.
    """

    what: str
    as_of: FactDate
    source: Source
    locators: tuple[str, ...]
    accessed: date


class Form(NamedTuple):
    """A format of citations: its label on a button, and the extension of a file in this format."""

    label: str
    ending: str


FORMS = {"plain": Form("Plain text", "txt"), "bibtex": Form("BibTeX", "bib"), "ris": Form("RIS", "ris")}
"""The formats of citations, by their names in custom ids."""


def of_record(opened: Opened, today: date) -> list[Citation]:
    """Return a citation for each source of a record. The source with the newest fact comes first.

    A source is left out if it only states fields without news value, such as names. But if that is true of all sources
    of the record, all are cited.
    """
    stated = facts_of(opened)
    reported = [fact for name, fact in stated if get_field(opened.record.kind, name).reports]
    return of_facts(opened, reported or [fact for _, fact in stated], today)


def of_facts(opened: Opened, facts: Sequence[Fact[Value]], today: date) -> list[Citation]:
    """Return a citation for each source of some facts of a record. The source with the newest fact comes first."""
    citations: list[Citation] = []
    for id_ in dict.fromkeys(fact.source for fact in facts if fact.source in opened.sources):
        of_source = [fact for fact in facts if fact.source == id_]
        newest = max(of_source, key=lambda fact: fact.date.day or date.min)
        places = tuple(dict.fromkeys(fact.locator for fact in of_source if fact.locator))
        citations.append(Citation(opened.record.name, newest.date, opened.sources[id_], places, today))
    return sorted(citations, key=lambda citation: citation.as_of.day or date.min, reverse=True)


def written(citations: Sequence[Citation], form: str) -> str:
    """Return citations as a text in one of FORMS. A text in RIS has CR LF at the end of each line."""
    if form == "ris":
        return "\r\n".join(_ris(citation) for citation in citations)
    entry = _bibtex if form == "bibtex" else _plain
    return "\n".join(entry(citation) for citation in citations)


def _plain(citation: Citation) -> str:
    """Return a citation as plain text: sentences on one line."""
    source = citation.source
    publisher = "" if source.publisher == source.title else source.publisher
    day = _words(source.published_on) or ("undated" if publisher else "Undated")
    parts = [
        source.title,
        ", ".join(filter(None, [publisher, day])),
        f"In {source.language}" if source.language else "",
        source.url,
        f"Archived: {source.archived_url}" if source.archived_url else "",
        *_notes(citation),
        f"Accessed {dates.format_day(citation.accessed, weekday=False)}",
    ]
    return " ".join(_sentence(one_line(part)) for part in parts if part) + "\n"


def _sentence(text: str) -> str:
    """Return a text with a full stop. If the text ends in a link, a space keeps the full stop out of the link."""
    if re.search(r"https?://\S+$", text):
        return f"{text} ."
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _notes(citation: Citation) -> list[str]:
    """Return notes for a citation: the record that it is for, the locators, and the reason if the source is false."""
    false = citation.source.false_because
    return [
        f"Cited for {citation.what}, as of {_words(citation.as_of) or 'an unknown date'}",
        sentence("; ".join(citation.locators)),
        f"Marked as false: {false}" if false else "",
    ]


def _words(day: FactDate | None) -> str:
    return day_words([day]) if day else ""


# BibTeX

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_BIBTEX = {
    "\\": r"{\textbackslash}",
    "{": r"{\textbraceleft}",  # A brace counts for BibTeX even where it is escaped as \{.
    "}": r"{\textbraceright}",
    "~": r"{\textasciitilde}",
    "^": r"{\textasciicircum}",
    **{character: f"\\{character}" for character in "&%$#_"},
}


def _bibtex(citation: Citation) -> str:
    """Return a citation in BibTeX, as an entry of the type misc: every style of BibTeX and biblatex has this type."""
    source = citation.source
    day = source.published_on
    # Double braces keep the capital letters of a title. They also keep a publisher with "and" in its name in one piece.
    fields = [
        ("title", f"{{{_tex(source.title)}}}"),
        ("publisher", f"{{{_tex(source.publisher)}}}" if source.publisher else ""),
        ("date", _iso(day)),
        ("year", str(day.first.year) if day and day.first else ""),
        ("language", _tex(source.language)),
        ("url", _tex_link(source.url)),
        ("urldate", citation.accessed.isoformat()),
        ("note", _tex(". ".join(note.rstrip(".") for note in _notes(citation) if note))),
        ("addendum", f"Archived: \\url{{{_tex_link(source.archived_url)}}}" if source.archived_url else ""),
    ]
    lines = [f"  {name} = {{{value}}}," for name, value in fields if value]
    if day and day.first and day.precision in ("day", "month"):
        lines.append(f"  month = {_MONTHS[day.first.month - 1]},")
    return "\n".join([f"@misc{{{_key(source)},", *lines, "}", ""])


def _tex(text: str) -> str:
    """Escape a text for BibTeX, so that it has no special character and its braces are in pairs."""
    return "".join(_BIBTEX.get(character, character) for character in one_line(text))


def _tex_link(url: str) -> str:
    """Return a link for a field that TeX reads verbatim. Characters that would end the field are percent-encoded."""
    return re.sub(r'[{}\\"\s<>^`|]', lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), url)


def _key(source: Source) -> str:
    """Return a unique key for the entry of a source: its host (else title), year and id, such as "reuterscom2023-7"."""
    words = re.sub(r"[^a-z0-9]+", "", (re.sub("^www[.]", "", site(source.url)) or source.title).lower())
    year = source.published_on.first.year if source.published_on and source.published_on.first else ""
    return f"{words[:24] or 'source'}{year}-{source.id}"


def _iso(day: FactDate | None) -> str:
    """Return a date as biblatex reads it: "2023-11-10", "2023-11", "2023" or "2023-01-01/2023-04-30"; "" if unknown."""
    if day is None or day.first is None:
        return ""
    first = day.first.isoformat()
    match day.precision:
        case "month":
            return first[:7]
        case "year":
            return first[:4]
        case "range":
            return f"{first}/{day.last.isoformat() if day.last else ''}"
        case "open":
            return f"{first}/"
        case _:
            return first


# RIS


def _ris(citation: Citation) -> str:
    """Return a citation in RIS. Each line has a tag, two spaces, a hyphen, a space and a value, then CR LF."""
    source = citation.source
    day = source.published_on
    lines = [
        ("TY", "ELEC" if source.url else "GEN"),
        ("TI", source.title),
        ("PB", source.publisher),
        ("PY", str(day.first.year) if day and day.first else ""),
        ("DA", _slashed(day)),
        ("LA", source.language),
        ("UR", source.url),
        ("L2", source.archived_url),
        ("Y2", f"{citation.accessed:%Y/%m/%d}/"),
        *(("N1", note) for note in _notes(citation)),
        ("ID", _key(source)),
    ]
    return "".join(f"{tag}  - {one_line(value)}\r\n" for tag, value in lines if value.strip()) + "ER  - \r\n"


def _slashed(day: FactDate | None) -> str:
    """Return a date in RIS, as year/month/day/words: "2023/11/10/", "2023/11//" or "2023///". Return "" for None.

    A date that is less regular, such as a range, has its words after the last slash.
    """
    if day is None:
        return ""
    if day.first is None:
        return f"///{_words(day).replace('/', '-')}"
    year, month, of_month = f"{day.first:%Y/%m/%d}".split("/")
    match day.precision:
        case "day":
            return f"{year}/{month}/{of_month}/"
        case "month":
            return f"{year}/{month}//"
        case "year":
            return f"{year}///"
        case _:
            return f"{year}///{_words(day).replace('/', '-')}"


# Messages


def fits(text: str) -> bool:
    """Return whether a text can be shown in a code block: it is short enough and contains no "```"."""
    return len(text) <= _ROOM and "```" not in text


def page(record: Record, text: str, form: str, only: int | None, guild_id: int | None) -> ui.LayoutView:
    """Render citations (`text`) in a code block, with a button for each format except `form`.

    `only` is the id of the cited source, or None if all sources of the record are cited.
    """
    heading = f"## Cite {escaped(record.name, 100)}"
    block = f"```\n{text.rstrip()}\n```" if text.strip() else "No source is on file for it."
    return card([f"{heading}\n{block}"], buttons=_forms(record, form, only, guild_id), accent=theme.PLAIN)


def other_forms(record: Record, form: str, only: int | None, guild_id: int | None) -> ui.View:
    """Return the view below a file of citations: a button for each other format. For `only` see `page`."""
    return plain(_forms(record, form, only, guild_id))


def _forms(record: Record, form: str, only: int | None, guild_id: int | None) -> list[Button]:
    source = () if only is None else (only,)
    return [
        button(other.label, custom_id("source.cite", record.slug, name, *source, guild_id=guild_id))
        for name, other in FORMS.items()
        if name != form
    ]


def file_name(record: Record, form: str) -> str:
    """Return the name of a file of citations: "armed-drones.bib". It is the slug with only a-z, 0-9 and hyphens."""
    return f"{re.sub(r'[^a-z0-9]+', '-', record.slug.lower()).strip('-') or 'record'}.{FORMS[form].ending}"
