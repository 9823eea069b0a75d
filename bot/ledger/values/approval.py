"""The consents that a deal needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal, cast, get_args

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from bot import dates
from bot.errors import BadInput, UserError
from bot.ledger.values.field_type import FieldType, Find, Names, expect, named, quoted, split_no_longer
from bot.ledger.words import as_written
from data.records import Approval, ApprovalState, FactDate, Kind, Value, Vote

_STATES: tuple[ApprovalState, ...] = get_args(ApprovalState)
_VOTES: tuple[Vote, ...] = get_args(Vote)
_STATE = rf"(?P<state>{'|'.join(_STATES)})"
_SIDE = r"(?P<side>[^:()]+?)(?:\s*\((?P<authority>[^:()]+)\))?"
_TYPED = re.compile(rf"{_SIDE}\s*:\s*(?P<what>.+?)(?:\s*,\s*{_STATE})?", re.IGNORECASE)
_SHOWN = re.compile(
    rf"(?P<what>.+?) by (?P<first>[^:()]+?)(?:\s*\((?P<second>[^:()]+)\))?(?:\s*:\s*{_STATE})?", re.IGNORECASE
)
_DETAIL = re.compile(
    rf"\s*[,(]\s*(?:due (?:by )?(?P<due>[^,()]+)|(?:voted )?(?P<vote>{'|'.join(_VOTES)})"
    r"|(?P<given>\d{1,4}) of (?P<total>\d{1,4}))\)?\s*\Z",
    re.IGNORECASE,
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
    """One consent: `United States (State Department): export licence, open`. The authority can be left out.

    A due day, a vote and a count can follow: `Brazil (Congress): ratification, granted, voted for`, `..., open, due 2
    March 2024`, `..., open, 12 of 27`. "No longer" ends an approval; then the state can be left out. `parse` also
    accepts texts as `words` writes them.
    """

    kinds: tuple[Kind, ...] = field(default=("participant",), kw_only=True)

    stored: ClassVar[msgspec.json.Decoder[Value]] = msgspec.json.Decoder(Approval)

    def mentions(self, text: str) -> list[str]:
        parts = _split(text)
        return [name for name in (parts.side, parts.authority) if name] if parts else []

    def parse(self, text: str, find: Find) -> Value:
        return self.parse_in(text, find, "")

    def parse_in(self, text: str, find: Find, state: ApprovalState | Literal[""]) -> Approval:
        """Return the approval that a text means. If the text names no state, the approval gets `state`.

        Raise BadInput if the text is not an approval, or if there is no state and the text does not end an approval.
        """
        parts = _split(text)
        if parts is not None and not parts.state:
            parts.state = state
        if parts is None or (not parts.state and not parts.gone) or len(text) > 300:
            raise BadInput(
                f"{quoted(text)} is not an approval. Nothing was changed. Write it like {self.example}, "
                f"with one of: {', '.join(_STATES)}."
            )
        side, authority = parts.side, parts.authority
        try:
            slug = find(side, self.kinds)
        except UserError:
            # Shown is "Congress (Brazil)", typed is "Brazil (Congress)": what is a participant is the side.
            if not (parts.shown and authority):
                raise
            slug, authority = find(authority, self.kinds), side
        return Approval(
            side=slug,
            what=parts.what,
            state=parts.state or "open",
            authority=authority,
            vote=parts.vote,
            due=dates.parse_fact_date(parts.due) if parts.due else None,
            given=parts.given,
            total=parts.total,
            gone=parts.gone,
        )

    def check(self, value: Value) -> None:
        approval = self.require(value, Approval)
        if approval.given is not None and (approval.total is None or approval.given > approval.total):
            raise BadInput(f"{approval.given} of {approval.total or 0} is not a count. Write it like 12 of 27.")

    def typed(self, value: Value, names: Names) -> str:
        approval = expect(value, Approval)
        authority = f" ({approval.authority})" if approval.authority else ""
        details = [approval.state, *_details(approval, dates.typed_fact_date)]
        typed = f"{named(approval.side, names)}{authority}: {approval.what}, {', '.join(details)}"
        return f"no longer {typed}" if approval.gone else typed

    def words(self, value: Value, names: Names) -> str:
        approval = expect(value, Approval)
        by = approver_words(approval, names)
        return f"{approval.what} by {by}: {approval.state}{approval_details(approval)}"

    def key(self, value: Value) -> str:
        approval = expect(value, Approval)
        return f"{approval.side}|{as_written(approval.authority)}|{as_written(approval.what)}"

    def records(self, value: Value) -> list[tuple[str, str]]:
        approval = expect(value, Approval)
        return [(approval.side, "gives " + approval.what)]

    def repointed(self, value: Value, slugs: Mapping[str, str]) -> Approval:
        approval = expect(value, Approval)
        return replace(approval, side=slugs.get(approval.side, approval.side))


class _Parts(Struct):
    """The parts of a typed approval. `shown` says that it is written in the order of `ApprovalType.words`."""

    side: str
    authority: str
    what: str
    state: ApprovalState | Literal[""]
    gone: bool
    shown: bool
    vote: Vote | Literal[""] = ""
    due: str = ""
    given: int | None = None
    total: int | None = None


def _split(text: str) -> _Parts | None:
    """Return the parts of a typed approval, or None if the text is not an approval.

    It can be typed as "Brazil (Congress): ratification" or as "ratification by Congress (Brazil)".
    """
    gone, words = split_no_longer(" ".join(text.split()))
    details: dict[str, str] = {}
    while detail := _DETAIL.search(words):
        named_ = {name: value for name, value in detail.groupdict().items() if value}
        if named_.keys() & details.keys():
            return None
        details |= named_
        words = words[: detail.start()]
    typed, shown = _TYPED.fullmatch(words), _SHOWN.fullmatch(words)
    state_alone = typed is not None and not typed["state"] and typed["what"].casefold() in _STATES
    form = typed if typed and not (shown and (state_alone or not (typed["state"] or gone))) else shown
    if form is None:
        return None
    side, authority = (form["side"], form["authority"]) if form is typed else (form["first"], form["second"])
    return _Parts(
        side=side.strip(),
        authority=(authority or "").strip(),
        what=form["what"].strip(),
        state=cast("ApprovalState", (form["state"] or "").casefold()),
        gone=gone,
        shown=form is shown,
        vote=cast("Vote", details.get("vote", "").casefold()),
        due=details.get("due", ""),
        given=int(details["given"]) if "given" in details else None,
        total=int(details["total"]) if "total" in details else None,
    )


def approval_details(approval: Approval) -> str:
    """Return the words that follow the state of an approval: ", 12 of 27, due 2 March 2024"."""
    return "".join(f", {detail}" for detail in _details(approval, _day_words))


def _day_words(day: FactDate) -> str:
    return dates.format_fact_date(day, weekday=False)


def _details(approval: Approval, day_words: Callable[[FactDate], str]) -> list[str]:
    """Return what follows the state of an approval: its count, its vote and its due day."""
    details = [f"{approval.given} of {approval.total}"] if approval.given is not None else []
    details += [f"voted {approval.vote}" if approval.vote != "abstained" else "abstained"] if approval.vote else []
    return [*details, *([f"due {day_words(approval.due)}"] if approval.due else [])]
