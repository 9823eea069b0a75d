"""The choices that are offered while an option is typed. Discord accepts all of them, and no two look alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from discord import app_commands

from bot.ledger.words import one_line
from bot.ui.text import clip

MOST = 25  # Discord: choices of one option.
LIMIT = 100  # Discord: characters of a choice's name and of its value.


class Offered(NamedTuple):
    """One choice: its name, the words in brackets after it, its value, and what tells it from one of the same name."""

    name: str
    beside: str
    value: str
    apart: str = ""


def choices(offered: Iterable[Offered]) -> list[app_commands.Choice[str]]:
    """Return at most 25 choices with distinct names and values. Discord refuses all of them when one is bad.

    A name that several have is followed by `apart`, else by its value. An empty, too long or unsendable value is left
    out with its choice.
    """
    by_value: dict[str, Offered] = {}
    for one in offered:
        if one.value.strip() and len(one.value) <= LIMIT and _is_text(one.value):
            by_value.setdefault(one.value, one)
    found: dict[str, str] = {}
    for one in list(by_value.values())[:MOST]:
        for apart in ("", one.apart, one.value):
            name = _named(one, apart)
            if name and name not in found:
                found[name] = one.value
                break
    return [app_commands.Choice(name=name, value=value) for name, value in found.items()]


def _named(one: Offered, apart: str) -> str:
    """Return the words of a choice, followed by `apart`. Where both are too long, the words are clipped."""
    words = one_line(f"{one.name}{f' ({one.beside})' if one.beside.strip() else ''}")
    tail = one_line(apart)
    if not tail or not words:
        return clip(words or tail, LIMIT)
    return f"{clip(words, LIMIT - len(tail) - 2)}, {tail}" if len(tail) < LIMIT - 20 else tail[:LIMIT]


def _is_text(value: str) -> bool:
    """Return whether a value can be encoded as UTF-8. Half of a surrogate pair cannot."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
