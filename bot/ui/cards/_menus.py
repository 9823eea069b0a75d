"""Shortens names for buttons, and makes the menu that opens a record."""

from __future__ import annotations

from collections.abc import Sequence

import discord
from discord import ui

from bot.ledger.cited import shortened
from bot.ledger.kinds import KIND_WORDS
from bot.ui.ids import custom_id
from bot.ui.layout import Select
from bot.ui.text import clip, sentence
from data.records import Link, Row

_SMALL = frozenset(["a", "an", "and", "for", "from", "in", "of", "on", "the", "to", "with"])
"""Words that are removed from the end of a shortened name."""

_SHORT = 24


def short(name: str) -> str:
    """Return a name for a button. A name of more than 24 characters is cut after a word: "31 armed drones…"."""
    if len(name) <= _SHORT:
        return name
    words = name[:_SHORT].rsplit(" ", 1)[0].split()
    while len(words) > 1 and words[-1].casefold() in _SMALL:
        words.pop()
    return " ".join(words).rstrip(",;:–-") + "…"


def record_menu(placeholder: str, rows: Sequence[Row | Link], guild_id: int | None) -> Select:
    """Return a menu that opens one of some records. `rows` has at most 25 records, as links or as rows of a list."""
    return menu(placeholder, choices(rows), guild_id)


def menu(placeholder: str, options: Sequence[discord.SelectOption], guild_id: int | None) -> Select:
    """Return a menu that opens one of some records. `options` come from the function `choices`."""
    return ui.Select(
        custom_id=custom_id("record.open", guild_id=guild_id), placeholder=placeholder, options=list(options)
    )


def choices(rows: Sequence[Row | Link]) -> list[discord.SelectOption]:
    """Return a menu option for each record: its name, and below it the status line (or the kind, if that is empty)."""
    return [
        discord.SelectOption(
            label=clip(row.name, 100),
            value=row.slug,
            description=sentence(shortened(row.status, 100) or KIND_WORDS[row.kind][0]),
        )
        for row in rows
    ]
