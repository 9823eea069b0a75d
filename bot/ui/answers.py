"""An answer as people read it: a few lines of facts, each with its own day and source. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

import msgspec
from discord import ui

from bot import when
from bot.ask.finding import Finding, Listed, Missing, Told
from bot.ask.reading import Reading
from bot.ledger import stage
from bot.ledger.cited import cited, day_key, day_words, one_day, plain
from bot.ledger.fields import KIND_WORDS, SIDE_STATES, STAGES, get_field
from bot.ledger.status import FIELDS, act
from bot.ledger.values import DueType, Names, approver_words, named
from bot.ui import cards, facts, theme
from bot.ui.cited import line, shared_day, shared_source, source_line, source_words
from bot.ui.ids import custom_id
from bot.ui.layout import TEXT_LIMIT, button, card
from bot.ui.text import a, clip, escaped, joined, plural, sentence
from data.records import Approval, CitedText, Fact, FactDate, Kind, Link, Opened, Row, Source, State, Update

_QUESTION = 250  # Characters of a question that its heading quotes.
_ROOM = TEXT_LIMIT - 100  # Our own last line.
_LINES = 7  # Lines of an answer below its heading, so that it fits a phone's screen.
_TOGETHER = 160  # So many characters of one day and source stand on one line.
_LONG = 400  # Characters of one text, such as what a statement says.
_FEW = 3  # Lines beside which *In short* has room.
_NAMED = 8  # Names that one text lists.
_OPTIONS = 5  # So many buttons stand in a row.


class _Line(NamedTuple):
    """One line of an answer: our own markup before it, and the texts that it says.

    `bold` sets its first text apart. A `row` belongs to a list: it has its days, its source is one press away. A
    `change` was reported on a day; the oldest come first and are left out first.
    """

    parts: tuple[CitedText, ...]
    before: str = ""
    bold: bool = False
    row: bool = False
    change: bool = False


def draw(question: str, found: Finding, *, now: datetime) -> str:
    """Write the words of an answer: the question, at most seven lines, and quiet ones below them."""
    lines = _lines(found, now)
    said = ""
    for most in range(min(len(lines), _LINES), -1, -1):
        said = _drawn(question, found, _cut(lines, most), len(lines) - most)
        if len(said) <= _ROOM:
            break  # Long texts with long addresses do not fit a message seven times.
    return clip(said, _ROOM)


def _drawn(question: str, found: Finding, body: Sequence[_Line], more: int) -> str:
    sources_ = _sources_of(found)
    parts = [part for one in body for part in one.parts]
    one_source = shared_day(parts) is not None and shared_source(parts) is not None
    told = [*_written(body, sources_, one_source=one_source), *_asked_back(found)]
    source = clip(source_line(parts, sources_), 500) if one_source else ""
    if source and found.reading.has("aspects", "source") and found.sources_of is None:
        told.insert(0, f"**{source.removeprefix('-# ')}**")  # It is what was asked for.
        source = ""
    rows = any(one.row and one.parts for one in body) and not one_source and any(part.facts for part in parts)
    quiet = [
        f"-# and {more:,} more; *Sources* has them" if more else "",
        *_beyond(found),
        *_about(found),
        *_time(found),
        *_partly(found),
        source or ("-# *Sources* has the source of each" if rows else ""),
    ]
    # After a list a blank line: some clients take the next one for a part of its last point.
    apart = [""] if any(text.startswith("- ") for text in told) and any(quiet) else []
    return "\n".join([heading(question, found.reading, found.unknown), *told, *apart, *filter(None, quiet)])


def answer(
    found: Finding,
    said: str,
    *,
    key: str,
    chosen: str = "",
    guild_id: int | None = None,
    shared: bool = False,
    sharable: bool = True,
    note: str = "",
) -> ui.LayoutView:
    """Lay out the answer to a question. `key` and `chosen` are what its buttons carry, `note` is our own last line.

    A shared answer stands in a channel for everyone; nor is one `sharable` twice.
    """
    main = _main(found)
    waits = main is not None and (main.record.open or any(link.open and not link.outward for link in main.links))
    return card(
        [f"{said}\n{note}" if note else said],
        buttons=_buttons(found, key, chosen, guild_id, shared=shared, sharable=sharable),
        selects=_selects(found, guild_id),
        accent=theme.OPEN if waits else theme.PLAIN,
    )


def beside(found: Finding) -> list[str]:
    """Return the slugs of the records that an answer only names, so that its sources can show whose names they are."""
    listed = found.listed
    slugs = [row.slug for row in [*(listed.rows if listed else ()), *found.options, *found.close]]
    slugs += [slug for slug, _ in ((*listed.linked, *listed.without) if listed else ())]
    slugs += [link.slug for one in _records(found) if one.record.kind == "participant" for link in _people(one)]
    known = {one.record.slug for one in _records(found) if one not in found.around}
    return [slug for slug in dict.fromkeys(slugs) if slug not in known]


def sources(
    found: Finding,
    named_: Sequence[Opened],
    page: int,
    *,
    key: str,
    chosen: str,
    now: datetime,
    guild_id: int | None = None,
) -> ui.LayoutView:
    """Render a page of the facts that an answer states, each with its day and source, then of the names in it.

    `named_` are the records that it only names.
    """
    records = [*_records(found), *named_]
    index: dict[int, tuple[Opened, str, Fact]] = {}
    for one in records:
        for name, fact in cards.facts_of(one):
            index.setdefault(fact.update, (one, name, fact))
    for told in [*found.told, *([found.later] if found.later else [])]:
        for name, fact in told.facts:  # A stage that was left behind is in the record's history alone.
            index.setdefault(fact.update, (told.opened, name, fact))
    for changed in found.changed:
        index |= {update.id: (changed.opened, update.field, update.fact) for update in changed.updates}
    updates = [fact.update for one in _lines(found, now) for part in one.parts for fact in part.facts]
    updates += [fact.update for _, fact in found.later.facts] if found.later else []
    if found.sources_of is not None:
        updates += [fact.update for _, fact in cards.facts_of(found.sources_of)]
    stated = [index[id_] for id_ in dict.fromkeys(updates) if id_ in index]
    order = {one.record.slug: place for place, (one, _, _) in reversed(list(enumerate(stated)))}
    stated.sort(key=lambda entry: order[entry[0].record.slug])
    of_names = [*(one for one in _records(found) if one not in found.around), *named_]
    names = [
        (one, field, fact)
        for one in {one.record.slug: one for one in [*of_names, *(one for one, _, _ in stated)]}.values()
        for field in ("name", *_KINDS.get(one.record.kind, ()), *(FIELDS[one.record.kind] if one in named_ else ()))
        for fact in one.record.facts(field)
        if fact.update not in updates
    ]
    return cards.sources_page(
        "Sources of the answer",
        [*stated, *names],
        page,
        id_for=lambda n: custom_id("ask.sources", key, chosen, n, guild_id=guild_id),
        named=True,
    )


_KINDS: Mapping[Kind, tuple[str, ...]] = {
    "participant": ("type", "org_type"),
    "place": ("place_type",),
    "document": ("doc_type",),
    "statement": ("form",),
}
"""Fields without news value whose words stand beside a name."""


def heading(question: str, reading: Reading, unknown: Sequence[int]) -> str:
    """The question as it was typed, escaped; the words that the record does not know are underlined."""
    chunks = {reading.tokens[place].chunk for place in unknown}
    words = [
        f"__{escaped(raw, 60)}__" if i in chunks else escaped(raw, 60) for i, raw in enumerate(question.split()[:80])
    ]
    text = ""
    for word in words:
        if len(text) + len(word) + 1 > _QUESTION:
            return f"## “{text} …”"
        text = f"{text} {word}".lstrip()
    return f"## “{text}”"


def _records(found: Finding) -> list[Opened]:
    """Return every record that a finding holds as it is told, each once."""
    about = [one for miss in found.missing for one in (miss.opened, miss.about) if one is not None]
    all_ = [
        *(told.opened for told in found.told),
        *found.statements,
        *(changed.opened for changed in found.changed),
        *found.opened,
        *filter(None, (found.card, found.sources_of, found.later.opened if found.later else None)),
        *about,
        *found.around,
    ]
    return list({one.record.slug: one for one in reversed(all_)}.values())[::-1]


def _sources_of(found: Finding) -> dict[int, Source]:
    return {id_: source for one in _records(found) for id_, source in one.sources.items()}


# What is said


def _lines(found: Finding, now: datetime) -> list[_Line]:
    """Return the lines of an answer in order: what is missing, what is told, statements, changes, a list."""
    if found.day is not None:
        # How things stood on a past day is judged by that day: its last second, where the server is.
        zone = next((one.zone for one in _records(found)), "UTC")
        now = when.end_of_day(found.day, zone) - timedelta(seconds=1)
    lines = [_ours(text) for text in _missing(found.missing)]
    lines += _told(found, now)
    lines += [_statement(one) for one in found.statements]
    lines += _changes(found)
    if found.listed is not None:
        lines += _listed(found.listed)
    elif found.options:
        lines += [_ours("**Which one is meant?**"), *(_row(row, 120) for row in found.options[:_OPTIONS])]
    elif found.sources_of is not None:
        lines += [_ours(text) for text in _places(found.sources_of)]
    if found.missing and not any(one.parts for one in lines) and (main := _main(found)) is not None:
        lines += _of_record(main, [Told(main, [], "identity")], now, several=False)  # What is known instead.
    return lines


def _ours(text: str) -> _Line:
    """Return a line of our own words, which states no fact."""
    return _Line((), text)


def _row(row: Row, limit: int) -> _Line:
    parts = [CitedText(clip(part.text, limit), part.facts) for part in row.status]
    return _Line(tuple(parts), f"- **{escaped(row.name, 100)}**{': ' if parts else ''}", row=True)


def _cut(lines: Sequence[_Line], most: int) -> list[_Line]:
    """Return so many lines: the first ones, but of changes the newest."""
    first = next((index for index, one in enumerate(lines) if one.change), most)
    kept = min(first, most)
    return [*lines[:kept], *lines[max(len(lines) - (most - kept), kept) :]]


def _written(lines: Sequence[_Line], sources_: Mapping[int, Source], *, one_source: bool) -> list[str]:
    """Write lines, each with its own days and, where several stand behind them, its own source in brackets."""
    stated = _common_day(lines)
    said = False
    texts: list[str] = []
    for one in lines:
        cites = [fact for part in one.parts for fact in part.facts]
        if one.row:
            shown = stated is not None
            texts.append(one.before + (line(one.parts, stated=stated) if shown else escaped(plain(one.parts), 600)))
            continue
        dated = any(re.search(r"\b(?:1[6-9]|2[01])\d\d\b", part.text) for part in one.parts)
        text = line(one.parts, stated=stated if said else None, reported=dated, bold=one.bold, limit=2 * _LONG)
        said = said or bool(cites)
        place = "" if one_source or not cites else source_words(cites, sources_)
        texts.append(f"{one.before}{sentence(text) if not one.before else text}{f' ({place})' if place else ''}")
    return texts


def _common_day(lines: Sequence[_Line]) -> FactDate | None:
    """Return the day that all lines share and that is said once for them."""
    return shared_day(part for one in lines for part in one.parts)


_OPENING = ("A", "An", "The", "That", "Who", "How", "Such", "What", "Part", "Another")
"""Words of ours that begin what is missing; amid a sentence they are small."""


def _missing(lines: Sequence[Missing]) -> list[str]:
    """What is not in the record, in one sentence."""
    first, *rest = [escaped(what, 200) for what in dict.fromkeys(line.what for line in lines)] or [""]
    rest = [f"{what[0].lower()}{what[1:]}" if what.split(" ")[0] in _OPENING else what for what in rest]
    return [f"**{joined([first, *rest])} {'are' if rest else 'is'} not in the record.**"] if first else []


def _told(found: Finding, now: datetime) -> list[_Line]:
    """Return what is told of each record; a name stands before it where there are several."""
    of_record: dict[str, list[Told]] = {}
    for told in found.told:
        of_record.setdefault(told.opened.record.slug, []).append(told)
    several = len(of_record) > 1
    each = [_of_record(group[0].opened, group, now, several=several) for group in of_record.values()]
    if not several:
        return [one for of_one in each for one in of_one]
    # Each record has its share of the lines, in the order in which they were found.
    share = max(_LINES // len(each), 1)
    return [one for of_one in each for one in of_one[:share]]


def _of_record(opened: Opened, told: Sequence[Told], now: datetime, *, several: bool) -> list[_Line]:
    texts: dict[str, CitedText] = {}
    for one in told:
        for n, part in enumerate(_texts(one, now, named_=several)):
            texts.setdefault(part.text.casefold() or f"\n{n}", part)
    if opened.record.kind == "statement" and {"whose", "said"} & {field for one in told for field, _ in one.facts}:
        return [_statement(opened)]
    runs = list(_together(texts.values(), _LONG if several else _TOGETHER))
    if several:
        return [_Line(run, f"- **{escaped(opened.record.name, 100)}:** ") for run in runs]
    lines = [_Line(run, bold=index == 0) for index, run in enumerate(runs)]
    whole = any(one.how == "identity" for one in told)
    short = _in_short(opened, texts.values()) if len(lines) <= _FEW and not whole else None
    return [*lines, *([_Line((short,))] if short else [])]


def _in_short(opened: Opened, beside_: Iterable[CitedText]) -> CitedText | None:
    """Return *In short*, which often holds the rest of what is asked; not one that is older than what stands beside."""
    summary = opened.record.fact("summary")
    newest = max((fact.date.day or date.min for part in beside_ for fact in part.facts), default=date.min)
    if summary is None or (summary.date.day or date.min) < newest:
        return None
    return cited(f"in short: {clip(str(summary.value), _LONG).rstrip('.')}", summary)


def _key(part: CitedText) -> object:
    """Return what texts share that may stand on one line: their days and sources."""
    return {day_key(fact.date) for fact in part.facts}, {fact.source for fact in part.facts}


def _together(parts: Iterable[CitedText], most: int = _TOGETHER) -> Iterator[tuple[CitedText, ...]]:
    """Yield the texts of each line: neighbours of one day and source, at most so many characters of them."""
    run: list[CitedText] = []
    for part in parts:
        cites = next((one for one in reversed(run) if one.facts), None)
        fits = sum(len(one.text) for one in run) + len(part.text) <= most
        if run and (part is _BREAK or not (fits and (cites is None or not part.facts or _key(cites) == _key(part)))):
            yield tuple(run)
            run = []
        if part is not _BREAK:
            run.append(part)
    if run:
        yield tuple(run)


def _texts(told: Told, now: datetime, *, named_: bool) -> list[CitedText]:
    """Return what is told as texts, each with the facts that it states. `named_`: the name stands before them."""
    opened = told.opened
    if told.how == "identity":
        return _identity(opened, now, named_=named_)
    if told.how == "stage":
        return [*_status(opened), *_approvals_beside(opened)]
    if told.how == "reached":
        return [stage.stage(State(facts={"stage": [fact]}), opened.names) for _, fact in told.facts]
    if told.how == "since":
        return [cited(f"on the record since {day_words([fact.date])}", fact) for _, fact in told.facts]
    fields = list(dict.fromkeys(field for field, _ in told.facts))
    texts: list[CitedText] = []
    for field in fields:
        of_field = [fact for name, fact in told.facts if name == field]
        texts += _of_field(opened, field, of_field, now, roles=told.how == "roles")
    return texts


def _identity(opened: Opened, now: datetime, *, named_: bool) -> list[CitedText]:
    """Return what a record is: its status line, then *In short* and what readers look for first."""
    record = opened.record
    parts = _status(opened) or [CitedText(KIND_WORDS[record.kind][0])]
    due = record.fact("due")
    if record.kind == "pending" and record.open and due is not None and due.value is not None:
        parts = [parts[0], *_due(opened, due, now)]
    if named_:
        return parts
    if record.kind != "statement":  # A statement says whose it is; its name would say the same again.
        first = parts[0].text.replace(": ", ", ", 1)
        first = _small(first) if record.kind in ("deal", "session") else first
        parts = [CitedText(f"{record.name}: {first}", parts[0].facts), *parts[1:]]
    if summary := record.fact("summary"):
        parts += [_BREAK, cited(clip(str(summary.value), _LONG).rstrip("."), summary)]
    parts.append(_BREAK)
    for field in _LOOKED_FOR.get(record.kind, ()):
        parts += _of_field(opened, field, record.facts(field), now)
    return [*parts, *_links(opened)]


def _status(opened: Opened) -> list[CitedText]:
    """Return a record's status line; what an open item says of a deal is not said again after its stage."""
    return list({part.text.casefold(): part for part in reversed(opened.record.status)}.values())[::-1]


