"""Autocompletion of the `zone:` option, which several commands have."""

from __future__ import annotations

import discord
from discord import app_commands

from bot import dates


async def complete_zone(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """Return the time zones that match what the user has typed."""
    return [app_commands.Choice(name=zone, value=zone) for zone in dates.zone_choices(typed)]
