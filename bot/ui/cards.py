"""A record as people read it: one renderer per kind, and the list of its sources. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

import discord
import msgspec
from discord import ui

from bot import agenda
from bot.ledger.brief import on_date
from bot.ledger.fields import BASIS, KIND_WORDS, ON_REQUEST_KINDS, OUTCOMES, PENDING_KINDS, get_field
from bot.ui import facts, pages, theme
from bot.ui.ids import custom_id
from bot.ui.layout import TEXT_LIMIT, button, card
from bot.ui.text import clip, escaped, joined, plural, sentence
from data.records import Approval, Fact, FactDate, Kind, Link, Opened

_TEXT = TEXT_LIMIT - 100  # Line breaks between the parts, and our own last line.
_GROUP_ROOM = 900  # What the lists of linked records are left at least.
_SHOWN = 3
_HUBS = ("participant", "place", "dialogue", "session", "document", "topic")
"""Kinds that people come to for what hangs on them: their cards open linked records."""
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
) -> ui.LayoutView:
    """The card of any record; `drawn` are its words where they are known already.

    `guild_id` is given in a DM, `session` with a dialogue: its latest. A shared card stands in a channel for everyone,
    so it offers neither Share nor Update; nor is one `sharable` twice. `note` is our own last line.
    """
    drawn = drawn or draw(opened, now=now, session=session)
    found = opened.record
    # One text with blank lines reads the same everywhere; several are set apart by some clients only.
    return card(
        [f"{drawn.text}\n{note}" if note else drawn.text],
        buttons=_buttons(opened, editor=editor, guild_id=guild_id, shared=shared, sharable=sharable),
        selects=_open_select(opened, guild_id) if found.kind in _HUBS else [],
        accent=theme.OPEN if drawn.waiting else theme.PLAIN,
    )


class Drawn(NamedTuple):
    """The words of a card, and whether its record waits for somebody."""

    text: str
    waiting: bool


def draw(opened: Opened, *, now: datetime, session: Opened | None = None, room: int = _TEXT) -> Drawn:
    """Writes a card's words in so many characters.

    They change with the record, and with `now` only when a due date has ended somewhere.
    """
    draft = _drawn(opened, now, session)
    found = opened.record
    tail = "\n".join(filter(None, [*draft.quiet, facts.not_stated(found), draft.source_line()]))
    head = f"## {escaped(found.name, 100)}\n" + "\n".join(draft.lead)
    room -= len(head) + len(tail)
    body = _fitting(draft.lines, room - _GROUP_ROOM if draft.groups else room)
    groups = _listed(draft.groups, room - len(body))
    text = "\n\n".join(filter(None, [head, "\n".join(filter(None, [body, groups])), tail]))
    return Drawn(text, draft.waiting)


def sources(opened: Opened, page: int, *, now: datetime, guild_id: int | None = None) -> ui.LayoutView:
    """Every fact that the card shows: its value, its date, its source with that source's date, and the place in it."""
    slug = opened.record.slug
    return sources_page(
        f"Sources of {escaped(opened.record.name, 100)}",
        [(opened, name, fact) for name, fact in cited(opened, now=now)],
        page,
        id_for=lambda n: custom_id("record.sources", slug, n, guild_id=guild_id),
        note="What linked records say has its source there.",
    )


def cited(opened: Opened, *, now: datetime) -> list[tuple[str, Fact]]:
    """The facts that a record's card shows, each with its field."""
    return _drawn(opened, now, None).shown


