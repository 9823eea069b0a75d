"""Buttons and menus of cards and lists: open, sources, history, share, and turning pages."""

from __future__ import annotations

from discord.ext import commands

from bot.app import Attache
from bot.interactions.components import chosen, component
from bot.interactions.permissions import Actor
from bot.services import records, timelines
from bot.ui import cards, history
from bot.ui.ids import number
from cogs.shared.answers import is_private, require_may_post, turn
from cogs.shared.records import Interaction, card_of, in_ids, list_page, listing_of

_DIGITS = 5  # Of a page. Made-up pages far beyond the last would not fit into a query.


class RecordComponents(commands.Cog):
    """Buttons and menus that open records, on every card and list."""

    def __init__(self, bot: Attache) -> None:
        self.bot = bot

    @component("record.open", permissions=True)
    async def open(self, interaction: Interaction, actor: Actor, slug: str = "") -> None:
        """Open a record. A button carries its slug in the custom id, a menu as the chosen value."""
        now = self.bot.clock.now()
        opened = await records.get(self.bot.db.read, actor.guild_id, slug or chosen(interaction))
        await interaction.response.send_message(view=await card_of(interaction, actor, opened, now), ephemeral=True)

    @component("record.sources")
    async def sources(self, interaction: Interaction, actor: Actor, slug: str, page: str = "", order: str = "") -> None:
        """Show every fact of a record, by field or by source."""
        opened = await records.get(self.bot.db.read, actor.guild_id, slug)
        view = cards.all_facts(
            opened, number(page, _DIGITS), by_source=bool(order), guild_id=in_ids(interaction, actor)
        )
        await turn(interaction, view, new=not page)

    @component("record.history")
    async def history(self, interaction: Interaction, actor: Actor, slug: str = "", page: str = "") -> None:
        """Show the history of a record, a page at a time."""
        timeline = await timelines.get(self.bot.db.read, actor.guild_id, slug or chosen(interaction))
        view = history.page(timeline, number(page, _DIGITS), guild_id=in_ids(interaction, actor))
        await turn(interaction, view, new=not page)

    @component("record.share")
    async def share(self, interaction: Interaction, actor: Actor, slug: str) -> None:
        """Post the card where the person may write. Remove the private card's button, so it is shared once."""
        require_may_post(interaction)
        now = self.bot.clock.now()
        opened = await records.get(self.bot.db.read, actor.guild_id, slug)
        private = await card_of(interaction, actor, opened, now, sharable=False, note="-# Shared in this channel.")
        public = await card_of(interaction, actor, opened, now, shared=True, note=f"-# Shared by <@{actor.user_id}>")
        if is_private(interaction):
            await interaction.response.edit_message(view=private)
            await interaction.followup.send(view=public)
        else:
            await interaction.response.send_message(view=public)

    @component("list.page")
    async def page(self, interaction: Interaction, actor: Actor, key: str, page: str = "0") -> None:
        """Show a page of a list. It replaces the page before when that is private."""
        now = self.bot.clock.now()
        listing = await listing_of(self.bot.db.read, actor.guild_id, key, now)
        view = await list_page(interaction, actor, listing, number(page, _DIGITS), now, key)
        await turn(interaction, view)


async def setup(bot: Attache) -> None:
    await bot.add_cog(RecordComponents(bot))
