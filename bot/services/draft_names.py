"""Looks up the records that the form of a draft names, before the form is parsed, and finds slugs for new records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.errors import NotInRecord, UserError
from bot.ledger.drafts import Draft, MissingRecord, NewRecord
from bot.ledger.kinds import KIND_WORDS
from bot.ledger.values import FieldType, Find, quoted
from bot.ledger.words import normal, slug_of
from bot.services import records
from data.database import Connection
from data.records import Kind
from data.rows import fetch_values

Mention = tuple[str, tuple[Kind, ...]]
"""A typed name, and the kinds of records that it can mean."""


def find_nothing(name: str, _kinds: Sequence[Kind]) -> str:
    """Raise NotInRecord for every name. This is the `Find` for texts that name no records."""
    raise NotInRecord(f"{quoted(name)} is not in the record. Nothing was changed.")


def mentions(type_: FieldType, text: str) -> list[Mention]:
    """Return the names in a text that was typed for a type of field, each with the kinds of records it can mean."""
    return [(name, type_.kinds) for name in type_.mentions(text)]


async def finder(
    conn: Connection,
    guild_id: int,
    named: Iterable[Mention],
    *,
    others: Sequence[NewRecord] = (),
    quotes: bool = False,
) -> Find:
    """Look up records by their names. Return a function that gives the slug for each of these names.

    `others` are new records that the draft creates; their names are found too. If `quotes` is true, the text that
    refuses an unknown name also says how to use quotation marks.
    """
    slugs: dict[Mention, str | UserError] = {}
    for name, kinds in named:
        created = [other.slug for other in others if normal(other.name) == normal(name) and other.kind in kinds]
        if created:
            slugs[name, kinds] = created[0]
            continue
        try:
            slugs[name, kinds] = await records.slug_by_name(conn, guild_id, name[:200], kinds)
        except NotInRecord as error:
            slugs[name, kinds] = _missing(error, name, kinds, quotes=quotes)
        except UserError as error:
            slugs[name, kinds] = error

    def find(name: str, kinds: Sequence[Kind]) -> str:
        slug = slugs.get((name, tuple(kinds)))
        if isinstance(slug, UserError):
            raise slug
        return slug or find_nothing(name, kinds)

    return find


async def form_finder(conn: Connection, draft: Draft, named: Sequence[Mention]) -> tuple[Find, list[NewRecord]]:
    """Return the `finder` for the names in the form of a draft, and the new records of the draft that the form names.

    New records that the form no longer names are left out, so that they are not created.
    """
    used = {normal(name) for name, _ in named}
    others = [other for other in draft.task.others if normal(other.name) in used]
    return await finder(conn, draft.guild_id, named, others=others), others


def _missing(error: NotInRecord, name: str, kinds: Sequence[Kind], *, quotes: bool) -> NotInRecord:
    """Return the error for a name that no record has. Its text says how a record of this name is made."""
    hint = ' For somebody without a record, write the words in "quotation marks".' if quotes else ""
    kind = made_kind(kinds)
    if not kind or not normal(name) or len(name) > 100:
        return NotInRecord(f"{error}{hint} /update add makes a record.")
    how = f" The button below adds a {KIND_WORDS[kind][0]} of this name; so does /update add."
    return MissingRecord(f"{error}{hint}{how}", name, kind)


def made_kind(kinds: Sequence[Kind]) -> Kind:
    """Return the kind of record to offer for a name that no record has. Return "" when no kind is likely.

    `kinds` are the kinds that the record may have.
    """
    if len(kinds) == 1 or ("deal" in kinds[:1] and len(kinds) <= 2):
        return kinds[0]
    return "participant" if "participant" in kinds and len(kinds) <= 2 else ""


def new_name(kind: Kind, text: str) -> str:
    """Return the name in a text like "New deal: Patrol boats". Return "" for a text that begins differently."""
    prefix = f"new {KIND_WORDS[kind][0]}:"
    return text[len(prefix) :].strip() if text.casefold().startswith(prefix) else ""


async def new_slug(conn: Connection, guild_id: int, name: str) -> str:
    """Return a slug for a new record: "patrol-boats", or "patrol-boats-2" if another record has that slug.

    The slug of a pending item whose name was withdrawn is returned again.
    """
    base = slug_of(name)
    taken = await fetch_values(
        conn,
        str,
        "SELECT slug FROM record WHERE guild_id = ? AND slug >= ? AND slug < ? AND (live = 1 OR kind <> 'pending')",
        (guild_id, base[:46], base[:46] + "\U0010ffff"),
    )
    number, slug = 1, base
    while slug in taken:
        number += 1
        slug = f"{base[:46].rstrip('-')}-{number}"
    return slug
