"""Adds the lines of a pending item's card about who has to act, by when, and how the item was closed."""

from __future__ import annotations

from bot import dates
from bot.ledger.cited import cited, one_day
from bot.ledger.kinds import OUTCOMES, get_field
from bot.ledger.values import NO_DUE_DATE
from bot.ui.cards._draft import CardDraft, CardLine, Worded, is_overdue
from bot.ui.text import plural, sentence
from data.records import CitedText, Due, Fact


def _lead(draft: CardDraft) -> None:
    """Add the lead. For an open item it is the status line without the due date, which gets a line *Due*."""
    record = draft.record
    if not record.open:
        draft.add_lead(_closed(draft))
        return
    draft.waiting = True
    first, *others = [part for part in record.status if part.field != "due"] or [CitedText("Open")]
    draft.add_lead([CitedText(sentence(first.text), first.facts), *others], reported=True)
    draft.lines.append(CardLine("Due", _due(draft), reported=True))


def _who_had_to_act(draft: CardDraft) -> None:
    if not draft.record.open:
        stated = draft.record.state.text("basis") == "stated"
        draft.add_field("who", "Who had to act" if stated else "Who was to act")


def _due(draft: CardDraft) -> list[CitedText]:
    """Return texts about the due date of an open item: the date, how often it moved, and whether it has passed."""
    fact = draft.record.state.fact("due")
    type_ = get_field("pending", "due").type
    due = cited(type_.in_full(fact.value, draft.names) if fact else NO_DUE_DATE, fact)
    passed = CitedText("this day has passed, and no source here reports what happened")
    return [due, *_moved(draft), *([passed] if is_overdue(draft.opened, draft.now) else [])]


def _moved(draft: CardDraft) -> list[CitedText]:
    """Return a list with a text on how often the due date moved: "moved three times; first due 1 March 2024".

    Return [] if it never moved.
    """
    state = draft.record.state
    if state.first_due is None:
        return []
    first = dates.format_fact_date(state.first_due.value.date, weekday=False)
    return [cited(f"moved {_times(state.moved)}; first due {first}", state.first_due)]


_TIMES = ("once", "twice", "three times", "four times", "five times", "six times")


def _times(count: int) -> str:
    return _TIMES[count - 1] if count <= len(_TIMES) else f"{count} times"


def _closed(draft: CardDraft) -> list[CitedText]:
    """Return texts about a closed item.

    They say how and when it ended, how many days before or after its due date that was, and how often this date moved.
    """
    state = draft.record.state
    closed, outcome, due = state.fact("state", str), state.fact("outcome", str), state.fact("due", Due)
    if closed is None:
        return list(draft.record.status)
    day = f" {dates.on_date(closed.date, weekday=False)}" if closed.date.first is not None else ""
    if outcome is not None and one_day([closed, outcome]):
        parts = [cited(f"{OUTCOMES[outcome.value]}{day}", closed, outcome)]
    else:
        parts = [cited(f"Closed{day}", closed)]
        parts += [cited(f"outcome {OUTCOMES[outcome.value].lower()}", outcome)] if outcome is not None else []
    return [*parts, *_early_or_late(closed, due), *_moved(draft)]


def _early_or_late(closed: Fact[str], due: Fact[Due] | None) -> list[CitedText]:
    """Return how many days before or after its due date an item closed: "16 days before it was due".

    Return [] if there is no due date, if the due date is only a usual time, or if one of the dates is not a single day.
    """
    if due is None or due.value.sureness == "usual" or {closed.date.precision, due.value.date.precision} != {"day"}:
        return []
    closed_on, due_on = closed.date.first, due.value.date.first
    if closed_on is None or due_on is None:
        return []
    days = (due_on - closed_on).days
    was_due = "the reported target" if due.value.sureness == "reported" else "it was due"
    on = dates.on_date(due.value.date, weekday=False)
    if days == 0:
        when = "on the reported target day" if due.value.sureness == "reported" else "on the day when it was due"
        return [cited(when, due)]
    how = f"{plural(abs(days), 'day')} {'before' if days > 0 else 'after'} {was_due}"
    return [cited(f"{how}, {on}" if due.value.sureness == "reported" else f"{how} {on}", due)]


WORDED: Worded = {"lead": _lead, "who_had_to_act": _who_had_to_act}
