"""A record as people read it: one renderer per kind, and the list of its sources. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any, NamedTuple

import discord
import msgspec
from discord import ui

from bot import agenda, when
from bot.ledger import stage
from bot.ledger.cited import cited, of_each_day, one_day, shortened, undated
from bot.ledger.closing import SETTLED
from bot.ledger.fields import KIND_WORDS, ON_REQUEST_KINDS, fields_of, find_field, get_field
from bot.ledger.stage import OpenItem, leading_first
from bot.ledger.status import NO_DUE_DATE, WINDOW
from bot.ledger.values import DateType, DueType, approver_words
from bot.ui import facts, pages, theme
from bot.ui.cited import line, shared_day, some, source_line
from bot.ui.ids import custom_id
from bot.ui.layout import TEXT_LIMIT, button, card
from bot.ui.text import clip, escaped, joined, plural, sentence
from data.records import Approval, CitedText, Fact, FactDate, Kind, Link, Opened

_TEXT = TEXT_LIMIT - 100  # Line breaks between the parts, and our own last line.
_SHOWN = 3
_HUBS = ("participant", "place", "dialogue", "session", "document", "topic")
"""Kinds that people come to for what hangs on them: their cards open linked records."""
_MENU = 25  # Discord: options of a select.
_WITH_HISTORY = ("deal", "pending", "session")


def record(
    opened: Opened,
    *,
    now: datetime,
    editor: bool,
    guild_id: int | None = None,
    shared: bool = False,
    sharable: bool = True,
    session: Opened | None = None,
    note: str = "",
    drawn: Drawn | None = None,
    following: bool = False,
) -> ui.LayoutView:
    """The card of any record; `drawn` are its words where they are known already.

    `guild_id` is given in a DM, `session` with a dialogue: its latest. A shared card stands in a channel for everyone,
    so it offers neither Share nor Update; nor is one `sharable` twice. `note` is our own last line. `following` is of
    who reads a private card: what others see cannot tell who follows.
    """
    drawn = drawn or draw(opened, now=now, session=session)
    # One text with blank lines reads the same everywhere; several are set apart by some clients only.
    return card(
        [f"{drawn.text}\n{note}" if note else drawn.text],
        buttons=_buttons(
            opened,
            editor=editor,
            guild_id=guild_id,
            shared=shared,
            sharable=sharable,
            following=following and not shared,
        ),
        selects=[menu("Open a linked record", drawn.linked, guild_id)] if drawn.linked else [],
        accent=theme.OPEN if drawn.waiting else theme.PLAIN,
    )


class Drawn(NamedTuple):
    """The words of a card, whether its record waits for somebody, and the choices of linked records."""

    text: str
    waiting: bool
    linked: list[discord.SelectOption]


def draw(opened: Opened, *, now: datetime, session: Opened | None = None, room: int = _TEXT) -> Drawn:
    """Write a card's words in so many characters.

    They change with the record, and with `now` only when a due date has ended somewhere.
    """
    draft = _drawn(opened, now, session)
    links = {link.slug: link for link in opened.links} if opened.record.kind in _HUBS else {}
    return Drawn(_written(draft, room), draft.waiting, choices(list(links.values())[:_MENU]))


def all_facts(opened: Opened, page: int, *, by_source: bool = False, guild_id: int | None = None) -> ui.LayoutView:
    """Render one page of every fact of a record, each with its day, its source and the place in it.

    They come in the order of the fields, or under their sources, the newest first, with a button to the other order.
    """
    slug, order = opened.record.slug, (_BY_SOURCE,) if by_source else ()
    shown = [(opened, name, fact) for name, fact in facts_of(opened)]
    if by_source:
        newest: dict[int, date] = {}
        for *_, fact in shown:
            newest[fact.source] = max(newest.get(fact.source, date.min), fact.date.day or date.min)
        shown.sort(key=lambda one: (newest[one[2].source], one[2].source), reverse=True)
    other = () if by_source else (_BY_SOURCE,)
    turned = button(
        "By field" if by_source else "By source", custom_id("record.sources", slug, 0, *other, guild_id=guild_id)
    )
    return sources_page(
        f"All facts of {escaped(opened.record.name, 100)}",
        shown,
        page,
        id_for=lambda n: custom_id("record.sources", slug, n, *order, guild_id=guild_id),
        noun="facts",
        by_source=by_source,
        buttons=[turned] if len({fact.source for *_, fact in shown}) > 1 else [],
    )


_BY_SOURCE = "s"


def facts_of(opened: Opened) -> list[tuple[str, Fact]]:
    """Return every fact of a record with its field, those with news value first, as the table of fields has them."""
    fields = sorted(fields_of(opened.record.kind), key=lambda field: not field.reports)
    return [(field.name, fact) for field in fields for fact in opened.record.facts(field.name)]


def sources_page(
    title: str,
    shown: Sequence[tuple[Opened, str, Fact]],
    page: int,
    *,
    id_for: Callable[[int], str],
    noun: str = "sources",
    by_source: bool = False,
    named: bool = False,
    buttons: Sequence[ui.Button] = (),
) -> ui.LayoutView:
    """Render one page of facts, of one record or of several, each with its value, its day and the place in its source.

    The sources are numbered and described below the facts, or above those of each with `by_source`. The records are
    `named` in headings where the title does not name the one there is.
    """
    numbers = {id_: n for n, id_ in enumerate(dict.fromkeys(fact.source for _, _, fact in shown), 1)}
    legends = {fact.source: _legend(opened, fact.source, numbers[fact.source]) for opened, _, fact in shown}
    if by_source:
        titles = [f"### {legends[fact.source]}" for *_, fact in shown]
        entries = [_sourced(opened, name, fact, None) for opened, name, fact in shown]
    else:
        titles = [f"### {escaped(opened.record.name, 80)}" if named else "" for opened, _, _ in shown]
        entries = [_sourced(opened, name, fact, numbers[fact.source]) for opened, name, fact in shown]
    # Each entry is counted with its heading and the description of its source, as if no other entry shared them.
    layout = pages.pack(
        [
            len(title) + len(entry) + len(legends[fact.source])
            for title, entry, (*_, fact) in zip(titles, entries, shown, strict=True)
        ]
    )
    page = pages.clamped(page, len(layout))
    here = layout[page]
    where = pages.place(page, len(layout))
    texts = [
        f"## {title}",
        "\n".join(
            "\n".join(filter(None, [title, *(entries[i] for i in of_one)]))
            for title, of_one in groupby(here, key=titles.__getitem__)
        ),
        "" if by_source else "\n".join(legends[id_] for id_ in dict.fromkeys(shown[i][2].source for i in here)),
        f"-# {where}" if where else "",
    ]
    turn = pages.turn_buttons(page, len(layout), noun, id_for)
    return card(["\n\n".join(filter(None, texts))], buttons=[*turn, *buttons], accent=theme.PLAIN)


_SMALL = frozenset(["a", "an", "and", "for", "from", "in", "of", "on", "the", "to", "with"])
_SHORT = 24


def short(name: str) -> str:
    """A name's first words, for a button."""
    if len(name) <= _SHORT:
        return name
    words = name[:_SHORT].rsplit(" ", 1)[0].split()
    while len(words) > 1 and words[-1].casefold() in _SMALL:
        words.pop()
    return " ".join(words).rstrip(",;:–-") + "…"


