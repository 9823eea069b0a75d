"""Collects the lines of a card before they are rendered."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from bot.ledger import due_dates
from bot.ledger.cited import cited, of_each_day, undated
from bot.ledger.kinds import get_field
from bot.ledger.values import DateType, DueType
from bot.ui.cited import some
from bot.ui.text import clip
from data.records import CitedText, Fact, Kind, Link, Opened

SHOWN = 3  # A line shows this many texts and counts the others. `most` changes the number for one line.
_SUMMARY = 130  # Characters of the field *In short*.
_TWO_ITEMS = 130  # If the names and status lines of two open items are longer than this together, only one is named.


class CardLine(NamedTuple):
    """One line of a card: a label and the texts after it."""

    label: str  # "" for a line without a label.
    parts: list[CitedText]
    listed: bool = False  # Whether the texts are joined as "a, b and c".
    reported: bool = False  # Whether "reported" precedes each date, to tell it from dates in the texts.
    links: tuple[Fact[object], ...] = ()  # The line names records. These facts link them with the card's record.


class CardDraft:
    """A card before it is rendered.

    `lead` are the lines directly below the heading. `lines` are the other lines, the most important first. `session` is
    the latest session of a dialogue. `waiting` says whether somebody has to act.
    """

    def __init__(self, opened: Opened, now: datetime, session: Opened | None) -> None:
        self.opened = opened
        self.record = opened.record
        self.names = opened.names
        self.now = now
        self.session = session
        self.lead: list[CardLine] = []
        self.lines: list[CardLine] = []
        self.waiting = False

    # Reading the record

    def value_texts(self, name: str, limit: int = 200) -> list[CitedText]:
        """Return a text for each value of a field, the newest value first. Each text has at most `limit` characters.

        If the field has no news value, such as the kind of a deal, the texts have no facts, so that no date is shown.
        """
        field = get_field(self.record.kind, name)
        newest_first = sorted(self.record.state.facts(name), key=lambda fact: fact.date.day or date.min, reverse=True)
        return [
            cited(clip(field.type.in_full(fact.value, self.names), limit), fact if field.reports else None)
            for fact in newest_first
        ]

    def linked(self, *kinds: Kind, field: str = "") -> list[Link]:
        """Return a link for each record of some kinds that points to the card's record.

        If `field` is not "", only records count that point to it with this field.
        """
        by_slug: dict[str, Link] = {}
        for link in self.opened.links:
            if link.kind in kinds and not link.outward and field in ("", link.field):
                by_slug.setdefault(link.slug, link)
        return list(by_slug.values())

    def texts(self) -> list[CitedText]:
        """Return the texts of all lines, those of the lead first."""
        return [part for line in [*self.lead, *self.lines] for part in line.parts]

    # Adding lines: the most important line has to be added first.

    def add_lead(self, parts: Sequence[CitedText], *, reported: bool = False) -> None:
        """Add a line to the lead. Lines of the lead are always shown."""
        self.lead.append(CardLine("", list(parts), reported=reported))

    def add_line(
        self, label: str, parts: Sequence[CitedText], *, most: int = SHOWN, listed: bool = True, reported: bool = False
    ) -> None:
        """Add a line with the first `most` texts and a count of the other texts. Add no line if there are no texts."""
        if parts:
            self.lines.append(CardLine(label, some(parts, most), listed, reported))

    def add_field(self, name: str, label: str = "", *, most: int = SHOWN) -> None:
        """Add a line with the values of a field. If `label` is "", the line has the label of the field."""
        field = get_field(self.record.kind, name)
        is_date = isinstance(field.type, DateType | DueType)
        self.add_line(label or field.label, self.value_texts(name), most=most, reported=is_date)

    def add_summary(self) -> None:
        """Add a line without a label: the first sentences of the field *In short*."""
        parts = self.value_texts("summary", 600)
        if parts:
            self.lines.append(CardLine("", [CitedText(_first_sentences(parts[0].text), parts[0].facts)]))

    def add_records(self, label: str, links: Sequence[Link], *, roles: bool = False, dated: bool = False) -> None:
        """Add a line with the names of linked records.

        If `roles` is True, each name is followed by the roles of the card's record: "31 drones (buyer)". If `dated` is
        True, each name is followed by the date of the link, and the newest link comes first.
        """
        if dated:
            newest_first = sorted(links, key=lambda link: link.fact.date.day or date.min, reverse=True)
            self.add_line(label, [cited(link.name, link.fact) for link in newest_first])
        elif links:
            parts = [part for link in links for part in (self._in_role(link) if roles else [CitedText(link.name)])]
            facts = tuple(link.fact for link in links[:SHOWN])
            self.lines.append(CardLine(label, some(parts, SHOWN), listed=True, links=facts))

    def _in_role(self, link: Link) -> list[CitedText]:
        """Return texts with a linked record and the roles of the card's record in it: "31 drones (buyer)".

        There is one text for the roles that were reported on each date.
        """
        with_role = [
            other
            for other in self.opened.links
            if other.slug == link.slug and not other.outward and other.role and other.field != "approval"
        ]
        roles = {id(other.fact): other.role for other in with_role}

        def words(facts: Sequence[Fact[object]]) -> str:
            return f"{link.name} ({', '.join(dict.fromkeys(roles[id(fact)] for fact in facts))})"

        return of_each_day([other.fact for other in with_role], words) or [CitedText(link.name)]

    def add_statement(self, label: str, *, field: str = "") -> None:
        """Add a line with the newest statement that points to this record, and a count of the other statements."""
        parts = [self._statement(link) for link in self.linked("statement", field=field) if link.status]
        self.add_line(label, parts, most=1, listed=False)

    def _statement(self, link: Link) -> CitedText:
        """Return the text for a statement: "India (call): a ceasefire".

        India's own card leaves out the name: "call: a ceasefire".

        The text has only one date. If the side and the words were reported on different dates, the text has only one of
        them. The card of the side that made the statement then shows the words. All other cards show the side.
        """
        first, *rest = link.status
        if [value.text for value in first.values if value.field == "whose"] != [self.record.name]:
            return first
        words = [value for value in first.values if value.field == "said"]
        forms = [value.text for value in first.values if value.field == "form"]
        if words:
            return CitedText(": ".join([*forms, words[0].text]), words[0].facts)
        return next((part for part in rest if part.field == "said"), first)

    def add_items(self, label: str, links: Sequence[Link]) -> None:
        """Add a line with one or two open pending items and a count of the other items.

        Each item is named with its due date and with who has to act: "India and Poland must act". Who has to act is
        left out if it is the card's record, alone or followed by one other record.
        """
        items = [link for link in links if link.open]
        self.waiting |= bool(items)
        parts: list[CitedText] = []
        most = 2 if sum(len(link.name) + len(undated(link.status)) for link in items[:2]) <= _TWO_ITEMS else 1
        for link in items[:most]:
            who = next((part for part in link.status if part.field == "who"), CitedText(""))
            actors = [value.text for value in who.values]
            known = not who.text or (actors[:1] == [self.record.name] and len(actors) <= 2)
            parts.append(CitedText(link.name if known else f"{link.name}: {who.text}", who.facts))
            parts += [part for part in link.status if part.field == "due" and part.values]
        more = len(items) - most
        parts += [CitedText(f"{more:,} more")] if more > 0 else []
        self.add_line(label, parts, most=len(parts), listed=False)


def _first_sentences(typed: str) -> str:
    """Return as many of the first sentences of a text as fit a card. The last full stop is removed.

    If even the first sentence is too long, it is cut between two words.
    """
    kept = ""
    for sentence in re.split(r"(?<=\w\w[.!?]) (?=\S)", typed):
        if kept and len(kept) + len(sentence) + 1 > _SUMMARY:
            break
        kept = f"{kept} {sentence}".lstrip()
    if len(kept) > _SUMMARY:
        kept = kept[:_SUMMARY].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"
    return kept.removesuffix(".")


Worded = Mapping[str, Callable[[CardDraft], None]]
"""The functions that add the lines of named blocks to a card, by the name of the block in the layout of a kind."""


def is_overdue(opened: Opened, now: datetime) -> bool:
    """Return whether a pending item is open although its due date, which was fixed or announced, has passed.

    The date has passed when its last day has ended in the time zone of the item. If the item has none, the zone of the
    server is used.
    """
    return opened.record.open and due_dates.is_overdue(due_dates.item_of(opened.record, opened.zone), now)
