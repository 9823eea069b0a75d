"""The blocks of a participant's card that have a function of their own."""

from __future__ import annotations

from bot.ledger.kinds import ON_REQUEST_KINDS
from bot.ui.cards._draft import CardDraft, CardLine, Worded
from data.records import CitedText


def _mentioned(d: CardDraft) -> None:
    if not d.linked("deal", "session", "dialogue"):
        d.lead.append(CardLine("", [CitedText("Mentioned, not a party")]))


def _to_act_on(d: CardDraft) -> None:
    d.waits("To act on", [link for link in d.linked("pending", field="who") if link.item_kind not in ON_REQUEST_KINDS])


def _named_in_items(d: CardDraft) -> None:
    named = [link for link in d.linked("pending", field="who") if link.item_kind in ON_REQUEST_KINDS]
    d.waits("Open, and named in it", named)


WORDED: Worded = {"mentioned": _mentioned, "to_act_on": _to_act_on, "named_in_items": _named_in_items}