def is_overdue(opened: Opened, now: datetime) -> bool:
    """Whether a due date that was fixed or announced has ended where it counts. Other dates are never overdue."""
    return opened.record.open and agenda.is_overdue(agenda.item_of(opened.record, opened.zone), now)


_CONTENT_LINES = 8  # Lines of a card, its heading among them, so that it fits a phone's screen.
_PHONE_WIDTH = 36  # Characters of a line of a card at 390 px.
_PHONE_LINES = 17  # So many of these for all lines below the lead.
_LINE = 240  # Characters of one text in a line.
_SUMMARY = 130  # Characters of *In short*.
_TWO_ITEMS = 130  # Characters of two open items that are both named.


class _Line(NamedTuple):
    """One line of a card: what it is about and the texts that say it."""

    label: str
    parts: list[CitedText]
    listed: bool = False
    reported: bool = False  # Its texts hold dates themselves, so its days are said to be those of reports.
    links: tuple[Fact, ...] = ()  # The facts by which records are linked that it names without more.


class _Draft:
    """A card while it is written: its lines by rank, each with the facts it states."""

    def __init__(self, opened: Opened, now: datetime, session: Opened | None) -> None:
        self.opened = opened
        self.record = opened.record
        self.names = opened.names
        self.now = now
        self.session = session
        self.lead: list[_Line] = []
        self.lines: list[_Line] = []
        self.waiting = False

    def fact_parts(self, name: str, limit: int = 200) -> list[CitedText]:
        """Return the values of a field, the newest first, each with its fact; kinds and topics date nothing."""
        field = get_field(self.record.kind, name)
        found = sorted(self.record.facts(name), key=lambda fact: fact.date.day or date.min, reverse=True)
        return [
            cited(
                clip(
                    field.type.in_full(fact.value)
                    if isinstance(field.type, DueType)
                    else field.type.words(fact.value, self.names),
                    limit,
                ),
                fact if field.reports else None,
            )
            for fact in found
        ]

    def add(
        self, label: str, parts: Sequence[CitedText], *, most: int = _SHOWN, listed: bool = True, reported: bool = False
    ) -> None:
        """Add a line of the next lower rank, when there is anything to say; it counts what it leaves out."""
        if parts:
            self.lines.append(_Line(label, some(parts, most), listed, reported))

    def field(self, name: str, label: str = "", *, most: int = _SHOWN) -> None:
        """Add a line for a field."""
        parts = self.fact_parts(name)
        is_date = isinstance(get_field(self.record.kind, name).type, DateType | DueType)
        self.add(label or get_field(self.record.kind, name).label, parts, most=most, reported=is_date)

    def text(self) -> None:
        """Add *In short* as a paragraph without a label."""
        parts = self.fact_parts("summary", 600)
        if parts:
            self.lines.append(_Line("", [CitedText(_first_sentences(parts[0].text), parts[0].facts)]))

    def parties(self, label: str, name: str) -> None:
        """Add a line of who takes part, each with the role."""
        self.add(label, self.fact_parts(name), most=3)

    def linked(self, *kinds: Kind, field: str = "", inward: bool = True) -> list[Link]:
        """Return the linked records of some kinds, each once."""
        found: dict[str, Link] = {}
        for link in self.opened.links:
            if link.kind in kinds and link.outward != inward and field in ("", link.field):
                found.setdefault(link.slug, link)
        return list(found.values())

    def named(self, label: str, links: Sequence[Link], *, roles: bool = False, most: int = _SHOWN) -> None:
        """Add a line of linked records, with the roles of this one in them where asked."""
        if links:
            parts = [part for link in links for part in (self._in_role(link) if roles else [CitedText(link.name)])]
            facts_ = tuple(link.fact for link in links[:most])
            self.lines.append(_Line(label, some(parts, most), listed=True, links=facts_))

    def _in_role(self, link: Link) -> list[CitedText]:
        """Return a linked record with this one's roles in it, as the facts of each day that link them say."""
        held = [
            one
            for one in self.opened.links
            if one.slug == link.slug and not one.outward and one.role and one.field != "approval"
        ]
        roles = {id(one.fact): one.role for one in held}

        def words(facts_: list[Fact]) -> str:
            return f"{link.name} ({', '.join(dict.fromkeys(roles[id(fact)] for fact in facts_))})"

        return of_each_day([one.fact for one in held], words) or [CitedText(link.name)]

    def said(self, label: str, *, field: str = "") -> None:
        """Add the newest linked statement, with whose it is where that is not the card's own record."""
        found = self.linked("statement", field=field)
        parts = [self._statement(link) for link in found if link.status]
        self.add(label, parts, most=1, listed=False)

    def _statement(self, link: Link) -> CitedText:
        """Return a statement without whose it is, where that is the card's own record."""
        part, *rest = link.status
        own = part.text.removeprefix(self.record.name)
        if rest and own != part.text and (not own or own.startswith(" (")):
            return rest[-1]
        if own != part.text and own.startswith((" (", ": ")):
            said = own.removeprefix(": ").removeprefix(" (").replace("): ", ": ", 1)
            return CitedText(said, part.facts[-1:])  # The last one is what it says; the others, whose it is.
        return part

    def waits(self, label: str, links: Sequence[Link]) -> None:
        """Add the open pending items, with who is to act and until when where that is not the card's own record."""
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


