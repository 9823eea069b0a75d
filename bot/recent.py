"""Cards, answers and searches that were asked for lately, kept while the ledger of their server stands still."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from bot.ask.finding import Finding
from bot.services import records
from bot.services.questions import Listing
from bot.ui import answers, cards, lists
from data.database import Connection
from data.records import Kind, Opened

KEPT = 500  # Some 20 KB each.


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
    drawn: answers.Drawn


class Answered:
    """The questions that were asked last, with their answers. What stands here is never older than the ledger."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, str, str], tuple[records.Standing, datetime, Answer]] = OrderedDict()

    def find(self, guild_id: int, stands: records.Standing, text: str, chosen: str, now: datetime) -> Answer | None:
        """The answer that this question had, if it still has it."""
        kept = self._kept.get((guild_id, text, chosen))
        if kept is None or kept[:2] != (stands, quarter_of(now)):
            return None
        self._kept.move_to_end((guild_id, text, chosen))
        return kept[2]

    def keep(
        self, guild_id: int, stands: records.Standing, text: str, chosen: str, now: datetime, answer: Answer
    ) -> None:
        self._kept[guild_id, text, chosen] = stands, quarter_of(now), answer
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)


class Turned:
    """Pages of lists and searches that were asked for last, as drawn. What stands here is never older than the ledger.

    `stands` is what a page depends on beside what was asked: the newest update and, where it tells days, the quarter.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, Listing, int], tuple[object, lists.Drawn]] = OrderedDict()

    def find(self, guild_id: int, listing: Listing, page: int, stands: object) -> lists.Drawn | None:
        """The page as it was, if it still is."""
        kept = self._kept.get((guild_id, listing, page))
        if kept is None or kept[0] != stands:
            return None
        self._kept.move_to_end((guild_id, listing, page))
        return kept[1]

    def keep(self, guild_id: int, listing: Listing, page: int, stands: object, drawn: lists.Drawn) -> lists.Drawn:
        self._kept[guild_id, listing, page] = stands, drawn
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return drawn


class Recently:
    """The records that people opened last, by what they typed. What stands here is never older than the ledger."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, str, tuple[Kind, ...]], tuple[records.Standing, Recent]] = OrderedDict()

    async def open(self, conn: Connection, guild_id: int, text: str, kinds: Sequence[Kind]) -> Recent:
        """Opens a record by what was typed, as `records.get_by_name` does."""
        key = (guild_id, text, tuple(kinds))
        stands = await records.standing(conn, guild_id)
        kept = self._kept.get(key)
        if kept is not None and kept[0] == stands:
            self._kept.move_to_end(key)
            return kept[1]
        recent = Recent(await records.get_by_name(conn, guild_id, text, kinds))
        if stands is not None:
            self._kept[key] = stands, recent
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return recent
