"""What a card of each kind says, in the order of rank."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from bot import agenda
from bot.ledger import stage
from bot.ledger.cited import cited, one_day
from bot.ledger.closing import SETTLED
from bot.ledger.fields import KIND_WORDS, ON_REQUEST_KINDS, get_field
from bot.ledger.fold import is_open
from bot.ledger.stage import OpenItem, leading_first
from bot.ledger.status import NO_DUE_DATE, WINDOW
from bot.ledger.values import approver_words, record_of
from bot.ui.cards._draft import SHOWN, Draft, Line
from bot.ui.cited import some
from bot.ui.text import clip, joined, plural, sentence
from data.records import Approval, CitedText, Fact, Kind, Link, Opened


def is_overdue(opened: Opened, now: datetime) -> bool:
    """Whether a due date that was fixed or announced has ended where it counts. Other dates are never overdue."""
    return opened.record.open and agenda.is_overdue(agenda.item_of(opened.record, opened.zone), now)


def drafted(opened: Opened, now: datetime, session: Opened | None) -> Draft:
    draft = Draft(opened, now, session)
    _RENDERERS[opened.record.kind](draft)
    return draft


def _deal(d: Draft) -> None:
    state = d.record.state
    items = [link for link in d.linked("pending") if link.open]
    about = [OpenItem(link.name, link.item_kind, link.opened_by) for link in items]
    d.waiting = bool(items) or bool(stage.open_approvals(state))
    reached = stage.stage(state, d.names)
    open_ = stage.waiting(state, about, d.names)
    beside = stage.side_state(state)
    first_waits = bool(open_) and beside is None and not stage.is_signed(state)
    if first_waits:
        d.lead.append(Line("", some(open_, 1, "open")))
    else:
        d.lead.append(Line("", [reached, *([beside] if beside else []), *some(open_, 1, "open")]))
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


def _who_must_act(d: Draft, items: Sequence[Link]) -> None:
    """Say who has to act: of the open items, else of the open approvals."""
    if len(items) == 1 and items[0].item_kind == WINDOW:
        d.add("Open", list(items[0].status), listed=False, reported=True)
    elif len(items) == 1:
        acts, *rest = items[0].status or (CitedText(""),)
        who = acts.text.removesuffix(" must act").removesuffix(" to act") if acts.facts else "not in the record"
        # An open item's status line ends with its due date, which is never left out.
        parts = [*some([CitedText(who, acts.facts), *rest[:-1]], SHOWN), *rest[-1:]]
        # Only what a source states as pending obliges somebody.
        label = "Left to act" if acts.text.endswith(" to act") else "Who must act"
        d.add(label, parts, most=len(parts), listed=False, reported=True)
    elif items:
        d.waits("Open items", items)
    elif approvals := stage.open_approvals(d.record.state):
        who = [cited(f"{approver_words(fact.value, d.names)}, for {fact.value.what}", fact) for fact in approvals]
        d.add("Who must act", [*some(who, 2), CitedText("no due date given")], listed=False)


def _values(d: Draft) -> list[CitedText]:
    """Return the values, the contract's first, then the newest. Each is a report of its own."""
    field = get_field("deal", "value")
    return [cited(field.type.words(fact.value, d.names), fact) for fact in leading_first(d.record)]


def _approvals(d: Draft) -> None:
    """Name the approvals where they are few; else count them by how they stand and name the newest decision."""
    state = d.record.state
    facts_ = sorted(
        d.record.state.facts("approval", Approval), key=lambda fact: fact.date.day or date.min, reverse=True
    )
    open_ = stage.open_approvals(state)
    if all(fact in open_ for fact in facts_):
        return  # The lead and *Who must act* say it.
    label = "Approvals" if len(facts_) > 1 else "Approval"

    def told(fact: Fact[Approval]) -> CitedText:
        approval = fact.value
        stale = is_open(approval) and fact not in open_
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
    decided = [fact for fact in facts_ if fact.value.state in SETTLED]
    newest = [CitedText(f"newest: {part.text}", part.facts) for part in map(told, decided[:1])]
    d.add(label, [counted, *newest], listed=False)