def _written(d: _Draft, room: int) -> str:
    """Write a card: its heading, its lead, the lines of the highest ranks, and what the rest is about."""
    fitting = _fitting(d)
    shown = [*d.lead, *d.lines[:fitting]]
    left_out = d.lines[fitting:]
    parts = [part for one in shown for part in one.parts]
    # The lead states the day that all lines share; where it states no fact, each line states its own.
    stated = shared_day(parts) if any(part.facts for part in d.lead[0].parts) else None
    lead = [_line(one, stated, lead=index == 0) for index, one in enumerate(d.lead)]
    body = [_line(one, stated) for one in shown[len(d.lead) :]]
    quiet = _quiet(d, parts, tuple(fact for one in shown for fact in one.links), stated, left_out)
    head = f"## {escaped(d.record.name, 100)}"
    text = "\n\n".join(filter(None, ["\n".join([head, *lead]), "\n".join(body), "\n".join(quiet)]))
    return clip(text, room)


def _fitting(d: _Draft) -> int:
    """Return how many lines, by rank, fit a phone's screen below the heading and the lead."""
    room = _PHONE_LINES
    for count, one in enumerate(d.lines[: _CONTENT_LINES - 1 - len(d.lead)]):
        room -= math.ceil(len(_line(one, None)) / _PHONE_WIDTH)
        if room < 0:
            return count
    return min(len(d.lines), _CONTENT_LINES - 1 - len(d.lead))


