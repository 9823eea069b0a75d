"""Parses a source that a person typed on one line: its title, its link, and the place in it that states the fact."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import TypeVar
from urllib.parse import urlsplit

from msgspec import Struct

from bot import dates
from bot.errors import BadInput
from bot.ledger.values import quoted
from bot.ledger.words import one_line
from data.records import FactDate, Source

_SHOWN = 100  # Discord: characters of a choice.
URL_LIMIT, TITLE_LIMIT, LOCATOR_LIMIT = 500, 200, 200
PUBLISHER_LIMIT, DAY_LIMIT, LANGUAGE_LIMIT = 100, 200, 40


T = TypeVar("T")


class SourceLine(Struct, frozen=True):
    """A source as it was typed. `publisher` is the host of its link.

    `locator` is the page, paragraph or other part of the source that states the fact. A link or a locator that was not
    typed is "".
    """

    title: str
    publisher: str = ""
    url: str = ""
    archived_url: str = ""
    locator: str = ""


class Description(Struct, frozen=True):
    """A description of a source by a person. The link of the source is not part of it."""

    title: str
    publisher: str = ""
    published_on: FactDate | None = None
    archived_url: str = ""
    language: str = ""


LABEL_LIMIT = 100
"""How many characters a source may have as a choice of a command option or of a menu."""

_LINK = re.compile(
    r"(?P<bracket><)?(?P<url>(?:https?:|www\.)[^\s<>]+|(?:[a-z0-9-]+\.)+[a-z]{2,}/[^\s<>]*)", re.IGNORECASE
)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:(?=\S)", re.IGNORECASE)
_ARCHIVES = (
    "archive.org",
    "web.archive.org",
    "archive.ph",
    "archive.today",
    "archive.is",
    "perma.cc",
    "ghostarchive.org",
)
_BEFORE_LINK = re.compile(r"(?:(?:see(?: also)?|source|via|link|from|at|in)\b[\s:]*)+\Z", re.IGNORECASE)
_COUNTED_PARTS = (
    "pages?|pp?\\.?|paragraphs?|paras?\\.?|¶+|§+|sections?|sec\\.?|sentences?|lines?|articles?|arts?\\.?|chapters?|"
    "ch\\.?|columns?|cols?\\.?|clauses?|annex(?:es)?|appendix|tables?|figures?|figs?\\.?|footnotes?|slides?|items?|"
    "points?|answers?|questions?|minutes?|min\\.?|at|पृष्ठ|पैरा|अनुच्छेद|वाक्य|पंक्ति"
)
_PARTS = "pages?|paragraphs?|sections?|sentences?|lines?|chapters?|columns?|tables?|footnotes?|slides?|answers?"
_PLACE = "headline|caption|lead|opening|closing|summary|introduction|conclusion|annex|appendix|editor's note"
_LOCATOR = re.compile(
    rf"(?:(?:{_COUNTED_PARTS})(?:\s*[0-9०-९]|\s+[ivx]+\b)[\w\W]*|(?:the )?(?:first|second|third|fourth|fifth|last)"
    rf" (?:{_PARTS})[\w\W]*|(?:the )?(?:{_PLACE})|\d{{1,2}}(?::\d{{2}}){{1,2}}|\d+(?:st|nd|rd|th) (?:{_PARTS})[\w\W]*)",
    re.IGNORECASE,
)


def read_source_line(text: str) -> SourceLine:
    """Return the source that a line means: "https://example.org/x, paragraph 3", or "Joint statement, page 2".

    In a line with a link, the text before the link is the title and the text after it is the locator. In a line without
    a link, the text after a comma is a locator only if it looks like one ("page 2"), because headlines contain commas.
    A comma at the end of such a line says that it has no locator. Raise BadInput if the line names no usable source.
    """
    line = one_line(text)
    if not line:
        raise BadInput(
            "Nothing is written there. Nothing was changed. Write it like https://example.org/x, paragraph 3."
        )
    links = list(_LINK.finditer(line))
    if not links:
        if _SCHEME.match(line):
            _host(line.partition(", ")[0])
        title, locator = _split_locator(line)
        return SourceLine(checked_title(title), locator=_checked_locator(locator))
    urls = [_with_scheme(_without_marks_after(link["url"])) for link in links]
    last = links[-1]
    if line[last.end() : last.end() + 1] == "<":
        raise BadInput(f"{quoted(line[last.start() :])} is not a link that works. Nothing was changed. Copy it anew.")
    hosts = [_host(url) for url in urls]
    archived = [url for url, host in zip(urls, hosts, strict=True) if host.casefold() in _ARCHIVES]
    direct = [url for url in urls if url not in archived] or archived[:1]
    if len(direct) > 1 or len(archived) > 1:
        raise BadInput(
            "The line holds several links. Nothing was changed. Enter one source at a time; "
            "the link of an archived copy may stand beside it."
        )
    before = _BEFORE_LINK.sub("", line[: links[0].start()]).strip(" ,;:–—-(</")
    after = line[last.start("url") + len(_without_marks_after(last["url"])) :]
    locator = after.lstrip(" ,;:.)>–—-").rstrip(" ,)")
    title, place_before = _split_locator(before) if before and not locator else (before, "")
    host = _host(direct[0])
    return SourceLine(
        checked_title(title) if title else host,
        host,
        direct[0],
        archived[0] if archived and archived[0] != direct[0] else "",
        _checked_locator(locator or place_before),
    )


def shown_source(source: Source) -> str:
    """Return a source as it is offered to editors: its title, publisher and date, in at most 100 characters."""
    day = dates.format_fact_date(source.published_on, weekday=False) if source.published_on else ""
    publisher = source.publisher if source.publisher != source.title else ""
    beside = " · ".join(part for part in (publisher, day) if part)
    room = _SHOWN - len(beside) - 3 if beside else _SHOWN
    title = one_line(source.title)
    title = title if len(title) <= room else title[: room - 1].rstrip() + "…"
    return one_line(f"{title} · {beside}" if beside else title)[:_SHOWN]


def _split_locator(line: str) -> tuple[str, str]:
    """Return the title and the locator of a line without a link, or of the part before a link."""
    if line.endswith(","):
        return line.rstrip(", "), ""
    parts = line.split(",")
    for n in range(1, len(parts)):  # "page 4, note 2" is one locator.
        if _LOCATOR.fullmatch(",".join(parts[n:]).strip()):
            return ",".join(parts[:n]).strip(), ",".join(parts[n:]).strip()
    return line.strip(), ""


def _without_marks_after(url: str) -> str:
    """Return a link without the punctuation after it, such as a full stop or a closing bracket."""
    kept = url.rstrip(".,;:!?'\"”’>]}")
    while kept.endswith(")") and kept.count(")") > kept.count("("):
        kept = kept[:-1].rstrip(".,;:!?'\"”’>]}")
    return kept


def _with_scheme(url: str) -> str:
    return url if re.match("https?:", url, re.IGNORECASE) else f"https://{url}"


def checked_title(title: str) -> str:
    if not title or len(title) > TITLE_LIMIT:
        raise BadInput(
            f"A title needs 1 to {TITLE_LIMIT} characters; this has {len(title):,}. Nothing was changed. "
            "Write it like Joint statement of the ministers, paragraph 3."
        )
    return title


def _checked_locator(locator: str) -> str:
    if len(locator) > LOCATOR_LIMIT:
        raise BadInput(
            f"The place in the source has {len(locator):,} characters; {LOCATOR_LIMIT} fit. Nothing was changed. "
            "Shorten it."
        )
    return locator


def read_description(typed: Mapping[str, str], *, now: datetime, today: date) -> tuple[Description | None, list[str]]:
    """Return the description of a source that was typed into a form, and a text for each input that cannot be used.

    If there are such texts, the description is None. The inputs are "title", "publisher", "published", "archived" and
    "language". Only the title is required. `today` is the date that the typed word "today" means.
    """
    mistakes: list[str] = []

    def part(name: str, read: Callable[[str], T], otherwise: T) -> T:
        try:
            return read(one_line(typed.get(name, "")))
        except BadInput as error:
            mistakes.append(f"{name.capitalize()}: {error}")
            return otherwise

    described = Description(
        part("title", checked_title, ""),
        part("publisher", lambda text: _checked_length(text, PUBLISHER_LIMIT), ""),
        part("published", lambda text: _published_on(text, now, today), None),
        part("archived", checked_archive, ""),
        part("language", lambda text: _checked_length(text, LANGUAGE_LIMIT), ""),
    )
    return None if mistakes else described, mistakes


def _checked_length(text: str, limit: int) -> str:
    if len(text) > limit:
        raise BadInput(f"This has {len(text):,} characters; {limit} fit. Nothing was changed. Shorten it.")
    return text


def _published_on(text: str, now: datetime, today: date) -> FactDate | None:
    """Return the day on which a source appeared, or None for an empty text and for "undated"."""
    if text.casefold() in ("", "undated"):
        return None
    day = dates.parse_fact_date(text, today=today)
    if not dates.has_begun(day, now):
        raise BadInput(f"{dates.format_fact_date(day)} has not begun anywhere yet. Nothing was changed.")
    return day


def checked_archive(link: str) -> str:
    """Return the typed link of an archived copy, after adding "https://" if it has no scheme.

    Return "" for an empty text. Raise BadInput if the text is not a link.
    """
    text = one_line(link).strip(" <>")
    if not text:
        return ""
    url = text if re.match("[a-z][a-z0-9+.-]*://", text, re.IGNORECASE) else _with_scheme(text)
    if "." not in _host(url):
        raise BadInput(f"{quoted(text)} is not a link that works. Nothing was changed. Copy it anew.")
    return url


def site(url: str) -> str:
    """Return the host of a web address, such as "www.reuters.com". Return "" for any other text."""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "") if parts.scheme in ("http", "https") else ""
    except ValueError:
        return ""


def link_key(link: str) -> str:
    """Return a key that is equal for two links to one page, and "" for an empty text.

    The scheme, "www.", a slash at the end and the case of the host make no difference.
    """
    bare = re.sub(r"^https?://", "", link.strip(" <>"), flags=re.IGNORECASE)
    host, slash, path = bare.partition("/")
    return f"{re.sub('^www[.]', '', host.casefold())}{slash}{path}".rstrip("/")


def label(source: Source) -> str:
    """Return a source in at most 100 characters of plain text: "Joint statement (state.gov, 10 November 2023)"."""
    title = one_line(source.title)
    host = "" if site(source.url) == title else site(source.url)
    beside = ", ".join(filter(None, [host, _day(source)]))[:60]
    tail = f" ({beside})" if beside else ""
    room = LABEL_LIMIT - len(tail)
    return f"{title if len(title) <= room else title[: room - 1].rstrip() + '…'}{tail}"


def host_and_day(source: Source) -> str:
    """Return the host and the day of a source in plain text: "state.gov, 10 November 2023", or "no link, undated"."""
    return f"{site(source.url) or 'no link'}, {_day(source) or 'undated'}"


def _day(source: Source) -> str:
    """Return the day of a source in plain words, or "" for a source without a day."""
    return one_line(dates.format_fact_date(source.published_on, weekday=False)) if source.published_on else ""


def _host(url: str) -> str:
    """Return the host of a link. Raise BadInput if the link is not one that people can safely open."""
    try:
        parts = urlsplit(url)
        host, fine = parts.hostname or "", parts.port is None or parts.port > 0
    except ValueError:
        raise BadInput(f"{quoted(url)} is not a link that works. Nothing was changed. Copy it anew.") from None
    if parts.scheme.lower() not in ("http", "https") or not fine:
        raise BadInput(
            f"{quoted(url)} is not a link to a page. Nothing was changed. "
            "Links begin with https:// or http://; in a title, put a space after a colon."
        )
    if parts.username is not None or parts.password is not None:
        raise BadInput("A link may hold no user name or password. Nothing was changed. Leave out what stands before @.")
    if len(url) > URL_LIMIT:
        raise BadInput(
            f"The link has {len(url):,} characters; {URL_LIMIT} fit. Nothing was changed. Use a shorter one."
        )
    if not re.fullmatch(r"[\w.\-\[\]:]+", host) or any(c in url for c in ' <>"\\^`{|}'):
        raise BadInput(f"{quoted(url)} is not a link that works. Nothing was changed. Copy it anew.")
    return host
