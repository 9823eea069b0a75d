"""The messages of `/me`: a user's time zone, and the deletion of their data."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import discord
from discord import ui

from bot.ui.ids import custom_id
from bot.ui.layout import button, card
from bot.ui.text import plural
from bot.ui.theme import OPEN, PLAIN


def zone_set(zone: str, now: datetime) -> ui.LayoutView:
    """Render that a user's time zone was set, with the local time there. `zone` is an IANA name."""
    return card(
        [
            f"**Your zone is {zone}**, in all servers. There it is now {now.astimezone(ZoneInfo(zone)):%H:%M}.",
            "-# Times that you type are read in it, and your own digests and reminders come by it.",
        ],
        accent=PLAIN,
    )


def delete_question() -> ui.LayoutView:
    """Render the question whether to delete a user's data: what is deleted, what stays, and a button that deletes."""
    return card(
        [
            "## Delete everything about you?\n"
            "Your zone, follows, reminders, digests, drafts, searches and questions in all servers will be gone for "
            "good, also from the file.",
            "-# Updates that you entered stay in the servers' records, without you. What you set up for a channel "
            "stays with the channel. Who owns a server is told by Discord and stays with the server.",
        ],
        buttons=[button("Delete my data", custom_id("me.delete"), discord.ButtonStyle.danger)],
        accent=OPEN,
    )


def deleted(*, follows: int, reminders: int, drafts: int, updates_kept: int, emptied: bool) -> ui.LayoutView:
    """Render how many follows, reminders and drafts of a user were deleted. For `emptied` see `file_line`.

    `updates_kept` counts the updates that stay in the servers' records without the user's name.
    """
    gone = f"{plural(follows, 'follow')}, {plural(reminders, 'reminder')} and {plural(drafts, 'draft')}"
    kept = f" {plural(updates_kept, 'update')} of yours {'stays' if updates_kept == 1 else 'stay'} without your name."
    return card(
        [
            f"## Your data was deleted\nYour zone, {gone}. {file_line(emptied=emptied)}{kept if updates_kept else ''}",
            "-# Backups made before still hold it; whoever runs this bot can delete them. When you use Attaché again, "
            "it begins anew.",
        ],
        accent=PLAIN,
    )


def file_line(*, emptied: bool) -> str:
    """Return a sentence that says whether the database's file still has traces of deleted data.

    `emptied` says that it has none. Otherwise they go when the bot is restarted.
    """
    if emptied:
        return "It is gone from the database's file too."
    return (
        "The database's file still holds traces of it, because somebody is reading it, as a backup does; they go when "
        "the bot is restarted."
    )