def _line(one: _Line, stated: FactDate | None, *, lead: bool = False) -> str:
    words = line(
        one.parts,
        stated=None if lead else stated,
        listed=one.listed,
        reported=one.reported or lead,
        bold=lead,
        limit=_LINE,
    )
    if one.label or lead:
        return clip(f"**{one.label}:** {words}" if one.label else words, 2 * _LINE)
    return words if words.endswith(("…", "!", "?", ".")) else f"{words}."


def _quiet(
    d: _Draft,
    parts: Sequence[CitedText],
    links: tuple[Fact, ...],
    stated: FactDate | None,
    left_out: Sequence[_Line],
) -> list[str]:
    """Write what is not stated, how fresh the record is, where all that is shown is from, and what there is beside."""
    all_of_it = [*parts, CitedText("", links)]
    source = source_line(all_of_it, d.opened.sources) if shared_day(all_of_it) is not None else ""
    more = joined([escaped(one.label or "In short", 40).lower() for one in left_out])
    elsewhere = f"-# More under *All facts*: {more}" if more else ""
    if not source and any(part.facts for part in parts):
        elsewhere = f"-# *All facts* has each source{f'; more: {more}' if more else ''}"
    return list(filter(None, [facts.not_stated(d.record), elsewhere, _freshness(d, stated), source]))


