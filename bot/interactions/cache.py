"""Caches of cards, answers and pages of lists. An entry is used until the state that it was made from changes."""

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

CACHED = 500  # Records of some 20 KB each.
ANSWERS_CACHED = 100  # An answer holds several records. A record with thousands of links takes some 100 KB.

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


class Cache(Generic[_Key, _Value]):
    """A cache of a fixed number of entries, which drops the least recently used entry first.

    Each value is stored with the state from which it was made, such as the newest update of its server. `get` returns
    the value only if the caller passes the same state.
    """

    def __init__(self, size: int = CACHED) -> None:
        self._size = size
        self._entries: OrderedDict[_Key, tuple[object, _Value]] = OrderedDict()

    def get(self, key: _Key, depends_on: object) -> _Value | None:
        """Return the value of a key. Return None if there is none, or if it was stored with another `depends_on`."""
        entry = self._entries.get(key)
        if entry is None or entry[0] != depends_on:
            return None
        self._entries.move_to_end(key)
        return entry[1]

    def put(self, key: _Key, depends_on: object, value: _Value) -> _Value:
        """Store a value, and return it. `depends_on` is the state from which the value was made."""
        self._entries[key] = depends_on, value
        self._entries.move_to_end(key)
        if len(self._entries) > self._size:
            self._entries.popitem(last=False)
        return value


def quarter_of(now: datetime) -> datetime:
    """Return the beginning of the quarter of an hour that contains an instant: 09:15 for 09:29."""
    return now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)


@dataclass
class CachedRecord:
    """An opened record and its card. The card is rendered when it is first needed."""

    opened: Opened
    _rendered: tuple[datetime, cards.RenderedCard] | None = field(default=None)

    def rendered(self, now: datetime) -> cards.RenderedCard:
        """Return the card of the record. It is rendered once for each quarter of an hour.

        As long as the record stays the same, its card changes only when a day ends. In every time zone, a day ends at a
        full quarter of an hour.
        """
        quarter = quarter_of(now)
        if self._rendered is None or self._rendered[0] != quarter:
            self._rendered = quarter, cards.render(self.opened, now=now)
        return self._rendered[1]


class CachedAnswer(NamedTuple):
    """The answer to a question: what was found for it, and the text."""

    finding: Finding
    text: str


AnswerCache = Cache[tuple[int, str, str], CachedAnswer]
"""Answers to questions. A key has the server, the question and the record that the user chose.

An answer is used until the server has a new update or a new quarter of an hour begins.
"""

PageCache = Cache[tuple[int, Listing, int], lists.RenderedPage]
"""Pages of lists and of searches. A key has the server, the list and the page number.

A page is used until the server has a new update. A page with due dates is also rendered again when a new quarter of an
hour begins.
"""


class RecordCache:
    """A cache of opened records.

    A key has the server, the text that names the record, and the kinds that the record may have.
    """

    def __init__(self) -> None:
        self._cache: Cache[tuple[int, str, tuple[Kind, ...]], CachedRecord] = Cache()

    async def open_for(
        self, conn: Connection, guild_id: int, text: str, kinds: Sequence[Kind], user_id: int | None
    ) -> tuple[CachedRecord, bool]:
        """Return the record that a text names, and whether the user follows that record.

        If there is no such record, raise what `records.get_by_name` raises.
        """
        key = (guild_id, text, tuple(kinds))
        standing, followed = await records.standing_for(conn, guild_id, user_id)
        cached = self._cache.get(key, standing)
        if cached is None:
            opened = await records.get_by_name(conn, guild_id, text, kinds)
            cached = self._cache.put(key, standing, CachedRecord(opened))
        return cached, cached.opened.record.id in followed
