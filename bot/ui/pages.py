"""Long answers in pages: how entries are packed, and the buttons that turn pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.ui.layout import Button, button

PAGE_TEXT = 3000  # Leaves room below Discord's 4,000 for a heading and the lines at the end.


def pack(sizes: Sequence[int], *, limit: int = PAGE_TEXT, most: int = 8) -> list[range]:
    """Return the indexes of the entries of each page, given the entries' lengths in characters.

    A page has at most `most` entries and `limit` characters, unless its only entry is longer. There is at least one
    page, which may be empty.
    """
    found: list[range] = []
    start = used = 0
    for index, size in enumerate(sizes):
        if index > start and (used + size > limit or index - start == most):
            found.append(range(start, index))
            start, used = index, 0
        used += size
    return [*found, range(start, len(sizes))]


def clamped(page: int, count: int) -> int:
    """Return the page asked for or the nearest one: a list can have become shorter since its buttons were rendered."""
    return min(max(page, 0), max(count - 1, 0))


def turn_buttons(page: int, count: int, noun: str, id_for: Callable[[int], str]) -> list[Button]:
    """Return the buttons to the previous and the next page, where there is one; `noun` names the entries in labels."""
    found: list[Button] = []
    if page > 0:
        found.append(button(f"Previous {noun}", id_for(page - 1)))
    if page < count - 1:
        found.append(button(f"More {noun}", id_for(page + 1)))
    return found


def place(page: int, count: int) -> str:
    """Return "Page 2 of 3", or "" when there is one page. `page` counts from 0."""
    return f"Page {page + 1:,} of {count:,}" if count > 1 else ""