def _freshness(d: _Draft, stated: FactDate | None) -> str:
    """Say when somebody last looked, else which fact is the newest where they are of several days."""
    looked = d.record.fact("checked")
    newest = _newest(d)
    if looked is not None and (newest is None or (looked.date.day or date.min) >= (newest[1].date.day or date.min)):
        return f"-# Last looked at {escaped(when.on_date(looked.date, weekday=False), 120)}: nothing new"
    if newest is None or stated is not None or d.record.kind not in _WITH_HISTORY:
        return ""
    name, fact = newest
    field = get_field(d.record.kind, name)
    words = f"{field.label.lower()}, {clip(field.type.words(fact.value, d.names), 100)}"
    return f"-# Newest fact: {escaped(words, 160)}, {facts.dated(fact.date)}; no check recorded since"


def _newest(d: _Draft) -> tuple[str, Fact] | None:
    """Return the newest fact that has news value, with its field."""
    found = [
        (name, fact)
        for name, of_field in d.record.state.facts.items()
        for fact in of_field
        if name not in ("checked", "summary")
        and fact.value != "none"
        and (field := find_field(d.record.kind, name))
        and field.reports
        and fact.date.day
    ]
    return max(found, key=lambda pair: (pair[1].date.day or date.min, pair[1].update), default=None)


def _drawn(opened: Opened, now: datetime, session: Opened | None) -> _Draft:
    draft = _Draft(opened, now, session)
    _RENDERERS[opened.record.kind](draft)
    return draft


def _deal(d: _Draft) -> None:
    state = d.record.state
    items = [link for link in d.linked("pending") if link.open]
    about = [OpenItem(link.name, link.item_kind, link.opened_by) for link in items]
    d.waiting = bool(items) or bool(stage.open_approvals(state))
    reached = stage.stage(state, d.names)
    open_ = stage.waiting(state, about, d.names)
    beside = stage.side_state(state)
    first_waits = bool(open_) and beside is None and not stage.is_signed(state)
    if first_waits:
        d.lead.append(_Line("", some(open_, 1, "open")))
    else:
        d.lead.append(_Line("", [reached, *([beside] if beside else []), *some(open_, 1, "open")]))
    _who_must_act(d, items)
    d.add("Value", _values(d), most=2, listed=False)
    d.parties("Between", "party")
    if first_waits:
        d.add("Stage", [reached])
    _approvals(d)
    d.text()
    also = [
        CitedText(
            f"{get_field('deal', name).label.lower()} {part.text}" if name != "made_in" else f"made in {part.text}",
            part.facts,
        )
        for name in ("quantity", "model", "delivery", "made_in")
        for part in d.fact_parts(name, 60)[:1]
    ]
    d.add("Also", also, most=4, listed=False)
    d.field("deal_type")
    d.field("under")
    d.named("Discussed at", d.linked("session"))
    d.said("What was said")
    d.field("topic", "Topics")


def _who_must_act(d: _Draft, items: Sequence[Link]) -> None:
    """Say who has to act: of the open items, else of the open approvals."""
    if len(items) == 1 and items[0].item_kind == WINDOW:
        d.add("Open", list(items[0].status), listed=False, reported=True)
    elif len(items) == 1:
        acts, *rest = items[0].status or (CitedText(""),)
        who = acts.text.removesuffix(" must act").removesuffix(" to act") if acts.facts else "not in the record"
        # An open item's status line ends with its due date, which is never left out.
        parts = [*some([CitedText(who, acts.facts), *rest[:-1]], _SHOWN), *rest[-1:]]
        # Only what a source states as pending obliges somebody.
        label = "Left to act" if acts.text.endswith(" to act") else "Who must act"
        d.add(label, parts, most=len(parts), listed=False, reported=True)
    elif items:
        d.waits("Open items", items)
    elif approvals := stage.open_approvals(d.record.state):
        given = [(fact, msgspec.convert(fact.value, Approval)) for fact in approvals]
        who = [cited(f"{approver_words(one, d.names)}, for {one.what}", fact) for fact, one in given]
        d.add("Who must act", [*some(who, 2), CitedText("no due date given")], listed=False)


