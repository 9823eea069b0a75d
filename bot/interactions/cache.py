"""Caches of cards, answers and pages of lists. An entry is valid until what it depends on changes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

from bot.ask.finding import Finding
from bot.services import records
from bot.services.lists import Listing
from bot.ui import cards, lists
from data.database import Connection
from data.records import Kind, Opened

CACHED = 500  # Some 20 KB each.
ANSWERS_CACHED = 100  # Each can hold several records, and one of thousands of links some 100 KB.

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


class Cache(Generic[_Key, _Value]):
    """A cache of a fixed size; the entry that was not used for the longest time is dropped first.

    Each value is kept with the state of all that it depends on (`stands`), so no value is ever older than the ledger.
    """

    def __init__(self, size: int = CACHED) -> None:
        self._size = size
        self._entries: OrderedDict[_Key, tuple[object, _Value]] = OrderedDict()

    def get(self, key: _Key, stands: object) -> _Value | None:
        """Return the value of a key, or None when there is none or when what it depends on has changed."""
        entry = self._entries.get(key)
        if entry is None or entry[0] != stands:
            return None
        self._entries.move_to_end(key)
        return entry[1]

    def put(self, key: _Key, stands: object, value: _Value) -> _Value:
        """Keep a value, in the place of the oldest when the cache is full, and return it."""
        self._entries[key] = stands, value
        self._entries.move_to_end(key)
        if len(self._entries) > self._size:
            self._entries.popitem(last=False)
        return value


def quarter_of(now: datetime) -> datetime:
    """Return the start of the quarter of an hour that an instant lies in."""
    return now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)


@dataclass
class CachedRecord:
    """An opened record, and its card as it was rendered last."""

    opened: Opened
    _rendered: tuple[datetime, cards.RenderedCard] | None = field(default=None)

    def rendered(self, now: datetime) -> cards.RenderedCard:
        """Return the card at this moment, rendered again only where it may have changed.

        Only a due date that ends changes the card by itself, and days end on a quarter of an hour in every zone.
        """
        quarter = quarter_of(now)
        if self._rendered is None or self._rendered[0] != quarter:
            self._rendered = quarter, cards.render(self.opened, now=now)
        return self._rendered[1]


class CachedAnswer(NamedTuple):
    """A question's result and the text of its answer."""

    found: Finding
    said: str


AnswerCache = Cache[tuple[int, str, str], CachedAnswer]
"""Answers by server, question and the record that was chosen. They depend on the ledger and on the quarter."""

PageCache = Cache[tuple[int, Listing, int], lists.RenderedPage]
"""Pages of lists and searches by server, list and page.

They depend on the newest update and, where they tell days, on the quarter.
"""


class RecordCache:
    """Opened records, by the text that a person typed to open them."""

    def __init__(self) -> None:
        self._cache: Cache[tuple[int, str, tuple[Kind, ...]], CachedRecord] = Cache()

    async def open(self, conn: Connection, guild_id: int, text: str, kinds: Sequence[Kind]) -> CachedRecord:
        """Return the record that a person named by `text`, as `records.get_by_name` does."""
        return (await self.open_for(conn, guild_id, text, kinds, None))[0]

    async def open_for(
        self, conn: Connection, guild_id: int, text: str, kinds: Sequence[Kind], user_id: int | None
    ) -> tuple[CachedRecord, bool]:
        """Return the record that a person named by `text`, and whether the user follows it."""
        key = (guild_id, text, tuple(kinds))
        stands, followed = await records.standing_for(conn, guild_id, user_id)
        cached = self._cache.get(key, stands)
        if cached is None:
            opened = await records.get_by_name(conn, guild_id, text, kinds)
            cached = self._cache.put(key, stands, CachedRecord(opened))
        return cached, cached.opened.record.id in followed
