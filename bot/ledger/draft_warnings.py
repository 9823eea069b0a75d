"""Decides what an editor is warned of before a draft is saved: values that are likely to be mistakes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from bot import dates
from bot.ledger import fold
from bot.ledger.closing import acts, consent
from bot.ledger.drafts import Entry, Planned
from bot.ledger.kinds import get_field
from data.records import Approval, Money, Opened, Source

_STRONG = frozenset({"USD", "EUR", "GBP", "CHF", "AUD", "CAD", "NZD", "SGD", "KWD", "BHD", "OMR", "JOD"})
"""Currencies in which one unit is worth about one US dollar, or more."""

_TRILLION = Decimal(10) ** 12
_MOST_STRONG, _MOST_OTHER = 10 * _TRILLION, 1000 * _TRILLION
_TIMES_THE_OTHERS = 100


def date_warnings(entry: Entry, source: Source) -> list[str]:
    """Return a warning if the date of the facts of a draft is later than the date of their source."""
    published, day = source.published_on, entry.date.first
    if published is None or published.last is None or day is None or day <= published.last:
        return []
    when = dates.format_fact_date(entry.date, weekday=False)
    appeared = dates.format_fact_date(published, weekday=False)
    return [f"The date, {when}, is after the source's own date, {appeared}"]


def item_warnings(item: Opened) -> list[str]:
    """Return a warning if a new pending item is open and does not say who must act or what it is about."""
    missing = [
        words
        for field, words in (("who", "who must act"), ("about", "what it is about"))
        if not item.record.state.facts(field)
    ]
    return [f"{item.record.name} does not say {' or '.join(missing)}"] if item.record.open and missing else []


def closing_warnings(item: Opened, deals: Sequence[Opened]) -> list[str]:
    """Return a warning for each approval that stays open although the item that waited for it is closed.

    `deals` are the deals that the item is about.
    """
    if item.record.state.text("item_kind") not in ("clearance", "notification_window"):
        return []
    return [
        f"{consent(fact.value, deal.names)} stays open for {deal.record.name}"
        for deal in deals
        for fact in deal.record.state.facts("approval", Approval)
        if fold.is_open(fact.value) and acts(item, fact.value)
    ]


def amount_warnings(planned: Sequence[Planned], deal: Opened | None) -> list[str]:
    """Return a warning for each amount in `planned` that is improbably large.

    An amount is improbably large if no deal is worth so much, or if it is at least a hundred times as large as every
    other amount of `deal` in the same currency.
    """
    type_ = get_field("deal", "value").type
    warnings: list[str] = []
    amounts = [change.value for change in planned if isinstance(change.value, Money) and not change.value.gone]
    known = [fact.value for fact in deal.record.state.facts("value", Money)] if deal is not None else []
    for money in amounts:
        amount = money.most or money.amount
        others = [
            other.most or other.amount
            for other in [*known, *amounts]
            if other.currency == money.currency and other != money
        ]
        words = type_.words(money, {})
        if amount > (_MOST_STRONG if money.currency in _STRONG else _MOST_OTHER):
            warnings.append(f"{words} is more than any deal is worth")
        elif others and amount >= _TIMES_THE_OTHERS * max(others) > 0:
            warnings.append(f"{words} is a hundred times the other amounts of this deal, or more")
    return warnings