def _values(d: _Draft) -> list[CitedText]:
    """Return the values, the contract's first, then the newest. Each is a report of its own."""
    field = get_field("deal", "value")
    return [cited(field.type.words(fact.value, d.names), fact) for fact in leading_first(d.record)]


def _approvals(d: _Draft) -> None:
    """Name the approvals where they are few; else count them by how they stand and name the newest decision."""
    state = d.record.state
    facts_ = sorted(d.record.facts("approval"), key=lambda fact: fact.date.day or date.min, reverse=True)
    open_ = stage.open_approvals(state)
    if all(fact in open_ for fact in facts_):
        return  # The lead and *Who must act* say it.
    label = "Approvals" if len(facts_) > 1 else "Approval"

    def told(fact: Fact) -> CitedText:
        approval = msgspec.convert(fact.value, Approval)
        stale = approval.state in ("open", "requested") and fact not in open_
        how = "no outcome reported" if stale else approval.state
        return cited(f"{approval.what} by {approver_words(approval, d.names)}: {how}", fact)

    if len(facts_) <= 2:
        d.add(label, [told(fact) for fact in facts_], listed=False)
        return
    counts: dict[str, int] = {}
    for fact in facts_:
        how = told(fact).text.rpartition(": ")[2]
        counts[how] = counts.get(how, 0) + 1
    counted = CitedText(", ".join(f"{count} {how}" for how, count in counts.items()))
    decided = [fact for fact in facts_ if fact.value["state"] in SETTLED]
    newest = [CitedText(f"newest: {part.text}", part.facts) for part in map(told, decided[:1])]
    d.add(label, [counted, *newest], listed=False)


def _pending(d: _Draft) -> None:
    found = d.record
    if found.open:
        d.waiting = True
        acts, *rest = d.record.status[:-1]  # An open item's ends with its due date, which has a line of its own.
        lead = [CitedText(sentence(acts.text), acts.facts), *rest]
        d.lead.append(_Line("", lead, reported=True))
        d.lines.append(_Line("Due", _due(d), reported=True))
    else:
        d.lead.append(_Line("", list(d.record.status)))
    d.field("about")
    if not found.open:
        d.field("who", "Who had to act" if found.value("basis") == "stated" else "Who was to act")
    d.field("closes_when")
    d.text()
    d.field("item_kind")
    d.field("topic", "Topics")


def _due(d: _Draft) -> list[CitedText]:
    """Return by when an item is due, and that the day has passed where that may be said."""
    fact = d.record.fact("due")
    due = get_field("pending", "due").type
    assert isinstance(due, DueType)  # The table of fields says so.
    words = [cited(due.in_full(fact.value) if fact else NO_DUE_DATE, fact)]
    passed = [CitedText("this day has passed, and no source here reports what happened")]
    return [*words, *(passed if is_overdue(d.opened, d.now) else [])]


def _first_sentences(text: str) -> str:
    """Return the first sentences of a text that fit a card, without the last full stop; one too long is clipped."""
    kept = ""
    for sentence_ in re.split(r"(?<=\w\w[.!?]) (?=\S)", text):
        if kept and len(kept) + len(sentence_) + 1 > _SUMMARY:
            break
        kept = f"{kept} {sentence_}".lstrip()
    if len(kept) > _SUMMARY:
        kept = kept[:_SUMMARY].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"
    return kept.removesuffix(".")


def _some_words(words: Sequence[str], most: int) -> str:
    return joined(words) if len(words) <= most else f"{', '.join(words[:most])} and {len(words) - most:,} more"


def _participant(d: _Draft) -> None:
    roles = d.linked("deal", "session", "dialogue")
    d.lead.append(_Line("", list(d.record.status) or [CitedText("Participant")]))
    if not roles:
        d.lead.append(_Line("", [CitedText("Mentioned, not a party")]))
    named = d.linked("pending", field="who")
    d.waits("To act on", [link for link in named if link.item_kind not in ON_REQUEST_KINDS])
    d.named("Deals", d.linked("deal"), roles=True)
    d.text()
    d.said("Said", field="whose")
    d.said("Said about it", field="about")
    d.named("Talks", d.linked("dialogue", "session"))
    d.named("Documents", d.linked("document"))
    d.named("People and organisations", d.linked("participant"))
    d.named("Events", d.linked("event"), roles=True)
    d.waits("Open, and named in it", [link for link in named if link.item_kind in ON_REQUEST_KINDS])
    d.field("topic", "Topics")


