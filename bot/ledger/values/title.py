"""The type of fields that hold a title or an office of a person, with the time for which they hold it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

import msgspec

from bot import dates
from bot.errors import BadInput
from bot.ledger.values.field_type import FieldType, Find, Names, expect, quoted
from bot.ledger.words import as_written, normal, one_line
from data.records import FactDate, Title, Value

_LIMIT = 100
_SINCE = re.compile(
    r"(?P<text>.+?)(?P<comma>,)?\s+(?:from|since)\s+(?P<since>(?:(?!\s(?:from|since)\s).)+?)"
    r"(?:,?\s+(?:until|to)\s+(?P<until>.+))?",
    re.IGNORECASE,
)
_UNTIL = re.compile(r"(?P<text>.+?)(?P<comma>,)?\s+until\s+(?P<until>.+)", re.IGNORECASE)


class _Stored:
    """Reads a title from JSON. Earlier releases stored only the text of the title."""

    def __init__(self) -> None:
        self._decoder = msgspec.json.Decoder(Title | str)

    def decode(self, buf: bytes | str | msgspec.Raw, /) -> Value:
        """Return the title of a stored value."""
        value = self._decoder.decode(buf)
        return Title(value) if isinstance(value, str) else value


@dataclass(frozen=True)
class TitleType(FieldType):
    """A title, and when it was held: `Defence Minister, from 31 May 2019 until 9 June 2024`. Days may be left out.

    A newer title without days replaces an older one without days. Titles with days stand side by side.
    """

    stored: ClassVar[_Stored] = _Stored()

    def parse(self, text: str, find: Find) -> Value:
        line = one_line(text)
        if line.casefold().startswith("no longer "):
            raise BadInput(
                f"{quoted(line)} does not say when the title ended. Nothing was changed. "
                f"Write it like {line[10:60].strip()}, until 9 June 2024."
            )
        title = _read(line)
        self.check(title)
        return title

    def check(self, value: Value) -> None:
        title = self.require(value, Title)
        if not normal(title.text):
            raise BadInput(
                f"{quoted(title.text)} has no letter or digit. Nothing was changed. Write it like {self.example}."
            )
        if len(title.text) > _LIMIT:
            raise BadInput(
                f"{quoted(title.text)} has {len(title.text):,} characters; {_LIMIT} fit. Nothing was changed. "
                "Shorten it."
            )
        first, last = title.since and title.since.first, title.until and title.until.last
        if first and last and last < first:
            raise BadInput(
                f"{quoted(self.words(title, {}))} ends before it begins. Nothing was changed. "
                "Write the earlier day first."
            )

    def typed(self, value: Value, names: Names) -> str:
        title = expect(value, Title)
        since = f"from {dates.typed_fact_date(title.since)}" if title.since else ""
        until = f"until {dates.typed_fact_date(title.until)}" if title.until else ""
        held = " ".join(filter(None, [since, until]))
        return f"{title.text}, {held}" if held else title.text

    def words(self, value: Value, names: Names) -> str:
        title = expect(value, Title)
        begins = "from" if title.until else "since"
        since = f"{begins} {dates.format_fact_date(title.since, weekday=False)}" if title.since else ""
        until = f"until {dates.format_fact_date(title.until, weekday=False)}" if title.until else ""
        return " ".join(filter(None, [title.text, since, until]))

    def key(self, value: Value) -> str:
        title = expect(value, Title)
        if title.since is None and title.until is None:
            return ""
        begin = title.since.first.isoformat() if title.since and title.since.first else ""
        return f"{as_written(title.text)}|{begin}"


def _read(line: str) -> Title:
    """Return the title that a typed line means.

    If a comma comes before "from", "since" or "until", a date has to follow this word; otherwise raise BadInput. If no
    comma comes before the word and no date follows it, the word belongs to the title: "Envoy from Kerala".
    """
    form = _SINCE.fullmatch(line) or _UNTIL.fullmatch(line)
    if form is None:
        return Title(line)
    parts = form.groupdict()
    try:
        since, until = (_day(parts.get(name)) for name in ("since", "until"))
    except BadInput:
        if parts["comma"]:
            raise
        return Title(line)
    return Title(parts["text"].strip(), since, until)


def _day(text: str | None) -> FactDate | None:
    return dates.parse_fact_date(text) if text else None
