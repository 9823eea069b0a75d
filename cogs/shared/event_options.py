"""Command options for entering what happened: the day and the source. Both are completed from the last used sources."""

from __future__ import annotations

from datetime import timedelta

import discord
from discord import app_commands

from bot import dates
from bot.ledger.source_lines import shown_source
from bot.ledger.words import one_line
from bot.services import guilds, recent_sources
from bot.ui.choices import Offered, choices
from cogs.shared.answers import Interaction

_BESIDE = " ("  # A choice of a day says in brackets why it is offered: "15 October 2024 (today)".


class DayArgument(app_commands.Transformer[discord.Client]):
    """A command option that takes the day of a fact.

    It offers today, yesterday, and the days on which the last used sources were published.
    """

    async def transform(self, interaction: discord.Interaction, value: str, /) -> str:
        text = one_line(value)
        return text.rpartition(_BESIDE)[0] if text.endswith(("(today)", "(yesterday)", "(a source)")) else text

    async def autocomplete(  # pyright: ignore[reportIncompatibleMethodOverride]  # the client is ours
        self, interaction: Interaction, value: str, /
    ) -> list[app_commands.Choice[str]]:
        if interaction.guild_id is None:
            return []
        bot = interaction.client
        guild = await guilds.find(bot.db.read, interaction.guild_id)
        today = dates.local_date(bot.clock.now(), guild.zone if guild else "UTC")
        days = [(today, "today"), (today - timedelta(days=1), "yesterday")]
        offered = [Offered(dates.format_day(day, False), words, dates.format_day(day, False)) for day, words in days]
        for source in await recent_sources.last(bot.db.read, interaction.guild_id):
            if source.published_on is not None:
                words = dates.format_fact_date(source.published_on, weekday=False)
                offered.append(Offered(words, "a source", words))
        asked = one_line(value).casefold()
        return choices(choice for choice in offered if asked in f"{choice.name} {choice.beside}".casefold())


class TypedSourceArgument(app_commands.Transformer[discord.Client]):
    """A command option that takes a source: a typed line, or one of the server's sources, the last used first."""

    async def transform(self, interaction: discord.Interaction, value: str, /) -> str:
        return one_line(value)

    async def autocomplete(  # pyright: ignore[reportIncompatibleMethodOverride]  # the client is ours
        self, interaction: Interaction, value: str, /
    ) -> list[app_commands.Choice[str]]:
        if interaction.guild_id is None:
            return []
        sources = await recent_sources.complete(interaction.client.db.read, interaction.guild_id, value)
        return choices(Offered(words := shown_source(source), "", words) for source in sources)


Day = app_commands.Transform[str, DayArgument()]
SourceOption = app_commands.Transform[str, TypedSourceArgument()]
