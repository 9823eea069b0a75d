"""Command options that take one of a few fixed choices."""

from __future__ import annotations

from collections.abc import Mapping

import discord
from discord import app_commands

from bot.ui.choices import choice_of


class ChoiceArgument(app_commands.Transformer[discord.Client]):
    """A command option that takes one of a few fixed choices.

    The user may also type a choice: its value, or the words that Discord shows for it.
    """

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = dict(words)

    @property
    def choices(self) -> list[app_commands.Choice[str]]:  # pyright: ignore[reportIncompatibleMethodOverride]  # narrower
        """Return the choices that Discord offers."""
        return [app_commands.Choice(name=shown, value=value) for value, shown in self._words.items()]

    async def transform(self, interaction: discord.Interaction, value: str, /) -> str:
        return choice_of(self._words, value)
