"""Stores questions and lists to which buttons refer, for a day, and questions filed for editors, for 90 days."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from msgspec import Struct

from bot.errors import UserError
from bot.ledger.words import one_line
from bot.services import lists, people
from bot.services.lists import Listing
from data.database import Connection, to_text
from data.records import Filed
from data.rows import fetch_all, fetch_one, fetch_value

KEPT = timedelta(hours=24)  # For questions and lists that a button refers to.
FILED_FOR = timedelta(days=90)
MOST_FILED = 200  # In one guild. Editors who have to read more than that need another tool.
MOST_FILED_BY_ONE = 20  # By one person in one guild.


class Counts(Struct, frozen=True):
    """The numbers of questions of a guild that wait for its editors, and that found no answer in the last 24 hours."""

    filed: int
    unanswered: int


async def clean_up(conn: Connection, now: datetime) -> None:
    """Delete expired rows in all guilds: filed questions after 90 days, other questions and lists after a day."""
    await conn.execute(
        "DELETE FROM question WHERE (filed_at IS NULL AND asked_at <= ?) OR filed_at <= ?",
        (to_text(now - KEPT), to_text(now - FILED_FOR)),
    )


def new_id() -> int:
    """Return a random id for a question, so that a button can name it before the question is stored."""
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
    """Insert a question or a list and return its row id.

    First delete the guild's questions and lists that are more than a day old, except filed questions.
    """
    person = await people.ensure(conn, user_id)
    await conn.execute(
        "DELETE FROM question WHERE guild_id = ? AND asked_at <= ? AND filed_at IS NULL",
        (guild_id, to_text(now - KEPT)),
    )
    shown = lists.encode(listing) if listing is not None else None
    id_ = await fetch_value(
        conn,
        int,
        "INSERT INTO question (id, guild_id, person_id, asked, listing, asked_at, unanswered) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (question_id, guild_id, person.id, asked, shown, to_text(now), unanswered),
    )
    assert id_ is not None  # One row was inserted.
    return id_


# Lists and questions that a button refers to, for a day


async def keep(conn: Connection, guild_id: int, listing: Listing, *, now: datetime, user_id: int) -> int:
    """Store a list for a day, so that its page buttons work, and return its id."""
    return await _keep(conn, guild_id, listing=listing, now=now, user_id=user_id)


async def get(conn: Connection, guild_id: int, question_id: int, *, now: datetime) -> Listing:
    """Return a stored list. Raise UserError when it is more than a day old or not on file."""
    stored = await fetch_value(
        conn,
        str,
        "SELECT listing FROM question WHERE guild_id = ? AND id = ? AND asked_at > ?",
        (guild_id, question_id, to_text(now - KEPT)),
    )
    if stored is None:
        raise UserError(
            "This list is more than a day old, so its pages can no longer be turned. Nothing was changed. "
            "Use the command again for a new one."
        )
    return lists.decode(stored)


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
    """Store the text of a question for a day and return its id.

    `unanswered` says that no answer was found in the records. `question_id` is an id from `new_id`. If it is None, the
    question gets any id.
    """
    return await _keep(
        conn, guild_id, asked=asked_text, now=now, user_id=user_id, unanswered=unanswered, question_id=question_id
    )


async def get_asked(conn: Connection, guild_id: int, question_id: int, *, now: datetime) -> str:
    """Return the text of a stored question. Raise UserError when it is more than a day old or not on file."""
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


# Questions filed for the editors


class _Waiting(Struct, frozen=True):
    """A filed question that no editor has handled yet. `person_id` is the person who filed it first."""

    id: int
    person_id: int
    asked: str


async def file(conn: Connection, guild_id: int, asked_text: str, *, now: datetime, user_id: int) -> None:
    """File a question for the editors of a guild. It stays until one of them handles it, for at most 90 days.

    If the same question was filed already, by anyone, only its counter `times` goes up. Raise UserError when too many
    questions of this person or of the guild wait already.
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
    by_user = sum(question.person_id == person.id for question in waiting)
    if by_user >= MOST_FILED_BY_ONE:
        raise UserError(
            f"{by_user} questions of yours already wait for the editors, so this one was not filed. "
            "Nothing was changed. Try again when they have handled some."
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
    """Return a question in lower case, on one line and without final punctuation. Duplicates have equal results."""
    return one_line(question.casefold()).rstrip(" ?!.")


async def list_filed(
    conn: Connection, guild_id: int, *, now: datetime, offset: int, limit: int
) -> tuple[list[Filed], int]:
    """Return one page of a guild's filed questions, the oldest first, and the number of questions on all pages."""
    since = to_text(now - FILED_FOR)
    page = await fetch_all(
        conn,
        Filed,
        "SELECT id, asked, filed_at, times FROM question WHERE guild_id = ? AND filed_at > ? "
        "ORDER BY filed_at, id LIMIT ? OFFSET ?",
        (guild_id, since, limit, offset),
    )
    total = await fetch_value(
        conn, int, "SELECT count(*) FROM question WHERE guild_id = ? AND filed_at > ?", (guild_id, since)
    )
    return page, total or 0


async def find_filed(conn: Connection, guild_id: int, question_id: int, *, now: datetime) -> Filed | None:
    """Return a filed question, or None when it was handled, has expired or never existed in this guild."""
    return await fetch_one(
        conn,
        Filed,
        "SELECT id, asked, filed_at, times FROM question WHERE guild_id = ? AND id = ? AND filed_at > ?",
        (guild_id, question_id, to_text(now - FILED_FOR)),
    )


async def handle(conn: Connection, guild_id: int, question_id: int) -> bool:
    """Delete a filed question that an editor has handled. Return False when it was deleted before."""
    cursor = await conn.execute(
        "DELETE FROM question WHERE guild_id = ? AND id = ? AND filed_at IS NOT NULL", (guild_id, question_id)
    )
    return cursor.rowcount > 0


async def counts(conn: Connection, guild_id: int, *, now: datetime) -> Counts:
    """Return how many filed questions wait in a guild, and how many of the last 24 hours had no answer."""
    counted = await fetch_one(
        conn,
        Counts,
        "SELECT (SELECT count(*) FROM question WHERE guild_id = ?1 AND filed_at > ?2) AS filed, "
        "(SELECT count(*) FROM question WHERE guild_id = ?1 AND asked_at > ?3 AND unanswered = 1) AS unanswered",
        (guild_id, to_text(now - FILED_FOR), to_text(now - KEPT)),
    )
    assert counted is not None  # Counts always have a row.
    return counted