_BREAK = CitedText("")
"""Between two texts: the second begins a line."""


_LOOKED_FOR: Mapping[Kind, tuple[str, ...]] = {
    "deal": ("value", "party", "quantity"),
    "dialogue": ("party",),
    "session": ("attended", "agenda", "produced"),
    "document": ("issuer",),
    "event": ("place", "involved"),
    "pending": ("about",),
}
"""What stands below *In short* where a record as a whole is asked for."""


_TAKES_PART = ("party", "attended", "involved")
_SHOWN = 4  # Linked records of a sort that are named where a record as a whole is asked for.


def _people(opened: Opened) -> list[Link]:
    """Return the people and organisations of a country."""
    return [link for link in opened.links if not link.outward and (link.kind, link.field) == ("participant", "country")]


def _links(opened: Opened) -> list[CitedText]:
    """Return what others say of a record, by the facts that link them: roles, people of a country, a statement."""
    kind = opened.record.kind
    inward = [link for link in opened.links if not link.outward]
    texts = []
    if kind == "participant":
        roles = [link for link in inward if link.field in _TAKES_PART and link.role]
        texts += [cited(f"{link.role} in {link.name}", link.fact) for link in roles[:_SHOWN]]
        people = _people(opened)
        texts += [CitedText(f"people and organisations: {_some([link.name for link in people])}")] if people else []
    if kind in ("participant", "document", "topic", "place"):
        field = "whose" if kind in ("participant", "document") else "about"
        said = [link for link in inward if link.kind == "statement" and link.field in (field, "topic") and link.status]
        texts += [part for link in said[:1] for part in (_BREAK, link.status[0])]
    return texts