def sources_page(
    title: str,
    shown: Sequence[tuple[Opened, str, Fact]],
    page: int,
    *,
    id_for: Callable[[int], str],
    note: str = "",
) -> ui.LayoutView:
    """One page of facts, of one record or of several, each with its value, its date and the place in its source."""
    numbers = {id_: n for n, id_ in enumerate(dict.fromkeys(fact.source for _, _, fact in shown), 1)}
    several = len({opened.record.slug for opened, _, _ in shown}) > 1
    titles = [f"### {escaped(opened.record.name, 80)}" if several else "" for opened, _, _ in shown]
    entries = [_sourced(opened, name, fact, numbers[fact.source]) for opened, name, fact in shown]
    legends = {fact.source: _legend(opened, fact.source, numbers[fact.source]) for opened, _, fact in shown}
    # Each entry is counted with its record's name and the description of its source, as if no other entry shared them.
    layout = pages.pack(
        [
            len(title) + len(entry) + len(legends[fact.source])
            for title, entry, (*_, fact) in zip(titles, entries, shown, strict=True)
        ]
    )
    page = pages.clamped(page, len(layout))
    here = layout[page]
    used = dict.fromkeys(shown[i][2].source for i in here)
    where = pages.place(page, len(layout))
    quiet = " ".join(filter(None, [f"{where}." if where else "", note]))
    texts = [
        f"## {title}",
        "\n".join(
            "\n".join(filter(None, [title, *(entries[i] for i in of_one)]))
            for title, of_one in groupby(here, key=titles.__getitem__)
        ),
        "\n".join(legends[id_] for id_ in used),
        f"-# {quiet}" if quiet else "",
    ]
    turn = pages.turn_buttons(page, len(layout), "sources", id_for)
    return card(["\n\n".join(filter(None, texts))], buttons=turn, accent=theme.PLAIN)


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


def reported(d: FactDate | None, prefix: str = "as last reported") -> str:
    """How new a picture is, as a phrase."""
    return f"{prefix} {escaped(on_date(d), 200)}" if d else "no date is on the record"


def checked(opened: Opened) -> str:
    """When somebody last looked and found nothing new; "" when nobody did."""
    fact = opened.record.fact("checked")
    return f"Checked {escaped(on_date(fact.date), 200)}: nothing new." if fact else ""


def is_overdue(opened: Opened, now: datetime) -> bool:
    """Whether a due date that was fixed or announced has ended where it counts. Other dates are never overdue."""
    return opened.record.open and agenda.is_overdue(agenda.item_of(opened.record, opened.zone), now)


def due_words(opened: Opened, now: datetime) -> str:
    """By when an item is due and how sure that is, and that the day has passed where that may be said."""
    fact = opened.record.fact("due")
    words = facts.value("pending", "due", fact, {}) if fact else "no due date given"
    return f"{words}. This day has passed; no source here reports what happened" if is_overdue(opened, now) else words


