"""Autocomplete choices for command options: distinct, and within Discord's limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from discord import app_commands

from bot.errors import BadInput
from bot.ledger.values import quoted
from bot.ledger.words import normal, one_line
from bot.ui.text import clip

MOST = 25  # Discord: choices of one option.
LIMIT = 100  # Discord: characters of a choice's name and of its value.


class Offered(NamedTuple):
    """One choice that autocompletion offers. Discord shows "name (beside)" and sends `value`.

    If another choice has the same name, `apart` is added: "name (beside), apart".
    """

    name: str
    beside: str
    value: str
    apart: str = ""


def choices(offered: Iterable[Offered]) -> list[app_commands.Choice[str]]:
    """Return at most 25 choices with distinct names and values. Discord refuses all choices if one is invalid.

    If two choices would show the same name, the later one also shows its `apart`, or else its value. A choice is left
    out if its value is empty, longer than 100 characters or not encodable as UTF-8.
    """
    by_value: dict[str, Offered] = {}
    for choice in offered:
        if choice.value.strip() and len(choice.value) <= LIMIT and _is_text(choice.value):
            by_value.setdefault(choice.value, choice)
    values: dict[str, str] = {}
    for choice in list(by_value.values())[:MOST]:
        for apart in ("", choice.apart, choice.value):
            name = _named(choice, apart)
            if name and name not in values:
                values[name] = choice.value
                break
    return [app_commands.Choice(name=name, value=value) for name, value in values.items()]


def choice_of(words: Mapping[str, str], text: str) -> str:
    """Return the value of a fixed choice. The text is the value, or the words that Discord shows for it.

    Discord sends the words when a command is pasted or run again. Raise BadInput for any other text.
    """
    asked = normal(text)
    for value, shown in words.items():
        if text == value or asked in (normal(value), normal(shown)):
            return value
    raise BadInput(
        f"{quoted(text)} is not one of the choices. Nothing was changed. Choose one: {', '.join(words.values())}."
    )


def _named(choice: Offered, apart: str) -> str:
    """Return the name that Discord shows for a choice, with `apart` at its end. A long name is cut to make room."""
    words = one_line(f"{choice.name}{f' ({choice.beside})' if choice.beside.strip() else ''}")
    tail = one_line(apart)
    if not tail or not words:
        return clip(words or tail, LIMIT)
    return f"{clip(words, LIMIT - len(tail) - 2)}, {tail}" if len(tail) < LIMIT - 20 else tail[:LIMIT]


def _is_text(value: str) -> bool:
    """Return whether a value can be encoded as UTF-8. A text with a lone surrogate cannot."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
