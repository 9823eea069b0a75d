"""Code that commands about sources share: an option that takes a source, and the look-up of sources by a text."""

from __future__ import annotations

import discord
from discord import app_commands

from bot.errors import NotInRecord
from bot.ledger.values import quoted
from bot.ledger.words import one_line
from bot.services import guilds, sources
from bot.ui.choices import MOST, choices
from bot.ui.sources import choice
from cogs.shared.answers import Interaction
from data.database import Connection
from data.records import Source as SourceRow

SOURCES = 50
"""The most sources that one text can mean. If more sources fit the text, those that were used last count."""


class SourceArgument(app_commands.Transformer[discord.Client]):
    """A command option that takes a source, with autocompletion. The sources that were used last come first.

    The value is a link, an id such as "#12", or the text that was typed. `get_sources` finds the sources for it.
    """

    async def transform(self, interaction: discord.Interaction, value: str, /) -> str:
        return one_line(value)

    async def autocomplete(  # pyright: ignore[reportIncompatibleMethodOverride]  # the client is ours
        self, interaction: Interaction, value: str, /
    ) -> list[app_commands.Choice[str]]:
        if interaction.guild_id is None:
            return []
        known = await sources.complete(interaction.client.db.read, interaction.guild_id, value, MOST)
        return choices(choice(source) for source in known)


Source = app_commands.Transform[str, SourceArgument()]


async def get_sources(conn: Connection, guild_id: int, text: str) -> list[SourceRow]:
    """Return the sources that a text means, at most `SOURCES`. Raise NotInRecord if there are none."""
    matches = await sources.matching(conn, guild_id, text)
    if not matches:
        await guilds.get(conn, guild_id)  # Without a setup there are no sources at all, so this error says more.
        raise NotInRecord(
            f"{quoted(text)} is not the title, link or host of a source of this server.",
            "Nothing was changed. Choose a source from the list while typing.",
        )
    return matches[:SOURCES]