class _Draft:
    """A card while it is written. Every fact that goes into it is noted, because *Sources* lists just these."""

    def __init__(self, opened: Opened, now: datetime, session: Opened | None) -> None:
        self.opened = opened
        self.record = opened.record
        self.names = opened.names
        self.now = now
        self.session = session
        self.lead: list[str] = []
        self.lines: list[str] = []
        self.groups: list[tuple[str, list[str], int]] = []
        self.quiet: list[str] = []
        self.shown: list[tuple[str, Fact]] = []
        self._noted: set[str] = set()
        self.waiting = False

    def note(self, *names: str) -> None:
        """The facts of these fields stand behind what is shown."""
        for name in names:
            if name not in self._noted:
                self._noted.add(name)
                self.shown += [(name, fact) for fact in self.record.facts(name)]

    def words(self, name: str, limit: int = 200) -> list[str]:
        self.note(name)
        return [facts.value(self.record.kind, name, fact, self.names, limit) for fact in self.record.facts(name)]

    def line(self, name: str, label: str = "", several: str = "") -> None:
        """A line for a field, when the record holds it."""
        words = self.words(name)
        if words:
            label = label or get_field(self.record.kind, name).label
            self.lines.append(f"**{several if several and len(words) > 1 else label}:** {facts.some(words, 6)}")

    def text(self, name: str) -> None:
        """A field's text as a paragraph of its own."""
        words = self.words(name, 500)
        if words:
            self.lines.append(("\n" if self.lines else "") + words[-1])

    def parties(self, name: str, without_role: str) -> None:
        """A line for each role, with who has it."""
        self.note(name)
        roles = list(facts.by_role(self.record, name, self.names).items())
        for role, who in roles[:8]:
            label = escaped(sentence(role), 60) if role else without_role
            self.lines.append(f"**{label}:** {facts.some(who, 6)}")
        if len(roles) > 8:
            self.lines.append(f"-# And {plural(len(roles) - 8, 'more role')}.")

    def linked(self, *kinds: Kind, field: str = "", inward: bool = True) -> list[Link]:
        """The linked records of some kinds, each once."""
        found: dict[str, Link] = {}
        for link in self.opened.links:
            if link.kind in kinds and link.outward != inward and field in ("", link.field):
                found.setdefault(link.slug, link)
        return list(found.values())

    def group(self, title: str, links: Iterable[Link], bullet: Callable[[Link], str] | None = None) -> None:
        bullets = [(bullet or _bullet)(link) for link in links]
        if bullets:
            self.groups.append((title, bullets, _SHOWN))

    def linked_line(self, label: str, links: Sequence[Link]) -> None:
        if links:
            self.lines.append(f"**{label}:** {facts.some([escaped(link.name, 100) for link in links], 3)}")

    def said(self, title: str, *, field: str = "") -> None:
        """Linked statements, each with whose it is where that is not the card's own record."""

        def bullet(link: Link) -> str:
            words = link.headline or link.name
            own = words.removeprefix(self.record.name)
            if own != words and own.startswith((" (", ": ")):
                words = own.removeprefix(": ").removeprefix(" (").replace("): ", ": ", 1)
            return f"- {sentence(escaped(words, 220))}"

        self.group(title, self.linked("statement", field=field), bullet)

    def waits(self, title: str, links: Sequence[Link]) -> None:
        """Open pending items, with who is to act where that is not the card's own record."""
        items = [link for link in links if link.open]
        self.waiting |= bool(items)
        own = f"{self.record.name}; "
        self.group(title, items, lambda link: _bullet(link, link.headline.removeprefix(own)))

    def source_line(self) -> str:
        return clip(facts.source_line(self.opened.sources, [fact for _, fact in self.shown]), 700)


def _drawn(opened: Opened, now: datetime, session: Opened | None) -> _Draft:
    draft = _Draft(opened, now, session)
    draft.note("name")
    _RENDERERS[opened.record.kind](draft)
    if opened.record.kind not in ("deal", "pending") and opened.record.state.newest:
        # A statement says above when it was reported.
        said_above = opened.record.kind == "statement"
        newest = "" if said_above else f"Newest fact: {facts.dated(opened.record.state.newest)}."
        words = " ".join(filter(None, [newest, checked(opened)]))
        draft.quiet += [f"-# {words}"] if words else []
        draft.note("checked")
    return draft


def _deal(d: _Draft) -> None:
    found = d.record
    d.note("stage", "side_state", "approved_by")
    d.lead.append(f"**{escaped(found.headline, 250)}**")
    d.lead.append(reported(found.state.newest))
    items = [link for link in d.linked("pending") if link.open]
    d.waiting = bool(items)
    if len(items) == 1:
        d.lines.append(f"**Who must act:** {escaped(items[0].headline, 250)}")
    for fact in found.facts("approval"):
        approval = msgspec.convert(fact.value, Approval)
        if not items and approval.state in ("open", "requested"):
            d.waiting = True
            by = approval.authority or d.names.get(approval.side, approval.side)
            d.lines.append(f"**Who must act:** {escaped(by, 120)}; no due date given")
    if found.value("side_state") not in (None, "none") and found.value("stage"):
        d.lines.append(f"**Stage:** {facts.value('deal', 'stage', found.facts('stage')[-1], d.names)}")
    _values(d)
    d.parties("party", "Party")
    d.line("deal_type")
    for name in ("quantity", "model", "delivery", "made_in"):
        d.line(name)
    d.line("approval", several="Approvals")
    d.line("under")
    d.line("topic", several="Topics")
    d.linked_line("Discussed at", d.linked("session"))
    d.text("summary")
    if len(items) > 1:
        d.waits("Pending items", items)
    d.said("What was said")
    stays = "This stays open until a source reports what happened. " if d.waiting else ""
    d.quiet.append(f"-# {stays}{_newer(d)}")


