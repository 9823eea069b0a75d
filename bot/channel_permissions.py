"""The permissions that the bot needs in a channel and lacks there, named as in Discord's settings."""

from __future__ import annotations

import discord

from bot.errors import UserError
from bot.ui.text import joined

Postable = discord.TextChannel | discord.Thread


def missing(channel: Postable) -> list[str]:
    """Return the names of the permissions that the bot needs to post in a channel but lacks there."""
    granted = _permissions(channel)
    if isinstance(channel, discord.Thread):
        needed = {"View Channel": granted.view_channel, "Send Messages in Threads": granted.send_messages_in_threads}
    else:
        needed = {"View Channel": granted.view_channel, "Send Messages": granted.send_messages}
    return [name for name, is_granted in needed.items() if not is_granted]


def can_read_history(channel: Postable) -> bool:
    """Return whether the bot may read the history of a channel. The history shows whether a message arrived."""
    return _permissions(channel).read_message_history


def _permissions(channel: Postable) -> discord.Permissions:
    try:
        return channel.permissions_for(channel.guild.me)
    except discord.ClientException:  # The channel is a thread, and the bot cannot see the thread's own channel.
        return discord.Permissions.none()


def require_postable(channel: Postable) -> None:
    """Raise UserError if the bot cannot post in a channel. The error names the missing permissions."""
    lacking = missing(channel)
    if lacking:
        raise UserError(
            f"Attaché cannot post in {channel.mention}: it lacks {joined(lacking)} there. Nothing was changed. "
            "Allow it in the channel's settings under Permissions, or choose another channel.",
            marked_up=True,
        )
