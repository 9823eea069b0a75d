"""Building blocks of discord.py views: cards of text with buttons and menus below. None of them has a callback."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

import discord
from discord import ui

from bot.ui.text import clip

TEXT_LIMIT = 4000  # Discord: all texts of a Components V2 message together.
COMPONENT_LIMIT = 40  # Discord: all components, nested ones too.
LABEL_LIMIT = 80  # Discord: a button's label.

View = ui.View | ui.LayoutView
"""The view of a message. An ordinary view has only the buttons below a text; a layout contains the text as well."""
Button = ui.Button[ui.LayoutView]
Select = ui.Select[ui.LayoutView]
"""Buttons and selects are typed for layouts, because an ActionRow only takes these. A `ui.View` takes them as well."""

V = TypeVar("V", bound=View | ui.Modal)


def finished(view: V) -> V:
    """Stop a view and return it. discord.py does not store a stopped view; `ComponentRouter` handles its components.

    Raise RuntimeError outside of an event loop. There `stop()` has no effect, and the view would stay in memory.
    """
    view.stop()
    if not view.is_finished():
        raise RuntimeError("views are made inside the event loop")
    return view


def button(label: str, custom_id: str, style: discord.ButtonStyle = discord.ButtonStyle.secondary) -> Button:
    """Return a button with a clipped label. The bot disables no button: screen readers would not announce it."""
    return ui.Button(label=clip(label, LABEL_LIMIT), custom_id=custom_id, style=style)


def rows(buttons: Sequence[Button]) -> list[ui.ActionRow[ui.LayoutView]]:
    """Return the buttons in action rows of at most five."""
    return [ui.ActionRow(*buttons[i : i + 5]) for i in range(0, len(buttons), 5)]


def card(
    texts: Iterable[str],
    *,
    buttons: Sequence[Button] = (),
    selects: Sequence[Select] = (),
    accent: int | None = None,
) -> ui.LayoutView:
    """Return a Components V2 message: one container with the texts, then the selects, then the buttons.

    Empty texts are skipped. Raise ValueError if the message exceeds Discord's limits: clip the texts, or split them
    into pages.
    """
    view = ui.LayoutView(timeout=None)
    text = "\n\n".join(part for part in texts if part)
    view.add_item(ui.Container(ui.TextDisplay(text), accent_colour=accent))
    for select in selects:
        view.add_item(ui.ActionRow(select))
    for row in rows(buttons):
        view.add_item(row)
    if len(text) > TEXT_LIMIT or view.total_children_count > COMPONENT_LIMIT:
        raise ValueError("the card is longer than Discord allows")
    return finished(view)


def plain(buttons: Sequence[Button]) -> ui.View:
    """Return a finished view that puts buttons below an ordinary text message."""
    view = ui.View(timeout=None)
    for item in buttons:
        view.add_item(item)
    return finished(view)
