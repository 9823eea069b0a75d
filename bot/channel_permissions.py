"""The permissions that the bot lacks to post in a channel, by the names that Discord's settings have."""

from __future__ import annotations

import discord

from bot.errors import UserError
from bot.ui.text import joined

Postable = discord.TextChannel | discord.Thread


def missing(channel: Postable) -> list[str]:
    """Return the names of the permissions without which the bot cannot post in a channel."""
    has = _permissions(channel)
    if isinstance(channel, discord.Thread):
        needed = {"View Channel": has.view_channel, "Send Messages in Threads": has.send_messages_in_threads}
    else:
        needed = {"View Channel": has.view_channel, "Send Messages": has.send_messages}
    return [name for name, there in needed.items() if not there]


def can_read_history(channel: Postable) -> bool:
    """Return whether the bot can check that a message arrived. Without that a doubtful message may come twice."""
    return _permissions(channel).read_message_history


def _permissions(channel: Postable) -> discord.Permissions:
    try:
        return channel.permissions_for(channel.guild.me)
    except discord.ClientException:  # A thread whose channel the bot cannot see.
        return discord.Permissions.none()


def require_postable(channel: Postable) -> None:
    """Raise a UserError that names the missing permissions when the bot cannot post in a channel."""
    lacking = missing(channel)
    if lacking:
        raise UserError(
            f"Attaché cannot post in {channel.mention}: it lacks {joined(lacking)} there. Nothing was changed. "
            "Allow it in the channel's settings under Permissions, or choose another channel.",
            marked_up=True,
        )
