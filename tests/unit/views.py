"""The contents of a message that is not sent yet: its components, its words and the labels of its buttons."""

from __future__ import annotations

from typing import Any

from discord import ui


def parts(view: ui.LayoutView) -> list[dict[str, Any]]:
    """Return every component of a message in the order of reading, nested ones too, as Discord is sent them."""
    found: list[dict[str, Any]] = []
    waiting: list[Any] = list(view.to_components())
    while waiting:
        part = waiting.pop(0)
        found.append(part)
        waiting = [*part.get("components", []), *waiting]
    return found


def text_of(view: ui.LayoutView) -> str:
    """Return all that a person reads in a message, a line for each text component."""
    return "\n".join(part["content"] for part in parts(view) if part["type"] == 10)


def labels_of(view: ui.LayoutView) -> list[str]:
    """Return the labels of a message's buttons, in order."""
    return [part["label"] for part in parts(view) if part["type"] == 2]
