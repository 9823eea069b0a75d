"""The card of a record, with the buttons and the menu below it. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import discord
from discord import ui

from bot.ledger.kinds import kind_of
from bot.ui import theme
from bot.ui.cards._blocks import drafted
from bot.ui.cards._draft import is_overdue
from bot.ui.cards._menus import choices, menu, open_select, short
from bot.ui.cards._sources import all_facts, facts_of, sources_page
from bot.ui.cards._writing import written
from bot.ui.ids import custom_id
from bot.ui.layout import TEXT_LIMIT, Button, button, card
from data.records import Opened

__all__ = [
    "RenderedCard",
    "all_facts",
    "choices",
    "facts_of",
    "is_overdue",
    "menu",
    "open_select",
    "record",
    "render",
    "short",
    "sources_page",
]

_TEXT = TEXT_LIMIT - 100  # Line breaks between the parts, and our own last line.
_MENU = 25  # Discord: options of a select.


def record(
    opened: Opened,
    *,
    now: datetime,
    editor: bool,
    guild_id: int | None = None,
    shared: bool = False,
    sharable: bool = True,
    session: Opened | None = None,
    note: str = "",
    rendered: RenderedCard | None = None,
    following: bool = False,
) -> ui.LayoutView:
    """Return the card of any record; `rendered` are its words where they were rendered before.

    `guild_id` is given in a direct message, `session` is the latest one of a dialogue. A `shared` card stands in a
    channel for everyone, so it offers neither Share nor Update, and does not show who follows. A card that was shared
    once is not `sharable` again. `note` is a last line in our words. `following` says whether the reader follows the
    record.
    """
    rendered = rendered or render(opened, now=now, session=session)
    # One text with blank lines reads the same everywhere; several are set apart by some clients only.
    return card(
        [f"{rendered.text}\n{note}" if note else rendered.text],
        buttons=_buttons(
            opened,
            editor=editor,
            guild_id=guild_id,
            shared=shared,
            sharable=sharable,
            following=following and not shared,
        ),
        selects=[menu("Open a linked record", rendered.linked, guild_id)] if rendered.linked else [],
        accent=theme.OPEN if rendered.waiting else theme.PLAIN,
    )


class RenderedCard(NamedTuple):
    """The text of a card, whether its record waits for somebody, and the choices of linked records."""

    text: str
    waiting: bool
    linked: list[discord.SelectOption]


def render(opened: Opened, *, now: datetime, session: Opened | None = None, room: int = _TEXT) -> RenderedCard:
    """Render the text of a card in at most `room` characters.

    It depends on the record, and on `now` only in whether a due date has passed.
    """
    draft = drafted(opened, now, session)
    links = {link.slug: link for link in opened.links} if kind_of(opened.record.kind).hub else {}
    return RenderedCard(written(draft, room), draft.waiting, choices(list(links.values())[:_MENU]))


def _buttons(
    opened: Opened, *, editor: bool, guild_id: int | None, shared: bool, sharable: bool, following: bool
) -> list[Button]:
    found = opened.record
    waiting = found.open or (
        found.kind == "deal" and any(link.kind == "pending" and link.open and not link.outward for link in opened.links)
    )

    def to(label: str, name: str) -> Button:
        return button(label, custom_id(name, found.slug, guild_id=guild_id))

    # The heading is what is followed, so the verb stands alone.
    buttons = [to("Following", "follow.show") if following else to("Follow", "follow.add")]
    if waiting:
        buttons.append(to("Remind me", "remind.me"))
    buttons.append(to("All facts", "record.sources"))
    if kind_of(found.kind).with_history:
        buttons.append(to("History", "record.history"))
    if sharable and not shared and guild_id is None:
        buttons.append(to("Share", "record.share"))
    if editor and not shared:
        buttons.append(to("Update", "update.open"))
    return buttons
