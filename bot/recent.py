"""Cards that were opened lately, kept while the ledger of their server stands still."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.services import records
from bot.ui import cards
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
        quarter = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
        if self._drawn is None or self._drawn[0] != quarter:
            self._drawn = quarter, cards.draw(self.opened, now=now)
        return self._drawn[1]


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