def _of_field(
    opened: Opened, name: str, found: Sequence[Fact], now: datetime, *, roles: bool = False
) -> list[CitedText]:
    """Return the values of one field as texts, the newest first; of the values of a deal its contract's first."""
    kind = opened.record.kind
    field = get_field(kind, name)
    newest = sorted(found, key=lambda fact: fact.date.day or date.min, reverse=True)
    if name == "stage":
        return [stage.stage(State(facts={"stage": newest}), opened.names)] if newest else []
    if name == "side_state":
        return [cited(SIDE_STATES[fact.value], fact) for fact in newest if fact.value != "none"]
    if name == "due":
        return [part for fact in newest for part in _due(opened, fact, now)]
    if name == "approval":
        return [_approval(opened, fact) for fact in newest]
    if kind == "pending" and name in ("state", "outcome"):
        return list(opened.record.status) if not opened.record.open else [cited("Open", *newest)]
    if name == "value":
        newest.sort(key=lambda fact: "contract" not in fact.value.get("kind", "").casefold())
    if field.rule == "variants":  # Each is a report of its own.
        labels = [_small(field.label), *(["also reported"] * len(newest))]
        each = [
            cited(f"{label}: {_words(opened, name, fact)}", fact) for label, fact in zip(labels, newest, strict=False)
        ]
        counted = [fact for fact in opened.record.facts("quantity") if _at(fact) in map(_at, newest)]
        return [*each, *_of_field(opened, "quantity", counted, now)]
    texts = []
    for group in _grouped(newest):
        if roles or name == "party":
            texts += _by_role(group, opened.names)
        else:
            texts.append(_named_facts(opened, name, group))
    if name == "who" and opened.record.open and opened.record.fact("due") is None:
        texts.append(CitedText("no due date given"))
    return texts


