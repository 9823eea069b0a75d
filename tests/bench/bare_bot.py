"""A minimal Discord bot that the benchmarks compare ours with.

Its one command reads a row through aiosqlite and answers privately with a container and four buttons.
"""

from __future__ import annotations

import json
import os

import aiosqlite
import discord
import yarl
from discord import app_commands, ui
from discord.gateway import DiscordWebSocket
from discord.http import Route

STATE = {f"Field {n}": "a value of ordinary length, as cards have them" for n in range(12)}


class Bare(discord.Client):
    """A discord.py client without caches, with a table of a thousand rows in memory."""

    db: aiosqlite.Connection

    def __init__(self) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
        )
        self.tree = app_commands.CommandTree(self)

    async def setup_hook(self) -> None:
        self.db = await aiosqlite.connect(":memory:")
        await self.db.execute("CREATE TABLE record (slug TEXT PRIMARY KEY, state TEXT) WITHOUT ROWID")
        rows = [(f"deal-{n}", json.dumps(STATE)) for n in range(1000)]
        await self.db.executemany("INSERT INTO record VALUES (?, ?)", rows)
        await self.tree.sync()
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL((await self.http.request(Route("GET", "/gateway/bot")))["url"])


client = Bare()


@client.tree.command()
async def card(interaction: discord.Interaction) -> None:
    """Show the minimal card"""
    ((state,),) = await client.db.execute_fetchall("SELECT state FROM record WHERE slug = ?", ("deal-7",))
    view = ui.LayoutView(timeout=None)
    view.add_item(
        ui.Container(
            ui.TextDisplay("## The name of a deal\n**Where it stands**\nas last reported on Friday 10 November 2023"),
            ui.TextDisplay("\n".join(f"**{name}:** {value}" for name, value in json.loads(state).items())),
            ui.Separator(),
            ui.TextDisplay("-# Not stated: this and that. Source: one article."),
            accent_colour=0xD08000,
        )
    )
    labels = ("Follow", "Remind", "Sources", "Share")
    view.add_item(ui.ActionRow(*[ui.Button(label=label, custom_id=f"deal.{label.lower()}:v1:7") for label in labels]))
    view.stop()  # Nobody presses the buttons. discord.py does not store a stopped view.
    await interaction.response.send_message(view=view, ephemeral=True)


if __name__ == "__main__":
    Route.BASE = os.environ["DISCORD_API_URL"]
    client.run(os.environ["DISCORD_TOKEN"], log_level=30)