def _place(d: _Draft) -> None:
    d.lead.append(_Line("", list(d.record.status) or [CitedText("Place")]))
    d.text()
    d.named("Talks", d.linked("session"))
    d.named("Events", d.linked("event"))
    d.said("What was said")
    d.field("topic", "Topics")


def _dialogue(d: _Draft) -> None:
    d.lead.append(_Line("", list(d.record.status) or [CitedText("A series of talks")]))
    d.parties("Parties", "party")
    if d.session is not None:
        latest = _Draft(d.session, d.now, None)
        own = d.session.record
        held = [CitedText(f"{own.name}: {part.text[:1].lower()}{part.text[1:]}", part.facts) for part in own.status]
        d.add("Latest session", held or [CitedText(own.name)], listed=False, reported=True)
        d.add("Principals", latest.fact_parts("attended"), most=4)
        d.add("Agenda", latest.fact_parts("agenda"))
        d.add("Outcome", latest.fact_parts("produced"))
    d.text()
    d.named("Earlier sessions", d.linked("session")[1:] if d.session is not None else d.linked("session"))
    d.said("What was said")
    d.waits("Pending items", d.linked("pending"))
    d.named("Events", d.linked("event"))
    d.field("topic", "Topics")


def _session(d: _Draft) -> None:
    d.lead.append(_Line("", list(d.record.status), reported=True))
    d.parties("Parties", "party")
    d.parties("Principals", "attended")
    d.field("agenda")
    d.field("discussed")
    d.field("produced")
    d.text()
    d.waits("Pending items", d.linked("pending"))
    d.said("What was said")
    d.field("series")
    d.field("edition")
    d.field("topic", "Topics")


def _document(d: _Draft) -> None:
    d.lead.append(_Line("", list(d.record.status), reported=True))
    d.field("title")
    d.field("issuer")
    d.text()
    d.said("What it says", field="whose")
    d.named("Outcome of", d.linked("session", field="produced"))
    d.named("Discussed at", d.linked("session", field="discussed"))
    d.said("Said about it", field="about")
    d.named("Deals under it", d.linked("deal"))
    d.waits("Pending items", d.linked("pending"))
    d.field("topic", "Topics")


def _topic(d: _Draft) -> None:
    counts = [
        plural(len(links), *KIND_WORDS[kind])
        for kind in ("deal", "statement", "document", "session", "event")
        if (links := d.linked(kind))
    ]
    words = f"{joined(counts)} in this record" if counts else "Nothing in the record is linked with it yet"
    d.lead.append(_Line("", [CitedText(words)]))
    d.text()
    d.said("What was said")
    d.named("Deals", d.linked("deal"))
    d.waits("Pending items", d.linked("pending"))
    d.named("Documents", d.linked("document"))
    d.named("On the agenda of", d.linked("session"))
    d.named("Events", d.linked("event"))
    d.field("topic", "Belongs to")
    d.named("Topics below it", d.linked("topic"))


def _statement_card(d: _Draft) -> None:
    found = d.record
    sides = {link.slug for link in d.opened.links if link.field == "whose" and link.kind == "participant"}
    whose = [part.text for part in d.fact_parts("whose", 100)]
    together = len(whose) > 1 and all(fact.value.get("record") in sides for fact in found.facts("whose"))
    said = found.fact("said")
    words = clip(get_field("statement", "said").type.words(said.value, d.names), 600) if said else ""
    if one_day([*found.facts("whose"), said]) and words and whose:
        owner = f"{_some_words(whose, 4)}{', together' if together else ''}"
        d.lead.append(_Line("", [cited(f"{owner}: {words}", *found.facts("whose"), said)]))
    else:
        d.lead.append(
            _Line(
                "",
                [
                    *(d.fact_parts("whose", 100)[:4] or [CitedText("Whose it is, is not in the record")]),
                    cited(words, said),
                ],
            )
        )
    d.field("form")
    d.field("made_at")
    d.field("about")
    d.text()
    d.waits("Pending items", d.linked("pending"))
    d.field("topic", "Topics")


