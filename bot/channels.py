"""Channels as places to post in: what the bot lacks there, by the names that Discord's settings have."""

from __future__ import annotations

import discord

from bot.errors import UserError
from bot.ui.text import joined

Postable = discord.TextChannel | discord.Thread


def missing(channel: Postable) -> list[str]:
    """The permissions without which the bot cannot post in a channel."""
    has = _permissions(channel)
    if isinstance(channel, discord.Thread):
        needed = {"View Channel": has.view_channel, "Send Messages in Threads": has.send_messages_in_threads}
    else:
        needed = {"View Channel": has.view_channel, "Send Messages": has.send_messages}
    return [name for name, there in needed.items() if not there]


def can_read_history(channel: Postable) -> bool:
    """Whether the bot can look if a message arrived; without it a doubtful one may come twice."""
    return _permissions(channel).read_message_history


def _permissions(channel: Postable) -> discord.Permissions:
    try:
        return channel.permissions_for(channel.guild.me)
    except discord.ClientException:  # A thread whose channel the bot cannot see.
        return discord.Permissions.none()


def require_postable(channel: Postable) -> None:
    """UserError names what is missing in a channel that the bot cannot post in."""
    lacking = missing(channel)
    if lacking:
        raise UserError(
            f"Attaché cannot post in {channel.mention}: it lacks {joined(lacking)} there. Nothing was changed. "
            "Allow it in the channel's settings under Permissions, or choose another channel.",
            marked_up=True,
        )