def _grouped(found: Sequence[Fact]) -> Iterator[list[Fact]]:
    """Yield facts of one day and source together, in the order of their first."""
    groups: dict[object, list[Fact]] = {}
    for fact in found:
        groups.setdefault(_at(fact), []).append(fact)
    yield from groups.values()


def _at(fact: Fact) -> object:
    return day_key(fact.date), fact.source


def _words(opened: Opened, name: str, fact: Fact) -> str:
    type_ = get_field(opened.record.kind, name).type
    return clip(type_.words(fact.value, opened.names), _LONG).rstrip(".")


def _named_facts(opened: Opened, name: str, group: Sequence[Fact]) -> CitedText:
    """Return values of a field in one text: "U.S. government must act", "Agenda: a and b"."""
    record, field = opened.record, get_field(opened.record.kind, name)
    words = _some([_words(opened, name, fact) for fact in group])
    cites = group if field.reports else ()
    if record.kind == "pending" and name == "who":
        if record.open:
            verb = act(record.value("basis"), record.value("item_kind"))
            return cited(f"{sentence(words)} {verb}", *cites)
        had = "had" if record.value("basis") == "stated" else "was"
        return cited(f"who {had} to act: {words}", *cites)
    label = _SEVERAL.get(field.label, field.label) if len(group) > 1 else field.label
    return cited(f"{_small(label)}: {words}", *cites)


