"""Steps that several commands share on the way to an answer: more time in a DM, its pages, a first message before."""

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
    """Gives a private answer more than three seconds where it is not known yet of which servers it tells."""
    if interaction.guild_id is None:
        await interaction.response.defer(ephemeral=True, thinking=True)


async def answer(interaction: Interaction, content: str = MISSING, *, view: Any = MISSING) -> None:
    """Answers privately, deferred or not."""
    if interaction.response.is_done():
        await interaction.edit_original_response(content=content, view=view)
    else:
        await interaction.response.send_message(content or None, view=view, ephemeral=True)


def is_private(interaction: Interaction) -> bool:
    """Whether only who pressed sees the message with the button."""
    return interaction.message is not None and interaction.message.flags.ephemeral


async def turn(interaction: Interaction, view: ui.LayoutView, *, new: bool = False) -> None:
    """Shows a page in the place of the one before; what stands in a channel for everyone stays as it is."""
    if new or not is_private(interaction):
        await interaction.response.send_message(view=view, ephemeral=True)
    else:
        await interaction.response.edit_message(view=view)


def require_may_post(interaction: Interaction) -> None:
    """Refuses what would be posted where the person, or the bot, may not write; the text says who can change that."""
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
    """Send the first direct message, if one was planned, so that the answer can say whether it arrived."""
    return await deliverer.send(planned) if planned is not None else None
