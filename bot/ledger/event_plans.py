"""Decides what an event changes, and which further changes the preview of the event offers. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from bot.ledger import fold, stage
from bot.ledger.cited import cited, plain
from bot.ledger.closing import acts, consent, stages_after
from bot.ledger.drafts import EventChoices, EventOption, EventQuestion, Planned
from bot.ledger.event_forms import EventEntry
from bot.ledger.happenings import HAPPENINGS, Happening, outcome_of
from bot.ledger.kinds import STAGES, get_field, stage_rank
from bot.ledger.values import record_of
from data.records import Approval, Fact, ListedText, Opened, Party, Update, Value

BEGIN, CLOSE, APPROVE = "begin", "close", "approve"
"""The first word of `EventOption.value`: begin a pending item, close a pending item, or settle an approval.

Whole values are "begin", "close 17" (17 is a record id) and "approve 230 granted" (230 is the id of an update).
"""

_MAKERS = ("maker", "manufacturer", "seller", "supplier", "contractor", "builder")
_BUYERS = ("buyer", "purchaser", "customer")


class EventPlan(Struct, frozen=True):
    """The values that the draft of an event enters, and the question and warnings of its preview.

    `values` are entered in this order. `question` is what the preview asks the editor. `warnings` are sentences that
    the editor reads before saving.
    """

    values: list[Planned]
    question: EventQuestion | None
    warnings: list[str]


class Subject(Struct, frozen=True):
    """The deal that an event is about.

    `opened` is None if the event creates the deal; then `updates` and `items` are empty. `items` are the open pending
    items about the deal. An event can begin a new pending item: this item gets the slug `item_slug` and the name
    `item_name`. `also` are other records that get the note of the event, besides the deal.
    """

    slug: str
    name: str
    opened: Opened | None
    updates: list[Update]
    items: list[Opened]
    item_slug: str
    item_name: str
    also: list[Opened]


def plan_event(
    happening_name: str, part_of: str, entry: EventEntry, subject: Subject, chosen: EventChoices
) -> EventPlan:
    """Return what an event changes and what its preview asks.

    `happening_name` is the kind of event, a key of `HAPPENINGS`. If the event is a second contract, `part_of` is the
    slug of the deal that the contract belongs to; otherwise it is "". `chosen` is what the editor chose in the preview.
    Where the editor chose nothing, the defaults of the event count.
    """
    happening = HAPPENINGS[happening_name]
    options = _options(happening, entry, subject, chosen)
    approvals = [*entry.approvals, *_settled(options, subject)]
    closed = [slug for slug in (_item(option, CLOSE, subject) for option in options) if slug]
    begins = any(option.value == BEGIN and option.chosen for option in options)
    items = [] if begins or entry.due is None else _dated_items(happening, subject, closed, chosen)
    stages = list(STAGES)[1:]
    if subject.opened is not None:
        stages = stages_after(subject.opened, subject.updates, entry.entry.date)
    default = _default_stage(happening, subject, approvals)
    after = (default if chosen.stage is None else chosen.stage) if stages else ""
    after = after if after in stages else ""

    def of_deal(field: str, value: Value) -> Planned:
        return Planned(subject.slug, "deal", field, value)

    values = [of_deal("stage", after)] if after else []
    if after == "approved" and approvals:
        approval = approvals[-1]
        by = Party("", approval.authority) if approval.authority else Party(approval.side)
        values.append(of_deal("approved_by", by))
    if happening.side_state and not (happening.side_state == "none" and not _is_held_up(subject)):
        values.append(of_deal("side_state", happening.side_state))
    values += [of_deal("approval", approval) for approval in approvals]
    values += [of_deal(happening.counted, value) for value in entry.counted]
    values += [of_deal("party", party) for party in entry.parties]
    values += [of_deal("part_of", Party(part_of))] if part_of else []
    values += [of_deal("note", ListedText(entry.note))] if entry.note else []
    for slug in closed:
        item = next(item for item in subject.items if item.record.slug == slug)
        outcome = outcome_of(happening, item.record.state.text("item_kind"))
        values += [Planned(slug, "pending", "state", "closed"), Planned(slug, "pending", "outcome", outcome)]
    if begins:
        values += _new_item(happening, entry, subject)
    dated = next((option.value for option in items if option.chosen), "")
    if dated:
        values.append(Planned(dated, "pending", "due", entry.due))
    values += [
        Planned(opened.record.slug, opened.record.kind, "note", ListedText(entry.note)) for opened in subject.also
    ]
    warnings: list[str] = []
    if entry.due is not None and not begins and not dated:
        warnings.append("The date is not entered: no pending item is chosen that it could belong to")
    question = EventQuestion(
        subject.name,
        plain([stage.stage(subject.opened.record.state, subject.opened.names)]) if subject.opened else "",
        stages if after or subject.opened is not None else [],
        after,
        options,
        items if len(items) > 1 else [],
    )
    return EventPlan(values, question, warnings)


def _is_held_up(subject: Subject) -> bool:
    return subject.opened is not None and subject.opened.record.state.text("side_state") not in ("", "none")


def _item(option: EventOption, how: str, subject: Subject) -> str:
    """Return the slug of the pending item that an option changes.

    Return "" if the option is not chosen, or if the first word of its value is not `how`, such as `CLOSE`.
    """
    first, _, number = option.value.partition(" ")
    if not option.chosen or first != how:
        return ""
    return next((item.record.slug for item in subject.items if str(item.record.id) == number), "")


def _options(happening: Happening, entry: EventEntry, subject: Subject, chosen: EventChoices) -> list[EventOption]:
    """Return the further changes that the preview of an event offers.

    The options that the editor chose are marked as chosen. Until the editor chooses, the defaults are marked.
    """
    options: list[EventOption] = []
    closes = _closed_by_default(happening, entry, subject)
    open_approvals = _open_approvals(entry, subject)
    names = subject.opened.names if subject.opened else {}
    for fact, state, default in _approval_options(happening, entry, subject, open_approvals, closes):
        label = f"{state.capitalize()}: {consent(fact.value, names)}"
        options.append(
            EventOption(f"{APPROVE} {fact.update} {state}", label, plain([cited(fact.value.state, fact)]), default)
        )
    for item in subject.items:
        outcome = outcome_of(happening, item.record.state.text("item_kind"))
        label = f"Close as {outcome}: {item.record.name}"
        options.append(
            EventOption(f"{CLOSE} {item.record.id}", label, plain(item.record.status), item.record.slug in closes)
        )
    if happening.opens and not any(_is_kind(item, happening.opens) for item in subject.items):
        acting = _who_must_act(happening, entry, subject)
        default = (happening.begins and bool(acting)) or entry.due is not None
        options.append(EventOption(BEGIN, f"Begin: {subject.item_name}", "A new pending item", default))
    if chosen.changes is not None:
        options = [replace(option, chosen=option.value in chosen.changes) for option in options]
    return options


def _is_kind(item: Opened, item_kind: str) -> bool:
    return item.record.state.text("item_kind") == item_kind


def _open_approvals(entry: EventEntry, subject: Subject) -> list[Fact[Approval]]:
    """Return the approvals of the deal that are open, except those that the form names."""
    if subject.opened is None:
        return []
    key = get_field("deal", "approval").type.key
    named = {key(approval) for approval in entry.approvals}
    facts = subject.opened.record.state.facts("approval", Approval)
    return [fact for fact in facts if fold.is_open(fact.value) and key(fact.value) not in named]


def _closed_by_default(happening: Happening, entry: EventEntry, subject: Subject) -> set[str]:
    """Return the slugs of the pending items that an event closes unless the editor chooses otherwise.

    These are the open items whose kind is in `Happening.closes`. There is one exception: if the event grants or refuses
    an approval, an item of the kind "clearance" is closed only if no approval of the deal is open after the event.
    """
    slugs: set[str] = set()
    still_open = _open_approvals(entry, subject)
    settling = not entry.approvals  # Then the only open approval is the one that the event is about.
    for item in subject.items:
        item_kind = item.record.state.text("item_kind")
        if item_kind not in happening.closes:
            continue
        if happening.approval in ("granted", "refused") and item_kind == "clearance":
            remaining = [fact for fact in still_open if not (settling and len(still_open) == 1)]
            if remaining or any(fold.is_open(approval) for approval in entry.approvals):
                continue
        slugs.add(item.record.slug)
    return slugs


def _approval_options(
    happening: Happening,
    entry: EventEntry,
    subject: Subject,
    open_approvals: Sequence[Fact[Approval]],
    closes: set[str],
) -> list[tuple[Fact[Approval], str, bool]]:
    """Return (open approval, state that it gets, whether this is chosen by default) for each approval to settle.

    If the event is the end of a review, the state is "expired". Each approval for which this is not chosen by default
    is then returned a second time with the state "granted", because it may have been granted instead.
    """
    if happening.approval == "open" or not (happening.approval or stage_rank(happening.stage or "unspecified") > 3):
        return []
    state = happening.approval or "granted"
    closing = [item for item in subject.items if item.record.slug in closes]
    reviewed = [fact for fact in open_approvals if any(acts(item, fact.value) for item in closing)]
    default: list[Fact[Approval]] = []
    if happening.approval and not entry.approvals:
        default = list(open_approvals) if len(open_approvals) == 1 else reviewed if len(reviewed) == 1 else []
    offered: list[tuple[Fact[Approval], str, bool]] = []
    for fact in open_approvals:
        offered.append((fact, state, fact in default))
        if state == "expired" and fact not in default:
            offered.append((fact, "granted", False))
    return offered


def _settled(options: Sequence[EventOption], subject: Subject) -> list[Approval]:
    """Return the approvals that the chosen options settle, in their new states.

    If two chosen options settle the same approval, the last of these options counts.
    """
    if subject.opened is None:
        return []
    facts = {str(fact.update): fact for fact in subject.opened.record.state.facts("approval", Approval)}
    settled: dict[str, Approval] = {}
    for option in options:
        first, _, rest = option.value.partition(" ")
        number, _, state = rest.partition(" ")
        if first == APPROVE and option.chosen and (state == "granted" or state == "refused" or state == "expired"):
            settled[number] = replace(facts[number].value, state=state)
    return list(settled.values())


def _default_stage(happening: Happening, subject: Subject, approvals: Sequence[Approval]) -> str:
    """Return the stage that a deal gets from an event unless the editor chooses another. Return "" for no new stage.

    `approvals` are the approvals that the event enters. For most events the stage is `Happening.stage`. The stage
    "approved" needs more if the deal is in the record already: the deal has to be in negotiation or further, the event
    has to settle an approval, and no approval of the deal may stay open.
    """
    if happening.stage != "approved":
        return happening.stage
    if subject.opened is None:
        return happening.stage
    state = subject.opened.record.state
    key = get_field("deal", "approval").type.key
    settled = {key(approval) for approval in approvals if not fold.is_open(approval)}
    remaining = [
        fact
        for fact in state.facts("approval", Approval)
        if fold.is_open(fact.value) and key(fact.value) not in settled
    ]
    negotiated = stage_rank(state.text("stage") or "unspecified") >= stage_rank("negotiating")
    return happening.stage if negotiated and settled and not remaining else ""


def _dated_items(
    happening: Happening, subject: Subject, closed: Sequence[str], chosen: EventChoices
) -> list[EventOption]:
    """Return the pending items that can get the typed date as their due date, as options for the preview.

    `closed` are the slugs of the items that the event closes. They are not offered. The other items are offered so:
    (a) for the event "new_date", all of them; (b) for another event, only the items of the kind `Happening.opens`;
    (c) if there is none of this kind, all of them. In (a) and (b), the first item with a due date is chosen by default,
    or the first item if none has a due date. In (c) no item is chosen by default.
    """
    items = [item for item in subject.items if item.record.slug not in closed]
    if happening.name != "new_date":
        items = [item for item in items if _is_kind(item, happening.opens)] or items
    slugs = [item.record.slug for item in items]
    fixed = next((item.record.slug for item in items if item.record.state.value("due") is not None), "")
    default = fixed or (slugs[0] if slugs else "")
    if happening.name != "new_date" and not any(_is_kind(item, happening.opens) for item in items):
        default = ""
    picked = chosen.item if chosen.item in slugs else default
    return [
        EventOption(item.record.slug, item.record.name, plain(item.record.status), item.record.slug == picked)
        for item in items
    ]


def _new_item(happening: Happening, entry: EventEntry, subject: Subject) -> list[Planned]:
    """Return the values of the pending item that begins with an event.

    The source of the event states that something is pending if it gives a date for it, or if a review begins. Otherwise
    the event only leaves it open, and the card does not say that somebody must act.
    """
    stated = entry.due is not None or happening.opens == "notification_window"

    def value(field: str, given: Value) -> Planned:
        return Planned(subject.item_slug, "pending", field, given)

    values = [
        value("name", subject.item_name),
        value("state", "open"),
        value("basis", "stated" if stated else "left open"),
        value("item_kind", happening.opens),
        *(value("who", party) for party in _who_must_act(happening, entry, subject)),
        value("about", Party(subject.slug)),
    ]
    return [*values, *([value("due", entry.due)] if entry.due is not None else [])]


def _who_must_act(happening: Happening, entry: EventEntry, subject: Subject) -> list[Party]:
    """Return who must act on the pending item that begins with an event.

    In a notification window, this is whoever decides on the first open approval that the form names. For a delivery
    these are the makers of the deal, and for every other item the buyers: two at most.
    """
    if happening.opens == "notification_window":
        deciding = [approval for approval in entry.approvals if fold.is_open(approval)][:1]
        return [Party("", item.authority) if item.authority else Party(item.side) for item in deciding]
    present = subject.opened.record.state.facts("party", Party) if subject.opened else []
    parties = [*entry.parties, *(fact.value for fact in present)]
    roles = _MAKERS if happening.opens == "delivery" else _BUYERS
    acting = [party for party in parties if any(role in party.role.casefold() for role in roles) and record_of(party)]
    return [Party(record) for record in dict.fromkeys(party.record for party in acting)][:2]
