"""Answers of `/digest`: what is set, which there are, of which server."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import discord
from discord import ui

from bot import dates
from bot.ui.ids import custom_id
from bot.ui.layout import button, finished, plain
from bot.ui.messages import CONTENT_LIMIT, arrived, place_of, rhythm, where, why_paused
from bot.ui.text import UNANSWERED, clip, escaped, plural
from data.records import Delivery, Destination, Row

_MENU = 25  # Discord: options of a select.
_BUTTONS = 10


def is_set(
    place: Destination, next_at: datetime | None, confirmed: Delivery | None, *, follows_nothing: bool, may_repeat: bool
) -> str:
    """What was set, when it comes next, and what else is needed."""
    lines = [f"A digest comes to {where(place)}: {rhythm(place)}. It is skipped when nothing is new."]
    if next_at is not None:
        lines.append(f"The next check is {dates.timestamp(next_at)} ({dates.timestamp(next_at, 'R')}).")
    if follows_nothing:
        lines.append("It tells of what you follow, and you follow nothing yet: `/follow add` begins that.")
    elif not place.channel_id:
        lines.append("It tells of what you follow.")
    if may_repeat:
        lines.append(
            "-# Attaché lacks Read Message History there. Without it a message whose fate is unknown may come twice."
        )
    lines.append(arrived(confirmed))
    return "\n".join(filter(None, lines))


def listing(found: Sequence[tuple[Destination, str, datetime | None]], *, incomplete: bool) -> str:
    """All digests of a place, each with its server where that is not plain, and when it comes next.

    `incomplete` when it is not known of all servers.
    """
    lines = [UNANSWERED] if incomplete else []
    for place, server, next_at in found:
        whose = place_of(place) if place.channel_id else f"You{f', from {escaped(server, 60)}' if server else ''}"
        line = f"**{whose}**: {rhythm(place)}"
        if place.state == "paused":
            line += f"; paused: {escaped(why_paused(place), 150)}"
        elif next_at is not None:
            line += f"; next {dates.timestamp(next_at)}"
        lines.append(line)
    return clip("\n".join(lines), CONTENT_LIMIT)


def is_off(place: Destination) -> str:
    return f"There are no more digests in {where(place)}. Follows and reminders stay. `/digest set` begins them again."


def which_server(places: Sequence[tuple[int, str]], verb: str, given: Sequence[str]) -> ui.View:
    """A menu of servers that carries what was typed."""
    menu: ui.Select = ui.Select(
        custom_id=custom_id("digest.server", verb, *given),
        placeholder="Choose a server",
        options=[discord.SelectOption(label=clip(name, 100), value=str(guild_id)) for guild_id, name in places[:_MENU]],
    )
    view = ui.View(timeout=None)
    view.add_item(menu)
    return finished(view)


def deals_to_follow(found: Sequence[Row], total: int, guild_id: int | None) -> ui.View:
    """A button for each deal, and the list where there are more."""
    buttons = [
        button(f"Follow {row.name}", custom_id("follow.add", row.slug, guild_id=guild_id)) for row in found[:_BUTTONS]
    ]
    if total > len(buttons):
        more = plural(total - len(buttons), "more deal")
        buttons.append(button(f"List {more}", custom_id("list.page", "deal", 0, guild_id=guild_id)))
    return plain(buttons)
