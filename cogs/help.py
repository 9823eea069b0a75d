"""/help: the first three steps for the person who asks, and the commands that they can use, group by group."""

from __future__ import annotations

from collections.abc import Iterator

import discord
from discord import app_commands
from discord.ext import commands

from bot.app import Attache
from bot.interactions.components import chosen, component
from bot.interactions.permissions import Actor
from bot.services import guilds
from bot.ui.help import Command, Stand, Who, group_card, help_card, in_group
from cogs.shared.answers import turn

_FOR_EDITORS = ("update",)
"""The first words of commands that only editors can use."""


class Help(commands.Cog):
    """The command that lists all others."""

    def __init__(self, bot: Attache) -> None:
        self.bot = bot

    @app_commands.command(name="help")
    @app_commands.allowed_contexts(guilds=True, dms=True)
    async def show(self, interaction: discord.Interaction[Attache]) -> None:
        """Your first three steps, and every command."""
        actor = None
        if interaction.guild_id is not None:
            actor = await self.bot.permissions.actor(interaction, self.bot.clock.now())
        await self._show(interaction, actor)

    @component("help.group", anywhere=True)
    async def group(self, interaction: discord.Interaction[Attache], actor: Actor | None, shown: str) -> None:
        """Show the commands of the group that was chosen in the menu. The first steps stay."""
        who, _ = await self._standing(actor)
        offered = list(self._offered(who))
        key = chosen(interaction)
        if not in_group(key, offered):
            await self._show(interaction, actor)  # Rights, or the groups, have changed since the menu was drawn.
            return
        await turn(interaction, group_card(key, offered, mention=self.bot.mention), new=not shown)

    async def _show(self, interaction: discord.Interaction[Attache], actor: Actor | None) -> None:
        who, stand = await self._standing(actor)
        view = help_card(who, stand, list(self._offered(who)), mention=self.bot.mention)
        await interaction.response.send_message(view=view, ephemeral=True)

    async def _standing(self, actor: Actor | None) -> tuple[Who, Stand]:
        """Return the actor, or None in a direct message, and whether their server is set up."""
        if actor is None:
            return "dm", "ready"
        guild = await guilds.find(self.bot.db.read, actor.guild_id)
        may_edit = guild is not None and actor.may_edit(guild)
        who: Who = "manager" if actor.manager else "editor" if may_edit else "member"
        if guild is None or guild.set_up_at is None:
            return who, "new"
        return who, "paused" if guild.left_at is not None else "ready"

    def _offered(self, who: Who) -> Iterator[Command]:
        """Yield the commands that this person can use here, in the order of their names."""
        for command in sorted(self.bot.tree.walk_commands(), key=lambda listed: listed.qualified_name):
            if isinstance(command, app_commands.Group):
                continue
            top = command.root_parent or command
            contexts = top.allowed_contexts
            if who == "dm" and contexts is not None and not contexts.dm_channel:
                continue
            if who != "manager" and top.default_permissions is not None:
                continue
            if who == "member" and top.name in _FOR_EDITORS:
                continue
            yield Command(command.qualified_name, command.description)


async def setup(bot: Attache) -> None:
    await bot.add_cog(Help(bot))
