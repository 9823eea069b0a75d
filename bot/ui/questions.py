"""The messages of /update questions: the list of the questions that members filed, and one question in full."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import discord
from discord import ui

from bot import dates
from bot.ledger.words import one_line
from bot.ui import pages
from bot.ui.ids import custom_id
from bot.ui.layout import Select, button, card
from bot.ui.text import clip, escaped, plural
from bot.ui.theme import OPEN, PLAIN
from data.records import Filed

ROWS = 8
_TITLE = "## Questions for the editors"


def listed(
    filed: Sequence[Filed],
    total: int,
    page: int,
    *,
    guild_id: int | None,
    note: str,
    mention: Callable[[str], str],
) -> ui.LayoutView:
    """Render one page of the questions that wait for the editors, the oldest first. A menu opens one of them.

    `total` counts the questions on all pages. `note` is a line of small print about the last action, or "".
    """
    small_print = f"-# {note}" if note else ""
    if not filed:
        empty = f"None waits. *Not what I asked* under an answer of {mention('ask')} files a question here."
        return card([f"{_TITLE}\n{empty}", small_print], accent=PLAIN)
    lines: list[str] = []
    options: list[discord.SelectOption] = []
    for position, waiting in enumerate(filed, page * ROWS + 1):
        lines.append(f"**{position:,}. {escaped(waiting.asked, 250)}**")
        lines.append(f"-# Filed {dates.timestamp(waiting.filed_at)}{_times(waiting)}")
        # Discord refuses an empty label. With its number it has some text, even when the question is only whitespace.
        label = clip(f"{position:,}. {one_line(waiting.asked)}", 100)
        options.append(discord.SelectOption(label=label, value=str(waiting.id)))
    select: Select = ui.Select(
        custom_id=custom_id("update.question", page, guild_id=guild_id),
        placeholder="Choose a question",
        options=options,
    )
    count = -(-total // ROWS)
    below = ". ".join(filter(None, [plural(total, "question"), pages.page_label(page, count)]))
    intro = "Somebody said of each that the answer was not what they asked. The oldest stand first."
    turn = pages.turn_buttons(page, count, "questions", lambda n: custom_id("update.questions", n, guild_id=guild_id))
    texts = [f"{_TITLE}\n{intro}", "\n".join(lines), f"-# {below}.", small_print]
    return card(texts, buttons=turn, selects=[select], accent=OPEN)


def question(filed: Filed, page: int, guild_id: int | None) -> ui.LayoutView:
    """Render one filed question with buttons for editors. A button leads back to the page `page` of the list."""
    buttons = [
        button("Handled", custom_id("update.handled", filed.id, page, guild_id=guild_id)),
        button("Add an alias", custom_id("update.alias", filed.id, guild_id=guild_id)),
        button("All questions", custom_id("update.questions", page, guild_id=guild_id)),
    ]
    text = f"## A question for the editors\n> {escaped(filed.asked, 3000)}"
    about = f"-# Filed {dates.timestamp(filed.filed_at)}{_times(filed)}."
    help_ = (
        "*Add an alias* when a record is asked for by a name that it does not have yet. *Handled* takes the question "
        "off the list; nobody is told."
    )
    return card([text, about, help_], buttons=buttons, accent=OPEN)


def _times(filed: Filed) -> str:
    return f", {filed.times:,} times" if filed.times > 1 else ""