def _values(d: _Draft) -> None:
    """The value; what several sources report stands side by side, each with its source."""
    found = d.record.facts("value")
    d.note("value")
    if len(found) == 1:
        d.lines.append(f"**Value:** {facts.value('deal', 'value', found[0], d.names)}")
    for index, fact in enumerate(found[:4] if len(found) > 1 else []):
        source = d.opened.sources.get(fact.source)
        where = ", ".join(filter(None, [escaped(source.title, 80) if source else "", facts.locators([fact.locator])]))
        label = "Also reported" if index else "Value"
        words = facts.value("deal", "value", fact, d.names)
        d.lines.append(f"**{label}:** {words} ({where}; {facts.dated(fact.date)})")
    if len(found) > 4:
        d.lines.append(f"-# And {plural(len(found) - 4, 'more value')}: press Sources.")


def _pending(d: _Draft) -> None:
    found = d.record
    d.note("state", "item_kind", "basis", "who", "outcome", "due", "zone")
    who = [facts.value("pending", "who", fact, d.names, 100) for fact in found.facts("who")]
    outcome = OUTCOMES.get(found.value("outcome") or "")
    if found.open:
        d.waiting = True
        d.lead.append(
            f"**{sentence(facts.some(who, 4))} {facts.act(found.value('basis'))}**"
            if who
            else "**Open; who must act is not in the record**"
        )
    else:
        d.lead.append(f"**Closed{f': {outcome.lower()}' if outcome else ''}**")
    basis = BASIS.get(found.value("basis") or "")
    d.lead.append(reported(found.state.newest, f"{basis}, as last reported" if basis else "as last reported"))
    if found.open:
        d.lines.append(f"**Due:** {due_words(d.opened, d.now)}")
    elif who:
        d.lines.append(f"**Who {'had' if found.value('basis') == 'stated' else 'was'} to act:** {facts.some(who, 4)}")
    kind = PENDING_KINDS.get(found.value("item_kind") or "")
    if kind:
        d.lines.append(f"**Kind:** {kind}")
    d.line("about")
    d.line("closes_when")
    d.line("topic", several="Topics")
    d.text("summary")
    since = f"On the record since {facts.dated(found.state.opened)}. " if found.state.opened else ""
    d.quiet.append(f"-# {since}{_newer(d)}")


def _newer(d: _Draft) -> str:
    """When somebody last looked, or that this is the newest there is."""
    d.note("checked")
    return checked(d.opened) or "Nothing newer is on file here, and no check is entered."


def _participant(d: _Draft) -> None:
    roles = d.linked("deal", "session", "dialogue")
    d.note("title", "org_type", "type", "country")
    d.lead.append(f"**{escaped(sentence(d.record.headline), 250) or 'Participant'}**")
    if not roles:
        d.lead.append("Mentioned, not a party")
    d.line("topic", several="Topics")
    d.text("summary")

    def in_role(link: Link) -> str:
        held = [one.role for one in d.opened.links if one.slug == link.slug and not one.outward and one.role]
        words = escaped(", ".join(dict.fromkeys(held)), 120)
        return f"- {escaped(link.name, 100)}{f' ({words})' if words else ''}{_beside(link.headline)}"

    d.group("Deals", d.linked("deal"), in_role)
    named = d.linked("pending", field="who")
    d.waits("To act on", [link for link in named if link.item_kind not in ON_REQUEST_KINDS])
    d.said("Statements", field="whose")
    d.said("Said about it", field="about")
    d.group("Talks", d.linked("dialogue", "session"), in_role)
    d.group("Documents", d.linked("document"))
    d.group("People and organisations", d.linked("participant"))
    d.group("Events", d.linked("event"), in_role)
    d.waits("Open, and named in it", [link for link in named if link.item_kind in ON_REQUEST_KINDS])


def _place(d: _Draft) -> None:
    d.note("place_type")
    d.lead.append(f"**{escaped(sentence(d.record.headline), 250) or 'Place'}**")
    d.line("topic", several="Topics")
    d.text("summary")
    d.group("Talks", d.linked("session"))
    d.group("Events", d.linked("event"))
    d.said("What was said")


