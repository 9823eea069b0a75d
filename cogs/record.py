"""The buttons and menus of cards and lists. They open a record, show its facts or history, share it, or turn a page."""

from __future__ import annotations

from discord.ext import commands

from bot.app import Attache
from bot.interactions.components import chosen, component
from bot.interactions.permissions import Actor
from bot.services import records, timelines
from bot.ui import cards, history
from bot.ui.ids import number
from cogs.shared.answers import Interaction, dm_guild_id, is_private, require_may_post, show_page
from cogs.shared.lists import get_listing, list_page
from cogs.shared.records import card_of

_DIGITS = 5  # Digits of a page number. A larger number in a forged custom id might not fit into a query.


class RecordCog(commands.Cog):
    """The buttons and menus of cards and lists. No command belongs to this cog."""

    def __init__(self, bot: Attache) -> None:
        self.bot = bot

    # Components

    @component("record.open", fetch_permissions=True)
    async def open_record(self, interaction: Interaction, actor: Actor, slug: str = "") -> None:
        """Show the card of a record.

        If a button was pressed, `slug` is the slug of the record. If a menu was used, the slug is its chosen value.
        """
        now = self.bot.clock.now()
        opened = await records.get(self.bot.db.read, actor.guild_id, slug or chosen(interaction))
        await interaction.response.send_message(view=await card_of(interaction, actor, opened, now), ephemeral=True)

    @component("record.sources", fetch_permissions=True)
    async def show_facts(
        self, interaction: Interaction, actor: Actor, slug: str, page: str = "", order: str = ""
    ) -> None:
        """Show one page with facts of a record. The facts are grouped by field, or by source if `order` is not ""."""
        opened = await records.get(self.bot.db.read, actor.guild_id, slug)
        view = cards.all_facts(
            opened,
            number(page, _DIGITS),
            by_source=bool(order),
            guild_id=dm_guild_id(interaction, actor.guild_id),
            editor=actor.may_edit(opened),
        )
        await show_page(interaction, view, new=not page)

    @component("record.history", fetch_permissions=True)
    async def show_history(self, interaction: Interaction, actor: Actor, slug: str = "", page: str = "") -> None:
        """Show one page of the history of a record.

        If a button was pressed, `slug` is the slug of the record. If a menu was used, the slug is its chosen value.
        """
        timeline = await timelines.get(self.bot.db.read, actor.guild_id, slug or chosen(interaction))
        view = history.page(
            timeline,
            number(page, _DIGITS),
            guild_id=dm_guild_id(interaction, actor.guild_id),
            editor=actor.may_edit(timeline.opened),
        )
        await show_page(interaction, view, new=not page)

    @component("record.share")
    async def share_card(self, interaction: Interaction, actor: Actor, slug: str) -> None:
        """Post the card of a record publicly in the channel, and remove the *Share* button from the private card."""
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
    async def show_list_page(self, interaction: Interaction, actor: Actor, key: str, page: str = "0") -> None:
        """Show another page of a list. `get_listing` explains `key`, which identifies the list."""
        now = self.bot.clock.now()
        listing = await get_listing(self.bot.db.read, actor.guild_id, key, now)
        view = await list_page(interaction, actor, listing, number(page, _DIGITS), now, key)
        await show_page(interaction, view)


async def setup(bot: Attache) -> None:
    await bot.add_cog(RecordCog(bot))
