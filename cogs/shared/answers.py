"""Helpers with which cogs answer interactions: defer in a DM, answer privately, show a page, check permissions."""

from __future__ import annotations

from typing import Any

import discord
from discord import ui
from discord.utils import MISSING

from bot.app import Attache
from bot.delivery.worker import Deliverer
from bot.errors import NotAllowed, UserError
from data.records import Delivery

Interaction = discord.Interaction[Attache]
"""An interaction that the bot received."""


def dm_guild_id(interaction: Interaction, guild_id: int) -> int | None:
    """Return `guild_id` if the interaction comes from a direct message. Return None if it comes from a server.

    The result is put into custom ids. Discord does not say to which server a button in a direct message belongs.
    """
    return guild_id if interaction.guild_id is None else None


async def defer_in_dm(interaction: Interaction) -> None:
    """Defer the private answer to an interaction in a direct message. Do nothing in a server.

    Commands in a direct message first ask Discord for the user's servers, which can take longer than 3 seconds.
    """
    if interaction.guild_id is None:
        await interaction.response.defer(ephemeral=True, thinking=True)


async def answer(interaction: Interaction, content: str = MISSING, *, view: Any = MISSING) -> None:
    """Send a private answer. If the interaction was deferred, edit the deferred answer instead."""
    if interaction.response.is_done():
        await interaction.edit_original_response(content=content, view=view)
    else:
        await interaction.response.send_message(content or None, view=view, ephemeral=True)


def is_private(interaction: Interaction) -> bool:
    """Return whether the message with the pressed button is ephemeral, so that only the user can see it."""
    return interaction.message is not None and interaction.message.flags.ephemeral


async def show_page(interaction: Interaction, view: ui.LayoutView, *, new: bool = False) -> None:
    """Show a page privately, in place of the message with the pressed button.

    Send it as a new message instead if `new` is True, or if the message with the button is public.
    """
    if new or not is_private(interaction):
        await interaction.response.send_message(view=view, ephemeral=True)
    else:
        await interaction.response.edit_message(view=view)


def require_may_post(interaction: Interaction) -> None:
    """Raise a UserError if the user or the bot may not write in the channel of the interaction.

    Also raise it in a direct message, since cards are shared in servers only.
    """
    if interaction.guild_id is None:
        raise UserError("A card can be shared in a server's channel, not here. Nothing was posted. Open it there.")
    thread = isinstance(interaction.channel, discord.Thread)
    needed = "send_messages_in_threads" if thread else "send_messages"
    if not getattr(interaction.permissions, needed):
        raise NotAllowed("You may not write in this channel, so nothing was posted. Share it where you may write.")
    app = interaction.app_permissions
    if not (app.view_channel and getattr(app, needed)):
        raise UserError(
            "Attaché may not write in this channel, so nothing was posted. Someone who manages the channel can give it "
            f"the permission {'Send Messages in Threads' if thread else 'Send Messages'}; or share it elsewhere."
        )


async def send_confirmation(deliverer: Deliverer, delivery_id: int | None) -> Delivery | None:
    """Send the planned confirmation with this id, and return the delivery with its outcome.

    If no confirmation was planned, `delivery_id` is None and None is returned.
    """
    return await deliverer.send(delivery_id) if delivery_id is not None else None