def _small(text: str) -> str:
    """Return a phrase of ours as it stands amid a sentence."""
    return text[:1].lower() + text[1:]


_SEVERAL = {"Principal": "Principals", "Topic": "Topics"}


def _some(words: Sequence[str]) -> str:
    if len(words) <= _NAMED:
        return joined(words)
    return f"{', '.join(words[:_NAMED])} and {len(words) - _NAMED:,} more"


def _by_role(group: Sequence[Fact], names: Names) -> list[CitedText]:
    """Return who takes part, in a text for each role."""
    roles: dict[str, list[Fact]] = {}
    for fact in group:
        roles.setdefault(fact.value.get("role", ""), []).append(fact)
    return [
        cited(f"{role or 'party'}: {_some([named(fact.value['record'], names) for fact in of_role])}", *of_role)
        for role, of_role in roles.items()
    ]


def _due(opened: Opened, fact: Fact, now: datetime) -> list[CitedText]:
    """Return by when an item is due, and whether that day has ended by `now` with the item still open."""
    if fact.value is None:
        return [cited("no due date given", fact)]
    field = get_field("pending", "due")
    words = field.type.in_full(fact.value) if isinstance(field.type, DueType) else ""
    passed = [CitedText("this day has passed, and the item is still open here")]
    return [cited(f"due: {words}", fact), *(passed if cards.is_overdue(opened, now) else [])]


