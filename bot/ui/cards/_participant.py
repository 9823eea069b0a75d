"""Adds the lines of a participant's card that are more than the values of a field, such as the items to act on."""

from __future__ import annotations

from bot.ledger.cited import cited
from bot.ledger.kinds import ON_REQUEST_KINDS, get_field
from bot.ledger.titles import titles
from bot.ui.cards._draft import CardDraft, Worded
from data.records import CitedText


def _mentioned(draft: CardDraft) -> None:
    """Add "Mentioned, not a party" to the lead if no deal, session or dialogue points to the participant."""
    if not draft.linked("deal", "session", "dialogue"):
        draft.add_lead([CitedText("Mentioned, not a party")])


def _other_titles(draft: CardDraft) -> None:
    """Add a line with the participant's titles, except the first: the lead names it."""
    type_ = get_field("participant", "title").type
    others = titles(draft.record.state)[1:]
    parts = [cited(type_.words(fact.value, draft.names), fact) for fact in others]
    draft.add_line("Other titles", parts, listed=False, reported=True)


def _to_act_on(draft: CardDraft) -> None:
    items = draft.linked("pending", field="who")
    draft.add_items("To act on", [link for link in items if link.item_kind not in ON_REQUEST_KINDS])


def _named_in_items(draft: CardDraft) -> None:
    items = draft.linked("pending", field="who")
    draft.add_items("Open, and named in it", [link for link in items if link.item_kind in ON_REQUEST_KINDS])


WORDED: Worded = {
    "mentioned": _mentioned,
    "other_titles": _other_titles,
    "to_act_on": _to_act_on,
    "named_in_items": _named_in_items,
}
