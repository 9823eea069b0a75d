"""Questions and lists that are stored: for a day what does not fit in a button, for editors what members file."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from bot.errors import UserError
from bot.ledger.words import one_line
from bot.services import people
from bot.services.search import Wanted
from data.database import Connection, to_text
from data.records import Filed, Kind
from data.rows import fetch_all, fetch_one, fetch_value

KEPT = timedelta(hours=24)
FILED_FOR = timedelta(days=90)
MOST_FILED = 200  # Of one server; whoever reads more than that needs another tool.
MOST_FILED_BY_ONE = 20


class Listing(Struct, frozen=True, omit_defaults=True):
    """The records that a list shows: those of a kind with a stage or links, or what is `wanted` in a search.

    `words` are the filters as people read them. With `everything` a list of pending items leaves none out.
    """

    kind: Kind | None = None
    stage: str | None = None
    linked: tuple[str, ...] = ()
    words: str = ""
    wanted: Wanted | None = None
    everything: bool = False


class Counts(Struct, frozen=True):
    """Counts of the questions that wait for the editors, and of those of 24 hours that the record did not answer."""

    filed: int
    unanswered: int


async def clean_up(conn: Connection, now: datetime) -> None:
    """Delete what has expired, in all servers."""
    await conn.execute(
        "DELETE FROM question WHERE (filed_at IS NULL AND asked_at <= ?) OR filed_at <= ?",
        (to_text(now - KEPT), to_text(now - FILED_FOR)),
    )


def new_id() -> int:
    """Return an id for a row that is written later, for a button that is rendered before."""
    return secrets.randbits(48)


async def _keep(
    conn: Connection,
    guild_id: int,
    *,
    asked: str | None = None,
    listing: Listing | None = None,
    now: datetime,
    user_id: int,
    unanswered: bool = False,
    question_id: int | None = None,
) -> int:
    """Write one row and return its id. Expired rows of this server are deleted first, so that they do not pile up."""
    person = await people.ensure(conn, user_id)
    await conn.execute(
        "DELETE FROM question WHERE guild_id = ? AND asked_at <= ? AND filed_at IS NULL",
        (guild_id, to_text(now - KEPT)),
    )
    shown = msgspec.json.encode(listing).decode() if listing is not None else None
    id_ = await fetch_value(
        conn,
        int,
        "INSERT INTO question (id, guild_id, person_id, asked, listing, asked_at, unanswered) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (question_id, guild_id, person.id, asked, shown, to_text(now), unanswered),
    )
    assert id_ is not None  # One row was inserted.
    return id_


# For a day: what a button names


async def keep(conn: Connection, guild_id: int, listing: Listing, *, now: datetime, user_id: int) -> int:
    """Store what a list shows, so that a button can turn its pages; return its id."""
    return await _keep(conn, guild_id, listing=listing, now=now, user_id=user_id)


async def get(conn: Connection, guild_id: int, question_id: int, *, now: datetime) -> Listing:
    """Return what a list shows. Raise UserError when it was asked for more than a day ago."""
    listing = await fetch_value(
        conn,
        Listing,
        "SELECT listing FROM question WHERE guild_id = ? AND id = ? AND asked_at > ?",
        (guild_id, question_id, to_text(now - KEPT)),
    )
    if listing is None:
        raise UserError(
            "This list is more than a day old, so its pages can no longer be turned. Nothing was changed. "
            "Use the command again for a new one."
        )
    return listing


async def keep_asked(
    conn: Connection,
    guild_id: int,
    asked_text: str,
    *,
    now: datetime,
    user_id: int,
    unanswered: bool = False,
    question_id: int | None = None,
) -> int:
    """Store a question, word for word, and return its id. `unanswered` says that the record did not answer it."""
    return await _keep(
        conn, guild_id, asked=asked_text, now=now, user_id=user_id, unanswered=unanswered, question_id=question_id
    )


async def get_asked(conn: Connection, guild_id: int, question_id: int, *, now: datetime) -> str:
    """Return a question as it was asked. Raise UserError when that is more than a day ago."""
    asked = await fetch_value(
        conn,
        str,
        "SELECT asked FROM question WHERE guild_id = ? AND id = ? AND asked_at > ? AND filed_at IS NULL",
        (guild_id, question_id, to_text(now - KEPT)),
    )
    if asked is None:
        raise UserError(
            "This question is not kept any more: that is for a day at most. Nothing was changed. "
            "Ask it again with /ask."
        )
    return asked


# For the editors


class _Waiting(Struct, frozen=True):
    """A question that somebody filed."""

    id: int
    person_id: int
    asked: str


async def file(conn: Connection, guild_id: int, asked_text: str, *, now: datetime, user_id: int) -> None:
    """File a question for the editors of its server. It stays until they handle it, for at most 90 days.

    A question that is filed again, also by somebody else, stays one entry. Raise UserError when too many wait already.
    """
    person = await people.ensure(conn, user_id)
    waiting = await fetch_all(
        conn,
        _Waiting,
        "SELECT id, person_id, asked FROM question WHERE guild_id = ? AND filed_at > ?",
        (guild_id, to_text(now - FILED_FOR)),
    )
    for question in waiting:
        if _compared(question.asked) == _compared(asked_text):
            await conn.execute("UPDATE question SET times = times + 1 WHERE id = ?", (question.id,))
            return
    own = sum(question.person_id == person.id for question in waiting)
    if own >= MOST_FILED_BY_ONE:
        raise UserError(
            f"{own} questions of yours already wait for the editors, so this one was not filed. Nothing was changed. "
            "Try again when they have handled some."
        )
    if len(waiting) >= MOST_FILED:
        raise UserError(
            f"{len(waiting)} questions already wait for the editors here, so this one was not filed. "
            "Nothing was changed. Tell an editor; /update questions shows what waits."
        )
    await conn.execute(
        "INSERT INTO question (guild_id, person_id, asked, asked_at, filed_at) VALUES (?, ?, ?, ?, ?)",
        (guild_id, person.id, asked_text, to_text(now), to_text(now)),
    )


def _compared(question: str) -> str:
    return one_line(question.casefold()).rstrip(" ?!.")


async def list_filed(
    conn: Connection, guild_id: int, *, now: datetime, offset: int, limit: int
) -> tuple[list[Filed], int]:
    """Return one page of the questions that wait for the editors, the oldest first, and how many there are."""
    since = to_text(now - FILED_FOR)
    found = await fetch_all(
        conn,
        Filed,
        "SELECT id, asked, filed_at, times FROM question WHERE guild_id = ? AND filed_at > ? "
        "ORDER BY filed_at, id LIMIT ? OFFSET ?",
        (guild_id, since, limit, offset),
    )
    total = await fetch_value(
        conn, int, "SELECT count(*) FROM question WHERE guild_id = ? AND filed_at > ?", (guild_id, since)
    )
    return found, total or 0


async def find_filed(conn: Connection, guild_id: int, question_id: int, *, now: datetime) -> Filed | None:
    """Return a question that waits for the editors, or None when it was handled or has expired."""
    return await fetch_one(
        conn,
        Filed,
        "SELECT id, asked, filed_at, times FROM question WHERE guild_id = ? AND id = ? AND filed_at > ?",
        (guild_id, question_id, to_text(now - FILED_FOR)),
    )


async def handle(conn: Connection, guild_id: int, question_id: int) -> bool:
    """Delete a question that was filed. Return False when somebody has handled it before."""
    cursor = await conn.execute(
        "DELETE FROM question WHERE guild_id = ? AND id = ? AND filed_at IS NOT NULL", (guild_id, question_id)
    )
    return cursor.rowcount > 0


async def counts(conn: Connection, guild_id: int, *, now: datetime) -> Counts:
    """Return how many questions of a server wait, and how many of the last 24 hours had no answer."""
    found = await fetch_one(
        conn,
        Counts,
        "SELECT (SELECT count(*) FROM question WHERE guild_id = ?1 AND filed_at > ?2) AS filed, "
        "(SELECT count(*) FROM question WHERE guild_id = ?1 AND asked_at > ?3 AND unanswered = 1) AS unanswered",
        (guild_id, to_text(now - FILED_FOR), to_text(now - KEPT)),
    )
    assert found is not None  # Counts always have a row.
    return found