def _approval(opened: Opened, fact: Fact) -> CitedText:
    """Return an approval with who gives it; one that the signature overtook has no outcome."""
    approval = msgspec.convert(fact.value, Approval)
    waits = approval.state in ("open", "requested")
    stale = waits and stage.overtaken(opened.record.state, fact)
    how = "no outcome reported" if stale else approval.state
    return cited(f"{approval.what} by {approver_words(approval, opened.names)}: {how}", fact)


def _approvals_beside(opened: Opened) -> list[CitedText]:
    """Return the approvals that a deal's status line leaves out: decided since its stage, or without an outcome."""
    state = opened.record.state
    reached = opened.record.fact("stage")
    since = (reached.date.day if reached else None) or date.min
    waits = stage.open_approvals(state)
    found = [
        fact
        for fact in opened.record.facts("approval")
        if fact not in waits and (fact.value["state"] in ("open", "requested") or (fact.date.day or date.min) > since)
    ]
    return [_approval(opened, fact) for fact in sorted(found, key=lambda fact: fact.date.day or date.min, reverse=True)]


def _statement(one: Opened) -> _Line:
    """Return a statement: whose it is, its form and what it says."""
    record = one.record
    whose, said, form = record.facts("whose"), record.fact("said"), record.fact("form")
    if not one_day([*whose, said]):
        return _Line(record.status, "- ")
    owner = _some([_words(one, "whose", fact) for fact in whose]) or "Whose it is, is not in the record"
    kind = f" ({_words(one, 'form', form).lower()})" if form else ""
    words = _words(one, "said", said) if said else record.name
    return _Line((cited(words, *whose, said),), f"- **{escaped(sentence(owner) + kind, 300)}:** ")


