"""Answers that have to come in time: in a DM the servers are asked first who is still there, so they are deferred."""

from __future__ import annotations

from typing import Any

import discord
from discord.utils import MISSING

from bot.app import Attache

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
