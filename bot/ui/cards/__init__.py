"""Renders the card of a record: the message with its facts, its buttons and the menu of linked records. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import discord
from discord import ui

from bot.ledger.kinds import kind_of
from bot.ui import theme
from bot.ui.cards._blocks import drafted
from bot.ui.cards._draft import is_overdue
from bot.ui.cards._menus import choices, menu, record_menu, short
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
    "record",
    "record_menu",
    "render",
    "short",
    "sources_page",
]

_TEXT = TEXT_LIMIT - 100  # Characters of a card; the rest is for a `note` below it.
_MENU = 25  # Discord's limit of options in a select.


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
    """Return the message with the card of a record. `rendered` is the cached card, or None to render it now.

    `editor` says that the reader is an editor, and `following` that the reader follows the record. A card that is
    `shared` is posted for a whole channel, so its buttons do not depend on the reader. A card has no *Share* button if
    `sharable` is False. `session` is the latest session of a dialogue. `note` is a last line in Markdown. Give
    `guild_id` if the card is shown in a direct message.
    """
    rendered = rendered or render(opened, now=now, session=session)
    # One text with blank lines looks the same in every client. Only some clients leave space between several texts.
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
    """The content of a card, for a cache: its text, whether somebody has to act, and the options of its menu."""

    text: str
    waiting: bool
    linked: list[discord.SelectOption]


def render(opened: Opened, *, now: datetime, session: Opened | None = None, room: int = _TEXT) -> RenderedCard:
    """Render a card with a text of at most `room` characters. `session` is the latest session of a dialogue.

    `now` is only used to decide whether a due date has passed.
    """
    draft = drafted(opened, now, session)
    links = {link.slug: link for link in opened.links} if kind_of(opened.record.kind).hub else {}
    return RenderedCard(written(draft, room), draft.waiting, choices(list(links.values())[:_MENU]))


def _buttons(
    opened: Opened, *, editor: bool, guild_id: int | None, shared: bool, sharable: bool, following: bool
) -> list[Button]:
    record = opened.record
    has_open_item = record.open or (
        record.kind == "deal"
        and any(link.kind == "pending" and link.open and not link.outward for link in opened.links)
    )

    def component(label: str, name: str) -> Button:
        return button(label, custom_id(name, record.slug, guild_id=guild_id))

    # The card's heading names the record, so that the label "Follow" is enough.
    buttons = [component("Following", "follow.show") if following else component("Follow", "follow.add")]
    if has_open_item:
        buttons.append(component("Remind me", "remind.me"))
    buttons.append(component("All facts", "record.sources"))
    if kind_of(record.kind).with_history:
        buttons.append(component("History", "record.history"))
    buttons.append(component("Cite", "source.cite"))
    if sharable and not shared and guild_id is None:
        buttons.append(component("Share", "record.share"))
    if editor and not shared:
        if record.kind == "deal":
            buttons.append(component("What happened", "update.happened"))
        buttons.append(component("Update", "update.open"))
    return buttons
