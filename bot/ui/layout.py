"""The frame of every message: one container of text and rows of buttons, without callbacks."""

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
"""What a message carries: buttons below ordinary text, or a layout that holds the text, too."""
Button = ui.Button[ui.LayoutView]
Select = ui.Select[ui.LayoutView]
"""discord.py types an item by its view. A row takes items of layouts alone, an ordinary view takes any."""

V = TypeVar("V", bound=View | ui.Modal)


def finished(view: V) -> V:
    """Stop a view and return it, so that discord.py does not store it; `on_interaction` receives its interactions.

    Raise RuntimeError outside of an event loop, where `stop()` does nothing and the view would be stored for ever.
    """
    view.stop()
    if not view.is_finished():
        raise RuntimeError("views are made inside the event loop")
    return view


def button(label: str, custom_id: str, style: discord.ButtonStyle = discord.ButtonStyle.secondary) -> Button:
    """Return a button with a clipped label. None is ever disabled, because screen readers do not say so."""
    return ui.Button(label=clip(label, LABEL_LIMIT), custom_id=custom_id, style=style)


def rows(buttons: Sequence[Button]) -> list[ui.ActionRow[ui.LayoutView]]:
    """Return buttons in rows of five."""
    return [ui.ActionRow(*buttons[i : i + 5]) for i in range(0, len(buttons), 5)]


def card(
    texts: Iterable[str],
    *,
    buttons: Sequence[Button] = (),
    selects: Sequence[Select] = (),
    accent: int | None = None,
) -> ui.LayoutView:
    """Return a Components V2 message: the texts in one container, a blank line between them, selects and buttons below.

    It is ready to be sent. Raise ValueError when it is longer than Discord allows: callers clip and page their texts.
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
    """Return the view of an ordinary text message: its buttons, ready to be sent."""
    view = ui.View(timeout=None)
    for item in buttons:
        view.add_item(item)
    return finished(view)
