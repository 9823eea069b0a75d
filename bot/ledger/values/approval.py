"""The type of fields that hold an approval: one consent that a deal needs, such as an export licence."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import ClassVar, cast, get_args

import msgspec

from bot.errors import BadInput
from bot.ledger.values.field_type import FieldType, Find, Names, expect, named, quoted
from bot.ledger.words import as_written
from data.records import Approval, ApprovalState, Kind, Value

_STATES: tuple[ApprovalState, ...] = get_args(ApprovalState)
_APPROVAL = re.compile(
    r"(?P<side>[^:()]+?)\s*(?:\((?P<authority>[^:()]+)\))?\s*:\s*(?P<what>.+?)\s*,\s*(?P<state>[a-z ]+)", re.IGNORECASE
)


def approver_words(approval: Approval, names: Names) -> str:
    """Return who gives an approval: "Brazil", or its authority, as in "Congress (Brazil)".

    The country is left out when the authority's name contains it ("Congress of Brazil").
    """
    side = named(approval.side, names)
    if not approval.authority:
        return side
    names_side = as_written(side) in as_written(approval.authority)
    return approval.authority if names_side else f"{approval.authority} ({side})"


@dataclass(frozen=True)
class ApprovalType(FieldType):
    """An approval, typed as `United States (State Department): export licence, open`. The authority is optional."""

    kinds: tuple[Kind, ...] = field(default=("participant",), kw_only=True)

    stored: ClassVar[msgspec.json.Decoder[Value]] = msgspec.json.Decoder(Approval)

    def mentions(self, text: str) -> list[str]:
        match = _APPROVAL.fullmatch(" ".join(text.split()))
        return [match["side"].strip()] if match else []

    def parse(self, text: str, find: Find) -> Value:
        match = _APPROVAL.fullmatch(" ".join(text.split()))
        if not match or match["state"].casefold() not in _STATES or len(text) > 300:
            raise BadInput(
                f"{quoted(text)} is not an approval. Nothing was changed. Write it like {self.example}, "
                f"with one of: {', '.join(_STATES)}."
            )
        return Approval(
            side=find(match["side"].strip(), self.kinds),
            what=match["what"],
            state=cast("ApprovalState", match["state"].casefold()),
            authority=(match["authority"] or "").strip(),
        )

    def check(self, value: Value) -> None:
        self.require(value, Approval)

    def typed(self, value: Value, names: Names) -> str:
        approval = expect(value, Approval)
        authority = f" ({approval.authority})" if approval.authority else ""
        return f"{named(approval.side, names)}{authority}: {approval.what}, {approval.state}"

    def words(self, value: Value, names: Names) -> str:
        approval = expect(value, Approval)
        return f"{approval.what} by {approver_words(approval, names)}: {approval.state}"

    def key(self, value: Value) -> str:
        approval = expect(value, Approval)
        return f"{approval.side}|{as_written(approval.authority)}|{as_written(approval.what)}"

    def records(self, value: Value) -> list[tuple[str, str]]:
        approval = expect(value, Approval)
        return [(approval.side, "gives " + approval.what)]
