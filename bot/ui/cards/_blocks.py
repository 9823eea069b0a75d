"""Builds the draft of a card from the blocks that the layout of its kind (`RecordKind.card`) lists."""

from __future__ import annotations

from datetime import datetime

from bot.ledger.kinds import (
    Block,
    FieldLine,
    ItemsLine,
    LinkedLine,
    RecordKind,
    StatementLine,
    common,
    fields_of,
    kind_of,
)
from bot.ui.cards import _deal, _dialogue, _participant, _pending, _statement, _topic
from bot.ui.cards._draft import CardDraft, Worded
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
"""The functions that add the lines of named blocks, by kind and name. Other blocks need no function."""


def drafted(opened: Opened, now: datetime, session: Opened | None) -> CardDraft:
    """Return the draft of a card with all its lines. `session` is the latest session of a dialogue."""
    draft, kind = CardDraft(opened, now, session), kind_of(opened.record.kind)
    for block in kind.card:
        _add(draft, kind, block)
    for name in without_block(kind):
        draft.add_field(name)
    return draft


def without_block(kind: RecordKind) -> list[str]:
    """Return the names of the fields that no other part of a card shows. Each gets a line at the end of the card."""
    shown = {block.name for block in kind.card if isinstance(block, FieldLine)}
    shown |= {"summary", *common.BESIDE, *kind.status, *kind.beside}
    return [field.name for field in fields_of(kind.name) if field.name not in shown]


def _add(draft: CardDraft, kind: RecordKind, block: Block) -> None:
    """Add the lines of one block to a card. Raise LookupError if the block has only a name and no function."""
    match block:
        case FieldLine(name, label, most):
            draft.add_field(name, label, most=most)
        case LinkedLine(label, kinds, field, roles, dated):
            draft.add_records(label, draft.linked(*kinds, field=field), roles=roles, dated=dated)
        case StatementLine(label, field):
            draft.add_statement(label, field=field)
        case ItemsLine(label, field):
            draft.add_items(label, draft.linked("pending", field=field))
        case worded if worded in _WORDED.get(kind.name, {}):
            _WORDED[kind.name][worded](draft)
        case "lead":
            status = draft.record.status or (CitedText(kind.unstated or sentence(kind.one)),)
            draft.add_lead(status, reported=kind.dated_status)
        case "summary":
            draft.add_summary()
        case unknown:
            raise LookupError(f'the layout of {kind.name} has a block "{unknown}" that nobody words')