def _changes(found: Finding) -> list[_Line]:
    """Return what was reported of each record on each day, oldest first."""
    changes = [(one, update) for one in found.changed for update in one.updates]
    changes.sort(key=lambda pair: (pair[1].date.day or date.min, pair[1].id))
    lines = []
    for _, group in groupby(
        changes, key=lambda pair: (pair[0].opened.record.slug, day_key(pair[1].date), pair[1].source_id)
    ):
        of_day = list(group)
        one = of_day[0][0]
        parts = [_change(one.opened, update, one.opened.names | one.names) for _, update in of_day]
        name = f"- **{escaped(one.opened.record.name, 80)}:** "
        lines += [_Line(run, name, change=True) for run in _together(parts)]
    return lines


def _change(opened: Opened, update: Update, names: Names) -> CitedText:
    field = get_field(opened.record.kind, update.field)
    value = update.value
    gone = isinstance(value, dict) and value.get("gone")
    words = clip(field.type.words(value, names), 200).rstrip(".")
    return cited(f"{_small(field.label)}: {'no longer ' if gone else ''}{words}", update.fact)


def _listed(found: Listed) -> list[_Line]:
    noun = KIND_WORDS[found.kind]
    about = f" linked with {joined([escaped(name, 100) for _, name in found.linked])}" if found.linked else ""
    about += f" without {joined([escaped(name, 100) for _, name in found.without])}" if found.without else ""
    about += f" without {a(found.lacking)}" if found.lacking else ""
    about += " waiting for an approval" if found.waiting else ""
    turned = " not" if found.negated else ""
    about += f"{turned} at the stage “{STAGES[found.stage].lower()}”" if found.stage else ""
    if not found.rows:
        return [_ours(f"**{sentence(a(noun[0]))}{about} is not in the record.**")]
    least = "at least " if found.least else ""
    rows = [_row(row, 120) for row in found.rows]
    day = _common_day(rows)
    reported = f" As reported {escaped(when.on_date(day, weekday=False), 120)}." if day is not None else ""
    counted = f"**{sentence(least)}{plural(found.total, *noun)}{about}**, counted in this record.{reported}"
    return [_ours(counted), *rows]


def _places(opened: Opened) -> list[str]:
    """Return every source of a record, with its date and where it can be read; of its name where it holds no more."""
    found = [(name, fact) for name, fact in cards.facts_of(opened) if get_field(opened.record.kind, name).reports]
    places: dict[int, list[str]] = {}
    for _, fact in found or [("name", fact) for fact in opened.record.facts("name")]:
        places.setdefault(fact.source, []).append(fact.locator)
    lines = []
    for id_, of_source in places.items():
        source = opened.sources.get(id_)
        if source is not None:
            words = facts.source_words(source, facts.locators(of_source))
            lines.append(f"- **{words}**{f': {facts.link(source.url)}' if source.url else ''}")
    return [f"**Where {escaped(opened.record.name, 100)} is written:**", *lines]


def _asked_back(found: Finding) -> list[str]:
    """Return what is said where nothing was found: what one can ask, or the closest names."""
    if found.options or found.answered or found.card is not None:
        return []
    nothing = not found.missing and found.listed is None
    asked = bool(found.reading.left or found.reading.names)
    lines = []
    if nothing and not asked:
        lines.append(
            "**Ask about what is in the record:** a deal, who must act, what is open, who said what, since when."
        )
    elif nothing:
        lines.append("**The answer is not in the record.** Nothing in it holds these words.")
    if found.close:
        names = joined([escaped(row.name, 100) for row in found.close])
        lines.append(f"Closest in the record: {names}." if asked else f"For example: {names}.")
    return lines


# Quiet lines


def _beyond(found: Finding) -> list[str]:
    """Return how much there is that an answer does not show."""
    lines = []
    more = found.statements_total - len(found.statements)
    if more > 0:
        lines.append(f"-# and {more:,} more, counted in this record")
    if found.listed is not None and found.listed.total > len(found.listed.rows) > 0:
        least = "at least " if found.listed.least else ""
        lines.append(f"-# and {least}{found.listed.total - len(found.listed.rows):,} more, counted in this record")
    if len(found.options) > _OPTIONS:
        lines.append("-# and more; write more of the name")
    return lines


