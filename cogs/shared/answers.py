"""Steps that several commands share when they answer: deferring in a DM, turning pages, sending a first message."""

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


async def defer_in_dm(interaction: Interaction) -> None:
    """Defer a private answer in a DM, where it takes longer to learn in which servers the person is."""
    if interaction.guild_id is None:
        await interaction.response.defer(ephemeral=True, thinking=True)


async def answer(interaction: Interaction, content: str = MISSING, *, view: Any = MISSING) -> None:
    """Answer privately, whether the interaction was deferred or not."""
    if interaction.response.is_done():
        await interaction.edit_original_response(content=content, view=view)
    else:
        await interaction.response.send_message(content or None, view=view, ephemeral=True)


def is_private(interaction: Interaction) -> bool:
    """Return whether the message with the button is shown only to the person who pressed it."""
    return interaction.message is not None and interaction.message.flags.ephemeral


async def turn(interaction: Interaction, view: ui.LayoutView, *, new: bool = False) -> None:
    """Show a page in the place of the one before. A public message in a channel stays, and the page comes beside it."""
    if new or not is_private(interaction):
        await interaction.response.send_message(view=view, ephemeral=True)
    else:
        await interaction.response.edit_message(view=view)


def require_may_post(interaction: Interaction) -> None:
    """Raise a UserError when the person or the bot may not write in the channel. It says who can change that."""
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


async def send_first(deliverer: Deliverer, planned: int | None) -> Delivery | None:
    """Send the first direct message, if one was planned, and return it as it ended; None when none was planned."""
    return await deliverer.send(planned) if planned is not None else None
