"""The consents that a deal needs."""

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
    """Return who gives an approval, with the country where an authority is named: "Congress (Brazil)"."""
    side = named(approval.side, names)
    if not approval.authority:
        return side
    whose_is_said = as_written(side) in as_written(approval.authority)
    return approval.authority if whose_is_said else f"{approval.authority} ({side})"


@dataclass(frozen=True)
class ApprovalType(FieldType):
    """One consent: `United States (State Department): export licence, open`; the authority may be left out."""

    kinds: tuple[Kind, ...] = field(default=("participant",), kw_only=True)

    stored: ClassVar[msgspec.json.Decoder[Value]] = msgspec.json.Decoder(Approval)

    def mentions(self, text: str) -> list[str]:
        found = _APPROVAL.fullmatch(" ".join(text.split()))
        return [found["side"].strip()] if found else []

    def parse(self, text: str, find: Find) -> Value:
        found = _APPROVAL.fullmatch(" ".join(text.split()))
        if not found or found["state"].casefold() not in _STATES or len(text) > 300:
            raise BadInput(
                f"{quoted(text)} is not an approval. Nothing was changed. Write it like {self.example}, "
                f"with one of: {', '.join(_STATES)}."
            )
        return Approval(
            side=find(found["side"].strip(), self.kinds),
            what=found["what"],
            state=cast("ApprovalState", found["state"].casefold()),
            authority=(found["authority"] or "").strip(),
        )

    def check(self, value: Value) -> None:
        self.own(value, Approval)

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