def _about(found: Finding) -> list[str]:
    """Return which record an answer is about, where its sentences do not name it."""
    told = {one.opened.record.slug: one for one in found.told}
    if len(told) != 1 or any(one.how == "identity" for one in found.told[:1]):
        return []
    (one,) = told.values()
    return [f"-# About {escaped(one.opened.record.name, 100)}"]


def _time(found: Finding) -> list[str]:
    asked = found.reading.asked
    lines = []
    if found.day is not None:
        if found.changed and asked is not None and asked.mode in ("at", "between"):
            lines.append(f"-# Asked about: {_span(asked.first, found.day)}. What came later is left out.")
        else:
            lines.append(f"-# Asked about: as of {when.format_day(found.day)}. What came later is left out.")
        if found.later is not None:
            lines[-1] += f" The newest fact since is dated {facts.dated(found.later.facts[0][1].date)}."
    elif asked is not None and not asked.of:
        first = when.format_day(asked.first, weekday=False)
        lines.append(
            f"-# Asked about: {f'since {first}' if asked.mode == 'since' else _span(asked.first, asked.last)}."
        )
    if asked is not None and asked.latest and lines:
        lines[-1] += " No year was given, so the latest."
    return lines


def _span(first: date, last: date) -> str:
    words = when.format_day(first, weekday=False)
    return words if first == last else f"{words} to {when.format_day(last, weekday=False)}"


def _partly(found: Finding) -> list[str]:
    lines = []
    if found.unknown and (found.answered or found.card is not None):
        lines.append("-# Underlined in the question: not in the record.")
    listed = found.listed
    turned = listed is not None and (listed.negated or listed.without or listed.lacking)
    if found.reading.negated and not turned and not found.missing and not found.options:
        lines.append("-# The question has a “not” that was not read; this is what the record says.")
    if found.reading.clipped:
        lines.append("-# The question is long; only its beginning was read.")
    return lines


# Controls


def _main(found: Finding) -> Opened | None:
    """Return the record that an answer is about; several that are listed or compared are chosen from a menu."""
    compared = found.reading.has("aspects", "compare") and len({one.opened.record.slug for one in found.told}) > 1
    several = compared or len(found.statements) > 1 or found.listed is not None or found.options
    return None if several else found.card


def _selects(found: Finding, guild_id: int | None) -> list[ui.Select]:
    told = list({one.opened.record.slug: one.opened.record for one in found.told}.values())
    chosen: list[tuple[str, Sequence[Any]]] = [
        ("Open one of them", found.listed.rows if found.listed is not None else ()),
        ("Open a statement", [one.record for one in found.statements] if len(found.statements) > 1 else ()),
        ("Open a similar record", () if found.options else found.close),
        ("Open one of them", told if len(told) > 1 else ()),
    ]
    return [cards.open_select(label, rows[:25], guild_id) for label, rows in chosen if rows][:1]


def _buttons(
    found: Finding, key: str, chosen: str, guild_id: int | None, *, shared: bool, sharable: bool
) -> list[ui.Button]:
    def to(label: str, name: str, *arguments: str) -> ui.Button:
        return button(label, custom_id(name, *arguments, guild_id=guild_id))

    buttons = []
    main = _main(found)
    if found.options:
        buttons += [to(cards.short(row.name), "ask.which", key, row.slug) for row in found.options[:_OPTIONS]]
    elif found.answered or main is not None:
        sources_ = to("Sources", "ask.sources", key, chosen)
        if main is None:
            buttons.append(sources_)
        else:
            name, slug = cards.short(main.record.name), main.record.slug
            buttons += [to(f"Open {name}", "record.open", slug), sources_, to(f"Follow {name}", "follow.add", slug)]
        if sharable and not shared and guild_id is None:
            buttons.append(to("Share", "ask.share", key, chosen))
    if not shared:
        buttons.append(to("Not what I asked", "ask.missed", key))
    return buttons