def _dialogue(d: _Draft) -> None:
    d.note("frequency", "began")
    d.lead.append(f"**{escaped(sentence(d.record.headline), 250) or 'A series of talks'}**")
    d.parties("party", "Parties")
    d.line("topic", several="Topics")
    d.text("summary")
    if d.session is not None:
        latest = _Draft(d.session, d.now, None)
        latest.line("attended", several="Principals")
        latest.line("agenda")
        latest.line("discussed")
        latest.line("produced")
        if latest.lines:
            d.groups.append((f"Latest session: {escaped(d.session.record.name, 100)}", latest.lines, 4))
    d.group("Sessions", d.linked("session"))
    d.said("What was said")
    d.group("Events", d.linked("event"))
    d.waits("Pending items", d.linked("pending"))


def _session(d: _Draft) -> None:
    d.note("state", "held_on", "place")
    d.lead.append(f"**{escaped(d.record.headline, 250)}**")
    d.line("series")
    d.parties("party", "Parties")
    d.line("attended", several="Principals")
    d.line("edition")
    d.line("agenda")
    d.line("discussed")
    d.line("produced")
    d.line("topic", several="Topics")
    d.text("summary")
    d.said("What was said")
    d.waits("Pending items", d.linked("pending"))


def _document(d: _Draft) -> None:
    d.note("doc_type", "dated")
    d.lead.append(f"**{escaped(sentence(d.record.headline), 250)}**")
    d.line("title")
    d.line("issuer")
    d.linked_line("Outcome of", d.linked("session", field="produced"))
    d.linked_line("Discussed at", d.linked("session", field="discussed"))
    d.line("topic", several="Topics")
    d.text("summary")
    d.said("What it says", field="whose")
    d.said("Said about it", field="about")
    d.group("Deals under it", d.linked("deal"))
    d.waits("Pending items", d.linked("pending"))


def _topic(d: _Draft) -> None:
    d.text("summary")
    d.line("topic", "Belongs to")
    counts = [
        plural(len(links), *KIND_WORDS[kind])
        for kind in ("deal", "statement", "document", "session", "event")
        if (links := d.linked(kind))
    ]
    d.lead.append(
        f"**{joined(counts)}**, counted in this record" if counts else "**Nothing in the record is linked with it yet**"
    )
    d.said("What was said")
    d.group("Deals", d.linked("deal"))
    d.group("Documents", d.linked("document"))
    d.group("On the agenda of", d.linked("session"))
    d.group("Events", d.linked("event"))
    d.group("Topics below it", d.linked("topic"))
    d.waits("Pending items", d.linked("pending"))


def _statement_card(d: _Draft) -> None:
    found = d.record
    d.note("whose", "said", "form")
    whose = [facts.value("statement", "whose", fact, d.names, 100) for fact in found.facts("whose")]
    said = found.fact("said")
    words = facts.value("statement", "said", said, d.names, 600) if said else ""
    owner = facts.some(whose, 4) if whose else "Whose it is, is not in the record"
    d.lead.append(f"**{owner}:** {words}" if words else f"**{owner}**")
    form = found.fact("form")
    what = facts.value("statement", "form", form, d.names) if form else "Statement"
    d.lead.append(reported(found.state.newest, f"{what}, as reported"))
    sides = {link.slug for link in d.opened.links if link.field == "whose" and link.kind == "participant"}
    if len(whose) > 1:
        of_sides = all(fact.value.get("record") in sides for fact in found.facts("whose"))
        how = ", together" if of_sides else ""
        d.lines.append(f"**Whose:** {facts.some(whose, 6)}{how}")
    d.line("made_at")
    d.line("about")
    d.line("topic", several="Topics")
    d.text("summary")
    d.waits("Pending items", d.linked("pending"))


def _event(d: _Draft) -> None:
    happened = d.record.value("happened")
    d.note("happened")
    if happened:
        d.lead.append(f"**{facts.dated(msgspec.convert(happened, FactDate))}**")
    else:
        d.lead.append("**When it happened is not in the record**")
    d.line("place")
    d.parties("involved", "Involved")
    d.line("of")
    d.line("topic", several="Topics")
    d.text("summary")
    d.said("What was said")


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


