"""Cards, answers and searches that were asked for lately, kept while the ledger of their server stands still."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

from bot.ask.finding import Finding
from bot.services import records
from bot.services.questions import Listing
from bot.ui import cards, lists
from data.database import Connection
from data.records import Kind, Opened

KEPT = 500  # Some 20 KB each.
ANSWERS_KEPT = 100  # Each can hold several records, and one of thousands of links some 100 KB.


@dataclass
class Recent:
    """A record as it opened, and its card's words as they were drawn last."""

    opened: Opened
    _drawn: tuple[datetime, cards.Drawn] | None = field(default=None)

    def drawn(self, now: datetime) -> cards.Drawn:
        """The card's words at this moment.

        Only a due date that ends changes them by itself, and days end on a quarter of an hour in every zone.
        """
        quarter = quarter_of(now)
        if self._drawn is None or self._drawn[0] != quarter:
            self._drawn = quarter, cards.draw(self.opened, now=now)
        return self._drawn[1]


def quarter_of(now: datetime) -> datetime:
    """The quarter of an hour that a moment lies in."""
    return now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)


class Answer(NamedTuple):
    """What a question found, and its words."""

    found: Finding
    said: str


_Key = TypeVar("_Key", bound=Hashable)
_Made = TypeVar("_Made")


class Kept(Generic[_Key, _Made]):
    """What was made last, by what was asked for; the oldest goes first.

    Each stands beside all that it depends on (`stands`), so nothing here is ever older than the ledger.
    """

    def __init__(self, most: int = KEPT) -> None:
        self._most = most
        self._kept: OrderedDict[_Key, tuple[object, _Made]] = OrderedDict()

    def find(self, key: _Key, stands: object) -> _Made | None:
        """What was made for this, if nothing that it depends on has changed since."""
        kept = self._kept.get(key)
        if kept is None or kept[0] != stands:
            return None
        self._kept.move_to_end(key)
        return kept[1]

    def keep(self, key: _Key, stands: object, made: _Made) -> _Made:
        self._kept[key] = stands, made
        self._kept.move_to_end(key)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return made


Answered = Kept[tuple[int, str, str], Answer]
"""Answers by server, question and the record that was chosen. They depend on the ledger and on the quarter."""


class Turned:
    """Pages of lists and searches as drawn.

    They depend on the newest update and, where they tell days, on the quarter.
    """

    def __init__(self) -> None:
        self._kept: Kept[tuple[int, Listing, int], lists.Drawn] = Kept()

    def find(self, guild_id: int, listing: Listing, page: int, stands: object) -> lists.Drawn | None:
        return self._kept.find((guild_id, listing, page), stands)

    def keep(self, guild_id: int, listing: Listing, page: int, stands: object, drawn: lists.Drawn) -> lists.Drawn:
        return self._kept.keep((guild_id, listing, page), stands, drawn)


class Recently:
    """Records by what was typed to open them."""

    def __init__(self) -> None:
        self._kept: Kept[tuple[int, str, tuple[Kind, ...]], Recent] = Kept()

    async def open(self, conn: Connection, guild_id: int, text: str, kinds: Sequence[Kind]) -> Recent:
        """Opens a record by what was typed, as `records.get_by_name` does."""
        return (await self.open_for(conn, guild_id, text, kinds, None))[0]

    async def open_for(
        self, conn: Connection, guild_id: int, text: str, kinds: Sequence[Kind], user_id: int | None
    ) -> tuple[Recent, bool]:
        """Open a record by what was typed, and tell whether a person follows it."""
        key = (guild_id, text, tuple(kinds))
        stands, followed = await records.standing_for(conn, guild_id, user_id)
        recent = self._kept.find(key, stands)
        if recent is None:
            recent = self._kept.keep(key, stands, Recent(await records.get_by_name(conn, guild_id, text, kinds)))
        return recent, recent.opened.record.id in followed
