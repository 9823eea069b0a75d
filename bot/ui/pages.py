"""Splits long answers into pages, and makes the label and the buttons of a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.ui.layout import Button, button

PAGE_TEXT = 3000  # Characters for the entries of a page. Discord allows 4,000 with heading and small print.


def pack(sizes: Sequence[int], *, limit: int = PAGE_TEXT, most: int = 8) -> list[range]:
    """Split entries into pages, and return the indexes of the entries of each page.

    `sizes` are the lengths of the entries in characters. A page has at most `most` entries and `limit` characters. An
    entry that is longer than `limit` has a page to itself. If there are no entries, the result is one empty page.
    """
    packed: list[range] = []
    start = used = 0
    for index, size in enumerate(sizes):
        if index > start and (used + size > limit or index - start == most):
            packed.append(range(start, index))
            start, used = index, 0
        used += size
    return [*packed, range(start, len(sizes))]


def clamped(page: int, count: int) -> int:
    """Return the page number `page`, or the nearest number that exists. Pages are numbered from 0 to `count` - 1.

    The number may no longer exist if the list has become shorter since the page button was rendered.
    """
    return min(max(page, 0), max(count - 1, 0))


def turn_buttons(page: int, count: int, noun: str, id_for: Callable[[int], str]) -> list[Button]:
    """Return the buttons to the previous and the next page. A button is left out if there is no such page.

    `noun` is the plural of the entries, for labels such as "More deals". `id_for` makes the custom id for a page.
    """
    buttons: list[Button] = []
    if page > 0:
        buttons.append(button(f"Previous {noun}", id_for(page - 1)))
    if page < count - 1:
        buttons.append(button(f"More {noun}", id_for(page + 1)))
    return buttons


def page_label(page: int, count: int) -> str:
    """Return a label such as "Page 2 of 3", or "" when there is only one page. `page` counts from 0."""
    return f"Page {page + 1:,} of {count:,}" if count > 1 else ""
