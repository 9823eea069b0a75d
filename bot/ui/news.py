"""Words the change of a record as news: the new value as a clause, the former value, and their sources."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from bot.ledger.changes import FieldChange, RecordChange, with_news
from bot.ledger.cited import Day, cited, day_key, day_words, days_of
from bot.ledger.kinds import OUTCOMES, SESSION_STATES, SIDE_STATES, STAGES, get_field, stage_rank
from bot.ledger.status import act
from bot.ledger.values import (
    NO_DUE_DATE,
    Names,
    approval_details,
    approver_words,
    due_clause,
    expect,
    expect_due,
    named,
    record_of,
    words_inside,
)
from bot.ui.cited import source_words
from bot.ui.text import escaped, joined
from data.records import Approval, CitedText, Fact, Source, State, Value

_NAMED = 2  # How many of the records that a pending item is about are named. The others are counted.


class News(NamedTuple):
    """One piece of news about a record, as cited texts.

    `said` is the main clause ("the deal has been signed"), `more` are further clauses, and `was` is the former value.
    `corrected` marks news that corrects or withdraws an earlier update. `reason` is the editor's reason for the change.
    """

    said: CitedText
    more: tuple[CitedText, ...] = ()
    was: CitedText | None = None
    reason: str = ""
    corrected: bool = False


def news_of(change: RecordChange) -> list[News]:
    """Return the news about one changed record, the most important first. Changes without news value give no news."""
    changes = with_news(change.kind, change.changes)
    if not change.state.facts("name"):
        return [_removed(change)] if change.changes else []
    news: list[News] = []
    covered: set[str] = set()
    if change.kind == "pending":
        news, covered = _item_news(change, changes)
    return [*news, *(_field_news(change, changed) for changed in changes if changed.field not in covered)]


def subject(change: RecordChange, already_named: Iterable[str] = ()) -> str:
    """Return the name of the record that changed. For a pending item, add the names of the records that it is about.

    `already_named` are slugs of records that the same message names elsewhere. They are not added.
    """
    about = change.state.facts("about") if change.kind == "pending" else []
    unnamed = [fact for fact in about if record_of(fact.value) not in set(already_named)]
    return titled(change.name, unnamed, change.names)


def titled(name: str, about: Iterable[Fact[Value]], names: Names) -> str:
    """Return a pending item's name and the records that it is about: "Clearances, about 31 armed drones".

    `about` are the facts that name these records. A record is left out if the item's name contains the record's name.
    """
    records = [named(record_of(fact.value), names) for fact in about]
    records = [record for record in records if record.casefold() not in name.casefold()]
    return f"{name}, about {_some(records)}" if records else name


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return joined(names) if more <= 0 else f"{', '.join(names[:_NAMED])} and {more:,} more"


# Clauses for new values.

_STAGES = {
    "unspecified": "the deal is under way",
    "proposed": "the deal has been proposed",
    "requested": "the deal has been formally requested",
    "under_review": "the deal is under review",
    "negotiating": "the deal is in negotiation",
    "approved": "the deal has been approved, but is not signed yet",
    "signed": "the deal has been signed",
    "in_execution": "the deal is being carried out",
    "completed": "the deal has been completed",
}
_SIDE_STATES = {
    "none": "nothing holds the deal up any more",
    "on_hold": "the deal is on hold",
    "stalled": "the deal has stalled",
    "slipped": "the target date has passed",
    "lapsed": "the deal has lapsed",
    "cancelled": "the deal has been cancelled",
    "rejected": "the deal has been rejected",
    "superseded": "the deal has been superseded",
}
_LIFTED = {"slipped": "the deal is no longer past its target date"}
_SESSION_STATES = {
    "proposed": "the session has been proposed",
    "scheduled": "the session has been scheduled",
    "held": "the session has been held",
    "followed_up": "the session has been followed up",
    "postponed": "the session has been postponed",
    "cancelled": "the session has been cancelled",
}
_APPROVALS = {
    "not started": "{by} has not begun to decide on {what}",
    "requested": "{by} has been asked for {what}",
    "open": "{by} has yet to decide on {what}",
    "granted": "{by} has granted {what}",
    "refused": "{by} has refused {what}",
    "waived": "{by} has waived {what}",
    "expired": "{what} of {by} has expired",
}
_FIELDS = {
    "summary": "in short: {}",
    "quantity": "number {}",
    "delivered": "{} delivered",
    "approved_by": "approved by {}",
    "made_in": "made in {}",
    "party": "{} takes part",
    "attended": "{} attended",
    "frequency": "held {}",
    "began": "began {}",
    "held_on": "date {}",
    "agenda": "on the agenda: {}",
    "discussed": "discussed: {}",
    "produced": "produced: {}",
    "issuer": "issued by {}",
    "dated": "dated {}",
    "whose": "said by {}",
    "said": "what was said: {}",
    "made_at": "said at {}",
    "happened": "happened: {}",
    "involved": "involved: {}",
    "part_of": "part of {}",
    "follows_from": "follows from {}",
    "option_of": "an option of {}",
    "note": "note: {}",
    "series": "part of {}",
    "of": "part of {}",
    "outcome": "outcome: {}",
}
"""Templates for fields whose label and value do not read well as a clause. "value $1 billion" needs no template."""


def clause(change: RecordChange, field: str, fact: Fact[Value]) -> str:
    """Return a clause that states a fact without naming its record: "the deal has been signed", "made in India"."""
    value = fact.value
    match change.kind, field:
        case "deal", "stage":
            return _STAGES[expect(value, str)]
        case "deal", "side_state":
            return _SIDE_STATES[expect(value, str)]
        case "deal", "approval":
            approval = expect(value, Approval)
            by, what = _the(approver_words(approval, change.names)), f"the {approval.what.removeprefix('the ')}"
            plural = approval.state == "expired" and approval.what.endswith("s")
            words = _APPROVALS[approval.state].format(by=by, what=what)
            words = words.replace(" has expired", " have expired") if plural else words
            return f"{words}{approval_details(approval)}"
        case "session", "state":
            return _SESSION_STATES[expect(value, str)]
        case "pending", "state":
            return "the item is closed" if value == "closed" else "the item is open"
        case "pending", "due":
            return due_clause(expect_due(value))
        case "pending", "who":
            verb = act(change.state.text("basis"), change.state.text("item_kind"))
            return f"{_value(change, field, fact)} {verb}"
        case _:
            words = _value(change, field, fact)
            template = _FIELDS.get(field, f"{get_field(change.kind, field).label.lower()} {{}}")
            return template.format(_low(words) if field == "outcome" else words)


def _before(change: RecordChange, field: str, fact: Fact[Value]) -> str:
    """Return a former value as a phrase that fits after "was": "under review", "waiting for it"."""
    value = fact.value
    match change.kind, field:
        case "deal", "stage":
            return _low(STAGES[expect(value, str)])
        case "deal", "side_state":
            return "not held up" if value == "none" else _low(SIDE_STATES[expect(value, str)])
        case "deal", "approval":
            approval = expect(value, Approval)
            it = "them" if approval.what.endswith("s") else "it"
            return {"open": f"waiting for {it}", "requested": f"asked for {it}"}.get(approval.state, approval.state)
        case "session", "state":
            return _low(SESSION_STATES[expect(value, str)])
        case "pending", "state":
            return expect(value, str)
        case "pending", "due":
            return due_clause(expect_due(value))
        case _:
            return _value(change, field, fact)


def _value(change: RecordChange, field: str, fact: Fact[Value]) -> str:
    return words_inside(get_field(change.kind, field).type, fact.value, change.names)


_OF_INSTITUTIONS = re.compile(
    r"\b(agency|army|assembly|authority|bank|bureau|cabinet|chamber|commission|committee|council|court|department"
    r"|directorate|emirates|force|government|house|kingdom|ministry|navy|netherlands|office|parliament|philippines"
    r"|republic|senate|staff|states|union)\b",
    re.IGNORECASE,
)
"""If a name of several words contains one of these words, it takes an article: "the Ministry of Defence"."""


def _the(name: str) -> str:
    """Return a name, with "the" if it needs one: "the U.S. government", but "India" and "Congress (Brazil)"."""
    plain = name.split(" (", maxsplit=1)[0]
    needs = " " in plain and _OF_INSTITUTIONS.search(plain) and not plain.casefold().startswith("the ")
    owned = "'s" in plain or "’s" in plain
    return f"the {name}" if needs and not owned else name


def _low(words: str) -> str:
    """Return a phrase with its first letter in lower case, for the middle of a sentence. "U.S." is left as it is."""
    return words[:1].lower() + words[1:] if words[1:2].islower() else words


# News of a change.


def _field_news(change: RecordChange, changed: FieldChange) -> News:
    """Return the news of one changed value: it is new, or it has ended, was corrected, withdrawn or brought back."""
    before, after, ended = changed.before, changed.after, changed.ended_by
    if changed.brought_back and after is not None:
        said = f"{_after(change, changed.field, None, after)} after all: the withdrawal of this report is withdrawn"
        return News(cited(said, after), (), None, changed.reason, corrected=True)
    if changed.withdrawn and before is None and after is not None:
        said = f"{_after(change, changed.field, None, after)} after all: the report of its end has been withdrawn"
        return News(cited(said, after, ended), (), None, changed.reason, corrected=True)
    if changed.withdrawn and before is not None:
        # The former value was withdrawn, and an earlier report counts again.
        said = f"the report {_quoted(change, changed.field, before)} has been withdrawn"
        valid_again = CitedText("nothing is on record in its place")
        if after is not None:
            valid_again = cited(f"what stands is the report {_quoted(change, changed.field, after)}", after)
        return News(cited(said, before, ended), (valid_again,), None, changed.reason, corrected=True)
    if after is None and before is not None:
        words = _value(change, changed.field, before)
        if changed.field == "party":
            return News(cited(f"{words} no longer takes part", ended or before), (), cited("a party", before))
        label = _low(get_field(change.kind, changed.field).label)
        return News(cited(f"no longer {label}: {words}", ended or before), (), cited("so", before))
    assert after is not None  # A change has a former value, a new value, or both.
    said, was = _after(change, changed.field, None if changed.corrected else before, after), None
    if before is not None and before.value is not None:
        was = cited(_before(change, changed.field, before), before)
    reason = changed.reason if changed.corrected or _goes_back(changed.field, before, after) else ""
    return News(cited(said, after), (), was, reason, changed.corrected)


def _quoted(change: RecordChange, field: str, fact: Fact[Value]) -> str:
    """Return a fact as a phrase that fits after "the report": "that the deal has been signed", '"made in India"'."""
    if field == "due":
        return f"that it is {clause(change, field, fact)}"
    if get_field(change.kind, field).milestone:
        return f"that {clause(change, field, fact)}"
    return f'"{clause(change, field, fact)}"'


def _goes_back(field: str, before: Fact[Value] | None, after: Fact[Value]) -> bool:
    """Return whether a change moves a deal back to an earlier stage."""
    if field != "stage" or before is None:
        return False
    return stage_rank(expect(after.value, str)) < stage_rank(expect(before.value, str))


def _after(change: RecordChange, field: str, before: Fact[Value] | None, after: Fact[Value]) -> str:
    """Return the new value of a field as a clause: "the deal has been signed".

    For stages, side states and due dates, the clause depends on the former value.
    """
    if _goes_back(field, before, after):
        return f"the deal has gone back to an earlier stage: {_before(change, field, after)}"
    if field == "side_state" and after.value == "none" and before is not None:
        return _LIFTED.get(expect(before.value, str), f"the deal is no longer {_before(change, field, before)}")
    if change.kind == "pending" and field == "due":
        then, now = expect_due(before.value if before is not None else None), expect_due(after.value)
        if now is None:
            return "there is no due date any more" if then is not None else "no due date is given"
        words = due_clause(now)
        if then is None or now.sureness == "usual":
            return words
        moved = then.date != now.date
        return f"the date has moved: {words}" if moved else f"the date is the same, and now {words}"
    return clause(change, field, after)


def _removed(change: RecordChange) -> News:
    """Return the news that a whole record was removed, with the reason. It states no fact, so it has no source."""
    reason = next((changed.reason for changed in change.changes if changed.reason), "")
    return News(CitedText("this has been removed from the record"), reason=reason, corrected=True)


def _item_news(change: RecordChange, changes: Sequence[FieldChange]) -> tuple[list[News], set[str]]:
    """Return the news that a pending item opened or closed, and the names of the fields that the news states.

    If the item neither opened nor closed, both are empty.
    """
    state = next((changed for changed in changes if changed.field == "state" and changed.after is not None), None)
    if state is None or state.after is None or state.withdrawn:
        return [], set()
    was = cited(_before(change, "state", state.before), state.before) if state.before is not None else None
    if state.after.value == "closed":
        outcome = change.state.facts("outcome")[-1:]
        together = [fact for fact in outcome if key_of(fact) == key_of(state.after)]
        words = f"; outcome: {OUTCOMES.get(str(outcome[-1].value), '').lower()}" if together else ""
        covered = {"state", *(["outcome"] if together else []), *(["who", "about", "due"] if change.new else [])}
        said = cited(f"the item is closed{words}", state.after, *together)
        return [News(said, (), was, state.reason if state.corrected else "", state.corrected)], covered
    said = cited("a new item is open" if state.before is None else "the item is open again", state.after)
    return [News(said, tuple(acts(change)), was)], {"state", "who", "about", "due"}


def acts(change: RecordChange) -> list[CitedText]:
    """Return cited texts that say who must act on a pending item and when it is due, or that no date is given."""
    due = change.state.facts("due")[-1:]
    return [
        *acting(change.state.facts("who"), change.names, change.state),
        cited(due_clause(expect_due(due[0].value)), *due) if due else CitedText(NO_DUE_DATE),
    ]


_ACTING = 4  # How many of those who must act are named. The others are counted.


def acting(who: Sequence[Fact[Value]], names: Names, item: State) -> list[CitedText]:
    """Return cited texts that say who must act on a pending item: "India and Poland must act".

    `who` are the facts of the item's field "who". At most four are named, and the others are counted. Neighbouring
    facts with the same day and source share a text. `item` is the state of the item; it determines the verb.
    """
    if not who:
        return [CitedText("who must act is not in the record")]
    type_ = get_field("pending", "who").type
    verb = act(item.text("basis"), item.text("item_kind"))
    parts: list[CitedText] = []
    for _, same in groupby(who[:_ACTING], key=key_of):
        together = list(same)
        words = joined([words_inside(type_, fact.value, names) for fact in together])
        parts.append(cited(f"{words} {verb}", *together))
    more = len(who) - _ACTING
    return [*parts, *([CitedText(f"{more:,} more {verb}")] if more > 0 else [])]


# Texts with their sources.

Key = tuple[Day, int]
"""A day and the id of a source. Facts with the same key can share one mention of both."""


def key_of(fact: Fact[object]) -> Key:
    """Return the day and the source of a fact as a key for grouping."""
    return (day_key(fact.date), fact.source)


def keys_of(parts: Iterable[CitedText]) -> frozenset[Key]:
    """Return the keys (day and source) of all facts of some cited texts."""
    return frozenset(key_of(fact) for part in parts for fact in part.facts)


def where(cited_facts: Iterable[Fact[object]], sources: Mapping[int, Source]) -> str:
    """Render each source and day of some facts once: "[reuters.com](<https://...>), 3 March 2025"."""
    by_key: dict[Key, list[Fact[object]]] = {}
    for fact in cited_facts:
        by_key.setdefault(key_of(fact), []).append(fact)
    citations = [
        ", ".join(filter(None, [source_words(same, sources), escaped(day_words(days_of(same)), 120)]))
        for same in by_key.values()
    ]
    return "; ".join(citations)


def sourced(
    parts: Iterable[CitedText], sources: Mapping[int, Source], stated: frozenset[Key] = frozenset(), limit: int = 300
) -> str:
    """Render cited texts as clauses, each followed by its source and day in brackets.

    Neighbouring texts with the same day and source share the brackets. A text without facts comes last and has no
    brackets. `stated` is a day and source that the message states elsewhere; a text with only this day and source has
    no brackets either. Each text is clipped to `limit` characters.
    """
    clauses: list[str] = []
    ordered = sorted((part for part in parts if part.text), key=lambda part: not part.facts)
    for keys, run in groupby(ordered, key=lambda part: keys_of([part])):
        together = list(run)
        words = "; ".join(escaped(part.text, limit) for part in together)
        known = not keys or (len(keys) == 1 and keys == stated)
        facts_ = [fact for part in together for fact in part.facts]
        clauses.append(words if known else f"{words} ({where(facts_, sources)})")
    return "; ".join(clauses)


_HOLDS_A_DATE = re.compile(r"\b\d{4}\b")


def dated(part: CitedText) -> str:
    """Render a former value with its own day: "under review, 3 May 2024".

    If the value itself contains a year, the day is put in brackets, so that the two dates are not confused: "due by 31
    October 2024 (reported 3 May 2024)".
    """
    day = escaped(day_words(days_of(part.facts)), 120)
    words = escaped(part.text, 200)
    return f"{words} (reported {day})" if _HOLDS_A_DATE.search(part.text) else f"{words}, {day}"
