"""Helpers that read the components, texts and button labels of a view before it is sent."""

from __future__ import annotations

from typing import Any

from discord import ui


def parts(view: ui.LayoutView) -> list[dict[str, Any]]:
    """Return the payloads of all components of a view from top to bottom, each before the components inside it."""
    payloads: list[dict[str, Any]] = []
    waiting: list[Any] = list(view.to_components())
    while waiting:
        part = waiting.pop(0)
        payloads.append(part)
        waiting = [*part.get("components", []), *waiting]
    return payloads


def text_of(view: ui.LayoutView) -> str:
    """Return the text components of a view, one below the other."""
    return "\n".join(part["content"] for part in parts(view) if part["type"] == 10)


def labels_of(view: ui.LayoutView) -> list[str]:
    """Return the labels of the buttons of a view, in order."""
    return [part["label"] for part in parts(view) if part["type"] == 2]