def _event(d: _Draft) -> None:
    d.lead.append(
        _Line("", list(d.record.status) or [CitedText("When it happened is not in the record")], reported=True)
    )
    d.text()
    d.field("place")
    d.parties("Involved", "involved")
    d.field("of")
    d.said("What was said")
    d.field("topic", "Topics")


_RENDERERS: dict[Kind, Callable[[_Draft], Any]] = {
    "deal": _deal,
    "participant": _participant,
    "place": _place,
    "dialogue": _dialogue,
    "session": _session,
    "document": _document,
    "topic": _topic,
    "statement": _statement_card,
    "event": _event,
    "pending": _pending,
}


def _buttons(
    opened: Opened, *, editor: bool, guild_id: int | None, shared: bool, sharable: bool, following: bool
) -> list[ui.Button]:
    found = opened.record
    waiting = found.open or (
        found.kind == "deal" and any(link.kind == "pending" and link.open and not link.outward for link in opened.links)
    )

    def to(label: str, name: str) -> ui.Button:
        return button(label, custom_id(name, found.slug, guild_id=guild_id))

    # The heading is what is followed, so the verb stands alone.
    buttons = [to("Following", "follow.show") if following else to("Follow", "follow.add")]
    if waiting:
        buttons.append(to("Remind me", "remind.me"))
    buttons.append(to("All facts", "record.sources"))
    if found.kind in _WITH_HISTORY:
        buttons.append(to("History", "record.history"))
    if sharable and not shared and guild_id is None:
        buttons.append(to("Share", "record.share"))
    if editor and not shared:
        buttons.append(to("Update", "update.open"))
    return buttons


def open_select(placeholder: str, rows: Sequence[Any], guild_id: int | None) -> ui.Select:
    """A menu that opens one of some records: links or rows of a list, at most 25."""
    return menu(placeholder, choices(rows), guild_id)


def menu(placeholder: str, options: list[discord.SelectOption], guild_id: int | None) -> ui.Select:
    """Build the menu that opens one of some records, from choices that may have been made before."""
    return ui.Select(custom_id=custom_id("record.open", guild_id=guild_id), placeholder=placeholder, options=options)


def choices(rows: Sequence[Any]) -> list[discord.SelectOption]:
    """Return a choice for each record: its name, with its status line or its kind."""
    return [
        discord.SelectOption(
            label=clip(row.name, 100),
            value=row.slug,
            description=sentence(shortened(row.status, 100) or KIND_WORDS[row.kind][0]),
        )
        for row in rows
    ]


def _sourced(opened: Opened, name: str, fact: Fact, number: int | None) -> str:
    """Render one fact with its day and its place in the source of a number, or in the one that is its heading."""
    kind = opened.record.kind
    words = facts.value(kind, name, fact, opened.names, 300)
    place = clip(facts.locators([fact.locator]), 150)
    where = ", ".join(filter(None, [f"source {number}" if number else "", place]))
    day = sentence(facts.dated(fact.date))
    return f"**{get_field(kind, name).label}:** {words}\n-# {f'{day}; {where}' if where else day}"


def _legend(opened: Opened, source_id: int, number: int) -> str:
    source = opened.sources.get(source_id)
    if source is None:
        return f"**Source {number}:** not on file any more"
    named = ", ".join(facts.titled(source))
    note = f"\n-# {escaped(source.note, 250)}" if source.note else ""
    return f"**Source {number}:** {named}; {facts.source_date(source)}; {facts.link(source.url)}{note}"