def _pending(d: Draft) -> None:
    found = d.record
    if found.open:
        d.waiting = True
        # An open item's status line ends with its due date, which has a line of its own.
        acts, *rest = d.record.status[:-1] or (CitedText("Open"),)
        lead = [CitedText(sentence(acts.text), acts.facts), *rest]
        d.lead.append(Line("", lead, reported=True))
        d.lines.append(Line("Due", _due(d), reported=True))
    else:
        d.lead.append(Line("", list(d.record.status)))
    d.field("about")
    if not found.open:
        d.field("who", "Who had to act" if found.state.text("basis") == "stated" else "Who was to act")
    d.field("closes_when")
    d.text()
    d.field("item_kind")
    d.field("topic", "Topics")


def _due(d: Draft) -> list[CitedText]:
    """Return by when an item is due, and that the day has passed where that may be said."""
    fact = d.record.state.fact("due")
    type_ = get_field("pending", "due").type
    words = [cited(type_.in_full(fact.value, d.names) if fact else NO_DUE_DATE, fact)]
    passed = [CitedText("this day has passed, and no source here reports what happened")]
    return [*words, *(passed if is_overdue(d.opened, d.now) else [])]


def _some_words(words: Sequence[str], most: int) -> str:
    return joined(words) if len(words) <= most else f"{', '.join(words[:most])} and {len(words) - most:,} more"


def _participant(d: Draft) -> None:
    roles = d.linked("deal", "session", "dialogue")
    d.lead.append(Line("", list(d.record.status) or [CitedText("Participant")]))
    if not roles:
        d.lead.append(Line("", [CitedText("Mentioned, not a party")]))
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


def _place(d: Draft) -> None:
    d.lead.append(Line("", list(d.record.status) or [CitedText("Place")]))
    d.text()
    d.named("Talks", d.linked("session"))
    d.named("Events", d.linked("event"))
    d.said("What was said")
    d.field("topic", "Topics")


def _dialogue(d: Draft) -> None:
    d.lead.append(Line("", list(d.record.status) or [CitedText("A series of talks")]))
    d.parties("Parties", "party")
    if d.session is not None:
        latest = Draft(d.session, d.now, None)
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


def _session(d: Draft) -> None:
    d.lead.append(Line("", list(d.record.status), reported=True))
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


def _document(d: Draft) -> None:
    d.lead.append(Line("", list(d.record.status), reported=True))
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


def _topic(d: Draft) -> None:
    counts = [
        plural(len(links), *KIND_WORDS[kind])
        for kind in ("deal", "statement", "document", "session", "event")
        if (links := d.linked(kind))
    ]
    words = f"{joined(counts)} in this record" if counts else "Nothing in the record is linked with it yet"
    d.lead.append(Line("", [CitedText(words)]))
    d.text()
    d.said("What was said")
    d.named("Deals", d.linked("deal"))
    d.waits("Pending items", d.linked("pending"))
    d.named("Documents", d.linked("document"))
    d.named("On the agenda of", d.linked("session"))
    d.named("Events", d.linked("event"))
    d.field("topic", "Belongs to")
    d.named("Topics below it", d.linked("topic"))


def _statement_card(d: Draft) -> None:
    found = d.record
    sides = {link.slug for link in d.opened.links if link.field == "whose" and link.kind == "participant"}
    whose = [part.text for part in d.fact_parts("whose", 100)]
    together = len(whose) > 1 and all(record_of(fact.value) in sides for fact in found.state.facts("whose"))
    said = found.state.fact("said")
    words = clip(get_field("statement", "said").type.words(said.value, d.names), 600) if said else ""
    if one_day([*found.state.facts("whose"), said]) and words and whose:
        owner = f"{_some_words(whose, 4)}{', together' if together else ''}"
        d.lead.append(Line("", [cited(f"{owner}: {words}", *found.state.facts("whose"), said)]))
    else:
        d.lead.append(
            Line(
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


def _event(d: Draft) -> None:
    d.lead.append(
        Line("", list(d.record.status) or [CitedText("When it happened is not in the record")], reported=True)
    )
    d.text()
    d.field("place")
    d.parties("Involved", "involved")
    d.field("of")
    d.said("What was said")
    d.field("topic", "Topics")


_RENDERERS: dict[Kind, Callable[[Draft], Any]] = {
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