def _beside(headline: str) -> str:
    return f": {escaped(headline, 160)}" if headline else ""


def _bullet(link: Link, headline: str | None = None) -> str:
    return f"- {escaped(link.name, 100)}{_beside(link.headline if headline is None else headline)}"


def _fitting(lines: Sequence[str], room: int) -> str:
    """As many lines as fit, and how many do not."""
    fitting: list[str] = []
    for index, line in enumerate(lines):
        left = len(lines) - index
        if len(line) + 1 > room - 60:
            fitting.append(f"-# And {plural(left, 'more line')}: press Sources.")
            break
        room -= len(line) + 1
        fitting.append(line)
    return "\n".join(fitting)


def _listed(groups: Sequence[tuple[str, list[str], int]], room: int) -> str:
    """Lists of linked records under headings, a few each, and how many more there are."""
    lines: list[str] = []
    for index, (title, bullets, most) in enumerate(groups):
        heading = f"### {title}"
        if room < len(heading) + min(len(bullets[0]), 200) + 80:
            hidden = sum(len(rest) for _, rest, _ in groups[index:])
            lines.append(f"-# And {plural(hidden, 'more linked record')} that do not fit here.")
            break
        room -= len(heading) + 1
        lines.append(heading)
        shown = 0
        while shown < min(most, len(bullets)) and len(bullets[shown]) + 80 < room:
            lines.append(bullets[shown])
            room -= len(bullets[shown]) + 1
            shown += 1
        if shown < len(bullets):
            more = f"-# and {len(bullets) - shown:,} more"
            lines.append(more)
            room -= len(more) + 1
    return "\n".join(lines)


def _buttons(opened: Opened, *, editor: bool, guild_id: int | None, shared: bool, sharable: bool) -> list[ui.Button]:
    found = opened.record
    waiting = found.open or (
        found.kind == "deal" and any(link.kind == "pending" and link.open and not link.outward for link in opened.links)
    )

    def to(label: str, name: str) -> ui.Button:
        return button(label, custom_id(name, found.slug, guild_id=guild_id))

    buttons = [to(f"Follow {short(found.name)}", "follow.add")]
    if waiting:
        buttons.append(to("Remind me", "remind.me"))
    buttons.append(to("Sources", "record.sources"))
    if found.kind in _WITH_HISTORY:
        buttons.append(to("History", "record.history"))
    if sharable and not shared and guild_id is None:
        buttons.append(to("Share", "record.share"))
    if editor and not shared:
        buttons.append(to("Update", "update.open"))
    return buttons


def _open_select(opened: Opened, guild_id: int | None) -> list[ui.Select]:
    links = {link.slug: link for link in opened.links}
    return [open_select("Open a linked record", list(links.values())[:25], guild_id)] if links else []


def open_select(placeholder: str, rows: Sequence[Any], guild_id: int | None) -> ui.Select:
    """A menu that opens one of some records: links or rows of a list, at most 25."""
    return ui.Select(
        custom_id=custom_id("record.open", guild_id=guild_id),
        placeholder=placeholder,
        options=[
            discord.SelectOption(
                label=clip(row.name, 100),
                value=row.slug,
                description=clip(row.headline, 100) or KIND_WORDS[row.kind][0],
            )
            for row in rows
        ],
    )


def _sourced(opened: Opened, name: str, fact: Fact, number: int) -> str:
    kind = opened.record.kind
    words = facts.value(kind, name, fact, opened.names, 300)
    place = facts.locators([fact.locator])
    where = f"source {number}{f', {clip(place, 150)}' if place else ''}"
    label = get_field(kind, name).label
    return f"**{label}:** {words}\n-# {facts.dated(fact.date)} · {where}"


def _legend(opened: Opened, source_id: int, number: int) -> str:
    source = opened.sources.get(source_id)
    if source is None:
        return f"**Source {number}:** not on file any more"
    named = ", ".join(facts.titled(source))
    note = f"\n-# {escaped(source.note, 250)}" if source.note else ""
    return f"**Source {number}:** {named}; {facts.source_date(source)}; {facts.link(source.url)}{note}"
