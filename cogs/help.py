"""/help: the first three steps for who is asking, with commands to click."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.services import desks
from bot.ui.help import Offered, Stand, Who, help_card

if TYPE_CHECKING:
    from bot.app import Attache


class Help(commands.Cog):
    def __init__(self, bot: Attache) -> None:
        self.bot = bot

    @app_commands.command(name="help")
    @app_commands.allowed_contexts(guilds=True, dms=True)
    async def show(self, interaction: discord.Interaction[Attache]) -> None:
        """Your first three steps, and every command."""
        who: Who = "dm"
        stand: Stand = "ready"
        if interaction.guild_id is not None:
            caller = await self.bot.rights.caller(interaction, self.bot.clock.now())
            desk = await desks.find(self.bot.db.read, caller.guild_id)
            if desk is None or desk.set_up_at is None:
                stand = "new"
            elif desk.left_at is not None:
                stand = "paused"
            may_edit = desk is not None and caller.may_edit(desk)
            who = "manager" if caller.manager else "editor" if may_edit else "member"
        view = help_card(who, stand, self._offered(who), mention=self.bot.mention)
        await interaction.response.send_message(view=view, ephemeral=True)

    def _offered(self, who: Who) -> list[Offered]:
        """The commands that this person can use here, in the order of their names."""
        found = []
        for command in sorted(self.bot.tree.get_commands(), key=lambda one: one.name):
            if isinstance(command, app_commands.ContextMenu):
                continue
            contexts = command.allowed_contexts
            if who == "dm" and contexts is not None and not contexts.dm_channel:
                continue
            if who != "manager" and command.default_permissions is not None:
                continue
            if isinstance(command, app_commands.Group):
                names = [one.qualified_name for one in command.walk_commands()]
            else:
                names = [command.name]
            found.append(Offered(command.description, names))
        return found


async def setup(bot: Attache) -> None:
    await bot.add_cog(Help(bot))
