"""Builds the lines of a card from the blocks of its kind's layout."""

from __future__ import annotations

from datetime import datetime

from bot.ledger.kinds import Block, FieldLine, ItemsLine, LinkedLine, RecordKind, SaidLine, common, fields_of, kind_of
from bot.ui.cards import _deal, _dialogue, _participant, _pending, _statement, _topic
from bot.ui.cards._draft import CardDraft, CardLine, Worded
from bot.ui.text import sentence
from data.records import CitedText, Kind, Opened

_WORDED: dict[Kind, Worded] = {
    "deal": _deal.WORDED,
    "dialogue": _dialogue.WORDED,
    "participant": _participant.WORDED,
    "pending": _pending.WORDED,
    "statement": _statement.WORDED,
    "topic": _topic.WORDED,
}
"""The blocks with a function of their own, by kind. Most kinds have none and need no module here."""


def drafted(opened: Opened, now: datetime, session: Opened | None) -> CardDraft:
    """Return a card with all its lines, the most important first; `session` is the latest one of a dialogue."""
    draft, kind = CardDraft(opened, now, session), kind_of(opened.record.kind)
    for block in kind.card:
        _add(draft, kind, block)
    for name in without_block(kind):
        draft.field(name)
    return draft


def without_block(kind: RecordKind) -> list[str]:
    """Return the fields that no block of the layout shows. Each gets a line of its own below the others."""
    told = {block.name for block in kind.card if isinstance(block, FieldLine)}
    told |= {"summary", *common.BESIDE, *kind.status, *kind.beside}
    return [field.name for field in fields_of(kind.name) if field.name not in told]


def _add(draft: CardDraft, kind: RecordKind, block: Block) -> None:
    match block:
        case FieldLine(name, label, most):
            draft.field(name, label, most=most)
        case LinkedLine(label, kinds, field, roles):
            draft.named(label, draft.linked(*kinds, field=field), roles=roles)
        case SaidLine(label, field):
            draft.said(label, field=field)
        case ItemsLine(label):
            draft.waits(label, draft.linked("pending"))
        case worded if worded in _WORDED.get(kind.name, {}):
            _WORDED[kind.name][worded](draft)
        case "lead":
            said = list(draft.record.status) or [CitedText(kind.unstated or sentence(kind.one))]
            draft.lead.append(CardLine("", said, reported=kind.dated_status))
        case "summary":
            draft.text()
        case unknown:
            raise LookupError(f'the layout of {kind.name} has a block "{unknown}" that nobody words')
