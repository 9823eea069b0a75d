"""A card while it is built: its lines by rank."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from bot.ledger import due_dates
from bot.ledger.cited import cited, of_each_day, undated
from bot.ledger.kinds import get_field
from bot.ledger.status import NO_DUE_DATE
from bot.ledger.values import DateType, DueType
from bot.ui.cited import some
from bot.ui.text import clip
from data.records import CitedText, Fact, Kind, Link, Opened

SHOWN = 3  # Texts of a line, unless its caller names another number.
_SUMMARY = 130  # Characters of *In short*.
_TWO_ITEMS = 130  # Characters of two open items that are both named.


class CardLine(NamedTuple):
    """One line of a card: its label and its texts."""

    label: str
    parts: list[CitedText]
    listed: bool = False
    reported: bool = False  # Its texts hold dates, so its days are marked as those of reports.
    links: tuple[Fact[object], ...] = ()  # The facts that link the records which it only names.


class CardDraft:
    """A card while it is built: its lines by rank, each with the facts it states."""

    def __init__(self, opened: Opened, now: datetime, session: Opened | None) -> None:
        self.opened = opened
        self.record = opened.record
        self.names = opened.names
        self.now = now
        self.session = session
        self.lead: list[CardLine] = []
        self.lines: list[CardLine] = []
        self.waiting = False

    def fact_parts(self, name: str, limit: int = 200) -> list[CitedText]:
        """Return the values of a field, the newest first, each with its fact where the field has news value."""
        field = get_field(self.record.kind, name)
        found = sorted(self.record.state.facts(name), key=lambda fact: fact.date.day or date.min, reverse=True)
        return [
            cited(
                clip(
                    field.type.in_full(fact.value, self.names),
                    limit,
                ),
                fact if field.reports else None,
            )
            for fact in found
        ]

    def add(
        self, label: str, parts: Sequence[CitedText], *, most: int = SHOWN, listed: bool = True, reported: bool = False
    ) -> None:
        """Add a line of the next lower rank unless `parts` is empty. Texts beyond `most` are counted."""
        if parts:
            self.lines.append(CardLine(label, some(parts, most), listed, reported))

    def field(self, name: str, label: str = "", *, most: int = SHOWN) -> None:
        """Add a line for a field."""
        parts = self.fact_parts(name)
        is_date = isinstance(get_field(self.record.kind, name).type, DateType | DueType)
        self.add(label or get_field(self.record.kind, name).label, parts, most=most, reported=is_date)

    def text(self) -> None:
        """Add *In short* as a paragraph without a label."""
        parts = self.fact_parts("summary", 600)
        if parts:
            self.lines.append(CardLine("", [CitedText(_first_sentences(parts[0].text), parts[0].facts)]))

    def linked(self, *kinds: Kind, field: str = "", inward: bool = True) -> list[Link]:
        """Return the linked records of some kinds, each once; by default the links that lead to this record."""
        found: dict[str, Link] = {}
        for link in self.opened.links:
            if link.kind in kinds and link.outward != inward and field in ("", link.field):
                found.setdefault(link.slug, link)
        return list(found.values())

    def named(self, label: str, links: Sequence[Link], *, roles: bool = False, most: int = SHOWN) -> None:
        """Add a line of linked records; `roles` adds the roles that this record has in them."""
        if links:
            parts = [part for link in links for part in (self._in_role(link) if roles else [CitedText(link.name)])]
            facts_ = tuple(link.fact for link in links[:most])
            self.lines.append(CardLine(label, some(parts, most), listed=True, links=facts_))

    def _in_role(self, link: Link) -> list[CitedText]:
        """Return a linked record with this one's roles in it: a text for each day of the facts that link them."""
        held = [
            one
            for one in self.opened.links
            if one.slug == link.slug and not one.outward and one.role and one.field != "approval"
        ]
        roles = {id(one.fact): one.role for one in held}

        def words(facts_: Sequence[Fact[object]]) -> str:
            return f"{link.name} ({', '.join(dict.fromkeys(roles[id(fact)] for fact in facts_))})"

        return of_each_day([one.fact for one in held], words) or [CitedText(link.name)]

    def said(self, label: str, *, field: str = "") -> None:
        """Add the newest linked statement; it names whose it is unless that is the card's own record."""
        found = self.linked("statement", field=field)
        parts = [self._statement(link) for link in found if link.status]
        self.add(label, parts, most=1, listed=False)

    def _statement(self, link: Link) -> CitedText:
        """Return the status line of a statement, without its owner where that is the card's own record."""
        part, *rest = link.status
        own = part.text.removeprefix(self.record.name)
        if rest and own != part.text and (not own or own.startswith(" (")):
            return rest[-1]
        if own != part.text and own.startswith((" (", ": ")):
            said = own.removeprefix(": ").removeprefix(" (").replace("): ", ": ", 1)
            return CitedText(said, part.facts[-1:])  # The last one is what it says; the others, whose it is.
        return part

    def waits(self, label: str, links: Sequence[Link]) -> None:
        """Add the open pending items with due dates, and with who is to act unless that is the card's own record."""
        items = [link for link in links if link.open]
        self.waiting |= bool(items)
        parts: list[CitedText] = []
        most = 2 if sum(len(link.name) + len(undated(link.status)) for link in items[:2]) <= _TWO_ITEMS else 1
        for link in items[:most]:
            acts, *rest = link.status or (CitedText(""),)
            own = acts.text.startswith(f"{self.record.name} ")
            parts += [CitedText(link.name if own or not acts.text else f"{link.name}: {acts.text}", acts.facts)]
            parts += [part for part in rest[-1:] if part.text != NO_DUE_DATE]
        more = len(items) - most
        parts += [CitedText(f"{more:,} more")] if more > 0 else []
        self.add(label, parts, most=len(parts), listed=False)

    def parts(self) -> list[CitedText]:
        """Return all texts of the card."""
        return [part for one in [*self.lead, *self.lines] for part in one.parts]


def _first_sentences(text: str) -> str:
    """Return the first sentences of a text that fit a card, without the last full stop; clip a first one too long."""
    kept = ""
    for sentence_ in re.split(r"(?<=\w\w[.!?]) (?=\S)", text):
        if kept and len(kept) + len(sentence_) + 1 > _SUMMARY:
            break
        kept = f"{kept} {sentence_}".lstrip()
    if len(kept) > _SUMMARY:
        kept = kept[:_SUMMARY].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"
    return kept.removesuffix(".")


Worded = Mapping[str, Callable[[CardDraft], None]]
"""Functions that add lines to a card, by the names of their blocks in a kind's layout."""


def is_overdue(opened: Opened, now: datetime) -> bool:
    """Return whether an open item is overdue: its date is fixed or announced, and has ended in the zone that counts."""
    return opened.record.open and due_dates.is_overdue(due_dates.item_of(opened.record, opened.zone), now)
